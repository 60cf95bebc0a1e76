/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-command.h"

#include <glib/gi18n.h>

/* -- what commands have in common ---------------------------------------- */

/**
 * almu_command_parse_id:
 * @text: an argument
 * @error: return location
 *
 * Reads the number of a session: decimal digits only, from 1 to the largest of
 * 32 bits.
 *
 * Returns: the number, or 0, which is no session, with
 *   %G_OPTION_ERROR_BAD_VALUE
 */
guint32
almu_command_parse_id (const char *text,
                       GError    **error)
{
  guint64 id;

  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &id, NULL))
    return (guint32) id;

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("“%s” is not the number of a session; “almucantar sessions” lists them"), text);

  return 0;
}

static gboolean
has_display (void)
{
  return g_getenv ("DISPLAY") != NULL || g_getenv ("WAYLAND_DISPLAY") != NULL;
}

/* The page is there, whether a browser begins or not. */
static void
show_page (const AlmuRequest *request,
           const char        *url)
{
  g_autoptr(GError) error = NULL;

  g_print ("%s\n", url);
  if (!request->no_browser && has_display () && !g_app_info_launch_default_for_uri (url, NULL, &error))
    g_printerr (_ ("No browser could be started (%s): open the address yourself\n"), error->message);
}

/* -- the commands -------------------------------------------------------- */

static int
run_open (const AlmuRequest *request,
          GError           **error)
{
  g_autoptr(GVariant) reply = NULL;
  GVariantBuilder uris;
  const char     *url;

  g_variant_builder_init (&uris, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; request->arguments[i] != NULL; i++)
    {
      g_autoptr(GFile) file = g_file_new_for_commandline_arg (request->arguments[i]);

      g_variant_builder_add_value (&uris, g_variant_new_take_string (g_file_get_uri (file)));
    }

  reply = almu_client_call (request->client, ALMU_CTL_MANAGER, "Open",
                            g_variant_new ("(asa{sv})", &uris, NULL), "(us)", error);
  if (reply == NULL)
    return ALMU_CTL_REFUSED;

  g_variant_get (reply, "(u&s)", NULL, &url);
  show_page (request, url);

  return 0;
}

static int
run_resume (const AlmuRequest *request,
            GError           **error)
{
  guint32     id = almu_command_parse_id (request->arguments[0], error);
  const char *url;
  g_autoptr(GVariant) reply = NULL;

  if (id == 0)
    return ALMU_CTL_USAGE;

  reply = almu_client_call (request->client, ALMU_CTL_MANAGER, "Resume", g_variant_new ("(u)", id), "(s)", error);
  if (reply == NULL)
    {
      g_prefix_error (error, _ ("Session %u cannot be resumed: "), id);
      return ALMU_CTL_REFUSED;
    }

  g_variant_get (reply, "(&s)", &url);
  show_page (request, url);

  return 0;
}

/* All numbers are looked at before the first session is forgotten. */
static int
run_forget (const AlmuRequest *request,
            GError           **error)
{
  for (guint i = 0; request->arguments[i] != NULL; i++)
    {
      if (almu_command_parse_id (request->arguments[i], error) == 0)
        return ALMU_CTL_USAGE;
    }

  for (guint i = 0; request->arguments[i] != NULL; i++)
    {
      guint32 id = almu_command_parse_id (request->arguments[i], NULL);
      g_autoptr(GVariant) reply = NULL;

      reply = almu_client_call (request->client, ALMU_CTL_MANAGER, "Forget", g_variant_new ("(u)", id), "()", error);
      if (reply == NULL)
        {
          g_prefix_error (error, _ ("Session %u cannot be forgotten: "), id);
          return ALMU_CTL_REFUSED;
        }
    }

  return 0;
}

/* What is wanted is that it does not run. */
static int
run_quit (const AlmuRequest *request,
          GError           **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(GVariant) reply = NULL;

  reply = almu_client_call (request->client, ALMU_CTL_MANAGER, "Quit", NULL, "()", &local_error);
  if (reply != NULL)
    return 0;

  if (almu_client_is_absence (local_error))
    {
      g_printerr (_ ("The service is not running\n"));
      return 0;
    }

  g_propagate_error (error, g_steal_pointer (&local_error));

  return ALMU_CTL_NO_SERVICE;
}

/* clang-format off */
static const AlmuCommand table[] = {
  { "open", N_ ("[FILE…]"), N_ ("Show files in a new session and print the address of its page"),
    0, -1, ALMU_COMMAND_BROWSER, TRUE, run_open },
  { "sessions", "", N_ ("List all sessions, last seen first"),
    0, 0, ALMU_COMMAND_JSON | ALMU_COMMAND_IDS, TRUE, almu_command_sessions },
  { "show", N_ ("SESSION"), N_ ("Show what is in a session; as JSON all that is needed to have it back"),
    1, 1, ALMU_COMMAND_JSON, TRUE, almu_command_show },
  { "resume", N_ ("SESSION"), N_ ("Go on with a session and print the address of its page"),
    1, 1, ALMU_COMMAND_BROWSER, TRUE, run_resume },
  { "forget", N_ ("SESSION…"), N_ ("End sessions that no page has and forget them"),
    1, -1, 0, TRUE, run_forget },
  { "status", "", N_ ("Tell whether and where the service is running, its memory and what it computes"),
    0, 0, ALMU_COMMAND_JSON, FALSE, almu_command_status },
  { "quit", "", N_ ("End the service; its sessions are kept"),
    0, 0, 0, FALSE, run_quit },
};
/* clang-format on */

/**
 * almu_command_table:
 * @n_commands: (out): how many there are
 *
 * All commands, in the order of the help text.
 *
 * Returns: (transfer none) (array length=n_commands): the table
 */
const AlmuCommand *
almu_command_table (gsize *n_commands)
{
  *n_commands = G_N_ELEMENTS (table);

  return table;
}

/**
 * almu_command_find:
 * @name: as typed; case matters, and nothing may be left out
 *
 * Finds a row of the table of commands.
 *
 * Returns: (nullable) (transfer none): the command, or %NULL if there is none of
 *   that name
 */
const AlmuCommand *
almu_command_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (g_str_equal (table[i].name, name))
        return &table[i];
    }

  return NULL;
}
