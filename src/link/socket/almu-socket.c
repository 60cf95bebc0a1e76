/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-socket.h"

#include <string.h>

#include "almu-gather.h"
#include "almu-intake.h"
#include "almu-figures.h"
#include "almu-limits.h"

/* Read and written in one go before the main loop gets its turn, so that no
 * peer can hog it. */
#define MAX_READ_BYTES (1024 * 1024)
#define MAX_WRITE_BYTES (1024 * 1024)
#define MAX_DELIVERED 64

/* Taken from the source at once. What is taken can no longer be replaced. */
#define MAX_BATCH_MESSAGES 16
#define MAX_BATCH_BYTES (256 * 1024)

/* Answers to a peer's PINGs that may wait before it is no longer read. */
#define MAX_WAITING_ANSWERS 64

#define MAX_REASON_BYTES 123

/* The code for what cannot even be parsed. */
#define PROTOCOL_ERROR 1002

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
struct _AlmuSocket
{
  GObject parent_instance;

  GIOStream             *stream;
  GPollableInputStream  *input;
  GPollableOutputStream *output;
  GMainContext          *context;
  AlmuIntake            *intake;
  AlmuGather             gather;

  GSource *read_source;
  GSource *write_source;
  GSource *deliver_source;
  GSource *tick_source;
  GSource *deadline_source;

  int      state;
  gboolean paused;
  gboolean writing;
  gboolean told;

  gsize    read_budget;
  gboolean read_ended;

  AlmuSocketNext next;
  gpointer       next_data;
  gboolean       has_more;
  gboolean       write_failed;
  gboolean       close_wanted;
  guint          close_code;
  char          *close_reason;

  guint64 bytes_sent;
  guint64 bytes_received;
  gint64  last_seen;

  /* keep-alive, in microseconds */
  gint64 idle;
  gint64 idle_since;
  gint64 last_ping;
};

G_DEFINE_FINAL_TYPE (AlmuSocket, almu_socket, G_TYPE_OBJECT)

/* OPEN → CLOSING: we said we want to end; what the source has goes first.
 * OPEN, CLOSING → ANSWERING: the peer's close frame is here; the answer to
 * it is the last thing that goes out.
 * OPEN, CLOSING → LINGERING: the peer broke the rules; it is told why, and
 * what it still sends is thrown away, because closing on unread bytes
 * would reset the connection before it has read that.
 * All → CLOSED: the stream is gone. */
enum
{
  OPEN,
  CLOSING,
  ANSWERING,
  LINGERING,
  CLOSED,
};

enum
{
  TEXT,
  BINARY,
  CLOSED_SIGNAL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void update_sources (AlmuSocket *self);

static void
clear_source (GSource **source)
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
  clear_source (&self->read_source);
  clear_source (&self->write_source);
  clear_source (&self->tick_source);
  clear_source (&self->deadline_source);

  if (self->stream == NULL)
    return;

  /* whether it ends well does not matter any more */
  g_io_stream_close (self->stream, NULL, NULL);
  self->input = NULL;
  self->output = NULL;
  g_clear_object (&self->stream);
}

/* The owner is told later, from the main loop: this may be within one of
 * its calls, and what the peer said before the end comes first. */
