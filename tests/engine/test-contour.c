/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-contour.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "almu-error.h"
#include "almu-test-status.h"
#include "almu-vertex-codec.h"
#include "almu-workers.h"
#include "test-pixels.h"

#define NO_LIMIT G_MAXINT32

/* -- a tracer of its own -------------------------------------------------- */

/* One line after another over the whole plane, as the interface's authors
 * do it. Slow and simple; shares nothing with what is tested. */
typedef struct
{
  const float *pixels;
  int          width;
  int          height;
  double       level;
  double       scale;
  double       offset;
  gboolean    *visited;
  GPtrArray   *lines; /* of GArray of float */
} Naive;

static double
height_at (Naive *naive,
           int    x,
           int    y)
{
  float value = naive->pixels[y * naive->width + x];

  return isnan (value) ? -FLT_MAX : CLAMP (value, -FLT_MAX, FLT_MAX);
}

static void
push (Naive  *naive,
      GArray *line,
      double  x,
      double  y)
{
  float pair[] = {
    (float) (naive->scale * (x + 0.5) + naive->offset),
    (float) (naive->scale * (y + 0.5) + naive->offset),
  };

  g_array_append_vals (line, pair, 2);
}

static void
push_side (Naive  *naive,
           GArray *line,
           int     x,
           int     y,
           int     side)
{
  double a = height_at (naive, x, y), b = height_at (naive, x + 1, y);
  double c = height_at (naive, x + 1, y + 1), d = height_at (naive, x, y + 1);
  double l = naive->level;

  if (side == 0)
    push (naive, line, x + (l - a) / (b - a), y);
  else if (side == 1)
    push (naive, line, x + 1, y + (l - b) / (c - b));
  else if (side == 2)
    push (naive, line, x + (l - d) / (c - d), y + 1);
  else
    push (naive, line, x, y + (l - a) / (d - a));
}

static void
naive_trace (Naive *naive,
             int    x,
             int    y,
             int    side)
{
  GArray *line = g_array_new (FALSE, FALSE, sizeof (float));
  int     x0 = x, y0 = y, side0 = side;

  push_side (naive, line, x, y, side);
  do
    {
      double l = naive->level;
      double corners[] = {
        height_at (naive, x, y),
        height_at (naive, x + 1, y),
        height_at (naive, x + 1, y + 1),
        height_at (naive, x, y + 1),
      };
      int i;

      if (side == 0)
        naive->visited[y * naive->width + x] = TRUE;

      for (i = 1; i < 4; i++)
        {
          int out = (side + i) % 4;

          if (corners[out] >= l && l > corners[(out + 1) % 4])
            {
              side = out;
              break;
            }
        }
      g_assert_cmpint (i, <, 4);

      push_side (naive, line, x, y, side);
      x += side == 1 ? 1 : side == 3 ? -1
                                     : 0;
      y += side == 2 ? 1 : side == 0 ? -1
                                     : 0;
      side = (side + 2) % 4;
    }
  while (!(x == x0 && y == y0 && side == side0) &&
         x >= 0 && y >= 0 && x < naive->width - 1 && y < naive->height - 1);

  g_ptr_array_add (naive->lines, line);
}

static gboolean
passes (Naive *naive,
        int    x0,
        int    y0,
        int    x1,
        int    y1)
{
  return height_at (naive, x0, y0) < naive->level && naive->level <= height_at (naive, x1, y1);
}

