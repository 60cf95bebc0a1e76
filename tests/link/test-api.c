/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test-http.h"
#include "almu-test.h"

/* Settings that remember what they were asked, and fail as they are told. */
#define TEST_TYPE_SETTINGS (test_settings_get_type ())
G_DECLARE_FINAL_TYPE (TestSettings, test_settings, TEST, SETTINGS, GObject)

struct _TestSettings
{
  GObject parent_instance;

  char   *asked;
  GError *failure;
};

static void test_settings_iface_init (AlmuSettingsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestSettings, test_settings, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (ALMU_TYPE_SETTINGS, test_settings_iface_init))

static gboolean
note (AlmuSettings *settings,
      GError      **error,
      const char   *format,
      ...) G_GNUC_PRINTF (3, 4);

static gboolean
note (AlmuSettings *settings,
      GError      **error,
      const char   *format,
      ...)
{
  TestSettings *self = TEST_SETTINGS (settings);
  va_list       args;

  g_free (self->asked);
  va_start (args, format);
  self->asked = g_strdup_vprintf (format, args);
  va_end (args);

  if (self->failure != NULL)
    g_propagate_error (error, g_error_copy (self->failure));

  return self->failure == NULL;
}

static char *
get_preferences (AlmuSettings *settings,
                 GError      **error)
{
  return note (settings, error, "get preferences") ? g_strdup ("{\"version\":2}") : NULL;
}

static gboolean
merge_preferences (AlmuSettings *settings,
                   const char   *json,
                   GError      **error)
{
  return note (settings, error, "merge %s", json);
}

static gboolean
delete_preferences (AlmuSettings      *settings,
                    const char *const *keys,
                    GError           **error)
{
  g_autofree char *all = g_strjoinv (",", (char **) keys);

  return note (settings, error, "delete %s", all);
}

static GPtrArray *
list (AlmuSettings    *settings,
      AlmuSettingsKind kind,
      GError         **error)
{
  GPtrArray *entries;

  if (!note (settings, error, "list %d", kind))
    return NULL;

  entries = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_settings_entry_free);
  g_ptr_array_add (entries, almu_settings_entry_new ("a", 12));
  g_ptr_array_add (entries, almu_settings_entry_new ("b\"c", 34));

  return entries;
}

static char *
get_all (AlmuSettings    *settings,
         AlmuSettingsKind kind,
         GError         **error)
{
  return note (settings, error, "get all %d", kind) ? g_strdup ("{\"a\":{}}") : NULL;
}

static char *
get (AlmuSettings    *settings,
     AlmuSettingsKind kind,
     const char      *name,
     GError         **error)
{
  return note (settings, error, "get %d %s", kind, name) ? g_strdup ("{\"rows\":1}") : NULL;
}

static gboolean
put (AlmuSettings    *settings,
     AlmuSettingsKind kind,
     const char      *name,
     const char      *json,
     GError         **error)
{
  return note (settings, error, "put %d %s %s", kind, name, json);
}

static gboolean
remove_one (AlmuSettings    *settings,
            AlmuSettingsKind kind,
            const char      *name,
            GError         **error)
{
  return note (settings, error, "remove %d %s", kind, name);
}

static void
test_settings_iface_init (AlmuSettingsInterface *iface)
{
  iface->get_preferences = get_preferences;
  iface->merge_preferences = merge_preferences;
  iface->delete_preferences = delete_preferences;
  iface->list = list;
  iface->get_all = get_all;
  iface->get = get;
  iface->put = put;
  iface->remove = remove_one;
}

static void
test_settings_finalize (GObject *object)
{
  TestSettings *self = TEST_SETTINGS (object);

  g_free (self->asked);
  g_clear_error (&self->failure);

  G_OBJECT_CLASS (test_settings_parent_class)->finalize (object);
}

static void
test_settings_class_init (TestSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_settings_finalize;
}

static void
test_settings_init (TestSettings *self)
{
}

