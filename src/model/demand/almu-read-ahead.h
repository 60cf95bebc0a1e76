/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"

G_BEGIN_DECLS

/**
 * AlmuPlaneId:
 *
 * A plane of an image, by its place.
 */
typedef struct
{
  int channel;
  int stokes;
} AlmuPlaneId;

#define ALMU_TYPE_READ_AHEAD (almu_read_ahead_get_type ())
G_DECLARE_FINAL_TYPE (AlmuReadAhead, almu_read_ahead, ALMU, READ_AHEAD, GObject)

AlmuReadAhead *almu_read_ahead_new (AlmuCache *cache,
                                    AlmuImage *image);
void           almu_read_ahead_begin (AlmuReadAhead     *self,
                                      const AlmuPlaneId *planes,
                                      guint              n_planes);
void           almu_read_ahead_stop (AlmuReadAhead *self);

G_END_DECLS
