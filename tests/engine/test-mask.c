/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-mask.h"

#define SIDE 48

typedef struct
{
  gboolean on[SIDE][SIDE];
} Picture;

/* -- a second opinion, pixel by pixel, written from the rules ----------- */

static gboolean
is_near (float a,
         float b)
{
  if (a == 0 || b == 0)
    return fabs ((double) a - b) <= 1e-5;
  return a * b > 0 && fabs ((double) a - b) <= 1e-5 * fmax (fabs (a), fabs (b));
}

static int
first_of (float v)
{
  double near = floor (v + 0.1);

  return is_near (near, v) ? (int) near : (int) floor (v) + 1;
}

static int
last_of (float v)
{
  double near = floor (v + 0.1);

  return is_near (near, v) ? (int) near : (int) floor (v);
}

static int
compare_floats (const void *a,
                const void *b)
{
  float x = *(const float *) a;
  float y = *(const float *) b;

  return (x > y) - (x < y);
}

static void
set_run (Picture *picture,
         int      y,
         float    from,
         float    to)
{
  for (int x = 0; x < SIDE; x++)
    {
      if (x >= first_of (from) && x <= last_of (to))
        picture->on[y][x] = TRUE;
    }
}

static void
refer_row (const AlmuPoint *p,
           int              n,
           int              y,
           Picture         *picture)
{
  float crossings[400];
  int   n_crossings = 0;
  int   before = 0;

  for (int i = 0; i < n; i++)
    {
      if (p[i].y != p[(i + 1) % n].y)
        before = p[(i + 1) % n].y > p[i].y ? 1 : -1;
    }

  for (int i = 0; i < n; i++)
    {
      AlmuPoint start = p[i];
      AlmuPoint end = p[(i + 1) % n];
      int       direction;
      gboolean  counts;

      if (start.y == end.y)
        {
          if (is_near (start.y, y))
            set_run (picture, y, fminf (start.x, end.x), fmaxf (start.x, end.x));
          continue;
        }

      direction = end.y > start.y ? 1 : -1;
      if (is_near (end.y, y))
        counts = TRUE;
      else if (is_near (start.y, y))
        counts = direction != before;
      else
        counts = (start.y - y) * (end.y - y) < 0;
      before = direction;

      if (counts)
        {
          float slope = (start.x - end.x) / (start.y - end.y);

          crossings[n_crossings++] = slope * y + (start.x - slope * start.y);
        }
    }

  qsort (crossings, n_crossings, sizeof *crossings, compare_floats);
  for (int i = 0; i + 1 < n_crossings; i += 2)
    set_run (picture, y, crossings[i], crossings[i + 1]);
}

static void
refer_polygon (const AlmuPoint *points,
               int              n_points,
               Picture         *picture)
{
  memset (picture, 0, sizeof *picture);
  for (int y = 0; y < SIDE; y++)
    refer_row (points, n_points, y, picture);
}

/* Another, that knows nothing of rows: parity, and distance to the edges. */
static double
distance_to_outline (const AlmuPoint *p,
                     int              n,
                     double           x,
                     double           y)
{
  double least = G_MAXDOUBLE;

  for (int i = 0; i < n; i++)
    {
      double dx = (double) p[(i + 1) % n].x - p[i].x;
      double dy = (double) p[(i + 1) % n].y - p[i].y;
      double length = dx * dx + dy * dy;
      double t = length > 0 ? ((x - p[i].x) * dx + (y - p[i].y) * dy) / length : 0;

      t = CLAMP (t, 0, 1);
      least = MIN (least, hypot (p[i].x + t * dx - x, p[i].y + t * dy - y));
    }

  return least;
}

static gboolean
has_odd_parity (const AlmuPoint *p,
                int              n,
                double           x,
                double           y)
{
  gboolean odd = FALSE;

  for (int i = 0; i < n; i++)
    {
      AlmuPoint a = p[i];
      AlmuPoint b = p[(i + 1) % n];

      if ((a.y > y) != (b.y > y) && x < a.x + (y - a.y) * ((double) b.x - a.x) / ((double) b.y - a.y))
        odd = !odd;
    }

  return odd;
}

/* Close to the outline of a flat edge single precision may decide either
 * way, as the rules do; there only the reference above counts. */
static void
assert_geometry (const Picture   *picture,
                 const AlmuPoint *points,
                 int              n_points)
{
  for (int y = 0; y < SIDE; y++)
    {
      for (int x = 0; x < SIDE; x++)
        {
          double distance = distance_to_outline (points, n_points, x, y);

          if (distance > 0.01)
            g_assert_cmpint (picture->on[y][x], ==, has_odd_parity (points, n_points, x, y));
        }
    }
}