typedef struct
{
  TestSettings *settings;
  AlmuServer   *server;

  /* what the script function was given, and is to answer */
  guint32     session_id;
  char       *asked;
  GTask      *pending;
  const char *message;
  const char *response;
  gboolean    hold;
  GError     *failure;
  gulong      cancelled;
  guint       n_cancelled;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  const char *const origins[] = { "https://page.example.org", NULL };
  const char       *mode = user_data;

  fixture->settings = g_object_new (TEST_TYPE_SETTINGS, NULL);
  fixture->server = g_object_new (ALMU_TYPE_SERVER,
                                  "settings", g_strcmp0 (mode, "none") == 0 ? NULL : fixture->settings,
                                  "read-only", g_strcmp0 (mode, "read-only") == 0,
                                  "flags", g_strcmp0 (mode, "off") == 0 ? ALMU_SERVER_NO_DATABASE | ALMU_SERVER_NO_RUNTIME_CONFIG : 0,
                                  "token", ALMU_TEST_TOKEN,
                                  "allowed-origins", origins,
                                  NULL);
  g_assert_true (almu_server_listen (fixture->server, 0, 0, NULL));
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_end (g_steal_pointer (&fixture->server));
  almu_test_await_finalize (g_steal_pointer (&fixture->settings));
  g_free (fixture->asked);
  g_clear_error (&fixture->failure);
}

static void
assert_call (Fixture    *fixture,
             const char *method,
             const char *path,
             const char *body,
             guint       status,
             const char *asked,
             const char *answer)
{
  g_autofree char *whole = g_strconcat ("/api/database/", path, NULL);
  g_autofree char *seen = body != NULL ? g_strescape (body, NULL) : NULL;
  g_autoptr(AlmuTestReply) reply = NULL;

  g_test_message ("%s %s %s", method, path, seen);
  g_clear_pointer (&fixture->settings->asked, g_free);
  reply = almu_test_send (fixture->server, method, whole, body);

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_cmpstr (fixture->settings->asked, ==, asked);
  if (answer != NULL)
    g_assert_cmpstr (almu_test_body (reply), ==, answer);
  else
    g_assert_nonnull (strstr (almu_test_body (reply), "\"success\":false"));

  g_assert_cmpstr (almu_test_header (reply, "content-type"), ==, "application/json");
  g_assert_cmpstr (almu_test_header (reply, "cache-control"), ==, "no-cache, no-store, must-revalidate");
  g_assert_cmpstr (almu_test_header (reply, "connection"), ==, "close");
}

#define DONE "{\"success\":true}"

static void
test_api_calls (Fixture      *fixture,
                gconstpointer user_data)
{
  assert_call (fixture, "GET", "preferences", "", 200, "get preferences", "{\"success\":true,\"preferences\":{\"version\":2}}");
  assert_call (fixture, "PUT", "preferences", "{\"a\": 1e-10}", 200, "merge {\"a\":1e-10}", DONE);
  assert_call (fixture, "DELETE", "preferences", "{\"keys\":[\"a\",\"b\"]}", 200, "delete a,b", DONE);
  assert_call (fixture, "GET", "list/layouts", "", 200, "list 0",
               "{\"success\":true,\"layouts\":[{\"name\":\"a\",\"date\":12},{\"name\":\"b\\\"c\",\"date\":34}]}");
  assert_call (fixture, "GET", "list/snippets", "", 200, "list 1",
               "{\"success\":true,\"snippets\":[{\"name\":\"a\",\"date\":12},{\"name\":\"b\\\"c\",\"date\":34}]}");
  assert_call (fixture, "GET", "list/workspaces", "", 200, "list 2",
               "{\"success\":true,\"workspaces\":[{\"name\":\"a\",\"date\":12},{\"name\":\"b\\\"c\",\"date\":34}]}");
  assert_call (fixture, "GET", "layouts", "", 200, "get all 0", "{\"success\":true,\"layouts\":{\"a\":{}}}");
  assert_call (fixture, "GET", "snippets", "", 200, "get all 1", "{\"success\":true,\"snippets\":{\"a\":{}}}");
  assert_call (fixture, "GET", "workspaces", "", 200, "get all 2", "{\"success\":true,\"workspaces\":{\"a\":{}}}");
  assert_call (fixture, "GET", "layout/a%20b", "", 200, "get 0 a b", "{\"success\":true,\"layout\":{\"rows\":1}}");
  assert_call (fixture, "GET", "snippet/x", "", 200, "get 1 x", "{\"success\":true,\"snippet\":{\"rows\":1}}");
  assert_call (fixture, "GET", "workspace/%E6%97%A5", "", 200, "get 2 日", "{\"success\":true,\"workspace\":{\"rows\":1}}");
  assert_call (fixture, "PUT", "layout", "{\"layoutName\":\"n\",\"layout\":{\"a\":[]}}", 200, "put 0 n {\"a\":[]}", DONE);
  assert_call (fixture, "PUT", "snippet", "{\"snippetName\":\"n\",\"snippet\":{}}", 200, "put 1 n {}", DONE);
  assert_call (fixture, "PUT", "workspace", "{\"workspaceName\":\"n\",\"workspace\":{}}", 200, "put 2 n {}", DONE);
  assert_call (fixture, "DELETE", "layout", "{\"layoutName\":\"n\"}", 200, "remove 0 n", DONE);
  assert_call (fixture, "DELETE", "snippet", "{\"snippetName\":\"n\"}", 200, "remove 1 n", DONE);
  assert_call (fixture, "DELETE", "workspace", "{\"workspaceName\":\"n\"}", 200, "remove 2 n", DONE);
}

