/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "almu-limits.h"
#include "almu-test-archive.h"
#include "almu-test.h"
#include "almu-thumbnails.h"

#define ID 4711

typedef struct
{
  char            *top;
  char            *folder;
  AlmuTestArchive *archive;
  AlmuSessions    *sessions;
  AlmuThumbnails  *thumbnails;
} Fixture;

static void
write_image (const char *top)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 3, 2 });
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 6, (double[]){ 1, 2, 3, 4, 5, 6 });
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, top, "a.fits");
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(AlmuCache) cache = almu_cache_new (1024 * 1024);
  g_autoptr(GError) error = NULL;

  fixture->top = almu_test_make_folder ();
  fixture->folder = g_build_filename (fixture->top, "thumbnails", NULL);
  write_image (fixture->top);
  folder = almu_folder_new (fixture->top, NULL, &error);
  g_assert_no_error (error);

  fixture->archive = almu_test_archive_new ();
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (fixture->archive));
  fixture->thumbnails = almu_thumbnails_new (fixture->folder, fixture->sessions);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_sessions_park_all (fixture->sessions);
  almu_test_await_finalize (g_steal_pointer (&fixture->thumbnails));
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  g_clear_object (&fixture->archive);
  almu_test_remove_folder (fixture->top);
  g_free (fixture->folder);
  g_free (fixture->top);
}

static void
on_ready (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_set_object ((GAsyncResult **) user_data, result);
}

static gboolean
is_ready (gpointer user_data)
{
  return *(GAsyncResult **) user_data != NULL;
}

/* A session that has just shown an image. */
static AlmuSession *
show_image (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "a.fits", "", 0);
  g_autoptr(GAsyncResult) opened = NULL;
  g_autoptr(GAsyncResult) loaded = NULL;
  g_autoptr(AlmuFile) file = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuSession *session = almu_sessions_create (fixture->sessions, ID, &error);
  AlmuCache   *cache = almu_session_get_cache (session);

  almu_session_attach (session, "127.0.0.1");
  almu_session_open_file_async (session, 0, name, NULL, on_ready, &opened);
  almu_test_await (is_ready, &opened);
  file = almu_session_open_file_finish (session, opened, &error);
  g_assert_no_error (error);

  almu_cache_get_plane_async (cache, almu_file_get_image (file), 0, 0, 0, NULL, on_ready, &loaded);
  almu_test_await (is_ready, &loaded);
  plane = almu_cache_get_plane_finish (cache, loaded, &error);
  g_assert_no_error (error);

  return session;
}

static void
assert_picture (Fixture *fixture)
{
  g_autoptr(GBytes) png = almu_thumbnails_load (fixture->thumbnails, ID);

  g_assert_nonnull (png);
  g_assert_cmpmem (g_bytes_get_data (png, NULL), 4, "\x89PNG", 4);
}

static gboolean
has_picture (gpointer user_data)
{
  return almu_thumbnails_contains (((Fixture *) user_data)->thumbnails, ID);
}

static void
test_thumbnails_detach (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuSession *session = show_image (fixture);

  g_assert_false (has_picture (fixture));
  almu_session_detach (session);
  almu_thumbnails_settle (fixture->thumbnails);
  assert_picture (fixture);
}

static void
test_thumbnails_park (Fixture      *fixture,
                      gconstpointer user_data)
{
  almu_sessions_park (fixture->sessions, show_image (fixture));
  almu_test_await (has_picture, fixture);
  assert_picture (fixture);
}

/* Whether the picture is there already or about to be. */
static void
test_thumbnails_forget (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  for (int round = 0; round < 20; round++)
    {
      almu_session_detach (show_image (fixture));
      if (round % 2 == 0)
        almu_thumbnails_settle (fixture->thumbnails);
      g_assert_true (almu_sessions_forget (fixture->sessions, ID, &error));
      g_assert_no_error (error);
      almu_thumbnails_settle (fixture->thumbnails);
      g_assert_false (has_picture (fixture));
    }
}

static void
test_thumbnails_nothing_shown (Fixture      *fixture,
                               gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "b.fits", "", 0);
  AlmuSession *session = almu_sessions_create (fixture->sessions, ID, &error);

  almu_session_attach (session, "127.0.0.1");
  almu_session_take_file (session, almu_file_new (0, name));
  almu_session_detach (session);
  almu_thumbnails_settle (fixture->thumbnails);
  g_assert_null (almu_thumbnails_load (fixture->thumbnails, ID));
}

static void
test_thumbnails_no_folder (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (fixture->folder, "in the way", -1, &error));
  almu_session_detach (show_image (fixture));
  almu_thumbnails_settle (fixture->thumbnails);
  g_assert_null (almu_thumbnails_load (fixture->thumbnails, ID));
}

static void
put_file (Fixture    *fixture,
          const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr(GError) error = NULL;

  g_mkdir_with_parents (fixture->folder, 0700);
  g_assert_true (g_file_set_contents (path, "x", -1, &error));
}

static void
test_thumbnails_sweep (Fixture      *fixture,
                       gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    gboolean    stays;
  } files[] = {
    { "4711.png", TRUE },
    { "4712.png", FALSE },
    { "4711.png.A1B2C3", FALSE },
    { "notes.png", TRUE },
    { "4711.txt", TRUE },
    { "99999999999.png", TRUE },
  };
  g_autoptr(AlmuThumbnails) again = NULL;

  almu_test_archive_add (fixture->archive, ID, "a.fits", 100);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    put_file (fixture, files[i].name);

  again = almu_thumbnails_new (fixture->folder, fixture->sessions);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, files[i].name, NULL);

      g_assert_cmpint (g_file_test (path, G_FILE_TEST_EXISTS), ==, files[i].stays);
    }
}

/* What somebody else has put there is not shown if it is too large. */
static void
test_thumbnails_size (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *path = g_strdup_printf ("%s/%d.png", fixture->folder, ID);

  g_mkdir_with_parents (fixture->folder, 0700);
  for (int step = -1; step <= 1; step++)
    {
      g_autoptr(GBytes) picture = NULL;

      g_assert_true (g_file_set_contents (path, "", 0, NULL));
      g_assert_cmpint (truncate (path, ALMU_LIMIT_THUMBNAIL_BYTES + step), ==, 0);
      picture = almu_thumbnails_load (fixture->thumbnails, ID);
      g_assert_true ((picture != NULL) == (step <= 0));
    }
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/store/thumbnails/detach", test_thumbnails_detach);
  add_test ("/store/thumbnails/park", test_thumbnails_park);
  add_test ("/store/thumbnails/forget", test_thumbnails_forget);
  add_test ("/store/thumbnails/nothing-shown", test_thumbnails_nothing_shown);
  add_test ("/store/thumbnails/no-folder", test_thumbnails_no_folder);
  add_test ("/store/thumbnails/size", test_thumbnails_size);
  add_test ("/store/thumbnails/sweep", test_thumbnails_sweep);

  return g_test_run ();
}
