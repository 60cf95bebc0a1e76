/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-histogram.h"

#include <math.h>
#include <string.h>

#include "kernel.h"

/* Neighbouring pixels tend to fall into one bin, and adding twice to one
 * place in memory waits for the first: turns are taken between tables, four
 * of them while they fit in the first-level cache, and two beyond. With very
 * many bins neighbours rarely meet, and tables cost more than they save. */
#define MAX_TABLES 4
#define MAX_CACHED_BINS 2048
#define MAX_TABLE_BINS 16384

/* Below this many values clearing tables costs more than it saves. */
#define MIN_TABLE_VALUES 65536

/**
 * almu_histogram_auto_bins:
 * @width: pixels
 * @height: pixels
 *
 * How many bins an area gets when nobody said: the square root of its
 * pixels, at least 2.
 */
int
almu_histogram_auto_bins (gint64 width,
                          gint64 height)
{
  double n_bins = sqrt ((double) MAX (width, 0) * (double) MAX (height, 0));

  return (int) CLAMP (n_bins, 2.0, (double) ALMU_LIMIT_BINS);
}

/* Bounds that enclose nothing, or not a number, leave one bin, which
 * counts zeros. */
static gboolean
bounds_are_usable (float min,
                   float max)
{
  return isfinite (min) && isfinite (max) && min < max;
}

/* GCC 12 takes the cast to float out of a double that becomes a float and
 * then a double again, if it packs it with its neighbour. Where numbers are
 * compared bit by bit, that is wrong. */
static double
round_to_float (double value)
{
  volatile float rounded = (float) value;

  return rounded;
}

/**
 * almu_histogram_new:
 * @n_bins: from 1 to %ALMU_LIMIT_BINS
 * @min: lower bound of the first bin
 * @max: upper bound of the last bin, which it belongs to
 * @stats: of what will be added, whatever the bounds
 *
 * Makes an empty histogram. If @min is not below @max it has one bin of
 * width 0 that counts values equal to 0.
 *
 * Returns: (transfer full): a histogram; add to it only before it is shared
 */
AlmuHistogram *
almu_histogram_new (int              n_bins,
                    float            min,
                    float            max,
                    const AlmuStats *stats)
{
  AlmuHistogram *self;
  gboolean       is_usable = bounds_are_usable (min, max);

  g_return_val_if_fail (n_bins >= 1 && n_bins <= ALMU_LIMIT_BINS, NULL);
  g_return_val_if_fail (stats != NULL, NULL);

  if (!is_usable)
    n_bins = 1;

  self = g_malloc0 (sizeof (AlmuHistogram) + (gsize) n_bins * sizeof self->counts[0]);
  g_atomic_ref_count_init (&self->refs);
  self->n_bins = n_bins;
  if (is_usable)
    {
      self->bin_width = round_to_float (((double) max - (double) min) / n_bins);
      self->first_centre = round_to_float ((double) min + 0.5 * self->bin_width);
    }
  self->mean = stats->n > 0 ? stats->mean : NAN;
  self->sigma = stats->n > 1 ? sqrt (stats->m2 / (double) (stats->n - 1)) : NAN;

  return self;
}

/**
 * almu_histogram_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuHistogram *
almu_histogram_ref (AlmuHistogram *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_histogram_unref:
 * @self: (transfer full): a histogram
 *
 * Frees the histogram with the last reference. Any thread.
 */
void
almu_histogram_unref (AlmuHistogram *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

static gsize
get_n_tables (int n_bins)
{
  return n_bins <= MAX_CACHED_BINS ? MAX_TABLES : MAX_TABLES / 2;
}

/* Each table has a place past its end for what falls into no bin. */
static void
count_into_tables (const AlmuHistogram *self,
                   float                min,
                   float                max,
                   const float         *values,
                   gsize                n_values,
                   guint32             *tables)
{
  gint32   bins[ALMU_KERNEL_BLOCK];
  gsize    pitch = (gsize) self->n_bins + 1;
  gsize    n_tables = get_n_tables (self->n_bins);
  guint32 *a = tables;
  guint32 *b = tables + pitch;
  guint32 *c = tables + (2 % n_tables) * pitch;
  guint32 *d = tables + (3 % n_tables) * pitch;

  for (gsize begin = 0; begin < n_values; begin += ALMU_KERNEL_BLOCK)
    {
      gsize n = MIN (ALMU_KERNEL_BLOCK, n_values - begin);
      gsize i = 0;

      almu_kernel_bin (values + begin, n, min, max, (float) self->bin_width, self->n_bins, bins);

      for (; i + MAX_TABLES <= n; i += MAX_TABLES)
        {
          a[bins[i]]++;
          b[bins[i + 1]]++;
          c[bins[i + 2]]++;
          d[bins[i + 3]]++;
        }
      for (; i < n; i++)
        a[bins[i]]++;
    }
}

/* Few values: straight into the counts. */
static void
count_few (AlmuHistogram *self,
           float          min,
           float          max,
           const float   *values,
           gsize          n_values)
{
  gint32 bins[ALMU_KERNEL_BLOCK];

  for (gsize begin = 0; begin < n_values; begin += ALMU_KERNEL_BLOCK)
    {
      gsize n = MIN (ALMU_KERNEL_BLOCK, n_values - begin);

      almu_kernel_bin (values + begin, n, min, max, (float) self->bin_width, self->n_bins, bins);

      for (gsize i = 0; i < n; i++)
        if (bins[i] < self->n_bins)
          self->counts[bins[i]]++;
    }
}

/**
 * almu_histogram_add:
 * @self: a histogram nobody else has yet
 * @min: as it was made with
 * @max: likewise
 * @values: (array length=n_values): values, blanks among them
 * @n_values: how many
 *
 * Counts values.
 */
void
almu_histogram_add (AlmuHistogram *self,
                    float          min,
                    float          max,
                    const float   *values,
                    gsize          n_values)
{
  g_autofree guint32 *tables = NULL;
  gsize               pitch;

  g_return_if_fail (self != NULL);
  g_return_if_fail (values != NULL || n_values == 0);

  if (!bounds_are_usable (min, max))
    {
      self->counts[0] += (gint32) almu_kernel_count_zeros (values, n_values);
      return;
    }

  if (n_values < MIN_TABLE_VALUES || self->n_bins > MAX_TABLE_BINS)
    {
      count_few (self, min, max, values, n_values);
      return;
    }

  pitch = (gsize) self->n_bins + 1;
  tables = g_new0 (guint32, pitch * get_n_tables (self->n_bins));
  count_into_tables (self, min, max, values, n_values, tables);

  for (gsize t = 0; t < get_n_tables (self->n_bins); t++)
    for (int i = 0; i < self->n_bins; i++)
      self->counts[i] += (gint32) tables[t * pitch + i];
}

/**
 * almu_histogram_merge:
 * @self: a histogram nobody else has yet
 * @other: one of the same bounds and bins
 *
 * Adds the counts of @other.
 */
void
almu_histogram_merge (AlmuHistogram       *self,
                      const AlmuHistogram *other)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (other != NULL);
  g_return_if_fail (self->n_bins == other->n_bins);

  for (int i = 0; i < self->n_bins; i++)
    self->counts[i] += other->counts[i];
}
