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

/* Not more rows than these, however narrow a place is: what is read together
 * with a wide one is as high as its pieces. */
#define MAX_PIECE_SHIFT 7
#define MAX_BAND_SHIFT 10

/* A place, and how its rows are cut: at multiples of powers of two that depend
 * on its own width alone. So its sums are the same to the last bit whichever
 * other places are read along with it, and whoever reads them; and what is cut
 * for a wide place is cut for a narrow one too. */
typedef struct
{
  const AlmuMask *mask;
  gboolean        is_box;
  int             piece_shift;
  int             band_shift;
  int             n_bands;
  AlmuStats      *stats; /* NULL, or by channel, then by band */
} Place;

/* Channels are cut into bands of rows, or put together by the group, so that
 * all parts are about as large. */
typedef struct
{
  const AlmuScan *scan;
  Place          *places;
  guint           n_places;
  AlmuRect        bounds; /* of all places */
  int             channel;
  int             n_channels;
  int             read_shift;
  int             band_shift;
  int             n_bands; /* of a channel */
  int             channels_per_part;

  GMutex  mutex;
  GError *error;  /* under the mutex */
  int     failed; /* atomic */
} Walk;

/* What of a place lies in the rows that are to be read. */
typedef struct
{
  Place   *place;
  AlmuRect area;
} Catch;

/* Kept by each thread: a fresh one this large would come from the system and
 * go back each time. */
typedef struct
{
  gsize  n_pixels;
  float *pixels;
  gsize  n_packed;
  float *packed;
} Scratch;

static void
scratch_free (gpointer data)
{
  Scratch *scratch = data;

  g_free (scratch->pixels);
  g_free (scratch->packed);
  g_free (scratch);
}

static Scratch *
get_scratch (void)
{
  static GPrivate slot = G_PRIVATE_INIT (scratch_free);
  Scratch        *scratch = g_private_get (&slot);

  if (scratch == NULL)
    {
      scratch = g_new0 (Scratch, 1);
      g_private_set (&slot, scratch);
    }

  return scratch;
}

