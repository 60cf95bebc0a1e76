/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include "almu-error.h"
#include "almu-file-message.h"
#include "almu-limits.h"
#include "almu-speak-image.h"

/* Files of one polarisation each, opened as one. */

typedef struct
{
  AlmuLink *link;
  guint32   request_id;
  int       file_id;
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->link);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

static AlmuPartName *
part_new (AlmuFolder              *folder,
          const CARTA__StokesFile *file,
          GError                 **error)
{
  g_autoptr(AlmuFileName) name = NULL;

  name = almu_file_name_new_for_message (folder, file->directory, file->file, file->hdu, FALSE, error);

  return name != NULL ? almu_part_name_new (name, (int) file->polarization_type) : NULL;
}

/**
 * almu_file_name_new_for_stokes_files:
 * @folder: what names are relative to
 * @files: (array length=n_files): what a message says to open a hypercube
 *
 * Returns: (nullable): the same as the model has it
 */
AlmuFileName *
almu_file_name_new_for_stokes_files (AlmuFolder               *folder,
                                     CARTA__StokesFile *const *files,
                                     gsize                     n_files,
                                     GError                  **error)
{
  g_autoptr(GPtrArray) parts = almu_part_names_new ();

  if (n_files > ALMU_LIMIT_HYPERCUBE_FILES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "%" G_GSIZE_FORMAT " files are more than the %d polarisations there are",
                   n_files, ALMU_LIMIT_HYPERCUBE_FILES);
      return NULL;
    }

  for (gsize i = 0; i < n_files; i++)
    {
      AlmuPartName *part = part_new (folder, files[i], error);

      if (part == NULL)
        return NULL;

      g_ptr_array_add (parts, part);
    }

  return almu_file_name_new_hypercube (parts, error);
}

static void
acknowledge (AlmuLink *link,
             guint32   request_id,
             AlmuFile *file)
{
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  CARTA__ConcatStokesFilesAck ack = CARTA__CONCAT_STOKES_FILES_ACK__INIT;

  ack.success = TRUE;
  ack.open_file_ack = almu_speak_open_file_ack (file, scratch);
  almu_session_commit (almu_link_get_session (link));
  almu_link_reply (link, request_id, &ack.base);
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Opening) opening = user_data;
  g_autoptr(AlmuFile) file = NULL;
  g_autoptr(GError) error = NULL;
  AlmuSession *session = ALMU_SESSION (source);

  file = almu_session_open_file_finish (session, result, &error);
  if (almu_link_get_session (opening->link) != session)
    return;

  if (file != NULL)
    {
      acknowledge (opening->link, opening->request_id, file);
      almu_demand_start (almu_file_get_demand (file));
    }
  else
    {
      almu_link_refuse (opening->link, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES, opening->request_id,
                        opening->file_id, error);
    }

  almu_link_end_order (opening->link, opening->file_id);
}

void
almu_on_concat_stokes_files (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message)
{
  const CARTA__ConcatStokesFiles *request = (const CARTA__ConcatStokesFiles *) message;
  g_autoptr(AlmuFileName) name = NULL;
  g_autoptr(GError) error = NULL;
  Opening *opening;

  name = almu_file_name_new_for_stokes_files (almu_link_get_folder (link), request->stokes_files,
                                              request->n_stokes_files, &error);
  if (name == NULL)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES, request_id, request->file_id, error);
      return;
    }

  opening = g_new0 (Opening, 1);
  opening->link = g_object_ref (link);
  opening->request_id = request_id;
  opening->file_id = request->file_id;
  almu_link_begin_order (link, request->file_id);
  almu_session_open_file_async (almu_link_get_session (link), request->file_id, name,
                                almu_link_get_cancellable (link), on_opened, opening);
}
