/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "almu-test-bus.h"
#include "almu-test.h"

/* The command-line client, with the real program on a bus that starts it. */
typedef struct
{
  AlmuTestBus *bus;
  char        *image;
  char        *output;
  char        *errors;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  fixture->bus = almu_test_bus_up (NULL);
  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 3, 2 });
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 6, (double[]){ 1, 2, 3, 4, 5, 6 });
  almu_test_fits_end (fits);
  fixture->image = almu_test_fits_save (fits, almu_test_bus_get_folder (fixture->bus), "a b.fits");
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_down (fixture->bus);
  g_free (fixture->image);
  g_free (fixture->output);
  g_free (fixture->errors);
}

/* -- what a person types ------------------------------------------------- */

static int
run_on (Fixture    *fixture,
        const char *bus_address,
        const char *line)
{
  g_autofree char *whole = g_strconcat (g_getenv ("ALMUCANTAR"), " ", line, NULL);
  g_auto(GStrv) argv = NULL;
  g_autoptr(GError) error = NULL;

  g_shell_parse_argv (whole, NULL, &argv, &error);
  g_assert_no_error (error);
  g_clear_pointer (&fixture->output, g_free);
  g_clear_pointer (&fixture->errors, g_free);

  return almu_test_run ((const char *const *) argv, bus_address, &fixture->output, &fixture->errors);
}

static int
run (Fixture    *fixture,
     const char *line)
{
  return run_on (fixture, NULL, line);
}

static void
assert_says (const char *text,
             const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in “%s”", part, text);
}

/* The command fails with @status, and says @part on the error output only. */
static void
check_failure (Fixture    *fixture,
               const char *line,
               int         status,
               const char *part)
{
  g_assert_cmpint (run (fixture, line), ==, status);
  g_assert_cmpstr (fixture->output, ==, "");
  g_assert_true (g_str_has_prefix (fixture->errors, "almucantar: "));
  assert_says (fixture->errors, part);
}

/* Opens the image and returns the number of the session. */
static guint32
open_image (Fixture *fixture)
{
  g_autofree char *quoted = g_shell_quote (fixture->image);
  g_autofree char *line = g_strdup_printf ("open --no-browser %s", quoted);
  const char      *found;

  g_assert_cmpint (run (fixture, line), ==, 0);
  found = strstr (fixture->output, "/s/");
  g_assert_nonnull (found);

  return (guint32) g_ascii_strtoull (found + strlen ("/s/"), NULL, 10);
}

/* The number takes the place of the %. */
static int
ask_for_id (Fixture    *fixture,
            const char *format,
            guint32     id)
{
  g_autofree char *number = g_strdup_printf ("%u", id);
  g_auto(GStrv) parts = g_strsplit (format, "%", 2);
  g_autofree char *line = g_strconcat (parts[0], number, parts[1], NULL);

  return run (fixture, line);
}

/* A client of the bus opens the image in a session at once. */
static void
open_in_session (Fixture *fixture,
                 guint32  id)
{
  GDBusConnection *connection = almu_test_bus_connect (fixture->bus);
  g_autofree char *path = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u", id);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (connection, ALMU_BUS_NAME, path, "io.github.almucantar.Almucantar.Session1",
                                       "OpenFile", g_variant_new ("(sa{sv})", fixture->image, NULL), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  almu_test_bus_disconnect (connection);
}

/* -- wrong use ----------------------------------------------------------- */

static void
test_usage (Fixture      *fixture,
            gconstpointer user_data)
{
  check_failure (fixture, "", 1, "a command is expected");
  check_failure (fixture, "opne", 1, "“opne”");
  check_failure (fixture, "--nonsense", 1, "--nonsense");
  check_failure (fixture, "open --nonsense", 1, "--nonsense");
  check_failure (fixture, "open --json", 1, "--json");
  check_failure (fixture, "sessions 5", 1, "sessions");
  check_failure (fixture, "show", 1, "SESSION");
  check_failure (fixture, "show 1 2", 1, "only one");
  check_failure (fixture, "show x", 1, "“x”");
  check_failure (fixture, "resume 0", 1, "“0”");
  check_failure (fixture, "resume 4294967296", 1, "“4294967296”");
  check_failure (fixture, "forget", 1, "SESSION");
  check_failure (fixture, "forget 5 -x", 1, "-x");
}

