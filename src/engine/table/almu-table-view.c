/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-table-view.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-table-sort.h"

/* How many rows are looked at before somebody may say stop. */
#define BITE_ROWS 65536

/* -- queries ------------------------------------------------------------ */

static void
filter_free (gpointer data)
{
  AlmuFilter *self = data;

  g_free (self->column);
  g_free (self->text);
  g_free (self);
}

/**
 * almu_filter_new:
 * @column: ID or name of a column; copied
 * @comparison: how to compare with @value
 * @value: of a range the lower end
 * @second: the upper end of a range
 * @text: what a cell of text has to contain, "" for anything; copied
 *
 * Whether there is such a column shows when the query is used.
 *
 * Returns: (transfer full): the condition, for the filters of an #AlmuQuery
 */
AlmuFilter *
almu_filter_new (const char    *column,
                 AlmuComparison comparison,
                 double         value,
                 double         second,
                 const char    *text)
{
  AlmuFilter *self = g_new0 (AlmuFilter, 1);

  self->column = g_strdup (column);
  self->comparison = comparison;
  self->value = value;
  self->second = second;
  self->text = g_strdup (text);

  return self;
}

/**
 * almu_query_new:
 *
 * To be narrowed down by its members.
 *
 * Returns: (transfer full): a query of all rows, in the order of the file
 */
AlmuQuery *
almu_query_new (void)
{
  AlmuQuery *self = g_new0 (AlmuQuery, 1);

  self->filters = g_ptr_array_new_with_free_func (filter_free);
  self->sort_column = g_strdup ("");

  return self;
}

/**
 * almu_query_copy:
 *
 * Copies the filters, too.
 *
 * Returns: (transfer full): a query that shares nothing with @self
 */
AlmuQuery *
almu_query_copy (const AlmuQuery *self)
{
  AlmuQuery *copy = almu_query_new ();

  for (guint i = 0; i < self->filters->len; i++)
    {
      const AlmuFilter *filter = self->filters->pdata[i];

      g_ptr_array_add (copy->filters, almu_filter_new (filter->column, filter->comparison, filter->value,
                                                       filter->second, filter->text));
    }
  g_free (copy->sort_column);
  copy->sort_column = g_strdup (self->sort_column);
  copy->is_descending = self->is_descending;

  return copy;
}

static gboolean
is_same_number (double a,
                double b)
{
  return a == b || (isnan (a) && isnan (b));
}

/**
 * almu_query_equal:
 * @a: a query
 * @b: a query
 *
 * NaN is the same as NaN, and filters in another order are other filters.
 *
 * Returns: whether both say the same
 */
