/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

#define ALMU_TYPE_FITS_IMAGE (almu_fits_image_get_type ())
G_DECLARE_FINAL_TYPE (AlmuFitsImage, almu_fits_image, ALMU, FITS_IMAGE, AlmuImage)

AlmuImage *almu_fits_image_open (int                    fd,
                                 const char            *name,
                                 const char            *hdu,
                                 AlmuImageFlags         flags,
                                 const AlmuFingerprint *fingerprint,
                                 GError               **error);

G_END_DECLS
