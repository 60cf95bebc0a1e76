/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-contour-queue.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test-workers.h"
#include "almu-test.h"

#define SIDE 300
#define N_LEVELS 20

typedef struct
{
  AlmuCache           *cache;
  AlmuPlane           *plane;
  AlmuContourQueue    *queue;
  AlmuContourSettings *settings;
  guint                n_chunks;
  guint                n_begun;
  guint                n_ended;
  guint                n_void;
  guint                n_done;
  guint                n_errors;
} Fixture;

static void
on_contours (const AlmuContourChunk *chunk,
             const GError           *error,
             gpointer                user_data)
{
  Fixture *fixture = user_data;

  fixture->n_errors += error != NULL;
  if (error != NULL)
    return;

  if (chunk == NULL)
    {
      fixture->n_void++;
      fixture->n_begun = fixture->n_ended = fixture->n_chunks = 0;
      return;
    }

  fixture->n_chunks++;
  fixture->n_begun += chunk->progress == 0;
  fixture->n_ended += chunk->progress == 1;
}

static void
on_done (gpointer user_data)
{
  ((Fixture *) user_data)->n_done++;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, SIDE *SIDE);
  double            levels[N_LEVELS];

  for (int i = 0; i < SIDE * SIDE; i++)
    pixels[i] = (float) (sin (i % SIDE / 7.0) * sin (i / SIDE / 7.0));
  for (guint i = 0; i < N_LEVELS; i++)
    levels[i] = 0.04 * (i + 1);

  fixture->plane = almu_plane_new_for_pixels (pixels, SIDE, SIDE);
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->queue = almu_contour_queue_new (fixture->cache, on_contours, on_done, fixture);
  fixture->settings = almu_contour_settings_new ();
  fixture->settings->chunk_size = 50;
  almu_contour_settings_set_levels (fixture->settings, levels, N_LEVELS);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->queue));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_contour_settings_free (fixture->settings);
  almu_plane_unref (fixture->plane);
}

static gboolean
is_done (gpointer user_data)
{
  return ((Fixture *) user_data)->n_done > 0;
}

static gboolean
has_chunks (gpointer user_data)
{
  Fixture *fixture = user_data;

  return fixture->n_chunks > fixture->n_begun;
}

static void
test_all (Fixture      *fixture,
          gconstpointer user_data)
{
  g_assert_true (almu_contour_queue_set (fixture->queue, fixture->settings));
  g_assert_true (almu_contour_queue_is_idle (fixture->queue));
  almu_contour_queue_begin (fixture->queue, fixture->plane);
  g_assert_false (almu_contour_queue_is_idle (fixture->queue));
  almu_test_await (is_done, fixture);

  g_assert_true (almu_contour_queue_is_idle (fixture->queue));
  g_assert_cmpuint (fixture->n_begun, ==, N_LEVELS);
  g_assert_cmpuint (fixture->n_ended, ==, N_LEVELS);
  g_assert_cmpuint (fixture->n_chunks, >, 3 * N_LEVELS);
  g_assert_cmpuint (fixture->n_void, ==, 0);

  /* the same again is nothing new */
  g_assert_false (almu_contour_queue_set (fixture->queue, fixture->settings));
  g_assert_true (almu_contour_queue_is_idle (fixture->queue));

  /* and none voids what was said */
  g_assert_true (almu_contour_queue_set (fixture->queue, NULL));
  g_assert_cmpuint (fixture->n_void, ==, 1);
  g_assert_true (almu_contour_queue_is_idle (fixture->queue));
}

/* A reader that is too slow gets no more than what was begun; nothing of it
 * is lost when it reads again. */
