/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-api-call.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "almu-error.h"
#include "almu-json-text.h"

#define DONE "{\"success\":true}"

/* -- JSON --------------------------------------------------------------- */

static JsonNode *
parse_text (const char *text,
            gssize      length,
            const char *what,
            GError    **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) reason = NULL;
  g_autofree char *clean = almu_json_text_clean (text, length, &reason);
  JsonNode        *root = NULL;

  if (clean != NULL && json_parser_load_from_data (parser, clean, -1, &reason))
    root = json_parser_steal_root (parser);

  if (root == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s is not JSON: %s"),
                 what, reason != NULL ? reason->message : _ ("it is empty"));

  return root;
}

static JsonNode *
parse_body (GBytes  *body,
            GError **error)
{
  gsize       length = 0;
  const char *text = body != NULL ? g_bytes_get_data (body, &length) : NULL;
  g_autoptr(JsonNode) root = parse_text (text, length, "The request", error);

  if (root == NULL)
    return NULL;

  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("The request is not a JSON object"));
      return NULL;
    }

  return g_steal_pointer (&root);
}

static char *
print_node (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  return almu_json_text_mend (text);
}

static char *
print_string (const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  g_autoptr(JsonNode) node = json_node_init_string (json_node_alloc (), valid);

  return json_to_string (node, FALSE);
}

static gboolean
fail_field (const char *name,
            const char *wanted,
            GError    **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("The request's %s is not %s"), name, wanted);
  return FALSE;
}

static const char *
get_string (JsonObject *object,
            const char *name,
            GError    **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node != NULL && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_get_string (node);

  fail_field (name, _ ("a string"), error);
  return NULL;
}

/* -- which call --------------------------------------------------------- */

static gboolean
find_kind (const char       *word,
           gboolean          plural,
           AlmuSettingsKind *out_kind)
{
  for (guint kind = 0; kind < ALMU_N_SETTINGS_KINDS; kind++)
    {
      g_autofree char *name = g_strconcat (almu_settings_kind_get_name (kind), plural ? "s" : NULL, NULL);

      if (g_str_equal (word, name))
        {
          *out_kind = kind;
          return TRUE;
        }
    }

  return FALSE;
}

static guint
choose (AlmuApiCall *call,
        const char  *method,
        const char **out_allow,
        const char  *allow,
        int          get,
        int          put,
        int delete)
{
  int op = -1;

  if (g_str_equal (method, "GET") || g_str_equal (method, "HEAD"))
    op = get;
  else if (g_str_equal (method, "PUT"))
    op = put;
  else if (g_str_equal (method, "DELETE"))
    op = delete;

  *out_allow = allow;
  if (op < 0)
    return SOUP_STATUS_METHOD_NOT_ALLOWED;

  call->op = op;
  return SOUP_STATUS_OK;
}

static guint
parse_name (AlmuApiCall *call,
            const char  *text)
{
  call->name = g_uri_unescape_string (text, NULL);

  if (call->name == NULL || !almu_settings_check_name (call->name, NULL))
    return SOUP_STATUS_BAD_REQUEST;

  return SOUP_STATUS_OK;
}

/**
 * almu_api_call_parse:
 * @call: filled in
 * @method: of HTTP
 * @path: below `/api/database/`, as it came
 * @out_allow: (out): the methods this path knows
 *
 * Looks at no body. On failure @call may hold a name already: free it by
 * almu_api_call_clear() in any case. Sharing is 501, another method 405 with
 * @out_allow set, a name that cannot be one 400, and everything else 404.
 *
 * Returns: 200, or the status that says why it is no call
 */
