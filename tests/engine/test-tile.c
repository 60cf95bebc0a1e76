/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-tile.h"
#include "test-pixels.h"

static void
test_tile_last_layer (void)
{
  g_assert_cmpint (almu_tile_last_layer (1, 1), ==, 0);
  g_assert_cmpint (almu_tile_last_layer (256, 256), ==, 0);
  g_assert_cmpint (almu_tile_last_layer (257, 1), ==, 1);
  g_assert_cmpint (almu_tile_last_layer (1, 512), ==, 1);
  g_assert_cmpint (almu_tile_last_layer (513, 512), ==, 2);
  g_assert_cmpint (almu_tile_last_layer (8192, 8192), ==, 5);
  g_assert_cmpint (almu_tile_last_layer (1 << 30, 1), ==, 22);
}

/* Every tile of every layer: they decode, they cover the layer, and
 * none is larger than it. */
static void
check_image (int width,
             int height)
{
  int last_layer = almu_tile_last_layer (width, height);

  for (int layer = 0; layer <= last_layer; layer++)
    {
      int    mip = 1 << (last_layer - layer);
      gint64 side = (gint64) 256 * mip;
      gint64 n_pixels = 0;

      for (int y = 0; y * side < height; y++)
        for (int x = 0; x * side < width; x++)
          {
            AlmuTile tile = { layer, x, y };
            AlmuTile decoded = { -1, -1, -1 };
            gint32   code = almu_tile_encode_place (&tile);
            AlmuRect area;
            gint64   n_columns = MIN (width, (x + 1) * side) - x * side;
            gint64   n_rows = MIN (height, (y + 1) * side) - y * side;

            g_assert_cmpint (code, ==, layer << 24 | y << 12 | x);
            g_assert_true (almu_tile_decode_place (code, width, height, &decoded, NULL));
            g_assert_cmpmem (&decoded, sizeof decoded, &tile, sizeof tile);
            g_assert_cmpint (almu_tile_get_mip (&tile, width, height), ==, mip);

            area = almu_tile_get_area (&tile, width, height);
            g_assert_cmpint (area.x, ==, x * 256);
            g_assert_cmpint (area.y, ==, y * 256);
            g_assert_cmpint (area.width, ==, (n_columns + mip - 1) / mip);
            g_assert_cmpint (area.height, ==, (n_rows + mip - 1) / mip);
            n_pixels += (gint64) area.width * area.height;
          }

      g_assert_cmpint (n_pixels, ==,
                       (gint64) ((width + mip - 1) / mip) * ((height + mip - 1) / mip));
    }

  g_assert_cmpint (almu_tile_get_mip (&(AlmuTile){ 0, 0, 0 }, width, height), ==, 1 << last_layer);
}

static void
test_tile_cover (void)
{
  check_image (1, 1);
  check_image (256, 256);
  check_image (257, 255);
  check_image (1023, 1025);
  check_image (100000, 3);
  for (int round = 0; round < 50; round++)
    check_image (test_pixels_side (5000), test_pixels_side (5000));
}

static void
test_tile_outside (void)
{
  static const struct
  {
    gint32 code;
    int    width;
    int    height;
  } outside[] = {
    { 1 << 24, 256, 256 },
    { 1, 256, 256 },
    { 1 << 12, 256, 256 },
    { 2 << 24, 512, 512 },
    { 1 << 24 | 2, 512, 512 },
    { 1 << 24 | 1, 100, 512 },
    { 13 << 24, 1 << 30, 1 },
    { -1, 8192, 8192 },
    { G_MININT32, 8192, 8192 },
    { G_MAXINT32, 1 << 30, 1 << 30 },
    { 0x7f << 24, 8192, 8192 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (outside); i++)
    {
      g_autoptr(GError) error = NULL;
      AlmuTile tile = { -1, -1, -1 };

      g_assert_false (almu_tile_decode_place (outside[i].code, outside[i].width, outside[i].height,
                                              &tile, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
      g_assert_cmpint (tile.layer, ==, -1);
    }
}

static void
test_tile_message (void)
{
  g_autoptr(GError) error = NULL;
  AlmuTile tile;

  g_assert_false (almu_tile_decode_place (5 << 24 | 300 << 12 | 40, 8192, 8192, &tile, &error));
  g_assert_nonnull (strstr (error->message, "layer 5"));
  g_assert_nonnull (strstr (error->message, "40,300"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/tile/last-layer", test_tile_last_layer);
  g_test_add_func ("/engine/tile/cover", test_tile_cover);
  g_test_add_func ("/engine/tile/outside", test_tile_outside);
  g_test_add_func ("/engine/tile/message", test_tile_message);

  return g_test_run ();
}
