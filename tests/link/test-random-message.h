/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <protobuf-c/protobuf-c.h>
#include <string.h>

/* Bodies that decode: every field present or not, with small numbers that may
 * mean something as often as with wild ones. The seed is GLib's: a failing
 * run is repeated with --seed. */

static inline void
test_random_varint (GByteArray *body,
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

static inline gint64
test_random_number (void)
{
  const gint64 wild[] = { G_MAXINT32, G_MININT32, -1, -2, -10, 255, 65535, 65536, 1 << 24, 1 << 30 };

  if (g_test_rand_int_range (0, 4) > 0)
    return g_test_rand_int_range (-1, 6);

  return wild[g_test_rand_int_range (0, G_N_ELEMENTS (wild))];
}

static inline double
test_random_double (void)
{
  const double wild[] = { 0.0 / 0.0, 1.0 / 0.0, -1.0 / 0.0, 1e300, -1e300, 1e-300, 4e9, -4e9, 0 };

  if (g_test_rand_int_range (0, 4) > 0)
    return g_test_rand_double_range (-3, 25);

  return wild[g_test_rand_int_range (0, G_N_ELEMENTS (wild))];
}

static inline const char *
test_random_text (void)
{
  static const char *const texts[] = {
    "", "cube.fits", "z", "x", "y", "Iz", "Qx", "Ptotalz", "0", "1", ".", "..", "../..", "/", "$BASE", "/etc", "no such file",
    "cube.fits/..", "\360\237\224\255", "\"'\\\n", "%s%n", "AMPLITUDE(cube.fits)"
  };

  return texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))];
}

static inline GByteArray *test_random_message (const ProtobufCMessageDescriptor *descriptor,
                                               int                               depth);

static inline void
test_random_bytes (GByteArray *body,
                   const void *data,
                   gsize       length)
{
  test_random_varint (body, length);
  g_byte_array_append (body, data, (guint) length);
}

static inline void
test_random_value (GByteArray                     *body,
                   const ProtobufCFieldDescriptor *field,
                   int                             depth)
{
  guint64 tag = (guint64) field->id << 3;
  g_autoptr(GByteArray) inner = NULL;
  const char *text;
  gint64      whole;
  double      real;
  float       single;
  gint32      half;

  switch (field->type)
    {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
      half = (gint32) test_random_number ();
      test_random_varint (body, tag | 5);
      g_byte_array_append (body, (guint8 *) &half, 4);
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      single = (float) test_random_double ();
      test_random_varint (body, tag | 5);
      g_byte_array_append (body, (guint8 *) &single, 4);
      break;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
      whole = test_random_number ();
      test_random_varint (body, tag | 1);
      g_byte_array_append (body, (guint8 *) &whole, 8);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      real = test_random_double ();
      test_random_varint (body, tag | 1);
      g_byte_array_append (body, (guint8 *) &real, 8);
      break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
      text = test_random_text ();
      test_random_varint (body, tag | 2);
      test_random_bytes (body, text, strlen (text));
      break;
    case PROTOBUF_C_TYPE_MESSAGE:
      if (depth == 0)
        break;
      inner = test_random_message (field->descriptor, depth - 1);
      test_random_varint (body, tag | 2);
      test_random_bytes (body, inner->data, inner->len);
      break;
    default:
      test_random_varint (body, tag);
      test_random_varint (body, (guint64) (field->type == PROTOBUF_C_TYPE_BOOL ? g_test_rand_bit () : test_random_number ()));
    }
}

static inline GByteArray *
test_random_message (const ProtobufCMessageDescriptor *descriptor,
                     int                               depth)
{
  GByteArray *body = g_byte_array_new ();

  for (guint i = 0; i < descriptor->n_fields; i++)
    {
      const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
      int                             n = g_test_rand_int_range (0, 5) > 0;

      if (field->label == PROTOBUF_C_LABEL_REPEATED)
        n = g_test_rand_int_range (0, 5);
      while (n-- > 0)
        test_random_value (body, field, depth);
    }

  return body;
}
