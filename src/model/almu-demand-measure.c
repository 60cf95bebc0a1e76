/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <math.h>

#include "almu-measure.h"
#include "almu-workers.h"

/* -- statistics and histograms ------------------------------------------ */

static void
send_stats (AlmuDemand        *self,
            Work              *work,
            const AlmuMeasure *measure)
{
  for (guint i = 0; i < work->stats->len; i++)
    {
      const AlmuStatsWant      *want = &g_array_index (work->stats, AlmuStatsWant, i);
      g_autofree AlmuStatistic *values = g_new (AlmuStatistic, MAX (want->types->len, 1));
      guint                     n_values = 0;

      for (guint j = 0; j < want->types->len; j++)
        {
          AlmuStatsType type = (AlmuStatsType) g_array_index (want->types, int, j);

          values[n_values].type = type;
          values[n_values].value = almu_stats_get (&measure->stats, type,
                                                   almu_image_get_info (self->image),
                                                   work->channel, work->stokes);
          /* without a beam there is no flux density: no row, not a NaN */
          if (type != ALMU_STATS_FLUX_DENSITY || !isnan (values[n_values].value))
            n_values++;
        }

      almu_demand_emit_product (self, &(AlmuProduct){
                                        .kind = ALMU_PRODUCT_STATS,
                                        .epoch = work->epoch,
                                        .file_id = self->file_id,
                                        .region_id = work->region_id,
                                        .channel = work->channel,
                                        .stokes = work->stokes,
                                        .progress = 1,
                                        .stats = { values, n_values },
                                      });
    }
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

/* All statistics and histograms of a region, again. */
void
almu_wants_renew_measures (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(GPtrArray) works = NULL;

  almu_cancellable_renew (&wants->measuring);
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
 * @region_id: a region, or %ALMU_REGION_IMAGE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
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
 * @region_id: a region, %ALMU_REGION_IMAGE or %ALMU_REGION_CUBE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuHistogramWant): replaces what was wanted so far
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
