/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers in the sequence of the FITS Standard. */
#define ALMU_DITHER_NUMBERS 10000

/**
 * AlmuDither:
 *
 * Where in the sequence of random numbers the next pixel of a tile is.
 */
typedef struct
{
  guint seed;
  guint next;
} AlmuDither;

void almu_dither_begin (AlmuDither *self,
                        gint64      tile,
                        gint64      seed);
void almu_dither_skip (AlmuDither *self,
                       gint64      n_pixels);
void almu_dither_restore (AlmuDither   *self,
                          const gint32 *quantised,
                          gsize         n_values,
                          double        scale,
                          double        zero,
                          float        *values);

G_END_DECLS
