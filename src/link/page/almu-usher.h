/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-link.h"

G_BEGIN_DECLS

void almu_usher_show_plane (AlmuLink *link,
                            AlmuFile *file);

G_END_DECLS
