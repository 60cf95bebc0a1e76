/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-ask.h"

#include <math.h>
#include <string.h>
#include <zfp.h>

#define TILE 256

/* All that a page may want to know, but for what belongs to one dimension. */
static CARTA__StatsType all_stats[] = {
  CARTA__STATS_TYPE__NumPixels, CARTA__STATS_TYPE__NanCount, CARTA__STATS_TYPE__Sum,
  CARTA__STATS_TYPE__Mean, CARTA__STATS_TYPE__RMS, CARTA__STATS_TYPE__Sigma,
  CARTA__STATS_TYPE__SumSq, CARTA__STATS_TYPE__Min, CARTA__STATS_TYPE__Max,
  CARTA__STATS_TYPE__Extrema
};

void
almu_test_ask_tiles (AlmuTestViewer *viewer,
                     int             file_id,
                     const gint32   *codes,
                     gsize           n_codes,
                     int             compression,
                     float           quality)
{
  CARTA__AddRequiredTiles message = CARTA__ADD_REQUIRED_TILES__INIT;

  message.file_id = file_id;
  message.n_tiles = n_codes;
  message.tiles = (gint32 *) codes;
  message.compression_type = (CARTA__CompressionType) compression;
  message.compression_quality = quality;
  almu_test_viewer_send (viewer, &message.base);
}

/* With uncompressed tiles, if any. */
void
almu_test_ask_plane (AlmuTestViewer *viewer,
                     int             file_id,
                     int             channel,
                     int             stokes,
                     const gint32   *codes,
                     gsize           n_codes)
{
  CARTA__SetImageChannels message = CARTA__SET_IMAGE_CHANNELS__INIT;
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;

  message.file_id = file_id;
  message.channel = channel;
  message.stokes = stokes;
  if (n_codes > 0)
    {
      tiles.file_id = file_id;
      tiles.n_tiles = n_codes;
      tiles.tiles = (gint32 *) codes;
      message.required_tiles = &tiles;
    }
  almu_test_viewer_send (viewer, &message.base);
}

void
almu_test_ask_cursor (AlmuTestViewer *viewer,
                      int             file_id,
                      float           x,
                      float           y)
{
  CARTA__SetCursor message = CARTA__SET_CURSOR__INIT;
  CARTA__Point     point = CARTA__POINT__INIT;

  point.x = x;
  point.y = y;
  message.file_id = file_id;
  message.point = &point;
  almu_test_viewer_send (viewer, &message.base);
}

void
almu_test_ask_spatial (AlmuTestViewer *viewer,
                       int             file_id,
                       int             region_id,
                       const char     *coordinate,
                       int             start,
                       int             end,
                       int             mip)
{
  CARTA__SetSpatialRequirements                 message = CARTA__SET_SPATIAL_REQUIREMENTS__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig  config = CARTA__SET_SPATIAL_REQUIREMENTS__SPATIAL_CONFIG__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig *configs[] = { &config };

  config.coordinate = (char *) coordinate;
  config.start = start;
  config.end = end;
  config.mip = mip;
  message.file_id = file_id;
  message.region_id = region_id;
  message.n_spatial_profiles = 1;
  message.spatial_profiles = configs;
  almu_test_viewer_send (viewer, &message.base);
}

void
almu_test_ask_spectral (AlmuTestViewer *viewer,
                        int             file_id,
                        int             region_id,
                        const char     *coordinate)
{
  const CARTA__StatsType type = CARTA__STATS_TYPE__Sum;

  almu_test_ask_spectra (viewer, file_id, region_id, (const char *const[]){ coordinate, NULL }, &type, 1);
}

/* The same statistics of each coordinate; with none, nothing from now on. */
void
almu_test_ask_spectra (AlmuTestViewer         *viewer,
                       int                     file_id,
                       int                     region_id,
                       const char *const      *coordinates,
                       const CARTA__StatsType *types,
                       gsize                   n_types)
{
  guint                                                       n = g_strv_length ((char **) coordinates);
  CARTA__SetSpectralRequirements                              message = CARTA__SET_SPECTRAL_REQUIREMENTS__INIT;
  g_autofree CARTA__SetSpectralRequirements__SpectralConfig  *configs = g_new (CARTA__SetSpectralRequirements__SpectralConfig, n);
  g_autofree CARTA__SetSpectralRequirements__SpectralConfig **pointers = g_new (CARTA__SetSpectralRequirements__SpectralConfig *, n);

  for (guint i = 0; i < n; i++)
    {
      carta__set_spectral_requirements__spectral_config__init (&configs[i]);
      configs[i].coordinate = (char *) coordinates[i];
      configs[i].n_stats_types = n_types;
      configs[i].stats_types = (CARTA__StatsType *) types;
      pointers[i] = &configs[i];
    }
  message.file_id = file_id;
  message.region_id = region_id;
  message.n_spectral_profiles = n;
  message.spectral_profiles = pointers;
  almu_test_viewer_send (viewer, &message.base);
}

