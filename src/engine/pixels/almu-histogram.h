/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-stats.h"

G_BEGIN_DECLS

/**
 * AlmuHistogram: (foreign)
 * @n_bins: at least 1
 * @bin_width: 0 where all values are one
 * @first_centre: centre of the first bin
 * @mean: of the finite values, whatever the bounds
 * @sigma: likewise, sample standard deviation
 *
 * Counts of values in bins of equal width; the maximum is in the last.
 * Reference counted, immutable once made.
 */
typedef struct
{
  gatomicrefcount refs;
  int             n_bins;
  double          bin_width;
  double          first_centre;
  double          mean;
  double          sigma;
  gint32          counts[];
} AlmuHistogram;

int            almu_histogram_auto_bins (gint64 width,
                                         gint64 height);
AlmuHistogram *almu_histogram_new (int              n_bins,
                                   float            min,
                                   float            max,
                                   const AlmuStats *stats);
AlmuHistogram *almu_histogram_ref (AlmuHistogram *self);
void           almu_histogram_unref (AlmuHistogram *self);
void           almu_histogram_add (AlmuHistogram *self,
                                   float          min,
                                   float          max,
                                   const float   *values,
                                   gsize          n_values);
void           almu_histogram_merge (AlmuHistogram       *self,
                                     const AlmuHistogram *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHistogram, almu_histogram_unref)

G_END_DECLS
