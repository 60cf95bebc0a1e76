/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-thumbnail.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-tile.h"

/* What the page shows at first: all but the faintest and the brightest
 * quarter of a percent. */
#define CUT_OFF 0.0025

/* The first colour is for blanks, and transparent. */
#define N_COLOURS 256
#define BLANK 0

/* -- the picture -------------------------------------------------------- */

/* The value below which @fraction of what the histogram counts lies. */
static double
find_percentile (const AlmuHistogram *histogram,
                 double               fraction)
{
  double total = 0;
  double sum = 0;
  double wanted;

  for (int i = 0; i < histogram->n_bins; i++)
    total += histogram->counts[i];
  wanted = total * fraction;

  for (int i = 0; i < histogram->n_bins; i++)
    {
      double count = histogram->counts[i];

      if (count > 0 && sum + count >= wanted)
        return histogram->first_centre + histogram->bin_width * (i - 0.5 + (wanted - sum) / count);
      sum += count;
    }

  return histogram->first_centre + histogram->bin_width * (histogram->n_bins - 0.5);
}

static void
find_bounds (AlmuPlane           *plane,
             const AlmuHistogram *histogram,
             double              *out_min,
             double              *out_max)
{
  const AlmuStats *stats = almu_plane_get_stats (plane);
  g_autoptr(AlmuHistogram) counted = NULL;

  *out_min = stats->n > 0 ? stats->min : 0;
  *out_max = stats->n > 0 ? stats->max : 0;
  if (*out_min == *out_max)
    return;

  if (histogram == NULL)
    {
      counted = almu_plane_count (plane,
                                  almu_histogram_auto_bins (almu_plane_get_width (plane), almu_plane_get_height (plane)),
                                  stats->min, stats->max);
      histogram = counted;
    }

  *out_min = find_percentile (histogram, CUT_OFF);
  *out_max = find_percentile (histogram, 1 - CUT_OFF);
}

/* The mean of the finite values of a square, or NaN. */
static double
average (const float *values,
         int          width,
         int          height,
         int          x0,
         int          y0,
         int          side)
{
  double sum = 0;
  int    n = 0;

  for (int y = y0; y < MIN (y0 + side, height); y++)
    for (int x = x0; x < MIN (x0 + side, width); x++)
      {
        float value = values[(gsize) y * (gsize) width + (gsize) x];

        if (isfinite (value))
          {
            sum += value;
            n++;
          }
      }

  return n > 0 ? sum / n : (double) NAN;
}

static guint8
choose_colour (double value,
               double min,
               double max)
{
  double place;

  if (!isfinite (value))
    return BLANK;

  /* all of one value: neither end */
  place = max > min ? (value - min) / (max - min) : 0.5;

  return (guint8) (1 + lround (CLAMP (place, 0, 1) * (N_COLOURS - 2)));
}

/* Rows of colours from the top, each after the number of its filter, which
 * is none. */
static GByteArray *
draw_rows (const float *values,
           int          width,
           int          height,
           int          side,
           double       min,
           double       max)
{
  GByteArray *rows = g_byte_array_new ();
  int         n_rows = (height + side - 1) / side;

  for (int row = n_rows - 1; row >= 0; row--)
    {
      g_byte_array_append (rows, (const guint8[]){ 0 }, 1);
      for (int x = 0; x < width; x += side)
        {
          guint8 colour = choose_colour (average (values, width, height, x, row * side, side), min, max);

          g_byte_array_append (rows, &colour, 1);
        }
    }

  return rows;
}

/* The cubehelix of D. A. Green, Bull. Astr. Soc. India 39 (2011) 289: it
 * winds through the colours while what the eye takes for brightness rises
 * evenly. Start 0.5, -1.5 turns, hue and gamma 1. */
static void
fill_palette (guint8 palette[N_COLOURS * 3])
{
  static const double weights[3][2] = {
    { -0.14861, 1.78277 },
    { -0.29227, -0.90649 },
    { 1.97294, 0 },
  };

  memset (palette, 0, 3);
  for (int i = 1; i < N_COLOURS; i++)
    {
      double lambda = (i - 1.0) / (N_COLOURS - 2);
      double angle = 2 * G_PI * (0.5 / 3 + 1 - 1.5 * lambda);
      double amplitude = lambda * (1 - lambda) / 2;

      for (int c = 0; c < 3; c++)
        {
          double value = lambda + amplitude * (weights[c][0] * cos (angle) + weights[c][1] * sin (angle));

          palette[i * 3 + c] = (guint8) lround (CLAMP (value, 0, 1) * 255);
        }
    }
}

