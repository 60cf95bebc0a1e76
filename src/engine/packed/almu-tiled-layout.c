/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tiled-layout.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-dither.h"
#include "almu-error.h"
#include "almu-hdu-reader.h"
#include "almu-header.h"
#include "almu-limits.h"

/* Of a row: a few descriptors and numbers. */
#define MAX_ROW_BYTES 65536

/* Usual are 16 and 32. */
#define MAX_BLOCK 65536

static const struct
{
  const char *name;
  AlmuPacking packing;
} packings[] = {
  { "RICE_1", ALMU_PACKING_RICE },
  { "RICE_ONE", ALMU_PACKING_RICE },
  { "GZIP_1", ALMU_PACKING_GZIP },
  { "GZIP_2", ALMU_PACKING_GZIP_SHUFFLED },
  { "PLIO_1", ALMU_PACKING_PLIO },
  { "HCOMPRESS_1", ALMU_PACKING_HCOMPRESS },
  { "NOCOMPRESS", ALMU_PACKING_NONE },
};

static const struct
{
  const char   *name;
  AlmuQuantised quantised;
} quantisations[] = {
  { "NONE", ALMU_QUANTISED_NOT },
  { "NO_DITHER", ALMU_QUANTISED_PLAIN },
  { "SUBTRACTIVE_DITHER_1", ALMU_QUANTISED_DITHER_1 },
  { "SUBTRACTIVE_DITHER_2", ALMU_QUANTISED_DITHER_2 },
};

typedef struct
{
  const AlmuHdu   *table;
  AlmuHeader      *header;
  AlmuTiledLayout *layout;
} Reading;

/* -- cards -------------------------------------------------------------- */

static gboolean
fail_card (const Reading *reading,
           const char    *name,
           const char    *what,
           GError       **error)
{
  const char *text = almu_header_get_text (reading->header, name);

  if (text == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("card %s is missing: %s"), name, what);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s is %s: %s"), name, text, what);

  return FALSE;
}

static gboolean
read_int (const Reading *reading,
          const char    *name,
          gint64         fallback,
          gint64         min,
          gint64         max,
          gint64        *out_number,
          GError       **error)
{
  const char      *record = almu_hdu_find (reading->table, name);
  gint64           number = fallback;
  g_autofree char *what = NULL;

  if (record == NULL && fallback >= min)
    {
      *out_number = fallback;
      return TRUE;
    }

  if (record != NULL)
    number = almu_hdu_get_int (reading->table, name, min - 1);
  if (number >= min && number <= max)
    {
      *out_number = number;
      return TRUE;
    }

  what = g_strdup_printf ("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " is expected", min, max);

  return fail_card (reading, name, what, error);
}

static double
get_double (const Reading *reading,
            const char    *name,
            double         fallback)
{
  double number;

  return almu_header_get_number (reading->header, name, &number) && isfinite (number) ? number : fallback;
}

/* -- columns ------------------------------------------------------------ */

/**
 * almu_tiled_get_element_bytes:
 * @type: the letter of a TFORMn
 *
 * By FITS Standard 4.0, section 7.3.1, where P and Q are descriptors.
 *
 * Returns: bytes of an element of a column; 0 for a type that is not known, and
 *   for X, which has bits
 */
int
almu_tiled_get_element_bytes (char type)
{
  switch (type)
    {
    case 'L':
    case 'A':
    case 'B':
      return 1;
    case 'I':
      return 2;
    case 'J':
    case 'E':
      return 4;
    case 'K':
    case 'D':
    case 'C':
    case 'P':
      return 8;
    case 'M':
    case 'Q':
      return 16;
    default:
      return 0;
    }
}

/* How many bytes a column takes in a row, -1 if nobody knows. */
static gint64
parse_form (const char      *form,
            AlmuTiledColumn *column)
{
  char  *end;
  gint64 repeat = g_ascii_strtoll (form, &end, 10);
  char   type;

  if (end == form)
    repeat = 1;
  type = g_ascii_toupper (*end);
  if (repeat < 0 || repeat > MAX_ROW_BYTES)
    return -1;
  if (type == 'X')
    return (repeat + 7) / 8;
  if (almu_tiled_get_element_bytes (type) == 0)
    return -1;

  column->type = type;
  if (type == 'P' || type == 'Q')
    {
      column->descriptor = type;
      column->type = end[1] != '\0' ? g_ascii_toupper (end[1]) : 'B';
      if (repeat != 1)
        column->type = 0;
    }
  else if (repeat == 0)
    {
      column->type = 0;
    }

  return repeat * almu_tiled_get_element_bytes (type);
}

static AlmuTiledColumn *
find_place (AlmuTiledLayout *layout,
            const char      *name)
{
  const struct
  {
    const char      *name;
    AlmuTiledColumn *column;
  } places[] = {
    { "COMPRESSED_DATA", &layout->packed },
    { "GZIP_COMPRESSED_DATA", &layout->gzipped },
    { "UNCOMPRESSED_DATA", &layout->plain },
    { "ZSCALE", &layout->scale.column },
    { "ZZERO", &layout->zero.column },
    { "ZBLANK", &layout->blank.column },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_ascii_strcasecmp (name, places[i].name) == 0)
      return places[i].column;

  return NULL;
}

static gboolean
check_column (const AlmuTiledLayout *layout,
              const AlmuTiledColumn *column,
              const char            *name,
              const char            *form,
              GError               **error)
{
  gboolean is_number = column == &layout->scale.column || column == &layout->zero.column || column == &layout->blank.column;

  if (is_number ? column->descriptor == 0 && column->type != 0 && strchr ("BIJKED", column->type) != NULL
                : column->descriptor != 0 && column->type != 0 && strchr ("BIJKED", column->type) != NULL)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("column %s has the form %s: %s"), name, form,
               is_number ? "one number is expected, such as 1D" : "an array in the heap is expected, such as 1PB");

  return FALSE;
}

