/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

/* What of a session outlives the process, and its way back. */

static void
require_if_any (AlmuDemand *demand,
                void (*require) (AlmuDemand *,
                                 int,
                                 AlmuRegion *,
                                 GArray *),
                int         region_id,
                AlmuRegion *region,
                GArray     *wants)
{
  if (wants != NULL)
    require (demand, region_id, region, wants);
}

/**
 * almu_session_require_kept:
 * @file: of the session; nothing happens unless it is open
 *
 * Puts in force what is wanted of @file and was kept while it was not open.
 * Nothing is calculated before the demand is started.
 */
void
almu_session_require_kept (AlmuSession *self,
                           AlmuFile    *file)
{
  AlmuDemand *demand = almu_file_get_demand (file);
  g_autoptr(GPtrArray) requirements = NULL;

  g_return_if_fail (ALMU_IS_SESSION (self));

  if (demand == NULL)
    return;

  requirements = almu_file_take_requirements (file);
  for (guint i = 0; requirements != NULL && i < requirements->len; i++)
    {
      const AlmuRequirement *requirement = requirements->pdata[i];
      int                    region_id = requirement->region_id;
      AlmuRegion            *region = NULL;

      if (region_id > 0)
        {
          region = almu_session_get_region (self, region_id, NULL);
          if (region == NULL)
            continue;
        }

      require_if_any (demand, almu_demand_require_spatial, region_id, region, requirement->spatial);
      require_if_any (demand, almu_demand_require_spectral, region_id, region, requirement->spectral);
      require_if_any (demand, almu_demand_require_stats, region_id, region, requirement->stats);
      require_if_any (demand, almu_demand_require_histograms, region_id, region, requirement->histograms);
    }
}

/**
 * almu_session_get_viewer:
 *
 * Returns: (nullable): which browser the session belongs to
 */
const char *
almu_session_get_viewer (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->viewer;
}

/**
 * almu_session_set_viewer:
 * @self: a session
 * @viewer: which browser has it; copied
 *
 * Emits [signal@Almu.Producer::changed] if it is another one: it is written
 * down, so that the browser finds the session when its page begins anew.
 */
void
almu_session_set_viewer (AlmuSession *self,
                         const char  *viewer)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  if (g_strcmp0 (self->viewer, viewer) == 0)
    return;

  g_free (self->viewer);
  self->viewer = g_strdup (viewer);
  almu_session_emit_changed (self);
}

/**
 * almu_session_get_rebuilds:
 *
 * Returns: the kept session that almu_session_set_rebuilds() said, or 0
 */
guint32
almu_session_get_rebuilds (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  return self->rebuilds;
}

/**
 * almu_session_set_rebuilds:
 * @self: a session
 * @kept_id: a kept session of which this one has nothing but a part so far,
 *   0 for none
 *
 * Emits [signal@Almu.Producer::changed] if it is another one: it is written
 * down, so that a part is not taken for work of its own should the process end
 * before it is whole.
 */
void
almu_session_set_rebuilds (AlmuSession *self,
                           guint32      kept_id)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  if (self->rebuilds == kept_id)
    return;

  self->rebuilds = kept_id;
  almu_session_emit_changed (self);
}

static void
describe_region (AlmuFileWish *file,
                 AlmuRegion   *region)
{
  AlmuRegionWish wish = {
    .id = almu_region_get_id (region),
    .shape = almu_shape_ref (almu_region_get_shape (region)),
  };

  g_array_append_val (file->regions, wish);
}

static AlmuFileWish *
describe_file (AlmuSession *self,
               AlmuFile    *file)
{
  AlmuFileWish *wish = almu_file_wish_new (almu_file_get_id (file));
  AlmuImage    *image = almu_file_get_image (file);
  g_autoptr(GPtrArray) regions = almu_session_list_regions (self, wish->id);

  wish->name = almu_file_name_copy (almu_file_get_name (file));
  wish->label = g_strdup (wish->name->name);
  wish->channel = almu_file_get_channel (file);
  wish->stokes = almu_file_get_stokes (file);
  wish->cursor = almu_file_get_cursor (file);
  wish->has_cursor = almu_file_has_cursor (file);
  wish->requirements = almu_file_dup_requirements (file);
  wish->look = g_strdup (almu_file_get_look (file));
  wish->knows_contours = wish->knows_vectors = TRUE;
  wish->contours = almu_contour_settings_copy (almu_file_get_contours (file));
  wish->vectors = almu_vector_settings_copy (almu_file_get_vectors (file));
  if (image != NULL)
    {
      wish->has_fingerprint = TRUE;
      wish->fingerprint = *almu_image_get_fingerprint (image);
    }

  for (guint i = 0; i < regions->len; i++)
    describe_region (wish, regions->pdata[i]);

  return wish;
}

