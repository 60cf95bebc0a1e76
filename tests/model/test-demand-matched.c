/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-demand.h"
#include "almu-error.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "test-products.h"

/* Regions drawn on one image and looked at on another. The reference has
 * pixels of half the size: x on the other is (x - 49.5) / 2 + 24.5. */

#define REFERENCE_ID 1
#define FILE_ID 4
#define REGION_ID 3

static const char *const reference_cards[] = {
  "CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'", "CRPIX1  = 50.5", "CRPIX2  = 50.5",
  "CRVAL1  = 202.47", "CRVAL2  = 47.195", "CDELT1  = -0.0001", "CDELT2  = 0.0001", "RADESYS = 'ICRS'", NULL
};

static const char *const other_cards[] = {
  "CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'", "CRPIX1  = 25.5", "CRPIX2  = 25.5",
  "CRVAL1  = 202.47", "CRVAL2  = 47.195", "CDELT1  = -0.0002", "CDELT2  = 0.0002", "RADESYS = 'ICRS'", NULL
};

typedef struct
{
  AlmuCache   *cache;
  AlmuImage   *reference;
  AlmuImage   *image;
  AlmuDemand  *demand;
  AlmuRegion  *region;
  TestProducts got;
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return (float) (x + 1000 * y);
}

static AlmuShape *
rectangle (float x,
           float y,
           float width,
           float height)
{
  return almu_shape_new (ALMU_SHAPE_RECTANGLE, (const AlmuPoint[]){ { x, y }, { width, height } }, 2, 0, NULL);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuShape) shape = rectangle (59.5f, 39.5f, 20, 12);

  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->reference = almu_test_image_new (100, 100, 1, 1, pixel);
  almu_test_image_set_cards (ALMU_TEST_IMAGE (fixture->reference), reference_cards);
  fixture->image = almu_test_image_new (50, 50, 3, 1, pixel);
  if (user_data == NULL)
    almu_test_image_set_cards (ALMU_TEST_IMAGE (fixture->image), other_cards);
  fixture->demand = almu_demand_new (fixture->cache, fixture->image, FILE_ID);
  fixture->region = almu_region_new (REGION_ID, REFERENCE_ID, shape);
  almu_region_set_image (fixture->region, fixture->reference);
  test_products_init (&fixture->got);
  test_products_listen (&fixture->got, fixture->demand);
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->demand));
  almu_test_await_finalize (g_steal_pointer (&fixture->region));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
  almu_test_await_finalize (g_steal_pointer (&fixture->reference));
  test_products_clear (&fixture->got);
}

static GArray *
stats_wants (int type)
{
  GArray       *wants = almu_stats_wants_new ();
  AlmuStatsWant want = { (char *) "z", g_array_new (FALSE, FALSE, sizeof (int)) };

  g_array_append_val (want.types, type);
  almu_stats_wants_append (wants, &want);
  g_array_unref (want.types);

  return wants;
}

static void
require_stats (Fixture *fixture,
               int      type)
{
  g_autoptr(GArray) wants = stats_wants (type);

  almu_demand_require_stats (fixture->demand, REGION_ID, fixture->region, wants);
}

static double
get_statistic (Fixture *fixture)
{
  TestProduct *kept = test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0);

  g_assert_nonnull (kept);
  g_assert_cmpint (kept->product.file_id, ==, FILE_ID);
  g_assert_cmpint (kept->product.region_id, ==, REGION_ID);

  return g_array_index (kept->stats, AlmuStatistic, 0).value;
}

static void
test_matched_measure (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuShape) there = rectangle (49.5f, 49.5f, 4, 4);

  require_stats (fixture, ALMU_STATS_NUM_PIXELS);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
  g_assert_cmpfloat (get_statistic (fixture), ==, 10 * 6);

  test_products_forget (&fixture->got);
  require_stats (fixture, ALMU_STATS_MEAN);
  almu_test_workers_settle ();
  g_assert_cmpfloat (get_statistic (fixture), ==, 29.5 + 1000 * 19.5);

  /* moved on its own image, it moves here */
  test_products_forget (&fixture->got);
  almu_region_set_shape (fixture->region, there);
  almu_test_workers_settle ();
  g_assert_cmpfloat (get_statistic (fixture), ==, 24.5 + 1000 * 24.5);
}

static void
test_matched_point (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(AlmuShape) point = almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ 59.5f, 39.5f }, 1, 0, NULL);
  g_autoptr(GArray) wants = almu_spatial_wants_new ();
  AlmuSpatialWant want = { .coordinate = g_strdup ("x") };
  TestProduct    *kept;

  g_array_append_val (wants, want);
  almu_region_set_shape (fixture->region, point);
  almu_demand_require_spatial (fixture->demand, REGION_ID, fixture->region, wants);
  almu_test_workers_settle ();
  kept = test_products_get (&fixture->got, ALMU_PRODUCT_SPATIAL, 0);
  g_assert_nonnull (kept);
  g_assert_cmpint (kept->product.profile.x, >=, 29);
  g_assert_cmpint (kept->product.profile.x, <=, 30);
  g_assert_cmpint (g_bytes_get_size (kept->profiles->pdata[0]), ==, 50 * sizeof (float));
}

