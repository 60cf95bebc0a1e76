/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tally.h"
#include "almu-test.h"
#include "almu-workers.h"
#include "test-pixels.h"

#define N_PARTS 64
#define PART 5000

typedef struct
{
  AlmuTally   *tally;
  const float *values;
} Adding;

static void
add_part (guint    part,
          gpointer user_data)
{
  Adding *adding = user_data;

  almu_tally_add (adding->tally, adding->values + (gsize) part * PART, PART);
}

static void
assert_same (AlmuTally       *tally,
             guint            nth,
             const AlmuBins  *bins,
             const AlmuStats *stats,
             const float     *values,
             gsize            n_values)
{
  g_autoptr(AlmuHistogram) sum = almu_tally_sum (tally, nth, stats);
  g_autoptr(AlmuHistogram) plain = almu_histogram_new (bins->n, bins->min, bins->max, stats);

  almu_histogram_add (plain, bins->min, bins->max, values, n_values);
  g_assert_cmpint (sum->n_bins, ==, plain->n_bins);
  g_assert_cmpfloat (sum->bin_width, ==, plain->bin_width);
  g_assert_cmpfloat (sum->first_centre, ==, plain->first_centre);
  g_assert_true (sum->mean == plain->mean || isnan (plain->mean));
  g_assert_cmpmem (sum->counts, sum->n_bins * sizeof (gint32), plain->counts, plain->n_bins * sizeof (gint32));
}

/* Counted by several threads, in parts, with a look in between: the same as
 * by one at once. */
static void
test_tally_random (void)
{
  for (gsize kind = 0; kind < G_N_ELEMENTS (test_pixels_kinds); kind++)
    {
      g_autofree float *values = test_pixels_new (&test_pixels_kinds[kind], 2 * N_PARTS * PART);
      AlmuStats         stats = ALMU_STATS_INIT;
      AlmuBins          bins[] = { { 700, 0, 0 }, { 3, -0.25f, 0.125f }, { 5, 1, 1 } };
      g_autoptr(AlmuTally) tally = NULL;
      Adding adding = { .values = values };

      almu_stats_add (&stats, values, 2 * N_PARTS * PART);
      bins[0].min = stats.n > 0 ? stats.min : 0;
      bins[0].max = stats.n > 0 ? stats.max : 0;
      adding.tally = tally = almu_tally_new (bins, G_N_ELEMENTS (bins));

      almu_workers_share (N_PARTS, add_part, &adding);
      for (guint i = 0; i < G_N_ELEMENTS (bins); i++)
        assert_same (tally, i, &bins[i], &stats, values, N_PARTS * PART);

      adding.values += N_PARTS * PART;
      almu_workers_share (N_PARTS, add_part, &adding);
      for (guint i = 0; i < G_N_ELEMENTS (bins); i++)
        assert_same (tally, i, &bins[i], &stats, values, 2 * N_PARTS * PART);
    }
}

/* More of one value than a bin can say. */
static void
test_tally_full (void)
{
  const AlmuBins    bins = { 2, 0, 2 };
  const gsize       n = 1 << 26;
  g_autofree float *zeros = g_new0 (float, n);
  AlmuStats         stats = ALMU_STATS_INIT;
  g_autoptr(AlmuTally) tally = almu_tally_new (&bins, 1);
  g_autoptr(AlmuHistogram) sum = NULL;

  if (!almu_test_is_slow ())
    {
      g_test_skip ("takes seconds");
      return;
    }

  for (int i = 0; i < 33; i++)
    almu_tally_add (tally, zeros, n);
  sum = almu_tally_sum (tally, 0, &stats);
  g_assert_cmpint (sum->counts[0], ==, G_MAXINT32);
  g_assert_cmpint (sum->counts[1], ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/tally/random", test_tally_random);
  g_test_add_func ("/engine/tally/full", test_tally_full);

  return g_test_run ();
}
