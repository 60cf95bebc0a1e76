/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include <glib/gi18n-lib.h>

#include "almu-cache-key.h"
#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-workers.h"

/* Planes: those in memory, and reading those that are not. */

/* A plane on its way in, and who waits for it. */
typedef struct
{
  AlmuLruKey    key;
  AlmuImage    *image;
  int           channel;
  int           stokes;
  AlmuPlane    *parts[ALMU_MAX_PARTS]; /* of a computed one, if in memory */
  GCancellable *cancellable;
  GPtrArray    *waiting; /* GTask */
} Load;

static guint
key_hash (gconstpointer data)
{
  const AlmuLruKey *key = data;

  return g_int64_hash (&key->owner) ^ (g_int64_hash (&key->item) * 31);
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const AlmuLruKey *x = a;
  const AlmuLruKey *y = b;

  return x->owner == y->owner && x->item == y->item;
}

static void
load_free (gpointer data)
{
  Load *load = data;

  for (int i = 0; i < ALMU_MAX_PARTS; i++)
    g_clear_pointer (&load->parts[i], almu_plane_unref);
  g_clear_object (&load->image);
  g_clear_object (&load->cancellable);
  g_clear_pointer (&load->waiting, g_ptr_array_unref);
  g_free (load);
}

/**
 * almu_cache_loads_new:
 *
 * For planes that are being read, by their keys.
 *
 * Returns: (transfer full) (element-type AlmuLruKey gpointer): none yet
 */
GHashTable *
almu_cache_loads_new (void)
{
  return g_hash_table_new_full (key_hash, key_equal, NULL, load_free);
}

/**
 * almu_cache_peek_plane:
 * @image: an image
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Counts as a use. Valid until something is put into the cache.
 *
 * Returns: (nullable) (transfer none): the plane if it is in memory
 */
AlmuPlane *
almu_cache_peek_plane (AlmuCache *self,
                       AlmuImage *image,
                       int        channel,
                       int        stokes)
{
  AlmuLruKey key = almu_cache_key_of_plane (image, channel, stokes);

  return almu_lru_lookup (self->lru, &key);
}

static gboolean
is_waiting (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable == NULL || !g_cancellable_is_cancelled (cancellable);
}

/* Nobody wants the plane any more: stop reading it. */
static void
on_waiting_cancelled (GCancellable *cancellable,
                      Load         *load)
{
  for (guint i = 0; i < load->waiting->len; i++)
    {
      if (is_waiting (g_ptr_array_index (load->waiting, i)))
        return;
    }

  g_cancellable_cancel (load->cancellable);
}

static void
load_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Load *load = task_data;
  g_autoptr(GError) error = NULL;
  AlmuPlane *plane;

  if (almu_polarisation_is_computed_of (almu_image_get_info (load->image), load->stokes))
    plane = almu_plane_combine (load->image, load->channel, load->stokes, load->parts,
                                cancellable, &error);
  else
    plane = almu_plane_load (load->image, load->channel, load->stokes, cancellable, &error);
  if (plane != NULL)
    g_task_return_pointer (task, plane, (GDestroyNotify) almu_plane_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
forget_load (AlmuCache *self,
             Load      *load)
{
  for (guint i = 0; i < load->waiting->len; i++)
    {
      GCancellable *cancellable = g_task_get_cancellable (g_ptr_array_index (load->waiting, i));

      if (cancellable != NULL)
        g_signal_handlers_disconnect_by_func (cancellable, on_waiting_cancelled, load);
    }

  if (g_hash_table_lookup (self->loads, &load->key) == load)
    g_hash_table_steal (self->loads, &load->key);
}

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuCache *self = ALMU_CACHE (source);
  Load      *load = user_data;
  g_autoptr(GPtrArray) waiting = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;

  plane = g_task_propagate_pointer (G_TASK (result), &error);
  forget_load (self, load);
  waiting = g_steal_pointer (&load->waiting);

  if (plane != NULL)
    almu_lru_take (self->lru, &load->key,
                   almu_plane_ref (plane), almu_plane_get_size (plane),
                   (GDestroyNotify) almu_plane_unref);

  for (guint i = 0; i < waiting->len; i++)
    {
      GTask *task = g_ptr_array_index (waiting, i);

      if (plane != NULL)
        g_task_return_pointer (task, almu_plane_ref (plane), (GDestroyNotify) almu_plane_unref);
      else
        g_task_return_error (task, g_error_copy (error));
    }

  load_free (load);
}

