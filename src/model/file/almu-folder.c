/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-beneath.h"
#include "almu-error.h"
#include "almu-limits.h"

/* What a client may call the starting folder. */
#define BASE "$BASE"

/* Bytes of a client's name that are repeated in an error. */
#define MAX_QUOTED_BYTES 200

/**
 * AlmuFolder:
 *
 * The part of the file system that clients can see: a top-level folder, and
 * a starting folder in it. Every name that comes from a client passes here,
 * whatever door it came through; what is opened lies beneath the top-level
 * folder, wherever `..` and links lead.
 *
 * Immutable after construction, any thread.
 */
struct _AlmuFolder
{
  GObject parent_instance;

  char    *top;   /* resolved */
  char    *alias; /* as it was given, made absolute */
  char    *start; /* relative to the top */
  gboolean is_start_replaced;
};

G_DEFINE_FINAL_TYPE (AlmuFolder, almu_folder, G_TYPE_OBJECT)

static void
almu_folder_finalize (GObject *object)
{
  AlmuFolder *self = ALMU_FOLDER (object);

  g_clear_pointer (&self->top, g_free);
  g_clear_pointer (&self->alias, g_free);
  g_clear_pointer (&self->start, g_free);

  G_OBJECT_CLASS (almu_folder_parent_class)->finalize (object);
}

static void
almu_folder_class_init (AlmuFolderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = almu_folder_finalize;
}

static void
almu_folder_init (AlmuFolder *self)
{
}

/* Folders are named by people and by other programs: a name that is not
 * text must still make a message that is. */
static char *
quote (const char *name)
{
  g_autofree char *start = g_strndup (name, MAX_QUOTED_BYTES);
  char            *text = g_utf8_make_valid (start, -1);

  for (char *c = text; *c != '\0'; c++)
    {
      if (g_ascii_iscntrl (*c))
        *c = '?';
    }

  return text;
}

/* NULL with errno if it is no folder one can list. */
static char *
resolve_folder (const char *path)
{
  g_autofree char *name = realpath (path, NULL);
  struct stat      buffer;

  if (name == NULL || stat (name, &buffer) < 0)
    return NULL;

  if (!S_ISDIR (buffer.st_mode))
    {
      errno = ENOTDIR;
      return NULL;
    }

  if (access (name, R_OK | X_OK) < 0)
    return NULL;

  return g_strdup (name);
}

/* What is left of a path below a folder, or NULL. */
static const char *
path_below (const char *path,
            const char *folder)
{
  gsize length = strlen (folder);

  if (strcmp (folder, "/") == 0)
    return path + 1;
  if (strncmp (path, folder, length) != 0)
    return NULL;
  if (path[length] == '\0')
    return path + length;

  return path[length] == '/' ? path + length + 1 : NULL;
}

static gboolean
find_start (AlmuFolder *self,
            const char *starting,
            GError    **error)
{
  g_autofree char *resolved = NULL;
  g_autofree char *quoted = NULL;
  const char      *below;

  if (starting == NULL)
    {
      self->start = g_strdup ("");
      return TRUE;
    }

  resolved = resolve_folder (starting);
  if (resolved == NULL)
    {
      self->is_start_replaced = TRUE;
      self->start = g_strdup ("");
      return TRUE;
    }

  below = path_below (resolved, self->top);
  if (below != NULL)
    {
      self->start = g_strdup (below);
      return TRUE;
    }

  quoted = quote (resolved);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
               _ ("Starting folder %s does not lie below the top-level folder %s"), quoted, self->top);
  return FALSE;
}

/**
 * almu_folder_new:
 * @top_level: a folder that can be read and searched
 * @starting: (nullable): a folder below it, or %NULL for the same; a
 *   relative one counts from the current directory
 * @error: return location for an error
 *
 * A starting folder that is not there, or cannot be read, is replaced by the
 * top-level folder; see almu_folder_is_start_replaced().
 *
 * Blocks for the disk. Fails with the %G_IO_ERROR of the top-level folder, and
 * with %ALMU_ERROR_REFUSED if the starting folder does not lie below it.
 *
 * Returns: (transfer full) (nullable): the folder
 */
