/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-names.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-workers.h"

/**
 * almu_bus_names_free:
 * @self: (transfer full): what a caller has named
 *
 * Frees the value with its folder and its files. Not for %NULL.
 */
void
almu_bus_names_free (AlmuBusNames *self)
{
  g_free (self->folder);
  g_strfreev (self->files);
  g_free (self);
}

/* What a URI or a path names, still anywhere; relative paths count from the
 * top-level folder. */
static char *
parse_uri (AlmuFolder *folder,
           const char *uri,
           GError    **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);
  g_autofree char *host = NULL;
  g_autofree char *path = NULL;
  g_autoptr(GError) local_error = NULL;

  if (*uri == '\0')
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("The name of the file is empty"));
      return NULL;
    }

  /* a colon may be part of a file's name, but GLib writes file:/ too */
  if (scheme == NULL || (strstr (uri, "://") == NULL && g_ascii_strncasecmp (uri, "file:/", 6) != 0))
    return g_canonicalize_filename (uri, almu_folder_get_top (folder));

  if (g_ascii_strcasecmp (scheme, "file") != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Only file:// URIs can be opened, not %s://"), scheme);
      return NULL;
    }

  path = g_filename_from_uri (uri, &host, &local_error);
  if (path == NULL)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, local_error->message);
      return NULL;
    }

  if (host != NULL && g_ascii_strcasecmp (host, "localhost") != 0 &&
      g_ascii_strcasecmp (host, g_get_host_name ()) != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("The file is on the host %s, not here"), host);
      return NULL;
    }

  return g_canonicalize_filename (path, NULL);
}

/* What is left of an absolute path below the top-level folder, or NULL. */
static char *
strip_top (AlmuFolder *folder,
           const char *path)
{
  const char *top = almu_folder_get_top (folder);
  gsize       length = strlen (top);

  /* the root is the one folder whose name ends in a slash */
  if (g_str_has_suffix (top, "/"))
    length--;

  if (strncmp (path, top, length) != 0)
    return NULL;
  if (path[length] == '\0')
    return g_strdup ("");

  return path[length] == '/' ? g_strdup (path + length + 1) : NULL;
}

/* The caller may have come to the file by links that lead to the top-level
 * folder; the last step is left alone, it may be a link in it. */
static char *
strip_top_of_resolved (AlmuFolder *folder,
                       const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *below = NULL;
  char            *whole = realpath (path, NULL);
  char            *resolved = realpath (directory, NULL);

  if (resolved != NULL)
    below = strip_top (folder, resolved);
  free (resolved);

  if (below != NULL)
    {
      free (whole);
      return *below != '\0' ? g_build_filename (below, name, NULL) : g_steal_pointer (&name);
    }

  /* a link to the top-level folder itself, or into it */
  if (whole != NULL)
    below = strip_top (folder, whole);
  free (whole);

  return g_steal_pointer (&below);
}

static char *
find_below_top (AlmuFolder *folder,
                const char *uri,
                GError    **error)
{
  g_autofree char *path = parse_uri (folder, uri, error);
  g_autofree char *below = NULL;

  if (path == NULL)
    return NULL;

  below = strip_top (folder, path);
  if (below == NULL)
    below = strip_top_of_resolved (folder, path);
  if (below == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                   _ ("It does not lie below the top-level folder %s"), almu_folder_get_top (folder));
      return NULL;
    }

  return almu_folder_normalize (folder, NULL, below, error);
}

static gboolean
is_folder (AlmuFolder *folder,
           const char *path)
{
  int fd = almu_folder_open_path (folder, path, O_PATH | O_DIRECTORY);

  if (fd < 0)
    return FALSE;

  close (fd);

  return TRUE;
}

static gboolean
is_file (AlmuFolder *folder,
         const char *path,
         GError    **error)
{
  int fd = almu_folder_open (folder, NULL, path, error);

  if (fd < 0)
    return FALSE;

  close (fd);

  return TRUE;
}

