/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-packed-table.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "almu-card.h"
#include "almu-error.h"
#include "almu-unpack.h"

/* cfitsio believes what such a table says of itself and writes wherever that
 * leads, so it is made a plain one first, by our own code. A row is a tile of
 * some rows; each of its cells has the values of one column in all of them,
 * one after the other (FITS Standard 4.0, section 10.3). */

#define MAX_COLUMNS 999
#define RICE_BLOCK 32

typedef enum
{
  PACKING_GZIP_1,
  PACKING_GZIP_2,
  PACKING_RICE_1,
} Packing;

typedef struct
{
  gsize    width;      /* of its cell in a plain row */
  gsize    n_elements; /* in it, of the size that is shuffled */
  gsize    element_size;
  gboolean is_variable;
  Packing  packing;
  gsize    at;         /* in a plain row */
  gsize    descriptor; /* in a packed row */
  gboolean is_long;    /* the descriptor: Q */
} Column;

typedef struct
{
  AlmuHduReader *reader;
  const AlmuHdu *hdu;
  GArray        *columns; /* Column */
  gsize          width;
  gint64         n_rows;
  gint64         n_tile_rows;
  gint64         heap;
  int            fd;
} Unpacking;

static gboolean
fail (Unpacking  *self,
      const char *what,
      GError    **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "%s: HDU %d: %s: %s",
               almu_hdu_reader_get_name (self->reader), self->hdu->number, _ ("compressed table (ZTABLE) cannot be unpacked"), what);

  return FALSE;
}

static gboolean
fail_memory (gsize    n_bytes,
             GError **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("there is no memory for its %zu bytes"), n_bytes);

  return FALSE;
}

/**
 * almu_packed_table_is:
 * @hdu: a table
 *
 * Whether to read it through almu_packed_table_unpack().
 *
 * Returns: whether the header says ZTABLE = T, as fpack writes it
 */
gboolean
almu_packed_table_is (const AlmuHdu *hdu)
{
  return almu_hdu_is_true (hdu, "ZTABLE");
}

/* -- what it says of itself ------------------------------------------------ */

/* A form as of TFORMn: how often, and what. */
static gboolean
read_form (Unpacking  *self,
           const char *key,
           guint       number,
           guint64    *out_repeat,
           char       *out_type,
           GError    **error)
{
  g_autofree char *name = g_strdup_printf ("%s%u", key, number);
  g_autofree char *text = almu_hdu_dup_text (self->hdu, name);
  char            *end;

  if (text != NULL)
    {
      *out_repeat = g_ascii_isdigit (*text) ? g_ascii_strtoull (text, &end, 10) : 1;
      *out_type = g_ascii_isdigit (*text) ? *end : *text;
      if (*out_type != '\0' && strchr ("LXBIJKAEDCMPQ", *out_type) != NULL && *out_repeat <= ALMU_LIMIT_TABLE_BYTES)
        return TRUE;
    }

  return fail (self, name, error);
}

static gsize
get_element_size (char type)
{
  switch (type)
    {
    case 'I':
      return 2;
    case 'J':
    case 'E':
    case 'C':
      return 4;
    case 'K':
    case 'D':
    case 'M':
    case 'P':
      return 8;
    case 'Q':
      return 16;
    default:
      return 1;
    }
}

static gboolean
read_packing (Unpacking *self,
              guint      number,
              char       type,
              Column    *column,
              GError   **error)
{
  g_autofree char *name = g_strdup_printf ("ZCTYP%u", number);
  g_autofree char *text = almu_hdu_dup_text (self->hdu, name);

  if (g_strcmp0 (text, "GZIP_1") == 0)
    column->packing = PACKING_GZIP_1;
  else if (g_strcmp0 (text, "GZIP_2") == 0)
    column->packing = PACKING_GZIP_2;
  else if (g_strcmp0 (text, "RICE_1") == 0 && strchr ("BIJ", type) != NULL)
    column->packing = PACKING_RICE_1;
  else
    return fail (self, name, error);

  return TRUE;
}

