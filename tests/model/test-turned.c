/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "almu-cache.h"
#include "almu-demand.h"
#include "almu-limits.h"
#include "almu-mask.h"
#include "almu-polarisation.h"
#include "almu-scan.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "almu-turned.h"
#include "almu-visits.h"
#include "test-products.h"

/* What the model knows of the time, so that nobody has to wait for it. */
static gint64 hours_ahead = 0;

gint64
g_get_monotonic_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + hours_ahead * 60 * 60 * G_USEC_PER_SEC;
}

/* -- values: of any file, the same bits as when they are read alone ---- */

typedef struct
{
  const char *name;
  int         n_axes;
  gint64      shape[4];
  const char *types[4];
} Layout;

static const Layout layouts[] = {
  { "cube", 3, { 71, 37, 9 }, { "RA---SIN", "DEC--SIN", "FREQ" } },
  { "hypercube", 4, { 71, 37, 9, 4 }, { "RA---SIN", "DEC--SIN", "FREQ", "STOKES" } },
  { "stokes-third", 4, { 71, 37, 4, 9 }, { "RA---SIN", "DEC--SIN", "STOKES", "FREQ" } },
  { "stokes-second", 4, { 33, 4, 16, 9 }, { "RA---SIN", "STOKES", "DEC--SIN", "FREQ" } },
  { "stokes-first", 4, { 4, 33, 18, 9 }, { "STOKES", "RA---SIN", "DEC--SIN", "FREQ" } },
  { "depth-first", 3, { 9, 71, 37 }, { "FREQ", "RA---SIN", "DEC--SIN" } },
};

static const int bitpixes[] = { 8, 16, 32, 64, -32, -64 };

static double
random_value (const gint64 *position,
              gpointer      user_data)
{
  int bitpix = *(const int *) user_data;

  if (bitpix > 0)
    return g_test_rand_int_range (0, bitpix == 8 ? 256 : 30000);

  return g_test_rand_int_range (0, 10) == 0 ? NAN : g_test_rand_double_range (-1e6, 1e6);
}

static AlmuImage *
make_image (const char   *folder,
            const Layout *layout,
            int           bitpix)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  AlmuImage *image;

  almu_test_fits_begin (fits, bitpix, layout->n_axes, layout->shape);
  for (int i = 0; i < layout->n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);
      g_autofree char *value = g_strdup_printf ("'%s'", layout->types[i]);

      almu_test_fits_card (fits, name, value);
    }
  if (bitpix > 0)
    almu_test_fits_card (fits, "BLANK", "7");
  almu_test_fits_card (fits, "BSCALE", "0.37");
  almu_test_fits_card (fits, "BZERO", "-12.5");
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, random_value, &bitpix);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, folder, layout->name);

  image = almu_image_open (open (path, O_RDONLY | O_CLOEXEC), layout->name, "", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  return image;
}

