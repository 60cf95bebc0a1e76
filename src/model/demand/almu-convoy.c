/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-convoy.h"

#include "almu-scan.h"
#include "almu-sweep.h"
#include "almu-workers.h"

/**
 * AlmuConvoy:
 *
 * Regions that travel along the channels of a cube together, so that pixels
 * are read once for all of them.
 *
 * Who sets out begins as short work, together with whoever sets out at the
 * same moment. Who is not there soon, or is overtaken by somebody newer, goes
 * on in the long lane: a region that is being dragged does not wait for large
 * ones. That lane goes round and round; each joins it wherever it is, and
 * leaves it when it has seen all channels.
 *
 * Created and used on the main thread.
 */

/* Until it is known better, how much is looked at in a bite. */
#define FIRST_PIXELS (256 * 1024)

/* What a region costs in a channel beside its pixels, in pixels. */
#define COST_OF_REGION 2048

/* A region on its way. Belongs to its lane until it arrives or gives up, which
 * it does on the main thread. */
typedef struct _Lane Lane;

typedef struct
{
  AlmuConvoy          *convoy;
  GTask               *task;
  AlmuSpectrum        *spectrum; /* as the rest, the worker's of its lane */
  AlmuMask            *mask;
  int                  n_seen;
  gint64               begin;
  gint64               last_report;
  GError              *error;
  AlmuSpectrumProgress progress;
  gpointer             user_data;
  gulong               cancelled_handler;

  Lane    *lane; /* under the mutex */
  gboolean has_given_up;
} Traveller;

struct _Lane
{
  AlmuConvoy *convoy; /* unowned */
  int         stokes;
  Lane       *longer; /* NULL: this is the long one */

  /* of the worker, while it runs */
  int    channel;
  double n_pixels;

  /* under the mutex */
  GPtrArray    *travellers; /* from the oldest to the newest */
  GCancellable *cancellable;
  gboolean      is_running;
  guint         start_source;
};

struct _AlmuConvoy
{
  GObject parent_instance;

  AlmuImage *image;
  GMutex     mutex;
  GPtrArray *lanes; /* those that one sets out in */
};

G_DEFINE_FINAL_TYPE (AlmuConvoy, almu_convoy, G_TYPE_OBJECT)

static Lane *
lane_new (AlmuConvoy *convoy,
          int         stokes,
          Lane       *longer)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->convoy = convoy;
  lane->stokes = stokes;
  lane->longer = longer;
  lane->n_pixels = FIRST_PIXELS;
  lane->travellers = g_ptr_array_new ();
  lane->cancellable = g_cancellable_new ();

  return lane;
}

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  if (lane->longer != NULL)
    lane_free (lane->longer);
  g_ptr_array_unref (lane->travellers);
  g_object_unref (lane->cancellable);
  g_free (lane);
}

static void
almu_convoy_finalize (GObject *object)
{
  AlmuConvoy *self = ALMU_CONVOY (object);

  g_clear_object (&self->image);
  g_clear_pointer (&self->lanes, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (almu_convoy_parent_class)->finalize (object);
}

static void
almu_convoy_class_init (AlmuConvoyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = almu_convoy_finalize;
}

static void
almu_convoy_init (AlmuConvoy *self)
{
  g_mutex_init (&self->mutex);
  self->lanes = g_ptr_array_new_with_free_func (lane_free);
}

/**
 * almu_convoy_new:
 * @image: whose channels are travelled along; held
 *
 * Reads nothing before somebody sets out.
 *
 * Returns: (transfer full): a convoy
 */
AlmuConvoy *
almu_convoy_new (AlmuImage *image)
{
  AlmuConvoy *self;

  g_return_val_if_fail (ALMU_IS_IMAGE (image), NULL);

  self = g_object_new (ALMU_TYPE_CONVOY, NULL);
  self->image = g_object_ref (image);

  return self;
}

/* -- what is told ------------------------------------------------------- */

static gboolean
is_complete (const Traveller *traveller)
{
  return traveller->n_seen == traveller->spectrum->n_channels;
}

static gboolean
on_end (gpointer user_data)
{
  Traveller *traveller = user_data;

  g_cancellable_disconnect (g_task_get_cancellable (traveller->task), traveller->cancelled_handler);
  if (traveller->error != NULL)
    g_task_return_error (traveller->task, g_steal_pointer (&traveller->error));
  else if (!g_task_return_error_if_cancelled (traveller->task))
    g_task_return_pointer (traveller->task, g_steal_pointer (&traveller->spectrum),
                           (GDestroyNotify) almu_spectrum_unref);

  return G_SOURCE_REMOVE;
}

static void
traveller_free (gpointer data)
{
  Traveller *traveller = data;

  g_object_unref (traveller->task);
  g_object_unref (traveller->convoy);
  g_clear_pointer (&traveller->spectrum, almu_spectrum_unref);
  g_clear_pointer (&traveller->mask, almu_mask_unref);
  g_free (traveller);
}

static void
post (Traveller     *traveller,
      const char    *name,
      GSourceFunc    func,
      gpointer       data,
      GDestroyNotify free_data)
{
  /* once it is attached it may be freed over there */
  GMainContext *context = g_task_get_context (traveller->task);
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, name);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, free_data);
  g_source_attach (source, context);
}

