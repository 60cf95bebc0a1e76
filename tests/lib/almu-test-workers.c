/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-workers.h"

#include "almu-workers.h"

/* Steps that one piece of work may take, each on a thread again: a plane is
 * read, counted, measured, cut into tiles. */
#define N_STEPS 8

static GMutex   mutex;
static GCond    changed;
static guint    n_inside;
static guint    n_home;
static gboolean is_blocked;

static void
stay_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  g_mutex_lock (&mutex);
  n_inside++;
  g_cond_broadcast (&changed);
  while (is_blocked)
    g_cond_wait (&changed, &mutex);
  g_mutex_unlock (&mutex);

  g_task_return_boolean (task, TRUE);
}

static void
on_home (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  n_home++;
}

/* Each for an owner of its own, who may have any place. */
static void
occupy (int priority)
{
  guint n = almu_workers_get_places ();

  n_inside = 0;
  n_home = 0;
  is_blocked = TRUE;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GTask) task = g_task_new (NULL, cancellable, on_home, NULL);

      almu_workers_set_owner (cancellable, G_MAXUINT - i);
      almu_workers_run (task, priority, stay_worker);
    }

  g_mutex_lock (&mutex);
  while (n_inside < n)
    g_cond_wait (&changed, &mutex);
  g_mutex_unlock (&mutex);
}

/* Returns when every thread for short work is held up; what is asked for
 * from now on waits. */
void
almu_test_workers_block (void)
{
  occupy (ALMU_PRIORITY_CURSOR - 2);
}

void
almu_test_workers_release (void)
{
  g_mutex_lock (&mutex);
  is_blocked = FALSE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&mutex);

  while (n_home < almu_workers_get_places ())
    g_main_context_iteration (NULL, TRUE);
}

/* Returns when all work that was asked for is done and has been handed over,
 * and so has what followed from it: every thread has been seen to have
 * nothing better to do. */
void
almu_test_workers_settle (void)
{
  const int priorities[] = { ALMU_PRIORITY_LONG - 1, G_MAXINT / 2 };

  for (int step = 0; step < N_STEPS; step++)
    for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
      {
        occupy (priorities[i]);
        almu_test_workers_release ();
        while (g_main_context_iteration (NULL, FALSE))
          ;
      }
}
