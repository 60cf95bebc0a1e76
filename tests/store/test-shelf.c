/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-shelf.h"
#include "almu-test.h"

typedef struct
{
  char         *folder;
  AlmuShelf    *shelf;
  AlmuSettings *settings;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *top = almu_test_make_folder ();

  fixture->folder = g_build_filename (top, "config", NULL);
  fixture->shelf = almu_shelf_new (fixture->folder, FALSE);
  fixture->settings = ALMU_SETTINGS (fixture->shelf);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *top = g_path_get_dirname (fixture->folder);

  almu_test_await_finalize (g_steal_pointer (&fixture->shelf));
  almu_test_remove_folder (top);
  g_free (fixture->folder);
}

static char *
path_in (Fixture    *fixture,
         const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *text)
{
  g_autofree char *path = path_in (fixture, name);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
assert_file (Fixture    *fixture,
             const char *name,
             gboolean    there)
{
  g_autofree char *path = path_in (fixture, name);

  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS) == there);
}

static JsonObject *
parse (const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = NULL;

  g_assert_nonnull (text);
  node = json_from_string (text, &error);
  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (node));
}

static JsonObject *
get_preferences (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = almu_settings_get_preferences (fixture->settings, &error);

  g_assert_no_error (error);

  return parse (text);
}

static void
put (Fixture    *fixture,
     const char *name,
     const char *json)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, name, json, &error));
  g_assert_no_error (error);
}

static void
test_shelf_preferences_none (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(JsonObject) object = get_preferences (fixture);

  g_assert_cmpuint (json_object_get_size (object), ==, 1);
  g_assert_cmpint (json_object_get_int_member (object, "version"), ==, 2);
  assert_file (fixture, "", FALSE);
}

