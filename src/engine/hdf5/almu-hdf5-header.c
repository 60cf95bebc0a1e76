/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-header.h"

#include <math.h>
#include <string.h>

#include "almu-card-write.h"
#include "almu-card.h"
#include "almu-image-info-read.h"

#define NAME_BYTES 8

/* Names that are too long for a card: there they have another, and to
 * people the long one. */
static const struct
{
  const char *attribute;
  const char *card;
} long_names[] = {
  { "SCHEMA_VERSION", "H5SCHEMA" },
  { "HDF5_CONVERTER", "H5CNVRTR" },
  { "HDF5_CONVERTER_VERSION", "H5CONVSN" },
  { "HDF5_DATE", "H5DATE" },
};

/* What the array itself tells better. */
static gboolean
is_of_array (const char *name)
{
  return g_str_equal (name, "SIMPLE") || g_str_equal (name, "BITPIX") ||
         (g_str_has_prefix (name, "NAXIS") && strspn (name + 5, "0123456789") == strlen (name + 5)) ||
         g_str_equal (name, "END") || g_str_equal (name, "XTENSION") ||
         g_str_equal (name, "PCOUNT") || g_str_equal (name, "GCOUNT");
}

/* Logicals that some writers store as bytes. */
static gboolean
is_logical (const AlmuHdf5Attribute *attribute)
{
  return attribute->type == ALMU_HDF5_LOGICAL ||
         (attribute->type == ALMU_HDF5_INT &&
          (g_str_equal (attribute->name, "EXTEND") || g_str_equal (attribute->name, "CASAMBM")));
}

static const char *
find_card_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (long_names); i++)
    if (g_str_equal (name, long_names[i].attribute))
      return long_names[i].card;

  if (*name == '\0' || strlen (name) > NAME_BYTES ||
      strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen (name))
    return NULL;

  return name;
}

static void
put_attribute (GByteArray              *records,
               const AlmuHdf5Attribute *attribute)
{
  const char *name = find_card_name (attribute->name);

  if (name == NULL || is_of_array (name))
    return;

  if (g_str_equal (name, "HISTORY") || g_str_equal (name, "COMMENT"))
    {
      if (attribute->type == ALMU_HDF5_TEXT)
        almu_put_commentary (records, name, attribute->text);
    }
  else if (is_logical (attribute))
    {
      almu_put_card (records, name, attribute->integer != 0 ? "T" : "F", NULL);
    }
  else if (attribute->type == ALMU_HDF5_TEXT)
    {
      almu_put_text (records, name, g_strchomp (attribute->text), NULL);
    }
  else if (attribute->type == ALMU_HDF5_INT)
    {
      almu_put_int (records, name, attribute->integer, NULL);
    }
  else if (isfinite (attribute->number))
    {
      almu_put_real (records, name, attribute->number, NULL);
    }
}

static GByteArray *
make_records (const AlmuHdf5Data *data,
              GPtrArray          *attributes)
{
  GByteArray *records = g_byte_array_new ();

  almu_put_card (records, "SIMPLE", "T", NULL);
  almu_put_int (records, "BITPIX", data->bits, NULL);
  almu_put_int (records, "NAXIS", data->n_dims, NULL);
  for (int i = 1; i <= data->n_dims; i++)
    {
      g_autofree char *name = g_strdup_printf ("NAXIS%d", i);

      almu_put_int (records, name, data->dims[data->n_dims - i], NULL);
    }

  for (guint i = 0; i < attributes->len; i++)
    put_attribute (records, attributes->pdata[i]);

  return records;
}

/* The header as people read it: with the long names. */
static AlmuHeader *
rename_cards (AlmuHeader *header)
{
  AlmuHeader *renamed = almu_header_new ();

  for (guint i = 0; i < almu_header_get_length (header); i++)
    {
      const AlmuCard *card = almu_header_get_card (header, i);
      const char     *name = card->name;

      for (gsize k = 0; k < G_N_ELEMENTS (long_names); k++)
        if (g_str_equal (name, long_names[k].card))
          name = long_names[k].attribute;

      almu_header_append (renamed, card->type, name, card->value, card->number, card->comment);
    }

  return renamed;
}

/**
 * almu_hdf5_header_read:
 * @file: an open file
 * @group: that holds the image
 * @data: its array
 * @error: return location
 *
 * The attributes of the group are the cards of the FITS file that the image
 * was made from; where the array says otherwise it is right.
 *
 * Returns: (transfer full): what the image is, but for what is worked out; or %NULL
 */
AlmuImageInfo *
almu_hdf5_header_read (AlmuHdf5           *file,
                       const char         *group,
                       const AlmuHdf5Data *data,
                       GError            **error)
{
  g_autoptr(GPtrArray) attributes = almu_hdf5_list_attributes (file, group, error);
  g_autoptr(GByteArray) records = NULL;
  g_autoptr(AlmuHeader) header = NULL;
  AlmuImageInfo *info;
  AlmuHdu        hdu = { .kind = ALMU_HDU_IMAGE };

  if (attributes == NULL)
    return NULL;

  records = make_records (data, attributes);
  hdu.records = (char *) records->data;
  hdu.n_records = records->len / ALMU_RECORD_BYTES;
  hdu.bitpix = data->bits;
  hdu.n_axes = data->n_dims;
  for (int i = 0; i < data->n_dims; i++)
    hdu.shape[i] = data->dims[data->n_dims - 1 - i];

  info = almu_image_info_read (&hdu, error);
  if (info == NULL)
    return NULL;

  info->format = ALMU_IMAGE_HDF5;
  g_free (info->hdu);
  info->hdu = g_strdup (group);
  /* the values were scaled when they were written */
  info->scale = 1;
  info->zero = 0;
  info->has_blank = FALSE;

  header = info->header;
  info->header = rename_cards (header);

  return info;
}
