/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cube-count.h"

#include "almu-measure.h"
#include "almu-scan.h"
#include "almu-sweep.h"
#include "almu-workers.h"

/* Values are put into bins in one pass if it is known what bins: because
 * somebody said so, or because the smallest and the largest value of all
 * channels are known. Otherwise another pass before it looks for those. */
typedef struct
{
  GTask           *task;
  AlmuImage       *image;
  int              stokes;
  GArray          *wants; /* AlmuHistogramWant */
  AlmuMask        *mask;
  AlmuSpectrum    *known;
  AlmuStats       *stats; /* of each channel, while they are being measured */
  AlmuTally       *tally; /* while values are being counted */
  double           done;  /* by the pass before */
  AlmuCubeProgress progress;
  gpointer         user_data;
} Counting;

static void
counting_free (Counting *counting)
{
  g_object_unref (counting->task);
  g_object_unref (counting->image);
  g_array_unref (counting->wants);
  g_clear_pointer (&counting->mask, almu_mask_unref);
  g_clear_pointer (&counting->known, almu_spectrum_unref);
  g_clear_pointer (&counting->tally, almu_tally_free);
  g_free (counting->stats);
  g_free (counting);
}

/**
 * almu_cube_count_free:
 * @self: (transfer full): counts
 *
 * Frees it and lets go of what is in it.
 */
void
almu_cube_count_free (AlmuCubeCount *self)
{
  g_clear_pointer (&self->spectrum, almu_spectrum_unref);
  g_ptr_array_unref (self->histograms);
  g_free (self);
}

static AlmuStats
sum_stats (const AlmuStats *stats,
           int              n)
{
  AlmuStats sum = ALMU_STATS_INIT;

  for (int i = 0; i < n; i++)
    almu_stats_merge (&sum, &stats[i]);

  return sum;
}

/* Channels that were not measured yet have counted nothing. */
static AlmuStats
get_sum (Counting *counting)
{
  int n = almu_image_get_info (counting->image)->depth;

  return sum_stats (counting->known != NULL ? counting->known->stats : counting->stats, n);
}

static GPtrArray *
make_histograms (Counting *counting)
{
  GPtrArray *histograms = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_histogram_unref);
  AlmuStats  stats = get_sum (counting);

  for (guint i = 0; i < counting->wants->len; i++)
    g_ptr_array_add (histograms, almu_tally_sum (counting->tally, i, &stats));

  return histograms;
}

static gboolean
count_step (gpointer      data,
            int           begin,
            int           n,
            GCancellable *cancellable,
            GError      **error)
{
  Counting     *counting = data;
  AlmuScan      scan = { counting->image, counting->stokes, cancellable, counting->tally };
  AlmuScanPlace all = { counting->mask, counting->known == NULL ? counting->stats + begin : NULL };

  return almu_scan_measure (&scan, &all, 1, begin, n, error);
}

static gpointer
report_counts (gpointer data)
{
  Counting *counting = data;

  return counting->tally != NULL ? make_histograms (counting) : NULL;
}

static void
free_counts (gpointer data)
{
  g_clear_pointer ((GPtrArray **) &data, g_ptr_array_unref);
}

static void
on_progress (gpointer report,
             double   progress,
             gpointer user_data)
{
  Counting *counting = user_data;
  double    share = counting->tally == NULL || counting->done > 0 ? 0.5 : 1;

  counting->progress (report, counting->done + share * progress, counting->user_data);
}

static void
begin_pass (Counting           *counting,
            GAsyncReadyCallback callback)
{
  static const AlmuSweepKind kind = { count_step, report_counts, free_counts };

  almu_sweep_async (&kind, counting, almu_image_get_info (counting->image)->depth, 1, ALMU_PRIORITY_LONG,
                    g_task_get_cancellable (counting->task), on_progress, callback, counting);
}

static gboolean
end_pass (Counting     *counting,
          GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  if (almu_sweep_finish (result, &error))
    {
      if (counting->known == NULL)
        counting->known = almu_spectrum_new_for_stats (NULL, g_steal_pointer (&counting->stats),
                                                       almu_image_get_info (counting->image)->depth);
      return TRUE;
    }

  g_task_return_error (counting->task, g_steal_pointer (&error));
  counting_free (counting);

  return FALSE;
}

static void
on_counted (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Counting      *counting = user_data;
  AlmuCubeCount *count;

  if (!end_pass (counting, result))
    return;

  count = g_new0 (AlmuCubeCount, 1);
  count->spectrum = almu_spectrum_ref (counting->known);
  count->histograms = make_histograms (counting);
  g_task_return_pointer (counting->task, count, (GDestroyNotify) almu_cube_count_free);
  counting_free (counting);
}

/* Bounds are known, or not wanted. */
static void
begin_to_count (Counting *counting)
{
  const AlmuImageInfo *info = almu_image_get_info (counting->image);
  AlmuStats            stats = get_sum (counting);
  g_autofree AlmuBins *bins = g_new (AlmuBins, counting->wants->len);

  for (guint i = 0; i < counting->wants->len; i++)
    bins[i] = almu_measure_find_bins (&g_array_index (counting->wants, AlmuHistogramWant, i),
                                      &stats, info->width, info->height);
  counting->tally = almu_tally_new (bins, counting->wants->len);
  begin_pass (counting, on_counted);
}

