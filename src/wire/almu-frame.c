/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-frame.h"

#include <string.h>

#include "almu-error.h"

/**
 * almu_frame_parse:
 * @data: a binary message
 * @length: bytes of @data
 * @out_frame: (out): the header
 * @error: return location for an error
 *
 * Reads the header. Neither event nor version is judged here: a peer of
 * another version wants an answer that says so. The body begins at
 * %ALMU_FRAME_BYTES.
 *
 * Returns: %FALSE if the message is shorter than a header
 */
gboolean
almu_frame_parse (const guint8 *data,
                  gsize         length,
                  AlmuFrame    *out_frame,
                  GError      **error)
{
  guint16 event, icd_version;
  guint32 request_id;

  g_return_val_if_fail (data != NULL || length == 0, FALSE);
  g_return_val_if_fail (out_frame != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (length < ALMU_FRAME_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   "Message has %" G_GSIZE_FORMAT " bytes, its header alone has %d",
                   length, ALMU_FRAME_BYTES);
      return FALSE;
    }

  memcpy (&event, data, sizeof event);
  memcpy (&icd_version, data + 2, sizeof icd_version);
  memcpy (&request_id, data + 4, sizeof request_id);

  out_frame->event = GUINT16_FROM_LE (event);
  out_frame->icd_version = GUINT16_FROM_LE (icd_version);
  out_frame->request_id = GUINT32_FROM_LE (request_id);

  return TRUE;
}

/**
 * almu_frame_write:
 * @frame: a header
 * @data: (out caller-allocates): room for %ALMU_FRAME_BYTES
 *
 * Writes @frame as it goes over the wire.
 */
void
almu_frame_write (const AlmuFrame *frame,
                  guint8          *data)
{
  guint16 event, icd_version;
  guint32 request_id;

  g_return_if_fail (frame != NULL);
  g_return_if_fail (data != NULL);

  event = GUINT16_TO_LE (frame->event);
  icd_version = GUINT16_TO_LE (frame->icd_version);
  request_id = GUINT32_TO_LE (frame->request_id);

  memcpy (data, &event, sizeof event);
  memcpy (data + 2, &icd_version, sizeof icd_version);
  memcpy (data + 4, &request_id, sizeof request_id);
}

/**
 * almu_frame_is_version_known:
 * @icd_version: the version a peer names
 *
 * From %ALMU_ICD_VERSION_OLDEST to %ALMU_ICD_VERSION.
 *
 * Returns: whether we speak @icd_version
 */
gboolean
almu_frame_is_version_known (guint16 icd_version)
{
  return icd_version >= ALMU_ICD_VERSION_OLDEST && icd_version <= ALMU_ICD_VERSION;
}
