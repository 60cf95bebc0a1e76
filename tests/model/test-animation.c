/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-session.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "test-products.h"

/* What moves by itself, in a session whose images have no files. */

#define WIDTH 300
#define HEIGHT 20
#define DEPTH 12
#define RATE 60
#define WINDOW (RATE / 3 + 1)

typedef struct
{
  char          *path;
  AlmuFolder    *folder;
  AlmuCache     *cache;
  AlmuSession   *session;
  AlmuTestImage *image;
  AlmuFile      *file; /* unowned */
  TestProducts   got;
  guint          n_frames; /* wanted */
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return (float) (x + 1000 * channel + 100000 * stokes);
}

static AlmuFile *
add_file (Fixture       *fixture,
          AlmuTestImage *image,
          int            file_id)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "test.fits", "", ALMU_IMAGE_NONE);
  AlmuFile *file = almu_file_new (file_id, name);

  almu_file_come_alive (file, fixture->cache, ALMU_IMAGE (image), 0, almu_session_get_epoch (fixture->session));
  almu_session_take_file (fixture->session, file);
  almu_demand_start (almu_file_get_demand (file));

  return file;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->path = almu_test_make_folder ();
  fixture->folder = almu_folder_new (fixture->path, NULL, NULL);
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->session = almu_session_new (17, fixture->folder, fixture->cache);
  fixture->image = ALMU_TEST_IMAGE (almu_test_image_new (WIDTH, HEIGHT, DEPTH, 2, pixel));
  almu_session_attach (fixture->session, "test");
  fixture->file = add_file (fixture, fixture->image, 0);
  almu_test_workers_settle ();
  test_products_init (&fixture->got);
  test_products_listen (&fixture->got, fixture->session);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_session_close (fixture->session);
  almu_test_workers_settle ();
  almu_test_await_finalize (g_steal_pointer (&fixture->session));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
  almu_test_await_finalize (g_steal_pointer (&fixture->folder));
  test_products_clear (&fixture->got);
  almu_test_remove_folder (fixture->path);
  g_free (fixture->path);
}

static int
play (Fixture *fixture,
      int      last,
      gboolean is_looping)
{
  static const gint32 tiles[] = { 1 << 24, (1 << 24) | 1 };
  AlmuAnimationPlan   plan = {
      .frame_rate = RATE,
      .reel = { .last = { last, 0 }, .delta = { 1, 0 }, .is_looping = is_looping },
      .tiles = tiles,
      .n_tiles = G_N_ELEMENTS (tiles),
      .compression = ALMU_COMPRESSION_NONE,
  };
  g_autoptr(GError) error = NULL;
  int id = almu_session_prepare_animation (fixture->session, &plan, &error);

  g_assert_no_error (error);
  g_assert_cmpint (id, >, 0);
  almu_session_play (fixture->session);

  return id;
}

static gboolean
has_frames (gpointer user_data)
{
  Fixture *fixture = user_data;

  return test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END) >= fixture->n_frames;
}

static void
await_frames (Fixture *fixture,
              guint    n)
{
  fixture->n_frames = n;
  almu_test_await (has_frames, fixture);
}

static void
acknowledge (Fixture *fixture,
             int      channel)
{
  almu_animation_acknowledge (almu_session_get_animation (fixture->session), &(AlmuStill){ channel, 0 });
}

static gboolean
is_over (gpointer user_data)
{
  return almu_session_get_animation (((Fixture *) user_data)->session) == NULL;
}

static gboolean
on_time_over (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

static void
let_pass (guint frames)
{
  gboolean has_passed = FALSE;

  g_timeout_add (frames * 1000 / RATE, on_time_over, &has_passed);
  while (!has_passed)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_animation_frames (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *spelled = NULL;
  int              id = play (fixture, 3, FALSE);

  /* nothing before whoever asked for it could be told */
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  almu_test_await (is_over, fixture);

  spelled = test_products_spell (&fixture->got);
  g_assert_cmpstr (spelled, ==, "H(TT)H(TT)H(TT)H(TT)");
  for (guint i = 0; i < 8; i++)
    {
      TestProduct *tile = test_products_get (&fixture->got, ALMU_PRODUCT_TILE, i);

      g_assert_cmpint (tile->product.channel, ==, (int) i / 2);
      g_assert_cmpint (tile->product.tiles.animation_id, ==, id);
    }
  g_assert_cmpint (almu_file_get_channel (fixture->file), ==, 3);

  /* each plane was read once, ahead of time or not; on a machine that is slow
   * once more where its reading ahead was broken off */
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), >=, 4 * WIDTH * HEIGHT);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), <=, (4 + 3) * WIDTH * HEIGHT);
}

static void
test_animation_window (Fixture      *fixture,
                       gconstpointer user_data)
{
  play (fixture, DEPTH - 1, TRUE);
  await_frames (fixture, WINDOW);
  let_pass (10);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), ==, WINDOW);

  acknowledge (fixture, 2);
  await_frames (fixture, WINDOW + 3);
  let_pass (10);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), ==, WINDOW + 3);
}

