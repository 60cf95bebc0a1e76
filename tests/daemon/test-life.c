/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "almu-test-bus.h"
#include "almu-test-daemon.h"
#include "almu-test.h"

#define MANAGER "io.github.almucantar.Almucantar.Manager1"
#define ACCESSIBLE "CARTA is accessible at "

/* The real program: how it begins, who may begin it twice, and how it ends. */
typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  char            *image;
} Fixture;

/* @user_data are the arguments of the service that the bus starts. */
static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  fixture->bus = almu_test_bus_up (user_data);
  fixture->client = almu_test_bus_connect (fixture->bus);
  fixture->image = g_build_filename (almu_test_bus_get_folder (fixture->bus), "a b.fits", NULL);
  g_file_set_contents (fixture->image, "no image", -1, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->client);
  almu_test_bus_down (fixture->bus);
  g_free (fixture->image);
}

static GVariant *
call (Fixture    *fixture,
      const char *method,
      GVariant   *parameters)
{
  g_autoptr(GError) error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, method, parameters,
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  return reply;
}

static GVariant *
ask_bus (GDBusConnection *connection,
         const char      *method)
{
  g_autoptr(GError) error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", method, g_variant_new ("(s)", ALMU_BUS_NAME),
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  return reply;
}

static gboolean
has_owner (Fixture *fixture)
{
  g_autoptr(GVariant) reply = ask_bus (fixture->client, "NameHasOwner");
  gboolean is_owned;

  g_variant_get (reply, "(b)", &is_owned);

  return is_owned;
}

/* -- started by the bus -------------------------------------------------- */

static void
test_activation (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(GVariant) opened = NULL;
  g_autoptr(GVariant) list = NULL;
  g_autofree char *part = NULL;
  g_autofree char *text = NULL;
  const char      *uris[] = { fixture->image, NULL };
  const char      *url;
  guint32          id;

  g_assert_false (has_owner (fixture));
  opened = call (fixture, "Open", g_variant_new ("(^asa{sv})", uris, NULL));
  g_variant_get (opened, "(u&s)", &id, &url);
  part = g_strdup_printf ("/s/%u/?token=", id);
  g_assert_nonnull (strstr (url, part));
  g_assert_true (g_str_has_suffix (url, "&file=a%20b.fits"));

  list = call (fixture, "ListSessions", g_variant_new ("(a{sv})", NULL));
  text = g_variant_print (list, FALSE);
  g_free (part);
  part = g_strdup_printf ("'id': <uint32 %u>", id);
  g_assert_nonnull (strstr (text, part));
}

static void
on_vanished (GDBusConnection *connection,
             const char      *name,
             gpointer         user_data)
{
  gboolean *is_gone = user_data;

  *is_gone = TRUE;
}

static gboolean
is_set (gpointer user_data)
{
  return *(gboolean *) user_data;
}

static void
test_idle_exit (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GVariant) reply = call (fixture, "ListSessions", g_variant_new ("(a{sv})", NULL));
  gboolean is_gone = FALSE;
  guint    watch;

  watch = g_bus_watch_name_on_connection (fixture->client, ALMU_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                          NULL, on_vanished, &is_gone, NULL);
  almu_test_await (is_set, &is_gone);
  g_bus_unwatch_name (watch);
  almu_test_bus_await_free (fixture->bus);
}

/* -- calls around the idle exit ------------------------------------------ */

#define N_CLIENTS 3

typedef struct
{
  Fixture         *fixture;
  GDBusConnection *connection;
  GRand           *random;
  GHashTable      *owners; /* who has answered */
  guint            n_left;
  guint            n_pauses;
} Caller;

static void go_on (Caller *caller);

static void
on_answered (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Caller *caller = user_data;
  g_autoptr(GDBusMessage) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_send_message_with_reply_finish (caller->connection, result, &error);
  g_assert_no_error (error);
  g_dbus_message_to_gerror (reply, &error);
  g_assert_no_error (error);
  g_hash_table_add (caller->owners, g_strdup (g_dbus_message_get_sender (reply)));
  caller->n_left--;
  caller->n_pauses = g_rand_int_range (caller->random, 0, 30);
  go_on (caller);
}

static void
on_paused (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Caller *caller = user_data;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish (caller->connection, result, NULL);

  caller->n_pauses--;
  go_on (caller);
}

