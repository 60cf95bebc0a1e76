/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-line.h"
#include "test-sky.h"

static AlmuShape *
line_of (gsize            n,
         const AlmuPoint *points)
{
  return almu_shape_new (n == 2 ? ALMU_SHAPE_LINE : ALMU_SHAPE_POLYLINE, points, n, 0, NULL);
}

static GPtrArray *
cut (AlmuShape    *line,
     int           width,
     AlmuSkyMap   *sky,
     AlmuLineAxis *axis)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *boxes = almu_line_cut (line, width, sky, axis, &error);

  g_assert_no_error (error);

  return boxes;
}

static void
assert_box (GPtrArray *boxes,
            guint      i,
            float      x,
            float      y,
            float      along,
            float      across)
{
  const AlmuShape *box = boxes->pdata[i];

  g_assert_cmpint (box->type, ==, ALMU_SHAPE_RECTANGLE);
  g_assert_cmpfloat_with_epsilon (box->points[0].x, x, 1e-4);
  g_assert_cmpfloat_with_epsilon (box->points[0].y, y, 1e-4);
  g_assert_cmpfloat_with_epsilon (box->points[1].x, along, 1e-4);
  g_assert_cmpfloat_with_epsilon (box->points[1].y, across, 1e-4);
}

/* The first value lies at the second point; the width lies across. */
static void
test_line_straight (void)
{
  g_autoptr(AlmuShape) line = line_of (2, (const AlmuPoint[]){ { 10, 20 }, { 30, 20 } });
  g_autoptr(AlmuShape) upwards = line_of (2, (const AlmuPoint[]){ { 5, 4 }, { 5, 9 } });
  AlmuLineAxis axis;
  g_autoptr(GPtrArray) boxes = cut (line, 3, NULL, &axis);
  g_autoptr(GPtrArray) up = cut (upwards, 5, NULL, &axis);

  g_assert_cmpuint (boxes->len, ==, 21);
  assert_box (boxes, 0, 30, 20, 1, 3);
  assert_box (boxes, 20, 10, 20, 1, 3);

  g_assert_cmpuint (up->len, ==, 5);
  assert_box (up, 0, 5, 8.5f, 1, 5);
  assert_box (up, 4, 5, 4.5f, 1, 5);
  g_assert_cmpint (axis.type, ==, ALMU_LINE_OFFSET);
  g_assert_cmpint (axis.reference_index, ==, 2);
  g_assert_cmpfloat (axis.reference, ==, 0);
  g_assert_cmpfloat (axis.increment, ==, 1);
  g_assert_cmpstr (axis.unit, ==, "pixel");
}

static void
test_line_slanting (void)
{
  g_autoptr(AlmuShape) line = line_of (2, (const AlmuPoint[]){ { 0, 0 }, { 30, 40 } });
  AlmuLineAxis axis;
  g_autoptr(GPtrArray) boxes = cut (line, 2, NULL, &axis);
  const AlmuShape *first;

  g_assert_cmpuint (boxes->len, ==, 51);
  assert_box (boxes, 25, 15, 20, 3, 2);
  assert_box (boxes, 24, 15.6f, 20.8f, 3, 2);
  first = boxes->pdata[0];
  g_assert_cmpfloat_with_epsilon (fmod (first->rotation + 360, 180), atan2 (40, 30) * 180 / G_PI, 1e-3);
}

/* Corners are not counted twice; counted from the first point. */
static void
test_line_polyline (void)
{
  g_autoptr(AlmuShape) line = line_of (3, (const AlmuPoint[]){ { 10, 10 }, { 20, 10 }, { 20, 14.7f } });
  g_autoptr(AlmuShape) short_of = line_of (3, (const AlmuPoint[]){ { 10, 10 }, { 20.5f, 10 }, { 20.5f, 13 } });
  g_autoptr(AlmuShape) dot = line_of (3, (const AlmuPoint[]){ { 5, 5 }, { 5, 5 }, { 5, 5 } });
  AlmuLineAxis axis;
  g_autoptr(GPtrArray) boxes = cut (line, 1, NULL, &axis);
  g_autoptr(GPtrArray) others = NULL;
  g_autoptr(GPtrArray) one = NULL;

  g_assert_cmpuint (boxes->len, ==, 11 + 5);
  assert_box (boxes, 0, 10, 10, 1, 1);
  assert_box (boxes, 10, 20, 10, 1, 1);
  assert_box (boxes, 11, 20, 11, 1, 1);
  assert_box (boxes, 15, 20, 15, 1, 1);
  g_assert_cmpint (axis.type, ==, ALMU_LINE_DISTANCE);
  g_assert_cmpint (axis.reference_index, ==, 8);
  g_assert_cmpfloat (axis.reference, ==, 8);

  /* the last step before the corner is half a pixel off: both stay */
  others = cut (short_of, 1, NULL, &axis);
  g_assert_cmpuint (others->len, ==, 12 + 4);

  one = cut (dot, 1, NULL, &axis);
  g_assert_cmpuint (one->len, ==, 1);
}

