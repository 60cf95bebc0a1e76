/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file-name.h"
#include "almu-image.h"
#include "almu-producer.h"
#include "almu-rows-want.h"

G_BEGIN_DECLS

#define ALMU_TYPE_CATALOG_FILE (almu_catalog_file_get_type ())
G_DECLARE_FINAL_TYPE (AlmuCatalogFile, almu_catalog_file, ALMU, CATALOG_FILE, AlmuProducer)

AlmuCatalogFile    *almu_catalog_file_new (int                 id,
                                           const AlmuFileName *name,
                                           int                 preview_size);
int                 almu_catalog_file_get_id (AlmuCatalogFile *self);
const AlmuFileName *almu_catalog_file_get_name (AlmuCatalogFile *self);
int                 almu_catalog_file_get_preview_size (AlmuCatalogFile *self);
AlmuDataTable      *almu_catalog_file_get_table (AlmuCatalogFile *self);
const char         *almu_catalog_file_get_error (AlmuCatalogFile *self);

const AlmuFingerprint *almu_catalog_file_get_fingerprint (AlmuCatalogFile *self);

const char *almu_catalog_file_get_look (AlmuCatalogFile *self);
void        almu_catalog_file_set_look (AlmuCatalogFile *self,
                                        const char      *look);

void     almu_catalog_file_come_alive (AlmuCatalogFile       *self,
                                       AlmuDataTable         *table,
                                       const AlmuFingerprint *fingerprint,
                                       guint                  epoch);
void     almu_catalog_file_fail (AlmuCatalogFile *self,
                                 const GError    *error);
gboolean almu_catalog_file_is_missing (AlmuCatalogFile *self);

const AlmuRowsWant *almu_catalog_file_get_want (AlmuCatalogFile *self);
void                almu_catalog_file_keep_want (AlmuCatalogFile    *self,
                                                 const AlmuRowsWant *want);
void                almu_catalog_file_require (AlmuCatalogFile    *self,
                                               const AlmuRowsWant *want);
void                almu_catalog_file_stop (AlmuCatalogFile *self);
void                almu_catalog_file_set_epoch (AlmuCatalogFile *self,
                                                 guint            epoch);
void                almu_catalog_file_renew (AlmuCatalogFile *self,
                                             guint            epoch);
void                almu_catalog_file_set_paused (AlmuCatalogFile *self,
                                                  gboolean         paused);

G_END_DECLS
