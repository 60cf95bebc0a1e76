/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-list.h"
#include "almu-hdu-reader.h"

G_BEGIN_DECLS

/* From cards to what is told of an image; for kinds of images. */

AlmuImageInfo *almu_image_info_read (const AlmuHdu *hdu,
                                     GError       **error);
gboolean       almu_image_info_take_beam (AlmuImageInfo *info,
                                          AlmuImageFlags flags);
void           almu_image_info_compute (AlmuImageInfo *info,
                                        const char    *name,
                                        gboolean       is_from_history);

AlmuImageInfo *almu_image_info_new_for_hdu (const AlmuHdu *hdu,
                                            const char    *name,
                                            GArray        *beams,
                                            GError       **error);

G_END_DECLS
