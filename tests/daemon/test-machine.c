/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "almu-test-harm.h"
#include "almu-test-table.h"
#include "test-uses.h"

/* A machine that gives no threads, does not read on, fails to, or does not
 * know what time it is. Whoever has nothing to do with it is served as ever.
 */

#define YEAR (365 * 24 * 60 * 60)
#define SLOW_FOLDER "slow"
#define WELL "well.fits"
#define CATALOG "stars.xml"

typedef struct
{
  Desk          desk;
  AlmuTestHarm *harm;
  char         *slow; /* a folder */
} Fixture;

static double
waves (const gint64 *position,
       gpointer      user_data)
{
  return sin ((double) position[0] / 3) * cos ((double) position[1] / 5) + (double) position[2];
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *slow_name = g_build_filename (SLOW_FOLDER, "slow.fits", NULL);
  g_autofree char *catalog = almu_test_votable (1000);

  fixture->harm = almu_test_harm_new (ALMU_TEST_PRELOAD);
  desk_prepare (&fixture->desk, NULL);
  fixture->slow = g_build_filename (fixture->desk.folder, SLOW_FOLDER, NULL);
  g_assert_cmpint (g_mkdir (fixture->slow, 0700), ==, 0);
  desk_write (&fixture->desk, WELL, 3, (gint64[]){ SIDE, SIDE, DEPTH }, waves, NULL);
  desk_write (&fixture->desk, slow_name, 3, (gint64[]){ SIDE, SIDE, DEPTH }, waves, NULL);
  almu_test_save_text (catalog, fixture->desk.folder, CATALOG);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_harm_stop (fixture->harm);
  desk_tear_down (&fixture->desk, NULL);
  g_free (fixture->slow);
  almu_test_harm_free (fixture->harm);
}

/* Its first plane, as it is in the file. */
static void
assert_shows (AlmuTestViewer *viewer,
              int             file_id)
{
  g_autofree float *plane = almu_test_await_plane (viewer, file_id, SIDE, SIDE);

  g_assert_cmpfloat_with_epsilon (plane[SIDE + 1], sin (1 / 3.0) * cos (1 / 5.0), 1e-6);
}

static void
assert_opens (AlmuTestViewer *viewer,
              int             file_id)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", WELL, "", file_id);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  assert_shows (viewer, file_id);
}

static void
assert_is_well (Fixture *fixture)
{
  guint32 session_id = 0;
  g_autoptr(AlmuTestViewer) viewer = desk_register (&fixture->desk, &session_id);

  assert_opens (viewer, 0);
  almu_test_viewer_close (viewer);
}

/* -- no threads ---------------------------------------------------------- */

static void
use_all (Fixture *fixture)
{
  assert_opens (fixture->desk.viewer, 0);
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    uses[i].ask (&fixture->desk);
  almu_test_viewer_await_pong (fixture->desk.viewer);
  assert_is_well (fixture);
}

/* Without the few that it cannot do without it says so, and ends. */
static void
test_threads_start (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (guint n = 1; n <= 4; n++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *said = NULL;
      g_autoptr(GSubprocess) process = NULL;

      almu_test_harm_fail (fixture->harm, NULL, ALMU_TEST_CALL_THREAD, n, 1, EAGAIN);
      process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
                                  g_getenv ("ALMUCANTARD"), "--no_browser", "--no_user_config", "--no_system_config",
                                  "--state-dir", fixture->desk.state_dir, fixture->desk.folder, NULL);
      g_assert_no_error (error);
      g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &said, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (almu_test_harm_get_n_failed (fixture->harm), ==, 1);
      g_assert_true (g_subprocess_get_if_exited (process));
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 3);
      g_assert_nonnull (strstr (said, "almucantard: "));
      g_assert_nonnull (strstr (said, "thread"));
    }
  almu_test_harm_stop (fixture->harm);
}

/* Whatever waits for it comes all the same. */
static void
test_threads_once (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (guint n = 1; n > 0; n++)
    {
      desk_begin (&fixture->desk);
      almu_test_harm_fail (fixture->harm, NULL, ALMU_TEST_CALL_THREAD, n, 1, EAGAIN);
      use_all (fixture);
      if (almu_test_harm_get_n_failed (fixture->harm) == 0)
        {
          g_test_message ("%u threads", n - 1);
          g_assert_cmpuint (n, >, 1);
          n = G_MAXUINT;
        }
      almu_test_harm_stop (fixture->harm);
      desk_end (&fixture->desk);
    }
}

