/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-whole-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "almu-error.h"
#include "almu-whole-io.h"

/* Small text files, read and written in one piece. A file is what it was
 * before or what was written, whatever happens in between.
 */

#define TEMPORARY_PREFIX ".almu-"
#define TEMPORARY_SUFFIX ".tmp"

static gboolean
fail (const char *what,
      const char *path,
      int         code,
      GError    **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("Cannot %s %s: %s"), what, path, g_strerror (code));
  return FALSE;
}

static gboolean
check_file (int         fd,
            const char *path,
            gsize       max_bytes,
            gsize      *out_size,
            GError    **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return fail (_ ("look at"), path, errno, error);

  if (!S_ISREG (st.st_mode))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                   _ ("Cannot read %s: it is not a regular file"), path);
      return FALSE;
    }

  if (st.st_size < 0 || (guint64) st.st_size > max_bytes)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s has %" PRId64 " bytes, %zu is the limit"),
                   path, (gint64) st.st_size, max_bytes);
      return FALSE;
    }

  *out_size = st.st_size;
  return TRUE;
}

static gboolean
read_all (int         fd,
          char       *text,
          gsize       size,
          gsize      *out_length,
          const char *path,
          GError    **error)
{
  gsize length = 0;

  while (length < size)
    {
      gssize n = read (fd, text + length, size - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (_ ("read"), path, errno, error);
      if (n == 0)
        break;
      length += n;
    }

  *out_length = length;
  return TRUE;
}

/**
 * almu_whole_file_read:
 * @path: a file
 * @max_bytes: how large it may be
 * @error: return location for an error
 *
 * Waits for the disk; any thread. Never for a pipe or a device: what is no
 * regular file is %G_IO_ERROR_NOT_REGULAR_FILE. A larger file is
 * %ALMU_ERROR_LIMIT, and what the system refuses a %G_IO_ERROR as its errno
 * says.
 *
 * Returns: (transfer full): its text; a file with a NUL in it is
 *   %ALMU_ERROR_FORMAT
 */
char *
almu_whole_file_read (const char *path,
                      gsize       max_bytes,
                      GError    **error)
{
  g_autofree char *text = NULL;
  gboolean         ok;
  gsize            size;
  gsize            length;
  /* whatever lies there must not make us wait */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    {
      fail (_ ("read"), path, errno, error);
      return NULL;
    }

  ok = check_file (fd, path, max_bytes, &size, error);
  if (ok)
    {
      text = g_malloc0 (size + 1);
      ok = read_all (fd, text, size, &length, path, error);
    }
  close (fd);

  if (!ok)
    return NULL;

  if (strlen (text) != length)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s is not text"), path);
      return NULL;
    }

  return g_steal_pointer (&text);
}

static gboolean
write_all (int         fd,
           const char *text,
           const char *path,
           GError    **error)
{
  if (!almu_write_whole (fd, text, strlen (text)) || fsync (fd) < 0)
    return fail (_ ("write"), path, errno, error);

  return TRUE;
}

/* A rename is on the disk when its folder is. It has happened all the same:
 * that it might be lost with the power is worth no failure. */
static void
sync_folder (const char *folder)
{
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 || fsync (fd) < 0)
    g_debug ("Cannot write to %s: %s", folder, g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

static gboolean
write_temporary (const char *temporary_template,
                 const char *path,
                 const char *text,
                 char      **out_temporary,
                 GError    **error)
{
  g_autofree char *temporary = g_strdup (temporary_template);
  gboolean         ok;
  int              fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);

  if (fd < 0)
    return fail (_ ("write"), path, errno, error);

  ok = write_all (fd, text, path, error);
  if (close (fd) < 0 && ok)
    ok = fail (_ ("write"), path, errno, error);

  if (!ok)
    {
      g_unlink (temporary);
      return FALSE;
    }

  *out_temporary = g_steal_pointer (&temporary);
  return TRUE;
}

/**
 * almu_whole_file_write:
 * @folder: where; made when it is not there
 * @name: the file's name
 * @text: what is to be in it
 * @error: return location for an error
 *
 * Writes @text beside the file, waits for the disk, and puts it in the
 * file's place. On failure the file is what it was.
 */
gboolean
almu_whole_file_write (const char *folder,
                       const char *name,
                       const char *text,
                       GError    **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *pattern = g_build_filename (folder, TEMPORARY_PREFIX "XXXXXX" TEMPORARY_SUFFIX, NULL);
  g_autofree char *temporary = NULL;

  if (g_mkdir_with_parents (folder, 0700) < 0)
    return fail (_ ("make the folder"), folder, errno, error);

  if (!write_temporary (pattern, path, text, &temporary, error))
    return FALSE;

  if (rename (temporary, path) < 0)
    {
      int code = errno;

      g_unlink (temporary);
      return fail (_ ("write"), path, code, error);
    }
  sync_folder (folder);

  return TRUE;
}

/**
 * almu_whole_file_remove:
 * @folder: where
 * @name: the file's name
 * @error: return location for an error
 *
 * Removes a file and waits until the disk knows. Any thread.
 *
 * Returns: %FALSE if it is still there, with the %G_IO_ERROR of its errno;
 *   %G_IO_ERROR_NOT_FOUND if it never was
 */
gboolean
almu_whole_file_remove (const char *folder,
                        const char *name,
                        GError    **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (g_unlink (path) < 0)
    return fail (_ ("remove"), path, errno, error);
  sync_folder (folder);

  return TRUE;
}

/**
 * almu_whole_file_sweep:
 * @folder: a folder, which need not be there
 *
 * Removes what a writer left behind that was killed half way.
 */
void
almu_whole_file_sweep (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  if (dir == NULL)
    return;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, TEMPORARY_PREFIX) && g_str_has_suffix (name, TEMPORARY_SUFFIX))
      {
        g_autofree char *path = g_build_filename (folder, name, NULL);

        g_unlink (path);
      }
}
