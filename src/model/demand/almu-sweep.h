/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How long a bite should take: between two of them others come to their turn,
 * and the clock is looked at. */
#define ALMU_SWEEP_BITE_USEC (10 * G_TIME_SPAN_MILLISECOND)

/* Bites grow by no more than this at a time, because the first ones are
 * measured while the disk or the caches are cold. */
#define ALMU_SWEEP_MAX_GROWTH 4

/* After this long the rest is long work, which never holds up a cursor … */
#define ALMU_SWEEP_BRIEF_USEC (50 * G_TIME_SPAN_MILLISECOND)

/* … and gets to the end of the queue this often, behind other long work. */
#define ALMU_SWEEP_TURN_USEC (50 * G_TIME_SPAN_MILLISECOND)

/* How often a slow one says how far it is. */
#define ALMU_SWEEP_REPORT_USEC (500 * G_TIME_SPAN_MILLISECOND)

/**
 * AlmuSweepKind:
 * @step: does the steps from @begin, @n of them; on a worker
 * @report: what is to be told so far, between two steps; on the same worker;
 *   not needed without somebody who is told
 * @free_report: of what @report returned
 *
 * What is done along a sweep.
 */
typedef struct
{
  gboolean (*step) (gpointer      data,
                    int           begin,
                    int           n,
                    GCancellable *cancellable,
                    GError      **error);
  gpointer (*report) (gpointer data);
  GDestroyNotify free_report;
} AlmuSweepKind;

/**
 * AlmuSweepProgress:
 *
 * Told now and then, on the main context of whoever asked.
 */
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
