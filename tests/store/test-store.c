/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "almu-error.h"
#include "almu-record.h"
#include "almu-workers.h"
#include "store-fixture.h"

static gint64
now_in_seconds (void)
{
  return g_get_real_time () / G_TIME_SPAN_SECOND;
}

/* -- what is written, and when ------------------------------------------ */

static void
test_commit (Fixture      *fixture,
             gconstpointer user_data)
{
  AlmuSession     *session = add_session (fixture, 7);
  g_autofree char *json = NULL;

  add_file (session, 0, "a.fits");
  set_mark (session, 5);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, -1);

  almu_session_commit (session);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
  g_assert_cmpuint (almu_store_get_n_writes (fixture->store), ==, 1);

  /* the same again is no change */
  almu_session_commit (session);
  almu_session_set_viewer (session, "b");
  almu_session_set_viewer (session, NULL);
  almu_session_commit (session);
  g_assert_cmpuint (almu_store_get_n_writes (fixture->store), ==, 1);

  json = ask_sql (fixture, "SELECT json FROM records");
  g_assert_nonnull (strstr (json, "\"name\":\"a.fits\""));
}

static char *
read_database (Fixture *fixture,
               gsize   *out_length)
{
  g_autofree char *path = g_build_filename (fixture->folder, "sessions.db", NULL);
  char            *bytes = NULL;
  g_autoptr(GError) error = NULL;

  g_file_get_contents (path, &bytes, out_length, &error);
  g_assert_no_error (error);

  return bytes;
}

/* To begin is to read: nobody waits for the disk. */
static void
test_begins_unwritten (Fixture      *fixture,
                       gconstpointer user_data)
{
  AlmuSession     *session = add_session (fixture, 7);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *mode = NULL;
  gsize            n_before, n_after;

  add_file (session, 0, "a.fits");
  almu_session_commit (session);
  close_store (fixture);
  before = read_database (fixture, &n_before);

  reopen_store (fixture);
  close_store (fixture);
  after = read_database (fixture, &n_after);
  g_assert_cmpmem (before, n_before, after, n_after);

  mode = ask_sql (fixture, "PRAGMA auto_vacuum");
  g_assert_cmpstr (mode, ==, "2");
}

static gboolean
is_written (gpointer user_data)
{
  Fixture *fixture = user_data;

  return almu_store_get_n_writes (fixture->store) > 0;
}

/* All that changed goes to the disk together. */
static void
test_changes_together (Fixture      *fixture,
                       gconstpointer user_data)
{
  for (guint32 id = 1; id <= 20; id++)
    {
      AlmuSession *session = add_session (fixture, id);

      add_file (session, 0, "a.fits");
      set_mark (session, (int) id);
    }

  almu_test_await (is_written, fixture);
  for (guint32 id = 1; id <= 20; id++)
    g_assert_cmpint (get_mark (fixture->store, id), ==, (int) id);
  g_assert_cmpuint (almu_store_get_n_writes (fixture->store), ==, 1);
}

typedef struct
{
  AlmuFile *file;
  gboolean  is_done;
} Opening;

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Opening *opening = user_data;
  g_autoptr(GError) error = NULL;

  opening->file = almu_session_open_file_finish (ALMU_SESSION (source), result, &error);
  g_assert_no_error (error);
  opening->is_done = TRUE;
}

static AlmuFile *
open_image (Fixture     *fixture,
            AlmuSession *session)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "image.fits", "", ALMU_IMAGE_NONE);
  g_autofree char *path = NULL;
  Opening          opening = { 0 };

  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 2, 1 });
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 2, (double[]){ 1, 2 });
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, "image.fits");

  almu_session_open_file_async (session, 0, name, NULL, on_opened, &opening);
  while (!opening.is_done)
    g_main_context_iteration (NULL, TRUE);

  return opening.file;
}

