/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-folder.h"

G_BEGIN_DECLS

/**
 * AlmuBusNames: (foreign)
 * @folder: (nullable): the folder, if that is what was named
 * @files: the files, in the order they were named
 *
 * What a caller has named, relative to the top-level folder.
 */
typedef struct
{
  char  *folder;
  char **files;
} AlmuBusNames;

void          almu_bus_names_free (AlmuBusNames *self);
void          almu_bus_names_resolve_async (AlmuFolder         *folder,
                                            const char *const  *uris,
                                            GAsyncReadyCallback callback,
                                            gpointer            user_data);
AlmuBusNames *almu_bus_names_resolve_finish (AlmuFolder   *folder,
                                             GAsyncResult *result,
                                             GError      **error);

char *almu_bus_names_make_path (AlmuFolder         *folder,
                                const AlmuFileName *name);
char *almu_bus_names_make_uri (AlmuFolder         *folder,
                               const AlmuFileName *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuBusNames, almu_bus_names_free)

G_END_DECLS
