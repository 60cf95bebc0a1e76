/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-plane.h"
#include "almu-polarisation.h"
#include "almu-stats.h"
#include "almu-test.h"
#include "almu-test-image.h"
#include "test-pixels.h"

#define ROUNDS 60
#define MAX_VALUES 3000

static int iquv[] = { 1, 2, 3, 4 };

/* I, Q, U, V by name, so that a mistake in the order of parts shows. */
typedef struct
{
  double i;
  double q;
  double u;
  double v;
} Pixel;

static double
expect_value (int          polarisation,
              const Pixel *p)
{
  double linear = sqrt (p->q * p->q + p->u * p->u);
  double total = sqrt (p->q * p->q + p->u * p->u + p->v * p->v);

  switch (polarisation)
    {
    case ALMU_POLARISATION_PTOTAL:
      return total;
    case ALMU_POLARISATION_PLINEAR:
      return linear;
    case ALMU_POLARISATION_PFTOTAL:
      return 100 * total / p->i;
    case ALMU_POLARISATION_PFLINEAR:
      return 100 * linear / p->i;
    default:
      return atan2 (p->u, p->q) / 2 * 180 / G_PI;
    }
}

static double
get_part (const Pixel *p,
          int          polarisation)
{
  const double values[] = { p->i, p->q, p->u, p->v };

  return values[polarisation - ALMU_POLARISATION_I];
}

static void
assert_near (float  value,
             double expected)
{
  if (isnan (expected))
    g_assert_true (isnan (value));
  else if (isinf (expected))
    g_assert_true (value == expected);
  else
    g_assert_cmpfloat (fabs (value - expected), <=, 5e-7 * fabs (expected) + 1e-36);
}

static gboolean
has_nan (const Pixel *p,
         int          polarisation)
{
  gboolean with_v = polarisation == ALMU_POLARISATION_PTOTAL || polarisation == ALMU_POLARISATION_PFTOTAL;
  gboolean with_i = polarisation == ALMU_POLARISATION_PFLINEAR || polarisation == ALMU_POLARISATION_PFTOTAL;

  return isnan (p->q) || isnan (p->u) || (with_v && isnan (p->v)) || (with_i && isnan (p->i));
}

/* -- the arithmetic ----------------------------------------------------- */

static void
test_polarisation_combine (void)
{
  AlmuImageInfo info = { .n_stokes = 4, .stokes_codes = iquv };

  for (int round = 0; round < ROUNDS; round++)
    {
      /* 1e30 squared is no float: there IEEE says infinity, and so do we */
      const TestPixels *kind = &test_pixels_kinds[round % 5];
      int               polarisation = g_test_rand_int_range (ALMU_POLARISATION_PTOTAL, ALMU_N_POLARISATIONS);
      gsize             n = (gsize) test_pixels_side (MAX_VALUES);
      g_autofree float *values = g_new (float, n);
      g_autofree float *parts[] = { NULL, NULL, NULL, NULL };
      AlmuParts         where;

      g_assert_true (almu_polarisation_find_parts (&info, polarisation, &where, NULL));
      for (int i = 0; i < where.n; i++)
        parts[i] = test_pixels_new (kind, n);
      almu_polarisation_combine (polarisation, (const float *const *) parts, n, values);

      for (gsize i = 0; i < n; i++)
        {
          double doubles[ALMU_MAX_PARTS];
          Pixel  p = { 0 };
          double expected;

          for (int j = 0; j < where.n; j++)
            {
              doubles[j] = parts[j][i];
              *(&p.i + (where.polarisations[j] - ALMU_POLARISATION_I)) = parts[j][i];
            }
          expected = expect_value (polarisation, &p);

          assert_near (values[i], expected);
          assert_near ((float) almu_polarisation_combine_double (polarisation, doubles), (float) expected);
          if (has_nan (&p, polarisation))
            g_assert_true (isnan (values[i]));
        }
      for (int i = 0; i < ALMU_MAX_PARTS; i++)
        g_clear_pointer (&parts[i], g_free);
    }
}