/* A burst costs one write for each 200 ms that it takes, and one at its end. */
static void
test_burst (Fixture      *fixture,
            gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);
  g_autoptr(AlmuFile) file = open_image (fixture, session);
  g_autoptr(AlmuMemento) memento = NULL;
  g_autoptr(GError) error = NULL;
  gint64  start;
  guint64 n_before;
  guint64 n_writes;

  almu_store_flush (fixture->store);
  n_before = almu_store_get_n_writes (fixture->store);
  start = g_get_monotonic_time ();
  for (int i = 1; i <= 10000; i++)
    {
      almu_file_set_cursor (file, (AlmuPoint){ (float) i, 0.5f }, &error);
      g_assert_no_error (error);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  almu_store_flush (fixture->store);

  n_writes = almu_store_get_n_writes (fixture->store) - n_before;
  g_test_message ("%u writes", (guint) n_writes);
  g_assert_cmpuint (n_writes, >=, 1);
  g_assert_cmpuint (n_writes, <=, 1 + (guint64) ((g_get_monotonic_time () - start) / (200 * G_TIME_SPAN_MILLISECOND)));
  memento = almu_archive_load (ALMU_ARCHIVE (fixture->store), 7, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (((AlmuFileWish *) memento->files->pdata[0])->cursor.x, ==, 10000);
}

/* Each is written before the next is set, and what is written is the same as
 * if all of it were written for the first time. */
static void
test_many_regions (Fixture      *fixture,
                   gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);
  g_autoptr(AlmuFile) file = open_image (fixture, session);
  g_autoptr(AlmuMemento) memento = NULL;
  g_autoptr(AlmuMemento) kept = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *text = NULL;
  gint64           start = g_get_monotonic_time ();

  for (int i = 0; i < 2000; i++)
    {
      /* every third moves one that is there, as often as not to where it is */
      int       id = i % 3 == 2 ? g_test_rand_int_range (1, i / 3 + 2) : 0;
      AlmuPoint points[] = { { (float) g_test_rand_double (), (float) (i % 7) }, { 3.3f, 4.7f } };
      g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, (float) (i % 5), NULL);

      g_assert_nonnull (almu_session_set_region (session, id, almu_file_get_id (file), shape, NULL));
      almu_session_commit (session);
      if (i % 10 == 9 && almu_session_get_region (session, i / 2, NULL) != NULL)
        g_assert_true (almu_session_remove_region (session, i / 2, NULL));
    }
  almu_store_flush (fixture->store);
  g_test_message ("2000 changes: %.1f s", (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);

  memento = almu_session_describe (session);
  kept = almu_archive_load (ALMU_ARCHIVE (fixture->store), 7, NULL);
  g_assert_nonnull (kept);
  expected = almu_record_write (memento, NULL);
  text = almu_record_write (kept, NULL);
  g_assert_cmpstr (text, ==, expected);
}

/* -- regions beside a record --------------------------------------------- */

static guint
count_beside (Fixture *fixture)
{
  g_autofree char *n = ask_sql (fixture, "SELECT count (*) FROM changes");

  return (guint) g_ascii_strtoull (n, NULL, 10);
}

static void
draw (AlmuSession *session,
      int          region_id,
      int          mark)
{
  g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ (float) mark, 0 }, 1, 0, NULL);

  g_assert_nonnull (almu_session_set_region (session, region_id, 0, shape, NULL));
}

/* The number that a region has in the record alone; 0 if it has none. */
static int
get_mark_in_record (Fixture *fixture,
                    guint32  id)
{
  g_autofree char *sql = g_strdup_printf ("SELECT json FROM records WHERE id = %u", id);
  g_autofree char *json = ask_sql (fixture, sql);
  g_autoptr(AlmuMemento) memento = almu_record_read (json, NULL);

  return mark_of_region (memento, MARK);
}

static AlmuSession *
add_drawn (Fixture *fixture,
           guint32  id)
{
  AlmuSession *session = add_session (fixture, id);

  add_file (session, 0, "a.fits");
  set_mark (session, 1);
  almu_session_commit (session);

  return session;
}

static gboolean
is_taken_up (gpointer user_data)
{
  return get_mark_in_record (user_data, 7) == 3;
}

