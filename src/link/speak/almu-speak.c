/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-speak.h"

#include "almu-speak-overlay.h"
#include "almu-speak-catalog.h"

/* Products of the model as messages of the ICD, each in the lane of the
 * outbox that fits it: what a newer one makes worthless may be replaced,
 * tiles may be dropped, and what brackets them may not.
 */

static guint64
mix (guint64 key,
     guint64 value)
{
  return (key ^ value) * G_GUINT64_CONSTANT (0x100000001b3);
}

/* What a newer product replaces: the same of the same. */
static guint64
newest_key (const AlmuProduct *product,
            guint64            what)
{
  guint64 key = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  key = mix (key, (guint64) product->kind);
  key = mix (key, (guint32) product->file_id);
  key = mix (key, (guint32) product->region_id);
  key = mix (key, (guint32) product->stokes);
  if (product->frame != 0)
    key = mix (key, product->frame);

  return mix (key, what);
}

static ProtobufCBinaryData
borrow (GBytes *bytes)
{
  ProtobufCBinaryData data = { 0 };

  if (bytes != NULL)
    data.data = (guint8 *) g_bytes_get_data (bytes, &data.len);

  return data;
}

static guint64
hash_histogram_want (const AlmuHistogramWant *want)
{
  guint64 key = mix (0, (guint32) want->channel);

  key = mix (key, (guint32) want->n_bins);
  key = mix (key, (guint64) want->has_fixed_bounds);
  key = mix (key, g_double_hash (&want->min));

  return mix (key, g_double_hash (&want->max));
}

static void
speak_histogram (AlmuLink          *link,
                 const AlmuProduct *product)
{
  CARTA__RegionHistogramData message = CARTA__REGION_HISTOGRAM_DATA__INIT;
  CARTA__Histogram           histogram = CARTA__HISTOGRAM__INIT;
  CARTA__HistogramConfig     config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__DoubleBounds        bounds = CARTA__DOUBLE_BOUNDS__INIT;
  const AlmuHistogramWant   *want = product->histogram.want;
  const AlmuHistogram       *counts = product->histogram.histogram;

  if (counts != NULL)
    {
      histogram.num_bins = counts->n_bins;
      histogram.bin_width = counts->bin_width;
      histogram.first_bin_center = counts->first_centre;
      histogram.n_bins = (gsize) counts->n_bins;
      histogram.bins = (gint32 *) counts->counts;
      histogram.mean = counts->mean;
      histogram.std_dev = counts->sigma;
    }

  config.coordinate = want->coordinate;
  config.channel = want->channel;
  config.fixed_num_bins = want->has_fixed_bins;
  config.num_bins = want->n_bins;
  config.fixed_bounds = want->has_fixed_bounds;
  bounds.min = want->min;
  bounds.max = want->max;
  config.bounds = &bounds;

  message.file_id = product->file_id;
  message.region_id = product->region_id;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.progress = product->progress;
  message.histograms = &histogram;
  message.config = &config;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_NEWEST,
                    newest_key (product, hash_histogram_want (want)));
}

static void
speak_stats (AlmuLink          *link,
             const AlmuProduct *product)
{
  CARTA__RegionStatsData              message = CARTA__REGION_STATS_DATA__INIT;
  guint                               n = product->stats.n_values;
  g_autofree CARTA__StatisticsValue  *values = g_new (CARTA__StatisticsValue, MAX (n, 1));
  g_autofree CARTA__StatisticsValue **pointers = g_new (CARTA__StatisticsValue *, MAX (n, 1));
  guint64                             types = 0;

  for (guint i = 0; i < n; i++)
    {
      carta__statistics_value__init (&values[i]);
      values[i].stats_type = (CARTA__StatsType) product->stats.values[i].type;
      values[i].value = product->stats.values[i].value;
      pointers[i] = &values[i];
      types = mix (types, (guint64) values[i].stats_type + 1);
    }

  message.file_id = product->file_id;
  message.region_id = product->region_id;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.n_statistics = n;
  message.statistics = pointers;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_NEWEST, newest_key (product, types));
}

static void
describe_line_axis (const AlmuLineAxis     *axis,
                    CARTA__LineProfileAxis *message)
{
  carta__line_profile_axis__init (message);
  message->axis_type = (CARTA__ProfileAxisType) axis->type;
  message->crpix = (float) axis->reference_index;
  message->crval = (float) axis->reference;
  message->cdelt = (float) axis->increment;
  message->unit = (char *) axis->unit;
}

