/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-series.h"

#include "almu-workers.h"

/**
 * AlmuSeries:
 *
 * A row of things that are made by several threads at a time and handed out
 * in order. Only a few are made ahead, so that neither a stop nor a slow
 * reader leaves a long tail of work, or of memory, behind. Main thread only.
 */
struct _AlmuSeries
{
  GObject parent_instance;

  guint          n_items;
  AlmuSeriesMake make;
  GDestroyNotify free_item;
  gpointer       data; /* in a box that is counted: workers have it too */
  AlmuSeriesTake take; /* NULL before the start and after the stop */
  gpointer       user_data;
  GCancellable  *cancellable;
  GHashTable    *made; /* index → item, those that wait for an earlier one */
  guint          n_started;
  guint          n_taken;
  gboolean       is_paused;
};

G_DEFINE_FINAL_TYPE (AlmuSeries, almu_series, G_TYPE_OBJECT)

typedef struct
{
  gpointer       data;
  GDestroyNotify free_data;
} Box;

/* One item on its way through a worker. */
typedef struct
{
  Box           *box;
  AlmuSeriesMake make;
  GDestroyNotify free_item;
  guint          index;
} Making;

static void
box_clear (gpointer data)
{
  Box *box = data;

  if (box->free_data != NULL)
    box->free_data (box->data);
}

static void
box_release (gpointer data)
{
  g_atomic_rc_box_release_full (data, box_clear);
}

static void
making_free (gpointer data)
{
  Making *making = data;

  box_release (making->box);
  g_free (making);
}

static void
almu_series_dispose (GObject *object)
{
  AlmuSeries *self = ALMU_SERIES (object);

  almu_series_stop (self);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->made, g_hash_table_unref);
  g_clear_pointer (&self->data, box_release);

  G_OBJECT_CLASS (almu_series_parent_class)->dispose (object);
}

static void
almu_series_class_init (AlmuSeriesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_series_dispose;
}

static void
almu_series_init (AlmuSeries *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * almu_series_new:
 * @n_items: how many
 * @make: makes one
 * @data: for @make
 * @free_data: (nullable): on any thread
 * @free_item: frees what @make returned, on any thread
 *
 * Nothing is made before almu_series_start(). @make is called on several
 * workers at once, in no particular order.
 *
 * Returns: (transfer full): a series, which is used once
 */
AlmuSeries *
almu_series_new (guint          n_items,
                 AlmuSeriesMake make,
                 GDestroyNotify free_item,
                 gpointer       data,
                 GDestroyNotify free_data)
{
  AlmuSeries *self = g_object_new (ALMU_TYPE_SERIES, NULL);
  Box        *box = g_atomic_rc_box_new (Box);

  *box = (Box){ data, free_data };
  self->n_items = n_items;
  self->make = make;
  self->free_item = free_item;
  self->data = box;
  self->made = g_hash_table_new_full (NULL, NULL, NULL, free_item);

  return self;
}

static void
make_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Making  *making = task_data;
  gpointer item = making->make (making->index, making->box->data, cancellable);

  g_task_return_pointer (task, item, making->free_item);
}

static void pump (AlmuSeries *self);

/* Who takes an item may, by that, stop the series. */
static void
hand_out (AlmuSeries *self)
{
  gpointer item;

  while (self->take != NULL &&
         g_hash_table_steal_extended (self->made, GUINT_TO_POINTER (self->n_taken), NULL, &item))
    {
      self->take (self->n_taken++, item, self->user_data);
      self->free_item (item);
    }

  if (self->take != NULL && self->n_taken == self->n_items)
    {
      AlmuSeriesTake take = g_steal_pointer (&self->take);

      take (self->n_items, NULL, self->user_data);
    }
}

static void
on_made (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(AlmuSeries) self = g_object_ref (ALMU_SERIES (source));
  Making  *making = g_task_get_task_data (G_TASK (result));
  gpointer item = g_task_propagate_pointer (G_TASK (result), NULL);

  if (item == NULL)
    return;

  if (self->take == NULL)
    {
      self->free_item (item);
      return;
    }

  g_hash_table_insert (self->made, GUINT_TO_POINTER (making->index), item);
  hand_out (self);
  pump (self);
}

static void
pump (AlmuSeries *self)
{
  guint window = 2 * almu_workers_get_threads ();

  while (self->take != NULL && !self->is_paused &&
         self->n_started < self->n_items && self->n_started - self->n_taken < window)
    {
      g_autoptr(GTask) task = g_task_new (self, self->cancellable, on_made, NULL);
      Making *making = g_new0 (Making, 1);

      making->box = g_atomic_rc_box_acquire (self->data);
      making->make = self->make;
      making->free_item = self->free_item;
      making->index = self->n_started++;
      g_task_set_source_tag (task, pump);
      g_task_set_task_data (task, making, making_free);
      almu_workers_run (task, ALMU_PRIORITY_LONG, make_worker);
    }
}

/**
 * almu_series_start:
 * @take: (scope forever): gets the items; not called before this returns, unless there are
 *   none
 * @self: a series that has not been started
 * @paused: whether to begin in a pause
 * @user_data: for @take
 *
 * Items are handed out in their order, each freed after @take. Not many more
 * are made than are handed out: twice as many as there are threads.
 */
void
almu_series_start (AlmuSeries    *self,
                   gboolean       paused,
                   AlmuSeriesTake take,
                   gpointer       user_data)
{
  g_autoptr(AlmuSeries) alive = g_object_ref (self);

  g_return_if_fail (ALMU_IS_SERIES (self));

  self->is_paused = paused;
  self->take = take;
  self->user_data = user_data;
  hand_out (self);
  pump (self);
}

/**
 * almu_series_stop:
 *
 * Nothing is handed out any more.
 */
void
almu_series_stop (AlmuSeries *self)
{
  g_return_if_fail (ALMU_IS_SERIES (self));

  self->take = NULL;
  g_cancellable_cancel (self->cancellable);
  if (self->made != NULL)
    g_hash_table_remove_all (self->made);
}

/**
 * almu_series_set_paused:
 * @paused: whether no more shall be begun for now
 *
 * Items that are being made are handed out all the same.
 */
void
almu_series_set_paused (AlmuSeries *self,
                        gboolean    paused)
{
  g_return_if_fail (ALMU_IS_SERIES (self));

  self->is_paused = paused;
  pump (self);
}
