/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int almu_inflate (int         fd,
                  const char *name,
                  GError    **error);

G_END_DECLS
