/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test.h"

#include <ftw.h>
#include <stdio.h>

/* Drops the last reference we know of, then waits for operations in
 * flight to let go of theirs. A leak shows up as a test that times out
 * in its own tear-down.
 */
void
almu_test_await_finalize (gpointer object)
{
  g_object_add_weak_pointer (object, &object);
  g_object_unref (object);

  while (object != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* Runs the main context until @condition holds; the harness's time-out is
 * the only clock. */
void
almu_test_await (gboolean (*condition) (gpointer user_data),
                 gpointer user_data)
{
  while (!condition (user_data))
    g_main_context_iteration (NULL, TRUE);
}

/* Whether long tests are wanted: -m slow of this program, or ALMU_TEST_SLOW
 * of a whole suite. */
gboolean
almu_test_is_slow (void)
{
  return g_test_slow () || g_getenv ("ALMU_TEST_SLOW") != NULL;
}

/* For a main(): says that its tests are skipped if there is nothing to make a
 * bus with. */
gboolean
almu_test_lacks_bus (void)
{
  g_autofree char *path = g_find_program_in_path ("dbus-daemon");

  if (path == NULL)
    g_print ("1..0 # SKIP no dbus-daemon\n");

  return path == NULL;
}

/* Before something is killed at any moment: some turns of the main loop, and up
 * to @max_usec in which only the other side goes on. Nothing is awaited, since
 * the moment is not to be one that could be named. */
void
almu_test_let_pass (gulong max_usec)
{
  int n = g_test_rand_int_range (0, 4);

  for (int i = 0; i < n; i++)
    g_main_context_iteration (NULL, FALSE);
  g_usleep ((gulong) g_test_rand_int_range (0, (gint32) max_usec + 1));
}

char *
almu_test_make_folder (void)
{
  g_autoptr(GError) error = NULL;
  char *path = g_dir_make_tmp ("almu-test-XXXXXX", &error);

  g_assert_no_error (error);

  return path;
}

static int
remove_one (const char        *path,
            const struct stat *stat_buffer,
            int                flag,
            struct FTW        *ftw)
{
  return remove (path);
}

void
almu_test_remove_folder (const char *path)
{
  nftw (path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Real files that a developer may have beside the checkout; a clone has
 * none. Returns NULL after skipping the test. */
char *
almu_test_shared_path (const char *name)
{
  const char      *folder = g_getenv ("ALMU_SHARED_DATA");
  g_autofree char *path = NULL;

  if (folder == NULL || *folder == '\0')
    {
      g_test_skip ("no folder of real files: configure with -Dshared-data=");
      return NULL;
    }

  path = g_build_filename (folder, name, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip_printf ("%s is not there", path);
      return NULL;
    }

  return g_steal_pointer (&path);
}
