/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "almu-product.h"

G_BEGIN_DECLS

#define ALMU_TYPE_PRODUCER (almu_producer_get_type ())
G_DECLARE_DERIVABLE_TYPE (AlmuProducer, almu_producer, ALMU, PRODUCER, GObject)

struct _AlmuProducerClass
{
  GObjectClass parent_class;
};

void almu_producer_emit_product (AlmuProducer      *self,
                                 const AlmuProduct *product);
void almu_producer_emit_failed (AlmuProducer *self,
                                const GError *error);
void almu_producer_emit_changed (AlmuProducer *self);

G_END_DECLS
