/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-workers.h"

#include <pthread.h>
#include <time.h>

#include "almu-slice.h"
#include "almu-trace.h"
#include "almu-turns.h"

/* Threads, and who is next on them. */
typedef struct
{
  GThreadPool *threads;
  AlmuTurns   *turns; /* under the mutex */
  GMutex       mutex;
  guint        retry_source; /* under the mutex, as is the rest */
  guint        watch_source;
  guint        lend_source;
  GPtrArray   *begun; /* Job, the first first */
  guint        n_stuck;
  guint        n_lent;
} Pool;

/* Between attempts to get a thread. */
#define RETRY_MSEC 100

/* How long somebody with nothing under way waits for those that have places,
 * before another begins beside them. Most jobs take less. */
#define LEND_MSEC 100

/* A thread that computes for less than this part of the time is waiting. */
#define BUSY_PART 50

/* Two pools of the same size. Short work must not queue behind long work,
 * and the kernel shares the cores between the two better than we could by
 * suspending our own jobs.
 */
typedef struct
{
  Pool brief;
  Pool lengthy;
} Pools;

typedef struct
{
  AlmuTurn        turn; /* first */
  Pool           *pool;
  GTask          *task; /* either a task … */
  GTaskThreadFunc func;
  struct _Share  *share;  /* … or a hand with somebody's loop */
  gint64          pushed; /* for the trace */

  /* while it is under way, under the mutex of the pool */
  gint64    begun_at;
  clockid_t clock; /* of its thread: runs while that computes */
  gint64    looked_at;
  gint64    computed;
  guint     n_idle;
  gboolean  is_stuck;
} Job;

typedef struct _Share
{
  gatomicrefcount refs;
  AlmuPartFunc    func;
  gpointer        user_data;
  guint           n_parts;
  GCancellable   *cancellable; /* of the job that is helped, or NULL */
  guint           next;        /* atomic */
  guint           n_done;      /* under the mutex, as is the condition */
  GMutex          mutex;
  GCond           all_done;
} Share;

static guint n_threads_wanted = 0;
static guint patience_msec = 0;

/* What the thread is at: whoever helps it does so in its owner's name. */
static GPrivate current_job;

static G_DEFINE_QUARK (almu_owner, owner);

static GMutex     running_mutex;
static GPtrArray *running; /* GTask, unowned; locked */

static void
share_unref (Share *share)
{
  if (!g_atomic_ref_count_dec (&share->refs))
    return;

  g_mutex_clear (&share->mutex);
  g_cond_clear (&share->all_done);
  g_clear_object (&share->cancellable);
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

/* For what is deep within the work, and would else have to be handed it. */
static void
begin_cancellable (GCancellable *cancellable)
{
  if (cancellable != NULL)
    g_cancellable_push_current (cancellable);
}

static void
end_cancellable (GCancellable *cancellable)
{
  if (cancellable != NULL)
    g_cancellable_pop_current (cancellable);
}

static void
do_job (Job *job)
{
  GCancellable *cancellable;

  if (job->share != NULL)
    {
      begin_cancellable (job->share->cancellable);
      share_work (job->share);
      end_cancellable (job->share->cancellable);
      share_unref (job->share);
      return;
    }

  ALMU_TRACE_SINCE (job->pushed, "wait", g_task_get_name (job->task));
  ALMU_TRACE_BEGIN (work);
  note_running (job->task, TRUE);
  cancellable = g_task_get_cancellable (job->task);
  begin_cancellable (cancellable);
  if (!g_task_return_error_if_cancelled (job->task))
    job->func (job->task,
               g_task_get_source_object (job->task),
               g_task_get_task_data (job->task),
               cancellable);
  end_cancellable (cancellable);

  note_running (job->task, FALSE);
  ALMU_TRACE_END (work, g_task_get_name (job->task));

  send_task_home (job->task);
}

static gboolean
fit_threads (Pool    *pool,
             GError **error)
{
  return g_thread_pool_set_max_threads (pool->threads, (int) (almu_workers_get_places () + pool->n_stuck + pool->n_lent), error);
}

/* Threads that could not be made before. */
static gboolean
on_retry_time (gpointer user_data)
{
  Pool *pool = user_data;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);

  if (!fit_threads (pool, NULL))
    return G_SOURCE_CONTINUE;

  pool->retry_source = 0;

  return G_SOURCE_REMOVE;
}

