/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-link-private.h"

#include <glib/gi18n-lib.h>

#include "almu-catalog.h"
#include "almu-dispatch.h"
#include "almu-error.h"
#include "almu-figures.h"
#include "almu-frame.h"
#include "almu-limits.h"
#include "almu-log.h"
#include "almu-message.h"
#include "almu-trace.h"

/* What a viewer says: taken from the socket in order, held up where it is
 * about something that is under way, and handed to the dispatcher. */

static gboolean
is_about_catalog (const ProtobufCMessage *message)
{
  return message->descriptor == &carta__open_catalog_file__descriptor ||
         message->descriptor == &carta__close_catalog_file__descriptor ||
         message->descriptor == &carta__catalog_filter_request__descriptor;
}

/* What a message is about, as far as its turn depends on it. */
typedef struct
{
  gboolean has_id;
  gint32   id; /* as in almu_link_begin_order() */
  gboolean is_everything;
} AlmuSubject;

/* A message that waits, with what it is about: it may be large, and is not
 * decoded anew each time that something else has been carried out. */
typedef struct
{
  GBytes     *bytes;
  AlmuSubject subject;
} AlmuHeld;

static void
almu_held_free (AlmuHeld *self)
{
  g_bytes_unref (self->bytes);
  g_free (self);
}

/* Opening and closing in general, resuming, another session are about every
 * file, and so not to be overtaken by a message about one. */
static AlmuSubject
get_subject (const ProtobufCMessage *message)
{
  gboolean    is_catalog = is_about_catalog (message);
  AlmuSubject subject = { 0 };

  subject.has_id = almu_message_get_file_id (message, &subject.id);
  subject.is_everything = message->descriptor == &carta__resume_session__descriptor ||
                          message->descriptor == &carta__register_viewer__descriptor ||
                          (!is_catalog && subject.has_id && subject.id < 0);
  if (is_catalog)
    subject.id = ALMU_LINK_CATALOG (subject.id);

  return subject;
}

/* Whether a message has to wait for an order that is being carried out. */
static gboolean
has_to_wait (AlmuLink          *self,
             const AlmuSubject *subject)
{
  if (self->is_barred || g_hash_table_contains (self->busy, GINT_TO_POINTER (ALMU_LINK_ALL_FILES)))
    return TRUE;

  if (g_hash_table_size (self->busy) == 0)
    return FALSE;

  self->is_barred = subject->is_everything;

  return self->is_barred ||
         (subject->has_id && g_hash_table_contains (self->busy, GINT_TO_POINTER (subject->id)));
}

static void
refuse_message (AlmuLink        *self,
                const AlmuFrame *frame,
                const GError    *error)
{
  g_debug ("Link %s: %s: %s", self->peer, almu_catalog_get_name (frame->event), error->message);
  almu_link_refuse (self, frame->event, frame->request_id, -1, error);
}

static ProtobufCMessage *
decode (AlmuLink  *self,
        GBytes    *bytes,
        AlmuFrame *out_frame)
{
  g_autoptr(GError) error = NULL;
  gsize                   length;
  const guint8           *data = g_bytes_get_data (bytes, &length);
  const AlmuCatalogEntry *entry;
  ProtobufCMessage       *message;

  if (!almu_frame_parse (data, length, out_frame, &error))
    {
      almu_link_report (self, CARTA__ERROR_SEVERITY__WARNING, "message", error->message);
      return NULL;
    }

  entry = almu_catalog_lookup (out_frame->event);
  if (entry == NULL || entry->direction != ALMU_DIRECTION_TO_US)
    {
      g_autofree char *text = g_strdup_printf (_ ("Event %u is not one that a viewer sends"), out_frame->event);

      almu_link_report (self, CARTA__ERROR_SEVERITY__WARNING, "message", text);
      return NULL;
    }

  message = almu_message_unpack (out_frame->event, data + ALMU_FRAME_BYTES,
                                 length - ALMU_FRAME_BYTES, &error);
  if (message == NULL)
    refuse_message (self, out_frame, error);

  return message;
}

static gboolean
may_speak (AlmuLink        *self,
           const AlmuFrame *frame)
{
  g_autoptr(GError) error = NULL;

  if (self->session != NULL || frame->event == CARTA__EVENT_TYPE__REGISTER_VIEWER)
    return TRUE;

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_REFUSED,
                       _ ("%s before REGISTER_VIEWER"), almu_catalog_get_name (frame->event));
  almu_link_report (self, CARTA__ERROR_SEVERITY__ERROR, "register", error->message);
  return FALSE;
}

/* Takes @held. */
static void
hold_up (AlmuLink *self,
         AlmuHeld *held)
{
  gsize size = g_bytes_get_size (held->bytes);

  if (g_queue_get_length (&self->waiting) >= ALMU_LIMIT_WAITING_MESSAGES ||
      self->waiting_bytes + size > ALMU_LIMIT_WAITING_BYTES)
    {
      almu_held_free (held);
      almu_link_lose (self, ALMU_CLOSE_OVERFLOW, _ ("Too many messages while a file is being opened"));
      return;
    }

  g_queue_push_tail (&self->waiting, held);
  self->waiting_bytes += size;
}

static void
hold_up_new (AlmuLink          *self,
             GBytes            *bytes,
             const AlmuSubject *subject)
{
  AlmuHeld *held = g_new (AlmuHeld, 1);

  held->bytes = g_bytes_ref (bytes);
  held->subject = *subject;
  hold_up (self, held);
}

/**
 * almu_link_forget_waiting:
 * @self: a link
 *
 * Throws away what the viewer said and what waited for its turn, without an
 * answer: the session it was about has been left.
 */