/* Who is told that a region is set finds it, and the record follows. */
static void
test_beside (Fixture      *fixture,
             gconstpointer user_data)
{
  AlmuSession *session = add_drawn (fixture, 7);
  g_autoptr(GPtrArray) list = NULL;
  g_autoptr(AlmuMemento) memento = NULL;

  set_mark (session, 2);
  almu_session_commit (session);
  set_mark (session, 3);
  draw (session, 5, 50);
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 2);
  g_assert_cmpint (get_mark_in_record (fixture, 7), ==, 1);

  memento = almu_archive_load (ALMU_ARCHIVE (fixture->store), 7, NULL);
  g_assert_cmpint (mark_of_region (memento, MARK), ==, 3);
  g_assert_cmpint (mark_of_region (memento, 5), ==, 50);
  g_assert_cmpint (memento->last_region_id, ==, 5);
  list = almu_archive_list (ALMU_ARCHIVE (fixture->store), NULL);
  g_assert_cmpuint (((AlmuArchiveEntry *) list->pdata[0])->n_regions, ==, 2);

  almu_test_await (is_taken_up, fixture);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  g_assert_cmpuint (almu_store_get_n_writes (fixture->store), ==, 4);
  assert_sound (fixture);
}

/* Set back, it is in the record as it was: what stands beside goes all the same. */
static void
test_beside_back (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuSession *session = add_drawn (fixture, 7);

  almu_store_flush (fixture->store);
  set_mark (session, 2);
  almu_session_commit (session);
  set_mark (session, 1);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 1);
}

/* Whatever else is new, or more than a few, has all written. */
static void
test_beside_not (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuSession *session = add_drawn (fixture, 7);

  set_mark (session, 2);
  almu_session_set_viewer (session, "b");
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  g_assert_cmpint (get_mark_in_record (fixture, 7), ==, 2);

  set_mark (session, 3);
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 1);
  g_assert_true (almu_session_remove_region (session, MARK, NULL));
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 0);

  for (int id = 10; id < 1010; id++)
    draw (session, id, id);
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 0);

  /* the timer had no chance */
  for (int i = 0; i < 2000; i++)
    {
      set_mark (session, i);
      almu_session_commit (session);
    }
  g_assert_cmpuint (count_beside (fixture), <=, 1024);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 1999);
}

/* As a kill leaves it: what was set is found, and is in the record when the session
 * is used again. */
static void
test_beside_left (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuSession *session;

  add_drawn (fixture, 7);
  close_store (fixture);
  run_sql (fixture, "INSERT INTO changes (id, json) VALUES (7, '{\"last_region_id\":1,\"files\":[{\"id\":0,\"regions\":"
                    "[{\"id\":1,\"type\":\"point\",\"points\":[[8,0]]}]}]}')");
  open_store (fixture, FOR_EVER, 100);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 8);

  session = add_session (fixture, 7);
  add_file (session, 0, "a.fits");
  set_mark (session, 1);
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 1);

  almu_sessions_forget (fixture->sessions, 7, NULL);
  g_assert_cmpuint (count_records (fixture), ==, 0);
}

/* What was broken by hand loses no more than itself. */
static void
test_beside_broken (Fixture      *fixture,
                    gconstpointer user_data)
{
  add_drawn (fixture, 7);
  close_store (fixture);
  run_sql (fixture, "INSERT INTO changes (id, json) VALUES (7, '{\"files\":5}')");
  run_sql (fixture, "INSERT INTO changes (id, json) VALUES (7, '{\"files\":[{\"id\":0,\"regions\":"
                    "[{\"id\":1,\"type\":\"point\",\"points\":[[8,0]]}]}]}')");
  open_store (fixture, FOR_EVER, 100);
  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*Session 7*files*");
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 8);
  g_test_assert_expected_messages ();
}

