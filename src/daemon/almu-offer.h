/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-server.h"
#include "almu-sessions.h"

G_BEGIN_DECLS

void almu_offer_sessions (AlmuServer   *server,
                          AlmuSessions *sessions,
                          const char   *state_folder,
                          gboolean      read_only);

G_END_DECLS
