/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "almu-fuzz.h"
#include "almu-table-file.h"
#include "almu-table-view.h"

/* What a page does with a catalog: looks at it, sorts it, filters it, and
 * asks for its rows. */
static void
query (AlmuDataTable *table,
       guint          column)
{
  const AlmuColumn *it = almu_data_table_get_column (table, column);
  g_autoptr(AlmuQuery) all = almu_query_new ();
  g_autoptr(AlmuTableView) view = NULL;
  g_autoptr(GError) error = NULL;

  all->sort_column = (g_free (all->sort_column), g_strdup (it->name));
  all->is_descending = column % 2 == 1;
  g_ptr_array_add (all->filters, almu_filter_new (it->name, (AlmuComparison) (column % ALMU_N_COMPARISONS), -1, 3, "a"));
  view = almu_table_view_new (table, all, NULL, &error);
  if (view != NULL && it->type != ALMU_COLUMN_STRING && it->type != ALMU_COLUMN_UNSUPPORTED)
    g_bytes_unref (almu_table_view_cut (view, column, 0, view->n_rows));
}

static void
read_table (const guint8  *data,
            gsize          size,
            AlmuTableFlags flags)
{
  int fd = almu_fuzz_make_fd (data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = almu_table_file_read (fd, "fuzz", flags, NULL, &error);
  g_autofree char *summary = NULL;

  close (fd);
  g_assert_true ((table == NULL) == (error != NULL));
  if (table == NULL)
    return;

  summary = almu_data_table_dup_summary (table, "fuzz");
  g_assert_true (g_utf8_validate (summary, -1, NULL));
  if (flags == ALMU_TABLE_HEAD_ONLY)
    return;

  for (guint i = 0; i < MIN (table->columns->len, 16); i++)
    query (table, i);
  for (guint i = 0; i < table->columns->len; i++)
    {
      const AlmuColumn *column = almu_data_table_get_column (table, i);

      for (gint64 row = 0; column->type == ALMU_COLUMN_STRING && row < MIN (table->n_rows, 100); row++)
        g_assert_true (g_utf8_validate (almu_column_get_text (column, (gsize) row), -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  read_table (data, size, ALMU_TABLE_HEAD_ONLY);
  read_table (data, size, ALMU_TABLE_ALL);
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, 0);

  return 0;
}