static gboolean
read_column (Unpacking *self,
             guint      number,
             gsize     *packed_width,
             GError   **error)
{
  Column  column = { 0 };
  guint64 repeat = 0;
  char    type = '\0';

  if (!read_form (self, "TFORM", number, &repeat, &type, error))
    return FALSE;
  if (repeat != 1 || (type != 'P' && type != 'Q'))
    return fail (self, "TFORMn", error);
  column.is_long = type == 'Q';
  column.descriptor = *packed_width;
  *packed_width += column.is_long ? 16 : 8;

  if (!read_form (self, "ZFORM", number, &repeat, &type, error))
    return FALSE;
  column.is_variable = type == 'P' || type == 'Q';
  column.element_size = get_element_size (type);
  column.n_elements = (gsize) repeat * (type == 'C' || type == 'M' ? 2 : 1);
  column.width = type == 'X' ? ((gsize) repeat + 7) / 8 : column.n_elements * column.element_size;
  if (type == 'X')
    column.n_elements = column.width;
  column.at = self->width;
  self->width += column.width;
  if (!column.is_variable && !read_packing (self, number, type, &column, error))
    return FALSE;

  g_array_append_val (self->columns, column);

  return TRUE;
}

static gboolean
read_layout (Unpacking *self,
             GError   **error)
{
  const AlmuHdu *hdu = self->hdu;
  gint64         n_columns = almu_hdu_get_int (hdu, "TFIELDS", -1);
  gint64         width = almu_hdu_get_int (hdu, "ZNAXIS1", -1);
  gsize          packed_width = 0;

  self->n_rows = almu_hdu_get_int (hdu, "ZNAXIS2", -1);
  self->n_tile_rows = almu_hdu_get_int (hdu, "ZTILELEN", self->n_rows);
  if (hdu->n_axes != 2 || hdu->n_data_bytes < 0 || n_columns < 1 || n_columns > MAX_COLUMNS)
    return fail (self, "TFIELDS", error);
  if (self->n_rows < 0 || width < 1 || self->n_tile_rows < 1)
    return fail (self, "ZNAXISn, ZTILELEN", error);

  /* what it takes when it is plain */
  if (self->n_rows > ALMU_LIMIT_TABLE_ROWS || (self->n_rows > 0 && width > ALMU_LIMIT_TABLE_BYTES / self->n_rows))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("%s: HDU %d: is more than %" PRId64 " bytes when decompressed"),
                   almu_hdu_reader_get_name (self->reader), hdu->number, (gint64) ALMU_LIMIT_TABLE_BYTES);
      return FALSE;
    }

  for (guint i = 1; i <= n_columns; i++)
    if (!read_column (self, i, &packed_width, error))
      return FALSE;
  if (self->width != (gsize) width)
    return fail (self, "ZNAXIS1", error);
  if ((gsize) hdu->shape[0] != packed_width)
    return fail (self, "NAXIS1", error);
  if (hdu->shape[1] != self->n_rows / self->n_tile_rows + (self->n_rows % self->n_tile_rows != 0))
    return fail (self, "NAXIS2", error);

  self->heap = almu_hdu_get_int (hdu, "THEAP", hdu->shape[0] * hdu->shape[1]);
  if (self->heap < 0 || self->heap > hdu->n_data_bytes)
    return fail (self, "THEAP", error);

  return TRUE;
}

/* -- its cells -------------------------------------------------------------- */

static gboolean
unpack_rice (const Column *column,
             const guint8 *packed,
             gsize         n_packed,
             guint8       *plain,
             gsize         n_plain,
             GError      **error)
{
  gsize              n = n_plain / column->element_size;
  g_autofree gint32 *values = g_try_new (gint32, MAX (n, 1));

  if (values == NULL)
    return fail_memory (n * sizeof *values, error);
  if (!almu_unpack_rice (packed, n_packed, (int) column->element_size, RICE_BLOCK, values, n, error))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    for (gsize k = 0; k < column->element_size; k++)
      plain[i * column->element_size + k] = (guint8) ((guint32) values[i] >> 8 * (column->element_size - 1 - k));

  return TRUE;
}

