/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-profile.h"
#include "almu-workers.h"

/* -- spatial profiles --------------------------------------------------- */

static AlmuProfileAxis
get_axis (const AlmuSpatialWant *want)
{
  gsize length = strlen (want->coordinate);

  return length > 0 && want->coordinate[length - 1] == 'y' ? ALMU_PROFILE_Y : ALMU_PROFILE_X;
}

/* Without its values. */
static AlmuProfile
plan (AlmuPlane             *plane,
      const AlmuSpatialWant *want)
{
  int         n_pixels = get_axis (want) == ALMU_PROFILE_X ? almu_plane_get_width (plane) : almu_plane_get_height (plane);
  AlmuProfile profile = { .coordinate = want->coordinate, .mip = want->mip };

  profile.end = want->end <= 0 ? n_pixels : MIN (want->end, n_pixels);
  profile.start = CLAMP (want->start, 0, profile.end);

  return profile;
}

static gboolean
check_values (const AlmuProfile *profiles,
              guint              n,
              GError           **error)
{
  gint64 n_values = 0;

  for (guint i = 0; i < n; i++)
    n_values += (profiles[i].end - profiles[i].start) / MAX (profiles[i].mip, 1);
  if (n_values <= ALMU_LIMIT_PROFILE_VALUES)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("The spatial profiles wanted of one place have %" PRId64 " values; at most %d are sent: "
                  "ask for a part of them, or for fewer values by mip"),
               n_values, ALMU_LIMIT_PROFILE_VALUES);

  return FALSE;
}

static void
send_cuts (AlmuDemand *self,
           Work       *work,
           AlmuPlane  *plane,
           int         x,
           int         y)
{
  g_autofree AlmuProfile *profiles = g_new0 (AlmuProfile, MAX (work->spatial->len, 1));
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < work->spatial->len; i++)
    profiles[i] = plan (plane, &g_array_index (work->spatial, AlmuSpatialWant, i));

  if (!check_values (profiles, work->spatial->len, &error))
    {
      almu_demand_emit_failure (self, error);
      return;
    }

  for (guint i = 0; i < work->spatial->len; i++)
    {
      AlmuProfileAxis axis = get_axis (&g_array_index (work->spatial, AlmuSpatialWant, i));

      profiles[i].values = almu_profile_cut (plane, axis, axis == ALMU_PROFILE_X ? y : x,
                                             profiles[i].start, profiles[i].end, profiles[i].mip);
    }

  almu_demand_emit_product (self, &(AlmuProduct){
                                    .kind = ALMU_PRODUCT_SPATIAL,
                                    .epoch = work->epoch,
                                    .file_id = self->file_id,
                                    .region_id = work->region_id,
                                    .channel = work->channel,
                                    .stokes = work->stokes,
                                    .progress = 1,
                                    .profile = { x, y,
                                                 almu_plane_get_pixels (plane)[(gsize) y * almu_plane_get_width (plane) + x],
                                                 profiles, work->spatial->len },
                                  });

  for (guint i = 0; i < work->spatial->len; i++)
    g_bytes_unref (profiles[i].values);
}

/* Cutting a row or a column takes less time than asking a thread to. */
static void
on_plane_to_cut (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  int x;
  int y;

  plane = almu_cache_get_plane_finish (work->demand->cache, result, &error);
  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, cutting)))
    return;

  if (plane == NULL)
    almu_demand_emit_failure (work->demand, error);
  else if (almu_wants_get_place (g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id)), &x, &y))
    send_cuts (work->demand, work, plane, x, y);
}

static Work *
get_cutting (Wants     *wants,
             GPtrArray *works,
             int        stokes)
{
  Work *work;

  for (guint i = 0; i < works->len; i++)
    {
      work = g_ptr_array_index (works, i);
      if (work->stokes == stokes)
        return work;
    }

  work = almu_work_new (wants->demand, wants->cutting, wants->region_id, stokes);
  work->spatial = almu_spatial_wants_new ();
  g_ptr_array_add (works, work);

  return work;
}

