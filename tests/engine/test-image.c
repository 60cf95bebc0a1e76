/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "almu-error.h"
#include "almu-image.h"
#include "almu-plane.h"
#include "almu-test.h"
#include "almu-tile-codec.h"
#include "test-pixels.h"

typedef struct
{
  char *folder;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
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
open_good (const char *path,
           const char *hdu)
{
  g_autoptr(GError) error = NULL;
  AlmuImage *image = open_path (path, hdu, &error);

  g_assert_no_error (error);
  g_assert_nonnull (image);

  return image;
}

static float *
read_box (AlmuImage     *image,
          const AlmuBox *box)
{
  g_autoptr(GError) error = NULL;
  gsize  n = (gsize) box->area.width * box->area.height * box->n_channels;
  float *pixels = g_new (float, n);

  almu_image_read (image, box, pixels, NULL, &error);
  g_assert_no_error (error);

  return pixels;
}

static float *
read_all (AlmuImage *image)
{
  const AlmuImageInfo *info = almu_image_get_info (image);

  return read_box (image, &(AlmuBox){ { 0, 0, info->width, info->height }, 0, info->depth, 0 });
}

/* -- any order of axes -------------------------------------------------- */

typedef struct
{
  const char *name;
  int         n_axes;
  gint64      shape[5];
  const char *types[5];
  int         bitpix;
} Layout;

static const Layout layouts[] = {
  { "plane", 2, { 31, 17 }, { "RA---SIN", "DEC--SIN" }, -32 },
  { "cube", 3, { 31, 17, 9 }, { "RA---SIN", "DEC--SIN", "FREQ" }, -32 },
  { "hypercube", 4, { 31, 17, 9, 3 }, { "RA---SIN", "DEC--SIN", "FREQ", "STOKES" }, 16 },
  { "stokes-third", 4, { 31, 17, 3, 9 }, { "RA---SIN", "DEC--SIN", "STOKES", "FREQ" }, -64 },
  { "stokes-second", 4, { 31, 3, 17, 9 }, { "RA---SIN", "STOKES", "DEC--SIN", "FREQ" }, 32 },
  { "stokes-first", 4, { 3, 31, 17, 9 }, { "STOKES", "RA---SIN", "DEC--SIN", "FREQ" }, -32 },
  { "stokes-first-short", 4, { 3, 31, 17, 9 }, { "STOKES", "RA---SIN", "DEC--SIN", "FREQ" }, 16 },
  { "wide", 3, { 5000, 20, 2 }, { "RA---SIN", "DEC--SIN", "FREQ" }, 64 },
  { "gaps", 3, { 1500, 90, 2 }, { "RA---SIN", "DEC--SIN", "FREQ" }, -32 },
  { "gaps-short", 3, { 2600, 90, 2 }, { "RA---SIN", "DEC--SIN", "FREQ" }, 16 },
  { "gaps-long", 3, { 900, 90, 2 }, { "RA---SIN", "DEC--SIN", "FREQ" }, -64 },
  { "many-stokes-first", 3, { 1500, 40, 3 }, { "STOKES", "RA---SIN", "DEC--SIN" }, 16 },
};

/* A number that tells where it was, small enough for 16 bits. */
static double
position_to_value (const gint64 *position,
                   gpointer      user_data)
{
  const Layout *layout = user_data;
  gint64        value = 0;

  for (int i = layout->n_axes - 1; i >= 0; i--)
    value = value * layout->shape[i] + position[i];

  return (double) (value % 32749);
}

static char *
save_layout (const Layout *layout,
             const char   *folder)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, layout->bitpix, layout->n_axes, layout->shape);
  for (int i = 0; i < layout->n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);
      g_autofree char *value = g_strdup_printf ("'%s'", layout->types[i]);

      almu_test_fits_card (fits, name, value);
    }
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, position_to_value, (gpointer) layout);
  almu_test_fits_end (fits);

  return almu_test_fits_save (fits, folder, layout->name);
}