static GPtrArray *
naive_lines (const float *pixels,
             int          width,
             int          height,
             double       level,
             double       scale,
             double       offset)
{
  g_autofree gboolean *visited = g_new0 (gboolean, width * height);
  Naive                naive = { pixels, width, height, level, scale, offset, visited, NULL };

  naive.lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  if (width < 2 || height < 2)
    return naive.lines;

  for (int x = 0; x < width - 1; x++)
    if (passes (&naive, x, 0, x + 1, 0))
      naive_trace (&naive, x, 0, 0);
  for (int y = 0; y < height - 1; y++)
    if (passes (&naive, width - 1, y, width - 1, y + 1))
      naive_trace (&naive, width - 2, y, 1);
  for (int x = width - 2; x >= 0; x--)
    if (passes (&naive, x + 1, height - 1, x, height - 1))
      naive_trace (&naive, x, height - 2, 2);
  for (int y = height - 2; y >= 0; y--)
    if (passes (&naive, 0, y + 1, 0, y))
      naive_trace (&naive, 0, y, 3);
  for (int y = 1; y < height - 1; y++)
    for (int x = 0; x < width - 1; x++)
      if (passes (&naive, x, y, x + 1, y) && !visited[y * width + x])
        naive_trace (&naive, x, y, 0);

  return naive.lines;
}

static void
assert_lines (AlmuContours *contours,
              guint         level,
              GPtrArray    *expected)
{
  g_assert_cmpuint (almu_contours_get_n_lines (contours, level), ==, expected->len);

  for (guint i = 0; i < expected->len; i++)
    {
      const GArray     *line = expected->pdata[i];
      gsize             n = almu_contours_copy_line (contours, level, i, NULL);
      g_autofree float *vertices = g_new (float, 2 * n);

      almu_contours_copy_line (contours, level, i, vertices);
      g_assert_cmpuint (2 * n, ==, line->len);
      g_assert_cmpmem (vertices, 2 * n * sizeof (float), line->data, line->len * sizeof (float));
    }
}

/* -- planes ---------------------------------------------------------------- */

/* Waves of a few pixels, noise, plateaus of equal values, blanks, infinities. */
static float *
make_pixels (GRand *rand,
             int    width,
             int    height)
{
  float   *pixels = g_new (float, width *height);
  gboolean is_noisy = g_rand_boolean (rand);
  gboolean is_stepped = g_rand_int_range (rand, 0, 3) == 0;
  double   blank = g_rand_boolean (rand) ? g_rand_double_range (rand, 0, 0.3) : 0;
  double   period = g_rand_double_range (rand, 2, 40);
  double   phase = g_rand_double_range (rand, 0, 6);

  for (int i = 0; i < width * height; i++)
    {
      double value = sin (i % width / period + phase) * cos (i / width / period);

      if (is_noisy)
        value += g_rand_double_range (rand, -0.4, 0.4);
      if (is_stepped)
        value = round (4 * value) / 4;
      pixels[i] = (float) value;
      if (g_rand_double (rand) < blank)
        pixels[i] = NAN;
      else if (blank > 0 && g_rand_int_range (rand, 0, 200) == 0)
        pixels[i] = g_rand_boolean (rand) ? INFINITY : -INFINITY;
    }

  return pixels;
}

static float *
make_all_rows (AlmuSmoother *smoother)
{
  gsize             n = (gsize) almu_smoother_get_width (smoother) * (gsize) almu_smoother_get_height (smoother);
  float            *rows = g_new (float, MAX (n, 1));
  g_autofree float *room = g_new (float, almu_smoother_get_room (smoother));

  if (n > 0)
    almu_smoother_make_rows (smoother, 0, almu_smoother_get_height (smoother), rows, room);

  return rows;
}

static void
check_random_plane (GRand *rand,
                    int    max_side)
{
  const double      levels[] = { 0, 0.25, -0.5, g_rand_double_range (rand, -1, 1), 2 };
  int               width = g_rand_int_range (rand, 1, max_side);
  int               height = g_rand_int_range (rand, 1, max_side);
  g_autofree float *pixels = make_pixels (rand, width, height);
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, width, height);
  AlmuContourRecipe recipe = {
    .smoothing = (AlmuSmoothing) g_rand_int_range (rand, 0, ALMU_N_SMOOTHINGS),
    .factor = g_rand_int_range (rand, 0, 6),
    .levels = levels,
    .n_levels = G_N_ELEMENTS (levels),
    .chunk_size = 100,
  };
  g_autoptr(AlmuSmoother) smoother = NULL;
  g_autoptr(AlmuContours) contours = NULL;
  g_autofree float *smooth = NULL;
  g_autoptr(GError) error = NULL;

  smoother = almu_smoother_new (pixels, width, height, recipe.smoothing, recipe.factor);
  smooth = make_all_rows (smoother);
  contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      g_autoptr(GPtrArray) expected = NULL;

      expected = naive_lines (smooth, almu_smoother_get_width (smoother),
                              almu_smoother_get_height (smoother), levels[i],
                              almu_smoother_get_scale (smoother), almu_smoother_get_offset (smoother));
      assert_lines (contours, i, expected);
    }
}

