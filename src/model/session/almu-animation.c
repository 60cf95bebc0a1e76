/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-animation.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Frames that may be on their way to a viewer who has not shown them yet: so
 * many as come in a third of a second, and one. */
#define WINDOW_DIVISOR 3

#define N_AHEAD 2

/* One file that moves. */
typedef struct
{
  AlmuAnimation *animation; /* unowned */
  AlmuFile      *file;
  AlmuDemand    *demand;
  GArray        *channels; /* float, by channel of the reel; NULL: the file that is played */
  gboolean       is_pending;
} Track;

/**
 * AlmuAnimation:
 *
 * Planes of a file that follow each other by themselves, and those of other
 * files beside them.
 *
 * A frame begins when it is time for it, when the one before has been handed
 * out whole, and when the viewer has shown all but a few of those it got. So
 * who computes or reads too slowly gets fewer frames, but each of them, and
 * nothing piles up. Meanwhile the next planes are read.
 *
 * Belongs to a session; main thread only.
 */
struct _AlmuAnimation
{
  GObject parent_instance;

  int             id;
  AlmuReel        reel;
  int             frame_rate;
  GArray         *stokes_indices;
  GArray         *tiles; /* gint32, places, until it starts; as are the next two */
  AlmuCompression compression;
  float           quality;
  GPtrArray      *tracks;     /* of Track; the first is the file that is played */
  GArray         *unshown;    /* AlmuStill, handed out and not acknowledged */
  AlmuStill       showing;    /* the frame that is being shown, or was last */
  AlmuStill       shown;      /* what the viewer has told of last */
  GSource        *source;     /* NULL unless running */
  gint64          due;        /* monotonic µs, as is the next */
  gint64          last_heard; /* or last sent */
  guint           n_failed;
  gboolean        has_begun;  /* with where the reel stands */
  gboolean        has_failed; /* the frame that is being shown */
  gboolean        has_tiles;
  gboolean        is_busy; /* with a frame */
  gboolean        is_moving;
  gboolean        is_paused;
  gboolean        is_overruled; /* the file that is played was moved by others */
};

G_DEFINE_FINAL_TYPE (AlmuAnimation, almu_animation, G_TYPE_OBJECT)

enum
{
  ENDED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void on_shown (AlmuDemand *demand,
                      gboolean    is_there,
                      Track      *track);
static void on_moved (AlmuFile      *file,
                      GParamSpec    *pspec,
                      AlmuAnimation *self);

/**
 * almu_animation_plan_clear:
 * @self: a plan
 *
 * Lets go of the lists that it owns; the tiles are borrowed. The plan itself is
 * the caller's.
 */
void
almu_animation_plan_clear (AlmuAnimationPlan *self)
{
  g_clear_pointer (&self->stokes_indices, g_array_unref);
  g_clear_pointer (&self->matched, g_hash_table_unref);
}

static void
track_free (gpointer data)
{
  Track *track = data;

  g_signal_handlers_disconnect_by_data (track->demand, track);
  g_object_unref (track->demand);
  g_object_unref (track->file);
  g_clear_pointer (&track->channels, g_array_unref);
  g_free (track);
}

static Track *
add_track (AlmuAnimation *self,
           AlmuFile      *file,
           GArray        *channels)
{
  Track *track = g_new0 (Track, 1);

  track->animation = self;
  track->file = g_object_ref (file);
  track->demand = g_object_ref (almu_file_get_demand (file));
  track->channels = channels != NULL ? g_array_ref (channels) : NULL;
  g_signal_connect (track->demand, "shown", G_CALLBACK (on_shown), track);
  g_ptr_array_add (self->tracks, track);

  return track;
}

static Track *
get_played (AlmuAnimation *self)
{
  return g_ptr_array_index (self->tracks, 0);
}

static void
almu_animation_dispose (GObject *object)
{
  AlmuAnimation *self = ALMU_ANIMATION (object);

  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->tracks, g_ptr_array_unref);
  g_clear_pointer (&self->unshown, g_array_unref);
  g_clear_pointer (&self->tiles, g_array_unref);
  g_clear_pointer (&self->stokes_indices, g_array_unref);

