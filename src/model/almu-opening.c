/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-opening.h"

#include <unistd.h>

#include "almu-workers.h"

typedef struct
{
  AlmuFolder   *folder;
  AlmuFileName *name;
  AlmuImage    *known;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_clear_object (&opening->folder);
  g_clear_object (&opening->known);
  g_clear_pointer (&opening->name, almu_file_name_free);
  g_free (opening);
}

static gboolean
is_unchanged (AlmuImage *known,
              int        fd)
{
  AlmuFingerprint now;

  return known != NULL &&
         almu_fingerprint_read (fd, &now, NULL) &&
         almu_fingerprint_equal (&now, almu_image_get_fingerprint (known));
}

static void
open_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Opening *opening = task_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuImage) image = NULL;
  int fd;

  fd = almu_folder_open (opening->folder, opening->name->directory, opening->name->name, &error);
  if (fd < 0)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (is_unchanged (opening->known, fd))
    {
      close (fd);
      image = g_object_ref (opening->known);
    }
  else
    {
      image = almu_image_open (fd, opening->name->name, opening->name->hdu,
                               opening->name->flags, &error);
    }

  if (image != NULL)
    g_task_return_pointer (task, g_steal_pointer (&image), g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * almu_opening_async:
 * @known: (nullable): an image opened under this name before
 *
 * Opens an image on a worker thread: its header, not its pixels. If the
 * file is still the one that @known was opened from, the result is @known.
 */
void
almu_opening_async (AlmuFolder         *folder,
                    const AlmuFileName *name,
                    AlmuImage          *known,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);

  opening->folder = g_object_ref (folder);
  opening->name = almu_file_name_copy (name);
  opening->known = known != NULL ? g_object_ref (known) : NULL;

  g_task_set_source_tag (task, almu_opening_async);
  g_task_set_priority (task, ALMU_PRIORITY_PICTURE);
  g_task_set_task_data (task, opening, opening_free);
  almu_workers_run (task, open_worker);
}

/**
 * almu_opening_finish:
 *
 * Returns: (transfer full): the image
 */
AlmuImage *
almu_opening_finish (GAsyncResult *result,
                     GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
