/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-rect.h"

G_BEGIN_DECLS

/* Geometry to row spans; private to the mask. Everything here follows the
 * single-precision arithmetic that CARTA's results have always come from, so
 * that the same region gives the same pixels. Where coordinates are so large
 * that single precision no longer tells pixels apart, double takes over.
 */
#define ALMU_FILL_PRECISE ((double) (1 << 24))

/* Two numbers are the same coordinate. */
#define ALMU_FILL_TOLERANCE 1e-5

/**
 * AlmuVertex:
 *
 * A corner of a polygon. Double, so that the corners of a huge rectangle
 * still have a place.
 */
typedef struct
{
  double x;
  double y;
} AlmuVertex;

/**
 * AlmuEllipse:
 * @radius: the larger first
 * @angle: of the larger radius, counter-clockwise from +x, radians in [0, π)
 */
typedef struct
{
  float x;
  float y;
  float radius[2];
  float angle;
} AlmuEllipse;

gboolean almu_fill_is_near (double a,
                            double b);
int      almu_fill_first_pixel (double edge);
int      almu_fill_last_pixel (double edge);
gboolean almu_fill_polygon (const AlmuVertex *vertices,
                            guint             n_vertices,
                            int               width,
                            int               height,
                            GArray           *spans,
                            GError          **error);
gboolean almu_fill_ellipse (const AlmuEllipse *ellipse,
                            int                width,
                            int                height,
                            GArray            *spans,
                            AlmuRect          *out_bounds,
                            GError           **error);

G_END_DECLS
