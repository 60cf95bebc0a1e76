/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-data-table.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Tables cannot be dropped as planes are: who works with one keeps it. They
 * are counted instead, all of the process together. */
static gint64 total_bytes; /* atomic */
static gint64 max_total_bytes = ALMU_LIMIT_TABLES_BYTES;

static void
column_free (gpointer data)
{
  AlmuColumn *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->unit);
  g_free (self->description);
  g_clear_pointer (&self->values, g_byte_array_unref);
  g_clear_pointer (&self->text, g_byte_array_unref);
  g_free (self);
}

static void
coosys_free (gpointer data)
{
  AlmuCoosys *self = data;

  g_free (self->system);
  g_free (self->equinox);
  g_free (self->epoch);
  g_free (self);
}

/**
 * almu_data_table_new:
 * @format: what kind of file it is read from
 *
 * For a reader to fill; nobody else may have it meanwhile.
 *
 * Returns: (transfer full): a table without columns
 */
AlmuDataTable *
almu_data_table_new (AlmuTableFormat format)
{
  AlmuDataTable *self = g_new0 (AlmuDataTable, 1);

  g_atomic_ref_count_init (&self->refs);
  self->format = format;
  self->name = g_strdup ("");
  self->description = g_strdup ("");
  self->parameters = g_string_new (NULL);
  self->coosys = g_ptr_array_new_with_free_func (coosys_free);
  self->columns = g_ptr_array_new_with_free_func (column_free);

  return self;
}

/**
 * almu_data_table_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuDataTable *
almu_data_table_ref (AlmuDataTable *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_data_table_unref:
 * @self: (transfer full): a table
 *
 * Frees the table with the last reference, and gives back what it counted for.
 * Any thread. Not for %NULL.
 */
void
almu_data_table_unref (AlmuDataTable *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  __atomic_sub_fetch (&total_bytes, self->n_bytes, __ATOMIC_RELAXED);
  g_free (self->name);
  g_free (self->description);
  g_string_free (self->parameters, TRUE);
  g_ptr_array_unref (self->coosys);
  g_ptr_array_unref (self->columns);
  g_free (self->odd_cell);
  g_free (self);
}

/**
 * almu_data_table_get_total_bytes:
 *
 * As the readers have accounted for them. Any thread.
 *
 * Returns: what all tables of the process take in memory
 */
gint64
almu_data_table_get_total_bytes (void)
{
  return __atomic_load_n (&total_bytes, __ATOMIC_RELAXED);
}

/**
 * almu_data_table_set_budget:
 * @budget: bytes that all that is kept in memory may take, tables too
 *
 * Before any table is read.
 */
void
almu_data_table_set_budget (gint64 budget)
{
  max_total_bytes = CLAMP (budget / 2, ALMU_LIMIT_TABLES_FLOOR_BYTES, ALMU_LIMIT_TABLES_BYTES);
}

/**
 * almu_column_type_get_size:
 * @type: of a column
 *
 * Cells of text are places in the column's text.
 *
 * Returns: bytes of one cell in the column's values; 0 for an unsupported column
 */
gsize
almu_column_type_get_size (AlmuColumnType type)
{
  static const gsize sizes[] = {
    [ALMU_COLUMN_STRING] = sizeof (guint32),
    [ALMU_COLUMN_UINT8] = 1,
    [ALMU_COLUMN_INT8] = 1,
    [ALMU_COLUMN_UINT16] = 2,
    [ALMU_COLUMN_INT16] = 2,
    [ALMU_COLUMN_UINT32] = 4,
    [ALMU_COLUMN_INT32] = 4,
    [ALMU_COLUMN_UINT64] = 8,
    [ALMU_COLUMN_INT64] = 8,
    [ALMU_COLUMN_FLOAT] = sizeof (float),
    [ALMU_COLUMN_DOUBLE] = sizeof (double),
    [ALMU_COLUMN_BOOL] = 1,
  };

  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (sizes), 0);

  return sizes[type];
}

