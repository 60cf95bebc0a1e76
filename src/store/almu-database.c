/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-workers.h"

/* Somebody may look at the file with a tool of their own. */
#define PATIENCE_MSEC 100

/* Pages of the log after which they are moved to the database: 4 MB. The
 * worker that does it may lag behind, but not for ever. */
#define LOG_PAGES 1000
#define MAX_LOG_PAGES 16000

/* Unused pages that are worth giving back to the file system: 4 MB. */
#define MAX_FREE_PAGES 1000

typedef enum
{
  BEGIN,
  END,
  UNDO,
  PUT_SESSION,
  PUT_RECORD,
  GET,
  CONTAINS,
  REMOVE,
  SET_SUSPECT,
  TOUCH,
  LIST,
  N_STATEMENTS
} Statement;

/* What a list shows stands apart from the records, so that it can be read
 * without going through them. */
static const char *const statements[N_STATEMENTS] = {
  [BEGIN] = "BEGIN IMMEDIATE",
  [END] = "COMMIT",
  [UNDO] = "ROLLBACK",
  [PUT_SESSION] = "INSERT INTO sessions (id, state, title, viewer, created, last_seen, n_files, n_regions, rebuilds, suspect)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)"
                  " ON CONFLICT (id) DO UPDATE SET state = ?2, title = ?3, viewer = ?4, created = ?5,"
                  " last_seen = ?6, n_files = ?7, n_regions = ?8, rebuilds = ?9, suspect = 0",
  [PUT_RECORD] = "INSERT INTO records (id, json) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET json = ?2",
  [GET] = "SELECT json FROM records WHERE id = ?1",
  [CONTAINS] = "SELECT 1 FROM sessions WHERE id = ?1",
  [REMOVE] = "DELETE FROM sessions WHERE id = ?1",
  [SET_SUSPECT] = "UPDATE sessions SET suspect = ?2 WHERE id = ?1 AND suspect != ?2",
  [TOUCH] = "UPDATE sessions SET last_seen = ?2 WHERE id = ?1",
  [LIST] = "SELECT id, state, title, viewer, created, last_seen, n_files, n_regions, suspect, rebuilds"
           " FROM sessions ORDER BY last_seen DESC, id",
};

/* The step at index n leads from version n to n + 1. Steps are never changed
 * once they have been released: new ones follow. */
static const char *const migrations[ALMU_DATABASE_VERSION] = {
  "CREATE TABLE sessions ("
  " id INTEGER PRIMARY KEY,"
  " state TEXT NOT NULL,"
  " title TEXT NOT NULL,"
  " created INTEGER NOT NULL,"
  " last_seen INTEGER NOT NULL,"
  " n_files INTEGER NOT NULL,"
  " n_regions INTEGER NOT NULL) STRICT;"
  "CREATE TABLE records ("
  " id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,"
  " json TEXT NOT NULL) STRICT;",

  "ALTER TABLE sessions ADD COLUMN viewer TEXT;"
  "ALTER TABLE sessions ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;"
  "UPDATE sessions SET viewer ="
  " (SELECT json_extract (json, '$.viewer') FROM records WHERE records.id = sessions.id AND json_valid (json));",

  "ALTER TABLE sessions ADD COLUMN rebuilds INTEGER NOT NULL DEFAULT 0;",
};

/* Parts of the file's name. */
static const char *const suffixes[] = { "", "-wal", "-shm" };

typedef struct
{
  gatomicrefcount refs;
  char           *path;
  int             is_running; /* atomic: a worker moves the log */
} Mover;

struct _AlmuDatabase
{
  sqlite3      *sqlite;
  sqlite3_stmt *prepared[N_STATEMENTS];
  Mover        *mover;
};

static Mover *
mover_ref (Mover *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

static void
mover_unref (gpointer data)
{
  Mover *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->path);
  g_free (self);
}

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

