/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits-table.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-card.h"
#include "almu-cfitsio.h"
#include "almu-error.h"
#include "almu-fits.h"
#include "almu-hdu-reader.h"
#include "almu-limits.h"
#include "almu-packed-table.h"

/* The first table of a FITS file, binary or ASCII, as it is meant: scaled by
 * TSCAL and TZERO, and where TNULL says that there is no value it is NaN. A
 * column of integers that may have none is one of doubles for that reason.
 */

/* Rows are read in pieces, every column of a piece before the next, so that
 * the file is read once from front to back. */
#define PIECE_BYTES (4 * 1024 * 1024)

/* A name without quotes that has fewer bytes than this fits anywhere. */
#define MAX_BARE_NAME 68

/* Axes of an image in tiles that cfitsio has room for. */
#define CFITSIO_AXES 6

typedef struct
{
  AlmuFits      *fits;
  fitsfile      *handle;
  AlmuFits      *unpacked; /* then it is @fits, too; or NULL */
  int            unpacked_fd;
  const char    *name;
  int            hdu; /* counted from 0 */
  AlmuDataTable *table;
  gint64         row_bytes;
  gint64         text_bytes;
  GArray        *forms; /* Form, as columns */
} Reader;

typedef struct
{
  gint64   width; /* of text */
  gboolean has_null;
} Form;

static gboolean
fail (Reader     *reader,
      int         status,
      const char *what,
      GError    **error)
{
  char text[FLEN_STATUS] = "";

  almu_cfitsio->fits_get_errstatus (status, text);
  almu_cfitsio->fits_clear_errmsg ();
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: HDU %d: %s: %s (cfitsio status %d)"), reader->name, reader->hdu, what, text, status);

  return FALSE;
}

static char *
dup_key (Reader     *reader,
         const char *key,
         int         number)
{
  char  card[FLEN_KEYWORD];
  char *value = NULL;
  char *copy;
  int   status = 0;

  if (number > 0)
    g_snprintf (card, sizeof card, "%.6s%d", key, number);
  else
    g_snprintf (card, sizeof card, "%s", key);

  almu_cfitsio->fits_read_key_longstr (reader->handle, card, &value, NULL, &status);
  almu_cfitsio->fits_clear_errmsg ();
  if (status != 0 || value == NULL)
    return g_strdup ("");

  copy = g_strchomp (g_utf8_make_valid (value, -1));
  almu_cfitsio->fits_free_memory (value, &status);

  return copy;
}

/* -- which table -------------------------------------------------------- */

/* A table that is packed is read from a plain one. */
static gboolean
unpack (Reader        *reader,
        AlmuHduReader *headers,
        const AlmuHdu *hdu,
        GError       **error)
{
  int status = 0;
  int type;

  reader->unpacked_fd = almu_packed_table_unpack (headers, hdu, error);
  if (reader->unpacked_fd < 0)
    return FALSE;

  reader->unpacked = almu_fits_open (reader->unpacked_fd, reader->name, error);
  if (reader->unpacked == NULL)
    return FALSE;

  reader->fits = reader->unpacked;
  reader->handle = almu_fits_get_handle (reader->unpacked);
  almu_cfitsio->fits_movabs_hdu (reader->handle, 2, &type, &status);

  return status == 0 || fail (reader, status, _ ("cannot be reached"), error);
}

/* cfitsio copies the name of a column into 70 bytes, however long it is. In
 * quotes it fits. */
static gboolean
check_names (Reader        *reader,
             const AlmuHdu *hdu,
             GError       **error)
{
  for (gsize i = 0; i < hdu->n_records; i++)
    {
      const char *record = hdu->records + i * ALMU_RECORD_BYTES;
      gsize       begin = 9;
      gsize       n = ALMU_RECORD_BYTES;

      if (memcmp (record, "TTYPE", 5) != 0 || record[8] != '=')
        continue;

      while (n > begin && record[n - 1] == ' ')
        n--;
      while (begin < n && record[begin] == ' ')
        begin++;
      if (n - begin < MAX_BARE_NAME || record[begin] == '\'')
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: HDU %d: %.*s is not a string in quotes"),
                   reader->name, reader->hdu, (int) strcspn (record, " ="), record);
      return FALSE;
    }

  return TRUE;
}

/* cfitsio divides by the sizes of tiles, and has room for six axes, before it
 * is asked for anything: in passing by an image on the way to a table, too. Of
 * a card that is there twice it may take either. */
