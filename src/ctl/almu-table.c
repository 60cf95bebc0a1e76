/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-table.h"

/* Between two columns. */
#define GAP 2

struct _AlmuTable
{
  guint      n_columns;
  GPtrArray *cells;
};

/**
 * almu_table_new:
 * @n_columns: at least 1
 *
 * A table has no header of its own: that is its first row.
 *
 * Returns: (transfer full): a table without rows
 */
AlmuTable *
almu_table_new (guint n_columns)
{
  AlmuTable *self;

  g_return_val_if_fail (n_columns > 0, NULL);

  self = g_new0 (AlmuTable, 1);
  self->n_columns = n_columns;
  self->cells = g_ptr_array_new_with_free_func (g_free);

  return self;
}

/**
 * almu_table_free:
 * @self: (transfer full): a table
 *
 * Frees the table and the text in its cells. Not for %NULL.
 */
void
almu_table_free (AlmuTable *self)
{
  g_ptr_array_unref (self->cells);
  g_free (self);
}

/**
 * almu_table_make_safe:
 * @text: anything
 *
 * What could command a terminal becomes \u and its number in hexadecimal, and
 * what is not UTF-8 the sign for that.
 *
 * Returns: (transfer full): @text with its control characters written out
 */
char *
almu_table_make_safe (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString         *safe = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar letter = g_utf8_get_char (c);

      if (g_unichar_isprint (letter))
        g_string_append_unichar (safe, letter);
      else
        g_string_append_printf (safe, "\\u%04x", letter);
    }

  return g_string_free (safe, FALSE);
}

/**
 * almu_table_add:
 * @text: of the next cell; copied
 *
 * Fills the cells of a row from the left, and begins a new row after the last
 * of them. What is not text is made so by almu_table_make_safe().
 */
void
almu_table_add (AlmuTable  *self,
                const char *text)
{
  g_ptr_array_add (self->cells, almu_table_make_safe (text));
}

/**
 * almu_table_add_number:
 * @number: of the next cell, in decimal
 *
 * As almu_table_add(). Numbers stand to the left of their columns, as text does.
 */
void
almu_table_add_number (AlmuTable *self,
                       guint32    number)
{
  g_ptr_array_add (self->cells, g_strdup_printf ("%u", number));
}

/**
 * almu_table_get_n_rows:
 *
 * The header is one of them, if there is one.
 *
 * Returns: how many rows are complete
 */
guint
almu_table_get_n_rows (AlmuTable *self)
{
  return self->cells->len / self->n_columns;
}

/**
 * almu_table_measure:
 * @text: valid UTF-8
 *
 * Signs of East Asia take two columns, combining ones none.
 *
 * Returns: how many columns of a terminal @text takes
 */
guint
almu_table_measure (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar letter = g_utf8_get_char (text);

      if (!g_unichar_iszerowidth (letter))
        width += g_unichar_iswide (letter) ? 2 : 1;
    }

  return width;
}

static guint
get_column_width (AlmuTable *self,
                  guint      column)
{
  guint width = 0;

  for (guint i = column; i < self->cells->len; i += self->n_columns)
    width = MAX (width, almu_table_measure (self->cells->pdata[i]));

  return width;
}

/**
 * almu_table_print:
 * @self: a table
 *
 * Prints the table to standard output. Columns are as wide as their widest cell
 * and a gap; the last one is not filled up, since nothing follows.
 */
void
almu_table_print (AlmuTable *self)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);

  for (guint i = 0; i < self->n_columns; i++)
    widths[i] = get_column_width (self, i);

  for (guint i = 0; i < self->cells->len; i++)
    {
      const char *cell = self->cells->pdata[i];
      guint       column = i % self->n_columns;

      if (column + 1 == self->n_columns)
        g_print ("%s\n", cell);
      else
        g_print ("%s%*s", cell, (int) (widths[column] - almu_table_measure (cell) + GAP), "");
    }
}
