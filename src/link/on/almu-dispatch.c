/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-catalog.h"
#include "almu-error.h"

/* What needs no answer and asks for nothing: the end of things that never
 * began. */
static void
ignore (AlmuLink               *link,
        guint32                 request_id,
        const ProtobufCMessage *message)
{
}

/* Every event that is served. The others are answered by the failing form
 * of their own reply, or by ERROR_DATA. */
static const struct
{
  guint16     event;
  AlmuHandler handler;
} table[] = {
  { CARTA__EVENT_TYPE__REGISTER_VIEWER, almu_on_register_viewer },
  { CARTA__EVENT_TYPE__RESUME_SESSION, almu_on_resume_session },
  { CARTA__EVENT_TYPE__FILE_LIST_REQUEST, almu_on_file_list_request },
  { CARTA__EVENT_TYPE__STOP_FILE_LIST, almu_on_stop_file_list },
  { CARTA__EVENT_TYPE__FILE_INFO_REQUEST, almu_on_file_info_request },
  { CARTA__EVENT_TYPE__CATALOG_LIST_REQUEST, almu_on_catalog_list_request },
  { CARTA__EVENT_TYPE__CATALOG_FILE_INFO_REQUEST, almu_on_catalog_file_info_request },
  { CARTA__EVENT_TYPE__OPEN_CATALOG_FILE, almu_on_open_catalog_file },
  { CARTA__EVENT_TYPE__CLOSE_CATALOG_FILE, almu_on_close_catalog_file },
  { CARTA__EVENT_TYPE__CATALOG_FILTER_REQUEST, almu_on_catalog_filter_request },
  { CARTA__EVENT_TYPE__OPEN_FILE, almu_on_open_file },
  { CARTA__EVENT_TYPE__CONCAT_STOKES_FILES, almu_on_concat_stokes_files },
  { CARTA__EVENT_TYPE__CLOSE_FILE, almu_on_close_file },
  { CARTA__EVENT_TYPE__SAVE_FILE, almu_on_save_file },
  { CARTA__EVENT_TYPE__ADD_REQUIRED_TILES, almu_on_add_required_tiles },
  { CARTA__EVENT_TYPE__SET_IMAGE_CHANNELS, almu_on_set_image_channels },
  { CARTA__EVENT_TYPE__SET_CURSOR, almu_on_set_cursor },
  { CARTA__EVENT_TYPE__CHANNEL_MAP_FLOW_CONTROL, almu_on_channel_map_flow_control },
  { CARTA__EVENT_TYPE__START_ANIMATION, almu_on_start_animation },
  { CARTA__EVENT_TYPE__STOP_ANIMATION, almu_on_stop_animation },
  { CARTA__EVENT_TYPE__ANIMATION_FLOW_CONTROL, almu_on_animation_flow_control },
  { CARTA__EVENT_TYPE__SET_REGION, almu_on_set_region },
  { CARTA__EVENT_TYPE__REMOVE_REGION, almu_on_remove_region },
  { CARTA__EVENT_TYPE__REGION_LIST_REQUEST, almu_on_region_list_request },
  { CARTA__EVENT_TYPE__REGION_FILE_INFO_REQUEST, almu_on_region_file_info_request },
  { CARTA__EVENT_TYPE__IMPORT_REGION, almu_on_import_region },
  { CARTA__EVENT_TYPE__EXPORT_REGION, almu_on_export_region },
  { CARTA__EVENT_TYPE__SET_SPATIAL_REQUIREMENTS, almu_on_set_spatial_requirements },
  { CARTA__EVENT_TYPE__SET_SPECTRAL_REQUIREMENTS, almu_on_set_spectral_requirements },
  { CARTA__EVENT_TYPE__SET_STATS_REQUIREMENTS, almu_on_set_stats_requirements },
  { CARTA__EVENT_TYPE__SET_HISTOGRAM_REQUIREMENTS, almu_on_set_histogram_requirements },
  { CARTA__EVENT_TYPE__SET_CONTOUR_PARAMETERS, almu_on_set_contour_parameters },
  { CARTA__EVENT_TYPE__SET_VECTOR_OVERLAY_PARAMETERS, almu_on_set_vector_overlay_parameters },
  { CARTA__EVENT_TYPE__SCRIPTING_RESPONSE, almu_on_scripting_response },
  { CARTA__EVENT_TYPE__REMOVE_REQUIRED_TILES, ignore },
  { CARTA__EVENT_TYPE__STOP_MOMENT_CALC, ignore },
  { CARTA__EVENT_TYPE__STOP_PV_CALC, ignore },
  { CARTA__EVENT_TYPE__STOP_PV_PREVIEW, ignore },
  { CARTA__EVENT_TYPE__CLOSE_PV_PREVIEW, ignore },
  { CARTA__EVENT_TYPE__STOP_FITTING, ignore },
};

#define N_EVENTS 128

static const AlmuHandler *
get_handlers (void)
{
  static AlmuHandler handlers[N_EVENTS];
  static gboolean    is_filled = FALSE;

  if (is_filled)
    return handlers;

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    handlers[table[i].event] = table[i].handler;
  is_filled = TRUE;

  return handlers;
}

/**
 * almu_dispatch:
 * @link: who says it; has a session, but for REGISTER_VIEWER
 * @event: of the ICD
 * @request_id: what the reply repeats
 * @message: of the type that the catalogue has for @event
 *
 * Hands a message to its handler.
 *
 * One that is not served is answered by the failing form of its own reply, or
 * by ERROR_DATA.
 */
void
almu_dispatch (AlmuLink               *link,
               guint16                 event,
               guint32                 request_id,
               const ProtobufCMessage *message)
{
  AlmuHandler handler = event < N_EVENTS ? get_handlers ()[event] : NULL;
  g_autoptr(GError) error = NULL;

  if (handler != NULL)
    {
      handler (link, request_id, message);
      return;
    }

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("%s is not there yet"), almu_catalog_get_name (event));
  almu_link_refuse (link, event, request_id, -1, error);
}
