/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-catalog-file.h"
#include "almu-script.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * AlmuCatalogPlot: (foreign)
 *
 * How the page plots a catalog over an image, as read from its look.
 */
typedef struct _AlmuCatalogPlot AlmuCatalogPlot;

/* Member of the look of a catalog: the id of the file that it belongs to. */
#define ALMU_CATALOG_PLOT_IMAGE "image"

/* The first is true for what has nothing else to tell. */
extern const char *const almu_catalog_plot_leaves[];

AlmuCatalogPlot *almu_catalog_plot_parse (const char *look);
void             almu_catalog_plot_free (AlmuCatalogPlot *self);
int              almu_catalog_plot_find_image (const char *look);

AlmuScript *almu_catalog_plot_make_question (int         catalog_id,
                                             const char *leaf);
void        almu_catalog_plot_push_before (AlmuCatalogPlot *self,
                                           int              catalog_id,
                                           GQueue          *scripts);
void        almu_catalog_plot_push_mode (AlmuCatalogPlot     *self,
                                         int                  catalog_id,
                                         const AlmuDataTable *table,
                                         GQueue              *scripts);
void        almu_catalog_plot_push_preview (AlmuCatalogPlot     *self,
                                            int                  catalog_id,
                                            const AlmuDataTable *table,
                                            GQueue              *scripts);

AlmuScript  *almu_catalog_script_new (char        *path,
                                      const char  *action,
                                      JsonBuilder *builder);
JsonBuilder *almu_catalog_script_begin (void);
char        *almu_catalog_script_dup_table (int catalog_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuCatalogPlot, almu_catalog_plot_free)

G_END_DECLS