static void
on_made (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
check_turned (AlmuImage *image,
              int        stokes)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  gsize                n_bytes = (gsize) info->depth * sizeof (float);
  g_autofree float    *values = g_malloc (n_bytes);
  int                  at_x = g_test_rand_int_range (0, info->width);
  int                  at_y = g_test_rand_int_range (0, info->height);
  AlmuRect             area;
  g_autoptr(AlmuTurned) turned = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_turned_find_area (info, at_x, at_y, n_bytes << g_test_rand_int_range (6, 13), &area));
  turned = almu_turned_new (image, &area, stokes, NULL);
  g_assert_null (almu_turned_get_spectrum (turned, at_x, at_y));
  almu_turned_make_async (turned, image, on_made, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (almu_turned_make_finish (turned, result, &error));
  g_assert_no_error (error);

  for (int round = 0; round < 40; round++)
    {
      int     x = area.x + g_test_rand_int_range (0, area.width);
      int     y = area.y + g_test_rand_int_range (0, area.height);
      AlmuBox box = { { x, y, 1, 1 }, 0, info->depth, stokes };

      g_assert_true (almu_image_read (image, &box, values, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (almu_turned_get_spectrum (turned, x, y), n_bytes, values, n_bytes);
    }
}

static void
test_turned_values (void)
{
  g_autofree char *folder = almu_test_make_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (bitpixes); j++)
      {
        AlmuImage *image = make_image (folder, &layouts[i], bitpixes[j]);
        int        n_stokes = almu_image_get_info (image)->n_stokes;

        for (int round = 0; round < 6; round++)
          check_turned (image, g_test_rand_int_range (0, n_stokes));
        if (n_stokes > 1)
          for (int stokes = ALMU_POLARISATION_PTOTAL; stokes <= ALMU_POLARISATION_PANGLE; stokes++)
            check_turned (image, stokes);
        almu_test_await_finalize (image);
      }

  almu_test_remove_folder (folder);
}

/* -- areas -------------------------------------------------------------- */

/* Whatever pixel of it is asked for, the area is the same; and it is in the image. */
static void
test_turned_areas (void)
{
  for (int round = 0; round < 2000; round++)
    {
      AlmuImageInfo info = {
        .width = g_test_rand_int_range (1, 500),
        .height = g_test_rand_int_range (1, 500),
        .depth = g_test_rand_int_range (2, 100),
      };
      gsize    max_bytes = (gsize) info.depth * sizeof (float) << g_test_rand_int_range (6, 16);
      int      x = g_test_rand_int_range (0, info.width);
      int      y = g_test_rand_int_range (0, info.height);
      AlmuRect area, again;

      g_assert_true (almu_turned_find_area (&info, x, y, max_bytes, &area));
      g_assert_cmpint (area.x, <=, x);
      g_assert_cmpint (area.y, <=, y);
      g_assert_cmpint (area.x + area.width, >, x);
      g_assert_cmpint (area.y + area.height, >, y);
      g_assert_cmpint (area.x + area.width, <=, info.width);
      g_assert_cmpint (area.y + area.height, <=, info.height);
      g_assert_cmpuint ((gsize) area.width * (gsize) area.height * (gsize) info.depth * sizeof (float), <=, max_bytes);

      x = area.x + g_test_rand_int_range (0, area.width);
      y = area.y + g_test_rand_int_range (0, area.height);
      g_assert_true (almu_turned_find_area (&info, x, y, max_bytes, &again));
      g_assert_cmpmem (&again, sizeof again, &area, sizeof area);
    }
}

static int
get_side (int depth)
{
  AlmuImageInfo info = { .width = 1000, .height = 1000, .depth = depth };
  AlmuRect      area = { 0 };

  if (!almu_turned_find_area (&info, 100, 900, ALMU_LIMIT_TURNED_BYTES, &area))
    return 0;

  g_assert_cmpint (area.width, ==, area.height);

  return area.width;
}

/* At the ceiling of one of them and above it, and what has no use for any. */
static void
test_turned_sides (void)
{
  AlmuImageInfo rotated = { .features = ALMU_FEATURE_ROTATED, .width = 100, .height = 100, .depth = 100 };
  AlmuRect      area;

  g_assert_cmpint (get_side (1), ==, 0);
  g_assert_cmpint (get_side (2), ==, 64);
  g_assert_cmpint (get_side (1024), ==, 64);
  g_assert_cmpint (get_side (1025), ==, 32);
  g_assert_cmpint (get_side (4096), ==, 32);
  g_assert_cmpint (get_side (65536), ==, 8);
  g_assert_cmpint (get_side (65537), ==, 0);
  g_assert_cmpint (get_side (ALMU_LIMIT_CHANNELS), ==, 0);
  g_assert_false (almu_turned_find_area (&rotated, 5, 5, ALMU_LIMIT_TURNED_BYTES, &area));
}

/* -- the cache ---------------------------------------------------------- */

#define WIDTH 130
#define HEIGHT 70
#define DEPTH 50
#define SIDE 8 /* of the smallest area */
#define SMALLEST (SIDE * SIDE * DEPTH * sizeof (float))
#define FILE_ID 4
#define REGION_ID 3

typedef struct
{
  AlmuCache     *cache;
  AlmuTestImage *image;
  guint          n_crowded;
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  if ((x + y * 3 + channel) % 11 == 4)
    return (x + y) % 2 == 0 ? NAN : INFINITY;

  return (float) (x * 7 + y * 1301 + channel * 5) - 9.5f + 100000.f * (float) stokes;
}

static float
other_pixel (int x,
             int y,
             int channel,
             int stokes)
{
  return pixel (x, y, channel, stokes) + 1;
}

static gboolean
on_crowded (AlmuCache *cache,
            Fixture   *fixture)
{
  fixture->n_crowded++;

  return FALSE;
}

/* With room for so many of the smallest areas, all together. */
static void
set_room (Fixture *fixture,
          gsize    n_bytes)
{
  g_clear_object (&fixture->cache);
  fixture->cache = almu_cache_new (n_bytes * ALMU_LIMIT_TURNED_PART);
  g_signal_connect (fixture->cache, "crowded", G_CALLBACK (on_crowded), fixture);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->image = ALMU_TEST_IMAGE (almu_test_image_new (WIDTH, HEIGHT, DEPTH, 2, pixel));
  set_room (fixture, SMALLEST);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
}

static AlmuShape *
make_point (float x,
            float y)
{
  return almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ x, y }, 1, 0, NULL);
}

