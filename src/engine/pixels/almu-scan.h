/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-mask.h"
#include "almu-stats.h"
#include "almu-tally.h"

G_BEGIN_DECLS

/**
 * AlmuScanPlace:
 * @mask: which pixels of each channel; not empty
 * @stats: (nullable): statistics of the pixels under the mask, channel by
 *   channel
 *
 * One of the places that are looked at in a scan.
 */
typedef struct
{
  const AlmuMask *mask;
  AlmuStats      *stats;
} AlmuScanPlace;

/**
 * AlmuScan:
 * @image: what is read
 * @stokes: of which polarisation
 * @cancellable: (nullable): asked between pieces
 * @tally: (nullable): where values are counted on the way
 *
 * How to walk through the channels of a cube without having it in memory.
 */
typedef struct
{
  AlmuImage    *image;
  int           stokes;
  GCancellable *cancellable;
  AlmuTally    *tally;
} AlmuScan;

gboolean almu_scan_measure (const AlmuScan      *self,
                            const AlmuScanPlace *places,
                            guint                n_places,
                            int                  channel,
                            int                  n_channels,
                            GError             **error);

G_END_DECLS