static void
test_paused (Fixture      *fixture,
             gconstpointer user_data)
{
  guint n_chunks;

  almu_contour_queue_set (fixture->queue, fixture->settings);
  almu_contour_queue_begin (fixture->queue, fixture->plane);
  almu_test_await (has_chunks, fixture);
  almu_contour_queue_set_paused (fixture->queue, TRUE);
  almu_test_workers_settle ();
  n_chunks = fixture->n_chunks;
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->n_chunks, ==, n_chunks);
  g_assert_cmpuint (fixture->n_done, ==, 0);

  almu_contour_queue_set_paused (fixture->queue, FALSE);
  almu_test_await (is_done, fixture);
  g_assert_cmpuint (fixture->n_ended, ==, N_LEVELS);
}

/* After another plane nothing of the last one is said. */
static void
test_cleared (Fixture      *fixture,
              gconstpointer user_data)
{
  almu_contour_queue_set (fixture->queue, fixture->settings);
  almu_contour_queue_begin (fixture->queue, fixture->plane);
  almu_test_await (has_chunks, fixture);
  almu_contour_queue_clear (fixture->queue);
  g_assert_cmpuint (fixture->n_void, ==, 1);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->n_chunks, ==, 0);
  g_assert_cmpuint (fixture->n_done, ==, 0);

  almu_contour_queue_begin (fixture->queue, fixture->plane);
  almu_test_await (is_done, fixture);
  g_assert_cmpuint (fixture->n_begun, ==, N_LEVELS);
  g_assert_cmpuint (fixture->n_ended, ==, N_LEVELS);
}

static void
on_traced (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  *(AlmuContours **) user_data = almu_cache_trace_finish (ALMU_CACHE (source), result, NULL);
}

static gboolean
is_traced (gpointer user_data)
{
  AlmuContours **traced = user_data;

  return traced[0] != NULL && traced[1] != NULL && traced[2] != NULL;
}

/* Lines that two want at the same moment are traced once; others are not. */
static void
test_traced_together (Fixture      *fixture,
                      gconstpointer user_data)
{
  AlmuContourRecipe recipe = { .levels = fixture->settings->levels, .n_levels = 3, .chunk_size = 50 };
  AlmuContours     *traced[3] = { NULL };

  almu_cache_trace_async (fixture->cache, fixture->plane, &recipe, NULL, on_traced, &traced[0]);
  almu_cache_trace_async (fixture->cache, fixture->plane, &recipe, NULL, on_traced, &traced[1]);
  recipe.levels++;
  almu_cache_trace_async (fixture->cache, fixture->plane, &recipe, NULL, on_traced, &traced[2]);
  almu_test_await (is_traced, traced);
  g_assert_true (traced[0] == traced[1]);
  g_assert_true (traced[0] != traced[2]);
  for (guint i = 0; i < G_N_ELEMENTS (traced); i++)
    almu_contours_unref (traced[i]);
}

/* Two queues of the same, one of which changes its mind. */
static void
test_one_of_two (Fixture      *fixture,
                 gconstpointer user_data)
{
  Fixture           other = { NULL };
  AlmuContourQueue *queue = almu_contour_queue_new (fixture->cache, on_contours, on_done, &other);

  almu_contour_queue_set (queue, fixture->settings);
  almu_contour_queue_begin (queue, fixture->plane);
  almu_contour_queue_set (fixture->queue, fixture->settings);
  almu_contour_queue_begin (fixture->queue, fixture->plane);
  almu_contour_queue_clear (queue);
  almu_test_await (is_done, fixture);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->n_begun, ==, N_LEVELS);
  g_assert_cmpuint (fixture->n_ended, ==, N_LEVELS);
  g_assert_cmpuint (other.n_chunks, ==, 0);
  almu_test_await_finalize (queue);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

  add_test ("/model/contour-queue/all", test_all);
  add_test ("/model/contour-queue/paused", test_paused);
  add_test ("/model/contour-queue/cleared", test_cleared);
  add_test ("/model/contour-queue/traced-together", test_traced_together);
  add_test ("/model/contour-queue/one-of-two", test_one_of_two);

  return g_test_run ();
}
