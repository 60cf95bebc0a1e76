/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-unpack.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

/* The line lists of IRAF's pixel masks: words of 16 bits, of which the upper
 * four say what the lower twelve are. */
typedef enum
{
  ZEROS,           /* so many pixels are zero */
  SET_HIGH,        /* these and the next word are the value */
  ADD,             /* to the value */
  SUBTRACT,        /* from the value */
  VALUES,          /* so many pixels have the value */
  ZEROS_AND_VALUE, /* the last of so many pixels has the value */
  ADD_AND_PUT,     /* to the value, which is the next pixel */
  SUBTRACT_AND_PUT,
} Opcode;

/* Of the old head: three words, of which the last is how many there are. Of
 * the new one: how many, of the head and of all, two words for large lists. */
#define MIN_HEAD_WORDS 3
#define HEAD_WORDS 5

static guint
get_word (const guint8 *bytes,
          gsize         i)
{
  return (guint) bytes[2 * i] << 8 | bytes[2 * i + 1];
}

/* Where the list begins and ends. */
static gboolean
read_head (const guint8 *bytes,
           gsize         n_words,
           gsize        *out_begin,
           gsize        *out_end)
{
  gint16 n_old;

  if (n_words < MIN_HEAD_WORDS)
    return FALSE;

  n_old = (gint16) get_word (bytes, 2);
  if (n_old > 0)
    {
      *out_begin = MIN_HEAD_WORDS;
      *out_end = (gsize) n_old;
    }
  else
    {
      if (n_words < HEAD_WORDS)
        return FALSE;
      *out_begin = get_word (bytes, 1);
      *out_end = (gsize) get_word (bytes, 4) << 15 | get_word (bytes, 3);
    }

  return *out_begin >= MIN_HEAD_WORDS && *out_begin <= *out_end && *out_end <= n_words;
}

static void
put (gint32 *values,
     gsize   n_values,
     gint32  value)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = value;
}

/* How many pixels a word puts. */
static gsize
count_pixels (Opcode opcode,
              guint  data)
{
  switch (opcode)
    {
    case ZEROS:
    case VALUES:
    case ZEROS_AND_VALUE:
      return data;
    case ADD_AND_PUT:
    case SUBTRACT_AND_PUT:
      return 1;
    default:
      return 0;
    }
}

/**
 * almu_unpack_plio:
 * @bytes: (array length=n_bytes): a packed tile
 * @n_bytes: how many
 * @values: room for @n_values
 * @n_values: pixels of the tile
 * @error: return location, in %ALMU_ERROR
 *
 * PLIO_1. What follows the last word are zeros.
 *
 * Returns: whether it could be unpacked
 */
gboolean
almu_unpack_plio (const guint8 *bytes,
                  gsize         n_bytes,
                  gint32       *values,
                  gsize         n_values,
                  GError      **error)
{
  gsize   done = 0;
  gsize   at, end;
  guint32 value = 1;

  if (!read_head (bytes, n_bytes / 2, &at, &end))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("PLIO: the list does not say how long it is, or is longer than its %zu bytes"),
                   n_bytes);
      return FALSE;
    }

  for (; at < end; at++)
    {
      guint  word = get_word (bytes, at);
      Opcode opcode = word >> 12;
      guint  data = word & 0xfff;
      gsize  n = count_pixels (opcode, data);

      if (opcode > SUBTRACT_AND_PUT || n > n_values - done || (opcode == SET_HIGH && at + 1 == end))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("PLIO: word %zu of the list, 0x%04x, has no meaning after %zu of %zu pixels"),
                       at + 1, word, done, n_values);
          return FALSE;
        }

      if (opcode == SET_HIGH)
        value = get_word (bytes, ++at) << 12 | data;
      else if (opcode == ADD || opcode == ADD_AND_PUT)
        value += data;
      else if (opcode == SUBTRACT || opcode == SUBTRACT_AND_PUT)
        value -= data;

      put (values + done, n, opcode == ZEROS || opcode == ZEROS_AND_VALUE ? 0 : (gint32) value);
      done += n;
      if (opcode == ZEROS_AND_VALUE && n > 0)
        values[done - 1] = (gint32) value;
    }

  put (values + done, n_values - done, 0);

  return TRUE;
}
