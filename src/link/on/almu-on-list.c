/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <string.h>

#include "almu-message.h"
#include "almu-speak-image.h"

/* What the page's file browser lists, before anything is open. */

typedef struct
{
  AlmuLink     *link;
  guint16       event;
  guint32       request_id;
  AlmuListKind  kind;
  GCancellable *cancellable;
} Listing;

static void
listing_free (Listing *listing)
{
  g_object_unref (listing->link);
  g_object_unref (listing->cancellable);
  g_free (listing);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

/* What all lists have, whatever they are of. */
typedef struct
{
  gsize                    n_files;
  CARTA__FileInfo        **files;
  CARTA__CatalogFileInfo **catalogs; /* instead of @files */
  gsize                    n_folders;
  CARTA__DirectoryInfo   **folders;
} Entries;

static void
speak_folder_entry (Entries               *entries,
                    const AlmuFolderEntry *entry,
                    AlmuScratch           *scratch)
{
  CARTA__DirectoryInfo *folder = almu_scratch_array (scratch, CARTA__DirectoryInfo, 1);

  carta__directory_info__init (folder);
  folder->name = entry->name;
  folder->item_count = entry->item_count;
  folder->date = entry->mtime;
  entries->folders[entries->n_folders++] = folder;
}

static void
speak_file_entry (Entries               *entries,
                  const AlmuFolderEntry *entry,
                  AlmuScratch           *scratch)
{
  static char     *no_hdus[] = { (char *) "" };
  CARTA__FileInfo *file = almu_scratch_array (scratch, CARTA__FileInfo, 1);

  carta__file_info__init (file);
  file->name = entry->name;
  file->type = (CARTA__FileType) entry->type;
  file->size = entry->size;
  file->date = entry->mtime;
  file->n_hdu_list = G_N_ELEMENTS (no_hdus);
  file->hdu_list = no_hdus;
  entries->files[entries->n_files++] = file;
}

static CARTA__CatalogFileType
get_catalog_type (const AlmuFolderEntry *entry)
{
  if (entry->type == ALMU_FILE_VOTABLE)
    return CARTA__CATALOG_FILE_TYPE__VOTable;

  return entry->type == ALMU_FILE_FITS ? CARTA__CATALOG_FILE_TYPE__FITSTable
                                       : CARTA__CATALOG_FILE_TYPE__Unknown;
}

static void
speak_catalog_entry (Entries               *entries,
                     const AlmuFolderEntry *entry,
                     AlmuScratch           *scratch)
{
  CARTA__CatalogFileInfo *file = almu_scratch_array (scratch, CARTA__CatalogFileInfo, 1);

  carta__catalog_file_info__init (file);
  file->name = entry->name;
  file->type = get_catalog_type (entry);
  file->file_size = entry->size;
  file->date = entry->mtime;
  entries->catalogs[entries->n_files++] = file;
}

static Entries
speak_entries (const AlmuListing *listing,
               AlmuListKind       kind,
               AlmuScratch       *scratch)
{
  guint   n = listing->entries->len;
  Entries entries = {
    .folders = almu_scratch_array (scratch, CARTA__DirectoryInfo *, n),
    .files = almu_scratch_array (scratch, CARTA__FileInfo *, n),
    .catalogs = almu_scratch_array (scratch, CARTA__CatalogFileInfo *, n),
  };

  for (guint i = 0; i < n; i++)
    {
      const AlmuFolderEntry *entry = &g_array_index (listing->entries, AlmuFolderEntry, i);

      if (entry->is_folder)
        speak_folder_entry (&entries, entry, scratch);
      else if (kind == ALMU_LIST_CATALOGS)
        speak_catalog_entry (&entries, entry, scratch);
      else
        speak_file_entry (&entries, entry, scratch);
    }

  return entries;
}

/* To the page an empty name is no folder at all: it would load nothing from
 * it. The top-level folder is the one it knows as "/". */
static char *
speak_folder (char *name)
{
  return *name == '\0' || strcmp (name, ".") == 0 ? (char *) "/" : name;
}

/* Three messages of one shape, which have a type each. */
#define FILL(response, listing, entries, its_files)             \
  G_STMT_START                                                  \
  {                                                             \
    (response).success = TRUE;                                  \
    (response).directory = speak_folder ((listing)->directory); \
    (response).parent = speak_folder ((listing)->parent);       \
    (response).cancel = (listing)->is_cancelled;                \
    (response).n_files = (entries).n_files;                     \
    (response).files = (its_files);                             \
    (response).n_subdirectories = (entries).n_folders;          \
    (response).subdirectories = (entries).folders;              \
  }                                                             \
  G_STMT_END

static void
reply (Listing     *request,
       AlmuListing *listing)
{
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  Entries                    entries = speak_entries (listing, request->kind, scratch);
  CARTA__FileListResponse    files = CARTA__FILE_LIST_RESPONSE__INIT;
  CARTA__RegionListResponse  regions = CARTA__REGION_LIST_RESPONSE__INIT;
  CARTA__CatalogListResponse catalogs = CARTA__CATALOG_LIST_RESPONSE__INIT;
  const ProtobufCMessage    *response = NULL;

  switch (request->kind)
    {
    case ALMU_LIST_IMAGES:
      FILL (files, listing, entries, entries.files);
      response = &files.base;
      break;

    case ALMU_LIST_REGIONS:
      FILL (regions, listing, entries, entries.files);
      response = &regions.base;
      break;

    case ALMU_LIST_CATALOGS:
      FILL (catalogs, listing, entries, entries.catalogs);
      response = &catalogs.base;
      break;

    default:
      g_return_if_reached ();
    }

  almu_link_reply (request->link, request->request_id, response);
}

static void
on_listed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Listing) request = user_data;
  g_autoptr(AlmuListing) listing = NULL;
  g_autoptr(GError) error = NULL;

  listing = almu_folder_list_finish (ALMU_FOLDER (source), result, &error);
  if (almu_link_get_session (request->link) == NULL)
    return;

  if (listing == NULL)
    {
      almu_link_refuse (request->link, request->event, request->request_id, -1, error);
      return;
    }

  reply (request, listing);
}

