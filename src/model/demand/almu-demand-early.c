/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-workers.h"

/* Some files keep the planes smaller, too, and their histograms. A large
 * plane takes a while to read; what is seen of it first needs none of its
 * pixels.
 */

typedef struct
{
  AlmuImage     *image;
  int            channel;
  int            stokes;
  AlmuHistogram *known; /* NULL: still to be read */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_object_unref (reading->image);
  g_clear_pointer (&reading->known, almu_histogram_unref);
  g_free (reading);
}

static void
read_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Reading       *reading = task_data;
  AlmuHistogram *histogram = g_steal_pointer (&reading->known);

  if (histogram == NULL)
    histogram = almu_image_read_histogram (reading->image, reading->channel, reading->stokes, cancellable);

  g_task_return_pointer (task, histogram, (GDestroyNotify) almu_histogram_unref);
}

/* Tiles wait for the histogram, which the page takes their contrast from. */
static void
on_histogram (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  AlmuHistogram *histogram = g_task_propagate_pointer (G_TASK (result), NULL);
  AlmuDemand    *self = work->demand;

  if (histogram == NULL)
    return;

  /* the plane may have been faster */
  if (work->cancellable == self->plane_work && self->plane == NULL)
    {
      almu_cache_keep_histogram (self->cache, self->image, self->channel, self->stokes, histogram);
      self->is_early = TRUE;
      almu_demand_send_histogram (self, histogram);
      almu_tile_queue_begin_early (self->tiles, self->channel, self->stokes);
    }
  almu_histogram_unref (histogram);
}

static gboolean
may_be_early (AlmuDemand *self)
{
  const AlmuImageInfo *info = almu_image_get_info (self->image);

  return self->animation_id == 0 && self->stokes < info->n_stokes && almu_image_has_mip (self->image, 2) &&
         almu_cache_peek_plane (self->cache, self->image, self->channel, self->stokes) == NULL;
}

/**
 * almu_demand_begin_early:
 *
 * While the plane is being read, serves what can be had without it.
 */
void
almu_demand_begin_early (AlmuDemand *self)
{
  g_autoptr(GTask) task = NULL;
  AlmuHistogram *histogram;
  Reading       *reading;

  self->is_early = FALSE;
  if (!may_be_early (self))
    return;

  histogram = almu_cache_peek_histogram (self->cache, self->image, self->channel, self->stokes);
  reading = g_new0 (Reading, 1);
  reading->image = g_object_ref (self->image);
  reading->channel = self->channel;
  reading->stokes = self->stokes;
  reading->known = histogram != NULL ? almu_histogram_ref (histogram) : NULL;
  task = g_task_new (NULL, self->plane_work, on_histogram,
                     almu_work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
  g_task_set_source_tag (task, almu_demand_begin_early);
  g_task_set_task_data (task, reading, reading_free);
  almu_workers_run (task, ALMU_PRIORITY_PICTURE, read_worker);
}
