/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

void almu_answer_begin (SoupServerMessage *msg);
void almu_answer (SoupServerMessage *msg,
                  guint              status,
                  const char        *type,
                  GBytes            *body);
void almu_answer_text (SoupServerMessage *msg,
                       guint              status,
                       const char        *format,
                       ...) G_GNUC_PRINTF (3, 4);
void almu_answer_phrase (SoupServerMessage *msg,
                         guint              status,
                         const char        *phrase);
void almu_answer_json (SoupServerMessage *msg,
                       guint              status,
                       const char        *json);
void almu_answer_failure (SoupServerMessage *msg,
                          guint              status,
                          const char        *message);
void almu_answer_no_cache (SoupServerMessage *msg);

G_END_DECLS
