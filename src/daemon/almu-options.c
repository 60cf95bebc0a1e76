/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-options.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "almu-config.h"
#include "almu-limits.h"
#include "almu-option-table.h"

/* A period nobody set: what it becomes depends on other options. */
#define UNSET G_MININT

typedef struct
{
  const AlmuOption *option;
  char             *given_as;
  char             *text;
} Assignment;

/* What the command line says, before anything is made of it: the files
 * come first, but the command line tells which of them to read.
 */
typedef struct
{
  GArray *assignments;
  GStrv   names;
} CommandLine;

static void
assignment_clear (gpointer data)
{
  Assignment *assignment = data;

  g_free (assignment->given_as);
  g_free (assignment->text);
}

static void
command_line_clear (CommandLine *self)
{
  g_clear_pointer (&self->assignments, g_array_unref);
  g_clear_pointer (&self->names, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CommandLine, command_line_clear)

static guint64
default_cache_size (void)
{
  guint64 pages = MAX (sysconf (_SC_PHYS_PAGES), 0);
  guint64 page = MAX (sysconf (_SC_PAGESIZE), 0);

  return CLAMP (pages * page / 4, G_GUINT64_CONSTANT (1) << 28, G_GUINT64_CONSTANT (1) << 36);
}

static AlmuOptions *
options_new (void)
{
  AlmuOptions *self = g_new0 (AlmuOptions, 1);

  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->files = g_ptr_array_new_with_free_func (g_free);
  self->allow_origin = g_ptr_array_new_with_free_func (g_free);
  self->top_level_folder = g_strdup ("/");
  self->host = g_strdup ("127.0.0.1");
  self->port = (AlmuPortRange){ ALMU_DEFAULT_PORT_FIRST, ALMU_DEFAULT_PORT_LAST };
  self->http_url_prefix = g_strdup ("");
  self->frontend_folder = g_build_filename (ALMU_PKGDATADIR, "frontend", NULL);
  self->state_dir = g_build_filename (g_get_user_state_dir (), "almucantar", NULL);
  self->restore = ALMU_RESTORE_ASK;
  self->session_grace = ALMU_DEFAULT_SESSION_GRACE;
  self->session_retention = ALMU_DEFAULT_SESSION_RETENTION;
  self->link_idle = ALMU_DEFAULT_LINK_IDLE;
  self->idle_timeout = -1;
  self->exit_timeout = -1;
  self->initial_timeout = -1;
  self->idle_exit = UNSET;
  self->cache_size = default_cache_size ();
  self->omp_threads = -1;
  self->event_thread_count = 2;
  self->verbosity = 4;
  self->auth_token = g_strdup (g_getenv ("CARTA_AUTH_TOKEN"));
  self->server_ip = g_strdup (g_getenv ("SERVER_IP"));

  return self;
}

/**
 * almu_options_free:
 * @self: (nullable) (transfer full): options
 *
 * Frees the options with their text, their files and their warnings.
 */
void
almu_options_free (AlmuOptions *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->allow_origin);
  g_free (self->answer);
  g_free (self->top_level_folder);
  g_free (self->starting_folder);
  g_free (self->host);
  g_free (self->http_url_prefix);
  g_free (self->frontend_folder);
  g_free (self->browser);
  g_free (self->auth_token);
  g_free (self->server_ip);
  g_free (self->state_dir);
  g_free (self);
}

static void
warn (AlmuOptions *self,
      const char  *format,
      ...) G_GNUC_PRINTF (2, 3);