static void
test_api_wrong_calls (Fixture      *fixture,
                      gconstpointer user_data)
{
  assert_call (fixture, "PUT", "preferences", "", 400, NULL, NULL);
  assert_call (fixture, "PUT", "preferences", "[]", 400, NULL, NULL);
  assert_call (fixture, "PUT", "preferences", "{", 400, NULL, NULL);
  assert_call (fixture, "PUT", "preferences", "{\"a\":\xff}", 400, NULL, NULL);
  assert_call (fixture, "DELETE", "preferences", "{}", 400, NULL, NULL);
  assert_call (fixture, "DELETE", "preferences", "{\"keys\":\"a\"}", 400, NULL, NULL);
  assert_call (fixture, "DELETE", "preferences", "{\"keys\":[1]}", 400, NULL, NULL);
  assert_call (fixture, "PUT", "layout", "{\"layout\":{}}", 400, NULL, NULL);
  assert_call (fixture, "PUT", "layout", "{\"layoutName\":1,\"layout\":{}}", 400, NULL, NULL);
  assert_call (fixture, "PUT", "layout", "{\"layoutName\":\"n\"}", 400, NULL, NULL);
  assert_call (fixture, "PUT", "layout", "{\"layoutName\":\"n\",\"layout\":[]}", 400, NULL, NULL);
  assert_call (fixture, "DELETE", "layout", "", 400, NULL, NULL);
  assert_call (fixture, "GET", "layout/%2e%2e", "", 404, NULL, NULL);
  assert_call (fixture, "GET", "layout/..%2f..%2fx", "", 400, NULL, NULL);
  assert_call (fixture, "GET", "layout/%00", "", 400, NULL, NULL);
  assert_call (fixture, "GET", "layout/%ff", "", 400, NULL, NULL);
  assert_call (fixture, "GET", "layout/", "", 400, NULL, NULL);
  assert_call (fixture, "GET", "nothing", "", 404, NULL, NULL);
  assert_call (fixture, "GET", "list/nothing", "", 404, NULL, NULL);
  assert_call (fixture, "GET", "workspace/key/abc", "", 404, NULL, NULL);
  assert_call (fixture, "GET", "", "", 404, NULL, NULL);
  assert_call (fixture, "GET", "layout", "", 405, NULL, NULL);
  assert_call (fixture, "PUT", "layouts", "{}", 405, NULL, NULL);
  assert_call (fixture, "POST", "preferences", "{}", 405, NULL, NULL);
  assert_call (fixture, "POST", "share/workspace/1", "", 501, NULL, NULL);
}

static void
test_api_failures (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    int   domain; /* 0: ours */
    int   code;
    guint read;
    guint write;
  } cases[] = {
    { 0, ALMU_ERROR_NOT_FOUND, 404, 404 },
    { 0, ALMU_ERROR_REFUSED, 403, 403 },
    { 0, ALMU_ERROR_FORMAT, 500, 400 },
    { 0, ALMU_ERROR_LIMIT, 500, 400 },
    { 1, G_IO_ERROR_NO_SPACE, 500, 500 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_clear_error (&fixture->settings->failure);
      fixture->settings->failure = g_error_new_literal (cases[i].domain == 0 ? ALMU_ERROR : G_IO_ERROR, cases[i].code, "so “it” is\xff");

      assert_call (fixture, "GET", "workspace/a", "", cases[i].read, "get 2 a", NULL);
      assert_call (fixture, "GET", "workspaces", "", cases[i].read, "get all 2", NULL);
      assert_call (fixture, "GET", "list/workspaces", "", cases[i].read, "list 2", NULL);
      assert_call (fixture, "GET", "preferences", "", cases[i].read, "get preferences", NULL);
      assert_call (fixture, "PUT", "preferences", "{}", cases[i].write, "merge {}", NULL);
      assert_call (fixture, "DELETE", "layout", "{\"layoutName\":\"n\"}", cases[i].write, "remove 0 n", NULL);
    }
}

