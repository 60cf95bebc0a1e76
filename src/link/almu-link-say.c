/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-link-private.h"

#include "almu-catalog.h"
#include "almu-figures.h"
#include "almu-log.h"
#include "almu-message.h"
#include "almu-refusal.h"

/* What a link says: replies, streams, refusals, and what it takes back
 * before it was sent. */

/**
 * almu_link_note_message:
 * @self: a link
 * @what: `says` or `is told`
 * @message: its name in the ICD
 *
 * Writes a line to the log if messages are to be logged and the link has a
 * session.
 */
void
almu_link_note_message (AlmuLink   *self,
                        const char *what,
                        const char *message)
{
  if (self->session != NULL && almu_switchboard_get_options (self->switchboard)->log_messages)
    almu_log_session (G_LOG_DOMAIN, almu_session_get_id (self->session), self->peer, "%s %s", what, message);
}

static void
push (AlmuLink               *self,
      const ProtobufCMessage *message,
      guint32                 request_id,
      AlmuOutboxLane          lane,
      guint64                 key)
{
  g_autoptr(GBytes) bytes = almu_message_pack (message, self->icd_version, request_id);
  g_autoptr(GError) error = NULL;

  if (!almu_socket_is_open (self->socket))
    return;

  if (!almu_outbox_push (self->outbox, bytes, lane, key, &error))
    {
      g_info ("Link %s: %s", self->peer, error->message);
      almu_link_lose (self, ALMU_CLOSE_OVERFLOW, error->message);
      return;
    }

  almu_link_note_message (self, "is told", message->descriptor->short_name);
  if (self->session != NULL && almu_outbox_is_full (self->outbox))
    almu_session_set_congested (self->session, TRUE);
  almu_socket_wake (self->socket);
}

static AlmuAsked *
find_asked (AlmuLink *self,
            guint16   event,
            guint32   request_id)
{
  for (guint i = 0; i < ALMU_LINK_N_ASKED; i++)
    {
      if (self->asked[i].event == event && self->asked[i].request_id == request_id)
        return &self->asked[i];
    }

  return NULL;
}

/**
 * almu_link_note_asked:
 * @self: a link
 * @event: what the viewer asks
 * @request_id: what the reply will repeat
 *
 * Notes when a request came, for the figures; events without a reply are not
 * noted. What is held up comes again, and has waited since it came first.
 */
void
almu_link_note_asked (AlmuLink *self,
                      guint16   event,
                      guint32   request_id)
{
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);

  if (entry == NULL || entry->reply == 0 || find_asked (self, event, request_id) != NULL)
    return;

  self->asked[self->next_asked] = (AlmuAsked){ request_id, event, g_get_monotonic_time () };
  self->next_asked = (self->next_asked + 1) % ALMU_LINK_N_ASKED;
}

static void
note_answered (AlmuLink               *self,
               guint32                 request_id,
               const ProtobufCMessage *message)
{
  const AlmuCatalogEntry *reply = almu_catalog_lookup_descriptor (message->descriptor);

  for (guint i = 0; reply != NULL && i < ALMU_LINK_N_ASKED; i++)
    {
      AlmuAsked *asked = &self->asked[i];

      if (asked->event == 0 || asked->request_id != request_id ||
          almu_catalog_lookup (asked->event)->reply != reply->event)
        continue;

      almu_figures_time (ALMU_TIMED_ANSWER, almu_catalog_get_name (asked->event),
                         g_get_monotonic_time () - asked->came);
      asked->event = 0;
      return;
    }
}

/**
 * almu_link_reply:
 * @request_id: what the request had
 * @message: of a type that the viewer expects; packed at once
 *
 * Answers a request. Replies are never dropped.
 *
 * A link that is closing throws it away. One whose viewer does not read any
 * more is lost.
 */
void
almu_link_reply (AlmuLink               *self,
                 guint32                 request_id,
                 const ProtobufCMessage *message)
{
  note_answered (self, request_id, message);
  push (self, message, request_id, ALMU_OUTBOX_ORDERED, 0);
}

/**
 * almu_link_flush:
 * @self: a link
 *
 * Has what was said leave now, as far as the viewer takes it.
 */
void
almu_link_flush (AlmuLink *self)
{
  if (almu_socket_is_open (self->socket))
    almu_socket_flush (self->socket);
}

