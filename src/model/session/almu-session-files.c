/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-opening.h"

#define FIRST_FREE_FILE_ID 1000

/* The images a session has open. */

static void
update_title (AlmuSession *self)
{
  g_autofree char *title = NULL;
  const char      *first;

  if (self->files->len == 0)
    {
      title = g_strdup ("");
    }
  else
    {
      first = almu_file_get_name (self->files->pdata[0])->name;
      if (self->files->len == 1)
        title = g_strdup (first);
      else
        title = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s and %u more", "%s and %u more", self->files->len - 1),
                                 first, self->files->len - 1);
    }

  if (g_str_equal (title, self->title))
    return;

  g_free (self->title);
  self->title = g_steal_pointer (&title);
  g_object_notify (G_OBJECT (self), "title");
}

static int
find_file (AlmuSession *self,
           int          file_id)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      if (almu_file_get_id (self->files->pdata[i]) == file_id)
        return (int) i;
    }

  return -1;
}

/**
 * almu_session_get_file:
 * @file_id: what the viewer calls it
 *
 * It need not be open. %ALMU_ERROR_NOT_FOUND if there is none.
 *
 * Returns: (transfer none): the file of that id
 */
AlmuFile *
almu_session_get_file (AlmuSession *self,
                       int          file_id,
                       GError     **error)
{
  int index;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  index = find_file (self, file_id);
  if (index >= 0)
    return self->files->pdata[index];

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
               _ ("No file %d is open in this session"), file_id);
  return NULL;
}

/**
 * almu_session_list_files:
 * @self: a session
 *
 * The session's own list: it changes when files are opened or closed.
 *
 * Returns: (transfer none) (element-type AlmuFile): in the order of opening
 */
GPtrArray *
almu_session_list_files (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->files;
}

/**
 * almu_session_find_free_file_id:
 *
 * Returns: an id for a file that no viewer has numbered: far above the
 *   small numbers that the page gives out; another one each time, so that
 *   files which are opened together do not get the same
 */
int
almu_session_find_free_file_id (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), -1);

  do
    {
      self->last_free_file_id++;
      if (self->last_free_file_id < FIRST_FREE_FILE_ID || self->last_free_file_id > ALMU_LIMIT_FILE_ID)
        self->last_free_file_id = FIRST_FREE_FILE_ID;
    }
  while (find_file (self, self->last_free_file_id) >= 0);

  return self->last_free_file_id;
}

/**
 * almu_session_take_file:
 * @file: (transfer full): a file, open or not
 *
 * Adds @file, in place of the one that has its id.
 */
void
almu_session_take_file (AlmuSession *self,
                        AlmuFile    *file)
{
  almu_session_close_file (self, almu_file_get_id (file), NULL);

  g_ptr_array_add (self->files, file);
  g_signal_connect_object (file, "product", G_CALLBACK (almu_producer_emit_product), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (file, "failed", G_CALLBACK (almu_producer_emit_failed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (file, "changed", G_CALLBACK (almu_session_emit_changed), self, G_CONNECT_SWAPPED);
  g_signal_emit_by_name (self, "file-added", file);
  update_title (self);
  almu_session_emit_changed (self);
  almu_session_await_missing (self);
}

static gboolean
may_open (AlmuSession *self,
          int          file_id,
          GError     **error)
{
  if (file_id < 0 || file_id > ALMU_LIMIT_FILE_ID)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("File id %d is not one from 0 to %d"), file_id, ALMU_LIMIT_FILE_ID);
      return FALSE;
    }

  if (self->files->len >= ALMU_LIMIT_FILES && find_file (self, file_id) < 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("The session has %d files open, which is as many as it may"), ALMU_LIMIT_FILES);
      return FALSE;
    }

  return TRUE;
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AlmuSession *self = g_task_get_source_object (task);
  AlmuFile    *file = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuImage) image = NULL;

  image = almu_opening_finish (result, &error);
  if (image == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (g_task_return_error_if_cancelled (task))
    return;

  almu_file_come_alive (file, self->cache, image, self->id, self->epoch);
  almu_session_take_file (self, g_object_ref (file));
  g_task_return_pointer (task, g_object_ref (file), g_object_unref);
}

