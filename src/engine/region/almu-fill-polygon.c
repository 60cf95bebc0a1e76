/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fill.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-mask.h"

/* An edge that is not level: crosses the rows @first to @last at
 * x = slope · y + offset. */
typedef struct
{
  int    first;
  int    last;
  double slope;
  double offset;
} Edge;

typedef struct
{
  double      x;
  const Edge *edge;
} Crossing;

typedef struct
{
  int y;
  int first;
  int last;
} Run;

typedef struct
{
  gboolean is_wide; /* too large for single precision */
  int      x0, x1;  /* columns and rows that can hold a pixel */
  int      y0, y1;
  Edge    *edges; /* by first row */
  guint    n_edges;
  GArray  *level_runs; /* of Run, by row: edges along a row */
  GArray  *row_runs;   /* scratch */
  GArray  *spans;      /* the result */
} Filler;

/**
 * almu_fill_is_near:
 * @a: a coordinate
 * @b: a coordinate
 *
 * What single precision may have made of one number is still that number.
 *
 * Returns: whether they are the same: apart by no more than %ALMU_FILL_TOLERANCE
 *   of the larger one, or by just that if one of them is 0
 */
gboolean
almu_fill_is_near (double a,
                   double b)
{
  double difference = fabs (a - b);

  if (a == 0 || b == 0)
    return difference <= ALMU_FILL_TOLERANCE;

  return (a < 0) == (b < 0) &&
         difference <= ALMU_FILL_TOLERANCE * MAX (fabs (a), fabs (b));
}

/**
 * almu_fill_first_pixel:
 * @edge: in pixels, 0 is the centre of the first
 *
 * A centre that is almu_fill_is_near() the edge lies on it, and is taken.
 *
 * Returns: the first pixel whose centre is not left of @edge, from 0 to
 *   %ALMU_LIMIT_AXIS_LENGTH
 */
int
almu_fill_first_pixel (double edge)
{
  int nearest;

  if (!(edge > 0))
    return 0;
  if (edge >= ALMU_LIMIT_AXIS_LENGTH)
    return ALMU_LIMIT_AXIS_LENGTH;

  nearest = (int) (edge + 0.1);

  return almu_fill_is_near (nearest, edge) ? nearest : (int) edge + 1;
}

/**
 * almu_fill_last_pixel:
 * @edge: in pixels, 0 is the centre of the first
 *
 * A centre that is almu_fill_is_near() the edge lies on it, and is taken.
 *
 * Returns: the last pixel whose centre is not right of @edge, from -1 to
 *   %ALMU_LIMIT_AXIS_LENGTH
 */
int
almu_fill_last_pixel (double edge)
{
  int nearest;

  if (!(edge >= 0))
    return edge >= -ALMU_FILL_TOLERANCE ? 0 : -1;
  if (edge >= ALMU_LIMIT_AXIS_LENGTH)
    return ALMU_LIMIT_AXIS_LENGTH;

  nearest = (int) (edge + 0.1);

  return almu_fill_is_near (nearest, edge) ? nearest : (int) edge;
}

/* A vertex next to a row lies on it. Deciding this once per vertex, and not
 * per edge, keeps the number of crossings of every row even. */
static double
snap (double y)
{
  double row = rint (y);

  return almu_fill_is_near (row, y) ? row : y;
}

static gboolean
find_area (Filler           *self,
           const AlmuVertex *vertices,
           guint             n_vertices,
           int               width,
           int               height)
{
  AlmuVertex min = vertices[0];
  AlmuVertex max = vertices[0];

  for (guint i = 1; i < n_vertices; i++)
    {
      min.x = MIN (min.x, vertices[i].x);
      min.y = MIN (min.y, vertices[i].y);
      max.x = MAX (max.x, vertices[i].x);
      max.y = MAX (max.y, vertices[i].y);
    }

  self->is_wide = min.x < -ALMU_FILL_PRECISE || min.y < -ALMU_FILL_PRECISE ||
                  max.x > ALMU_FILL_PRECISE || max.y > ALMU_FILL_PRECISE;
  self->x0 = almu_fill_first_pixel (min.x);
  self->y0 = almu_fill_first_pixel (min.y);
  self->x1 = MIN (almu_fill_last_pixel (max.x), width - 1);
  self->y1 = MIN (almu_fill_last_pixel (max.y), height - 1);

  return self->x0 <= self->x1 && self->y0 <= self->y1;
}

static int
direction_of (const AlmuVertex *start,
              const AlmuVertex *end)
{
  double from = snap (start->y);
  double to = snap (end->y);

  return (to > from) - (to < from);
}