guint
almu_api_call_parse (AlmuApiCall *call,
                     const char  *method,
                     const char  *path,
                     const char **out_allow)
{
  g_auto(GStrv) parts = g_strsplit (path, "/", -1);
  guint n_parts = g_strv_length (parts);
  guint status;

  if (n_parts == 1 && g_str_equal (parts[0], "preferences"))
    return choose (call, method, out_allow, "GET, PUT, DELETE",
                   ALMU_API_GET_PREFERENCES, ALMU_API_MERGE_PREFERENCES, ALMU_API_DELETE_PREFERENCES);

  if (n_parts == 1 && find_kind (parts[0], TRUE, &call->kind))
    return choose (call, method, out_allow, "GET", ALMU_API_GET_ALL, -1, -1);

  if (n_parts == 1 && find_kind (parts[0], FALSE, &call->kind))
    return choose (call, method, out_allow, "PUT, DELETE", -1, ALMU_API_PUT, ALMU_API_REMOVE);

  if (n_parts == 2 && g_str_equal (parts[0], "list") && find_kind (parts[1], TRUE, &call->kind))
    return choose (call, method, out_allow, "GET", ALMU_API_LIST, -1, -1);

  if (n_parts == 2 && find_kind (parts[0], FALSE, &call->kind))
    {
      status = choose (call, method, out_allow, "GET", ALMU_API_GET, -1, -1);
      return status == SOUP_STATUS_OK ? parse_name (call, parts[1]) : status;
    }

  /* sharing needs other users, whom only a site's controller knows */
  if (n_parts == 3 && g_str_equal (parts[0], "share"))
    return SOUP_STATUS_NOT_IMPLEMENTED;

  return SOUP_STATUS_NOT_FOUND;
}

/**
 * almu_api_call_writes:
 * @call: a call
 *
 * Whether it changes what is on the shelf, and so is not for read-only mode.
 */
gboolean
almu_api_call_writes (const AlmuApiCall *call)
{
  return call->op == ALMU_API_MERGE_PREFERENCES || call->op == ALMU_API_DELETE_PREFERENCES ||
         call->op == ALMU_API_PUT || call->op == ALMU_API_REMOVE;
}

/**
 * almu_api_call_clear:
 * @call: a call
 *
 * Frees what it holds, not @call itself.
 */
void
almu_api_call_clear (AlmuApiCall *call)
{
  g_clear_pointer (&call->name, g_free);
  g_clear_pointer (&call->body, g_bytes_unref);
}

/* -- the calls ---------------------------------------------------------- */

/* Who stores it need not parse what is passed through. */
static char *
wrap (const char *name,
      gboolean    plural,
      char       *json)
{
  char *reply = json != NULL ? g_strdup_printf ("{\"success\":true,\"%s%s\":%s}", name, plural ? "s" : "", json) : NULL;

  g_free (json);

  return reply;
}

static char *
done (gboolean ok)
{
  return ok ? g_strdup (DONE) : NULL;
}

static char *
merge_preferences (const AlmuApiCall *call,
                   AlmuSettings      *settings,
                   GError           **error)
{
  g_autoptr(JsonNode) body = parse_body (call->body, error);
  g_autofree char *text = NULL;

  if (body == NULL)
    return NULL;

  text = print_node (body);

  return done (almu_settings_merge_preferences (settings, text, error));
}

static char *
delete_preferences (const AlmuApiCall *call,
                    AlmuSettings      *settings,
                    GError           **error)
{
  g_autoptr(JsonNode) body = parse_body (call->body, error);
  g_autoptr(GPtrArray) keys = g_ptr_array_new ();
  JsonNode  *node;
  JsonArray *array;

  if (body == NULL)
    return NULL;

  node = json_object_get_member (json_node_get_object (body), "keys");
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    {
      fail_field ("keys", _ ("a list of strings"), error);
      return NULL;
    }

  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *key = json_array_get_element (array, i);

      if (json_node_get_value_type (key) != G_TYPE_STRING)
        {
          fail_field ("keys", _ ("a list of strings"), error);
          return NULL;
        }
      g_ptr_array_add (keys, (gpointer) json_node_get_string (key));
    }
  g_ptr_array_add (keys, NULL);

  return done (almu_settings_delete_preferences (settings, (const char *const *) keys->pdata, error));
}

