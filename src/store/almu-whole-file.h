/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char    *almu_whole_file_read (const char *path,
                               gsize       max_bytes,
                               GError    **error);
gboolean almu_whole_file_write (const char *folder,
                                const char *name,
                                const char *text,
                                GError    **error);
gboolean almu_whole_file_remove (const char *folder,
                                 const char *name,
                                 GError    **error);
void     almu_whole_file_sweep (const char *folder);

G_END_DECLS
