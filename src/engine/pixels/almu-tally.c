/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tally.h"

/* Bins count in 32 bits, as the ICD has them; before one of them could run
 * over they are emptied into wider ones. */
#define MAX_ADDED (1 << 30)

/* What one thread adds to. */
typedef struct
{
  AlmuHistogram **histograms;
  gint64          n_added;
} Hand;

struct _AlmuTally
{
  guint     n;
  AlmuBins *bins;
  gint64  **totals;

  GMutex     mutex; /* for all below, and the totals */
  GPtrArray *idle;  /* Hand */
};

static void
hand_free (Hand *hand,
           guint n)
{
  for (guint i = 0; i < n; i++)
    almu_histogram_unref (hand->histograms[i]);
  g_free (hand->histograms);
  g_free (hand);
}

static Hand *
hand_new (AlmuTally *self)
{
  static const AlmuStats nothing = { .min = G_MAXFLOAT, .max = -G_MAXFLOAT };
  Hand                  *hand = g_new0 (Hand, 1);

  hand->histograms = g_new (AlmuHistogram *, self->n);
  for (guint i = 0; i < self->n; i++)
    hand->histograms[i] = almu_histogram_new (self->bins[i].n, self->bins[i].min, self->bins[i].max, &nothing);

  return hand;
}

/* Under the mutex. */
static void
empty_hand (AlmuTally *self,
            Hand      *hand)
{
  for (guint i = 0; i < self->n; i++)
    {
      AlmuHistogram *histogram = hand->histograms[i];

      for (int j = 0; j < histogram->n_bins; j++)
        {
          self->totals[i][j] += histogram->counts[j];
          histogram->counts[j] = 0;
        }
    }
  hand->n_added = 0;
}

/**
 * almu_tally_new:
 * @bins: (array length=n): of each histogram, as for almu_histogram_new(); copied
 * @n: how many histograms, at least 1
 *
 * Nothing is counted yet. Each thread that adds takes memory for bins of its own.
 *
 * Returns: (transfer full): a tally
 */
AlmuTally *
almu_tally_new (const AlmuBins *bins,
                guint           n)
{
  AlmuTally *self = g_new0 (AlmuTally, 1);

  g_return_val_if_fail (bins != NULL && n > 0, NULL);

  self->n = n;
  self->bins = g_memdup2 (bins, n * sizeof *bins);
  self->totals = g_new (gint64 *, n);
  for (guint i = 0; i < n; i++)
    self->totals[i] = g_new0 (gint64, bins[i].n);
  self->idle = g_ptr_array_new ();
  g_mutex_init (&self->mutex);

  return self;
}

/**
 * almu_tally_free:
 * @self: (transfer full): a tally
 *
 * Frees the tally with what was counted. Nobody may be adding.
 */
void
almu_tally_free (AlmuTally *self)
{
  for (guint i = 0; i < self->idle->len; i++)
    hand_free (g_ptr_array_index (self->idle, i), self->n);
  for (guint i = 0; i < self->n; i++)
    g_free (self->totals[i]);

  g_ptr_array_unref (self->idle);
  g_mutex_clear (&self->mutex);
  g_free (self->totals);
  g_free (self->bins);
  g_free (self);
}

static Hand *
take_hand (AlmuTally *self)
{
  Hand *hand = NULL;

  g_mutex_lock (&self->mutex);
  if (self->idle->len > 0)
    hand = g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  g_mutex_unlock (&self->mutex);

  return hand != NULL ? hand : hand_new (self);
}

static void
put_hand (AlmuTally *self,
          Hand      *hand)
{
  g_mutex_lock (&self->mutex);
  if (hand->n_added > MAX_ADDED)
    empty_hand (self, hand);
  g_ptr_array_add (self->idle, hand);
  g_mutex_unlock (&self->mutex);
}

/**
 * almu_tally_add:
 * @values: (array length=n_values): no more than 2³⁰ at a time
 * @n_values: how many
 *
 * Counts values. Any thread, several at a time; cheap for some ten thousand
 * values or more.
 */
void
almu_tally_add (AlmuTally   *self,
                const float *values,
                gsize        n_values)
{
  Hand *hand;

  g_return_if_fail (self != NULL);
  g_return_if_fail (n_values <= MAX_ADDED);

  hand = take_hand (self);
  for (guint i = 0; i < self->n; i++)
    almu_histogram_add (hand->histograms[i], self->bins[i].min, self->bins[i].max, values, n_values);
  hand->n_added += (gint64) n_values;
  put_hand (self, hand);
}

/**
 * almu_tally_sum:
 * @nth: which of the histograms
 * @stats: of all that was added, whatever the bins
 *
 * What was counted so far, while nobody is adding. More than fits into a bin
 * of the ICD is as much as fits.
 *
 * Returns: (transfer full): a histogram
 */
AlmuHistogram *
almu_tally_sum (AlmuTally       *self,
                guint            nth,
                const AlmuStats *stats)
{
  const AlmuBins *bins;
  AlmuHistogram  *sum;

  g_return_val_if_fail (self != NULL && nth < self->n, NULL);

  bins = &self->bins[nth];
  sum = almu_histogram_new (bins->n, bins->min, bins->max, stats);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->idle->len; i++)
    empty_hand (self, g_ptr_array_index (self->idle, i));
  for (int j = 0; j < sum->n_bins; j++)
    sum->counts[j] = (gint32) MIN (self->totals[nth][j], G_MAXINT32);
  g_mutex_unlock (&self->mutex);

  return sum;
}
