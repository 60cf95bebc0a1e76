/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-header.h"

G_BEGIN_DECLS

void almu_header_page_adapt (GPtrArray *cards);

G_END_DECLS
