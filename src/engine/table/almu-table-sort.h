/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-data-table.h"

G_BEGIN_DECLS

gboolean almu_table_sort (const AlmuColumn *column,
                          guint32          *rows,
                          gsize             n_rows,
                          gboolean          is_descending,
                          GCancellable     *cancellable,
                          GError          **error);

G_END_DECLS