static gboolean
fail (AlmuDatabase *self,
      int           status,
      const char   *what,
      GError      **error)
{
  g_propagate_error (error, make_error (self->sqlite, status, what));

  return FALSE;
}

/* -- moving the log ----------------------------------------------------- */

/* Waits for the disk, and so must not do it on the main thread. */
static void
move_log_worker (GTask        *task,
                 gpointer      source_object,
                 gpointer      task_data,
                 GCancellable *cancellable)
{
  Mover   *mover = task_data;
  sqlite3 *sqlite = NULL;

  if (sqlite3_open_v2 (mover->path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
    /* a connection knows of a log only after it has read something */
    sqlite3_exec (sqlite, "PRAGMA schema_version; PRAGMA wal_checkpoint (PASSIVE)", NULL, NULL, NULL);
  sqlite3_close (sqlite);
  g_atomic_int_set (&mover->is_running, FALSE);
  g_task_return_boolean (task, TRUE);
}

static int
on_log_grown (void       *user_data,
              sqlite3    *sqlite,
              const char *name,
              int         n_pages)
{
  AlmuDatabase *self = user_data;
  g_autoptr(GTask) task = NULL;

  if (n_pages >= MAX_LOG_PAGES)
    sqlite3_wal_checkpoint_v2 (sqlite, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  else if (n_pages >= LOG_PAGES && g_atomic_int_compare_and_exchange (&self->mover->is_running, FALSE, TRUE))
    {
      task = g_task_new (NULL, NULL, NULL, NULL);
      g_task_set_priority (task, ALMU_PRIORITY_LONG);
      g_task_set_task_data (task, mover_ref (self->mover), mover_unref);
      almu_workers_run (task, move_log_worker);
    }

  return SQLITE_OK;
}

/* -- opening ------------------------------------------------------------ */

static gboolean
run (AlmuDatabase *self,
     const char   *sql,
     GError      **error)
{
  int status = sqlite3_exec (self->sqlite, sql, NULL, NULL, NULL);

  return status == SQLITE_OK || fail (self, status, _ ("Sessions are not kept"), error);
}

/* The first value of the first row. */
static gboolean
ask (AlmuDatabase *self,
     const char   *sql,
     char        **out_text,
     GError      **error)
{
  sqlite3_stmt *statement = NULL;
  int           status = sqlite3_prepare_v2 (self->sqlite, sql, -1, &statement, NULL);

  if (status == SQLITE_OK)
    status = sqlite3_step (statement);
  if (status == SQLITE_ROW)
    *out_text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  else
    fail (self, status, sql, error);
  sqlite3_finalize (statement);

  return status == SQLITE_ROW;
}

static gboolean
check (AlmuDatabase *self,
       GError      **error)
{
  g_autofree char *verdict = NULL;

  if (!ask (self, "PRAGMA quick_check (1)", &verdict, error))
    return FALSE;

  if (g_strcmp0 (verdict, "ok") == 0)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("It is damaged: %s"), verdict);
  return FALSE;
}

static gboolean
migrate (AlmuDatabase *self,
         GError      **error)
{
  g_autofree char *text = NULL;
  int              version;

  if (!ask (self, "PRAGMA user_version", &text, error))
    return FALSE;

  version = (int) g_ascii_strtoll (text, NULL, 10);
  if (version < 0 || version > ALMU_DATABASE_VERSION)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("It was written by a newer Almucantar (its version is %d, this one knows versions up to %d) and is left as it is"),
                   version, ALMU_DATABASE_VERSION);
      return FALSE;
    }

  for (; version < ALMU_DATABASE_VERSION; version++)
    {
      g_autofree char *sql = g_strdup_printf ("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
                                              migrations[version], version + 1);

      if (!run (self, sql, error))
        {
          almu_database_undo (self);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
prepare (AlmuDatabase *self,
         GError      **error)
{
  for (int i = 0; i < N_STATEMENTS; i++)
    {
      int status = sqlite3_prepare_v3 (self->sqlite, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &self->prepared[i], NULL);

      if (status != SQLITE_OK)
        return fail (self, status, _ ("The tables are not those of sessions"), error);
    }

  return TRUE;
}

/* Said again it would be written again, and the start wait for the disk. */
static gboolean
set_vacuum (AlmuDatabase *self,
            GError      **error)
{
  g_autofree char *mode = NULL;

  if (!ask (self, "PRAGMA auto_vacuum", &mode, error))
    return FALSE;

  return g_strcmp0 (mode, "2") == 0 || run (self, "PRAGMA auto_vacuum = INCREMENTAL", error);
}

static void
shrink (AlmuDatabase *self)
{
  g_autofree char *text = NULL;

  if (ask (self, "PRAGMA freelist_count", &text, NULL) && g_ascii_strtoll (text, NULL, 10) > MAX_FREE_PAGES)
    sqlite3_exec (self->sqlite, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
}

/* SQLite would make it readable for others. */
static gboolean
make_private (const char *path,
              GError    **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int code = errno;

  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s", g_strerror (code));
      return FALSE;
    }

  close (fd);
  return TRUE;
}

static AlmuDatabase *
open_path (const char *path,
           GError    **error)
{
  g_autoptr(AlmuDatabase) self = g_new0 (AlmuDatabase, 1);
  int status;

  self->mover = g_new0 (Mover, 1);
  g_atomic_ref_count_init (&self->mover->refs);
  self->mover->path = g_strdup (path);

  if (!make_private (path, error))
    return NULL;

  status = sqlite3_open_v2 (path, &self->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (status != SQLITE_OK)
    {
      fail (self, status, _ ("It cannot be opened"), error);
      return NULL;
    }

  sqlite3_extended_result_codes (self->sqlite, TRUE);
  sqlite3_db_config (self->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  almu_database_be_patient (self, TRUE);
  sqlite3_wal_hook (self->sqlite, on_log_grown, self);

  if (!run (self,
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;",
            error) ||
      !set_vacuum (self, error) ||
      !run (self,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "PRAGMA journal_size_limit = 8388608; PRAGMA foreign_keys = ON",
            error) ||
      !check (self, error) || !migrate (self, error) || !prepare (self, error))
    return NULL;

  shrink (self);

  return g_steal_pointer (&self);
}

/* A name nobody has used yet: a second damage in the same second is not to
 * hide the first. */
static char *
choose_aside (const char *path)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  g_autofree char *aside = g_strdup_printf ("%s.damaged-%s", path, time);

  for (int i = 2; g_file_test (aside, G_FILE_TEST_EXISTS); i++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s.damaged-%s.%d", path, time, i);
    }

  return g_steal_pointer (&aside);
}

/**
 * almu_database_set_aside:
 * @folder: where it is
 * @error: return location
 *
 * Renames a damaged database that nobody has open, and its log, so that
 * tools can rescue what they can.
 *
 * Fails with the %G_IO_ERROR of the file system.
 *
 * Returns: (transfer full): what it is called now
 */
char *
almu_database_set_aside (const char *folder,
                         GError    **error)
{
  g_autofree char *path = g_build_filename (folder, ALMU_DATABASE_NAME, NULL);
  g_autofree char *aside = choose_aside (path);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (g_rename (from, to) == 0 || (errno == ENOENT && i > 0))
        continue;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   _ ("It is damaged and cannot be renamed to %s: %s"), to, g_strerror (errno));
      return NULL;
    }

  return g_steal_pointer (&aside);
}

/**
 * almu_database_open:
 * @folder: where `sessions.db` is or will be
 * @out_aside: (transfer full): what a damaged one is called now, or %NULL
 *
 * Opens the sessions, with the tables of this version.
 *
 * A damaged one is set aside and a new one begun. One of a newer version is
 * left as it is, and %ALMU_ERROR_UNSUPPORTED. Blocks for the disk.
 *
 * Returns: (transfer full): the database
 */
AlmuDatabase *
almu_database_open (const char *folder,
                    char      **out_aside,
                    GError    **error)
{
  g_autofree char *path = g_build_filename (folder, ALMU_DATABASE_NAME, NULL);
  g_autofree char *aside = NULL;
  g_autoptr(GError) reason = NULL;
  AlmuDatabase *self = open_path (path, &reason);

  if (self == NULL && g_error_matches (reason, ALMU_ERROR, ALMU_ERROR_FORMAT))
    {
      g_debug ("%s: %s", path, reason->message);
      g_clear_error (&reason);
      aside = almu_database_set_aside (folder, &reason);
      if (aside != NULL)
        self = open_path (path, &reason);
    }

  if (self == NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&reason), "%s: ", path);
      return NULL;
    }

  *out_aside = g_steal_pointer (&aside);
  return self;
}

