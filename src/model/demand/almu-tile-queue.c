/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tile-queue.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-workers.h"

/**
 * AlmuTileQueue:
 *
 * The tiles a viewer has asked for and not got yet, of one plane.
 *
 * Requests are answered in order, the tiles of one by several threads at a
 * time. Only a few are encoded ahead, so that a new plane or a slow reader
 * never leaves a long tail of work behind. Main thread only.
 */
struct _AlmuTileQueue
{
  GObject parent_instance;

  AlmuCache    *cache;
  AlmuImage    *image;
  AlmuTileFunc  func;
  gpointer      user_data;
  AlmuPlane    *plane;    /* NULL: not read yet, requests wait */
  gboolean      is_early; /* until then, what the file keeps smaller is served */
  GQueue        late;     /* of Late */
  int           channel;
  int           stokes;
  GQueue        requests; /* of Request */
  GCancellable *cancellable;
  guint         n_running;
  gboolean      is_paused;
  gboolean      is_pumping;
};

G_DEFINE_FINAL_TYPE (AlmuTileQueue, almu_tile_queue, G_TYPE_OBJECT)

typedef struct
{
  int             sync_id;
  GArray         *tiles; /* AlmuTile, the most wanted first */
  guint           n_started;
  guint           n_done;
  AlmuCompression compression;
  float           quality;
  int             animation_id;
  gboolean        is_dropped;
} Request;

/* A tile that was to be served early and could not be read: it is made of
 * the plane after all. */
typedef struct
{
  Request *request;
  AlmuTile tile;
} Late;

/* One tile on its way through a worker. */
typedef struct
{
  AlmuPlane      *plane; /* NULL: early */
  AlmuImage      *image;
  int             channel;
  int             stokes;
  AlmuTile        tile;
  AlmuCompression compression;
  float           quality;
  Request        *request; /* main thread only, gone when cancelled */
  GCancellable   *cancellable;
} Encoding;

static void almu_tile_queue_pump (AlmuTileQueue *self);

static void
request_clear (gpointer data)
{
  Request *request = data;

  g_array_unref (request->tiles);
}

static void
request_release (Request *request)
{
  g_rc_box_release_full (request, request_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_release)

/* Who is told of a tile may, by that, bring the request to its end. */
static void
request_drop (gpointer data)
{
  Request *request = data;

  request->is_dropped = TRUE;
  request_release (request);
}

static void
late_free (gpointer data)
{
  Late *late = data;

  request_release (late->request);
  g_free (late);
}

static void
encoding_free (gpointer data)
{
  Encoding *encoding = data;

  g_clear_pointer (&encoding->plane, almu_plane_unref);
  g_object_unref (encoding->image);
  g_object_unref (encoding->cancellable);
  g_free (encoding);
}

static void
almu_tile_queue_dispose (GObject *object)
{
  AlmuTileQueue *self = ALMU_TILE_QUEUE (object);

  almu_tile_queue_clear (self);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_tile_queue_parent_class)->dispose (object);
}

static void
almu_tile_queue_class_init (AlmuTileQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_tile_queue_dispose;
}

static void
almu_tile_queue_init (AlmuTileQueue *self)
{
  g_queue_init (&self->requests);
  g_queue_init (&self->late);
  self->cancellable = g_cancellable_new ();
}

/**
 * almu_tile_queue_new:
 * @func: (scope forever): gets every tile; called on the main thread
 * @cache: where planes and tiles are; held
 * @image: of which; held
 * @user_data: for @func
 *
 * Hands out nothing before almu_tile_queue_begin(); requests may come before.
 * @func may lead back to the queue.
 *
 * Returns: (transfer full): a queue
 */
AlmuTileQueue *
almu_tile_queue_new (AlmuCache   *cache,
                     AlmuImage   *image,
                     AlmuTileFunc func,
                     gpointer     user_data)
{
  AlmuTileQueue *self = g_object_new (ALMU_TYPE_TILE_QUEUE, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);
  self->func = func;
  self->user_data = user_data;

  return self;
}

static int
next_sync_id (void)
{
  static int last = 0;

  last = last == G_MAXINT ? 1 : last + 1;

  return last;
}

