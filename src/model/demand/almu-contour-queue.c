/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-contour-queue.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-series.h"
#include "almu-workers.h"

/* Levels traced together: the pixels are smoothed, and fetched from memory,
 * once for all of them. */
#define LEVELS_TOGETHER 8

/**
 * AlmuContourQueue:
 *
 * The contours a viewer wants of a file, on their way.
 *
 * A few levels are traced at a time, then encoded chunk by chunk, as fast as
 * the viewer reads. Levels that have too many vertices together are traced
 * one by one. Another plane and other settings end all of it, and void what
 * was said. Main thread only.
 */
struct _AlmuContourQueue
{
  GObject parent_instance;

  AlmuCache           *cache;
  AlmuContourFunc      func;
  AlmuOverlayDone      done;
  gpointer             user_data;
  AlmuContourSettings *settings; /* NULL: nothing is wanted */
  AlmuPlane           *plane;    /* NULL: not read yet */
  GCancellable        *tracing;
  AlmuSeries          *series;
  guint                first_level; /* of those being worked on */
  guint                n_levels;
  guint                n_together;
  gboolean             has_spoken;
  gboolean             is_paused;
};

G_DEFINE_FINAL_TYPE (AlmuContourQueue, almu_contour_queue, G_TYPE_OBJECT)

/* One chunk among those of some levels. */
typedef struct
{
  guint level;
  guint chunk;
} Place;

typedef struct
{
  AlmuContours *contours;
  int           decimation;
  int           compression_level;
  GArray       *places; /* Place */
} Encoding;

static void trace_next (AlmuContourQueue *self);

static void
encoding_free (gpointer data)
{
  Encoding *encoding = data;

  almu_contours_unref (encoding->contours);
  g_array_unref (encoding->places);
  g_free (encoding);
}

static void
stop (AlmuContourQueue *self)
{
  g_cancellable_cancel (self->tracing);
  g_clear_object (&self->tracing);
  if (self->series != NULL)
    almu_series_stop (self->series);
  g_clear_object (&self->series);
}

static void
almu_contour_queue_dispose (GObject *object)
{
  AlmuContourQueue *self = ALMU_CONTOUR_QUEUE (object);

  stop (self);
  g_clear_pointer (&self->plane, almu_plane_unref);
  g_clear_pointer (&self->settings, almu_contour_settings_free);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_contour_queue_parent_class)->dispose (object);
}

static void
almu_contour_queue_class_init (AlmuContourQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_contour_queue_dispose;
}

static void
almu_contour_queue_init (AlmuContourQueue *self)
{
}

/**
 * almu_contour_queue_new:
 * @cache: where lines are traced, once for several queues
 * @func: (scope forever): called with each piece of a contour
 * @done: (scope forever): called when all are sent
 * @user_data: for both
 *
 * Makes nothing before it has both settings and a plane. Both functions are
 * called on the main thread.
 *
 * Returns: (transfer full): a queue
 */
AlmuContourQueue *
almu_contour_queue_new (AlmuCache      *cache,
                        AlmuContourFunc func,
                        AlmuOverlayDone done,
                        gpointer        user_data)
{
  AlmuContourQueue *self = g_object_new (ALMU_TYPE_CONTOUR_QUEUE, NULL);

  self->cache = g_object_ref (cache);
  self->func = func;
  self->done = done;
  self->user_data = user_data;

  return self;
}

static void
say (AlmuContourQueue       *self,
     const AlmuContourChunk *chunk)
{
  self->has_spoken = TRUE;
  self->func (chunk, NULL, self->user_data);
}

static void
say_empty (AlmuContourQueue *self,
           guint             level,
           float             progress)
{
  g_autoptr(AlmuContourChunk) chunk = NULL;

  chunk = almu_contour_chunk_new_empty (self->settings->levels[self->first_level + level], progress);
  say (self, chunk);
}

/* -- encoding ----------------------------------------------------------- */

