/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache.h"
#include "almu-error.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "almu-workers.h"

#define WIDTH 40
#define HEIGHT 30
#define N_PIXELS (WIDTH * HEIGHT)

typedef struct
{
  AlmuCache     *cache;
  AlmuTestImage *image;
} Fixture;

/* Somebody who asked for a plane. */
typedef struct
{
  AlmuCache    *cache;
  GCancellable *cancellable;
  AlmuPlane    *plane;
  GError       *error;
  gboolean      is_answered;
} Asker;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return (float) (x + 100 * y + 10000 * channel + 1000000 * stokes);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->image = ALMU_TEST_IMAGE (almu_test_image_new (WIDTH, HEIGHT, 5, 2, pixel));
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
}

static void
on_plane (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Asker *asker = user_data;

  asker->plane = almu_cache_get_plane_finish (ALMU_CACHE (source), result, &asker->error);
  asker->is_answered = TRUE;
}

static void
ask (Fixture *fixture,
     Asker   *asker,
     int      channel)
{
  *asker = (Asker){ .cache = fixture->cache, .cancellable = g_cancellable_new () };
  almu_cache_get_plane_async (fixture->cache, ALMU_IMAGE (fixture->image), channel, 0,
                              ALMU_PRIORITY_PICTURE, asker->cancellable, on_plane, asker);
}

static void
await (Asker *asker)
{
  while (!asker->is_answered)
    g_main_context_iteration (NULL, TRUE);
}

static void
asker_clear (Asker *asker)
{
  g_assert_true (asker->is_answered);
  g_clear_object (&asker->cancellable);
  g_clear_pointer (&asker->plane, almu_plane_unref);
  g_clear_error (&asker->error);
}

static void
load (Fixture *fixture,
      int      channel)
{
  Asker asker;

  ask (fixture, &asker, channel);
  await (&asker);
  g_assert_no_error (asker.error);
  g_assert_cmpfloat (almu_plane_get_pixels (asker.plane)[WIDTH + 2], ==, pixel (2, 1, channel, 0));
  asker_clear (&asker);
}

static void
test_cache_keeps (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuImage *image = ALMU_IMAGE (fixture->image);

  g_assert_null (almu_cache_peek_plane (fixture->cache, image, 1, 0));
  load (fixture, 1);
  g_assert_nonnull (almu_cache_peek_plane (fixture->cache, image, 1, 0));
  g_assert_null (almu_cache_peek_plane (fixture->cache, image, 0, 0));
  g_assert_null (almu_cache_peek_plane (fixture->cache, image, 1, 1));
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, N_PIXELS);

  load (fixture, 1);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, N_PIXELS);
}

static void
test_cache_shared_load (Fixture      *fixture,
                        gconstpointer user_data)
{
  Asker askers[10];

  almu_test_image_hold (fixture->image);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    ask (fixture, &askers[i], 3);
  almu_test_image_await_held (fixture->image);
  almu_test_image_release (fixture->image);

  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      await (&askers[i]);
      g_assert_no_error (askers[i].error);
      g_assert_true (askers[i].plane == askers[0].plane);
    }
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    asker_clear (&askers[i]);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, N_PIXELS);
}

static void
test_cache_one_of_two_leaves (Fixture      *fixture,
                              gconstpointer user_data)
{
  Asker leaves;
  Asker stays;

  almu_test_image_hold (fixture->image);
  ask (fixture, &leaves, 0);
  ask (fixture, &stays, 0);
  almu_test_image_await_held (fixture->image);
  g_cancellable_cancel (leaves.cancellable);
  almu_test_image_release (fixture->image);

  await (&stays);
  await (&leaves);
  g_assert_no_error (stays.error);
  g_assert_error (leaves.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
  asker_clear (&stays);
  asker_clear (&leaves);
}

static void
test_cache_all_leave (Fixture      *fixture,
                      gconstpointer user_data)
{
  Asker first;
  Asker second;
  Asker late;

  almu_test_image_hold (fixture->image);
  ask (fixture, &first, 0);
  ask (fixture, &second, 0);
  almu_test_image_await_held (fixture->image);
  g_cancellable_cancel (first.cancellable);
  g_cancellable_cancel (second.cancellable);

  /* never released: only the cancellation lets the reader go */
  almu_test_image_await_free (fixture->image);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), >, 0);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 0);

  /* who comes now is not given the cancelled reading */
  ask (fixture, &late, 0);
  almu_test_image_await_held (fixture->image);
  almu_test_image_release (fixture->image);
  await (&first);
  await (&second);
  await (&late);
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_no_error (late.error);
  g_assert_true (almu_cache_peek_plane (fixture->cache, ALMU_IMAGE (fixture->image), 0, 0) == late.plane);
  asker_clear (&first);
  asker_clear (&second);
  asker_clear (&late);
}

