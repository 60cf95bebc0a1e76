/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tile.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "almu-error.h"

/* 12 bits each for row and column. */
#define PLACE_BITS 12
#define PLACE_MASK ((1 << PLACE_BITS) - 1)

static gint64
divide_up (gint64 a,
           gint64 b)
{
  return (a + b - 1) / b;
}

/**
 * almu_tile_last_layer:
 * @width: pixels of the image
 * @height: likewise
 *
 * The layer of full resolution: the first whose grid of 2^layer by 2^layer
 * tiles covers the image. May exceed %ALMU_TILE_MAX_LAYER, in which case
 * nobody can ask for full resolution.
 */
int
almu_tile_last_layer (int width,
                      int height)
{
  gint64 n_tiles = divide_up (MAX (width, height), ALMU_TILE_SIZE);
  int    layer = 0;

  g_return_val_if_fail (width > 0 && height > 0, 0);

  while (((gint64) 1 << layer) < n_tiles)
    layer++;

  return layer;
}

/**
 * almu_tile_encode_place:
 * @self: a tile, row and column below 4096
 *
 * The code of a place as the page writes it: 12 bits of x, 12 of y, and the layer
 * above them.
 *
 * Returns: the code, see almu_tile_decode_place()
 */
gint32
almu_tile_encode_place (const AlmuTile *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (gint32) ((guint32) self->layer << (2 * PLACE_BITS) |
                   (guint32) self->y << PLACE_BITS |
                   (guint32) self->x);
}

/**
 * almu_tile_decode_place:
 * @code: a place as the page writes it
 * @width: pixels of the image
 * @height: likewise
 * @out_tile: (out): the tile
 * @error: return location
 *
 * Fails with %ALMU_ERROR_LIMIT for a tile that has no pixel of the image.
 */
gboolean
almu_tile_decode_place (gint32    code,
                        int       width,
                        int       height,
                        AlmuTile *out_tile,
                        GError  **error)
{
  guint32  bits = (guint32) code;
  AlmuTile tile = {
    .layer = (int) (bits >> (2 * PLACE_BITS)),
    .y = (int) (bits >> PLACE_BITS & PLACE_MASK),
    .x = (int) (bits & PLACE_MASK),
  };
  int    last_layer = almu_tile_last_layer (width, height);
  gint64 side;

  g_return_val_if_fail (out_tile != NULL, FALSE);

  if (tile.layer > MIN (last_layer, ALMU_TILE_MAX_LAYER))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Tile of layer %d at %d,%d: an image of %d×%d pixels has layers 0 to %d"),
                   tile.layer, tile.x, tile.y, width, height,
                   MIN (last_layer, ALMU_TILE_MAX_LAYER));
      return FALSE;
    }

  side = (gint64) ALMU_TILE_SIZE << (last_layer - tile.layer);
  if (tile.x * side >= width || tile.y * side >= height)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Tile of layer %d at %d,%d lies outside the image: "
                      "that layer has %" PRId64 "×%" PRId64 " tiles"),
                   tile.layer, tile.x, tile.y,
                   divide_up (width, side), divide_up (height, side));
      return FALSE;
    }

  *out_tile = tile;
  return TRUE;
}

/**
 * almu_tile_get_mip:
 * @self: a tile of the image
 * @width: pixels of the image
 * @height: likewise
 *
 * How many pixels of the image, each way, are one of the tile.
 */
int
almu_tile_get_mip (const AlmuTile *self,
                   int             width,
                   int             height)
{
  int last_layer = almu_tile_last_layer (width, height);

  g_return_val_if_fail (self != NULL, 1);
  g_return_val_if_fail (self->layer >= 0 && self->layer <= last_layer, 1);

  return 1 << (last_layer - self->layer);
}

/**
 * almu_tile_get_area:
 * @self: a tile of the image
 * @width: pixels of the image
 * @height: likewise
 *
 * Where the tile lies in its layer, in the pixels of that layer: what
 * almu_plane_get_layer() gives for almu_tile_get_mip(). Tiles at the right
 * and upper edge are smaller than %ALMU_TILE_SIZE.
 */
AlmuRect
almu_tile_get_area (const AlmuTile *self,
                    int             width,
                    int             height)
{
  int      mip = almu_tile_get_mip (self, width, height);
  int      layer_width = (int) divide_up (width, mip);
  int      layer_height = (int) divide_up (height, mip);
  AlmuRect area = {
    .x = self->x * ALMU_TILE_SIZE,
    .y = self->y * ALMU_TILE_SIZE,
  };

  area.width = MIN (ALMU_TILE_SIZE, layer_width - area.x);
  area.height = MIN (ALMU_TILE_SIZE, layer_height - area.y);

  return area;
}
