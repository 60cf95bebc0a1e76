/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fill.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-mask.h"

/* Below it the square of a radius is no number any more. */
#define SMALLEST_RADIUS 1e-15f

typedef struct
{
  const AlmuEllipse *ellipse;
  float              cosine;
  float              sine;
  gboolean           is_extreme; /* single precision does not serve */
  AlmuRect           box;        /* of the larger radius, in the image */
  GArray            *spans;
} Filler;

/* The pixel at or below a coordinate, whatever its size. */
static int
floor_to_pixel (double coordinate)
{
  return (int) floor (CLAMP (coordinate, -2.0, (double) ALMU_LIMIT_AXIS_LENGTH));
}

static void
add_span (GArray *spans,
          int     y,
          int     first,
          int     last)
{
  AlmuSpan span = { .y = y, .x = first, .length = last - first + 1 };

  if (first <= last)
    g_array_append_val (spans, span);
}

static gboolean
check_rows (double   first,
            double   last,
            GError **error)
{
  if (last - first < ALMU_LIMIT_CROSSINGS / 2)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("Ellipse covers %.0f rows of the image, at most %d are allowed"),
               last - first + 1, ALMU_LIMIT_CROSSINGS / 2);
  return FALSE;
}

/* Both ends of a row are widened by a few units in the last place, so that
 * a pixel on the outline is inside. */
static gboolean
fill_upright (const AlmuEllipse *ellipse,
              float              rx,
              float              ry,
              int                width,
              int                height,
              GArray            *spans,
              GError           **error)
{
  float epsilon = powf (10, (int) log10 (2.0 * rx) - 5);
  int   y0 = MAX (floor_to_pixel ((double) ellipse->y - ry), 0);
  int   y1 = MIN (floor_to_pixel ((double) ellipse->y + ry) + 1, height - 1);

  if (!check_rows (y0, y1, error))
    return FALSE;
  if (spans == NULL)
    return TRUE;

  for (int y = y0; y <= y1; y++)
    {
      float offset = ((float) y - ellipse->y) / ry;
      float rest = 1 - offset * offset;
      float half;

      if (!(rest >= 0))
        continue;

      half = rx * sqrtf (rest);
      add_span (spans, y,
                MAX (floor_to_pixel (ellipse->x - half + 1 - epsilon), 0),
                MIN (floor_to_pixel (ellipse->x + half + epsilon), width - 1));
    }

  return TRUE;
}

static gboolean
is_inside (const Filler *self,
           int           x,
           int           y)
{
  const float *radius = self->ellipse->radius;
  float        dx = (float) x - self->ellipse->x;
  float        dy = (float) y - self->ellipse->y;
  float        along = dx * self->cosine + dy * self->sine;
  float        across = -dx * self->sine + dy * self->cosine;

  return along * along / (radius[0] * radius[0]) + across * across / (radius[1] * radius[1]) <= 1;
}

/* Where a row cuts the ellipse, or comes closest to it; in double, good to
 * a pixel or two of what is_inside() says. */
static void
cut_row (const Filler *self,
         int           y,
         double       *out_middle,
         double       *out_half)
{
  double c = cos (self->ellipse->angle);
  double s = sin (self->ellipse->angle);
  double u = 1.0 / self->ellipse->radius[0];
  double v = 1.0 / self->ellipse->radius[1];
  double dy = (double) y - self->ellipse->y;
  double a = c * c * u * u + s * s * v * v;
  double rest = a - dy * dy * u * u * v * v;

  *out_middle = self->ellipse->x - dy * c * s * (u * u - v * v) / a;
  *out_half = rest > 0 ? sqrt (rest) / a : -1;
}

