/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean almu_fits_tiles_check (gpointer      handle,
                                const gint64 *first,
                                const gint64 *last,
                                GError      **error);

G_END_DECLS