static int
get_mip (AlmuImage      *image,
         const AlmuTile *tile)
{
  const AlmuImageInfo *info = almu_image_get_info (image);

  return almu_tile_get_mip (tile, info->width, info->height);
}

/* Of what the file keeps smaller. */
static AlmuTilePicture *
encode_early (Encoding       *encoding,
              const AlmuRect *area,
              GCancellable   *cancellable,
              GError        **error)
{
  AlmuBox           box = { *area, encoding->channel, 1, encoding->stokes };
  g_autofree float *pixels = g_new (float, (gsize) area->width * area->height);

  if (!almu_image_read_mip (encoding->image, get_mip (encoding->image, &encoding->tile), &box, pixels,
                            cancellable, error))
    return NULL;

  return almu_tile_picture_new (pixels, area->width, area->width, area->height,
                                encoding->compression, encoding->quality);
}

static AlmuTilePicture *
encode_layer (Encoding       *encoding,
              const AlmuRect *area)
{
  int          width, height;
  const float *layer = almu_plane_get_layer (encoding->plane, get_mip (encoding->image, &encoding->tile),
                                             &width, &height);

  g_assert (layer != NULL);

  return almu_tile_picture_new (layer + (gsize) area->y * width + area->x, width, area->width, area->height,
                                encoding->compression, encoding->quality);
}

static void
encode_worker (GTask        *task,
               gpointer      source_object,
               gpointer      task_data,
               GCancellable *cancellable)
{
  Encoding            *encoding = task_data;
  const AlmuImageInfo *info = almu_image_get_info (encoding->image);
  AlmuRect             area = almu_tile_get_area (&encoding->tile, info->width, info->height);
  AlmuTilePicture     *picture;
  GError              *error = NULL;

  picture = encoding->plane != NULL ? encode_layer (encoding, &area)
                                    : encode_early (encoding, &area, cancellable, &error);
  if (picture != NULL)
    g_task_return_pointer (task, picture, (GDestroyNotify) almu_tile_picture_unref);
  else
    g_task_return_error (task, error);
}

static void
tell (AlmuTileQueue         *self,
      const Request         *request,
      AlmuProductKind        kind,
      const AlmuTile        *tile,
      const AlmuTilePicture *picture)
{
  self->func (kind, request->sync_id, (int) request->tiles->len, request->animation_id,
              tile, picture, self->user_data);
}

/* Who hears of the end may ask whether there is anything left to do. */
static void
finish_tile (AlmuTileQueue         *self,
             Request               *request,
             const AlmuTile        *tile,
             const AlmuTilePicture *picture)
{
  g_autoptr(Request) alive = g_rc_box_acquire (request);

  if (picture != NULL)
    tell (self, request, ALMU_PRODUCT_TILE, tile, picture);
  request->n_done++;

  if (request->is_dropped || request->n_done < request->tiles->len)
    return;

  if (g_queue_remove (&self->requests, request))
    request_drop (request);
  tell (self, request, ALMU_PRODUCT_TILES_END, NULL, NULL);
}

static void
put_late (AlmuTileQueue  *self,
          const Encoding *encoding)
{
  Late *late = g_new0 (Late, 1);

  late->request = g_rc_box_acquire (encoding->request);
  late->tile = encoding->tile;
  g_queue_push_tail (&self->late, late);
  self->is_early = FALSE;
}

static void
on_encoded (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  AlmuTileQueue *self = ALMU_TILE_QUEUE (source);
  Encoding      *encoding = g_task_get_task_data (G_TASK (result));
  g_autoptr(AlmuTilePicture) picture = g_task_propagate_pointer (G_TASK (result), NULL);

  self->n_running--;

  if (encoding->cancellable == self->cancellable && picture == NULL && encoding->plane == NULL)
    {
      put_late (self, encoding);
    }
  else if (encoding->cancellable == self->cancellable)
    {
      if (picture != NULL)
        almu_cache_keep_tile (self->cache, self->image, self->channel, self->stokes,
                              &encoding->tile, encoding->compression, encoding->quality, picture);
      finish_tile (self, encoding->request, &encoding->tile, picture);
    }

  almu_tile_queue_pump (self);
}

