/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-socket-private.h"

#include "almu-figures.h"

/* What goes out: messages are pulled from the owner when the peer can take
 * them, control frames go between them, and our close frame goes last.
 */

/* Written in one go before the main loop gets its turn, so that no peer can
 * hog it. */
#define MAX_WRITE_BYTES (1024 * 1024)

/* Taken from the source at once. What is taken can no longer be replaced. */
#define MAX_BATCH_MESSAGES 16
#define MAX_BATCH_BYTES (256 * 1024)

/**
 * almu_socket_collect_control:
 * @self: a socket
 *
 * Takes what the intake wants to send: whole control frames, which go between
 * ours.
 */
void
almu_socket_collect_control (AlmuSocket *self)
{
  g_autoptr(GBytes) frames = almu_intake_take_control (self->intake);

  if (frames != NULL && !self->write_failed)
    almu_gather_push_made (&self->gather, g_steal_pointer (&frames));
}

/**
 * almu_socket_may_pull:
 * @self: a socket
 *
 * Whether a message may be asked for: the source has said that it has one, and
 * nothing that was begun forbids it.
 */
gboolean
almu_socket_may_pull (AlmuSocket *self)
{
  return self->has_more && !self->write_failed &&
         (self->state == ALMU_SOCKET_OPEN || (self->state == ALMU_SOCKET_CLOSING && self->close_wanted));
}

static void
pull_batch (AlmuSocket *self)
{
  gsize bytes = 0;

  for (guint n = 0; n < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES && almu_socket_may_pull (self); n++)
    {
      GBytes *message;

      /* cleared first: the source may be woken by what it does */
      self->has_more = FALSE;
      message = self->next (self->next_data);
      if (message == NULL)
        return;

      self->has_more = self->next != NULL;
      bytes += g_bytes_get_size (message);
      almu_figures_add (ALMU_FIGURE_MESSAGES_SENT, 1);

      if (self->state == ALMU_SOCKET_OPEN || self->state == ALMU_SOCKET_CLOSING)
        almu_gather_push (&self->gather, ALMU_OPCODE_BINARY, message);
      else
        g_bytes_unref (message);
    }
}

/* The peer's last words may still wait to be read, its close frame among
 * them: whether it left or was lost is known only after that. */
static void
give_up_writing (AlmuSocket *self)
{
  self->write_failed = TRUE;
  almu_gather_clear (&self->gather);
  almu_socket_arm_deadline (self);
}

static gboolean
write_once (AlmuSocket *self)
{
  g_autoptr(GError) error = NULL;
  gsize written = 0;

  switch (almu_gather_write (&self->gather, self->output, &written, &error))
    {
    case G_POLLABLE_RETURN_OK:
      self->bytes_sent += written;
      almu_figures_add (ALMU_FIGURE_BYTES_SENT, written);
      return TRUE;

    case G_POLLABLE_RETURN_WOULD_BLOCK:
      return FALSE;

    case G_POLLABLE_RETURN_FAILED:
    default:
      g_debug ("Peer cannot be written to: %s", error->message);
      give_up_writing (self);
      return FALSE;
    }
}

/* Our close frame, once all that should go before it is gone. */
static void
queue_close (AlmuSocket *self)
{
  if (self->state != ALMU_SOCKET_CLOSING || !self->close_wanted ||
      self->has_more || !almu_gather_is_empty (&self->gather))
    return;

  self->close_wanted = FALSE;
  almu_intake_close (self->intake, self->close_code, self->close_reason);
  almu_socket_collect_control (self);
}

/**
 * almu_socket_write_some:
 * @self: a socket
 * @pull: whether the source may be asked for messages
 *
 * Writes as much as the peer takes, but no more than the main loop can wait
 * for; the close frame last. A failure throws away what waits and leaves the
 * peer's last words to be read. Called from within itself it does nothing.
 */
void
almu_socket_write_some (AlmuSocket *self,
                        gboolean    pull)
{
  guint64 start = self->bytes_sent;

  if (self->writing || self->write_failed || self->state == ALMU_SOCKET_CLOSED)
    return;

  self->writing = TRUE;

  while (self->bytes_sent - start < MAX_WRITE_BYTES)
    {
      if (pull && !almu_gather_has_ordinary (&self->gather))
        pull_batch (self);

      queue_close (self);

      if (almu_gather_is_empty (&self->gather) || !write_once (self))
        break;
    }

  self->writing = FALSE;

  if (self->state == ALMU_SOCKET_ANSWERING && almu_gather_is_empty (&self->gather))
    almu_socket_end (self);
}
