/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "almu-cutout.h"
#include "almu-error.h"
#include "almu-image.h"
#include "almu-test.h"
#include "almu-test-hdf5.h"

#define WIDTH 37
#define HEIGHT 23
#define DEPTH 19
#define N_STOKES 2
#define N_PIXELS (WIDTH * HEIGHT * DEPTH * N_STOKES)

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->path = g_build_filename (fixture->folder, "a.hdf5", NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  if ((x + y + channel) % 11 == 0)
    return NAN;

  return (float) (x + 50 * y + 2000 * channel + 40000 * stokes);
}

/* -- a file ----------------------------------------------------------------- */

static void
put_cards (hid_t group)
{
  test_hdf5_text (group, "SCHEMA_VERSION", "0.3");
  test_hdf5_text (group, "HDF5_CONVERTER", "test");
  test_hdf5_text (group, "CTYPE1", "RA---SIN");
  test_hdf5_text (group, "CTYPE2", "DEC--SIN");
  test_hdf5_text (group, "CTYPE3", "FREQ");
  test_hdf5_text (group, "CTYPE4", "STOKES");
  test_hdf5_text (group, "BUNIT", "Jy/beam");
  test_hdf5_text (group, "OBJECT", "O'Neill");
  test_hdf5_text (group, "HISTORY", "first line\nsecond line");
  test_hdf5_real (group, "CRVAL1", 51.5);
  test_hdf5_real (group, "CRVAL2", 30.25);
  test_hdf5_real (group, "CRVAL3", 1.1e11);
  test_hdf5_real (group, "CRVAL4", 1);
  test_hdf5_real (group, "CDELT1", -0.001);
  test_hdf5_real (group, "CDELT2", 0.001);
  test_hdf5_real (group, "CDELT3", 1e6);
  test_hdf5_real (group, "CDELT4", 1);
  test_hdf5_real (group, "CRPIX1", 10);
  test_hdf5_real (group, "CRPIX2", 11);
  test_hdf5_real (group, "CRPIX3", 1);
  test_hdf5_real (group, "CRPIX4", 1);
  test_hdf5_real (group, "BMAJ", 0.002);
  test_hdf5_real (group, "BMIN", 0.001);
  test_hdf5_real (group, "BPA", 30);
  test_hdf5_real (group, "BSCALE", 7);
  test_hdf5_int (group, "BITPIX", 16);
  test_hdf5_int (group, "NAXIS", 4);
}

static float *
make_pixels (gboolean is_turned,
             float    offset)
{
  float *pixels = g_new (float, N_PIXELS);
  gsize  i = 0;

  for (int s = 0; s < N_STOKES; s++)
    for (int a = 0; a < (is_turned ? WIDTH : DEPTH); a++)
      for (int y = 0; y < HEIGHT; y++)
        for (int b = 0; b < (is_turned ? DEPTH : WIDTH); b++)
          pixels[i++] = pixel (is_turned ? a : b, y, is_turned ? b : a, s) + offset;

  return pixels;
}

/* How the arrays are stored. */
typedef struct
{
  const char *type;
  gboolean    is_chunked;
  gboolean    has_turned;
  float       turned_offset; /* to be told from the other */
  gboolean    has_mip;
  gboolean    has_large_chunks;
} Storage;

static hid_t
get_type (const char *name)
{
  if (g_str_equal (name, "f32be"))
    return H5T_IEEE_F32BE;
  if (g_str_equal (name, "f64"))
    return H5T_IEEE_F64LE;
  if (g_str_equal (name, "i32"))
    return H5T_STD_I32LE;

  return H5T_IEEE_F32LE;
}

