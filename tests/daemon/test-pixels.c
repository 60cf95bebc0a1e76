/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-desk.h"

#define WIDTH 300
#define HEIGHT 40

/* -- what a file holds, and what arrives --------------------------------- */

typedef struct
{
  int    bitpix;
  double scale;
  double zero;
  int    blank; /* 0 for none */
} Kind;

static const Kind kinds[] = {
  { 8, 1, 0, 0 },
  { 8, 0.5, -3, 7 },
  { 16, 1, 0, 0 },
  { 16, 1, 32768, 0 },
  { 16, 0.125, 10, -32768 },
  { 32, 1, 0, 0 },
  { 32, 2, 1, -7 },
  { 64, 1, 0, 0 },
  { 64, 0.25, -1, 9 },
  { -32, 1, 0, 0 },
  { -32, 2, 5, 0 },
  { -64, 1, 0, 0 },
  { -64, 0.5, 1, 0 },
};

/* Small whole numbers, each of which every kind can hold. */
static double
stored (const gint64 *position,
        gpointer      user_data)
{
  const Kind *kind = user_data;
  gint64      i = position[0] + WIDTH * position[1];

  if (i % 11 == 3 && kind->blank != 0)
    return kind->blank;
  if (i % 11 == 3 && kind->bitpix < 0)
    return NAN;

  return (double) (i % 101);
}

static float
expected (const Kind *kind,
          int         x,
          int         y)
{
  const gint64 position[] = { x, y };
  double       value = stored (position, (gpointer) kind);

  return kind->blank != 0 && value == kind->blank ? NAN : (float) (kind->zero + kind->scale * value);
}

static gboolean
same (float a,
      float b)
{
  return a == b || (isnan (a) && isnan (b));
}

static char *
write_kind (Desk       *desk,
            const Kind *kind)
{
  const gint64 shape[] = { WIDTH, HEIGHT };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *name = g_strdup_printf ("%d_%g_%g.fits", kind->bitpix, kind->scale, kind->zero);
  g_autofree char *path = NULL;
  char             text[G_ASCII_DTOSTR_BUF_SIZE];

  almu_test_fits_begin (fits, kind->bitpix, 2, shape);
  if (kind->scale != 1 || kind->zero != 0)
    {
      almu_test_fits_card (fits, "BSCALE", g_ascii_dtostr (text, sizeof text, kind->scale));
      almu_test_fits_card (fits, "BZERO", g_ascii_dtostr (text, sizeof text, kind->zero));
    }
  if (kind->blank != 0)
    almu_test_fits_card (fits, "BLANK", g_ascii_dtostr (text, sizeof text, kind->blank));
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, stored, (gpointer) kind);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, desk->folder, name);

  return g_steal_pointer (&name);
}

typedef struct
{
  int    n;
  int    n_blank;
  double sum;
  double sum_sq;
  double mean;
  double sigma;
  double min;
  double max;
} Figures;

/* In the plainest way there is. */
static Figures
count (const Kind *kind)
{
  Figures figures = { .min = INFINITY, .max = -INFINITY };
  double  squares = 0;

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      float value = expected (kind, i % WIDTH, i / WIDTH);

      if (isnan (value))
        {
          figures.n_blank++;
          continue;
        }
      figures.n++;
      figures.sum += value;
      figures.sum_sq += (double) value * value;
      figures.min = MIN (figures.min, value);
      figures.max = MAX (figures.max, value);
    }

  figures.mean = figures.sum / figures.n;
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      float value = expected (kind, i % WIDTH, i / WIDTH);

      if (!isnan (value))
        squares += (value - figures.mean) * (value - figures.mean);
    }
  figures.sigma = sqrt (squares / (figures.n - 1));

  return figures;
}

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon (a, b, 1e-6 * fabs (b) + 1e-9)

