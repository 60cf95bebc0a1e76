/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuTable:
 *
 * Text in columns, as wide as what is in them, for a terminal: what could
 * command one is written out.
 */
typedef struct _AlmuTable AlmuTable;

AlmuTable *almu_table_new (guint n_columns);
void       almu_table_free (AlmuTable *self);
void       almu_table_add (AlmuTable  *self,
                           const char *text);
void       almu_table_add_number (AlmuTable *self,
                                  guint32    number);
guint      almu_table_get_n_rows (AlmuTable *self);
void       almu_table_print (AlmuTable *self);
guint      almu_table_measure (const char *text);
char      *almu_table_make_safe (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTable, almu_table_free)

G_END_DECLS
