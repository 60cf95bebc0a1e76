/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include <glib-unix.h>

#include "almu-limits.h"

#define CONNECTION_KEY "almu-connection"

/**
 * AlmuConnection:
 *
 * A peer's connection as libsoup gets it: the socket's stream, with a
 * deadline, and with somebody who notices when it closes.
 *
 * libsoup owns it, and who steals it from there. It stays on the main
 * thread.
 */
struct _AlmuConnection
{
  GIOStream parent_instance;

  GSocketConnection *base;
  GSocketAddress    *local;
  GSocketAddress    *remote;

  GSource *deadline;
  guint    deadline_status;
  GSource *hangup;
  gboolean linked;
};

G_DEFINE_FINAL_TYPE (AlmuConnection, almu_connection, G_TYPE_IO_STREAM)

enum
{
  CLOSED,
  HUNG_UP,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
destroy_source (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static gboolean
almu_connection_close (GIOStream    *stream,
                       GCancellable *cancellable,
                       GError      **error)
{
  AlmuConnection *self = ALMU_CONNECTION (stream);
  gboolean        ok;

  g_clear_pointer (&self->deadline, destroy_source);
  g_clear_pointer (&self->hangup, destroy_source);

  ok = g_io_stream_close (G_IO_STREAM (self->base), cancellable, error);
  g_signal_emit (self, signals[CLOSED], 0);

  return ok;
}

static GInputStream *
almu_connection_get_input_stream (GIOStream *stream)
{
  return g_io_stream_get_input_stream (G_IO_STREAM (ALMU_CONNECTION (stream)->base));
}

static GOutputStream *
almu_connection_get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (G_IO_STREAM (ALMU_CONNECTION (stream)->base));
}

static void
almu_connection_finalize (GObject *object)
{
  AlmuConnection *self = ALMU_CONNECTION (object);

  g_object_set_data (G_OBJECT (self->remote), CONNECTION_KEY, NULL);
  g_clear_object (&self->local);
  g_clear_object (&self->remote);
  g_clear_object (&self->base);

  G_OBJECT_CLASS (almu_connection_parent_class)->finalize (object);
}

static void
almu_connection_class_init (AlmuConnectionClass *klass)
{
  GObjectClass   *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  object_class->finalize = almu_connection_finalize;
  stream_class->get_input_stream = almu_connection_get_input_stream;
  stream_class->get_output_stream = almu_connection_get_output_stream;
  stream_class->close_fn = almu_connection_close;

  /**
   * AlmuConnection::closed:
   * @self: the connection
   *
   * The socket is closed.
   */
  signals[CLOSED] =
    g_signal_new ("closed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * AlmuConnection::hung-up:
   * @self: the connection
   *
   * The peer waits no longer. Only told after
   * almu_connection_watch_hangup().
   */
  signals[HUNG_UP] =
    g_signal_new ("hung-up",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
almu_connection_init (AlmuConnection *self)
{
}

/* libsoup takes every address for one of the internet, when a request has
 * no Host. */
static GSocketAddress *
inet_address_or_loopback (GSocketAddress *address)
{
  g_autoptr(GInetAddress) loopback = NULL;

  if (G_IS_INET_SOCKET_ADDRESS (address))
    return address;

  g_clear_object (&address);
  loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  return g_inet_socket_address_new (loopback, 0);
}

static void
set_socket_options (GSocket *socket)
{
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return;

  /* small messages leave at once, a vanished peer is noticed */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT, ALMU_LIMIT_UNACKED_SECONDS * 1000, NULL);
  g_socket_set_keepalive (socket, TRUE);
}

/**
 * almu_connection_new:
 * @base: a connection that has been accepted; held
 *
 * Has small messages sent at once, and a peer noticed that has not acknowledged
 * anything for %ALMU_LIMIT_UNACKED_SECONDS. There is no deadline yet.
 *
 * Returns: (transfer full): a connection
 */
AlmuConnection *
almu_connection_new (GSocketConnection *base)
{
  AlmuConnection *self;

  g_return_val_if_fail (G_IS_SOCKET_CONNECTION (base), NULL);

  self = g_object_new (ALMU_TYPE_CONNECTION, NULL);
  self->base = g_object_ref (base);
  self->local = inet_address_or_loopback (g_socket_connection_get_local_address (base, NULL));
  self->remote = inet_address_or_loopback (g_socket_connection_get_remote_address (base, NULL));
  g_object_set_data (G_OBJECT (self->remote), CONNECTION_KEY, self);
  set_socket_options (g_socket_connection_get_socket (base));

  return self;
}

/**
 * almu_connection_for_message:
 * @msg: a request that came by an #AlmuConnection
 *
 * libsoup hands the address object on that it was given with the connection,
 * and nothing else that would tell them apart.
 *
 * Returns: (transfer none): the connection that the request came by, owned
 *   by it
 */
AlmuConnection *
almu_connection_for_message (SoupServerMessage *msg)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (msg);

  return remote != NULL ? g_object_get_data (G_OBJECT (remote), CONNECTION_KEY) : NULL;
}

/**
 * almu_connection_get_local:
 *
 * Returns: (transfer none): our end
 */
GSocketAddress *
almu_connection_get_local (AlmuConnection *self)
{
  g_return_val_if_fail (ALMU_IS_CONNECTION (self), NULL);

  return self->local;
}

/**
 * almu_connection_get_remote:
 *
 * Returns: (transfer none): the other end
 */
GSocketAddress *
almu_connection_get_remote (AlmuConnection *self)
{
  g_return_val_if_fail (ALMU_IS_CONNECTION (self), NULL);

  return self->remote;
}

/**
 * almu_connection_shut:
 * @self: a connection
 *
 * Ends the conversation under whoever holds it: they read an end of stream
 * and close.
 */
void
almu_connection_shut (AlmuConnection *self)
{
  g_return_if_fail (ALMU_IS_CONNECTION (self));

  g_socket_shutdown (g_socket_connection_get_socket (self->base), TRUE, TRUE, NULL);
}

/* Past libsoup, which answers only what it has read to its end. */
static void
tell_status (GSocketConnection *base,
             guint              status)
{
  g_autofree char *text = g_strdup_printf ("HTTP/1.1 %u %s\r\n"
                                           "Connection: close\r\n"
                                           "Content-Length: 0\r\n"
                                           "\r\n",
                                           status,
                                           soup_status_get_phrase (status));

  g_socket_send_with_blocking (g_socket_connection_get_socket (base),
                               text, strlen (text), FALSE, NULL, NULL);
}

/**
 * almu_connection_refuse:
 * @base: a connection that has just come
 * @status: why it cannot stay
 *
 * Tells the peer, and closes.
 */
void
almu_connection_refuse (GSocketConnection *base,
                        guint              status)
{
  g_return_if_fail (G_IS_SOCKET_CONNECTION (base));

  tell_status (base, status);
  g_io_stream_close (G_IO_STREAM (base), NULL, NULL);
}

static gboolean
on_deadline (gpointer user_data)
{
  AlmuConnection *self = user_data;

  g_clear_pointer (&self->deadline, g_source_unref);
  if (self->deadline_status != 0)
    tell_status (self->base, self->deadline_status);
  almu_connection_shut (self);

  return G_SOURCE_REMOVE;
}

/**
 * almu_connection_set_deadline:
 * @self: a connection
 * @seconds: from now
 * @status: what to tell the peer then, or 0 when an answer is under way
 *
 * In place of an earlier deadline.
 */
void
almu_connection_set_deadline (AlmuConnection *self,
                              guint           seconds,
                              guint           status)
{
  g_return_if_fail (ALMU_IS_CONNECTION (self));

  almu_connection_clear_deadline (self);
  if (g_io_stream_is_closed (G_IO_STREAM (self)))
    return;

  self->deadline_status = status;
  self->deadline = g_timeout_source_new_seconds (seconds);
  g_source_set_static_name (self->deadline, "almu: connection deadline");
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, g_main_context_get_thread_default ());
}

/**
 * almu_connection_clear_deadline:
 * @self: a connection
 *
 * Lets it last for ever, as far as we are concerned. Nothing happens if there
 * is no deadline.
 */
void
almu_connection_clear_deadline (AlmuConnection *self)
{
  g_return_if_fail (ALMU_IS_CONNECTION (self));

  g_clear_pointer (&self->deadline, destroy_source);
}

static gboolean
on_hangup (int          fd,
           GIOCondition condition,
           gpointer     user_data)
{
  g_autoptr(AlmuConnection) self = g_object_ref (user_data);

  g_clear_pointer (&self->hangup, g_source_unref);
  g_signal_emit (self, signals[HUNG_UP], 0);

  return G_SOURCE_REMOVE;
}

/**
 * almu_connection_watch_hangup:
 * @self: a connection
 *
 * libsoup does not look at the socket of a request that is paused.
 */
void
almu_connection_watch_hangup (AlmuConnection *self)
{
  GSocket *socket;

  g_return_if_fail (ALMU_IS_CONNECTION (self));

  if (self->hangup != NULL || g_io_stream_is_closed (G_IO_STREAM (self)))
    return;

  socket = g_socket_connection_get_socket (self->base);
  self->hangup = g_unix_fd_source_new (g_socket_get_fd (socket), POLLRDHUP | G_IO_HUP | G_IO_ERR);
  g_source_set_static_name (self->hangup, "almu: connection hangup");
  g_source_set_callback (self->hangup, G_SOURCE_FUNC (on_hangup), self, NULL);
  g_source_attach (self->hangup, g_main_context_get_thread_default ());
}

/**
 * almu_connection_set_linked:
 * @self: a connection
 *
 * From here on it carries a WebSocket, and has no deadline. There is no way
 * back.
 */
void
almu_connection_set_linked (AlmuConnection *self)
{
  g_return_if_fail (ALMU_IS_CONNECTION (self));

  almu_connection_clear_deadline (self);
  self->linked = TRUE;
}

/**
 * almu_connection_is_linked:
 * @self: a connection
 *
 * Whether it carries a WebSocket: it then belongs to its link, and is not shut
 * with the server.
 */
gboolean
almu_connection_is_linked (AlmuConnection *self)
{
  g_return_val_if_fail (ALMU_IS_CONNECTION (self), FALSE);

  return self->linked;
}
