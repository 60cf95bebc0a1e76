/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuShapeType:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_SHAPE_POINT,
  ALMU_SHAPE_LINE,
  ALMU_SHAPE_POLYLINE,
  ALMU_SHAPE_RECTANGLE,
  ALMU_SHAPE_ELLIPSE,
  ALMU_SHAPE_ANNULUS,
  ALMU_SHAPE_POLYGON,
  ALMU_SHAPE_ANN_POINT,
  ALMU_SHAPE_ANN_LINE,
  ALMU_SHAPE_ANN_POLYLINE,
  ALMU_SHAPE_ANN_RECTANGLE,
  ALMU_SHAPE_ANN_ELLIPSE,
  ALMU_SHAPE_ANN_POLYGON,
  ALMU_SHAPE_ANN_VECTOR,
  ALMU_SHAPE_ANN_RULER,
  ALMU_SHAPE_ANN_TEXT,
  ALMU_SHAPE_ANN_COMPASS,
  ALMU_N_SHAPES,
} AlmuShapeType;

/**
 * AlmuPoint: (foreign)
 *
 * A place on an image, in pixels from 0 at the centre of the first.
 */
typedef struct
{
  float x;
  float y;
} AlmuPoint;

/**
 * AlmuShape:
 * @rotation: degrees, counter-clockwise
 * @points: control points in pixels; their meaning depends on the type:
 *   vertices, or a centre and a size
 *
 * Where a region lies. A value: atomically reference counted, immutable.
 */
typedef struct
{
  gatomicrefcount refs;
  AlmuShapeType   type;
  float           rotation;
  guint           n_points;
  AlmuPoint       points[];
} AlmuShape;

AlmuShape  *almu_shape_new (int              type,
                            const AlmuPoint *points,
                            gsize            n_points,
                            float            rotation,
                            GError         **error);
AlmuShape  *almu_shape_ref (AlmuShape *self);
void        almu_shape_unref (AlmuShape *self);
gboolean    almu_shape_equal (const AlmuShape *a,
                              const AlmuShape *b);
const char *almu_shape_type_get_name (AlmuShapeType type);
gboolean    almu_shape_is_closed (const AlmuShape *self);
gboolean    almu_shape_is_annotation (const AlmuShape *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuShape, almu_shape_unref)

G_END_DECLS
