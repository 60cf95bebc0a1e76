/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cfitsio.h"

const AlmuCfitsio almu_module = {
  .calls = ALMU_CFITSIO_CALLS (ALMU_MODULE_NAME),
  ALMU_CFITSIO_CALLS (ALMU_MODULE_ADDRESS)
};
