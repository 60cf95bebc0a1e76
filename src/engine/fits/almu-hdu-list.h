/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-image-info.h"

G_BEGIN_DECLS

/**
 * AlmuImageFlags:
 * @ALMU_IMAGE_HISTORY_BEAM: take the beam from AIPS HISTORY cards if there
 *   is none in the cards (support_aips_beam)
 * @ALMU_IMAGE_FIRST_ONLY: with no HDU named, stop at the first image
 */
typedef enum
{
  ALMU_IMAGE_NONE = 0,
  ALMU_IMAGE_HISTORY_BEAM = 1 << 0,
  ALMU_IMAGE_FIRST_ONLY = 1 << 1,
} AlmuImageFlags;

GPtrArray *almu_hdu_list_read (int            fd,
                               const char    *name,
                               const char    *hdu,
                               AlmuImageFlags flags,
                               GError       **error);

G_END_DECLS
