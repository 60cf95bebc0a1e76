/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdf5.h"
#include "almu-histogram.h"
#include "almu-image-info.h"

G_BEGIN_DECLS

/* What an IDIA image keeps of the values of a plane or of all channels. */
AlmuHistogram *almu_hdf5_read_stored (AlmuHdf5            *file,
                                      const AlmuImageInfo *info,
                                      int                  channel,
                                      int                  stokes,
                                      GCancellable        *cancellable);

G_END_DECLS
