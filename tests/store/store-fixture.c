/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <sqlite3.h>

#include "almu-database.h"
#include "almu-error.h"
#include "almu-record.h"

#define MANY_RECORDS 5000

static void
on_trouble (AlmuStore  *store,
            const char *text,
            Fixture    *fixture)
{
  g_ptr_array_add (fixture->troubles, g_strdup (text));
}

void
open_store (Fixture *fixture,
            gint64   retention_seconds,
            guint    max_records)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFolder) folder = almu_folder_new (fixture->folder, fixture->folder, &error);
  g_autoptr(AlmuCache) cache = almu_cache_new (1 << 20);

  g_assert_no_error (error);
  fixture->store = almu_store_new (fixture->folder, retention_seconds, max_records, &error);
  g_assert_no_error (error);
  g_signal_connect (fixture->store, "trouble", G_CALLBACK (on_trouble), fixture);
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (fixture->store));
  almu_store_watch (fixture->store, fixture->sessions);
}

void
close_store (Fixture *fixture)
{
  if (fixture->sessions != NULL)
    almu_sessions_park_all (fixture->sessions);
  g_clear_object (&fixture->sessions);
  if (fixture->store != NULL)
    almu_test_await_finalize (g_steal_pointer (&fixture->store));
}

void
reopen_store (Fixture *fixture)
{
  close_store (fixture);
  open_store (fixture, FOR_EVER, MANY_RECORDS);
}

void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->troubles = g_ptr_array_new_with_free_func (g_free);
  open_store (fixture, FOR_EVER, MANY_RECORDS);
}

void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  close_store (fixture);
  g_ptr_array_unref (fixture->troubles);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

/* -- sessions ----------------------------------------------------------- */

AlmuSession *
add_session (Fixture *fixture,
             guint32  id)
{
  g_autoptr(GError) error = NULL;
  AlmuSession *session = almu_sessions_create (fixture->sessions, id, &error);

  g_assert_no_error (error);

  return session;
}

/* One that is not there, which needs no image. */
void
add_file (AlmuSession *session,
          int          file_id,
          const char  *name)
{
  g_autoptr(AlmuFileName) file_name = almu_file_name_new ("", name, "", ALMU_IMAGE_NONE);

  almu_session_take_file (session, almu_file_new (file_id, file_name));
}

/* Puts a number into a session that comes back with it. */
void
set_mark (AlmuSession *session,
          int          mark)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ (float) mark, 0 }, 1, 0, &error);

  almu_session_set_region (session, MARK, 0, shape, &error);
  g_assert_no_error (error);
}

/* The number that a region of the first file has. */
int
mark_of_region (const AlmuMemento *memento,
                int                region_id)
{
  const AlmuFileWish *file = memento->files->pdata[0];

  for (guint i = 0; i < file->regions->len; i++)
    {
      const AlmuRegionWish *region = &g_array_index (file->regions, AlmuRegionWish, i);

      if (region->id == region_id)
        return (int) region->shape->points[0].x;
    }

  return 0;
}

/* The number in the record of a session, -1 if there is none. */
int
get_mark (AlmuStore *store,
          guint32    id)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_archive_load (ALMU_ARCHIVE (store), id, &error);

  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    return -1;

  g_assert_no_error (error);
  g_assert_cmpuint (memento->files->len, >, 0);

  return mark_of_region (memento, MARK);
}

guint
count_records (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) list = almu_archive_list (ALMU_ARCHIVE (fixture->store), &error);

  g_assert_no_error (error);

  return list->len;
}

/* -- the file ----------------------------------------------------------- */

char *
path_of (Fixture    *fixture,
         const char *suffix)
{
  g_autofree char *name = g_strconcat ("sessions.db", suffix, NULL);

  return g_build_filename (fixture->folder, name, NULL);
}

static int
keep_first (void  *user_data,
            int    n_columns,
            char **values,
            char **names)
{
  char **out = user_data;

  if (*out == NULL)
    *out = g_strdup (values[0]);

  return 0;
}

char *
ask_sql (Fixture    *fixture,
         const char *sql)
{
  g_autofree char *path = path_of (fixture, "");
  sqlite3         *sqlite = NULL;
  char            *message = NULL;
  char            *value = NULL;

  g_assert_cmpint (sqlite3_open (path, &sqlite), ==, SQLITE_OK);
  sqlite3_busy_timeout (sqlite, 10000);
  sqlite3_exec (sqlite, sql, keep_first, &value, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (sqlite);

  return value;
}

/* A record with what is written beside it; NULL if there is none. Nobody else has the
 * file open. */
AlmuMemento *
read_kept (const char *folder,
           guint32     id)
{
  g_autofree char *aside = NULL;
  g_autofree char *json = NULL;
  g_autoptr(AlmuDatabase) database = NULL;
  g_autoptr(AlmuMemento) memento = NULL;
  g_autoptr(GPtrArray) since = NULL;
  g_autoptr(GError) error = NULL;

  database = almu_database_open (folder, &aside, &error);
  g_assert_no_error (error);
  g_assert_null (aside);
  json = almu_database_get (database, id, &error);
  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    return NULL;

  g_assert_no_error (error);
  since = almu_database_list_changes (database, id, &error);
  g_assert_no_error (error);
  memento = almu_record_read (json, &error);
  for (guint i = 0; error == NULL && i < since->len; i++)
    almu_record_add_regions (memento, since->pdata[i], &error);
  g_assert_no_error (error);

  return g_steal_pointer (&memento);
}

void
run_sql (Fixture    *fixture,
         const char *sql)
{
  g_free (ask_sql (fixture, sql));
}

void
assert_sound (Fixture *fixture)
{
  g_autofree char *verdict = ask_sql (fixture, "PRAGMA integrity_check");
  g_autofree char *strays = ask_sql (fixture, "SELECT count (*) FROM sessions WHERE id NOT IN (SELECT id FROM records)");

  g_assert_cmpstr (verdict, ==, "ok");
  g_assert_cmpstr (strays, ==, "0");
}
