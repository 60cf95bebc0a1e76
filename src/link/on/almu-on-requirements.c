/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-line.h"
#include "almu-message.h"
#include "almu-want.h"

/* What is to be known of an image or a region, until further notice. */

typedef void (*Require) (AlmuDemand *demand,
                         int         region_id,
                         AlmuRegion *region,
                         GArray     *wants);

static gboolean
check_count (gsize    n,
             GError **error)
{
  if (n <= ALMU_LIMIT_REQUIREMENTS)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("%zu requirements for one region, at most %d are served"),
               n, ALMU_LIMIT_REQUIREMENTS);
  return FALSE;
}

static gboolean
find_region (AlmuLink    *link,
             int          region_id,
             Require      func,
             AlmuRegion **out_region,
             GError     **error)
{
  *out_region = NULL;
  if (region_id == ALMU_REGION_CURSOR || region_id == ALMU_REGION_IMAGE)
    return TRUE;

  if (region_id == ALMU_REGION_CUBE && func == almu_demand_require_histograms)
    return TRUE;

  if (region_id == ALMU_REGION_CUBE)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Of a whole cube (region %d) there is only a histogram"), region_id);
      return FALSE;
    }

  *out_region = almu_session_get_region (almu_link_get_session (link), region_id, error);

  return *out_region != NULL;
}

/* An empty list always may come: the region may be gone already. */
static void
require (AlmuLink   *link,
         int         file_id,
         int         region_id,
         GArray     *wants,
         Require     func,
         const char *tag)
{
  AlmuFile   *file = almu_link_get_file (link, file_id, tag);
  AlmuRegion *region = NULL;
  g_autoptr(GError) error = NULL;

  if (file == NULL)
    return;

  if (find_region (link, region_id, func, &region, &error))
    func (almu_file_get_demand (file), region_id, region, wants);
  else if (wants->len > 0)
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, tag, error->message);
}

/* Only lines are averaged over a width; for the others it means nothing. */
static gboolean
check_width (AlmuLink *link,
             int       region_id,
             int       width,
             GError  **error)
{
  AlmuRegion *region = almu_session_get_region (almu_link_get_session (link), region_id, NULL);

  if (region == NULL || !almu_shape_is_line (almu_region_get_shape (region)) ||
      (width >= 1 && width <= ALMU_LIMIT_LINE_WIDTH))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("Averaging width %d of region %d is not one from 1 to %d pixels"),
               width, region_id, ALMU_LIMIT_LINE_WIDTH);
  return FALSE;
}

/**
 * almu_on_set_spatial_requirements:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_SPATIAL_REQUIREMENTS
 *
 * Replaces the profiles that are wanted along the cursor, a point or a line,
 * which are sent as SPATIAL_PROFILE_DATA until further notice. More than
 * %ALMU_LIMIT_REQUIREMENTS, a width of a line beyond %ALMU_LIMIT_LINE_WIDTH
 * pixels, a file or a region that is not there are told by ERROR_DATA, and
 * nothing changes.
 */
void
almu_on_set_spatial_requirements (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message)
{
  const CARTA__SetSpatialRequirements *request = (const CARTA__SetSpatialRequirements *) message;
  g_autoptr(GArray) wants = almu_spatial_wants_new ();
  g_autoptr(GError) error = NULL;

  gboolean is_right = check_count (request->n_spatial_profiles, &error);

  for (gsize i = 0; is_right && i < request->n_spatial_profiles; i++)
    is_right = check_width (link, request->region_id, request->spatial_profiles[i]->width, &error);

  if (!is_right)
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "spatial profile", error->message);
      return;
    }

  for (gsize i = 0; i < request->n_spatial_profiles; i++)
    {
      const CARTA__SetSpatialRequirements__SpatialConfig *config = request->spatial_profiles[i];
      AlmuSpatialWant                                     want = {
                                            .coordinate = almu_message_clean_text (config->coordinate, -1),
                                            .start = config->start,
                                            .end = config->end,
                                            .mip = CLAMP (config->mip, 0, 1 << 20),
                                            .width = config->width,
      };

      g_array_append_val (wants, want);
    }

  require (link, request->file_id, request->region_id, wants,
           almu_demand_require_spatial, "spatial profile");
}

/* SetStatsRequirements.StatsConfig and SetSpectralRequirements.SpectralConfig
 * are alike but for their names. */
static void
append_stats_want (GArray                 *wants,
                   const char             *coordinate,
                   const CARTA__StatsType *types,
                   gsize                   n_types)
{
  AlmuStatsWant want = {
    .coordinate = almu_message_clean_text (coordinate, -1),
    .types = g_array_new (FALSE, FALSE, sizeof (int)),
  };

  for (gsize i = 0; i < MIN (n_types, ALMU_LIMIT_REQUIREMENTS); i++)
    {
      int type = (int) types[i];

      if (type >= 0 && type < ALMU_N_STATS)
        g_array_append_val (want.types, type);
    }

  g_array_append_val (wants, want);
}

