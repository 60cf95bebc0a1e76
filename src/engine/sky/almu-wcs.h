/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-sky-frame.h"

G_BEGIN_DECLS

/**
 * AlmuWcs: (foreign)
 *
 * The coordinates of an image: the sky and the spectrum, as far as the
 * header has them right; either may be missing. One thread at a time.
 */
typedef struct _AlmuWcs AlmuWcs;

/**
 * AlmuSpectralPoint:
 * @has_frequency: whether there is one, and likewise @has_velocity
 * @frequency: Hz
 * @velocity: m/s, by the definition of the axis, or radio
 */
typedef struct
{
  gboolean has_frequency;
  gboolean has_velocity;
  double   frequency;
  double   velocity;
} AlmuSpectralPoint;

AlmuWcs *almu_wcs_new (const char *records,
                       gsize       n_records,
                       GError    **error);
void     almu_wcs_free (AlmuWcs *self);

gboolean almu_wcs_get_sky_axes (AlmuWcs *self,
                                int     *out_longitude,
                                int     *out_latitude);
void     almu_wcs_get_frame (AlmuWcs      *self,
                             AlmuSkyFrame *out_frame);
double   almu_wcs_get_pixel_area (AlmuWcs *self);
gboolean almu_wcs_get_increments (AlmuWcs *self,
                                  double  *out_increments);
gboolean almu_wcs_to_sky (AlmuWcs      *self,
                          gsize         n_points,
                          const double *pixels,
                          double       *sky);
gboolean almu_wcs_to_pixels (AlmuWcs      *self,
                             gsize         n_points,
                             const double *sky,
                             double       *pixels);

int      almu_wcs_get_spectral_axis (AlmuWcs *self);
gboolean almu_wcs_to_spectral (AlmuWcs           *self,
                               double             pixel,
                               AlmuSpectralPoint *out_point);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuWcs, almu_wcs_free)

G_END_DECLS
