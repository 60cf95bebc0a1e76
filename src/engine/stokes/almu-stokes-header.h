/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"

G_BEGIN_DECLS

AlmuImageInfo *almu_stokes_header_extend (const AlmuImageInfo *info,
                                          const char          *name,
                                          const int           *polarisations,
                                          guint                n,
                                          GArray              *beams,
                                          GError             **error);

G_END_DECLS
