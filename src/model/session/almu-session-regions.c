/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-mask.h"

/* The regions that are drawn on the images of a session. */

/**
 * almu_session_get_region:
 * @region_id: above 0
 *
 * %ALMU_ERROR_NOT_FOUND if there is none.
 *
 * Returns: (transfer none): the region of that id
 */
AlmuRegion *
almu_session_get_region (AlmuSession *self,
                         int          region_id,
                         GError     **error)
{
  AlmuRegion *region;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  region = g_hash_table_lookup (self->regions, GINT_TO_POINTER (region_id));
  if (region == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 _ ("No region %d in this session"), region_id);

  return region;
}

static int
compare_regions (gconstpointer a,
                 gconstpointer b)
{
  return almu_region_get_id (*(AlmuRegion *const *) a) - almu_region_get_id (*(AlmuRegion *const *) b);
}

/**
 * almu_session_list_regions:
 * @file_id: what the viewer calls it
 *
 * Goes through all regions of the session. A file that the session has not is
 * no failure: it has none.
 *
 * Returns: (transfer full) (element-type AlmuRegion): those drawn on a
 *   file, by id
 */
GPtrArray *
almu_session_list_regions (AlmuSession *self,
                           int          file_id)
{
  GPtrArray     *regions = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  AlmuRegion    *region;

  g_hash_table_iter_init (&iter, self->regions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &region))
    {
      if (almu_region_get_file_id (region) == file_id)
        g_ptr_array_add (regions, g_object_ref (region));
    }
  g_ptr_array_sort (regions, compare_regions);

  return regions;
}

/**
 * almu_session_get_n_regions:
 * @self: a session
 *
 * Those of all files; %ALMU_LIMIT_REGIONS is the most.
 *
 * Returns: how many there are
 */
guint
almu_session_get_n_regions (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  return g_hash_table_size (self->regions);
}

/**
 * almu_session_place_regions:
 * @self: a session
 * @file: one of its files
 *
 * Tells the regions of a file that has come alive which pixels they are in.
 */
void
almu_session_place_regions (AlmuSession *self,
                            AlmuFile    *file)
{
  g_autoptr(GPtrArray) regions = almu_session_list_regions (self, almu_file_get_id (file));

  for (guint i = 0; i < regions->len; i++)
    almu_region_set_image (regions->pdata[i], almu_file_get_image (file));
}

/* Of all that changes of a session there is most of this: who writes it down need
 * not look at everything else. */
static void
emit_set (AlmuSession *self,
          AlmuRegion  *region)
{
  if (!self->is_ending && !self->is_recalled)
    g_signal_emit_by_name (self, "region-set", region);
}

static AlmuRegion *
add_region (AlmuSession *self,
            int          region_id,
            int          file_id,
            AlmuShape   *shape,
            GError     **error)
{
  AlmuFile   *file = almu_session_get_file (self, file_id, error);
  AlmuRegion *region;

  if (file == NULL)
    return NULL;

  if (region_id > ALMU_LIMIT_REGION_ID)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Region id %d is above %d"), region_id, ALMU_LIMIT_REGION_ID);
      return NULL;
    }

  if (g_hash_table_size (self->regions) >= ALMU_LIMIT_REGIONS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("The session has %d regions, which is as many as it may"), ALMU_LIMIT_REGIONS);
      return NULL;
    }

  self->last_region_id = MAX (self->last_region_id, region_id);
  region = almu_region_new (region_id, file_id, shape);
  almu_region_set_image (region, almu_file_get_image (file));
  g_hash_table_insert (self->regions, GINT_TO_POINTER (region_id), region);
  g_signal_emit_by_name (self, "region-added", region);
  emit_set (self, region);

  return region;
}

/* Outlines that are too intricate for the image are refused while they are
 * drawn, not when something is to be computed over them. */
static gboolean
fits_file (AlmuSession *self,
           int          file_id,
           AlmuShape   *shape,
           GError     **error)
{
  AlmuFile            *file = almu_session_get_file (self, file_id, error);
  const AlmuImageInfo *info;

  if (file == NULL)
    return FALSE;

  if (almu_file_get_image (file) == NULL)
    return TRUE;

  info = almu_image_get_info (almu_file_get_image (file));

  return almu_mask_check (shape, info->width, info->height, error);
}

/**
 * almu_session_set_region:
 * @region_id: a region, or a number below 1 for a new one
 * @file_id: the file that it is drawn on
 * @shape: where it lies, in pixels of that file; held
 *
 * Draws a region, or moves one. New ones get the next number after the
 * highest this session has seen, so that none is ever given twice.
 *
 * Fails with %ALMU_ERROR_NOT_FOUND if there is no such file, with
 * %ALMU_ERROR_LIMIT beyond %ALMU_LIMIT_REGIONS or %ALMU_LIMIT_REGION_ID, and as
 * almu_mask_check() does. A region of that id on another file is removed first.
 *
 * Returns: (transfer none): the region
 */
AlmuRegion *
almu_session_set_region (AlmuSession *self,
                         int          region_id,
                         int          file_id,
                         AlmuShape   *shape,
                         GError     **error)
{
  AlmuRegion *region;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  if (!fits_file (self, file_id, shape, error))
    return NULL;

  if (region_id < 1)
    return add_region (self, self->last_region_id + 1, file_id, shape, error);

  region = g_hash_table_lookup (self->regions, GINT_TO_POINTER (region_id));
  if (region == NULL || almu_region_get_file_id (region) != file_id)
    {
      if (almu_session_get_file (self, file_id, error) == NULL)
        return NULL;

      if (region != NULL)
        almu_session_remove_region (self, region_id, NULL);
      return add_region (self, region_id, file_id, shape, error);
    }

  almu_region_set_shape (region, shape);
  emit_set (self, region);

  return region;
}

/**
 * almu_session_remove_region:
 * @self: a session
 * @region_id: one of its regions
 * @error: return location
 *
 * Ends what is computed of it on any file, and emits `region-removed` and
 * [signal@Almu.Producer::changed]. %ALMU_ERROR_NOT_FOUND if there is none.
 *
 * Returns: whether there was one
 */
gboolean
almu_session_remove_region (AlmuSession *self,
                            int          region_id,
                            GError     **error)
{
  g_autoptr(AlmuRegion) region = NULL;

  g_return_val_if_fail (ALMU_IS_SESSION (self), FALSE);

  region = almu_session_get_region (self, region_id, error);
  if (region == NULL)
    return FALSE;

  g_object_ref (region);
  g_hash_table_remove (self->regions, GINT_TO_POINTER (region_id));
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuDemand *demand = almu_file_get_demand (self->files->pdata[i]);

      if (demand != NULL)
        almu_demand_forget_region (demand, region_id);
    }
  g_signal_emit_by_name (self, "region-removed", region);
  almu_session_emit_changed (self);

  return TRUE;
}
