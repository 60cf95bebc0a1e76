/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-cutout.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test.h"
#include "almu-wcs.h"

/* What is cut out of an image is opened again and compared, pixel by pixel
 * and place by place. */

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
open_path (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr(GError) error = NULL;
  int        fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  AlmuImage *image;

  g_assert_cmpint (fd, >=, 0);
  image = almu_image_open (fd, name, "", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  return image;
}

static AlmuImage *
cut (Fixture          *fixture,
     AlmuImage        *image,
     const AlmuCutout *cutout)
{
  g_autofree char *path = g_build_filename (fixture->folder, "cut.fits", NULL);
  g_autoptr(GError) error = NULL;
  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  almu_cutout_write (cutout, image, fd, NULL, NULL, &error);
  g_assert_no_error (error);
  close (fd);

  return open_path (path);
}

/* -- comparing ------------------------------------------------------------ */

static gboolean
is_same (float a,
         float b)
{
  return a == b || (isnan (a) && isnan (b));
}

static gboolean
is_kept (const AlmuCutout *cutout,
         int               x,
         int               y)
{
  const AlmuMask *mask = cutout->mask;

  for (guint i = 0; mask != NULL && i < mask->n_spans; i++)
    if (mask->spans[i].y == y && x >= mask->spans[i].x && x < mask->spans[i].x + mask->spans[i].length)
      return TRUE;

  return mask == NULL;
}

/* A polarisation axis that is known as such by its place alone becomes the
 * one of channels when that is dropped. */
static void
compare_plane (AlmuImage        *image,
               AlmuImage        *copy,
               const AlmuCutout *cutout,
               int               n_channel,
               int               n_stokes)
{
  gboolean          is_exchanged = almu_image_get_info (copy)->depth != cutout->channels.n;
  int               old_channel = is_exchanged ? n_stokes : n_channel;
  int               old_stokes = is_exchanged ? n_channel : n_stokes;
  int               width = cutout->area.width;
  int               height = cutout->area.height;
  g_autofree float *expected = g_new (float, (gsize) width *height);
  g_autofree float *found = g_new (float, (gsize) width *height);
  g_autoptr(GError) error = NULL;

  almu_image_read (image,
                   &(AlmuBox){ cutout->area, cutout->channels.first + old_channel * cutout->channels.stride, 1,
                               cutout->stokes.first + old_stokes * cutout->stokes.stride },
                   expected, NULL, &error);
  g_assert_no_error (error);
  almu_image_read (copy, &(AlmuBox){ { 0, 0, width, height }, n_channel, 1, n_stokes }, found, NULL, &error);
  g_assert_no_error (error);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        gsize i = (gsize) y * width + x;

        if (!is_kept (cutout, cutout->area.x + x, cutout->area.y + y))
          g_assert_true (isnan (found[i]));
        else if (!is_same (found[i], expected[i]))
          g_error ("pixel %d,%d of plane %d,%d is %g, not %g", x, y, n_channel, n_stokes,
                   found[i], expected[i]);
      }
}

static AlmuWcs *
make_wcs (AlmuImage *image)
{
  gsize       n_bytes;
  const char *records = g_bytes_get_data (almu_image_get_info (image)->records, &n_bytes);

  return almu_wcs_new (records, n_bytes / 80, NULL);
}

static double
get_card (AlmuImage  *image,
          double      fallback,
          const char *format,
          int         i,
          int         j)
{
  char   name[9];
  double number = fallback;

  g_snprintf (name, sizeof name, format, i, j);
  almu_header_get_number (almu_image_get_info (image)->header, name, &number);

  return number;
}

