/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-test.h"
#include "test-sky.h"

#define ARCSEC (1 / 3600.0)

/* ICRS and what astropy 5.2 makes of it. */
static const struct
{
  AlmuSkyFrame frame;
  double       icrs[2];
  double       expected[2];
} conversions[] = {
  { { ALMU_SKY_FK5, 2000 }, { 10, 20 }, { 10.000008502, 20.000001529 } },
  { { ALMU_SKY_FK5, 2000 }, { 266.4, -29 }, { 266.400007952, -28.999994642 } },
  { { ALMU_SKY_FK5, 2000 }, { 123.4, 67.8 }, { 123.400004076, 67.799993994 } },
  { { ALMU_SKY_FK5, 2000 }, { 359.9, -5.5 }, { 359.900005829, -5.499997463 } },
  { { ALMU_SKY_FK5, 2000 }, { 202.47, 47.195 }, { 202.469999803, 47.194999777 } },
  { { ALMU_SKY_FK5, 1975 }, { 10, 20 }, { 9.671121357, 19.862860328 } },
  { { ALMU_SKY_FK5, 1975 }, { 266.4, -29 }, { 266.002774287, -28.990775292 } },
  { { ALMU_SKY_FK5, 1975 }, { 123.4, 67.8 }, { 122.793468916, 67.875999540 } },
  { { ALMU_SKY_FK5, 1975 }, { 359.9, -5.5 }, { 359.579679458, -5.639183304 } },
  { { ALMU_SKY_FK5, 1975 }, { 202.47, 47.195 }, { 202.206984499, 47.323741031 } },
  { { ALMU_SKY_FK4, 1950 }, { 10, 20 }, { 9.342439988, 19.725576961 } },
  { { ALMU_SKY_FK4, 1950 }, { 266.4, -29 }, { 265.605348149, -28.980582076 } },
  { { ALMU_SKY_FK4, 1950 }, { 123.4, 67.8 }, { 122.183906007, 67.950743076 } },
  { { ALMU_SKY_FK4, 1950 }, { 359.9, -5.5 }, { 359.259115612, -5.778413070 } },
  { { ALMU_SKY_FK4, 1950 }, { 202.47, 47.195 }, { 201.943429803, 47.452681289 } },
  { { ALMU_SKY_GALACTIC }, { 10, 20 }, { 119.269367738, -42.790392865 } },
  { { ALMU_SKY_GALACTIC }, { 266.4, -29 }, { 359.943251994, -0.029529451 } },
  { { ALMU_SKY_GALACTIC }, { 123.4, 67.8 }, { 147.793964226, 32.695232753 } },
  { { ALMU_SKY_GALACTIC }, { 359.9, -5.5 }, { 90.916082644, -65.098127582 } },
  { { ALMU_SKY_GALACTIC }, { 202.47, 47.195 }, { 104.850575594, 68.560820416 } },
  { { ALMU_SKY_SUPERGALACTIC }, { 10, 20 }, { 314.886857642, 8.732982664 } },
  { { ALMU_SKY_SUPERGALACTIC }, { 266.4, -29 }, { 185.814144243, 42.249772517 } },
  { { ALMU_SKY_SUPERGALACTIC }, { 123.4, 67.8 }, { 33.779644993, -5.271490330 } },
  { { ALMU_SKY_SUPERGALACTIC }, { 359.9, -5.5 }, { 287.234752698, 11.741413758 } },
  { { ALMU_SKY_SUPERGALACTIC }, { 202.47, 47.195 }, { 71.164697001, 17.323402271 } },
  { { ALMU_SKY_ECLIPTIC }, { 10, 20 }, { 17.160129300, 14.411817174 } },
  { { ALMU_SKY_ECLIPTIC }, { 266.4, -29 }, { 266.836744368, -5.600239675 } },
  { { ALMU_SKY_ECLIPTIC }, { 123.4, 67.8 }, { 107.549268795, 46.385318595 } },
  { { ALMU_SKY_ECLIPTIC }, { 359.9, -5.5 }, { 357.714944258, -5.005180291 } },
  { { ALMU_SKY_ECLIPTIC }, { 202.47, 47.195 }, { 175.124500769, 50.935320845 } },
};

static const AlmuSkyFrame icrs = { ALMU_SKY_ICRS };

/* astropy has another matrix for FK4, the precession of 2006 for FK5, and
 * hangs the galactic poles on FK5 where ERFA, as Hipparcos, has them on ICRS. */
static double
get_tolerance (const AlmuSkyFrame *frame)
{
  if (frame->system == ALMU_SKY_GALACTIC || frame->system == ALMU_SKY_SUPERGALACTIC)
    return 0.03 * ARCSEC;

  return frame->equinox == 0 || frame->equinox == 2000 ? 1e-3 * ARCSEC : 0.1 * ARCSEC;
}

