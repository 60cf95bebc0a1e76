/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Opens paths beneath a folder; private to AlmuFolder. */

int  almu_beneath_open (const char *top,
                        const char *alias,
                        const char *path,
                        int         flags);
void almu_beneath_set_fallback_for_testing (gboolean is_on);

G_END_DECLS
