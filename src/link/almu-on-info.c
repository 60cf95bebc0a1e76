/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <string.h>

#include "almu-catalog-opening.h"
#include "almu-file-message.h"
#include "almu-speak-catalog.h"

/* What the page's file browser asks about catalogs before one is open. */

typedef struct
{
  AlmuLink     *link;
  guint32       request_id;
  GCancellable *cancellable;
  AlmuFileName *name; /* of a file that is asked about */
} Asking;

static Asking *
asking_new (AlmuLink     *link,
            guint32       request_id,
            GCancellable *cancellable)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->link = g_object_ref (link);
  asking->request_id = request_id;
  asking->cancellable = g_object_ref (cancellable);

  return asking;
}

static void
asking_free (Asking *asking)
{
  g_object_unref (asking->link);
  g_object_unref (asking->cancellable);
  g_clear_pointer (&asking->name, almu_file_name_free);
  g_free (asking);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

/* -- CATALOG_LIST_REQUEST ----------------------------------------------- */

static CARTA__CatalogFileType
get_type_of (const AlmuFolderEntry *entry)
{
  if (entry->type == ALMU_FILE_VOTABLE)
    return CARTA__CATALOG_FILE_TYPE__VOTable;

  return entry->type == ALMU_FILE_FITS ? CARTA__CATALOG_FILE_TYPE__FITSTable
                                       : CARTA__CATALOG_FILE_TYPE__Unknown;
}

static void
speak_folder_entry (CARTA__CatalogListResponse *response,
                    const AlmuFolderEntry      *entry,
                    AlmuScratch                *scratch)
{
  CARTA__DirectoryInfo *folder = almu_scratch_array (scratch, CARTA__DirectoryInfo, 1);

  carta__directory_info__init (folder);
  folder->name = entry->name;
  folder->item_count = entry->item_count;
  folder->date = entry->mtime;
  response->subdirectories[response->n_subdirectories++] = folder;
}

static void
speak_file_entry (CARTA__CatalogListResponse *response,
                  const AlmuFolderEntry      *entry,
                  AlmuScratch                *scratch)
{
  CARTA__CatalogFileInfo *file = almu_scratch_array (scratch, CARTA__CatalogFileInfo, 1);

  carta__catalog_file_info__init (file);
  file->name = entry->name;
  file->type = get_type_of (entry);
  file->file_size = entry->size;
  file->date = entry->mtime;
  response->files[response->n_files++] = file;
}

/* To the page an empty name is no folder at all. */
static char *
speak_folder (char *name)
{
  return *name == '\0' || strcmp (name, ".") == 0 ? (char *) "/" : name;
}

static void
on_listed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Asking) asking = user_data;
  g_autoptr(AlmuListing) listing = NULL;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  g_autoptr(GError) error = NULL;
  CARTA__CatalogListResponse response = CARTA__CATALOG_LIST_RESPONSE__INIT;

  listing = almu_folder_list_finish (ALMU_FOLDER (source), result, &error);
  if (almu_link_get_session (asking->link) == NULL)
    return;

  if (listing == NULL)
    {
      almu_link_refuse (asking->link, CARTA__EVENT_TYPE__CATALOG_LIST_REQUEST, asking->request_id, -1, error);
      return;
    }

  response.success = TRUE;
  response.directory = speak_folder (listing->directory);
  response.parent = speak_folder (listing->parent);
  response.cancel = listing->is_cancelled;
  response.files = almu_scratch_array (scratch, CARTA__CatalogFileInfo *, listing->entries->len);
  response.subdirectories = almu_scratch_array (scratch, CARTA__DirectoryInfo *, listing->entries->len);
  for (guint i = 0; i < listing->entries->len; i++)
    {
      const AlmuFolderEntry *entry = &g_array_index (listing->entries, AlmuFolderEntry, i);

      (entry->is_folder ? speak_folder_entry : speak_file_entry) (&response, entry, scratch);
    }
  almu_link_reply (asking->link, asking->request_id, &response.base);
}

static void
on_progress (guint    n_checked,
             guint    n_total,
             gpointer user_data)
{
  Asking             *asking = user_data;
  CARTA__ListProgress message = CARTA__LIST_PROGRESS__INIT;

  if (g_cancellable_is_cancelled (asking->cancellable))
    return;

  message.file_list_type = CARTA__FILE_LIST_TYPE__Catalog;
  message.checked_count = (gint32) n_checked;
  message.total_count = (gint32) n_total;
  message.percentage = n_total > 0 ? (float) n_checked / (float) n_total : 0;
  almu_link_stream (asking->link, &message.base, ALMU_OUTBOX_NEWEST, 0);
}

void
almu_on_catalog_list_request (AlmuLink               *link,
                              guint32                 request_id,
                              const ProtobufCMessage *message)
{
  const CARTA__CatalogListRequest *request = (const CARTA__CatalogListRequest *) message;
  Asking                          *asking;

  asking = asking_new (link, request_id, almu_link_renew_listing (link));
  almu_folder_list_async (almu_link_get_folder (link), request->directory,
                          (AlmuListFilter) CLAMP ((int) request->filter_mode, 0, ALMU_LIST_ALL),
                          ALMU_LIST_CATALOGS, on_progress, asking,
                          asking->cancellable, on_listed, asking);
}

/* -- CATALOG_FILE_INFO_REQUEST ------------------------------------------ */

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(Asking) asking = user_data;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  g_autoptr(GError) error = NULL;
  AlmuFingerprint                fingerprint;
  CARTA__CatalogFileInfoResponse response = CARTA__CATALOG_FILE_INFO_RESPONSE__INIT;

  table = almu_catalog_opening_finish (result, &fingerprint, &error);
  if (g_cancellable_is_cancelled (asking->cancellable))
    return;

  if (table == NULL)
    {
      almu_link_refuse (asking->link, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_REQUEST, asking->request_id, -1, error);
      return;
    }

  response.success = TRUE;
  response.file_info = almu_speak_catalog_info (table, asking->name->name, &fingerprint, scratch);
  response.file_info->description =
    almu_scratch_take_text (scratch, almu_data_table_dup_summary (table, asking->name->name));
  response.n_headers = table->columns->len;
  response.headers = almu_speak_catalog_headers (table, scratch);
  almu_link_reply (asking->link, asking->request_id, &response.base);
}

void
almu_on_catalog_file_info_request (AlmuLink               *link,
                                   guint32                 request_id,
                                   const ProtobufCMessage *message)
{
  const CARTA__CatalogFileInfoRequest *request = (const CARTA__CatalogFileInfoRequest *) message;
  g_autoptr(AlmuFileName) name = NULL;
  g_autoptr(GError) error = NULL;
  Asking *asking;

  name = almu_file_name_new_for_message (almu_link_get_folder (link), request->directory, request->name,
                                         "", FALSE, &error);
  if (name == NULL)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_REQUEST, request_id, -1, error);
      return;
    }

  asking = asking_new (link, request_id, almu_link_get_cancellable (link));
  asking->name = g_steal_pointer (&name);
  almu_catalog_opening_async (almu_link_get_folder (link), asking->name, ALMU_TABLE_HEAD_ONLY, NULL, NULL,
                              asking->cancellable, on_read, asking);
}
