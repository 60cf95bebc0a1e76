/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * AlmuScript: (foreign)
 * @path: below the page's store, such as `frames[0]`
 * @action: name of a function there
 * @parameters: what to call it with, as JSON text
 * @async: whether the page answers before it is done
 * @return_path: (nullable): what of the result to return
 *
 * What a page is asked to do.
 */
typedef struct
{
  char    *path;
  char    *action;
  char    *parameters;
  gboolean async;
  char    *return_path;
} AlmuScript;

/**
 * AlmuScriptReply: (foreign)
 * @success: whether the page did it
 * @message: (nullable): why not
 * @response: (nullable): the result, as JSON text
 */
typedef struct
{
  gboolean success;
  char    *message;
  char    *response;
} AlmuScriptReply;

/**
 * AlmuScriptFunc:
 * @session_id: whose page
 * @script: (transfer none): what to ask for
 * @cancellable: cancelled when nobody waits for the answer any more
 * @callback: to be called with the answer
 * @callback_data: for @callback
 * @user_data: what was given with the function
 *
 * Asks a page. The result is a #GTask that returns an #AlmuScriptReply, or
 * an error: %ALMU_ERROR_NOT_FOUND when there is no such session, or none any
 * more.
 */
typedef void (*AlmuScriptFunc) (guint32             session_id,
                                const AlmuScript   *script,
                                GCancellable       *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer            callback_data,
                                gpointer            user_data);

void             almu_script_free (AlmuScript *self);
AlmuScriptReply *almu_script_reply_new (gboolean    success,
                                        const char *message,
                                        const char *response);
void             almu_script_reply_free (AlmuScriptReply *self);
JsonNode        *almu_script_reply_dup_value (const AlmuScriptReply *self);
AlmuScriptReply *almu_script_finish (GAsyncResult *result,
                                     GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuScript, almu_script_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuScriptReply, almu_script_reply_free)

G_END_DECLS
