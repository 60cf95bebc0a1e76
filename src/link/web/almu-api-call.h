/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "almu-script.h"
#include "almu-settings.h"

G_BEGIN_DECLS

/**
 * AlmuApiOp:
 *
 * What a request of the page's database comes to.
 */
typedef enum
{
  ALMU_API_GET_PREFERENCES,
  ALMU_API_MERGE_PREFERENCES,
  ALMU_API_DELETE_PREFERENCES,
  ALMU_API_LIST,
  ALMU_API_GET_ALL,
  ALMU_API_GET,
  ALMU_API_PUT,
  ALMU_API_REMOVE,
} AlmuApiOp;

/**
 * AlmuApiCall:
 * @op: what to do
 * @kind: with what
 * @name: (nullable): and which
 * @body: (nullable): what came with the request
 *
 * A request, apart from HTTP: it may go to another thread.
 */
typedef struct
{
  AlmuApiOp        op;
  AlmuSettingsKind kind;
  char            *name;
  GBytes          *body;
} AlmuApiCall;

guint       almu_api_call_parse (AlmuApiCall *call,
                                 const char  *method,
                                 const char  *path,
                                 const char **out_allow);
gboolean    almu_api_call_writes (const AlmuApiCall *call);
char       *almu_api_call_run (const AlmuApiCall *call,
                               AlmuSettings      *settings,
                               guint             *out_status,
                               GError           **error);
void        almu_api_call_clear (AlmuApiCall *call);
AlmuScript *almu_api_parse_script (GBytes  *body,
                                   guint32 *out_session_id,
                                   GError **error);
char       *almu_api_print_reply (const AlmuScriptReply *reply,
                                  GError               **error);

G_END_DECLS
