/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Cards of a header that is being written, 80 bytes each. */

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
void almu_put_commentary (GByteArray *header,
                          const char *name,
                          const char *text);
void almu_put_end (GByteArray *header);

G_END_DECLS
