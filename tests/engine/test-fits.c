/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-fits.h"
#include "test-hdus.h"

static AlmuFits *
open_path (const char *path,
           int        *out_fd,
           GError    **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  *out_fd = fd;

  return almu_fits_open (fd, "a.fits", error);
}

static void
save_two (Fixture *fixture)
{
  static const double first[] = { 1, 2, 3, 4, -99, 6 };
  static const double second[] = { 1, NAN, 3, 4, 5, 6, 7, 8 };
  AlmuTestFits       *fits = fixture->fits;

  almu_test_fits_begin (fits, 16, 2, (gint64[]){ 3, 2 });
  almu_test_fits_card (fits, "BLANK", "-99");
  almu_test_fits_card (fits, "BSCALE", "2.0");
  almu_test_fits_card (fits, "BZERO", "10.0");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 6, first);
  almu_test_fits_end (fits);
  almu_test_fits_begin_extension (fits, -32, 3, (gint64[]){ 2, 2, 2 }, "SCI");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 8, second);
  almu_test_fits_end (fits);
}

/* The name is gone, the file is not. */
static void
test_fits_open_unlinked (Fixture      *fixture,
                         gconstpointer user_data)
{
  int              fd;
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFits) fits = NULL;

  save_two (fixture);
  path = almu_test_fits_save (fixture->fits, fixture->folder, "a.fits");
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  g_unlink (path);
  fits = almu_fits_open (fd, "a.fits", &error);
  g_assert_no_error (error);
  g_assert_nonnull (almu_fits_get_handle (fits));
  g_assert_cmpint (almu_fits_get_plain_fd (fits), ==, fd);
  close (fd);
}

static void
test_fits_open_text (Fixture      *fixture,
                     gconstpointer user_data)
{
  int              fd;
  g_autofree char *path = g_build_filename (fixture->folder, "t.fits", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "no image at all", -1, NULL));
  g_assert_null (open_path (path, &fd, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  close (fd);
}

/* Compressed in each way, the file is read as what it was. */
static void
test_fits_shared_compressed (gconstpointer user_data)
{
  g_autofree char *path = almu_test_shared_path (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFits) fits = NULL;
  char start[9];
  int  fd;

  if (path == NULL)
    return;

  fits = open_path (path, &fd, &error);
  g_assert_no_error (error);
  g_assert_cmpint (almu_fits_get_plain_fd (fits), !=, fd);
  g_assert_cmpint (pread (almu_fits_get_plain_fd (fits), start, sizeof start, 0), ==, sizeof start);
  g_assert_cmpmem (start, sizeof start, "SIMPLE  =", 9);
  close (fd);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/fits/open-unlinked", test_fits_open_unlinked);
  add_test ("/engine/fits/open-text", test_fits_open_text);
  g_test_add_data_func ("/engine/fits/shared/gz", "gz/test.fits.gz", test_fits_shared_compressed);
  g_test_add_data_func ("/engine/fits/shared/bz2", "gz/test.fits.bz2", test_fits_shared_compressed);
  g_test_add_data_func ("/engine/fits/shared/Z", "gz/test.fits.Z", test_fits_shared_compressed);

  return g_test_run ();
}
