/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-archive.h"

G_DEFINE_INTERFACE (AlmuArchive, almu_archive, G_TYPE_OBJECT)

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

gboolean
almu_archive_forget (AlmuArchive *self,
                     guint32      id,
                     GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->forget (self, id, error);
}

gboolean
almu_archive_contains (AlmuArchive *self,
                       guint32      id)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->contains (self, id);
}

gboolean
almu_archive_begin_restore (AlmuArchive *self,
                            guint32      id,
                            GError     **error)
{
  g_return_val_if_fail (ALMU_IS_ARCHIVE (self), FALSE);

  return ALMU_ARCHIVE_GET_IFACE (self)->begin_restore (self, id, error);
}

void
almu_archive_end_restore (AlmuArchive *self,
                          guint32      id)
{
  g_return_if_fail (ALMU_IS_ARCHIVE (self));

  ALMU_ARCHIVE_GET_IFACE (self)->end_restore (self, id);
}
