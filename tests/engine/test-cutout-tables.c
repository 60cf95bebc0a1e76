/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-card.h"
#include "almu-cutout.h"
#include "almu-hdu-reader.h"
#include "almu-image.h"
#include "almu-polarisation.h"
#include "almu-stokes-cube.h"
#include "almu-test.h"

/* What becomes of the tables beside an image when a part of it is saved. */

#define WIDTH 12
#define HEIGHT 9

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

/* -- files ---------------------------------------------------------------- */

/* Cards, two and two: name and value. */
static void
put_cards (AlmuTestFits      *fits,
           const char *const *cards)
{
  for (; cards[0] != NULL; cards += 2)
    almu_test_fits_card (fits, cards[0], cards[1]);
}

/* What the imagers of Hubble have: what the detector and what a filter does
 * to the pixels of each axis. */
static const char *const distorted[] = {
  "CTYPE1", "'RA---TAN'", "CTYPE2", "'DEC--TAN'", "CRPIX1", "4.0", "CRPIX2", "5.0", "CRVAL1", "10.0", "CRVAL2",
  "20.0", "CDELT1", "-0.001", "CDELT2", "0.001", "D2IMDIS1", "'Lookup'", "D2IM1", "'EXTVER: 1'", "D2IM1",
  "'NAXES: 2'", "D2IM1", "'AXIS.1: 1'", "D2IM1", "'AXIS.2: 2'", "D2IMERR1", "0.5", "CPDIS1", "'Lookup'", "DP1",
  "'EXTVER: 1.0'", "DP1", "'NAXES: 2.0'", "DP1", "'AXIS.1: 1.0'", "DP1", "'AXIS.2: 2.0'", "CPERR1", "0.25", "CPDIS2",
  "'LOOKUP'", "DP2", "'EXTVER: 2'", "DP2", "'NAXES: 2'", "DP2", "'AXIS.1: 1'", "DP2", "'AXIS.2: 2'", NULL
};

static void
put_image (AlmuTestFits      *fits,
           int                n_axes,
           const gint64      *shape,
           const char *const *cards)
{
  g_autofree double *values = NULL;
  gsize              n = 1;

  for (int i = 0; i < n_axes; i++)
    n *= (gsize) shape[i];
  values = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (double) i;

  almu_test_fits_begin (fits, -64, n_axes, shape);
  put_cards (fits, cards);
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, n, values);
  almu_test_fits_end (fits);
}

static void
put_table (AlmuTestFits      *fits,
           const char        *name,
           const char        *version,
           const char *const *cards)
{
  const double values[] = { 0.1, 0.2, 0.3, -0.1, -0.2, -0.3 };

  almu_test_fits_begin_extension (fits, -64, 2, (gint64[]){ 3, 2 }, name);
  almu_test_fits_card (fits, "EXTVER", version);
  put_cards (fits, cards);
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 6, values);
  almu_test_fits_end (fits);
}

static const char *const whole_scale[] = { "CRPIX1", "1.0", "CRPIX2", "1.0", "CRVAL1", "1.0", "CRVAL2", "1.0",
                                           "CDELT1", "5.5", "CDELT2", "8.0", "CHECKSUM", "'0123456789ABCDEF'", NULL };
static const char *const bare_scale[] = { "CDELT1", "5.5", NULL };

static AlmuImage *
open_path (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr(GError) error = NULL;
  AlmuImage *image = almu_image_open (g_open (path, O_RDONLY | O_CLOEXEC, 0), name, "", ALMU_IMAGE_NONE, &error);

  g_assert_no_error (error);

  return image;
}

static AlmuImage *
save_and_open (Fixture      *fixture,
               AlmuTestFits *fits,
               const char   *name)
{
  g_autofree char *path = almu_test_fits_save (fits, fixture->folder, name);

  return open_path (path);
}

static AlmuImage *
make_distorted (Fixture *fixture,
                gboolean is_whole)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  put_image (fits, 2, (gint64[]){ WIDTH, HEIGHT }, distorted);
  put_table (fits, "D2IMARR", "1", bare_scale);
  put_table (fits, "WCSDVARR", "1", whole_scale);
  if (is_whole)
    put_table (fits, "WCSDVARR", "2", whole_scale);

  return save_and_open (fixture, fits, "distorted.fits");
}

static AlmuImage *
cut (Fixture          *fixture,
     AlmuImage        *image,
     const AlmuCutout *cutout,
     char            **out_lost)
{
  g_autofree char *path = g_build_filename (fixture->folder, "cut.fits", NULL);
  g_autoptr(GError) error = NULL;
  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  *out_lost = NULL;
  almu_cutout_write (cutout, image, fd, out_lost, NULL, &error);
  g_assert_no_error (error);
  close (fd);

  return open_path (path);
}