static void
test_sky_frame_values (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conversions); i++)
    {
      g_autoptr(GError) error = NULL;
      double sky[2] = { conversions[i].icrs[0], conversions[i].icrs[1] };
      double tolerance = get_tolerance (&conversions[i].frame);

      g_assert_true (almu_sky_frame_convert (&icrs, &conversions[i].frame, 1, sky, &error));
      g_assert_no_error (error);
      g_assert_cmpfloat (almu_sky_separation (sky, conversions[i].expected), <, tolerance);

      g_assert_true (almu_sky_frame_convert (&conversions[i].frame, &icrs, 1, sky, &error));
      g_assert_cmpfloat (almu_sky_separation (sky, conversions[i].icrs), <, 1e-4 * ARCSEC);
    }
}

/* From any frame to any other and back; the sky has no special places. */
static void
test_sky_frame_round_trip (void)
{
  for (int i = 0; i < 2000; i++)
    {
      const AlmuSkyFrame *a = &conversions[g_test_rand_int_range (0, G_N_ELEMENTS (conversions))].frame;
      const AlmuSkyFrame *b = &conversions[g_test_rand_int_range (0, G_N_ELEMENTS (conversions))].frame;
      double              from[2] = { g_test_rand_double_range (0, 360), g_test_rand_double_range (-90, 90) };
      double              sky[2] = { from[0], from[1] };

      g_assert_true (almu_sky_frame_convert (a, b, 1, sky, NULL));
      g_assert_true (almu_sky_frame_convert (b, a, 1, sky, NULL));
      g_assert_cmpfloat (almu_sky_separation (sky, from), <, 1e-3 * ARCSEC);
    }
}

static void
test_sky_frame_refused (void)
{
  const AlmuSkyFrame fk4 = { ALMU_SKY_FK4, 1875 };
  const AlmuSkyFrame sun = { ALMU_SKY_OTHER, 0, "HPLN" };
  g_autoptr(GError) error = NULL;
  double sky[2] = { 1, 2 };

  g_assert_false (almu_sky_frame_convert (&fk4, &icrs, 1, sky, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "B1875"));
  g_clear_error (&error);
  g_assert_false (almu_sky_frame_convert (&icrs, &sun, 1, sky, &error));
  g_assert_nonnull (strstr (error->message, "HPLN"));

  /* nothing to do between equals, whatever they are */
  g_assert_true (almu_sky_frame_convert (&sun, &sun, 1, sky, NULL));
  g_assert_cmpfloat (sky[0], ==, 1);
}

static void
assert_frame (const char   *type,
              const char   *other,
              const char   *cards,
              AlmuSkySystem system,
              double        equinox)
{
  g_autofree char *first = g_strdup_printf ("CTYPE1  = '%s-TAN'", type);
  g_autofree char *second = g_strdup_printf ("CTYPE2  = '%s-TAN'", other);
  g_auto(GStrv) more = g_strsplit (cards, "|", 2);
  const char    *all[] = { first, second, "CDELT1  = -0.1", "CDELT2  = 0.1", more[0], more[0] != NULL ? more[1] : NULL, NULL };
  AlmuImageInfo *info = test_sky_info_new (all);
  g_autoptr(AlmuSkyMap) map = almu_sky_map_new (info, NULL);

  g_assert_nonnull (map);
  g_assert_cmpint (almu_sky_map_get_frame (map)->system, ==, system);
  g_assert_cmpfloat (almu_sky_map_get_frame (map)->equinox, ==, equinox);
  test_sky_info_free (info);
}

/* As the FITS standard has it. */
static void
test_sky_map_frames (void)
{
  assert_frame ("RA--", "DEC-", "", ALMU_SKY_ICRS, 0);
  assert_frame ("RA--", "DEC-", "RADESYS = 'ICRS'|EQUINOX = 2000.0", ALMU_SKY_ICRS, 0);
  assert_frame ("RA--", "DEC-", "EQUINOX = 2000.0", ALMU_SKY_FK5, 2000);
  assert_frame ("RA--", "DEC-", "EPOCH   = 1950.0", ALMU_SKY_FK4, 1950);
  assert_frame ("RA--", "DEC-", "RADESYS = 'FK4'", ALMU_SKY_FK4, 1950);
  assert_frame ("RA--", "DEC-", "RADESYS = 'FK5'|EQUINOX = 1975.0", ALMU_SKY_FK5, 1975);
  assert_frame ("RA--", "DEC-", "RADECSYS= 'FK5'", ALMU_SKY_FK5, 2000);
  assert_frame ("GLON", "GLAT", "RADESYS = 'FK5'", ALMU_SKY_GALACTIC, 0);
  assert_frame ("ELON", "ELAT", "", ALMU_SKY_ECLIPTIC, 0);
  assert_frame ("SLON", "SLAT", "", ALMU_SKY_SUPERGALACTIC, 0);
  assert_frame ("HPLN", "HPLT", "", ALMU_SKY_OTHER, 0);
  assert_frame ("RA--", "DEC-", "RADESYS = 'GAPPT'", ALMU_SKY_OTHER, 0);
}

