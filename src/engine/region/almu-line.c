/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-line.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

#define ARCSEC_PER_DEGREE 3600.0

/* Steps that differ by more than this part of a pixel are made equal on the
 * sky instead of on the image. */
#define MAX_UNEVEN 0.01

/* How close to a corner the last step of a polyline may end, in steps,
 * before the first of the next segment is left out. */
#define CLOSE_TO_CORNER 0.5

/* Of a step that may be missing at the end of a line. */
#define STEP_TOLERANCE 0.1

#define BISECTIONS 60

typedef struct
{
  double x;
  double y;
} Place;

G_STATIC_ASSERT (sizeof (Place) == 2 * sizeof (double));

/* One value of the profile: where it lies, and which way the line goes. */
typedef struct
{
  Place  place;
  guint  segment;
  double angle;  /* radians */
  double before; /* pixels that it covers of the line, to either side */
  double after;
  double across;
} Step;

typedef struct
{
  const AlmuShape *line;
  int              width;
  AlmuSkyMap      *sky;   /* NULL: none */
  double           scale; /* degrees that a pixel has along y, 1 without sky */
  GArray          *steps;
} Cut;

/**
 * almu_shape_is_line:
 * @shape: a shape
 *
 * Annotations are none, whatever they look like.
 *
 * Returns: whether there are profiles along it: a line or a polyline
 */
gboolean
almu_shape_is_line (const AlmuShape *shape)
{
  g_return_val_if_fail (shape != NULL, FALSE);

  return shape->type == ALMU_SHAPE_LINE || shape->type == ALMU_SHAPE_POLYLINE;
}

static Place
get_corner (const Cut *self,
            guint      i)
{
  return (Place){ self->line->points[i].x, self->line->points[i].y };
}

static double
get_pixels (const Place *a,
            const Place *b)
{
  return hypot (b->x - a->x, b->y - a->y);
}

static Place
go (const Place *from,
    double       angle,
    double       distance)
{
  return (Place){ from->x + distance * cos (angle), from->y + distance * sin (angle) };
}

/* Degrees on the sky, or pixels where there is none. */
static double
separate (Cut         *self,
          const Place *a,
          const Place *b)
{
  double sky[4] = { a->x, a->y, b->x, b->y };

  if (self->sky == NULL)
    return get_pixels (a, b);

  almu_sky_map_to_sky (self->sky, 2, sky, sky);

  return almu_sky_separation (sky, sky + 2);
}

static Step *
get_step (Cut  *self,
          guint i)
{
  return &g_array_index (self->steps, Step, i);
}

static gboolean
check_length (Cut     *self,
              GError **error)
{
  double length = 0;

  for (guint i = 0; i + 1 < self->line->n_points; i++)
    {
      Place a = get_corner (self, i);
      Place b = get_corner (self, i + 1);

      length += get_pixels (&a, &b);
    }

  if (length + self->line->n_points < ALMU_LIMIT_LINE_VALUES)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("A profile along a %s of %.0f pixels has too many values, at most %d are computed"),
               _ (almu_shape_type_get_name (self->line->type)), length, ALMU_LIMIT_LINE_VALUES);
  return FALSE;
}

/* -- steps of a pixel --------------------------------------------------- */

/* Slanting boxes of one pixel would miss some pixels and find none. */
static void
add_pixel_step (Cut   *self,
                guint  segment,
                Place  place,
                double angle)
{
  double quarters = angle / (G_PI / 2);
  double length = fabs (quarters - round (quarters)) < 1e-9 ? 1 : 3;
  Step   step = { place, segment, angle, length / 2, length / 2, self->width };

  g_array_append_val (self->steps, step);
}

/* From the end to the beginning, with the middle of the line in the middle. */
static void
step_line (Cut *self)
{
  Place  begin = get_corner (self, 0);
  Place  end = get_corner (self, 1);
  Place  middle = { (begin.x + end.x) / 2, (begin.y + end.y) / 2 };
  double angle = atan2 (begin.y - end.y, begin.x - end.x);
  long   n = MAX (lround ((get_pixels (&begin, &end) - 1) / 2), 0);

  for (long i = -n; i <= n; i++)
    add_pixel_step (self, 0, go (&middle, angle, (double) i), angle);
}

static gboolean
ends_at (Cut         *self,
         const Place *corner,
         double       step)
{
  return self->steps->len > 0 &&
         separate (self, &get_step (self, self->steps->len - 1)->place, corner) < CLOSE_TO_CORNER * step;
}

static void
step_polyline (Cut *self)
{
  for (guint i = 0; i + 1 < self->line->n_points; i++)
    {
      Place  begin = get_corner (self, i);
      Place  end = get_corner (self, i + 1);
      double angle = atan2 (end.y - begin.y, end.x - begin.x);
      long   n = lround (get_pixels (&begin, &end));

      for (long j = ends_at (self, &begin, self->scale) ? 1 : 0; j <= n; j++)
        add_pixel_step (self, i, go (&begin, angle, (double) j), angle);
    }
}

