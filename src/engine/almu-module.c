/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-module.h"

#include <dlfcn.h>
#include <glib/gi18n-lib.h>

#include "almu-error.h"

#define TABLE "almu_module"

/**
 * almu_module_find_file:
 * @folder: where it is installed
 * @name: of the file
 *
 * Where a file is that came with this program: beside what was built with it,
 * before what is installed, which may be of another day.
 *
 * Returns: (transfer full): its path; in @folder, without looking, if it is not
 *   beside the program
 */
char *
almu_module_find_file (const char *folder,
                       const char *name)
{
  static const char *const beside[] = { "../engine", "../../src/engine" };
  g_autofree char         *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char         *own_folder = self != NULL ? g_path_get_dirname (self) : NULL;

  for (guint i = 0; own_folder != NULL && i < G_N_ELEMENTS (beside); i++)
    {
      g_autofree char *path = g_build_filename (own_folder, beside[i], name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }

  return g_build_filename (folder, name, NULL);
}

static void
say_why (const char *why,
         GError    **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("a part of Almucantar that is needed for it cannot be loaded: %s; installing Almucantar again may mend it"), why);
}

/**
 * almu_module_load:
 * @name: of the file, without its ending
 * @calls: what its table has to have
 *
 * Any thread. Nothing that was loaded is ever unloaded.
 *
 * Returns: (transfer none): the table
 */
gconstpointer
almu_module_load (const char *name,
                  const char *calls,
                  GError    **error)
{
  g_autofree char   *file = g_strconcat (name, ".so", NULL);
  g_autofree char   *path = almu_module_find_file (ALMU_PKGLIBDIR, file);
  void              *module = dlopen (path, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  const char *const *table = module != NULL ? dlsym (module, TABLE) : NULL;

  if (table == NULL)
    {
      /* names the file, in the language and the bytes of whoever */
      g_autofree char *why = g_utf8_make_valid (dlerror (), -1);

      say_why (why, error);
      return NULL;
    }

  if (!g_str_equal (*table, calls))
    {
      g_autofree char *why = g_strdup_printf ("%s: is of another version", path);

      say_why (why, error);
      return NULL;
    }

  return table;
}
