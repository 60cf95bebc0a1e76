/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"
#include "almu-session.h"

G_BEGIN_DECLS

/**
 * AlmuResumeCatalogs: (foreign)
 *
 * The part of resuming that is about catalogs.
 */
typedef struct _AlmuResumeCatalogs AlmuResumeCatalogs;

gboolean            almu_resume_catalogs_check (GPtrArray *wishes,
                                                GError   **error);
AlmuResumeCatalogs *almu_resume_catalogs_new (GPtrArray *wishes);
void                almu_resume_catalogs_free (AlmuResumeCatalogs *self);
void                almu_resume_catalogs_read (AlmuResumeCatalogs *self,
                                               AlmuSession        *session,
                                               GCancellable       *cancellable,
                                               void (*done) (gpointer user_data),
                                               gpointer user_data);
void                almu_resume_catalogs_take (AlmuResumeCatalogs *self,
                                               AlmuSession        *session,
                                               GPtrArray          *problems);

G_END_DECLS
