/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-histogram.h"
#include "test-pixels.h"

static void
test_histogram_auto_bins (void)
{
  g_assert_cmpint (almu_histogram_auto_bins (1, 1), ==, 2);
  g_assert_cmpint (almu_histogram_auto_bins (2, 3), ==, 2);
  g_assert_cmpint (almu_histogram_auto_bins (3, 3), ==, 3);
  g_assert_cmpint (almu_histogram_auto_bins (512, 1024), ==, 724);
  g_assert_cmpint (almu_histogram_auto_bins (8192, 8192), ==, 8192);
  g_assert_cmpint (almu_histogram_auto_bins (G_MAXINT64, G_MAXINT64), ==, ALMU_LIMIT_BINS);
}

/* The rule as written down, one value at a time. */
static void
count_naively (const float *values,
               gsize        n_values,
               float        min,
               float        max,
               float        width,
               int          n_bins,
               int         *counts)
{
  for (gsize i = 0; i < n_values; i++)
    {
      volatile float place = (values[i] - min) / width;

      if (values[i] >= min && values[i] <= max)
        counts[(int) CLAMP (floorf (place), 0.0f, (float) (n_bins - 1))]++;
    }
}

static void
check_random (const TestPixels *kind,
              gsize             n,
              int               n_bins)
{
  g_autofree float *values = test_pixels_new (kind, n);
  g_autofree int   *expected = g_new0 (int, n_bins);
  g_autoptr(AlmuHistogram) whole = NULL;
  g_autoptr(AlmuHistogram) first = NULL;
  g_autoptr(AlmuHistogram) second = NULL;
  AlmuStats stats = ALMU_STATS_INIT;
  float     min, max;
  gsize     middle = n / 3;

  almu_stats_add (&stats, values, n);
  if (!(stats.min < stats.max))
    return;
  min = stats.min;
  max = g_test_rand_bit () ? stats.max : stats.min + 0.5f * (stats.max - stats.min);
  if (!(min < max))
    return;

  whole = almu_histogram_new (n_bins, min, max, &stats);
  g_assert_cmpfloat (whole->bin_width, ==, (float) (((double) max - min) / n_bins));
  g_assert_cmpfloat (whole->first_centre, ==, (float) (min + 0.5 * whole->bin_width));
  g_assert_cmpfloat (whole->mean, ==, stats.mean);
  count_naively (values, n, min, max, (float) whole->bin_width, n_bins, expected);

  almu_histogram_add (whole, min, max, values, n);
  g_assert_cmpmem (whole->counts, n_bins * sizeof (gint32), expected, n_bins * sizeof (int));

  first = almu_histogram_new (n_bins, min, max, &stats);
  second = almu_histogram_new (n_bins, min, max, &stats);
  almu_histogram_add (first, min, max, values, middle);
  almu_histogram_add (second, min, max, values + middle, n - middle);
  almu_histogram_merge (first, second);
  g_assert_cmpmem (first->counts, n_bins * sizeof (gint32), expected, n_bins * sizeof (int));
}

static void
test_histogram_random (void)
{
  for (int round = 0; round < 60; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];

      check_random (kind, (gsize) g_test_rand_int_range (2, 4000), g_test_rand_int_range (1, 500));
    }

  /* enough for several tables, and too many bins for them */
  check_random (&test_pixels_kinds[2], 100003, 317);
  check_random (&test_pixels_kinds[2], 100003, 20000);
}

static void
test_histogram_last_bin (void)
{
  float     values[] = { 0, 1, 2, 3, 4, -0.5f, 4.5f, NAN, INFINITY, -INFINITY };
  AlmuStats stats = ALMU_STATS_INIT;
  g_autoptr(AlmuHistogram) histogram = NULL;

  almu_stats_add (&stats, values, G_N_ELEMENTS (values));
  histogram = almu_histogram_new (4, 0.0f, 4.0f, &stats);
  almu_histogram_add (histogram, 0.0f, 4.0f, values, G_N_ELEMENTS (values));

  g_assert_cmpfloat (histogram->bin_width, ==, 1.0);
  g_assert_cmpfloat (histogram->first_centre, ==, 0.5);
  g_assert_cmpint (histogram->counts[0], ==, 1);
  g_assert_cmpint (histogram->counts[1], ==, 1);
  g_assert_cmpint (histogram->counts[2], ==, 1);
  g_assert_cmpint (histogram->counts[3], ==, 2);
}

static void
test_histogram_degenerate (void)
{
  static const float bounds[][2] = { { 5, 5 }, { 1, 0 }, { G_MAXFLOAT, -G_MAXFLOAT }, { NAN, 1 }, { 0, INFINITY } };
  float              values[] = { 0, 5, 5, -0.0f, NAN };
  AlmuStats          stats = ALMU_STATS_INIT;

  for (gsize i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      g_autoptr(AlmuHistogram) histogram = almu_histogram_new (100, bounds[i][0], bounds[i][1], &stats);

      almu_histogram_add (histogram, bounds[i][0], bounds[i][1], values, G_N_ELEMENTS (values));
      g_assert_cmpint (histogram->n_bins, ==, 1);
      g_assert_cmpfloat (histogram->bin_width, ==, 0.0);
      g_assert_cmpfloat (histogram->first_centre, ==, 0.0);
      g_assert_cmpint (histogram->counts[0], ==, 2);
      g_assert_true (isnan (histogram->mean));
      g_assert_true (isnan (histogram->sigma));
    }
}

static void
test_histogram_sigma (void)
{
  float     values[] = { 1, 3 };
  AlmuStats one = ALMU_STATS_INIT;
  AlmuStats two = ALMU_STATS_INIT;
  g_autoptr(AlmuHistogram) of_one = NULL;
  g_autoptr(AlmuHistogram) of_two = NULL;

  almu_stats_add (&one, values, 1);
  almu_stats_add (&two, values, 2);
  of_one = almu_histogram_new (2, 0.0f, 1.0f, &one);
  of_two = almu_histogram_new (2, 0.0f, 1.0f, &two);

  g_assert_true (isnan (of_one->sigma));
  g_assert_cmpfloat_with_epsilon (of_two->sigma, sqrt (2.0), 1e-12);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/histogram/auto-bins", test_histogram_auto_bins);
  g_test_add_func ("/engine/histogram/random", test_histogram_random);
  g_test_add_func ("/engine/histogram/last-bin", test_histogram_last_bin);
  g_test_add_func ("/engine/histogram/degenerate", test_histogram_degenerate);
  g_test_add_func ("/engine/histogram/sigma", test_histogram_sigma);

  return g_test_run ();
}
