/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sessions.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <sys/random.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-resume.h"

/**
 * AlmuSessions:
 *
 * All sessions of the process, and what they share: the view of the files
 * and the memory. Parks a session that has been alone for too long, or for
 * longest when memory is wanted, and brings one back from the archive.
 */
struct _AlmuSessions
{
  GObject parent_instance;

  AlmuFolder  *folder;
  AlmuCache   *cache;
  AlmuArchive *archive;  /* NULL: nothing outlives the memory */
  GHashTable  *sessions; /* id → Kept */
  guint        grace_seconds;
};

G_DEFINE_FINAL_TYPE (AlmuSessions, almu_sessions, G_TYPE_OBJECT)

enum
{
  SESSION_ADDED,
  SESSION_REMOVED,
  SESSION_FORGOTTEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  AlmuSessions *owner; /* unowned */
  AlmuSession  *session;
  guint         grace_source;
  gint64        alone_since; /* monotonic; 0 while somebody looks at it */
} Kept;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_clear_handle_id (&kept->grace_source, g_source_remove);
  g_signal_handlers_disconnect_by_data (kept->session, kept);
  g_object_unref (kept->session);
  g_free (kept);
}

static void
almu_sessions_dispose (GObject *object)
{
  AlmuSessions *self = ALMU_SESSIONS (object);

  g_clear_pointer (&self->sessions, g_hash_table_unref);
  g_clear_object (&self->archive);
  g_clear_object (&self->folder);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_sessions_parent_class)->dispose (object);
}

static void
almu_sessions_class_init (AlmuSessionsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_sessions_dispose;

  /**
   * AlmuSessions::session-added:
   * @self: the sessions
   * @session: the new one
   */
  signals[SESSION_ADDED] =
    g_signal_new ("session-added",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, ALMU_TYPE_SESSION);

  /**
   * AlmuSessions::session-removed:
   * @self: the sessions
   * @session: the one that has ended
   */
  signals[SESSION_REMOVED] =
    g_signal_new ("session-removed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, ALMU_TYPE_SESSION);

  /**
   * AlmuSessions::session-forgotten:
   * @self: the sessions
   * @id: the one whose record is gone too
   */
  signals[SESSION_FORGOTTEN] =
    g_signal_new ("session-forgotten",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
almu_sessions_init (AlmuSessions *self)
{
  self->sessions = g_hash_table_new_full (NULL, NULL, NULL, kept_free);
}

static gboolean
on_grace_over (gpointer user_data)
{
  Kept *kept = user_data;

  g_debug ("Session %u: nobody has come back", almu_session_get_id (kept->session));
  kept->grace_source = 0;
  almu_sessions_park (kept->owner, kept->session);

  return G_SOURCE_REMOVE;
}

static void
on_state_changed (AlmuSession *session,
                  GParamSpec  *pspec,
                  Kept        *kept)
{
  g_clear_handle_id (&kept->grace_source, g_source_remove);
  kept->alone_since = 0;

  if (almu_session_get_state (session) == ALMU_SESSION_DETACHED)
    {
      kept->grace_source = g_timeout_add_seconds (kept->owner->grace_seconds, on_grace_over, kept);
      kept->alone_since = g_get_monotonic_time ();
    }
}

/* -- memory is wanted --------------------------------------------------- */

static gsize
get_cached_size (AlmuSession *session)
{
  AlmuCache *cache = almu_session_get_cache (session);
  GPtrArray *files = almu_session_list_files (session);
  gsize      size = 0;

  for (guint i = 0; i < files->len; i++)
    {
      AlmuImage *image = almu_file_get_image (files->pdata[i]);

      /* what others look at does not go */
      if (image != NULL && !almu_cache_is_shared (cache, image))
        size += almu_cache_get_image_size (cache, image);
    }

  return size;
}

/* One that is on its way back has somebody waiting for it, and one that
 * holds nothing would be given up for nothing. */
static gboolean
can_make_room (Kept *kept)
{
  return kept->alone_since != 0 && !almu_session_is_recalled (kept->session) &&
         get_cached_size (kept->session) > 0;
}

/* The one that has been alone for longest. What is looked at stays in
 * memory as long as there is such a one. */
static gboolean
on_crowded (AlmuCache    *cache,
            AlmuSessions *self)
{
  Kept          *oldest = NULL;
  Kept          *kept;
  GHashTableIter iter;

  /* nothing would bring it back */
  if (self->archive == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &kept))
    {
      if ((oldest == NULL || kept->alone_since < oldest->alone_since) && can_make_room (kept))
        oldest = kept;
    }

  if (oldest == NULL)
    return FALSE;

  g_debug ("Session %u: its memory is wanted", almu_session_get_id (oldest->session));
  almu_sessions_park (self, oldest->session);

  return TRUE;
}

/**
 * almu_sessions_new:
 * @folder: where files are; held
 * @cache: what is made of images; held
 * @grace_seconds: how long a session that nobody looks at is kept
 *
 * Main thread. Without almu_sessions_set_archive() nothing outlives the memory.
 *
 * Returns: (transfer full): no sessions yet
 */
AlmuSessions *
almu_sessions_new (AlmuFolder *folder,
                   AlmuCache  *cache,
                   guint       grace_seconds)
{
  AlmuSessions *self = g_object_new (ALMU_TYPE_SESSIONS, NULL);

  self->folder = g_object_ref (folder);
  self->cache = g_object_ref (cache);
  self->grace_seconds = grace_seconds;
  g_signal_connect_object (cache, "crowded", G_CALLBACK (on_crowded), self, 0);

  return self;
}

/**
 * almu_sessions_get_folder:
 *
 * Returns: (transfer none): where files are
 */
AlmuFolder *
almu_sessions_get_folder (AlmuSessions *self)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);

  return self->folder;
}

