/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-error.h"
#include "almu-libxml.h"
#include "almu-module.h"
#include "almu-test.h"

static void
assert_says (GError     *error,
             const char *text)
{
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_module_missing (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_module_load ("almucantar-nothing", "", &error));
  assert_says (error, ALMU_PKGLIBDIR "/almucantar-nothing.so: ");
}

/* Of a build with another list, the addresses would be those of others. */
static void
test_module_other (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_module_load ("almucantar-libxml", ALMU_LIBXML_CALLS (ALMU_MODULE_NAME) "xmlParseFile ", &error));
  assert_says (error, "almucantar-libxml.so: ");
  g_assert_nonnull (strstr (error->message, "another version"));
}

static gpointer
load (gpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_libxml_load (&error));
  g_assert_no_error (error);

  return (gpointer) almu_libxml;
}

static void
test_module_threads (void)
{
  GThread *threads[8];
  gpointer table = NULL;

  g_assert_null (almu_libxml);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("load", load, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      gpointer found = g_thread_join (threads[i]);

      g_assert_true (i == 0 || found == table);
      table = found;
    }

  g_assert_true (table == almu_libxml);
  g_assert_nonnull (almu_libxml->xmlParseChunk);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/module/threads", test_module_threads);
  g_test_add_func ("/module/missing", test_module_missing);
  g_test_add_func ("/module/other", test_module_other);

  return g_test_run ();
}