/* Strips, their joints and the threads must not be seen in the lines. */
static void
test_contour_random (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 300; i++)
    check_random_plane (rand, 40);
  for (int i = 0; i < 30; i++)
    check_random_plane (rand, 400);
}

/* What one can tell without a program: a single high pixel is a diamond. */
static void
test_contour_diamond (void)
{
  const float       pixels[] = { 0, 0, 0, 0, 2, 0, 0, 0, 0 };
  const double      levels[] = { 1 };
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_NONE, 0, levels, 1, 100 };
  const float       expected[] = { 1, 1.5, 1.5, 2, 2, 1.5, 1.5, 1, 1, 1.5 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 3, 3);
  g_autoptr(AlmuContours) contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, NULL);
  float vertices[10];

  g_assert_cmpuint (almu_contours_get_n_lines (contours, 0), ==, 1);
  g_assert_cmpuint (almu_contours_copy_line (contours, 0, 0, NULL), ==, 5);
  almu_contours_copy_line (contours, 0, 0, vertices);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpfloat (vertices[i], ==, expected[i]);
}

static void
test_contour_limit (void)
{
  const double      levels[] = { 0.5 };
  g_autofree float *pixels = g_new (float, 512 * 512);
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(AlmuContours) below = NULL;
  g_autoptr(AlmuContours) at = NULL;
  g_autoptr(AlmuContours) above = NULL;
  g_autoptr(GError) error = NULL;
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_NONE, 0, levels, 1, 100 };
  gsize             n;

  for (int i = 0; i < 512 * 512; i++)
    pixels[i] = (float) ((i + i / 512) % 2);
  plane = almu_plane_new_for_pixels (pixels, 512, 512);

  below = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, &error);
  g_assert_no_error (error);
  n = almu_contours_get_n_vertices (below, 0);
  g_assert_cmpuint (n, >, 512 * 512);

  /* the joints of strips count twice */
  at = almu_contours_trace (plane, &recipe, n + 512 * 512, NULL, &error);
  g_assert_no_error (error);
  above = almu_contours_trace (plane, &recipe, n - 1, NULL, &error);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_null (above);
}