static void
test_cache_failure (Fixture      *fixture,
                    gconstpointer user_data)
{
  Asker first;
  Asker second;

  almu_test_image_fail_at (fixture->image, 1);
  almu_test_image_hold (fixture->image);
  ask (fixture, &first, 0);
  ask (fixture, &second, 0);
  almu_test_image_release (fixture->image);
  await (&first);
  await (&second);
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (first.error->message, "test.fits"));
  g_assert_cmpuint (almu_cache_get_size (fixture->cache), ==, 0);
  asker_clear (&first);
  asker_clear (&second);

  load (fixture, 0);
}

static void
test_cache_budget (Fixture      *fixture,
                   gconstpointer user_data)
{
  gsize plane_size = almu_plane_estimate_size (WIDTH, HEIGHT);

  g_clear_object (&fixture->cache);
  fixture->cache = almu_cache_new (2 * plane_size);
  for (int channel = 0; channel < 5; channel++)
    {
      load (fixture, channel);
      g_assert_cmpuint (almu_cache_get_size (fixture->cache), <=, 2 * plane_size);
    }

  /* what was not used for longest has gone */
  g_assert_nonnull (almu_cache_peek_plane (fixture->cache, ALMU_IMAGE (fixture->image), 4, 0));
  g_assert_null (almu_cache_peek_plane (fixture->cache, ALMU_IMAGE (fixture->image), 0, 0));
}

static void
test_cache_too_large (Fixture      *fixture,
                      gconstpointer user_data)
{
  Asker asker;

  g_clear_object (&fixture->cache);
  fixture->cache = almu_cache_new (1000);
  ask (fixture, &asker, 0);
  await (&asker);
  g_assert_error (asker.error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_nonnull (strstr (asker.error->message, "test.fits"));
  g_assert_nonnull (strstr (asker.error->message, "--cache-size"));
  g_assert_cmpuint (almu_test_image_get_n_reads (fixture->image), ==, 0);
  asker_clear (&asker);
}

static void
test_cache_products (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuCache     *cache = fixture->cache;
  AlmuImage     *image = ALMU_IMAGE (fixture->image);
  const AlmuTile tile = { 0, 0, 0 };
  const AlmuTile elsewhere = { 1, 1, 0 };
  const float    pixels[] = { 1, 2, 3, 4 };
  AlmuStats      stats = ALMU_STATS_INIT;
  g_autoptr(AlmuHistogram) histogram = almu_histogram_new (2, 0, 1, &stats);
  g_autoptr(AlmuTilePicture) picture = almu_tile_picture_new (pixels, 2, 2, 2, ALMU_COMPRESSION_ZFP, 11);

  almu_cache_keep_histogram (cache, image, 2, 1, histogram);
  g_assert_true (almu_cache_peek_histogram (cache, image, 2, 1) == histogram);
  g_assert_null (almu_cache_peek_histogram (cache, image, 1, 1));

  almu_cache_keep_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_ZFP, 11, picture);
  g_assert_true (almu_cache_peek_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_ZFP, 11) == picture);
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_ZFP, 12));
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_NONE, 11));
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 1, &elsewhere, ALMU_COMPRESSION_ZFP, 11));
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 0, &tile, ALMU_COMPRESSION_ZFP, 11));

  /* a quality that no message should carry is a key like any other */
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_ZFP, -1e30f));
  g_assert_null (almu_cache_peek_tile (cache, image, 2, 1, &tile, ALMU_COMPRESSION_ZFP, 1e30f));

  load (fixture, 2);
  g_assert_cmpuint (almu_cache_get_size (cache), >, 0);
  almu_cache_drop_image (cache, image);
  g_assert_cmpuint (almu_cache_get_size (cache), ==, 0);
  g_assert_null (almu_cache_peek_histogram (cache, image, 2, 1));
}

