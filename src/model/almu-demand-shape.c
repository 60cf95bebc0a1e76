/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-mask.h"
#include "almu-shape-project.h"

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
project_shape (Wants   *wants,
               GError **error)
{
  AlmuDemand          *self = wants->demand;
  const AlmuImageInfo *info = almu_image_get_info (self->image);
  AlmuImage           *other = almu_region_get_image (wants->region);
  g_autoptr(AlmuShape) shape = NULL;

  if (other == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("file %d, which it is drawn on, is not open"), almu_region_get_file_id (wants->region));
      return NULL;
    }

  if (!read_maps (self, other, error))
    return NULL;

  shape = almu_shape_project (wants->drawn, self->other_sky, self->sky, error);
  if (shape == NULL || !almu_mask_check (shape, info->width, info->height, error))
    return NULL;

  return g_steal_pointer (&shape);
}

static AlmuShape *
convert_shape (Wants   *wants,
               GError **error)
{
  AlmuShape *shape;

  if (almu_region_get_file_id (wants->region) == wants->demand->file_id)
    return almu_shape_ref (wants->drawn);

  shape = project_shape (wants, error);
  if (shape == NULL)
    g_prefix_error (error, _ ("Region %d cannot be placed on file %d (%s): "),
                    wants->region_id, wants->demand->file_id,
                    almu_image_get_name (wants->demand->image));

  return shape;
}

/* Has the shape converted anew when it is needed next. */
void
almu_wants_drop_shape (Wants *wants)
{
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
 *   none here, which the viewer was told, or is an annotation
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
  wants->shape = convert_shape (wants, &error);
  if (wants->shape == NULL)
    almu_demand_emit_failure (wants->demand, error);

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

/* Where the cursor or a point region is; FALSE for what is no place. */
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