static void
assert_histogram (const Kind                       *kind,
                  const CARTA__RegionHistogramData *data)
{
  const CARTA__Histogram *histogram = data->histograms;
  Figures                 figures = count (kind);
  int                     n_bins = (int) sqrt (WIDTH * HEIGHT);
  g_autofree int         *bins = g_new0 (int, n_bins);
  float                   min = (float) figures.min;
  float                   width = (float) ((figures.max - figures.min) / n_bins);

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      float value = expected (kind, i % WIDTH, i / WIDTH);

      if (!isnan (value))
        bins[CLAMP ((int) ((value - min) / width), 0, n_bins - 1)]++;
    }

  g_assert_cmpint (data->region_id, ==, -1);
  g_assert_cmpfloat (data->progress, ==, 1);
  g_assert_false (data->config->fixed_num_bins);
  g_assert_false (data->config->fixed_bounds);
  g_assert_cmpint (histogram->num_bins, ==, n_bins);
  g_assert_cmpuint (histogram->n_bins, ==, n_bins);
  assert_near (histogram->bin_width, width);
  assert_near (histogram->first_bin_center - histogram->bin_width / 2, figures.min);
  assert_near (histogram->mean, figures.mean);
  assert_near (histogram->std_dev, figures.sigma);
  g_assert_cmpmem (bins, n_bins * sizeof (int), histogram->bins, histogram->n_bins * sizeof (gint32));
}

static void
assert_stats (const Kind                   *kind,
              const CARTA__RegionStatsData *stats)
{
  Figures figures = count (kind);

  g_assert_cmpint (stats->region_id, ==, -1);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NumPixels), ==, figures.n);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NanCount), ==, figures.n_blank);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Sum), figures.sum);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__SumSq), figures.sum_sq);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Mean), figures.mean);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__RMS), sqrt (figures.sum_sq / figures.n));
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Sigma), figures.sigma);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__Min), ==, figures.min);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__Max), ==, figures.max);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__Extrema), ==,
                     fabs (figures.min) > fabs (figures.max) ? figures.min : figures.max);
}

static void
check_kind (Desk       *desk,
            const Kind *kind,
            int         file_id)
{
  g_autofree char                               *name = write_kind (desk, kind);
  g_autofree float                              *plane = NULL;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;
  almu_test_autobody CARTA__RegionStatsData     *stats = NULL;
  almu_test_autobody CARTA__SpatialProfileData  *profile = NULL;

  g_test_message ("%s", name);
  desk_open (desk, name, file_id);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
  assert_histogram (kind, histogram);

  plane = almu_test_await_plane (desk->viewer, file_id, WIDTH, HEIGHT);
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    g_assert_true (same (plane[i], expected (kind, i % WIDTH, i / WIDTH)));

  almu_test_ask_cursor (desk->viewer, file_id, 33, 21);
  profile = desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
  g_assert_cmpint (profile->x, ==, 33);
  g_assert_cmpint (profile->y, ==, 21);
  g_assert_true (same (profile->value, expected (kind, 33, 21)));

  almu_test_ask_stats (desk->viewer, file_id, -1, "z");
  stats = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
  assert_stats (kind, stats);
}

static void
test_pixels_kinds (Desk         *desk,
                   gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    check_kind (desk, &kinds[i], (int) i);
}

/* -- compressed as a whole ----------------------------------------------- */

static void
compress (const char *from,
          const char *to)
{
  g_autoptr(GFile) source = g_file_new_for_path (from);
  g_autoptr(GFile) target = g_file_new_for_path (to);
  g_autoptr(GConverter) converter = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1));
  g_autoptr(GFileInputStream) input = g_file_read (source, NULL, NULL);
  g_autoptr(GFileOutputStream) output = g_file_replace (target, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL);
  g_autoptr(GOutputStream) packing = g_converter_output_stream_new (G_OUTPUT_STREAM (output), converter);
  g_autoptr(GError) error = NULL;

  g_output_stream_splice (packing, G_INPUT_STREAM (input),
                          G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error);
  g_assert_no_error (error);
}

static void
test_pixels_gzip (Desk         *desk,
                  gconstpointer user_data)
{
  const Kind       *kind = &kinds[4];
  g_autofree char  *name = write_kind (desk, kind);
  g_autofree char  *packed_name = g_strconcat (name, ".gz", NULL);
  g_autofree char  *path = g_build_filename (desk->folder, name, NULL);
  g_autofree char  *packed_path = g_build_filename (desk->folder, packed_name, NULL);
  g_autofree float *plane = NULL;

  compress (path, packed_path);
  desk_open (desk, packed_name, 1);
  plane = almu_test_await_plane (desk->viewer, 1, WIDTH, HEIGHT);
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    g_assert_true (same (plane[i], expected (kind, i % WIDTH, i / WIDTH)));
}

/* -- compressed tiles ---------------------------------------------------- */

