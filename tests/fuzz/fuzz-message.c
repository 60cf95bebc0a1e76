/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz-message.h"

#include <math.h>
#include <string.h>

/* Bodies that decode: any field of a message, with a value that may mean
 * something as often as with a wild one. */

#define MAX_DEPTH 4
#define MAX_REPEATED 6

/* What names, coordinates, tables and expressions are called here. */
static const char *const texts[] = {
  "", "cube.fits", "stokes.fits", "I.fits", "Q.fits", "table.fits", "table.xml", "regions.crtf", "regions.reg", "cube.hdf5",
  "out.fits", "out.crtf", "0", "1", "z", "x", "y", "Iz", "Qz", "Ptotalz", "PFlinearx", "Panglez", "Vy", "RRz",
  "id", "name", "ra", "mag", "bright", ".", "..", "../..", "$BASE", "/etc/passwd", "no such file", "cube.fits/..",
  "LEL", "AMPLITUDE(cube.fits)", "\360\237\224\255", "\"'\\\n", "%s%n", "circle(5,5,3)", "circle[[5pix,5pix],3pix]",
  "image\npolygon(1,2,3,4,5,7)\n", "deg", "Hz", "out.reg"
};

static const gint64 wild_numbers[] = {
  G_MAXINT32, G_MININT32, -1, -2, -3, -10, 255, 256, 65535, 65536, 1 << 24, 1 << 30, G_MAXINT64, G_MININT64, 100, 1000
};

static const double wild_reals[] = {
  0.0 / 0.0, 1.0 / 0.0, -1.0 / 0.0, 1e300, -1e300, 1e-300, 4e9, -4e9, 0, -0.0, 0.5, 19.5, 2147483648.0, 1e19
};

static void
append_varint (GByteArray *body,
               guint64     value)
{
  guint8 byte;

  do
    {
      byte = (guint8) (value & 0x7f);
      value >>= 7;
      if (value != 0)
        byte |= 0x80;
      g_byte_array_append (body, &byte, 1);
    }
  while (value != 0);
}

static gint64
take_number (AlmuTape *tape)
{
  guint choice = almu_tape_take (tape);

  if (choice < 192)
    return (gint64) (choice % 8) - 1;
  if (choice < 208)
    return wild_numbers[choice % G_N_ELEMENTS (wild_numbers)];
  if (choice < 250)
    return choice - 200;

  return (gint64) almu_tape_take_bits (tape);
}

static double
take_real (AlmuTape *tape)
{
  guint choice = almu_tape_take (tape);
  union
  {
    guint64 bits;
    double  real;
  } any;

  if (choice < 192)
    return choice / 8.0 - 2;
  if (choice < 250)
    return wild_reals[choice % G_N_ELEMENTS (wild_reals)];

  any.bits = almu_tape_take_bits (tape);
  return any.real;
}

static void
append_tagged (GByteArray *body,
               guint64     tag,
               const void *data,
               gsize       length)
{
  append_varint (body, tag | 2);
  append_varint (body, length);
  g_byte_array_append (body, data, (guint) length);
}

static void
append_text (GByteArray *body,
             guint64     tag,
             AlmuTape   *tape)
{
  guint         choice = almu_tape_take (tape);
  const char   *text = texts[choice % G_N_ELEMENTS (texts)];
  const guint8 *bytes;
  gsize         length;

  if (choice < 250)
    {
      append_tagged (body, tag, text, strlen (text));
      return;
    }

  length = almu_tape_cut (tape, &bytes);
  append_tagged (body, tag, bytes, length);
}

static void append_message (GByteArray                       *body,
                            const ProtobufCMessageDescriptor *descriptor,
                            AlmuTape                         *tape,
                            int                               depth);

static void
append_value (GByteArray                     *body,
              const ProtobufCFieldDescriptor *field,
              AlmuTape                       *tape,
              int                             depth)
{
  guint64 tag = (guint64) field->id << 3;
  gint64  whole;
  double  real;
  float   single;

  switch (field->type)
    {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
      whole = take_number (tape);
      append_varint (body, tag | 5);
      g_byte_array_append (body, (guint8 *) &whole, 4);
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      real = take_real (tape);
      single = real > G_MAXFLOAT ? HUGE_VALF : real < -G_MAXFLOAT ? -HUGE_VALF
                                                                  : (float) real;
      append_varint (body, tag | 5);
      g_byte_array_append (body, (guint8 *) &single, 4);
      break;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
      whole = take_number (tape);
      append_varint (body, tag | 1);
      g_byte_array_append (body, (guint8 *) &whole, 8);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      real = take_real (tape);
      append_varint (body, tag | 1);
      g_byte_array_append (body, (guint8 *) &real, 8);
      break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
      append_text (body, tag, tape);
      break;
    case PROTOBUF_C_TYPE_MESSAGE:
      if (depth > 0)
        {
          g_autoptr(GByteArray) inner = g_byte_array_new ();

          append_message (inner, field->descriptor, tape, depth - 1);
          append_tagged (body, tag, inner->data, inner->len);
        }
      break;
    default:
      append_varint (body, tag);
      append_varint (body, (guint64) (field->type == PROTOBUF_C_TYPE_BOOL ? almu_tape_choose (tape, 2) : take_number (tape)));
    }
}

static void
append_message (GByteArray                       *body,
                const ProtobufCMessageDescriptor *descriptor,
                AlmuTape                         *tape,
                int                               depth)
{
  for (guint i = 0; i < descriptor->n_fields && tape->left > 0; i++)
    {
      const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
      guint                           choice = almu_tape_take (tape);
      guint                           n = choice % 5 > 0 ? 1 : 0;

      if (field->label == PROTOBUF_C_LABEL_REPEATED)
        n = choice % MAX_REPEATED;
      while (n-- > 0)
        append_value (body, field, tape, depth);
    }
}

GByteArray *
fuzz_message_new (const ProtobufCMessageDescriptor *descriptor,
                  AlmuTape                         *tape)
{
  GByteArray *body = g_byte_array_new ();

  append_message (body, descriptor, tape, MAX_DEPTH);

  return body;
}
