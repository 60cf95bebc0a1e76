/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "almu-limits.h"
#include "almu-test-http.h"
#include "almu-test.h"

typedef struct
{
  char       *folder;
  AlmuServer *server;
  GIOStream  *stream;
  AlmuPeer   *peer;
  char       *viewer;
  char       *query;
} Fixture;

static void
on_link (AlmuServer *server,
         GIOStream  *stream,
         AlmuPeer   *peer,
         Fixture    *fixture)
{
  g_set_object (&fixture->stream, stream);
  g_clear_pointer (&fixture->peer, almu_peer_free);
  fixture->peer = almu_peer_copy (peer);
}

static void
on_page (AlmuServer *server,
         const char *viewer,
         const char *query,
         Fixture    *fixture)
{
  g_free (fixture->viewer);
  fixture->viewer = g_strdup (viewer);
  g_free (fixture->query);
  fixture->query = g_strdup (query);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *index = NULL;
  g_autoptr(GError) error = NULL;

  fixture->folder = almu_test_make_folder ();
  index = g_build_filename (fixture->folder, "index.html", NULL);
  g_assert_true (g_file_set_contents (index, "page", -1, NULL));

  fixture->server = g_object_new (ALMU_TYPE_SERVER,
                                  "site-folder", fixture->folder,
                                  "token", ALMU_TEST_TOKEN,
                                  "prefix", user_data,
                                  NULL);
  g_signal_connect (fixture->server, "link", G_CALLBACK (on_link), fixture);
  g_signal_connect (fixture->server, "page", G_CALLBACK (on_page), fixture);
  almu_server_listen (fixture->server, 0, 0, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (fixture->stream != NULL)
    g_io_stream_close (fixture->stream, NULL, NULL);
  g_clear_object (&fixture->stream);
  g_clear_pointer (&fixture->peer, almu_peer_free);
  g_free (fixture->viewer);
  g_free (fixture->query);
  almu_test_end (g_steal_pointer (&fixture->server));
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

#define UPGRADE "Connection: keep-alive, Upgrade\r\n"             \
                "Upgrade: websocket\r\n"                          \
                "Sec-WebSocket-Version: 13\r\n"                   \
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
                "Sec-WebSocket-Extensions: permessage-deflate\r\n"

static char *
read_head (GSocketConnection *connection)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  GString      *head = g_string_new (NULL);
  char          c;

  while (strstr (head->str, "\r\n\r\n") == NULL)
    {
      g_autoptr(GError) error = NULL;
      gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), &c, 1, NULL, &error);

      if (n == 1)
        g_string_append_c (head, c);
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        g_main_context_iteration (NULL, FALSE);
      else
        break;
    }

  return g_string_free (head, FALSE);
}

static void
test_server_upgrade (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const char *const paths[] = {
    "/?token=" ALMU_TEST_TOKEN,
    "/index.html?token=" ALMU_TEST_TOKEN,
    "/any/where/else?a=b?token=" ALMU_TEST_TOKEN,
    "/api/?token=" ALMU_TEST_TOKEN,
  };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);
      g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.1.2.3\r\nCookie: almucantar-viewer=0123456789abcdef0123456789abcdef\r\n" UPGRADE "\r\nrest", paths[i]);
      g_autofree char *head = NULL;
      char             rest[5] = "";

      almu_test_write (connection, request, -1);
      head = read_head (connection);
      g_test_message ("%s: %s", paths[i], head);
      g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
      g_assert_nonnull (strstr (head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
      g_assert_nonnull (strstr (head, "Connection: Upgrade\r\n"));
      g_assert_null (strstr (head, "close"));
      g_assert_null (strstr (head, "deflate"));

      g_assert_nonnull (fixture->stream);
      g_assert_cmpuint (almu_server_get_n_links (fixture->server), ==, 1);
      g_assert_cmpuint (almu_server_get_n_connections (fixture->server), ==, 0);
      g_assert_cmpstr (fixture->peer->address, ==, "127.0.0.1 for 10.1.2.3");
      g_assert_cmpstr (fixture->peer->viewer, ==, "0123456789abcdef0123456789abcdef");

      /* what came with the request is not lost */
      g_assert_cmpint (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->stream)),
                                                                 rest, 4, NULL, NULL),
                       ==, 4);
      g_assert_cmpstr (rest, ==, "rest");

      g_io_stream_close (fixture->stream, NULL, NULL);
      g_clear_object (&fixture->stream);
      g_assert_cmpuint (almu_server_get_n_links (fixture->server), ==, 0);
    }
}

