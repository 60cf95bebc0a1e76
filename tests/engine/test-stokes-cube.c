/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-polarisation.h"
#include "almu-stokes-cube.h"
#include "test-hdus.h"

static double
number (const gint64 *position,
        gpointer      user_data)
{
  double value = 0;

  for (int i = 3; i >= 0; i--)
    value = value * 10 + (double) position[i];

  return value + 100000 * GPOINTER_TO_INT (user_data);
}

/* An image of which each value tells its place, and @salt. */
static AlmuImage *
write_and_open (Fixture           *fixture,
                int                salt,
                int                n_axes,
                const gint64      *shape,
                const char *const *cards)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *name = g_strdup_printf ("%d.fits", salt);
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  AlmuImage *image;

  almu_test_fits_begin (fits, salt % 2 ? -32 : -64, n_axes, shape);
  for (guint i = 0; cards != NULL && cards[i] != NULL; i += 2)
    almu_test_fits_card (fits, cards[i], cards[i + 1]);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, number, GINT_TO_POINTER (salt));
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, name);

  image = almu_image_open (open (path, O_RDONLY | O_CLOEXEC), name, "", 0, &error);
  g_assert_no_error (error);

  return image;
}

static const char *
get_text (AlmuImage  *image,
          const char *name)
{
  return almu_header_get_text (almu_image_get_info (image)->header, name);
}

static double
get_number (AlmuImage  *image,
            const char *name)
{
  double value = NAN;

  g_assert_true (almu_header_get_number (almu_image_get_info (image)->header, name, &value));

  return value;
}

/* Every value is where it was, under the index of its polarisation. */
static void
assert_pixels (AlmuImage *cube,
               const int *salts)
{
  const AlmuImageInfo *info = almu_image_get_info (cube);
  gsize                n = (gsize) info->width * info->height * info->depth;
  g_autofree float    *values = g_new (float, n);

  for (int stokes = 0; stokes < info->n_stokes; stokes++)
    {
      AlmuBox box = { { 0, 0, info->width, info->height }, 0, info->depth, stokes };
      gsize   at = 0;
      g_autoptr(GError) error = NULL;

      g_assert_true (almu_image_read (cube, &box, values, NULL, &error));
      g_assert_no_error (error);
      for (int channel = 0; channel < info->depth; channel++)
        for (int y = 0; y < info->height; y++)
          for (int x = 0; x < info->width; x++)
            {
              gint64 position[4] = { 0 };

              position[info->axes.render[0] - 1] = x;
              position[info->axes.render[1] - 1] = y;
              if (info->axes.depth > 0)
                position[info->axes.depth - 1] = channel;
              g_assert_cmpfloat (values[at++], ==, number (position, GINT_TO_POINTER (salts[stokes])));
            }
    }
}

typedef struct
{
  const char *name;
  int         n_axes;
  gint64      shape[4];
  const char *cards[16];
  int         stokes_axis;
} Layout;

