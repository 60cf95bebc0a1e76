/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

#define ALMU_TYPE_HDF5_IMAGE (almu_hdf5_image_get_type ())
G_DECLARE_FINAL_TYPE (AlmuHdf5Image, almu_hdf5_image, ALMU, HDF5_IMAGE, AlmuImage)

AlmuImage *almu_hdf5_image_open (int                    fd,
                                 const char            *name,
                                 const char            *hdu,
                                 AlmuImageFlags         flags,
                                 const AlmuFingerprint *fingerprint,
                                 GError               **error);
GPtrArray *almu_hdf5_image_list (int            fd,
                                 const char    *name,
                                 const char    *hdu,
                                 AlmuImageFlags flags,
                                 GError       **error);

G_END_DECLS
