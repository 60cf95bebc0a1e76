/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuColumnType:
 * @ALMU_COLUMN_UNSUPPORTED: known by name only: arrays, complex numbers, bits
 *
 * What the cells of a column are, numbered as in the ICD.
 */
typedef enum
{
  ALMU_COLUMN_UNSUPPORTED,
  ALMU_COLUMN_STRING,
  ALMU_COLUMN_UINT8,
  ALMU_COLUMN_INT8,
  ALMU_COLUMN_UINT16,
  ALMU_COLUMN_INT16,
  ALMU_COLUMN_UINT32,
  ALMU_COLUMN_INT32,
  ALMU_COLUMN_UINT64,
  ALMU_COLUMN_INT64,
  ALMU_COLUMN_FLOAT,
  ALMU_COLUMN_DOUBLE,
  ALMU_COLUMN_BOOL,
} AlmuColumnType;

#define ALMU_N_COLUMN_TYPES (ALMU_COLUMN_BOOL + 1)

/**
 * AlmuColumn:
 * @id: (nullable): what a VOTable calls it beside its name
 * @name: may be empty
 * @values: the cells one after the other, in the machine's order of bytes;
 *   of a text column where each begins in @text
 * @text: (nullable): the cells of a text column, each ended by a zero
 *
 * All text is UTF-8.
 */
typedef struct
{
  char          *id;
  char          *name;
  char          *unit;
  char          *description;
  AlmuColumnType type;
  GByteArray    *values;
  GByteArray    *text;
} AlmuColumn;

/**
 * AlmuCoosys:
 *
 * A system of coordinates, in the words of the file.
 */
typedef struct
{
  char *system;
  char *equinox;
  char *epoch;
} AlmuCoosys;

/**
 * AlmuTableFormat:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_TABLE_FITS,
  ALMU_TABLE_VOTABLE,
} AlmuTableFormat;

/**
 * AlmuDataTable: (foreign)
 * @name: of the table in the file; may be empty
 * @description: of the table; may be empty
 * @parameters: what the file tells of the whole, a line for each
 * @coosys: (element-type AlmuCoosys): at most one
 * @columns: (element-type AlmuColumn)
 * @n_rows: how many rows there are, or -1 if only the head was read and it
 *   does not tell
 * @n_odd_cells: cells that are not of their column's type; they are NaN or 0
 * @odd_cell: (nullable): the first of them, in words
 *
 * The rows of a catalog. Immutable once read, any thread, counted
 * atomically.
 */
typedef struct
{
  gatomicrefcount refs;
  AlmuTableFormat format;
  char           *name;
  char           *description;
  GString        *parameters;
  GPtrArray      *coosys;
  GPtrArray      *columns;
  gint64          n_rows;
  guint64         n_odd_cells;
  char           *odd_cell;
  gint64          n_bytes; /* counted against the limits */
} AlmuDataTable;

/**
 * AlmuTableFlags:
 * @ALMU_TABLE_HEAD_ONLY: what the columns are, not what is in them
 */
typedef enum
{
  ALMU_TABLE_ALL,
  ALMU_TABLE_HEAD_ONLY,
} AlmuTableFlags;

AlmuDataTable *almu_data_table_ref (AlmuDataTable *self);
void           almu_data_table_unref (AlmuDataTable *self);
gsize          almu_column_type_get_size (AlmuColumnType type);
int            almu_data_table_find_column (const AlmuDataTable *self,
                                            const char          *name);
char          *almu_data_table_dup_summary (const AlmuDataTable *self,
                                            const char          *file_name);
gint64         almu_data_table_get_total_bytes (void);
gboolean       almu_data_table_borrow (gint64   n_bytes,
                                       GError **error);
void           almu_data_table_give_back (gint64 n_bytes);
void           almu_data_table_set_budget (gint64 budget);

/**
 * almu_data_table_get_column:
 * @index: of a column, below the number of columns; not checked
 *
 * Readers fill it; for others it is as immutable as the table.
 *
 * Returns: (transfer none): the column, for as long as the table
 */
static inline AlmuColumn *
almu_data_table_get_column (const AlmuDataTable *self,
                            guint                index)
{
  return (AlmuColumn *) g_ptr_array_index (self->columns, index);
}

/**
 * almu_column_get_text:
 * @self: a column of %ALMU_COLUMN_STRING
 * @row: of the table, from 0; not checked
 *
 * A cell of a text column, without copying it.
 *
 * Returns: (transfer none): the cell, for as long as the table
 */
static inline const char *
almu_column_get_text (const AlmuColumn *self,
                      gsize             row)
{
  return (const char *) self->text->data + ((const guint32 *) (const void *) self->values->data)[row];
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuDataTable, almu_data_table_unref)

/* -- for the readers ---------------------------------------------------- */

AlmuDataTable *almu_data_table_new (AlmuTableFormat format);
AlmuColumn    *almu_data_table_add_column (AlmuDataTable *self,
                                           AlmuColumnType type,
                                           char          *id,
                                           char          *name,
                                           char          *unit,
                                           char          *description);
void           almu_data_table_add_coosys (AlmuDataTable *self,
                                           const char    *system,
                                           const char    *equinox,
                                           const char    *epoch);
gboolean       almu_data_table_note (AlmuDataTable *self,
                                     const char    *name,
                                     const char    *value);
gboolean       almu_data_table_account (AlmuDataTable *self,
                                        gint64         n_bytes,
                                        GError       **error);
void           almu_data_table_note_odd (AlmuDataTable *self,
                                         gint64         row,
                                         guint          column,
                                         const char    *cell,
                                         const char    *type);
gboolean       almu_column_append_text (AlmuColumn *self,
                                        const char *text,
                                        gsize       n_bytes);

G_END_DECLS
