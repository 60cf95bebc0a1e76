/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "almu-limits.h"
#include "almu-test-http.h"
#include "almu-test.h"

typedef struct
{
  char       *top;
  char       *folder;
  char       *text; /* of the large file */
  AlmuServer *server;
} Fixture;

static void
write_file (const char *folder,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *link = NULL;
  g_autofree char *inner = NULL;
  g_autoptr(GError) error = NULL;

  fixture->top = almu_test_make_folder ();
  fixture->folder = g_build_filename (fixture->top, "site", NULL);
  fixture->text = g_strnfill (200000, 'x');

  write_file (fixture->top, "secret.txt", "secret");
  write_file (fixture->top, "site-beside/secret.txt", "secret");
  write_file (fixture->folder, "index.html", "<html></html>");
  write_file (fixture->folder, "a b.txt", "blank");
  write_file (fixture->folder, "carta_computation.wasm", "wasm");
  write_file (fixture->folder, "static/js/index.20c83782.js", fixture->text);
  write_file (fixture->folder, "static/js/zfp_wrapper.wasm", fixture->text);
  write_file (fixture->folder, "static/font/f.0b5496af.woff2", fixture->text);
  write_file (fixture->folder, "empty.css", "");
  write_file (fixture->folder, ".hidden", "secret");

  link = g_build_filename (fixture->folder, "out.txt", NULL);
  g_assert_cmpint (symlink ("../secret.txt", link), ==, 0);
  g_free (link);
  link = g_build_filename (fixture->folder, "beside", NULL);
  g_assert_cmpint (symlink ("../site-beside", link), ==, 0);
  inner = g_build_filename (fixture->folder, "inner.html", NULL);
  g_assert_cmpint (symlink ("index.html", inner), ==, 0);

  fixture->server = g_object_new (ALMU_TYPE_SERVER, "site-folder", fixture->folder, "prefix", user_data, NULL);
  almu_server_listen (fixture->server, 0, 0, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_end (g_steal_pointer (&fixture->server));
  almu_test_remove_folder (fixture->top);
  g_free (fixture->top);
  g_free (fixture->folder);
  g_free (fixture->text);
}

static void
test_site_files (Fixture      *fixture,
                 gconstpointer user_data)
{
  static const char *const cases[][3] = {
    { "/", "text/html; charset=utf-8", "no-cache" },
    { "/index.html", "text/html; charset=utf-8", "no-cache" },
    { "/?file=a.fits", "text/html; charset=utf-8", "no-cache" },
    { "/inner.html", "text/html; charset=utf-8", "no-cache" },
    { "/a%20b.txt", "text/plain; charset=utf-8", "no-cache" },
    { "/empty.css", "text/css; charset=utf-8", "no-cache" },
    { "/carta_computation.wasm", "application/wasm", "no-cache" },
    { "/static/js/zfp_wrapper.wasm", "application/wasm", "no-cache" },
    { "/static/js/index.20c83782.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable" },
    { "/static/font/f.0b5496af.woff2", "font/woff2", "public, max-age=31536000, immutable" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_get (fixture->server, cases[i][0], NULL);

      g_test_message ("%s", cases[i][0]);
      g_assert_cmpuint (reply->status, ==, 200);
      g_assert_cmpstr (almu_test_header (reply, "content-type"), ==, cases[i][1]);
      g_assert_cmpstr (almu_test_header (reply, "cache-control"), ==, cases[i][2]);
      g_assert_cmpstr (almu_test_header (reply, "connection"), ==, "close");
      g_assert_cmpstr (almu_test_header (reply, "x-content-type-options"), ==, "nosniff");
      g_assert_cmpstr (almu_test_header (reply, "referrer-policy"), ==, "no-referrer");
      g_assert_null (almu_test_header (reply, "content-encoding"));
    }
}

static void
test_site_escapes (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    const char *path;
    guint       status;
  } cases[] = {
    /* taken out when the request is parsed */
    { "/../secret.txt", 404 },
    { "/static/../../secret.txt", 404 },
    { "/%2e%2e/secret.txt", 404 },
    { "/%2E%2e%2fsecret.txt", 403 },
    { "/static%2f..%2f..%2fsecret.txt", 403 },
    { "/..%5csecret.txt", 403 },
    { "/static\\..\\..\\secret.txt", 403 },
    { "/.hidden", 403 },
    { "/%00", 400 },
    { "/index.html%00.txt", 400 },
    { "/out.txt", 404 },
    { "/beside/secret.txt", 404 },
    { "//etc/passwd", 404 },
    { "/etc/passwd", 404 },
    { "/static", 404 },
    { "/static/", 404 },
    { "/nothing.txt", 404 },
    { "/index.html/x", 404 },
    { "/%252e%252e/secret.txt", 404 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_get (fixture->server, cases[i].path, NULL);

      g_test_message ("%s", cases[i].path);
      g_assert_cmpuint (reply->status, ==, cases[i].status);
      g_assert_null (strstr (almu_test_body (reply), "root:"));
      g_assert_cmpstr (almu_test_body (reply), !=, "secret");
    }
}

static void
test_site_etag (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) first = almu_test_get (fixture->server, "/index.html", NULL);
  g_autofree char *same = g_strdup_printf ("If-None-Match: \"other\", W/%s\r\n", almu_test_header (first, "etag"));
  g_autoptr(AlmuTestReply) second = almu_test_get (fixture->server, "/index.html", same);
  g_autoptr(AlmuTestReply) any = almu_test_get (fixture->server, "/index.html", "If-None-Match: *\r\n");
  g_autoptr(AlmuTestReply) third = NULL;

  g_assert_cmpuint (second->status, ==, 304);
  g_assert_cmpuint (g_bytes_get_size (second->body), ==, 0);
  g_assert_cmpstr (almu_test_header (second, "etag"), ==, almu_test_header (first, "etag"));
  g_assert_cmpuint (any->status, ==, 304);

  write_file (fixture->folder, "index.html", "<html>new</html>");
  third = almu_test_get (fixture->server, "/index.html", same);
  g_assert_cmpuint (third->status, ==, 200);
  g_assert_cmpstr (almu_test_body (third), ==, "<html>new</html>");
}

static char *
gunzip (GBytes *bytes)
{
  g_autoptr(GConverter) converter = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr(GInputStream) memory = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr(GInputStream) stream = g_converter_input_stream_new (memory, converter);
  char *text = g_malloc0 (300000);

  g_assert_true (g_input_stream_read_all (stream, text, 299999, NULL, NULL, NULL));

  return text;
}

static void
test_site_gzip (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) packed = almu_test_get (fixture->server, "/static/js/index.20c83782.js", "Accept-Encoding: br, gzip;q=0.5\r\n");
  g_autoptr(AlmuTestReply) again = almu_test_get (fixture->server, "/static/js/index.20c83782.js", "Accept-Encoding: gzip\r\n");
  g_autoptr(AlmuTestReply) plain = almu_test_get (fixture->server, "/static/js/index.20c83782.js", "Accept-Encoding: gzip;q=0\r\n");
  g_autoptr(AlmuTestReply) wasm = almu_test_get (fixture->server, "/static/js/zfp_wrapper.wasm", "Accept-Encoding: gzip\r\n");
  g_autoptr(AlmuTestReply) font = almu_test_get (fixture->server, "/static/font/f.0b5496af.woff2", "Accept-Encoding: gzip\r\n");
  g_autoptr(AlmuTestReply) small = almu_test_get (fixture->server, "/index.html", "Accept-Encoding: gzip\r\n");
  g_autofree char *text = gunzip (packed->body);

  g_assert_cmpstr (almu_test_header (packed, "content-encoding"), ==, "gzip");
  g_assert_cmpstr (almu_test_header (packed, "vary"), ==, "Accept-Encoding");
  g_assert_cmpuint (g_bytes_get_size (packed->body), <, 2000);
  g_assert_cmpstr (text, ==, fixture->text);
  g_assert_true (g_bytes_equal (packed->body, again->body));
  g_assert_null (almu_test_header (plain, "content-encoding"));
  g_assert_cmpstr (almu_test_header (plain, "etag"), !=, almu_test_header (packed, "etag"));
  g_assert_cmpstr (almu_test_header (wasm, "content-encoding"), ==, "gzip");
  g_assert_null (almu_test_header (font, "content-encoding"));
  g_assert_null (almu_test_header (small, "content-encoding"));
}

