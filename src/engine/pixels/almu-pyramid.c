/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-pyramid.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "almu-tile.h"
#include "kernel.h"

#define MAX_LAYERS 31

#define HUGE_PAGE (2 * 1024 * 1024)

/* Layer 0 stands for the plane itself, which is not here. */
struct _AlmuPyramid
{
  int    n_layers;
  int    widths[MAX_LAYERS];
  int    heights[MAX_LAYERS];
  float *layers[MAX_LAYERS];
  float *means;
};

/* Two rows of one layer while a band is worked on: the one that waits for
 * its neighbour, and the one that was just made. */
typedef struct
{
  float *waiting;
  float *waiting_counts;
  float *fresh;
  float *fresh_counts;
} Rows;

typedef struct
{
  AlmuPyramid *pyramid;
  gboolean     has_blanks;
  Rows         rows[MAX_LAYERS];
} Band;

/**
 * almu_pixels_try_new:
 * @n_pixels: how many
 *
 * Room for pixels, aligned for the widest registers. Large ones ask for
 * large pages: the first touch of 4 KiB at a time costs more than reading
 * the pixels from the page cache.
 *
 * Returns: (nullable): memory for free(), or %NULL if there is none
 */
float *
almu_pixels_try_new (gsize n_pixels)
{
  gsize size = n_pixels * sizeof (float);
  void *pixels;

  if (n_pixels > G_MAXSIZE / sizeof (float) - HUGE_PAGE)
    return NULL;

  if (size < 2 * HUGE_PAGE)
    return aligned_alloc (64, (size + 63) / 64 * 64 + 64);

  size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  pixels = aligned_alloc (HUGE_PAGE, size);
  if (pixels != NULL)
    madvise (pixels, size, MADV_HUGEPAGE);

  return pixels;
}

static void
band_init (Band        *band,
           AlmuPyramid *pyramid,
           gboolean     has_blanks)
{
  band->pyramid = pyramid;
  band->has_blanks = has_blanks;

  for (int layer = 1; layer < pyramid->n_layers; layer++)
    {
      Rows *rows = &band->rows[layer];
      gsize width = (gsize) pyramid->widths[layer];

      rows->waiting = g_new (float, width);
      rows->fresh = g_new (float, width);
      if (has_blanks)
        {
          rows->waiting_counts = g_new (float, width);
          rows->fresh_counts = g_new (float, width);
        }
    }
}

static void
band_clear (Band *band)
{
  for (int layer = 1; layer < band->pyramid->n_layers; layer++)
    {
      g_free (band->rows[layer].waiting);
      g_free (band->rows[layer].waiting_counts);
      g_free (band->rows[layer].fresh);
      g_free (band->rows[layer].fresh_counts);
    }
}

/* Without blanks the counts follow from the geometry: all columns but the
 * last stand for as many pixels. */
static void
write_means (Band *band,
             int   layer,
             int   y)
{
  AlmuPyramid *self = band->pyramid;
  const Rows  *rows = &band->rows[layer];
  gsize        width = (gsize) self->widths[layer];
  float       *means = self->layers[layer] + (gsize) y * width;
  gint64       mip = (gint64) 1 << layer;
  gint64       n_rows = MIN (mip, self->heights[0] - y * mip);
  gint64       n_columns = self->widths[0] - ((gint64) width - 1) * mip;

  if (band->has_blanks)
    {
      almu_kernel_divide (rows->fresh, rows->fresh_counts, width, means);
      return;
    }

  almu_kernel_divide_by (rows->fresh, (float) (mip * n_rows), width - 1, means);
  almu_kernel_divide_by (rows->fresh + width - 1, (float) (n_columns * n_rows), 1,
                         means + width - 1);
}

static void
swap_rows (Rows *rows)
{
  float *sums = rows->waiting;
  float *counts = rows->waiting_counts;

  rows->waiting = rows->fresh;
  rows->waiting_counts = rows->fresh_counts;
  rows->fresh = sums;
  rows->fresh_counts = counts;
}

/* Row @y of @layer has just been summed. Its means are written, and with its
 * neighbour it makes a row of the next layer, and so on up. Sums and counts
 * go up, not means: means of means are wrong at edges and blanks.
 */
static void
pass_up (Band *band,
         int   layer,
         int   y)
{
  AlmuPyramid *self = band->pyramid;

  for (;; layer++, y /= 2)
    {
      Rows    *rows = &band->rows[layer];
      Rows    *next = &band->rows[layer + 1];
      gboolean is_alone = y % 2 == 0;
      gsize    width = (gsize) self->widths[layer];

      write_means (band, layer, y);
      if (layer == self->n_layers - 1)
        return;

      if (is_alone && y + 1 < self->heights[layer])
        {
          swap_rows (rows);
          return;
        }

      almu_kernel_halve (is_alone ? rows->fresh : rows->waiting,
                         is_alone ? NULL : rows->fresh,
                         width, next->fresh);
      if (band->has_blanks)
        almu_kernel_halve (is_alone ? rows->fresh_counts : rows->waiting_counts,
                           is_alone ? NULL : rows->fresh_counts,
                           width, next->fresh_counts);
    }
}