/* With the mutex held. */
static void
retry (Pool         *pool,
       const GError *error)
{
  if (pool->retry_source != 0)
    return;

  g_warning ("%s: work waits, and it is tried again", error->message);
  pool->retry_source = g_timeout_add (RETRY_MSEC, on_retry_time, pool);
}

static gboolean on_lend_time (gpointer user_data);

/* With the mutex held. Each job that begins has a thread: there are as many
 * of them as places. If the system gives none, the job waits in the pool for
 * a thread that is there, or for better times. */
static void
begin_jobs (Pool *pool)
{
  AlmuTurn *turn;

  while ((turn = almu_turns_begin (pool->turns)) != NULL)
    {
      g_autoptr(GError) error = NULL;

      if (!g_thread_pool_push (pool->threads, turn, &error))
        retry (pool, error);
    }

  if (pool->lend_source == 0 && almu_turns_has_newcomer (pool->turns))
    pool->lend_source = g_timeout_add (LEND_MSEC, on_lend_time, pool);
}

/* -- jobs that take long -------------------------------------------------- */

/* With the mutex held. Those that began first lend first. */
static void
lend (Pool *pool)
{
  gint64 late = g_get_monotonic_time () - LEND_MSEC * G_TIME_SPAN_MILLISECOND;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < pool->begun->len && almu_turns_has_newcomer (pool->turns); i++)
    {
      Job *job = pool->begun->pdata[i];

      if (job->turn.is_lent || job->is_stuck || job->begun_at > late)
        continue;

      almu_turns_lend (pool->turns, &job->turn);
      pool->n_lent++;
      if (!fit_threads (pool, &error))
        retry (pool, error);
      g_clear_error (&error);
      begin_jobs (pool);
    }
}

/* However many have begun what takes long, who comes then has its share of the
 * processors. */
static gboolean
on_lend_time (gpointer user_data)
{
  Pool *pool = user_data;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);

  lend (pool);
  if (almu_turns_has_newcomer (pool->turns))
    return G_SOURCE_CONTINUE;

  pool->lend_source = 0;

  return G_SOURCE_REMOVE;
}

/* -- jobs that are stuck ------------------------------------------------- */

static gint64
get_computed (Job *job)
{
  struct timespec time = { 0 };

  clock_gettime (job->clock, &time);

  return time.tv_sec * G_TIME_SPAN_SECOND + time.tv_nsec / 1000;
}

/* Whether it has done next to nothing for as long as two looks. */
static gboolean
is_getting_nowhere (Job   *job,
                    gint64 now)
{
  gint64 computed = get_computed (job);

  if (computed - job->computed > (now - job->looked_at) / BUSY_PART)
    job->n_idle = 0;
  else
    job->n_idle++;
  job->computed = computed;
  job->looked_at = now;

  return job->n_idle >= 2;
}

/* Who reads from a file system that does not answer cannot be woken, and must
 * not keep others waiting: somebody else gets the place. */
static gboolean
on_watch_time (gpointer user_data)
{
  Pool *pool = user_data;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
  g_autoptr(GError) error = NULL;
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < pool->begun->len; i++)
    {
      Job *job = pool->begun->pdata[i];

      if (job->is_stuck || !is_getting_nowhere (job, now))
        continue;

      /* its task may be on its way home already */
      g_debug ("A job of owner %u is stuck", job->turn.owner);
      job->is_stuck = TRUE;
      pool->n_stuck++;
      pool->n_lent -= job->turn.is_lent;
      almu_turns_give_up (pool->turns, &job->turn);
    }

  if (pool->n_stuck > 0 && !fit_threads (pool, &error))
    retry (pool, error);
  begin_jobs (pool);
  if (pool->begun->len > 0)
    return G_SOURCE_CONTINUE;

  pool->watch_source = 0;

  return G_SOURCE_REMOVE;
}

static void
note_begin (Job *job)
{
  Pool *pool = job->pool;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);

  job->begun_at = g_get_monotonic_time ();
  g_ptr_array_add (pool->begun, job);
  if (patience_msec == 0)
    return;

  pthread_getcpuclockid (pthread_self (), &job->clock);
  job->looked_at = job->begun_at;
  job->computed = get_computed (job);
  if (pool->watch_source == 0)
    pool->watch_source = g_timeout_add (patience_msec / 2, on_watch_time, pool);
}

