/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-histogram.h"
#include "almu-spectrum.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuCubeCount: (foreign)
 * @spectrum: (nullable): statistics of each channel; %NULL if the file had
 *   the histograms and nothing was counted
 * @histograms: (element-type AlmuHistogram): one for each that was wanted
 *
 * What is known of all values of one polarisation.
 */
typedef struct
{
  AlmuSpectrum *spectrum;
  GPtrArray    *histograms;
} AlmuCubeCount;

/**
 * AlmuCubeProgress:
 * @histograms: (nullable): as far as they are; %NULL while only their
 *   bounds are being looked for. Borrowed.
 */
typedef void (*AlmuCubeProgress) (GPtrArray *histograms,
                                  double     progress,
                                  gpointer   user_data);

void           almu_cube_count_async (AlmuImage          *image,
                                      int                 stokes,
                                      AlmuSpectrum       *known,
                                      GArray             *wants,
                                      GCancellable       *cancellable,
                                      AlmuCubeProgress    progress,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data);
AlmuCubeCount *almu_cube_count_finish (AlmuImage    *image,
                                       GAsyncResult *result,
                                       GError      **error);
void           almu_cube_count_free (AlmuCubeCount *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuCubeCount, almu_cube_count_free)

G_END_DECLS
