/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-mask.h"

#include <math.h>
#include <string.h>

#include "almu-fill.h"
#include "almu-limits.h"

static AlmuMask *
mask_new_for_spans (const GArray   *spans,
                    const AlmuRect *bounds)
{
  AlmuMask *self = g_malloc (sizeof *self + spans->len * sizeof *self->spans);

  g_atomic_ref_count_init (&self->refs);
  self->bounds = (AlmuRect){ 0 };
  self->n_spans = spans->len;
  if (spans->len == 0)
    return self;

  memcpy (self->spans, spans->data, spans->len * sizeof *self->spans);
  self->bounds = *bounds;

  return self;
}

static AlmuRect
bound_spans (const GArray *spans)
{
  const AlmuSpan *span = (const AlmuSpan *) spans->data;
  int             x0 = G_MAXINT;
  int             x1 = -1;

  if (spans->len == 0)
    return (AlmuRect){ 0 };

  for (guint i = 0; i < spans->len; i++)
    {
      x0 = MIN (x0, span[i].x);
      x1 = MAX (x1, span[i].x + span[i].length);
    }

  return (AlmuRect){ x0, span[0].y, x1 - x0, span[spans->len - 1].y - span[0].y + 1 };
}

static void
fill_point (const AlmuPoint *point,
            int              width,
            int              height,
            GArray          *spans)
{
  float    x = floorf (point->x + 0.5f);
  float    y = floorf (point->y + 0.5f);
  AlmuSpan span = { .length = 1 };

  if (!(x >= 0 && x < width && y >= 0 && y < height))
    return;

  span.x = (int) x;
  span.y = (int) y;
  /* width and height are rounded up where they become single precision */
  if (span.x < width && span.y < height)
    g_array_append_val (spans, span);
}

/* Corners of a rectangle, counter-clockwise from the lower left, in single
 * precision as long as that has room for them. */