static gsize
lay_out (AlmuPyramid *self,
         int          width,
         int          height)
{
  gsize n_pixels = 0;

  self->n_layers = almu_tile_last_layer (width, height) + 1;
  for (int layer = 0; layer < self->n_layers; layer++)
    {
      gint64 mip = (gint64) 1 << layer;

      self->widths[layer] = (int) ((width + mip - 1) / mip);
      self->heights[layer] = (int) ((height + mip - 1) / mip);
      if (layer > 0)
        n_pixels += (gsize) self->widths[layer] * self->heights[layer];
    }

  return n_pixels;
}

/**
 * almu_pyramid_new:
 * @width: of a plane
 * @height: likewise
 *
 * Makes room for all layers of a plane. What they hold comes from
 * almu_pyramid_fill(), band by band, while the pixels are at hand.
 *
 * Returns: (transfer full) (nullable): the layers; %NULL without memory
 */
AlmuPyramid *
almu_pyramid_new (int width,
                  int height)
{
  g_autoptr(AlmuPyramid) self = NULL;
  float *next;
  gsize  n_pixels;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  self = g_new0 (AlmuPyramid, 1);
  n_pixels = lay_out (self, width, height);
  if (self->n_layers == 1)
    return g_steal_pointer (&self);

  self->means = next = almu_pixels_try_new (n_pixels);
  if (self->means == NULL)
    return NULL;

  for (int layer = 1; layer < self->n_layers; layer++)
    {
      self->layers[layer] = next;
      next += (gsize) self->widths[layer] * self->heights[layer];
    }

  return g_steal_pointer (&self);
}

/**
 * almu_pyramid_get_band_height:
 *
 * Bands have nothing to do with each other and may be filled on different threads.
 *
 * Returns: how many rows make one row of the last layer, a power of two
 */
int
almu_pyramid_get_band_height (AlmuPyramid *self)
{
  g_return_val_if_fail (self != NULL, 1);

  return 1 << (self->n_layers - 1);
}

/**
 * almu_pyramid_fill:
 * @pixels: the whole plane
 * @begin: the first row of a band
 * @end: one past the last row of a band, the same or another
 * @has_blanks: whether any value of these rows is not finite; %FALSE is
 *   faster
 *
 * Down-samples some rows to all layers at once. A value is the mean of the
 * finite pixels among those it stands for, fewer than mip × mip at the right
 * and upper edge, or NaN if there are none. Sums are floats, added in pairs,
 * in an order that does not depend on the threads.
 */
void
almu_pyramid_fill (AlmuPyramid *self,
                   const float *pixels,
                   int          begin,
                   int          end,
                   gboolean     has_blanks)
{
  gsize width;
  Band  band = { 0 };

  g_return_if_fail (self != NULL && pixels != NULL);
  g_return_if_fail (begin % almu_pyramid_get_band_height (self) == 0);

  if (self->n_layers == 1)
    return;

  width = (gsize) self->widths[0];
  band_init (&band, self, has_blanks);

  for (int y = begin; y < end; y += 2)
    {
      const float *above = pixels + (gsize) y * width;
      const float *below = y + 1 < end ? above + width : NULL;
      Rows        *first = &band.rows[1];

      if (has_blanks)
        almu_kernel_halve_finite (above, below, width, first->fresh, first->fresh_counts);
      else
        almu_kernel_halve (above, below, width, first->fresh);

      pass_up (&band, 1, y / 2);
    }

  band_clear (&band);
}

/**
 * almu_pyramid_free:
 * @self: (nullable) (transfer full): layers
 *
 * Frees the layers with their values.
 */
void
almu_pyramid_free (AlmuPyramid *self)
{
  if (self == NULL)
    return;

  free (self->means);
  g_free (self);
}

/**
 * almu_pyramid_get_layer:
 * @mip: a power of two above 1
 * @out_width: (out): pixels of the layer; left as it is if there is none
 * @out_height: (out): likewise
 *
 * Means of the finite pixels of @mip × @mip ones, fewer at the right and the upper
 * edge; NaN where none is finite.
 *
 * Returns: (transfer none) (nullable): the values of the layer, by rows; %NULL for
 *   a @mip that is no power of two above 1, or larger than it takes to fit one tile
 */
const float *
almu_pyramid_get_layer (AlmuPyramid *self,
                        int          mip,
                        int         *out_width,
                        int         *out_height)
{
  int layer = 0;

  g_return_val_if_fail (self != NULL, NULL);

  while (layer < self->n_layers && 1 << layer != mip)
    layer++;

  if (layer == 0 || layer == self->n_layers)
    return NULL;

  *out_width = self->widths[layer];
  *out_height = self->heights[layer];

  return self->layers[layer];
}

/**
 * almu_pyramid_estimate_size:
 * @width: of a plane
 * @height: likewise
 *
 * The plane itself is not in it.
 *
 * Returns: bytes that all layers of the plane will take, a third of a large one
 */
gsize
almu_pyramid_estimate_size (int width,
                            int height)
{
  AlmuPyramid pyramid = { 0 };

  g_return_val_if_fail (width > 0 && height > 0, 0);

  return sizeof pyramid + lay_out (&pyramid, width, height) * sizeof (float);
}
