/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <math.h>
#include <string.h>

#include "almu-measure.h"
#include "almu-workers.h"

/* -- statistics and histograms ------------------------------------------ */

/* A place is two numbers, and the ICD has one for each entry: x, then y in an
 * entry of the same type. FALSE for what is not a place. */
static gboolean
get_place (const AlmuMeasure *measure,
           AlmuStatsType      type,
           int               *place)
{
  const AlmuRect *bounds = &measure->bounds;

  switch ((int) type)
    {
    case ALMU_STATS_BLC:
      place[0] = bounds->width > 0 ? bounds->x : -1;
      place[1] = bounds->width > 0 ? bounds->y : -1;
      return TRUE;
    case ALMU_STATS_TRC:
      place[0] = bounds->width > 0 ? bounds->x + bounds->width - 1 : -1;
      place[1] = bounds->width > 0 ? bounds->y + bounds->height - 1 : -1;
      return TRUE;
    case ALMU_STATS_MIN_POS:
      memcpy (place, measure->min_at, sizeof measure->min_at);
      return TRUE;
    case ALMU_STATS_MAX_POS:
      memcpy (place, measure->max_at, sizeof measure->max_at);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
append_place (GArray       *values,
              AlmuStatsType type,
              const int    *place)
{
  for (int i = 0; i < 2; i++)
    {
      AlmuStatistic statistic = { type, place[i] >= 0 ? (double) place[i] : NAN };

      g_array_append_val (values, statistic);
    }
}

static void
append_statistic (Work              *work,
                  const AlmuMeasure *measure,
                  AlmuStatsType      type,
                  GArray            *values)
{
  AlmuStatistic statistic = { .type = type };
  int           place[2];

  if (get_place (measure, type, place))
    {
      append_place (values, type, place);
      return;
    }

  statistic.value = almu_stats_get (&measure->stats, type, almu_image_get_info (work->demand->image),
                                    work->channel, work->stokes);
  /* without a beam there is no flux density: no row, not a NaN */
  if (type != ALMU_STATS_FLUX_DENSITY || !isnan (statistic.value))
    g_array_append_val (values, statistic);
}

static void
send_stats (AlmuDemand        *self,
            Work              *work,
            const AlmuMeasure *measure)
{
  for (guint i = 0; i < work->stats->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (work->stats, AlmuStatsWant, i);
      g_autoptr(GArray) values = g_array_new (FALSE, FALSE, sizeof (AlmuStatistic));

      for (guint j = 0; j < want->types->len; j++)
        append_statistic (work, measure, (AlmuStatsType) g_array_index (want->types, int, j), values);

      almu_demand_emit_product (self, &(AlmuProduct){
                                        .kind = ALMU_PRODUCT_STATS,
                                        .epoch = work->epoch,
                                        .file_id = self->file_id,
                                        .region_id = work->region_id,
                                        .channel = work->channel,
                                        .stokes = work->stokes,
                                        .progress = 1,
                                        .stats = { (const AlmuStatistic *) values->data, values->len },
                                      });
    }
}

/* Whether somebody wants to know where something is. */
static gboolean
wants_places (GArray *stats)
{
  for (guint i = 0; i < stats->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (stats, AlmuStatsWant, i);

      for (guint j = 0; j < want->types->len; j++)
        if (g_array_index (want->types, int, j) >= ALMU_STATS_BLC &&
            g_array_index (want->types, int, j) <= ALMU_STATS_MAX_POS)
          return TRUE;
    }

  return FALSE;
}

static void
send_histograms (AlmuDemand        *self,
                 Work              *work,
                 const AlmuMeasure *measure)
{
  for (guint i = 0; i < work->histograms->len; i++)
    almu_demand_emit_product (self, &(AlmuProduct){
                                      .kind = ALMU_PRODUCT_HISTOGRAM,
                                      .epoch = work->epoch,
                                      .file_id = self->file_id,
                                      .region_id = work->region_id,
                                      .channel = work->channel,
                                      .stokes = work->stokes,
                                      .progress = 1,
                                      .histogram = { &g_array_index (work->histograms, AlmuHistogramWant, i),
                                                     g_ptr_array_index (measure->histograms, i) },
                                    });
}

static void
on_measured (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(AlmuMeasure) measure = almu_measure_finish (result, NULL);
  AlmuDemand *self = work->demand;

  if (measure == NULL || !almu_work_is_current (work, G_STRUCT_OFFSET (Wants, measuring)))
    return;

  send_stats (self, work, measure);
  send_histograms (self, work, measure);
}

static void
on_plane_to_measure (GObject      *source,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuPlane    *plane_ref;
  AlmuShape    *shape = work->shape;
  GArray       *histograms = work->histograms;
  GCancellable *cancellable = work->cancellable;

  plane = almu_cache_get_plane_finish (work->demand->cache, result, &error);
  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, measuring)))
    return;

  if (plane == NULL)
    {
      almu_demand_emit_failure (work->demand, error);
      return;
    }

  plane_ref = plane;
  if (wants_places (work->stats))
    almu_measure_places_async (plane_ref, shape, histograms, ALMU_PRIORITY_NORMAL, cancellable,
                               on_measured, g_steal_pointer (&work));
  else
    almu_measure_async (plane_ref, shape, histograms, ALMU_PRIORITY_NORMAL, cancellable,
                        on_measured, g_steal_pointer (&work));
}

