/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The encoder once more, for the plainest machine. */
#include "config.h"

#undef ALMU_USE_CLONES
#define ALMU_USE_CLONES 0

#define almu_kernel_zfp_bound plain_kernel_zfp_bound
#define almu_kernel_zfp_encode plain_kernel_zfp_encode

#include "kernel/kernel-zfp.c"