/* World coordinate @i before any projection, less its reference value. */
static double
get_intermediate (AlmuImage    *image,
                  const double *pixel,
                  int           i)
{
  AlmuHeader *header = almu_image_get_info (image)->header;
  gboolean    is_cd = almu_header_lookup (header, "CD1_1") != NULL;
  double      sum = 0;

  for (int j = 1; j <= almu_image_get_info (image)->n_axes; j++)
    {
      double factor = i == j && !is_cd ? 1 : 0;

      factor = get_card (image, factor, "PC%03d%03d", i, j);
      factor = get_card (image, factor, is_cd ? "CD%d_%d" : "PC%d_%d", i, j);
      sum += factor * (pixel[j] - get_card (image, 0, "CRPIX%d", j, 0));
    }

  return is_cd ? sum : sum * get_card (image, 1, "CDELT%d", i, 0);
}

/* Where pixel @number of the copy, on axis @axis of the original's file, was
 * in it; @out_last is the copy's last. */
static double
find_origin (AlmuImage        *image,
             const AlmuCutout *cutout,
             int               axis,
             double            number,
             double           *out_last)
{
  const AlmuAxes *axes = &almu_image_get_info (image)->axes;
  AlmuSteps       steps = { 0, 1, 1 };

  if (axis == axes->render[0])
    steps = (AlmuSteps){ cutout->area.x, cutout->area.width, 1 };
  else if (axis == axes->render[1])
    steps = (AlmuSteps){ cutout->area.y, cutout->area.height, 1 };
  else if (axis == axes->depth)
    steps = cutout->channels;
  else if (axis == axes->stokes)
    steps = cutout->stokes;

  if (out_last != NULL)
    *out_last = number = steps.n;

  return steps.first + (number - 1) * steps.stride + 1;
}

/* By arithmetic of our own: all axes, turned and sheared as they are. */
static void
compare_matrices (AlmuImage        *image,
                  AlmuImage        *copy,
                  const AlmuCutout *cutout)
{
  int    n_axes = almu_image_get_info (image)->n_axes;
  double before[ALMU_LIMIT_AXES + 1] = { 0 };
  double after[ALMU_LIMIT_AXES + 1] = { 0 };

  for (int i = 1; i <= n_axes; i++)
    before[i] = find_origin (image, cutout, i, 0, &after[i]);

  for (int i = 1; i <= n_axes; i++)
    {
      double expected = get_intermediate (image, before, i);

      g_assert_cmpfloat_with_epsilon (get_intermediate (copy, after, i), expected, fabs (expected) * 1e-10 + 1e-12);
    }
}

/* The same place on the sky, and the same frequency. */
static void
compare_places (AlmuImage        *image,
                AlmuImage        *copy,
                const AlmuCutout *cutout)
{
  g_autoptr(AlmuWcs) before = make_wcs (image);
  g_autoptr(AlmuWcs) after = make_wcs (copy);
  int               longitude = 0;
  int               latitude = 0;
  double            new_pixels[4] = { 1, 1, 1, 1 };
  double            old_pixels[4];
  double            old_sky[4] = { 0 };
  double            new_sky[4] = { 0 };
  AlmuSpectralPoint old_point, new_point;

  if (cutout->keep_degenerate && almu_image_get_info (image)->axes.render[0] == 1 &&
      almu_image_get_info (image)->axes.render[1] == 2 && !(cutout->rest_frequency > 0))
    compare_matrices (image, copy, cutout);
  if (before == NULL)
    return;
  g_assert_nonnull (after);

  if (almu_wcs_get_sky_axes (before, &longitude, &latitude))
    {
      old_pixels[0] = find_origin (image, cutout, longitude, 1, NULL);
      old_pixels[1] = find_origin (image, cutout, latitude, 1, NULL);
      old_pixels[2] = find_origin (image, cutout, longitude, 1, &new_pixels[2]);
      old_pixels[3] = find_origin (image, cutout, latitude, 1, &new_pixels[3]);
      /* an axis that is dropped takes the sky with it */
      if (!almu_wcs_get_sky_axes (after, &longitude, &latitude))
        {
          g_assert_false (cutout->keep_degenerate);
          return;
        }
      g_assert_true (almu_wcs_to_sky (before, 2, old_pixels, old_sky));
      g_assert_true (almu_wcs_to_sky (after, 2, new_pixels, new_sky));
      for (int i = 0; i < 4; i++)
        if (!is_same (old_sky[i], new_sky[i]) && fabs (old_sky[i] - new_sky[i]) > 1e-9)
          g_error ("coordinate %d is %.12g, not %.12g", i, new_sky[i], old_sky[i]);
    }

  /* there it depends on the place */
  if (almu_header_lookup (almu_image_get_info (image)->header, "PC3_1") != NULL)
    return;

  if (!cutout->keep_degenerate || almu_wcs_get_spectral_axis (before) == 0 ||
      almu_wcs_get_spectral_axis (before) != almu_image_get_info (image)->axes.depth)
    return;

  for (int i = 0; i < cutout->channels.n; i++)
    if (almu_wcs_to_spectral (before, 1 + cutout->channels.first + i * cutout->channels.stride, &old_point) &&
        old_point.has_frequency)
      {
        g_assert_true (almu_wcs_to_spectral (after, 1 + i, &new_point));
        g_assert_cmpfloat_with_epsilon (new_point.frequency, old_point.frequency, fabs (old_point.frequency) * 1e-10);
      }
}

