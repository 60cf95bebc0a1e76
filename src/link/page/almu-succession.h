/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

void almu_succession_begin (AlmuLink *link,
                            guint32   kept_id,
                            gboolean  will_tell);
void almu_succession_begin_somewhere (AlmuSwitchboard *switchboard,
                                      const char      *viewer,
                                      guint32          kept_id);
void almu_succession_conclude (AlmuLink *link);
void almu_succession_abandon (AlmuLink *link);

G_END_DECLS
