/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-resume.h"
#include "almu-session.h"
#include "almu-test-workers.h"
#include "almu-test.h"
#include "test-products.h"

/* A session with real files, without a viewer. */

#define WIDTH 20
#define HEIGHT 10
#define DEPTH 3
#define PLANE_BYTES (WIDTH * HEIGHT * sizeof (float))

typedef struct
{
  char         *path;
  AlmuFolder   *folder;
  AlmuCache    *cache;
  AlmuSession  *session;
  GAsyncResult *result;
  TestProducts  got;
} Fixture;

static double
pixel (const gint64 *position,
       gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2]);
}

static void
write_file (Fixture    *fixture,
            const char *name)
{
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 3, shape);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, pixel, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->path, name);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  fixture->path = almu_test_make_folder ();
  write_file (fixture, "a.fits");
  write_file (fixture, "b.fits");
  fixture->folder = almu_folder_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->session = almu_session_new (17, fixture->folder, fixture->cache);
  test_products_init (&fixture->got);
  test_products_listen (&fixture->got, fixture->session);
}

/* Closing frees everything, at once. */
static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_clear_object (&fixture->result);
  if (almu_session_get_state (fixture->session) != ALMU_SESSION_CLOSED)
    almu_session_close (fixture->session);
  g_assert_cmpuint (almu_cache_get_size (fixture->cache), ==, 0);
  almu_test_await_finalize (g_steal_pointer (&fixture->session));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->folder));
  test_products_clear (&fixture->got);
  almu_test_remove_folder (fixture->path);
  g_free (fixture->path);
}

static void
on_ready (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->result, result);
}

static gboolean
has_result (gpointer user_data)
{
  return ((Fixture *) user_data)->result != NULL;
}

static AlmuFile *
try_open (Fixture      *fixture,
          const char   *base,
          int           file_id,
          GCancellable *cancellable,
          GError      **error)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", base, "", ALMU_IMAGE_NONE);
  g_autoptr(AlmuFile) file = NULL;

  g_clear_object (&fixture->result);
  almu_session_open_file_async (fixture->session, file_id, name, cancellable, on_ready, fixture);
  almu_test_await (has_result, fixture);
  file = almu_session_open_file_finish (fixture->session, fixture->result, error);
  g_clear_object (&fixture->result);
  if (file == NULL)
    return NULL;

  g_assert_true (almu_session_get_file (fixture->session, file_id, NULL) == file);

  return almu_session_get_file (fixture->session, file_id, NULL);
}

static AlmuFile *
open_file (Fixture    *fixture,
           const char *base,
           int         file_id)
{
  g_autoptr(GError) error = NULL;
  AlmuFile *file = try_open (fixture, base, file_id, NULL, &error);

  g_assert_no_error (error);

  return file;
}

static AlmuShape *
rectangle (float x)
{
  return almu_shape_new (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { x, 5 }, { 2, 2 } }, 2, 0, NULL);
}

static int
draw (Fixture *fixture,
      int      region_id,
      int      file_id,
      float    x)
{
  g_autoptr(AlmuShape) shape = rectangle (x);
  g_autoptr(GError) error = NULL;
  AlmuRegion *region = almu_session_set_region (fixture->session, region_id, file_id, shape, &error);

  g_assert_no_error (error);

  return almu_region_get_id (region);
}

/* -- files ---------------------------------------------------------------- */

static void
test_session_open (Fixture      *fixture,
                   gconstpointer user_data)
{
  AlmuFile        *file = open_file (fixture, "a.fits", 3);
  g_autofree char *title = NULL;

  g_assert_cmpint (almu_file_get_state (file), ==, ALMU_FILE_STATE_OPEN);
  g_assert_cmpint (almu_file_get_id (file), ==, 3);
  g_object_get (fixture->session, "title", &title, NULL);
  g_assert_cmpstr (title, ==, "a.fits");

  /* nothing is read before somebody is told */
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  almu_demand_start (almu_file_get_demand (file));
  almu_test_workers_settle ();
  g_assert_cmpuint (test_products_count (&fixture->got, ALMU_PRODUCT_HISTOGRAM), ==, 1);
}

