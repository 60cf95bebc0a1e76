/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-contour-strip.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel.h"

/* Marching squares. The corners of a cell are a (x, y), b (x + 1, y),
 * c (x + 1, y + 1) and d (x, y + 1), its sides in this order: clockwise, if y
 * goes down. A line keeps what is at or above the level on one hand, so that
 * a side is either a way in or a way out, and a cell with two of each leads
 * from a way in to the next way out. Which pieces there are thus depends on
 * single cells only, and not on where one begins to trace.
 */
typedef enum
{
  TOP,
  RIGHT,
  BOTTOM,
  LEFT,
  N_SIDES
} Side;

typedef struct
{
  const ContourField *field;
  ContourStrip       *strip;
  double              level;
  float               threshold; /* the least float at or above it */
  gsize               max_vertices;
  gsize               n_words; /* of rises, a row */
  guint8              exits[16][N_SIDES];
} Tracer;

/* A cell, and the side by which it is entered. */
typedef struct
{
  int  x;
  int  y;
  Side side;
} Place;

static gboolean
is_exit (guint corners,
         Side  side)
{
  gboolean near = (corners >> side & 1) != 0;
  gboolean far = (corners >> (side + 1) % N_SIDES & 1) != 0;

  return near && !far;
}

static void
fill_exits (Tracer *self)
{
  for (guint corners = 0; corners < 16; corners++)
    for (guint entry = 0; entry < N_SIDES; entry++)
      {
        guint side = (entry + 1) % N_SIDES;

        while (side != entry && !is_exit (corners, side))
          side = (side + 1) % N_SIDES;
        self->exits[corners][entry] = (guint8) side;
      }
}

static const float *
get_row (const Tracer *self,
         int           y)
{
  return self->field->rows + (gsize) (y - self->field->first_row) * (gsize) self->field->width;
}

/* Blank is lowest, and what no number is beyond it not either. */
static double
get_height (float value)
{
  if (isnan (value))
    return -FLT_MAX;

  return CLAMP (value, -FLT_MAX, FLT_MAX);
}

static double
get_fraction (const Tracer *self,
              float         from,
              float         to)
{
  double low = get_height (from);
  double high = get_height (to);

  return (self->level - low) / (high - low);
}

static void
add_vertex (Tracer *self,
            double  x,
            double  y)
{
  const ContourField *field = self->field;
  ContourVertex       vertex = {
          (float) (field->scale * (x + 0.5) + field->offset),
          (float) (field->scale * (y + 0.5) + field->offset),
  };

  g_array_append_val (self->strip->vertices, vertex);
}

/* Where the level is met between x and x + 1. */
static void
add_on_row (Tracer *self,
            int     x,
            int     y)
{
  const float *row = get_row (self, y);

  add_vertex (self, x + get_fraction (self, row[x], row[x + 1]), y);
}

/* Where the level is met between y and y + 1. */
static void
add_on_column (Tracer *self,
               int     x,
               int     y)
{
  const float *row = get_row (self, y);

  add_vertex (self, x, y + get_fraction (self, row[x], row[self->field->width + x]));
}

static void
add_crossing (Tracer *self,
              int     x,
              int     y,
              Side    side)
{
  switch (side)
    {
    case TOP:
      add_on_row (self, x, y);
      break;

    case RIGHT:
      add_on_column (self, x + 1, y);
      break;

    case BOTTOM:
      add_on_row (self, x, y + 1);
      break;

    case LEFT:
    case N_SIDES:
    default:
      add_on_column (self, x, y);
    }
}

static guint64 *
get_rises (const Tracer *self,
           int           y)
{
  return self->field->rises + (gsize) (y - self->field->first_row) * self->n_words;
}

/* A closed line begins at the first of its rises, row by row. */
static void
note_rise (const Tracer *self,
           ContourPiece *piece,
           int           x,
           int           y)
{
  gint64 rank = (gint64) y * self->field->width + x;

  if (rank >= piece->rank)
    return;

  piece->rank = rank;
  piece->turn = self->strip->vertices->len - 1 - piece->first;
}