static void
check_box (AlmuImage     *image,
           const Layout  *layout,
           const AlmuBox *box)
{
  const AlmuAxes   *axes = &almu_image_get_info (image)->axes;
  g_autofree float *pixels = read_box (image, box);
  gsize             at = 0;

  for (int z = 0; z < box->n_channels; z++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        {
          gint64 position[ALMU_LIMIT_AXES] = { 0 };

          position[axes->render[0] - 1] = box->area.x + x;
          position[axes->render[1] - 1] = box->area.y + y;
          if (axes->depth > 0)
            position[axes->depth - 1] = box->channel + z;
          if (axes->stokes > 0)
            position[axes->stokes - 1] = box->stokes;
          g_assert_cmpfloat (pixels[at++], ==, (float) position_to_value (position, (gpointer) layout));
        }
}

static void
random_range (int  limit,
              int *out_start,
              int *out_length)
{
  *out_start = g_test_rand_int_range (0, limit);
  *out_length = g_test_rand_int_range (1, limit - *out_start + 1);
}

static void
test_image_layouts (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      g_autofree char     *path = save_layout (&layouts[i], fixture->folder);
      AlmuImage           *image = open_good (path, "");
      const AlmuImageInfo *info = almu_image_get_info (image);

      for (int stokes = 0; stokes<info->n_stokes; stokes += info->n_stokes> 10 ? 499 : 1)
        check_box (image, &layouts[i], &(AlmuBox){ { 0, 0, info->width, info->height }, 0, info->depth, stokes });

      for (int round = 0; round < 60; round++)
        {
          AlmuBox box = { .stokes = g_test_rand_int_range (0, info->n_stokes) };

          random_range (info->width, &box.area.x, &box.area.width);
          random_range (info->height, &box.area.y, &box.area.height);
          random_range (info->depth, &box.channel, &box.n_channels);
          if (round % 3 == 0)
            box.area.width = box.area.height = 1;
          if (round % 3 == 1)
            {
              box.area.x = 0;
              box.area.width = info->width;
            }
          check_box (image, &layouts[i], &box);
        }

      almu_test_await_finalize (image);
    }
}

static void
test_image_bytes_read (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char  *path = save_layout (&layouts[1], fixture->folder);
  AlmuImage        *image = open_good (path, "");
  guint64           before = almu_image_get_total_bytes_read ();
  g_autofree float *spectrum = NULL;
  g_autofree float *plane = NULL;

  spectrum = read_box (image, &(AlmuBox){ { 3, 4, 1, 1 }, 0, 9, 0 });
  g_assert_cmpuint (almu_image_get_total_bytes_read () - before, ==, 9 * sizeof (float));

  before = almu_image_get_total_bytes_read ();
  plane = read_box (image, &(AlmuBox){ { 0, 0, 31, 17 }, 2, 1, 0 });
  g_assert_cmpuint (almu_image_get_total_bytes_read () - before, ==, 31 * 17 * sizeof (float));

  almu_test_await_finalize (image);
}

