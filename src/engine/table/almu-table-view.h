/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-data-table.h"

G_BEGIN_DECLS

/**
 * AlmuComparison:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_COMPARISON_EQUAL,
  ALMU_COMPARISON_NOT_EQUAL,
  ALMU_COMPARISON_LESSER,
  ALMU_COMPARISON_GREATER,
  ALMU_COMPARISON_LESSER_OR_EQUAL,
  ALMU_COMPARISON_GREATER_OR_EQUAL,
  ALMU_COMPARISON_RANGE_OPEN,
  ALMU_COMPARISON_RANGE_CLOSED,
} AlmuComparison;

#define ALMU_N_COMPARISONS (ALMU_COMPARISON_RANGE_CLOSED + 1)

/**
 * AlmuFilter: (foreign)
 * @column: ID or name of a column
 * @value: a number to compare with; of a range the lower end
 * @second: the upper end of a range
 * @text: what a cell of text has to contain; "" for anything
 *
 * One condition on the rows of a table.
 */
typedef struct
{
  char          *column;
  AlmuComparison comparison;
  double         value;
  double         second;
  char          *text;
} AlmuFilter;

/**
 * AlmuQuery: (foreign)
 * @filters: (element-type AlmuFilter): all of them hold
 * @sort_column: ID or name; "" for the order of the file
 *
 * Which rows of a table, and in which order.
 */
typedef struct
{
  GPtrArray *filters;
  char      *sort_column;
  gboolean   is_descending;
} AlmuQuery;

AlmuFilter *almu_filter_new (const char    *column,
                             AlmuComparison comparison,
                             double         value,
                             double         second,
                             const char    *text);
AlmuQuery  *almu_query_new (void);
AlmuQuery  *almu_query_copy (const AlmuQuery *self);
gboolean    almu_query_equal (const AlmuQuery *a,
                              const AlmuQuery *b);
void        almu_query_free (AlmuQuery *self);

/**
 * AlmuTableView: (foreign)
 * @rows: (nullable): which rows of @table; %NULL for all as they are
 * @n_bytes: what it counts for beside the table
 *
 * The rows that a query leaves. Immutable, any thread, counted atomically.
 */
typedef struct
{
  gatomicrefcount refs;
  AlmuDataTable  *table;
  guint32        *rows;
  gsize           n_rows;
  gint64          n_bytes;
} AlmuTableView;

AlmuTableView *almu_table_view_new (AlmuDataTable   *table,
                                    const AlmuQuery *query,
                                    GCancellable    *cancellable,
                                    GError         **error);
AlmuTableView *almu_table_view_ref (AlmuTableView *self);
void           almu_table_view_unref (AlmuTableView *self);
GBytes        *almu_table_view_cut (const AlmuTableView *self,
                                    guint                column,
                                    gsize                start,
                                    gsize                n);

/**
 * almu_table_view_get_row:
 * @place: row of the view, from 0; not checked
 *
 * From what the page counts to what the file has.
 *
 * Returns: the row of the table that stands there
 */
static inline gsize
almu_table_view_get_row (const AlmuTableView *self,
                         gsize                place)
{
  return self->rows != NULL ? self->rows[place] : place;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuQuery, almu_query_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTableView, almu_table_view_unref)

G_END_DECLS