static void
test_contour_cancelled (void)
{
  const double      levels[] = { 0.5 };
  g_autofree float *pixels = g_new0 (float, 1024 * 1024);
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 1024, 1024);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_GAUSSIAN, 4, levels, 1, 100 };

  g_cancellable_cancel (cancellable);
  g_assert_null (almu_contours_trace (plane, &recipe, NO_LIMIT, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* -- smoothing -------------------------------------------------------------- */

/* Weights and sums in doubles, pixel by pixel, pass by pass. */
static double *
naive_pass (const double *values,
            int           width,
            int           height,
            int           radius,
            int           dx,
            int           dy)
{
  int     new_width = width - 2 * radius * dx;
  int     new_height = height - 2 * radius * dy;
  double *means = g_new (double, MAX (1, new_width * new_height));
  double  sigma = radius / 2.0;

  for (int y = 0; y < new_height; y++)
    for (int x = 0; x < new_width; x++)
      {
        double sum = 0, total = 0;

        for (int k = 0; k <= 2 * radius; k++)
          {
            double value = values[(y + k * dy) * width + x + k * dx];
            double weight = exp (-(k - radius) * (k - radius) / (2 * sigma * sigma)) / sigma;

            if (!isfinite (value))
              continue;
            sum += weight * value;
            total += weight;
          }
        means[y * new_width + x] = total > 0 ? sum / total : NAN;
      }

  return means;
}

static void
check_gaussian (GRand *rand)
{
  int                radius = g_rand_int_range (rand, 1, 6);
  int                width = g_rand_int_range (rand, 2 * radius + 1, 120);
  int                height = g_rand_int_range (rand, 2 * radius + 1, 60);
  g_autofree float  *pixels = make_pixels (rand, width, height);
  g_autofree double *values = g_new (double, width *height);
  g_autofree double *along = NULL;
  g_autofree double *both = NULL;
  g_autofree float  *rows = NULL;
  g_autoptr(AlmuSmoother) smoother = NULL;

  for (int i = 0; i < width * height; i++)
    values[i] = pixels[i];
  along = naive_pass (values, width, height, radius, 1, 0);
  both = naive_pass (along, width - 2 * radius, height, radius, 0, 1);

  smoother = almu_smoother_new (pixels, width, height, ALMU_SMOOTHING_GAUSSIAN, radius + 1);
  g_assert_cmpint (almu_smoother_get_width (smoother), ==, width - 2 * radius);
  g_assert_cmpint (almu_smoother_get_height (smoother), ==, height - 2 * radius);
  g_assert_cmpfloat (almu_smoother_get_offset (smoother), ==, radius);
  g_assert_cmpfloat (almu_smoother_get_scale (smoother), ==, 1);
  rows = make_all_rows (smoother);

  for (int i = 0; i < (width - 2 * radius) * (height - 2 * radius); i++)
    {
      int   x = i % (width - 2 * radius) + radius;
      int   y = i / (width - 2 * radius) + radius;
      float source = pixels[y * width + x];

      if (isnan (source) || isnan (both[i]))
        g_assert_true (isnan (rows[i]));
      else
        g_assert_cmpfloat_with_epsilon (rows[i], both[i], 1e-5);
    }
}

static void
check_blocks (GRand *rand)
{
  int               factor = g_rand_int_range (rand, 2, 9);
  int               width = g_rand_int_range (rand, 1, 120);
  int               height = g_rand_int_range (rand, 1, 60);
  g_autofree float *pixels = make_pixels (rand, width, height);
  g_autofree float *rows = NULL;
  g_autoptr(AlmuSmoother) smoother = NULL;

  smoother = almu_smoother_new (pixels, width, height, ALMU_SMOOTHING_BLOCK, factor);
  factor = MIN (factor, MAX (width, height));
  g_assert_cmpint (almu_smoother_get_width (smoother), ==, (width + factor - 1) / factor);
  g_assert_cmpint (almu_smoother_get_height (smoother), ==, (height + factor - 1) / factor);
  g_assert_cmpfloat (almu_smoother_get_scale (smoother), ==, factor);
  rows = make_all_rows (smoother);

  for (int i = 0; i < almu_smoother_get_width (smoother) * almu_smoother_get_height (smoother); i++)
    {
      int    x0 = i % almu_smoother_get_width (smoother) * factor;
      int    y0 = i / almu_smoother_get_width (smoother) * factor;
      double sum = 0;
      int    n = 0;

      for (int y = y0; y < MIN (y0 + factor, height); y++)
        for (int x = x0; x < MIN (x0 + factor, width); x++)
          if (isfinite (pixels[y * width + x]))
            {
              sum += pixels[y * width + x];
              n++;
            }

      if (n == 0)
        g_assert_true (isnan (rows[i]));
      else
        g_assert_cmpfloat_with_epsilon (rows[i], sum / n, 1e-5);
    }
}

static void
test_smoother_random (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int i = 0; i < 200; i++)
    {
      check_gaussian (rand);
      check_blocks (rand);
    }
}

static void
test_smoother_nothing_left (void)
{
  const float       pixels[6 * 9] = { 0 };
  const double      levels[] = { 0 };
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_GAUSSIAN, 4, levels, 1, 100 };
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 9, 6);
  g_autoptr(AlmuContours) contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, NULL);

  g_assert_cmpuint (almu_contours_get_n_lines (contours, 0), ==, 0);
  g_assert_cmpuint (almu_contours_get_n_chunks (contours, 0), ==, 0);
}

