/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-demand.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "test-products.h"

#define WIDTH 300
#define HEIGHT 20
#define DEPTH 7
#define N_STOKES 3
#define FILE_ID 4

typedef struct
{
  AlmuCache     *cache;
  AlmuTestImage *image;
  AlmuDemand    *demand;
  TestProducts   got;
  /* what a product may be about, at the time it comes */
  guint    epoch;
  int      channel;
  int      stokes;
  gboolean is_checking;
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  if (x == 7 && y == 3)
    return NAN;

  return (float) (x + 1000 * y) + 0.25f * (float) channel + 0.5f * (float) (stokes * DEPTH);
}

/* The heart of it: nothing that has become stale is ever told. */
static void
on_product_check (AlmuDemand        *demand,
                  const AlmuProduct *product,
                  Fixture           *fixture)
{
  if (!fixture->is_checking)
    return;

  g_assert_cmpint (product->file_id, ==, FILE_ID);
  g_assert_cmpuint (product->epoch, ==, fixture->epoch);
  if (product->kind == ALMU_PRODUCT_SPECTRAL)
    return;

  g_assert_cmpint (product->channel, ==, fixture->channel);
  if (product->region_id == ALMU_REGION_IMAGE)
    g_assert_cmpint (product->stokes, ==, fixture->stokes);
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
  g_signal_connect (fixture->demand, "product", G_CALLBACK (on_product_check), fixture);
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

static void
assert_spells (Fixture    *fixture,
               const char *expected)
{
  g_autofree char *spelled = test_products_spell (&fixture->got);

  g_assert_cmpstr (spelled, ==, expected);
}

static void
require_tiles (Fixture *fixture,
               int      n)
{
  const gint32 codes[] = { 0, 1 << 24, (1 << 24) | 1 };
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_demand_require_tiles (fixture->demand, codes, n, ALMU_COMPRESSION_NONE, 0, &error));
  g_assert_no_error (error);
}

static void
require_spatial (Fixture    *fixture,
                 int         region_id,
                 AlmuRegion *region,
                 const char *first,
                 const char *second)
{
  const char *coordinates[] = { first, second };
  g_autoptr(GArray) wants = almu_spatial_wants_new ();

  for (guint i = 0; i < G_N_ELEMENTS (coordinates) && coordinates[i] != NULL; i++)
    {
      AlmuSpatialWant want = { .coordinate = g_strdup (coordinates[i]) };

      g_array_append_val (wants, want);
    }
  almu_demand_require_spatial (fixture->demand, region_id, region, wants);
}

static GArray *
stats_wants (const char *coordinate,
             int         first_type,
             int         second_type)
{
  const int     types[] = { first_type, second_type };
  GArray       *wants = almu_stats_wants_new ();
  AlmuStatsWant want = { (char *) coordinate, g_array_new (FALSE, FALSE, sizeof (int)) };

  g_array_append_vals (want.types, types, G_N_ELEMENTS (types));
  almu_stats_wants_append (wants, &want);
  g_array_unref (want.types);

  return wants;
}

static void
require_stats (Fixture    *fixture,
               int         region_id,
               AlmuRegion *region,
               const char *coordinate)
{
  g_autoptr(GArray) wants = stats_wants (coordinate, ALMU_STATS_SUM, ALMU_STATS_NUM_PIXELS);

  almu_demand_require_stats (fixture->demand, region_id, region, wants);
}

static void
require_spectral (Fixture    *fixture,
                  const char *coordinate)
{
  g_autoptr(GArray) wants = stats_wants (coordinate, ALMU_STATS_SUM, ALMU_STATS_SUM);

  almu_demand_require_spectral (fixture->demand, ALMU_REGION_CURSOR, NULL, wants);
}

static void
require_histogram (Fixture *fixture,
                   int      region_id,
                   int      n_bins)
{
  const AlmuHistogramWant want = { (char *) "z", ALMU_CHANNEL_CURRENT, TRUE, n_bins, TRUE, 0, 1000 };
  g_autoptr(GArray) wants = almu_histogram_wants_new ();

  almu_histogram_wants_append (wants, &want);
  almu_demand_require_histograms (fixture->demand, region_id, NULL, wants);
}

