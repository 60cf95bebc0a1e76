/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-script.h"

#include "almu-json-text.h"

void
almu_script_free (AlmuScript *self)
{
  g_free (self->path);
  g_free (self->action);
  g_free (self->parameters);
  g_free (self->return_path);
  g_free (self);
}

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

void
almu_script_reply_free (AlmuScriptReply *self)
{
  g_free (self->message);
  g_free (self->response);
  g_free (self);
}

/* The result, or NULL if there is none: nothing is not told apart from null. */
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

/* What came of an #AlmuScriptFunc. */
AlmuScriptReply *
almu_script_finish (GAsyncResult *result,
                    GError      **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