gboolean
almu_query_equal (const AlmuQuery *a,
                  const AlmuQuery *b)
{
  if (a->filters->len != b->filters->len || !g_str_equal (a->sort_column, b->sort_column) ||
      a->is_descending != b->is_descending)
    return FALSE;

  for (guint i = 0; i < a->filters->len; i++)
    {
      const AlmuFilter *x = a->filters->pdata[i];
      const AlmuFilter *y = b->filters->pdata[i];

      if (!g_str_equal (x->column, y->column) || x->comparison != y->comparison ||
          !is_same_number (x->value, y->value) || !is_same_number (x->second, y->second) ||
          !g_str_equal (x->text, y->text))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_query_free:
 * @self: (transfer full): a query
 *
 * Frees the query with its filters. Not for %NULL.
 */
void
almu_query_free (AlmuQuery *self)
{
  g_ptr_array_unref (self->filters);
  g_free (self->sort_column);
  g_free (self);
}

/* -- filters ------------------------------------------------------------ */

/* Keeps those of @rows that hold; all of a bite is compared before the next,
 * without a branch. A number that is not one passes for unequal, and for
 * nothing else. */
#define KEEP(T, CONDITION)                   \
  for (gsize i = start; i < end; i++)        \
    {                                        \
      guint32 row = rows[i];                 \
      T       v = ((const T *) values)[row]; \
                                             \
      rows[n] = row;                         \
      n += (CONDITION) ? 1 : 0;              \
    }                                        \
  break;

#define DEFINE_KEEP(NAME, T)                 \
  static gsize                               \
    keep_##NAME (const void    *values,      \
                 guint32       *rows,        \
                 gsize          n,           \
                 gsize          start,       \
                 gsize          end,         \
                 AlmuComparison comparison,  \
                 T              low,         \
                 T              high)        \
  {                                          \
    switch (comparison)                      \
      {                                      \
      case ALMU_COMPARISON_EQUAL:            \
        KEEP (T, v == low)                   \
      case ALMU_COMPARISON_NOT_EQUAL:        \
        KEEP (T, v != low)                   \
      case ALMU_COMPARISON_LESSER:           \
        KEEP (T, v < low)                    \
      case ALMU_COMPARISON_GREATER:          \
        KEEP (T, v > low)                    \
      case ALMU_COMPARISON_LESSER_OR_EQUAL:  \
        KEEP (T, v <= low)                   \
      case ALMU_COMPARISON_GREATER_OR_EQUAL: \
        KEEP (T, v >= low)                   \
      case ALMU_COMPARISON_RANGE_OPEN:       \
        KEEP (T, v > low && v < high)        \
      case ALMU_COMPARISON_RANGE_CLOSED:     \
        KEEP (T, v >= low && v <= high)      \
      }                                      \
                                             \
    return n;                                \
  }

DEFINE_KEEP (uint8, guint8)
DEFINE_KEEP (int8, gint8)
DEFINE_KEEP (uint16, guint16)
DEFINE_KEEP (int16, gint16)
DEFINE_KEEP (uint32, guint32)
DEFINE_KEEP (int32, gint32)
DEFINE_KEEP (uint64, guint64)
DEFINE_KEEP (int64, gint64)
DEFINE_KEEP (float, float)
DEFINE_KEEP (double, double)

typedef struct
{
  const AlmuFilter *filter;
  const AlmuColumn *column;
  AlmuComparison    comparison;
  double            low;
  double            high;
} Condition;

static gsize
keep_text (const Condition *condition,
           guint32         *rows,
           gsize            n,
           gsize            start,
           gsize            end)
{
  for (gsize i = start; i < end; i++)
    {
      guint32 row = rows[i];

      rows[n] = row;
      n += strstr (almu_column_get_text (condition->column, row), condition->filter->text) != NULL;
    }

  return n;
}

static gsize
keep (const Condition *c,
      guint32         *rows,
      gsize            n,
      gsize            start,
      gsize            end)
{
  const void *values = c->column->values->data;

  switch (c->column->type)
    {
    case ALMU_COLUMN_STRING:
      return keep_text (c, rows, n, start, end);
    case ALMU_COLUMN_BOOL:
    case ALMU_COLUMN_UINT8:
      return keep_uint8 (values, rows, n, start, end, c->comparison, (guint8) c->low, (guint8) c->high);
    case ALMU_COLUMN_INT8:
      return keep_int8 (values, rows, n, start, end, c->comparison, (gint8) c->low, (gint8) c->high);
    case ALMU_COLUMN_UINT16:
      return keep_uint16 (values, rows, n, start, end, c->comparison, (guint16) c->low, (guint16) c->high);
    case ALMU_COLUMN_INT16:
      return keep_int16 (values, rows, n, start, end, c->comparison, (gint16) c->low, (gint16) c->high);
    case ALMU_COLUMN_UINT32:
      return keep_uint32 (values, rows, n, start, end, c->comparison, (guint32) c->low, (guint32) c->high);
    case ALMU_COLUMN_INT32:
      return keep_int32 (values, rows, n, start, end, c->comparison, (gint32) c->low, (gint32) c->high);
    case ALMU_COLUMN_UINT64:
      return keep_uint64 (values, rows, n, start, end, c->comparison, (guint64) c->low, (guint64) c->high);
    case ALMU_COLUMN_INT64:
      return keep_int64 (values, rows, n, start, end, c->comparison, (gint64) c->low, (gint64) c->high);
    case ALMU_COLUMN_FLOAT:
      return keep_float (values, rows, n, start, end, c->comparison, (float) c->low, (float) c->high);
    case ALMU_COLUMN_DOUBLE:
      return keep_double (values, rows, n, start, end, c->comparison, c->low, c->high);
    default:
      return n;
    }
}

/* -- conditions that a type decides ------------------------------------- */

static const struct
{
  double min;
  double above; /* first value above the range, exact */
} ranges[ALMU_N_COLUMN_TYPES] = {
  [ALMU_COLUMN_UINT8] = { 0, 0x1p8 },
  [ALMU_COLUMN_INT8] = { -0x1p7, 0x1p7 },
  [ALMU_COLUMN_UINT16] = { 0, 0x1p16 },
  [ALMU_COLUMN_INT16] = { -0x1p15, 0x1p15 },
  [ALMU_COLUMN_UINT32] = { 0, 0x1p32 },
  [ALMU_COLUMN_INT32] = { -0x1p31, 0x1p31 },
  [ALMU_COLUMN_UINT64] = { 0, 0x1p64 },
  [ALMU_COLUMN_INT64] = { -0x1p63, 0x1p63 },
};

typedef enum
{
  DECIDES_NOTHING,
  DECIDES_ALL,
  DECIDES_NONE,
} Decision;

/* A number that a column of integers cannot hold is below all of them, above
 * all of them, or, if it is not a number, different from all of them. */
static Decision
decide (AlmuColumnType type,
        AlmuComparison comparison,
        double         value)
{
  gboolean is_below = value <= ranges[type].min - 1 && value < ranges[type].min;
  gboolean is_above = value >= ranges[type].above;

  if (!is_below && !is_above && !isnan (value))
    return DECIDES_NOTHING;

  switch (comparison)
    {
    case ALMU_COMPARISON_NOT_EQUAL:
      return DECIDES_ALL;
    case ALMU_COMPARISON_LESSER:
    case ALMU_COMPARISON_LESSER_OR_EQUAL:
      return is_above ? DECIDES_ALL : DECIDES_NONE;
    case ALMU_COMPARISON_GREATER:
    case ALMU_COMPARISON_GREATER_OR_EQUAL:
      return is_below ? DECIDES_ALL : DECIDES_NONE;
    default:
      return DECIDES_NONE;
    }
}

/* A range as its two ends, where one of them decides. */
static Decision
decide_range (Condition *condition)
{
  gboolean       is_open = condition->comparison == ALMU_COMPARISON_RANGE_OPEN;
  AlmuComparison from = is_open ? ALMU_COMPARISON_GREATER : ALMU_COMPARISON_GREATER_OR_EQUAL;
  AlmuComparison to = is_open ? ALMU_COMPARISON_LESSER : ALMU_COMPARISON_LESSER_OR_EQUAL;
  Decision       low = decide (condition->column->type, from, condition->low);
  Decision       high = decide (condition->column->type, to, condition->high);

  if (low == DECIDES_NONE || high == DECIDES_NONE)
    return DECIDES_NONE;
  if (low == DECIDES_ALL && high == DECIDES_ALL)
    return DECIDES_ALL;

  if (low == DECIDES_ALL)
    {
      condition->comparison = to;
      condition->low = condition->high;
    }
  else if (high == DECIDES_ALL)
    {
      condition->comparison = from;
    }

  return DECIDES_NOTHING;
}

/* Prepares a condition: a value is compared as one of the column's type, as
 * the ICD's servers have always done it: a column of integers knows no 3.7. */
static Decision
prepare (Condition *condition)
{
  AlmuColumnType type = condition->column->type;
  gboolean       is_range = condition->comparison >= ALMU_COMPARISON_RANGE_OPEN;
  Decision       decision = DECIDES_NOTHING;

  if (type == ALMU_COLUMN_STRING)
    return *condition->filter->text == '\0' ? DECIDES_ALL : DECIDES_NOTHING;

  if (type == ALMU_COLUMN_BOOL)
    {
      condition->low = condition->low != 0;
      condition->high = condition->high != 0;
    }
  else if (type != ALMU_COLUMN_FLOAT && type != ALMU_COLUMN_DOUBLE)
    {
      decision = is_range ? decide_range (condition)
                          : decide (type, condition->comparison, condition->low);
    }

  if (!is_range && condition->comparison < ALMU_COMPARISON_RANGE_OPEN)
    condition->high = condition->low;

  return decision;
}

/* -- the view ----------------------------------------------------------- */

static const AlmuColumn *
find_column (AlmuDataTable *table,
             const char    *name,
             gboolean       is_sorting,
             GError       **error)
{
  int               index = almu_data_table_find_column (table, name);
  const AlmuColumn *column = index >= 0 ? almu_data_table_get_column (table, (guint) index) : NULL;

  if (column == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 is_sorting ? _ ("There is no column “%s” to sort by") : _ ("There is no column “%s” to filter by"), name);
  else if (column->type == ALMU_COLUMN_UNSUPPORTED)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 is_sorting ? _ ("Column “%s” has cells of more than one value: nothing to sort by") : _ ("Column “%s” has cells of more than one value: nothing to filter by"), name);
  else
    return column;

  return NULL;
}

