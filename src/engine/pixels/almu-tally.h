/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-histogram.h"

G_BEGIN_DECLS

/**
 * AlmuBins: (foreign)
 * @n: how many
 * @min: lower bound of the first
 * @max: upper bound of the last
 *
 * Where values are put.
 */
typedef struct
{
  int   n;
  float min;
  float max;
} AlmuBins;

/**
 * AlmuTally: (foreign)
 *
 * Histograms of more values than are in memory at a time, counted by several
 * threads: each has bins of its own while it adds, which are put together
 * when somebody asks.
 */
typedef struct _AlmuTally AlmuTally;

AlmuTally     *almu_tally_new (const AlmuBins *bins,
                               guint           n);
void           almu_tally_free (AlmuTally *self);
void           almu_tally_add (AlmuTally   *self,
                               const float *values,
                               gsize        n_values);
AlmuHistogram *almu_tally_sum (AlmuTally       *self,
                               guint            nth,
                               const AlmuStats *stats);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTally, almu_tally_free)

G_END_DECLS
