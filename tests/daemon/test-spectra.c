/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-desk.h"

#define WIDTH 61
#define HEIGHT 47
#define DEPTH 23
#define N_STOKES 3

static const char *const cards[] = {
  "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ    '", "CTYPE4", "'STOKES  '",
  "CRPIX4", "1", "CRVAL4", "1", "CDELT4", "1", "CUNIT1", "'deg'", "CUNIT2", "'deg'", "CDELT1", "-0.001",
  "CDELT2", "0.001", "CRVAL3", "1.4E9", "CDELT3", "1.0E6", "CUNIT3", "'Hz'", "BUNIT", "'Jy/beam'",
  "BMAJ", "0.004", "BMIN", "0.003", "BPA", "0.0", NULL
};

/* One in thirteen is blank, and so is all of channel 5. */
static double
cube (const gint64 *position,
      gpointer      user_data)
{
  gint64 i = position[0] * 7 + position[1] * 31 + position[2] * 17 + position[3] * 5;

  return i % 13 == 2 || position[2] == 5 ? NAN : (double) (i % 97) - 40.25;
}

static const CARTA__StatsType all_types[] = {
  CARTA__STATS_TYPE__NumPixels, CARTA__STATS_TYPE__NanCount, CARTA__STATS_TYPE__Sum, CARTA__STATS_TYPE__FluxDensity,
  CARTA__STATS_TYPE__Mean, CARTA__STATS_TYPE__RMS, CARTA__STATS_TYPE__Sigma, CARTA__STATS_TYPE__SumSq,
  CARTA__STATS_TYPE__Min, CARTA__STATS_TYPE__Max, CARTA__STATS_TYPE__Extrema
};

/* Whether a pixel is in the region. */
typedef gboolean (*Inside) (int x,
                            int y);

static gboolean
is_in_rectangle (int x,
                 int y)
{
  return x >= 10 && x <= 20 && y >= 30 && y <= 40;
}

static gboolean
is_in_triangle (int x,
                int y)
{
  return x >= 5 && y >= 3 && x + y <= 28;
}

/* Radii 6 up and 9 to the right of 30, 20. */
static gboolean
is_in_ellipse (int x,
               int y)
{
  return (x - 30) * (x - 30) * 36 + (y - 20) * (y - 20) * 81 <= 36 * 81;
}

static gboolean
is_in_point (int x,
             int y)
{
  return x == 33 && y == 12;
}

static gboolean
is_in_half (int x,
            int y)
{
  return x <= 4;
}

static const struct
{
  int    type;
  gsize  n_points;
  float  points[6];
  Inside is_inside;
} regions[] = {
  { CARTA__REGION_TYPE__RECTANGLE, 2, { 15, 35, 10, 10 }, is_in_rectangle },
  { CARTA__REGION_TYPE__POLYGON, 3, { 5, 3, 25, 3, 5, 23 }, is_in_triangle },
  { CARTA__REGION_TYPE__ELLIPSE, 2, { 30, 20, 6, 9 }, is_in_ellipse },
  { CARTA__REGION_TYPE__POINT, 1, { 32.8f, 12.3f }, is_in_point },
  { CARTA__REGION_TYPE__RECTANGLE, 2, { 0, 23, 8, 200 }, is_in_half },
};