static gboolean
apply_filter (AlmuTableView    *self,
              const AlmuFilter *filter,
              GCancellable     *cancellable,
              GError          **error)
{
  Condition condition = {
    .filter = filter,
    .column = find_column (self->table, filter->column, FALSE, error),
    .comparison = filter->comparison,
    .low = filter->value,
    .high = filter->second,
  };
  Decision decision;
  gsize    n = 0;

  if (condition.column == NULL)
    return FALSE;

  decision = prepare (&condition);
  if (decision == DECIDES_ALL)
    return TRUE;

  for (gsize start = 0; start < self->n_rows && decision == DECIDES_NOTHING; start += BITE_ROWS)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      n = keep (&condition, self->rows, n, start, MIN (start + BITE_ROWS, self->n_rows));
    }
  self->n_rows = n;

  return TRUE;
}

static gint64
get_row_bytes (const AlmuTableView *self)
{
  return (gint64) ((self->n_rows + 1) * sizeof *self->rows);
}

static gboolean
apply (AlmuTableView   *self,
       const AlmuQuery *query,
       GCancellable    *cancellable,
       GError         **error)
{
  const AlmuColumn *column = NULL;

  /* before anything takes time */
  if (*query->sort_column != '\0')
    {
      column = find_column (self->table, query->sort_column, TRUE, error);
      if (column == NULL)
        return FALSE;
    }

  if (query->filters->len == 0 && column == NULL)
    return TRUE;

  if (!almu_data_table_borrow (get_row_bytes (self), error))
    return FALSE;

  self->rows = g_new (guint32, self->n_rows + 1);
  self->n_bytes = get_row_bytes (self);
  for (gsize i = 0; i < self->n_rows; i++)
    self->rows[i] = (guint32) i;

  for (guint i = 0; i < query->filters->len; i++)
    if (!apply_filter (self, query->filters->pdata[i], cancellable, error))
      return FALSE;

  return column == NULL ||
         almu_table_sort (column, self->rows, self->n_rows, query->is_descending, cancellable, error);
}

