/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-database.h"
#include "store-fixture.h"
#include "store-vfs.h"

#define CHILD "--write-until-killed"
#define LAST_MARK 8

/* What a disk says. */
static const int statuses[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };

/* -- the n-th write fails ------------------------------------------------ */

/* A day of two sessions; tells the last mark of the first that was
 * acknowledged as written. */
static int
live (Fixture *fixture)
{
  AlmuSession *session = add_session (fixture, 7);
  AlmuSession *other = add_session (fixture, 8);
  int          acknowledged = -1;

  add_file (session, 0, "a.fits");
  add_file (other, 0, "b.fits");
  for (int mark = 1; mark <= LAST_MARK; mark++)
    {
      set_mark (session, mark);
      set_mark (other, mark);
      almu_session_commit (session);
      if (almu_store_get_trouble (fixture->store) == NULL)
        acknowledged = mark;

      if (mark != LAST_MARK / 2)
        continue;

      almu_sessions_park (fixture->sessions, other);
      other = add_session (fixture, 8);
      add_file (other, 0, "b.fits");
    }

  return acknowledged;
}

static void
copy_file (Fixture    *fixture,
           const char *folder,
           const char *suffix)
{
  g_autofree char *from = path_of (fixture, suffix);
  g_autofree char *name = g_path_get_basename (from);
  g_autofree char *to = g_build_filename (folder, name, NULL);
  g_autofree char *content = NULL;
  gsize            length;

  if (g_file_get_contents (from, &content, &length, NULL))
    g_assert_true (g_file_set_contents (to, content, (gssize) length, NULL));
}

/* What would be found if the process were killed now. */
static int
get_mark_after_kill (Fixture *fixture,
                     guint32  id)
{
  Fixture    copy = { .folder = almu_test_make_folder () };
  AlmuStore *store;
  int        mark;
  g_autoptr(GError) error = NULL;

  copy_file (fixture, copy.folder, "");
  copy_file (fixture, copy.folder, "-wal");
  store = almu_store_new (copy.folder, FOR_EVER, 100, &error);
  g_assert_no_error (error);
  mark = get_mark (store, id);
  g_object_unref (store);
  assert_sound (&copy);
  almu_test_remove_folder (copy.folder);
  g_free (copy.folder);

  return mark;
}

static void
assert_all_there (Fixture *fixture)
{
  g_assert_true (almu_store_flush (fixture->store));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, LAST_MARK);
  g_assert_cmpint (get_mark (fixture->store, 8), ==, LAST_MARK);
  reopen_store (fixture);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, LAST_MARK);
  g_assert_cmpint (get_mark (fixture->store, 8), ==, LAST_MARK);
  assert_sound (fixture);
}

static void
test_fails_once (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    for (guint n = 1; n > 0; n++)
      {
        Fixture fixture;

        fixture_set_up (&fixture, NULL);
        store_vfs_fail (n, 1, statuses[i]);
        live (&fixture);
        if (store_vfs_get_n_failed () == 0)
          {
            g_test_message ("%u writes", n - 1);
            n = G_MAXUINT;
          }
        store_vfs_fail (0, 0, 0);
        g_assert_cmpuint (fixture.troubles->len, <=, 1);
        assert_all_there (&fixture);
        fixture_tear_down (&fixture, NULL);
      }
}

static void
test_fails_for_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    for (guint n = 1; n > 0; n++)
      {
        Fixture fixture;
        int     acknowledged;
        int     mark;

        fixture_set_up (&fixture, NULL);
        store_vfs_fail (n, G_MAXUINT, statuses[i]);
        acknowledged = live (&fixture);
        if (store_vfs_get_n_failed () == 0)
          n = G_MAXUINT;
        else
          g_assert_cmpuint (fixture.troubles->len, ==, 1);
        store_vfs_fail (0, 0, 0);

        mark = get_mark_after_kill (&fixture, 7);
        g_assert_cmpint (mark, >=, acknowledged);
        g_assert_cmpint (mark, <=, LAST_MARK);
        assert_all_there (&fixture);
        fixture_tear_down (&fixture, NULL);
      }
}

/* One that takes the place of another: killed at any moment, and whatever fails,
 * the one is there or the other. */
