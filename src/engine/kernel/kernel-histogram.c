/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

/**
 * almu_kernel_bin:
 * @values: any values
 * @n_values: how many
 * @min: where the first bin begins
 * @max: where the last bin ends, which has that value too
 * @width: of a bin
 * @n_bins: how many bins
 * @bins: room for @n_values: the bin of each, or @n_bins for what is outside or NaN
 *
 * All in float, as the viewer's other backends do it, so that a value on the
 * edge of a bin falls on the same side.
 */
ALMU_KERNEL void
almu_kernel_bin (const float *values,
                 gsize        n_values,
                 float        min,
                 float        max,
                 float        width,
                 int          n_bins,
                 gint32      *bins)
{
  float last = (float) (n_bins - 1);

  for (gsize i = 0; i < n_values; i++)
    {
      float    v = values[i];
      float    place = (v - min) / width;
      gboolean is_inside = (v >= min) & (v <= max);

      /* Clamped before it becomes an integer: a width that underflowed
       * makes infinities, and 0 / 0. */
      place = place > 0.0f ? place : 0.0f;
      place = place < last ? place : last;
      bins[i] = is_inside ? (gint32) place : n_bins;
    }
}

/**
 * almu_kernel_count_zeros:
 * @values: any values
 * @n_values: how many
 *
 * The sign of a zero does not matter.
 *
 * Returns: how many are 0 or -0
 */
ALMU_KERNEL gsize
almu_kernel_count_zeros (const float *values,
                         gsize        n_values)
{
  gsize n = 0;

  for (gsize i = 0; i < n_values; i++)
    n += values[i] == 0.0f;

  return n;
}
