/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-workers.h"

/* Planes that follow each other: those of an animation, those that are
 * shown beside each other in a channel map, and the one that will probably
 * be wanted next.
 */

/* -- the next step ------------------------------------------------------- */

/**
 * almu_demand_note_step:
 * @self: a demand, still with the plane before
 * @channel: that will be on display
 * @stokes: likewise
 *
 * Notes which way somebody steps through a cube, who takes the next step the
 * same way. A leap is no step until it is repeated.
 */
void
almu_demand_note_step (AlmuDemand *self,
                       int         channel,
                       int         stokes)
{
  int step = self->is_started && stokes == self->stokes ? channel - self->channel : 0;

  if (step == 1 || step == -1 || step == self->last_step)
    self->is_stepping = step != 0;
  else
    self->is_stepping = FALSE;
  self->last_step = step;
}

/**
 * almu_demand_read_next:
 * @self: a demand, nobody waiting for anything of its plane
 *
 * Begins to read the plane that the next step leads to, if somebody is stepping
 * and there is one.
 */
void
almu_demand_read_next (AlmuDemand *self)
{
  gint64 next = (gint64) self->channel + self->last_step;

  if (!self->is_stepping || self->animation_id != 0 ||
      next < 0 || next >= almu_image_get_info (self->image)->depth)
    return;

  almu_read_ahead_begin (self->ahead, &(AlmuPlaneId){ (int) next, self->stokes }, 1);
}

/* -- an animation -------------------------------------------------------- */

/**
 * almu_demand_check_tiles:
 * @codes: places as the ICD writes them
 * @n_codes: how many
 * @error: return location
 *
 * Asks for nothing; fails as almu_tile_queue_decode() does.
 *
 * Returns: whether almu_demand_require_tiles() would take them
 */
gboolean
almu_demand_check_tiles (AlmuDemand   *self,
                         const gint32 *codes,
                         gsize         n_codes,
                         GError      **error)
{
  g_autoptr(GArray) tiles = NULL;

  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  tiles = almu_tile_queue_decode (self->tiles, codes, n_codes, error);

  return tiles != NULL;
}

static void
leave_frames (AlmuDemand *self)
{
  self->animation_id = 0;
  self->is_stepping = FALSE;
  self->last_step = 0;
  g_clear_pointer (&self->view.tiles, g_array_unref);
  almu_read_ahead_stop (self->ahead);
}

static void
hold_map (AlmuDemand *self,
          gboolean    held)
{
  if (self->map != NULL)
    almu_channel_map_set_held (self->map, held);
}

/**
 * almu_demand_begin_frames:
 * @animation_id: what the tiles of frames are marked with
 *
 * From now on planes are shown by almu_demand_show_frame(). Tiles that were
 * asked for and have not come yet are not wanted any more; the panels of a
 * channel map wait.
 */
void
almu_demand_begin_frames (AlmuDemand *self,
                          int         animation_id)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));
  g_return_if_fail (animation_id > 0);

  almu_demand_start (self);
  leave_frames (self);
  almu_tile_queue_drop_requests (self->tiles);
  self->animation_id = animation_id;
  hold_map (self, TRUE);
}

/* What is asked for again and is all there. */
static gboolean
show_again (AlmuDemand *self)
{
  AlmuHistogram *histogram;

  if (!self->is_served)
    return FALSE;

  histogram = almu_cache_peek_histogram (self->cache, self->image, self->channel, self->stokes);
  if (histogram == NULL)
    return FALSE;

  almu_tile_queue_drop_requests (self->tiles);
  self->is_shown = FALSE;
  almu_demand_send_histogram (self, histogram);

  return TRUE;
}

static void
move_to (AlmuDemand *self,
         int         channel,
         int         stokes)
{
  gboolean is_other = channel != self->channel || stokes != self->stokes;
  gboolean is_other_stokes = stokes != self->stokes;

  almu_demand_leave_plane (self);
  self->channel = channel;
  self->stokes = stokes;
  if (is_other)
    almu_demand_emit_changed (self);
  almu_demand_get_plane (self);
  if (is_other_stokes)
    almu_demand_change_stokes_of_sweeps (self);
}

/**
 * almu_demand_show_frame:
 * @channel: from 0; exists
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Shows a plane, with the tiles of the view. [signal@Almu.Demand::shown] tells
 * when that is done; before it the next frame would take its place.
 */