static gboolean
check_tiles (Reader        *reader,
             const AlmuHdu *hdu,
             GError       **error)
{
  gboolean is_image = FALSE;
  gboolean is_table = FALSE;

  for (gsize i = 0; i < hdu->n_records; i++)
    {
      is_image |= almu_record_is (hdu->records + i * ALMU_RECORD_BYTES, "ZIMAGE");
      is_table |= almu_record_is (hdu->records + i * ALMU_RECORD_BYTES, "ZTABLE");
    }

  for (gsize i = 0; (is_image || is_table) && i < hdu->n_records; i++)
    {
      const char *record = hdu->records + i * ALMU_RECORD_BYTES;
      gint64      max = almu_record_is (record, "ZNAXIS") ? CFITSIO_AXES : G_MAXINT32;
      gint64      number;

      if (memcmp (record, "ZTILE", 5) != 0 && (!is_image || memcmp (record, "ZNAXIS", 6) != 0))
        continue;
      if (almu_record_get_int (record, &number) && number >= 1 && number <= max)
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("%s: HDU %d: %.*s is not a whole number from 1 to %" PRId64),
                   reader->name, reader->hdu, (int) strcspn (record, " ="), record, max);
      return FALSE;
    }

  return TRUE;
}

/* What cfitsio is going to read: nothing of what our own reader does not take
 * for an HDU. */
static gboolean
check_header (Reader        *reader,
              AlmuHduReader *headers,
              AlmuHdu      **out_hdu,
              GError       **error)
{
  if (!almu_hdu_reader_next (headers, out_hdu, error))
    return FALSE;

  return *out_hdu == NULL || (check_names (reader, *out_hdu, error) && check_tiles (reader, *out_hdu, error));
}

static gboolean
find_table (Reader  *reader,
            GError **error)
{
  g_autoptr(AlmuHduReader) headers = NULL;
  int type = IMAGE_HDU;
  int status = 0;

  headers = almu_hdu_reader_new (almu_fits_get_plain_fd (reader->fits), reader->name, error);
  if (headers == NULL)
    return FALSE;

  for (reader->hdu = 0; reader->hdu < ALMU_LIMIT_HDUS; reader->hdu++)
    {
      g_autoptr(AlmuHdu) hdu = NULL;

      if (!check_header (reader, headers, &hdu, error))
        return FALSE;

      if (hdu == NULL)
        break;

      almu_cfitsio->fits_movabs_hdu (reader->handle, reader->hdu + 1, &type, &status);
      if (status != 0)
        break;

      if (type == BINARY_TBL || type == ASCII_TBL)
        return !almu_packed_table_is (hdu) || unpack (reader, headers, hdu, error);
    }

  almu_cfitsio->fits_clear_errmsg ();
  if (status != 0 && status != END_OF_FILE)
    return fail (reader, status, _ ("cannot be reached"), error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: has no table"), reader->name);

  return FALSE;
}

/* -- its columns -------------------------------------------------------- */

static AlmuColumnType
choose_type (int      code,
             gint64   repeat,
             gint64   width,
             gboolean has_null)
{
  static const struct
  {
    int            code;
    AlmuColumnType type;
    gboolean       is_integer;
  } types[] = {
    { TBYTE, ALMU_COLUMN_UINT8, TRUE },
    { TSBYTE, ALMU_COLUMN_INT8, TRUE },
    { TUSHORT, ALMU_COLUMN_UINT16, TRUE },
    { TSHORT, ALMU_COLUMN_INT16, TRUE },
    { TULONG, ALMU_COLUMN_UINT32, TRUE },
    { TLONG, ALMU_COLUMN_INT32, TRUE },
    { TULONGLONG, ALMU_COLUMN_UINT64, TRUE },
    { TLONGLONG, ALMU_COLUMN_INT64, TRUE },
    { TFLOAT, ALMU_COLUMN_FLOAT, FALSE },
    { TDOUBLE, ALMU_COLUMN_DOUBLE, FALSE },
    { TLOGICAL, ALMU_COLUMN_BOOL, FALSE },
  };

  if (code == TSTRING)
    return repeat == width && width <= ALMU_LIMIT_CELL_BYTES ? ALMU_COLUMN_STRING : ALMU_COLUMN_UNSUPPORTED;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].code == code && repeat == 1)
      return types[i].is_integer && has_null ? ALMU_COLUMN_DOUBLE : types[i].type;

  return ALMU_COLUMN_UNSUPPORTED;
}