static char *
list_entries (const AlmuApiCall *call,
              AlmuSettings      *settings,
              GError           **error)
{
  g_autoptr(GPtrArray) entries = almu_settings_list (settings, call->kind, error);
  GString *json;

  if (entries == NULL)
    return NULL;

  json = g_string_new ("[");
  for (guint i = 0; i < entries->len; i++)
    {
      const AlmuSettingsEntry *entry = entries->pdata[i];
      g_autofree char         *name = print_string (entry->name);

      g_string_append_printf (json, "%s{\"name\":%s,\"date\":%" G_GINT64_FORMAT "}",
                              i > 0 ? "," : "", name, entry->date);
    }
  g_string_append_c (json, ']');

  return wrap (almu_settings_kind_get_name (call->kind), TRUE, g_string_free (json, FALSE));
}

static char *
put_or_remove (const AlmuApiCall *call,
               AlmuSettings      *settings,
               GError           **error)
{
  g_autoptr(JsonNode) body = parse_body (call->body, error);
  const char      *kind = almu_settings_kind_get_name (call->kind);
  g_autofree char *field = g_strconcat (kind, "Name", NULL);
  g_autofree char *text = NULL;
  JsonNode        *value;
  const char      *name;

  if (body == NULL)
    return NULL;

  name = get_string (json_node_get_object (body), field, error);
  if (name == NULL)
    return NULL;

  if (call->op == ALMU_API_REMOVE)
    return done (almu_settings_remove (settings, call->kind, name, error));

  value = json_object_get_member (json_node_get_object (body), kind);
  if (value == NULL || !JSON_NODE_HOLDS_OBJECT (value))
    {
      fail_field (kind, _ ("an object"), error);
      return NULL;
    }

  text = print_node (value);

  return done (almu_settings_put (settings, call->kind, name, text, error));
}

static char *
run (const AlmuApiCall *call,
     AlmuSettings      *settings,
     GError           **error)
{
  const char *kind = almu_settings_kind_get_name (call->kind);

  switch (call->op)
    {
    case ALMU_API_GET_PREFERENCES:
      return wrap ("preference", TRUE, almu_settings_get_preferences (settings, error));

    case ALMU_API_MERGE_PREFERENCES:
      return merge_preferences (call, settings, error);

    case ALMU_API_DELETE_PREFERENCES:
      return delete_preferences (call, settings, error);

    case ALMU_API_LIST:
      return list_entries (call, settings, error);

    case ALMU_API_GET_ALL:
      return wrap (kind, TRUE, almu_settings_get_all (settings, call->kind, error));

    case ALMU_API_GET:
      return wrap (kind, FALSE, almu_settings_get (settings, call->kind, call->name, error));

    case ALMU_API_PUT:
    case ALMU_API_REMOVE:
      return put_or_remove (call, settings, error);

    default:
      g_assert_not_reached ();
    }
}

/* What is wrong in a write came with the request; what is wrong in a read
 * is on our disk. */
static guint
status_for (const AlmuApiCall *call,
            const GError      *error)
{
  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    return SOUP_STATUS_NOT_FOUND;

  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_REFUSED))
    return SOUP_STATUS_FORBIDDEN;

  if (error->domain == ALMU_ERROR && almu_api_call_writes (call))
    return SOUP_STATUS_BAD_REQUEST;

  return SOUP_STATUS_INTERNAL_SERVER_ERROR;
}

/**
 * almu_api_call_run:
 * @call: what to do
 * @settings: where
 * @out_status: (out): the status of the answer
 * @error: return location for an error
 *
 * Blocks; called on a worker.
 *
 * On failure @out_status says what is wrong: 404, 403, 400 for what came with a
 * write, else 500. The error is that of #AlmuSettings, or %ALMU_ERROR_FORMAT
 * for a body that is not what it should be.
 *
 * Returns: (transfer full): the answer as JSON text
 */
