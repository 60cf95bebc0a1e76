/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

gboolean almu_polarised_read (AlmuImage          *image,
                              const AlmuBox      *box,
                              const float *const *known,
                              float              *pixels,
                              GCancellable       *cancellable,
                              GError            **error);

G_END_DECLS
