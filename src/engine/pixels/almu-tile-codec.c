/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tile-codec.h"

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include <zfp.h>

#include "kernel-zfp.h"
#include "kernel.h"

#define BLOCK 4
#define MAX_PRECISION 32

/* Pictures that compress this well are sent at full precision, unless they
 * then compress by less than the second figure. */
#define RATIO_TO_RETRY 20
#define RATIO_TO_KEEP 10

/* What encoding needs besides the pixels; one per thread, kept for the next
 * tile. */
typedef struct
{
  zfp_stream *zfp;
  float      *pixels;
  gsize       n_pixels;
  guint8     *stream;
  gsize       stream_size;
  GArray     *runs;
} Scratch;

static void
scratch_free (gpointer data)
{
  Scratch *scratch = data;

  zfp_stream_close (scratch->zfp);
  g_free (scratch->pixels);
  g_free (scratch->stream);
  g_array_unref (scratch->runs);
  g_free (scratch);
}

/* cfitsio exports functions of the same names as zfp's bit streams. Linked in
 * the wrong order, zfp would call those and write where it should not. */
static void
check_symbols (void)
{
  Dl_info zfp, stream;

  if (dladdr ((gpointer) zfp_compress, &zfp) != 0 &&
      dladdr ((gpointer) stream_size, &stream) != 0 &&
      zfp.dli_fbase != stream.dli_fbase)
    g_error ("stream_size() is that of %s, not of %s: link zfp first",
             stream.dli_fname, zfp.dli_fname);
}

static GPrivate thread_scratch = G_PRIVATE_INIT (scratch_free);

static Scratch *
get_scratch (gsize n_pixels)
{
  Scratch *scratch = g_private_get (&thread_scratch);

  if (scratch == NULL)
    {
      check_symbols ();
      scratch = g_new0 (Scratch, 1);
      scratch->zfp = zfp_stream_open (NULL);
      scratch->runs = g_array_new (FALSE, FALSE, sizeof (gint32));
      g_private_set (&thread_scratch, scratch);
    }

  if (n_pixels > scratch->n_pixels)
    {
      g_free (scratch->pixels);
      scratch->pixels = g_new (float, n_pixels);
      scratch->n_pixels = n_pixels;
    }

  g_array_set_size (scratch->runs, 0);

  return scratch;
}

static void
append_run (GArray *runs,
            gint32  length)
{
  gint32 little = GINT32_TO_LE (length);

  g_array_append_val (runs, little);
}

/* Runs go on across rows; @length is that of the one being measured and
 * @is_blank what it consists of. */
static void
measure_runs (GArray      *runs,
              const float *row,
              int          width,
              gint32      *length,
              gboolean    *is_blank)
{
  for (int x = 0; x < width; x++)
    {
      gboolean x_is_blank = isnan (row[x]);

      if (x_is_blank != *is_blank)
        {
          append_run (runs, *length);
          *length = 0;
          *is_blank = x_is_blank;
        }
      (*length)++;
    }
}

/* What stands for a value zfp cannot take. A block's precision is that of
 * its largest value, so a substitute must not exceed the others: a NaN, which
 * is painted over, becomes their mean; an infinity the largest or smallest of
 * them, and the largest number there is only where it spoils nothing.
 */
static float
get_substitute (float value,
                float mean,
                float min,
                float max)
{
  if (isnan (value))
    return mean;
  if (value > 0.0f)
    return min <= max ? max : FLT_MAX;

  return min <= max ? min : -FLT_MAX;
}

/* One of the 4 × 4 blocks zfp works on, cut at the edges. The mean is taken
 * by columns, as other backends do, and is 0 for a block of blanks. */
static void
mend_block (float *pixels,
            gsize  stride,
            int    width,
            int    height)
{
  float sum = 0.0f, min = FLT_MAX, max = -FLT_MAX;
  float mean;
  int   n = 0;

  for (int x = 0; x < width; x++)
    for (int y = 0; y < height; y++)
      {
        float value = pixels[y * stride + x];

        if (!isfinite (value))
          continue;
        sum += value;
        min = MIN (min, value);
        max = MAX (max, value);
        n++;
      }

  if (n == width * height)
    return;

  /* Finite values may still add up to an infinity. */
  mean = n > 0 ? CLAMP (sum / (float) n, min, max) : 0.0f;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      if (!isfinite (pixels[y * stride + x]))
        pixels[y * stride + x] = get_substitute (pixels[y * stride + x], mean, min, max);
}