/* The measuring of one polarisation: all that is wanted of it at once. */
static Work *
get_measuring (Wants     *wants,
               GPtrArray *works,
               int        stokes)
{
  Work *work;

  for (guint i = 0; i < works->len; i++)
    {
      work = g_ptr_array_index (works, i);
      if (work->stokes == stokes)
        return work;
    }

  work = almu_work_new (wants->demand, wants->measuring, wants->region_id, stokes);
  work->stats = almu_stats_wants_new ();
  work->histograms = almu_histogram_wants_new ();
  if (wants->region != NULL)
    work->shape = almu_shape_ref (almu_wants_get_shape (wants));
  g_ptr_array_add (works, work);

  return work;
}

static GPtrArray *
plan_measures (Wants *wants)
{
  GPtrArray *works = g_ptr_array_new ();
  int        stokes;

  for (guint i = 0; wants->stats != NULL && i < wants->stats->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (wants->stats, AlmuStatsWant, i);

      if (almu_demand_resolve_stokes (wants->demand, want->coordinate, &stokes))
        almu_stats_wants_append (get_measuring (wants, works, stokes)->stats, want);
    }

  for (guint i = 0; wants->histograms != NULL && i < wants->histograms->len; i++)
    {
      const AlmuHistogramWant *want = &g_array_index (wants->histograms, AlmuHistogramWant, i);

      if (almu_demand_resolve_stokes (wants->demand, want->coordinate, &stokes))
        almu_histogram_wants_append (get_measuring (wants, works, stokes)->histograms, want);
    }

  return works;
}

/* The cube is counted elsewhere: almu-demand-cube.c. */
static gboolean
wants_measures (Wants *wants)
{
  if (wants->region_id == ALMU_REGION_CUBE)
    return FALSE;

  return (wants->stats != NULL && wants->stats->len > 0) ||
         (wants->histograms != NULL && wants->histograms->len > 0);
}

/**
 * almu_wants_renew_measures:
 * @wants: what is wanted of a region, or of the image
 *
 * Makes all its statistics and histograms anew, those of one polarisation at
 * once. Nothing happens before the plane is there, nor for the cube.
 */
void
almu_wants_renew_measures (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(GPtrArray) works = NULL;

  almu_demand_renew_cancellable (wants->demand, &wants->measuring);
  if (self->plane == NULL || !wants_measures (wants) ||
      (wants->region != NULL && almu_wants_get_shape (wants) == NULL))
    return;

  works = plan_measures (wants);
  for (guint i = 0; i < works->len; i++)
    {
      Work *work = g_ptr_array_index (works, i);

      almu_cache_get_plane_async (self->cache, self->image, work->channel, work->stokes,
                                  ALMU_PRIORITY_NORMAL, work->cancellable,
                                  on_plane_to_measure, work);
    }
}

/**
 * almu_demand_require_stats:
 * @self: a demand
 * @region_id: a region, or %ALMU_REGION_IMAGE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
 *
 * As almu_demand_require_spatial(), but products are of %ALMU_PRODUCT_STATS,
 * one for each element of @wants.
 */
void
almu_demand_require_stats (AlmuDemand *self,
                           int         region_id,
                           AlmuRegion *region,
                           GArray     *wants)
{
  Wants   *entry = almu_demand_get_wants (self, region_id, region);
  gboolean is_equal = entry->stats != NULL && almu_stats_wants_equal (entry->stats, wants);

  if (almu_wants_replace (entry, WANT_STATS, &entry->stats, wants, is_equal))
    almu_wants_renew_measures (entry);
}

/**
 * almu_demand_require_histograms:
 * @self: a demand
 * @region_id: a region, %ALMU_REGION_IMAGE or %ALMU_REGION_CUBE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuHistogramWant): replaces what was wanted so far
 *
 * As almu_demand_require_spatial(), but products are of
 * %ALMU_PRODUCT_HISTOGRAM, one for each element of @wants. Of a cube they
 * follow with a progress below 1 until all is counted.
 */
void
almu_demand_require_histograms (AlmuDemand *self,
                                int         region_id,
                                AlmuRegion *region,
                                GArray     *wants)
{
  Wants   *entry = almu_demand_get_wants (self, region_id, region);
  gboolean is_equal = entry->histograms != NULL && almu_histogram_wants_equal (entry->histograms, wants);

  if (!almu_wants_replace (entry, WANT_HISTOGRAMS, &entry->histograms, wants, is_equal))
    return;

  if (region_id == ALMU_REGION_CUBE)
    almu_wants_renew_cube (entry);
  else
    almu_wants_renew_measures (entry);
}