static void
compare (AlmuImage        *image,
         AlmuImage        *copy,
         const AlmuCutout *cutout)
{
  const AlmuImageInfo *old_info = almu_image_get_info (image);
  const AlmuImageInfo *new_info = almu_image_get_info (copy);

  g_assert_cmpint (new_info->width, ==, cutout->area.width);
  g_assert_cmpint (new_info->height, ==, cutout->area.height);
  g_assert_cmpint (new_info->bitpix, ==, -32);
  g_assert_cmpstr (new_info->unit, ==, old_info->unit);

  /* an axis that is not named any more may be taken for another */
  if (cutout->keep_degenerate)
    {
      g_assert_cmpint (new_info->depth, ==, cutout->channels.n);
      g_assert_cmpint (new_info->n_stokes, ==, cutout->stokes.n);
      g_assert_cmpint (new_info->n_axes, ==, old_info->n_axes);
    }
  g_assert_cmpint (new_info->depth * new_info->n_stokes, ==, cutout->channels.n * cutout->stokes.n);

  for (int s = 0; s < new_info->n_stokes; s++)
    {
      for (int z = 0; z < new_info->depth; z++)
        compare_plane (image, copy, cutout, z, s);
      if (new_info->stokes_codes != NULL && old_info->stokes_codes != NULL && cutout->keep_degenerate)
        g_assert_cmpint (new_info->stokes_codes[s], ==,
                         old_info->stokes_codes[cutout->stokes.first + s * cutout->stokes.stride]);
    }

  compare_places (image, copy, cutout);
}

/* -- random ones ---------------------------------------------------------- */

static AlmuSteps
random_steps (int n)
{
  int first = g_test_rand_int_range (0, n);
  int stride = g_test_rand_int_range (1, 4);

  return (AlmuSteps){ first, g_test_rand_int_range (1, (n - 1 - first) / stride + 2), stride };
}

static AlmuCutout *
random_cutout (const AlmuImageInfo *info)
{
  AlmuCutout *cutout = almu_cutout_new (info);

  cutout->area.x = g_test_rand_int_range (0, info->width);
  cutout->area.y = g_test_rand_int_range (0, info->height);
  cutout->area.width = g_test_rand_int_range (1, info->width - cutout->area.x + 1);
  cutout->area.height = g_test_rand_int_range (1, info->height - cutout->area.y + 1);
  cutout->channels = random_steps (info->depth);
  cutout->stokes = random_steps (info->n_stokes);
  cutout->keep_degenerate = g_test_rand_bit ();

  if (g_test_rand_bit ())
    {
      AlmuPoint points[2] = {
        { cutout->area.x + cutout->area.width / 2.f, cutout->area.y + cutout->area.height / 2.f },
        { cutout->area.width / 2.f + 1, cutout->area.height / 2.f + 1 },
      };
      g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_ELLIPSE, points, 2, g_test_rand_int_range (0, 180), NULL);

      cutout->mask = almu_mask_new (shape, info->width, info->height);
      if (almu_mask_is_empty (cutout->mask))
        g_clear_pointer (&cutout->mask, almu_mask_unref);
      else
        cutout->area = cutout->mask->bounds;
    }

  return cutout;
}

