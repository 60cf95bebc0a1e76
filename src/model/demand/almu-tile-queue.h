/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-product.h"

G_BEGIN_DECLS

/**
 * AlmuTileFunc:
 * @kind: begin, one tile, or end
 * @sync_id: which request it answers; process-unique, from 1
 * @n_tiles: how many tiles the request gets
 * @animation_id: whose frame the tiles are of, 0 for none
 */
typedef void (*AlmuTileFunc) (AlmuProductKind        kind,
                              int                    sync_id,
                              int                    n_tiles,
                              int                    animation_id,
                              const AlmuTile        *tile,
                              const AlmuTilePicture *picture,
                              gpointer               user_data);

#define ALMU_TYPE_TILE_QUEUE (almu_tile_queue_get_type ())
G_DECLARE_FINAL_TYPE (AlmuTileQueue, almu_tile_queue, ALMU, TILE_QUEUE, GObject)

AlmuTileQueue *almu_tile_queue_new (AlmuCache   *cache,
                                    AlmuImage   *image,
                                    AlmuTileFunc func,
                                    gpointer     user_data);
GArray        *almu_tile_queue_decode (AlmuTileQueue *self,
                                       const gint32  *codes,
                                       gsize          n_codes,
                                       GError       **error);
void           almu_tile_queue_add_tiles (AlmuTileQueue  *self,
                                          GArray         *tiles,
                                          AlmuCompression compression,
                                          float           quality,
                                          int             animation_id);
void           almu_tile_queue_begin (AlmuTileQueue *self,
                                      AlmuPlane     *plane,
                                      int            channel,
                                      int            stokes);
void           almu_tile_queue_begin_early (AlmuTileQueue *self,
                                            int            channel,
                                            int            stokes);
void           almu_tile_queue_clear (AlmuTileQueue *self);
void           almu_tile_queue_drop_requests (AlmuTileQueue *self);
gboolean       almu_tile_queue_is_idle (AlmuTileQueue *self);
void           almu_tile_queue_set_paused (AlmuTileQueue *self,
                                           gboolean       paused);
guint          almu_tile_queue_get_n_running (AlmuTileQueue *self);

G_END_DECLS