static void
encode (AlmuTileQueue  *self,
        Request        *request,
        const AlmuTile *tile)
{
  g_autoptr(GTask) task = NULL;
  Encoding *encoding = g_new0 (Encoding, 1);

  encoding->plane = self->plane != NULL ? almu_plane_ref (self->plane) : NULL;
  encoding->image = g_object_ref (self->image);
  encoding->channel = self->channel;
  encoding->stokes = self->stokes;
  encoding->tile = *tile;
  encoding->compression = request->compression;
  encoding->quality = request->quality;
  encoding->request = request;
  encoding->cancellable = g_object_ref (self->cancellable);

  task = g_task_new (self, self->cancellable, on_encoded, NULL);
  g_task_set_source_tag (task, encode);
  g_task_set_task_data (task, encoding, encoding_free);
  self->n_running++;
  almu_workers_run (task, ALMU_PRIORITY_PICTURE, encode_worker);
}

static Request *
next_request (AlmuTileQueue *self)
{
  for (GList *l = self->requests.head; l != NULL; l = l->next)
    {
      Request *request = l->data;

      if (request->n_started < request->tiles->len)
        return request;
    }

  return NULL;
}

/* Starts the next tile, or hands out the one that is kept from last time. */
static void
start_tile (AlmuTileQueue *self,
            Request       *request)
{
  g_autoptr(Request) alive = g_rc_box_acquire (request);
  AlmuTile         tile = g_array_index (request->tiles, AlmuTile, request->n_started);
  AlmuTilePicture *picture;

  if (request->n_started++ == 0)
    tell (self, request, ALMU_PRODUCT_TILES_BEGIN, NULL, NULL);
  if (request->is_dropped)
    return;

  picture = almu_cache_peek_tile (self->cache, self->image, self->channel, self->stokes,
                                  &tile, request->compression, request->quality);
  if (picture != NULL)
    finish_tile (self, request, &tile, picture);
  else
    encode (self, request, &tile);
}

/* Whether there is what the next tile of a request is made of. */
static gboolean
can_start (AlmuTileQueue *self,
           const Request *request)
{
  const AlmuTile *tile = &g_array_index (request->tiles, AlmuTile, request->n_started);
  int             mip;

  if (self->plane != NULL)
    return TRUE;
  if (!self->is_early)
    return FALSE;

  mip = get_mip (self->image, tile);

  return mip > 1 && almu_image_has_mip (self->image, mip);
}

static void
start_late (AlmuTileQueue *self)
{
  Late *late;

  while (self->plane != NULL && (late = g_queue_pop_head (&self->late)) != NULL)
    {
      encode (self, late->request, &late->tile);
      late_free (late);
    }
}

/* How many may be under way. Until the first of a request is there, a core
 * is left to those who hand it out and take it. */
static guint
get_window (const Request *request)
{
  guint n_threads = almu_workers_get_threads ();

  if (request->n_done == 0)
    return MAX (n_threads - 1, 1);

  return 2 * n_threads;
}

static void
almu_tile_queue_pump (AlmuTileQueue *self)
{
  Request *request;

  /* what a product sets off may lead back here */
  if (self->is_pumping)
    return;

  self->is_pumping = TRUE;
  start_late (self);
  while (!self->is_paused && (request = next_request (self)) != NULL &&
         self->n_running < get_window (request) && can_start (self, request))
    start_tile (self, request);
  self->is_pumping = FALSE;
}

/**
 * almu_tile_queue_decode:
 * @self: a queue
 * @n_codes: how many
 * @error: return location
 * @codes: places of tiles as the ICD writes them, the most wanted first
 *
 * Asks for nothing. More than %ALMU_LIMIT_TILES are %ALMU_ERROR_LIMIT; a place
 * is wrong as almu_tile_decode_place() says.
 *
 * Returns: (transfer full) (element-type AlmuTile): the tiles, each once; or
 *   %NULL if one of the places is wrong, or if there are too many
 */
