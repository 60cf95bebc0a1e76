/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-mask.h"

G_BEGIN_DECLS

/**
 * AlmuSteps:
 * @first: index of the first, from 0
 * @n: how many
 * @stride: from one to the next
 *
 * Planes along an axis, evenly apart.
 */
typedef struct
{
  int first;
  int n;
  int stride;
} AlmuSteps;

/**
 * AlmuCutout: (foreign)
 * @area: pixels of the rendered plane
 * @mask: (nullable): what of @area is kept; the rest becomes blank
 * @channels: which channels
 * @stokes: which polarisations
 * @keep_degenerate: whether axes of one pixel stay, beside those of the plane
 * @rest_frequency: of the spectral line in Hz; NaN for that of the image
 *
 * A part of an image that is to become an image of its own.
 */
typedef struct
{
  AlmuRect  area;
  AlmuMask *mask;
  AlmuSteps channels;
  AlmuSteps stokes;
  gboolean  keep_degenerate;
  double    rest_frequency;
} AlmuCutout;

AlmuCutout *almu_cutout_new (const AlmuImageInfo *info);
void        almu_cutout_free (AlmuCutout *self);
gboolean    almu_cutout_write (const AlmuCutout *self,
                               AlmuImage        *image,
                               int               fd,
                               char            **out_lost,
                               GCancellable     *cancellable,
                               GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuCutout, almu_cutout_free)

G_END_DECLS
