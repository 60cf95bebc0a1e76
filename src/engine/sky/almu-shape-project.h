/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-shape.h"
#include "almu-sky-map.h"

G_BEGIN_DECLS

AlmuShape *almu_shape_project (AlmuShape    *shape,
                               AlmuSkyMap   *from,
                               AlmuSkyMap   *to,
                               GCancellable *cancellable,
                               GError      **error);

G_END_DECLS
