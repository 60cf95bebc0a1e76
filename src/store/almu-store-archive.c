/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-store-private.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-record.h"

/* The store as the model sees it. What could not be written yet counts as
 * written. */

static gboolean
is_in_memory (AlmuStore *self,
              guint32    id)
{
  Followed *followed = almu_store_find (self, id);

  return followed != NULL && followed->session != NULL;
}

static char *
dup_json (AlmuStore *self,
          guint32    id,
          GError   **error)
{
  Followed *followed = almu_store_find (self, id);

  if (followed == NULL || followed->draft == NULL)
    return almu_store_open (self, error) ? almu_database_get (self->database, id, error) : NULL;

  if (followed->json == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u is kept"), id);

  return g_strdup (followed->json);
}

/* A process that was killed left its sessions attached. */
static void
correct_state (AlmuStore *self,
               guint32    id,
               char     **state)
{
  if (is_in_memory (self, id) ||
      g_str_equal (*state, almu_session_state_get_name (ALMU_SESSION_CLOSED)))
    return;

  g_free (*state);
  *state = g_strdup (almu_session_state_get_name (ALMU_SESSION_PARKED));
}

/* One that is not understood keeps nobody from the rest. */
static void
add_changes (AlmuStore   *self,
             guint32      id,
             AlmuMemento *memento)
{
  const Followed *followed = almu_store_find (self, id);
  g_autoptr(GPtrArray) changes = NULL;
  g_autoptr(GError) error = NULL;

  /* a draft has all */
  if (followed != NULL && followed->draft != NULL)
    return;

  changes = almu_database_list_changes (self->database, id, &error);
  if (changes == NULL)
    g_warning ("Session %u: what was set last is lost: %s", id, error->message);
  for (guint i = 0; changes != NULL && i < changes->len; i++)
    {
      g_autoptr(GError) reason = NULL;

      if (!almu_record_add_regions (memento, changes->pdata[i], &reason))
        g_warning ("Session %u: something that was set last is lost: %s", id, reason->message);
    }
}

static AlmuMemento *
almu_store_load (AlmuArchive *archive,
                 guint32      id,
                 GError     **error)
{
  AlmuStore       *self = ALMU_STORE (archive);
  g_autofree char *json = dup_json (self, id, error);
  AlmuMemento     *memento;

  if (json == NULL)
    return NULL;

  memento = almu_record_read (json, error);
  if (memento == NULL)
    {
      g_prefix_error (error, _ ("Session %u: "), id);
      return NULL;
    }

  add_changes (self, id, memento);
  /* the row is found by it, whatever a hand has written inside */
  memento->id = id;
  correct_state (self, id, &memento->state);

  return memento;
}

/* -- the list ----------------------------------------------------------- */

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

static AlmuArchiveEntry *
copy_entry (const AlmuArchiveEntry *entry)
{
  AlmuArchiveEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->state = g_strdup (entry->state);
  copy->title = g_strdup (entry->title);
  copy->viewer = g_strdup (entry->viewer);

  return copy;
}

/* In place of what is written of these sessions, what is not yet. */
static void
lay_drafts_over (AlmuStore *self,
                 GPtrArray *list)
{
  GHashTableIter iter;
  Followed      *followed;

  for (guint i = list->len; i > 0; i--)
    {
      followed = almu_store_find (self, ((AlmuArchiveEntry *) list->pdata[i - 1])->id);
      if (followed != NULL && followed->draft != NULL)
        g_ptr_array_remove_index (list, i - 1);
    }

  g_hash_table_iter_init (&iter, self->followed);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &followed))
    if (followed->json != NULL)
      g_ptr_array_add (list, copy_entry (followed->draft));

  g_ptr_array_sort (list, compare_entries);
}

static GPtrArray *
almu_store_list (AlmuArchive *archive,
                 GError     **error)
{
  AlmuStore *self = ALMU_STORE (archive);
  GPtrArray *list;

  if (!almu_store_open (self, error))
    return NULL;

  list = almu_database_list (self->database, error);
  if (list == NULL)
    return NULL;

  if (self->trouble != NULL)
    lay_drafts_over (self, list);
  for (guint i = 0; i < list->len; i++)
    {
      AlmuArchiveEntry *entry = list->pdata[i];

      correct_state (self, entry->id, &entry->state);
    }

  return list;
}

/* -- one of them -------------------------------------------------------- */