static gboolean
replace_badly (int   status,
               guint n)
{
  Fixture      fixture;
  AlmuSession *session;
  guint        n_failed;
  int          before;
  int          after;
  g_autoptr(GError) error = NULL;

  fixture_set_up (&fixture, NULL);
  session = add_session (&fixture, 7);
  add_file (session, 0, "a.fits");
  set_mark (session, 5);
  almu_sessions_park (fixture.sessions, session);
  session = add_session (&fixture, 8);
  add_file (session, 0, "a.fits");
  set_mark (session, 6);

  store_vfs_fail (n, G_MAXUINT, status);
  g_assert_true (almu_sessions_replace (fixture.sessions, 7, session, &error));
  g_assert_no_error (error);
  g_assert_cmpint (get_mark (fixture.store, 7), ==, -1);
  g_assert_cmpint (get_mark (fixture.store, 8), ==, 6);
  n_failed = store_vfs_get_n_failed ();
  store_vfs_fail (0, 0, 0);
  before = get_mark_after_kill (&fixture, 7);
  after = get_mark_after_kill (&fixture, 8);
  g_assert_cmpint (before, ==, after == -1 ? 5 : -1);
  g_assert_true (after == 6 || almu_store_get_trouble (fixture.store) != NULL);
  g_assert_cmpuint (fixture.troubles->len, ==, almu_store_get_trouble (fixture.store) != NULL);

  set_mark (session, 7);
  g_assert_true (almu_store_flush (fixture.store));
  reopen_store (&fixture);
  g_assert_cmpint (get_mark (fixture.store, 7), ==, -1);
  g_assert_cmpint (get_mark (fixture.store, 8), ==, 7);
  g_assert_cmpuint (count_records (&fixture), ==, 1);
  fixture_tear_down (&fixture, NULL);

  return n_failed > 0;
}

static void
test_fails_while_replacing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      guint n = 1;

      while (replace_badly (statuses[i], n))
        n++;
      g_test_message ("%u writes", n - 1);
      g_assert_cmpuint (n, >, 1);
    }
}

static void put_version_1 (Fixture *fixture);

/* Whatever fails while it is opened, created or brought up to date: later it
 * is opened, with all that was in it. */
static void
open_badly (void (*prepare) (Fixture *),
            int status,
            int expected_mark)
{
  for (guint n = 1; n > 0; n++)
    {
      Fixture fixture = { .folder = almu_test_make_folder () };
      g_autoptr(AlmuStore) store = NULL;
      g_autoptr(GError) error = NULL;

      fixture.troubles = g_ptr_array_new_with_free_func (g_free);
      prepare (&fixture);
      store_vfs_fail (n, G_MAXUINT, status);
      store = almu_store_new (fixture.folder, FOR_EVER, 100, &error);
      g_assert_true ((store == NULL) == (error != NULL));
      g_clear_object (&store);
      if (store_vfs_get_n_failed () == 0)
        n = G_MAXUINT;
      store_vfs_fail (0, 0, 0);

      open_store (&fixture, FOR_EVER, 100);
      g_assert_cmpint (get_mark (fixture.store, 7), ==, expected_mark);
      assert_sound (&fixture);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
put_nothing (Fixture *fixture)
{
}

static void
put_own (Fixture *fixture)
{
  open_store (fixture, FOR_EVER, 100);
  live (fixture);
  close_store (fixture);
}

static void
test_fails_while_opening (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      open_badly (put_nothing, statuses[i], -1);
      open_badly (put_own, statuses[i], LAST_MARK);
      open_badly (put_version_1, statuses[i], 41);
    }
}

/* -- in trouble ---------------------------------------------------------- */

static gboolean
is_well (gpointer user_data)
{
  Fixture *fixture = user_data;

  return almu_store_get_trouble (fixture->store) == NULL;
}

/* The session goes on in memory, the user is told once, and writing resumes
 * by itself. */
static void
test_full (Fixture      *fixture,
           gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);
  g_autoptr(GError) error = NULL;

  almu_store_set_retry (fixture->store, 5);
  add_file (session, 0, "a.fits");
  set_mark (session, 1);
  almu_session_commit (session);

  store_vfs_fail (1, G_MAXUINT, SQLITE_FULL);
  for (int mark = 2; mark < 20; mark++)
    {
      set_mark (session, mark);
      almu_session_commit (session);
    }
  g_assert_cmpuint (fixture->troubles->len, ==, 1);
  g_assert_nonnull (strstr (fixture->troubles->pdata[0], fixture->folder));
  g_assert_nonnull (strstr (fixture->troubles->pdata[0], "full"));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 19);

  /* one that is left and taken up again meanwhile */
  almu_sessions_park (fixture->sessions, session);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 7));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 19);
  g_assert_cmpuint (count_records (fixture), ==, 1);
  g_assert_true (almu_archive_begin_restore (ALMU_ARCHIVE (fixture->store), 7, &error));
  almu_archive_end_restore (ALMU_ARCHIVE (fixture->store), 7);

  /* one that is new */
  add_file (add_session (fixture, 8), 0, "b.fits");
  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_records (fixture), ==, 2);
  g_assert_cmpuint (fixture->troubles->len, ==, 1);

  store_vfs_fail (0, 0, 0);
  almu_test_await (is_well, fixture);
  g_assert_cmpint (get_mark_after_kill (fixture, 7), ==, 19);
  g_assert_cmpuint (count_records (fixture), ==, 2);

  /* told again when it comes again */
  store_vfs_fail (1, G_MAXUINT, SQLITE_FULL);
  set_mark (almu_sessions_lookup (fixture->sessions, 8), 3);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (fixture->troubles->len, ==, 2);
  store_vfs_fail (0, 0, 0);
}

