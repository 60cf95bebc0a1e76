/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-viewer.h"

#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>

#include "almu-catalog.h"
#include "almu-frame.h"
#include "almu-message.h"

struct _AlmuTestViewer
{
  SoupSession             *session;
  SoupWebsocketConnection *connection;
  GError                  *error;
  GQueue                   messages; /* AlmuTestMessage */
  guint16                  icd_version;
  guint32                  last_request_id;
  guint                    n_pongs;
  gboolean                 is_closed;
};

static void
message_free (gpointer data)
{
  AlmuTestMessage *message = data;

  if (message->message != NULL)
    almu_message_free (message->message);
  g_free (message);
}

void
almu_test_body_free (gpointer message)
{
  almu_message_free (message);
}

static void
on_message (SoupWebsocketConnection *connection,
            int                      type,
            GBytes                  *bytes,
            AlmuTestViewer          *self)
{
  gsize            length;
  const guint8    *data = g_bytes_get_data (bytes, &length);
  AlmuTestMessage *message;
  AlmuFrame        frame;
  g_autoptr(GError) error = NULL;

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    {
      g_assert_cmpmem (data, length, "PONG", 4);
      self->n_pongs++;
      return;
    }

  g_assert_true (almu_frame_parse (data, length, &frame, &error));
  message = g_new0 (AlmuTestMessage, 1);
  message->event = frame.event;
  message->icd_version = frame.icd_version;
  message->request_id = frame.request_id;
  message->message = almu_message_unpack (frame.event, data + ALMU_FRAME_BYTES,
                                          length - ALMU_FRAME_BYTES, &error);
  g_assert_no_error (error);
  g_queue_push_tail (&self->messages, message);
}

static void
on_closed (SoupWebsocketConnection *connection,
           AlmuTestViewer          *self)
{
  self->is_closed = TRUE;
}

static void
on_connected (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  AlmuTestViewer *self = user_data;

  self->connection = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &self->error);
}

static void
begin_to_listen (AlmuTestViewer *self)
{
  soup_websocket_connection_set_max_incoming_payload_size (self->connection, 256 * 1024 * 1024);
  g_signal_connect (self->connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
}

/* Returns NULL if the upgrade is refused. */
AlmuTestViewer *
almu_test_viewer_connect (const char *url)
{
  return almu_test_viewer_connect_from (url, NULL);
}

/* @browser: (nullable): what its cookie says, 32 hexadecimal digits */
AlmuTestViewer *
almu_test_viewer_connect_from (const char *url,
                               const char *browser)
{
  AlmuTestViewer *self = g_new0 (AlmuTestViewer, 1);
  g_autoptr(SoupMessage) message = soup_message_new ("GET", url);

  if (browser != NULL)
    {
      g_autofree char *cookie = g_strdup_printf ("almucantar-viewer=%s", browser);

      soup_message_headers_append (soup_message_get_request_headers (message), "Cookie", cookie);
    }

  g_queue_init (&self->messages);
  self->icd_version = ALMU_ICD_VERSION;
  self->session = soup_session_new_with_options ("proxy-resolver", NULL, NULL);
  soup_session_websocket_connect_async (self->session, message, NULL, NULL, G_PRIORITY_DEFAULT, NULL,
                                        on_connected, self);
  while (self->connection == NULL && self->error == NULL)
    g_main_context_iteration (NULL, TRUE);

  if (self->connection == NULL)
    {
      g_test_message ("No link: %s", self->error->message);
      almu_test_viewer_free (self);
      return NULL;
    }

  begin_to_listen (self);

  return self;
}

/* On a connection whose other end needs no upgrade. */
AlmuTestViewer *
almu_test_viewer_new_for_stream (GIOStream *stream)
{
  AlmuTestViewer *self = g_new0 (AlmuTestViewer, 1);
  g_autoptr(GUri) uri = g_uri_parse ("ws://127.0.0.1/", G_URI_FLAGS_NONE, NULL);

  g_queue_init (&self->messages);
  self->icd_version = ALMU_ICD_VERSION;
  self->connection = soup_websocket_connection_new (stream, uri, SOUP_WEBSOCKET_CONNECTION_CLIENT,
                                                    NULL, NULL, NULL);
  begin_to_listen (self);

  return self;
}

void
almu_test_viewer_free (AlmuTestViewer *self)
{
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
        almu_test_viewer_cut (self);
    }
  g_clear_object (&self->connection);
  g_clear_object (&self->session);
  g_clear_error (&self->error);
  g_queue_clear_full (&self->messages, message_free);
  g_free (self);
}

void
almu_test_viewer_set_icd_version (AlmuTestViewer *self,
                                  guint16         version)
{
  self->icd_version = version;
}

guint32
almu_test_viewer_send (AlmuTestViewer         *self,
                       const ProtobufCMessage *message)
{
  g_autoptr(GBytes) bytes = almu_message_pack (message, self->icd_version, ++self->last_request_id);

  soup_websocket_connection_send_message (self->connection, SOUP_WEBSOCKET_DATA_BINARY, bytes);

  return self->last_request_id;
}

void
almu_test_viewer_send_raw (AlmuTestViewer *self,
                           guint16         event,
                           guint32         request_id,
                           const void     *body,
                           gsize           length)
{
  g_autofree guint8 *data = g_malloc (ALMU_FRAME_BYTES + length);
  AlmuFrame          frame = { event, self->icd_version, request_id };

  almu_frame_write (&frame, data);
  if (length > 0)
    memcpy (data + ALMU_FRAME_BYTES, body, length);
  soup_websocket_connection_send_binary (self->connection, data, ALMU_FRAME_BYTES + length);
}

