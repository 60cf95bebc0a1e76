/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"
#include "almu-scratch.h"

G_BEGIN_DECLS

CARTA__CatalogFileInfo *almu_speak_catalog_info (const AlmuDataTable   *table,
                                                 const char            *name,
                                                 const AlmuFingerprint *fingerprint,
                                                 AlmuScratch           *scratch);
CARTA__CatalogHeader  **almu_speak_catalog_headers (const AlmuDataTable *table,
                                                    AlmuScratch         *scratch);
CARTA__ColumnData      *almu_speak_column (const AlmuDataTable *table,
                                           guint                column,
                                           GBytes              *cells,
                                           AlmuScratch         *scratch);
void                    almu_speak_rows (AlmuLink          *link,
                                         const AlmuProduct *product);
void                    almu_speak_no_rows (AlmuLink *link,
                                            int       catalog_id);

G_END_DECLS