/* With the mutex held. */
static void
note_end (Job *job)
{
  Pool *pool = job->pool;

  g_ptr_array_remove (pool->begun, job);
  pool->n_stuck -= job->is_stuck;
  pool->n_lent -= job->turn.is_lent;
  if (job->is_stuck || job->turn.is_lent)
    fit_threads (pool, NULL);
}

static void
push_job (Pool *pool,
          Job  *job)
{
  job->pool = pool;
  job->pushed = ALMU_TRACE_NOW;

  g_mutex_lock (&pool->mutex);
  almu_turns_push (pool->turns, &job->turn);
  begin_jobs (pool);
  g_mutex_unlock (&pool->mutex);
}

static void
job_run (gpointer data,
         gpointer user_data)
{
  g_autofree Job *job = data;
  Pool           *pool = job->pool;

  almu_slice_lengthen ();

  note_begin (job);
  g_private_set (&current_job, job);
  do_job (job);
  g_private_set (&current_job, NULL);

  g_mutex_lock (&pool->mutex);
  note_end (job);
  almu_turns_end (pool->turns, &job->turn);
  begin_jobs (pool);
  g_mutex_unlock (&pool->mutex);
}

static void
pool_init (Pool *pool)
{
  guint n_places = almu_workers_get_threads ();

  g_mutex_init (&pool->mutex);
  pool->begun = g_ptr_array_new ();
  pool->turns = almu_turns_new (n_places, almu_workers_get_places () - n_places);
  pool->threads = g_thread_pool_new (job_run, NULL, (int) almu_workers_get_places (), FALSE, NULL);
}

static gpointer
pools_new (gpointer data)
{
  Pools *pools = g_new0 (Pools, 1);

  pool_init (&pools->brief);
  pool_init (&pools->lengthy);

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

/**
 * almu_workers_set_patience:
 * @msec: how long a job may wait for something other than a processor before
 *   its place is given to another; 0 for ever, as it is at first
 *
 * Takes effect only before the first job.
 */
void
almu_workers_set_patience (guint msec)
{
  patience_msec = msec;
}

/* The system is asked once: it opens a file of the kernel's for each answer,
 * and this is asked for each tile. */
static guint
get_n_processors (void)
{
  static gsize n_processors = 0;

  if (g_once_init_enter (&n_processors))
    g_once_init_leave (&n_processors, g_get_num_processors ());

  return (guint) n_processors;
}

/**
 * almu_workers_get_threads:
 *
 * How many jobs of one kind, short or long, compute at a time, and among how
 * many threads almu_workers_share() divides a loop. Any thread.
 *
 * Returns: what almu_workers_set_threads() said; without that the number of
 *   processors, but at least 2
 */
guint
almu_workers_get_threads (void)
{
  return n_threads_wanted > 0 ? n_threads_wanted : MAX (2, get_n_processors ());
}

/**
 * almu_workers_get_places:
 *
 * Twice as many as almu_workers_get_threads(), which is how many those of one owner
 * may be at most. Others make do with what a job lends that has been at it for long.
 *
 * Returns: how many jobs, short or long, may be under way at a time if they
 *   are of different owners
 */
guint
almu_workers_get_places (void)
{
  return 2 * almu_workers_get_threads ();
}

/**
 * almu_workers_set_owner:
 * @object: (type GObject.Object): a task, its cancellable, or what it starts from
 * @owner: whose work it stands for, say a session; 0 for nobody's
 *
 * Owners share the threads evenly, however much one of them wants.
 */
void
almu_workers_set_owner (gpointer object,
                        guint    owner)
{
  g_return_if_fail (G_IS_OBJECT (object));

  g_object_set_qdata (object, owner_quark (), GUINT_TO_POINTER (owner));
}

/**
 * almu_workers_get_owner:
 * @object: (nullable) (type GObject.Object): any object
 *
 * Whose work an object stands for. Any thread.
 *
 * Returns: what almu_workers_set_owner() said; 0 if nothing, and for %NULL
 */
guint
almu_workers_get_owner (gpointer object)
{
  return object != NULL ? GPOINTER_TO_UINT (g_object_get_qdata (object, owner_quark ())) : 0;
}

/**
 * almu_workers_cancellable_new:
 * @like: (nullable) (type GObject.Object): an object with an owner
 *
 * A cancellable for work that may start from an object of everybody's, such as
 * an image, and yet is done in the turn of somebody.
 *
 * Returns: (transfer full): a cancellable with the owner of @like
 */
GCancellable *
almu_workers_cancellable_new (gpointer like)
{
  GCancellable *cancellable = g_cancellable_new ();

  almu_workers_set_owner (cancellable, almu_workers_get_owner (like));

  return cancellable;
}

static guint
find_owner (GTask *task)
{
  guint owner = almu_workers_get_owner (task);

  if (owner == 0)
    owner = almu_workers_get_owner (g_task_get_cancellable (task));

  return owner != 0 ? owner : almu_workers_get_owner (g_task_get_source_object (task));
}

/**
 * almu_workers_run:
 * @task: the operation
 * @priority: of the work: lower numbers run first
 * @func: (scope async): what to do, on a worker thread
 *
 * Like g_task_run_in_thread(), but on threads sized for computation, so
 * that slow arithmetic never starves GIO's own. What is from %ALMU_PRIORITY_LONG
 * on has threads of its own. Between tasks that are as urgent, it is the turn of
 * the owner of the task itself, of its cancellable, or else of its source object.
 *
 * What comes of it does not come with that priority, but with the one of the task:
 * a main thread that is always called for something would else never hear of what
 * was not urgent when it began.
 *
 * The task's cancellable is the thread's current one meanwhile.
 */
void
almu_workers_run (GTask          *task,
                  int             priority,
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
  job->turn.priority = priority;
  job->turn.owner = find_owner (task);

  push_job (job->turn.priority < ALMU_PRIORITY_LONG ? &pools->brief : &pools->lengthy, job);
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
 * For people: tasks are named after the functions that made them. Any thread.
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
 * almu_workers_count_running:
 *
 * What waits does not count, and neither do threads that help a task. Any thread.
 *
 * Returns: how many tasks are being computed at this moment
 */
guint
almu_workers_count_running (void)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&running_mutex);

  return running != NULL ? running->len : 0;
}