static void
test_shelf_preferences_merge (Fixture      *fixture,
                              gconstpointer user_data)
{
  const char *const keys[] = { "theme", "no such", NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(JsonObject) rest = NULL;
  g_autofree char *path = path_in (fixture, "preferences.json");
  struct stat      st;

  g_assert_true (almu_settings_merge_preferences (fixture->settings, "{\"theme\":\"dark\",\"zoom\":1}", &error));
  g_assert_no_error (error);
  g_assert_true (almu_settings_merge_preferences (fixture->settings, "{\"zoom\":100000000000000000000}", &error));
  g_assert_no_error (error);

  object = get_preferences (fixture);
  g_assert_cmpstr (json_object_get_string_member (object, "theme"), ==, "dark");
  g_assert_cmpfloat (json_object_get_double_member (object, "zoom"), ==, 1e20);
  g_assert_cmpint (json_object_get_int_member (object, "version"), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (object, "$schema"), ==,
                   "https://cartavis.org/schemas/preferences_schema_2.json");

  g_assert_true (almu_settings_delete_preferences (fixture->settings, keys, &error));
  g_assert_no_error (error);
  rest = get_preferences (fixture);
  g_assert_false (json_object_has_member (rest, "theme"));
  g_assert_true (json_object_has_member (rest, "zoom"));

  g_assert_cmpint (stat (path, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
}

static void
test_shelf_preferences_damaged (Fixture      *fixture,
                                gconstpointer user_data)
{
  static const char *const texts[] = { "{\"theme\":", "[]", "", "{\"a\":'x'}", "\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *aside = path_in (fixture, "preferences.json.bak");
      g_autofree char *text = NULL;
      g_autoptr(JsonObject) object = NULL;

      write_file (fixture, "preferences.json", texts[i]);
      g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*preferences.json*serving defaults");
      object = get_preferences (fixture);
      g_test_assert_expected_messages ();

      g_assert_cmpint (json_object_get_int_member (object, "version"), ==, 2);
      assert_file (fixture, "preferences.json", FALSE);
      g_assert_true (g_file_get_contents (aside, &text, NULL, NULL));
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
test_shelf_preferences_deep (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(GString) text = g_string_new ("{\"a\":");
  g_autoptr(GError) error = NULL;

  for (int i = 0; i < 1000000; i++)
    g_string_append_c (text, '[');

  g_assert_false (almu_settings_merge_preferences (fixture->settings, text->str, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  assert_file (fixture, "preferences.json", FALSE);
}

/* More and more of them, each of which is fine, until they could not be read
 * again: then it is the last change that is refused, and nothing is lost. */
static void
test_shelf_preferences_many (Fixture      *fixture,
                             gconstpointer user_data)
{
  const char *const keys[] = { "k0", NULL };
  const int         n_known = 2; /* “version” and “$schema” */
  const int         n_parts = 4;
  const int         n_each = (ALMU_LIMIT_JSON_MEMBERS - n_known) / n_parts;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(JsonObject) rest = NULL;

  for (int i = 0; i <= n_parts; i++)
    {
      g_autoptr(GString) text = g_string_new ("{");

      for (int j = i * n_each; j < (i + 1) * n_each; j++)
        g_string_append_printf (text, "%s\"k%d\":%d", j > i * n_each ? "," : "", j, j);
      g_string_append_c (text, '}');

      g_assert_true (almu_settings_merge_preferences (fixture->settings, text->str, &error) == (i < n_parts));
    }
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);

  object = get_preferences (fixture);
  g_assert_cmpuint (json_object_get_size (object), ==, (guint) (n_parts * n_each + n_known));
  g_clear_error (&error);
  g_assert_true (almu_settings_delete_preferences (fixture->settings, keys, &error));
  rest = get_preferences (fixture);
  g_assert_false (json_object_has_member (rest, "k0"));
  g_assert_true (json_object_has_member (rest, "k1"));
}

static void
test_shelf_preferences_not_object (Fixture      *fixture,
                                   gconstpointer user_data)
{
  static const char *const texts[] = { "", "[]", "1", "nonsense", "{\"a\":1e999}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (almu_settings_merge_preferences (fixture->settings, texts[i], &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
    }
}

static void
test_shelf_objects (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) entries = NULL;
  g_autoptr(JsonObject) one = NULL;
  g_autoptr(JsonObject) all = NULL;
  g_autofree char *text = NULL;
  g_autofree char *all_text = NULL;
  gint64           now = g_get_real_time () / G_USEC_PER_SEC;

  put (fixture, "b", "{\"rows\":1}");
  put (fixture, "a", "{\"rows\":2}");
  put (fixture, "b", "{\"rows\":3}");

  entries = almu_settings_list (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_cmpstr (((AlmuSettingsEntry *) entries->pdata[0])->name, ==, "a");
  g_assert_cmpstr (((AlmuSettingsEntry *) entries->pdata[1])->name, ==, "b");
  g_assert_cmpint (((AlmuSettingsEntry *) entries->pdata[1])->date, >=, now - 1);

  text = almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "b", &error);
  g_assert_no_error (error);
  one = parse (text);
  g_assert_cmpint (json_object_get_int_member (one, "rows"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (one, "name"), ==, "b");
  g_assert_cmpstr (json_object_get_string_member (one, "$schema"), ==,
                   "https://cartavis.org/schemas/layout_schema_2.json");

  all_text = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_assert_no_error (error);
  all = parse (all_text);
  g_assert_cmpuint (json_object_get_size (all), ==, 2);
  g_assert_false (json_object_has_member (json_object_get_object_member (all, "a"), "name"));
}

static void
test_shelf_kinds_apart (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *snippets = NULL;

  put (fixture, "a", "{}");
  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_WORKSPACE, "w", "{}", &error));
  g_assert_no_error (error);

  assert_file (fixture, "layouts/a.json", TRUE);
  assert_file (fixture, "workspaces/w.json", TRUE);
  snippets = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_SNIPPET, &error);
  g_assert_cmpstr (snippets, ==, "{}");
}

static void
test_shelf_not_found (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_false (almu_settings_remove (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_clear_error (&error);

  put (fixture, "a", "{}");
  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", &error));
  g_assert_no_error (error);
  assert_file (fixture, "layouts/a.json", FALSE);
}

static void
test_shelf_names (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const char *const names[] = {
    "with space",
    "100%",
    "a%2Fb",
    "%25",
    "%%41",
    "%2525 %",
    "M 17: HCN <v=1>?",
    "日本 ☃",
    "x\\..\\y",
    "x.json",
    NULL,
  };
  g_autoptr(GPtrArray) entries = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *text = NULL;
      g_autoptr(JsonObject) object = NULL;

      put (fixture, names[i], "{}");
      text = almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, names[i], &error);
      g_assert_no_error (error);
      object = parse (text);
      g_assert_cmpstr (json_object_get_string_member (object, "name"), ==, names[i]);
    }

  entries = almu_settings_list (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_assert_cmpuint (entries->len, ==, G_N_ELEMENTS (names) - 1);
  for (guint i = 0; i < entries->len; i++)
    g_assert_true (g_strv_contains (names, ((AlmuSettingsEntry *) entries->pdata[i])->name));
}

static void
test_shelf_names_refused (Fixture      *fixture,
                          gconstpointer user_data)
{
  static const char *const names[] = {
    "",
    ".",
    "..",
    "../x",
    "../../etc/passwd",
    "a/b",
    "/etc/passwd",
    ".hidden",
    "a\nb",
    "a\x7f",
    "a\xc2\x85",
    "\xff",
  };
  g_autofree char *outside = path_in (fixture, "../x.json");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) put_error = NULL;
      g_autoptr(GError) get_error = NULL;
      g_autoptr(GError) remove_error = NULL;

      g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, names[i], "{}", &put_error));
      g_assert_error (put_error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, names[i], &get_error));
      g_assert_error (get_error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_false (almu_settings_remove (fixture->settings, ALMU_SETTINGS_LAYOUT, names[i], &remove_error));
      g_assert_error (remove_error, ALMU_ERROR, ALMU_ERROR_FORMAT);
    }

  g_assert_false (g_file_test (outside, G_FILE_TEST_EXISTS));
}

