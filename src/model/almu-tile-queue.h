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
 */
typedef void (*AlmuTileFunc) (AlmuProductKind        kind,
                              int                    sync_id,
                              int                    n_tiles,
                              const AlmuTile        *tile,
                              const AlmuTilePicture *picture,
                              gpointer               user_data);

#define ALMU_TYPE_TILE_QUEUE (almu_tile_queue_get_type ())
G_DECLARE_FINAL_TYPE (AlmuTileQueue, almu_tile_queue, ALMU, TILE_QUEUE, GObject)

AlmuTileQueue *almu_tile_queue_new (AlmuCache   *cache,
                                    AlmuImage   *image,
                                    AlmuTileFunc func,
                                    gpointer     user_data);
gboolean       almu_tile_queue_add (AlmuTileQueue  *self,
                                    const gint32   *codes,
                                    gsize           n_codes,
                                    AlmuCompression compression,
                                    float           quality,
                                    GError        **error);
void           almu_tile_queue_begin (AlmuTileQueue *self,
                                      AlmuPlane     *plane,
                                      int            channel,
                                      int            stokes);
void           almu_tile_queue_clear (AlmuTileQueue *self);
void           almu_tile_queue_set_paused (AlmuTileQueue *self,
                                           gboolean       paused);
guint          almu_tile_queue_get_n_running (AlmuTileQueue *self);

G_END_DECLS
