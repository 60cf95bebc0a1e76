/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuSkySystem:
 *
 * Celestial coordinate systems that can be converted into each other, but for
 * the first.
 */
typedef enum
{
  ALMU_SKY_OTHER,
  ALMU_SKY_ICRS,
  ALMU_SKY_FK5,
  ALMU_SKY_FK4,
  ALMU_SKY_GALACTIC,
  ALMU_SKY_SUPERGALACTIC,
  ALMU_SKY_ECLIPTIC,
  ALMU_N_SKY_SYSTEMS,
} AlmuSkySystem;

/**
 * AlmuSkyFrame:
 * @system: the kind of coordinates
 * @equinox: years; of FK4 and FK5 only
 * @type: what the header calls the longitude, of %ALMU_SKY_OTHER only
 *
 * What longitudes and latitudes of the sky are counted from.
 */
typedef struct
{
  AlmuSkySystem system;
  double        equinox;
  char          type[8];
} AlmuSkyFrame;

char    *almu_sky_frame_dup_name (const AlmuSkyFrame *self);
gboolean almu_sky_frame_convert (const AlmuSkyFrame *from,
                                 const AlmuSkyFrame *to,
                                 gsize               n_points,
                                 double             *sky,
                                 GError            **error);
double   almu_sky_separation (const double *a,
                              const double *b);

G_END_DECLS
