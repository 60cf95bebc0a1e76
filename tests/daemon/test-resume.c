/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "test-memory.h"

/* A second visit to the same place of the middle of the rectangle tells its
 * mean: the rectangle has whole pixels on either side of its centre. */
static void
assert_region_mean (AlmuTestViewer *viewer,
                    const Memory   *memory,
                    int             region_id,
                    double          x)
{
  almu_test_autobody CARTA__RegionStatsData *stats = NULL;

  almu_test_ask_stats (viewer, memory->file_id, region_id, "z");
  do
    {
      almu_test_body_clear (&stats);
      stats = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA);
    }
  while (stats->region_id != region_id);
  g_assert_cmpfloat_with_epsilon (almu_test_stats_get (stats, CARTA__STATS_TYPE__Mean),
                                  x + 800 + 10000 * memory->channel, 1e-6);
}

/* The spectrum of the first region of the first file, which is 5 × 3 pixels
 * around its centre. */
static void
await_spectrum (AlmuTestViewer *viewer)
{
  almu_test_autobody CARTA__SpectralProfileData *data = NULL;
  const double                                  *values;

  data = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
  g_assert_cmpint (data->file_id, ==, 0);
  g_assert_cmpint (data->region_id, ==, 1);
  g_assert_cmpfloat (data->progress, ==, 1);
  g_assert_cmpuint (data->n_profiles, ==, 1);
  g_assert_cmpuint (data->profiles[0]->raw_values_fp64.len, ==, DEPTH * sizeof (double));
  values = (const double *) data->profiles[0]->raw_values_fp64.data;
  for (int channel = 0; channel < DEPTH; channel++)
    g_assert_cmpfloat (values[channel], ==, 15 * (6 + 800 + 10000 * channel));
}

/* Nothing more comes of what was asked for: the link is quiet over answers
 * to two later requests. */
static void
assert_nothing_of (AlmuTestViewer *viewer,
                   guint16         event)
{
  almu_test_viewer_await_pong (viewer);
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_test_viewer_take (viewer, event));
}

/* -- a network that was lost --------------------------------------------- */

static void
test_resume_cut (Desk         *desk,
                 gconstpointer user_data)
{
  guint64 n_read;

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  almu_test_ask_stats (desk->viewer, 0, -1, "z");
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA));
  almu_test_ask_spectral (desk->viewer, 0, 1, "z");
  await_spectrum (desk->viewer);
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");

  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);

  /* what was wanted comes unasked, and is not sent twice */
  await_spectrum (desk->viewer);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA));
  almu_test_ask_stats (desk->viewer, 0, -1, "z");
  almu_test_ask_spectral (desk->viewer, 0, 1, "z");
  assert_nothing_of (desk->viewer, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
  assert_nothing_of (desk->viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA);

  for (guint i = 0; i < G_N_ELEMENTS (two); i++)
    assert_cursor_value (desk->viewer, &two[i]);
  assert_region_mean (desk->viewer, &two[0], 2, 7);
  assert_region_mean (desk->viewer, &two[1], 3, 6);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read);
}

static void
test_resume_difference (Desk         *desk,
                        gconstpointer user_data)
{
  const Memory changed[] = {
    { "a.fits", 0, 3, { 1, 1 }, 2, 3 }, /* another plane; region 1 gone, 4 new */
    { "c.fits", 9, 0, { 2, 2 }, 0, 0 },
  };
  const float                          points[] = { 5, 5, 2, 2 };
  guint64                              n_read;
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  write_cube (desk, "c.fits", FALSE);
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");

  /* region 3 was drawn on a file that is closed, and is now on another */
  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk->viewer, changed, 2);
  await_histograms (desk->viewer, changed, 2);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read + 2 * PLANE_BYTES);

  assert_cursor_value (desk->viewer, &changed[0]);
  assert_cursor_value (desk->viewer, &changed[1]);
  assert_region_mean (desk->viewer, &changed[0], 2, 6);
  assert_region_mean (desk->viewer, &changed[0], 3, 7);
  assert_region_mean (desk->viewer, &changed[0], 4, 8);
  g_assert_cmpint (almu_test_draw (desk->viewer, 9, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 5);

  /* what was left out is closed */
  almu_test_viewer_clear (desk->viewer);
  almu_test_ask_cursor (desk->viewer, 7, 1, 1);
  error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "7"));
}

