/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-reel.h"

G_BEGIN_DECLS

/**
 * AlmuAnimationPlan:
 * @file_id: the file that the viewer plays
 * @frame_rate: frames in a second
 * @stokes_indices: (nullable) (element-type int): which polarisation of the
 *   image each that the viewer counts is; %NULL for the same
 * @matched: (nullable) (element-type int GArray): by file, the channel
 *   (float, may be NaN) for each channel of the reel from its first
 * @tiles: places as the ICD writes them, of every frame
 *
 * What a viewer asks for who wants to see pictures follow each other.
 */
typedef struct
{
  int             file_id;
  AlmuReel        reel;
  int             frame_rate;
  GArray         *stokes_indices;
  GHashTable     *matched;
  const gint32   *tiles;
  gsize           n_tiles;
  AlmuCompression compression;
  float           quality;
} AlmuAnimationPlan;

void almu_animation_plan_clear (AlmuAnimationPlan *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AlmuAnimationPlan, almu_animation_plan_clear)

#define ALMU_TYPE_ANIMATION (almu_animation_get_type ())
G_DECLARE_FINAL_TYPE (AlmuAnimation, almu_animation, ALMU, ANIMATION, GObject)

AlmuAnimation *almu_animation_new (const AlmuAnimationPlan *plan,
                                   AlmuFile                *file,
                                   GError                 **error);
void           almu_animation_add_matched (AlmuAnimation *self,
                                           AlmuFile      *file,
                                           GArray        *channels);
int            almu_animation_get_id (AlmuAnimation *self);
AlmuFile      *almu_animation_get_file (AlmuAnimation *self);
gboolean       almu_animation_moves (AlmuAnimation *self,
                                     int            file_id);
void           almu_animation_start (AlmuAnimation *self);
void           almu_animation_acknowledge (AlmuAnimation   *self,
                                           const AlmuStill *still);
void           almu_animation_wind (AlmuAnimation *self,
                                    AlmuFile      *file,
                                    int            channel,
                                    int            stokes);
void           almu_animation_set_paused (AlmuAnimation *self,
                                          gboolean       paused);
void           almu_animation_stop (AlmuAnimation *self);

G_END_DECLS
