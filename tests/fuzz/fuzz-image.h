/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-fuzz.h"

G_BEGIN_DECLS

int fuzz_image (const void *data,
                gsize       size);

G_END_DECLS
