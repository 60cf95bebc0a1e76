/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-reader.h"

G_BEGIN_DECLS

/* A binary table that is packed column by column (ZTABLE, as fpack does). */
gboolean almu_packed_table_is (const AlmuHdu *hdu);
int      almu_packed_table_unpack (AlmuHduReader *reader,
                                   const AlmuHdu *hdu,
                                   GError       **error);

G_END_DECLS
