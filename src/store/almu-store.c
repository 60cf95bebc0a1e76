/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-store-private.h"

#include <string.h>

#include "almu-error.h"
#include "almu-trace.h"

#define RETRY_MSEC 5000

/**
 * AlmuStore:
 *
 * Sessions on the disk: `sessions.db` in the state folder. Follows the
 * sessions in memory and writes down what changes: at once what somebody is
 * about to be told of, together and a moment later what nobody is.
 *
 * The daemon owns it. If nothing can be written the sessions go on in
 * memory, [signal@Almu.Store::trouble] tells once, and writing is tried
 * again until it works.
 *
 * Main thread only. A write waits for the kernel, not for the disk.
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (AlmuStore, almu_store, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (ALMU_TYPE_ARCHIVE, almu_store_archive_init))

enum
{
  PROP_0,
  PROP_TROUBLE,
  N_PROPS
};

enum
{
  TROUBLE,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint       signals[N_SIGNALS];

static void
almu_store_dispose (GObject *object)
{
  AlmuStore *self = ALMU_STORE (object);

  if (self->database != NULL)
    almu_store_write_all (self);

  g_clear_handle_id (&self->write_source, g_source_remove);
  g_clear_handle_id (&self->retry_source, g_source_remove);
  g_clear_handle_id (&self->touch_source, g_source_remove);
  g_hash_table_remove_all (self->followed);
  g_clear_pointer (&self->database, almu_database_close);

  G_OBJECT_CLASS (almu_store_parent_class)->dispose (object);
}

static void
almu_store_finalize (GObject *object)
{
  AlmuStore *self = ALMU_STORE (object);

  g_hash_table_unref (self->followed);
  g_hash_table_unref (self->restoring);
  g_free (self->folder);
  g_free (self->trouble);

  G_OBJECT_CLASS (almu_store_parent_class)->finalize (object);
}

static void
almu_store_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  AlmuStore *self = ALMU_STORE (object);

  switch (prop_id)
    {
    case PROP_TROUBLE:
      g_value_set_string (value, self->trouble);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
almu_store_class_init (AlmuStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_store_dispose;
  object_class->finalize = almu_store_finalize;
  object_class->get_property = almu_store_get_property;

  /**
   * AlmuStore:trouble:
   *
   * Why sessions are kept in memory only, or %NULL.
   */
  properties[PROP_TROUBLE] =
    g_param_spec_string ("trouble", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * AlmuStore::trouble:
   * @self: the store
   * @text: what a user should know
   *
   * Sessions cannot be written down. Not emitted again before that worked
   * in between.
   */
  signals[TROUBLE] =
    g_signal_new ("trouble",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
almu_store_init (AlmuStore *self)
{
  self->followed = g_hash_table_new_full (NULL, NULL, NULL, almu_followed_free);
  self->restoring = g_hash_table_new (NULL, NULL);
  self->retry_msec = RETRY_MSEC;
}

/* -- trouble ------------------------------------------------------------ */

/**
 * almu_store_emit_trouble:
 * @self: a store
 * @text: what a user should know
 *
 * Emits [signal@Almu.Store::trouble], no matter whether it was said before.
 */
void
almu_store_emit_trouble (AlmuStore  *self,
                         const char *text)
{
  g_signal_emit (self, signals[TROUBLE], 0, text);
}

static gboolean
on_retry_time (gpointer user_data)
{
  AlmuStore *self = user_data;

  self->retry_source = 0;
  almu_store_write_all (self);
  if (self->trouble != NULL && self->retry_source == 0)
    self->retry_source = g_timeout_add (self->retry_msec, on_retry_time, self);

  return G_SOURCE_REMOVE;
}

/**
 * almu_store_report:
 * @self: a store
 * @error: why something could not be written
 *
 * Begins trouble, or goes on with it: writing is tried again after a while, and
 * the signal is emitted for the first failure only. The caller keeps its
 * drafts.
 */
void
almu_store_report (AlmuStore    *self,
                   const GError *error)
{
  g_debug ("%s", error->message);
  if (self->retry_source == 0)
    self->retry_source = g_timeout_add (self->retry_msec, on_retry_time, self);

  if (self->trouble != NULL)
    return;

  self->trouble = g_strdup_printf ("Sessions are kept in memory only, they cannot be written to %s: %s",
                                   self->folder, error->message);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TROUBLE]);
  almu_store_emit_trouble (self, self->trouble);
}

static void
end_trouble (AlmuStore *self)
{
  g_clear_handle_id (&self->retry_source, g_source_remove);
  if (self->trouble == NULL)
    return;

  g_message ("Sessions are written to %s again", self->folder);
  g_clear_pointer (&self->trouble, g_free);
  almu_database_be_patient (self->database, TRUE);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TROUBLE]);
}

/* -- the database ------------------------------------------------------- */

