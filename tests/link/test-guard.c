/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-guard.h"

static SoupMessageHeaders *
make_headers (const char *name,
              ...)
{
  SoupMessageHeaders *headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  va_list             args;

  va_start (args, name);
  for (; name != NULL; name = va_arg (args, const char *))
    soup_message_headers_append (headers, name, va_arg (args, const char *));
  va_end (args);

  return headers;
}

static void
test_guard_token (void)
{
  static const struct
  {
    const char *header;
    const char *value;
    const char *query;
    gboolean    allowed;
  } cases[] = {
    { NULL, NULL, NULL, FALSE },
    { NULL, NULL, "token=secret", TRUE },
    { NULL, NULL, "a=b&token=secret", TRUE },
    { NULL, NULL, "a=b?token=secret", TRUE },
    { NULL, NULL, "token=no_auth_configured&token=secret", TRUE },
    { NULL, NULL, "token=%73ecret", TRUE },
    { NULL, NULL, "token=secre", FALSE },
    { NULL, NULL, "token=secretx", FALSE },
    { NULL, NULL, "token=", FALSE },
    { NULL, NULL, "token", FALSE },
    { NULL, NULL, "token=%00secret", FALSE },
    { NULL, NULL, "xtoken=secret", FALSE },
    { "Cookie", "carta-auth-token=secret", NULL, TRUE },
    { "Cookie", "a=b; carta-auth-token=secret; c=d", NULL, TRUE },
    { "Cookie", "carta-auth-token=other; carta-auth-token=secret", NULL, TRUE },
    { "Cookie", "carta-auth-token=secret", "token=no_auth_configured", TRUE },
    { "Cookie", "carta-auth-token-3002=secret", NULL, TRUE },
    { "Cookie", "carta-auth-tokens=secret", NULL, FALSE },
    { "Cookie", "other=secret", NULL, FALSE },
    { "Authorization", "Bearer secret", NULL, TRUE },
    { "Authorization", "bearer secret", NULL, TRUE },
    { "Authorization", "Basic secret", NULL, FALSE },
    { "Authorization", "secret", NULL, FALSE },
    { "carta-auth-token", "secret", NULL, TRUE },
    { "Carta-Auth-Token", "wrong", NULL, FALSE },
    { "carta-auth-token", "wrong", "token=secret", TRUE },
  };
  g_autoptr(AlmuGuard) guard = almu_guard_new ("secret", NULL, NULL);
  g_autoptr(AlmuGuard) open = almu_guard_new (NULL, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(SoupMessageHeaders) headers = make_headers (cases[i].header, cases[i].value, NULL);

      g_test_message ("%s: %s, %s", cases[i].header, cases[i].value, cases[i].query);
      g_assert_true (almu_guard_allows_token (guard, headers, cases[i].query) == cases[i].allowed);
      g_assert_true (almu_guard_allows_token (open, headers, cases[i].query));
    }
}

static void
test_guard_token_long (void)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  g_autoptr(AlmuGuard) guard = almu_guard_new ("secret", NULL, NULL);
  g_autoptr(SoupMessageHeaders) headers = make_headers ("carta-auth-token", text, NULL);

  g_assert_false (almu_guard_allows_token (guard, headers, NULL));
}