/* Copies the tile, four rows at a time, notes where it is blank, and mends
 * what zfp cannot take. */
static void
prepare_pixels (Scratch     *scratch,
                const float *pixels,
                gsize        row_stride,
                int          width,
                int          height)
{
  gboolean is_blank = FALSE;
  gint32   length = 0;

  for (int y = 0; y < height; y += BLOCK)
    {
      int      n_rows = MIN (BLOCK, height - y);
      float   *band = scratch->pixels + (gsize) y * width;
      gboolean is_finite = TRUE;

      for (int i = 0; i < n_rows; i++)
        {
          const float *row = pixels + (gsize) (y + i) * row_stride;

          memcpy (band + (gsize) i * width, row, width * sizeof *row);
          if (!is_blank && almu_kernel_count_finite (row, width) == (gsize) width)
            {
              length += width;
              continue;
            }
          measure_runs (scratch->runs, row, width, &length, &is_blank);
          is_finite = FALSE;
        }

      for (int x = 0; x < width && !is_finite; x += BLOCK)
        mend_block (band + x, width, MIN (BLOCK, width - x), n_rows);
    }

  append_run (scratch->runs, length);
}

static void
reserve_stream (Scratch *scratch,
                gsize    size)
{
  if (size <= scratch->stream_size)
    return;

  g_free (scratch->stream);
  scratch->stream = g_malloc (size);
  scratch->stream_size = size;
}

static gsize
compress_with_libzfp (Scratch *scratch,
                      int      width,
                      int      height,
                      int      precision)
{
  zfp_field *field = zfp_field_2d (scratch->pixels, zfp_type_float, width, height);
  bitstream *bits;
  gsize      size;

  zfp_stream_set_precision (scratch->zfp, (uint) precision);
  reserve_stream (scratch, zfp_stream_maximum_size (scratch->zfp, field));

  bits = stream_open (scratch->stream, scratch->stream_size);
  zfp_stream_set_bit_stream (scratch->zfp, bits);
  zfp_stream_rewind (scratch->zfp);
  size = zfp_compress (scratch->zfp, field);

  zfp_stream_set_bit_stream (scratch->zfp, NULL);
  stream_close (bits);
  zfp_field_free (field);

  return size;
}

/* Streams are the same whoever writes them; those of libzfp are whole words,
 * of which a build of it has one size or another. */
static gsize
compress (Scratch *scratch,
          int      width,
          int      height,
          int      precision)
{
  gsize n_word = stream_word_bits / 8;
  gsize size;

  reserve_stream (scratch, almu_kernel_zfp_bound ((gsize) width, (gsize) height, precision));
  size = almu_kernel_zfp_encode (scratch->pixels, (gsize) width, (gsize) height, precision, scratch->stream);
  if (size == 0)
    return compress_with_libzfp (scratch, width, height, precision);

  return (size + n_word - 1) / n_word * n_word;
}

static int
get_precision (float quality)
{
  if (!(quality > 1.0f))
    return 1;

  return (int) lroundf (MIN (quality, (float) MAX_PRECISION));
}

static void
encode_zfp (AlmuTilePicture *self,
            Scratch         *scratch,
            float            quality,
            gboolean         may_be_better)
{
  gsize raw_size = (gsize) self->width * self->height * sizeof (float);
  int   precision = get_precision (quality);
  gsize size = compress (scratch, self->width, self->height, precision);

  self->pixels = g_bytes_new (scratch->stream, size);

  if (may_be_better && precision < MAX_PRECISION && raw_size > RATIO_TO_RETRY * size)
    {
      size = compress (scratch, self->width, self->height, MAX_PRECISION);
      if (raw_size > RATIO_TO_KEEP * size)
        {
          g_bytes_unref (self->pixels);
          self->pixels = g_bytes_new (scratch->stream, size);
          precision = MAX_PRECISION;
        }
    }

  self->quality = (float) precision;
  self->blanks = g_bytes_new (scratch->runs->data, scratch->runs->len * sizeof (gint32));
}