static AlmuSpectrum *
visit (Fixture *fixture,
       int      x,
       int      y,
       int      stokes)
{
  g_autoptr(AlmuShape) point = make_point ((float) x, (float) y);

  return almu_cache_visit (fixture->cache, ALMU_IMAGE (fixture->image), point, TRUE, stokes, NULL);
}

static void
visit_often (Fixture *fixture,
             int      x,
             int      y)
{
  for (int i = 0; i < ALMU_VISITS_OFTEN; i++)
    g_assert_null (visit (fixture, x, y, 0));
}

static gsize
get_turned (Fixture *fixture)
{
  gsize sizes[ALMU_N_CACHE_KINDS];
  gsize sum = 0;

  almu_cache_measure (fixture->cache, sizes);
  for (int i = 0; i < ALMU_N_CACHE_KINDS; i++)
    sum += sizes[i];
  g_assert_cmpuint (sum, ==, almu_cache_get_size (fixture->cache));

  return sizes[ALMU_CACHE_TURNED];
}

static void
assert_spectrum (AlmuSpectrum *spectrum,
                 AlmuTestPixel truth,
                 int           x,
                 int           y,
                 int           stokes)
{
  g_assert_nonnull (spectrum);
  g_assert_cmpint (spectrum->n_channels, ==, DEPTH);
  for (int channel = 0; channel < DEPTH; channel++)
    {
      float expected = truth (x, y, channel, stokes);

      g_assert_cmpmem (&spectrum->values[channel], sizeof expected, &expected, sizeof expected);
    }
  almu_spectrum_unref (spectrum);
}

/* Something else of so many bytes, in the cache. */
static void
fill (Fixture *fixture,
      int      nth,
      gsize    n_bytes)
{
  AlmuStats stats = ALMU_STATS_INIT;
  g_autoptr(AlmuHistogram) histogram = NULL;

  histogram = almu_histogram_new ((int) ((n_bytes - sizeof *histogram) / sizeof histogram->counts[0]), 0, 1, &stats);
  almu_cache_keep_histogram (fixture->cache, ALMU_IMAGE (fixture->image), nth, 1, histogram);
  g_assert_true (almu_cache_peek_histogram (fixture->cache, ALMU_IMAGE (fixture->image), nth, 1) == histogram);
}

/* Not before it is worth while; then for all around, and without reading. */
static void
test_turned_visited (Fixture      *fixture,
                     gconstpointer user_data)
{
  set_room (fixture, 64 * SMALLEST); /* areas of 64 × 64 */
  for (int i = 1; i < ALMU_VISITS_OFTEN; i++)
    g_assert_null (visit (fixture, 70 + i, 30, 1));
  g_assert_null (visit (fixture, 63, 30, 1));
  g_assert_null (visit (fixture, 70, 30, 0));
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_reads (fixture->image), ==, 0);
  g_assert_cmpuint (get_turned (fixture), ==, 0);

  g_assert_null (visit (fixture, 100, 60, 1));
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 64 * 64 * DEPTH);
  g_assert_cmpuint (get_turned (fixture), ==, 64 * SMALLEST);
  g_assert_cmpuint (almu_cache_get_image_size (fixture->cache, ALMU_IMAGE (fixture->image)), ==, 64 * SMALLEST);

  for (int i = 0; i < 50; i++)
    {
      int x = g_test_rand_int_range (64, 128);
      int y = g_test_rand_int_range (0, 64);

      assert_spectrum (visit (fixture, x, y, 1), pixel, x, y, 1);
    }
  g_assert_null (visit (fixture, 100, 64, 1));
  g_assert_null (visit (fixture, 128, 30, 1));
  g_assert_null (visit (fixture, 100, 30, 0));
  g_assert_null (visit (fixture, 500, 500, 1));
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 64 * 64 * DEPTH);
}

