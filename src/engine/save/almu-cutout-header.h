/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cutout.h"

G_BEGIN_DECLS

/* Headers of a cut-out; private to AlmuCutout. */

/**
 * AlmuCutoutAxis:
 * @to: its number in the new file, 0 if it is dropped
 * @first: index of the first pixel that is kept
 * @stride: from one that is kept to the next
 *
 * What becomes of an axis of the file.
 */
typedef struct
{
  int    to;
  gint64 length;
  int    first;
  int    stride;
} AlmuCutoutAxis;

/* Blocks of 2880 bytes, END included. @axes: room for ALMU_LIMIT_AXES + 1,
 * which are by number in the file. */
GByteArray *almu_cutout_header_new (const AlmuCutout    *cutout,
                                    const AlmuImageInfo *info,
                                    AlmuCutoutAxis      *axes);

/* An extension BEAMS, header and data; NULL where one beam is for all. */
GByteArray *almu_cutout_beams_new (const AlmuCutout    *cutout,
                                   const AlmuImageInfo *info);

/* Whether coordinates are in tables beside the image. */
gboolean almu_cutout_has_tables (const AlmuImageInfo *info);

/* Such tables, of the axes that are left: extensions as they stand in the
 * file, but for pixels that are counted anew. What the file lacks, or cannot
 * be had of a part, goes from @header and is named in @lost. */
GByteArray *almu_cutout_tables_new (GByteArray           *header,
                                    const AlmuCutoutAxis *axes,
                                    AlmuImage            *image,
                                    GString              *lost,
                                    GError              **error);

/* Beams of the planes that are kept, numbered as they are there. */
GArray *almu_cutout_dup_beams (const AlmuCutout    *cutout,
                               const AlmuImageInfo *info);

G_END_DECLS
