/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inflated.h"

#include <unistd.h>

#include "almu-figures.h"
#include "almu-image.h"
#include "almu-inflate.h"
#include "almu-limits.h"

/* How long what nobody uses is kept, and how often that is looked after. */
#define SHELF_SECONDS 60
#define TICK_SECONDS 10

struct _AlmuInflated
{
  AlmuFingerprint fingerprint;
  int             fd; /* -1 while it is being made, or if that failed */
  gint64          n_bytes;
  gboolean        is_in_memory;
  gboolean        is_ready;
  guint           refs;       /* 0: on the shelf */
  gint64          idle_since; /* on the shelf: monotonic */
};

/* For all below, and for all that is in it. */
static GMutex mutex;
static GCond  ready;
static GList *all;       /* the latest given back first */
static gint64 totals[2]; /* bytes, on disk and in memory */
static guint  tick;      /* while something is on the shelf */
static guint  n_on_shelf;

static void
discard (AlmuInflated *self)
{
  all = g_list_remove (all, self);
  if (self->refs == 0)
    n_on_shelf--;
  totals[self->is_in_memory] -= self->n_bytes;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* What was given back first goes first. */
static void
trim_shelf (guint  max_files,
            gint64 max_bytes,
            gint64 not_since)
{
  guint  n_files = 0;
  gint64 n_bytes = 0;
  GList *next;

  for (GList *l = all; l != NULL; l = next)
    {
      AlmuInflated *self = l->data;

      next = l->next;
      if (self->refs > 0)
        continue;
      n_files++;
      n_bytes += self->n_bytes;
      if (n_files > max_files || n_bytes > max_bytes || self->idle_since < not_since)
        discard (self);
    }
}

static gboolean
on_tick (gpointer user_data)
{
  gboolean goes_on;

  g_mutex_lock (&mutex);
  trim_shelf (G_MAXUINT, G_MAXINT64, g_get_monotonic_time () - SHELF_SECONDS * G_USEC_PER_SEC);
  goes_on = n_on_shelf > 0;
  if (!goes_on)
    tick = 0;
  g_mutex_unlock (&mutex);

  return goes_on;
}

/* Whoever waits looks up. */
static void
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  g_mutex_lock (&mutex);
  g_cond_broadcast (&ready);
  g_mutex_unlock (&mutex);
}

/* Another thread may be at it; if it fails, this one finds out why itself. */
static AlmuInflated *
find (const AlmuFingerprint *fingerprint,
      GCancellable          *cancellable)
{
  for (GList *l = all; l != NULL; l = l->next)
    {
      AlmuInflated *self = l->data;

      if (!almu_fingerprint_equal (&self->fingerprint, fingerprint))
        continue;
      if (self->refs++ == 0)
        n_on_shelf--;
      while (!self->is_ready && !g_cancellable_is_cancelled (cancellable))
        g_cond_wait (&ready, &mutex);

      return self;
    }

  return NULL;
}

/* One that could not be made, which others may be waiting for; or that others
 * still make. */
static void
give_up (AlmuInflated *self)
{
  if (!self->is_ready)
    {
      self->refs--;
      return;
    }

  all = g_list_remove (all, self);
  if (--self->refs == 0)
    g_free (self);
}

/* With the mutex held. */
static AlmuInflated *
open_locked (int                    fd,
             const char            *name,
             const AlmuFingerprint *fingerprint,
             GCancellable          *cancellable,
             GError               **error)
{
  AlmuInflated   *self = find (fingerprint, cancellable);
  AlmuInflateSize size = { 0 };
  int             plain_fd;

  if (self != NULL && self->fd >= 0)
    return self;
  if (self != NULL)
    give_up (self);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  self = g_new0 (AlmuInflated, 1);
  self->fingerprint = *fingerprint;
  self->fd = -1;
  self->refs = 1;
  all = g_list_prepend (all, self);
  g_mutex_unlock (&mutex);

  plain_fd = almu_inflate (fd, name, &size, error);

  g_mutex_lock (&mutex);
  self->fd = plain_fd;
  self->n_bytes = size.n_bytes;
  self->is_in_memory = size.is_in_memory;
  self->is_ready = TRUE;
  totals[self->is_in_memory] += self->n_bytes;
  almu_figures_add (ALMU_FIGURE_INFLATED_FILES, 1);
  g_cond_broadcast (&ready);
  if (plain_fd < 0)
    give_up (self);

  return plain_fd >= 0 ? self : NULL;
}

/**
 * almu_inflated_open:
 * @fd: a file that is compressed as a whole; stays the caller's
 * @name: for messages
 * @error: return location
 *
 * Decompresses, unless that has been done. What it takes on disk or in memory
 * is given back when nobody has used it for a minute. Ends early if the
 * thread's current #GCancellable is cancelled.
 *
 * Returns: (transfer full): what is inside, or %NULL
 */
AlmuInflated *
almu_inflated_open (int         fd,
                    const char *name,
                    GError    **error)
{
  GCancellable   *cancellable = g_cancellable_get_current ();
  AlmuFingerprint fingerprint;
  AlmuInflated   *self;
  gulong          handler = 0;

  if (!almu_fingerprint_read (fd, &fingerprint, error))
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), NULL, NULL);
  g_mutex_lock (&mutex);
  self = open_locked (fd, name, &fingerprint, cancellable, error);
  g_mutex_unlock (&mutex);
  if (handler != 0)
    g_cancellable_disconnect (cancellable, handler);

  return self;
}

/**
 * almu_inflated_unref:
 * @self: (transfer full): what is inside a file
 *
 * With the last reference it goes to the shelf, from which what was given back
 * first goes when there are too many or when its minute is over. Any thread.
 */
void
almu_inflated_unref (AlmuInflated *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&mutex);
  if (--self->refs == 0)
    {
      self->idle_since = g_get_monotonic_time ();
      n_on_shelf++;
      all = g_list_remove (all, self);
      all = g_list_prepend (all, self);
      trim_shelf (ALMU_LIMIT_IDLE_INFLATED, self->is_in_memory ? ALMU_LIMIT_IDLE_INFLATED_MEMORY_BYTES : ALMU_LIMIT_IDLE_INFLATED_BYTES, 0);
      if (n_on_shelf > 0 && tick == 0)
        tick = g_timeout_add_seconds (TICK_SECONDS, on_tick, NULL);
    }
  g_mutex_unlock (&mutex);
}

/**
 * almu_inflated_get_fd:
 *
 * For reads with positions only: others have the same descriptor.
 *
 * Returns: a descriptor that lives as long as @self
 */
int
almu_inflated_get_fd (const AlmuInflated *self)
{
  return self->fd;
}

/**
 * almu_inflated_get_total_bytes:
 * @in_memory: whether those in memory, or else those on disk
 *
 * Any thread. What is being unpacked does not count before it is done.
 *
 * Returns: what all unpacked files take, those on the shelf too
 */
gint64
almu_inflated_get_total_bytes (gboolean in_memory)
{
  gint64 total;

  g_mutex_lock (&mutex);
  total = totals[in_memory ? 1 : 0];
  g_mutex_unlock (&mutex);

  return total;
}

/**
 * almu_inflated_clear_shelf:
 *
 * Gives back at once what nobody uses. Any thread.
 */
void
almu_inflated_clear_shelf (void)
{
  g_mutex_lock (&mutex);
  trim_shelf (0, 0, 0);
  g_mutex_unlock (&mutex);
}
