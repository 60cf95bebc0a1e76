/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/* Tiles, channels and the cursor: what the viewer looks at. */

/**
 * almu_compression_for_message:
 * @type: any number that a message has there
 * @out_compression: (out): left alone on failure
 * @error: return location
 *
 * How tiles are to be compressed, as the model has it.
 *
 * Anything but NONE and ZFP is %ALMU_ERROR_UNSUPPORTED.
 *
 * Returns: whether there is such a compression
 */
gboolean
almu_compression_for_message (CARTA__CompressionType type,
                              AlmuCompression       *out_compression,
                              GError               **error)
{
  if (type != CARTA__COMPRESSION_TYPE__NONE && type != CARTA__COMPRESSION_TYPE__ZFP)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Compression type %d of tiles is not one of NONE (0) and ZFP (1)"), type);
      return FALSE;
    }

  *out_compression = (AlmuCompression) type;
  return TRUE;
}

static gboolean
require_tiles (AlmuFile                      *file,
               const CARTA__AddRequiredTiles *tiles,
               GError                       **error)
{
  AlmuCompression compression;

  if (!almu_compression_for_message (tiles->compression_type, &compression, error))
    return FALSE;

  return almu_demand_require_tiles (almu_file_get_demand (file), tiles->tiles, tiles->n_tiles,
                                    compression, tiles->compression_quality, error);
}

/* Channels beside each other. Without tiles only the active channel moves,
 * and the map stays as it is. */
static gboolean
require_map (AlmuFile                      *file,
             const CARTA__SetImageChannels *request,
             GError                       **error)
{
  const CARTA__AddRequiredTiles *tiles = request->required_tiles;
  AlmuMapRequest                 map = { .stokes = request->stokes };

  if (tiles == NULL || tiles->n_tiles == 0)
    return TRUE;

  if (request->channel_range == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Tiles of a channel map of file %d, but no range of channels"), request->file_id);
      return FALSE;
    }

  if (!almu_compression_for_message (tiles->compression_type, &map.compression, error))
    return FALSE;

  map.range = (AlmuChannelRange){ request->channel_range->min, request->channel_range->max };
  map.current_range = map.range;
  if (request->current_range != NULL)
    map.current_range = (AlmuChannelRange){ request->current_range->min, request->current_range->max };
  map.tiles = tiles->tiles;
  map.n_tiles = tiles->n_tiles;
  map.current_tiles = tiles->current_tiles;
  map.n_current_tiles = tiles->n_current_tiles;
  map.quality = tiles->compression_quality;

  return almu_demand_require_map (almu_file_get_demand (file), &map, error);
}

/**
 * almu_on_add_required_tiles:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: an ADD_REQUIRED_TILES
 *
 * Asks for tiles of the plane that is shown; they come as RASTER_TILE_DATA
 * behind its histogram. What is wrong with the request is told by ERROR_DATA.
 */
void
almu_on_add_required_tiles (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message)
{
  const CARTA__AddRequiredTiles *request = (const CARTA__AddRequiredTiles *) message;
  AlmuFile                      *file = almu_link_get_file (link, request->file_id, "tiles");
  g_autoptr(GError) error = NULL;

  if (file != NULL && !require_tiles (file, request, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "tiles", error->message);
}

static gboolean
may_show (AlmuFile                      *file,
          const CARTA__SetImageChannels *request,
          GError                       **error)
{
  return almu_file_has_plane (file, request->channel, request->stokes, error) &&
         (!request->channel_map_enabled || require_map (file, request, error));
}

/* Only now: a plane that is not there leaves the picture as it is. */
static void
leave_pictures (AlmuLink *link,
                AlmuFile *file,
                gboolean  is_other)
{
  almu_demand_end_map (almu_file_get_demand (file));
  if (is_other)
    almu_link_drop_pictures (link, almu_file_get_id (file));
}

/* The page tells of a channel up to half a second after it was chosen, and by
 * then may play: the last of many clicks on "next", the channel of a matched
 * image that has not caught up. It shows nothing but frames until it has said
 * STOP_ANIMATION, so neither ends what plays. Panels of a map tell where the
 * page has got to, and not where it wants to go; and tiles are those of the
 * view that the animation has. */
static gboolean
is_overtaken (AlmuLink                      *link,
              AlmuFile                      *file,
              const CARTA__SetImageChannels *request)
{
  AlmuAnimation *animation = almu_session_get_animation (almu_link_get_session (link));

  if (animation == NULL || !almu_animation_moves (animation, request->file_id))
    return FALSE;

  if (file != almu_animation_get_file (animation) && request->stokes != almu_file_get_stokes (file))
    return FALSE;

  if (request->channel_range == NULL)
    almu_animation_wind (animation, file, request->channel, request->stokes);

  return TRUE;
}

/**
 * almu_on_set_image_channels:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_IMAGE_CHANNELS
 *
 * Shows another plane, or several channels beside each other; channels and
 * polarisations count from 0. A plane that is not there is told by ERROR_DATA,
 * and everything stays as it is. While an animation moves the file the message
 * does not end it, but may wind it to that plane.
 */
void
almu_on_set_image_channels (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message)
{
  const CARTA__SetImageChannels *request = (const CARTA__SetImageChannels *) message;
  AlmuFile                      *file = almu_link_get_file (link, request->file_id, "channels");
  gboolean                       is_other;
  g_autoptr(GError) error = NULL;

  if (file == NULL)
    return;

  if (!may_show (file, request, &error))
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "channels", error->message);
      return;
    }

  if (is_overtaken (link, file, request))
    return;

  is_other = request->channel != almu_file_get_channel (file) ||
             request->stokes != almu_file_get_stokes (file);
  almu_file_set_plane (file, request->channel, request->stokes, NULL);
  if (request->channel_map_enabled)
    return;

  leave_pictures (link, file, is_other);
  if (request->required_tiles != NULL && !require_tiles (file, request->required_tiles, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "channels", error->message);
}

/**
 * almu_on_set_cursor:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a SET_CURSOR
 *
 * Moves the cursor of a file, in pixels from 0 at the centre of the first; what
 * is wanted of it is sent anew. Without a point nothing happens. What is wrong
 * is told by ERROR_DATA.
 */
void
almu_on_set_cursor (AlmuLink               *link,
                    guint32                 request_id,
                    const ProtobufCMessage *message)
{
  const CARTA__SetCursor *request = (const CARTA__SetCursor *) message;
  AlmuFile               *file = almu_link_get_file (link, request->file_id, "cursor");
  g_autoptr(GError) error = NULL;

  if (file == NULL || request->point == NULL)
    return;

  if (!almu_file_set_cursor (file, (AlmuPoint){ request->point->x, request->point->y }, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "cursor", error->message);
}
