/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "almu-tile-queue.h"
#include "almu-workers.h"

/* Four layers: 1, 4, 16 and 8 × 6 tiles. */
#define WIDTH 2000
#define HEIGHT 1500

typedef struct
{
  AlmuProductKind  kind;
  int              sync_id;
  int              n_tiles;
  AlmuTile         tile;
  AlmuTilePicture *picture;
} Said;

typedef struct
{
  AlmuCache     *cache;
  AlmuImage     *image;
  AlmuPlane     *plane;
  AlmuTileQueue *queue;
  GArray        *said; /* Said */
  gboolean       clears_at_tile;
  gboolean       clears_at_begin;
  guint          most_running;
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return (float) (x ^ y);
}

static void
said_clear (gpointer data)
{
  Said *said = data;

  g_clear_pointer (&said->picture, almu_tile_picture_unref);
}

static void
on_tile (AlmuProductKind        kind,
         int                    sync_id,
         int                    n_tiles,
         int                    animation_id,
         const AlmuTile        *tile,
         const AlmuTilePicture *picture,
         gpointer               user_data)
{
  Fixture *fixture = user_data;
  Said     said = { kind, sync_id, n_tiles };

  if (tile != NULL)
    said.tile = *tile;
  if (picture != NULL)
    said.picture = almu_tile_picture_ref ((AlmuTilePicture *) picture);
  g_array_append_val (fixture->said, said);

  fixture->most_running = MAX (fixture->most_running, almu_tile_queue_get_n_running (fixture->queue));
  if ((fixture->clears_at_tile && kind == ALMU_PRODUCT_TILE) ||
      (fixture->clears_at_begin && kind == ALMU_PRODUCT_TILES_BEGIN))
    almu_tile_queue_clear (fixture->queue);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT);

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      pixels[y * WIDTH + x] = pixel (x, y, 0, 0);

  fixture->said = g_array_new (FALSE, FALSE, sizeof (Said));
  g_array_set_clear_func (fixture->said, said_clear);
  fixture->cache = almu_cache_new (256 * 1024 * 1024);
  fixture->image = almu_test_image_new (WIDTH, HEIGHT, 3, 1, pixel);
  fixture->plane = almu_plane_new_for_pixels (pixels, WIDTH, HEIGHT);
  fixture->queue = almu_tile_queue_new (fixture->cache, fixture->image, on_tile, fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (fixture->queue != NULL)
    almu_test_await_finalize (g_steal_pointer (&fixture->queue));
  g_clear_pointer (&fixture->plane, almu_plane_unref);
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
  g_array_unref (fixture->said);
}

static gint32
code (int layer,
      int x,
      int y)
{
  return almu_tile_encode_place (&(AlmuTile){ layer, x, y });
}

static gboolean
ask (AlmuTileQueue  *queue,
     const gint32   *codes,
     gsize           n_codes,
     AlmuCompression compression,
     float           quality,
     GError        **error)
{
  g_autoptr(GArray) tiles = almu_tile_queue_decode (queue, codes, n_codes, error);

  if (tiles == NULL)
    return FALSE;

  almu_tile_queue_add_tiles (queue, tiles, compression, quality, 0);

  return TRUE;
}

static void
add (Fixture      *fixture,
     const gint32 *codes,
     gsize         n_codes)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (ask (fixture->queue, codes, n_codes, ALMU_COMPRESSION_ZFP, 11, &error));
  g_assert_no_error (error);
}

/* Tiles are encoded a few at a time. */
static void
settle (Fixture *fixture)
{
  do
    almu_test_workers_settle ();
  while (almu_tile_queue_get_n_running (fixture->queue) > 0);
}

static GArray *
whole_layer (int layer)
{
  int     n_x = (WIDTH + (256 << (3 - layer)) - 1) / (256 << (3 - layer));
  int     n_y = (HEIGHT + (256 << (3 - layer)) - 1) / (256 << (3 - layer));
  GArray *codes = g_array_new (FALSE, FALSE, sizeof (gint32));

  for (int y = 0; y < n_y; y++)
    for (int x = 0; x < n_x; x++)
      {
        gint32 place = code (layer, x, y);

        g_array_append_val (codes, place);
      }

  return codes;
}

