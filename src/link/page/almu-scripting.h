/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-script.h"
#include "almu-switchboard.h"

G_BEGIN_DECLS

void almu_scripting_run (guint32             session_id,
                         const AlmuScript   *script,
                         GCancellable       *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer            callback_data,
                         gpointer            switchboard);
void almu_scripting_ask (AlmuLink           *link,
                         const AlmuScript   *script,
                         GCancellable       *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer            user_data);
void almu_scripting_fetch (AlmuLink           *link,
                           const char         *object,
                           const char         *name,
                           GCancellable       *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer            user_data);
void almu_scripting_abandon (AlmuLink *link);

G_END_DECLS
