/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"

G_BEGIN_DECLS

/**
 * AlmuHandler:
 * @link: who says it
 * @request_id: what a reply repeats
 * @message: of the type that the catalogue has for the event
 *
 * Turns one message into calls of the model.
 */
typedef void (*AlmuHandler) (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message);

void almu_dispatch (AlmuLink               *link,
                    guint16                 event,
                    guint32                 request_id,
                    const ProtobufCMessage *message);

/* almu-on-session.c */
void almu_on_register_viewer (AlmuLink               *link,
                              guint32                 request_id,
                              const ProtobufCMessage *message);
void almu_on_resume_session (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message);
/* almu-on-list.c */
void almu_on_file_list_request (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message);
void almu_on_region_list_request (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message);
void almu_on_catalog_list_request (AlmuLink               *link,
                                   guint32                 request_id,
                                   const ProtobufCMessage *message);
void almu_on_stop_file_list (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message);
/* almu-on-info.c */
void almu_on_file_info_request (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message);
void almu_on_catalog_file_info_request (AlmuLink               *link,
                                        guint32                 request_id,
                                        const ProtobufCMessage *message);
/* almu-on-catalog.c */
void             almu_on_open_catalog_file (AlmuLink               *link,
                                            guint32                 request_id,
                                            const ProtobufCMessage *message);
void             almu_on_close_catalog_file (AlmuLink               *link,
                                             guint32                 request_id,
                                             const ProtobufCMessage *message);
void             almu_on_catalog_filter_request (AlmuLink               *link,
                                                 guint32                 request_id,
                                                 const ProtobufCMessage *message);
AlmuCatalogWish *almu_catalog_wish_new_for_message (AlmuFolder                   *folder,
                                                    const CARTA__OpenCatalogFile *message);
/* almu-on-file.c */
void almu_on_concat_stokes_files (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message);
void almu_on_open_file (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message);
void almu_on_close_file (AlmuLink               *link,
                         guint32                 request_id,
                         const ProtobufCMessage *message);
/* almu-on-save.c */
void almu_on_save_file (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message);
/* almu-on-view.c */
void almu_on_add_required_tiles (AlmuLink               *link,
                                 guint32                 request_id,
                                 const ProtobufCMessage *message);
void almu_on_set_image_channels (AlmuLink               *link,
                                 guint32                 request_id,
                                 const ProtobufCMessage *message);
void almu_on_set_cursor (AlmuLink               *link,
                         guint32                 request_id,
                         const ProtobufCMessage *message);
/* almu-on-region.c */
void       almu_on_set_region (AlmuLink               *link,
                               guint32                 request_id,
                               const ProtobufCMessage *message);
void       almu_on_remove_region (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message);
AlmuShape *almu_shape_new_for_message (const CARTA__RegionInfo *info,
                                       GError                 **error);
/* almu-on-region-file.c */
void almu_on_region_file_info_request (AlmuLink               *link,
                                       guint32                 request_id,
                                       const ProtobufCMessage *message);
void almu_on_import_region (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message);
void almu_on_export_region (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message);
/* almu-on-requirements.c */
void almu_on_set_spatial_requirements (AlmuLink               *link,
                                       guint32                 request_id,
                                       const ProtobufCMessage *message);
void almu_on_set_spectral_requirements (AlmuLink               *link,
                                        guint32                 request_id,
                                        const ProtobufCMessage *message);
void almu_on_set_stats_requirements (AlmuLink               *link,
                                     guint32                 request_id,
                                     const ProtobufCMessage *message);
void almu_on_set_histogram_requirements (AlmuLink               *link,
                                         guint32                 request_id,
                                         const ProtobufCMessage *message);
/* almu-on-animation.c */
void almu_on_start_animation (AlmuLink               *link,
                              guint32                 request_id,
                              const ProtobufCMessage *message);
void almu_on_stop_animation (AlmuLink               *link,
                             guint32                 request_id,
                             const ProtobufCMessage *message);
void almu_on_animation_flow_control (AlmuLink               *link,
                                     guint32                 request_id,
                                     const ProtobufCMessage *message);
void almu_on_channel_map_flow_control (AlmuLink               *link,
                                       guint32                 request_id,
                                       const ProtobufCMessage *message);

/* almu-on-overlay.c */
void almu_on_set_contour_parameters (AlmuLink               *link,
                                     guint32                 request_id,
                                     const ProtobufCMessage *message);
void almu_on_set_vector_overlay_parameters (AlmuLink               *link,
                                            guint32                 request_id,
                                            const ProtobufCMessage *message);
/* almu-scripting.c */
void almu_on_scripting_response (AlmuLink               *link,
                                 guint32                 request_id,
                                 const ProtobufCMessage *message);

/* What more than one of them reads. */
gboolean almu_compression_for_message (CARTA__CompressionType type,
                                       AlmuCompression       *out_compression,
                                       GError               **error);

G_END_DECLS
