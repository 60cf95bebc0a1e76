/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"
#include "almu-wcs.h"

G_BEGIN_DECLS

AlmuHeader *almu_computed_entries_new (const AlmuImageInfo *info,
                                       AlmuWcs             *wcs,
                                       const char          *name,
                                       gboolean             beam_is_from_history);

char *almu_format_hours (double degrees);
char *almu_format_degrees (double degrees);

G_END_DECLS
