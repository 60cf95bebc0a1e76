/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-plane.h"
#include "almu-tile-codec.h"
#include "almu-tile.h"

G_BEGIN_DECLS

/**
 * AlmuVectorSource:
 *
 * Where lengths or angles of vectors come from; numbered as in the ICD.
 */
typedef enum
{
  ALMU_VECTOR_NONE = -1,
  ALMU_VECTOR_CURRENT,
  ALMU_VECTOR_COMPUTED,
} AlmuVectorSource;

/**
 * AlmuVectorRecipe:
 * @current: (nullable): the plane on display, if anything is taken from it
 * @i: (nullable): Stokes I, if lengths or the threshold need it
 * @q: (nullable): Stokes Q, if anything is computed
 * @u: (nullable): Stokes U, likewise
 * @factor: how many pixels each way are one vector
 * @bias: taken from Q² + U²
 * @threshold: NaN for none
 * @threshold_is_linear: whether it is for √(Q² + U²), not I
 *
 * How vectors are made of planes. Any thread.
 */
typedef struct
{
  AlmuPlane       *current;
  AlmuPlane       *i;
  AlmuPlane       *q;
  AlmuPlane       *u;
  int              factor;
  gboolean         is_fractional;
  double           bias;
  double           threshold;
  gboolean         threshold_is_linear;
  AlmuVectorSource intensity;
  AlmuVectorSource angle;
  AlmuCompression  compression;
  float            quality;
} AlmuVectorRecipe;

/**
 * AlmuVectorTile: (foreign)
 * @place: where it is; of the layer whose pixels are nearest in size
 * @mip: how many pixels each way are one vector
 * @intensity: (nullable): lengths
 * @angle: (nullable): degrees from north
 * @has_vectors: whether there is one to draw
 *
 * Some vectors, ready for the wire.
 */
typedef struct
{
  AlmuTile         place;
  int              mip;
  AlmuTilePicture *intensity;
  AlmuTilePicture *angle;
  gboolean         has_vectors;
} AlmuVectorTile;

guint           almu_vectors_count_tiles (int width,
                                          int height,
                                          int factor);
AlmuVectorTile *almu_vectors_make_tile (const AlmuVectorRecipe *recipe,
                                        guint                   index);
void            almu_vector_tile_free (AlmuVectorTile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuVectorTile, almu_vector_tile_free)

G_END_DECLS
