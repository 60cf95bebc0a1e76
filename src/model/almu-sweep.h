/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuSweepKind:
 * @step: does the steps from @begin, @n of them; on a worker, which is one of
 *   those for @priority
 * @report: what is to be told so far, between two steps; on the same worker
 * @free_report: of what @report returned
 *
 * What is done along a sweep.
 */
typedef struct
{
  gboolean (*step) (gpointer      data,
                    int           begin,
                    int           n,
                    int           priority,
                    GCancellable *cancellable,
                    GError      **error);
  gpointer (*report) (gpointer data);
  GDestroyNotify free_report;
} AlmuSweepKind;

/* Told now and then, on the main context of whoever asked. */
typedef void (*AlmuSweepProgress) (gpointer report,
                                   double   progress,
                                   gpointer user_data);

void     almu_sweep_async (const AlmuSweepKind *kind,
                           gpointer             data,
                           int                  n_steps,
                           int                  n_first,
                           int                  priority,
                           GCancellable        *cancellable,
                           AlmuSweepProgress    progress,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data);
gboolean almu_sweep_finish (GAsyncResult *result,
                            GError      **error);

G_END_DECLS
