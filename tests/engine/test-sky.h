/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>
#include <string.h>

#include "almu-image-info.h"
#include "almu-sky-map.h"

/* What almu_sky_map_new() looks at, of a header given as cards. */
static inline AlmuImageInfo *
test_sky_info_new (const char *const *cards)
{
  AlmuImageInfo *info = g_new0 (AlmuImageInfo, 1);
  GString       *records = g_string_new (NULL);
  gsize          n = 0;

  for (; cards[n] != NULL; n++)
    g_string_append_printf (records, "%-80s", cards[n]);

  info->axes.render[0] = 1;
  info->axes.render[1] = 2;
  info->width = info->height = 1000;
  info->records = g_string_free_to_bytes (records);

  return info;
}

static inline void
test_sky_info_free (AlmuImageInfo *info)
{
  g_bytes_unref (info->records);
  g_free (info);
}

/* A plane of @projection around a place, turned and scaled, its pixels
 * @stretch times as high as wide and its axes not at right angles. */
static inline AlmuSkyMap *
test_sky_map_new_sheared (const char *longitude,
                          const char *latitude,
                          const char *projection,
                          const char *frame_card,
                          double      crval1,
                          double      crval2,
                          double      scale,
                          double      degrees,
                          gboolean    is_mirrored,
                          double      stretch,
                          double      shear)
{
  g_autoptr(GError) error = NULL;
  double         radians = degrees * (G_PI / 180);
  double         sign = is_mirrored ? 1 : -1;
  const double   matrix[] = { sign * cos (radians), sign * (shear - sin (radians)), sin (radians), cos (radians) };
  char           text[16][81];
  const char    *cards[17] = { 0 };
  AlmuImageInfo *info;
  AlmuSkyMap    *map;
  int            n = 0;

  g_snprintf (text[n++], 81, "CTYPE1  = '%s-%s'", longitude, projection);
  g_snprintf (text[n++], 81, "CTYPE2  = '%s-%s'", latitude, projection);
  g_snprintf (text[n++], 81, "CRPIX1  = 500.5");
  g_snprintf (text[n++], 81, "CRPIX2  = 480.25");
  g_snprintf (text[n++], 81, "CRVAL1  = %.12f", crval1);
  g_snprintf (text[n++], 81, "CRVAL2  = %.12f", crval2);
  g_snprintf (text[n++], 81, "CDELT1  = %.12f", scale);
  g_snprintf (text[n++], 81, "CDELT2  = %.12f", scale * stretch);
  g_snprintf (text[n++], 81, "PC1_1   = %.15f", matrix[0]);
  g_snprintf (text[n++], 81, "PC1_2   = %.15f", matrix[1]);
  g_snprintf (text[n++], 81, "PC2_1   = %.15f", matrix[2]);
  g_snprintf (text[n++], 81, "PC2_2   = %.15f", matrix[3]);
  g_snprintf (text[n++], 81, "%s", frame_card);
  for (int i = 0; i < n; i++)
    cards[i] = text[i];

  info = test_sky_info_new (cards);
  map = almu_sky_map_new (info, &error);
  test_sky_info_free (info);
  g_assert_no_error (error);

  return map;
}

static inline AlmuSkyMap *
test_sky_map_new (const char *longitude,
                  const char *latitude,
                  const char *projection,
                  const char *frame_card,
                  double      crval1,
                  double      crval2,
                  double      scale,
                  double      degrees,
                  gboolean    is_mirrored)
{
  return test_sky_map_new_sheared (longitude, latitude, projection, frame_card, crval1, crval2, scale, degrees,
                                   is_mirrored, 1, 0);
}
