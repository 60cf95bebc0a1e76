/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vector-queue.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-series.h"
#include "almu-workers.h"

/* Polarisations that vectors may be made from, beside the one on display. */
enum
{
  PART_I,
  PART_Q,
  PART_U,
  N_PARTS
};

static const int part_polarisations[N_PARTS] = {
  ALMU_POLARISATION_I,
  ALMU_POLARISATION_Q,
  ALMU_POLARISATION_U,
};

/**
 * AlmuVectorQueue:
 *
 * The vectors a viewer wants of a file, on their way: the planes they need
 * are fetched, then their tiles are made row by row, as fast as the viewer
 * reads. Another plane and other settings end all of it, and void what was
 * said. Main thread only.
 *
 * The first tile replaces what the viewer has, and is one with vectors in it
 * if there is any: the page takes the range of lengths it draws from what
 * comes first, for good, and after nothing it draws nothing ever.
 */
struct _AlmuVectorQueue
{
  GObject parent_instance;

  AlmuCache          *cache;
  AlmuImage          *image;
  AlmuVectorFunc      func;
  AlmuOverlayDone     done;
  gpointer            user_data;
  AlmuVectorSettings *settings; /* NULL: nothing is wanted */
  AlmuPlane          *plane;    /* NULL: not read yet */
  int                 channel;
  GCancellable       *fetching;
  AlmuPlane          *parts[N_PARTS];
  guint               n_missing;
  AlmuSeries         *series;
  guint               n_tiles;
  gboolean            has_spoken; /* of this plane with these settings */
  gboolean            is_open;    /* the viewer has the beginning of others that were given up */
  float               progress;   /* that was said last */
  gboolean            is_paused;
};

G_DEFINE_FINAL_TYPE (AlmuVectorQueue, almu_vector_queue, G_TYPE_OBJECT)

/* A plane on its way in. */
typedef struct
{
  AlmuVectorQueue *queue;
  GCancellable    *cancellable;
  guint            part;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_object_unref (fetch->queue);
  g_object_unref (fetch->cancellable);
  g_free (fetch);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fetch, fetch_free)

static void
recipe_free (gpointer data)
{
  AlmuVectorRecipe *recipe = data;

  g_clear_pointer (&recipe->current, almu_plane_unref);
  g_clear_pointer (&recipe->i, almu_plane_unref);
  g_clear_pointer (&recipe->q, almu_plane_unref);
  g_clear_pointer (&recipe->u, almu_plane_unref);
  g_free (recipe);
}

static void
stop (AlmuVectorQueue *self)
{
  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  for (guint i = 0; i < N_PARTS; i++)
    g_clear_pointer (&self->parts[i], almu_plane_unref);
  if (self->series != NULL)
    almu_series_stop (self->series);
  g_clear_object (&self->series);
}

static void
almu_vector_queue_dispose (GObject *object)
{
  AlmuVectorQueue *self = ALMU_VECTOR_QUEUE (object);

  stop (self);
  g_clear_pointer (&self->plane, almu_plane_unref);
  g_clear_pointer (&self->settings, almu_vector_settings_free);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_vector_queue_parent_class)->dispose (object);
}

static void
almu_vector_queue_class_init (AlmuVectorQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_vector_queue_dispose;
}

static void
almu_vector_queue_init (AlmuVectorQueue *self)
{
}

/**
 * almu_vector_queue_new:
 * @func: (scope forever): called with each tile
 * @done: (scope forever): called when all are sent
 * @cache: where planes are; held
 * @image: of which; held
 * @user_data: for both
 *
 * Makes nothing before it has both settings and a plane. Both functions are
 * called on the main thread.
 *
 * Returns: (transfer full): a queue
 */
AlmuVectorQueue *
almu_vector_queue_new (AlmuCache      *cache,
                       AlmuImage      *image,
                       AlmuVectorFunc  func,
                       AlmuOverlayDone done,
                       gpointer        user_data)
{
  AlmuVectorQueue *self = g_object_new (ALMU_TYPE_VECTOR_QUEUE, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);
  self->func = func;
  self->done = done;
  self->user_data = user_data;

  return self;
}

static void
fail (AlmuVectorQueue *self,
      const GError    *error)
{
  stop (self);
  self->func (NULL, 0, error, self->user_data);
  self->done (self->user_data);
}

/* -- tiles -------------------------------------------------------------- */

static gpointer
make_tile (guint         index,
           gpointer      data,
           GCancellable *cancellable)
{
  return almu_vectors_make_tile (data, index);
}

/* The viewer adds to what it has, unless that is complete or the progress is
 * 0; one alone need not say so where nothing was left incomplete. */
