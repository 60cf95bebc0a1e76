/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"

G_BEGIN_DECLS

void almu_bus_region_export (GDBusObjectManagerServer *manager,
                             AlmuSession              *session,
                             AlmuRegion               *region);
void almu_bus_region_unexport (GDBusObjectManagerServer *manager,
                               AlmuSession              *session,
                               AlmuRegion               *region);

G_END_DECLS
