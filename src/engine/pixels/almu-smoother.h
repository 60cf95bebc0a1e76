/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuSmoothing:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_SMOOTHING_NONE,
  ALMU_SMOOTHING_BLOCK,
  ALMU_SMOOTHING_GAUSSIAN,
  ALMU_N_SMOOTHINGS,
} AlmuSmoothing;

/**
 * AlmuSmoother: (foreign)
 *
 * A plane made smoother, some rows at a time: nobody has to keep all of it.
 * Immutable, any thread.
 */
typedef struct _AlmuSmoother AlmuSmoother;

AlmuSmoother *almu_smoother_new (const float  *pixels,
                                 int           width,
                                 int           height,
                                 AlmuSmoothing smoothing,
                                 int           factor);
void          almu_smoother_free (AlmuSmoother *self);
int           almu_smoother_get_width (AlmuSmoother *self);
int           almu_smoother_get_height (AlmuSmoother *self);
double        almu_smoother_get_scale (AlmuSmoother *self);
double        almu_smoother_get_offset (AlmuSmoother *self);
gsize         almu_smoother_get_room (AlmuSmoother *self);
const float  *almu_smoother_peek_rows (AlmuSmoother *self,
                                       int           begin);
void          almu_smoother_make_rows (AlmuSmoother *self,
                                       int           begin,
                                       int           end,
                                       float        *rows,
                                       float        *room);

void almu_smooth_blocks (const float *pixels,
                         gsize        row_stride,
                         int          width,
                         int          height,
                         int          factor,
                         float       *means,
                         float       *room);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSmoother, almu_smoother_free)

G_END_DECLS
