/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-line.h"
#include "almu-plane.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuLineProfile:
 * @values: little-endian floats
 *
 * Means along a line.
 */
typedef struct
{
  GBytes      *values;
  AlmuLineAxis axis;
} AlmuLineProfile;

void       almu_line_profile_async (AlmuPlane          *plane,
                                    AlmuImage          *image,
                                    AlmuShape          *line,
                                    AlmuImage          *reference,
                                    GArray             *wants,
                                    int                 priority,
                                    GCancellable       *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer            user_data);
GPtrArray *almu_line_profile_finish (GAsyncResult *result,
                                     GError      **error);

G_END_DECLS
