/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"

G_BEGIN_DECLS

void almu_bus_file_export (GDBusObjectManagerServer *manager,
                           AlmuSession              *session,
                           AlmuFile                 *file);
void almu_bus_file_unexport (GDBusObjectManagerServer *manager,
                             AlmuSession              *session,
                             AlmuFile                 *file);

G_END_DECLS
