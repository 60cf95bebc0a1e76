/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <math.h>

/* The output may be one of the inputs. */
#define IN_ANY_ORDER _Pragma ("GCC ivdep")

/**
 * almu_kernel_total:
 * @v: Stokes V
 * @u: Stokes U
 * @q: Stokes Q
 * @n_values: of each
 * @total: room for as many; may be one of the inputs
 *
 * √(V² + U² + Q²). Squares are summed in this order and in single precision, as
 * it is done elsewhere, so that the same file gives the same values everywhere.
 */
ALMU_KERNEL void
almu_kernel_total (const float *v,
                   const float *u,
                   const float *q,
                   gsize        n_values,
                   float       *total)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    total[i] = sqrtf (v[i] * v[i] + u[i] * u[i] + q[i] * q[i]);
}

/**
 * almu_kernel_linear:
 * @u: Stokes U
 * @q: Stokes Q
 * @n_values: of each
 * @linear: room for as many; may be one of the inputs
 *
 * √(U² + Q²), in single precision.
 */
ALMU_KERNEL void
almu_kernel_linear (const float *u,
                    const float *q,
                    gsize        n_values,
                    float       *linear)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    linear[i] = sqrtf (u[i] * u[i] + q[i] * q[i]);
}

/**
 * almu_kernel_percent:
 * @part: polarised intensities
 * @whole: Stokes I
 * @n_values: of each
 * @percent: room for as many; may be @part, not @whole
 *
 * 100 × part / whole: infinite or NaN where @whole is 0.
 */
ALMU_KERNEL void
almu_kernel_percent (const float *part,
                     const float *whole,
                     gsize        n_values,
                     float       *percent)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    percent[i] = 100.0f * part[i] / whole[i];
}

/* Half the arc tangent of a ratio from 0 to 1, in degrees: the odd
 * polynomial with the smallest relative error (Remez), 1.5e-8. */
static inline __attribute__ ((always_inline)) float
half_arc_tangent (float ratio)
{
  float t = ratio * ratio;
  float sum = 8.1643298181e-02f;

  sum = sum * t - 4.6033224735e-01f;
  sum = sum * t + 1.2230219101e+00f;
  sum = sum * t - 2.1498220813e+00f;
  sum = sum * t + 3.0484031181e+00f;
  sum = sum * t - 4.0690444386e+00f;
  sum = sum * t + 5.7274635682e+00f;
  sum = sum * t - 9.5492221047e+00f;
  sum = sum * t + 2.8647889320e+01f;

  return ratio * sum;
}

/* As atan2 (u, q) has it, with all its signed zeros and infinities, halved
 * and in degrees, which makes the quarter turns exact. */
static inline __attribute__ ((always_inline)) float
half_angle (float u,
            float q)
{
  float size_u = fabsf (u);
  float size_q = fabsf (q);
  float larger = size_u > size_q ? size_u : size_q;
  float smaller = size_u > size_q ? size_q : size_u;
  float same = larger == 0.0f ? 0.0f : 1.0f; /* 0/0 and ∞/∞ are none */
  float angle = half_arc_tangent (smaller == larger ? same : smaller / larger);

  angle = size_u > size_q ? 45.0f - angle : angle;
  angle = copysignf (1.0f, q) < 0.0f ? 90.0f - angle : angle;

  return copysignf (angle, u);
}

/**
 * almu_kernel_angle:
 * @u: Stokes U
 * @q: Stokes Q
 * @n_values: of each
 * @degrees: room for as many; may be one of the inputs
 *
 * The polarisation angle, half of atan2 (U, Q), from -90° to 90°; NaN where one of
 * the two is.
 */
ALMU_KERNEL void
almu_kernel_angle (const float *u,
                   const float *q,
                   gsize        n_values,
                   float       *degrees)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    degrees[i] = half_angle (u[i], q[i]);
}
