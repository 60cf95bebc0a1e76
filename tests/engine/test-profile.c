/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-profile.h"
#include "test-pixels.h"

static void
assert_profile (AlmuPlane      *plane,
                AlmuProfileAxis axis,
                int             at,
                int             start,
                int             end,
                int             mip,
                gsize           n_expected,
                const float    *expected)
{
  g_autoptr(GBytes) bytes = almu_profile_cut (plane, axis, at, start, end, mip);
  gsize        size;
  const float *values = g_bytes_get_data (bytes, &size);

  g_assert_cmpuint (size, ==, n_expected * sizeof (float));
  for (gsize i = 0; i < n_expected; i++)
    if (isnan (expected[i]))
      g_assert_true (isnan (values[i]));
    else
      g_assert_cmpfloat (values[i], ==, expected[i]);
}

static void
test_profile_raw (void)
{
  float pixels[] = { 1, 2, NAN,
                     4, 5, 6 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 3, 2);

  for (int mip = 0; mip < 2; mip++)
    {
      assert_profile (plane, ALMU_PROFILE_X, 0, 0, 3, mip, 3, (float[]){ 1, 2, NAN });
      assert_profile (plane, ALMU_PROFILE_X, 1, 1, 3, mip, 2, (float[]){ 5, 6 });
      assert_profile (plane, ALMU_PROFILE_Y, 1, 0, 2, mip, 2, (float[]){ 2, 5 });
      assert_profile (plane, ALMU_PROFILE_Y, 2, 1, 2, mip, 1, (float[]){ 6 });
      assert_profile (plane, ALMU_PROFILE_X, 0, 2, 2, mip, 0, NULL);
    }
}

static void
test_profile_decimated (void)
{
  /* blocks of four: the largest first, the smallest first, one value,
   * blanks, and one cut at the edge */
  float pixels[] = { 3, 9, 1, 2,
                     5, 2, NAN, 7,
                     4, 4, 4, 4,
                     NAN, NAN, NAN, NAN,
                     8, 6 };
  g_autoptr(AlmuPlane) row = almu_plane_new_for_pixels (pixels, 18, 1);
  g_autoptr(AlmuPlane) column = almu_plane_new_for_pixels (pixels, 1, 18);
  float all[] = { 9, 1, 2, 7, 4, 4, NAN, NAN, 8, 6 };

  assert_profile (row, ALMU_PROFILE_X, 0, 0, 18, 2, 10, all);
  assert_profile (column, ALMU_PROFILE_Y, 0, 0, 18, 2, 10, all);

  /* both ends round up to blocks */
  assert_profile (row, ALMU_PROFILE_X, 0, 1, 18, 2, 8, all + 2);
  assert_profile (row, ALMU_PROFILE_X, 0, 4, 5, 2, 2, all + 2);
  assert_profile (row, ALMU_PROFILE_X, 0, 5, 8, 2, 0, NULL);
  assert_profile (row, ALMU_PROFILE_X, 0, 17, 18, 2, 0, NULL);
  assert_profile (row, ALMU_PROFILE_X, 0, 0, 18, G_MAXINT, 2, (float[]){ 9, 1 });
}

/* As the facts put it: ranges in units of two values, the positions of the
 * first smallest and first largest. */
static void
check_random (AlmuPlane      *plane,
              AlmuProfileAxis axis,
              int             mip)
{
  const float      *pixels = almu_plane_get_pixels (plane);
  int               width = almu_plane_get_width (plane);
  int               height = almu_plane_get_height (plane);
  int               length = axis == ALMU_PROFILE_X ? width : height;
  int               at = g_test_rand_int_range (0, axis == ALMU_PROFILE_X ? height : width);
  int               start = g_test_rand_int_range (0, length);
  int               end = g_test_rand_int_range (start, length) + 1;
  int               s = (int) ceil (start / (2.0 * mip)) * 2;
  int               e = (int) ceil (end / (2.0 * mip)) * 2;
  g_autofree float *expected = g_new (float, e - s + 1);
  gsize             stride = axis == ALMU_PROFILE_X ? 1 : (gsize) width;
  const float      *line = axis == ALMU_PROFILE_X ? pixels + (gsize) at * width : pixels + at;

  for (int i = s; i < e; i += 2)
    {
      float min = INFINITY, max = -INFINITY;
      int   min_pos = -1, max_pos = -1;

      for (int k = i * mip; k < MIN ((i + 2) * mip, length); k++)
        {
          float value = line[(gsize) k * stride];

          if (value < min || (min_pos < 0 && !isnan (value)))
            {
              min = value;
              min_pos = k;
            }
          if (value > max || (max_pos < 0 && !isnan (value)))
            {
              max = value;
              max_pos = k;
            }
        }

      if (min_pos < 0)
        min = max = NAN;
      expected[i - s] = min_pos < max_pos ? min : max;
      expected[i - s + 1] = min_pos < max_pos ? max : min;
    }

  assert_profile (plane, axis, at, start, end, mip, (gsize) (e - s), expected);
}

static void
test_profile_random (void)
{
  for (int round = 0; round < 300; round++)
    {
      const TestPixels *kind = &test_pixels_kinds[round % G_N_ELEMENTS (test_pixels_kinds)];
      int               width = test_pixels_side (200);
      int               height = test_pixels_side (200);
      g_autofree float *pixels = test_pixels_new (kind, (gsize) width * height);
      g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, width, height);

      check_random (plane, ALMU_PROFILE_X, g_test_rand_int_range (2, 20));
      check_random (plane, ALMU_PROFILE_Y, g_test_rand_int_range (2, 20));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/profile/raw", test_profile_raw);
  g_test_add_func ("/engine/profile/decimated", test_profile_decimated);
  g_test_add_func ("/engine/profile/random", test_profile_random);

  return g_test_run ();
}