static gboolean
add_column (Reader  *reader,
            int      number,
            GError **error)
{
  g_autofree char *name = dup_key (reader, "TTYPE", number);
  g_autofree char *null = dup_key (reader, "TNULL", number);
  LONGLONG         repeat = 0;
  LONGLONG         width = 0;
  int              code = 0;
  int              status = 0;
  AlmuColumnType   type;
  Form             form;

  almu_cfitsio->fits_get_eqcoltypell (reader->handle, number, &code, &repeat, &width, &status);
  if (status != 0)
    {
      g_autofree char *what = g_strdup_printf ("column %d “%s”", number, name);

      return fail (reader, status, what, error);
    }

  /* of an ASCII table the repeat of a text is 1 */
  if (code == TSTRING && repeat == 1)
    repeat = width;

  form = (Form){ width, *null != '\0' };
  type = choose_type (code, repeat, width, form.has_null);
  almu_data_table_add_column (reader->table, type, NULL, g_steal_pointer (&name),
                              dup_key (reader, "TUNIT", number), dup_key (reader, "TCOMM", number));
  g_array_append_val (reader->forms, form);
  if (type == ALMU_COLUMN_STRING)
    reader->text_bytes += width + 1;
  else
    reader->row_bytes += almu_column_type_get_size (type);

  return TRUE;
}

static gboolean
read_head (Reader  *reader,
           GError **error)
{
  g_autofree char *system = NULL;
  g_autofree char *equinox = NULL;
  LONGLONG         n_rows = 0;
  int              n_columns = 0;
  int              status = 0;

  almu_cfitsio->fits_get_num_rowsll (reader->handle, &n_rows, &status);
  almu_cfitsio->fits_get_num_cols (reader->handle, &n_columns, &status);
  if (status != 0)
    return fail (reader, status, _ ("table"), error);

  if (n_rows < 0 || n_rows > ALMU_LIMIT_TABLE_ROWS || n_columns > ALMU_LIMIT_TABLE_COLUMNS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s: HDU %d: has %" PRId64 " rows of %d columns; a table may have %d of %d"),
                   reader->name, reader->hdu, (gint64) n_rows, n_columns,
                   ALMU_LIMIT_TABLE_ROWS, ALMU_LIMIT_TABLE_COLUMNS);
      return FALSE;
    }

  g_free (reader->table->name);
  reader->table->name = dup_key (reader, "EXTNAME", 0);
  reader->table->n_rows = n_rows;
  system = dup_key (reader, "RADESYS", 0);
  equinox = dup_key (reader, "EQUINOX", 0);
  if (*system != '\0')
    almu_data_table_add_coosys (reader->table, system, equinox, "");

  for (int number = 1; number <= n_columns; number++)
    if (!add_column (reader, number, error))
      return FALSE;

  return TRUE;
}

/* -- its rows ----------------------------------------------------------- */

/* A head that promises more than the file has would have all of it
 * allocated first. */
static gboolean
check_size (Reader  *reader,
            GError **error)
{
  LONGLONG width = 0;
  LONGLONG start = 0;
  gint64   there;
  int      status = 0;

  almu_cfitsio->fits_read_key (reader->handle, TLONGLONG, "NAXIS1", &width, NULL, &status);
  almu_cfitsio->fits_get_hduaddrll (reader->handle, NULL, &start, NULL, &status);
  if (status != 0)
    return fail (reader, status, _ ("table"), error);

  there = reader->handle->Fptr->filesize - start;
  if (reader->unpacked != NULL || reader->table->n_rows == 0 || width <= there / reader->table->n_rows)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: HDU %d: is truncated: %" PRId64 " rows of %" PRId64
                  " bytes were announced, %" PRId64 " bytes are there"),
               reader->name, reader->hdu, reader->table->n_rows, (gint64) width, MAX (there, 0));

  return FALSE;
}

static gboolean
read_numbers (Reader *reader,
              guint   index,
              gint64  row,
              gint64  n,
              int    *status)
{
  static const int codes[] = {
    [ALMU_COLUMN_UINT8] = TBYTE,
    [ALMU_COLUMN_INT8] = TSBYTE,
    [ALMU_COLUMN_UINT16] = TUSHORT,
    [ALMU_COLUMN_INT16] = TSHORT,
    [ALMU_COLUMN_UINT32] = TUINT,
    [ALMU_COLUMN_INT32] = TINT,
    [ALMU_COLUMN_UINT64] = TULONGLONG,
    [ALMU_COLUMN_INT64] = TLONGLONG,
    [ALMU_COLUMN_FLOAT] = TFLOAT,
    [ALMU_COLUMN_DOUBLE] = TDOUBLE,
    [ALMU_COLUMN_BOOL] = TLOGICAL,
  };
  AlmuColumn *column = almu_data_table_get_column (reader->table, index);
  gsize       size = almu_column_type_get_size (column->type);
  float       no_float = NAN;
  double      no_double = NAN;
  int         any = 0;
  /* where it looks for blanks, cfitsio takes infinity for one */
  gboolean has_null = g_array_index (reader->forms, Form, index).has_null;
  void    *none = !has_null ? NULL : column->type == ALMU_COLUMN_FLOAT  ? (void *) &no_float
                                   : column->type == ALMU_COLUMN_DOUBLE ? (void *) &no_double
                                                                        : NULL;

  almu_cfitsio->fits_read_col (reader->handle, codes[column->type], (int) index + 1, row + 1, 1, n, none,
                               column->values->data + (gsize) row * size, &any, status);

  return *status == 0;
}

