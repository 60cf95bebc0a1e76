/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-limits.h"
#include "almu-test.h"
#include "almu-workers.h"

#define N_THREADS 2
#define N_MANY 40
#define N_BAD 9

/* Jobs that stay until they are told to end, and the order of those that
 * have begun. */
typedef struct
{
  GMutex   mutex;
  GCond    changed;
  GArray  *begun; /* guint, owners */
  gboolean is_open;
  guint    n_done;
  GObject *owners[3];
} Fixture;

typedef struct
{
  Fixture *fixture;
  guint    owner;
} Job;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_mutex_init (&fixture->mutex);
  g_cond_init (&fixture->changed);
  fixture->begun = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < G_N_ELEMENTS (fixture->owners); i++)
    {
      fixture->owners[i] = g_object_new (G_TYPE_OBJECT, NULL);
      almu_workers_set_owner (fixture->owners[i], i);
    }
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixture->owners); i++)
    g_object_unref (fixture->owners[i]);
  g_array_unref (fixture->begun);
  g_cond_clear (&fixture->changed);
  g_mutex_clear (&fixture->mutex);
}

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  ((Fixture *) user_data)->n_done++;
}

static void
stay (GTask        *task,
      gpointer      source_object,
      gpointer      task_data,
      GCancellable *cancellable)
{
  Job     *job = task_data;
  Fixture *fixture = job->fixture;

  g_mutex_lock (&fixture->mutex);
  g_array_append_val (fixture->begun, job->owner);
  g_cond_broadcast (&fixture->changed);
  g_main_context_wakeup (NULL);
  while (!fixture->is_open)
    g_cond_wait (&fixture->changed, &fixture->mutex);
  g_mutex_unlock (&fixture->mutex);

  g_task_return_boolean (task, TRUE);
}

static void
run (Fixture      *fixture,
     gpointer      source,
     GCancellable *cancellable,
     guint         owner,
     int           priority)
{
  g_autoptr(GTask) task = g_task_new (source, cancellable, on_done, fixture);
  Job *job = g_new0 (Job, 1);

  job->fixture = fixture;
  job->owner = owner;
  g_task_set_task_data (task, job, g_free);
  almu_workers_run (task, priority, stay);
}

static void
await_begun (Fixture *fixture,
             guint    n)
{
  g_mutex_lock (&fixture->mutex);
  while (fixture->begun->len < n)
    g_cond_wait (&fixture->changed, &fixture->mutex);
  g_mutex_unlock (&fixture->mutex);
}

static void
await_done (Fixture *fixture,
            guint    n)
{
  g_mutex_lock (&fixture->mutex);
  fixture->is_open = TRUE;
  g_cond_broadcast (&fixture->changed);
  g_mutex_unlock (&fixture->mutex);

  while (fixture->n_done < n)
    g_main_context_iteration (NULL, TRUE);
}

static guint
get_begun (Fixture *fixture,
           guint    i)
{
  return g_array_index (fixture->begun, guint, i);
}

/* Somebody has more jobs than there are threads, and none of them ends:
 * another begins all the same, whether it is known by its cancellable or by
 * its source. */
static void
test_workers_beside (Fixture      *fixture,
                     gconstpointer user_data)
{
  int priority = GPOINTER_TO_INT (user_data);
  g_autoptr(GCancellable) cancellable = almu_workers_cancellable_new (fixture->owners[2]);

  g_assert_cmpuint (almu_workers_get_owner (cancellable), ==, 2);
  for (guint i = 0; i < N_MANY; i++)
    run (fixture, fixture->owners[1], NULL, 1, priority);
  await_begun (fixture, N_THREADS);

  run (fixture, NULL, cancellable, 2, priority);
  await_begun (fixture, N_THREADS + 1);
  g_assert_cmpuint (get_begun (fixture, N_THREADS), ==, 2);
  run (fixture, NULL, NULL, 0, priority);
  await_begun (fixture, N_THREADS + 2);
  g_assert_cmpuint (get_begun (fixture, N_THREADS + 1), ==, 0);
  g_assert_cmpuint (almu_workers_count_waiting (priority >= ALMU_PRIORITY_LONG), ==, N_MANY - N_THREADS);

  await_done (fixture, N_MANY + 2);
  g_assert_cmpuint (almu_workers_count_waiting (priority >= ALMU_PRIORITY_LONG), ==, 0);
}

static guint
count_begun (Fixture *fixture,
             guint    owner)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&fixture->mutex);
  guint n = 0;

  for (guint i = 0; i < fixture->begun->len; i++)
    n += get_begun (fixture, i) == owner;

  return n;
}

static gboolean
has_newcomer (gpointer user_data)
{
  return count_begun (user_data, N_BAD) == 1;
}

/* More owners than there are places have begun what does not end: who comes
 * then begins beside them, and none of them gets more than it had. */
static void
test_workers_lent (Fixture      *fixture,
                   gconstpointer user_data)
{
  int priority = GPOINTER_TO_INT (user_data);

  for (guint i = 0; i <= N_BAD; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      almu_workers_set_owner (cancellable, 10 + i);
      for (guint j = 0; j < (i < N_BAD ? N_MANY : 1); j++)
        run (fixture, NULL, cancellable, i, priority - (i < N_BAD));
    }
  almu_test_await (has_newcomer, fixture);
  for (guint i = 0; i < N_BAD; i++)
    g_assert_cmpuint (count_begun (fixture, i), <=, N_THREADS);

  await_done (fixture, N_BAD * N_MANY + 1);
  g_assert_cmpuint (almu_workers_count_waiting (priority >= ALMU_PRIORITY_LONG), ==, 0);
}

