/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-intake.h"

#include <string.h>

#include <wslay/wslay.h>

#include "almu-limits.h"

/* Messages, and answers to control frames, that may wait before a run
 * stops. */
#define MAX_MESSAGES 64
#define MAX_ANSWERS 64

typedef struct
{
  gboolean is_text;
  GBytes  *bytes;
} Message;

struct _AlmuIntake
{
  wslay_event_context_ptr wslay;
  AlmuIntakeRead          read;
  gpointer                read_data;
  gboolean                ended;
  gboolean                deaf;

  /* the frame and the message that are coming in */
  guint8      frame_opcode;
  gboolean    is_text;
  GByteArray *message;

  GQueue      messages;
  GByteArray *control;
};

static void
message_free (gpointer data)
{
  Message *message = data;

  g_bytes_unref (message->bytes);
  g_free (message);
}

static gboolean
has_enough (AlmuIntake *self)
{
  return self->messages.length >= MAX_MESSAGES ||
         wslay_event_get_queued_msg_count (self->wslay) >= MAX_ANSWERS;
}

static ssize_t
on_wanted (wslay_event_context_ptr wslay,
           uint8_t                *data,
           size_t                  length,
           int                     flags,
           void                   *user_data)
{
  AlmuIntake *self = user_data;
  gssize      n = 0;

  if (!has_enough (self))
    n = self->read (data, length, self->read_data);

  if (n > 0)
    return n;

  self->ended = n < 0;
  wslay_event_set_error (wslay, self->ended ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);

  return -1;
}

static ssize_t
on_control (wslay_event_context_ptr wslay,
            const uint8_t          *data,
            size_t                  length,
            int                     flags,
            void                   *user_data)
{
  AlmuIntake *self = user_data;

  g_byte_array_append (self->control, data, (guint) length);

  return (ssize_t) length;
}

static void
forget_message (AlmuIntake *self)
{
  g_clear_pointer (&self->message, g_byte_array_unref);
}

static gsize
get_limit (AlmuIntake *self)
{
  return self->is_text ? ALMU_LIMIT_TEXT_BYTES : ALMU_LIMIT_MESSAGE_BYTES;
}

/* A length is only a claim here: nothing is allocated for it, and the sum
 * of the frames is what counts. */
static void
on_frame_start (wslay_event_context_ptr                           wslay,
                const struct wslay_event_on_frame_recv_start_arg *arg,
                void                                             *user_data)
{
  AlmuIntake *self = user_data;

  self->frame_opcode = arg->opcode;
  if (wslay_is_ctrl_frame (arg->opcode) || self->deaf)
    return;

  if (arg->opcode != WSLAY_CONTINUATION_FRAME)
    {
      forget_message (self);
      self->is_text = arg->opcode == WSLAY_TEXT_FRAME;
      self->message = g_byte_array_new ();
    }

  if (self->message == NULL || arg->payload_length <= get_limit (self) - self->message->len)
    return;

  forget_message (self);
  wslay_event_queue_close (wslay, WSLAY_CODE_MESSAGE_TOO_BIG, NULL, 0);
  wslay_event_shutdown_read (wslay);
}

/* wslay would keep a piece of memory for each fragment, however small; so
 * the message is put together here. */
static void
on_frame_chunk (wslay_event_context_ptr                           wslay,
                const struct wslay_event_on_frame_recv_chunk_arg *arg,
                void                                             *user_data)
{
  AlmuIntake *self = user_data;

  if (wslay_is_ctrl_frame (self->frame_opcode) || self->message == NULL || arg->data_length == 0)
    return;

  g_byte_array_append (self->message, arg->data, (guint) arg->data_length);
}

static void
on_message (wslay_event_context_ptr                   wslay,
            const struct wslay_event_on_msg_recv_arg *arg,
            void                                     *user_data)
{
  AlmuIntake *self = user_data;
  Message    *message;

  if (wslay_is_ctrl_frame (arg->opcode) || self->message == NULL)
    return;

  if (self->is_text)
    g_byte_array_append (self->message, (const guint8 *) "", 1);

  message = g_new0 (Message, 1);
  message->is_text = self->is_text;
  message->bytes = g_byte_array_free_to_bytes (g_steal_pointer (&self->message));
  g_queue_push_tail (&self->messages, message);
}

/**
 * almu_intake_new:
 * @read: (scope forever): gives bytes; called by almu_intake_run() and by
 *   nothing else
 * @user_data: for @read
 *
 * Calls nothing yet. The process ends if there is no memory.
 *
 * Returns: (transfer full): an intake
 */
AlmuIntake *
almu_intake_new (AlmuIntakeRead read,
                 gpointer       user_data)
{
  static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_wanted,
    .send_callback = on_control,
    .on_frame_recv_start_callback = on_frame_start,
    .on_frame_recv_chunk_callback = on_frame_chunk,
    .on_msg_recv_callback = on_message,
  };
  AlmuIntake *self = g_new0 (AlmuIntake, 1);

  if (wslay_event_context_server_init (&self->wslay, &callbacks, self) != 0)
    g_error ("Not enough memory for a WebSocket");

  wslay_event_config_set_no_buffering (self->wslay, 1);
  wslay_event_config_set_max_recv_msg_length (self->wslay, ALMU_LIMIT_MESSAGE_BYTES);

  self->read = read;
  self->read_data = user_data;
  self->control = g_byte_array_new ();
  g_queue_init (&self->messages);

  return self;
}

