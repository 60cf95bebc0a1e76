/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "test-hdus.h"

/* What is worked out for real files. The values were compared with what
 * astropy makes of the same headers (ranges: of every pixel). */

static const struct
{
  const char *file;
  const char *hdu;
  const char *name;
  const char *value; /* NULL: there is none */
} entries[] = {
  /* numbers */
  { "bitpix_8.fits", "1", "Data type", "uChar" },
  { "bitpix_64.fits", "0", "Data type", "Int64" },
  { "bitpix_m64.fits", "0", "Data type", "double" },
  { "scale.fits", "0", "Data type", "Short (rescaled to float)" },
  { "sip-wcs.fits", "0", "Data type", "Short (rescaled to uShort)" },
  { "fz/m13real_rice.fits", "1", "Data type", "float" },
  { "fz/m13_hcomp.fits", "1", "Data type", "Short" },

  /* axes */
  { "arange.fits", "0", "Shape", "[11, 10, 7] (NA, NA, NA)" },
  { "arange.fits", "0", "Number of channels", "7" },
  { "arange.fits", "0", "Coordinate type", NULL },
  { "small_5D.fits", "0", "Shape", "[20, 20, 1, 1, 1] (RA, DEC, NA, STOKES, NA)" },
  { "dec_pol_freq_ra.fits", "0", "Shape", "[36, 4, 17, 30] (DEC, POL, FREQ, RA)" },
  { "dec_pol_freq_ra.fits", "0", "Number of channels", "17" },
  { "dec_pol_freq_ra.fits", "0", "Number of polarizations", "4" },
  { "dec_pol_freq_ra.fits", "0", "Image reference pixels", "[18, 10]" },
  { "noise_3d_degen_casa.fits", "0", "Shape", "[10, 10, 1, 10] (RA, DEC, STOKES, VELO)" },
  { "noise_3d_degen_casa.fits", "0", "Number of channels", "10" },
  { "noise_4d.fits", "0", "Stokes coverage", "[I, Q]" },
  { "imregion.fits", "0", "Stokes coverage", "[I, Q, U, V]" },
  { "mef/dist_lookup.fits.gz", "1", "Extension name", "SCI" },
  { "scuba850_AFGL2591.fits", "1", "Extension name", "VARIANCE" },

  /* reference point */
  { "aJ.fits", "0", "Coordinate type", "Right Ascension, Declination" },
  { "gc_msx_e.fits", "0", "Coordinate type", "Longitude, Latitude" },
  { "aia_171_level1.fits", "0", "Coordinate type", "HPLN, HPLT" },
  { "wise-1b-1.fits", "0", "Projection", "SIN-SIP" },
  { "blankset16.fits", "0", "Projection", "NCP" },
  { "l1448_13co.fits", "0", "Image reference pixels", "[-799, -4741.913]" },
  { "M17_SWex_unit.fits", "0", "Image reference coords", "[18:20:21.0000, -016.12.10.000]" },
  { "gc_bolocam_gps.fits", "0", "Image reference coords", "[+359.59.59.385, +000.00.01.087]" },
  { "gc_bolocam_gps.fits", "0", "Image ref coords (deg)", "[359.9998292 deg, 0.0003019391073 deg]" },
  { "imageStats.fits", "0", "Image reference coords", "[0 km, 0 km]" },
  { "imageStats.fits", "0", "Image ref coords (deg)", NULL },

  /* pixels: CDELTn, a matrix, both */
  { "1904-66_AIT.fits", "0", "Pixel increment", "-240\", 240\"" },
  { "wise-m31-3a-1.fits", "0", "Pixel increment", "-1.375\", 1.375\"" },
  { "wise-1b-1.fits", "0", "Pixel increment", "2.75909\", -2.74107\"" },
  { "panstarrs-g-m61.fits", "0", "Pixel increment", "-0.72\", 0.72\"" },
  { "sip-wcs.fits", "0", "Pixel increment", "0.557919\", 0.55787\"" },
  { "imageStats.fits", "0", "Pixel increment", "1 km, 1 km" },

  /* units */
  { "M17_SWex_unit.fits", "0", "Pixel unit", "Jy/beam" },
  { "1904-66_AIT.fits", "0", "Pixel unit", "Jy/beam" },
  { "scuba850_AFGL2591.fits", "0", "Pixel unit", "mJy/beam/V" },
  { "scuba850_AFGL2591.fits", "1", "Pixel unit", "(mJy/beam/V)**2" },
  { "gc_msx_e.fits", "0", "Pixel unit", "W/m^2-sr" },
  { "blankset16.fits", "0", "Pixel unit", "W.U." },
  { "HorseHead.fits", "0", "Pixel unit", NULL },

  /* frames */
  { "M17_SWex_unit.fits", "0", "Celestial frame", "ICRS" },
  { "1904-66_AIT.fits", "0", "Celestial frame", "FK5, J2000" },
  { "example1test.fits", "0", "Celestial frame", "FK4, B1950" },
  { "imregion.fits", "0", "Celestial frame", "FK4, B1979.9" },
  { "gc_bolocam_gps.fits", "0", "Celestial frame", "GALACTIC" },
  { "noise_3d.fits", "0", "Celestial frame", NULL },
  { "small_perplanebeam.fits", "0", "Spectral frame", "TOPOCENT" },
  { "fakebar.fits", "0", "Spectral frame", "LSRK" },
  { "n2hp_cube.fits", "0", "Spectral frame", "REST" },
  { "example_cube.fits", "0", "Velocity definition", "RADIO" },
  { "noise_3d.fits", "0", "Velocity definition", NULL },

  /* beams */
  { "M17_SWex_unit.fits", "0", "Restoring beam", "2.06105\" X 1.49126\", -74.6267 deg" },
  { "imagetestimage.fits", "0", "Restoring beam", "53.5\" X 34.2\", 6 deg" },
  { "small_perplanebeam.fits", "0", "Median area beam", "6.08517\" X 4.21455\", -76.3935 deg" },
  { "WEIN069.fits", "0", "Restoring beam", NULL },

  /* ranges */
  { "aJ.fits", "0", "RA range", "[04:30:21.9724, 04:31:42.3739]" },
  { "aJ.fits", "0", "DEC range", "[+064.38.48.909, +064.55.52.334]" },
  { "noise_3d.fits", "0", "RA range", "[23:59:56.9205, 00:00:03.8494]" },
  { "gc_bolocam_gps.fits", "0", "LON range", "[+359.21.12.953, +000.37.53.753]" },
  { "gc_bolocam_gps.fits", "0", "LAT range", "[-000.38.21.055, +000.38.05.345]" },
  { "M17_SWex_unit.fits", "0", "Frequency range", "[86.7504, 86.7494] (GHz)" },
  { "M17_SWex_unit.fits", "0", "Velocity range", "[13.3760, 16.7520] (km/s)" },
  { "l1448_13co.fits", "0", "Velocity range", "[2.5282, 5.9822] (km/s)" },
  { "l1448_13co.fits", "0", "Frequency range", NULL },
  { "example_cube.fits", "0", "Velocity range", "[14.9449, 14.3228] (km/s)" },
  { "fakebar.fits", "0", "Velocity", "0.0000 (km/s)" },
};

