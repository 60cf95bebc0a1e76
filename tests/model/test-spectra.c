/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-demand.h"
#include "almu-error.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "almu-workers.h"
#include "test-products.h"

#define WIDTH 40
#define HEIGHT 30
#define DEPTH 50
#define N_STOKES 4
#define FILE_ID 4
#define REGION_ID 3

typedef struct
{
  AlmuCache     *cache;
  AlmuTestImage *image;
  AlmuDemand    *demand;
  TestProducts   got;
} Fixture;

/* Channel 7 is blank. */
static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  if ((x + y * 3 + channel) % 11 == 4 || channel == 7)
    return (x + y) % 2 == 0 ? NAN : INFINITY;

  return (float) ((x * 7 + y * 13 + channel * 5) % 31) - 9.5f + 100.f * (float) stokes;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->image = ALMU_TEST_IMAGE (almu_test_image_new (WIDTH, HEIGHT, DEPTH, N_STOKES, pixel));
  fixture->demand = almu_demand_new (fixture->cache, ALMU_IMAGE (fixture->image), FILE_ID);
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
  if (fixture->demand != NULL)
    almu_test_await_finalize (g_steal_pointer (&fixture->demand));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
  test_products_clear (&fixture->got);
}

static const int all_types[] = {
  ALMU_STATS_NUM_PIXELS, ALMU_STATS_NAN_COUNT, ALMU_STATS_SUM, ALMU_STATS_FLUX_DENSITY, ALMU_STATS_MEAN,
  ALMU_STATS_RMS, ALMU_STATS_SIGMA, ALMU_STATS_SUM_SQ, ALMU_STATS_MIN, ALMU_STATS_MAX, ALMU_STATS_EXTREMA
};

static GArray *
make_wants (const char *const *coordinates,
            const int         *types,
            gsize              n_types)
{
  GArray       *wants = almu_stats_wants_new ();
  AlmuStatsWant want = { NULL, g_array_new (FALSE, FALSE, sizeof (int)) };

  g_array_append_vals (want.types, types, (guint) n_types);
  for (; *coordinates != NULL; coordinates++)
    {
      want.coordinate = (char *) *coordinates;
      almu_stats_wants_append (wants, &want);
    }
  g_array_unref (want.types);

  return wants;
}

/* Regions set out when the main loop comes round. */
static void
await_reader (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  almu_test_image_await_held (fixture->image);
}

static void
require (Fixture    *fixture,
         AlmuRegion *region,
         const char *first,
         const char *second,
         const int  *types,
         gsize       n_types)
{
  const char *coordinates[] = { first, second, NULL };
  g_autoptr(GArray) wants = make_wants (coordinates, types, n_types);

  almu_demand_require_spectral (fixture->demand, REGION_ID, region, wants);
}

static AlmuShape *
make_shape (AlmuShapeType type,
            float         x,
            float         y,
            float         width,
            float         height)
{
  const AlmuPoint points[] = { { x, y }, { width, height } };
  g_autoptr(GError) error = NULL;
  AlmuShape *shape = almu_shape_new ((int) type, points, type == ALMU_SHAPE_POINT ? 1 : 2, 0, &error);

  g_assert_no_error (error);

  return shape;
}

static AlmuRegion *
make_region (AlmuShapeType type,
             float         x,
             float         y,
             float         width,
             float         height)
{
  g_autoptr(AlmuShape) shape = make_shape (type, x, y, width, height);

  return almu_region_new (REGION_ID, FILE_ID, shape);
}