static void
test_resume_replaced_file (Desk         *desk,
                           gconstpointer user_data)
{
  guint64           n_read;
  g_autofree float *plane = NULL;

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);

  write_cube (desk, "a.fits", TRUE);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  plane = almu_test_await_plane (desk->viewer, 0, WIDTH, HEIGHT);
  g_assert_cmpfloat (plane[WIDTH + 1], ==, -20101);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read + PLANE_BYTES);
}

static void
test_resume_nothing (Desk         *desk,
                     gconstpointer user_data)
{
  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "cache_bytes"), >, 0);
  resume (desk->viewer, NULL, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "cache_bytes"), ==, 0);
}

static void
test_resume_in_the_middle (Desk         *desk,
                           gconstpointer user_data)
{
  open_all (desk, two, 2);
  for (int i = 0; i < 5; i++)
    {
      almu_test_viewer_cut (desk->viewer);
      almu_test_viewer_free (desk->viewer);
      desk->viewer = desk_register (desk, &desk->session_id);
      send_resume (desk->viewer, two, i % 2 + 1);
    }

  almu_test_viewer_clear (desk->viewer);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_cursor_value (desk->viewer, &two[1]);
  assert_region_mean (desk->viewer, &two[1], 3, 6);
}

static void
test_resume_takeover (Desk         *desk,
                      gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) before = NULL;
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  before = desk->viewer;
  almu_test_viewer_clear (before);
  desk->viewer = desk_register (desk, &desk->session_id);
  g_assert_cmpuint (almu_test_viewer_await_closed (before), ==, 4001);
  error = almu_test_viewer_take (before, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "another window"));

  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[1]);
}

static void
test_resume_clean_close (Desk         *desk,
                         gconstpointer user_data)
{
  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "cache_bytes"), >, 0);
  almu_test_viewer_close (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "cache_bytes"), ==, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "links"), ==, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "sessions{state=\"attached\"}"), ==, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "sessions{state=\"detached\"}"), ==, 0);

  /* and still the page that comes back gets what it remembers */
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[0]);
}

/* -- a service that was killed ------------------------------------------- */

static void
restart (Desk *desk)
{
  g_autofree char *url = g_strdup (almu_test_daemon_get_url (desk->daemon));
  guint            port = almu_test_daemon_get_port (desk->daemon);
  g_autoptr(GSocketListener) listener = g_socket_listener_new ();

  almu_test_daemon_kill (desk->daemon);
  almu_test_daemon_free (desk->daemon);
  almu_test_viewer_await_closed (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);

  /* the page's Retry goes to the same address with the same token, unless
   * somebody else took the port in between */
  desk_start (desk, NULL);
  if (almu_test_daemon_get_port (desk->daemon) == port)
    g_assert_cmpstr (almu_test_daemon_get_url (desk->daemon), ==, url);
  else
    g_assert_false (g_socket_listener_add_inet_port (listener, (guint16) port, NULL, NULL));
  g_assert_cmpstr (strstr (almu_test_daemon_get_url (desk->daemon), "token="), ==, strstr (url, "token="));
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
test_resume_kill (Desk         *desk,
                  gconstpointer user_data)
{
  const float points[] = { 5, 5, 2, 2 };
  const float first[] = { 6, 8, 4, 2 };

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  almu_test_ask_spectral (desk->viewer, 0, 1, "z");
  await_spectrum (desk->viewer);
  /* what is acknowledged is written, with all that came before */
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, 1, CARTA__REGION_TYPE__RECTANGLE, first, 2, 0), ==, 1);
  restart (desk);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  await_spectrum (desk->viewer);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_cursor_value (desk->viewer, &two[1]);
  assert_region_mean (desk->viewer, &two[0], 1, 6);
  assert_region_mean (desk->viewer, &two[0], 2, 7);
  assert_region_mean (desk->viewer, &two[1], 3, 6);
  g_assert_cmpint (almu_test_draw (desk->viewer, 7, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 4);
}

