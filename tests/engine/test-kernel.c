/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/kernel.h"
#include "test-pixels.h"

#define MAX_VALUES 5000
#define ROUNDS 200

/* kernel-plain.c */
extern __typeof__ (almu_kernel_convert)      plain_kernel_convert;
extern __typeof__ (almu_kernel_measure)      plain_kernel_measure;
extern __typeof__ (almu_kernel_count_finite) plain_kernel_count_finite;
extern __typeof__ (almu_kernel_bin)          plain_kernel_bin;
extern __typeof__ (almu_kernel_count_zeros)  plain_kernel_count_zeros;
extern __typeof__ (almu_kernel_halve)        plain_kernel_halve;
extern __typeof__ (almu_kernel_halve_finite) plain_kernel_halve_finite;
extern __typeof__ (almu_kernel_divide_by)    plain_kernel_divide_by;
extern __typeof__ (almu_kernel_divide)       plain_kernel_divide;
extern __typeof__ (almu_kernel_total)        plain_kernel_total;
extern __typeof__ (almu_kernel_linear)       plain_kernel_linear;
extern __typeof__ (almu_kernel_percent)      plain_kernel_percent;
extern __typeof__ (almu_kernel_angle)        plain_kernel_angle;
extern __typeof__ (almu_kernel_scale)        plain_kernel_scale;
extern __typeof__ (almu_kernel_undither)     plain_kernel_undither;
extern __typeof__ (almu_kernel_put_where)    plain_kernel_put_where;
extern __typeof__ (almu_kernel_blend)        plain_kernel_blend;
extern __typeof__ (almu_kernel_blend_finite) plain_kernel_blend_finite;
extern __typeof__ (almu_kernel_bound)        plain_kernel_bound;
extern __typeof__ (almu_kernel_find_rises)   plain_kernel_find_rises;

/* Bits, so that a NaN is equal to a NaN and 0 is not to -0. */
static void
assert_same (const float *a,
             const float *b,
             gsize        n)
{
  for (gsize i = 0; i < n; i++)
    {
      if (isnan (a[i]) && isnan (b[i]))
        continue;
      g_assert_cmpmem (&a[i], sizeof a[i], &b[i], sizeof b[i]);
    }
}

static void
put_big_endian (guint8 *raw,
                int     bitpix,
                gint64  integer,
                double  real)
{
  guint64 bits = (guint64) integer;
  float   single = (float) real;
  guint32 bits_32;
  int     size = ABS (bitpix) / 8;

  if (bitpix == -64)
    memcpy (&bits, &real, sizeof bits);
  if (bitpix == -32)
    {
      memcpy (&bits_32, &single, sizeof bits_32);
      bits = bits_32;
    }

  for (int i = 0; i < size; i++)
    raw[i] = (guint8) (bits >> (8 * (size - 1 - i)));
}

static float
expect_value (const AlmuKernelFormat *format,
              gint64                  integer,
              double                  real)
{
  if (format->bitpix == -32)
    real = (float) real;
  if (format->bitpix > 0 && format->has_blank && integer == format->blank)
    return NAN;
  /* the offset of unsigned ones is exact */
  if (format->bitpix == 64 && format->scale == 1.0 && format->zero == 0x1p63)
    return (float) (double) ((__int128) integer + ((__int128) 1 << 63));
  if (format->bitpix > 0)
    real = (double) integer;
  if (format->scale == 1.0 && format->zero == 0.0)
    return (float) real;

  return (float) (format->zero + format->scale * real);
}

static gint64
random_integer (int bitpix)
{
  gint64 bits = (gint64) ((guint64) (guint32) g_test_rand_int () << 32 | (guint32) g_test_rand_int ());

  switch (bitpix)
    {
    case 8:
      return bits & 0xff;
    case 16:
      return (gint16) bits;
    case 32:
      return (gint32) bits;
    default:
      return bits;
    }
}

static void
check_convert (const AlmuKernelFormat *format,
               gsize                   n)
{
  gsize              size = (gsize) ABS (format->bitpix) / 8;
  g_autofree guint8 *raw = g_malloc (n * 8);
  g_autofree float  *expected = g_new (float, n);
  g_autofree float  *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    {
      gint64 integer = g_test_rand_bit () ? random_integer (format->bitpix) : format->blank;
      double real = test_pixels_next (&test_pixels_kinds[2]);

      put_big_endian (raw + i * size, format->bitpix, integer, real);
      expected[i] = expect_value (format, integer, real);
    }

  almu_kernel_convert (format, raw, values, n);
  assert_same (values, expected, n);

  plain_kernel_convert (format, raw, values, n);
  assert_same (values, expected, n);

  if (size == sizeof (float) && n > 0)
    {
      memcpy (values, raw, n * size);
      almu_kernel_convert (format, values, values, n);
      assert_same (values, expected, n);
    }
}