/**
 * almu_database_close:
 * @self: (transfer full): a database
 *
 * Closes the file; all statements are gone with it, and a transaction that was
 * begun is undone. A worker that moves the log has a connection of its own and
 * is not waited for.
 */
void
almu_database_close (AlmuDatabase *self)
{
  for (int i = 0; i < N_STATEMENTS; i++)
    sqlite3_finalize (self->prepared[i]);
  sqlite3_close (self->sqlite);
  mover_unref (self->mover);
  g_free (self);
}

/**
 * almu_database_be_patient:
 * @is_patient: whether to wait for somebody else who is writing
 *
 * A call that finds the file locked by another process waits up to 100 ms if
 * patient, which a new database is; otherwise it fails at once with
 * %G_IO_ERROR_BUSY.
 */
void
almu_database_be_patient (AlmuDatabase *self,
                          gboolean      is_patient)
{
  sqlite3_busy_timeout (self->sqlite, is_patient ? PATIENCE_MSEC : 0);
}

/* -- statements --------------------------------------------------------- */

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
    fail (self, status, _ ("Sessions cannot be written down"), error);
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
  return finish (self, BEGIN, error);
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
  return finish (self, END, error);
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
    sqlite3_exec (self->sqlite, statements[UNDO], NULL, NULL, NULL);
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
  sqlite3_stmt *session = self->prepared[PUT_SESSION];
  sqlite3_stmt *record = self->prepared[PUT_RECORD];

  sqlite3_bind_int64 (session, 1, entry->id);
  bind_text (session, 2, entry->state);
  bind_text (session, 3, entry->title);
  bind_text (session, 4, entry->viewer);
  sqlite3_bind_int64 (session, 5, entry->created);
  sqlite3_bind_int64 (session, 6, entry->last_seen);
  sqlite3_bind_int64 (session, 7, entry->n_files);
  sqlite3_bind_int64 (session, 8, entry->n_regions);
  sqlite3_bind_int64 (session, 9, entry->rebuilds);
  if (!finish (self, PUT_SESSION, error))
    return FALSE;

  sqlite3_bind_int64 (record, 1, entry->id);
  bind_text (record, 2, json);

  return finish (self, PUT_RECORD, error);
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
    fail (self, status, _ ("Sessions cannot be read"), error);
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

  if (!find (self, GET, id, &found, &json, error))
    return NULL;

  if (!found)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u is kept"), id);

  return json;
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
  return find (self, CONTAINS, id, out_contains, NULL, error);
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
  sqlite3_bind_int64 (self->prepared[REMOVE], 1, id);

  return finish (self, REMOVE, error);
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
  return finish_with_numbers (self, SET_SUSPECT, id, is_suspect, error);
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
  return finish_with_numbers (self, TOUCH, id, last_seen, error);
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
  sqlite3_stmt *statement = self->prepared[LIST];
  int           status;

  while ((status = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (list, make_entry (statement));

  if (status != SQLITE_DONE)
    fail (self, status, _ ("Sessions cannot be read"), error);
  sqlite3_reset (statement);

  return status == SQLITE_DONE ? g_steal_pointer (&list) : NULL;
}
