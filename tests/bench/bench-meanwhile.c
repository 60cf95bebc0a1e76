/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <glib/gstdio.h>

#include "bench-files.h"
#include "bench-floor.h"

/* Long work and what goes on beside it: what others wait meanwhile, how soon
 * it is over when nobody wants it any more, and what memory it takes. */

#define CUBE_ID 0
#define PLANE_ID 1

#define N_HISTOGRAMS 12
#define N_CURSORS 20 /* in each of them */
#define N_STOPS 15

/* An answer, a cancel: the goals. */
#define ANSWER_MSEC 20
#define STOP_MSEC 100

/* Work is over when there was none for so long. */
#define OVER_USEC (60 * 1000)

#define ANIMATED_USEC (150 * 1000)
#define N_FRAMES 100
#define N_CONTOURED 20
#define N_LEVELS 5
#define SAVED "saved.fits"

/* What a service may take beside its budget: itself, and what the threads
 * are working on. */
#define BESIDE_BUDGET_MIB 64

typedef struct
{
  int side; /* of the cube */
  int depth;
  int layer; /* the full resolution */
  int n_tiles_across;
  int plane_side;
  int budget_mib; /* a fourth of the cube */
} Scene;

static const Scene scenes[] = {
  { 1024, 256, 2, 4, 8192, 256 },
  { 512, 128, 1, 2, 2048, 32 },
};

/* What is stopped: by @stop, or by closing the file if that is NULL. */
typedef struct
{
  const char *name;
  void (*begin) (Bench       *bench,
                 const Scene *scene,
                 int          round);
  void (*stop) (Bench *bench);
} Stopping;

/* -- requests ----------------------------------------------------------- */

static void
open_file (Bench      *bench,
           const char *name,
           int         file_id)
{
  bench_open (bench, name, file_id);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  bench_link_settle (bench->link);
}

static void
open_again (Bench *bench,
            int    file_id)
{
  open_file (bench, file_id == CUBE_ID ? "meanwhile-cube.fits" : "meanwhile-plane.fits", file_id);
}

/* Other bins each time, so that nobody can know them. */
static void
begin_histogram (Bench       *bench,
                 const Scene *scene,
                 int          round)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };

  config.channel = -2;
  config.fixed_num_bins = TRUE;
  config.num_bins = 1000 + round;
  message.file_id = CUBE_ID;
  message.region_id = -2;
  message.n_histograms = G_N_ELEMENTS (configs);
  message.histograms = configs;
  bench_link_send (bench->link, &message.base);
}

static void
stop_histogram (Bench *bench)
{
  bench_require_cube (bench, FALSE);
}

static int region_id = -1;

static void
set_region (Bench *bench,
            float  centre,
            float  size)
{
  region_id = bench_set_rectangle (bench, region_id, centre, centre, size, size);
}

static void
begin_spectrum (Bench       *bench,
                const Scene *scene,
                int          round)
{
  float side = (float) scene->side;

  set_region (bench, side / 2, 2 * side + (float) round);
  bench_require_spectrum (bench, region_id, TRUE);
}

/* By another, which is far smaller. */
static void
stop_spectrum (Bench *bench)
{
  static float centre = 50;

  bench_send_rectangle (bench, region_id, centre++, 50, 3, 3);
}

static void
require_contours (Bench       *bench,
                  int          file_id,
                  int          side,
                  const double levels[],
                  int          n_levels)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__ImageBounds          bounds = CARTA__IMAGE_BOUNDS__INIT;

  bounds.x_max = bounds.y_max = side;
  message.file_id = (guint32) file_id;
  message.reference_file_id = (guint32) file_id;
  message.image_bounds = &bounds;
  message.levels = (double *) levels;
  message.n_levels = (gsize) n_levels;
  message.smoothing_mode = CARTA__SMOOTHING_MODE__GaussianBlur;
  message.smoothing_factor = 4;
  message.decimation_factor = 4;
  message.compression_level = 8;
  message.contour_chunk_size = 100000;
  bench_link_send (bench->link, &message.base);
}

static void
begin_contours (Bench       *bench,
                const Scene *scene,
                int          round)
{
  double levels[N_LEVELS];

  for (int i = 0; i < N_LEVELS; i++)
    levels[i] = 0.25 + 0.08 * i + 1e-4 * round;
  require_contours (bench, PLANE_ID, scene->plane_side, levels, N_LEVELS);
}

