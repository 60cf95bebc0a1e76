/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"

G_BEGIN_DECLS

char *almu_workspace_write (const AlmuMemento *memento,
                            const char        *name);

G_END_DECLS