/* What a newer version knows of a region stands in the record, and stays. */
static void
test_beside_newer (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *json = NULL;
  AlmuSession     *session;

  add_drawn (fixture, 7);
  close_store (fixture);
  run_sql (fixture, "UPDATE records SET json = replace (json, '\"type\"', '\"colour\":\"red\",\"type\"')");
  open_store (fixture, FOR_EVER, 100);
  session = add_session (fixture, 7);
  add_file (session, 0, "a.fits");
  set_mark (session, 4);
  almu_session_commit (session);
  set_mark (session, 5);
  almu_session_commit (session);
  g_assert_cmpuint (count_beside (fixture), ==, 0);
  json = ask_sql (fixture, "SELECT json FROM records");
  g_assert_nonnull (strstr (json, "\"colour\":\"red\""));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
}

/* It goes with the session, and another one gets nothing of it. */
static void
test_beside_gone (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuSession *session = add_drawn (fixture, 7);
  AlmuSession *other = add_drawn (fixture, 8);
  g_autoptr(GError) error = NULL;

  set_mark (session, 2);
  almu_session_commit (session);
  set_mark (other, 3);
  almu_session_commit (other);
  g_assert_cmpuint (count_beside (fixture), ==, 2);

  g_assert_true (almu_sessions_forget (fixture->sessions, 7, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_beside (fixture), ==, 1);
  g_assert_cmpint (get_mark (fixture->store, 8), ==, 3);
  assert_sound (fixture);
}

/* -- which sessions have a record --------------------------------------- */

static void
test_empty (Fixture      *fixture,
            gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);

  almu_session_attach (session, "127.0.0.1");
  almu_session_commit (session);
  almu_sessions_end (fixture->sessions, session);
  almu_store_flush (fixture->store);
  g_assert_cmpuint (almu_store_get_n_writes (fixture->store), ==, 0);
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 7));
}

static void
test_emptied (Fixture      *fixture,
              gconstpointer user_data)
{
  AlmuSession *session = add_session (fixture, 7);

  add_file (session, 0, "a.fits");
  almu_session_commit (session);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 7));
  almu_session_close_all_files (session);
  almu_session_commit (session);
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 7));

  add_file (session, 0, "b.fits");
  almu_session_commit (session);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 7));
  assert_sound (fixture);
}

static void
assert_state (Fixture    *fixture,
              guint32     id,
              const char *state)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_archive_load (ALMU_ARCHIVE (fixture->store), id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (memento->state, ==, state);
  g_assert_cmpuint (memento->files->len, ==, 1);
}

static void
test_removed (Fixture      *fixture,
              gconstpointer user_data)
{
  for (guint32 id = 1; id <= 3; id++)
    add_file (add_session (fixture, id), 0, "a.fits");

  almu_sessions_park (fixture->sessions, almu_sessions_lookup (fixture->sessions, 1));
  almu_sessions_end (fixture->sessions, almu_sessions_lookup (fixture->sessions, 2));
  almu_store_flush (fixture->store);
  assert_state (fixture, 1, "parked");
  assert_state (fixture, 2, "closed");
  assert_state (fixture, 3, "detached");

  reopen_store (fixture);
  assert_state (fixture, 1, "parked");
  assert_state (fixture, 2, "closed");
  assert_state (fixture, 3, "parked");
}