/* Whether the steps are equal on the sky, too; and how long. */
static gboolean
are_even (Cut    *self,
          double *out_increment)
{
  double smallest = INFINITY, largest = 0, sum = 0;
  guint  n = 0;

  *out_increment = self->scale;
  if (self->sky == NULL)
    return TRUE;

  for (guint i = 0; i + 1 < self->steps->len; i++)
    {
      const Step *a = get_step (self, i);
      const Step *b = get_step (self, i + 1);
      double      separation;

      /* around a corner it is another one */
      if (a->segment != b->segment)
        continue;

      separation = separate (self, &a->place, &b->place);
      if (!isfinite (separation))
        return FALSE;

      smallest = MIN (smallest, separation);
      largest = MAX (largest, separation);
      sum += separation;
      n++;
    }

  if (n > 0)
    *out_increment = sum / n;

  return n == 0 || largest - smallest <= MAX_UNEVEN * self->scale;
}

/* -- steps that are equal on the sky ------------------------------------ */

/* Moves a place by a step towards another, if there is one left. */
static gboolean
find_next (Cut         *self,
           Place       *place,
           const Place *to)
{
  const Place from = *place;
  double      near = 0, far = 1;
  double      whole = separate (self, &from, to);

  if (!(whole >= (1 - STEP_TOLERANCE) * self->scale))
    return FALSE;

  for (int i = 0; whole > self->scale && i < BISECTIONS; i++)
    {
      double part = (near + far) / 2;

      *place = (Place){ from.x + part * (to->x - from.x), from.y + part * (to->y - from.y) };
      if (separate (self, &from, place) < self->scale)
        near = part;
      else
        far = part;
    }

  if (whole <= self->scale)
    *place = *to;

  return TRUE;
}

static gboolean
walk (Cut         *self,
      guint        segment,
      const Place *from,
      const Place *to,
      double       angle,
      gboolean     is_first_left_out,
      GError     **error)
{
  Step step = { *from, segment, angle };

  for (gboolean goes_on = TRUE; goes_on; goes_on = find_next (self, &step.place, to))
    {
      if (self->steps->len >= ALMU_LIMIT_LINE_VALUES)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("A profile along a %s has more than %d values"),
                       _ (almu_shape_type_get_name (self->line->type)), ALMU_LIMIT_LINE_VALUES);
          return FALSE;
        }

      if (!is_first_left_out)
        g_array_append_val (self->steps, step);
      is_first_left_out = FALSE;
    }

  return TRUE;
}

static void
reverse (GArray *steps)
{
  for (guint i = 0; i < steps->len / 2; i++)
    {
      Step *a = &g_array_index (steps, Step, i);
      Step *b = &g_array_index (steps, Step, steps->len - 1 - i);
      Step  kept = *a;

      *a = *b;
      *b = kept;
    }
}

/* Pixels across the line that are one step on the sky. */
static double
get_step_across (Cut        *self,
                 const Step *step)
{
  Place  left = go (&step->place, step->angle + G_PI / 2, 0.5);
  Place  right = go (&step->place, step->angle - G_PI / 2, 0.5);
  double separation = separate (self, &left, &right);

  return separation > 0 ? self->scale / separation : 1;
}

/* Each covers a step to either side beyond its own half, but not beyond the
 * ends of the line. */
static void
size_steps (Cut *self)
{
  guint n = self->steps->len;

  for (guint i = 0; i < n; i++)
    {
      Step  *step = get_step (self, i);
      double length = 1;

      if (n > 1)
        length = get_pixels (&step->place, &get_step (self, i > 0 ? i - 1 : i + 1)->place);
      step->before = (i > 0 ? 1.5 : 0.5) * length;
      step->after = (i + 1 < n ? 1.5 : 0.5) * length;
      step->across = self->width * get_step_across (self, step);
    }
}

static gboolean
step_on_sky (Cut     *self,
             GError **error)
{
  Place  begin = get_corner (self, 0);
  Place  end = get_corner (self, 1);
  Place  middle = { (begin.x + end.x) / 2, (begin.y + end.y) / 2 };
  double angle = atan2 (begin.y - end.y, begin.x - end.x);

  g_array_set_size (self->steps, 0);
  if (self->line->type == ALMU_SHAPE_LINE)
    {
      if (!walk (self, 0, &middle, &end, angle, FALSE, error))
        return FALSE;
      reverse (self->steps);
      if (!walk (self, 0, &middle, &begin, angle, TRUE, error))
        return FALSE;
    }

  for (guint i = 0; self->line->type == ALMU_SHAPE_POLYLINE && i + 1 < self->line->n_points; i++)
    {
      begin = get_corner (self, i);
      end = get_corner (self, i + 1);
      angle = atan2 (end.y - begin.y, end.x - begin.x);
      if (!walk (self, i, &begin, &end, angle, ends_at (self, &begin, self->scale), error))
        return FALSE;
    }

  size_steps (self);

  return TRUE;
}

