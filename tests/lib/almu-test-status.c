/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-status.h"

#include <string.h>

guint64
almu_test_status_get (int         pid,
                      const char *key)
{
  g_autofree char *path = pid != 0 ? g_strdup_printf ("/proc/%d/status", pid) : g_strdup ("/proc/self/status");
  g_autofree char *start = g_strdup_printf ("\n%s:", key);
  g_autofree char *text = NULL;
  const char      *found;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  found = strstr (text, start);
  g_assert_nonnull (found);

  return g_ascii_strtoull (found + strlen (start), NULL, 10);
}