static void
test_shelf_names_long (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *fits = g_strnfill (ALMU_LIMIT_NAME_BYTES, 'x');
  g_autofree char *longer = g_strnfill (ALMU_LIMIT_NAME_BYTES + 1, 'x');
  g_autoptr(GString) escapes = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  for (int i = 0; i < 60; i++)
    g_string_append (escapes, "%41");

  put (fixture, fits, "{}");
  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, longer, "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, escapes->str, "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

static void
test_shelf_damaged_object (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *fifo = path_in (fixture, "layouts/pipe.json");

  put (fixture, "good", "{}");
  write_file (fixture, "layouts/bad.json", "{");
  write_file (fixture, "layouts/.hidden.json", "{}");
  write_file (fixture, "layouts/readme.txt", "{}");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*bad.json*going on without it");
  text = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "{\"good\":{\"$schema\":\"https://cartavis.org/schemas/layout_schema_2.json\"}}");

  g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "bad", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "pipe", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_clear_error (&error);

  put (fixture, "bad", "{\"well\":true}");
}

static void
test_shelf_too_large (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *path = path_in (fixture, "layouts/big.json");
  g_autoptr(GString) text = g_string_new ("{\"a\":[1e5");
  g_autoptr(GError) error = NULL;

  put (fixture, "big", "{}");
  g_assert_cmpint (truncate (path, ALMU_LIMIT_BODY_BYTES + 1), ==, 0);
  g_assert_null (almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "big", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);

  /* small on the wire, too large on the disk */
  for (int i = 0; i < 1990000; i++)
    g_string_append (text, ",1e5");
  g_string_append (text, "]}");
  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "wide", text->str, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

static void
test_shelf_read_only (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuShelf) shelf = almu_shelf_new (fixture->folder, TRUE);
  AlmuSettings     *settings = ALMU_SETTINGS (shelf);
  const char *const keys[] = { "theme", NULL };
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  put (fixture, "a", "{}");
  write_file (fixture, "preferences.json", "{");

  g_assert_false (almu_settings_put (settings, ALMU_SETTINGS_LAYOUT, "a", "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (almu_settings_remove (settings, ALMU_SETTINGS_LAYOUT, "a", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (almu_settings_merge_preferences (settings, "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (almu_settings_delete_preferences (settings, keys, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);

  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*serving defaults");
  text = almu_settings_get_preferences (settings, &error);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (text, ==, "{\"version\":2}");
  assert_file (fixture, "preferences.json", TRUE);
}

static void
test_shelf_folder_in_the_way (Fixture      *fixture,
                              gconstpointer user_data)
{
  g_autofree char *layouts = path_in (fixture, "layouts");
  g_autoptr(GError) error = NULL;

  write_file (fixture, "layouts", "not a folder");

  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", "{}", &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, layouts));
  g_clear_error (&error);
  g_assert_null (almu_settings_get_all (fixture->settings, ALMU_SETTINGS_LAYOUT, &error));
  g_assert_nonnull (strstr (error->message, layouts));
}

static void
test_shelf_folder_not_writable (Fixture      *fixture,
                                gconstpointer user_data)
{
  uid_t            uid = geteuid ();
  g_autofree char *top = g_path_get_dirname (fixture->folder);
  g_autofree char *layouts = path_in (fixture, "layouts");
  g_autoptr(GError) error = NULL;

  put (fixture, "a", "{\"rows\":1}");
  g_assert_cmpint (chmod (top, 0755), ==, 0);
  g_assert_cmpint (chmod (fixture->folder, 0755), ==, 0);
  g_assert_cmpint (chmod (layouts, 0555), ==, 0);
  if (uid == 0)
    g_assert_cmpint (seteuid (65534), ==, 0);

  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", "{}", &error));
  if (uid == 0)
    g_assert_cmpint (seteuid (uid), ==, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpint (chmod (layouts, 0700), ==, 0);
}

static void
test_shelf_disk_full (Fixture      *fixture,
                      gconstpointer user_data)
{
  struct rlimit    before;
  struct rlimit    small;
  g_autofree char *long_text = g_strnfill (8000, 'x');
  g_autofree char *json = g_strdup_printf ("{\"a\":\"%s\"}", long_text);
  g_autofree char *layouts = path_in (fixture, "layouts");
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = NULL;

  put (fixture, "a", "{\"rows\":1}");

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = 4096;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", json, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_assert_nonnull (strstr (error->message, "a.json"));
  g_clear_error (&error);

  text = almu_settings_get (fixture->settings, ALMU_SETTINGS_LAYOUT, "a", &error);
  g_assert_nonnull (strstr (text, "\"rows\":1"));
  dir = g_dir_open (layouts, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "a.json");
  g_assert_null (g_dir_read_name (dir));
}

static void
test_shelf_sweeps (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuShelf) shelf = NULL;

  write_file (fixture, "layouts/.almu-AbCdEf.tmp", "{");
  write_file (fixture, ".almu-AbCdEf.tmp", "{");
  write_file (fixture, "layouts/a.json", "{}");
  shelf = almu_shelf_new (fixture->folder, FALSE);

  assert_file (fixture, "layouts/.almu-AbCdEf.tmp", FALSE);
  assert_file (fixture, ".almu-AbCdEf.tmp", FALSE);
  assert_file (fixture, "layouts/a.json", TRUE);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/store/shelf/preferences/none", test_shelf_preferences_none);
  add_test ("/store/shelf/preferences/merge", test_shelf_preferences_merge);
  add_test ("/store/shelf/preferences/damaged", test_shelf_preferences_damaged);
  add_test ("/store/shelf/preferences/deep", test_shelf_preferences_deep);
  add_test ("/store/shelf/preferences/many", test_shelf_preferences_many);
  add_test ("/store/shelf/preferences/not-object", test_shelf_preferences_not_object);
  add_test ("/store/shelf/objects", test_shelf_objects);
  add_test ("/store/shelf/kinds-apart", test_shelf_kinds_apart);
  add_test ("/store/shelf/not-found", test_shelf_not_found);
  add_test ("/store/shelf/names", test_shelf_names);
  add_test ("/store/shelf/names/refused", test_shelf_names_refused);
  add_test ("/store/shelf/names/long", test_shelf_names_long);
  add_test ("/store/shelf/damaged-object", test_shelf_damaged_object);
  add_test ("/store/shelf/too-large", test_shelf_too_large);
  add_test ("/store/shelf/read-only", test_shelf_read_only);
  add_test ("/store/shelf/folder-in-the-way", test_shelf_folder_in_the_way);
  add_test ("/store/shelf/folder-not-writable", test_shelf_folder_not_writable);
  add_test ("/store/shelf/disk-full", test_shelf_disk_full);
  add_test ("/store/shelf/sweeps", test_shelf_sweeps);

  return g_test_run ();
}
