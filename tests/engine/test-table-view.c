/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "almu-table-view.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-test.h"

/* Filters and orders against the plainest code for the same. */

#define N_COLUMNS ALMU_N_COLUMN_TYPES

static const double specials[] = { 0, -0.0, 1, -1, 127, 128, -128, 255, 256, 3.7, -0.5, 65535, 1e5, 1e10, 1e300, NAN, INFINITY, -INFINITY };

static void
append_random (AlmuColumn *column,
               GRand      *random)
{
  /* few values, so that there are many alike */
  gint32  small = g_rand_int_range (random, -5, 300);
  guint64 integer = (guint64) (g_rand_int_range (random, 0, 4) == 0
                                 ? ((guint64) g_rand_int (random) << 32 | g_rand_int (random))
                                 : (guint64) small);
  double  real = g_rand_int_range (random, 0, 3) == 0 ? specials[g_rand_int_range (random, 0, G_N_ELEMENTS (specials))]
                                                      : small / 4.0;
  float   single = (float) real;
  guint8  truth = small % 2 != 0;
  char    text[64];

  switch (column->type)
    {
    case ALMU_COLUMN_STRING:
      /* beginnings that are alike over eight bytes and more */
      g_snprintf (text, sizeof text, "%.*s%d", g_rand_int_range (random, 0, 30), "prefix prefix prefix prefix prefix", small % 10);
      almu_column_append_text (column, text, strlen (text));
      break;
    case ALMU_COLUMN_FLOAT:
      g_byte_array_append (column->values, (guint8 *) &single, sizeof single);
      break;
    case ALMU_COLUMN_DOUBLE:
      g_byte_array_append (column->values, (guint8 *) &real, sizeof real);
      break;
    case ALMU_COLUMN_BOOL:
      g_byte_array_append (column->values, &truth, 1);
      break;
    case ALMU_COLUMN_UNSUPPORTED:
      break;
    default:
      g_byte_array_append (column->values, (guint8 *) &integer, (guint) almu_column_type_get_size (column->type));
      break;
    }
}

static AlmuDataTable *
make_table (GRand *random,
            gsize  n_rows)
{
  AlmuDataTable *table = almu_data_table_new (ALMU_TABLE_VOTABLE);

  for (int type = 0; type < N_COLUMNS; type++)
    {
      AlmuColumn *column = almu_data_table_add_column (table, type, NULL, g_strdup_printf ("c%d", type),
                                                       g_strdup (""), g_strdup (""));

      for (gsize i = 0; i < n_rows; i++)
        append_random (column, random);
    }
  table->n_rows = (gint64) n_rows;

  return table;
}

/* -- the plain way ------------------------------------------------------- */

/* Integers as long double, which holds all of them. */
static long double
get_value (const AlmuColumn *column,
           gsize             row)
{
  const void *values = column->values->data;

  switch (column->type)
    {
    case ALMU_COLUMN_BOOL:
    case ALMU_COLUMN_UINT8:
      return ((const guint8 *) values)[row];
    case ALMU_COLUMN_INT8:
      return ((const gint8 *) values)[row];
    case ALMU_COLUMN_UINT16:
      return ((const guint16 *) values)[row];
    case ALMU_COLUMN_INT16:
      return ((const gint16 *) values)[row];
    case ALMU_COLUMN_UINT32:
      return ((const guint32 *) values)[row];
    case ALMU_COLUMN_INT32:
      return ((const gint32 *) values)[row];
    case ALMU_COLUMN_UINT64:
      return ((const guint64 *) values)[row];
    case ALMU_COLUMN_INT64:
      return ((const gint64 *) values)[row];
    case ALMU_COLUMN_FLOAT:
      return ((const float *) values)[row];
    default:
      return ((const double *) values)[row];
    }
}

static long double
cast (AlmuColumnType type,
      double         value)
{
  if (type == ALMU_COLUMN_DOUBLE)
    return value;
  if (type == ALMU_COLUMN_FLOAT)
    return (float) value;
  if (type == ALMU_COLUMN_BOOL)
    return value != 0;

  return truncl (value);
}

