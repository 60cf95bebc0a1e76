/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-option-table.h"

#include <glib/gi18n.h>
#include <string.h>

#define WHERE(member) G_STRUCT_OFFSET (AlmuOptions, member)
#define AT(type, self, options) ((type *) G_STRUCT_MEMBER_P (options, (self)->offset))

#define SECONDS 0, G_MAXINT

static const char *const levels[] = { "off", "critical", "error", "warning", "info", "debug", NULL };
static const char *const restores[] = { "ask", "auto", "never", NULL };

/* clang-format off */
static const AlmuOption table[] = {
  { "help", 'h', ALMU_OPTION_FLAG, ALMU_OPTION_COMMAND_LINE | ALMU_OPTION_MANNER, WHERE (show_help),
    .help = N_ ("Show this help and exit") },
  { "version", 'v', ALMU_OPTION_FLAG, ALMU_OPTION_COMMAND_LINE | ALMU_OPTION_MANNER, WHERE (show_version),
    .help = N_ ("Show the version and exit") },

  { "top-level-folder", 0, ALMU_OPTION_PATH, 0, WHERE (top_level_folder),
    .argument = N_ ("FOLDER"), .help = N_ ("Nothing outside of this folder is shown (default: /)") },
  { "starting-folder", 0, ALMU_OPTION_PATH, 0, WHERE (starting_folder),
    .argument = N_ ("FOLDER"), .help = N_ ("Where the file browser opens (default: the current folder)") },
  { "read-only-mode", 0, ALMU_OPTION_FLAG, 0, WHERE (read_only_mode),
    .help = N_ ("Refuse everything that writes a file") },

  { "host", 0, ALMU_OPTION_TEXT, 0, WHERE (host),
    .argument = N_ ("ADDRESS"), .help = N_ ("Address to listen on (default: 127.0.0.1)") },
  { "port", 'p', ALMU_OPTION_PORT, 0, WHERE (port),
    .argument = N_ ("N[,M]"), .help = N_ ("Port, or first and last port to try (default: 3002,3102)") },
  { "http-url-prefix", 0, ALMU_OPTION_TEXT, 0, WHERE (http_url_prefix),
    .argument = N_ ("PREFIX"), .help = N_ ("What every path of the address begins with") },
  { "allow-origin", 0, ALMU_OPTION_LIST, 0, WHERE (allow_origin),
    .argument = N_ ("ORIGIN"), .help = N_ ("Let pages of this web origin talk to the service; may be repeated") },
  { "frontend-folder", 0, ALMU_OPTION_PATH, 0, WHERE (frontend_folder),
    .argument = N_ ("FOLDER"), .help = N_ ("Where the files of the page are") },
  { "no-frontend", 0, ALMU_OPTION_FLAG, 0, WHERE (no_frontend),
    .help = N_ ("Do not serve the page") },
  { "no-database", 0, ALMU_OPTION_FLAG, 0, WHERE (no_database),
    .help = N_ ("Do not keep preferences, layouts, snippets and workspaces for the page") },
  { "no-runtime-config", 0, ALMU_OPTION_FLAG, 0, WHERE (no_runtime_config),
    .help = N_ ("Do not tell the page where the database is") },
  { "no-browser", 0, ALMU_OPTION_FLAG, ALMU_OPTION_MANNER, WHERE (no_browser),
    .help = N_ ("Do not open a browser") },
  { "browser", 0, ALMU_OPTION_TEXT, ALMU_OPTION_MANNER, WHERE (browser),
    .argument = N_ ("COMMAND"), .help = N_ ("Open the page with this command; CARTA_URL in it becomes the address") },
  { "enable-scripting", 0, ALMU_OPTION_FLAG, 0, WHERE (enable_scripting),
    .help = N_ ("Let scripts control the page") },

  { "state-dir", 0, ALMU_OPTION_PATH, ALMU_OPTION_MANNER, WHERE (state_dir),
    .argument = N_ ("FOLDER"), .help = N_ ("Where sessions, token and address are kept") },
  { "restore", 0, ALMU_OPTION_CHOICE, 0, WHERE (restore), .choices = restores,
    .argument = "ask|auto|never", .help = N_ ("Whether a page that comes back gets its last session (default: ask)") },
  { "session-grace", 0, ALMU_OPTION_PERIOD, 0, WHERE (session_grace), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("How long a session without its page stays in memory (default: 8h)") },
  { "session-retention", 0, ALMU_OPTION_PERIOD, 0, WHERE (session_retention), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("How long a session is kept on disk (default: 30d)") },
  { "link-idle", 0, ALMU_OPTION_PERIOD, 0, WHERE (link_idle), 2, G_MAXINT,
    .argument = N_ ("PERIOD"), .help = N_ ("After how long without a sign of life a page counts as lost (default: 15s)") },
  { "idle-timeout", 0, ALMU_OPTION_PERIOD, 0, WHERE (idle_timeout), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("After how long an unused page is disconnected (default: -1, never)") },

  { "exit-timeout", 0, ALMU_OPTION_PERIOD, 0, WHERE (exit_timeout), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("How long to stay after the last page left (default: -1, for ever)") },
  { "initial-timeout", 0, ALMU_OPTION_PERIOD, 0, WHERE (initial_timeout), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("How long to wait for a first page (default: -1, for ever)") },
  { "idle-exit", 0, ALMU_OPTION_PERIOD, 0, WHERE (idle_exit), SECONDS,
    .argument = N_ ("PERIOD"), .help = N_ ("How long to stay without a page or a call (default: -1, for ever; 10m when started by the desktop)") },
  { "cache-size", 0, ALMU_OPTION_SIZE, 0, WHERE (cache_size), 1 << 20, G_MAXINT64,
    .argument = N_ ("SIZE"), .help = N_ ("Memory for decoded images, such as 2G (default: a quarter of the memory)") },
  { "omp-threads", 't', ALMU_OPTION_NUMBER, 0, WHERE (omp_threads), -1, 4096,
    .argument = N_ ("N"), .help = N_ ("Threads for computing (default: -1, one per processor)") },
  { "event-thread-count", 0, ALMU_OPTION_NUMBER, ALMU_OPTION_HIDDEN, WHERE (event_thread_count), 1, 4096,
    .argument = N_ ("N"), .help = N_ ("Understood for compatibility") },

  { "verbosity", 0, ALMU_OPTION_NUMBER, 0, WHERE (verbosity), G_MININT, G_MAXINT,
    .argument = N_ ("N"), .help = N_ ("What is logged: 0 nothing to 5 everything (default: 4)") },
  { "log-level", 0, ALMU_OPTION_CHOICE, 0, WHERE (verbosity), .choices = levels,
    .argument = N_ ("LEVEL"), .help = N_ ("The same as a word: off, critical, error, warning, info or debug") },
  { "no-log", 0, ALMU_OPTION_FLAG, 0, WHERE (no_log),
    .help = N_ ("Do not write a log file") },
  { "log-performance", 0, ALMU_OPTION_FLAG, 0, WHERE (log_performance),
    .help = N_ ("Log how long things take") },
  { "log-protocol-messages", 0, ALMU_OPTION_FLAG, 0, WHERE (log_protocol_messages),
    .help = N_ ("Log the name of every message") },

  { "no-user-config", 0, ALMU_OPTION_FLAG, ALMU_OPTION_COMMAND_LINE, WHERE (no_user_config),
    .help = N_ ("Do not read the user's configuration file") },
  { "no-system-config", 0, ALMU_OPTION_FLAG, ALMU_OPTION_COMMAND_LINE, WHERE (no_system_config),
    .help = N_ ("Do not read the system's configuration file") },

  { "debug-no-auth", 0, ALMU_OPTION_FLAG, ALMU_OPTION_HIDDEN, WHERE (debug_no_auth),
    .help = N_ ("Accept every token") },
  { "controller-deployment", 0, ALMU_OPTION_FLAG, ALMU_OPTION_HIDDEN, WHERE (controller_deployment),
    .help = N_ ("Started by a controller") },
  { "gapplication-service", 0, ALMU_OPTION_FLAG, ALMU_OPTION_HIDDEN | ALMU_OPTION_COMMAND_LINE | ALMU_OPTION_MANNER, WHERE (activated),
    .help = N_ ("Started by the desktop: no browser, exit when idle") },

  { "root", 0, ALMU_OPTION_PATH, ALMU_OPTION_DEPRECATED, WHERE (top_level_folder),
    .argument = N_ ("FOLDER"), .help = N_ ("Use --top_level_folder instead") },
  { "base", 0, ALMU_OPTION_PATH, ALMU_OPTION_DEPRECATED, WHERE (starting_folder),
    .argument = N_ ("FOLDER"), .help = N_ ("Name the folder without an option instead") },
  { "no-http", 0, ALMU_OPTION_FLAG, ALMU_OPTION_DEPRECATED, WHERE (no_http),
    .help = N_ ("Use --no_frontend and --no_database instead") },
  { "threads", 0, ALMU_OPTION_NOTHING, ALMU_OPTION_DEPRECATED, 0,
    .argument = N_ ("N"), .help = N_ ("It has no effect") },
};
/* clang-format on */