static AlmuShape *
horizontal (void)
{
  return almu_shape_new (ALMU_SHAPE_LINE, (const AlmuPoint[]){ { 40, 59.5f }, { 59, 59.5f } }, 2, 0, NULL);
}

static void
require_line (Fixture    *fixture,
              AlmuDemand *demand,
              int         width)
{
  g_autoptr(GArray) wants = almu_spatial_wants_new ();
  AlmuSpatialWant want = { .coordinate = g_strdup (""), .width = width };

  g_array_append_val (wants, want);
  almu_demand_require_spatial (demand, REGION_ID, fixture->region, wants);
}

static const float *
get_line (TestProducts *got,
          gsize        *out_n)
{
  TestProduct *kept = test_products_get (got, ALMU_PRODUCT_SPATIAL, 0);
  gsize        size;
  const float *values;

  g_assert_nonnull (kept);
  values = g_bytes_get_data (kept->profiles->pdata[0], &size);
  *out_n = size / sizeof (float);

  return values;
}

/* On the image it is drawn on: 19 values from the second point to the
 * first, each the mean across. */
static void
test_matched_line_at_home (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(AlmuDemand) demand = almu_demand_new (fixture->cache, fixture->reference, REFERENCE_ID);
  g_autoptr(AlmuShape) line = horizontal ();
  TestProducts got;
  const float *values;
  gsize        n;

  test_products_init (&got);
  test_products_listen (&got, demand);
  almu_region_set_shape (fixture->region, line);
  almu_demand_start (demand);
  almu_test_workers_settle ();
  test_products_forget (&got);

  require_line (fixture, demand, 4);
  almu_test_workers_settle ();
  values = get_line (&got, &n);
  g_assert_cmpuint (n, ==, 19);
  for (gsize i = 0; i < n; i++)
    /* rows 58 to 61; columns lie between pixels and take two */
    g_assert_cmpfloat (values[i], ==, 58.5f - (float) i + 1000 * 59.5f);

  /* moved while the first is under way: one profile comes, the new one's */
  test_products_forget (&got);
  almu_test_workers_block ();
  require_line (fixture, demand, 1);
  require_line (fixture, demand, 2);
  almu_test_workers_release ();
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&got, ALMU_PRODUCT_SPATIAL), ==, 1);

  test_products_clear (&got);
  almu_test_await_finalize (g_steal_pointer (&demand));
}

/* Its boxes are half as large on the other image, and lie where they lie on
 * the sky. */
static void
test_matched_line (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuShape) line = horizontal ();
  const float *values;
  gsize        n;

  almu_region_set_shape (fixture->region, line);
  require_line (fixture, fixture->demand, 4);
  almu_test_workers_settle ();
  values = get_line (&fixture->got, &n);
  g_assert_cmpuint (n, ==, 19);
  /* rows 28.5 to 30.5: 29 and 30; of columns, every other box of half a
   * pixel holds the middle of one */
  for (gsize i = 0; i < n; i += 2)
    g_assert_cmpfloat (values[i], ==, 29500 + 29 - (float) (i / 2));
  for (gsize i = 1; i < n; i += 2)
    g_assert_true (isnan (values[i]));
}

/* Kept for the page, and nothing else. */
static void
test_matched_annotation (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_ANN_RECTANGLE,
                                                (const AlmuPoint[]){ { 20, 20 }, { 4, 4 } }, 2, 0, NULL);

  almu_region_set_shape (fixture->region, shape);
  require_stats (fixture, ALMU_STATS_MEAN);
  require_line (fixture, fixture->demand, 3);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
}

/* Told once, however much is wanted; again when it has moved. */
static void
test_matched_without_sky (Fixture      *fixture,
                          gconstpointer user_data)
{
  const AlmuHistogramWant want = { (char *) "z", ALMU_CHANNEL_CURRENT, FALSE, ALMU_BINS_AUTO };
  g_autoptr(GArray) histograms = almu_histogram_wants_new ();
  g_autoptr(AlmuShape) there = rectangle (49.5f, 49.5f, 4, 4);

  almu_histogram_wants_append (histograms, &want);
  require_stats (fixture, ALMU_STATS_MEAN);
  almu_demand_require_histograms (fixture->demand, REGION_ID, fixture->region, histograms);
  require_stats (fixture, ALMU_STATS_SUM);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "Region 3"));
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "test.fits"));
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "celestial"));

  almu_region_set_shape (fixture->region, there);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.failures->len, ==, 2);
}

