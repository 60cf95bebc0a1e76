/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-route.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

static const struct
{
  AlmuRoute         route;
  const char *const methods[7];
} allowed[] = {
  { ALMU_ROUTE_BARE, { "GET", "HEAD" } },
  { ALMU_ROUTE_CONFIG, { "GET", "HEAD" } },
  { ALMU_ROUTE_HEALTH, { "GET", "HEAD" } },
  { ALMU_ROUTE_API, { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS" } },
  { ALMU_ROUTE_SITE, { "GET", "HEAD" } },
};

/* The page of a prepared session has "/s/NUMBER/" in its address, which its
 * socket repeats; all else of it is found as without. */
static const char *
skip_session (const char *path)
{
  const char *rest;

  if (!g_str_has_prefix (path, "/s/") || !g_ascii_isdigit (path[3]))
    return path;

  rest = path + 3 + strspn (path + 3, "0123456789");

  return *rest == '/' ? rest : path;
}

/**
 * almu_route_find:
 * @prefix: what comes before all paths; begins with a slash, or is empty
 * @path: of a request, as it came
 * @out_rest: (out): what of @path follows the part that decided, with its
 *   slash
 *
 * Looks at the path alone: whether a file or a session is there is not asked.
 * `/s/NUMBER` before the rest, as in the address of a prepared session, is
 * passed over. @out_rest is left alone for %ALMU_ROUTE_NONE outside the prefix.
 *
 * Returns: what @path leads to
 */
AlmuRoute
almu_route_find (const char  *prefix,
                 const char  *path,
                 const char **out_rest)
{
  if (!g_str_has_prefix (path, prefix))
    return ALMU_ROUTE_NONE;

  path = skip_session (path + strlen (prefix));
  *out_rest = path;

  if (*path == '\0')
    return ALMU_ROUTE_BARE;

  if (*path != '/')
    return ALMU_ROUTE_NONE;

  if (g_str_equal (path, "/config"))
    return ALMU_ROUTE_CONFIG;

  if (g_str_equal (path, "/healthz"))
    return ALMU_ROUTE_HEALTH;

  if (g_str_equal (path, "/api") || g_str_has_prefix (path, "/api/"))
    {
      *out_rest = path + strlen ("/api");
      return ALMU_ROUTE_API;
    }

  return ALMU_ROUTE_SITE;
}

/**
 * almu_route_allows:
 * @route: what a path leads to
 * @method: of HTTP, in capitals
 *
 * Whether the method may be used there. None may outside the prefix.
 */
gboolean
almu_route_allows (AlmuRoute   route,
                   const char *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (allowed); i++)
    if (allowed[i].route == route)
      return g_strv_contains (allowed[i].methods, method);

  return FALSE;
}

/**
 * almu_route_is_index:
 * @rest: path of a file of the page, with its slash
 *
 * Whether it is the page itself, whose address may carry a token.
 */
gboolean
almu_route_is_index (const char *rest)
{
  return g_str_equal (rest, "/") || g_str_equal (rest, "/index.html");
}

/**
 * almu_route_is_upgrade:
 * @msg: a request
 *
 * Whether it asks for a WebSocket, at whatever path: the page opens its socket
 * at the one it has itself.
 */
gboolean
almu_route_is_upgrade (SoupServerMessage *msg)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (msg);

  return g_str_equal (soup_server_message_get_method (msg), "GET") &&
         soup_message_headers_header_contains (request, "Connection", "upgrade") &&
         soup_message_headers_header_equals (request, "Upgrade", "websocket");
}

/**
 * almu_route_clean_prefix:
 * @text: what somebody wants before all paths
 * @error: return location for an error
 *
 * Letters and digits of ASCII and `+/@_-` are allowed; anything else is
 * %ALMU_ERROR_FORMAT.
 *
 * Returns: (transfer full): it with one slash before each part and none at
 *   the end; empty for none
 */
char *
almu_route_clean_prefix (const char *text,
                         GError    **error)
{
  g_auto(GStrv) parts = NULL;
  GString *prefix;

  g_return_val_if_fail (text != NULL, NULL);

  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("+/@_-", *p) == NULL)
      {
        g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                     _ ("Prefix “%s” has other characters than letters, digits and +/@_-"), text);
        return NULL;
      }

  prefix = g_string_new (NULL);
  parts = g_strsplit (text, "/", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_string_append_printf (prefix, "/%s", parts[i]);

  return g_string_free (prefix, FALSE);
}
