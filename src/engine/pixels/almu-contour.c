/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-contour-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-pyramid.h"
#include "almu-vertex-codec.h"
#include "almu-workers.h"

/* Smoothed pixels of a strip: they stay in the second-level cache for all
 * levels. */
#define STRIP_BYTES (1024 * 1024)
#define MIN_STRIP_ROWS 32

/* Strips done at a time, per thread: some ten milliseconds, after which
 * others get their turn. */
#define STRIPS_PER_BITE 8

/* A level is packed by several threads at a time: it falls into so many chunks,
 * unless they get small, or larger than they may be. */
#define CHUNKS_PER_LEVEL 8
#define MIN_CHUNK_VERTICES 16384

/* -- tracing ------------------------------------------------------------ */

/* What a thread works in; kept for the next strip. */
typedef struct
{
  float   *rows;
  float   *room;
  float   *mins;
  float   *maxs;
  guint64 *rises;
} Scratch;

typedef struct
{
  AlmuContours *contours;
  AlmuSmoother *smoother;
  AlmuPlane    *plane;
  int           rows_per_strip;
  guint         first_strip; /* of the bite */
  GCancellable *cancellable;
  gsize         max_vertices;
  gsize         n_vertices; /* atomic */
  GMutex        mutex;
  GPtrArray    *scratches; /* under the mutex: those nobody uses */
} Tracing;

static void
scratch_free (gpointer data)
{
  Scratch *scratch = data;

  free (scratch->rows);
  g_free (scratch->room);
  g_free (scratch->mins);
  g_free (scratch->maxs);
  g_free (scratch->rises);
  g_free (scratch);
}

static Scratch *
take_scratch (Tracing *tracing)
{
  Scratch *scratch = NULL;
  gsize    width = (gsize) almu_smoother_get_width (tracing->smoother);
  gsize    n_rows = (gsize) tracing->rows_per_strip + 1;
  gsize    n_stretches = n_rows * almu_contour_count_stretches ((int) width);

  g_mutex_lock (&tracing->mutex);
  if (tracing->scratches->len > 0)
    scratch = g_ptr_array_steal_index_fast (tracing->scratches, tracing->scratches->len - 1);
  g_mutex_unlock (&tracing->mutex);

  if (scratch != NULL)
    return scratch;

  scratch = g_new0 (Scratch, 1);
  scratch->mins = g_new (float, n_stretches);
  scratch->maxs = g_new (float, n_stretches);
  scratch->rises = g_new (guint64, n_stretches);
  if (almu_smoother_peek_rows (tracing->smoother, 0) == NULL)
    {
      scratch->rows = almu_pixels_try_new (n_rows * width);
      scratch->room = g_new (float, almu_smoother_get_room (tracing->smoother));
    }

  return scratch;
}

static void
give_scratch (Tracing *tracing,
              Scratch *scratch)
{
  g_mutex_lock (&tracing->mutex);
  g_ptr_array_add (tracing->scratches, scratch);
  g_mutex_unlock (&tracing->mutex);
}

static gboolean
is_too_much (Tracing *tracing)
{
  return (gsize) g_atomic_pointer_get (&tracing->n_vertices) > tracing->max_vertices;
}

static gboolean
is_in_vain (Tracing *tracing)
{
  return is_too_much (tracing) || g_cancellable_is_cancelled (tracing->cancellable);
}

static void
trace_levels (Tracing            *tracing,
              const ContourField *field,
              guint               strip)
{
  for (guint i = 0; i < tracing->contours->n_levels && !is_in_vain (tracing); i++)
    {
      ContourLevel *level = &tracing->contours->levels[i];
      ContourStrip *traced = &level->strips[strip];

      almu_contour_trace_strip (field, level->level, tracing->max_vertices, traced);
      g_atomic_pointer_add (&tracing->n_vertices, (gssize) traced->vertices->len);
    }
}

static void
trace_part (guint    part,
            gpointer user_data)
{
  Tracing     *tracing = user_data;
  guint        strip = tracing->first_strip + part;
  int          height = almu_smoother_get_height (tracing->smoother);
  int          first = (int) strip * tracing->rows_per_strip;
  Scratch     *scratch;
  ContourField field;

  if (is_in_vain (tracing))
    return;

  scratch = take_scratch (tracing);
  field = (ContourField){
    .rows = almu_smoother_peek_rows (tracing->smoother, first),
    .first_row = first,
    .last_row = MIN (first + tracing->rows_per_strip, height - 1),
    .width = almu_smoother_get_width (tracing->smoother),
    .height = height,
    .scale = almu_smoother_get_scale (tracing->smoother),
    .offset = almu_smoother_get_offset (tracing->smoother),
    .mins = scratch->mins,
    .maxs = scratch->maxs,
    .rises = scratch->rises,
  };

  if (field.rows == NULL)
    {
      almu_smoother_make_rows (tracing->smoother, first, field.last_row + 1, scratch->rows, scratch->room);
      field.rows = scratch->rows;
    }
  almu_contour_bound (&field);
  trace_levels (tracing, &field, strip);
  give_scratch (tracing, scratch);
}

