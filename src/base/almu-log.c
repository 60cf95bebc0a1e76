/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-log.h"

#include <stdio.h>
#include <unistd.h>

/* Lines as the programs expect that start a CARTA backend and read along:
 * time in UTC, a name, the level, the text; what went wrong on the error
 * output. Under systemd the journal gets the structured fields instead.
 */

static int max_level = 4;

typedef struct
{
  GLogLevelFlags flag;
  const char    *name;
  int            verbosity;
} Level;

static const Level levels[] = {
  { G_LOG_LEVEL_ERROR, "critical", 1 },
  { G_LOG_LEVEL_CRITICAL, "error", 2 },
  { G_LOG_LEVEL_WARNING, "warning", 3 },
  { G_LOG_LEVEL_MESSAGE, "info", 4 },
  { G_LOG_LEVEL_INFO, "debug", 5 },
  { G_LOG_LEVEL_DEBUG, "debug", 5 },
};

static const Level *
find_level (GLogLevelFlags flags)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      if (flags & levels[i].flag)
        return &levels[i];
    }

  return &levels[G_N_ELEMENTS (levels) - 1];
}

static const char *
find_field (const GLogField *fields,
            gsize            n_fields,
            const char      *key)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, key))
        return fields[i].value;
    }

  return "";
}

static void
write_line (const Level *level,
            const char  *text)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%d %H:%M:%S");
  FILE            *stream = level->verbosity <= 2 ? stderr : stdout;

  fprintf (stream, "[%s.%03dZ] [CARTA] [%s] %s\n",
           time, g_date_time_get_microsecond (now) / 1000, level->name, text);
  fflush (stream);
}

/* A room that G_MESSAGES_DEBUG names is heard at any verbosity. */
static gboolean
is_asked_for (GLogLevelFlags flags,
              const char    *domain)
{
  return (flags & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0 &&
         !g_log_writer_default_would_drop (flags, domain);
}

static GLogWriterOutput
on_log (GLogLevelFlags   flags,
        const GLogField *fields,
        gsize            n_fields,
        gpointer         user_data)
{
  const Level *level = find_level (flags);
  const char  *domain = find_field (fields, n_fields, "GLIB_DOMAIN");

  if (level->verbosity > max_level && !is_asked_for (flags, domain))
    return G_LOG_WRITER_HANDLED;

  if (g_log_writer_is_journald (STDERR_FILENO) &&
      g_log_writer_journald (flags, fields, n_fields, user_data) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;

  write_line (level, find_field (fields, n_fields, "MESSAGE"));

  return G_LOG_WRITER_HANDLED;
}

/**
 * almu_log_session:
 * @domain: G_LOG_DOMAIN of the caller
 * @session_id: which session
 * @peer: (nullable): who has it
 * @format: what has happened to it
 * @...: what @format needs
 *
 * “Session 123 [127.0.0.1] …”, as programs expect that read along. The journal can be asked for it by the fields
 * ALMU_SESSION and ALMU_PEER.
 */
void
almu_log_session (const char *domain,
                  guint32     session_id,
                  const char *peer,
                  const char *format,
                  ...)
{
  g_autofree char *id = g_strdup_printf ("%u", session_id);
  g_autofree char *what = NULL;
  g_autofree char *text = NULL;
  va_list          args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  text = peer != NULL ? g_strdup_printf ("Session %u [%s] %s", session_id, peer, what)
                      : g_strdup_printf ("Session %u %s", session_id, what);

  g_log_structured_array (G_LOG_LEVEL_MESSAGE,
                          (const GLogField[]){
                            { "MESSAGE", text, -1 },
                            { "PRIORITY", "5", -1 }, /* notice, as GLib has it for messages */
                            { "GLIB_DOMAIN", domain, -1 },
                            { "ALMU_SESSION", id, -1 },
                            { "ALMU_PEER", peer != NULL ? peer : "", -1 },
                          },
                          5);
}

/**
 * almu_log_init:
 * @verbosity: 0 nothing, 1 critical, 2 error, 3 warning, 4 what a normal
 *   day brings, 5 everything
 *
 * Sets up the log of the process. G_MESSAGES_DEBUG still shows the debug
 * messages of the rooms it names.
 */
void
almu_log_init (int verbosity)
{
  max_level = verbosity;
  g_log_set_writer_func (on_log, NULL, NULL);
}
