/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-sessions-page.h"
#include "almu-test-archive.h"
#include "almu-test-http.h"
#include "almu-test.h"
#include "almu-words.h"

typedef struct
{
  char             *top;
  AlmuTestArchive  *archive;
  AlmuSessions     *sessions;
  AlmuSessionsPage *page;
} Fixture;

static GBytes *
get_picture (guint32  id,
             gpointer user_data)
{
  return id == 7 ? g_bytes_new ("PNG", 3) : NULL;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(AlmuCache) cache = almu_cache_new (1024 * 1024);
  g_autoptr(GError) error = NULL;

  fixture->top = almu_test_make_folder ();
  folder = almu_folder_new (fixture->top, NULL, &error);
  g_assert_no_error (error);

  fixture->archive = almu_test_archive_new ();
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (fixture->archive));
  fixture->page = almu_sessions_page_new (fixture->sessions, user_data != NULL, get_picture, NULL, NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_clear_pointer (&fixture->page, almu_sessions_page_free);
  almu_sessions_park_all (fixture->sessions);
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  g_clear_object (&fixture->archive);
  almu_test_remove_folder (fixture->top);
  g_free (fixture->top);
}

static void
add_live (Fixture    *fixture,
          guint32     id,
          const char *file,
          gboolean    attached)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", file, "", 0);
  AlmuSession *session = almu_sessions_create (fixture->sessions, id, &error);

  g_assert_no_error (error);
  almu_session_take_file (session, almu_file_new (0, name));
  if (attached)
    almu_session_attach (session, "127.0.0.1");
}

/* The body as text, whatever it is. */
static char *
ask (Fixture    *fixture,
     const char *method,
     const char *path,
     const char *body,
     guint       expected_status)
{
  g_autoptr(GBytes) sent = g_bytes_new (body, strlen (body));
  g_autoptr(GBytes) reply = NULL;
  AlmuPageRequest request = { method, path, NULL, *body != '\0' ? sent : NULL };
  const char     *type = "text/plain";
  guint           status = almu_sessions_page_answer (&request, &type, &reply, fixture->page);

  g_assert_cmpuint (status, ==, expected_status);
  if (reply == NULL)
    return g_strdup ("");

  if (status != 303 && status != 308)
    g_assert_true (g_str_has_prefix (type, "text/html") || g_str_equal (type, "image/png"));

  return g_strndup (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));
}

static void
assert_has (const char *text,
            const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in %s", part, text);
}

static void
assert_lacks (const char *text,
              const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("“%s” is in %s", part, text);
}

static void
test_page_empty (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *html = ask (fixture, "GET", "", "", 200);

  assert_has (html, "There is none yet");
  assert_lacks (html, "<table");
  assert_lacks (html, "<script");
}

static void
test_page_list (Fixture      *fixture,
                gconstpointer user_data)
{
  gint64           now = g_get_real_time () / G_TIME_SPAN_SECOND;
  g_autofree char *html = NULL;
  AlmuMemento     *empty = almu_test_archive_add (fixture->archive, 6, "empty", 100);

  g_ptr_array_set_size (empty->files, 0);
  almu_test_archive_add (fixture->archive, 7, "parked.fits", now - 120);
  almu_test_archive_add (fixture->archive, 8, "suspect.fits", 100)->epoch = G_MAXUINT;
  add_live (fixture, 9, "ready.fits", FALSE);
  add_live (fixture, 10, "open.fits", TRUE);
  html = ask (fixture, "GET", "", "", 200);

  assert_has (html, "parked.fits");
  assert_has (html, "2 minutes ago");
  assert_has (html, "href=\"./?workspace=Session%207\"");
  assert_has (html, "src=\"sessions/7.png\"");
  assert_has (html, "value=\"7\"");
  assert_has (html, "on disk");
  assert_has (html, "a moment ago");
  assert_has (html, "href=\"./?workspace=Session%209\"");
  assert_has (html, "The service ended while it restored");

  /* the one on the screen is told, not offered */
  assert_has (html, "open.fits");
  assert_has (html, "open in a window");
  assert_lacks (html, "Session%2010");
  assert_lacks (html, "value=\"10\"");
  assert_lacks (html, "Session 6");
  g_assert_true (strstr (html, "ready.fits") < strstr (html, "parked.fits"));
}

static void
test_page_escapes (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *html = NULL;

  almu_test_archive_add (fixture->archive, 7, "<script>alert(\"1\")</script>&amp;'\xff", 100);
  html = ask (fixture, "GET", "", "", 200);
  assert_lacks (html, "<script");
  assert_has (html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&apos;");
  g_assert_true (g_utf8_validate (html, -1, NULL));
}

static void
test_page_broken (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *html = NULL;

  almu_test_archive_set_broken (fixture->archive, TRUE);
  html = ask (fixture, "GET", "", "", 200);
  assert_has (html, "The archive is broken");
}

static void
test_page_odd_times (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *html = NULL;

  almu_test_archive_add (fixture->archive, 7, "a.fits", G_MAXINT64);
  almu_test_archive_add (fixture->archive, 8, "b.fits", G_MININT64);
  html = ask (fixture, "GET", "", "", 200);
  assert_has (html, "a.fits");
  assert_has (html, "b.fits");
}

static void
test_page_forget (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *location = NULL;
  g_autofree char *again = NULL;
  g_autofree char *open = NULL;

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  location = ask (fixture, "POST", "", "forget=7", 303);
  g_assert_cmpstr (location, ==, "sessions");
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));

  again = ask (fixture, "POST", "", "forget=7", 404);
  assert_has (again, "No session 7");

  add_live (fixture, 10, "open.fits", TRUE);
  open = ask (fixture, "POST", "", "forget=10", 409);
  assert_has (open, "open in a window: close that first");
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, 10));
}