/* -- what the mask says -------------------------------------------------- */

static void
assert_well_formed (const AlmuMask *mask,
                    int             width,
                    int             height)
{
  const AlmuRect *bounds = &mask->bounds;

  g_assert_cmpint (almu_mask_is_empty (mask), ==, mask->n_spans == 0);
  if (mask->n_spans == 0)
    return;

  g_assert_true (bounds->x >= 0 && bounds->width > 0 && bounds->width <= width - bounds->x);
  g_assert_true (bounds->y >= 0 && bounds->height > 0 && bounds->height <= height - bounds->y);

  for (guint i = 0; i < mask->n_spans; i++)
    {
      const AlmuSpan *span = &mask->spans[i];

      g_assert_cmpint (span->length, >, 0);
      g_assert_cmpint (span->x, >=, bounds->x);
      g_assert_cmpint (span->x + span->length, <=, bounds->x + bounds->width);
      g_assert_cmpint (span->y, >=, bounds->y);
      g_assert_cmpint (span->y, <, bounds->y + bounds->height);

      if (i == 0)
        continue;
      g_assert_cmpint (span->y, >=, span[-1].y);
      if (span->y == span[-1].y)
        g_assert_cmpint (span->x, >, span[-1].x + span[-1].length);
    }
}

static AlmuMask *
make_mask (AlmuShapeType    type,
           const AlmuPoint *points,
           int              n_points,
           float            rotation,
           int              width,
           int              height)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = NULL;
  AlmuMask *mask;

  shape = almu_shape_new (type, points, n_points, rotation, &error);
  g_assert_no_error (error);
  g_assert_true (almu_mask_check (shape, width, height, &error));
  g_assert_no_error (error);

  mask = almu_mask_new (shape, width, height);
  assert_well_formed (mask, width, height);

  return mask;
}

static void
draw_mask (const AlmuMask *mask,
           Picture        *picture)
{
  memset (picture, 0, sizeof *picture);
  for (guint i = 0; i < mask->n_spans; i++)
    {
      for (int x = 0; x < mask->spans[i].length; x++)
        picture->on[mask->spans[i].y][mask->spans[i].x + x] = TRUE;
    }
}

static void
assert_same (const Picture *picture,
             const Picture *expected)
{
  for (int y = 0; y < SIDE; y++)
    {
      for (int x = 0; x < SIDE; x++)
        {
          if (picture->on[y][x] != expected->on[y][x])
            g_error ("pixel %d,%d is %s", x, y, picture->on[y][x] ? "inside" : "outside");
        }
    }
}

static void
assert_tight (const AlmuMask *mask)
{
  int x0 = G_MAXINT, x1 = -1;

  if (mask->n_spans == 0)
    return;

  for (guint i = 0; i < mask->n_spans; i++)
    {
      x0 = MIN (x0, mask->spans[i].x);
      x1 = MAX (x1, mask->spans[i].x + mask->spans[i].length);
    }
  g_assert_cmpint (mask->bounds.x, ==, x0);
  g_assert_cmpint (mask->bounds.width, ==, x1 - x0);
  g_assert_cmpint (mask->bounds.y, ==, mask->spans[0].y);
  g_assert_cmpint (mask->bounds.height, ==, mask->spans[mask->n_spans - 1].y - mask->spans[0].y + 1);
}

static gint64
count_pixels (const AlmuMask *mask)
{
  gint64 n = 0;

  for (guint i = 0; i < mask->n_spans; i++)
    n += mask->spans[i].length;

  return n;
}

static void
check_polygon (const AlmuPoint *points,
               int              n_points)
{
  g_autoptr(AlmuMask) mask = make_mask (ALMU_SHAPE_POLYGON, points, n_points, 0, SIDE, SIDE);
  Picture picture, expected;

  draw_mask (mask, &picture);
  refer_polygon (points, n_points, &expected);
  assert_same (&picture, &expected);
  assert_geometry (&picture, points, n_points);
  assert_tight (mask);
}

/* Pixel centres on the outline are inside. */
static void
assert_outline (const AlmuMask  *mask,
                const AlmuPoint *points,
                int              n_points)
{
  Picture picture;

  draw_mask (mask, &picture);
  for (int y = 0; y < SIDE; y++)
    {
      for (int x = 0; x < SIDE; x++)
        {
          if (distance_to_outline (points, n_points, x, y) == 0)
            g_assert_true (picture.on[y][x]);
        }
    }
}

/* -- points -------------------------------------------------------------- */