/* -- the file: ISO/IEC 15948, https://www.w3.org/TR/png/ ----------------- */

static guint32
count_check (const guint8 *bytes,
             gsize         n_bytes)
{
  guint32 check = G_MAXUINT32;

  for (gsize i = 0; i < n_bytes; i++)
    {
      check ^= bytes[i];
      for (int bit = 0; bit < 8; bit++)
        check = check >> 1 ^ (check & 1 ? 0xedb88320u : 0);
    }

  return ~check;
}

static void
append_number (GByteArray *bytes,
               guint32     number)
{
  guint32 big = GUINT32_TO_BE (number);

  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

static void
append_chunk (GByteArray *png,
              const char *name,
              const void *data,
              gsize       size)
{
  guint start = png->len + 4;

  append_number (png, (guint32) size);
  g_byte_array_append (png, (const guint8 *) name, 4);
  g_byte_array_append (png, data, (guint) size);
  append_number (png, count_check (png->data + start, size + 4));
}

static GBytes *
compress (const GByteArray *rows,
          GError          **error)
{
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9);
  g_autoptr(GOutputStream) stream = g_converter_output_stream_new (memory, G_CONVERTER (compressor));

  if (!g_output_stream_write_all (stream, rows->data, rows->len, NULL, NULL, error) ||
      !g_output_stream_close (stream, NULL, error))
    return NULL;

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

static GBytes *
write_png (const GByteArray *rows,
           int               width,
           int               height,
           GError          **error)
{
  static const guint8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  /* 8 bits that choose from a palette, compressed and filtered as always */
  static const guint8 kind[] = { 8, 3, 0, 0, 0 };
  g_autoptr(GBytes) pixels = compress (rows, error);
  g_autoptr(GByteArray) header = g_byte_array_new ();
  GByteArray *png;
  guint8      palette[N_COLOURS * 3];

  if (pixels == NULL)
    return NULL;

  append_number (header, (guint32) width);
  append_number (header, (guint32) height);
  g_byte_array_append (header, kind, sizeof kind);
  fill_palette (palette);

  png = g_byte_array_new ();
  g_byte_array_append (png, signature, sizeof signature);
  append_chunk (png, "IHDR", header->data, header->len);
  append_chunk (png, "PLTE", palette, sizeof palette);
  append_chunk (png, "tRNS", (const guint8[]){ 0 }, 1);
  append_chunk (png, "IDAT", g_bytes_get_data (pixels, NULL), g_bytes_get_size (pixels));
  append_chunk (png, "IEND", "", 0);

  return g_byte_array_free_to_bytes (png);
}

/**
 * almu_thumbnail_draw:
 * @plane: what to show
 * @histogram: (nullable): of all of it, if there is one already
 * @error: return location for an error
 *
 * Draws a small picture of a plane, north up if the image has it so: clipped
 * as the page does at first, coloured, blanks transparent. Computes what the
 * plane computes late: for a worker.
 *
 * Returns: (transfer full): a PNG file
 */
GBytes *
almu_thumbnail_draw (AlmuPlane           *plane,
                     const AlmuHistogram *histogram,
                     GError             **error)
{
  g_autoptr(GByteArray) rows = NULL;
  const float *values;
  int          width;
  int          height;
  int          layer;
  int          side;
  double       min;
  double       max;

  g_return_val_if_fail (plane != NULL, NULL);

  width = almu_plane_get_width (plane);
  height = almu_plane_get_height (plane);
  layer = almu_tile_last_layer (width, height);
  values = layer > 0 ? almu_plane_get_layer (plane, 1 << layer, &width, &height) : almu_plane_get_pixels (plane);
  if (values == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _ ("No memory for a picture of %d×%d pixels"), width, height);
      return NULL;
    }

  find_bounds (plane, histogram, &min, &max);
  side = MAX (1, (MAX (width, height) + ALMU_THUMBNAIL_SIZE - 1) / ALMU_THUMBNAIL_SIZE);
  rows = draw_rows (values, width, height, side, min, max);

  return write_png (rows, (width + side - 1) / side, (height + side - 1) / side, error);
}
