/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-plane.h"

G_BEGIN_DECLS

/**
 * AlmuProfileAxis:
 *
 * Which way a cut through a plane goes.
 */
typedef enum
{
  ALMU_PROFILE_X,
  ALMU_PROFILE_Y,
} AlmuProfileAxis;

GBytes *almu_profile_cut (AlmuPlane      *plane,
                          AlmuProfileAxis axis,
                          int             at,
                          int             start,
                          int             end,
                          int             mip);

G_END_DECLS