static void
assert_unit (double      scale,
             float       pixels,
             const char *unit,
             double      increment)
{
  g_autoptr(AlmuSkyMap) sky = test_sky_map_new ("RA--", "DEC-", "TAN", "COMMENT", 50, 10, scale, 0, FALSE);
  g_autoptr(AlmuShape) line = line_of (2, (const AlmuPoint[]){ { 499.5f - pixels / 2, 479.25f },
                                                                { 499.5f + pixels / 2, 479.25f } });
  AlmuLineAxis axis;
  g_autoptr(GPtrArray) boxes = cut (line, 1, sky, &axis);

  g_assert_cmpstr (axis.unit, ==, unit);
  g_assert_cmpfloat_with_epsilon (axis.increment, increment, increment * 1e-3);
}

static void
test_line_units (void)
{
  assert_unit (1e-9, 100, "marcsec", 3.6e-3);
  assert_unit (1e-5, 100, "arcsec", 0.036);
  assert_unit (1e-3, 100, "arcmin", 0.06);
  assert_unit (0.03, 200, "deg", 0.03);
}

/* Far from the equator, pixels of a plate carrée shrink. */
static void
test_line_distorted (void)
{
  g_autoptr(AlmuSkyMap) sky = test_sky_map_new ("RA--", "DEC-", "CAR", "COMMENT", 50, 0, 0.1, 0, FALSE);
  const AlmuPoint points[] = { { 500, 500 }, { 700, 1100 }, { 480, 1250 } };

  for (gsize n = 2; n <= 3; n++)
    {
      g_autoptr(AlmuShape) line = line_of (n, points);
      AlmuLineAxis axis;
      g_autoptr(GPtrArray) boxes = cut (line, 4, sky, &axis);
      double scale[2];

      almu_sky_map_get_scale (sky, scale);
      g_assert_cmpstr (axis.unit, ==, "deg");
      g_assert_cmpfloat_with_epsilon (axis.increment, scale[1], 1e-9);
      g_assert_cmpuint (boxes->len, >, 400);
      for (guint i = 1; i + 2 < boxes->len; i++)
        {
          const AlmuShape *a = boxes->pdata[i];
          const AlmuShape *b = boxes->pdata[i + 1];
          double           places[4] = { a->points[0].x, a->points[0].y, b->points[0].x, b->points[0].y };
          double           separation;

          almu_sky_map_to_sky (sky, 2, places, places);
          separation = almu_sky_separation (places, places + 2);
          /* a corner's step is shorter, and where directions meet the ends
           * of the line are of another length */
          if (a->rotation == b->rotation)
            g_assert_cmpfloat_with_epsilon (separation, scale[1], 0.02 * scale[1]);
          else
            g_assert_cmpfloat (separation, <=, 1.5 * scale[1]);
        }
    }
}

static void
test_line_limits (void)
{
  g_autoptr(AlmuShape) line = line_of (2, (const AlmuPoint[]){ { 0, 0 }, { ALMU_LIMIT_LINE_VALUES - 10, 0 } });
  g_autoptr(AlmuShape) longer = line_of (2, (const AlmuPoint[]){ { 0, 0 }, { ALMU_LIMIT_LINE_VALUES + 1, 0 } });
  g_autoptr(AlmuShape) absurd = line_of (2, (const AlmuPoint[]){ { 0, 0 }, { 3e38f, 3e38f } });
  g_autoptr(AlmuSkyMap) sky = test_sky_map_new ("RA--", "DEC-", "SIN", "COMMENT", 50, 0, 0.1, 0, FALSE);
  g_autoptr(AlmuShape) beyond = line_of (2, (const AlmuPoint[]){ { 500, 500 }, { 2000, 500 } });
  AlmuLineAxis axis;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) boxes = cut (line, ALMU_LIMIT_LINE_WIDTH, NULL, &axis);

  g_assert_cmpuint (boxes->len, <=, ALMU_LIMIT_LINE_VALUES);
  g_assert_null (almu_line_cut (longer, 1, NULL, &axis, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (almu_line_cut (absurd, 1, NULL, &axis, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (almu_line_cut (beyond, 1, sky, &axis, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/engine/line/straight", test_line_straight);
  g_test_add_func ("/engine/line/slanting", test_line_slanting);
  g_test_add_func ("/engine/line/polyline", test_line_polyline);
  g_test_add_func ("/engine/line/units", test_line_units);
  g_test_add_func ("/engine/line/distorted", test_line_distorted);
  g_test_add_func ("/engine/line/limits", test_line_limits);

  return g_test_run ();
}
