/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tiled-unpacker.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-dither.h"
#include "almu-error.h"
#include "almu-unpack.h"
#include "kernel.h"

/* What is read of the table at a time: tiles that are wanted together are
 * often neighbours. */
#define ROWS_BYTES 4096

/* What a packed tile may take: the worst that packing makes of noise is less
 * than twice the pixels. */
#define MAX_PACKED_BYTES(n_pixels) ((gint64) (n_pixels) *16 + 65536)

/* SUBTRACTIVE_DITHER_2 keeps zeros as they are, by a number of their own. */
#define EXACT_ZERO (-2147483646)

/* Wider integers that are made narrower where they are. */
typedef gint64 __attribute__ ((may_alias)) Wide;
typedef gint32 __attribute__ ((may_alias)) Narrow;

typedef struct
{
  guint8 *bytes;
  gsize   size;
} Room;

struct _AlmuTiledUnpacker
{
  AlmuImage             *image;
  int                    fd;
  const AlmuTiledLayout *layout;
  GZlibDecompressor     *inflater;

  guint8 *rows; /* of the table, from @first_row on */
  gint64  first_row;
  gint64  n_rows;

  Room packed;
  Room pixels;
  Room shuffled;

  /* the tile that is loaded: elements as a file has them, or integers */
  gint64           tile;
  gsize            n_pixels;
  gboolean         is_raw;
  AlmuKernelFormat format;
  double           scale;
  double           zero;
  gboolean         has_blank;
  gint32           blank;
  AlmuQuantised    quantised;
  AlmuDither       dither;
  gsize            dithered; /* the pixel that @dither is at */
};

/* What a row says of a column's part of a tile. */
typedef struct
{
  gint64 n_elements;
  gint64 offset;
} Claim;

/**
 * almu_tiled_unpacker_new:
 * @image: whose pixels they are; must stay, like @layout
 * @fd: its file; stays the caller's
 * @layout: where the pixels are
 *
 * Memory for tiles is taken when the first one is loaded.
 *
 * Returns: (transfer full): an unpacker without a tile
 */
AlmuTiledUnpacker *
almu_tiled_unpacker_new (AlmuImage             *image,
                         int                    fd,
                         const AlmuTiledLayout *layout)
{
  AlmuTiledUnpacker *self = g_new0 (AlmuTiledUnpacker, 1);

  self->image = image;
  self->fd = fd;
  self->layout = layout;

  return self;
}

/**
 * almu_tiled_unpacker_free:
 * @self: (nullable) (transfer full): an unpacker
 *
 * Frees the unpacker with its memory; the file stays open.
 */
void
almu_tiled_unpacker_free (AlmuTiledUnpacker *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->inflater);
  g_free (self->rows);
  g_free (self->packed.bytes);
  g_free (self->pixels.bytes);
  g_free (self->shuffled.bytes);
  g_free (self);
}

/* -- what is in the file ------------------------------------------------ */

static gboolean
reserve (Room    *room,
         gsize    size,
         GError **error)
{
  if (room->size >= size && room->bytes != NULL)
    return TRUE;

  g_free (room->bytes);
  room->bytes = g_try_malloc (MAX (size, 1));
  room->size = room->bytes != NULL ? size : 0;
  if (room->bytes != NULL)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("there is no memory for its %zu bytes"), size);

  return FALSE;
}

static const guint8 *
get_row (AlmuTiledUnpacker *self,
         gint64             row,
         GError           **error)
{
  const AlmuTiledLayout *layout = self->layout;
  gint64                 n;

  if (row >= self->first_row && row < self->first_row + self->n_rows)
    return self->rows + (row - self->first_row) * layout->row_bytes;

  n = CLAMP (ROWS_BYTES / layout->row_bytes, 1, layout->n_rows - row);
  if (self->rows == NULL)
    self->rows = g_malloc (MAX (ROWS_BYTES, layout->row_bytes));
  self->n_rows = 0;
  if (!almu_image_read_bytes (self->image, self->fd, layout->rows_offset + row * layout->row_bytes,
                              (gsize) (n * layout->row_bytes), self->rows, error))
    return NULL;

  self->first_row = row;
  self->n_rows = n;

  return self->rows;
}