static GDBusMessage *
make_call (Caller *caller)
{
  static const char *const methods[] = { "ListSessions", "GetAll", "Open" };
  guint                    which = (guint) g_rand_int_range (caller->random, 0, G_N_ELEMENTS (methods));
  const char              *uris[] = { caller->fixture->image, NULL };
  GDBusMessage            *message;

  message = g_dbus_message_new_method_call (ALMU_BUS_NAME, ALMU_BUS_PATH,
                                            which == 1 ? "org.freedesktop.DBus.Properties" : MANAGER, methods[which]);
  if (which == 0)
    g_dbus_message_set_body (message, g_variant_new ("(a{sv})", NULL));
  else if (which == 1)
    g_dbus_message_set_body (message, g_variant_new ("(s)", MANAGER));
  else
    g_dbus_message_set_body (message, g_variant_new ("(^asa{sv})", uris, NULL));

  return message;
}

/* A question to the bus itself is a pause that no clock measures: the call
 * that follows comes before, while or after the service leaves. */
static void
go_on (Caller *caller)
{
  g_autoptr(GDBusMessage) message = NULL;

  if (caller->n_left == 0)
    return;

  if (caller->n_pauses > 0)
    {
      g_dbus_connection_call (caller->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                              "org.freedesktop.DBus", "GetId", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                              NULL, on_paused, caller);
      return;
    }

  message = make_call (caller);
  g_dbus_connection_send_message_with_reply (caller->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                             -1, NULL, NULL, on_answered, caller);
}

static gboolean
are_done (gpointer user_data)
{
  const Caller *callers = user_data;

  for (guint i = 0; i < N_CLIENTS; i++)
    {
      if (callers[i].n_left > 0)
        return FALSE;
    }

  return TRUE;
}

/* The service leaves as soon as nobody is there: every call must be
 * answered, by this process or the next. */
static void
test_idle_exit_calls (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(GHashTable) owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Caller callers[N_CLIENTS];

  for (guint i = 0; i < N_CLIENTS; i++)
    {
      callers[i] = (Caller){
        .fixture = fixture,
        .connection = almu_test_bus_connect (fixture->bus),
        .random = g_rand_new_with_seed (g_test_rand_int ()),
        .owners = owners,
        .n_left = almu_test_is_slow () ? 1000 : 60,
      };
      go_on (&callers[i]);
    }

  almu_test_await (are_done, callers);
  g_test_message ("%u processes have answered", g_hash_table_size (owners));
  g_assert_cmpuint (g_hash_table_size (owners), >, 1);

  for (guint i = 0; i < N_CLIENTS; i++)
    {
      almu_test_bus_disconnect (callers[i].connection);
      g_rand_free (callers[i].random);
    }
}

/* -- a second start ------------------------------------------------------ */

static int
start_again (const char *state_dir,
             const char *bus_address,
             const char *argument,
             const char *other_argument,
             char      **out_output,
             char      **out_errors)
{
  const char *argv[] = { g_getenv ("ALMUCANTARD"), "--no-browser", "--state-dir", state_dir,
                         argument, other_argument, NULL };

  return almu_test_run (argv, bus_address, out_output, out_errors);
}

static const char *
find_url (const char *output)
{
  const char *found = strstr (output, ACCESSIBLE);

  if (found == NULL)
    g_error ("No address in “%s”", output);

  return found + strlen (ACCESSIBLE);
}

static char *
get_base (AlmuTestDaemon *daemon)
{
  return g_strdup_printf ("http://127.0.0.1:%u/", almu_test_daemon_get_port (daemon));
}

static void
test_hand_over (Fixture      *fixture,
                gconstpointer user_data)
{
  const char      *folder = almu_test_bus_get_folder (fixture->bus);
  const char      *state_dir = almu_test_bus_get_state_dir (fixture->bus);
  AlmuTestDaemon  *daemon = almu_test_daemon_start (folder, state_dir, NULL);
  g_autofree char *base = get_base (daemon);
  g_autofree char *sub = g_build_filename (folder, "sub", NULL);
  g_autofree char *file_output = NULL;
  g_autofree char *folder_output = NULL;
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;

  g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);

  g_assert_cmpint (start_again (state_dir, NULL, fixture->image, NULL, &file_output, NULL), ==, 0);
  g_assert_true (g_str_has_prefix (find_url (file_output), base));
  g_assert_nonnull (strstr (find_url (file_output), "/s/"));
  g_assert_nonnull (strstr (find_url (file_output), "&file=a%20b.fits\n"));

  g_assert_cmpint (start_again (state_dir, NULL, sub, NULL, &folder_output, NULL), ==, 0);
  g_assert_nonnull (strstr (find_url (folder_output), "&folder=sub\n"));

  g_assert_cmpint (start_again (state_dir, NULL, NULL, NULL, &output, NULL), ==, 0);
  g_assert_true (g_str_has_prefix (find_url (output), base));

  /* what the running one refuses */
  g_assert_cmpint (start_again (state_dir, NULL, "/", NULL, NULL, &errors), ==, 3);
  g_assert_nonnull (strstr (errors, base));
  g_assert_nonnull (strstr (errors, "top-level folder"));

  g_assert_cmpint (almu_test_daemon_end (daemon), ==, 0);
  almu_test_daemon_free (daemon);
}