/* -- on the wire ------------------------------------------------------------ */

/* As the page decodes: unpack, sort the bytes back, add up. */
static float *
decode (GBytes *coordinates,
        gsize   n_numbers,
        int     decimation)
{
  float             *numbers = g_new (float, MAX (n_numbers, 1));
  gsize              size = n_numbers * 4;
  g_autofree guint8 *bytes = g_malloc (MAX (size, 1));
  g_autofree gint32 *fixed = g_new (gint32, MAX (n_numbers, 1));
  gint64             sums[2] = { 0, 0 };
  gsize              packed_size;
  const void        *packed = g_bytes_get_data (coordinates, &packed_size);

  g_assert_cmpuint (ZSTD_decompress (bytes, size, packed, packed_size), ==, size);
  for (gsize i = 0; i < n_numbers; i++)
    {
      gsize  group = i / 4 * 16;
      guint8 number[4];

      for (gsize k = 0; k < 4; k++)
        number[k] = i < n_numbers - n_numbers % 4 ? bytes[group + 4 * k + i % 4] : bytes[4 * i + k];
      fixed[i] = (gint32) ((guint32) number[0] | (guint32) number[1] << 8 |
                           (guint32) number[2] << 16 | (guint32) number[3] << 24);
      sums[i % 2] += fixed[i];
      numbers[i] = (float) sums[i % 2] / (float) decimation;
    }

  return numbers;
}

static void
test_vertex_codec (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int round = 0; round < 200; round++)
    {
      gsize             n = 2 * (gsize) g_rand_int_range (rand, 0, round < 190 ? 50 : 40000);
      int               decimation = g_rand_int_range (rand, 1, ALMU_MAX_DECIMATION + 1);
      int               level = g_rand_int_range (rand, 1, 10);
      g_autofree float *numbers = g_new (float, n + 1);
      g_autofree float *again = NULL;
      g_autoptr(GBytes) coordinates = NULL;

      for (gsize i = 0; i < n; i++)
        numbers[i] = (float) g_rand_double_range (rand, -10, 20000);
      coordinates = almu_vertex_encode (numbers, n, decimation, level, NULL);
      again = decode (coordinates, n, decimation);

      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon (again[i], numbers[i], 0.5 / decimation + 2e-3);
    }
}

static void
test_vertex_codec_bytes (void)
{
  const float  numbers[] = { 0.5, 1.5, 2.5, 0.5, 3, 2.5 };
  const guint8 expected[] = { 0, 2, 2, 0xfe, 0, 0, 0, 0xff, 0, 0, 0, 0xff, 0, 0, 0, 0xff, 1, 0, 0, 0, 3, 0, 0, 0 };
  guint8       bytes[sizeof expected];
  g_autoptr(GBytes) coordinates = almu_vertex_encode (numbers, 6, 0, 20, NULL);
  g_autoptr(GBytes) raw = almu_vertex_encode (numbers, 6, 4, 0, NULL);
  gsize       size;
  const void *packed = g_bytes_get_data (coordinates, &size);

  /* halves: to the even one within a group, away from zero after it */
  g_assert_cmpuint (ZSTD_decompress (bytes, sizeof bytes, packed, size), ==, sizeof bytes);
  g_assert_cmpmem (bytes, sizeof bytes, expected, sizeof expected);
  g_assert_cmpmem (g_bytes_get_data (raw, NULL), g_bytes_get_size (raw), numbers, sizeof numbers);
}

