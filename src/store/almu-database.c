/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-database-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

/* What a list shows stands apart from the records, so that it can be read
 * without going through them. */
static const char *const statements[N_STATEMENTS] = {
  [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
  [STATEMENT_END] = "COMMIT",
  [STATEMENT_UNDO] = "ROLLBACK",
  [STATEMENT_PUT_SESSION] = "INSERT INTO sessions (id, state, title, viewer, created, last_seen, n_files, n_regions, rebuilds, suspect)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)"
                            " ON CONFLICT (id) DO UPDATE SET state = ?2, title = ?3, viewer = ?4, created = ?5,"
                            " last_seen = ?6, n_files = ?7, n_regions = ?8, rebuilds = ?9, suspect = 0",
  [STATEMENT_PUT_RECORD] = "INSERT INTO records (id, json) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET json = ?2",
  [STATEMENT_NOTE_REGIONS] = "UPDATE sessions SET n_regions = ?2, last_seen = ?3 WHERE id = ?1"
                             " AND EXISTS (SELECT 1 FROM records WHERE id = ?1)",
  [STATEMENT_PUT_CHANGE] = "INSERT INTO changes (id, json) VALUES (?1, ?2)",
  [STATEMENT_DROP_CHANGES] = "DELETE FROM changes WHERE id = ?1",
  [STATEMENT_GET] = "SELECT json FROM records WHERE id = ?1",
  [STATEMENT_LIST_CHANGES] = "SELECT json FROM changes WHERE id = ?1 ORDER BY n",
  [STATEMENT_CONTAINS] = "SELECT 1 FROM sessions WHERE id = ?1",
  [STATEMENT_REMOVE] = "DELETE FROM sessions WHERE id = ?1",
  [STATEMENT_SET_SUSPECT] = "UPDATE sessions SET suspect = ?2 WHERE id = ?1 AND suspect != ?2",
  [STATEMENT_TOUCH] = "UPDATE sessions SET last_seen = ?2 WHERE id = ?1",
  [STATEMENT_LIST] = "SELECT id, state, title, viewer, created, last_seen, n_files, n_regions, suspect, rebuilds"
                     " FROM sessions ORDER BY last_seen DESC, id",
};

/* -- errors ------------------------------------------------------------- */

static GError *
make_error (sqlite3    *sqlite,
            int         status,
            const char *what)
{
  int         code = sqlite != NULL ? sqlite3_extended_errcode (sqlite) : status;
  int         number = sqlite != NULL ? sqlite3_system_errno (sqlite) : 0;
  const char *reason = sqlite3_errstr (status);

  if ((code & 0xff) == (status & 0xff) && sqlite != NULL)
    reason = sqlite3_errmsg (sqlite);

  switch (status & 0xff)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* the tables are not ours */
    case SQLITE_MISMATCH:
      return g_error_new (ALMU_ERROR, ALMU_ERROR_FORMAT, "%s: %s", what, reason);

    case SQLITE_FULL:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "%s: %s", what, reason);

    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "%s: %s", what, reason);

    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "%s: %s", what, reason);

    default:
      if (number == 0)
        return g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, reason);
      return g_error_new (G_IO_ERROR, g_io_error_from_errno (number), "%s: %s (%s)", what, reason, g_strerror (number));
    }
}

/**
 * almu_database_fail:
 * @self: a database
 * @status: what SQLite has returned
 * @what: what does not work by that, for people
 * @error: return location
 *
 * Returns: %FALSE
 */
gboolean
almu_database_fail (AlmuDatabase *self,
                    int           status,
                    const char   *what,
                    GError      **error)
{
  g_propagate_error (error, make_error (self->sqlite, status, what));

  return FALSE;
}

/* -- statements --------------------------------------------------------- */

/**
 * almu_database_prepare:
 * @self: a database that was just opened
 * @error: return location
 *
 * Returns: whether its tables are those that are written and read here
 */
