/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vostream.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-whole-io.h"

/* Rows that a VOTable carries as base64: decoded as they come, and as many
 * rows taken as are complete. A whole FITS file is gathered in memory that
 * has a descriptor, for who reads FITS to read. */
struct _AlmuVostream
{
  AlmuVostreamKind kind;
  AlmuDataTable   *table;  /* unowned */
  GArray          *fields; /* unowned, AlmuVofield */
  int              base64_state;
  guint            base64_save;
  GByteArray      *pending;
  gsize            taken;     /* of @pending */
  gsize            row_bytes; /* of the row that is being taken */
  guint            column;
  int              fd;
  gint64           n_file_bytes;
  guint8           nulls[(ALMU_LIMIT_TABLE_COLUMNS + 7) / 8];
};

/* A piece of text at a time, so that what it decodes to stays small. */
#define PIECE_BYTES (64 * 1024)

/**
 * almu_vostream_new:
 * @kind: how the rows are packed
 * @table: what they are added to; has to stay, as has @fields
 * @fields: (element-type AlmuVofield): the columns
 *
 * Nothing is decoded yet.
 *
 * Returns: (transfer full): the stream
 */
AlmuVostream *
almu_vostream_new (AlmuVostreamKind kind,
                   AlmuDataTable   *table,
                   GArray          *fields)
{
  AlmuVostream *self = g_new0 (AlmuVostream, 1);

  self->kind = kind;
  self->table = table;
  self->fields = fields;
  self->pending = g_byte_array_new ();
  self->fd = -1;

  return self;
}

/**
 * almu_vostream_free:
 * @self: (transfer full): a stream
 *
 * Frees the stream and closes the file that a FITS stream was put into. Not for
 * %NULL.
 */
void
almu_vostream_free (AlmuVostream *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_byte_array_unref (self->pending);
  g_free (self);
}

/**
 * almu_vostream_get_fd:
 *
 * Once all of it was added, almu_fits_table_read() reads it.
 *
 * Returns: the FITS file that the stream was; stays the stream's; -1 if it was none
 */
int
almu_vostream_get_fd (AlmuVostream *self)
{
  return self->fd;
}

/* -- rows --------------------------------------------------------------- */

static gboolean
is_null (AlmuVostream *self,
         guint         column)
{
  return self->kind == ALMU_VOSTREAM_BINARY2 && (self->nulls[column / 8] & (0x80 >> column % 8)) != 0;
}

/* Before each row of BINARY2 stands which of its cells are none. */
static gboolean
take_nulls (AlmuVostream *self)
{
  gsize n = (self->fields->len + 7) / 8;

  if (self->kind != ALMU_VOSTREAM_BINARY2 || self->column > 0)
    return TRUE;

  if (self->pending->len - self->taken < n)
    return FALSE;

  memcpy (self->nulls, self->pending->data + self->taken, n);

  return TRUE;
}

static gboolean
end_row (AlmuVostream *self,
         GError      **error)
{
  gint64 n_bytes = 0;

  if (self->row_bytes == 0)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("its columns take no bytes, so that its rows have no end"));
      return FALSE;
    }

  self->column = 0;
  self->row_bytes = 0;
  self->table->n_rows++;
  if (self->table->n_rows > ALMU_LIMIT_TABLE_ROWS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("has more than %d rows"), ALMU_LIMIT_TABLE_ROWS);
      return FALSE;
    }

  if (self->table->n_rows % 4096 != 0)
    return TRUE;

  for (guint i = 0; i < self->table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (self->table, i);

      n_bytes += column->values->len + (column->text != NULL ? column->text->len : 0);
    }

  return almu_data_table_account (self->table, n_bytes, error);
}

/* Takes cells as long as they are complete. */
static gboolean
take_cells (AlmuVostream *self,
            GError      **error)
{
  if (self->fields->len == 0)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("it has rows, but no FIELD that tells what is in them"));
      return FALSE;
    }

  while (self->taken < self->pending->len)
    {
      const AlmuVofield *field = &g_array_index (self->fields, AlmuVofield, self->column);
      gsize              mask = self->kind == ALMU_VOSTREAM_BINARY2 && self->column == 0 ? (self->fields->len + 7) / 8 : 0;
      gsize              left = self->pending->len - self->taken;
      gssize             n;

      if (!take_nulls (self))
        break;

      n = almu_vofield_append_bytes (field, self->table, self->column, self->table->n_rows,
                                     is_null (self, self->column),
                                     self->pending->data + self->taken + mask, left - mask, error);
      if (n < 0)
        return FALSE;
      /* an empty fixed array takes no bytes and is complete */
      if (n == 0 && (field->n_items != 0 || field->is_variable))
        break;

      self->taken += mask + (gsize) n;
      self->row_bytes += mask + (gsize) n;
      if (++self->column == self->fields->len && !end_row (self, error))
        return FALSE;
    }

  g_byte_array_remove_range (self->pending, 0, (guint) self->taken);
  self->taken = 0;

  return TRUE;
}

/* -- a file ------------------------------------------------------------- */

static gboolean
write_file (AlmuVostream *self,
            GError      **error)
{
  if (self->fd < 0)
    self->fd = memfd_create ("almucantar-votable", MFD_CLOEXEC);

  if (self->fd < 0 || !almu_write_whole (self->fd, self->pending->data, self->pending->len))
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   _ ("its FITS stream cannot be unpacked: %s"), g_strerror (saved_errno));
      return FALSE;
    }

  self->n_file_bytes += self->pending->len;
  g_byte_array_set_size (self->pending, 0);

  return almu_data_table_account (self->table, self->n_file_bytes, error);
}

/**
 * almu_vostream_add:
 * @text: (array length=n_bytes): some of the base64 text
 * @n_bytes: how many
 * @error: return location; %ALMU_ERROR_LIMIT for too much, %G_IO_ERROR if a FITS
 *   stream cannot be put into memory
 *
 * Decodes text as it comes, however it is cut, and adds the cells that are whole.
 *
 * Returns: whether to go on
 */
gboolean
almu_vostream_add (AlmuVostream *self,
                   const char   *text,
                   gsize         n_bytes,
                   GError      **error)
{
  while (n_bytes > 0)
    {
      gsize n = MIN (n_bytes, PIECE_BYTES);
      guint before = self->pending->len;

      g_byte_array_set_size (self->pending, before + (guint) (n / 4 * 3 + 8));
      n = g_base64_decode_step (text, n, self->pending->data + before, &self->base64_state, &self->base64_save);
      g_byte_array_set_size (self->pending, before + (guint) n);

      if (!(self->kind == ALMU_VOSTREAM_FITS ? write_file (self, error) : take_cells (self, error)))
        return FALSE;

      n = MIN (n_bytes, PIECE_BYTES);
      text += n;
      n_bytes -= n;
    }

  return TRUE;
}

/**
 * almu_vostream_end:
 *
 * The text is over.
 *
 * Returns: %FALSE if that is in the middle of a row
 */
gboolean
almu_vostream_end (AlmuVostream *self,
                   GError      **error)
{
  if (self->kind == ALMU_VOSTREAM_FITS)
    return self->fd >= 0 || write_file (self, error);

  if (self->column == 0 && self->pending->len == 0)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("row %" PRId64 ", column “%s”: the stream ends in the middle of the row"),
               self->table->n_rows + 1, almu_data_table_get_column (self->table, self->column)->name);

  return FALSE;
}
