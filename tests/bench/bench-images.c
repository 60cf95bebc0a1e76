/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include "bench-files.h"
#include "bench-floor.h"

/* One plane: opening, pictures, profiles. */

#define N_TILES_ACROSS 8
#define N_TILES (N_TILES_ACROSS * N_TILES_ACROSS)
#define TILE_SIDE 256

/* Somebody who moves to and fro. */
#define N_AGAIN 3

#define N_LEVELS 5

typedef struct
{
  const char *name;
  int         side;
  int         layer; /* the full resolution */
  int         n_rounds;
  double      ack_goal;
  double      histogram_goal;
  double      overview_goal;
  double      first_goal;
  double      all_goal;
  double      again_goal;
  double      cursor_goal;
  double      contour_goal;
} Plane;

static const Plane planes[] = {
  { "plane-2048.fits", 2048, 3, 11, 3, 10, 2, 1, 38, 5, 0.7, 20 },
  { "plane-8192.fits", 8192, 5, 7, 3, 120, 3, 1, 38, 5, 1, 350 },
};

typedef struct
{
  BenchSeries *acks;
  BenchSeries *histograms;
  BenchSeries *overviews;
  BenchSeries *first_tiles;
  BenchSeries *all_tiles;
  BenchSeries *same_tiles;
} Times;

static void
view (Bench       *bench,
      const Plane *plane,
      Times       *times)
{
  gint32    overview = 0;
  gint32    codes[N_TILES];
  BenchMark begin = bench_mark (bench);

  bench_open (bench, plane->name, 0);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__OPEN_FILE_ACK, 1);
  bench_add_since (bench, times->acks, &begin);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  bench_add_since (bench, times->histograms, &begin);
  bench_link_settle (bench->link);

  begin = bench_mark (bench);
  bench_ask_tiles (bench, 0, &overview, 1);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, 1);
  bench_add_since (bench, times->overviews, &begin);
  bench_link_settle (bench->link);

  bench_fill_tile_codes (codes, plane->layer, N_TILES_ACROSS);
  begin = bench_mark (bench);
  bench_ask_tiles (bench, 0, codes, N_TILES);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, 1);
  bench_add_since (bench, times->first_tiles, &begin);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, N_TILES - 1);
  bench_add_since (bench, times->all_tiles, &begin);
  bench_link_settle (bench->link);

  for (int i = 0; i < N_AGAIN; i++)
    {
      begin = bench_mark (bench);
      bench_ask_tiles (bench, 0, codes, N_TILES);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, N_TILES);
      bench_add_since (bench, times->same_tiles, &begin);
      bench_link_settle (bench->link);
    }
}

static gboolean
counts_profiles (const ProtobufCMessage *message,
                 gpointer                user_data)
{
  const CARTA__SpatialProfileData *data = (const CARTA__SpatialProfileData *) message;
  gsize                           *n_missing = user_data;

  *n_missing -= MIN (data->n_profiles, *n_missing);

  return *n_missing == 0;
}

static void
bench_cursor (Bench       *bench,
              const Plane *plane)
{
  CARTA__SetSpatialRequirements                 message = CARTA__SET_SPATIAL_REQUIREMENTS__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig  x = CARTA__SET_SPATIAL_REQUIREMENTS__SPATIAL_CONFIG__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig  y = CARTA__SET_SPATIAL_REQUIREMENTS__SPATIAL_CONFIG__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig *both[] = { &x, &y };
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("cursor → x and y profiles, %d²", plane->side);

  x.coordinate = (char *) "x";
  x.mip = 1;
  y.coordinate = (char *) "y";
  y.mip = 1;
  message.file_id = 0;
  message.n_spatial_profiles = G_N_ELEMENTS (both);
  message.spatial_profiles = both;
  bench_link_send (bench->link, &message.base);
  bench_link_settle (bench->link);

  for (int i = 0; i < 51; i++)
    {
      gsize     n_missing = 2;
      BenchMark begin = bench_mark (bench);

      bench_set_cursor (bench, 0, (float) (i * 911 % plane->side), (float) (i * 613 % plane->side));
      bench_link_await_that (bench->link, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA, counts_profiles, &n_missing);
      bench_add_since (bench, times, &begin);
    }
  bench_link_settle (bench->link);

  bench_report_add (bench->report, name, "ms", times,
                    bench_floor_transfer ((gsize) plane->side * 2 * sizeof (float)), plane->cursor_goal);
}