static float *
reserve (float **pixels,
         gsize  *n_pixels,
         gsize   n)
{
  if (*n_pixels < n)
    {
      g_free (*pixels);
      *pixels = g_new (float, n);
      *n_pixels = n;
    }

  return *pixels;
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

static AlmuRect
join (const AlmuRect *a,
      const AlmuRect *b)
{
  int x = MIN (a->x, b->x);
  int y = MIN (a->y, b->y);

  return (AlmuRect){ x, y,
                     MAX (a->x + a->width, b->x + b->width) - x,
                     MAX (a->y + a->height, b->y + b->height) - y };
}

static gint64
count_pixels (const AlmuRect *area)
{
  return (gint64) area->width * area->height;
}

/* The pixels of some spans, one behind the other: where they lie, if they do
 * so there. */
static const float *
pack (Place          *place,
      guint           begin,
      guint           end,
      const AlmuRect *area,
      const float    *pixels,
      Scratch        *scratch,
      gsize          *out_n)
{
  const AlmuSpan *spans = place->mask->spans;
  float          *packed;
  gsize           n = 0;

  if (place->is_box && area->width == place->mask->bounds.width)
    {
      *out_n = (gsize) (end - begin) * (gsize) area->width;
      return pixels + (gsize) (spans[begin].y - area->y) * (gsize) area->width;
    }

  for (guint i = begin; i < end; i++)
    n += (gsize) spans[i].length;
  *out_n = n;
  packed = reserve (&scratch->packed, &scratch->n_packed, n);
  for (guint i = begin; i < end; i++)
    {
      const float *from = pixels + (gsize) (spans[i].y - area->y) * (gsize) area->width + (spans[i].x - area->x);

      memcpy (packed, from, (gsize) spans[i].length * sizeof *packed);
      packed += spans[i].length;
    }

  return scratch->packed;
}

/* Looks at what was read of a channel, piece by piece. */
static void
look (Walk           *walk,
      const Catch    *caught,
      int             channel,
      const AlmuRect *area,
      const float    *pixels,
      Scratch        *scratch)
{
  Place          *place = caught->place;
  const AlmuMask *mask = place->mask;
  int             first = mask->bounds.y >> place->band_shift;
  int             y1 = caught->area.y + caught->area.height;

  for (int y = caught->area.y >> place->piece_shift << place->piece_shift; y < y1; y += 1 << place->piece_shift)
    {
      guint        begin = find_span (mask, y);
      guint        end = find_span (mask, y + (1 << place->piece_shift));
      const float *packed;
      gsize        n;

      if (begin == end)
        continue;

      packed = pack (place, begin, end, area, pixels, scratch, &n);
      if (place->stats != NULL)
        almu_stats_add (&place->stats[(gsize) channel * (gsize) place->n_bands + (gsize) ((y >> place->band_shift) - first)],
                        packed, n);
      if (walk->scan->tally != NULL)
        almu_tally_add (walk->scan->tally, packed, n);
    }
}

/* Reads an area of some channels for all who have a part in it. */
static gboolean
take_area (Walk           *walk,
           const AlmuRect *area,
           const Catch    *caught,
           guint           n_caught,
           int             channel,
           int             n_channels)
{
  const AlmuScan *scan = walk->scan;
  AlmuBox         box = { .area = *area, .channel = walk->channel + channel, .n_channels = n_channels, .stokes = scan->stokes };
  Scratch        *scratch = get_scratch ();
  gsize           n_area = (gsize) count_pixels (area);
  float          *pixels = reserve (&scratch->pixels, &scratch->n_pixels, n_area * (gsize) n_channels);
  GError         *error = NULL;

  if (!almu_image_read (scan->image, &box, pixels, scan->cancellable, &error))
    {
      walk_take_error (walk, error);
      return FALSE;
    }

  for (int i = 0; i < n_channels; i++, pixels += n_area)
    for (guint j = 0; j < n_caught; j++)
      look (walk, &caught[j], channel + i, area, pixels, scratch);

  return TRUE;
}

static int
compare_catches (gconstpointer a,
                 gconstpointer b)
{
  return ((const Catch *) a)->area.x - ((const Catch *) b)->area.x;
}

/* Who has pixels in some rows, from left to right. */
static GArray *
catch_places (Walk *walk,
              int   y0,
              int   y1)
{
  GArray *caught = g_array_new (FALSE, FALSE, sizeof (Catch));

  for (guint i = 0; i < walk->n_places; i++)
    {
      Place          *place = &walk->places[i];
      const AlmuRect *bounds = &place->mask->bounds;
      guint           begin, end;
      Catch           one;

      if (bounds->y >= y1 || bounds->y + bounds->height <= y0)
        continue;

      begin = find_span (place->mask, y0);
      end = find_span (place->mask, y1);
      if (begin == end)
        continue;

      one = (Catch){ place, bound_spans (place->mask, begin, end) };
      g_array_append_val (caught, one);
    }
  g_array_sort (caught, compare_catches);

  return caught;
}

/* Reads some rows of some channels. Neighbours are read together if that is
 * not much more than each of them alone. */
static gboolean
take_rows (Walk *walk,
           int   y0,
           int   y1,
           int   channel,
           int   n_channels)
{
  g_autoptr(GArray) caught = catch_places (walk, y0, y1);
  const Catch *catches = (const Catch *) (const void *) caught->data;

  for (guint i = 0, n; i < caught->len; i += n)
    {
      AlmuRect area = catches[i].area;
      gint64   n_alone = count_pixels (&area);

      for (n = 1; i + n < caught->len; n++)
        {
          AlmuRect both = join (&area, &catches[i + n].area);

          n_alone += count_pixels (&catches[i + n].area);
          if (count_pixels (&both) > n_alone + n_alone / 4)
            break;
          area = both;
        }

      if (g_atomic_int_get (&walk->failed) || !take_area (walk, &area, catches + i, n, channel, n_channels))
        return FALSE;
    }

  return TRUE;
}

static void
take_part (guint    part,
           gpointer user_data)
{
  Walk *walk = user_data;
  int   channel = (int) part / walk->n_bands * walk->channels_per_part;
  int   n_channels = MIN (walk->channels_per_part, walk->n_channels - channel);
  int   y = ((walk->bounds.y >> walk->band_shift) + (int) part % walk->n_bands) << walk->band_shift;
  int   end = MIN (y + (1 << walk->band_shift), walk->bounds.y + walk->bounds.height);

  for (; y < end; y += 1 << walk->read_shift)
    if (g_atomic_int_get (&walk->failed) || !take_rows (walk, y, y + (1 << walk->read_shift), channel, n_channels))
      return;
}

/* Of the largest power of two of rows that are not more pixels than these. */
static int
find_shift (int width,
            int n_pixels,
            int max)
{
  return MIN ((int) g_bit_storage ((gulong) MAX (n_pixels / width, 1)) - 1, max);
}

static int
count_bands (const AlmuRect *bounds,
             int             shift)
{
  return ((bounds->y + bounds->height - 1) >> shift) - (bounds->y >> shift) + 1;
}

static void
place_init (Place               *self,
            const AlmuScanPlace *place,
            int                  n_channels)
{
  gsize n;

  self->mask = place->mask;
  self->is_box = almu_mask_is_box (place->mask);
  self->piece_shift = find_shift (place->mask->bounds.width, PIECE_PIXELS, MAX_PIECE_SHIFT);
  self->band_shift = find_shift (place->mask->bounds.width, BAND_PIXELS, MAX_BAND_SHIFT);
  self->n_bands = count_bands (&place->mask->bounds, self->band_shift);
  if (place->stats == NULL)
    return;

  n = (gsize) n_channels * (gsize) self->n_bands;
  self->stats = g_new (AlmuStats, n);
  for (gsize i = 0; i < n; i++)
    self->stats[i] = ALMU_STATS_INIT;
}

/* In the order of the bands, whoever did them. */
static void
merge_bands (const Place *place,
             int          n_channels,
             AlmuStats   *stats)
{
  for (int i = 0; i < n_channels; i++)
    {
      const AlmuStats *bands = place->stats + (gsize) i * (gsize) place->n_bands;

      stats[i] = bands[0];
      for (int band = 1; band < place->n_bands; band++)
        almu_stats_merge (&stats[i], &bands[band]);
    }
}

static void
walk_run (Walk *walk)
{
  gint64 n_pixels = 0;
  int    n_groups;

  walk->bounds = walk->places[0].mask->bounds;
  for (guint i = 0; i < walk->n_places; i++)
    {
      const Place *place = &walk->places[i];

      n_pixels += count_pixels (&place->mask->bounds);
      walk->bounds = join (&walk->bounds, &place->mask->bounds);
      walk->read_shift = MAX (walk->read_shift, place->piece_shift);
      walk->band_shift = MAX (walk->band_shift, place->band_shift);
    }

  walk->read_shift = MAX (walk->read_shift, find_shift (walk->bounds.width, PIECE_PIXELS, walk->band_shift));
  walk->n_bands = count_bands (&walk->bounds, walk->band_shift);
  walk->channels_per_part = (int) CLAMP (PIECE_PIXELS / n_pixels, 1, walk->n_channels);
  n_groups = (walk->n_channels - 1) / walk->channels_per_part + 1;

  g_mutex_init (&walk->mutex);
  almu_workers_share ((guint) n_groups * (guint) walk->n_bands, take_part, walk);
  g_mutex_clear (&walk->mutex);
}

/**
 * almu_scan_measure:
 * @self: how to read
 * @places: (array length=n_places): what to look at
 * @n_places: at least 1
 * @channel: the first
 * @n_channels: how many
 * @error: return location
 *
 * Measures channels, and counts them if there is a tally, on several threads,
 * with a few hundred kilobytes each. Where places overlap or are close
 * together, pixels are read once for all of them. If it fails, their
 * statistics are left alone.
 */
gboolean
almu_scan_measure (const AlmuScan      *self,
                   const AlmuScanPlace *places,
                   guint                n_places,
                   int                  channel,
                   int                  n_channels,
                   GError             **error)
{
  Walk walk = { .scan = self, .n_places = n_places, .channel = channel, .n_channels = n_channels };

  g_return_val_if_fail (self != NULL && ALMU_IS_IMAGE (self->image), FALSE);
  g_return_val_if_fail (places != NULL && n_places > 0 && n_channels > 0, FALSE);
  for (guint i = 0; i < n_places; i++)
    g_return_val_if_fail (places[i].mask != NULL && !almu_mask_is_empty (places[i].mask), FALSE);

  walk.places = g_new0 (Place, n_places);
  for (guint i = 0; i < n_places; i++)
    place_init (&walk.places[i], &places[i], n_channels);
  walk_run (&walk);

  for (guint i = 0; i < n_places; i++)
    {
      if (walk.error == NULL && places[i].stats != NULL)
        merge_bands (&walk.places[i], n_channels, places[i].stats);
      g_free (walk.places[i].stats);
    }
  g_free (walk.places);

  if (walk.error == NULL)
    return TRUE;

  g_propagate_error (error, walk.error);

  return FALSE;
}
