/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-database-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-workers.h"

/* The file: how it is opened, checked, brought to this version's tables, set
 * aside if it is damaged, and closed. */

/* Somebody may look at the file with a tool of their own. */
#define PATIENCE_MSEC 100

/* Pages of the log after which they are moved to the database: 4 MB. The
 * worker that does it may lag behind, but not for ever. */
#define LOG_PAGES 1000
#define MAX_LOG_PAGES 16000

/* Unused pages that are worth giving back to the file system: 4 MB. */
#define MAX_FREE_PAGES 1000

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

  "CREATE TABLE changes ("
  " n INTEGER PRIMARY KEY,"
  " id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,"
  " json TEXT NOT NULL) STRICT;"
  "CREATE INDEX changes_of_session ON changes (id);",
};

/* Parts of the file's name. */
static const char *const suffixes[] = { "", "-wal", "-shm" };

struct _AlmuLogMover
{
  gatomicrefcount refs;
  char           *path;
  int             is_running; /* atomic: a worker moves the log */
};

static AlmuLogMover *
mover_ref (AlmuLogMover *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

static void
mover_unref (gpointer data)
{
  AlmuLogMover *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->path);
  g_free (self);
}

/* -- moving the log ----------------------------------------------------- */

/* Waits for the disk, and so must not do it on the main thread. */
static void
move_log_worker (GTask        *task,
                 gpointer      source_object,
                 gpointer      task_data,
                 GCancellable *cancellable)
{
  AlmuLogMover *mover = task_data;
  sqlite3      *sqlite = NULL;

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
      g_task_set_task_data (task, mover_ref (self->mover), mover_unref);
      almu_workers_run (task, ALMU_PRIORITY_LONG, move_log_worker);
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

  return status == SQLITE_OK || almu_database_fail (self, status, _ ("Sessions are not kept"), error);
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
    almu_database_fail (self, status, sql, error);
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

  self->mover = g_new0 (AlmuLogMover, 1);
  g_atomic_ref_count_init (&self->mover->refs);
  self->mover->path = g_strdup (path);

  if (!make_private (path, error))
    return NULL;

  status = sqlite3_open_v2 (path, &self->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (status != SQLITE_OK)
    {
      almu_database_fail (self, status, _ ("It cannot be opened"), error);
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
      !check (self, error) || !migrate (self, error) || !almu_database_prepare (self, error))
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