/* The corner that is no whole area. */
static void
test_turned_edge (Fixture      *fixture,
                  gconstpointer user_data)
{
  visit_often (fixture, WIDTH - 1, HEIGHT - 1);
  almu_test_workers_settle ();
  g_assert_cmpuint (get_turned (fixture), ==, (WIDTH % SIDE) * (HEIGHT % SIDE) * DEPTH * sizeof (float));
  for (int y = HEIGHT - HEIGHT % SIDE; y < HEIGHT; y++)
    for (int x = WIDTH - WIDTH % SIDE; x < WIDTH; x++)
      assert_spectrum (visit (fixture, x, y, 0), pixel, x, y, 0);
}

/* A point region's are what a scan makes of its pixel. */
static void
test_turned_statistics (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuScan scan = { ALMU_IMAGE (fixture->image), 0, NULL, NULL };

  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  for (int i = 0; i < 20; i++)
    {
      g_autoptr(AlmuShape) point = make_point ((float) g_test_rand_double_range (15.6, 23.4),
                                                (float) g_test_rand_double_range (15.6, 23.4));
      g_autoptr(AlmuMask) mask = almu_mask_new (point, WIDTH, HEIGHT);
      AlmuStats     stats[DEPTH];
      AlmuScanPlace place = { mask, stats };
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuSpectrum) spectrum = NULL;

      spectrum = almu_cache_visit (fixture->cache, ALMU_IMAGE (fixture->image), point, FALSE, 0, NULL);
      g_assert_nonnull (spectrum);
      g_assert_true (almu_scan_measure (&scan, &place, 1, 0, DEPTH, &error));
      g_assert_no_error (error);
      g_assert_null (spectrum->values);
      g_assert_cmpmem (spectrum->stats, DEPTH * sizeof *stats, stats, sizeof stats);
    }
}

/* At the share of the budget, above it and below. */
static void
test_turned_share (Fixture      *fixture,
                   gconstpointer user_data)
{
  const struct
  {
    gsize share;
    gsize expected;
  } cases[] = {
    { SMALLEST - 1, 0 },
    { SMALLEST, SMALLEST },
    { SMALLEST + 1, SMALLEST },
    { 4 * SMALLEST - 1, SMALLEST },
    { 4 * SMALLEST, 4 * SMALLEST },
    { 64 * SMALLEST, 64 * SMALLEST },
    { 300 * SMALLEST, 64 * SMALLEST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      set_room (fixture, cases[i].share);
      visit_often (fixture, 20, 20);
      almu_test_workers_settle ();
      g_assert_cmpuint (get_turned (fixture), ==, cases[i].expected);
    }
}

/* Only what nobody else takes: at it, and one value more. */
static void
test_turned_free (Fixture      *fixture,
                  gconstpointer user_data)
{
  for (int lacking = 0; lacking < 2; lacking++)
    {
      set_room (fixture, SMALLEST);
      fill (fixture, 0, (ALMU_LIMIT_TURNED_PART - 1) * SMALLEST + (gsize) lacking * sizeof (gint32));
      visit_often (fixture, 20, 20);
      almu_test_workers_settle ();
      g_assert_cmpuint (get_turned (fixture), ==, lacking == 0 ? SMALLEST : 0);
      g_assert_nonnull (almu_cache_peek_histogram (fixture->cache, ALMU_IMAGE (fixture->image), 0, 1));
      g_assert_cmpuint (fixture->n_crowded, ==, 0);
    }
}

/* Goes before anybody is asked for room, and before anything else that is older. */
static void
test_turned_makes_way (Fixture      *fixture,
                       gconstpointer user_data)
{
  gsize filling = (ALMU_LIMIT_TURNED_PART - 2) * SMALLEST;

  fill (fixture, 0, filling);
  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);

  fill (fixture, 1, SMALLEST);
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);
  fill (fixture, 2, 200);
  g_assert_cmpuint (get_turned (fixture), ==, 0);
  g_assert_cmpuint (fixture->n_crowded, ==, 0);
  for (int i = 0; i < 3; i++)
    g_assert_nonnull (almu_cache_peek_histogram (fixture->cache, ALMU_IMAGE (fixture->image), i, 1));
  g_assert_null (visit (fixture, 20, 20, 0));

  fill (fixture, 3, SMALLEST);
  g_assert_cmpuint (fixture->n_crowded, >, 0);
}

