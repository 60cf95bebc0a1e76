/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-speak-overlay.h"

/* Contours and vectors come in pieces, of which none may be missing: they
 * wait for a slow reader as a group, and go together when they are void. */

static guint64
group_key (AlmuProductKind kind,
           int             file_id)
{
  return (guint64) kind << 32 | (guint32) file_id;
}

static ProtobufCBinaryData
borrow (GBytes *bytes)
{
  ProtobufCBinaryData data = { 0 };

  data.data = (guint8 *) g_bytes_get_data (bytes, &data.len);

  return data;
}

/**
 * almu_speak_contours:
 * @link: whose viewer looks
 * @product: a chunk of contours, or none
 *
 * Sends CONTOUR_IMAGE_DATA with one set. A product without a chunk says that
 * earlier ones are void: those that wait to be sent are dropped. None is
 * dropped otherwise, since the page adds them up.
 */
void
almu_speak_contours (AlmuLink          *link,
                     const AlmuProduct *product)
{
  CARTA__ContourImageData message = CARTA__CONTOUR_IMAGE_DATA__INIT;
  CARTA__ContourSet       set = CARTA__CONTOUR_SET__INIT;
  CARTA__ContourSet      *pointers[] = { &set };
  const AlmuContourChunk *chunk = product->contours.chunk;
  guint64                 key = group_key (product->kind, product->file_id);

  if (chunk == NULL)
    {
      almu_link_drop_group (link, key);
      return;
    }

  set.level = chunk->level;
  set.decimation_factor = chunk->decimation;
  set.raw_coordinates = borrow (chunk->coordinates);
  set.raw_start_indices = borrow (chunk->starts);
  set.uncompressed_coordinates_size = (gint32) chunk->n_bytes;

  message.file_id = product->file_id;
  message.reference_file_id = (guint32) product->contours.reference_file_id;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.progress = product->progress;
  message.n_contour_sets = G_N_ELEMENTS (pointers);
  message.contour_sets = pointers;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_GROUP, key);
}

static void
fill_tile (CARTA__TileData       *data,
           const AlmuVectorTile  *tile,
           const AlmuTilePicture *picture)
{
  carta__tile_data__init (data);
  data->layer = tile->place.layer;
  data->x = tile->place.x;
  data->y = tile->place.y;
  data->mip = tile->mip;
  if (picture == NULL)
    return;

  data->width = picture->width;
  data->height = picture->height;
  data->image_data = borrow (picture->pixels);
  data->nan_encodings = borrow (picture->blanks);
}

/**
 * almu_speak_vectors:
 * @link: whose viewer looks
 * @product: a tile of vectors, or none
 *
 * Sends VECTOR_OVERLAY_TILE_DATA. A product with a negative progress says that
 * earlier ones are void: those that wait to be sent are dropped. One without a
 * tile tells the progress alone.
 */
void
almu_speak_vectors (AlmuLink          *link,
                    const AlmuProduct *product)
{
  CARTA__VectorOverlayTileData message = CARTA__VECTOR_OVERLAY_TILE_DATA__INIT;
  CARTA__TileData              intensity, angle;
  CARTA__TileData             *intensities[] = { &intensity };
  CARTA__TileData             *angles[] = { &angle };
  const AlmuVectorSettings    *settings = product->vectors.settings;
  const AlmuVectorTile        *tile = product->vectors.tile;
  guint64                      key = group_key (product->kind, product->file_id);

  if (product->progress < 0)
    {
      almu_link_drop_group (link, key);
      return;
    }

  message.file_id = product->file_id;
  message.channel = product->channel;
  message.stokes_intensity = settings->intensity;
  message.stokes_angle = settings->angle;
  message.compression_type = (CARTA__CompressionType) settings->compression;
  message.compression_quality = settings->quality;
  message.progress = product->progress;
  if (tile != NULL)
    {
      fill_tile (&intensity, tile, tile->intensity);
      fill_tile (&angle, tile, tile->angle);
      message.n_intensity_tiles = G_N_ELEMENTS (intensities);
      message.intensity_tiles = intensities;
      message.n_angle_tiles = G_N_ELEMENTS (angles);
      message.angle_tiles = angles;
    }
  almu_link_stream (link, &message.base, ALMU_OUTBOX_GROUP, key);
}
