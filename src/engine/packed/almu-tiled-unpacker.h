/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-tiled-layout.h"

G_BEGIN_DECLS

/**
 * AlmuTiledUnpacker: (foreign)
 *
 * Reads and unpacks tiles, one after the other, and has the memory that this
 * takes. One thread; several may be at the same image.
 */
typedef struct _AlmuTiledUnpacker AlmuTiledUnpacker;

AlmuTiledUnpacker *almu_tiled_unpacker_new (AlmuImage             *image,
                                            int                    fd,
                                            const AlmuTiledLayout *layout);
void               almu_tiled_unpacker_free (AlmuTiledUnpacker *self);
gboolean           almu_tiled_unpacker_load (AlmuTiledUnpacker *self,
                                             gint64             tile,
                                             gsize              n_pixels,
                                             GError           **error);
void               almu_tiled_unpacker_get (AlmuTiledUnpacker *self,
                                            gsize              first,
                                            gsize              n_pixels,
                                            float             *pixels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTiledUnpacker, almu_tiled_unpacker_free)

G_END_DECLS
