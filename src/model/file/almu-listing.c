/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-listing.h"

static void
clear_entry (gpointer data)
{
  AlmuFolderEntry *entry = data;

  g_free (entry->name);
}

/**
 * almu_listing_new:
 * @directory: relative to the top-level folder; "" for it
 *
 * Whoever made it fills it before anybody else sees it.
 *
 * Returns: (transfer full): a listing without entries
 */
AlmuListing *
almu_listing_new (const char *directory)
{
  AlmuListing *self;

  g_return_val_if_fail (directory != NULL, NULL);

  self = g_new0 (AlmuListing, 1);
  g_atomic_ref_count_init (&self->refs);
  self->directory = g_strdup (directory);
  self->parent = g_path_get_dirname (directory);
  self->entries = g_array_new (FALSE, FALSE, sizeof (AlmuFolderEntry));
  g_array_set_clear_func (self->entries, clear_entry);

  return self;
}

/**
 * almu_listing_ref:
 * @self: a listing
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuListing *
almu_listing_ref (AlmuListing *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_listing_unref:
 * @self: (transfer full): a listing
 *
 * Frees it with its last reference. Any thread.
 */
void
almu_listing_unref (AlmuListing *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->directory);
  g_free (self->parent);
  g_array_unref (self->entries);
  g_free (self);
}

/**
 * almu_listing_get_entry:
 * @self: a listing
 * @index: from 0, below the length of its entries
 *
 * Costs nothing: the entries lie in an array.
 *
 * Returns: (transfer none): an entry, valid as long as @self
 */
const AlmuFolderEntry *
almu_listing_get_entry (const AlmuListing *self,
                        guint              index)
{
  g_return_val_if_fail (self != NULL && index < self->entries->len, NULL);

  return &g_array_index (self->entries, AlmuFolderEntry, index);
}
