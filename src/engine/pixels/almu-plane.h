/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-histogram.h"
#include "almu-image.h"
#include "almu-stats.h"

G_BEGIN_DECLS

/**
 * AlmuPlane: (foreign)
 *
 * One channel of one polarisation in memory, with its statistics and its
 * down-sampled layers. Read once, then serves histogram, statistics, profiles
 * and tiles. Atomically reference counted, immutable, any thread.
 */
typedef struct _AlmuPlane AlmuPlane;

AlmuPlane       *almu_plane_load (AlmuImage    *image,
                                  int           channel,
                                  int           stokes,
                                  GCancellable *cancellable,
                                  GError      **error);
AlmuPlane       *almu_plane_combine (AlmuImage        *image,
                                     int               channel,
                                     int               polarisation,
                                     AlmuPlane *const *parts,
                                     GCancellable     *cancellable,
                                     GError          **error);
AlmuPlane       *almu_plane_new_for_pixels (const float *pixels,
                                            int          width,
                                            int          height);
AlmuPlane       *almu_plane_ref (AlmuPlane *self);
void             almu_plane_unref (AlmuPlane *self);
int              almu_plane_get_width (AlmuPlane *self);
int              almu_plane_get_height (AlmuPlane *self);
const float     *almu_plane_get_pixels (AlmuPlane *self);
const AlmuStats *almu_plane_get_stats (AlmuPlane *self);
gsize            almu_plane_get_size (AlmuPlane *self);
gsize            almu_plane_estimate_size (int width,
                                           int height);
AlmuHistogram   *almu_plane_count (AlmuPlane *self,
                                   int        n_bins,
                                   float      min,
                                   float      max);
const float     *almu_plane_get_layer (AlmuPlane *self,
                                       int        mip,
                                       int       *out_width,
                                       int       *out_height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuPlane, almu_plane_unref)

G_END_DECLS
