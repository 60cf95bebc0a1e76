/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-stored.h"

#include <math.h>

#include "almu-image.h"

/* Statistics/XY has an entry for each channel of each polarisation,
 * Statistics/XYZ one for each polarisation. Dimensions that the image has not
 * are left out, down to none at all. What is there is believed only as far as
 * its numbers agree with each other: files are edited by hand, and converters
 * have bugs.
 */

/**
 * Place:
 * @folder: of the arrays
 * @index: of the entry that is looked for
 * @n: how many entries there have to be
 * @n_values: how many pixels each is about
 */
typedef struct
{
  AlmuHdf5     *file;
  char         *folder;
  gint64        index;
  gint64        n;
  gint64        n_values;
  GCancellable *cancellable;
} Place;

/* @n_inner: numbers of an entry, along the last dimension if they are not
 * one. */
static gboolean
read_entry (const Place *place,
            const char  *name,
            gint64       n_inner,
            AlmuHdf5Type type,
            void        *values)
{
  g_autofree char *path = g_strdup_printf ("%s/%s", place->folder, name);
  g_autoptr(AlmuHdf5Data) data = NULL;
  gint64 first[ALMU_LIMIT_AXES] = { 0 };
  gint64 count[ALMU_LIMIT_AXES] = { 0 };
  gint64 n = 1;
  gint64 rest = place->index;
  int    n_outer;

  if (!almu_hdf5_has (place->file, path))
    return FALSE;

  data = almu_hdf5_open_data (place->file, path, NULL);
  if (data == NULL)
    return FALSE;

  n_outer = data->n_dims - (n_inner > 1);
  if (n_outer < 0 || (n_inner > 1 && data->dims[n_outer] != n_inner))
    return FALSE;

  first[n_outer] = 0;
  count[n_outer] = n_inner;
  for (int i = n_outer - 1; i >= 0; i--)
    {
      first[i] = rest % data->dims[i];
      count[i] = 1;
      rest /= data->dims[i];
      n *= data->dims[i];
    }

  return n == place->n && almu_hdf5_data_read (data, first, count, type, values, place->cancellable, NULL);
}

static gboolean
read_stats (const Place *place,
            AlmuStats   *stats)
{
  double min, max;

  if (!read_entry (place, "MIN", 1, ALMU_HDF5_DOUBLE, &min) ||
      !read_entry (place, "MAX", 1, ALMU_HDF5_DOUBLE, &max) ||
      !read_entry (place, "SUM", 1, ALMU_HDF5_DOUBLE, &stats->sum) ||
      !read_entry (place, "SUM_SQ", 1, ALMU_HDF5_DOUBLE, &stats->sum_sq) ||
      !read_entry (place, "NAN_COUNT", 1, ALMU_HDF5_INT64, &stats->n_blank))
    return FALSE;

  if (!isfinite (stats->sum) || !isfinite (stats->sum_sq) || !(min < max) || !isfinite ((float) min) ||
      !isfinite ((float) max) || stats->n_blank < 0 || stats->n_blank >= place->n_values)
    return FALSE;

  stats->n = place->n_values - stats->n_blank;
  stats->min = (float) min;
  stats->max = (float) max;
  stats->mean = stats->sum / (double) stats->n;
  stats->m2 = MAX (stats->sum_sq - stats->sum * stats->mean, 0);

  /* a mean cannot be outside, but for the rounding of a sum to a float */
  return stats->mean >= min - (max - min) * 1e-3 && stats->mean <= max + (max - min) * 1e-3;
}

static gboolean
take_counts (AlmuHistogram *histogram,
             const gint64  *counts,
             gint64         n_values)
{
  gint64 n = 0;

  for (int i = 0; i < histogram->n_bins; i++)
    {
      if (counts[i] < 0 || counts[i] > n_values - n)
        return FALSE;
      n += counts[i];
      histogram->counts[i] = (gint32) MIN (counts[i], G_MAXINT32);
    }

  return n == n_values;
}

static AlmuHistogram *
read_place (const Place *place,
            int          n_bins)
{
  g_autofree gint64 *counts = g_new (gint64, n_bins);
  AlmuStats          stats = ALMU_STATS_INIT;
  AlmuHistogram     *histogram;

  if (!read_stats (place, &stats) || !read_entry (place, "HISTOGRAM", n_bins, ALMU_HDF5_INT64, counts))
    return NULL;

  histogram = almu_histogram_new (n_bins, stats.min, stats.max, &stats);
  if (histogram->n_bins == n_bins && take_counts (histogram, counts, stats.n))
    return histogram;

  almu_histogram_unref (histogram);

  return NULL;
}

/* The arrays are in this order of axes and in no other. */
static gboolean
has_order (const AlmuImageInfo *info)
{
  return info->axes.render[0] == 1 && info->axes.render[1] == 2 &&
         (info->axes.depth == 3 || info->axes.depth == 0) &&
         (info->axes.stokes == 4 || info->axes.stokes == 0);
}

/**
 * almu_hdf5_read_stored:
 * @file: an open file
 * @info: of the image
 * @channel: one, or %ALMU_ALL_CHANNELS
 * @stokes: index on the Stokes axis
 * @cancellable: (nullable): asked between pieces
 *
 * See almu_image_read_histogram().
 *
 * Returns: (transfer full) (nullable): the histogram; %NULL without one that is right
 */
AlmuHistogram *
almu_hdf5_read_stored (AlmuHdf5            *file,
                       const AlmuImageInfo *info,
                       int                  channel,
                       int                  stokes,
                       GCancellable        *cancellable)
{
  gboolean         is_all = channel == ALMU_ALL_CHANNELS;
  g_autofree char *folder = g_strdup_printf ("%s/Statistics/%s", info->hdu, is_all ? "XYZ" : "XY");
  Place            place = { file, folder, stokes, info->n_stokes, (gint64) info->width * info->height, cancellable };

  if (!has_order (info))
    return NULL;

  if (is_all)
    {
      place.n_values *= info->depth;
    }
  else
    {
      place.index = place.index * info->depth + channel;
      place.n *= info->depth;
    }

  return read_place (&place, almu_histogram_auto_bins (info->width, info->height));
}
