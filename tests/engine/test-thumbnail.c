/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-test.h"
#include "almu-thumbnail.h"

/* A PNG file, read again with as little code in common as can be. */
typedef struct
{
  int         width;
  int         height;
  guint8      palette[256 * 3];
  GByteArray *packed;
  GBytes     *rows;
} Picture;

static void
picture_clear (Picture *picture)
{
  g_clear_pointer (&picture->packed, g_byte_array_unref);
  g_clear_pointer (&picture->rows, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)

static guint32
read_number (const guint8 *p)
{
  return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

static void
take_chunk (Picture      *picture,
            const char   *name,
            const guint8 *data,
            guint32       size)
{
  if (g_str_equal (name, "IHDR"))
    {
      g_assert_cmpuint (size, ==, 13);
      picture->width = (int) read_number (data);
      picture->height = (int) read_number (data + 4);
      g_assert_cmpmem (data + 8, 5, ((const guint8[]){ 8, 3, 0, 0, 0 }), 5);
    }
  else if (g_str_equal (name, "PLTE"))
    {
      g_assert_cmpuint (size, ==, sizeof picture->palette);
      memcpy (picture->palette, data, size);
    }
  else if (g_str_equal (name, "IDAT"))
    g_byte_array_append (picture->packed, data, size);
  else if (g_str_equal (name, "tRNS"))
    g_assert_cmpmem (data, size, "", 1);
}

static void
unpack (Picture *picture)
{
  g_autoptr(GInputStream) memory = g_memory_input_stream_new_from_data (picture->packed->data, picture->packed->len, NULL);
  g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  g_autoptr(GInputStream) stream = g_converter_input_stream_new (memory, G_CONVERTER (decompressor));
  g_autoptr(GError) error = NULL;
  gsize   size = (gsize) picture->height * (gsize) (picture->width + 1);
  guint8 *rows = g_malloc (size + 1);
  gsize   n_read = 0;

  g_input_stream_read_all (stream, rows, size + 1, &n_read, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_read, ==, size);
  picture->rows = g_bytes_new_take (rows, size);
}

static void
draw (AlmuPlane           *plane,
      const AlmuHistogram *histogram,
      Picture             *picture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = almu_thumbnail_draw (plane, histogram, &error);
  const guint8 *png;
  gsize         size;
  gsize         at = 8;
  char          name[5] = "";

  g_assert_no_error (error);
  png = g_bytes_get_data (bytes, &size);
  g_assert_cmpmem (png, 8, "\x89PNG\r\n\x1a\n", 8);
  picture->packed = g_byte_array_new ();

  while (at < size)
    {
      guint32 length = read_number (png + at);

      memcpy (name, png + at + 4, 4);
      take_chunk (picture, name, png + at + 8, length);
      at += length + 12;
    }

  g_assert_cmpuint (at, ==, size);
  g_assert_cmpstr (name, ==, "IEND");
  /* the check of a chunk without data is always the same */
  g_assert_cmpuint (read_number (png + size - 4), ==, 0xae426082);
  unpack (picture);
}

/* From the lower left, as pixels of images are counted. */
static int
get_colour (const Picture *picture,
            int            x,
            int            y)
{
  const guint8 *rows = g_bytes_get_data (picture->rows, NULL);

  return rows[(picture->height - 1 - y) * (picture->width + 1) + 1 + x];
}

static void
test_thumbnail_small (void)
{
  static const float pixels[] = { 0, 1, NAN, 3, INFINITY, 2 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 3, 2);
  g_auto(Picture) picture = { 0 };

  draw (plane, NULL, &picture);
  g_assert_cmpint (picture.width, ==, 3);
  g_assert_cmpint (picture.height, ==, 2);
  g_assert_cmpint (get_colour (&picture, 0, 0), ==, 1);
  g_assert_cmpint (get_colour (&picture, 2, 0), ==, 0);
  g_assert_cmpint (get_colour (&picture, 0, 1), ==, 255);
  g_assert_cmpint (get_colour (&picture, 1, 1), ==, 0);
  g_assert_cmpint (get_colour (&picture, 2, 1), >, get_colour (&picture, 1, 0));
}

static void
test_thumbnail_palette (void)
{
  static const float pixels[] = { 0, 1 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 2, 1);
  g_auto(Picture) picture = { 0 };
  double last = -1;

  draw (plane, NULL, &picture);
  g_assert_cmpmem (picture.palette + 3, 3, "\0\0\0", 3);
  g_assert_cmpmem (picture.palette + 255 * 3, 3, "\xff\xff\xff", 3);

  /* what the eye takes for brightness rises, but for rounding */
  for (int i = 1; i < 256; i++)
    {
      const guint8 *colour = picture.palette + i * 3;
      double        brightness = 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];

      g_assert_cmpfloat (brightness, >, last - 0.5);
      last = brightness;
    }
}

static void
test_thumbnail_blank (void)
{
  static const float pixels[] = { NAN, NAN, NAN, NAN };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 2, 2);
  g_auto(Picture) picture = { 0 };

  draw (plane, NULL, &picture);
  for (int i = 0; i < 4; i++)
    g_assert_cmpint (get_colour (&picture, i % 2, i / 2), ==, 0);
}

