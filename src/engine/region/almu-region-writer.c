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

/**
 * almu_region_writer_append_number:
 * @text: what is written so far
 * @digits: how many decimals, see almu_region_writer_get_digits()
 * @number: what to write
 *
 * Always with a point, whatever the user's language writes there.
 */
void
almu_region_writer_append_number (GString *text,
                                  int      digits,
                                  double   number)
{
  char format[8];

  g_snprintf (format, sizeof format, "%%.%df", digits);
  almu_words_append_number (text, format, number);
}

/**
 * almu_region_writer_append_places:
 * @text: what is written so far
 * @placer: what places are written in
 * @shape: whose points, in their order
 * @append_place: (scope call): writes one of them
 * @error: return location, as of @append_place
 *
 * Writes all points of a shape, with commas between them.
 *
 * Returns: whether all could be written; some may be in @text if not
 */
gboolean
almu_region_writer_append_places (GString             *text,
                                  const AlmuPlacer    *placer,
                                  const AlmuShape     *shape,
                                  AlmuRegionWritePlace append_place,
                                  GError             **error)
{
  for (guint i = 0; i < shape->n_points; i++)
    {
      if (i > 0)
        g_string_append (text, ", ");
      if (!append_place (text, placer, &shape->points[i], error))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_region_writer_measure_compass:
 * @placer: what places are written in
 * @shape: a compass
 * @out_length: (out): its length in pixels or degrees, as the file counts; left
 *   as it is on failure
 * @error: return location, as of almu_placer_get_local()
 *
 * The way back from almu_region_line_make_compass().
 *
 * Returns: whether the file can have it
 */
gboolean
almu_region_writer_measure_compass (const AlmuPlacer *placer,
                                    const AlmuShape  *shape,
                                    double           *out_length,
                                    GError          **error)
{
  const double pixel[2] = { shape->points[0].x, shape->points[0].y };
  AlmuLocal    local;

  if (!almu_placer_get_local (placer, pixel, &local, error))
    return FALSE;

  *out_length = shape->points[1].x / hypot (local.up[0], local.up[1]);

  return TRUE;
}
