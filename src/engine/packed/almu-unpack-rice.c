/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-unpack.h"

#include <glib/gi18n-lib.h>

#include "almu-bits.h"
#include "almu-error.h"

/* Rice's code: the difference of each pixel from the one before, folded so
 * that small ones of either sign are small numbers, is the number of zeros
 * before a one, and some low bits as they are. How many of these is told for
 * each block of pixels, by a number that also tells of two special cases. */

/**
 * Kind:
 * @bytes: of a pixel
 * @n_code_bits: how wide the number at the begin of a block is
 * @n_max_low_bits: how many low bits there may be; this many means that the
 *   differences are written as they are
 */
typedef struct
{
  int bytes;
  int n_code_bits;
  int n_max_low_bits;
} Kind;

static const Kind kinds[] = {
  { 1, 3, 6 },
  { 2, 4, 14 },
  { 4, 5, 25 },
};

static inline guint32
unfold (guint32 folded)
{
  return (folded & 1) != 0 ? ~(folded >> 1) : folded >> 1;
}

/* Bytes have no sign in FITS, wider integers do. */
static inline gint32
narrow (guint32 value,
        int     bytes)
{
  switch (bytes)
    {
    case 1:
      return (guint8) value;
    case 2:
      return (gint16) value;
    default:
      return (gint32) value;
    }
}

static inline __attribute__ ((always_inline)) gsize
unpack_coded (AlmuBits *bits,
              int       n_low_bits,
              int       bytes,
              guint32  *last,
              gint32   *values,
              gsize     n_values)
{
  for (gsize i = 0; i < n_values; i++)
    {
      guint32 high, low;

      almu_bits_fill (bits);
      if (!almu_bits_read_zeros (bits, &high) || !almu_bits_read (bits, n_low_bits, &low))
        return i;

      *last += unfold (high << n_low_bits | low);
      values[i] = narrow (*last, bytes);
    }

  return n_values;
}

static gsize
unpack_plain (AlmuBits *bits,
              int       bytes,
              guint32  *last,
              gint32   *values,
              gsize     n_values)
{
  for (gsize i = 0; i < n_values; i++)
    {
      guint32 folded;

      if (!almu_bits_read (bits, 8 * bytes, &folded))
        return i;

      *last += unfold (folded);
      values[i] = narrow (*last, bytes);
    }

  return n_values;
}

/* How many pixels of a block there are; @out_is_known is FALSE if the block
 * begins with a number that has no meaning. */
static gsize
unpack_block (AlmuBits   *bits,
              const Kind *kind,
              guint32    *last,
              gint32     *values,
              gsize       n_values,
              gboolean   *out_is_known)
{
  guint32 code;
  int     n_low_bits;

  if (!almu_bits_read (bits, kind->n_code_bits, &code))
    return 0;

  if (code == 0)
    {
      gint32 same = narrow (*last, kind->bytes);

      for (gsize i = 0; i < n_values; i++)
        values[i] = same;
      return n_values;
    }

  n_low_bits = (int) code - 1;
  *out_is_known = n_low_bits <= kind->n_max_low_bits;
  if (!*out_is_known)
    return 0;
  if (n_low_bits == kind->n_max_low_bits)
    return unpack_plain (bits, kind->bytes, last, values, n_values);

  switch (kind->bytes)
    {
    case 1:
      return unpack_coded (bits, n_low_bits, 1, last, values, n_values);
    case 2:
      return unpack_coded (bits, n_low_bits, 2, last, values, n_values);
    default:
      return unpack_coded (bits, n_low_bits, 4, last, values, n_values);
    }
}

/**
 * almu_unpack_rice:
 * @bytes: (array length=n_bytes): a packed tile
 * @n_bytes: how many
 * @bytes_per_pixel: 1, 2 or 4
 * @n_block: pixels of a block, at least 1
 * @values: room for @n_values
 * @n_values: pixels of the tile
 * @error: return location, in %ALMU_ERROR
 *
 * RICE_1.
 *
 * Returns: whether it could be unpacked
 */
gboolean
almu_unpack_rice (const guint8 *bytes,
                  gsize         n_bytes,
                  int           bytes_per_pixel,
                  gint64        n_block,
                  gint32       *values,
                  gsize         n_values,
                  GError      **error)
{
  const Kind *kind = &kinds[bytes_per_pixel / 2];
  gboolean    is_known = TRUE;
  gboolean    has_first;
  AlmuBits    bits;
  guint32     last;
  gsize       done = 0;

  g_assert (kind->bytes == bytes_per_pixel && n_block > 0);

  almu_bits_init (&bits, bytes, n_bytes);
  has_first = almu_bits_read (&bits, 8 * bytes_per_pixel, &last);

  while (has_first && done < n_values)
    {
      gsize n = MIN ((gsize) n_block, n_values - done);
      gsize n_unpacked = unpack_block (&bits, kind, &last, values + done, n, &is_known);

      done += n_unpacked;
      if (n_unpacked < n)
        break;
    }

  if (done == n_values)
    return TRUE;

  if (is_known)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("Rice: the bytes end with pixel %zu of %zu"), done, n_values);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("Rice: the block at pixel %zu begins with a number that has no meaning"), done);

  return FALSE;
}