static void
test_kernel_convert (void)
{
  static const int    bitpixes[] = { 8, 16, 32, 64, -32, -64 };
  static const double scalings[][2] = { { 1, 0 }, { 1, 32768 }, { 0.25, -3 }, { 1e-7, 1e5 }, { 1, 9223372036854775808.0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (bitpixes); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (scalings); j++)
      for (int with_blank = 0; with_blank < 2; with_blank++)
        {
          AlmuKernelFormat format = {
            bitpixes[i], scalings[j][0], scalings[j][1], with_blank, random_integer (bitpixes[i])
          };

          for (gsize n = 0; n < 40; n++)
            check_convert (&format, n);
          check_convert (&format, (gsize) g_test_rand_int_range (40, MAX_VALUES));
        }
}

/* A blank that no integer of the width can be must not match the one its
 * low bits are. */
static void
test_kernel_convert_blank_too_large (void)
{
  AlmuKernelFormat format = { 16, 1.0, 0.0, TRUE, 65536 + 7 };
  guint8           raw[] = { 0, 7 };
  float            value = 0.0f;

  almu_kernel_convert (&format, raw, &value, 1);
  g_assert_cmpfloat (value, ==, 7.0f);

  format = (AlmuKernelFormat){ 8, 1.0, 0.0, TRUE, -1 };
  raw[0] = 255;
  almu_kernel_convert (&format, raw, &value, 1);
  g_assert_cmpfloat (value, ==, 255.0f);
}

/* Small numbers of unsigned integers of 64 bits. */
static void
test_kernel_convert_unsigned (void)
{
  const AlmuKernelFormat format = { 64, 1.0, 0x1p63, TRUE, G_MININT64 + 5 };

  for (int i = 0; i < 2000; i++)
    {
      guint8 raw[8];
      float  value = -1.0f;

      put_big_endian (raw, 64, G_MININT64 + i, 0);
      almu_kernel_convert (&format, raw, &value, 1);
      if (i == 5)
        g_assert_true (isnan (value));
      else
        g_assert_cmpfloat (value, ==, (float) i);
    }
}

static void
test_kernel_pick (void)
{
  guint16 raw[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

  almu_kernel_pick (raw, raw, sizeof raw[0], 3, 4);
  g_assert_cmpuint (raw[0], ==, 0);
  g_assert_cmpuint (raw[1], ==, 3);
  g_assert_cmpuint (raw[2], ==, 6);
  g_assert_cmpuint (raw[3], ==, 9);
}

static void
test_kernel_measure (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize             n = (gsize) g_test_rand_int_range (0, round < 100 ? 80 : ALMU_KERNEL_BLOCK + 1);
      g_autofree float *values = test_pixels_new (kind, n);
      AlmuKernelSums    sums, plain;
      long double       sum = 0, m2 = 0;
      gsize             n_finite = 0;
      float             min = FLT_MAX, max = -FLT_MAX;

      for (gsize i = 0; i < n; i++)
        if (isfinite (values[i]))
          {
            n_finite++;
            sum += values[i];
            min = MIN (min, values[i]);
            max = MAX (max, values[i]);
          }
      for (gsize i = 0; i < n; i++)
        if (isfinite (values[i]))
          m2 += (values[i] - sum / n_finite) * (values[i] - sum / n_finite);

      almu_kernel_measure (values, n, &sums);
      plain_kernel_measure (values, n, &plain);

      g_assert_cmpuint (sums.n, ==, n_finite);
      g_assert_cmpfloat (sums.min, ==, min);
      g_assert_cmpfloat (sums.max, ==, max);
      g_assert_cmpfloat (fabs (sums.sum - (double) sum), <=,
                         1e-13 * (fabs ((double) kind->offset) + kind->scatter) * (n + 1));
      g_assert_cmpfloat (fabs (sums.m2 - (double) m2), <=, 1e-9 * (double) m2 + 1e-18 * n);
      g_assert_cmpuint (almu_kernel_count_finite (values, n), ==, n_finite);
      g_assert_cmpuint (plain_kernel_count_finite (values, n), ==, n_finite);

      /* whatever the instruction set, to the bit */
      g_assert_cmpuint (plain.n, ==, sums.n);
      g_assert_cmpmem (&plain.sum, sizeof plain.sum, &sums.sum, sizeof sums.sum);
      g_assert_cmpmem (&plain.m2, sizeof plain.m2, &sums.m2, sizeof sums.m2);
      assert_same (&plain.min, &sums.min, 1);
      assert_same (&plain.max, &sums.max, 1);
    }
}

static int
expect_bin (float value,
            float min,
            float max,
            float width,
            int   n_bins)
{
  volatile float difference = value - min;
  volatile float place;

  if (!(value >= min && value <= max))
    return n_bins;

  place = floorf (difference / width);
  if (!(place > 0.0f))
    return 0;
  if (place >= (float) (n_bins - 1))
    return n_bins - 1;

  return (int) place;
}

static void
test_kernel_bin (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels  *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize              n = (gsize) g_test_rand_int_range (0, MAX_VALUES);
      g_autofree float  *values = test_pixels_new (kind, n);
      g_autofree gint32 *bins = g_new (gint32, n);
      g_autofree gint32 *plain = g_new (gint32, n);
      int                n_bins = g_test_rand_int_range (1, 3000);
      float              min = (float) (kind->offset - 0.4 * kind->scatter);
      float              max = (float) (kind->offset + 0.4 * kind->scatter + 1e-3);
      float              width = (float) (((double) max - (double) min) / n_bins);

      for (gsize i = 0; i + 1 < n; i += 50)
        {
          values[i] = max;
          values[i + 1] = min;
        }

      almu_kernel_bin (values, n, min, max, width, n_bins, bins);
      plain_kernel_bin (values, n, min, max, width, n_bins, plain);
      g_assert_cmpmem (bins, n * sizeof bins[0], plain, n * sizeof plain[0]);

      for (gsize i = 0; i < n; i++)
        g_assert_cmpint (bins[i], ==, expect_bin (values[i], min, max, width, n_bins));
    }
}

