/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"
#include "almu-sky-frame.h"

G_BEGIN_DECLS

/**
 * AlmuSkyMap: (foreign)
 *
 * Which direction of the sky each pixel of an image's plane shows. One thread
 * at a time.
 */
typedef struct _AlmuSkyMap AlmuSkyMap;

AlmuSkyMap         *almu_sky_map_new (const AlmuImageInfo *info,
                                      GError             **error);
void                almu_sky_map_free (AlmuSkyMap *self);
const AlmuSkyFrame *almu_sky_map_get_frame (AlmuSkyMap *self);
void                almu_sky_map_get_scale (AlmuSkyMap *self,
                                            double     *out_scale);
void                almu_sky_map_to_sky (AlmuSkyMap   *self,
                                         gsize         n_points,
                                         const double *pixels,
                                         double       *sky);
void                almu_sky_map_to_pixels (AlmuSkyMap   *self,
                                            gsize         n_points,
                                            const double *sky,
                                            double       *pixels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSkyMap, almu_sky_map_free)

G_END_DECLS
