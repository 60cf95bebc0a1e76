/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-workers.h"

#include "almu-trace.h"

/* Two pools of the same size. Short work must not queue behind long work,
 * and the kernel shares the cores between the two better than we could by
 * suspending our own jobs.
 */
typedef struct
{
  GThreadPool *brief;
  GThreadPool *lengthy;
} Pools;

typedef struct
{
  GTask          *task; /* either a task … */
  GTaskThreadFunc func;
  struct _Share  *share; /* … or a hand with somebody's loop */
  int             priority;
  gint64          pushed; /* for the trace */
} Job;

typedef struct _Share
{
  gatomicrefcount refs;
  AlmuPartFunc    func;
  gpointer        user_data;
  guint           n_parts;
  guint           next;   /* atomic */
  guint           n_done; /* under the mutex, as is the condition */
  GMutex          mutex;
  GCond           all_done;
} Share;

static guint n_threads_wanted = 0;

static GMutex     running_mutex;
static GPtrArray *running; /* GTask, unowned; locked */

static void
share_unref (Share *share)
{
  if (!g_atomic_ref_count_dec (&share->refs))
    return;

  g_mutex_clear (&share->mutex);
  g_cond_clear (&share->all_done);
  g_free (share);
}

static void
share_work (Share *share)
{
  guint n_done = 0;
  guint part;

  while ((part = g_atomic_int_add (&share->next, 1)) < share->n_parts)
    {
      share->func (part, share->user_data);
      n_done++;
    }

  if (n_done == 0)
    return;

  g_mutex_lock (&share->mutex);
  share->n_done += n_done;
  if (share->n_done == share->n_parts)
    g_cond_signal (&share->all_done);
  g_mutex_unlock (&share->mutex);
}

static gboolean
drop_source (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

/* The last reference to a task may drop the last reference to its
 * source object. Send it home, so that nothing in the model is ever
 * finalized on a worker thread.
 */
static void
send_task_home (GTask *task)
{
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "almu: finished task");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, drop_source, task, g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

static void
note_running (GTask   *task,
              gboolean runs)
{
  g_mutex_lock (&running_mutex);
  if (running == NULL)
    running = g_ptr_array_new ();
  if (runs)
    g_ptr_array_add (running, task);
  else
    g_ptr_array_remove_fast (running, task);
  g_mutex_unlock (&running_mutex);
}

static void
job_run (gpointer data,
         gpointer user_data)
{
  g_autofree Job *job = data;

  if (job->share != NULL)
    {
      share_work (job->share);
      share_unref (job->share);
      return;
    }

  ALMU_TRACE_SINCE (job->pushed, "wait", g_task_get_name (job->task));
  ALMU_TRACE_BEGIN (work);
  note_running (job->task, TRUE);
  if (!g_task_return_error_if_cancelled (job->task))
    job->func (job->task,
               g_task_get_source_object (job->task),
               g_task_get_task_data (job->task),
               g_task_get_cancellable (job->task));

  note_running (job->task, FALSE);
  ALMU_TRACE_END (work, g_task_get_name (job->task));

  send_task_home (job->task);
}

static int
job_compare (gconstpointer a,
             gconstpointer b,
             gpointer      user_data)
{
  const Job *x = a;
  const Job *y = b;

  return x->priority - y->priority;
}

static gpointer
pools_new (gpointer data)
{
  Pools *pools = g_new0 (Pools, 1);
  int    n_threads = (int) almu_workers_get_threads ();

  pools->brief = g_thread_pool_new (job_run, NULL, n_threads, FALSE, NULL);
  pools->lengthy = g_thread_pool_new (job_run, NULL, n_threads, FALSE, NULL);
  g_thread_pool_set_sort_function (pools->brief, job_compare, NULL);
  g_thread_pool_set_sort_function (pools->lengthy, job_compare, NULL);

  return pools;
}

static Pools *
get_pools (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, pools_new, NULL);
}

/**
 * almu_workers_set_threads:
 * @n_threads: how many threads compute at a time, 0 for one per core
 *
 * Takes effect only before the first job.
 */
void
almu_workers_set_threads (guint n_threads)
{
  n_threads_wanted = n_threads;
}

guint
almu_workers_get_threads (void)
{
  return n_threads_wanted > 0 ? n_threads_wanted : MAX (2, g_get_num_processors ());
}

