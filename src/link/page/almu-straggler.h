/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

/**
 * AlmuStraggler: (foreign)
 *
 * Helps a page that waits for tiles which will not come.
 */
typedef struct _AlmuStraggler AlmuStraggler;

AlmuStraggler *almu_straggler_new (AlmuLink *link);
void           almu_straggler_free (AlmuStraggler *self);
void           almu_straggler_check (AlmuStraggler *self);

G_END_DECLS