/* In the plainest way there is. */
static double
truth (Inside           is_inside,
       CARTA__StatsType type,
       int              channel,
       int              stokes)
{
  const double beam_pixels = G_PI / (4 * G_LN2) * 4 * 3;
  double       n = 0, n_blank = 0, sum = 0, sum_sq = 0, squares = 0, min = INFINITY, max = -INFINITY;

  for (int i = 0; i < 2 * WIDTH * HEIGHT; i++)
    {
      int          x = i % WIDTH;
      int          y = i / WIDTH % HEIGHT;
      const gint64 position[] = { x, y, channel, stokes };
      double       value = cube (position, NULL);

      if (!is_inside (x, y))
        continue;
      if (isnan (value))
        n_blank += i < WIDTH * HEIGHT;
      else if (i >= WIDTH * HEIGHT)
        squares += (value - sum / n) * (value - sum / n);
      else
        {
          n++;
          sum += value;
          sum_sq += value * value;
          min = fmin (min, value);
          max = fmax (max, value);
        }
    }

  if (type == CARTA__STATS_TYPE__NumPixels)
    return n;
  if (type == CARTA__STATS_TYPE__NanCount)
    return n_blank;
  if (n == 0)
    return NAN;

  switch ((int) type)
    {
    case CARTA__STATS_TYPE__Sum:
      return sum;
    case CARTA__STATS_TYPE__FluxDensity:
      return sum / beam_pixels;
    case CARTA__STATS_TYPE__Mean:
      return sum / n;
    case CARTA__STATS_TYPE__RMS:
      return sqrt (sum_sq / n);
    case CARTA__STATS_TYPE__Sigma:
      return n > 1 ? sqrt (squares / (n - 1)) : 0;
    case CARTA__STATS_TYPE__SumSq:
      return sum_sq;
    case CARTA__STATS_TYPE__Min:
      return min;
    case CARTA__STATS_TYPE__Max:
      return max;
    default:
      return fabs (min) > fabs (max) ? min : max;
    }
}

static void
assert_profile (const CARTA__SpectralProfile *profile,
                Inside                        is_inside,
                int                           stokes)
{
  const double *values = (const double *) profile->raw_values_fp64.data;

  g_assert_cmpuint (profile->raw_values_fp32.len, ==, 0);
  g_assert_cmpuint (profile->raw_values_fp64.len, ==, DEPTH * sizeof (double));
  for (int channel = 0; channel < DEPTH; channel++)
    {
      double expected = truth (is_inside, profile->stats_type, channel, stokes);

      if (isnan (expected))
        g_assert_true (isnan (values[channel]));
      else
        g_assert_cmpfloat_with_epsilon (values[channel], expected, 1e-9 * MAX (1, fabs (expected)));
    }
}

/* The spectra of the first so many polarisations, which come in the order in
 * which they are there. */
static void
assert_spectra (Desk  *desk,
                int    region_id,
                Inside is_inside,
                int    n)
{
  static const char *const coordinates[] = { "z", "Qz", "Uz" };
  int                      seen = 0;

  while (seen != (1 << n) - 1)
    {
      almu_test_autobody CARTA__SpectralProfileData *data = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);

      g_assert_cmpint (data->file_id, ==, 0);
      g_assert_cmpint (data->region_id, ==, region_id);

      /* on a slow machine it is told how far it is */
      if (data->progress < 1)
        continue;

      g_assert_cmpint (data->stokes, >=, 0);
      g_assert_cmpint (data->stokes, <, n);
      g_assert_true ((seen & (1 << data->stokes)) == 0);
      g_assert_true (data->progress == 1.f);
      g_assert_cmpuint (data->n_profiles, ==, G_N_ELEMENTS (all_types));
      for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
        {
          g_assert_cmpstr (data->profiles[i]->coordinate, ==, coordinates[data->stokes]);
          g_assert_cmpint (data->profiles[i]->stats_type, ==, all_types[i]);
          assert_profile (data->profiles[i], is_inside, data->stokes);
        }
      seen |= 1 << data->stokes;
    }
}

static void
open_cube (Desk *desk)
{
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH, N_STOKES };

  desk_write (desk, "cube.fits", 4, shape, cube, cards);
  desk_open (desk, "cube.fits", 0);
}

/* Every kind of region, every statistic, with and without a polarisation. */
static void
test_spectra_regions (Desk         *desk,
                      gconstpointer user_data)
{
  const char *const coordinates[] = { "z", "Qz", "Uz", NULL };

  open_cube (desk);
  for (guint i = 0; i < G_N_ELEMENTS (regions); i++)
    {
      int region_id = almu_test_draw (desk->viewer, 0, -1, regions[i].type, regions[i].points, regions[i].n_points, 0);

      almu_test_ask_spectra (desk->viewer, 0, region_id, coordinates, all_types, G_N_ELEMENTS (all_types));
      assert_spectra (desk, region_id, regions[i].is_inside, 3);
      almu_test_ask_spectra (desk->viewer, 0, region_id, coordinates + 3, NULL, 0);
    }
}

