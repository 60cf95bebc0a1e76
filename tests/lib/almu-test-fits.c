/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test.h"

#include <math.h>
#include <string.h>

#define BLOCK 2880
#define RECORD 80

struct _AlmuTestFits
{
  GByteArray *bytes;
  int         bitpix;
  int         n_axes;
  gint64      shape[16];
};

AlmuTestFits *
almu_test_fits_new (void)
{
  AlmuTestFits *self = g_new0 (AlmuTestFits, 1);

  self->bytes = g_byte_array_new ();

  return self;
}

void
almu_test_fits_free (AlmuTestFits *self)
{
  g_byte_array_unref (self->bytes);
  g_free (self);
}

static void
pad (AlmuTestFits *self,
     guint8        with)
{
  while (self->bytes->len % BLOCK != 0)
    g_byte_array_append (self->bytes, &with, 1);
}

/* A whole record, cut or filled to 80 bytes. */
void
almu_test_fits_record (AlmuTestFits *self,
                       const char   *record)
{
  char padded[RECORD];

  memset (padded, ' ', sizeof padded);
  memcpy (padded, record, MIN (strlen (record), sizeof padded));
  g_byte_array_append (self->bytes, (const guint8 *) padded, sizeof padded);
}

/* @value as it stands in the file: strings with their quotes. */
void
almu_test_fits_card (AlmuTestFits *self,
                     const char   *name,
                     const char   *value)
{
  g_autofree char *record = NULL;

  if (value[0] == '\'')
    record = g_strdup_printf ("%-8s= %s", name, value);
  else
    record = g_strdup_printf ("%-8s= %20s", name, value);

  almu_test_fits_record (self, record);
}

static void
begin (AlmuTestFits *self,
       int           bitpix,
       int           n_axes,
       const gint64 *shape)
{
  g_autofree char *bitpix_text = g_strdup_printf ("%d", bitpix);
  g_autofree char *n_axes_text = g_strdup_printf ("%d", n_axes);

  almu_test_fits_card (self, "BITPIX", bitpix_text);
  almu_test_fits_card (self, "NAXIS", n_axes_text);

  for (int i = 0; i < n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("NAXIS%d", i + 1);
      g_autofree char *length = g_strdup_printf ("%" G_GINT64_FORMAT, shape[i]);

      almu_test_fits_card (self, name, length);
    }

  self->bitpix = bitpix;
  self->n_axes = n_axes;
  for (int i = 0; i < n_axes; i++)
    self->shape[i] = shape[i];
}

void
almu_test_fits_begin (AlmuTestFits *self,
                      int           bitpix,
                      int           n_axes,
                      const gint64 *shape)
{
  almu_test_fits_card (self, "SIMPLE", "T");
  begin (self, bitpix, n_axes, shape);
}

void
almu_test_fits_begin_extension (AlmuTestFits *self,
                                int           bitpix,
                                int           n_axes,
                                const gint64 *shape,
                                const char   *name)
{
  g_autofree char *quoted = g_strdup_printf ("'%s'", name);

  almu_test_fits_card (self, "XTENSION", "'IMAGE   '");
  begin (self, bitpix, n_axes, shape);
  almu_test_fits_card (self, "PCOUNT", "0");
  almu_test_fits_card (self, "GCOUNT", "1");
  almu_test_fits_card (self, "EXTNAME", quoted);
}

void
almu_test_fits_end_header (AlmuTestFits *self)
{
  almu_test_fits_record (self, "END");
  pad (self, ' ');
}

static void
append_value (AlmuTestFits *self,
              double        value)
{
  union
  {
    guint8  u8;
    guint16 u16;
    guint32 u32;
    guint64 u64;
    float   f32;
    double  f64;
  } raw;

  switch (self->bitpix)
    {
    case 8:
      raw.u8 = (guint8) value;
      break;
    case 16:
      raw.u16 = GUINT16_TO_BE ((guint16) (gint16) value);
      break;
    case 32:
      raw.u32 = GUINT32_TO_BE ((guint32) (gint32) value);
      break;
    case 64:
      raw.u64 = GUINT64_TO_BE ((guint64) (gint64) value);
      break;
    case -32:
      raw.f32 = (float) value;
      raw.u32 = GUINT32_TO_BE (raw.u32);
      break;
    case -64:
      raw.f64 = value;
      raw.u64 = GUINT64_TO_BE (raw.u64);
      break;
    default:
      g_assert_not_reached ();
    }

  g_byte_array_append (self->bytes, (const guint8 *) &raw, ABS (self->bitpix) / 8);
}

/* @values as stored, before BSCALE and BZERO. */
void
almu_test_fits_values (AlmuTestFits *self,
                       gsize         n_values,
                       const double *values)
{
  for (gsize i = 0; i < n_values; i++)
    append_value (self, values[i]);
}

/* Asks @func for every pixel, x fastest; positions count from 0. */
void
almu_test_fits_fill (AlmuTestFits *self,
                     double (*func) (const gint64 *position,
                                     gpointer      user_data),
                     gpointer user_data)
{
  gint64 position[16] = { 0 };
  int    axis;

  do
    {
      append_value (self, func (position, user_data));

      for (axis = 0; axis < self->n_axes; axis++)
        {
          if (++position[axis] < self->shape[axis])
            break;
          position[axis] = 0;
        }
    }
  while (axis < self->n_axes);
}

void
almu_test_fits_end (AlmuTestFits *self)
{
  pad (self, 0);
}

GBytes *
almu_test_fits_to_bytes (AlmuTestFits *self)
{
  return g_bytes_new (self->bytes->data, self->bytes->len);
}

char *
almu_test_fits_save (AlmuTestFits *self,
                     const char   *folder,
                     const char   *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_set_contents_full (path, (const char *) self->bytes->data, self->bytes->len,
                            G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);

  return g_steal_pointer (&path);
}