/* What a computed plane is made of and happens to be in memory. */
static void
take_parts (AlmuCache *self,
            Load      *load)
{
  const AlmuImageInfo *info = almu_image_get_info (load->image);
  AlmuParts            parts;

  if (!almu_polarisation_is_computed_of (info, load->stokes) ||
      !almu_polarisation_find_parts (info, load->stokes, &parts, NULL))
    return;

  for (int i = 0; i < parts.n; i++)
    {
      AlmuPlane *part = almu_cache_peek_plane (self, load->image, load->channel, parts.stokes[i]);

      load->parts[i] = part != NULL ? almu_plane_ref (part) : NULL;
    }
}

static void
start_load (AlmuCache *self,
            Load      *load,
            int        priority)
{
  g_autoptr(GTask) task = NULL;

  task = g_task_new (self, load->cancellable, on_loaded, load);
  g_task_set_source_tag (task, start_load);
  g_task_set_priority (task, priority);
  g_task_set_task_data (task, load, NULL);
  almu_workers_run (task, load_worker);
}

static gboolean
fits_budget (AlmuCache *self,
             AlmuImage *image,
             GError   **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  gsize                needed = almu_plane_estimate_size (info->width, info->height);
  gsize                budget = almu_lru_get_budget (self->lru);
  g_autofree char     *needed_text = NULL;
  g_autofree char     *budget_text = NULL;

  if (needed <= budget)
    return TRUE;

  needed_text = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  budget_text = g_format_size_full (budget, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("A plane of %s (%d×%d pixels) needs %s of memory, but the cache may take %s: raise --cache-size"),
               almu_image_get_name (image), info->width, info->height, needed_text, budget_text);
  return FALSE;
}

/**
 * almu_cache_get_plane_async:
 * @image: an image
 * @channel: from 0; exists
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @priority: of the reading, if it has to be read
 * @cancellable: (nullable): gives up waiting; reading ends when nobody waits
 *   any more
 *
 * Gives the plane, from memory if it is there.
 *
 * A plane that the budget has no room for is %ALMU_ERROR_LIMIT.
 */
void
almu_cache_get_plane_async (AlmuCache          *self,
                            AlmuImage          *image,
                            int                 channel,
                            int                 stokes,
                            int                 priority,
                            GCancellable       *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer            user_data)
{
  AlmuLruKey key = almu_cache_key_of_plane (image, channel, stokes);
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;
  AlmuPlane *plane;
  Load      *load;

  g_return_if_fail (ALMU_IS_CACHE (self));
  g_return_if_fail (ALMU_IS_IMAGE (image));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_cache_get_plane_async);

  plane = almu_cache_look_up (self, &key);
  if (plane != NULL)
    {
      g_task_return_pointer (task, almu_plane_ref (plane), (GDestroyNotify) almu_plane_unref);
      return;
    }

  if (!fits_budget (self, image, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  load = g_hash_table_lookup (self->loads, &key);
  if (load == NULL || g_cancellable_is_cancelled (load->cancellable))
    {
      /* A cancelled one finishes by itself and finds its key taken. */
      g_hash_table_steal (self->loads, &key);
      load = g_new0 (Load, 1);
      load->key = key;
      load->image = g_object_ref (image);
      load->channel = channel;
      load->stokes = stokes;
      load->cancellable = almu_workers_cancellable_new (cancellable);
      load->waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->loads, &load->key, load);
      take_parts (self, load);
      start_load (self, load, priority);
    }

  g_ptr_array_add (load->waiting, g_object_ref (task));
  if (cancellable != NULL)
    g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_waiting_cancelled), load);
}

/**
 * almu_cache_get_plane_finish:
 * @result: what the callback got
 *
 * Fails as reading does, with %ALMU_ERROR_LIMIT if the budget has no room, and
 * with %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the plane
 */
AlmuPlane *
almu_cache_get_plane_finish (AlmuCache    *self,
                             GAsyncResult *result,
                             GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