/* Goes from cell to cell. Returns TRUE if the next one is in the strip. */
static gboolean
step (Tracer       *self,
      ContourPiece *piece,
      Place        *place)
{
  const ContourField *field = self->field;
  const float        *row = get_row (self, place->y) + place->x;
  const float        *next = row + field->width;
  guint               corners = (guint) (row[0] >= self->threshold) |
                  (guint) (row[1] >= self->threshold) << 1 |
                  (guint) (next[1] >= self->threshold) << 2 |
                  (guint) (next[0] >= self->threshold) << 3;
  Side exit = self->exits[corners][place->side];

  add_crossing (self, place->x, place->y, exit);
  piece->to = CONTOUR_BORDER;
  piece->to_x = place->x;
  place->side = (exit + 2) % N_SIDES;

  switch (exit)
    {
    case TOP:
      place->y--;
      if (place->y < field->first_row)
        piece->to = place->y < 0 ? CONTOUR_BORDER : CONTOUR_ABOVE;
      return place->y >= field->first_row;

    case RIGHT:
      place->x++;
      return place->x < field->width - 1;

    case BOTTOM:
      place->y++;
      note_rise (self, piece, place->x, place->y);
      if (place->y == field->last_row)
        {
          piece->to = place->y == field->height - 1 ? CONTOUR_BORDER : CONTOUR_BELOW;
          return FALSE;
        }
      get_rises (self, place->y)[place->x / 64] &= ~(G_GUINT64_CONSTANT (1) << place->x % 64);
      return TRUE;

    case LEFT:
    case N_SIDES:
    default:
      place->x--;
      return place->x >= 0;
    }
}

static gboolean
trace (Tracer    *self,
       Place      place,
       ContourEnd from,
       gint64     rank)
{
  GArray      *vertices = self->strip->vertices;
  Place        begin = place;
  ContourPiece piece = {
    .first = vertices->len,
    .from = from,
    .from_x = place.x,
    .rank = G_MAXINT64,
  };

  add_crossing (self, place.x, place.y, place.side);
  if (place.side == TOP)
    note_rise (self, &piece, place.x, place.y);

  while (step (self, &piece, &place))
    {
      if (vertices->len > self->max_vertices)
        return FALSE;

      if (place.x == begin.x && place.y == begin.y && place.side == begin.side)
        {
          piece.to = CONTOUR_CLOSED;
          break;
        }
    }

  piece.n = vertices->len - piece.first;
  if (from == CONTOUR_BORDER)
    piece.rank = rank;
  g_array_append_val (self->strip->pieces, piece);

  return vertices->len <= self->max_vertices;
}

/* -- finding where lines begin ------------------------------------------ */

/**
 * almu_contour_count_stretches:
 * @width: of a plane, in pixels
 *
 * A row falls into stretches of %ALMU_KERNEL_STRETCH pixels, the last of which may
 * be shorter.
 *
 * Returns: how many there are, for each of which bounds and a word of bits need room
 */
gsize
almu_contour_count_stretches (int width)
{
  return ((gsize) width + ALMU_KERNEL_STRETCH - 1) / ALMU_KERNEL_STRETCH;
}

/**
 * almu_contour_bound:
 * @field: pixels of a strip, and room for the bounds
 *
 * Finds the bounds of all stretches of the strip, for all levels.
 */
void
almu_contour_bound (const ContourField *field)
{
  gsize n = almu_contour_count_stretches (field->width);

  for (int y = field->first_row; y < field->last_row; y++)
    {
      gsize row = (gsize) (y - field->first_row);

      almu_kernel_bound (field->rows + row * (gsize) field->width, (gsize) field->width,
                         field->mins + row * n, field->maxs + row * n);
    }
}

/* Marks all places where the level is passed upwards along a row. */
static void
find_rises (Tracer *self)
{
  const ContourField *field = self->field;
  gsize               width = (gsize) field->width;

  G_STATIC_ASSERT (ALMU_KERNEL_STRETCH == 64);

  for (int y = field->first_row; y < field->last_row; y++)
    {
      gsize        row = (gsize) (y - field->first_row);
      const float *values = get_row (self, y);
      guint64     *rises = get_rises (self, y);

      for (gsize i = 0; i < self->n_words; i++)
        {
          gsize begin = i * 64;
          gsize place = row * self->n_words + i;

          rises[i] = 0;
          if (begin + 1 < width &&
              field->mins[place] < self->threshold && field->maxs[place] >= self->threshold)
            rises[i] = almu_kernel_find_rises (values + begin, MIN (64, width - 1 - begin), self->threshold);
        }
    }
}

/* What comes in over the first row, from the strip before or from outside. */
static gboolean
trace_from_above (Tracer *self)
{
  const ContourField *field = self->field;
  int                 y = field->first_row;
  ContourEnd          from = y == 0 ? CONTOUR_BORDER : CONTOUR_ABOVE;
  guint64            *rises = get_rises (self, y);

  for (gsize i = 0; i < self->n_words; i++)
    while (rises[i] != 0)
      {
        int x = (int) (i * 64) + __builtin_ctzll (rises[i]);

        rises[i] &= rises[i] - 1;
        if (!trace (self, (Place){ x, y, TOP }, from, x))
          return FALSE;
      }

  if (from == CONTOUR_ABOVE)
    self->strip->n_from_above = self->strip->pieces->len;

  return TRUE;
}

