/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include "almu-limits.h"
#include "almu-mask.h"

/* Spectra where the cursor is often, laid out one after the other: what is a
 * read for each channel in the file is one look at memory then. They have what
 * is free of the budget, up to a part of it, and count from the moment on in
 * which they are begun. */

typedef struct
{
  AlmuCache  *cache;
  AlmuLruKey  key;
  AlmuTurned *turned;
} Making;

static AlmuLruKey
make_key (AlmuImage      *image,
          const AlmuRect *area,
          int             stokes)
{
  return (AlmuLruKey){
    .owner = almu_image_get_serial (image),
    .item = (guint64) stokes,
    .detail = ((guint64) area->y << 32) | (guint64) area->x,
  };
}

/* A place that cannot be read is reported when it is looked at, and tried
 * again after some more visits. */
static void
on_made (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Making    *making = user_data;
  AlmuCache *self = making->cache;

  if (self->turning == making->turned)
    self->turning = NULL;
  if (!almu_turned_make_finish (making->turned, result, NULL) && !almu_turned_is_given_up (making->turned))
    almu_lru_drop (self->turned, &making->key);

  almu_turned_unref (making->turned);
  g_object_unref (self);
  g_free (making);
}

/* One is made at a time. If nobody is there any more, another may be. */
static gboolean
is_busy (AlmuCache *self,
         gint64     now)
{
  if (self->turning == NULL || almu_turned_is_given_up (self->turning))
    return FALSE;
  if (now - self->turning_visited <= ALMU_VISITS_WHILE_USEC)
    return TRUE;

  almu_lru_drop (self->turned, &self->turning_key);

  return FALSE;
}

/* Only in room that nobody needs; the older ones make way. */
static void
begin (AlmuCache        *self,
       AlmuImage        *image,
       const AlmuLruKey *key,
       const AlmuRect   *area,
       int               stokes,
       gpointer          like,
       gint64            now)
{
  AlmuTurned *turned = almu_turned_new (image, area, stokes, like);
  gsize       size = almu_turned_get_size (turned);
  gsize       share = MIN (almu_lru_get_budget (self->turned),
                           almu_lru_get_size (self->turned) + almu_lru_get_free (self->lru));
  Making     *making;

  if (size > share || is_busy (self, now))
    {
      almu_turned_unref (turned);
      return;
    }

  while (almu_lru_get_size (self->turned) + size > share)
    almu_lru_drop_oldest (self->turned);

  making = g_new0 (Making, 1);
  making->cache = g_object_ref (self);
  making->key = *key;
  making->turned = almu_turned_ref (turned);
  self->turning = turned;
  self->turning_key = *key;
  self->turning_visited = now;
  almu_lru_take (self->turned, key, turned, size, (GDestroyNotify) almu_turned_give_up);
  almu_turned_make_async (turned, image, on_made, making);
}

/* Of the pixel that is under the mask of a point. */
static AlmuSpectrum *
make_spectrum (AlmuShape   *point,
               gboolean     is_pixel,
               const float *values,
               int          depth)
{
  AlmuStats *stats;

  if (is_pixel)
    return almu_spectrum_new_for_values (point, g_memdup2 (values, (gsize) depth * sizeof *values), depth);

  stats = g_new (AlmuStats, depth);
  for (int i = 0; i < depth; i++)
    {
      stats[i] = ALMU_STATS_INIT;
      almu_stats_add (&stats[i], &values[i], 1);
    }

  return almu_spectrum_new_for_stats (point, stats, depth);
}

/**
 * almu_cache_visit:
 * @image: a cube
 * @point: a point in it
 * @is_pixel: whether values are meant, not statistics
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @like: (nullable) (type GObject.Object): an object with the owner in whose turn
 *   others are read
 *
 * Tells that somebody wants the spectrum of a place, which is not in memory as
 * such. Where that happens often, those around it are read in the background,
 * for everybody who has @image open.
 *
 * Returns: (transfer full) (nullable): the whole spectrum, if it was read along
 *   with others
 */
AlmuSpectrum *
almu_cache_visit (AlmuCache *self,
                  AlmuImage *image,
                  AlmuShape *point,
                  gboolean   is_pixel,
                  int        stokes,
                  gpointer   like)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autoptr(AlmuMask) mask = NULL;
  gint64       now = g_get_monotonic_time ();
  gsize        max_bytes = MIN (ALMU_LIMIT_TURNED_BYTES, almu_lru_get_budget (self->turned));
  AlmuRect     area;
  AlmuLruKey   key;
  AlmuTurned  *turned;
  const float *values;

  g_return_val_if_fail (ALMU_IS_CACHE (self), NULL);
  g_return_val_if_fail (point != NULL && point->type == ALMU_SHAPE_POINT, NULL);

  mask = almu_mask_new (point, info->width, info->height);
  if (almu_mask_is_empty (mask) ||
      !almu_turned_find_area (info, mask->bounds.x, mask->bounds.y, max_bytes, &area))
    return NULL;

  key = make_key (image, &area, stokes);
  turned = almu_lru_lookup (self->turned, &key);
  if (turned == NULL)
    {
      if (almu_visits_note (self->visits, &key, now))
        begin (self, image, &key, &area, stokes, like, now);
      return NULL;
    }
  if (turned == self->turning)
    self->turning_visited = now;

  values = almu_turned_get_spectrum (turned, mask->bounds.x, mask->bounds.y);

  return values != NULL ? make_spectrum (point, is_pixel, values, info->depth) : NULL;
}
