/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

/* @values: one float per channel, NaN where not read yet */
typedef void (*AlmuSpectrumProgress) (GBytes  *values,
                                      float    progress,
                                      gpointer user_data);

void    almu_spectrum_read_async (AlmuImage           *image,
                                  int                  x,
                                  int                  y,
                                  int                  stokes,
                                  GCancellable        *cancellable,
                                  AlmuSpectrumProgress progress,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
GBytes *almu_spectrum_read_finish (AlmuImage    *image,
                                   GAsyncResult *result,
                                   GError      **error);

G_END_DECLS