/* Of the pixels [x0, x1] × [y0, y1], in the plainest way there is. */
static double
truth (int        type,
       const int *box,
       int        channel,
       int        stokes)
{
  double n = 0, n_blank = 0, sum = 0, sum_sq = 0, squares = 0, min = INFINITY, max = -INFINITY;

  for (int i = 0; i < 2; i++)
    for (int y = box[1]; y <= box[3]; y++)
      for (int x = box[0]; x <= box[2]; x++)
        {
          double value = pixel (x, y, channel, stokes);

          if (i == 0 && isfinite (value))
            {
              n++;
              sum += value;
              sum_sq += value * value;
              min = fmin (min, value);
              max = fmax (max, value);
            }
          else if (i == 0)
            n_blank++;
          else if (isfinite (value))
            squares += (value - sum / n) * (value - sum / n);
        }

  switch (type)
    {
    case ALMU_STATS_NUM_PIXELS:
      return n;
    case ALMU_STATS_NAN_COUNT:
      return n_blank;
    case ALMU_STATS_SUM:
      return n > 0 ? sum : NAN;
    case ALMU_STATS_MEAN:
      return sum / n;
    case ALMU_STATS_RMS:
      return sqrt (sum_sq / n);
    case ALMU_STATS_SIGMA:
      return n > 1 ? sqrt (squares / (n - 1)) : n == 1 ? 0
                                                       : NAN;
    case ALMU_STATS_SUM_SQ:
      return n > 0 ? sum_sq : NAN;
    case ALMU_STATS_MIN:
      return n > 0 ? min : NAN;
    case ALMU_STATS_MAX:
      return n > 0 ? max : NAN;
    case ALMU_STATS_EXTREMA:
      return n == 0 ? NAN : fabs (min) > fabs (max) ? min
                                                    : max;
    default:
      return NAN; /* without a beam there is no flux */
    }
}

static void
assert_profile (TestProduct *kept,
                guint        nth,
                int          type,
                const int   *box,
                int          stokes)
{
  gsize         size;
  const double *values = g_bytes_get_data (g_ptr_array_index (kept->profiles, nth), &size);

  g_assert_cmpuint (size, ==, DEPTH * sizeof (double));
  for (int channel = 0; channel < DEPTH; channel++)
    {
      double expected = truth (type, box, channel, stokes);

      if (isnan (expected))
        g_assert_true (isnan (values[channel]));
      else
        g_assert_cmpfloat_with_epsilon (values[channel], expected, 1e-9 * MAX (1, fabs (expected)));
    }
}

static void
assert_whole (TestProduct *kept,
              const int   *types,
              gsize        n_types,
              const int   *box,
              int          stokes)
{
  g_assert_nonnull (kept);
  g_assert_cmpint (kept->product.file_id, ==, FILE_ID);
  g_assert_cmpint (kept->product.region_id, ==, REGION_ID);
  g_assert_cmpint (kept->product.stokes, ==, stokes);
  g_assert_true (kept->product.progress == 1.f);
  g_assert_cmpuint (kept->profiles->len, ==, n_types);
  for (guint i = 0; i < n_types; i++)
    assert_profile (kept, i, types[i], box, stokes);
}

static TestProduct *
get (Fixture *fixture,
     guint    nth)
{
  return test_products_get (&fixture->got, ALMU_PRODUCT_SPECTRAL, nth);
}

/* Polarisations are read side by side, and whichever is there first is told
 * first. */
static TestProduct *
get_of (Fixture *fixture,
        int      stokes)
{
  TestProduct *kept;

  for (guint i = 0; (kept = get (fixture, i)) != NULL; i++)
    if (kept->product.stokes == stokes)
      return kept;

  g_assert_not_reached ();
}

static const int box_10_12[] = { 8, 11, 12, 13 }; /* of RECTANGLE 10, 12, 4, 2 */

static void
test_spectra_all_types (Fixture      *fixture,
                        gconstpointer user_data)
{
  const int point[] = { 20, 5, 20, 5 };
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  g_autoptr(AlmuShape) shape = make_shape (ALMU_SHAPE_POINT, 19.6f, 5.2f, 0, 0);

  require (fixture, region, "z", NULL, all_types, G_N_ELEMENTS (all_types));
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (get (fixture, 0), all_types, G_N_ELEMENTS (all_types), box_10_12, 0);

  test_products_forget (&fixture->got);
  almu_region_set_shape (region, shape);
  almu_test_workers_settle ();
  assert_whole (get (fixture, 0), all_types, G_N_ELEMENTS (all_types), point, 0);
}

/* Two configurations of one polarisation are one read, and no later request
 * for another statistic is another. */
