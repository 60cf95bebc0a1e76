/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where pixels begin in files written here. */
#define BENCH_DATA_OFFSET 2880

/* Noise like that of a receiver: sums of uniform values, the same each
 * time. */
void bench_fill_noise (float *pixels,
                       gsize  n);

/* Writes a FITS image of 32-bit floats; @depth of 1 makes a plane. */
void bench_write_image (const char *folder,
                        const char *name,
                        int         width,
                        int         height,
                        int         depth);

/* The same, but of zeros that take no room on the disk. */
void bench_write_sparse (const char *folder,
                         const char *name,
                         int         width,
                         int         height,
                         int         depth);

G_END_DECLS
