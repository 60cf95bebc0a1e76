/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog-opening.h"

#include <unistd.h>

#include "almu-table-file.h"
#include "almu-workers.h"

typedef struct
{
  AlmuFolder     *folder;
  AlmuFileName   *name;
  AlmuTableFlags  flags;
  AlmuDataTable  *known;
  AlmuFingerprint known_fingerprint;
  AlmuFingerprint fingerprint;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_clear_object (&opening->folder);
  g_clear_pointer (&opening->name, almu_file_name_free);
  g_clear_pointer (&opening->known, almu_data_table_unref);
  g_free (opening);
}

static AlmuDataTable *
read_table (Opening      *opening,
            int           fd,
            GCancellable *cancellable,
            GError      **error)
{
  if (!almu_fingerprint_read (fd, &opening->fingerprint, error))
    return NULL;

  if (opening->known != NULL && almu_fingerprint_equal (&opening->fingerprint, &opening->known_fingerprint))
    return almu_data_table_ref (opening->known);

  return almu_table_file_read (fd, opening->name->name, opening->flags, cancellable, error);
}

static void
open_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Opening       *opening = task_data;
  AlmuDataTable *table;
  GError        *error = NULL;
  int            fd;

  fd = almu_folder_open (opening->folder, opening->name->directory, opening->name->name, &error);
  if (fd < 0)
    {
      g_task_return_error (task, error);
      return;
    }

  table = read_table (opening, fd, cancellable, &error);
  close (fd);
  if (table != NULL)
    g_task_return_pointer (task, table, (GDestroyNotify) almu_data_table_unref);
  else
    g_task_return_error (task, error);
}

/**
 * almu_catalog_opening_async:
 * @folder: beneath which it lies
 * @name: what to read
 * @flags: whether to read the head alone
 * @known: (nullable): a table read under this name before
 * @known_fingerprint: (nullable): of the file @known was read from
 * @cancellable: (nullable): gives it up
 *
 * Reads a catalog on a worker thread. If the file is still the one that
 * @known was read from, the result is @known.
 */
void
almu_catalog_opening_async (AlmuFolder            *folder,
                            const AlmuFileName    *name,
                            AlmuTableFlags         flags,
                            AlmuDataTable         *known,
                            const AlmuFingerprint *known_fingerprint,
                            GCancellable          *cancellable,
                            GAsyncReadyCallback    callback,
                            gpointer               user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);

  opening->folder = g_object_ref (folder);
  opening->name = almu_file_name_copy (name);
  opening->flags = flags;
  if (known != NULL)
    {
      opening->known = almu_data_table_ref (known);
      opening->known_fingerprint = *known_fingerprint;
    }

  g_task_set_source_tag (task, almu_catalog_opening_async);
  g_task_set_task_data (task, opening, opening_free);
  almu_workers_run (task, flags == ALMU_TABLE_HEAD_ONLY ? ALMU_PRIORITY_NORMAL : ALMU_PRIORITY_LONG, open_worker);
}

/**
 * almu_catalog_opening_finish:
 * @result: what the callback got
 * @out_fingerprint: (out): of the file that was read; left alone on failure
 * @error: return location
 *
 * Fails as almu_folder_open() and almu_table_file_read() do.
 *
 * Returns: (transfer full): the table
 */
AlmuDataTable *
almu_catalog_opening_finish (GAsyncResult    *result,
                             AlmuFingerprint *out_fingerprint,
                             GError         **error)
{
  AlmuDataTable *table;

  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  table = g_task_propagate_pointer (G_TASK (result), error);
  if (table != NULL)
    *out_fingerprint = ((Opening *) g_task_get_task_data (G_TASK (result)))->fingerprint;

  return table;
}