static gpointer
make_chunk (guint         index,
            gpointer      data,
            GCancellable *cancellable)
{
  Encoding    *encoding = data;
  const Place *place = &g_array_index (encoding->places, Place, index);

  return almu_contours_encode (encoding->contours, place->level, place->chunk,
                               encoding->decimation, encoding->compression_level, cancellable);
}

/* Who hears may, by that, end all of it: what is said last comes last. */
static void
take_chunk (guint    index,
            gpointer item,
            gpointer user_data)
{
  AlmuContourQueue *self = user_data;

  if (item != NULL)
    {
      say (self, item);
      return;
    }

  g_clear_object (&self->series);
  self->first_level += self->n_levels;
  trace_next (self);
}

/* Each level begins with nothing, at progress 0: the page then forgets the
 * lines it has of it, and adds those that follow, whatever became of the
 * ones it was sent before. */
static void
begin_levels (AlmuContourQueue *self,
              AlmuContours     *contours)
{
  AlmuSeries *series = self->series;

  for (guint i = 0; i < self->n_levels && self->series == series; i++)
    {
      say_empty (self, i, 0);
      if (self->series == series && almu_contours_get_n_chunks (contours, i) == 0)
        say_empty (self, i, 1);
    }
}

static void
send_levels (AlmuContourQueue *self,
             AlmuContours     *contours)
{
  Encoding *encoding = g_new0 (Encoding, 1);
  g_autoptr(AlmuSeries) series = NULL;

  encoding->contours = almu_contours_ref (contours);
  encoding->decimation = self->settings->decimation;
  encoding->compression_level = self->settings->compression_level;
  encoding->places = g_array_new (FALSE, FALSE, sizeof (Place));
  for (guint level = 0; level < self->n_levels; level++)
    for (guint chunk = 0; chunk < almu_contours_get_n_chunks (contours, level); chunk++)
      {
        Place place = { level, chunk };

        g_array_append_val (encoding->places, place);
      }

  series = almu_series_new (encoding->places->len, make_chunk,
                            (GDestroyNotify) almu_contour_chunk_free, encoding, encoding_free);
  almu_workers_set_owner (series, almu_workers_get_owner (self));
  self->series = g_object_ref (series);
  begin_levels (self, contours);
  if (self->series == series)
    almu_series_start (series, self->is_paused, take_chunk, self);
}

/* -- tracing ------------------------------------------------------------ */

/* Too many vertices: alone each level may do; if not, it goes without. */
static void
go_on_without (AlmuContourQueue *self,
               const GError     *reason)
{
  GCancellable *tracing = self->tracing;
  g_autoptr(GError) error = NULL;

  if (self->n_levels > 1)
    {
      self->n_together = 1;
      trace_next (self);
      return;
    }

  error = g_error_new (reason->domain, reason->code,
                       _ ("Contours at %g cannot be drawn: %s; smooth more, or choose another level"),
                       self->settings->levels[self->first_level], reason->message);
  self->func (NULL, error, self->user_data);
  if (self->tracing == tracing)
    say_empty (self, 0, 0);
  if (self->tracing == tracing)
    say_empty (self, 0, 1);
  if (self->tracing == tracing)
    {
      self->first_level++;
      trace_next (self);
    }
}

static void
on_traced (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(AlmuContourQueue) self = user_data;
  g_autoptr(AlmuContours) contours = NULL;
  g_autoptr(GError) error = NULL;

  contours = almu_cache_trace_finish (ALMU_CACHE (source), result, &error);
  if (g_task_get_cancellable (G_TASK (result)) != self->tracing)
    return;

  if (contours != NULL)
    send_levels (self, contours);
  else
    go_on_without (self, error);
}