/* Moving it tells the new place, removing it nothing. */
static void
test_spectra_moved (Desk         *desk,
                    gconstpointer user_data)
{
  const char *const   coordinates[] = { "z", NULL };
  CARTA__RemoveRegion removal = CARTA__REMOVE_REGION__INIT;
  int                 region_id;

  open_cube (desk);
  region_id = almu_test_draw (desk->viewer, 0, -1, regions[0].type, regions[0].points, regions[0].n_points, 0);
  almu_test_ask_spectra (desk->viewer, 0, region_id, coordinates, all_types, G_N_ELEMENTS (all_types));
  assert_spectra (desk, region_id, regions[0].is_inside, 1);

  for (guint i = 1; i < 3; i++)
    {
      almu_test_draw (desk->viewer, 0, region_id, regions[i].type, regions[i].points, regions[i].n_points, 0);
      assert_spectra (desk, region_id, regions[i].is_inside, 1);
    }

  removal.region_id = region_id;
  almu_test_viewer_send (desk->viewer, &removal.base);
  almu_test_viewer_await_pong (desk->viewer);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA));
}

static void
test_spectra_outside (Desk         *desk,
                      gconstpointer user_data)
{
  const float                                    points[] = { 500, 500, 10, 10 };
  int                                            region_id;
  almu_test_autobody CARTA__SpectralProfileData *data = NULL;

  open_cube (desk);
  region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0);
  almu_test_ask_spectra (desk->viewer, 0, region_id, (const char *const[]){ "z", NULL }, all_types, G_N_ELEMENTS (all_types));
  data = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
  g_assert_true (data->progress == 1.f);
  g_assert_cmpuint (data->n_profiles, ==, G_N_ELEMENTS (all_types));
  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    for (int channel = 0; channel < DEPTH; channel++)
      g_assert_true (isnan (((const double *) data->profiles[i]->raw_values_fp64.data)[channel]));
}

/* What has no spectrum says so by its id, and the next one is served. */
static void
test_spectra_refused (Desk         *desk,
                      gconstpointer user_data)
{
  const char *const coordinates[] = { "z", NULL };
  const float       line[] = { 3, 3, 20, 20 };
  int               region_id;

  open_cube (desk);
  region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__LINE, line, 2, 0);
  for (int i = 0; i < 3; i++)
    {
      const int                            ids[] = { region_id, -1, 4711 };
      const char *const                    words[] = { "Region 1 (line)", "whole image", "4711" };
      almu_test_autobody CARTA__ErrorData *error = NULL;

      almu_test_ask_spectra (desk->viewer, 0, ids[i], coordinates, all_types, 1);
      error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, words[i]));
    }

  region_id = almu_test_draw (desk->viewer, 0, -1, regions[1].type, regions[1].points, regions[1].n_points, 0);
  almu_test_ask_spectra (desk->viewer, 0, region_id, coordinates, all_types, G_N_ELEMENTS (all_types));
  assert_spectra (desk, region_id, regions[1].is_inside, 1);
}

#define N_VIEWERS 4

/* Several want the same of one file at the same moment, some of whom do not wait
 * for it: one is gone, one closes the file. The others are served. */
