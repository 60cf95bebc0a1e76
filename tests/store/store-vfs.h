/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SQLite's way to the disk, with failures on demand. The default way once it
 * is installed; counts what could fail: writes, syncs and truncations. */

void  store_vfs_install (void);
void  store_vfs_fail (guint first,
                      guint n_failures,
                      int   status);
guint store_vfs_get_n_failed (void);
guint store_vfs_get_n_calls (void);

G_END_DECLS
