/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-lru.h"

G_BEGIN_DECLS

/* So many visits to a place … */
#define ALMU_VISITS_OFTEN 4

/* … within so long are often: a cursor that moves about, and not one that
 * passes through. */
#define ALMU_VISITS_WHILE_USEC (10 * G_TIME_SPAN_SECOND)

typedef struct _AlmuVisits AlmuVisits;

AlmuVisits *almu_visits_new (void);
void        almu_visits_free (AlmuVisits *self);
gboolean    almu_visits_note (AlmuVisits       *self,
                              const AlmuLruKey *place,
                              gint64            now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuVisits, almu_visits_free)

G_END_DECLS
