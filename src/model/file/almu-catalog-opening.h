/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file-name.h"
#include "almu-folder.h"
#include "almu-image.h"
#include "almu-data-table.h"

G_BEGIN_DECLS

void           almu_catalog_opening_async (AlmuFolder            *folder,
                                           const AlmuFileName    *name,
                                           AlmuTableFlags         flags,
                                           AlmuDataTable         *known,
                                           const AlmuFingerprint *known_fingerprint,
                                           GCancellable          *cancellable,
                                           GAsyncReadyCallback    callback,
                                           gpointer               user_data);
AlmuDataTable *almu_catalog_opening_finish (GAsyncResult    *result,
                                            AlmuFingerprint *out_fingerprint,
                                            GError         **error);

G_END_DECLS