static void
test_forget (Fixture      *fixture,
             gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  add_file (add_session (fixture, 1), 0, "a.fits");
  add_file (add_session (fixture, 2), 0, "a.fits");
  almu_store_flush (fixture->store);
  almu_sessions_park (fixture->sessions, almu_sessions_lookup (fixture->sessions, 2));

  for (guint32 id = 1; id <= 2; id++)
    {
      almu_sessions_forget (fixture->sessions, id, &error);
      g_assert_no_error (error);
      g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->store), id));
    }

  almu_store_flush (fixture->store);
  g_assert_cmpuint (count_records (fixture), ==, 0);
  assert_sound (fixture);

  g_assert_null (almu_archive_load (ALMU_ARCHIVE (fixture->store), 1, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

/* A record that somebody broke by hand hurts nobody else. */
static void
test_broken_record (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  add_file (add_session (fixture, 1), 0, "a.fits");
  add_file (add_session (fixture, 2), 0, "a.fits");
  close_store (fixture);
  run_sql (fixture, "UPDATE records SET json = '{\"version\":1,\"id\":1,\"files\":5}' WHERE id = 1");
  open_store (fixture, FOR_EVER, 100);

  g_assert_cmpuint (count_records (fixture), ==, 2);
  g_assert_null (almu_archive_load (ALMU_ARCHIVE (fixture->store), 1, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "Session 1"));
  g_assert_nonnull (strstr (error->message, "files is not a list"));
  g_assert_cmpint (get_mark (fixture->store, 2), ==, 0);
}

/* -- the list ----------------------------------------------------------- */

static void
test_list (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autoptr(GPtrArray) list = NULL;
  g_autoptr(GError) error = NULL;
  AlmuSession      *session = add_session (fixture, G_MAXUINT32);
  AlmuArchiveEntry *entry;

  add_file (session, 0, "été.fits");
  add_file (session, 3, "b.fits");
  set_mark (session, 1);
  almu_session_set_viewer (session, "browser");
  almu_sessions_end (fixture->sessions, session);
  add_file (add_session (fixture, 5), 0, "c.fits");
  almu_store_flush (fixture->store);
  run_sql (fixture, "UPDATE sessions SET last_seen = last_seen - 100 WHERE id = 5");

  list = almu_archive_list (ALMU_ARCHIVE (fixture->store), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 2);
  entry = list->pdata[0];
  g_assert_cmpuint (entry->id, ==, G_MAXUINT32);
  g_assert_cmpstr (entry->state, ==, "closed");
  g_assert_cmpstr (entry->title, ==, "été.fits and 1 more");
  g_assert_cmpstr (entry->viewer, ==, "browser");
  g_assert_cmpint (entry->created, >, now_in_seconds () - 1000);
  g_assert_cmpint (entry->last_seen, >=, entry->created);
  g_assert_cmpuint (entry->n_files, ==, 2);
  g_assert_cmpuint (entry->n_regions, ==, 1);
  g_assert_false (entry->is_suspect);
  entry = list->pdata[1];
  g_assert_cmpuint (entry->id, ==, 5);
  g_assert_null (entry->viewer);
}

static goffset
size_of (Fixture    *fixture,
         const char *suffix)
{
  g_autofree char *path = path_of (fixture, suffix);
  GStatBuf         info;

  return g_stat (path, &info) == 0 ? info.st_size : 0;
}

/* A thousand sessions as an astronomer has them, or rather more. */
static void
test_thousand (Fixture      *fixture,
               gconstpointer user_data)
{
  gint64 start;

  for (guint32 id = 1; id <= 1000; id++)
    {
      AlmuSession *session = add_session (fixture, id);

      for (int file_id = 0; file_id < 12; file_id++)
        add_file (session, file_id, "l1448_13co_moment0.fits");
      for (int region_id = 1; region_id <= 50; region_id++)
        {
          g_autoptr(AlmuShape) shape = NULL;

          shape = almu_shape_new (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { 100.25f + region_id, 77.7f }, { 31.4159f, 5 } },
                                  2, 12.5f, NULL);
          almu_session_set_region (session, region_id, region_id % 12, shape, NULL);
        }
      almu_sessions_park (fixture->sessions, session);
    }
  reopen_store (fixture);

  start = g_get_monotonic_time ();
  g_assert_cmpuint (count_records (fixture), ==, 1000);
  g_test_message ("%.1f ms for a list, %.1f MB", (double) (g_get_monotonic_time () - start) / 1000,
                  (double) size_of (fixture, "") / 1e6);
  g_assert_cmpint (size_of (fixture, "") + size_of (fixture, "-wal"), <, 50 * 1000 * 1000);
}

/* -- retention ---------------------------------------------------------- */

static void
test_retention_age (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (guint32 id = 1; id <= 4; id++)
    add_file (add_session (fixture, id), 0, "a.fits");
  close_store (fixture);
  run_sql (fixture, "UPDATE sessions SET last_seen = last_seen - 1000 * id");

  open_store (fixture, 2500, 100);
  g_assert_cmpuint (count_records (fixture), ==, 2);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 2));
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 3));
  assert_sound (fixture);
}

