/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-archive.h"

#include "almu-error.h"

/**
 * AlmuTestArchive:
 *
 * An archive in memory that can be told to fail.
 */
struct _AlmuTestArchive
{
  GObject parent_instance;

  GPtrArray *mementos;
  gboolean   broken;
};

static void almu_test_archive_archive_init (AlmuArchiveInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AlmuTestArchive, almu_test_archive, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (ALMU_TYPE_ARCHIVE, almu_test_archive_archive_init))

static AlmuMemento *
find (AlmuTestArchive *self,
      guint32          id)
{
  for (guint i = 0; i < self->mementos->len; i++)
    {
      AlmuMemento *memento = self->mementos->pdata[i];

      if (memento->id == id)
        return memento;
    }

  return NULL;
}

static gboolean
check (AlmuTestArchive *self,
       GError         **error)
{
  if (self->broken)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The archive is broken");

  return !self->broken;
}

static void
copy_file (AlmuMemento        *memento,
           const AlmuFileWish *from)
{
  AlmuFileWish *to = almu_file_wish_new (from->id);

  to->name = from->name != NULL ? almu_file_name_copy (from->name) : NULL;
  to->label = g_strdup (from->label);
  to->look = g_strdup (from->look);
  g_ptr_array_add (memento->files, to);
}

static AlmuMemento *
almu_test_archive_load (AlmuArchive *archive,
                        guint32      id,
                        GError     **error)
{
  AlmuTestArchive   *self = ALMU_TEST_ARCHIVE (archive);
  const AlmuMemento *from = find (self, id);
  AlmuMemento       *to;

  if (!check (self, error))
    return NULL;

  if (from == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "No session %u", id);
      return NULL;
    }

  to = almu_memento_new (id);
  to->title = g_strdup (from->title);
  to->state = g_strdup (from->state);
  to->last_seen = from->last_seen;
  for (guint i = 0; i < from->files->len; i++)
    copy_file (to, from->files->pdata[i]);

  return to;
}

static GPtrArray *
almu_test_archive_list (AlmuArchive *archive,
                        GError     **error)
{
  AlmuTestArchive *self = ALMU_TEST_ARCHIVE (archive);
  GPtrArray       *list;

  if (!check (self, error))
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_archive_entry_free);
  for (guint i = 0; i < self->mementos->len; i++)
    {
      const AlmuMemento *memento = self->mementos->pdata[i];
      AlmuArchiveEntry  *entry = g_new0 (AlmuArchiveEntry, 1);

      entry->id = memento->id;
      entry->state = g_strdup (memento->state);
      entry->title = g_strdup (memento->title);
      entry->viewer = g_strdup (memento->viewer);
      entry->last_seen = memento->last_seen;
      entry->n_files = memento->files->len;
      entry->is_suspect = memento->epoch == G_MAXUINT;
      g_ptr_array_add (list, entry);
    }

  return list;
}

static gboolean
almu_test_archive_forget (AlmuArchive *archive,
                          guint32      id,
                          GError     **error)
{
  AlmuTestArchive *self = ALMU_TEST_ARCHIVE (archive);

  if (!check (self, error))
    return FALSE;

  g_ptr_array_remove (self->mementos, find (self, id));

  return TRUE;
}

static gboolean
almu_test_archive_replace (AlmuArchive *archive,
                           guint32      id,
                           guint32      heir_id,
                           GError     **error)
{
  return almu_test_archive_forget (archive, id, error);
}

static gboolean
almu_test_archive_contains (AlmuArchive *archive,
                            guint32      id)
{
  return find (ALMU_TEST_ARCHIVE (archive), id) != NULL;
}

static gboolean
almu_test_archive_begin_restore (AlmuArchive *archive,
                                 guint32      id,
                                 GError     **error)
{
  return check (ALMU_TEST_ARCHIVE (archive), error);
}

static void
almu_test_archive_end_restore (AlmuArchive *archive,
                               guint32      id)
{
}

static void
almu_test_archive_archive_init (AlmuArchiveInterface *iface)
{
  iface->load = almu_test_archive_load;
  iface->list = almu_test_archive_list;
  iface->forget = almu_test_archive_forget;
  iface->replace = almu_test_archive_replace;
  iface->contains = almu_test_archive_contains;
  iface->begin_restore = almu_test_archive_begin_restore;
  iface->end_restore = almu_test_archive_end_restore;
}

static void
almu_test_archive_finalize (GObject *object)
{
  g_ptr_array_unref (ALMU_TEST_ARCHIVE (object)->mementos);

  G_OBJECT_CLASS (almu_test_archive_parent_class)->finalize (object);
}

static void
almu_test_archive_class_init (AlmuTestArchiveClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = almu_test_archive_finalize;
}

static void
almu_test_archive_init (AlmuTestArchive *self)
{
  self->mementos = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_memento_free);
}

AlmuTestArchive *
almu_test_archive_new (void)
{
  return g_object_new (ALMU_TYPE_TEST_ARCHIVE, NULL);
}

/* A parked session with one file, which may be changed; one whose epoch is
 * the highest number is suspect. */
AlmuMemento *
almu_test_archive_add (AlmuTestArchive *self,
                       guint32          id,
                       const char      *title,
                       gint64           last_seen)
{
  AlmuMemento  *memento = almu_memento_new (id);
  AlmuFileWish *wish = almu_file_wish_new (0);

  memento->state = g_strdup ("parked");
  memento->title = g_strdup (title);
  memento->last_seen = last_seen;
  wish->name = almu_file_name_new ("", "a.fits", "", 0);
  wish->label = g_strdup ("a.fits");
  g_ptr_array_add (memento->files, wish);
  g_ptr_array_add (self->mementos, memento);

  return memento;
}

void
almu_test_archive_set_broken (AlmuTestArchive *self,
                              gboolean         broken)
{
  self->broken = broken;
}
