/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-shape-project.h"
#include "almu-test.h"
#include "test-sky.h"

typedef struct
{
  double x;
  double y;
} Place;

/* -- the naive way: the outline as very many points --------------------- */

#define N_OUTLINE 4000

static Place
place_on (const AlmuShape *shape,
          double           t)
{
  double c = cos (shape->rotation * G_PI / 180);
  double s = sin (shape->rotation * G_PI / 180);
  double along, side, dx = 0, dy = 0;
  guint  n = shape->n_points;

  if (shape->type == ALMU_SHAPE_POLYGON)
    {
      double           at = t * n;
      guint            i = MIN ((guint) at, n - 1);
      const AlmuPoint *a = &shape->points[i];
      const AlmuPoint *b = &shape->points[(i + 1) % n];

      along = at - i;
      return (Place){ a->x + along * (b->x - a->x), a->y + along * (b->y - a->y) };
    }

  if (shape->type == ALMU_SHAPE_ELLIPSE)
    {
      dx = shape->points[1].y * cos (2 * G_PI * t);
      dy = shape->points[1].x * sin (2 * G_PI * t);
    }
  else
    {
      side = floor (t * 4);
      along = t * 4 - side - 0.5;
      dx = shape->points[1].x * (side == 0 ? along : side == 1 ? 0.5
                                                   : side == 2 ? -along
                                                               : -0.5);
      dy = shape->points[1].y * (side == 0 ? -0.5 : side == 1 ? along
                                                  : side == 2 ? 0.5
                                                              : -along);
    }

  return (Place){ shape->points[0].x + c * dx - s * dy, shape->points[0].y + s * dx + c * dy };
}

static double
get_distance_to_segment (const Place *p,
                         const Place *a,
                         const Place *b)
{
  double dx = b->x - a->x, dy = b->y - a->y;
  double length = dx * dx + dy * dy;
  double t = length > 0 ? ((p->x - a->x) * dx + (p->y - a->y) * dy) / length : 0;

  t = CLAMP (t, 0, 1);
  return hypot (p->x - a->x - t * dx, p->y - a->y - t * dy);
}

/* Pixels from @place to the outline of @shape. */
static double
get_distance (const AlmuShape *shape,
              const Place     *place)
{
  gboolean is_polygon = shape->type == ALMU_SHAPE_POLYGON;
  guint    n = is_polygon ? shape->n_points : N_OUTLINE;
  double   nearest = INFINITY;

  for (guint i = 0; i < n; i++)
    {
      Place a = place_on (shape, (double) i / n);
      Place b = place_on (shape, (double) ((i + 1) % n) / n);

      nearest = MIN (nearest, get_distance_to_segment (place, &a, &b));
    }

  return nearest;
}

static Place
project (const Place *place,
         AlmuSkyMap  *from,
         AlmuSkyMap  *to)
{
  double sky[2];
  Place  result;

  almu_sky_map_to_sky (from, 1, &place->x, sky);
  g_assert_true (almu_sky_frame_convert (almu_sky_map_get_frame (from), almu_sky_map_get_frame (to), 1, sky, NULL));
  almu_sky_map_to_pixels (to, 1, sky, &result.x);

  return result;
}

static void
assert_same_sky (AlmuShape  *drawn,
                 AlmuShape  *projected,
                 AlmuSkyMap *from,
                 AlmuSkyMap *to)
{
  for (int i = 0; i < 40; i++)
    {
      Place there = place_on (drawn, (i + 0.37) / 40);

      there = project (&there, from, to);
      g_assert_cmpfloat (get_distance (projected, &there), <, 0.06);
    }
}

/* -- tests -------------------------------------------------------------- */

static AlmuShape *
random_shape (double size)
{
  AlmuPoint points[8];
  float     x = (float) g_test_rand_double_range (300, 700);
  float     y = (float) g_test_rand_double_range (300, 700);
  int       type = g_test_rand_int_range (0, 3);
  int       n = g_test_rand_int_range (3, 9);

  points[0] = (AlmuPoint){ x, y };
  points[1] = (AlmuPoint){ (float) g_test_rand_double_range (2, size), (float) g_test_rand_double_range (2, size) };
  if (type == 0)
    return almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2,
                           g_test_rand_bit () ? 0 : (float) g_test_rand_double_range (-180, 360), NULL);
  if (type == 1)
    return almu_shape_new (ALMU_SHAPE_ELLIPSE, points, 2, (float) g_test_rand_double_range (-180, 360), NULL);

  for (int i = 0; i < n; i++)
    points[i] = (AlmuPoint){ x + (float) (size * cos (2 * G_PI * i / n)), y + (float) (size * sin (2 * G_PI * i / n)) };

  return almu_shape_new (ALMU_SHAPE_POLYGON, points, (gsize) n, 0, NULL);
}

static AlmuSkyMap *
random_map (void)
{
  static const struct
  {
    const char *longitude;
    const char *latitude;
    const char *card;
    double      centre[2];
  } frames[] = {
    { "RA--", "DEC-", "RADESYS = 'ICRS'", { 202.47, 47.195 } },
    { "RA--", "DEC-", "EQUINOX = 2000.0", { 202.47, 47.195 } },
    { "RA--", "DEC-", "EQUINOX = 1950.0", { 201.94343, 47.452681 } },
    { "GLON", "GLAT", "COMMENT", { 104.850576, 68.56082 } },
    { "ELON", "ELAT", "COMMENT", { 175.124501, 50.935321 } },
  };
  static const char *const projections[] = { "TAN", "SIN", "ARC", "ZEA", "CAR" };
  int                      i = g_test_rand_int_range (0, G_N_ELEMENTS (frames));

  return test_sky_map_new (frames[i].longitude, frames[i].latitude,
                           projections[g_test_rand_int_range (0, G_N_ELEMENTS (projections))],
                           frames[i].card, frames[i].centre[0], frames[i].centre[1],
                           g_test_rand_double_range (0.002, 0.006), g_test_rand_double_range (-180, 180),
                           g_test_rand_bit ());
}