static guint64
get_number (const guint8 *bytes,
            int           n_bytes)
{
  guint64 number = 0;

  for (int i = 0; i < n_bytes; i++)
    number = number << 8 | bytes[i];

  return number;
}

static Claim
get_claim (const guint8          *row,
           const AlmuTiledColumn *column)
{
  int n_bytes = column->descriptor == 'P' ? 4 : 8;

  if (column->type == 0)
    return (Claim){ 0, 0 };

  return (Claim){ (gint64) get_number (row + column->at, n_bytes),
                  (gint64) get_number (row + column->at + n_bytes, n_bytes) };
}

static double
get_value (const guint8          *row,
           const AlmuTiledNumber *number,
           double                 fallback)
{
  const guint8 *at = row + number->column.at;
  guint64       bits;
  guint32       narrow_bits;
  double        value;
  float         narrow_value;

  if (number->column.type == 0)
    return number->has_value ? number->value : fallback;

  bits = get_number (at, almu_tiled_get_element_bytes (number->column.type));
  narrow_bits = (guint32) bits;
  switch (number->column.type)
    {
    case 'D':
      memcpy (&value, &bits, sizeof value);
      return value;
    case 'E':
      memcpy (&narrow_value, &narrow_bits, sizeof narrow_value);
      return (double) narrow_value;
    case 'B':
      return (double) bits;
    case 'I':
      return (gint16) bits;
    case 'J':
      return (gint32) bits;
    default:
      return (double) (gint64) bits;
    }
}

static gboolean
check_claim (AlmuTiledUnpacker *self,
             const Claim       *claim,
             int                element_bytes,
             GError           **error)
{
  gint64 heap_bytes = self->layout->heap_bytes;
  gint64 max = MAX_PACKED_BYTES (self->n_pixels);

  if (claim->n_elements < 0 || claim->offset < 0 || claim->offset > heap_bytes ||
      claim->n_elements > (heap_bytes - claim->offset) / element_bytes)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("claims to be %" PRId64 " elements at byte %" PRId64
                      " of a heap that has %" PRId64 " bytes"),
                   claim->n_elements, claim->offset, heap_bytes);
      return FALSE;
    }

  if (claim->n_elements > max / element_bytes)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("claims to be %" PRId64 " bytes, for %zu pixels; at most %" PRId64 " can be"),
                   claim->n_elements * element_bytes, self->n_pixels, max);
      return FALSE;
    }

  return TRUE;
}

/* -- from bytes to elements --------------------------------------------- */

static gboolean
fail_size (AlmuTiledUnpacker *self,
           gsize              n_bytes,
           GError           **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("has %zu bytes when unpacked, which are not %zu pixels of BITPIX %d"),
               n_bytes, self->n_pixels, self->layout->bitpix);

  return FALSE;
}

/* Big-endian integers become ours, and wider, where they are. */
static void
widen (guint8 *bytes,
       int     element_bytes,
       gsize   n_elements)
{
  for (gsize i = n_elements; i-- > 0;)
    {
      const guint8 *from = bytes + i * (gsize) element_bytes;
      gint32        value;

      if (element_bytes == 1)
        value = *from;
      else if (element_bytes == 2)
        value = (gint16) get_number (from, 2);
      else
        value = (gint32) get_number (from, 4);
      memcpy (bytes + i * sizeof value, &value, sizeof value);
    }
}

/* Elements that came as @n_bytes. They may be wider than BITPIX says: cfitsio
 * packs what it is given. */