static void
test_help (Fixture      *fixture,
           gconstpointer user_data)
{
  static const char *const commands[] = { "open", "sessions", "show", "resume", "forget", "status", "quit" };

  g_assert_cmpint (run (fixture, "--help"), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    assert_says (fixture->output, commands[i]);

  g_assert_cmpint (run (fixture, "open --help"), ==, 0);
  assert_says (fixture->output, "--no-browser");
  assert_says (fixture->output, "--no-start");

  g_assert_cmpint (run (fixture, "--version"), ==, 0);
  g_assert_cmpstr (fixture->output, ==, ALMU_VERSION "\n");
}

/* -- nobody there -------------------------------------------------------- */

static void
test_no_service (Fixture      *fixture,
                 gconstpointer user_data)
{
  check_failure (fixture, "--no-start sessions", 2, "not running");
  check_failure (fixture, "open --no-start", 2, "not running");
  check_failure (fixture, "status", 2, "not running");

  /* that it does not run is what was wanted */
  g_assert_cmpint (run (fixture, "quit"), ==, 0);
  assert_says (fixture->errors, "not running");

  g_assert_cmpint (run_on (fixture, "", "sessions"), ==, 2);
  assert_says (fixture->errors, "no session bus");
}

/* A bus that knows no such service. */
static void
test_unknown_service (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(GTestDBus) bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autofree char *address = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));

  g_test_dbus_up (bus);
  g_assert_cmpint (run_on (fixture, g_test_dbus_get_bus_address (bus), "sessions"), ==, 2);
  assert_says (fixture->errors, "does not know how to start it");
  g_test_dbus_down (bus);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
}

/* -- open ---------------------------------------------------------------- */

static void
test_open (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autofree char *folder = g_path_get_dirname (fixture->image);
  g_autofree char *here = g_get_current_dir ();

  /* the service is started for it */
  open_image (fixture);
  g_assert_true (g_str_has_prefix (fixture->output, "http://127.0.0.1:"));
  g_assert_true (g_str_has_suffix (fixture->output, "&file=a%20b.fits\n"));

  /* a name counts from where one stands, not from where the service does */
  g_assert_cmpint (g_chdir (folder), ==, 0);
  g_assert_cmpint (run (fixture, "open --no-browser 'a b.fits'"), ==, 0);
  g_assert_true (g_str_has_suffix (fixture->output, "&file=a%20b.fits\n"));
  g_assert_cmpint (run (fixture, "open -- --no-browser"), ==, 3);
  g_assert_cmpint (g_chdir (here), ==, 0);

  g_assert_cmpint (run (fixture, "open"), ==, 0);
  g_assert_null (strstr (fixture->output, "file="));

  check_failure (fixture, "open /nowhere/at/all.fits", 3, "/nowhere/at/all.fits");
  check_failure (fixture, "open http://example.org/a.fits", 3, "http://");
}

/* -- sessions ------------------------------------------------------------ */

static void
test_sessions (Fixture      *fixture,
               gconstpointer user_data)
{
  guint32          id;
  g_autofree char *number = NULL;
  g_autofree char *json = NULL;

  g_assert_cmpint (run (fixture, "sessions"), ==, 0);
  g_assert_true (g_str_has_prefix (fixture->output, "SESSION  STATE  LAST SEEN  FILES  TITLE\n"));
  g_assert_cmpint (run (fixture, "sessions --json"), ==, 0);
  g_assert_cmpstr (fixture->output, ==, "[]\n");

  id = open_image (fixture);
  open_in_session (fixture, id);
  number = g_strdup_printf ("%u", id);
  json = g_strdup_printf ("\"id\" : %u", id);

  g_assert_cmpint (run (fixture, "sessions"), ==, 0);
  assert_says (fixture->output, number);
  assert_says (fixture->output, "detached");
  assert_says (fixture->output, "1      a b.fits\n");
  g_assert_cmpint (run (fixture, "sessions --json"), ==, 0);
  assert_says (fixture->output, json);
  assert_says (fixture->output, "\"n-files\" : 1");
  g_assert_cmpint (run (fixture, "sessions --ids"), ==, 0);
  g_assert_true (g_str_has_prefix (fixture->output, number));
  g_assert_true (g_str_has_suffix (fixture->output, "\ta b.fits\n"));
}

static void
test_show (Fixture      *fixture,
           gconstpointer user_data)
{
  guint32 id = open_image (fixture);

  open_in_session (fixture, id);
  g_assert_cmpint (ask_for_id (fixture, "show %", id), ==, 0);
  assert_says (fixture->output, "State      detached\n");
  assert_says (fixture->output, "3 × 2 × 1 × 1");
  assert_says (fixture->output, fixture->image);

  g_assert_cmpint (ask_for_id (fixture, "show --json %", id), ==, 0);
  g_assert_true (g_str_has_prefix (fixture->output, "{"));
  assert_says (fixture->output, "a b.fits");

  id = id == 1 ? 2 : 1;
  check_failure (fixture, id == 1 ? "show 1" : "show 2", 3, "no session");
  check_failure (fixture, id == 1 ? "show 1 --json" : "show 2 --json", 3, "Session");
}

