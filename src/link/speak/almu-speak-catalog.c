/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-speak-catalog.h"

#include "almu-message.h"

/* Tables as messages of the ICD. The cells are borrowed as they are: the
 * machine's order of bytes has to be that of the wire. */
G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN);

static char *
clean (AlmuScratch *scratch,
       const char  *text)
{
  return almu_scratch_take_text (scratch, almu_message_clean_text (text, -1));
}

/**
 * almu_speak_catalog_info:
 * @table: what is told of
 * @fingerprint: of the file: its size in bytes, and when it was changed
 * @name: of the file
 * @scratch: what the result borrows from
 *
 * Text that is no UTF-8 is mended; @name is borrowed too.
 *
 * Returns: (transfer none): the description of a catalog
 */
CARTA__CatalogFileInfo *
almu_speak_catalog_info (const AlmuDataTable   *table,
                         const char            *name,
                         const AlmuFingerprint *fingerprint,
                         AlmuScratch           *scratch)
{
  CARTA__CatalogFileInfo *info = almu_scratch_array (scratch, CARTA__CatalogFileInfo, 1);
  CARTA__Coosys          *coosys = almu_scratch_array (scratch, CARTA__Coosys, table->coosys->len);

  carta__catalog_file_info__init (info);
  info->name = (char *) name;
  info->type = table->format == ALMU_TABLE_FITS ? CARTA__CATALOG_FILE_TYPE__FITSTable
                                                : CARTA__CATALOG_FILE_TYPE__VOTable;
  info->file_size = fingerprint->size;
  info->date = fingerprint->mtime_ns / G_GINT64_CONSTANT (1000000000);
  info->description = clean (scratch, table->description);
  info->coosys = almu_scratch_array (scratch, CARTA__Coosys *, table->coosys->len);
  info->n_coosys = table->coosys->len;
  for (guint i = 0; i < table->coosys->len; i++)
    {
      const AlmuCoosys *from = table->coosys->pdata[i];

      carta__coosys__init (&coosys[i]);
      coosys[i].system = clean (scratch, from->system);
      coosys[i].equinox = clean (scratch, from->equinox);
      coosys[i].epoch = clean (scratch, from->epoch);
      info->coosys[i] = &coosys[i];
    }

  return info;
}

/**
 * almu_speak_catalog_headers:
 * @table: what is told of
 * @scratch: what the result borrows from
 *
 * Columns that are not supported are among them, so that their indices, from 0,
 * are those of the table.
 *
 * Returns: (transfer none) (array): one for each column
 */
CARTA__CatalogHeader **
almu_speak_catalog_headers (const AlmuDataTable *table,
                            AlmuScratch         *scratch)
{
  guint                  n = table->columns->len;
  CARTA__CatalogHeader  *headers = almu_scratch_array (scratch, CARTA__CatalogHeader, n);
  CARTA__CatalogHeader **pointers = almu_scratch_array (scratch, CARTA__CatalogHeader *, n);

  for (guint i = 0; i < n; i++)
    {
      const AlmuColumn *column = almu_data_table_get_column (table, i);

      carta__catalog_header__init (&headers[i]);
      headers[i].name = clean (scratch, column->name);
      headers[i].data_type = (CARTA__ColumnType) column->type;
      headers[i].column_index = (gint32) i;
      headers[i].description = clean (scratch, column->description);
      headers[i].units = clean (scratch, column->unit);
      pointers[i] = &headers[i];
    }

  return pointers;
}

/**
 * almu_speak_column:
 * @table: what is told of
 * @column: index of a column, from 0
 * @cells: what almu_table_view_cut() gave for @column
 * @scratch: what the result borrows from, beside @table and @cells
 *
 * Copies no cells: numbers stay where they are in @cells, little-endian as on
 * the wire, and texts in @table.
 *
 * Returns: (transfer none): the cells as a message has them
 */
CARTA__ColumnData *
almu_speak_column (const AlmuDataTable *table,
                   guint                column,
                   GBytes              *cells,
                   AlmuScratch         *scratch)
{
  const AlmuColumn  *from = almu_data_table_get_column (table, column);
  CARTA__ColumnData *data = almu_scratch_array (scratch, CARTA__ColumnData, 1);
  gsize              n_bytes;
  gconstpointer      bytes = g_bytes_get_data (cells, &n_bytes);
  const guint32     *offsets = bytes;

  carta__column_data__init (data);
  data->data_type = (CARTA__ColumnType) from->type;
  if (from->type != ALMU_COLUMN_STRING)
    {
      data->binary_data.data = (guint8 *) bytes;
      data->binary_data.len = n_bytes;
      return data;
    }

  data->n_string_data = n_bytes / sizeof *offsets;
  data->string_data = almu_scratch_array (scratch, char *, data->n_string_data);
  for (gsize i = 0; i < data->n_string_data; i++)
    data->string_data[i] = (char *) from->text->data + offsets[i];

  return data;
}

/**
 * almu_speak_rows:
 * @link: whose viewer looks
 * @product: of %ALMU_PRODUCT_ROWS
 *
 * Tells the viewer some of the rows it wanted to see.
 *
 * Sends CATALOG_FILTER_RESPONSE in the group %ALMU_LINK_ROWS_KEY. Cells are
 * packed from where they are.
 */
void
almu_speak_rows (AlmuLink          *link,
                 const AlmuProduct *product)
{
  CARTA__CatalogFilterResponse message = CARTA__CATALOG_FILTER_RESPONSE__INIT;
  const AlmuRowsWant          *want = product->rows.want;
  guint                        n = product->rows.cells != NULL ? product->rows.cells->len : 0;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  CARTA__CatalogFilterResponse__ColumnsEntry *entries;

  entries = almu_scratch_array (scratch, CARTA__CatalogFilterResponse__ColumnsEntry, n);
  message.columns = almu_scratch_array (scratch, CARTA__CatalogFilterResponse__ColumnsEntry *, n);
  message.n_columns = n;
  for (guint i = 0; i < n; i++)
    {
      carta__catalog_filter_response__columns_entry__init (&entries[i]);
      entries[i].key = g_array_index (want->columns, guint, i);
      entries[i].value = almu_speak_column (product->rows.table, entries[i].key,
                                            product->rows.cells->pdata[i], scratch);
      message.columns[i] = &entries[i];
    }

  message.file_id = product->file_id;
  message.image_file_id = want->image_file_id;
  message.region_id = want->region_id;
  message.subset_data_size = (gint32) product->rows.n_rows;
  message.subset_end_index = (gint32) (product->rows.start + product->rows.n_rows);
  message.filter_data_size = product->rows.view != NULL ? (gint32) product->rows.view->n_rows : 0;
  message.request_end_index = (gint32) product->rows.end;
  message.progress = product->progress;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_GROUP, ALMU_LINK_ROWS_KEY (product->file_id));
}

/**
 * almu_speak_no_rows:
 * @link: whose viewer waits
 * @catalog_id: what the request had
 *
 * Ends a request for rows that cannot be served: the page waits for an end,
 * and there is no failing one.
 */
void
almu_speak_no_rows (AlmuLink *link,
                    int       catalog_id)
{
  CARTA__CatalogFilterResponse message = CARTA__CATALOG_FILTER_RESPONSE__INIT;

  message.file_id = catalog_id;
  message.progress = 1;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_ORDERED, 0);
}