static gboolean
take_raw (AlmuTiledUnpacker *self,
          gsize              n_bytes,
          GError           **error)
{
  gsize    element_bytes = n_bytes / self->n_pixels;
  gboolean is_real = self->layout->bitpix < 0 && self->quantised == ALMU_QUANTISED_NOT;

  if (n_bytes % self->n_pixels != 0 || element_bytes > 8 || element_bytes == 0 || (element_bytes & (element_bytes - 1)) != 0 ||
      (is_real && element_bytes < sizeof (float)) ||
      (self->quantised != ALMU_QUANTISED_NOT && element_bytes > sizeof (gint32)))
    return fail_size (self, n_bytes, error);

  if (self->quantised == ALMU_QUANTISED_DITHER_1 || self->quantised == ALMU_QUANTISED_DITHER_2)
    {
      widen (self->pixels.bytes, (int) element_bytes, self->n_pixels);
      self->is_raw = FALSE;
      return TRUE;
    }

  self->is_raw = TRUE;
  self->format.bitpix = (is_real ? -8 : 8) * (int) element_bytes;

  return TRUE;
}

/* How many bytes the pixels can take. */
static gsize
get_raw_bytes (AlmuTiledUnpacker *self)
{
  return self->n_pixels * sizeof (double);
}

static gboolean
unpack_gzip (AlmuTiledUnpacker *self,
             gsize              n_packed,
             gboolean           is_shuffled,
             GError           **error)
{
  Room *room = is_shuffled ? &self->shuffled : &self->pixels;
  gsize n_room = get_raw_bytes (self);
  gsize n_bytes;

  if (self->inflater == NULL)
    self->inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);

  if (!reserve (room, n_room, error) || !reserve (&self->pixels, n_room, error) ||
      !almu_unpack_gzip (self->inflater, self->packed.bytes, n_packed, room->bytes, n_room, &n_bytes, error))
    return FALSE;

  if (is_shuffled && n_bytes % self->n_pixels == 0)
    almu_unpack_unshuffle (room->bytes, n_bytes / self->n_pixels, self->n_pixels, self->pixels.bytes);

  return take_raw (self, n_bytes, error);
}

static gboolean
unpack_hcompress (AlmuTiledUnpacker *self,
                  gsize              n_packed,
                  GError           **error)
{
  const Wide *wide;
  Narrow     *narrow;

  if (!reserve (&self->pixels, self->n_pixels * sizeof (gint64), error) ||
      !almu_unpack_hcompress (self->packed.bytes, n_packed, self->layout->is_smooth, (gint64 *) self->pixels.bytes,
                              self->n_pixels, error))
    return FALSE;

  wide = (const Wide *) self->pixels.bytes;
  narrow = (Narrow *) self->pixels.bytes;
  for (gsize i = 0; i < self->n_pixels; i++)
    narrow[i] = (gint32) wide[i];

  return TRUE;
}

static gboolean
unpack_plio (AlmuTiledUnpacker *self,
             gsize              n_packed,
             GError           **error)
{
  const AlmuTiledLayout *layout = self->layout;
  gint32                *integers;

  if (!reserve (&self->pixels, self->n_pixels * sizeof (gint32), error))
    return FALSE;

  integers = (gint32 *) self->pixels.bytes;
  if (!almu_unpack_plio (self->packed.bytes, n_packed, integers, self->n_pixels, error))
    return FALSE;

  /* PLIO knows no negative integers: unsigned ones are packed as they are,
   * not as FITS would have them in 16 bits */
  if (layout->bitpix == 16 && layout->image_zero == 32768.0 && layout->image_scale == 1.0)
    for (gsize i = 0; i < self->n_pixels; i++)
      integers[i] = (gint32) ((guint32) integers[i] - 32768);

  return TRUE;
}

static gboolean
unpack (AlmuTiledUnpacker *self,
        gsize              n_packed,
        GError           **error)
{
  const AlmuTiledLayout *layout = self->layout;

  self->is_raw = FALSE;
  switch (layout->packing)
    {
    case ALMU_PACKING_RICE:
      return reserve (&self->pixels, self->n_pixels * sizeof (gint32), error) &&
             almu_unpack_rice (self->packed.bytes, n_packed, layout->pixel_bytes, layout->n_block,
                               (gint32 *) self->pixels.bytes, self->n_pixels, error);
    case ALMU_PACKING_PLIO:
      return unpack_plio (self, n_packed, error);
    case ALMU_PACKING_HCOMPRESS:
      return unpack_hcompress (self, n_packed, error);
    case ALMU_PACKING_GZIP:
    case ALMU_PACKING_GZIP_SHUFFLED:
      return unpack_gzip (self, n_packed, layout->packing == ALMU_PACKING_GZIP_SHUFFLED, error);
    case ALMU_PACKING_NONE:
      if (n_packed > get_raw_bytes (self))
        return fail_size (self, n_packed, error);
      if (!reserve (&self->pixels, get_raw_bytes (self), error))
        return FALSE;
      memcpy (self->pixels.bytes, self->packed.bytes, n_packed);
      return take_raw (self, n_packed, error);
    default:
      g_assert_not_reached ();
    }
}

