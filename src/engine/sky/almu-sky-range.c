/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sky-range.h"

#include <math.h>
#include <stdlib.h>

/* Points on each side of the image, and on each side of a grid over it. */
#define N_SIDE 128
#define N_BORDER (4 * N_SIDE)
#define N_GRID 33

static void
find_border (gint64  width,
             gint64  height,
             double *pixels)
{
  for (int i = 0; i < N_SIDE; i++)
    {
      double x = 1 + (width - 1) * (double) i / N_SIDE;
      double y = 1 + (height - 1) * (double) i / N_SIDE;
      double corners[4][2] = {
        { x, 1 },
        { width, y },
        { width + 1 - x, height },
        { 1, height + 1 - y },
      };

      for (int side = 0; side < 4; side++)
        {
          pixels[2 * (side * N_SIDE + i)] = corners[side][0];
          pixels[2 * (side * N_SIDE + i) + 1] = corners[side][1];
        }
    }
}

static double
turn_to_circle (double degrees)
{
  double turned = fmod (degrees, 360.0);

  return turned < 0 ? turned + 360.0 : turned;
}

static void
take_latitudes (const double *sky,
                int           n_points,
                AlmuSkyRange *range)
{
  range->latitude[0] = INFINITY;
  range->latitude[1] = -INFINITY;

  for (int i = 0; i < n_points; i++)
    {
      range->latitude[0] = fmin (range->latitude[0], sky[2 * i + 1]);
      range->latitude[1] = fmax (range->latitude[1], sky[2 * i + 1]);
    }
}

static gboolean
shows_pole (AlmuWcs *wcs,
            gint64   width,
            gint64   height,
            double   latitude)
{
  double pole[2] = { 0, latitude };
  double back[2];
  double pixel[2];

  if (!almu_wcs_to_pixels (wcs, 1, pole, pixel) ||
      !(pixel[0] >= 0.5 && pixel[0] <= width + 0.5 && pixel[1] >= 0.5 && pixel[1] <= height + 0.5))
    return FALSE;

  /* some projections take a point of the far side for one of the near */
  almu_wcs_to_sky (wcs, 1, pixel, back);

  return fabs (back[1] - latitude) < 1e-6;
}

/* Goes around the image: the longitudes that were passed are those in it,
 * all of them if it goes around a pole. */
static void
follow_border (AlmuWcs      *wcs,
               gint64        width,
               gint64        height,
               const double *sky,
               AlmuSkyRange *range)
{
  double at = sky[0];
  double low = at;
  double high = at;

  for (int i = 1; i < N_BORDER; i++)
    {
      at += remainder (sky[2 * i] - at, 360.0);
      low = fmin (low, at);
      high = fmax (high, at);
    }

  take_latitudes (sky, N_BORDER, range);
  if (shows_pole (wcs, width, height, 90.0))
    range->latitude[1] = 90.0;
  if (shows_pole (wcs, width, height, -90.0))
    range->latitude[0] = -90.0;

  at += remainder (sky[0] - at, 360.0);
  if (fabs (at - sky[0]) > 180.0 || high - low >= 360.0 ||
      range->latitude[0] == -90.0 || range->latitude[1] == 90.0)
    {
      range->longitude[0] = 0.0;
      range->longitude[1] = 360.0;
      return;
    }

  range->longitude[0] = turn_to_circle (low);
  range->longitude[1] = turn_to_circle (high);
}

static int
compare_doubles (const void *a,
                 const void *b)
{
  double first = *(const double *) a;
  double second = *(const double *) b;

  return (first > second) - (first < second);
}

/* The image shows some sky inside of a border that has none: longitudes are
 * all but the widest gap between those seen. */
static gboolean
scan_grid (AlmuWcs      *wcs,
           gint64        width,
           gint64        height,
           AlmuSkyRange *range)
{
  g_autofree double *sky = g_new (double, 2 * N_GRID * N_GRID);
  g_autofree double *seen = g_new (double, N_GRID *N_GRID);
  double             widest;
  int                n_seen = 0;
  int                after = 0;

  for (int i = 0; i < N_GRID * N_GRID; i++)
    {
      double pixel[2] = { 1 + (width - 1) * (double) (i % N_GRID) / (N_GRID - 1),
                          1 + (height - 1) * (double) (i / N_GRID) / (N_GRID - 1) };

      almu_wcs_to_sky (wcs, 1, pixel, sky + 2 * i);
      if (!isnan (sky[2 * i]))
        seen[n_seen++] = turn_to_circle (sky[2 * i]);
    }

  if (n_seen == 0)
    return FALSE;

  take_latitudes (sky, N_GRID * N_GRID, range);
  qsort (seen, n_seen, sizeof seen[0], compare_doubles);

  widest = seen[0] + 360.0 - seen[n_seen - 1];
  for (int i = 1; i < n_seen; i++)
    if (seen[i] - seen[i - 1] > widest)
      {
        widest = seen[i] - seen[i - 1];
        after = i;
      }

  range->longitude[0] = seen[after];
  range->longitude[1] = seen[(after + n_seen - 1) % n_seen];

  return TRUE;
}

/**
 * almu_sky_range_find:
 * @wcs: coordinates of an image
 * @width: pixels along the longitude axis
 * @height: pixels along the latitude axis
 * @out_range: (out caller-allocates): the part of the sky, degrees; left as it is if
 *   there is none
 *
 * The part of the sky an image shows, between the centres of its outermost
 * pixels, right across 0h and around the poles.
 *
 * Returns: %FALSE where no pixel has coordinates
 */
gboolean
almu_sky_range_find (AlmuWcs      *wcs,
                     gint64        width,
                     gint64        height,
                     AlmuSkyRange *out_range)
{
  double       pixels[2 * N_BORDER];
  double       sky[2 * N_BORDER];
  AlmuSkyRange range;

  find_border (width, height, pixels);
  if (!almu_wcs_to_sky (wcs, N_BORDER, pixels, sky))
    return FALSE;

  for (int i = 0; i < N_BORDER; i++)
    if (isnan (sky[2 * i]) || isnan (sky[2 * i + 1]))
      {
        if (!scan_grid (wcs, width, height, &range))
          return FALSE;

        *out_range = range;
        return TRUE;
      }

  follow_border (wcs, width, height, sky, &range);
  *out_range = range;

  return TRUE;
}
