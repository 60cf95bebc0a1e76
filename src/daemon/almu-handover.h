/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-options.h"
#include "almu-state-dir.h"

G_BEGIN_DECLS

AlmuStateDir *almu_handover_open (const AlmuOptions *options,
                                  GDBusConnection   *connection,
                                  GError           **error);

G_END_DECLS
