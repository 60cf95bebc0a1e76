/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-options.h"

G_BEGIN_DECLS

void almu_config_load (const char  *path,
                       AlmuOptions *options);

G_END_DECLS