static void
test_guard_strip_token (void)
{
  static const char *const cases[][2] = {
    { "token=x", "" },
    { "token=x&file=a.fits", "file=a.fits" },
    { "folder=a%20b&token=x&file=c", "folder=a%20b&file=c" },
    { "tokens=x", "tokens=x" },
    { "a=1?token=x", "a=1" },
    { "file=what?.fits&token=x&b", "file=what?.fits&b" },
    { "?token=x&", "" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rest = almu_guard_strip_token (cases[i][0]);

      g_assert_cmpstr (rest, ==, cases[i][1]);
      g_assert_false (almu_guard_query_has_token (rest));
    }

  g_assert_true (almu_guard_query_has_token ("a&token=x"));
  g_assert_false (almu_guard_query_has_token (NULL));
}

static void
test_guard_host (void)
{
  static const struct
  {
    const char *host;
    gboolean    allowed;
  } cases[] = {
    { "localhost", TRUE },
    { "localhost:3002", TRUE },
    { "LocalHost:1", TRUE },
    { "localhost.", TRUE },
    { "carta.localhost:3002", TRUE },
    { "127.0.0.1", TRUE },
    { "127.1.2.3:80", TRUE },
    { "[::1]:3002", TRUE },
    { "[::1]", TRUE },
    { "work.example.org", TRUE },
    { "WORK.example.org:8080", TRUE },
    { "[fe80::1]:3002", TRUE },
    { "10.0.0.5:3002", TRUE },
    { "page.example.org", TRUE },
    { "10.0.0.6:3002", FALSE },
    { "evil.example.org", FALSE },
    { "localhost.evil.org", FALSE },
    { "notlocalhost", FALSE },
    { "localhost:", FALSE },
    { "localhost:x", FALSE },
    { "localhost:123456", FALSE },
    { "user@localhost", FALSE },
    { "localhost/..", FALSE },
    { "", FALSE },
    { ":3002", FALSE },
    { "[::1", FALSE },
    { "[]", FALSE },
    { "[::1]x", FALSE },
    { "local host", FALSE },
  };
  const char *const hosts[] = { "Work.example.org", "fe80::1", NULL };
  const char *const any[] = { "*", NULL };
  const char *const origins[] = { "https://page.example.org:8443", NULL };
  g_autoptr(AlmuGuard) guard = almu_guard_new (NULL, hosts, origins);
  g_autoptr(AlmuGuard) wide = almu_guard_new (NULL, any, NULL);
  g_autoptr(GInetAddress) local = g_inet_address_new_from_string ("10.0.0.5");
  g_autoptr(SoupMessageHeaders) none = make_headers (NULL);
  g_autoptr(SoupMessageHeaders) evil = make_headers ("Host", "evil.example.org", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(SoupMessageHeaders) headers = make_headers ("Host", cases[i].host, NULL);

      g_test_message ("%s", cases[i].host);
      g_assert_true (almu_guard_allows_host (guard, headers, local) == cases[i].allowed);
    }

  g_assert_true (almu_guard_allows_host (guard, none, NULL));
  g_assert_true (almu_guard_allows_host (wide, evil, NULL));
}

static void
test_guard_origin (void)
{
  static const struct
  {
    const char *host;
    const char *origin;
    const char *site;
    gboolean    allowed;
  } cases[] = {
    { "localhost:3002", NULL, NULL, TRUE },
    { "localhost:3002", "http://localhost:3002", NULL, TRUE },
    { "localhost:3002", "http://LOCALHOST:3002", NULL, TRUE },
    { "work.example.org", "https://work.example.org", NULL, TRUE },
    { "work.example.org:443", "https://work.example.org", NULL, TRUE },
    { "work.example.org:80", "http://work.example.org", NULL, TRUE },
    { "[::1]:3002", "http://[::1]:3002", NULL, TRUE },
    { "localhost:3002", "https://page.example.org", NULL, TRUE },
    { "localhost:3002", "http://page.example.org", NULL, FALSE },
    { "localhost:3002", "http://localhost:8888", NULL, FALSE },
    { "localhost:3002", "http://localhost", NULL, FALSE },
    { "localhost:3002", "http://127.0.0.1:3002", NULL, FALSE },
    { "localhost:3002", "http://evil.example.org", NULL, FALSE },
    { "localhost:3002", "http://localhost:3002.evil.org", NULL, FALSE },
    { "localhost:3002", "http://localhost:3002@evil.org", NULL, FALSE },
    { "localhost:3002", "null", NULL, FALSE },
    { "localhost:3002", "", NULL, FALSE },
    { "localhost:3002", "file://", NULL, FALSE },
    { NULL, "http://localhost:3002", NULL, FALSE },
    { "localhost:3002", NULL, "same-origin", TRUE },
    { "localhost:3002", NULL, "none", TRUE },
    { "localhost:3002", NULL, "same-site", FALSE },
    { "localhost:3002", NULL, "cross-site", FALSE },
  };
  const char *const origins[] = { "https://Page.example.org/", NULL };
  g_autoptr(AlmuGuard) guard = almu_guard_new (NULL, NULL, origins);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(SoupMessageHeaders) headers = make_headers (NULL);

      if (cases[i].host != NULL)
        soup_message_headers_append (headers, "Host", cases[i].host);
      if (cases[i].origin != NULL)
        soup_message_headers_append (headers, "Origin", cases[i].origin);
      if (cases[i].site != NULL)
        soup_message_headers_append (headers, "Sec-Fetch-Site", cases[i].site);

      g_test_message ("%s: %s %s", cases[i].host, cases[i].origin, cases[i].site);
      g_assert_true (almu_guard_allows_origin (guard, headers) == cases[i].allowed);
    }
}