/* -- looking -------------------------------------------------------------- */

static GBytes *
read_table (AlmuImage  *image,
            const char *name,
            gint64      version)
{
  g_autoptr(GError) error = NULL;
  GBytes *bytes = NULL;

  almu_image_read_extension (image, name, version, &bytes, &error);
  g_assert_no_error (error);

  return bytes;
}

static double
get_number (GBytes     *table,
            const char *name)
{
  gsize       n_bytes;
  const char *records = g_bytes_get_data (table, &n_bytes);
  AlmuHdu     hdu = { .records = (char *) records, .n_records = n_bytes / ALMU_RECORD_BYTES };
  const char *record = almu_hdu_find (&hdu, name);
  gsize       n_used;
  g_autoptr(AlmuCard) card = record != NULL ? almu_card_new_for_records (record, 1, &n_used) : NULL;

  return card != NULL ? card->number : NAN;
}

/* All cards of the image whose name begins so, as "NAME=value,". */
static char *
list_cards (AlmuImage  *image,
            const char *stem)
{
  gsize       n_bytes;
  const char *records = g_bytes_get_data (almu_image_get_info (image)->records, &n_bytes);
  GString    *list = g_string_new (NULL);
  gsize       n_used;

  for (gsize i = 0; i < n_bytes; i += n_used * ALMU_RECORD_BYTES)
    {
      g_autoptr(AlmuCard) card = almu_card_new_for_records (records + i, (n_bytes - i) / ALMU_RECORD_BYTES, &n_used);

      if (g_str_has_prefix (card->name, stem))
        g_string_append_printf (list, "%s=%s,", card->name, card->value);
    }

  return g_string_free (list, FALSE);
}

static void
check_cards (AlmuImage  *image,
             const char *stem,
             const char *expected)
{
  g_autofree char *found = list_cards (image, stem);

  g_assert_cmpstr (found, ==, expected);
}

static void
check_data (GBytes *table,
            GBytes *other)
{
  const char *a = (const char *) g_bytes_get_data (table, NULL) + ALMU_BLOCK_BYTES;
  const char *b = (const char *) g_bytes_get_data (other, NULL) + ALMU_BLOCK_BYTES;

  g_assert_cmpuint (g_bytes_get_size (table), ==, 2 * ALMU_BLOCK_BYTES);
  g_assert_cmpmem (a, ALMU_BLOCK_BYTES, b, g_bytes_get_size (other) - ALMU_BLOCK_BYTES);
}

/* -- distortions ---------------------------------------------------------- */

static void
test_tables_whole (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    gint64      version;
  } tables[] = { { "D2IMARR", 1 }, { "WCSDVARR", 1 }, { "WCSDVARR", 2 } };
  g_autoptr(AlmuImage) image = make_distorted (fixture, TRUE);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autofree char *lost = NULL;
  g_autoptr(AlmuImage) copy = cut (fixture, image, cutout, &lost);

  g_assert_null (lost);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autoptr(GBytes) before = read_table (image, tables[i].name, tables[i].version);
      g_autoptr(GBytes) after = read_table (copy, tables[i].name, tables[i].version);

      g_assert_true (g_bytes_equal (before, after));
    }
  check_cards (copy, "DP", "DP1=EXTVER: 1.0,DP1=NAXES: 2.0,DP1=AXIS.1: 1.0,DP1=AXIS.2: 2.0,"
                           "DP2=EXTVER: 2,DP2=NAXES: 2,DP2=AXIS.1: 1,DP2=AXIS.2: 2,");
  check_cards (copy, "D2IM", "D2IMDIS1=Lookup,D2IM1=EXTVER: 1,D2IM1=NAXES: 2,D2IM1=AXIS.1: 1,D2IM1=AXIS.2: 2,"
                             "D2IMERR1=5.000000000000E-01,");
}

/* A table stays where it was on the sky: what it counts begins elsewhere. */
static void
test_tables_part (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = make_distorted (fixture, TRUE);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autofree char *lost = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(GBytes) before = read_table (image, "WCSDVARR", 2);
  g_autoptr(GBytes) after = NULL;
  g_autoptr(GBytes) bare = NULL;

  cutout->area = (AlmuRect){ 3, 2, 7, 5 };
  copy = cut (fixture, image, cutout, &lost);
  g_assert_null (lost);

  after = read_table (copy, "WCSDVARR", 2);
  g_assert_cmpfloat (get_number (after, "CRVAL1"), ==, 1 - 3);
  g_assert_cmpfloat (get_number (after, "CRVAL2"), ==, 1 - 2);
  g_assert_cmpfloat (get_number (after, "CRPIX1"), ==, 1);
  g_assert_cmpfloat (get_number (after, "CDELT1"), ==, 5.5);
  g_assert_true (isnan (get_number (after, "CHECKSUM")));
  check_data (after, before);

  /* what is not said is 0 */
  bare = read_table (copy, "D2IMARR", 1);
  g_assert_cmpfloat (get_number (bare, "CRVAL1"), ==, -3);
  g_assert_cmpfloat (get_number (bare, "CRVAL2"), ==, -2);
  check_data (bare, before);
}

