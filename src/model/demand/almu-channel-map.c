/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-channel-map.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-read-ahead.h"
#include "almu-tile-queue.h"
#include "almu-workers.h"

/* Channels that may be on their way to a viewer who has not said yet that
 * they have come: two rows of a usual map. */
#define WINDOW 8

/* One channel that is wanted. */
typedef struct
{
  int             channel;
  GArray         *tiles; /* AlmuTile, shared by the channels of a request */
  AlmuCompression compression;
  float           quality;
} Panel;

/**
 * AlmuChannelMap:
 *
 * Channels of an image that a viewer looks at side by side. Each gets its
 * tiles, one channel after the other; what has gone out of sight meanwhile is
 * left out.
 *
 * None of them gets a histogram. All are painted with the contrast of the
 * channel that is worked on, which has its own; and the page takes whatever
 * channel a histogram tells of for the one that is worked on, and leafs to it
 * where it is out of sight.
 *
 * Its products lack the file's id and the epoch, which the listener fills in.
 * A channel that cannot be read fails; the others follow.
 *
 * A viewer tells which channels it has received, and does not get more than
 * a few that it has not. Main thread only.
 */
struct _AlmuChannelMap
{
  AlmuProducer parent_instance;

  AlmuCache     *cache;
  AlmuImage     *image;
  AlmuTileQueue *queue;
  AlmuReadAhead *ahead;
  int            stokes;
  GQueue         panels;         /* of Panel, not begun */
  Panel         *current;        /* being read, cut into tiles */
  AlmuPlane     *plane;          /* of the current one; NULL until read */
  GCancellable  *work;           /* for the current one */
  GArray        *unacknowledged; /* of int, channels */
  guint          patience_source;
  gboolean       is_paused;
  gboolean       is_held;
};

G_DEFINE_FINAL_TYPE (AlmuChannelMap, almu_channel_map, ALMU_TYPE_PRODUCER)

static void almu_channel_map_pump (AlmuChannelMap *self);

/* -- panels -------------------------------------------------------------- */

static void
panel_free (gpointer data)
{
  Panel *panel = data;

  g_array_unref (panel->tiles);
  g_free (panel);
}

static gboolean
range_contains (const AlmuChannelRange *range,
                int                     channel)
{
  return channel >= range->min && channel <= range->max;
}

static void
drop_current (AlmuChannelMap *self)
{
  g_cancellable_cancel (self->work);
  g_clear_object (&self->work);
  almu_tile_queue_clear (self->queue);
  g_clear_pointer (&self->plane, almu_plane_unref);
  g_clear_pointer (&self->current, panel_free);
}

/**
 * almu_channel_map_clear:
 *
 * Nothing is wanted any more.
 */
void
almu_channel_map_clear (AlmuChannelMap *self)
{
  g_return_if_fail (ALMU_IS_CHANNEL_MAP (self));

  drop_current (self);
  g_queue_clear_full (&self->panels, panel_free);
  g_array_set_size (self->unacknowledged, 0);
  g_clear_handle_id (&self->patience_source, g_source_remove);
  almu_read_ahead_stop (self->ahead);
}

static void
almu_channel_map_dispose (GObject *object)
{
  AlmuChannelMap *self = ALMU_CHANNEL_MAP (object);

  if (self->queue != NULL)
    almu_channel_map_clear (self);
  g_clear_pointer (&self->unacknowledged, g_array_unref);
  g_clear_object (&self->queue);
  g_clear_object (&self->ahead);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_channel_map_parent_class)->dispose (object);
}

static void
almu_channel_map_class_init (AlmuChannelMapClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_channel_map_dispose;
}

static void
almu_channel_map_init (AlmuChannelMap *self)
{
  g_queue_init (&self->panels);
  self->unacknowledged = g_array_new (FALSE, FALSE, sizeof (int));
}

/* -- one channel after the other ----------------------------------------- */