static void
test_thumbnail_constant (void)
{
  static const float pixels[] = { 7, 7, 7, 7 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 2, 2);
  g_auto(Picture) picture = { 0 };

  draw (plane, NULL, &picture);
  g_assert_cmpint (get_colour (&picture, 0, 0), ==, 128);
}

/* One bright pixel among many does not take the others' colours. */
static void
test_thumbnail_clip (void)
{
  enum
  {
    SIDE = 120
  };
  g_autofree float *pixels = g_new (float, SIDE *SIDE);
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(AlmuHistogram) histogram = NULL;
  g_auto(Picture) picture = { 0 };
  g_auto(Picture) same = { 0 };

  for (int i = 0; i < SIDE * SIDE; i++)
    pixels[i] = (float) (i % SIDE);
  pixels[5] = 240;

  plane = almu_plane_new_for_pixels (pixels, SIDE, SIDE);
  draw (plane, NULL, &picture);
  g_assert_cmpint (get_colour (&picture, 5, 0), ==, 255);
  g_assert_cmpint (get_colour (&picture, 119, 7), >, 250);
  g_assert_cmpint (get_colour (&picture, 0, 7), ==, 1);
  g_assert_cmpint (get_colour (&picture, 60, 7), >, 120);
  g_assert_cmpint (get_colour (&picture, 60, 7), <, 136);

  histogram = almu_plane_count (plane, almu_histogram_auto_bins (SIDE, SIDE), 0, 240);
  draw (plane, histogram, &same);
  g_assert_true (g_bytes_equal (picture.rows, same.rows));
}

static void
assert_size (int width,
             int height,
             int expected_width,
             int expected_height)
{
  gsize             n = (gsize) width * (gsize) height;
  g_autofree float *pixels = g_new (float, n);
  g_autoptr(AlmuPlane) plane = NULL;
  g_auto(Picture) picture = { 0 };

  for (gsize i = 0; i < n; i++)
    pixels[i] = (float) (i / (gsize) width);

  plane = almu_plane_new_for_pixels (pixels, width, height);
  draw (plane, NULL, &picture);
  g_assert_cmpint (picture.width, ==, expected_width);
  g_assert_cmpint (picture.height, ==, expected_height);
  if (height > 1)
    g_assert_cmpint (get_colour (&picture, 0, 0), <, get_colour (&picture, picture.width - 1, picture.height - 1));
}

static void
test_thumbnail_sizes (void)
{
  assert_size (1, 1, 1, 1);
  assert_size (128, 128, 128, 128);
  assert_size (129, 3, 65, 2);
  assert_size (1000, 700, 125, 88);
  assert_size (3, 5000, 1, 79);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/thumbnail/small", test_thumbnail_small);
  g_test_add_func ("/engine/thumbnail/palette", test_thumbnail_palette);
  g_test_add_func ("/engine/thumbnail/blank", test_thumbnail_blank);
  g_test_add_func ("/engine/thumbnail/constant", test_thumbnail_constant);
  g_test_add_func ("/engine/thumbnail/clip", test_thumbnail_clip);
  g_test_add_func ("/engine/thumbnail/sizes", test_thumbnail_sizes);

  return g_test_run ();
}