/**
 * almu_on_set_spectral_requirements:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_SPECTRAL_REQUIREMENTS
 *
 * Replaces the spectra that are wanted of the cursor or a region, which are
 * sent as SPECTRAL_PROFILE_DATA until further notice. The whole image has none.
 * What is wrong is told by ERROR_DATA, and nothing changes.
 */
void
almu_on_set_spectral_requirements (AlmuLink               *link,
                                   guint32                 request_id,
                                   const ProtobufCMessage *message)
{
  const CARTA__SetSpectralRequirements *request = (const CARTA__SetSpectralRequirements *) message;
  g_autoptr(GArray) wants = almu_stats_wants_new ();
  g_autoptr(GError) error = NULL;

  if (!check_count (request->n_spectral_profiles, &error))
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "spectral profile", error->message);
      return;
    }

  if (request->region_id < ALMU_REGION_CURSOR && request->n_spectral_profiles > 0)
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "spectral profile",
                        _ ("The whole image has no spectral profile: draw a region around what is wanted"));
      return;
    }

  for (gsize i = 0; i < request->n_spectral_profiles; i++)
    append_stats_want (wants, request->spectral_profiles[i]->coordinate,
                       request->spectral_profiles[i]->stats_types,
                       request->spectral_profiles[i]->n_stats_types);

  require (link, request->file_id, request->region_id, wants,
           almu_demand_require_spectral, "spectral profile");
}

/**
 * almu_on_set_stats_requirements:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_STATS_REQUIREMENTS
 *
 * Replaces the statistics that are wanted of the image or a region, which are
 * sent as REGION_STATS_DATA until further notice. Statistics of unknown numbers
 * are left out. What else is wrong is told by ERROR_DATA, and nothing changes.
 */
void
almu_on_set_stats_requirements (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message)
{
  const CARTA__SetStatsRequirements *request = (const CARTA__SetStatsRequirements *) message;
  g_autoptr(GArray) wants = almu_stats_wants_new ();
  g_autoptr(GError) error = NULL;

  if (!check_count (request->n_stats_configs, &error))
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "statistics", error->message);
      return;
    }

  for (gsize i = 0; i < request->n_stats_configs; i++)
    append_stats_want (wants, request->stats_configs[i]->coordinate,
                       request->stats_configs[i]->stats_types,
                       request->stats_configs[i]->n_stats_types);

  require (link, request->file_id, request->region_id, wants,
           almu_demand_require_stats, "statistics");
}

static gboolean
append_histogram_want (GArray                       *wants,
                       const CARTA__HistogramConfig *config,
                       GError                      **error)
{
  AlmuHistogramWant want = {
    .channel = config->channel,
    .has_fixed_bins = config->fixed_num_bins,
    .n_bins = config->num_bins,
    .has_fixed_bounds = config->fixed_bounds,
  };

  if (config->bounds != NULL)
    {
      want.min = config->bounds->min;
      want.max = config->bounds->max;
    }

  if (want.has_fixed_bins && (want.n_bins < ALMU_BINS_AUTO || want.n_bins > ALMU_LIMIT_BINS))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%d bins: a histogram has from 1 to %d, or -1 for as many as fit"),
                   want.n_bins, ALMU_LIMIT_BINS);
      return FALSE;
    }

  if (want.has_fixed_bounds && !(want.min < want.max))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Histogram bounds %g to %g do not rise"), want.min, want.max);
      return FALSE;
    }

  want.coordinate = almu_message_clean_text (config->coordinate, -1);
  g_array_append_val (wants, want);

  return TRUE;
}

/* Each may have many bins, but not all of many. */
static gboolean
check_bins (GArray  *wants,
            GError **error)
{
  gint64 n_bins = 0;

  for (guint i = 0; i < wants->len; i++)
    n_bins += MAX (g_array_index (wants, AlmuHistogramWant, i).n_bins, 0);

  if (n_bins <= ALMU_LIMIT_BINS)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("%" PRId64 " bins in all histograms of a region, at most %d are counted"),
               n_bins, ALMU_LIMIT_BINS);
  return FALSE;
}

/**
 * almu_on_set_histogram_requirements:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_HISTOGRAM_REQUIREMENTS
 *
 * Replaces the histograms that are wanted of the image, the cube or a region,
 * which are sent as REGION_HISTOGRAM_DATA until further notice. More than
 * %ALMU_LIMIT_BINS in one or in all together, and bounds that do not rise, are
 * told by ERROR_DATA, and nothing changes.
 */
void
almu_on_set_histogram_requirements (AlmuLink               *link,
                                    guint32                 request_id,
                                    const ProtobufCMessage *message)
{
  const CARTA__SetHistogramRequirements *request = (const CARTA__SetHistogramRequirements *) message;
  g_autoptr(GArray) wants = almu_histogram_wants_new ();
  g_autoptr(GError) error = NULL;
  gboolean is_right = check_count (request->n_histograms, &error);

  for (gsize i = 0; is_right && i < request->n_histograms; i++)
    is_right = append_histogram_want (wants, request->histograms[i], &error);
  is_right = is_right && check_bins (wants, &error);

  if (is_right)
    require (link, request->file_id, request->region_id, wants,
             almu_demand_require_histograms, "histogram");
  else
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "histogram", error->message);
}
