/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-wcs.h"

G_BEGIN_DECLS

/**
 * AlmuSkyRange:
 * @longitude: from west to east of the range, degrees in 0…360; the second
 *   is smaller where the range goes through 0
 * @latitude: lowest and highest
 */
typedef struct
{
  double longitude[2];
  double latitude[2];
} AlmuSkyRange;

gboolean almu_sky_range_find (AlmuWcs      *wcs,
                              gint64        width,
                              gint64        height,
                              AlmuSkyRange *out_range);

G_END_DECLS
