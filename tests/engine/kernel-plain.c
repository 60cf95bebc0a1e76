/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernels once more, under other names and for the plainest machine, to
 * compare the ones that were picked for this one with. */
#include "config.h"

#undef ALMU_USE_CLONES
#define ALMU_USE_CLONES 0

#define almu_kernel_convert plain_kernel_convert
#define almu_kernel_pick plain_kernel_pick
#define almu_kernel_measure plain_kernel_measure
#define almu_kernel_count_finite plain_kernel_count_finite
#define almu_kernel_bin plain_kernel_bin
#define almu_kernel_count_zeros plain_kernel_count_zeros
#define almu_kernel_halve plain_kernel_halve
#define almu_kernel_halve_finite plain_kernel_halve_finite
#define almu_kernel_divide_by plain_kernel_divide_by
#define almu_kernel_divide plain_kernel_divide
#define almu_kernel_total plain_kernel_total
#define almu_kernel_linear plain_kernel_linear
#define almu_kernel_percent plain_kernel_percent
#define almu_kernel_angle plain_kernel_angle
#define almu_kernel_scale plain_kernel_scale
#define almu_kernel_undither plain_kernel_undither
#define almu_kernel_put_where plain_kernel_put_where
#define almu_kernel_blend plain_kernel_blend
#define almu_kernel_blend_finite plain_kernel_blend_finite
#define almu_kernel_veil plain_kernel_veil
#define almu_kernel_gather plain_kernel_gather
#define almu_kernel_bound plain_kernel_bound
#define almu_kernel_find_rises plain_kernel_find_rises

#include "kernel/kernel-convert.c"
#include "kernel/kernel-downsample.c"
#include "kernel/kernel-histogram.c"
#undef IN_ANY_ORDER
#include "kernel/kernel-polarise.c"
#undef LANES
#define is_finite stats_is_finite
#include "kernel/kernel-stats.c"
#include "kernel/kernel-unpack.c"
#undef LANES
#undef BLOCK
#undef INLINE
#define Ints SmoothInts
#define Floats SmoothFloats
#include "kernel/kernel-smooth.c"
