/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-store-private.h"

#include <string.h>

#include "almu-limits.h"
#include "almu-record.h"
#include "almu-session-catalogs.h"

/* What of the sessions in memory is to be written, and when.
 *
 * A record is written as a whole. A region that is set has to be written before that
 * is acknowledged, and whoever sets one after the other would have all of them written
 * each time: until the record is written again, a moment later, what was set stands
 * beside it.
 */

/* Regions that are set at the same time, and times that there are, before the record
 * is no dearer to write. */
#define MAX_SET 64
#define MAX_APPENDED 1024

/**
 * almu_followed_drop_draft:
 * @self: a session that is followed
 *
 * Nothing of it is to be written any more, as far as is known.
 */
void
almu_followed_drop_draft (Followed *self)
{
  g_clear_pointer (&self->draft, almu_archive_entry_free);
  g_clear_pointer (&self->json, g_free);
}

/**
 * almu_followed_take_written:
 * @json: (nullable) (transfer full): the record that was written, with nothing beside it;
 *   %NULL if there is none
 *
 * To be called when that is so.
 */
void
almu_followed_take_written (Followed *self,
                            char     *json)
{
  g_free (self->written);
  self->written = json;
  self->n_bytes = json != NULL ? strlen (json) : 0;
  self->n_appended = 0;
}