/* What packed at the highest level is not kept for good. */
static void
test_vertex_codec_release (void)
{
  gsize             n = 1000000;
  g_autofree float *numbers = g_new (float, n);
  g_autoptr(GBytes) packed = NULL;
  g_autoptr(GBytes) again = NULL;
  guint64 held;

  for (gsize i = 0; i < n; i++)
    numbers[i] = (float) (i % 1777);
  almu_vertex_release ();
  packed = almu_vertex_encode (numbers, n, 4, ALMU_MAX_ZSTD_LEVEL, NULL);
  held = almu_test_status_get (0, "RssAnon");
  almu_vertex_release ();
  g_test_message ("%" G_GUINT64_FORMAT " kB are held, and then %" G_GUINT64_FORMAT, held, almu_test_status_get (0, "RssAnon"));
  if (ALMU_USE_CLONES) /* else a sanitizer keeps what was freed */
    g_assert_cmpuint (almu_test_status_get (0, "RssAnon") + 8 * 1024, <, held);

  again = almu_vertex_encode (numbers, n, 4, ALMU_MAX_ZSTD_LEVEL, NULL);
  g_assert_true (g_bytes_equal (packed, again));
  almu_vertex_release ();
}

static void
test_contour_chunks (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  g_autofree float *pixels = make_pixels (rand, 300, 200);
  g_autoptr(AlmuPlane) plane = almu_plane_new_for_pixels (pixels, 300, 200);
  const double      levels[] = { 0.1 };
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_NONE, 0, levels, 1, 150 };
  g_autoptr(AlmuContours) contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, NULL);
  guint line = 0;
  float progress = 0;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < almu_contours_get_n_chunks (contours, 0); i++)
    {
      g_autoptr(AlmuContourChunk) chunk = almu_contours_encode (contours, 0, i, 4, 0, NULL);
      const float  *numbers = g_bytes_get_data (chunk->coordinates, NULL);
      const gint32 *starts = g_bytes_get_data (chunk->starts, NULL);
      gsize         n_lines = g_bytes_get_size (chunk->starts) / sizeof *starts;
      gsize         place = 0;

      g_assert_cmpint (chunk->decimation, ==, 0);
      g_assert_cmpfloat (chunk->level, ==, 0.1);
      g_assert_cmpfloat (chunk->progress, >=, progress);
      progress = chunk->progress;

      for (gsize k = 0; k < n_lines; k++)
        {
          gsize             n = almu_contours_copy_line (contours, 0, line, NULL);
          g_autofree float *vertices = g_new (float, 2 * n);

          /* full only with the last line */
          g_assert_cmpuint (place / 2, <=, 150);
          g_assert_cmpint (starts[k], ==, place);
          almu_contours_copy_line (contours, 0, line++, vertices);
          g_assert_cmpmem (numbers + place, 2 * n * sizeof (float), vertices, 2 * n * sizeof (float));
          place += 2 * n;
        }
      g_assert_cmpuint (place * sizeof (float), ==, chunk->n_bytes);
      g_assert_cmpuint (g_bytes_get_size (chunk->coordinates), ==, chunk->n_bytes);
      if (progress < 1)
        g_assert_cmpuint (place / 2, >, 150);
    }
  g_assert_cmpuint (line, ==, almu_contours_get_n_lines (contours, 0));
  if (line > 0)
    g_assert_cmpfloat (progress, ==, 1);
}

/* A level of many vertices falls into pieces that several threads pack, however
 * large they might be; a small one does not. */