/**
 * almu_link_promise:
 * @self: a link with a session
 *
 * To be called before a reply that says that something was changed: the
 * session is committed before the reply, or anything else, goes out. That is
 * once for all that a viewer has asked for at a time, since a record is written
 * as a whole.
 */
void
almu_link_promise (AlmuLink *self)
{
  g_return_if_fail (self->session != NULL);

  self->has_promised = TRUE;
}

/**
 * almu_link_stream:
 * @message: packed at once
 * @lane: what may happen to it while it waits
 * @key: what it is about; see almu_outbox_push()
 *
 * Sends something that answers no single request.
 */
void
almu_link_stream (AlmuLink               *self,
                  const ProtobufCMessage *message,
                  AlmuOutboxLane          lane,
                  guint64                 key)
{
  push (self, message, 0, lane, key);
}

/**
 * almu_link_drop_pictures:
 * @file_id: of the session
 *
 * Forgets tiles of a file that wait to be sent and that nobody will see.
 */
void
almu_link_drop_pictures (AlmuLink *self,
                         int       file_id)
{
  almu_outbox_drop_group (self->outbox, (guint64) (guint32) file_id);
}

/**
 * almu_link_drop_frames:
 *
 * Forgets tiles of an animation's frames that wait to be sent: the viewer
 * stops it.
 */
void
almu_link_drop_frames (AlmuLink *self)
{
  AlmuAnimation *animation = almu_session_get_animation (self->session);
  GPtrArray     *files = almu_session_list_files (self->session);

  for (guint i = 0; animation != NULL && i < files->len; i++)
    {
      int file_id = almu_file_get_id (files->pdata[i]);

      if (almu_animation_moves (animation, file_id))
        almu_link_drop_pictures (self, file_id);
    }
}

/**
 * almu_link_drop_group:
 * @key: of a group
 *
 * Forgets what waits to be sent with @key in %ALMU_OUTBOX_GROUP.
 */
void
almu_link_drop_group (AlmuLink *self,
                      guint64   key)
{
  almu_outbox_drop_group (self->outbox, key);
}

/**
 * almu_link_drop_rows:
 * @catalog_id: of the session
 *
 * Forgets rows of a catalog that wait to be sent and that nobody asks for
 * any more.
 */
void
almu_link_drop_rows (AlmuLink *self,
                     int       catalog_id)
{
  almu_outbox_drop_group (self->outbox, ALMU_LINK_ROWS_KEY (catalog_id));
}

/**
 * almu_link_report:
 * @severity: how bad it is; whatever it is, the page shows it in its log only
 * @tag: what the text is about, for the page's log
 * @text: a phrase for people
 *
 * Sends ERROR_DATA.
 */
void
almu_link_report (AlmuLink            *self,
                  CARTA__ErrorSeverity severity,
                  const char          *tag,
                  const char          *text)
{
  CARTA__ErrorData message = CARTA__ERROR_DATA__INIT;
  g_autofree char *clean = almu_message_clean_text (text, -1);
  char            *tags[] = { (char *) tag };

  message.severity = severity;
  message.n_tags = G_N_ELEMENTS (tags);
  message.tags = tags;
  message.message = clean;
  almu_link_stream (self, &message.base, ALMU_OUTBOX_ORDERED, 0);
}

/**
 * almu_link_refuse:
 * @event: what was asked
 * @request_id: what the request had
 * @file_id: whose reply it is, if the reply names a file; else -1
 * @error: why not
 *
 * Answers by the failing form of the event's own reply, so that the page
 * never waits for ever; by ERROR_DATA where there is no reply.
 */
void
almu_link_refuse (AlmuLink     *self,
                  guint16       event,
                  guint32       request_id,
                  gint32        file_id,
                  const GError *error)
{
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
  g_autofree char        *clean = almu_message_clean_text (error->message, -1);
  ProtobufCMessage       *reply = NULL;

  if (entry != NULL && entry->reply != 0)
    reply = almu_refusal_new (entry->reply, file_id, clean);

  if (reply == NULL)
    {
      almu_link_report (self, CARTA__ERROR_SEVERITY__ERROR,
                        entry != NULL ? entry->name : "message", clean);
      return;
    }

  almu_link_reply (self, request_id, reply);
  almu_refusal_free (reply);
}
