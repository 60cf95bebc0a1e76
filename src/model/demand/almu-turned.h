/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

/**
 * AlmuTurned: (foreign)
 *
 * Some neighbouring pixels of all channels of one polarisation, the spectrum of
 * each pixel together. Atomically reference counted; main thread, but for the
 * last reference.
 */
typedef struct _AlmuTurned AlmuTurned;

gboolean     almu_turned_find_area (const AlmuImageInfo *info,
                                    int                  x,
                                    int                  y,
                                    gsize                max_bytes,
                                    AlmuRect            *out_area);
AlmuTurned  *almu_turned_new (AlmuImage      *image,
                              const AlmuRect *area,
                              int             stokes,
                              gpointer        like);
AlmuTurned  *almu_turned_ref (AlmuTurned *self);
void         almu_turned_unref (AlmuTurned *self);
void         almu_turned_give_up (AlmuTurned *self);
gboolean     almu_turned_is_given_up (AlmuTurned *self);
gsize        almu_turned_get_size (AlmuTurned *self);
const float *almu_turned_get_spectrum (AlmuTurned *self,
                                       int         x,
                                       int         y);
void         almu_turned_make_async (AlmuTurned         *self,
                                     AlmuImage          *image,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data);
gboolean     almu_turned_make_finish (AlmuTurned   *self,
                                      GAsyncResult *result,
                                      GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTurned, almu_turned_unref)

G_END_DECLS
