/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-unpack.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/**
 * almu_unpack_gzip:
 * @inflater: for gzip; used again and again, as a new one takes longer than a
 *   small tile
 * @bytes: (array length=n_bytes): a packed tile
 * @n_bytes: how many
 * @unpacked: room for @n_room bytes
 * @n_room: how many bytes fit into @unpacked
 * @out_n_unpacked: (out): how many came
 * @error: return location, in %ALMU_ERROR
 *
 * GZIP_1, and what GZIP_2 is before almu_unpack_unshuffle().
 *
 * Returns: whether it could be unpacked
 */
gboolean
almu_unpack_gzip (GZlibDecompressor *inflater,
                  const guint8      *bytes,
                  gsize              n_bytes,
                  guint8            *unpacked,
                  gsize              n_room,
                  gsize             *out_n_unpacked,
                  GError           **error)
{
  GConverter      *converter = G_CONVERTER (inflater);
  GConverterResult result = G_CONVERTER_CONVERTED;
  guint8           surplus[1];
  gsize            n_in = 0;
  gsize            n_out = 0;

  g_converter_reset (converter);
  while (result != G_CONVERTER_FINISHED)
    {
      g_autoptr(GError) local_error = NULL;
      gboolean is_full = n_out >= n_room;
      gsize    n_read = 0;
      gsize    n_written = 0;

      result = g_converter_convert (converter, bytes + n_in, n_bytes - n_in,
                                    is_full ? surplus : unpacked + n_out, is_full ? sizeof surplus : n_room - n_out,
                                    G_CONVERTER_INPUT_AT_END, &n_read, &n_written, &local_error);
      if (result == G_CONVERTER_ERROR)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("gzip: byte %zu of %zu: %s"),
                       n_in, n_bytes, local_error->message);
          return FALSE;
        }

      n_in += n_read;
      n_out += n_written;
      if (n_out > n_room)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("gzip: unpacks to more than the %zu bytes that its pixels can take"), n_room);
          return FALSE;
        }
    }

  *out_n_unpacked = n_out;

  return TRUE;
}

/**
 * almu_unpack_unshuffle:
 * @shuffled: the first byte of each element, then the second of each …
 * @element_size: bytes of one
 * @n_elements: how many
 * @elements: room for as many bytes, elsewhere
 *
 * Puts the bytes of each element together again, as GZIP_2 takes them apart
 * (FITS Standard 4.0, section 10.4). The order of bytes stays as it is.
 */
void
almu_unpack_unshuffle (const guint8 *shuffled,
                       gsize         element_size,
                       gsize         n_elements,
                       guint8       *elements)
{
  for (gsize k = 0; k < element_size; k++)
    for (gsize i = 0; i < n_elements; i++)
      elements[i * element_size + k] = *shuffled++;
}