/* What follows RESUME_SESSION waits for it, and is not refused. */
static void
test_resume_behind (Desk         *desk,
                    gconstpointer user_data)
{
  const gint32      code = 0;
  guint32           request_id;
  gboolean          has_ack = FALSE;
  GQueue           *messages;
  g_autofree float *pixels = NULL;
  g_autoptr(GPtrArray) tiles = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  almu_test_autobody CARTA__RegionStatsData  *stats = NULL;
  almu_test_autobody CARTA__OpenFileAck      *opened = NULL;

  write_cube (desk, "c.fits", FALSE);
  open_all (desk, two, 2);
  restart (desk);

  request_id = send_resume (desk->viewer, two, 2);
  almu_test_ask_tiles (desk->viewer, 0, &code, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  almu_test_ask_stats (desk->viewer, 7, 3, "z");
  opened = almu_test_viewer_open (desk->viewer, "", "c.fits", "", 8);
  g_assert_true (opened->success);

  tiles = almu_test_await_picture (desk->viewer, 0);
  pixels = almu_test_decode_tile (tiles->pdata[0]);
  g_assert_cmpfloat (pixels[3 * WIDTH + 2], ==, 2 + 300 + 20000);
  stats = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
  g_assert_cmpint (stats->region_id, ==, 3);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__ERROR_DATA));

  /* nothing of it was said before the acknowledgement */
  messages = almu_test_viewer_get_messages (desk->viewer);
  for (GList *l = messages->head; l != NULL; l = l->next)
    {
      AlmuTestMessage *message = l->data;

      has_ack |= message->event == CARTA__EVENT_TYPE__RESUME_SESSION_ACK;
      g_assert_true (has_ack || message->event != CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  ack = await_ack (desk->viewer, request_id);
  g_assert_true (ack->success);
}

static void
test_resume_stray (Desk         *desk,
                   gconstpointer user_data)
{
  const gint32                code = 0;
  CARTA__StopAnimation        stop = CARTA__STOP_ANIMATION__INIT;
  CARTA__SetContourParameters contours = CARTA__SET_CONTOUR_PARAMETERS__INIT;

  open_all (desk, two, 2);
  restart (desk);

  almu_test_viewer_send (desk->viewer, &stop.base);
  almu_test_ask_plane (desk->viewer, 0, 3, 0, &code, 1);
  almu_test_ask_close (desk->viewer, 1000);
  almu_test_ask_close (desk->viewer, 1001);
  almu_test_ask_cursor (desk->viewer, 0, 1, 1);
  almu_test_ask_cursor (desk->viewer, 7, 1, 1);
  almu_test_ask_tiles (desk->viewer, 7, &code, 1, CARTA__COMPRESSION_TYPE__ZFP, 11);
  almu_test_ask_spatial (desk->viewer, 0, 0, "x", 0, 0, 0);
  almu_test_ask_stats (desk->viewer, 0, 2, "z");
  almu_test_ask_spectral (desk->viewer, 7, 0, "z");
  almu_test_ask_histogram (desk->viewer, 7, 3, -1, 0, 0);
  almu_test_viewer_send (desk->viewer, &contours.base);
  almu_test_viewer_await_pong (desk->viewer);
  g_assert_true (almu_test_viewer_is_open (desk->viewer));

  almu_test_viewer_clear (desk->viewer);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_cursor_value (desk->viewer, &two[1]);
}

static void
remove_file (Desk       *desk,
             const char *name)
{
  g_autofree char *path = g_build_filename (desk->folder, name, NULL);

  g_assert_cmpint (unlink (path), ==, 0);
}

static void
test_resume_missing_file (Desk         *desk,
                          gconstpointer user_data)
{
  const gint32                                code = 0;
  const float                                 points[] = { 5, 5, 2, 2 };
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  almu_test_autobody CARTA__ErrorData        *told = NULL;
  almu_test_autobody CARTA__ErrorData        *refused = NULL;

  open_all (desk, two, 2);
  remove_file (desk, "a.fits");
  restart (desk);
  ack = await_ack (desk->viewer, send_resume (desk->viewer, two, 2));
  g_assert_true (ack->success);
  g_assert_nonnull (strstr (ack->message, "a.fits"));
  g_assert_null (strstr (ack->message, "b.fits"));
  told = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (told->message, "a.fits"));

  /* the rest is as it was */
  await_histograms (desk->viewer, &two[1], 1);
  assert_cursor_value (desk->viewer, &two[1]);
  assert_region_mean (desk->viewer, &two[1], 3, 6);

  /* what is about the missing file fails by itself */
  almu_test_ask_tiles (desk->viewer, 0, &code, 1, CARTA__COMPRESSION_TYPE__ZFP, 11);
  refused = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (refused->message, "a.fits"));
  g_assert_cmpint (almu_test_draw (desk->viewer, 7, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 4);

  /* and once it is there again, so is everything drawn on it */
  write_cube (desk, "a.fits", FALSE);
  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_region_mean (desk->viewer, &two[0], 2, 7);
}

