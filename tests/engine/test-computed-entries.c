/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-computed-entries.h"
#include "test-hdus.h"

#define get_info(infos, i) ((AlmuImageInfo *) g_ptr_array_index (infos, i))

typedef struct
{
  const char *name;
  const char *value;
} TestCard;

/* A plane of the sky of 0.1 degree pixels around @ra, @dec. */
static void
begin_sky (Fixture    *fixture,
           const char *ra,
           const char *dec)
{
  AlmuTestFits *fits = fixture->fits;

  almu_test_fits_begin (fits, 8, 2, (gint64[]){ 21, 11 });
  almu_test_fits_card (fits, "CTYPE1", "'RA---TAN'");
  almu_test_fits_card (fits, "CTYPE2", "'DEC--TAN'");
  almu_test_fits_card (fits, "CRPIX1", "11.0");
  almu_test_fits_card (fits, "CRPIX2", "6.0");
  almu_test_fits_card (fits, "CRVAL1", ra);
  almu_test_fits_card (fits, "CRVAL2", dec);
  almu_test_fits_card (fits, "CDELT1", "-0.1");
  almu_test_fits_card (fits, "CDELT2", "0.1");
}

static GPtrArray *
end_sky (Fixture *fixture)
{
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 21 * 11);

  return read_good (fixture, NULL);
}

static void
test_entries_order (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const TestCard cards[] = {
    { "CTYPE1", "'RA---SIN'" },
    { "CTYPE2", "'DEC--SIN'" },
    { "CTYPE3", "'FREQ'" },
    { "CTYPE4", "'STOKES'" },
    { "CRPIX1", "2.0" },
    { "CRPIX2", "1.5" },
    { "CRPIX3", "1.0" },
    { "CRPIX4", "1.0" },
    { "CRVAL1", "275.0875" },
    { "CRVAL2", "-16.2027777778" },
    { "CRVAL3", "1.42040575E9" },
    { "CRVAL4", "1.0" },
    { "CDELT1", "-0.001" },
    { "CDELT2", "0.001" },
    { "CDELT3", "-1.0E6" },
    { "CDELT4", "1.0" },
    { "CUNIT3", "'Hz'" },
    { "RESTFRQ", "1.42040575E9" },
    { "RADESYS", "'ICRS'" },
    { "EQUINOX", "2000.0" },
    { "SPECSYS", "'LSRK'" },
    { "VELREF", "257" },
    { "BUNIT", "'JY/BEAM'" },
    { "BMAJ", "0.002" },
    { "BMIN", "0.001" },
    { "BPA", "10.0" },
  };
  static const TestCard entries[] = {
    { "Name", "a.fits" },
    { "HDU", "0" },
    { "Data type", "Short" },
    { "Shape", "[4, 3, 5, 2] (RA, DEC, FREQ, STOKES)" },
    { "Number of channels", "5" },
    { "Number of polarizations", "2" },
    { "Coordinate type", "Right Ascension, Declination" },
    { "Projection", "SIN" },
    { "Image reference pixels", "[2, 1.5]" },
    { "Image reference coords", "[18:20:21.0000, -016.12.10.000]" },
    { "Image ref coords (deg)", "[275.0875 deg, -16.20277778 deg]" },
    { "Pixel increment", "-3.6\", 3.6\"" },
    { "Pixel unit", "Jy/beam" },
    { "Celestial frame", "ICRS" },
    { "Spectral frame", "LSRK" },
    { "Velocity definition", "RADIO" },
    { "Restoring beam", "7.2\" X 3.6\", 10 deg" },
    { "RA range", "[18:20:20.5001, 18:20:21.2499]" },
    { "DEC range", "[-016.12.11.800, -016.12.04.600]" },
    { "Frequency range", "[1.4204, 1.4164] (GHz)" },
    { "Velocity range", "[0.0000, 844.2446] (km/s)" },
    { "Stokes coverage", "[I, Q]" },
  };
  g_autoptr(GPtrArray) infos = NULL;
  AlmuHeader *computed;

  almu_test_fits_begin (fixture->fits, 16, 4, (gint64[]){ 4, 3, 5, 2 });
  for (gsize i = 0; i < G_N_ELEMENTS (cards); i++)
    almu_test_fits_card (fixture->fits, cards[i].name, cards[i].value);
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 120);
  infos = read_good (fixture, NULL);
  computed = get_info (infos, 0)->computed;

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_assert_cmpuint (i, <, almu_header_get_length (computed));
      g_assert_cmpstr (almu_header_get_card (computed, i)->name, ==, entries[i].name);
      g_assert_cmpstr (almu_header_get_card (computed, i)->value, ==, entries[i].value);
    }
  g_assert_cmpuint (almu_header_get_length (computed), ==, G_N_ELEMENTS (entries));
  g_assert_cmpint (almu_header_lookup (computed, "HDU")->type, ==, ALMU_CARD_STRING);
  g_assert_cmpfloat_with_epsilon (get_info (infos, 0)->pixel_area, 12.96, 1e-9);
}

