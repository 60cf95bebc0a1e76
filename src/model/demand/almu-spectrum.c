/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-spectrum.h"

#include <math.h>

#include "almu-sweep.h"
#include "almu-workers.h"

/* Channels to begin with. */
#define FIRST_VALUES 64

/* A spectrum that is being read. Belongs to the worker until it is done. */
typedef struct
{
  GTask               *task;
  AlmuImage           *image;
  int                  stokes;
  AlmuSpectrum        *spectrum;
  AlmuSpectrumProgress progress;
  gpointer             user_data;
} Reading;

static AlmuSpectrum *
spectrum_new (AlmuShape *shape,
              int        n_channels)
{
  AlmuSpectrum *self = g_new0 (AlmuSpectrum, 1);

  g_atomic_ref_count_init (&self->refs);
  self->shape = shape != NULL ? almu_shape_ref (shape) : NULL;
  self->n_channels = n_channels;

  return self;
}

/**
 * almu_spectrum_ref:
 * @self: a spectrum
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuSpectrum *
almu_spectrum_ref (AlmuSpectrum *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_spectrum_unref:
 * @self: (transfer full): a spectrum
 *
 * Frees it with its last reference. Any thread.
 */
void
almu_spectrum_unref (AlmuSpectrum *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->shape, almu_shape_unref);
  g_free (self->values);
  g_free (self->stats);
  g_free (self);
}

/**
 * almu_spectrum_get_size:
 * @self: a spectrum
 *
 * What a cache should count: shared shapes are counted each time.
 *
 * Returns: the bytes it takes
 */
gsize
almu_spectrum_get_size (const AlmuSpectrum *self)
{
  gsize per_channel = self->stats != NULL ? sizeof *self->stats : sizeof *self->values;
  gsize shape_bytes = 0;

  if (self->shape != NULL)
    shape_bytes = sizeof *self->shape + self->shape->n_points * sizeof self->shape->points[0];

  return sizeof *self + shape_bytes + (gsize) self->n_channels * per_channel;
}

/**
 * almu_spectrum_get:
 * @self: a spectrum
 * @channel: from 0, below its number of channels
 * @type: which statistic; of a single pixel there is only its value
 * @info: the image, for its beams
 * @stokes: what was read
 *
 * Computes nothing anew: whatever statistic is asked for was counted with the
 * others.
 *
 * Returns: one point of the profile; NaN if it was not read yet, or no pixel
 *   is under the mask
 */
double
almu_spectrum_get (const AlmuSpectrum  *self,
                   AlmuStatsType        type,
                   const AlmuImageInfo *info,
                   int                  channel,
                   int                  stokes)
{
  const AlmuStats *stats;

  if (self->values != NULL)
    return (double) self->values[channel];

  stats = &self->stats[channel];
  if (stats->n + stats->n_blank == 0)
    return NAN;

  return almu_stats_get (stats, type, info, channel, stokes);
}

/* -- reading one -------------------------------------------------------- */

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->task);
  g_object_unref (reading->image);
  g_clear_pointer (&reading->spectrum, almu_spectrum_unref);
  g_free (reading);
}

static gpointer
copy_spectrum (gpointer data)
{
  const AlmuSpectrum *from = ((Reading *) data)->spectrum;
  gsize               n = (gsize) from->n_channels;

  return almu_spectrum_new_for_values (from->shape, g_memdup2 (from->values, n * sizeof *from->values),
                                       from->n_channels);
}

static gboolean
read_step (gpointer      data,
           int           begin,
           int           n,
           GCancellable *cancellable,
           GError      **error)
{
  Reading         *reading = data;
  AlmuSpectrum    *spectrum = reading->spectrum;
  const AlmuPoint *place = &spectrum->shape->points[0];
  AlmuBox          box = {
             .area = { (int) place->x, (int) place->y, 1, 1 },
             .channel = begin,
             .n_channels = n,
             .stokes = reading->stokes,
  };

  return almu_image_read (reading->image, &box, spectrum->values + begin, cancellable, error);
}