/* Reads one whole answer from @at and returns where the next begins. */
static guint
assert_answer (Fixture *fixture,
               guint    at,
               int      n_tiles)
{
  const Said *begin = &g_array_index (fixture->said, Said, at);
  const Said *end = &g_array_index (fixture->said, Said, at + n_tiles + 1);
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_assert_cmpuint (fixture->said->len, >=, at + n_tiles + 2);
  g_assert_cmpint (begin->kind, ==, ALMU_PRODUCT_TILES_BEGIN);
  g_assert_cmpint (begin->sync_id, >, 0);
  g_assert_cmpint (begin->n_tiles, ==, n_tiles);
  for (int i = 1; i <= n_tiles; i++)
    {
      const Said *tile = &g_array_index (fixture->said, Said, at + i);

      g_assert_cmpint (tile->kind, ==, ALMU_PRODUCT_TILE);
      g_assert_cmpint (tile->sync_id, ==, begin->sync_id);
      g_assert_true (g_hash_table_add (seen, GINT_TO_POINTER (almu_tile_encode_place (&tile->tile))));
    }
  g_assert_cmpint (end->kind, ==, ALMU_PRODUCT_TILES_END);
  g_assert_cmpint (end->sync_id, ==, begin->sync_id);
  g_assert_cmpint (end->n_tiles, ==, n_tiles);

  return at + n_tiles + 2;
}

static void
test_tile_queue_exact (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (3);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, (gint32 *) full->data, full->len);
  settle (fixture);

  g_assert_cmpuint (full->len, ==, 48);
  g_assert_cmpuint (assert_answer (fixture, 0, 48), ==, fixture->said->len);
  g_assert_cmpuint (almu_tile_queue_get_n_running (fixture->queue), ==, 0);
  g_assert_cmpuint (fixture->most_running, <=, 2 * almu_workers_get_threads ());
}

/* Who hands the first one out, and who takes it, need a core for that. */
static void
test_tile_queue_first (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (3);
  guint n_first = MAX (almu_workers_get_threads () - 1, 1);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, (gint32 *) full->data, full->len);
  g_assert_cmpuint (almu_tile_queue_get_n_running (fixture->queue), ==, n_first);

  while (fixture->said->len < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (almu_tile_queue_get_n_running (fixture->queue), >, n_first);

  settle (fixture);
  g_assert_cmpuint (assert_answer (fixture, 0, 48), ==, fixture->said->len);
}

static void
test_tile_queue_twice_named (Fixture      *fixture,
                             gconstpointer user_data)
{
  const gint32 codes[] = { code (0, 0, 0), code (1, 1, 0), code (0, 0, 0), code (1, 1, 0), code (1, 1, 0) };

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, codes, G_N_ELEMENTS (codes));
  settle (fixture);
  g_assert_cmpuint (assert_answer (fixture, 0, 2), ==, fixture->said->len);
}

static void
test_tile_queue_none (Fixture      *fixture,
                      gconstpointer user_data)
{
  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, NULL, 0);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);
}

static void
test_tile_queue_waits_for_plane (Fixture      *fixture,
                                 gconstpointer user_data)
{
  const gint32 first[] = { code (0, 0, 0) };
  const gint32 second[] = { code (1, 0, 0), code (1, 1, 0) };
  guint        at;

  add (fixture, first, 1);
  add (fixture, second, 2);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 7);

  /* begun in order; ends may cross, but each answer is whole */
  g_assert_cmpint (g_array_index (fixture->said, Said, 0).kind, ==, ALMU_PRODUCT_TILES_BEGIN);
  for (at = 1; at < 7; at++)
    if (g_array_index (fixture->said, Said, at).kind == ALMU_PRODUCT_TILES_BEGIN)
      break;
  g_assert_cmpint (g_array_index (fixture->said, Said, at).sync_id, !=,
                   g_array_index (fixture->said, Said, 0).sync_id);
}

