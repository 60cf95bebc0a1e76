/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

#define ALMU_TYPE_STORE (almu_store_get_type ())
G_DECLARE_FINAL_TYPE (AlmuStore, almu_store, ALMU, STORE, GObject)

AlmuStore  *almu_store_new (const char *folder,
                            gint64      retention_seconds,
                            guint       max_records,
                            GError    **error);
void        almu_store_watch (AlmuStore    *self,
                              AlmuSessions *sessions);
gboolean    almu_store_flush (AlmuStore *self);
const char *almu_store_get_trouble (AlmuStore *self);
guint64     almu_store_get_n_writes (AlmuStore *self);
void        almu_store_set_retry (AlmuStore *self,
                                  guint      msec);

G_END_DECLS