gboolean
almu_database_prepare (AlmuDatabase *self,
                       GError      **error)
{
  for (int i = 0; i < N_STATEMENTS; i++)
    {
      int status = sqlite3_prepare_v3 (self->sqlite, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &self->prepared[i], NULL);

      if (status != SQLITE_OK)
        return almu_database_fail (self, status, _ ("The tables are not those of sessions"), error);
    }

  return TRUE;
}

static void
bind_text (sqlite3_stmt *statement,
           int           index,
           const char   *text)
{
  /* no copy: it outlives the statement's run */
  sqlite3_bind_text64 (statement, index, text, text != NULL ? strlen (text) : 0, SQLITE_STATIC, SQLITE_UTF8);
}

/* Runs a statement that gives no rows. */
static gboolean
finish (AlmuDatabase *self,
        Statement     which,
        GError      **error)
{
  sqlite3_stmt *statement = self->prepared[which];
  int           status = sqlite3_step (statement);

  if (status != SQLITE_DONE)
    almu_database_fail (self, status, _ ("Sessions cannot be written down"), error);
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);

  return status == SQLITE_DONE;
}

static gboolean
finish_with_numbers (AlmuDatabase *self,
                     Statement     which,
                     guint32       id,
                     gint64        value,
                     GError      **error)
{
  sqlite3_bind_int64 (self->prepared[which], 1, id);
  sqlite3_bind_int64 (self->prepared[which], 2, value);

  return finish (self, which, error);
}

/**
 * almu_database_begin:
 * @self: a database
 * @error: return location
 *
 * Begins a transaction, and takes the right to write at once, so that nothing
 * after it has to wait for another process. To be ended by almu_database_end()
 * or almu_database_undo(); transactions do not nest.
 *
 * Returns: %FALSE if another process is writing (%G_IO_ERROR_BUSY) or the disk
 *   does not let us
 */
gboolean
almu_database_begin (AlmuDatabase *self,
                     GError      **error)
{
  return finish (self, STATEMENT_BEGIN, error);
}

/**
 * almu_database_end:
 * @self: a database
 * @error: return location
 *
 * What was done since almu_database_begin() is in the file, or nothing of it.
 *
 * A process that is killed afterwards has lost nothing; a power failure may
 * cost the last moments, but no more. After a failure almu_database_undo() has
 * to follow.
 */
gboolean
almu_database_end (AlmuDatabase *self,
                   GError      **error)
{
  return finish (self, STATEMENT_END, error);
}

/**
 * almu_database_undo:
 * @self: a database
 *
 * Takes back what was done since almu_database_begin(). Nothing happens if no
 * transaction is open, so that it may be called after any failure.
 */
void
almu_database_undo (AlmuDatabase *self)
{
  /* some failures have done so already */
  if (!sqlite3_get_autocommit (self->sqlite))
    sqlite3_exec (self->sqlite, statements[STATEMENT_UNDO], NULL, NULL, NULL);
}

/**
 * almu_database_put:
 * @self: a database
 * @entry: what a list shows of it
 * @json: its record
 * @error: return location
 *
 * Writes down a session, which by that is no suspect.
 *
 * Two statements: to be called within a transaction. %G_IO_ERROR_NO_SPACE if
 * the disk is full, other failures as they are for #AlmuDatabase.
 */
gboolean
almu_database_put (AlmuDatabase           *self,
                   const AlmuArchiveEntry *entry,
                   const char             *json,
                   GError                **error)
{
  sqlite3_stmt *session = self->prepared[STATEMENT_PUT_SESSION];
  sqlite3_stmt *record = self->prepared[STATEMENT_PUT_RECORD];

  sqlite3_bind_int64 (session, 1, entry->id);
  bind_text (session, 2, entry->state);
  bind_text (session, 3, entry->title);
  bind_text (session, 4, entry->viewer);
  sqlite3_bind_int64 (session, 5, entry->created);
  sqlite3_bind_int64 (session, 6, entry->last_seen);
  sqlite3_bind_int64 (session, 7, entry->n_files);
  sqlite3_bind_int64 (session, 8, entry->n_regions);
  sqlite3_bind_int64 (session, 9, entry->rebuilds);
  if (!finish (self, STATEMENT_PUT_SESSION, error))
    return FALSE;

  sqlite3_bind_int64 (record, 1, entry->id);
  bind_text (record, 2, json);
  if (!finish (self, STATEMENT_PUT_RECORD, error))
    return FALSE;

  sqlite3_bind_int64 (self->prepared[STATEMENT_DROP_CHANGES], 1, entry->id);

  return finish (self, STATEMENT_DROP_CHANGES, error);
}

