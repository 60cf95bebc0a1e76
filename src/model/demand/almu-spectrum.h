/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-shape.h"
#include "almu-stats.h"

G_BEGIN_DECLS

/**
 * AlmuSpectrum: (foreign)
 * @shape: (nullable): the place; %NULL for all pixels of a channel
 * @n_channels: how many
 * @values: (nullable): of the one pixel at the place, NaN where not read yet
 * @stats: (nullable): of the pixels under the mask of the place, all at once,
 *   so that whatever is asked for later is known already; nothing was counted
 *   where not read yet
 *
 * What is along the third axis at one place, in one polarisation: for the
 * cursor a value, for a region statistics. Atomically reference counted,
 * immutable.
 */
typedef struct
{
  gatomicrefcount refs;
  AlmuShape      *shape;
  int             n_channels;
  float          *values;
  AlmuStats      *stats;
} AlmuSpectrum;

AlmuSpectrum *almu_spectrum_new_for_values (AlmuShape *shape,
                                            float     *values,
                                            int        n_channels);
AlmuSpectrum *almu_spectrum_new_for_stats (AlmuShape *shape,
                                           AlmuStats *stats,
                                           int        n_channels);
AlmuSpectrum *almu_spectrum_ref (AlmuSpectrum *self);
void          almu_spectrum_unref (AlmuSpectrum *self);
gsize         almu_spectrum_get_size (const AlmuSpectrum *self);
double        almu_spectrum_get (const AlmuSpectrum  *self,
                                 AlmuStatsType        type,
                                 const AlmuImageInfo *info,
                                 int                  channel,
                                 int                  stokes);

/**
 * AlmuSpectrumProgress:
 * @so_far: borrowed
 */
typedef void (*AlmuSpectrumProgress) (AlmuSpectrum *so_far,
                                      double        progress,
                                      gpointer      user_data);

void          almu_spectrum_read_async (AlmuImage           *image,
                                        AlmuShape           *pixel,
                                        int                  stokes,
                                        GCancellable        *cancellable,
                                        AlmuSpectrumProgress progress,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data);
AlmuSpectrum *almu_spectrum_finish (AlmuImage    *image,
                                    GAsyncResult *result,
                                    GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSpectrum, almu_spectrum_unref)

G_END_DECLS
