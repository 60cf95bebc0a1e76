/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <string.h>
#include <unistd.h>

#include "almu-file-message.h"
#include "almu-image.h"
#include "almu-message.h"
#include "almu-speak-image.h"
#include "almu-workers.h"

/* What the page's file browser asks before anything is open. */

typedef struct
{
  AlmuLink     *link;
  guint16       event;
  guint32       request_id;
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

/* -- FILE_LIST_REQUEST -------------------------------------------------- */

/* What all lists have, whatever they are of. */
typedef struct
{
  gsize                  n_files;
  CARTA__FileInfo      **files;
  gsize                  n_folders;
  CARTA__DirectoryInfo **folders;
} Entries;

static Entries
speak_entries (const AlmuListing *listing,
               AlmuScratch       *scratch)
{
  Entries               entries = { 0 };
  guint                 n = listing->entries->len;
  CARTA__FileInfo      *files = almu_scratch_array (scratch, CARTA__FileInfo, n);
  CARTA__DirectoryInfo *folders = almu_scratch_array (scratch, CARTA__DirectoryInfo, n);
  static char          *no_hdus[] = { (char *) "" };

  entries.files = almu_scratch_array (scratch, CARTA__FileInfo *, n);
  entries.folders = almu_scratch_array (scratch, CARTA__DirectoryInfo *, n);

  for (guint i = 0; i < n; i++)
    {
      const AlmuFolderEntry *entry = &g_array_index (listing->entries, AlmuFolderEntry, i);

      if (entry->is_folder)
        {
          CARTA__DirectoryInfo *folder = &folders[entries.n_folders];

          carta__directory_info__init (folder);
          folder->name = entry->name;
          folder->item_count = entry->item_count;
          folder->date = entry->mtime;
          entries.folders[entries.n_folders++] = folder;
        }
      else
        {
          CARTA__FileInfo *file = &files[entries.n_files];

          carta__file_info__init (file);
          file->name = entry->name;
          file->type = (CARTA__FileType) entry->type;
          file->size = entry->size;
          file->date = entry->mtime;
          file->n_hdu_list = G_N_ELEMENTS (no_hdus);
          file->hdu_list = no_hdus;
          entries.files[entries.n_files++] = file;
        }
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

static void
reply_files (Listing     *request,
             AlmuListing *listing,
             AlmuScratch *scratch)
{
  CARTA__FileListResponse response = CARTA__FILE_LIST_RESPONSE__INIT;
  Entries                 entries = speak_entries (listing, scratch);

  response.success = TRUE;
  response.directory = speak_folder (listing->directory);
  response.parent = speak_folder (listing->parent);
  response.cancel = listing->is_cancelled;
  response.n_files = entries.n_files;
  response.files = entries.files;
  response.n_subdirectories = entries.n_folders;
  response.subdirectories = entries.folders;
  almu_link_reply (request->link, request->request_id, &response.base);
}

static void
reply_regions (Listing     *request,
               AlmuListing *listing,
               AlmuScratch *scratch)
{
  CARTA__RegionListResponse response = CARTA__REGION_LIST_RESPONSE__INIT;
  Entries                   entries = speak_entries (listing, scratch);

  response.success = TRUE;
  response.directory = speak_folder (listing->directory);
  response.parent = speak_folder (listing->parent);
  response.cancel = listing->is_cancelled;
  response.n_files = entries.n_files;
  response.files = entries.files;
  response.n_subdirectories = entries.n_folders;
  response.subdirectories = entries.folders;
  almu_link_reply (request->link, request->request_id, &response.base);
}

static void
on_listed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Listing) request = user_data;
  g_autoptr(AlmuListing) listing = NULL;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  g_autoptr(GError) error = NULL;

  listing = almu_folder_list_finish (ALMU_FOLDER (source), result, &error);
  if (almu_link_get_session (request->link) == NULL)
    return;

  if (listing == NULL)
    {
      almu_link_refuse (request->link, request->event, request->request_id, -1, error);
      return;
    }

  if (request->event == CARTA__EVENT_TYPE__REGION_LIST_REQUEST)
    reply_regions (request, listing, scratch);
  else
    reply_files (request, listing, scratch);
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

  message.file_list_type = CARTA__FILE_LIST_TYPE__Image;
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
  listing->cancellable = g_object_ref (almu_link_renew_listing (link));
  almu_folder_list_async (almu_link_get_folder (link), directory,
                          (AlmuListFilter) CLAMP ((int) filter, 0, ALMU_LIST_ALL), kind,
                          on_progress, listing, listing->cancellable, on_listed, listing);
}

void
almu_on_file_list_request (AlmuLink               *link,
                           guint32                 request_id,
                           const ProtobufCMessage *message)
{
  const CARTA__FileListRequest *request = (const CARTA__FileListRequest *) message;

  list (link, CARTA__EVENT_TYPE__FILE_LIST_REQUEST, request_id, request->directory, request->filter_mode,
        ALMU_LIST_IMAGES);
}

void
almu_on_region_list_request (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message)
{
  const CARTA__RegionListRequest *request = (const CARTA__RegionListRequest *) message;

  list (link, CARTA__EVENT_TYPE__REGION_LIST_REQUEST, request_id, request->directory, request->filter_mode,
        ALMU_LIST_REGIONS);
}

/* The page says no more than that: whichever listing runs. */
void
almu_on_stop_file_list (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message)
{
  almu_link_renew_listing (link);
}

/* -- FILE_INFO_REQUEST -------------------------------------------------- */

/* Worker's input and, with the HDUs, its result. */
typedef struct
{
  AlmuFolder     *folder;
  AlmuFileName   *name;
  GPtrArray      *infos; /* AlmuImageInfo */
  AlmuFingerprint fingerprint;
} Inspection;

static void
inspection_free (gpointer data)
{
  Inspection *inspection = data;

  g_clear_object (&inspection->folder);
  g_clear_pointer (&inspection->name, almu_file_name_free);
  g_clear_pointer (&inspection->infos, g_ptr_array_unref);
  g_free (inspection);
}

static void
inspect_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Inspection *inspection = task_data;
  g_autoptr(GError) error = NULL;
  int fd;

  fd = almu_folder_open (inspection->folder, inspection->name->directory, inspection->name->name, &error);
  if (fd >= 0)
    {
      if (almu_fingerprint_read (fd, &inspection->fingerprint, &error))
        inspection->infos = almu_image_list (fd, inspection->name->name, inspection->name->hdu,
                                             inspection->name->flags, &error);
      close (fd);
    }

  if (inspection->infos != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
speak_inspection (AlmuLink   *link,
                  guint32     request_id,
                  Inspection *inspection)
{
  CARTA__FileInfoResponse response = CARTA__FILE_INFO_RESPONSE__INIT;
  CARTA__FileInfo         file_info = CARTA__FILE_INFO__INIT;
  guint                   n = inspection->infos->len;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  CARTA__FileInfoResponse__FileInfoExtendedEntry *entries;

  entries = almu_scratch_array (scratch, CARTA__FileInfoResponse__FileInfoExtendedEntry, n);
  response.file_info_extended =
    almu_scratch_array (scratch, CARTA__FileInfoResponse__FileInfoExtendedEntry *, n);
  file_info.hdu_list = almu_scratch_array (scratch, char *, n);

  for (guint i = 0; i < n; i++)
    {
      AlmuImageInfo *info = inspection->infos->pdata[i];

      carta__file_info_response__file_info_extended_entry__init (&entries[i]);
      entries[i].key = info->hdu;
      entries[i].value = almu_speak_image_info (info, inspection->name->name, scratch);
      response.file_info_extended[i] = &entries[i];
      file_info.hdu_list[i] = info->hdu;
    }

  file_info.name = inspection->name->name;
  file_info.type = (CARTA__FileType) ((const AlmuImageInfo *) inspection->infos->pdata[0])->format;
  file_info.size = inspection->fingerprint.size;
  file_info.date = inspection->fingerprint.mtime_ns / G_GINT64_CONSTANT (1000000000);
  file_info.n_hdu_list = n;
  response.success = TRUE;
  response.file_info = &file_info;
  response.n_file_info_extended = n;
  almu_link_reply (link, request_id, &response.base);
}

static void
on_inspected (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  AlmuLink *link = ALMU_LINK (source);
  guint32   request_id = GPOINTER_TO_UINT (user_data);
  g_autoptr(GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    speak_inspection (link, request_id, g_task_get_task_data (G_TASK (result)));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    almu_link_refuse (link, CARTA__EVENT_TYPE__FILE_INFO_REQUEST, request_id, -1, error);
}

void
almu_on_file_info_request (AlmuLink               *link,
                           guint32                 request_id,
                           const ProtobufCMessage *message)
{
  const CARTA__FileInfoRequest *request = (const CARTA__FileInfoRequest *) message;
  g_autoptr(AlmuFileName) name = NULL;
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;
  Inspection *inspection;

  name = almu_file_name_new_for_message (almu_link_get_folder (link), request->directory, request->file,
                                         request->hdu, request->support_aips_beam, &error);
  if (name == NULL)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__FILE_INFO_REQUEST, request_id, -1, error);
      return;
    }

  inspection = g_new0 (Inspection, 1);
  inspection->folder = g_object_ref (almu_link_get_folder (link));
  inspection->name = g_steal_pointer (&name);

  task = g_task_new (link, almu_link_get_cancellable (link), on_inspected, GUINT_TO_POINTER (request_id));
  g_task_set_source_tag (task, almu_on_file_info_request);
  g_task_set_task_data (task, inspection, inspection_free);
  almu_workers_run (task, inspect_worker);
}