/* -- one tile ----------------------------------------------------------- */

/* Of the pixels of a tile as they are, which are the image's. */
static void
take_image_scale (AlmuTiledUnpacker *self)
{
  self->quantised = ALMU_QUANTISED_NOT;
  self->scale = self->layout->image_scale;
  self->zero = self->layout->image_zero;
}

static void
take_scale (AlmuTiledUnpacker *self,
            const guint8      *row)
{
  const AlmuTiledLayout *layout = self->layout;
  double                 scale = get_value (row, &layout->scale, 1.0);
  double                 zero = get_value (row, &layout->zero, 0.0);
  double                 blank = get_value (row, &layout->blank, NAN);

  self->quantised = layout->quantised;
  self->scale = scale * layout->image_scale;
  self->zero = zero * layout->image_scale + layout->image_zero;
  self->has_blank = (layout->bitpix > 0 || self->quantised != ALMU_QUANTISED_NOT) && ABS (blank) < 9e18;
  self->format.blank = self->has_blank ? (gint64) blank : 0;
  if (layout->bitpix < 0 && self->quantised == ALMU_QUANTISED_NOT)
    take_image_scale (self);
}

/* The column of the packed tile has no bytes where the pixels were no good as
 * integers; then another one has them. */
static gboolean
find_data (AlmuTiledUnpacker      *self,
           const guint8           *row,
           const AlmuTiledColumn **out_column,
           Claim                  *out_claim,
           GError                **error)
{
  const AlmuTiledLayout *layout = self->layout;
  const AlmuTiledColumn *columns[] = { &layout->packed, &layout->gzipped, &layout->plain };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      *out_column = columns[i];
      *out_claim = get_claim (row, columns[i]);
      if (out_claim->n_elements != 0)
        return TRUE;
    }

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("is not in the file: its row has no bytes for it"));

  return FALSE;
}

static gboolean
unpack_data (AlmuTiledUnpacker     *self,
             const AlmuTiledColumn *column,
             gsize                  n_bytes,
             GError               **error)
{
  static const char types[] = "BIJKED";
  static const int  bitpixes[] = { 8, 16, 32, 64, -32, -64 };
  gsize             n_type_bytes = (gsize) almu_tiled_get_element_bytes (column->type);

  if (column == &self->layout->packed)
    return unpack (self, n_bytes, error);

  take_image_scale (self);
  if (column == &self->layout->gzipped)
    return unpack_gzip (self, n_bytes, FALSE, error);

  if (n_bytes != self->n_pixels * n_type_bytes)
    return fail_size (self, n_bytes, error);

  self->is_raw = TRUE;
  self->format.bitpix = bitpixes[strchr (types, column->type) - types];

  return TRUE;
}

