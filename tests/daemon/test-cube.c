/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-desk.h"

#define WIDTH 40
#define HEIGHT 30
#define DEPTH 9

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  gint64 i = position[0] * 7 + position[1] * 31 + position[2] * 17;

  return i % 13 == 2 ? NAN : (double) (i % 97) - 40.25;
}

static void
open_cube (Desk *desk)
{
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH };

  desk_write (desk, "cube.fits", 3, shape, cube, NULL);
  desk_open (desk, "cube.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
}

/* As the page asks when somebody wants the contrast from all channels; with
 * nothing when it is told to stop. */
static void
ask_cube (AlmuTestViewer *viewer,
          gboolean        is_wanted)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };

  config.channel = -2;
  config.num_bins = -1;
  message.region_id = -2;
  message.n_histograms = is_wanted ? 1 : 0;
  message.histograms = configs;
  almu_test_viewer_send (viewer, &message.base);
}

static void
assert_cube (CARTA__RegionHistogramData *data)
{
  int                n_bins = (int) sqrt (WIDTH * HEIGHT);
  g_autofree gint32 *bins = g_new0 (gint32, n_bins);
  float              min = -40.25f, width = 96.f / (float) n_bins;

  for (gint64 i = 0; i < WIDTH * HEIGHT * DEPTH; i++)
    {
      const gint64 position[] = { i % WIDTH, i / WIDTH % HEIGHT, i / (WIDTH * HEIGHT) };
      double       value = cube (position, NULL);

      if (!isnan (value))
        bins[CLAMP ((int) (((float) value - min) / width), 0, n_bins - 1)]++;
    }

  g_assert_cmpint (data->file_id, ==, 0);
  g_assert_cmpint (data->region_id, ==, -2);
  g_assert_cmpint (data->channel, ==, -2);
  g_assert_cmpint (data->stokes, ==, 0);
  g_assert_true (data->progress == 1.f);
  g_assert_cmpint (data->config->channel, ==, -2);
  g_assert_cmpint (data->config->num_bins, ==, -1);
  g_assert_false (data->config->fixed_bounds);
  g_assert_cmpmem (data->histograms->bins, data->histograms->n_bins * sizeof (gint32), bins, n_bins * sizeof (gint32));
}

static CARTA__RegionHistogramData *
await_cube (Desk *desk)
{
  CARTA__RegionHistogramData *data = NULL;

  do
    {
      if (data != NULL)
        almu_test_body_free (data);
      data = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (data->region_id != -2 || data->progress < 1);

  return data;
}

static void
test_cube_histogram (Desk         *desk,
                     gconstpointer user_data)
{
  almu_test_autobody CARTA__RegionHistogramData *data = NULL;
  almu_test_autobody CARTA__RegionHistogramData *again = NULL;
  guint64                                        n_read;

  open_cube (desk);
  ask_cube (desk->viewer, TRUE);
  data = await_cube (desk);
  assert_cube (data);

  /* stopped, and asked for again: it is known */
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
  ask_cube (desk->viewer, FALSE);
  ask_cube (desk->viewer, TRUE);
  again = await_cube (desk);
  assert_cube (again);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read);
}

/* The page does not ask again after Retry, and its progress stands still until
 * somebody tells it more. */
static void
test_cube_killed (Desk         *desk,
                  gconstpointer user_data)
{
  static const float                             points[] = { 5, 5, 2, 2 };
  CARTA__ResumeSession                           message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                         image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties                        *images[] = { &image };
  almu_test_autobody CARTA__ResumeSessionAck    *ack = NULL;
  almu_test_autobody CARTA__RegionHistogramData *data = NULL;

  open_cube (desk);
  ask_cube (desk->viewer, TRUE);
  /* what is acknowledged is written, with all that came before */
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 1);
  almu_test_daemon_kill (desk->daemon);
  almu_test_daemon_free (desk->daemon);
  almu_test_viewer_await_closed (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);

  image.directory = (char *) "";
  image.file = (char *) "cube.fits";
  image.hdu = (char *) "";
  message.n_images = 1;
  message.images = images;
  almu_test_viewer_send (desk->viewer, &message.base);
  ack = desk_await (desk, CARTA__EVENT_TYPE__RESUME_SESSION_ACK);
  g_assert_true (ack->success);
  data = await_cube (desk);
  assert_cube (data);
}

/* A gigabyte of which nothing is on the disk. */
static void
write_large (Desk *desk)
{
  const gint64 shape[] = { 1024, 1024, 256 };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;
  g_autoptr(GFile) file = NULL;
  g_autoptr(GFileIOStream) stream = NULL;

  almu_test_fits_begin (fits, -32, 3, shape);
  almu_test_fits_end_header (fits);
  path = almu_test_fits_save (fits, desk->folder, "large.fits");
  file = g_file_new_for_path (path);
  stream = g_file_open_readwrite (file, NULL, NULL);
  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), (goffset) 1 << 30, G_SEEK_END, NULL, NULL));
  g_assert_true (g_seekable_truncate (G_SEEKABLE (stream), g_seekable_tell (G_SEEKABLE (stream)), NULL, NULL));
}

/* A cube four times as large as all memory there may be for it; a cursor
 * is answered meanwhile, and the end of it is the end of reading. */
static void
test_cube_large (Desk         *desk,
                 gconstpointer user_data)
{
  const char *const arguments[] = { "--cache-size=256M", NULL };
  guint64           n_read, n_later;

  write_large (desk);
  desk_start (desk, arguments);
  desk->viewer = desk_register (desk, &desk->session_id);
  desk_open (desk, "large.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));

  ask_cube (desk->viewer, TRUE);
  for (int i = 0; i < 5; i++)
    {
      almu_test_viewer_clear (desk->viewer);
      almu_test_ask_cursor (desk->viewer, 0, (float) (10 + i), 20);
      almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA));
    }
  ask_cube (desk->viewer, FALSE);
  almu_test_viewer_await_pong (desk->viewer);

  /* long before two gigabytes were read */
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
  g_assert_cmpuint (n_read, <, G_GUINT64_CONSTANT (1) << 31);
  n_later = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
  while (n_later != n_read)
    {
      n_read = n_later;
      n_later = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
    }
  g_assert_cmpuint (n_later, <, G_GUINT64_CONSTANT (1) << 31);
}

static void
test_cube_refused (Desk         *desk,
                   gconstpointer user_data)
{
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_cube (desk);
  almu_test_ask_stats (desk->viewer, 0, -2, "z");
  error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "whole cube"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/cube/histogram", test_cube_histogram);
  desk_add ("/daemon/cube/killed", test_cube_killed);
  desk_add ("/daemon/cube/refused", test_cube_refused);
  g_test_add ("/daemon/cube/large", Desk, NULL, desk_prepare, test_cube_large, desk_tear_down);

  return g_test_run ();
}