char *
almu_api_call_run (const AlmuApiCall *call,
                   AlmuSettings      *settings,
                   guint             *out_status,
                   GError           **error)
{
  GError *reason = NULL;
  char   *reply = run (call, settings, &reason);

  *out_status = reply != NULL ? SOUP_STATUS_OK : status_for (call, reason);
  if (reply == NULL)
    g_propagate_error (error, reason);

  return reply;
}

/* -- scripts ------------------------------------------------------------ */

static gboolean
get_session_id (JsonObject *object,
                guint32    *out_session_id,
                GError    **error)
{
  JsonNode *node = json_object_get_member (object, "session_id");
  gint64    id;

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return fail_field ("session_id", _ ("a whole number"), error);

  id = json_node_get_int (node);
  if (id <= 0 || id > G_MAXUINT32)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("There is no session %" PRId64), id);
      return FALSE;
    }

  *out_session_id = id;
  return TRUE;
}

static gboolean
fill_script (AlmuScript *script,
             JsonObject *object,
             GError    **error)
{
  JsonNode *node;

  script->path = g_strdup (get_string (object, "path", error));
  if (script->path == NULL)
    return FALSE;

  script->action = g_strdup (get_string (object, "action", error));
  if (script->action == NULL)
    return FALSE;

  node = json_object_get_member (object, "parameters");
  script->parameters = node != NULL ? print_node (node) : g_strdup ("[]");

  node = json_object_get_member (object, "async");
  if (node != NULL && json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fail_field ("async", _ ("true or false"), error);
  script->async = node != NULL && json_node_get_boolean (node);

  node = json_object_get_member (object, "return_path");
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;

  script->return_path = g_strdup (get_string (object, "return_path", error));

  return script->return_path != NULL;
}

/**
 * almu_api_parse_script:
 * @body: what came with the request
 * @out_session_id: (out): whose page it is for
 * @error: return location for an error
 *
 * Fails with %ALMU_ERROR_FORMAT, or %ALMU_ERROR_NOT_FOUND for a number that no
 * session can have; whether there is such a session is not asked. Any thread.
 *
 * Returns: (transfer full): what the page is to do
 */
AlmuScript *
almu_api_parse_script (GBytes  *body,
                       guint32 *out_session_id,
                       GError **error)
{
  g_autoptr(JsonNode) root = parse_body (body, error);
  g_autoptr(AlmuScript) script = g_new0 (AlmuScript, 1);
  guint32 id;

  if (root == NULL || !get_session_id (json_node_get_object (root), &id, error) ||
      !fill_script (script, json_node_get_object (root), error))
    return NULL;

  *out_session_id = id;

  return g_steal_pointer (&script);
}

/**
 * almu_api_print_reply:
 * @reply: what the page answered
 * @error: return location for an error
 *
 * `{"success":…,"message":…,"response":…}`, the latter two if there are any. A
 * response of the page that is not JSON is %ALMU_ERROR_FORMAT. Any thread.
 *
 * Returns: (transfer full): it as JSON text
 */
char *
almu_api_print_reply (const AlmuScriptReply *reply,
                      GError               **error)
{
  g_autoptr(GString) json = g_string_new (NULL);

  g_string_append_printf (json, "{\"success\":%s", reply->success ? "true" : "false");

  if (reply->message != NULL && *reply->message != '\0')
    {
      g_autofree char *message = print_string (reply->message);

      g_string_append_printf (json, ",\"message\":%s", message);
    }

  if (reply->response != NULL && *reply->response != '\0')
    {
      g_autoptr(JsonNode) response = parse_text (reply->response, -1, "The page's response", error);

      if (response == NULL)
        return NULL;
      g_string_append_printf (json, ",\"response\":%s", reply->response);
    }

  g_string_append_c (json, '}');

  return g_string_free (g_steal_pointer (&json), FALSE);
}
