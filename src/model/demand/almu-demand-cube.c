/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

/* -- histograms of a whole cube ----------------------------------------- */

static void
send_histogram (AlmuDemand              *self,
                const AlmuHistogramWant *want,
                int                      stokes,
                AlmuHistogram           *histogram,
                float                    progress)
{
  almu_demand_emit_product (self, &(AlmuProduct){
                                    .kind = ALMU_PRODUCT_HISTOGRAM,
                                    .epoch = self->epoch,
                                    .file_id = self->file_id,
                                    .region_id = ALMU_REGION_CUBE,
                                    .channel = ALMU_CHANNEL_ALL,
                                    .stokes = stokes,
                                    .progress = progress,
                                    .histogram = { want, histogram },
                                  });
}

/* Below 1 until it is whole, however it is rounded. */
static void
on_counts_so_far (gpointer so_far,
                  double   progress,
                  gpointer user_data)
{
  Work      *work = user_data;
  GPtrArray *histograms = so_far;

  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, counting)))
    return;

  for (guint i = 0; i < work->histograms->len; i++)
    send_histogram (work->demand, &g_array_index (work->histograms, AlmuHistogramWant, i), work->stokes,
                    histograms != NULL ? g_ptr_array_index (histograms, i) : NULL,
                    (float) MIN (progress, 0.999));
}

static void
on_counted (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) histograms = NULL;

  histograms = almu_cache_count_cube_finish (ALMU_CACHE (source), result, &error);
  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, counting)))
    return;

  if (histograms == NULL)
    {
      almu_demand_emit_failure (work->demand, error);
      return;
    }

  for (guint i = 0; i < work->histograms->len; i++)
    send_histogram (work->demand, &g_array_index (work->histograms, AlmuHistogramWant, i), work->stokes,
                    g_ptr_array_index (histograms, i), 1);
}

/* The counting of one polarisation: all histograms of it at once. */
static Work *
get_counting (Wants     *wants,
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

  work = almu_work_new (wants->demand, wants->counting, wants->region_id, stokes);
  work->histograms = almu_histogram_wants_new ();
  g_ptr_array_add (works, work);

  return work;
}

/* Tells what is known, and plans what is not. */
static GPtrArray *
plan_counts (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  GPtrArray  *works = g_ptr_array_new ();

  for (guint i = 0; i < wants->histograms->len; i++)
    {
      const AlmuHistogramWant *want = &g_array_index (wants->histograms, AlmuHistogramWant, i);
      AlmuHistogram           *known;
      int                      stokes;

      if (!almu_demand_resolve_stokes (self, want->coordinate, &stokes))
        continue;

      known = almu_cache_peek_cube (self->cache, self->image, stokes, want);
      if (known != NULL)
        send_histogram (self, want, stokes, known, 1);
      else
        almu_histogram_wants_append (get_counting (wants, works, stokes)->histograms, want);
    }

  return works;
}

/**
 * almu_wants_renew_cube:
 * @wants: what is wanted of the cube
 *
 * Has all its histograms counted anew, but for those in memory, which are
 * emitted at once. Of other regions nothing is counted here.
 */
void
almu_wants_renew_cube (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(GPtrArray) works = NULL;

  almu_demand_renew_cancellable (wants->demand, &wants->counting);
  if (!self->is_started || wants->region_id != ALMU_REGION_CUBE ||
      wants->histograms == NULL || wants->histograms->len == 0)
    return;

  works = plan_counts (wants);
  for (guint i = 0; i < works->len; i++)
    {
      Work *work = g_ptr_array_index (works, i);

      almu_cache_count_cube_async (self->cache, self->image, work->stokes, work->histograms,
                                   work->cancellable, on_counts_so_far, on_counted, work);
    }
}

static gboolean
want_is_of_current (const AlmuHistogramWant *want)
{
  AlmuCoordinate coordinate;

  return almu_coordinate_parse (want->coordinate, &coordinate, NULL) &&
         coordinate.polarisation == ALMU_POLARISATION_CURRENT;
}

/**
 * almu_wants_leave_cube:
 * @wants: what is wanted of the cube
 *
 * Another polarisation is on display. A page has forgotten the histogram of the
 * cube then, and asks again if somebody wants it: nobody should read a cube
 * because of a look at another polarisation.
 */
void
almu_wants_leave_cube (Wants *wants)
{
  g_autoptr(GArray) others = NULL;

  if (wants->region_id != ALMU_REGION_CUBE || wants->histograms == NULL)
    return;

  others = almu_histogram_wants_new ();
  for (guint i = 0; i < wants->histograms->len; i++)
    {
      const AlmuHistogramWant *want = &g_array_index (wants->histograms, AlmuHistogramWant, i);

      if (!want_is_of_current (want))
        almu_histogram_wants_append (others, want);
    }

  if (others->len == wants->histograms->len)
    return;

  g_array_unref (wants->histograms);
  wants->histograms = g_steal_pointer (&others);
  almu_wants_renew_cube (wants);
  almu_demand_emit_changed (wants->demand);
}
