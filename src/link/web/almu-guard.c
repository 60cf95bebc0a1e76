/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-guard.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/random.h>

/* Longer candidates for a token are not even looked at. */
#define TOKEN_BYTES 1024
/* The page appends `?token=` to its socket's address whether there is a query or not. */
#define SEPARATORS "&?"

#define VIEWER_BYTES 16
#define VIEWER_SECONDS (365 * 24 * 3600)

/**
 * AlmuGuard: (foreign)
 *
 * Who may ask: the token, the names this server goes by, and the pages whose
 * scripts may talk to it. The server owns it. It never logs what it sees.
 */
struct _AlmuGuard
{
  char  *token; /* NULL: everybody may */
  char  *digest;
  char **hosts;
  char **origins;
};

static char *
digest_of (const char *text)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

static char **
dup_lower (const char *const *texts)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      g_autofree char *lower = g_ascii_strdown (texts[i], -1);

      if (g_str_has_suffix (lower, "/"))
        lower[strlen (lower) - 1] = '\0';
      g_strv_builder_add (builder, lower);
    }

  return g_strv_builder_end (builder);
}

/**
 * almu_guard_new:
 * @token: (nullable): the secret; %NULL switches it off
 * @hosts: (nullable): names besides the loopback ones; `*` is any
 * @origins: (nullable): pages from elsewhere that may talk to this server,
 *   as `scheme://host[:port]`
 *
 * Everything is copied. Hosts and origins are compared without regard to case;
 * a list that is %NULL is empty.
 *
 * Returns: (transfer full): a guard
 */
AlmuGuard *
almu_guard_new (const char        *token,
                const char *const *hosts,
                const char *const *origins)
{
  AlmuGuard *self = g_new0 (AlmuGuard, 1);

  self->token = g_strdup (token);
  if (token != NULL)
    self->digest = digest_of (token);
  self->hosts = dup_lower (hosts);
  self->origins = dup_lower (origins);

  return self;
}

/**
 * almu_guard_free:
 * @self: (transfer full): a guard
 *
 * Frees a guard. The token is not wiped from memory.
 */
void
almu_guard_free (AlmuGuard *self)
{
  g_free (self->token);
  g_free (self->digest);
  g_strfreev (self->hosts);
  g_strfreev (self->origins);
  g_free (self);
}

/**
 * almu_guard_has_token:
 * @self: a guard
 *
 * Whether a token is needed at all.
 */
gboolean
almu_guard_has_token (AlmuGuard *self)
{
  return self->token != NULL;
}

/* -- the token ---------------------------------------------------------- */

/* Digests are compared, and all of them, so that the time tells neither
 * how much is right nor how long the right one is. */
static gboolean
matches (AlmuGuard  *self,
         const char *candidate)
{
  g_autofree char *digest = NULL;
  guint            difference = 0;

  if (candidate == NULL || strlen (candidate) > TOKEN_BYTES)
    return FALSE;

  digest = digest_of (candidate);
  for (gsize i = 0; self->digest[i] != '\0'; i++)
    difference |= (guchar) digest[i] ^ (guchar) self->digest[i];

  return difference == 0;
}

static char **
split_query (const char *query)
{
  return g_strsplit_set (query != NULL ? query : "", SEPARATORS, -1);
}

static gboolean
query_matches (AlmuGuard  *self,
               const char *query)
{
  g_auto(GStrv) parts = split_query (query);
  gboolean found = FALSE;

  for (gsize i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], "token="))
      {
        g_autofree char *value = g_uri_unescape_string (parts[i] + strlen ("token="), NULL);

        found |= matches (self, value);
      }

  return found;
}

static gboolean
is_token_cookie (const char *name)
{
  return g_str_has_prefix (name, ALMU_TOKEN_NAME) &&
         (name[strlen (ALMU_TOKEN_NAME)] == '\0' || name[strlen (ALMU_TOKEN_NAME)] == '-');
}

static gboolean
cookies_match (AlmuGuard  *self,
               const char *header)
{
  g_auto(GStrv) cookies = g_strsplit (header, ";", -1);
  gboolean found = FALSE;

  for (gsize i = 0; cookies[i] != NULL; i++)
    {
      char *name = g_strstrip (cookies[i]);
      char *value = strchr (name, '=');

      if (value == NULL)
        continue;

      *value++ = '\0';
      if (is_token_cookie (name))
        found |= matches (self, value);
    }

  return found;
}

static gboolean
header_matches (AlmuGuard  *self,
                const char *name,
                const char *value)
{
  if (g_ascii_strcasecmp (name, "Cookie") == 0)
    return cookies_match (self, value);

  if (g_ascii_strcasecmp (name, ALMU_TOKEN_NAME) == 0)
    return matches (self, value);

  if (g_ascii_strcasecmp (name, "Authorization") == 0 &&
      g_ascii_strncasecmp (value, "Bearer ", strlen ("Bearer ")) == 0)
    return matches (self, value + strlen ("Bearer "));

  return FALSE;
}

