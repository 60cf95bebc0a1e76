/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <sys/socket.h>

#include "test-desk.h"

/* The process: how it starts, what it says, how it ends. */

/* Runs the program to its end. Returns its exit status. */
static int
run (Desk              *desk,
     const char *const *arguments,
     char             **out_errors)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;

  g_ptr_array_add (argv, (char *) g_getenv ("ALMUCANTARD"));
  g_ptr_array_add (argv, (char *) "--no_browser");
  g_ptr_array_add (argv, (char *) "--no_user_config");
  g_ptr_array_add (argv, (char *) "--no_system_config");
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) arguments[i]);
  g_ptr_array_add (argv, NULL);

  g_subprocess_launcher_setenv (launcher, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, out_errors, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));

  return g_subprocess_get_exit_status (process);
}

static void
test_daemon_wrong_use (Desk         *desk,
                       gconstpointer user_data)
{
  const char *const cases[][3] = {
    { "--no-such-option", NULL },
    { "--port", "ninety", NULL },
    { "--cache-size", "1", NULL },
    { "--top_level_folder", "/nonexistent/folder", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *errors = NULL;

      g_assert_cmpint (run (desk, cases[i], &errors), ==, 1);
      g_assert_nonnull (strstr (errors, cases[i][0] + 2));
    }
}

static void
test_daemon_port_taken (Desk         *desk,
                        gconstpointer user_data)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new ();
  guint16          port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *text = g_strdup_printf ("%u", port);
  const char      *arguments[] = { "--state-dir", desk->state_dir, "--port", text, desk->folder, NULL };
  g_autofree char *errors = NULL;

  g_assert_cmpint (run (desk, arguments, &errors), ==, 2);
  g_assert_nonnull (strstr (errors, text));
}

static void
test_daemon_no_state_dir (Desk         *desk,
                          gconstpointer user_data)
{
  const char      *arguments[] = { "--state-dir", "/proc/self/nothing", "--top_level_folder", desk->folder, desk->folder, NULL };
  g_autofree char *errors = NULL;

  g_assert_cmpint (run (desk, arguments, &errors), ==, 3);
  g_assert_nonnull (strstr (errors, "/proc/self/nothing"));
}

/* Other settings for a state folder in use: the address of the service that
 * runs is named. */
static void
test_daemon_second (Desk         *desk,
                    gconstpointer user_data)
{
  const char      *arguments[] = { "--state-dir", desk->state_dir, "--top_level_folder", "/usr", "--port", "0", "/usr", NULL };
  g_autofree char *errors = NULL;
  g_autofree char *address = NULL;

  desk_start (desk, NULL);
  address = g_strdup_printf ("127.0.0.1:%u", almu_test_daemon_get_port (desk->daemon));
  g_assert_cmpint (run (desk, arguments, &errors), ==, 3);
  g_assert_nonnull (strstr (errors, address));
  g_assert_nonnull (strstr (errors, desk->state_dir));
}

/* With a state folder of its own a second one is on its own. */
static void
test_daemon_independent (Desk         *desk,
                         gconstpointer user_data)
{
  Desk other = { 0 };

  desk_start (desk, NULL);
  desk_prepare (&other, NULL);
  desk_start (&other, NULL);
  g_assert_cmpuint (almu_test_daemon_get_port (other.daemon), !=, almu_test_daemon_get_port (desk->daemon));
  desk_tear_down (&other, NULL);
}

/* The lines that carta-python waits for. */
static void
test_daemon_log (Desk         *desk,
                 gconstpointer user_data)
{
  g_autofree char *connected = NULL;

  desk_start (desk, NULL);
  g_assert_true (g_regex_match_simple ("^http://127\\.0\\.0\\.1:[0-9]+/.*token=[-A-Za-z0-9._~]+", almu_test_daemon_get_url (desk->daemon), 0, 0));
  desk->viewer = desk_register (desk, &desk->session_id);
  connected = almu_test_daemon_await_line (desk->daemon, "Connected.");
  g_assert_true (g_regex_match_simple ("^\\[[-0-9: .]+Z\\] \\[CARTA\\] \\[info\\] Session [0-9]+ \\[[0-9.]+\\] Connected\\. Num sessions: 1", connected, 0, 0));
}

static void
test_daemon_sigterm (Desk         *desk,
                     gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) second = NULL;
  guint32 second_id = 0;

  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  second = desk_register (desk, &second_id);
  g_assert_cmpint (almu_test_daemon_end (desk->daemon), ==, 0);
  g_clear_pointer (&desk->daemon, almu_test_daemon_free);
  g_assert_cmpuint (almu_test_viewer_await_closed (desk->viewer), ==, 1001);
  g_assert_cmpuint (almu_test_viewer_await_closed (second), ==, 1001);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
}

/* In the middle of work, and with a page that does not answer. */
static void
test_daemon_sigterm_busy (Desk         *desk,
                          gconstpointer user_data)
{
  int              fd;
  g_autofree char *url = NULL;

  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  for (int i = 0; i < 50; i++)
    {
      CARTA__FileListRequest list = CARTA__FILE_LIST_REQUEST__INIT;

      list.directory = (char *) "";
      almu_test_viewer_send (desk->viewer, &list.base);
    }
  fd = almu_test_viewer_get_fd (desk->viewer);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (almu_test_daemon_end (desk->daemon), ==, 0);
  g_clear_pointer (&desk->daemon, almu_test_daemon_free);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
}

static void
test_daemon_wrong_token (Desk         *desk,
                         gconstpointer user_data)
{
  g_autofree char *url = NULL;
  g_autoptr(AlmuTestViewer) viewer = NULL;

  desk_start (desk, NULL);
  url = g_strdup_printf ("ws://127.0.0.1:%u/?token=wrong", almu_test_daemon_get_port (desk->daemon));
  viewer = almu_test_viewer_connect (url);
  g_assert_null (viewer);
}

#define add_test(path, func) g_test_add (path, Desk, NULL, desk_prepare, func, desk_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/wrong-use", test_daemon_wrong_use);
  add_test ("/daemon/port-taken", test_daemon_port_taken);
  add_test ("/daemon/no-state-dir", test_daemon_no_state_dir);
  add_test ("/daemon/second", test_daemon_second);
  add_test ("/daemon/independent", test_daemon_independent);
  add_test ("/daemon/log", test_daemon_log);
  add_test ("/daemon/sigterm", test_daemon_sigterm);
  add_test ("/daemon/sigterm/busy", test_daemon_sigterm_busy);
  add_test ("/daemon/wrong-token", test_daemon_wrong_token);

  return g_test_run ();
}
