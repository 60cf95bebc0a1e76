/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-file.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "almu-draft.h"
#include "almu-error.h"
#include "almu-file-type.h"
#include "almu-limits.h"
#include "almu-shape-project.h"
#include "almu-whole-io.h"
#include "almu-workers.h"

/* Regions into and out of a session by way of region files. Files are read,
 * understood and written on a worker; what they say becomes regions on the
 * main thread, all at once.
 */

static AlmuImage *
find_image (AlmuSession *session,
            int          file_id,
            GError     **error)
{
  AlmuFile *file = almu_session_get_file (session, file_id, error);

  if (file == NULL)
    return NULL;

  if (almu_file_get_image (file) == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 _ ("File %d (%s) cannot be opened at the moment"), file_id, almu_file_get_name (file)->name);

  return almu_file_get_image (file);
}

/* -- reading ------------------------------------------------------------ */

static gboolean
fail (const char *what,
      const char *name,
      int         code,
      GError    **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("Region file %s cannot be %s: %s"), name, what, g_strerror (code));
  return FALSE;
}

static gboolean
read_all (int         fd,
          const char *name,
          GString    *text,
          GError    **error)
{
  char   buffer[16384];
  gssize n;

  do
    {
      n = read (fd, buffer, sizeof buffer);
      if (n < 0 && errno != EINTR)
        return fail (_ ("read"), name, errno, error);
      g_string_append_len (text, buffer, MAX (n, 0));

      if (text->len > ALMU_LIMIT_REGION_TEXT_BYTES)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("Region file %s has more than %d bytes"), name, ALMU_LIMIT_REGION_TEXT_BYTES);
          return FALSE;
        }
    }
  while (n != 0);

  return TRUE;
}

static char *
read_file (AlmuFolder  *folder,
           const char  *directory,
           const char  *name,
           struct stat *out_status,
           GError     **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  int      fd = almu_folder_open (folder, directory, name, error);
  gboolean is_read;

  if (fd < 0)
    return NULL;

  is_read = fstat (fd, out_status) == 0 ? read_all (fd, name, text, error) : fail (_ ("read"), name, errno, error);
  close (fd);
  if (!is_read)
    return NULL;

  if (memchr (text->str, '\0', text->len) != NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("File %s is no text, and so no region file"), name);
      return NULL;
    }

  return g_utf8_make_valid (text->str, (gssize) text->len);
}

/**
 * almu_region_file_inspect:
 * @folder: beneath which it has to lie
 * @directory: (nullable): see almu_folder_normalize()
 * @name: likewise
 * @out_type: (out): which kind of region file it is, by its first line or its
 *   name
 * @out_status: (out caller-allocates): of the file
 * @error: return location
 *
 * Reads a region file as text; what is no UTF-8 in it is replaced. Any
 * thread.
 *
 * Fails as almu_folder_open() does, with %ALMU_ERROR_LIMIT beyond
 * %ALMU_LIMIT_REGION_TEXT_BYTES, with %ALMU_ERROR_FORMAT if there is a NUL in
 * it, and with %G_IO_ERROR if it cannot be read.
 *
 * Returns: (transfer full): its text
 */
char *
almu_region_file_inspect (AlmuFolder   *folder,
                          const char   *directory,
                          const char   *name,
                          AlmuFileType *out_type,
                          struct stat  *out_status,
                          GError      **error)
{
  char *text = read_file (folder, directory, name, out_status, error);

  if (text == NULL)
    return NULL;

  *out_type = almu_file_type_for_bytes (name, (const guint8 *) text,
                                        MIN (strlen (text), ALMU_FILE_TYPE_BYTES), ALMU_LIST_REGIONS);
  if (*out_type == ALMU_FILE_UNKNOWN)
    *out_type = almu_file_type_for_name (name, ALMU_LIST_REGIONS);

  return text;
}

/* -- import ------------------------------------------------------------- */

typedef struct
{
  AlmuFolder       *folder;
  AlmuImage        *image;
  int               file_id;
  AlmuRegionFormat  format;
  char             *directory;
  char             *name;
  char             *text;
  AlmuRegionImport *import;
} Reading;

