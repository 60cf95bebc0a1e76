/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-server-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-answer.h"
#include "almu-connection.h"
#include "almu-limits.h"

/* What is decided when the head of a request is there: who may ask for what,
 * and how much may follow. */

#define REQUEST_KEY "almu-request"

static AlmuServerPage *
find_page (AlmuServer  *self,
           const char  *path,
           const char **out_rest)
{
  GHashTableIter  iter;
  const char     *name;
  AlmuServerPage *page;

  g_hash_table_iter_init (&iter, self->pages);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &page))
    {
      gsize n = strlen (name);

      if (g_str_has_prefix (path, name) && (path[n] == '\0' || path[n] == '/'))
        {
          *out_rest = path + n;
          return page;
        }
    }

  return NULL;
}

static gboolean
expects_body (AlmuServerRequest *request,
              const char        *method)
{
  return (request->route == ALMU_ROUTE_API || request->page != NULL) &&
         (g_str_equal (method, "POST") || g_str_equal (method, "PUT") || g_str_equal (method, "DELETE"));
}

static guint
check_body (AlmuServer        *self,
            AlmuServerRequest *request,
            SoupServerMessage *msg)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  SoupEncoding        encoding = soup_message_headers_get_encoding (headers);
  goffset             length = soup_message_headers_get_content_length (headers);

  if (encoding == SOUP_ENCODING_NONE || (encoding == SOUP_ENCODING_CONTENT_LENGTH && length == 0))
    return SOUP_STATUS_OK;

  if (!expects_body (request, soup_server_message_get_method (msg)))
    return SOUP_STATUS_BAD_REQUEST;

  if (length > ALMU_LIMIT_BODY_BYTES)
    return SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;

  if (self->n_body_bytes + length > ALMU_LIMIT_BODIES_BYTES)
    return SOUP_STATUS_SERVICE_UNAVAILABLE;

  return SOUP_STATUS_OK;
}

static gboolean
allows_method (AlmuServerRequest *request,
               const char        *method)
{
  if (request->page != NULL)
    return g_str_equal (method, "GET") || g_str_equal (method, "HEAD") || g_str_equal (method, "POST");

  return almu_route_allows (request->route, method);
}

/* A page of ours is the same for everybody until it asks for something. */
static gboolean
is_secret (AlmuServerRequest *request,
           SoupServerMessage *msg)
{
  if (request->upgrade || request->page != NULL)
    return TRUE;

  return request->route == ALMU_ROUTE_API &&
         !g_str_equal (soup_server_message_get_method (msg), "OPTIONS");
}

static guint
check_right (AlmuServer        *self,
             AlmuServerRequest *request,
             SoupServerMessage *msg,
             const char       **out_reason)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);

  if ((is_secret (request, msg) || request->route == ALMU_ROUTE_API) &&
      !almu_guard_allows_origin (self->guard, headers))
    {
      *out_reason = _ ("This request comes from a page of another origin");
      return SOUP_STATUS_FORBIDDEN;
    }

  if (is_secret (request, msg) && !almu_guard_allows_token (self->guard, headers, almu_server_query_of (msg)))
    {
      *out_reason = _ ("The token is missing or wrong");
      return SOUP_STATUS_FORBIDDEN;
    }

  return SOUP_STATUS_OK;
}

static GInetAddress *
local_address_of (SoupServerMessage *msg)
{
  GSocketAddress *local = soup_server_message_get_local_address (msg);

  return G_IS_INET_SOCKET_ADDRESS (local) ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)) : NULL;
}

static guint
check_head (AlmuServer        *self,
            AlmuServerRequest *request,
            SoupServerMessage *msg,
            const char       **out_reason)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  guint               status;

  *out_reason = almu_guard_find_fault (headers, soup_server_message_get_http_version (msg));
  if (*out_reason != NULL)
    return SOUP_STATUS_BAD_REQUEST;

  if (!almu_guard_allows_host (self->guard, headers, local_address_of (msg)))
    {
      *out_reason = _ ("This service does not go by the name the request has as its Host; --allow-origin adds one");
      return SOUP_STATUS_MISDIRECTED_REQUEST;
    }

  if (request->route == ALMU_ROUTE_NONE)
    {
      *out_reason = _ ("There is nothing here");
      return SOUP_STATUS_NOT_FOUND;
    }

  if (!request->upgrade && !allows_method (request, soup_server_message_get_method (msg)))
    {
      *out_reason = _ ("This is not done here");
      return SOUP_STATUS_METHOD_NOT_ALLOWED;
    }

  if (request->upgrade && self->n_links >= ALMU_LIMIT_LINKS)
    {
      *out_reason = _ ("There are too many links");
      return SOUP_STATUS_SERVICE_UNAVAILABLE;
    }

  status = check_right (self, request, msg, out_reason);
  if (status == SOUP_STATUS_OK)
    status = check_body (self, request, msg);
  if (status != SOUP_STATUS_OK && *out_reason == NULL)
    *out_reason = soup_status_get_phrase (status);

  return status;
}