static void
test_forget_in_trouble (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  AlmuSession *session = add_session (fixture, 7);

  add_file (session, 0, "a.fits");
  almu_session_commit (session);
  store_vfs_fail (1, G_MAXUINT, SQLITE_FULL);
  g_assert_false (almu_sessions_forget (fixture->sessions, 7, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_clear_error (&error);

  store_vfs_fail (0, 0, 0);
  g_assert_true (almu_sessions_forget (fixture->sessions, 7, &error));
  g_assert_no_error (error);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_records (fixture), ==, 0);
}

/* Somebody else is writing, with a tool of their own. */
static void
test_locked (Fixture      *fixture,
             gconstpointer user_data)
{
  g_autofree char *path = path_of (fixture, "");
  AlmuSession     *session = add_session (fixture, 7);
  sqlite3         *sqlite = NULL;

  add_file (session, 0, "a.fits");
  almu_store_set_retry (fixture->store, 5);
  g_assert_cmpint (sqlite3_open (path, &sqlite), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  set_mark (session, 5);
  almu_session_commit (session);
  g_assert_cmpuint (fixture->troubles->len, ==, 1);

  g_assert_cmpint (sqlite3_exec (sqlite, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (sqlite);
  almu_test_await (is_well, fixture);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
}

static void
test_too_large (Fixture      *fixture,
                gconstpointer user_data)
{
  AlmuSession          *session = add_session (fixture, 7);
  AlmuSession          *other = add_session (fixture, 8);
  gsize                 n_points = ALMU_LIMIT_CONTROL_POINTS;
  g_autofree AlmuPoint *points = g_new (AlmuPoint, n_points);
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < n_points; i++)
    points[i] = (AlmuPoint){ (float) i + 0.12345f, 0.98765f };
  shape = almu_shape_new (ALMU_SHAPE_POLYGON, points, n_points, 0, NULL);

  add_file (session, 0, "a.fits");
  add_file (other, 0, "b.fits");
  set_mark (other, 2);
  almu_session_commit (session);
  for (int id = 2; id < 30; id++)
    almu_session_set_region (session, id, 0, shape, NULL);
  almu_session_commit (session);
  set_mark (session, 3);
  almu_session_commit (session);
  g_assert_cmpuint (fixture->troubles->len, ==, 1);
  g_assert_nonnull (strstr (fixture->troubles->pdata[0], "Session 7 is too large"));

  /* it takes nobody's place */
  g_assert_false (almu_sessions_replace (fixture->sessions, 8, session, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_cmpint (get_mark (fixture->store, 8), ==, 2);
  other = add_session (fixture, 8);
  add_file (other, 0, "b.fits");

  /* no harm to others, and none for ever */
  set_mark (other, 4);
  almu_store_flush (fixture->store);
  g_assert_cmpint (get_mark (fixture->store, 8), ==, 4);
  for (int id = 2; id < 30; id++)
    almu_session_remove_region (session, id, NULL);
  almu_session_commit (session);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 3);
}

/* -- damage -------------------------------------------------------------- */

static guint
count_aside (Fixture *fixture)
{
  g_autoptr(GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;
  guint       n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "sessions.db.damaged-") && !g_str_has_suffix (name, "-wal") && !g_str_has_suffix (name, "-shm");

  return n;
}

static void
expect_warning (void)
{
  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*damaged*set aside*");
}

static void
break_header (char *bytes,
              gsize length)
{
  memcpy (bytes, "no database", 11);
}

static void
break_middle (char *bytes,
              gsize length)
{
  for (gsize i = 4096; i < length; i++)
    bytes[i] = (char) (i * 7);
}

static void
break_root (char *bytes,
            gsize length)
{
  memset (bytes + 100, 0xff, 200);
}

static void
test_damaged (Fixture      *fixture,
              gconstpointer user_data)
{
  void (*const breaks[]) (char *, gsize) = { break_header, break_middle, break_root };
  g_autofree char *path = path_of (fixture, "");

  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      g_autofree char *content = NULL;
      gsize            length;

      add_file (add_session (fixture, 7), 0, "a.fits");
      close_store (fixture);
      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      g_assert_cmpuint (length, >, 4096);
      breaks[i](content, length);
      g_assert_true (g_file_set_contents (path, content, (gssize) length, NULL));

      expect_warning ();
      open_store (fixture, FOR_EVER, 100);
      g_test_assert_expected_messages ();
      g_assert_cmpuint (count_aside (fixture), ==, i + 1);
      g_assert_cmpuint (count_records (fixture), ==, 0);
    }
}

static void
test_damaged_cut (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *path = path_of (fixture, "");
  g_autofree char *log = path_of (fixture, "-wal");

  add_file (add_session (fixture, 7), 0, "a.fits");
  close_store (fixture);
  g_assert_cmpint (truncate (path, 5000), ==, 0);
  g_assert_true (g_file_set_contents (log, "a log of something else", -1, NULL));

  expect_warning ();
  open_store (fixture, FOR_EVER, 100);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (count_aside (fixture), ==, 1);
  g_assert_cmpuint (count_records (fixture), ==, 0);
  assert_sound (fixture);
}

/* Not ours at all. */
static void
test_foreign (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autofree char *path = path_of (fixture, "");

  close_store (fixture);
  g_assert_cmpint (g_unlink (path), ==, 0);
  run_sql (fixture, "CREATE TABLE sessions (something); PRAGMA user_version = " G_STRINGIFY (ALMU_DATABASE_VERSION));
  expect_warning ();
  open_store (fixture, FOR_EVER, 100);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (count_aside (fixture), ==, 1);
}

/* While it is open: what is in memory goes to a new one. */
static void
test_damaged_open (Fixture      *fixture,
                   gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);

  add_file (session, 0, "a.fits");
  add_file (add_session (fixture, 8), 0, "b.fits");
  almu_store_flush (fixture->store);

  store_vfs_fail (1, 1, SQLITE_CORRUPT);
  set_mark (session, 5);
  expect_warning ();
  almu_session_commit (session);
  g_test_assert_expected_messages ();
  g_assert_null (almu_store_get_trouble (fixture->store));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_records (fixture), ==, 2);

  /* a tool was used on it */
  run_sql (fixture, "DROP TABLE records");
  set_mark (session, 6);
  expect_warning ();
  almu_session_commit (session);
  g_test_assert_expected_messages ();
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 6);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_records (fixture), ==, 2);
  g_assert_cmpuint (count_aside (fixture), ==, 2);
  assert_sound (fixture);
}

