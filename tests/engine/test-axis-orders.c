/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-image.h"
#include "test-hdus.h"

/* Images with their axes in any order: that the plane is the one the page
 * takes it for, and that its pixels are read from where they are. */

#define ROUNDS 400
#define MAX_AXES 6

static const char *const all_types[] = { "RA---SIN", "DEC--SIN", "FREQ", "STOKES", "TIME", "" };

/* An image as it was written. */
typedef struct
{
  int         bitpix;
  int         n_axes;
  gint64      shape[MAX_AXES];
  const char *types[MAX_AXES];
} Layout;

static double
number (const gint64 *position,
        gpointer      user_data)
{
  const Layout *layout = user_data;
  double        value = 0;

  for (int i = layout->n_axes - 1; i >= 0; i--)
    value = value * (double) layout->shape[i] + (double) position[i];

  return value;
}

static void
make_layout (Layout *layout)
{
  const int   bitpixes[] = { 16, 32, 64, -32, -64 };
  const char *types[G_N_ELEMENTS (all_types)];

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      guint j = (guint) g_test_rand_int_range (0, (gint32) i + 1);

      types[i] = types[j];
      types[j] = all_types[i];
    }

  layout->bitpix = bitpixes[g_test_rand_int_range (0, G_N_ELEMENTS (bitpixes))];
  layout->n_axes = g_test_rand_int_range (2, MAX_AXES);
  for (int i = 0; i < layout->n_axes; i++)
    {
      layout->types[i] = types[i];
      layout->shape[i] = g_test_rand_int_range (1, 8);
    }
}

static AlmuImage *
write_and_open (Fixture      *fixture,
                const Layout *layout)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  AlmuImage *image;

  almu_test_fits_begin (fits, layout->bitpix, layout->n_axes, layout->shape);
  for (int i = 0; i < layout->n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);
      g_autofree char *value = g_strdup_printf ("'%s'", layout->types[i]);

      if (*layout->types[i] != '\0')
        almu_test_fits_card (fits, name, value);
    }
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, number, (gpointer) layout);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, "a.fits");

  image = almu_image_open (g_open (path, O_RDONLY | O_CLOEXEC, 0), "a.fits", "", 0, &error);
  g_assert_no_error (error);

  return image;
}

static int
compare_ints (gconstpointer a,
              gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* What the page does with what it is told: the two smallest of those that
 * are not 0; 1 and 2 where there are fewer. */
static void
assert_as_the_page (const AlmuImageInfo *info)
{
  const AlmuAxes *axes = &info->axes;
  int             told[3] = { axes->spatial[0], axes->spatial[1], axes->spectral };
  int             n = 0;

  qsort (told, 3, sizeof told[0], compare_ints);
  while (n < 3 && told[n] == 0)
    n++;

  g_assert_cmpint (axes->render[0], ==, n > 1 ? 1 : told[n]);
  g_assert_cmpint (axes->render[1], ==, n > 1 ? 2 : told[n + 1]);
  g_assert_cmpint (info->width, ==, info->shape[axes->render[0] - 1]);
  g_assert_cmpint (info->height, ==, info->shape[axes->render[1] - 1]);

  /* no axis is two things */
  g_assert_cmpint (axes->depth == 0 || (axes->depth != axes->render[0] && axes->depth != axes->render[1]), ==, TRUE);
  g_assert_cmpint (axes->stokes == 0 || (axes->stokes != axes->render[0] && axes->stokes != axes->render[1] && axes->stokes != axes->depth), ==, TRUE);
}

static void
set_position (gint64 *position,
              int     axis,
              int     index)
{
  if (axis > 0)
    position[axis - 1] = index;
}

static void
check_box (AlmuImage    *image,
           const Layout *layout)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  AlmuBox              box;
  g_autofree float    *values = NULL;
  const float         *next;
  g_autoptr(GError) error = NULL;

  box.area.x = g_test_rand_int_range (0, info->width);
  box.area.y = g_test_rand_int_range (0, info->height);
  box.channel = g_test_rand_int_range (0, info->depth);
  box.stokes = g_test_rand_int_range (0, info->n_stokes);
  box.area.width = g_test_rand_int_range (1, info->width - box.area.x + 1);
  box.area.height = g_test_rand_int_range (1, info->height - box.area.y + 1);
  box.n_channels = g_test_rand_int_range (1, info->depth - box.channel + 1);

  next = values = g_new (float, (gsize) box.area.width *box.area.height *box.n_channels);
  g_assert_true (almu_image_read (image, &box, values, NULL, &error));
  g_assert_no_error (error);

  for (int channel = 0; channel < box.n_channels; channel++)
    for (int y = 0; y < box.area.height; y++)
      for (int x = 0; x < box.area.width; x++)
        {
          gint64 position[MAX_AXES] = { 0 };

          set_position (position, info->axes.render[0], box.area.x + x);
          set_position (position, info->axes.render[1], box.area.y + y);
          set_position (position, info->axes.depth, box.channel + channel);
          set_position (position, info->axes.stokes, box.stokes);
          g_assert_cmpfloat (*next++, ==, number (position, (gpointer) layout));
        }
}

static void
test_axis_orders (Fixture      *fixture,
                  gconstpointer user_data)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Layout layout = { 0 };
      g_autoptr(AlmuImage) image = NULL;

      make_layout (&layout);
      image = write_and_open (fixture, &layout);
      assert_as_the_page (almu_image_get_info (image));
      for (int i = 0; i < 5; i++)
        check_box (image, &layout);
    }
}

/* A file that was found to be shown on other axes than the page thinks. */
static void
test_axis_orders_shared (void)
{
  g_autofree char *path = almu_test_shared_path ("dec_pol_freq_ra.fits");
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  const AlmuImageInfo *info;
  float                column[17];
  float                plane[36 * 17];

  if (path == NULL)
    {
      g_test_skip ("real files are not here");
      return;
    }

  image = almu_image_open (g_open (path, O_RDONLY | O_CLOEXEC, 0), "dec_pol_freq_ra.fits", "", 0, &error);
  g_assert_no_error (error);
  info = almu_image_get_info (image);
  assert_as_the_page (info);
  g_assert_cmpint (info->axes.render[0], ==, 1);
  g_assert_cmpint (info->axes.render[1], ==, 3);
  g_assert_cmpint (info->width, ==, 36);
  g_assert_cmpint (info->height, ==, 17);
  g_assert_cmpint (info->depth, ==, 30);
  g_assert_cmpint (info->n_stokes, ==, 4);

  /* the same pixels along either axis, of the last channel and polarisation */
  g_assert_true (almu_image_read (image, &(AlmuBox){ { 0, 0, 36, 17 }, 29, 1, 3 }, plane, NULL, &error));
  g_assert_true (almu_image_read (image, &(AlmuBox){ { 35, 0, 1, 17 }, 29, 1, 3 }, column, NULL, &error));
  for (int y = 0; y < 17; y++)
    g_assert_true (column[y] == plane[y * 36 + 35] || (isnan (column[y]) && isnan (plane[y * 36 + 35])));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/axis-orders/random", test_axis_orders);
  g_test_add_func ("/engine/axis-orders/shared", test_axis_orders_shared);

  return g_test_run ();
}
