/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-image-info.h"

G_BEGIN_DECLS

/**
 * AlmuImageFlags:
 * @ALMU_IMAGE_HISTORY_BEAM: take the beam from AIPS HISTORY cards if there
 *   is one (support_aips_beam)
 */
typedef enum
{
  ALMU_IMAGE_NONE = 0,
  ALMU_IMAGE_HISTORY_BEAM = 1 << 0,
} AlmuImageFlags;

GPtrArray *almu_hdu_list_read (int            fd,
                               const char    *name,
                               const char    *hdu,
                               AlmuImageFlags flags,
                               GError       **error);

G_END_DECLS
