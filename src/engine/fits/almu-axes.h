/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"

G_BEGIN_DECLS

/**
 * AlmuAxisKind:
 *
 * What the CTYPE of an axis says it is.
 */
typedef enum
{
  ALMU_AXIS_UNKNOWN,
  ALMU_AXIS_LONGITUDE,
  ALMU_AXIS_LATITUDE,
  ALMU_AXIS_SPECTRAL,
  ALMU_AXIS_STOKES,
} AlmuAxisKind;

AlmuAxisKind almu_axes_get_kind (AlmuHeader *header,
                                 int         axis);
char        *almu_axes_dup_type (AlmuHeader *header,
                                 int         axis);
const char  *almu_axes_get_text (AlmuHeader *header,
                                 const char *name,
                                 int         axis);
gboolean     almu_axes_get_number (AlmuHeader *header,
                                   const char *name,
                                   int         axis,
                                   double     *out_number);

void almu_axes_find (AlmuHeader   *header,
                     int           n_axes,
                     const gint64 *shape,
                     AlmuAxes     *out_axes);
int *almu_axes_dup_stokes_codes (AlmuHeader *header,
                                 int         axis,
                                 int         n_stokes);

G_END_DECLS
