/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-api.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-answer.h"
#include "almu-api-call.h"
#include "almu-connection.h"
#include "almu-error.h"
#include "almu-guard.h"
#include "almu-limits.h"
#include "almu-workers.h"

/**
 * AlmuApi:
 *
 * What the page and scripts ask for over HTTP, below `/api/`: the page's
 * settings, and actions in a page.
 *
 * Parsing and the disk are left to workers. Calls to the settings go one
 * after the other, in the order they came: the page does not wait for the
 * end of one write before it sends the next.
 */
struct _AlmuApi
{
  GObject parent_instance;

  AlmuSettings *settings;
  gboolean      read_only;
  gboolean      stopped;

  GQueue   works; /* of Work, waiting */
  gboolean busy;

  AlmuScriptFunc script_func;
  gpointer       script_data;
  GDestroyNotify script_destroy;
  GHashTable    *scripts; /* of Script, those under way */
};

G_DEFINE_FINAL_TYPE (AlmuApi, almu_api, G_TYPE_OBJECT)

enum
{
  WORKSPACE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* A call to the settings. */
typedef struct
{
  SoupServerMessage *msg;
  AlmuSettings      *settings;
  AlmuApiCall        call;
  guint              status;
} Work;

/* A request to a page. */
typedef struct
{
  AlmuApi           *api;
  SoupServerMessage *msg;
  AlmuConnection    *connection;
  gulong             hung_up;
  GCancellable      *cancellable;
  GSource           *timeout;
  gboolean           timed_out;

  GBytes          *body;
  guint32          session_id;
  AlmuScript      *script;
  AlmuScriptReply *reply;
} Script;

static void almu_api_next (AlmuApi *self);

static void
almu_api_clear_script_func (AlmuApi *self)
{
  if (self->script_destroy != NULL)
    self->script_destroy (self->script_data);

  self->script_func = NULL;
  self->script_data = NULL;
  self->script_destroy = NULL;
}

static void
almu_api_dispose (GObject *object)
{
  AlmuApi *self = ALMU_API (object);

  almu_api_stop (self);
  almu_api_clear_script_func (self);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (almu_api_parent_class)->dispose (object);
}

static void
almu_api_finalize (GObject *object)
{
  AlmuApi *self = ALMU_API (object);

  g_clear_pointer (&self->scripts, g_hash_table_unref);

  G_OBJECT_CLASS (almu_api_parent_class)->finalize (object);
}

static void
almu_api_class_init (AlmuApiClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_api_dispose;
  object_class->finalize = almu_api_finalize;

  /**
   * AlmuApi::workspace:
   * @self: an API
   * @viewer: (nullable): which browser
   * @name: what the workspace is called
   *
   * A workspace has been asked for, and is on its way: some page is about to
   * load it.
   */
  signals[WORKSPACE] =
    g_signal_new ("workspace",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
almu_api_init (AlmuApi *self)
{
  g_queue_init (&self->works);
  self->scripts = g_hash_table_new (NULL, NULL);
}

/**
 * almu_api_new:
 * @settings: (nullable): what the page keeps; %NULL switches it off
 * @read_only: whether writes are refused
 *
 * Main thread. Nothing is asked of @settings there: it is called on workers,
 * one call at a time.
 *
 * Returns: (transfer full): an API
 */
AlmuApi *
almu_api_new (AlmuSettings *settings,
              gboolean      read_only)
{
  AlmuApi *self = g_object_new (ALMU_TYPE_API, NULL);

  self->settings = settings != NULL ? g_object_ref (settings) : NULL;
  self->read_only = read_only;

  return self;
}

/**
 * almu_api_set_script_func:
 * @self: an API
 * @func: (nullable): asks a page; %NULL switches scripting off
 * @user_data: for @func
 * @destroy: (nullable): for @user_data
 *
 * Takes the place of the function before, whose @destroy is called. Scripts
 * that have been asked go on.
 */
void
almu_api_set_script_func (AlmuApi       *self,
                          AlmuScriptFunc func,
                          gpointer       user_data,
                          GDestroyNotify destroy)
{
  g_return_if_fail (ALMU_IS_API (self));

  almu_api_clear_script_func (self);
  self->script_func = func;
  self->script_data = user_data;
  self->script_destroy = destroy;
}

/* -- settings ----------------------------------------------------------- */

static void
work_free (Work *work)
{
  g_clear_object (&work->msg);
  g_clear_object (&work->settings);
  almu_api_call_clear (&work->call);
  g_free (work);
}

static void
work_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Work   *work = task_data;
  GError *error = NULL;
  char   *reply = almu_api_call_run (&work->call, work->settings, &work->status, &error);

  if (reply != NULL)
    g_task_return_pointer (task, reply, g_free);
  else
    g_task_return_error (task, error);
}

static void
tell_fetched (AlmuApi    *self,
              const Work *work)
{
  g_autofree char *viewer = NULL;

  if (work->call.op != ALMU_API_GET || work->call.kind != ALMU_SETTINGS_WORKSPACE)
    return;

  viewer = almu_guard_dup_viewer (soup_server_message_get_request_headers (work->msg));
  g_signal_emit (self, signals[WORKSPACE], 0, viewer, work->call.name);
}

static void
on_worked (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuApi *self = ALMU_API (source);
  Work    *work = g_task_get_task_data (G_TASK (result));
  g_autoptr(GError) error = NULL;
  g_autofree char *reply = g_task_propagate_pointer (G_TASK (result), &error);

  self->busy = FALSE;

  if (reply != NULL)
    {
      tell_fetched (self, work);
      almu_answer_json (work->msg, work->status, reply);
    }
  else
    almu_answer_failure (work->msg, work->status, error->message);

  soup_server_message_unpause (work->msg);
  almu_api_next (self);
}

static void
almu_api_next (AlmuApi *self)
{
  g_autoptr(GTask) task = NULL;
  Work *work;

  if (self->busy)
    return;

  work = g_queue_pop_head (&self->works);
  if (work == NULL)
    return;

  self->busy = TRUE;
  task = g_task_new (self, NULL, on_worked, NULL);
  g_task_set_source_tag (task, almu_api_next);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, work_worker);
}

static GBytes *
take_body (SoupServerMessage *msg)
{
  return soup_message_body_flatten (soup_server_message_get_request_body (msg));
}

static void
serve_database (AlmuApi           *self,
                SoupServerMessage *msg,
                const char        *path)
{
  Work       *work;
  const char *allow = NULL;
  guint       status;

  if (self->settings == NULL)
    {
      almu_answer_failure (msg, SOUP_STATUS_NOT_IMPLEMENTED, _ ("The database is switched off"));
      return;
    }

  work = g_new0 (Work, 1);
  status = almu_api_call_parse (&work->call, soup_server_message_get_method (msg), path, &allow);
  if (status == SOUP_STATUS_OK && self->read_only && almu_api_call_writes (&work->call))
    status = SOUP_STATUS_FORBIDDEN;

  if (status != SOUP_STATUS_OK)
    {
      if (status == SOUP_STATUS_METHOD_NOT_ALLOWED)
        soup_message_headers_replace (soup_server_message_get_response_headers (msg), "Allow", allow);
      almu_answer_failure (msg, status,
                           status == SOUP_STATUS_FORBIDDEN ? _ ("Settings are not changed in read-only mode") : soup_status_get_phrase (status));
      work_free (work);
      return;
    }

  work->msg = g_object_ref (msg);
  work->settings = g_object_ref (self->settings);
  work->call.body = take_body (msg);
  g_queue_push_tail (&self->works, work);

  soup_server_message_pause (msg);
  almu_api_next (self);
}

/* -- scripts ------------------------------------------------------------ */

static void
script_free (Script *script)
{
  g_hash_table_remove (script->api->scripts, script);

  if (script->timeout != NULL)
    {
      g_source_destroy (script->timeout);
      g_source_unref (script->timeout);
    }

  g_clear_signal_handler (&script->hung_up, script->connection);
  g_clear_object (&script->connection);
  g_clear_object (&script->cancellable);
  g_clear_object (&script->msg);
  g_clear_pointer (&script->body, g_bytes_unref);
  g_clear_pointer (&script->script, almu_script_free);
  g_clear_pointer (&script->reply, almu_script_reply_free);
  g_clear_object (&script->api);
  g_free (script);
}

static guint
script_status (Script       *script,
               const GError *error)
{
  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    return SOUP_STATUS_NOT_FOUND;

  /* wrong before the page was asked: the request; after: the page */
  if (script->script == NULL && error->domain == ALMU_ERROR)
    return SOUP_STATUS_BAD_REQUEST;

  return SOUP_STATUS_INTERNAL_SERVER_ERROR;
}

static void
script_answer (Script       *script,
               const char   *reply,
               const GError *error)
{
  if (reply != NULL)
    almu_answer_json (script->msg, SOUP_STATUS_OK, reply);
  else
    almu_answer_failure (script->msg, script_status (script, error),
                         script->timed_out ? _ ("The page did not answer in time") : error->message);

  soup_server_message_unpause (script->msg);
  script_free (script);
}

static void
print_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Script *script = task_data;
  GError *error = NULL;
  char   *reply = almu_api_print_reply (script->reply, &error);

