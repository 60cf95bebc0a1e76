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

/* -- cards, shared by both ---------------------------------------------- */

void almu_put_card (GByteArray *header,
                    const char *name,
                    const char *value,
                    const char *comment);
void almu_put_int (GByteArray *header,
                   const char *name,
                   gint64      number,
                   const char *comment);
void almu_put_real (GByteArray *header,
                    const char *name,
                    double      number,
                    const char *comment);
void almu_put_text (GByteArray *header,
                    const char *name,
                    const char *text,
                    const char *comment);
void almu_put_end (GByteArray *header);

/* Beams of the planes that are kept, numbered as they are there. */
GArray *almu_cutout_dup_beams (const AlmuCutout    *cutout,
                               const AlmuImageInfo *info);

G_END_DECLS
