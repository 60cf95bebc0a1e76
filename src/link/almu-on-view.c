/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include "almu-error.h"

/* Tiles, channels and the cursor: what the viewer looks at. */

static gboolean
require_tiles (AlmuFile                      *file,
               const CARTA__AddRequiredTiles *tiles,
               GError                       **error)
{
  if (tiles->compression_type != CARTA__COMPRESSION_TYPE__NONE &&
      tiles->compression_type != CARTA__COMPRESSION_TYPE__ZFP)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "Compression type %d of tiles is not one of NONE (0) and ZFP (1)",
                   tiles->compression_type);
      return FALSE;
    }

  return almu_demand_require_tiles (almu_file_get_demand (file), tiles->tiles, tiles->n_tiles,
                                    (AlmuCompression) tiles->compression_type,
                                    tiles->compression_quality, error);
}

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

  is_other = request->channel != almu_file_get_channel (file) ||
             request->stokes != almu_file_get_stokes (file);
  if (!almu_file_set_plane (file, request->channel, request->stokes, &error))
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "channels", error->message);
      return;
    }

  /* only now: a plane that is not there leaves the picture as it is */
  if (is_other)
    almu_link_drop_pictures (link, request->file_id);

  if (request->required_tiles != NULL && !require_tiles (file, request->required_tiles, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "channels", error->message);
}

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
