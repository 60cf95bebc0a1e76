/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-succession.h"

#include "almu-catalog-comeback.h"
#include "almu-kept.h"
#include "almu-link.h"

/* A page that fetches a kept session as a workspace builds it up under a
 * number of its own. When all its files are open again, the new session
 * stands where the kept one stood, and that one is forgotten: a list never
 * shows the same work twice, and a page that had it until then is told why it
 * has it no longer. If not all can be opened, both stay.
 */

/* The page sets regions and channels after it has opened the files. */
#define SETTLE_MSEC 2000

typedef struct
{
  AlmuSwitchboard *switchboard; /* unowned, outlives the links */
  AlmuLink        *link;        /* unowned: this goes with it */
  guint32          kept_id;
  guint            n_files;
  gulong           handler;
  guint            settle_source;
} Succession;

static void
succession_free (gpointer data)
{
  Succession *succession = data;

  g_clear_handle_id (&succession->settle_source, g_source_remove);
  g_free (succession);
}

/* The newest wins, as when two pages come back to one session. */
static void
take_over (Succession *succession)
{
  AlmuSessions *sessions = almu_switchboard_get_sessions (succession->switchboard);
  AlmuSession  *kept = almu_sessions_lookup (sessions, succession->kept_id);
  AlmuLink     *before = kept != NULL ? almu_switchboard_find (succession->switchboard, kept) : NULL;

  if (before != NULL && before != succession->link)
    almu_link_lose (before, ALMU_CLOSE_TAKEN_OVER, "This session is now open in another window");
}

static void
on_catalogs_back (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  AlmuLink     *link = ALMU_LINK (source);
  AlmuSessions *sessions = almu_switchboard_get_sessions (almu_link_get_switchboard (link));
  AlmuSession  *session = almu_link_get_session (link);

  if (!almu_catalog_comeback_finish (link, result, NULL) || session == NULL)
    return;

  almu_session_commit (session);
  almu_sessions_forget (sessions, GPOINTER_TO_UINT (user_data), NULL);
}

static gboolean
on_settled (gpointer user_data)
{
  Succession   *succession = user_data;
  AlmuLink     *link = succession->link;
  AlmuSessions *sessions = almu_switchboard_get_sessions (succession->switchboard);
  AlmuSession  *session = almu_link_get_session (link);
  AlmuMemento  *kept = NULL;

  succession->settle_source = 0;
  g_signal_handler_disconnect (link, succession->handler);
  if (session != NULL && !almu_catalog_comeback_has_begun (link))
    {
      almu_session_commit (session);
      take_over (succession);
      kept = almu_kept_load (sessions, succession->kept_id, NULL);
    }
  if (kept != NULL)
    almu_catalog_comeback_async (link, kept, almu_link_get_cancellable (link), on_catalogs_back,
                                 GUINT_TO_POINTER (succession->kept_id));
  g_object_set_data (G_OBJECT (link), "almu-succession", NULL);

  return G_SOURCE_REMOVE;
}

static void
on_heard (AlmuLink   *link,
          guint       event,
          Succession *succession)
{
  AlmuSession *session = almu_link_get_session (link);

  g_clear_handle_id (&succession->settle_source, g_source_remove);
  if (session != NULL && almu_session_list_files (session)->len >= succession->n_files)
    succession->settle_source = g_timeout_add (SETTLE_MSEC, on_settled, succession);
}

/**
 * almu_succession_begin:
 * @kept_id: a session whose workspace a page has fetched
 *
 * Finds the page that is building it up: the latest of the same browser that
 * shows nothing yet.
 */
void
almu_succession_begin (AlmuSwitchboard *switchboard,
                       guint32          kept_id)
{
  AlmuSessions *sessions = almu_switchboard_get_sessions (switchboard);
  g_autoptr(AlmuMemento) kept = almu_kept_load (sessions, kept_id, NULL);
  AlmuLink   *link;
  Succession *succession;

  if (kept == NULL || kept->files->len == 0 || kept->viewer == NULL)
    return;

  link = almu_switchboard_find_empty (switchboard, kept->viewer);
  if (link == NULL || g_object_get_data (G_OBJECT (link), "almu-succession") != NULL)
    return;

  succession = g_new0 (Succession, 1);
  succession->switchboard = switchboard;
  succession->link = link;
  succession->kept_id = kept_id;
  succession->n_files = kept->files->len;
  g_object_set_data_full (G_OBJECT (link), "almu-succession", succession, succession_free);
  succession->handler = g_signal_connect (link, "heard", G_CALLBACK (on_heard), succession);
}
