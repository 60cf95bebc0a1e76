/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-catalogs.h"

#include <glib/gi18n-lib.h>

#include "almu-catalog-opening.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-session-private.h"
#include "almu-workers.h"

/* The catalogs of a session: numbered by their own, and untouched when
 * images are closed. */

static int
find_catalog (AlmuSession *self,
              int          catalog_id)
{
  for (guint i = 0; i < self->catalogs->len; i++)
    if (almu_catalog_file_get_id (self->catalogs->pdata[i]) == catalog_id)
      return (int) i;

  return -1;
}

/**
 * almu_session_get_catalog:
 * @catalog_id: what the viewer calls it
 *
 * %ALMU_ERROR_NOT_FOUND if there is none.
 *
 * Returns: (transfer none): the catalog of that id
 */
AlmuCatalogFile *
almu_session_get_catalog (AlmuSession *self,
                          int          catalog_id,
                          GError     **error)
{
  int index;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  index = find_catalog (self, catalog_id);
  if (index >= 0)
    return self->catalogs->pdata[index];

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
               _ ("No catalog %d is open in this session"), catalog_id);

  return NULL;
}

/**
 * almu_session_list_catalogs:
 * @self: a session
 *
 * The session's own list: it changes when catalogs are opened or closed.
 *
 * Returns: (transfer none) (element-type AlmuCatalogFile): in the order of
 *   opening
 */
GPtrArray *
almu_session_list_catalogs (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->catalogs;
}

static void
on_failed (AlmuCatalogFile *catalog,
           const GError    *error,
           AlmuSession     *self)
{
  g_autoptr(GError) told = g_error_copy (error);

  g_prefix_error (&told, _ ("Catalog %d (%s): "), almu_catalog_file_get_id (catalog),
                  almu_catalog_file_get_name (catalog)->name);
  almu_producer_emit_failed (ALMU_PRODUCER (self), told);
}

/**
 * almu_session_take_catalog:
 * @catalog: (transfer full): a catalog, there or not
 *
 * Adds @catalog, in place of the one that has its id.
 */
void
almu_session_take_catalog (AlmuSession     *self,
                           AlmuCatalogFile *catalog)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  almu_session_close_catalog (self, almu_catalog_file_get_id (catalog), NULL);
  g_ptr_array_add (self->catalogs, catalog);
  almu_workers_set_owner (catalog, almu_workers_get_owner (self));
  almu_catalog_file_set_paused (catalog, self->is_congested);
  g_signal_connect_object (catalog, "product", G_CALLBACK (almu_producer_emit_product), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (catalog, "failed", G_CALLBACK (on_failed), self, 0);
  g_signal_connect_object (catalog, "changed", G_CALLBACK (almu_session_emit_changed), self, G_CONNECT_SWAPPED);
  almu_session_emit_changed (self);
  almu_session_await_missing (self);
}

/**
 * almu_session_close_catalog:
 * @self: a session
 * @catalog_id: one of its catalogs
 * @error: return location
 *
 * Ends its rows and frees the table, if nobody else has it. Emits
 * [signal@Almu.Producer::changed]. %ALMU_ERROR_NOT_FOUND if there is none.
 *
 * Returns: whether there was one
 */
gboolean
almu_session_close_catalog (AlmuSession *self,
                            int          catalog_id,
                            GError     **error)
{
  g_autoptr(AlmuCatalogFile) catalog = NULL;

  g_return_val_if_fail (ALMU_IS_SESSION (self), FALSE);

  if (almu_session_get_catalog (self, catalog_id, error) == NULL)
    return FALSE;

  catalog = g_ptr_array_steal_index (self->catalogs, (guint) find_catalog (self, catalog_id));
  g_object_run_dispose (G_OBJECT (catalog));
  almu_session_emit_changed (self);

  return TRUE;
}

/**
 * almu_session_close_all_catalogs:
 * @self: a session
 *
 * almu_session_close_catalog() for each.
 */
void
almu_session_close_all_catalogs (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  while (self->catalogs->len > 0)
    almu_session_close_catalog (self, almu_catalog_file_get_id (self->catalogs->pdata[0]), NULL);
}

/* -- opening ------------------------------------------------------------ */

static gboolean
may_open (AlmuSession *self,
          int          catalog_id,
          GError     **error)
{
  if (catalog_id < 0 || catalog_id > ALMU_LIMIT_FILE_ID)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Catalog id %d is not one from 0 to %d"), catalog_id, ALMU_LIMIT_FILE_ID);
      return FALSE;
    }

  if (self->catalogs->len >= ALMU_LIMIT_CATALOGS && find_catalog (self, catalog_id) < 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("The session has %d catalogs open, which is as many as it may"), ALMU_LIMIT_CATALOGS);
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
  AlmuSession     *self = g_task_get_source_object (task);
  AlmuCatalogFile *catalog = g_task_get_task_data (task);
  AlmuFingerprint  fingerprint;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;

  table = almu_catalog_opening_finish (result, &fingerprint, &error);
  if (table == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (g_task_return_error_if_cancelled (task))
    return;

  /* the page takes a catalog without rows for one that was not loaded */
  if (table->n_rows == 0)
    {
      g_task_return_new_error (task, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("%s: the table has no rows"),
                               almu_catalog_file_get_name (catalog)->name);
      return;
    }

  almu_catalog_file_come_alive (catalog, table, &fingerprint, self->epoch);
  almu_session_take_catalog (self, g_object_ref (catalog));
  g_task_return_pointer (task, g_object_ref (catalog), g_object_unref);
}

/**
 * almu_session_open_catalog_async:
 * @catalog_id: what the viewer will call it; a catalog of that id is replaced
 * @name: where it lies
 * @preview_size: how many rows it will be shown
 *
 * Opens a catalog. If that fails nothing is changed.
 */
void
almu_session_open_catalog_async (AlmuSession        *self,
                                 int                 catalog_id,
                                 const AlmuFileName *name,
                                 int                 preview_size,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  g_return_if_fail (ALMU_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_session_open_catalog_async);
  /* what is in place is in place: never report it as cancelled */
  g_task_set_check_cancellable (task, FALSE);

  if (!may_open (self, catalog_id, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  g_task_set_task_data (task, almu_catalog_file_new (catalog_id, name, preview_size), g_object_unref);
  almu_catalog_opening_async (self->folder, name, ALMU_TABLE_ALL, NULL, NULL, cancellable,
                              on_opened, g_steal_pointer (&task));
}

/**
 * almu_session_open_catalog_finish:
 * @self: the session
 * @result: what the callback got
 * @error: return location
 *
 * Fails with %ALMU_ERROR_LIMIT for an id beyond %ALMU_LIMIT_FILE_ID or more
 * than %ALMU_LIMIT_CATALOGS, with %ALMU_ERROR_NOT_FOUND for a table without
 * rows, with %G_IO_ERROR_CANCELLED, and as almu_catalog_opening_finish() does.
 *
 * Returns: (transfer full): the catalog
 */
AlmuCatalogFile *
almu_session_open_catalog_finish (AlmuSession  *self,
                                  GAsyncResult *result,
                                  GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