static void
test_page_bad_forms (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const char *const bodies[] = { "", "forget=", "forget=x", "forget=07", "forget=7x", "forget=-7", "forget=4294967303",
                                        "forget=7&a=b", "remember=7", "forget=99999999999999999999999" };

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autofree char *html = ask (fixture, "POST", "", bodies[i], 400);

      assert_has (html, "names no session");
    }
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));
}

static void
test_page_read_only (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *html = NULL;
  g_autofree char *refused = NULL;

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  html = ask (fixture, "GET", "", "", 200);
  assert_has (html, "Resume");
  assert_lacks (html, "<form");
  refused = ask (fixture, "POST", "", "forget=7", 403);
  assert_has (refused, "read-only");
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));
}

static void
test_page_paths (Fixture      *fixture,
                 gconstpointer user_data)
{
  static const char *const none[] = { "/8.png", "/7", "/7.jpg", "/07.png", "/../7.png", "/7.png/", "/.png", "//" };
  g_autofree char         *picture = ask (fixture, "GET", "/7.png", "", 200);
  g_autofree char         *slash = ask (fixture, "GET", "/", "", 308);
  g_autofree char         *posted = ask (fixture, "POST", "/7.png", "", 404);

  g_assert_cmpstr (picture, ==, "PNG");
  g_assert_cmpstr (slash, ==, "../sessions");
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    g_free (ask (fixture, "GET", none[i], "", 404));
}

static void
test_page_served (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuServer *server = g_object_new (ALMU_TYPE_SERVER, "token", ALMU_TEST_TOKEN, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuTestReply) list = NULL;
  g_autoptr(AlmuTestReply) picture = NULL;
  g_autoptr(AlmuTestReply) visited = NULL;
  g_autoptr(AlmuTestReply) fetched = NULL;
  g_autoptr(AlmuTestReply) denied = NULL;
  g_autoptr(AlmuTestReply) foreign = NULL;
  g_autoptr(AlmuTestReply) nameless = NULL;
  g_autoptr(AlmuTestReply) forgotten = NULL;

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  almu_server_add_page (server, "/sessions", almu_sessions_page_answer, fixture->page, NULL);
  almu_server_listen (server, 0, 0, &error);
  g_assert_no_error (error);

  list = almu_test_send (server, "GET", "/sessions", "");
  g_assert_cmpuint (list->status, ==, 200);
  g_assert_cmpstr (almu_test_header (list, "content-type"), ==, "text/html; charset=utf-8");
  picture = almu_test_send (server, "GET", "/sessions/7.png", "");
  g_assert_cmpstr (almu_test_header (picture, "content-type"), ==, "image/png");

  /* a browser gets the token as a cookie, for the links on the page */
  visited = almu_test_get (server, "/sessions?token=" ALMU_TEST_TOKEN, "Accept: text/html,*/*\r\n");
  g_assert_cmpuint (visited->status, ==, 303);
  g_assert_cmpstr (almu_test_header (visited, "location"), ==, "./sessions");
  g_assert_nonnull (strstr (almu_test_header (visited, "set-cookie"), ALMU_TEST_TOKEN));
  fetched = almu_test_get (server, "/sessions?token=" ALMU_TEST_TOKEN, NULL);
  g_assert_cmpuint (fetched->status, ==, 200);

  denied = almu_test_get (server, "/sessions", NULL);
  g_assert_cmpuint (denied->status, ==, 403);
  foreign = almu_test_fetch (server, "POST /sessions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                                     "Cookie: carta-auth-token=" ALMU_TEST_TOKEN "\r\nContent-Length: 8\r\n\r\nforget=7");
  g_assert_cmpuint (foreign->status, ==, 403);
  nameless = almu_test_fetch (server, "POST /sessions HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n"
                                      "Cookie: carta-auth-token=" ALMU_TEST_TOKEN "\r\nContent-Length: 8\r\n\r\nforget=7");
  g_assert_cmpuint (nameless->status, ==, 403);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));

  forgotten = almu_test_send (server, "POST", "/sessions", "forget=7");
  g_assert_cmpuint (forgotten->status, ==, 303);
  g_assert_cmpstr (almu_test_header (forgotten, "location"), ==, "sessions");
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));

  almu_test_end (server);
}

static void
test_words_ago (void)
{
  static const struct
  {
    gint64      seconds;
    const char *text;
  } times[] = {
    { -5, "a moment ago" },
    { 0, "a moment ago" },
    { 59, "a moment ago" },
    { 60, "1 minute ago" },
    { 3599, "59 minutes ago" },
    { 3600, "1 hour ago" },
    { 86399, "23 hours ago" },
    { 86400, "1 day ago" },
    { 30 * 86400, "30 days ago" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *text = almu_words_dup_ago (1700000000 - times[i].seconds, 1700000000);

      g_assert_cmpstr (text, ==, times[i].text);
    }
}

#define add_test(path, func, data) \
  g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/link/sessions-page/empty", test_page_empty, NULL);
  add_test ("/link/sessions-page/list", test_page_list, NULL);
  add_test ("/link/sessions-page/escapes", test_page_escapes, NULL);
  add_test ("/link/sessions-page/broken", test_page_broken, NULL);
  add_test ("/link/sessions-page/odd-times", test_page_odd_times, NULL);
  add_test ("/link/sessions-page/forget", test_page_forget, NULL);
  add_test ("/link/sessions-page/bad-forms", test_page_bad_forms, NULL);
  add_test ("/link/sessions-page/read-only", test_page_read_only, "read-only");
  add_test ("/link/sessions-page/paths", test_page_paths, NULL);
  add_test ("/link/sessions-page/served", test_page_served, NULL);
  g_test_add_func ("/link/words/ago", test_words_ago);

  return g_test_run ();
}
