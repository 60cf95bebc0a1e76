/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-settings.h"

G_BEGIN_DECLS

#define ALMU_TYPE_SHELF (almu_shelf_get_type ())
G_DECLARE_FINAL_TYPE (AlmuShelf, almu_shelf, ALMU, SHELF, GObject)

AlmuShelf *almu_shelf_new (const char *folder,
                           gboolean    read_only);

G_END_DECLS