static void
write_file (Fixture       *fixture,
            const Storage *storage)
{
  const hsize_t     dims[] = { N_STOKES, DEPTH, HEIGHT, WIDTH };
  const hsize_t     turned_dims[] = { N_STOKES, WIDTH, HEIGHT, DEPTH };
  const hsize_t     mip_dims[] = { N_STOKES, DEPTH, (HEIGHT + 1) / 2, (WIDTH + 1) / 2 };
  const hsize_t     small_chunk[] = { 1, 2, 8, 16 };
  const hsize_t     large_chunk[] = { 1, 2, HEIGHT, WIDTH };
  const hsize_t    *chunk = storage->has_large_chunks ? large_chunk : small_chunk;
  g_autofree float *pixels = make_pixels (FALSE, 0);
  g_autofree float *turned = make_pixels (TRUE, storage->turned_offset);
  hid_t             file = H5Fcreate (fixture->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t             group = test_hdf5_group (file, "0");

  put_cards (group);
  test_hdf5_data (group, "DATA", get_type (storage->type), 4, dims, storage->is_chunked ? chunk : NULL,
                  H5T_NATIVE_FLOAT, pixels);
  if (storage->has_turned)
    {
      hid_t inner = test_hdf5_group (group, "SwizzledData");

      test_hdf5_data (inner, "ZYXW", get_type (storage->type), 4, turned_dims, storage->is_chunked ? chunk : NULL,
                      H5T_NATIVE_FLOAT, turned);
      H5Gclose (inner);
    }
  if (storage->has_mip)
    {
      hid_t mips = test_hdf5_group (group, "MipMaps");
      hid_t inner = test_hdf5_group (mips, "DATA");

      test_hdf5_data (inner, "DATA_XY_2", H5T_IEEE_F32LE, 4, mip_dims, NULL, H5T_NATIVE_FLOAT, pixels);
      H5Gclose (inner);
      H5Gclose (mips);
    }
  H5Gclose (group);
  H5Fclose (file);
}

static AlmuImage *
open_path (const char *path,
           const char *hdu,
           GError    **error)
{
  g_autofree char *name = g_path_get_basename (path);
  int              fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);

  return almu_image_open (fd, name, hdu, ALMU_IMAGE_NONE, error);
}

static AlmuImage *
open_good (const char *path)
{
  g_autoptr(GError) error = NULL;
  AlmuImage *image = open_path (path, "", &error);

  g_assert_no_error (error);

  return image;
}

static void
check_box (AlmuImage     *image,
           const AlmuBox *box,
           float          offset)
{
  gsize             n = (gsize) box->area.width * box->area.height * box->n_channels;
  g_autofree float *pixels = g_new (float, n);
  g_autoptr(GError) error = NULL;
  gsize i = 0;

  almu_image_read (image, box, pixels, NULL, &error);
  g_assert_no_error (error);
  for (int z = 0; z < box->n_channels; z++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++, i++)
        {
          float expected = pixel (box->area.x + x, box->area.y + y, box->channel + z, box->stokes) + offset;

          if (isnan (expected))
            g_assert_true (isnan (pixels[i]) || pixels[i] == (float) G_MININT32);
          else
            g_assert_cmpfloat (pixels[i], ==, expected);
        }
}

/* -- pixels ----------------------------------------------------------------- */

static AlmuBox
random_box (void)
{
  AlmuBox box = { 0 };

  box.area.x = g_test_rand_int_range (0, WIDTH);
  box.area.y = g_test_rand_int_range (0, HEIGHT);
  box.area.width = g_test_rand_bit () ? 1 : g_test_rand_int_range (1, WIDTH - box.area.x + 1);
  box.area.height = g_test_rand_bit () ? 1 : g_test_rand_int_range (1, HEIGHT - box.area.y + 1);
  box.channel = g_test_rand_int_range (0, DEPTH);
  box.n_channels = g_test_rand_int_range (1, DEPTH - box.channel + 1);
  box.stokes = g_test_rand_int_range (0, N_STOKES);

  return box;
}

static void
test_hdf5_storage (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const Storage storages[] = {
    { "f32", FALSE, FALSE, 0, FALSE },
    { "f32", FALSE, TRUE, 0, FALSE },
    { "f32", TRUE, TRUE, 0, FALSE },
    { "f32be", FALSE, TRUE, 0, FALSE },
    { "f64", TRUE, FALSE, 0, FALSE },
    { "i32", FALSE, TRUE, 0, FALSE },
    { "f32", TRUE, FALSE, 0, FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (storages); i++)
    {
      g_autoptr(AlmuImage) image = NULL;

      write_file (fixture, &storages[i]);
      image = open_good (fixture->path);
      for (int s = 0; s < N_STOKES; s++)
        check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, s }, 0);
      for (int k = 0; k < 200; k++)
        {
          AlmuBox box = random_box ();

          check_box (image, &box, 0);
        }
    }
}