/* Nothing comes before there are threads again, and then everything does. */
static void
test_threads_none (Fixture      *fixture,
                   gconstpointer user_data)
{
  CARTA__OpenFile                        message = CARTA__OPEN_FILE__INIT;
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;
  guint32                                request_id;

  desk_begin (&fixture->desk);
  almu_test_harm_fail (fixture->harm, NULL, ALMU_TEST_CALL_THREAD, 1, G_MAXUINT, EAGAIN);
  message.directory = (char *) "";
  message.file = (char *) WELL;
  message.hdu = (char *) "";
  request_id = almu_test_viewer_send (fixture->desk.viewer, &message.base);
  for (int i = 0; i < 100; i++)
    almu_test_viewer_await_pong (fixture->desk.viewer);

  almu_test_harm_stop (fixture->harm);
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__OPEN_FILE_ACK, request_id);
  g_assert_true (ack->success);
  assert_shows (fixture->desk.viewer, 0);
  assert_is_well (fixture);
  desk_end (&fixture->desk);
}

/* -- a file that is not read on ------------------------------------------ */

static void
open_slow (AlmuTestViewer *viewer,
           int             file_id)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, SLOW_FOLDER, "slow.fits", "", file_id);

  g_assert_true (ack->success);
}

/* Another file of a page that has more on its mind. */
static void
assert_measures (AlmuTestViewer *viewer,
                 int             file_id)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", WELL, "", file_id);
  gboolean                               is_told = FALSE;

  g_assert_true (ack->success);
  almu_test_ask_stats (viewer, file_id, -1, "z");
  while (!is_told)
    {
      almu_test_autobody CARTA__RegionStatsData *stats = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA);

      is_told = stats->file_id == file_id;
    }
}

/* Nothing else happens meanwhile but answers to pings. */
static void
await_stall (Fixture        *fixture,
             AlmuTestViewer *viewer,
             guint           n_waiting)
{
  while (almu_test_harm_get_n_waiting (fixture->harm) < n_waiting)
    almu_test_viewer_await_pong (viewer);
}

static void
test_stalled (Fixture      *fixture,
              gconstpointer user_data)
{
  Desk *desk = &fixture->desk;

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      g_test_message ("stalled while used for %s", uses[i].name);
      desk_begin (&fixture->desk);
      open_slow (desk->viewer, 0);
      assert_shows (desk->viewer, 0);
      almu_test_harm_stall (fixture->harm, fixture->slow);
      uses[i].ask (desk);
      await_stall (fixture, desk->viewer, 1);

      /* others, and other files of the same page */
      assert_is_well (fixture);
      assert_measures (desk->viewer, 1);

      /* left and come back to */
      almu_test_viewer_cut (desk->viewer);
      almu_test_viewer_free (desk->viewer);
      desk->viewer = desk_register (desk, &desk->session_id);
      almu_test_viewer_await_pong (desk->viewer);

      /* closed, and opened anew once it is read on */
      almu_test_ask_close (desk->viewer, 0);
      almu_test_viewer_await_pong (desk->viewer);
      assert_is_well (fixture);
      almu_test_harm_stop (fixture->harm);
      open_slow (desk->viewer, 0);
      assert_shows (desk->viewer, 0);
      desk_end (&fixture->desk);
    }
}

/* One that nobody can end is no reason to stay. */
static void
test_stalled_end (Fixture      *fixture,
                  gconstpointer user_data)
{
  Desk *desk = &fixture->desk;

  desk_begin (&fixture->desk);
  open_slow (desk->viewer, 0);
  almu_test_harm_stall (fixture->harm, fixture->slow);
  ask_planes (desk);
  ask_spectra (desk);
  await_stall (fixture, desk->viewer, 1);
  desk_end (&fixture->desk);
}

/* -- reading fails ------------------------------------------------------- */

static void
await_answer (Fixture *fixture,
              guint16  event,
              guint32  request_id)
{
  almu_test_autobody ProtobufCMessage *ack = almu_test_viewer_await_reply (fixture->desk.viewer, event, request_id);
  const ProtobufCFieldDescriptor      *success =
    protobuf_c_message_descriptor_get_field_by_name (ack->descriptor, "success");
  const ProtobufCFieldDescriptor *message =
    protobuf_c_message_descriptor_get_field_by_name (ack->descriptor, "message");

  if (*(const protobuf_c_boolean *) ((const char *) ack + success->offset))
    return;

  g_assert_cmpuint (almu_test_harm_get_n_failed (fixture->harm), >, 0);
  g_assert_cmpstr (*(char *const *) ((const char *) ack + message->offset), !=, "");
}

