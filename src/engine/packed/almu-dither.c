/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dither.h"

#include "kernel.h"

/* From a number of the sequence to where in it a tile begins. */
#define SPREAD 500

static float numbers[ALMU_DITHER_NUMBERS];

/* Park and Miller's generator, of which FITS Standard 4.0, appendix I, takes
 * the first numbers. */
static const float *
get_numbers (void)
{
  static gsize is_made = 0;

  if (g_once_init_enter (&is_made))
    {
      gint64 state = 1;

      for (int i = 0; i < ALMU_DITHER_NUMBERS; i++)
        {
          state = state * 16807 % G_MAXINT32;
          numbers[i] = (float) ((double) state / G_MAXINT32);
        }
      g_once_init_leave (&is_made, 1);
    }

  return numbers;
}

static void
start (AlmuDither *self)
{
  self->next = (guint) (get_numbers ()[self->seed] * SPREAD);
}

/**
 * almu_dither_begin:
 * @tile: counted from 0
 * @seed: ZDITHER0, from 1 to %ALMU_DITHER_NUMBERS
 *
 * Goes to the first pixel of a tile: where in the sequence that is, one of its
 * numbers says (FITS Standard 4.0, section 10.2 and appendix I).
 */
void
almu_dither_begin (AlmuDither *self,
                   gint64      tile,
                   gint64      seed)
{
  self->seed = (guint) ((tile + seed - 1) % ALMU_DITHER_NUMBERS);
  start (self);
}

/* How many pixels are left until the sequence is begun anew, elsewhere. */
static guint
get_rest (const AlmuDither *self)
{
  return ALMU_DITHER_NUMBERS - self->next;
}

/**
 * almu_dither_skip:
 * @n_pixels: how many pixels of the tile to pass over
 *
 * Goes on as if they had been restored. At the end of the sequence it is begun
 * anew elsewhere, as the next number says.
 */
void
almu_dither_skip (AlmuDither *self,
                  gint64      n_pixels)
{
  while (n_pixels >= get_rest (self))
    {
      n_pixels -= get_rest (self);
      self->seed = (self->seed + 1) % ALMU_DITHER_NUMBERS;
      start (self);
    }

  self->next += (guint) n_pixels;
}

/**
 * almu_dither_restore:
 * @quantised: (array length=n_values): integers as they were unpacked
 * @n_values: how many
 * @scale: of the tile, ZSCALE
 * @zero: of the tile, ZZERO
 * @values: room for as many
 *
 * The next pixels of a tile, without the random numbers that were added to
 * them before they were made integers. What is no number, or exactly zero, is
 * for the caller to see to.
 */
void
almu_dither_restore (AlmuDither   *self,
                     const gint32 *quantised,
                     gsize         n_values,
                     double        scale,
                     double        zero,
                     float        *values)
{
  while (n_values > 0)
    {
      gsize n = MIN (n_values, get_rest (self));

      almu_kernel_undither (quantised, get_numbers () + self->next, n, scale, zero, values);
      almu_dither_skip (self, (gint64) n);
      quantised += n;
      values += n;
      n_values -= n;
    }
}