static void
test_tables_missing (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = make_distorted (fixture, FALSE);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autofree char *lost = NULL;
  g_autoptr(AlmuImage) copy = cut (fixture, image, cutout, &lost);
  g_autoptr(GBytes) kept = read_table (copy, "WCSDVARR", 1);

  g_assert_nonnull (kept);
  g_assert_cmpstr (lost, ==, "CPDIS2: the file has no table WCSDVARR, version 2");
  check_cards (copy, "CPDIS", "CPDIS1=Lookup,");
  check_cards (copy, "DP", "DP1=EXTVER: 1.0,DP1=NAXES: 2.0,DP1=AXIS.1: 1.0,DP1=AXIS.2: 2.0,");
  check_cards (copy, "CRVAL", "CRVAL1=1.000000000000E+01,CRVAL2=2.000000000000E+01,");
}

/* The axes of an image whose first goes have other numbers; and a distortion
 * that counted it cannot be kept. */
static void
test_tables_renumbered (Fixture      *fixture,
                        gconstpointer user_data)
{
  static const char *const cards[] = {
    "CTYPE1", "'STOKES'", "CTYPE2", "'RA---TAN'", "CTYPE3", "'DEC--TAN'", "CPDIS2", "'Lookup'", "DP2", "'EXTVER: 1'",
    "DP2", "'NAXES: 2'", "DP2", "'AXIS.1: 2'", "DP2", "'AXIS.2: 3'", "CPDIS3", "'Lookup'", "DP3", "'EXTVER: 2'",
    "DP3", "'NAXES: 2'", "DP3", "'AXIS.1: 1'", "DP3", "'AXIS.2: 3'", NULL
  };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(AlmuCutout) cutout = NULL;
  g_autoptr(GBytes) table = NULL;
  g_autofree char *lost = NULL;

  put_image (fits, 3, (gint64[]){ 1, WIDTH, HEIGHT }, cards);
  put_table (fits, "WCSDVARR", "1", whole_scale);
  put_table (fits, "WCSDVARR", "2", whole_scale);
  image = save_and_open (fixture, fits, "stokes-first.fits");
  cutout = almu_cutout_new (almu_image_get_info (image));
  cutout->keep_degenerate = FALSE;
  cutout->area = (AlmuRect){ 4, 1, 5, 5 };
  copy = cut (fixture, image, cutout, &lost);

  g_assert_cmpstr (lost, ==, "CPDIS2: what it counts is not all in the part that is saved");
  check_cards (copy, "CPDIS", "CPDIS1=Lookup,");
  check_cards (copy, "DP", "DP1=EXTVER: 1,DP1=NAXES: 2,DP1=AXIS.1: 1,DP1=AXIS.2: 2,");
  table = read_table (copy, "WCSDVARR", 1);
  g_assert_cmpfloat (get_number (table, "CRVAL1"), ==, 1 - 4);
  g_assert_cmpfloat (get_number (table, "CRVAL2"), ==, 1 - 1);
  g_assert_null (read_table (copy, "WCSDVARR", 2));
}

/* A function of pixels that is no table is kept with all of them only. */
static void
test_tables_function (Fixture      *fixture,
                      gconstpointer user_data)
{
  static const char *const cards[] = { "CPDIS1", "'Polynomial'", "DP1", "'NAXES: 2'", "DP1", "'NAUX: 0'",
                                       "CQDIS2", "'TPD'", "DQ2", "'NAXES: 2'", NULL };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuCutout) cutout = NULL;

  put_image (fits, 2, (gint64[]){ WIDTH, HEIGHT }, cards);
  image = save_and_open (fixture, fits, "function.fits");
  cutout = almu_cutout_new (almu_image_get_info (image));

  for (int x = 0; x < 2; x++)
    {
      g_autofree char *lost = NULL;
      g_autoptr(AlmuImage) copy = NULL;

      cutout->area = (AlmuRect){ x, 0, 5, 5 };
      copy = cut (fixture, image, cutout, &lost);
      g_assert_cmpstr (lost, ==, x == 0 ? NULL : "CPDIS1: what it counts is not all in the part that is saved");
      check_cards (copy, "DP", x == 0 ? "DP1=NAXES: 2,DP1=NAUX: 0," : "");
      check_cards (copy, "DQ", "DQ2=NAXES: 2,");
    }
}

