/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-open.h"

#include <glib/gi18n-lib.h>

#include "almu-bus-names.h"
#include "almu-error.h"

/* A session for files that somebody names on the bus, and where its page is. */

typedef struct
{
  AlmuPageAddress *address;
  guint32          session_id;
} Open;

static void
open_free (gpointer data)
{
  Open *open = data;

  almu_page_address_unref (open->address);
  g_free (open);
}

static char *
prepare (AlmuSessions       *sessions,
         Open               *open,
         const AlmuBusNames *names,
         GError            **error)
{
  const char *const *files = (const char *const *) names->files;
  AlmuSession       *session;

  if (!almu_page_address_check_files (files, error))
    return NULL;

  session = almu_sessions_create (sessions, 0, error);
  if (session == NULL)
    return NULL;

  almu_session_commit (session);
  open->session_id = almu_session_get_id (session);

  return almu_page_address_make (open->address, open->session_id, names->folder, files);
}

static void
on_resolved (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(AlmuBusNames) names = NULL;
  GError *error = NULL;
  char   *url = NULL;

  names = almu_bus_names_resolve_finish (ALMU_FOLDER (source), result, &error);
  if (names != NULL)
    url = prepare (g_task_get_source_object (task), g_task_get_task_data (task), names, &error);

  if (url != NULL)
    g_task_return_pointer (task, url, g_free);
  else
    g_task_return_error (task, error);
}

/**
 * almu_bus_open_async:
 * @sessions: where the new session goes
 * @address: (nullable): where the page is, if anything listens
 * @uris: files, or a single folder; none for a page that asks
 * @callback: called when it is there, or is not
 * @user_data: for @callback
 *
 * Prepares a session that waits for its page. If one of the files is not
 * there or lies outside the top-level folder nothing is changed.
 */
void
almu_bus_open_async (AlmuSessions       *sessions,
                     AlmuPageAddress    *address,
                     const char *const  *uris,
                     GAsyncReadyCallback callback,
                     gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  Open *open;

  g_return_if_fail (ALMU_IS_SESSIONS (sessions));

  task = g_task_new (sessions, NULL, callback, user_data);
  g_task_set_source_tag (task, almu_bus_open_async);

  if (address == NULL)
    {
      g_task_return_new_error (task, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                               _ ("There is no page: the service does not listen"));
      return;
    }

  open = g_new0 (Open, 1);
  open->address = almu_page_address_ref (address);
  g_task_set_task_data (task, open, open_free);
  almu_bus_names_resolve_async (almu_sessions_get_folder (sessions), uris, on_resolved,
                                g_steal_pointer (&task));
}

/**
 * almu_bus_open_finish:
 * @sessions: the sessions
 * @result: what the callback was given
 * @out_session_id: (out) (optional): the new session
 * @error: return location
 *
 * Ends almu_bus_open_async(). It fails with %ALMU_ERROR_NOT_FOUND if there is no
 * page or no such file, with %ALMU_ERROR_REFUSED for what lies outside the
 * top-level folder, and with %ALMU_ERROR_LIMIT for too many files or sessions.
 * Then @out_session_id is left as it is.
 *
 * Returns: (transfer full): the address of its page, with the token in it, or %NULL
 */
char *
almu_bus_open_finish (AlmuSessions *sessions,
                      GAsyncResult *result,
                      guint32      *out_session_id,
                      GError      **error)
{
  char *url;

  g_return_val_if_fail (g_task_is_valid (result, sessions), NULL);

  url = g_task_propagate_pointer (G_TASK (result), error);
  if (url != NULL && out_session_id != NULL)
    *out_session_id = ((Open *) g_task_get_task_data (G_TASK (result)))->session_id;

  return url;
}
