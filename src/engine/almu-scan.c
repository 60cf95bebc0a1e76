/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-scan.h"

#include <string.h>

#include "almu-workers.h"

/* What is read before it is looked at, while it is still in the second-level
 * cache. */
#define PIECE_PIXELS (64 * 1024)

/* What one thread takes at a time of a channel that has more. */
#define BAND_PIXELS (512 * 1024)

/* Channels are cut into bands of rows, or put together by the group, so that
 * all parts are about as large. Neither depends on the number of threads, so
 * that sums do not. */
typedef struct
{
  const AlmuScan *scan;
  gboolean        is_box;
  int             channel;
  int             n_channels;
  int             rows_per_band;
  int             n_bands; /* of a channel */
  int             channels_per_part;
  AlmuStats      *stats; /* by channel, then by band */

  GMutex  mutex;
  GError *error;  /* under the mutex */
  int     failed; /* atomic */
} Walk;

/* Kept by each thread: a fresh one this large would come from the system and
 * go back each time. */
typedef struct
{
  gsize  n_pixels;
  float *pixels;
} Scratch;

static void
scratch_free (gpointer data)
{
  Scratch *scratch = data;

  g_free (scratch->pixels);
  g_free (scratch);
}

static float *
get_scratch (gsize n_pixels)
{
  static GPrivate slot = G_PRIVATE_INIT (scratch_free);
  Scratch        *scratch = g_private_get (&slot);

  if (scratch == NULL)
    {
      scratch = g_new0 (Scratch, 1);
      g_private_set (&slot, scratch);
    }

  if (scratch->n_pixels < n_pixels)
    {
      g_free (scratch->pixels);
      scratch->pixels = g_new (float, n_pixels);
      scratch->n_pixels = n_pixels;
    }

  return scratch->pixels;
}

static void
walk_take_error (Walk   *walk,
                 GError *error)
{
  g_mutex_lock (&walk->mutex);
  if (walk->error == NULL)
    walk->error = g_steal_pointer (&error);
  g_mutex_unlock (&walk->mutex);

  g_clear_error (&error);
  g_atomic_int_set (&walk->failed, TRUE);
}

