/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-contour-queue.h"
#include "almu-overlay.h"

G_BEGIN_DECLS

#define ALMU_TYPE_VECTOR_QUEUE (almu_vector_queue_get_type ())
G_DECLARE_FINAL_TYPE (AlmuVectorQueue, almu_vector_queue, ALMU, VECTOR_QUEUE, GObject)

/**
 * AlmuVectorFunc:
 * @tile: (nullable): some vectors
 * @progress: 0 before the first tile, without any, and 1 with the last
 * @error: (nullable): why there are no vectors
 *
 * Gets the vectors. Without tile and error, and with a progress below 0, what
 * was said before is void.
 */
typedef void (*AlmuVectorFunc) (const AlmuVectorTile *tile,
                                float                 progress,
                                const GError         *error,
                                gpointer              user_data);

AlmuVectorQueue          *almu_vector_queue_new (AlmuCache      *cache,
                                                 AlmuImage      *image,
                                                 AlmuVectorFunc  func,
                                                 AlmuOverlayDone done,
                                                 gpointer        user_data);
const AlmuVectorSettings *almu_vector_queue_get (AlmuVectorQueue *self);
gboolean                  almu_vector_queue_set (AlmuVectorQueue          *self,
                                                 const AlmuVectorSettings *settings);
void                      almu_vector_queue_begin (AlmuVectorQueue *self,
                                                   AlmuPlane       *plane,
                                                   int              channel);
void                      almu_vector_queue_clear (AlmuVectorQueue *self);
gboolean                  almu_vector_queue_is_idle (AlmuVectorQueue *self);
void                      almu_vector_queue_set_paused (AlmuVectorQueue *self,
                                                        gboolean         paused);

G_END_DECLS