static void
test_mask_point (void)
{
  static const struct
  {
    AlmuPoint point;
    gboolean  is_inside;
    int       x, y;
  } cases[] = {
    { { 3, 4 }, TRUE, 3, 4 },
    { { 3.49f, 4.5f }, TRUE, 3, 5 },
    { { -0.5f, -0.4f }, TRUE, 0, 0 },
    { { -0.6f, 3 }, FALSE, 0, 0 },
    { { 3, -0.9f }, FALSE, 0, 0 },
    { { SIDE - 0.51f, SIDE - 1 }, TRUE, SIDE - 1, SIDE - 1 },
    { { SIDE - 0.5f, 3 }, FALSE, 0, 0 },
    { { 1e30f, 3 }, FALSE, 0, 0 },
    { { 3, -1e30f }, FALSE, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuMask) mask = make_mask (ALMU_SHAPE_POINT, &cases[i].point, 1, 0, SIDE, SIDE);

      g_assert_cmpuint (mask->n_spans, ==, cases[i].is_inside);
      if (!cases[i].is_inside)
        continue;
      g_assert_cmpint (mask->bounds.x, ==, cases[i].x);
      g_assert_cmpint (mask->bounds.y, ==, cases[i].y);
      g_assert_cmpint (count_pixels (mask), ==, 1);
    }
}

static void
test_mask_open_shapes (void)
{
  const AlmuPoint points[] = { { 3, 4 }, { 13, 24 }, { 20, 8 } };

  for (int type = 0; type < ALMU_N_SHAPES; type++)
    {
      static const guint n_points[] = { 1, 2, 3, 2, 2, 0, 3, 1, 2, 3, 2, 2, 3, 2, 2, 2, 2 };
      g_autoptr(AlmuShape) shape = almu_shape_new (type, points, n_points[type], 0, NULL);
      g_autoptr(AlmuMask) mask = NULL;

      if (shape == NULL || almu_shape_is_closed (shape) || type == ALMU_SHAPE_POINT)
        continue;
      mask = almu_mask_new (shape, SIDE, SIDE);
      g_assert_true (almu_mask_is_empty (mask));
    }
}

/* -- rectangles ---------------------------------------------------------- */

static void
assert_rectangle (AlmuPoint centre,
                  AlmuPoint size,
                  AlmuRect  expected)
{
  g_autoptr(AlmuMask) mask = NULL;

  mask = make_mask (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ centre, size }, 2, 0, SIDE, SIDE);
  g_assert_cmpint (mask->bounds.x, ==, expected.x);
  g_assert_cmpint (mask->bounds.y, ==, expected.y);
  g_assert_cmpint (mask->bounds.width, ==, expected.width);
  g_assert_cmpint (mask->bounds.height, ==, expected.height);
  g_assert_cmpint (count_pixels (mask), ==, expected.width * expected.height);
}

static void
test_mask_rectangle (void)
{
  /* the outline runs through pixel centres: they are inside */
  assert_rectangle ((AlmuPoint){ 10, 12 }, (AlmuPoint){ 4, 6 }, (AlmuRect){ 8, 9, 5, 7 });
  /* between them */
  assert_rectangle ((AlmuPoint){ 9.5f, 11.5f }, (AlmuPoint){ 4, 6 }, (AlmuRect){ 8, 9, 4, 6 });
  /* smaller than a pixel */
  assert_rectangle ((AlmuPoint){ 10, 12 }, (AlmuPoint){ 0.1f, 0.1f }, (AlmuRect){ 10, 12, 1, 1 });
  assert_rectangle ((AlmuPoint){ 10.5f, 12 }, (AlmuPoint){ 0.1f, 0.1f }, (AlmuRect){ 0 });
  /* over the edges of the image */
  assert_rectangle ((AlmuPoint){ 0, 0 }, (AlmuPoint){ 4, 6 }, (AlmuRect){ 0, 0, 3, 4 });
  assert_rectangle ((AlmuPoint){ SIDE, SIDE }, (AlmuPoint){ 4, 6 }, (AlmuRect){ SIDE - 2, SIDE - 3, 2, 3 });
  assert_rectangle ((AlmuPoint){ 20, 20 }, (AlmuPoint){ 1000, 1000 }, (AlmuRect){ 0, 0, SIDE, SIDE });
  /* beside it */
  assert_rectangle ((AlmuPoint){ -3, 20 }, (AlmuPoint){ 4, 4 }, (AlmuRect){ 0 });
  assert_rectangle ((AlmuPoint){ 20, SIDE + 3 }, (AlmuPoint){ 4, 4 }, (AlmuRect){ 0 });
  assert_rectangle ((AlmuPoint){ -2.5f, 20 }, (AlmuPoint){ 4, 4 }, (AlmuRect){ 0 });
}