static void
on_progress (gpointer report,
             double   progress,
             gpointer user_data)
{
  Reading *reading = user_data;

  reading->progress (report, progress, reading->user_data);
}

static void
on_swept (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Reading *reading = user_data;
  g_autoptr(GError) error = NULL;

  if (almu_sweep_finish (result, &error))
    g_task_return_pointer (reading->task, g_steal_pointer (&reading->spectrum),
                           (GDestroyNotify) almu_spectrum_unref);
  else
    g_task_return_error (reading->task, g_steal_pointer (&error));

  reading_free (reading);
}

static Reading *
reading_new (AlmuImage           *image,
             AlmuShape           *shape,
             int                  stokes,
             GCancellable        *cancellable,
             AlmuSpectrumProgress progress,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->task = g_task_new (image, cancellable, callback, user_data);
  reading->image = g_object_ref (image);
  reading->stokes = stokes;
  reading->spectrum = spectrum_new (shape, almu_image_get_info (image)->depth);
  reading->progress = progress;
  reading->user_data = user_data;

  return reading;
}

/**
 * almu_spectrum_read_async:
 * @image: the cube
 * @pixel: a point in the image, of whole numbers
 * @stokes: index of a polarisation
 * @cancellable: (nullable): gives it up
 * @progress: (scope async): told now and then how far it is, on the caller's main context
 * @user_data: for @progress and @callback; alive until @callback
 *
 * The values of one pixel in all channels.
 */
void
almu_spectrum_read_async (AlmuImage           *image,
                          AlmuShape           *pixel,
                          int                  stokes,
                          GCancellable        *cancellable,
                          AlmuSpectrumProgress progress,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  static const AlmuSweepKind kind = { read_step, copy_spectrum, (GDestroyNotify) almu_spectrum_unref };
  Reading                   *reading;
  int                        n;

  g_return_if_fail (ALMU_IS_IMAGE (image));
  g_return_if_fail (pixel != NULL && pixel->type == ALMU_SHAPE_POINT);

  reading = reading_new (image, pixel, stokes, cancellable, progress, callback, user_data);
  g_task_set_source_tag (reading->task, almu_spectrum_read_async);
  n = reading->spectrum->n_channels;
  reading->spectrum->values = g_new (float, n);
  for (int i = 0; i < n; i++)
    reading->spectrum->values[i] = NAN;

  almu_sweep_async (&kind, reading, n, FIRST_VALUES, ALMU_PRIORITY_NORMAL, cancellable, on_progress, on_swept, reading);
}

/**
 * almu_spectrum_new_for_values:
 * @shape: a point in the image, of whole numbers
 * @values: (transfer full) (array length=n_channels): of that pixel in each
 *   channel
 * @n_channels: how many
 *
 * The shape is held.
 *
 * Returns: (transfer full): what somebody else has read, as a spectrum
 */
AlmuSpectrum *
almu_spectrum_new_for_values (AlmuShape *shape,
                              float     *values,
                              int        n_channels)
{
  AlmuSpectrum *self = spectrum_new (shape, n_channels);

  self->values = values;

  return self;
}

/**
 * almu_spectrum_new_for_stats:
 * @shape: (nullable): a region; %NULL for all pixels
 * @stats: (transfer full) (array length=n_channels): of its pixels in each
 *   channel
 * @n_channels: how many
 *
 * The shape is held.
 *
 * Returns: (transfer full): what somebody else has measured, as a spectrum
 */
AlmuSpectrum *
almu_spectrum_new_for_stats (AlmuShape *shape,
                             AlmuStats *stats,
                             int        n_channels)
{
  AlmuSpectrum *self = spectrum_new (shape, n_channels);

  self->stats = stats;

  return self;
}

/**
 * almu_spectrum_finish:
 * @image: what it was begun with
 * @result: what the callback got
 * @error: return location
 *
 * Also ends almu_convoy_measure_async(). Fails as reading does, or with
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the spectrum
 */
AlmuSpectrum *
almu_spectrum_finish (AlmuImage    *image,
                      GAsyncResult *result,
                      GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, image), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
