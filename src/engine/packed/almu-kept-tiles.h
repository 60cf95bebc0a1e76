/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tiles that were unpacked for a few of their pixels, in the hope that others
 * are wanted next. One for the process; any thread. */

/**
 * AlmuTileMaker:
 *
 * Makes the pixels of a tile: floats, or %NULL with an error.
 */
typedef GBytes *(*AlmuTileMaker) (gpointer user_data,
                                  GError **error);

GBytes *almu_kept_tiles_find (guint64 image,
                              gint64  tile);
GBytes *almu_kept_tiles_get (guint64       image,
                             gint64        tile,
                             AlmuTileMaker make,
                             gpointer      user_data,
                             GError      **error);
void    almu_kept_tiles_drop (guint64 image);

G_END_DECLS