static void
test_mask_rectangle_rotated (void)
{
  guint seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 500; i++)
    {
      float     rotation = i < 40 ? i * 45 - 900 : g_rand_double_range (rand, -720, 720);
      double    angle = rotation * G_PI / 180;
      float     c = cos (angle), s = sin (angle);
      AlmuPoint centre = { g_rand_double_range (rand, -10, SIDE + 10), g_rand_double_range (rand, -10, SIDE + 10) };
      AlmuPoint size = { g_rand_double_range (rand, 0.1, 40), g_rand_double_range (rand, 0.1, 40) };
      AlmuPoint w = { c * size.x, s * size.x };
      AlmuPoint h = { -s * size.y, c * size.y };
      AlmuPoint corners[] = {
        { centre.x + (-w.x - h.x) / 2, centre.y + (-w.y - h.y) / 2 },
        { centre.x + (w.x - h.x) / 2, centre.y + (w.y - h.y) / 2 },
        { centre.x + (w.x + h.x) / 2, centre.y + (w.y + h.y) / 2 },
        { centre.x + (-w.x + h.x) / 2, centre.y + (-w.y + h.y) / 2 },
      };
      Picture picture, expected;
      g_autoptr(AlmuMask) mask = NULL;

      mask = make_mask (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ centre, size }, 2, rotation, SIDE, SIDE);
      draw_mask (mask, &picture);
      refer_polygon (corners, 4, &expected);
      if (fmodf (rotation, 90) != 0)
        assert_same (&picture, &expected);
      assert_geometry (&picture, corners, 4);
      assert_tight (mask);
    }
}

static void
test_mask_rectangle_quarter_turns (void)
{
  for (int turns = -8; turns <= 8; turns++)
    {
      g_autoptr(AlmuMask) mask = NULL;

      mask = make_mask (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { 20, 21 }, { 8, 14 } }, 2, turns * 90, SIDE, SIDE);
      g_assert_cmpint (count_pixels (mask), ==, 9 * 15);
      g_assert_cmpint (mask->bounds.width, ==, turns % 2 == 0 ? 9 : 15);
    }
}

/* -- polygons ------------------------------------------------------------ */

static void
test_mask_polygon_known (void)
{
  static const AlmuPoint triangle[] = { { 2, 2 }, { 10, 2 }, { 2, 10 } };
  static const AlmuPoint u[] = { { 2, 2 }, { 20, 2 }, { 20, 20 }, { 15, 20 }, { 15, 8 }, { 7, 8 }, { 7, 20 }, { 2, 20 } };
  static const AlmuPoint comb[] = { { 0, 0 }, { 4, 30 }, { 8, 0 }, { 12, 30 }, { 16, 0 }, { 20, 30 }, { 24, 0 }, { 24, 40 }, { 0, 40 } };
  static const AlmuPoint star[] = { { 24, 46 }, { 10, 4 }, { 46, 30 }, { 2, 30 }, { 38, 4 } };
  static const AlmuPoint bow[] = { { 5, 5 }, { 30, 30 }, { 30, 5 }, { 5, 30 } };
  static const AlmuPoint twice[] = { { 5, 5 }, { 20, 5 }, { 20, 20 }, { 5, 20 }, { 5, 5 }, { 20, 5 }, { 20, 20 }, { 5, 20 } };
  static const AlmuPoint steps[] = { { 2, 2 }, { 12, 2 }, { 12, 7 }, { 18, 7 }, { 18, 12 }, { 25, 12 }, { 25, 20 }, { 2, 20 } };
  static const AlmuPoint partly[] = { { -20, 20 }, { 20, -20 }, { 70, 25 }, { 25, 70 } };
  static const AlmuPoint around[] = { { -500, -300 }, { 900, -400 }, { 700, 800 }, { -600, 900 } };
  static const AlmuPoint slanted_left[] = { { -10, 5 }, { -0.3f, 20 }, { -10, 40 } };
  static const AlmuPoint beyond[] = { { 60, 5 }, { 70, 20 }, { 60, 40 } };
  static const AlmuPoint level_row[] = { { 3, 9 }, { 14, 9 }, { 8, 9 } };
  static const AlmuPoint level_between[] = { { 3, 9.5f }, { 14, 9.5f }, { 8, 9.5f } };
  static const AlmuPoint upright_line[] = { { 9, 3 }, { 9, 14 }, { 9, 8 } };
  static const AlmuPoint dot[] = { { 7, 8 }, { 7, 8 }, { 7, 8 } };
  static const AlmuPoint lost_dot[] = { { 7.5f, 8 }, { 7.5f, 8 }, { 7.5f, 8 } };
  static const struct
  {
    const AlmuPoint *points;
    int              n_points;
    gint64           n_pixels; /* -1: not worked out by hand */
  } cases[] = {
    { triangle, G_N_ELEMENTS (triangle), 45 },
    { u, G_N_ELEMENTS (u), 19 * 19 - 7 * 12 },
    { comb, G_N_ELEMENTS (comb), -1 },
    { star, G_N_ELEMENTS (star), -1 },
    { bow, G_N_ELEMENTS (bow), -1 },
    { twice, G_N_ELEMENTS (twice), -1 },
    { steps, G_N_ELEMENTS (steps), 11 * 5 + 17 * 5 + 24 * 9 },
    { partly, G_N_ELEMENTS (partly), -1 },
    { around, G_N_ELEMENTS (around), SIDE * SIDE },
    { slanted_left, G_N_ELEMENTS (slanted_left), 0 },
    { beyond, G_N_ELEMENTS (beyond), 0 },
    { level_row, G_N_ELEMENTS (level_row), 12 },
    { level_between, G_N_ELEMENTS (level_between), 0 },
    { upright_line, G_N_ELEMENTS (upright_line), 12 },
    { dot, G_N_ELEMENTS (dot), 1 },
    { lost_dot, G_N_ELEMENTS (lost_dot), 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuMask) mask = NULL;

      g_test_message ("polygon %u", i);
      check_polygon (cases[i].points, cases[i].n_points);
      mask = make_mask (ALMU_SHAPE_POLYGON, cases[i].points, cases[i].n_points, 0, SIDE, SIDE);
      assert_outline (mask, cases[i].points, cases[i].n_points);
      if (cases[i].n_pixels >= 0)
        g_assert_cmpint (count_pixels (mask), ==, cases[i].n_pixels);
    }
}

