/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

#define ALMU_TYPE_TILED_IMAGE (almu_tiled_image_get_type ())
G_DECLARE_FINAL_TYPE (AlmuTiledImage, almu_tiled_image, ALMU, TILED_IMAGE, AlmuImage)

AlmuImage *almu_tiled_image_new (int                    fd,
                                 const char            *name,
                                 const AlmuFingerprint *fingerprint,
                                 AlmuImageInfo         *info,
                                 GError               **error);

G_END_DECLS
