/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "almu-error.h"
#include "almu-kept.h"
#include "almu-library.h"
#include "almu-limits.h"
#include "almu-shelf.h"
#include "almu-test-archive.h"
#include "almu-test.h"
#include "almu-workers.h"

typedef struct
{
  char            *top;
  AlmuTestArchive *archive;
  AlmuSessions    *sessions;
  AlmuSettings    *shelf;
  AlmuLibrary     *library;
  AlmuSettings    *settings;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(AlmuCache) cache = almu_cache_new (1024 * 1024);
  g_autoptr(GError) error = NULL;
  g_autofree char *config = NULL;

  fixture->top = almu_test_make_folder ();
  config = g_build_filename (fixture->top, "config", NULL);
  folder = almu_folder_new (fixture->top, NULL, &error);
  g_assert_no_error (error);

  fixture->archive = almu_test_archive_new ();
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (fixture->archive));
  fixture->shelf = ALMU_SETTINGS (almu_shelf_new (config, FALSE));
  fixture->library = almu_library_new (fixture->shelf, fixture->sessions);
  fixture->settings = ALMU_SETTINGS (fixture->library);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_sessions_park_all (fixture->sessions);
  almu_test_await_finalize (g_steal_pointer (&fixture->library));
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  g_clear_object (&fixture->shelf);
  g_clear_object (&fixture->archive);
  almu_test_remove_folder (fixture->top);
  g_free (fixture->top);
}

static AlmuSession *
add_live (Fixture    *fixture,
          guint32     id,
          const char *file)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", file, "", 0);
  AlmuSession *session = almu_sessions_create (fixture->sessions, id, &error);

  g_assert_no_error (error);
  almu_session_take_file (session, almu_file_new (0, name));

  return session;
}

static char *
list_names (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) list = almu_settings_list (fixture->settings, ALMU_SETTINGS_WORKSPACE, &error);
  g_autoptr(GString) names = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < list->len; i++)
    {
      const AlmuSettingsEntry *entry = list->pdata[i];

      g_assert_true (almu_settings_check_name (entry->name, NULL));
      g_string_append_printf (names, "%s|", entry->name);
    }

  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
assert_first_file (const char *text,
                   const char *filename)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = NULL;
  JsonArray *files;

  g_assert_nonnull (text);
  node = json_from_string (text, &error);
  g_assert_no_error (error);
  files = json_object_get_array_member (json_node_get_object (node), "files");
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (files, 0), "filename"), ==, filename);
}

static void
put (Fixture    *fixture,
     const char *name)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_WORKSPACE, name, "{\"files\":[{\"filename\":\"mine\"}]}", &error));
  g_assert_no_error (error);
}

static void
test_library_list (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *names = NULL;
  AlmuMemento     *empty = almu_test_archive_add (fixture->archive, 9, "", 400);

  g_ptr_array_set_size (empty->files, 0);
  put (fixture, "zebra");
  almu_test_archive_add (fixture->archive, 5, "old/er.fits ? 100%", 100);
  almu_test_archive_add (fixture->archive, 6, "newer.fits", 200)->state[0] = '\0';
  add_live (fixture, 7, "live.fits");
  almu_session_attach (add_live (fixture, 8, "open.fits"), "127.0.0.1");

  names = list_names (fixture);
  g_assert_cmpstr (names, ==, "zebra|Session 7 – live.fits|Session 6 – newer.fits|Session 5 – old_er.fits _ 100_|");
}

static void
test_library_list_live_over_archived (Fixture      *fixture,
                                      gconstpointer user_data)
{
  g_autofree char *names = NULL;

  almu_test_archive_add (fixture->archive, 7, "behind.fits", 100);
  add_live (fixture, 7, "live.fits");

  names = list_names (fixture);
  g_assert_cmpstr (names, ==, "Session 7 – live.fits|");
}

/* Killed while a window was open. */
static void
test_library_list_left_attached (Fixture      *fixture,
                                 gconstpointer user_data)
{
  AlmuMemento     *memento = almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  g_autofree char *names = NULL;

  g_free (memento->state);
  memento->state = g_strdup ("attached");
  names = list_names (fixture);
  g_assert_cmpstr (names, ==, "Session 7 – a.fits|");
}

static void
test_library_list_long_title (Fixture      *fixture,
                              gconstpointer user_data)
{
  g_autoptr(GString) title = g_string_new (NULL);
  g_autofree char *names = NULL;

  for (int i = 0; i < 200; i++)
    g_string_append (title, "é");
  almu_test_archive_add (fixture->archive, G_MAXUINT32, title->str, 100);

  names = list_names (fixture);
  g_assert_true (g_str_has_prefix (names, "Session 4294967295 – éé"));
  g_assert_true (g_str_has_suffix (names, "é…|"));
  g_assert_cmpuint (strlen (names), <=, ALMU_LIMIT_NAME_BYTES + 1);
}

static void
test_library_list_broken (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autofree char *names = NULL;

  put (fixture, "mine");
  almu_test_archive_set_broken (fixture->archive, TRUE);
  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*cannot be listed*The archive is broken*");
  names = list_names (fixture);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (names, ==, "mine|");
}

static void
test_library_get (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const char *const names[] = { "Session 7", "Session 7 – whatever", "Session 7 " };

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *text = NULL;

      text = almu_settings_get (fixture->settings, ALMU_SETTINGS_WORKSPACE, names[i], &error);
      g_assert_no_error (error);
      assert_first_file (text, "a.fits");
      g_assert_cmpuint (almu_kept_parse_name (names[i]), ==, 7);
    }
}