/**
 * almu_workers_run:
 * @task: the operation
 * @func: what to do, on a worker thread
 *
 * Like g_task_run_in_thread(), but on threads sized for computation, so
 * that slow arithmetic never starves GIO's own. Tasks with a lower priority
 * number run first; those from %ALMU_PRIORITY_LONG on have threads of
 * their own.
 */
void
almu_workers_run (GTask          *task,
                  GTaskThreadFunc func)
{
  Pools *pools;
  Job   *job;

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (func != NULL);

  pools = get_pools ();
  job = g_new0 (Job, 1);
  job->task = g_object_ref (task);
  job->func = func;
  job->priority = g_task_get_priority (task);
  job->pushed = ALMU_TRACE_NOW;

  g_thread_pool_push (job->priority < ALMU_PRIORITY_LONG ? pools->brief : pools->lengthy,
                      job, NULL);
}

/* Tasks are named after the functions that made them. */
static char *
dup_words (const char *name)
{
  g_autoptr(GString) words = g_string_new (name != NULL ? name : "task");

  g_string_replace (words, "almu_", "", 0);
  g_string_replace (words, "_async", "", 0);
  g_string_replace (words, "_", " ", 0);

  return g_string_free (g_steal_pointer (&words), FALSE);
}

/**
 * almu_workers_dup_running:
 *
 * Returns: (transfer full): what is being computed at this moment, in a word
 *   or two each
 */
char **
almu_workers_dup_running (void)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  g_mutex_lock (&running_mutex);
  for (guint i = 0; running != NULL && i < running->len; i++)
    {
      g_autofree char *words = dup_words (g_task_get_name (running->pdata[i]));

      g_strv_builder_add (builder, words);
    }
  g_mutex_unlock (&running_mutex);

  return g_strv_builder_end (builder);
}

/**
 * almu_workers_count_waiting:
 *
 * Returns: how many jobs wait for a thread
 */
guint
almu_workers_count_waiting (void)
{
  Pools *pools = get_pools ();

  return g_thread_pool_unprocessed (pools->brief) + g_thread_pool_unprocessed (pools->lengthy);
}

/**
 * almu_workers_share:
 * @n_parts: how many parts there are
 * @func: does one part
 * @user_data: for @func
 *
 * Does all parts and returns when they are done. The calling thread works
 * too, so this never waits for a free worker, and may be called from one.
 * Parts are begun in order.
 */
void
almu_workers_share (guint        n_parts,
                    AlmuPartFunc func,
                    gpointer     user_data)
{
  almu_workers_share_at (ALMU_PRIORITY_CURSOR, n_parts, func, user_data);
}

/**
 * almu_workers_share_at:
 * @priority: of the task this is part of
 * @n_parts: how many parts there are
 * @func: does one part
 * @user_data: for @func
 *
 * Like almu_workers_share(), with helpers from the threads that tasks of
 * @priority have: long work never takes those that short work waits for.
 */
void
almu_workers_share_at (int          priority,
                       guint        n_parts,
                       AlmuPartFunc func,
                       gpointer     user_data)
{
  gboolean is_long = priority >= ALMU_PRIORITY_LONG;
  Share   *share;
  guint    n_helpers;

  g_return_if_fail (func != NULL);

  if (n_parts == 0)
    return;

  n_helpers = MIN (n_parts, almu_workers_get_threads ()) - 1;
  if (n_helpers == 0)
    {
      for (guint part = 0; part < n_parts; part++)
        func (part, user_data);
      return;
    }

  share = g_new0 (Share, 1);
  g_atomic_ref_count_init (&share->refs);
  g_mutex_init (&share->mutex);
  g_cond_init (&share->all_done);
  share->func = func;
  share->user_data = user_data;
  share->n_parts = n_parts;

  for (guint i = 0; i < n_helpers; i++)
    {
      Job *job = g_new0 (Job, 1);

      g_atomic_ref_count_inc (&share->refs);
      job->share = share;
      job->priority = is_long ? ALMU_PRIORITY_LONG - 1 : ALMU_PRIORITY_CURSOR - 1;
      g_thread_pool_push (is_long ? get_pools ()->lengthy : get_pools ()->brief, job, NULL);
    }

  share_work (share);

  /* A helper that never got a thread finds no part left, so only parts
   * that are being worked on are waited for. */
  g_mutex_lock (&share->mutex);
  while (share->n_done < share->n_parts)
    g_cond_wait (&share->all_done, &share->mutex);
  g_mutex_unlock (&share->mutex);

  share_unref (share);
}