/**
 * almu_option_table:
 * @n_options: (out): how many there are
 *
 * All options there are, those that the help text leaves out as well.
 *
 * Returns: (transfer none) (array length=n_options): the table
 */
const AlmuOption *
almu_option_table (gsize *n_options)
{
  *n_options = G_N_ELEMENTS (table);

  return table;
}

static gboolean
same_name (const char *name,
           const char *spelled,
           gsize       length)
{
  if (strlen (name) != length)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    if (name[i] != (spelled[i] == '_' ? '-' : spelled[i]))
      return FALSE;

  return TRUE;
}

/**
 * almu_option_find:
 * @name: a name without the leading dashes; need not end after @length bytes
 * @length: of @name in bytes
 *
 * Finds an option by its long name, in which `_` is as good as `-`.
 *
 * Returns: (nullable) (transfer none): the option, or %NULL
 */
const AlmuOption *
almu_option_find (const char *name,
                  gsize       length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (same_name (table[i].name, name, length))
      return &table[i];

  return NULL;
}

/**
 * almu_option_find_short:
 * @name: the letter after a single dash
 *
 * Few options have one.
 *
 * Returns: (nullable) (transfer none): the option with that letter, or %NULL; 0
 *   finds none
 */
const AlmuOption *
almu_option_find_short (char name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].short_name != 0 && table[i].short_name == name)
      return &table[i];

  return NULL;
}

