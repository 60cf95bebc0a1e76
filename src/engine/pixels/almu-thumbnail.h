/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-plane.h"

G_BEGIN_DECLS

/* Pixels along the longer side. 128 × 128 of them without any order take
 * 17 kB, so that a thousand take less than 20 MB. */
#define ALMU_THUMBNAIL_SIZE 128

GBytes *almu_thumbnail_draw (AlmuPlane           *plane,
                             const AlmuHistogram *histogram,
                             GError             **error);

G_END_DECLS
