/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-socket-private.h"

/* Whether the peer is still there: it is asked, and silence for too long ends
 * the connection.
 */

static gboolean on_tick (gpointer user_data);

/**
 * almu_socket_arm_tick:
 * @self: a socket
 *
 * Looks again when the next ping, or the end of patience, is due; not for one
 * that is closing or has no limit.
 */
void
almu_socket_arm_tick (AlmuSocket *self)
{
  gint64 due;

  almu_socket_clear_source (&self->tick_source);
  if (self->idle == 0 || self->state != ALMU_SOCKET_OPEN || self->deadline_source != NULL)
    return;

  due = MIN (self->last_ping + self->idle / 3, self->idle_since + self->idle);
  due = MAX (due - g_get_monotonic_time (), 0) / 1000 + 1;

  almu_socket_attach_source (self, &self->tick_source, g_timeout_source_new ((guint) due),
                             on_tick, "almu: socket keep-alive");
}

static void
send_ping (AlmuSocket *self)
{
  self->last_ping = g_get_monotonic_time ();

  /* one that does not read has pings enough */
  if (almu_gather_get_n_urgent (&self->gather) >= ALMU_LIMIT_WAITING_PONGS)
    return;

  almu_intake_ping (self->intake);
  almu_socket_collect_control (self);
  almu_socket_write_some (self, FALSE);
}

/* Silence that we cause ourselves, by not reading or by being busy
 * elsewhere, is not the peer's. */
static gboolean
is_silence_ours (AlmuSocket *self)
{
  return self->paused || almu_intake_has_message (self->intake) ||
         (self->read_source != NULL && g_pollable_input_stream_is_readable (self->input));
}

static gboolean
on_tick (gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);
  gint64 now = g_get_monotonic_time ();

  if (is_silence_ours (self))
    self->idle_since = now;

  if (now - self->idle_since >= self->idle)
    {
      g_debug ("Peer gave no sign of life for %d s", (int) (self->idle / G_USEC_PER_SEC));
      almu_socket_end (self);
      return G_SOURCE_REMOVE;
    }

  if (now - self->last_ping >= self->idle / 3)
    send_ping (self);

  almu_socket_arm_tick (self);
  almu_socket_update_sources (self);

  return G_SOURCE_REMOVE;
}
