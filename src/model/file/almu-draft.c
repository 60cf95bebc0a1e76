/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-draft.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-error.h"

/* Names that are tried for the temporary file. */
#define MAX_TRIES 100

struct _AlmuDraft
{
  char    *path;
  char    *name;
  int      folder_fd;
  int      fd;
  char    *temporary; /* NULL while the file has no name */
  gboolean overwrite;
};

static int use_names = FALSE; /* atomic */

/**
 * almu_draft_set_named_for_testing:
 * @is_on: whether to give the file a name of its own from the beginning
 *
 * For the whole process, and for drafts that begin later.
 */
void
almu_draft_set_named_for_testing (gboolean is_on)
{
  g_atomic_int_set (&use_names, is_on);
}

static gboolean
fail (AlmuDraft  *self,
      int         code,
      const char *what,
      GError    **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "%s %s: %s", self->path, what, g_strerror (code));

  return FALSE;
}

static gboolean
open_folder (AlmuDraft  *self,
             AlmuFolder *folder,
             GError    **error)
{
  g_autofree char *parent = g_path_get_dirname (self->path);
  const char      *path = strcmp (parent, ".") == 0 ? "" : parent;

  self->folder_fd = almu_folder_open_path (folder, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (self->folder_fd >= 0)
    return TRUE;

  if (errno == EXDEV)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Folder %s lies outside the top-level folder, where a link leads"), parent);
  else if (errno == ENOENT || errno == ENOTDIR)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 _ ("Folder %s does not exist in %s"), parent, almu_folder_get_top (folder));
  else
    fail (self, errno, _ ("cannot be saved: its folder cannot be opened"), error);

  return FALSE;
}

static gboolean
fail_existing (AlmuDraft *self,
               GError   **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, _ ("%s exists already"), self->path);

  return FALSE;
}

/* The name may be a link: to the source, too. */
static gboolean
check_target (AlmuDraft             *self,
              const AlmuFingerprint *source,
              GError               **error)
{
  struct stat own, followed;

  if (fstatat (self->folder_fd, self->name, &own, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT || fail (self, errno, _ ("cannot be saved"), error);

  if (source != NULL && fstatat (self->folder_fd, self->name, &followed, 0) == 0 &&
      followed.st_dev == source->device && followed.st_ino == source->inode)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   _ ("Cannot overwrite the source image: %s"), self->path);
      return FALSE;
    }

  if (!S_ISREG (own.st_mode) && !S_ISLNK (own.st_mode))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   S_ISDIR (own.st_mode) ? _ ("%s is a folder and is not overwritten")
                                         : _ ("%s is a device, a pipe or a socket and is not overwritten"),
                   self->path);
      return FALSE;
    }

  return self->overwrite || fail_existing (self, error);
}

static char *
make_name (void)
{
  return g_strdup_printf (".almucantar-%08x%08x.part", g_random_int (), g_random_int ());
}

/* A file without a name is gone when the process is, however it ends; not
 * every file system has them. */