void
almu_test_ask_stats (AlmuTestViewer *viewer,
                     int             file_id,
                     int             region_id,
                     const char     *coordinate)
{
  CARTA__SetStatsRequirements               message = CARTA__SET_STATS_REQUIREMENTS__INIT;
  CARTA__SetStatsRequirements__StatsConfig  config = CARTA__SET_STATS_REQUIREMENTS__STATS_CONFIG__INIT;
  CARTA__SetStatsRequirements__StatsConfig *configs[] = { &config };

  config.coordinate = (char *) coordinate;
  config.n_stats_types = G_N_ELEMENTS (all_stats);
  config.stats_types = all_stats;
  message.file_id = file_id;
  message.region_id = region_id;
  message.n_stats_configs = 1;
  message.stats_configs = configs;
  almu_test_viewer_send (viewer, &message.base);
}

/* As many bins as the service likes for -1; its own bounds unless they rise. */
void
almu_test_ask_histogram (AlmuTestViewer *viewer,
                         int             file_id,
                         int             region_id,
                         int             n_bins,
                         double          min,
                         double          max)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };
  CARTA__DoubleBounds             bounds = CARTA__DOUBLE_BOUNDS__INIT;

  bounds.min = min;
  bounds.max = max;
  config.coordinate = (char *) "z";
  config.channel = -1;
  config.fixed_num_bins = n_bins > 0;
  config.num_bins = n_bins;
  config.fixed_bounds = min < max;
  config.bounds = &bounds;
  message.file_id = file_id;
  message.region_id = region_id;
  message.n_histograms = 1;
  message.histograms = configs;
  almu_test_viewer_send (viewer, &message.base);
}

void
almu_test_ask_close (AlmuTestViewer *viewer,
                     int             file_id)
{
  CARTA__CloseFile message = CARTA__CLOSE_FILE__INIT;

  message.file_id = file_id;
  almu_test_viewer_send (viewer, &message.base);
}

/* @points: x and y of each. Returns the region's number, or 0 if refused. */
int
almu_test_draw (AlmuTestViewer *viewer,
                int             file_id,
                int             region_id,
                int             type,
                const float    *points,
                gsize           n_points,
                float           rotation)
{
  CARTA__SetRegion                        message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo                       info = CARTA__REGION_INFO__INIT;
  g_autofree CARTA__Point                *place = g_new (CARTA__Point, n_points);
  g_autofree CARTA__Point               **places = g_new (CARTA__Point *, n_points);
  almu_test_autobody CARTA__SetRegionAck *ack = NULL;

  for (gsize i = 0; i < n_points; i++)
    {
      carta__point__init (&place[i]);
      place[i].x = points[2 * i];
      place[i].y = points[2 * i + 1];
      places[i] = &place[i];
    }
  info.region_type = (CARTA__RegionType) type;
  info.n_control_points = n_points;
  info.control_points = places;
  info.rotation = rotation;
  message.file_id = file_id;
  message.region_id = region_id;
  message.region_info = &info;

  ack = almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__SET_REGION_ACK,
                                      almu_test_viewer_send (viewer, &message.base));
  if (!ack->success)
    {
      g_assert_cmpstr (ack->message, !=, "");
      return 0;
    }

  g_assert_cmpint (ack->region_id, >, 0);

  return ack->region_id;
}

/* Infinity for a statistic that is not there. */
double
almu_test_stats_get (const CARTA__RegionStatsData *stats,
                     int                           type)
{
  for (gsize i = 0; i < stats->n_statistics; i++)
    {
      if ((int) stats->statistics[i]->stats_type == type)
        return stats->statistics[i]->value;
    }

  return INFINITY;
}

/* The tiles of the next picture (CARTA__RasterTileData), which come as the
 * page needs them: all between two marks, as many as were announced. */
GPtrArray *
almu_test_await_picture (AlmuTestViewer *viewer,
                         int             file_id)
{
  GPtrArray                                *tiles = g_ptr_array_new_with_free_func (almu_test_body_free);
  almu_test_autobody CARTA__RasterTileSync *begin = NULL;
  almu_test_autobody CARTA__RasterTileSync *end = NULL;

  begin = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__RASTER_TILE_SYNC);
  g_assert_false (begin->end_sync);
  g_assert_cmpint (begin->file_id, ==, file_id);
  g_assert_cmpint (begin->sync_id, >, 0);
  g_assert_cmpint (begin->animation_id, ==, 0);

  end = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__RASTER_TILE_SYNC);
  g_assert_true (end->end_sync);
  g_assert_cmpint (end->sync_id, ==, begin->sync_id);
  g_assert_cmpint (end->tile_count, ==, begin->tile_count);

  for (int i = 0; i < begin->tile_count; i++)
    {
      CARTA__RasterTileData *data = almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__RASTER_TILE_DATA);

      g_assert_nonnull (data);
      g_assert_cmpint (data->sync_id, ==, begin->sync_id);
      g_assert_cmpint (data->file_id, ==, file_id);
      g_assert_cmpint (data->channel, ==, begin->channel);
      g_assert_cmpint (data->stokes, ==, begin->stokes);
      g_assert_cmpuint (data->n_tiles, ==, 1);
      g_ptr_array_add (tiles, data);
    }

  return tiles;
}