static void
finish (AlmuSocket *self)
{
  if (self->state == CLOSED)
    return;

  self->state = CLOSED;
  close_stream (self);
  almu_gather_clear (&self->gather);
  update_sources (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  AlmuSocket *self = user_data;

  finish (self);

  return G_SOURCE_REMOVE;
}

static void
arm_deadline (AlmuSocket *self)
{
  clear_source (&self->tick_source);

  if (self->deadline_source != NULL)
    return;

  self->deadline_source = g_timeout_source_new (1000 * ALMU_LIMIT_CLOSE_SECONDS);
  g_source_set_static_name (self->deadline_source, "almu: socket deadline");
  g_source_set_callback (self->deadline_source, on_deadline, self, NULL);
  g_source_attach (self->deadline_source, self->context);
}

/* -- writing ------------------------------------------------------------ */

/* Takes what the intake wants to send: whole control frames, which go
 * between ours. */
static void
collect_control (AlmuSocket *self)
{
  g_autoptr(GBytes) frames = almu_intake_take_control (self->intake);

  if (frames != NULL && !self->write_failed)
    almu_gather_push_made (&self->gather, g_steal_pointer (&frames));
}

static gboolean
may_pull (AlmuSocket *self)
{
  return self->has_more && !self->write_failed &&
         (self->state == OPEN || (self->state == CLOSING && self->close_wanted));
}

static void
pull_batch (AlmuSocket *self)
{
  gsize bytes = 0;

  for (guint n = 0; n < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES && may_pull (self); n++)
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

      if (self->state == OPEN || self->state == CLOSING)
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
  arm_deadline (self);
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
  if (self->state != CLOSING || !self->close_wanted ||
      self->has_more || !almu_gather_is_empty (&self->gather))
    return;

  self->close_wanted = FALSE;
  almu_intake_close (self->intake, self->close_code, self->close_reason);
  collect_control (self);
}

static void
write_some (AlmuSocket *self,
            gboolean    pull)
{
  guint64 start = self->bytes_sent;

  if (self->writing || self->write_failed || self->state == CLOSED)
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

  if (self->state == ANSWERING && almu_gather_is_empty (&self->gather))
    finish (self);
}

/* -- reading ------------------------------------------------------------ */

static gssize
read_bytes (guint8  *data,
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
enter_farewell (AlmuSocket *self,
                int         state)
{
  self->state = state;
  self->has_more = FALSE;
  self->close_wanted = FALSE;

  /* our own close frame, if there is one, waits behind nothing droppable */
  if (!almu_intake_has_sent_close (self->intake))
    almu_gather_drop_waiting (&self->gather);

  collect_control (self);
  arm_deadline (self);
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

  enter_farewell (self, LINGERING);

  if (unparsable && !close_sent && !self->write_failed)
    push_protocol_error (self);

  write_some (self, FALSE);
}

static void
read_frames (AlmuSocket *self)
{
  self->read_budget = MAX_READ_BYTES;

  switch (almu_intake_run (self->intake))
    {
    case ALMU_INTAKE_MORE:
      collect_control (self);
      write_some (self, FALSE);
      break;

    case ALMU_INTAKE_CLOSED:
      enter_farewell (self, ANSWERING);
      write_some (self, FALSE);
      if (self->write_failed)
        finish (self);
      break;

    case ALMU_INTAKE_REFUSED:
      refuse_peer (self, FALSE);
      break;

    case ALMU_INTAKE_GARBLED:
      refuse_peer (self, TRUE);
      break;

    case ALMU_INTAKE_ENDED:
    default:
      finish (self);
    }
}

static void
throw_away (AlmuSocket *self)
{
  guint8 scratch[16 * 1024];

  self->read_budget = MAX_READ_BYTES;

  while (read_bytes (scratch, sizeof scratch, self) > 0)
    ;

  if (self->read_ended)
    finish (self);
}

/* -- telling the owner -------------------------------------------------- */

static void
tell_closed (AlmuSocket *self)
{
  guint    code = ALMU_SOCKET_CODE_NONE;
  gboolean clean = almu_intake_get_close_code (self->intake, &code);

  self->told = TRUE;
  g_signal_emit (self, signals[CLOSED_SIGNAL], 0, code, clean);
}

static gboolean
may_deliver (AlmuSocket *self)
{
  return almu_intake_has_message (self->intake) && (!self->paused || self->state == CLOSED);
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

  if (self->state == CLOSED && !almu_intake_has_message (self->intake) && !self->told)
    tell_closed (self);
}

/* -- sources ------------------------------------------------------------ */

static gboolean
on_readable (GObject *stream,
             gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  if (self->state == LINGERING)
    throw_away (self);
  else
    read_frames (self);

  deliver (self);
  update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_writable (GObject *stream,
             gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  write_some (self, TRUE);
  update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr(AlmuSocket) self = g_object_ref (user_data);

  deliver (self);
  update_sources (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
wants_to_read (AlmuSocket *self)
{
  switch (self->state)
    {
    case OPEN:
      return !almu_intake_has_message (self->intake) && (!self->paused || self->write_failed) &&
             almu_gather_get_n_urgent (&self->gather) < MAX_WAITING_ANSWERS;

    case CLOSING:
      return almu_gather_get_n_urgent (&self->gather) < MAX_WAITING_ANSWERS;

    case LINGERING:
      return TRUE;

    default:
      return FALSE;
    }
}

static gboolean
wants_to_write (AlmuSocket *self)
{
  if (self->state == CLOSED || self->write_failed)
    return FALSE;

  return may_pull (self) || self->close_wanted || !almu_gather_is_empty (&self->gather);
}

static gboolean
wants_to_deliver (AlmuSocket *self)
{
  return may_deliver (self) || (self->state == CLOSED && !self->told);
}

static void
attach_source (AlmuSocket *self,
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

/* What can happen next follows from the state, and from nothing else. */
static void
update_sources (AlmuSocket *self)
{
  if (!wants_to_read (self))
    clear_source (&self->read_source);
  else if (self->read_source == NULL)
    attach_source (self, &self->read_source,
                   g_pollable_input_stream_create_source (self->input, NULL),
                   G_SOURCE_FUNC (on_readable), "almu: socket read");

  if (!wants_to_write (self))
    clear_source (&self->write_source);
  else if (self->write_source == NULL)
    attach_source (self, &self->write_source,
                   g_pollable_output_stream_create_source (self->output, NULL),
                   G_SOURCE_FUNC (on_writable), "almu: socket write");

  if (!wants_to_deliver (self))
    clear_source (&self->deliver_source);
  else if (self->deliver_source == NULL)
    attach_source (self, &self->deliver_source, g_timeout_source_new (0),
                   on_deliver, "almu: socket deliver");
}

/* -- keep-alive --------------------------------------------------------- */

static gboolean on_tick (gpointer user_data);

static void
arm_tick (AlmuSocket *self)
{
  gint64 due;

  clear_source (&self->tick_source);
  if (self->idle == 0 || self->state != OPEN || self->deadline_source != NULL)
    return;

  due = MIN (self->last_ping + self->idle / 3, self->idle_since + self->idle);
  due = MAX (due - g_get_monotonic_time (), 0) / 1000 + 1;

  attach_source (self, &self->tick_source, g_timeout_source_new ((guint) due),
                 on_tick, "almu: socket keep-alive");
}

static void
send_ping (AlmuSocket *self)
{
  self->last_ping = g_get_monotonic_time ();

  /* one that does not read has pings enough */
  if (almu_gather_get_n_urgent (&self->gather) >= MAX_WAITING_ANSWERS)
    return;

  almu_intake_ping (self->intake);
  collect_control (self);
  write_some (self, FALSE);
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
      finish (self);
      return G_SOURCE_REMOVE;
    }

  if (now - self->last_ping >= self->idle / 3)
    send_ping (self);

  arm_tick (self);
  update_sources (self);

  return G_SOURCE_REMOVE;
}

/* -- the object --------------------------------------------------------- */

static void
almu_socket_dispose (GObject *object)
{
  AlmuSocket *self = ALMU_SOCKET (object);

  self->state = CLOSED;
  self->told = TRUE;
  almu_intake_stop (self->intake);
  close_stream (self);
  clear_source (&self->deliver_source);

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
  signals[CLOSED_SIGNAL] =
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
  self->intake = almu_intake_new (read_bytes, self);
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
  update_sources (self);

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
  update_sources (self);
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

  if (self->state != OPEN || self->write_failed)
    return;

  almu_gather_push_urgent (&self->gather, ALMU_OPCODE_TEXT,
                           g_bytes_new (text, strlen (text)));
  write_some (self, FALSE);
  update_sources (self);
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
  update_sources (self);
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
  arm_tick (self);
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

  if (self->state != OPEN)
    return;

  if (reason == NULL)
    reason = "";

  g_utf8_validate (reason, (gssize) MIN (strlen (reason), MAX_REASON_BYTES), &end);
  self->close_reason = g_strndup (reason, (gsize) (end - reason));
  self->close_code = code;
  self->state = CLOSING;
  self->close_wanted = TRUE;
  almu_intake_stop (self->intake);
  arm_deadline (self);
  update_sources (self);
}

/**
 * almu_socket_is_open:
 * @self: a socket
 *
 * Returns: whether neither side has begun to close
 */
gboolean
almu_socket_is_open (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), FALSE);

  return self->state == OPEN;
}

/**
 * almu_socket_get_bytes_sent:
 * @self: a socket
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
 * Returns: when the last byte came, or the socket was made, in the time of
 *   g_get_monotonic_time()
 */
gint64
almu_socket_get_last_seen (AlmuSocket *self)
{
  g_return_val_if_fail (ALMU_IS_SOCKET (self), 0);

  return self->last_seen;
}
