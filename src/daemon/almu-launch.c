/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-launch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Steps of a start and an end that look at the options and the machine. */

/* What systemd hands over begins here (sd_listen_fds). */
#define FIRST_HANDED_FD 3

/* How long pages may take to say good-bye, of the 2 s that an end may. */
#define GOOD_BYE_MSEC 1000

static AlmuServerFlags
get_flags (const AlmuOptions *options)
{
  AlmuServerFlags flags = ALMU_SERVER_NONE;

  if (options->no_frontend || options->no_http)
    flags |= ALMU_SERVER_NO_FRONTEND;
  if (options->no_database || options->no_http)
    flags |= ALMU_SERVER_NO_DATABASE;
  if (options->no_runtime_config)
    flags |= ALMU_SERVER_NO_RUNTIME_CONFIG;

  return flags;
}

/**
 * almu_launch_server:
 * @options: what the service was told
 * @token: (nullable): what a page must know; %NULL to let everybody in
 * @settings: where the page's preferences are kept
 *
 * Makes a server out of the options. Behind a controller it answers requests for
 * any host, since that forwards names that only it knows.
 *
 * Returns: (transfer full): a server that does not listen yet
 */
AlmuServer *
almu_launch_server (const AlmuOptions *options,
                    const char        *token,
                    AlmuSettings      *settings)
{
  g_auto(GStrv) origins = g_new0 (char *, options->allow_origin->len + 1);
  /* carta-controller forwards for names that only it knows */
  const char *const any_host[] = { "*", NULL };

  for (guint i = 0; i < options->allow_origin->len; i++)
    origins[i] = g_strdup (options->allow_origin->pdata[i]);

  return g_object_new (ALMU_TYPE_SERVER,
                       "host", options->host,
                       "prefix", options->http_url_prefix,
                       "site-folder", options->frontend_folder,
                       "token", token,
                       "settings", settings,
                       "read-only", options->read_only_mode,
                       "flags", get_flags (options),
                       "allowed-hosts", options->controller_deployment ? any_host : NULL,
                       "allowed-origins", origins,
                       NULL);
}

static int
get_handed_fd (void)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *n = g_getenv ("LISTEN_FDS");

  if (pid == NULL || n == NULL || atoi (pid) != getpid () || atoi (n) < 1)
    return -1;

  return FIRST_HANDED_FD;
}

/**
 * almu_launch_listen:
 * @server: a server that does not listen yet
 * @options: what the service was told
 * @last_port: the port of the last time, or 0: pages that were open then
 *   come back to it
 * @error: return location
 *
 * Listens where systemd, the options or the last time say.
 *
 * Returns: whether it listens now
 */
gboolean
almu_launch_listen (AlmuServer        *server,
                    const AlmuOptions *options,
                    guint16            last_port,
                    GError           **error)
{
  int fd = get_handed_fd ();

  if (fd >= 0)
    return almu_server_listen_fd (server, fd, error);

  if (!options->port_given && last_port != 0 &&
      almu_server_listen (server, last_port, last_port, NULL))
    return TRUE;

  return almu_server_listen (server, options->port.first, options->port.last, error);
}

static gboolean
run_command (const char *command,
             const char *url,
             GError    **error)
{
  g_auto(GStrv) argv = NULL;

  if (!g_shell_parse_argv (command, NULL, &argv, error))
    return FALSE;

  for (guint i = 0; argv[i] != NULL; i++)
    {
      g_autoptr(GString) word = g_string_new (argv[i]);

      g_string_replace (word, "CARTA_URL", url, 0);
      g_free (argv[i]);
      argv[i] = g_strdup (word->str);
    }

  return g_spawn_async (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, error);
}

/**
 * almu_launch_browser:
 * @options: what the service was told
 * @url: the address of the page
 *
 * Shows the page, where a person sits who asked for the service.
 */
void
almu_launch_browser (const AlmuOptions *options,
                     const char        *url)
{
  g_autoptr(GError) error = NULL;
  gboolean has_display = g_getenv ("DISPLAY") != NULL || g_getenv ("WAYLAND_DISPLAY") != NULL;

  if (options->no_browser || options->activated || options->no_frontend)
    return;

  if (options->browser != NULL)
    run_command (options->browser, url, &error);
  else if (has_display)
    g_app_info_launch_default_for_uri (url, NULL, &error);

  if (error != NULL)
    g_message ("No browser could be started (%s): open the address yourself", error->message);
}

/**
 * almu_launch_announce:
 * @options: what the service was told
 * @server: one that listens
 * @address: where its page is
 *
 * Says where the page is, in the words that programs look for which start a
 * backend, and shows it.
 */
void
almu_launch_announce (const AlmuOptions *options,
                      AlmuServer        *server,
                      AlmuPageAddress   *address)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new ();
  g_autofree char *url = NULL;

  for (guint i = 0; i < options->files->len; i++)
    g_ptr_array_add (files, options->files->pdata[i]);
  g_ptr_array_add (files, NULL);

  url = almu_page_address_make (address, 0, NULL, (const char *const *) files->pdata);
  g_message ("Listening on port %u with top level folder %s, starting folder %s",
             almu_server_get_port (server), options->top_level_folder, options->starting_folder);
  /* who asked for the service reads the address; a journal is for others too */
  g_message ("CARTA is accessible at %s", options->activated ? almu_page_address_get_base (address) : url);
  almu_launch_browser (options, url);
}

static gboolean
on_time_over (gpointer user_data)
{
  gboolean *is_over = user_data;

  *is_over = TRUE;

  return G_SOURCE_REMOVE;
}

/**
 * almu_launch_say_good_bye:
 * @switchboard: the links
 *
 * Closes all links and waits until the pages have taken note, or a second.
 */
void
almu_launch_say_good_bye (AlmuSwitchboard *switchboard)
{
  gboolean is_over = FALSE;
  guint    source = g_timeout_add (GOOD_BYE_MSEC, on_time_over, &is_over);

  almu_switchboard_close_all (switchboard);
  while (!is_over && almu_switchboard_get_n_links (switchboard) > 0)
    g_main_context_iteration (NULL, TRUE);

  if (!is_over)
    g_source_remove (source);
}
