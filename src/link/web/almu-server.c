/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-server-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-answer.h"
#include "almu-connection.h"
#include "almu-error.h"
#include "almu-limits.h"

/**
 * AlmuServer:
 *
 * The one door to the network: the page's files, its settings, scripts, and
 * the handshake of WebSockets, which are handed on as streams.
 *
 * libsoup parses and writes HTTP. Everything it leaves open is done here or
 * below: who may connect, how long a request may take, how large it may be,
 * which names, pages and tokens are right. Connections carry one request.
 */
G_DEFINE_FINAL_TYPE (AlmuServer, almu_server, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_PREFIX,
  PROP_HOST,
  PROP_SITE_FOLDER,
  PROP_TOKEN,
  PROP_SETTINGS,
  PROP_READ_ONLY,
  PROP_FLAGS,
  PROP_ALLOWED_HOSTS,
  PROP_ALLOWED_ORIGINS,
  N_PROPS
};

enum
{
  LINK,
  PAGE,
  WORKSPACE,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint       signals[N_SIGNALS];

static void
page_free (AlmuServerPage *page)
{
  if (page->destroy != NULL)
    page->destroy (page->user_data);
  g_free (page);
}

/* -- requests ----------------------------------------------------------- */

static void
on_wrote_headers (SoupServerMessage *msg,
                  AlmuServer        *self)
{
  AlmuConnection *connection = almu_connection_for_message (msg);

  if (connection != NULL)
    almu_connection_set_deadline (connection, ALMU_LIMIT_RESPONSE_SECONDS, 0);
}

static void
on_head (SoupServer        *soup,
         SoupServerMessage *msg,
         const char        *path,
         GHashTable        *query,
         gpointer           user_data)
{
  g_autoptr(AlmuServer) self = g_weak_ref_get (user_data);

  if (self != NULL)
    almu_server_judge (self, msg);
  else
    almu_answer_phrase (msg, SOUP_STATUS_SERVICE_UNAVAILABLE, _ ("The service ends"));
}

static void
on_request (SoupServer        *soup,
            SoupServerMessage *msg,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  g_autoptr(AlmuServer) self = g_weak_ref_get (user_data);

  if (self != NULL)
    almu_server_answer (self, msg, almu_server_request_of (msg));
  else
    almu_answer_phrase (msg, SOUP_STATUS_SERVICE_UNAVAILABLE, _ ("The service ends"));
}

/* -- connections -------------------------------------------------------- */

static void
on_closed (AlmuConnection *connection,
           AlmuServer     *self)
{
  if (!g_hash_table_remove (self->connections, connection))
    return;

  if (almu_connection_is_linked (connection))
    self->n_links--;
}

static void
on_connection (GSocketConnection *base,
               gpointer           user_data)
{
  AlmuServer *self = user_data;
  g_autoptr(AlmuConnection) connection = NULL;

  if (almu_server_get_n_connections (self) >= ALMU_LIMIT_CONNECTIONS)
    {
      almu_connection_refuse (base, SOUP_STATUS_SERVICE_UNAVAILABLE);
      return;
    }

  connection = almu_connection_new (base);
  g_hash_table_add (self->connections, connection);
  g_signal_connect_object (connection, "closed", G_CALLBACK (on_closed), self, 0);
  almu_connection_set_deadline (connection, ALMU_LIMIT_REQUEST_SECONDS, SOUP_STATUS_REQUEST_TIMEOUT);

  /* libsoup's server does not hold itself while it has clients */
  g_object_set_data_full (G_OBJECT (connection), "almu-soup", g_object_ref (self->soup), g_object_unref);
  soup_server_accept_iostream (self->soup, G_IO_STREAM (connection),
                               almu_connection_get_local (connection),
                               almu_connection_get_remote (connection), NULL);
}

static void
on_request_started (SoupServer        *soup,
                    SoupServerMessage *msg,
                    AlmuServer        *self)
{
  almu_answer_begin (msg);
  g_signal_connect_object (msg, "wrote-headers", G_CALLBACK (on_wrote_headers), self, 0);
}

static void
on_request_read (SoupServer        *soup,
                 SoupServerMessage *msg,
                 AlmuServer        *self)
{
  AlmuConnection *connection = almu_connection_for_message (msg);

  if (connection != NULL)
    almu_connection_clear_deadline (connection);
}

/* -- the object --------------------------------------------------------- */

static gboolean
is_loopback_host (const char *host)
{
  g_autoptr(GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address) : g_str_equal (host, "localhost");
}

static AlmuGuard *
make_guard (AlmuServer *self)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  g_auto(GStrv) hosts = NULL;

  if (self->allowed_hosts != NULL)
    g_strv_builder_addv (builder, (const char **) self->allowed_hosts);

