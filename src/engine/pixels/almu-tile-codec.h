/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuCompression:
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_COMPRESSION_NONE,
  ALMU_COMPRESSION_ZFP,
} AlmuCompression;

/**
 * AlmuTilePicture: (foreign)
 * @quality: zfp precision that was used; may exceed the one asked for
 * @pixels: zfp stream, or little-endian floats
 * @blanks: little-endian int32 run lengths, valid first; empty without zfp
 *
 * A tile ready for the wire. Atomically reference counted, immutable.
 */
typedef struct
{
  gatomicrefcount refs;
  int             width;
  int             height;
  AlmuCompression compression;
  float           quality;
  GBytes         *pixels;
  GBytes         *blanks;
} AlmuTilePicture;

AlmuTilePicture *almu_tile_picture_new (const float    *pixels,
                                        gsize           row_stride,
                                        int             width,
                                        int             height,
                                        AlmuCompression compression,
                                        float           quality);
AlmuTilePicture *almu_tile_picture_new_plain (const float    *pixels,
                                              int             width,
                                              int             height,
                                              AlmuCompression compression,
                                              float           quality);
AlmuTilePicture *almu_tile_picture_ref (AlmuTilePicture *self);
void             almu_tile_picture_unref (AlmuTilePicture *self);
gsize            almu_tile_picture_get_size (AlmuTilePicture *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTilePicture, almu_tile_picture_unref)

G_END_DECLS
