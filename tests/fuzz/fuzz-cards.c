/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-fuzz.h"
#include "fuzz-image.h"

#define CARD_BYTES 80
#define BLOCK_BYTES 2880
#define DATA_BLOCKS 4

/* A FITS file by its cards, one to a line. END begins data: some blocks of
 * bytes that are numbers of every kind. */
static void
end_header (GByteArray *file)
{
  static const guint8 numbers[] = { 0x3f, 0x80, 0, 0, 0x40, 0x49, 0x0f, 0xdb, 0x7f, 0xc0, 0, 0, 0xff, 0x80, 0, 0, 1, 2, 3, 0x80 };
  guint               start;

  while (file->len % BLOCK_BYTES != 0)
    g_byte_array_append (file, (const guint8 *) " ", 1);

  start = file->len;
  g_byte_array_set_size (file, start + DATA_BLOCKS * BLOCK_BYTES);
  for (guint i = start; i < file->len; i++)
    file->data[i] = numbers[i % sizeof numbers];
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr(GByteArray) file = g_byte_array_new ();

  if (size > 64 * 1024)
    return 0;

  while (size > 0)
    {
      const guint8 *line = data;
      const guint8 *end = memchr (data, '\n', size);
      gsize         length = end != NULL ? (gsize) (end - data) : size;
      guint8        card[CARD_BYTES];

      memset (card, ' ', sizeof card);
      memcpy (card, line, MIN (length, sizeof card));
      g_byte_array_append (file, card, sizeof card);
      if (memcmp (card, "END     ", 8) == 0)
        end_header (file);
      data += MIN (length + 1, size);
      size -= MIN (length + 1, size);
    }

  return fuzz_image (file->data, file->len);
}