static void
test_server_upgrade_refused (Fixture      *fixture,
                             gconstpointer user_data)
{
  static const struct
  {
    const char *path;
    const char *headers;
    guint       status;
  } cases[] = {
    { "/", "Host: localhost\r\n" UPGRADE, 403 },
    { "/?token=no_auth_configured", "Host: localhost\r\n" UPGRADE, 403 },
    { "/?token=" ALMU_TEST_TOKEN, "Host: localhost\r\nOrigin: http://evil.example.org\r\n" UPGRADE, 403 },
    { "/?token=" ALMU_TEST_TOKEN, "Host: localhost\r\nOrigin: null\r\n" UPGRADE, 403 },
    { "/?token=" ALMU_TEST_TOKEN, "Host: evil.example.org\r\nOrigin: http://evil.example.org\r\n" UPGRADE, 421 },
    { "/?token=" ALMU_TEST_TOKEN, "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", 400 },
    { "/?token=" ALMU_TEST_TOKEN, "Host: localhost\r\nContent-Length: 1\r\n" UPGRADE, 400 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuTestReply) reply =
                   almu_test_fetch (fixture->server, "GET %s HTTP/1.1\r\n%s\r\n%s", cases[i].path, cases[i].headers,
                                    strstr (cases[i].headers, "Length") != NULL ? "x" : "");

      g_test_message ("%s %s", cases[i].path, cases[i].headers);
      g_assert_cmpuint (reply->status, ==, cases[i].status);
      g_assert_null (fixture->stream);
    }
}

static void
test_server_upgrade_allowed (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);
  g_autofree char *head = NULL;

  almu_test_write (connection, "GET /?token=no_auth_configured HTTP/1.1\r\nHost: localhost:9\r\nOrigin: http://localhost:9\r\nCookie: carta-auth-token=" ALMU_TEST_TOKEN "\r\n" UPGRADE "\r\n", -1);
  head = read_head (connection);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
}

static void
test_server_token_swap (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) swap = almu_test_fetch (fixture->server, "GET /x/?file=a%%20b&token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost:3003\r\n\r\n");
  g_autoptr(AlmuTestReply) bare = almu_test_get (fixture->server, "/x/?token=" ALMU_TEST_TOKEN, NULL);
  g_autoptr(AlmuTestReply) index = almu_test_get (fixture->server, "/x/index.html?token=" ALMU_TEST_TOKEN "&workspace=w", NULL);
  g_autoptr(AlmuTestReply) wrong = almu_test_get (fixture->server, "/x/?token=wrong", NULL);
  g_autoptr(AlmuTestReply) known = almu_test_get (fixture->server, "/x/?token=wrong", "Cookie: carta-auth-token=" ALMU_TEST_TOKEN "\r\n");
  g_autoptr(AlmuTestReply) none = almu_test_get (fixture->server, "/x/", NULL);
  const char *cookies = almu_test_header (swap, "set-cookie");

  g_assert_cmpuint (swap->status, ==, 303);
  g_assert_cmpstr (almu_test_header (swap, "location"), ==, "./?file=a%20b");
  g_assert_nonnull (strstr (cookies, "carta-auth-token=" ALMU_TEST_TOKEN "; Path=/x/; HttpOnly; SameSite=Strict"));
  g_assert_nonnull (strstr (cookies, "carta-auth-token-3003=" ALMU_TEST_TOKEN "; Path=/x/; HttpOnly; SameSite=Strict"));
  g_assert_nonnull (strstr (almu_test_header (swap, "cache-control"), "no-store"));
  g_assert_cmpstr (almu_test_header (swap, "referrer-policy"), ==, "no-referrer");

  g_assert_cmpstr (almu_test_header (bare, "location"), ==, "./");
  g_assert_cmpstr (almu_test_header (index, "location"), ==, "./index.html?workspace=w");

  g_assert_cmpuint (wrong->status, ==, 403);
  g_assert_null (almu_test_header (wrong, "set-cookie"));
  g_assert_null (strstr (almu_test_body (wrong), ALMU_TEST_TOKEN));
  g_assert_cmpuint (known->status, ==, 200);
  g_assert_cmpuint (none->status, ==, 200);
  g_assert_null (strstr (almu_test_header (none, "set-cookie"), ALMU_TEST_TOKEN));
}

