/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-overlay-message.h"
#include "almu-polarisation.h"

/* Contours and vectors: what is drawn over an image. */

static AlmuOverlayBounds
get_bounds (const CARTA__ImageBounds *bounds)
{
  if (bounds == NULL)
    return (AlmuOverlayBounds){ 0 };

  return (AlmuOverlayBounds){ TRUE, bounds->x_min, bounds->x_max, bounds->y_min, bounds->y_max };
}

static gboolean
fits_int (const char *what,
          guint32     value,
          GError    **error)
{
  if (value <= G_MAXINT32)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("%s %u is above %d"), what, value, G_MAXINT32);
  return FALSE;
}

/**
 * almu_contour_settings_for_message:
 * @message: what a viewer says
 * @reference_file_id: what they are drawn over, if @message cannot say
 * @out_settings: (out) (nullable): the contours; %NULL for none
 * @error: return location
 *
 * No levels are no contours. What passes has been checked by
 * almu_contour_settings_check(), and fails as that does.
 *
 * Returns: %FALSE if there are none like that
 */
gboolean
almu_contour_settings_for_message (const CARTA__SetContourParameters *message,
                                   int                                reference_file_id,
                                   AlmuContourSettings              **out_settings,
                                   GError                           **error)
{
  g_autoptr(AlmuContourSettings) settings = almu_contour_settings_new ();

  if (message->n_levels == 0)
    {
      *out_settings = NULL;
      return TRUE;
    }

  settings->reference_file_id = reference_file_id;
  settings->bounds = get_bounds (message->image_bounds);
  settings->smoothing = (AlmuSmoothing) message->smoothing_mode;
  settings->factor = message->smoothing_factor;
  settings->decimation = message->decimation_factor;
  settings->compression_level = message->compression_level;
  if (message->contour_chunk_size != 0)
    settings->chunk_size = message->contour_chunk_size;
  if (message->channel_range != NULL)
    {
      settings->has_channels = TRUE;
      settings->first_channel = message->channel_range->min;
      settings->last_channel = message->channel_range->max;
    }

  /* before they are copied */
  settings->n_levels = (guint) MIN (message->n_levels, G_MAXINT);
  if (settings->n_levels <= ALMU_LIMIT_CONTOUR_LEVELS)
    almu_contour_settings_set_levels (settings, message->levels, settings->n_levels);
  if (!almu_contour_settings_check (settings, error))
    return FALSE;

  *out_settings = g_steal_pointer (&settings);
  return TRUE;
}

/**
 * almu_vector_settings_for_message:
 * @message: what a viewer says
 * @out_settings: (out) (nullable): the vectors; %NULL for none
 * @error: return location
 *
 * No source, or a factor of 0, are no vectors. What passes has been checked by
 * almu_vector_settings_check(), and fails as that does.
 *
 * Returns: %FALSE if there are none like that
 */
gboolean
almu_vector_settings_for_message (const CARTA__SetVectorOverlayParameters *message,
                                  AlmuVectorSettings                     **out_settings,
                                  GError                                 **error)
{
  g_autoptr(AlmuVectorSettings) settings = almu_vector_settings_new ();

  if ((message->stokes_intensity == ALMU_VECTOR_NONE && message->stokes_angle == ALMU_VECTOR_NONE) ||
      message->smoothing_factor == 0)
    {
      *out_settings = NULL;
      return TRUE;
    }

  if (!fits_int (_ ("Pixel averaging of vectors"), message->smoothing_factor, error))
    return FALSE;

  settings->bounds = get_bounds (message->image_bounds);
  settings->factor = (int) message->smoothing_factor;
  settings->is_fractional = message->fractional;
  settings->threshold = message->threshold;
  /* nothing said, or nothing that makes sense here, is I */
  settings->threshold_polarisation = message->threshold_option == CARTA__POLARIZATION_TYPE__Plinear
                                       ? ALMU_POLARISATION_PLINEAR
                                       : ALMU_POLARISATION_I;
  settings->is_debiased = message->debiasing;
  settings->q_error = message->q_error;
  settings->u_error = message->u_error;
  settings->intensity = (AlmuVectorSource) message->stokes_intensity;
  settings->angle = (AlmuVectorSource) message->stokes_angle;
  settings->compression = (AlmuCompression) message->compression_type;
  settings->quality = message->compression_quality;
  if (!almu_vector_settings_check (settings, error))
    return FALSE;

  *out_settings = g_steal_pointer (&settings);
  return TRUE;
}

/**
 * almu_on_set_contour_parameters:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_CONTOUR_PARAMETERS
 *
 * Replaces the contours of a file, which are sent as CONTOUR_IMAGE_DATA for
 * every plane that is shown; without levels there are none. What is wrong is
 * told by ERROR_DATA, and nothing changes.
 */
void
almu_on_set_contour_parameters (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message)
{
  const CARTA__SetContourParameters *request = (const CARTA__SetContourParameters *) message;
  AlmuFile                          *file = almu_link_get_file (link, (int) request->file_id, "contours");
  g_autoptr(AlmuContourSettings) settings = NULL;
  g_autoptr(GError) error = NULL;

  if (file == NULL)
    return;

  if (fits_int (_ ("Reference file id of contours"), request->reference_file_id, &error) &&
      almu_contour_settings_for_message (request, (int) request->reference_file_id, &settings, &error))
    almu_file_set_contours (file, settings);
  else
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "contours", error->message);
}

/* Both sources at none clear the overlay; the page waits for the end of what
 * it asked for all the same. */
static void
confirm_clear (AlmuLink *link,
               AlmuFile *file)
{
  CARTA__VectorOverlayTileData message = CARTA__VECTOR_OVERLAY_TILE_DATA__INIT;

  message.file_id = almu_file_get_id (file);
  message.channel = almu_file_get_channel (file);
  message.stokes_intensity = ALMU_VECTOR_NONE;
  message.stokes_angle = ALMU_VECTOR_NONE;
  message.progress = 1;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_ORDERED, 0);
}

/**
 * almu_on_set_vector_overlay_parameters:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_VECTOR_OVERLAY_PARAMETERS
 *
 * Replaces the vectors of a file, which are sent as VECTOR_OVERLAY_TILE_DATA
 * for every plane that is shown. Without sources there are none, and an empty
 * message says so, because the page waits for one. What is wrong is told by
 * ERROR_DATA, and nothing changes.
 */
void
almu_on_set_vector_overlay_parameters (AlmuLink               *link,
                                       guint32                 request_id,
                                       const ProtobufCMessage *message)
{
  const CARTA__SetVectorOverlayParameters *request = (const CARTA__SetVectorOverlayParameters *) message;
  AlmuFile                                *file = almu_link_get_file (link, (int) request->file_id, "vectors");
  g_autoptr(AlmuVectorSettings) settings = NULL;
  g_autoptr(GError) error = NULL;

  if (file == NULL)
    return;

  if (!almu_vector_settings_for_message (request, &settings, &error))
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "vectors", error->message);
      return;
    }

  almu_file_set_vectors (file, settings);
  if (request->stokes_intensity == ALMU_VECTOR_NONE && request->stokes_angle == ALMU_VECTOR_NONE)
    confirm_clear (link, file);
}
