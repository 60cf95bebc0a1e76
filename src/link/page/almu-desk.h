/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"

G_BEGIN_DECLS

char *almu_desk_dup_layout (const AlmuMemento *memento);
int   almu_desk_find_front (const AlmuMemento *memento);
int   almu_desk_find_image (const AlmuMemento *memento,
                            int                file_id);

G_END_DECLS
