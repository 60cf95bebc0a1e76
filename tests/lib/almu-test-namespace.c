/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#define _GNU_SOURCE 1

#include "almu-test-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static gboolean
write_text (const char *path,
            const char *text)
{
  int      fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean is_written;

  if (fd < 0)
    return FALSE;

  is_written = write (fd, text, strlen (text)) == (gssize) strlen (text);
  close (fd);

  return is_written;
}

/* Who is not root becomes it, in a world where that is worth little. */
static gboolean
become_root (int flags)
{
  g_autofree char *users = g_strdup_printf ("0 %u 1", getuid ());
  g_autofree char *groups = g_strdup_printf ("0 %u 1", getgid ());

  return unshare (CLONE_NEWUSER | flags) == 0 &&
         write_text ("/proc/self/setgroups", "deny") &&
         write_text ("/proc/self/uid_map", users) &&
         write_text ("/proc/self/gid_map", groups);
}

const char *
almu_test_namespace_enter (int flags)
{
  if (unshare (flags) == 0 || become_root (flags))
    return NULL;

  return g_strerror (errno);
}

const char *
almu_test_namespace_mount (const char *path,
                           gsize       size)
{
  g_autofree char *data = g_strdup_printf ("size=%" G_GSIZE_FORMAT ",mode=0700", size);

  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
      mount ("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, data) == 0)
    return NULL;

  return g_strerror (errno);
}

int
almu_test_namespace_open_network (void)
{
  int fd = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);

  return fd;
}

void
almu_test_namespace_join_network (int fd)
{
  g_assert_cmpint (setns (fd, CLONE_NEWNET), ==, 0);
}