/* What is in memory is to be written to a new database as a whole. */
static void
begin_afresh (AlmuStore  *self,
              const char *aside)
{
  GHashTableIter iter;
  Followed      *followed;

  g_warning ("The sessions kept in %s are damaged; they are set aside as %s, and new ones are begun",
             self->folder, aside);

  g_hash_table_iter_init (&iter, self->followed);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &followed))
    {
      followed->is_kept = FALSE;
      followed->is_dirty = followed->session != NULL;
      almu_followed_take_written (followed, NULL);
      if (followed->json == NULL)
        almu_followed_drop_draft (followed);
    }
}

/**
 * almu_store_open:
 * @self: a store
 * @error: return location
 *
 * Sees to it that there is a database. One that is damaged is set aside with a
 * warning, and all that is in memory counts as not written yet.
 *
 * Returns: %FALSE if there is none, with an error of almu_database_open()
 */
gboolean
almu_store_open (AlmuStore *self,
                 GError   **error)
{
  g_autofree char *aside = NULL;

  if (self->database != NULL)
    return TRUE;

  self->database = almu_database_open (self->folder, &aside, error);
  if (aside != NULL)
    begin_afresh (self, aside);

  return self->database != NULL;
}

/* Damaged while it was open. */
static gboolean
replace (AlmuStore *self,
         GError   **error)
{
  g_autofree char *aside = NULL;

  g_clear_pointer (&self->database, almu_database_close);
  aside = almu_database_set_aside (self->folder, error);
  if (aside == NULL)
    return FALSE;

  begin_afresh (self, aside);
  almu_store_schedule (self);

  return almu_store_open (self, error);
}

static gboolean
put_drafts (AlmuStore *self,
            GPtrArray *drafts,
            GError   **error)
{
  gboolean is_well;

  if (!almu_store_open (self, error))
    return FALSE;

  almu_database_be_patient (self->database, self->trouble == NULL);
  is_well = almu_database_begin (self->database, error);
  for (guint i = 0; is_well && i < drafts->len; i++)
    {
      const Followed *followed = drafts->pdata[i];

      if (followed->json != NULL)
        is_well = almu_database_put (self->database, followed->draft, followed->json, error);
      else
        is_well = almu_database_remove (self->database, followed->id, error);
    }

  if (is_well && almu_database_end (self->database, error))
    return TRUE;

  almu_database_undo (self->database);
  return FALSE;
}

static void
settle (AlmuStore *self,
        Followed  *followed)
{
  almu_followed_take_written (followed, g_steal_pointer (&followed->json));
  followed->is_kept = followed->written != NULL;
  followed->must_write = FALSE;
  almu_followed_drop_draft (followed);
  if (followed->session == NULL)
    almu_store_let_go (self, followed->id);
}

/**
 * almu_store_write:
 * @drafts: (element-type Followed): those that have drafts
 *
 * Writes them in one transaction.
 */
gboolean
almu_store_write (AlmuStore *self,
                  GPtrArray *drafts)
{
  g_autoptr(GError) error = NULL;
  gboolean is_added = FALSE;
  gboolean is_well;

  if (drafts->len == 0)
    return TRUE;

  ALMU_TRACE_BEGIN (commit);
  is_well = put_drafts (self, drafts, &error);
  ALMU_TRACE_END (commit, NULL);
  if (!is_well && g_error_matches (error, ALMU_ERROR, ALMU_ERROR_FORMAT))
    {
      g_clear_error (&error);
      is_well = replace (self, &error) && put_drafts (self, drafts, &error);
    }

  if (!is_well)
    {
      almu_store_report (self, error);
      return FALSE;
    }

  self->n_writes++;
  for (guint i = 0; i < drafts->len; i++)
    {
      Followed *followed = drafts->pdata[i];

      is_added |= followed->json != NULL && !followed->is_kept;
      settle (self, followed);
    }
  end_trouble (self);
  if (is_added)
    almu_store_apply_retention (self);

  return TRUE;
}

/**
 * almu_store_append:
 * @self: the store
 * @followed: a session whose record is written
 * @json: what was set since
 *
 * Writes that down beside the record. A failure is not reported: whoever writes
 * the whole instead will hear of it.
 *
 * Returns: whether it is written
 */
gboolean
almu_store_append (AlmuStore  *self,
                   Followed   *followed,
                   const char *json)
{
  g_autoptr(GError) error = NULL;
  guint    n_regions = almu_session_get_n_regions (followed->session);
  gboolean is_well;

  if (self->database == NULL)
    return FALSE;

  ALMU_TRACE_BEGIN (commit);
  is_well = almu_database_begin (self->database, &error) &&
            almu_database_append (self->database, followed->id, n_regions, almu_followed_get_last_seen (followed), json, &error) &&
            almu_database_end (self->database, &error);
  ALMU_TRACE_END (commit, NULL);
  if (!is_well)
    {
      g_debug ("%s", error->message);
      almu_database_undo (self->database);
      if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_FORMAT))
        replace (self, NULL);
      return FALSE;
    }

  self->n_writes++;
  followed->n_appended++;
  followed->n_bytes += strlen (json);

  return TRUE;
}