/* Where the outline starts must not matter, nor which way it runs. */
static void
test_mask_polygon_start (void)
{
  static const AlmuPoint u[] = { { 2, 2 }, { 20, 2 }, { 20, 20 }, { 15, 20 }, { 15, 8 }, { 7, 8 }, { 7, 20 }, { 2, 20 } };
  Picture                expected;

  refer_polygon (u, G_N_ELEMENTS (u), &expected);
  for (int start = 0; start < 2 * G_N_ELEMENTS (u); start++)
    {
      AlmuPoint points[G_N_ELEMENTS (u)];
      Picture   picture;
      g_autoptr(AlmuMask) mask = NULL;

      for (int i = 0; i < G_N_ELEMENTS (u); i++)
        points[start < G_N_ELEMENTS (u) ? i : G_N_ELEMENTS (u) - 1 - i] = u[(start + i) % G_N_ELEMENTS (u)];
      mask = make_mask (ALMU_SHAPE_POLYGON, points, G_N_ELEMENTS (u), 0, SIDE, SIDE);
      draw_mask (mask, &picture);
      assert_same (&picture, &expected);
    }
}

/* Coordinates on pixels, on halves and anywhere; convex or crossing itself,
 * in or partly in the image. */
static void
test_mask_polygon_random (void)
{
  guint seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 3000; i++)
    {
      AlmuPoint points[40];
      int       n_points = g_rand_int_range (rand, 3, i % 10 == 0 ? 40 : 9);
      int       kind = i % 3;

      for (int j = 0; j < n_points; j++)
        {
          double x = g_rand_double_range (rand, -15, SIDE + 15);
          double y = g_rand_double_range (rand, -15, SIDE + 15);

          points[j].x = kind == 0 ? rint (x) : kind == 1 ? rint (2 * x) / 2
                                                         : x;
          points[j].y = kind == 0 ? rint (y) : kind == 1 ? rint (2 * y) / 2
                                                         : y;
        }
      check_polygon (points, n_points);
    }
}

/* A vertex a rounding error off the row must not open or close the outline. */
static void
test_mask_polygon_nearly_level (void)
{
  guint seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 1000; i++)
    {
      AlmuPoint points[6];
      AlmuPoint clean[6];
      Picture   picture, expected;
      g_autoptr(AlmuMask) mask = NULL;

      for (int j = 0; j < 6; j++)
        {
          clean[j].x = g_rand_int_range (rand, 1, SIDE - 1);
          clean[j].y = g_rand_int_range (rand, 1, SIDE - 1);
          points[j].x = clean[j].x;
          points[j].y = clean[j].y + g_rand_int_range (rand, -1, 2) * 4e-6f;
        }
      mask = make_mask (ALMU_SHAPE_POLYGON, points, 6, 0, SIDE, SIDE);
      draw_mask (mask, &picture);
      refer_polygon (clean, 6, &expected);
      for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
          if (distance_to_outline (clean, 6, x, y) > 0.01)
            g_assert_cmpint (picture.on[y][x], ==, expected.on[y][x]);
    }
}