static void
leave (Followed *self)
{
  if (self->session == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
}

/**
 * almu_followed_free:
 * @data: (nullable): a #Followed
 *
 * Stops listening to its session and frees all; a draft that is not written is
 * lost. For the table in #AlmuStore.
 */
void
almu_followed_free (gpointer data)
{
  Followed *self = data;

  leave (self);
  almu_followed_drop_draft (self);
  g_free (self->written);
  g_clear_pointer (&self->texts, g_hash_table_unref);
  g_hash_table_unref (self->set);
  g_free (self);
}

/**
 * almu_store_find:
 * @self: a store
 * @id: of a session
 *
 * Finds a session in memory, or one that has left it and is not written yet.
 *
 * Returns: (nullable) (transfer none): the session as it is followed; %NULL if
 *   it is neither
 */
Followed *
almu_store_find (AlmuStore *self,
                 guint32    id)
{
  return g_hash_table_lookup (self->followed, GUINT_TO_POINTER (id));
}

/**
 * almu_store_let_go:
 * @self: a store
 * @id: of a session
 *
 * Follows a session no longer, and frees what was known of it. Its record
 * stays.
 */
void
almu_store_let_go (AlmuStore *self,
                   guint32    id)
{
  g_hash_table_remove (self->followed, GUINT_TO_POINTER (id));
}

/* -- drafts ------------------------------------------------------------- */

/* The record that is there before the first is written: a newer version may
 * have added to it. */
static void
look_back (Followed *self)
{
  g_autoptr(GPtrArray) changes = NULL;

  if (!self->is_kept || self->written != NULL || self->store->database == NULL)
    return;

  almu_followed_take_written (self, almu_database_get (self->store->database, self->id, NULL));
  changes = almu_database_list_changes (self->store->database, self->id, NULL);
  self->n_appended = changes != NULL ? changes->len : 0;
  self->keeps_unknown = self->written != NULL && almu_record_has_unknown (self->written);
}

/**
 * almu_followed_get_last_seen:
 * @self: of a session in memory
 *
 * Returns: when somebody looked at it last, which may be now; seconds since 1970
 */
gint64
almu_followed_get_last_seen (const Followed *self)
{
  if (almu_session_get_state (self->session) == ALMU_SESSION_ATTACHED)
    return g_get_real_time () / G_TIME_SPAN_SECOND;

  return almu_session_get_last_seen (self->session);
}

static AlmuArchiveEntry *
summarise (AlmuMemento *memento,
           gint64       last_seen)
{
  AlmuArchiveEntry *entry = g_new0 (AlmuArchiveEntry, 1);

  entry->id = memento->id;
  entry->state = g_steal_pointer (&memento->state);
  entry->title = memento->title != NULL ? g_steal_pointer (&memento->title) : g_strdup ("");
  entry->viewer = g_steal_pointer (&memento->viewer);
  entry->created = memento->created;
  entry->last_seen = last_seen;
  entry->rebuilds = memento->rebuilds;
  entry->n_files = memento->files->len;
  for (guint i = 0; i < memento->files->len; i++)
    entry->n_regions += ((AlmuFileWish *) memento->files->pdata[i])->regions->len;

  return entry;
}

/* There is nothing to come back to. But a session that never had a file may
 * be one that could not be brought back: its record stays. */
static void
draft_removal (Followed *self)
{
  almu_followed_drop_draft (self);
  if (!self->is_kept || !self->had_files)
    return;

  self->draft = g_new0 (AlmuArchiveEntry, 1);
  self->draft->id = self->id;
}

static gboolean
is_readable (Followed   *self,
             const char *json)
{
  gsize length = strlen (json);

  if (length <= ALMU_LIMIT_RECORD_BYTES)
    {
      self->is_too_large = FALSE;
      return TRUE;
    }

  if (!self->is_too_large)
    {
      g_autofree char *text = g_strdup_printf ("Session %u is too large to be kept: its record has %" G_GSIZE_FORMAT
                                               " bytes, %d are the limit. What changes is kept in memory only",
                                               self->id, length, ALMU_LIMIT_RECORD_BYTES);

      almu_store_emit_trouble (self->store, text);
    }
  self->is_too_large = TRUE;

  return FALSE;
}

/**
 * almu_followed_make_draft:
 *
 * Sees what has to be written of a session, if anything.
 */
void
almu_followed_make_draft (Followed *self)
{
  g_autoptr(AlmuMemento) memento = NULL;
  g_autofree char *json = NULL;

  /* what is half back is not its record */
  if (self->session == NULL || g_hash_table_contains (self->store->restoring, GUINT_TO_POINTER (self->id)))
    return;

  self->is_dirty = FALSE;
  g_hash_table_remove_all (self->set);
  if (almu_session_list_files (self->session)->len == 0 &&
      almu_session_list_catalogs (self->session)->len == 0)
    {
      draft_removal (self);
      return;
    }

  look_back (self);
  memento = almu_session_describe (self->session);
  if (self->keeps_unknown)
    json = almu_record_write_again (memento, self->json != NULL ? self->json : self->written, self->texts);
  else
    json = almu_record_write_again (memento, NULL, self->texts);

  if (self->is_kept && !self->must_write && self->n_appended == 0 && g_strcmp0 (json, self->written) == 0)
    {
      almu_followed_drop_draft (self);
      return;
    }

  if (!is_readable (self, json))
    return;

  almu_followed_drop_draft (self);
  self->draft = summarise (memento, almu_followed_get_last_seen (self));
  self->json = g_steal_pointer (&json);
}

/**
 * almu_followed_is_behind:
 *
 * What was set may be written, but beside the record.
 *
 * Returns: whether the record is not what the session is
 */
gboolean
almu_followed_is_behind (const Followed *self)
{
  return self->is_dirty || self->n_appended > 0 || g_hash_table_size (self->set) > 0;
}

/* -- when --------------------------------------------------------------- */

static gboolean
on_write_time (gpointer user_data)
{
  AlmuStore *self = user_data;

  self->write_source = 0;
  almu_store_write_all (self);

  return G_SOURCE_REMOVE;
}

/**
 * almu_store_schedule:
 * @self: a store
 *
 * Has all that is dirty written within %ALMU_STORE_DELAY_MSEC from now; calls
 * until then are one.
 */
void
almu_store_schedule (AlmuStore *self)
{
  if (self->write_source == 0)
    self->write_source = g_timeout_add (ALMU_STORE_DELAY_MSEC, on_write_time, self);
}

/* Whether the record is written, and a few regions are all that is new. What is
 * not known of an older one stands in it, and would not be found beside. */
static gboolean
can_append (const Followed *self)
{
  guint n = g_hash_table_size (self->set);

  return n > 0 && n <= MAX_SET && self->n_appended < MAX_APPENDED && !self->is_dirty &&
         self->is_kept && self->written != NULL && self->draft == NULL &&
         !self->must_write && !self->keeps_unknown && !self->is_too_large &&
         !g_hash_table_contains (self->store->restoring, GUINT_TO_POINTER (self->id));
}

/* Writes them beside the record, if that is possible. */
static gboolean
append (Followed *self)
{
  g_autoptr(AlmuMemento) memento = NULL;
  g_autofree char *json = NULL;

  if (!can_append (self))
    return FALSE;

  memento = almu_session_describe_regions (self->session, self->set);
  json = almu_record_write_regions (memento, self->texts);
  if (self->n_bytes + strlen (json) > ALMU_LIMIT_RECORD_BYTES || !almu_store_append (self->store, self, json))
    return FALSE;

  g_hash_table_remove_all (self->set);

  return TRUE;
}

static void
on_region_set (AlmuSession *session,
               AlmuRegion  *region,
               Followed    *followed)
{
  g_hash_table_add (followed->set, GINT_TO_POINTER (almu_region_get_id (region)));
  almu_store_schedule (followed->store);
}

static void
on_changed (AlmuSession *session,
            Followed    *followed)
{
  followed->is_dirty = TRUE;
  almu_store_schedule (followed->store);
}

static void
on_file_added (AlmuSession *session,
               AlmuFile    *file,
               Followed    *followed)
{
  followed->had_files = TRUE;
}

static void
on_commit (AlmuSession *session,
           Followed    *followed)
{
  g_autoptr(GPtrArray) one = NULL;

  if (followed->store->trouble != NULL)
    {
      followed->is_dirty = TRUE;
      almu_store_write_all (followed->store);
      return;
    }

  if (append (followed))
    return;

  almu_followed_make_draft (followed);
  if (followed->draft == NULL)
    return;

  one = g_ptr_array_new ();
  g_ptr_array_add (one, followed);
  almu_store_write (followed->store, one);
}

/* -- who ---------------------------------------------------------------- */

/**
 * almu_store_add:
 * @self: a store
 * @id: of a session that almu_store_find() does not find
 *
 * Begins to keep in mind what is to be written of a session.
 *
 * Returns: (transfer none): the session, without anything to be written
 */
Followed *
almu_store_add (AlmuStore *self,
                guint32    id)
{
  Followed *followed = g_new0 (Followed, 1);

  followed->store = self;
  followed->id = id;
  followed->texts = almu_record_texts_new ();
  followed->set = g_hash_table_new (NULL, NULL);
  if (self->database != NULL)
    almu_database_contains (self->database, id, &followed->is_kept, NULL);
  g_hash_table_insert (self->followed, GUINT_TO_POINTER (id), followed);

  return followed;
}

static void
follow (AlmuStore   *self,
        AlmuSession *session)
{
  Followed *followed = almu_store_find (self, almu_session_get_id (session));

  if (followed == NULL)
    followed = almu_store_add (self, almu_session_get_id (session));

  leave (followed);
  followed->session = g_object_ref (session);
  followed->had_files = almu_session_list_files (session)->len > 0;
  g_signal_connect (session, "file-added", G_CALLBACK (on_file_added), followed);
  g_signal_connect (session, "region-set", G_CALLBACK (on_region_set), followed);
  g_signal_connect (session, "changed", G_CALLBACK (on_changed), followed);
  g_signal_connect (session, "commit", G_CALLBACK (on_commit), followed);
  on_changed (session, followed);
}

static void
on_session_added (AlmuSessions *sessions,
                  AlmuSession  *session,
                  AlmuStore    *self)
{
  follow (self, session);
}

/* Its last state was committed before its files were closed. */
static void
on_session_removed (AlmuSessions *sessions,
                    AlmuSession  *session,
                    AlmuStore    *self)
{
  guint32   id = almu_session_get_id (session);
  Followed *followed = almu_store_find (self, id);

  if (followed == NULL || followed->session != session)
    return;

  leave (followed);
  followed->is_dirty = FALSE;
  if (followed->draft == NULL)
    almu_store_let_go (self, id);

  /* ended in an orderly way, not by a crash */
  if (g_hash_table_contains (self->restoring, GUINT_TO_POINTER (id)))
    almu_archive_end_restore (ALMU_ARCHIVE (self), id);
}

/**
 * almu_store_follow_all:
 * @self: a store
 * @sessions: the sessions in memory
 *
 * Listens to those that are there and to those that come, until the store or
 * @sessions is gone. Each is looked at once and written if its record is
 * another, %ALMU_STORE_DELAY_MSEC later.
 */
void
almu_store_follow_all (AlmuStore    *self,
                       AlmuSessions *sessions)
{
  g_autoptr(GPtrArray) list = almu_sessions_list (sessions);

  g_signal_connect_object (sessions, "session-added", G_CALLBACK (on_session_added), self, 0);
  g_signal_connect_object (sessions, "session-removed", G_CALLBACK (on_session_removed), self, 0);
  for (guint i = 0; i < list->len; i++)
    follow (self, list->pdata[i]);
}
