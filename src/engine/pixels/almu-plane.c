/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-plane.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-polarised.h"
#include "almu-pyramid.h"
#include "almu-workers.h"

/* What one thread takes at a time … */
#define PART_BYTES (2 * 1024 * 1024)

/* … and what of it is read before it is measured, while it is still in the
 * second-level cache. */
#define PIECE_BYTES (256 * 1024)

struct _AlmuPlane
{
  gatomicrefcount refs;
  int             width;
  int             height;
  float          *pixels;
  AlmuPyramid    *pyramid;
  AlmuStats       stats;
};

/* Rows, divided into parts that do not depend on the number of threads, so
 * that neither do sums. Parts consist of whole bands of the pyramid. */
typedef struct
{
  AlmuPlane *plane;
  int        rows_per_band;
  int        rows_per_part;
  guint      n_parts;
  AlmuStats *stats;

  AlmuImage    *image;
  AlmuBox       box;
  const float  *parts[ALMU_MAX_PARTS]; /* those in memory of a computed one */
  GCancellable *cancellable;
  GMutex        mutex;
  GError       *error;  /* under the mutex */
  int           failed; /* atomic */
} Load;

typedef struct
{
  AlmuPlane      *plane;
  float           min;
  float           max;
  guint           n_parts;
  AlmuHistogram **parts;
} Count;

static AlmuPlane *
plane_new (int width,
           int height)
{
  g_autoptr(AlmuPlane) self = g_new0 (AlmuPlane, 1);

  g_atomic_ref_count_init (&self->refs);
  self->width = width;
  self->height = height;
  self->stats = ALMU_STATS_INIT;
  self->pixels = almu_pixels_try_new ((gsize) width * (gsize) height);
  self->pyramid = almu_pyramid_new (width, height);

  return self->pixels != NULL && self->pyramid != NULL ? g_steal_pointer (&self) : NULL;
}

/* How many rows of @width are about so many bytes, in whole bands. */
static int
rows_for (gsize bytes,
          int   width,
          int   rows_per_band)
{
  gsize band_bytes = (gsize) width * (gsize) rows_per_band * sizeof (float);

  return (int) MAX (1, bytes / band_bytes) * rows_per_band;
}

static void
load_init (Load      *load,
           AlmuPlane *plane)
{
  load->plane = plane;
  load->rows_per_band = almu_pyramid_get_band_height (plane->pyramid);
  load->rows_per_part = rows_for (PART_BYTES, plane->width, load->rows_per_band);
  load->n_parts = (guint) ((plane->height + (gint64) load->rows_per_part - 1) / load->rows_per_part);
  load->stats = g_new (AlmuStats, load->n_parts);
  for (guint i = 0; i < load->n_parts; i++)
    load->stats[i] = ALMU_STATS_INIT;
  g_mutex_init (&load->mutex);
}

/* In the order of the parts, whoever did them. */
static void
load_finish (Load *load)
{
  for (guint i = 0; i < load->n_parts; i++)
    almu_stats_merge (&load->plane->stats, &load->stats[i]);

  g_free (load->stats);
  g_mutex_clear (&load->mutex);
}

static void
load_take_error (Load   *load,
                 GError *error)
{
  g_mutex_lock (&load->mutex);
  if (load->error == NULL)
    load->error = g_steal_pointer (&error);
  g_mutex_unlock (&load->mutex);

  g_clear_error (&error);
  g_atomic_int_set (&load->failed, TRUE);
}

static gboolean
read_box (Load          *load,
          const AlmuBox *box,
          float         *pixels,
          GError       **error)
{
  const AlmuImageInfo *info = almu_image_get_info (load->image);
  gsize                offset = (gsize) box->area.y * box->area.width;
  const float         *known[ALMU_MAX_PARTS] = { NULL };

  if (!almu_polarisation_is_computed_of (info, box->stokes))
    return almu_image_read (load->image, box, pixels, load->cancellable, error);

  for (int i = 0; i < ALMU_MAX_PARTS; i++)
    if (load->parts[i] != NULL)
      known[i] = load->parts[i] + offset;

  return almu_polarised_read (load->image, box, known, pixels, load->cancellable, error);
}

static gboolean
read_rows (Load *load,
           int   y,
           int   n_rows)
{
  AlmuPlane *plane = load->plane;
  AlmuBox    box = load->box;
  GError    *error = NULL;

  box.area = (AlmuRect){ 0, y, plane->width, n_rows };
  if (read_box (load, &box, plane->pixels + (gsize) y * plane->width, &error))
    return TRUE;

  load_take_error (load, error);

  return FALSE;
}

static gboolean
measure_rows (Load      *load,
              AlmuStats *stats,
              int        begin,
              int        end)
{
  AlmuPlane *plane = load->plane;
  int        rows_per_piece = rows_for (PIECE_BYTES, plane->width, 1);

  for (int y = begin; y < end; y += rows_per_piece)
    {
      int n_rows = MIN (rows_per_piece, end - y);

      if (load->image != NULL &&
          (g_atomic_int_get (&load->failed) || !read_rows (load, y, n_rows)))
        return FALSE;

      almu_stats_add (stats, plane->pixels + (gsize) y * plane->width,
                      (gsize) n_rows * plane->width);
    }

  return TRUE;
}

