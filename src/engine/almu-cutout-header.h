/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cutout.h"

G_BEGIN_DECLS

/* Headers of a cut-out; private to AlmuCutout. */

/* Blocks of 2880 bytes, END included. */
GByteArray *almu_cutout_header_new (const AlmuCutout    *cutout,
                                    const AlmuImageInfo *info);

/* An extension BEAMS, header and data; NULL where one beam is for all. */
GByteArray *almu_cutout_beams_new (const AlmuCutout    *cutout,
                                   const AlmuImageInfo *info);

/* Whether the coordinates of an axis are in a table beside the image. */
gboolean almu_cutout_needs_tables (const AlmuImageInfo *info);

/* Such tables, of the axes that are left: extensions as they stand in the
 * file; none where the file lacks them. */
GByteArray *almu_cutout_tables_new (const GByteArray *header,
                                    AlmuImage        *image,
                                    GError          **error);

/* Beams of the planes that are kept, numbered as they are there. */
GArray *almu_cutout_dup_beams (const AlmuCutout    *cutout,
                               const AlmuImageInfo *info);

G_END_DECLS
