/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-unpack.h"

/* Columns that are moved together: two lines of the cache. */
#define COLUMNS 16

/* What one step of the transform rounds to. */
typedef struct
{
  gint64 bit;  /* differences in both directions are multiples of this … */
  gint64 bit2; /* … and those in one direction of this */
  int    shift;
} Step;

/* The first half of a row becomes every second of its elements, and the other
 * half the rest. */
static void
interleave_row (gint64 *row,
                gsize   n,
                gint64 *room)
{
  gsize n_first = (n + 1) / 2;

  memcpy (room, row + n_first, (n - n_first) * sizeof *room);
  for (gsize i = n_first; i-- > 1;)
    row[2 * i] = row[i];
  for (gsize i = 0; i < n - n_first; i++)
    row[2 * i + 1] = room[i];
}

/* Likewise the rows of some neighbouring columns. */
static void
interleave_columns (gint64 *columns,
                    gsize   n_rows,
                    gsize   n_columns,
                    gsize   pitch,
                    gint64 *room)
{
  gsize n_first = (n_rows + 1) / 2;
  gsize bytes = n_columns * sizeof *room;

  for (gsize i = n_first; i < n_rows; i++)
    memcpy (room + (i - n_first) * n_columns, columns + i * pitch, bytes);
  for (gsize i = n_first; i-- > 1;)
    memcpy (columns + 2 * i * pitch, columns + i * pitch, bytes);
  for (gsize i = 0; i < n_rows - n_first; i++)
    memcpy (columns + (2 * i + 1) * pitch, room + i * n_columns, bytes);
}

static void
interleave (gint64 *values,
            gsize   n_rows,
            gsize   n_columns,
            gsize   pitch,
            gint64 *room)
{
  for (gsize y = 0; y < n_rows; y++)
    interleave_row (values + y * pitch, n_columns, room);
  for (gsize x = 0; x < n_columns; x += COLUMNS)
    interleave_columns (values + x, n_rows, MIN (COLUMNS, n_columns - x), pitch, room);
}

/* -- smoothing ---------------------------------------------------------- */

/* A slope that would meet the neighbours, as long as these go one way, and not
 * further from what it was than it may have been cut off. */
static gint64
adjust_slope (gint64 slope,
              gint64 before,
              gint64 here,
              gint64 after,
              gint64 smoothing)
{
  gint64 max = MAX (MIN (after - here, here - before), 0) * 4;
  gint64 min = MIN (MAX (after - here, here - before), 0) * 4;
  gint64 change;

  if (min >= max)
    return slope;

  change = (CLAMP (after - before, min, max) - slope * 8) / 8;

  return slope + CLAMP (change, -smoothing, smoothing);
}

/* Likewise the curvature, from the zones that meet this one at its corners.
 * @at: the sum; behind it the slope along the row, below it that along the
 * column, and the curvature beside these */
static void
adjust_curvature (gint64 *at,
                  gsize   pitch,
                  gint64  smoothing)
{
  const gint64 *above = at - 2 * pitch;
  const gint64 *below = at + 2 * pitch;
  gint64       *curvature = at + pitch + 1;
  gint64        here = at[0];
  gint64        down = at[pitch] * 2;
  gint64        right = at[1] * 2;
  gint64        after = below[2] - here;
  gint64        before = here - above[-2];
  gint64        left = here - below[-2];
  gint64        up = here - above[2];
  gint64        max, min, change;

  max = MIN (MIN (MAX (after, 0) - down - right, MAX (left, 0) + down - right),
             MIN (MAX (up, 0) - down + right, MAX (-before, 0) + down + right)) *
        16;
  min = MAX (MAX (MIN (after, 0) - down - right, MIN (left, 0) + down - right),
             MAX (MIN (up, 0) - down + right, MIN (-before, 0) + down + right)) *
        16;
  if (min >= max)
    return;

  change = (CLAMP (below[2] + above[-2] - above[2] - below[-2], min, max) - *curvature * 64) / 64;
  *curvature += CLAMP (change, -smoothing, smoothing);
}

/* What is at an edge stays as it is. */
static void
smooth (gint64 *values,
        gsize   n_rows,
        gsize   n_columns,
        gsize   pitch,
        gint64  smoothing)
{
  for (gsize y = 2; y + 2 < n_rows; y += 2)
    for (gsize x = 0; x < n_columns; x += 2)
      {
        gint64 *at = values + y * pitch + x;

        at[pitch] = adjust_slope (at[pitch], at[0 - 2 * (gssize) pitch], at[0], at[2 * pitch], smoothing);
      }

  for (gsize y = 0; y < n_rows; y += 2)
    for (gsize x = 2; x + 2 < n_columns; x += 2)
      {
        gint64 *at = values + y * pitch + x;

        at[1] = adjust_slope (at[1], at[-2], at[0], at[2], smoothing);
      }

  for (gsize y = 2; y + 2 < n_rows; y += 2)
    for (gsize x = 2; x + 2 < n_columns; x += 2)
      adjust_curvature (values + y * pitch + x, pitch, smoothing);
}

