/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"

G_BEGIN_DECLS

void             almu_session_open_catalog_async (AlmuSession        *self,
                                                  int                 catalog_id,
                                                  const AlmuFileName *name,
                                                  int                 preview_size,
                                                  GCancellable       *cancellable,
                                                  GAsyncReadyCallback callback,
                                                  gpointer            user_data);
AlmuCatalogFile *almu_session_open_catalog_finish (AlmuSession  *self,
                                                   GAsyncResult *result,
                                                   GError      **error);
AlmuCatalogFile *almu_session_get_catalog (AlmuSession *self,
                                           int          catalog_id,
                                           GError     **error);
GPtrArray       *almu_session_list_catalogs (AlmuSession *self);
void             almu_session_take_catalog (AlmuSession     *self,
                                            AlmuCatalogFile *catalog);
gboolean         almu_session_close_catalog (AlmuSession *self,
                                             int          catalog_id,
                                             GError     **error);
void             almu_session_close_all_catalogs (AlmuSession *self);

G_END_DECLS