/* Layers are made at once, out of the cache, because whoever looks at a
 * plane looks at most of it, and hardly ever pixel by pixel. */
static void
load_part (guint    part,
           gpointer user_data)
{
  Load      *load = user_data;
  AlmuPlane *plane = load->plane;
  AlmuStats *stats = &load->stats[part];
  int        rows_per_step = rows_for (PIECE_BYTES, plane->width, load->rows_per_band);
  gint64     begin = (gint64) part * load->rows_per_part;
  gint64     end = MIN (begin + load->rows_per_part, plane->height);

  for (gint64 y = begin; y < end; y += rows_per_step)
    {
      int    step_end = (int) MIN (y + rows_per_step, end);
      gint64 n_blank = stats->n_blank;

      if (!measure_rows (load, stats, (int) y, step_end))
        return;

      almu_pyramid_fill (plane->pyramid, plane->pixels, (int) y, step_end, stats->n_blank > n_blank);
    }
}

static void
load_run (Load      *load,
          AlmuPlane *plane)
{
  load_init (load, plane);
  almu_workers_share (load->n_parts, load_part, load);
  load_finish (load);
}

static AlmuPlane *
load_plane (AlmuImage *image,
            Load      *load,
            GError   **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autoptr(AlmuPlane) self = plane_new (info->width, info->height);
  gboolean is_read = FALSE;
  gint64   begin = g_get_monotonic_time ();

  if (self == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s: there is no memory for a plane of %d×%d pixels"),
                   almu_image_get_name (image), info->width, info->height);
      return NULL;
    }

  load->image = image;
  load->box.area = (AlmuRect){ 0, 0, info->width, info->height };

  /* Tiles are taller than a piece; the image shares them among threads. */
  if (info->data_offset < 0)
    {
      if (!read_box (load, &load->box, self->pixels, error))
        return NULL;
      is_read = TRUE;
    }

  if (is_read)
    load->image = NULL;
  load_run (load, self);

  if (load->error != NULL)
    {
      g_propagate_error (error, load->error);
      return NULL;
    }

  g_debug ("%s: channel %d, polarisation %d: %d×%d pixels in %.1f ms", almu_image_get_name (image),
           load->box.channel, load->box.stokes, info->width, info->height,
           (double) (g_get_monotonic_time () - begin) / 1000);

  return g_steal_pointer (&self);
}

/**
 * almu_plane_load:
 * @image: an image
 * @channel: index of the channel
 * @stokes: index on the Stokes axis, or a computed #AlmuPolarisation
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Reads a plane, measures it and makes its layers, on several threads. The
 * results do not depend on how many.
 *
 * Returns: (transfer full): the plane, or %NULL
 */
AlmuPlane *
almu_plane_load (AlmuImage    *image,
                 int           channel,
                 int           stokes,
                 GCancellable *cancellable,
                 GError      **error)
{
  Load load = { .box = { .channel = channel, .n_channels = 1, .stokes = stokes },
                .cancellable = cancellable };

  g_return_val_if_fail (ALMU_IS_IMAGE (image), NULL);

  return load_plane (image, &load, error);
}

/**
 * almu_plane_combine:
 * @image: an image
 * @channel: index of the channel
 * @polarisation: a computed #AlmuPolarisation
 * @parts: (array fixed-size=4): planes of the parts, in the order of
 *   #AlmuParts; %NULL for those that have to be read
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * As almu_plane_load(), but what is in memory is not read again.
 *
 * Returns: (transfer full): the plane, or %NULL
 */
AlmuPlane *
almu_plane_combine (AlmuImage        *image,
                    int               channel,
                    int               polarisation,
                    AlmuPlane *const *parts,
                    GCancellable     *cancellable,
                    GError          **error)
{
  Load load = { .box = { .channel = channel, .n_channels = 1, .stokes = polarisation },
                .cancellable = cancellable };

  g_return_val_if_fail (ALMU_IS_IMAGE (image), NULL);
  g_return_val_if_fail (almu_polarisation_is_computed_of (almu_image_get_info (image), polarisation), NULL);

  for (int i = 0; i < ALMU_MAX_PARTS; i++)
    load.parts[i] = parts[i] != NULL ? parts[i]->pixels : NULL;

  return load_plane (image, &load, error);
}

/**
 * almu_plane_new_for_pixels:
 * @pixels: (array): copied
 * @width: at least 1
 * @height: at least 1
 *
 * Makes a plane of computed pixels.
 */