static void
check_random (Fixture   *fixture,
              AlmuImage *image,
              int        n_times)
{
  for (int i = 0; i < n_times; i++)
    {
      g_autoptr(AlmuCutout) cutout = random_cutout (almu_image_get_info (image));
      g_autoptr(AlmuImage) copy = cut (fixture, image, cutout);

      compare (image, copy, cutout);
    }
}

typedef struct
{
  const char *name;
  int         bitpix;
  int         n_axes;
  gint64      shape[5];
  const char *cards[64];
} Layout;

#define SKY                                                                           \
  "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CRVAL1", "51.3", "CRVAL2", "30.5", \
    "CRPIX1", "16.5", "CRPIX2", "9.0"

static const Layout layouts[] = {
  { "plane", 16, 2, { 31, 17 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "BSCALE", "0.5", "BZERO", "3", "BLANK", "7" } },
  { "rotated", -32, 2, { 31, 17 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "CROTA2", "30." } },
  { "cd", -64, 3, { 31, 17, 9 }, { SKY, "CD1_1", "-0.001", "CD1_2", "0.0002", "CD2_1", "0.0003", "CD2_2", "0.001", "CD3_3", "1e6", "CTYPE3", "'FREQ'", "CRVAL3", "1.1e11", "CRPIX3", "3", "RESTFRQ", "1.1e11" } },
  { "pc", 32, 4, { 31, 17, 9, 3 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "PC1_2", "0.1", "PC2_1", "-0.1", "PC1_3", "0.02", "PC3_1", "0.01", "CTYPE3", "'FREQ'", "CRVAL3", "1.1e11", "CRPIX3", "3", "CDELT3", "1e6", "CTYPE4", "'STOKES'", "CRVAL4", "1", "CRPIX4", "1", "CDELT4", "1" } },
  { "long-pc", 8, 3, { 31, 17, 9 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "PC001002", "0.1", "PC002001", "-0.1", "CTYPE3", "'VRAD'", "CUNIT3", "'km/s'", "CRVAL3", "10", "CRPIX3", "3", "CDELT3", "0.5", "RESTFRQ", "1.1e11" } },
  { "stokes-third", 64, 4, { 31, 17, 3, 9 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "CTYPE3", "'STOKES'", "CRVAL3", "-5", "CRPIX3", "1", "CDELT3", "-1", "CTYPE4", "'VOPT'", "CRVAL4", "1e6", "CRPIX4", "2", "CDELT4", "1e4", "RESTFRQ", "1.4e9" } },
  { "no-reference", -32, 3, { 31, 17, 9 }, { "CTYPE3", "'FREQ'", "CRVAL3", "1e9" } },
  { "five", 16, 5, { 31, 17, 4, 1, 1 }, { SKY, "CDELT1", "-0.001", "CDELT2", "0.001", "CTYPE3", "'FREQ'", "CRVAL3", "1e9", "CDELT3", "1e6", "CTYPE4", "'STOKES'", "CRVAL4", "1", "CDELT4", "1", "CTYPE5", "'EXTRA'" } },
  { "turned", -32, 4, { 9, 31, 17, 1 }, { "CTYPE1", "'FREQ'", "CRVAL1", "1e9", "CDELT1", "1e6", "CRPIX1", "1", "CTYPE2", "'RA---SIN'", "CTYPE3", "'DEC--SIN'", "CRVAL2", "20", "CRVAL3", "5", "CDELT2", "-0.01", "CDELT3", "0.01", "CRPIX2", "4", "CRPIX3", "8", "CTYPE4", "'STOKES'", "CRVAL4", "1", "CDELT4", "1" } },
};

