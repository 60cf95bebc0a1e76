/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-plane.h"
#include "almu-tile.h"
#include "almu-workers.h"
#include "test-pixels.h"

/* The mean of what is finite in a block, in double, and how large its terms
 * are. */
static double
expect_mean (const float *pixels,
             int          width,
             int          height,
             int          mip,
             int          x,
             int          y,
             double      *out_size)
{
  double sum = 0, size = 0;
  int    n = 0;

  for (gint64 j = (gint64) y * mip; j < MIN ((gint64) (y + 1) * mip, height); j++)
    for (gint64 i = (gint64) x * mip; i < MIN ((gint64) (x + 1) * mip, width); i++)
      {
        float value = pixels[j * width + i];

        if (!isfinite (value))
          continue;
        sum += value;
        size += fabs (value);
        n++;
      }

  *out_size = n > 0 ? size / n : 0.0;

  return n > 0 ? sum / n : NAN;
}

static void
check_layers (const float *pixels,
              int          width,
              int          height)
{
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, width, height);
  int layer_width, layer_height;
  int overview = 1 << almu_tile_last_layer (width, height);

  for (int mip = 1; mip <= overview; mip *= 2)
    {
      const float *layer = almu_plane_get_layer (plane, mip, &layer_width, &layer_height);

      g_assert_nonnull (layer);
      g_assert_cmpint (layer_width, ==, (width + mip - 1) / mip);
      g_assert_cmpint (layer_height, ==, (height + mip - 1) / mip);
      if (mip == 1)
        {
          g_assert_true (layer == almu_plane_get_pixels (plane));
          g_assert_cmpmem (layer, (gsize) width * height * sizeof *layer,
                           pixels, (gsize) width * height * sizeof *pixels);
          continue;
        }

      for (int y = 0; y < layer_height; y++)
        for (int x = 0; x < layer_width; x++)
          {
            float  value = layer[(gsize) y * layer_width + x];
            double size;
            double expected = expect_mean (pixels, width, height, mip, x, y, &size);

            g_assert_cmpint (isnan (value), ==, isnan (expected));
            if (!isnan (value))
              g_assert_cmpfloat (fabs (value - expected), <=, 1e-6 * size);
          }
    }

  g_assert_null (almu_plane_get_layer (plane, 2 * overview, &layer_width, &layer_height));
  g_assert_null (almu_plane_get_layer (plane, 3, &layer_width, &layer_height));
  g_assert_null (almu_plane_get_layer (plane, 0, &layer_width, &layer_height));
  g_assert_null (almu_plane_get_layer (plane, -2, &layer_width, &layer_height));
}

static void
test_plane_layers (void)
{
  static const int sides[][2] = {
    { 1, 1 },
    { 256, 256 },
    { 257, 256 },
    { 256, 257 },
    { 512, 512 },
    { 513, 1 },
    { 1, 1025 },
    { 1023, 511 },
    { 2049, 3 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sides) + 30; i++)
    {
      const TestPixels *kind = &test_pixels_kinds[i % G_N_ELEMENTS (test_pixels_kinds)];
      int               width = i < G_N_ELEMENTS (sides) ? sides[i][0] : test_pixels_side (1300);
      int               height = i < G_N_ELEMENTS (sides) ? sides[i][1] : test_pixels_side (1300);
      g_autofree float *pixels = test_pixels_new (kind, (gsize) width * height);

      check_layers (pixels, width, height);
    }
}

/* The mean of equal values is that value, edges and blanks or not. */
static void
test_plane_layers_constant (void)
{
  for (int with_blank = 0; with_blank < 2; with_blank++)
    {
      g_autofree float *pixels = g_new (float, 1003 * 777);
      g_autoptr(AlmuPlane) plane = NULL;
      int width, height;

      for (int i = 0; i < 1003 * 777; i++)
        pixels[i] = with_blank && i % 7 == 0 ? NAN : 0.5f;

      plane = almu_plane_new_for_pixels (pixels, 1003, 777);
      for (int mip = 2; mip <= 4; mip *= 2)
        {
          const float *layer = almu_plane_get_layer (plane, mip, &width, &height);

          for (int i = 0; i < width * height; i++)
            if (!with_blank || !isnan (layer[i]))
              g_assert_cmpfloat (layer[i], ==, 0.5f);
        }
    }
}

static void
test_plane_size (void)
{
  g_autofree float *pixels = test_pixels_new (&test_pixels_kinds[0], 1000 * 600);
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 1000, 600);
  gsize n_bytes = 1000 * 600 * sizeof (float);

  g_assert_cmpuint (almu_plane_get_size (plane), ==, almu_plane_estimate_size (1000, 600));
  g_assert_cmpuint (almu_plane_get_size (plane), >=, n_bytes + n_bytes / 4);
  g_assert_cmpuint (almu_plane_get_size (plane), <=, n_bytes + n_bytes / 3 + 10000);
  g_assert_cmpuint (almu_plane_estimate_size (1 << 30, 1 << 30), >, (gsize) 1 << 62);
}