static void
stop_contours (Bench *bench)
{
  require_contours (bench, PLANE_ID, 0, NULL, 0);
}

static void
begin_saving (Bench       *bench,
              const Scene *scene,
              int          round)
{
  CARTA__SaveFile message = CARTA__SAVE_FILE__INIT;

  message.file_id = CUBE_ID;
  message.output_file_directory = (char *) "";
  message.output_file_name = (char *) SAVED;
  message.output_file_type = CARTA__FILE_TYPE__FITS;
  message.overwrite = TRUE;
  bench_link_send (bench->link, &message.base);
}

/* -- an animation -------------------------------------------------------- */

typedef struct
{
  Bench *bench;
  int    n_missing; /* frames */
  gint64 end;       /* or until when */
  gint32 animation_id;
} Show;

static gboolean
take_animation_id (const ProtobufCMessage *message,
                   gpointer                user_data)
{
  *(gint32 *) user_data = ((const CARTA__StartAnimationAck *) message)->animation_id;

  return TRUE;
}

/* As a page that draws each of them at once. */
static gboolean
acknowledge_frame (const ProtobufCMessage *message,
                   gpointer                user_data)
{
  const CARTA__RasterTileSync *sync = (const CARTA__RasterTileSync *) message;
  Show                        *show = user_data;
  CARTA__AnimationFlowControl  answer = CARTA__ANIMATION_FLOW_CONTROL__INIT;
  CARTA__AnimationFrame        frame = CARTA__ANIMATION_FRAME__INIT;

  if (!sync->end_sync)
    return FALSE;

  frame.channel = sync->channel;
  answer.file_id = CUBE_ID;
  answer.animation_id = show->animation_id;
  answer.received_frame = &frame;
  bench_link_send (show->bench->link, &answer.base);
  show->n_missing--;

  return show->n_missing <= 0 || g_get_monotonic_time () > show->end;
}

static void
animate (Bench       *bench,
         const Scene *scene,
         int          n_frames,
         gint64       usec)
{
  CARTA__StartAnimation   message = CARTA__START_ANIMATION__INIT;
  CARTA__AnimationFrame   first = CARTA__ANIMATION_FRAME__INIT;
  CARTA__AnimationFrame   last = CARTA__ANIMATION_FRAME__INIT;
  CARTA__AnimationFrame   delta = CARTA__ANIMATION_FRAME__INIT;
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  gint32                  codes[16];
  Show                    show = { bench, n_frames, g_get_monotonic_time () + usec, 0 };

  bench_fill_tile_codes (codes, scene->layer, scene->n_tiles_across);
  tiles.n_tiles = (gsize) (scene->n_tiles_across * scene->n_tiles_across);
  tiles.tiles = codes;
  tiles.compression_type = CARTA__COMPRESSION_TYPE__ZFP;
  tiles.compression_quality = 11;
  last.channel = scene->depth - 1;
  delta.channel = 1;
  message.first_frame = &first;
  message.start_frame = &first;
  message.last_frame = &last;
  message.delta_frame = &delta;
  message.frame_rate = 60;
  message.looping = TRUE;
  message.required_tiles = &tiles;
  bench_link_send (bench->link, &message.base);
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__START_ANIMATION_ACK, take_animation_id, &show.animation_id);
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_SYNC, acknowledge_frame, &show);
}

static void
begin_animation (Bench       *bench,
                 const Scene *scene,
                 int          round)
{
  animate (bench, scene, G_MAXINT, ANIMATED_USEC);
}

static void
stop_animation (Bench *bench)
{
  CARTA__StopAnimation  message = CARTA__STOP_ANIMATION__INIT;
  CARTA__AnimationFrame frame = CARTA__ANIMATION_FRAME__INIT;

  message.file_id = CUBE_ID;
  message.end_frame = &frame;
  bench_link_send (bench->link, &message.base);
}

/* -- meanwhile ---------------------------------------------------------- */

static void
report_wait (Bench             *bench,
             const char        *what,
             const BenchSeries *times,
             double             floor)
{
  static const struct
  {
    const char *name;
    double      quantile;
  } parts[] = {
    { "99 of 100 of them", 0.99 },
    { "the worst", 1 },
  };
  g_autofree char *name = g_strdup_printf ("%s while a cube is counted", what);

  bench_report_add (bench->report, name, "ms", times, floor, ANSWER_MSEC);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *label = g_strdup_printf ("  %s", parts[i].name);

      bench_report_add_value (bench->report, label, "ms", bench_series_get_quantile (times, parts[i].quantile), 0, ANSWER_MSEC);
    }
}