static void
test_image_box_outside (Fixture      *fixture,
                        gconstpointer user_data)
{
  static const AlmuBox boxes[] = {
    { { 0, 0, 32, 17 }, 0, 1, 0 },
    { { 31, 0, 1, 1 }, 0, 1, 0 },
    { { -1, 0, 1, 1 }, 0, 1, 0 },
    { { 2, 0, G_MAXINT, 1 }, 0, 1, 0 },
    { { 0, 16, 1, 2 }, 0, 1, 0 },
    { { 0, 0, 0, 1 }, 0, 1, 0 },
    { { 0, 0, 1, 1 }, 9, 1, 0 },
    { { 0, 0, 1, 1 }, 1, 9, 0 },
    { { 0, 0, 1, 1 }, 0, 1, 1 },
    { { 0, 0, 1, 1 }, 0, 1, -1 },
  };
  g_autofree char *path = save_layout (&layouts[1], fixture->folder);
  AlmuImage       *image = open_good (path, "");

  for (gsize i = 0; i < G_N_ELEMENTS (boxes); i++)
    {
      g_autoptr(GError) error = NULL;
      float pixel = 0.0f;

      g_assert_false (almu_image_read (image, &boxes[i], &pixel, NULL, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
    }

  almu_test_await_finalize (image);
}

/* -- values ------------------------------------------------------------- */

static void
test_image_values (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const int bitpixes[] = { 8, 16, 32, 64, -32, -64 };
  const double     values[] = { 0, 1, 2, 7, 100, 127 };

  for (gsize i = 0; i < G_N_ELEMENTS (bitpixes); i++)
    {
      g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
      g_autofree char  *path = NULL;
      g_autofree float *pixels = NULL;
      AlmuImage        *image;

      almu_test_fits_begin (fits, bitpixes[i], 2, (gint64[]){ 3, 2 });
      almu_test_fits_card (fits, "BSCALE", "0.5");
      almu_test_fits_card (fits, "BZERO", "-10.0");
      almu_test_fits_card (fits, "BLANK", "7");
      almu_test_fits_end_header (fits);
      almu_test_fits_values (fits, 6, values);
      almu_test_fits_end (fits);
      path = almu_test_fits_save (fits, fixture->folder, "values.fits");

      image = open_good (path, "0");
      pixels = read_all (image);
      for (int k = 0; k < 6; k++)
        if (values[k] == 7 && bitpixes[i] > 0)
          g_assert_true (isnan (pixels[k]));
        else
          g_assert_cmpfloat (pixels[k], ==, (float) (-10.0 + 0.5 * values[k]));
      almu_test_await_finalize (image);
    }
}

static double
value_or_blank (const gint64 *position,
                gpointer      user_data)
{
  gint64 i = position[0] + position[1] * 1500;

  return i % 997 == 0 ? NAN : (double) (i % 5003);
}

static char *
save_plane (const char *folder)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, -32, 2, (gint64[]){ 1500, 1400 });
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, value_or_blank, NULL);
  almu_test_fits_end (fits);

  return almu_test_fits_save (fits, folder, "plane.fits");
}

static void
test_image_plane (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  AlmuImage       *image = open_good (path, "");
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = almu_plane_load (image, 0, 0, NULL, &error);
  g_autofree float *pixels = read_all (image);
  g_autoptr(AlmuPlane) again = almu_plane_new_for_pixels (pixels, 1500, 1400);
  const AlmuStats *stats;

  g_assert_no_error (error);
  g_assert_cmpmem (almu_plane_get_pixels (plane), 1500 * 1400 * sizeof (float),
                   pixels, 1500 * 1400 * sizeof (float));
  stats = almu_plane_get_stats (plane);
  g_assert_cmpmem (stats, sizeof *stats, almu_plane_get_stats (again), sizeof *stats);
  g_assert_cmpint (stats->n_blank, ==, (1500 * 1400 + 996) / 997);
  g_assert_cmpfloat (stats->max, ==, 5002.0f);

  almu_test_await_finalize (image);
}

