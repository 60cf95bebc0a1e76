/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-status.h"

#include <string.h>

static guint64
get_number (int         pid,
            const char *name,
            const char *key)
{
  g_autofree char *path = pid != 0 ? g_strdup_printf ("/proc/%d/%s", pid, name) : g_strdup_printf ("/proc/self/%s", name);
  g_autofree char *start = g_strdup_printf ("%s:", key);
  g_autofree char *text = NULL;
  const char      *found;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  found = strstr (text, start);
  while (found != NULL && found != text && found[-1] != '\n')
    found = strstr (found + 1, start);
  g_assert_nonnull (found);

  return g_ascii_strtoull (found + strlen (start), NULL, 10);
}

guint64
almu_test_status_get (int         pid,
                      const char *key)
{
  return get_number (pid, "status", key);
}

guint64
almu_test_status_get_read (int pid)
{
  return get_number (pid, "io", "rchar");
}
