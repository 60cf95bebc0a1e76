/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include "bench-files.h"
#include "bench-floor.h"

/* Cubes: stepping through channels, spectra, regions. */

#define N_ROUNDS 31
#define N_TOGETHER 20

typedef struct
{
  const char *name;
  int         side;
  int         depth;
  int         layer; /* the full resolution */
  int         n_tiles_across;
  double      step_goal;
  double      spectrum_goal;
  double      region_goal;
  double      plane_goal;
  double      histogram_goal;
} Cube;

static const Cube cubes[] = {
  { "cube-512.fits", 512, 128, 1, 2, 4, 1, 8, 45, 70 },
  { "cube-1024.fits", 1024, 256, 2, 4, 11, 1.5, 15, 350, 500 },
};

static void
bench_steps (Bench      *bench,
             const Cube *cube)
{
  CARTA__SetImageChannels message = CARTA__SET_IMAGE_CHANNELS__INIT;
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  int                     n_tiles = cube->n_tiles_across * cube->n_tiles_across;
  g_autofree gint32      *codes = g_new (gint32, n_tiles);
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("channel step → %d tiles, %d² plane", n_tiles, cube->side);
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  double           floor;

  bench_fill_tile_codes (codes, cube->layer, cube->n_tiles_across);
  tiles.n_tiles = (gsize) n_tiles;
  tiles.tiles = codes;
  tiles.compression_type = CARTA__COMPRESSION_TYPE__ZFP;
  tiles.compression_quality = 11;
  message.required_tiles = &tiles;

  for (int i = 0; i < N_ROUNDS; i++)
    {
      BenchMark begin = bench_mark (bench);

      message.channel = i + 1;
      bench_link_send (bench->link, &message.base);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, n_tiles);
      bench_add_since (bench, times, &begin);
      bench_link_settle (bench->link);
    }

  floor = bench_floor_tiles (n_tiles) +
          bench_floor_read (path, BENCH_DATA_OFFSET, (gsize) cube->side * (gsize) cube->side * sizeof (float));
  bench_report_add (bench->report, name, "ms", times, floor, cube->step_goal);
}

static gboolean
is_complete (const ProtobufCMessage *message,
             gpointer                user_data)
{
  return ((const CARTA__SpectralProfileData *) message)->progress >= 1;
}

void
bench_require_spectrum (Bench   *bench,
                        int      region_id,
                        gboolean is_wanted)
{
  CARTA__SetSpectralRequirements                  message = CARTA__SET_SPECTRAL_REQUIREMENTS__INIT;
  CARTA__SetSpectralRequirements__SpectralConfig  config = CARTA__SET_SPECTRAL_REQUIREMENTS__SPECTRAL_CONFIG__INIT;
  CARTA__SetSpectralRequirements__SpectralConfig *configs[] = { &config };
  CARTA__StatsType                                mean = CARTA__STATS_TYPE__Mean;

  config.coordinate = (char *) "z";
  config.n_stats_types = 1;
  config.stats_types = &mean;
  message.region_id = region_id;
  message.n_spectral_profiles = is_wanted ? G_N_ELEMENTS (configs) : 0;
  message.spectral_profiles = configs;
  bench_link_send (bench->link, &message.base);
}

void
bench_await_spectrum (Bench *bench)
{
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA, is_complete, NULL);
}

static void
bench_spectra (Bench      *bench,
               const Cube *cube)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("cursor spectral profile, %d channels", cube->depth);
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);

  bench_require_spectrum (bench, 0, TRUE);
  bench_link_settle (bench->link);
  for (int i = 0; i < N_ROUNDS; i++)
    {
      BenchMark begin = bench_mark (bench);

      bench_set_cursor (bench, 0, (float) (i * 911 % cube->side), (float) (i * 613 % cube->side));
      bench_await_spectrum (bench);
      bench_add_since (bench, times, &begin);
      bench_link_settle (bench->link);
    }
  bench_require_spectrum (bench, 0, FALSE);
  bench_link_settle (bench->link);

  bench_report_add (bench->report, name, "ms", times,
                    bench_floor_read_spread (path, cube->depth, (gsize) cube->side * (gsize) cube->side * sizeof (float)) +
                      bench_floor_transfer ((gsize) cube->depth * sizeof (float)),
                    cube->spectrum_goal);
}

/* -- regions ------------------------------------------------------------ */

static gboolean
take_region_id (const ProtobufCMessage *message,
                gpointer                user_data)
{
  *(int *) user_data = ((const CARTA__SetRegionAck *) message)->region_id;

  return TRUE;
}

void
bench_send_rectangle (Bench *bench,
                      int    region_id,
                      float  x,
                      float  y,
                      float  width,
                      float  height)
{
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      centre = CARTA__POINT__INIT;
  CARTA__Point      size = CARTA__POINT__INIT;
  CARTA__Point     *points[] = { &centre, &size };

  centre.x = x;
  centre.y = y;
  size.x = width;
  size.y = height;
  info.region_type = CARTA__REGION_TYPE__RECTANGLE;
  info.n_control_points = G_N_ELEMENTS (points);
  info.control_points = points;
  message.region_id = region_id;
  message.region_info = &info;
  bench_link_send (bench->link, &message.base);
}