static gboolean
read_columns (const Reading *reading,
              GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  gint64           at = 0;
  gint64           n_fields;

  if (!read_int (reading, "TFIELDS", -1, 1, 999, &n_fields, error))
    return FALSE;

  for (int i = 1; i <= n_fields; i++)
    {
      AlmuTiledColumn  column = { .at = at };
      AlmuTiledColumn *place;
      const char      *form, *type;
      char             card[16];
      gint64           n_bytes;

      g_snprintf (card, sizeof card, "TTYPE%d", i);
      type = almu_header_get_text (reading->header, card);
      g_snprintf (card, sizeof card, "TFORM%d", i);
      form = almu_header_get_text (reading->header, card);
      n_bytes = form != NULL ? parse_form (form, &column) : -1;
      if (n_bytes < 0 || n_bytes > layout->row_bytes - at)
        return fail_card (reading, card, "a form of a column is expected, such as 1PB, of columns as wide as NAXIS1 says", error);
      at += n_bytes;

      if (type != NULL && g_ascii_strcasecmp (type, "NULL_PIXEL_MASK") == 0)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("has its blank pixels in a column NULL_PIXEL_MASK, which is not read; ZBLANK would be"));
          return FALSE;
        }

      place = type != NULL ? find_place (layout, type) : NULL;
      if (place == NULL)
        continue;
      *place = column;
      if (!check_column (layout, place, type, form, error))
        return FALSE;
    }

  if (layout->packed.type != 0 || layout->gzipped.type != 0 || layout->plain.type != 0)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("has no column COMPRESSED_DATA"));

  return FALSE;
}

/* -- the table ---------------------------------------------------------- */

static gboolean
read_table (const Reading *reading,
            GError       **error)
{
  const AlmuHdu   *table = reading->table;
  AlmuTiledLayout *layout = reading->layout;
  gint64           n_row_bytes, heap_at;

  if (!read_int (reading, "NAXIS1", -1, 1, MAX_ROW_BYTES, &layout->row_bytes, error))
    return FALSE;

  layout->hdu = table->number;
  layout->n_rows = table->shape[1];
  layout->rows_offset = table->data_offset;
  if (layout->n_rows > G_MAXINT64 / layout->row_bytes || layout->n_rows * layout->row_bytes > table->n_data_bytes ||
      table->n_data_bytes > G_MAXINT64 - table->data_offset)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("the rows of NAXIS1 and NAXIS2 are more than the bytes of the table; PCOUNT has to be 0 or more, and GCOUNT 1"));
      return FALSE;
    }

  n_row_bytes = layout->n_rows * layout->row_bytes;
  if (!read_int (reading, "THEAP", n_row_bytes, n_row_bytes, table->n_data_bytes, &heap_at, error))
    return FALSE;

  layout->heap_offset = table->data_offset + heap_at;
  layout->heap_bytes = table->n_data_bytes - heap_at;

  return TRUE;
}

