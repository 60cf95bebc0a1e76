/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "almu-image-info.h"

G_BEGIN_DECLS

/**
 * AlmuStatsType:
 *
 * Numbered as the ICD numbers them, so that a request needs no translation.
 */
typedef enum
{
  ALMU_STATS_NUM_PIXELS,
  ALMU_STATS_NAN_COUNT,
  ALMU_STATS_SUM,
  ALMU_STATS_FLUX_DENSITY,
  ALMU_STATS_MEAN,
  ALMU_STATS_RMS,
  ALMU_STATS_SIGMA,
  ALMU_STATS_SUM_SQ,
  ALMU_STATS_MIN,
  ALMU_STATS_MAX,
  ALMU_STATS_EXTREMA,
  ALMU_STATS_BLC,
  ALMU_STATS_TRC,
  ALMU_STATS_MIN_POS,
  ALMU_STATS_MAX_POS,
  ALMU_STATS_BLCF,
  ALMU_STATS_TRCF,
  ALMU_STATS_MIN_POSF,
  ALMU_STATS_MAX_POSF,
  ALMU_N_STATS,
} AlmuStatsType;

/**
 * AlmuStats:
 * @n: finite values
 * @n_blank: values that are not finite
 * @sum: of the finite values, as is all below
 * @sum_sq: sum of squares
 * @mean: running mean
 * @m2: sum of squared differences from the mean
 * @min: the smallest
 * @max: the largest
 *
 * An accumulator: start with %ALMU_STATS_INIT, add rows, merge. Merging the
 * parts equals adding the whole, to rounding.
 */
typedef struct
{
  gint64 n;
  gint64 n_blank;
  double sum;
  double sum_sq;
  double mean;
  double m2;
  float  min;
  float  max;
} AlmuStats;

#define ALMU_STATS_INIT \
  (AlmuStats) { .min = G_MAXFLOAT, .max = -G_MAXFLOAT }

void   almu_stats_add (AlmuStats   *self,
                       const float *values,
                       gsize        n_values);
void   almu_stats_merge (AlmuStats       *self,
                         const AlmuStats *other);
double almu_stats_get (const AlmuStats     *self,
                       AlmuStatsType        type,
                       const AlmuImageInfo *info,
                       int                  channel,
                       int                  stokes);

G_END_DECLS
