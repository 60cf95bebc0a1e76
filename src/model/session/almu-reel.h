/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuStill:
 * @channel: index of a channel
 * @stokes: index into the polarisations that the viewer counts, which are
 *   the image's and those computed from them
 *
 * One picture of an animation.
 */
typedef struct
{
  int channel;
  int stokes;
} AlmuStill;

/**
 * AlmuReel:
 * @delta: from one still to the next; only one of its members is not 0
 * @is_looping: whether it begins again when it is over
 * @is_bouncing: whether it comes back the way it went
 * @current: the still being shown
 * @direction: 1 or, on the way back, -1
 *
 * The order of the pictures in an animation. A value, for anybody to copy.
 */
typedef struct
{
  AlmuStill first;
  AlmuStill last;
  AlmuStill delta;
  AlmuStill current;
  gboolean  is_looping;
  gboolean  is_bouncing;
  int       direction;
} AlmuReel;

gboolean almu_reel_check (const AlmuReel *self,
                          GError        **error);
gboolean almu_reel_advance (AlmuReel *self);

/**
 * almu_still_equal:
 * @a: a still
 * @b: another
 *
 * Whether they are the same picture.
 */
static inline gboolean
almu_still_equal (const AlmuStill *a,
                  const AlmuStill *b)
{
  return a->channel == b->channel && a->stokes == b->stokes;
}

G_END_DECLS
