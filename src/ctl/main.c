/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "almu-command.h"
#include "almu-table.h"

static void
add_common (GOptionContext *context,
            AlmuRequest    *request)
{
  const GOptionEntry entries[] = {
    { "no-start", 0, 0, G_OPTION_ARG_NONE, &request->no_start, N_ ("Do not start the service if it is not running"), NULL },
    { NULL }
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

/* A text, and what it leaves of its column. */
static void
add_padded (GString    *text,
            const char *part,
            guint       width)
{
  guint taken = almu_table_measure (part);

  g_string_append_printf (text, "%s%*s", part, taken < width ? (int) (width - taken) : 0, "");
}

static char *
describe_commands (void)
{
  GString           *text = g_string_new (_ ("Commands:\n"));
  gsize              n_commands;
  const AlmuCommand *commands = almu_command_table (&n_commands);

  for (gsize i = 0; i < n_commands; i++)
    {
      g_string_append (text, "  ");
      add_padded (text, commands[i].name, 10);
      add_padded (text, *commands[i].arguments != '\0' ? _ (commands[i].arguments) : "", 12);
      g_string_append_printf (text, "%s\n", _ (commands[i].help));
    }
  g_string_append (text, _ ("\n“almucantar COMMAND --help” tells the options of a command.\n"
                            "\nExit status: 0 done, 1 wrong use, 2 no bus or no service, 3 refused by the service.\n"));

  return g_string_free (text, FALSE);
}

/* What comes before the command; @arguments begins with it after. */
static gboolean
parse_common (AlmuRequest *request,
              char      ***arguments,
              gboolean    *show_version,
              GError     **error)
{
  g_autoptr(GOptionContext) context = g_option_context_new (_ ("COMMAND [ARGUMENT…]"));
  g_autofree char   *commands = describe_commands ();
  const GOptionEntry entries[] = {
    { "version", 'v', 0, G_OPTION_ARG_NONE, show_version, N_ ("Show the version and exit"), NULL },
    { NULL }
  };

  g_option_context_set_summary (context, _ ("Look at astronomical images, and come back to every session."));
  g_option_context_set_description (context, commands);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  add_common (context, request);

  return g_option_context_parse_strv (context, arguments, error);
}

static gboolean
check_count (const AlmuCommand *command,
             guint              n_arguments,
             GError           **error)
{
  if (n_arguments < (guint) command->min_arguments)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("Command %s: %s is missing"), command->name, _ (command->arguments));
      return FALSE;
    }

  if (command->max_arguments >= 0 && n_arguments > (guint) command->max_arguments)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   command->max_arguments == 0 ? _ ("Command %s: no argument is expected")
                                               : _ ("Command %s: only one argument is expected"),
                   command->name);
      return FALSE;
    }

  return TRUE;
}

/* @arguments begins with the name of the command. */
static gboolean
parse_command (AlmuRequest *request,
               char      ***arguments,
               GError     **error)
{
  const AlmuCommand *command = request->command;
  g_autofree char   *title = g_strconcat (command->name, *command->arguments != '\0' ? " " : NULL, _ (command->arguments), NULL);
  g_autoptr(GOptionContext) context = g_option_context_new (title);
  const struct
  {
    AlmuCommandOptions option;
    GOptionEntry       entries[2];
  } options[] = {
    { ALMU_COMMAND_BROWSER,
      { { "no-browser", 0, 0, G_OPTION_ARG_NONE, &request->no_browser, N_ ("Only print the address"), NULL } } },
    { ALMU_COMMAND_JSON,
      { { "json", 0, 0, G_OPTION_ARG_NONE, &request->as_json, N_ ("Write JSON"), NULL } } },
    { ALMU_COMMAND_IDS,
      { { "ids", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &request->only_ids, N_ ("Write numbers and titles, for a shell"), NULL } } },
  };

  g_option_context_set_summary (context, _ (command->help));
  add_common (context, request);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if ((command->options & options[i].option) != 0)
        g_option_context_add_main_entries (context, options[i].entries, GETTEXT_PACKAGE);
    }

  if (!g_option_context_parse_strv (context, arguments, error))
    {
      g_prefix_error (error, _ ("Command %s: "), command->name);
      return FALSE;
    }

  request->arguments = *arguments + 1;
  if (request->arguments[0] != NULL && g_str_equal (request->arguments[0], "--"))
    request->arguments++;

  return check_count (command, g_strv_length (request->arguments), error);
}

static int
fail (GError *error,
      int     status)
{
  g_printerr ("almucantar: %s\n", error->message);

  return status;
}

static int
run (AlmuRequest *request)
{
  g_autoptr(AlmuClient) client = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  client = almu_client_new (request->command->may_start && !request->no_start, &error);
  if (client == NULL)
    return fail (error, ALMU_CTL_NO_SERVICE);

  request->client = client;
  status = request->command->run (request, &error);
  if (error == NULL)
    return status;
  if (error->domain == G_OPTION_ERROR)
    return fail (error, ALMU_CTL_USAGE);

  if (almu_client_is_absence (error))
    {
      g_printerr ("almucantar: %s\n",
                  request->no_start || !request->command->may_start
                    ? _ ("The service is not running")
                    : _ ("The service is not running, and the bus does not know how to start it"));
      return ALMU_CTL_NO_SERVICE;
    }

  return fail (error, almu_client_get_status (error));
}

int
main (int   argc,
      char *argv[])
{
  g_auto(GStrv) arguments = g_strdupv (argv);
  g_autoptr(GError) error = NULL;
  AlmuRequest request = { NULL };
  gboolean    show_version = FALSE;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, ALMU_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (!parse_common (&request, &arguments, &show_version, &error))
    return fail (error, ALMU_CTL_USAGE);

  if (show_version)
    {
      g_print ("%s\n", ALMU_VERSION);
      return 0;
    }

  if (arguments[1] == NULL)
    {
      g_printerr ("almucantar: %s\n", _ ("a command is expected; “almucantar --help” lists them"));
      return ALMU_CTL_USAGE;
    }

  request.command = almu_command_find (arguments[1]);
  if (request.command == NULL)
    {
      g_printerr (_ ("almucantar: there is no command “%s”; “almucantar --help” lists those there are\n"), arguments[1]);
      return ALMU_CTL_USAGE;
    }

  g_free (arguments[0]);
  memmove (arguments, arguments + 1, g_strv_length (arguments + 1) * sizeof *arguments + sizeof *arguments);
  if (!parse_command (&request, &arguments, &error))
    return fail (error, ALMU_CTL_USAGE);

  return run (&request);
}
