/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-shape.h"
#include "almu-sky-map.h"

G_BEGIN_DECLS

/**
 * AlmuLineAxisType:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_LINE_OFFSET,
  ALMU_LINE_DISTANCE,
} AlmuLineAxisType;

/**
 * AlmuLineAxis:
 * @type: counted from the middle of a line, or along a polyline
 * @reference_index: the value that lies at @reference
 * @reference: in @unit
 * @increment: between values, in @unit
 * @unit: a static string
 *
 * Where the values of a profile along a line lie.
 */
typedef struct
{
  AlmuLineAxisType type;
  int              reference_index;
  double           reference;
  double           increment;
  const char      *unit;
} AlmuLineAxis;

gboolean   almu_shape_is_line (const AlmuShape *shape);
GPtrArray *almu_line_cut (const AlmuShape *line,
                          int              width,
                          AlmuSkyMap      *sky,
                          AlmuLineAxis    *out_axis,
                          GError         **error);

G_END_DECLS