/**
 * almu_sessions_get_cache:
 *
 * Returns: (transfer none): what was made of images, shared by all
 *   sessions
 */
AlmuCache *
almu_sessions_get_cache (AlmuSessions *self)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);

  return self->cache;
}

static guint32
random_id (AlmuSessions *self)
{
  guint32 id = 0;

  while (id == 0 || g_hash_table_contains (self->sessions, GUINT_TO_POINTER (id)) ||
         (self->archive != NULL && almu_archive_contains (self->archive, id)))
    {
      if (getrandom (&id, sizeof id, 0) != sizeof id)
        g_error ("No random numbers: %s", g_strerror (errno));
    }

  return id;
}

static AlmuSession *
add_session (AlmuSessions      *self,
             guint32            id,
             const AlmuMemento *memento,
             GError           **error)
{
  Kept *kept;

  if (g_hash_table_size (self->sessions) >= ALMU_LIMIT_SESSIONS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("There are %d sessions, which is as many as may be"), ALMU_LIMIT_SESSIONS);
      return NULL;
    }

  kept = g_new0 (Kept, 1);
  kept->owner = self;
  kept->session = almu_session_new (id != 0 ? id : random_id (self), self->folder, self->cache);
  if (memento != NULL)
    almu_session_recall (kept->session, memento);
  g_signal_connect (kept->session, "notify::state", G_CALLBACK (on_state_changed), kept);
  g_hash_table_insert (self->sessions, GUINT_TO_POINTER (almu_session_get_id (kept->session)), kept);
  on_state_changed (kept->session, NULL, kept);
  g_signal_emit (self, signals[SESSION_ADDED], 0, kept->session);

  return kept->session;
}

/**
 * almu_sessions_create:
 * @id: what to call it, or 0 for a random number; not one in use
 * @self: the sessions
 * @error: return location
 *
 * Emits `session-added`. More than %ALMU_LIMIT_SESSIONS in memory are
 * %ALMU_ERROR_LIMIT.
 *
 * Returns: (transfer none): a new session, detached
 */
AlmuSession *
almu_sessions_create (AlmuSessions *self,
                      guint32       id,
                      GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);
  g_return_val_if_fail (almu_sessions_lookup (self, id) == NULL, NULL);

  return add_session (self, id, NULL, error);
}

/**
 * almu_sessions_lookup:
 * @id: of a session
 *
 * In memory only: see almu_kept_contains() for those in the archive.
 *
 * Returns: (nullable) (transfer none): the session of that id
 */
