/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-file-message.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "almu-speak-image.h"

typedef struct
{
  AlmuLink *link;
  guint16   event; /* OPEN_FILE, or CONCAT_STOKES_FILES */
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

/**
 * almu_file_name_new_for_message:
 * @folder: what names are relative to
 * @directory: as the message has it; see almu_folder_normalize()
 * @name: likewise; may have folders in it
 * @hdu: "" for the first image; need not be UTF-8
 * @support_aips_beam: whether to look for a beam in HISTORY
 * @error: return location
 *
 * What a message says to open a file, as the model has it.
 *
 * Fails with %ALMU_ERROR_FORMAT without a name, and as almu_folder_normalize()
 * does. No file is looked at.
 *
 * Returns: (transfer full): the name
 */
AlmuFileName *
almu_file_name_new_for_message (AlmuFolder *folder,
                                const char *directory,
                                const char *name,
                                const char *hdu,
                                gboolean    support_aips_beam,
                                GError    **error)
{
  g_autofree char *path = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *base = NULL;
  g_autofree char *clean_hdu = NULL;

  if (name[0] == '\0')
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("No file was named in directory “%s”"), directory);
      return NULL;
    }

  path = almu_folder_normalize (folder, directory, name, error);
  if (path == NULL)
    return NULL;

  parent = g_path_get_dirname (path);
  base = g_path_get_basename (path);
  clean_hdu = almu_message_clean_text (hdu, -1);

  return almu_file_name_new (g_str_equal (parent, ".") ? "" : parent, base, clean_hdu,
                             support_aips_beam ? ALMU_IMAGE_HISTORY_BEAM : ALMU_IMAGE_NONE);
}

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
 * @n_files: how many; above %ALMU_LIMIT_HYPERCUBE_FILES is %ALMU_ERROR_LIMIT
 * @error: return location
 *
 * Fails as almu_file_name_new_for_message() does for one of them, and if they
 * make no hypercube together. No file is looked at.
 *
 * Returns: (nullable) (transfer full): the same as the model has it
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
                   _ ("%zu files are more than the %d polarisations there are"),
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
acknowledge (const Opening *opening,
             AlmuFile      *file)
{
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  CARTA__ConcatStokesFilesAck concat_ack = CARTA__CONCAT_STOKES_FILES_ACK__INIT;
  CARTA__OpenFileAck         *ack = almu_speak_open_file_ack (file, scratch);
  const ProtobufCMessage     *reply = &ack->base;

  if (opening->event == CARTA__EVENT_TYPE__CONCAT_STOKES_FILES)
    {
      concat_ack.success = TRUE;
      concat_ack.open_file_ack = ack;
      reply = &concat_ack.base;
    }

  almu_session_commit (almu_link_get_session (opening->link));
  almu_link_reply (opening->link, opening->request_id, reply);
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
      /* reading takes all processors, and the viewer has to wake for the answer */
      acknowledge (opening, file);
      almu_link_flush (opening->link);
      almu_demand_start (almu_file_get_demand (file));
    }
  else
    {
      almu_link_refuse (opening->link, opening->event, opening->request_id, opening->file_id, error);
    }

  almu_link_end_order (opening->link, opening->file_id);
}

/* @name is taken; NULL if there is none, and @error says why. */
static void
open_file (AlmuLink     *link,
           guint16       event,
           guint32       request_id,
           int           file_id,
           AlmuFileName *name,
           const GError *error)
{
  g_autoptr(AlmuFileName) owned = name;
  Opening *opening;

  if (name == NULL)
    {
      almu_link_refuse (link, event, request_id, file_id, error);
      return;
    }

  opening = g_new0 (Opening, 1);
  opening->link = g_object_ref (link);
  opening->event = event;
  opening->request_id = request_id;
  opening->file_id = file_id;
  almu_link_begin_order (link, file_id);
  almu_session_open_file_async (almu_link_get_session (link), file_id, name,
                                almu_link_get_cancellable (link), on_opened, opening);
}

/**
 * almu_on_open_file:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: an OPEN_FILE
 *
 * Opens an image on a worker, in place of a file of that id, and answers by
 * OPEN_FILE_ACK when the session is written down. Only then its pixels are
 * read. Other messages about that file wait. Image expressions are
 * %ALMU_ERROR_UNSUPPORTED.
 */
void
almu_on_open_file (AlmuLink               *link,
                   guint32                 request_id,
                   const ProtobufCMessage *message)
{
  const CARTA__OpenFile *request = (const CARTA__OpenFile *) message;
  AlmuFileName          *name = NULL;
  g_autoptr(GError) error = NULL;

  if (request->lel_expr)
    g_set_error (&error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 _ ("Image expressions (“%s”) are not there yet"), request->file);
  else
    name = almu_file_name_new_for_message (almu_link_get_folder (link), request->directory,
                                           request->file, request->hdu,
                                           request->support_aips_beam, &error);

  open_file (link, CARTA__EVENT_TYPE__OPEN_FILE, request_id, request->file_id, name, error);
}

/**
 * almu_on_concat_stokes_files:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a CONCAT_STOKES_FILES
 *
 * Opens a hypercube of at most %ALMU_LIMIT_HYPERCUBE_FILES files as
 * almu_on_open_file() opens an image, and answers by CONCAT_STOKES_FILES_ACK.
 */
void
almu_on_concat_stokes_files (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message)
{
  const CARTA__ConcatStokesFiles *request = (const CARTA__ConcatStokesFiles *) message;
  g_autoptr(GError) error = NULL;
  AlmuFileName *name;

  name = almu_file_name_new_for_stokes_files (almu_link_get_folder (link), request->stokes_files,
                                              request->n_stokes_files, &error);
  open_file (link, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES, request_id, request->file_id, name, error);
}

/**
 * almu_on_close_file:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a CLOSE_FILE
 *
 * Closes a file with its regions, or all files if the id is -1, and drops their
 * tiles that have not been sent. A file that is not open is told by ERROR_DATA.
 */
void
almu_on_close_file (AlmuLink               *link,
                    guint32                 request_id,
                    const ProtobufCMessage *message)
{
  const CARTA__CloseFile *request = (const CARTA__CloseFile *) message;
  AlmuSession            *session = almu_link_get_session (link);
  g_autoptr(GError) error = NULL;

  if (request->file_id == ALMU_LINK_ALL_FILES)
    {
      GPtrArray *files = almu_session_list_files (session);

      for (guint i = 0; i < files->len; i++)
        almu_link_drop_pictures (link, almu_file_get_id (files->pdata[i]));
      almu_session_close_all_files (session);
      return;
    }

  almu_link_drop_pictures (link, request->file_id);
  if (!almu_session_close_file (session, request->file_id, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "close", error->message);
}
