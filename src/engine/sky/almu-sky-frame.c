/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sky-frame.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <erfa.h>
#include <erfam.h>

#include "almu-error.h"

/* Every conversion goes by way of ICRS. Directions have no proper motion in
 * an inertial frame and are seen at the epoch of the frame's equinox, as
 * those of an image are.
 */

#define J2000_1 ERFA_DJ00
#define J2000_2 0.0
#define B1950_YEARS 1950.0
#define J2000_YEARS 2000.0

typedef gboolean (*Convert) (const AlmuSkyFrame *frame,
                             double             *longitude,
                             double             *latitude);

static gboolean
keep (const AlmuSkyFrame *frame,
      double             *longitude,
      double             *latitude)
{
  return TRUE;
}

static void
turn (double  matrix[3][3],
      double *longitude,
      double *latitude)
{
  double vector[3], turned[3];

  eraS2c (*longitude, *latitude, vector);
  eraRxp (matrix, vector, turned);
  eraC2s (turned, longitude, latitude);
}

/* From J2000 to the equinox of the frame, IAU 1976 as FK5 has it. */
static void
get_precession (const AlmuSkyFrame *frame,
                double              matrix[3][3])
{
  double day_1, day_2;

  eraEpj2jd (frame->equinox, &day_1, &day_2);
  eraPmat76 (day_1, day_2, matrix);
}

static gboolean
fk5_to_icrs (const AlmuSkyFrame *frame,
             double             *longitude,
             double             *latitude)
{
  double matrix[3][3];

  if (frame->equinox != J2000_YEARS)
    {
      get_precession (frame, matrix);
      eraTr (matrix, matrix);
      turn (matrix, longitude, latitude);
    }
  eraFk5hz (*longitude, *latitude, J2000_1, J2000_2, longitude, latitude);

  return TRUE;
}

static gboolean
icrs_to_fk5 (const AlmuSkyFrame *frame,
             double             *longitude,
             double             *latitude)
{
  double matrix[3][3];
  double motion[2];

  eraHfk5z (*longitude, *latitude, J2000_1, J2000_2, longitude, latitude, &motion[0], &motion[1]);
  if (frame->equinox != J2000_YEARS)
    {
      get_precession (frame, matrix);
      turn (matrix, longitude, latitude);
    }

  return TRUE;
}

/* ERFA has the step between B1950 and J2000, but no precession of FK4. */
static gboolean
is_b1950 (const AlmuSkyFrame *frame)
{
  return fabs (frame->equinox - B1950_YEARS) < 1e-6;
}

static gboolean
fk4_to_icrs (const AlmuSkyFrame *frame,
             double             *longitude,
             double             *latitude)
{
  if (!is_b1950 (frame))
    return FALSE;

  eraFk45z (*longitude, *latitude, B1950_YEARS, longitude, latitude);
  eraFk5hz (*longitude, *latitude, J2000_1, J2000_2, longitude, latitude);

  return TRUE;
}

static gboolean
icrs_to_fk4 (const AlmuSkyFrame *frame,
             double             *longitude,
             double             *latitude)
{
  double motion[2];

  if (!is_b1950 (frame))
    return FALSE;

  eraHfk5z (*longitude, *latitude, J2000_1, J2000_2, longitude, latitude, &motion[0], &motion[1]);
  eraFk54z (*longitude, *latitude, B1950_YEARS, longitude, latitude, &motion[0], &motion[1]);

  return TRUE;
}

static gboolean
galactic_to_icrs (const AlmuSkyFrame *frame,
                  double             *longitude,
                  double             *latitude)
{
  eraG2icrs (*longitude, *latitude, longitude, latitude);

  return TRUE;
}

static gboolean
icrs_to_galactic (const AlmuSkyFrame *frame,
                  double             *longitude,
                  double             *latitude)
{
  eraIcrs2g (*longitude, *latitude, longitude, latitude);

  return TRUE;
}

/* From galactic coordinates. The pole lies at l = 47.37°, b = 6.32° and the
 * origin at l = 137.37°, b = 0° (de Vaucouleurs et al., Third Reference
 * Catalogue of Bright Galaxies, 1991). */
static void
get_supergalactic (double matrix[3][3])
{
  eraIr (matrix);
  eraRz ((90 + 47.37) * ERFA_DD2R, matrix);
  eraRx ((90 - 6.32) * ERFA_DD2R, matrix);
}

static gboolean
supergalactic_to_icrs (const AlmuSkyFrame *frame,
                       double             *longitude,
                       double             *latitude)
{
  double matrix[3][3];

  get_supergalactic (matrix);
  eraTr (matrix, matrix);
  turn (matrix, longitude, latitude);
  eraG2icrs (*longitude, *latitude, longitude, latitude);

  return TRUE;
}

static gboolean
icrs_to_supergalactic (const AlmuSkyFrame *frame,
                       double             *longitude,
                       double             *latitude)
{
  double matrix[3][3];

  get_supergalactic (matrix);
  eraIcrs2g (*longitude, *latitude, longitude, latitude);
  turn (matrix, longitude, latitude);

  return TRUE;
}