static void
add_level_edge (Filler           *self,
                const AlmuVertex *start,
                const AlmuVertex *end)
{
  double y = snap (start->y);
  Run    run;

  if (y < self->y0 || y > self->y1 || y != floor (y))
    return;

  run.y = (int) y;
  run.first = MAX (almu_fill_first_pixel (MIN (start->x, end->x)), self->x0);
  run.last = MIN (almu_fill_last_pixel (MAX (start->x, end->x)), self->x1);
  if (run.first <= run.last)
    g_array_append_val (self->level_runs, run);
}

static void
find_line (const Filler     *self,
           Edge             *edge,
           const AlmuVertex *start,
           const AlmuVertex *end)
{
  if (self->is_wide)
    {
      double height = start->y - end->y;

      edge->slope = (start->x - end->x) / height;
      edge->offset = (end->x * start->y - start->x * end->y) / height;
    }
  else
    {
      float x = (float) start->x;
      float y = (float) start->y;
      float slope = (x - (float) end->x) / (y - (float) end->y);

      edge->slope = slope;
      edge->offset = x - slope * y;
    }
}

/* Of two edges that meet on a row, the first counts with its end. The second
 * counts with its start only if the outline turns back there; otherwise the
 * outline crosses the row once. */
static void
add_edge (Filler           *self,
          const AlmuVertex *start,
          const AlmuVertex *end,
          gboolean          turns)
{
  double from = snap (start->y);
  double to = snap (end->y);
  double low = ceil (MIN (from, to));
  double high = floor (MAX (from, to));
  Edge  *edge = &self->edges[self->n_edges];

  if (!turns && from < to && low == from)
    low += 1;
  else if (!turns && from > to && high == from)
    high -= 1;

  low = MAX (low, self->y0);
  high = MIN (high, self->y1);
  if (low > high)
    return;

  edge->first = (int) low;
  edge->last = (int) high;
  find_line (self, edge, start, end);
  self->n_edges++;
}

static void
add_outline (Filler           *self,
             const AlmuVertex *vertices,
             guint             n_vertices)
{
  int last_direction = 0;

  for (guint i = n_vertices; i-- > 0 && last_direction == 0;)
    last_direction = direction_of (&vertices[i], &vertices[(i + 1) % n_vertices]);

  for (guint i = 0; i < n_vertices; i++)
    {
      const AlmuVertex *start = &vertices[i];
      const AlmuVertex *end = &vertices[(i + 1) % n_vertices];
      int               direction = direction_of (start, end);

      if (direction == 0)
        {
          add_level_edge (self, start, end);
          continue;
        }

      add_edge (self, start, end, direction != last_direction);
      last_direction = direction;
    }
}

static int
compare_edges (const void *a,
               const void *b)
{
  const Edge *x = a;
  const Edge *y = b;

  return (x->first > y->first) - (x->first < y->first);
}

static int
compare_runs (const void *a,
              const void *b)
{
  const Run *x = a;
  const Run *y = b;

  if (x->y != y->y)
    return x->y < y->y ? -1 : 1;

  return (x->first > y->first) - (x->first < y->first);
}

static int
compare_crossings (const void *a,
                   const void *b)
{
  const Crossing *x = a;
  const Crossing *y = b;

  return (x->x > y->x) - (x->x < y->x);
}

/* The order of one row is nearly that of the row before, which insertion
 * likes best; a polygon made to be difficult is sorted afresh. */
static void
sort_crossings (Crossing *crossings,
                guint     n_crossings)
{
  guint n_moves = 0;

  for (guint i = 1; i < n_crossings; i++)
    {
      Crossing moving = crossings[i];
      guint    at = i;

      for (; at > 0 && crossings[at - 1].x > moving.x; at--)
        crossings[at] = crossings[at - 1];
      crossings[at] = moving;

      n_moves += i - at;
      if (n_moves > 16 * n_crossings)
        {
          qsort (crossings, n_crossings, sizeof *crossings, compare_crossings);
          return;
        }
    }
}

static void
add_run (Filler    *self,
         const Run *run)
{
  AlmuSpan *last = NULL;
  AlmuSpan  span = { .y = run->y, .x = run->first, .length = run->last - run->first + 1 };

  if (self->spans->len > 0)
    last = &g_array_index (self->spans, AlmuSpan, self->spans->len - 1);

  if (last == NULL || last->y != run->y || run->first > last->x + last->length)
    g_array_append_val (self->spans, span);
  else
    last->length = MAX (last->length, run->last - last->x + 1);
}

