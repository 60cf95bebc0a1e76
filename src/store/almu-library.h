/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"
#include "almu-settings.h"

G_BEGIN_DECLS

#define ALMU_TYPE_LIBRARY (almu_library_get_type ())
G_DECLARE_FINAL_TYPE (AlmuLibrary, almu_library, ALMU, LIBRARY, GObject)

AlmuLibrary *almu_library_new (AlmuSettings *shelf,
                               AlmuSessions *sessions);

G_END_DECLS
