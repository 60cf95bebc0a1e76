/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <math.h>

#include "almu-error.h"

/* -- where a region lies on the image ----------------------------------- */

static AlmuShape *
convert_shape (Wants   *wants,
               GError **error)
{
  int owner = almu_region_get_file_id (wants->region);

  if (owner == wants->demand->file_id)
    return almu_shape_ref (wants->drawn);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               "Region %d is drawn on file %d; converting it to file %d is not there yet",
               wants->region_id, owner, wants->demand->file_id);
  return NULL;
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
 *   none here, which the viewer was told
 */
AlmuShape *
almu_wants_get_shape (Wants *wants)
{
  g_autoptr(GError) error = NULL;
  AlmuShape *drawn;

  g_assert (wants->region != NULL);

  drawn = almu_region_get_shape (wants->region);
  if (drawn == wants->drawn)
    return wants->shape;

  g_clear_pointer (&wants->drawn, almu_shape_unref);
  g_clear_pointer (&wants->shape, almu_shape_unref);
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