  G_OBJECT_CLASS (almu_animation_parent_class)->dispose (object);
}

static void
almu_animation_class_init (AlmuAnimationClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_animation_dispose;

  /**
   * AlmuAnimation::ended:
   * @self: the animation
   *
   * It has come to its end, or somebody has moved what it was moving.
   */
  signals[ENDED] =
    g_signal_new ("ended",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * AlmuAnimation::failed:
   * @self: the animation
   * @error: why
   *
   * It cannot go on, and ends.
   */
  signals[FAILED] =
    g_signal_new ("failed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
almu_animation_init (AlmuAnimation *self)
{
  self->tracks = g_ptr_array_new_with_free_func (track_free);
  self->unshown = g_array_new (FALSE, FALSE, sizeof (AlmuStill));
}

/* -- which planes -------------------------------------------------------- */

static int
resolve_stokes (GArray *stokes_indices,
                int     stokes)
{
  if (stokes_indices == NULL || stokes < 0 || (guint) stokes >= stokes_indices->len)
    return stokes;

  return g_array_index (stokes_indices, int, (guint) stokes);
}

/* The plane of another file beside a still. FALSE if it has none, and stays
 * where it is. */
static gboolean
find_matched (const Track     *track,
              const AlmuReel  *reel,
              const AlmuStill *still,
              AlmuPlaneId     *out_plane)
{
  const AlmuImageInfo *info = almu_image_get_info (almu_file_get_image (track->file));
  gint64               index = (gint64) still->channel - reel->first.channel;
  float                channel;

  if (index < 0 || index >= (gint64) track->channels->len)
    return FALSE;

  channel = roundf (g_array_index (track->channels, float, (guint) index));
  if (!isfinite (channel))
    return FALSE;

  out_plane->channel = (int) CLAMP (channel, 0, (float) (info->depth - 1));
  out_plane->channel = MIN (out_plane->channel, info->depth - 1);
  out_plane->stokes = almu_file_get_stokes (track->file);

  return TRUE;
}

static gboolean
find_plane (const Track     *track,
            const AlmuReel  *reel,
            const AlmuStill *still,
            AlmuPlaneId     *out_plane)
{
  if (track->channels != NULL)
    return find_matched (track, reel, still, out_plane);

  out_plane->channel = still->channel;
  out_plane->stokes = resolve_stokes (track->animation->stokes_indices, still->stokes);

  return TRUE;
}

/* Every plane that the reel may come to. */
static gboolean
check_planes (const AlmuAnimationPlan *plan,
              AlmuFile                *file,
              GError                 **error)
{
  const AlmuReel *reel = &plan->reel;
  int             stokes = resolve_stokes (plan->stokes_indices, reel->current.stokes);

  if (reel->delta.stokes == 0)
    return almu_file_has_plane (file, reel->current.channel, stokes, error) &&
           almu_file_has_plane (file, reel->first.channel, stokes, error) &&
           almu_file_has_plane (file, reel->last.channel, stokes, error);

  for (int i = reel->first.stokes; i <= reel->last.stokes; i++)
    {
      if (!almu_file_has_plane (file, reel->current.channel, resolve_stokes (plan->stokes_indices, i), error))
        return FALSE;
    }

  return TRUE;
}

/* -- one frame after the other ------------------------------------------- */

static guint
get_window (AlmuAnimation *self)
{
  return (guint) (self->frame_rate / WINDOW_DIVISOR + 1);
}

static void
schedule (AlmuAnimation *self)
{
  gint64 when = self->due;

  if (self->source == NULL)
    return;

  if (self->is_busy || self->is_paused)
    when = -1;
  else if (self->unshown->len >= get_window (self))
    when = MAX (when, self->last_heard + ALMU_LIMIT_FRAME_PATIENCE_SECONDS * G_TIME_SPAN_SECOND);

  g_source_set_ready_time (self->source, when);
}

static void
read_ahead (AlmuAnimation *self,
            Track         *track)
{
  AlmuReel    reel = self->reel;
  AlmuPlaneId planes[N_AHEAD];
  guint       n_planes = 0;
  gboolean    is_waiting = !self->has_begun;

  for (guint i = 0; i < N_AHEAD && (is_waiting || almu_reel_advance (&reel)); i++)
    {
      is_waiting = FALSE;
      if (find_plane (track, &reel, &reel.current, &planes[n_planes]))
        n_planes++;
    }

  almu_demand_read_ahead (track->demand, planes, n_planes);
}

static void
fail (AlmuAnimation *self)
{
  g_autoptr(GError) error = NULL;

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("The animation of file %d has ended: %u frames in a row could not be read"),
                       almu_file_get_id (get_played (self)->file), self->n_failed);
  g_signal_emit (self, signals[FAILED], 0, error);
}

/* A frame without tiles is not acknowledged: the viewer has nothing to show. */
static void
finish_frame (AlmuAnimation *self)
{
  self->is_busy = FALSE;
  self->last_heard = g_get_monotonic_time ();
  self->n_failed = self->has_failed ? self->n_failed + 1 : 0;

  if (self->n_failed >= ALMU_LIMIT_FAILED_FRAMES)
    {
      fail (self);
      return;
    }

  if (self->has_tiles && !self->has_failed)
    g_array_append_val (self->unshown, self->showing);
  else if (!self->has_failed)
    self->shown = self->showing;

  for (guint i = 0; i < self->tracks->len; i++)
    read_ahead (self, self->tracks->pdata[i]);
  schedule (self);
}

static void
check_finished (AlmuAnimation *self)
{
  if (!self->is_busy || self->is_moving)
    return;

  for (guint i = 0; i < self->tracks->len; i++)
    {
      if (((Track *) self->tracks->pdata[i])->is_pending)
        return;
    }

  finish_frame (self);
}

static void
on_shown (AlmuDemand *demand,
          gboolean    is_there,
          Track      *track)
{
  AlmuAnimation *self = track->animation;
  g_autoptr(AlmuAnimation) alive = g_object_ref (self);

  if (!track->is_pending)
    return;

  track->is_pending = FALSE;
  if (track == get_played (self))
    self->has_failed = !is_there;
  check_finished (self);
}

static void
show_track (AlmuAnimation *self,
            Track         *track)
{
  AlmuPlaneId plane;

  track->is_pending = find_plane (track, &self->reel, &self->showing, &plane);
  if (track->is_pending)
    almu_file_show_frame (track->file, plane.channel, plane.stokes);
}

static void
show_frame (AlmuAnimation *self)
{
  gint64 now = g_get_monotonic_time ();

  self->due = MAX (self->due + G_TIME_SPAN_SECOND / self->frame_rate, now);
  self->is_busy = TRUE;
  self->has_begun = TRUE;
  self->showing = self->reel.current;
  self->has_failed = FALSE;
  self->has_tiles = almu_demand_has_view (get_played (self)->demand);
  schedule (self);

  self->is_moving = TRUE;
  for (guint i = 0; i < self->tracks->len; i++)
    show_track (self, self->tracks->pdata[i]);
  self->is_moving = FALSE;

  check_finished (self);
}

/* Somebody else has another plane in mind. */
static void
on_moved (AlmuFile      *file,
          GParamSpec    *pspec,
          AlmuAnimation *self)
{
  if (self->is_moving || self->source == NULL)
    return;

  self->is_overruled = TRUE;
  g_signal_emit (self, signals[ENDED], 0);
}

static void
end (AlmuAnimation *self)
{
  self->shown = self->reel.current;
  g_signal_emit (self, signals[ENDED], 0);
}

static gboolean
on_time (gpointer user_data)
{
  g_autoptr(AlmuAnimation) self = g_object_ref (user_data);

  if (self->unshown->len >= get_window (self))
    g_array_remove_index (self->unshown, 0);

  if (self->has_begun && !almu_reel_advance (&self->reel))
    end (self);
  else
    show_frame (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_source (GSource    *source,
                 GSourceFunc callback,
                 gpointer    user_data)
{
  g_source_set_ready_time (source, -1);

  return callback (user_data);
}

/* -- from outside -------------------------------------------------------- */

static int
next_id (void)
{
  static int last = 0;

  last = last == G_MAXINT ? 1 : last + 1;

  return last;
}

/**
 * almu_animation_new:
 * @plan: what is wanted; copied, but for its lists, which are held
 * @file: the file that is played, which is open
 *
 * Prepares an animation; nothing moves before almu_animation_start().
 *
 * Fails with %ALMU_ERROR_LIMIT for a frame rate or too many tiles, with
 * %ALMU_ERROR_FORMAT for a reel that leads nowhere, and as
 * almu_file_has_plane() does.
 *
 * Returns: (transfer full): the animation, or %NULL if the plan cannot be
 *   carried out
 */
AlmuAnimation *
almu_animation_new (const AlmuAnimationPlan *plan,
                    AlmuFile                *file,
                    GError                 **error)
{
  AlmuAnimation *self;

  if (plan->frame_rate < 1 || plan->frame_rate > ALMU_LIMIT_FRAME_RATE)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("A frame rate of %d is not one from 1 to %d"), plan->frame_rate, ALMU_LIMIT_FRAME_RATE);
      return NULL;
    }

  if (!almu_reel_check (&plan->reel, error) || !check_planes (plan, file, error) ||
      !almu_demand_check_tiles (almu_file_get_demand (file), plan->tiles, plan->n_tiles, error))
    return NULL;

  self = g_object_new (ALMU_TYPE_ANIMATION, NULL);
  self->id = next_id ();
  self->reel = plan->reel;
  self->reel.direction = 1;
  self->shown = plan->reel.current;
  self->frame_rate = plan->frame_rate;
  self->stokes_indices = plan->stokes_indices != NULL ? g_array_ref (plan->stokes_indices) : NULL;
  self->tiles = g_array_new (FALSE, FALSE, sizeof (gint32));
  if (plan->n_tiles > 0)
    g_array_append_vals (self->tiles, plan->tiles, (guint) plan->n_tiles);
  self->compression = plan->compression;
  self->quality = plan->quality;
  add_track (self, file, NULL);
  g_signal_connect_object (file, "notify::channel", G_CALLBACK (on_moved), self, 0);
  g_signal_connect_object (file, "notify::stokes", G_CALLBACK (on_moved), self, 0);

  return self;
}

/**
 * almu_animation_add_matched:
 * @file: another file, which is open
 * @channels: (element-type float): its channel for each of the reel
 *
 * Lets @file move along.
 */
void
almu_animation_add_matched (AlmuAnimation *self,
                            AlmuFile      *file,
                            GArray        *channels)
{
  g_return_if_fail (ALMU_IS_ANIMATION (self));
  g_return_if_fail (self->source == NULL);

  if (file != get_played (self)->file)
    add_track (self, file, channels);
}

/**
 * almu_animation_get_id:
 * @self: an animation
 *
 * Marks its tiles and is told to the viewer; no other animation of the process
 * has it.
 *
 * Returns: its number, above 0
 */
int
almu_animation_get_id (AlmuAnimation *self)
{
  g_return_val_if_fail (ALMU_IS_ANIMATION (self), 0);

  return self->id;
}

/**
 * almu_animation_get_file:
 * @self: an animation
 *
 * Others may move along, see almu_animation_moves().
 *
 * Returns: (transfer none): the file whose channels or polarisations move
 */
AlmuFile *
almu_animation_get_file (AlmuAnimation *self)
{
  g_return_val_if_fail (ALMU_IS_ANIMATION (self), NULL);

  return get_played (self)->file;
}

/**
 * almu_animation_moves:
 * @file_id: of the session
 *
 * Goes through the files that move, which are a handful.
 *
 * Returns: whether the animation moves this file, as the one that is played
 *   or beside it
 */
gboolean
almu_animation_moves (AlmuAnimation *self,
                      int            file_id)
{
  g_return_val_if_fail (ALMU_IS_ANIMATION (self), FALSE);

  for (guint i = 0; i < self->tracks->len; i++)
    {
      if (almu_file_get_id (((Track *) self->tracks->pdata[i])->file) == file_id)
        return TRUE;
    }

  return FALSE;
}

/**
 * almu_animation_start:
 *
 * Shows the first frame from the main loop, so that whoever asked for it can
 * be told before.
 */
void
almu_animation_start (AlmuAnimation *self)
{
  static GSourceFuncs funcs = { .dispatch = dispatch_source };

  g_return_if_fail (ALMU_IS_ANIMATION (self));
  g_return_if_fail (self->source == NULL);

  for (guint i = 0; i < self->tracks->len; i++)
    almu_demand_begin_frames (((Track *) self->tracks->pdata[i])->demand, self->id);
  almu_demand_require_tiles (get_played (self)->demand, (const gint32 *) self->tiles->data, self->tiles->len,
                             self->compression, self->quality, NULL);

  self->source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "almu: animation");
  g_source_set_callback (self->source, on_time, self, NULL);
  g_source_attach (self->source, NULL);
  self->due = g_get_monotonic_time ();
  schedule (self);
}

/**
 * almu_animation_acknowledge:
 * @still: which the viewer has shown, and with it those it got before
 *
 * What was not handed out, or is known to be shown, is no concern of the
 * animation.
 */
void
almu_animation_acknowledge (AlmuAnimation   *self,
                            const AlmuStill *still)
{
  g_return_if_fail (ALMU_IS_ANIMATION (self));

  for (guint i = 0; i < self->unshown->len; i++)
    {
      if (!almu_still_equal (&g_array_index (self->unshown, AlmuStill, i), still))
        continue;

      self->shown = *still;
      self->last_heard = g_get_monotonic_time ();
      g_array_remove_range (self->unshown, 0, i + 1);
      schedule (self);
      return;
    }
}

/* Where the reel has this plane of the file that is played. */
static gboolean
find_still (AlmuAnimation *self,
            int            channel,
            int            stokes,
            AlmuStill     *out_still)
{
  const AlmuReel *reel = &self->reel;

  if (reel->delta.stokes == 0)
    {
      *out_still = (AlmuStill){ channel, reel->current.stokes };
      return channel >= reel->first.channel && channel <= reel->last.channel &&
             stokes == resolve_stokes (self->stokes_indices, reel->current.stokes);
    }

  for (int i = reel->first.stokes; channel == reel->current.channel && i <= reel->last.stokes; i++)
    {
      *out_still = (AlmuStill){ channel, i };
      if (stokes == resolve_stokes (self->stokes_indices, i))
        return TRUE;
    }

  return FALSE;
}

/**
 * almu_animation_wind:
 * @file: one that the animation moves
 * @channel: of the plane, from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Goes on from another plane of the file that is played, if the reel comes to
 * it; the other files follow. A plane that it does not come to is none that
 * could be seen while it plays.
 */
void
almu_animation_wind (AlmuAnimation *self,
                     AlmuFile      *file,
                     int            channel,
                     int            stokes)
{
  AlmuStill still;

  g_return_if_fail (ALMU_IS_ANIMATION (self));

  if (file != get_played (self)->file || !find_still (self, channel, stokes, &still))
    return;

  self->reel.current = still;
  self->has_begun = FALSE;
}

/**
 * almu_animation_set_paused:
 * @paused: whether the viewer reads too slowly for more pictures
 *
 * The frame that is under way is handed out whole; the next one begins when
 * @paused is %FALSE again.
 */
void
almu_animation_set_paused (AlmuAnimation *self,
                           gboolean       paused)
{
  g_return_if_fail (ALMU_IS_ANIMATION (self));

  self->is_paused = paused;
  schedule (self);
}

/**
 * almu_animation_stop:
 *
 * Ends it where its viewer has got to: at the last frame that was shown, not
 * at those on their way.
 */
void
almu_animation_stop (AlmuAnimation *self)
{
  g_return_if_fail (ALMU_IS_ANIMATION (self));

  if (self->source == NULL)
    return;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);

  for (guint i = 0; i < self->tracks->len; i++)
    {
      Track      *track = self->tracks->pdata[i];
      AlmuPlaneId plane;

      track->is_pending = FALSE;
      almu_demand_end_frames (track->demand);
      if (track == get_played (self) && self->is_overruled)
        continue;

      if (find_plane (track, &self->reel, &self->shown, &plane))
        almu_file_set_plane (track->file, plane.channel, plane.stokes, NULL);
    }
}
