/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "test-desk.h"

/* What a page may want of the image that it has opened as 0, a cube of this
 * size, all at once or one by one. */
#define SIDE 128
#define DEPTH 40

/* -- use ------------------------------------------------------------------ */

static inline void
ask_spectra (Desk *desk)
{
  const float            points[] = { SIDE / 2, SIDE / 2, SIDE, SIDE };
  const char *const      coordinates[] = { "z", NULL };
  const CARTA__StatsType types[] = { CARTA__STATS_TYPE__Mean, CARTA__STATS_TYPE__RMS };
  int                    region = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__ELLIPSE, points, 2, 0);

  almu_test_ask_spectra (desk->viewer, 0, region, coordinates, types, 2);
  almu_test_ask_spectral (desk->viewer, 0, 0, "z");
  almu_test_ask_cursor (desk->viewer, 0, 5, 5);
}

static inline void
ask_contours (Desk *desk)
{
  CARTA__SetContourParameters settings = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__ImageBounds          bounds = CARTA__IMAGE_BOUNDS__INIT;
  double                      levels[] = { -0.5, 0, 0.25, 0.5, 1, 7.5 };

  bounds.x_max = SIDE;
  bounds.y_max = SIDE;
  settings.image_bounds = &bounds;
  settings.n_levels = G_N_ELEMENTS (levels);
  settings.levels = levels;
  settings.smoothing_factor = 4;
  settings.decimation_factor = 4;
  settings.compression_level = 8;
  settings.contour_chunk_size = 1000;
  almu_test_viewer_send (desk->viewer, &settings.base);
  almu_test_ask_plane (desk->viewer, 0, DEPTH - 1, 0, NULL, 0);
}

static inline void
ask_vectors (Desk *desk)
{
  CARTA__SetVectorOverlayParameters settings = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  CARTA__ImageBounds                bounds = CARTA__IMAGE_BOUNDS__INIT;

  bounds.x_max = SIDE;
  bounds.y_max = SIDE;
  settings.image_bounds = &bounds;
  settings.smoothing_factor = 4;
  settings.stokes_intensity = 0;
  settings.stokes_angle = -1;
  almu_test_viewer_send (desk->viewer, &settings.base);
  almu_test_ask_plane (desk->viewer, 0, DEPTH - 2, 0, NULL, 0);
}

static inline void
ask_histogram (Desk *desk)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };

  config.coordinate = (char *) "z";
  config.channel = -2;
  config.num_bins = -1;
  message.region_id = -2;
  message.n_histograms = 1;
  message.histograms = configs;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static inline void
ask_animation (Desk *desk)
{
  CARTA__StartAnimation   message = CARTA__START_ANIMATION__INIT;
  CARTA__AnimationFrame   frames[4];
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  gint32                  code = 0;

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    frames[i] = (CARTA__AnimationFrame) CARTA__ANIMATION_FRAME__INIT;
  frames[1].channel = DEPTH - 1;
  frames[3].channel = 1;
  tiles.n_tiles = 1;
  tiles.tiles = &code;
  message.first_frame = &frames[0];
  message.start_frame = &frames[0];
  message.last_frame = &frames[1];
  message.delta_frame = &frames[3];
  message.frame_rate = 60;
  message.looping = TRUE;
  message.required_tiles = &tiles;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static inline void
ask_saving (Desk *desk)
{
  CARTA__SaveFile message = CARTA__SAVE_FILE__INIT;

  message.output_file_directory = (char *) "";
  message.output_file_name = (char *) "saved.fits";
  message.output_file_type = CARTA__FILE_TYPE__FITS;
  message.rest_freq = NAN;
  message.overwrite = TRUE;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static inline void
ask_planes (Desk *desk)
{
  const gint32 code = 0;

  for (int channel = 0; channel < DEPTH; channel++)
    almu_test_ask_plane (desk->viewer, 0, channel, 0, &code, 1);
}

static const struct
{
  const char *name;
  void (*ask) (Desk *desk);
} uses[] = {
  { "spectra", ask_spectra },
  { "contours", ask_contours },
  { "vectors", ask_vectors },
  { "histogram", ask_histogram },
  { "animation", ask_animation },
  { "saving", ask_saving },
  { "planes", ask_planes },
};