/**
 * almu_database_append:
 * @id: of a session that is kept
 * @n_regions: how many it has now
 * @last_seen: when somebody last looked at it
 * @json: what was set since its record was written
 * @error: return location
 *
 * Writes down what is new, beside a record that stays as it is. The next
 * almu_database_put() of the session has all of it and takes this away. Within
 * almu_database_begin() and almu_database_end(). Fails with %ALMU_ERROR_NOT_FOUND
 * if there is no record.
 *
 * Returns: whether it was written
 */
gboolean
almu_database_append (AlmuDatabase *self,
                      guint32       id,
                      guint         n_regions,
                      gint64        last_seen,
                      const char   *json,
                      GError      **error)
{
  sqlite3_stmt *session = self->prepared[STATEMENT_NOTE_REGIONS];
  sqlite3_stmt *change = self->prepared[STATEMENT_PUT_CHANGE];

  sqlite3_bind_int64 (session, 1, id);
  sqlite3_bind_int64 (session, 2, n_regions);
  sqlite3_bind_int64 (session, 3, last_seen);
  if (!finish (self, STATEMENT_NOTE_REGIONS, error))
    return FALSE;

  if (sqlite3_changes (self->sqlite) != 1)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u is kept"), id);
      return FALSE;
    }

  sqlite3_bind_int64 (change, 1, id);
  bind_text (change, 2, json);

  return finish (self, STATEMENT_PUT_CHANGE, error);
}

/* Whether there is a row of that id. */
static gboolean
find (AlmuDatabase *self,
      Statement     which,
      guint32       id,
      gboolean     *out_found,
      char        **out_text,
      GError      **error)
{
  sqlite3_stmt *statement = self->prepared[which];
  int           status;

  sqlite3_bind_int64 (statement, 1, id);
  status = sqlite3_step (statement);
  if (status == SQLITE_ROW && out_text != NULL)
    *out_text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  else if (status != SQLITE_ROW && status != SQLITE_DONE)
    almu_database_fail (self, status, _ ("Sessions cannot be read"), error);
  sqlite3_reset (statement);

  if (status != SQLITE_ROW && status != SQLITE_DONE)
    return FALSE;

  *out_found = status == SQLITE_ROW;
  return TRUE;
}

/**
 * almu_database_get:
 * @self: a database
 * @id: of a session
 * @error: return location
 *
 * The text is not looked at. %ALMU_ERROR_NOT_FOUND if none of that id is kept.
 *
 * Returns: (transfer full): the record of a session
 */
char *
almu_database_get (AlmuDatabase *self,
                   guint32       id,
                   GError      **error)
{
  gboolean found;
  char    *json = NULL;

  if (!find (self, STATEMENT_GET, id, &found, &json, error))
    return NULL;

  if (!found)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u is kept"), id);

  return json;
}

/**
 * almu_database_list_changes:
 * @id: of a session
 * @error: return location
 *
 * What almu_database_append() has written since the last almu_database_put().
 *
 * Returns: (transfer full) (element-type utf8): the texts, the first one first
 */
