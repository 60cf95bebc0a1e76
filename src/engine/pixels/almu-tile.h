/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-rect.h"

G_BEGIN_DECLS

#define ALMU_TILE_SIZE 256
#define ALMU_TILE_MAX_LAYER 12

/**
 * AlmuTile:
 * @layer: 0 is the whole image in one tile, the last full resolution
 * @x: column of the tile
 * @y: row of the tile, from the bottom
 *
 * A place in the pyramid of an image.
 */
typedef struct
{
  int layer;
  int x;
  int y;
} AlmuTile;

int      almu_tile_last_layer (int width,
                               int height);
gint32   almu_tile_encode_place (const AlmuTile *self);
gboolean almu_tile_decode_place (gint32    code,
                                 int       width,
                                 int       height,
                                 AlmuTile *out_tile,
                                 GError  **error);
int      almu_tile_get_mip (const AlmuTile *self,
                            int             width,
                            int             height);
AlmuRect almu_tile_get_area (const AlmuTile *self,
                             int             width,
                             int             height);

G_END_DECLS