static GBytes *
copy_little_endian (const float *pixels,
                    gsize        row_stride,
                    int          width,
                    int          height)
{
  gsize   n_pixels = (gsize) width * height;
  gint32 *copy = g_new (gint32, n_pixels);

  for (int y = 0; y < height; y++)
    memcpy (copy + (gsize) y * width, pixels + (gsize) y * row_stride, width * sizeof *pixels);

  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    for (gsize i = 0; i < n_pixels; i++)
      copy[i] = GINT32_TO_LE (copy[i]);

  return g_bytes_new_take (copy, n_pixels * sizeof *copy);
}

static AlmuTilePicture *
picture_new (const float    *pixels,
             gsize           row_stride,
             int             width,
             int             height,
             AlmuCompression compression,
             float           quality,
             gboolean        may_be_better)
{
  AlmuTilePicture *self = g_new0 (AlmuTilePicture, 1);
  Scratch         *scratch;

  g_atomic_ref_count_init (&self->refs);
  self->width = width;
  self->height = height;
  self->compression = compression;

  if (compression == ALMU_COMPRESSION_ZFP)
    {
      scratch = get_scratch ((gsize) width * height);
      prepare_pixels (scratch, pixels, row_stride, width, height);
      encode_zfp (self, scratch, quality, may_be_better);
    }
  else
    {
      self->pixels = copy_little_endian (pixels, row_stride, width, height);
      self->blanks = g_bytes_new (NULL, 0);
    }

  return self;
}

/**
 * almu_tile_picture_new:
 * @pixels: the lower left pixel
 * @row_stride: pixels between the beginnings of two rows
 * @width: of the tile
 * @height: likewise
 * @compression: how to send it
 * @quality: zfp precision, rounded and clamped to 1..32; ignored without zfp
 *
 * Makes a tile ready for the wire. Uncompressed, blanks and infinities are
 * sent as they are. zfp knows neither: NaN are listed as runs and replaced by
 * the mean of their 4 × 4 block (by 0 in a block of blanks), infinities become
 * the largest or smallest finite value of their block (±%G_MAXFLOAT if it has
 * none), which saturates the picture where they are and leaves their
 * neighbours exact.
 *
 * A tile that compresses by more than 20 is tried at full precision, and sent
 * like that if it still compresses by more than 10.
 *
 * Any thread; scratch memory is kept per thread.
 */
AlmuTilePicture *
almu_tile_picture_new (const float    *pixels,
                       gsize           row_stride,
                       int             width,
                       int             height,
                       AlmuCompression compression,
                       float           quality)
{
  g_return_val_if_fail (pixels != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);
  g_return_val_if_fail (row_stride >= (gsize) width, NULL);
  g_return_val_if_fail ((gint64) width * height <= G_MAXINT32, NULL);

  return picture_new (pixels, row_stride, width, height, compression, quality, TRUE);
}

/**
 * almu_tile_picture_new_plain:
 * @pixels: (array): row after row
 * @width: of the tile
 * @height: likewise
 * @compression: how to send it
 * @quality: zfp precision; ignored without zfp
 *
 * Like almu_tile_picture_new(), but never better than was asked for: how the
 * tiles of a vector overlay are sent.
 *
 * Returns: (transfer full): the picture
 */
AlmuTilePicture *
almu_tile_picture_new_plain (const float    *pixels,
                             int             width,
                             int             height,
                             AlmuCompression compression,
                             float           quality)
{
  g_return_val_if_fail (pixels != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  return picture_new (pixels, (gsize) width, width, height, compression, quality, FALSE);
}

/**
 * almu_tile_picture_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuTilePicture *
almu_tile_picture_ref (AlmuTilePicture *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_tile_picture_unref:
 * @self: (transfer full): a picture
 *
 * Frees the picture with the last reference; its bytes stay as long as others
 * have them. Any thread.
 */
void
almu_tile_picture_unref (AlmuTilePicture *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_bytes_unref (self->pixels);
  g_bytes_unref (self->blanks);
  g_free (self);
}

/**
 * almu_tile_picture_get_size:
 *
 * What a cache should count.
 *
 * Returns: bytes that it takes in memory
 */
gsize
almu_tile_picture_get_size (AlmuTilePicture *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return sizeof *self + g_bytes_get_size (self->pixels) + g_bytes_get_size (self->blanks);
}
