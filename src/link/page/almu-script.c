/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-script.h"

#include "almu-json-text.h"

/**
 * almu_script_free:
 * @self: (transfer full): a script
 *
 * Frees a script whose texts were allocated; not one that lies on the stack.
 */
void
almu_script_free (AlmuScript *self)
{
  g_free (self->path);
  g_free (self->action);
  g_free (self->parameters);
  g_free (self->return_path);
  g_free (self);
}

/**
 * almu_script_reply_new:
 * @success: whether the page did it
 * @message: (nullable): why not; copied
 * @response: (nullable): the result, as JSON text; copied
 *
 * Keeps what a page said as it is: nothing of it has been checked.
 *
 * Returns: (transfer full): a reply
 */
AlmuScriptReply *
almu_script_reply_new (gboolean    success,
                       const char *message,
                       const char *response)
{
  AlmuScriptReply *self = g_new0 (AlmuScriptReply, 1);

  self->success = success;
  self->message = g_strdup (message);
  self->response = g_strdup (response);

  return self;
}

/**
 * almu_script_reply_free:
 * @self: (transfer full): a reply
 *
 * Frees a reply and its texts.
 */
void
almu_script_reply_free (AlmuScriptReply *self)
{
  g_free (self->message);
  g_free (self->response);
  g_free (self);
}

/**
 * almu_script_reply_dup_value:
 * @self: what a page answered
 *
 * Reads the result, which goes through almu_json_text_clean() first. What is
 * not JSON counts as none, and nothing is not told apart from null.
 *
 * Returns: (nullable) (transfer full): the result; %NULL if the page failed or
 *   gave none
 */
JsonNode *
almu_script_reply_dup_value (const AlmuScriptReply *self)
{
  g_autofree char *clean = NULL;
  g_autoptr(JsonNode) value = NULL;

  if (self->success && self->response != NULL)
    clean = almu_json_text_clean (self->response, -1, NULL);
  if (clean != NULL)
    value = json_from_string (clean, NULL);

  return value != NULL && !JSON_NODE_HOLDS_NULL (value) ? g_steal_pointer (&value) : NULL;
}

/**
 * almu_script_finish:
 * @result: what the callback of an #AlmuScriptFunc got
 * @error: return location
 *
 * A page that could not do it is no error: see #AlmuScriptReply.success. That
 * it has gone is %ALMU_ERROR_NOT_FOUND, that nobody waited
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): what came of it
 */
AlmuScriptReply *
almu_script_finish (GAsyncResult *result,
                    GError      **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