static void
place_corners (const AlmuShape *shape,
               AlmuVertex      *corners)
{
  static const int sign[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
  const AlmuPoint *centre = &shape->points[0];
  const AlmuPoint *size = &shape->points[1];
  double           angle = fmod (shape->rotation, 360) * (G_PI / 180);
  float            c = shape->rotation == 0 ? 1 : (float) cos (angle);
  float            s = shape->rotation == 0 ? 0 : (float) sin (angle);
  gboolean         is_wide = fabsf (centre->x) > ALMU_FILL_PRECISE || fabsf (centre->y) > ALMU_FILL_PRECISE ||
                     size->x > ALMU_FILL_PRECISE || size->y > ALMU_FILL_PRECISE;

  for (int i = 0; i < 4; i++)
    {
      double width_x = sign[i][0] * (double) c * size->x;
      double width_y = sign[i][0] * (double) s * size->x;
      double height_x = -sign[i][1] * (double) s * size->y;
      double height_y = sign[i][1] * (double) c * size->y;

      if (is_wide)
        {
          corners[i].x = centre->x + (width_x + height_x) / 2;
          corners[i].y = centre->y + (width_y + height_y) / 2;
        }
      else
        {
          corners[i].x = centre->x + ((float) width_x + (float) height_x) / 2;
          corners[i].y = centre->y + ((float) width_y + (float) height_y) / 2;
        }
    }
}

static gboolean
fill_rectangle (const AlmuShape *shape,
                int              width,
                int              height,
                GArray          *spans,
                GError         **error)
{
  AlmuVertex corners[4];

  place_corners (shape, corners);

  return almu_fill_polygon (corners, G_N_ELEMENTS (corners), width, height, spans, error);
}

static gboolean
fill_polygon (const AlmuShape *shape,
              int              width,
              int              height,
              GArray          *spans,
              GError         **error)
{
  g_autofree AlmuVertex *vertices = g_new (AlmuVertex, shape->n_points);

  for (guint i = 0; i < shape->n_points; i++)
    vertices[i] = (AlmuVertex){ shape->points[i].x, shape->points[i].y };

  return almu_fill_polygon (vertices, shape->n_points, width, height, spans, error);
}

/* The first size of an ellipse points up, the second to the right. */
static AlmuEllipse
describe_ellipse (const AlmuShape *shape)
{
  float       up = shape->points[1].x;
  float       right = shape->points[1].y;
  double      degrees = fmod (shape->rotation, 180);
  AlmuEllipse ellipse = { .x = shape->points[0].x, .y = shape->points[0].y };

  if (up > right)
    degrees = fmod (degrees + 90, 180);
  if (degrees < 0)
    degrees += 180;

  ellipse.radius[0] = MAX (up, right);
  ellipse.radius[1] = MIN (up, right);
  ellipse.angle = (float) (degrees * (G_PI / 180));

  return ellipse;
}

/* Without @spans, only whether the shape can be filled. */
static gboolean
fill (const AlmuShape *shape,
      int              width,
      int              height,
      GArray          *spans,
      AlmuRect        *out_bounds,
      GError         **error)
{
  AlmuEllipse ellipse;

  switch (shape->type)
    {
    case ALMU_SHAPE_POINT:
      if (spans != NULL)
        fill_point (&shape->points[0], width, height, spans);
      return TRUE;

    case ALMU_SHAPE_RECTANGLE:
      return fill_rectangle (shape, width, height, spans, error);

    case ALMU_SHAPE_ELLIPSE:
      ellipse = describe_ellipse (shape);
      return almu_fill_ellipse (&ellipse, width, height, spans, out_bounds, error);

    case ALMU_SHAPE_POLYGON:
      return fill_polygon (shape, width, height, spans, error);

    default:
      return TRUE;
    }
}

/**
 * almu_mask_check:
 * @shape: a shape
 * @width: of the image
 * @height: of the image
 * @error: return location for an error
 *
 * Whether almu_mask_new() would make the mask of the shape. Cheap: ask before
 * a region is accepted.
 *
 * Returns: %FALSE with %ALMU_ERROR_LIMIT if the outline crosses the rows of
 *   the image more than %ALMU_LIMIT_CROSSINGS times
 */
gboolean
almu_mask_check (const AlmuShape *shape,
                 int              width,
                 int              height,
                 GError         **error)
{
  g_return_val_if_fail (shape != NULL, FALSE);
  g_return_val_if_fail (width > 0 && width <= ALMU_LIMIT_AXIS_LENGTH, FALSE);
  g_return_val_if_fail (height > 0 && height <= ALMU_LIMIT_AXIS_LENGTH, FALSE);

  return fill (shape, width, height, NULL, NULL, error);
}

/**
 * almu_mask_new:
 * @shape: a shape
 * @width: of the image
 * @height: of the image
 *
 * Pixels of the image whose centre lies in the shape or on its outline. Lines
 * and annotations cover none; neither does a shape beside the image, nor one
 * that almu_mask_check() refuses. Costs rows and spans, never area.
 *
 * Returns: (transfer full): the mask
 */
AlmuMask *
almu_mask_new (const AlmuShape *shape,
               int              width,
               int              height)
{
  g_autoptr(GArray) spans = NULL;
  AlmuRect bounds = { 0 };

  g_return_val_if_fail (shape != NULL, NULL);
  g_return_val_if_fail (width > 0 && width <= ALMU_LIMIT_AXIS_LENGTH, NULL);
  g_return_val_if_fail (height > 0 && height <= ALMU_LIMIT_AXIS_LENGTH, NULL);

  spans = g_array_new (FALSE, FALSE, sizeof (AlmuSpan));
  fill (shape, width, height, spans, &bounds, NULL);

  if (bounds.width == 0)
    bounds = bound_spans (spans);

  return mask_new_for_spans (spans, &bounds);
}

/**
 * almu_mask_new_for_rect:
 * @rect: pixels of an image, at least one each way; not checked against it
 *
 * A mask of a span for each row.
 *
 * Returns: (transfer full): the mask of all of them
 */
AlmuMask *
almu_mask_new_for_rect (const AlmuRect *rect)
{
  g_autoptr(GArray) spans = NULL;

  g_return_val_if_fail (rect != NULL && rect->width > 0 && rect->height > 0, NULL);

  spans = g_array_sized_new (FALSE, FALSE, sizeof (AlmuSpan), (guint) rect->height);
  for (int y = 0; y < rect->height; y++)
    {
      AlmuSpan span = { rect->y + y, rect->x, rect->width };

      g_array_append_val (spans, span);
    }

  return mask_new_for_spans (spans, rect);
}

/**
 * almu_mask_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuMask *
almu_mask_ref (AlmuMask *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_mask_unref:
 * @self: (transfer full): a mask
 *
 * Frees the mask with the last reference. Any thread.
 */
void
almu_mask_unref (AlmuMask *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/**
 * almu_mask_is_empty:
 *
 * The shape lies outside the image, or covers no pixel's centre.
 *
 * Returns: whether no pixel is under it
 */
gboolean
almu_mask_is_empty (const AlmuMask *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->n_spans == 0;
}

/**
 * almu_mask_is_box:
 *
 * Whether all pixels within the bounds are meant, so that nobody has to look
 * at the spans.
 */
gboolean
almu_mask_is_box (const AlmuMask *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->n_spans != (guint) self->bounds.height)
    return FALSE;

  for (guint i = 0; i < self->n_spans; i++)
    if (self->spans[i].length != self->bounds.width)
      return FALSE;

  return self->n_spans > 0;
}

static gboolean
fits_plane (const AlmuMask *self,
            AlmuPlane      *plane)
{
  return self->bounds.x + self->bounds.width <= almu_plane_get_width (plane) &&
         self->bounds.y + self->bounds.height <= almu_plane_get_height (plane);
}

static const float *
get_values (AlmuPlane      *plane,
            const AlmuSpan *span)
{
  return almu_plane_get_pixels (plane) + (gsize) span->y * almu_plane_get_width (plane) + span->x;
}

/**
 * almu_mask_measure:
 * @self: a mask
 * @plane: of the size the mask was made for
 * @out_stats: (out caller-allocates): statistics of the pixels under the mask
 *
 * Goes through the spans on the calling thread, which may be any.
 */
void
almu_mask_measure (const AlmuMask *self,
                   AlmuPlane      *plane,
                   AlmuStats      *out_stats)
{
  AlmuStats stats = ALMU_STATS_INIT;

  g_return_if_fail (self != NULL);
  g_return_if_fail (plane != NULL && fits_plane (self, plane));
  g_return_if_fail (out_stats != NULL);

  for (guint i = 0; i < self->n_spans; i++)
    almu_stats_add (&stats, get_values (plane, &self->spans[i]), self->spans[i].length);

  *out_stats = stats;
}

/**
 * almu_mask_find:
 * @self: a mask
 * @plane: of the size the mask was made for
 * @value: a value, such as the smallest; NaN is never found
 * @out_x: (out): where it is, counted from 0
 * @out_y: (out): likewise
 *
 * Looks for the place of a value that almu_mask_measure() has told. Any thread.
 *
 * Returns: %FALSE if no pixel under the mask has this value; of several it is
 *   the first, from left to right and then upwards
 */
gboolean
almu_mask_find (const AlmuMask *self,
                AlmuPlane      *plane,
                float           value,
                int            *out_x,
                int            *out_y)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (plane != NULL && fits_plane (self, plane), FALSE);

  for (guint i = 0; i < self->n_spans; i++)
    {
      const AlmuSpan *span = &self->spans[i];
      const float    *values = get_values (plane, span);

      for (int x = 0; x < span->length; x++)
        if (values[x] == value)
          {
            *out_x = span->x + x;
            *out_y = span->y;
            return TRUE;
          }
    }

  return FALSE;
}

/**
 * almu_mask_count:
 * @self: a mask
 * @plane: of the size the mask was made for
 * @n_bins: see almu_histogram_auto_bins() of the mask's bounds
 * @min: lower bound
 * @max: upper bound
 * @stats: from almu_mask_measure()
 *
 * Counts the pixels between the bounds. Any thread.
 *
 * Returns: (transfer full): the histogram of the pixels under the mask
 */
AlmuHistogram *
almu_mask_count (const AlmuMask  *self,
                 AlmuPlane       *plane,
                 int              n_bins,
                 float            min,
                 float            max,
                 const AlmuStats *stats)
{
  AlmuHistogram *histogram;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (plane != NULL && fits_plane (self, plane), NULL);
  g_return_val_if_fail (stats != NULL, NULL);

  histogram = almu_histogram_new (n_bins, min, max, stats);
  for (guint i = 0; i < self->n_spans; i++)
    almu_histogram_add (histogram, min, max,
                        get_values (plane, &self->spans[i]), self->spans[i].length);

  return histogram;
}