static double
random_value (const gint64 *position,
              gpointer      user_data)
{
  return g_test_rand_int_range (0, 100);
}

static char *
save_layout (Fixture      *fixture,
             const Layout *layout)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, layout->bitpix, layout->n_axes, layout->shape);
  for (guint i = 0; layout->cards[i] != NULL; i += 2)
    almu_test_fits_card (fits, layout->cards[i], layout->cards[i + 1]);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, random_value, NULL);
  almu_test_fits_end (fits);

  return almu_test_fits_save (fits, fixture->folder, layout->name);
}

static void
test_cutout_random (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      g_autofree char *path = save_layout (fixture, &layouts[i]);
      g_autoptr(AlmuImage) image = open_path (path);

      g_test_message ("%s", layouts[i].name);
      check_random (fixture, image, 40);
    }
}

static void
test_cutout_shared (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const char *const names[] = {
    "1904-66_AIT.fits",
    "1904-66_SIN_3d.fits",
    "M17_SWex_unit.fits",
    "WFPC2u5780205r_c0fx.fits",
    "WEIN069.fits",
    "aia_171_level1.fits",
    "arange.fits",
    "bitpix_64.fits",
    "blankset16.fits",
    "dec_pol_freq_ra.fits",
    "equatorial_3d.fits",
    "example_cube.fits",
    "fakebar.fits",
    "fz/comp.fits",
    "fz/m13_rice.fits",
    "gc_bolocam_gps.fits",
    "gc_msx_e.fits",
    "gz/dss.14.29.56-62.41.05.fits.gz",
    "l1448_13co.fits",
    "noise_4d.fits",
    "sip-wcs.fits",
    "small_5D.fits",
    "small_perplanebeam.fits",
    "wise-1b-1.fits",
  };
  guint n_found = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = almu_test_shared_path (names[i]);

      if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
        {
          g_autoptr(AlmuImage) image = open_path (path);

          g_test_message ("%s", names[i]);
          check_random (fixture, image, 6);
          n_found++;
        }
    }

  if (n_found == 0)
    g_test_skip ("no shared data");
}

/* -- cards ---------------------------------------------------------------- */

static double
get_number (AlmuImage  *image,
            const char *name)
{
  double number = NAN;

  almu_header_get_number (almu_image_get_info (image)->header, name, &number);

  return number;
}

static const char *
get_text (AlmuImage  *image,
          const char *name)
{
  return almu_header_get_text (almu_image_get_info (image)->header, name);
}

static guint
count_cards (AlmuImage  *image,
             const char *prefix)
{
  AlmuHeader *header = almu_image_get_info (image)->header;
  guint       n = 0;

  for (guint i = 0; i < almu_header_get_length (header); i++)
    n += g_str_has_prefix (almu_header_get_card (header, i)->name, prefix);

  return n;
}

/* An extension becomes a file of its own. What it said of its array is not
 * repeated; all else is. */