/* Each tile in a quality of its own, so that it has to be made. */
static void
ask_tile (Bench       *bench,
          const Scene *scene,
          int          i)
{
  CARTA__AddRequiredTiles message = CARTA__ADD_REQUIRED_TILES__INIT;
  int                     n_across = scene->n_tiles_across;
  gint32                  code = scene->layer << 24 | (i / n_across % n_across) << 12 | i % n_across;

  message.file_id = CUBE_ID;
  message.n_tiles = 1;
  message.tiles = &code;
  message.compression_type = CARTA__COMPRESSION_TYPE__ZFP;
  message.compression_quality = (float) (10 + i / (n_across * n_across));
  bench_link_send (bench->link, &message.base);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, 1);
}

static void
bench_answers (Bench       *bench,
               const Scene *scene)
{
  g_autoptr(BenchSeries) cursors = bench_series_new ();
  g_autoptr(BenchSeries) tiles = bench_series_new ();
  int n = 0;

  open_again (bench, CUBE_ID);
  for (int round = 0; round < N_HISTOGRAMS; round++)
    {
      begin_histogram (bench, scene, round);
      for (int i = 0; i < N_CURSORS; i++, n++)
        {
          gint64 begin;

          g_usleep (1000);
          begin = g_get_monotonic_time ();
          bench_set_cursor (bench, CUBE_ID, (float) (n % scene->side), (float) (7 * n % scene->side));
          bench_link_await (bench->link, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA, 1);
          bench_series_add_since (cursors, begin);
          begin = g_get_monotonic_time ();
          ask_tile (bench, scene, n);
          bench_series_add_since (tiles, begin);
        }
      stop_histogram (bench);
      bench_link_settle (bench->link);
    }
  bench_close (bench, CUBE_ID);

  report_wait (bench, "cursor", cursors, bench_floor_transfer (100));
  report_wait (bench, "a tile", tiles, bench_floor_tiles (1));
}

/* -- the end of it ------------------------------------------------------ */

/* Returns when it was seen first that there was no work any more. */
static gint64
await_rest (Bench *bench)
{
  gint64 rest = 0;
  gint64 now = 0;

  while (rest == 0 || now - rest < OVER_USEC)
    {
      guint n_jobs = bench_server_count_jobs (bench->server);

      now = g_get_monotonic_time ();
      if (n_jobs > 0)
        rest = 0;
      else if (rest == 0)
        rest = now;
    }

  return rest;
}

/* Without waiting for what it brings about. */
static void
send_close (Bench *bench,
            int    file_id)
{
  CARTA__CloseFile message = CARTA__CLOSE_FILE__INIT;

  message.file_id = file_id;
  bench_link_send (bench->link, &message.base);
}

static void
bench_stop (Bench          *bench,
            const Scene    *scene,
            const Stopping *stopping)
{
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autofree char *name = g_strdup_printf ("stopped: %s", stopping->name);
  int              file_id = stopping->begin == begin_contours ? PLANE_ID : CUBE_ID;

  open_again (bench, file_id);
  for (int round = 0; round < N_STOPS; round++)
    {
      gint64 begin;

      stopping->begin (bench, scene, round);
      /* somewhere in it */
      g_usleep ((gulong) (1000 * (round % 5) * (bench->is_quick ? 1 : 10)));
      begin = g_get_monotonic_time ();
      if (stopping->stop != NULL)
        stopping->stop (bench);
      else
        send_close (bench, file_id);
      bench_series_add (times, (double) (await_rest (bench) - begin) / 1e3);
      bench_link_settle (bench->link);

      if (stopping->stop == NULL)
        open_again (bench, file_id);
      if (stopping->begin == begin_spectrum)
        bench_require_spectrum (bench, region_id, FALSE);
    }
  bench_close (bench, file_id);
  region_id = -1;

  bench_report_add (bench->report, name, "ms", times, bench_floor_transfer (1), STOP_MSEC);
  bench_report_add_value (bench->report, "  the worst", "ms", bench_series_get_quantile (times, 1), 0, STOP_MSEC);
}

