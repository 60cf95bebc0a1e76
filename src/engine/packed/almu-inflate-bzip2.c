/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inflate-private.h"

#include <bzlib.h>

static const char *
describe (int result)
{
  switch (result)
    {
    case BZ_DATA_ERROR_MAGIC:
      return "it is not bzip2";

    case BZ_MEM_ERROR:
      return "there is not enough memory";

    default:
      return "the data are damaged";
    }
}

/* One stream, and nothing of what is behind it. */
static gboolean
inflate_stream (AlmuInflating *self,
                bz_stream     *stream,
                guint8        *out,
                GError       **error)
{
  int result = BZ_OK;

  while (result != BZ_STREAM_END)
    {
      guint8 *in;
      gssize  n = almu_inflating_look (self, 1, &in, error);

      if (n < 0)
        return FALSE;

      stream->next_in = (char *) in;
      stream->avail_in = (guint) n;
      stream->next_out = (char *) out;
      stream->avail_out = ALMU_INFLATE_OUT_BYTES;
      result = BZ2_bzDecompress (stream);
      almu_inflating_skip (self, (gsize) n - stream->avail_in);
      /* what has come in so far may be more than was put out at a time */
      if (n == 0 && result == BZ_OK && stream->avail_out > 0)
        return almu_inflating_fail (self, NULL, error);
      if (result != BZ_OK && result != BZ_STREAM_END)
        return almu_inflating_fail (self, describe (result), error);
      if (!almu_inflating_put (self, out, ALMU_INFLATE_OUT_BYTES - stream->avail_out, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_inflate_bzip2:
 * @self: a file that begins as bzip2 has it
 *
 * Unpacks one stream after the other, as packers for several processors write
 * them. Errors are those of almu_inflating_get(), almu_inflating_put() and
 * almu_inflating_fail().
 *
 * Returns: whether all of it could be unpacked
 */
gboolean
almu_inflate_bzip2 (AlmuInflating *self,
                    GError       **error)
{
  g_autofree guint8 *out = g_malloc (ALMU_INFLATE_OUT_BYTES);
  guint8            *in;
  gboolean           is_right = TRUE;
  gboolean           has_more = TRUE;

  while (is_right && has_more)
    {
      bz_stream stream = { 0 };

      if (BZ2_bzDecompressInit (&stream, 0, 0) != BZ_OK)
        return almu_inflating_fail (self, describe (BZ_MEM_ERROR), error);

      is_right = inflate_stream (self, &stream, out, error);
      BZ2_bzDecompressEnd (&stream);
      has_more = is_right && almu_inflating_look (self, 4, &in, NULL) >= 4 && in[0] == 'B' && in[1] == 'Z' && in[2] == 'h';
    }

  return is_right;
}
