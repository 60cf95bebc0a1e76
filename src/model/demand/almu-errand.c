/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-errand.h"

#include "almu-workers.h"

/**
 * AlmuErrands: (foreign)
 *
 * What is being made at this moment, so that who asks for the same joins
 * instead of having it made once more. Each who waits may leave; the work ends
 * when the last one has.
 *
 * Main thread only; the work itself may be done anywhere.
 */
struct _AlmuErrands
{
  const AlmuErrandKind *kind;
  GHashTable           *under_way; /* request → AlmuErrand, unowned */
};

/**
 * AlmuErrand: (foreign)
 *
 * One piece of work and all who wait for it. Belongs to the work, which ends it
 * with almu_errand_end(), whether anybody is left or not.
 */
struct _AlmuErrand
{
  AlmuErrands  *all;
  GObject      *source; /* has the table; of the task of whoever came first */
  gpointer      request;
  GCancellable *cancellable;
  GPtrArray    *waiters;
};

/* Who waits; is told no more once it has left. */
typedef struct
{
  AlmuErrand        *errand; /* NULL: has left */
  GTask             *task;
  AlmuErrandProgress progress;
  gpointer           user_data;
  gulong             cancelled_handler;
} Waiter;

static void
waiter_clear (gpointer data)
{
  Waiter *waiter = data;

  g_object_unref (waiter->task);
}

static void
waiter_release (gpointer data)
{
  g_rc_box_release_full (data, waiter_clear);
}

static gpointer
waiter_acquire (gconstpointer data,
                gpointer      user_data)
{
  return g_rc_box_acquire ((gpointer) data);
}

/**
 * almu_errands_new:
 * @kind: what can be asked for; lives longer
 *
 * Nothing is under way.
 *
 * Returns: (transfer full): a table
 */
AlmuErrands *
almu_errands_new (const AlmuErrandKind *kind)
{
  AlmuErrands *self = g_new0 (AlmuErrands, 1);

  self->kind = kind;
  self->under_way = g_hash_table_new (kind->hash, kind->equal);

  return self;
}

/**
 * almu_errands_free:
 * @self: (transfer full): a table that nothing is under way of
 *
 * What is under way holds the source of the tasks, which is to be what has the
 * table.
 */
void
almu_errands_free (AlmuErrands *self)
{
  g_hash_table_unref (self->under_way);
  g_free (self);
}

/* -- leaving ------------------------------------------------------------ */

static void
errand_forget (AlmuErrand *self)
{
  if (g_hash_table_lookup (self->all->under_way, self->request) == self)
    g_hash_table_remove (self->all->under_way, self->request);
}

static void
waiter_leave (Waiter *waiter)
{
  if (waiter->cancelled_handler != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (waiter->task), waiter->cancelled_handler);
  waiter->cancelled_handler = 0;
  waiter->errand = NULL;
}

static gboolean
on_left (gpointer user_data)
{
  g_task_return_error_if_cancelled (user_data);

  return G_SOURCE_REMOVE;
}

/* Not from within the cancellation: who cancels is in the middle of something. */
static void
return_later (GTask *task)
{
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "almu: left an errand");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_left, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/* It goes on in the turn of somebody who still wants it, or not at all. */
static void
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  Waiter     *waiter = user_data;
  AlmuErrand *self = waiter->errand;

  return_later (waiter->task);
  waiter_leave (waiter);
  g_ptr_array_remove (self->waiters, waiter);
  if (self->waiters->len > 0)
    {
      const Waiter *first = self->waiters->pdata[0];

      almu_workers_set_owner (self->cancellable, almu_workers_get_owner (g_task_get_cancellable (first->task)));
      return;
    }

  errand_forget (self);
  g_cancellable_cancel (self->cancellable);
}

/* -- joining ------------------------------------------------------------ */

static AlmuErrand *
errand_new (AlmuErrands *all,
            gpointer     request,
            GTask       *task)
{
  AlmuErrand *self = g_new0 (AlmuErrand, 1);

  self->all = all;
  self->source = g_object_ref (g_task_get_source_object (task));
  self->request = request;
  self->cancellable = almu_workers_cancellable_new (g_task_get_cancellable (task));
  self->waiters = g_ptr_array_new_with_free_func (waiter_release);
  g_hash_table_insert (all->under_way, request, self);

  return self;
}