void
almu_demand_show_frame (AlmuDemand *self,
                        int         channel,
                        int         stokes)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));
  g_return_if_fail (self->animation_id != 0);

  self->frame = MAX (self->frame + 1, 1);
  if (channel != self->channel || stokes != self->stokes || !show_again (self))
    move_to (self, channel, stokes);

  if (self->view.tiles != NULL)
    almu_tile_queue_add_tiles (self->tiles, self->view.tiles, self->view.compression,
                               self->view.quality, self->animation_id);
  almu_demand_check_shown (self);
}

/**
 * almu_demand_has_view:
 *
 * Returns: whether frames have tiles
 */
gboolean
almu_demand_has_view (AlmuDemand *self)
{
  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  return self->view.tiles != NULL && self->view.tiles->len > 0;
}

/**
 * almu_demand_read_ahead:
 * @self: a demand
 * @n_planes: how many
 * @planes: those that will be shown, the next one first
 *
 * Reads them when the threads have nothing better to do, instead of what was to
 * be read so far, and as many as a part of the budget has room for. Nobody is
 * told.
 */
void
almu_demand_read_ahead (AlmuDemand        *self,
                        const AlmuPlaneId *planes,
                        guint              n_planes)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  almu_read_ahead_begin (self->ahead, planes, n_planes);
}

/**
 * almu_demand_end_frames:
 *
 * The viewer chooses the planes again. The last one stays, without the tiles
 * of it that have not come yet.
 */
void
almu_demand_end_frames (AlmuDemand *self)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (self->animation_id == 0)
    return;

  almu_tile_queue_drop_requests (self->tiles);
  leave_frames (self);
  hold_map (self, FALSE);
}

/* -- a channel map ------------------------------------------------------- */

static void
on_map_product (AlmuChannelMap *map,
                AlmuProduct    *product,
                AlmuDemand     *self)
{
  product->epoch = self->epoch;
  product->file_id = self->file_id;
  almu_demand_emit_product (self, product);
}

static void
on_map_failed (AlmuChannelMap *map,
               const GError   *error,
               AlmuDemand     *self)
{
  almu_demand_emit_failure (self, error);
}

static AlmuChannelMap *
get_map (AlmuDemand *self)
{
  if (self->map != NULL)
    return self->map;

  self->map = almu_channel_map_new (self->cache, self->image);
  almu_channel_map_set_owner (self->map, almu_workers_get_owner (self));
  almu_channel_map_set_paused (self->map, self->is_paused);
  almu_channel_map_set_held (self->map, self->animation_id != 0);
  g_signal_connect_object (self->map, "product", G_CALLBACK (on_map_product), self, 0);
  g_signal_connect_object (self->map, "failed", G_CALLBACK (on_map_failed), self, 0);

  return self->map;
}

/**
 * almu_demand_require_map:
 * @request: copied
 *
 * Shows several channels beside each other, beside the plane that the cursor
 * and everything that is measured are on.
 *
 * Fails as almu_channel_map_show() does.
 */
gboolean
almu_demand_require_map (AlmuDemand           *self,
                         const AlmuMapRequest *request,
                         GError              **error)
{
  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  return almu_channel_map_show (get_map (self), request, error);
}

/**
 * almu_demand_acknowledge_map:
 * @self: a demand
 * @channel: which the viewer has received
 *
 * Lets channels follow that wait for it; see almu_channel_map_acknowledge().
 * Nothing happens if there is no map.
 */
void
almu_demand_acknowledge_map (AlmuDemand *self,
                             int         channel)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (self->map != NULL)
    almu_channel_map_acknowledge (self->map, channel);
}

/**
 * almu_demand_end_map:
 *
 * The viewer looks at one channel again.
 */
void
almu_demand_end_map (AlmuDemand *self)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (self->map != NULL)
    almu_channel_map_clear (self->map);
}

/**
 * almu_demand_clear_frames:
 * @self: a demand
 *
 * Nothing moves by itself any more, and nothing is read that nobody has asked
 * for: who comes back is served from memory.
 */
void
almu_demand_clear_frames (AlmuDemand *self)
{
  leave_frames (self);
  almu_demand_end_map (self);
  hold_map (self, FALSE);
}
