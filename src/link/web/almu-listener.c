/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-listener.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "almu-limits.h"

#define BACKLOG 128

/* Connections taken before others get their turn of the main loop. */
#define ACCEPT_AT_ONCE 16

/* Seconds until the next try when there are no descriptors left. */
#define PAUSE_SECONDS 1

/**
 * AlmuListener: (foreign)
 *
 * The sockets peers come to. libsoup's own listener would give a connection
 * no deadline and count none, so the server accepts by itself.
 */
struct _AlmuListener
{
  AlmuListenerFunc func;
  gpointer         user_data;

  GPtrArray *sockets; /* of GSocket */
  GPtrArray *sources; /* of GSource, one per socket, none while pausing */
  GSource   *pause;
};

static void almu_listener_attach (AlmuListener *self);

static void
destroy_source (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static gboolean
on_pause_over (gpointer user_data)
{
  AlmuListener *self = user_data;

  g_clear_pointer (&self->pause, g_source_unref);
  almu_listener_attach (self);

  return G_SOURCE_REMOVE;
}

/* Without descriptors a socket stays readable and nothing can be taken:
 * look again later instead of spinning. */
static void
almu_listener_pause (AlmuListener *self,
                     const GError *reason)
{
  if (self->pause != NULL)
    return;

  g_warning ("Cannot accept connections: %s; trying again every second", reason->message);
  g_ptr_array_set_size (self->sources, 0);
  self->pause = g_timeout_source_new_seconds (PAUSE_SECONDS);
  g_source_set_static_name (self->pause, "almu: listener pause");
  g_source_set_callback (self->pause, on_pause_over, self, NULL);
  g_source_attach (self->pause, g_main_context_get_thread_default ());
}

static gboolean
is_shortage (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static gboolean
on_incoming (GSocket     *socket,
             GIOCondition condition,
             gpointer     user_data)
{
  AlmuListener *self = user_data;

  for (int i = 0; i < ACCEPT_AT_ONCE; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GSocket) peer = g_socket_accept (socket, NULL, &error);
      g_autoptr(GSocketConnection) connection = NULL;

      if (peer == NULL && is_shortage (error))
        {
          almu_listener_pause (self, error);
          return G_SOURCE_REMOVE;
        }

      /* nothing more, or a peer that left before we came to it */
      if (peer == NULL)
        return G_SOURCE_CONTINUE;

      connection = g_socket_connection_factory_create_connection (peer);
      self->func (connection, self->user_data);
    }

  return G_SOURCE_CONTINUE;
}

static void
almu_listener_attach (AlmuListener *self)
{
  for (guint i = self->sources->len; i < self->sockets->len; i++)
    {
      GSource *source = g_socket_create_source (self->sockets->pdata[i], G_IO_IN, NULL);

      g_source_set_static_name (source, "almu: incoming");
      g_source_set_callback (source, G_SOURCE_FUNC (on_incoming), self, NULL);
      g_source_attach (source, g_main_context_get_thread_default ());
      g_ptr_array_add (self->sources, source);
    }
}

/**
 * almu_listener_new:
 * @func: (scope forever): takes connections
 * @user_data: for @func
 *
 * Does not listen before almu_listener_bind() or almu_listener_take_fd(). @func
 * is called on the thread that calls those, in its default main context.
 *
 * Returns: (transfer full): a listener
 */
AlmuListener *
almu_listener_new (AlmuListenerFunc func,
                   gpointer         user_data)
{
  AlmuListener *self = g_new0 (AlmuListener, 1);

  self->func = func;
  self->user_data = user_data;
  self->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  self->sources = g_ptr_array_new_with_free_func (destroy_source);

  return self;
}

/**
 * almu_listener_free:
 * @self: (transfer full): a listener
 *
 * Closes its sockets: nobody can come any more. Connections that were taken
 * stay.
 */
void
almu_listener_free (AlmuListener *self)
{
  g_clear_pointer (&self->pause, destroy_source);
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  for (guint i = 0; i < self->sockets->len; i++)
    g_socket_close (self->sockets->pdata[i], NULL);
  g_clear_pointer (&self->sockets, g_ptr_array_unref);
  g_free (self);
}

static GList *
look_up (const char *host,
         GError    **error)
{
  g_autoptr(GResolver) resolver = NULL;
  GInetAddress *address = g_inet_address_new_from_string (host);
  GList        *addresses;

  if (address != NULL)
    return g_list_prepend (NULL, address);

  resolver = g_resolver_get_default ();
  addresses = g_resolver_lookup_by_name (resolver, host, NULL, error);
  if (addresses == NULL)
    g_prefix_error (error, _ ("Cannot listen on %s: "), host);

  return addresses;
}

static GSocket *
open_socket (GInetAddress *address,
             guint         port,
             GError      **error)
{
  g_autoptr(GSocketAddress) where = g_inet_socket_address_new (address, port);
  g_autoptr(GSocket) socket = g_socket_new (g_inet_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);

  /* reuse: a restart finds its port though old connections linger */
  if (!g_socket_bind (socket, where, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

static guint
port_of (GSocket *socket)
{
  g_autoptr(GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return 0;

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* The same port on every address of the host. */
static GPtrArray *
open_sockets (GList   *addresses,
              guint    port,
              GError **error)
{
  g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  for (GList *l = addresses; l != NULL; l = l->next)
    {
      g_autoptr(GError) reason = NULL;
      GSocket *socket = open_socket (l->data, port, &reason);

      if (socket != NULL)
        {
          g_ptr_array_add (sockets, socket);
          port = port_of (socket);
          continue;
        }

      /* a name may have an address of a family that is switched off here */
      if (sockets->len > 0 && !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        continue;

      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }

  return g_steal_pointer (&sockets);
}

static void
set_bind_error (const char   *host,
                guint         first_port,
                guint         last_port,
                guint         port,
                const GError *reason,
                GError      **error)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE) && first_port < last_port)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 _ ("Cannot listen on %s: ports %u to %u are all in use"), host, first_port, last_port);
  else if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 _ ("Cannot listen on %s: port %u is in use"), host, first_port);
  else
    g_set_error (error, reason->domain, reason->code,
                 _ ("Cannot listen on %s port %u: %s"), host, port, reason->message);
}

/**
 * almu_listener_bind:
 * @self: a listener
 * @host: an address or a name
 * @first_port: the port wanted, 0 for any
 * @last_port: the last to try when those before are taken
 * @error: return location for an error
 *
 * Listens on all addresses of @host at the same port; may be called again for
 * another host. Blocks for the resolver if @host is a name. Ports that are all
 * taken are %G_IO_ERROR_ADDRESS_IN_USE; anything else ends the search at once.
 *
 * Returns: %TRUE once peers can come
 */
gboolean
almu_listener_bind (AlmuListener *self,
                    const char   *host,
                    guint         first_port,
                    guint         last_port,
                    GError      **error)
{
  g_autoptr(GError) reason = NULL;
  GPtrArray *sockets = NULL;
  GList     *addresses;
  guint      port;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (host != NULL, FALSE);
  g_return_val_if_fail (first_port <= G_MAXUINT16 && last_port <= G_MAXUINT16, FALSE);

  addresses = look_up (host, error);
  if (addresses == NULL)
    return FALSE;

  for (port = first_port; port <= MAX (first_port, last_port); port++)
    {
      g_clear_error (&reason);
      sockets = open_sockets (addresses, port, &reason);
      if (sockets != NULL || !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        break;
    }

  g_resolver_free_addresses (addresses);
  if (sockets == NULL)
    {
      set_bind_error (host, first_port, last_port, port, reason, error);
      return FALSE;
    }

  g_ptr_array_extend_and_steal (self->sockets, sockets);
  almu_listener_attach (self);

  return TRUE;
}

/**
 * almu_listener_take_fd:
 * @self: a listener
 * @fd: a listening stream socket; ours from here on, whatever comes
 * @error: return location for an error
 *
 * A descriptor that is no socket is the %G_IO_ERROR of its errno, one that does
 * not listen %G_IO_ERROR_INVALID_ARGUMENT. Which address it has is not asked.
 *
 * Returns: %TRUE once peers can come
 */
gboolean
almu_listener_take_fd (AlmuListener *self,
                       int           fd,
                       GError      **error)
{
  g_autoptr(GSocket) socket = NULL;
  int listening = 0;

  g_return_val_if_fail (self != NULL, FALSE);

  socket = g_socket_new_from_fd (fd, error);
  if (socket == NULL)
    {
      g_prefix_error (error, _ ("Descriptor %d is no socket to listen on: "), fd);
      close (fd);
      return FALSE;
    }

  if (!g_socket_get_option (socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, NULL) || !listening)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("Descriptor %d is no socket to listen on: it is not listening"), fd);
      return FALSE;
    }

  g_socket_set_blocking (socket, FALSE);
  g_ptr_array_add (self->sockets, g_steal_pointer (&socket));
  almu_listener_attach (self);

  return TRUE;
}

/**
 * almu_listener_dup_address:
 *
 * Where the first socket listens, NULL when none does.
 *
 * Returns: (transfer full): where it listens
 */
GSocketAddress *
almu_listener_dup_address (AlmuListener *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->sockets->len == 0)
    return NULL;

  return g_socket_get_local_address (self->sockets->pdata[0], NULL);
}
