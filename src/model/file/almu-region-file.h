/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/stat.h>

#include "almu-listing.h"
#include "almu-region-text.h"
#include "almu-session.h"

G_BEGIN_DECLS

/**
 * AlmuRegionSource:
 * @directory: (nullable): where @name lies
 * @name: (nullable): a file; %NULL to read @text instead
 * @text: (nullable): what a region file says
 */
typedef struct
{
  AlmuRegionFormat format;
  const char      *directory;
  const char      *name;
  const char      *text;
} AlmuRegionSource;

/**
 * AlmuRegionTarget:
 * @is_world: in coordinates of the sky, else in pixels of the file
 * @path: (nullable): from almu_folder_normalize(); %NULL to have the text
 * @overwrite: whether a file of that name may be replaced
 */
typedef struct
{
  AlmuRegionFormat format;
  gboolean         is_world;
  const char      *path;
  gboolean         overwrite;
} AlmuRegionTarget;

/**
 * AlmuRegionImport: (foreign)
 * @regions: (element-type AlmuRegion): in the session now
 * @entries: (element-type AlmuRegionEntry): what the file said of each
 * @problems: (element-type utf8): what it said that could not be taken
 */
typedef struct
{
  GPtrArray *regions;
  GPtrArray *entries;
  GPtrArray *problems;
} AlmuRegionImport;

/**
 * AlmuRegionOrder:
 *
 * A region to be written, and how it looks.
 */
typedef struct
{
  int             region_id;
  AlmuRegionStyle style;
} AlmuRegionOrder;

GArray *almu_region_orders_new (void);

char *almu_region_file_inspect (AlmuFolder   *folder,
                                const char   *directory,
                                const char   *name,
                                AlmuFileType *out_type,
                                struct stat  *out_status,
                                GError      **error);

void              almu_region_import_async (AlmuSession            *session,
                                            int                     file_id,
                                            const AlmuRegionSource *source,
                                            GCancellable           *cancellable,
                                            GAsyncReadyCallback     callback,
                                            gpointer                user_data);
AlmuRegionImport *almu_region_import_finish (GAsyncResult *result,
                                             GError      **error);
void              almu_region_import_free (AlmuRegionImport *self);

void  almu_region_export_async (AlmuSession            *session,
                                int                     file_id,
                                GArray                 *orders,
                                const AlmuRegionTarget *target,
                                GCancellable           *cancellable,
                                GAsyncReadyCallback     callback,
                                gpointer                user_data);
char *almu_region_export_finish (GAsyncResult *result,
                                 GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuRegionImport, almu_region_import_free)

G_END_DECLS