/* Two days at a time, of a retention of ten: a record of four months ago is
 * as old as what was seen since. */
static void
test_retention_gap (Fixture      *fixture,
                    gconstpointer user_data)
{
  const int day = 24 * 60 * 60;

  for (guint32 id = 1; id <= 8; id++)
    add_file (add_session (fixture, id), 0, "a.fits");
  close_store (fixture);
  run_sql (fixture, "UPDATE sessions SET last_seen = last_seen - 86400 * 120 - 86400 * id * 2");

  open_store (fixture, 10 * day, 100);
  g_assert_cmpuint (count_records (fixture), ==, 4);
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 4));

  /* a clock that was ahead and is right again */
  close_store (fixture);
  run_sql (fixture, "UPDATE sessions SET last_seen = last_seen + 86400 * 400");
  open_store (fixture, 10 * day, 100);
  g_assert_cmpuint (count_records (fixture), ==, 4);
}

static void
test_retention_count (Fixture      *fixture,
                      gconstpointer user_data)
{
  close_store (fixture);
  open_store (fixture, FOR_EVER, 3);

  for (guint32 id = 1; id <= 6; id++)
    {
      AlmuSession     *session = add_session (fixture, id);
      g_autofree char *sql = g_strdup_printf ("UPDATE sessions SET last_seen = %u WHERE id = %u", 1000 + id, id);

      add_file (session, 0, "a.fits");
      almu_session_commit (session);
      if (id != 1)
        almu_sessions_park (fixture->sessions, session);
      run_sql (fixture, sql);
    }

  /* the oldest is in memory, and stays as a fourth */
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 1));
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 2));
  g_assert_true (almu_archive_contains (ALMU_ARCHIVE (fixture->store), 6));
  g_assert_cmpuint (count_records (fixture), ==, 4);

  close_store (fixture);
  open_store (fixture, FOR_EVER, 2);
  g_assert_cmpuint (count_records (fixture), ==, 2);
}

/* -- coming back -------------------------------------------------------- */

static void
on_revived (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  gboolean *is_done = user_data;
  g_auto(GStrv) problems = NULL;
  g_autoptr(GError) error = NULL;

  almu_sessions_revive_finish (ALMU_SESSIONS (source), result, &problems, &error);
  g_assert_no_error (error);
  *is_done = TRUE;
}

static AlmuSession *
revive (Fixture *fixture,
        guint32  id)
{
  g_autoptr(GError) error = NULL;
  gboolean     is_done = FALSE;
  AlmuSession *session = almu_sessions_revive_async (fixture->sessions, id, on_revived, &is_done, &error);

  g_assert_no_error (error);
  while (!is_done)
    g_main_context_iteration (NULL, TRUE);

  return session;
}

static void
keep_one (Fixture *fixture,
          guint32  id,
          int      mark)
{
  AlmuSession *session = add_session (fixture, id);

  add_file (session, 0, "a.fits");
  set_mark (session, mark);
  almu_sessions_park (fixture->sessions, session);
}

static void
test_revive (Fixture      *fixture,
             gconstpointer user_data)
{
  AlmuSession     *session;
  g_autofree char *suspects = NULL;

  keep_one (fixture, 7, 5);
  reopen_store (fixture);
  session = revive (fixture, 7);
  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 1);
  set_mark (session, 6);
  almu_session_commit (session);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 6);
  suspects = ask_sql (fixture, "SELECT count (*) FROM sessions WHERE suspect");
  g_assert_cmpstr (suspects, ==, "0");
}

/* What is half back does not become the record, whatever happens to it. */
static void
test_revive_broken_off (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  AlmuSession *session;

  keep_one (fixture, 7, 5);
  g_assert_true (almu_archive_begin_restore (ALMU_ARCHIVE (fixture->store), 7, &error));
  session = add_session (fixture, 7);
  almu_session_attach (session, "127.0.0.1");
  almu_session_commit (session);
  almu_store_flush (fixture->store);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);

  almu_sessions_park (fixture->sessions, session);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
  reopen_store (fixture);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
}