/**
 * almu_store_write_all:
 * @self: a store
 *
 * Writes in one transaction, now, all sessions that have changed since they
 * were written last. Failures are reported as trouble; that nothing is left to
 * write and the database is there ends it.
 */
void
almu_store_write_all (AlmuStore *self)
{
  g_autoptr(GPtrArray) drafts = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;
  GHashTableIter iter;
  Followed      *followed;

  g_clear_handle_id (&self->write_source, g_source_remove);
  if (!almu_store_open (self, &error))
    {
      almu_store_report (self, error);
      return;
    }

  g_hash_table_iter_init (&iter, self->followed);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &followed))
    {
      if (almu_followed_is_behind (followed))
        almu_followed_make_draft (followed);
      if (followed->draft != NULL)
        g_ptr_array_add (drafts, followed);
    }

  if (drafts->len > 0)
    almu_store_write (self, drafts);
  else
    end_trouble (self);
}

/* -- life --------------------------------------------------------------- */

static gboolean
touch_all (AlmuStore *self,
           GError   **error)
{
  gint64         now = g_get_real_time () / G_TIME_SPAN_SECOND;
  GHashTableIter iter;
  Followed      *followed;

  if (!almu_database_begin (self->database, error))
    return FALSE;

  g_hash_table_iter_init (&iter, self->followed);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &followed))
    {
      if (followed->session != NULL && almu_session_get_state (followed->session) == ALMU_SESSION_ATTACHED &&
          !almu_database_touch (self->database, followed->id, now, error))
        return FALSE;
    }

  return almu_database_end (self->database, error);
}

static gboolean
on_touch_time (gpointer user_data)
{
  AlmuStore *self = user_data;
  g_autoptr(GError) error = NULL;

  if (self->database == NULL || g_hash_table_size (self->followed) == 0)
    return G_SOURCE_CONTINUE;

  if (!touch_all (self, &error))
    {
      almu_database_undo (self->database);
      g_debug ("%s", error->message);
    }

  return G_SOURCE_CONTINUE;
}

/**
 * almu_store_new:
 * @folder: the state folder
 * @retention_seconds: how long a session is kept after it was seen last, or
 *   -1 for ever
 * @max_records: how many are kept at most
 *
 * Fails if there is no way to write in @folder; a damaged database is no
 * reason to fail.
 *
 * Returns: (transfer full): a store
 */
AlmuStore *
almu_store_new (const char *folder,
                gint64      retention_seconds,
                guint       max_records,
                GError    **error)
{
  g_autoptr(AlmuStore) self = NULL;

  g_return_val_if_fail (folder != NULL, NULL);

  self = g_object_new (ALMU_TYPE_STORE, NULL);
  self->folder = g_strdup (folder);
  self->retention_seconds = retention_seconds;
  self->max_records = max_records;
  if (!almu_store_open (self, error))
    return NULL;

  almu_store_apply_retention (self);
  self->touch_source = g_timeout_add_seconds (ALMU_STORE_TOUCH_SECONDS, on_touch_time, self);

  return g_steal_pointer (&self);
}

/**
 * almu_store_watch:
 * @sessions: not held
 *
 * Writes down from now on what changes in @sessions.
 */
void
almu_store_watch (AlmuStore    *self,
                  AlmuSessions *sessions)
{
  g_return_if_fail (ALMU_IS_STORE (self));
  g_return_if_fail (ALMU_IS_SESSIONS (sessions));

  almu_store_follow_all (self, sessions);
}

/**
 * almu_store_flush:
 * @self: a store
 *
 * Writes now what would be written a moment later; the kernel has it by then.
 *
 * Returns: whether all there is to write is written
 */
gboolean
almu_store_flush (AlmuStore *self)
{
  g_return_val_if_fail (ALMU_IS_STORE (self), FALSE);

  almu_store_write_all (self);

  return self->trouble == NULL;
}

/**
 * almu_store_get_trouble:
 * @self: a store
 *
 * For people; the same as [property@Almu.Store:trouble].
 *
 * Returns: (nullable): why sessions are kept in memory only
 */
const char *
almu_store_get_trouble (AlmuStore *self)
{
  g_return_val_if_fail (ALMU_IS_STORE (self), NULL);

  return self->trouble;
}

/**
 * almu_store_get_n_writes:
 * @self: a store
 *
 * For tests and figures; forgetting a session counts, too.
 *
 * Returns: how many transactions wrote sessions
 */
guint64
almu_store_get_n_writes (AlmuStore *self)
{
  g_return_val_if_fail (ALMU_IS_STORE (self), 0);

  return self->n_writes;
}

/**
 * almu_store_set_retry:
 * @msec: how long to wait before writing is tried again
 *
 * 5000 until it is said. A wait that has begun is not changed. For tests, which
 * have no five seconds.
 */
void
almu_store_set_retry (AlmuStore *self,
                      guint      msec)
{
  g_return_if_fail (ALMU_IS_STORE (self));

  self->retry_msec = msec;
}