static void
test_api_read_only (Fixture      *fixture,
                    gconstpointer user_data)
{
  assert_call (fixture, "GET", "preferences", "", 200, "get preferences", "{\"success\":true,\"preferences\":{\"version\":2}}");
  assert_call (fixture, "PUT", "preferences", "{}", 403, NULL, NULL);
  assert_call (fixture, "DELETE", "preferences", "{\"keys\":[]}", 403, NULL, NULL);
  assert_call (fixture, "PUT", "layout", "{}", 403, NULL, NULL);
  assert_call (fixture, "DELETE", "workspace", "{}", 403, NULL, NULL);
}

static void
test_api_off (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) config = almu_test_get (fixture->server, "/config", NULL);

  assert_call (fixture, "GET", "preferences", "", 501, NULL, NULL);
  g_assert_cmpuint (config->status, ==, 200);
  if (g_strcmp0 (user_data, "off") == 0)
    g_assert_cmpstr (almu_test_body (config), ==, "");
  else
    g_assert_cmpstr (almu_test_body (config), ==, "{\"apiAddress\":\"/api\"}");
}

static void
test_api_rights (Fixture      *fixture,
                 gconstpointer user_data)
{
  static const struct
  {
    const char *headers;
    guint       status;
  } cases[] = {
    { "", 403 },
    { "Authorization: Bearer wrong\r\n", 403 },
    { "Authorization: Bearer " ALMU_TEST_TOKEN "\r\n", 200 },
    { "Cookie: carta-auth-token=" ALMU_TEST_TOKEN "\r\n", 200 },
    { "carta-auth-token: " ALMU_TEST_TOKEN "\r\nOrigin: https://page.example.org\r\n", 200 },
    { "carta-auth-token: " ALMU_TEST_TOKEN "\r\nOrigin: https://evil.example.org\r\n", 403 },
    { "carta-auth-token: " ALMU_TEST_TOKEN "\r\nSec-Fetch-Site: cross-site\r\n", 403 },
  };
  g_autoptr(AlmuTestReply) query = almu_test_get (fixture->server, "/api/database/layouts?token=" ALMU_TEST_TOKEN, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_get (fixture->server, "/api/database/layouts", cases[i].headers);

      g_test_message ("%s", cases[i].headers);
      g_assert_cmpuint (reply->status, ==, cases[i].status);
    }

  g_assert_cmpuint (query->status, ==, 200);
}

static void
test_api_cors (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) yes =
               almu_test_fetch (fixture->server, "OPTIONS /api/database/layouts HTTP/1.1\r\nHost: localhost\r\nOrigin: https://page.example.org\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
  g_autoptr(AlmuTestReply) no =
               almu_test_fetch (fixture->server, "OPTIONS /api/database/layouts HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example.org\r\n\r\n");
  g_autoptr(AlmuTestReply) denied =
               almu_test_get (fixture->server, "/api/database/layouts", "Origin: https://page.example.org\r\n");

  g_assert_cmpuint (yes->status, ==, 204);
  g_assert_cmpstr (almu_test_header (yes, "access-control-allow-origin"), ==, "https://page.example.org");
  g_assert_nonnull (strstr (almu_test_header (yes, "access-control-allow-methods"), "DELETE"));
  g_assert_cmpuint (no->status, ==, 403);
  g_assert_null (almu_test_header (no, "access-control-allow-origin"));
  g_assert_cmpuint (denied->status, ==, 403);
  g_assert_cmpstr (almu_test_header (denied, "access-control-allow-origin"), ==, "https://page.example.org");
}

/* -- scripts ------------------------------------------------------------ */

static void
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  Fixture *fixture = user_data;

  fixture->n_cancelled++;
}