static void
test_spectra_one_read (Fixture      *fixture,
                       gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  guint64 before = almu_test_image_get_n_pixels (fixture->image);

  require (fixture, region, "z", "Iz", &sum, 1);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 2);
  assert_whole (get (fixture, 0), &sum, 1, box_10_12, 0);
  assert_whole (get (fixture, 1), &sum, 1, box_10_12, 0);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, 15 * DEPTH);

  test_products_forget (&fixture->got);
  require (fixture, region, "z", "Qz", all_types, G_N_ELEMENTS (all_types));
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 2);
  assert_whole (get_of (fixture, 0), all_types, G_N_ELEMENTS (all_types), box_10_12, 0);
  assert_whole (get_of (fixture, 1), all_types, G_N_ELEMENTS (all_types), box_10_12, 1);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, 2 * 15 * DEPTH);
}

static void
test_spectra_outside (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_ELLIPSE, -100, 12, 4, 2);

  require (fixture, region, "z", NULL, all_types, G_N_ELEMENTS (all_types));
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  g_assert_true (get (fixture, 0)->product.progress == 1.f);
  g_assert_cmpuint (get (fixture, 0)->profiles->len, ==, G_N_ELEMENTS (all_types));
  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    for (int channel = 0; channel < DEPTH; channel++)
      g_assert_true (isnan (((const double *) g_bytes_get_data (get (fixture, 0)->profiles->pdata[i], NULL))[channel]));
}

static void
test_spectra_no_area (Fixture      *fixture,
                      gconstpointer user_data)
{
  const AlmuShapeType types[] = { ALMU_SHAPE_LINE, ALMU_SHAPE_ANN_RECTANGLE, ALMU_SHAPE_ANN_ELLIPSE, ALMU_SHAPE_ANN_LINE };
  const int           sum = ALMU_STATS_SUM;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(AlmuRegion) region = make_region (types[i], 10, 12, 4, 2);

      test_products_forget (&fixture->got);
      require (fixture, region, "z", NULL, &sum, 1);
      almu_test_workers_settle ();
      g_assert_cmpuint (fixture->got.products->len, ==, 0);
      /* of an annotation nobody expects any */
      g_assert_cmpuint (fixture->got.failures->len, ==, types[i] == ALMU_SHAPE_LINE ? 1 : 0);
      if (fixture->got.failures->len > 0)
        g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "Region 3"));
      almu_demand_forget_region (fixture->demand, REGION_ID);
    }
}

/* A region that is dragged: what belongs to a place it has left is not told,
 * and not read to the end. */
static void
test_spectra_dragged (Fixture      *fixture,
                      gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;
  const int last[] = { 28, 11, 32, 13 };
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);

  almu_test_image_hold (fixture->image);
  require (fixture, region, "z", NULL, &sum, 1);
  await_reader (fixture);
  for (int x = 11; x <= 30; x++)
    {
      g_autoptr(AlmuShape) shape = make_shape (ALMU_SHAPE_RECTANGLE, (float) x, 12, 4, 2);

      almu_region_set_shape (region, shape);
    }
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), >=, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (get (fixture, 0), &sum, 1, last, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
}

/* Removed, closed, or no longer wanted while it is read. */
static void
test_spectra_dropped (Fixture      *fixture,
                      gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;

  for (int how = 0; how < 3; how++)
    {
      g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10 + how, 12, 4, 2);
      guint n_cancelled = almu_test_image_get_n_cancelled (fixture->image);

      almu_test_image_hold (fixture->image);
      require (fixture, region, "z", NULL, &sum, 1);
      await_reader (fixture);
      if (how == 0)
        almu_demand_forget_region (fixture->demand, REGION_ID);
      else if (how == 1)
        require (fixture, region, NULL, NULL, &sum, 1);
      else
        almu_demand_stop (fixture->demand);
      /* nobody waits for the reader: it was told */
      almu_test_image_await_free (fixture->image);
      g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), >, n_cancelled);
      almu_test_image_release (fixture->image);
      almu_test_workers_settle ();
      g_assert_cmpuint (fixture->got.products->len, ==, 0);
      almu_demand_forget_region (fixture->demand, REGION_ID);
    }
}