static void
warn (AlmuOptions *self,
      const char  *format,
      ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

/* -- spelling ------------------------------------------------------------ */

/* `--top_level_folder=x` becomes `--top-level-folder=x`. Returns the option
 * if its value is the next argument, which is then left alone.
 */
static const AlmuOption *
add_long (GPtrArray  *spelled,
          const char *argument)
{
  const char       *name = argument + 2;
  gsize             length = strcspn (name, "=");
  const AlmuOption *option = almu_option_find (name, length);

  if (option == NULL)
    {
      g_ptr_array_add (spelled, g_strdup (argument));
      return NULL;
    }

  g_ptr_array_add (spelled, g_strconcat ("--", option->name, name + length, NULL));

  return name[length] == '\0' && almu_option_takes_value (option) ? option : NULL;
}

/* GOption wants the value of a short option apart: `-p3002` is `-p 3002`. */
static const AlmuOption *
add_short (GPtrArray  *spelled,
           const char *argument)
{
  const AlmuOption *option = almu_option_find_short (argument[1]);

  if (option == NULL || !almu_option_takes_value (option))
    {
      g_ptr_array_add (spelled, g_strdup (argument));
      return NULL;
    }

  g_ptr_array_add (spelled, g_strndup (argument, 2));
  if (argument[2] == '\0')
    return option;

  g_ptr_array_add (spelled, g_strdup (argument + (argument[2] == '=' ? 3 : 2)));

  return NULL;
}

static GStrv
spell (int    argc,
       char **argv)
{
  g_autoptr(GPtrArray) spelled = g_ptr_array_new_with_free_func (g_free);
  gboolean only_names = FALSE;

  for (int i = 0; i < argc; i++)
    {
      const AlmuOption *wants_value = NULL;

      if (i == 0 || only_names || argv[i][0] != '-' || argv[i][1] == '\0')
        g_ptr_array_add (spelled, g_strdup (argv[i]));
      else if (argv[i][1] == '-')
        wants_value = add_long (spelled, argv[i]);
      else
        wants_value = add_short (spelled, argv[i]);

      only_names = only_names || g_str_equal (argv[i], "--");
      if (wants_value != NULL && i + 1 < argc)
        g_ptr_array_add (spelled, g_strdup (argv[++i]));
    }

  g_ptr_array_add (spelled, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&spelled), FALSE);
}

/* -- the command line ---------------------------------------------------- */

static gboolean
on_option (const char *option_name,
           const char *value,
           gpointer    user_data,
           GError    **error)
{
  CommandLine *command_line = user_data;
  Assignment   assignment = { NULL };

  if (option_name[1] == '-')
    assignment.option = almu_option_find (option_name + 2, strlen (option_name + 2));
  else
    assignment.option = almu_option_find_short (option_name[1]);

  g_assert (assignment.option != NULL);

  assignment.given_as = g_strdup (option_name);
  assignment.text = g_strdup (value != NULL ? value : "true");
  g_array_append_val (command_line->assignments, assignment);

  return TRUE;
}

static GOptionContext *
context_new (CommandLine *command_line)
{
  GOptionContext    *context = g_option_context_new (_ ("[FOLDER|FILE…]"));
  GOptionGroup      *group = g_option_group_new ("almucantard", NULL, NULL, command_line, NULL);
  gsize              n_options;
  const AlmuOption  *table = almu_option_table (&n_options);
  const GOptionEntry names = { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &command_line->names, NULL, NULL };

  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);

  for (gsize i = 0; i < n_options; i++)
    {
      GOptionEntry entry[2] = { { table[i].name, table[i].short_name, 0, G_OPTION_ARG_CALLBACK,
                                  (gpointer) on_option, table[i].help, table[i].argument } };

      if (!almu_option_takes_value (&table[i]))
        entry[0].flags |= G_OPTION_FLAG_NO_ARG;
      if (table[i].kind == ALMU_OPTION_PATH)
        entry[0].flags |= G_OPTION_FLAG_FILENAME;
      if ((table[i].traits & (ALMU_OPTION_HIDDEN | ALMU_OPTION_DEPRECATED)) != 0)
        entry[0].flags |= G_OPTION_FLAG_HIDDEN;

      g_option_group_add_entries (group, entry);
    }

  g_option_group_add_entries (group, (GOptionEntry[]){ names, { NULL } });

  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, N_ ("Show astronomical images in the browser and keep every viewing session."));
  g_option_context_set_description (context,
                                    N_ ("Options may be spelled with “_” instead of “-”. A period is a number of seconds, or such as 90s, 15m, 8h, 30d.\n"
                                        "Settings are also read from almucantar/backend.json in the system's and the user's configuration folder."));

  return context;
}

static gboolean
apply (AlmuOptions *self,
       Assignment  *assignment,
       GError     **error)
{
  const AlmuOption *option = assignment->option;
  g_autofree char  *expected = NULL;

  if ((option->traits & ALMU_OPTION_DEPRECATED) != 0)
    warn (self, _ ("Option %s found in the command line is deprecated. %s"), assignment->given_as, _ (option->help));

  if (almu_option_set (option, self, assignment->text))
    {
      if ((option->traits & ALMU_OPTION_MANNER) == 0)
        self->has_settings = TRUE;
      return TRUE;
    }

  expected = almu_option_dup_expected (option);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("Option %s: “%s” is given, but %s is expected"),
               assignment->given_as, assignment->text, expected);
  return FALSE;
}

static gboolean
apply_all (AlmuOptions *self,
           CommandLine *command_line,
           GError     **error)
{
  for (guint i = 0; i < command_line->assignments->len; i++)
    if (!apply (self, &g_array_index (command_line->assignments, Assignment, i), error))
      return FALSE;

  return TRUE;
}

