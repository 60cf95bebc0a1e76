/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-fuzz.h"
#include "almu-intake.h"
#include "almu-limits.h"

/* Frames of a WebSocket in pieces: the first byte is how large. */
typedef struct
{
  const guint8 *data;
  gsize         left;
  gsize         piece;
} Peer;

static gssize
read_peer (guint8  *data,
           gsize    length,
           gpointer user_data)
{
  Peer *peer = user_data;
  gsize n = MIN (MIN (length, peer->piece), peer->left);

  if (peer->left == 0)
    return -1;

  memcpy (data, peer->data, n);
  peer->data += n;
  peer->left -= n;

  return (gssize) n;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  Peer peer = { data + 1, size - 1, 1 };
  g_autoptr(AlmuIntake) intake = NULL;
  AlmuIntakeResult result;

  if (size == 0)
    return 0;

  peer.piece += data[0];
  intake = almu_intake_new (read_peer, &peer);
  do
    {
      gboolean is_text;
      GBytes  *bytes;

      result = almu_intake_run (intake);
      while (almu_intake_has_message (intake))
        {
          bytes = almu_intake_take_message (intake, &is_text);
          g_assert_cmpuint (g_bytes_get_size (bytes), <=, is_text ? ALMU_LIMIT_TEXT_BYTES + 1 : ALMU_LIMIT_MESSAGE_BYTES);
          g_bytes_unref (bytes);
        }
      while ((bytes = almu_intake_take_control (intake)) != NULL)
        g_bytes_unref (bytes);
    }
  while (result == ALMU_INTAKE_MORE);

  return 0;
}