/**
 * almu_option_takes_value:
 * @self: an option
 *
 * Options that have no effect any more take theirs, which is passed over.
 *
 * Returns: whether it is followed by a value: all are but flags
 */
gboolean
almu_option_takes_value (const AlmuOption *self)
{
  return self->kind != ALMU_OPTION_FLAG;
}

static gboolean
parse_flag (const char *text,
            gboolean   *out_value)
{
  if (!g_str_equal (text, "true") && !g_str_equal (text, "false"))
    return FALSE;

  *out_value = text[0] == 't';
  return TRUE;
}

static gboolean
parse_number (const char *text,
              gint64      min,
              gint64      max,
              int        *out_value)
{
  gint64 value;

  if (!g_ascii_string_to_signed (text, 10, min, max, &value, NULL))
    return FALSE;

  *out_value = (int) value;
  return TRUE;
}

/* A whole number and at most one unit out of @units, whose factors are
 * @factors; nothing overflows.
 */
static gboolean
parse_with_unit (const char    *text,
                 const char    *units,
                 const guint64 *factors,
                 guint64        max,
                 guint64       *out_value)
{
  gsize            n_digits = strspn (text, "0123456789");
  g_autofree char *digits = g_strndup (text, n_digits);
  const char      *unit = text + n_digits;
  guint64          factor = 1;
  guint64          value;

  if (*unit != '\0')
    {
      const char *found = strchr (units, g_ascii_tolower (*unit));

      if (found == NULL || unit[1] != '\0')
        return FALSE;

      factor = factors[found - units];
    }

  if (!g_ascii_string_to_unsigned (digits, 10, 0, max / factor, &value, NULL))
    return FALSE;

  *out_value = value * factor;
  return TRUE;
}

static gboolean
parse_period (const AlmuOption *self,
              const char       *text,
              int              *out_seconds)
{
  static const guint64 factors[] = { 1, 60, 60 * 60, 24 * 60 * 60 };
  guint64              seconds;

  if (g_str_equal (text, "-1"))
    {
      *out_seconds = -1;
      return TRUE;
    }

  if (!parse_with_unit (text, "smhd", factors, self->max, &seconds) || seconds < self->min)
    return FALSE;

  *out_seconds = (int) seconds;
  return TRUE;
}

static gboolean
parse_size (const AlmuOption *self,
            const char       *text,
            guint64          *out_bytes)
{
  static const guint64 factors[] = { 1 << 10, 1 << 20, 1 << 30, G_GUINT64_CONSTANT (1) << 40 };
  guint64              bytes;

  if (!parse_with_unit (text, "kmgt", factors, self->max, &bytes) || bytes < self->min)
    return FALSE;

  *out_bytes = bytes;
  return TRUE;
}