static void
test_demand_silent_before_start (Fixture      *fixture,
                                 gconstpointer user_data)
{
  require_tiles (fixture, 3);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_demand_set_cursor (fixture->demand, (AlmuPoint){ 3, 3 });
  almu_demand_set_plane (fixture->demand, 1, 1);
  almu_test_workers_settle ();
  assert_spells (fixture, "");
  g_assert_cmpuint (almu_test_image_get_n_reads (fixture->image), ==, 0);
}

static void
test_demand_histogram_first (Fixture      *fixture,
                             gconstpointer user_data)
{
  TestProduct *histogram;
  gint64       n = 0;

  require_tiles (fixture, 3);
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  assert_spells (fixture, "H(TTT)");

  histogram = test_products_get (&fixture->got, ALMU_PRODUCT_HISTOGRAM, 0);
  g_assert_cmpint (histogram->product.region_id, ==, ALMU_REGION_IMAGE);
  g_assert_cmpint (histogram->histogram->n_bins, ==, (int) sqrt (WIDTH * HEIGHT));
  for (int i = 0; i < histogram->histogram->n_bins; i++)
    n += histogram->histogram->counts[i];
  g_assert_cmpint (n, ==, WIDTH * HEIGHT - 1);

  /* tiles asked for later come without it */
  test_products_forget (&fixture->got);
  require_tiles (fixture, 1);
  almu_test_workers_settle ();
  assert_spells (fixture, "(T)");
}

static void
test_demand_tile_values (Fixture      *fixture,
                         gconstpointer user_data)
{
  TestProduct *kept;
  const float *values;

  almu_demand_set_plane (fixture->demand, 2, 1);
  require_tiles (fixture, 3);
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();

  for (guint i = 0; (kept = test_products_get (&fixture->got, ALMU_PRODUCT_TILE, i)) != NULL; i++)
    {
      if (kept->tile.layer != 1 || kept->tile.x != 1)
        continue;

      g_assert_cmpint (kept->picture->width, ==, WIDTH - 256);
      g_assert_cmpint (kept->picture->height, ==, HEIGHT);
      values = g_bytes_get_data (kept->picture->pixels, NULL);
      for (int y = 0; y < HEIGHT; y++)
        for (int x = 256; x < WIDTH; x++)
          g_assert_cmpfloat (values[y * (WIDTH - 256) + x - 256], ==, pixel (x, y, 2, 1));
      return;
    }
  g_assert_not_reached ();
}

static void
test_demand_one_read (Fixture      *fixture,
                      gconstpointer user_data)
{
  almu_test_image_hold (fixture->image);
  almu_demand_start (fixture->demand);
  require_tiles (fixture, 3);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_histogram (fixture, ALMU_REGION_IMAGE, 10);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpint (((TestProduct *) fixture->got.products->pdata[0])->product.kind, ==, ALMU_PRODUCT_HISTOGRAM);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 2);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILE), ==, 3);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, WIDTH * HEIGHT);
}

static void
test_demand_changed_in_flight (Fixture      *fixture,
                               gconstpointer user_data)
{
  almu_test_image_hold (fixture->image);
  almu_demand_start (fixture->demand);
  require_tiles (fixture, 2);
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  almu_test_image_await_held (fixture->image);

  fixture->is_checking = TRUE;
  fixture->channel = 5;
  almu_demand_set_plane (fixture->demand, 5, 0);
  require_tiles (fixture, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();

  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILE), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), ==, 1);
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
}

/* The plane is there; what is made of it is under way. */
static void
test_demand_changed_while_computing (Fixture      *fixture,
                                     gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  almu_test_workers_block ();
  require_tiles (fixture, 3);
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_histogram (fixture, ALMU_REGION_IMAGE, 10);
  require_spectral (fixture, "z");
  test_products_forget (&fixture->got);
  fixture->is_checking = TRUE;
  fixture->channel = 1;
  fixture->stokes = 2;
  almu_demand_set_plane (fixture->demand, 1, 2);
  almu_test_workers_release ();
  almu_test_workers_settle ();

  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILE), ==, 0);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 2);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  g_assert_cmpint (test_products_get (&fixture->got, ALMU_PRODUCT_SPECTRAL, 0)->product.stokes, ==, 2);
}

static void
test_demand_stopped_in_flight (Fixture      *fixture,
                               gconstpointer user_data)
{
  almu_test_image_hold (fixture->image);
  almu_demand_start (fixture->demand);
  require_tiles (fixture, 2);
  require_spectral (fixture, "z");
  almu_test_image_await_held (fixture->image);
  almu_demand_stop (fixture->demand);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  assert_spells (fixture, "");
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);

  /* what is wanted stays known, but for pictures, which go stale */
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILE), ==, 0);
}