static void
test_image_plane_cancelled (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  AlmuImage       *image = open_good (path, "");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (almu_plane_load (image, 0, 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  almu_test_await_finalize (image);
}

static void
test_image_plane_outside (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  AlmuImage       *image = open_good (path, "");
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_plane_load (image, 1, 0, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);

  almu_test_await_finalize (image);
}

/* cfitsio and zfp in one program: both have functions of the same names. */
static void
test_image_tile (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  AlmuImage       *image = open_good (path, "");
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = almu_plane_load (image, 0, 0, NULL, &error);
  g_autoptr(AlmuTilePicture) picture = NULL;

  g_assert_no_error (error);
  picture = almu_tile_picture_new (almu_plane_get_pixels (plane), 1500, 256, 256,
                                   ALMU_COMPRESSION_ZFP, 11);
  g_assert_cmpuint (g_bytes_get_size (picture->pixels), >, 1000);
  g_assert_cmpuint (g_bytes_get_size (picture->pixels), <, 256 * 256 * 4);

  almu_test_await_finalize (image);
}

/* -- what goes wrong ---------------------------------------------------- */

static void
test_image_truncated_while_open (Fixture      *fixture,
                                 gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  AlmuImage       *image = open_good (path, "");
  g_autoptr(GError) error = NULL;
  g_autofree float *first = NULL;

  g_assert_cmpint (truncate (path, 2880 + 1000000), ==, 0);

  g_assert_null (almu_plane_load (image, 0, 0, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED);
  g_assert_nonnull (strstr (error->message, "plane.fits"));

  /* the bytes are named, and what is there can still be read */
  g_clear_error (&error);
  {
    g_autofree float *pixels = g_new (float, 1500 * 1400);

    g_assert_false (almu_image_read (image, &(AlmuBox){ { 0, 0, 1500, 1400 }, 0, 1, 0 }, pixels, NULL, &error));
    g_assert_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED);
    g_assert_nonnull (strstr (error->message, "1002880"));
  }
  first = read_box (image, &(AlmuBox){ { 0, 0, 1500, 100 }, 0, 1, 0 });
  g_assert_cmpfloat (first[1], ==, 1.0f);

  almu_test_await_finalize (image);
}

/* Cut before anybody looked: not changed, but wrong, whether that is found
 * at the header or at the pixels. */
static void
test_image_cut_short (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *path = save_plane (fixture->folder);
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (truncate (path, 2880 + 1000000), ==, 0);
  image = open_path (path, "", &error);
  if (image != NULL)
    g_assert_null (almu_plane_load (image, 0, 0, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "plane.fits"));
}

/* Rows that are read with what is between them thrown away, until there are
 * none. */
static void
test_image_cut_in_gaps (Fixture      *fixture,
                        gconstpointer user_data)
{
  const Layout    *layout = NULL;
  g_autofree char *path = NULL;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree float *pixels = g_new (float, 700 * 90);

  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    if (g_str_equal (layouts[i].name, "gaps"))
      layout = &layouts[i];
  path = save_layout (layout, fixture->folder);
  image = open_good (path, "");
  g_assert_cmpint (truncate (path, 2880 + 1500 * 50 * 4), ==, 0);

  check_box (image, layout, &(AlmuBox){ { 10, 0, 700, 50 }, 0, 1, 0 });
  g_assert_false (almu_image_read (image, &(AlmuBox){ { 10, 0, 700, 90 }, 0, 1, 0 }, pixels, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED);
  g_assert_nonnull (strstr (error->message, "gaps"));
}

static void
assert_open_fails (const char *folder,
                   const char *bytes,
                   gsize       n_bytes,
                   int         code,
                   const char *word)
{
  g_autofree char *path = g_build_filename (folder, "odd", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
  g_assert_null (open_path (path, "", &error));
  g_assert_error (error, ALMU_ERROR, code);
  g_assert_nonnull (strstr (error->message, "odd"));
  if (word != NULL)
    g_assert_nonnull (strstr (error->message, word));
}

static void
test_image_odd_files (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "odd", NULL);

  assert_open_fails (fixture->folder, "", 0, ALMU_ERROR_UNSUPPORTED, NULL);
  assert_open_fails (fixture->folder, "#CRTF\n", 6, ALMU_ERROR_UNSUPPORTED, NULL);
  assert_open_fails (fixture->folder, "\211HDF\r\n\032\n....", 12, ALMU_ERROR_FORMAT, "cannot be opened");
  assert_open_fails (fixture->folder, "\037\213 not really", 13, ALMU_ERROR_FORMAT, NULL);

  g_assert_true (g_file_set_contents (path, "SIMPLE", 6, NULL));
  g_assert_null (open_path (path, "", &error));
  g_assert_nonnull (error);

  g_clear_error (&error);
  g_assert_null (open_path (fixture->folder, "", &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
}

static void
test_image_serials (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *path = save_layout (&layouts[0], fixture->folder);
  AlmuImage       *a = open_good (path, "");
  AlmuImage       *b = open_good (path, "0");

  g_assert_cmpuint (almu_image_get_serial (a), >=, 1);
  g_assert_cmpuint (almu_image_get_serial (b), >, almu_image_get_serial (a));
  g_assert_true (almu_fingerprint_equal (almu_image_get_fingerprint (a), almu_image_get_fingerprint (b)));
  g_assert_cmpstr (almu_image_get_name (a), ==, "plane");

  almu_test_await_finalize (a);
  almu_test_await_finalize (b);
}

/* -- real files --------------------------------------------------------- */

static AlmuImage *
open_shared (const char *name,
             const char *hdu)
{
  g_autofree char *path = almu_test_shared_path (name);

  return path != NULL ? open_good (path, hdu) : NULL;
}

static void
test_image_arange (Fixture      *fixture,
                   gconstpointer user_data)
{
  AlmuImage        *image = open_shared ("arange.fits", "0");
  g_autofree float *pixels = NULL;

  if (image == NULL)
    return;

  pixels = read_all (image);
  for (int i = 0; i < 11 * 10 * 7; i++)
    {
      int expected = i == 13 ? 10 : i == 269 ? 266
                                  : i == 525 ? 522
                                             : i;

      g_assert_cmpfloat (pixels[i], ==, (float) expected);
    }

  almu_test_await_finalize (image);
}

static void
check_pair (const char *a_name,
            const char *b_name,
            double      tolerance)
{
  AlmuImage        *a = open_shared (a_name, "");
  AlmuImage        *b = open_shared (b_name, "");
  g_autofree float *a_pixels = NULL;
  g_autofree float *b_pixels = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(GError) error = NULL;
  const AlmuImageInfo *info;
  double               scale;

  if (a == NULL || b == NULL)
    return;

  info = almu_image_get_info (a);
  g_assert_cmpint (almu_image_get_info (b)->width, ==, info->width);
  g_assert_cmpint (almu_image_get_info (b)->height, ==, info->height);

  plane = almu_plane_load (b, 0, 0, NULL, &error);
  g_assert_no_error (error);
  scale = almu_stats_get (almu_plane_get_stats (plane), ALMU_STATS_SIGMA, NULL, 0, 0);

  a_pixels = read_all (a);
  b_pixels = read_all (b);
  for (int i = 0; i < info->width * info->height; i++)
    {
      g_assert_cmpfloat (fabs ((double) a_pixels[i] - b_pixels[i]), <=, tolerance * scale);
      g_assert_cmpfloat (almu_plane_get_pixels (plane)[i], ==, b_pixels[i]);
    }

  almu_test_await_finalize (a);
  almu_test_await_finalize (b);
}

static void
test_image_pairs (Fixture      *fixture,
                  gconstpointer user_data)
{
  check_pair ("fz/m13.fits", "fz/m13_rice.fits", 0.0);
  check_pair ("fz/m13.fits", "fz/m13_gzip.fits", 0.0);
  check_pair ("fz/m13.fits", "fz/m13_hcomp.fits", 0.5);
  check_pair ("fz/m13real.fits", "fz/m13real_rice.fits", 0.5);
  check_pair ("gz/test.fits.gz", "gz/test.fits.bz2", 0.0);
  check_pair ("gz/test.fits.gz", "gz/test.fits.Z", 0.0);
}

static void
check_against_raw (const char *name,
                   gsize       offset,
                   int         bitpix,
                   double      scale,
                   double      zero,
                   gint64      blank)
{
  g_autofree char  *path = almu_test_shared_path (name);
  g_autofree char  *bytes = NULL;
  g_autofree float *pixels = NULL;
  AlmuImage        *image;
  int               n;

  if (path == NULL)
    return;

  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  image = open_good (path, "0");
  pixels = read_all (image);
  n = almu_image_get_info (image)->width * almu_image_get_info (image)->height;

  for (int i = 0; i < n; i++)
    {
      const guint8 *raw = (const guint8 *) bytes + offset + (gsize) i * (ABS (bitpix) / 8);
      guint64       bits = 0;
      double        value;
      float         single;
      guint32       bits_32;

      for (int k = 0; k < ABS (bitpix) / 8; k++)
        bits = bits << 8 | raw[k];
      bits_32 = (guint32) bits;
      memcpy (&single, &bits_32, sizeof single);
      memcpy (&value, &bits, sizeof value);
      if (bitpix == -32)
        value = single;
      if (bitpix > 0)
        value = (double) ((gint64) (bits << (64 - bitpix)) >> (64 - bitpix));
      if (bitpix == 8)
        value = (double) bits;

      if (bitpix > 0 && value == (double) blank)
        g_assert_true (isnan (pixels[i]));
      else
        g_assert_cmpfloat (pixels[i], ==, (float) (zero + scale * value));
    }

  almu_test_await_finalize (image);
}

/* The first data block is found by looking for END. */
static gsize
find_data (const char *name)
{
  g_autofree char *path = almu_test_shared_path (name);
  g_autofree char *bytes = NULL;
  gsize            length = 0;
  gsize            at = 0;

  if (path == NULL)
    return 0;

  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  while (at + 80 <= length && strncmp (bytes + at, "END     ", 8) != 0)
    at += 80;

  return (at / 2880 + 1) * 2880;
}

static void
test_image_raw (Fixture      *fixture,
                gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    int         bitpix;
    double      scale;
    double      zero;
    gint64      blank;
  } files[] = {
    { "bitpix_8.fits", 8, 1, 0, G_MININT64 },
    { "bitpix_16.fits", 16, 1, 0, G_MININT64 },
    { "bitpix_32.fits", 32, 1, 0, G_MININT64 },
    { "bitpix_64.fits", 64, 1, 0, G_MININT64 },
    { "bitpix_m32.fits", -32, 1, 0, G_MININT64 },
    { "bitpix_m64.fits", -64, 1, 0, G_MININT64 },
    { "blankset16.fits", 16, 9.613025E-03, 9.505700E+01, -32768 },
    { "scale.fits", 16, 0.045777764213996, 1500.0, G_MININT64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      gsize offset = find_data (files[i].name);

      if (offset > 0)
        check_against_raw (files[i].name, offset, files[i].bitpix, files[i].scale, files[i].zero, files[i].blank);
    }
}

/* 11 × 11 pixels, checked by the long way over what was read. */
static void
test_image_stats (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuImage        *image = open_shared ("imageStats.fits", "0");
  g_autofree float *pixels = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(GError) error = NULL;
  double sum = 0, sum_sq = 0;
  int    n = 0;

  if (image == NULL)
    return;

  plane = almu_plane_load (image, 0, 0, NULL, &error);
  g_assert_no_error (error);
  pixels = read_all (image);
  for (int i = 0; i < 121; i++)
    if (isfinite (pixels[i]))
      {
        sum += pixels[i];
        sum_sq += (double) pixels[i] * pixels[i];
        n++;
      }

#define get(type) almu_stats_get (almu_plane_get_stats (plane), ALMU_STATS_##type, NULL, 0, 0)
  g_assert_cmpfloat (get (NUM_PIXELS), ==, n);
  g_assert_cmpfloat_with_epsilon (get (SUM), sum, 1e-9 * fabs (sum));
  g_assert_cmpfloat_with_epsilon (get (MEAN), sum / n, 1e-9 * fabs (sum));
  g_assert_cmpfloat_with_epsilon (get (RMS), sqrt (sum_sq / n), 1e-9 * sqrt (sum_sq));
  g_assert_cmpfloat_with_epsilon (get (SIGMA), sqrt ((sum_sq - sum * sum / n) / (n - 1)), 1e-6 * sqrt (sum_sq));
#undef get

  almu_test_await_finalize (image);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/image/layouts", test_image_layouts);
  add_test ("/engine/image/bytes-read", test_image_bytes_read);
  add_test ("/engine/image/box-outside", test_image_box_outside);
  add_test ("/engine/image/values", test_image_values);
  add_test ("/engine/image/plane", test_image_plane);
  add_test ("/engine/image/plane/cancelled", test_image_plane_cancelled);
  add_test ("/engine/image/plane/outside", test_image_plane_outside);
  add_test ("/engine/image/tile", test_image_tile);
  add_test ("/engine/image/truncated-while-open", test_image_truncated_while_open);
  add_test ("/engine/image/cut-in-gaps", test_image_cut_in_gaps);
  add_test ("/engine/image/cut-short", test_image_cut_short);
  add_test ("/engine/image/odd-files", test_image_odd_files);
  add_test ("/engine/image/serials", test_image_serials);
  add_test ("/engine/image/shared/arange", test_image_arange);
  add_test ("/engine/image/shared/pairs", test_image_pairs);
  add_test ("/engine/image/shared/raw", test_image_raw);
  add_test ("/engine/image/shared/stats", test_image_stats);

  return g_test_run ();
}