static void
fill_rotated_row (const Filler *self,
                  int           y)
{
  int    left = self->box.x;
  int    right = self->box.x + self->box.width - 1;
  int    first, last;
  double middle, half;

  cut_row (self, y, &middle, &half);

  if (self->is_extreme)
    {
      if (half >= 0)
        add_span (self->spans, y,
                  MAX (-floor_to_pixel (-MAX (middle - half, -1.0)), left),
                  MIN (floor_to_pixel (middle + half), right));
      return;
    }

  half = MAX (half, 0) + 1;
  first = MAX (floor_to_pixel (middle - half), left);
  last = MIN (floor_to_pixel (middle + half) + 1, right);

  while (first <= last && !is_inside (self, first, y))
    first++;
  while (last > first && !is_inside (self, last, y))
    last--;
  if (first > last)
    return;

  while (first > left && is_inside (self, first - 1, y))
    first--;
  while (last < right && is_inside (self, last + 1, y))
    last++;
  add_span (self->spans, y, first, last);
}

static gboolean
find_box (Filler *self,
          int     width,
          int     height)
{
  double radius = MAX (self->ellipse->radius[0], self->ellipse->radius[1]);
  int    x0 = almu_fill_first_pixel (self->ellipse->x - radius);
  int    y0 = almu_fill_first_pixel (self->ellipse->y - radius);
  int    x1 = MIN (almu_fill_last_pixel (self->ellipse->x + radius), width - 1);
  int    y1 = MIN (almu_fill_last_pixel (self->ellipse->y + radius), height - 1);

  if (x0 > x1 || y0 > y1)
    return FALSE;

  self->box = (AlmuRect){ x0, y0, x1 - x0 + 1, y1 - y0 + 1 };

  return TRUE;
}

static gboolean
fill_rotated (const AlmuEllipse *ellipse,
              int                width,
              int                height,
              GArray            *spans,
              AlmuRect          *out_bounds,
              GError           **error)
{
  const float *radius = ellipse->radius;
  double       reach;
  int          y0, y1;
  Filler       self = {
          .ellipse = ellipse,
          .cosine = (float) cos (ellipse->angle),
          .sine = (float) sin (ellipse->angle),
          .is_extreme = fabs (ellipse->x) > ALMU_FILL_PRECISE || fabs (ellipse->y) > ALMU_FILL_PRECISE ||
                        MAX (radius[0], radius[1]) > ALMU_FILL_PRECISE ||
                        MIN (radius[0], radius[1]) < SMALLEST_RADIUS,
          .spans = spans,
  };

  if (!find_box (&self, width, height))
    return TRUE;

  reach = hypot ((double) radius[0] * sin (ellipse->angle), (double) radius[1] * cos (ellipse->angle));
  y0 = MAX (floor_to_pixel (ellipse->y - reach) - 1, self.box.y);
  y1 = MIN (floor_to_pixel (ellipse->y + reach) + 2, self.box.y + self.box.height - 1);
  if (!check_rows (y0, y1, error))
    return FALSE;
  if (spans == NULL)
    return TRUE;

  for (int y = y0; y <= y1; y++)
    fill_rotated_row (&self, y);

  *out_bounds = self.box;

  return TRUE;
}

/**
 * almu_fill_ellipse:
 * @ellipse: finite, radii above 0
 * @width: of the image
 * @height: of the image
 * @spans: (element-type AlmuSpan) (nullable): receives the pixels; %NULL to
 *   ask only whether they can be had
 * @out_bounds: set only for a rotated ellipse: the square around it
 * @error: return location for an error
 *
 * Pixels whose centre lies inside or on the outline.
 *
 * Returns: %FALSE if it has too many rows
 */
gboolean
almu_fill_ellipse (const AlmuEllipse *ellipse,
                   int                width,
                   int                height,
                   GArray            *spans,
                   AlmuRect          *out_bounds,
                   GError           **error)
{
  const float *radius = ellipse->radius;

  if (almu_fill_is_near (ellipse->angle, 0))
    return fill_upright (ellipse, radius[0], radius[1], width, height, spans, error);
  if (almu_fill_is_near (ellipse->angle, G_PI_2))
    return fill_upright (ellipse, radius[1], radius[0], width, height, spans, error);

  return fill_rotated (ellipse, width, height, spans, out_bounds, error);
}
