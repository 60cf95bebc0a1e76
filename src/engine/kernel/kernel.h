/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Plain C over arrays: no objects, no errors, no allocation. Each function
 * is built for several instruction sets and the right one is picked when
 * the program is loaded.
 *
 * The results do not depend on which: sums are kept in a fixed number of
 * lanes that are added in a fixed order, and products are not contracted
 * (-ffp-contract=off), so every clone gives the same bits.
 */
#if ALMU_USE_CLONES
#define ALMU_KERNEL __attribute__ ((target_clones ("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define ALMU_KERNEL
#endif

/* How many values most kernels look at between two merges; they stay in the
 * first-level cache for a second pass. */
#define ALMU_KERNEL_BLOCK 2048

/**
 * AlmuKernelFormat:
 * @bitpix: as in FITS: 8, 16, 32, 64, -32, -64
 * @scale: BSCALE
 * @zero: BZERO
 * @has_blank: whether integers equal to @blank become NaN
 *
 * How numbers stand in a file.
 */
typedef struct
{
  int      bitpix;
  double   scale;
  double   zero;
  gboolean has_blank;
  gint64   blank;
} AlmuKernelFormat;

/**
 * AlmuKernelSums:
 * @n: finite values
 * @sum: of them
 * @m2: squared differences from their mean
 *
 * What is known about one block of values.
 */
typedef struct
{
  gsize  n;
  double sum;
  double m2;
  float  min;
  float  max;
} AlmuKernelSums;

/* Both may be the same place when values are four bytes wide. */
void almu_kernel_convert (const AlmuKernelFormat *format,
                          const void             *raw,
                          float                  *values,
                          gsize                   n_values);
void almu_kernel_pick (void       *picked,
                       const void *raw,
                       gsize       element_size,
                       gsize       stride,
                       gsize       n_elements);

/* Integers of compressed tiles; with a random number taken from each; and a
 * value for those that stand for it. */
void almu_kernel_scale (const gint32 *integers,
                        gsize         n_values,
                        double        scale,
                        double        zero,
                        float        *values);
void almu_kernel_undither (const gint32 *integers,
                           const float  *dither,
                           gsize         n_values,
                           double        scale,
                           double        zero,
                           float        *values);
void almu_kernel_put_where (const gint32 *integers,
                            gint32        integer,
                            gsize         n_values,
                            float         value,
                            float        *values);

/* At most ALMU_KERNEL_BLOCK values. */
void  almu_kernel_measure (const float    *values,
                           gsize           n_values,
                           AlmuKernelSums *out_sums);
gsize almu_kernel_count_finite (const float *values,
                                gsize        n_values);

/* bins[i] is the bin of values[i], or n_bins for none. */
void  almu_kernel_bin (const float *values,
                       gsize        n_values,
                       float        min,
                       float        max,
                       float        width,
                       int          n_bins,
                       gint32      *bins);
gsize almu_kernel_count_zeros (const float *values,
                               gsize        n_values);

/* Sums over 2 × 2; @below may be NULL. The width is that of the input; an
 * odd last column stands alone. */
void almu_kernel_halve (const float *above,
                        const float *below,
                        gsize        width,
                        float       *sums);
void almu_kernel_halve_finite (const float *above,
                               const float *below,
                               gsize        width,
                               float       *sums,
                               float       *counts);
void almu_kernel_divide_by (const float *sums,
                            float        count,
                            gsize        width,
                            float       *means);
void almu_kernel_divide (const float *sums,
                         const float *counts,
                         gsize        width,
                         float       *means);

/* Computed polarisations. The result may be put where an input is, but for
 * @whole. */
void almu_kernel_total (const float *v,
                        const float *u,
                        const float *q,
                        gsize        n_values,
                        float       *total);
void almu_kernel_linear (const float *u,
                         const float *q,
                         gsize        n_values,
                         float       *linear);
void almu_kernel_percent (const float *part,
                          const float *whole,
                          gsize        n_values,
                          float       *percent);
void almu_kernel_angle (const float *u,
                        const float *q,
                        gsize        n_values,
                        float       *degrees);

/* See the comments at their definitions. */
void almu_kernel_blend (const float *const *rows,
                        const float        *weights,
                        guint               n_rows,
                        float               total,
                        gsize               width,
                        float              *means);
void almu_kernel_blend_finite (const float *const *rows,
                               const float        *weights,
                               guint               n_rows,
                               gsize               width,
                               float              *means);
void almu_kernel_veil (const float *source,
                       gsize        width,
                       float       *values);
void almu_kernel_gather (const float *row,
                         gsize        width,
                         float       *sums,
                         float       *counts);

/* How many places almu_kernel_bound() takes together. */
#define ALMU_KERNEL_STRETCH 64

void    almu_kernel_bound (const float *row,
                           gsize        width,
                           float       *mins,
                           float       *maxs);
guint64 almu_kernel_find_rises (const float *values,
                                gsize        n,
                                float        threshold);

G_END_DECLS
