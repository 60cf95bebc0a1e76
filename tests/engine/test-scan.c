/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-scan.h"
#include "almu-test-image.h"
#include "almu-test.h"
#include "almu-workers.h"
#include "test-pixels.h"

/* Pixels of the image that is being looked at. */
static struct
{
  int    width;
  int    height;
  int    depth;
  float *pixels;
} cube;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return cube.pixels[((gsize) channel * cube.height + y) * cube.width + x];
}

static AlmuImage *
make_image (int               width,
            int               height,
            int               depth,
            const TestPixels *kind)
{
  g_free (cube.pixels);
  cube.width = width;
  cube.height = height;
  cube.depth = depth;
  cube.pixels = test_pixels_new (kind, (gsize) width * height * depth);

  return almu_test_image_new (width, height, depth, 1, pixel);
}

/* In the plainest way there is. */
static AlmuStats
measure_plainly (const AlmuMask *mask,
                 int             channel)
{
  AlmuStats stats = ALMU_STATS_INIT;

  for (guint i = 0; i < mask->n_spans; i++)
    for (int x = mask->spans[i].x; x < mask->spans[i].x + mask->spans[i].length; x++)
      {
        float value = pixel (x, mask->spans[i].y, channel, 0);

        if (!isfinite (value))
          {
            stats.n_blank++;
            continue;
          }
        stats.n++;
        stats.sum += value;
        stats.sum_sq += (double) value * (double) value;
        stats.min = MIN (stats.min, value);
        stats.max = MAX (stats.max, value);
      }

  stats.mean = stats.n > 0 ? stats.sum / (double) stats.n : 0;
  for (guint i = 0; i < mask->n_spans; i++)
    for (int x = mask->spans[i].x; x < mask->spans[i].x + mask->spans[i].length; x++)
      {
        float value = pixel (x, mask->spans[i].y, channel, 0);

        if (isfinite (value))
          stats.m2 += ((double) value - stats.mean) * ((double) value - stats.mean);
      }

  return stats;
}

static void
assert_near (double value,
             double truth,
             double scale)
{
  g_assert_cmpfloat_with_epsilon (value, truth, 1e-9 * MAX (fabs (truth), scale) + 1e-300);
}

static void
assert_like (const AlmuStats *stats,
             const AlmuStats *truth)
{
  double largest = truth->n > 0 ? MAX (fabs (truth->min), fabs (truth->max)) : 0;
  double n = (double) truth->n;

  g_assert_cmpint (stats->n, ==, truth->n);
  g_assert_cmpint (stats->n_blank, ==, truth->n_blank);
  g_assert_cmpfloat (stats->min, ==, truth->min);
  g_assert_cmpfloat (stats->max, ==, truth->max);
  assert_near (stats->sum, truth->sum, largest * n);
  assert_near (stats->sum_sq, truth->sum_sq, 0);
  assert_near (stats->mean, truth->mean, largest);
  assert_near (stats->m2, truth->m2, largest * largest * 1e-6 * n);
}

static AlmuShape *
random_shape (int width,
              int height)
{
  const AlmuShapeType types[] = { ALMU_SHAPE_POINT, ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_POLYGON };
  AlmuShapeType       type = types[g_test_rand_int_range (0, G_N_ELEMENTS (types))];
  AlmuPoint           points[12];
  gsize               n = type == ALMU_SHAPE_POINT ? 1 : type == ALMU_SHAPE_POLYGON ? (gsize) g_test_rand_int_range (3, 13)
                                                                                    : 2;
  g_autoptr(GError) error = NULL;
  AlmuShape *shape;

  for (gsize i = 0; i < n; i++)
    points[i] = (AlmuPoint){ (float) g_test_rand_double_range (-2, width + 2), (float) g_test_rand_double_range (-2, height + 2) };
  if (n == 2)
    points[1] = (AlmuPoint){ (float) g_test_rand_double_range (0.5, width * 2), (float) g_test_rand_double_range (0.5, height * 2) };

  shape = almu_shape_new (type, points, n, g_test_rand_bit () ? 0 : (float) g_test_rand_double_range (-180, 180), &error);
  g_assert_no_error (error);

  return shape;
}

