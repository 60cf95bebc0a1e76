/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <float.h>
#include <math.h>

#include "almu-stats.h"
#include "test-pixels.h"

#define ROUNDS 100

/* Everything the long way, in more precision. */
static AlmuStats
expect_stats (const float *values,
              gsize        n)
{
  AlmuStats   stats = ALMU_STATS_INIT;
  long double sum = 0, sum_sq = 0, m2 = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (!isfinite (values[i]))
        {
          stats.n_blank++;
          continue;
        }
      stats.n++;
      sum += values[i];
      sum_sq += (long double) values[i] * values[i];
      stats.min = MIN (stats.min, values[i]);
      stats.max = MAX (stats.max, values[i]);
    }

  for (gsize i = 0; i < n; i++)
    if (isfinite (values[i]))
      m2 += (values[i] - sum / stats.n) * (values[i] - sum / stats.n);

  stats.sum = (double) sum;
  stats.sum_sq = (double) sum_sq;
  stats.mean = stats.n > 0 ? (double) (sum / stats.n) : 0.0;
  stats.m2 = (double) m2;

  return stats;
}

static void
assert_near (double a,
             double b,
             double tolerance)
{
  g_assert_cmpfloat (fabs (a - b), <=, tolerance);
}

static void
assert_stats (const AlmuStats  *stats,
              const AlmuStats  *expected,
              const TestPixels *kind)
{
  double size = fabs (kind->offset) + kind->scatter;

  g_assert_cmpint (stats->n, ==, expected->n);
  g_assert_cmpint (stats->n_blank, ==, expected->n_blank);
  g_assert_cmpfloat (stats->min, ==, expected->min);
  g_assert_cmpfloat (stats->max, ==, expected->max);
  assert_near (stats->sum, expected->sum, 1e-13 * size * (stats->n + 1));
  assert_near (stats->mean, expected->mean, 1e-13 * size);
  assert_near (stats->sum_sq, expected->sum_sq, 1e-12 * expected->sum_sq);
  /* Of the mean's size only what a double loses of it may remain. */
  assert_near (stats->m2, expected->m2, 1e-9 * expected->m2 + 1e-26 * size * size * stats->n);
}

static void
test_stats_random (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      gsize             n = (gsize) g_test_rand_int_range (0, round < 50 ? 100 : 20000);
      g_autofree float *values = test_pixels_new (kind, n);
      AlmuStats         expected = expect_stats (values, n);
      AlmuStats         stats = ALMU_STATS_INIT;
      AlmuStats         parts = ALMU_STATS_INIT;
      gsize             done = 0;

      almu_stats_add (&stats, values, n);
      assert_stats (&stats, &expected, kind);

      /* merging parts equals adding the whole */
      while (done < n)
        {
          gsize     wanted = (gsize) g_test_rand_int_range (1, 5000);
          gsize     length = MIN (wanted, n - done);
          AlmuStats part = ALMU_STATS_INIT;

          almu_stats_add (&part, values + done, length);
          almu_stats_merge (&parts, &part);
          done += length;
        }
      assert_stats (&parts, &expected, kind);
    }
}

static void
test_stats_nothing (void)
{
  float     blanks[] = { NAN, INFINITY, -INFINITY };
  AlmuStats stats = ALMU_STATS_INIT;

  almu_stats_add (&stats, blanks, 3);
  almu_stats_add (&stats, NULL, 0);

  g_assert_cmpfloat (almu_stats_get (&stats, ALMU_STATS_NUM_PIXELS, NULL, 0, 0), ==, 0.0);
  g_assert_cmpfloat (almu_stats_get (&stats, ALMU_STATS_NAN_COUNT, NULL, 0, 0), ==, 3.0);
  for (int type = ALMU_STATS_SUM; type < ALMU_N_STATS; type++)
    g_assert_true (isnan (almu_stats_get (&stats, type, NULL, 0, 0)));
}

static void
test_stats_get (void)
{
  float     values[] = { 1, -4, NAN, 3, 2 };
  AlmuStats stats = ALMU_STATS_INIT;

  almu_stats_add (&stats, values, G_N_ELEMENTS (values));

#define get(type) almu_stats_get (&stats, ALMU_STATS_##type, NULL, 0, 0)
  g_assert_cmpfloat (get (NUM_PIXELS), ==, 4.0);
  g_assert_cmpfloat (get (NAN_COUNT), ==, 1.0);
  g_assert_cmpfloat (get (SUM), ==, 2.0);
  g_assert_cmpfloat (get (MEAN), ==, 0.5);
  g_assert_cmpfloat (get (SUM_SQ), ==, 30.0);
  g_assert_cmpfloat_with_epsilon (get (RMS), sqrt (30.0 / 4.0), 1e-12);
  g_assert_cmpfloat_with_epsilon (get (SIGMA), sqrt (29.0 / 3.0), 1e-12);
  g_assert_cmpfloat (get (MIN), ==, -4.0);
  g_assert_cmpfloat (get (MAX), ==, 3.0);
  g_assert_cmpfloat (get (EXTREMA), ==, -4.0);
  g_assert_true (isnan (get (FLUX_DENSITY)));
  for (int type = ALMU_STATS_BLC; type < ALMU_N_STATS; type++)
    g_assert_true (isnan (almu_stats_get (&stats, type, NULL, 0, 0)));
#undef get
}

