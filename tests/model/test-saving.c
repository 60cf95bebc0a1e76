/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>

#include "almu-error.h"
#include "almu-saving.h"
#include "almu-test-image.h"
#include "almu-test-workers.h"
#include "almu-test.h"

#define WIDTH 40
#define HEIGHT 30
#define DEPTH 5
#define N_STOKES 3

typedef struct
{
  char         *path;
  AlmuFolder   *folder;
  AlmuCache    *cache;
  AlmuSession  *session;
  AlmuFile     *file;
  AlmuImage    *image;
  GAsyncResult *result;
} Fixture;

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return (float) (x + 100 * y + 10000 * channel + 100000 * stokes);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "test.fits", "", ALMU_IMAGE_NONE);
  g_autoptr(GError) error = NULL;

  fixture->path = almu_test_make_folder ();
  fixture->folder = almu_folder_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
  fixture->cache = almu_cache_new (64 * 1024 * 1024);
  fixture->session = almu_session_new (17, fixture->folder, fixture->cache);
  fixture->image = almu_test_image_new (WIDTH, HEIGHT, DEPTH, N_STOKES, pixel);
  fixture->file = almu_file_new (3, name);
  almu_session_take_file (fixture->session, g_object_ref (fixture->file));
  almu_file_come_alive (fixture->file, fixture->cache, fixture->image, 0, almu_session_get_epoch (fixture->session));
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_clear_object (&fixture->result);
  almu_test_workers_settle ();
  almu_session_close_all_files (fixture->session);
  g_object_unref (fixture->file);
  g_object_unref (fixture->image);
  almu_test_await_finalize (fixture->session);
  g_object_unref (fixture->cache);
  g_object_unref (fixture->folder);
  almu_test_remove_folder (fixture->path);
  g_free (fixture->path);
}

static void
on_result (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static gboolean
has_result (gpointer user_data)
{
  return *(GAsyncResult **) user_data != NULL;
}

static gboolean
finish (Fixture *fixture,
        GError **error)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autofree char *notice = NULL;

  almu_test_await (has_result, &fixture->result);
  result = g_steal_pointer (&fixture->result);

  return almu_saving_finish (result, &notice, error);
}

static void
begin (Fixture               *fixture,
       const AlmuSavingOrder *order,
       GCancellable          *cancellable)
{
  almu_saving_async (fixture->session, fixture->file, order, cancellable, on_result, &fixture->result);
}