/* The narrowest range there is: the width underflows to nothing. */
static void
test_kernel_bin_underflow (void)
{
  float  values[] = { 0.0f, 1.4e-45f, 2.8e-45f };
  gint32 bins[3];

  almu_kernel_bin (values, 3, 0.0f, 1.4e-45f, 0.0f, 10, bins);
  g_assert_cmpint (bins[0], ==, 0);
  g_assert_cmpint (bins[1], ==, 9);
  g_assert_cmpint (bins[2], ==, 10);
}

static void
check_halve (const float *above,
             const float *below,
             gsize        width)
{
  gsize             half = (width + 1) / 2;
  g_autofree float *sums = g_new (float, half);
  g_autofree float *counts = g_new (float, half);
  g_autofree float *plain = g_new (float, half);
  g_autofree float *plain_counts = g_new (float, half);

  almu_kernel_halve_finite (above, below, width, sums, counts);
  plain_kernel_halve_finite (above, below, width, plain, plain_counts);
  assert_same (sums, plain, half);
  assert_same (counts, plain_counts, half);

  for (gsize i = 0; i < half; i++)
    {
      double sum = 0, size = 0;
      int    n = 0;

      for (gsize x = 2 * i; x < MIN (2 * i + 2, width); x++)
        for (int y = 0; y < (below != NULL ? 2 : 1); y++)
          {
            float value = y == 0 ? above[x] : below[x];

            if (!isfinite (value))
              continue;
            sum += value;
            size += fabs (value);
            n++;
          }

      g_assert_cmpfloat (counts[i], ==, n);
      g_assert_cmpfloat (fabs (sums[i] - sum), <=, 2e-7 * size);
    }

  almu_kernel_divide (sums, counts, half, sums);
  plain_kernel_divide (plain, plain_counts, half, plain);
  assert_same (sums, plain, half);

  almu_kernel_halve (above, below, width, sums);
  plain_kernel_halve (above, below, width, plain);
  assert_same (sums, plain, half);

  almu_kernel_divide_by (sums, 3.0f, half, sums);
  plain_kernel_divide_by (plain, 3.0f, half, plain);
  assert_same (sums, plain, half);
}