/**
 * almu_table_view_new:
 * @table: what to look at; a reference is kept
 * @query: which rows, and in which order; not kept
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Filters and sorts a table. Rows that sort alike stay in their order, and
 * what is not a number comes last, whichever way round.
 *
 * Returns: (transfer full): the rows, or %NULL
 */
AlmuTableView *
almu_table_view_new (AlmuDataTable   *table,
                     const AlmuQuery *query,
                     GCancellable    *cancellable,
                     GError         **error)
{
  AlmuTableView *self = g_new0 (AlmuTableView, 1);

  g_atomic_ref_count_init (&self->refs);
  self->table = almu_data_table_ref (table);
  self->n_rows = (gsize) MAX (table->n_rows, 0);
  if (apply (self, query, cancellable, error))
    return self;

  if (error != NULL && g_error_matches (*error, ALMU_ERROR, ALMU_ERROR_LIMIT))
    g_prefix_error (error, _ ("filtering or sorting %" PRId64 " rows: "), table->n_rows);
  almu_table_view_unref (self);

  return NULL;
}

/**
 * almu_table_view_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuTableView *
almu_table_view_ref (AlmuTableView *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_table_view_unref:
 * @self: (transfer full): a view
 *
 * Frees the view with the last reference, and lets go of its table. Any thread.
 * Not for %NULL.
 */
void
almu_table_view_unref (AlmuTableView *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  almu_data_table_unref (self->table);
  g_free (self->rows);
  almu_data_table_give_back (self->n_bytes);
  g_free (self);
}

#define GATHER(T)                                              \
  for (gsize i = 0; i < n; i++)                                \
    ((T *) to)[i] = ((const T *) from)[self->rows[start + i]]; \
  break;

static void
gather (const AlmuTableView *self,
        gsize                size,
        const void          *from,
        void                *to,
        gsize                start,
        gsize                n)
{
  if (self->rows == NULL)
    {
      memcpy (to, (const guint8 *) from + start * size, n * size);
      return;
    }

  switch (size)
    {
    case 1:
      GATHER (guint8)
    case 2:
      GATHER (guint16)
    case 4:
      GATHER (guint32)
    default:
      GATHER (guint64)
    }
}

/**
 * almu_table_view_cut:
 * @column: index of a column of the table; not checked
 * @start: first row of the view, from 0
 * @n: how many rows from there; they have to be in the view
 *
 * Copies some cells of a column. Any thread.
 *
 * Returns: (transfer full): cells one after the other, in the machine's
 *   order of bytes; of a text column where each begins in its text; nothing of a
 *   column that is unsupported
 */
GBytes *
almu_table_view_cut (const AlmuTableView *self,
                     guint                column,
                     gsize                start,
                     gsize                n)
{
  const AlmuColumn *from = almu_data_table_get_column (self->table, column);
  gsize             size = almu_column_type_get_size (from->type);
  gpointer          cells;

  g_return_val_if_fail (start <= self->n_rows && n <= self->n_rows - start, NULL);

  if (size == 0 || n == 0)
    return g_bytes_new (NULL, 0);

  cells = g_malloc (n * size);
  gather (self, size, from->values->data, cells, start, n);

  return g_bytes_new_take (cells, n * size);
}
