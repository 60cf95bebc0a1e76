/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

/**
 * AlmuGlance: (foreign)
 *
 * A look at what only the page knows of how a session is shown.
 */
typedef struct _AlmuGlance AlmuGlance;

/**
 * AlmuGlanceFunc:
 *
 * Called when the page has been looked at; @has_changed tells whether it
 * looks other than before.
 */
typedef void (*AlmuGlanceFunc) (AlmuGlance *glance,
                                gboolean    has_changed,
                                gpointer    user_data);

AlmuGlance *almu_glance_new (AlmuLink      *link,
                             AlmuGlanceFunc func,
                             gpointer       user_data);
void        almu_glance_free (AlmuGlance *self);
gboolean    almu_glance_begin (AlmuGlance *self);

G_END_DECLS
