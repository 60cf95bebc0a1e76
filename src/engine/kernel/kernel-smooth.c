/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Sums of some columns stay in registers while rows go by, in their order:
 * what comes out does not depend on how many columns are done together. */
#define LANES 8
#define N_VECTORS 4
#define BLOCK ((gsize) (LANES * N_VECTORS))

#define INLINE static inline __attribute__ ((always_inline))

typedef gint32 Ints __attribute__ ((vector_size (LANES * sizeof (gint32))));
typedef float  Floats __attribute__ ((vector_size (LANES * sizeof (float))));

/* From anywhere. */
typedef float Loaded __attribute__ ((vector_size (LANES * sizeof (float)), aligned (4), may_alias));

INLINE void
blend_block (const float *const *rows,
             const float        *weights,
             guint               n_rows,
             float               total,
             gsize               x,
             float              *means)
{
  Floats sums[N_VECTORS] = { 0 };

  for (guint k = 0; k < n_rows; k++)
    for (gsize i = 0; i < N_VECTORS; i++)
      sums[i] += *(const Loaded *) (rows[k] + x + i * LANES) * weights[k];

  for (gsize i = 0; i < N_VECTORS; i++)
    sums[i] /= total;
  memcpy (means + x, sums, sizeof sums);
}

INLINE float
blend_one (const float *const *rows,
           const float        *weights,
           guint               n_rows,
           float               total,
           gsize               x)
{
  float sum = 0.0f;

  for (guint k = 0; k < n_rows; k++)
    sum += rows[k][x] * weights[k];

  return sum / total;
}

/**
 * almu_kernel_blend:
 * @rows: (array length=n_rows): rows of @width values, all of them finite
 * @weights: (array length=n_rows): of the rows
 * @n_rows: how many rows
 * @total: the sum of the weights
 * @width: how many values
 * @means: room for @width values, which is no part of @rows
 *
 * Weighted means down the columns. Rows that are one row shifted give the means
 * along it.
 */
ALMU_KERNEL void
almu_kernel_blend (const float *const *rows,
                   const float        *weights,
                   guint               n_rows,
                   float               total,
                   gsize               width,
                   float              *means)
{
  gsize x = 0;

  for (; x + BLOCK <= width; x += BLOCK)
    blend_block (rows, weights, n_rows, total, x, means);
  for (; x < width; x++)
    means[x] = blend_one (rows, weights, n_rows, total, x);
}

/* Half as many sums as above: each has a total beside it. 0 / 0 is the NaN
 * that is wanted. */
INLINE void
blend_block_finite (const float *const *rows,
                    const float        *weights,
                    guint               n_rows,
                    gsize               x,
                    float              *means)
{
  Floats sums[N_VECTORS / 2] = { 0 };
  Floats totals[N_VECTORS / 2] = { 0 };

  for (guint k = 0; k < n_rows; k++)
    for (gsize i = 0; i < N_VECTORS / 2; i++)
      {
        Floats values = *(const Loaded *) (rows[k] + x + i * LANES);
        Ints   is_finite = (values >= -FLT_MAX) & (values <= FLT_MAX);
        Floats weight = (Floats){ 0 } + weights[k];

        sums[i] += (Floats) (is_finite & (Ints) (values * weight));
        totals[i] += (Floats) (is_finite & (Ints) weight);
      }

  for (gsize i = 0; i < N_VECTORS / 2; i++)
    sums[i] /= totals[i];
  memcpy (means + x, sums, sizeof sums);
}

INLINE float
blend_one_finite (const float *const *rows,
                  const float        *weights,
                  guint               n_rows,
                  gsize               x)
{
  float sum = 0.0f, total = 0.0f;

  for (guint k = 0; k < n_rows; k++)
    if (fabsf (rows[k][x]) <= FLT_MAX)
      {
        sum += rows[k][x] * weights[k];
        total += weights[k];
      }

  return sum / total;
}

/**
 * almu_kernel_blend_finite:
 * @rows: (array length=n_rows): rows of @width values
 * @weights: (array length=n_rows): of the rows
 * @n_rows: how many rows
 * @width: how many values
 * @means: room for @width values, which is no part of @rows
 *
 * As almu_kernel_blend() over what is finite, by the weights of just that; NaN
 * where nothing is.
 */