static void
speak_spatial (AlmuLink          *link,
               const AlmuProduct *product)
{
  CARTA__SpatialProfileData          message = CARTA__SPATIAL_PROFILE_DATA__INIT;
  guint                              n = product->profile.n_profiles;
  g_autofree CARTA__SpatialProfile  *profiles = g_new (CARTA__SpatialProfile, MAX (n, 1));
  g_autofree CARTA__SpatialProfile **pointers = g_new (CARTA__SpatialProfile *, MAX (n, 1));
  g_autofree CARTA__LineProfileAxis *axes = g_new (CARTA__LineProfileAxis, MAX (n, 1));
  guint64                            what = 0;

  for (guint i = 0; i < n; i++)
    {
      const AlmuProfile *profile = &product->profile.profiles[i];

      carta__spatial_profile__init (&profiles[i]);
      profiles[i].start = profile->start;
      profiles[i].end = profile->end;
      profiles[i].mip = profile->mip;
      profiles[i].coordinate = (char *) profile->coordinate;
      profiles[i].raw_values_fp32 = borrow (profile->values);
      if (profile->line_axis != NULL)
        {
          describe_line_axis (profile->line_axis, &axes[i]);
          profiles[i].line_axis = &axes[i];
          /* each profile of a line comes by itself */
          what = mix (what, g_str_hash (profile->coordinate));
        }
      pointers[i] = &profiles[i];
    }

  message.file_id = product->file_id;
  message.region_id = product->region_id;
  message.x = product->profile.x;
  message.y = product->profile.y;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.value = product->profile.value;
  message.n_profiles = n;
  message.profiles = pointers;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_NEWEST, newest_key (product, what));
}

static void
speak_spectral (AlmuLink          *link,
                const AlmuProduct *product)
{
  CARTA__SpectralProfileData          message = CARTA__SPECTRAL_PROFILE_DATA__INIT;
  guint                               n = product->profile.n_profiles;
  g_autofree CARTA__SpectralProfile  *profiles = g_new (CARTA__SpectralProfile, MAX (n, 1));
  g_autofree CARTA__SpectralProfile **pointers = g_new (CARTA__SpectralProfile *, MAX (n, 1));
  guint64                             what = 0;

  for (guint i = 0; i < n; i++)
    {
      const AlmuProfile *profile = &product->profile.profiles[i];

      carta__spectral_profile__init (&profiles[i]);
      profiles[i].coordinate = (char *) profile->coordinate;
      profiles[i].stats_type = (CARTA__StatsType) profile->stats_type;
      if (product->region_id == ALMU_REGION_CURSOR)
        profiles[i].raw_values_fp32 = borrow (profile->values);
      else
        profiles[i].raw_values_fp64 = borrow (profile->values);
      pointers[i] = &profiles[i];
      what = mix (what, g_str_hash (profile->coordinate));
      what = mix (what, (guint64) profile->stats_type);
    }

  message.file_id = product->file_id;
  message.region_id = product->region_id;
  message.stokes = product->stokes;
  message.progress = product->progress;
  message.n_profiles = n;
  message.profiles = pointers;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_NEWEST, newest_key (product, what));
}

static void
speak_tiles_bracket (AlmuLink          *link,
                     const AlmuProduct *product)
{
  CARTA__RasterTileSync message = CARTA__RASTER_TILE_SYNC__INIT;

  message.file_id = product->file_id;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.sync_id = product->tiles.sync_id;
  message.animation_id = product->tiles.animation_id;
  message.tile_count = product->tiles.n_tiles;
  message.end_sync = product->kind == ALMU_PRODUCT_TILES_END;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_ORDERED, 0);
}

static void
speak_tile (AlmuLink          *link,
            const AlmuProduct *product)
{
  CARTA__RasterTileData  message = CARTA__RASTER_TILE_DATA__INIT;
  CARTA__TileData        data = CARTA__TILE_DATA__INIT;
  CARTA__TileData       *pointers[] = { &data };
  const AlmuTile        *tile = product->tiles.tile;
  const AlmuTilePicture *picture = product->tiles.picture;

  data.layer = tile->layer;
  data.x = tile->x;
  data.y = tile->y;
  data.width = picture->width;
  data.height = picture->height;
  data.image_data = borrow (picture->pixels);
  data.nan_encodings = borrow (picture->blanks);

  message.file_id = product->file_id;
  message.channel = product->channel;
  message.stokes = product->stokes;
  message.compression_type = (CARTA__CompressionType) picture->compression;
  message.compression_quality = picture->quality;
  message.sync_id = product->tiles.sync_id;
  message.animation_id = product->tiles.animation_id;
  message.n_tiles = G_N_ELEMENTS (pointers);
  message.tiles = pointers;
  almu_link_stream (link, &message.base, ALMU_OUTBOX_GROUP, (guint64) (guint32) product->file_id);
}

/**
 * almu_speak_product:
 * @link: whose viewer looks
 * @product: of the epoch that the viewer is in
 *
 * Tells the viewer what a calculation has to say.
 */
void
almu_speak_product (AlmuLink          *link,
                    const AlmuProduct *product)
{
  static void (*const speakers[]) (AlmuLink *, const AlmuProduct *) = {
    [ALMU_PRODUCT_HISTOGRAM] = speak_histogram,
    [ALMU_PRODUCT_STATS] = speak_stats,
    [ALMU_PRODUCT_SPATIAL] = speak_spatial,
    [ALMU_PRODUCT_SPECTRAL] = speak_spectral,
    [ALMU_PRODUCT_TILES_BEGIN] = speak_tiles_bracket,
    [ALMU_PRODUCT_TILE] = speak_tile,
    [ALMU_PRODUCT_TILES_END] = speak_tiles_bracket,
    [ALMU_PRODUCT_CONTOURS] = almu_speak_contours,
    [ALMU_PRODUCT_VECTORS] = almu_speak_vectors,
    [ALMU_PRODUCT_ROWS] = almu_speak_rows,
  };

  speakers[product->kind](link, product);
}
