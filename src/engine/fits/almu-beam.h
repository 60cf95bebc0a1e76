/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-reader.h"
#include "almu-image-info.h"

G_BEGIN_DECLS

gboolean almu_beam_read_cards (AlmuHeader *header,
                               AlmuBeam   *out_beam);
gboolean almu_beam_read_history (AlmuHeader *header,
                                 AlmuBeam   *out_beam);
void     almu_beam_read_table (AlmuHduReader *reader,
                               const AlmuHdu *table,
                               int            n_channels,
                               int            n_stokes,
                               GArray        *beams);

const AlmuBeam *almu_beam_find_median (GArray *beams);

G_END_DECLS