static void
test_library_get_attached (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  almu_session_attach (add_live (fixture, 8, "open.fits"), "127.0.0.1");
  text = almu_settings_get (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 8", &error);
  g_assert_no_error (error);
  assert_first_file (text, "open.fits");
}

static void
test_library_get_none (Fixture      *fixture,
                       gconstpointer user_data)
{
  static const char *const names[] = { "Session 77", "Session 7x", "Session 07", "Session", "Session ", "session 7",
                                       "Session 4294967303", "Session 99999999999999999999" };

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_WORKSPACE, names[i], &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
    }

  for (guint i = 1; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpuint (almu_kept_parse_name (names[i]), ==, 0);
  g_assert_cmpuint (almu_kept_parse_name (names[0]), ==, 77);
}

/* What a person had on the shelf before stays within reach. */
static void
test_library_shelf_of_that_name (Fixture      *fixture,
                                 gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_true (almu_settings_put (fixture->shelf, ALMU_SETTINGS_WORKSPACE, "Session 3 notes",
                                    "{\"files\":[{\"filename\":\"mine\"}]}", &error));
  text = almu_settings_get (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 3 notes", &error);
  g_assert_no_error (error);
  assert_first_file (text, "mine");

  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 3 notes", &error));
  g_assert_no_error (error);
  g_assert_false (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 3 notes", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

static void
test_library_put (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 7 – a.fits", "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "Session 7"));
  g_clear_error (&error);

  /* only workspaces are sessions */
  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "Session 7", "{}", &error));
  g_assert_no_error (error);
  put (fixture, "Sessions of mine");
}

static void
test_library_remove (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  AlmuSession *session;

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 7 – a.fits", &error));
  g_assert_no_error (error);
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (fixture->archive), 7));

  almu_test_archive_add (fixture->archive, 8, "a.fits", 100);
  session = add_live (fixture, 8, "b.fits");
  almu_session_attach (session, "127.0.0.1");
  g_assert_false (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 8", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);

  almu_session_detach (session);
  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "Session 8", &error));
  g_assert_no_error (error);
  g_assert_null (almu_sessions_lookup (fixture->sessions, 8));
}

static void
test_library_passes_through (Fixture      *fixture,
                             gconstpointer user_data)
{
  static const char *const keys[] = { "b", NULL };
  g_autoptr(GError) error = NULL;
  g_autofree char *preferences = NULL;
  g_autofree char *all = NULL;
  g_autofree char *text = NULL;

  g_assert_true (almu_settings_merge_preferences (fixture->settings, "{\"a\":1,\"b\":2}", &error));
  g_assert_true (almu_settings_delete_preferences (fixture->settings, keys, &error));
  preferences = almu_settings_get_preferences (fixture->settings, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (preferences, "\"a\""));
  g_assert_null (strstr (preferences, "\"b\""));

  put (fixture, "mine");
  all = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_WORKSPACE, &error);
  g_assert_nonnull (strstr (all, "\"mine\""));
  text = almu_settings_get (fixture->settings, ALMU_SETTINGS_WORKSPACE, "mine", &error);
  assert_first_file (text, "mine");
  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_WORKSPACE, "mine", &error));
  g_assert_no_error (error);
}

/* -- from a worker ------------------------------------------------------ */

typedef struct
{
  GTask *result;
} Call;

static void
get_worker (GTask        *task,
            gpointer      source_object,
            gpointer      task_data,
            GCancellable *cancellable)
{
  AlmuSettings *settings = source_object;
  g_autoptr(GPtrArray) list = almu_settings_list (settings, ALMU_SETTINGS_WORKSPACE, NULL);
  g_autofree char *text = almu_settings_get (settings, ALMU_SETTINGS_WORKSPACE, "Session 7", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (list->len, ==, 1);
  assert_first_file (text, "live.fits");
  g_assert_true (almu_settings_remove (settings, ALMU_SETTINGS_WORKSPACE, "Session 7", &error));
  g_assert_no_error (error);
  g_task_return_boolean (task, TRUE);
}

static gboolean
is_done (gpointer user_data)
{
  return ((Call *) user_data)->result != NULL;
}

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  ((Call *) user_data)->result = g_object_ref (G_TASK (result));
}

static void
test_library_from_worker (Fixture      *fixture,
                          gconstpointer user_data)
{
  Call call = { 0 };
  g_autoptr(GTask) task = g_task_new (fixture->library, NULL, on_done, &call);

  almu_test_archive_add (fixture->archive, 7, "a.fits", 100);
  add_live (fixture, 7, "live.fits");
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, get_worker);
  almu_test_await (is_done, &call);

  g_assert_true (g_task_propagate_boolean (call.result, NULL));
  g_object_unref (call.result);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/store/library/list", test_library_list);
  add_test ("/store/library/list/live-over-archived", test_library_list_live_over_archived);
  add_test ("/store/library/list/left-attached", test_library_list_left_attached);
  add_test ("/store/library/list/long-title", test_library_list_long_title);
  add_test ("/store/library/list/broken", test_library_list_broken);
  add_test ("/store/library/get", test_library_get);
  add_test ("/store/library/get/attached", test_library_get_attached);
  add_test ("/store/library/get/none", test_library_get_none);
  add_test ("/store/library/shelf-of-that-name", test_library_shelf_of_that_name);
  add_test ("/store/library/put", test_library_put);
  add_test ("/store/library/remove", test_library_remove);
  add_test ("/store/library/passes-through", test_library_passes_through);
  add_test ("/store/library/from-worker", test_library_from_worker);

  return g_test_run ();
}
