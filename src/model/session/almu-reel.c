/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-reel.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/* The axis that moves. The other stands still where the reel begins. */
typedef struct
{
  const char *name;
  int         first;
  int         last;
  int         delta;
  int        *current;
} Axis;

static Axis
get_axis (const AlmuReel *self,
          AlmuStill      *current)
{
  if (self->delta.stokes != 0)
    return (Axis){ _ ("polarisation"), self->first.stokes, self->last.stokes, self->delta.stokes, &current->stokes };

  return (Axis){ _ ("channel"), self->first.channel, self->last.channel, self->delta.channel, &current->channel };
}

/**
 * almu_reel_check:
 * @self: a reel, as a peer has it
 * @error: return location
 *
 * Fails with %ALMU_ERROR_FORMAT. Whether there are such planes is not asked.
 *
 * Returns: whether there is a way from the first still to the last that
 *   begins where the reel stands
 */
gboolean
almu_reel_check (const AlmuReel *self,
                 GError        **error)
{
  AlmuStill current = self->current;
  Axis      axis = get_axis (self, &current);

  if (self->delta.channel != 0 && self->delta.stokes != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("An animation steps along channels or along polarisations, not by %d and %d along both"),
                   self->delta.channel, self->delta.stokes);
      return FALSE;
    }

  if (axis.first < 0 || axis.first > axis.last)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("An animation from %s %d to %d has no frames: the first is from 0 to the last"),
                   axis.name, axis.first, axis.last);
      return FALSE;
    }

  if (*axis.current < axis.first || *axis.current > axis.last)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("An animation from %s %d to %d cannot begin at %d"),
                   axis.name, axis.first, axis.last, *axis.current);
      return FALSE;
    }

  if (axis.delta == 0 && axis.first != axis.last)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("An animation from %s %d to %d does not move by steps of 0"),
                   axis.name, axis.first, axis.last);
      return FALSE;
    }

  return TRUE;
}

static gboolean
step (const Axis *axis,
      int         direction)
{
  gint64 next = (gint64) *axis->current + (gint64) direction * axis->delta;

  if (next < axis->first || next > axis->last)
    return FALSE;

  *axis->current = (int) next;
  return TRUE;
}

/* There it turns, and back where it began it turns only if it loops. A step
 * that fits neither way leaves the reel standing.
 *
 * The still at either end is shown once, not twice: shown twice, what moves
 * there and back would stand for a moment. Nor does the page count frames: it
 * tells of the channel that it has shown, and one that came twice in a row
 * could not be told from itself.
 */
static gboolean
turn (AlmuReel   *self,
      const Axis *axis)
{
  if (self->direction < 0 && !self->is_looping)
    return FALSE;

  self->direction = -self->direction;

  return step (axis, self->direction) || self->is_looping;
}

/**
 * almu_reel_advance:
 *
 * Goes to the next still.
 *
 * Returns: %FALSE if there is none, because the reel is over
 */
gboolean
almu_reel_advance (AlmuReel *self)
{
  Axis axis = get_axis (self, &self->current);

  if (step (&axis, self->direction))
    return TRUE;

  if (self->is_bouncing)
    return turn (self, &axis);

  if (self->is_looping)
    *axis.current = (axis.delta < 0) != (self->direction < 0) ? axis.last : axis.first;

  return self->is_looping;
}