static void
test_demand_finalized_in_flight (Fixture      *fixture,
                                 gconstpointer user_data)
{
  almu_test_image_hold (fixture->image);
  almu_demand_start (fixture->demand);
  require_tiles (fixture, 3);
  require_spectral (fixture, "z");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "Qz");
  almu_test_image_await_held (fixture->image);
  almu_demand_stop (fixture->demand);
  almu_test_image_release (fixture->image);
  almu_test_await_finalize (g_steal_pointer (&fixture->demand));
  assert_spells (fixture, "");
}

static void
test_demand_same_plane (Fixture      *fixture,
                        gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  almu_demand_set_plane (fixture->demand, 0, 0);
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  assert_spells (fixture, "");

  /* there and back, by leaps that nobody foresees: from memory */
  almu_demand_set_plane (fixture->demand, 3, 0);
  almu_test_workers_settle ();
  almu_demand_set_plane (fixture->demand, 0, 0);
  almu_test_workers_settle ();
  assert_spells (fixture, "HH");
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 2 * WIDTH * HEIGHT);
}

static void
test_demand_renew (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  fixture->is_checking = TRUE;
  fixture->epoch = 9;
  almu_demand_renew (fixture->demand, 9);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, WIDTH * HEIGHT + DEPTH);

  /* the page asks for the same again and has it already */
  test_products_forget (&fixture->got);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_test_workers_settle ();
  assert_spells (fixture, "");

  /* for something else, and has it not */
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", NULL);
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "Iz");
  require_spectral (fixture, "Iz");
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 3);
}

/* The page's requirements may overtake what is sent unasked. */
static void
test_demand_renew_overtaken (Fixture      *fixture,
                             gconstpointer user_data)
{
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_test_image_hold (fixture->image);
  almu_demand_renew (fixture->demand, 1);
  almu_test_image_await_held (fixture->image);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
}

static void
test_demand_renew_in_flight (Fixture      *fixture,
                             gconstpointer user_data)
{
  almu_test_image_hold (fixture->image);
  almu_demand_start (fixture->demand);
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "z");
  require_spectral (fixture, "z");
  almu_test_image_await_held (fixture->image);

  fixture->is_checking = TRUE;
  fixture->epoch = 1;
  almu_demand_renew (fixture->demand, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_STATS), ==, 1);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
}

static void
test_demand_cursor (Fixture      *fixture,
                    gconstpointer user_data)
{
  TestProduct *kept;
  const float *row;
  const float *column;

  almu_demand_start (fixture->demand);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "Qy");
  require_spectral (fixture, "Uz");
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  almu_demand_set_cursor (fixture->demand, (AlmuPoint){ 11.5f, 6.49f });
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      kept = test_products_get (&fixture->got, ALMU_PRODUCT_SPATIAL, i);
      g_assert_cmpint (kept->product.profile.x, ==, 12);
      g_assert_cmpint (kept->product.profile.y, ==, 6);
      g_assert_cmpfloat (kept->product.profile.value, ==, pixel (12, 6, 0, kept->product.stokes));
      g_assert_cmpuint (kept->profiles->len, ==, 1);
      if (kept->product.stokes == 0)
        {
          row = g_bytes_get_data (kept->profiles->pdata[0], NULL);
          g_assert_cmpuint (g_bytes_get_size (kept->profiles->pdata[0]), ==, WIDTH * sizeof (float));
          g_assert_cmpfloat (row[40], ==, pixel (40, 6, 0, 0));
        }
      else
        {
          column = g_bytes_get_data (kept->profiles->pdata[0], NULL);
          g_assert_cmpuint (g_bytes_get_size (kept->profiles->pdata[0]), ==, HEIGHT * sizeof (float));
          g_assert_cmpfloat (column[19], ==, pixel (12, 19, 0, 1));
        }
    }

  kept = test_products_get (&fixture->got, ALMU_PRODUCT_SPECTRAL, 0);
  g_assert_cmpint (kept->product.stokes, ==, 2);
  g_assert_cmpfloat (kept->product.progress, ==, 1);
  for (int channel = 0; channel < DEPTH; channel++)
    g_assert_cmpfloat (((const float *) g_bytes_get_data (kept->profiles->pdata[0], NULL))[channel], ==,
                       pixel (12, 6, channel, 2));
}