static void
emit_product (AlmuChannelMap *self,
              AlmuProduct    *product)
{
  product->region_id = ALMU_REGION_IMAGE;
  product->channel = self->current->channel;
  product->stokes = self->stokes;
  product->progress = 1;
  almu_producer_emit_product (ALMU_PRODUCER (self), product);
}

static void
finish_panel (AlmuChannelMap *self)
{
  drop_current (self);
  almu_channel_map_pump (self);
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
  AlmuChannelMap *self = user_data;
  g_autoptr(GCancellable) work = g_object_ref (self->work);
  AlmuProduct product = {
    .kind = kind,
    .tiles = { sync_id, n_tiles, tile, picture, 0 },
  };

  if (kind == ALMU_PRODUCT_TILES_END)
    g_array_append_val (self->unacknowledged, self->current->channel);

  emit_product (self, &product);
  if (kind != ALMU_PRODUCT_TILES_END || work != self->work)
    return;

  finish_panel (self);
}

static void
serve (AlmuChannelMap *self)
{
  const Panel *panel = self->current;
  const Panel *next = g_queue_peek_head (&self->panels);

  if (next != NULL)
    almu_read_ahead_begin (self->ahead, &(AlmuPlaneId){ next->channel, self->stokes }, 1);
  almu_tile_queue_add_tiles (self->queue, panel->tiles, panel->compression, panel->quality, 0);
  almu_tile_queue_begin (self->queue, self->plane, panel->channel, self->stokes);
}

static void
on_plane (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(AlmuChannelMap) self = user_data;
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(GError) error = NULL;
  GCancellable *work = g_task_get_cancellable (G_TASK (result));

  plane = almu_cache_get_plane_finish (ALMU_CACHE (source), result, &error);
  if (work != self->work)
    return;

  if (plane == NULL)
    {
      almu_producer_emit_failed (ALMU_PRODUCER (self), error);
      if (work == self->work)
        finish_panel (self);
      return;
    }

  self->plane = g_steal_pointer (&plane);
  serve (self);
}

/* A viewer that has lost a channel never says that it came. */
static gboolean
on_patience_over (gpointer user_data)
{
  AlmuChannelMap *self = user_data;

  self->patience_source = 0;
  if (self->unacknowledged->len >= WINDOW)
    g_array_remove_index (self->unacknowledged, 0);
  almu_channel_map_pump (self);

  return G_SOURCE_REMOVE;
}

static void
almu_channel_map_pump (AlmuChannelMap *self)
{
  if (self->current != NULL || self->is_paused || self->is_held || g_queue_is_empty (&self->panels))
    return;

  if (self->unacknowledged->len >= WINDOW)
    {
      if (self->patience_source == 0)
        self->patience_source = g_timeout_add_seconds (ALMU_LIMIT_FRAME_PATIENCE_SECONDS, on_patience_over, self);
      return;
    }

  self->current = g_queue_pop_head (&self->panels);
  self->work = almu_workers_cancellable_new (self);
  almu_cache_get_plane_async (self->cache, self->image, self->current->channel, self->stokes,
                              ALMU_PRIORITY_PICTURE, self->work, on_plane, g_object_ref (self));
  almu_read_ahead_stop (self->ahead);
}

/**
 * almu_channel_map_new:
 * @cache: where planes and tiles are; held
 * @image: whose channels are shown; held
 *
 * Reads and sends nothing before almu_channel_map_show(). Main thread.
 *
 * Returns: (transfer full): a map without panels
 */
AlmuChannelMap *
almu_channel_map_new (AlmuCache *cache,
                      AlmuImage *image)
{
  AlmuChannelMap *self = g_object_new (ALMU_TYPE_CHANNEL_MAP, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);
  self->queue = almu_tile_queue_new (cache, image, on_tile, self);
  self->ahead = almu_read_ahead_new (cache, image);

  return self;
}