/**
 * almu_data_table_find_column:
 * @name: an ID, or else a name; case matters
 *
 * An ID counts before any name; of several columns of one name it is the first.
 *
 * Returns: its index, or -1
 */
int
almu_data_table_find_column (const AlmuDataTable *self,
                             const char          *name)
{
  for (guint i = 0; i < self->columns->len; i++)
    if (g_strcmp0 (almu_data_table_get_column (self, i)->id, name) == 0)
      return (int) i;

  for (guint i = 0; i < self->columns->len; i++)
    if (g_str_equal (almu_data_table_get_column (self, i)->name, name))
      return (int) i;

  return -1;
}

/**
 * almu_data_table_dup_summary:
 * @file_name: as people call the file
 *
 * What the page shows of a file before it is opened, a line for each thing.
 *
 * Returns: (transfer full): what people want to know before they open it
 */
char *
almu_data_table_dup_summary (const AlmuDataTable *self,
                             const char          *file_name)
{
  const AlmuCoosys *coosys = self->coosys->len > 0 ? self->coosys->pdata[0] : NULL;
  g_autofree char  *n_rows = NULL;

  n_rows = self->n_rows >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, self->n_rows)
                             : g_strdup ("not told by the file's head");

  return g_strdup_printf ("Name: %s\nDescription: %s\nColumn Count: %u\nRow Count: %s\n"
                          "Coordinate System: %s\nEpoch: %s\nEquinox: %s\n%s",
                          file_name, self->description, self->columns->len, n_rows,
                          coosys != NULL ? coosys->system : "",
                          coosys != NULL ? coosys->epoch : "",
                          coosys != NULL ? coosys->equinox : "",
                          self->parameters->str);
}

/* -- for the readers ---------------------------------------------------- */

/**
 * almu_data_table_add_column:
 * @type: what its cells are
 * @id: (nullable) (transfer full): what a VOTable calls it beside its name
 * @name: (transfer full): may be empty
 * @unit: (transfer full): may be empty
 * @description: (transfer full): may be empty
 *
 * For a reader, before the first row. Cells are then added to its values.
 *
 * Returns: (transfer none): the new column, behind those there are
 */
AlmuColumn *
almu_data_table_add_column (AlmuDataTable *self,
                            AlmuColumnType type,
                            char          *id,
                            char          *name,
                            char          *unit,
                            char          *description)
{
  AlmuColumn *column = g_new0 (AlmuColumn, 1);

  column->id = id;
  column->name = name;
  column->unit = unit;
  column->description = description;
  column->type = type;
  column->values = g_byte_array_new ();
  if (type == ALMU_COLUMN_STRING)
    column->text = g_byte_array_new ();
  g_ptr_array_add (self->columns, column);

  return column;
}

/**
 * almu_data_table_add_coosys:
 * @system: such as "ICRS"; copied, as are the others
 * @equinox: (nullable): as the file has it
 * @epoch: (nullable): as the file has it
 *
 * For a reader. Only the first system counts, since the page looks at no other.
 */
void
almu_data_table_add_coosys (AlmuDataTable *self,
                            const char    *system,
                            const char    *equinox,
                            const char    *epoch)
{
  AlmuCoosys *coosys;

  /* the page looks at the first only */
  if (self->coosys->len > 0)
    return;

  coosys = g_new0 (AlmuCoosys, 1);
  coosys->system = g_strdup (system);
  coosys->equinox = g_strdup (equinox);
  coosys->epoch = g_strdup (epoch);
  g_ptr_array_add (self->coosys, coosys);
}

/**
 * almu_data_table_note:
 * @name: what it is about
 * @value: what it says
 *
 * Adds a line about the whole table.
 *
 * Returns: %FALSE if there are too many of them; this one is left out
 */
gboolean
almu_data_table_note (AlmuDataTable *self,
                      const char    *name,
                      const char    *value)
{
  if (self->parameters->len + strlen (name) + strlen (value) > ALMU_LIMIT_TABLE_NOTES_BYTES)
    return FALSE;

  g_string_append_printf (self->parameters, "%s: %s\n", name, value);

  return TRUE;
}