static GPtrArray *
plan_cuts (Wants *wants)
{
  GPtrArray *works = g_ptr_array_new ();

  for (guint i = 0; wants->spatial != NULL && i < wants->spatial->len; i++)
    {
      AlmuSpatialWant want = g_array_index (wants->spatial, AlmuSpatialWant, i);
      int             stokes;

      if (!almu_demand_resolve_stokes (wants->demand, want.coordinate, &stokes))
        continue;

      want.coordinate = g_strdup (want.coordinate);
      g_array_append_val (get_cutting (wants, works, stokes)->spatial, want);
    }

  /* the cursor's value is shown even when no profile is */
  if (works->len == 0 && wants->region_id == ALMU_REGION_CURSOR)
    get_cutting (wants, works, wants->demand->stokes);

  return works;
}

static gboolean
wants_cuts (Wants *wants)
{
  return wants->region_id == ALMU_REGION_CURSOR || (wants->spatial != NULL && wants->spatial->len > 0);
}

static gboolean
wants_line (Wants *wants)
{
  return wants->region != NULL && almu_shape_is_line (almu_region_get_shape (wants->region));
}

static void
cut_at_place (Wants *wants,
              Work  *work,
              int    x,
              int    y)
{
  AlmuDemand *self = wants->demand;

  if (work->stokes == self->stokes)
    {
      send_cuts (self, work, self->plane, x, y);
      almu_work_free (work);
    }
  else
    {
      almu_cache_get_plane_async (self->cache, self->image, work->channel, work->stokes,
                                  ALMU_PRIORITY_CURSOR, work->cancellable,
                                  on_plane_to_cut, work);
    }
}

/**
 * almu_wants_renew_cuts:
 * @wants: what is wanted of the cursor, a point or a line
 *
 * Makes all its spatial profiles anew. Those of the plane on display at a place
 * are emitted before this returns; others need a plane that may have to be
 * read, or a worker.
 */
void
almu_wants_renew_cuts (Wants *wants)
{
  g_autoptr(GPtrArray) works = NULL;
  gboolean is_line = wants_line (wants);
  int      x = 0;
  int      y = 0;

  almu_demand_renew_cancellable (wants->demand, &wants->cutting);
  if (wants->demand->plane == NULL || wants->region_id < 0 || !wants_cuts (wants))
    return;

  if (is_line ? almu_wants_get_shape (wants) == NULL : !almu_wants_get_place (wants, &x, &y))
    return;

  works = plan_cuts (wants);
  for (guint i = 0; i < works->len; i++)
    {
      if (is_line)
        almu_wants_follow_line (wants, works->pdata[i]);
      else
        cut_at_place (wants, works->pdata[i], x, y);
    }
}

/**
 * almu_demand_require_spatial:
 * @self: a demand
 * @region_id: a point or a line, or %ALMU_REGION_CURSOR
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuSpatialWant): replaces what was wanted so far
 *
 * Held, and not to be changed any more; emits [signal@Almu.Producer::changed] if
 * it is something else. Profiles follow as products of %ALMU_PRODUCT_SPATIAL,
 * for each plane that is shown and each place. A polarisation that the image
 * has not is told by [signal@Almu.Producer::failed].
 */
void
almu_demand_require_spatial (AlmuDemand *self,
                             int         region_id,
                             AlmuRegion *region,
                             GArray     *wants)
{
  Wants   *entry = almu_demand_get_wants (self, region_id, region);
  gboolean is_equal = entry->spatial != NULL && almu_spatial_wants_equal (entry->spatial, wants);

  if (almu_wants_replace (entry, WANT_SPATIAL, &entry->spatial, wants, is_equal))
    almu_wants_renew_cuts (entry);
}

/**
 * almu_demand_set_cursor:
 * @self: a demand
 * @cursor: in pixels, the centre of the first at 0
 *
 * May lie outside the image. What is wanted there is cut again in any case,
 * spectra are made anew if it has moved; that emits
 * [signal@Almu.Producer::changed].
 */
void
almu_demand_set_cursor (AlmuDemand *self,
                        AlmuPoint   cursor)
{
  Wants *wants = almu_demand_get_wants (self, ALMU_REGION_CURSOR, NULL);

  if (cursor.x != self->cursor.x || cursor.y != self->cursor.y)
    {
      self->cursor = cursor;
      almu_demand_emit_changed (self);
      almu_wants_renew_spectra (wants);
    }

  almu_wants_renew_cuts (wants);
}