static void
report_row (Bench       *bench,
            const Plane *plane,
            const char  *what,
            BenchSeries *series,
            double       floor,
            double       goal)
{
  g_autofree char *name = g_strdup_printf ("%s, %d²", what, plane->side);

  bench_report_add (bench->report, name, "ms", series, floor, goal);
  bench_series_free (series);
}

/* -- contours ----------------------------------------------------------- */

static gboolean
counts_levels (const ProtobufCMessage *message,
               gpointer                user_data)
{
  const CARTA__ContourImageData *data = (const CARTA__ContourImageData *) message;
  int                           *n_missing = user_data;

  if (data->progress >= 1)
    *n_missing -= (int) data->n_contour_sets;

  return *n_missing <= 0;
}

/* As the page asks for them. Levels are two to five times the scatter of the
 * smoothed noise, others each time, so that nobody can know them. */
static void
bench_contours (Bench       *bench,
                const Plane *plane)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__ImageBounds          bounds = CARTA__IMAGE_BOUNDS__INIT;
  double                      levels[N_LEVELS];
  BenchSeries                *times = bench_series_new ();
  int                         n_rounds = bench->n_rounds > 0 ? bench->n_rounds : plane->n_rounds;

  bounds.x_max = bounds.y_max = plane->side;
  message.image_bounds = &bounds;
  message.levels = levels;
  message.smoothing_mode = CARTA__SMOOTHING_MODE__GaussianBlur;
  message.smoothing_factor = 4;
  message.decimation_factor = 4;
  message.compression_level = 8;
  message.contour_chunk_size = 100000;

  for (int i = 0; i < n_rounds; i++)
    {
      int       n_missing = N_LEVELS;
      BenchMark begin;

      for (int j = 0; j < N_LEVELS; j++)
        levels[j] = 0.25 + 0.08 * j + 1e-4 * i;
      message.n_levels = N_LEVELS;
      begin = bench_mark (bench);
      bench_link_send (bench->link, &message.base);
      bench_link_await_that (bench->link, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA, counts_levels, &n_missing);
      bench_add_since (bench, times, &begin);

      message.n_levels = 0;
      bench_link_send (bench->link, &message.base);
      bench_link_settle (bench->link);
    }

  report_row (bench, plane, "contours, 5 levels, Gaussian 4", times,
              bench_floor_copy ((gsize) plane->side * (gsize) plane->side * sizeof (float)), plane->contour_goal);
}

/* -- all of it ---------------------------------------------------------- */

static void
bench_plane (Bench       *bench,
             const Plane *plane)
{
  Times            times = { bench_series_new (), bench_series_new (), bench_series_new (),
                             bench_series_new (), bench_series_new (), bench_series_new () };
  g_autofree char *path = g_build_filename (bench->folder, plane->name, NULL);
  double           round_trip = bench_floor_transfer (1);
  double           one_tile = bench_floor_tiles (1);
  int              n_rounds = bench->n_rounds > 0 ? bench->n_rounds : plane->n_rounds;
  double           read;

  bench_write_image (bench->folder, plane->name, plane->side, plane->side, 1);
  read = bench_floor_read (path, BENCH_DATA_OFFSET, (gsize) plane->side * (gsize) plane->side * sizeof (float));

  for (int i = 0; i < n_rounds; i++)
    {
      view (bench, plane, &times);
      if (i < n_rounds - 1)
        bench_close (bench, 0);
    }

  report_row (bench, plane, "open → ack", times.acks, round_trip, plane->ack_goal);
  report_row (bench, plane, "open → histogram", times.histograms, read, plane->histogram_goal);
  report_row (bench, plane, "overview tile", times.overviews, one_tile, plane->overview_goal);
  report_row (bench, plane, "64 full tiles: the first", times.first_tiles, one_tile, plane->first_goal);
  report_row (bench, plane, "64 full tiles: all", times.all_tiles, bench_floor_tiles (N_TILES), plane->all_goal);
  report_row (bench, plane, "the same 64 tiles again", times.same_tiles,
              bench_floor_transfer ((gsize) N_TILES * TILE_SIDE * TILE_SIDE * 11 / 8), plane->again_goal);
  bench_cursor (bench, plane);
  bench_contours (bench, plane);
  bench_close (bench, 0);
}

void
bench_images (Bench *bench)
{
  for (gsize i = 0; i < (bench->is_quick ? 1 : G_N_ELEMENTS (planes)); i++)
    {
      g_autofree char *title = g_strdup_printf ("%d × %d floats", planes[i].side, planes[i].side);

      bench_report_section (bench->report, title);
      bench_plane (bench, &planes[i]);
    }
}