  if (reply != NULL)
    g_task_return_pointer (task, reply, g_free);
  else
    g_task_return_error (task, error);
}

static void
on_printed (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *reply = g_task_propagate_pointer (G_TASK (result), &error);

  script_answer (user_data, reply, error);
}

static void
on_script_done (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  Script *script = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) task = NULL;

  script->reply = almu_script_finish (result, &error);
  if (script->reply == NULL)
    {
      script_answer (script, NULL, error);
      return;
    }

  task = g_task_new (script->api, NULL, on_printed, script);
  g_task_set_source_tag (task, on_script_done);
  g_task_set_task_data (task, script, NULL);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, print_worker);
}

static void
parse_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Script     *script = task_data;
  GError     *error = NULL;
  AlmuScript *parsed = almu_api_parse_script (script->body, &script->session_id, &error);

  if (parsed != NULL)
    g_task_return_pointer (task, parsed, (GDestroyNotify) almu_script_free);
  else
    g_task_return_error (task, error);
}

static void
on_parsed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuApi *self = ALMU_API (source);
  Script  *script = user_data;
  g_autoptr(GError) error = NULL;

  script->script = g_task_propagate_pointer (G_TASK (result), &error);
  if (script->script == NULL)
    script_answer (script, NULL, error);
  else if (self->stopped || self->script_func == NULL)
    {
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The service ends"));
      script_answer (script, NULL, error);
    }
  else
    self->script_func (script->session_id, script->script, script->cancellable,
                       on_script_done, script, self->script_data);
}