static void
test_sky_map_pixels (void)
{
  g_autoptr(AlmuSkyMap) map = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 83.6, -5.4, 0.001, 30, FALSE);
  const double centre[2] = { 499.5, 479.25 };
  double       scale[2];
  double       sky[2];
  double       pixel[2];

  almu_sky_map_to_sky (map, 1, centre, sky);
  g_assert_cmpfloat_with_epsilon (sky[0], 83.6, 1e-9);
  g_assert_cmpfloat_with_epsilon (sky[1], -5.4, 1e-9);
  almu_sky_map_get_scale (map, scale);
  g_assert_cmpfloat_with_epsilon (scale[0], 0.001, 1e-9);
  g_assert_cmpfloat_with_epsilon (scale[1], 0.001, 1e-9);

  for (int i = 0; i < 500; i++)
    {
      const double from[2] = { g_test_rand_double_range (-100, 1100), g_test_rand_double_range (-100, 1100) };

      almu_sky_map_to_sky (map, 1, from, sky);
      almu_sky_map_to_pixels (map, 1, sky, pixel);
      g_assert_cmpfloat (hypot (pixel[0] - from[0], pixel[1] - from[1]), <, 1e-6);
    }

  /* the other side of the sky */
  almu_sky_map_to_pixels (map, 1, (const double[]){ 263.6, 5.4 }, pixel);
  g_assert_true (isnan (pixel[0]));
}

/* Latitude along x, as some cubes have it. */
static void
test_sky_map_swapped (void)
{
  const char *const cards[] = { "CTYPE1  = 'DEC--TAN'", "CTYPE2  = 'RA---TAN'", "CRPIX1  = 1.0", "CRPIX2  = 1.0",
                                "CRVAL1  = 10.0", "CRVAL2  = 50.0", "CDELT1  = 0.01", "CDELT2  = -0.02", NULL };
  AlmuImageInfo    *info = test_sky_info_new (cards);
  g_autoptr(AlmuSkyMap) map = almu_sky_map_new (info, NULL);
  double sky[2];
  double scale[2];

  g_assert_nonnull (map);
  almu_sky_map_to_sky (map, 1, (const double[]){ 10, 0 }, sky);
  g_assert_cmpfloat_with_epsilon (sky[0], 50, 1e-9);
  g_assert_cmpfloat_with_epsilon (sky[1], 10.1, 1e-6);
  almu_sky_map_get_scale (map, scale);
  g_assert_cmpfloat_with_epsilon (scale[0], 0.01, 1e-9);
  g_assert_cmpfloat_with_epsilon (scale[1], 0.02, 1e-9);
  test_sky_info_free (info);
}

static void
test_sky_map_none (void)
{
  static const char *const no_sky[] = { "CTYPE1  = 'OFFSET'", "CTYPE2  = 'FREQ'", NULL };
  static const char *const elsewhere[] = { "CTYPE1  = 'RA---TAN'", "CTYPE2  = 'FREQ'", "CTYPE3  = 'DEC--TAN'", NULL };
  const char *const *const headers[] = { no_sky, elsewhere };
  AlmuImageInfo            bare = { 0 };
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      AlmuImageInfo *info = test_sky_info_new (headers[i]);

      g_assert_null (almu_sky_map_new (info, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
      g_clear_error (&error);
      test_sky_info_free (info);
    }

  g_assert_null (almu_sky_map_new (&bare, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/engine/sky/frame/values", test_sky_frame_values);
  g_test_add_func ("/engine/sky/frame/round-trip", test_sky_frame_round_trip);
  g_test_add_func ("/engine/sky/frame/refused", test_sky_frame_refused);
  g_test_add_func ("/engine/sky/map/frames", test_sky_map_frames);
  g_test_add_func ("/engine/sky/map/pixels", test_sky_map_pixels);
  g_test_add_func ("/engine/sky/map/swapped", test_sky_map_swapped);
  g_test_add_func ("/engine/sky/map/none", test_sky_map_none);

  return g_test_run ();
}