void
almu_link_forget_waiting (AlmuLink *self)
{
  g_queue_clear_full (&self->waiting, (GDestroyNotify) almu_held_free);
  self->waiting_bytes = 0;
  self->is_barred = FALSE;
}

static void
note_handled (AlmuLink *self,
              guint16   event,
              gint64    usec)
{
  almu_figures_time (ALMU_TIMED_HANDLING, almu_catalog_get_name (event), usec);
  if (self->session != NULL && almu_switchboard_get_options (self->switchboard)->log_performance)
    almu_log_session (G_LOG_DOMAIN, almu_session_get_id (self->session), self->peer,
                      "%s: %.3f ms", almu_catalog_get_name (event), (double) usec / 1000);
}

/* Handles a message, or lets it wait. */
static void
handle (AlmuLink *self,
        GBytes   *bytes)
{
  ProtobufCMessage *message;
  AlmuFrame         frame;
  AlmuSubject       subject;

  message = decode (self, bytes, &frame);
  if (message == NULL)
    return;

  /* answers to what we ask are not its user's */
  if (frame.event != CARTA__EVENT_TYPE__SCRIPTING_RESPONSE)
    self->last_message = g_get_monotonic_time ();

  almu_link_note_asked (self, frame.event, frame.request_id);
  subject = get_subject (message);
  if (has_to_wait (self, &subject))
    {
      almu_message_free (message);
      hold_up_new (self, bytes, &subject);
      return;
    }

  if (frame.event == CARTA__EVENT_TYPE__REGISTER_VIEWER)
    self->icd_version = frame.icd_version;
  if (may_speak (self, &frame))
    {
      gint64 begin = g_get_monotonic_time ();

      ALMU_TRACE_BEGIN (message);
      almu_link_note_message (self, "says", almu_catalog_get_name (frame.event));
      almu_dispatch (self, frame.event, frame.request_id, message);
      note_handled (self, frame.event, g_get_monotonic_time () - begin);
      ALMU_TRACE_END (message, almu_catalog_get_name (frame.event));
      g_signal_emit_by_name (self, "heard", (guint) frame.event);
    }
  almu_message_free (message);
}

static void
on_binary (AlmuSocket *socket,
           GBytes     *bytes,
           AlmuLink   *self)
{
  g_autoptr(AlmuLink) alive = g_object_ref (self);

  almu_figures_add (ALMU_FIGURE_MESSAGES_RECEIVED, 1);
  almu_figures_add (ALMU_FIGURE_BYTES_RECEIVED, g_bytes_get_size (bytes));
  handle (self, bytes);
}

static void
on_text (AlmuSocket *socket,
         const char *text,
         AlmuLink   *self)
{
  guint idle_timeout = almu_switchboard_get_options (self->switchboard)->idle_timeout;

  if (!g_str_equal (text, "PING"))
    return;

  almu_socket_send_text (socket, "PONG");
  if (idle_timeout > 0 &&
      g_get_monotonic_time () - self->last_message > idle_timeout * G_TIME_SPAN_SECOND)
    almu_link_lose (self, ALMU_CLOSE_IDLE, _ ("Nobody has used this window for a long time"));
}

/* What was held up goes on, in its order; what still has to wait keeps its
 * place. */
static void
flush_waiting (AlmuLink *self)
{
  g_autoptr(AlmuLink) alive = g_object_ref (self);
  GQueue    queue = self->waiting;
  AlmuHeld *held;

  if (self->is_flushing)
    return;

  self->is_flushing = TRUE;
  self->is_barred = FALSE;
  g_queue_init (&self->waiting);
  self->waiting_bytes = 0;
  while ((held = g_queue_pop_head (&queue)) != NULL)
    {
      if (almu_socket_is_open (self->socket) && has_to_wait (self, &held->subject))
        {
          hold_up (self, held);
          continue;
        }

      if (almu_socket_is_open (self->socket))
        handle (self, held->bytes);
      almu_held_free (held);
    }
  self->is_flushing = FALSE;
}

/**
 * almu_link_begin_order:
 * @file_id: what the order is about, or %ALMU_LINK_ALL_FILES
 *
 * From here on messages about that file wait.
 */
void
almu_link_begin_order (AlmuLink *self,
                       int       file_id)
{
  gpointer key = GINT_TO_POINTER (file_id);
  guint    n = GPOINTER_TO_UINT (g_hash_table_lookup (self->busy, key));

  g_hash_table_insert (self->busy, key, GUINT_TO_POINTER (n + 1));
}

/**
 * almu_link_end_order:
 * @file_id: what was given to almu_link_begin_order()
 *
 * The order is carried out, or has failed: what waited behind it goes on.
 */
void
almu_link_end_order (AlmuLink *self,
                     int       file_id)
{
  gpointer key = GINT_TO_POINTER (file_id);
  guint    n = GPOINTER_TO_UINT (g_hash_table_lookup (self->busy, key));

  if (n > 1)
    g_hash_table_insert (self->busy, key, GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->busy, key);

  flush_waiting (self);
}

/**
 * almu_link_has_orders:
 *
 * Whether something is being carried out that messages wait for.
 */
gboolean
almu_link_has_orders (AlmuLink *self)
{
  return g_hash_table_size (self->busy) > 0;
}

/**
 * almu_link_listen:
 * @self: a link whose socket is there
 *
 * From here on what the viewer says is handled: binary messages in order, and
 * `PING`, which is answered by `PONG`.
 */
void
almu_link_listen (AlmuLink *self)
{
  g_signal_connect (self->socket, "binary", G_CALLBACK (on_binary), self);
  g_signal_connect (self->socket, "text", G_CALLBACK (on_text), self);
}