static void
test_cutout_cards (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuCutout) cutout = NULL;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, 8, 0, NULL);
  almu_test_fits_end_header (fits);
  almu_test_fits_end (fits);
  almu_test_fits_begin_extension (fits, 16, 3, (gint64[]){ 4, 3, 1 }, "SCI");
  almu_test_fits_card (fits, "BSCALE", "2.0");
  almu_test_fits_card (fits, "BLANK", "5");
  almu_test_fits_card (fits, "DATAMAX", "9.0");
  almu_test_fits_card (fits, "WCSAXES", "3");
  almu_test_fits_card (fits, "CTYPE3", "'FREQ'");
  almu_test_fits_card (fits, "OBJECT", "'L1448'");
  almu_test_fits_record (fits, "LONGSTR = 'This is a text that needs more than one card, which th&'");
  almu_test_fits_record (fits, "CONTINUE  'e standard allows&' / and a comment");
  almu_test_fits_record (fits, "CONTINUE  '.'");
  almu_test_fits_record (fits, "HIERARCH ESO DET NAME = 'CCD'");
  for (int i = 0; i < 3000; i++)
    almu_test_fits_record (fits, "HISTORY   AIPS CLEAN BMAJ=  1.0E-03");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 12, (double[]){ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 });
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, "cards.fits");

  image = open_path (path);
  cutout = almu_cutout_new (almu_image_get_info (image));
  cutout->keep_degenerate = FALSE;
  copy = cut (fixture, image, cutout);

  compare (image, copy, cutout);
  g_assert_cmpint (almu_image_get_info (copy)->hdu_number, ==, 0);
  g_assert_cmpint (almu_image_get_info (copy)->n_axes, ==, 2);
  g_assert_cmpuint (count_cards (copy, "HISTORY"), ==, 3000);
  g_assert_cmpuint (count_cards (copy, "HIERARCH"), ==, 1);
  g_assert_cmpuint (count_cards (copy, "BSCALE"), ==, 0);
  g_assert_cmpuint (count_cards (copy, "BLANK"), ==, 0);
  g_assert_cmpuint (count_cards (copy, "DATAMAX"), ==, 0);
  g_assert_cmpuint (count_cards (copy, "CTYPE3"), ==, 0);
  g_assert_cmpuint (count_cards (copy, "NAXIS"), ==, 3);
  g_assert_cmpfloat (get_number (copy, "WCSAXES"), ==, 2);
  g_assert_cmpstr (get_text (copy, "OBJECT"), ==, "L1448");
  g_assert_cmpstr (get_text (copy, "EXTNAME"), ==, "SCI");
  g_assert_cmpstr (get_text (copy, "LONGSTR"), ==, get_text (image, "LONGSTR"));
}