static void
test_resume_all_missing (Desk         *desk,
                         gconstpointer user_data)
{
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  /* the page would keep its dialog up for ever on anything but success */
  ack = await_ack (desk->viewer, send_resume (desk->viewer, two, 2));
  g_assert_true (ack->success);
  g_assert_nonnull (strstr (ack->message, "a.fits"));
  g_assert_nonnull (strstr (ack->message, "b.fits"));
}

static void
test_resume_nonsense (Desk         *desk,
                      gconstpointer user_data)
{
  const Memory                                twins[] = { { "a.fits", 3, 0, { 0, 0 }, 0, 0 }, { "b.fits", 3, 0, { 0, 0 }, 0, 0 } };
  const Memory                                strange[] = { { "a.fits", -5, 0, { 0, 0 }, 0, 0 } };
  const Memory                                outside[] = { { "../../etc/passwd", 1, 0, { 0, 0 }, 0, 0 } };
  const Memory                                wrong_plane[] = { { "a.fits", 1, 99, { NAN, INFINITY }, 0, 0 } };
  g_autofree Memory                          *many = g_new0 (Memory, 600);
  almu_test_autobody CARTA__ResumeSessionAck *twins_ack = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *strange_ack = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *many_ack = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *outside_ack = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *plane_ack = NULL;

  open_all (desk, two, 2);
  twins_ack = await_ack (desk->viewer, send_resume (desk->viewer, twins, 2));
  g_assert_false (twins_ack->success);
  g_assert_nonnull (strstr (twins_ack->message, "3"));

  strange_ack = await_ack (desk->viewer, send_resume (desk->viewer, strange, 1));
  g_assert_false (strange_ack->success);
  g_assert_nonnull (strstr (strange_ack->message, "-5"));

  for (int i = 0; i < 600; i++)
    many[i] = (Memory){ "a.fits", i };
  many_ack = await_ack (desk->viewer, send_resume (desk->viewer, many, 600));
  g_assert_false (many_ack->success);
  g_assert_nonnull (strstr (many_ack->message, "600"));

  /* nothing was changed by any of them */
  almu_test_viewer_clear (desk->viewer);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_cursor_value (desk->viewer, &two[1]);

  plane_ack = await_ack (desk->viewer, send_resume (desk->viewer, wrong_plane, 1));
  g_assert_true (plane_ack->success);
  g_assert_nonnull (strstr (plane_ack->message, "channel"));

  outside_ack = await_ack (desk->viewer, send_resume (desk->viewer, outside, 1));
  g_assert_nonnull (strstr (outside_ack->message, "passwd"));
}

static void
test_resume_many (Desk         *desk,
                  gconstpointer user_data)
{
  Memory many[12];
  char  *names[12];

  for (int i = 0; i < 12; i++)
    {
      names[i] = g_strdup_printf ("image-%d.fits", i);
      many[i] = (Memory){ names[i], 3 * i, i % DEPTH, { (float) i, (float) (2 + i) }, 1 + 5 * i, 5 };
    }

  open_all (desk, many, 12);
  await_histograms (desk->viewer, many, 12);
  restart (desk);
  resume (desk->viewer, many, 12);
  await_histograms (desk->viewer, many, 12);
  for (int i = 0; i < 12; i++)
    {
      assert_cursor_value (desk->viewer, &many[i]);
      assert_region_mean (desk->viewer, &many[i], many[i].first_region + 4, 10);
    }

  for (int i = 0; i < 12; i++)
    g_free (names[i]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/resume/cut", test_resume_cut);
  desk_add ("/daemon/resume/difference", test_resume_difference);
  desk_add ("/daemon/resume/replaced-file", test_resume_replaced_file);
  desk_add ("/daemon/resume/nothing", test_resume_nothing);
  desk_add ("/daemon/resume/in-the-middle", test_resume_in_the_middle);
  desk_add ("/daemon/resume/takeover", test_resume_takeover);
  desk_add ("/daemon/resume/clean-close", test_resume_clean_close);
  desk_add ("/daemon/resume/kill", test_resume_kill);
  desk_add ("/daemon/resume/behind", test_resume_behind);
  desk_add ("/daemon/resume/stray", test_resume_stray);
  desk_add ("/daemon/resume/missing-file", test_resume_missing_file);
  desk_add ("/daemon/resume/all-missing", test_resume_all_missing);
  desk_add ("/daemon/resume/nonsense", test_resume_nonsense);
  desk_add ("/daemon/resume/many", test_resume_many);

  return g_test_run ();
}
