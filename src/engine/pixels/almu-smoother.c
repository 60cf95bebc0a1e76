/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-smoother.h"

#include <math.h>
#include <string.h>

#include "kernel.h"

struct _AlmuSmoother
{
  const float  *pixels;
  int           source_width;
  int           source_height;
  AlmuSmoothing smoothing;
  int           factor;
  int           width;
  int           height;
  double        scale;
  double        offset;
  guint         n_weights;
  float        *weights;
  float         total;
};

static void
set_up_gaussian (AlmuSmoother *self)
{
  int    radius = self->factor - 1;
  double sigma = radius / 2.0;

  self->n_weights = 2 * (guint) radius + 1;
  self->weights = g_new (float, self->n_weights);
  for (int i = -radius; i <= radius; i++)
    {
      float weight = (float) (exp (-i * i / (2 * sigma * sigma)) / sigma);

      self->weights[i + radius] = weight;
      self->total += weight;
    }

  self->width = MAX (0, self->source_width - 2 * radius);
  self->height = MAX (0, self->source_height - 2 * radius);
  self->offset = radius;
}

/**
 * almu_smoother_new:
 * @pixels: (array): of a plane; not copied
 * @width: of the plane
 * @height: of the plane
 * @smoothing: how
 * @factor: over how many pixels; up to 1 is not at all
 *
 * Block averages are means of the finite pixels of @factor by @factor ones,
 * or of those that exist at the right and upper edge.
 *
 * A Gaussian has a sigma of (factor − 1) / 2 and is cut at two of them. It
 * goes along the rows and then along the columns, over what is finite there,
 * by the weights of just that. Blank pixels stay blank. Only where the whole
 * of it lies within the plane there is a result.
 *
 * Returns: (transfer full): the smoother
 */