/**
 * almu_session_open_file_async:
 * @file_id: what the viewer will call it; a file of that id is replaced
 * @name: what to open
 *
 * Opens an image. If that fails nothing is changed. Its pixels are not read
 * before almu_demand_start(), so that the viewer can be told first.
 */
void
almu_session_open_file_async (AlmuSession        *self,
                              int                 file_id,
                              const AlmuFileName *name,
                              GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  g_return_if_fail (ALMU_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_session_open_file_async);
  /* what is in place is in place: never report it as cancelled */
  g_task_set_check_cancellable (task, FALSE);

  if (!may_open (self, file_id, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  g_task_set_task_data (task, almu_file_new (file_id, name), g_object_unref);
  almu_opening_async (self->folder, name, NULL, cancellable, on_opened, g_steal_pointer (&task));
}

/**
 * almu_session_open_file_finish:
 * @self: the session
 * @result: what the callback got
 * @error: return location
 *
 * Fails with %ALMU_ERROR_LIMIT for an id beyond %ALMU_LIMIT_FILE_ID or more
 * than %ALMU_LIMIT_FILES, with %G_IO_ERROR_CANCELLED, and as
 * almu_opening_finish() does.
 *
 * Returns: (transfer full): the file
 */
AlmuFile *
almu_session_open_file_finish (AlmuSession  *self,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * almu_session_choose_plane:
 * @file: of the session
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Looks at another plane, as somebody beside the viewer wants it. What plays
 * the file ends, and who shows it is told that it has to follow.
 *
 * Fails as almu_file_has_plane() does. Emits `plane-chosen`.
 *
 * Returns: %FALSE if there is no such plane; nothing is changed then
 */
gboolean
almu_session_choose_plane (AlmuSession *self,
                           AlmuFile    *file,
                           int          channel,
                           int          stokes,
                           GError     **error)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), FALSE);

  if (!almu_file_has_plane (file, channel, stokes, error))
    return FALSE;

  if (self->animation != NULL && almu_animation_moves (self->animation, almu_file_get_id (file)))
    almu_session_end_animation (self);
  almu_file_set_plane (file, channel, stokes, NULL);
  g_signal_emit_by_name (self, "plane-chosen", file);

  return TRUE;
}

/**
 * almu_session_close_file:
 * @file_id: what the viewer calls it
 *
 * Closes a file and removes its regions.
 *
 * Its work ends. %ALMU_ERROR_NOT_FOUND if there is none.
 */
gboolean
almu_session_close_file (AlmuSession *self,
                         int          file_id,
                         GError     **error)
{
  g_autoptr(AlmuFile) file = NULL;
  g_autoptr(GPtrArray) regions = NULL;
  int index;

  g_return_val_if_fail (ALMU_IS_SESSION (self), FALSE);

  if (almu_session_get_file (self, file_id, error) == NULL)
    return FALSE;

  if (self->animation != NULL && almu_animation_moves (self->animation, file_id))
    almu_session_end_animation (self);

  regions = almu_session_list_regions (self, file_id);
  for (guint i = 0; i < regions->len; i++)
    almu_session_remove_region (self, almu_region_get_id (regions->pdata[i]), NULL);

  index = find_file (self, file_id);
  file = g_ptr_array_steal_index (self->files, (guint) index);
  g_signal_emit_by_name (self, "file-removed", file);
  g_object_run_dispose (G_OBJECT (file));
  if (!self->is_ending)
    update_title (self);
  almu_session_emit_changed (self);

  return TRUE;
}

/**
 * almu_session_close_all_files:
 * @self: a session
 *
 * almu_session_close_file() for each, with its regions.
 */
void
almu_session_close_all_files (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  while (self->files->len > 0)
    almu_session_close_file (self, almu_file_get_id (self->files->pdata[0]), NULL);
}