/* A further statistic of what is being read does not begin it again. */
static void
test_spectra_joined (Fixture      *fixture,
                     gconstpointer user_data)
{
  const int types[] = { ALMU_STATS_SUM, ALMU_STATS_SIGMA };
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  guint64 before = almu_test_image_get_n_pixels (fixture->image);

  almu_test_image_hold (fixture->image);
  require (fixture, region, "z", NULL, types, 1);
  await_reader (fixture);
  require (fixture, region, "z", NULL, types, 2);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, 15 * DEPTH);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (get (fixture, 0), types, 2, box_10_12, 0);
}

static void
test_spectra_stokes (Fixture      *fixture,
                     gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);

  require (fixture, region, "z", "Uz", &sum, 1);
  almu_test_workers_settle ();
  assert_whole (get_of (fixture, 0), &sum, 1, box_10_12, 0);
  assert_whole (get_of (fixture, 2), &sum, 1, box_10_12, 2);

  /* only "z" is another now */
  test_products_forget (&fixture->got);
  almu_demand_set_plane (fixture->demand, 0, 3);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (get (fixture, 0), &sum, 1, box_10_12, 3);

  /* a channel is not */
  test_products_forget (&fixture->got);
  almu_demand_set_plane (fixture->demand, 1, 3);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 0);
}

/* The statistic of each part, then what is computed of them. */
static double
computed_truth (int        polarisation,
                int        type,
                const int *box,
                int        channel)
{
  double i = truth (type, box, channel, 0);
  double q = truth (type, box, channel, 1);
  double u = truth (type, box, channel, 2);
  double v = truth (type, box, channel, 3);

  if (type == ALMU_STATS_NUM_PIXELS || type == ALMU_STATS_NAN_COUNT)
    return q; /* the same in all */

  switch (polarisation)
    {
    case 13:
      return sqrt (q * q + u * u + v * v);
    case 14:
      return sqrt (q * q + u * u);
    case 15:
      return 100 * sqrt (q * q + u * u + v * v) / i;
    case 16:
      return 100 * sqrt (q * q + u * u) / i;
    default:
      return atan2 (u, q) * 90 / G_PI;
    }
}

static void
assert_computed (TestProduct *kept,
                 const int   *types,
                 gsize        n_types,
                 const int   *box)
{
  g_assert_true (kept->product.progress == 1.f);
  g_assert_cmpuint (kept->profiles->len, ==, n_types);
  for (guint i = 0; i < n_types; i++)
    for (int channel = 0; channel < DEPTH; channel++)
      {
        double value = ((const double *) g_bytes_get_data (kept->profiles->pdata[i], NULL))[channel];
        double expected = computed_truth (kept->product.stokes, types[i], box, channel);

        if (isnan (expected))
          g_assert_true (isnan (value));
        else
          g_assert_cmpfloat_with_epsilon (value, expected, 1e-9 * MAX (1, fabs (expected)));
      }
}

static void
test_spectra_computed (Fixture      *fixture,
                       gconstpointer user_data)
{
  const char *coordinates[] = { "Ptotalz", "Plinearz", "PFtotalz", "PFlinearz", "Panglez", "Qz", NULL };
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  g_autoptr(GArray) wants = make_wants (coordinates, all_types, G_N_ELEMENTS (all_types));
  guint64 before = almu_test_image_get_n_pixels (fixture->image);

  almu_demand_require_spectral (fixture->demand, REGION_ID, region, wants);
  almu_test_workers_settle ();
  for (int stokes = 13; stokes <= 17; stokes++)
    assert_computed (get_of (fixture, stokes), all_types, G_N_ELEMENTS (all_types), box_10_12);
  assert_whole (get_of (fixture, 1), all_types, G_N_ELEMENTS (all_types), box_10_12, 1);

  /* six spectra of four polarisations, each read once */
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, 4 * 15 * DEPTH);

  /* what is on display may be one too */
  test_products_forget (&fixture->got);
  require (fixture, region, "z", NULL, all_types, G_N_ELEMENTS (all_types));
  almu_demand_set_plane (fixture->demand, 0, 14);
  almu_test_workers_settle ();
  assert_computed (get_of (fixture, 14), all_types, G_N_ELEMENTS (all_types), box_10_12);
}

