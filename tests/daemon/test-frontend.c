/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "almu-test-bus.h"
#include "almu-test.h"

#define BUS(name) "io.github.almucantar.Almucantar." name

/* A frontend of the desktop that crashes, alone or with the service, and a
 * session that goes to another machine. */
typedef struct
{
  AlmuTestBus      *bus;
  GSubprocess      *client;
  GDataInputStream *output;
} Fixture;

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2]);
}

static void
write_cube (Fixture *fixture)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 3, (gint64[]){ 30, 20, 4 });
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, cube, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, almu_test_bus_get_folder (fixture->bus), "cube.fits");
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->bus = almu_test_bus_up (NULL);
  write_cube (fixture);
}

/* -- the client ---------------------------------------------------------- */

static void
kill_client (Fixture *fixture)
{
  if (fixture->client == NULL)
    return;

  g_subprocess_send_signal (fixture->client, SIGKILL);
  g_subprocess_wait (fixture->client, NULL, NULL);
  g_clear_object (&fixture->output);
  g_clear_object (&fixture->client);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  kill_client (fixture);
  almu_test_bus_down (fixture->bus);
}

static void
start_client (Fixture    *fixture,
              const char *command,
              const char *argument)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "daemon", "desktop-client", NULL);
  const char      *argv[] = { program, command, argument, NULL };
  g_autoptr(GError) error = NULL;

  fixture->client = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  fixture->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (fixture->client));
}

static char *
read_line (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  char *line = g_data_input_stream_read_line_utf8 (fixture->output, NULL, NULL, &error);

  g_assert_no_error (error);
  if (line == NULL)
    g_error ("The client has ended");
  g_test_message ("%s", line);

  return line;
}

/* Returns the state that it left. */
static char *
begin (Fixture *fixture,
       guint32 *out_id)
{
  g_autofree char *ready = NULL;

  start_client (fixture, "begin", "cube.fits");
  ready = read_line (fixture);
  g_assert_cmpint (sscanf (ready, "ready %u", out_id), ==, 1);

  return read_line (fixture);
}

/* -- states -------------------------------------------------------------- */

/* What a client asks for itself while it looks whether all is well. */
static void
drop_cursor (JsonObject *file)
{
  JsonArray *requirements = json_object_get_array_member (file, "requirements");

  for (guint i = json_array_get_length (requirements); i > 0; i--)
    {
      JsonObject *requirement = json_array_get_object_element (requirements, i - 1);
      JsonNode   *region = json_object_get_member (requirement, "region");

      if (g_strcmp0 (json_node_get_string (region), "cursor") == 0)
        json_array_remove_element (requirements, i - 1);
    }
}

/* The files of a session as they are the same wherever it is. */
static char *
get_files (const char *state)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) root = json_from_string (state, &error);
  JsonNode  *files;
  JsonArray *array;

  g_assert_no_error (error);
  files = json_object_get_member (json_node_get_object (root), "files");
  array = json_node_get_array (files);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *file = json_array_get_object_element (array, i);

      json_object_remove_member (file, "fingerprint");
      drop_cursor (file);
    }

  return json_to_string (files, TRUE);
}

static void
assert_same_files (const char *state,
                   const char *before)
{
  g_autofree char *files = get_files (state);
  g_autofree char *files_before = get_files (before);

  g_assert_cmpstr (files, ==, files_before);
}

/* It finds its session and sees what it saw. */
static void
check_again (Fixture    *fixture,
             guint32     id,
             const char *before)
{
  g_autofree char *expected = g_strdup_printf ("resumed %u %g", id, 5 + 100 * 6 + 10000.0 * 3);
  g_autofree char *resumed = NULL;
  g_autofree char *after = NULL;

  start_client (fixture, "again", NULL);
  resumed = read_line (fixture);
  g_assert_cmpstr (resumed, ==, expected);
  after = read_line (fixture);
  assert_same_files (after, before);
}

/* -- crashes ------------------------------------------------------------- */

static void
test_frontend_killed (Fixture      *fixture,
                      gconstpointer user_data)
{
  guint32          id;
  g_autofree char *before = begin (fixture, &id);

  kill_client (fixture);
  check_again (fixture, id, before);
}

static void
kill_service (Fixture *fixture)
{
  GDBusConnection *connection = almu_test_bus_connect (fixture->bus);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  guint32 pid;

  reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                       g_variant_new ("(s)", ALMU_BUS_NAME), G_VARIANT_TYPE ("(u)"),
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &pid);
  g_assert_cmpint (kill ((pid_t) pid, SIGKILL), ==, 0);
  almu_test_bus_disconnect (connection);
}

/* What a crash of the desktop leaves: nothing but the disk. */
static void
test_frontend_all_killed (Fixture      *fixture,
                          gconstpointer user_data)
{
  guint32          id;
  g_autofree char *before = begin (fixture, &id);

  kill_service (fixture);
  kill_client (fixture);
  almu_test_bus_await_free (fixture->bus);
  check_again (fixture, id, before);
}

/* -- another machine ----------------------------------------------------- */

static char *
show (guint32 id)
{
  g_autofree char *number = g_strdup_printf ("%u", id);
  const char      *argv[] = { g_getenv ("ALMUCANTAR"), "show", "--json", number, NULL };
  char            *output = NULL;

  g_assert_cmpint (almu_test_run (argv, NULL, &output, NULL), ==, 0);

  return output;
}

static GVariant *
call (GDBusConnection *connection,
      const char      *path,
      const char      *interface,
      const char      *method,
      GVariant        *parameters)
{
  g_autoptr(GError) error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (connection, ALMU_BUS_NAME, path, interface, method, parameters, NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  return reply;
}

/* A new session becomes the one that was carried over; tells its id. */
static guint32
set_state (Fixture    *fixture,
           const char *carried)
{
  const char *const none[] = { NULL };
  GDBusConnection  *connection = almu_test_bus_connect (fixture->bus);
  g_autoptr(GVariant) opened = NULL;
  g_autoptr(GVariant) set = NULL;
  g_autoptr(GVariant) got = NULL;
  g_autofree char *path = NULL;
  const char      *url;
  const char      *state;
  guint32          id;

  opened = call (connection, ALMU_BUS_PATH, BUS ("Manager1"), "Open", g_variant_new ("(^asa{sv})", none, NULL));
  g_variant_get (opened, "(u&s)", &id, &url);
  path = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u", id);
  set = call (connection, path, BUS ("Session1"), "SetState", g_variant_new ("(s)", carried));
  got = call (connection, path, BUS ("Session1"), "GetState", NULL);
  g_variant_get (got, "(&s)", &state);
  assert_same_files (state, carried);
  almu_test_bus_disconnect (connection);

  return id;
}

/* `almucantar show --json` here, SetState there: another state directory,
 * another folder, files of the same names. */
static void
test_frontend_carried (Fixture      *fixture,
                       gconstpointer user_data)
{
  guint32          id;
  g_autofree char *before = begin (fixture, &id);
  g_autofree char *carried = show (id);

  /* a person can read it */
  g_assert_nonnull (strstr (carried, "cube.fits"));
  g_assert_nonnull (strstr (carried, "rectangle"));
  assert_same_files (carried, before);

  kill_client (fixture);
  almu_test_bus_down (fixture->bus);
  fixture_set_up (fixture, NULL);

  check_again (fixture, set_state (fixture, carried), before);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/frontend/killed", test_frontend_killed);
  add_test ("/frontend/all-killed", test_frontend_all_killed);
  add_test ("/frontend/carried", test_frontend_carried);

  return g_test_run ();
}