/* The share has room for one: the older one goes. */
static void
test_turned_moves_on (Fixture      *fixture,
                      gconstpointer user_data)
{
  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  visit_often (fixture, 30, 20);
  almu_test_workers_settle ();
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);
  g_assert_null (visit (fixture, 20, 20, 0));
  assert_spectrum (visit (fixture, 30, 20, 0), pixel, 30, 20, 0);
}

static void
begin_held (Fixture *fixture)
{
  almu_test_image_hold (fixture->image);
  visit_often (fixture, 20, 20);
  almu_test_image_await_held (fixture->image);
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);
}

/* Only the cancellation lets the reader go. */
static void
assert_given_up (Fixture *fixture)
{
  almu_test_image_await_free (fixture->image);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 0);
}

/* Room is needed while it is read. Afterwards all is as before. */
static void
test_turned_given_up (Fixture      *fixture,
                      gconstpointer user_data)
{
  begin_held (fixture);
  fill (fixture, 0, ALMU_LIMIT_TURNED_PART * SMALLEST);
  assert_given_up (fixture);
  g_assert_cmpuint (get_turned (fixture), ==, 0);

  almu_cache_drop_image (fixture->cache, ALMU_IMAGE (fixture->image));
  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  assert_spectrum (visit (fixture, 20, 20, 0), pixel, 20, 20, 0);
}

/* So is it when the image is closed; another one of the same name, from a file
 * that was replaced, has nothing of it. */
static void
test_turned_closed (Fixture      *fixture,
                    gconstpointer user_data)
{
  AlmuImage *replaced;

  begin_held (fixture);
  almu_cache_drop_image (fixture->cache, ALMU_IMAGE (fixture->image));
  g_assert_cmpuint (almu_cache_get_size (fixture->cache), ==, 0);
  assert_given_up (fixture);

  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  assert_spectrum (visit (fixture, 20, 20, 0), pixel, 20, 20, 0);

  replaced = ALMU_IMAGE (fixture->image);
  fixture->image = ALMU_TEST_IMAGE (almu_test_image_new (WIDTH, HEIGHT, DEPTH, 2, other_pixel));
  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  assert_spectrum (visit (fixture, 20, 20, 0), other_pixel, 20, 20, 0);
  almu_cache_drop_image (fixture->cache, replaced);
  almu_test_await_finalize (replaced);
}

/* What cannot be read is not kept, and tried again when it is worth while. */
static void
test_turned_unreadable (Fixture      *fixture,
                        gconstpointer user_data)
{
  almu_test_image_fail_at (fixture->image, 1);
  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  g_assert_cmpuint (get_turned (fixture), ==, 0);

  visit_often (fixture, 20, 20);
  almu_test_workers_settle ();
  assert_spectrum (visit (fixture, 20, 20, 0), pixel, 20, 20, 0);
}

/* One at a time, unless nobody has been there any more. */
static void
test_turned_left (Fixture      *fixture,
                  gconstpointer user_data)
{
  begin_held (fixture);
  visit_often (fixture, 30, 20);
  g_assert_null (visit (fixture, 21, 21, 0));
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);

  hours_ahead++;
  g_assert_null (visit (fixture, 21, 21, 0));
  visit_often (fixture, 30, 20);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);

  hours_ahead++;
  visit_often (fixture, 30, 20);
  /* that one is held up now */
  g_assert_cmpuint (get_turned (fixture), ==, SMALLEST);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_null (visit (fixture, 20, 20, 0));
  assert_spectrum (visit (fixture, 30, 20, 0), pixel, 30, 20, 0);
}

/* -- who uses it -------------------------------------------------------- */

static void
require (AlmuDemand *demand,
         int         region_id,
         AlmuRegion *region)
{
  int           mean = ALMU_STATS_MEAN;
  AlmuStatsWant want = { (char *) "z", g_array_new (FALSE, FALSE, sizeof (int)) };
  g_autoptr(GArray) wants = almu_stats_wants_new ();

  g_array_append_val (want.types, mean);
  almu_stats_wants_append (wants, &want);
  g_array_unref (want.types);
  almu_demand_require_spectral (demand, region_id, region, wants);
}

