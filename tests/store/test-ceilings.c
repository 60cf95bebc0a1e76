/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-record.h"
#include "almu-shelf.h"
#include "almu-test.h"

/* What is kept is so large at most: below a ceiling and at it everything is as
 * ever, above it there is none of it, and what was there stays. */

static const int steps[] = { -1, 0, 1 };

/* -- records ------------------------------------------------------------- */

static void
test_look (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(AlmuMemento) memento = almu_memento_new (7);
      AlmuFileWish    *file = almu_file_wish_new (0);
      g_autofree char *fill = g_strnfill (ALMU_LIMIT_LOOK_BYTES - strlen ("{\"a\":\"\"}") + 1, 'x');
      g_autofree char *text = NULL;

      fill[strlen (fill) - 1 + steps[i]] = '\0';
      memento->state = g_strdup ("detached");
      file->name = almu_file_name_new ("", "a.fits", "", ALMU_IMAGE_NONE);
      file->look = g_strdup_printf ("{\"a\":\"%s\"}", fill);
      g_assert_cmpuint (strlen (file->look), ==, ALMU_LIMIT_LOOK_BYTES + steps[i]);
      g_ptr_array_add (memento->files, file);
      text = almu_record_write (memento, NULL);
      g_assert_true ((strstr (text, "\"look\"") != NULL) == (steps[i] <= 0));
    }
}

static void
test_record (void)
{
  const char *const begin = "{\"version\":1,\"id\":7,\"files\":[],\"more\":\"";

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      gsize            n = ALMU_LIMIT_RECORD_BYTES + (gsize) (steps[i] + 1) - 1;
      g_autofree char *text = g_strnfill (n, 'x');
      g_autoptr(AlmuMemento) memento = NULL;
      g_autoptr(GError) error = NULL;

      memcpy (text, begin, strlen (begin));
      memcpy (text + n - 2, "\"}", 2);
      memento = almu_record_read (text, &error);
      if (steps[i] <= 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
    }
}

/* -- the shelf ----------------------------------------------------------- */

typedef struct
{
  char         *folder;
  AlmuSettings *settings;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->settings = ALMU_SETTINGS (almu_shelf_new (fixture->folder, FALSE));
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (fixture->settings);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

/* Behind the shelf's back, which waits for the disk each time. */
static void
put_directly (Fixture    *fixture,
              int         i,
              const char *text)
{
  g_autofree char *path = g_strdup_printf ("%s/layouts/%d.json", fixture->folder, i);

  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static guint
count_entries (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) entries = almu_settings_list (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);

  g_assert_no_error (error);

  return entries->len;
}

static void
test_entries (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "0", "{}", &error));
  for (int i = 1; i < ALMU_LIMIT_SHELF_ENTRIES - 2; i++)
    put_directly (fixture, i, "{}");

  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "below", "{}", &error));
  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "at", "{}", &error));
  g_assert_cmpuint (count_entries (fixture), ==, ALMU_LIMIT_SHELF_ENTRIES);
  g_assert_false (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "above", "{}", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "4096"));
  g_clear_error (&error);

  /* what is there may be changed, and removed for something else */
  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "at", "{\"a\":1}", &error));
  g_assert_true (almu_settings_remove (fixture->settings, ALMU_SETTINGS_LAYOUT, "below", &error));
  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "above", "{}", &error));
  g_assert_cmpuint (count_entries (fixture), ==, ALMU_LIMIT_SHELF_ENTRIES);
}

/* All at once come to so much; what does not fit is left out. */
static void
test_bytes (Fixture      *fixture,
            gconstpointer user_data)
{
  g_autofree char *fill = g_strnfill (ALMU_LIMIT_BODY_BYTES - 100, 'x');
  g_autofree char *large = g_strdup_printf ("{\"a\":\"%s\"}", fill);
  g_autofree char *all = NULL;
  g_autoptr(GError) error = NULL;
  const int n = ALMU_LIMIT_SHELF_BYTES / ALMU_LIMIT_BODY_BYTES;

  g_assert_true (almu_settings_put (fixture->settings, ALMU_SETTINGS_LAYOUT, "0", "{}", &error));
  for (int i = 0; i < n; i++)
    put_directly (fixture, i, large);
  all = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (all, "\"3\":"));
  g_assert_cmpuint (strlen (all), <=, ALMU_LIMIT_SHELF_BYTES);
  g_clear_pointer (&all, g_free);

  put_directly (fixture, n, large);
  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, "*4.json*going on without it*");
  all = almu_settings_get_all (fixture->settings, ALMU_SETTINGS_LAYOUT, &error);
  g_test_assert_expected_messages ();
  g_assert_nonnull (strstr (all, "\"3\":"));
  g_assert_null (strstr (all, "\"4\":"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/store/ceilings/look", test_look);
  g_test_add_func ("/store/ceilings/record", test_record);
  g_test_add ("/store/ceilings/shelf-entries", Fixture, NULL, fixture_set_up, test_entries, fixture_tear_down);
  g_test_add ("/store/ceilings/shelf-bytes", Fixture, NULL, fixture_set_up, test_bytes, fixture_tear_down);

  return g_test_run ();
}