static void
test_session_open_failures (Fixture      *fixture,
                            gconstpointer user_data)
{
  AlmuFile  *file = open_file (fixture, "a.fits", 3);
  AlmuImage *image = almu_file_get_image (file);
  g_autoptr(GError) missing = NULL;
  g_autoptr(GError) negative = NULL;
  g_autoptr(GError) large = NULL;
  g_autoptr(GError) cancelled = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  g_assert_null (try_open (fixture, "missing.fits", 3, NULL, &missing));
  g_assert_nonnull (strstr (missing->message, "missing.fits"));
  g_assert_null (try_open (fixture, "b.fits", -1, NULL, &negative));
  g_assert_error (negative, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_null (try_open (fixture, "b.fits", ALMU_LIMIT_FILE_ID + 1, NULL, &large));
  g_assert_error (large, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_cancellable_cancel (cancellable);
  g_assert_null (try_open (fixture, "b.fits", 3, cancellable, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_assert_true (almu_session_get_file (fixture->session, 3, NULL) == file);
  g_assert_true (almu_file_get_image (file) == image);
  g_assert_cmpuint (almu_session_list_files (fixture->session)->len, ==, 1);
}

static void
test_session_replace (Fixture      *fixture,
                      gconstpointer user_data)
{
  AlmuFile *file = g_object_ref (open_file (fixture, "a.fits", 3));

  draw (fixture, -1, 3, 5);
  open_file (fixture, "b.fits", 3);
  g_assert_cmpuint (almu_session_list_files (fixture->session)->len, ==, 1);
  g_assert_cmpuint (almu_session_get_n_regions (fixture->session), ==, 0);
  almu_test_await_finalize (file);

  /* a number once given is never given again */
  g_assert_cmpint (draw (fixture, -1, 3, 5), ==, 2);
}

static void
test_session_close_in_flight (Fixture      *fixture,
                              gconstpointer user_data)
{
  AlmuFile  *file = g_object_ref (open_file (fixture, "a.fits", 0));
  AlmuImage *image = g_object_ref (almu_file_get_image (file));
  g_autoptr(GError) error = NULL;

  almu_test_workers_block ();
  almu_demand_start (almu_file_get_demand (file));
  g_assert_true (almu_session_close_file (fixture->session, 0, &error));
  g_assert_no_error (error);
  almu_test_workers_release ();
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);
  almu_test_await_finalize (file);
  almu_test_await_finalize (image);

  g_assert_false (almu_session_close_file (fixture->session, 0, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

static void
test_session_planes (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuFile *file = open_file (fixture, "a.fits", 0);
  g_autoptr(GError) channel = NULL;
  g_autoptr(GError) stokes = NULL;
  g_autoptr(GError) cursor = NULL;

  g_assert_true (almu_file_set_plane (file, 2, 0, NULL));
  g_assert_false (almu_file_set_plane (file, DEPTH, 0, &channel));
  g_assert_error (channel, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_false (almu_file_set_plane (file, 0, 1, &stokes));
  g_assert_error (stokes, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_cmpint (almu_file_get_channel (file), ==, 2);
  g_assert_false (almu_file_set_cursor (file, (AlmuPoint){ 0.0f / 0.0f, 1 }, &cursor));
  g_assert_error (cursor, ALMU_ERROR, ALMU_ERROR_FORMAT);
}

/* -- regions -------------------------------------------------------------- */

static void
test_session_regions (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuShape) shape = rectangle (1);
  g_autoptr(GError) nowhere = NULL;
  g_autoptr(GError) large = NULL;
  g_autoptr(GError) gone = NULL;
  AlmuRegion *region;

  open_file (fixture, "a.fits", 0);
  open_file (fixture, "b.fits", 1);
  g_assert_cmpint (draw (fixture, -1, 0, 5), ==, 1);
  g_assert_cmpint (draw (fixture, 0, 0, 5), ==, 2);
  g_assert_cmpint (draw (fixture, 10, 1, 5), ==, 10);
  g_assert_cmpint (draw (fixture, -1, 1, 5), ==, 11);

  region = almu_session_get_region (fixture->session, 1, NULL);
  g_assert_cmpint (draw (fixture, 1, 0, 7), ==, 1);
  g_assert_true (almu_session_get_region (fixture->session, 1, NULL) == region);
  g_assert_true (almu_session_remove_region (fixture->session, 11, NULL));
  g_assert_cmpint (draw (fixture, -1, 0, 5), ==, 12);

  g_assert_false (almu_session_remove_region (fixture->session, 11, &gone));
  g_assert_error (gone, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_assert_null (almu_session_set_region (fixture->session, -1, 9, shape, &nowhere));
  g_assert_error (nowhere, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_assert_null (almu_session_set_region (fixture->session, ALMU_LIMIT_REGION_ID + 1, 0, shape, &large));
  g_assert_error (large, ALMU_ERROR, ALMU_ERROR_LIMIT);

  almu_session_close_file (fixture->session, 0, NULL);
  g_assert_cmpuint (almu_session_get_n_regions (fixture->session), ==, 1);
}

/* -- its life ------------------------------------------------------------- */

static void
test_session_epochs (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuFile *file = open_file (fixture, "a.fits", 0);
  guint     epoch = almu_session_get_epoch (fixture->session);

  almu_test_workers_block ();
  almu_demand_start (almu_file_get_demand (file));
  almu_session_detach (fixture->session);
  g_assert_cmpint (almu_session_get_state (fixture->session), ==, ALMU_SESSION_DETACHED);
  almu_test_workers_release ();
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 0);

  almu_session_attach (fixture->session, "127.0.0.1");
  g_assert_cmpuint (almu_session_get_epoch (fixture->session), >, epoch);
  almu_session_renew (fixture->session);
  almu_test_workers_settle ();
  g_assert_cmpuint (fixture->got.products->len, ==, 1);
  g_assert_cmpuint (((TestProduct *) fixture->got.products->pdata[0])->product.epoch, ==,
                    almu_session_get_epoch (fixture->session));
}

/* -- resuming ------------------------------------------------------------- */

static AlmuFileWish *
wish (Fixture    *fixture,
      GPtrArray  *wishes,
      int         file_id,
      const char *base,
      int         channel,
      float       cursor)
{
  AlmuFileWish *self = almu_file_wish_new (file_id);

  self->name = almu_file_name_new ("", base, "", ALMU_IMAGE_NONE);
  self->label = g_strdup (base);
  self->channel = channel;
  self->has_cursor = TRUE;
  self->cursor = (AlmuPoint){ cursor, cursor };
  g_ptr_array_add (wishes, self);

  return self;
}

static void
wish_region (AlmuFileWish *self,
             int           region_id,
             float         x)
{
  AlmuRegionWish region = { .id = region_id, .shape = rectangle (x) };

  g_array_append_val (self->regions, region);
}

static GStrv
resume (Fixture   *fixture,
        GPtrArray *wishes)
{
  char **problems = NULL;
  g_autoptr(GError) error = NULL;

  g_clear_object (&fixture->result);
  almu_resume_async (fixture->session, wishes, NULL, NULL, on_ready, fixture);
  almu_test_await (has_result, fixture);
  g_assert_true (almu_resume_finish (fixture->session, fixture->result, &problems, &error));
  g_assert_no_error (error);
  g_clear_object (&fixture->result);

  return problems;
}

static void
test_session_resume_same (Fixture      *fixture,
                          gconstpointer user_data)
{
  AlmuFile   *a = open_file (fixture, "a.fits", 0);
  AlmuFile   *b = open_file (fixture, "b.fits", 4);
  AlmuImage  *image_a = almu_file_get_image (a);
  AlmuImage  *image_b = almu_file_get_image (b);
  guint64     n_read;
  AlmuRegion *region;
  g_autoptr(GPtrArray) wishes = almu_file_wishes_new ();
  g_auto(GStrv) problems = NULL;

  draw (fixture, 5, 0, 5);
  draw (fixture, 6, 0, 6);
  region = almu_session_get_region (fixture->session, 5, NULL);
  almu_demand_start (almu_file_get_demand (a));
  almu_demand_start (almu_file_get_demand (b));
  almu_test_workers_settle ();
  n_read = almu_image_get_total_bytes_read ();

  wish (fixture, wishes, 4, "b.fits", 0, 3);
  wish_region (wish (fixture, wishes, 0, "a.fits", 0, 8), 5, 9);
  wish_region (wishes->pdata[1], 8, 10);
  problems = resume (fixture, wishes);
  g_assert_null (problems[0]);
  g_assert_true (almu_session_get_file (fixture->session, 0, NULL) == a);
  g_assert_true (almu_file_get_image (a) == image_a);
  g_assert_true (almu_file_get_image (b) == image_b);
  g_assert_cmpfloat (almu_file_get_cursor (a).x, ==, 8);
  g_assert_cmpfloat (almu_file_get_cursor (b).x, ==, 3);

  /* one moved, one gone, one new, none renumbered */
  g_assert_true (almu_session_get_region (fixture->session, 5, NULL) == region);
  g_assert_cmpfloat (almu_region_get_shape (region)->points[0].x, ==, 9);
  g_assert_null (almu_session_get_region (fixture->session, 6, NULL));
  g_assert_nonnull (almu_session_get_region (fixture->session, 8, NULL));
  g_assert_cmpint (draw (fixture, -1, 0, 1), ==, 9);

  almu_session_renew (fixture->session);
  almu_test_workers_settle ();
  g_assert_cmpuint (almu_image_get_total_bytes_read (), ==, n_read);
}

static void
test_session_resume_changed (Fixture      *fixture,
                             gconstpointer user_data)
{
  AlmuFile *a = g_object_ref (open_file (fixture, "a.fits", 0));
  g_autoptr(AlmuImage) image = g_object_ref (almu_file_get_image (a));
  g_autoptr(GPtrArray) wishes = almu_file_wishes_new ();
  g_auto(GStrv) problems = NULL;

  write_file (fixture, "a.fits");
  wish_region (wish (fixture, wishes, 0, "a.fits", 1, 2), 3, 4);
  problems = resume (fixture, wishes);
  g_assert_null (problems[0]);
  g_assert_true (almu_file_get_image (almu_session_get_file (fixture->session, 0, NULL)) != image);
  g_assert_cmpint (almu_file_get_channel (almu_session_get_file (fixture->session, 0, NULL)), ==, 1);
  g_assert_nonnull (almu_session_get_region (fixture->session, 3, NULL));
  almu_test_await_finalize (a);
}

static void
test_session_resume_missing (Fixture      *fixture,
                             gconstpointer user_data)
{
  AlmuFile *file;
  g_autoptr(GPtrArray) wishes = almu_file_wishes_new ();
  g_auto(GStrv) problems = NULL;
  g_auto(GStrv) none = NULL;

  open_file (fixture, "a.fits", 0);
  wish_region (wish (fixture, wishes, 2, "missing.fits", 2, 4), 7, 4);
  wish (fixture, wishes, 3, "b.fits", 99, 4);
  problems = resume (fixture, wishes);
  g_assert_cmpuint (g_strv_length (problems), ==, 2);
  g_assert_nonnull (strstr (problems[0], "missing.fits"));
  g_assert_nonnull (strstr (problems[1], "b.fits"));

  /* kept, with all that is known of it */
  g_assert_null (almu_session_get_file (fixture->session, 0, NULL));
  file = almu_session_get_file (fixture->session, 2, NULL);
  g_assert_cmpint (almu_file_get_state (file), ==, ALMU_FILE_STATE_UNAVAILABLE);
  g_assert_cmpint (almu_file_get_channel (file), ==, 2);
  g_assert_nonnull (almu_session_get_region (fixture->session, 7, NULL));
  g_assert_cmpint (almu_file_get_channel (almu_session_get_file (fixture->session, 3, NULL)), ==, 0);

  write_file (fixture, "missing.fits");
  g_ptr_array_set_size (wishes, 1);
  none = resume (fixture, wishes);
  g_assert_null (none[0]);
  file = almu_session_get_file (fixture->session, 2, NULL);
  g_assert_cmpint (almu_file_get_state (file), ==, ALMU_FILE_STATE_OPEN);
  g_assert_cmpint (almu_file_get_channel (file), ==, 2);
  g_assert_nonnull (almu_session_get_region (fixture->session, 7, NULL));
}

static void
test_session_resume_cancelled (Fixture      *fixture,
                               gconstpointer user_data)
{
  AlmuFile *a = open_file (fixture, "a.fits", 0);
  char    **problems = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GPtrArray) wishes = almu_file_wishes_new ();
  g_autoptr(GError) error = NULL;

  draw (fixture, -1, 0, 3);
  wish (fixture, wishes, 5, "b.fits", 0, 0);
  almu_test_workers_block ();
  almu_resume_async (fixture->session, wishes, NULL, cancellable, on_ready, fixture);
  g_cancellable_cancel (cancellable);
  almu_test_workers_release ();
  almu_test_await (has_result, fixture);
  g_assert_false (almu_resume_finish (fixture->session, fixture->result, &problems, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (problems);

  /* not half of it */
  g_assert_true (almu_session_get_file (fixture->session, 0, NULL) == a);
  g_assert_null (almu_session_get_file (fixture->session, 5, NULL));
  g_assert_nonnull (almu_session_get_region (fixture->session, 1, NULL));
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/session/open", test_session_open);
  add_test ("/model/session/open/failures", test_session_open_failures);
  add_test ("/model/session/replace", test_session_replace);
  add_test ("/model/session/close-in-flight", test_session_close_in_flight);
  add_test ("/model/session/planes", test_session_planes);
  add_test ("/model/session/regions", test_session_regions);
  add_test ("/model/session/epochs", test_session_epochs);
  add_test ("/model/session/resume/same", test_session_resume_same);
  add_test ("/model/session/resume/changed", test_session_resume_changed);
  add_test ("/model/session/resume/missing", test_session_resume_missing);
  add_test ("/model/session/resume/cancelled", test_session_resume_cancelled);

  return g_test_run ();
}