AlmuSession *
almu_sessions_lookup (AlmuSessions *self,
                      guint32       id)
{
  Kept *kept;

  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);

  kept = g_hash_table_lookup (self->sessions, GUINT_TO_POINTER (id));

  return kept != NULL ? kept->session : NULL;
}

/**
 * almu_sessions_get_archive:
 *
 * Returns: (transfer none) (nullable): where sessions are kept; %NULL if
 *   nowhere
 */
AlmuArchive *
almu_sessions_get_archive (AlmuSessions *self)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);

  return self->archive;
}

/**
 * almu_sessions_set_archive:
 * @archive: where sessions are that are not in memory
 *
 * Held. To be set before the first session is made. Sessions know nothing of
 * it: who keeps them follows their signals.
 */
void
almu_sessions_set_archive (AlmuSessions *self,
                           AlmuArchive  *archive)
{
  g_return_if_fail (ALMU_IS_SESSIONS (self));

  g_set_object (&self->archive, archive);
}

static void
let_go (AlmuSessions *self,
        AlmuSession  *session,
        void (*end) (AlmuSession *))
{
  g_autoptr(AlmuSession) alive = g_object_ref (session);

  if (!g_hash_table_remove (self->sessions, GUINT_TO_POINTER (almu_session_get_id (session))))
    return;

  end (session);
  g_signal_emit (self, signals[SESSION_REMOVED], 0, session);
}

/**
 * almu_sessions_end:
 * @session: one of them; nothing happens if it has left already
 *
 * Closes a session and frees what it holds. Its record stays.
 */
void
almu_sessions_end (AlmuSessions *self,
                   AlmuSession  *session)
{
  g_return_if_fail (ALMU_IS_SESSIONS (self));

  let_go (self, session, almu_session_close);
}

/**
 * almu_sessions_park:
 * @session: one of them; nothing happens if it has left already
 *
 * Frees what a session holds; it comes back when it is asked for.
 */
void
almu_sessions_park (AlmuSessions *self,
                    AlmuSession  *session)
{
  g_return_if_fail (ALMU_IS_SESSIONS (self));

  let_go (self, session, almu_session_park);
}

/* Unless somebody looks at it. */
static gboolean
end_unseen (AlmuSessions *self,
            guint32       id,
            GError      **error)
{
  AlmuSession *session = almu_sessions_lookup (self, id);

  if (session != NULL && almu_session_get_state (session) == ALMU_SESSION_ATTACHED)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   _ ("Session %u is open in a window: close that first"), id);
      return FALSE;
    }

  if (session != NULL)
    almu_sessions_end (self, session);
  else if (self->archive == NULL || !almu_archive_contains (self->archive, id))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u"), id);
      return FALSE;
    }

  return TRUE;
}

/**
 * almu_sessions_forget:
 * @id: of a session, in memory or not
 *
 * Drops a session that nobody is looking at, and its record.
 *
 * %ALMU_ERROR_REFUSED if somebody looks at it, %ALMU_ERROR_NOT_FOUND if there
 * is none.
 */
gboolean
almu_sessions_forget (AlmuSessions *self,
                      guint32       id,
                      GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), FALSE);

  if (!end_unseen (self, id, error) ||
      (self->archive != NULL && !almu_archive_forget (self->archive, id, error)))
    return FALSE;

  g_signal_emit (self, signals[SESSION_FORGOTTEN], 0, id);

  return TRUE;
}

/**
 * almu_sessions_replace:
 * @id: of a session, in memory or not
 * @heir: another one, which has all of it
 *
 * Drops a session as almu_sessions_forget() does, and keeps @heir in its place:
 * a process that ends at any moment leaves one of them in the archive, neither
 * both nor none.
 */
gboolean
almu_sessions_replace (AlmuSessions *self,
                       guint32       id,
                       AlmuSession  *heir,
                       GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SESSIONS (self), FALSE);
  g_return_val_if_fail (ALMU_IS_SESSION (heir), FALSE);

  if (!end_unseen (self, id, error) ||
      (self->archive != NULL && !almu_archive_replace (self->archive, id, almu_session_get_id (heir), error)))
    return FALSE;

  g_signal_emit (self, signals[SESSION_FORGOTTEN], 0, id);

  return TRUE;
}

