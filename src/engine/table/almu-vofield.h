/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-data-table.h"

G_BEGIN_DECLS

/**
 * AlmuVofield:
 * @datatype: as the file says it
 * @type: of the column
 * @item_bytes: of one item in a stream; 0 for bits
 * @n_items: how many a cell has; of each count where @is_variable
 * @is_variable: whether a cell in a stream begins with its count
 * @null: (nullable): what stands for no value, in words
 *
 * What a VOTable says of one column.
 */
typedef struct
{
  char          *datatype;
  AlmuColumnType type;
  gsize          item_bytes;
  gint64         n_items;
  gboolean       is_variable;
  char          *null;
} AlmuVofield;

void     almu_vofield_set_up (AlmuVofield *self,
                              const char  *datatype,
                              const char  *arraysize);
void     almu_vofield_clear (AlmuVofield *self);
gboolean almu_vofield_append_text (const AlmuVofield *self,
                                   AlmuDataTable     *table,
                                   guint              index,
                                   gint64             row,
                                   const char        *text,
                                   gsize              n_bytes,
                                   GError           **error);
gboolean almu_vofield_append_nothing (const AlmuVofield *self,
                                      AlmuDataTable     *table,
                                      guint              index,
                                      gint64             row,
                                      GError           **error);
gssize   almu_vofield_append_bytes (const AlmuVofield *self,
                                    AlmuDataTable     *table,
                                    guint              index,
                                    gint64             row,
                                    gboolean           is_null,
                                    const guint8      *bytes,
                                    gsize              n_bytes,
                                    GError           **error);

G_END_DECLS
