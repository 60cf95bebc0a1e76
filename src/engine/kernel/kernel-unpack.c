/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <math.h>

ALMU_KERNEL void
almu_kernel_scale (const gint32 *integers,
                   gsize         n_values,
                   double        scale,
                   double        zero,
                   float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = (float) (zero + scale * (double) integers[i]);
}

ALMU_KERNEL void
almu_kernel_undither (const gint32 *integers,
                      const float  *dither,
                      gsize         n_values,
                      double        scale,
                      double        zero,
                      float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = (float) (((double) integers[i] - (double) dither[i] + 0.5) * scale + zero);
}

ALMU_KERNEL void
almu_kernel_put_where (const gint32 *integers,
                       gint32        integer,
                       gsize         n_values,
                       float         value,
                       float        *values)
{
  for (gsize i = 0; i < n_values; i++)
    values[i] = integers[i] == integer ? value : values[i];
}