static void
say (AlmuVectorQueue      *self,
     const AlmuVectorTile *tile,
     float                 progress)
{
  gboolean is_first = !self->has_spoken;

  if (is_first && (self->is_open || progress < 1))
    progress = 0;

  self->has_spoken = TRUE;
  self->is_open = FALSE;
  self->progress = progress;
  self->func (tile, progress, NULL, self->user_data);
}

static void
take_tile (guint    index,
           gpointer item,
           gpointer user_data)
{
  AlmuVectorQueue      *self = user_data;
  const AlmuVectorTile *tile = item;
  gboolean              is_last = index + 1 == self->n_tiles;

  if (tile != NULL && (tile->has_vectors || is_last))
    say (self, tile, is_last ? 1 : (float) (index + 1) / (float) self->n_tiles);

  if (tile == NULL && self->progress < 1)
    say (self, NULL, 1);

  if (tile == NULL)
    {
      stop (self);
      self->done (self->user_data);
    }
}

static AlmuPlane *
ref_if_any (AlmuPlane *plane)
{
  return plane != NULL ? almu_plane_ref (plane) : NULL;
}

/* Without a Stokes axis there is nothing to compute from: the plane stands
 * for both. */
static gboolean
is_computed (AlmuVectorQueue *self,
             AlmuVectorSource source)
{
  return source == ALMU_VECTOR_COMPUTED && almu_image_get_info (self->image)->axes.stokes > 0;
}

static AlmuVectorSource
get_source (AlmuVectorQueue *self,
            AlmuVectorSource source)
{
  return source == ALMU_VECTOR_COMPUTED && !is_computed (self, source) ? ALMU_VECTOR_CURRENT : source;
}

static void
make_tiles (AlmuVectorQueue *self)
{
  const AlmuVectorSettings *settings = self->settings;
  AlmuVectorRecipe         *recipe = g_new0 (AlmuVectorRecipe, 1);
  g_autoptr(AlmuSeries) series = NULL;

  recipe->intensity = get_source (self, settings->intensity);
  recipe->angle = get_source (self, settings->angle);
  recipe->factor = settings->factor;
  recipe->is_fractional = settings->is_fractional;
  recipe->threshold = settings->threshold;
  recipe->threshold_is_linear = settings->threshold_polarisation == ALMU_POLARISATION_PLINEAR;
  recipe->compression = settings->compression;
  recipe->quality = settings->quality;
  if (settings->is_debiased)
    recipe->bias = (settings->q_error * settings->q_error + settings->u_error * settings->u_error) / 2;

  if (recipe->intensity == ALMU_VECTOR_CURRENT || recipe->angle == ALMU_VECTOR_CURRENT)
    recipe->current = almu_plane_ref (self->plane);
  recipe->i = ref_if_any (self->parts[PART_I]);
  recipe->q = ref_if_any (self->parts[PART_Q]);
  recipe->u = ref_if_any (self->parts[PART_U]);

  self->n_tiles = almu_vectors_count_tiles (almu_plane_get_width (self->plane),
                                            almu_plane_get_height (self->plane), settings->factor);
  series = almu_series_new (self->n_tiles, make_tile, (GDestroyNotify) almu_vector_tile_free,
                            recipe, recipe_free);
  almu_workers_set_owner (series, almu_workers_get_owner (self));
  self->series = g_object_ref (series);
  almu_series_start (series, self->is_paused, take_tile, self);
}

/* -- planes ------------------------------------------------------------- */

static void
on_part (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(Fetch) fetch = user_data;
  AlmuVectorQueue *self = fetch->queue;
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(GError) error = NULL;

  plane = almu_cache_get_plane_finish (ALMU_CACHE (source), result, &error);
  if (fetch->cancellable != self->fetching)
    return;

  if (plane == NULL)
    {
      fail (self, error);
      return;
    }

  self->parts[fetch->part] = g_steal_pointer (&plane);
  if (--self->n_missing == 0)
    make_tiles (self);
}

static gboolean
needs_part (AlmuVectorQueue *self,
            guint            part)
{
  const AlmuVectorSettings *settings = self->settings;
  gboolean                  is_any_computed = is_computed (self, settings->intensity) || is_computed (self, settings->angle);
  gboolean                  has_threshold = !isnan (settings->threshold);

  if (part != PART_I)
    return is_any_computed;

  return (is_computed (self, settings->intensity) && settings->is_fractional) ||
         (is_any_computed && has_threshold && settings->threshold_polarisation != ALMU_POLARISATION_PLINEAR);
}

static gboolean
find_parts (AlmuVectorQueue *self,
            int             *indices,
            GError         **error)
{
  const AlmuImageInfo *info = almu_image_get_info (self->image);

  for (guint part = 0; part < N_PARTS; part++)
    {
      indices[part] = -1;
      if (!needs_part (self, part))
        continue;

      indices[part] = almu_polarisation_find (info, part_polarisations[part]);
      if (indices[part] >= 0)
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s has no Stokes %s, without which these vectors cannot be computed"),
                   almu_image_get_name (self->image),
                   almu_polarisation_get_name (part_polarisations[part]));
      return FALSE;
    }

  return TRUE;
}

