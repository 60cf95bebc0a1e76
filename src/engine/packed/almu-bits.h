/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuBits:
 * @next: the next byte
 * @end: where the bytes end
 * @bits: the next bits, from the top; those below the first @n_bits are zero,
 *   or already what they will be
 * @n_bits: how many of them there are
 *
 * Reads bytes bit by bit, the highest first, and nothing behind their end.
 */
typedef struct
{
  const guint8 *next;
  const guint8 *end;
  guint64       bits;
  int           n_bits;
} AlmuBits;

/**
 * almu_bits_init:
 * @self: (out caller-allocates): where reading is at
 * @bytes: (array length=n_bytes): the bytes; have to stay
 * @n_bytes: how many
 *
 * Begins before the first bit, which is the highest of the first byte.
 */
static inline void
almu_bits_init (AlmuBits     *self,
                const guint8 *bytes,
                gsize         n_bytes)
{
  *self = (AlmuBits){ bytes, bytes + n_bytes, 0, 0 };
}

/**
 * almu_bits_fill:
 *
 * Afterwards at least 57 bits are at hand, or all that are left.
 */
static inline void
almu_bits_fill (AlmuBits *self)
{
  if (self->n_bits > 56)
    return;

  if (self->end - self->next >= (gssize) sizeof (guint64))
    {
      int     n_bytes = (64 - self->n_bits) / 8;
      guint64 more;

      memcpy (&more, self->next, sizeof more);
      self->bits |= GUINT64_FROM_BE (more) >> self->n_bits;
      self->n_bits += 8 * n_bytes;
      self->next += n_bytes;
      return;
    }

  for (; self->n_bits <= 56 && self->next < self->end; self->n_bits += 8)
    self->bits |= (guint64) *self->next++ << (56 - self->n_bits);
}

/**
 * almu_bits_skip:
 * @n: less than 64, and no more than are at hand
 *
 * Passes over bits.
 */
static inline void
almu_bits_skip (AlmuBits *self,
                int       n)
{
  self->bits <<= n;
  self->n_bits -= n;
}

/**
 * almu_bits_peek:
 * @n: at most 32
 *
 * Looks at bits without passing over them.
 *
 * Returns: the next bits as a number; what is behind the end counts as zero
 */
static inline guint32
almu_bits_peek (AlmuBits *self,
                int       n)
{
  if (self->n_bits < n)
    almu_bits_fill (self);

  return (guint32) (self->bits >> 1 >> (63 - n));
}

/**
 * almu_bits_read:
 * @n: at most 32
 * @out_value: (out): the next bits as a number
 *
 * Passes over the bits, if they are all there.
 *
 * Returns: %FALSE if there are not so many
 */
static inline gboolean
almu_bits_read (AlmuBits *self,
                int       n,
                guint32  *out_value)
{
  *out_value = almu_bits_peek (self, n);
  if (self->n_bits < n)
    return FALSE;

  almu_bits_skip (self, n);

  return TRUE;
}

/**
 * almu_bits_read_zeros:
 * @out_n: (out): how many zeros there are before the next one
 *
 * Passes over the zeros and the one, as Rice's code has its quotients.
 *
 * Returns: %FALSE if no one follows
 */
static inline gboolean
almu_bits_read_zeros (AlmuBits *self,
                      guint32  *out_n)
{
  guint32 n = 0;

  for (;;)
    {
      int zeros = self->bits != 0 ? __builtin_clzll (self->bits) : 64;

      if (zeros < self->n_bits)
        {
          almu_bits_skip (self, zeros);
          almu_bits_skip (self, 1);
          *out_n = n + (guint32) zeros;
          return TRUE;
        }

      n += (guint32) self->n_bits;
      self->bits = 0;
      self->n_bits = 0;
      almu_bits_fill (self);
      if (self->n_bits == 0)
        return FALSE;
    }
}

/**
 * almu_bits_align:
 *
 * Passes over what is left of a byte that was begun.
 */
static inline void
almu_bits_align (AlmuBits *self)
{
  almu_bits_skip (self, self->n_bits % 8);
}

G_END_DECLS
