/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog.h"
#include "almu-frame.h"
#include "almu-fuzz.h"
#include "almu-message.h"

/* A message as it comes from a peer: header and body. What was understood can
 * be said again, though fields that nobody knows may have tags that are not
 * understood twice. */
int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  AlmuFrame frame;
  gint32    file_id;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) again = NULL;
  ProtobufCMessage *message = NULL;
  g_autofree char  *text = almu_message_clean_text ((const char *) data, (gssize) size);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  if (!almu_frame_parse (data, size, &frame, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }

  message = almu_message_unpack (frame.event, data + ALMU_FRAME_BYTES, size - ALMU_FRAME_BYTES, &error);
  g_assert_true ((message == NULL) == (error != NULL));
  if (message == NULL)
    return 0;

  almu_message_get_file_id (message, &file_id);
  again = almu_message_pack (message, frame.icd_version, frame.request_id);
  almu_message_free (message);
  message = almu_message_unpack (frame.event, (const guint8 *) g_bytes_get_data (again, NULL) + ALMU_FRAME_BYTES,
                                 g_bytes_get_size (again) - ALMU_FRAME_BYTES, &error);
  g_clear_pointer (&message, almu_message_free);

  return 0;
}