AlmuFolder *
almu_folder_new (const char *top_level,
                 const char *starting,
                 GError    **error)
{
  g_autoptr(AlmuFolder) self = NULL;
  g_autofree char *top = NULL;

  g_return_val_if_fail (top_level != NULL, NULL);

  top = resolve_folder (top_level);
  if (top == NULL)
    {
      int              code = errno;
      g_autofree char *quoted = quote (top_level);

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   _ ("Top-level folder %s is not a folder that can be read and searched: %s"),
                   quoted, g_strerror (code));
      return NULL;
    }

  self = g_object_new (ALMU_TYPE_FOLDER, NULL);
  self->alias = g_canonicalize_filename (top_level, NULL);
  self->top = g_steal_pointer (&top);
  if (!find_start (self, starting, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * almu_folder_get_top:
 * @self: a folder
 *
 * Absolute, without links.
 *
 * Returns: (transfer none): path of the top-level folder
 */
const char *
almu_folder_get_top (AlmuFolder *self)
{
  g_return_val_if_fail (ALMU_IS_FOLDER (self), NULL);

  return self->top;
}

/**
 * almu_folder_get_start:
 * @self: a folder
 *
 * Relative to the top-level folder; "" if it is the same.
 *
 * Returns: (transfer none): path of the starting folder
 */
const char *
almu_folder_get_start (AlmuFolder *self)
{
  g_return_val_if_fail (ALMU_IS_FOLDER (self), NULL);

  return self->start;
}

/**
 * almu_folder_is_start_replaced:
 * @self: a folder
 *
 * Whether the starting folder that was asked for could not be used, and the
 * top-level one stands in its place: people should be told.
 */
gboolean
almu_folder_is_start_replaced (AlmuFolder *self)
{
  g_return_val_if_fail (ALMU_IS_FOLDER (self), FALSE);

  return self->is_start_replaced;
}

static gboolean
has_control (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (text)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_text (const char *text,
            GError    **error)
{
  gsize            length = strlen (text);
  g_autofree char *quoted = NULL;

  if (length <= ALMU_LIMIT_PATH_BYTES && g_utf8_validate (text, length, NULL) && !has_control (text))
    return TRUE;

  quoted = quote (text);
  if (length > ALMU_LIMIT_PATH_BYTES)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                 _ ("Name of %zu bytes is longer than %d: %s…"),
                 length, ALMU_LIMIT_PATH_BYTES, quoted);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Name %s is not UTF-8 text without control characters"), quoted);

  return FALSE;
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

/* How many of an absolute path's components are the top-level folder. */
static guint
count_prefix (GPtrArray  *parts,
              const char *folder)
{
  g_autoptr(GPtrArray) prefix = split_path (folder);

  if (parts->len < prefix->len)
    return 0;

  for (guint i = 0; i < prefix->len; i++)
    {
      if (strcmp (g_ptr_array_index (parts, i), g_ptr_array_index (prefix, i)) != 0)
        return 0;
    }

  return prefix->len;
}

/* Appends one name of a client to a clean path, or begins it anew. */
static gboolean
append_path (AlmuFolder *self,
             GPtrArray  *clean,
             const char *text,
             GError    **error)
{
  g_autoptr(GPtrArray) parts = split_path (text);
  guint first = 0;

  if (*text == '/')
    {
      g_ptr_array_set_size (clean, 0);
      first = MAX (count_prefix (parts, self->top), count_prefix (parts, self->alias));
    }
  else if (clean->len == 0 && parts->len > 0 && strcmp (g_ptr_array_index (parts, 0), BASE) == 0)
    {
      g_autoptr(GPtrArray) start = split_path (self->start);

      g_ptr_array_extend_and_steal (clean, g_steal_pointer (&start));
      first = 1;
    }

  for (guint i = first; i < parts->len; i++)
    {
      const char *part = g_ptr_array_index (parts, i);

      if (strcmp (part, "..") != 0)
        {
          g_ptr_array_add (clean, g_strdup (part));
        }
      else if (clean->len > 0)
        {
          g_ptr_array_set_size (clean, clean->len - 1);
        }
      else
        {
          g_autofree char *quoted = quote (text);

          g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                       _ ("Path %s leads out of the top-level folder"), quoted);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * almu_folder_normalize:
 * @self: a folder
 * @directory: (nullable): a client's name of a folder: relative to the
 *   top-level folder, with "$BASE" for the starting folder, or absolute
 * @name: (nullable): a client's name of something in it
 * @error: return location for an error
 *
 * Makes one clean path of them: relative to the top-level folder, "" for
 * itself, without `.`, `..` and doubled slashes. Absolute paths count from
 * the root if they begin with the top-level folder, and otherwise from it,
 * as CARTA's clients mean them. Looks only at the text; links are seen to
 * when something is opened.
 *
 * Fails with %ALMU_ERROR_LIMIT beyond %ALMU_LIMIT_PATH_BYTES, and with
 * %ALMU_ERROR_REFUSED for what is not UTF-8, has control characters or leads
 * out. Any thread.
 *
 * Returns: (transfer full) (nullable): the path
 */
char *
almu_folder_normalize (AlmuFolder *self,
                       const char *directory,
                       const char *name,
                       GError    **error)
{
  g_autoptr(GPtrArray) clean = NULL;
  g_autofree char *path = NULL;

  g_return_val_if_fail (ALMU_IS_FOLDER (self), NULL);

  if ((directory != NULL && !check_text (directory, error)) ||
      (name != NULL && !check_text (name, error)))
    return NULL;

  clean = g_ptr_array_new_with_free_func (g_free);
  if ((directory != NULL && !append_path (self, clean, directory, error)) ||
      (name != NULL && !append_path (self, clean, name, error)))
    return NULL;

  g_ptr_array_add (clean, NULL);
  path = g_strjoinv ("/", (char **) clean->pdata);
  if (!check_text (path, error))
    return NULL;

  return g_steal_pointer (&path);
}

/**
 * almu_folder_open_path:
 * @self: a folder
 * @path: from almu_folder_normalize()
 * @flags: for open(2)
 *
 * Opens whatever lies at @path beneath the top-level folder. Looks at
 * nothing but the way there: see almu_folder_open() for files.
 *
 * Returns: a descriptor, or -1 with errno; EXDEV means that the path leads
 *   out of the top-level folder
 */
int
almu_folder_open_path (AlmuFolder *self,
                       const char *path,
                       int         flags)
{
  g_return_val_if_fail (ALMU_IS_FOLDER (self), -1);
  g_return_val_if_fail (path != NULL && *path != '/', -1);

  return almu_beneath_open (self->top, self->alias, path, flags);
}

static void
set_open_error (AlmuFolder *self,
                const char *path,
                int         code,
                GError    **error)
{
  switch (code)
    {
    case ENOENT:
    case ENOTDIR:
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("File %s does not exist in %s"), path, self->top);
      break;

    case EXDEV:
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   _ ("File %s lies outside the top-level folder, where a link leads"), path);
      break;

    case ELOOP:
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   _ ("File %s is reached by links that have no end"), path);
      break;

    case ENAMETOOLONG:
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("File %s has a name that is too long for its file system"), path);
      break;

    case EACCES:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   _ ("File %s is not readable"), path);
      break;

    default:
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   _ ("File %s cannot be opened: %s"), path, g_strerror (code));
    }
}