/**
 * almu_channel_map_set_owner:
 * @owner: whose work it is, see almu_workers_set_owner()
 *
 * Before anything is wanted: work that is under way stays whose it was.
 */
void
almu_channel_map_set_owner (AlmuChannelMap *self,
                            guint           owner)
{
  g_return_if_fail (ALMU_IS_CHANNEL_MAP (self));

  almu_workers_set_owner (self, owner);
  almu_workers_set_owner (self->queue, owner);
  almu_workers_set_owner (self->ahead, owner);
}

/* -- what is asked for --------------------------------------------------- */

static gboolean
check_range (AlmuChannelMap         *self,
             const AlmuChannelRange *range,
             GError                **error)
{
  int depth = almu_image_get_info (self->image)->depth;

  if (range->min < 0 || range->min > range->max || range->max >= depth)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s has channels 0 to %d, which a map from %d to %d is not within"),
                   almu_image_get_name (self->image), depth - 1, range->min, range->max);
      return FALSE;
    }

  if (range->max - range->min >= ALMU_LIMIT_MAP_CHANNELS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("A map of %d channels, at most %d are shown at once"),
                   range->max - range->min + 1, ALMU_LIMIT_MAP_CHANNELS);
      return FALSE;
    }

  return TRUE;
}

static GHashTable *
collect_codes (GArray *tiles)
{
  GHashTable *codes = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < tiles->len; i++)
    g_hash_table_add (codes, GINT_TO_POINTER (almu_tile_encode_place (&g_array_index (tiles, AlmuTile, i))));

  return codes;
}

/* Those of @tiles, the rest of which nobody sees. */
static GArray *
keep_seen (GArray     *tiles,
           GHashTable *seen)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (AlmuTile));

  for (guint i = 0; i < tiles->len; i++)
    {
      const AlmuTile *tile = &g_array_index (tiles, AlmuTile, i);

      if (g_hash_table_contains (seen, GINT_TO_POINTER (almu_tile_encode_place (tile))))
        g_array_append_val (kept, *tile);
    }

  return kept;
}

/* What was begun is carried through as long as its channel is in sight: its
 * viewer counts the tiles. */
static void
abandon_unseen (AlmuChannelMap         *self,
                const AlmuChannelRange *range,
                GArray                 *current_tiles)
{
  g_autoptr(GHashTable) seen = collect_codes (current_tiles);
  GList *next;

  for (GList *l = self->panels.head; l != NULL; l = next)
    {
      Panel  *panel = l->data;
      GArray *all = panel->tiles;

      next = l->next;
      if (current_tiles->len > 0)
        {
          panel->tiles = keep_seen (all, seen);
          g_array_unref (all);
        }

      if (range_contains (range, panel->channel) && panel->tiles->len > 0)
        continue;

      panel_free (panel);
      g_queue_delete_link (&self->panels, l);
    }

  if (self->current != NULL && !range_contains (range, self->current->channel))
    drop_current (self);
}

static Panel *
find_panel (AlmuChannelMap *self,
            int             channel)
{
  for (GList *l = self->panels.head; l != NULL; l = l->next)
    {
      if (((Panel *) l->data)->channel == channel)
        return l->data;
    }

  return NULL;
}

/* Both lists, each tile once. */
static GArray *
join (GArray *tiles,
      GArray *others)
{
  g_autoptr(GHashTable) known = collect_codes (tiles);
  GArray *joined = g_array_copy (tiles);

  for (guint i = 0; i < others->len; i++)
    {
      const AlmuTile *tile = &g_array_index (others, AlmuTile, i);

      if (g_hash_table_add (known, GINT_TO_POINTER (almu_tile_encode_place (tile))))
        g_array_append_val (joined, *tile);
    }

  return joined;
}