static void
test_plane_stats (void)
{
  for (int round = 0; round < 20; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      int               width = test_pixels_side (1500);
      int               height = test_pixels_side (1500);
      gsize             n = (gsize) width * height;
      g_autofree float *pixels = test_pixels_new (kind, n);
      g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, width, height);
      const AlmuStats *stats = almu_plane_get_stats (plane);
      AlmuStats        serial = ALMU_STATS_INIT;

      almu_stats_add (&serial, pixels, n);
      g_assert_cmpint (almu_plane_get_width (plane), ==, width);
      g_assert_cmpint (almu_plane_get_height (plane), ==, height);
      g_assert_cmpint (stats->n, ==, serial.n);
      g_assert_cmpint (stats->n_blank, ==, serial.n_blank);
      g_assert_cmpfloat (stats->min, ==, serial.min);
      g_assert_cmpfloat (stats->max, ==, serial.max);
      g_assert_cmpfloat (fabs (stats->sum - serial.sum), <=,
                         1e-12 * n * (fabs (kind->offset) + kind->scatter));
      g_assert_cmpfloat (fabs (stats->m2 - serial.m2), <=, 1e-9 * serial.m2 + 1e-9 * n * kind->scatter);
    }
}

static void
test_plane_count (void)
{
  for (int round = 0; round < 20; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      int               width = test_pixels_side (2000);
      int               height = test_pixels_side (2000);
      gsize             n = (gsize) width * height;
      int               n_bins = g_test_rand_int_range (1, 5000);
      g_autofree float *pixels = test_pixels_new (kind, n);
      g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, width, height);
      const AlmuStats *stats = almu_plane_get_stats (plane);
      g_autoptr(AlmuHistogram) histogram = almu_plane_count (plane, n_bins, stats->min, stats->max);
      g_autoptr(AlmuHistogram) serial = almu_histogram_new (n_bins, stats->min, stats->max, stats);
      gint64 sum = 0;

      almu_histogram_add (serial, stats->min, stats->max, pixels, n);
      g_assert_cmpint (histogram->n_bins, ==, serial->n_bins);
      g_assert_cmpmem (histogram->counts, histogram->n_bins * sizeof (gint32),
                       serial->counts, serial->n_bins * sizeof (gint32));
      for (int i = 0; i < histogram->n_bins; i++)
        sum += histogram->counts[i];
      if (stats->min < stats->max)
        g_assert_cmpint (sum, ==, stats->n);
    }
}

/* Sums in the last bit, as text: what another process with another number
 * of threads must print too. */
static char *
describe (void)
{
  GString          *text = g_string_new (NULL);
  g_autofree float *pixels = g_new (float, 1500 * 1400);
  g_autoptr(AlmuPlane) plane = NULL;
  g_autofree char *digest = NULL;
  const AlmuStats *stats;
  const float     *layer;
  int              width, height;

  for (int i = 0; i < 1500 * 1400; i++)
    pixels[i] = i % 1001 == 0 ? NAN : sinf ((float) i) * 100.0f;

  plane = almu_plane_new_for_pixels (pixels, 1500, 1400);
  stats = almu_plane_get_stats (plane);
  layer = almu_plane_get_layer (plane, 8, &width, &height);
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) layer,
                                        (gsize) width * height * sizeof *layer);
  g_string_append_printf (text, "%a %a %a %a %s", stats->sum, stats->sum_sq, stats->mean, stats->m2, digest);

  return g_string_free (text, FALSE);
}

static void
test_plane_threads_subprocess (void)
{
  g_autofree char *text = NULL;

  almu_workers_set_threads ((guint) g_ascii_strtoull (g_getenv ("TEST_PLANE_THREADS"), NULL, 10));
  text = describe ();
  g_assert_cmpstr (text, ==, g_getenv ("TEST_PLANE_EXPECTED"));
}

static void
test_plane_threads (void)
{
  g_autofree char *expected = describe ();

  for (int n_threads = 1; n_threads < 8; n_threads += 3)
    {
      g_autofree char *number = g_strdup_printf ("%d", n_threads);

      g_setenv ("TEST_PLANE_THREADS", number, TRUE);
      g_setenv ("TEST_PLANE_EXPECTED", expected, TRUE);
      g_test_trap_subprocess ("/engine/plane/threads/subprocess", 0, 0);
      g_test_trap_assert_passed ();
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/plane/layers", test_plane_layers);
  g_test_add_func ("/engine/plane/layers/constant", test_plane_layers_constant);
  g_test_add_func ("/engine/plane/size", test_plane_size);
  g_test_add_func ("/engine/plane/stats", test_plane_stats);
  g_test_add_func ("/engine/plane/count", test_plane_count);
  g_test_add_func ("/engine/plane/threads", test_plane_threads);
  g_test_add_func ("/engine/plane/threads/subprocess", test_plane_threads_subprocess);

  return g_test_run ();
}
