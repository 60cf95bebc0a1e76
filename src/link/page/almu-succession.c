/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-succession.h"

#include <glib/gi18n-lib.h>

#include "almu-catalog-comeback.h"
#include "almu-inheritance.h"
#include "almu-kept.h"
#include "almu-link.h"
#include "almu-log.h"

/* A page that loads a kept session as a workspace builds it up under a
 * number of its own. When all its files are open again, the new session
 * stands where the kept one stood, with all that was known of it, and that
 * one is forgotten: a list never shows the same work twice, and a page that
 * had it until then is told why it has it no longer. If not all can be
 * opened, both stay.
 *
 * Until then the new session belongs to no browser: should the page go before
 * it has everything, its browser is asked about the kept one again.
 */

/* A page that was led there by its address does not say when it is done. It
 * sets regions and channels after it has opened the files. */
#define SETTLE_MSEC 2000

/* It may take its time before it opens the next one. */
#define GIVE_UP_SECONDS 30

typedef struct
{
  AlmuLink    *link; /* unowned: this goes with it */
  AlmuSession *session;
  AlmuMemento *kept;
  gboolean     will_tell; /* when it is done: nothing is guessed */
  gboolean     has_begun; /* everything else was closed */
  guint        n_files;
  gulong       handler;
  gulong       changed_handler;
  gulong       set_handler;
  guint        settle_source;
  guint        give_up_source;
} Succession;

#define KEY "almu-succession"

static void
leave (Succession *succession)
{
  g_clear_signal_handler (&succession->changed_handler, succession->session);
  g_clear_signal_handler (&succession->set_handler, succession->session);
}

static void
succession_free (gpointer data)
{
  Succession *succession = data;

  g_clear_handle_id (&succession->settle_source, g_source_remove);
  g_clear_handle_id (&succession->give_up_source, g_source_remove);
  leave (succession);
  g_clear_object (&succession->session);
  g_clear_pointer (&succession->kept, almu_memento_free);
  g_free (succession);
}

static Succession *
take (AlmuLink *link)
{
  Succession *succession = g_object_steal_data (G_OBJECT (link), KEY);

  if (succession != NULL)
    {
      g_clear_signal_handler (&succession->handler, link);
      leave (succession);
    }

  return succession;
}

/* @kept: what it is a part of; %NULL if it belongs to its browser */
static void
belong (AlmuLink          *link,
        AlmuSession       *session,
        const AlmuMemento *kept)
{
  gboolean is_mere_part = kept != NULL && almu_inheritance_has_nothing_else (kept, session);

  almu_session_set_viewer (session, kept == NULL ? almu_link_get_viewer (link) : NULL);
  almu_session_set_rebuilds (session, is_mere_part ? kept->id : 0);
}

/* -- the end ------------------------------------------------------------ */

/* The newest wins, as when two pages come back to one session. */
static void
take_over (AlmuLink *link,
           guint32   kept_id)
{
  AlmuSwitchboard *switchboard = almu_link_get_switchboard (link);
  AlmuSession     *kept = almu_sessions_lookup (almu_switchboard_get_sessions (switchboard), kept_id);
  AlmuLink        *before = kept != NULL ? almu_switchboard_find (switchboard, kept) : NULL;

  if (before != NULL && before != link)
    almu_link_lose (before, ALMU_CLOSE_TAKEN_OVER, _ ("This session is now open in another window"));
}

/* What a workspace has no place for. */
static void
name_rest (AlmuLink          *link,
           const AlmuMemento *kept)
{
  for (guint i = 0; i < kept->files->len; i++)
    {
      const AlmuFileWish *wish = kept->files->pdata[i];
      g_autofree char    *text = NULL;

      if (wish->name->parts == NULL)
        continue;

      text = g_strdup_printf (_ ("Hypercube %s is not put together again: its files were opened one by one"), wish->name->name);
      almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "restore", text);
    }
}