/* The first span at or above a row. */
static guint
find_span (const AlmuMask *mask,
           int             y)
{
  guint low = 0;
  guint high = mask->n_spans;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (mask->spans[middle].y < y)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

/* The smallest rectangle of some spans. */
static AlmuRect
bound_spans (const AlmuMask *mask,
             guint           begin,
             guint           end)
{
  const AlmuSpan *spans = mask->spans;
  int             x0 = G_MAXINT;
  int             x1 = 0;

  for (guint i = begin; i < end; i++)
    {
      x0 = MIN (x0, spans[i].x);
      x1 = MAX (x1, spans[i].x + spans[i].length);
    }

  return (AlmuRect){ x0, spans[begin].y, x1 - x0, spans[end - 1].y - spans[begin].y + 1 };
}

/* Moves the pixels under the mask to the front. */
static gsize
pack (const AlmuMask *mask,
      guint           begin,
      guint           end,
      const AlmuRect *area,
      float          *pixels)
{
  gsize n = 0;

  for (guint i = begin; i < end; i++)
    {
      const AlmuSpan *span = &mask->spans[i];
      gsize           from = (gsize) (span->y - area->y) * area->width + (span->x - area->x);

      if (from != n)
        memmove (pixels + n, pixels + from, (gsize) span->length * sizeof *pixels);
      n += (gsize) span->length;
    }

  return n;
}

/* Reads some rows of some channels, and looks at what is under the mask. */
static gboolean
take_piece (Walk *walk,
            int   y,
            int   n_rows,
            int   channel,
            int   n_channels,
            int   band)
{
  const AlmuScan *scan = walk->scan;
  guint           begin = find_span (scan->mask, y);
  guint           end = find_span (scan->mask, y + n_rows);
  AlmuBox         box = { .channel = walk->channel + channel, .n_channels = n_channels, .stokes = scan->stokes };
  GError         *error = NULL;
  float          *pixels;
  gsize           n_area;

  if (begin == end)
    return TRUE;

  box.area = bound_spans (scan->mask, begin, end);
  n_area = (gsize) box.area.width * (gsize) box.area.height;
  pixels = get_scratch (n_area * (gsize) n_channels);
  if (!almu_image_read (scan->image, &box, pixels, scan->cancellable, &error))
    {
      walk_take_error (walk, error);
      return FALSE;
    }

  for (int i = 0; i < n_channels; i++, pixels += n_area)
    {
      gsize n = walk->is_box ? n_area : pack (scan->mask, begin, end, &box.area, pixels);

      if (walk->stats != NULL)
        almu_stats_add (&walk->stats[(gsize) (channel + i) * walk->n_bands + band], pixels, n);
      if (scan->tally != NULL)
        almu_tally_add (scan->tally, pixels, n);
    }

  return TRUE;
}

static void
take_part (guint    part,
           gpointer user_data)
{
  Walk           *walk = user_data;
  const AlmuRect *bounds = &walk->scan->mask->bounds;
  int             band = (int) part % walk->n_bands;
  int             channel = (int) part / walk->n_bands * walk->channels_per_part;
  int             n_channels = MIN (walk->channels_per_part, walk->n_channels - channel);
  int             rows_per_piece = CLAMP (PIECE_PIXELS / bounds->width, 1, walk->rows_per_band);
  int             begin = band * walk->rows_per_band;
  int             end = MIN (begin + walk->rows_per_band, bounds->height);

  for (int y = begin; y < end; y += rows_per_piece)
    if (g_atomic_int_get (&walk->failed) ||
        !take_piece (walk, bounds->y + y, MIN (rows_per_piece, end - y), channel, n_channels, band))
      return;
}

static void
walk_run (Walk    *walk,
          gboolean is_measured)
{
  const AlmuRect *bounds = &walk->scan->mask->bounds;
  gint64          n_area = (gint64) bounds->width * bounds->height;
  int             n_groups;

  walk->rows_per_band = (int) CLAMP (BAND_PIXELS / bounds->width, 1, bounds->height);
  walk->n_bands = (bounds->height - 1) / walk->rows_per_band + 1;
  walk->channels_per_part = (int) CLAMP (PIECE_PIXELS / n_area, 1, walk->n_channels);
  n_groups = (walk->n_channels - 1) / walk->channels_per_part + 1;

  if (is_measured)
    {
      walk->stats = g_new (AlmuStats, (gsize) walk->n_channels * (gsize) walk->n_bands);
      for (gsize i = 0; i < (gsize) walk->n_channels * (gsize) walk->n_bands; i++)
        walk->stats[i] = ALMU_STATS_INIT;
    }

  g_mutex_init (&walk->mutex);
  almu_workers_share_at (walk->scan->priority, (guint) n_groups * (guint) walk->n_bands, take_part, walk);
  g_mutex_clear (&walk->mutex);
}

/* In the order of the bands, whoever did them. */
static void
merge_bands (const Walk *walk,
             AlmuStats  *stats)
{
  for (int i = 0; i < walk->n_channels; i++)
    {
      const AlmuStats *bands = walk->stats + (gsize) i * walk->n_bands;

      stats[i] = bands[0];
      for (int band = 1; band < walk->n_bands; band++)
        almu_stats_merge (&stats[i], &bands[band]);
    }
}

/**
 * almu_scan_measure:
 * @self: how to read
 * @channel: the first
 * @n_channels: how many
 * @stats: (nullable) (out caller-allocates) (array length=n_channels):
 *   statistics of the pixels under the mask, channel by channel
 * @error: return location
 *
 * Measures channels, and counts them if there is a tally, on several threads,
 * with a few hundred kilobytes each.
 */
gboolean
almu_scan_measure (const AlmuScan *self,
                   int             channel,
                   int             n_channels,
                   AlmuStats      *stats,
                   GError        **error)
{
  Walk walk = { .scan = self, .channel = channel, .n_channels = n_channels };

  g_return_val_if_fail (self != NULL && ALMU_IS_IMAGE (self->image), FALSE);
  g_return_val_if_fail (self->mask != NULL && !almu_mask_is_empty (self->mask), FALSE);
  g_return_val_if_fail (n_channels > 0 && (stats != NULL || self->tally != NULL), FALSE);

  walk.is_box = almu_mask_is_box (self->mask);
  walk_run (&walk, stats != NULL);

  if (walk.error == NULL && stats != NULL)
    merge_bands (&walk, stats);
  g_free (walk.stats);

  if (walk.error == NULL)
    return TRUE;

  g_propagate_error (error, walk.error);

  return FALSE;
}