/* Returns how many channels it looked at. */
static int
check_scan (AlmuImage      *image,
            const AlmuMask *mask)
{
  AlmuScan              scan = { image, 0, NULL, NULL };
  int                   channel = g_test_rand_int_range (0, cube.depth);
  int                   n = g_test_rand_int_range (1, cube.depth - channel + 1);
  g_autofree AlmuStats *stats = g_new (AlmuStats, n);
  AlmuScanPlace         place = { mask, stats };
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_scan_measure (&scan, &place, 1, channel, n, &error));
  g_assert_no_error (error);
  for (int i = 0; i < n; i++)
    {
      AlmuStats truth = measure_plainly (mask, channel + i);

      assert_like (&stats[i], &truth);
    }

  return n;
}

/* No pixel is read twice, and none in vain. */
static void
check_box (AlmuImage      *image,
           const AlmuRect *area)
{
  g_autoptr(AlmuMask) mask = almu_mask_new_for_rect (area);
  guint64 before = almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image));
  int     n = check_scan (image, mask);

  g_assert_cmpuint (almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image)) - before, ==,
                    (guint64) area->width * (guint64) area->height * (guint64) n);
}

static void
test_scan_random (void)
{
  for (int round = 0; round < 400; round++)
    {
      int width = test_pixels_side (150);
      int height = test_pixels_side (150);
      g_autoptr(AlmuImage) image = make_image (width, height, test_pixels_side (30), &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)]);
      g_autoptr(AlmuShape) shape = random_shape (width, height);
      g_autoptr(AlmuMask) mask = almu_mask_new (shape, width, height);

      if (!almu_mask_is_empty (mask))
        check_scan (image, mask);
    }
}

/* Places that are looked at together: each gets what it gets alone, to the
 * last bit, and no more is read than for each alone, give or take what is
 * between neighbours. */
static void
test_scan_together (void)
{
  for (int round = 0; round < 150; round++)
    {
      int width = test_pixels_side (400);
      int height = test_pixels_side (400);
      int n_places = g_test_rand_int_range (1, 9);
      g_autoptr(AlmuImage) image = make_image (width, height, g_test_rand_int_range (1, 6), &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)]);
      AlmuTestImage *counts = ALMU_TEST_IMAGE (image);
      AlmuScan       scan = { image, 0, NULL, NULL };
      AlmuMask      *masks[8];
      AlmuStats      alone[8][6];
      AlmuStats      together[8][6];
      AlmuScanPlace  places[8];
      guint64        before, n_alone;
      guint          n = 0;

      for (int i = 0; i < n_places; i++)
        {
          g_autoptr(AlmuShape) shape = random_shape (width, height);

          masks[n] = almu_mask_new (shape, width, height);
          places[n] = (AlmuScanPlace){ masks[n], together[n] };
          if (almu_mask_is_empty (masks[n]))
            almu_mask_unref (masks[n]);
          else
            n++;
        }

      before = almu_test_image_get_n_pixels (counts);
      for (guint i = 0; i < n; i++)
        {
          AlmuScanPlace place = { masks[i], alone[i] };

          g_assert_true (almu_scan_measure (&scan, &place, 1, 0, cube.depth, NULL));
        }
      n_alone = almu_test_image_get_n_pixels (counts) - before;
      if (n > 0)
        g_assert_true (almu_scan_measure (&scan, places, n, 0, cube.depth, NULL));
      g_assert_cmpuint (almu_test_image_get_n_pixels (counts) - before - n_alone, <=, n_alone + n_alone / 2);
      for (guint i = 0; i < n; i++)
        {
          g_assert_cmpmem (alone[i], (gsize) cube.depth * sizeof (AlmuStats), together[i], (gsize) cube.depth * sizeof (AlmuStats));
          almu_mask_unref (masks[i]);
        }
    }
}

/* What is under all of them is read once. */
static void
test_scan_overlapping (void)
{
  AlmuRect      around = { 10, 20, 700, 500 };
  AlmuRect      within[] = { { 10, 20, 700, 500 }, { 50, 60, 30, 400 }, { 55, 61, 600, 3 }, { 709, 519, 1, 1 } };
  AlmuStats     stats[G_N_ELEMENTS (within)][2];
  AlmuScanPlace places[G_N_ELEMENTS (within)];
  g_autoptr(AlmuImage) image = make_image (800, 600, 2, &test_pixels_kinds[1]);
  AlmuScan scan = { image, 0, NULL, NULL };
  guint64  before;

  for (guint i = 0; i < G_N_ELEMENTS (within); i++)
    places[i] = (AlmuScanPlace){ almu_mask_new_for_rect (&within[i]), stats[i] };
  before = almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image));
  g_assert_true (almu_scan_measure (&scan, places, G_N_ELEMENTS (places), 0, 2, NULL));
  g_assert_cmpuint (almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image)) - before, ==, 2 * (guint64) around.width * (guint64) around.height);

  for (guint i = 0; i < G_N_ELEMENTS (within); i++)
    {
      for (int channel = 0; channel < 2; channel++)
        {
          AlmuStats truth = measure_plainly (places[i].mask, channel);

          assert_like (&stats[i][channel], &truth);
        }
      almu_mask_unref ((AlmuMask *) places[i].mask);
    }
}