static void
test_kernel_halve (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize             width = (gsize) test_pixels_side (700);
      g_autofree float *above = test_pixels_new (kind, width);
      g_autofree float *below = test_pixels_new (kind, width);

      check_halve (above, below, width);
      check_halve (above, NULL, width);
    }
}

static void
test_kernel_count_zeros (void)
{
  float values[] = { 0.0f, -0.0f, NAN, 1.0f, INFINITY, 1e-45f };

  g_assert_cmpuint (almu_kernel_count_zeros (values, 6), ==, 2);
  g_assert_cmpuint (plain_kernel_count_zeros (values, 6), ==, 2);
  g_assert_cmpuint (almu_kernel_count_zeros (values, 0), ==, 0);
}

/* What they compute is checked in test-polarisation.c. */
static void
test_kernel_polarise (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize             n = (gsize) test_pixels_side (MAX_VALUES);
      g_autofree float *v = test_pixels_new (kind, n);
      g_autofree float *u = test_pixels_new (kind, n);
      g_autofree float *q = test_pixels_new (kind, n);
      g_autofree float *values = g_new (float, n);
      g_autofree float *plain = g_new (float, n);

      almu_kernel_total (v, u, q, n, values);
      plain_kernel_total (v, u, q, n, plain);
      assert_same (values, plain, n);

      almu_kernel_percent (values, v, n, values);
      plain_kernel_percent (plain, v, n, plain);
      assert_same (values, plain, n);

      almu_kernel_linear (u, q, n, values);
      plain_kernel_linear (u, q, n, plain);
      assert_same (values, plain, n);

      almu_kernel_angle (u, q, n, values);
      plain_kernel_angle (u, q, n, plain);
      assert_same (values, plain, n);
    }
}

/* Products are rounded before they are added to, whatever the machine can do
 * in one step. */
static void
test_kernel_unpack (void)
{
  static float values[MAX_VALUES];
  static float plain[MAX_VALUES];
  gint32       integers[MAX_VALUES];
  float        dither[MAX_VALUES];

  for (int round = 0; round < ROUNDS; round++)
    {
      gsize  n = g_test_rand_int_range (0, MAX_VALUES);
      double scale = g_test_rand_double_range (-3, 3);
      double zero = g_test_rand_double_range (-1e6, 1e6);

      for (gsize i = 0; i < n; i++)
        {
          integers[i] = g_test_rand_int () >> g_test_rand_int_range (0, 32);
          dither[i] = (float) g_test_rand_double ();
        }

      almu_kernel_scale (integers, n, scale, zero, values);
      plain_kernel_scale (integers, n, scale, zero, plain);
      assert_same (values, plain, n);
      for (gsize i = 0; i < n; i++)
        {
          volatile double product = scale * integers[i];

          g_assert_cmpfloat (values[i], ==, (float) (product + zero));
        }

      almu_kernel_undither (integers, dither, n, scale, zero, values);
      plain_kernel_undither (integers, dither, n, scale, zero, plain);
      assert_same (values, plain, n);
      for (gsize i = 0; i < n; i++)
        {
          volatile double product = ((double) integers[i] - (double) dither[i] + 0.5) * scale;

          g_assert_cmpfloat (values[i], ==, (float) (product + zero));
        }

      almu_kernel_put_where (integers, -1, n, NAN, values);
      plain_kernel_put_where (integers, -1, n, NAN, plain);
      assert_same (values, plain, n);
      for (gsize i = 0; i < n; i++)
        g_assert_true (isnan (values[i]) == (integers[i] == -1));
    }
}

/* -- what contours are made from ------------------------------------------ */

#define MAX_ROWS 21

/* In the order of the rows, each product and each sum rounded. */
static float
blend (const float *const *rows,
       const float        *weights,
       guint               n_rows,
       gsize               x,
       gboolean            only_finite,
       float               total)
{
  volatile float sum = 0;
  volatile float weight = 0;

  for (guint k = 0; k < n_rows; k++)
    if (!only_finite || isfinite (rows[k][x]))
      {
        volatile float product = rows[k][x] * weights[k];

        sum += product;
        weight += weights[k];
      }

  return sum / (only_finite ? weight : total);
}

/* As many rows and columns as it may be: what is left over of a block is not
 * to be told from what was in it. */