/* A binary message as it is. */
void
almu_test_viewer_send_bytes (AlmuTestViewer *self,
                             const char     *bytes,
                             gsize           length)
{
  soup_websocket_connection_send_binary (self->connection, bytes, length);
}

void
almu_test_viewer_send_text (AlmuTestViewer *self,
                            const char     *text)
{
  soup_websocket_connection_send_text (self->connection, text);
}

static gpointer
take (AlmuTestViewer *self,
      guint16         event,
      gboolean        any_request,
      guint32         request_id)
{
  for (GList *l = self->messages.head; l != NULL; l = l->next)
    {
      AlmuTestMessage *message = l->data;
      gpointer         body = message->message;

      if (message->event != event || (!any_request && message->request_id != request_id))
        continue;

      message->message = NULL;
      g_queue_delete_link (&self->messages, l);
      message_free (message);
      return body;
    }

  return NULL;
}

/* The first message of that event that has arrived, or NULL. */
gpointer
almu_test_viewer_take (AlmuTestViewer *self,
                       guint16         event)
{
  return take (self, event, TRUE, 0);
}

static gpointer
await (AlmuTestViewer *self,
       guint16         event,
       gboolean        any_request,
       guint32         request_id)
{
  gpointer body;

  while ((body = take (self, event, any_request, request_id)) == NULL)
    {
      if (self->is_closed)
        g_error ("The link was closed (%u) before %s came",
                 soup_websocket_connection_get_close_code (self->connection),
                 almu_catalog_get_name (event));
      g_main_context_iteration (NULL, TRUE);
    }

  return body;
}

gpointer
almu_test_viewer_await (AlmuTestViewer *self,
                        guint16         event)
{
  return await (self, event, TRUE, 0);
}

gpointer
almu_test_viewer_await_reply (AlmuTestViewer *self,
                              guint16         event,
                              guint32         request_id)
{
  return await (self, event, FALSE, request_id);
}

/* Everything sent so far has been handled when the PONG is there, but for
 * what takes time. */
void
almu_test_viewer_await_pong (AlmuTestViewer *self)
{
  guint n_before = self->n_pongs;

  soup_websocket_connection_send_text (self->connection, "PING");
  while (self->n_pongs == n_before && !self->is_closed)
    g_main_context_iteration (NULL, TRUE);
}

/* Returns the close code. */
guint
almu_test_viewer_await_closed (AlmuTestViewer *self)
{
  while (!self->is_closed)
    g_main_context_iteration (NULL, TRUE);

  return soup_websocket_connection_get_close_code (self->connection);
}

gboolean
almu_test_viewer_is_open (AlmuTestViewer *self)
{
  return !self->is_closed;
}

GQueue *
almu_test_viewer_get_messages (AlmuTestViewer *self)
{
  return &self->messages;
}

void
almu_test_viewer_clear (AlmuTestViewer *self)
{
  g_queue_clear_full (&self->messages, message_free);
}

/* As a page does that is left: with a close frame. */
void
almu_test_viewer_close (AlmuTestViewer *self)
{
  soup_websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  almu_test_viewer_await_closed (self);
}

static GSocketConnection *
get_socket_connection (AlmuTestViewer *self)
{
  GIOStream *base = soup_websocket_connection_get_io_stream (self->connection);

  while (!G_IS_SOCKET_CONNECTION (base))
    {
      g_object_get (base, "base-iostream", &base, NULL);
      /* the outer one keeps it */
      g_object_unref (base);
    }

  return G_SOCKET_CONNECTION (base);
}

int
almu_test_viewer_get_fd (AlmuTestViewer *self)
{
  return g_socket_get_fd (g_socket_connection_get_socket (get_socket_connection (self)));
}

/* As a network does that is lost: without a word. */
void
almu_test_viewer_cut (AlmuTestViewer *self)
{
  struct linger reset = { 1, 0 };
  g_autoptr(GIOStream) base = G_IO_STREAM (g_object_ref (get_socket_connection (self)));

  setsockopt (almu_test_viewer_get_fd (self), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  g_io_stream_close (base, NULL, NULL);
  self->is_closed = TRUE;
}

CARTA__RegisterViewerAck *
almu_test_viewer_register (AlmuTestViewer *self,
                           guint32         session_id)
{
  CARTA__RegisterViewer message = CARTA__REGISTER_VIEWER__INIT;

  message.session_id = session_id;
  message.client_feature_flags = 5;

  return almu_test_viewer_await_reply (self, CARTA__EVENT_TYPE__REGISTER_VIEWER_ACK,
                                       almu_test_viewer_send (self, &message.base));
}

CARTA__OpenFileAck *
almu_test_viewer_open (AlmuTestViewer *self,
                       const char     *directory,
                       const char     *name,
                       const char     *hdu,
                       int             file_id)
{
  CARTA__OpenFile message = CARTA__OPEN_FILE__INIT;

  message.directory = (char *) directory;
  message.file = (char *) name;
  message.hdu = (char *) hdu;
  message.file_id = file_id;

  return almu_test_viewer_await_reply (self, CARTA__EVENT_TYPE__OPEN_FILE_ACK,
                                       almu_test_viewer_send (self, &message.base));
}
