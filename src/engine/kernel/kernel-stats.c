/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <float.h>
#include <math.h>

/* As many sums as registers of most machines hold beside what else goes on. */
#define LANES 16

static inline __attribute__ ((always_inline)) gboolean
is_finite (float value)
{
  return fabsf (value) <= FLT_MAX;
}

/* Lanes are folded in halves, always the same way. */
static inline __attribute__ ((always_inline)) double
fold (double *lanes)
{
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int k = 0; k < half; k++)
      lanes[k] += lanes[k + half];

  return lanes[0];
}

ALMU_KERNEL static void
sum_up (const float    *values,
        gsize           n_values,
        AlmuKernelSums *sums)
{
  double sum[LANES] = { 0 };
  gint32 n[LANES] = { 0 };
  float  min[LANES], max[LANES];
  gsize  i = 0;

  for (int k = 0; k < LANES; k++)
    {
      min[k] = FLT_MAX;
      max[k] = -FLT_MAX;
    }

  for (; i + LANES <= n_values; i += LANES)
    for (int k = 0; k < LANES; k++)
      {
        float v = values[i + k];
        float low = is_finite (v) ? v : FLT_MAX;
        float high = is_finite (v) ? v : -FLT_MAX;
        float term = is_finite (v) ? v : 0.0f;

        sum[k] += (double) term;
        n[k] += is_finite (v) ? 1 : 0;
        min[k] = low < min[k] ? low : min[k];
        max[k] = high > max[k] ? high : max[k];
      }

  for (int k = 0; i < n_values; i++, k++)
    {
      float v = values[i];

      if (!is_finite (v))
        continue;

      sum[k] += (double) v;
      n[k]++;
      min[k] = v < min[k] ? v : min[k];
      max[k] = v > max[k] ? v : max[k];
    }

  sums->n = 0;
  sums->min = FLT_MAX;
  sums->max = -FLT_MAX;
  for (int k = 0; k < LANES; k++)
    {
      sums->n += n[k];
      sums->min = min[k] < sums->min ? min[k] : sums->min;
      sums->max = max[k] > sums->max ? max[k] : sums->max;
    }
  sums->sum = fold (sum);
}

ALMU_KERNEL static double
sum_squares (const float *values,
             gsize        n_values,
             double       mean)
{
  double sum[LANES] = { 0 };
  gsize  i = 0;

  for (; i + LANES <= n_values; i += LANES)
    for (int k = 0; k < LANES; k++)
      {
        float  v = values[i + k];
        double d = is_finite (v) ? (double) v - mean : 0.0;

        sum[k] += d * d;
      }

  for (int k = 0; i < n_values; i++, k++)
    {
      double d = is_finite (values[i]) ? (double) values[i] - mean : 0.0;

      sum[k] += d * d;
    }

  return fold (sum);
}

/* Most blocks have no blanks, and are done in half the time if that is known.
 * The sums are those of above, to the last bit. Returns FALSE if there is a
 * blank after all. */
ALMU_KERNEL static gboolean
sum_up_finite (const float    *values,
               gsize           n_values,
               AlmuKernelSums *sums)
{
  double sum[LANES] = { 0 };
  float  min[LANES], max[LANES], size[LANES] = { 0 };
  gsize  i = 0;

  for (int k = 0; k < LANES; k++)
    {
      min[k] = FLT_MAX;
      max[k] = -FLT_MAX;
    }

  for (; i + LANES <= n_values; i += LANES)
    for (int k = 0; k < LANES; k++)
      {
        float v = values[i + k];

        sum[k] += (double) v;
        min[k] = v < min[k] ? v : min[k];
        max[k] = v > max[k] ? v : max[k];
        /* a product of NaN or infinity and 0 is NaN, and remains */
        size[k] += v * 0.0f;
      }

  for (int k = 0; i < n_values; i++, k++)
    {
      float v = values[i];

      sum[k] += (double) v;
      min[k] = v < min[k] ? v : min[k];
      max[k] = v > max[k] ? v : max[k];
      size[k] += v * 0.0f;
    }

  sums->n = n_values;
  sums->min = FLT_MAX;
  sums->max = -FLT_MAX;
  for (int k = 0; k < LANES; k++)
    {
      if (size[k] != 0.0f)
        return FALSE;
      sums->min = min[k] < sums->min ? min[k] : sums->min;
      sums->max = max[k] > sums->max ? max[k] : sums->max;
    }
  sums->sum = fold (sum);

  return TRUE;
}

ALMU_KERNEL static double
sum_finite_squares (const float *values,
                    gsize        n_values,
                    double       mean)
{
  double sum[LANES] = { 0 };
  gsize  i = 0;

  for (; i + LANES <= n_values; i += LANES)
    for (int k = 0; k < LANES; k++)
      {
        double d = (double) values[i + k] - mean;

        sum[k] += d * d;
      }

  for (int k = 0; i < n_values; i++, k++)
    {
      double d = (double) values[i] - mean;

      sum[k] += d * d;
    }

  return fold (sum);
}

/**
 * almu_kernel_measure:
 * @values: at most %ALMU_KERNEL_BLOCK
 * @n_values: how many
 * @out_sums: (out caller-allocates): what is known of the finite ones
 *
 * A second look at the values, which are still in the cache, is what keeps
 * sigma right when the mean is large. Without a finite value the minimum is the
 * largest float, the maximum the lowest.
 */
void
almu_kernel_measure (const float    *values,
                     gsize           n_values,
                     AlmuKernelSums *out_sums)
{
  gboolean is_finite = sum_up_finite (values, n_values, out_sums);
  double   mean;

  if (!is_finite)
    sum_up (values, n_values, out_sums);

  mean = out_sums->sum / (double) out_sums->n;
  if (out_sums->n <= 1)
    out_sums->m2 = 0.0;
  else if (is_finite)
    out_sums->m2 = sum_finite_squares (values, n_values, mean);
  else
    out_sums->m2 = sum_squares (values, n_values, mean);
}

/**
 * almu_kernel_count_finite:
 * @values: any values
 * @n_values: how many, without a limit
 *
 * Counts what is no blank.
 *
 * Returns: how many are neither NaN nor infinite
 */
ALMU_KERNEL gsize
almu_kernel_count_finite (const float *values,
                          gsize        n_values)
{
  gsize n = 0;

  /* Counted in the width of the values, block by block. */
  for (gsize begin = 0; begin < n_values; begin += ALMU_KERNEL_BLOCK)
    {
      const float *block = values + begin;
      gsize        length = MIN (ALMU_KERNEL_BLOCK, n_values - begin);
      gint32       n_block = 0;

      for (gsize i = 0; i < length; i++)
        n_block += is_finite (block[i]) ? 1 : 0;
      n += n_block;
    }

  return n;
}
