/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-libhdf5.h"

const AlmuLibhdf5 almu_module = {
  .calls = ALMU_LIBHDF5_CALLS (ALMU_MODULE_NAME),
  ALMU_LIBHDF5_CALLS (ALMU_MODULE_ADDRESS)
};
