/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-measure.h"
#include "almu-workers.h"

/* The plane on display: it is read, its histogram goes out, then its tiles,
 * and then what else hangs on it.
 */

static void
tell_shown (AlmuDemand *self,
            gboolean    is_there)
{
  self->is_shown = TRUE;
  almu_demand_emit_shown (self, is_there);
  if (self->is_shown && is_there)
    almu_demand_read_next (self);
}

/**
 * almu_demand_check_shown:
 * @self: a demand
 *
 * Tells once for each plane when its histogram, its tiles, contours and vectors
 * have been handed out; the next plane is read ahead then.
 */
void
almu_demand_check_shown (AlmuDemand *self)
{
  if (self->is_served && !self->is_shown && almu_tile_queue_is_idle (self->tiles) &&
      almu_demand_overlay_is_idle (self))
    tell_shown (self, TRUE);
}

/**
 * almu_demand_send_histogram:
 * @self: a demand
 * @histogram: of the plane on display, with automatic bins
 *
 * Emits it as a product of the whole image, with the number of the frame if
 * planes move by themselves.
 */
void
almu_demand_send_histogram (AlmuDemand    *self,
                            AlmuHistogram *histogram)
{
  static const AlmuHistogramWant automatic = {
    .coordinate = (char *) "z",
    .channel = ALMU_CHANNEL_CURRENT,
    .n_bins = ALMU_BINS_AUTO,
  };
  AlmuProduct product = {
    .kind = ALMU_PRODUCT_HISTOGRAM,
    .epoch = self->epoch,
    .file_id = self->file_id,
    .region_id = ALMU_REGION_IMAGE,
    .channel = self->channel,
    .stokes = self->stokes,
    .frame = self->animation_id != 0 ? self->frame : 0,
    .progress = 1,
    .histogram = { &automatic, histogram },
  };

  almu_demand_emit_product (self, &product);
}

/* The histogram goes first: the page takes the contrast of the tiles from
 * it. What else depends on the plane follows behind the tiles. */
static void
serve_plane (AlmuDemand    *self,
             AlmuHistogram *histogram)
{
  GHashTableIter iter;
  Wants         *wants;

  if (!self->is_early)
    almu_demand_send_histogram (self, histogram);
  almu_tile_queue_begin (self->tiles, self->plane, self->channel, self->stokes);
  almu_demand_overlay_begin (self);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_renew_cuts (wants);
      almu_wants_renew_measures (wants);
    }

  self->is_served = TRUE;
  almu_demand_check_shown (self);
}

static void
on_plane_counted (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(AlmuMeasure) measure = NULL;
  AlmuDemand    *self = work->demand;
  AlmuHistogram *histogram;

  measure = almu_measure_finish (result, NULL);
  if (measure == NULL || work->cancellable != self->plane_work)
    return;

  histogram = g_ptr_array_index (measure->histograms, 0);
  almu_cache_keep_histogram (self->cache, self->image, self->channel, self->stokes, histogram);
  serve_plane (self, histogram);
}

static void
count_plane (AlmuDemand *self)
{
  almu_measure_plane_async (self->plane, self->image, self->channel, self->stokes,
                            ALMU_PRIORITY_PICTURE, self->plane_work, on_plane_counted,
                            almu_work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
}

static void
on_plane (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuDemand    *self = work->demand;
  AlmuHistogram *histogram;

  plane = almu_cache_get_plane_finish (self->cache, result, &error);
  if (work->cancellable != self->plane_work)
    return;

  if (plane == NULL)
    {
      almu_demand_emit_failure (self, error);
      tell_shown (self, FALSE);
      return;
    }

  self->plane = g_steal_pointer (&plane);
  histogram = almu_cache_peek_histogram (self->cache, self->image, self->channel, self->stokes);
  if (histogram != NULL)
    serve_plane (self, histogram);
  else
    count_plane (self);
}

/**
 * almu_demand_leave_plane:
 * @self: a demand
 *
 * Whatever hangs on the plane that was shown so far ends here: its reading, its
 * tiles, contours and vectors, and what is measured and cut of it. Spectra and
 * the histogram of the cube go on.
 */
void
almu_demand_leave_plane (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  self->is_early = FALSE;
  self->is_served = FALSE;
  self->is_shown = FALSE;
  almu_demand_stop_cancellable (&self->plane_work);
  almu_tile_queue_clear (self->tiles);
  almu_demand_overlay_leave (self);
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_demand_stop_cancellable (&wants->measuring);
      almu_demand_stop_cancellable (&wants->cutting);
    }
}

/**
 * almu_demand_get_plane:
 * @self: a demand that is started
 *
 * Has the plane on display read, or taken from memory, and served when it is
 * there. What was being read ahead ends only when this has been asked for: it
 * may be the same.
 */
void
almu_demand_get_plane (AlmuDemand *self)
{
  almu_demand_renew_cancellable (self, &self->plane_work);
  almu_demand_begin_early (self);
  almu_cache_get_plane_async (self->cache, self->image, self->channel, self->stokes,
                              ALMU_PRIORITY_PICTURE, self->plane_work, on_plane,
                              almu_work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
  almu_read_ahead_stop (self->ahead);
}

/**
 * almu_demand_set_plane:
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Shows another plane. The caller has checked that it exists.
 */
void
almu_demand_set_plane (AlmuDemand *self,
                       int         channel,
                       int         stokes)
{
  gboolean new_stokes = stokes != self->stokes;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (channel == self->channel && !new_stokes)
    return;

  almu_demand_leave_plane (self);
  almu_demand_note_step (self, channel, stokes);
  self->channel = channel;
  self->stokes = stokes;
  almu_demand_emit_changed (self);

  if (!self->is_started)
    return;

  almu_demand_get_plane (self);
  if (new_stokes)
    almu_demand_change_stokes_of_sweeps (self);
}
