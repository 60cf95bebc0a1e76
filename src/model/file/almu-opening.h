/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-folder.h"

G_BEGIN_DECLS

void       almu_opening_async (AlmuFolder         *folder,
                               const AlmuFileName *name,
                               AlmuImage          *known,
                               GCancellable       *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer            user_data);
AlmuImage *almu_opening_finish (GAsyncResult *result,
                                GError      **error);

G_END_DECLS
