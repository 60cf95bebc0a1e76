/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-measure.h"

#include "almu-mask.h"
#include "almu-workers.h"

/* Smaller planes are counted faster than their file is asked. */
#define MIN_STORED_PIXELS (1024 * 1024)

/**
 * Input:
 * @image: (nullable): whose whole @plane it is: its file may have counted it
 * @shape: (nullable): %NULL for the whole plane
 * @histograms: (nullable) (element-type AlmuHistogramWant): %NULL for none
 */
typedef struct
{
  AlmuPlane *plane;
  AlmuImage *image;
  int        channel;
  int        stokes;
  AlmuShape *shape;
  GArray    *histograms;
  gboolean   with_places;
} Input;

static void
input_free (gpointer data)
{
  Input *input = data;

  almu_plane_unref (input->plane);
  g_clear_object (&input->image);
  g_clear_pointer (&input->shape, almu_shape_unref);
  g_clear_pointer (&input->histograms, g_array_unref);
  g_free (input);
}

/**
 * almu_measure_free:
 * @self: (transfer full): what was measured
 *
 * Frees it and lets its histograms go.
 */
void
almu_measure_free (AlmuMeasure *self)
{
  g_clear_pointer (&self->histograms, g_ptr_array_unref);
  g_free (self);
}

/**
 * almu_measure_find_bins:
 * @want: (nullable): what is asked for; %NULL for all automatic
 * @stats: of the values
 * @width: of the area that the number of bins follows from
 * @height: likewise
 *
 * Without values, bounds that are not fixed are 0 and 0. @want has been
 * checked.
 *
 * Returns: where the values are put: as asked, or as wide as they are
 */
AlmuBins
almu_measure_find_bins (const AlmuHistogramWant *want,
                        const AlmuStats         *stats,
                        gint64                   width,
                        gint64                   height)
{
  gboolean is_auto = want == NULL || !want->has_fixed_bins || want->n_bins <= 0;
  AlmuBins bins = { .n = is_auto ? almu_histogram_auto_bins (width, height) : want->n_bins };

  if (want != NULL && want->has_fixed_bounds)
    {
      bins.min = (float) want->min;
      bins.max = (float) want->max;
    }
  else
    {
      bins.min = stats->n > 0 ? stats->min : 0;
      bins.max = stats->n > 0 ? stats->max : 0;
    }

  return bins;
}

static AlmuHistogram *
count_plane (AlmuPlane               *plane,
             const AlmuHistogramWant *want)
{
  AlmuBins bins = almu_measure_find_bins (want, almu_plane_get_stats (plane),
                                          almu_plane_get_width (plane), almu_plane_get_height (plane));

  return almu_plane_count (plane, bins.n, bins.min, bins.max);
}

static AlmuHistogram *
count_mask (AlmuPlane               *plane,
            const AlmuMask          *mask,
            const AlmuStats         *stats,
            const AlmuHistogramWant *want)
{
  AlmuBins bins = almu_measure_find_bins (want, stats, mask->bounds.width, mask->bounds.height);

  return almu_mask_count (mask, plane, bins.n, bins.min, bins.max, stats);
}

/* Where the smallest and the largest are takes another look, which hardly
 * anybody asks for. */
static void
find_places (AlmuMeasure    *result,
             AlmuPlane      *plane,
             const AlmuMask *mask)
{
  AlmuRect all = { 0, 0, almu_plane_get_width (plane), almu_plane_get_height (plane) };
  g_autoptr(AlmuMask) whole = mask == NULL ? almu_mask_new_for_rect (&all) : NULL;

  if (mask == NULL)
    mask = whole;

  result->bounds = mask->bounds;
  almu_mask_find (mask, plane, result->stats.min, &result->min_at[0], &result->min_at[1]);
  almu_mask_find (mask, plane, result->stats.max, &result->max_at[0], &result->max_at[1]);
}

/* What the file has counted, if that is about the same values. */
static AlmuHistogram *
find_stored (const Input  *input,
             GCancellable *cancellable)
{
  const AlmuStats *stats = almu_plane_get_stats (input->plane);
  gint64           width = almu_plane_get_width (input->plane);
  gint64           height = almu_plane_get_height (input->plane);
  g_autoptr(AlmuHistogram) stored = NULL;
  g_autoptr(AlmuHistogram) histogram = NULL;
  gint64 n = 0;

  if (input->image == NULL || width * height < MIN_STORED_PIXELS || stats->n == 0)
    return NULL;

  stored = almu_image_read_histogram (input->image, input->channel, input->stokes, cancellable);
  if (stored == NULL)
    return NULL;

  histogram = almu_histogram_new (almu_histogram_auto_bins (width, height), stats->min, stats->max, stats);
  if (stored->n_bins != histogram->n_bins || stored->bin_width != histogram->bin_width ||
      stored->first_centre != histogram->first_centre)
    return NULL;

  for (int i = 0; i < stored->n_bins; i++)
    {
      n += stored->counts[i];
      histogram->counts[i] = stored->counts[i];
    }

  return n == stats->n ? g_steal_pointer (&histogram) : NULL;
}