/* Stopped, it is where its viewer was. */
static void
test_animation_stops_where_shown (Fixture      *fixture,
                                  gconstpointer user_data)
{
  play (fixture, DEPTH - 1, TRUE);
  await_frames (fixture, 9);
  acknowledge (fixture, 4);
  almu_session_end_animation (fixture->session);
  g_assert_cmpint (almu_file_get_channel (fixture->file), ==, 4);

  /* and so it is when the viewer is lost */
  play (fixture, DEPTH - 1, TRUE);
  test_products_forget (&fixture->got);
  await_frames (fixture, 9);
  acknowledge (fixture, 5);
  almu_session_detach (fixture->session);
  g_assert_null (almu_session_get_animation (fixture->session));
  g_assert_cmpint (almu_file_get_channel (fixture->file), ==, 5);
  test_products_forget (&fixture->got);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
}

/* A frame that takes long is not overtaken, and then shown whole. */
static void
test_animation_slow (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *spelled = NULL;

  almu_test_image_hold (fixture->image);
  play (fixture, DEPTH - 1, FALSE);
  await_frames (fixture, 1);
  almu_test_image_await_held (fixture->image);
  let_pass (10);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), <=, 1);
  almu_test_image_release (fixture->image);
  await_frames (fixture, 3);
  spelled = test_products_spell (&fixture->got);
  g_assert_true (g_str_has_prefix (spelled, "H(TT)H(TT)H(TT)"));
}

static void
test_animation_paused (Fixture      *fixture,
                       gconstpointer user_data)
{
  guint n;

  play (fixture, DEPTH - 1, TRUE);
  await_frames (fixture, 2);
  almu_session_set_congested (fixture->session, TRUE);
  almu_test_workers_settle ();
  n = test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END);
  let_pass (10);
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), ==, n);
  almu_session_set_congested (fixture->session, FALSE);
  await_frames (fixture, n + 2);
}

/* One bad plane is reported and left out; a file that is gone ends it. */
static void
test_animation_unreadable (Fixture      *fixture,
                           gconstpointer user_data)
{
  almu_test_image_fail_at (fixture->image, almu_test_image_get_n_reads (fixture->image) + 1);
  play (fixture, 3, FALSE);
  almu_test_await (is_over, fixture);

  /* read ahead, it failed without anybody noticing, and then was read */
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END), >=, 3);
  g_assert_cmpuint (fixture->got.failures->len, <=, 1);
}

static void
test_animation_moved_by_others (Fixture      *fixture,
                                gconstpointer user_data)
{
  play (fixture, DEPTH - 1, TRUE);
  await_frames (fixture, 3);
  g_assert_true (almu_file_set_plane (fixture->file, 9, 1, NULL));
  g_assert_null (almu_session_get_animation (fixture->session));
  g_assert_cmpint (almu_file_get_channel (fixture->file), ==, 9);
  g_assert_cmpint (almu_file_get_stokes (fixture->file), ==, 1);
}

static int
get_last_channel (Fixture *fixture)
{
  guint n = test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END);

  return test_products_get (&fixture->got, ALMU_PRODUCT_TILES_END, n - 1)->product.channel;
}

/* Before the first frame, and behind one. */
static void
on_chosen (AlmuSession *session,
           AlmuFile    *file,
           guint       *n_chosen)
{
  g_assert_cmpint (almu_file_get_channel (file), ==, 9);
  (*n_chosen)++;
}

static void
test_animation_chosen_by_others (Fixture      *fixture,
                                 gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  guint n_chosen = 0;

  g_signal_connect (fixture->session, "plane-chosen", G_CALLBACK (on_chosen), &n_chosen);
  play (fixture, DEPTH - 1, TRUE);
  await_frames (fixture, 3);
  g_assert_false (almu_session_choose_plane (fixture->session, fixture->file, DEPTH, 0, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_nonnull (almu_session_get_animation (fixture->session));
  g_assert_cmpuint (n_chosen, ==, 0);

  g_assert_true (almu_session_choose_plane (fixture->session, fixture->file, 9, 1, NULL));
  g_assert_null (almu_session_get_animation (fixture->session));
  g_assert_cmpint (almu_file_get_channel (fixture->file), ==, 9);
  g_assert_cmpint (almu_file_get_stokes (fixture->file), ==, 1);
  g_assert_cmpuint (n_chosen, ==, 1);

  /* and where nothing plays */
  g_assert_true (almu_session_choose_plane (fixture->session, fixture->file, 9, 0, NULL));
  g_assert_cmpuint (n_chosen, ==, 2);
  g_signal_handlers_disconnect_by_data (fixture->session, &n_chosen);
}

static void
test_animation_wind (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuAnimation *animation;

  play (fixture, DEPTH - 1, TRUE);
  animation = almu_session_get_animation (fixture->session);
  almu_animation_wind (animation, fixture->file, 3, 0);
  await_frames (fixture, 1);
  g_assert_cmpint (get_last_channel (fixture), ==, 3);

  almu_animation_wind (animation, fixture->file, 8, 0);
  while (get_last_channel (fixture) != 8)
    {
      await_frames (fixture, test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END) + 1);
      g_assert_true (get_last_channel (fixture) <= 8);
      acknowledge (fixture, get_last_channel (fixture));
    }
  await_frames (fixture, test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END) + 1);
  g_assert_cmpint (get_last_channel (fixture), ==, 9);

  /* not to where the reel never comes */
  almu_animation_wind (animation, fixture->file, DEPTH, 0);
  almu_animation_wind (animation, fixture->file, 2, 1);
  await_frames (fixture, test_products_count (&fixture->got, ALMU_PRODUCT_TILES_END) + 1);
  g_assert_cmpint (get_last_channel (fixture), ==, 10);
}

