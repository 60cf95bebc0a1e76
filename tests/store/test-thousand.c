/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "almu-test-status.h"
#include "store-fixture.h"

/* A thousand kept sessions: what they cost while nobody looks at them. */

#define N_SESSIONS 1000
#define N_FILES 3
#define N_REGIONS 20 /* of each file */
#define MAX_DISK_BYTES (50 << 20)
#define MAX_GROWTH_KB 4096

static void
draw (AlmuSession *session,
      int          file_id,
      int          i)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = NULL;
  AlmuPoint points[6];

  for (guint j = 0; j < G_N_ELEMENTS (points); j++)
    points[j] = (AlmuPoint){ (float) i * 13.25f + (float) j * 1.125f, (float) (j * j) + 0.875f };
  shape = almu_shape_new (ALMU_SHAPE_POLYGON, points, G_N_ELEMENTS (points), 0, &error);
  g_assert_no_error (error);
  almu_session_set_region (session, -1, file_id, shape, &error);
  g_assert_no_error (error);
}

static void
make (Fixture *fixture,
      guint32  id)
{
  AlmuSession *session = add_session (fixture, id);

  for (int file_id = 0; file_id < N_FILES; file_id++)
    {
      g_autofree char *name = g_strdup_printf ("observation_of_%u_%d.image.fits", id, file_id);

      add_file (session, file_id, name);
      for (int i = 0; i < N_REGIONS; i++)
        draw (session, file_id, i);
    }
  almu_sessions_park (fixture->sessions, session);
}

static gsize
get_file_size (Fixture    *fixture,
               const char *suffix)
{
  g_autofree char *path = path_of (fixture, suffix);
  struct stat      info;

  return stat (path, &info) == 0 ? (gsize) info.st_size : 0;
}

static void
test_thousand (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autoptr(GPtrArray) list = NULL;
  g_autoptr(GError) error = NULL;
  guint64 memory;
  gsize   size;
  gint64  begin;
  gint64  listed;

  for (guint32 id = 1; id <= N_SESSIONS; id++)
    make (fixture, id);

  /* as the next process has them */
  close_store (fixture);
  size = get_file_size (fixture, "") + get_file_size (fixture, "-wal");
  memory = almu_test_status_get (0, "VmRSS");
  open_store (fixture, FOR_EVER, N_SESSIONS);

  begin = g_get_monotonic_time ();
  list = almu_archive_list (ALMU_ARCHIVE (fixture->store), &error);
  listed = g_get_monotonic_time () - begin;
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, N_SESSIONS);
  g_clear_pointer (&list, g_ptr_array_unref);

  g_test_message ("%d sessions of %d files with %d regions: %.1f MB on the disk, listed in %.1f ms, %" G_GINT64_FORMAT " kB of memory",
                  N_SESSIONS, N_FILES, N_FILES * N_REGIONS, (double) size / (1 << 20), (double) listed / 1e3,
                  (gint64) almu_test_status_get (0, "VmRSS") - (gint64) memory);
  g_assert_cmpuint (size, <, MAX_DISK_BYTES);
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (almu_test_status_get (0, "VmRSS"), <, memory + MAX_GROWTH_KB);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/store/thousand", test_thousand);

  return g_test_run ();
}