/* After a resume everything comes again, from memory. */
static void
test_spectra_renew (Fixture      *fixture,
                    gconstpointer user_data)
{
  const int types[] = { ALMU_STATS_SUM, ALMU_STATS_SIGMA };
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  guint64 before;

  require (fixture, region, "z", "Uz", types, 2);
  almu_test_workers_settle ();
  before = almu_test_image_get_n_pixels (fixture->image);

  test_products_forget (&fixture->got);
  almu_demand_renew (fixture->demand, 7);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, before);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 2);
  g_assert_cmpuint (get (fixture, 0)->product.epoch, ==, 7);
  assert_whole (get_of (fixture, 0), types, 2, box_10_12, 0);
  assert_whole (get_of (fixture, 2), types, 2, box_10_12, 2);

  test_products_forget (&fixture->got);
  require (fixture, region, "z", "Uz", types, 2);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 0);
}

static void
test_spectra_failure (Fixture      *fixture,
                      gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);

  almu_test_image_fail_at (fixture->image, almu_test_image_get_n_reads (fixture->image) + 1);
  require (fixture, region, "z", NULL, &sum, 1);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "test.fits"));

  require (fixture, region, "z", NULL, &sum, 1);
  almu_test_workers_settle ();
  assert_whole (get (fixture, 0), &sum, 1, box_10_12, 0);
}

/* -- several regions ---------------------------------------------------- */

#define N_REGIONS 6

static const int all_regions[] = { 4, 3, 33, 28 }; /* what holds all of them */

/* Rectangles, each around the one before, the largest first. */
static void
require_all (Fixture     *fixture,
             AlmuRegion **regions)
{
  const int   sum = ALMU_STATS_SUM;
  const char *coordinates[] = { "z", NULL };
  g_autoptr(GArray) wants = make_wants (coordinates, &sum, 1);

  for (int i = 0; i < N_REGIONS; i++)
    {
      g_autoptr(AlmuShape) shape = make_shape (ALMU_SHAPE_RECTANGLE, 18.5f, 15.5f, (float) (29 - 2 * i), (float) (25 - 2 * i));

      regions[i] = almu_region_new (REGION_ID + i, FILE_ID, shape);
      almu_demand_require_spectral (fixture->demand, REGION_ID + i, regions[i], wants);
    }
}

static void
assert_all (Fixture     *fixture,
            AlmuRegion **regions,
            int          n)
{
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, n);
  for (int i = 0; i < n; i++)
    {
      TestProduct *kept = get (fixture, (guint) i);
      int          nth = kept->product.region_id - REGION_ID;
      int          box[] = { all_regions[0] + nth, all_regions[1] + nth, all_regions[2] - nth, all_regions[3] - nth };

      g_assert_true (kept->product.progress == 1.f);
      assert_profile (kept, 0, ALMU_STATS_SUM, box, 0);
    }
  for (int i = 0; i < N_REGIONS; i++)
    {
      almu_demand_forget_region (fixture->demand, REGION_ID + i);
      g_clear_object (&regions[i]);
    }
}

/* One read of what is around them. */
static void
test_spectra_together (Fixture      *fixture,
                       gconstpointer user_data)
{
  const guint64 n_area = (guint64) (all_regions[2] - all_regions[0] + 1) * (guint64) (all_regions[3] - all_regions[1] + 1);
  AlmuRegion   *regions[N_REGIONS];
  guint64       before = almu_test_image_get_n_pixels (fixture->image);

  require_all (fixture, regions);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, n_area * DEPTH);
  assert_all (fixture, regions, N_REGIONS);
}

/* Who leaves takes nobody along. */
static void
test_spectra_one_leaves (Fixture      *fixture,
                         gconstpointer user_data)
{
  AlmuRegion *regions[N_REGIONS];

  almu_test_image_hold (fixture->image);
  require_all (fixture, regions);
  await_reader (fixture);
  almu_demand_forget_region (fixture->demand, REGION_ID + N_REGIONS - 1);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
  assert_all (fixture, regions, N_REGIONS - 1);
}