static gboolean
load (AlmuTiledUnpacker *self,
      const guint8      *row,
      GError           **error)
{
  const AlmuTiledColumn *column;
  Claim                  claim;
  Room                  *room;
  gsize                  n_bytes;
  int                    element_bytes;
  gint64                 offset;
  g_autoptr(GError) read_error = NULL;

  if (!find_data (self, row, &column, &claim, error))
    return FALSE;

  element_bytes = almu_tiled_get_element_bytes (column->type);
  if (!check_claim (self, &claim, element_bytes, error))
    return FALSE;

  n_bytes = (gsize) (claim.n_elements * element_bytes);
  offset = self->layout->heap_offset + claim.offset;
  room = column == &self->layout->plain ? &self->pixels : &self->packed;
  if (!reserve (room, n_bytes, error))
    return FALSE;

  if (!almu_image_read_bytes (self->image, self->fd, offset, n_bytes, room->bytes, &read_error))
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  take_scale (self, row);
  if (!unpack_data (self, column, n_bytes, error))
    return FALSE;

  self->format.scale = self->scale;
  self->format.zero = self->zero;
  self->format.has_blank = self->has_blank && self->format.bitpix > 0;
  self->has_blank = self->has_blank && self->format.blank >= G_MININT32 && self->format.blank <= G_MAXINT32;
  self->blank = (gint32) self->format.blank;

  return TRUE;
}

/* Which one it is, for people: the first pixel says where to look. */
static char *
describe_tile (AlmuTiledUnpacker *self,
               gint64             tile)
{
  const AlmuTiledLayout *layout = self->layout;
  GString               *text = g_string_new (NULL);
  gint64                 rest = tile;

  g_string_append_printf (text, "%s: HDU %d: tile %" G_GINT64_FORMAT ", from pixel ",
                          almu_image_get_name (self->image), layout->hdu, tile + 1);
  for (int i = 0; i < layout->n_axes; i++)
    {
      g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                              rest % layout->n_tiles[i] * layout->tile[i] + 1);
      rest /= layout->n_tiles[i];
    }
  g_string_append (text, " on: ");

  return g_string_free (text, FALSE);
}

/**
 * almu_tiled_unpacker_load:
 * @tile: counted from 0
 * @n_pixels: how many it has, at an edge of the image too
 *
 * Reads a tile and unpacks it, for almu_tiled_unpacker_get().
 */
gboolean
almu_tiled_unpacker_load (AlmuTiledUnpacker *self,
                          gint64             tile,
                          gsize              n_pixels,
                          GError           **error)
{
  const guint8 *row = get_row (self, tile, error);

  if (row == NULL)
    return FALSE;

  self->tile = tile;
  self->n_pixels = n_pixels;
  if (!load (self, row, error))
    {
      g_autofree char *what = describe_tile (self, tile);

      g_prefix_error (error, "%s", what);
      return FALSE;
    }

  if (self->quantised >= ALMU_QUANTISED_DITHER_1)
    almu_dither_begin (&self->dither, tile, self->layout->dither_seed);
  self->dithered = 0;

  return TRUE;
}

/**
 * almu_tiled_unpacker_get:
 * @first: which pixel of the tile; behind those that were asked for before
 * @n_pixels: how many from there on
 * @pixels: room for them
 *
 * Makes floats of pixels of the tile that was loaded last: scaled, without the
 * dither, blanks as NaN.
 */
void
almu_tiled_unpacker_get (AlmuTiledUnpacker *self,
                         gsize              first,
                         gsize              n_pixels,
                         float             *pixels)
{
  const gint32 *integers = (const gint32 *) self->pixels.bytes + first;

  g_assert (first + n_pixels <= self->n_pixels);

  if (self->is_raw)
    {
      gsize element_bytes = (gsize) ABS (self->format.bitpix) / 8;

      almu_kernel_convert (&self->format, self->pixels.bytes + first * element_bytes, pixels, n_pixels);
      return;
    }

  if (self->quantised >= ALMU_QUANTISED_DITHER_1)
    {
      g_assert (first >= self->dithered);
      almu_dither_skip (&self->dither, (gint64) (first - self->dithered));
      almu_dither_restore (&self->dither, integers, n_pixels, self->scale, self->zero, pixels);
      self->dithered = first + n_pixels;
    }
  else
    {
      almu_kernel_scale (integers, n_pixels, self->scale, self->zero, pixels);
    }

  if (self->quantised == ALMU_QUANTISED_DITHER_2)
    almu_kernel_put_where (integers, EXACT_ZERO, n_pixels, (float) self->layout->image_zero, pixels);
  if (self->has_blank)
    almu_kernel_put_where (integers, self->blank, n_pixels, NAN, pixels);
}
