/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

#define ALMU_TYPE_ONLOOKER (almu_onlooker_get_type ())
G_DECLARE_FINAL_TYPE (AlmuOnlooker, almu_onlooker, ALMU, ONLOOKER, GObject)

AlmuOnlooker *almu_onlooker_new (AlmuSwitchboard *switchboard);

G_END_DECLS