static gboolean
passes (const AlmuColumn *column,
        gsize             row,
        const AlmuFilter *filter)
{
  long double v, low, high;

  if (column->type == ALMU_COLUMN_STRING)
    return strstr (almu_column_get_text (column, row), filter->text) != NULL;

  v = get_value (column, row);
  low = cast (column->type, filter->value);
  high = cast (column->type, filter->second);
  switch (filter->comparison)
    {
    case ALMU_COMPARISON_EQUAL:
      return v == low;
    case ALMU_COMPARISON_NOT_EQUAL:
      return v != low;
    case ALMU_COMPARISON_LESSER:
      return v < low;
    case ALMU_COMPARISON_GREATER:
      return v > low;
    case ALMU_COMPARISON_LESSER_OR_EQUAL:
      return v <= low;
    case ALMU_COMPARISON_GREATER_OR_EQUAL:
      return v >= low;
    case ALMU_COMPARISON_RANGE_OPEN:
      return v > low && v < high;
    default:
      return v >= low && v <= high;
    }
}

static int
compare_cells (const AlmuColumn *column,
               gsize             a,
               gsize             b,
               gboolean          is_descending)
{
  long double x, y;
  int         sign = is_descending ? -1 : 1;

  if (column->type == ALMU_COLUMN_STRING)
    return sign * strcmp (almu_column_get_text (column, a), almu_column_get_text (column, b));

  x = get_value (column, a);
  y = get_value (column, b);
  if (isnan (x) || isnan (y))
    return isnan (x) - isnan (y);

  return x < y ? -sign : x > y ? sign
                               : 0;
}

static void
assert_view (AlmuDataTable   *table,
             const AlmuQuery *query)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuTableView) view = almu_table_view_new (table, query, NULL, &error);
  g_autofree gboolean *is_seen = g_new0 (gboolean, (gsize) table->n_rows + 1);
  gsize                n_expected = 0;
  int                  sort = almu_data_table_find_column (table, query->sort_column);

  g_assert_no_error (error);
  for (gsize row = 0; row < (gsize) table->n_rows; row++)
    {
      gboolean is_kept = TRUE;

      for (guint i = 0; i < query->filters->len; i++)
        {
          const AlmuFilter *filter = query->filters->pdata[i];

          is_kept = is_kept && passes (almu_data_table_get_column (table, (guint) almu_data_table_find_column (table, filter->column)), row, filter);
        }
      n_expected += is_kept;
      is_seen[row] = !is_kept;
    }
  g_assert_cmpuint (view->n_rows, ==, n_expected);

  for (gsize i = 0; i < view->n_rows; i++)
    {
      gsize row = almu_table_view_get_row (view, i);

      g_assert_false (is_seen[row]);
      is_seen[row] = TRUE;
      if (i == 0)
        continue;

      if (sort >= 0)
        {
          int order = compare_cells (almu_data_table_get_column (table, (guint) sort), almu_table_view_get_row (view, i - 1), row,
                                     query->is_descending);

          g_assert_cmpint (order, <=, 0);
          if (order != 0)
            continue;
        }
      /* alike: as in the file */
      g_assert_cmpuint (almu_table_view_get_row (view, i - 1), <, row);
    }
}

static AlmuFilter *
random_filter (GRand *random)
{
  static const char *const texts[] = { "", "pre", "prefix prefix p", "9", "fix 1", "none" };
  g_autofree char         *name = g_strdup_printf ("c%d", g_rand_int_range (random, 1, N_COLUMNS));
  double                   value = g_rand_boolean (random) ? specials[g_rand_int_range (random, 0, G_N_ELEMENTS (specials))]
                                                           : g_rand_int_range (random, -10, 310) / 4.0;
  double                   second = g_rand_boolean (random) ? specials[g_rand_int_range (random, 0, G_N_ELEMENTS (specials))]
                                                            : value + g_rand_int_range (random, -2, 100);

  return almu_filter_new (name, g_rand_int_range (random, 0, ALMU_N_COMPARISONS), value, second,
                          texts[g_rand_int_range (random, 0, G_N_ELEMENTS (texts))]);
}

static void
test_view_random (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) random = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int round = 0; round < 400; round++)
    {
      g_autoptr(AlmuDataTable) table = make_table (random, (gsize) g_rand_int_range (random, 0, round % 10 == 0 ? 3000 : 120));
      g_autoptr(AlmuQuery) query = almu_query_new ();
      int n_filters = g_rand_int_range (random, 0, 3);

      for (int i = 0; i < n_filters; i++)
        g_ptr_array_add (query->filters, random_filter (random));
      if (g_rand_boolean (random))
        {
          g_free (query->sort_column);
          query->sort_column = g_strdup_printf ("c%d", g_rand_int_range (random, 1, N_COLUMNS));
          query->is_descending = g_rand_boolean (random);
        }
      assert_view (table, query);
    }
}

