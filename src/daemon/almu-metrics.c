/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-metrics.h"

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

static void
write_sessions (GString      *text,
                AlmuSessions *sessions)
{
  g_string_append (text,
                   "# HELP almucantar_sessions Sessions by state.\n"
                   "# TYPE almucantar_sessions gauge\n");
  for (int state = ALMU_SESSION_ATTACHED; state < ALMU_SESSION_CLOSED; state++)
    g_string_append_printf (text, "almucantar_sessions{state=\"%s\"} %u\n",
                            almu_session_state_get_name ((AlmuSessionState) state),
                            almu_sessions_count (sessions, (AlmuSessionState) state));
}

/**
 * almu_metrics_write:
 *
 * Returns: (transfer full): figures of the process, as Prometheus reads them
 */
char *
almu_metrics_write (AlmuSessions    *sessions,
                    AlmuSwitchboard *switchboard)
{
  GString   *text = g_string_new (NULL);
  AlmuCache *cache = almu_sessions_get_cache (sessions);

  write_sessions (text, sessions);
  write_one (text, "links", "gauge", "Open links.", almu_switchboard_get_n_links (switchboard));
  write_one (text, "image_read_bytes_total", "counter", "Bytes of pixels read from files.",
             almu_image_get_total_bytes_read ());
  write_one (text, "cache_bytes", "gauge", "Memory of planes, tiles and histograms.",
             almu_cache_get_size (cache));
  write_one (text, "cache_budget_bytes", "gauge", "What they may take.",
             almu_cache_get_budget (cache));

  return g_string_free (text, FALSE);
}