static const char *
describe_mode (mode_t mode)
{
  switch (mode & S_IFMT)
    {
    case S_IFDIR:
      return _ ("folder");
    case S_IFIFO:
      return _ ("pipe");
    case S_IFSOCK:
      return _ ("socket");
    case S_IFCHR:
    case S_IFBLK:
      return _ ("device");
    default:
      return _ ("link");
    }
}

/* Opens, and makes sure that it is a regular file. */
static int
open_regular (AlmuFolder *self,
              const char *path,
              int         flags,
              GError    **error)
{
  int         fd = almu_folder_open_path (self, path, flags);
  struct stat buffer;

  if (fd < 0 || fstat (fd, &buffer) < 0)
    {
      set_open_error (self, path, errno, error);
      if (fd >= 0)
        close (fd);
      return -1;
    }

  if (S_ISREG (buffer.st_mode))
    return fd;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
               _ ("%s is a %s, not a file"), *path != '\0' ? path : _ ("The top-level folder"),
               describe_mode (buffer.st_mode));
  close (fd);

  return -1;
}

/**
 * almu_folder_open:
 * @self: a folder
 * @directory: (nullable): see almu_folder_normalize()
 * @name: (nullable): likewise
 * @error: return location for an error
 *
 * Opens a regular file for reading. Nothing else is even tried: opening a
 * pipe would wait, and some devices act.
 *
 * Fails as almu_folder_normalize() does, with %ALMU_ERROR_NOT_FOUND if there is
 * none, with %ALMU_ERROR_REFUSED for what is no file or lies outside, and with
 * %G_IO_ERROR otherwise. Blocks; any thread.
 *
 * Returns: a descriptor, or -1
 */
int
almu_folder_open (AlmuFolder *self,
                  const char *directory,
                  const char *name,
                  GError    **error)
{
  g_autofree char *path = NULL;
  int              fd;

  g_return_val_if_fail (ALMU_IS_FOLDER (self), -1);

  path = almu_folder_normalize (self, directory, name, error);
  if (path == NULL)
    return -1;

  /* O_PATH finds the file without opening it */
  fd = open_regular (self, path, O_PATH, error);
  if (fd < 0)
    return -1;
  close (fd);

  return open_regular (self, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, error);
}
