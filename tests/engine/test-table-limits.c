/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "almu-data-table.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-table-file.h"
#include "almu-table-view.h"
#include "almu-test-table.h"
#include "almu-test.h"

/* What a table may have: below, at and above each ceiling. */

static void
assert_limit (gboolean      is_good,
              gint64        over,
              const GError *error,
              const char   *complaint)
{
  if (over <= 0)
    {
      g_assert_no_error (error);
      g_assert_true (is_good);
      return;
    }

  g_assert_false (is_good);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  if (strstr (error->message, complaint) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, complaint);
}

static void
test_limits_bytes (void)
{
  for (gint64 over = -1; over <= 1; over++)
    {
      g_autoptr(AlmuDataTable) table = almu_data_table_new (ALMU_TABLE_FITS);
      g_autoptr(GError) error = NULL;
      gboolean is_good = almu_data_table_account (table, ALMU_LIMIT_TABLE_BYTES + over, &error);

      assert_limit (is_good, over, error, "that a table may have in memory");
    }
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, 0);
}

/* All together, with as much memory as one likes and with little. */
static void
test_limits_total (void)
{
  const gint64 budgets[] = { G_MAXINT64, G_GINT64_CONSTANT (1) << 30, 1 };
  const gint64 limits[] = { ALMU_LIMIT_TABLES_BYTES, G_GINT64_CONSTANT (1) << 29, ALMU_LIMIT_TABLES_FLOOR_BYTES };

  for (guint i = 0; i < G_N_ELEMENTS (budgets); i++)
    for (gint64 over = -1; over <= 1; over++)
      {
        g_autoptr(AlmuDataTable) one = almu_data_table_new (ALMU_TABLE_FITS);
        g_autoptr(AlmuDataTable) two = almu_data_table_new (ALMU_TABLE_FITS);
        g_autoptr(AlmuDataTable) three = almu_data_table_new (ALMU_TABLE_FITS);
        g_autoptr(GError) error = NULL;
        gboolean is_good;

        almu_data_table_set_budget (budgets[i]);
        g_assert_true (almu_data_table_account (one, limits[i] / 2 - 10, NULL));
        g_assert_true (almu_data_table_account (two, limits[i] / 2 - 10, NULL));
        is_good = almu_data_table_account (three, 20 + over, &error);
        assert_limit (is_good, over, error, "close one first");

        /* what was refused is not counted */
        g_assert_cmpint (almu_data_table_get_total_bytes (), ==, limits[i] - 20 + (over > 0 ? 0 : 20 + over));
      }
  almu_data_table_set_budget (G_MAXINT64);
}

static AlmuDataTable *
read_text (const char *folder,
           const char *text,
           GError    **error)
{
  g_autofree char *path = g_build_filename (folder, "a.vot", NULL);
  AlmuDataTable   *table;
  int              fd;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  table = almu_table_file_read (fd, "a.vot", ALMU_TABLE_ALL, NULL, error);
  close (fd);

  return table;
}

/* Work on tables is counted with them, and what does not fit changes nothing. */
static void
test_limits_work (void)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autofree char *text = almu_test_votable (1000);
  g_autoptr(AlmuDataTable) table = read_text (folder, text, NULL);
  g_autoptr(AlmuDataTable) rest = almu_data_table_new (ALMU_TABLE_FITS);
  g_autoptr(AlmuQuery) query = almu_query_new ();
  g_autoptr(AlmuTableView) view = NULL;
  gint64 n_before;
  gint64 n_needed;

  g_assert_nonnull (table);
  g_free (query->sort_column);
  query->sort_column = g_strdup (almu_data_table_get_column (table, 0)->name);
  almu_data_table_set_budget (1);
  n_before = almu_data_table_get_total_bytes ();
  view = almu_table_view_new (table, query, NULL, NULL);
  g_assert_nonnull (view);
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, n_before + view->n_bytes);
  /* two copies of keys and numbers, and what is no number, beside the view */
  n_needed = view->n_bytes + 1001 * (2 * 16 + 4);
  g_clear_pointer (&view, almu_table_view_unref);
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, n_before);

  for (gint64 over = -1; over <= 1; over++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_true (almu_data_table_account (rest, ALMU_LIMIT_TABLES_FLOOR_BYTES - n_before - n_needed + over, NULL));
      view = almu_table_view_new (table, query, NULL, &error);
      assert_limit (view != NULL, (int) over, error, "filtering or sorting 1000 rows");
      g_clear_pointer (&view, almu_table_view_unref);
      g_assert_cmpint (almu_data_table_get_total_bytes (), ==, ALMU_LIMIT_TABLES_FLOOR_BYTES - n_needed + over);
    }
  g_assert_true (almu_data_table_account (rest, 0, NULL));

  /* and where not even the rows have room */
  g_assert_true (almu_data_table_account (rest, ALMU_LIMIT_TABLES_FLOOR_BYTES - n_before - 1, NULL));
  {
    g_autoptr(GError) error = NULL;

    g_assert_null (almu_table_view_new (table, query, NULL, &error));
    g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  }

  almu_data_table_set_budget (G_MAXINT64);
  almu_test_remove_folder (folder);
}

