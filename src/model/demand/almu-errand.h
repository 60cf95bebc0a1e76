/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _AlmuErrand  AlmuErrand;
typedef struct _AlmuErrands AlmuErrands;

/**
 * AlmuErrandKind:
 * @hash: of a request
 * @equal: whether two requests have the same result; true of one and itself,
 *   whatever stands in it
 * @free_request: on the main thread
 * @ref_result: for each who waits
 * @unref_result: on any thread
 *
 * What can be asked for, and what comes of it.
 */
typedef struct
{
  GHashFunc      hash;
  GEqualFunc     equal;
  GDestroyNotify free_request;
  gpointer (*ref_result) (gpointer result);
  GDestroyNotify unref_result;
} AlmuErrandKind;

/**
 * AlmuErrandProgress:
 * @so_far: (nullable): what there is of the result; borrowed
 *
 * Told now and then to each who waits, on the main thread.
 */
typedef void (*AlmuErrandProgress) (gpointer so_far,
                                    double   progress,
                                    gpointer user_data);

AlmuErrands *almu_errands_new (const AlmuErrandKind *kind);
void         almu_errands_free (AlmuErrands *self);
AlmuErrand  *almu_errands_join (AlmuErrands       *self,
                                gpointer           request,
                                GTask             *task,
                                AlmuErrandProgress progress,
                                gpointer           user_data);

gpointer      almu_errand_get_request (AlmuErrand *self);
gpointer      almu_errand_get_source (AlmuErrand *self);
GCancellable *almu_errand_get_cancellable (AlmuErrand *self);
void          almu_errand_report (AlmuErrand *self,
                                  gpointer    so_far,
                                  double      progress);
void          almu_errand_end (AlmuErrand *self,
                               gpointer    result,
                               GError     *error);

G_END_DECLS
