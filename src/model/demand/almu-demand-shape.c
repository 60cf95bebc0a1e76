/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-mask.h"
#include "almu-shape-project.h"
#include "almu-workers.h"

/* Shapes of more points than a circle that is followed are converted on a
 * worker: each point takes a few microseconds. */
#define MAX_POINTS_AT_ONCE 1000

/* A shape on its way to another image. */
typedef struct
{
  AlmuImage *from;
  AlmuImage *to;
  AlmuShape *drawn;
} Conversion;

/* -- where a region lies on the image ----------------------------------- */

static AlmuSkyMap *
read_map (AlmuImage *image,
          GError   **error)
{
  AlmuSkyMap *map = almu_sky_map_new (almu_image_get_info (image), error);

  if (map == NULL)
    g_prefix_error (error, "%s: ", almu_image_get_name (image));

  return map;
}

/* Regions are mostly drawn on one image, the reference of all others. */
static gboolean
read_maps (AlmuDemand *self,
           AlmuImage  *other,
           GError    **error)
{
  if (self->sky == NULL)
    self->sky = read_map (self->image, error);
  if (self->sky == NULL)
    return FALSE;

  if (self->other_sky != NULL && self->other_serial == almu_image_get_serial (other))
    return TRUE;

  g_clear_pointer (&self->other_sky, almu_sky_map_free);
  self->other_sky = read_map (other, error);
  self->other_serial = almu_image_get_serial (other);

  return self->other_sky != NULL;
}

static AlmuShape *
project_shape (AlmuShape    *drawn,
               AlmuSkyMap   *from,
               AlmuSkyMap   *to,
               AlmuImage    *image,
               GCancellable *cancellable,
               GError      **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autoptr(AlmuShape) shape = almu_shape_project (drawn, from, to, cancellable, error);

  if (shape == NULL || !almu_mask_check (shape, info->width, info->height, error))
    return NULL;

  return g_steal_pointer (&shape);
}

static void
conversion_free (gpointer data)
{
  Conversion *conversion = data;

  g_object_unref (conversion->from);
  g_object_unref (conversion->to);
  almu_shape_unref (conversion->drawn);
  g_free (conversion);
}

/* With maps of its own: those of the demand are the main thread's. */
static void
convert_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Conversion *conversion = task_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSkyMap) from = read_map (conversion->from, &error);
  g_autoptr(AlmuSkyMap) to = from != NULL ? read_map (conversion->to, &error) : NULL;
  AlmuShape *shape = NULL;

  if (to != NULL)
    shape = project_shape (conversion->drawn, from, to, conversion->to, cancellable, &error);

  if (shape != NULL)
    g_task_return_pointer (task, shape, (GDestroyNotify) almu_shape_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
report (Wants   *wants,
        GError **error)
{
  g_prefix_error (error, _ ("Region %d cannot be placed on file %d (%s): "),
                  wants->region_id, wants->demand->file_id,
                  almu_image_get_name (wants->demand->image));
  almu_demand_emit_failure (wants->demand, *error);
}

static void
on_converted (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = g_task_propagate_pointer (G_TASK (result), &error);
  Wants *wants;

  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, converting)))
    return;

  wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));
  g_clear_object (&wants->converting);
  if (shape == NULL)
    {
      report (wants, &error);
      return;
    }

  wants->shape = g_steal_pointer (&shape);
  almu_wants_renew (wants);
}

/* What is wanted of it is asked for when it is there. */
static void
begin_conversion (Wants     *wants,
                  AlmuImage *other)
{
  AlmuDemand *self = wants->demand;
  Conversion *conversion = g_new (Conversion, 1);
  g_autoptr(GTask) task = NULL;

  conversion->from = g_object_ref (other);
  conversion->to = g_object_ref (self->image);
  conversion->drawn = almu_shape_ref (wants->drawn);

  almu_demand_renew_cancellable (self, &wants->converting);
  task = g_task_new (self->image, wants->converting, on_converted,
                     almu_work_new (self, wants->converting, wants->region_id, self->stokes));
  g_task_set_source_tag (task, begin_conversion);
  g_task_set_name (task, "place region");
  g_task_set_task_data (task, conversion, conversion_free);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, convert_worker);
}

