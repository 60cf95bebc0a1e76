/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"

G_BEGIN_DECLS

/**
 * AlmuArchiveEntry:
 * @rebuilds: the kept session of which this is a part so far, or 0
 * @is_suspect: the process ended while it was being restored the last time
 *
 * A kept session in a list.
 */
typedef struct
{
  guint32  id;
  char    *state;
  char    *title;
  char    *viewer;
  gint64   created;
  gint64   last_seen;
  guint    n_files;
  guint    n_regions;
  guint32  rebuilds;
  gboolean is_suspect;
} AlmuArchiveEntry;

void almu_archive_entry_free (AlmuArchiveEntry *self);

/**
 * AlmuArchiveInterface:
 * @load: gives a kept session back; %ALMU_ERROR_NOT_FOUND if there is none
 * @list: all kept, the latest seen first
 * @forget: drops one for ever
 * @replace: drops one for ever, and writes down the one in memory that has all
 *   of it: both or neither, whenever the process ends
 * @contains: whether there is one of that id
 * @begin_restore: notes that one is being restored, until @end_restore; a
 *   process that ends in between leaves it suspect
 * @end_restore: it has been restored without harm
 *
 * Where sessions are kept that are not in memory. The model knows that
 * there is such a place, not what it is.
 */
#define ALMU_TYPE_ARCHIVE (almu_archive_get_type ())
G_DECLARE_INTERFACE (AlmuArchive, almu_archive, ALMU, ARCHIVE, GObject)

struct _AlmuArchiveInterface
{
  GTypeInterface parent_iface;

  AlmuMemento *(*load) (AlmuArchive *self,
                        guint32      id,
                        GError     **error);
  GPtrArray *(*list) (AlmuArchive *self,
                      GError     **error);
  gboolean (*forget) (AlmuArchive *self,
                      guint32      id,
                      GError     **error);
  gboolean (*replace) (AlmuArchive *self,
                       guint32      id,
                       guint32      heir_id,
                       GError     **error);
  gboolean (*contains) (AlmuArchive *self,
                        guint32      id);
  gboolean (*begin_restore) (AlmuArchive *self,
                             guint32      id,
                             GError     **error);
  void (*end_restore) (AlmuArchive *self,
                       guint32      id);
};

AlmuMemento *almu_archive_load (AlmuArchive *self,
                                guint32      id,
                                GError     **error);
GPtrArray   *almu_archive_list (AlmuArchive *self,
                                GError     **error);
gboolean     almu_archive_forget (AlmuArchive *self,
                                  guint32      id,
                                  GError     **error);
gboolean     almu_archive_replace (AlmuArchive *self,
                                   guint32      id,
                                   guint32      heir_id,
                                   GError     **error);
gboolean     almu_archive_contains (AlmuArchive *self,
                                    guint32      id);
gboolean     almu_archive_begin_restore (AlmuArchive *self,
                                         guint32      id,
                                         GError     **error);
void         almu_archive_end_restore (AlmuArchive *self,
                                       guint32      id);

G_END_DECLS
