/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-profile.h"

#include <math.h>
#include <string.h>

/* A row or a column, as values some way apart. */
typedef struct
{
  const float *values;
  gsize        stride;
  gint64       length;
} Line;

static Line
get_line (AlmuPlane      *plane,
          AlmuProfileAxis axis,
          int             at)
{
  const float *pixels = almu_plane_get_pixels (plane);
  int          width = almu_plane_get_width (plane);
  int          height = almu_plane_get_height (plane);

  if (axis == ALMU_PROFILE_X)
    return (Line){ pixels + (gsize) at * width, 1, width };

  return (Line){ pixels + at, width, height };
}

static void
copy_values (const Line *line,
             gint64      start,
             gint64      end,
             float      *values)
{
  if (start == end)
    return;

  if (line->stride == 1)
    memcpy (values, line->values + start, (gsize) (end - start) * sizeof *values);
  else
    for (gint64 i = start; i < end; i++)
      values[i - start] = line->values[(gsize) i * line->stride];
}

/* The smallest and the largest of some samples, in the order in which they
 * occur; of equal ones the first counts. */
static void
get_extrema (const Line *line,
             gint64      start,
             gint64      end,
             float      *extrema)
{
  float  min = NAN, max = NAN;
  gint64 min_at = -1, max_at = -1;

  for (gint64 i = start; i < end; i++)
    {
      float value = line->values[(gsize) i * line->stride];

      if (isnan (value))
        continue;
      if (min_at < 0 || value < min)
        {
          min = value;
          min_at = i;
        }
      if (max_at < 0 || value > max)
        {
          max = value;
          max_at = i;
        }
    }

  extrema[0] = min_at < max_at ? min : max;
  extrema[1] = min_at < max_at ? max : min;
}

static float *
decimate (const Line *line,
          gint64      start,
          gint64      end,
          gint64      mip,
          gsize      *out_length)
{
  gint64 block = 2 * mip;
  gint64 first = (start + block - 1) / block;
  gint64 last = (end + block - 1) / block;
  float *values = g_new (float, 2 * (last - first));

  for (gint64 i = first; i < last; i++)
    get_extrema (line, i * block, MIN ((i + 1) * block, line->length),
                 values + 2 * (i - first));

  *out_length = 2 * (gsize) (last - first);

  return values;
}

/**
 * almu_profile_cut:
 * @plane: a plane
 * @axis: along which
 * @at: the row of a profile along x, the column of one along y
 * @start: the first pixel along @axis
 * @end: one past the last; the caller has replaced 0 by the length of the axis
 * @mip: how many pixels a value may stand for
 *
 * Cuts a row or a column out of a plane. With @mip of 2 or more, each
 * 2 * @mip pixels (counted from the first pixel of the axis, not from @start)
 * give two values, the smallest and the largest in the order they occur, so
 * that no peak is lost; @start and @end are rounded up to such blocks. Blanks
 * are ignored; a block of blanks gives two.
 *
 * Returns: (transfer full): little-endian floats; none if the range is empty
 */
GBytes *
almu_profile_cut (AlmuPlane      *plane,
                  AlmuProfileAxis axis,
                  int             at,
                  int             start,
                  int             end,
                  int             mip)
{
  Line   line;
  float *values;
  gsize  length;

  g_return_val_if_fail (plane != NULL, NULL);
  g_return_val_if_fail (at >= 0, NULL);
  g_return_val_if_fail (at < (axis == ALMU_PROFILE_X ? almu_plane_get_height (plane)
                                                     : almu_plane_get_width (plane)),
                        NULL);

  line = get_line (plane, axis, at);
  g_return_val_if_fail (start >= 0 && start <= end && end <= line.length, NULL);

  if (mip >= 2)
    {
      values = decimate (&line, start, end, mip, &length);
    }
  else
    {
      length = (gsize) (end - start);
      values = g_new (float, length);
      copy_values (&line, start, end, values);
    }

  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    for (gsize i = 0; i < length; i++)
      {
        gint32 bits;

        memcpy (&bits, values + i, sizeof bits);
        bits = GINT32_TO_LE (bits);
        memcpy (values + i, &bits, sizeof bits);
      }

  return g_bytes_new_take (values, length * sizeof *values);
}
