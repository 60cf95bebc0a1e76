/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include <glib/gi18n-lib.h>

#include "almu-cache-key.h"
#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-workers.h"

/* Planes: those in memory, and reading those that are not. */

/* A plane to be read. */
typedef struct
{
  AlmuLruKey key;
  AlmuImage *image;
  int        channel;
  int        stokes;
  AlmuPlane *parts[ALMU_MAX_PARTS]; /* of a computed one, if in memory */
} Load;

static guint
load_hash (gconstpointer data)
{
  const Load *load = data;

  return g_int64_hash (&load->key.owner) ^ (g_int64_hash (&load->key.item) * 31);
}

static gboolean
load_equal (gconstpointer a,
            gconstpointer b)
{
  const Load *x = a;
  const Load *y = b;

  return x->key.owner == y->key.owner && x->key.item == y->key.item;
}

static void
load_free (gpointer data)
{
  Load *load = data;

  for (int i = 0; i < ALMU_MAX_PARTS; i++)
    g_clear_pointer (&load->parts[i], almu_plane_unref);
  g_object_unref (load->image);
  g_free (load);
}

/**
 * almu_cache_planes_new:
 *
 * For planes that are being read.
 *
 * Returns: (transfer full): none yet
 */
AlmuErrands *
almu_cache_planes_new (void)
{
  static const AlmuErrandKind kind = {
    load_hash,
    load_equal,
    load_free,
    (gpointer (*) (gpointer)) almu_plane_ref,
    (GDestroyNotify) almu_plane_unref,
  };

  return almu_errands_new (&kind);
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
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuCache  *self = ALMU_CACHE (source);
  AlmuErrand *errand = user_data;
  Load       *load = almu_errand_get_request (errand);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;

  plane = g_task_propagate_pointer (G_TASK (result), &error);
  if (plane != NULL)
    almu_lru_take (self->lru, &load->key,
                   almu_plane_ref (plane), almu_plane_get_size (plane),
                   (GDestroyNotify) almu_plane_unref);
  almu_errand_end (errand, plane, error);
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
start_load (AlmuCache  *self,
            AlmuErrand *errand,
            int         priority)
{
  g_autoptr(GTask) task = NULL;

  take_parts (self, almu_errand_get_request (errand));
  task = g_task_new (self, almu_errand_get_cancellable (errand), on_loaded, errand);
  g_task_set_source_tag (task, start_load);
  g_task_set_task_data (task, almu_errand_get_request (errand), NULL);
  almu_workers_run (task, priority, load_worker);
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
  AlmuPlane  *plane;
  AlmuErrand *errand;
  Load       *load;

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

  load = g_new0 (Load, 1);
  load->key = key;
  load->image = g_object_ref (image);
  load->channel = channel;
  load->stokes = stokes;
  errand = almu_errands_join (self->planes, load, task, NULL, NULL);
  if (errand != NULL)
    start_load (self, errand, priority);
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