static void
on_measured (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Counting *counting = user_data;

  if (!end_pass (counting, result))
    return;

  counting->done = 0.5;
  begin_to_count (counting);
}

static gboolean
want_bounds (GArray *wants)
{
  for (guint i = 0; i < wants->len; i++)
    if (!g_array_index (wants, AlmuHistogramWant, i).has_fixed_bounds)
      return TRUE;

  return FALSE;
}

static void
begin (Counting *counting)
{
  if (counting->known == NULL && want_bounds (counting->wants))
    begin_pass (counting, on_measured);
  else
    begin_to_count (counting);
}

/* -- what the file has -------------------------------------------------- */

/* What is stored has the bins that nobody chose. */
static gboolean
is_stored (const AlmuHistogramWant *want,
           int                      n_bins)
{
  return !want->has_fixed_bounds && (!want->has_fixed_bins || want->n_bins <= 0 || want->n_bins == n_bins);
}

static gboolean
may_be_stored (Counting *counting)
{
  const AlmuImageInfo *info = almu_image_get_info (counting->image);
  int                  n_bins = almu_histogram_auto_bins (info->width, info->height);

  if ((info->features & ALMU_FEATURE_CUBE_HISTOGRAMS) == 0)
    return FALSE;

  for (guint i = 0; i < counting->wants->len; i++)
    if (!is_stored (&g_array_index (counting->wants, AlmuHistogramWant, i), n_bins))
      return FALSE;

  return TRUE;
}

static void
look_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Counting *counting = task_data;

  g_task_return_pointer (task,
                         almu_image_read_histogram (counting->image, ALMU_ALL_CHANNELS, counting->stokes, cancellable),
                         (GDestroyNotify) almu_histogram_unref);
}

static void
on_looked (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Counting      *counting = user_data;
  AlmuHistogram *histogram = g_task_propagate_pointer (G_TASK (result), NULL);
  AlmuCubeCount *count;

  if (histogram == NULL)
    {
      begin (counting);
      return;
    }

  count = g_new0 (AlmuCubeCount, 1);
  count->histograms = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_histogram_unref);
  for (guint i = 0; i < counting->wants->len; i++)
    g_ptr_array_add (count->histograms, almu_histogram_ref (histogram));
  almu_histogram_unref (histogram);
  g_task_return_pointer (counting->task, count, (GDestroyNotify) almu_cube_count_free);
  counting_free (counting);
}

static void
look (Counting *counting)
{
  g_autoptr(GTask) task = g_task_new (NULL, g_task_get_cancellable (counting->task), on_looked, counting);

  g_task_set_source_tag (task, look);
  g_task_set_task_data (task, counting, NULL);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, look_worker);
}

/**
 * almu_cube_count_async:
 * @image: the cube
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @known: (nullable): statistics of all pixels of each channel
 * @wants: (element-type AlmuHistogramWant): what to count; not empty
 * @cancellable: (nullable): gives it up
 * @progress: (scope async): told now and then how far it is, on the caller's main context
 * @user_data: for @progress and @callback; alive until @callback
 *
 * Histograms of all values of one polarisation: those that the file has, or
 * counted in one pass if their bounds are known, else in two. Long work, from the beginning; no more of the cube
 * is in memory than a piece for each thread.
 */
void
almu_cube_count_async (AlmuImage          *image,
                       int                 stokes,
                       AlmuSpectrum       *known,
                       GArray             *wants,
                       GCancellable       *cancellable,
                       AlmuCubeProgress    progress,
                       GAsyncReadyCallback callback,
                       gpointer            user_data)
{
  const AlmuImageInfo *info;
  Counting            *counting;
  AlmuRect             all;

  g_return_if_fail (ALMU_IS_IMAGE (image));
  g_return_if_fail (wants != NULL && wants->len > 0);

  info = almu_image_get_info (image);
  all = (AlmuRect){ 0, 0, info->width, info->height };
  counting = g_new0 (Counting, 1);
  counting->task = g_task_new (image, cancellable, callback, user_data);
  g_task_set_source_tag (counting->task, almu_cube_count_async);
  counting->image = g_object_ref (image);
  counting->stokes = stokes;
  counting->wants = g_array_ref (wants);
  counting->mask = almu_mask_new_for_rect (&all);
  counting->known = known != NULL ? almu_spectrum_ref (known) : NULL;
  counting->progress = progress;
  counting->user_data = user_data;

  if (known == NULL)
    {
      counting->stats = g_new (AlmuStats, info->depth);
      for (int i = 0; i < info->depth; i++)
        counting->stats[i] = ALMU_STATS_INIT;
    }

  if (may_be_stored (counting))
    look (counting);
  else
    begin (counting);
}

/**
 * almu_cube_count_finish:
 * @image: what it was begun with
 * @result: what the callback got
 * @error: return location
 *
 * Fails as reading does, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the counts
 */
AlmuCubeCount *
almu_cube_count_finish (AlmuImage    *image,
                        GAsyncResult *result,
                        GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, image), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
