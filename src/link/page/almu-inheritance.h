/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"
#include "almu-session.h"

G_BEGIN_DECLS

gboolean almu_inheritance_is_part (const AlmuMemento *kept,
                                   AlmuSession       *heir);
gboolean almu_inheritance_has_files (const AlmuMemento *kept,
                                     AlmuSession       *heir);
gboolean almu_inheritance_has_regions (const AlmuMemento *kept,
                                       AlmuSession       *heir);
gboolean almu_inheritance_has_nothing_else (const AlmuMemento *kept,
                                            AlmuSession       *heir);
void     almu_inheritance_hand_down (const AlmuMemento *kept,
                                     AlmuSession       *heir);

G_END_DECLS
