/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-report.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

/* Where the columns begin: letters, not bytes. */
#define NAME_WIDTH 64

struct _BenchReport
{
  JsonArray *rows;
};

/* -- series ------------------------------------------------------------- */

BenchSeries *
bench_series_new (void)
{
  BenchSeries *self = g_new0 (BenchSeries, 1);

  self->values = g_array_new (FALSE, FALSE, sizeof (double));
  self->cpu_ms = g_array_new (FALSE, FALSE, sizeof (double));

  return self;
}

void
bench_series_free (BenchSeries *self)
{
  g_array_unref (self->values);
  g_array_unref (self->cpu_ms);
  g_free (self);
}

void
bench_series_add (BenchSeries *self,
                  double       value)
{
  g_array_append_val (self->values, value);
}

/* In ms, from a time by the monotonic clock. */
void
bench_series_add_since (BenchSeries *self,
                        gint64       begin)
{
  bench_series_add (self, (double) (g_get_monotonic_time () - begin) / 1e3);
}

static int
compare_values (gconstpointer a,
                gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
get_quantile (GArray *values,
              double  q)
{
  g_autoptr(GArray) sorted = g_array_copy (values);

  if (sorted->len == 0)
    return 0;

  g_array_sort (sorted, compare_values);

  return g_array_index (sorted, double, (guint) (q * (sorted->len - 1)));
}

double
bench_series_get_median (const BenchSeries *self)
{
  return get_quantile (self->values, 0.5);
}

double
bench_series_get_quantile (const BenchSeries *self,
                           double             q)
{
  return get_quantile (self->values, q);
}

/* -- table -------------------------------------------------------------- */

BenchReport *
bench_report_new (void)
{
  BenchReport *self = g_new0 (BenchReport, 1);

  self->rows = json_array_new ();

  return self;
}

void
bench_report_free (BenchReport *self)
{
  json_array_unref (self->rows);
  g_free (self);
}

static void
print_padded (const char *name)
{
  int n_letters = (int) g_utf8_strlen (name, -1);

  printf ("%s%*s", name, MAX (NAME_WIDTH - n_letters, 1), "");
}

static void
print_figure (double value)
{
  int n_digits = value < 10 ? 3 : value < 1000 ? 1
                                               : 0;

  printf (" %9.*f", n_digits, value);
}

static void
print_figure_if_any (double value)
{
  if (value > 0)
    print_figure (value);
  else
    printf (" %9s", "-");
}

void
bench_report_section (BenchReport *self,
                      const char  *title)
{
  printf ("\n");
  print_padded (title);
  printf (" %9s %9s %9s %9s %9s %9s\n", "median", "best", "cpu", "floor", "ratio", "goal");
  fflush (stdout);
}

static void
add_row (BenchReport *self,
         const char  *name,
         const char  *unit,
         double       median,
         double       best,
         double       cpu_ms,
         double       least_cpu_ms,
         guint        n_values,
         double       floor,
         double       goal)
{
  JsonObject      *row = json_object_new ();
  g_autofree char *label = g_strdup_printf ("%s, %s", name, unit);

  json_object_set_string_member (row, "name", name);
  json_object_set_string_member (row, "unit", unit);
  json_object_set_double_member (row, "median", median);
  json_object_set_double_member (row, "best", best);
  json_object_set_double_member (row, "cpu", cpu_ms);
  json_object_set_double_member (row, "least_cpu", least_cpu_ms);
  json_object_set_int_member (row, "values", n_values);
  json_object_set_double_member (row, "floor", floor);
  json_object_set_double_member (row, "goal", goal);
  json_array_add_object_element (self->rows, row);

  print_padded (label);
  print_figure (median);
  print_figure (best);
  print_figure_if_any (cpu_ms);
  print_figure_if_any (floor);
  print_figure_if_any (floor > 0 ? median / floor : 0);
  print_figure_if_any (goal);
  printf ("%s\n", goal > 0 && median > goal ? "  missed" : "");
  fflush (stdout);
}

/* @floor and @goal may be 0: there is none. */
void
bench_report_add (BenchReport       *self,
                  const char        *name,
                  const char        *unit,
                  const BenchSeries *series,
                  double             floor,
                  double             goal)
{
  add_row (self, name, unit, get_quantile (series->values, 0.5), get_quantile (series->values, 0),
           get_quantile (series->cpu_ms, 0.5), get_quantile (series->cpu_ms, 0),
           series->values->len, floor, goal);
}

void
bench_report_add_value (BenchReport *self,
                        const char  *name,
                        const char  *unit,
                        double       value,
                        double       floor,
                        double       goal)
{
  add_row (self, name, unit, value, value, 0, 0, 1, floor, goal);
}

/* -- files -------------------------------------------------------------- */

gboolean
bench_report_save (BenchReport *self,
                   const char  *path,
                   GError     **error)
{
  g_autoptr(JsonNode) root = json_node_new (JSON_NODE_ARRAY);
  g_autofree char *text = NULL;

  json_node_set_array (root, self->rows);
  text = json_to_string (root, TRUE);

  return g_file_set_contents (path, text, -1, error);
}

static JsonArray *
load_rows (const char *path,
           GError    **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  JsonNode *root;

  if (!json_parser_load_from_file (parser, path, error))
    return NULL;

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    {
      g_set_error (error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE,
                   "%s does not hold a list of figures, as --json writes it", path);
      return NULL;
    }

  return json_array_ref (json_node_get_array (root));
}

static JsonObject *
find_row (JsonArray  *rows,
          const char *name)
{
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);

      if (g_strcmp0 (json_object_get_string_member_with_default (row, "name", NULL), name) == 0)
        return row;
    }

  return NULL;
}

static double
get_figure (JsonObject *row,
            const char *member)
{
  return json_object_get_double_member_with_default (row, member, 0);
}

static void
compare_row (JsonObject *a,
             JsonObject *b)
{
  static const char *const members[] = { "median", "best", "least_cpu" };
  g_autofree char         *label = NULL;

  label = g_strdup_printf ("%s, %s", json_object_get_string_member_with_default (a, "name", ""),
                           json_object_get_string_member_with_default (a, "unit", ""));
  print_padded (label);
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      double before = get_figure (a, members[i]);
      double after = get_figure (b, members[i]);

      print_figure_if_any (before);
      print_figure_if_any (after);
      print_figure_if_any (before > 0 ? after / before : 0);
    }
  printf ("\n");
}

/* Prints two runs side by side: medians, the best, and the least computing,
 * which other programs disturb least. */
gboolean
bench_report_compare (const char *path_a,
                      const char *path_b,
                      GError    **error)
{
  g_autoptr(JsonArray) a = load_rows (path_a, error);
  g_autoptr(JsonArray) b = a != NULL ? load_rows (path_b, error) : NULL;

  if (b == NULL)
    return FALSE;

  print_padded ("");
  printf (" %9s %9s %9s %9s %9s %9s %9s %9s %9s\n",
          "A", "B", "B / A", "best A", "best B", "B / A", "cpu A", "cpu B", "B / A");
  for (guint i = 0; i < json_array_get_length (a); i++)
    {
      JsonObject *row = json_array_get_object_element (a, i);
      JsonObject *other = find_row (b, json_object_get_string_member_with_default (row, "name", ""));

      if (other != NULL)
        compare_row (row, other);
    }

  return TRUE;
}