/* Spectra come from the turned array, planes do not. */
static void
test_hdf5_turned (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;

  write_file (fixture, &(Storage){ "f32", FALSE, TRUE, 0.5, TRUE });
  image = open_good (fixture->path);

  check_box (image, &(AlmuBox){ { 5, 6, 1, 1 }, 0, DEPTH, 1 }, 0.5);
  check_box (image, &(AlmuBox){ { 5, 6, 3, 4 }, 2, 9, 0 }, 0.5);
  check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 3, 1, 1 }, 0);
  check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 1 }, 0);
}

/* Spectra of neighbours, through chunks that lie the other way, need what was
 * unpacked for the first of them. */
static void
test_hdf5_neighbours (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;
  guint64 n_before;

  write_file (fixture, &(Storage){ "f32", TRUE, FALSE, 0, FALSE, TRUE });
  image = open_good (fixture->path);
  check_box (image, &(AlmuBox){ { 5, 6, 1, 1 }, 0, DEPTH, 1 }, 0);
  n_before = almu_image_get_total_bytes_read ();
  for (int i = 0; i < 200; i++)
    {
      int channel = g_test_rand_int_range (0, DEPTH - 1);

      check_box (image, &(AlmuBox){ { g_test_rand_int_range (0, WIDTH), g_test_rand_int_range (0, HEIGHT), 1, 1 }, channel, g_test_rand_int_range (2, DEPTH - channel + 1), 1 }, 0);
    }
  g_assert_cmpuint (almu_image_get_total_bytes_read (), ==, n_before);

  check_box (image, &(AlmuBox){ { 5, 6, 1, 1 }, 0, DEPTH, 0 }, 0);
  g_assert_cmpuint (almu_image_get_total_bytes_read (), >, n_before);
}

static gpointer
hammer_thread (gpointer user_data)
{
  for (int i = 0; i < 100; i++)
    check_box (user_data, &(AlmuBox){ { i % 30, i % 20, 5, 3 }, i % 10, 5, i % 2 }, 0);

  return NULL;
}

