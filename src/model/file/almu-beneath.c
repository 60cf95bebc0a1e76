/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

/* As many as the kernel follows. */
#define MAX_LINKS 40

/* The kernel gives up when somebody renames folders meanwhile. */
#define MAX_TRIES 16

/**
 * Walk:
 * @top: components of the top-level folder, which has no links in it
 * @alias: components of the name the top-level folder was given by
 * @position: components of the folder we are in, from the root; has no links
 * @pending: names still to follow, first one first
 * @fd: of the position; -1 if it has to be opened anew, or lies above @top
 *
 * Follows a path by hand, one name and one link at a time. A link may leave
 * the top-level folder on the way as long as it comes back, as absolute
 * links do; nothing outside is ever opened or looked at.
 */
typedef struct
{
  const char *top_path;
  GPtrArray  *top;
  GPtrArray  *alias;
  GPtrArray  *position;
  GQueue      pending;
  int         fd;
  int         n_links;
} Walk;

static int use_fallback = FALSE; /* atomic */

/**
 * almu_beneath_set_fallback_for_testing:
 * @is_on: whether to follow paths by hand
 *
 * As on a kernel that has no openat2(2). For the whole process, and for calls
 * that begin later.
 */
void
almu_beneath_set_fallback_for_testing (gboolean is_on)
{
  g_atomic_int_set (&use_fallback, is_on);
}

static int
open_top (const char *top)
{
  return open (top, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int
open_by_kernel (int         top_fd,
                const char *path,
                int         flags)
{
#ifdef SYS_openat2
  struct open_how how = {
    .flags = flags | O_CLOEXEC,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };

  for (int i = 0; i < MAX_TRIES; i++)
    {
      int fd = syscall (SYS_openat2, top_fd, *path != '\0' ? path : ".", &how, sizeof how);

      if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
        return fd;
    }
#else
  errno = ENOSYS;
#endif

  return -1;
}

/* Whether the kernel's no is not the last word: it has no such call, or a
 * sandbox forbids it; it takes every absolute link for a way out. */
static gboolean
is_worth_walking (int code)
{
  return code == EXDEV || code == ENOSYS || code == EPERM || code == EAGAIN;
}

static GPtrArray *
split_path (const char *path)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (g_free);
  g_auto(GStrv) names = g_strsplit (path, "/", -1);

  for (int i = 0; names[i] != NULL; i++)
    {
      if (*names[i] != '\0' && strcmp (names[i], ".") != 0)
        g_ptr_array_add (parts, g_strdup (names[i]));
    }

  return parts;
}

static void
set_fd (Walk *self,
        int   fd)
{
  int saved = errno;

  if (self->fd >= 0)
    close (self->fd);
  self->fd = fd;
  errno = saved;
}

static void
copy_parts (GPtrArray *to,
            GPtrArray *from)
{
  g_ptr_array_set_size (to, 0);
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, g_strdup (g_ptr_array_index (from, i)));
}

static gboolean
starts_with (GPtrArray *parts,
             GPtrArray *start)
{
  if (parts->len < start->len)
    return FALSE;

  for (guint i = 0; i < start->len; i++)
    {
      if (strcmp (g_ptr_array_index (parts, i), g_ptr_array_index (start, i)) != 0)
        return FALSE;
    }

  return TRUE;
}

/* Puts the target of a link before what is still to follow. */
static void
follow (Walk       *self,
        const char *target)
{
  g_autoptr(GPtrArray) parts = split_path (target);
  guint n_skipped = 0;

  if (*target == '/')
    {
      set_fd (self, -1);
      g_ptr_array_set_size (self->position, 0);
      if (self->alias->len > 0 && starts_with (parts, self->alias))
        {
          copy_parts (self->position, self->top);
          n_skipped = self->alias->len;
        }
    }

  /* then what comes before it has to be a folder */
  if (g_str_has_suffix (target, "/") || g_str_has_suffix (target, "/."))
    g_queue_push_head (&self->pending, g_strdup ("."));
  for (guint i = parts->len; i-- > n_skipped;)
    g_queue_push_head (&self->pending, g_strdup (g_ptr_array_index (parts, i)));
}

/* Makes @fd the folder we are in. What was no link a moment ago must not be
 * one now. */
