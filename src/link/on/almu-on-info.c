/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <unistd.h>

#include "almu-catalog-opening.h"
#include "almu-file-message.h"
#include "almu-image.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "almu-speak-catalog.h"
#include "almu-speak-image.h"
#include "almu-workers.h"

/* What the page's file browser asks about a file, before it is open. */

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
  guint                   n_cards = ALMU_LIMIT_TOLD_CARDS;
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
      entries[i].value = almu_speak_image_info (info, inspection->name->name, n_cards / (n - i), scratch);
      n_cards -= MIN (n_cards, (guint) entries[i].value->n_header_entries);
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

/**
 * almu_on_file_info_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a FILE_INFO_REQUEST
 *
 * Reads headers on a worker and answers by FILE_INFO_RESPONSE: of the HDU that
 * is named, or of all images in the file. Nothing is opened in the session. A
 * link that ends meanwhile gets no answer.
 */
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
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, inspect_worker);
}

/* -- CATALOG_FILE_INFO_REQUEST ------------------------------------------ */

typedef struct
{
  AlmuLink     *link;
  guint32       request_id;
  GCancellable *cancellable;
  AlmuFileName *name;
} Asking;

static void
asking_free (Asking *asking)
{
  g_object_unref (asking->link);
  g_object_unref (asking->cancellable);
  almu_file_name_free (asking->name);
  g_free (asking);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

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

/**
 * almu_on_catalog_file_info_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a CATALOG_FILE_INFO_REQUEST
 *
 * Reads the head of a table on a worker, not its rows, and answers by
 * CATALOG_FILE_INFO_RESPONSE. Nothing is opened in the session. A link that
 * ends meanwhile gets no answer.
 */
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

  asking = g_new0 (Asking, 1);
  asking->link = g_object_ref (link);
  asking->request_id = request_id;
  asking->cancellable = g_object_ref (almu_link_get_cancellable (link));
  asking->name = g_steal_pointer (&name);
  almu_catalog_opening_async (almu_link_get_folder (link), asking->name, ALMU_TABLE_HEAD_ONLY, NULL, NULL,
                              asking->cancellable, on_read, asking);
}
