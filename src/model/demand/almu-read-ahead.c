/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-read-ahead.h"

#include "almu-measure.h"
#include "almu-workers.h"

/* What is read ahead may take so much of the budget, so that it never drives
 * out what it is read for. */
#define BUDGET_SHARE 4

/**
 * AlmuReadAhead:
 *
 * Reads planes that will probably be looked at next, one after the other,
 * when the threads have nothing better to do, and counts their histograms.
 * What comes of it is in the cache; nobody is told.
 *
 * A plane that is asked for while it is being read ahead is read once: who
 * shows it asks the cache for it first, and stops this afterwards.
 *
 * Main thread only.
 */
struct _AlmuReadAhead
{
  GObject parent_instance;

  AlmuCache    *cache;
  AlmuImage    *image;
  GArray       *planes; /* AlmuPlaneId, the next one last */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (AlmuReadAhead, almu_read_ahead, G_TYPE_OBJECT)

/* One plane on its way. */
typedef struct
{
  AlmuReadAhead *self;
  AlmuPlaneId    plane;
  GCancellable  *cancellable;
} Reading;

static void read_next (AlmuReadAhead *self);

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->self);
  g_object_unref (reading->cancellable);
  g_free (reading);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
almu_read_ahead_dispose (GObject *object)
{
  AlmuReadAhead *self = ALMU_READ_AHEAD (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->planes, g_array_unref);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_read_ahead_parent_class)->dispose (object);
}

static void
almu_read_ahead_class_init (AlmuReadAheadClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_read_ahead_dispose;
}

static void
almu_read_ahead_init (AlmuReadAhead *self)
{
  self->planes = g_array_new (FALSE, FALSE, sizeof (AlmuPlaneId));
}

/**
 * almu_read_ahead_new:
 * @cache: where it goes; held
 * @image: of which; held
 *
 * Reads nothing before almu_read_ahead_begin().
 *
 * Returns: (transfer full): for the main thread
 */
AlmuReadAhead *
almu_read_ahead_new (AlmuCache *cache,
                     AlmuImage *image)
{
  AlmuReadAhead *self = g_object_new (ALMU_TYPE_READ_AHEAD, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);

  return self;
}

static void
on_counted (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(Reading) reading = user_data;
  g_autoptr(AlmuMeasure) measure = almu_measure_finish (result, NULL);
  AlmuReadAhead *self = reading->self;

  if (reading->cancellable != self->cancellable)
    return;

  if (measure != NULL)
    almu_cache_keep_histogram (self->cache, self->image, reading->plane.channel, reading->plane.stokes,
                               g_ptr_array_index (measure->histograms, 0));
  read_next (self);
}

/* A plane that cannot be read is reported when it is looked at. */
static void
on_plane (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Reading) reading = user_data;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuReadAhead *self = reading->self;

  plane = almu_cache_get_plane_finish (ALMU_CACHE (source), result, NULL);
  if (reading->cancellable != self->cancellable || plane == NULL)
    return;

  if (almu_cache_peek_histogram (self->cache, self->image, reading->plane.channel, reading->plane.stokes) != NULL)
    {
      read_next (self);
      return;
    }

  almu_measure_plane_async (plane, self->image, reading->plane.channel, reading->plane.stokes, ALMU_PRIORITY_AHEAD, reading->cancellable, on_counted, reading);
  g_steal_pointer (&reading);
}

static void
read_next (AlmuReadAhead *self)
{
  AlmuPlaneId plane;
  Reading    *reading;

  if (self->planes->len == 0)
    return;

  plane = g_array_index (self->planes, AlmuPlaneId, self->planes->len - 1);
  g_array_set_size (self->planes, self->planes->len - 1);

  reading = g_new0 (Reading, 1);
  reading->self = g_object_ref (self);
  reading->plane = plane;
  reading->cancellable = g_object_ref (self->cancellable);
  almu_cache_get_plane_async (self->cache, self->image, plane.channel, plane.stokes,
                              ALMU_PRIORITY_AHEAD, self->cancellable, on_plane, reading);
}

/**
 * almu_read_ahead_begin:
 * @planes: which planes, the one that is wanted first at the beginning
 * @n_planes: how many
 *
 * Reads @planes instead of what was to be read so far, as many of them as
 * the budget of the cache has room for.
 */
void
almu_read_ahead_begin (AlmuReadAhead     *self,
                       const AlmuPlaneId *planes,
                       guint              n_planes)
{
  const AlmuImageInfo *info;
  gsize                room;

  g_return_if_fail (ALMU_IS_READ_AHEAD (self));

  almu_read_ahead_stop (self);

  info = almu_image_get_info (self->image);
  room = almu_cache_get_budget (self->cache) / BUDGET_SHARE / almu_plane_estimate_size (info->width, info->height);
  for (guint i = (guint) MIN (n_planes, room); i-- > 0;)
    g_array_append_val (self->planes, planes[i]);

  self->cancellable = almu_workers_cancellable_new (self);
  read_next (self);
}

/**
 * almu_read_ahead_stop:
 *
 * Something is wanted now: what is being read for later ends, unless it is
 * just that.
 */
void
almu_read_ahead_stop (AlmuReadAhead *self)
{
  g_return_if_fail (ALMU_IS_READ_AHEAD (self));

  g_array_set_size (self->planes, 0);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}
