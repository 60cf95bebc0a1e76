/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-spectrum.h"

/* -- spectral profiles -------------------------------------------------- */

static void
send_spectrum (Work   *work,
               GBytes *values,
               float   progress)
{
  AlmuDemand             *self = work->demand;
  g_autofree AlmuProfile *profiles = g_new0 (AlmuProfile, work->spectral->len);

  for (guint i = 0; i < work->spectral->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (work->spectral, AlmuStatsWant, i);

      profiles[i].coordinate = want->coordinate;
      profiles[i].stats_type = want->types->len > 0 ? (AlmuStatsType) g_array_index (want->types, int, 0)
                                                    : ALMU_STATS_MEAN;
      profiles[i].values = values;
    }

  almu_demand_emit_product (self, &(AlmuProduct){
                                    .kind = ALMU_PRODUCT_SPECTRAL,
                                    .epoch = work->epoch,
                                    .file_id = self->file_id,
                                    .region_id = work->region_id,
                                    .channel = work->channel,
                                    .stokes = work->stokes,
                                    .progress = progress,
                                    .profile = { .profiles = profiles, .n_profiles = work->spectral->len },
                                  });
}

static void
on_spectrum_so_far (GBytes  *values,
                    float    progress,
                    gpointer user_data)
{
  Work *work = user_data;

  if (almu_work_is_current (work, G_STRUCT_OFFSET (Wants, scanning)))
    send_spectrum (work, values, progress);
}

static void
on_spectrum (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) values = NULL;

  values = almu_spectrum_read_finish (ALMU_IMAGE (source), result, &error);
  if (!almu_work_is_current (work, G_STRUCT_OFFSET (Wants, scanning)))
    return;

  if (values != NULL)
    send_spectrum (work, values, 1);
  else
    almu_demand_emit_failure (work->demand, error);
}

static void
scan (Wants               *wants,
      const AlmuStatsWant *want,
      int                  x,
      int                  y)
{
  AlmuDemand *self = wants->demand;
  Work       *work;
  int         stokes;

  if (!almu_demand_resolve_stokes (self, want->coordinate, &stokes))
    return;

  work = almu_work_new (self, wants->scanning, wants->region_id, stokes);
  work->spectral = almu_stats_wants_new ();
  almu_stats_wants_append (work->spectral, want);
  almu_spectrum_read_async (self->image, x, y, stokes, wants->scanning,
                            on_spectrum_so_far, on_spectrum, work);
}

/* All spectra of a place, again. */
void
almu_wants_renew_spectra (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  int         x;
  int         y;

  almu_cancellable_renew (&wants->scanning);
  if (!self->is_started || wants->spectral == NULL || wants->spectral->len == 0 ||
      !almu_wants_get_place (wants, &x, &y))
    return;

  for (guint i = 0; i < wants->spectral->len; i++)
    scan (wants, &g_array_index (wants->spectral, AlmuStatsWant, i), x, y);
}

/**
 * almu_demand_require_spectral:
 * @region_id: a point region, or %ALMU_REGION_CURSOR
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
 */
void
almu_demand_require_spectral (AlmuDemand *self,
                              int         region_id,
                              AlmuRegion *region,
                              GArray     *wants)
{
  Wants   *entry = almu_demand_get_wants (self, region_id, region);
  gboolean is_equal = entry->spectral != NULL && almu_stats_wants_equal (entry->spectral, wants);

  if (almu_wants_replace (entry, WANT_SPECTRAL, &entry->spectral, wants, is_equal))
    almu_wants_renew_spectra (entry);
}
