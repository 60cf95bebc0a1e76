/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <float.h>
#include <math.h>

/**
 * almu_kernel_halve:
 * @above: a row of @width values, all of them finite
 * @below: (nullable): the next one; %NULL if @above is the last
 * @width: of the input
 * @sums: room for (@width + 1) / 2 values
 *
 * Sums over 2 × 2 pixels; an odd last column stands alone. Where there is no row
 * below, nothing is added.
 */
ALMU_KERNEL void
almu_kernel_halve (const float *above,
                   const float *below,
                   gsize        width,
                   float       *sums)
{
  gsize half = width / 2;

  if (below != NULL)
    for (gsize i = 0; i < half; i++)
      sums[i] = (above[2 * i] + above[2 * i + 1]) + (below[2 * i] + below[2 * i + 1]);
  else
    for (gsize i = 0; i < half; i++)
      sums[i] = above[2 * i] + above[2 * i + 1];

  if (width % 2 == 1)
    sums[half] = below != NULL ? above[width - 1] + below[width - 1] : above[width - 1];
}

static inline __attribute__ ((always_inline)) float
finite_or_zero (float value)
{
  return fabsf (value) <= FLT_MAX ? value : 0.0f;
}

static inline __attribute__ ((always_inline)) float
one_if_finite (float value)
{
  return fabsf (value) <= FLT_MAX ? 1.0f : 0.0f;
}

/**
 * almu_kernel_halve_finite:
 * @above: a row of @width values
 * @below: (nullable): the next one; %NULL if @above is the last
 * @width: of the input
 * @sums: room for (@width + 1) / 2 values
 * @counts: as much room: how many finite values there are in each sum
 *
 * As almu_kernel_halve(), but values that are not finite count for nothing.
 * Counts are floats: exact as far as 4096 × 4096, and of one width with the sums.
 */
ALMU_KERNEL void
almu_kernel_halve_finite (const float *above,
                          const float *below,
                          gsize        width,
                          float       *sums,
                          float       *counts)
{
  gsize half = width / 2;

  if (below != NULL)
    for (gsize i = 0; i < half; i++)
      {
        float a = above[2 * i], b = above[2 * i + 1];
        float c = below[2 * i], d = below[2 * i + 1];

        sums[i] = (finite_or_zero (a) + finite_or_zero (b)) +
                  (finite_or_zero (c) + finite_or_zero (d));
        counts[i] = (one_if_finite (a) + one_if_finite (b)) +
                    (one_if_finite (c) + one_if_finite (d));
      }
  else
    for (gsize i = 0; i < half; i++)
      {
        float a = above[2 * i], b = above[2 * i + 1];

        sums[i] = finite_or_zero (a) + finite_or_zero (b);
        counts[i] = one_if_finite (a) + one_if_finite (b);
      }

  if (width % 2 == 1)
    {
      float a = above[width - 1];
      float c = below != NULL ? below[width - 1] : NAN;

      sums[half] = finite_or_zero (a) + finite_or_zero (c);
      counts[half] = one_if_finite (a) + one_if_finite (c);
    }
}

/**
 * almu_kernel_divide_by:
 * @sums: @width sums
 * @count: of how many values each is
 * @width: how many sums
 * @means: room for @width values
 *
 * Divided, not multiplied by an inverse: the mean of equal values is exact.
 */
ALMU_KERNEL void
almu_kernel_divide_by (const float *sums,
                       float        count,
                       gsize        width,
                       float       *means)
{
  for (gsize i = 0; i < width; i++)
    means[i] = sums[i] / count;
}

/**
 * almu_kernel_divide:
 * @sums: @width sums
 * @counts: of how many values each is
 * @width: how many sums
 * @means: room for @width values
 *
 * The mean of each sum; NaN where the count is 0.
 */
ALMU_KERNEL void
almu_kernel_divide (const float *sums,
                    const float *counts,
                    gsize        width,
                    float       *means)
{
  for (gsize i = 0; i < width; i++)
    means[i] = counts[i] > 0.0f ? sums[i] / counts[i] : NAN;
}