static void
test_newer_version (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA user_version = %d", ALMU_DATABASE_VERSION + 1);
  g_autofree char *said = g_strdup_printf ("version is %d", ALMU_DATABASE_VERSION + 1);
  g_autoptr(GError) error = NULL;

  close_store (fixture);
  run_sql (fixture, sql);
  g_assert_null (almu_store_new (fixture->folder, FOR_EVER, 100, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "sessions.db"));
  g_assert_nonnull (strstr (error->message, said));
  g_assert_cmpuint (count_aside (fixture), ==, 0);
}

static void
test_no_folder (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_store_new ("/nonexistent/folder", FOR_EVER, 100, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/folder/sessions.db"));
}

static void
test_private (Fixture      *fixture,
              gconstpointer user_data)
{
  const char *const suffixes[] = { "", "-wal", "-shm" };

  add_file (add_session (fixture, 7), 0, "a.fits");
  almu_store_flush (fixture->store);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = path_of (fixture, suffixes[i]);
      GStatBuf         info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
}

/* -- earlier versions ---------------------------------------------------- */

/* As version 1 wrote it. Not to be changed. */
static const char version_1[] =
  "PRAGMA journal_mode = WAL;"
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
  " json TEXT NOT NULL) STRICT;"
  "INSERT INTO sessions VALUES (7, 'closed', 'a.fits', 1700000000, 1700000100, 1, 1);"
  "INSERT INTO records VALUES (7, '{\"version\":1,\"id\":7,\"state\":\"closed\",\"title\":\"a.fits\",\"viewer\":\"abc\","
  "\"created\":\"2023-11-14T22:13:20Z\",\"last_seen\":\"2023-11-14T22:15:00Z\",\"files\":[{\"id\":0,\"name\":\"a.fits\","
  "\"regions\":[{\"id\":1,\"type\":\"point\",\"points\":[[41,0]]}]}]}');"
  "INSERT INTO sessions VALUES (8, 'parked', 'b.fits', 1700000000, 1700000000, 1, 0);"
  "INSERT INTO records VALUES (8, 'not JSON');"
  "PRAGMA user_version = 1";

static void
put_version_1 (Fixture *fixture)
{
  run_sql (fixture, version_1);
}

static void
test_upgrade (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autofree char *path = path_of (fixture, "");
  g_autofree char *version = NULL;
  g_autoptr(GPtrArray) list = NULL;
  g_autoptr(GError) error = NULL;
  const AlmuArchiveEntry *entry;

  close_store (fixture);
  g_assert_cmpint (g_unlink (path), ==, 0);
  put_version_1 (fixture);
  open_store (fixture, FOR_EVER, 100);

  version = ask_sql (fixture, "PRAGMA user_version");
  g_assert_cmpstr (version, ==, G_STRINGIFY (ALMU_DATABASE_VERSION));
  list = almu_archive_list (ALMU_ARCHIVE (fixture->store), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 2);
  entry = list->pdata[0];
  g_assert_cmpuint (entry->id, ==, 7);
  g_assert_cmpstr (entry->state, ==, "closed");
  g_assert_cmpstr (entry->viewer, ==, "abc");
  g_assert_cmpint (entry->last_seen, ==, 1700000100);
  g_assert_false (entry->is_suspect);
  g_assert_null (((AlmuArchiveEntry *) list->pdata[1])->viewer);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 41);
  assert_sound (fixture);
}

