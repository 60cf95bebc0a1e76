/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-header.h"

G_BEGIN_DECLS

/* Bytes of a record, and of a block of a file. */
#define ALMU_RECORD_BYTES 80
#define ALMU_BLOCK_BYTES 2880

AlmuCard *almu_card_new (AlmuCardType type,
                         const char  *name,
                         const char  *value,
                         double       number,
                         const char  *comment);
AlmuCard *almu_card_new_for_records (const char *records,
                                     gsize       n_records,
                                     gsize      *out_n_used);
void      almu_card_free (AlmuCard *self);
gboolean  almu_card_is_commentary (const AlmuCard *self);

gboolean almu_record_is (const char *record,
                         const char *name);
gboolean almu_record_get_int (const char *record,
                              gint64     *out_number);
gboolean almu_record_get_logical (const char *record,
                                  gboolean   *out_truth);

char *almu_clean_text (const char *bytes,
                       gsize       n_bytes);
char *almu_format_number (double number);
char *almu_format_card_number (const char *name,
                               double      number);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuCard, almu_card_free)

G_END_DECLS