static void
add_panel (AlmuChannelMap       *self,
           int                   channel,
           GArray               *tiles,
           const AlmuMapRequest *request)
{
  Panel  *panel = find_panel (self, channel);
  GArray *before;

  if (panel == NULL)
    {
      panel = g_new0 (Panel, 1);
      panel->channel = channel;
      panel->tiles = g_array_ref (tiles);
      g_queue_push_tail (&self->panels, panel);
    }
  else
    {
      before = panel->tiles;
      panel->tiles = join (before, tiles);
      g_array_unref (before);
    }

  panel->compression = request->compression;
  panel->quality = request->quality;
}

/**
 * almu_channel_map_show:
 * @request: copied
 *
 * Asks for tiles of several channels. A request that is wrong in any part is
 * refused, and changes nothing.
 *
 * A channel beyond the image, and more tiles than %ALMU_LIMIT_TILES, are
 * %ALMU_ERROR_LIMIT.
 */
gboolean
almu_channel_map_show (AlmuChannelMap       *self,
                       const AlmuMapRequest *request,
                       GError              **error)
{
  g_autoptr(GArray) tiles = NULL;
  g_autoptr(GArray) current_tiles = NULL;

  g_return_val_if_fail (ALMU_IS_CHANNEL_MAP (self), FALSE);

  if (!check_range (self, &request->range, error) || !check_range (self, &request->current_range, error))
    return FALSE;

  tiles = almu_tile_queue_decode (self->queue, request->tiles, request->n_tiles, error);
  if (tiles == NULL)
    return FALSE;

  current_tiles = almu_tile_queue_decode (self->queue, request->current_tiles, request->n_current_tiles, error);
  if (current_tiles == NULL)
    return FALSE;

  if (request->stokes != self->stokes)
    almu_channel_map_clear (self);
  self->stokes = request->stokes;
  abandon_unseen (self, &request->current_range, current_tiles);

  for (int channel = request->range.min; tiles->len > 0 && channel <= request->range.max; channel++)
    {
      if (range_contains (&request->current_range, channel))
        add_panel (self, channel, tiles, request);
    }
  almu_channel_map_pump (self);

  return TRUE;
}

/**
 * almu_channel_map_acknowledge:
 * @channel: which the viewer has received, and with it those sent before
 *
 * Channels that were not sent are no concern of the map.
 */
void
almu_channel_map_acknowledge (AlmuChannelMap *self,
                              int             channel)
{
  g_return_if_fail (ALMU_IS_CHANNEL_MAP (self));

  for (guint i = 0; i < self->unacknowledged->len; i++)
    {
      if (g_array_index (self->unacknowledged, int, i) != channel)
        continue;

      g_array_remove_range (self->unacknowledged, 0, i + 1);
      g_clear_handle_id (&self->patience_source, g_source_remove);
      almu_channel_map_pump (self);
      return;
    }
}

/**
 * almu_channel_map_set_paused:
 * @paused: whether the viewer reads too slowly for more pictures
 *
 * Tiles that are being encoded come; no others are begun, and no channel is
 * read, until @paused is %FALSE again.
 */
void
almu_channel_map_set_paused (AlmuChannelMap *self,
                             gboolean        paused)
{
  g_return_if_fail (ALMU_IS_CHANNEL_MAP (self));

  self->is_paused = paused;
  almu_tile_queue_set_paused (self->queue, paused);
  almu_channel_map_pump (self);
}

/**
 * almu_channel_map_set_held:
 * @held: whether frames of an animation take the place of panels
 *
 * A page that plays throws away what is not of a frame, and does not ask for
 * it again. So what is wanted waits until it has stopped.
 */
void
almu_channel_map_set_held (AlmuChannelMap *self,
                           gboolean        held)
{
  g_return_if_fail (ALMU_IS_CHANNEL_MAP (self));

  self->is_held = held;
  if (held && self->current != NULL)
    {
      g_queue_push_head (&self->panels, g_steal_pointer (&self->current));
      drop_current (self);
    }
  almu_channel_map_pump (self);
}