static gboolean
on_script_timeout (gpointer user_data)
{
  Script *script = user_data;

  script->timed_out = TRUE;
  g_clear_pointer (&script->timeout, g_source_unref);
  g_cancellable_cancel (script->cancellable);

  return G_SOURCE_REMOVE;
}

static void
on_hung_up (AlmuConnection *connection,
            Script         *script)
{
  g_cancellable_cancel (script->cancellable);
}

static void
script_watch (Script *script)
{
  script->connection = almu_connection_for_message (script->msg);
  if (script->connection != NULL)
    {
      g_object_ref (script->connection);
      script->hung_up = g_signal_connect (script->connection, "hung-up", G_CALLBACK (on_hung_up), script);
      almu_connection_watch_hangup (script->connection);
    }

  script->timeout = g_timeout_source_new_seconds (ALMU_LIMIT_SCRIPTING_SECONDS);
  g_source_set_static_name (script->timeout, "almu: script timeout");
  g_source_set_callback (script->timeout, on_script_timeout, script, NULL);
  g_source_attach (script->timeout, g_main_context_get_thread_default ());
}

static void
serve_script (AlmuApi           *self,
              SoupServerMessage *msg)
{
  g_autoptr(GTask) task = NULL;
  Script *script;

  if (self->script_func == NULL)
    {
      almu_answer_failure (msg, SOUP_STATUS_NOT_IMPLEMENTED, _ ("Scripting is switched off"));
      return;
    }

  if (!g_str_equal (soup_server_message_get_method (msg), "POST"))
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (msg), "Allow", "POST");
      almu_answer_failure (msg, SOUP_STATUS_METHOD_NOT_ALLOWED, _ ("Scripts are posted"));
      return;
    }

  script = g_new0 (Script, 1);
  script->api = g_object_ref (self);
  script->msg = g_object_ref (msg);
  script->body = take_body (msg);
  script->cancellable = g_cancellable_new ();
  g_hash_table_add (self->scripts, script);
  script_watch (script);

  soup_server_message_pause (msg);
  task = g_task_new (self, NULL, on_parsed, script);
  g_task_set_source_tag (task, serve_script);
  g_task_set_task_data (task, script, NULL);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, parse_worker);
}

/* -- both --------------------------------------------------------------- */

/**
 * almu_api_serve:
 * @self: an API
 * @msg: a request whose body is there
 * @path: its path below `/api`, as it came, with a slash
 *
 * Answers @msg, at once or later.
 */
void
almu_api_serve (AlmuApi           *self,
                SoupServerMessage *msg,
                const char        *path)
{
  g_return_if_fail (ALMU_IS_API (self));

  if (g_str_has_prefix (path, "/database/"))
    serve_database (self, msg, path + strlen ("/database/"));
  else if (g_str_equal (path, "/scripting/action"))
    serve_script (self, msg);
  else
    almu_answer_failure (msg, SOUP_STATUS_NOT_FOUND, soup_status_get_phrase (SOUP_STATUS_NOT_FOUND));
}

/**
 * almu_api_stop:
 * @self: an API
 *
 * Turns away what waits, and cancels what a page was asked. A write that is
 * under way comes to its end.
 */
void
almu_api_stop (AlmuApi *self)
{
  g_autoptr(GList) scripts = NULL;
  Work *work;

  g_return_if_fail (ALMU_IS_API (self));

  self->stopped = TRUE;
  while ((work = g_queue_pop_head (&self->works)) != NULL)
    {
      almu_answer_failure (work->msg, SOUP_STATUS_SERVICE_UNAVAILABLE, _ ("The service ends"));
      soup_server_message_unpause (work->msg);
      work_free (work);
    }

  scripts = g_hash_table_get_keys (self->scripts);
  for (GList *l = scripts; l != NULL; l = l->next)
    g_cancellable_cancel (((Script *) l->data)->cancellable);
}
