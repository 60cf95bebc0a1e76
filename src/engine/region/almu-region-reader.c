/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* What reading a region of either format comes down to. */

/**
 * almu_region_reader_complain:
 * @format: why a line, or a part of it, was not taken, as for printf()
 * @...: what @format needs
 *
 * Adds a sentence with the number of the line to the problems. After
 * %ALMU_LIMIT_REGION_PROBLEMS of them they are only counted.
 */
void
almu_region_reader_complain (AlmuRegionReader *self,
                             const char       *format,
                             ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  self->n_problems++;
  if (self->n_problems > ALMU_LIMIT_REGION_PROBLEMS)
    return;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (self->problems, g_strdup_printf (_ ("Line %u: %s"), self->line, reason));
}

static gboolean
counts_hours (const AlmuSkyFrame *frame)
{
  return frame->system == ALMU_SKY_ICRS || frame->system == ALMU_SKY_FK5 || frame->system == ALMU_SKY_FK4;
}

static gboolean
resolve_place (AlmuRegionReader *self,
               const char       *text,
               gboolean          is_first,
               double           *out_number,
               gboolean         *out_is_pixel,
               GError          **error)
{
  AlmuQuantity quantity;

  if (!almu_quantity_parse (text, &quantity, error))
    return FALSE;

  if (quantity.unit == ALMU_UNIT_NONE && self->needs_unit)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("“%s” has no unit, as pix or deg"), text);
      return FALSE;
    }

  *out_is_pixel = quantity.unit == ALMU_UNIT_PIXEL ||
                  (quantity.unit == ALMU_UNIT_NONE && self->placer.is_pixel);
  if (*out_is_pixel)
    quantity.value -= self->first_pixel;
  else if (quantity.unit == ALMU_UNIT_SEXAGESIMAL && is_first && counts_hours (&self->placer.frame))
    quantity.value *= 15;
  *out_number = quantity.value;

  return TRUE;
}

/* The placer for numbers that say themselves what they are. */
static AlmuPlacer
get_placer (AlmuRegionReader *self,
            gboolean          is_pixel)
{
  AlmuPlacer placer = self->placer;

  placer.is_pixel = is_pixel;

  return placer;
}

/**
 * almu_region_reader_place:
 * @x: a coordinate with its unit, or without one in the frame in force
 * @y: the other, of the same kind
 * @out_spot: (out caller-allocates): the place and what a unit is there
 * @error: return location
 *
 * Reads a place. Sexagesimal longitudes of equatorial frames are hours. Errors are
 * %ALMU_ERROR_FORMAT for what is no coordinate, and those of
 * almu_placer_to_pixels().
 *
 * Returns: whether it is a place on the image
 */
gboolean
almu_region_reader_place (AlmuRegionReader *self,
                          const char       *x,
                          const char       *y,
                          AlmuRegionSpot   *out_spot,
                          GError          **error)
{
  double     numbers[2];
  gboolean   is_pixel[2];
  AlmuPlacer placer;

  if (!resolve_place (self, x, TRUE, &numbers[0], &is_pixel[0], error) ||
      !resolve_place (self, y, FALSE, &numbers[1], &is_pixel[1], error))
    return FALSE;

  if (is_pixel[0] != is_pixel[1])
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("“%s” and “%s” are not of one kind"), x, y);
      return FALSE;
    }

  placer = get_placer (self, is_pixel[0]);
  out_spot->is_pixel = is_pixel[0];

  return almu_placer_to_pixels (&placer, numbers, out_spot->pixel, error) &&
         almu_placer_get_local (&placer, out_spot->pixel, &out_spot->local, error);
}

/**
 * almu_region_reader_measure:
 * @spot: the place that it is at
 * @text: a number, with a unit or not
 * @out_length: (out caller-allocates): the length
 * @error: return location; %ALMU_ERROR_FORMAT if it is none
 *
 * A length at a place; bare numbers are of the kind that the place is, unless the
 * format wants a unit.
 *
 * Returns: whether it is a length
 */
