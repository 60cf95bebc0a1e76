/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "almu-polarisation.h"
#include "almu-record.h"
#include "almu-session-catalogs.h"
#include "store-fixture.h"
#include "store-vfs.h"

/* A session that has everything, and each kind of change to it on a disk that
 * fails at the n-th write, for every n: what a kill would leave is the record
 * as it was or as it was to be, and the latter if the change was acknowledged.
 */

#define SESSION 7
#define FILE 0
#define CUBE 3
#define CATALOG 1

/* What a disk says. */
static const int statuses[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };

/* -- changes, each to something else than before ------------------------- */

typedef struct
{
  AlmuSessions *sessions;
  AlmuSession  *session;
  int           n; /* of changes so far */
} Life;

static AlmuFile *
get_file (Life *life)
{
  return almu_session_get_file (life->session, FILE, NULL);
}

static void
open_file (Life *life)
{
  g_autofree char *name = g_strdup_printf ("%d.fits", life->n);

  add_file (life->session, 100 + life->n, name);
}

static void
add_part (GPtrArray  *parts,
          const char *name,
          int         polarisation)
{
  g_autoptr(AlmuFileName) file = almu_file_name_new ("maps", name, "", ALMU_IMAGE_NONE);

  g_ptr_array_add (parts, almu_part_name_new (file, polarisation));
}

static void
open_hypercube (Life *life)
{
  g_autoptr(GPtrArray) parts = almu_part_names_new ();
  g_autoptr(AlmuFileName) name = NULL;
  g_autofree char *first = g_strdup_printf ("sky%d_I.fits", life->n);
  g_autofree char *second = g_strdup_printf ("sky%d_Q.fits", life->n);

  add_part (parts, first, ALMU_POLARISATION_I);
  add_part (parts, second, ALMU_POLARISATION_Q);
  name = almu_file_name_new_hypercube (parts, NULL);
  almu_session_take_file (life->session, almu_file_new (CUBE, name));
}

static void
close_file (Life *life)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *files = almu_session_list_files (life->session);

  almu_session_close_file (life->session, almu_file_get_id (files->pdata[files->len - 1]), &error);
  g_assert_no_error (error);
}

static void
show_plane (Life *life)
{
  AlmuPoint cursor = almu_file_get_cursor (get_file (life));

  almu_file_keep_place (get_file (life), life->n, life->n % 3, &cursor);
}

static void
point_at (Life *life)
{
  almu_file_keep_place (get_file (life), almu_file_get_channel (get_file (life)), 0,
                        &(AlmuPoint){ (float) life->n, 0.5f });
}

static void
draw (Life         *life,
      int           region_id,
      AlmuShapeType type,
      guint         n_points)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, n_points);
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < n_points; i++)
    points[i] = (AlmuPoint){ (float) (life->n + (int) i), (float) (1 + i) / 3 };
  shape = almu_shape_new (type, points, n_points, (float) life->n, &error);
  g_assert_no_error (error);
  almu_session_set_region (life->session, region_id, FILE, shape, &error);
  g_assert_no_error (error);
}

static void
draw_region (Life *life)
{
  draw (life, 1000 + life->n, ALMU_SHAPE_POLYGON, 50);
}

static void
move_region (Life *life)
{
  draw (life, 2, ALMU_SHAPE_ELLIPSE, 2);
}

static void
remove_region (Life *life)
{
  g_autoptr(GPtrArray) regions = almu_session_list_regions (life->session, FILE);
  g_autoptr(GError) error = NULL;

  almu_session_remove_region (life->session, almu_region_get_id (regions->pdata[regions->len - 1]), &error);
  g_assert_no_error (error);
}

static void
want (Life *life)
{
  g_autoptr(GPtrArray) requirements = almu_requirements_new ();
  AlmuRequirement *requirement = almu_requirement_new (2);
  AlmuSpatialWant  spatial = { g_strdup ("x"), life->n, life->n + 10, 1, 3 };
  g_autoptr(GArray) types = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_append_val (types, (int){ 3 });
  requirement->spatial = almu_spatial_wants_new ();
  g_array_append_val (requirement->spatial, spatial);
  requirement->spectral = almu_stats_wants_new ();
  almu_stats_wants_append (requirement->spectral, &(AlmuStatsWant){ (char *) "Qz", types });
  requirement->stats = almu_stats_wants_new ();
  requirement->histograms = almu_histogram_wants_new ();
  almu_histogram_wants_append (requirement->histograms,
                               &(AlmuHistogramWant){ (char *) "z", ALMU_CHANNEL_ALL, TRUE, life->n, TRUE, 0, 1 });
  g_ptr_array_add (requirements, requirement);
  almu_file_keep_requirements (get_file (life), requirements);
}

static void
want_nothing (Life *life)
{
  g_autoptr(GPtrArray) requirements = almu_requirements_new ();

  almu_file_keep_requirements (get_file (life), requirements);
}

