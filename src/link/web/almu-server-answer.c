/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-server-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-answer.h"
#include "almu-connection.h"

/**
 * almu_server_query_of:
 * @msg: a request
 *
 * As it came: neither decoded nor rid of its token.
 *
 * Returns: (nullable) (transfer none): the parameters of a request
 */
const char *
almu_server_query_of (SoupServerMessage *msg)
{
  return g_uri_get_query (soup_server_message_get_uri (msg));
}

static void
on_wrote_informational (SoupServerMessage *msg,
                        AlmuServer        *self)
{
  AlmuConnection *connection = almu_connection_for_message (msg);
  g_autoptr(AlmuPeer) peer = NULL;
  g_autoptr(GIOStream) stream = NULL;

  if (soup_server_message_get_status (msg) != SOUP_STATUS_SWITCHING_PROTOCOLS || connection == NULL)
    return;

  peer = almu_peer_new (msg);
  almu_connection_set_linked (connection);
  self->n_links++;

  /* the message may not outlive this */
  stream = soup_server_message_steal_connection (msg);
  g_debug ("Link from %s at %s", peer->address, peer->path);

  if (g_signal_has_handler_pending (self, g_signal_lookup ("link", ALMU_TYPE_SERVER), 0, FALSE))
    g_signal_emit_by_name (self, "link", stream, peer);
  else
    g_io_stream_close (stream, NULL, NULL);
}

static void
shake_hands (AlmuServer        *self,
             SoupServerMessage *msg)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (msg);

  soup_message_headers_remove (response, "Connection");
  if (soup_websocket_server_process_handshake (msg, NULL, NULL, NULL, NULL))
    g_signal_connect_object (msg, "wrote-informational", G_CALLBACK (on_wrote_informational), self, 0);
  else
    almu_answer_begin (msg);
}

static void
redirect (SoupServerMessage *msg,
          guint              status,
          const char        *location)
{
  almu_answer_no_cache (msg);
  soup_message_headers_replace (soup_server_message_get_response_headers (msg), "Location", location);
  almu_answer (msg, status, NULL, NULL);
}

/* Relative, since only the browser knows what a proxy calls us. */
static void
redirect_here (SoupServerMessage *msg,
               guint              status,
               const char        *slash,
               const char        *query)
{
  const char      *path = g_uri_get_path (soup_server_message_get_uri (msg));
  const char      *last = strrchr (path, '/');
  g_autofree char *location = NULL;

  location = g_strdup_printf ("./%s%s%s%s",
                              last != NULL ? last + 1 : "", slash,
                              query != NULL && *query != '\0' ? "?" : "",
                              query != NULL ? query : "");
  redirect (msg, status, location);
}

static char *
cookie_path (AlmuServer *self)
{
  return g_strconcat (self->prefix, "/", NULL);
}

/* Takes the token out of the address, where it would stay in the history,
 * into a cookie that scripts cannot read. */
static gboolean
swap_token (AlmuServer        *self,
            SoupServerMessage *msg)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (msg);
  g_autoptr(SoupMessageHeaders) none = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree char *path = cookie_path (self);
  g_autofree char *query = NULL;

  if (!almu_guard_has_token (self->guard) || !almu_guard_query_has_token (almu_server_query_of (msg)))
    return FALSE;

  if (almu_guard_allows_token (self->guard, none, almu_server_query_of (msg)))
    {
      query = almu_guard_strip_token (almu_server_query_of (msg));
      almu_guard_add_token_cookies (self->guard, request,
                                    soup_server_message_get_response_headers (msg), path);
      redirect_here (msg, SOUP_STATUS_SEE_OTHER, "", query);
      return TRUE;
    }

  if (almu_guard_allows_token (self->guard, request, NULL))
    return FALSE;

  almu_answer_text (msg, SOUP_STATUS_FORBIDDEN,
                    "%s\n\n%s\n",
                    _ ("The token in this address is not the one of this service."),
                    _ ("It may be from another one, or from before a restart. “almucantar open” or the\n"
                       "service's log have the right address."));
  return TRUE;
}

static void
serve_index (AlmuServer        *self,
             SoupServerMessage *msg,
             const char        *rest)
{
  g_autofree char *path = cookie_path (self);
  g_autofree char *viewer = NULL;

  if (swap_token (self, msg))
    return;

  viewer = almu_guard_dup_viewer (soup_server_message_get_request_headers (msg));
  if (viewer == NULL)
    viewer = almu_guard_make_viewer (soup_server_message_get_response_headers (msg), path);

  g_signal_emit_by_name (self, "page", viewer, almu_server_query_of (msg));
  almu_site_serve (self->site, msg, rest);
}