/* A new session that took an id, and never had a file. */
static void
test_revive_nothing (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuSession *session;

  keep_one (fixture, 7, 5);
  session = add_session (fixture, 7);
  almu_session_commit (session);
  almu_sessions_park (fixture->sessions, session);
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 5);
}

static gboolean
is_suspect (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) list = almu_archive_list (ALMU_ARCHIVE (fixture->store), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 1);

  return ((AlmuArchiveEntry *) list->pdata[0])->is_suspect;
}

static void
test_suspect (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *flag = NULL;

  keep_one (fixture, 7, 5);
  g_assert_false (is_suspect (fixture));
  g_assert_true (almu_archive_begin_restore (ALMU_ARCHIVE (fixture->store), 7, &error));

  /* in the file already: seen by somebody else */
  flag = ask_sql (fixture, "SELECT suspect FROM sessions");
  g_assert_cmpstr (flag, ==, "1");

  reopen_store (fixture);
  g_assert_true (is_suspect (fixture));
  g_assert_true (almu_archive_begin_restore (ALMU_ARCHIVE (fixture->store), 7, &error));
  almu_archive_end_restore (ALMU_ARCHIVE (fixture->store), 7);
  g_assert_false (is_suspect (fixture));
  almu_archive_end_restore (ALMU_ARCHIVE (fixture->store), 7);

  g_assert_false (almu_archive_begin_restore (ALMU_ARCHIVE (fixture->store), 8, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

/* What a newer version has added outlives a session in this one. */
static void
test_newer_kept (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *json = NULL;
  AlmuSession     *session;

  keep_one (fixture, 7, 5);
  close_store (fixture);
  run_sql (fixture, "UPDATE records SET json = json_set (json, '$.mood', 'good', '$.files[0].overlay', json ('[1]'))");
  open_store (fixture, FOR_EVER, 100);

  session = revive (fixture, 7);
  set_mark (session, 6);
  almu_session_commit (session);
  set_mark (session, 7);
  almu_session_commit (session);
  json = ask_sql (fixture, "SELECT json FROM records");
  g_assert_nonnull (strstr (json, "\"mood\":\"good\""));
  g_assert_nonnull (strstr (json, "\"overlay\":[1]"));
  g_assert_cmpint (get_mark (fixture->store, 7), ==, 7);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/store/store/commit", test_commit);
  add_test ("/store/store/begins-unwritten", test_begins_unwritten);
  add_test ("/store/store/changes-together", test_changes_together);
  add_test ("/store/store/burst", test_burst);
  add_test ("/store/store/many-regions", test_many_regions);
  add_test ("/store/store/beside", test_beside);
  add_test ("/store/store/beside/back", test_beside_back);
  add_test ("/store/store/beside/not", test_beside_not);
  add_test ("/store/store/beside/left", test_beside_left);
  add_test ("/store/store/beside/broken", test_beside_broken);
  add_test ("/store/store/beside/newer", test_beside_newer);
  add_test ("/store/store/beside/gone", test_beside_gone);
  add_test ("/store/store/empty", test_empty);
  add_test ("/store/store/emptied", test_emptied);
  add_test ("/store/store/removed", test_removed);
  add_test ("/store/store/forget", test_forget);
  add_test ("/store/store/broken-record", test_broken_record);
  add_test ("/store/store/list", test_list);
  add_test ("/store/store/thousand", test_thousand);
  add_test ("/store/store/retention/age", test_retention_age);
  add_test ("/store/store/retention/gap", test_retention_gap);
  add_test ("/store/store/retention/count", test_retention_count);
  add_test ("/store/store/revive", test_revive);
  add_test ("/store/store/revive/broken-off", test_revive_broken_off);
  add_test ("/store/store/revive/nothing", test_revive_nothing);
  add_test ("/store/store/suspect", test_suspect);
  add_test ("/store/store/newer-kept", test_newer_kept);

  return g_test_run ();
}