GArray *
almu_tile_queue_decode (AlmuTileQueue *self,
                        const gint32  *codes,
                        gsize          n_codes,
                        GError       **error)
{
  const AlmuImageInfo *info = almu_image_get_info (self->image);
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr(GArray) tiles = g_array_new (FALSE, FALSE, sizeof (AlmuTile));

  if (n_codes > ALMU_LIMIT_TILES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%zu tiles in one request, at most %d are served"),
                   n_codes, ALMU_LIMIT_TILES);
      return NULL;
    }

  for (gsize i = 0; i < n_codes; i++)
    {
      AlmuTile tile;

      if (!almu_tile_decode_place (codes[i], info->width, info->height, &tile, error))
        return NULL;

      if (g_hash_table_add (seen, GINT_TO_POINTER (codes[i])))
        g_array_append_val (tiles, tile);
    }

  return g_steal_pointer (&tiles);
}

/**
 * almu_tile_queue_add_tiles:
 * @tiles: (element-type AlmuTile): the most wanted first, each once; not to
 *   be changed any more
 * @compression: how they are to be encoded
 * @quality: for ZFP, bits of precision
 * @animation_id: whose frame the tiles are of, 0 for none
 *
 * Asks for tiles. Asking for none sends nothing.
 */
void
almu_tile_queue_add_tiles (AlmuTileQueue  *self,
                           GArray         *tiles,
                           AlmuCompression compression,
                           float           quality,
                           int             animation_id)
{
  Request *request;

  if (tiles->len == 0)
    return;

  request = g_rc_box_new0 (Request);
  request->sync_id = next_sync_id ();
  request->tiles = g_array_ref (tiles);
  request->compression = compression;
  request->quality = quality;
  request->animation_id = animation_id;
  g_queue_push_tail (&self->requests, request);
  almu_tile_queue_pump (self);
}

/**
 * almu_tile_queue_begin:
 * @plane: what to make tiles of from now on
 * @channel: of it, from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Serves what was asked for since the last clearing.
 */
void
almu_tile_queue_begin (AlmuTileQueue *self,
                       AlmuPlane     *plane,
                       int            channel,
                       int            stokes)
{
  almu_plane_ref (plane);
  g_clear_pointer (&self->plane, almu_plane_unref);
  self->plane = plane;
  self->channel = channel;
  self->stokes = stokes;
  almu_tile_queue_pump (self);
}

/**
 * almu_tile_queue_begin_early:
 * @channel: that is being read, from 0
 * @stokes: index of its polarisation
 *
 * While the plane is still being read, serves what the file keeps smaller.
 * Not for a computed polarisation.
 */
void
almu_tile_queue_begin_early (AlmuTileQueue *self,
                             int            channel,
                             int            stokes)
{
  if (self->plane != NULL)
    return;

  self->is_early = TRUE;
  self->channel = channel;
  self->stokes = stokes;
  almu_tile_queue_pump (self);
}

/**
 * almu_tile_queue_drop_requests:
 *
 * Forgets all requests. The plane stays, for those that follow.
 */
void
almu_tile_queue_drop_requests (AlmuTileQueue *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_queue_clear_full (&self->late, late_free);
  g_queue_clear_full (&self->requests, request_drop);
}

/**
 * almu_tile_queue_clear:
 *
 * Forgets all requests, because the plane is no longer the one to show.
 */
void
almu_tile_queue_clear (AlmuTileQueue *self)
{
  almu_tile_queue_drop_requests (self);
  self->is_early = FALSE;
  g_clear_pointer (&self->plane, almu_plane_unref);
}

/**
 * almu_tile_queue_is_idle:
 *
 * Returns: whether everything that was asked for has been handed out
 */
gboolean
almu_tile_queue_is_idle (AlmuTileQueue *self)
{
  return g_queue_is_empty (&self->requests);
}

/**
 * almu_tile_queue_set_paused:
 * @paused: whether the reader is too slow for more
 *
 * Tiles that are being encoded are handed out; no others are begun, nor taken
 * from memory, until @paused is %FALSE again.
 */
void
almu_tile_queue_set_paused (AlmuTileQueue *self,
                            gboolean       paused)
{
  self->is_paused = paused;
  almu_tile_queue_pump (self);
}

/**
 * almu_tile_queue_get_n_running:
 * @self: a queue
 *
 * To know when the workers have let go of a plane.
 *
 * Returns: how many tiles are being encoded, those among them that nobody wants
 *   any more too
 */
guint
almu_tile_queue_get_n_running (AlmuTileQueue *self)
{
  return self->n_running;
}