static void
test_site_head (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) reply =
               almu_test_fetch (fixture->server, "HEAD /static/js/index.20c83782.js HTTP/1.1\r\nHost: localhost\r\n\r\n");

  g_assert_cmpuint (reply->status, ==, 200);
  g_assert_cmpstr (almu_test_header (reply, "content-length"), ==, "200000");
  g_assert_cmpuint (g_bytes_get_size (reply->body), ==, 0);
}

static void
test_site_ranges (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GString) many = g_string_new ("Range: bytes=0-");
  g_autoptr(AlmuTestReply) one = NULL;
  g_autoptr(AlmuTestReply) all = NULL;
  g_autoptr(AlmuTestReply) outside = NULL;
  g_autoptr(AlmuTestReply) stale = NULL;

  for (int i = 0; i < 400; i++)
    g_string_append_printf (many, ",%d-", i);
  g_string_append (many, "\r\n");

  one = almu_test_get (fixture->server, "/static/js/zfp_wrapper.wasm", "Range: bytes=10-19\r\nAccept-Encoding: gzip\r\n");
  g_assert_cmpuint (one->status, ==, 206);
  g_assert_cmpstr (almu_test_header (one, "content-range"), ==, "bytes 10-19/200000");
  g_assert_cmpstr (almu_test_body (one), ==, "xxxxxxxxxx");

  all = almu_test_get (fixture->server, "/static/js/zfp_wrapper.wasm", many->str);
  g_assert_cmpuint (all->status, ==, 200);
  g_assert_cmpuint (g_bytes_get_size (all->body), ==, 200000);

  outside = almu_test_get (fixture->server, "/static/js/zfp_wrapper.wasm", "Range: bytes=300000-\r\n");
  g_assert_cmpuint (outside->status, ==, 416);

  stale = almu_test_get (fixture->server, "/static/js/zfp_wrapper.wasm", "Range: bytes=10-19\r\nIf-Range: \"old\"\r\n");
  g_assert_cmpuint (stale->status, ==, 200);
}