/* As astropy's own file has them, in another HDU than the first, packed. */
static void
test_tables_shared (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *path = almu_test_shared_path ("mef/dist_lookup.fits.gz");
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(AlmuCutout) cutout = NULL;
  g_autoptr(GBytes) table = NULL;
  g_autofree char *lost = NULL;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no shared data");
      return;
    }

  image = open_path (path);
  cutout = almu_cutout_new (almu_image_get_info (image));
  cutout->area = (AlmuRect){ 40, 30, 20, 10 };
  copy = cut (fixture, image, cutout, &lost);
  g_assert_null (lost);
  table = read_table (copy, "WCSDVARR", 2);
  g_assert_cmpfloat (get_number (table, "CRVAL1"), ==, -40);
  g_assert_cmpfloat (get_number (table, "CRVAL2"), ==, -30);
  g_assert_cmpfloat (get_number (table, "CDELT1"), ==, 64);
}

/* -- axes ----------------------------------------------------------------- */

static const char *const tabular[] = {
  "CTYPE1", "'RA---TAN'", "CTYPE2", "'DEC--TAN'", "CTYPE3", "'WAVE-TAB'", "CUNIT3", "'nm'", "CRPIX3", "1.0",
  "CRVAL3", "1.0", "CDELT3", "1.0", "PS3_0", "'WAVES'", "PS3_1", "'waves'", "PV3_1", "1", NULL
};

static AlmuImage *
make_tabular (Fixture    *fixture,
              const char *name,
              gboolean    has_table)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  put_image (fits, 3, (gint64[]){ 4, 3, 5 }, tabular);
  if (has_table)
    put_table (fits, "WAVES", "1", bare_scale);

  return save_and_open (fixture, fits, name);
}

/* An axis does not say that it is in a table that is not there. */
static void
test_tables_no_axis (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = make_tabular (fixture, "tabular.fits", FALSE);
  g_autoptr(AlmuCutout) cutout = almu_cutout_new (almu_image_get_info (image));
  g_autofree char *lost = NULL;
  g_autoptr(AlmuImage) copy = cut (fixture, image, cutout, &lost);

  g_assert_cmpstr (lost, ==, "CTYPE3: the file has no table WAVES, version 1");
  check_cards (copy, "CTYPE", "CTYPE1=RA---TAN,CTYPE2=DEC--TAN,");
  check_cards (copy, "CUNIT", "");
  check_cards (copy, "PS", "");
  check_cards (copy, "PV", "");
  check_cards (copy, "CRVAL3", "CRVAL3=1.000000000000E+00,");
}

/* Those of a hypercube are beside its first part. */
static void
test_tables_hypercube (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuImage) i = make_tabular (fixture, "i.fits", TRUE);
  g_autoptr(AlmuImage) q = make_tabular (fixture, "q.fits", TRUE);
  const AlmuStokesPart parts[] = { { .image = i, .polarisation = ALMU_POLARISATION_I },
                                   { .image = q, .polarisation = ALMU_POLARISATION_I + 1 } };
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuImage) cube = almu_stokes_cube_new ("iq.fits", parts, G_N_ELEMENTS (parts), &error);
  g_autoptr(AlmuCutout) cutout = NULL;
  g_autoptr(AlmuImage) copy = NULL;
  g_autoptr(GBytes) before = read_table (i, "WAVES", 1);
  g_autoptr(GBytes) after = NULL;
  g_autofree char *lost = NULL;

  g_assert_no_error (error);
  cutout = almu_cutout_new (almu_image_get_info (cube));
  copy = cut (fixture, cube, cutout, &lost);
  g_assert_null (lost);
  check_cards (copy, "CTYPE3", "CTYPE3=WAVE-TAB,");
  after = read_table (copy, "WAVES", 1);
  g_assert_true (g_bytes_equal (before, after));
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/engine/cutout-tables/whole", test_tables_whole);
  add_test ("/engine/cutout-tables/part", test_tables_part);
  add_test ("/engine/cutout-tables/missing", test_tables_missing);
  add_test ("/engine/cutout-tables/renumbered", test_tables_renumbered);
  add_test ("/engine/cutout-tables/function", test_tables_function);
  add_test ("/engine/cutout-tables/shared", test_tables_shared);
  add_test ("/engine/cutout-tables/no-axis", test_tables_no_axis);
  add_test ("/engine/cutout-tables/hypercube", test_tables_hypercube);

  return g_test_run ();
}