/* The mean ecliptic and equinox of J2000. */
static gboolean
ecliptic_to_icrs (const AlmuSkyFrame *frame,
                  double             *longitude,
                  double             *latitude)
{
  eraEceq06 (J2000_1, J2000_2, *longitude, *latitude, longitude, latitude);

  return TRUE;
}

static gboolean
icrs_to_ecliptic (const AlmuSkyFrame *frame,
                  double             *longitude,
                  double             *latitude)
{
  eraEqec06 (J2000_1, J2000_2, *longitude, *latitude, longitude, latitude);

  return TRUE;
}

static const struct
{
  const char *name;
  Convert     to_icrs;
  Convert     from_icrs;
} systems[ALMU_N_SKY_SYSTEMS] = {
  [ALMU_SKY_OTHER] = { "other", NULL, NULL },
  [ALMU_SKY_ICRS] = { "ICRS", keep, keep },
  [ALMU_SKY_FK5] = { "FK5", fk5_to_icrs, icrs_to_fk5 },
  [ALMU_SKY_FK4] = { "FK4", fk4_to_icrs, icrs_to_fk4 },
  [ALMU_SKY_GALACTIC] = { "galactic", galactic_to_icrs, icrs_to_galactic },
  [ALMU_SKY_SUPERGALACTIC] = { "supergalactic", supergalactic_to_icrs, icrs_to_supergalactic },
  [ALMU_SKY_ECLIPTIC] = { "ecliptic", ecliptic_to_icrs, icrs_to_ecliptic },
};

static gboolean
has_equinox (const AlmuSkyFrame *self)
{
  return self->system == ALMU_SKY_FK4 || self->system == ALMU_SKY_FK5;
}

/* Whether coordinates mean the same in both. Equinoxes count for FK4 and FK5
 * only; others are the same if the header calls their longitudes the same. */
static gboolean
is_same_frame (const AlmuSkyFrame *a,
               const AlmuSkyFrame *b)
{
  if (a->system != b->system)
    return FALSE;

  if (a->system == ALMU_SKY_OTHER)
    return strcmp (a->type, b->type) == 0;

  return !has_equinox (a) || a->equinox == b->equinox;
}

/**
 * almu_sky_frame_dup_name:
 *
 * For people: "FK5 (J2000)", "galactic", "HPLN".
 *
 * Returns: (transfer full): the name, "unknown" for a header that has none
 */
char *
almu_sky_frame_dup_name (const AlmuSkyFrame *self)
{
  if (self->system == ALMU_SKY_OTHER)
    return g_strdup (*self->type != '\0' ? self->type : "unknown");

  if (has_equinox (self))
    return g_strdup_printf ("%s (%c%g)", systems[self->system].name,
                            self->system == ALMU_SKY_FK4 ? 'B' : 'J', self->equinox);

  return g_strdup (systems[self->system].name);
}

static gboolean
convert_point (const AlmuSkyFrame *from,
               const AlmuSkyFrame *to,
               double             *point)
{
  double longitude = point[0] * ERFA_DD2R;
  double latitude = point[1] * ERFA_DD2R;

  if (!systems[from->system].to_icrs (from, &longitude, &latitude) ||
      !systems[to->system].from_icrs (to, &longitude, &latitude))
    return FALSE;

  point[0] = eraAnp (longitude) * ERFA_DR2D;
  point[1] = latitude * ERFA_DR2D;

  return TRUE;
}

/**
 * almu_sky_frame_convert:
 * @from: the frame they are in
 * @to: the frame they are wanted in
 * @n_points: how many pairs
 * @sky: (inout): pairs of longitude and latitude, degrees; those that are no
 *   numbers stay so
 * @error: return location; %ALMU_ERROR_UNSUPPORTED
 *
 * Says the same directions in another frame.
 *
 * Returns: %FALSE if there is no way between the two
 */
gboolean
almu_sky_frame_convert (const AlmuSkyFrame *from,
                        const AlmuSkyFrame *to,
                        gsize               n_points,
                        double             *sky,
                        GError            **error)
{
  gboolean is_known = from->system != ALMU_SKY_OTHER && to->system != ALMU_SKY_OTHER;

  if (is_same_frame (from, to))
    return TRUE;

  for (gsize i = 0; is_known && i < n_points; i++)
    {
      if (isfinite (sky[2 * i]) && isfinite (sky[2 * i + 1]))
        is_known = convert_point (from, to, sky + 2 * i);
    }

  if (!is_known)
    {
      g_autofree char *from_name = almu_sky_frame_dup_name (from);
      g_autofree char *to_name = almu_sky_frame_dup_name (to);

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Coordinates of the frame %s cannot be converted to the frame %s"), from_name, to_name);
    }

  return is_known;
}

/**
 * almu_sky_separation:
 * @a: (array fixed-size=2): longitude and latitude, degrees
 * @b: (array fixed-size=2): likewise, in the same frame
 *
 * The angle between two directions (eraSeps() of ERFA), accurate for small and for
 * large ones alike.
 *
 * Returns: degrees, from 0 to 180
 */
double
almu_sky_separation (const double *a,
                     const double *b)
{
  return eraSeps (a[0] * ERFA_DD2R, a[1] * ERFA_DD2R, b[0] * ERFA_DD2R, b[1] * ERFA_DD2R) * ERFA_DR2D;
}