static void
draw_contours (Life *life)
{
  g_autoptr(AlmuContourSettings) settings = almu_contour_settings_new ();
  double levels[] = { life->n, life->n + 0.1, life->n + 0.2 };

  almu_contour_settings_set_levels (settings, levels, G_N_ELEMENTS (levels));
  almu_file_set_contours (get_file (life), settings);
}

static void
draw_no_contours (Life *life)
{
  almu_file_set_contours (get_file (life), NULL);
}

static void
draw_vectors (Life *life)
{
  g_autoptr(AlmuVectorSettings) settings = almu_vector_settings_new ();

  settings->factor = life->n;
  settings->intensity = settings->angle = ALMU_VECTOR_COMPUTED;
  almu_file_set_vectors (get_file (life), settings);
}

static void
draw_no_vectors (Life *life)
{
  almu_file_set_vectors (get_file (life), NULL);
}

/* What only the page knows: among it the names and colours of regions. */
static char *
print_look (Life *life)
{
  return g_strdup_printf ("{\"zoom\":%d,\"regions\":{\"2\":{\"name\":\"core %d\",\"color\":\"#ff0000\"}}}", life->n, life->n);
}

static void
look_otherwise (Life *life)
{
  g_autofree char *look = print_look (life);

  almu_file_set_look (get_file (life), look);
}

static void
open_catalog (Life *life)
{
  g_autofree char *name = g_strdup_printf ("stars%d.xml", life->n);
  g_autoptr(AlmuFileName) file_name = almu_file_name_new ("", name, "", ALMU_IMAGE_NONE);

  almu_session_take_catalog (life->session, almu_catalog_file_new (CATALOG, file_name, 50));
}

static void
filter_catalog (Life *life)
{
  g_autoptr(AlmuRowsWant) rows = almu_rows_want_new ();

  g_ptr_array_add (rows->query->filters, almu_filter_new ("mag", ALMU_COMPARISON_RANGE_CLOSED, 1, life->n, ""));
  rows->n_rows = 50;
  almu_catalog_file_keep_want (almu_session_get_catalog (life->session, CATALOG, NULL), rows);
}

static void
plot_catalog (Life *life)
{
  g_autofree char *look = print_look (life);

  almu_catalog_file_set_look (almu_session_get_catalog (life->session, CATALOG, NULL), look);
}

static void
close_catalog (Life *life)
{
  g_autoptr(GError) error = NULL;

  almu_session_close_catalog (life->session, CATALOG, &error);
  g_assert_no_error (error);
}

static void
come_from_elsewhere (Life *life)
{
  g_autofree char *viewer = g_strdup_printf ("%08x", (guint) life->n);

  almu_session_set_viewer (life->session, viewer);
}

static void
begin_anew (Life *life)
{
  almu_session_begin_epoch (life->session);
}

/* One that takes away is made again by the one that is named after it. */
static const struct
{
  const char *name;
  void (*change) (Life *life);
  void (*prepare) (Life *life);
} changes[] = {
  { "file", open_file, NULL },
  { "hypercube", open_hypercube, NULL },
  { "no file", close_file, open_file },
  { "plane", show_plane, NULL },
  { "cursor", point_at, NULL },
  { "region", draw_region, NULL },
  { "place of a region", move_region, NULL },
  { "no region", remove_region, draw_region },
  { "requirements", want, NULL },
  { "no requirements", want_nothing, want },
  { "contours", draw_contours, NULL },
  { "no contours", draw_no_contours, draw_contours },
  { "vectors", draw_vectors, NULL },
  { "no vectors", draw_no_vectors, draw_vectors },
  { "look", look_otherwise, NULL },
  { "catalog", open_catalog, NULL },
  { "filter", filter_catalog, open_catalog },
  { "plot", plot_catalog, open_catalog },
  { "no catalog", close_catalog, open_catalog },
  { "viewer", come_from_elsewhere, NULL },
  { "epoch", begin_anew, NULL },
};

/* Everything at once. */
static void
begin (Life    *life,
       Fixture *fixture)
{
  life->sessions = fixture->sessions;
  life->session = add_session (fixture, SESSION);
  add_file (life->session, FILE, "a.fits");
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      if (g_str_has_prefix (changes[i].name, "no "))
        continue;

      life->n++;
      changes[i].change (life);
    }
  for (int id = 1; id <= 30; id++)
    draw (life, id, id % 2 ? ALMU_SHAPE_RECTANGLE : ALMU_SHAPE_ELLIPSE, 2);
  almu_session_commit (life->session);
}

/* -- what is there ------------------------------------------------------- */

static char *
print_session (Life *life)
{
  g_autoptr(AlmuMemento) memento = almu_session_describe (life->session);

  return almu_record_write (memento, NULL);
}

