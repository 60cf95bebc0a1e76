/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"

G_BEGIN_DECLS

void     almu_catalog_comeback_async (AlmuLink           *link,
                                      AlmuMemento        *kept,
                                      GCancellable       *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data);
gboolean almu_catalog_comeback_finish (AlmuLink     *link,
                                       GAsyncResult *result,
                                       GError      **error);

G_END_DECLS