static void
test_hdf5_threads (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;
  GThread *threads[6];

  write_file (fixture, &(Storage){ "f32", TRUE, TRUE, 0, FALSE });
  image = open_good (fixture->path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, hammer_thread, image);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* -- what it says ----------------------------------------------------------- */

static const char *
get_text (AlmuHeader *header,
          const char *name)
{
  for (guint i = 0; i < almu_header_get_length (header); i++)
    if (g_str_equal (almu_header_get_card (header, i)->name, name))
      return almu_header_get_card (header, i)->value;

  return "(none)";
}

static void
test_hdf5_header (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;
  const AlmuImageInfo *info;
  guint                n_history = 0;

  write_file (fixture, &(Storage){ "f32", FALSE, TRUE, 0, TRUE });
  image = open_good (fixture->path);
  info = almu_image_get_info (image);

  g_assert_cmpint (info->format, ==, ALMU_IMAGE_HDF5);
  g_assert_cmpint (info->features, ==, ALMU_FEATURE_ROTATED | ALMU_FEATURE_MIPS);
  g_assert_cmpstr (info->hdu, ==, "0");
  g_assert_cmpint (info->width, ==, WIDTH);
  g_assert_cmpint (info->height, ==, HEIGHT);
  g_assert_cmpint (info->depth, ==, DEPTH);
  g_assert_cmpint (info->n_stokes, ==, N_STOKES);
  g_assert_cmpint (info->bitpix, ==, -32);
  g_assert_cmpstr (info->unit, ==, "Jy/beam");
  g_assert_cmpuint (info->beams->len, ==, 1);
  g_assert_true (info->pixel_area > 0);
  g_assert_cmpstr (get_text (info->header, "SCHEMA_VERSION"), ==, "0.3");
  g_assert_cmpstr (get_text (info->header, "HDF5_CONVERTER"), ==, "test");
  g_assert_cmpstr (get_text (info->header, "OBJECT"), ==, "O'Neill");
  g_assert_cmpstr (get_text (info->header, "BITPIX"), ==, "-32");
  g_assert_cmpstr (get_text (info->computed, "Has mipmaps"), ==, "T");
  g_assert_cmpstr (get_text (info->computed, "Shape"), ==, "[37, 23, 19, 2] (RA, DEC, FREQ, STOKES)");
  for (guint i = 0; i < almu_header_get_length (info->header); i++)
    n_history += g_str_has_prefix (almu_header_get_card (info->header, i)->name, "HISTORY");
  g_assert_cmpuint (n_history, ==, 2);
}

/* One of IDIA's own beside the FITS file it was made from. */
static void
test_hdf5_shared (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *path = almu_test_shared_path ("hdf5/M17_SWex_unit.hdf5");
  g_autofree char *fits_path = almu_test_shared_path ("M17_SWex_unit.fits");
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) fits = NULL;
  const AlmuImageInfo *info, *fits_info;
  float                a[180], b[180];

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no shared data");
      return;
    }

  image = open_good (path);
  fits = open_good (fits_path);
  info = almu_image_get_info (image);
  fits_info = almu_image_get_info (fits);

  g_assert_cmpint (info->features, ==, ALMU_FEATURE_ROTATED | ALMU_FEATURE_CHANNEL_HISTOGRAMS | ALMU_FEATURE_CUBE_HISTOGRAMS);
  g_assert_cmpint (info->n_axes, ==, fits_info->n_axes);
  g_assert_cmpfloat_with_epsilon (info->pixel_area, fits_info->pixel_area, 1e-12);
  for (guint i = 2; i < almu_header_get_length (fits_info->computed); i++)
    {
      const AlmuCard *card = almu_header_get_card (fits_info->computed, i);

      g_assert_cmpstr (get_text (info->computed, card->name), ==, card->value);
    }

  almu_image_read (image, &(AlmuBox){ { 0, 0, 6, 6 }, 0, 5, 0 }, a, NULL, NULL);
  almu_image_read (fits, &(AlmuBox){ { 0, 0, 6, 6 }, 0, 5, 0 }, b, NULL, NULL);
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
  for (int x = 0; x < 6; x++)
    {
      almu_image_read (image, &(AlmuBox){ { x, 3, 1, 1 }, 0, 5, 0 }, a, NULL, NULL);
      almu_image_read (fits, &(AlmuBox){ { x, 3, 1, 1 }, 0, 5, 0 }, b, NULL, NULL);
      g_assert_cmpmem (a, 5 * sizeof *a, b, 5 * sizeof *b);
    }
}

/* It becomes FITS when it is saved. */
static void
test_hdf5_saved (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "a.fits", NULL);
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(AlmuCutout) cutout = NULL;
  g_autoptr(GError) error = NULL;
  int fd;

  write_file (fixture, &(Storage){ "f32", TRUE, FALSE, 0, FALSE });
  image = open_good (fixture->path);
  cutout = almu_cutout_new (almu_image_get_info (image));
  fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  almu_cutout_write (cutout, image, fd, NULL, NULL, &error);
  g_assert_no_error (error);
  close (fd);

  copy = open_good (path);
  g_assert_cmpint (almu_image_get_info (copy)->format, ==, ALMU_IMAGE_FITS);
  for (int s = 0; s < N_STOKES; s++)
    check_box (copy, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, s }, 0);
}

/* -- what is refused -------------------------------------------------------- */

static void
assert_fails (const char *path,
              const char *hdu,
              int         code,
              const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuImage) image = open_path (path, hdu, &error);

  g_assert_null (image);
  g_assert_error (error, ALMU_ERROR, code);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, part);
}