/* Nobody is left. */
static void
test_spectra_all_leave (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuRegion *regions[N_REGIONS];

  almu_test_image_hold (fixture->image);
  require_all (fixture, regions);
  await_reader (fixture);
  for (int i = 0; i < N_REGIONS; i++)
    almu_demand_forget_region (fixture->demand, REGION_ID + i);
  almu_test_image_await_free (fixture->image);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), >=, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  assert_all (fixture, regions, 0);
}

/* A newcomer overtakes those on the way, who go on where they were. */
static void
test_spectra_overtaken (Fixture      *fixture,
                        gconstpointer user_data)
{
  const int   sum = ALMU_STATS_SUM;
  AlmuRegion *regions[N_REGIONS];
  const char *coordinates[] = { "z", NULL };
  g_autoptr(GArray) wants = make_wants (coordinates, &sum, 1);
  g_autoptr(AlmuRegion) newest = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  const guint64 n_area = (guint64) (all_regions[2] - all_regions[0] + 1) * (guint64) (all_regions[3] - all_regions[1] + 1);
  guint64       before = almu_test_image_get_n_pixels (fixture->image);

  almu_test_image_hold (fixture->image);
  require_all (fixture, regions);
  await_reader (fixture);
  almu_demand_require_spectral (fixture->demand, REGION_ID + N_REGIONS, newest, wants);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();

  /* nothing that was read is read again */
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, <=, (n_area + 15) * DEPTH);
  for (guint i = 0; i <= N_REGIONS; i++)
    if (get (fixture, i)->product.region_id == REGION_ID + N_REGIONS)
      {
        assert_profile (get (fixture, i), 0, ALMU_STATS_SUM, box_10_12, 0);
        g_ptr_array_remove_index (fixture->got.products, i);
        break;
      }
  assert_all (fixture, regions, N_REGIONS);
}

/* What could not be read for all is tried for each. */
static void
test_spectra_failure_of_some (Fixture      *fixture,
                              gconstpointer user_data)
{
  AlmuRegion *regions[N_REGIONS];

  almu_test_image_fail_at (fixture->image, almu_test_image_get_n_reads (fixture->image) + 1);
  require_all (fixture, regions);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
  assert_all (fixture, regions, N_REGIONS);
}

/* -- several who look at one image -------------------------------------- */

/* As another session has it: its own demand and epoch, the same image. */
typedef struct
{
  AlmuDemand  *demand;
  AlmuRegion  *region;
  TestProducts got;
} Other;

#define OTHER_EPOCH 77

static void
other_set_up (Fixture *fixture,
              Other   *other)
{
  other->demand = almu_demand_new (fixture->cache, ALMU_IMAGE (fixture->image), FILE_ID);
  other->region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  almu_demand_set_epoch (other->demand, OTHER_EPOCH);
  almu_workers_set_owner (other->demand, 2);
  test_products_init (&other->got);
  test_products_listen (&other->got, other->demand);
  almu_demand_start (other->demand);
  almu_test_workers_settle ();
  test_products_forget (&other->got);
}

static void
other_tear_down (Other *other)
{
  if (other->demand != NULL)
    almu_test_await_finalize (g_steal_pointer (&other->demand));
  g_object_unref (other->region);
  test_products_clear (&other->got);
}

/* Another region of the same shape, in another session, of other statistics. */
static void
other_require (Other     *other,
               const int *types,
               gsize      n_types)
{
  const char *coordinates[] = { "z", NULL };
  g_autoptr(GArray) wants = make_wants (coordinates, types, n_types);

  almu_demand_require_spectral (other->demand, REGION_ID, other->region, wants);
}

/* One read for both, and each is told in its own epoch what it asked for; the
 * second has come when it was under way. */
