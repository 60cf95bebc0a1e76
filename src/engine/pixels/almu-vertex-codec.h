/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the ICD allows. */
#define ALMU_MAX_DECIMATION 32
#define ALMU_MAX_ZSTD_LEVEL 20

GBytes *almu_vertex_encode (const float  *numbers,
                            gsize         n_numbers,
                            int           decimation,
                            int           compression_level,
                            GCancellable *cancellable);
void    almu_vertex_release (void);

G_END_DECLS
