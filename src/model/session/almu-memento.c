/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-memento.h"

/**
 * almu_requirement_new:
 * @region_id: a region, or one of %ALMU_REGION_CURSOR, %ALMU_REGION_IMAGE and
 *   %ALMU_REGION_CUBE
 *
 * Nothing is said of it yet: all lists are %NULL.
 *
 * Returns: (transfer full): what is wanted of it
 */
AlmuRequirement *
almu_requirement_new (int region_id)
{
  AlmuRequirement *self = g_new0 (AlmuRequirement, 1);

  self->region_id = region_id;

  return self;
}

/**
 * almu_requirement_free:
 * @self: (transfer full): a requirement
 *
 * Frees it and lets its lists go.
 */
void
almu_requirement_free (AlmuRequirement *self)
{
  g_clear_pointer (&self->spatial, g_array_unref);
  g_clear_pointer (&self->spectral, g_array_unref);
  g_clear_pointer (&self->stats, g_array_unref);
  g_clear_pointer (&self->histograms, g_array_unref);
  g_free (self);
}

/**
 * almu_requirements_new:
 *
 * Returns: (transfer full) (element-type AlmuRequirement): an empty list
 */
GPtrArray *
almu_requirements_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) almu_requirement_free);
}

static void
clear_region_wish (gpointer data)
{
  AlmuRegionWish *wish = data;

  g_clear_pointer (&wish->shape, almu_shape_unref);
  g_clear_error (&wish->error);
}

/**
 * almu_file_wish_new:
 * @id: what the viewer calls the file
 *
 * Channel and polarisation 0, no regions, and everything else unknown.
 *
 * Returns: (transfer full): a wish, to be filled in
 */
AlmuFileWish *
almu_file_wish_new (int id)
{
  AlmuFileWish *self = g_new0 (AlmuFileWish, 1);

  self->id = id;
  self->regions = g_array_new (FALSE, TRUE, sizeof (AlmuRegionWish));
  g_array_set_clear_func (self->regions, clear_region_wish);

  return self;
}

/**
 * almu_file_wish_free:
 * @self: (transfer full): a wish
 *
 * Frees it and all that is in it.
 */
void
almu_file_wish_free (AlmuFileWish *self)
{
  g_clear_pointer (&self->name, almu_file_name_free);
  g_clear_pointer (&self->label, g_free);
  g_clear_error (&self->error);
  g_clear_pointer (&self->regions, g_array_unref);
  g_clear_pointer (&self->requirements, g_ptr_array_unref);
  g_clear_pointer (&self->look, g_free);
  g_clear_pointer (&self->contours, almu_contour_settings_free);
  g_clear_pointer (&self->vectors, almu_vector_settings_free);
  g_free (self);
}

/**
 * almu_file_wishes_new:
 *
 * Returns: (transfer full) (element-type AlmuFileWish): an empty list
 */
GPtrArray *
almu_file_wishes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) almu_file_wish_free);
}

/**
 * almu_catalog_wish_new:
 * @id: what the viewer calls the catalog
 *
 * Everything else is unknown, the size of its preview among it: -1.
 *
 * Returns: (transfer full): a wish, to be filled in
 */
AlmuCatalogWish *
almu_catalog_wish_new (int id)
{
  AlmuCatalogWish *self = g_new0 (AlmuCatalogWish, 1);

  self->id = id;
  self->preview_size = -1;

  return self;
}

/**
 * almu_catalog_wish_free:
 * @self: (transfer full): a wish
 *
 * Frees it and all that is in it.
 */
void
almu_catalog_wish_free (AlmuCatalogWish *self)
{
  g_clear_pointer (&self->name, almu_file_name_free);
  g_clear_pointer (&self->label, g_free);
  g_clear_error (&self->error);
  g_clear_pointer (&self->want, almu_rows_want_free);
  g_clear_pointer (&self->look, g_free);
  g_free (self);
}

/**
 * almu_catalog_wishes_new:
 *
 * Returns: (transfer full) (element-type AlmuCatalogWish): an empty list
 */
GPtrArray *
almu_catalog_wishes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) almu_catalog_wish_free);
}

/**
 * almu_memento_new:
 * @id: of the session
 *
 * No files and no catalogs; texts are %NULL and times 0.
 *
 * Returns: (transfer full): a session, to be filled in
 */
AlmuMemento *
almu_memento_new (guint32 id)
{
  AlmuMemento *self = g_new0 (AlmuMemento, 1);

  self->id = id;
  self->files = almu_file_wishes_new ();
  self->catalogs = almu_catalog_wishes_new ();

  return self;
}

/**
 * almu_memento_free:
 * @self: (transfer full): a session that was written down
 *
 * Frees it and all that is in it.
 */
void
almu_memento_free (AlmuMemento *self)
{
  g_free (self->state);
  g_free (self->title);
  g_free (self->peer);
  g_free (self->viewer);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->catalogs, g_ptr_array_unref);
  g_free (self);
}

/**
 * almu_memento_find_file:
 * @id: what the viewer calls it
 *
 * Looks through the files.
 *
 * Returns: (nullable) (transfer none): the file of that id, or %NULL
 */
AlmuFileWish *
almu_memento_find_file (const AlmuMemento *self,
                        int                id)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuFileWish *file = self->files->pdata[i];

      if (file->id == id)
        return file;
    }

  return NULL;
}