static void
succeed (AlmuLink          *link,
         AlmuSession       *session,
         const AlmuMemento *kept)
{
  AlmuSessions *sessions = almu_switchboard_get_sessions (almu_link_get_switchboard (link));
  g_autoptr(GError) error = NULL;

  take_over (link, kept->id);
  almu_inheritance_hand_down (kept, session);
  belong (link, session, NULL);
  if (!almu_sessions_replace (sessions, kept->id, session, &error))
    {
      g_debug ("%s", error->message);
      almu_session_commit (session);
    }
  name_rest (link, kept);
  almu_log_session (G_LOG_DOMAIN, kept->id, NULL, "was rebuilt in a new page");
}

static void
on_catalogs_back (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  AlmuLink     *link = ALMU_LINK (source);
  guint32       kept_id = GPOINTER_TO_UINT (user_data);
  AlmuSessions *sessions = almu_switchboard_get_sessions (almu_link_get_switchboard (link));
  AlmuSession  *session = almu_link_get_session (link);
  g_autoptr(AlmuMemento) kept = NULL;

  if (!almu_catalog_comeback_finish (link, result, NULL) || session == NULL)
    return;

  /* as it is now: a page that had it may have gone on */
  kept = almu_kept_load (sessions, kept_id, NULL);
  if (kept != NULL && almu_inheritance_has_files (kept, session))
    succeed (link, session, kept);
  else
    belong (link, session, NULL);
}

static void
conclude (Succession *succession)
{
  AlmuLink *link = succession->link;
  guint32   kept_id = succession->kept->id;

  if (almu_link_get_session (link) != NULL)
    almu_catalog_comeback_async (link, g_steal_pointer (&succession->kept), almu_link_get_cancellable (link),
                                 on_catalogs_back, GUINT_TO_POINTER (kept_id));
  succession_free (succession);
}

/**
 * almu_succession_conclude:
 * @link: to the page; nothing happens if no succession was begun
 *
 * The page says that it has done what it could.
 */
void
almu_succession_conclude (AlmuLink *link)
{
  Succession *succession;

  g_return_if_fail (ALMU_IS_LINK (link));

  succession = take (link);
  if (succession != NULL)
    conclude (succession);
}

/**
 * almu_succession_abandon:
 * @link: to the page; nothing happens if no succession was begun
 *
 * The page does not rebuild anything after all.
 */
void
almu_succession_abandon (AlmuLink *link)
{
  Succession *succession;

  g_return_if_fail (ALMU_IS_LINK (link));

  succession = take (link);
  if (succession == NULL)
    return;

  if (almu_link_get_session (link) != NULL)
    belong (link, almu_link_get_session (link), NULL);
  succession_free (succession);
}

/* -- the way there ------------------------------------------------------ */

static gboolean
on_settled (gpointer user_data)
{
  Succession *succession = user_data;

  succession->settle_source = 0;
  almu_succession_conclude (succession->link);

  return G_SOURCE_REMOVE;
}

static gboolean
has_all_files (Succession *succession)
{
  AlmuSession *session = almu_link_get_session (succession->link);

  return succession->has_begun && session != NULL && almu_inheritance_has_files (succession->kept, session);
}

static gboolean
on_time_over (gpointer user_data)
{
  Succession *succession = user_data;

  if (almu_link_has_orders (succession->link))
    return G_SOURCE_CONTINUE;

  succession->give_up_source = 0;
  if (has_all_files (succession))
    almu_succession_conclude (succession->link);
  else
    almu_succession_abandon (succession->link);

  return G_SOURCE_REMOVE;
}

static void
be_patient (Succession *succession)
{
  g_clear_handle_id (&succession->give_up_source, g_source_remove);
  if (!succession->will_tell)
    succession->give_up_source = g_timeout_add_seconds (GIVE_UP_SECONDS, on_time_over, succession);
}

/* Until it has done something else it belongs to no browser. Whatever else it
 * does is written down together with that: it would be taken for a mere part. */