static gboolean
is_on_sky (Cut     *self,
           GError **error)
{
  for (guint i = 0; i < self->line->n_points; i++)
    {
      Place  corner = get_corner (self, i);
      double sky[2];

      almu_sky_map_to_sky (self->sky, 1, &corner.x, sky);
      if (isfinite (sky[0]))
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Point %u of the %s lies where the projection shows nothing"),
                   i + 1, _ (almu_shape_type_get_name (self->line->type)));
      return FALSE;
    }

  return TRUE;
}

/* -- boxes -------------------------------------------------------------- */

static AlmuShape *
make_box (const Step *step,
          GError    **error)
{
  Place     centre = go (&step->place, step->angle, (step->after - step->before) / 2);
  AlmuPoint points[2] = {
    { (float) centre.x, (float) centre.y },
    { (float) (step->before + step->after), (float) step->across },
  };

  return almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, (float) (step->angle * (180 / G_PI)), error);
}

static GPtrArray *
make_boxes (Cut     *self,
            GError **error)
{
  g_autoptr(GPtrArray) boxes = g_ptr_array_new_full (self->steps->len, (GDestroyNotify) almu_shape_unref);

  for (guint i = 0; i < self->steps->len; i++)
    {
      AlmuShape *box = make_box (get_step (self, i), error);

      if (box == NULL)
        return NULL;
      g_ptr_array_add (boxes, box);
    }

  return g_steal_pointer (&boxes);
}

static void
describe_axis (Cut          *self,
               double        increment,
               AlmuLineAxis *out_axis)
{
  static const struct
  {
    double      above; /* arcsec */
    double      size;
    const char *name;
  } units[] = {
    { 2 * 3600, 3600, "deg" },
    { 2 * 60, 60, "arcmin" },
    { 2e-3, 1, "arcsec" },
    { 0, 1e-3, "marcsec" },
  };
  double arcsec = increment * ARCSEC_PER_DEGREE;
  gsize  i = 0;

  out_axis->type = self->line->type == ALMU_SHAPE_LINE ? ALMU_LINE_OFFSET : ALMU_LINE_DISTANCE;
  out_axis->reference_index = (int) self->steps->len / 2;

  if (self->sky == NULL)
    {
      out_axis->unit = "pixel";
      out_axis->increment = increment;
    }
  else
    {
      while (i + 1 < G_N_ELEMENTS (units) && arcsec * self->steps->len < units[i].above)
        i++;
      out_axis->unit = units[i].name;
      out_axis->increment = arcsec / units[i].size;
    }

  out_axis->reference = out_axis->type == ALMU_LINE_OFFSET ? 0 : out_axis->reference_index * out_axis->increment;
}

/**
 * almu_line_cut:
 * @line: a line or a polyline
 * @width: pixels across the line that each value is the mean of
 * @sky: (nullable): of the image it is drawn on
 * @out_axis: receives where the values lie
 *
 * Divides a line into the boxes whose means make a profile along it: one for
 * each pixel of its length, or, where the image is so distorted that pixels
 * are of different sizes, one for each pixel's worth of sky. A line is
 * counted from its second point to its first, a polyline from its first to
 * its last. Without celestial coordinates the axis is in pixels.
 *
 * Returns: (transfer full) (element-type AlmuShape): the boxes, in order
 */
GPtrArray *
almu_line_cut (const AlmuShape *line,
               int              width,
               AlmuSkyMap      *sky,
               AlmuLineAxis    *out_axis,
               GError         **error)
{
  g_autoptr(GArray) steps = g_array_new (FALSE, FALSE, sizeof (Step));
  g_autoptr(GPtrArray) boxes = NULL;
  Cut    self = { line, width, sky, 1, steps };
  double increment;
  double scale[2];

  g_return_val_if_fail (line != NULL && almu_shape_is_line (line), NULL);
  g_return_val_if_fail (width >= 1 && width <= ALMU_LIMIT_LINE_WIDTH, NULL);

  if (!check_length (&self, error) || (sky != NULL && !is_on_sky (&self, error)))
    return NULL;

  if (sky != NULL)
    {
      almu_sky_map_get_scale (sky, scale);
      self.scale = scale[1];
    }

  if (line->type == ALMU_SHAPE_LINE)
    step_line (&self);
  else
    step_polyline (&self);

  if (!are_even (&self, &increment))
    {
      increment = self.scale;
      if (!step_on_sky (&self, error))
        return NULL;
    }

  boxes = make_boxes (&self, error);
  if (boxes != NULL)
    describe_axis (&self, increment, out_axis);

  return g_steal_pointer (&boxes);
}