/* -- the transform ------------------------------------------------------ */

/* To a multiple of a power of two; halves away from zero. */
static inline gint64
round_to (gint64 value,
          gint64 bit)
{
  gint64 half = bit / 2;

  return (value + (value >= 0 ? half : MAX (half - 1, 0))) & -bit;
}

static inline gint64
toward_zero (gint64 value,
             gint64 by)
{
  return value >= 0 ? value - by : value + by;
}

/* From a sum and three differences to four pixels. The bits that were dropped
 * when the sum was halved are those in which the differences differ. */
static inline void
split_four (gint64     *above,
            gint64     *below,
            const Step *step)
{
  gint64 both = round_to (below[1], step->bit);
  gint64 low = both & step->bit;
  gint64 down = toward_zero (round_to (below[0], step->bit2), low);
  gint64 right = toward_zero (round_to (above[1], step->bit2), low);
  gint64 low2 = (both ^ down ^ right) & step->bit2;
  gint64 sum = above[0];

  if (sum >= 0)
    sum += low - low2;
  else
    sum += low == 0 ? low2 : low - low2;

  above[0] = (sum - down - right + both) >> step->shift;
  above[1] = (sum - down + right - both) >> step->shift;
  below[0] = (sum + down - right - both) >> step->shift;
  below[1] = (sum + down + right + both) >> step->shift;
}

/* Two pixels, at an edge. */
static inline void
split_two (gint64     *first,
           gint64     *second,
           const Step *step)
{
  gint64 difference = round_to (*second, step->bit2);
  gint64 sum = toward_zero (*first, difference & step->bit2);

  *first = (sum - difference) >> step->shift;
  *second = (sum + difference) >> step->shift;
}

static void
split_rows (gint64     *above,
            gint64     *below,
            gsize       n_columns,
            const Step *step)
{
  gsize x;

  for (x = 0; x + 1 < n_columns; x += 2)
    split_four (above + x, below + x, step);
  if (x < n_columns)
    split_two (above + x, below + x, step);
}

static void
split_last_row (gint64     *row,
                gsize       n_columns,
                const Step *step)
{
  gsize x;

  for (x = 0; x + 1 < n_columns; x += 2)
    split_two (row + x, row + x + 1, step);
  if (x < n_columns)
    row[x] >>= step->shift;
}

/**
 * almu_htransform_invert:
 * @values: coefficients of the transform, by rows, below 2^59; pixels then
 * @n_rows: at least 1
 * @n_columns: at least 1
 * @smoothing: how much each was cut off at most, to smooth them; below 2^31,
 *   and then they are below 2^52; 0 for not to
 *
 * Undoes the H-transform of HCOMPRESS, in place (FITS Standard 4.0, section 10.4;
 * White, Postman and Lattanzi 1992).
 *
 * Returns: whether there was memory for it
 */
gboolean
almu_htransform_invert (gint64 *values,
                        gsize   n_rows,
                        gsize   n_columns,
                        gint64  smoothing)
{
  gsize              n_max = MAX (n_rows, n_columns);
  gsize              n_room = MAX ((n_columns + 1) / 2, (n_rows + 1) / 2 * MIN (COLUMNS, n_columns));
  g_autofree gint64 *room = g_try_new (gint64, n_room);
  int                n_steps = 0;

  if (room == NULL)
    return FALSE;

  while ((n_max - 1) >> n_steps > 0)
    n_steps++;

  if (n_steps > 0)
    values[0] = round_to (values[0], G_GINT64_CONSTANT (2) << n_steps);

  while (n_steps-- > 0)
    {
      gsize      n_step_rows = ((n_rows - 1) >> n_steps) + 1;
      gsize      n_step_columns = ((n_columns - 1) >> n_steps) + 1;
      const Step step = {
        .bit = G_GINT64_CONSTANT (1) << n_steps,
        .bit2 = G_GINT64_CONSTANT (2) << n_steps,
        .shift = n_steps == 0 ? 2 : 1,
      };
      gsize y;

      interleave (values, n_step_rows, n_step_columns, n_columns, room);
      if (smoothing > 0)
        smooth (values, n_step_rows, n_step_columns, n_columns, smoothing);

      for (y = 0; y + 1 < n_step_rows; y += 2)
        split_rows (values + y * n_columns, values + (y + 1) * n_columns, n_step_columns, &step);
      if (y < n_step_rows)
        split_last_row (values + y * n_columns, n_step_columns, &step);
    }
  return TRUE;
}
