/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-stats.h"

#include <math.h>
#include <string.h>

#include "almu-polarisation.h"
#include "kernel.h"

/**
 * almu_stats_merge:
 * @self: an accumulator
 * @other: another one
 *
 * Adds what @other has seen to @self. Means and squared differences are
 * merged by Chan's formula, which loses nothing where the mean is large
 * against the scatter.
 */
void
almu_stats_merge (AlmuStats       *self,
                  const AlmuStats *other)
{
  double n_self = (double) self->n;
  double n_other = (double) other->n;
  double n = n_self + n_other;
  double delta;

  g_return_if_fail (self != NULL);
  g_return_if_fail (other != NULL);

  self->n_blank += other->n_blank;
  if (other->n == 0)
    return;

  delta = other->mean - self->mean;
  if (self->n == 0)
    {
      self->mean = other->mean;
      self->m2 = other->m2;
    }
  else
    {
      self->mean += delta * (n_other / n);
      self->m2 += other->m2 + delta * delta * (n_self * n_other / n);
    }

  self->n += other->n;
  self->sum += other->sum;
  self->sum_sq += other->sum_sq;
  self->min = MIN (self->min, other->min);
  self->max = MAX (self->max, other->max);
}

static void
add_block (AlmuStats   *self,
           const float *values,
           gsize        n_values)
{
  AlmuKernelSums sums;
  AlmuStats      block = ALMU_STATS_INIT;

  almu_kernel_measure (values, n_values, &sums);

  block.n = (gint64) sums.n;
  block.n_blank = (gint64) (n_values - sums.n);
  if (sums.n > 0)
    {
      block.sum = sums.sum;
      block.mean = sums.sum / (double) sums.n;
      block.m2 = sums.m2;
      block.sum_sq = sums.m2 + sums.sum * block.mean;
      block.min = sums.min;
      block.max = sums.max;
    }

  almu_stats_merge (self, &block);
}

/**
 * almu_stats_add:
 * @self: an accumulator
 * @values: (array length=n_values): values, blanks among them
 * @n_values: how many
 *
 * Adds values. NaN and infinities count as blanks and change nothing else.
 */
void
almu_stats_add (AlmuStats   *self,
                const float *values,
                gsize        n_values)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (values != NULL || n_values == 0);

  for (gsize i = 0; i < n_values; i += ALMU_KERNEL_BLOCK)
    add_block (self, values + i, MIN (ALMU_KERNEL_BLOCK, n_values - i));
}

/* A sum of brightness becomes a flux where the area it belongs to is known:
 * that of a pixel for a temperature, that of the beam for Jy/beam and what
 * begins or goes on like it (mJy/beam, Jy/beam.km/s).
 */
static double
get_flux (const AlmuStats     *self,
          const AlmuImageInfo *info,
          int                  channel,
          int                  stokes)
{
  const AlmuBeam  *beam;
  g_autofree char *upper = NULL;
  double           beam_area;

  if (info == NULL || info->unit == NULL || !(info->pixel_area > 0.0))
    return NAN;

  /* percentages and degrees */
  if (stokes >= MAX (info->n_stokes, ALMU_POLARISATION_PFTOTAL))
    return NAN;

  if (strchr (info->unit, 'K') != NULL)
    return self->sum * info->pixel_area;

  beam = almu_image_info_get_beam (info, channel, stokes);
  upper = g_ascii_strup (info->unit, -1);
  if (beam == NULL || strstr (info->unit, "/beam") == NULL || strstr (upper, "JY/BEAM") == NULL)
    return NAN;

  beam_area = G_PI / (4.0 * G_LN2) * beam->major * beam->minor;
  if (!(beam_area > 0.0))
    return NAN;

  return self->sum * info->pixel_area / beam_area;
}

/**
 * almu_stats_get:
 * @self: what was measured
 * @type: which statistic
 * @info: (nullable): the image, for the flux density
 * @channel: the channel that was measured, for its beam
 * @stokes: likewise the index of the polarisation
 *
 * Looks up or works out a statistic. %ALMU_STATS_NAN_COUNT tells all values
 * that are not finite. The scatter of a single value is 0.
 *
 * Returns: the statistic; NaN where there is none: of no values, for
 *   positions, and for a flux density without a unit and an area
 */
double
almu_stats_get (const AlmuStats     *self,
                AlmuStatsType        type,
                const AlmuImageInfo *info,
                int                  channel,
                int                  stokes)
{
  g_return_val_if_fail (self != NULL, NAN);

  if (type == ALMU_STATS_NUM_PIXELS)
    return (double) self->n;
  if (type == ALMU_STATS_NAN_COUNT)
    return (double) self->n_blank;
  if (self->n == 0)
    return NAN;

  switch (type)
    {
    case ALMU_STATS_SUM:
      return self->sum;
    case ALMU_STATS_FLUX_DENSITY:
      return get_flux (self, info, channel, stokes);
    case ALMU_STATS_MEAN:
      return self->mean;
    case ALMU_STATS_RMS:
      return sqrt (self->sum_sq / (double) self->n);
    case ALMU_STATS_SIGMA:
      return self->n > 1 ? sqrt (self->m2 / (double) (self->n - 1)) : 0.0;
    case ALMU_STATS_SUM_SQ:
      return self->sum_sq;
    case ALMU_STATS_MIN:
      return self->min;
    case ALMU_STATS_MAX:
      return self->max;
    case ALMU_STATS_EXTREMA:
      return fabsf (self->min) > fabsf (self->max) ? self->min : self->max;
    default:
      return NAN;
    }
}