static void
serve_site (AlmuServer        *self,
            SoupServerMessage *msg,
            const char        *rest)
{
  if (self->flags & ALMU_SERVER_NO_FRONTEND)
    almu_answer_text (msg, SOUP_STATUS_NOT_FOUND, "%s\n", _ ("The page is switched off."));
  else if (almu_route_is_index (rest))
    serve_index (self, msg, rest);
  else
    almu_site_serve (self->site, msg, rest);
}

static void
serve_config (AlmuServer        *self,
              SoupServerMessage *msg)
{
  g_autofree char *json = NULL;

  if (self->flags & ALMU_SERVER_NO_RUNTIME_CONFIG)
    json = g_strdup ("");
  else
    json = g_strdup_printf ("{\"apiAddress\":\"%s/api\"}", self->prefix);

  almu_answer_json (msg, SOUP_STATUS_OK, json);
}

static void
serve_api (AlmuServer        *self,
           SoupServerMessage *msg,
           const char        *rest)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (msg);

  if (!g_str_equal (soup_server_message_get_method (msg), "OPTIONS"))
    {
      almu_api_serve (self->api, msg, rest);
      return;
    }

  soup_message_headers_replace (response, "Allow", "GET, POST, PUT, DELETE, OPTIONS");
  almu_answer (msg, SOUP_STATUS_NO_CONTENT, NULL, NULL);
}

/* Somebody's browser, not a program that fetches figures. */
static gboolean
is_visit (SoupServerMessage *msg)
{
  const char *accept = soup_message_headers_get_list (soup_server_message_get_request_headers (msg), "Accept");

  return accept != NULL && strstr (accept, "text/html") != NULL &&
         g_str_equal (soup_server_message_get_method (msg), "GET");
}

static void
serve_page (AlmuServer        *self,
            SoupServerMessage *msg,
            AlmuServerRequest *request)
{
  g_autoptr(GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (msg));
  g_autoptr(GBytes) reply = NULL;
  const char     *type = "text/plain; charset=utf-8";
  AlmuPageRequest asked = { soup_server_message_get_method (msg), request->rest, almu_server_query_of (msg), body };
  guint           status;

  if (is_visit (msg) && swap_token (self, msg))
    return;

  status = request->page->func (&asked, &type, &reply, request->page->user_data);
  if (SOUP_STATUS_IS_REDIRECTION (status) && reply != NULL)
    {
      g_autofree char *location = g_strndup (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));

      redirect (msg, status, location);
      return;
    }

  almu_answer_no_cache (msg);
  almu_answer (msg, status, reply != NULL ? type : NULL, reply);
}

static void
strip_ranges (SoupServerMessage *msg,
              AlmuRoute          route)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  const char         *range = soup_message_headers_get_list (headers, "Range");

  /* libsoup repeats the file as often as it is asked for parts of it */
  if (range != NULL && (route != ALMU_ROUTE_SITE || strchr (range, ',') != NULL))
    soup_message_headers_remove (headers, "Range");
}

/**
 * almu_server_answer:
 * @self: a server
 * @msg: a request whose head and body are in order
 * @request: what was found out of its head
 *
 * Answers, at once or later; an upgrade turns the connection into a link and
 * emits [signal@Almu.Server::link].
 */
void
almu_server_answer (AlmuServer        *self,
                    SoupServerMessage *msg,
                    AlmuServerRequest *request)
{
  strip_ranges (msg, request->page != NULL ? ALMU_ROUTE_NONE : request->route);

  if (request->upgrade)
    shake_hands (self, msg);
  else if (request->page != NULL)
    serve_page (self, msg, request);
  else if (request->route == ALMU_ROUTE_BARE)
    redirect_here (msg, SOUP_STATUS_PERMANENT_REDIRECT, "/", almu_server_query_of (msg));
  else if (request->route == ALMU_ROUTE_CONFIG)
    serve_config (self, msg);
  else if (request->route == ALMU_ROUTE_HEALTH)
    almu_answer_text (msg, SOUP_STATUS_OK, "ok\n");
  else if (request->route == ALMU_ROUTE_API)
    serve_api (self, msg, request->rest);
  else
    serve_site (self, msg, request->rest);
}
