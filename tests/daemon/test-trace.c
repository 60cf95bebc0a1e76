/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sysprof.h>

#include "almu-test-ask.h"
#include "almu-test-viewer.h"
#include "almu-test.h"

/* A profiler as Sysprof's own is, but for the counters of the machine, which
 * want more rights than a test has: it starts the program, and receives its
 * marks. */
typedef struct
{
  char                 *folder;
  char                 *capture;
  SysprofSource        *control;
  SysprofCaptureWriter *writer;
  GSubprocess          *process;
  GDataInputStream     *output;
  char                 *url;
  gboolean              has_ended;
} Fixture;

#define ACCESSIBLE "CARTA is accessible at http"

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->capture = g_build_filename (fixture->folder, "capture.syscap", NULL);
  fixture->writer = sysprof_capture_writer_new (fixture->capture, 0);
  g_assert_nonnull (fixture->writer);
  fixture->control = SYSPROF_SOURCE (sysprof_control_source_new ());
  sysprof_source_set_writer (fixture->control, fixture->writer);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_subprocess_force_exit (fixture->process);
  g_subprocess_wait (fixture->process, NULL, NULL);
  g_clear_object (&fixture->output);
  g_clear_object (&fixture->process);
  g_clear_object (&fixture->control);
  sysprof_capture_writer_unref (fixture->writer);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->url);
  g_free (fixture->capture);
  g_free (fixture->folder);
}

static void
on_line (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Fixture         *fixture = user_data;
  g_autofree char *line = NULL;
  const char      *found;

  line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  if (line == NULL)
    return;

  g_test_message ("%s", line);
  found = strstr (line, ACCESSIBLE);
  if (found != NULL)
    fixture->url = g_strconcat ("ws", found + strlen (ACCESSIBLE), NULL);
  g_data_input_stream_read_line_async (fixture->output, G_PRIORITY_DEFAULT, NULL, on_line, fixture);
}

static gboolean
is_accessible (gpointer user_data)
{
  Fixture *fixture = user_data;

  return fixture->url != NULL;
}

/* The main loop turns meanwhile: the profiler is in it. */
static void
start (Fixture *fixture)
{
  g_autoptr(SysprofSpawnable) spawnable = sysprof_spawnable_new ();
  g_autofree char *state = g_build_filename (fixture->folder, ".state", NULL);
  const char      *arguments[] = { g_getenv ("ALMUCANTARD"), "--no_browser", "--no_user_config", "--no_system_config",
                                   "--state-dir", state, "--top_level_folder", fixture->folder, fixture->folder, NULL };
  g_auto(GStrv) environment = g_environ_setenv (g_get_environ (), "DBUS_SESSION_BUS_ADDRESS",
                                                 "unix:path=/nonexistent/bus", TRUE);
  g_autoptr(GError) error = NULL;

  sysprof_spawnable_append_args (spawnable, arguments);
  sysprof_spawnable_set_environ (spawnable, (const char *const *) environment);
  sysprof_spawnable_set_cwd (spawnable, fixture->folder);
  sysprof_spawnable_set_flags (spawnable, G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  sysprof_source_modify_spawn (fixture->control, spawnable);
  sysprof_source_prepare (fixture->control);
  sysprof_source_start (fixture->control);
  fixture->process = sysprof_spawnable_spawn (spawnable, &error);
  g_assert_no_error (error);

  fixture->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (fixture->process));
  g_data_input_stream_read_line_async (fixture->output, G_PRIORITY_DEFAULT, NULL, on_line, fixture);
  almu_test_await (is_accessible, fixture);
}

static void
on_ended (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL));
  fixture->has_ended = TRUE;
}

static gboolean
has_ended (gpointer user_data)
{
  Fixture *fixture = user_data;

  return fixture->has_ended;
}

/* Asks the program to end, and has all that it said written down. */
static void
end (Fixture *fixture)
{
  g_subprocess_send_signal (fixture->process, SIGTERM);
  g_subprocess_wait_async (fixture->process, NULL, on_ended, fixture);
  almu_test_await (has_ended, fixture);
  g_assert_true (g_subprocess_get_successful (fixture->process));

  while (g_main_context_iteration (NULL, FALSE))
    ;
  sysprof_source_stop (fixture->control);
  g_assert_true (sysprof_capture_writer_flush (fixture->writer));
}