static void
test_entries_frames (void)
{
  static const struct
  {
    const char *system;
    const char *equinox;
    const char *expected;
  } cases[] = {
    { "'ICRS'", "2000.0", "ICRS" },
    { "'FK5'", "2000.0", "FK5, J2000" },
    { "'FK5'", NULL, "FK5, J2000" },
    { "'FK4'", NULL, "FK4, B1950" },
    { "'FK4-NO-E'", "1950.0", "FK4, B1950" },
    { NULL, "2000.0", "FK5, J2000" },
    { NULL, "1950.0", "FK4, B1950" },
    { NULL, "1979.9", "FK4, B1979.9" },
    { NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      g_autoptr(GPtrArray) infos = NULL;

      fixture_set_up (&fixture, NULL);
      begin_sky (&fixture, "10.0", "20.0");
      if (cases[i].system != NULL)
        almu_test_fits_card (fixture.fits, "RADESYS", cases[i].system);
      if (cases[i].equinox != NULL)
        almu_test_fits_card (fixture.fits, "EQUINOX", cases[i].equinox);
      infos = end_sky (&fixture);
      assert_entry (get_info (infos, 0)->computed, "Celestial frame", cases[i].expected);
      fixture_tear_down (&fixture, NULL);
    }
}

/* Ranges are those of the whole image, not of its corners. */
static void
test_entries_range (void)
{
  static const struct
  {
    const char *ra;
    const char *dec;
    const char *longitude;
    const char *latitude;
  } cases[] = {
    { "0.0", "0.0", "[23:56:00.0244, 00:03:59.9756]", "[-000.29.59.954, +000.29.59.954]" },
    { "90.0", "0.0", "[05:56:00.0244, 06:03:59.9756]", "[-000.29.59.954, +000.29.59.954]" },
    { "10.0", "90.0", "[00:00:00.0000, 24:00:00.0000]", "[+088.52.55.588, +090.00.00.000]" },
    { "10.0", "-90.0", "[00:00:00.0000, 24:00:00.0000]", "[-090.00.00.000, -088.52.55.588]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      g_autoptr(GPtrArray) infos = NULL;
      AlmuHeader *computed;

      fixture_set_up (&fixture, NULL);
      begin_sky (&fixture, cases[i].ra, cases[i].dec);
      infos = end_sky (&fixture);
      computed = get_info (infos, 0)->computed;

      assert_entry (computed, "RA range", cases[i].longitude);
      assert_entry (computed, "DEC range", cases[i].latitude);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_entries_rotation (Fixture      *fixture,
                       gconstpointer user_data)
{
  AlmuTestFits *fits = fixture->fits;
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fits, 8, 2, (gint64[]){ 21, 11 });
  almu_test_fits_card (fits, "CTYPE1", "'RA---TAN'");
  almu_test_fits_card (fits, "CTYPE2", "'DEC--TAN'");
  almu_test_fits_card (fits, "CRVAL1", "10.0");
  almu_test_fits_card (fits, "CRVAL2", "20.0");
  almu_test_fits_card (fits, "CD1_1", "-0.0006");
  almu_test_fits_card (fits, "CD1_2", "0.0008");
  almu_test_fits_card (fits, "CD2_1", "0.0008");
  almu_test_fits_card (fits, "CD2_2", "0.0006");
  infos = end_sky (fixture);

  g_assert_cmpfloat_with_epsilon (get_info (infos, 0)->pixel_area, 12.96, 1e-9);
  assert_entry (get_info (infos, 0)->computed, "Pixel increment", "-3.6\", 3.6\"");
}

static void
test_entries_units (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  begin_sky (fixture, "600.0", "-1200.0");
  almu_test_fits_card (fixture->fits, "CUNIT1", "'arcmin'");
  almu_test_fits_card (fixture->fits, "CUNIT2", "'arcmin'");
  infos = end_sky (fixture);

  assert_entry (get_info (infos, 0)->computed, "Image ref coords (deg)", "[10 deg, -20 deg]");
  assert_entry (get_info (infos, 0)->computed, "Image reference coords", "[00:40:00.0000, -020.00.00.000]");
  assert_entry (get_info (infos, 0)->computed, "Pixel increment", "-6\", 6\"");
  g_assert_cmpfloat_with_epsilon (get_info (infos, 0)->pixel_area, 36, 1e-9);
}

/* However the unit is spelled, and where it is no angle at all. */
static void
test_entries_unit_words (void)
{
  static const struct
  {
    const char *unit;
    const char *coords;
    const char *increment;
  } cases[] = {
    { "'DEG'", "[00:40:00.0000, -020.00.00.000]", "-360\", 360\"" },
    { "'Deg'", "[00:40:00.0000, -020.00.00.000]", "-360\", 360\"" },
    { "'degree'", "[00:40:00.0000, -020.00.00.000]", "-360\", 360\"" },
    { "'DEGREES'", "[00:40:00.0000, -020.00.00.000]", "-360\", 360\"" },
    { "'ARCMIN'", "[00:00:40.0000, -000.20.00.000]", "-6\", 6\"" },
    { "'furlong'", "[10 furlong, -20 furlong]", "-0.1 furlong, 0.1 furlong" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      g_autoptr(GPtrArray) infos = NULL;

      fixture_set_up (&fixture, NULL);
      begin_sky (&fixture, "10.0", "-20.0");
      almu_test_fits_card (fixture.fits, "CUNIT1", cases[i].unit);
      almu_test_fits_card (fixture.fits, "CUNIT2", cases[i].unit);
      infos = end_sky (&fixture);
      assert_entry (get_info (infos, 0)->computed, "Image reference coords", cases[i].coords);
      assert_entry (get_info (infos, 0)->computed, "Pixel increment", cases[i].increment);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_entries_linear (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuTestFits *fits = fixture->fits;
  g_autoptr(GPtrArray) infos = NULL;
  AlmuHeader *computed;

  almu_test_fits_begin (fits, -64, 2, (gint64[]){ 21, 11 });
  almu_test_fits_card (fits, "CTYPE1", "'LINEAR0'");
  almu_test_fits_card (fits, "CTYPE2", "'LINEAR1'");
  almu_test_fits_card (fits, "CRVAL1", "1.5");
  almu_test_fits_card (fits, "CRVAL2", "2.5");
  almu_test_fits_card (fits, "CDELT1", "3.0");
  almu_test_fits_card (fits, "CDELT2", "4.0");
  almu_test_fits_card (fits, "CUNIT1", "'km'");
  almu_test_fits_card (fits, "CUNIT2", "'km'");
  infos = end_sky (fixture);
  computed = get_info (infos, 0)->computed;

  assert_entry (computed, "Data type", "double");
  assert_entry (computed, "Image reference coords", "[1.5 km, 2.5 km]");
  assert_entry (computed, "Image ref coords (deg)", NULL);
  assert_entry (computed, "Pixel increment", "3 km, 4 km");
  assert_entry (computed, "RA range", NULL);
  assert_entry (computed, "LON range", NULL);
  assert_entry (computed, "Projection", NULL);
  g_assert_cmpfloat (get_info (infos, 0)->pixel_area, ==, 0);
}

static void
test_entries_data_types (void)
{
  static const struct
  {
    int         bitpix;
    const char *scale;
    const char *zero;
    const char *expected;
  } cases[] = {
    { 8, "1.0", "0.0", "uChar" },
    { 8, "1.0", "-128.0", "uChar (rescaled to Char)" },
    { 16, "1.0", "0.0", "Short" },
    { 16, "1.0", "32768", "Short (rescaled to uShort)" },
    { 16, "0.5", "0.0", "Short (rescaled to float)" },
    { 32, "1.0", "2147483648", "Int (rescaled to uInt)" },
    { 32, "2.0", "0.0", "Int (rescaled to double)" },
    { 64, "1.0", "0.0", "Int64" },
    { -32, "2.0", "1.0", "float" },
    { -64, "1.0", "0.0", "double" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      g_autoptr(GPtrArray) infos = NULL;

      fixture_set_up (&fixture, NULL);
      almu_test_fits_begin (fixture.fits, cases[i].bitpix, 2, (gint64[]){ 21, 11 });
      almu_test_fits_card (fixture.fits, "BSCALE", cases[i].scale);
      almu_test_fits_card (fixture.fits, "BZERO", cases[i].zero);
      infos = end_sky (&fixture);
      assert_entry (get_info (infos, 0)->computed, "Data type", cases[i].expected);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_entries_hidden_axes (Fixture      *fixture,
                          gconstpointer user_data)
{
  AlmuTestFits *fits = fixture->fits;
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fits, 8, 5, (gint64[]){ 2, 2, 3, 1, 4 });
  almu_test_fits_card (fits, "CTYPE1", "'RA---TAN'");
  almu_test_fits_card (fits, "CTYPE2", "'DEC--TAN'");
  almu_test_fits_card (fits, "CTYPE3", "'FREQ'");
  almu_test_fits_card (fits, "CTYPE4", "'STOKES'");
  almu_test_fits_card (fits, "CTYPE5", "'TIME'");
  almu_test_fits_end_header (fits);
  add_zeros (fixture, 48);
  infos = read_good (fixture, NULL);

  assert_entry (get_info (infos, 0)->computed, "Axis 5", "first of 4 elements shown");
  assert_entry (get_info (infos, 0)->computed, "Shape", "[2, 2, 3, 1, 4] (RA, DEC, FREQ, STOKES, TIME)");
}

static void
test_format_angles (void)
{
  static const struct
  {
    double      degrees;
    const char *hours;
    const char *angle;
  } cases[] = {
    { 0, "00:00:00.0000", "+000.00.00.000" },
    { -0.0, "00:00:00.0000", "+000.00.00.000" },
    { 15, "01:00:00.0000", "+015.00.00.000" },
    { -15, "23:00:00.0000", "-015.00.00.000" },
    { 359.99999999999, "00:00:00.0000", "+360.00.00.000" },
    { -1e-9, "00:00:00.0000", "+000.00.00.000" },
    { -16.2027777778, "22:55:11.3333", "-016.12.10.000" },
    { 12.9999999999, "00:52:00.0000", "+013.00.00.000" },
    { NAN, "NaN", "NaN" },
    { -INFINITY, "NaN", "NaN" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *hours = almu_format_hours (cases[i].degrees);
      g_autofree char *angle = almu_format_degrees (cases[i].degrees);

      g_assert_cmpstr (hours, ==, cases[i].hours);
      g_assert_cmpstr (angle, ==, cases[i].angle);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/computed-entries/order", test_entries_order);
  g_test_add_func ("/engine/computed-entries/frames", test_entries_frames);
  g_test_add_func ("/engine/computed-entries/range", test_entries_range);
  add_test ("/engine/computed-entries/rotation", test_entries_rotation);
  add_test ("/engine/computed-entries/units", test_entries_units);
  g_test_add_func ("/engine/computed-entries/unit-words", test_entries_unit_words);
  add_test ("/engine/computed-entries/linear", test_entries_linear);
  g_test_add_func ("/engine/computed-entries/data-types", test_entries_data_types);
  add_test ("/engine/computed-entries/hidden-axes", test_entries_hidden_axes);
  g_test_add_func ("/engine/computed-entries/angles", test_format_angles);

  return g_test_run ();
}
