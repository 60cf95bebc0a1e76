/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-producer.h"

G_BEGIN_DECLS

/**
 * AlmuChannelRange:
 *
 * Channels from one to another, both included.
 */
typedef struct
{
  int min;
  int max;
} AlmuChannelRange;

/**
 * AlmuMapRequest:
 * @range: the channels that @tiles are wanted of
 * @current_range: the channels that are to be seen; what of others is still
 *   to come is not wanted any more
 * @tiles: places as the ICD writes them, the most wanted first
 * @current_tiles: the places that are to be seen; none: do not care
 *
 * What a viewer who looks at several channels at once asks for.
 */
typedef struct
{
  int              stokes;
  AlmuChannelRange range;
  AlmuChannelRange current_range;
  const gint32    *tiles;
  gsize            n_tiles;
  const gint32    *current_tiles;
  gsize            n_current_tiles;
  AlmuCompression  compression;
  float            quality;
} AlmuMapRequest;

#define ALMU_TYPE_CHANNEL_MAP (almu_channel_map_get_type ())
G_DECLARE_FINAL_TYPE (AlmuChannelMap, almu_channel_map, ALMU, CHANNEL_MAP, AlmuProducer)

AlmuChannelMap *almu_channel_map_new (AlmuCache *cache,
                                      AlmuImage *image);
void            almu_channel_map_set_owner (AlmuChannelMap *self,
                                            guint           owner);
gboolean        almu_channel_map_show (AlmuChannelMap       *self,
                                       const AlmuMapRequest *request,
                                       GError              **error);
void            almu_channel_map_acknowledge (AlmuChannelMap *self,
                                              int             channel);
void            almu_channel_map_set_paused (AlmuChannelMap *self,
                                             gboolean        paused);
void            almu_channel_map_set_held (AlmuChannelMap *self,
                                           gboolean        held);
void            almu_channel_map_clear (AlmuChannelMap *self);

G_END_DECLS