static void
test_mask_huge (void)
{
  const AlmuPoint    all[] = { { -1e30f, -1e30f }, { 1e30f, -1e30f }, { 1e30f, 1e30f }, { -1e30f, 1e30f } };
  const AlmuPoint    largest[] = { { -G_MAXFLOAT, -G_MAXFLOAT }, { G_MAXFLOAT, -G_MAXFLOAT }, { 0, G_MAXFLOAT } };
  const AlmuPoint    away[] = { { 1e30f, 1e30f }, { 2e30f, 1e30f }, { 1e30f, 2e30f } };
  const AlmuPoint    half[] = { { -1e9f, -1e9f }, { 10, -1e9f }, { 10, 1e9f }, { -1e9f, 1e9f } };
  const AlmuPoint    box[] = { { 100, 100 }, { G_MAXFLOAT, G_MAXFLOAT } };
  const AlmuPoint    far_box[] = { { G_MAXFLOAT, -G_MAXFLOAT }, { G_MAXFLOAT, G_MAXFLOAT } };
  const AlmuPoint    thin[] = { { 100, 100 }, { 1e30f, 1e-30f } };
  static const float rotations[] = { 0, 30, 45, 90, -1e30f, G_MAXFLOAT };
  int                width = 20000, height = 300;
  g_autoptr(AlmuMask) full = make_mask (ALMU_SHAPE_POLYGON, all, 4, 0, width, height);
  g_autoptr(AlmuMask) big = make_mask (ALMU_SHAPE_POLYGON, largest, 3, 0, width, height);
  g_autoptr(AlmuMask) none = make_mask (ALMU_SHAPE_POLYGON, away, 3, 0, width, height);
  g_autoptr(AlmuMask) left = make_mask (ALMU_SHAPE_POLYGON, half, 4, 0, width, height);

  g_assert_cmpint (count_pixels (full), ==, (gint64) width * height);
  g_assert_true (almu_mask_is_empty (none));
  g_assert_cmpint (count_pixels (left), ==, 11 * height);

  for (guint i = 0; i < G_N_ELEMENTS (rotations); i++)
    {
      g_autoptr(AlmuMask) a = make_mask (ALMU_SHAPE_RECTANGLE, box, 2, rotations[i], width, height);
      g_autoptr(AlmuMask) b = make_mask (ALMU_SHAPE_RECTANGLE, far_box, 2, rotations[i], width, height);
      g_autoptr(AlmuMask) c = make_mask (ALMU_SHAPE_RECTANGLE, thin, 2, rotations[i], width, height);
      g_autoptr(AlmuMask) d = make_mask (ALMU_SHAPE_ELLIPSE, box, 2, rotations[i], width, height);
      g_autoptr(AlmuMask) e = make_mask (ALMU_SHAPE_ELLIPSE, far_box, 2, rotations[i], width, height);
      g_autoptr(AlmuMask) f = make_mask (ALMU_SHAPE_ELLIPSE, thin, 2, rotations[i], width, height);

      g_assert_cmpint (count_pixels (a), ==, (gint64) width * height);
      g_assert_cmpint (count_pixels (d), ==, (gint64) width * height);
    }
}

static void
test_mask_too_intricate (void)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, ALMU_LIMIT_CONTROL_POINTS);
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(AlmuMask) mask = NULL;
  g_autoptr(GError) error = NULL;

  for (int i = 0; i < ALMU_LIMIT_CONTROL_POINTS; i++)
    points[i] = (AlmuPoint){ i * 0.1f, i % 2 == 0 ? 0 : 10000 };
  shape = almu_shape_new (ALMU_SHAPE_POLYGON, points, ALMU_LIMIT_CONTROL_POINTS, 0, NULL);

  g_assert_false (almu_mask_check (shape, 10000, 10000, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "100000 points"));

  mask = almu_mask_new (shape, 10000, 10000);
  g_assert_true (almu_mask_is_empty (mask));
}

/* Many edges that change places in every row. */
static void
test_mask_polygon_shuffled (void)
{
  AlmuPoint points[300];
  g_autoptr(AlmuMask) mask = NULL;
  Picture picture, expected;

  for (int i = 0; i < 300; i++)
    points[i] = (AlmuPoint){ (i * 17) % 45 + 0.25f, i % 2 == 0 ? 0.5f : 3.5f };
  mask = make_mask (ALMU_SHAPE_POLYGON, points, 300, 0, SIDE, SIDE);
  draw_mask (mask, &picture);
  refer_polygon (points, 300, &expected);
  assert_same (&picture, &expected);
}

