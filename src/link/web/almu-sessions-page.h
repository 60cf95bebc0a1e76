/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-server.h"
#include "almu-sessions.h"

G_BEGIN_DECLS

/**
 * AlmuPictureFunc:
 * @id: of a session
 * @user_data: what was given with the function
 *
 * Returns: (nullable) (transfer full): its picture, a PNG file
 */
typedef GBytes *(*AlmuPictureFunc) (guint32  id,
                                    gpointer user_data);

/**
 * AlmuSessionsPage: (foreign)
 *
 * A page that lists kept sessions, to be resumed or forgotten: HTML and CSS,
 * nothing that runs. Main thread.
 */
typedef struct _AlmuSessionsPage AlmuSessionsPage;

AlmuSessionsPage *almu_sessions_page_new (AlmuSessions   *sessions,
                                          gboolean        read_only,
                                          AlmuPictureFunc picture_func,
                                          gpointer        user_data,
                                          GDestroyNotify  destroy);
void              almu_sessions_page_free (AlmuSessionsPage *self);
guint             almu_sessions_page_answer (const AlmuPageRequest *request,
                                             const char           **out_type,
                                             GBytes               **out_body,
                                             gpointer               page);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSessionsPage, almu_sessions_page_free)

G_END_DECLS
