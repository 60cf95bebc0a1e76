/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

/**
 * AlmuVacancy:
 *
 * Ends a process that has no sessions, for those who start one for each
 * user: after the first wait in vain, or after the last session.
 */
typedef struct _AlmuVacancy AlmuVacancy;

typedef void (*AlmuVacancyFunc) (gpointer user_data);

AlmuVacancy *almu_vacancy_new (AlmuSessions   *sessions,
                               int             initial_seconds,
                               int             later_seconds,
                               AlmuVacancyFunc func,
                               gpointer        user_data);
void         almu_vacancy_free (AlmuVacancy *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuVacancy, almu_vacancy_free)

G_END_DECLS
