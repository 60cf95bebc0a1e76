/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-plane.h"
#include "almu-shape.h"
#include "almu-tally.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuMeasure: (foreign)
 * @is_outside: no pixel of the shape lies in the image
 * @histograms: (element-type AlmuHistogram): one for each that was wanted
 * @bounds: the smallest rectangle that holds the pixels, if positions were
 *   asked for
 * @min_at: the first of the smallest pixels, likewise; -1 if there is none
 * @max_at: likewise
 *
 * What one look at the pixels of a region told.
 */
typedef struct
{
  AlmuStats  stats;
  gboolean   is_outside;
  GPtrArray *histograms;
  AlmuRect   bounds;
  int        min_at[2];
  int        max_at[2];
} AlmuMeasure;

void         almu_measure_async (AlmuPlane          *plane,
                                 AlmuShape          *shape,
                                 GArray             *histograms,
                                 int                 priority,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data);
void         almu_measure_plane_async (AlmuPlane          *plane,
                                       AlmuImage          *image,
                                       int                 channel,
                                       int                 stokes,
                                       int                 priority,
                                       GCancellable       *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer            user_data);
void         almu_measure_places_async (AlmuPlane          *plane,
                                        AlmuShape          *shape,
                                        GArray             *histograms,
                                        int                 priority,
                                        GCancellable       *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer            user_data);
AlmuMeasure *almu_measure_finish (GAsyncResult *result,
                                  GError      **error);
void         almu_measure_free (AlmuMeasure *self);
AlmuBins     almu_measure_find_bins (const AlmuHistogramWant *want,
                                     const AlmuStats         *stats,
                                     gint64                   width,
                                     gint64                   height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuMeasure, almu_measure_free)

G_END_DECLS
