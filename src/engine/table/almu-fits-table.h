/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-data-table.h"

G_BEGIN_DECLS

AlmuDataTable *almu_fits_table_read (int            fd,
                                     const char    *name,
                                     AlmuTableFlags flags,
                                     GCancellable  *cancellable,
                                     GError       **error);

G_END_DECLS