/* Every comparison with every value that a type does not hold. */
static void
test_view_ranges (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_autoptr(AlmuDataTable) table = make_table (random, 300);

  for (int type = ALMU_COLUMN_UINT8; type < N_COLUMNS; type++)
    for (int comparison = 0; comparison < ALMU_N_COMPARISONS; comparison++)
      for (guint i = 0; i < G_N_ELEMENTS (specials) * G_N_ELEMENTS (specials); i++)
        {
          g_autoptr(AlmuQuery) query = almu_query_new ();
          g_autofree char *name = g_strdup_printf ("c%d", type);

          g_ptr_array_add (query->filters,
                           almu_filter_new (name, comparison, specials[i / G_N_ELEMENTS (specials)],
                                            specials[i % G_N_ELEMENTS (specials)], ""));
          assert_view (table, query);
        }
}

static void
test_view_refused (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (2);
  g_autoptr(AlmuDataTable) table = make_table (random, 10);
  g_autoptr(AlmuQuery) query = almu_query_new ();
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_ptr_array_add (query->filters, almu_filter_new ("none", ALMU_COMPARISON_EQUAL, 1, 0, ""));
  g_assert_null (almu_table_view_new (table, query, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_ptr_array_set_size (query->filters, 0);
  g_free (query->sort_column);
  query->sort_column = g_strdup ("c0");
  g_assert_null (almu_table_view_new (table, query, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_clear_error (&error);

  g_free (query->sort_column);
  query->sort_column = g_strdup ("");
  g_ptr_array_add (query->filters, almu_filter_new ("c11", ALMU_COMPARISON_LESSER, 1, 0, ""));
  g_cancellable_cancel (cancelled);
  g_assert_null (almu_table_view_new (table, query, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Text that is alike for very long neither calls itself very deep nor takes
 * very long. */
static void
test_view_long_text (void)
{
  g_autoptr(AlmuDataTable) table = almu_data_table_new (ALMU_TABLE_VOTABLE);
  AlmuColumn *column = almu_data_table_add_column (table, ALMU_COLUMN_STRING, NULL, g_strdup ("t"), g_strdup (""), g_strdup (""));
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(AlmuQuery) query = almu_query_new ();
  g_autoptr(AlmuTableView) view = NULL;

  for (int i = 0; i < 100000; i++)
    g_string_append_c (text, 'a');
  for (int i = 0; i < 50; i++)
    g_assert_true (almu_column_append_text (column, text->str, text->len - (gsize) (i * 37 % 50) * 1000));
  table->n_rows = 50;
  g_free (query->sort_column);
  query->sort_column = g_strdup ("t");
  assert_view (table, query);
}

/* Figures, not verdicts. */
static void
test_view_million (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (3);
  g_autoptr(AlmuDataTable) table = NULL;

  if (!almu_test_is_slow ())
    {
      g_test_skip ("slow");
      return;
    }

  table = make_table (random, 1000000);
  for (int type = 1; type < N_COLUMNS; type++)
    {
      g_autoptr(AlmuQuery) query = almu_query_new ();
      g_autofree char *name = g_strdup_printf ("c%d", type);
      g_autoptr(AlmuTableView) view = NULL;
      gint64 before;

      g_ptr_array_add (query->filters, almu_filter_new (name, ALMU_COMPARISON_GREATER, 0, 0, "1"));
      g_free (query->sort_column);
      query->sort_column = g_strdup (name);
      before = g_get_monotonic_time ();
      view = almu_table_view_new (table, query, NULL, NULL);
      g_test_message ("type %d: filter and sort of a million in %.1f ms (%" G_GSIZE_FORMAT " left)", type,
                      (double) (g_get_monotonic_time () - before) / 1000, view->n_rows);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/table-view/random", test_view_random);
  g_test_add_func ("/engine/table-view/ranges", test_view_ranges);
  g_test_add_func ("/engine/table-view/refused", test_view_refused);
  g_test_add_func ("/engine/table-view/long-text", test_view_long_text);
  g_test_add_func ("/engine/table-view/million", test_view_million);

  return g_test_run ();
}
