/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-data-table.h"

G_BEGIN_DECLS

gboolean       almu_votable_is_start (const guint8 *bytes,
                                      gsize         n_bytes);
AlmuDataTable *almu_votable_read (int            fd,
                                  const char    *name,
                                  gboolean       is_packed,
                                  AlmuTableFlags flags,
                                  GCancellable  *cancellable,
                                  GError       **error);

G_END_DECLS
