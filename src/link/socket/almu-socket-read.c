/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-socket-private.h"

/* What comes in, and how it ends: by a close frame, by a peer that breaks the
 * rules, or by nothing more to read.
 */

/* Read in one go before the main loop gets its turn, so that no peer can hog
 * it. */
#define MAX_READ_BYTES (1024 * 1024)

/* The code for what cannot even be parsed. */
#define PROTOCOL_ERROR 1002

/**
 * almu_socket_read_bytes:
 * @data: (out caller-allocates): room
 * @length: bytes of room
 * @user_data: the socket
 *
 * An #AlmuIntakeRead: reads as much as there is, up to what may be read before
 * the main loop gets its turn, and notes the sign of life. Never waits.
 *
 * Returns: bytes read, 0 if there are none now, -1 if no more will come
 */
gssize
almu_socket_read_bytes (guint8  *data,
                        gsize    length,
                        gpointer user_data)
{
  AlmuSocket *self = user_data;
  gssize      n;
  g_autoptr(GError) error = NULL;

  if (self->read_budget == 0)
    return 0;

  n = g_pollable_input_stream_read_nonblocking (self->input, data,
                                                MIN (length, self->read_budget),
                                                NULL, &error);
  if (n > 0)
    {
      self->read_budget -= (gsize) n;
      self->bytes_received += (guint64) n;
      self->last_seen = g_get_monotonic_time ();
      self->idle_since = self->last_seen;
      return n;
    }

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return 0;

  g_debug ("Peer ended: %s", error != NULL ? error->message : "no more bytes");
  self->read_ended = TRUE;

  return -1;
}

/* Nothing but the close frame goes out any more. */
static void
enter_farewell (AlmuSocket     *self,
                AlmuSocketState state)
{
  self->state = state;
  self->has_more = FALSE;
  self->close_wanted = FALSE;

  /* our own close frame, if there is one, waits behind nothing droppable */
  if (!almu_intake_has_sent_close (self->intake))
    almu_gather_drop_waiting (&self->gather);

  almu_socket_collect_control (self);
  almu_socket_arm_deadline (self);
}

static void
push_protocol_error (AlmuSocket *self)
{
  static const guint8 code[] = { PROTOCOL_ERROR >> 8, PROTOCOL_ERROR & 0xff };

  almu_gather_drop_waiting (&self->gather);
  almu_gather_push_urgent (&self->gather, ALMU_OPCODE_CLOSE,
                           g_bytes_new_static (code, sizeof code));
}

static void
refuse_peer (AlmuSocket *self,
             gboolean    unparsable)
{
  gboolean close_sent = almu_intake_has_sent_close (self->intake);

  enter_farewell (self, ALMU_SOCKET_LINGERING);

  if (unparsable && !close_sent && !self->write_failed)
    push_protocol_error (self);

  almu_socket_write_some (self, FALSE);
}

/**
 * almu_socket_read_frames:
 * @self: a socket that can be read
 *
 * Takes in what came, answers control frames, and goes on to another state if
 * the peer has closed, broken a rule or left. Messages wait in the intake for
 * whoever delivers them.
 */
void
almu_socket_read_frames (AlmuSocket *self)
{
  self->read_budget = MAX_READ_BYTES;

  switch (almu_intake_run (self->intake))
    {
    case ALMU_INTAKE_MORE:
      almu_socket_collect_control (self);
      almu_socket_write_some (self, FALSE);
      break;

    case ALMU_INTAKE_CLOSED:
      enter_farewell (self, ALMU_SOCKET_ANSWERING);
      almu_socket_write_some (self, FALSE);
      if (self->write_failed)
        almu_socket_end (self);
      break;

    case ALMU_INTAKE_REFUSED:
      refuse_peer (self, FALSE);
      break;

    case ALMU_INTAKE_GARBLED:
      refuse_peer (self, TRUE);
      break;

    case ALMU_INTAKE_ENDED:
    default:
      almu_socket_end (self);
    }
}

/**
 * almu_socket_throw_away:
 * @self: a socket that lingers
 *
 * Reads what the peer still sends, so that it can read why it was refused; the
 * stream's end is the socket's.
 */
void
almu_socket_throw_away (AlmuSocket *self)
{
  guint8 scratch[16 * 1024];

  self->read_budget = MAX_READ_BYTES;

  while (almu_socket_read_bytes (scratch, sizeof scratch, self) > 0)
    ;

  if (self->read_ended)
    almu_socket_end (self);
}