static guint
count_waiting (Pool *pool)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);

  return almu_turns_count_waiting (pool->turns);
}

/**
 * almu_workers_count_waiting:
 * @is_long: whether those from %ALMU_PRIORITY_LONG on are meant, or the others
 *
 * The length of one of the two queues. Helpers that almu_workers_share() has
 * asked for count as jobs. Any thread.
 *
 * Returns: how many jobs wait for a thread
 */
guint
almu_workers_count_waiting (gboolean is_long)
{
  Pools *pools = get_pools ();

  return count_waiting (is_long ? &pools->lengthy : &pools->brief);
}

static void
share_in (Pool        *pool,
          int          priority,
          guint        n_parts,
          AlmuPartFunc func,
          gpointer     user_data)
{
  const Job *helped = g_private_get (&current_job);
  guint      n_helpers = MIN (n_parts, almu_workers_get_threads ()) - 1;
  Share     *share;

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
  if (g_cancellable_get_current () != NULL)
    share->cancellable = g_object_ref (g_cancellable_get_current ());

  for (guint i = 0; i < n_helpers; i++)
    {
      Job *job = g_new0 (Job, 1);

      g_atomic_ref_count_inc (&share->refs);
      job->share = share;
      job->turn.priority = priority - 1;
      job->turn.owner = helped != NULL ? helped->turn.owner : 0;
      push_job (pool, job);
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

/**
 * almu_workers_share:
 * @n_parts: how many parts there are
 * @func: (scope call): does one part
 * @user_data: for @func
 *
 * Does all parts and returns when they are done. The calling thread works
 * too, so this never waits for a free worker, and may be called from one: then
 * helpers are as urgent as what it does, and of the same owner. Parts are begun
 * in order.
 */
void
almu_workers_share (guint        n_parts,
                    AlmuPartFunc func,
                    gpointer     user_data)
{
  const Job *helped = g_private_get (&current_job);

  g_return_if_fail (func != NULL);

  if (n_parts == 0)
    return;

  if (helped != NULL)
    share_in (helped->pool, helped->turn.priority, n_parts, func, user_data);
  else
    share_in (&get_pools ()->brief, ALMU_PRIORITY_CURSOR, n_parts, func, user_data);
}