static void
test_limits_notes (void)
{
  for (gint64 over = -1; over <= 1; over++)
    {
      g_autoptr(AlmuDataTable) table = almu_data_table_new (ALMU_TABLE_FITS);
      g_autofree char *value = g_strnfill ((gsize) (ALMU_LIMIT_TABLE_NOTES_BYTES - 4 + over), 'v');

      g_assert_cmpint (almu_data_table_note (table, "note", value), ==, over <= 0);
    }
}

static void
test_limits_columns (void)
{
  g_autofree char *folder = almu_test_make_folder ();

  for (int over = -1; over <= 1; over++)
    {
      g_autoptr(GString) text = g_string_new ("<?xml version=\"1.0\"?><VOTABLE><RESOURCE><TABLE>");
      g_autoptr(AlmuDataTable) table = NULL;
      g_autoptr(GError) error = NULL;

      for (int i = 0; i < ALMU_LIMIT_TABLE_COLUMNS + over; i++)
        g_string_append_printf (text, "<FIELD name=\"c%d\" datatype=\"int\"/>", i);
      g_string_append (text, "<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>");
      table = read_text (folder, text->str, &error);
      assert_limit (table != NULL, over, error, "columns");
    }

  almu_test_remove_folder (folder);
}

static void
test_limits_cell (void)
{
  g_autofree char *folder = almu_test_make_folder ();

  for (int over = -1; over <= 1; over++)
    {
      g_autofree char *cell = g_strnfill ((gsize) (ALMU_LIMIT_CELL_BYTES + over), 'x');
      g_autofree char *text = g_strdup_printf ("<?xml version=\"1.0\"?><VOTABLE><RESOURCE><TABLE>"
                                               "<FIELD name=\"c\" datatype=\"char\" arraysize=\"*\"/><DATA><TABLEDATA>"
                                               "<TR><TD>%s</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>",
                                               cell);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = read_text (folder, text, &error);

      assert_limit (table != NULL, over, error, "row 1: a cell");
    }

  almu_test_remove_folder (folder);
}

/* Rows of a header that promises them: the ceiling is looked at first. */
static void
test_limits_rows (void)
{
  g_autofree char *folder = almu_test_make_folder ();

  for (int over = -1; over <= 1; over++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autofree char *path = g_build_filename (folder, "a.fits", NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;
      int fd;

      g_string_append_printf (text, "%-80s%-80s%-80s%-80s", "SIMPLE  =                    T", "BITPIX  =                    8",
                              "NAXIS   =                    0", "END");
      g_string_append_printf (text, "%*s", 2880 - (int) text->len, "");
      g_string_append_printf (text, "%-80s%-80s%-80s%-80sNAXIS2  = %20d%50s%-80s%-80s%-80s%-80s%-80s%-80s",
                              "XTENSION= 'BINTABLE'", "BITPIX  =                    8", "NAXIS   =                    2",
                              "NAXIS1  =                    1", ALMU_LIMIT_TABLE_ROWS + over, "",
                              "PCOUNT  =                    0", "GCOUNT  =                    1",
                              "TFIELDS =                    1", "TTYPE1  = 'c       '", "TFORM1  = '1B      '", "END");
      g_string_append_printf (text, "%*s", 5760 - (int) text->len, "");
      g_assert_true (g_file_set_contents (path, text->str, (gssize) text->len, NULL));
      fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
      table = almu_table_file_read (fd, "a.fits", ALMU_TABLE_HEAD_ONLY, NULL, &error);
      close (fd);
      assert_limit (table != NULL, over, error, "rows");
    }

  almu_test_remove_folder (folder);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/table-limits/bytes", test_limits_bytes);
  g_test_add_func ("/engine/table-limits/total", test_limits_total);
  g_test_add_func ("/engine/table-limits/work", test_limits_work);
  g_test_add_func ("/engine/table-limits/notes", test_limits_notes);
  g_test_add_func ("/engine/table-limits/columns", test_limits_columns);
  g_test_add_func ("/engine/table-limits/cell", test_limits_cell);
  g_test_add_func ("/engine/table-limits/rows", test_limits_rows);

  return g_test_run ();
}
