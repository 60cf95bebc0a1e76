/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-demand.h"
#include "almu-error.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "test-products.h"

#define WIDTH 60
#define HEIGHT 40
#define DEPTH 12
#define N_STOKES 2
#define N_PIXELS (WIDTH * HEIGHT * DEPTH)
#define FILE_ID 4
#define KIND_HISTOGRAM ALMU_PRODUCT_HISTOGRAM

typedef struct
{
  AlmuCache     *cache;
  AlmuTestImage *image;
  AlmuDemand    *demand;
  TestProducts   got;
} Fixture;

static float pixels[N_STOKES][DEPTH][HEIGHT][WIDTH];

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return pixels[stokes][channel][y][x];
}

/* Blanks, infinities, and a channel of its own range each. */
static void
fill_pixels (void)
{
  for (int stokes = 0; stokes < N_STOKES; stokes++)
    for (int i = 0; i < N_PIXELS; i++)
      {
        double dice = g_test_rand_double ();
        int    channel = i / (WIDTH * HEIGHT);

        (&pixels[stokes][0][0][0])[i] = dice < 0.05   ? NAN
                                        : dice < 0.07 ? INFINITY
                                        : dice < 0.08 ? -INFINITY
                                                      : (float) ((dice - 0.5) * 100 * (channel + 1) + 1000 * stokes);
      }
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fill_pixels ();
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

static const AlmuHistogramWant automatic = { (char *) "z", ALMU_CHANNEL_ALL, FALSE, ALMU_BINS_AUTO, FALSE, 0, 0 };
static const AlmuHistogramWant within = { (char *) "z", ALMU_CHANNEL_ALL, TRUE, 77, TRUE, -50.5, 120.25 };

static void
require (Fixture                 *fixture,
         const AlmuHistogramWant *first,
         const AlmuHistogramWant *second)
{
  g_autoptr(GArray) wants = almu_histogram_wants_new ();

  if (first != NULL)
    almu_histogram_wants_append (wants, first);
  if (second != NULL)
    almu_histogram_wants_append (wants, second);
  almu_demand_require_histograms (fixture->demand, ALMU_REGION_CUBE, NULL, wants);
}

static void
assert_moments (const AlmuHistogram *histogram,
                int                  stokes)
{
  const float *values = &pixels[stokes][0][0][0];
  double       n = 0, sum = 0, squares = 0;

  for (int i = 0; i < N_PIXELS; i++)
    if (isfinite (values[i]))
      {
        n++;
        sum += values[i];
      }
  for (int i = 0; i < N_PIXELS; i++)
    if (isfinite (values[i]))
      squares += (values[i] - sum / n) * (values[i] - sum / n);

  g_assert_cmpfloat_with_epsilon (histogram->mean, sum / n, 1e-9 * fabs (sum / n));
  g_assert_cmpfloat_with_epsilon (histogram->sigma, sqrt (squares / (n - 1)), 1e-9 * histogram->sigma);
}

/* In the plainest way there is, in the precision of pixels. */
static void
assert_histogram (TestProduct             *kept,
                  const AlmuHistogramWant *want,
                  int                      stokes)
{
  const float       *values = &pixels[stokes][0][0][0];
  int                n_bins = want->has_fixed_bins ? want->n_bins : (int) sqrt (WIDTH * HEIGHT);
  g_autofree gint32 *bins = g_new0 (gint32, n_bins);
  float              min = INFINITY, max = -INFINITY, width;

  for (int i = 0; i < N_PIXELS; i++)
    if (isfinite (values[i]))
      {
        min = MIN (min, values[i]);
        max = MAX (max, values[i]);
      }
  if (want->has_fixed_bounds)
    {
      min = (float) want->min;
      max = (float) want->max;
    }

  width = (float) (((double) max - (double) min) / n_bins);
  for (int i = 0; i < N_PIXELS; i++)
    if (values[i] >= min && values[i] <= max)
      bins[CLAMP ((int) floorf ((values[i] - min) / width), 0, n_bins - 1)]++;

  g_assert_nonnull (kept);
  g_assert_cmpint (kept->product.region_id, ==, ALMU_REGION_CUBE);
  g_assert_cmpint (kept->product.channel, ==, ALMU_CHANNEL_ALL);
  g_assert_cmpint (kept->product.stokes, ==, stokes);
  g_assert_true (kept->product.progress == 1.f);
  g_assert_cmpmem (kept->histogram->counts, kept->histogram->n_bins * sizeof (gint32), bins, n_bins * sizeof (gint32));
  assert_moments (kept->histogram, stokes);
}

static TestProduct *
get (Fixture *fixture,
     guint    nth)
{
  return test_products_get (&fixture->got, KIND_HISTOGRAM, nth);
}

static guint64
get_passes (Fixture *fixture,
            guint64  before)
{
  guint64 n = almu_test_image_get_n_pixels (fixture->image) - before;

  g_assert_cmpuint (n % N_PIXELS, ==, 0);

  return n / N_PIXELS;
}

/* Two passes where the bounds are not known, none where all is. */
static void
test_cube_automatic (Fixture      *fixture,
                     gconstpointer user_data)
{
  guint64 before = almu_test_image_get_n_pixels (fixture->image);

  require (fixture, &automatic, NULL);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, 1);
  assert_histogram (get (fixture, 0), &automatic, 0);
  g_assert_cmpuint (get_passes (fixture, before), ==, 2);

  test_products_forget (&fixture->got);
  require (fixture, NULL, NULL);
  require (fixture, &automatic, NULL);
  almu_test_workers_settle ();
  assert_histogram (get (fixture, 0), &automatic, 0);
  g_assert_cmpuint (get_passes (fixture, before), ==, 2);

  /* others need one more, because the bounds are known now */
  test_products_forget (&fixture->got);
  require (fixture, &automatic, &within);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, 2);
  assert_histogram (get (fixture, 0), &automatic, 0);
  assert_histogram (get (fixture, 1), &within, 0);
  g_assert_cmpuint (get_passes (fixture, before), ==, 3);
}