static gboolean
read_axis (const Reading *reading,
           int            axis,
           gint64        *n_pixels,
           gint64        *n_rows,
           GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  gint64           length, tile;
  char             card[16];

  g_snprintf (card, sizeof card, "ZNAXIS%d", axis + 1);
  if (!read_int (reading, card, -1, 1, ALMU_LIMIT_AXIS_LENGTH, &length, error))
    return FALSE;

  g_snprintf (card, sizeof card, "ZTILE%d", axis + 1);
  if (!read_int (reading, card, axis == 0 ? length : 1, 1, G_MAXINT32, &tile, error))
    return FALSE;

  tile = MIN (tile, length);
  if (tile > ALMU_LIMIT_TILE_PIXELS / *n_pixels)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s is %" PRId64 ": a compressed tile may have from 1 to %d pixels"),
                   card, tile, ALMU_LIMIT_TILE_PIXELS);
      return FALSE;
    }

  layout->shape[axis] = length;
  layout->tile[axis] = tile;
  layout->n_tiles[axis] = (length - 1) / tile + 1;
  *n_pixels *= tile;
  if (__builtin_mul_overflow (*n_rows, layout->n_tiles[axis], n_rows))
    *n_rows = G_MAXINT64;

  return TRUE;
}

static gboolean
read_axes (const Reading *reading,
           GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  gint64           n_pixels = 1;
  gint64           n_rows = 1;
  gint64           n_axes;

  if (!read_int (reading, "ZNAXIS", -1, 1, ALMU_TILED_AXES, &n_axes, error))
    return FALSE;

  layout->n_axes = (int) n_axes;
  for (int i = 0; i < layout->n_axes; i++)
    if (!read_axis (reading, i, &n_pixels, &n_rows, error))
      return FALSE;

  if (n_rows == layout->n_rows)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("NAXIS2 is %" PRId64 ": by ZNAXISn and ZTILEn the image has %" PRId64
                  " tiles, and each has a row"),
               layout->n_rows, n_rows);

  return FALSE;
}

/* -- packing ------------------------------------------------------------ */

/* ZNAMEi tells which ZVALi it is; without these, its place does. */
static gboolean
find_parameter (const Reading *reading,
                const char    *name,
                int            place,
                char          *card,
                gsize          card_size)
{
  for (int i = 1; i <= 99; i++)
    {
      const char *text;

      g_snprintf (card, card_size, "ZNAME%d", i);
      text = almu_header_get_text (reading->header, card);
      g_snprintf (card, card_size, "ZVAL%d", i);
      if (text != NULL && g_ascii_strcasecmp (text, name) == 0)
        return TRUE;
      if (text == NULL && i == place)
        return almu_hdu_find (reading->table, card) != NULL;
    }

  return FALSE;
}

static gboolean
read_parameter (const Reading *reading,
                const char    *name,
                int            place,
                gint64         fallback,
                gint64         max,
                gint64        *out_number,
                GError       **error)
{
  char card[16];

  *out_number = fallback;

  return !find_parameter (reading, name, place, card, sizeof card) ||
         read_int (reading, card, -1, 0, max, out_number, error);
}

static gboolean
read_rice (const Reading *reading,
           GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  gint64           pixel_bytes;

  if (!read_parameter (reading, "BLOCKSIZE", 1, 32, MAX_BLOCK, &layout->n_block, error) ||
      !read_parameter (reading, "BYTEPIX", 2, 4, 8, &pixel_bytes, error))
    return FALSE;

  layout->pixel_bytes = (int) pixel_bytes;
  if (layout->n_block > 0 && (pixel_bytes == 1 || pixel_bytes == 2 || pixel_bytes == 4))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("is packed by Rice's code with BLOCKSIZE %" PRId64 " and BYTEPIX %" PRId64
                  ": BLOCKSIZE is at least 1, and BYTEPIX can be 1, 2 or 4"),
               layout->n_block, pixel_bytes);

  return FALSE;
}

static gboolean
read_packing (const Reading *reading,
              GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  const char      *name = almu_header_get_text (reading->header, "ZCMPTYPE");
  gint64           smooth;
  guint            i = 0;

  while (i < G_N_ELEMENTS (packings) && (name == NULL || g_ascii_strcasecmp (name, packings[i].name) != 0))
    i++;
  if (i == G_N_ELEMENTS (packings))
    {
      fail_card (reading, "ZCMPTYPE",
                 "RICE_1, GZIP_1, GZIP_2, PLIO_1, HCOMPRESS_1 or NOCOMPRESS is expected", error);
      return FALSE;
    }

  layout->packing = packings[i].packing;
  if (layout->packing == ALMU_PACKING_RICE)
    return read_rice (reading, error);
  if (layout->packing != ALMU_PACKING_HCOMPRESS)
    return TRUE;

  if (!read_parameter (reading, "SMOOTH", 2, 0, G_MAXINT32, &smooth, error))
    return FALSE;
  layout->is_smooth = smooth != 0;

  return TRUE;
}

/* -- pixels ------------------------------------------------------------- */

