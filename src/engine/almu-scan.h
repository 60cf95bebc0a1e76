/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-mask.h"
#include "almu-stats.h"
#include "almu-tally.h"

G_BEGIN_DECLS

/**
 * AlmuScan:
 * @image: what is read
 * @mask: which pixels of each channel; not empty
 * @stokes: of which polarisation
 * @priority: of the task this is part of, which tells whose threads help
 * @cancellable: (nullable): asked between pieces
 * @tally: (nullable): where values are counted on the way
 *
 * How to walk through the channels of a cube without having it in memory.
 */
typedef struct
{
  AlmuImage      *image;
  const AlmuMask *mask;
  int             stokes;
  int             priority;
  GCancellable   *cancellable;
  AlmuTally      *tally;
} AlmuScan;

gboolean almu_scan_measure (const AlmuScan *self,
                            int             channel,
                            int             n_channels,
                            AlmuStats      *stats,
                            GError        **error);

G_END_DECLS
