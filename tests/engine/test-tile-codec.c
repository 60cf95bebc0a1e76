/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <zfp.h>

#include "almu-tile-codec.h"
#include "test-pixels.h"

/* What the page does: headerless, fixed precision. */
static float *
decode (AlmuTilePicture *picture)
{
  gsize       size;
  const void *stream = g_bytes_get_data (picture->pixels, &size);
  float      *pixels = g_new0 (float, (gsize) picture->width * picture->height);
  zfp_field  *field = zfp_field_2d (pixels, zfp_type_float, picture->width, picture->height);
  zfp_stream *zfp = zfp_stream_open (NULL);
  bitstream  *bits = stream_open ((void *) stream, size);

  zfp_stream_set_precision (zfp, (uint) floorf (picture->quality));
  zfp_stream_set_bit_stream (zfp, bits);
  zfp_stream_rewind (zfp);
  g_assert_cmpuint (zfp_decompress (zfp, field), !=, 0);

  zfp_field_free (field);
  zfp_stream_close (zfp);
  stream_close (bits);

  return pixels;
}

/* Paints the blanks over, as the page does. */
static void
paint_blanks (AlmuTilePicture *picture,
              float           *pixels)
{
  gsize         size;
  const gint32 *runs = g_bytes_get_data (picture->blanks, &size);
  gsize         at = 0;

  g_assert_cmpuint (size % sizeof (gint32), ==, 0);
  for (gsize i = 0; i < size / sizeof (gint32); i++)
    {
      gint32 length = GINT32_FROM_LE (runs[i]);

      /* only the first may be empty */
      g_assert_cmpint (length, >=, i == 0 ? 0 : 1);
      for (gint32 k = 0; k < length; k++, at++)
        if (i % 2 == 1)
          pixels[at] = NAN;
    }

  g_assert_cmpuint (at, ==, (gsize) picture->width * picture->height);
}

/* The power of two that no finite value of a pixel's 4 × 4 block reaches:
 * what its precision is relative to. */
static double
get_block_size (const float *pixels,
                gsize        stride,
                int          width,
                int          height,
                int          x,
                int          y)
{
  double size = 0;
  int    exponent;

  for (int j = y / 4 * 4; j < MIN (y / 4 * 4 + 4, height); j++)
    for (int i = x / 4 * 4; i < MIN (x / 4 * 4 + 4, width); i++)
      if (isfinite (pixels[j * stride + i]))
        size = MAX (size, fabs (pixels[j * stride + i]));

  frexp (size, &exponent);

  return ldexp (1.0, exponent);
}

static void
check_tile (const float *pixels,
            gsize        stride,
            int          width,
            int          height,
            float        quality)
{
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, stride, width, height, ALMU_COMPRESSION_ZFP, quality);
  g_autofree float *decoded = decode (picture);
  double            step = ldexp (1.0, 2 * (2 + 1) - (int) picture->quality);

  g_assert_cmpint (picture->width, ==, width);
  g_assert_cmpint (picture->height, ==, height);
  g_assert_cmpint (picture->compression, ==, ALMU_COMPRESSION_ZFP);
  g_assert_cmpfloat (picture->quality, >=, lroundf (quality));
  g_assert_cmpuint (almu_tile_picture_get_size (picture), >=, g_bytes_get_size (picture->pixels));
  paint_blanks (picture, decoded);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        float  value = pixels[y * stride + x];
        float  got = decoded[(gsize) y * width + x];
        double size;

        g_assert_cmpint (isnan (value), ==, isnan (got));
        if (!isfinite (value))
          continue;
        size = get_block_size (pixels, stride, width, height, x, y);
        g_assert_cmpfloat (fabs ((double) got - value), <=, step * size + FLT_MIN);
      }
}

static void
test_tile_codec_random (void)
{
  static const float qualities[] = { 32, 24, 16, 11, 10.6f };

  for (int round = 0; round < 200; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      int               width = test_pixels_side (256);
      int               height = test_pixels_side (256);
      gsize             stride = (gsize) width + (gsize) g_test_rand_int_range (0, 9);
      g_autofree float *pixels = test_pixels_new (kind, stride * height);

      check_tile (pixels, stride, width, height, qualities[round % G_N_ELEMENTS (qualities)]);
    }
}

static void
assert_runs (const float  *pixels,
             int           width,
             int           height,
             gsize         n_runs,
             const gint32 *runs)
{
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, width, width, height, ALMU_COMPRESSION_ZFP, 11);
  gsize         size;
  const gint32 *data = g_bytes_get_data (picture->blanks, &size);

  g_assert_cmpuint (size, ==, n_runs * sizeof (gint32));
  for (gsize i = 0; i < n_runs; i++)
    g_assert_cmpint (GINT32_FROM_LE (data[i]), ==, runs[i]);
}

static void
test_tile_codec_runs (void)
{
  float valid[] = { 1, 2, 3, 4, 5, 6 };
  float blank[] = { NAN, NAN, NAN, NAN, NAN, NAN };
  float first[] = { NAN, 2, 3, 4, 5, 6 };
  float across[] = { 1, 2, NAN, NAN, 5, INFINITY };

  assert_runs (valid, 3, 2, 1, (gint32[]){ 6 });
  assert_runs (blank, 3, 2, 2, (gint32[]){ 0, 6 });
  assert_runs (first, 3, 2, 3, (gint32[]){ 0, 1, 5 });
  assert_runs (across, 3, 2, 3, (gint32[]){ 2, 2, 2 });
}

/* What stands in for the blanks is what the others would expect. */
static void
test_tile_codec_mean (void)
{
  float pixels[16] = { 2, 2, 2, 2, 2, NAN, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 };
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, 4, 4, 4, ALMU_COMPRESSION_ZFP, 32);
  g_autofree float *decoded = decode (picture);

  for (int i = 0; i < 16; i++)
    g_assert_cmpfloat (decoded[i], ==, 2.0f);
}

