/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-shape.h"

G_BEGIN_DECLS

/**
 * AlmuMarkShape:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_MARK_SHAPE_SQUARE,
  ALMU_MARK_SHAPE_BOX,
  ALMU_MARK_SHAPE_CIRCLE,
  ALMU_MARK_SHAPE_CIRCLE_LINED,
  ALMU_MARK_SHAPE_DIAMOND,
  ALMU_MARK_SHAPE_DIAMOND_LINED,
  ALMU_MARK_SHAPE_CROSS,
  ALMU_MARK_SHAPE_X,
  ALMU_N_MARK_SHAPES,
} AlmuMarkShape;

#define ALMU_N_TEXT_POSITIONS 9

/**
 * AlmuRegionStyle:
 * @name: what people call it, may be ""
 * @color: "#RRGGBB", or a name
 * @line_width: pixels of the screen
 * @n_dashes: 0 for a solid line
 * @dashes: pixels of the screen, on and off
 * @mark_shape: of points, as @mark_size
 * @labels: text of a text annotation; letters of north and east of a compass
 * @frame: the frame that rulers and compasses count in, may be ""
 * @has_arrow: of a compass to the north and to the east
 * @text_position: numbered as in the ICD
 * @font: family
 * @font_style: "Normal", "Bold", "Italic", "Italic Bold"
 *
 * How a region looks, as far as region files tell.
 */
typedef struct
{
  char         *name;
  char         *color;
  int           line_width;
  int           n_dashes;
  int           dashes[2];
  AlmuMarkShape mark_shape;
  int           mark_size;
  char         *labels[2];
  char         *frame;
  gboolean      has_arrow[2];
  int           text_position;
  char         *font;
  char         *font_style;
  int           font_size;
} AlmuRegionStyle;

/**
 * AlmuRegionEntry: (foreign)
 *
 * A region as region files know it.
 */
typedef struct
{
  AlmuShape      *shape;
  AlmuRegionStyle style;
} AlmuRegionEntry;

void almu_region_style_init (AlmuRegionStyle *self);
void almu_region_style_copy (AlmuRegionStyle       *self,
                             const AlmuRegionStyle *from);
void almu_region_style_clear (AlmuRegionStyle *self);

AlmuRegionEntry *almu_region_entry_new (AlmuShape             *shape,
                                        const AlmuRegionStyle *style);
void             almu_region_entry_free (AlmuRegionEntry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuRegionEntry, almu_region_entry_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AlmuRegionStyle, almu_region_style_clear)

G_END_DECLS
