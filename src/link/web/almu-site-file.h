/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-site.h"

G_BEGIN_DECLS

char         *almu_site_decode_path (const char *path,
                                     GError    **error);
AlmuSiteFile *almu_site_file_read (const char         *folder,
                                   const char         *path,
                                   gboolean            gzip,
                                   const AlmuSiteFile *known,
                                   GError            **error);
AlmuSiteFile *almu_site_file_copy (const AlmuSiteFile *file);

G_END_DECLS
