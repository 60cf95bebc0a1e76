/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-image-users.h"
#include "almu-lru.h"

G_BEGIN_DECLS

/* What the files of AlmuCache share: almu-cache.c has the budget, the images
 * and what is made from planes, almu-cache-plane.c the planes themselves.
 */

struct _AlmuCache
{
  GObject parent_instance;

  AlmuLru    *lru;
  GHashTable *loads; /* AlmuLruKey → Load */

  AlmuImageUsers *users;
  guint           trim_source;
};

GHashTable *almu_cache_loads_new (void);

/* Looks for a plane or a tile; those are counted: found, or to be made. */
gpointer almu_cache_look_up (AlmuCache        *self,
                             const AlmuLruKey *key);

G_END_DECLS