typedef struct
{
  Traveller    *traveller;
  AlmuSpectrum *so_far;
  double        progress;
} Report;

static void
report_free (gpointer data)
{
  Report *report = data;

  almu_spectrum_unref (report->so_far);
  g_free (report);
}

/* Before it ends: what is posted comes in order. */
static gboolean
on_report (gpointer user_data)
{
  Report    *report = user_data;
  Traveller *traveller = report->traveller;

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (traveller->task)))
    traveller->progress (report->so_far, report->progress, traveller->user_data);

  return G_SOURCE_REMOVE;
}

static void
send_report (Traveller *traveller)
{
  const AlmuSpectrum *spectrum = traveller->spectrum;
  gsize               n = (gsize) spectrum->n_channels;
  Report             *report = g_new0 (Report, 1);

  report->traveller = traveller;
  report->so_far = almu_spectrum_new_for_stats (spectrum->shape, g_memdup2 (spectrum->stats, n * sizeof *spectrum->stats),
                                                spectrum->n_channels);
  report->progress = (double) traveller->n_seen / spectrum->n_channels;
  post (traveller, "almu: spectrum so far", on_report, report, report_free);
}

/* -- a bite ------------------------------------------------------------- */

/* What was measured has pixels, if only blank ones. */
static gboolean
has_seen (const Traveller *traveller,
          int              channel)
{
  const AlmuStats *stats = &traveller->spectrum->stats[channel];

  return stats->n + stats->n_blank > 0;
}

/* How far it is to the next channel that is missing, going round. */
static int
find_missing (const Traveller *traveller,
              int              channel)
{
  int n = traveller->spectrum->n_channels;
  int distance = 0;

  while (distance < n && has_seen (traveller, (channel + distance) % n))
    distance++;

  return distance;
}

/* How many channels in a row are missing, up to @max. */
static int
count_missing (const Traveller *traveller,
               int              channel,
               int              max)
{
  int n = 0;

  while (n < max && !has_seen (traveller, channel + n))
    n++;

  return n;
}

static double
get_cost (const Traveller *traveller)
{
  const AlmuRect *bounds = &traveller->mask->bounds;

  return (double) bounds->width * bounds->height + COST_OF_REGION;
}

/* Leaves those who come along through the next channels, and returns how many
 * channels that are. */
static int
plan_bite (Lane      *lane,
           GPtrArray *riders)
{
  int    depth = almu_image_get_info (lane->convoy->image)->depth;
  int    distance = depth;
  double cost = 0;
  int    n;

  for (guint i = 0; i < riders->len && distance > 0; i++)
    distance = MIN (distance, find_missing (riders->pdata[i], lane->channel));
  lane->channel = (lane->channel + distance) % depth;

  for (guint i = riders->len; i > 0; i--)
    if (has_seen (riders->pdata[i - 1], lane->channel))
      g_ptr_array_remove_index (riders, i - 1);
    else
      cost += get_cost (riders->pdata[i - 1]);

  n = (int) CLAMP (lane->n_pixels / cost, 1, depth - lane->channel);
  for (guint i = 0; i < riders->len; i++)
    n = count_missing (riders->pdata[i], lane->channel, n);

  return n;
}

static gboolean
measure (Lane       *lane,
         Traveller **riders,
         guint       n_riders,
         int         n,
         GError    **error)
{
  AlmuScan                  scan = { lane->convoy->image, lane->stokes, lane->cancellable, NULL };
  g_autofree AlmuScanPlace *places = g_new (AlmuScanPlace, n_riders);

  for (guint i = 0; i < n_riders; i++)
    places[i] = (AlmuScanPlace){ riders[i]->mask, riders[i]->spectrum->stats + lane->channel };
  if (!almu_scan_measure (&scan, places, n_riders, lane->channel, n, error))
    return FALSE;

  for (guint i = 0; i < n_riders; i++)
    riders[i]->n_seen += n;

  return TRUE;
}

/* What one of them cannot read may not be where the others are: if it was for
 * several, each tries alone. */
