/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

#include "almu-catalog-opening.h"
#include "almu-opening.h"

/* A file that could not be opened stays in its session, and is opened as
 * soon as it is there again: a disk that was not mounted yet, a cube that is
 * being copied. Looking is a failing open(), which costs nothing; watching
 * the folder instead would not see a file server come back.
 */

#define RETRY_SECONDS 3

typedef struct
{
  AlmuSession     *session;
  AlmuFile        *file;    /* one of both */
  AlmuCatalogFile *catalog; /* likewise */
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_object_unref (attempt->session);
  g_clear_object (&attempt->file);
  g_clear_object (&attempt->catalog);
  g_free (attempt);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static gboolean
is_missing (AlmuFile *file)
{
  return almu_file_get_state (file) == ALMU_FILE_STATE_UNAVAILABLE;
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Attempt) attempt = user_data;
  AlmuSession *self = attempt->session;
  AlmuFile    *file = attempt->file;
  g_autoptr(AlmuImage) image = almu_opening_finish (result, NULL);

  if (self->files == NULL || !g_ptr_array_find (self->files, file, NULL) || !is_missing (file))
    return;

  if (image == NULL)
    {
      almu_session_await_missing (self);
      return;
    }

  almu_file_come_alive (file, self->cache, image, self->id, self->epoch);
  almu_session_place_regions (self, file);
  almu_session_require_kept (self, file);
  almu_session_emit_changed (self);
  almu_session_emit_returned (self, "File", almu_file_get_id (file), almu_file_get_name (file)->name);
  if (self->state == ALMU_SESSION_ATTACHED)
    almu_demand_start (almu_file_get_demand (file));
}

/* Its rows are in the viewer's memory: that it can be asked again is all
 * there is to it. */
static void
on_catalog_read (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Attempt) attempt = user_data;
  AlmuSession     *self = attempt->session;
  AlmuCatalogFile *catalog = attempt->catalog;
  AlmuFingerprint  fingerprint;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;

  table = almu_catalog_opening_finish (result, &fingerprint, &error);
  if (self->catalogs == NULL || !g_ptr_array_find (self->catalogs, catalog, NULL) ||
      almu_catalog_file_get_table (catalog) != NULL)
    return;

  if (table != NULL)
    {
      almu_catalog_file_come_alive (catalog, table, &fingerprint, self->epoch);
      almu_session_emit_changed (self);
      almu_session_emit_returned (self, "Catalog", almu_catalog_file_get_id (catalog),
                                  almu_catalog_file_get_name (catalog)->name);
      return;
    }

  almu_catalog_file_fail (catalog, error);
  almu_session_await_missing (self);
}

static void
retry_catalogs (AlmuSession *self)
{
  for (guint i = 0; i < self->catalogs->len; i++)
    {
      AlmuCatalogFile *catalog = self->catalogs->pdata[i];
      Attempt         *attempt;

      if (!almu_catalog_file_is_missing (catalog))
        continue;

      attempt = g_new0 (Attempt, 1);
      attempt->session = g_object_ref (self);
      attempt->catalog = g_object_ref (catalog);
      almu_catalog_opening_async (self->folder, almu_catalog_file_get_name (catalog), ALMU_TABLE_ALL,
                                  NULL, NULL, NULL, on_catalog_read, attempt);
    }
}

static gboolean
on_retry (gpointer user_data)
{
  AlmuSession *self = user_data;

  self->retry_source = 0;
  retry_catalogs (self);
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuFile *file = self->files->pdata[i];
      Attempt  *attempt;

      if (!is_missing (file))
        continue;

      attempt = g_new0 (Attempt, 1);
      attempt->session = g_object_ref (self);
      attempt->file = g_object_ref (file);
      almu_opening_async (self->folder, almu_file_get_name (file), NULL, NULL, on_opened, attempt);
    }

  return G_SOURCE_REMOVE;
}

static gboolean
is_missing_file (gconstpointer file,
                 gconstpointer ignored)
{
  return is_missing (ALMU_FILE ((gpointer) file));
}

static gboolean
is_missing_catalog (gconstpointer catalog,
                    gconstpointer ignored)
{
  return almu_catalog_file_is_missing (ALMU_CATALOG_FILE ((gpointer) catalog));
}

/**
 * almu_session_await_missing:
 *
 * Looks now and then for files that could not be opened, while somebody is
 * there to see them.
 */
void
almu_session_await_missing (AlmuSession *self)
{
  if (self->retry_source != 0 || self->state != ALMU_SESSION_ATTACHED)
    return;

  if (g_ptr_array_find_with_equal_func (self->files, NULL, is_missing_file, NULL) ||
      g_ptr_array_find_with_equal_func (self->catalogs, NULL, is_missing_catalog, NULL))
    self->retry_source = g_timeout_add_seconds (RETRY_SECONDS, on_retry, self);
}