/**
 * almu_intake_free:
 * @self: (transfer full): an intake
 *
 * Frees it with all messages and control frames that were not taken.
 */
void
almu_intake_free (AlmuIntake *self)
{
  forget_message (self);
  g_queue_clear_full (&self->messages, message_free);
  g_byte_array_unref (self->control);
  wslay_event_context_free (self->wslay);
  g_free (self);
}

/**
 * almu_intake_run:
 * @self: an intake
 *
 * Takes in what there is to read, until a few messages wait.
 *
 * Returns: how far it went
 */
AlmuIntakeResult
almu_intake_run (AlmuIntake *self)
{
  int result = wslay_event_recv (self->wslay);

  if (wslay_event_get_close_received (self->wslay))
    return ALMU_INTAKE_CLOSED;

  if (self->ended)
    return ALMU_INTAKE_ENDED;

  if (result != 0)
    return ALMU_INTAKE_GARBLED;

  return wslay_event_get_read_enabled (self->wslay) ? ALMU_INTAKE_MORE : ALMU_INTAKE_REFUSED;
}

/**
 * almu_intake_has_message:
 * @self: an intake
 *
 * Whether a message has come whole and waits to be taken.
 */
gboolean
almu_intake_has_message (AlmuIntake *self)
{
  return !g_queue_is_empty (&self->messages);
}

/**
 * almu_intake_take_message:
 * @self: an intake that has a message
 * @out_is_text: (out): whether it is text, with a zero behind it
 *
 * To be called only when almu_intake_has_message() is %TRUE. No message has
 * more than %ALMU_LIMIT_MESSAGE_BYTES.
 *
 * Returns: (transfer full): the message that came first
 */
GBytes *
almu_intake_take_message (AlmuIntake *self,
                          gboolean   *out_is_text)
{
  Message *message = g_queue_pop_head (&self->messages);
  GBytes  *bytes = g_steal_pointer (&message->bytes);

  *out_is_text = message->is_text;
  g_free (message);

  return bytes;
}

/**
 * almu_intake_take_control:
 * @self: an intake
 *
 * Takes the control frames that should be sent, made and whole: answers, and
 * what almu_intake_ping() and almu_intake_close() asked for.
 *
 * Returns: (transfer full) (nullable): the frames, or %NULL if there are none
 */
GBytes *
almu_intake_take_control (AlmuIntake *self)
{
  GBytes *frames;

  wslay_event_send (self->wslay);

  if (self->control->len == 0)
    return NULL;

  frames = g_bytes_new (self->control->data, self->control->len);
  g_byte_array_set_size (self->control, 0);

  return frames;
}

/**
 * almu_intake_stop:
 * @self: an intake
 *
 * Forgets all messages, those that wait and those to come. Control frames
 * are still understood.
 */
void
almu_intake_stop (AlmuIntake *self)
{
  self->deaf = TRUE;
  forget_message (self);
  g_queue_clear_full (&self->messages, message_free);
}

/**
 * almu_intake_ping:
 * @self: an intake
 *
 * Asks the peer for a sign of life, with the next almu_intake_take_control().
 * Its pong is passed over here: any byte is such a sign.
 */
void
almu_intake_ping (AlmuIntake *self)
{
  struct wslay_event_msg ping = { WSLAY_PING, NULL, 0 };

  wslay_event_queue_msg (self->wslay, &ping);
}

/**
 * almu_intake_close:
 * @self: an intake
 * @code: why
 * @reason: why, at most 123 bytes
 *
 * Makes a close frame, the last control frame there will be.
 */
void
almu_intake_close (AlmuIntake *self,
                   guint       code,
                   const char *reason)
{
  wslay_event_queue_close (self->wslay, (uint16_t) code,
                           (const uint8_t *) reason, strlen (reason));
}

/**
 * almu_intake_has_sent_close:
 * @self: an intake
 *
 * It need not have left: what was taken is in the hands of whoever writes.
 *
 * Returns: whether a close frame has been taken to be sent
 */
gboolean
almu_intake_has_sent_close (AlmuIntake *self)
{
  return wslay_event_get_close_sent (self->wslay);
}

/**
 * almu_intake_get_close_code:
 * @self: an intake
 * @out_code: (out): its code, 1005 if it had none
 *
 * Left alone if none came. 1005 is the code of a frame without one.
 *
 * Returns: whether a close frame came
 */
gboolean
almu_intake_get_close_code (AlmuIntake *self,
                            guint      *out_code)
{
  if (!wslay_event_get_close_received (self->wslay))
    return FALSE;

  *out_code = wslay_event_get_status_code_received (self->wslay);
  return TRUE;
}