static void
assert_product (TestProducts *got,
                int           x,
                int           y,
                gboolean      is_pixel)
{
  TestProduct  *kept = test_products_get (got, ALMU_PRODUCT_SPECTRAL, 0);
  gsize         size;
  gconstpointer values;

  g_assert_nonnull (kept);
  g_assert_true (kept->product.progress == 1.f);
  values = g_bytes_get_data (g_ptr_array_index (kept->profiles, 0), &size);
  g_assert_cmpuint (size, ==, DEPTH * (is_pixel ? sizeof (float) : sizeof (double)));
  for (int channel = 0; channel < DEPTH; channel++)
    {
      float expected = pixel (x, y, channel, 0);

      if (is_pixel)
        g_assert_cmpmem ((const float *) values + channel, sizeof expected, &expected, sizeof expected);
      else if (isfinite (expected))
        g_assert_cmpfloat (((const double *) values)[channel], ==, expected);
      else
        g_assert_true (isnan (((const double *) values)[channel]));
    }
  test_products_forget (got);
}

/* Two who have the image open: where the cursor of one was, that of the other
 * and a point find all in memory, and get it at once. */
static void
test_turned_shared (Fixture      *fixture,
                    gconstpointer user_data)
{
  AlmuDemand  *demands[2];
  TestProducts got[2];
  g_autoptr(AlmuShape) place = make_point (22.7f, 17.2f);
  g_autoptr(AlmuShape) other_place = make_point (18, 18);
  g_autoptr(AlmuRegion) point = almu_region_new (REGION_ID, FILE_ID, other_place);
  guint64 n_pixels;

  set_room (fixture, 64 * SMALLEST);
  for (int i = 0; i < 2; i++)
    {
      demands[i] = almu_demand_new (fixture->cache, ALMU_IMAGE (fixture->image), FILE_ID);
      test_products_init (&got[i]);
      test_products_listen (&got[i], demands[i]);
      almu_demand_start (demands[i]);
      require (demands[i], ALMU_REGION_CURSOR, NULL);
    }
  for (int i = 0; i < ALMU_VISITS_OFTEN; i++)
    {
      almu_demand_set_cursor (demands[i % 2], (AlmuPoint){ (float) (10 + i), 10 });
      almu_test_workers_settle ();
    }
  g_assert_cmpuint (get_turned (fixture), ==, 64 * SMALLEST);
  n_pixels = almu_test_image_get_n_pixels (fixture->image);

  for (int i = 0; i < 20; i++)
    {
      int x = g_test_rand_int_range (20, 64);

      test_products_forget (&got[i % 2]);
      almu_demand_set_cursor (demands[i % 2], (AlmuPoint){ (float) x, (float) (20 + i) });
      assert_product (&got[i % 2], x, 20 + i, TRUE);
    }
  require (demands[1], REGION_ID, point);
  assert_product (&got[1], 18, 18, FALSE);
  almu_region_set_shape (point, place);
  assert_product (&got[1], 23, 17, FALSE);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, n_pixels);

  for (int i = 0; i < 2; i++)
    {
      almu_test_await_finalize (g_steal_pointer (&demands[i]));
      test_products_clear (&got[i]);
    }
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/model/turned/values", test_turned_values);
  g_test_add_func ("/model/turned/areas", test_turned_areas);
  g_test_add_func ("/model/turned/sides", test_turned_sides);
  add_test ("/model/turned/visited", test_turned_visited);
  add_test ("/model/turned/edge", test_turned_edge);
  add_test ("/model/turned/statistics", test_turned_statistics);
  add_test ("/model/turned/share", test_turned_share);
  add_test ("/model/turned/free", test_turned_free);
  add_test ("/model/turned/makes-way", test_turned_makes_way);
  add_test ("/model/turned/moves-on", test_turned_moves_on);
  add_test ("/model/turned/given-up", test_turned_given_up);
  add_test ("/model/turned/closed", test_turned_closed);
  add_test ("/model/turned/unreadable", test_turned_unreadable);
  add_test ("/model/turned/left", test_turned_left);
  add_test ("/model/turned/shared", test_turned_shared);

  return g_test_run ();
}
