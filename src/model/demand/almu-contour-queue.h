/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-cache.h"
#include "almu-contour.h"
#include "almu-overlay.h"

G_BEGIN_DECLS

#define ALMU_TYPE_CONTOUR_QUEUE (almu_contour_queue_get_type ())
G_DECLARE_FINAL_TYPE (AlmuContourQueue, almu_contour_queue, ALMU, CONTOUR_QUEUE, GObject)

/**
 * AlmuContourFunc:
 * @chunk: (nullable): some lines; %NULL when what was said before is void
 * @error: (nullable): why there are none of a level
 *
 * Gets the contours. The chunks of each level come in order: the first has no
 * lines and progress 0, the last progress 1.
 */
typedef void (*AlmuContourFunc) (const AlmuContourChunk *chunk,
                                 const GError           *error,
                                 gpointer                user_data);

/**
 * AlmuOverlayDone:
 *
 * Is told when all has been handed out.
 */
typedef void (*AlmuOverlayDone) (gpointer user_data);

AlmuContourQueue          *almu_contour_queue_new (AlmuCache      *cache,
                                                   AlmuContourFunc func,
                                                   AlmuOverlayDone done,
                                                   gpointer        user_data);
const AlmuContourSettings *almu_contour_queue_get (AlmuContourQueue *self);
gboolean                   almu_contour_queue_set (AlmuContourQueue          *self,
                                                   const AlmuContourSettings *settings);
void                       almu_contour_queue_begin (AlmuContourQueue *self,
                                                     AlmuPlane        *plane);
void                       almu_contour_queue_clear (AlmuContourQueue *self);
gboolean                   almu_contour_queue_is_idle (AlmuContourQueue *self);
void                       almu_contour_queue_set_paused (AlmuContourQueue *self,
                                                          gboolean          paused);

G_END_DECLS