/* -- the log ------------------------------------------------------------- */

static goffset
size_of (Fixture    *fixture,
         const char *suffix)
{
  g_autofree char *path = path_of (fixture, suffix);
  GStatBuf         info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);

  return info.st_size;
}

static gboolean
is_moved (gpointer user_data)
{
  return size_of (user_data, "") > 100000;
}

/* Pages get from the log to the database while the store is open. */
static void
test_log_moved (Fixture      *fixture,
                gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);

  add_file (session, 0, "a.fits");
  for (int id = 2; id < 3000; id++)
    {
      g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ (float) id, 0 }, 1, 0, NULL);

      almu_session_set_region (session, id, 0, shape, NULL);
    }

  /* a thousand pages and some; the worker's end wakes the main context */
  for (int mark = 1; size_of (fixture, "-wal") < 5000000 && !is_moved (fixture); mark++)
    {
      set_mark (session, mark);
      almu_session_commit (session);
    }
  almu_test_await (is_moved, fixture);
  assert_sound (fixture);
}

/* -- kill -9 ------------------------------------------------------------- */

/* The process that is killed: says each mark that was committed. */
static int
write_until_killed (const char *folder)
{
  Fixture      fixture = { .folder = g_strdup (folder) };
  AlmuSession *session;

  fixture.troubles = g_ptr_array_new ();
  open_store (&fixture, FOR_EVER, 100);
  session = add_session (&fixture, 7);
  add_file (session, 0, "a.fits");
  for (int mark = MAX (get_mark (fixture.store, 7), 0) + 1;; mark++)
    {
      g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ (float) mark, 0 }, 1, 0, NULL);

      almu_session_set_region (session, 2 + mark % 400, 0, shape, NULL);
      set_mark (session, mark);
      almu_session_commit (session);
      if (almu_store_get_trouble (fixture.store) != NULL || write (STDOUT_FILENO, &mark, sizeof mark) != sizeof mark)
        return 1;
      g_main_context_iteration (NULL, FALSE);
    }
}