static void
test_polarisation_in_place (void)
{
  for (int polarisation = ALMU_POLARISATION_PTOTAL; polarisation < ALMU_N_POLARISATIONS; polarisation++)
    {
      float        v[] = { 1, 2, 3, 4, 5 }, u[] = { 4, 3, 2, 1, 0 }, q[] = { -1, -2, 0, 2, 1 }, i[] = { 9, 8, 7, 6, 5 };
      const float *with_v[] = { v, u, q, i };
      const float *without_v[] = { u, q, i, NULL };
      gboolean     is_total = polarisation == ALMU_POLARISATION_PTOTAL || polarisation == ALMU_POLARISATION_PFTOTAL;
      float        apart[5];

      almu_polarisation_combine (polarisation, is_total ? with_v : without_v, 5, apart);
      almu_polarisation_combine (polarisation, is_total ? with_v : without_v, 5, u);
      g_assert_cmpmem (u, sizeof u, apart, sizeof apart);
    }
}

/* Angles by quadrant, and where atan2() has its own rules: bits, so that the
 * sign of a zero counts. */
static void
test_polarisation_angle (void)
{
  const struct
  {
    float u;
    float q;
    float angle;
  } cases[] = {
    { 0, 1, 0 },
    { 1, 1, 22.5 },
    { 1, 0, 45 },
    { 1, -1, 67.5 },
    { 0, -1, 90 },
    { -0.0f, -1, -90 },
    { -1, -1, -67.5 },
    { -1, 0, -45 },
    { -1, 1, -22.5 },
    { 0, 0, 0 },
    { -0.0f, 0, -0.0f },
    { 0, -0.0f, 90 },
    { -0.0f, -0.0f, -90 },
    { INFINITY, 3, 45 },
    { 3, INFINITY, 0 },
    { 3, -INFINITY, 90 },
    { INFINITY, INFINITY, 22.5 },
    { -INFINITY, -INFINITY, -67.5 },
    { 1e-45f, 1e-45f, 22.5 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const float *parts[] = { &cases[i].u, &cases[i].q };
      double       naive = atan2 (cases[i].u, cases[i].q) * 90 / G_PI;
      float        angle;

      almu_polarisation_combine (ALMU_POLARISATION_PANGLE, parts, 1, &angle);
      assert_near (angle, naive);
      g_assert_cmpint (!!signbit (angle), ==, !!signbit (naive));
      g_assert_cmpfloat (fabsf (angle - cases[i].angle), <=, 1e-5f);
    }
}

/* The same direction at any brightness; all around the circle. */
static void
test_polarisation_angle_circle (void)
{
  for (int i = -720; i <= 720; i++)
    for (float size = 1e-30f; size < 1e35f; size *= 1e13f)
      {
        double       angle = i * G_PI / 720;
        float        u = (float) (size * sin (angle)), q = (float) (size * cos (angle));
        const float *parts[] = { &u, &q };
        float        found;

        almu_polarisation_combine (ALMU_POLARISATION_PANGLE, parts, 1, &found);
        assert_near (found, atan2 (u, q) * 90 / G_PI);
      }
}

static void
test_polarisation_without_intensity (void)
{
  float        q[] = { 3, 0, -3 }, u[] = { 4, 0, 4 }, i[] = { 0, 0, -0.0f };
  const float *parts[] = { u, q, i };
  float        values[3];

  almu_polarisation_combine (ALMU_POLARISATION_PFLINEAR, parts, 3, values);
  g_assert_true (isinf (values[0]) && values[0] > 0);
  g_assert_true (isnan (values[1]));
  g_assert_true (isinf (values[2]) && values[2] < 0);
}

/* -- what an image has -------------------------------------------------- */

static void
test_polarisation_names (void)
{
  g_assert_cmpstr (almu_polarisation_get_name (1), ==, "I");
  g_assert_cmpstr (almu_polarisation_get_name (12), ==, "YX");
  g_assert_cmpstr (almu_polarisation_get_name (16), ==, "PFlinear");
  g_assert_cmpstr (almu_polarisation_get_name (0), ==, "");
  g_assert_cmpstr (almu_polarisation_get_name (-1), ==, "");
  g_assert_cmpstr (almu_polarisation_get_name (18), ==, "");

  for (int i = ALMU_POLARISATION_I; i <= ALMU_POLARISATION_YX; i++)
    g_assert_cmpint (almu_polarisation_from_fits (almu_polarisation_to_fits (i)), ==, i);
  g_assert_cmpint (almu_polarisation_to_fits (ALMU_POLARISATION_RR), ==, -1);
  g_assert_cmpint (almu_polarisation_to_fits (ALMU_POLARISATION_YX), ==, -8);
  g_assert_cmpint (almu_polarisation_to_fits (ALMU_POLARISATION_PTOTAL), ==, 0);
}

static void
assert_lacks (const AlmuImageInfo *info,
              int                  polarisation,
              const char          *needed,
              const char          *missing)
{
  AlmuParts parts = { .n = 77 };
  g_autoptr(GError) error = NULL;
  g_autofree char *text = g_strdup_printf ("%s is computed from polarisations %s, of which the image lacks %s",
                                           almu_polarisation_get_name (polarisation), needed, missing);

  g_assert_false (almu_polarisation_find_parts (info, polarisation, &parts, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, text);
  g_assert_cmpint (parts.n, ==, 77);
}

static void
test_polarisation_parts (void)
{
  int           vuqi[] = { 4, 3, 2, 1 };
  int           qu[] = { 2, 3 };
  int           circular[] = { -1, -2, -3, -4 };
  AlmuImageInfo info = { .n_stokes = 4, .stokes_codes = vuqi };
  AlmuParts     parts;

  g_assert_true (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PFTOTAL, &parts, NULL));
  g_assert_cmpint (parts.n, ==, 4);
  for (int i = 0; i < parts.n; i++)
    g_assert_cmpint (vuqi[parts.stokes[i]], ==, parts.polarisations[i]);

  info = (AlmuImageInfo){ .n_stokes = 2, .stokes_codes = qu };
  g_assert_true (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PLINEAR, &parts, NULL));
  g_assert_true (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PANGLE, &parts, NULL));
  assert_lacks (&info, ALMU_POLARISATION_PTOTAL, "Q, U, V", "V");
  assert_lacks (&info, ALMU_POLARISATION_PFLINEAR, "I, Q, U", "I");
  assert_lacks (&info, ALMU_POLARISATION_PFTOTAL, "I, Q, U, V", "I, V");

  info = (AlmuImageInfo){ .n_stokes = 4, .stokes_codes = circular };
  assert_lacks (&info, ALMU_POLARISATION_PLINEAR, "Q, U", "Q, U");

  /* a header that says nothing: I, Q, U, V */
  info = (AlmuImageInfo){ .n_stokes = 3 };
  g_assert_true (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PFLINEAR, &parts, NULL));
  assert_lacks (&info, ALMU_POLARISATION_PTOTAL, "Q, U, V", "V");

  info = (AlmuImageInfo){ .n_stokes = 1 };
  assert_lacks (&info, ALMU_POLARISATION_PANGLE, "Q, U", "Q, U");
}