static AlmuCatalogWish *
describe_catalog (AlmuCatalogFile *catalog)
{
  AlmuCatalogWish    *wish = almu_catalog_wish_new (almu_catalog_file_get_id (catalog));
  const AlmuRowsWant *want = almu_catalog_file_get_want (catalog);

  wish->name = almu_file_name_copy (almu_catalog_file_get_name (catalog));
  wish->label = g_strdup (wish->name->name);
  wish->preview_size = almu_catalog_file_get_preview_size (catalog);
  if (almu_catalog_file_get_table (catalog) != NULL)
    {
      wish->has_fingerprint = TRUE;
      wish->fingerprint = *almu_catalog_file_get_fingerprint (catalog);
    }
  if (want != NULL)
    wish->want = almu_rows_want_copy (want);
  wish->look = g_strdup (almu_catalog_file_get_look (catalog));

  return wish;
}

/**
 * almu_session_describe:
 * @self: a session
 *
 * A copy of everything that a record holds, fingerprints among it; regions are
 * in the order of their ids.
 *
 * Returns: (transfer full): the session as it can be written down
 */
AlmuMemento *
almu_session_describe (AlmuSession *self)
{
  AlmuMemento *memento;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  memento = almu_memento_new (self->id);
  memento->state = g_strdup (almu_session_state_get_name (self->state));
  memento->title = g_strdup (self->title);
  memento->peer = g_strdup (self->peer);
  memento->viewer = g_strdup (self->viewer);
  memento->created = self->created;
  memento->last_seen = self->last_seen;
  memento->epoch = self->epoch;
  memento->last_region_id = self->last_region_id;
  memento->rebuilds = self->rebuilds;
  for (guint i = 0; i < self->files->len; i++)
    g_ptr_array_add (memento->files, describe_file (self, self->files->pdata[i]));
  for (guint i = 0; i < self->catalogs->len; i++)
    g_ptr_array_add (memento->catalogs, describe_catalog (self->catalogs->pdata[i]));

  return memento;
}

static AlmuFileWish *
take_file (AlmuMemento *memento,
           int          id)
{
  AlmuFileWish *file = almu_memento_find_file (memento, id);

  if (file == NULL)
    {
      file = almu_file_wish_new (id);
      g_ptr_array_add (memento->files, file);
    }

  return file;
}

/**
 * almu_session_describe_regions:
 * @self: a session
 * @ids: (element-type int int): a set of regions; those that are not there are left out
 *
 * What almu_session_describe() says of these, and of which the last one is.
 *
 * Returns: (transfer full): the regions, in the files they are drawn on
 */
AlmuMemento *
almu_session_describe_regions (AlmuSession *self,
                               GHashTable  *ids)
{
  AlmuMemento   *memento;
  GHashTableIter iter;
  gpointer       id;

  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  memento = almu_memento_new (self->id);
  memento->last_region_id = self->last_region_id;
  g_hash_table_iter_init (&iter, ids);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      AlmuRegion *region = g_hash_table_lookup (self->regions, id);

      if (region != NULL)
        describe_region (take_file (memento, almu_region_get_file_id (region)), region);
    }

  return memento;
}

/**
 * almu_session_recall:
 * @memento: of this session
 *
 * Takes over from @memento what needs no opening of files; these are for
 * almu_resume_async(). Until almu_session_end_recall() the session is not
 * yet what its record says, so that nothing is written down.
 */
void
almu_session_recall (AlmuSession       *self,
                     const AlmuMemento *memento)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  self->is_recalled = TRUE;
  self->created = memento->created;
  self->last_seen = memento->last_seen;
  self->epoch = memento->epoch + 1;
  self->last_region_id = memento->last_region_id;
  self->rebuilds = memento->rebuilds;
  g_free (self->viewer);
  self->viewer = g_strdup (memento->viewer);
  g_free (self->title);
  self->title = g_strdup (memento->title != NULL ? memento->title : "");
  g_object_notify (G_OBJECT (self), "title");
}

/**
 * almu_session_is_recalled:
 *
 * Whether the session is on its way back: what it would tell of itself is
 * not all of it yet.
 */
gboolean
almu_session_is_recalled (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), FALSE);

  return self->is_recalled;
}

/**
 * almu_session_end_recall:
 *
 * All that could be brought back is back.
 */
void
almu_session_end_recall (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  self->is_recalled = FALSE;
  almu_session_emit_changed (self);
}