static gboolean
says (CommandLine *command_line,
      const char  *name)
{
  for (guint i = 0; i < command_line->assignments->len; i++)
    if (g_str_equal (g_array_index (command_line->assignments, Assignment, i).option->name, name))
      return TRUE;

  return FALSE;
}

static void
load_files (AlmuOptions *self,
            CommandLine *command_line)
{
  g_autofree char *system_path = g_build_filename (ALMU_SYSCONFDIR, "almucantar", "backend.json", NULL);
  g_autofree char *user_path = g_build_filename (g_get_user_config_dir (), "almucantar", "backend.json", NULL);

  if (!says (command_line, "no-system-config"))
    almu_config_load (system_path, self);

  if (!says (command_line, "no-user-config"))
    almu_config_load (user_path, self);
}

/* -- folders and names --------------------------------------------------- */

static gboolean
is_inside (const char *folder,
           const char *path)
{
  gsize length = strlen (folder);

  if (g_str_equal (folder, "/"))
    return TRUE;

  return strncmp (folder, path, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Without links, or NULL with errno if there is no such thing. */
static char *
resolve (const char *path)
{
  char *resolved = realpath (path, NULL);
  char *copy = g_strdup (resolved);

  free (resolved);

  return copy;
}

static char *
resolve_folder (const char *path,
                GError    **error)
{
  g_autofree char *resolved = resolve (path);
  int              code = errno;

  if (resolved != NULL && !g_file_test (resolved, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
                   _ ("%s is not a folder"), path);
      return NULL;
    }

  if (resolved == NULL || g_access (resolved, R_OK | X_OK) != 0)
    {
      code = resolved == NULL ? code : errno;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   _ ("Folder %s cannot be used: %s"), path, g_strerror (code));
      return NULL;
    }

  return g_steal_pointer (&resolved);
}

/* Nobody asked for a folder: where the caller stands, if it may be shown. */
static char *
default_starting_folder (AlmuOptions *self)
{
  g_autofree char *here = self->activated ? g_strdup (g_get_home_dir ()) : g_get_current_dir ();
  g_autofree char *resolved = resolve_folder (here, NULL);

  if (resolved != NULL && is_inside (self->top_level_folder, resolved))
    return g_steal_pointer (&resolved);

  return g_strdup (self->top_level_folder);
}

static gboolean
settle_folders (AlmuOptions *self,
                GError     **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autofree char *top = resolve_folder (self->top_level_folder, error);
  g_autofree char *starting = NULL;

  if (top == NULL)
    {
      g_prefix_error (error, _ ("Option %s: "), "top_level_folder");
      return FALSE;
    }

  g_free (self->top_level_folder);
  self->top_level_folder = g_steal_pointer (&top);

  if (self->starting_folder == NULL)
    {
      self->starting_folder = default_starting_folder (self);
      return TRUE;
    }

  starting = resolve_folder (self->starting_folder, &local_error);
  if (starting == NULL)
    {
      warn (self, _ ("Starting folder: %s; the top-level folder %s is used instead"),
            local_error->message, self->top_level_folder);
      starting = g_strdup (self->top_level_folder);
    }
  else if (!is_inside (self->top_level_folder, starting))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("Starting folder %s is not inside the top-level folder %s"),
                   starting, self->top_level_folder);
      return FALSE;
    }

  g_free (self->starting_folder);
  self->starting_folder = g_steal_pointer (&starting);

  return TRUE;
}

/* A name that cannot be shown is left out and the others are shown. */
static void
add_file (AlmuOptions *self,
          const char  *path)
{
  g_autofree char *resolved = resolve (path);
  int              code = errno;
  const char      *name;

  if (resolved == NULL || g_access (resolved, R_OK) != 0)
    {
      warn (self, _ ("%s cannot be shown: %s"), path, g_strerror (resolved == NULL ? code : errno));
      return;
    }

  if (!is_inside (self->top_level_folder, resolved))
    {
      warn (self, _ ("%s cannot be shown: it is not inside the top-level folder %s"), path, self->top_level_folder);
      return;
    }

  if (!g_utf8_validate (resolved, -1, NULL))
    {
      warn (self, _ ("%s cannot be shown: its name is not valid UTF-8"), path);
      return;
    }

  name = resolved + strlen (self->top_level_folder);
  g_ptr_array_add (self->files, g_strdup (*name == '/' ? name + 1 : name));
}