/* -- ellipses ------------------------------------------------------------ */

static void
refer_upright (AlmuPoint centre,
               float     rx,
               float     ry,
               Picture  *picture)
{
  float epsilon = powf (10, (int) log10 (2 * rx) - 5);

  memset (picture, 0, sizeof *picture);
  for (int y = 0; y < SIDE; y++)
    {
      float t = (y - centre.y) / ry;
      float d = 1 - t * t;

      for (int x = 0; x < SIDE && d >= 0; x++)
        {
          float half = rx * sqrtf (d);

          picture->on[y][x] = x >= floorf (centre.x - half + 1 - epsilon) &&
                              x <= floorf (centre.x + half + epsilon);
        }
    }
}

static void
refer_rotated (AlmuPoint centre,
               float     r0,
               float     r1,
               float     theta,
               Picture  *picture)
{
  float c = cos (theta), s = sin (theta);
  int   x0 = MAX (first_of (centre.x - r0), 0);

  memset (picture, 0, sizeof *picture);
  for (int y = 0; y < SIDE; y++)
    {
      float before = 0;

      for (int x = x0; x < SIDE; x++)
        {
          float dx = x - centre.x, dy = y - centre.y;
          float xp = dx * c + dy * s, yp = -dx * s + dy * c;
          float value = xp * xp / (r0 * r0) + yp * yp / (r1 * r1);

          if (value <= 1)
            picture->on[y][x] = TRUE;
          else if (x != x0 && value > before)
            break;
          before = value;
        }
    }
}

/* In units of the radii: 1 on the outline. */
static double
measure_ellipse (AlmuPoint centre,
                 AlmuPoint size,
                 double    rotation,
                 double    x,
                 double    y)
{
  double r = rotation * G_PI / 180;
  double dx = x - centre.x, dy = y - centre.y;
  double right = dx * cos (r) + dy * sin (r);
  double up = -dx * sin (r) + dy * cos (r);

  return hypot (right / size.y, up / size.x);
}

static void
check_ellipse (AlmuPoint centre,
               AlmuPoint size,
               float     rotation)
{
  Picture picture, expected;
  double  degrees = rotation + (size.x > size.y ? 90.0 : 0.0);
  float   r0 = MAX (size.x, size.y), r1 = MIN (size.x, size.y);
  g_autoptr(AlmuMask) mask = NULL;

  mask = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ centre, size }, 2, rotation, SIDE, SIDE);
  draw_mask (mask, &picture);

  degrees -= 180 * floor (degrees / 180);
  if (degrees == 0)
    refer_upright (centre, r0, r1, &expected);
  else if (degrees == 90)
    refer_upright (centre, r1, r0, &expected);
  else
    refer_rotated (centre, r0, r1, degrees * G_PI / 180, &expected);
  assert_same (&picture, &expected);

  for (int y = 0; y < SIDE; y++)
    {
      for (int x = 0; x < SIDE; x++)
        {
          double at = measure_ellipse (centre, size, rotation, x, y);

          if (fabs (at - 1) > 1e-3)
            g_assert_cmpint (picture.on[y][x], ==, at < 1);
        }
    }

  if (degrees == 0 || degrees == 90)
    assert_tight (mask);
}

static void
test_mask_ellipse_known (void)
{
  g_autoptr(AlmuMask) tall = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { 20, 20 }, { 10, 5 } }, 2, 0, SIDE, SIDE);
  g_autoptr(AlmuMask) turned = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { 20, 20 }, { 10, 5 } }, 2, 90, SIDE, SIDE);
  g_autoptr(AlmuMask) slanted = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { 20, 20 }, { 10, 5 } }, 2, 30, SIDE, SIDE);
  g_autoptr(AlmuMask) corner = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { 0, 0 }, { 10, 5 } }, 2, 30, SIDE, SIDE);
  g_autoptr(AlmuMask) beside = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { -11, 20 }, { 10, 5 } }, 2, 0, SIDE, SIDE);
  g_autoptr(AlmuMask) close_by = make_mask (ALMU_SHAPE_ELLIPSE, (AlmuPoint[]){ { -9, 20 }, { 10, 5 } }, 2, 30, SIDE, SIDE);

  /* the first size points up, and the ends are inside */
  g_assert_cmpint (tall->bounds.width, ==, 11);
  g_assert_cmpint (tall->bounds.height, ==, 21);
  g_assert_cmpint (turned->bounds.width, ==, 21);
  g_assert_cmpint (turned->bounds.height, ==, 11);

  /* bounds of a rotated one are those of its larger radius */
  g_assert_cmpint (slanted->bounds.x, ==, 10);
  g_assert_cmpint (slanted->bounds.y, ==, 10);
  g_assert_cmpint (slanted->bounds.width, ==, 21);
  g_assert_cmpint (slanted->bounds.height, ==, 21);
  g_assert_cmpint (corner->bounds.width, ==, 11);
  g_assert_cmpint (corner->bounds.height, ==, 11);

  g_assert_true (almu_mask_is_empty (beside));
  g_assert_true (almu_mask_is_empty (close_by));
  g_assert_cmpint (close_by->bounds.width, ==, 0);
}