static void
paint_blanks (float              *pixels,
              gsize               n_pixels,
              ProtobufCBinaryData runs)
{
  gsize    at = 0;
  gboolean is_valid = TRUE;

  for (gsize i = 0; i < runs.len / 4; i++)
    {
      guint32 length;

      memcpy (&length, runs.data + 4 * i, 4);
      length = GUINT32_FROM_LE (length);
      g_assert_cmpuint (length, <=, n_pixels - at);
      for (guint32 j = 0; !is_valid && j < length; j++)
        pixels[at + j] = NAN;
      at += length;
      is_valid = !is_valid;
    }
  g_assert_true (runs.len == 0 || at == n_pixels);
}

/* As the page does it: zfp without a header, in fixed precision. */
static void
decompress (float              *pixels,
            int                 width,
            int                 height,
            int                 precision,
            ProtobufCBinaryData data)
{
  bitstream  *bits = stream_open (data.data, data.len);
  zfp_stream *stream = zfp_stream_open (bits);
  zfp_field  *field = zfp_field_2d (pixels, zfp_type_float, (guint) width, (guint) height);

  zfp_stream_set_precision (stream, (guint) precision);
  zfp_stream_rewind (stream);
  g_assert_cmpuint (zfp_decompress (stream, field), >, 0);
  zfp_field_free (field);
  zfp_stream_close (stream);
  stream_close (bits);
}

/* The pixels of a tile, row by row from the bottom. */
float *
almu_test_decode_tile (const CARTA__RasterTileData *message)
{
  const CARTA__TileData *tile = message->tiles[0];
  gsize                  n_pixels = (gsize) tile->width * (gsize) tile->height;
  float                 *pixels = g_new (float, n_pixels);

  g_assert_cmpint (tile->width, >, 0);
  g_assert_cmpint (tile->width, <=, TILE);
  g_assert_cmpint (tile->height, >, 0);
  g_assert_cmpint (tile->height, <=, TILE);

  if (message->compression_type == CARTA__COMPRESSION_TYPE__NONE)
    {
      g_assert_cmpmem (tile->image_data.data, n_pixels * sizeof (float), tile->image_data.data, tile->image_data.len);
      memcpy (pixels, tile->image_data.data, n_pixels * sizeof (float));
      return pixels;
    }

  decompress (pixels, tile->width, tile->height, (int) message->compression_quality, tile->image_data);
  paint_blanks (pixels, n_pixels, tile->nan_encodings);

  return pixels;
}

int
almu_test_last_layer (int width,
                      int height)
{
  int n = MAX ((width + TILE - 1) / TILE, (height + TILE - 1) / TILE);
  int layer = 0;

  while ((1 << layer) < n)
    layer++;

  return layer;
}

gint32
almu_test_tile_code (int layer,
                     int x,
                     int y)
{
  return (layer << 24) | (y << 12) | x;
}

/* Asks for the current plane in full resolution and puts it together. */
float *
almu_test_await_plane (AlmuTestViewer *viewer,
                       int             file_id,
                       int             width,
                       int             height)
{
  int    layer = almu_test_last_layer (width, height);
  int    n_x = (width + TILE - 1) / TILE;
  int    n_y = (height + TILE - 1) / TILE;
  float *plane = g_new (float, (gsize) width *(gsize) height);
  g_autoptr(GArray) codes = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr(GPtrArray) tiles = NULL;

  for (int i = 0; i < n_x * n_y; i++)
    {
      gint32 code = almu_test_tile_code (layer, i % n_x, i / n_x);

      g_array_append_val (codes, code);
    }
  almu_test_ask_tiles (viewer, file_id, (gint32 *) codes->data, codes->len, CARTA__COMPRESSION_TYPE__NONE, 0);
  tiles = almu_test_await_picture (viewer, file_id);
  g_assert_cmpuint (tiles->len, ==, codes->len);

  for (guint i = 0; i < tiles->len; i++)
    {
      const CARTA__TileData *tile = ((CARTA__RasterTileData *) tiles->pdata[i])->tiles[0];
      g_autofree float      *pixels = almu_test_decode_tile (tiles->pdata[i]);

      g_assert_cmpint (tile->layer, ==, layer);
      g_assert_cmpint (tile->x * TILE + tile->width, <=, width);
      g_assert_cmpint (tile->y * TILE + tile->height, <=, height);
      for (int y = 0; y < tile->height; y++)
        memcpy (plane + (gsize) (tile->y * TILE + y) * (gsize) width + tile->x * TILE,
                pixels + (gsize) y * (gsize) tile->width, (gsize) tile->width * sizeof (float));
    }

  return plane;
}