static void
test_contour_shares (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  const double      levels[] = { 0.1, 1.5 };
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_NONE, 0, levels, 2, G_MAXINT };
  g_autofree float *pixels = g_new (float, 700 * 500);
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(AlmuContours) contours = NULL;
  gsize n_vertices;
  gsize n_bytes = 0;
  guint n_chunks;

  for (int i = 0; i < 700 * 500; i++)
    pixels[i] = (float) g_rand_double_range (rand, -1, 1);
  pixels[700 * 100 + 100] = 2;
  plane = almu_plane_new_for_pixels (pixels, 700, 500);
  contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, NULL);
  n_vertices = almu_contours_get_n_vertices (contours, 0);
  n_chunks = almu_contours_get_n_chunks (contours, 0);

  g_test_message ("seed %u: %" G_GSIZE_FORMAT " vertices in %u chunks", seed, n_vertices, n_chunks);
  g_assert_cmpuint (n_vertices, >, 65536);
  g_assert_cmpuint (n_chunks, >=, 4);
  g_assert_cmpuint (n_chunks, <=, 8);
  for (guint i = 0; i < n_chunks; i++)
    {
      g_autoptr(AlmuContourChunk) chunk = almu_contours_encode (contours, 0, i, 4, 8, NULL);

      n_bytes += chunk->n_bytes;
      g_assert_true ((chunk->progress == 1) == (i + 1 == n_chunks));
    }
  g_assert_cmpuint (n_bytes, ==, n_vertices * 2 * sizeof (float));
  g_assert_cmpuint (almu_contours_get_n_vertices (contours, 1), ==, 5);
  g_assert_cmpuint (almu_contours_get_n_chunks (contours, 1), ==, 1);
}

/* -- speed, on demand -------------------------------------------------------- */

static void
measure (int side)
{
  const double      levels[] = { 0.4, 0.6, 0.8, 1.2, 2 };
  AlmuContourRecipe recipe = { ALMU_SMOOTHING_GAUSSIAN, 4, levels, G_N_ELEMENTS (levels), 100000 };
  g_autofree float *pixels = g_new (float, (gsize) side *side);
  g_autoptr(GRand) rand = g_rand_new_with_seed (1);
  g_autoptr(AlmuPlane) plane = NULL;

  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      pixels[(gsize) y * side + x] = (float) (sin (x / 60.0) * cos (y / 70.0) + g_rand_double_range (rand, -0.5, 0.5));
  plane = almu_plane_new_for_pixels (pixels, side, side);

  /* of all threads together: it does not depend on who else is computing */
  for (int i = 0; i < 5; i++)
    {
      clock_t begin = clock ();
      clock_t traced;
      gsize   n_bytes = 0;
      gsize   n = 0;
      g_autoptr(AlmuContours) contours = almu_contours_trace (plane, &recipe, NO_LIMIT, NULL, NULL);

      traced = clock ();
      for (guint level = 0; level < G_N_ELEMENTS (levels); level++)
        {
          n += almu_contours_get_n_vertices (contours, level);
          for (guint k = 0; k < almu_contours_get_n_chunks (contours, level); k++)
            {
              g_autoptr(AlmuContourChunk) chunk = almu_contours_encode (contours, level, k, 4, 8, NULL);

              n_bytes += g_bytes_get_size (chunk->coordinates);
            }
        }
      g_test_message ("%d x %d: %" G_GSIZE_FORMAT " vertices, tracing %.1f ms, encoding %.1f ms of one core, %" G_GSIZE_FORMAT " bytes",
                      side, side, n, 1e3 * (double) (traced - begin) / CLOCKS_PER_SEC,
                      1e3 * (double) (clock () - traced) / CLOCKS_PER_SEC, n_bytes);
    }
}

static void
test_contour_speed (void)
{
  if (!g_test_perf ())
    {
      g_test_skip ("only with -m perf");
      return;
    }

  measure (2048);
  measure (8192);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/contour/diamond", test_contour_diamond);
  g_test_add_func ("/contour/random", test_contour_random);
  g_test_add_func ("/contour/limit", test_contour_limit);
  g_test_add_func ("/contour/cancelled", test_contour_cancelled);
  g_test_add_func ("/contour/chunks", test_contour_chunks);
  g_test_add_func ("/contour/shares", test_contour_shares);
  g_test_add_func ("/contour/speed", test_contour_speed);
  g_test_add_func ("/smoother/random", test_smoother_random);
  g_test_add_func ("/smoother/nothing-left", test_smoother_nothing_left);
  g_test_add_func ("/vertex-codec/random", test_vertex_codec);
  g_test_add_func ("/vertex-codec/bytes", test_vertex_codec_bytes);
  g_test_add_func ("/vertex-codec/release", test_vertex_codec_release);

  return g_test_run ();
}
