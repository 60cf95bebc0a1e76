/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-workers.h"

/**
 * AlmuDemand:
 *
 * What a viewer wants to know of one file, and the only place where that
 * turns into work.
 *
 * Three things can make work stale: another plane, another place (of the
 * cursor or a region), another epoch. Each cancels what hangs on it, and a
 * result is handed on only if its cancellable is still the current one.
 * Results leave through [signal@Almu.Producer::product]. Main thread only.
 */
G_DEFINE_FINAL_TYPE (AlmuDemand, almu_demand, ALMU_TYPE_PRODUCER)

enum
{
  SHOWN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/**
 * almu_demand_renew_cancellable:
 * @demand: whose work will hang on it
 * @cancellable: (inout): where it is kept
 *
 * Cancels the one that is there and puts another in its place, with the
 * demand's owner.
 *
 * Returns: (transfer none): the new one
 */
GCancellable *
almu_demand_renew_cancellable (AlmuDemand    *self,
                               GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
  *cancellable = almu_workers_cancellable_new (self);

  return *cancellable;
}

/**
 * almu_demand_stop_cancellable:
 * @cancellable: (inout) (nullable): where it is kept
 *
 * Cancels the one that is there, if any, and puts none in its place.
 */
void
almu_demand_stop_cancellable (GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
}

static void
almu_demand_dispose (GObject *object)
{
  AlmuDemand *self = ALMU_DEMAND (object);

  if (self->tiles != NULL)
    almu_demand_stop (self);
  g_clear_pointer (&self->view.tiles, g_array_unref);
  g_clear_object (&self->ahead);
  g_clear_object (&self->convoy);
  g_clear_object (&self->map);
  g_clear_object (&self->tiles);
  almu_demand_overlay_clear (self);
  g_clear_pointer (&self->wants, g_hash_table_unref);
  g_clear_pointer (&self->sky, almu_sky_map_free);
  g_clear_pointer (&self->other_sky, almu_sky_map_free);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_demand_parent_class)->dispose (object);
}

static void
almu_demand_class_init (AlmuDemandClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_demand_dispose;

  /**
   * AlmuDemand::shown:
   * @self: the demand
   * @is_there: %FALSE if the plane cannot be read
   *
   * The histogram of the plane and all tiles that were asked for so far have
   * been handed out, and nobody waits for a picture any more.
   */
  signals[SHOWN] =
    g_signal_new ("shown",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
almu_demand_init (AlmuDemand *self)
{
  self->wants = g_hash_table_new_full (NULL, NULL, NULL, almu_wants_free);
}

/**
 * almu_demand_emit_product:
 * @self: a demand
 * @product: with the epoch of what was asked for; valid during the call
 *
 * Emits [signal@Almu.Producer::product]. Whoever hears it may change what is
 * wanted.
 */
void
almu_demand_emit_product (AlmuDemand        *self,
                          const AlmuProduct *product)
{
  almu_producer_emit_product (ALMU_PRODUCER (self), product);
}

/**
 * almu_demand_emit_failure:
 * @self: a demand
 * @error: why
 *
 * Emits [signal@Almu.Producer::failed], unless it was cancelled: nobody waits for
 * it then.
 */
void
almu_demand_emit_failure (AlmuDemand   *self,
                          const GError *error)
{
  almu_producer_emit_failed (ALMU_PRODUCER (self), error);
}

/**
 * almu_demand_emit_changed:
 * @self: a demand
 *
 * Emits [signal@Almu.Producer::changed]: a record of the session is not right any
 * more.
 */
void
almu_demand_emit_changed (AlmuDemand *self)
{
  almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_demand_emit_shown:
 * @self: a demand
 * @is_there: %FALSE if the plane cannot be read
 *
 * Emits [signal@Almu.Demand::shown].
 */
void
almu_demand_emit_shown (AlmuDemand *self,
                        gboolean    is_there)
{
  g_signal_emit (self, signals[SHOWN], 0, is_there);
}

static void
on_tile (AlmuProductKind        kind,
         int                    sync_id,
         int                    n_tiles,
         int                    animation_id,
         const AlmuTile        *tile,
         const AlmuTilePicture *picture,
         gpointer               user_data)
{
  AlmuDemand *self = user_data;
  AlmuProduct product = {
    .kind = kind,
    .epoch = self->epoch,
    .file_id = self->file_id,
    .region_id = ALMU_REGION_IMAGE,
    .channel = self->channel,
    .stokes = self->stokes,
    .progress = 1,
    .tiles = { sync_id, n_tiles, tile, picture, animation_id },
  };

  almu_demand_emit_product (self, &product);
  if (kind == ALMU_PRODUCT_TILES_END)
    almu_demand_check_shown (self);
}

/**
 * almu_demand_new:
 * @cache: what is shared by all
 * @image: the file's image
 * @file_id: how the viewer calls it
 *
 * A demand for nothing yet: channel and polarisation 0, the cursor in the
 * middle, as the page begins.
 *
 * Returns: (transfer full): a demand that is not started
 */
AlmuDemand *
almu_demand_new (AlmuCache *cache,
                 AlmuImage *image,
                 int        file_id)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  AlmuDemand          *self = g_object_new (ALMU_TYPE_DEMAND, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);
  self->tiles = almu_tile_queue_new (cache, image, on_tile, self);
  self->ahead = almu_read_ahead_new (cache, image);
  self->convoy = almu_convoy_new (image);
  almu_demand_overlay_init (self);
  self->file_id = file_id;
  self->cursor.x = (float) (info->width - 1) / 2;
  self->cursor.y = (float) (info->height - 1) / 2;

  return self;
}

/**
 * almu_demand_set_owner:
 * @owner: whose work it is, see almu_workers_set_owner()
 *
 * Before anything is wanted.
 */
void
almu_demand_set_owner (AlmuDemand *self,
                       guint       owner)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  almu_workers_set_owner (self, owner);
  almu_workers_set_owner (self->tiles, owner);
  almu_workers_set_owner (self->ahead, owner);
  almu_workers_set_owner (self->convoy, owner);
  almu_demand_overlay_set_owner (self, owner);
}

/**
 * almu_demand_set_epoch:
 * @epoch: of the session
 *
 * What products are marked with, before the first is made.
 */
void
almu_demand_set_epoch (AlmuDemand *self,
                       guint       epoch)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->epoch = epoch;
}

