/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "almu-test-viewer.h"
#include "almu-test.h"

/* In the place of CARTA's own backend: started, watched and ended as the
 * programs do that know only that one. */
typedef struct
{
  char             *folder;
  char             *program; /* by the name that is expected of it */
  GSubprocess      *process;
  GDataInputStream *output;
} Fixture;

#define TOKEN "8c1f6a52-6d2b-4f5e-9b7e-2f1d3c4b5a69"

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->program = g_build_filename (fixture->folder, "carta_backend", NULL);
  g_assert_cmpint (symlink (g_getenv ("ALMUCANTARD"), fixture->program), ==, 0);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_subprocess_force_exit (fixture->process);
  g_subprocess_wait (fixture->process, NULL, NULL);
  g_clear_object (&fixture->output);
  g_clear_object (&fixture->process);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->program);
  g_free (fixture->folder);
}

static void
lead_group (gpointer user_data)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
start (Fixture           *fixture,
       const char *const *arguments,
       const char        *token)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *state = g_build_filename (fixture->folder, ".state", NULL);
  g_autoptr(GError) error = NULL;

  g_ptr_array_add (argv, fixture->program);
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) arguments[i]);
  g_ptr_array_add (argv, NULL);

  g_subprocess_launcher_set_child_setup (launcher, lead_group, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "XDG_STATE_HOME", state, TRUE);
  g_subprocess_launcher_unsetenv (launcher, "DBUS_SESSION_BUS_ADDRESS");
  g_subprocess_launcher_unsetenv (launcher, "XDG_RUNTIME_DIR");
  g_subprocess_launcher_unsetenv (launcher, "DISPLAY");
  if (token != NULL)
    g_subprocess_launcher_setenv (launcher, "CARTA_AUTH_TOKEN", token, TRUE);
  fixture->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  fixture->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (fixture->process));
}

/* What @pattern finds in the lines that the program writes, which is how its
 * starters learn anything. */
static char *
await_match (Fixture    *fixture,
             const char *pattern)
{
  g_autoptr(GRegex) regex = g_regex_new (pattern, 0, 0, NULL);

  while (TRUE)
    {
      g_autoptr(GMatchInfo) match = NULL;
      g_autofree char *line = g_data_input_stream_read_line (fixture->output, NULL, NULL, NULL);

      g_assert_nonnull (line);
      g_test_message ("%s", line);
      g_assert_null (strstr (line, "[error]"));
      g_assert_null (strstr (line, "[critical]"));
      if (g_regex_match (regex, line, 0, &match))
        return g_match_info_fetch (match, 1);
    }
}

static void
assert_name (Fixture *fixture)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/comm", g_subprocess_get_identifier (fixture->process));
  g_autofree char *name = NULL;

  g_assert_true (g_file_get_contents (path, &name, NULL, NULL));
  g_assert_cmpstr (name, ==, "carta_backend\n");
}

/* A free port, as the controller finds one: by trying. */
static guint
find_port (void)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_assert_cmpuint (port, !=, 0);
  g_socket_listener_close (listener);

  return port;
}

/* The controller's proxy: the token in a header, and none in the address.
 * Returns the status line. */
static char *
upgrade (guint       port,
         const char *token)
{
  g_autoptr(GSocketClient) client = g_socket_client_new ();
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(GDataInputStream) input = NULL;
  g_autofree char *request = NULL;
  g_autoptr(GError) error = NULL;
  char *line;

  request = g_strdup_printf ("GET /?token=no_auth_configured HTTP/1.1\r\n"
                             "Host: images.observatory.example\r\n"
                             "Connection: Upgrade\r\n"
                             "Upgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "carta-auth-token: %s\r\n\r\n",
                             token);
  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", (guint16) port, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                             request, strlen (request), NULL, NULL, &error);
  g_assert_no_error (error);
  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_data_input_stream_set_newline_type (input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  line = g_data_input_stream_read_line (input, NULL, NULL, &error);
  g_assert_no_error (error);

  return line;
}

/* carta-controller: flags, a token in the environment, its own port; ends it
 * with SIGKILL, and by name. */
static void
test_controller (Fixture      *fixture,
                 gconstpointer user_data)
{
  guint            port = find_port ();
  g_autofree char *port_text = g_strdup_printf ("%u", port);
  const char      *arguments[] = { "--no_frontend", "--no_database", "--port", port_text, "--top_level_folder",
                                   fixture->folder, "--controller_deployment", "--no_log", fixture->folder, NULL };
  g_autofree char *listening = NULL;
  g_autofree char *accepted = NULL;
  g_autofree char *refused = NULL;

  start (fixture, arguments, TOKEN);
  assert_name (fixture);
  listening = await_match (fixture, "Listening on port (\\d+) with top level folder ");
  g_assert_cmpstr (listening, ==, port_text);

  accepted = upgrade (port, TOKEN);
  g_assert_cmpstr (accepted, ==, "HTTP/1.1 101 Switching Protocols");
  refused = upgrade (port, "another");
  g_assert_cmpstr (refused, ==, "HTTP/1.1 403 Forbidden");
}

/* carta-python: reads where the page is, and then which session it got. */
static void
test_python (Fixture      *fixture,
             gconstpointer user_data)
{
  const char      *arguments[] = { "--no_browser", "--enable_scripting", "--port", "0", "--top_level_folder",
                                   fixture->folder, fixture->folder, NULL };
  g_autofree char *url = NULL;
  g_autofree char *websocket = NULL;
  g_autofree char *session = NULL;
  g_autofree char *expected = NULL;
  g_autoptr(AlmuTestViewer) viewer = NULL;
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  start (fixture, arguments, NULL);
  url = await_match (fixture, "CARTA is accessible at (http://.*?:\\d+/\\?token=.*)$");
  websocket = g_strconcat ("ws", url + strlen ("http"), NULL);
  viewer = almu_test_viewer_connect (websocket);
  ack = almu_test_viewer_register (viewer, 0);
  session = await_match (fixture, "Session (\\d+) \\[[\\d.]+\\] Connected\\.");
  expected = g_strdup_printf ("%u", ack->session_id);
  g_assert_cmpstr (session, ==, expected);

  g_assert_cmpint (kill (-atoi (g_subprocess_get_identifier (fixture->process)), SIGINT), ==, 0);
  g_subprocess_wait (fixture->process, NULL, NULL);
  g_assert_true (g_subprocess_get_successful (fixture->process));
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/compat/controller", test_controller);
  add_test ("/daemon/compat/python", test_python);

  return g_test_run ();
}