static void
test_hdf5_wrong (Fixture      *fixture,
                 gconstpointer user_data)
{
  const hsize_t dims[] = { 3, 4 };
  const float   pixels[12] = { 0 };
  hid_t         file, group;

  write_file (fixture, &(Storage){ "f32", FALSE, FALSE, 0, FALSE });
  assert_fails (fixture->path, "1", ALMU_ERROR_NOT_FOUND, "the file has 0");

  file = H5Fcreate (fixture->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose (file);
  assert_fails (fixture->path, "", ALMU_ERROR_UNSUPPORTED, "no group has an array DATA");

  file = H5Fcreate (fixture->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  group = test_hdf5_group (file, "0");
  test_hdf5_data (group, "DATA", H5T_IEEE_F32LE, 1, dims, NULL, H5T_NATIVE_FLOAT, pixels);
  H5Gclose (group);
  H5Fclose (file);
  assert_fails (fixture->path, "", ALMU_ERROR_UNSUPPORTED, "at least two axes");
}

/* Neither links nor arrays lead to other files. */
static void
test_hdf5_elsewhere (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *linking = g_build_filename (fixture->folder, "linking.hdf5", NULL);
  g_autofree char *raw = g_build_filename (fixture->folder, "raw", NULL);
  const hsize_t    dims[] = { 3, 4 };
  hid_t            file, group, space, creation, id;

  write_file (fixture, &(Storage){ "f32", FALSE, FALSE, 0, FALSE });
  file = H5Fcreate (linking, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external (fixture->path, "/0", file, "0", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose (file);
  assert_fails (linking, "", ALMU_ERROR_UNSUPPORTED, "no group");

  g_assert_true (g_file_set_contents (raw, "0123456789012345678901234567890123456789012345678901234567890123", -1, NULL));
  file = H5Fcreate (linking, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  group = test_hdf5_group (file, "0");
  space = H5Screate_simple (2, dims, NULL);
  creation = H5Pcreate (H5P_DATASET_CREATE);
  H5Pset_external (creation, raw, 0, 48);
  id = H5Dcreate2 (group, "DATA", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Dclose (id);
  H5Pclose (creation);
  H5Sclose (space);
  H5Gclose (group);
  H5Fclose (file);
  assert_fails (linking, "", ALMU_ERROR_FORMAT, "does not lie in the file itself");
}

/* -- damage ----------------------------------------------------------------- */

/* Opens and reads all; what comes of it does not matter. */
static void
try_everything (const char *path)
{
  g_autoptr(AlmuImage) image = open_path (path, "", NULL);
  const AlmuImageInfo *info;
  g_autofree float    *pixels = NULL;

  if (image == NULL)
    return;

  info = almu_image_get_info (image);
  if ((gint64) info->width * info->height > 1 << 24)
    return;
  pixels = g_new (float, (gsize) info->width * info->height + info->depth);
  almu_image_read (image, &(AlmuBox){ { 0, 0, info->width, info->height }, 0, 1, 0 }, pixels, NULL, NULL);
  if (info->depth < 1 << 24)
    almu_image_read (image, &(AlmuBox){ { 0, 0, 1, 1 }, 0, info->depth, 0 },
                     (float *) (pixels = g_realloc (pixels, sizeof (float) * ((gsize) info->depth + 1))), NULL, NULL);
}

/* In a process of its own, where a crash can be told. */
static gboolean
survives (const char *path)
{
  pid_t pid = fork ();
  int   status = -1;

  if (pid == 0)
    {
      alarm (300);
      try_everything (path);
      _exit (0);
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);

  if (status != 0)
    g_test_message ("status %x", status);

  return status == 0;
}

/* At random where there is time; else always the same, lest what does not
 * depend on what was changed fails now and then. */
static void
test_hdf5_damaged (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (almu_test_is_slow () ? (guint32) g_test_rand_int () : 5);
  g_autofree char *bytes = NULL;
  gsize            n_bytes;
  int              n_dead = 0;
  int              n = almu_test_is_slow () ? 5000 : 300;

  write_file (fixture, &(Storage){ "f32", TRUE, TRUE, 0, TRUE });
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));

  for (int i = 0; i < n; i++)
    {
      g_autofree char *copy = g_memdup2 (bytes, n_bytes);
      gsize            length = g_rand_boolean (random) ? n_bytes : (gsize) g_rand_int_range (random, 8, (gint32) n_bytes);
      int              n_flips = g_rand_int_range (random, 0, 12);
      g_autofree char *kept = NULL;

      for (int k = 0; k < n_flips; k++)
        copy[g_rand_int_range (random, 8, g_rand_boolean (random) ? (gint32) n_bytes : 12000)] = (char) g_rand_int (random);
      /* no disk is waited for, thousands of times */
      g_assert_true (g_file_set_contents_full (fixture->path, copy, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      if (survives (fixture->path))
        continue;

      n_dead++;
      kept = g_strdup_printf ("%s/almu-hdf5-dead-%d.hdf5", g_get_tmp_dir (), n_dead);
      g_test_message ("died of %s", kept);
      if (g_getenv ("ALMU_KEEP_DEAD") != NULL)
        g_file_set_contents (kept, copy, length, NULL);
    }

  g_assert_cmpint (n_dead, ==, 0);
}

/* Where the message that holds an attribute is told to be of a kind that
 * there is not, libhdf5 1.10 frees what it never wrote. */
static void
test_hdf5_message_of_no_kind (Fixture      *fixture,
                              gconstpointer user_data)
{
  const char       before[] = "\x0c\0\x30\0\0\0\0\0\1\0\7\0\x0c\0\x08\0BITPIX";
  g_autofree char *bytes = NULL;
  char            *message;
  gsize            n_bytes;

  write_file (fixture, &(Storage){ "f32", TRUE, TRUE, 0, TRUE });
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  message = memmem (bytes, n_bytes, before, sizeof before - 1);
  g_assert_nonnull (message);
  *message = (char) 0xe0;
  g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) n_bytes, NULL));

  for (int i = 0; i < 20; i++)
    g_assert_true (survives (fixture->path));
}

static GArray *
list_children (void)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  GArray     *pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  const char *task;

  while ((task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task, "children", NULL);
      g_autofree char *text = NULL;
      char            *rest;

      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue;
      rest = text;
      for (pid_t pid; (pid = (pid_t) g_ascii_strtoll (rest, &rest, 10)) != 0;)
        g_array_append_val (pids, pid);
    }

  return pids;
}

/* Leaves out those that have ended, waited for or not. */
static guint
drop_ended (struct pollfd *ends,
            pid_t         *pids,
            guint          n)
{
  guint n_left = 0;

  for (guint i = 0; i < n; i++)
    {
      if (ends[i].fd >= 0 && ends[i].revents == 0)
        {
          pids[n_left] = pids[i];
          ends[n_left++] = ends[i];
        }
      else if (ends[i].fd >= 0)
        {
          close (ends[i].fd);
        }
    }

  return n_left;
}

/* The program that reads the file: the only one that goes on, when those of
 * files that were closed have ended, which they do beside. */
static pid_t
find_reader (void)
{
  g_autoptr(GArray) children = list_children ();
  g_autofree struct pollfd *ends = g_new0 (struct pollfd, children->len);
  pid_t                    *pids = (pid_t *) (gpointer) children->data;
  guint                     n = children->len;

  for (guint i = 0; i < n; i++)
    {
      ends[i].fd = (int) syscall (SYS_pidfd_open, pids[i], 0);
      ends[i].events = POLLIN;
      g_assert_true (ends[i].fd >= 0 || errno == ESRCH);
    }

  while ((n = drop_ended (ends, pids, n)) > 1)
    g_assert_cmpint (poll (ends, n, -1), >, 0);
  g_assert_cmpuint (n, ==, 1);
  close (ends[0].fd);

  return pids[0];
}

static void
kill_reader (int signal)
{
  pid_t     pid = find_reader ();
  siginfo_t info;

  g_assert_cmpint (kill (pid, signal), ==, 0);
  g_assert_cmpint (waitid (P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), ==, 0);
}

/* One that is killed for reasons of the world is replaced, and nobody sees. */
static void
test_hdf5_reader_killed (Fixture      *fixture,
                         gconstpointer user_data)
{
  const AlmuBox all = { { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 1 };
  g_autoptr(AlmuImage) image = NULL;
  pid_t first;

  write_file (fixture, &(Storage){ "f32", TRUE, TRUE, 0, FALSE });
  image = open_good (fixture->path);
  check_box (image, &all, 0);
  first = find_reader ();
  kill_reader (SIGKILL);
  check_box (image, &all, 0);
  g_assert_cmpint (find_reader (), !=, first);
}

/* One that died of the file is not, and what lies in the file as it is wanted
 * is read without it. */
static void
test_hdf5_reader_died (Fixture      *fixture,
                       gconstpointer user_data)
{
  static const gboolean kinds[] = { TRUE, FALSE };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      const AlmuBox box = { { 1, 2, 3, 4 }, 0, 1, 0 };
      g_autoptr(AlmuImage) image = NULL;
      float pixels[12];

      write_file (fixture, &(Storage){ "f32", kinds[i], FALSE, 0, FALSE });
      image = open_good (fixture->path);
      check_box (image, &box, 0);
      /* which a memory checker leaves alone */
      kill_reader (SIGABRT);
      if (!kinds[i])
        check_box (image, &box, 0);

      for (int k = 0; kinds[i] && k < 2; k++)
        {
          g_autoptr(GError) error = NULL;

          g_assert_false (almu_image_read (image, &box, pixels, NULL, &error));
          g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
          g_assert_nonnull (strstr (error->message, "a.hdf5: is damaged: libhdf5 does not survive"));
        }
    }
}

/* An image that is closed leaves no program behind. */
static void
test_hdf5_reader_ends (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;
  siginfo_t info;
  pid_t     pid;

  write_file (fixture, &(Storage){ "f32", TRUE, FALSE, 0, FALSE });
  image = open_good (fixture->path);
  pid = find_reader ();
  g_clear_object (&image);
  /* waits for its end, and then for who has to take note of it */
  while (waitid (P_PID, (id_t) pid, &info, WEXITED | WNOWAIT) == 0)
    g_thread_yield ();
  g_assert_cmpint (errno, ==, ECHILD);
}

/* What is written anew is looked at anew. */
static void
test_hdf5_again (Fixture      *fixture,
                 gconstpointer user_data)
{
  gint64           begin;
  g_autofree char *bytes = NULL;
  gsize            n_bytes;

  write_file (fixture, &(Storage){ "f32", TRUE, TRUE, 0, TRUE });
  for (int i = 0; i < 5; i++)
    {
      g_autoptr(AlmuImage) image = NULL;

      begin = g_get_monotonic_time ();
      image = open_good (fixture->path);
      g_test_message ("opened in %.2f ms", (double) (g_get_monotonic_time () - begin) / 1000);
    }

  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  memset (bytes + 16, 0xff, n_bytes - 16);
  g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) n_bytes, NULL));
  g_assert_null (open_path (fixture->path, "", NULL));
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/engine/hdf5/storage", test_hdf5_storage);
  add_test ("/engine/hdf5/turned", test_hdf5_turned);
  add_test ("/engine/hdf5/neighbours", test_hdf5_neighbours);
  add_test ("/engine/hdf5/header", test_hdf5_header);
  add_test ("/engine/hdf5/shared", test_hdf5_shared);
  add_test ("/engine/hdf5/saved", test_hdf5_saved);
  add_test ("/engine/hdf5/wrong", test_hdf5_wrong);
  add_test ("/engine/hdf5/elsewhere", test_hdf5_elsewhere);
  add_test ("/engine/hdf5/damaged", test_hdf5_damaged);
  add_test ("/engine/hdf5/message-of-no-kind", test_hdf5_message_of_no_kind);
  add_test ("/engine/hdf5/reader/killed", test_hdf5_reader_killed);
  add_test ("/engine/hdf5/reader/died", test_hdf5_reader_died);
  add_test ("/engine/hdf5/reader/ends", test_hdf5_reader_ends);
  add_test ("/engine/hdf5/again", test_hdf5_again);
  add_test ("/engine/hdf5/threads", test_hdf5_threads);

  return g_test_run ();
}