AlmuPlane *
almu_plane_new_for_pixels (const float *pixels,
                           int          width,
                           int          height)
{
  AlmuPlane *self;
  Load       load = { 0 };

  g_return_val_if_fail (pixels != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  self = plane_new (width, height);
  if (self == NULL)
    g_error ("No memory for a plane of %d×%d pixels", width, height);

  memcpy (self->pixels, pixels, (gsize) width * (gsize) height * sizeof *pixels);
  load_run (&load, self);

  return self;
}

/**
 * almu_plane_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuPlane *
almu_plane_ref (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_plane_unref:
 * @self: (transfer full): a plane
 *
 * Frees the plane with the last reference, and what was handed out of it. Any
 * thread.
 */
void
almu_plane_unref (AlmuPlane *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  almu_pyramid_free (self->pyramid);
  free (self->pixels);
  g_free (self);
}

/**
 * almu_plane_get_width:
 *
 * Never changes; the same as that of its image.
 *
 * Returns: pixels along x
 */
int
almu_plane_get_width (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->width;
}

/**
 * almu_plane_get_height:
 *
 * Never changes; the same as that of its image.
 *
 * Returns: pixels along y
 */
int
almu_plane_get_height (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->height;
}

/**
 * almu_plane_get_pixels:
 *
 * All pixels, the row y = 0 first, without gaps; blanks are NaN.
 *
 * Returns: (transfer none): width × height values, for as long as the plane
 */
const float *
almu_plane_get_pixels (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->pixels;
}

/**
 * almu_plane_get_stats:
 *
 * Of all pixels, made when the plane was loaded.
 *
 * Returns: (transfer none): the statistics, for as long as the plane
 */
const AlmuStats *
almu_plane_get_stats (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->stats;
}

/**
 * almu_plane_get_size:
 *
 * What a cache should count: pixels and down-sampled layers.
 */
gsize
almu_plane_get_size (AlmuPlane *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return almu_plane_estimate_size (self->width, self->height);
}

/**
 * almu_plane_estimate_size:
 * @width: pixels, at least 1
 * @height: likewise
 *
 * What a plane will take, before it is read: pixels, and layers that come to a third
 * of them if it is large.
 *
 * Returns: bytes, the same as almu_plane_get_size() of it
 */
gsize
almu_plane_estimate_size (int width,
                          int height)
{
  g_return_val_if_fail (width > 0 && height > 0, 0);

  return sizeof (AlmuPlane) + (gsize) width * (gsize) height * sizeof (float) +
         almu_pyramid_estimate_size (width, height);
}

static void
count_part (guint    part,
            gpointer user_data)
{
  Count     *count = user_data;
  AlmuPlane *plane = count->plane;
  gint64     begin = (gint64) plane->height * part / count->n_parts;
  gint64     end = (gint64) plane->height * (part + 1) / count->n_parts;

  almu_histogram_add (count->parts[part], count->min, count->max,
                      plane->pixels + (gsize) begin * plane->width,
                      (gsize) (end - begin) * plane->width);
}

/* A few parts per thread even out what else the machine does; each costs a
 * set of bins. */
static guint
get_n_count_parts (AlmuPlane *self,
                   int        n_bins)
{
  gsize n_pixels = (gsize) self->width * (gsize) self->height;
  gsize n_parts = MIN (n_pixels / (PART_BYTES / sizeof (float)), 4 * almu_workers_get_threads ());

  /* Not more bins to clear and merge than pixels to count. */
  n_parts = MIN (n_parts, n_pixels / (gsize) n_bins);
  n_parts = MIN (n_parts, (gsize) self->height);

  return (guint) MAX (n_parts, 1);
}

/**
 * almu_plane_count:
 * @self: a plane
 * @n_bins: how many bins, from 1 to %ALMU_LIMIT_BINS
 * @min: lower bound
 * @max: upper bound
 *
 * Counts the pixels within bounds, on several threads.
 *
 * Returns: (transfer full): the histogram
 */
AlmuHistogram *
almu_plane_count (AlmuPlane *self,
                  int        n_bins,
                  float      min,
                  float      max)
{
  AlmuHistogram             *histogram;
  g_autofree AlmuHistogram **parts = NULL;
  Count                      count;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_bins >= 1 && n_bins <= ALMU_LIMIT_BINS, NULL);

  count = (Count){ self, min, max, get_n_count_parts (self, n_bins), NULL };
  count.parts = parts = g_new (AlmuHistogram *, count.n_parts);
  for (guint i = 0; i < count.n_parts; i++)
    parts[i] = almu_histogram_new (n_bins, min, max, &self->stats);

  almu_workers_share (count.n_parts, count_part, &count);

  histogram = parts[0];
  for (guint i = 1; i < count.n_parts; i++)
    {
      almu_histogram_merge (histogram, parts[i]);
      almu_histogram_unref (parts[i]);
    }

  return histogram;
}

/**
 * almu_plane_get_layer:
 * @self: a plane
 * @mip: 1, 2, 4 … to what almu_tile_get_mip() gives for layer 0
 * @out_width: (out): pixels of the layer
 * @out_height: (out): likewise
 *
 * The plane down-sampled by @mip.
 *
 * Returns: (transfer none) (nullable): means of the finite pixels of each
 *   block; %NULL for any other @mip
 */
const float *
almu_plane_get_layer (AlmuPlane *self,
                      int        mip,
                      int       *out_width,
                      int       *out_height)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (out_width != NULL && out_height != NULL, NULL);

  if (mip != 1)
    return almu_pyramid_get_layer (self->pyramid, mip, out_width, out_height);

  *out_width = self->width;
  *out_height = self->height;

  return self->pixels;
}