static void
on_changed (AlmuSession *session,
            Succession  *succession)
{
  if (succession->has_begun)
    belong (succession->link, session, almu_inheritance_is_part (succession->kept, session) ? succession->kept : NULL);
}

static void
on_region_set (AlmuSession *session,
               AlmuRegion  *region,
               Succession  *succession)
{
  on_changed (session, succession);
}

static void
look (Succession *succession)
{
  AlmuSession *session = almu_link_get_session (succession->link);
  guint        n_files = session != NULL ? almu_session_list_files (session)->len : 0;

  g_clear_handle_id (&succession->settle_source, g_source_remove);
  if (session == NULL)
    return;

  succession->has_begun = succession->has_begun || n_files == 0;
  if (!succession->has_begun)
    return;

  if (n_files != succession->n_files)
    {
      succession->n_files = n_files;
      be_patient (succession);
    }

  on_changed (session, succession);
  if (!succession->will_tell && almu_inheritance_has_files (succession->kept, session) &&
      almu_inheritance_has_regions (succession->kept, session))
    succession->settle_source = g_timeout_add (SETTLE_MSEC, on_settled, succession);
}

static void
on_heard (AlmuLink   *link,
          guint       event,
          Succession *succession)
{
  /* the mouse has nothing to do with it */
  if (event != CARTA__EVENT_TYPE__SET_CURSOR)
    look (succession);
}

/**
 * almu_succession_begin:
 * @link: to the page; a succession that it had begun is given up
 * @kept_id: a session
 * @will_tell: whether almu_succession_conclude() or
 *   almu_succession_abandon() will be called
 *
 * The page at the other end of @link is about to load the workspace of that
 * session. What else it shows it closes before.
 */
void
almu_succession_begin (AlmuLink *link,
                       guint32   kept_id,
                       gboolean  will_tell)
{
  AlmuSession *session;
  AlmuMemento *kept;
  Succession  *succession;

  g_return_if_fail (ALMU_IS_LINK (link));

  session = almu_link_get_session (link);
  succession = g_object_get_data (G_OBJECT (link), KEY);
  if (session == NULL || almu_session_get_id (session) == kept_id ||
      (succession != NULL && succession->kept->id == kept_id))
    return;

  kept = almu_kept_load (almu_switchboard_get_sessions (almu_link_get_switchboard (link)), kept_id, NULL);
  if (kept == NULL)
    return;

  almu_succession_abandon (link);
  succession = g_new0 (Succession, 1);
  succession->link = link;
  succession->session = g_object_ref (session);
  succession->kept = kept;
  succession->will_tell = will_tell;
  succession->handler = g_signal_connect (link, "heard", G_CALLBACK (on_heard), succession);
  succession->changed_handler = g_signal_connect (session, "changed", G_CALLBACK (on_changed), succession);
  succession->set_handler = g_signal_connect (session, "region-set", G_CALLBACK (on_region_set), succession);
  g_object_set_data_full (G_OBJECT (link), KEY, succession, succession_free);
  be_patient (succession);
  look (succession);
}

/**
 * almu_succession_begin_somewhere:
 * @switchboard: where the browser's pages are found
 * @viewer: a browser that has fetched a workspace
 * @kept_id: the session that it is made of
 *
 * One of the browser's pages is about to load it; which one is seen from
 * what it does.
 */
void
almu_succession_begin_somewhere (AlmuSwitchboard *switchboard,
                                 const char      *viewer,
                                 guint32          kept_id)
{
  g_autoptr(GPtrArray) links = NULL;

  g_return_if_fail (ALMU_IS_SWITCHBOARD (switchboard));
  g_return_if_fail (viewer != NULL);

  links = almu_switchboard_list_links (switchboard, viewer);
  for (guint i = 0; i < links->len; i++)
    almu_succession_begin (links->pdata[i], kept_id, FALSE);
}