/* Crossings pair up to runs. They are ordered by their start, but may touch;
 * edges along the row come on top. */
static void
fill_row (Filler         *self,
          int             y,
          const Crossing *crossings,
          guint           n_crossings,
          guint          *level)
{
  GArray *runs = self->row_runs;
  guint   n_pairs;

  g_array_set_size (runs, 0);
  for (guint i = 0; i + 1 < n_crossings; i += 2)
    {
      Run run = {
        .y = y,
        .first = MAX (almu_fill_first_pixel (crossings[i].x), self->x0),
        .last = MIN (almu_fill_last_pixel (crossings[i + 1].x), self->x1),
      };

      if (run.first <= run.last)
        g_array_append_val (runs, run);
    }

  n_pairs = runs->len;
  for (; *level < self->level_runs->len; (*level)++)
    {
      const Run *run = &g_array_index (self->level_runs, Run, *level);

      if (run->y != y)
        break;
      g_array_append_vals (runs, run, 1);
    }

  if (runs->len > n_pairs)
    g_array_sort (runs, compare_runs);

  for (guint i = 0; i < runs->len; i++)
    add_run (self, &g_array_index (runs, Run, i));
}

static double
cross (const Filler *self,
       const Edge   *edge,
       int           y)
{
  if (self->is_wide)
    return edge->slope * y + edge->offset;

  return (float) edge->slope * (float) y + (float) edge->offset;
}

static void
fill_rows (Filler *self)
{
  g_autofree Crossing *crossings = g_new (Crossing, MAX (self->n_edges, 1));
  guint                n_crossings = 0;
  guint                next = 0;
  guint                level = 0;

  for (int y = self->y0; y <= self->y1; y++)
    {
      guint n_kept = 0;

      for (guint i = 0; i < n_crossings; i++)
        {
          if (crossings[i].edge->last >= y)
            crossings[n_kept++].edge = crossings[i].edge;
        }
      for (n_crossings = n_kept; next < self->n_edges && self->edges[next].first == y; next++)
        crossings[n_crossings++].edge = &self->edges[next];

      for (guint i = 0; i < n_crossings; i++)
        crossings[i].x = cross (self, crossings[i].edge, y);

      sort_crossings (crossings, n_crossings);
      fill_row (self, y, crossings, n_crossings, &level);
    }
}

static gboolean
check_effort (const Filler *self,
              guint         n_vertices,
              GError      **error)
{
  gint64 n_crossings = 0;

  for (guint i = 0; i < self->n_edges; i++)
    n_crossings += self->edges[i].last - self->edges[i].first + 1;

  if (n_crossings <= ALMU_LIMIT_CROSSINGS)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("Outline of %u points crosses the rows of the image %" PRId64
                  " times, at most %d are allowed"),
               n_vertices, n_crossings, ALMU_LIMIT_CROSSINGS);
  return FALSE;
}

/**
 * almu_fill_polygon:
 * @vertices: (array length=n_vertices): finite, in order; the last is
 *   joined to the first
 * @n_vertices: at least 1
 * @width: of the image
 * @height: of the image
 * @spans: (element-type AlmuSpan) (nullable): receives the pixels; %NULL to
 *   ask only whether they can be had
 * @error: return location for an error
 *
 * Pixels whose centre lies inside (by the even-odd rule) or on the outline.
 * Costs rows and crossings, never area.
 *
 * Returns: %FALSE if the outline is too intricate
 */
gboolean
almu_fill_polygon (const AlmuVertex *vertices,
                   guint             n_vertices,
                   int               width,
                   int               height,
                   GArray           *spans,
                   GError          **error)
{
  Filler           self = { .spans = spans };
  g_autofree Edge *edges = NULL;
  g_autoptr(GArray) level_runs = NULL;
  g_autoptr(GArray) row_runs = NULL;

  g_assert (n_vertices > 0);

  if (!find_area (&self, vertices, n_vertices, width, height))
    return TRUE;

  self.edges = edges = g_new (Edge, n_vertices);
  self.level_runs = level_runs = g_array_new (FALSE, FALSE, sizeof (Run));
  self.row_runs = row_runs = g_array_new (FALSE, FALSE, sizeof (Run));

  add_outline (&self, vertices, n_vertices);
  if (!check_effort (&self, n_vertices, error))
    return FALSE;
  if (spans == NULL)
    return TRUE;

  qsort (self.edges, self.n_edges, sizeof *self.edges, compare_edges);
  g_array_sort (level_runs, compare_runs);
  fill_rows (&self);

  return TRUE;
}