static AlmuMeasure *
measure (Input        *input,
         GCancellable *cancellable)
{
  AlmuMeasure *result = g_new0 (AlmuMeasure, 1);
  g_autoptr(AlmuMask) mask = NULL;
  AlmuHistogram *stored = find_stored (input, cancellable);

  result->histograms = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_histogram_unref);
  result->stats = *almu_plane_get_stats (input->plane);
  result->min_at[0] = result->min_at[1] = result->max_at[0] = result->max_at[1] = -1;

  if (input->shape != NULL)
    {
      mask = almu_mask_new (input->shape,
                            almu_plane_get_width (input->plane),
                            almu_plane_get_height (input->plane));
      result->is_outside = almu_mask_is_empty (mask);
      almu_mask_measure (mask, input->plane, &result->stats);
    }

  if (input->with_places)
    find_places (result, input->plane, mask);

  for (guint i = 0; input->histograms != NULL && i < input->histograms->len; i++)
    {
      const AlmuHistogramWant *want = &g_array_index (input->histograms, AlmuHistogramWant, i);

      if (stored != NULL)
        g_ptr_array_add (result->histograms, g_steal_pointer (&stored));
      else if (mask != NULL)
        g_ptr_array_add (result->histograms, count_mask (input->plane, mask, &result->stats, want));
      else
        g_ptr_array_add (result->histograms, count_plane (input->plane, want));
    }

  return result;
}

static void
measure_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  g_task_return_pointer (task, measure (task_data, cancellable), (GDestroyNotify) almu_measure_free);
}

static Input *
input_new (AlmuPlane *plane,
           AlmuShape *shape,
           GArray    *histograms)
{
  Input *input = g_new0 (Input, 1);

  input->plane = almu_plane_ref (plane);
  input->shape = shape != NULL ? almu_shape_ref (shape) : NULL;
  input->histograms = histograms != NULL ? g_array_ref (histograms) : NULL;

  return input;
}

/* Takes @input. */
static void
run_measure (Input              *input,
             int                 priority,
             GCancellable       *cancellable,
             GAsyncReadyCallback callback,
             gpointer            user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, run_measure);
  g_task_set_task_data (task, input, input_free);
  almu_workers_run (task, priority, measure_worker);
}

/**
 * almu_measure_async:
 * @plane: the pixels
 * @shape: (nullable): which of them; %NULL for all
 * @histograms: (nullable) (element-type AlmuHistogramWant): what to count
 * @priority: of the work, see almu_workers_run()
 *
 * Statistics and histograms of a region, in one look at its pixels.
 */
void
almu_measure_async (AlmuPlane          *plane,
                    AlmuShape          *shape,
                    GArray             *histograms,
                    int                 priority,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            user_data)
{
  run_measure (input_new (plane, shape, histograms), priority, cancellable, callback, user_data);
}

/**
 * almu_measure_places_async:
 * @plane: the pixels
 * @shape: (nullable): which of them; %NULL for all
 * @histograms: (element-type AlmuHistogramWant): which histograms
 * @priority: of the work, see almu_workers_run()
 *
 * Like almu_measure_async(), and finds out where the extrema are.
 */
void
almu_measure_places_async (AlmuPlane          *plane,
                           AlmuShape          *shape,
                           GArray             *histograms,
                           int                 priority,
                           GCancellable       *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer            user_data)
{
  Input *input = input_new (plane, shape, histograms);

  input->with_places = TRUE;
  run_measure (input, priority, cancellable, callback, user_data);
}

/**
 * almu_measure_plane_async:
 * @plane: all of it
 * @image: that it is of
 * @channel: which plane it is, from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @priority: of the work, see almu_workers_run()
 *
 * The histogram of a whole plane with automatic bins, which the viewer takes
 * the contrast from: as the file has it, if it has.
 */
void
almu_measure_plane_async (AlmuPlane          *plane,
                          AlmuImage          *image,
                          int                 channel,
                          int                 stokes,
                          int                 priority,
                          GCancellable       *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer            user_data)
{
  AlmuHistogramWant automatic = { .channel = ALMU_CHANNEL_CURRENT, .n_bins = ALMU_BINS_AUTO };
  g_autoptr(GArray) wanted = almu_histogram_wants_new ();
  Input *input;

  g_array_append_val (wanted, automatic);
  input = input_new (plane, NULL, wanted);
  input->image = g_object_ref (image);
  input->channel = channel;
  input->stokes = stokes;
  run_measure (input, priority, cancellable, callback, user_data);
}

/**
 * almu_measure_finish:
 * @result: what the callback of one of the three got
 * @error: return location
 *
 * Fails only if it was cancelled (%G_IO_ERROR_CANCELLED).
 *
 * Returns: (transfer full): what was measured
 */
AlmuMeasure *
almu_measure_finish (GAsyncResult *result,
                     GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