static pid_t
start_writer (const char *folder,
              int        *out_fd)
{
  int   ends[2];
  pid_t pid;

  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      dup2 (ends[1], STDOUT_FILENO);
      close (ends[0]);
      execl ("/proc/self/exe", "test-store-faults", CHILD, folder, NULL);
      _exit (2);
    }
  close (ends[1]);
  *out_fd = ends[0];

  return pid;
}

/* The last mark that was said before the end, or @mark. */
static int
kill_at_random (const char *folder,
                int         mark)
{
  int    n_wanted = g_test_rand_int_range (0, 30);
  gint64 delay = g_test_rand_int_range (0, 3000);
  int    status;
  int    fd;
  pid_t  pid = start_writer (folder, &fd);
  gint64 until;

  while (n_wanted-- > 0)
    g_assert_cmpint (read (fd, &mark, sizeof mark), ==, sizeof mark);
  for (until = g_get_monotonic_time () + delay; g_get_monotonic_time () < until;)
    ;
  kill (pid, SIGKILL);
  while (read (fd, &mark, sizeof mark) == sizeof mark)
    ;
  close (fd);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));

  return mark;
}

static void
test_killed (Fixture      *fixture,
             gconstpointer user_data)
{
  int n_rounds = almu_test_is_slow () ? 5000 : 200;
  int mark = -1;

  close_store (fixture);
  for (int round = 0; round < n_rounds; round++)
    {
      g_autoptr(AlmuMemento) kept = NULL;
      int found;

      mark = kill_at_random (fixture->folder, mark);
      /* else the next writer finds it as it is */
      if (g_test_rand_int () % 2)
        continue;

      assert_sound (fixture);
      kept = read_kept (fixture->folder, 7);
      found = kept != NULL ? mark_of_region (kept, MARK) : -1;
      g_assert_cmpint (found, >=, mark);
      g_assert_cmpint (found, <=, MAX (mark, 0) + 1);
      if (kept != NULL)
        g_assert_cmpint (mark_of_region (kept, 2 + found % 400), ==, found);
      g_assert_cmpuint (count_aside (fixture), ==, 0);
    }
  g_test_message ("%d changes in %d rounds", mark, n_rounds);
}

int
main (int   argc,
      char *argv[])
{
  if (argc == 3 && g_str_equal (argv[1], CHILD))
    return write_until_killed (argv[2]);

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  store_vfs_install ();

  g_test_add_func ("/store/store-faults/once", test_fails_once);
  g_test_add_func ("/store/store-faults/for-good", test_fails_for_good);
  g_test_add_func ("/store/store-faults/while-opening", test_fails_while_opening);
  g_test_add_func ("/store/store-faults/while-replacing", test_fails_while_replacing);
  add_test ("/store/store-faults/full", test_full);
  add_test ("/store/store-faults/forget-in-trouble", test_forget_in_trouble);
  add_test ("/store/store-faults/locked", test_locked);
  add_test ("/store/store-faults/too-large", test_too_large);
  add_test ("/store/store-faults/damaged", test_damaged);
  add_test ("/store/store-faults/damaged/cut", test_damaged_cut);
  add_test ("/store/store-faults/damaged/open", test_damaged_open);
  add_test ("/store/store-faults/foreign", test_foreign);
  add_test ("/store/store-faults/newer-version", test_newer_version);
  g_test_add_func ("/store/store-faults/no-folder", test_no_folder);
  add_test ("/store/store-faults/private", test_private);
  add_test ("/store/store-faults/upgrade", test_upgrade);
  add_test ("/store/store-faults/log-moved", test_log_moved);
  add_test ("/store/store-faults/killed", test_killed);

  return g_test_run ();
}
