/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-peer.h"
#include "almu-script.h"
#include "almu-settings.h"

G_BEGIN_DECLS

/**
 * AlmuServerFlags:
 * @ALMU_SERVER_NO_FRONTEND: do not serve the page
 * @ALMU_SERVER_NO_DATABASE: do not serve its settings
 * @ALMU_SERVER_NO_RUNTIME_CONFIG: do not tell the page where they are
 */
typedef enum /*< flags >*/
{
  ALMU_SERVER_NONE = 0,
  ALMU_SERVER_NO_FRONTEND = 1 << 0,
  ALMU_SERVER_NO_DATABASE = 1 << 1,
  ALMU_SERVER_NO_RUNTIME_CONFIG = 1 << 2,
} AlmuServerFlags;

/**
 * AlmuPageRequest:
 * @method: of HTTP
 * @path: below the path the page was added with, as it came
 * @query: (nullable): as it came
 * @body: (nullable): what came with it
 */
typedef struct
{
  const char *method;
  const char *path;
  const char *query;
  GBytes     *body;
} AlmuPageRequest;

/**
 * AlmuPageFunc:
 * @request: what is asked for; token, host and origin are right
 * @out_type: (out): the media type of the answer
 * @out_body: (out) (transfer full): the answer
 * @user_data: what was given with the function
 *
 * Returns: the status of HTTP; one of 3xx has the address in @out_body
 */
typedef guint (*AlmuPageFunc) (const AlmuPageRequest *request,
                               const char           **out_type,
                               GBytes               **out_body,
                               gpointer               user_data);

#define ALMU_TYPE_SERVER (almu_server_get_type ())
G_DECLARE_FINAL_TYPE (AlmuServer, almu_server, ALMU, SERVER, GObject)

gboolean almu_server_listen (AlmuServer *self,
                             guint       first_port,
                             guint       last_port,
                             GError    **error);
gboolean almu_server_listen_fd (AlmuServer *self,
                                int         fd,
                                GError    **error);
guint    almu_server_get_port (AlmuServer *self);
char    *almu_server_dup_address (AlmuServer *self);
guint    almu_server_get_n_connections (AlmuServer *self);
guint    almu_server_get_n_links (AlmuServer *self);
gsize    almu_server_get_n_body_bytes (AlmuServer *self);
void     almu_server_set_script_func (AlmuServer    *self,
                                      AlmuScriptFunc func,
                                      gpointer       user_data,
                                      GDestroyNotify destroy);
void     almu_server_add_page (AlmuServer    *self,
                               const char    *path,
                               AlmuPageFunc   func,
                               gpointer       user_data,
                               GDestroyNotify destroy);
void     almu_server_stop (AlmuServer *self);

G_END_DECLS