static gboolean
trace_from_below (Tracer *self)
{
  const ContourField *field = self->field;
  int                 y = field->last_row;
  ContourEnd          from = y == field->height - 1 ? CONTOUR_BORDER : CONTOUR_BELOW;
  const float        *row = get_row (self, y);

  self->strip->first_from_below = self->strip->pieces->len;
  for (int x = 0; x < field->width - 1; x++)
    {
      gint64 rank = (gint64) field->width + field->height + (field->width - x);

      if (row[x] >= self->threshold && !(row[x + 1] >= self->threshold) &&
          !trace (self, (Place){ x, y - 1, BOTTOM }, from, rank))
        return FALSE;
    }

  if (from == CONTOUR_BELOW)
    self->strip->n_from_below = self->strip->pieces->len - self->strip->first_from_below;

  return TRUE;
}

static gboolean
trace_from_sides (Tracer *self)
{
  const ContourField *field = self->field;
  int                 last = field->width - 1;

  for (int y = field->first_row; y < field->last_row; y++)
    {
      const float *row = get_row (self, y);
      const float *next = row + field->width;
      gint64       right_rank = (gint64) field->width + y;
      gint64       left_rank = 2 * (gint64) field->width + field->height + (field->height - y);

      if (!(row[last] >= self->threshold) && next[last] >= self->threshold &&
          !trace (self, (Place){ last - 1, y, RIGHT }, CONTOUR_BORDER, right_rank))
        return FALSE;

      if (!(next[0] >= self->threshold) && row[0] >= self->threshold &&
          !trace (self, (Place){ 0, y, LEFT }, CONTOUR_BORDER, left_rank))
        return FALSE;
    }

  return TRUE;
}

/* What no trace has come over until now belongs to closed lines. */
static gboolean
trace_closed (Tracer *self)
{
  for (int y = self->field->first_row + 1; y < self->field->last_row; y++)
    {
      guint64 *rises = get_rises (self, y);

      for (gsize i = 0; i < self->n_words; i++)
        while (rises[i] != 0)
          {
            int x = (int) (i * 64) + __builtin_ctzll (rises[i]);

            if (!trace (self, (Place){ x, y, TOP }, CONTOUR_CLOSED, 0))
              return FALSE;
            rises[i] &= ~(G_GUINT64_CONSTANT (1) << x % 64);
          }
    }

  return TRUE;
}

static float
get_threshold (double level)
{
  float threshold = (float) level;

  return threshold >= level ? threshold : nextafterf (threshold, INFINITY);
}

/**
 * almu_contour_trace_strip:
 * @field: pixels of a strip, and room
 * @level: the value to follow
 * @max_vertices: how many there may be
 * @strip: (out): the lines of one level within the strip; to be cleared also on
 *   failure
 *
 * Marching squares over the cells of the strip, on which its lines alone depend:
 * strips may be traced in any order, on different threads. @field must have been
 * bounded by almu_contour_bound().
 *
 * Returns: %FALSE if there are more than @max_vertices
 */
gboolean
almu_contour_trace_strip (const ContourField *field,
                          double              level,
                          gsize               max_vertices,
                          ContourStrip       *strip)
{
  Tracer self = {
    .field = field,
    .strip = strip,
    .level = level,
    .threshold = get_threshold (level),
    .max_vertices = max_vertices,
    .n_words = almu_contour_count_stretches (field->width),
  };

  *strip = (ContourStrip){ 0 };
  strip->vertices = g_array_new (FALSE, FALSE, sizeof (ContourVertex));
  strip->pieces = g_array_new (FALSE, FALSE, sizeof (ContourPiece));

  fill_exits (&self);
  find_rises (&self);

  /* in this order: the joints come first, from left to right */
  return trace_from_above (&self) && trace_from_below (&self) &&
         trace_from_sides (&self) && trace_closed (&self);
}

/**
 * almu_contour_strip_clear:
 * @strip: one that was traced, or zeros
 *
 * Frees the vertices and the pieces. Twice is harmless.
 */
void
almu_contour_strip_clear (ContourStrip *strip)
{
  g_clear_pointer (&strip->vertices, g_array_unref);
  g_clear_pointer (&strip->pieces, g_array_unref);
}