static gboolean
unpack_gzip (const Column *column,
             const guint8 *packed,
             gsize         n_packed,
             guint8       *plain,
             gsize         n_plain,
             GError      **error)
{
  g_autoptr(GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  g_autofree guint8 *shuffled = NULL;
  gsize              n = 0;

  if (!almu_unpack_gzip (inflater, packed, n_packed, plain, n_plain, &n, error))
    return FALSE;
  if (n != n_plain)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("the file is cut short"));
      return FALSE;
    }
  if (column->packing != PACKING_GZIP_2 || column->element_size == 1)
    return TRUE;

  shuffled = g_memdup2 (plain, n_plain);
  almu_unpack_unshuffle (shuffled, column->element_size, n_plain / column->element_size, plain);

  return TRUE;
}

static gint64
get_number (const guint8 *bytes,
            guint         n_bytes)
{
  guint64 number = 0;

  for (guint i = 0; i < n_bytes; i++)
    number = number << 8 | bytes[i];

  return n_bytes == 4 ? (gint32) number : (gint64) number;
}

static gboolean
unpack_cell (Unpacking    *self,
             const Column *column,
             const guint8 *row,
             gint64        n_rows,
             guint8       *tile,
             GError      **error)
{
  gsize              n_plain = (gsize) n_rows * column->width;
  gint64             n_packed, at;
  g_autofree guint8 *packed = NULL;
  g_autofree guint8 *plain = NULL;
  g_autoptr(GError) reason = NULL;
  gboolean is_good;

  /* cells of any length stay empty: nobody is shown them */
  if (column->is_variable || n_plain == 0)
    return TRUE;

  n_packed = get_number (row + column->descriptor, column->is_long ? 8 : 4);
  at = get_number (row + column->descriptor + (column->is_long ? 8 : 4), column->is_long ? 8 : 4);
  if (n_packed < 0 || at < 0 || n_packed > self->hdu->n_data_bytes - self->heap || at > self->hdu->n_data_bytes - self->heap - n_packed ||
      n_packed > 2 * (gint64) n_plain + 1024)
    return fail (self, _ ("the file is cut short"), error);

  packed = g_try_malloc (MAX (n_packed, 1));
  plain = g_try_malloc (n_plain);
  if (packed == NULL || plain == NULL)
    return fail_memory ((gsize) n_packed + n_plain, error);
  if (almu_hdu_reader_read (self->reader, self->hdu->data_offset + self->heap + at, (gsize) n_packed, packed, error) != n_packed)
    return error != NULL && *error != NULL ? FALSE : fail (self, _ ("the file is cut short"), error);
  if (column->packing == PACKING_RICE_1)
    is_good = unpack_rice (column, packed, (gsize) n_packed, plain, n_plain, &reason);
  else
    is_good = unpack_gzip (column, packed, (gsize) n_packed, plain, n_plain, &reason);
  if (!is_good)
    return fail (self, reason->message, error);

  for (gint64 i = 0; i < n_rows; i++)
    memcpy (tile + (gsize) i * self->width + column->at, plain + (gsize) i * column->width, column->width);

  return TRUE;
}

/* -- as a plain one ---------------------------------------------------------- */