static void
take_failure (Lane      *lane,
              GPtrArray *riders,
              int        n,
              GError    *failure)
{
  if (riders->len == 1)
    {
      ((Traveller *) riders->pdata[0])->error = g_error_copy (failure);
      return;
    }

  for (guint i = 0; i < riders->len; i++)
    {
      Traveller *traveller = riders->pdata[i];
      g_autoptr(GError) error = NULL;

      if (!measure (lane, &traveller, 1, n, &error) && !g_cancellable_is_cancelled (lane->cancellable))
        traveller->error = g_steal_pointer (&error);
    }
}

static void
bite (Lane      *lane,
      GPtrArray *riders)
{
  gint64 begin = g_get_monotonic_time ();
  int    n = plan_bite (lane, riders);
  double n_pixels = 0;
  double part;
  g_autoptr(GError) error = NULL;

  if (!measure (lane, (Traveller **) riders->pdata, riders->len, n, &error))
    {
      if (!g_cancellable_is_cancelled (lane->cancellable))
        take_failure (lane, riders, n, error);
      return;
    }

  for (guint i = 0; i < riders->len; i++)
    n_pixels += get_cost (riders->pdata[i]) * n;
  part = (double) ALMU_SWEEP_BITE_USEC / (double) MAX (g_get_monotonic_time () - begin, 1);
  lane->n_pixels = n_pixels * MIN (part, ALMU_SWEEP_MAX_GROWTH);
  lane->channel = (lane->channel + n) % almu_image_get_info (lane->convoy->image)->depth;
}

/* -- a lane ------------------------------------------------------------- */

static void lane_run (Lane *lane);

static void
make_mask (Traveller *traveller)
{
  const AlmuImageInfo *info = almu_image_get_info (traveller->convoy->image);
  AlmuShape           *shape = traveller->spectrum->shape;
  AlmuRect             all = { 0, 0, info->width, info->height };

  traveller->mask = shape != NULL ? almu_mask_new (shape, info->width, info->height) : almu_mask_new_for_rect (&all);
  if (almu_mask_is_empty (traveller->mask))
    traveller->n_seen = traveller->spectrum->n_channels;
}

/* With the mutex held. */
static void
lane_pass_on (Lane *lane,
              guint nth)
{
  Traveller *traveller = lane->travellers->pdata[nth];

  if (!lane->longer->is_running)
    {
      lane->longer->channel = lane->channel;
      lane->longer->n_pixels = lane->n_pixels;
    }
  traveller->lane = lane->longer;
  g_ptr_array_remove_index (lane->travellers, nth);
  g_ptr_array_add (lane->longer->travellers, traveller);
  lane_run (lane->longer);
}

static gboolean
is_overtaken (Lane *lane)
{
  const Traveller *newest = lane->travellers->pdata[lane->travellers->len - 1];

  return newest->mask == NULL;
}

/* Takes leave of those who are through, and has the slow ones go elsewhere.
 * With the mutex held. */
static void
lane_sort_out (Lane *lane)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = lane->travellers->len; i > 0; i--)
    {
      Traveller *traveller = lane->travellers->pdata[i - 1];

      if (traveller->has_given_up || traveller->error != NULL || is_complete (traveller))
        {
          g_ptr_array_remove_index (lane->travellers, i - 1);
          traveller->lane = NULL;
          post (traveller, "almu: spectrum", on_end, traveller, traveller_free);
        }
      else if (traveller->mask != NULL && now - traveller->last_report > ALMU_SWEEP_REPORT_USEC)
        {
          traveller->last_report = now;
          send_report (traveller);
        }
    }

  for (guint i = lane->longer != NULL ? lane->travellers->len : 0; i > 0; i--)
    {
      Traveller *traveller = lane->travellers->pdata[i - 1];

      if (traveller->mask != NULL &&
          (now - traveller->begin > ALMU_SWEEP_BRIEF_USEC || is_overtaken (lane)))
        lane_pass_on (lane, i - 1);
    }
}

/* Who is on the way now; %NULL if nobody is, and the lane has come to rest. */
static GPtrArray *
lane_gather (Lane *lane)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&lane->convoy->mutex);

  lane_sort_out (lane);
  if (g_cancellable_is_cancelled (lane->cancellable))
    {
      g_object_unref (lane->cancellable);
      lane->cancellable = g_cancellable_new ();
    }

  if (lane->travellers->len == 0)
    {
      lane->is_running = FALSE;
      return NULL;
    }

  return g_ptr_array_copy (lane->travellers, NULL, NULL);
}

static int
lane_get_priority (const Lane *lane)
{
  return lane->longer != NULL ? ALMU_PRIORITY_NORMAL : ALMU_PRIORITY_LONG;
}