/**
 * almu_region_import_free:
 * @self: (transfer full): an import
 *
 * Frees the lists; regions stay in the session.
 */
void
almu_region_import_free (AlmuRegionImport *self)
{
  g_clear_pointer (&self->regions, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_free (self);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_clear_object (&reading->folder);
  g_clear_object (&reading->image);
  g_clear_pointer (&reading->directory, g_free);
  g_clear_pointer (&reading->name, g_free);
  g_clear_pointer (&reading->text, g_free);
  g_clear_pointer (&reading->import, almu_region_import_free);
  g_free (reading);
}

static void
read_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Reading *reading = task_data;
  g_autoptr(AlmuSkyMap) sky = almu_sky_map_new (almu_image_get_info (reading->image), NULL);
  struct stat status;
  GError     *error = NULL;

  if (reading->name != NULL)
    reading->text = read_file (reading->folder, reading->directory, reading->name, &status, &error);
  if (reading->text != NULL)
    reading->import->entries = almu_region_text_read (reading->format, reading->text, sky,
                                                      reading->import->problems, cancellable, &error);

  if (reading->import->entries != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* What the session refuses is left out, as what the file has wrong is. */
static void
take_entries (AlmuSession *session,
              Reading     *reading)
{
  AlmuRegionImport *import = reading->import;

  for (guint i = 0; i < import->entries->len;)
    {
      const AlmuRegionEntry *entry = import->entries->pdata[i];
      g_autoptr(GError) error = NULL;
      AlmuRegion *region = almu_session_set_region (session, 0, reading->file_id, entry->shape, &error);

      if (region == NULL)
        {
          if (import->problems->len <= ALMU_LIMIT_REGION_PROBLEMS)
            g_ptr_array_add (import->problems, g_strdup (error->message));
          g_ptr_array_remove_index (import->entries, i);
          continue;
        }

      g_ptr_array_add (import->regions, g_object_ref (region));
      i++;
    }
}

static char *
join_problems (const AlmuRegionImport *import)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < import->problems->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", (char *) import->problems->pdata[i]);

  return g_string_free (text, FALSE);
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AlmuSession     *session = ALMU_SESSION (source);
  Reading         *reading = g_task_get_task_data (G_TASK (result));
  g_autofree char *problems = NULL;
  GError          *error = NULL;

  /* the image may have been closed meanwhile, or be another */
  if (!g_task_propagate_boolean (G_TASK (result), &error) ||
      find_image (session, reading->file_id, &error) == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  take_entries (session, reading);
  if (reading->import->regions->len > 0)
    {
      g_task_return_pointer (task, g_steal_pointer (&reading->import), (GDestroyNotify) almu_region_import_free);
      return;
    }

  problems = join_problems (reading->import);
  g_task_return_new_error (task, ALMU_ERROR, ALMU_ERROR_FORMAT,
                           _ ("No region was found%s%s"), *problems != '\0' ? ":\n" : "", problems);
}

/**
 * almu_region_import_async:
 * @session: what the regions are added to
 * @file_id: the file that the regions are drawn on
 * @source: where they are read from
 *
 * Adds the regions of a region file to a session, under new ids. A line that
 * cannot be read is named and left out; if none can be read nothing changes.
 */
void
almu_region_import_async (AlmuSession            *session,
                          int                     file_id,
                          const AlmuRegionSource *source,
                          GCancellable           *cancellable,
                          GAsyncReadyCallback     callback,
                          gpointer                user_data)
{
  g_autoptr(GTask) task = g_task_new (session, cancellable, callback, user_data);
  g_autoptr(GTask) work = NULL;
  GError    *error = NULL;
  AlmuImage *image = find_image (session, file_id, &error);
  Reading   *reading;

  g_task_set_source_tag (task, almu_region_import_async);
  if (image == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  reading = g_new0 (Reading, 1);
  reading->folder = g_object_ref (almu_session_get_folder (session));
  reading->image = g_object_ref (image);
  reading->file_id = file_id;
  reading->format = source->format;
  reading->directory = g_strdup (source->directory);
  reading->name = g_strdup (source->name);
  reading->text = source->name == NULL ? g_utf8_make_valid (source->text, -1) : NULL;
  reading->import = g_new0 (AlmuRegionImport, 1);
  reading->import->regions = g_ptr_array_new_with_free_func (g_object_unref);
  reading->import->problems = g_ptr_array_new_with_free_func (g_free);

  work = g_task_new (session, cancellable, on_read, g_steal_pointer (&task));
  g_task_set_source_tag (work, almu_region_import_async);
  g_task_set_task_data (work, reading, reading_free);
  almu_workers_run (work, ALMU_PRIORITY_NORMAL, read_worker);
}

/**
 * almu_region_import_finish:
 * @result: what the callback of almu_region_import_async() got
 * @error: return location
 *
 * The regions are in the session by now, under new ids, and not committed yet;
 * what could not be taken is one of the problems. Fails if the file cannot be
 * read, if the image has been closed meanwhile, and with %ALMU_ERROR_FORMAT if
 * not one region is left; nothing is changed then.
 *
 * Returns: (transfer full): what was read
 */
AlmuRegionImport *
almu_region_import_finish (GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* -- export ------------------------------------------------------------- */

typedef struct
{
  AlmuRegionEntry *entry;
  int              region_id;
  AlmuImage       *drawn_on;
} Item;

typedef struct
{
  AlmuFolder      *folder;
  AlmuImage       *image;
  AlmuRegionFormat format;
  gboolean         is_world;
  char            *path;
  gboolean         overwrite;
  GArray          *items;
} Writing;

static void
order_clear (gpointer data)
{
  almu_region_style_clear (&((AlmuRegionOrder *) data)->style);
}

/**
 * almu_region_orders_new:
 *
 * Owns its elements.
 *
 * Returns: (transfer full) (element-type AlmuRegionOrder): an empty list
 */
GArray *
almu_region_orders_new (void)
{
  GArray *orders = g_array_new (FALSE, TRUE, sizeof (AlmuRegionOrder));

  g_array_set_clear_func (orders, order_clear);

  return orders;
}

static void
item_clear (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->entry, almu_region_entry_free);
  g_clear_object (&item->drawn_on);
}

static void
writing_free (gpointer data)
{
  Writing *writing = data;

  g_clear_object (&writing->folder);
  g_clear_object (&writing->image);
  g_clear_pointer (&writing->path, g_free);
  g_clear_pointer (&writing->items, g_array_unref);
  g_free (writing);
}

/* Regions of other images are written where they lie on this one. */
static gboolean
place_item (Writing    *writing,
            Item       *item,
            AlmuSkyMap *sky,
            GError    **error)
{
  g_autoptr(AlmuSkyMap) from = NULL;
  AlmuShape *shape = NULL;

  if (item->drawn_on == writing->image)
    return TRUE;

  if (sky == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("%s has no celestial axes"),
                 almu_image_get_name (writing->image));
  else
    from = almu_sky_map_new (almu_image_get_info (item->drawn_on), error);
  if (from != NULL)
    shape = almu_shape_project (item->entry->shape, from, sky, NULL, error);

  if (shape == NULL)
    {
      g_prefix_error (error, _ ("Region %d was drawn on %s and cannot be placed on %s: "), item->region_id,
                      almu_image_get_name (item->drawn_on), almu_image_get_name (writing->image));
      return FALSE;
    }

  almu_shape_unref (item->entry->shape);
  item->entry->shape = shape;

  return TRUE;
}

static char *
compose (Writing *writing,
         GError **error)
{
  g_autoptr(AlmuSkyMap) sky = almu_sky_map_new (almu_image_get_info (writing->image), NULL);
  g_autoptr(GPtrArray) entries = g_ptr_array_new ();

  for (guint i = 0; i < writing->items->len; i++)
    {
      Item *item = &g_array_index (writing->items, Item, i);

      if (!place_item (writing, item, sky, error))
        return NULL;
      g_ptr_array_add (entries, item->entry);
    }

  return almu_region_text_write (writing->format, entries, writing->is_world, sky, error);
}

static gboolean
write_all (int         fd,
           const char *name,
           const char *text,
           GError    **error)
{
  return almu_write_whole (fd, text, strlen (text)) || fail (_ ("written"), name, errno, error);
}

static gboolean
store (Writing    *writing,
       const char *text,
       GError    **error)
{
  g_autoptr(AlmuDraft) draft = NULL;

  draft = almu_draft_new (writing->folder, writing->path, writing->overwrite, NULL, error);

  return draft != NULL && write_all (almu_draft_get_fd (draft), writing->path, text, error) &&
         almu_draft_commit (draft, error);
}

static void
write_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Writing         *writing = task_data;
  GError          *error = NULL;
  g_autofree char *text = compose (writing, &error);

  if (text != NULL && (writing->path == NULL || store (writing, text, &error)))
    g_task_return_pointer (task, g_steal_pointer (&text), g_free);
  else
    g_task_return_error (task, error);
}

static gboolean
take_order (Writing               *writing,
            AlmuSession           *session,
            const AlmuRegionOrder *order,
            GError               **error)
{
  AlmuRegion *region = almu_session_get_region (session, order->region_id, error);
  Item        item = { .region_id = order->region_id };

  if (region == NULL)
    return FALSE;

  if (almu_region_get_image (region) == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("Region %d is drawn on file %d, which cannot be opened at the moment"),
                   order->region_id, almu_region_get_file_id (region));
      return FALSE;
    }

  item.drawn_on = g_object_ref (almu_region_get_image (region));
  item.entry = almu_region_entry_new (almu_region_get_shape (region), &order->style);
  g_array_append_val (writing->items, item);

  return TRUE;
}

static gboolean
take_orders (Writing     *writing,
             AlmuSession *session,
             GArray      *orders,
             GError     **error)
{
  if (orders->len == 0)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                           _ ("Export region failed: no regions requested"));
      return FALSE;
    }

  for (guint i = 0; i < orders->len; i++)
    if (!take_order (writing, session, &g_array_index (orders, AlmuRegionOrder, i), error))
      return FALSE;

  return TRUE;
}