int
bench_set_rectangle (Bench *bench,
                     int    region_id,
                     float  x,
                     float  y,
                     float  width,
                     float  height)
{
  bench_send_rectangle (bench, region_id, x, y, width, height);
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__SET_REGION_ACK, take_region_id, &region_id);
  bench_link_settle (bench->link);

  return region_id;
}

static void
require_stats (Bench   *bench,
               int      region_id,
               gboolean is_wanted)
{
  CARTA__SetStatsRequirements               message = CARTA__SET_STATS_REQUIREMENTS__INIT;
  CARTA__SetStatsRequirements__StatsConfig  config = CARTA__SET_STATS_REQUIREMENTS__STATS_CONFIG__INIT;
  CARTA__SetStatsRequirements__StatsConfig *configs[] = { &config };
  CARTA__StatsType                          types[] = {
                             CARTA__STATS_TYPE__NumPixels, CARTA__STATS_TYPE__Sum, CARTA__STATS_TYPE__Mean, CARTA__STATS_TYPE__RMS,
                             CARTA__STATS_TYPE__Sigma, CARTA__STATS_TYPE__SumSq, CARTA__STATS_TYPE__Min, CARTA__STATS_TYPE__Max
  };

  config.coordinate = (char *) "z";
  config.n_stats_types = G_N_ELEMENTS (types);
  config.stats_types = types;
  message.region_id = region_id;
  message.n_stats_configs = is_wanted ? G_N_ELEMENTS (configs) : 0;
  message.stats_configs = configs;
  bench_link_send (bench->link, &message.base);
}

static void
require_histogram (Bench   *bench,
                   int      region_id,
                   gboolean is_wanted)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };

  config.coordinate = (char *) "z";
  config.channel = -1;
  config.num_bins = -1;
  message.region_id = region_id;
  message.n_histograms = is_wanted ? G_N_ELEMENTS (configs) : 0;
  message.histograms = configs;
  bench_link_send (bench->link, &message.base);
}

static void
bench_region (Bench      *bench,
              const Cube *cube,
              const char *what,
              void (*require) (Bench   *bench,
                               int      region_id,
                               gboolean is_wanted),
              guint16 answer)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("region %s, 200 × 150", what);
  int              region_id = bench_set_rectangle (bench, -1, 200, 200, 200, 150);

  /* elsewhere each time, so that nobody can know the answer */
  for (int i = 0; i < N_ROUNDS; i++)
    {
      BenchMark begin;

      bench_set_rectangle (bench, region_id, (float) (110 + i), (float) (cube->side - 100 - i), 200, 150);
      begin = bench_mark (bench);
      require (bench, region_id, TRUE);
      bench_link_await (bench->link, answer, 1);
      bench_add_since (bench, times, &begin);
      require (bench, region_id, FALSE);
      bench_link_settle (bench->link);
    }

  bench_report_add (bench->report, name, "ms", times, bench_floor_transfer (200), 0.5);
}

/* Elsewhere each time, so that nobody can know the answer; the whole plane
 * a little larger each time. */
static void
bench_region_spectra (Bench      *bench,
                      const Cube *cube,
                      gboolean    is_whole)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  g_autofree char *name = NULL;
  int              region_id = bench_set_rectangle (bench, -1, 200, 200, 200, 150);
  float            side = (float) cube->side;
  gsize            n_bytes = (gsize) (is_whole ? cube->side * cube->side : 200 * 150) * (gsize) cube->depth * sizeof (float);
  double           goal = is_whole ? cube->plane_goal : cube->region_goal;

  for (int i = 0; i < (is_whole ? N_ROUNDS / 4 : N_ROUNDS); i++)
    {
      BenchMark begin;

      if (is_whole)
        bench_set_rectangle (bench, region_id, side / 2, side / 2, 2 * side + (float) i, 2 * side);
      else
        bench_set_rectangle (bench, region_id, (float) (110 + i), (float) (cube->side - 100 - i), 200, 150);
      begin = bench_mark (bench);
      bench_require_spectrum (bench, region_id, TRUE);
      bench_await_spectrum (bench);
      bench_add_since (bench, times, &begin);
      bench_require_spectrum (bench, region_id, FALSE);
      bench_link_settle (bench->link);
    }

  name = is_whole ? g_strdup_printf ("whole-plane spectral profile, %d channels", cube->depth)
                  : g_strdup_printf ("region spectral profile, 200 × 150, %d channels", cube->depth);
  bench_report_add (bench->report, name, "ms", times,
                    bench_floor_read (path, BENCH_DATA_OFFSET, n_bytes) + bench_floor_transfer ((gsize) cube->depth * sizeof (double)),
                    goal);
}

