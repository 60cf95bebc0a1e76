/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-archive.h"

G_DEFINE_INTERFACE (AlmuArchive, almu_archive, G_TYPE_OBJECT)

/**
 * almu_archive_entry_free:
 * @self: (transfer full): an entry
 *
 * Frees an entry and its texts.
 */
void
almu_archive_entry_free (AlmuArchiveEntry *self)
{
  g_free (self->state);
  g_free (self->title);
  g_free (self->viewer);
  g_free (self);
}

static void
almu_archive_default_init (AlmuArchiveInterface *iface)
{
}

/**
 * almu_archive_load:
 * @self: an archive
 * @id: of a session
 * @error: return location
 *
 * Reads a record; blocks. %ALMU_ERROR_NOT_FOUND if none is kept; one that is
 * damaged or cannot be read has an error of its own.
 *
 * Returns: (transfer full): the session as it was written down
 */
AlmuMemento *
almu_archive_load (AlmuArchive *self,
                   guint32      id,
                   GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), NULL);

  return ALMU_ARCHIVE_GET_IFACE (self)->load (self, id, error);
}

/**
 * almu_archive_list:
 * @self: an archive
 * @error: return location
 *
 * Blocks; fails if the archive cannot be read.
 *
 * Returns: (transfer full) (element-type AlmuArchiveEntry): what is kept,
 *   the latest seen first
 */
GPtrArray *
almu_archive_list (AlmuArchive *self,
                   GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), NULL);

  return ALMU_ARCHIVE_GET_IFACE (self)->list (self, error);
}

/**
 * almu_archive_forget:
 * @self: an archive
 * @id: of a session
 * @error: return location
 *
 * Drops a record for ever. That there is none is no failure.
 *
 * Returns: %FALSE if it could not be dropped
 */
gboolean
almu_archive_forget (AlmuArchive *self,
                     guint32      id,
                     GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->forget (self, id, error);
}

/**
 * almu_archive_replace:
 * @self: an archive
 * @id: of a session that is not in memory
 * @heir_id: of one that is, and has all of it
 * @error: return location
 *
 * Writes the heir down and drops the record of the other, in one step: a process
 * that ends at any moment leaves one of the two. What cannot be written yet
 * counts as written, and is written in one step later.
 *
 * Returns: %FALSE if the heir has no place in the archive; nothing was dropped
 *   then
 */
gboolean
almu_archive_replace (AlmuArchive *self,
                      guint32      id,
                      guint32      heir_id,
                      GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);
  g_return_val_if_fail (id != heir_id, FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->replace (self, id, heir_id, error);
}

/**
 * almu_archive_contains:
 * @self: an archive
 * @id: of a session
 *
 * Whether it is kept; %FALSE too if the archive cannot be read.
 */
gboolean
almu_archive_contains (AlmuArchive *self,
                       guint32      id)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->contains (self, id);
}

/**
 * almu_archive_begin_restore:
 * @self: an archive
 * @id: of a session
 * @error: return location
 *
 * To be followed by almu_archive_end_restore(). What changes in the session
 * meanwhile is not written down: half a session must not become its record. A
 * process that ends in between leaves the record suspect.
 *
 * Returns: %FALSE if no such session is kept (%ALMU_ERROR_NOT_FOUND)
 */
gboolean
almu_archive_begin_restore (AlmuArchive *self,
                            guint32      id,
                            GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->begin_restore (self, id, error);
}

/**
 * almu_archive_end_restore:
 * @self: an archive
 * @id: of a session
 *
 * It has been restored without harm: it is no longer suspect, and written down
 * again from now on. Nothing happens if no restoring was begun.
 */
void
almu_archive_end_restore (AlmuArchive *self,
                          guint32      id)
{
  g_return_if_fail (ALMU_IS_ARCHIVE (self));

  ALMU_ARCHIVE_GET_IFACE (self)->end_restore (self, id);
}
