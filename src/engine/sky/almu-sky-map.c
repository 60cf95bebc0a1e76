/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sky-map.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-card.h"
#include "almu-error.h"
#include "almu-wcs.h"

struct _AlmuSkyMap
{
  AlmuWcs     *wcs;
  gboolean     is_swapped; /* latitude along x */
  AlmuSkyFrame frame;
  double       scale[2];
};

static gboolean
shows_sky (const AlmuImageInfo *info,
           AlmuSkyMap          *self)
{
  int longitude, latitude;

  if (!almu_wcs_get_sky_axes (self->wcs, &longitude, &latitude))
    return FALSE;

  self->is_swapped = latitude == info->axes.render[0];

  return (longitude == info->axes.render[0] && latitude == info->axes.render[1]) ||
         (latitude == info->axes.render[0] && longitude == info->axes.render[1]);
}

/**
 * almu_sky_map_new:
 * @info: of an image
 *
 * Reads the celestial coordinates of a plane from the header.
 *
 * Returns: (transfer full): the map, or %NULL if the plane shows no sky
 */
AlmuSkyMap *
almu_sky_map_new (const AlmuImageInfo *info,
                  GError             **error)
{
  g_autoptr(AlmuSkyMap) self = g_new0 (AlmuSkyMap, 1);
  double      increments[2];
  const char *records;
  gsize       n_bytes = 0;

  g_return_val_if_fail (info != NULL, NULL);

  records = info->records != NULL ? g_bytes_get_data (info->records, &n_bytes) : NULL;
  if (records != NULL)
    self->wcs = almu_wcs_new (records, n_bytes / ALMU_RECORD_BYTES, NULL);

  if (self->wcs == NULL || !shows_sky (info, self))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                           _ ("the axes of the image plane have no celestial coordinates that can be read "
                              "from the header"));
      return NULL;
    }

  almu_wcs_get_frame (self->wcs, &self->frame);
  almu_wcs_get_increments (self->wcs, increments);
  self->scale[0] = fabs (increments[self->is_swapped ? 1 : 0]);
  self->scale[1] = fabs (increments[self->is_swapped ? 0 : 1]);

  return g_steal_pointer (&self);
}

/**
 * almu_sky_map_free:
 * @self: (nullable) (transfer full): a map
 *
 * Frees the map with its coordinates.
 */
void
almu_sky_map_free (AlmuSkyMap *self)
{
  if (self == NULL)
    return;

  almu_wcs_free (self->wcs);
  g_free (self);
}

/**
 * almu_sky_map_get_frame:
 *
 * What almu_sky_map_to_sky() counts in: that of the image's header.
 *
 * Returns: (transfer none): the frame, for as long as the map
 */
const AlmuSkyFrame *
almu_sky_map_get_frame (AlmuSkyMap *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->frame;
}

/**
 * almu_sky_map_get_scale:
 * @out_scale: (array fixed-size=2) (out caller-allocates): degrees per pixel along
 *   x and y, without sign
 *
 * At the reference point: elsewhere a projection may have others.
 */
void
almu_sky_map_get_scale (AlmuSkyMap *self,
                        double     *out_scale)
{
  g_return_if_fail (self != NULL);

  out_scale[0] = self->scale[0];
  out_scale[1] = self->scale[1];
}

/**
 * almu_sky_map_to_sky:
 * @n_points: how many pairs
 * @pixels: (array): pairs of x and y, 0 is the centre of the first pixel
 * @sky: (array): receives longitude and latitude in the frame of the map,
 *   degrees; NaN for what is outside of the projection; may be @pixels
 *
 * Which directions points of the plane show. Points need not lie in the image.
 */
void
almu_sky_map_to_sky (AlmuSkyMap   *self,
                     gsize         n_points,
                     const double *pixels,
                     double       *sky)
{
  g_return_if_fail (self != NULL);

  for (gsize i = 0; i < n_points; i++)
    {
      double x = pixels[2 * i] + 1;
      double y = pixels[2 * i + 1] + 1;
      double pixel[2] = { self->is_swapped ? y : x, self->is_swapped ? x : y };

      almu_wcs_to_sky (self->wcs, 1, pixel, sky + 2 * i);
    }
}

/**
 * almu_sky_map_to_pixels:
 * @n_points: how many pairs
 * @sky: (array): pairs of longitude and latitude in the frame of the map, degrees
 * @pixels: (array): receives x and y, 0 is the centre of the first pixel; NaN for
 *   what the projection does not show; may be @sky
 *
 * The way back from almu_sky_map_to_sky(). Points need not lie in the image.
 */
void
almu_sky_map_to_pixels (AlmuSkyMap   *self,
                        gsize         n_points,
                        const double *sky,
                        double       *pixels)
{
  g_return_if_fail (self != NULL);

  for (gsize i = 0; i < n_points; i++)
    {
      double pixel[2];

      almu_wcs_to_pixels (self->wcs, 1, sky + 2 * i, pixel);
      pixels[2 * i] = pixel[self->is_swapped ? 1 : 0] - 1;
      pixels[2 * i + 1] = pixel[self->is_swapped ? 0 : 1] - 1;
    }
}