/* Or nothing more counts. */
static gboolean
count_more (gint64   more,
            GError **error)
{
  if (__atomic_add_fetch (&total_bytes, more, __ATOMIC_RELAXED) <= max_total_bytes)
    return TRUE;

  __atomic_sub_fetch (&total_bytes, more, __ATOMIC_RELAXED);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("does not fit beside the other catalogs, which may have %" PRId64
                  " bytes in memory together; close one first"),
               max_total_bytes);

  return FALSE;
}

/**
 * almu_data_table_borrow:
 * @n_bytes: what work on a table takes in memory, beside the table
 * @error: return location; %ALMU_ERROR_LIMIT if it is too much beside all tables of
 *   the process
 *
 * To be followed by almu_data_table_give_back() of as many, if it succeeds. Any
 * thread.
 *
 * Returns: whether it may take so much
 */
gboolean
almu_data_table_borrow (gint64   n_bytes,
                        GError **error)
{
  return count_more (n_bytes, error);
}

/**
 * almu_data_table_give_back:
 * @n_bytes: what was borrowed
 *
 * It is free. Any thread.
 */
void
almu_data_table_give_back (gint64 n_bytes)
{
  __atomic_sub_fetch (&total_bytes, n_bytes, __ATOMIC_RELAXED);
}

/**
 * almu_data_table_account:
 * @n_bytes: what the table takes in memory by now
 * @error: return location; %ALMU_ERROR_LIMIT if it is too large, or too large beside
 *   the other tables of the process
 *
 * For a reader, now and then while a table grows. Any thread.
 *
 * Returns: whether it may take so much; if not it still counts for what it did
 */
gboolean
almu_data_table_account (AlmuDataTable *self,
                         gint64         n_bytes,
                         GError       **error)
{
  if (n_bytes > ALMU_LIMIT_TABLE_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("takes more than the %" PRId64 " bytes that a table may have in memory"),
                   (gint64) ALMU_LIMIT_TABLE_BYTES);
      return FALSE;
    }

  if (!count_more (n_bytes - self->n_bytes, error))
    return FALSE;

  self->n_bytes = n_bytes;

  return TRUE;
}

/**
 * almu_data_table_note_odd:
 * @row: counted from 0
 * @column: index of a column
 * @cell: what stands there
 * @type: what should
 *
 * For a reader: a cell that is not of its column's type, and became NaN or 0. They
 * are counted, and the first is told to people.
 */
void
almu_data_table_note_odd (AlmuDataTable *self,
                          gint64         row,
                          guint          column,
                          const char    *cell,
                          const char    *type)
{
  self->n_odd_cells++;
  if (self->odd_cell == NULL)
    self->odd_cell = g_strdup_printf (_ ("row %" PRId64 ", column “%s”: “%.40s” is not of type %s"),
                                      row + 1, almu_data_table_get_column (self, column)->name, cell, type);
}

/**
 * almu_column_append_text:
 * @text: (array length=n_bytes): the cell; what is not UTF-8 is replaced
 * @n_bytes: how many
 *
 * Adds a cell to a text column. A zero ends it.
 *
 * Returns: %FALSE if there is more text than can be counted
 */
gboolean
almu_column_append_text (AlmuColumn *self,
                         const char *text,
                         gsize       n_bytes)
{
  static const guint8 end = 0;
  const char         *zero = memchr (text, '\0', n_bytes);
  guint32             offset = self->text->len;
  g_autofree char    *valid = NULL;

  if (zero != NULL)
    n_bytes = (gsize) (zero - text);

  if (!g_utf8_validate (text, (gssize) n_bytes, NULL))
    {
      valid = g_utf8_make_valid (text, (gssize) n_bytes);
      text = valid;
      n_bytes = strlen (valid);
    }

  if (offset + (guint64) n_bytes + 1 > G_MAXINT32)
    return FALSE;

  g_byte_array_append (self->values, (const guint8 *) &offset, sizeof offset);
  g_byte_array_append (self->text, (const guint8 *) text, (guint) n_bytes);
  g_byte_array_append (self->text, &end, 1);

  return TRUE;
}
