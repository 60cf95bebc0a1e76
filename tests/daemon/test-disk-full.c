/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "almu-test-bus.h"
#include "almu-test-namespace.h"
#include "test-desk.h"

#define MANAGER "io.github.almucantar.Almucantar.Manager1"
#define DISK_BYTES (1 << 20)
#define N_REGIONS 40

/* The disk with the state directory is full while somebody works: the work
 * goes on, every page is told once, and when there is room again everything
 * is written by itself. */
typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  Desk             desk;
  char            *filler;
} Fixture;

static const char *why_not;

static double
zero (const gint64 *position,
      gpointer      user_data)
{
  return 0;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  desk_prepare (&fixture->desk, NULL);
  if (why_not == NULL)
    why_not = almu_test_namespace_mount (fixture->desk.state_dir, DISK_BYTES);
  if (why_not != NULL)
    return;

  fixture->bus = almu_test_bus_up (NULL);
  fixture->client = almu_test_bus_connect (fixture->bus);
  fixture->filler = g_build_filename (fixture->desk.state_dir, "filler", NULL);
  desk_write (&fixture->desk, "a.fits", 2, (gint64[]){ 16, 16 }, zero, NULL);
  desk_start (&fixture->desk, NULL);
  fixture->desk.viewer = desk_register (&fixture->desk, &fixture->desk.session_id);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (fixture->bus != NULL)
    {
      almu_test_bus_disconnect (fixture->client);
      almu_test_viewer_free (fixture->desk.viewer);
      g_assert_cmpint (almu_test_daemon_end (fixture->desk.daemon), ==, 0);
      almu_test_daemon_free (fixture->desk.daemon);
      fixture->desk.daemon = NULL;
      fixture->desk.viewer = NULL;
      almu_test_bus_down (fixture->bus);
      umount2 (fixture->desk.state_dir, MNT_DETACH);
    }
  desk_tear_down (&fixture->desk, NULL);
  g_free (fixture->filler);
}

/* To the last byte. */
static void
fill_disk (Fixture *fixture)
{
  static const char block[4096];
  int               fd = open (fixture->filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  while (write (fd, block, sizeof block) > 0)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

static int
draw (Fixture *fixture,
      int      i)
{
  return almu_test_draw (fixture->desk.viewer, 0, -1, CARTA__REGION_TYPE__POINT,
                         (float[]){ (float) (i % 16), 2 }, 1, 0);
}

/* What @viewer is told of the disk, or NULL. */
static CARTA__ErrorData *
take_told (AlmuTestViewer *viewer)
{
  CARTA__ErrorData *told = almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__ERROR_DATA);

  if (told != NULL)
    g_assert_cmpstr (told->tags[0], ==, "storage");

  return told;
}

static char *
get_trouble (Fixture *fixture)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH,
                                       "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new ("(ss)", MANAGER, "Trouble"), G_VARIANT_TYPE ("(v)"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);

  return g_variant_dup_string (value, NULL);
}

static void
test_disk_full (Fixture      *fixture,
                gconstpointer user_data)
{
  almu_test_autobody CARTA__ErrorData *first = NULL;
  almu_test_autobody CARTA__ErrorData *again = NULL;
  almu_test_autobody CARTA__ErrorData *late = NULL;
  almu_test_autobody CARTA__ErrorData *over = NULL;
  g_autoptr(AlmuTestViewer) other = NULL;
  g_autofree char *trouble = NULL;
  g_autofree char *none = NULL;
  guint32          other_id = 0;
  int              n = 0;

  if (why_not != NULL)
    {
      g_test_skip (why_not);
      return;
    }

  desk_open (&fixture->desk, "a.fits", 0);
  g_assert_cmpint (draw (fixture, n++), ==, 1);
  fill_disk (fixture);

  /* the log of the database may have room for some more */
  while (first == NULL && n < 2000)
    {
      g_assert_cmpint (draw (fixture, n++), >, 0);
      first = take_told (fixture->desk.viewer);
    }
  g_assert_nonnull (first);
  g_assert_cmpint (first->severity, ==, CARTA__ERROR_SEVERITY__ERROR);
  g_assert_nonnull (strstr (first->message, fixture->desk.state_dir));
  g_test_message ("after %d regions: %s", n, first->message);
  trouble = get_trouble (fixture);
  g_assert_cmpstr (trouble, ==, first->message);

  /* the work goes on, and nobody is told twice */
  for (int i = 0; i < N_REGIONS; i++)
    g_assert_cmpint (draw (fixture, n++), ==, n);
  again = take_told (fixture->desk.viewer);
  g_assert_null (again);

  /* who comes now is told too */
  other = desk_register (&fixture->desk, &other_id);
  late = almu_test_viewer_await (other, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpstr (late->message, ==, first->message);

  /* nobody does anything: it resumes by itself, and says so */
  g_assert_cmpint (g_unlink (fixture->filler), ==, 0);
  over = almu_test_viewer_await (fixture->desk.viewer, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpint (over->severity, ==, CARTA__ERROR_SEVERITY__INFO);
  none = get_trouble (fixture);
  g_assert_cmpstr (none, ==, "");

  almu_test_daemon_kill (fixture->desk.daemon);
  almu_test_daemon_free (fixture->desk.daemon);
  almu_test_viewer_free (fixture->desk.viewer);
  desk_start (&fixture->desk, NULL);
  fixture->desk.viewer = desk_register (&fixture->desk, &fixture->desk.session_id);
  g_assert_cmpint (draw (fixture, n++), ==, n);
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *dbus_daemon = g_find_program_in_path ("dbus-daemon");

  why_not = almu_test_namespace_enter (CLONE_NEWNS);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (dbus_daemon == NULL)
    why_not = "no dbus-daemon";

  g_test_add ("/daemon/disk-full", Fixture, NULL, fixture_set_up, test_disk_full, fixture_tear_down);

  return g_test_run ();
}
