/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-errand.h"
#include "almu-image-users.h"
#include "almu-lru.h"
#include "almu-turned.h"
#include "almu-visits.h"

G_BEGIN_DECLS

/* What the files of AlmuCache share: almu-cache.c has the budget, the images
 * and what is made from planes, almu-cache-plane.c the planes themselves,
 * almu-cache-sweep.c what is made of all channels, almu-cache-contours.c lines
 * on their way, almu-cache-turned.c what nothing else has to make room for.
 */

struct _AlmuCache
{
  GObject parent_instance;

  AlmuLru *lru;
  AlmuLru *turned; /* AlmuTurned; goes before anything in the other */

  /* what is being made */
  AlmuErrands *planes;
  AlmuErrands *spectra;
  AlmuErrands *cubes;
  AlmuErrands *contours;

  AlmuVisits *visits;
  AlmuTurned *turning; /* the one that is being made, or NULL … */
  AlmuLruKey  turning_key;
  gint64      turning_visited; /* … and when somebody was there last */

  AlmuImageUsers *users;
  guint           trim_source;
};

AlmuErrands *almu_cache_planes_new (void);
AlmuErrands *almu_cache_spectra_new (void);
AlmuErrands *almu_cache_cubes_new (void);
AlmuErrands *almu_cache_contours_new (void);

/* Looks for a plane or a tile; those are counted: found, or to be made. */
gpointer almu_cache_look_up (AlmuCache        *self,
                             const AlmuLruKey *key);

G_END_DECLS