/**
 * almu_region_export_async:
 * @session: whose regions
 * @file_id: the file whose coordinates are written
 * @orders: (element-type AlmuRegionOrder): which regions
 * @target: where to and how
 *
 * Writes regions as a region file. The file is what it was before or whole,
 * whatever happens; an existing one is replaced only on request, and fails
 * with %G_IO_ERROR_EXISTS otherwise.
 */
void
almu_region_export_async (AlmuSession            *session,
                          int                     file_id,
                          GArray                 *orders,
                          const AlmuRegionTarget *target,
                          GCancellable           *cancellable,
                          GAsyncReadyCallback     callback,
                          gpointer                user_data)
{
  g_autoptr(GTask) task = g_task_new (session, cancellable, callback, user_data);
  GError    *error = NULL;
  AlmuImage *image = find_image (session, file_id, &error);
  Writing   *writing = g_new0 (Writing, 1);

  g_task_set_source_tag (task, almu_region_export_async);
  g_task_set_task_data (task, writing, writing_free);
  /* what is written is there, whatever came after */
  g_task_set_check_cancellable (task, FALSE);

  writing->items = g_array_new (FALSE, FALSE, sizeof (Item));
  g_array_set_clear_func (writing->items, item_clear);
  if (image == NULL || !take_orders (writing, session, orders, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  writing->folder = g_object_ref (almu_session_get_folder (session));
  writing->image = g_object_ref (image);
  writing->format = target->format;
  writing->is_world = target->is_world;
  writing->path = g_strdup (target->path);
  writing->overwrite = target->overwrite;
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, write_worker);
}

/**
 * almu_region_export_finish:
 * @result: what the callback got
 * @error: return location
 *
 * Fails with %G_IO_ERROR_EXISTS if there is such a file and it may not be
 * replaced, with %ALMU_ERROR_FORMAT without regions, with %ALMU_ERROR_NOT_FOUND
 * for one that is not there or whose image is not open, if one cannot be placed
 * on the image, and as almu_draft_new() and almu_draft_commit() do.
 *
 * Returns: (transfer full): the text that was written
 */
char *
almu_region_export_finish (GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
