/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-spectrum.h"

G_BEGIN_DECLS

#define ALMU_TYPE_CONVOY (almu_convoy_get_type ())
G_DECLARE_FINAL_TYPE (AlmuConvoy, almu_convoy, ALMU, CONVOY, GObject)

AlmuConvoy *almu_convoy_new (AlmuImage *image);
void        almu_convoy_measure_async (AlmuConvoy          *self,
                                       AlmuShape           *shape,
                                       int                  stokes,
                                       GCancellable        *cancellable,
                                       AlmuSpectrumProgress progress,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

G_END_DECLS
