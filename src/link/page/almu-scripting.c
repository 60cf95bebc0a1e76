/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-scripting.h"

#include <glib/gi18n-lib.h>

#include "almu-dispatch.h"
#include "almu-error.h"
#include "almu-link.h"

/* Scripts on their way through a page: asked by SCRIPTING_REQUEST, answered
 * by SCRIPTING_RESPONSE with the same number, or never, if the page goes.
 */

static void
forget (GTask *task)
{
  AlmuLink *link = g_task_get_source_object (task);
  gpointer  id = g_task_get_task_data (task);

  if (g_task_get_cancellable (task) != NULL)
    g_signal_handlers_disconnect_by_data (g_task_get_cancellable (task), task);
  g_hash_table_remove (almu_link_get_scripts (link), id);
}

static void
on_cancelled (GCancellable *cancellable,
              GTask        *task)
{
  g_autoptr(GTask) alive = g_object_ref (task);

  forget (task);
  g_task_return_error_if_cancelled (task);
}

static void
send_request (AlmuLink         *link,
              int               id,
              const AlmuScript *script)
{
  CARTA__ScriptingRequest message = CARTA__SCRIPTING_REQUEST__INIT;

  message.scripting_request_id = id;
  message.target = script->path;
  message.action = script->action;
  message.parameters = script->parameters;
  message.async = script->async;
  message.return_path = script->return_path != NULL ? script->return_path : (char *) "";
  almu_link_stream (link, &message.base, ALMU_OUTBOX_ORDERED, 0);
}

/**
 * almu_scripting_ask:
 * @link: to the page; held until @callback
 * @script: what to do; need not outlive the call
 * @cancellable: (nullable): gives up waiting; what the page does goes on
 * @callback: gets a result for almu_script_finish()
 *
 * Asks the page at the other end of @link to do something.
 *
 * The page answers when it is done, or never: who waits has a cancellable. If
 * the page goes the result is %ALMU_ERROR_NOT_FOUND.
 */
void
almu_scripting_ask (AlmuLink           *link,
                    const AlmuScript   *script,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            user_data)
{
  static int last_id = 0;
  GTask     *task;

  last_id = last_id == G_MAXINT ? 1 : last_id + 1;
  task = g_task_new (link, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_scripting_ask);
  g_task_set_task_data (task, GINT_TO_POINTER (last_id), NULL);
  g_hash_table_insert (almu_link_get_scripts (link), GINT_TO_POINTER (last_id), task);
  if (cancellable != NULL)
    g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), task);

  send_request (link, last_id, script);
}

/**
 * almu_scripting_fetch:
 * @link: to the page; held until @callback
 * @object: path below the page's store
 * @name: of a value there
 * @cancellable: (nullable): gives up waiting
 * @callback: gets a result for almu_script_finish()
 *
 * Asks the page for a single value, which changes nothing there.
 */
void
almu_scripting_fetch (AlmuLink           *link,
                      const char         *object,
                      const char         *name,
                      GCancellable       *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer            user_data)
{
  g_autofree char *parameters = g_strdup_printf ("[{\"macroTarget\":\"%s\",\"macroVariable\":\"%s\"}]", object, name);
  const AlmuScript script = {
    .path = (char *) "",
    .action = (char *) "fetchParameter",
    .parameters = parameters,
  };

  almu_scripting_ask (link, &script, cancellable, callback, user_data);
}

/**
 * almu_scripting_run:
 * @session_id: whose page
 * @script: what to do; need not outlive the call
 * @callback: gets a result for almu_script_finish()
 * @callback_data: for @callback
 * @switchboard: where the session's page is found
 *
 * Asks the page of a session to do something; an #AlmuScriptFunc.
 *
 * Without such a page the result is %ALMU_ERROR_NOT_FOUND.
 */
void
almu_scripting_run (guint32             session_id,
                    const AlmuScript   *script,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            callback_data,
                    gpointer            switchboard)
{
  AlmuSession *session;
  AlmuLink    *link = NULL;

  session = almu_sessions_lookup (almu_switchboard_get_sessions (switchboard), session_id);
  if (session != NULL)
    link = almu_switchboard_find (switchboard, session);

  if (link != NULL)
    almu_scripting_ask (link, script, cancellable, callback, callback_data);
  else
    g_task_report_new_error (NULL, callback, callback_data, almu_scripting_run,
                             ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                             _ ("No page has session %u open"), session_id);
}

/**
 * almu_on_scripting_response:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SCRIPTING_RESPONSE
 *
 * Completes the almu_scripting_ask() of that number. An answer that nobody
 * waits for any more is thrown away.
 */
void
almu_on_scripting_response (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message)
{
  const CARTA__ScriptingResponse *response = (const CARTA__ScriptingResponse *) message;
  g_autoptr(GTask) task = NULL;

  task = g_hash_table_lookup (almu_link_get_scripts (link),
                              GINT_TO_POINTER (response->scripting_request_id));
  if (task == NULL)
    return;

  g_object_ref (task);
  forget (task);
  g_task_return_pointer (task,
                         almu_script_reply_new (response->success, response->message,
                                                response->response[0] != '\0' ? response->response : NULL),
                         (GDestroyNotify) almu_script_reply_free);
}

/**
 * almu_scripting_abandon:
 * @link: to the page
 *
 * The page has gone: nobody will answer what it was asked.
 */
void
almu_scripting_abandon (AlmuLink *link)
{
  g_autoptr(GList) tasks = g_hash_table_get_values (almu_link_get_scripts (link));

  for (GList *l = tasks; l != NULL; l = l->next)
    {
      g_autoptr(GTask) task = g_object_ref (l->data);

      forget (task);
      g_task_return_new_error (task, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                               _ ("The page was closed before it answered"));
    }
}