static void
test_resume_and_forget (Fixture      *fixture,
                        gconstpointer user_data)
{
  guint32          id = open_image (fixture);
  g_autofree char *number = g_strdup_printf ("%u", id);

  g_assert_cmpint (ask_for_id (fixture, "resume % --no-browser", id), ==, 0);
  g_assert_true (g_str_has_prefix (fixture->output, "http://127.0.0.1:"));
  assert_says (fixture->output, number);

  /* one wrong number, and nothing is forgotten */
  g_assert_cmpint (ask_for_id (fixture, "forget % x", id), ==, 1);
  g_assert_cmpint (ask_for_id (fixture, "resume %", id), ==, 0);

  g_assert_cmpint (ask_for_id (fixture, "forget %", id), ==, 0);
  g_assert_cmpint (ask_for_id (fixture, "forget %", id), ==, 3);
  assert_says (fixture->errors, number);
  g_assert_cmpint (ask_for_id (fixture, "resume %", id), ==, 3);
  assert_says (fixture->errors, number);
}

/* A session of a service that has left: the next one has it. */
static void
test_kept (Fixture      *fixture,
           gconstpointer user_data)
{
  guint32          id = open_image (fixture);
  g_autofree char *workspace = g_strdup_printf ("&workspace=Session%%20%u\n", id);
  g_autofree char *record = NULL;

  open_in_session (fixture, id);
  g_assert_cmpint (ask_for_id (fixture, "show --json %", id), ==, 0);
  record = g_steal_pointer (&fixture->output);
  assert_says (record, "a b.fits");
  g_assert_cmpint (run (fixture, "quit"), ==, 0);
  almu_test_bus_await_free (fixture->bus);

  g_assert_cmpint (run (fixture, "sessions"), ==, 0);
  assert_says (fixture->output, "parked");
  assert_says (fixture->output, "1      a b.fits\n");
  g_assert_cmpint (ask_for_id (fixture, "show %", id), ==, 0);
  assert_says (fixture->output, "State      parked\n");
  g_assert_cmpint (ask_for_id (fixture, "show --json %", id), ==, 0);
  assert_says (fixture->output, "a b.fits");
  g_assert_cmpint (ask_for_id (fixture, "resume %", id), ==, 0);
  g_assert_true (g_str_has_suffix (fixture->output, workspace));

  g_assert_cmpint (ask_for_id (fixture, "forget %", id), ==, 0);
  g_assert_cmpint (run (fixture, "sessions --ids"), ==, 0);
  g_assert_cmpstr (fixture->output, ==, "");
}

/* What a file is called does not command a terminal, such as to write
 * backwards; worse names are not opened at all. */
static void
test_strange_names (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *folder = g_path_get_dirname (fixture->image);
  g_autofree char *path = g_build_filename (folder, "a\342\200\256stif.fits", NULL);
  guint32          id = open_image (fixture);

  g_assert_cmpint (g_rename (fixture->image, path), ==, 0);
  g_free (fixture->image);
  fixture->image = g_steal_pointer (&path);
  open_in_session (fixture, id);

  g_assert_cmpint (run (fixture, "sessions"), ==, 0);
  assert_says (fixture->output, "a\\u202estif.fits\n");
  g_assert_cmpint (ask_for_id (fixture, "show %", id), ==, 0);
  assert_says (fixture->output, "a\\u202estif.fits\n");
}

/* -- status and quit ----------------------------------------------------- */

static void
test_status (Fixture      *fixture,
             gconstpointer user_data)
{
  open_image (fixture);

  g_assert_cmpint (run (fixture, "status"), ==, 0);
  assert_says (fixture->output, "Address               http://127.0.0.1:");
  assert_says (fixture->output, "Version               " ALMU_VERSION "\n");
  assert_says (fixture->output, "Sessions              1 detached\n");
  assert_says (fixture->output, "Being computed        nothing\n");
  g_assert_null (strstr (fixture->output, "token"));

  g_assert_cmpint (run (fixture, "status --json"), ==, 0);
  assert_says (fixture->output, "\"detached\" : 1");
  assert_says (fixture->output, "\"links\" : 0");
  assert_says (fixture->output, "\"computing\" : []");

  g_assert_cmpint (run (fixture, "quit"), ==, 0);
  g_assert_cmpstr (fixture->output, ==, "");
  g_assert_cmpstr (fixture->errors, ==, "");
  almu_test_bus_await_free (fixture->bus);
  g_assert_cmpint (run (fixture, "status"), ==, 2);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/ctl/usage", test_usage);
  add_test ("/ctl/help", test_help);
  add_test ("/ctl/no-service", test_no_service);
  add_test ("/ctl/unknown-service", test_unknown_service);
  add_test ("/ctl/open", test_open);
  add_test ("/ctl/sessions", test_sessions);
  add_test ("/ctl/show", test_show);
  add_test ("/ctl/resume-and-forget", test_resume_and_forget);
  add_test ("/ctl/kept", test_kept);
  add_test ("/ctl/strange-names", test_strange_names);
  add_test ("/ctl/status", test_status);

  return g_test_run ();
}
