/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-page-address.h"
#include "almu-sessions.h"

G_BEGIN_DECLS

void  almu_bus_open_async (AlmuSessions       *sessions,
                           AlmuPageAddress    *address,
                           const char *const  *uris,
                           GAsyncReadyCallback callback,
                           gpointer            user_data);
char *almu_bus_open_finish (AlmuSessions *sessions,
                            GAsyncResult *result,
                            guint32      *out_session_id,
                            GError      **error);

G_END_DECLS