static const Layout layouts[] = {
  { "plane", 2, { 7, 6 }, { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'" }, 3 },
  { "cube", 3, { 7, 6, 5 }, { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'" }, 4 },
  { "unnamed", 3, { 7, 6, 5 }, { NULL }, 4 },
  { "last", 4, { 7, 6, 5, 1 }, { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", "CTYPE4", "'STOKES'", "CRVAL4", "4.0", "CDELT4", "-1.0" }, 4 },
  { "before", 4, { 7, 6, 1, 5 }, { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'STOKES'", "CTYPE4", "'FREQ'" }, 3 },
  { "matrix", 2, { 7, 6 }, { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CD1_1", "-0.01", "CD2_2", "0.01" }, 3 },
};

static void
test_cube_layouts (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      const Layout    *layout = &layouts[i];
      AlmuStokesPart   parts[3];
      const int        salts[] = { 1, 3, 2 };
      g_autofree char *key_type = g_strdup_printf ("CTYPE%d", layout->stokes_axis);
      g_autofree char *key_value = g_strdup_printf ("CRVAL%d", layout->stokes_axis);
      g_autofree char *key_step = g_strdup_printf ("CDELT%d", layout->stokes_axis);
      g_autofree char *key_pixel = g_strdup_printf ("CRPIX%d", layout->stokes_axis);
      g_autofree char *key_length = g_strdup_printf ("NAXIS%d", layout->stokes_axis);
      g_autoptr(AlmuImage) cube = NULL;
      g_autoptr(GError) error = NULL;
      const AlmuImageInfo *info;
      AlmuParts            found;

      g_test_message ("%s", layout->name);
      /* said in another order than they become */
      parts[0] = (AlmuStokesPart){ write_and_open (fixture, 1, layout->n_axes, layout->shape, layout->cards), ALMU_POLARISATION_I };
      parts[1] = (AlmuStokesPart){ write_and_open (fixture, 2, layout->n_axes, layout->shape, layout->cards), ALMU_POLARISATION_U };
      parts[2] = (AlmuStokesPart){ write_and_open (fixture, 3, layout->n_axes, layout->shape, layout->cards), ALMU_POLARISATION_Q };

      cube = almu_stokes_cube_new ("all.fits", parts, 3, &error);
      g_assert_no_error (error);
      info = almu_image_get_info (cube);
      g_assert_cmpint (info->n_stokes, ==, 3);
      g_assert_cmpint (info->axes.stokes, ==, layout->stokes_axis);
      g_assert_cmpint (info->width, ==, 7);
      g_assert_cmpint (info->height, ==, 6);
      g_assert_cmpint (info->depth, ==, layout->n_axes > 2 ? 5 : 1);
      g_assert_cmpint (info->n_axes, ==, MAX (layout->n_axes, layout->stokes_axis));
      g_assert_cmpfloat (get_number (cube, "NAXIS"), ==, info->n_axes);
      g_assert_cmpfloat (get_number (cube, key_length), ==, 3);
      g_assert_cmpstr (get_text (cube, key_type), ==, "STOKES");
      g_assert_cmpfloat (get_number (cube, key_value), ==, 1);
      g_assert_cmpfloat (get_number (cube, key_step), ==, 1);
      g_assert_cmpfloat (get_number (cube, key_pixel), ==, 1);
      g_assert_true (almu_polarisation_find_parts (info, ALMU_POLARISATION_PFLINEAR, &found, NULL));
      assert_entry (info->computed, "Stokes coverage", "[I, Q, U]");
      assert_entry (info->computed, "Name", "all.fits");
      assert_pixels (cube, salts);

      for (guint j = 0; j < G_N_ELEMENTS (parts); j++)
        g_object_unref (parts[j].image);
    }
}

/* Codes that go downwards. */
static void
test_cube_circular (Fixture      *fixture,
                    gconstpointer user_data)
{
  const gint64   shape[] = { 4, 3 };
  AlmuStokesPart parts[] = {
    { write_and_open (fixture, 1, 2, shape, NULL), ALMU_POLARISATION_LL },
    { write_and_open (fixture, 2, 2, shape, NULL), ALMU_POLARISATION_RR },
  };
  g_autoptr(AlmuImage) cube = almu_stokes_cube_new ("rl.fits", parts, 2, NULL);
  const int salts[] = { 2, 1 };

  g_assert_cmpfloat (get_number (cube, "CRVAL3"), ==, -1);
  g_assert_cmpfloat (get_number (cube, "CDELT3"), ==, -1);
  g_assert_cmpint (almu_polarisation_find (almu_image_get_info (cube), ALMU_POLARISATION_LL), ==, 1);
  assert_pixels (cube, salts);
  for (guint i = 0; i < 2; i++)
    g_object_unref (parts[i].image);
}

static void
test_cube_beams (Fixture      *fixture,
                 gconstpointer user_data)
{
  const gint64      shape[] = { 4, 3 };
  const char *const narrow[] = { "BMAJ", "0.001", "BMIN", "0.001", "BPA", "0.0", NULL };
  const char *const wide[] = { "BMAJ", "0.002", "BMIN", "0.001", "BPA", "10.0", NULL };
  AlmuStokesPart    parts[] = {
       { write_and_open (fixture, 1, 2, shape, narrow), ALMU_POLARISATION_I },
       { write_and_open (fixture, 2, 2, shape, narrow), ALMU_POLARISATION_Q },
       { write_and_open (fixture, 3, 2, shape, wide), ALMU_POLARISATION_U },
  };
  g_autoptr(AlmuImage) alike = almu_stokes_cube_new ("iq.fits", parts, 2, NULL);
  g_autoptr(AlmuImage) unlike = almu_stokes_cube_new ("iqu.fits", parts, 3, NULL);
  const AlmuImageInfo *info = almu_image_get_info (alike);

  g_assert_cmpuint (info->beams->len, ==, 1);
  g_assert_cmpint (g_array_index (info->beams, AlmuBeam, 0).stokes, ==, -1);

  info = almu_image_get_info (unlike);
  g_assert_cmpuint (info->beams->len, ==, 3);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (almu_image_info_get_beam (info, 0, i)->major, i == 2 ? 7.2 : 3.6, 1e-9);
  for (guint i = 0; i < 3; i++)
    g_object_unref (parts[i].image);
}

static void
assert_refused (const AlmuStokesPart *parts,
                guint                 n,
                const char           *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_stokes_cube_new ("x", parts, n, &error));
  g_assert_true (error->domain == ALMU_ERROR);
  g_assert_cmpstr (error->message, ==, text);
}

static void
test_cube_refused (Fixture      *fixture,
                   gconstpointer user_data)
{
  const gint64      shape[] = { 4, 3, 2 };
  const gint64      larger[] = { 4, 3, 3 };
  const char *const freq[] = { "CTYPE3", "'FREQ'", NULL };
  const char *const velo[] = { "CTYPE3", "'VELO'", NULL };
  const char *const pol[] = { "CTYPE3", "'STOKES'", NULL };
  g_autoptr(AlmuImage) one = write_and_open (fixture, 1, 3, shape, freq);
  g_autoptr(AlmuImage) other_type = write_and_open (fixture, 2, 3, shape, velo);
  g_autoptr(AlmuImage) other_shape = write_and_open (fixture, 3, 3, larger, freq);
  g_autoptr(AlmuImage) flat = write_and_open (fixture, 4, 2, shape, NULL);
  g_autoptr(AlmuImage) full = write_and_open (fixture, 5, 3, shape, pol);

  assert_refused ((AlmuStokesPart[]){ { one, 1 } }, 1, "A hypercube is made of at least two files, not of 1");
  assert_refused ((AlmuStokesPart[]){ { one, 1 }, { other_type, 2 } }, 2,
                  "2.fits: HDU 0: CTYPE3 is “VELO”, and in 1.fits “FREQ”: files of a hypercube have the same axes");
  assert_refused ((AlmuStokesPart[]){ { one, 1 }, { other_shape, 2 } }, 2,
                  "3.fits: HDU 0 has 4×3×3 pixels, and 1.fits has 4×3×2: files of a hypercube are of one shape");
  assert_refused ((AlmuStokesPart[]){ { one, 1 }, { flat, 2 } }, 2,
                  "4.fits: HDU 0 has 4×3 pixels, and 1.fits has 4×3×2: files of a hypercube are of one shape");
  assert_refused ((AlmuStokesPart[]){ { full, 1 }, { one, 2 } }, 2,
                  "5.fits: HDU 0 has 2 polarisations; each file of a hypercube has one");
}

/* Two may be any; of more, the step is one. */
static void
test_cube_steps (void)
{
  const struct
  {
    int      polarisations[4];
    guint    n;
    gboolean is_even;
  } cases[] = {
    { { 1, 4 }, 2, TRUE },
    { { 4, 1 }, 2, TRUE },
    { { 1, 5 }, 2, TRUE },
    { { 1, 2, 3 }, 3, TRUE },
    { { 3, 1, 2 }, 3, TRUE },
    { { 2, 3, 4 }, 3, TRUE },
    { { 1, 2, 4 }, 3, FALSE },
    { { 1, 3, 4 }, 3, FALSE },
    { { 1, 2, 3, 4 }, 4, TRUE },
    { { 5, 6, 7, 8 }, 4, TRUE },
    { { 9, 10, 11, 12 }, 4, TRUE },
    { { 9, 10, 12 }, 3, FALSE },
    { { 4, 5, 6 }, 3, FALSE },
  };
  const char *const names[] = { "a", "b", "c", "d" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_cmpint (almu_stokes_cube_check_polarisations (cases[i].polarisations, names, cases[i].n, &error),
                       ==, cases[i].is_even);
    }
}

/* Computed polarisations are read through the parts, and errors come from
 * the file that has them. */
static void
test_cube_cut_short (Fixture      *fixture,
                     gconstpointer user_data)
{
  const gint64   shape[] = { 400, 300 };
  AlmuStokesPart parts[] = {
    { write_and_open (fixture, 1, 2, shape, NULL), ALMU_POLARISATION_Q },
    { write_and_open (fixture, 2, 2, shape, NULL), ALMU_POLARISATION_U },
  };
  g_autoptr(AlmuImage) cube = almu_stokes_cube_new ("qu.fits", parts, 2, NULL);
  g_autofree char *path = g_build_filename (fixture->folder, "2.fits", NULL);
  AlmuBox          box = { { 3, 2, 1, 1 }, 0, 1, ALMU_POLARISATION_PANGLE };
  float            value;
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_image_read (cube, &box, &value, NULL, &error));
  g_assert_cmpfloat (fabs (value - 90 / G_PI * atan2 (200023, 100023)), <=, 1e-5);

  g_assert_cmpint (truncate (path, 2880), ==, 0);
  g_assert_false (almu_image_read (cube, &box, &value, NULL, &error));
  g_assert_nonnull (strstr (error->message, "2.fits"));
  for (guint i = 0; i < 2; i++)
    g_object_unref (parts[i].image);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/stokes-cube/layouts", test_cube_layouts);
  add_test ("/engine/stokes-cube/circular", test_cube_circular);
  add_test ("/engine/stokes-cube/beams", test_cube_beams);
  add_test ("/engine/stokes-cube/refused", test_cube_refused);
  g_test_add_func ("/engine/stokes-cube/steps", test_cube_steps);
  add_test ("/engine/stokes-cube/cut-short", test_cube_cut_short);

  return g_test_run ();
}
