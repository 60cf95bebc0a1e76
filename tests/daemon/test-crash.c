/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sqlite3.h>

#include "test-desk.h"

/* The service is killed at moments chosen at random. What its viewer saw
 * acknowledged is there afterwards, and beside it at most the one change that
 * was on its way.
 */

#define N_ROUNDS 200
#define N_ROUNDS_SLOW 3000
#define SIDE 64

/* Where a region is, and where it may be already. */
typedef struct
{
  float acknowledged;
  float sent;
} Place;

static void
write_images (Desk *desk)
{
  for (int i = 0; i < 2; i++)
    {
      g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
      g_autofree char   *name = g_strdup_printf ("%d.fits", i);
      g_autofree char   *path = NULL;
      g_autofree double *values = g_new0 (double, SIDE *SIDE);

      almu_test_fits_begin (fits, -32, 2, (gint64[]){ SIDE, SIDE });
      almu_test_fits_end_header (fits);
      almu_test_fits_values (fits, SIDE * SIDE, values);
      almu_test_fits_end (fits);
      path = almu_test_fits_save (fits, desk->folder, name);
    }
}

/* What the record of the session says of one region: its x, or NAN. */
static double
find_kept (sqlite3 *database,
           guint32  session_id,
           int      region_id)
{
  g_autofree char *sql = NULL;
  sqlite3_stmt    *statement = NULL;
  double           x = NAN;

  sql = g_strdup_printf ("SELECT json_extract (region.value, '$.points[0][0]')"
                         " FROM records, json_each (records.json, '$.files') AS file,"
                         " json_each (file.value, '$.regions') AS region"
                         " WHERE records.id = %u AND json_extract (region.value, '$.id') = %d",
                         session_id, region_id);
  g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL), ==, SQLITE_OK);
  if (sqlite3_step (statement) == SQLITE_ROW)
    x = sqlite3_column_double (statement, 0);
  sqlite3_finalize (statement);

  return x;
}

/* The acknowledged state or the one after it, region by region. */
static void
check_kept (Desk       *desk,
            GHashTable *places)
{
  g_autofree char *path = g_build_filename (desk->state_dir, "sessions.db", NULL);
  sqlite3         *database = NULL;
  GHashTableIter   iter;
  gpointer         key;
  Place           *place;

  g_assert_cmpint (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_hash_table_iter_init (&iter, places);
  while (g_hash_table_iter_next (&iter, &key, (gpointer *) &place))
    {
      float x = (float) find_kept (database, desk->session_id, GPOINTER_TO_INT (key));

      g_test_message ("region %d at %g: acknowledged at %g, sent to %g",
                      GPOINTER_TO_INT (key), x, place->acknowledged, place->sent);
      g_assert_true (x == place->acknowledged || x == place->sent);
      place->acknowledged = place->sent = x;
    }
  sqlite3_close (database);
}

static void
send_move (Desk *desk,
           int   region_id,
           float x)
{
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      point = CARTA__POINT__INIT;
  CARTA__Point     *points[] = { &point };

  point.x = x;
  point.y = 1;
  info.n_control_points = 1;
  info.control_points = points;
  message.region_id = region_id;
  message.region_info = &info;
  almu_test_viewer_send (desk->viewer, &message.base);
}

/* A region is drawn or moved, and that is acknowledged. */
static void
change (Desk       *desk,
        GHashTable *places)
{
  float x = (float) g_test_rand_int_range (0, SIDE * 16) / 16;
  int   region_id = -1;
  int   n = (int) g_hash_table_size (places);

  if (n > 0 && (n >= 20 || g_test_rand_bit ()))
    region_id = g_test_rand_int_range (1, n + 1);

  region_id = almu_test_draw (desk->viewer, 0, region_id, CARTA__REGION_TYPE__POINT,
                              (float[]){ x, 1 }, 1, 0);
  g_hash_table_insert (places, GINT_TO_POINTER (region_id),
                       g_memdup2 (&(Place){ x, x }, sizeof (Place)));
}

/* The last change is on its way when the service dies: not read, read, or
 * acknowledged. */
static void
crash (Desk       *desk,
       GHashTable *places)
{
  int    region_id = g_test_rand_int_range (1, (int) g_hash_table_size (places) + 1);
  Place *place = g_hash_table_lookup (places, GINT_TO_POINTER (region_id));
  int    n = g_test_rand_int_range (0, 4);

  place->sent = (float) g_test_rand_int_range (0, SIDE * 16) / 16;
  send_move (desk, region_id, place->sent);
  for (int i = 0; i < n; i++)
    g_main_context_iteration (NULL, FALSE);

  almu_test_daemon_kill (desk->daemon);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  g_clear_pointer (&desk->daemon, almu_test_daemon_free);
}

static void
test_crash_rounds (Desk         *desk,
                   gconstpointer user_data)
{
  g_autoptr(GHashTable) places = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  int n_rounds = g_test_slow () ? N_ROUNDS_SLOW : N_ROUNDS;

  write_images (desk);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char                       *name = g_strdup_printf ("%d.fits", i);
      almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (desk->viewer, "", name, "", i);

      g_assert_true (ack->success);
    }

  for (int round = 0; round < n_rounds; round++)
    {
      int n = g_test_rand_int_range (1, 5);

      for (int i = 0; i < n; i++)
        change (desk, places);
      crash (desk, places);

      desk_start (desk, NULL);
      check_kept (desk, places);
      desk->viewer = desk_register (desk, &desk->session_id);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/crash/rounds", test_crash_rounds);

  return g_test_run ();
}
