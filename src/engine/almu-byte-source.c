/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-byte-source.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"

struct _AlmuByteSource
{
  int                fd;
  gint64             offset;
  GZlibDecompressor *inflater; /* or NULL */
  guint8             packed[32 * 1024];
  gsize              n_packed;
  gboolean           is_over;
  gint64             n_inflated;
};

static gssize
read_some (AlmuByteSource *self,
           guint8         *bytes,
           gsize           size,
           GError        **error)
{
  gssize n;

  do
    n = pread (self->fd, bytes, size, self->offset);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s", g_strerror (saved_errno));
      return -1;
    }

  self->offset += n;

  return n;
}

static gssize
inflate_some (AlmuByteSource *self,
              guint8         *bytes,
              gsize           size,
              GError        **error)
{
  g_autoptr(GError) reason = NULL;
  gsize n_read = 0;
  gsize n_written = 0;

  while (n_written == 0 && !self->is_over)
    {
      gssize           n = read_some (self, self->packed + self->n_packed,
                                      sizeof self->packed - self->n_packed, error);
      GConverterResult result;

      if (n < 0)
        return -1;

      self->n_packed += (gsize) n;
      result = g_converter_convert (G_CONVERTER (self->inflater), self->packed, self->n_packed, bytes, size,
                                    n == 0 ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                                    &n_read, &n_written, &reason);
      if (result == G_CONVERTER_ERROR)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("cannot decompress: %s"), reason->message);
          return -1;
        }

      self->is_over = result == G_CONVERTER_FINISHED;
      self->n_packed -= n_read;
      memmove (self->packed, self->packed + n_read, self->n_packed);
    }

  self->n_inflated += (gint64) n_written;
  if (self->n_inflated > ALMU_LIMIT_INFLATED_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("is more than %" PRId64 " bytes when decompressed"), (gint64) ALMU_LIMIT_INFLATED_BYTES);
      return -1;
    }

  return (gssize) n_written;
}

/**
 * almu_byte_source_new:
 * @fd: an open file, read from its start; stays the caller's and must stay open
 * @is_packed: whether it is compressed by gzip
 *
 * Nothing is read yet. One thread at a time.
 *
 * Returns: (transfer full): the source
 */
AlmuByteSource *
almu_byte_source_new (int      fd,
                      gboolean is_packed)
{
  AlmuByteSource *self = g_new0 (AlmuByteSource, 1);

  self->fd = fd;
  if (is_packed)
    self->inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);

  return self;
}

/**
 * almu_byte_source_free:
 * @self: (transfer full): a source
 *
 * Frees the source; the file stays open. Not for %NULL.
 */
void
almu_byte_source_free (AlmuByteSource *self)
{
  g_clear_object (&self->inflater);
  g_free (self);
}

/**
 * almu_byte_source_read:
 * @bytes: room for @size bytes
 * @size: at least 1
 * @error: return location; %G_IO_ERROR for what cannot be read, %ALMU_ERROR_FORMAT for
 *   what cannot be unpacked, %ALMU_ERROR_LIMIT for too much; without the file's name
 *
 * Reads on. Fewer bytes than @size do not mean that the end is near.
 *
 * Returns: how many of the next bytes there are, unpacked; 0 at the end; -1
 *   on failure
 */
gssize
almu_byte_source_read (AlmuByteSource *self,
                       guint8         *bytes,
                       gsize           size,
                       GError        **error)
{
  return self->inflater != NULL ? inflate_some (self, bytes, size, error) : read_some (self, bytes, size, error);
}