/**
 * almu_guard_allows_token:
 * @self: a guard
 * @request: the headers of a request
 * @query: (nullable): its query, as it came
 *
 * A reloaded page has the cookie, but a placeholder in its query: any
 * place that has the right token does.
 *
 * Returns: %TRUE if one has, or none is needed
 */
gboolean
almu_guard_allows_token (AlmuGuard          *self,
                         SoupMessageHeaders *request,
                         const char         *query)
{
  SoupMessageHeadersIter iter;
  const char            *name;
  const char            *value;
  gboolean               found;

  if (self->token == NULL)
    return TRUE;

  found = query_matches (self, query);
  soup_message_headers_iter_init (&iter, request);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    found |= header_matches (self, name, value);

  return found;
}

/**
 * almu_guard_query_has_token:
 * @query: (nullable): of an address, as it came
 *
 * Whether there is a `token=` in it, right or wrong. Parts begin behind `&` and
 * behind `?`.
 */
gboolean
almu_guard_query_has_token (const char *query)
{
  g_auto(GStrv) parts = split_query (query);

  for (gsize i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], "token="))
      return TRUE;

  return FALSE;
}

/**
 * almu_guard_strip_token:
 * @query: (nullable): of an address, as it came
 *
 * Takes out every part `token=…` that stands between `&`, or `?`: what is put
 * together carelessly holds a second one. The other parts stay as they are.
 *
 * Returns: (transfer full): what remains, which may be empty
 */
char *
almu_guard_strip_token (const char *query)
{
  GString *kept = g_string_new (NULL);
  char     separator = '&';

  for (const char *at = query != NULL ? query : ""; *at != '\0';)
    {
      gsize length = strcspn (at, SEPARATORS);

      if (length > 0 && !g_str_has_prefix (at, "token="))
        {
          if (kept->len > 0)
            g_string_append_c (kept, separator);
          g_string_append_len (kept, at, (gssize) length);
        }
      at += length;
      if (*at != '\0')
        separator = *at++;
    }

  return g_string_free (kept, FALSE);
}

/* -- names -------------------------------------------------------------- */

static gboolean
is_port (const char *text)
{
  gsize n = strspn (text, "0123456789");

  return n > 0 && n <= 5 && text[n] == '\0';
}

/* Splits `host[:port]` into a lower-case host and what the port is, or
 * NULL. An address of IPv6 loses its brackets. */
