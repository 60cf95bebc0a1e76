/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"

G_BEGIN_DECLS

/* Content that older programs may leave alone does not raise it. */
#define ALMU_RECORD_VERSION 1

GHashTable  *almu_record_texts_new (void);
char        *almu_record_write_again (const AlmuMemento *memento,
                                      const char        *previous_text,
                                      GHashTable        *texts);
char        *almu_record_write (const AlmuMemento *memento,
                                const char        *previous_text);
AlmuMemento *almu_record_read (const char *text,
                               GError    **error);
char        *almu_record_write_regions (const AlmuMemento *memento,
                                        GHashTable        *texts);
gboolean     almu_record_add_regions (AlmuMemento *memento,
                                      const char  *text,
                                      GError     **error);
gboolean     almu_record_has_unknown (const char *text);

G_END_DECLS