/* What is of no file is only itself, whatever it is called; what several have
 * open is forgotten with the last of them. */
static void
test_cache_users (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuCache *cache = fixture->cache;
  AlmuImage *image = ALMU_IMAGE (fixture->image);
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "test.fits", "", ALMU_IMAGE_NONE);
  g_autoptr(AlmuImage) namesake = almu_test_image_new (WIDTH, HEIGHT, 5, 2, pixel);
  g_autoptr(AlmuImage) first = almu_cache_share_image (cache, image, name);
  g_autoptr(AlmuImage) other = almu_cache_share_image (cache, namesake, name);
  g_autoptr(AlmuImage) second = NULL;

  g_assert_true (first == image);
  g_assert_true (other == namesake);
  g_assert_false (almu_cache_is_shared (cache, image));
  second = almu_cache_share_image (cache, image, name);
  g_assert_true (second == image);
  g_assert_true (almu_cache_is_shared (cache, image));
  g_assert_false (almu_cache_is_shared (cache, namesake));

  load (fixture, 2);
  almu_cache_drop_image (cache, namesake);
  almu_cache_drop_image (cache, image);
  g_assert_false (almu_cache_is_shared (cache, image));
  g_assert_cmpuint (almu_cache_get_size (cache), >, 0);
  almu_cache_drop_image (cache, image);
  g_assert_cmpuint (almu_cache_get_size (cache), ==, 0);
}

static void
test_cache_dropped_in_flight (Fixture      *fixture,
                              gconstpointer user_data)
{
  Asker asker;

  almu_test_image_hold (fixture->image);
  ask (fixture, &asker, 0);
  almu_test_image_await_held (fixture->image);
  g_cancellable_cancel (asker.cancellable);
  almu_cache_drop_image (fixture->cache, ALMU_IMAGE (fixture->image));
  almu_test_image_release (fixture->image);
  await (&asker);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_cache_get_size (fixture->cache), ==, 0);
  asker_clear (&asker);
}

/* The plane has been read, but nobody has been told yet, when the last of
 * those who wanted it goes. */
static void
test_cache_dropped_on_arrival (Fixture      *fixture,
                               gconstpointer user_data)
{
  Asker asker;

  ask (fixture, &asker, 0);
  while (almu_test_image_get_n_pixels (fixture->image) < N_PIXELS)
    g_thread_yield ();
  g_cancellable_cancel (asker.cancellable);
  almu_cache_drop_image (fixture->cache, ALMU_IMAGE (fixture->image));
  await (&asker);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_cache_get_size (fixture->cache), ==, 0);
  asker_clear (&asker);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/cache/keeps", test_cache_keeps);
  add_test ("/model/cache/shared-load", test_cache_shared_load);
  add_test ("/model/cache/one-of-two-leaves", test_cache_one_of_two_leaves);
  add_test ("/model/cache/all-leave", test_cache_all_leave);
  add_test ("/model/cache/failure", test_cache_failure);
  add_test ("/model/cache/budget", test_cache_budget);
  add_test ("/model/cache/too-large", test_cache_too_large);
  add_test ("/model/cache/users", test_cache_users);
  add_test ("/model/cache/products", test_cache_products);
  add_test ("/model/cache/dropped/in-flight", test_cache_dropped_in_flight);
  add_test ("/model/cache/dropped/on-arrival", test_cache_dropped_on_arrival);

  return g_test_run ();
}
