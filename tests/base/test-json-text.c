/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-error.h"
#include "almu-json-text.h"
#include "almu-limits.h"

static void
test_json_text_kept (void)
{
  static const char *const texts[] = {
    "",
    "{}",
    "[1 2]",
    " { \"a\\\"[[{'\" : [true,\tfalse, null, -1.5e-7, 12] }\n",
    "\"ä ☃ \\u0041\"",
    "999999999999999999",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *clean = almu_json_text_clean (texts[i], -1, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (clean, ==, texts[i]);
    }
}

static void
test_json_text_long_integers (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *clean = almu_json_text_clean ("[100000000000000000000,-9000000000000000000,1e+21]", -1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (clean, ==, "[100000000000000000000.0,-9000000000000000000.0,1e+21]");
}

static void
test_json_text_refused (void)
{
  static const char *const texts[] = {
    "['\"',[]]",
    "/* \" */ [",
    "# [",
    "{\"a\":1e999}",
    "{\"a\":-1e999}",
    "[1-2-3]",
    "[NaN]",
    "var x = {};",
    "\"open",
    "\"open\\",
    "\"a\nb\"",
    "\xff",
    "1 2",
    "{}{}",
    "[]]",
    "{},",
    "2{\"keys\":[\"a\"]}",
    "\"a\\u0000b\"",
    "{\"\\u0000\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *clean = almu_json_text_clean (texts[i], -1, &error);

      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_null (clean);
    }
}

static void
test_json_text_nul (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_json_text_clean ("[\0]", 3, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
}

static void
test_json_text_length (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *clean = almu_json_text_clean ("12345", 2, &error);
  g_autofree char *nothing = almu_json_text_clean (NULL, 0, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (clean, ==, "12");
  g_assert_cmpstr (nothing, ==, "");
}

static void
assert_limit (int         n_opening,
              int         n_more,
              const char *more,
              gboolean    fine)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *clean = NULL;

  for (int i = 0; i < n_opening; i++)
    g_string_append_c (text, '[');
  for (int i = 0; i < n_more; i++)
    g_string_append (text, more);

  clean = almu_json_text_clean (text->str, text->len, &error);
  g_assert_true ((clean != NULL) == fine);

  if (fine)
    g_assert_no_error (error);
  else
    g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

static void
test_json_text_limits (void)
{
  assert_limit (ALMU_LIMIT_JSON_DEPTH, 0, NULL, TRUE);
  assert_limit (ALMU_LIMIT_JSON_DEPTH + 1, 0, NULL, FALSE);
  assert_limit (1, ALMU_LIMIT_JSON_VALUES - 1, "1,", TRUE);
  assert_limit (1, ALMU_LIMIT_JSON_VALUES, "1,", FALSE);
  assert_limit (1, ALMU_LIMIT_JSON_MEMBERS, "\"a\":1,", TRUE);
  assert_limit (1, ALMU_LIMIT_JSON_MEMBERS + 1, "\"a\":1,", FALSE);
}

/* What is open at a depth is counted apart from what was there before. */
static void
test_json_text_members (void)
{
  g_autoptr(GString) text = g_string_new ("[");
  g_autoptr(GError) error = NULL;
  g_autofree char *clean = NULL;

  for (int i = 0; i < 2 * ALMU_LIMIT_JSON_MEMBERS; i++)
    g_string_append (text, "{\"a\":{\"b\":1},\"c\":[2]},");
  g_string_append (text, "0]");

  clean = almu_json_text_clean (text->str, (gssize) text->len, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (clean, ==, text->str);
}

static void
test_json_text_mend (void)
{
  g_autofree char *mended =
    almu_json_text_mend ("{\"1e-10.0\\\"1e-10.0\" : [1e-10.0,-1e+20.0,0.10000000000000001,1.0,12,-7,true,false,null,0.0,5e-324]}");
  g_autofree char *empty = almu_json_text_mend ("");
  g_autofree char *open = almu_json_text_mend ("\"\\");

  g_assert_cmpstr (mended, ==,
                   "{\"1e-10.0\\\"1e-10.0\" : [1e-10,-1e+20,0.1,1.0,12,-7,true,false,null,0.0,4.94065645841247e-324]}");
  g_assert_cmpstr (empty, ==, "");
  g_assert_cmpstr (open, ==, "\"\\");
}

/* As many numbers as there may be, none of which is mended, take no longer
 * than they have to: not each of them all that follows. */
static void
test_json_text_mend_integers (void)
{
  g_autoptr(GString) text = g_string_new ("[");
  g_autofree char *mended = NULL;

  for (int i = 0; i < ALMU_LIMIT_JSON_VALUES; i++)
    g_string_append (text, "12,");
  g_string_append (text, "1e-10.0]");

  mended = almu_json_text_mend (text->str);
  g_assert_true (g_str_has_suffix (mended, ",12,1e-10]"));
  g_assert_cmpuint (strlen (mended), ==, text->len - 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/base/json-text/kept", test_json_text_kept);
  g_test_add_func ("/base/json-text/long-integers", test_json_text_long_integers);
  g_test_add_func ("/base/json-text/refused", test_json_text_refused);
  g_test_add_func ("/base/json-text/nul", test_json_text_nul);
  g_test_add_func ("/base/json-text/length", test_json_text_length);
  g_test_add_func ("/base/json-text/limits", test_json_text_limits);
  g_test_add_func ("/base/json-text/members", test_json_text_members);
  g_test_add_func ("/base/json-text/mend", test_json_text_mend);
  g_test_add_func ("/base/json-text/mend/integers", test_json_text_mend_integers);

  return g_test_run ();
}