  /* who listens to the network is called by the machine's name */
  g_strv_builder_add (builder, self->host);
  if (!is_loopback_host (self->host))
    g_strv_builder_add (builder, g_get_host_name ());
  hosts = g_strv_builder_end (builder);

  return almu_guard_new (self->token, (const char *const *) hosts,
                         (const char *const *) self->allowed_origins);
}

/* libsoup's server may outlive us for as long as it has clients. */
static gpointer
new_weak_ref (gpointer object)
{
  GWeakRef *ref = g_new0 (GWeakRef, 1);

  g_weak_ref_init (ref, object);

  return ref;
}

static void
free_weak_ref (gpointer ref)
{
  g_weak_ref_clear (ref);
  g_free (ref);
}

static void
on_workspace (AlmuServer *self,
              const char *viewer,
              const char *name)
{
  g_signal_emit (self, signals[WORKSPACE], 0, viewer, name);
}

static void
almu_server_constructed (GObject *object)
{
  AlmuServer *self = ALMU_SERVER (object);
  g_autoptr(GError) error = NULL;
  char *prefix;

  G_OBJECT_CLASS (almu_server_parent_class)->constructed (object);

  prefix = almu_route_clean_prefix (self->prefix != NULL ? self->prefix : "", &error);
  if (prefix == NULL)
    {
      g_warning ("%s; going on without one", error->message);
      prefix = g_strdup ("");
    }
  g_free (self->prefix);
  self->prefix = prefix;

  if (self->host == NULL || *self->host == '\0')
    {
      g_free (self->host);
      self->host = g_strdup ("127.0.0.1");
    }

  self->guard = make_guard (self);
  self->site = almu_site_new (self->site_folder);
  self->api = almu_api_new (self->flags & ALMU_SERVER_NO_DATABASE ? NULL : self->settings, self->read_only);
  g_signal_connect_object (self->api, "workspace", G_CALLBACK (on_workspace), self, G_CONNECT_SWAPPED);
  self->listener = almu_listener_new (on_connection, self);

  self->soup = g_object_new (SOUP_TYPE_SERVER, "raw-paths", TRUE, NULL);
  soup_server_remove_websocket_extension (self->soup, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_early_handler (self->soup, NULL, on_head, new_weak_ref (self), free_weak_ref);
  soup_server_add_handler (self->soup, NULL, on_request, new_weak_ref (self), free_weak_ref);
  g_signal_connect_object (self->soup, "request-started", G_CALLBACK (on_request_started), self, 0);
  g_signal_connect_object (self->soup, "request-read", G_CALLBACK (on_request_read), self, 0);
}

static void
almu_server_dispose (GObject *object)
{
  AlmuServer *self = ALMU_SERVER (object);

  almu_server_stop (self);
  g_clear_object (&self->soup);
  g_clear_object (&self->site);
  g_clear_object (&self->api);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->pages, g_hash_table_unref);
  g_clear_pointer (&self->guard, almu_guard_free);

  G_OBJECT_CLASS (almu_server_parent_class)->dispose (object);
}

static void
almu_server_finalize (GObject *object)
{
  AlmuServer *self = ALMU_SERVER (object);

  g_clear_pointer (&self->connections, g_hash_table_unref);
  g_clear_pointer (&self->prefix, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->site_folder, g_free);
  g_clear_pointer (&self->token, g_free);
  g_clear_pointer (&self->allowed_hosts, g_strfreev);
  g_clear_pointer (&self->allowed_origins, g_strfreev);

  G_OBJECT_CLASS (almu_server_parent_class)->finalize (object);
}