/* Everything that is read. Who is refused is told why. */
static void
read_all (Fixture *fixture)
{
  Desk                         *desk = &fixture->desk;
  CARTA__FileListRequest        list = CARTA__FILE_LIST_REQUEST__INIT;
  CARTA__FileInfoRequest        info = CARTA__FILE_INFO_REQUEST__INIT;
  CARTA__OpenFile               image = CARTA__OPEN_FILE__INIT;
  CARTA__OpenCatalogFile        catalog = CARTA__OPEN_CATALOG_FILE__INIT;
  CARTA__ImportRegion           import = CARTA__IMPORT_REGION__INIT;
  const ProtobufCMessage *const requests[] = { &list.base, &info.base, &image.base, &catalog.base, &import.base };
  const guint16                 answers[] = {
                    CARTA__EVENT_TYPE__FILE_LIST_RESPONSE,
                    CARTA__EVENT_TYPE__FILE_INFO_RESPONSE,
                    CARTA__EVENT_TYPE__OPEN_FILE_ACK,
                    CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK,
                    CARTA__EVENT_TYPE__IMPORT_REGION_ACK,
  };

  list.directory = info.directory = image.directory = catalog.directory = import.directory = (char *) "";
  info.file = image.file = (char *) WELL;
  info.hdu = image.hdu = (char *) "";
  catalog.name = (char *) CATALOG;
  catalog.file_id = 2;
  import.file = (char *) "regions.reg";
  import.type = CARTA__FILE_TYPE__DS9_REG;
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      guint32 request_id = almu_test_viewer_send (desk->viewer, requests[i]);

      await_answer (fixture, answers[i], request_id);
      if (requests[i] == &image.base)
        for (guint k = 0; k < G_N_ELEMENTS (uses); k++)
          if (uses[k].ask != ask_saving)
            uses[k].ask (desk);
    }
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_ask_close (desk->viewer, -1);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
}

static void
test_reading (Fixture      *fixture,
              gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    int         calls;
    int         code;
  } faults[] = {
    { "open", ALMU_TEST_CALL_OPEN, EACCES },
    { "open", ALMU_TEST_CALL_OPEN, EMFILE },
    { "read", ALMU_TEST_CALL_READ, EIO },
    { "read", ALMU_TEST_CALL_READ, EINTR },
    { "read", ALMU_TEST_CALL_READ, ESTALE },
    { "read", ALMU_TEST_CALL_READ, ALMU_TEST_CODE_SHORT },
    { "look", ALMU_TEST_CALL_LOOK, EIO },
  };

  almu_test_save_text ("image\npoint(3,4)\ncircle(10,10,4)\n", fixture->desk.folder, "regions.reg");
  desk_begin (&fixture->desk);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    for (int for_good = 0; for_good <= 1; for_good++)
      {
        guint n_failed;
        guint n = 0;

        /* an interruption for ever is none that a system makes */
        if (for_good && faults[i].code == EINTR)
          continue;

        do
          {
            n++;
            almu_test_harm_fail (fixture->harm, fixture->desk.folder, faults[i].calls, n,
                                 for_good ? G_MAXUINT : 1, faults[i].code);
            read_all (fixture);
            n_failed = almu_test_harm_get_n_failed (fixture->harm);
            almu_test_harm_stop (fixture->harm);
          }
        while (n_failed > 0 && n < 200);
        g_test_message ("%u calls to %s", n - 1, faults[i].name);
        g_assert_cmpuint (n, >, 1);
        assert_is_well (fixture);
      }
  desk_end (&fixture->desk);
}

/* -- the clock jumps ----------------------------------------------------- */

static void
leave (Desk *desk)
{
  almu_test_viewer_cut (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
}

/* Nothing hangs on what time it is: neither those who are there, nor who has
 * left, nor what was kept. */
static void
test_clock (Fixture      *fixture,
            gconstpointer user_data)
{
  static const gint64 jumps[] = { 2 * YEAR, -3 * (gint64) YEAR, 0, 60 * 60, -60 * 60 };
  Desk               *desk = &fixture->desk;
  guint32             first = 0;

  desk_begin (&fixture->desk);
  first = desk->session_id;
  assert_opens (desk->viewer, 0);
  for (guint i = 0; i < G_N_ELEMENTS (jumps); i++)
    {
      g_test_message ("%+" G_GINT64_FORMAT " days", jumps[i] / (24 * 60 * 60));
      almu_test_harm_set_clock (fixture->harm, jumps[i]);

      /* who is there */
      ask_spectra (desk);
      almu_test_viewer_await_pong (desk->viewer);

      /* who has left, in memory */
      leave (desk);
      desk->viewer = desk_register (desk, &desk->session_id);
      assert_shows (desk->viewer, 0);

      /* what was kept, beside what is new */
      assert_is_well (fixture);
      almu_test_daemon_kill (desk->daemon);
      g_clear_pointer (&desk->viewer, almu_test_viewer_free);
      g_clear_pointer (&desk->daemon, almu_test_daemon_free);
      desk_start (desk, NULL);
      assert_is_well (fixture);
      desk->session_id = first;
      desk->viewer = desk_register (desk, &desk->session_id);
      assert_shows (desk->viewer, 0);
    }
  desk_end (&fixture->desk);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/machine/threads/start", test_threads_start);
  add_test ("/daemon/machine/threads/once", test_threads_once);
  add_test ("/daemon/machine/threads/none", test_threads_none);
  add_test ("/daemon/machine/stalled", test_stalled);
  add_test ("/daemon/machine/stalled/end", test_stalled_end);
  add_test ("/daemon/machine/reading", test_reading);
  add_test ("/daemon/machine/clock", test_clock);

  return g_test_run ();
}