static gboolean
read_text (Reader *reader,
           guint   index,
           gint64  row,
           gint64  n,
           int    *status)
{
  AlmuColumn       *column = almu_data_table_get_column (reader->table, index);
  gsize             width = (gsize) g_array_index (reader->forms, Form, index).width + 1;
  g_autofree char  *cells = g_malloc0_n ((gsize) n, width);
  g_autofree char **pointers = g_new (char *, (gsize) n);
  int               any = 0;

  for (gint64 i = 0; i < n; i++)
    pointers[i] = cells + (gsize) i * width;

  almu_cfitsio->fits_read_col (reader->handle, TSTRING, (int) index + 1, row + 1, 1, n, NULL, pointers, &any, status);
  for (gint64 i = 0; i < n && *status == 0; i++)
    if (!almu_column_append_text (column, pointers[i], strlen (pointers[i])))
      *status = MEMORY_ALLOCATION;

  return *status == 0;
}

static gboolean
read_piece (Reader  *reader,
            gint64   row,
            gint64   n,
            GError **error)
{
  for (guint i = 0; i < reader->table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (reader->table, i);
      int         status = 0;

      if (column->type == ALMU_COLUMN_UNSUPPORTED)
        continue;

      if (!(column->type == ALMU_COLUMN_STRING ? read_text : read_numbers) (reader, i, row, n, &status))
        {
          g_autofree char *what = NULL;

          what = g_strdup_printf ("rows %" G_GINT64_FORMAT "…%" G_GINT64_FORMAT " of column “%s”",
                                  row + 1, row + n, column->name);
          return fail (reader, status, what, error);
        }
    }

  return TRUE;
}

static gboolean
account (Reader  *reader,
         GError **error)
{
  AlmuDataTable *table = reader->table;
  gint64         n_bytes = table->n_rows * reader->row_bytes;

  for (guint i = 0; i < table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (table, i);

      if (column->text != NULL)
        n_bytes += column->text->len + column->values->len;
    }

  if (almu_data_table_account (table, n_bytes, error))
    return TRUE;

  g_prefix_error (error, _ ("%s: HDU %d: "), reader->name, reader->hdu);

  return FALSE;
}

static gboolean
read_rows (Reader       *reader,
           GCancellable *cancellable,
           GError      **error)
{
  AlmuDataTable *table = reader->table;
  gint64         piece = MAX (1, PIECE_BYTES / MAX (1, reader->row_bytes + reader->text_bytes));

  if (!check_size (reader, error) || !account (reader, error))
    return FALSE;

  for (guint i = 0; i < table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (table, i);
      gint64      size = table->n_rows * (gint64) almu_column_type_get_size (column->type);

      if (column->type != ALMU_COLUMN_STRING)
        g_byte_array_set_size (column->values, (guint) size);
    }

  for (gint64 row = 0; row < table->n_rows; row += piece)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !read_piece (reader, row, MIN (piece, table->n_rows - row), error) || !account (reader, error))
      return FALSE;

  return TRUE;
}

/**
 * almu_fits_table_read:
 * @fd: an open file; stays the caller's
 * @name: for messages, valid UTF-8
 * @flags: whether rows are wanted
 * @cancellable: (nullable): asked between pieces
 * @error: return location; %ALMU_ERROR_FORMAT if there is no table, or a damaged one,
 *   %ALMU_ERROR_LIMIT if it is too large
 *
 * Reads the first table of a FITS file, binary or of text, packed or not. Blocks;
 * any thread.
 *
 * Returns: (transfer full): the table, or %NULL
 */
AlmuDataTable *
almu_fits_table_read (int            fd,
                      const char    *name,
                      AlmuTableFlags flags,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(AlmuFits) fits = almu_fits_open (fd, name, error);
  g_autoptr(AlmuDataTable) table = NULL;
  Reader   reader = { .fits = fits, .name = name, .unpacked_fd = -1 };
  gboolean is_read;

  if (fits == NULL)
    return NULL;

  table = almu_data_table_new (ALMU_TABLE_FITS);
  reader.handle = almu_fits_get_handle (fits);
  reader.table = table;
  reader.forms = g_array_new (FALSE, FALSE, sizeof (Form));
  is_read = find_table (&reader, error) && read_head (&reader, error) &&
            (flags == ALMU_TABLE_HEAD_ONLY || read_rows (&reader, cancellable, error));
  g_array_unref (reader.forms);
  almu_fits_close (reader.unpacked);
  if (reader.unpacked_fd >= 0)
    close (reader.unpacked_fd);

  return is_read ? g_steal_pointer (&table) : NULL;
}
