/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdf5.h"
#include "almu-hdu-list.h"

G_BEGIN_DECLS

/* What the attributes of an IDIA image say, as cards say it. */
AlmuImageInfo *almu_hdf5_header_read (AlmuHdf5           *file,
                                      const char         *group,
                                      const AlmuHdf5Data *data,
                                      GError            **error);

G_END_DECLS