static void
test_guard_cors (void)
{
  const char *const origins[] = { "https://page.example.org", NULL };
  g_autoptr(AlmuGuard) guard = almu_guard_new (NULL, NULL, origins);
  g_autoptr(SoupMessageHeaders) listed = make_headers ("Origin", "https://page.example.org", NULL);
  g_autoptr(SoupMessageHeaders) other = make_headers ("Origin", "https://other.example.org", NULL);
  g_autoptr(SoupMessageHeaders) yes = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  g_autoptr(SoupMessageHeaders) no = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);

  almu_guard_add_cors (guard, listed, yes);
  almu_guard_add_cors (guard, other, no);

  g_assert_cmpstr (soup_message_headers_get_one (yes, "Access-Control-Allow-Origin"), ==, "https://page.example.org");
  g_assert_nonnull (strstr (soup_message_headers_get_one (yes, "Access-Control-Allow-Headers"), "authorization"));
  g_assert_null (soup_message_headers_get_one (no, "Access-Control-Allow-Origin"));
  g_assert_cmpstr (soup_message_headers_get_one (no, "Vary"), ==, "Origin");
}

static void
test_guard_fault (void)
{
  g_autoptr(SoupMessageHeaders) good = make_headers ("Host", "a", "Content-Length", "12", "X", "a\tb", NULL);
  g_autoptr(SoupMessageHeaders) hosts = make_headers ("Host", "a", "host", "b", NULL);
  g_autoptr(SoupMessageHeaders) lengths = make_headers ("Host", "a", "Content-Length", "1", "Content-Length", "1", NULL);
  g_autoptr(SoupMessageHeaders) both = make_headers ("Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked", NULL);
  g_autoptr(SoupMessageHeaders) negative = make_headers ("Host", "a", "Content-Length", "-1", NULL);
  g_autoptr(SoupMessageHeaders) plus = make_headers ("Host", "a", "Content-Length", "+1", NULL);
  g_autoptr(SoupMessageHeaders) huge = make_headers ("Host", "a", "Content-Length", "9999999999999999999", NULL);
  g_autoptr(SoupMessageHeaders) none = make_headers (NULL);

  g_assert_null (almu_guard_find_fault (good, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (hosts, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (lengths, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (both, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (negative, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (plus, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (huge, SOUP_HTTP_1_1));
  g_assert_nonnull (almu_guard_find_fault (none, SOUP_HTTP_1_1));
  g_assert_null (almu_guard_find_fault (none, SOUP_HTTP_1_0));
}

static void
test_guard_viewer (void)
{
  g_autoptr(SoupMessageHeaders) response = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  g_autofree char *viewer = almu_guard_make_viewer (response, "/x/");
  g_autofree char *other = almu_guard_make_viewer (response, "/x/");
  g_autofree char *cookie = g_strdup_printf ("a=b; " ALMU_VIEWER_COOKIE "=%s", viewer);
  g_autoptr(SoupMessageHeaders) request = make_headers ("Cookie", cookie, NULL);
  g_autoptr(SoupMessageHeaders) bad = make_headers ("Cookie", ALMU_VIEWER_COOKIE "=../../x", NULL);
  g_autofree char *back = almu_guard_dup_viewer (request);

  g_assert_cmpuint (strlen (viewer), ==, 32);
  g_assert_cmpstr (viewer, !=, other);
  g_assert_cmpstr (back, ==, viewer);
  g_assert_null (almu_guard_dup_viewer (bad));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/link/guard/token", test_guard_token);
  g_test_add_func ("/link/guard/token/long", test_guard_token_long);
  g_test_add_func ("/link/guard/strip-token", test_guard_strip_token);
  g_test_add_func ("/link/guard/host", test_guard_host);
  g_test_add_func ("/link/guard/origin", test_guard_origin);
  g_test_add_func ("/link/guard/cors", test_guard_cors);
  g_test_add_func ("/link/guard/fault", test_guard_fault);
  g_test_add_func ("/link/guard/viewer", test_guard_viewer);

  return g_test_run ();
}