static gboolean
enter (Walk *self)
{
  if (self->fd >= 0)
    return TRUE;

  if (self->position->len < self->top->len)
    {
      errno = EXDEV;
      return FALSE;
    }

  set_fd (self, open_top (self->top_path));
  for (guint i = self->top->len; self->fd >= 0 && i < self->position->len; i++)
    set_fd (self, openat (self->fd, g_ptr_array_index (self->position, i),
                          O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));

  return self->fd >= 0;
}

static gboolean
step_up (Walk *self)
{
  if (self->position->len > 0)
    g_ptr_array_set_size (self->position, self->position->len - 1);
  set_fd (self, -1);

  return TRUE;
}

/* Above the top-level folder only the way back to it is known. */
static gboolean
step_outside (Walk       *self,
              const char *name)
{
  if (strcmp (name, g_ptr_array_index (self->top, self->position->len)) != 0)
    {
      errno = EXDEV;
      return FALSE;
    }

  g_ptr_array_add (self->position, g_strdup (name));

  return TRUE;
}

/* One name. Sets @out_fd when it was the last and is no link. */
static gboolean
step (Walk       *self,
      const char *name,
      int         flags,
      int        *out_fd)
{
  char    target[PATH_MAX];
  ssize_t length;

  if (strcmp (name, ".") == 0)
    return TRUE;
  if (strcmp (name, "..") == 0)
    return step_up (self);
  if (self->position->len < self->top->len)
    return step_outside (self, name);
  if (!enter (self))
    return FALSE;

  length = readlinkat (self->fd, name, target, sizeof target - 1);
  if (length >= 0)
    {
      target[length] = '\0';
      if (++self->n_links <= MAX_LINKS)
        {
          follow (self, target);
          return TRUE;
        }
      errno = ELOOP;
      return FALSE;
    }
  if (errno != EINVAL)
    return FALSE;

  if (g_queue_is_empty (&self->pending))
    {
      *out_fd = openat (self->fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
      return *out_fd >= 0;
    }

  set_fd (self, openat (self->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  g_ptr_array_add (self->position, g_strdup (name));

  return self->fd >= 0;
}

static int
walk (Walk *self,
      int   flags)
{
  int fd = -1;

  while (!g_queue_is_empty (&self->pending))
    {
      g_autofree char *name = g_queue_pop_head (&self->pending);

      if (!step (self, name, flags, &fd))
        return -1;
      if (fd >= 0)
        return fd;
    }

  return enter (self) ? openat (self->fd, ".", flags | O_CLOEXEC) : -1;
}

static int
open_by_hand (const char *top,
              const char *alias,
              const char *path,
              int         flags)
{
  g_autoptr(GPtrArray) top_parts = split_path (top);
  g_autoptr(GPtrArray) alias_parts = split_path (alias);
  g_autoptr(GPtrArray) position = g_ptr_array_new_with_free_func (g_free);
  Walk walker = {
    .top_path = top,
    .top = top_parts,
    .alias = alias_parts,
    .position = position,
    .pending = G_QUEUE_INIT,
    .fd = -1,
  };
  int fd;

  copy_parts (position, top_parts);
  follow (&walker, path);

  fd = walk (&walker, flags);
  set_fd (&walker, -1);
  g_queue_clear_full (&walker.pending, g_free);

  return fd;
}

/**
 * almu_beneath_open:
 * @top: absolute path of a folder, without links in it
 * @alias: another absolute path of it, that links may use
 * @path: relative path; "" for the folder itself
 * @flags: for open(2)
 *
 * Opens what @path names, if it lies in the folder or deeper, wherever the
 * links on the way lead. Never creates anything.
 *
 * Returns: a descriptor, or -1 with errno; EXDEV means that the path leads
 *   out of the folder
 */
int
almu_beneath_open (const char *top,
                   const char *alias,
                   const char *path,
                   int         flags)
{
  int top_fd;
  int fd;

  g_assert (*path != '/');

  if (g_atomic_int_get (&use_fallback))
    return open_by_hand (top, alias, path, flags);

  top_fd = open_top (top);
  if (top_fd < 0)
    return -1;

  fd = open_by_kernel (top_fd, path, flags);
  if (fd < 0 && is_worth_walking (errno))
    fd = open_by_hand (top, alias, path, flags);

  {
    int saved = errno;

    close (top_fd);
    errno = saved;
  }

  return fd;
}
