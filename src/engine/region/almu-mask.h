/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-plane.h"
#include "almu-rect.h"
#include "almu-shape.h"

G_BEGIN_DECLS

/**
 * AlmuSpan:
 *
 * Pixels of one row that lie inside: @length of them from @x on.
 */
typedef struct
{
  int y;
  int x;
  int length;
} AlmuSpan;

/**
 * AlmuMask: (foreign)
 * @bounds: the smallest rectangle of the image that holds all spans; for a
 *   rotated ellipse the one of its larger radius, which the histogram's bin
 *   count depends on
 * @spans: by row, then from left to right, never touching
 *
 * The pixels of a shape that lie in an image, as row spans. Atomically
 * reference counted, immutable.
 */
typedef struct
{
  gatomicrefcount refs;
  AlmuRect        bounds;
  guint           n_spans;
  AlmuSpan        spans[];
} AlmuMask;

gboolean  almu_mask_check (const AlmuShape *shape,
                           int              width,
                           int              height,
                           GError         **error);
AlmuMask *almu_mask_new (const AlmuShape *shape,
                         int              width,
                         int              height);
AlmuMask *almu_mask_new_for_rect (const AlmuRect *rect);
AlmuMask *almu_mask_ref (AlmuMask *self);
void      almu_mask_unref (AlmuMask *self);

/* No span: the shape lies outside the image. */
gboolean       almu_mask_is_empty (const AlmuMask *self);
gboolean       almu_mask_is_box (const AlmuMask *self);
void           almu_mask_measure (const AlmuMask *self,
                                  AlmuPlane      *plane,
                                  AlmuStats      *out_stats);
gboolean       almu_mask_find (const AlmuMask *self,
                               AlmuPlane      *plane,
                               float           value,
                               int            *out_x,
                               int            *out_y);
AlmuHistogram *almu_mask_count (const AlmuMask  *self,
                                AlmuPlane       *plane,
                                int              n_bins,
                                float            min,
                                float            max,
                                const AlmuStats *stats);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuMask, almu_mask_unref)

G_END_DECLS