static void
almu_server_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  AlmuServer *self = ALMU_SERVER (object);

  switch (prop_id)
    {
    case PROP_PREFIX:
      self->prefix = g_value_dup_string (value);
      break;

    case PROP_HOST:
      self->host = g_value_dup_string (value);
      break;

    case PROP_SITE_FOLDER:
      self->site_folder = g_value_dup_string (value);
      break;

    case PROP_TOKEN:
      self->token = g_value_dup_string (value);
      break;

    case PROP_SETTINGS:
      self->settings = g_value_dup_object (value);
      break;

    case PROP_READ_ONLY:
      self->read_only = g_value_get_boolean (value);
      break;

    case PROP_FLAGS:
      self->flags = g_value_get_uint (value);
      break;

    case PROP_ALLOWED_HOSTS:
      self->allowed_hosts = g_value_dup_boxed (value);
      break;

    case PROP_ALLOWED_ORIGINS:
      self->allowed_origins = g_value_dup_boxed (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

#define CONSTRUCT_FLAGS (G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
almu_server_class_init (AlmuServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = almu_server_constructed;
  object_class->dispose = almu_server_dispose;
  object_class->finalize = almu_server_finalize;
  object_class->set_property = almu_server_set_property;

  /**
   * AlmuServer:prefix:
   *
   * What comes before all paths, such as `/carta`; cleaned.
   */
  properties[PROP_PREFIX] =
    g_param_spec_string ("prefix", NULL, NULL, NULL, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:host:
   *
   * The address or name to listen on; 127.0.0.1 when %NULL.
   */
  properties[PROP_HOST] =
    g_param_spec_string ("host", NULL, NULL, NULL, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:site-folder:
   *
   * Where the page's files are, or %NULL when there are none.
   */
  properties[PROP_SITE_FOLDER] =
    g_param_spec_string ("site-folder", NULL, NULL, NULL, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:token:
   *
   * What a peer has to know, or %NULL when everybody may.
   */
  properties[PROP_TOKEN] =
    g_param_spec_string ("token", NULL, NULL, NULL, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:settings:
   *
   * What the page keeps, or %NULL when it cannot.
   */
  properties[PROP_SETTINGS] =
    g_param_spec_object ("settings", NULL, NULL, ALMU_TYPE_SETTINGS, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:read-only:
   *
   * Whether writes to the settings are refused.
   */
  properties[PROP_READ_ONLY] =
    g_param_spec_boolean ("read-only", NULL, NULL, FALSE, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:flags:
   *
   * #AlmuServerFlags: what not to do.
   */
  properties[PROP_FLAGS] =
    g_param_spec_uint ("flags", NULL, NULL, 0, G_MAXUINT, 0, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:allowed-hosts:
   *
   * Names this server goes by besides the loopback ones; `*` is any.
   */
  properties[PROP_ALLOWED_HOSTS] =
    g_param_spec_boxed ("allowed-hosts", NULL, NULL, G_TYPE_STRV, CONSTRUCT_FLAGS);

  /**
   * AlmuServer:allowed-origins:
   *
   * Origins of pages from elsewhere that may talk to this server.
   */
  properties[PROP_ALLOWED_ORIGINS] =
    g_param_spec_boxed ("allowed-origins", NULL, NULL, G_TYPE_STRV, CONSTRUCT_FLAGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * AlmuServer::link:
   * @self: the server
   * @stream: (transfer none): carries WebSocket frames from here on
   * @peer: whose it is
   *
   * A peer that may has opened a WebSocket. Who keeps @stream has to close
   * it. It is pollable, and may hold bytes that were read with the request.
   */
  signals[LINK] =
    g_signal_new ("link",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_IO_STREAM, ALMU_TYPE_PEER);

  /**
   * AlmuServer::page:
   * @self: the server
   * @viewer: what tells the browser from others
   * @query: (nullable): the page's parameters, as they came, without token
   *   unless it was no use
   *
   * A browser loads the page. Its WebSocket will come with the same
   * #AlmuPeer.viewer, but without the parameters.
   */
  signals[PAGE] =
    g_signal_new ("page",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * AlmuServer::workspace:
   * @self: the server
   * @viewer: (nullable): which browser
   * @name: what the workspace is called
   *
   * See #AlmuApi::workspace.
   */
  signals[WORKSPACE] =
    g_signal_new ("workspace",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
almu_server_init (AlmuServer *self)
{
  self->pages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) page_free);
  self->connections = g_hash_table_new (NULL, NULL);
}

/**
 * almu_server_listen:
 * @self: a server
 * @first_port: the port wanted, 0 for any
 * @last_port: the last to try when those before are taken
 * @error: return location for an error
 *
 * Looks for a port on the host that the server was made with; see
 * almu_listener_bind() for how it fails. May be called after
 * almu_server_listen_fd() too.
 *
 * Returns: %TRUE once peers can come
 */
gboolean
almu_server_listen (AlmuServer *self,
                    guint       first_port,
                    guint       last_port,
                    GError    **error)
{
  g_return_val_if_fail (ALMU_IS_SERVER (self), FALSE);
  g_return_val_if_fail (self->listener != NULL, FALSE);

  return almu_listener_bind (self->listener, self->host, first_port, last_port, error);
}

/**
 * almu_server_listen_fd:
 * @self: a server
 * @fd: a listening socket that was handed over; taken in any case
 * @error: return location for an error
 *
 * For sockets of service managers; see almu_listener_take_fd() for how it
 * fails.
 *
 * Returns: %TRUE once peers can come
 */
gboolean
almu_server_listen_fd (AlmuServer *self,
                       int         fd,
                       GError    **error)
{
  g_return_val_if_fail (ALMU_IS_SERVER (self), FALSE);
  g_return_val_if_fail (self->listener != NULL, FALSE);

  return almu_listener_take_fd (self->listener, fd, error);
}

/**
 * almu_server_get_port:
 * @self: a server
 *
 * That of the first socket, if there are several.
 *
 * Returns: the TCP port peers come to; 0 when there is none, or it is not one
 *   of the internet
 */
guint
almu_server_get_port (AlmuServer *self)
{
  g_autoptr(GSocketAddress) address = NULL;

  g_return_val_if_fail (ALMU_IS_SERVER (self), 0);

  if (self->listener != NULL)
    address = almu_listener_dup_address (self->listener);

  return G_IS_INET_SOCKET_ADDRESS (address) ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) : 0;
}

/**
 * almu_server_dup_address:
 * @self: a server
 *
 * One that listens on all addresses is found at the loopback one. The address
 * ends with the prefix and a slash.
 *
 * Returns: (transfer full) (nullable): where a browser of this machine finds
 *   the page, without token
 */
char *
almu_server_dup_address (AlmuServer *self)
{
  g_autoptr(GSocketAddress) address = NULL;
  g_autofree char *text = NULL;
  GInetAddress    *inet;
  gboolean         wide;

  g_return_val_if_fail (ALMU_IS_SERVER (self), NULL);

  if (self->listener != NULL)
    address = almu_listener_dup_address (self->listener);
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;

  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  wide = g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6;
  if (g_inet_address_get_is_any (inet))
    text = g_strdup (wide ? "::1" : "127.0.0.1");
  else
    text = g_inet_address_to_string (inet);

  return g_strdup_printf ("http://%s%s%s:%u%s/", wide ? "[" : "", text, wide ? "]" : "",
                          g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), self->prefix);
}

/**
 * almu_server_get_n_connections:
 * @self: a server
 *
 * Counts those that wait for a request as well; %ALMU_LIMIT_CONNECTIONS is the
 * most.
 *
 * Returns: how many connections carry HTTP
 */
guint
almu_server_get_n_connections (AlmuServer *self)
{
  g_return_val_if_fail (ALMU_IS_SERVER (self), 0);

  return g_hash_table_size (self->connections) - self->n_links;
}

/**
 * almu_server_get_n_links:
 * @self: a server
 *
 * While there are %ALMU_LIMIT_LINKS, requests for more are refused.
 *
 * Returns: how many connections carry a WebSocket
 */
guint
almu_server_get_n_links (AlmuServer *self)
{
  g_return_val_if_fail (ALMU_IS_SERVER (self), 0);

  return self->n_links;
}

/**
 * almu_server_get_n_body_bytes:
 * @self: a server
 *
 * Of all requests together, from their first byte until they are answered. What
 * goes beyond %ALMU_LIMIT_BODIES_BYTES is refused.
 *
 * Returns: how many bytes of bodies are in memory
 */
gsize
almu_server_get_n_body_bytes (AlmuServer *self)
{
  g_return_val_if_fail (ALMU_IS_SERVER (self), 0);

  return self->n_body_bytes;
}

/**
 * almu_server_set_script_func:
 * @self: a server
 * @func: (nullable): asks a page; %NULL switches scripting off
 * @user_data: for @func
 * @destroy: (nullable): for @user_data
 *
 * See almu_api_set_script_func().
 */
void
almu_server_set_script_func (AlmuServer    *self,
                             AlmuScriptFunc func,
                             gpointer       user_data,
                             GDestroyNotify destroy)
{
  g_return_if_fail (ALMU_IS_SERVER (self));

  almu_api_set_script_func (self->api, func, user_data, destroy);
}

/**
 * almu_server_add_page:
 * @self: a server
 * @path: where, below the prefix; also answers for all below it
 * @func: answers
 * @user_data: for @func
 * @destroy: (nullable): for @user_data
 *
 * Adds a page of our own, for those who have the token. It is read with GET
 * and changes things with POST.
 */
void
almu_server_add_page (AlmuServer    *self,
                      const char    *path,
                      AlmuPageFunc   func,
                      gpointer       user_data,
                      GDestroyNotify destroy)
{
  AlmuServerPage *page;

  g_return_if_fail (ALMU_IS_SERVER (self));
  g_return_if_fail (path != NULL && *path == '/');
  g_return_if_fail (func != NULL);

  page = g_new0 (AlmuServerPage, 1);
  page->func = func;
  page->user_data = user_data;
  page->destroy = destroy;
  g_hash_table_replace (self->pages, g_strdup (path), page);
}

/**
 * almu_server_stop:
 * @self: a server
 *
 * Nobody can come any more, and who is here is sent away, but for links:
 * they belong to whoever took them.
 */
void
almu_server_stop (AlmuServer *self)
{
  g_autoptr(GList) connections = NULL;

  g_return_if_fail (ALMU_IS_SERVER (self));

  g_clear_pointer (&self->listener, almu_listener_free);
  if (self->api != NULL)
    almu_api_stop (self->api);

  connections = g_hash_table_get_keys (self->connections);
  for (GList *l = connections; l != NULL; l = l->next)
    if (!almu_connection_is_linked (l->data))
      almu_connection_shut (l->data);
}