static double
hills (const gint64 *position,
       gpointer      user_data)
{
  double x = (double) position[0];
  double y = (double) position[1];

  if ((x - 100) * (x - 100) + (y - 80) * (y - 80) < 900 || y > 250)
    return NAN;

  return 100 + 20 * sin (x / 17) * cos (y / 23);
}

static void
assert_tile_near (CARTA__RasterTileData *message,
                  double                 tolerance)
{
  const CARTA__TileData *tile = message->tiles[0];
  g_autofree float      *pixels = almu_test_decode_tile (message);

  g_assert_cmpint (message->compression_type, ==, CARTA__COMPRESSION_TYPE__ZFP);
  for (int y = 0; y < tile->height; y++)
    for (int x = 0; x < tile->width; x++)
      {
        const gint64 position[] = { tile->x * 256 + x, tile->y * 256 + y };
        float        value = pixels[y * tile->width + x];
        double       truth = hills (position, NULL);

        g_assert_cmpint (isnan (value) != 0, ==, isnan (truth) != 0);
        if (!isnan (truth))
          g_assert_cmpfloat_with_epsilon (value, truth, tolerance);
      }
}

static void
test_pixels_zfp (Desk         *desk,
                 gconstpointer user_data)
{
  const gint64 shape[] = { 500, 300 };
  const gint32 codes[] = {
    almu_test_tile_code (1, 0, 0), almu_test_tile_code (1, 1, 0),
    almu_test_tile_code (1, 0, 1), almu_test_tile_code (1, 1, 1)
  };
  const struct
  {
    float  quality;
    double tolerance;
  } cases[] = { { 8, 8 }, { 11, 1 }, { 20, 0.01 }, { 32, 1e-4 } };

  desk_write (desk, "hills.fits", 2, shape, hills, NULL);
  desk_open (desk, "hills.fits", 3);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GPtrArray) tiles = NULL;

      almu_test_ask_tiles (desk->viewer, 3, codes, G_N_ELEMENTS (codes), CARTA__COMPRESSION_TYPE__ZFP, cases[i].quality);
      tiles = almu_test_await_picture (desk->viewer, 3);
      g_assert_cmpuint (tiles->len, ==, G_N_ELEMENTS (codes));
      for (guint j = 0; j < tiles->len; j++)
        {
          g_assert_cmpfloat (((CARTA__RasterTileData *) tiles->pdata[j])->compression_quality, >=, cases[i].quality);
          assert_tile_near (tiles->pdata[j], cases[i].tolerance);
        }
    }
}

/* -- down-sampled tiles -------------------------------------------------- */

static double
steps (const gint64 *position,
       gpointer      user_data)
{
  return (position[0] * 7 + position[1] * 13) % 29 == 0 ? NAN : (double) ((position[0] * position[1]) % 97);
}

static double
block_mean (int x0,
            int y0,
            int mip,
            int width,
            int height)
{
  double sum = 0;
  int    n = 0;

  for (gint64 y = y0; y < MIN (y0 + mip, height); y++)
    for (gint64 x = x0; x < MIN (x0 + mip, width); x++)
      {
        const gint64 position[] = { x, y };
        double       value = steps (position, NULL);

        if (isnan (value))
          continue;
        sum += value;
        n++;
      }

  return n > 0 ? sum / n : NAN;
}

static void
assert_layer (Desk *desk,
              int   layer,
              int   width,
              int   height)
{
  int mip = 1 << (almu_test_last_layer (width, height) - layer);
  int n_x = (width + 256 * mip - 1) / (256 * mip);
  int n_y = (height + 256 * mip - 1) / (256 * mip);
  g_autoptr(GArray) codes = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr(GPtrArray) tiles = NULL;

  for (int i = 0; i < n_x * n_y; i++)
    {
      gint32 code = almu_test_tile_code (layer, i % n_x, i / n_x);

      g_array_append_val (codes, code);
    }
  almu_test_ask_tiles (desk->viewer, 0, (gint32 *) codes->data, codes->len, CARTA__COMPRESSION_TYPE__NONE, 0);
  tiles = almu_test_await_picture (desk->viewer, 0);
  g_assert_cmpuint (tiles->len, ==, codes->len);

  for (guint i = 0; i < tiles->len; i++)
    {
      const CARTA__TileData *tile = ((CARTA__RasterTileData *) tiles->pdata[i])->tiles[0];
      g_autofree float      *pixels = almu_test_decode_tile (tiles->pdata[i]);
      int                    left = tile->x * 256 * mip;
      int                    bottom = tile->y * 256 * mip;

      g_assert_cmpint (tile->width, ==, (MIN (width - left, 256 * mip) + mip - 1) / mip);
      g_assert_cmpint (tile->height, ==, (MIN (height - bottom, 256 * mip) + mip - 1) / mip);
      for (int j = 0; j < tile->width * tile->height; j++)
        {
          double truth = block_mean (left + (j % tile->width) * mip, bottom + (j / tile->width) * mip, mip, width, height);

          if (isnan (truth))
            g_assert_true (isnan (pixels[j]));
          else
            g_assert_cmpfloat_with_epsilon (pixels[j], truth, 1e-4);
        }
    }
}