static void
test_cutout_rest_frequency (Fixture      *fixture,
                            gconstpointer user_data)
{
  static const Layout cases[] = {
    { "freq", -32, 3, { 4, 4, 5 }, { SKY, "CTYPE3", "'FREQ'", "CRVAL3", "1.1e11", "CDELT3", "1e6", "CRPIX3", "1", "RESTFREQ", "1.1e11" } },
    { "radio", -32, 3, { 4, 4, 5 }, { SKY, "CTYPE3", "'VRAD'", "CRVAL3", "1e6", "CDELT3", "1e3", "CRPIX3", "1", "RESTFRQ", "1.1e11" } },
    { "radio-km", -32, 3, { 4, 4, 5 }, { SKY, "CTYPE3", "'VRAD'", "CUNIT3", "'km/s'", "CRVAL3", "1e3", "CDELT3", "1", "CRPIX3", "1", "RESTFRQ", "1.1e11" } },
    { "optical", -32, 3, { 4, 4, 5 }, { SKY, "CTYPE3", "'VOPT'", "CRVAL3", "1e6", "CDELT3", "1e3", "CRPIX3", "1", "RESTFRQ", "1.1e11" } },
    { "none", -32, 3, { 4, 4, 5 }, { SKY, "CTYPE3", "'FREQ'", "CRVAL3", "1.1e11", "CDELT3", "1e6", "CRPIX3", "1" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = save_layout (fixture, &cases[i]);
      g_autoptr(AlmuImage) image = open_path (path);
      g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
      g_autoptr(AlmuImage) copy = NULL;

      cutout->rest_frequency = 1.2e11;
      copy = cut (fixture, image, cutout);

      /* the same frequencies, counted from another line */
      compare (image, copy, cutout);
      g_assert_cmpfloat (get_number (copy, i == 0 ? "RESTFREQ" : "RESTFRQ"), ==, 1.2e11);
    }
}

/* -- tables --------------------------------------------------------------- */

/* A cube whose wavelengths are in a table of @n_cells numbers. */
static char *
write_tabular (Fixture *fixture,
               gsize    n_cells)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree double *numbers = g_new (double, MAX (n_cells, 60));
  g_autofree char   *row = g_strdup_printf ("%" G_GSIZE_FORMAT, n_cells * sizeof (double));
  g_autofree char   *form = g_strdup_printf ("'%" G_GSIZE_FORMAT "D'", n_cells);
  g_autofree char   *shape = g_strdup_printf ("'(1,%" G_GSIZE_FORMAT ")'", n_cells);

  for (gsize i = 0; i < MAX (n_cells, 60); i++)
    numbers[i] = 500 + (double) (i * i);

  almu_test_fits_begin (fits, -64, 3, (gint64[]){ 4, 3, 5 });
  almu_test_fits_card (fits, "CTYPE1", "'RA---TAN'");
  almu_test_fits_card (fits, "CTYPE2", "'DEC--TAN'");
  almu_test_fits_card (fits, "CTYPE3", "'WAVE-TAB'");
  almu_test_fits_card (fits, "CUNIT3", "'nm'");
  almu_test_fits_card (fits, "CRPIX3", "1.0");
  almu_test_fits_card (fits, "CRVAL3", "1.0");
  almu_test_fits_card (fits, "CDELT3", "1.0");
  almu_test_fits_card (fits, "PS3_0", "'WCS-TABLE'");
  almu_test_fits_card (fits, "PV3_1", "2");
  almu_test_fits_card (fits, "PS3_1", "'waves'");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 60, numbers);
  almu_test_fits_end (fits);

  /* one of that name which is not meant */
  almu_test_fits_begin_extension (fits, -64, 1, (gint64[]){ 2 }, "WCS-TABLE");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 2, numbers);
  almu_test_fits_end (fits);

  almu_test_fits_card (fits, "XTENSION", "'BINTABLE'");
  almu_test_fits_card (fits, "BITPIX", "8");
  almu_test_fits_card (fits, "NAXIS", "2");
  almu_test_fits_card (fits, "NAXIS1", row);
  almu_test_fits_card (fits, "NAXIS2", "1");
  almu_test_fits_card (fits, "PCOUNT", "0");
  almu_test_fits_card (fits, "GCOUNT", "1");
  almu_test_fits_card (fits, "TFIELDS", "1");
  almu_test_fits_card (fits, "TTYPE1", "'waves'");
  almu_test_fits_card (fits, "TFORM1", form);
  almu_test_fits_card (fits, "TDIM1", shape);
  almu_test_fits_card (fits, "EXTNAME", "'WCS-TABLE'");
  almu_test_fits_card (fits, "EXTVER", "2");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, n_cells, numbers);
  almu_test_fits_end (fits);

  return almu_test_fits_save (fits, fixture->folder, "tabular.fits");
}

static GBytes *
read_table (AlmuImage *image)
{
  g_autoptr(GError) error = NULL;
  GBytes *bytes = NULL;

  almu_image_read_extension (image, "WCS-TABLE", 2, &bytes, &error);
  g_assert_no_error (error);

  return bytes;
}

/* An axis that is kept keeps its table; one that goes takes it along. */
static void
test_cutout_tables (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *path = write_tabular (fixture, 5);
  g_autoptr(AlmuImage) image = open_path (path);
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(AlmuImage) plane = NULL;
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autoptr(GBytes) table = read_table (image);
  g_autoptr(GBytes) kept = NULL;
  double reference;

  g_assert_cmpuint (g_bytes_get_size (table), ==, 2 * 2880);
  cutout->channels = (AlmuSteps){ 1, 2, 2 };
  copy = cut (fixture, image, cutout);
  kept = read_table (copy);
  g_assert_true (g_bytes_equal (kept, table));
  g_assert_true (almu_header_get_number (almu_image_get_info (copy)->header, "CRPIX3", &reference));
  g_assert_cmpfloat (reference, ==, 0.5);

  cutout->channels = (AlmuSteps){ 1, 1, 1 };
  cutout->keep_degenerate = FALSE;
  plane = cut (fixture, image, cutout);
  g_assert_null (read_table (plane));
  g_assert_null (almu_header_lookup (almu_image_get_info (plane)->header, "PS3_0"));
}

