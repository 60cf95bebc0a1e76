/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

GVariant *almu_bus_list_sessions (AlmuSessions *sessions,
                                  const char   *state,
                                  GError      **error);

G_END_DECLS