static void
test_kernel_blend (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      guint             n_rows = (guint) g_test_rand_int_range (1, MAX_ROWS + 1);
      gsize             width = (gsize) g_test_rand_int_range (1, 200);
      g_autofree float *pixels = test_pixels_new (kind, width + n_rows);
      g_autofree float *means = g_new (float, width);
      g_autofree float *plain = g_new (float, width);
      g_autofree float *expected = g_new (float, width);
      const float      *rows[MAX_ROWS];
      float             weights[MAX_ROWS];
      float             total = 0;

      for (guint k = 0; k < n_rows; k++)
        {
          rows[k] = pixels + k;
          weights[k] = (float) g_test_rand_double_range (0.1, 2);
          total += weights[k];
        }

      almu_kernel_blend (rows, weights, n_rows, total, width, means);
      plain_kernel_blend (rows, weights, n_rows, total, width, plain);
      for (gsize x = 0; x < width; x++)
        expected[x] = blend (rows, weights, n_rows, x, FALSE, total);
      assert_same (means, plain, width);
      assert_same (means, expected, width);

      almu_kernel_blend_finite (rows, weights, n_rows, width, means);
      plain_kernel_blend_finite (rows, weights, n_rows, width, plain);
      for (gsize x = 0; x < width; x++)
        expected[x] = blend (rows, weights, n_rows, x, TRUE, total);
      assert_same (means, plain, width);
      assert_same (means, expected, width);
    }
}

static float
ground (float value)
{
  return value >= -FLT_MAX ? value : -FLT_MAX;
}

static void
test_kernel_stretches (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize             width = (gsize) g_test_rand_int_range (2, 400);
      gsize             n = (width + ALMU_KERNEL_STRETCH - 1) / ALMU_KERNEL_STRETCH;
      g_autofree float *row = test_pixels_new (kind, width);
      g_autofree float *mins = g_new0 (float, n);
      g_autofree float *maxs = g_new0 (float, n);
      g_autofree float *plain_mins = g_new0 (float, n);
      g_autofree float *plain_maxs = g_new0 (float, n);
      float             threshold = row[g_test_rand_int_range (0, (int) width)];

      almu_kernel_bound (row, width, mins, maxs);
      plain_kernel_bound (row, width, plain_mins, plain_maxs);
      for (gsize i = 0; i * ALMU_KERNEL_STRETCH + 1 < width; i++)
        {
          gsize        begin = i * ALMU_KERNEL_STRETCH;
          gsize        n_places = MIN (ALMU_KERNEL_STRETCH, width - 1 - begin);
          const float *values = row + begin;
          guint64      rises = 0;
          float        min = FLT_MAX, max = -FLT_MAX;

          for (gsize k = 0; k <= n_places; k++)
            {
              min = MIN (min, ground (values[k]));
              max = MAX (max, ground (values[k]));
            }
          for (gsize k = 0; k < n_places; k++)
            if (!(values[k] >= threshold) && values[k + 1] >= threshold)
              rises |= G_GUINT64_CONSTANT (1) << k;

          g_assert_cmpfloat (mins[i], ==, min);
          g_assert_cmpfloat (maxs[i], ==, max);
          g_assert_cmpfloat (plain_mins[i], ==, min);
          g_assert_cmpfloat (plain_maxs[i], ==, max);
          g_assert_cmphex (almu_kernel_find_rises (values, n_places, threshold), ==, rises);
          g_assert_cmphex (plain_kernel_find_rises (values, n_places, threshold), ==, rises);
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/kernel/convert", test_kernel_convert);
  g_test_add_func ("/engine/kernel/convert/blank-too-large", test_kernel_convert_blank_too_large);
  g_test_add_func ("/engine/kernel/convert/unsigned", test_kernel_convert_unsigned);
  g_test_add_func ("/engine/kernel/pick", test_kernel_pick);
  g_test_add_func ("/engine/kernel/measure", test_kernel_measure);
  g_test_add_func ("/engine/kernel/bin", test_kernel_bin);
  g_test_add_func ("/engine/kernel/bin/underflow", test_kernel_bin_underflow);
  g_test_add_func ("/engine/kernel/halve", test_kernel_halve);
  g_test_add_func ("/engine/kernel/count-zeros", test_kernel_count_zeros);
  g_test_add_func ("/engine/kernel/polarise", test_kernel_polarise);
  g_test_add_func ("/engine/kernel/unpack", test_kernel_unpack);
  g_test_add_func ("/engine/kernel/blend", test_kernel_blend);
  g_test_add_func ("/engine/kernel/stretches", test_kernel_stretches);

  return g_test_run ();
}