static gboolean
read_quantised (const Reading *reading,
                GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  const char      *name = almu_header_get_text (reading->header, "ZQUANTIZ");
  gboolean         has_scale = layout->scale.column.type != 0 || layout->scale.has_value;
  guint            i = 0;

  layout->quantised = ALMU_QUANTISED_NOT;
  if (layout->bitpix > 0)
    return TRUE;

  if (name != NULL)
    {
      while (i < G_N_ELEMENTS (quantisations) && g_ascii_strcasecmp (name, quantisations[i].name) != 0)
        i++;
      if (i == G_N_ELEMENTS (quantisations))
        return fail_card (reading, "ZQUANTIZ",
                          "NONE, NO_DITHER, SUBTRACTIVE_DITHER_1 or SUBTRACTIVE_DITHER_2 is expected", error);
    }

  if (has_scale)
    layout->quantised = name != NULL ? quantisations[i].quantised : ALMU_QUANTISED_PLAIN;

  if (layout->quantised == ALMU_QUANTISED_NOT &&
      (layout->packing == ALMU_PACKING_RICE || layout->packing == ALMU_PACKING_PLIO || layout->packing == ALMU_PACKING_HCOMPRESS))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("ZBITPIX is %d, but there is no ZSCALE, or ZQUANTIZ is NONE: of reals, this way of packing takes only such as were made integers"),
                   layout->bitpix);
      return FALSE;
    }

  return read_int (reading, "ZDITHER0", 1, 1, ALMU_DITHER_NUMBERS, &layout->dither_seed, error);
}

static void
take_number (const Reading   *reading,
             const char      *name,
             AlmuTiledNumber *number)
{
  number->has_value = almu_header_get_number (reading->header, name, &number->value) && isfinite (number->value);
}

static gboolean
read_pixels (const Reading *reading,
             GError       **error)
{
  AlmuTiledLayout *layout = reading->layout;
  gint64           bitpix;

  if (!read_int (reading, "ZBITPIX", -65, -64, 64, &bitpix, error))
    return FALSE;
  if (ABS (bitpix) != 64 && ABS (bitpix) != 32 && bitpix != 16 && bitpix != 8)
    return fail_card (reading, "ZBITPIX", "8, 16, 32, 64, -32 or -64 is expected", error);

  layout->bitpix = (int) bitpix;
  layout->image_scale = get_double (reading, "BSCALE", 1.0);
  layout->image_zero = get_double (reading, "BZERO", 0.0);
  if (layout->image_scale == 0.0)
    layout->image_scale = 1.0;

  take_number (reading, "ZSCALE", &layout->scale);
  take_number (reading, "ZZERO", &layout->zero);
  take_number (reading, "ZBLANK", &layout->blank);
  if (!layout->blank.has_value)
    take_number (reading, "BLANK", &layout->blank);

  return read_quantised (reading, error);
}

/* -- all ---------------------------------------------------------------- */

static AlmuHdu *
find_table (int         fd,
            const char *name,
            int         number,
            GError    **error)
{
  g_autoptr(AlmuHduReader) reader = almu_hdu_reader_new (fd, name, error);

  while (reader != NULL)
    {
      g_autoptr(AlmuHdu) hdu = NULL;

      if (!almu_hdu_reader_next (reader, &hdu, error))
        return NULL;

      if (hdu == NULL)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED, _ ("%s: HDU %d has gone"), name, number);
          return NULL;
        }

      if (hdu->number == number)
        return g_steal_pointer (&hdu);
    }

  return NULL;
}

/**
 * almu_tiled_layout_read:
 * @fd: an open file, not compressed as a whole
 * @name: for messages
 * @hdu: number of the table that has the tiles
 * @out_layout: (out caller-allocates): where the pixels are; left as it is on
 *   failure
 * @error: return location; names the HDU and what is wrong with it
 *
 * Reads the header of a table (FITS Standard 4.0, section 10.1), and no tile.
 *
 * Returns: whether its tiles can be read
 */
gboolean
almu_tiled_layout_read (int              fd,
                        const char      *name,
                        int              hdu,
                        AlmuTiledLayout *out_layout,
                        GError         **error)
{
  AlmuTiledLayout layout = { 0 };
  g_autoptr(AlmuHeader) header = NULL;
  g_autoptr(AlmuHdu) table = find_table (fd, name, hdu, error);
  Reading reading;

  if (table == NULL)
    return FALSE;

  if (table->kind != ALMU_HDU_TILED || table->n_axes != 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: HDU %d: is not a table that has the tiles of an image"), name, hdu);
      return FALSE;
    }

  header = almu_header_new_for_records (table->records, table->n_records);
  reading = (Reading){ table, header, &layout };
  if (!read_table (&reading, error) || !read_columns (&reading, error) || !read_axes (&reading, error) ||
      !read_packing (&reading, error) || !read_pixels (&reading, error))
    {
      g_prefix_error (error, _ ("%s: HDU %d: "), name, hdu);
      return FALSE;
    }

  *out_layout = layout;

  return TRUE;
}
