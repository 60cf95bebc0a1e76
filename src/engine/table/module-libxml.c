/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-libxml.h"

const AlmuLibxml almu_module = {
  .calls = ALMU_LIBXML_CALLS (ALMU_MODULE_NAME),
  ALMU_LIBXML_CALLS (ALMU_MODULE_ADDRESS)
};