typedef struct
{
  gint n_parts;
} Count;

static void
count (guint    part,
       gpointer user_data)
{
  g_atomic_int_inc (&((Count *) user_data)->n_parts);
}

static void
share (GTask        *task,
       gpointer      source_object,
       gpointer      task_data,
       GCancellable *cancellable)
{
  Count sum = { 0 };

  for (guint i = 0; i < 100; i++)
    almu_workers_share (1 + i % 7, count, &sum);
  g_task_return_int (task, sum.n_parts);
}

/* A loop ends though nobody can help. */
static void
test_workers_share (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (fixture->owners[2], NULL, on_done, fixture);
  int n_expected = 0;

  for (int i = 0; i < 100; i++)
    n_expected += 1 + i % 7;
  for (guint i = 0; i < N_MANY; i++)
    run (fixture, fixture->owners[1], NULL, 1, ALMU_PRIORITY_CURSOR);
  await_begun (fixture, N_THREADS);

  almu_workers_run (task, ALMU_PRIORITY_NORMAL, share);
  while (fixture->n_done < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_task_propagate_int (task, NULL), ==, n_expected);
  g_assert_cmpuint (fixture->begun->len, ==, N_THREADS);

  await_done (fixture, N_MANY + 1);
}

static gboolean
has_begun_most (gpointer user_data)
{
  return count_begun (user_data, 1) >= ALMU_LIMIT_STUCK_JOBS;
}

static gboolean
has_begun_others (gpointer user_data)
{
  return count_begun (user_data, 2) == N_THREADS;
}

/* Jobs that wait for what does not come give their places to others. In a
 * process of its own, as patience is for all jobs of one. */
static void
test_workers_stuck (Fixture      *fixture,
                    gconstpointer user_data)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  almu_workers_set_patience (20);
  for (guint i = 0; i < N_MANY; i++)
    run (fixture, fixture->owners[1], NULL, 1, ALMU_PRIORITY_PICTURE);
  almu_test_await (has_begun_most, fixture);
  for (guint i = 0; i < N_THREADS; i++)
    run (fixture, fixture->owners[2], NULL, 2, ALMU_PRIORITY_PICTURE);
  almu_test_await (has_begun_others, fixture);
  g_assert_cmpuint (count_begun (fixture, 1), <=, ALMU_LIMIT_STUCK_JOBS + almu_workers_get_places ());
  await_done (fixture, N_MANY + N_THREADS);
}

/* On every thread that has a part in it. */
static void
assert_current (guint    part,
                gpointer user_data)
{
  g_assert_true (g_cancellable_get_current () == user_data);
}

static void
look_at_current (GTask        *task,
                 gpointer      source_object,
                 gpointer      task_data,
                 GCancellable *cancellable)
{
  assert_current (0, cancellable);
  almu_workers_share (N_MANY, assert_current, cancellable);
  g_task_return_boolean (task, TRUE);
}

static void
test_workers_current (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  for (guint i = 0; i < N_MANY; i++)
    {
      g_autoptr(GTask) task = g_task_new (NULL, i % 2 == 0 ? cancellable : NULL, on_done, fixture);

      almu_workers_run (task, ALMU_PRIORITY_NORMAL, look_at_current);
    }
  await_done (fixture, N_MANY);
}

/* Somebody who always has something for the main thread to do. */
static gboolean
on_call (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* What was not urgent is heard of all the same. */
static void
test_workers_home (Fixture      *fixture,
                   gconstpointer user_data)
{
  guint caller = g_idle_add_full (G_PRIORITY_DEFAULT, on_call, NULL, NULL);

  run (fixture, NULL, NULL, 0, ALMU_PRIORITY_NORMAL);
  run (fixture, NULL, NULL, 0, ALMU_PRIORITY_AHEAD);
  run (fixture, NULL, NULL, 0, ALMU_PRIORITY_LONG);
  run (fixture, NULL, NULL, 0, ALMU_PRIORITY_SPARE);
  await_done (fixture, 4);

  g_source_remove (caller);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  almu_workers_set_threads (N_THREADS);

  g_test_add ("/workers/beside/brief", Fixture, GINT_TO_POINTER (ALMU_PRIORITY_PICTURE),
              fixture_set_up, test_workers_beside, fixture_tear_down);
  g_test_add ("/workers/beside/lengthy", Fixture, GINT_TO_POINTER (ALMU_PRIORITY_LONG),
              fixture_set_up, test_workers_beside, fixture_tear_down);
  g_test_add ("/workers/lent/brief", Fixture, GINT_TO_POINTER (ALMU_PRIORITY_PICTURE),
              fixture_set_up, test_workers_lent, fixture_tear_down);
  g_test_add ("/workers/lent/lengthy", Fixture, GINT_TO_POINTER (ALMU_PRIORITY_LONG + 1),
              fixture_set_up, test_workers_lent, fixture_tear_down);
  g_test_add ("/workers/share", Fixture, NULL, fixture_set_up, test_workers_share, fixture_tear_down);
  g_test_add ("/workers/current", Fixture, NULL, fixture_set_up, test_workers_current, fixture_tear_down);
  g_test_add ("/workers/home", Fixture, NULL, fixture_set_up, test_workers_home, fixture_tear_down);
  g_test_add ("/workers/stuck", Fixture, NULL, fixture_set_up, test_workers_stuck, fixture_tear_down);

  return g_test_run ();
}