static void
fetch_part (AlmuVectorQueue *self,
            guint            part,
            int              stokes)
{
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->queue = g_object_ref (self);
  fetch->cancellable = g_object_ref (self->fetching);
  fetch->part = part;
  almu_cache_get_plane_async (self->cache, self->image, self->channel, stokes,
                              ALMU_PRIORITY_NORMAL, self->fetching, on_part, fetch);
}

static void
start_again (AlmuVectorQueue *self)
{
  gboolean has_spoken = self->has_spoken;
  int      indices[N_PARTS];
  g_autoptr(GError) error = NULL;

  stop (self);
  self->has_spoken = FALSE;
  if (has_spoken)
    {
      self->is_open = self->progress < 1;
      self->func (NULL, -1, NULL, self->user_data);
    }

  if (self->plane == NULL || self->settings == NULL)
    return;

  if (!find_parts (self, indices, &error))
    {
      fail (self, error);
      return;
    }

  self->fetching = almu_workers_cancellable_new (self);
  self->n_missing = 0;
  for (guint part = 0; part < N_PARTS; part++)
    self->n_missing += indices[part] >= 0;
  if (self->n_missing == 0)
    {
      make_tiles (self);
      return;
    }

  for (guint part = 0; part < N_PARTS; part++)
    if (indices[part] >= 0)
      fetch_part (self, part, indices[part]);
}

/**
 * almu_vector_queue_get:
 * @self: a queue
 *
 * It belongs to the queue, until almu_vector_queue_set().
 *
 * Returns: (nullable): what is wanted
 */
const AlmuVectorSettings *
almu_vector_queue_get (AlmuVectorQueue *self)
{
  g_return_val_if_fail (ALMU_IS_VECTOR_QUEUE (self), NULL);

  return self->settings;
}

/**
 * almu_vector_queue_set:
 * @settings: (nullable): what is wanted from now on
 *
 * Copied; has been checked. If anything was said of what was wanted before,
 * @func is told first that it is void.
 *
 * Returns: %FALSE if just that was wanted already; it is not sent again
 */
gboolean
almu_vector_queue_set (AlmuVectorQueue          *self,
                       const AlmuVectorSettings *settings)
{
  g_return_val_if_fail (ALMU_IS_VECTOR_QUEUE (self), FALSE);

  if (almu_vector_settings_equal (self->settings, settings))
    return FALSE;

  almu_vector_settings_free (self->settings);
  self->settings = almu_vector_settings_copy (settings);
  start_again (self);

  return TRUE;
}

/**
 * almu_vector_queue_begin:
 * @self: a queue
 * @plane: what to make vectors of from now on
 * @channel: of it
 *
 * Held until almu_vector_queue_clear() or another. Makes all vectors anew if
 * any are wanted, after reading the planes of other polarisations that they
 * need; what was said of the plane before is void.
 */
void
almu_vector_queue_begin (AlmuVectorQueue *self,
                         AlmuPlane       *plane,
                         int              channel)
{
  g_return_if_fail (ALMU_IS_VECTOR_QUEUE (self));

  almu_plane_ref (plane);
  g_clear_pointer (&self->plane, almu_plane_unref);
  self->plane = plane;
  self->channel = channel;
  start_again (self);
}

/**
 * almu_vector_queue_clear:
 *
 * The plane is no longer the one to show.
 */
void
almu_vector_queue_clear (AlmuVectorQueue *self)
{
  g_return_if_fail (ALMU_IS_VECTOR_QUEUE (self));

  g_clear_pointer (&self->plane, almu_plane_unref);
  start_again (self);
}

/**
 * almu_vector_queue_is_idle:
 *
 * Returns: whether nothing is being made
 */
gboolean
almu_vector_queue_is_idle (AlmuVectorQueue *self)
{
  g_return_val_if_fail (ALMU_IS_VECTOR_QUEUE (self), TRUE);

  return self->fetching == NULL && self->series == NULL;
}

/**
 * almu_vector_queue_set_paused:
 * @paused: whether the viewer is too slow for more
 *
 * Tiles that are being made come; no other is begun until @paused is %FALSE
 * again.
 */
void
almu_vector_queue_set_paused (AlmuVectorQueue *self,
                              gboolean         paused)
{
  g_return_if_fail (ALMU_IS_VECTOR_QUEUE (self));

  self->is_paused = paused;
  if (self->series != NULL)
    almu_series_set_paused (self->series, paused);
}