static gboolean
open_file (AlmuDraft *self,
           GError   **error)
{
  if (!g_atomic_int_get (&use_names))
    self->fd = openat (self->folder_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);

  for (int i = 0; self->fd < 0 && i < MAX_TRIES; i++)
    {
      g_clear_pointer (&self->temporary, g_free);
      self->temporary = make_name ();
      self->fd = openat (self->folder_fd, self->temporary,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
      if (self->fd < 0 && errno != EEXIST)
        break;
    }

  if (self->fd >= 0)
    return TRUE;

  g_clear_pointer (&self->temporary, g_free);

  return fail (self, errno, _ ("cannot be saved"), error);
}

/**
 * almu_draft_new:
 * @folder: where it must lie
 * @path: from almu_folder_normalize()
 * @overwrite: whether a file of that name may be replaced
 * @source: (nullable): a file that must not
 * @error: return location
 *
 * Fails with %G_IO_ERROR_EXISTS if there is such a file and @overwrite is
 * not set.
 *
 * %ALMU_ERROR_REFUSED if its folder lies outside, or if it would be in the
 * place of @source, a folder or a device; %ALMU_ERROR_NOT_FOUND if there is no
 * such folder; other failures are of %G_IO_ERROR.
 *
 * Returns: (transfer full): a draft
 */
AlmuDraft *
almu_draft_new (AlmuFolder            *folder,
                const char            *path,
                gboolean               overwrite,
                const AlmuFingerprint *source,
                GError               **error)
{
  g_autoptr(AlmuDraft) self = NULL;

  g_return_val_if_fail (ALMU_IS_FOLDER (folder), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (*path == '\0')
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("No name was given for the file"));
      return NULL;
    }

  self = g_new0 (AlmuDraft, 1);
  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  self->overwrite = overwrite;
  self->folder_fd = -1;
  self->fd = -1;

  if (!open_folder (self, folder, error) ||
      !check_target (self, source, error) ||
      !open_file (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * almu_draft_free:
 * @self: (nullable) (transfer full): a draft
 *
 * Closes the file. One that was not committed is gone.
 */
void
almu_draft_free (AlmuDraft *self)
{
  if (self == NULL)
    return;

  if (self->temporary != NULL)
    unlinkat (self->folder_fd, self->temporary, 0);
  if (self->fd >= 0)
    close (self->fd);
  if (self->folder_fd >= 0)
    close (self->folder_fd);
  g_free (self->temporary);
  g_free (self->name);
  g_free (self->path);
  g_free (self);
}

/**
 * almu_draft_get_fd:
 * @self: a draft
 *
 * Open for writing only, at its beginning. It belongs to the draft and must not
 * be closed.
 *
 * Returns: the descriptor to write to
 */
int
almu_draft_get_fd (AlmuDraft *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->fd;
}

/* Gives a nameless file a name; EEXIST if that is taken. */
static int
link_file (AlmuDraft  *self,
           const char *name)
{
  char source[32];

  g_snprintf (source, sizeof source, "/proc/self/fd/%d", self->fd);

  return linkat (AT_FDCWD, source, self->folder_fd, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

static int
give_temporary_name (AlmuDraft *self)
{
  int code = EEXIST;

  for (int i = 0; self->temporary == NULL && i < MAX_TRIES && code == EEXIST; i++)
    {
      g_autofree char *name = make_name ();

      code = link_file (self, name);
      if (code == 0)
        self->temporary = g_steal_pointer (&name);
    }

  return self->temporary != NULL ? 0 : code;
}

/* Takes the place of what has the name. */
static int
replace (AlmuDraft *self)
{
  int code = give_temporary_name (self);

  if (code != 0)
    return code;
  if (renameat (self->folder_fd, self->temporary, self->folder_fd, self->name) != 0)
    return errno;

  g_clear_pointer (&self->temporary, g_free);

  return 0;
}

/* Takes the name only if it is still free. */
static int
occupy (AlmuDraft *self)
{
  int code = 0;

  if (self->temporary == NULL)
    return link_file (self, self->name);

  if (renameat2 (self->folder_fd, self->temporary, self->folder_fd, self->name, RENAME_NOREPLACE) != 0)
    code = errno;
  if (code == EINVAL || code == ENOSYS)
    code = linkat (self->folder_fd, self->temporary, self->folder_fd, self->name, 0) == 0 ? 0 : errno;
  else if (code == 0)
    g_clear_pointer (&self->temporary, g_free);

  return code;
}

/**
 * almu_draft_commit:
 * @self: a draft, written
 * @error: return location
 *
 * Makes sure that the bytes are on the disk, and gives them their name in
 * one step. To be called once.
 *
 * Waits for the disk. Fails with %G_IO_ERROR_EXISTS if somebody was faster and
 * it may not be replaced, and with another %G_IO_ERROR as the file system says;
 * nothing has that name because of it then.
 *
 * Returns: whether the file is there
 */
gboolean
almu_draft_commit (AlmuDraft *self,
                   GError   **error)
{
  int code;

  g_return_val_if_fail (self != NULL, FALSE);

  if (fsync (self->fd) != 0)
    return fail (self, errno, _ ("cannot be saved"), error);

  code = self->overwrite ? replace (self) : occupy (self);
  if (code == EEXIST)
    return fail_existing (self, error);
  if (code != 0)
    return fail (self, code, _ ("cannot be saved"), error);

  /* the file is there; that its name might be lost with the power is worth
   * no failure */
  fsync (self->folder_fd);

  return TRUE;
}
