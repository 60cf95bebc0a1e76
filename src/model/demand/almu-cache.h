/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-contour.h"
#include "almu-convoy.h"
#include "almu-errand.h"
#include "almu-file-name.h"
#include "almu-image.h"
#include "almu-plane.h"
#include "almu-spectrum.h"
#include "almu-tile-codec.h"
#include "almu-tile.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuCacheKind:
 * @ALMU_CACHE_PLANES: decoded planes and the pyramids over them
 * @ALMU_CACHE_TILES: tiles as they are sent
 * @ALMU_CACHE_HISTOGRAMS: of planes and of cubes
 * @ALMU_CACHE_SPECTRA: of points and regions
 * @ALMU_CACHE_TURNED: places of cubes that the cursor is often at
 */
typedef enum
{
  ALMU_CACHE_PLANES,
  ALMU_CACHE_TILES,
  ALMU_CACHE_HISTOGRAMS,
  ALMU_CACHE_SPECTRA,
  ALMU_CACHE_TURNED,
  ALMU_N_CACHE_KINDS,
} AlmuCacheKind;

#define ALMU_TYPE_CACHE (almu_cache_get_type ())
G_DECLARE_FINAL_TYPE (AlmuCache, almu_cache, ALMU, CACHE, GObject)

AlmuCache *almu_cache_new (gsize budget);
gsize      almu_cache_get_size (AlmuCache *self);
void       almu_cache_measure (AlmuCache *self,
                               gsize      out_sizes[ALMU_N_CACHE_KINDS]);
gsize      almu_cache_get_budget (AlmuCache *self);
gsize      almu_cache_get_image_size (AlmuCache *self,
                                      AlmuImage *image);
AlmuImage *almu_cache_share_image (AlmuCache          *self,
                                   AlmuImage          *image,
                                   const AlmuFileName *name);
gboolean   almu_cache_is_shared (AlmuCache *self,
                                 AlmuImage *image);
void       almu_cache_drop_image (AlmuCache *self,
                                  AlmuImage *image);

AlmuPlane *almu_cache_peek_plane (AlmuCache *self,
                                  AlmuImage *image,
                                  int        channel,
                                  int        stokes);
void       almu_cache_get_plane_async (AlmuCache          *self,
                                       AlmuImage          *image,
                                       int                 channel,
                                       int                 stokes,
                                       int                 priority,
                                       GCancellable       *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer            user_data);
AlmuPlane *almu_cache_get_plane_finish (AlmuCache    *self,
                                        GAsyncResult *result,
                                        GError      **error);

AlmuHistogram   *almu_cache_peek_histogram (AlmuCache *self,
                                            AlmuImage *image,
                                            int        channel,
                                            int        stokes);
void             almu_cache_keep_histogram (AlmuCache     *self,
                                            AlmuImage     *image,
                                            int            channel,
                                            int            stokes,
                                            AlmuHistogram *histogram);
AlmuSpectrum    *almu_cache_peek_spectrum (AlmuCache *self,
                                           AlmuImage *image,
                                           AlmuShape *shape,
                                           gboolean   is_pixel,
                                           int        stokes);
void             almu_cache_keep_spectrum (AlmuCache    *self,
                                           AlmuImage    *image,
                                           int           stokes,
                                           AlmuSpectrum *spectrum);
void             almu_cache_get_spectrum_async (AlmuCache          *self,
                                                AlmuConvoy         *convoy,
                                                AlmuImage          *image,
                                                AlmuShape          *shape,
                                                gboolean            is_pixel,
                                                int                 stokes,
                                                GCancellable       *cancellable,
                                                AlmuErrandProgress  progress,
                                                GAsyncReadyCallback callback,
                                                gpointer            user_data);
AlmuSpectrum    *almu_cache_get_spectrum_finish (AlmuCache    *self,
                                                 GAsyncResult *result,
                                                 GError      **error);
AlmuSpectrum    *almu_cache_visit (AlmuCache *self,
                                   AlmuImage *image,
                                   AlmuShape *point,
                                   gboolean   is_pixel,
                                   int        stokes,
                                   gpointer   like);
AlmuHistogram   *almu_cache_peek_cube (AlmuCache               *self,
                                       AlmuImage               *image,
                                       int                      stokes,
                                       const AlmuHistogramWant *want);
void             almu_cache_keep_cube (AlmuCache               *self,
                                       AlmuImage               *image,
                                       int                      stokes,
                                       const AlmuHistogramWant *want,
                                       AlmuHistogram           *histogram);
void             almu_cache_count_cube_async (AlmuCache          *self,
                                              AlmuImage          *image,
                                              int                 stokes,
                                              GArray             *wants,
                                              GCancellable       *cancellable,
                                              AlmuErrandProgress  progress,
                                              GAsyncReadyCallback callback,
                                              gpointer            user_data);
GPtrArray       *almu_cache_count_cube_finish (AlmuCache    *self,
                                               GAsyncResult *result,
                                               GError      **error);
void             almu_cache_trace_async (AlmuCache               *self,
                                         AlmuPlane               *plane,
                                         const AlmuContourRecipe *recipe,
                                         GCancellable            *cancellable,
                                         GAsyncReadyCallback      callback,
                                         gpointer                 user_data);
AlmuContours    *almu_cache_trace_finish (AlmuCache    *self,
                                          GAsyncResult *result,
                                          GError      **error);
AlmuTilePicture *almu_cache_peek_tile (AlmuCache      *self,
                                       AlmuImage      *image,
                                       int             channel,
                                       int             stokes,
                                       const AlmuTile *tile,
                                       AlmuCompression compression,
                                       float           quality);
void             almu_cache_keep_tile (AlmuCache       *self,
                                       AlmuImage       *image,
                                       int              channel,
                                       int              stokes,
                                       const AlmuTile  *tile,
                                       AlmuCompression  compression,
                                       float            quality,
                                       AlmuTilePicture *picture);

G_END_DECLS