static gboolean
parse_authority (const char  *text,
                 char       **out_host,
                 const char **out_port)
{
  const char *end;
  const char *host = text;

  if (*text == '[')
    {
      host = text + 1;
      end = strchr (host, ']');
      if (end == NULL || strspn (host, "0123456789abcdefABCDEF:.") != (gsize) (end - host))
        return FALSE;
      text = end + 1;
    }
  else
    {
      text = end = host + strcspn (host, ":");
      if (strspn (host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._") < (gsize) (end - host))
        return FALSE;
    }

  if (end == host || (*text == ':' ? !is_port (text + 1) : *text != '\0'))
    return FALSE;

  *out_port = *text == ':' ? text + 1 : NULL;
  *out_host = g_ascii_strdown (host, end - host);
  if (g_str_has_suffix (*out_host, "."))
    (*out_host)[strlen (*out_host) - 1] = '\0';

  return TRUE;
}

static gboolean
is_listed (char      **hosts,
           const char *host)
{
  for (gsize i = 0; hosts[i] != NULL; i++)
    {
      g_autofree char *listed = NULL;
      const char      *port;

      if (g_str_equal (hosts[i], "*"))
        return TRUE;

      /* an address of IPv6 may be listed with or without brackets */
      if (g_str_equal (hosts[i], host) ||
          (parse_authority (hosts[i], &listed, &port) && g_str_equal (listed, host)))
        return TRUE;
    }

  return FALSE;
}

/* The page of a configured origin may be ours, behind a proxy. */
static gboolean
is_host_of_origin (AlmuGuard  *self,
                   const char *host)
{
  for (gsize i = 0; self->origins[i] != NULL; i++)
    {
      const char      *authority = strstr (self->origins[i], "://");
      g_autofree char *listed = NULL;
      const char      *port;

      if (authority != NULL && parse_authority (authority + 3, &listed, &port) && g_str_equal (listed, host))
        return TRUE;
    }

  return FALSE;
}

/**
 * almu_guard_allows_host:
 * @self: a guard
 * @request: the headers of a request
 * @local: (nullable): the address the peer came to
 *
 * A foreign page can point a name of its own at this machine, but its
 * requests then carry that name. An address cannot be pointed anywhere: the
 * one the peer came to is always right.
 *
 * Returns: %TRUE if the request is meant for this server
 */
gboolean
almu_guard_allows_host (AlmuGuard          *self,
                        SoupMessageHeaders *request,
                        GInetAddress       *local)
{
  const char      *header = soup_message_headers_get_one (request, "Host");
  g_autofree char *host = NULL;
  g_autoptr(GInetAddress) address = NULL;
  const char *port;

  /* HTTP/1.0; no browser */
  if (header == NULL)
    return TRUE;

  if (!parse_authority (header, &host, &port))
    return FALSE;

  if (g_str_equal (host, "localhost") || g_str_has_suffix (host, ".localhost") ||
      is_listed (self->hosts, host) || is_host_of_origin (self, host))
    return TRUE;

  address = g_inet_address_new_from_string (host);

  return address != NULL &&
         (g_inet_address_get_is_loopback (address) || (local != NULL && g_inet_address_equal (address, local)));
}

static gboolean
is_listed_origin (AlmuGuard  *self,
                  const char *origin)
{
  g_autofree char *lower = g_ascii_strdown (origin, -1);

  return g_strv_contains ((const char *const *) self->origins, lower);
}

static gboolean
same_port (const char *a,
           const char *b,
           const char *usual)
{
  return g_str_equal (a != NULL ? a : usual, b != NULL ? b : usual);
}

static gboolean
is_same_origin (SoupMessageHeaders *request,
                const char         *origin)
{
  const char      *header = soup_message_headers_get_one (request, "Host");
  gboolean         secure = g_ascii_strncasecmp (origin, "https://", 8) == 0;
  g_autofree char *host = NULL;
  g_autofree char *origin_host = NULL;
  const char      *port;
  const char      *origin_port;

  if (!secure && g_ascii_strncasecmp (origin, "http://", 7) != 0)
    return FALSE;

  return header != NULL &&
         parse_authority (header, &host, &port) &&
         parse_authority (origin + (secure ? 8 : 7), &origin_host, &origin_port) &&
         g_str_equal (host, origin_host) &&
         same_port (port, origin_port, secure ? "443" : "80");
}

/**
 * almu_guard_allows_origin:
 * @self: a guard
 * @request: the headers of a request
 *
 * Cookies go along with what foreign pages ask for, and a WebSocket may be
 * opened from anywhere; but a browser says whose script it was. Who says
 * nothing is no browser, or asks for what a foreign page cannot read.
 *
 * Returns: %TRUE if it was a page of ours, or one that was configured
 */
gboolean
almu_guard_allows_origin (AlmuGuard          *self,
                          SoupMessageHeaders *request)
{
  const char *origin = soup_message_headers_get_one (request, "Origin");
  const char *site = soup_message_headers_get_one (request, "Sec-Fetch-Site");

  if (origin != NULL)
    return is_same_origin (request, origin) || is_listed_origin (self, origin);

  return site == NULL || g_str_equal (site, "same-origin") || g_str_equal (site, "none");
}

/**
 * almu_guard_add_cors:
 * @self: a guard
 * @request: the headers of a request
 * @response: the headers of its answer
 *
 * Lets the script of a configured page read the answer.
 */
void
almu_guard_add_cors (AlmuGuard          *self,
                     SoupMessageHeaders *request,
                     SoupMessageHeaders *response)
{
  const char *origin = soup_message_headers_get_one (request, "Origin");

  soup_message_headers_replace (response, "Vary", "Origin");
  if (origin == NULL || !is_listed_origin (self, origin))
    return;

  soup_message_headers_replace (response, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (response, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
  soup_message_headers_replace (response, "Access-Control-Allow-Headers",
                                "origin, content-type, accept, x-requested-with, authorization, " ALMU_TOKEN_NAME);
  soup_message_headers_replace (response, "Access-Control-Max-Age", "3600");
}

/* -- cookies ------------------------------------------------------------ */

/**
 * almu_guard_add_token_cookies:
 * @self: a guard
 * @request: the headers of a page's request
 * @response: the headers of its answer
 * @path: where the page is
 *
 * Cookies know no ports: of two servers on one host, or behind two tunnels,
 * each would overwrite the other's. A second one has the port the browser
 * sees in its name.
 */
void
almu_guard_add_token_cookies (AlmuGuard          *self,
                              SoupMessageHeaders *request,
                              SoupMessageHeaders *response,
                              const char         *path)
{
  const char      *header = soup_message_headers_get_one (request, "Host");
  g_autofree char *host = NULL;
  g_autofree char *plain = NULL;
  const char      *port = NULL;

  if (self->token == NULL)
    return;

  plain = g_strdup_printf (ALMU_TOKEN_NAME "=%s; Path=%s; HttpOnly; SameSite=Strict", self->token, path);
  soup_message_headers_append (response, "Set-Cookie", plain);

  if (header != NULL && parse_authority (header, &host, &port) && port != NULL)
    {
      g_autofree char *with_port = g_strdup_printf (ALMU_TOKEN_NAME "-%s=%s; Path=%s; HttpOnly; SameSite=Strict",
                                                    port, self->token, path);

      soup_message_headers_append (response, "Set-Cookie", with_port);
    }
}

static gboolean
is_viewer (const char *value)
{
  return strlen (value) == 2 * VIEWER_BYTES && strspn (value, "0123456789abcdef") == 2 * VIEWER_BYTES;
}

/**
 * almu_guard_dup_viewer:
 * @request: the headers of a request
 *
 * Reads the cookie that almu_guard_make_viewer() has set. It tells browsers
 * apart and proves nothing.
 *
 * Returns: (nullable) (transfer full): what tells this browser from others, 32
 *   hexadecimal digits; %NULL when it has not been here
 */
char *
almu_guard_dup_viewer (SoupMessageHeaders *request)
{
  const char *header = soup_message_headers_get_list (request, "Cookie");
  g_auto(GStrv) cookies = g_strsplit_set (header != NULL ? header : "", ";,", -1);

  for (gsize i = 0; cookies[i] != NULL; i++)
    {
      const char *cookie = g_strstrip (cookies[i]);

      if (g_str_has_prefix (cookie, ALMU_VIEWER_COOKIE "=") && is_viewer (cookie + strlen (ALMU_VIEWER_COOKIE "=")))
        return g_strdup (cookie + strlen (ALMU_VIEWER_COOKIE "="));
    }

  return NULL;
}

/**
 * almu_guard_make_viewer:
 * @response: headers of an answer; a cookie is added
 * @path: where the page is, for which the browser will tell the cookie
 *
 * Chooses 128 random bits for a browser that has not been here, which it keeps
 * for a year. The process ends if the system has no random numbers.
 *
 * Returns: (transfer full): what tells this browser from others, 32 hexadecimal
 *   digits
 */
char *
almu_guard_make_viewer (SoupMessageHeaders *response,
                        const char         *path)
{
  guint8           bytes[VIEWER_BYTES];
  GString         *viewer = g_string_new (NULL);
  g_autofree char *cookie = NULL;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("The system has no random numbers");

  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (viewer, "%02x", bytes[i]);

  cookie = g_strdup_printf (ALMU_VIEWER_COOKIE "=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Strict",
                            viewer->str, path, VIEWER_SECONDS);
  soup_message_headers_append (response, "Set-Cookie", cookie);

  return g_string_free (viewer, FALSE);
}

/* -- sanity ------------------------------------------------------------- */

static gboolean
has_control_character (const char *text)
{
  for (; *text != '\0'; text++)
    if (((guchar) *text < 0x20 && *text != '\t') || *text == 0x7f)
      return TRUE;

  return FALSE;
}

static gboolean
is_length (const char *text)
{
  gsize n = strspn (text, "0123456789");

  return n > 0 && n <= 18 && text[n] == '\0';
}

static guint
count_header (SoupMessageHeaders *headers,
              const char         *wanted)
{
  SoupMessageHeadersIter iter;
  const char            *name;
  const char            *value;
  guint                  n = 0;

  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    n += g_ascii_strcasecmp (name, wanted) == 0;

  return n;
}

/**
 * almu_guard_find_fault:
 * @request: the headers of a request
 * @version: of its HTTP
 *
 * Requests that a server in front may read differently than we do.
 *
 * Returns: (nullable): what is wrong
 */
const char *
almu_guard_find_fault (SoupMessageHeaders *request,
                       SoupHTTPVersion     version)
{
  static const char *const single[] = { "Host", "Content-Length", "Transfer-Encoding", "Origin", "Upgrade" };
  const char              *length = soup_message_headers_get_one (request, "Content-Length");
  SoupMessageHeadersIter   iter;
  const char              *name;
  const char              *value;

  for (guint i = 0; i < G_N_ELEMENTS (single); i++)
    if (count_header (request, single[i]) > 1)
      return _ ("A header is there twice");

  if (length != NULL && soup_message_headers_get_one (request, "Transfer-Encoding") != NULL)
    return _ ("There are both a Content-Length and a Transfer-Encoding");

  if (length != NULL && !is_length (length))
    return _ ("Content-Length is not a number");

  if (version >= SOUP_HTTP_1_1 && soup_message_headers_get_one (request, "Host") == NULL)
    return _ ("There is no Host");

  soup_message_headers_iter_init (&iter, request);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    if (has_control_character (name) || has_control_character (value))
      return _ ("A header has a control character");

  return NULL;
}