/* Whatever the two images are, the outline follows the same sky. */
static void
test_shape_project_random (void)
{
  for (int i = 0; i < 120; i++)
    {
      g_autoptr(AlmuSkyMap) from = random_map ();
      g_autoptr(AlmuSkyMap) to = random_map ();
      g_autoptr(AlmuShape) drawn = random_shape (i % 2 == 0 ? 20 : 300);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuShape) projected = almu_shape_project (drawn, from, to, NULL, &error);

      g_assert_no_error (error);
      assert_same_sky (drawn, projected, from, to);
    }
}

/* What is only turned and scaled keeps its kind. */
static void
test_shape_project_kept (void)
{
  g_autoptr(AlmuSkyMap) from = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 50, 10, 0.0001, 0, FALSE);
  g_autoptr(AlmuSkyMap) to = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 50, 10, 0.0002, 30, FALSE);
  const AlmuPoint points[] = { { 520, 470 }, { 40, 20 } };
  g_autoptr(AlmuShape) box = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, 0, NULL);
  g_autoptr(AlmuShape) ellipse = almu_shape_new (ALMU_SHAPE_ELLIPSE, points, 2, 10, NULL);
  g_autoptr(AlmuShape) same = almu_shape_project (box, from, from, NULL, NULL);
  g_autoptr(AlmuShape) box_there = almu_shape_project (box, from, to, NULL, NULL);
  g_autoptr(AlmuShape) ellipse_there = almu_shape_project (ellipse, from, to, NULL, NULL);

  g_assert_cmpint (same->type, ==, ALMU_SHAPE_RECTANGLE);
  g_assert_cmpfloat (same->rotation, ==, 0);
  g_assert_cmpfloat_with_epsilon (same->points[1].x, 40, 1e-4);

  g_assert_cmpint (box_there->type, ==, ALMU_SHAPE_RECTANGLE);
  g_assert_cmpfloat_with_epsilon (box_there->points[1].x, 20, 1e-3);
  g_assert_cmpfloat_with_epsilon (box_there->points[1].y, 10, 1e-3);
  g_assert_cmpint (ellipse_there->type, ==, ALMU_SHAPE_ELLIPSE);
  g_assert_cmpfloat_with_epsilon (ellipse_there->points[1].x, 20, 1e-3);
  g_assert_cmpfloat_with_epsilon (ellipse_there->points[1].y, 10, 1e-3);
  /* both turned alike */
  g_assert_cmpfloat_with_epsilon (fabs (fmod (ellipse_there->rotation - box_there->rotation + 180, 180)), 10, 0.01);
}

static void
test_shape_project_points (void)
{
  g_autoptr(AlmuSkyMap) from = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 50, 10, 0.001, 0, FALSE);
  g_autoptr(AlmuSkyMap) to = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 50, 10, 0.002, 0, FALSE);
  const AlmuPoint points[] = { { 519.5f, 499.25f }, { 479.5f, 479.25f }, { 499.5f, 379.25f } };
  g_autoptr(AlmuShape) line = almu_shape_new (ALMU_SHAPE_POLYLINE, points, 3, 0, NULL);
  g_autoptr(AlmuShape) there = almu_shape_project (line, from, to, NULL, NULL);

  g_assert_cmpint (there->type, ==, ALMU_SHAPE_POLYLINE);
  g_assert_cmpfloat_with_epsilon (there->points[0].x, 509.5, 1e-3);
  g_assert_cmpfloat_with_epsilon (there->points[0].y, 489.25, 1e-3);
  g_assert_cmpfloat_with_epsilon (there->points[1].x, 489.5, 1e-3);
  g_assert_cmpfloat_with_epsilon (there->points[2].y, 429.25, 1e-3);
}

static void
test_shape_project_nowhere (void)
{
  g_autoptr(AlmuSkyMap) from = test_sky_map_new ("RA--", "DEC-", "TAN", "RADESYS = 'ICRS'", 50, 10, 0.001, 0, FALSE);
  g_autoptr(AlmuSkyMap) behind = test_sky_map_new ("RA--", "DEC-", "SIN", "RADESYS = 'ICRS'", 230, 10, 0.001, 0, FALSE);
  g_autoptr(AlmuSkyMap) sun = test_sky_map_new ("HPLN", "HPLT", "TAN", "COMMENT", 0, 0, 0.001, 0, FALSE);
  const AlmuPoint points[] = { { 519.5f, 499.25f }, { 20, 20 } };
  g_autoptr(AlmuShape) box = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, 0, NULL);
  g_autoptr(AlmuShape) point = almu_shape_new (ALMU_SHAPE_POINT, points, 1, 0, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_shape_project (box, from, behind, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (almu_shape_project (point, from, behind, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (almu_shape_project (box, from, sun, NULL, &error));
  g_assert_nonnull (strstr (error->message, "HPLN"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/engine/shape-project/random", test_shape_project_random);
  g_test_add_func ("/engine/shape-project/kept", test_shape_project_kept);
  g_test_add_func ("/engine/shape-project/points", test_shape_project_points);
  g_test_add_func ("/engine/shape-project/nowhere", test_shape_project_nowhere);

  return g_test_run ();
}
