/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-reader.h"

G_BEGIN_DECLS

AlmuHdu *almu_tiled_header_translate (const AlmuHdu *table,
                                      GError       **error);

G_END_DECLS