GPtrArray *
almu_database_list_changes (AlmuDatabase *self,
                            guint32       id,
                            GError      **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *statement = self->prepared[STATEMENT_LIST_CHANGES];
  int           status;

  sqlite3_bind_int64 (statement, 1, id);
  while ((status = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (list, g_strdup ((const char *) sqlite3_column_text (statement, 0)));

  if (status != SQLITE_DONE)
    almu_database_fail (self, status, _ ("Sessions cannot be read"), error);
  sqlite3_reset (statement);

  return status == SQLITE_DONE ? g_steal_pointer (&list) : NULL;
}

/**
 * almu_database_contains:
 * @self: a database
 * @id: of a session
 * @out_contains: (out): whether it is kept, suspect or not
 * @error: return location
 *
 * Looks into the list only, not at the record.
 *
 * Returns: %FALSE if the file could not be read
 */
gboolean
almu_database_contains (AlmuDatabase *self,
                        guint32       id,
                        gboolean     *out_contains,
                        GError      **error)
{
  return find (self, STATEMENT_CONTAINS, id, out_contains, NULL, error);
}

/**
 * almu_database_remove:
 * @self: a database
 * @id: of a session
 * @error: return location
 *
 * Drops a session and its record. That there is none of that id is no failure.
 * Outside a transaction it is one of its own.
 *
 * Returns: %FALSE if the file could not be written
 */
gboolean
almu_database_remove (AlmuDatabase *self,
                      guint32       id,
                      GError      **error)
{
  sqlite3_bind_int64 (self->prepared[STATEMENT_REMOVE], 1, id);

  return finish (self, STATEMENT_REMOVE, error);
}

/**
 * almu_database_set_suspect:
 * @self: a database
 * @id: of a session
 * @is_suspect: whether it is being restored from now on
 *
 * Marks a session while it is being restored: what is still marked at the next
 * start did not end well. Nothing is written if it is as it should be, or if
 * there is no such session.
 *
 * Returns: %FALSE if the file could not be written
 */
gboolean
almu_database_set_suspect (AlmuDatabase *self,
                           guint32       id,
                           gboolean      is_suspect,
                           GError      **error)
{
  return finish_with_numbers (self, STATEMENT_SET_SUSPECT, id, is_suspect, error);
}

/**
 * almu_database_touch:
 * @self: a database
 * @id: of a session
 * @last_seen: seconds since 1970
 * @error: return location
 *
 * Notes when somebody had a session last, without writing its record again:
 * retention goes by it.
 *
 * Returns: %FALSE if the file could not be written
 */
gboolean
almu_database_touch (AlmuDatabase *self,
                     guint32       id,
                     gint64        last_seen,
                     GError      **error)
{
  return finish_with_numbers (self, STATEMENT_TOUCH, id, last_seen, error);
}

static AlmuArchiveEntry *
make_entry (sqlite3_stmt *row)
{
  AlmuArchiveEntry *entry = g_new0 (AlmuArchiveEntry, 1);

  entry->id = (guint32) sqlite3_column_int64 (row, 0);
  entry->state = g_strdup ((const char *) sqlite3_column_text (row, 1));
  entry->title = g_strdup ((const char *) sqlite3_column_text (row, 2));
  entry->viewer = g_strdup ((const char *) sqlite3_column_text (row, 3));
  entry->created = sqlite3_column_int64 (row, 4);
  entry->last_seen = sqlite3_column_int64 (row, 5);
  entry->n_files = (guint) sqlite3_column_int64 (row, 6);
  entry->n_regions = (guint) sqlite3_column_int64 (row, 7);
  entry->is_suspect = sqlite3_column_int (row, 8) != 0;
  entry->rebuilds = (guint32) sqlite3_column_int64 (row, 9);

  return entry;
}

/**
 * almu_database_list:
 * @self: a database
 * @error: return location
 *
 * Reads no records.
 *
 * Returns: (transfer full) (element-type AlmuArchiveEntry): all sessions, the
 *   latest seen first
 */
GPtrArray *
almu_database_list (AlmuDatabase *self,
                    GError      **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_archive_entry_free);
  sqlite3_stmt *statement = self->prepared[STATEMENT_LIST];
  int           status;

  while ((status = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (list, make_entry (statement));

  if (status != SQLITE_DONE)
    almu_database_fail (self, status, _ ("Sessions cannot be read"), error);
  sqlite3_reset (statement);

  return status == SQLITE_DONE ? g_steal_pointer (&list) : NULL;
}