static void
test_stats_single (void)
{
  float     value = 7.0f;
  AlmuStats stats = ALMU_STATS_INIT;

  almu_stats_add (&stats, &value, 1);
  g_assert_cmpfloat (almu_stats_get (&stats, ALMU_STATS_SIGMA, NULL, 0, 0), ==, 0.0);
  g_assert_cmpfloat (almu_stats_get (&stats, ALMU_STATS_EXTREMA, NULL, 0, 0), ==, 7.0);
}

/* Values around 10^7 that differ by less than one: the textbook formula has
 * no digit left. */
static void
test_stats_large_offset (void)
{
  g_autofree float *values = g_new (float, 100000);
  AlmuStats         stats = ALMU_STATS_INIT;

  for (int i = 0; i < 100000; i++)
    values[i] = 1e7f + (float) (i % 2);

  almu_stats_add (&stats, values, 100000);
  g_assert_cmpfloat_with_epsilon (almu_stats_get (&stats, ALMU_STATS_SIGMA, NULL, 0, 0),
                                  sqrt (0.25 * 100000 / 99999), 1e-9);
}

typedef struct
{
  const char *unit;
  gboolean    has_beam;
  double      pixel_area;
  double      expected;
} Flux;

/* Sum 10, pixels of 4 square arcsec, a beam of 3 × 2 arcsec. */
#define BEAM_AREA (G_PI / (4.0 * G_LN2) * 3.0 * 2.0)

static const Flux fluxes[] = {
  { "K", FALSE, 4.0, 40.0 },
  { "mK", TRUE, 4.0, 40.0 },
  { "Jy/beam", TRUE, 4.0, 10.0 * 4.0 / BEAM_AREA },
  { "mJy/beam", TRUE, 4.0, 10.0 * 4.0 / BEAM_AREA },
  { "Jy/beam.km/s", TRUE, 4.0, 10.0 * 4.0 / BEAM_AREA },
  { "JY/beam", TRUE, 4.0, 10.0 * 4.0 / BEAM_AREA },
  { "Jy/beam", FALSE, 4.0, NAN },
  { "Jy/beam", TRUE, 0.0, NAN },
  { "K", TRUE, 0.0, NAN },
  { "W/beam", TRUE, 4.0, NAN },
  { "JY/BEAM", TRUE, 4.0, NAN },
  { "Jy/pixel", TRUE, 4.0, NAN },
  { "", TRUE, 4.0, NAN },
};

static void
test_stats_flux (void)
{
  float     values[] = { 1, 2, 3, 4 };
  AlmuStats stats = ALMU_STATS_INIT;
  AlmuBeam  beam = { -1, -1, 3.0, 2.0, 0.0 };

  almu_stats_add (&stats, values, 4);

  for (gsize i = 0; i < G_N_ELEMENTS (fluxes); i++)
    {
      g_autoptr(GArray) beams = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
      AlmuImageInfo info = { .unit = (char *) fluxes[i].unit, .beams = beams, .pixel_area = fluxes[i].pixel_area };
      double        flux;

      if (fluxes[i].has_beam)
        g_array_append_val (beams, beam);

      flux = almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, 0, 0);
      if (isnan (fluxes[i].expected))
        g_assert_true (isnan (flux));
      else
        g_assert_cmpfloat_with_epsilon (flux, fluxes[i].expected, 1e-12);
    }
}

/* Each plane has a beam of its own. */
static void
test_stats_flux_many_beams (void)
{
  float     value = 1.0f;
  AlmuStats stats = ALMU_STATS_INIT;
  g_autoptr(GArray) beams = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  AlmuImageInfo info = { .unit = (char *) "Jy/beam", .beams = beams, .pixel_area = 1.0 };

  almu_stats_add (&stats, &value, 1);
  for (int channel = 0; channel < 3; channel++)
    {
      AlmuBeam beam = { channel, 0, channel + 1.0, 1.0, 0.0 };

      g_array_append_val (beams, beam);
    }

  for (int channel = 0; channel < 3; channel++)
    g_assert_cmpfloat_with_epsilon (almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, channel, 0),
                                    4.0 * G_LN2 / G_PI / (channel + 1.0), 1e-12);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/stats/random", test_stats_random);
  g_test_add_func ("/engine/stats/nothing", test_stats_nothing);
  g_test_add_func ("/engine/stats/get", test_stats_get);
  g_test_add_func ("/engine/stats/single", test_stats_single);
  g_test_add_func ("/engine/stats/large-offset", test_stats_large_offset);
  g_test_add_func ("/engine/stats/flux", test_stats_flux);
  g_test_add_func ("/engine/stats/flux/many-beams", test_stats_flux_many_beams);

  return g_test_run ();
}