static void
on_progress (guint    n_checked,
             guint    n_total,
             gpointer user_data)
{
  Listing            *request = user_data;
  CARTA__ListProgress message = CARTA__LIST_PROGRESS__INIT;

  if (g_cancellable_is_cancelled (request->cancellable))
    return;

  message.file_list_type = request->kind == ALMU_LIST_CATALOGS ? CARTA__FILE_LIST_TYPE__Catalog : CARTA__FILE_LIST_TYPE__Image;
  message.checked_count = (gint32) n_checked;
  message.total_count = (gint32) n_total;
  message.percentage = n_total > 0 ? (float) n_checked / (float) n_total : 0;
  almu_link_stream (request->link, &message.base, ALMU_OUTBOX_NEWEST, 0);
}

static void
list (AlmuLink                 *link,
      guint16                   event,
      guint32                   request_id,
      const char               *directory,
      CARTA__FileListFilterMode filter,
      AlmuListKind              kind)
{
  Listing *listing = g_new0 (Listing, 1);

  listing->link = g_object_ref (link);
  listing->event = event;
  listing->request_id = request_id;
  listing->kind = kind;
  listing->cancellable = g_object_ref (almu_link_renew_listing (link));
  almu_folder_list_async (almu_link_get_folder (link), directory,
                          (AlmuListFilter) CLAMP ((int) filter, 0, ALMU_LIST_ALL), kind,
                          on_progress, listing, listing->cancellable, on_listed, listing);
}

/**
 * almu_on_file_list_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a FILE_LIST_REQUEST
 *
 * Lists images on a worker and answers by FILE_LIST_RESPONSE, after
 * FILE_LIST_PROGRESS from two seconds on. A listing that was under way ends
 * early, and is answered with `cancel` and what it had found.
 */
void
almu_on_file_list_request (AlmuLink               *link,
                           guint32                 request_id,
                           const ProtobufCMessage *message)
{
  const CARTA__FileListRequest *request = (const CARTA__FileListRequest *) message;

  list (link, CARTA__EVENT_TYPE__FILE_LIST_REQUEST, request_id, request->directory, request->filter_mode,
        ALMU_LIST_IMAGES);
}

/**
 * almu_on_region_list_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a REGION_LIST_REQUEST
 *
 * almu_on_file_list_request() for region files, answered by
 * REGION_LIST_RESPONSE.
 */
void
almu_on_region_list_request (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message)
{
  const CARTA__RegionListRequest *request = (const CARTA__RegionListRequest *) message;

  list (link, CARTA__EVENT_TYPE__REGION_LIST_REQUEST, request_id, request->directory, request->filter_mode,
        ALMU_LIST_REGIONS);
}

/**
 * almu_on_catalog_list_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a CATALOG_LIST_REQUEST
 *
 * almu_on_file_list_request() for catalogs, answered by CATALOG_LIST_RESPONSE.
 */
void
almu_on_catalog_list_request (AlmuLink               *link,
                              guint32                 request_id,
                              const ProtobufCMessage *message)
{
  const CARTA__CatalogListRequest *request = (const CARTA__CatalogListRequest *) message;

  list (link, CARTA__EVENT_TYPE__CATALOG_LIST_REQUEST, request_id, request->directory, request->filter_mode,
        ALMU_LIST_CATALOGS);
}

/**
 * almu_on_stop_file_list:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a STOP_FILE_LIST
 *
 * Ends whichever listing runs, for the page says no more than that. It is
 * answered with `cancel` and what it had found.
 */
void
almu_on_stop_file_list (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message)
{
  almu_link_renew_listing (link);
}
