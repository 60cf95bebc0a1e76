/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-region-entry.h"
#include "almu-sky-map.h"

G_BEGIN_DECLS

/**
 * AlmuRegionFormat:
 *
 * In whose words a region file is written.
 */
typedef enum
{
  ALMU_REGION_TEXT_CRTF,
  ALMU_REGION_TEXT_DS9,
} AlmuRegionFormat;

GPtrArray *almu_region_text_read (AlmuRegionFormat format,
                                  const char      *text,
                                  AlmuSkyMap      *sky,
                                  GPtrArray       *problems,
                                  GCancellable    *cancellable,
                                  GError         **error);
char      *almu_region_text_write (AlmuRegionFormat format,
                                   GPtrArray       *entries,
                                   gboolean         is_world,
                                   AlmuSkyMap      *sky,
                                   GError         **error);

G_END_DECLS
