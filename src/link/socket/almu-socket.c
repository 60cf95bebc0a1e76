/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-socket-private.h"

#include <string.h>

/* What a close frame holds besides its code. */
#define MAX_REASON_BYTES 123

/* Messages delivered before the main loop gets its turn. */
#define MAX_DELIVERED 64

/**
 * AlmuSocket:
 *
 * The server's end of a WebSocket.
 *
 * libwslay parses what comes in and answers control frames. What goes out
 * is framed here and pulled from the owner message by message when the
 * peer can take it, so that nothing waits where it can no longer be
 * replaced. Nothing a peer sends is kept beyond the limits: not the parts
 * of an endless message, not the answers it does not read.
 *
 * Signals come from the main context of construction, never from within a
 * call of the owner; after [signal@Almu.Socket::closed] nothing comes. Dropping
 * the last reference closes the stream at once, without a word.
 */
G_DEFINE_FINAL_TYPE (AlmuSocket, almu_socket, G_TYPE_OBJECT)

enum
{
  TEXT,
  BINARY,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/**
 * almu_socket_clear_source:
 * @source: (inout): where a source is kept, if there is one
 *
 * Has it never run again and lets it go.
 */
void
almu_socket_clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* -- ending ------------------------------------------------------------- */

static void
close_stream (AlmuSocket *self)
{
  almu_socket_clear_source (&self->read_source);
  almu_socket_clear_source (&self->write_source);
  almu_socket_clear_source (&self->tick_source);
  almu_socket_clear_source (&self->deadline_source);

  if (self->stream == NULL)
    return;

  /* whether it ends well does not matter any more */
  g_io_stream_close (self->stream, NULL, NULL);
  self->input = NULL;
  self->output = NULL;
  g_clear_object (&self->stream);
}

/**
 * almu_socket_end:
 * @self: a socket
 *
 * Closes the stream and forgets what waits to be sent. The owner is told later,
 * from the main loop: this may be within one of its calls, and what the peer
 * said before the end comes first. A second call does nothing.
 */
void
almu_socket_end (AlmuSocket *self)
{
  if (self->state == ALMU_SOCKET_CLOSED)
    return;

  self->state = ALMU_SOCKET_CLOSED;
  close_stream (self);
  almu_gather_clear (&self->gather);
  almu_socket_update_sources (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  AlmuSocket *self = user_data;

  almu_socket_end (self);

  return G_SOURCE_REMOVE;
}

/**
 * almu_socket_arm_deadline:
 * @self: a socket that is about to end
 *
 * Gives the peer %ALMU_LIMIT_CLOSE_SECONDS to take what is left and to answer;
 * it is asked for no more signs of life. Called again it does not begin anew.
 */
void
almu_socket_arm_deadline (AlmuSocket *self)
{
  almu_socket_clear_source (&self->tick_source);

  if (self->deadline_source != NULL)
    return;

  almu_socket_attach_source (self, &self->deadline_source,
                             g_timeout_source_new (1000 * ALMU_LIMIT_CLOSE_SECONDS),
                             on_deadline, "almu: socket deadline");
}

/* -- telling the owner -------------------------------------------------- */

static void
tell_closed (AlmuSocket *self)
{
  guint    code = ALMU_SOCKET_CODE_NONE;
  gboolean clean = almu_intake_get_close_code (self->intake, &code);

  self->told = TRUE;
  g_signal_emit (self, signals[CLOSED], 0, code, clean);
}

static gboolean
may_deliver (AlmuSocket *self)
{
  return almu_intake_has_message (self->intake) && (!self->paused || self->state == ALMU_SOCKET_CLOSED);
}

static void
deliver (AlmuSocket *self)
{
  for (guint n = 0; n < MAX_DELIVERED && may_deliver (self); n++)
    {
      gboolean is_text = FALSE;
      g_autoptr(GBytes) message = almu_intake_take_message (self->intake, &is_text);

      if (is_text)
        g_signal_emit (self, signals[TEXT], 0, g_bytes_get_data (message, NULL));
      else
        g_signal_emit (self, signals[BINARY], 0, message);
    }

  if (self->state == ALMU_SOCKET_CLOSED && !almu_intake_has_message (self->intake) && !self->told)
    tell_closed (self);
}

/* -- sources ------------------------------------------------------------ */

static gboolean
on_readable (GObject *stream,
             gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  if (self->state == ALMU_SOCKET_LINGERING)
    almu_socket_throw_away (self);
  else
    almu_socket_read_frames (self);

  deliver (self);
  almu_socket_update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_writable (GObject *stream,
             gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  almu_socket_write_some (self, TRUE);
  almu_socket_update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  deliver (self);
  almu_socket_update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
wants_to_read (AlmuSocket *self)
{
  switch (self->state)
    {
    case ALMU_SOCKET_OPEN:
      return !almu_intake_has_message (self->intake) && (!self->paused || self->write_failed) &&
             almu_gather_get_n_urgent (&self->gather) < ALMU_LIMIT_WAITING_PONGS;

    case ALMU_SOCKET_CLOSING:
      return almu_gather_get_n_urgent (&self->gather) < ALMU_LIMIT_WAITING_PONGS;

    case ALMU_SOCKET_LINGERING:
      return TRUE;

    default:
      return FALSE;
    }
}

static gboolean
wants_to_write (AlmuSocket *self)
{
  if (self->state == ALMU_SOCKET_CLOSED || self->write_failed)
    return FALSE;

  return almu_socket_may_pull (self) || self->close_wanted || !almu_gather_is_empty (&self->gather);
}

static gboolean
wants_to_deliver (AlmuSocket *self)
{
  return may_deliver (self) || (self->state == ALMU_SOCKET_CLOSED && !self->told);
}

/**
 * almu_socket_attach_source:
 * @self: a socket; not held by the source
 * @place: where the source is kept, which is empty
 * @source: (transfer full): a source
 * @callback: (scope forever): called with @self
 * @name: static
 *
 * Attaches it to the context that the socket was made in.
 */
void
almu_socket_attach_source (AlmuSocket *self,
                           GSource   **place,
                           GSource    *source,
                           GSourceFunc callback,
                           const char *name)
{
  *place = source;
  g_source_set_static_name (source, name);
  g_source_set_callback (source, callback, self, NULL);
  g_source_attach (source, self->context);
}

/**
 * almu_socket_update_sources:
 * @self: a socket
 *
 * What can happen next follows from the state, and from nothing else: to be
 * called when anything of it has changed.
 */
void
almu_socket_update_sources (AlmuSocket *self)
{
  if (!wants_to_read (self))
    almu_socket_clear_source (&self->read_source);
  else if (self->read_source == NULL)
    almu_socket_attach_source (self, &self->read_source,
                               g_pollable_input_stream_create_source (self->input, NULL),
                               G_SOURCE_FUNC (on_readable), "almu: socket read");

  if (!wants_to_write (self))
    almu_socket_clear_source (&self->write_source);
  else if (self->write_source == NULL)
    almu_socket_attach_source (self, &self->write_source,
                               g_pollable_output_stream_create_source (self->output, NULL),
                               G_SOURCE_FUNC (on_writable), "almu: socket write");

  if (!wants_to_deliver (self))
    almu_socket_clear_source (&self->deliver_source);
  else if (self->deliver_source == NULL)
    almu_socket_attach_source (self, &self->deliver_source, g_timeout_source_new (0),
                               on_deliver, "almu: socket deliver");
}

/* -- the object --------------------------------------------------------- */

static void
almu_socket_dispose (GObject *object)
{
  AlmuSocket *self = ALMU_SOCKET (object);

  self->state = ALMU_SOCKET_CLOSED;
  self->told = TRUE;
  almu_intake_stop (self->intake);
  close_stream (self);
  almu_socket_clear_source (&self->deliver_source);

  G_OBJECT_CLASS (almu_socket_parent_class)->dispose (object);
}

static void
almu_socket_finalize (GObject *object)
{
  AlmuSocket *self = ALMU_SOCKET (object);

  almu_gather_clear (&self->gather);
  g_clear_pointer (&self->close_reason, g_free);
  g_clear_pointer (&self->intake, almu_intake_free);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (almu_socket_parent_class)->finalize (object);
}

static void
almu_socket_class_init (AlmuSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_socket_dispose;
  object_class->finalize = almu_socket_finalize;

  /**
   * AlmuSocket::text:
   * @self: the socket
   * @text: valid UTF-8 of at most %ALMU_LIMIT_TEXT_BYTES
   *
   * A text message came.
   */
  signals[TEXT] =
    g_signal_new ("text",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);

  /**
   * AlmuSocket::binary:
   * @self: the socket
   * @message: at most %ALMU_LIMIT_MESSAGE_BYTES
   *
   * A binary message came.
   */
  signals[BINARY] =
    g_signal_new ("binary",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1,
                  G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE);

  /**
   * AlmuSocket::closed:
   * @self: the socket
   * @code: the code of the peer's close frame, 1005 if it had none;
   *   %ALMU_SOCKET_CODE_NONE if no such frame came
   * @clean: whether the peer's close frame came: it left, or it answered
   *   almu_socket_close()
   *
   * It is over: the stream is closed. Emitted once, after all that came
   * before the end. The handler may drop the last reference.
   */
  signals[CLOSED] =
    g_signal_new ("closed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2,
                  G_TYPE_UINT, G_TYPE_BOOLEAN);
}

static void
almu_socket_init (AlmuSocket *self)
{
  self->intake = almu_intake_new (almu_socket_read_bytes, self);
  almu_gather_init (&self->gather);
  self->context = g_main_context_ref_thread_default ();
  self->last_seen = g_get_monotonic_time ();
}

/**
 * almu_socket_new:
 * @stream: (transfer none): the connection, when the answer to the
 *   upgrade is written; both sides pollable
 *
 * Begins to read in the next turn of the main loop. The socket closes
 * @stream when it is over.
 *
 * Returns: (transfer full): a socket
 */
AlmuSocket *
almu_socket_new (GIOStream *stream)
{
  AlmuSocket    *self;
  GInputStream  *input;
  GOutputStream *output;

  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);

  input = g_io_stream_get_input_stream (stream);
  output = g_io_stream_get_output_stream (stream);
  g_return_val_if_fail (G_IS_POLLABLE_INPUT_STREAM (input), NULL);
  g_return_val_if_fail (G_IS_POLLABLE_OUTPUT_STREAM (output), NULL);

  self = g_object_new (ALMU_TYPE_SOCKET, NULL);
  self->stream = g_object_ref (stream);
  self->input = G_POLLABLE_INPUT_STREAM (input);
  self->output = G_POLLABLE_OUTPUT_STREAM (output);
  almu_socket_update_sources (self);

  return self;
}

/**
 * almu_socket_set_source:
 * @self: a socket
 * @next: (nullable) (scope forever): gives the next message
 * @user_data: for @next
 *
 * Sets where messages come from. @user_data has to outlive the socket, or
 * %NULL be set before it goes.
 */
void
almu_socket_set_source (AlmuSocket    *self,
                        AlmuSocketNext next,
                        gpointer       user_data)
{
  g_return_if_fail (ALMU_IS_SOCKET (self));

  self->next = next;
  self->next_data = user_data;
  self->has_more = FALSE;
  almu_socket_wake (self);
}

/**
 * almu_socket_wake:
 * @self: a socket
 *
 * Tells that the source has something. What it has is asked for in a later
 * turn of the main loop, so that messages made together go out together.
 */
void
almu_socket_wake (AlmuSocket *self)
{
  g_return_if_fail (ALMU_IS_SOCKET (self));

  self->has_more = self->next != NULL;
  almu_socket_update_sources (self);
}

/**
 * almu_socket_flush:
 * @self: a socket
 *
 * Writes what waits now, as much of it as the peer takes at once, rather than
 * in a later turn: before something begins that takes all processors.
 */
void
almu_socket_flush (AlmuSocket *self)
{
  g_autoptr(AlmuSocket) alive = g_object_ref (self);

  g_return_if_fail (ALMU_IS_SOCKET (self));

  almu_socket_write_some (self, TRUE);
  almu_socket_update_sources (self);
}

/**
 * almu_socket_send_text:
 * @self: a socket
 * @text: valid UTF-8
 *
 * Sends a text message at once, before all messages that have not begun.
 * A socket that is no longer open forgets it.
 */
void
almu_socket_send_text (AlmuSocket *self,
                       const char *text)
{
  g_return_if_fail (ALMU_IS_SOCKET (self));
  g_return_if_fail (text != NULL);

  if (self->state != ALMU_SOCKET_OPEN || self->write_failed)
    return;

  almu_gather_push_urgent (&self->gather, ALMU_OPCODE_TEXT,
                           g_bytes_new (text, strlen (text)));
  almu_socket_write_some (self, FALSE);
  almu_socket_update_sources (self);
}

/**
 * almu_socket_set_paused:
 * @self: a socket
 * @paused: whether to stop
 *
 * Stops reading, so that the peer has to wait, and the signals with it;
 * only at the end what had been read is still delivered. A pause does not count
 * as silence of the peer.
 */
void
almu_socket_set_paused (AlmuSocket *self,
                        gboolean    paused)
{
  g_return_if_fail (ALMU_IS_SOCKET (self));

  if (self->paused == !!paused)
    return;

  self->paused = !!paused;
  self->idle_since = g_get_monotonic_time ();
  almu_socket_update_sources (self);
}

/**
 * almu_socket_set_idle:
 * @self: a socket
 * @seconds: how long silence may last, or 0 for ever
 *
 * Asks the peer for a sign of life every third of @seconds, and ends the
 * connection when there has been none for that long. Any byte is one.
 */
void
almu_socket_set_idle (AlmuSocket *self,
                      guint       seconds)
{
  g_return_if_fail (ALMU_IS_SOCKET (self));

  self->idle = (gint64) seconds * G_USEC_PER_SEC;
  self->idle_since = g_get_monotonic_time ();
  self->last_ping = self->idle_since;
  almu_socket_arm_tick (self);
}

/**
 * almu_socket_close:
 * @self: a socket
 * @code: why: 1000, 1001, 1008, 1011, or a number from 4000 to 4999
 * @reason: (nullable): why, for people; cut to what a close frame holds
 *
 * Ends the connection: what the source still has goes out, then a close
 * frame, and when the peer has answered it, or after
 * %ALMU_LIMIT_CLOSE_SECONDS, [signal@Almu.Socket::closed] tells. Messages that
 * have not been delivered yet are forgotten, and nothing more is sent but
 * what the source has.
 */
void
almu_socket_close (AlmuSocket *self,
                   guint       code,
                   const char *reason)
{
  const char *end;

  g_return_if_fail (ALMU_IS_SOCKET (self));
  g_return_if_fail (code == 1000 || code == 1001 || code == 1008 || code == 1011 ||
                    (code >= 4000 && code < 5000));
  g_return_if_fail (reason == NULL || g_utf8_validate (reason, -1, NULL));

  if (self->state != ALMU_SOCKET_OPEN)
    return;

  if (reason == NULL)
    reason = "";

  g_utf8_validate (reason, (gssize) MIN (strlen (reason), MAX_REASON_BYTES), &end);
  self->close_reason = g_strndup (reason, (gsize) (end - reason));
  self->close_code = code;
  self->state = ALMU_SOCKET_CLOSING;
  self->close_wanted = TRUE;
  almu_intake_stop (self->intake);
  almu_socket_arm_deadline (self);
  almu_socket_update_sources (self);
}

/**
 * almu_socket_is_open:
 * @self: a socket
 *
 * Notified by nothing: it ends with almu_socket_close(), and when the peer's
 * close frame comes or the stream ends.
 *
 * Returns: whether neither side has begun to close
 */
gboolean
almu_socket_is_open (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), FALSE);

  return self->state == ALMU_SOCKET_OPEN;
}

/**
 * almu_socket_get_bytes_sent:
 * @self: a socket
 *
 * What waits in the system's buffers counts as sent. Grows for as long as the
 * socket lives.
 *
 * Returns: the bytes the system has taken, headers included
 */
guint64
almu_socket_get_bytes_sent (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), 0);

  return self->bytes_sent;
}

/**
 * almu_socket_get_bytes_received:
 * @self: a socket
 *
 * What was read but is not yet a whole message counts, too. Grows for as long
 * as the socket lives.
 *
 * Returns: the bytes that came, headers included
 */
guint64
almu_socket_get_bytes_received (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), 0);

  return self->bytes_received;
}

/**
 * almu_socket_get_last_seen:
 * @self: a socket
 *
 * Any byte counts, also that of a pong. While the socket is paused nothing is
 * read, and so nothing seen.
 *
 * Returns: when the last byte came, or the socket was made, in the time of
 *   g_get_monotonic_time()
 */
gint64
almu_socket_get_last_seen (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), 0);

  return self->last_seen;
}
