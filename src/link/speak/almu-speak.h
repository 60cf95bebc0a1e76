/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"
#include "almu-product.h"

G_BEGIN_DECLS

void almu_speak_product (AlmuLink          *link,
                         const AlmuProduct *product);

G_END_DECLS