static gboolean
write_all (Unpacking  *self,
           const void *bytes,
           gsize       n_bytes,
           GError    **error)
{
  gsize done = 0;

  while (done < n_bytes)
    {
      gssize n = write (self->fd, (const char *) bytes + done, n_bytes - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (self, g_strerror (errno), error);
      done += (gsize) n;
    }

  return TRUE;
}

static void
append_record (GString    *header,
               const char *format,
               ...) G_GNUC_PRINTF (2, 3);

static void
append_record (GString    *header,
               const char *format,
               ...)
{
  gsize   begin = header->len;
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (header, format, args);
  va_end (args);
  while (header->len < begin + ALMU_RECORD_BYTES)
    g_string_append_c (header, ' ');
}

static void
end_header (GString *header)
{
  append_record (header, "END");
  while (header->len % ALMU_BLOCK_BYTES != 0)
    g_string_append_c (header, ' ');
}

static gboolean
begins (const char *record,
        const char *name)
{
  return strncmp (record, name, strlen (name)) == 0;
}

/* The cards of the table, as they were before it was packed. */
static gboolean
write_header (Unpacking *self,
              GError   **error)
{
  static const char *const packed[] = { "ZTABLE", "ZTILELEN", "ZNAXIS", "ZPCOUNT", "TFORM", "ZCTYP", "CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM", "THEAP", "ZTHEAP", NULL };
  g_autoptr(GString) header = g_string_new (NULL);

  append_record (header, "SIMPLE  = %20s", "T");
  append_record (header, "BITPIX  = %20d", 8);
  append_record (header, "NAXIS   = %20d", 0);
  append_record (header, "EXTEND  = %20s", "T");
  end_header (header);

  for (gsize i = 0; i < self->hdu->n_records; i++)
    {
      const char *record = self->hdu->records + i * ALMU_RECORD_BYTES;
      gboolean    is_left_out = FALSE;

      for (guint k = 0; packed[k] != NULL; k++)
        is_left_out |= begins (record, packed[k]);

      if (almu_record_is (record, "NAXIS1"))
        append_record (header, "NAXIS1  = %20" G_GSIZE_FORMAT, self->width);
      else if (almu_record_is (record, "NAXIS2"))
        append_record (header, "NAXIS2  = %20" PRId64, self->n_rows);
      else if (almu_record_is (record, "PCOUNT"))
        append_record (header, "PCOUNT  = %20d", 0);
      else if (begins (record, "ZFORM"))
        append_record (header, "T%.*s", ALMU_RECORD_BYTES - 1, record + 1);
      else if (!is_left_out)
        g_string_append_len (header, record, ALMU_RECORD_BYTES);
    }
  end_header (header);

  return write_all (self, header->str, header->len, error);
}

static gboolean
write_rows (Unpacking *self,
            GError   **error)
{
  gsize              n_tile_bytes = (gsize) MIN (self->n_tile_rows, self->n_rows) * self->width;
  g_autofree guint8 *tile = g_try_malloc (MAX (n_tile_bytes, 1));
  g_autofree guint8 *row = g_malloc ((gsize) self->hdu->shape[0]);
  static const char  filling[ALMU_BLOCK_BYTES] = { 0 };
  gsize              n_rest = (gsize) self->n_rows * self->width % ALMU_BLOCK_BYTES;

  if (tile == NULL)
    return fail_memory (n_tile_bytes, error);

  for (gint64 i = 0; i < self->hdu->shape[1]; i++)
    {
      gint64 n_rows = MIN (self->n_tile_rows, self->n_rows - i * self->n_tile_rows);

      if (g_cancellable_set_error_if_cancelled (g_cancellable_get_current (), error))
        return FALSE;
      if (almu_hdu_reader_read (self->reader, self->hdu->data_offset + i * self->hdu->shape[0],
                                (gsize) self->hdu->shape[0], row, error) != self->hdu->shape[0])
        return error != NULL && *error != NULL ? FALSE : fail (self, _ ("the file is cut short"), error);

      memset (tile, 0, (gsize) n_rows * self->width);
      for (guint k = 0; k < self->columns->len; k++)
        if (!unpack_cell (self, &g_array_index (self->columns, Column, k), row, n_rows, tile, error))
          return FALSE;
      if (!write_all (self, tile, (gsize) n_rows * self->width, error))
        return FALSE;
    }

  return n_rest == 0 || write_all (self, filling, ALMU_BLOCK_BYTES - n_rest, error);
}

/**
 * almu_packed_table_unpack:
 * @reader: of the file
 * @hdu: a table for which almu_packed_table_is()
 * @error: return location
 *
 * Unpacks a table column by column (FITS Standard 4.0, section 10.3) into a file in
 * memory.
 *
 * Returns: a descriptor of a FITS file in memory, the first extension of
 *   which is the table as it was, for the caller to close; or -1
 */
int
almu_packed_table_unpack (AlmuHduReader *reader,
                          const AlmuHdu *hdu,
                          GError       **error)
{
  g_autoptr(GArray) columns = g_array_new (FALSE, FALSE, sizeof (Column));
  Unpacking self = { .reader = reader, .hdu = hdu, .columns = columns, .fd = -1 };

  if (!read_layout (&self, error))
    return -1;

  self.fd = memfd_create ("almucantar-table", MFD_CLOEXEC);
  if (self.fd < 0)
    {
      fail (&self, g_strerror (errno), error);
      return -1;
    }
  if (write_header (&self, error) && write_rows (&self, error))
    return self.fd;

  close (self.fd);

  return -1;
}