/**
 * almu_errands_join:
 * @self: what is under way
 * @request: (transfer full): what is wanted
 * @task: what to return the result to; its source has @self
 * @progress: (nullable) (scope async): told what there is so far
 * @user_data: for @progress
 *
 * Has @task wait for what is under way already, if anything is that will do.
 * Its cancellable gives up waiting, and the task returns then without waiting
 * for anything else.
 *
 * Returns: (nullable) (transfer none): what is to be begun now, with its own
 *   request and cancellable, and ended by almu_errand_end(); %NULL if there is
 *   nothing to do
 */
AlmuErrand *
almu_errands_join (AlmuErrands       *self,
                   gpointer           request,
                   GTask             *task,
                   AlmuErrandProgress progress,
                   gpointer           user_data)
{
  AlmuErrand *errand = g_hash_table_lookup (self->under_way, request);
  gboolean    is_new = errand == NULL;
  Waiter     *waiter;

  if (g_task_return_error_if_cancelled (task))
    {
      self->kind->free_request (request);
      return NULL;
    }

  if (is_new)
    errand = errand_new (self, request, task);
  else
    self->kind->free_request (request);

  waiter = g_rc_box_new0 (Waiter);
  waiter->errand = errand;
  waiter->task = g_object_ref (task);
  waiter->progress = progress;
  waiter->user_data = user_data;
  if (g_task_get_cancellable (task) != NULL)
    waiter->cancelled_handler = g_signal_connect (g_task_get_cancellable (task), "cancelled",
                                                  G_CALLBACK (on_cancelled), waiter);
  g_ptr_array_add (errand->waiters, waiter);

  return is_new ? errand : NULL;
}

/**
 * almu_errand_get_request:
 * @self: an errand
 *
 * Valid until almu_errand_end().
 *
 * Returns: (transfer none): what was asked for first
 */
gpointer
almu_errand_get_request (AlmuErrand *self)
{
  return self->request;
}

/**
 * almu_errand_get_source:
 * @self: an errand
 *
 * Valid until almu_errand_end().
 *
 * Returns: (transfer none) (type GObject.Object): the source of the tasks that wait
 */
gpointer
almu_errand_get_source (AlmuErrand *self)
{
  return self->source;
}

/**
 * almu_errand_get_cancellable:
 * @self: an errand
 *
 * Cancelled when nobody waits any more. Stands for whoever has waited for
 * longest; see almu_workers_set_owner().
 *
 * Returns: (transfer none): what to do the work with
 */
GCancellable *
almu_errand_get_cancellable (AlmuErrand *self)
{
  return self->cancellable;
}

/* -- what comes of it --------------------------------------------------- */

/**
 * almu_errand_report:
 * @self: an errand
 * @so_far: (nullable): what there is of the result
 * @progress: how much that is
 *
 * Tells all who wait. Who hears may, by that, leave, or have others leave.
 */
void
almu_errand_report (AlmuErrand *self,
                    gpointer    so_far,
                    double      progress)
{
  g_autoptr(GPtrArray) waiters = g_ptr_array_copy (self->waiters, waiter_acquire, NULL);

  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = waiters->pdata[i];

      if (waiter->errand != NULL && waiter->progress != NULL)
        waiter->progress (so_far, progress, waiter->user_data);
    }
}

static void
errand_free (AlmuErrand *self)
{
  self->all->kind->free_request (self->request);
  g_object_unref (self->cancellable);
  g_object_unref (self->source);
  g_free (self);
}

/**
 * almu_errand_end:
 * @self: (transfer full): an errand
 * @result: (nullable) (transfer none): what came of it
 * @error: (nullable): why nothing did
 *
 * Gives each who waits its own reference, or a copy of the error.
 */
void
almu_errand_end (AlmuErrand *self,
                 gpointer    result,
                 GError     *error)
{
  const AlmuErrandKind *kind = self->all->kind;
  g_autoptr(GPtrArray) waiters = g_steal_pointer (&self->waiters);

  /* before anybody hears: who asks again then is not to be given this one */
  errand_forget (self);
  for (guint i = 0; i < waiters->len; i++)
    waiter_leave (waiters->pdata[i]);

  for (guint i = 0; i < waiters->len; i++)
    {
      const Waiter *waiter = waiters->pdata[i];

      if (result != NULL)
        g_task_return_pointer (waiter->task, kind->ref_result (result), kind->unref_result);
      else
        g_task_return_error (waiter->task, g_error_copy (error));
    }

  errand_free (self);
}
