/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inflate-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The files of compress(1): codes of 9 to 16 bits, the lowest bit first, in
 * groups of eight; when their width changes the rest of a group is nothing. */

#define MIN_BITS 9
#define MAX_BITS 16
#define N_CODES (1 << MAX_BITS)
#define CLEAR 256

typedef struct
{
  AlmuInflating *inflating;
  guint8        *in;
  gssize         n_in;
  gssize         at;
  guint8        *out;
  gsize          n_out;

  int      max_bits;
  gboolean has_clear;
  int      n_bits;
  guint32  n_codes; /* known so far */
  gboolean starts_again;
  guint8   group[MAX_BITS + 3];
  int      group_bits;
  int      group_at;

  guint32 prefix[N_CODES];
  guint8  suffix[N_CODES];
  guint8  stack[N_CODES + 1];
} Lzw;

static gssize
read_group (Lzw     *lzw,
            GError **error)
{
  int n = 0;

  while (n < lzw->n_bits)
    {
      if (lzw->at == lzw->n_in)
        {
          lzw->n_in = almu_inflating_get (lzw->inflating, lzw->in, error);
          lzw->at = 0;
          if (lzw->n_in < 0)
            return -1;
          if (lzw->n_in == 0)
            break;
          lzw->inflating->at += lzw->n_in;
        }
      lzw->group[n++] = lzw->in[lzw->at++];
    }

  return n;
}

static guint32
get_widest (const Lzw *lzw)
{
  return lzw->n_bits == lzw->max_bits ? 1u << lzw->max_bits : (1u << lzw->n_bits) - 1;
}

/* Returns the next code, -1 at the end, -2 with an error. */
static int
take_code (Lzw     *lzw,
           GError **error)
{
  guint32 bits;

  if (lzw->starts_again || lzw->group_at + lzw->n_bits > lzw->group_bits || lzw->n_codes > get_widest (lzw))
    {
      gssize n;

      if (lzw->n_codes > get_widest (lzw))
        lzw->n_bits++;
      if (lzw->starts_again)
        lzw->n_bits = MIN_BITS;
      lzw->starts_again = FALSE;
      n = read_group (lzw, error);
      if (n < 0)
        return -2;
      lzw->group_bits = (int) n * 8;
      lzw->group_at = 0;
      if (lzw->group_bits < lzw->n_bits)
        return -1;
    }

  bits = lzw->group[lzw->group_at / 8] | (guint32) lzw->group[lzw->group_at / 8 + 1] << 8 |
         (guint32) lzw->group[lzw->group_at / 8 + 2] << 16;
  bits >>= lzw->group_at % 8;
  lzw->group_at += lzw->n_bits;

  return (int) (bits & ((1u << lzw->n_bits) - 1));
}

static gboolean
flush (Lzw     *lzw,
       GError **error)
{
  gsize n = lzw->n_out;

  lzw->n_out = 0;

  return almu_inflating_put (lzw->inflating, lzw->out, n, error);
}

/* What a code stands for, from its end. The table of a damaged file may have
 * circles. */
static gboolean
write_code (Lzw     *lzw,
            guint32  code,
            guint32  before,
            guint8  *first,
            GError **error)
{
  gsize n = 0;

  if (code > lzw->n_codes)
    return almu_inflating_fail (lzw->inflating, _ ("the data are damaged"), error);

  if (code == lzw->n_codes)
    {
      lzw->stack[n++] = *first;
      code = before;
    }
  for (; code >= 256; code = lzw->prefix[code])
    {
      if (n == N_CODES)
        return almu_inflating_fail (lzw->inflating, _ ("the data are damaged"), error);
      lzw->stack[n++] = lzw->suffix[code];
    }
  *first = (guint8) code;
  lzw->stack[n++] = *first;

  if (lzw->n_out + n > ALMU_INFLATE_OUT_BYTES && !flush (lzw, error))
    return FALSE;
  while (n > 0)
    lzw->out[lzw->n_out++] = lzw->stack[--n];

  return TRUE;
}

static gboolean
inflate (Lzw     *lzw,
         GError **error)
{
  int    before = take_code (lzw, error);
  guint8 first = (guint8) before;
  int    code;

  if (before == -1)
    return TRUE;
  if (before < 0)
    return FALSE;
  if (before >= 256)
    return almu_inflating_fail (lzw->inflating, _ ("the data are damaged"), error);

  lzw->out[lzw->n_out++] = first;
  while ((code = take_code (lzw, error)) >= 0)
    {
      if (code == CLEAR && lzw->has_clear)
        {
          lzw->starts_again = TRUE;
          lzw->n_codes = CLEAR;
          code = take_code (lzw, error);
          if (code < 0)
            break;
        }

      if (!write_code (lzw, (guint32) code, (guint32) before, &first, error))
        return FALSE;
      if (lzw->n_codes < 1u << lzw->max_bits)
        {
          lzw->prefix[lzw->n_codes] = (guint32) before;
          lzw->suffix[lzw->n_codes++] = first;
        }
      before = code;
    }

  return code == -1 && flush (lzw, error);
}

/**
 * almu_inflate_lzw:
 * @self: a file that begins as compress has it
 *
 * Unpacks what compress (.Z) writes, with codes of 9 to 16 bits. Errors are those
 * of almu_inflating_get(), almu_inflating_put() and almu_inflating_fail().
 *
 * Returns: whether all of it could be unpacked
 */
gboolean
almu_inflate_lzw (AlmuInflating *self,
                  GError       **error)
{
  g_autofree Lzw    *lzw = g_new0 (Lzw, 1);
  g_autofree guint8 *in = g_malloc (ALMU_INFLATE_IN_BYTES);
  g_autofree guint8 *out = g_malloc (ALMU_INFLATE_OUT_BYTES);

  lzw->inflating = self;
  lzw->in = in;
  lzw->out = out;
  lzw->n_in = almu_inflating_get (self, in, error);
  if (lzw->n_in < 0)
    return FALSE;
  if (lzw->n_in < 3)
    return almu_inflating_fail (self, NULL, error);

  self->at = lzw->n_in;
  lzw->at = 3;
  lzw->max_bits = in[2] & 0x1f;
  lzw->has_clear = (in[2] & 0x80) != 0;
  lzw->n_bits = MIN_BITS;
  lzw->n_codes = lzw->has_clear ? CLEAR + 1 : CLEAR;
  if (lzw->max_bits < MIN_BITS || lzw->max_bits > MAX_BITS)
    return almu_inflating_fail (self, _ ("its codes are of a width that compress does not write"), error);

  return inflate (lzw, error);
}