static void
test_tile_queue_refuses (Fixture      *fixture,
                         gconstpointer user_data)
{
  const gint32       outside[] = { code (0, 0, 0), code (3, 8, 0) };
  const gint32       negative[] = { -1 };
  const gint32       deep[] = { code (4, 0, 0) };
  g_autofree gint32 *many = g_new0 (gint32, ALMU_LIMIT_TILES + 1);
  g_autoptr(GError) error = NULL;

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  g_assert_false (ask (fixture->queue, outside, 2, ALMU_COMPRESSION_ZFP, 11, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (ask (fixture->queue, negative, 1, ALMU_COMPRESSION_ZFP, 11, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (ask (fixture->queue, deep, 1, ALMU_COMPRESSION_ZFP, 11, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (ask (fixture->queue, many, ALMU_LIMIT_TILES + 1, ALMU_COMPRESSION_ZFP, 11, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);

  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);
}

/* Any quality a message may carry gives a picture, never a crash. */
static void
test_tile_queue_qualities (Fixture      *fixture,
                           gconstpointer user_data)
{
  const float  qualities[] = { 0, -1, 1, 11, 32, 33, 1e30f, -1e30f, NAN, INFINITY, -INFINITY };
  const gint32 codes[] = { code (0, 0, 0) };
  guint        at = 0;

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (qualities); i++)
    {
      g_assert_true (ask (fixture->queue, codes, 1, ALMU_COMPRESSION_ZFP, qualities[i], NULL));
      settle (fixture);
      at = assert_answer (fixture, at, 1);
    }
}

static void
test_tile_queue_clear (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (3);
  const gint32 codes[] = { code (0, 0, 0) };

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  almu_test_workers_block ();
  add (fixture, (gint32 *) full->data, full->len);
  g_assert_cmpuint (almu_tile_queue_get_n_running (fixture->queue), >, 0);
  g_assert_cmpuint (fixture->said->len, ==, 1);

  /* another plane: what is under way is nobody's any more */
  almu_tile_queue_clear (fixture->queue);
  g_array_set_size (fixture->said, 0);
  almu_tile_queue_begin (fixture->queue, fixture->plane, 1, 0);
  add (fixture, codes, 1);
  almu_test_workers_release ();
  settle (fixture);
  g_assert_cmpuint (assert_answer (fixture, 0, 1), ==, fixture->said->len);
  g_assert_cmpuint (almu_tile_queue_get_n_running (fixture->queue), ==, 0);

  /* nor was it kept under the name of the new plane */
  g_assert_null (almu_cache_peek_tile (fixture->cache, fixture->image, 1, 0, &(AlmuTile){ 3, 0, 0 },
                                       ALMU_COMPRESSION_ZFP, 11));
}

static void
test_tile_queue_cleared_by_listener (Fixture      *fixture,
                                     gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (2);

  fixture->clears_at_tile = TRUE;
  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, (gint32 *) full->data, full->len);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 2);

  /* again, now that the first tile is at hand */
  g_array_set_size (fixture->said, 0);
  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, (gint32 *) full->data, full->len);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 2);

  g_array_set_size (fixture->said, 0);
  fixture->clears_at_begin = TRUE;
  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, (gint32 *) full->data, full->len);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 1);
}

static void
test_tile_queue_paused (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (3);
  guint n_running;

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  almu_test_workers_block ();
  add (fixture, (gint32 *) full->data, full->len);
  n_running = almu_tile_queue_get_n_running (fixture->queue);
  g_assert_cmpuint (n_running, <=, 2 * almu_workers_get_threads ());

  almu_tile_queue_set_paused (fixture->queue, TRUE);
  almu_test_workers_release ();
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 1 + n_running);

  almu_tile_queue_set_paused (fixture->queue, FALSE);
  settle (fixture);
  g_assert_cmpuint (assert_answer (fixture, 0, 48), ==, fixture->said->len);
}

static void
test_tile_queue_kept (Fixture      *fixture,
                      gconstpointer user_data)
{
  const gint32     codes[] = { code (2, 1, 1) };
  AlmuTilePicture *picture;

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  add (fixture, codes, 1);
  settle (fixture);
  picture = g_array_index (fixture->said, Said, 1).picture;

  /* the second time it is there at once, without a thread */
  add (fixture, codes, 1);
  g_assert_cmpuint (assert_answer (fixture, assert_answer (fixture, 0, 1), 1), ==, fixture->said->len);
  g_assert_true (g_array_index (fixture->said, Said, 4).picture == picture);
}

static void
test_tile_queue_ends_in_flight (Fixture      *fixture,
                                gconstpointer user_data)
{
  g_autoptr(GArray) full = whole_layer (3);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  almu_test_workers_block ();
  add (fixture, (gint32 *) full->data, full->len);
  almu_tile_queue_clear (fixture->queue);
  g_array_set_size (fixture->said, 0);
  almu_test_workers_release ();
  almu_test_await_finalize (g_steal_pointer (&fixture->queue));
  g_assert_cmpuint (fixture->said->len, ==, 0);
}

/* -- what the file keeps smaller -------------------------------------------- */

static float
mip_pixel (int x,
           int y,
           int channel,
           int stokes)
{
  return (float) (10000 + 1000 * channel + x + y);
}

