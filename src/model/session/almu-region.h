/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-image.h"
#include "almu-shape.h"

G_BEGIN_DECLS

#define ALMU_TYPE_REGION (almu_region_get_type ())
G_DECLARE_FINAL_TYPE (AlmuRegion, almu_region, ALMU, REGION, GObject)

#define ALMU_TYPE_SHAPE (almu_shape_boxed_get_type ())
GType almu_shape_boxed_get_type (void);

AlmuRegion *almu_region_new (int        id,
                             int        file_id,
                             AlmuShape *shape);
int         almu_region_get_id (AlmuRegion *self);
int         almu_region_get_file_id (AlmuRegion *self);
AlmuShape  *almu_region_get_shape (AlmuRegion *self);
void        almu_region_set_shape (AlmuRegion *self,
                                   AlmuShape  *shape);
AlmuImage  *almu_region_get_image (AlmuRegion *self);
void        almu_region_set_image (AlmuRegion *self,
                                   AlmuImage  *image);

G_END_DECLS