/* Larger than a piece, and than a band: across rows, and in one row. */
static void
test_scan_large (void)
{
  const int sides[][2] = { { 900, 700 }, { 600000, 2 }, { 3, 200000 } };

  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      AlmuRect all = { 0, 0, sides[i][0], sides[i][1] };
      AlmuRect some = { 1, 1, sides[i][0] - 2, sides[i][1] - 1 };
      g_autoptr(AlmuImage) image = make_image (sides[i][0], sides[i][1], 3, &test_pixels_kinds[2]);

      check_box (image, &all);
      check_box (image, &some);
    }
}

/* However many threads there are: the parts are the same. */
static void
test_scan_same_bits (void)
{
  AlmuRect all = { 0, 0, 900, 1900 };
  g_autoptr(AlmuImage) image = make_image (900, 1900, 2, &test_pixels_kinds[1]);
  g_autoptr(AlmuMask) mask = almu_mask_new_for_rect (&all);
  AlmuScan      scan = { image, 0, NULL, NULL };
  AlmuStats     first[2];
  AlmuStats     again[2];
  AlmuScanPlace place = { mask, first };

  g_assert_true (almu_scan_measure (&scan, &place, 1, 0, 2, NULL));
  place.stats = again;
  for (int i = 0; i < 10; i++)
    {
      g_assert_true (almu_scan_measure (&scan, &place, 1, 0, 2, NULL));
      g_assert_cmpmem (first, sizeof first, again, sizeof again);
    }
}

static void
test_scan_failure (void)
{
  AlmuRect all = { 0, 0, 300, 300 };
  g_autoptr(AlmuImage) image = make_image (300, 300, 9, &test_pixels_kinds[0]);
  g_autoptr(AlmuMask) mask = almu_mask_new_for_rect (&all);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  AlmuScan      scan = { image, 0, cancellable, NULL };
  AlmuStats     stats[9];
  AlmuScanPlace place = { mask, stats };

  almu_test_image_fail_at (ALMU_TEST_IMAGE (image), 5);
  g_assert_false (almu_scan_measure (&scan, &place, 1, 0, 9, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (almu_scan_measure (&scan, &place, 1, 0, 9, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_scan_box (void)
{
  AlmuRect        all = { 2, 3, 40, 30 };
  const AlmuPoint points[] = { { 20, 20 }, { 8, 8 } };
  g_autoptr(AlmuMask) box = almu_mask_new_for_rect (&all);
  g_autoptr(AlmuShape) rectangle = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, 0, NULL);
  g_autoptr(AlmuShape) ellipse = almu_shape_new (ALMU_SHAPE_ELLIPSE, points, 2, 0, NULL);
  g_autoptr(AlmuMask) square = almu_mask_new (rectangle, 100, 100);
  g_autoptr(AlmuMask) disk = almu_mask_new (ellipse, 100, 100);

  g_assert_true (almu_mask_is_box (box));
  g_assert_cmpmem (&box->bounds, sizeof all, &all, sizeof all);
  g_assert_true (almu_mask_is_box (square));
  g_assert_false (almu_mask_is_box (disk));
}

int
main (int   argc,
      char *argv[])
{
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/scan/random", test_scan_random);
  g_test_add_func ("/engine/scan/together", test_scan_together);
  g_test_add_func ("/engine/scan/overlapping", test_scan_overlapping);
  g_test_add_func ("/engine/scan/large", test_scan_large);
  g_test_add_func ("/engine/scan/same-bits", test_scan_same_bits);
  g_test_add_func ("/engine/scan/failure", test_scan_failure);
  g_test_add_func ("/engine/scan/box", test_scan_box);

  status = g_test_run ();
  g_free (cube.pixels);

  return status;
}