static void
assert_value (Fixture *fixture,
              guint    at,
              float    expected)
{
  const Said *said = &g_array_index (fixture->said, Said, at);
  float       first;

  g_assert_cmpint (said->kind, ==, ALMU_PRODUCT_TILE);
  g_assert_cmpint (said->picture->compression, ==, ALMU_COMPRESSION_NONE);
  memcpy (&first, g_bytes_get_data (said->picture->pixels, NULL), sizeof first);
  g_assert_cmpfloat (first, ==, expected);
}

static void
add_plain (Fixture *fixture,
           gint32   place)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (ask (fixture->queue, &place, 1, ALMU_COMPRESSION_NONE, 11, &error));
  g_assert_no_error (error);
}

/* Small tiles come before the plane does, full ones behind it. */
static void
test_tile_queue_early (Fixture      *fixture,
                       gconstpointer user_data)
{
  almu_test_image_set_mips (ALMU_TEST_IMAGE (fixture->image), mip_pixel);
  add_plain (fixture, code (0, 0, 0));
  add_plain (fixture, code (3, 0, 0));
  add_plain (fixture, code (2, 0, 0));
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);

  almu_tile_queue_begin_early (fixture->queue, 2, 0);
  settle (fixture);
  g_assert_cmpuint (assert_answer (fixture, 0, 1), ==, fixture->said->len);
  assert_value (fixture, 1, 12000);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 2, 0);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 9);
}

/* One that cannot be read comes of the plane instead. */
static void
test_tile_queue_late (Fixture      *fixture,
                      gconstpointer user_data)
{
  almu_test_image_set_mips (ALMU_TEST_IMAGE (fixture->image), mip_pixel);
  almu_test_image_fail_at (ALMU_TEST_IMAGE (fixture->image), 1);
  almu_tile_queue_begin_early (fixture->queue, 0, 0);
  add_plain (fixture, code (2, 0, 0));
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 1);
  add_plain (fixture, code (1, 0, 0));
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 1);

  almu_tile_queue_begin (fixture->queue, fixture->plane, 0, 0);
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 6);
  g_assert_true (almu_tile_queue_is_idle (fixture->queue));
}

/* Nobody gets what was being read of the plane before. */
static void
test_tile_queue_early_cleared (Fixture      *fixture,
                               gconstpointer user_data)
{
  almu_test_image_set_mips (ALMU_TEST_IMAGE (fixture->image), mip_pixel);
  almu_test_image_hold (ALMU_TEST_IMAGE (fixture->image));
  almu_tile_queue_begin_early (fixture->queue, 0, 0);
  add_plain (fixture, code (2, 0, 0));
  almu_test_image_await_held (ALMU_TEST_IMAGE (fixture->image));
  almu_tile_queue_clear (fixture->queue);
  g_array_set_size (fixture->said, 0);
  almu_test_image_release (ALMU_TEST_IMAGE (fixture->image));
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);

  add_plain (fixture, code (2, 0, 0));
  settle (fixture);
  g_assert_cmpuint (fixture->said->len, ==, 0);
  almu_tile_queue_begin_early (fixture->queue, 1, 0);
  settle (fixture);
  assert_value (fixture, 1, 11000);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/tile-queue/exact", test_tile_queue_exact);
  add_test ("/model/tile-queue/first", test_tile_queue_first);
  add_test ("/model/tile-queue/twice-named", test_tile_queue_twice_named);
  add_test ("/model/tile-queue/none", test_tile_queue_none);
  add_test ("/model/tile-queue/waits-for-plane", test_tile_queue_waits_for_plane);
  add_test ("/model/tile-queue/refuses", test_tile_queue_refuses);
  add_test ("/model/tile-queue/qualities", test_tile_queue_qualities);
  add_test ("/model/tile-queue/clear", test_tile_queue_clear);
  add_test ("/model/tile-queue/cleared-by-listener", test_tile_queue_cleared_by_listener);
  add_test ("/model/tile-queue/paused", test_tile_queue_paused);
  add_test ("/model/tile-queue/kept", test_tile_queue_kept);
  add_test ("/model/tile-queue/early", test_tile_queue_early);
  add_test ("/model/tile-queue/late", test_tile_queue_late);
  add_test ("/model/tile-queue/early-cleared", test_tile_queue_early_cleared);
  add_test ("/model/tile-queue/ends-in-flight", test_tile_queue_ends_in_flight);

  return g_test_run ();
}