/* An infinity saturates where it is and leaves its neighbours alone. */
static void
test_tile_codec_infinity (void)
{
  float pixels[16] = { 1, 2, 3, 4, INFINITY, 2, 3, 4, 1, -INFINITY, 3, 4, 1, 2, 3, 4 };
  float only[4] = { INFINITY, -INFINITY, INFINITY, -INFINITY };
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, 4, 4, 4, ALMU_COMPRESSION_ZFP, 32);
  g_autoptr(AlmuTilePicture) infinite = almu_tile_picture_new (only, 2, 2, 2, ALMU_COMPRESSION_ZFP, 32);
  g_autofree float *decoded = decode (picture);
  g_autofree float *of_infinite = decode (infinite);

  for (int i = 0; i < 16; i++)
    {
      float expected = pixels[i] == INFINITY ? 4.0f : pixels[i] == -INFINITY ? 1.0f
                                                                             : pixels[i];

      g_assert_cmpfloat_with_epsilon (decoded[i], expected, 1e-5f);
    }

  g_assert_cmpfloat (of_infinite[0], >, 1e38f);
  g_assert_cmpfloat (of_infinite[1], <, -1e38f);
}

/* Noise in every n-th block and nothing elsewhere. */
static float
encode_sparse (int n)
{
  g_autofree float *pixels = test_pixels_new (&test_pixels_kinds[0], 256 * 256);
  g_autoptr(AlmuTilePicture) picture = NULL;
  gsize size;

  for (int i = 0; i < 256 * 256; i++)
    if (n == 0 || (i / 1024 * 64 + i % 256 / 4) % n != 0)
      pixels[i] = n % 2 == 0 ? 0.0f : NAN;

  picture = almu_tile_picture_new (pixels, 256, 256, 256, ALMU_COMPRESSION_ZFP, 11);
  size = g_bytes_get_size (picture->pixels);
  if (picture->quality == 32.0f)
    g_assert_cmpuint (size * 10, <, 256 * 256 * sizeof (float));

  return picture->quality;
}

/* What compresses well is sent at the best precision, unless that compresses
 * badly. */
static void
test_tile_codec_retry (void)
{
  g_assert_cmpfloat (encode_sparse (0), ==, 32.0f);
  g_assert_cmpfloat (encode_sparse (20), ==, 32.0f);
  g_assert_cmpfloat (encode_sparse (21), ==, 32.0f);
  g_assert_cmpfloat (encode_sparse (8), ==, 11.0f);
  g_assert_cmpfloat (encode_sparse (2), ==, 11.0f);
  g_assert_cmpfloat (encode_sparse (1), ==, 11.0f);
}

static void
test_tile_codec_quality (void)
{
  static const struct
  {
    float asked;
    float used;
  } qualities[] = {
    { 0, 1 }, { -5, 1 }, { NAN, 1 }, { 1.4f, 1 }, { 10.5f, 11 }, { 31.6f, 32 }, { 32, 32 }, { 1e30f, 32 }, { INFINITY, 32 }
  };
  g_autofree float *noise = test_pixels_new (&test_pixels_kinds[0], 64 * 64);

  for (gsize i = 0; i < G_N_ELEMENTS (qualities); i++)
    {
      g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (noise, 64, 64, 64, ALMU_COMPRESSION_ZFP, qualities[i].asked);

      /* so coarse a picture may be tried again */
      if (picture->quality < 32.0f)
        g_assert_cmpfloat (picture->quality, ==, qualities[i].used);
    }
}

static void
test_tile_codec_none (void)
{
  float pixels[] = { 1, NAN, 9, 3, INFINITY, 9 };
  float expected[] = { 1, NAN, 3, INFINITY };
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, 3, 2, 2, ALMU_COMPRESSION_NONE, 11);
  gsize       size;
  const void *data = g_bytes_get_data (picture->pixels, &size);

  g_assert_cmpmem (data, size, expected, sizeof expected);
  g_assert_cmpuint (g_bytes_get_size (picture->blanks), ==, 0);
  g_assert_cmpfloat (picture->quality, ==, 0.0f);
}

static gpointer
encode_many (gpointer data)
{
  GBytes *last = NULL;

  for (int i = 0; i < 50; i++)
    {
      g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (data, 200, 200 - i % 3, 190, ALMU_COMPRESSION_ZFP, 11);

      g_clear_pointer (&last, g_bytes_unref);
      last = g_bytes_ref (picture->pixels);
    }

  return last;
}

/* Scratch memory is per thread, and left clean by the tile before. */
static void
test_tile_codec_threads (void)
{
  g_autofree float *pixels = test_pixels_new (&test_pixels_kinds[1], 200 * 190);
  g_autoptr(GBytes) expected = encode_many (pixels);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("encode", encode_many, pixels);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr(GBytes) bytes = g_thread_join (threads[i]);

      g_assert_true (g_bytes_equal (bytes, expected));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/tile-codec/random", test_tile_codec_random);
  g_test_add_func ("/engine/tile-codec/runs", test_tile_codec_runs);
  g_test_add_func ("/engine/tile-codec/mean", test_tile_codec_mean);
  g_test_add_func ("/engine/tile-codec/infinity", test_tile_codec_infinity);
  g_test_add_func ("/engine/tile-codec/retry", test_tile_codec_retry);
  g_test_add_func ("/engine/tile-codec/quality", test_tile_codec_quality);
  g_test_add_func ("/engine/tile-codec/none", test_tile_codec_none);
  g_test_add_func ("/engine/tile-codec/threads", test_tile_codec_threads);

  return g_test_run ();
}