static void
finish_script (Fixture *fixture)
{
  g_autoptr(GTask) task = g_steal_pointer (&fixture->pending);

  if (fixture->failure != NULL)
    g_task_return_error (task, g_error_copy (fixture->failure));
  else
    g_task_return_pointer (task, almu_script_reply_new (fixture->message == NULL, fixture->message, fixture->response),
                           (GDestroyNotify) almu_script_reply_free);
}

static void
run_script (guint32             session_id,
            const AlmuScript   *script,
            GCancellable       *cancellable,
            GAsyncReadyCallback callback,
            gpointer            callback_data,
            gpointer            user_data)
{
  Fixture *fixture = user_data;

  fixture->pending = g_task_new (NULL, cancellable, callback, callback_data);
  fixture->session_id = session_id;
  g_free (fixture->asked);
  fixture->asked = g_strdup_printf ("%s.%s (%s)%s -> %s", script->path, script->action, script->parameters,
                                    script->async ? " async" : "", script->return_path);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), fixture);

  if (!fixture->hold)
    finish_script (fixture);
}

static void
assert_script (Fixture    *fixture,
               const char *body,
               guint       status,
               const char *asked,
               const char *answer)
{
  g_autofree char *seen = g_strescape (body, NULL);
  g_autoptr(AlmuTestReply) reply = NULL;

  g_test_message ("%s", seen);
  g_clear_pointer (&fixture->asked, g_free);
  reply = almu_test_send (fixture->server, "POST", "/api/scripting/action", body);

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_cmpstr (fixture->asked, ==, asked);
  if (answer != NULL)
    g_assert_cmpstr (almu_test_body (reply), ==, answer);
}

static void
test_api_script (Fixture      *fixture,
                 gconstpointer user_data)
{
  const char *body = "{\"session_id\":4000000000,\"path\":\"frames[0]\",\"action\":\"x\",\"parameters\":[1,{\"a\":1e-10}],\"async\":true,\"return_path\":\"b\"}";

  assert_script (fixture, body, 501, NULL, NULL);
  almu_server_set_script_func (fixture->server, run_script, fixture, NULL);

  fixture->response = "{\"n\":[1,100000000000000000000]}";
  assert_script (fixture, body, 200, "frames[0].x ([1,{\"a\":1e-10}]) async -> b",
                 "{\"success\":true,\"response\":{\"n\":[1,100000000000000000000]}}");
  g_assert_cmpuint (fixture->session_id, ==, 4000000000u);

  fixture->response = NULL;
  fixture->message = "no \"such\" thing";
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\"}", 200, ".y ([]) -> (null)",
                 "{\"success\":false,\"message\":\"no \\\"such\\\" thing\"}");

  fixture->message = NULL;
  fixture->response = "{not JSON";
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\",\"return_path\":null}", 500, ".y ([]) -> (null)", NULL);
}

static void
test_api_script_wrong (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) got = NULL;

  almu_server_set_script_func (fixture->server, run_script, fixture, NULL);
  assert_script (fixture, "", 400, NULL, NULL);
  assert_script (fixture, "{", 400, NULL, NULL);
  assert_script (fixture, "{\"path\":\"\",\"action\":\"y\"}", 400, NULL, NULL);
  assert_script (fixture, "{\"session_id\":\"1\",\"path\":\"\",\"action\":\"y\"}", 400, NULL, NULL);
  assert_script (fixture, "{\"session_id\":1,\"action\":\"y\"}", 400, NULL, NULL);
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\",\"async\":1}", 400, NULL, NULL);
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\",\"return_path\":1}", 400, NULL, NULL);
  assert_script (fixture, "{\"session_id\":0,\"path\":\"\",\"action\":\"y\"}", 404, NULL, NULL);
  assert_script (fixture, "{\"session_id\":5000000000,\"path\":\"\",\"action\":\"y\"}", 404, NULL, NULL);

  got = almu_test_get (fixture->server, "/api/scripting/action?token=" ALMU_TEST_TOKEN, NULL);
  g_assert_cmpuint (got->status, ==, 405);

  fixture->failure = g_error_new_literal (ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "no session");
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\"}", 404, ".y ([]) -> (null)", NULL);
  g_clear_error (&fixture->failure);
  fixture->failure = g_error_new_literal (ALMU_ERROR, ALMU_ERROR_FORMAT, "odd");
  assert_script (fixture, "{\"session_id\":1,\"path\":\"\",\"action\":\"y\"}", 500, ".y ([]) -> (null)", NULL);
}