static guint
count_files (Fixture *fixture)
{
  g_autoptr(GDir) dir = g_dir_open (fixture->path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static void
assert_fails (Fixture               *fixture,
              const AlmuSavingOrder *order,
              GQuark                 domain,
              int                    code)
{
  g_autoptr(GError) error = NULL;

  begin (fixture, order, NULL);
  g_assert_false (finish (fixture, &error));
  g_assert_error (error, domain, code);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static AlmuImage *
save_and_open (Fixture               *fixture,
               const AlmuSavingOrder *order)
{
  g_autoptr(GError) error = NULL;
  AlmuImage *image;
  int        fd;

  begin (fixture, order, NULL);
  finish (fixture, &error);
  g_assert_no_error (error);

  fd = almu_folder_open (fixture->folder, "", order->path, &error);
  g_assert_no_error (error);
  image = almu_image_open (fd, order->path, "", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  return image;
}

/* All of the axis that has no name in the header of the test image: a cube
 * of a plane after the other. */
static void
test_saving_ranges (Fixture      *fixture,
                    gconstpointer user_data)
{
  const gint32    channels[] = { 1, 4, 2 };
  const gint32    stokes[] = { 0, -1, 2 };
  AlmuSavingOrder order = {
    .path = "a.fits",
    .channels = { 3, channels },
    .stokes = { 3, stokes },
    .keep_degenerate = TRUE,
  };
  g_autoptr(AlmuImage) copy = save_and_open (fixture, &order);
  const AlmuImageInfo *info = almu_image_get_info (copy);
  float                pixels[4];

  g_assert_cmpint (info->depth, ==, 2);
  g_assert_cmpint (info->n_stokes, ==, 2);
  for (int z = 0; z < 2; z++)
    for (int s = 0; s < 2; s++)
      {
        almu_image_read (copy, &(AlmuBox){ { 7, 9, 2, 2 }, z, 1, s }, pixels, NULL, NULL);
        for (int i = 0; i < 4; i++)
          g_assert_cmpfloat (pixels[i], ==, pixel (7 + i % 2, 9 + i / 2, 1 + 2 * z, 2 * s));
      }
}

static void
test_saving_wrong (Fixture      *fixture,
                   gconstpointer user_data)
{
  const gint32 wrong[][4] = { { -1, 2, 1 }, { DEPTH, DEPTH, 1 }, { 3, 2, 1 }, { 0, 2, 0 }, { 0, 2, -1 }, { 0, 2, 1, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_fails (fixture,
                  &(AlmuSavingOrder){ .path = "a.fits", .channels = { i == 5 ? 4 : 3, wrong[i] } },
                  ALMU_ERROR, ALMU_ERROR_LIMIT);

  assert_fails (fixture, &(AlmuSavingOrder){ .path = "a.fits", .rest_frequency = -1 }, ALMU_ERROR, ALMU_ERROR_FORMAT);
  assert_fails (fixture, &(AlmuSavingOrder){ .path = "a.fits", .region_id = 8 }, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  assert_fails (fixture, &(AlmuSavingOrder){ .path = "" }, ALMU_ERROR, ALMU_ERROR_FORMAT);
}

/* Neither a line nor what lies outside has pixels. */
static void
test_saving_regions (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const struct
  {
    AlmuShapeType type;
    AlmuPoint     points[2];
    AlmuError     code;
  } cases[] = {
    { ALMU_SHAPE_LINE, { { 1, 1 }, { 5, 5 } }, ALMU_ERROR_UNSUPPORTED },
    { ALMU_SHAPE_ANN_RECTANGLE, { { 5, 5 }, { 2, 2 } }, ALMU_ERROR_UNSUPPORTED },
    { ALMU_SHAPE_RECTANGLE, { { -50, 5 }, { 2, 2 } }, ALMU_ERROR_LIMIT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuShape) shape = almu_shape_new (cases[i].type, cases[i].points, 2, 0, NULL);

      g_assert_nonnull (almu_session_set_region (fixture->session, 5, 3, shape, NULL));
      assert_fails (fixture, &(AlmuSavingOrder){ .path = "a.fits", .region_id = 5 }, ALMU_ERROR, cases[i].code);
      g_assert_true (almu_session_remove_region (fixture->session, 5, NULL));
    }
}

static void
test_saving_file_closed (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  almu_test_image_hold (ALMU_TEST_IMAGE (fixture->image));
  begin (fixture, &(AlmuSavingOrder){ .path = "a.fits" }, NULL);
  almu_test_image_await_held (ALMU_TEST_IMAGE (fixture->image));
  g_assert_true (almu_session_close_file (fixture->session, 3, NULL));

  g_assert_false (finish (fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  almu_test_image_release (ALMU_TEST_IMAGE (fixture->image));
}

static void
test_saving_cancelled (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  almu_test_image_hold (ALMU_TEST_IMAGE (fixture->image));
  begin (fixture, &(AlmuSavingOrder){ .path = "a.fits" }, cancellable);
  almu_test_image_await_held (ALMU_TEST_IMAGE (fixture->image));
  g_cancellable_cancel (cancellable);

  g_assert_false (finish (fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  almu_test_image_release (ALMU_TEST_IMAGE (fixture->image));
}

/* A read that fails in the middle, and a disk that takes no more. */
static void
test_saving_fails (Fixture      *fixture,
                   gconstpointer user_data)
{
  struct rlimit limit;
  struct rlimit few = { 0 };

  almu_test_image_fail_at (ALMU_TEST_IMAGE (fixture->image), 4);
  assert_fails (fixture, &(AlmuSavingOrder){ .path = "a.fits" }, G_IO_ERROR, G_IO_ERROR_FAILED);
  almu_test_image_fail_at (ALMU_TEST_IMAGE (fixture->image), 0);

  /* with this signal ignored the limit is a failing write */
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  few = (struct rlimit){ 8000, limit.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &few), ==, 0);
  begin (fixture, &(AlmuSavingOrder){ .path = "a.fits" }, NULL);
  {
    g_autoptr(GError) error = NULL;

    g_assert_false (finish (fixture, &error));
    g_assert_nonnull (error);
    g_assert_true (g_str_has_prefix (error->message, "a.fits: cannot be written: "));
  }
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* More than there are threads, at once. */
static void
test_saving_many (Fixture      *fixture,
                  gconstpointer user_data)
{
  GAsyncResult *results[12] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *path = g_strdup_printf ("%u.fits", i / 2);
      AlmuSavingOrder  order = { .path = path, .overwrite = TRUE };

      almu_saving_async (fixture->session, fixture->file, &order, NULL, on_result, &results[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *notice = NULL;

      almu_test_await (has_result, &results[i]);
      almu_saving_finish (results[i], &notice, &error);
      g_assert_no_error (error);
      g_assert_null (notice);
      g_object_unref (results[i]);
    }

  g_assert_cmpuint (count_files (fixture), ==, G_N_ELEMENTS (results) / 2);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/model/saving/ranges", test_saving_ranges);
  add_test ("/model/saving/wrong", test_saving_wrong);
  add_test ("/model/saving/regions", test_saving_regions);
  add_test ("/model/saving/file-closed", test_saving_file_closed);
  add_test ("/model/saving/cancelled", test_saving_cancelled);
  add_test ("/model/saving/fails", test_saving_fails);
  add_test ("/model/saving/many", test_saving_many);

  return g_test_run ();
}
