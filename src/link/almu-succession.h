/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

void almu_succession_begin (AlmuSwitchboard *switchboard,
                            guint32          kept_id);

G_END_DECLS