static void
ask (Fixture           *fixture,
     GSocketConnection *connection)
{
  const char      *body = "{\"session_id\":1,\"path\":\"\",\"action\":\"y\"}";
  g_autofree char *request = g_strdup_printf ("POST /api/scripting/action?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: %u\r\n\r\n%s",
                                              (guint) strlen (body), body);

  fixture->hold = TRUE;
  almu_server_set_script_func (fixture->server, run_script, fixture, NULL);
  almu_test_write (connection, request, -1);
  while (fixture->pending == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_api_script_aborted (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);

  ask (fixture, connection);
  g_assert_cmpuint (fixture->n_cancelled, ==, 0);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  while (fixture->n_cancelled == 0)
    g_main_context_iteration (NULL, TRUE);
  finish_script (fixture);
  almu_test_settle (fixture->server);
}

static void
test_api_script_stopped (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);

  ask (fixture, connection);
  almu_server_stop (fixture->server);
  g_assert_cmpuint (fixture->n_cancelled, ==, 1);
  finish_script (fixture);
}

/* -- bodies ------------------------------------------------------------- */

static void
test_api_body_announced (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuTestReply) large =
               almu_test_fetch (fixture->server, "PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
                                ALMU_LIMIT_BODY_BYTES + 1);
  g_autoptr(AlmuTestReply) waiting =
               almu_test_fetch (fixture->server, "PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
                                ALMU_LIMIT_BODY_BYTES + 1);
  g_autoptr(AlmuTestReply) denied =
               almu_test_fetch (fixture->server, "PUT /api/database/preferences HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  g_autoptr(AlmuTestReply) get = almu_test_send (fixture->server, "GET", "/", "body");

  g_assert_cmpuint (large->status, ==, 413);
  g_assert_cmpuint (waiting->status, ==, 413);
  g_assert_cmpuint (denied->status, ==, 403);
  g_assert_cmpuint (get->status, ==, 400);
  g_assert_null (fixture->settings->asked);
}

