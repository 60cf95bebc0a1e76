/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"
#include "almu-switchboard.h"

G_BEGIN_DECLS

char     *almu_metrics_write (AlmuSessions    *sessions,
                              AlmuSwitchboard *switchboard);
GVariant *almu_metrics_describe (AlmuSessions    *sessions,
                                 AlmuSwitchboard *switchboard);

G_END_DECLS
