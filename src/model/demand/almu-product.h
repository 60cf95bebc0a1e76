/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-contour.h"
#include "almu-histogram.h"
#include "almu-line.h"

#include "almu-overlay.h"
#include "almu-rows-want.h"
#include "almu-tile-codec.h"
#include "almu-tile.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuProductKind:
 *
 * What a product is of, and so which of its members mean something.
 */
typedef enum
{
  ALMU_PRODUCT_HISTOGRAM,
  ALMU_PRODUCT_STATS,
  ALMU_PRODUCT_SPATIAL,
  ALMU_PRODUCT_SPECTRAL,
  ALMU_PRODUCT_TILES_BEGIN,
  ALMU_PRODUCT_TILE,
  ALMU_PRODUCT_TILES_END,
  ALMU_PRODUCT_CONTOURS,
  ALMU_PRODUCT_VECTORS,
  ALMU_PRODUCT_ROWS,
} AlmuProductKind;

/**
 * AlmuProfile:
 *
 * One cut along an axis, or one spectrum; values as little-endian floats
 * (spatial, cursor) or doubles.
 */
typedef struct
{
  const char   *coordinate;
  int           start;
  int           end;
  int           mip;
  AlmuStatsType stats_type;
  GBytes       *values;

  const AlmuLineAxis *line_axis; /* of lines only, else NULL */
} AlmuProfile;

/**
 * AlmuStatistic:
 *
 * One number of the statistics of a plane or region.
 */
typedef struct
{
  AlmuStatsType type;
  double        value;
} AlmuStatistic;

/**
 * AlmuProduct:
 * @epoch: of the session when the work was asked for; products of an
 *   earlier epoch are not for the link that is attached now
 * @frame: which of a series of pictures, so that what is said of another one
 *   does not stand for this; 0 for none
 * @progress: 1 when complete; below 0 for contours and vectors when what was
 *   said of them is void
 *
 * What a calculation has to say, on its way from a file to whoever listens.
 * Lives only as long as the signal that carries it; everything in it is
 * borrowed.
 */
typedef struct
{
  AlmuProductKind kind;
  guint           epoch;
  int             file_id;
  int             region_id;
  int             channel;
  int             stokes;
  guint           frame;
  float           progress;

  union
  {
    struct
    {
      const AlmuHistogramWant *want;
      const AlmuHistogram     *histogram; /* NULL while nothing was counted yet */
    } histogram;

    struct
    {
      const AlmuStatistic *values;
      guint                n_values;
    } stats;

    struct
    {
      int                x;
      int                y;
      float              value;
      const AlmuProfile *profiles;
      guint              n_profiles;
    } profile;

    struct
    {
      int                    sync_id;
      int                    n_tiles;
      const AlmuTile        *tile;
      const AlmuTilePicture *picture;
      int                    animation_id; /* 0 outside animations */
    } tiles;

    struct
    {
      int                     reference_file_id;
      const AlmuContourChunk *chunk; /* NULL if void */
    } contours;

    struct
    {
      const AlmuVectorSettings *settings;
      const AlmuVectorTile     *tile; /* NULL if void, and at an end after which there is none */
    } vectors;

    /* the file id is that of a catalog */
    struct
    {
      const AlmuDataTable *table;
      const AlmuTableView *view; /* NULL if there is none for an error */
      const AlmuRowsWant  *want;
      const GPtrArray     *cells; /* GBytes, for each column that is wanted; or NULL */
      gint64               start;
      gint64               n_rows;
      gint64               end; /* of all that was asked for */
    } rows;
  };
} AlmuProduct;

G_END_DECLS