AlmuSmoother *
almu_smoother_new (const float  *pixels,
                   int           width,
                   int           height,
                   AlmuSmoothing smoothing,
                   int           factor)
{
  AlmuSmoother *self;

  g_return_val_if_fail (pixels != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  self = g_new0 (AlmuSmoother, 1);
  self->pixels = pixels;
  self->source_width = self->width = width;
  self->source_height = self->height = height;
  self->smoothing = factor > 1 ? smoothing : ALMU_SMOOTHING_NONE;
  self->factor = MIN (factor, MAX (width, height));
  self->scale = 1;

  if (self->smoothing == ALMU_SMOOTHING_GAUSSIAN)
    {
      set_up_gaussian (self);
    }
  else if (self->smoothing == ALMU_SMOOTHING_BLOCK)
    {
      self->width = (width - 1) / self->factor + 1;
      self->height = (height - 1) / self->factor + 1;
      self->scale = self->factor;
    }

  return self;
}

/**
 * almu_smoother_free:
 * @self: (nullable) (transfer full): a smoother
 *
 * Frees the smoother; the pixels are not its own.
 */
void
almu_smoother_free (AlmuSmoother *self)
{
  if (self == NULL)
    return;

  g_free (self->weights);
  g_free (self);
}

/**
 * almu_smoother_get_width:
 *
 * A Gaussian that is wider than the plane has no result.
 *
 * Returns: pixels of the result along x; 0 if there is none
 */
int
almu_smoother_get_width (AlmuSmoother *self)
{
  return self->width;
}

/**
 * almu_smoother_get_height:
 *
 * A Gaussian that is higher than the plane has no result.
 *
 * Returns: pixels of the result along y; 0 if there is none
 */
int
almu_smoother_get_height (AlmuSmoother *self)
{
  return self->height;
}

/**
 * almu_smoother_get_scale:
 *
 * What is at x in the result is at scale · (x + 0.5) + offset there, in pixels from
 * the edge of the plane.
 *
 * Returns: how many pixels of the plane are one of the result
 */
double
almu_smoother_get_scale (AlmuSmoother *self)
{
  return self->scale;
}

/**
 * almu_smoother_get_offset:
 *
 * What a Gaussian leaves out at an edge: see almu_smoother_get_scale().
 *
 * Returns: pixels of the plane before the first of the result; 0 without a Gaussian
 */
double
almu_smoother_get_offset (AlmuSmoother *self)
{
  return self->offset;
}

/**
 * almu_smoother_get_room:
 *
 * Each thread that makes rows at a time needs its own.
 *
 * Returns: how many floats almu_smoother_make_rows() needs to work in
 */
gsize
almu_smoother_get_room (AlmuSmoother *self)
{
  if (self->smoothing == ALMU_SMOOTHING_GAUSSIAN)
    return (gsize) self->n_weights * (gsize) MAX (self->width, 1);

  return 2 * (gsize) self->source_width;
}

/**
 * almu_smoother_peek_rows:
 * @begin: a row of the result
 *
 * Without smoothing the rows are those of the plane.
 *
 * Returns: (nullable) (transfer none): the rows from @begin on, if they need not be
 *   made; %NULL if they have to be
 */
const float *
almu_smoother_peek_rows (AlmuSmoother *self,
                         int           begin)
{
  if (self->smoothing != ALMU_SMOOTHING_NONE)
    return NULL;

  return self->pixels + (gsize) begin * (gsize) self->width;
}

static gboolean
is_finite (AlmuSmoother *self,
           int           y)
{
  gsize width = (gsize) self->source_width;

  return almu_kernel_count_finite (self->pixels + (gsize) y * width, width) == width;
}

/* Along one row of the plane. */
static void
blur_row (AlmuSmoother *self,
          int           y,
          gboolean      row_is_finite,
          const float **shifted,
          float        *blurred)
{
  const float *row = self->pixels + (gsize) y * (gsize) self->source_width;

  for (guint k = 0; k < self->n_weights; k++)
    shifted[k] = row + k;

  if (row_is_finite)
    almu_kernel_blend (shifted, self->weights, self->n_weights, self->total,
                       (gsize) self->width, blurred);
  else
    almu_kernel_blend_finite (shifted, self->weights, self->n_weights,
                              (gsize) self->width, blurred);
}

/* @room holds the last rows that were blurred along, in turn. */
static void
make_gaussian_rows (AlmuSmoother *self,
                    int           begin,
                    int           end,
                    float        *rows,
                    float        *room)
{
  int                      n = (int) self->n_weights;
  int                      radius = n / 2;
  gsize                    width = (gsize) self->width;
  g_autofree const float **pointers = g_new (const float *, n);
  g_autofree gboolean     *finite = g_new (gboolean, n);
  int                      n_finite = 0;

  for (int y = begin; y < end + n - 1; y++)
    {
      int      place = y % n;
      gboolean old_counts = y - n >= begin && finite[place];

      n_finite -= old_counts;
      finite[place] = is_finite (self, y);
      n_finite += finite[place];
      blur_row (self, y, finite[place], pointers, room + (gsize) place * width);
      if (y - begin < n - 1)
        continue;

      for (int k = 0; k < n; k++)
        pointers[k] = room + (gsize) ((y + 1 + k) % n) * width;

      if (n_finite == n)
        almu_kernel_blend (pointers, self->weights, self->n_weights, self->total, width, rows);
      else
        almu_kernel_blend_finite (pointers, self->weights, self->n_weights, width, rows);
      if (!finite[(y - radius) % n])
        almu_kernel_veil (self->pixels + (gsize) (y - radius) * (gsize) self->source_width + radius,
                          width, rows);
      rows += width;
    }
}

/**
 * almu_smooth_blocks:
 * @pixels: the lower left one
 * @row_stride: pixels between the beginnings of two rows
 * @width: pixels that are there, along a row
 * @height: rows that are there
 * @factor: how many pixels each way are one of @means
 * @means: ceil (@width / @factor) by ceil (@height / @factor)
 * @room: 2 · @width floats to work in
 *
 * Means of the finite pixels of each block, NaN where there are none. Sums
 * are floats down the columns and doubles along the rows.
 */
void
almu_smooth_blocks (const float *pixels,
                    gsize        row_stride,
                    int          width,
                    int          height,
                    int          factor,
                    float       *means,
                    float       *room)
{
  gsize  n = (gsize) width;
  float *sums = room;
  float *counts = room + n;

  for (int begin = 0; begin < height; begin += MIN (factor, height - begin))
    {
      memset (room, 0, 2 * n * sizeof *room);
      for (int y = begin; y < begin + MIN (factor, height - begin); y++)
        almu_kernel_gather (pixels + (gsize) y * row_stride, n, sums, counts);

      for (gsize x = 0; x < n; x += MIN ((gsize) factor, n - x))
        {
          double sum = 0, count = 0;

          for (gsize i = x; i < x + MIN ((gsize) factor, n - x); i++)
            {
              sum += sums[i];
              count += counts[i];
            }
          *means++ = count > 0 ? (float) (sum / count) : NAN;
        }
    }
}

/**
 * almu_smoother_make_rows:
 * @begin: the first row of the result
 * @end: one past the last
 * @rows: where to put them
 * @room: see almu_smoother_get_room()
 *
 * Makes some rows. They do not depend on which others are made with them.
 */
void
almu_smoother_make_rows (AlmuSmoother *self,
                         int           begin,
                         int           end,
                         float        *rows,
                         float        *room)
{
  gsize stride = (gsize) self->source_width;
  int   factor = self->factor;
  int   y = (int) ((gint64) begin * factor);

  switch (self->smoothing)
    {
    case ALMU_SMOOTHING_GAUSSIAN:
      make_gaussian_rows (self, begin, end, rows, room);
      break;

    case ALMU_SMOOTHING_BLOCK:
      almu_smooth_blocks (self->pixels + (gsize) y * stride, stride, self->source_width,
                          (int) MIN ((gint64) (end - begin) * factor, self->source_height - y),
                          factor, rows, room);
      break;

    case ALMU_SMOOTHING_NONE:
    default:
      memcpy (rows, self->pixels + (gsize) begin * stride,
              (gsize) (end - begin) * stride * sizeof *rows);
    }
}
