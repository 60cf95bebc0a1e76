/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

/* What a kept session is called where names are asked for: this and its
 * number, and whatever follows after a space. */
#define ALMU_KEPT_PREFIX "Session "

GPtrArray   *almu_kept_list (AlmuSessions *sessions,
                             GError      **error);
AlmuMemento *almu_kept_load (AlmuSessions *sessions,
                             guint32       id,
                             GError      **error);
gboolean     almu_kept_contains (AlmuSessions *sessions,
                                 guint32       id);
guint32      almu_kept_parse_name (const char *name);

G_END_DECLS