static void
test_mask_ellipse_random (void)
{
  guint seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 3000; i++)
    {
      AlmuPoint centre = { g_rand_double_range (rand, -10, SIDE + 10), g_rand_double_range (rand, -10, SIDE + 10) };
      AlmuPoint size = { g_rand_double_range (rand, 0.2, 40), g_rand_double_range (rand, 0.2, 40) };
      float     rotation = g_rand_double_range (rand, -720, 720);

      if (i % 3 == 0)
        rotation = 90 * g_rand_int_range (rand, -8, 9);
      if (i % 5 == 0)
        centre = (AlmuPoint){ rintf (centre.x), rintf (centre.y) };
      if (i % 7 == 0)
        size.y = size.x;
      check_ellipse (centre, size, rotation);
    }
}

/* -- use ----------------------------------------------------------------- */

static void
test_mask_measure (void)
{
  const float pixels[] = { 1, 2, 3, 4,
                           5, NAN, 7, 8,
                           9, 10, 11, 12 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 4, 3);
  g_autoptr(AlmuMask) mask = make_mask (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { 1.5f, 1.5f }, { 1.2f, 1.2f } }, 2, 0, 4, 3);
  g_autoptr(AlmuMask) none = make_mask (ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { 11, 1.5f }, { 1.2f, 1.2f } }, 2, 0, 4, 3);
  g_autoptr(AlmuHistogram) histogram = NULL;
  g_autoptr(AlmuHistogram) empty = NULL;
  AlmuStats stats;

  almu_mask_measure (mask, plane, &stats);
  g_assert_cmpint (stats.n, ==, 3);
  g_assert_cmpint (stats.n_blank, ==, 1);
  g_assert_cmpfloat (stats.sum, ==, 28);
  g_assert_cmpfloat (stats.min, ==, 7);
  g_assert_cmpfloat (stats.max, ==, 11);

  histogram = almu_mask_count (mask, plane, 2, stats.min, stats.max, &stats);
  g_assert_cmpint (histogram->n_bins, ==, 2);
  g_assert_cmpint (histogram->counts[0], ==, 1);
  g_assert_cmpint (histogram->counts[1], ==, 2);

  almu_mask_measure (none, plane, &stats);
  g_assert_cmpint (stats.n, ==, 0);
  g_assert_cmpint (stats.n_blank, ==, 0);
  empty = almu_mask_count (none, plane, 2, 0, 1, &stats);
  g_assert_cmpint (empty->counts[0], ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/mask/point", test_mask_point);
  g_test_add_func ("/engine/mask/open-shapes", test_mask_open_shapes);
  g_test_add_func ("/engine/mask/rectangle", test_mask_rectangle);
  g_test_add_func ("/engine/mask/rectangle/rotated", test_mask_rectangle_rotated);
  g_test_add_func ("/engine/mask/rectangle/quarter-turns", test_mask_rectangle_quarter_turns);
  g_test_add_func ("/engine/mask/polygon/known", test_mask_polygon_known);
  g_test_add_func ("/engine/mask/polygon/start", test_mask_polygon_start);
  g_test_add_func ("/engine/mask/polygon/random", test_mask_polygon_random);
  g_test_add_func ("/engine/mask/polygon/nearly-level", test_mask_polygon_nearly_level);
  g_test_add_func ("/engine/mask/polygon/shuffled", test_mask_polygon_shuffled);
  g_test_add_func ("/engine/mask/huge", test_mask_huge);
  g_test_add_func ("/engine/mask/too-intricate", test_mask_too_intricate);
  g_test_add_func ("/engine/mask/ellipse/known", test_mask_ellipse_known);
  g_test_add_func ("/engine/mask/ellipse/random", test_mask_ellipse_random);
  g_test_add_func ("/engine/mask/measure", test_mask_measure);

  return g_test_run ();
}