/* On an axis of so many, 13 is the fourteenth of them. */
static void
test_polarisation_long_axis (void)
{
  AlmuImageInfo info = { .n_stokes = 14 };
  AlmuParts     parts;
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_polarisation_is_computed_of (&info, ALMU_POLARISATION_PTOTAL));
  g_assert_true (almu_polarisation_is_computed_of (&info, ALMU_POLARISATION_PLINEAR));
  g_assert_false (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PTOTAL, &parts, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_true (almu_polarisation_find_parts (&info, ALMU_POLARISATION_PLINEAR, &parts, NULL));
}

static void
test_polarisation_beam (void)
{
  AlmuBeam beams[] = { { -1, 0, 1, 1, 0 }, { -1, 1, 2, 2, 0 }, { -1, 2, 3, 3, 0 }, { -1, 3, 4, 4, 0 } };
  g_autoptr(GArray) several = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  AlmuImageInfo info = { .n_stokes = 4, .stokes_codes = iquv, .beams = several };

  g_array_append_vals (several, beams, 4);
  g_assert_cmpfloat (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PTOTAL)->major, ==, 2);
  g_assert_cmpfloat (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PLINEAR)->major, ==, 2);
  g_assert_cmpfloat (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PFTOTAL)->major, ==, 1);
  g_assert_cmpfloat (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PFLINEAR)->major, ==, 1);
  g_assert_null (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PANGLE));

  beams[0].stokes = -1;
  g_array_set_size (several, 0);
  g_array_append_val (several, beams[0]);
  g_assert_nonnull (almu_image_info_get_beam (&info, 0, ALMU_POLARISATION_PANGLE));
}