/* `N`: that one. `N,M`: a range; M may be -1 for no end. `-1`: the default. */
static gboolean
parse_port (const char    *text,
            AlmuPortRange *out_range)
{
  g_auto(GStrv) parts = g_strsplit (text, ",", 2);
  int first = ALMU_DEFAULT_PORT_FIRST;
  int last = ALMU_DEFAULT_PORT_LAST;

  if (g_str_equal (text, "-1"))
    {
      *out_range = (AlmuPortRange){ first, last };
      return TRUE;
    }

  if (parts[0] == NULL || !parse_number (parts[0], 0, G_MAXUINT16, &first))
    return FALSE;

  last = first;
  if (parts[1] != NULL && !parse_number (parts[1], -1, G_MAXUINT16, &last))
    return FALSE;

  if (last == -1)
    last = G_MAXUINT16;

  if (last < first || (first == 0 && last != 0))
    return FALSE;

  *out_range = (AlmuPortRange){ first, last };
  return TRUE;
}

static gboolean
parse_choice (const AlmuOption *self,
              const char       *text,
              int              *out_value)
{
  for (int i = 0; self->choices[i] != NULL; i++)
    if (g_str_equal (self->choices[i], text))
      {
        *out_value = i;
        return TRUE;
      }

  return FALSE;
}

static gboolean
set_text (char      **where,
          const char *text)
{
  g_free (*where);
  *where = g_strdup (text);

  return TRUE;
}

/**
 * almu_option_set:
 * @self: an option
 * @options: where its value goes
 * @text: the value as on a command line
 *
 * Reads a value and puts it into the member that the option fills. Text takes
 * the place of what was there and a list grows by one. Nothing is asked of the
 * file system: a path is only not empty.
 *
 * Returns: %FALSE, with @options as they were, if @text is not what
 *   almu_option_dup_expected() tells
 */
gboolean
almu_option_set (const AlmuOption *self,
                 AlmuOptions      *options,
                 const char       *text)
{
  g_return_val_if_fail (self != NULL && options != NULL && text != NULL, FALSE);

  switch (self->kind)
    {
    case ALMU_OPTION_FLAG:
      return parse_flag (text, AT (gboolean, self, options));

    case ALMU_OPTION_NUMBER:
      return parse_number (text, self->min, self->max, AT (int, self, options));

    case ALMU_OPTION_PATH:
      return *text != '\0' && set_text (AT (char *, self, options), text);

    case ALMU_OPTION_TEXT:
      return g_utf8_validate (text, -1, NULL) && set_text (AT (char *, self, options), text);

    case ALMU_OPTION_PORT:
      if (!parse_port (text, AT (AlmuPortRange, self, options)))
        return FALSE;
      options->port_given = !g_str_equal (text, "-1");
      return TRUE;

    case ALMU_OPTION_PERIOD:
      return parse_period (self, text, AT (int, self, options));

    case ALMU_OPTION_SIZE:
      return parse_size (self, text, AT (guint64, self, options));

    case ALMU_OPTION_CHOICE:
      return parse_choice (self, text, AT (int, self, options));

    case ALMU_OPTION_LIST:
      g_ptr_array_add (*AT (GPtrArray *, self, options), g_strdup (text));
      return TRUE;

    case ALMU_OPTION_NOTHING:
      return TRUE;

    default:
      g_return_val_if_reached (FALSE);
    }
}

/**
 * almu_option_dup_expected:
 * @self: an option
 *
 * For errors and warnings about a value that almu_option_set() did not take.
 *
 * Returns: (transfer full): what its value has to be, as a phrase for
 *   "… is expected"
 */
char *
almu_option_dup_expected (const AlmuOption *self)
{
  g_autofree char *choices = NULL;

  switch (self->kind)
    {
    case ALMU_OPTION_FLAG:
      return g_strdup (_ ("a boolean (true or false)"));

    case ALMU_OPTION_NUMBER:
      if (self->min == G_MININT)
        return g_strdup (_ ("a number"));
      return g_strdup_printf (_ ("a number from %d to %d"), (int) self->min, (int) self->max);

    case ALMU_OPTION_PATH:
      return g_strdup (_ ("a string (a path)"));

    case ALMU_OPTION_PORT:
      return g_strdup (_ ("a port number, a pair of port numbers or -1"));

    case ALMU_OPTION_PERIOD:
      return g_strdup_printf (_ ("a number of seconds of at least %d, a period such as 90s, 15m, 8h or 30d, or -1 for never"),
                              (int) self->min);

    case ALMU_OPTION_SIZE:
      return g_strdup_printf (_ ("a number of bytes of at least %d, or a size such as 500M or 2G"), (int) self->min);

    case ALMU_OPTION_CHOICE:
      choices = g_strjoinv (", ", (char **) self->choices);
      return g_strdup_printf (_ ("one of the strings %s"), choices);

    case ALMU_OPTION_LIST:
      return g_strdup (_ ("a string or an array of strings"));

    default:
      return g_strdup (_ ("a string"));
    }
}