/* -- coming back -------------------------------------------------------- */

static void
on_revived (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AlmuSessions *self = g_task_get_source_object (task);
  AlmuSession  *session = ALMU_SESSION (source);
  g_autoptr(GError) error = NULL;
  char **problems = NULL;

  almu_archive_end_restore (self->archive, almu_session_get_id (session));
  if (almu_session_get_state (session) < ALMU_SESSION_PARKED)
    almu_session_end_recall (session);
  if (almu_resume_finish (session, result, &problems, &error))
    g_task_return_pointer (task, problems, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * almu_sessions_revive_async:
 * @id: of a session that is not in memory
 *
 * Brings a session back from the archive. It is there at once, detached;
 * its files follow until @callback. Once begun that goes on, whoever leaves:
 * half a session must not become its record.
 *
 * Fails as almu_archive_load() and almu_archive_begin_restore() do, and with
 * %ALMU_ERROR_LIMIT beyond %ALMU_LIMIT_SESSIONS. Emits `session-added`.
 *
 * Returns: (nullable) (transfer none): the session, or %NULL with @error,
 *   and @callback is not called
 */
AlmuSession *
almu_sessions_revive_async (AlmuSessions       *self,
                            guint32             id,
                            GAsyncReadyCallback callback,
                            gpointer            user_data,
                            GError            **error)
{
  g_autoptr(AlmuMemento) memento = NULL;
  AlmuSession *session;

  g_return_val_if_fail (ALMU_IS_SESSIONS (self), NULL);

  if (self->archive == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u"), id);
      return NULL;
    }

  memento = almu_archive_load (self->archive, id, error);
  if (memento == NULL || !almu_archive_begin_restore (self->archive, id, error))
    return NULL;

  session = add_session (self, id, memento, error);
  if (session == NULL)
    {
      almu_archive_end_restore (self->archive, id);
      return NULL;
    }

  almu_resume_async (session, memento->files, memento->catalogs, NULL, on_revived,
                     g_task_new (self, NULL, callback, user_data));

  return session;
}

/**
 * almu_sessions_revive_finish:
 * @self: the sessions
 * @result: what the callback got
 * @error: return location
 * @out_problems: (transfer full): what could not be restored, in words
 *
 * Fails only if the record makes no sense, or the session has ended meanwhile
 * (%G_IO_ERROR_CANCELLED); a file that cannot be had is one of @out_problems.
 *
 * Returns: whether it is as it was written down
 */
gboolean
almu_sessions_revive_finish (AlmuSessions *self,
                             GAsyncResult *result,
                             char       ***out_problems,
                             GError      **error)
{
  char **problems;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  problems = g_task_propagate_pointer (G_TASK (result), error);
  if (problems == NULL)
    return FALSE;

  *out_problems = problems;
  return TRUE;
}

/**
 * almu_sessions_list:
 * @self: the sessions
 *
 * Those in memory, in no particular order; a copy, so that they may come and go
 * meanwhile.
 *
 * Returns: (transfer full) (element-type AlmuSession): all there are
 */
GPtrArray *
almu_sessions_list (AlmuSessions *self)
{
  GPtrArray     *list = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  Kept          *kept;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &kept))
    g_ptr_array_add (list, g_object_ref (kept->session));

  return list;
}

/**
 * almu_sessions_park_all:
 *
 * The process ends: every session is written down and freed.
 */
void
almu_sessions_park_all (AlmuSessions *self)
{
  g_autoptr(GPtrArray) list = almu_sessions_list (self);

  for (guint i = 0; i < list->len; i++)
    almu_sessions_park (self, list->pdata[i]);
}

/**
 * almu_sessions_count:
 * @self: the sessions
 * @state: a state
 *
 * Goes through all that are in memory: those in the archive are not counted, so
 * that none is parked or closed.
 *
 * Returns: how many are in that state
 */
guint
almu_sessions_count (AlmuSessions    *self,
                     AlmuSessionState state)
{
  GHashTableIter iter;
  Kept          *kept;
  guint          n = 0;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &kept))
    n += almu_session_get_state (kept->session) == state;

  return n;
}
