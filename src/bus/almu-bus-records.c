/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-records.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-kept.h"
#include "almu-resume.h"

static gboolean
check_there (gboolean is_there,
             GError **error)
{
  if (!is_there)
    g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                         _ ("This service keeps no records of sessions"));

  return is_there;
}

/* A session on its way back does not say all of itself yet. */
static AlmuMemento *
load (AlmuSessions *sessions,
      guint32       id,
      GError      **error)
{
  AlmuSession *session = almu_sessions_lookup (sessions, id);
  AlmuArchive *archive = almu_sessions_get_archive (sessions);

  if (session != NULL && almu_session_is_recalled (session) && archive != NULL)
    return almu_archive_load (archive, id, error);

  return almu_kept_load (sessions, id, error);
}

/**
 * almu_bus_records_write:
 * @self: how sessions are written down
 * @sessions: the sessions
 * @id: of a session in memory or of a kept one
 * @error: return location
 *
 * What GetState answers. While a session is on its way back this is what was
 * kept of it, since it does not know all of itself yet. May read the archive;
 * main thread. It fails with %ALMU_ERROR_UNSUPPORTED if nobody has lent a
 * function that writes, and with %ALMU_ERROR_NOT_FOUND if there is no session @id.
 *
 * Returns: (transfer full): its record, or %NULL
 */
char *
almu_bus_records_write (const AlmuBusRecords *self,
                        AlmuSessions         *sessions,
                        guint32               id,
                        GError              **error)
{
  g_autoptr(AlmuMemento) memento = NULL;

  if (!check_there (self->write != NULL, error))
    return NULL;

  memento = load (sessions, id, error);

  return memento != NULL ? self->write (memento) : NULL;
}

/* -- SetState ------------------------------------------------------------ */

/* The session is put together anew, but it stays the one it is. */
static void
keep_identity (AlmuMemento       *memento,
               const AlmuMemento *own)
{
  memento->id = own->id;
  memento->created = own->created;
  memento->last_seen = own->last_seen;
  memento->epoch = own->epoch;
  memento->last_region_id = MAX (memento->last_region_id, own->last_region_id);
  memento->rebuilds = 0;
  g_free (memento->viewer);
  memento->viewer = g_strdup (own->viewer);
}

static void
on_resumed (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AlmuSession       *session = ALMU_SESSION (source);
  const AlmuMemento *own = g_task_get_task_data (task);
  g_auto(GStrv) problems = NULL;
  g_autoptr(GError) error = NULL;

  if (!almu_resume_finish (session, result, &problems, &error))
    almu_session_recall (session, own);

  if (almu_session_get_state (session) < ALMU_SESSION_PARKED)
    almu_session_end_recall (session);

  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
may_apply (AlmuSession *session,
           GError     **error)
{
  guint32 id = almu_session_get_id (session);

  if (almu_session_get_state (session) == ALMU_SESSION_ATTACHED)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Session %u is open in a page, which would not know of it: close that first"), id);
  else if (almu_session_is_recalled (session))
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Session %u is being brought back: wait for that"), id);
  else
    return TRUE;

  return FALSE;
}

/**
 * almu_bus_records_apply_async:
 * @session: one that no page has at the moment
 * @text: a record
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Brings @session to the state that @text tells. What of it cannot be had
 * here stays in the session as unavailable.
 */
void
almu_bus_records_apply_async (const AlmuBusRecords *self,
                              AlmuSession          *session,
                              const char           *text,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data)
{
  g_autoptr(GTask) task = g_task_new (session, NULL, callback, user_data);
  g_autoptr(AlmuMemento) memento = NULL;
  AlmuMemento *own;
  GError      *error = NULL;

  g_task_set_source_tag (task, almu_bus_records_apply_async);

  if (check_there (self->read != NULL, &error) && may_apply (session, &error))
    memento = self->read (text, &error);
  if (memento == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  own = almu_session_describe (session);
  g_task_set_task_data (task, own, (GDestroyNotify) almu_memento_free);
  keep_identity (memento, own);
  almu_session_recall (session, memento);
  almu_resume_async (session, memento->files, memento->catalogs, NULL, on_resumed, g_steal_pointer (&task));
}

/**
 * almu_bus_records_apply_finish:
 * @session: the session
 * @result: what the callback was given
 * @error: return location
 *
 * Ends almu_bus_records_apply_async(). It fails with %ALMU_ERROR_REFUSED if the
 * session is open in a page or is being brought back, with
 * %ALMU_ERROR_UNSUPPORTED if records cannot be read here, and with what the
 * reader finds wrong with the text; nothing has changed then.
 *
 * Returns: whether the session is now what the record says, except for what of
 *   it cannot be had
 */
gboolean
almu_bus_records_apply_finish (AlmuSession  *session,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, session), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
