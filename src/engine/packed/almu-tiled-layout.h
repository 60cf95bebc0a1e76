/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Axes of an image in tiles: as many as cfitsio, which wrote nearly all of
 * them, takes. */
#define ALMU_TILED_AXES 6

/**
 * AlmuPacking:
 *
 * How the bytes of a compressed tile were packed.
 */
typedef enum
{
  ALMU_PACKING_RICE,
  ALMU_PACKING_GZIP,
  ALMU_PACKING_GZIP_SHUFFLED,
  ALMU_PACKING_PLIO,
  ALMU_PACKING_HCOMPRESS,
  ALMU_PACKING_NONE,
} AlmuPacking;

/**
 * AlmuQuantised:
 *
 * How pixels became integers before they were packed.
 */
typedef enum
{
  ALMU_QUANTISED_NOT,
  ALMU_QUANTISED_PLAIN,
  ALMU_QUANTISED_DITHER_1,
  ALMU_QUANTISED_DITHER_2,
} AlmuQuantised;

/**
 * AlmuTiledColumn:
 * @type: as in TFORMn: what the elements are; 0 if there is no such column
 * @descriptor: P or Q where the elements are in the heap, 0 where in the row
 * @at: where in a row
 */
typedef struct
{
  char   type;
  char   descriptor;
  gint64 at;
} AlmuTiledColumn;

/**
 * AlmuTiledNumber:
 *
 * A number that is one for all tiles, or stands in a column for each.
 */
typedef struct
{
  AlmuTiledColumn column;
  gboolean        has_value;
  double          value;
} AlmuTiledNumber;

/**
 * AlmuTiledLayout:
 * @n_block: of Rice's code
 * @pixel_bytes: likewise
 * @is_smooth: of HCOMPRESS
 * @tile: along each axis; none is longer than the image
 * @n_tiles: along each axis
 * @heap_offset: in the file, as is @rows_offset
 * @packed: the column with the packed tiles, which any tile may have not
 * @gzipped: the column for those that were no good as integers
 * @plain: an older one for these
 *
 * Where the pixels of an image in tiles are, and how they are packed; every
 * number of it has been checked. Immutable.
 */
typedef struct
{
  int           hdu;
  AlmuPacking   packing;
  gint64        n_block;
  int           pixel_bytes;
  gboolean      is_smooth;
  int           bitpix;
  AlmuQuantised quantised;
  gint64        dither_seed;

  int    n_axes;
  gint64 shape[ALMU_TILED_AXES];
  gint64 tile[ALMU_TILED_AXES];
  gint64 n_tiles[ALMU_TILED_AXES];

  gint64 n_rows;
  gint64 row_bytes;
  gint64 rows_offset;
  gint64 heap_offset;
  gint64 heap_bytes;

  AlmuTiledColumn packed;
  AlmuTiledColumn gzipped;
  AlmuTiledColumn plain;
  AlmuTiledNumber scale; /* of quantised pixels */
  AlmuTiledNumber zero;
  AlmuTiledNumber blank;
  double          image_scale; /* BSCALE */
  double          image_zero;
} AlmuTiledLayout;

gboolean almu_tiled_layout_read (int              fd,
                                 const char      *name,
                                 int              hdu,
                                 AlmuTiledLayout *out_layout,
                                 GError         **error);
int      almu_tiled_get_element_bytes (char type);

G_END_DECLS