/* Twenty that overlap, asked for at once: one read for all of them. */
static void
bench_many_spectra (Bench      *bench,
                    const Cube *cube)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  g_autofree char *name = g_strdup_printf ("%d overlapping region spectral profiles, 200 × 150, %d channels", N_TOGETHER, cube->depth);
  gsize            n_bytes = (gsize) (200 + 4 * N_TOGETHER) * (150 + 4 * N_TOGETHER) * (gsize) cube->depth * sizeof (float);
  int              ids[N_TOGETHER];

  for (int i = 0; i < N_TOGETHER; i++)
    ids[i] = bench_set_rectangle (bench, -1, 200, 200, 200, 150);

  for (int round = 0; round < N_ROUNDS / 2; round++)
    {
      BenchMark begin;

      for (int i = 0; i < N_TOGETHER; i++)
        bench_set_rectangle (bench, ids[i], (float) (110 + 4 * i), (float) (130 + 4 * i + round), 200, 150);
      begin = bench_mark (bench);
      for (int i = 0; i < N_TOGETHER; i++)
        bench_require_spectrum (bench, ids[i], TRUE);
      for (int i = 0; i < N_TOGETHER; i++)
        bench_await_spectrum (bench);
      bench_add_since (bench, times, &begin);
      for (int i = 0; i < N_TOGETHER; i++)
        bench_require_spectrum (bench, ids[i], FALSE);
      bench_link_settle (bench->link);
    }

  bench_report_add (bench->report, name, "ms", times,
                    bench_floor_read (path, BENCH_DATA_OFFSET, n_bytes) +
                      bench_floor_transfer ((gsize) N_TOGETHER * (gsize) cube->depth * sizeof (double)),
                    0);
}

static gboolean
is_cube (const ProtobufCMessage *message,
         gpointer                user_data)
{
  const CARTA__RegionHistogramData *data = (const CARTA__RegionHistogramData *) message;

  return data->region_id == -2 && data->progress >= 1;
}

void
bench_require_cube (Bench   *bench,
                    gboolean is_wanted)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };

  config.channel = -2;
  config.num_bins = -1;
  message.region_id = -2;
  message.n_histograms = is_wanted ? G_N_ELEMENTS (configs) : 0;
  message.histograms = configs;
  bench_link_send (bench->link, &message.base);
}

void
bench_await_cube (Bench *bench)
{
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, is_cube, NULL);
}

/* Opened anew each time, so that nothing is known of it. */
static void
bench_cube_histogram (Bench      *bench,
                      const Cube *cube)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("cube histogram, %d channels", cube->depth);
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  gsize            n_bytes = (gsize) cube->side * (gsize) cube->side * (gsize) cube->depth * sizeof (float);

  for (int i = 0; i < N_ROUNDS / 4; i++)
    {
      BenchMark begin;

      bench_close (bench, 0);
      bench_open (bench, cube->name, 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_link_settle (bench->link);
      begin = bench_mark (bench);
      bench_require_cube (bench, TRUE);
      bench_await_cube (bench);
      bench_add_since (bench, times, &begin);
      bench_require_cube (bench, FALSE);
      bench_link_settle (bench->link);
    }

  bench_report_add (bench->report, name, "ms", times, 2 * bench_floor_read (path, BENCH_DATA_OFFSET, n_bytes),
                    cube->histogram_goal);
}

/* What a cursor takes while the cube is being counted. */
static void
bench_cursor_meanwhile (Bench      *bench,
                        const Cube *cube)
{
  g_autoptr(BenchSeries) times = bench_series_new ();

  bench_close (bench, 0);
  bench_open (bench, cube->name, 0);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  bench_link_settle (bench->link);
  bench_require_cube (bench, TRUE);
  for (int i = 0; i < N_ROUNDS; i++)
    {
      BenchMark begin = bench_mark (bench);

      bench_set_cursor (bench, 0, (float) (i + 5), (float) (i + 7));
      bench_link_await (bench->link, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA, 1);
      bench_add_since (bench, times, &begin);
    }
  bench_require_cube (bench, FALSE);
  bench_link_settle (bench->link);

  bench_report_add (bench->report, "cursor while the cube is counted", "ms", times, bench_floor_transfer (100), 20);
}

static void
bench_cube (Bench      *bench,
            const Cube *cube)
{
  bench_write_image (bench->folder, cube->name, cube->side, cube->side, cube->depth);
  bench_open (bench, cube->name, 0);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  bench_link_settle (bench->link);

  bench_steps (bench, cube);
  bench_spectra (bench, cube);
  bench_region_spectra (bench, cube, FALSE);
  bench_region_spectra (bench, cube, TRUE);
  bench_many_spectra (bench, cube);
  bench_cube_histogram (bench, cube);
  bench_cursor_meanwhile (bench, cube);
  if (cube == &cubes[0])
    {
      bench_region (bench, cube, "statistics", require_stats, CARTA__EVENT_TYPE__REGION_STATS_DATA);
      bench_region (bench, cube, "histogram", require_histogram, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  bench_close (bench, 0);
}

void
bench_cubes (Bench *bench)
{
  for (gsize i = 0; i < (bench->is_quick ? 1 : G_N_ELEMENTS (cubes)); i++)
    {
      g_autofree char *title = g_strdup_printf ("%d × %d × %d floats", cubes[i].side, cubes[i].side, cubes[i].depth);

      bench_report_section (bench->report, title);
      bench_cube (bench, &cubes[i]);
    }
}
