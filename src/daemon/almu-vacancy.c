/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vacancy.h"

#include "almu-log.h"

struct _AlmuVacancy
{
  AlmuSessions   *sessions;
  int             later_seconds;
  AlmuVacancyFunc func;
  gpointer        user_data;
  guint           source;
};

static gboolean
on_time (gpointer user_data)
{
  AlmuVacancy *self = user_data;

  self->source = 0;
  g_message ("No sessions timeout.");
  self->func (self->user_data);

  return G_SOURCE_REMOVE;
}

/* Negative: for ever. */
static void
wait_for (AlmuVacancy *self,
          int          seconds)
{
  g_clear_handle_id (&self->source, g_source_remove);
  if (seconds >= 0)
    self->source = g_timeout_add_seconds ((guint) seconds, on_time, self);
}

static void
on_session_added (AlmuSessions *sessions,
                  AlmuSession  *session,
                  AlmuVacancy  *self)
{
  wait_for (self, -1);
}

/* A session that lost its link is still one: only when the last has been
 * closed, or has waited in vain, the time runs. */
static void
on_session_removed (AlmuSessions *sessions,
                    AlmuSession  *session,
                    AlmuVacancy  *self)
{
  g_autoptr(GPtrArray) left = almu_sessions_list (sessions);

  almu_log_session (G_LOG_DOMAIN, almu_session_get_id (session), NULL,
                    "Deleted. Remaining sessions: %u", left->len);
  if (left->len == 0)
    wait_for (self, self->later_seconds);
}

/**
 * almu_vacancy_new:
 * @sessions: the sessions; a reference is kept
 * @initial_seconds: how long to wait for a first session; -1 for ever
 * @later_seconds: how long to wait after the last one; -1 for ever
 * @func: called on the main thread each time the time is over
 * @user_data: for @func
 *
 * Waits from now on. The time stops when there is a session, and a session
 * whose page is away is one.
 *
 * Returns: (transfer full): what waits
 */
AlmuVacancy *
almu_vacancy_new (AlmuSessions   *sessions,
                  int             initial_seconds,
                  int             later_seconds,
                  AlmuVacancyFunc func,
                  gpointer        user_data)
{
  AlmuVacancy *self;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (AlmuVacancy, 1);
  self->sessions = g_object_ref (sessions);
  self->later_seconds = later_seconds;
  self->func = func;
  self->user_data = user_data;
  g_signal_connect (sessions, "session-added", G_CALLBACK (on_session_added), self);
  g_signal_connect (sessions, "session-removed", G_CALLBACK (on_session_removed), self);
  wait_for (self, initial_seconds);

  return self;
}

/**
 * almu_vacancy_free:
 * @self: (transfer full): what waits
 *
 * Waits no longer, and lets go of the sessions. Not for %NULL.
 */
void
almu_vacancy_free (AlmuVacancy *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->sessions, self);
  g_object_unref (self->sessions);
  g_free (self);
}
