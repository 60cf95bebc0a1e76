/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-idle.h"

/* Nobody tells when an HTTP connection is over: while there is one, look
 * again after this. */
#define BUSY_SECONDS 1

struct _AlmuIdle
{
  guint                seconds;
  AlmuReception       *reception; /* unowned; NULL without a bus */
  const AlmuIdleFuncs *funcs;
  gpointer             user_data;
  guint                source;
  gboolean             is_settling; /* the name is given up */
  gboolean             was_touched; /* meanwhile */
  guint                n_calls;     /* when all was quiet */
};

static void wait_for (AlmuIdle *self,
                      guint     seconds);

static gboolean
is_in_use (AlmuIdle *self)
{
  return self->funcs->is_busy (self->user_data) ||
         (self->reception != NULL && almu_reception_get_n_waiting (self->reception) > 0);
}

/* Of low priority: whatever had come in before has been seen to. */
static gboolean
on_settled (gpointer user_data)
{
  AlmuIdle *self = user_data;
  gboolean  has_calls = self->reception != NULL && almu_reception_get_n_calls (self->reception) != self->n_calls;

  self->source = 0;
  self->is_settling = FALSE;
  if (!has_calls && !self->was_touched && !is_in_use (self))
    {
      self->funcs->leave (self->user_data);
      return G_SOURCE_REMOVE;
    }

  if (self->reception != NULL && !almu_reception_take_name (self->reception))
    g_message ("The name on the bus was taken by another service meanwhile");
  self->funcs->stay (self->user_data);
  wait_for (self, self->seconds);

  return G_SOURCE_REMOVE;
}

static gboolean
on_time (gpointer user_data)
{
  AlmuIdle *self = user_data;

  self->source = 0;
  if (self->reception != NULL)
    self->n_calls = almu_reception_get_n_calls (self->reception);
  if (is_in_use (self))
    {
      wait_for (self, MAX (self->seconds, BUSY_SECONDS));
      return G_SOURCE_REMOVE;
    }

  self->is_settling = TRUE;
  self->was_touched = FALSE;
  self->funcs->withdraw (self->user_data);
  if (self->reception != NULL)
    almu_reception_release_name (self->reception);
  self->source = g_idle_add_full (G_PRIORITY_LOW, on_settled, self, NULL);

  return G_SOURCE_REMOVE;
}

static void
wait_for (AlmuIdle *self,
          guint     seconds)
{
  g_clear_handle_id (&self->source, g_source_remove);
  self->source = seconds == 0 ? g_idle_add_full (G_PRIORITY_LOW, on_time, self, NULL)
                              : g_timeout_add_seconds (seconds, on_time, self);
}

/**
 * almu_idle_new:
 * @seconds: how long nobody must have come
 * @reception: (nullable): the door to the bus, which must live longer
 * @funcs: must live longer
 * @user_data: for all of @funcs
 *
 * The time runs from now, and from each almu_idle_touch().
 *
 * Returns: (transfer full): what ends the process
 */
AlmuIdle *
almu_idle_new (guint                seconds,
               AlmuReception       *reception,
               const AlmuIdleFuncs *funcs,
               gpointer             user_data)
{
  AlmuIdle *self;

  g_return_val_if_fail (funcs != NULL, NULL);

  self = g_new0 (AlmuIdle, 1);
  self->seconds = seconds;
  self->reception = reception;
  self->funcs = funcs;
  self->user_data = user_data;
  wait_for (self, seconds);

  return self;
}

/**
 * almu_idle_free:
 * @self: (nullable) (transfer full): what ends the process
 *
 * Nothing is called any more. If the name on the bus has just been given up it
 * is not taken back.
 */
void
almu_idle_free (AlmuIdle *self)
{
  if (self == NULL)
    return;

  g_clear_handle_id (&self->source, g_source_remove);
  g_free (self);
}

/**
 * almu_idle_touch:
 *
 * Somebody has come, or has gone.
 */
void
almu_idle_touch (AlmuIdle *self)
{
  g_return_if_fail (self != NULL);

  if (self->is_settling)
    self->was_touched = TRUE;
  else
    wait_for (self, self->seconds);
}