/* libsoup answers when the body is there; it may be anything. */
static void
refuse (SoupServerMessage *msg,
        AlmuServerRequest *request,
        guint              status,
        const char        *reason)
{
  AlmuConnection *connection = almu_connection_for_message (msg);

  soup_message_body_set_accumulate (soup_server_message_get_request_body (msg), FALSE);
  if (connection != NULL)
    almu_connection_set_deadline (connection, ALMU_LIMIT_LINGER_SECONDS, status);

  if (request->route == ALMU_ROUTE_API && !request->upgrade)
    almu_answer_failure (msg, status, reason);
  else
    almu_answer_phrase (msg, status, reason);
}

static void
on_got_chunk (SoupServerMessage *msg,
              GBytes            *chunk,
              AlmuServer        *self)
{
  AlmuServerRequest *request = g_object_get_data (G_OBJECT (msg), REQUEST_KEY);
  gsize              size = g_bytes_get_size (chunk);

  if (request->refusal != 0)
    return;

  request->n_body_bytes += size;
  self->n_body_bytes += size;

  if (request->n_body_bytes > ALMU_LIMIT_BODY_BYTES)
    request->refusal = SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
  else if (self->n_body_bytes > ALMU_LIMIT_BODIES_BYTES)
    request->refusal = SOUP_STATUS_SERVICE_UNAVAILABLE;
  else
    return;

  soup_message_body_truncate (soup_server_message_get_request_body (msg));
  refuse (msg, request, request->refusal, soup_status_get_phrase (request->refusal));
}

static void
on_finished (SoupServerMessage *msg,
             AlmuServer        *self)
{
  AlmuServerRequest *request = g_object_get_data (G_OBJECT (msg), REQUEST_KEY);

  self->n_body_bytes -= request->n_body_bytes;
  request->n_body_bytes = 0;
}

static AlmuServerRequest *
make_request (AlmuServer        *self,
              SoupServerMessage *msg)
{
  AlmuServerRequest *request = g_new0 (AlmuServerRequest, 1);
  const char        *path = g_uri_get_path (soup_server_message_get_uri (msg));

  request->route = almu_route_find (self->prefix, *path != '\0' ? path : "/", &request->rest);
  request->upgrade = request->route != ALMU_ROUTE_NONE && almu_route_is_upgrade (msg);
  if (request->route == ALMU_ROUTE_SITE && !request->upgrade)
    request->page = find_page (self, request->rest, &request->rest);

  return request;
}

/**
 * almu_server_judge:
 * @msg: a request whose head has just come
 *
 * Decides on a request by its head. One that is refused is answered.
 */
void
almu_server_judge (AlmuServer        *self,
                   SoupServerMessage *msg)
{
  AlmuConnection    *connection = almu_connection_for_message (msg);
  AlmuServerRequest *request = make_request (self, msg);
  const char        *reason = NULL;
  guint              status;

  g_object_set_data_full (G_OBJECT (msg), REQUEST_KEY, request, g_free);
  if (request->route == ALMU_ROUTE_API)
    almu_guard_add_cors (self->guard, soup_server_message_get_request_headers (msg),
                         soup_server_message_get_response_headers (msg));

  status = check_head (self, request, msg, &reason);
  if (status != SOUP_STATUS_OK)
    {
      refuse (msg, request, status, reason);
      return;
    }

  /* the body has its own time */
  if (connection != NULL)
    almu_connection_set_deadline (connection, ALMU_LIMIT_REQUEST_SECONDS, SOUP_STATUS_REQUEST_TIMEOUT);
  g_signal_connect_object (msg, "got-chunk", G_CALLBACK (on_got_chunk), self, 0);
  g_signal_connect_object (msg, "finished", G_CALLBACK (on_finished), self, 0);
}

/**
 * almu_server_request_of:
 * @msg: a request that almu_server_judge() has looked at
 *
 * It lives as long as the message.
 *
 * Returns: (transfer none): what was found out about @msg by its head
 */
AlmuServerRequest *
almu_server_request_of (SoupServerMessage *msg)
{
  return g_object_get_data (G_OBJECT (msg), REQUEST_KEY);
}
