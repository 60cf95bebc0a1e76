/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <float.h>
#include <math.h>

/* Sums are kept in a place that stays in the first-level cache, while rows go
 * by, four at a time: in the order of the rows all the same. */
#define BLOCK ((gsize) 512)

static inline __attribute__ ((always_inline)) void
add_four (const float *const *rows,
          const float        *weights,
          gsize               x,
          gsize               n,
          float              *sums)
{
  const float *a = rows[0] + x, *b = rows[1] + x, *c = rows[2] + x, *d = rows[3] + x;

  for (gsize i = 0; i < n; i++)
    sums[i] = (((sums[i] + a[i] * weights[0]) + b[i] * weights[1]) + c[i] * weights[2]) + d[i] * weights[3];
}

static inline __attribute__ ((always_inline)) void
add_one (const float *row,
         float        weight,
         gsize        n,
         float       *sums)
{
  for (gsize i = 0; i < n; i++)
    sums[i] += row[i] * weight;
}

/* Weighted means down the columns of @n_rows rows, all of them finite. Rows
 * that are one row shifted give the means along it. */
ALMU_KERNEL void
almu_kernel_blend (const float *const *rows,
                   const float        *weights,
                   guint               n_rows,
                   float               total,
                   gsize               width,
                   float              *means)
{
  float sums[BLOCK];

  for (gsize x = 0; x < width; x += BLOCK)
    {
      gsize n = MIN (BLOCK, width - x);
      guint k = 0;

      for (gsize i = 0; i < n; i++)
        sums[i] = 0.0f;
      for (; k + 4 <= n_rows; k += 4)
        add_four (rows + k, weights + k, x, n, sums);
      for (; k < n_rows; k++)
        add_one (rows[k] + x, weights[k], n, sums);
      for (gsize i = 0; i < n; i++)
        means[x + i] = sums[i] / total;
    }
}

static inline __attribute__ ((always_inline)) void
add_finite (const float *row,
            float        weight,
            gsize        n,
            float       *sums,
            float       *totals)
{
  for (gsize i = 0; i < n; i++)
    {
      gboolean is_finite = fabsf (row[i]) <= FLT_MAX;

      sums[i] += is_finite ? row[i] * weight : 0.0f;
      totals[i] += is_finite ? weight : 0.0f;
    }
}

/* The same over what is finite, by the weights of just that; NaN where
 * nothing is. */
ALMU_KERNEL void
almu_kernel_blend_finite (const float *const *rows,
                          const float        *weights,
                          guint               n_rows,
                          gsize               width,
                          float              *means)
{
  float sums[BLOCK], totals[BLOCK];

  for (gsize x = 0; x < width; x += BLOCK)
    {
      gsize n = MIN (BLOCK, width - x);

      for (gsize i = 0; i < n; i++)
        sums[i] = totals[i] = 0.0f;
      for (guint k = 0; k < n_rows; k++)
        add_finite (rows[k] + x, weights[k], n, sums, totals);
      /* 0 / 0 is the NaN that is wanted */
      for (gsize i = 0; i < n; i++)
        means[x + i] = sums[i] / totals[i];
    }
}

/* What is blank in the source is blank again. */
ALMU_KERNEL void
almu_kernel_veil (const float *source,
                  gsize        width,
                  float       *values)
{
  for (gsize i = 0; i < width; i++)
    values[i] = source[i] == source[i] ? values[i] : NAN;
}

/* Adds the finite values of a row to sums, and their number to counts. */
ALMU_KERNEL void
almu_kernel_gather (const float *row,
                    gsize        width,
                    float       *sums,
                    float       *counts)
{
  for (gsize i = 0; i < width; i++)
    {
      gboolean is_finite = fabsf (row[i]) <= FLT_MAX;

      sums[i] += is_finite ? row[i] : 0.0f;
      counts[i] += is_finite ? 1.0f : 0.0f;
    }
}

/* Least and greatest of each stretch of ALMU_KERNEL_STRETCH values and the
 * one that follows; what is blank counts as lowest. */
ALMU_KERNEL void
almu_kernel_bound (const float *row,
                   gsize        width,
                   float       *mins,
                   float       *maxs)
{
  for (gsize begin = 0, i = 0; begin + 1 < width; begin += ALMU_KERNEL_STRETCH, i++)
    {
      gsize        n = MIN (ALMU_KERNEL_STRETCH + 1, width - begin);
      const float *values = row + begin;
      float        min = FLT_MAX, max = -FLT_MAX;

      for (gsize k = 0; k < n; k++)
        {
          float value = values[k] >= -FLT_MAX ? values[k] : -FLT_MAX;

          min = value < min ? value : min;
          max = value > max ? value : max;
        }
      mins[i] = min;
      maxs[i] = max;
    }
}
