/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"

G_BEGIN_DECLS

void almu_speak_contours (AlmuLink          *link,
                          const AlmuProduct *product);
void almu_speak_vectors (AlmuLink          *link,
                         const AlmuProduct *product);

G_END_DECLS