static void
test_polarisation_flux (void)
{
  AlmuBeam beams[] = { { -1, 0, 1, 1, 0 }, { -1, 1, 2, 2, 0 }, { -1, 2, 3, 3, 0 }, { -1, 3, 4, 4, 0 } };
  g_autoptr(GArray) several = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  AlmuImageInfo info = { .n_stokes = 4, .stokes_codes = iquv, .beams = several, .pixel_area = 0.5, .unit = (char *) "Jy/beam" };
  AlmuStats     stats = ALMU_STATS_INIT;
  double        flux;

  g_array_append_vals (several, beams, 4);
  almu_stats_add (&stats, (float[]){ 1, 2, 3 }, 3);

  flux = 6 * 0.5 / (G_PI / (4 * G_LN2) * 2 * 2);
  for (int i = ALMU_POLARISATION_PTOTAL; i <= ALMU_POLARISATION_PLINEAR; i++)
    g_assert_cmpfloat_with_epsilon (almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, 0, i), flux, 1e-12);
  for (int i = ALMU_POLARISATION_PFTOTAL; i <= ALMU_POLARISATION_PANGLE; i++)
    g_assert_true (isnan (almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, 0, i)));

  info.unit = (char *) "K";
  g_assert_cmpfloat (almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, 0, ALMU_POLARISATION_PLINEAR), ==, 3);
  g_assert_true (isnan (almu_stats_get (&stats, ALMU_STATS_FLUX_DENSITY, &info, 0, ALMU_POLARISATION_PANGLE)));
}

/* -- reading ------------------------------------------------------------ */

static float
draw (int x,
      int y,
      int channel,
      int stokes)
{
  guint hash = (guint) x * 73856093 ^ (guint) y * 19349663 ^ (guint) channel * 83492791 ^ (guint) stokes * 2654435761u;

  hash = (hash ^ (hash >> 15)) * 2246822519u;
  hash ^= hash >> 13;
  if (hash % 23 == 0)
    return NAN;

  return (float) (hash % 100003) / 50000 - 1;
}

static Pixel
draw_pixel (int x,
            int y,
            int channel)
{
  return (Pixel){ draw (x, y, channel, 0), draw (x, y, channel, 1), draw (x, y, channel, 2), draw (x, y, channel, 3) };
}

static void
check_box (AlmuImage     *image,
           const AlmuBox *box)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  gsize                n = (gsize) box->area.width * box->area.height * box->n_channels;
  g_autofree float    *pixels = g_new (float, n);
  guint64              n_before = almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image));
  float               *next = pixels;
  AlmuParts            parts;
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_polarisation_find_parts (info, box->stokes, &parts, NULL));
  g_assert_true (almu_image_read (image, box, pixels, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image)) - n_before, ==, n * (gsize) parts.n);

  for (int channel = 0; channel < box->n_channels; channel++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        {
          Pixel p = draw_pixel (box->area.x + x, box->area.y + y, box->channel + channel);

          assert_near (*next++, has_nan (&p, box->stokes) ? NAN : expect_value (box->stokes, &p));
        }
}

/* Boxes of every shape: a pixel of all channels, a few rows, planes larger
 * than a piece, rows longer than one. */
