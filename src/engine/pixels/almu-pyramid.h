/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuPyramid: (foreign)
 *
 * A plane down-sampled by 2, 4, 8 … to what fits in one tile. Belongs to
 * the plane; immutable once it is filled, any thread.
 */
typedef struct _AlmuPyramid AlmuPyramid;

AlmuPyramid *almu_pyramid_new (int width,
                               int height);
void         almu_pyramid_free (AlmuPyramid *self);
int          almu_pyramid_get_band_height (AlmuPyramid *self);
void         almu_pyramid_fill (AlmuPyramid *self,
                                const float *pixels,
                                int          begin,
                                int          end,
                                gboolean     has_blanks);
const float *almu_pyramid_get_layer (AlmuPyramid *self,
                                     int          mip,
                                     int         *out_width,
                                     int         *out_height);
gsize        almu_pyramid_estimate_size (int width,
                                         int height);

float *almu_pixels_try_new (gsize n_pixels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuPyramid, almu_pyramid_free)

G_END_DECLS