/* Leaves the shape alone if it cannot be had at once. */
static gboolean
convert_shape (Wants   *wants,
               GError **error)
{
  AlmuDemand *self = wants->demand;
  AlmuImage  *other = almu_region_get_image (wants->region);

  if (almu_region_get_file_id (wants->region) == self->file_id)
    {
      wants->shape = almu_shape_ref (wants->drawn);
      return TRUE;
    }

  if (other == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("file %d, which it is drawn on, is not open"), almu_region_get_file_id (wants->region));
      return FALSE;
    }

  if (wants->drawn->n_points > MAX_POINTS_AT_ONCE)
    {
      begin_conversion (wants, other);
      return TRUE;
    }

  if (!read_maps (self, other, error))
    return FALSE;

  wants->shape = project_shape (wants->drawn, self->other_sky, self->sky, self->image, NULL, error);

  return wants->shape != NULL;
}

/**
 * almu_wants_drop_shape:
 * @wants: what is wanted of a region
 *
 * Has the shape converted anew when it is needed next; a conversion that is
 * under way ends.
 */
void
almu_wants_drop_shape (Wants *wants)
{
  g_cancellable_cancel (wants->converting);
  g_clear_object (&wants->converting);
  g_clear_pointer (&wants->drawn, almu_shape_unref);
  g_clear_pointer (&wants->shape, almu_shape_unref);
}

/**
 * almu_wants_get_shape:
 * @wants: of a region, not of the image or the cursor
 *
 * The region in pixels of the image that @wants are about, which need not be
 * the one it is drawn on. Converted once, whoever asks and however often,
 * until the region moves.
 *
 * Returns: (transfer none) (nullable): the shape; %NULL if the region has
 *   none here, which the viewer was told, or is an annotation, or if it has
 *   so many points that they take a moment: then all is renewed by itself
 */
AlmuShape *
almu_wants_get_shape (Wants *wants)
{
  g_autoptr(GError) error = NULL;
  AlmuShape *drawn;

  g_assert (wants->region != NULL);

  drawn = almu_region_get_shape (wants->region);
  if (almu_shape_is_annotation (drawn))
    return NULL;
  if (drawn == wants->drawn)
    return wants->shape;

  almu_wants_drop_shape (wants);
  wants->drawn = almu_shape_ref (drawn);
  if (!convert_shape (wants, &error))
    report (wants, &error);

  return wants->shape;
}

/* The pixel that a place falls into: half away from zero, as C rounds. */
static gboolean
find_pixel (AlmuDemand      *self,
            const AlmuPoint *place,
            int             *out_x,
            int             *out_y)
{
  const AlmuImageInfo *info = almu_image_get_info (self->image);
  float                x = roundf (place->x);
  float                y = roundf (place->y);

  if (!(x >= 0 && x < (float) info->width && y >= 0 && y < (float) info->height))
    return FALSE;

  *out_x = (int) x;
  *out_y = (int) y;
  return TRUE;
}

/**
 * almu_wants_get_place:
 * @wants: what is wanted of the cursor or of a point
 * @out_x: (out): pixel, from 0; left alone if there is none
 * @out_y: (out): likewise
 *
 * The pixel that the cursor or a point region falls into, in this image: half
 * away from zero, as C rounds.
 *
 * Returns: %FALSE for what is no place: another shape, or one outside the image
 */
gboolean
almu_wants_get_place (Wants *wants,
                      int   *out_x,
                      int   *out_y)
{
  const AlmuShape *shape;

  if (wants->region == NULL)
    return find_pixel (wants->demand, &wants->demand->cursor, out_x, out_y);

  if (almu_region_get_shape (wants->region)->type != ALMU_SHAPE_POINT)
    return FALSE;

  shape = almu_wants_get_shape (wants);
  return shape != NULL && find_pixel (wants->demand, &shape->points[0], out_x, out_y);
}