static void
lay_out_strips (Tracing *tracing)
{
  gsize row_bytes = (gsize) almu_smoother_get_width (tracing->smoother) * sizeof (float);
  int   n_cell_rows = almu_smoother_get_height (tracing->smoother) - 1;
  int   rows = (int) CLAMP (STRIP_BYTES / MAX (row_bytes, 1), MIN_STRIP_ROWS, G_MAXINT16);

  /* every thread gets something of a small image too */
  rows = MIN (rows, n_cell_rows / (4 * (int) almu_workers_get_threads ()) + 1);
  tracing->rows_per_strip = MAX (rows, 8);
  if (almu_smoother_get_width (tracing->smoother) > 1 && n_cell_rows > 0)
    tracing->contours->n_strips = (guint) ((n_cell_rows - 1) / tracing->rows_per_strip + 1);
}

static gboolean
trace_strips (Tracing *tracing,
              GError **error)
{
  guint n_strips = tracing->contours->n_strips;
  guint bite = STRIPS_PER_BITE * almu_workers_get_threads ();

  for (guint first = 0; first < n_strips; first += bite)
    {
      tracing->first_strip = first;
      almu_workers_share (MIN (bite, n_strips - first), trace_part, tracing);
      if (g_cancellable_set_error_if_cancelled (tracing->cancellable, error))
        return FALSE;

      if (is_too_much (tracing))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("more than %zu vertices"), tracing->max_vertices);
          return FALSE;
        }
    }

  return TRUE;
}

/* -- putting the pieces together ---------------------------------------- */

static void
make_chunks (ContourLevel *level,
             gsize         max_size)
{
  gsize        chunk_size = MIN (max_size, MAX (MIN_CHUNK_VERTICES, level->n_vertices / CHUNKS_PER_LEVEL));
  ContourChunk chunk = { 0 };

  for (guint i = 0; i < level->lines->len; i++)
    {
      chunk.n_lines++;
      chunk.n_vertices += g_array_index (level->lines, ContourLine, i).n_vertices;
      if (chunk.n_vertices <= chunk_size && i + 1 < level->lines->len)
        continue;

      g_array_append_val (level->chunks, chunk);
      chunk = (ContourChunk){ i + 1, 0, 0, chunk.n_before + chunk.n_vertices };
    }
}

typedef struct
{
  AlmuContours *contours;
  GCancellable *cancellable;
  gsize         chunk_size;
} JoiningAll;

static void
join_part (guint    part,
           gpointer user_data)
{
  JoiningAll   *all = user_data;
  ContourLevel *level = &all->contours->levels[part];

  if (almu_contour_level_join (level, all->contours->n_strips, all->cancellable))
    make_chunks (level, all->chunk_size);
}

/* -- the whole ---------------------------------------------------------- */

static AlmuContours *
contours_new (const AlmuContourRecipe *recipe)
{
  AlmuContours *self = g_new0 (AlmuContours, 1);

  g_atomic_ref_count_init (&self->refs);
  self->n_levels = recipe->n_levels;
  self->levels = g_new0 (ContourLevel, recipe->n_levels);
  for (guint i = 0; i < recipe->n_levels; i++)
    {
      self->levels[i].level = recipe->levels[i];
      self->levels[i].links = g_array_new (FALSE, FALSE, sizeof (ContourLink));
      self->levels[i].lines = g_array_new (FALSE, FALSE, sizeof (ContourLine));
      self->levels[i].chunks = g_array_new (FALSE, FALSE, sizeof (ContourChunk));
    }

  return self;
}

/**
 * almu_contours_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuContours *
almu_contours_ref (AlmuContours *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

static void
level_clear (ContourLevel *level,
             guint         n_strips)
{
  for (guint i = 0; level->strips != NULL && i < n_strips; i++)
    almu_contour_strip_clear (&level->strips[i]);
  g_free (level->strips);
  g_array_unref (level->links);
  g_array_unref (level->lines);
  g_array_unref (level->chunks);
}

/**
 * almu_contours_unref:
 * @self: (transfer full): some lines
 *
 * Frees the lines with the last reference. Any thread.
 */