static void
test_polarisation_read (void)
{
  const struct
  {
    int width;
    int height;
    int depth;
  } shapes[] = { { 7, 5, 300 }, { 300, 250, 3 }, { 70000, 3, 2 }, { 1, 1, 1 }, { 2, 40000, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autoptr(AlmuImage) image = almu_test_image_new (shapes[i].width, shapes[i].height, shapes[i].depth, 4, draw);

      for (int round = 0; round < 12; round++)
        {
          AlmuBox box = { .stokes = g_test_rand_int_range (ALMU_POLARISATION_PTOTAL, ALMU_N_POLARISATIONS) };

          box.area.x = g_test_rand_int_range (0, shapes[i].width);
          box.area.y = g_test_rand_int_range (0, shapes[i].height);
          box.channel = g_test_rand_int_range (0, shapes[i].depth);
          box.area.width = g_test_rand_int_range (1, shapes[i].width - box.area.x + 1);
          box.area.height = g_test_rand_int_range (1, shapes[i].height - box.area.y + 1);
          box.n_channels = g_test_rand_int_range (1, shapes[i].depth - box.channel + 1);
          check_box (image, &box);
        }
    }
}

static void
test_polarisation_read_lacking (void)
{
  g_autoptr(AlmuImage) image = almu_test_image_new (4, 4, 1, 3, draw);
  AlmuBox box = { { 0, 0, 4, 4 }, 0, 1, ALMU_POLARISATION_PTOTAL };
  float   pixels[16];
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_image_read (image, &box, pixels, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==,
                   "test.fits: Ptotal is computed from polarisations Q, U, V, of which the image lacks V");

  g_clear_error (&error);
  box.stokes = ALMU_N_POLARISATIONS;
  g_assert_false (almu_image_read (image, &box, pixels, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

/* Whichever part fails. */
static void
test_polarisation_read_fails (void)
{
  for (guint nth = 1; nth <= 4; nth++)
    {
      g_autoptr(AlmuImage) image = almu_test_image_new (4, 4, 1, 4, draw);
      AlmuBox box = { { 0, 0, 4, 4 }, 0, 1, ALMU_POLARISATION_PFTOTAL };
      float   pixels[16];
      g_autoptr(GError) error = NULL;

      almu_test_image_fail_at (ALMU_TEST_IMAGE (image), nth);
      g_assert_false (almu_image_read (image, &box, pixels, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
    }
}

static void
test_polarisation_read_cancelled (void)
{
  g_autoptr(AlmuImage) image = almu_test_image_new (4, 4, 1, 4, draw);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AlmuBox box = { { 0, 0, 4, 4 }, 0, 1, ALMU_POLARISATION_PLINEAR };
  float   pixels[16];
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (almu_image_read (image, &box, pixels, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (almu_test_image_get_n_reads (ALMU_TEST_IMAGE (image)), ==, 0);
}

/* -- planes ------------------------------------------------------------- */

static void
check_plane (AlmuPlane *plane,
             int        polarisation,
             int        width,
             int        height,
             int        channel)
{
  const float *pixels = almu_plane_get_pixels (plane);
  gint64       n_blank = 0;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        Pixel  p = draw_pixel (x, y, channel);
        double expected = has_nan (&p, polarisation) ? NAN : expect_value (polarisation, &p);

        assert_near (pixels[(gsize) y * width + x], expected);
        n_blank += !isfinite (pixels[(gsize) y * width + x]);
      }
  g_assert_cmpint (almu_plane_get_stats (plane)->n_blank, ==, n_blank);
}

/* Any of the parts may be in memory already, and is not read again then. */
static void
test_polarisation_plane (void)
{
  const int width = 301, height = 257, channel = 1;
  g_autoptr(AlmuImage) image = almu_test_image_new (width, height, 2, 4, draw);

  for (int polarisation = ALMU_POLARISATION_PTOTAL; polarisation < ALMU_N_POLARISATIONS; polarisation++)
    {
      g_autoptr(AlmuPlane) loaded = almu_plane_load (image, channel, polarisation, NULL, NULL);
      AlmuParts parts;

      check_plane (loaded, polarisation, width, height, channel);
      g_assert_true (almu_polarisation_find_parts (almu_image_get_info (image), polarisation, &parts, NULL));

      for (int known = 0; known < 1 << parts.n; known++)
        {
          AlmuPlane *planes[ALMU_MAX_PARTS] = { NULL };
          guint64    n_before;
          int        n_missing = parts.n;
          g_autoptr(AlmuPlane) combined = NULL;

          for (int i = 0; i < parts.n; i++)
            if (known & 1 << i)
              {
                planes[i] = almu_plane_load (image, channel, parts.stokes[i], NULL, NULL);
                n_missing--;
              }

          n_before = almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image));
          combined = almu_plane_combine (image, channel, polarisation, planes, NULL, NULL);
          g_assert_cmpuint (almu_test_image_get_n_pixels (ALMU_TEST_IMAGE (image)) - n_before, ==,
                            (guint64) n_missing * width * height);
          g_assert_cmpmem (almu_plane_get_pixels (combined), sizeof (float) * width * height,
                           almu_plane_get_pixels (loaded), sizeof (float) * width * height);

          for (int i = 0; i < parts.n; i++)
            g_clear_pointer (&planes[i], almu_plane_unref);
        }
    }
}

static void
test_polarisation_plane_lacking (void)
{
  g_autoptr(AlmuImage) image = almu_test_image_new (9, 9, 1, 1, draw);
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_plane_load (image, 0, ALMU_POLARISATION_PANGLE, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

/* -- a real file -------------------------------------------------------- */

static void
test_polarisation_shared (void)
{
  g_autofree char *path = almu_test_shared_path ("imregion.fits");
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  const AlmuImageInfo *info;

  if (path == NULL)
    {
      g_test_skip ("real files are not here");
      return;
    }

  image = almu_image_open (open (path, O_RDONLY | O_CLOEXEC), "imregion.fits", "", 0, &error);
  g_assert_no_error (error);
  info = almu_image_get_info (image);
  g_assert_cmpint (info->n_stokes, ==, 4);

  for (int polarisation = ALMU_POLARISATION_PTOTAL; polarisation < ALMU_N_POLARISATIONS; polarisation++)
    {
      gsize             n = (gsize) info->width * info->height * info->depth;
      AlmuBox           box = { { 0, 0, info->width, info->height }, 0, info->depth, polarisation };
      g_autofree float *values = g_new (float, n);
      g_autofree float *planes = g_new (float, 4 * n);

      g_assert_true (almu_image_read (image, &box, values, NULL, &error));
      for (box.stokes = 0; box.stokes < 4; box.stokes++)
        g_assert_true (almu_image_read (image, &box, planes + (gsize) box.stokes * n, NULL, &error));

      for (gsize i = 0; i < n; i++)
        {
          Pixel p = { planes[i], planes[n + i], planes[2 * n + i], planes[3 * n + i] };

          g_assert_cmpfloat (get_part (&p, ALMU_POLARISATION_U), ==, planes[2 * n + i]);
          assert_near (values[i], has_nan (&p, polarisation) ? NAN : expect_value (polarisation, &p));
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/polarisation/combine", test_polarisation_combine);
  g_test_add_func ("/engine/polarisation/combine/in-place", test_polarisation_in_place);
  g_test_add_func ("/engine/polarisation/angle", test_polarisation_angle);
  g_test_add_func ("/engine/polarisation/angle/circle", test_polarisation_angle_circle);
  g_test_add_func ("/engine/polarisation/without-intensity", test_polarisation_without_intensity);
  g_test_add_func ("/engine/polarisation/names", test_polarisation_names);
  g_test_add_func ("/engine/polarisation/parts", test_polarisation_parts);
  g_test_add_func ("/engine/polarisation/long-axis", test_polarisation_long_axis);
  g_test_add_func ("/engine/polarisation/beam", test_polarisation_beam);
  g_test_add_func ("/engine/polarisation/flux", test_polarisation_flux);
  g_test_add_func ("/engine/polarisation/read", test_polarisation_read);
  g_test_add_func ("/engine/polarisation/read/lacking", test_polarisation_read_lacking);
  g_test_add_func ("/engine/polarisation/read/fails", test_polarisation_read_fails);
  g_test_add_func ("/engine/polarisation/read/cancelled", test_polarisation_read_cancelled);
  g_test_add_func ("/engine/polarisation/plane", test_polarisation_plane);
  g_test_add_func ("/engine/polarisation/plane/lacking", test_polarisation_plane_lacking);
  g_test_add_func ("/engine/polarisation/shared", test_polarisation_shared);

  return g_test_run ();
}
