/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <glib/gi18n-lib.h>

#include "almu-line-profile.h"
#include "almu-workers.h"

/* -- profiles along lines ----------------------------------------------- */

/* One product for each, as the page takes them apart by region. */
static void
on_line_profile (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) lines = almu_line_profile_finish (result, &error);
  AlmuDemand *self = work->demand;

  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, cutting)))
    return;

  if (lines == NULL)
    {
      g_prefix_error (&error, _ ("Profile of region %d on file %d: "), work->region_id, self->file_id);
      almu_demand_emit_failure (self, error);
      return;
    }

  for (guint i = 0; i < lines->len; i++)
    {
      const AlmuLineProfile *line = lines->pdata[i];
      int                    n_values = (int) (g_bytes_get_size (line->values) / sizeof (float));
      AlmuProfile            profile = {
                   .coordinate = g_array_index (work->spatial, AlmuSpatialWant, i).coordinate,
                   .end = n_values - 1,
                   .values = line->values,
                   .line_axis = &line->axis,
      };

      almu_demand_emit_product (self, &(AlmuProduct){
                                        .kind = ALMU_PRODUCT_SPATIAL,
                                        .epoch = work->epoch,
                                        .file_id = self->file_id,
                                        .region_id = work->region_id,
                                        .channel = work->channel,
                                        .stokes = work->stokes,
                                        .progress = 1,
                                        .profile = { .profiles = &profile, .n_profiles = 1 },
                                      });
    }
}

static void
on_plane_to_follow (GObject      *source,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(AlmuImage) reference = NULL;
  AlmuDemand   *self = work->demand;
  Wants        *wants;
  GArray       *spatial = work->spatial;
  AlmuShape    *line = work->shape;
  GCancellable *cancellable = work->cancellable;

  plane = almu_cache_get_plane_finish (self->cache, result, &error);
  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, cutting)))
    return;

  if (plane == NULL)
    {
      almu_demand_emit_failure (self, error);
      return;
    }

  wants = g_hash_table_lookup (self->wants, GINT_TO_POINTER (work->region_id));
  if (almu_region_get_file_id (wants->region) != self->file_id)
    g_set_object (&reference, almu_region_get_image (wants->region));
  else
    g_set_object (&reference, self->image);

  if (reference != NULL)
    almu_line_profile_async (plane, self->image, line, reference, spatial,
                             ALMU_PRIORITY_NORMAL, cancellable,
                             on_line_profile, g_steal_pointer (&work));
}

/**
 * almu_wants_follow_line:
 * @wants: what is wanted of a line
 * @work: (transfer full): with the profiles that are wanted
 *
 * Has profiles along the line made of the channel on display, and emitted one
 * by one.
 */
void
almu_wants_follow_line (Wants *wants,
                        Work  *work)
{
  AlmuDemand *self = wants->demand;

  work->shape = almu_shape_ref (almu_region_get_shape (wants->region));
  almu_cache_get_plane_async (self->cache, self->image, work->channel, work->stokes,
                              ALMU_PRIORITY_NORMAL, work->cancellable,
                              on_plane_to_follow, work);
}
