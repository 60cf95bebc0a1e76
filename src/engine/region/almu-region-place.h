/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-shape.h"
#include "almu-sky-map.h"

G_BEGIN_DECLS

/**
 * AlmuPlacer:
 * @sky: (nullable): of the image
 * @is_pixel: whether the file counts pixels, as the image does
 * @frame: that it counts in otherwise
 *
 * How the numbers of a region file and those of an image relate.
 */
typedef struct
{
  AlmuSkyMap  *sky;
  gboolean     is_pixel;
  AlmuSkyFrame frame;
} AlmuPlacer;

/**
 * AlmuLocal:
 * @right: pixels by which one unit goes along x, or, on the sky, to the west
 * @up: likewise along y, or to the north
 *
 * Directions and lengths around a place. Angles of region files are counted
 * from @right to @up.
 */
typedef struct
{
  double right[2];
  double up[2];
} AlmuLocal;

/**
 * AlmuLength:
 *
 * A length of a region file: pixels, or degrees.
 */
typedef struct
{
  double   value;
  gboolean is_pixel;
} AlmuLength;

gboolean almu_placer_to_pixels (const AlmuPlacer *self,
                                const double     *numbers,
                                double           *pixels,
                                GError          **error);
gboolean almu_placer_from_pixels (const AlmuPlacer *self,
                                  const double     *pixels,
                                  double           *numbers,
                                  GError          **error);
gboolean almu_placer_get_local (const AlmuPlacer *self,
                                const double     *pixels,
                                AlmuLocal        *out_local,
                                GError          **error);
gboolean almu_placer_measure (const AlmuPlacer *self,
                              AlmuLength       *length,
                              GError          **error);

void almu_local_to_pixels (const AlmuLocal  *self,
                           const AlmuLength *length,
                           double            degrees,
                           double           *vector);
void almu_local_from_pixels (const AlmuLocal *self,
                             const double    *vector,
                             double          *out_length,
                             double          *out_degrees);

G_END_DECLS
