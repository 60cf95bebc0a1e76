/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-shape.h"

static const AlmuPoint three[] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };

static void
assert_refused (int              type,
                const AlmuPoint *points,
                gsize            n_points,
                float            rotation,
                AlmuError        code,
                const char      *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_shape_new (type, points, n_points, rotation, &error));
  g_assert_error (error, ALMU_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, text));

  /* and nobody has to listen */
  g_assert_null (almu_shape_new (type, points, n_points, rotation, NULL));
}

static void
test_shape_keeps (void)
{
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(GError) error = NULL;

  shape = almu_shape_new (ALMU_SHAPE_POLYGON, three, 3, 12.5f, &error);
  g_assert_no_error (error);
  g_assert_cmpint (shape->type, ==, ALMU_SHAPE_POLYGON);
  g_assert_cmpuint (shape->n_points, ==, 3);
  g_assert_cmpfloat (shape->rotation, ==, 12.5f);
  g_assert_cmpmem (shape->points, 3 * sizeof (AlmuPoint), three, sizeof three);
}

static void
test_shape_types (void)
{
  static const guint least[ALMU_N_SHAPES] = { 1, 2, 3, 2, 2, 0, 3, 1, 2, 3, 2, 2, 3, 2, 2, 2, 2 };

  for (int type = 0; type < ALMU_N_SHAPES; type++)
    {
      g_autoptr(AlmuShape) shape = NULL;

      g_assert_nonnull (almu_shape_type_get_name (type));
      if (type == ALMU_SHAPE_ANNULUS)
        continue;

      shape = almu_shape_new (type, three, least[type], 0, NULL);
      g_assert_nonnull (shape);
      g_assert_cmpint (almu_shape_is_annotation (shape), ==, type > ALMU_SHAPE_POLYGON);
      g_assert_cmpint (almu_shape_is_closed (shape), ==,
                       type == ALMU_SHAPE_RECTANGLE || type == ALMU_SHAPE_ELLIPSE || type == ALMU_SHAPE_POLYGON);

      assert_refused (type, three, least[type] - 1, 0, ALMU_ERROR_FORMAT, almu_shape_type_get_name (type));
      if (least[type] < 3)
        assert_refused (type, three, 3, 0, ALMU_ERROR_FORMAT, "not 3");
    }
}

static void
test_shape_unknown (void)
{
  assert_refused (-1, three, 3, 0, ALMU_ERROR_UNSUPPORTED, "-1");
  assert_refused (ALMU_N_SHAPES, three, 3, 0, ALMU_ERROR_UNSUPPORTED, "17");
  assert_refused (G_MAXINT, three, 3, 0, ALMU_ERROR_UNSUPPORTED, "16");
  assert_refused (ALMU_SHAPE_ANNULUS, three, 3, 0, ALMU_ERROR_UNSUPPORTED, "annulus");
  assert_refused (ALMU_SHAPE_POINT, NULL, 0, 0, ALMU_ERROR_FORMAT, "has 1 control point,");
  assert_refused (ALMU_SHAPE_POLYGON, three, 2, 0, ALMU_ERROR_FORMAT, "at least 3");
}

static void
test_shape_limit (void)
{
  g_autofree AlmuPoint *many = g_new0 (AlmuPoint, ALMU_LIMIT_CONTROL_POINTS + 1);
  g_autoptr(AlmuShape) shape = NULL;

  shape = almu_shape_new (ALMU_SHAPE_POLYGON, many, ALMU_LIMIT_CONTROL_POINTS, 0, NULL);
  g_assert_nonnull (shape);
  assert_refused (ALMU_SHAPE_POLYGON, many, ALMU_LIMIT_CONTROL_POINTS + 1, 0, ALMU_ERROR_LIMIT, "100001");
}

static void
test_shape_numbers (void)
{
  const float bad[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      AlmuPoint in_x[] = { { 1, 2 }, { 3, 4 }, { bad[i], 6 } };
      AlmuPoint in_y[] = { { 1, bad[i] }, { 3, 4 } };

      assert_refused (ALMU_SHAPE_POLYGON, in_x, 3, 0, ALMU_ERROR_FORMAT, "Control point 3 of the polygon");
      assert_refused (ALMU_SHAPE_LINE, in_y, 2, 0, ALMU_ERROR_FORMAT, "Control point 1 of the line");
      assert_refused (ALMU_SHAPE_LINE, three, 2, bad[i], ALMU_ERROR_FORMAT, "Rotation");
    }
}

static void
test_shape_sizes (void)
{
  static const int types[] = { ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_ANN_RECTANGLE,
                               ALMU_SHAPE_ANN_ELLIPSE, ALMU_SHAPE_ANN_COMPASS };
  const AlmuPoint  flat[] = { { 5, 5 }, { 0, 3 } };
  const AlmuPoint  negative[] = { { 5, 5 }, { 3, -1 } };
  g_autoptr(AlmuShape) text = NULL;
  g_autoptr(AlmuShape) line = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      assert_refused (types[i], flat, 2, 0, ALMU_ERROR_FORMAT, "greater than 0");
      assert_refused (types[i], negative, 2, 0, ALMU_ERROR_FORMAT, "greater than 0");
    }

  text = almu_shape_new (ALMU_SHAPE_ANN_TEXT, flat, 2, 0, NULL);
  g_assert_nonnull (text);
  assert_refused (ALMU_SHAPE_ANN_TEXT, negative, 2, 0, ALMU_ERROR_FORMAT, "0 or more");

  /* the second point of a line is a place */
  line = almu_shape_new (ALMU_SHAPE_LINE, negative, 2, 0, NULL);
  g_assert_nonnull (line);
}

static void
test_shape_equal (void)
{
  g_autoptr(AlmuShape) shape = almu_shape_new (ALMU_SHAPE_POLYGON, three, 3, 1, NULL);
  g_autoptr(AlmuShape) twin = almu_shape_new (ALMU_SHAPE_POLYGON, three, 3, 1, NULL);
  g_autoptr(AlmuShape) turned = almu_shape_new (ALMU_SHAPE_POLYGON, three, 3, 2, NULL);
  g_autoptr(AlmuShape) open = almu_shape_new (ALMU_SHAPE_POLYLINE, three, 3, 1, NULL);
  const AlmuPoint moved_points[] = { { 1, 2 }, { 3, 4 }, { 5, 7 } };
  g_autoptr(AlmuShape) moved = almu_shape_new (ALMU_SHAPE_POLYGON, moved_points, 3, 1, NULL);
  const AlmuPoint longer_points[] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 5, 6 } };
  g_autoptr(AlmuShape) longer = almu_shape_new (ALMU_SHAPE_POLYGON, longer_points, 4, 1, NULL);
  g_autoptr(AlmuShape) same = almu_shape_ref (shape);

  g_assert_true (almu_shape_equal (shape, same));
  g_assert_true (almu_shape_equal (shape, twin));
  g_assert_false (almu_shape_equal (shape, turned));
  g_assert_false (almu_shape_equal (shape, open));
  g_assert_false (almu_shape_equal (shape, moved));
  g_assert_false (almu_shape_equal (shape, longer));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/shape/keeps", test_shape_keeps);
  g_test_add_func ("/engine/shape/types", test_shape_types);
  g_test_add_func ("/engine/shape/unknown", test_shape_unknown);
  g_test_add_func ("/engine/shape/limit", test_shape_limit);
  g_test_add_func ("/engine/shape/numbers", test_shape_numbers);
  g_test_add_func ("/engine/shape/sizes", test_shape_sizes);
  g_test_add_func ("/engine/shape/equal", test_shape_equal);

  return g_test_run ();
}