/* A file that is not there when the session comes back, and then is. */
static void
test_matched_reference_later (Fixture      *fixture,
                              gconstpointer user_data)
{
  almu_region_set_image (fixture->region, NULL);
  require_stats (fixture, ALMU_STATS_NUM_PIXELS);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "not open"));

  almu_region_set_image (fixture->region, fixture->reference);
  almu_test_workers_settle ();
  g_assert_cmpfloat (get_statistic (fixture), ==, 10 * 6);
}

/* An outline whose points lie close together, around a circle. */
static AlmuShape *
dense_circle (float x,
              float y,
              float radius,
              guint n)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, n);

  for (guint i = 0; i < n; i++)
    {
      double t = 2 * G_PI * i / n;

      points[i] = (AlmuPoint){ (float) (x + radius * cos (t)), (float) (y + radius * sin (t)) };
    }

  return almu_shape_new (ALMU_SHAPE_POLYGON, points, n, 0, NULL);
}

/* Many points are converted elsewhere, and come to the same. */
static void
test_matched_dense (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const guint n_points[] = { 1000, 1001, 100000 };
  const int          sum = ALMU_STATS_SUM;
  g_autoptr(GArray) spectral = stats_wants (sum);
  double expected[G_N_ELEMENTS (n_points)];

  require_stats (fixture, ALMU_STATS_SUM);
  almu_demand_require_spectral (fixture->demand, REGION_ID, fixture->region, spectral);
  for (guint i = 0; i < G_N_ELEMENTS (n_points); i++)
    {
      g_autoptr(AlmuShape) circle = dense_circle (54.3f, 47.2f, 17.1f, n_points[i]);
      const double *values;

      almu_test_workers_settle ();
      test_products_forget (&fixture->got);
      almu_region_set_shape (fixture->region, circle);
      g_assert_cmpuint (fixture->got.products->len, ==, 0);
      almu_test_workers_settle ();
      g_assert_cmpuint (fixture->got.failures->len, ==, 0);
      g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
      g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
      expected[i] = get_statistic (fixture);
      values = g_bytes_get_data (test_products_get (&fixture->got, ALMU_PRODUCT_SPECTRAL, 0)->profiles->pdata[0], NULL);
      g_assert_cmpfloat (values[0], ==, expected[i]);
      g_assert_cmpfloat (expected[i], ==, expected[0]);
    }
}

/* Nothing is told of where it was before it has been placed; and who leaves
 * meanwhile is not told at all. */
static void
test_matched_dense_overtaken (Fixture      *fixture,
                              gconstpointer user_data)
{
  g_autoptr(AlmuShape) circle = dense_circle (54.3f, 47.2f, 17.1f, 50000);
  g_autoptr(AlmuShape) there = rectangle (49.5f, 49.5f, 4, 4);

  require_stats (fixture, ALMU_STATS_NUM_PIXELS);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  almu_region_set_shape (fixture->region, circle);
  almu_region_set_shape (fixture->region, there);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpfloat (get_statistic (fixture), ==, 2 * 2);

  test_products_forget (&fixture->got);
  almu_region_set_shape (fixture->region, circle);
  almu_demand_forget_region (fixture->demand, REGION_ID);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
}

static void
test_matched_dense_without_sky (Fixture      *fixture,
                                gconstpointer user_data)
{
  g_autoptr(AlmuShape) circle = dense_circle (54.3f, 47.2f, 17.1f, 5000);

  almu_region_set_shape (fixture->region, circle);
  require_stats (fixture, ALMU_STATS_MEAN);
  require_stats (fixture, ALMU_STATS_SUM);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "Region 3"));
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "celestial"));
}

int
main (int    argc,
      char **argv)
{
#define add_test(path, data, func) \
  g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  add_test ("/model/demand-matched/measure", NULL, test_matched_measure);
  add_test ("/model/demand-matched/point", NULL, test_matched_point);
  add_test ("/model/demand-matched/line-at-home", NULL, test_matched_line_at_home);
  add_test ("/model/demand-matched/line", NULL, test_matched_line);
  add_test ("/model/demand-matched/annotation", NULL, test_matched_annotation);
  add_test ("/model/demand-matched/without-sky", "no cards", test_matched_without_sky);
  add_test ("/model/demand-matched/reference-later", NULL, test_matched_reference_later);
  add_test ("/model/demand-matched/dense", NULL, test_matched_dense);
  add_test ("/model/demand-matched/dense-overtaken", NULL, test_matched_dense_overtaken);
  add_test ("/model/demand-matched/dense-without-sky", "no cards", test_matched_dense_without_sky);

  return g_test_run ();
}