static double
number (const gint64 *position,
        gpointer      user_data)
{
  return (double) (position[0] - position[1]);
}

static void
write_image (const char *folder)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 64, 64 });
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, number, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, folder, "a.fits");
}

/* "name text" of each mark to how often it came. */
static GHashTable *
read_marks (const char *capture,
            int         pid,
            gint64      begin,
            gint64      until)
{
  GHashTable             *marks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  SysprofCaptureReader   *reader = sysprof_capture_reader_new (capture);
  SysprofCaptureFrameType type;

  g_assert_nonnull (reader);
  while (sysprof_capture_reader_peek_type (reader, &type))
    {
      const SysprofCaptureMark *mark;
      char                     *key;

      if (type != SYSPROF_CAPTURE_FRAME_MARK)
        {
          g_assert_true (sysprof_capture_reader_skip (reader));
          continue;
        }

      mark = sysprof_capture_reader_read_mark (reader);
      g_assert_nonnull (mark);
      g_assert_cmpstr (mark->group, ==, "almucantar");
      g_assert_cmpint (mark->frame.pid, ==, pid);
      g_assert_cmpint (mark->frame.time, >=, begin);
      g_assert_cmpint (mark->duration, >=, 0);
      g_assert_cmpint (mark->frame.time + mark->duration, <=, until);

      key = g_strdup_printf ("%s %s", mark->name, mark->message);
      g_test_message ("%s: %" G_GINT64_FORMAT " ns", key, (gint64) mark->duration);
      g_hash_table_replace (marks, key,
                            GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (marks, key)) + 1));
    }
  sysprof_capture_reader_unref (reader);

  return marks;
}

static guint
count (GHashTable *marks,
       const char *name)
{
  GHashTableIter iter;
  gpointer       key;
  gpointer       n;
  guint          sum = 0;

  g_hash_table_iter_init (&iter, marks);
  while (g_hash_table_iter_next (&iter, &key, &n))
    if (g_str_has_prefix (key, name) && ((const char *) key)[strlen (name)] == ' ')
      sum += GPOINTER_TO_UINT (n);

  return sum;
}

/* An image is opened and looked at. What the main thread does of it is marked,
 * each message by its name, and what workers do. */
static void
test_marks (Fixture      *fixture,
            gconstpointer user_data)
{
  gint64 begin = SYSPROF_CAPTURE_CURRENT_TIME;
  int    pid;
  g_autoptr(AlmuTestViewer) viewer = NULL;
  g_autoptr(GHashTable) marks = NULL;
  g_autofree float                            *plane = NULL;
  almu_test_autobody CARTA__RegisterViewerAck *registered = NULL;
  almu_test_autobody CARTA__OpenFileAck       *opened = NULL;

  write_image (fixture->folder);
  start (fixture);
  pid = atoi (g_subprocess_get_identifier (fixture->process));
  viewer = almu_test_viewer_connect (fixture->url);
  registered = almu_test_viewer_register (viewer, 0);
  g_assert_true (registered->success);
  opened = almu_test_viewer_open (viewer, "", "a.fits", "", 0);
  g_assert_true (opened->success);
  plane = almu_test_await_plane (viewer, 0, 64, 64);
  almu_test_viewer_close (viewer);
  end (fixture);

  marks = read_marks (fixture->capture, pid, begin, SYSPROF_CAPTURE_CURRENT_TIME);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (marks, "message REGISTER_VIEWER")), ==, 1);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (marks, "message OPEN_FILE")), ==, 1);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (marks, "message ADD_REQUIRED_TILES")), >=, 1);
  g_assert_cmpuint (count (marks, "commit"), >=, 1);
  g_assert_cmpuint (count (marks, "work"), >=, 2);
  g_assert_cmpuint (count (marks, "wait"), ==, count (marks, "work"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add ("/daemon/trace/marks", Fixture, NULL, fixture_set_up, test_marks, fixture_tear_down);

  return g_test_run ();
}
