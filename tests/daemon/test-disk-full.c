/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "almu-limits.h"
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

/* -- what is saved ------------------------------------------------------- */

#define SIDE 256
#define N_SAVES 8

static void
begin_save (Fixture *fixture,
            int      i,
            guint32 *out_request_id)
{
  CARTA__SaveFile  request = CARTA__SAVE_FILE__INIT;
  g_autofree char *name = g_strdup_printf ("%d.fits", i);

  request.output_file_directory = (char *) "small";
  request.output_file_name = name;
  request.output_file_type = CARTA__FILE_TYPE__FITS;
  request.rest_freq = NAN;
  *out_request_id = almu_test_viewer_send (fixture->desk.viewer, &request.base);
}

static guint
count_entries (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

/* Several at once onto a disk that has room for some: each is there whole, or
 * not at all and says why. */
static void
test_saves (Fixture      *fixture,
            gconstpointer user_data)
{
  g_autofree char *small = g_build_filename (fixture->desk.folder, "small", NULL);
  guint            n_saved = 0;

  if (why_not != NULL)
    {
      g_test_skip (why_not);
      return;
    }

  g_assert_cmpint (g_mkdir (small, 0700), ==, 0);
  g_assert_cmpstr (almu_test_namespace_mount (small, DISK_BYTES), ==, NULL);
  desk_write (&fixture->desk, "large.fits", 2, (gint64[]){ SIDE, SIDE }, zero, NULL);
  desk_open (&fixture->desk, "large.fits", 0);

  for (int round = 0; round < 5; round++)
    {
      guint32 request_ids[N_SAVES];

      n_saved = 0;
      for (int i = 0; i < N_SAVES; i++)
        begin_save (fixture, i, &request_ids[i]);
      for (int i = 0; i < N_SAVES; i++)
        {
          almu_test_autobody CARTA__SaveFileAck *ack =
            almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK, request_ids[i]);
          g_autofree char *path = g_strdup_printf ("%s/%d.fits", small, i);
          GStatBuf         info;

          if (!ack->success)
            {
              g_assert_nonnull (strstr (ack->message, g_strerror (ENOSPC)));
              g_assert_cmpint (g_stat (path, &info), <, 0);
              continue;
            }

          n_saved++;
          g_assert_cmpint (g_stat (path, &info), ==, 0);
          g_assert_cmpint (info.st_size, >, SIDE * SIDE * (int) sizeof (float));
          g_assert_cmpint (info.st_size % 2880, ==, 0);
        }
      g_test_message ("%u of %d saved", n_saved, N_SAVES);
      g_assert_cmpuint (n_saved, <, N_SAVES);
      g_assert_cmpuint (count_entries (small), ==, n_saved);
      for (int i = 0; i < N_SAVES; i++)
        {
          g_autofree char *path = g_strdup_printf ("%s/%d.fits", small, i);

          g_unlink (path);
        }
    }

  /* one after the other there is room for some */
  for (int i = 0; i < N_SAVES; i++)
    {
      guint32                                request_id;
      almu_test_autobody CARTA__SaveFileAck *ack = NULL;

      begin_save (fixture, i, &request_id);
      ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK, request_id);
      g_assert_cmpint (ack->success, ==, (i + 1) * (SIDE * SIDE * (int) sizeof (float) + 2 * 2880) <= DISK_BYTES);
    }
  umount2 (small, MNT_DETACH);
}

/* -- what is unpacked ---------------------------------------------------- */

#define CACHE_BYTES (64 << 20)

/* A header, and twice as much as there is room for. */
static void
write_bomb (Fixture *fixture)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = g_build_filename (fixture->desk.folder, "bomb.fits.gz", NULL);
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1);
  g_autoptr(GFileOutputStream) packed = NULL;
  g_autoptr(GOutputStream) plain = NULL;
  g_autoptr(GBytes) header = NULL;
  g_autofree char *zeros = g_malloc0 (1 << 20);
  g_autoptr(GError) error = NULL;

  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 8192, 4096 });
  almu_test_fits_end_header (fits);
  header = almu_test_fits_to_bytes (fits);
  packed = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, &error);
  g_assert_no_error (error);
  plain = g_converter_output_stream_new (G_OUTPUT_STREAM (packed), G_CONVERTER (packer));
  g_output_stream_write_all (plain, g_bytes_get_data (header, NULL), g_bytes_get_size (header), NULL, NULL, &error);
  for (int i = 0; i < 2 * CACHE_BYTES >> 20; i++)
    g_output_stream_write_all (plain, zeros, 1 << 20, NULL, NULL, &error);
  g_output_stream_close (plain, NULL, &error);
  g_assert_no_error (error);
}

/* It is refused before the disk is full, and takes nothing then. */
static void
test_unpacked (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autofree char                       *cache = g_build_filename (fixture->desk.folder, "cache", NULL);
  g_autofree char                       *old = g_strdup (g_getenv ("XDG_CACHE_HOME"));
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;
  struct statvfs                         info;

  if (why_not != NULL)
    {
      g_test_skip (why_not);
      return;
    }

  G_STATIC_ASSERT (CACHE_BYTES < 10 * ALMU_LIMIT_CACHE_RESERVE_BYTES);
  g_assert_cmpint (g_mkdir (cache, 0700), ==, 0);
  g_assert_cmpstr (almu_test_namespace_mount (cache, CACHE_BYTES), ==, NULL);
  write_bomb (fixture);

  /* one that has its cache there */
  almu_test_daemon_kill (fixture->desk.daemon);
  almu_test_daemon_free (fixture->desk.daemon);
  almu_test_viewer_free (fixture->desk.viewer);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  desk_start (&fixture->desk, NULL);
  if (old != NULL)
    g_setenv ("XDG_CACHE_HOME", old, TRUE);
  else
    g_unsetenv ("XDG_CACHE_HOME");
  fixture->desk.session_id = 0;
  fixture->desk.viewer = desk_register (&fixture->desk, &fixture->desk.session_id);

  ack = almu_test_viewer_open (fixture->desk.viewer, "", "bomb.fits.gz", "", 0);
  g_test_message ("%s", ack->message);
  g_assert_false (ack->success);
  g_assert_nonnull (strstr (ack->message, "the disk of the cache folder is nearly full"));
  g_assert_nonnull (strstr (ack->message, "decompress it on disk first"));
  g_assert_cmpint (statvfs (cache, &info), ==, 0);
  g_assert_cmpuint (info.f_bfree, >, info.f_blocks / 100 * 99);
  desk_open (&fixture->desk, "a.fits", 1);
  umount2 (cache, MNT_DETACH);
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
  g_test_add ("/daemon/disk-full/saves", Fixture, NULL, fixture_set_up, test_saves, fixture_tear_down);
  g_test_add ("/daemon/disk-full/unpacked", Fixture, NULL, fixture_set_up, test_unpacked, fixture_tear_down);

  return g_test_run ();
}