/* At and above what such a table may have. */
static void
test_cutout_large_table (Fixture      *fixture,
                         gconstpointer user_data)
{
  for (gsize over = 0; over < 2; over++)
    {
      g_autofree char *path = write_tabular (fixture, ALMU_LIMIT_EXTENSION_BYTES / sizeof (double) + over);
      g_autoptr(AlmuImage) image = open_path (path);
      g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
      g_autoptr(GError) error = NULL;
      int fd = g_open ("/dev/null", O_WRONLY | O_CLOEXEC, 0);

      almu_cutout_write (cutout, image, fd, NULL, NULL, &error);
      close (fd);
      if (over == 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
    }
}

/* -- beams ---------------------------------------------------------------- */

static void
test_cutout_beams (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *path = almu_test_shared_path ("small_perplanebeam.fits");
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(AlmuImage) one = NULL;
  g_autoptr(AlmuCutout) cutout = NULL;
  const AlmuImageInfo *info;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no shared data");
      return;
    }

  image = open_path (path);
  info = almu_image_get_info (image);
  g_assert_cmpuint (info->beams->len, >, 4);

  cutout = almu_cutout_new (info);
  cutout->channels = (AlmuSteps){ 1, 2, 2 };
  copy = cut (fixture, image, cutout);
  g_assert_cmpuint (almu_image_get_info (copy)->beams->len, ==, 2 * info->n_stokes);
  for (int i = 0; i < 2; i++)
    {
      const AlmuBeam *before = almu_image_info_get_beam (info, 1 + 2 * i, 0);
      const AlmuBeam *after = almu_image_info_get_beam (almu_image_get_info (copy), i, 0);

      g_assert_cmpint (after->channel, ==, i);
      g_assert_cmpfloat_with_epsilon (after->major, before->major, 1e-5);
      g_assert_cmpfloat_with_epsilon (after->minor, before->minor, 1e-5);
      g_assert_cmpfloat_with_epsilon (after->angle, before->angle, 1e-4);
    }

  cutout->channels = (AlmuSteps){ 3, 1, 1 };
  cutout->stokes = (AlmuSteps){ 0, 1, 1 };
  one = cut (fixture, image, cutout);
  g_assert_cmpuint (almu_image_get_info (one)->beams->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (g_array_index (almu_image_get_info (one)->beams, AlmuBeam, 0).major,
                                  almu_image_info_get_beam (info, 3, 0)->major, 1e-9);
  g_assert_cmpuint (count_cards (one, "CASAMBM"), ==, 0);
}

/* -- failures ------------------------------------------------------------- */

static void
test_cutout_cancelled (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *path = save_layout (fixture, &layouts[0]);
  g_autofree char *target = g_build_filename (fixture->folder, "cut.fits", NULL);
  g_autoptr(AlmuImage) image = open_path (path);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  int fd = g_open (target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_cancellable_cancel (cancellable);
  g_assert_false (almu_cutout_write (cutout, image, fd, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (fd);
}

static void
test_cutout_disk_full (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *path = save_layout (fixture, &layouts[0]);
  g_autoptr(AlmuImage) image = open_path (path);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autoptr(GError) error = NULL;
  int fd = g_open ("/dev/full", O_WRONLY | O_CLOEXEC, 0);

  g_assert_false (almu_cutout_write (cutout, image, fd, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  close (fd);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/engine/cutout/random", test_cutout_random);
  add_test ("/engine/cutout/shared", test_cutout_shared);
  add_test ("/engine/cutout/cards", test_cutout_cards);
  add_test ("/engine/cutout/rest-frequency", test_cutout_rest_frequency);
  add_test ("/engine/cutout/tables", test_cutout_tables);
  add_test ("/engine/cutout/large-table", test_cutout_large_table);
  add_test ("/engine/cutout/beams", test_cutout_beams);
  add_test ("/engine/cutout/cancelled", test_cutout_cancelled);
  add_test ("/engine/cutout/disk-full", test_cutout_disk_full);

  return g_test_run ();
}
