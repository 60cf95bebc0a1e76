/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog.h"

#include "carta.pb-c.h"

#define EVENT(NAME) CARTA__EVENT_TYPE__##NAME

#define ENTRY(NAME, message, way, answer) \
  [EVENT (NAME)] = { EVENT (NAME), EVENT (answer), ALMU_DIRECTION_##way, #NAME, &carta__##message##__descriptor }

/* To us: with and without an answer. From us: likewise. */
#define REQUEST(NAME, message, answer) ENTRY (NAME, message, TO_US, answer)
#define NOTICE(NAME, message) ENTRY (NAME, message, TO_US, EMPTY_EVENT)
#define ASKED(NAME, message, answer) ENTRY (NAME, message, FROM_US, answer)
#define SENT(NAME, message) ENTRY (NAME, message, FROM_US, EMPTY_EVENT)

/* The interface, once: everything that depends on an event's number finds
 * its way from here. Numbers that are not in use have no name. */
/* clang-format off */
static const AlmuCatalogEntry entries[] = {
  [EVENT (EMPTY_EVENT)] = { EVENT (EMPTY_EVENT), 0, ALMU_DIRECTION_NONE, "EMPTY_EVENT", NULL },
  REQUEST (REGISTER_VIEWER, register_viewer, REGISTER_VIEWER_ACK),
  REQUEST (FILE_LIST_REQUEST, file_list_request, FILE_LIST_RESPONSE),
  REQUEST (FILE_INFO_REQUEST, file_info_request, FILE_INFO_RESPONSE),
  REQUEST (OPEN_FILE, open_file, OPEN_FILE_ACK),
  NOTICE (SET_IMAGE_CHANNELS, set_image_channels),
  NOTICE (SET_CURSOR, set_cursor),
  NOTICE (SET_SPATIAL_REQUIREMENTS, set_spatial_requirements),
  NOTICE (SET_HISTOGRAM_REQUIREMENTS, set_histogram_requirements),
  NOTICE (SET_STATS_REQUIREMENTS, set_stats_requirements),
  REQUEST (SET_REGION, set_region, SET_REGION_ACK),
  NOTICE (REMOVE_REGION, remove_region),
  NOTICE (CLOSE_FILE, close_file),
  NOTICE (SET_SPECTRAL_REQUIREMENTS, set_spectral_requirements),
  REQUEST (START_ANIMATION, start_animation, START_ANIMATION_ACK),
  SENT (START_ANIMATION_ACK, start_animation_ack),
  NOTICE (STOP_ANIMATION, stop_animation),
  SENT (REGISTER_VIEWER_ACK, register_viewer_ack),
  SENT (FILE_LIST_RESPONSE, file_list_response),
  SENT (FILE_INFO_RESPONSE, file_info_response),
  SENT (OPEN_FILE_ACK, open_file_ack),
  SENT (SET_REGION_ACK, set_region_ack),
  SENT (REGION_HISTOGRAM_DATA, region_histogram_data),
  SENT (SPATIAL_PROFILE_DATA, spatial_profile_data),
  SENT (SPECTRAL_PROFILE_DATA, spectral_profile_data),
  SENT (REGION_STATS_DATA, region_stats_data),
  SENT (ERROR_DATA, error_data),
  NOTICE (ANIMATION_FLOW_CONTROL, animation_flow_control),
  NOTICE (ADD_REQUIRED_TILES, add_required_tiles),
  NOTICE (REMOVE_REQUIRED_TILES, remove_required_tiles),
  SENT (RASTER_TILE_DATA, raster_tile_data),
  REQUEST (REGION_LIST_REQUEST, region_list_request, REGION_LIST_RESPONSE),
  SENT (REGION_LIST_RESPONSE, region_list_response),
  REQUEST (REGION_FILE_INFO_REQUEST, region_file_info_request, REGION_FILE_INFO_RESPONSE),
  SENT (REGION_FILE_INFO_RESPONSE, region_file_info_response),
  REQUEST (IMPORT_REGION, import_region, IMPORT_REGION_ACK),
  SENT (IMPORT_REGION_ACK, import_region_ack),
  REQUEST (EXPORT_REGION, export_region, EXPORT_REGION_ACK),
  SENT (EXPORT_REGION_ACK, export_region_ack),
  NOTICE (SET_CONTOUR_PARAMETERS, set_contour_parameters),
  SENT (CONTOUR_IMAGE_DATA, contour_image_data),
  REQUEST (RESUME_SESSION, resume_session, RESUME_SESSION_ACK),
  SENT (RESUME_SESSION_ACK, resume_session_ack),
  SENT (RASTER_TILE_SYNC, raster_tile_sync),
  REQUEST (CATALOG_LIST_REQUEST, catalog_list_request, CATALOG_LIST_RESPONSE),
  SENT (CATALOG_LIST_RESPONSE, catalog_list_response),
  REQUEST (CATALOG_FILE_INFO_REQUEST, catalog_file_info_request, CATALOG_FILE_INFO_RESPONSE),
  SENT (CATALOG_FILE_INFO_RESPONSE, catalog_file_info_response),
  REQUEST (OPEN_CATALOG_FILE, open_catalog_file, OPEN_CATALOG_FILE_ACK),
  SENT (OPEN_CATALOG_FILE_ACK, open_catalog_file_ack),
  NOTICE (CLOSE_CATALOG_FILE, close_catalog_file),
  REQUEST (CATALOG_FILTER_REQUEST, catalog_filter_request, CATALOG_FILTER_RESPONSE),
  SENT (CATALOG_FILTER_RESPONSE, catalog_filter_response),
  ASKED (SCRIPTING_REQUEST, scripting_request, SCRIPTING_RESPONSE),
  NOTICE (SCRIPTING_RESPONSE, scripting_response),
  REQUEST (MOMENT_REQUEST, moment_request, MOMENT_RESPONSE),
  SENT (MOMENT_RESPONSE, moment_response),
  SENT (MOMENT_PROGRESS, moment_progress),
  NOTICE (STOP_MOMENT_CALC, stop_moment_calc),
  REQUEST (SAVE_FILE, save_file, SAVE_FILE_ACK),
  SENT (SAVE_FILE_ACK, save_file_ack),
  REQUEST (CONCAT_STOKES_FILES, concat_stokes_files, CONCAT_STOKES_FILES_ACK),
  SENT (CONCAT_STOKES_FILES_ACK, concat_stokes_files_ack),
  SENT (FILE_LIST_PROGRESS, list_progress),
  NOTICE (STOP_FILE_LIST, stop_file_list),
  REQUEST (PV_REQUEST, pv_request, PV_RESPONSE),
  SENT (PV_RESPONSE, pv_response),
  SENT (PV_PROGRESS, pv_progress),
  NOTICE (STOP_PV_CALC, stop_pv_calc),
  REQUEST (FITTING_REQUEST, fitting_request, FITTING_RESPONSE),
  SENT (FITTING_RESPONSE, fitting_response),
  NOTICE (SET_VECTOR_OVERLAY_PARAMETERS, set_vector_overlay_parameters),
  SENT (VECTOR_OVERLAY_TILE_DATA, vector_overlay_tile_data),
  SENT (FITTING_PROGRESS, fitting_progress),
  NOTICE (STOP_FITTING, stop_fitting),
  SENT (PV_PREVIEW_DATA, pv_preview_data),
  NOTICE (STOP_PV_PREVIEW, stop_pv_preview),
  NOTICE (CLOSE_PV_PREVIEW, close_pv_preview),
  REQUEST (REMOTE_FILE_REQUEST, remote_file_request, REMOTE_FILE_RESPONSE),
  SENT (REMOTE_FILE_RESPONSE, remote_file_response),
  NOTICE (CHANNEL_MAP_FLOW_CONTROL, channel_map_flow_control),
};
/* clang-format on */

static gpointer
make_index (gpointer data)
{
  GHashTable *by_descriptor = g_hash_table_new (NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      if (entries[i].descriptor != NULL)
        g_hash_table_insert (by_descriptor,
                             (gpointer) entries[i].descriptor,
                             (gpointer) &entries[i]);
    }

  return by_descriptor;
}

/**
 * almu_catalog_lookup:
 * @event: the number of an event
 *
 * Costs nothing: numbers are places in a table. Any thread.
 *
 * Returns: (nullable) (transfer none): the event, or %NULL if the interface has no
 *   such number
 */
const AlmuCatalogEntry *
almu_catalog_lookup (guint16 event)
{
  if (event >= G_N_ELEMENTS (entries) || entries[event].name == NULL)
    return NULL;

  return &entries[event];
}

/**
 * almu_catalog_lookup_descriptor:
 * @descriptor: what a message is
 *
 * No message serves two events, so that a message knows its event.
 *
 * Returns: (nullable): the event whose body is a @descriptor, or %NULL for
 *   messages that only occur inside others
 */
const AlmuCatalogEntry *
almu_catalog_lookup_descriptor (const ProtobufCMessageDescriptor *descriptor)
{
  static GOnce once = G_ONCE_INIT;

  g_return_val_if_fail (descriptor != NULL, NULL);

  g_once (&once, make_index, NULL);

  return g_hash_table_lookup (once.retval, descriptor);
}

/**
 * almu_catalog_get_name:
 * @event: the number of an event
 *
 * For logs and error texts: whatever number a peer sends has a name.
 *
 * Returns: the name of the event, "unknown event" if there is none
 */
const char *
almu_catalog_get_name (guint16 event)
{
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);

  return entry != NULL ? entry->name : "unknown event";
}

/**
 * almu_catalog_get_size:
 *
 * For going through all events; some numbers below have none.
 *
 * Returns: the number above the largest event number
 */
guint
almu_catalog_get_size (void)
{
  return G_N_ELEMENTS (entries);
}
