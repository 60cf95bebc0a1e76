/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <libsoup/soup.h>

#include "almu-test-bus.h"
#include "test-desk.h"

#define MANAGER "io.github.almucantar.Almucantar.Manager1"
#define N_FILES 12
#define N_VIEWERS 20
#define N_TRIES 200

/* What the next process finds: of one that ended as it should, and of one
 * that died of what it was bringing back. */
typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  Desk             desk;
} Fixture;

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) position[0];
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->bus = almu_test_bus_up (NULL);
  fixture->client = almu_test_bus_connect (fixture->bus);
  desk_prepare (&fixture->desk, NULL);
  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.fits", i);

      desk_write (&fixture->desk, name, 2, (gint64[]){ 64, 64 }, ramp, NULL);
    }
  desk_start (&fixture->desk, NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->client);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_bus_down (fixture->bus);
}

static char *
list_sessions (Fixture *fixture)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, "ListSessions",
                                       g_variant_new ("(a{sv})", NULL), G_VARIANT_TYPE ("(aa{sv})"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);

  return g_variant_print (reply, FALSE);
}

static guint
count (const char *text,
       const char *part)
{
  guint n = 0;

  for (const char *found = strstr (text, part); found != NULL; found = strstr (found + 1, part))
    n++;

  return n;
}

/* -- ended as it should -------------------------------------------------- */

static void
open_all (Fixture *fixture,
          int      n_files)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.fits", i);

      desk_open (&fixture->desk, name, i);
    }
}

static void
test_kept_term (Fixture      *fixture,
                gconstpointer user_data)
{
  Desk            *desk = &fixture->desk;
  AlmuTestViewer  *viewers[N_VIEWERS];
  g_autofree char *list = NULL;
  gint64           begin;

  for (int i = 0; i < N_VIEWERS; i++)
    {
      guint32 id = 0;

      desk->viewer = viewers[i] = desk_register (desk, &id);
      open_all (fixture, 3);
    }
  desk->viewer = NULL;

  begin = g_get_monotonic_time ();
  g_assert_cmpint (almu_test_daemon_end (desk->daemon), ==, 0);
  g_test_message ("%d sessions parked in %.0f ms, of pages that do not answer a good-bye", N_VIEWERS, (double) (g_get_monotonic_time () - begin) / 1e3);
  for (int i = 0; i < N_VIEWERS; i++)
    {
      g_assert_cmpuint (almu_test_viewer_await_closed (viewers[i]), ==, 1001);
      almu_test_viewer_free (viewers[i]);
    }
  almu_test_daemon_free (desk->daemon);

  desk_start (desk, NULL);
  list = list_sessions (fixture);
  g_assert_cmpuint (count (list, "'state': <'parked'>"), ==, N_VIEWERS);
  g_assert_cmpuint (count (list, "'n-files': <uint32 3>"), ==, N_VIEWERS);
}

/* -- died of it ---------------------------------------------------------- */

static void
restart (Fixture *fixture)
{
  Desk *desk = &fixture->desk;

  almu_test_daemon_kill (desk->daemon);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  almu_test_daemon_free (desk->daemon);
  desk_start (desk, NULL);
}

static char *
fetch_list_page (Fixture *fixture)
{
  const char      *url = almu_test_daemon_get_url (fixture->desk.daemon);
  const char      *query = strchr (url, '?');
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/sessions%s", almu_test_daemon_get_port (fixture->desk.daemon), query);
  g_autoptr(SoupSession) session = soup_session_new_with_options ("proxy-resolver", NULL, NULL);
  g_autoptr(SoupMessage) message = soup_message_new ("GET", address);
  g_autoptr(GBytes) body = NULL;
  g_autoptr(GError) error = NULL;

  body = soup_session_send_and_read (session, message, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);

  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

/* Offered, and told of; and not held against it once it has come back. */
static void
test_kept_suspect (Fixture      *fixture,
                   gconstpointer user_data)
{
  Desk            *desk = &fixture->desk;
  g_autofree char *list = NULL;
  g_autofree char *html = NULL;
  int              n = 0;

  desk->viewer = desk_register (desk, &desk->session_id);
  open_all (fixture, N_FILES);
  restart (fixture);
  list = list_sessions (fixture);
  g_assert_null (strstr (list, "suspect"));

  /* its acknowledgement comes while the files are looked at */
  while (strstr (list, "'suspect': <true>") == NULL && n++ < N_TRIES)
    {
      desk->viewer = desk_register (desk, &desk->session_id);
      restart (fixture);
      g_free (list);
      list = list_sessions (fixture);
      g_assert_cmpuint (count (list, "'n-files': <uint32 12>"), ==, 1);
    }
  g_test_message ("died while restoring at the try %d", n);
  g_assert_nonnull (strstr (list, "'suspect': <true>"));
  html = fetch_list_page (fixture);
  g_assert_nonnull (strstr (html, "The service ended while it restored this session the last time"));

  /* asked for, it is tried again */
  desk->viewer = desk_register (desk, &desk->session_id);
  g_assert_cmpint (almu_test_draw (desk->viewer, N_FILES - 1, -1, CARTA__REGION_TYPE__POINT, (float[]){ 1, 2 }, 1, 0), ==, 1);
  g_free (list);
  list = list_sessions (fixture);
  g_assert_null (strstr (list, "suspect"));
}

/* -- of another time ----------------------------------------------------- */

/* Where a database keeps the version of its tables, in four bytes. */
#define VERSION_OFFSET 60

static char *
read_database (Fixture *fixture,
               gsize   *n_bytes)
{
  g_autofree char *path = g_build_filename (fixture->desk.state_dir, "sessions.db", NULL);
  g_autoptr(GError) error = NULL;
  char *bytes = NULL;

  g_file_get_contents (path, &bytes, n_bytes, &error);
  g_assert_no_error (error);

  return bytes;
}

/* What a newer program has written is left as it is, and whoever looks at the
 * page knows that nothing is kept. */
static void
test_kept_newer (Fixture      *fixture,
                 gconstpointer user_data)
{
  Desk                                *desk = &fixture->desk;
  g_autofree char                     *path = g_build_filename (desk->state_dir, "sessions.db", NULL);
  almu_test_autobody CARTA__ErrorData *told = NULL;
  g_autofree char                     *before = NULL;
  g_autofree char                     *after = NULL;
  g_autoptr(GError) error = NULL;
  gsize   n_before, n_after;
  guint32 id = 0;

  desk->viewer = desk_register (desk, &id);
  open_all (fixture, 1);
  almu_test_viewer_close (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  g_assert_cmpint (almu_test_daemon_end (desk->daemon), ==, 0);
  almu_test_daemon_free (desk->daemon);

  before = read_database (fixture, &n_before);
  memcpy (before + VERSION_OFFSET, "\0\0\3\347", 4);
  g_file_set_contents (path, before, (gssize) n_before, &error);
  g_assert_no_error (error);

  desk_start (desk, NULL);
  id = 0;
  desk->viewer = desk_register (desk, &id);
  told = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpint (told->severity, ==, CARTA__ERROR_SEVERITY__ERROR);
  g_assert_nonnull (strstr (told->message, "Sessions will not outlive this process"));
  g_assert_nonnull (strstr (told->message, "newer Almucantar (its version is 999"));
  open_all (fixture, 1);

  after = read_database (fixture, &n_after);
  g_assert_cmpmem (after, n_after, before, n_before);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/kept/term", test_kept_term);
  add_test ("/kept/suspect", test_kept_suspect);
  add_test ("/kept/newer", test_kept_newer);

  return g_test_run ();
}