static void
test_hand_over_without_bus (Fixture      *fixture,
                            gconstpointer user_data)
{
  const char      *state_dir = almu_test_bus_get_state_dir (fixture->bus);
  AlmuTestDaemon  *daemon = almu_test_daemon_start ("/", state_dir, NULL);
  g_autofree char *expected = NULL;
  g_autofree char *escaped = g_uri_escape_string (fixture->image + 1, "/", FALSE);
  g_autofree char *output = NULL;

  expected = g_strdup_printf ("%s&file=%s\n", almu_test_daemon_get_url (daemon), escaped);
  g_assert_cmpint (start_again (state_dir, "", fixture->image, NULL, &output, NULL), ==, 0);
  g_assert_cmpstr (find_url (output), ==, expected);

  almu_test_daemon_free (daemon);
}

static void
test_other_settings (Fixture      *fixture,
                     gconstpointer user_data)
{
  const char      *state_dir = almu_test_bus_get_state_dir (fixture->bus);
  AlmuTestDaemon  *daemon = almu_test_daemon_start (almu_test_bus_get_folder (fixture->bus), state_dir, NULL);
  g_autofree char *base = get_base (daemon);
  g_autofree char *errors = NULL;
  g_autofree char *other_errors = NULL;

  g_assert_cmpint (start_again (state_dir, NULL, "--read-only-mode", fixture->image, NULL, &errors), ==, 3);
  g_assert_nonnull (strstr (errors, base));
  g_assert_nonnull (strstr (errors, state_dir));
  g_assert_cmpint (start_again (state_dir, "", "--port", "0", NULL, &other_errors), ==, 3);
  g_assert_nonnull (strstr (other_errors, base));

  /* and nothing has become of the running one */
  g_assert_cmpint (almu_test_daemon_end (daemon), ==, 0);
  almu_test_daemon_free (daemon);
}

/* Another state directory: another service, beside the first, which keeps
 * the name. */
static void
test_independent (Fixture      *fixture,
                  gconstpointer user_data)
{
  const char      *folder = almu_test_bus_get_folder (fixture->bus);
  g_autofree char *other_dir = almu_test_make_folder ();
  AlmuTestDaemon  *first = almu_test_daemon_start (folder, almu_test_bus_get_state_dir (fixture->bus), NULL);
  g_autoptr(GVariant) owner = ask_bus (fixture->client, "GetNameOwner");
  AlmuTestDaemon *second = almu_test_daemon_start (folder, other_dir, NULL);
  g_autoptr(GVariant) still = ask_bus (fixture->client, "GetNameOwner");
  g_autofree char *output = NULL;
  g_autofree char *base = get_base (second);

  g_assert_true (g_variant_equal (owner, still));
  g_assert_cmpuint (almu_test_daemon_get_port (first), !=, almu_test_daemon_get_port (second));

  /* the name is not that of this one */
  g_assert_cmpint (start_again (other_dir, NULL, NULL, NULL, &output, NULL), ==, 0);
  g_assert_true (g_str_has_prefix (find_url (output), base));

  g_assert_cmpint (almu_test_daemon_end (second), ==, 0);
  g_assert_cmpint (almu_test_daemon_end (first), ==, 0);
  almu_test_daemon_free (second);
  almu_test_daemon_free (first);
  almu_test_remove_folder (other_dir);
}

static GSubprocess *
begin (const char *state_dir,
       const char *bus_address)
{
  const char *argv[] = { g_getenv ("ALMUCANTARD"), "--no-browser", "--state-dir", state_dir, NULL };
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr(GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_setenv (launcher, "DBUS_SESSION_BUS_ADDRESS", bus_address, TRUE);
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);

  return process;
}

static void
on_ended (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  guint *n_ended = user_data;
  g_autoptr(GError) error = NULL;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (G_SUBPROCESS (source)));
  g_assert_cmpint (g_subprocess_get_exit_status (G_SUBPROCESS (source)), ==, 0);
  (*n_ended)++;
}

/* At the same moment: one serves, and the others find it although it does
 * not listen yet. */
static void
check_together (Fixture    *fixture,
                const char *bus_address)
{
  GSubprocess *processes[4];
  guint        n_ended = 0;

  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      processes[i] = begin (almu_test_bus_get_state_dir (fixture->bus), bus_address);
      g_subprocess_wait_async (processes[i], NULL, on_ended, &n_ended);
    }

  while (n_ended < G_N_ELEMENTS (processes) - 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_ended, ==, G_N_ELEMENTS (processes) - 1);

  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    g_subprocess_send_signal (processes[i], SIGTERM);
  while (n_ended < G_N_ELEMENTS (processes))
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    g_object_unref (processes[i]);
}

