/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-table-view.h"

G_BEGIN_DECLS

/**
 * AlmuRowsWant: (foreign)
 * @query: which rows there are
 * @columns: (element-type guint): what of them
 * @start: the first of those that are wanted, as is @n_rows
 * @image_file_id: what the viewer shows them on; of no meaning here, as is
 *   @region_id
 *
 * What a viewer wants to see of a catalog.
 */
typedef struct
{
  AlmuQuery *query;
  GArray    *columns;
  gint64     start;
  gint64     n_rows;
  int        image_file_id;
  int        region_id;
} AlmuRowsWant;

AlmuRowsWant *almu_rows_want_new (void);
AlmuRowsWant *almu_rows_want_copy (const AlmuRowsWant *self);
void          almu_rows_want_free (AlmuRowsWant *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuRowsWant, almu_rows_want_free)

G_END_DECLS