static void
copy_file (Fixture    *fixture,
           const char *folder,
           const char *suffix)
{
  g_autofree char *from = path_of (fixture, suffix);
  g_autofree char *name = g_path_get_basename (from);
  g_autofree char *to = g_build_filename (folder, name, NULL);
  g_autofree char *content = NULL;
  gsize            length;

  if (g_file_get_contents (from, &content, &length, NULL))
    g_assert_true (g_file_set_contents_full (to, content, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* What would be found if the process were killed now. */
static char *
read_after_kill (Fixture *fixture)
{
  Fixture copy = { .folder = almu_test_make_folder () };
  g_autoptr(AlmuMemento) memento = NULL;

  copy_file (fixture, copy.folder, "");
  copy_file (fixture, copy.folder, "-wal");
  assert_sound (&copy);
  memento = read_kept (copy.folder, SESSION);
  almu_test_remove_folder (copy.folder);
  g_free (copy.folder);

  return almu_record_write (memento, NULL);
}

/* -- the n-th write fails ------------------------------------------------ */

/* Makes the change with the n-th write failing; FALSE if there were fewer. */
static gboolean
change_badly (Fixture *fixture,
              Life    *life,
              guint    kind,
              guint    n,
              guint    n_failures,
              int      status)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *found = NULL;
  gboolean         is_acknowledged;
  gboolean         has_failed;

  life->n++;
  if (changes[kind].prepare != NULL)
    changes[kind].prepare (life);
  almu_session_commit (life->session);
  g_assert_null (almu_store_get_trouble (fixture->store));
  before = print_session (life);

  life->n++;
  store_vfs_fail (n, n_failures, status);
  changes[kind].change (life);
  almu_session_commit (life->session);
  is_acknowledged = almu_store_get_trouble (fixture->store) == NULL;
  has_failed = store_vfs_get_n_failed () > 0;
  store_vfs_fail (0, 0, 0);

  after = print_session (life);
  g_assert_cmpstr (before, !=, after);
  found = read_after_kill (fixture);
  if (is_acknowledged || !g_str_equal (found, before))
    g_assert_cmpstr (found, ==, after);
  g_assert_true (has_failed || is_acknowledged);

  /* it is written as soon as it can be, and is whole */
  g_clear_pointer (&found, g_free);
  g_assert_true (almu_store_flush (fixture->store));
  found = read_after_kill (fixture);
  g_assert_cmpstr (found, ==, after);

  return has_failed;
}

static void
fail (guint n_failures)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      Fixture fixture;
      Life    life = { 0 };
      guint   n_all = 0;

      fixture_set_up (&fixture, NULL);
      begin (&life, &fixture);
      for (guint kind = 0; kind < G_N_ELEMENTS (changes); kind++)
        {
          guint n = 1;

          while (change_badly (&fixture, &life, kind, n, n_failures, statuses[i]))
            n++;
          g_assert_cmpuint (n, >, 1);
          n_all += n - 1;
        }
      g_test_message ("%d changes, %u of them failed", life.n, n_all);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_fails_once (void)
{
  fail (1);
}

static void
test_fails_for_good (void)
{
  fail (G_MAXUINT);
}

/* -- all of them while the disk is full ---------------------------------- */

static gboolean
is_well (gpointer user_data)
{
  return almu_store_get_trouble (((Fixture *) user_data)->store) == NULL;
}

/* What was acknowledged before stays as it was; the last state is written
 * when there is room again, and it is a state that a session is made of. */
static void
test_full (Fixture      *fixture,
           gconstpointer user_data)
{
  Life             life = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *found = NULL;
  g_autofree char *again = NULL;
  g_autoptr(AlmuMemento) memento = NULL;
  g_autoptr(GError) error = NULL;

  almu_store_set_retry (fixture->store, 5);
  begin (&life, fixture);
  before = print_session (&life);
  store_vfs_fail (1, G_MAXUINT, SQLITE_FULL);
  for (guint kind = 0; kind < G_N_ELEMENTS (changes); kind++)
    {
      life.n++;
      if (changes[kind].prepare != NULL)
        changes[kind].prepare (&life);
      changes[kind].change (&life);
      almu_session_commit (life.session);
    }
  g_assert_cmpuint (fixture->troubles->len, ==, 1);
  found = read_after_kill (fixture);
  g_assert_cmpstr (found, ==, before);
  after = print_session (&life);

  store_vfs_fail (0, 0, 0);
  almu_test_await (is_well, fixture);
  g_free (g_steal_pointer (&found));
  found = read_after_kill (fixture);
  g_assert_cmpstr (found, ==, after);
  memento = almu_record_read (found, &error);
  g_assert_no_error (error);
  again = almu_record_write (memento, NULL);
  g_assert_cmpstr (again, ==, after);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  store_vfs_install ();

  g_test_add_func ("/store/store-changes/once", test_fails_once);
  g_test_add_func ("/store/store-changes/for-good", test_fails_for_good);
  add_test ("/store/store-changes/full", test_full);

  return g_test_run ();
}
