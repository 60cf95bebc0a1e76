/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Room for the stream of any picture. */
gsize almu_kernel_zfp_bound (gsize width,
                             gsize height,
                             int   precision);

/* Returns the size of the stream, or 0 for a picture that has to be left to
 * libzfp. */
gsize almu_kernel_zfp_encode (const float *pixels,
                              gsize        width,
                              gsize        height,
                              int          precision,
                              guint8      *stream);

G_END_DECLS
