/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

GPtrArray   *almu_kept_list (AlmuSessions *sessions,
                             GError      **error);
AlmuMemento *almu_kept_load (AlmuSessions *sessions,
                             guint32       id,
                             GError      **error);

G_END_DECLS
