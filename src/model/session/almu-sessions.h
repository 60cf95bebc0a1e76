/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-archive.h"
#include "almu-session.h"

G_BEGIN_DECLS

#define ALMU_TYPE_SESSIONS (almu_sessions_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSessions, almu_sessions, ALMU, SESSIONS, GObject)

AlmuSessions *almu_sessions_new (AlmuFolder *folder,
                                 AlmuCache  *cache,
                                 guint       grace_seconds);
AlmuFolder   *almu_sessions_get_folder (AlmuSessions *self);
AlmuCache    *almu_sessions_get_cache (AlmuSessions *self);
AlmuArchive  *almu_sessions_get_archive (AlmuSessions *self);
void          almu_sessions_set_archive (AlmuSessions *self,
                                         AlmuArchive  *archive);
AlmuSession  *almu_sessions_create (AlmuSessions *self,
                                    guint32       id,
                                    GError      **error);
AlmuSession  *almu_sessions_lookup (AlmuSessions *self,
                                    guint32       id);
void          almu_sessions_end (AlmuSessions *self,
                                 AlmuSession  *session);
void          almu_sessions_park (AlmuSessions *self,
                                  AlmuSession  *session);
void          almu_sessions_park_all (AlmuSessions *self);
gboolean      almu_sessions_forget (AlmuSessions *self,
                                    guint32       id,
                                    GError      **error);
gboolean      almu_sessions_replace (AlmuSessions *self,
                                     guint32       id,
                                     AlmuSession  *heir,
                                     GError      **error);
AlmuSession  *almu_sessions_revive_async (AlmuSessions       *self,
                                          guint32             id,
                                          GAsyncReadyCallback callback,
                                          gpointer            user_data,
                                          GError            **error);
gboolean      almu_sessions_revive_finish (AlmuSessions *self,
                                           GAsyncResult *result,
                                           char       ***out_problems,
                                           GError      **error);
GPtrArray    *almu_sessions_list (AlmuSessions *self);
guint         almu_sessions_count (AlmuSessions    *self,
                                   AlmuSessionState state);

G_END_DECLS