/* -- its life ----------------------------------------------------------- */

/* What is made of all channels, whichever is on display. */
static void
renew_sweeps (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_renew_spectra (wants);
      almu_wants_renew_cube (wants);
    }
}

/**
 * almu_demand_change_stokes_of_sweeps:
 * @self: a demand, another polarisation being on display
 *
 * Has spectra of the polarisation on display made anew, and gives up the
 * histogram of the cube that was of it.
 */
void
almu_demand_change_stokes_of_sweeps (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_change_stokes (wants);
      almu_wants_leave_cube (wants);
    }
}

/**
 * almu_demand_start:
 *
 * Begins to serve: reads the plane, sends its histogram and whatever is
 * wanted. Before it nothing is read and nothing sent.
 */
void
almu_demand_start (AlmuDemand *self)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (self->is_started)
    return;

  self->is_started = TRUE;
  almu_demand_get_plane (self);
  renew_sweeps (self);
}

/**
 * almu_demand_stop:
 *
 * Ends all work. What is wanted stays known.
 */
void
almu_demand_stop (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->is_started = FALSE;
  almu_demand_leave_plane (self);
  almu_demand_clear_frames (self);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    almu_wants_stop (wants);
}

/**
 * almu_demand_renew:
 * @epoch: the session's new epoch
 *
 * Starts again for a viewer who has come back: everything that is in force
 * is sent anew, from memory where it is there. A viewer who then asks for
 * the same again has it already. Tiles asked for meanwhile still come.
 */
void
almu_demand_renew (AlmuDemand *self,
                   guint       epoch)
{
  GHashTableIter iter;
  Wants         *wants;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->epoch = epoch;
  self->is_started = TRUE;
  self->is_served = FALSE;
  self->is_shown = FALSE;
  almu_demand_clear_frames (self);
  almu_demand_overlay_leave (self);
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_stop (wants);
      wants->told_after_resume = WANT_SPATIAL | WANT_SPECTRAL | WANT_STATS | WANT_HISTOGRAMS;
    }

  almu_demand_get_plane (self);
  renew_sweeps (self);
}

/**
 * almu_demand_set_paused:
 * @paused: whether the viewer reads too slowly for more pictures
 *
 * Tiles, panels of a map, contours and vectors are made no further; those that
 * a worker has begun come. Numbers are small, and go on.
 */
void
almu_demand_set_paused (AlmuDemand *self,
                        gboolean    paused)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->is_paused = paused;
  almu_tile_queue_set_paused (self->tiles, paused);
  if (self->map != NULL)
    almu_channel_map_set_paused (self->map, paused);
  almu_demand_overlay_set_paused (self, paused);
}

/* -- tiles -------------------------------------------------------------- */

/**
 * almu_demand_require_tiles:
 * @codes: places as the ICD writes them, the most wanted first
 * @n_codes: how many
 * @compression: how they are to be encoded
 * @quality: for ZFP, bits of precision
 *
 * Asks for tiles of the current plane; they come behind its histogram. While
 * the planes move by themselves, asks for the same tiles of every one that
 * follows, and of none that was shown.
 *
 * Fails as almu_tile_queue_decode() does, and asks for none then.
 */
gboolean
almu_demand_require_tiles (AlmuDemand     *self,
                           const gint32   *codes,
                           gsize           n_codes,
                           AlmuCompression compression,
                           float           quality,
                           GError        **error)
{
  g_autoptr(GArray) tiles = NULL;

  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  tiles = almu_tile_queue_decode (self->tiles, codes, n_codes, error);
  if (tiles == NULL)
    return FALSE;

  if (self->animation_id != 0)
    {
      g_clear_pointer (&self->view.tiles, g_array_unref);
      self->view = (View){ g_steal_pointer (&tiles), compression, quality };
      return TRUE;
    }

  almu_read_ahead_stop (self->ahead);
  almu_demand_end_map (self);
  self->is_shown = FALSE;
  almu_tile_queue_add_tiles (self->tiles, tiles, compression, quality, 0);
  almu_demand_check_shown (self);

  return TRUE;
}

/**
 * almu_demand_owes_tiles:
 *
 * Returns: whether tiles of the plane, or of planes that move by themselves,
 * are still to come
 */
gboolean
almu_demand_owes_tiles (AlmuDemand *self)
{
  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  return self->animation_id != 0 || !almu_tile_queue_is_idle (self->tiles);
}