/* One pass where they are told, which measures on the way. */
static void
test_cube_within (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuHistogramWant fine = automatic;
  guint64           before = almu_test_image_get_n_pixels (fixture->image);

  require (fixture, &within, NULL);
  almu_test_workers_settle ();
  assert_histogram (get (fixture, 0), &within, 0);
  g_assert_cmpuint (get_passes (fixture, before), ==, 1);

  test_products_forget (&fixture->got);
  fine.has_fixed_bins = TRUE;
  fine.n_bins = 100000;
  require (fixture, &fine, NULL);
  almu_test_workers_settle ();
  assert_histogram (get (fixture, 0), &fine, 0);
  g_assert_cmpuint (get_passes (fixture, before), ==, 2);
}

/* What is asked of a polarisation by its name stays in force; what is asked
 * of the one on display ends with it. */
static void
test_cube_stokes (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuHistogramWant q = automatic;
  guint64           before;

  q.coordinate = (char *) "Qz";
  require (fixture, &q, &automatic);
  almu_test_workers_settle ();
  for (guint i = 0; i < 2; i++)
    assert_histogram (get (fixture, i), get (fixture, i)->product.stokes == 0 ? &automatic : &q,
                      get (fixture, i)->product.stokes);

  before = almu_test_image_get_n_pixels (fixture->image);
  almu_demand_set_plane (fixture->demand, 3, 1);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  almu_demand_renew (fixture->demand, 5);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, 2); /* that of the plane too */
  for (guint i = 0; i < 2; i++)
    if (get (fixture, i)->product.region_id == ALMU_REGION_CUBE)
      assert_histogram (get (fixture, i), &q, 1);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, before + WIDTH * HEIGHT);

  /* and what is under way too */
  require (fixture, NULL, NULL);
  almu_test_workers_settle ();
  almu_demand_set_plane (fixture->demand, 3, 0);
  almu_test_workers_settle ();
  test_products_forget (&fixture->got);
  almu_test_image_hold (fixture->image);
  require (fixture, &within, NULL);
  almu_test_image_await_held (fixture->image);
  almu_demand_set_plane (fixture->demand, 3, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  for (guint i = 0; get (fixture, i) != NULL; i++)
    g_assert_cmpint (get (fixture, i)->product.region_id, ==, ALMU_REGION_IMAGE);
}

/* Nothing to count: one bin without width, as for a plane. */
static void
test_cube_blank (Fixture      *fixture,
                 gconstpointer user_data)
{
  for (int i = 0; i < N_PIXELS; i++)
    (&pixels[0][0][0][0])[i] = NAN;

  require (fixture, &automatic, NULL);
  almu_test_workers_settle ();
  g_assert_cmpint (get (fixture, 0)->histogram->n_bins, ==, 1);
  g_assert_cmpint (get (fixture, 0)->histogram->counts[0], ==, 0);
  g_assert_true (isnan (get (fixture, 0)->histogram->mean));
}

/* An empty list, a closed file, another polarisation: whoever reads is told
 * at once, and nothing is heard of it again. */
static void
test_cube_cancelled (Fixture      *fixture,
                     gconstpointer user_data)
{
  for (int how = 0; how < 3; how++)
    {
      guint n_cancelled = almu_test_image_get_n_cancelled (fixture->image);

      almu_test_image_hold (fixture->image);
      require (fixture, &automatic, NULL);
      almu_test_image_await_held (fixture->image);
      if (how == 0)
        require (fixture, NULL, NULL);
      else if (how == 1)
        almu_demand_stop (fixture->demand);
      else
        almu_demand_forget_region (fixture->demand, ALMU_REGION_CUBE);
      almu_test_image_await_free (fixture->image);
      g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), >, n_cancelled);
      almu_test_image_release (fixture->image);
      almu_test_workers_settle ();
      g_assert_cmpuint (fixture->got.products->len, ==, 0);
      g_assert_cmpuint (fixture->got.failures->len, ==, 0);
      require (fixture, NULL, NULL);
      almu_demand_start (fixture->demand);
      almu_test_workers_settle ();
      test_products_forget (&fixture->got);
    }
}

