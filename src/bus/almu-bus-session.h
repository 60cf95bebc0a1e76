/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-bus-records.h"
#include "almu-sessions.h"

G_BEGIN_DECLS

void almu_bus_session_export (GDBusObjectManagerServer *manager,
                              AlmuSessions             *sessions,
                              AlmuSession              *session,
                              const AlmuBusRecords     *records);
void almu_bus_session_unexport (GDBusObjectManagerServer *manager,
                                AlmuSession              *session);

G_END_DECLS
