/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fuzz.h"

/* replay FOLDER: the target once with each file of its corpus, as a test.
 * All that a fuzzer found stays found. */

static void
replay (gconstpointer user_data)
{
  const char *path = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char   *contents = NULL;
  g_autofree guint8 *exact = NULL;
  gsize              size = 0;

  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);
  exact = g_memdup2 (contents, size);
  g_assert_cmpint (LLVMFuzzerTestOneInput (exact, size), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GDir) dir = NULL;
  g_autoptr(GError) error = NULL;
  const char *name;
  guint       n = 0;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  dir = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *test = g_strdup_printf ("/fuzz/%s", name);

      g_test_add_data_func_full (test, g_build_filename (argv[1], name, NULL), replay, g_free);
      n++;
    }
  g_assert_cmpuint (n, >, 0);

  return g_test_run ();
}