static void
test_site_at_once (Fixture      *fixture,
                   gconstpointer user_data)
{
  GSocketConnection *connections[20];

  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    {
      connections[i] = almu_test_connect (fixture->server);
      almu_test_write (connections[i],
                       "GET /static/js/zfp_wrapper.wasm HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", -1);
    }

  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_read (connections[i]);
      g_autofree char *text = gunzip (reply->body);

      g_assert_cmpuint (reply->status, ==, 200);
      g_assert_cmpstr (text, ==, fixture->text);
      g_object_unref (connections[i]);
    }
}

static void
test_site_prefix (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) page = almu_test_get (fixture->server, "/deep/carta/", NULL);
  g_autoptr(AlmuTestReply) bare = almu_test_get (fixture->server, "/deep/carta?file=a", NULL);
  g_autoptr(AlmuTestReply) config = almu_test_get (fixture->server, "/deep/carta/config", NULL);
  g_autoptr(AlmuTestReply) outside = almu_test_get (fixture->server, "/", NULL);
  g_autoptr(AlmuTestReply) beside = almu_test_get (fixture->server, "/deep/cartas", NULL);
  g_autofree char *address = almu_server_dup_address (fixture->server);

  g_assert_cmpuint (page->status, ==, 200);
  g_assert_cmpstr (almu_test_body (page), ==, "<html></html>");
  g_assert_cmpuint (bare->status, ==, 308);
  g_assert_cmpstr (almu_test_header (bare, "location"), ==, "./carta/?file=a");
  g_assert_cmpstr (almu_test_body (config), ==, "{\"apiAddress\":\"/deep/carta/api\"}");
  g_assert_cmpuint (outside->status, ==, 404);
  g_assert_cmpuint (beside->status, ==, 404);
  g_assert_true (g_str_has_suffix (address, "/deep/carta/"));
}

static void
test_site_missing (void)
{
  static const char *const folders[] = { NULL, "/nonexistent/page" };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      AlmuServer *server = g_object_new (ALMU_TYPE_SERVER, "site-folder", folders[i], NULL);
      g_autoptr(AlmuTestReply) reply = NULL;

      g_assert_true (almu_server_listen (server, 0, 0, NULL));
      reply = almu_test_get (server, "/", NULL);
      g_assert_cmpuint (reply->status, ==, 404);
      g_assert_nonnull (strstr (almu_test_body (reply), "not installed"));
      almu_test_end (server);
    }
}

/* Nobody waits for the answer, and the server goes meanwhile. */
static void
test_site_abandoned (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);

  almu_test_write (connection, "GET /static/js/zfp_wrapper.wasm HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", -1);
  while (almu_server_get_n_connections (fixture->server) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

/* A hole in the disk, which is read as zeros. */
static void
test_site_size (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "large.bin", NULL);

  for (int step = -1; step <= 1; step++)
    {
      g_autoptr(AlmuTestReply) reply = NULL;

      g_assert_true (g_file_set_contents (path, "", 0, NULL));
      g_assert_cmpint (truncate (path, ALMU_LIMIT_SITE_FILE_BYTES + step), ==, 0);
      reply = almu_test_get (fixture->server, "/large.bin", "Range: bytes=0-9\r\n");
      g_assert_true ((reply->status == 206) == (step <= 0));
    }
}

#define add_test(path, func, prefix) \
  g_test_add (path, Fixture, prefix, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/link/site/files", test_site_files, NULL);
  add_test ("/link/site/escapes", test_site_escapes, NULL);
  add_test ("/link/site/etag", test_site_etag, NULL);
  add_test ("/link/site/gzip", test_site_gzip, NULL);
  add_test ("/link/site/head", test_site_head, NULL);
  add_test ("/link/site/ranges", test_site_ranges, NULL);
  add_test ("/link/site/at-once", test_site_at_once, NULL);
  add_test ("/link/site/size", test_site_size, NULL);
  add_test ("/link/site/prefix", test_site_prefix, "deep//carta/");
  add_test ("/link/site/abandoned", test_site_abandoned, NULL);
  g_test_add_func ("/link/site/missing", test_site_missing);

  return g_test_run ();
}