static void
test_animation_refused (Fixture      *fixture,
                        gconstpointer user_data)
{
  const gint32      wrong[] = { 1 << 26 };
  AlmuAnimationPlan plan = { .frame_rate = RATE, .reel = { .last = { 3, 0 }, .delta = { 1, 0 } } };
  AlmuAnimation    *before;
  g_autoptr(GError) error = NULL;

  play (fixture, DEPTH - 1, TRUE);
  before = almu_session_get_animation (fixture->session);

  plan.frame_rate = ALMU_LIMIT_FRAME_RATE + 1;
  g_assert_cmpint (almu_session_prepare_animation (fixture->session, &plan, &error), ==, 0);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);

  plan.frame_rate = ALMU_LIMIT_FRAME_RATE;
  plan.tiles = wrong;
  plan.n_tiles = 1;
  g_assert_cmpint (almu_session_prepare_animation (fixture->session, &plan, &error), ==, 0);
  g_assert_nonnull (error);

  g_assert_true (almu_session_get_animation (fixture->session) == before);
  await_frames (fixture, 2);

  plan.n_tiles = 0;
  g_assert_cmpint (almu_session_prepare_animation (fixture->session, &plan, NULL), >, 0);
}

/* -- the next step ------------------------------------------------------- */

static void
await_histograms (Fixture *fixture,
                  guint    n)
{
  while (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM) < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_animation_read_ahead (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_assert_true (almu_file_set_plane (fixture->file, 1, 0, NULL));
  almu_test_workers_settle ();
  g_assert_nonnull (almu_cache_peek_plane (fixture->cache, ALMU_IMAGE (fixture->image), 2, 0));
  g_assert_nonnull (almu_cache_peek_histogram (fixture->cache, ALMU_IMAGE (fixture->image), 2, 0));
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 3 * WIDTH * HEIGHT);

  /* what is being read ahead is read once */
  almu_test_image_hold (fixture->image);
  g_assert_true (almu_file_set_plane (fixture->file, 2, 0, NULL));
  await_histograms (fixture, 2);
  almu_test_image_await_held (fixture->image);
  g_assert_true (almu_file_set_plane (fixture->file, 3, 0, NULL));
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 0);
  g_assert_cmpuint (almu_test_image_get_n_pixels (fixture->image), ==, 5 * WIDTH * HEIGHT);

  /* and ends if something else is wanted */
  almu_test_image_hold (fixture->image);
  g_assert_true (almu_file_set_plane (fixture->file, 4, 0, NULL));
  await_histograms (fixture, 4);
  almu_test_image_await_held (fixture->image);
  g_assert_true (almu_file_set_plane (fixture->file, 0, 0, NULL));
  almu_test_image_await_free (fixture->image);
  g_assert_cmpuint (almu_test_image_get_n_cancelled (fixture->image), ==, 1);
  almu_test_image_release (fixture->image);
  almu_test_workers_settle ();
  g_assert_null (almu_cache_peek_plane (fixture->cache, ALMU_IMAGE (fixture->image), 5, 0));
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/model/animation/frames", test_animation_frames);
  add_test ("/model/animation/window", test_animation_window);
  add_test ("/model/animation/stops-where-shown", test_animation_stops_where_shown);
  add_test ("/model/animation/slow", test_animation_slow);
  add_test ("/model/animation/paused", test_animation_paused);
  add_test ("/model/animation/unreadable", test_animation_unreadable);
  add_test ("/model/animation/moved-by-others", test_animation_moved_by_others);
  add_test ("/model/animation/chosen-by-others", test_animation_chosen_by_others);
  add_test ("/model/animation/wind", test_animation_wind);
  add_test ("/model/animation/refused", test_animation_refused);
  add_test ("/model/animation/read-ahead", test_animation_read_ahead);

  return g_test_run ();
}
