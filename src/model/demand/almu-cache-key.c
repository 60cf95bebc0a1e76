/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-key.h"

#include <math.h>
#include <string.h>

/* Under what number the cache finds what was made from an image. */

/* What LRU details mean: 0 the plane, 1 its histogram, else a tile, or with
 * the first channel the spectrum of a place or a histogram of all channels. */
#define DETAIL_PLANE 0
#define DETAIL_HISTOGRAM 1
#define DETAIL_TILES (G_GUINT64_CONSTANT (1) << 63)
#define DETAIL_SPECTRA (G_GUINT64_CONSTANT (1) << 62)
#define DETAIL_PIXELS (G_GUINT64_CONSTANT (1) << 61)
#define DETAIL_CUBES (G_GUINT64_CONSTANT (1) << 60)

#define FNV_PRIME G_GUINT64_CONSTANT (0x100000001b3)

static AlmuLruKey
make_key (AlmuImage *image,
          int        channel,
          int        stokes,
          guint64    detail)
{
  const AlmuImageInfo *info = almu_image_get_info (image);

  return (AlmuLruKey){
    .owner = almu_image_get_serial (image),
    .item = (guint64) stokes * (guint64) info->depth + (guint64) channel,
    .detail = detail,
  };
}

static guint64
float_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);

  return bits;
}

static guint64
spectrum_detail (const AlmuShape *shape,
                 gboolean         is_pixel)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);
  guint64 kind = is_pixel ? DETAIL_SPECTRA | DETAIL_PIXELS : DETAIL_SPECTRA;

  if (shape == NULL)
    return kind;

  hash = (hash ^ (guint64) shape->type) * FNV_PRIME;
  hash = (hash ^ float_bits (shape->rotation)) * FNV_PRIME;
  for (guint i = 0; i < shape->n_points; i++)
    {
      hash = (hash ^ float_bits (shape->points[i].x)) * FNV_PRIME;
      hash = (hash ^ float_bits (shape->points[i].y)) * FNV_PRIME;
    }

  return kind | (hash & (DETAIL_PIXELS - 1));
}

static guint64
cube_detail (const AlmuHistogramWant *want)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  hash = (hash ^ (guint64) (want->has_fixed_bins ? want->n_bins : ALMU_BINS_AUTO)) * FNV_PRIME;
  if (want->has_fixed_bounds)
    {
      hash = (hash ^ g_double_hash (&want->min)) * FNV_PRIME;
      hash = (hash ^ g_double_hash (&want->max)) * FNV_PRIME;
    }

  return DETAIL_CUBES | (hash & (DETAIL_CUBES - 1));
}

static guint64
tile_detail (const AlmuTile *tile,
             AlmuCompression compression,
             float           quality)
{
  guint64 precision = compression == ALMU_COMPRESSION_ZFP ? (guint64) lroundf (CLAMP (quality, 0, 63)) : 0;

  return DETAIL_TILES | ((guint64) compression << 40) | (precision << 32) |
         (guint32) almu_tile_encode_place (tile);
}

/**
 * almu_cache_key_of_plane: (skip)
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * No two planes of images that are open at the same time have the same.
 *
 * Returns: under what the plane is kept
 */
AlmuLruKey
almu_cache_key_of_plane (AlmuImage *image,
                         int        channel,
                         int        stokes)
{
  return make_key (image, channel, stokes, DETAIL_PLANE);
}

/**
 * almu_cache_key_of_histogram: (skip)
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * For the one with automatic bins over all values of a plane.
 *
 * Returns: under what it is kept
 */
AlmuLruKey
almu_cache_key_of_histogram (AlmuImage *image,
                             int        channel,
                             int        stokes)
{
  return make_key (image, channel, stokes, DETAIL_HISTOGRAM);
}

/**
 * almu_cache_key_of_tile: (skip)
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @tile: its place
 * @compression: how it is encoded
 * @quality: and how well; only whole numbers are told apart, and only for ZFP
 *
 * Tiles that are encoded alike have the same.
 *
 * Returns: under what the tile is kept
 */
AlmuLruKey
almu_cache_key_of_tile (AlmuImage      *image,
                        int             channel,
                        int             stokes,
                        const AlmuTile *tile,
                        AlmuCompression compression,
                        float           quality)
{
  return make_key (image, channel, stokes, tile_detail (tile, compression, quality));
}

/**
 * almu_cache_key_of_spectrum: (skip)
 * @image: of which
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @shape: (nullable): the place; %NULL for all pixels of a channel
 * @is_pixel: whether values are meant, not statistics
 *
 * Two places may come to the same key: who looks one up compares them too.
 *
 * Returns: under what the spectrum is kept
 */
AlmuLruKey
almu_cache_key_of_spectrum (AlmuImage       *image,
                            int              stokes,
                            const AlmuShape *shape,
                            gboolean         is_pixel)
{
  return make_key (image, 0, stokes, spectrum_detail (shape, is_pixel));
}

/**
 * almu_cache_key_of_cube: (skip)
 * @image: of which
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @want: how it is counted
 *
 * As for spectra, what is wanted has to be compared too.
 *
 * Returns: under what the histogram is kept
 */
AlmuLruKey
almu_cache_key_of_cube (AlmuImage               *image,
                        int                      stokes,
                        const AlmuHistogramWant *want)
{
  return make_key (image, 0, stokes, cube_detail (want));
}

/**
 * almu_cache_key_get_kind:
 * @key: made by one of the others
 *
 * Tells from the key alone what is kept under it.
 *
 * Returns: what it is
 */
AlmuCacheKind
almu_cache_key_get_kind (const AlmuLruKey *key)
{
  if ((key->detail & DETAIL_TILES) != 0)
    return ALMU_CACHE_TILES;
  if ((key->detail & DETAIL_SPECTRA) != 0)
    return ALMU_CACHE_SPECTRA;

  return key->detail == DETAIL_PLANE ? ALMU_CACHE_PLANES : ALMU_CACHE_HISTOGRAMS;
}