/* The order that the page shows. */
static const char *const order[] = {
  "Name",
  "HDU",
  "Extension name",
  "Data type",
  "Shape",
  "Number of channels",
  "Number of polarizations",
  "Coordinate type",
  "Projection",
  "Image reference pixels",
  "Image reference coords",
  "Image ref coords (deg)",
  "Pixel increment",
  "Pixel unit",
  "Celestial frame",
  "Spectral frame",
  "Velocity definition",
  "Restoring beam",
  "Median area beam",
  "RA range",
  "LON range",
  "DEC range",
  "LAT range",
  "Frequency range",
  "Frequency",
  "Velocity range",
  "Velocity",
  "Stokes coverage",
  "Has mipmaps",
};

static void
check_order (AlmuHeader *computed)
{
  guint at = 0;

  for (guint i = 0; i < almu_header_get_length (computed); i++)
    {
      const char *name = almu_header_get_card (computed, i)->name;

      while (at < G_N_ELEMENTS (order) && !g_str_equal (order[at], name))
        at++;
      if (at == G_N_ELEMENTS (order))
        g_error ("“%s” is not where it belongs", name);
    }
}

static void
test_computed_shared (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autofree char *path = almu_test_shared_path (entries[i].file);
      g_autoptr(GPtrArray) infos = NULL;
      g_autoptr(GError) error = NULL;
      AlmuHeader *computed;

      if (path == NULL)
        return;

      infos = read_path (path, entries[i].hdu, ALMU_IMAGE_NONE, &error);
      g_assert_no_error (error);
      g_test_message ("%s, HDU %s", entries[i].file, entries[i].hdu);
      computed = ((AlmuImageInfo *) g_ptr_array_index (infos, 0))->computed;
      assert_entry (computed, entries[i].name, entries[i].value);
    }
}

/* Every image of every file, whatever is in it. */
static void
test_computed_shared_all (void)
{
  static const char *const folders[] = { ".", "fz", "gz", "mef", "bad" };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *folder = almu_test_shared_path (folders[i]);
      g_autoptr(GDir) dir = NULL;
      const char *name;

      if (folder == NULL)
        return;

      dir = g_dir_open (folder, 0, NULL);
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);
          g_autoptr(GPtrArray) infos = NULL;
          g_autoptr(GError) error = NULL;

          if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
            continue;
          infos = read_path (path, "", ALMU_IMAGE_NONE, &error);
          if (infos == NULL)
            {
              g_assert_true (g_str_has_prefix (error->message, name));
              continue;
            }
          for (guint k = 0; k < infos->len; k++)
            {
              AlmuImageInfo *info = g_ptr_array_index (infos, k);

              assert_sound (info);
              check_order (info->computed);
            }
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/computed-shared/entries", test_computed_shared);
  g_test_add_func ("/engine/computed-shared/all", test_computed_shared_all);

  return g_test_run ();
}