static gboolean
on_time (gpointer user_data)
{
  almu_test_image_release (user_data);

  return G_SOURCE_REMOVE;
}

/* One that takes longer than half a second says how far it is, in order. */
static void
test_cube_progress (Fixture      *fixture,
                    gconstpointer user_data)
{
  float last = 0;

  almu_test_image_hold (fixture->image);
  require (fixture, &automatic, NULL);
  almu_test_image_await_held (fixture->image);
  g_timeout_add (600, on_time, fixture->image);
  while (test_products_count (&fixture->got, KIND_HISTOGRAM) == 0)
    g_main_context_iteration (NULL, TRUE);
  almu_test_workers_settle ();

  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), >=, 2);
  g_assert_null (get (fixture, 0)->histogram);
  for (guint i = 0; get (fixture, i) != NULL; i++)
    {
      g_assert_cmpfloat (get (fixture, i)->product.progress, >, last);
      last = get (fixture, i)->product.progress;
    }
  g_assert_true (last == 1.f);
}

/* The epoch of products, and what a viewer who has come back is told. */
static void
test_cube_renew (Fixture      *fixture,
                 gconstpointer user_data)
{
  guint64 before;

  require (fixture, &automatic, NULL);
  almu_test_workers_settle ();
  before = almu_test_image_get_n_pixels (fixture->image);

  test_products_forget (&fixture->got);
  almu_demand_renew (fixture->demand, 9);
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, 2); /* that of the plane too */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (get (fixture, i)->product.epoch, ==, 9);
      if (get (fixture, i)->product.region_id == ALMU_REGION_CUBE)
        assert_histogram (get (fixture, i), &automatic, 0);
    }
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, before);
}

/* A cursor and tiles do not wait for it. */
static void
test_cube_behind (Fixture      *fixture,
                  gconstpointer user_data)
{
  const gint32 code = 0;

  almu_test_image_hold (fixture->image);
  require (fixture, &automatic, NULL);
  almu_test_image_await_held (fixture->image);

  g_assert_true (almu_demand_require_tiles (fixture->demand, &code, 1, ALMU_COMPRESSION_NONE, 0, NULL));
  almu_demand_set_cursor (fixture->demand, (AlmuPoint){ 3, 3 });
  while (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END) == 0 ||
         test_products_count (&fixture->got, ALMU_PRODUCT_SPATIAL) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, 0);

  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  assert_histogram (get (fixture, 0), &automatic, 0);
}

/* Two sessions that want the same have it counted once, whoever leaves. */
static void
test_cube_shared (Fixture      *fixture,
                  gconstpointer user_data)
{
  for (int how = 0; how < 3; how++)
    {
      AlmuDemand  *other = almu_demand_new (fixture->cache, ALMU_IMAGE (fixture->image), FILE_ID);
      TestProducts got;
      g_autoptr(GArray) wants = almu_histogram_wants_new ();
      AlmuHistogramWant want = within;
      guint64           before;

      /* not in memory yet */
      want.n_bins += how;
      almu_histogram_wants_append (wants, &want);
      test_products_init (&got);
      test_products_listen (&got, other);
      almu_demand_set_epoch (other, 5);
      almu_demand_start (other);
      almu_test_workers_settle ();
      test_products_forget (&got);
      before = almu_test_image_get_n_pixels (fixture->image);

      almu_test_image_hold (fixture->image);
      require (fixture, &want, NULL);
      almu_test_image_await_held (fixture->image);
      almu_demand_require_histograms (other, ALMU_REGION_CUBE, NULL, wants);
      if (how == 1)
        require (fixture, NULL, NULL);
      if (how == 2)
        almu_demand_stop (other);
      almu_test_image_release (fixture->image);
      almu_test_workers_settle ();

      g_assert_cmpuint (get_passes (fixture, before), ==, 1);
      g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
      g_assert_cmpuint (test_products_count (&fixture->got, KIND_HISTOGRAM), ==, how != 1);
      g_assert_cmpuint (test_products_count (&got, KIND_HISTOGRAM), ==, how != 2);
      if (how != 1)
        assert_histogram (get (fixture, 0), &want, 0);
      if (how != 2)
        {
          assert_histogram (test_products_get (&got, KIND_HISTOGRAM, 0), &want, 0);
          g_assert_cmpuint (test_products_get (&got, KIND_HISTOGRAM, 0)->product.epoch, ==, 5);
        }

      test_products_forget (&fixture->got);
      almu_test_await_finalize (other);
      test_products_clear (&got);
    }
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/cube/automatic", test_cube_automatic);
  add_test ("/model/cube/within", test_cube_within);
  add_test ("/model/cube/stokes", test_cube_stokes);
  add_test ("/model/cube/blank", test_cube_blank);
  add_test ("/model/cube/cancelled", test_cube_cancelled);
  add_test ("/model/cube/progress", test_cube_progress);
  add_test ("/model/cube/renew", test_cube_renew);
  add_test ("/model/cube/behind", test_cube_behind);
  add_test ("/model/cube/shared", test_cube_shared);

  return g_test_run ();
}
