/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include <string.h>

#include "almu-limits.h"
#include "almu-workers.h"

/* Lines that are being traced. They are not kept: who gets them sends them. */

/* Lines to be traced together. */
typedef struct
{
  AlmuPlane        *plane;
  AlmuContourRecipe recipe; /* its levels are its own */
} Tracing;

static guint
tracing_hash (gconstpointer data)
{
  const Tracing *tracing = data;

  return g_direct_hash (tracing->plane) ^ (tracing->recipe.n_levels * 31);
}

static gboolean
tracing_equal (gconstpointer a,
               gconstpointer b)
{
  const Tracing           *x = a;
  const Tracing           *y = b;
  const AlmuContourRecipe *r = &x->recipe;
  const AlmuContourRecipe *s = &y->recipe;

  return x->plane == y->plane && r->smoothing == s->smoothing && r->factor == s->factor &&
         r->chunk_size == s->chunk_size && r->n_levels == s->n_levels &&
         memcmp (r->levels, s->levels, r->n_levels * sizeof *r->levels) == 0;
}

static void
tracing_free (gpointer data)
{
  Tracing *tracing = data;

  almu_plane_unref (tracing->plane);
  g_free ((double *) tracing->recipe.levels);
  g_free (tracing);
}

/**
 * almu_cache_contours_new:
 *
 * For contours that are being traced.
 *
 * Returns: (transfer full): none yet
 */
AlmuErrands *
almu_cache_contours_new (void)
{
  static const AlmuErrandKind kind = {
    tracing_hash,
    tracing_equal,
    tracing_free,
    (gpointer (*) (gpointer)) almu_contours_ref,
    (GDestroyNotify) almu_contours_unref,
  };

  return almu_errands_new (&kind);
}

static void
trace_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Tracing      *tracing = task_data;
  GError       *error = NULL;
  AlmuContours *contours;

  contours = almu_contours_trace (tracing->plane, &tracing->recipe, ALMU_LIMIT_CONTOUR_VERTICES,
                                  cancellable, &error);
  if (contours != NULL)
    g_task_return_pointer (task, contours, (GDestroyNotify) almu_contours_unref);
  else
    g_task_return_error (task, error);
}

static void
on_traced (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuContours) contours = NULL;

  contours = g_task_propagate_pointer (G_TASK (result), &error);
  almu_errand_end (user_data, contours, error);
}

/**
 * almu_cache_trace_async:
 * @self: a cache
 * @plane: what is traced
 * @recipe: how; copied
 * @cancellable: gives up waiting; tracing ends when nobody waits any more
 *
 * Traces contours, once for all who want the same of the same plane at the
 * same time.
 */
void
almu_cache_trace_async (AlmuCache               *self,
                        AlmuPlane               *plane,
                        const AlmuContourRecipe *recipe,
                        GCancellable            *cancellable,
                        GAsyncReadyCallback      callback,
                        gpointer                 user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GTask) work = NULL;
  AlmuErrand *errand;
  Tracing    *tracing;

  g_return_if_fail (ALMU_IS_CACHE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_cache_trace_async);

  tracing = g_new0 (Tracing, 1);
  tracing->plane = almu_plane_ref (plane);
  tracing->recipe = *recipe;
  tracing->recipe.levels = g_memdup2 (recipe->levels, recipe->n_levels * sizeof *recipe->levels);
  errand = almu_errands_join (self->contours, tracing, task, NULL, NULL);
  if (errand == NULL)
    return;

  work = g_task_new (self, almu_errand_get_cancellable (errand), on_traced, errand);
  g_task_set_source_tag (work, almu_cache_trace_async);
  g_task_set_name (work, "trace contours");
  g_task_set_task_data (work, tracing, NULL);
  almu_workers_run (work, ALMU_PRIORITY_LONG, trace_worker);
}

/**
 * almu_cache_trace_finish:
 * @self: a cache
 * @result: what the callback got
 * @error: return location
 *
 * Fails as almu_contours_trace() does.
 *
 * Returns: (transfer full): the lines
 */
AlmuContours *
almu_cache_trace_finish (AlmuCache    *self,
                         GAsyncResult *result,
                         GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
