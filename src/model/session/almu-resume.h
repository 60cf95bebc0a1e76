/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"
#include "almu-session.h"

G_BEGIN_DECLS

void     almu_resume_async (AlmuSession        *session,
                            GPtrArray          *wishes,
                            GPtrArray          *catalogs,
                            GCancellable       *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer            user_data);
gboolean almu_resume_finish (AlmuSession  *session,
                             GAsyncResult *result,
                             char       ***out_problems,
                             GError      **error);

G_END_DECLS
