/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-metrics.h"

#include "almu-data-table.h"
#include "almu-figures.h"
#include "almu-inflated.h"
#include "almu-kept.h"
#include "almu-workers.h"

/* The process in figures: for Prometheus, and for a person on the bus. */

static void
write_one (GString    *text,
           const char *name,
           const char *type,
           const char *help,
           guint64     value)
{
  g_string_append_printf (text, "# HELP almucantar_%s %s\n# TYPE almucantar_%s %s\nalmucantar_%s %" G_GUINT64_FORMAT "\n",
                          name, help, name, type, name, value);
}

/* Many of one name, told apart by a label. */
static void
write_head (GString    *text,
            const char *name,
            const char *help)
{
  g_string_append_printf (text, "# HELP almucantar_%s %s\n# TYPE almucantar_%s gauge\n", name, help, name);
}

static void
write_labelled (GString    *text,
                const char *name,
                const char *label,
                const char *value,
                guint64     number)
{
  g_string_append_printf (text, "almucantar_%s{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, label, value, number);
}

static guint
count_entries (GPtrArray  *list,
               const char *state)
{
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    n += g_str_equal (((const AlmuArchiveEntry *) list->pdata[i])->state, state);

  return n;
}

static void
write_sessions (GString      *text,
                AlmuSessions *sessions)
{
  g_autoptr(GPtrArray) list = almu_kept_list (sessions, NULL);

  /* those in memory are known whatever is the matter with the disk */
  write_head (text, "sessions", "Sessions by state; those that are parked or closed are on disk only.");
  for (int state = ALMU_SESSION_ATTACHED; state <= ALMU_SESSION_CLOSED; state++)
    {
      const char *name = almu_session_state_get_name ((AlmuSessionState) state);

      if (list != NULL)
        write_labelled (text, "sessions", "state", name, count_entries (list, name));
      else if (state <= ALMU_SESSION_DETACHED)
        write_labelled (text, "sessions", "state", name, almu_sessions_count (sessions, (AlmuSessionState) state));
    }
}

static const char *const cache_kinds[ALMU_N_CACHE_KINDS] = {
  [ALMU_CACHE_PLANES] = "planes",
  [ALMU_CACHE_TILES] = "tiles",
  [ALMU_CACHE_HISTOGRAMS] = "histograms",
  [ALMU_CACHE_SPECTRA] = "spectra",
  [ALMU_CACHE_TURNED] = "turned",
};

static void
write_cache (GString   *text,
             AlmuCache *cache)
{
  gsize sizes[ALMU_N_CACHE_KINDS];

  almu_cache_measure (cache, sizes);
  write_one (text, "cache_bytes", "gauge", "Memory of planes, tiles, histograms and spectra, and of cubes turned where they are visited often.",
             almu_cache_get_size (cache));
  write_head (text, "cache_kind_bytes", "The same by kind.");
  for (int kind = 0; kind < ALMU_N_CACHE_KINDS; kind++)
    write_labelled (text, "cache_kind_bytes", "kind", cache_kinds[kind], sizes[kind]);
  write_one (text, "cache_budget_bytes", "gauge", "What they may take.",
             almu_cache_get_budget (cache));
}

static void
write_queues (GString         *text,
              AlmuSwitchboard *switchboard)
{
  guint n_outgoing;
  guint n_held;

  almu_switchboard_count_waiting (switchboard, &n_outgoing, &n_held);
  write_one (text, "outbox_bytes", "gauge", "Bytes that wait to be sent to pages.",
             almu_switchboard_get_outbox_bytes (switchboard));
  write_one (text, "outbox_messages", "gauge", "Messages that wait to be sent to pages.", n_outgoing);
  write_one (text, "held_messages", "gauge", "Messages of pages that wait for what came before them.", n_held);
  write_one (text, "running_jobs", "gauge", "Calculations under way.", almu_workers_count_running ());
  write_head (text, "waiting_jobs", "Calculations that wait for a thread.");
  write_labelled (text, "waiting_jobs", "kind", "short", almu_workers_count_waiting (FALSE));
  write_labelled (text, "waiting_jobs", "kind", "long", almu_workers_count_waiting (TRUE));
}

static void
write_counts (GString *text)
{
  static const struct
  {
    AlmuFigure  figure;
    const char *name;
    const char *help;
  } table[] = {
    { ALMU_FIGURE_MESSAGES_RECEIVED, "messages_received_total", "Messages from pages." },
    { ALMU_FIGURE_BYTES_RECEIVED, "message_received_bytes_total", "Their bytes." },
    { ALMU_FIGURE_MESSAGES_SENT, "messages_sent_total", "Messages to pages." },
    { ALMU_FIGURE_BYTES_SENT, "sent_bytes_total", "Bytes sent to pages over WebSockets." },
    { ALMU_FIGURE_CACHE_HITS, "cache_hits_total", "Planes and tiles that were in memory." },
    { ALMU_FIGURE_CACHE_MISSES, "cache_misses_total", "Planes and tiles that had to be made." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    write_one (text, table[i].name, "counter", table[i].help, almu_figures_get (table[i].figure));
}

typedef struct
{
  GString    *text;
  const char *name;
  const char *label;
} Timings;

static double
to_seconds (gint64 usec)
{
  return (double) usec / (double) G_USEC_PER_SEC;
}

static void
write_timing (const char       *value,
              const AlmuTiming *timing,
              gpointer          user_data)
{
  const Timings *timings = user_data;
  char           number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < ALMU_N_TIMING_BOUNDS; i++)
    g_string_append_printf (timings->text, "almucantar_%s_seconds_bucket{%s=\"%s\",le=\"%s\"} %" G_GUINT64_FORMAT "\n",
                            timings->name, timings->label, value,
                            g_ascii_formatd (number, sizeof number, "%g", to_seconds (almu_timing_bounds[i])),
                            timing->within[i]);
  g_string_append_printf (timings->text,
                          "almucantar_%s_seconds_bucket{%s=\"%s\",le=\"+Inf\"} %" G_GUINT64_FORMAT "\n"
                          "almucantar_%s_seconds_sum{%s=\"%s\"} %s\n"
                          "almucantar_%s_seconds_count{%s=\"%s\"} %" G_GUINT64_FORMAT "\n",
                          timings->name, timings->label, value, timing->n,
                          timings->name, timings->label, value,
                          g_ascii_formatd (number, sizeof number, "%.6f", to_seconds (timing->total_usec)),
                          timings->name, timings->label, value, timing->n);
}

static void
write_timings (GString    *text,
               AlmuTimed   what,
               const char *name,
               const char *label,
               const char *help)
{
  Timings timings = { text, name, label };

  g_string_append_printf (text, "# HELP almucantar_%s_seconds %s\n# TYPE almucantar_%s_seconds histogram\n",
                          name, help, name);
  almu_figures_foreach_timing (what, write_timing, &timings);
}

/**
 * almu_metrics_write:
 * @sessions: the sessions
 * @switchboard: the links
 *
 * What /metrics answers. Main thread.
 *
 * Returns: (transfer full): figures of the process, as Prometheus reads them
 */
char *
almu_metrics_write (AlmuSessions    *sessions,
                    AlmuSwitchboard *switchboard)
{
  GString *text = g_string_new (NULL);

  write_sessions (text, sessions);
  write_one (text, "links", "gauge", "Open links.", almu_switchboard_get_n_links (switchboard));
  write_queues (text, switchboard);
  write_one (text, "image_read_bytes_total", "counter", "Bytes of pixels read from files.",
             almu_image_get_total_bytes_read ());
  write_cache (text, almu_sessions_get_cache (sessions));
  write_one (text, "table_bytes", "gauge", "Memory of the tables of catalogs, of the same budget.",
             (guint64) almu_data_table_get_total_bytes ());
  write_one (text, "inflated_memory_bytes", "gauge", "Compressed files that were unpacked into memory, of the same budget.",
             (guint64) almu_inflated_get_total_bytes (TRUE));
  write_one (text, "inflated_disk_bytes", "gauge", "Compressed files that were unpacked into the cache folder.",
             (guint64) almu_inflated_get_total_bytes (FALSE));
  write_one (text, "inflated_files_total", "counter", "How many were unpacked since the start.",
             almu_figures_get (ALMU_FIGURE_INFLATED_FILES));
  write_one (text, "resident_bytes", "gauge", "Memory of the process.",
             almu_figures_get_resident_bytes ());
  write_counts (text);
  write_timings (text, ALMU_TIMED_HANDLING, "handling", "message",
                 "How long messages kept the main thread.");
  write_timings (text, ALMU_TIMED_ANSWER, "answer", "message",
                 "From a message to what answers it.");
  write_timings (text, ALMU_TIMED_RESUME, "resume", "from",
                 "From RESUME_SESSION to its acknowledgement.");

  return g_string_free (text, FALSE);
}

/**
 * almu_metrics_describe:
 * @sessions: the sessions
 * @switchboard: the links
 *
 * The same figures for the bus, and what is being computed. Main thread.
 *
 * Returns: (transfer full): what GetStatus of the bus tells, an a{sv}
 */
GVariant *
almu_metrics_describe (AlmuSessions    *sessions,
                       AlmuSwitchboard *switchboard)
{
  AlmuCache *cache = almu_sessions_get_cache (sessions);
  g_auto(GStrv) running = almu_workers_dup_running ();
  GVariantDict dict;
  gsize        sizes[ALMU_N_CACHE_KINDS];
  guint        n_outgoing;
  guint        n_held;

  almu_cache_measure (cache, sizes);
  almu_switchboard_count_waiting (switchboard, &n_outgoing, &n_held);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "links", "u", almu_switchboard_get_n_links (switchboard));
  g_variant_dict_insert (&dict, "outbox-bytes", "t", (guint64) almu_switchboard_get_outbox_bytes (switchboard));
  g_variant_dict_insert (&dict, "outbox-messages", "u", n_outgoing);
  g_variant_dict_insert (&dict, "held-messages", "u", n_held);
  g_variant_dict_insert (&dict, "cache-bytes", "t", (guint64) almu_cache_get_size (cache));
  g_variant_dict_insert (&dict, "cache-budget", "t", (guint64) almu_cache_get_budget (cache));
  for (int kind = 0; kind < ALMU_N_CACHE_KINDS; kind++)
    {
      g_autofree char *name = g_strconcat (cache_kinds[kind], "-bytes", NULL);

      g_variant_dict_insert (&dict, name, "t", (guint64) sizes[kind]);
    }
  g_variant_dict_insert (&dict, "table-bytes", "t", (guint64) almu_data_table_get_total_bytes ());
  g_variant_dict_insert (&dict, "inflated-memory-bytes", "t", (guint64) almu_inflated_get_total_bytes (TRUE));
  g_variant_dict_insert (&dict, "inflated-disk-bytes", "t", (guint64) almu_inflated_get_total_bytes (FALSE));
  g_variant_dict_insert (&dict, "resident-bytes", "t", (guint64) almu_figures_get_resident_bytes ());
  g_variant_dict_insert (&dict, "read-bytes", "t", almu_image_get_total_bytes_read ());
  g_variant_dict_insert (&dict, "computing", "^as", running);
  g_variant_dict_insert (&dict, "waiting-jobs", "u",
                         almu_workers_count_waiting (FALSE) + almu_workers_count_waiting (TRUE));

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
