/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-listing.h"

G_BEGIN_DECLS

/**
 * AlmuListProgress:
 *
 * Called on the main context that asked.
 */
typedef void (*AlmuListProgress) (guint    n_checked,
                                  guint    n_total,
                                  gpointer user_data);

#define ALMU_TYPE_FOLDER (almu_folder_get_type ())
G_DECLARE_FINAL_TYPE (AlmuFolder, almu_folder, ALMU, FOLDER, GObject)

AlmuFolder *almu_folder_new (const char *top_level,
                             const char *starting,
                             GError    **error);
const char *almu_folder_get_top (AlmuFolder *self);
const char *almu_folder_get_start (AlmuFolder *self);
gboolean    almu_folder_is_start_replaced (AlmuFolder *self);
char       *almu_folder_normalize (AlmuFolder *self,
                                   const char *directory,
                                   const char *name,
                                   GError    **error);
int         almu_folder_open (AlmuFolder *self,
                              const char *directory,
                              const char *name,
                              GError    **error);
int         almu_folder_open_path (AlmuFolder *self,
                                   const char *path,
                                   int         flags);

void         almu_folder_list_async (AlmuFolder         *self,
                                     const char         *directory,
                                     AlmuListFilter      filter,
                                     AlmuListKind        kind,
                                     AlmuListProgress    progress_func,
                                     gpointer            progress_data,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data);
AlmuListing *almu_folder_list_finish (AlmuFolder   *self,
                                      GAsyncResult *result,
                                      GError      **error);

/* A listing that takes a test's time tells nothing of its progress. */
void almu_folder_set_progress_times_for_testing (gint64 first,
                                                 gint64 next);

G_END_DECLS