static void
test_together (Fixture      *fixture,
               gconstpointer user_data)
{
  check_together (fixture, g_getenv ("DBUS_SESSION_BUS_ADDRESS"));
  check_together (fixture, "unix:path=/nonexistent/bus");
}

/* -- the end ------------------------------------------------------------- */

static void
check_signal (Fixture *fixture,
              int      signal_number)
{
  AlmuTestDaemon *daemon = almu_test_daemon_start (almu_test_bus_get_folder (fixture->bus),
                                                   almu_test_bus_get_state_dir (fixture->bus), NULL);

  g_assert_true (has_owner (fixture));
  kill (almu_test_daemon_get_pid (daemon), signal_number);
  /* and again while it leaves, as systemd does that sees the name go */
  g_assert_cmpint (almu_test_daemon_end (daemon), ==, 0);
  g_assert_false (has_owner (fixture));
  almu_test_daemon_free (daemon);
}

static void
test_signals (Fixture      *fixture,
              gconstpointer user_data)
{
  check_signal (fixture, SIGTERM);
  check_signal (fixture, SIGINT);
}

static void
test_quit (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autoptr(GVariant) before = call (fixture, "ListSessions", g_variant_new ("(a{sv})", NULL));
  g_autoptr(GVariant) quit = call (fixture, "Quit", NULL);
  g_autoptr(GVariant) after = NULL;

  /* at once: the next process waits for this one */
  after = call (fixture, "ListSessions", g_variant_new ("(a{sv})", NULL));
}

/* -- a socket from systemd ----------------------------------------------- */

static guint16
find_free_port (void)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new ();
  g_autoptr(GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);

  g_assert_no_error (error);
  g_socket_listener_close (listener);

  return port;
}

/* Returns the first line of the answer. */
static char *
fetch (guint16     port,
       const char *path)
{
  g_autoptr(GSocketClient) client = g_socket_client_new ();
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(GDataInputStream) input = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *request = NULL;
  char            *line;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, &error);
  g_assert_no_error (error);
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", path, port);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                             request, strlen (request), NULL, NULL, &error);
  g_assert_no_error (error);
  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_data_input_stream_set_newline_type (input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  line = g_data_input_stream_read_line (input, NULL, NULL, &error);
  g_assert_no_error (error);

  return line;
}

/* systemd-socket-activate waits for a connection and becomes the service. */
static void
test_socket_activation (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *activator = g_find_program_in_path ("systemd-socket-activate");
  guint16          port = find_free_port ();
  g_autofree char *listen = g_strdup_printf ("--listen=127.0.0.1:%u", port);
  const char      *argv[] = { activator, listen, "-E", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus",
                              g_getenv ("ALMUCANTARD"), "--gapplication-service", "--idle-exit", "0",
                              "--state-dir", almu_test_bus_get_state_dir (fixture->bus), NULL };
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GDataInputStream) errors = NULL;
  g_autofree char *said = NULL;
  g_autofree char *line = NULL;
  g_autoptr(GError) error = NULL;

  if (activator == NULL)
    {
      g_test_skip ("no systemd-socket-activate");
      return;
    }

  process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  errors = g_data_input_stream_new (g_subprocess_get_stderr_pipe (process));
  do
    {
      g_free (said);
      said = g_data_input_stream_read_line (errors, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (said);
    }
  while (strstr (said, "Listening on") == NULL);

  line = fetch (port, "/healthz");
  g_assert_cmpstr (line, ==, "HTTP/1.1 200 OK");

  /* and leaves, for nobody is there any more */
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

#define add_test(path, func, arguments) \
  g_test_add (path, Fixture, arguments, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/life/activation", test_activation, NULL);
  add_test ("/life/idle-exit", test_idle_exit, "--idle-exit 1");
  add_test ("/life/idle-exit/calls", test_idle_exit_calls, "--idle-exit 0");
  add_test ("/life/hand-over", test_hand_over, NULL);
  add_test ("/life/hand-over/without-bus", test_hand_over_without_bus, NULL);
  add_test ("/life/other-settings", test_other_settings, NULL);
  add_test ("/life/independent", test_independent, NULL);
  add_test ("/life/together", test_together, NULL);
  add_test ("/life/signals", test_signals, NULL);
  add_test ("/life/quit", test_quit, NULL);
  add_test ("/life/socket-activation", test_socket_activation, NULL);

  return g_test_run ();
}
