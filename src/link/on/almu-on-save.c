/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-message.h"
#include "almu-saving.h"

typedef struct
{
  AlmuLink *link;
  guint32   request_id;
  int       file_id;
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->link);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

/* The page asks its user, and then asks again with the answer. */
static void
ask_to_overwrite (Request      *request,
                  const GError *error)
{
  CARTA__SaveFileAck ack = CARTA__SAVE_FILE_ACK__INIT;
  g_autofree char   *text = almu_message_clean_text (error->message, -1);

  ack.file_id = request->file_id;
  ack.message = text;
  ack.overwrite_confirmation_required = TRUE;
  almu_link_reply (request->link, request->request_id, &ack.base);
}

static void
on_saved (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Request) request = user_data;
  g_autoptr(GError) error = NULL;
  CARTA__SaveFileAck ack = CARTA__SAVE_FILE_ACK__INIT;
  g_autofree char   *notice = NULL;
  gboolean           is_saved = almu_saving_finish (result, &notice, &error);

  if (almu_link_get_session (request->link) != ALMU_SESSION (source))
    return;

  if (is_saved)
    {
      ack.file_id = request->file_id;
      ack.success = TRUE;
      almu_link_reply (request->link, request->request_id, &ack.base);
      if (notice != NULL)
        almu_link_report (request->link, CARTA__ERROR_SEVERITY__WARNING, "save", notice);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    {
      ask_to_overwrite (request, error);
    }
  else
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_clear_error (&error);
          g_set_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                       _ ("File %d was closed before it was saved"), request->file_id);
        }
      almu_link_refuse (request->link, CARTA__EVENT_TYPE__SAVE_FILE, request->request_id,
                        request->file_id, error);
    }
}

static const char *
get_refusal (CARTA__FileType type)
{
  switch (type)
    {
    case CARTA__FILE_TYPE__CASA:
      return _ ("Saving CASA images is not supported; choose FITS");
    case CARTA__FILE_TYPE__HDF5:
      return _ ("Saving HDF5 images is not supported; choose FITS");
    case CARTA__FILE_TYPE__MIRIAD:
      return _ ("Saving MIRIAD images is not supported; choose FITS");
    default:
      return _ ("Saving files of this type is not supported; choose FITS");
    }
}

static gboolean
check_request (AlmuLink              *link,
               const CARTA__SaveFile *request,
               GError               **error)
{
  if (almu_switchboard_get_options (almu_link_get_switchboard (link))->read_only)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Saving files is not allowed in read-only mode"));
  else if (request->output_file_type != CARTA__FILE_TYPE__FITS)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 "%s", get_refusal (request->output_file_type));
  else if (request->output_file_name[0] == '\0')
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("No name was given for the file"));
  else
    return TRUE;

  return FALSE;
}

/* Returns whether it has begun. */
static gboolean
begin (AlmuLink              *link,
       guint32                request_id,
       const CARTA__SaveFile *request,
       GError               **error)
{
  AlmuSession     *session = almu_link_get_session (link);
  AlmuFile        *file;
  g_autofree char *path = NULL;
  AlmuSavingOrder  order;
  Request         *pending;

  if (!check_request (link, request, error))
    return FALSE;

  file = almu_session_get_file (session, request->file_id, error);
  if (file == NULL)
    return FALSE;

  path = almu_folder_normalize (almu_link_get_folder (link), request->output_file_directory,
                                request->output_file_name, error);
  if (path == NULL)
    return FALSE;

  order = (AlmuSavingOrder){
    .path = path,
    .overwrite = request->overwrite,
    .region_id = request->region_id,
    .channels = { request->n_channels, request->channels },
    .stokes = { request->n_stokes, request->stokes },
    .keep_degenerate = request->keep_degenerate,
    .rest_frequency = request->rest_freq,
  };

  pending = g_new0 (Request, 1);
  pending->link = g_object_ref (link);
  pending->request_id = request_id;
  pending->file_id = request->file_id;
  almu_saving_async (session, file, &order, almu_link_get_cancellable (link), on_saved, pending);

  return TRUE;
}

/**
 * almu_on_save_file:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a SAVE_FILE
 *
 * Writes an image or a part of it as FITS, on a worker, and answers by
 * SAVE_FILE_ACK. One that is there is replaced only if `overwrite` says so;
 * otherwise the reply has `overwrite_confirmation_required`. Other types than
 * FITS are refused, and everything is in read-only mode.
 */
void
almu_on_save_file (AlmuLink               *link,
                   guint32                 request_id,
                   const ProtobufCMessage *message)
{
  const CARTA__SaveFile *request = (const CARTA__SaveFile *) message;
  g_autoptr(GError) error = NULL;

  if (!begin (link, request_id, request, &error))
    almu_link_refuse (link, CARTA__EVENT_TYPE__SAVE_FILE, request_id, request->file_id, error);
}