void
almu_contours_unref (AlmuContours *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  for (guint i = 0; i < self->n_levels; i++)
    level_clear (&self->levels[i], self->n_strips);
  g_free (self->levels);
  g_free (self);
}

/**
 * almu_contours_trace:
 * @plane: a plane
 * @recipe: what to trace
 * @max_vertices: of all levels together
 * @cancellable: (nullable): asked every few milliseconds
 *
 * Traces lines of equal value by marching squares, on several threads: each
 * smooths and traces strips of some rows for all levels, so that no smoothed
 * plane is ever kept; making its rows again costs less than keeping them. The
 * lines are those of a trace of the whole, in the same order, with the same
 * beginnings: lines that come from the border, clockwise from the corner at
 * the origin, then closed ones by the first pixel at which they rise.
 *
 * A blank pixel is lower than all others. Vertices count from the edge of the
 * image: the centre of the first pixel is at 0.5.
 *
 * Returns: (transfer full): the lines; fails with %ALMU_ERROR_LIMIT if there
 *   are too many
 */
AlmuContours *
almu_contours_trace (AlmuPlane               *plane,
                     const AlmuContourRecipe *recipe,
                     gsize                    max_vertices,
                     GCancellable            *cancellable,
                     GError                 **error)
{
  g_autoptr(AlmuContours) self = NULL;
  g_autoptr(AlmuSmoother) smoother = NULL;
  Tracing    tracing = { 0 };
  JoiningAll joining;
  gboolean   is_traced;

  g_return_val_if_fail (plane != NULL, NULL);
  g_return_val_if_fail (recipe != NULL, NULL);

  self = contours_new (recipe);
  smoother = almu_smoother_new (almu_plane_get_pixels (plane),
                                almu_plane_get_width (plane), almu_plane_get_height (plane),
                                recipe->smoothing, recipe->factor);

  tracing.contours = self;
  tracing.smoother = smoother;
  tracing.plane = plane;
  tracing.max_vertices = max_vertices;
  tracing.cancellable = cancellable;
  lay_out_strips (&tracing);
  for (guint i = 0; i < self->n_levels; i++)
    self->levels[i].strips = g_new0 (ContourStrip, MAX (self->n_strips, 1));

  g_mutex_init (&tracing.mutex);
  tracing.scratches = g_ptr_array_new_with_free_func (scratch_free);
  is_traced = trace_strips (&tracing, error);
  g_ptr_array_unref (tracing.scratches);
  g_mutex_clear (&tracing.mutex);
  if (!is_traced)
    return NULL;

  joining = (JoiningAll){ self, cancellable, (gsize) MAX (recipe->chunk_size, 1) };
  almu_workers_share (self->n_levels, join_part, &joining);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * almu_contours_get_n_lines:
 * @level: index of a level
 *
 * For almu_contours_copy_line().
 *
 * Returns: how many lines the level has, closed or not
 */
guint
almu_contours_get_n_lines (AlmuContours *self,
                           guint         level)
{
  g_return_val_if_fail (self != NULL && level < self->n_levels, 0);

  return self->levels[level].lines->len;
}

/**
 * almu_contours_get_n_vertices:
 * @level: index of a level
 *
 * A closed line ends with the vertex it began with, which counts again.
 *
 * Returns: of all lines of the level
 */
gsize
almu_contours_get_n_vertices (AlmuContours *self,
                              guint         level)
{
  g_return_val_if_fail (self != NULL && level < self->n_levels, 0);

  return self->levels[level].n_vertices;
}

static float *
copy_vertices (const ContourLevel *level,
               const ContourLink  *link,
               guint32             begin,
               guint32             end,
               float              *to)
{
  const ContourPiece *piece = almu_contour_level_get_piece (level, link);
  const GArray       *vertices = level->strips[link->strip].vertices;

  memcpy (to, &g_array_index (vertices, ContourVertex, piece->first + begin),
          (end - begin) * sizeof (ContourVertex));

  return to + 2 * (gsize) (end - begin);
}

/**
 * almu_contours_copy_line:
 * @level: index of a level
 * @line: index of a line of it
 * @vertices: (nullable): room for x and y of each
 *
 * A closed line ends with the vertex it begins with.
 *
 * Returns: the number of vertices
 */
gsize
almu_contours_copy_line (AlmuContours *self,
                         guint         level,
                         guint         line,
                         float        *vertices)
{
  const ContourLevel *of;
  const ContourLine  *lines;
  const ContourLink  *links;
  guint32             turn;

  g_return_val_if_fail (self != NULL && level < self->n_levels, 0);

  of = &self->levels[level];
  g_return_val_if_fail (line < of->lines->len, 0);

  lines = &g_array_index (of->lines, ContourLine, line);
  if (vertices == NULL)
    return lines->n_vertices;

  links = &g_array_index (of->links, ContourLink, lines->first_link);
  turn = lines->is_closed ? almu_contour_level_get_piece (of, links)->turn : 0;
  vertices = copy_vertices (of, links, turn, almu_contour_level_get_piece (of, links)->n, vertices);
  for (guint32 i = 1; i < lines->n_links; i++)
    vertices = copy_vertices (of, &links[i], 1, almu_contour_level_get_piece (of, &links[i])->n, vertices);
  if (turn > 0)
    copy_vertices (of, links, 1, turn + 1, vertices);

  return lines->n_vertices;
}

/* -- chunks ------------------------------------------------------------- */

/**
 * almu_contours_get_n_chunks:
 * @level: index of a level
 *
 * Chunks consist of whole lines, and are as large as the recipe allows, or smaller
 * so that several threads can pack them.
 *
 * Returns: into how many chunks a level falls; none without lines
 */
guint
almu_contours_get_n_chunks (AlmuContours *self,
                            guint         level)
{
  g_return_val_if_fail (self != NULL && level < self->n_levels, 0);

  return self->levels[level].chunks->len;
}

/**
 * almu_contour_chunk_new_empty:
 * @level: the value of a level, not its index
 * @progress: as of #AlmuContourChunk
 *
 * A chunk without lines: a beginning, or an end. It says floats, because
 * the page takes no notice of coordinates in fixed point that are empty, and
 * would go on showing the lines it had.
 *
 * Returns: (transfer full): the chunk
 */
AlmuContourChunk *
almu_contour_chunk_new_empty (double level,
                              float  progress)
{
  AlmuContourChunk *self = g_new0 (AlmuContourChunk, 1);

  self->level = level;
  self->progress = progress;
  self->coordinates = g_bytes_new (NULL, 0);
  self->starts = g_bytes_new (NULL, 0);

  return self;
}

/**
 * almu_contour_chunk_free:
 * @self: (transfer full): a chunk
 *
 * Lets go of its bytes, which others may have too. Not for %NULL.
 */
void
almu_contour_chunk_free (AlmuContourChunk *self)
{
  g_bytes_unref (self->coordinates);
  g_bytes_unref (self->starts);
  g_free (self);
}

/**
 * almu_contours_encode:
 * @level: index of a level
 * @chunk: index of a chunk of it
 * @decimation: see almu_vertex_encode(), as is @compression_level
 * @compression_level: below 1 for floats
 * @cancellable: (nullable): asked now and then
 *
 * Packs the lines of a chunk, which takes its time; any thread, and different
 * chunks at a time. Progress is that of vertices, and is 1 for the last chunk only.
 *
 * Returns: (transfer full) (nullable): the chunk; %NULL if cancelled
 */
AlmuContourChunk *
almu_contours_encode (AlmuContours *self,
                      guint         level,
                      guint         chunk,
                      int           decimation,
                      int           compression_level,
                      GCancellable *cancellable)
{
  g_autofree float   *numbers = NULL;
  gint32             *starts;
  GBytes             *coordinates;
  const ContourLevel *of;
  const ContourChunk *what;
  AlmuContourChunk   *made;
  gsize               n_done;
  gsize               n = 0;

  g_return_val_if_fail (self != NULL && level < self->n_levels, NULL);

  of = &self->levels[level];
  g_return_val_if_fail (chunk < of->chunks->len, NULL);

  what = &g_array_index (of->chunks, ContourChunk, chunk);
  numbers = g_new (float, 2 * what->n_vertices);
  starts = g_new (gint32, what->n_lines);
  for (guint i = 0; i < what->n_lines; i++)
    {
      starts[i] = GINT32_TO_LE ((gint32) (2 * n));
      n += almu_contours_copy_line (self, level, what->first_line + i, numbers + 2 * n);
    }

  coordinates = almu_vertex_encode (numbers, 2 * n, decimation, compression_level, cancellable);
  if (coordinates == NULL)
    {
      g_free (starts);
      return NULL;
    }

  n_done = what->n_before + n;
  made = g_new0 (AlmuContourChunk, 1);
  made->level = of->level;
  made->progress = n_done == of->n_vertices ? 1 : MIN (0.99f, (float) ((double) n_done / (double) of->n_vertices));
  made->decimation = compression_level < 1 ? 0 : CLAMP (decimation, 1, ALMU_MAX_DECIMATION);
  made->coordinates = coordinates;
  made->starts = g_bytes_new_take (starts, what->n_lines * sizeof *starts);
  made->n_bytes = 2 * n * sizeof (float);

  return made;
}