static void
test_demand_cursor_outside (Fixture      *fixture,
                            gconstpointer user_data)
{
  const AlmuPoint places[] = {
    { -0.51f, 0 },
    { 0, HEIGHT - 0.5f },
    { 1e30f, 1 },
    { 1, -1e30f },
    { (float) G_MAXINT, 0 },
    { (float) WIDTH, 0 },
  };

  almu_demand_start (fixture->demand);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  require_spectral (fixture, "z");
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    almu_demand_set_cursor (fixture->demand, places[i]);
  almu_test_workers_settle ();
  assert_spells (fixture, "");
}

/* Only the last of many places is worth a spectrum. */
static void
test_demand_cursor_races (Fixture      *fixture,
                          gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  require_spectral (fixture, "z");
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  almu_test_workers_block ();
  for (int i = 0; i < 100; i++)
    almu_demand_set_cursor (fixture->demand, (AlmuPoint){ (float) i, 2 });
  almu_test_workers_release ();
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPECTRAL), ==, 1);
  g_assert_cmpfloat (*(const float *) g_bytes_get_data (test_products_get (&fixture->got, ALMU_PRODUCT_SPECTRAL, 0)->profiles->pdata[0], NULL),
                     ==, pixel (99, 2, 0, 0));
}

static AlmuShape *
rectangle (float x,
           float y,
           float width,
           float height)
{
  const AlmuPoint points[] = { { x, y }, { width, height } };
  g_autoptr(GError) error = NULL;
  AlmuShape *shape = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, 0, &error);

  g_assert_no_error (error);

  return shape;
}

static void
test_demand_region (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(AlmuShape) here = rectangle (10, 10, 2, 2);
  g_autoptr(AlmuShape) there = rectangle (20, 10, 4, 2);
  g_autoptr(AlmuRegion) region = almu_region_new (3, FILE_ID, here);
  TestProduct *kept;

  almu_demand_start (fixture->demand);
  require_stats (fixture, 3, region, "z");
  almu_test_workers_settle ();
  kept = test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0);
  g_assert_cmpint (kept->product.region_id, ==, 3);
  g_assert_cmpuint (kept->stats->len, ==, 2);
  g_assert_cmpfloat (g_array_index (kept->stats, AlmuStatistic, 1).value, ==, 9);
  g_assert_cmpfloat (g_array_index (kept->stats, AlmuStatistic, 0).value, ==, 9 * 10010);

  test_products_forget (&fixture->got);
  almu_region_set_shape (region, there);
  almu_region_set_shape (region, there);
  almu_test_workers_settle ();
  assert_spells (fixture, "S");
  kept = test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0);
  g_assert_cmpfloat (g_array_index (kept->stats, AlmuStatistic, 1).value, ==, 15);

  /* moved and forgotten while it is measured */
  test_products_forget (&fixture->got);
  almu_test_workers_block ();
  almu_region_set_shape (region, here);
  almu_demand_forget_region (fixture->demand, 3);
  almu_region_set_shape (region, there);
  almu_test_workers_release ();
  almu_test_workers_settle ();
  assert_spells (fixture, "");
}

static void
assert_place (TestProduct *kept,
              guint        nth,
              int          type,
              double       x,
              double       y)
{
  const AlmuStatistic *values = &g_array_index (kept->stats, AlmuStatistic, nth);

  g_assert_cmpint (values[0].type, ==, type);
  g_assert_cmpint (values[1].type, ==, type);
  g_assert_cmpfloat (values[0].value, ==, x);
  g_assert_cmpfloat (values[1].value, ==, y);
}