static gboolean
resolve_one (AlmuFolder   *folder,
             const char   *uri,
             gboolean      is_alone,
             AlmuBusNames *names,
             GPtrArray    *files,
             GError      **error)
{
  g_autofree char *path = find_below_top (folder, uri, error);

  if (path == NULL)
    return FALSE;

  if (is_alone && is_folder (folder, path))
    {
      names->folder = g_steal_pointer (&path);
      return TRUE;
    }

  if (!is_file (folder, path, error))
    return FALSE;

  g_ptr_array_add (files, g_steal_pointer (&path));

  return TRUE;
}

static void
resolve_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  AlmuFolder        *folder = ALMU_FOLDER (source_object);
  const char *const *uris = task_data;
  g_autoptr(AlmuBusNames) names = g_new0 (AlmuBusNames, 1);
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  gboolean is_alone = uris[0] != NULL && uris[1] == NULL;

  for (guint i = 0; uris[i] != NULL; i++)
    {
      g_autoptr(GError) error = NULL;

      if (!resolve_one (folder, uris[i], is_alone, names, files, &error))
        {
          g_prefix_error (&error, "%s: ", uris[i]);
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
    }

  g_ptr_array_add (files, NULL);
  names->files = (char **) g_ptr_array_steal (files, NULL);
  g_task_return_pointer (task, g_steal_pointer (&names), (GDestroyNotify) almu_bus_names_free);
}

/**
 * almu_bus_names_resolve_async:
 * @folder: whose top-level folder counts
 * @uris: (array zero-terminated=1): URIs or paths of files below the
 *   top-level folder, or of one folder
 * @callback: called on the main thread
 * @user_data: for @callback
 *
 * Finds out what a caller has named, and that it is there. Whether a file
 * is an image shows when it is opened.
 */
void
almu_bus_names_resolve_async (AlmuFolder         *folder,
                              const char *const  *uris,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  guint n_uris;

  g_return_if_fail (ALMU_IS_FOLDER (folder));
  g_return_if_fail (uris != NULL);

  task = g_task_new (folder, NULL, callback, user_data);
  g_task_set_source_tag (task, almu_bus_names_resolve_async);

  n_uris = g_strv_length ((char **) uris);
  if (n_uris > ALMU_LIMIT_FILES)
    {
      g_task_return_new_error (task, ALMU_ERROR, ALMU_ERROR_LIMIT,
                               _ ("A session may have %d files open, not %u"), ALMU_LIMIT_FILES, n_uris);
      return;
    }

  g_task_set_task_data (task, g_strdupv ((char **) uris), (GDestroyNotify) g_strfreev);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, resolve_worker);
}

/**
 * almu_bus_names_resolve_finish:
 * @folder: what was asked
 * @result: what the callback was given
 * @error: return location
 *
 * Ends almu_bus_names_resolve_async(). An error about one of the names begins
 * with it, and nothing of what was named comes back then.
 *
 * Returns: (transfer full): what was named, or %NULL
 */
AlmuBusNames *
almu_bus_names_resolve_finish (AlmuFolder   *folder,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, folder), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * almu_bus_names_make_path:
 * @folder: what @name is relative to
 * @name: of a file
 *
 * A file that is gone has its path all the same.
 *
 * Returns: (transfer full): what a page calls a file: its path relative to
 *   the top-level folder
 */
char *
almu_bus_names_make_path (AlmuFolder         *folder,
                          const AlmuFileName *name)
{
  char *path;

  g_return_val_if_fail (ALMU_IS_FOLDER (folder), NULL);

  /* names that were opened are in order; others are shown as they are */
  path = almu_folder_normalize (folder, name->directory, name->name, NULL);

  return path != NULL ? path : g_build_filename (name->directory, name->name, NULL);
}

/**
 * almu_bus_names_make_uri:
 * @folder: what @name is relative to
 * @name: of a file
 *
 * The HDU is not part of it.
 *
 * Returns: (transfer full): the file:// URI of a file
 */
char *
almu_bus_names_make_uri (AlmuFolder         *folder,
                         const AlmuFileName *name)
{
  g_autofree char *path = almu_bus_names_make_path (folder, name);
  g_autofree char *whole = g_build_filename (almu_folder_get_top (folder), path, NULL);

  return g_filename_to_uri (whole, NULL, NULL);
}