gboolean
almu_region_reader_measure (AlmuRegionReader     *self,
                            const AlmuRegionSpot *spot,
                            const char           *text,
                            AlmuLength           *out_length,
                            GError              **error)
{
  AlmuPlacer   placer = get_placer (self, spot->is_pixel);
  AlmuQuantity quantity;

  if (!almu_quantity_parse (text, &quantity, error))
    return FALSE;

  if (quantity.unit == ALMU_UNIT_SEXAGESIMAL || (quantity.unit == ALMU_UNIT_NONE && self->needs_unit))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("“%s” is no length with a unit, as arcsec or pix"), text);
      return FALSE;
    }

  out_length->value = quantity.value;
  out_length->is_pixel = quantity.unit == ALMU_UNIT_PIXEL ||
                         (quantity.unit == ALMU_UNIT_NONE && spot->is_pixel);

  return almu_placer_measure (&placer, out_length, error);
}

/**
 * almu_region_reader_turn:
 * @text: a number, with a unit or not
 * @out_degrees: (out): the angle; left as it is on failure
 * @error: return location; %ALMU_ERROR_FORMAT if it is no number, or one of pixels
 *
 * Reads an angle, which is in degrees if it has no unit.
 *
 * Returns: whether it is one
 */
gboolean
almu_region_reader_turn (const char *text,
                         double     *out_degrees,
                         GError    **error)
{
  AlmuQuantity quantity;

  if (!almu_quantity_parse (text, &quantity, error))
    return FALSE;

  if (quantity.unit == ALMU_UNIT_PIXEL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("“%s” is no angle, as 30 or 30deg"), text);
      return FALSE;
    }

  *out_degrees = quantity.value;

  return TRUE;
}

/* The other side is at right angles to the first on the image, as the shape
 * is: where the axes of the sky are not, it has another angle there. */
static double
measure_across (const AlmuLocal  *local,
                const AlmuLength *length,
                const double     *along)
{
  double n = hypot (along[0], along[1]);
  double per_pixel, ignored;

  if (length->is_pixel)
    return length->value;

  almu_local_from_pixels (local, (const double[]){ -along[1] / n, along[0] / n }, &per_pixel, &ignored);

  return length->value / per_pixel;
}

/**
 * almu_region_reader_frame:
 * @type: a rectangle or an ellipse, or an annotation with such a frame
 * @spot: its centre
 * @right: its size to the right, as the shape has it: radius, or whole side
 * @up: its size upwards
 * @degrees: by which it is turned, as the file counts that
 * @error: return location, as of almu_shape_new()
 *
 * A shape by its centre, its sizes and its angle. On the image its sides stay at
 * right angles, even where the axes of the sky are not.
 *
 * Returns: (transfer full): the shape, or %NULL
 */
AlmuShape *
almu_region_reader_frame (AlmuShapeType         type,
                          const AlmuRegionSpot *spot,
                          const AlmuLength     *right,
                          const AlmuLength     *up,
                          double                degrees,
                          GError              **error)
{
  gboolean  is_ellipse = almu_region_get_plain_type (type) == ALMU_SHAPE_ELLIPSE;
  double    along[2], rotation;
  AlmuPoint points[2] = { { (float) spot->pixel[0], (float) spot->pixel[1] } };
  float     sizes[2];

  almu_local_to_pixels (&spot->local, &(AlmuLength){ 1, right->is_pixel }, degrees, along);
  sizes[0] = (float) (hypot (along[0], along[1]) * right->value);
  sizes[1] = (float) measure_across (&spot->local, up, along);
  rotation = right->value > 0 ? atan2 (along[1], along[0]) * (180 / G_PI) : 0;

  /* the first size of an ellipse points up */
  points[1] = is_ellipse ? (AlmuPoint){ sizes[1], sizes[0] } : (AlmuPoint){ sizes[0], sizes[1] };
  if (fabs (rotation) < 1e-6)
    rotation = 0;

  return almu_shape_new ((int) type, points, 2, (float) rotation, error);
}