ALMU_KERNEL void
almu_kernel_blend_finite (const float *const *rows,
                          const float        *weights,
                          guint               n_rows,
                          gsize               width,
                          float              *means)
{
  gsize x = 0;

  for (; x + BLOCK / 2 <= width; x += BLOCK / 2)
    blend_block_finite (rows, weights, n_rows, x, means);
  for (; x < width; x++)
    means[x] = blend_one_finite (rows, weights, n_rows, x);
}

/**
 * almu_kernel_veil:
 * @source: @width values
 * @width: how many
 * @values: what was made of them
 *
 * What is NaN in the source is NaN again.
 */
ALMU_KERNEL void
almu_kernel_veil (const float *source,
                  gsize        width,
                  float       *values)
{
  for (gsize i = 0; i < width; i++)
    values[i] = source[i] == source[i] ? values[i] : NAN;
}

/**
 * almu_kernel_gather:
 * @row: @width values
 * @width: how many
 * @sums: grow by the finite ones
 * @counts: grow by 1 where the value is finite
 *
 * Adds a row to sums down the columns.
 */
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

/* As low as the lowest, if it is blank. */
INLINE float
ground (float value)
{
  return value >= -FLT_MAX ? value : -FLT_MAX;
}

INLINE void
bound_stretch (const float *values,
               float       *min,
               float       *max)
{
  float last = ground (values[ALMU_KERNEL_STRETCH]);
  float low = FLT_MAX, high = -FLT_MAX;

  for (gsize i = 0; i < ALMU_KERNEL_STRETCH; i++)
    {
      float value = ground (values[i]);

      low = value < low ? value : low;
      high = value > high ? value : high;
    }

  *min = MIN (low, last);
  *max = MAX (high, last);
}

/**
 * almu_kernel_bound:
 * @row: @width values
 * @width: how many
 * @mins: room for (@width - 1) / %ALMU_KERNEL_STRETCH values, rounded up
 * @maxs: as much room
 *
 * Least and greatest of each stretch of %ALMU_KERNEL_STRETCH values and the one
 * that follows; what is blank counts as lowest. Fewer than two values make no
 * stretch.
 */
ALMU_KERNEL void
almu_kernel_bound (const float *row,
                   gsize        width,
                   float       *mins,
                   float       *maxs)
{
  gsize begin = 0, i = 0;

  for (; begin + ALMU_KERNEL_STRETCH < width; begin += ALMU_KERNEL_STRETCH, i++)
    bound_stretch (row + begin, &mins[i], &maxs[i]);
  if (begin + 1 >= width)
    return;

  mins[i] = FLT_MAX;
  maxs[i] = -FLT_MAX;
  for (; begin < width; begin++)
    {
      float value = ground (row[begin]);

      mins[i] = MIN (value, mins[i]);
      maxs[i] = MAX (value, maxs[i]);
    }
}

/* The lowest bits of eight bytes, from the first on. */
INLINE guint64
pack_bits (const guint8 *flags)
{
  guint64 bytes;

  memcpy (&bytes, flags, sizeof bytes);

  return GUINT64_FROM_LE (bytes) * G_GUINT64_CONSTANT (0x0102040810204080) >> 56;
}

/**
 * almu_kernel_find_rises:
 * @values: @n + 1 values
 * @n: up to %ALMU_KERNEL_STRETCH
 * @threshold: what is as high as this is not below it
 *
 * Which of @n values are below the threshold, or blank, while the next one is
 * not.
 *
 * Returns: a bit for each of them, the lowest for the first
 */
ALMU_KERNEL guint64
almu_kernel_find_rises (const float *values,
                        gsize        n,
                        float        threshold)
{
  guint8  flags[ALMU_KERNEL_STRETCH + 1] = { 0 };
  guint8  rising[ALMU_KERNEL_STRETCH];
  guint64 rises = 0;

  if (n == ALMU_KERNEL_STRETCH)
    for (gsize i = 0; i < ALMU_KERNEL_STRETCH; i++)
      flags[i] = values[i] >= threshold;
  else
    for (gsize i = 0; i < n; i++)
      flags[i] = values[i] >= threshold;
  flags[n] = values[n] >= threshold;

  for (gsize i = 0; i < ALMU_KERNEL_STRETCH; i++)
    rising[i] = (guint8) (flags[i + 1] & ~flags[i]);
  for (gsize i = 0; i < ALMU_KERNEL_STRETCH; i += 8)
    rises |= pack_bits (rising + i) << i;

  return rises;
}
