/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The ways in which the pixels of a tile are packed (FITS Standard 4.0,
 * section 10.4). Each takes the bytes of one tile and makes the pixels of one:
 * whatever the bytes are, nothing behind their end is read and nothing behind
 * the values is written; bytes that do not make as many pixels as there have
 * to be are an error. Any thread.
 */

gboolean almu_unpack_rice (const guint8 *bytes,
                           gsize         n_bytes,
                           int           bytes_per_pixel,
                           gint64        n_block,
                           gint32       *values,
                           gsize         n_values,
                           GError      **error);

gboolean almu_unpack_plio (const guint8 *bytes,
                           gsize         n_bytes,
                           gint32       *values,
                           gsize         n_values,
                           GError      **error);

gboolean almu_unpack_hcompress (const guint8 *bytes,
                                gsize         n_bytes,
                                gboolean      is_smooth,
                                gint64       *values,
                                gsize         n_values,
                                GError      **error);

gboolean almu_unpack_gzip (GZlibDecompressor *inflater,
                           const guint8      *bytes,
                           gsize              n_bytes,
                           guint8            *unpacked,
                           gsize              n_room,
                           gsize             *out_n_unpacked,
                           GError           **error);
void     almu_unpack_unshuffle (const guint8 *shuffled,
                                gsize         element_size,
                                gsize         n_elements,
                                guint8       *elements);

/* For almu_unpack_hcompress(). */
gboolean almu_htransform_invert (gint64 *values,
                                 gsize   n_rows,
                                 gsize   n_columns,
                                 gint64  smoothing);

G_END_DECLS