/**
 * almu_region_reader_round:
 * @type: an ellipse, or the annotation
 * @spot: its centre
 * @radius: its radius
 * @error: return location, as of almu_shape_new()
 *
 * A circle, which has no angle. Where pixels are not square on the sky it is an
 * ellipse on the image.
 *
 * Returns: (transfer full): the shape, or %NULL
 */
AlmuShape *
almu_region_reader_round (AlmuShapeType         type,
                          const AlmuRegionSpot *spot,
                          const AlmuLength     *radius,
                          GError              **error)
{
  double    right[2], up[2];
  AlmuPoint points[2] = { { (float) spot->pixel[0], (float) spot->pixel[1] } };

  almu_local_to_pixels (&spot->local, radius, 0, right);
  almu_local_to_pixels (&spot->local, radius, 90, up);
  points[1].x = (float) copysign (hypot (up[0], up[1]), radius->value);
  points[1].y = (float) copysign (hypot (right[0], right[1]), radius->value);

  return almu_shape_new ((int) type, points, 2, 0, error);
}

/**
 * almu_region_reader_make:
 * @type: any type of shape
 * @spots: (array length=n): its control points
 * @n: how many
 * @rotation: degrees on the image, counter-clockwise
 * @error: return location, as of almu_shape_new()
 *
 * A shape by its places only.
 *
 * Returns: (transfer full): the shape, or %NULL
 */
AlmuShape *
almu_region_reader_make (AlmuShapeType         type,
                         const AlmuRegionSpot *spots,
                         gsize                 n,
                         double                rotation,
                         GError              **error)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    points[i] = (AlmuPoint){ (float) spots[i].pixel[0], (float) spots[i].pixel[1] };

  return almu_shape_new ((int) type, points, n, (float) rotation, error);
}

/**
 * almu_region_reader_follow:
 * @type: a type of shape that has vertices
 * @words: (element-type utf8): words of a line
 * @first: the first of them that is a coordinate
 * @n_words: how many are
 * @error: return location; %ALMU_ERROR_FORMAT if they are not pairs
 *
 * A shape by its vertices: pairs of words, as for almu_region_reader_place().
 *
 * Returns: (transfer full): the shape, or %NULL
 */
AlmuShape *
almu_region_reader_follow (AlmuRegionReader *self,
                           AlmuShapeType     type,
                           GPtrArray        *words,
                           guint             first,
                           guint             n_words,
                           GError          **error)
{
  g_autofree AlmuRegionSpot *spots = g_new (AlmuRegionSpot, n_words / 2 + 1);

  if (n_words % 2 != 0 || n_words == 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("a %s has pairs of coordinates, not %u numbers"), _ (almu_shape_type_get_name (type)), n_words);
      return NULL;
    }

  for (guint i = 0; i < n_words / 2; i++)
    if (!almu_region_reader_place (self, words->pdata[first + 2 * i], words->pdata[first + 2 * i + 1],
                                   &spots[i], error))
      return NULL;

  return almu_region_reader_make (type, spots, n_words / 2, 0, error);
}

/**
 * almu_region_reader_add:
 * @shape: where the region lies; a reference is kept
 * @style: how it looks; copied
 *
 * Adds a region to those that were read; one beyond %ALMU_LIMIT_REGIONS is
 * complained of instead.
 */
void
almu_region_reader_add (AlmuRegionReader      *self,
                        AlmuShape             *shape,
                        const AlmuRegionStyle *style)
{
  if (self->entries->len >= ALMU_LIMIT_REGIONS)
    {
      almu_region_reader_complain (self, _ ("there are more than the %d regions that a session may have"),
                                   ALMU_LIMIT_REGIONS);
      return;
    }

  g_ptr_array_add (self->entries, almu_region_entry_new (shape, style));
}
