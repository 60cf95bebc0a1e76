/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <math.h>

/**
 * almu_kernel_scale:
 * @integers: as they were unpacked
 * @n_values: how many
 * @scale: of the tile, ZSCALE or BSCALE
 * @zero: of the tile, ZZERO or BZERO
 * @values: room for as many
 *
 * Zero + scale × integer for each, computed in double precision.
 */
ALMU_KERNEL void
almu_kernel_scale (const gint32 *integers,
                   gsize         n_values,
                   double        scale,
                   double        zero,
                   float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = (float) (zero + scale * (double) integers[i]);
}

/**
 * almu_kernel_undither:
 * @integers: as they were unpacked
 * @dither: as many random numbers from 0 to 1, those that the writer has added
 * @n_values: how many
 * @scale: of the tile, ZSCALE
 * @zero: of the tile, ZZERO
 * @values: room for as many
 *
 * Undoes subtractive dithering: (integer - random + ½) × @scale + @zero (FITS
 * Standard 4.0, section 10.2).
 */
ALMU_KERNEL void
almu_kernel_undither (const gint32 *integers,
                      const float  *dither,
                      gsize         n_values,
                      double        scale,
                      double        zero,
                      float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = (float) (((double) integers[i] - (double) dither[i] + 0.5) * scale + zero);
}

/**
 * almu_kernel_put_where:
 * @integers: as they were unpacked
 * @integer: the one that stands for @value
 * @n_values: how many
 * @value: such as NaN
 * @values: what the integers were made into
 *
 * Gives a value to those that stand for it, and leaves the others.
 */
ALMU_KERNEL void
almu_kernel_put_where (const gint32 *integers,
                       gint32        integer,
                       gsize         n_values,
                       float         value,
                       float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = integers[i] == integer ? value : values[i];
}