static void
lane_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Lane  *lane = task_data;
  gint64 turn = g_get_monotonic_time ();

  while (g_get_monotonic_time () - turn <= ALMU_SWEEP_TURN_USEC)
    {
      g_autoptr(GPtrArray) riders = lane_gather (lane);

      if (riders == NULL)
        {
          g_task_return_boolean (task, TRUE);
          return;
        }

      for (guint i = riders->len; i > 0; i--)
        {
          Traveller *traveller = riders->pdata[i - 1];

          if (traveller->mask == NULL)
            {
              traveller->begin = traveller->last_report = g_get_monotonic_time ();
              make_mask (traveller);
            }
          if (is_complete (traveller))
            g_ptr_array_remove_index (riders, i - 1);
        }

      if (riders->len > 0)
        bite (lane, riders);
    }

  almu_workers_run (task, lane_get_priority (lane), lane_worker);
}

/* With the mutex held; any thread. */
static void
lane_run (Lane *lane)
{
  g_autoptr(GTask) task = NULL;

  if (lane->is_running)
    return;

  lane->is_running = TRUE;
  task = g_task_new (lane->convoy, NULL, NULL, NULL);
  g_task_set_source_tag (task, almu_convoy_measure_async);
  g_task_set_name (task, "measure spectra");
  g_task_set_task_data (task, lane, NULL);
  almu_workers_run (task, lane_get_priority (lane), lane_worker);
}

/* -- setting out -------------------------------------------------------- */

static gboolean
on_start (gpointer user_data)
{
  Lane *lane = user_data;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&lane->convoy->mutex);

  lane->start_source = 0;
  lane_run (lane);

  return G_SOURCE_REMOVE;
}

/* When nobody is left, what is being read at this moment is in vain. */
static void
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  Traveller *traveller = user_data;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&traveller->convoy->mutex);
  Lane *lane = traveller->lane;

  traveller->has_given_up = TRUE;
  if (lane == NULL)
    return;

  for (guint i = 0; i < lane->travellers->len; i++)
    if (!((Traveller *) lane->travellers->pdata[i])->has_given_up)
      return;
  g_cancellable_cancel (lane->cancellable);
}

static Lane *
find_lane (AlmuConvoy *self,
           int         stokes)
{
  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];

      if (lane->stokes == stokes)
        return lane;
    }

  g_ptr_array_add (self->lanes, lane_new (self, stokes, lane_new (self, stokes, NULL)));

  return self->lanes->pdata[self->lanes->len - 1];
}

/* Whoever sets out before the main loop comes round sets out together. */
static void
set_out (Traveller *traveller,
         int        stokes)
{
  AlmuConvoy *self = traveller->convoy;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Lane *lane = find_lane (self, stokes);

  if (lane->travellers->len == 0 && !lane->is_running)
    lane->channel = 0;
  traveller->lane = lane;
  g_ptr_array_add (lane->travellers, traveller);
  if (lane->start_source == 0 && !lane->is_running)
    lane->start_source = g_idle_add_full (G_PRIORITY_DEFAULT, on_start, lane, NULL);
}

/**
 * almu_convoy_measure_async:
 * @shape: (nullable): a point or a closed shape; %NULL for all pixels
 * @stokes: index of a polarisation
 * @cancellable: gives it up
 * @progress: (scope async): told now and then how far it is, on the caller's main context
 * @user_data: for @progress and @callback; alive until @callback
 *
 * Statistics of the pixels of a region in all channels, with no more read of
 * the file than lies around it and those on the way at the same time. Ends
 * with almu_spectrum_finish().
 */
void
almu_convoy_measure_async (AlmuConvoy          *self,
                           AlmuShape           *shape,
                           int                  stokes,
                           GCancellable        *cancellable,
                           AlmuSpectrumProgress progress,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  Traveller *traveller;
  AlmuStats *stats;
  int        n;

  g_return_if_fail (ALMU_IS_CONVOY (self));
  g_return_if_fail (G_IS_CANCELLABLE (cancellable));

  n = almu_image_get_info (self->image)->depth;
  stats = g_new (AlmuStats, n);
  for (int i = 0; i < n; i++)
    stats[i] = ALMU_STATS_INIT;

  traveller = g_new0 (Traveller, 1);
  traveller->convoy = g_object_ref (self);
  traveller->task = g_task_new (self->image, cancellable, callback, user_data);
  g_task_set_source_tag (traveller->task, almu_convoy_measure_async);
  traveller->spectrum = almu_spectrum_new_for_stats (shape, stats, n);
  traveller->progress = progress;
  traveller->user_data = user_data;

  set_out (traveller, stokes);
  traveller->cancelled_handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), traveller, NULL);
}
