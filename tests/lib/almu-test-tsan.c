/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dlfcn.h>
#include <gio/gio.h>

/* Tells ThreadSanitizer what GLib does to let threads meet, which it cannot
 * see in a library that was built without it. Loaded before a program that
 * was: LD_PRELOAD=almu-test-tsan.so.
 *
 * Only what our code calls passes here, not what GLib calls itself; that is
 * in suppressions/tsan.supp. An order that is made here and is none, as of
 * everybody who drops a reference to the same object, hides races.
 */

/* Programs that were built without it may be started on the way. */
void __tsan_acquire (void *address) __attribute__ ((weak));
void __tsan_release (void *address) __attribute__ ((weak));

static void
acquire (const volatile void *address)
{
  if (__tsan_acquire != NULL)
    __tsan_acquire ((void *) address);
}

static void
release (const volatile void *address)
{
  if (__tsan_release != NULL)
    __tsan_release ((void *) address);
}

#define REAL(name)                \
  static __typeof__ (&name) real; \
  if (real == NULL)               \
  real = (__typeof__ (&name)) dlsym (RTLD_NEXT, #name)

/* -- locks --------------------------------------------------------------- */

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real (mutex);
  acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  release (mutex);
  real (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean is_locked;

  REAL (g_mutex_trylock);
  is_locked = real (mutex);
  if (is_locked)
    acquire (mutex);

  return is_locked;
}

void
g_cond_wait (GCond  *condition,
             GMutex *mutex)
{
  REAL (g_cond_wait);
  release (mutex);
  real (condition, mutex);
  acquire (mutex);
}

gboolean
g_cond_wait_until (GCond  *condition,
                   GMutex *mutex,
                   gint64  end)
{
  gboolean is_told;

  REAL (g_cond_wait_until);
  release (mutex);
  is_told = real (condition, mutex, end);
  acquire (mutex);

  return is_told;
}

gboolean (g_once_init_enter) (volatile void *location)
{
  static gboolean (*real) (volatile void *);
  gboolean is_first;

  if (real == NULL)
    real = (gboolean (*) (volatile void *)) dlsym (RTLD_NEXT, "g_once_init_enter");
  is_first = real (location);
  acquire (location);

  return is_first;
}

void (g_once_init_leave) (volatile void *location,
                          gsize          result)
{
  static void (*real) (volatile void *, gsize);

  if (real == NULL)
    real = (void (*) (volatile void *, gsize)) dlsym (RTLD_NEXT, "g_once_init_leave");
  release (location);
  real (location, result);
}

gpointer
g_once_impl (GOnce      *once,
             GThreadFunc func,
             gpointer    data)
{
  gpointer value;

  REAL (g_once_impl);
  value = real (once, func, data);
  release (once);
  acquire (once);

  return value;
}

/* -- work that goes to another thread ------------------------------------ */

typedef struct
{
  GFunc    func;
  gpointer data;
} Worker;

static void
do_work (gpointer item,
         gpointer data)
{
  Worker *worker = data;

  acquire (item);
  worker->func (item, worker->data);
}

GThreadPool *
g_thread_pool_new (GFunc    func,
                   gpointer data,
                   gint     max_threads,
                   gboolean exclusive,
                   GError **error)
{
  Worker *worker = g_new (Worker, 1); /* as long as the pool: for ever */

  REAL (g_thread_pool_new);
  *worker = (Worker){ func, data };

  return real (do_work, worker, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool,
                    gpointer     item,
                    GError     **error)
{
  REAL (g_thread_pool_push);
  release (item);

  return real (pool, item, error);
}

/* -- and comes back ------------------------------------------------------ */

typedef struct
{
  GSourceFunc    func;
  gpointer       data;
  GDestroyNotify destroy;
} Call;

static gboolean
do_call (gpointer user_data)
{
  Call *call = user_data;

  acquire (call);

  return call->func (call->data);
}

static void
call_free (gpointer user_data)
{
  Call *call = user_data;

  acquire (call);
  if (call->destroy != NULL)
    call->destroy (call->data);
  g_free (call);
}

static Call *
call_new (GSourceFunc    func,
          gpointer       data,
          GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ func, data, destroy };
  release (call);

  return call;
}

guint
g_timeout_add (guint       interval,
               GSourceFunc func,
               gpointer    data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, do_call, call_new (func, data, NULL), call_free);
}

guint
g_idle_add (GSourceFunc func,
            gpointer    data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, do_call, call_new (func, data, NULL), call_free);
}

typedef struct
{
  GAsyncReadyCallback callback;
  gpointer            data;
} Ready;

static void
do_ready (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Ready ready = *(Ready *) user_data;

  acquire (result);
  g_free (user_data);
  ready.callback (source, result, ready.data);
}

GTask *
g_task_new (gpointer            source,
            GCancellable       *cancellable,
            GAsyncReadyCallback callback,
            gpointer            data)
{
  Ready *ready = NULL;

  REAL (g_task_new);
  if (callback == NULL)
    return real (source, cancellable, NULL, data);

  ready = g_new (Ready, 1);
  *ready = (Ready){ callback, data };

  return real (source, cancellable, do_ready, ready);
}

#define RETURN(name, type)            \
  void name (GTask *task, type value) \
  {                                   \
    REAL (name);                      \
    release (task);                   \
    real (task, value);               \
  }

RETURN (g_task_return_boolean, gboolean)
RETURN (g_task_return_int, gssize)
RETURN (g_task_return_error, GError *)

void
g_task_return_pointer (GTask         *task,
                       gpointer       value,
                       GDestroyNotify destroy)
{
  REAL (g_task_return_pointer);
  release (task);
  real (task, value, destroy);
}

/* Others are called with more. */
void
g_source_set_callback (GSource       *source,
                       GSourceFunc    func,
                       gpointer       data,
                       GDestroyNotify destroy)
{
  REAL (g_source_set_callback);
  if (func == NULL || (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs))
    real (source, func, data, destroy);
  else
    real (source, do_call, call_new (func, data, destroy), call_free);
}

/* -- what is shared is counted ------------------------------------------- */

#define UNREF(name, type) \
  void name (type self)   \
  {                       \
    REAL (name);          \
    release (self);       \
    acquire (self);       \
    real (self);          \
  }

#undef g_object_unref
UNREF (g_object_unref, gpointer)
UNREF (g_bytes_unref, GBytes *)
UNREF (g_ptr_array_unref, GPtrArray *)
UNREF (g_array_unref, GArray *)
UNREF (g_hash_table_unref, GHashTable *)
UNREF (g_source_unref, GSource *)

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  static gboolean (*real) (gatomicrefcount *);

  if (real == NULL)
    real = (gboolean (*) (gatomicrefcount *)) dlsym (RTLD_NEXT, "g_atomic_ref_count_dec");
  release (count);
  acquire (count);

  return real (count);
}

/* It is asked from one thread what another has told. */
gboolean
g_cancellable_is_cancelled (GCancellable *cancellable)
{
  gboolean is_cancelled;

  REAL (g_cancellable_is_cancelled);
  is_cancelled = real (cancellable);
  if (is_cancelled)
    acquire (cancellable);

  return is_cancelled;
}

void
g_cancellable_cancel (GCancellable *cancellable)
{
  REAL (g_cancellable_cancel);
  if (cancellable != NULL)
    release (cancellable);
  real (cancellable);
}
