/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sweep.h"

#include "almu-workers.h"

typedef struct
{
  const AlmuSweepKind *kind;
  gpointer             data; /* the caller's */
  int                  n_steps;
  int                  n_done;
  int                  n_bite;
  int                  priority;
  gint64               begin;
  gint64               last_report;
  AlmuSweepProgress    progress;
  gpointer             user_data;
} Sweep;

typedef struct
{
  GTask *task;
  void  *content;
  double progress;
} Report;

static void
report_free (gpointer data)
{
  Report *report = data;
  Sweep  *sweep = g_task_get_task_data (report->task);

  sweep->kind->free_report (report->content);
  g_object_unref (report->task);
  g_free (report);
}

static gboolean
on_report (gpointer user_data)
{
  Report *report = user_data;
  Sweep  *sweep = g_task_get_task_data (report->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (report->task)))
    sweep->progress (report->content, report->progress, sweep->user_data);

  return G_SOURCE_REMOVE;
}

static void
send_report (GTask *task,
             Sweep *sweep)
{
  g_autoptr(GSource) source = g_idle_source_new ();
  Report *report = g_new0 (Report, 1);

  report->task = g_object_ref (task);
  report->content = sweep->kind->report (sweep->data);
  report->progress = (double) sweep->n_done / sweep->n_steps;

  g_source_set_static_name (source, "almu: so far");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_report, report, report_free);
  g_source_attach (source, g_task_get_context (task));
}

/* As many steps as fit in a bite, by how long the last one took. */
static int
next_bite (int    n_bite,
           gint64 took)
{
  double n = (double) n_bite * (double) ALMU_SWEEP_BITE_USEC / (double) MAX (took, 1);

  return (int) CLAMP (n, 1, MIN ((double) n_bite * ALMU_SWEEP_MAX_GROWTH, G_MAXINT / 2));
}

static gboolean
bite (GTask *task,
      Sweep *sweep)
{
  gint64  begin = g_get_monotonic_time ();
  int     n = MIN (sweep->n_bite, sweep->n_steps - sweep->n_done);
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return FALSE;

  if (!sweep->kind->step (sweep->data, sweep->n_done, n, g_task_get_cancellable (task), &error))
    {
      g_task_return_error (task, error);
      return FALSE;
    }

  sweep->n_done += n;
  sweep->n_bite = next_bite (n, g_get_monotonic_time () - begin);

  return TRUE;
}

static void
sweep_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Sweep *sweep = task_data;
  gint64 turn = g_get_monotonic_time ();

  if (sweep->begin == 0)
    sweep->begin = sweep->last_report = turn;

  while (sweep->n_done < sweep->n_steps)
    {
      gint64 now;

      if (!bite (task, sweep))
        return;

      now = g_get_monotonic_time ();
      if (sweep->progress != NULL && now - sweep->last_report > ALMU_SWEEP_REPORT_USEC &&
          sweep->n_done < sweep->n_steps)
        {
          sweep->last_report = now;
          send_report (task, sweep);
        }

      if (now - sweep->begin > ALMU_SWEEP_BRIEF_USEC && sweep->priority < ALMU_PRIORITY_LONG)
        {
          sweep->priority = ALMU_PRIORITY_LONG;
          almu_workers_run (task, sweep->priority, sweep_worker);
          return;
        }

      if (now - turn > ALMU_SWEEP_TURN_USEC)
        {
          almu_workers_run (task, sweep->priority, sweep_worker);
          return;
        }
    }

  g_task_return_boolean (task, TRUE);
}

/**
 * almu_sweep_async:
 * @kind: what is done
 * @data: for @kind
 * @n_steps: how many steps there are, at least 1
 * @n_first: how many to begin with: about a millisecond's work
 * @priority: to begin with
 * @progress: (scope async) (nullable): told now and then how far it is
 * @user_data: for @progress and @callback; as @data alive until @callback
 *
 * Walks along a cube, a few channels at a time: bites that adapt to their
 * cost. If it began as short work it soon becomes long work, which takes turns
 * with other long work. Cancelled between bites, and within them by
 * whoever does the step.
 */
void
almu_sweep_async (const AlmuSweepKind *kind,
                  gpointer             data,
                  int                  n_steps,
                  int                  n_first,
                  int                  priority,
                  GCancellable        *cancellable,
                  AlmuSweepProgress    progress,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Sweep *sweep = g_new0 (Sweep, 1);

  g_return_if_fail (kind != NULL);
  g_return_if_fail (n_steps > 0 && n_first > 0);

  sweep->kind = kind;
  sweep->data = data;
  sweep->n_steps = n_steps;
  sweep->n_bite = n_first;
  sweep->priority = priority;
  sweep->progress = progress;
  sweep->user_data = user_data;

  g_task_set_source_tag (task, almu_sweep_async);
  g_task_set_task_data (task, sweep, g_free);
  almu_workers_run (task, priority, sweep_worker);
}

/**
 * almu_sweep_finish:
 * @result: what the callback of almu_sweep_async() got
 * @error: return location
 *
 * Fails with the error of a step, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether all steps were done
 */
gboolean
almu_sweep_finish (GAsyncResult *result,
                   GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