static void
test_pixels_layers (Desk         *desk,
                    gconstpointer user_data)
{
  const gint64 shape[] = { 1100, 517 };

  desk_write (desk, "steps.fits", 2, shape, steps, NULL);
  desk_open (desk, "steps.fits", 0);
  for (int layer = 0; layer <= 3; layer++)
    assert_layer (desk, layer, 1100, 517);
}

/* -- cubes --------------------------------------------------------------- */

static const char *const cube_cards[] = {
  "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ    '", "CTYPE4", "'STOKES  '",
  "CRPIX4", "1", "CRVAL4", "1", "CDELT4", "1", "CUNIT1", "'deg'", "CUNIT2", "'deg'", "CDELT1", "-0.001",
  "CDELT2", "0.001", "CRVAL3", "1.4E9", "CDELT3", "1.0E6", "CUNIT3", "'Hz'", NULL
};

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 10 * position[1] + 100 * position[2] + 1000 * position[3]);
}

static void
assert_cube_plane (Desk *desk,
                   int   channel,
                   int   stokes)
{
  const gint32 code = 0;
  g_autoptr(GPtrArray) tiles = NULL;
  g_autofree float                              *pixels = NULL;
  CARTA__RasterTileData                         *tile;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  almu_test_ask_plane (desk->viewer, 0, channel, stokes, &code, 1);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
  g_assert_cmpint (histogram->channel, ==, channel);
  g_assert_cmpint (histogram->stokes, ==, stokes);
  tiles = almu_test_await_picture (desk->viewer, 0);
  tile = tiles->pdata[0];
  g_assert_cmpint (tile->channel, ==, channel);
  g_assert_cmpint (tile->stokes, ==, stokes);
  pixels = almu_test_decode_tile (tile);
  for (int i = 0; i < 6 * 5; i++)
    g_assert_cmpfloat (pixels[i], ==, i % 6 + 10 * (i / 6) + 100 * channel + 1000 * stokes);
}

static void
test_pixels_cube (Desk         *desk,
                  gconstpointer user_data)
{
  const gint64                                   shape[] = { 6, 5, 4, 3 };
  almu_test_autobody CARTA__OpenFileAck         *ack = NULL;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  desk_write (desk, "cube.fits", 4, shape, cube, cube_cards);
  ack = almu_test_viewer_open (desk->viewer, "", "cube.fits", "", 0);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_info_extended->width, ==, 6);
  g_assert_cmpint (ack->file_info_extended->height, ==, 5);
  g_assert_cmpint (ack->file_info_extended->depth, ==, 4);
  g_assert_cmpint (ack->file_info_extended->stokes, ==, 3);
  g_assert_cmpint (ack->file_info_extended->axes_numbers->spectral, ==, 3);
  g_assert_cmpint (ack->file_info_extended->axes_numbers->stokes, ==, 4);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);

  for (int plane = 1; plane < 12; plane++)
    assert_cube_plane (desk, plane % 4, plane / 4);
}

static void
test_pixels_no_such_plane (Desk         *desk,
                           gconstpointer user_data)
{
  const gint64                                   shape[] = { 6, 5, 4, 3 };
  const gint32                                   code = 0;
  const int                                      planes[][2] = { { 4, 0 }, { -1, 0 }, { 0, 3 }, { 0, -1 }, { G_MAXINT, 0 }, { G_MININT, G_MININT }, { 0, 13 } };
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  desk_write (desk, "cube.fits", 4, shape, cube, cube_cards);
  desk_open (desk, "cube.fits", 0);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
  for (guint i = 0; i < G_N_ELEMENTS (planes); i++)
    {
      almu_test_autobody CARTA__ErrorData *error = NULL;

      almu_test_ask_plane (desk->viewer, 0, planes[i][0], planes[i][1], &code, 1);
      error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, "cube.fits"));
    }

  assert_cube_plane (desk, 3, 2);
}

