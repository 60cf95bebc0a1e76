/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <math.h>

/* What writing a region of either format comes down to. */

/**
 * almu_region_get_plain_type:
 * @type: any type but those that are not supported
 *
 * By which annotations are read and written as regions are.
 *
 * Returns: the region that an annotation looks like; @type itself for a region and
 *   for an annotation that is like none
 */
AlmuShapeType
almu_region_get_plain_type (AlmuShapeType type)
{
  static const AlmuShapeType plain[ALMU_N_SHAPES] = {
    [ALMU_SHAPE_POINT] = ALMU_SHAPE_POINT,
    [ALMU_SHAPE_LINE] = ALMU_SHAPE_LINE,
    [ALMU_SHAPE_POLYLINE] = ALMU_SHAPE_POLYLINE,
    [ALMU_SHAPE_RECTANGLE] = ALMU_SHAPE_RECTANGLE,
    [ALMU_SHAPE_ELLIPSE] = ALMU_SHAPE_ELLIPSE,
    [ALMU_SHAPE_ANNULUS] = ALMU_SHAPE_ANNULUS,
    [ALMU_SHAPE_POLYGON] = ALMU_SHAPE_POLYGON,
    [ALMU_SHAPE_ANN_POINT] = ALMU_SHAPE_POINT,
    [ALMU_SHAPE_ANN_LINE] = ALMU_SHAPE_LINE,
    [ALMU_SHAPE_ANN_POLYLINE] = ALMU_SHAPE_POLYLINE,
    [ALMU_SHAPE_ANN_RECTANGLE] = ALMU_SHAPE_RECTANGLE,
    [ALMU_SHAPE_ANN_ELLIPSE] = ALMU_SHAPE_ELLIPSE,
    [ALMU_SHAPE_ANN_POLYGON] = ALMU_SHAPE_POLYGON,
    [ALMU_SHAPE_ANN_VECTOR] = ALMU_SHAPE_ANN_VECTOR,
    [ALMU_SHAPE_ANN_RULER] = ALMU_SHAPE_ANN_RULER,
    [ALMU_SHAPE_ANN_TEXT] = ALMU_SHAPE_ANN_TEXT,
    [ALMU_SHAPE_ANN_COMPASS] = ALMU_SHAPE_ANN_COMPASS,
  };

  return plain[type];
}

/**
 * almu_region_writer_get_extent:
 * @placer: what places are written in
 * @shape: a rectangle, an ellipse, or an annotation with such a frame
 * @out_extent: (out caller-allocates): its sizes in pixels or degrees, and its
 *   angle in degrees, as the file counts that
 * @error: return location, as of almu_placer_get_local()
 *
 * The way back from almu_region_reader_frame().
 *
 * Returns: whether the file can have it
 */
gboolean
almu_region_writer_get_extent (const AlmuPlacer *placer,
                               const AlmuShape  *shape,
                               AlmuRegionExtent *out_extent,
                               GError          **error)
{
  gboolean     is_ellipse = almu_region_get_plain_type (shape->type) == ALMU_SHAPE_ELLIPSE;
  const double pixel[2] = { shape->points[0].x, shape->points[0].y };
  double       right = is_ellipse ? shape->points[1].y : shape->points[1].x;
  double       up = is_ellipse ? shape->points[1].x : shape->points[1].y;
  double       c = cos (shape->rotation * (G_PI / 180));
  double       s = sin (shape->rotation * (G_PI / 180));
  AlmuLocal    local;
  double       ignored;

  if (!almu_placer_get_local (placer, pixel, &local, error))
    return FALSE;

  almu_local_from_pixels (&local, (const double[]){ right * c, right * s },
                          &out_extent->right, &out_extent->degrees);
  almu_local_from_pixels (&local, (const double[]){ -up * s, up * c }, &out_extent->up, &ignored);
  if (placer->is_pixel)
    out_extent->degrees = shape->rotation;
  else if (fabs (out_extent->degrees) < 1e-7)
    out_extent->degrees = 0;

  return TRUE;
}

/**
 * almu_region_writer_get_digits:
 * @placer: what places are written in
 * @per_degree: how many of the units that are written make a degree
 * @least: how many decimals to write at least
 *
 * A thousandth of a pixel is told, by the scale of the image along y.
 *
 * Returns: how many decimals to write, at most 15; @least if the file counts pixels
 */
int
almu_region_writer_get_digits (const AlmuPlacer *placer,
                               double            per_degree,
                               int               least)
{
  double scale[2];

  if (placer->is_pixel || placer->sky == NULL)
    return least;

  almu_sky_map_get_scale (placer->sky, scale);

  return CLAMP ((int) ceil (3 - log10 (scale[1] * per_degree)), least, 15);
}
