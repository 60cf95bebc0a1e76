/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-lru.h"

G_BEGIN_DECLS

AlmuLruKey    almu_cache_key_of_plane (AlmuImage *image,
                                       int        channel,
                                       int        stokes);
AlmuLruKey    almu_cache_key_of_histogram (AlmuImage *image,
                                           int        channel,
                                           int        stokes);
AlmuLruKey    almu_cache_key_of_tile (AlmuImage      *image,
                                      int             channel,
                                      int             stokes,
                                      const AlmuTile *tile,
                                      AlmuCompression compression,
                                      float           quality);
AlmuLruKey    almu_cache_key_of_spectrum (AlmuImage       *image,
                                          int              stokes,
                                          const AlmuShape *shape,
                                          gboolean         is_pixel);
AlmuLruKey    almu_cache_key_of_cube (AlmuImage               *image,
                                      int                      stokes,
                                      const AlmuHistogramWant *want);
AlmuCacheKind almu_cache_key_get_kind (const AlmuLruKey *key);

G_END_DECLS