/* Of the image and of a region: corners and extrema, x before y. */
static void
test_demand_places (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(AlmuShape) here = rectangle (10, 10, 4, 2);
  g_autoptr(AlmuShape) nowhere = rectangle (-100, 10, 4, 2);
  g_autoptr(AlmuRegion) region = almu_region_new (3, FILE_ID, here);
  g_autoptr(GArray) corners = stats_wants ("z", ALMU_STATS_BLC, ALMU_STATS_TRC);
  g_autoptr(GArray) extrema = stats_wants ("z", ALMU_STATS_MIN_POS, ALMU_STATS_MAX_POS);

  almu_demand_start (fixture->demand);
  almu_demand_require_stats (fixture->demand, 3, region, corners);
  almu_demand_require_stats (fixture->demand, ALMU_REGION_IMAGE, NULL, extrema);
  almu_test_workers_settle ();
  for (guint i = 0; i < 2; i++)
    {
      TestProduct *kept = test_products_get (&fixture->got, ALMU_PRODUCT_STATS, i);
      gboolean     is_image = kept->product.region_id == ALMU_REGION_IMAGE;

      g_assert_cmpuint (kept->stats->len, ==, 4);
      assert_place (kept, 0, is_image ? ALMU_STATS_MIN_POS : ALMU_STATS_BLC, is_image ? 0 : 8, is_image ? 0 : 9);
      assert_place (kept, 2, is_image ? ALMU_STATS_MAX_POS : ALMU_STATS_TRC,
                    is_image ? WIDTH - 1 : 12, is_image ? HEIGHT - 1 : 11);
    }

  test_products_forget (&fixture->got);
  almu_demand_require_stats (fixture->demand, 3, region, extrema);
  almu_test_workers_settle ();
  assert_place (test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0), 0, ALMU_STATS_MIN_POS, 8, 9);
  assert_place (test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0), 2, ALMU_STATS_MAX_POS, 12, 11);

  /* outside there is no place */
  test_products_forget (&fixture->got);
  almu_region_set_shape (region, nowhere);
  almu_test_workers_settle ();
  for (guint i = 0; i < 4; i++)
    g_assert_true (isnan (g_array_index (test_products_get (&fixture->got, ALMU_PRODUCT_STATS, 0)->stats, AlmuStatistic, i).value));
}

static void
test_demand_foreign_region (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(AlmuShape) here = rectangle (10, 10, 2, 2);
  g_autoptr(AlmuRegion) region = almu_region_new (3, FILE_ID + 1, here);

  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  require_stats (fixture, 3, region, "z");
  almu_test_workers_settle ();
  assert_spells (fixture, "");
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "Region 3"));
}

static void
test_demand_wrong_coordinates (Fixture      *fixture,
                               gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "w", NULL);
  require_stats (fixture, ALMU_REGION_IMAGE, NULL, "Vz");
  require_spectral (fixture, "Ptotalz");
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.failures->len, ==, 3);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "w"));
  g_assert_nonnull (strstr (fixture->got.failures->pdata[1], "polarisation V"));
  g_assert_nonnull (strstr (fixture->got.failures->pdata[2], "Ptotal"));
}

/* Whole rows and @rest pixels of one more: as many values as may be sent. */
static void
require_rows (Fixture *fixture,
              int      rest)
{
  g_autoptr(GArray) wants = almu_spatial_wants_new ();

  for (int i = 0; i <= ALMU_LIMIT_PROFILE_VALUES / WIDTH; i++)
    {
      AlmuSpatialWant want = { .coordinate = g_strdup ("x"), .mip = 1 };

      if (i == 0)
        want.end = ALMU_LIMIT_PROFILE_VALUES % WIDTH + rest;
      g_array_append_val (wants, want);
    }
  almu_demand_require_spatial (fixture->demand, ALMU_REGION_CURSOR, NULL, wants);
  almu_test_workers_settle ();
}

static void
test_demand_many_values (Fixture      *fixture,
                         gconstpointer user_data)
{
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);

  for (int rest = -1; rest <= 1; rest++)
    {
      require_rows (fixture, rest);
      g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, rest <= 0);
      g_assert_cmpuint (fixture->got.failures->len, ==, rest > 0);
      if (rest <= 0)
        test_products_forget (&fixture->got);
    }
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "4194305 values"));

  /* and after that, what it always was */
  require_spatial (fixture, ALMU_REGION_CURSOR, NULL, "x", "y");
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL), ==, 1);
}

static void
test_demand_read_failure (Fixture      *fixture,
                          gconstpointer user_data)
{
  almu_test_image_fail_at (fixture->image, 1);
  require_tiles (fixture, 2);
  almu_demand_start (fixture->demand);
  almu_test_workers_settle ();
  assert_spells (fixture, "");
  g_assert_cmpuint (fixture->got.failures->len, ==, 1);
  g_assert_nonnull (strstr (fixture->got.failures->pdata[0], "test.fits"));

  almu_demand_set_plane (fixture->demand, 1, 0);
  require_tiles (fixture, 1);
  almu_test_workers_settle ();
  assert_spells (fixture, "H(T)");
}

