/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-table-file.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-fits-table.h"
#include "almu-votable.h"
#include "almu-whole-io.h"

static gboolean
is_fits_start (const guint8 *bytes,
               gssize        n_bytes)
{
  return n_bytes >= 6 && memcmp (bytes, "SIMPLE", 6) == 0;
}

/* The start of a file compressed by gzip, as it was before. */
static gssize
inflate_start (guint8 *bytes,
               gssize  n_bytes,
               gsize   size)
{
  g_autoptr(GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  guint8 out[64];
  gsize  n_read, n_written = 0;

  if (g_converter_convert (G_CONVERTER (inflater), bytes, (gsize) n_bytes, out, MIN (size, sizeof out),
                           G_CONVERTER_NO_FLAGS, &n_read, &n_written, NULL) == G_CONVERTER_ERROR)
    return 0;

  memcpy (bytes, out, n_written);

  return (gssize) n_written;
}

/**
 * almu_table_file_read:
 * @fd: an open file; stays the caller's
 * @name: for messages
 * @flags: whether rows are wanted
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Reads a catalog: a VOTable, or the first table of a FITS file, either
 * compressed by gzip or not. What it is the content tells, not the name.
 *
 * Returns: (transfer full): the table; errors name file and place
 */
AlmuDataTable *
almu_table_file_read (int            fd,
                      const char    *name,
                      AlmuTableFlags flags,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autofree char *clean = g_utf8_make_valid (name, -1);
  guint8           bytes[256];
  gssize           n;
  gboolean         is_packed;

  g_return_val_if_fail (fd >= 0, NULL);

  n = (gssize) almu_read_whole (fd, bytes, sizeof bytes, 0);
  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s: %s", clean, g_strerror (saved_errno));
      return NULL;
    }

  is_packed = n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
  if (is_packed)
    n = inflate_start (bytes, n, sizeof bytes);

  if (is_fits_start (bytes, n))
    return almu_fits_table_read (fd, clean, flags, cancellable, error);

  if (almu_votable_is_start (bytes, (gsize) n))
    return almu_votable_read (fd, clean, is_packed, flags, cancellable, error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: is neither a VOTable nor a FITS file"), clean);

  return NULL;
}
