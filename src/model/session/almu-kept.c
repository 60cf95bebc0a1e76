/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-kept.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/* Sessions wherever they are: in memory, where they speak for themselves,
 * or in the archive, which may be a moment behind. */

static AlmuArchiveEntry *
describe (AlmuSession *session)
{
  AlmuArchiveEntry *entry = g_new0 (AlmuArchiveEntry, 1);

  g_object_get (session, "title", &entry->title, "created", &entry->created, NULL);
  entry->id = almu_session_get_id (session);
  entry->state = g_strdup (almu_session_state_get_name (almu_session_get_state (session)));
  entry->viewer = g_strdup (almu_session_get_viewer (session));
  entry->last_seen = almu_session_get_last_seen (session);
  entry->n_files = almu_session_list_files (session)->len;
  entry->n_regions = almu_session_get_n_regions (session);
  entry->rebuilds = almu_session_get_rebuilds (session);

  return entry;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const AlmuArchiveEntry *x = *(const AlmuArchiveEntry *const *) a;
  const AlmuArchiveEntry *y = *(const AlmuArchiveEntry *const *) b;

  if (x->last_seen != y->last_seen)
    return x->last_seen > y->last_seen ? -1 : 1;

  return x->id < y->id ? -1 : x->id > y->id;
}

/* A process that was killed left its sessions attached in the archive. */
static AlmuArchiveEntry *
copy_archived (const AlmuArchiveEntry *entry)
{
  const char       *closed = almu_session_state_get_name (ALMU_SESSION_CLOSED);
  AlmuArchiveEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->state = g_strdup (g_strcmp0 (entry->state, closed) == 0 ? closed : almu_session_state_get_name (ALMU_SESSION_PARKED));
  copy->title = g_strdup (entry->title);
  copy->viewer = g_strdup (entry->viewer);

  return copy;
}

static gboolean
add_archived (GPtrArray    *list,
              AlmuSessions *sessions,
              GError      **error)
{
  AlmuArchive *archive = almu_sessions_get_archive (sessions);
  g_autoptr(GPtrArray) archived = NULL;

  if (archive == NULL)
    return TRUE;

  archived = almu_archive_list (archive, error);
  if (archived == NULL)
    return FALSE;

  for (guint i = 0; i < archived->len; i++)
    {
      const AlmuArchiveEntry *entry = archived->pdata[i];

      if (almu_sessions_lookup (sessions, entry->id) == NULL)
        g_ptr_array_add (list, copy_archived (entry));
    }

  return TRUE;
}

/* Unless a page is at it. */
static gboolean
is_mere_part (const AlmuArchiveEntry *entry,
              GHashTable             *ids)
{
  return entry->rebuilds != 0 && g_strcmp0 (entry->state, almu_session_state_get_name (ALMU_SESSION_ATTACHED)) != 0 &&
         g_hash_table_contains (ids, GUINT_TO_POINTER (entry->rebuilds));
}

/* What a page had rebuilt when it, or the process, ended: the whole is there. */
static void
leave_parts_out (GPtrArray *list)
{
  g_autoptr(GHashTable) ids = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < list->len; i++)
    g_hash_table_add (ids, GUINT_TO_POINTER (((AlmuArchiveEntry *) list->pdata[i])->id));
  for (guint i = list->len; i > 0; i--)
    if (is_mere_part (list->pdata[i - 1], ids))
      g_ptr_array_remove_index (list, i - 1);
}

/**
 * almu_kept_list:
 * @sessions: the sessions
 * @error: return location for an error
 *
 * Live sessions speak for themselves, the others through the archive, in one
 * read of its list. Nobody is shown what a page had rebuilt of another one before
 * it ended. Main thread. Fails if the archive cannot be read.
 *
 * Returns: (transfer full) (element-type AlmuArchiveEntry): all there are,
 *   in memory or not, the latest seen first
 */
GPtrArray *
almu_kept_list (AlmuSessions *sessions,
                GError      **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_archive_entry_free);
  g_autoptr(GPtrArray) live = NULL;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  if (!add_archived (list, sessions, error))
    return NULL;

  live = almu_sessions_list (sessions);
  for (guint i = 0; i < live->len; i++)
    g_ptr_array_add (list, describe (live->pdata[i]));
  leave_parts_out (list);
  g_ptr_array_sort (list, compare_entries);

  return g_steal_pointer (&list);
}

/**
 * almu_kept_load:
 * @sessions: the sessions
 * @id: of one of them
 * @error: return location for an error
 *
 * Main thread; reads the archive unless the session is in memory. Nothing is
 * brought back by it.
 *
 * Returns: (transfer full): the session as it can be written down;
 *   %ALMU_ERROR_NOT_FOUND if it is nowhere
 */
AlmuMemento *
almu_kept_load (AlmuSessions *sessions,
                guint32       id,
                GError      **error)
{
  AlmuSession *session;
  AlmuArchive *archive;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  session = almu_sessions_lookup (sessions, id);
  if (session != NULL)
    return almu_session_describe (session);

  archive = almu_sessions_get_archive (sessions);
  if (archive != NULL)
    return almu_archive_load (archive, id, error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u"), id);

  return NULL;
}

/**
 * almu_kept_contains:
 * @sessions: the sessions
 * @id: of one of them
 *
 * Whether almu_kept_load() would find the session.
 */
gboolean
almu_kept_contains (AlmuSessions *sessions,
                    guint32       id)
{
  AlmuArchive *archive;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), FALSE);

  archive = almu_sessions_get_archive (sessions);

  return almu_sessions_lookup (sessions, id) != NULL || (archive != NULL && almu_archive_contains (archive, id));
}

/**
 * almu_kept_parse_name:
 * @name: of a workspace
 *
 * A number that begins with 0, or is beyond 32 bits, is none. Whether there is
 * such a session is not asked.
 *
 * Returns: the number in `Session NUMBER` or `Session NUMBER …`, else 0
 */
guint32
almu_kept_parse_name (const char *name)
{
  guint64     id = 0;
  const char *p;

  g_return_val_if_fail (name != NULL, 0);

  if (!g_str_has_prefix (name, ALMU_KEPT_PREFIX) || name[strlen (ALMU_KEPT_PREFIX)] == '0')
    return 0;

  for (p = name + strlen (ALMU_KEPT_PREFIX); g_ascii_isdigit (*p); p++)
    {
      id = id * 10 + (guint64) (*p - '0');
      if (id > G_MAXUINT32)
        return 0;
    }

  return *p == '\0' || *p == ' ' ? (guint32) id : 0;
}