static void
test_spectra_shared (Fixture      *fixture,
                     gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;
  g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, 10, 12, 4, 2);
  Other   other;
  guint64 before;

  other_set_up (fixture, &other);
  before = almu_test_image_get_n_pixels (fixture->image);
  almu_test_image_hold (fixture->image);
  require (fixture, region, "z", NULL, &sum, 1);
  await_reader (fixture);
  other_require (&other, all_types, G_N_ELEMENTS (all_types));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();

  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image) - before, ==, 15 * DEPTH);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (get (fixture, 0), &sum, 1, box_10_12, 0);
  g_assert_cmpuint (get (fixture, 0)->product.epoch, !=, OTHER_EPOCH);
  g_assert_cmpuint (test_products_count (&other.got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  assert_whole (test_products_get (&other.got, ALMU_PRODUCT_SPECTRAL, 0), all_types, G_N_ELEMENTS (all_types), box_10_12, 0);
  g_assert_cmpuint (test_products_get (&other.got, ALMU_PRODUCT_SPECTRAL, 0)->product.epoch, ==, OTHER_EPOCH);
  other_tear_down (&other);
}

/* Whoever leaves, even who began it and is gone altogether, the other is
 * served; when nobody is left the reader is told. */
static void
test_spectra_sharer_leaves (Fixture      *fixture,
                            gconstpointer user_data)
{
  const int sum = ALMU_STATS_SUM;

  for (int how = 0; how < 3; how++)
    {
      g_autoptr(AlmuRegion) region = make_region (ALMU_SHAPE_RECTANGLE, (float) (10 + how), 12, 4, 2);
      g_autoptr(AlmuShape) shape = almu_shape_ref (almu_region_get_shape (region));
      const int box[] = { 8 + how, 11, 12 + how, 13 };
      Other     other;
      guint     n_cancelled = almu_test_image_get_n_cancelled (fixture->image);

      other_set_up (fixture, &other);
      almu_region_set_shape (other.region, shape);
      almu_test_image_hold (fixture->image);
      other_require (&other, &sum, 1);
      await_reader (fixture);
      require (fixture, region, "z", NULL, &sum, 1);

      if (how != 1)
        {
          g_object_add_weak_pointer (G_OBJECT (other.demand), (gpointer *) &other.demand);
          almu_demand_stop (other.demand);
          g_object_unref (other.demand);
        }
      if (how != 0)
        almu_demand_forget_region (fixture->demand, REGION_ID);
      if (how == 2)
        almu_test_image_await_free (fixture->image);
      almu_test_image_release (fixture->image);
      almu_test_workers_settle ();

      g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image) > n_cancelled, ==, how == 2);
      g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, how == 0);
      g_assert_cmpuint (test_products_count (&other.got, ALMU_PRODUCT_SPECTRAL), ==, how == 1);
      if (how == 0)
        assert_whole (get (fixture, 0), &sum, 1, box, 0);
      if (how == 1)
        assert_whole (test_products_get (&other.got, ALMU_PRODUCT_SPECTRAL, 0), &sum, 1, box, 0);
      g_assert_true ((other.demand == NULL) == (how != 1));
      g_assert_cmpuint (fixture->got.failures->len + other.got.failures->len, ==, 0);
      almu_demand_forget_region (fixture->demand, REGION_ID);
      test_products_forget (&fixture->got);
      other_tear_down (&other);
    }
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/spectra/all-types", test_spectra_all_types);
  add_test ("/model/spectra/one-read", test_spectra_one_read);
  add_test ("/model/spectra/outside", test_spectra_outside);
  add_test ("/model/spectra/no-area", test_spectra_no_area);
  add_test ("/model/spectra/dragged", test_spectra_dragged);
  add_test ("/model/spectra/dropped", test_spectra_dropped);
  add_test ("/model/spectra/joined", test_spectra_joined);
  add_test ("/model/spectra/stokes", test_spectra_stokes);
  add_test ("/model/spectra/computed", test_spectra_computed);
  add_test ("/model/spectra/renew", test_spectra_renew);
  add_test ("/model/spectra/failure", test_spectra_failure);
  add_test ("/model/spectra/together", test_spectra_together);
  add_test ("/model/spectra/one-leaves", test_spectra_one_leaves);
  add_test ("/model/spectra/all-leave", test_spectra_all_leave);
  add_test ("/model/spectra/overtaken", test_spectra_overtaken);
  add_test ("/model/spectra/failure-of-some", test_spectra_failure_of_some);
  add_test ("/model/spectra/shared", test_spectra_shared);
  add_test ("/model/spectra/sharer-leaves", test_spectra_sharer_leaves);

  return g_test_run ();
}