/* Everything at once, over and over; GLib prints the seed. */
static void
do_something (Fixture    *fixture,
              AlmuRegion *region)
{
  g_autoptr(AlmuShape) shape = NULL;

  switch (g_test_rand_int_range (0, 12))
    {
    case 0:
      fixture->channel = g_test_rand_int_range (0, DEPTH);
      fixture->stokes = g_test_rand_int_range (0, N_STOKES);
      almu_demand_set_plane (fixture->demand, fixture->channel, fixture->stokes);
      break;
    case 1:
      almu_demand_renew (fixture->demand, ++fixture->epoch);
      break;
    case 2:
      almu_demand_stop (fixture->demand);
      almu_demand_set_epoch (fixture->demand, ++fixture->epoch);
      almu_demand_start (fixture->demand);
      break;
    case 3:
      require_tiles (fixture, g_test_rand_int_range (1, 4));
      break;
    case 4:
      almu_demand_set_cursor (fixture->demand, (AlmuPoint){ (float) g_test_rand_int_range (-5, WIDTH), 3 });
      break;
    case 5:
      require_spatial (fixture, 0, NULL, g_test_rand_bit () ? "x" : "Qy", "Uy");
      break;
    case 6:
      require_stats (fixture, 3, region, g_test_rand_bit () ? "z" : "Iz");
      break;
    case 7:
      require_histogram (fixture, ALMU_REGION_IMAGE, g_test_rand_int_range (1, 20));
      break;
    case 8:
      require_spectral (fixture, g_test_rand_bit () ? "z" : "Qz");
      break;
    case 9:
      shape = rectangle ((float) g_test_rand_int_range (0, WIDTH), 5, 8, 3);
      almu_region_set_shape (region, shape);
      break;
    case 10:
      almu_demand_set_paused (fixture->demand, g_test_rand_bit ());
      break;
    default:
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_demand_storm (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuShape) here = rectangle (10, 10, 2, 2);
  g_autoptr(AlmuRegion) region = almu_region_new (3, FILE_ID, here);

  fixture->is_checking = TRUE;
  almu_demand_start (fixture->demand);
  for (int round = 0; round < 40; round++)
    {
      if (g_test_rand_bit ())
        almu_test_image_hold (fixture->image);
      for (int i = 0; i < 50; i++)
        do_something (fixture, region);
      almu_test_image_release (fixture->image);
    }

  almu_demand_set_paused (fixture->demand, FALSE);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  fixture->epoch++;
  almu_demand_renew (fixture->demand, fixture->epoch);
  require_tiles (fixture, 3);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILE), ==, 3);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), ==, 1);
  g_assert_cmpuint (fixture->got.failures->len, ==, 0);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/demand/silent-before-start", test_demand_silent_before_start);
  add_test ("/model/demand/histogram-first", test_demand_histogram_first);
  add_test ("/model/demand/tile-values", test_demand_tile_values);
  add_test ("/model/demand/one-read", test_demand_one_read);
  add_test ("/model/demand/changed/in-flight", test_demand_changed_in_flight);
  add_test ("/model/demand/changed/while-computing", test_demand_changed_while_computing);
  add_test ("/model/demand/stopped-in-flight", test_demand_stopped_in_flight);
  add_test ("/model/demand/finalized-in-flight", test_demand_finalized_in_flight);
  add_test ("/model/demand/same-plane", test_demand_same_plane);
  add_test ("/model/demand/renew", test_demand_renew);
  add_test ("/model/demand/renew/overtaken", test_demand_renew_overtaken);
  add_test ("/model/demand/renew/in-flight", test_demand_renew_in_flight);
  add_test ("/model/demand/cursor", test_demand_cursor);
  add_test ("/model/demand/cursor/outside", test_demand_cursor_outside);
  add_test ("/model/demand/cursor/races", test_demand_cursor_races);
  add_test ("/model/demand/region", test_demand_region);
  add_test ("/model/demand/places", test_demand_places);
  add_test ("/model/demand/region/foreign", test_demand_foreign_region);
  add_test ("/model/demand/wrong-coordinates", test_demand_wrong_coordinates);
  add_test ("/model/demand/many-values", test_demand_many_values);
  add_test ("/model/demand/read-failure", test_demand_read_failure);
  add_test ("/model/demand/storm", test_demand_storm);

  return g_test_run ();
}