static void
bench_stops (Bench       *bench,
             const Scene *scene)
{
  static const Stopping stoppings[] = {
    { "cube histogram, no longer wanted", begin_histogram, stop_histogram },
    { "cube histogram, file closed", begin_histogram, NULL },
    { "whole-plane spectrum, region made small", begin_spectrum, stop_spectrum },
    { "whole-plane spectrum, file closed", begin_spectrum, NULL },
    { "contours, no levels", begin_contours, stop_contours },
    { "contours, file closed", begin_contours, NULL },
    { "animation, STOP_ANIMATION", begin_animation, stop_animation },
    { "save, file closed", begin_saving, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (stoppings); i++)
    bench_stop (bench, scene, &stoppings[i]);
}

/* -- memory ------------------------------------------------------------- */

static void
count_cube (Bench       *bench,
            const Scene *scene)
{
  bench_require_cube (bench, TRUE);
  bench_await_cube (bench);
  bench_require_cube (bench, FALSE);
}

static void
measure_spectrum (Bench       *bench,
                  const Scene *scene)
{
  region_id = -1;
  begin_spectrum (bench, scene, 0);
  bench_await_spectrum (bench);
  bench_require_spectrum (bench, region_id, FALSE);
}

static void
animate_frames (Bench       *bench,
                const Scene *scene)
{
  animate (bench, scene, N_FRAMES, G_TIME_SPAN_MINUTE);
  stop_animation (bench);
}

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

/* Of one channel after the other, as the viewer steps through them. */
static void
contour_channels (Bench       *bench,
                  const Scene *scene)
{
  static const double levels[] = { 0.25, 0.33, 0.41, 0.49, 0.57 };

  for (int i = 0; i < N_CONTOURED; i++)
    {
      CARTA__SetImageChannels channels = CARTA__SET_IMAGE_CHANNELS__INIT;
      int                     n_missing = N_LEVELS;

      channels.file_id = CUBE_ID;
      channels.channel = i + 1;
      bench_link_send (bench->link, &channels.base);
      if (i == 0)
        require_contours (bench, CUBE_ID, scene->side, levels, N_LEVELS);
      bench_link_await_that (bench->link, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA, counts_levels, &n_missing);
      bench_link_settle (bench->link);
    }
  require_contours (bench, CUBE_ID, 0, NULL, 0);
}

static void
bench_peaks (Bench       *bench,
             const Scene *scene)
{
  static const struct
  {
    const char *name;
    void (*run) (Bench       *bench,
                 const Scene *scene);
  } works[] = {
    { "cube histogram", count_cube },
    { "whole-plane spectrum", measure_spectrum },
    { "animation of 100 frames", animate_frames },
    { "contours of 20 channels", contour_channels },
  };

  bench_link_close (bench->link);
  bench_restart (bench, 0, scene->budget_mib);
  bench->link = bench_link_new (bench_server_get_url (bench->server));
  bench_link_register (bench->link, 0);
  open_again (bench, CUBE_ID);
  for (gsize i = 0; i < G_N_ELEMENTS (works); i++)
    {
      g_autofree char *name = g_strdup_printf ("peak memory with a budget of %d MiB: %s", scene->budget_mib, works[i].name);

      bench_server_reset_peak (bench->server);
      works[i].run (bench, scene);
      bench_link_settle (bench->link);
      bench_report_add_value (bench->report, name, "MiB", bench_server_get_memory_mib (bench->server, "VmHWM"),
                              0, scene->budget_mib + BESIDE_BUDGET_MIB);
    }
  bench_close (bench, CUBE_ID);

  bench_link_close (bench->link);
  bench_restart (bench, 0, 0);
}

void
bench_meanwhile (Bench *bench)
{
  const Scene     *scene = &scenes[bench->is_quick ? 1 : 0];
  g_autofree char *title = g_strdup_printf ("Meanwhile: %d × %d × %d floats", scene->side, scene->side, scene->depth);

  bench_report_section (bench->report, title);
  bench_write_image (bench->folder, "meanwhile-cube.fits", scene->side, scene->side, scene->depth);
  bench_write_image (bench->folder, "meanwhile-plane.fits", scene->plane_side, scene->plane_side, 1);
  bench->link = bench_link_new (bench_server_get_url (bench->server));
  bench_link_register (bench->link, 0);

  bench_answers (bench, scene);
  if (bench_server_is_ours (bench->server))
    {
      bench_stops (bench, scene);
      bench_peaks (bench, scene);
      return;
    }

  bench_link_close (bench->link);
}