/* The page splits its parameter at commas. */
static void
drop_unspeakable (AlmuOptions *self)
{
  for (guint i = self->files->len; self->files->len > 1 && i > 0; i--)
    {
      const char *name = g_ptr_array_index (self->files, i - 1);

      if (strchr (name, ',') == NULL)
        continue;

      warn (self, _ ("%s cannot be shown together with other files: there is a comma in its name"), name);
      g_ptr_array_remove_index (self->files, i - 1);
    }
}

/* Folders are looked for first: they decide what the files are relative to.
 * Of several the last one counts.
 */
static gboolean
take_names (AlmuOptions *self,
            GStrv        names,
            GError     **error)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr(GFile) file = g_file_new_for_commandline_arg (names[i]);
      g_autofree char *path = g_file_get_path (file);

      if (path == NULL)
        warn (self, _ ("%s cannot be shown: it is not a local file"), names[i]);
      else if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          g_free (self->starting_folder);
          self->starting_folder = g_steal_pointer (&path);
          self->folder_named = TRUE;
        }
      else
        g_ptr_array_add (paths, g_steal_pointer (&path));
    }

  if (!settle_folders (self, error))
    return FALSE;

  for (guint i = 0; i < paths->len; i++)
    add_file (self, g_ptr_array_index (paths, i));

  drop_unspeakable (self);

  return TRUE;
}

/* -- what depends on several options ------------------------------------- */

static char *
normalise_prefix (const char *prefix)
{
  g_auto(GStrv) parts = g_strsplit (prefix, "/", -1);
  GString *normal = g_string_new (NULL);

  for (gsize i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_string_append_printf (normal, "/%s", parts[i]);

  return g_string_free (normal, FALSE);
}

static void
settle_prefix (AlmuOptions *self)
{
  static const char allowed[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/@_-";
  g_autofree char                                        *given = g_steal_pointer (&self->http_url_prefix);

  if (given[strspn (given, allowed)] == '\0')
    {
      self->http_url_prefix = normalise_prefix (given);
      return;
    }

  warn (self, _ ("http_url_prefix “%s” has characters other than letters, digits and +/@_-; it is ignored"), given);
  self->http_url_prefix = g_strdup ("");
}

static void
settle (AlmuOptions *self)
{
  if (self->verbosity < 0 || self->verbosity > 5)
    self->verbosity = 4;

  if (self->omp_threads == 0)
    self->omp_threads = -1;

  if (self->no_http)
    self->no_frontend = self->no_database = TRUE;

  if (self->activated)
    self->no_browser = TRUE;

  if (self->idle_exit == UNSET)
    self->idle_exit = self->activated ? ALMU_DEFAULT_IDLE_EXIT : -1;

  if (self->browser != NULL && *self->browser == '\0')
    g_clear_pointer (&self->browser, g_free);

  /* an empty token would let everybody in */
  if (self->auth_token != NULL && *self->auth_token == '\0')
    g_clear_pointer (&self->auth_token, g_free);

  settle_prefix (self);
}

/**
 * almu_options_parse:
 * @argc: how many arguments
 * @argv: (array length=argc): the arguments, the program's name first; left
 *   as they are
 * @out_options: (out): the options, to be freed with almu_options_free()
 * @error: return location for an error
 *
 * Reads the environment, the configuration files and the command line.
 * What is wrong in a file or with a name becomes a warning; what is wrong
 * with an option is an error that names it, in %G_OPTION_ERROR or
 * %G_IO_ERROR.
 *
 * Returns: %FALSE if the service cannot be started like this
 */
gboolean
almu_options_parse (int           argc,
                    char        **argv,
                    AlmuOptions **out_options,
                    GError      **error)
{
  g_auto(CommandLine) command_line = { g_array_new (FALSE, TRUE, sizeof (Assignment)), NULL };
  g_autoptr(GOptionContext) context = context_new (&command_line);
  g_autoptr(AlmuOptions) self = options_new ();
  g_auto(GStrv) spelled = spell (argc, argv);

  g_return_val_if_fail (out_options != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_array_set_clear_func (command_line.assignments, assignment_clear);

  if (!g_option_context_parse_strv (context, &spelled, error))
    return FALSE;

  if (says (&command_line, "help"))
    self->answer = g_option_context_get_help (context, TRUE, NULL);
  else if (says (&command_line, "version"))
    self->answer = g_strdup (ALMU_VERSION "\n");

  if (self->answer == NULL)
    {
      load_files (self, &command_line);

      if (!apply_all (self, &command_line, error) ||
          !take_names (self, command_line.names, error))
        return FALSE;
    }

  settle (self);
  *out_options = g_steal_pointer (&self);

  return TRUE;
}
