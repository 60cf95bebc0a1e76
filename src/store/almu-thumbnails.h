/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

#define ALMU_TYPE_THUMBNAILS (almu_thumbnails_get_type ())
G_DECLARE_FINAL_TYPE (AlmuThumbnails, almu_thumbnails, ALMU, THUMBNAILS, GObject)

AlmuThumbnails *almu_thumbnails_new (const char   *folder,
                                     AlmuSessions *sessions);
GBytes         *almu_thumbnails_load (AlmuThumbnails *self,
                                      guint32         id);
gboolean        almu_thumbnails_contains (AlmuThumbnails *self,
                                          guint32         id);
void            almu_thumbnails_settle (AlmuThumbnails *self);

G_END_DECLS
