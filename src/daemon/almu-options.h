/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuRestore:
 * @ALMU_RESTORE_ASK: the page asks whether the last session shall come back
 * @ALMU_RESTORE_AUTO: it comes back unasked
 * @ALMU_RESTORE_NEVER: a page without a session begins an empty one
 *
 * What happens when a browser returns without knowing its session.
 */
typedef enum
{
  ALMU_RESTORE_ASK,
  ALMU_RESTORE_AUTO,
  ALMU_RESTORE_NEVER,
} AlmuRestore;

/**
 * AlmuPortRange:
 * @first: the port tried first; 0 lets the kernel choose
 * @last: the port tried last, the same as @first for exactly one
 */
typedef struct
{
  guint16 first;
  guint16 last;
} AlmuPortRange;

/**
 * AlmuOptions:
 *
 * Everything the service was told at its start: defaults, then
 * `/etc/almucantar/backend.json`, then the user's `backend.json`, then the
 * command line. A plain value, complete and checked, that nobody changes
 * any more. Periods are seconds, -1 stands for never.
 */
typedef struct
{
  /*< how this start was asked for >*/

  /* Text to print instead of starting (--help, --version), or NULL. */
  char *answer;
  /* What was wrong but not fatal, for the log once it is set up. */
  GPtrArray *warnings;
  /* The command line asks for more than to show names: such a start is not
   * handed to a service that runs already. */
  gboolean has_settings;
  /* Started by D-Bus or systemd, not by a person. */
  gboolean activated;
  gboolean show_help;
  gboolean show_version;

  /*< images >*/

  /* Nothing outside is ever named, listed, opened or written; absolute,
   * without links. */
  char *top_level_folder;
  /* Where the page's file browser opens; absolute, inside the above. */
  char *starting_folder;
  /* It stood on the command line, without an option. */
  gboolean folder_named;
  /* What the page shall show at once, relative to the top-level folder. */
  GPtrArray *files;
  gboolean   read_only_mode;

  /*< the listener and the page >*/

  char *host;
  /* 3002 to 3102 unless port_given. */
  AlmuPortRange port;
  gboolean      port_given;
  /* Normalised: empty, or "/" and no slash at the end. */
  char    *http_url_prefix;
  char    *frontend_folder;
  gboolean no_frontend;
  gboolean no_database;
  gboolean no_http;
  gboolean no_runtime_config;
  gboolean no_browser;
  /* Command with CARTA_URL in it, or NULL for the desktop's browser. */
  char    *browser;
  gboolean enable_scripting;
  gboolean debug_no_auth;
  gboolean controller_deployment;
  /* Web origins beside our own whose pages may talk to us. */
  GPtrArray *allow_origin;
  /* From CARTA_AUTH_TOKEN and SERVER_IP, or NULL. */
  char *auth_token;
  char *server_ip;

  /*< sessions >*/

  char       *state_dir;
  AlmuRestore restore;
  int         session_grace;
  int         session_retention;
  int         link_idle;
  int         idle_timeout;

  /*< the process >*/

  int     exit_timeout;
  int     initial_timeout;
  int     idle_exit;
  guint64 cache_size;
  int     omp_threads;
  int     event_thread_count;

  /*< the log >*/

  /* 0 off, 1 critical, 2 error, 3 warning, 4 info, 5 debug. */
  int      verbosity;
  gboolean no_log;
  gboolean log_performance;
  gboolean log_protocol_messages;

  gboolean no_user_config;
  gboolean no_system_config;
} AlmuOptions;

#define ALMU_DEFAULT_PORT_FIRST 3002
#define ALMU_DEFAULT_PORT_LAST 3102
#define ALMU_DEFAULT_SESSION_GRACE (8 * 60 * 60)
#define ALMU_DEFAULT_SESSION_RETENTION (30 * 24 * 60 * 60)
#define ALMU_DEFAULT_IDLE_EXIT (10 * 60)

gboolean almu_options_parse (int           argc,
                             char        **argv,
                             AlmuOptions **out_options,
                             GError      **error);
void     almu_options_free (AlmuOptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuOptions, almu_options_free)

G_END_DECLS