static void
test_spectra_shared (Desk         *desk,
                     gconstpointer user_data)
{
  const char *const coordinates[] = { "z", "Qz", "Uz", NULL };
  CARTA__CloseFile  close = CARTA__CLOSE_FILE__INIT;

  open_cube (desk);
  for (guint i = 0; i < G_N_ELEMENTS (regions); i++)
    {
      Desk desks[N_VIEWERS];
      int  region_ids[N_VIEWERS];

      for (int j = 0; j < N_VIEWERS; j++)
        {
          guint32 session_id = 0;

          desks[j] = *desk;
          desks[j].viewer = desk_register (desk, &session_id);
          desk_open (&desks[j], "cube.fits", 0);
          region_ids[j] = almu_test_draw (desks[j].viewer, 0, -1, regions[i].type, regions[i].points, regions[i].n_points, 0);
        }

      for (int j = 0; j < N_VIEWERS; j++)
        almu_test_ask_spectra (desks[j].viewer, 0, region_ids[j], coordinates, all_types, G_N_ELEMENTS (all_types));
      almu_test_viewer_close (desks[0].viewer);
      almu_test_viewer_send (desks[1].viewer, &close.base);
      for (int j = 2; j < N_VIEWERS; j++)
        assert_spectra (&desks[j], region_ids[j], regions[i].is_inside, 3);

      for (int j = 0; j < N_VIEWERS; j++)
        {
          if (j > 0)
            almu_test_viewer_close (desks[j].viewer);
          almu_test_viewer_free (desks[j].viewer);
        }
    }
}

/* What the cube holds after somebody has written it anew. */
static double
other_cube (const gint64 *position,
            gpointer      user_data)
{
  return cube (position, user_data) + 1000;
}

/* Goes to another pixel each time. */
static void
assert_cursor (Desk *desk,
               guint nth,
               double (*truth_at) (const gint64 *position,
                                   gpointer      user_data))
{
  int                                            x = (int) (nth % WIDTH);
  int                                            y = (int) (nth / WIDTH);
  almu_test_autobody CARTA__SpectralProfileData *data = NULL;

  g_assert_cmpuint (nth, <, WIDTH * HEIGHT);
  almu_test_ask_cursor (desk->viewer, 0, (float) x, (float) y);
  data = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
  g_assert_true (data->progress == 1.f);
  g_assert_cmpuint (data->profiles[0]->raw_values_fp32.len, ==, DEPTH * sizeof (float));
  for (int channel = 0; channel < DEPTH; channel++)
    {
      double expected = truth_at ((const gint64[]){ x, y, channel, 0 }, NULL);
      float  value = ((const float *) data->profiles[0]->raw_values_fp32.data)[channel];

      g_assert_true (isnan (expected) ? isnan (value) : value == (float) expected);
    }
}

static guint64
count_read_at (Desk *desk,
               guint nth)
{
  guint64 before = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");

  assert_cursor (desk, nth, cube);

  return almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total") - before;
}

/* A cursor that stays in a neighbourhood soon needs the file no more; but not
 * when that is another. */
static void
test_spectra_visited (Desk         *desk,
                      gconstpointer user_data)
{
  static const char turned[] = "cache_kind_bytes{kind=\"turned\"}";
  const gint64      shape[] = { WIDTH, HEIGHT, DEPTH, N_STOKES };
  guint             nth = 0;

  open_cube (desk);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA)); /* of the plane, which has been read */
  almu_test_ask_spectral (desk->viewer, 0, 0, "z");
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA));
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, turned), ==, 0);
  while (count_read_at (desk, ++nth) > 0)
    ;
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, turned), ==, WIDTH * HEIGHT * DEPTH * sizeof (float));
  for (int i = 0; i < 20; i++)
    g_assert_cmpuint (count_read_at (desk, ++nth), ==, 0);

  desk_write (desk, "cube.fits", 4, shape, other_cube, cards);
  desk_open (desk, "cube.fits", 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, turned), ==, 0);
  almu_test_ask_spectral (desk->viewer, 0, 0, "z");
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA));
  for (int i = 0; i < 20; i++)
    assert_cursor (desk, ++nth, other_cube);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/spectra/regions", test_spectra_regions);
  desk_add ("/daemon/spectra/moved", test_spectra_moved);
  desk_add ("/daemon/spectra/outside", test_spectra_outside);
  desk_add ("/daemon/spectra/refused", test_spectra_refused);
  desk_add ("/daemon/spectra/shared", test_spectra_shared);
  desk_add ("/daemon/spectra/visited", test_spectra_visited);

  return g_test_run ();
}