static void
test_api_body_chunked (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (fixture->server);
  g_autofree char *filling = g_strnfill (1024 * 1024, ' ');
  g_autoptr(AlmuTestReply) small = NULL;
  g_autoptr(AlmuTestReply) reply = NULL;
  int n = ALMU_LIMIT_BODY_BYTES / (1024 * 1024) + 2;

  small = almu_test_fetch (fixture->server, "PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  g_assert_cmpuint (small->status, ==, 200);

  g_clear_pointer (&fixture->settings->asked, g_free);
  almu_test_write (connection, "PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", -1);
  for (int i = 0; i < n; i++)
    {
      almu_test_write (connection, "100000\r\n", -1);
      almu_test_write (connection, filling, -1);
      almu_test_write (connection, "\r\n", -1);
    }
  almu_test_write (connection, "0\r\n\r\n", -1);

  reply = almu_test_read (connection);
  g_assert_cmpuint (reply->status, ==, 413);
  g_assert_null (fixture->settings->asked);
}

/* -- bodies, together ---------------------------------------------------- */

/* Sends the next bytes of a body and waits until they are counted. */
static void
send_part (Fixture           *fixture,
           GSocketConnection *connection,
           const char        *bytes,
           gsize              n_bytes)
{
  gsize n_before = almu_server_get_n_body_bytes (fixture->server);

  almu_test_write (connection, bytes, (gssize) n_bytes);
  while (almu_server_get_n_body_bytes (fixture->server) < n_before + n_bytes)
    g_main_context_iteration (NULL, TRUE);
}

static GSocketConnection *
begin_body (Fixture    *fixture,
            gsize       length,
            const char *bytes,
            gsize       n_bytes)
{
  GSocketConnection *connection = almu_test_connect (fixture->server);
  g_autofree char   *head = g_strdup_printf ("PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                                             length);

  almu_test_write (connection, head, -1);
  send_part (fixture, connection, bytes, n_bytes);

  return connection;
}

static void
assert_ends (GSocketConnection *connection,
             const char        *rest,
             guint              status)
{
  g_autoptr(AlmuTestReply) reply = NULL;

  almu_test_write (connection, rest, -1);
  reply = almu_test_read (connection);
  g_assert_cmpuint (reply->status, ==, status);
  g_object_unref (connection);
}

/* All but two bytes of the largest bodies, which leaves room for eight. */
static void
test_api_body_together (Fixture      *fixture,
                        gconstpointer user_data)
{
  GSocketConnection *large[ALMU_LIMIT_BODIES_BYTES / ALMU_LIMIT_BODY_BYTES];
  g_autofree char   *spaces = g_strnfill (ALMU_LIMIT_BODY_BYTES, ' ');
  GSocketConnection *a;
  GSocketConnection *b;
  g_autoptr(AlmuTestReply) fits = NULL;
  g_autoptr(AlmuTestReply) announced = NULL;

  if (g_getenv ("ALMU_TEST_SANITIZED") != NULL)
    {
      g_test_skip ("64 MiB take longer than a request may");
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (large); i++)
    large[i] = begin_body (fixture, ALMU_LIMIT_BODY_BYTES, spaces, ALMU_LIMIT_BODY_BYTES - 2);
  g_assert_cmpuint (almu_server_get_n_body_bytes (fixture->server), ==, ALMU_LIMIT_BODIES_BYTES - 2 * G_N_ELEMENTS (large));

  /* by what is announced: at the ceiling and above */
  fits = almu_test_send (fixture->server, "PUT", "/api/database/preferences", "{\"a\":1 }");
  g_assert_cmpuint (fits->status, ==, 200);
  announced = almu_test_send (fixture->server, "PUT", "/api/database/preferences", "{\"a\":1  }");
  g_assert_cmpuint (announced->status, ==, 503);

  /* and by what comes, after each of two was told that it fits */
  a = begin_body (fixture, 4, " ", 1);
  b = begin_body (fixture, 4, " ", 1);
  for (guint i = 0; i < G_N_ELEMENTS (large); i++)
    send_part (fixture, large[i], "{", 1);
  send_part (fixture, a, " {", 2);
  g_assert_cmpuint (almu_server_get_n_body_bytes (fixture->server), ==, ALMU_LIMIT_BODIES_BYTES);
  assert_ends (b, " ", 503);

  /* which takes nothing from those that came before */
  assert_ends (a, "}", 200);
  for (guint i = 0; i < G_N_ELEMENTS (large); i++)
    assert_ends (large[i], "}", 200);
  g_assert_cmpuint (almu_server_get_n_body_bytes (fixture->server), ==, 0);
}

static void
test_api_order (Fixture      *fixture,
                gconstpointer user_data)
{
  GSocketConnection *connections[10];

  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    {
      g_autofree char *request = g_strdup_printf ("PUT /api/database/preferences?token=" ALMU_TEST_TOKEN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"a\":%u}", i);

      connections[i] = almu_test_connect (fixture->server);
      almu_test_write (connections[i], request, -1);
    }

  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    {
      g_autoptr(AlmuTestReply) reply = almu_test_read (connections[i]);

      g_assert_cmpuint (reply->status, ==, 200);
      g_object_unref (connections[i]);
    }

  g_assert_cmpstr (fixture->settings->asked, ==, "merge {\"a\":9}");
}

#define add_test(path, func, mode) \
  g_test_add (path, Fixture, mode, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/link/api/calls", test_api_calls, NULL);
  add_test ("/link/api/wrong-calls", test_api_wrong_calls, NULL);
  add_test ("/link/api/failures", test_api_failures, NULL);
  add_test ("/link/api/read-only", test_api_read_only, "read-only");
  add_test ("/link/api/off", test_api_off, "off");
  add_test ("/link/api/no-settings", test_api_off, "none");
  add_test ("/link/api/rights", test_api_rights, NULL);
  add_test ("/link/api/cors", test_api_cors, NULL);
  add_test ("/link/api/order", test_api_order, NULL);
  add_test ("/link/api/script", test_api_script, NULL);
  add_test ("/link/api/script/wrong", test_api_script_wrong, NULL);
  add_test ("/link/api/script/aborted", test_api_script_aborted, NULL);
  add_test ("/link/api/script/stopped", test_api_script_stopped, NULL);
  add_test ("/link/api/body/announced", test_api_body_announced, NULL);
  add_test ("/link/api/body/chunked", test_api_body_chunked, NULL);
  add_test ("/link/api/body/together", test_api_body_together, NULL);

  return g_test_run ();
}