static void
test_server_viewer (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) first = almu_test_get (fixture->server, "/?file=a.fits", NULL);
  g_autofree char *cookie = g_strdup_printf ("Cookie: almucantar-viewer=%s\r\n", fixture->viewer);
  g_autofree char *viewer = g_strdup (fixture->viewer);
  g_autoptr(AlmuTestReply) second = NULL;

  g_assert_nonnull (strstr (almu_test_header (first, "set-cookie"), viewer));
  g_assert_nonnull (strstr (almu_test_header (first, "set-cookie"), "HttpOnly; SameSite=Strict"));
  g_assert_cmpstr (fixture->query, ==, "file=a.fits");

  second = almu_test_get (fixture->server, "/", cookie);
  g_assert_null (almu_test_header (second, "set-cookie"));
  g_assert_cmpstr (fixture->viewer, ==, viewer);
  g_assert_null (fixture->query);
}

static void
test_server_heads (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    const char *request;
    guint       status;
  } cases[] = {
    { "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 200 },
    { "GET /healthz HTTP/1.0\r\n\r\n", 200 },
    { "GET /healthz HTTP/1.1\r\n\r\n", 400 },
    { "GET /healthz HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", 421 },
    { "GET / HTTP/1.1\r\nHost: evil.example.org:3002\r\n\r\n", 421 },
    { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400 },
    { "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
    { "POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400 },
    { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\001b\r\n\r\n", 400 },
    { "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "DELETE /config HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "nonsense\r\n\r\n", 400 },
    { "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 404 },
    { "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404 },
    { "CONNECT evil.example.org:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_fetch (fixture->server, "%s", cases[i].request);

      g_test_message ("%s", cases[i].request);
      if (reply->status < 400 || cases[i].status < 400 || g_str_has_prefix (cases[i].request, "GET"))
        g_assert_cmpuint (reply->status, ==, cases[i].status);
      g_assert_cmpuint (reply->status, !=, 0);
      g_assert_cmpstr (almu_test_header (reply, "connection"), ==, "close");
    }
}

static void
test_server_huge_head (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *filling = g_strnfill (300000, 'x');
  g_autoptr(AlmuTestReply) reply = almu_test_fetch (fixture->server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", filling);

  g_assert_cmpuint (reply->status, !=, 200);
}

static guint
answer_page (const AlmuPageRequest *request,
             const char           **out_type,
             GBytes               **out_body,
             gpointer               user_data)
{
  char *text;

  if (g_str_equal (request->method, "POST"))
    {
      *out_body = g_bytes_new_static ("./sessions", 10);
      return 303;
    }

  text = g_strdup_printf ("%s|%s|%s", request->method, request->path, request->query);
  *out_type = "text/html";
  *out_body = g_bytes_new_take (text, strlen (text));

  return 200;
}

static void
test_server_pages (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) page = NULL;
  g_autoptr(AlmuTestReply) below = NULL;
  g_autoptr(AlmuTestReply) posted = NULL;
  g_autoptr(AlmuTestReply) denied = NULL;
  g_autoptr(AlmuTestReply) foreign = NULL;

  almu_server_add_page (fixture->server, "/sessions", answer_page, NULL, NULL);

  page = almu_test_send (fixture->server, "GET", "/sessions?a=b", "");
  g_assert_cmpstr (almu_test_body (page), ==, "GET||a=b");
  below = almu_test_send (fixture->server, "GET", "/sessions/12/resume", "");
  g_assert_cmpstr (almu_test_body (below), ==, "GET|/12/resume|(null)");
  posted = almu_test_send (fixture->server, "POST", "/sessions/12", "x=y");
  g_assert_cmpuint (posted->status, ==, 303);
  g_assert_cmpstr (almu_test_header (posted, "location"), ==, "./sessions");
  denied = almu_test_get (fixture->server, "/sessions", NULL);
  g_assert_cmpuint (denied->status, ==, 403);
  foreign = almu_test_get (fixture->server, "/sessions?token=" ALMU_TEST_TOKEN, "Origin: http://localhost:1\r\n");
  g_assert_cmpuint (foreign->status, ==, 403);
}

static void
test_server_slow (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GSocketConnection) silent = almu_test_connect (fixture->server);
  g_autoptr(GSocketConnection) slow = almu_test_connect (fixture->server);
  g_autoptr(GSocketConnection) body = almu_test_connect (fixture->server);
  g_autoptr(AlmuTestReply) none = NULL;
  g_autoptr(AlmuTestReply) head = NULL;
  g_autoptr(AlmuTestReply) half = NULL;

  if (!almu_test_is_slow ())
    {
      g_test_skip ("takes as long as the deadline; -m slow runs it");
      return;
    }

  almu_test_write (slow, "GET / HTTP/1.1\r\nHost: local", -1);
  almu_test_write (body, "PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{", -1);

  none = almu_test_read (silent);
  head = almu_test_read (slow);
  half = almu_test_read (body);
  g_assert_cmpuint (none->status, ==, 408);
  g_assert_cmpuint (head->status, ==, 408);
  g_assert_cmpuint (half->status, ==, 408);
  almu_test_settle (fixture->server);
}

static void
test_server_crowd (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(AlmuTestReply) refused = NULL;
  g_autoptr(AlmuTestReply) welcome = NULL;

  while (crowd->len < ALMU_LIMIT_CONNECTIONS)
    {
      g_ptr_array_add (crowd, almu_test_connect (fixture->server));
      while (almu_server_get_n_connections (fixture->server) < crowd->len)
        g_main_context_iteration (NULL, TRUE);
    }

  refused = almu_test_get (fixture->server, "/healthz", NULL);
  g_assert_cmpuint (refused->status, ==, 503);

  g_ptr_array_set_size (crowd, 0);
  almu_test_settle (fixture->server);
  welcome = almu_test_get (fixture->server, "/healthz", NULL);
  g_assert_cmpuint (welcome->status, ==, 200);
}

static void
test_server_descriptors (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) warm = almu_test_get (fixture->server, "/", NULL);
  guint before;

  almu_test_settle (fixture->server);
  before = almu_test_count_descriptors ();

  for (int i = 0; i < 100; i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_get (fixture->server, i % 2 == 0 ? "/" : "/healthz", "Connection: keep-alive\r\n");
      g_autoptr(GSocketConnection) link = almu_test_connect (fixture->server);
      g_autofree char *head = NULL;

      g_assert_cmpuint (reply->status, ==, 200);
      almu_test_write (link, "GET /?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\n" UPGRADE "\r\n", -1);
      head = read_head (link);
      g_io_stream_close (fixture->stream, NULL, NULL);
      g_clear_object (&fixture->stream);
    }

  almu_test_settle (fixture->server);
  g_assert_cmpuint (almu_test_count_descriptors (), ==, before);
}

static void
test_server_pipelined (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) reply =
               almu_test_fetch (fixture->server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /config HTTP/1.1\r\nHost: localhost\r\n\r\n");

  g_assert_cmpuint (reply->status, ==, 200);
  g_assert_cmpstr (almu_test_body (reply), ==, "ok\n");
}

static void
test_server_ports (Fixture      *fixture,
                   gconstpointer user_data)
{
  guint            port = almu_server_get_port (fixture->server);
  AlmuServer      *second = g_object_new (ALMU_TYPE_SERVER, NULL);
  g_autofree char *text = g_strdup_printf ("Cannot listen on 127.0.0.1: port %u is in use", port);
  g_autofree char *address = almu_server_dup_address (fixture->server);
  g_autofree char *expected = g_strdup_printf ("http://127.0.0.1:%u/", port);
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr (address, ==, expected);
  g_assert_cmpuint (almu_server_get_port (second), ==, 0);
  g_assert_null (almu_server_dup_address (second));

  g_assert_false (almu_server_listen (second, port, port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_assert_cmpstr (error->message, ==, text);
  g_clear_error (&error);

  if (port < G_MAXUINT16 - 100)
    {
      g_assert_true (almu_server_listen (second, port, port + 100, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (almu_server_get_port (second), >, port);
    }

  almu_test_end (second);
}

static void
test_server_bad_host (void)
{
  AlmuServer *server = g_object_new (ALMU_TYPE_SERVER, "host", "192.0.2.1", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_server_listen (server, 3002, 3102, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "192.0.2.1 port 3002"));
  almu_test_end (server);
}

/* The old connection lingers in TIME_WAIT on the server's side. */
static void
test_server_restart (Fixture      *fixture,
                     gconstpointer user_data)
{
  guint       port = almu_server_get_port (fixture->server);
  AlmuServer *second = g_object_new (ALMU_TYPE_SERVER, NULL);
  g_autoptr(AlmuTestReply) before = almu_test_get (fixture->server, "/healthz", NULL);
  g_autoptr(GSocketConnection) open = almu_test_connect (fixture->server);
  g_autoptr(AlmuTestReply) after = NULL;
  g_autoptr(GError) error = NULL;

  almu_server_stop (fixture->server);
  almu_test_settle (fixture->server);
  g_assert_true (almu_server_listen (second, port, port, &error));
  g_assert_no_error (error);
  after = almu_test_get (second, "/healthz", NULL);
  g_assert_cmpuint (after->status, ==, 200);
  almu_test_end (second);
}

static int
make_listening_fd (int family)
{
  g_autoptr(GSocket) socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) address = g_inet_socket_address_new (loopback, 0);

  g_assert_true (g_socket_bind (socket, address, TRUE, NULL));
  g_assert_true (g_socket_listen (socket, NULL));

  return dup (g_socket_get_fd (socket));
}

static void
test_server_fd (void)
{
  AlmuServer *server = g_object_new (ALMU_TYPE_SERVER, NULL);
  g_autoptr(AlmuTestReply) reply = NULL;
  g_autoptr(GError) error = NULL;
  int pair[2];

  g_assert_true (almu_server_listen_fd (server, make_listening_fd (G_SOCKET_FAMILY_IPV4), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (almu_server_get_port (server), !=, 0);
  reply = almu_test_get (server, "/healthz", NULL);
  g_assert_cmpuint (reply->status, ==, 200);

  g_assert_cmpint (pipe (pair), ==, 0);
  g_assert_false (almu_server_listen_fd (server, pair[0], &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  close (pair[1]);

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  g_assert_false (almu_server_listen_fd (server, pair[0], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  close (pair[1]);
  almu_test_end (server);
}

static void
test_server_open (void)
{
  AlmuServer *server = g_object_new (ALMU_TYPE_SERVER, "flags", ALMU_SERVER_NO_FRONTEND, NULL);
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(AlmuTestReply) page = NULL;
  g_autofree char *head = NULL;

  g_assert_true (almu_server_listen (server, 0, 0, NULL));
  page = almu_test_get (server, "/?token=whatever", NULL);
  g_assert_cmpuint (page->status, ==, 404);

  /* nobody takes the link */
  connection = almu_test_connect (server);
  almu_test_write (connection, "GET /?token=no_auth_configured HTTP/1.1\r\nHost: localhost\r\n" UPGRADE "\r\n", -1);
  head = read_head (connection);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
  g_assert_cmpuint (almu_server_get_n_links (server), ==, 0);
  almu_test_end (server);
}

/* The server goes while its connections are in every state. */
static void
test_server_end (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(GSocketConnection) silent = almu_test_connect (fixture->server);
  g_autoptr(GSocketConnection) half = almu_test_connect (fixture->server);
  g_autoptr(GSocketConnection) whole = almu_test_connect (fixture->server);

  almu_test_write (half, "GET / HTTP/1.1\r\n", -1);
  while (almu_server_get_n_connections (fixture->server) < 3)
    g_main_context_iteration (NULL, TRUE);
  almu_test_write (whole, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
}

#define add_test(path, func, prefix) \
  g_test_add (path, Fixture, prefix, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/link/server/upgrade", test_server_upgrade, NULL);
  add_test ("/link/server/upgrade/refused", test_server_upgrade_refused, NULL);
  add_test ("/link/server/upgrade/allowed", test_server_upgrade_allowed, NULL);
  add_test ("/link/server/token-swap", test_server_token_swap, "/x");
  add_test ("/link/server/viewer", test_server_viewer, NULL);
  add_test ("/link/server/heads", test_server_heads, NULL);
  add_test ("/link/server/huge-head", test_server_huge_head, NULL);
  add_test ("/link/server/pages", test_server_pages, NULL);
  add_test ("/link/server/slow", test_server_slow, NULL);
  add_test ("/link/server/crowd", test_server_crowd, NULL);
  add_test ("/link/server/descriptors", test_server_descriptors, NULL);
  add_test ("/link/server/pipelined", test_server_pipelined, NULL);
  add_test ("/link/server/ports", test_server_ports, NULL);
  add_test ("/link/server/restart", test_server_restart, NULL);
  add_test ("/link/server/end", test_server_end, NULL);
  g_test_add_func ("/link/server/bad-host", test_server_bad_host);
  g_test_add_func ("/link/server/fd", test_server_fd);
  g_test_add_func ("/link/server/open", test_server_open);

  return g_test_run ();
}