static void
test_pixels_spectrum (Desk         *desk,
                      gconstpointer user_data)
{
  const gint64 shape[] = { 6, 5, 4, 3 };
  const struct
  {
    const char *coordinate;
    int         stokes;
  } cases[] = { { "z", 0 }, { "Iz", 0 }, { "Qz", 1 }, { "Uz", 2 } };

  desk_write (desk, "cube.fits", 4, shape, cube, cube_cards);
  desk_open (desk, "cube.fits", 0);
  almu_test_ask_cursor (desk->viewer, 0, 4.4f, 2.6f);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const float                                   *values;
      almu_test_autobody CARTA__SpectralProfileData *data = NULL;

      almu_test_ask_spectral (desk->viewer, 0, 0, cases[i].coordinate);
      data = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
      g_assert_cmpint (data->file_id, ==, 0);
      g_assert_cmpint (data->region_id, ==, 0);
      g_assert_cmpfloat (data->progress, ==, 1);
      g_assert_cmpint (data->stokes, ==, cases[i].stokes);
      g_assert_cmpuint (data->n_profiles, ==, 1);
      g_assert_cmpstr (data->profiles[0]->coordinate, ==, cases[i].coordinate);
      g_assert_cmpuint (data->profiles[0]->raw_values_fp32.len, ==, 4 * sizeof (float));
      values = (const float *) data->profiles[0]->raw_values_fp32.data;
      for (int channel = 0; channel < 4; channel++)
        g_assert_cmpfloat (values[channel], ==, 4 + 30 + 100 * channel + 1000 * cases[i].stokes);
    }
}

/* Frequency first: the plane is made of the second and third axis. */
static void
test_pixels_swapped (Desk         *desk,
                     gconstpointer user_data)
{
  const gint64      shape[] = { 3, 6, 5 };
  const char *const cards[] = {
    "CTYPE1", "'FREQ    '", "CTYPE2", "'RA---SIN'", "CTYPE3", "'DEC--SIN'", NULL
  };
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;
  int                                    width;
  int                                    height;
  int                                    depth;

  desk_write (desk, "swapped.fits", 3, shape, cube, cards);
  ack = almu_test_viewer_open (desk->viewer, "", "swapped.fits", "", 0);
  g_assert_true (ack->success);
  width = ack->file_info_extended->width;
  height = ack->file_info_extended->height;
  depth = ack->file_info_extended->depth;
  g_test_message ("%d × %d × %d, depth axis %d", width, height, depth, ack->file_info_extended->axes_numbers->depth);
  g_assert_cmpint (width * height * depth, ==, 90);
  g_assert_cmpint (ack->file_info_extended->axes_numbers->spatial_x, ==, 2);
  g_assert_cmpint (ack->file_info_extended->axes_numbers->spatial_y, ==, 3);
  g_assert_cmpint (ack->file_info_extended->axes_numbers->spectral, ==, 1);

  for (int channel = 0; channel < depth; channel++)
    {
      g_autofree float *plane = NULL;

      almu_test_ask_plane (desk->viewer, 0, channel, 0, NULL, 0);
      plane = almu_test_await_plane (desk->viewer, 0, width, height);
      for (int i = 0; i < width * height; i++)
        {
          const gint64 axes[3] = { i % width, i / width, channel };
          gint64       position[4] = { 0 };

          /* the two lowest axes that are drawn, then what is left */
          if (ack->file_info_extended->axes_numbers->depth == 1)
            position[1] = axes[0], position[2] = axes[1], position[0] = axes[2];
          else
            position[0] = axes[0], position[1] = axes[1], position[2] = axes[2];
          g_assert_cmpfloat (plane[i], ==, cube (position, NULL));
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/pixels/kinds", test_pixels_kinds);
  desk_add ("/daemon/pixels/gzip", test_pixels_gzip);
  desk_add ("/daemon/pixels/zfp", test_pixels_zfp);
  desk_add ("/daemon/pixels/layers", test_pixels_layers);
  desk_add ("/daemon/pixels/cube", test_pixels_cube);
  desk_add ("/daemon/pixels/no-such-plane", test_pixels_no_such_plane);
  desk_add ("/daemon/pixels/spectrum", test_pixels_spectrum);
  desk_add ("/daemon/pixels/swapped", test_pixels_swapped);

  return g_test_run ();
}
