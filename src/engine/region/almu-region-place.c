/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-place.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

#define MIN_STEP_DEGREES 1e-6

static gboolean
needs_sky (const AlmuPlacer *self,
           GError          **error)
{
  if (self->sky != NULL)
    return TRUE;

  g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("world coordinates need an image with celestial axes, which this one has not"));
  return FALSE;
}

/**
 * almu_placer_to_pixels:
 * @numbers: (array fixed-size=2): as the file has them, without its counting
 *   of pixels from 1; degrees if they are of the sky
 * @pixels: (array fixed-size=2) (out caller-allocates): pixels from 0 at the
 *   centre of the first
 * @error: return location
 *
 * From a region file to the image. It fails with %ALMU_ERROR_UNSUPPORTED if the
 * image shows no sky, or none of the file's frame, and with %ALMU_ERROR_FORMAT for
 * what is further away than an axis may be long.
 *
 * Returns: whether there is such a place
 */
gboolean
almu_placer_to_pixels (const AlmuPlacer *self,
                       const double     *numbers,
                       double           *pixels,
                       GError          **error)
{
  double point[2] = { numbers[0], numbers[1] };

  if (!self->is_pixel)
    {
      if (!needs_sky (self, error) ||
          !almu_sky_frame_convert (&self->frame, almu_sky_map_get_frame (self->sky), 1, point, error))
        return FALSE;
      almu_sky_map_to_pixels (self->sky, 1, point, point);
    }

  if (!(fabs (point[0]) < ALMU_LIMIT_AXIS_LENGTH && fabs (point[1]) < ALMU_LIMIT_AXIS_LENGTH))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("the place %g, %g is outside of what the image can show"), numbers[0], numbers[1]);
      return FALSE;
    }

  pixels[0] = point[0];
  pixels[1] = point[1];

  return TRUE;
}

/**
 * almu_placer_from_pixels:
 * @pixels: (array fixed-size=2): pixels from 0 at the centre of the first
 * @numbers: (array fixed-size=2) (out caller-allocates): as the file has them,
 *   without its counting of pixels from 1; degrees if they are of the sky
 * @error: return location; %ALMU_ERROR_UNSUPPORTED if there is no sky
 *
 * From the image to a region file.
 *
 * Returns: whether the file can have such a place
 */
gboolean
almu_placer_from_pixels (const AlmuPlacer *self,
                         const double     *pixels,
                         double           *numbers,
                         GError          **error)
{
  double point[2] = { pixels[0], pixels[1] };

  if (!self->is_pixel)
    {
      if (!needs_sky (self, error))
        return FALSE;
      almu_sky_map_to_sky (self->sky, 1, point, point);
      if (!almu_sky_frame_convert (almu_sky_map_get_frame (self->sky), &self->frame, 1, point, error))
        return FALSE;
    }

  if (!isfinite (point[0]) || !isfinite (point[1]))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("pixel %g, %g shows no sky"), pixels[0], pixels[1]);
      return FALSE;
    }

  numbers[0] = point[0];
  numbers[1] = point[1];

  return TRUE;
}

/**
 * almu_placer_get_local:
 * @pixels: (array fixed-size=2): a place on the image
 * @out_local: (out caller-allocates): what a unit is there, a pixel or a degree
 * @error: return location, as of almu_placer_to_pixels()
 *
 * By differences of about a pixel, so that a shape that goes out and comes in
 * again meets the same numbers; and of no less than what sums of degrees still
 * tell to a part in a hundred million.
 *
 * Returns: whether the surroundings are in the projection
 */
gboolean
almu_placer_get_local (const AlmuPlacer *self,
                       const double     *pixels,
                       AlmuLocal        *out_local,
                       GError          **error)
{
  double sky[2], scale[2], step;
  double ends[4][2];

  *out_local = (AlmuLocal){ { 1, 0 }, { 0, 1 } };
  if (self->is_pixel)
    return TRUE;

  if (!almu_placer_from_pixels (self, pixels, sky, error))
    return FALSE;

  almu_sky_map_get_scale (self->sky, scale);
  step = MAX (scale[1], MIN_STEP_DEGREES);
  for (int i = 0; i < 4; i++)
    {
      double sign = i % 2 == 0 ? 1 : -1;
      double place[2] = { sky[0], sky[1] };

      if (i < 2)
        place[0] -= sign * step / cos (sky[1] * (G_PI / 180));
      else
        place[1] += sign * step;
      if (!almu_placer_to_pixels (self, place, ends[i], error))
        return FALSE;
    }

  for (int i = 0; i < 2; i++)
    {
      out_local->right[i] = (ends[0][i] - ends[1][i]) / (2 * step);
      out_local->up[i] = (ends[2][i] - ends[3][i]) / (2 * step);
    }

  return TRUE;
}

/**
 * almu_placer_measure:
 * @length: (inout): degrees become pixels where the file counts pixels
 * @error: return location; %ALMU_ERROR_UNSUPPORTED if the image shows no sky
 *
 * By the scale of the image along y, whatever the place.
 *
 * Returns: whether the length can be had
 */
gboolean
almu_placer_measure (const AlmuPlacer *self,
                     AlmuLength       *length,
                     GError          **error)
{
  double scale[2];

  if (!self->is_pixel || length->is_pixel)
    return TRUE;
  if (!needs_sky (self, error))
    return FALSE;

  almu_sky_map_get_scale (self->sky, scale);
  length->value /= scale[1];
  length->is_pixel = TRUE;

  return TRUE;
}

/**
 * almu_local_to_pixels:
 * @length: a length of a region file
 * @degrees: its direction, from right to up
 * @vector: (array fixed-size=2) (out caller-allocates): pixels along x and y
 *
 * A length and a direction of a region file as a vector on the image. A length in
 * pixels stays as long as it is.
 */
void
almu_local_to_pixels (const AlmuLocal  *self,
                      const AlmuLength *length,
                      double            degrees,
                      double           *vector)
{
  double c = cos (degrees * (G_PI / 180));
  double s = sin (degrees * (G_PI / 180));
  double x = c * self->right[0] + s * self->up[0];
  double y = c * self->right[1] + s * self->up[1];
  double factor = length->is_pixel ? length->value / hypot (x, y) : length->value;

  vector[0] = factor * x;
  vector[1] = factor * y;
}

/**
 * almu_local_from_pixels:
 * @vector: (array fixed-size=2): pixels along x and y
 * @out_length: (out): in the units of @self: pixels, or degrees
 * @out_degrees: (out): direction from right to up, from -180 to 180
 *
 * The way back from almu_local_to_pixels().
 */
void
almu_local_from_pixels (const AlmuLocal *self,
                        const double    *vector,
                        double          *out_length,
                        double          *out_degrees)
{
  double determinant = self->right[0] * self->up[1] - self->right[1] * self->up[0];
  double right = (vector[0] * self->up[1] - vector[1] * self->up[0]) / determinant;
  double up = (self->right[0] * vector[1] - self->right[1] * vector[0]) / determinant;

  *out_length = hypot (right, up);
  *out_degrees = atan2 (up, right) * (180 / G_PI);
}
