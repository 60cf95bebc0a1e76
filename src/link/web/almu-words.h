/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *almu_words_dup_ago (gint64 when,
                          gint64 now);
char *almu_words_dup_time (gint64 when);

G_END_DECLS