static gboolean
almu_store_contains (AlmuArchive *archive,
                     guint32      id)
{
  AlmuStore *self = ALMU_STORE (archive);
  Followed  *followed = almu_store_find (self, id);
  gboolean   is_kept = FALSE;

  if (followed != NULL && followed->draft != NULL)
    return followed->json != NULL;

  if (almu_store_open (self, NULL))
    almu_database_contains (self->database, id, &is_kept, NULL);

  return is_kept;
}

static gboolean
almu_store_forget (AlmuArchive *archive,
                   guint32      id,
                   GError     **error)
{
  AlmuStore *self = ALMU_STORE (archive);
  Followed  *followed = almu_store_find (self, id);

  if (!almu_store_open (self, error) || !almu_database_remove (self->database, id, error))
    return FALSE;

  self->n_writes++;
  if (followed == NULL)
    return TRUE;

  almu_followed_drop_draft (followed);
  followed->is_kept = FALSE;
  almu_followed_take_written (followed, NULL);
  if (followed->session == NULL)
    almu_store_let_go (self, id);

  return TRUE;
}

/* Something to be kept in place of another record has one of its own. */
static gboolean
check_heir (AlmuStore *self,
            guint32    heir_id,
            GError   **error)
{
  Followed *heir = almu_store_find (self, heir_id);

  if (heir == NULL || heir->session == NULL || g_hash_table_contains (self->restoring, GUINT_TO_POINTER (heir_id)))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED, "Session %u is not in use", heir_id);
      return FALSE;
    }

  almu_followed_make_draft (heir);
  if (heir->is_too_large)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, "Session %u is too large to be kept", heir_id);
      return FALSE;
    }

  return TRUE;
}

/* As drafts of both, which are written in one transaction, now or when the disk
 * lets us. */
static gboolean
almu_store_replace (AlmuArchive *archive,
                    guint32      id,
                    guint32      heir_id,
                    GError     **error)
{
  AlmuStore *self = ALMU_STORE (archive);
  Followed  *followed = almu_store_find (self, id);
  g_autoptr(GPtrArray) drafts = g_ptr_array_new ();

  if (!check_heir (self, heir_id, error))
    return FALSE;

  if (followed == NULL)
    followed = almu_store_add (self, id);
  almu_followed_drop_draft (followed);
  followed->draft = g_new0 (AlmuArchiveEntry, 1);
  followed->draft->id = id;

  if (self->trouble != NULL)
    {
      almu_store_write_all (self);
      return TRUE;
    }

  g_ptr_array_add (drafts, followed);
  followed = almu_store_find (self, heir_id);
  if (followed->draft != NULL)
    g_ptr_array_add (drafts, followed);
  almu_store_write (self, drafts);

  return TRUE;
}

static gboolean
set_suspect (AlmuStore *self,
             guint32    id,
             gboolean   is_suspect)
{
  g_autoptr(GError) error = NULL;

  if (almu_store_open (self, &error) &&
      almu_database_set_suspect (self->database, id, is_suspect, &error))
    return TRUE;

  almu_store_report (self, error);
  return FALSE;
}

/* A disk that is full keeps nobody from coming back. */
static gboolean
almu_store_begin_restore (AlmuArchive *archive,
                          guint32      id,
                          GError     **error)
{
  AlmuStore *self = ALMU_STORE (archive);

  if (!almu_store_contains (archive, id))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u is kept"), id);
      return FALSE;
    }

  g_hash_table_add (self->restoring, GUINT_TO_POINTER (id));
  set_suspect (self, id, TRUE);

  return TRUE;
}

static void
almu_store_end_restore (AlmuArchive *archive,
                        guint32      id)
{
  AlmuStore *self = ALMU_STORE (archive);
  Followed  *followed = almu_store_find (self, id);
  gboolean   is_said;

  if (!g_hash_table_remove (self->restoring, GUINT_TO_POINTER (id)))
    return;

  /* a record that is written says so too: make sure there is one */
  is_said = set_suspect (self, id, FALSE);
  if (followed == NULL || followed->session == NULL)
    return;

  followed->must_write |= !is_said;
  followed->is_dirty = TRUE;
  almu_store_schedule (self);
}

/**
 * almu_store_archive_init:
 * @iface: to be filled in
 *
 * The store as an #AlmuArchive: what could not be written yet counts as
 * written, and a session whose process was killed counts as parked.
 */
void
almu_store_archive_init (AlmuArchiveInterface *iface)
{
  iface->load = almu_store_load;
  iface->list = almu_store_list;
  iface->forget = almu_store_forget;
  iface->replace = almu_store_replace;
  iface->contains = almu_store_contains;
  iface->begin_restore = almu_store_begin_restore;
  iface->end_restore = almu_store_end_restore;
}