static void
trace_next (AlmuContourQueue *self)
{
  AlmuContourRecipe recipe = {
    .smoothing = self->settings->smoothing,
    .factor = self->settings->factor,
    .levels = self->settings->levels + self->first_level,
    .chunk_size = self->settings->chunk_size,
  };

  g_cancellable_cancel (self->tracing);
  g_clear_object (&self->tracing);
  if (self->first_level >= self->settings->n_levels)
    {
      self->done (self->user_data);
      return;
    }

  self->n_levels = MIN (self->n_together, self->settings->n_levels - self->first_level);
  self->tracing = almu_workers_cancellable_new (self);
  recipe.n_levels = self->n_levels;
  almu_cache_trace_async (self->cache, self->plane, &recipe, self->tracing, on_traced, g_object_ref (self));
}

static void
start_again (AlmuContourQueue *self)
{
  gboolean has_spoken = self->has_spoken;

  stop (self);
  self->has_spoken = FALSE;
  if (has_spoken)
    self->func (NULL, NULL, self->user_data);

  if (self->plane == NULL || self->settings == NULL)
    return;

  self->first_level = 0;
  self->n_together = LEVELS_TOGETHER;
  trace_next (self);
}

/**
 * almu_contour_queue_get:
 * @self: a queue
 *
 * It belongs to the queue, until almu_contour_queue_set().
 *
 * Returns: (nullable): what is wanted
 */
const AlmuContourSettings *
almu_contour_queue_get (AlmuContourQueue *self)
{
  g_return_val_if_fail (ALMU_IS_CONTOUR_QUEUE (self), NULL);

  return self->settings;
}

/**
 * almu_contour_queue_set:
 * @settings: (nullable): what is wanted from now on
 *
 * Copied; has been checked. If anything was said of what was wanted before,
 * @func is told first that it is void.
 *
 * Returns: %FALSE if just that was wanted already; it is not sent again
 */
gboolean
almu_contour_queue_set (AlmuContourQueue          *self,
                        const AlmuContourSettings *settings)
{
  AlmuContourSettings *before;

  g_return_val_if_fail (ALMU_IS_CONTOUR_QUEUE (self), FALSE);

  if (almu_contour_settings_equal (self->settings, settings))
    return FALSE;

  before = self->settings;
  self->settings = almu_contour_settings_copy (settings);
  start_again (self);
  almu_contour_settings_free (before);

  return TRUE;
}

/**
 * almu_contour_queue_begin:
 * @self: a queue
 * @plane: what to make contours of from now on
 *
 * Held until almu_contour_queue_clear() or another. Makes all contours anew if
 * any are wanted; what was said of the plane before is void.
 */
void
almu_contour_queue_begin (AlmuContourQueue *self,
                          AlmuPlane        *plane)
{
  g_return_if_fail (ALMU_IS_CONTOUR_QUEUE (self));

  almu_plane_ref (plane);
  g_clear_pointer (&self->plane, almu_plane_unref);
  self->plane = plane;
  start_again (self);
}

/**
 * almu_contour_queue_clear:
 *
 * The plane is no longer the one to show.
 */
void
almu_contour_queue_clear (AlmuContourQueue *self)
{
  g_return_if_fail (ALMU_IS_CONTOUR_QUEUE (self));

  g_clear_pointer (&self->plane, almu_plane_unref);
  start_again (self);
}

/**
 * almu_contour_queue_is_idle:
 *
 * Returns: whether nothing is being made
 */
gboolean
almu_contour_queue_is_idle (AlmuContourQueue *self)
{
  g_return_val_if_fail (ALMU_IS_CONTOUR_QUEUE (self), TRUE);

  return self->tracing == NULL && self->series == NULL;
}

/**
 * almu_contour_queue_set_paused:
 * @paused: whether the viewer is too slow for more
 *
 * Levels that are being traced and pieces that are being encoded come; no other
 * piece is begun until @paused is %FALSE again.
 */
void
almu_contour_queue_set_paused (AlmuContourQueue *self,
                               gboolean          paused)
{
  g_return_if_fail (ALMU_IS_CONTOUR_QUEUE (self));

  self->is_paused = paused;
  if (self->series != NULL)
    almu_series_set_paused (self->series, paused);
}
