/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-channel-map.h"
#include "almu-memento.h"
#include "almu-overlay.h"
#include "almu-producer.h"
#include "almu-read-ahead.h"
#include "almu-region.h"

G_BEGIN_DECLS

#define ALMU_TYPE_DEMAND (almu_demand_get_type ())
G_DECLARE_FINAL_TYPE (AlmuDemand, almu_demand, ALMU, DEMAND, AlmuProducer)

AlmuDemand *almu_demand_new (AlmuCache *cache,
                             AlmuImage *image,
                             int        file_id);
void        almu_demand_set_owner (AlmuDemand *self,
                                   guint       owner);
void        almu_demand_set_epoch (AlmuDemand *self,
                                   guint       epoch);
void        almu_demand_start (AlmuDemand *self);
void        almu_demand_stop (AlmuDemand *self);
void        almu_demand_renew (AlmuDemand *self,
                               guint       epoch);
void        almu_demand_set_paused (AlmuDemand *self,
                                    gboolean    paused);

void almu_demand_set_plane (AlmuDemand *self,
                            int         channel,
                            int         stokes);
void almu_demand_set_cursor (AlmuDemand *self,
                             AlmuPoint   cursor);

gboolean almu_demand_require_tiles (AlmuDemand     *self,
                                    const gint32   *codes,
                                    gsize           n_codes,
                                    AlmuCompression compression,
                                    float           quality,
                                    GError        **error);
void     almu_demand_set_contours (AlmuDemand                *self,
                                   const AlmuContourSettings *settings);
void     almu_demand_set_vectors (AlmuDemand               *self,
                                  const AlmuVectorSettings *settings);
void     almu_demand_require_spatial (AlmuDemand *self,
                                      int         region_id,
                                      AlmuRegion *region,
                                      GArray     *wants);
void     almu_demand_require_spectral (AlmuDemand *self,
                                       int         region_id,
                                       AlmuRegion *region,
                                       GArray     *wants);
void     almu_demand_require_stats (AlmuDemand *self,
                                    int         region_id,
                                    AlmuRegion *region,
                                    GArray     *wants);
void     almu_demand_require_histograms (AlmuDemand *self,
                                         int         region_id,
                                         AlmuRegion *region,
                                         GArray     *wants);
void     almu_demand_forget_region (AlmuDemand *self,
                                    int         region_id);

gboolean almu_demand_check_tiles (AlmuDemand   *self,
                                  const gint32 *codes,
                                  gsize         n_codes,
                                  GError      **error);
void     almu_demand_begin_frames (AlmuDemand *self,
                                   int         animation_id);
void     almu_demand_show_frame (AlmuDemand *self,
                                 int         channel,
                                 int         stokes);
gboolean almu_demand_owes_tiles (AlmuDemand *self);
gboolean almu_demand_has_view (AlmuDemand *self);
void     almu_demand_read_ahead (AlmuDemand        *self,
                                 const AlmuPlaneId *planes,
                                 guint              n_planes);
void     almu_demand_end_frames (AlmuDemand *self);
gboolean almu_demand_require_map (AlmuDemand           *self,
                                  const AlmuMapRequest *request,
                                  GError              **error);
void     almu_demand_acknowledge_map (AlmuDemand *self,
                                      int         channel);
void     almu_demand_end_map (AlmuDemand *self);

GPtrArray *almu_demand_list_requirements (AlmuDemand *self);

G_END_DECLS
