/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-wcs.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <wcslib/spx.h>
#include <wcslib/wcs.h>
#include <wcslib/wcsfix.h>
#include <wcslib/wcshdr.h>
#include <wcslib/wcsmath.h>

#include "almu-card.h"
#include "almu-error.h"
#include "almu-limits.h"

#define ARCSEC_PER_DEGREE 3600.0

/* Far above what the largest polynomials and matrices need. */
#define MAX_CARDS 2000

/* The scanners inside wcspih () and of units are not said to be reentrant
 * in all versions, and some keep static state for sizes. Using a coordinate
 * system that is set up is safe, one thread each. */
static GMutex header_mutex;

struct _AlmuWcs
{
  struct wcsprm sky; /* longitude, latitude */
  gboolean      has_sky;
  int           sky_axes[2];
  struct wcsprm spectral;
  gboolean      has_spectral;
  int           spectral_axis;
  char          spectral_type[5];
};

/* -- header ------------------------------------------------------------- */

/* What makes a primary coordinate system. Nothing else is handed on:
 * distortions by tables and records would come from other HDUs, or make
 * arrays of sizes that nobody checked. */
static const char *const families[] = {
  "CTYPE",
  "CUNIT",
  "CRPIX",
  "CRVAL",
  "CDELT",
  "CROTA",
  "NAXIS",
  "PC",
  "CD",
  "PV",
  "PS",
  "A_",
  "B_",
  "AP_",
  "BP_",
};

static const char *const singles[] = {
  "WCSAXES",
  "LONPOLE",
  "LATPOLE",
  "RADESYS",
  "RADECSYS",
  "EQUINOX",
  "EPOCH",
  "SPECSYS",
  "VELREF",
  "RESTFRQ",
  "RESTFREQ",
  "RESTWAV",
};

static gboolean
is_wanted (const char *record)
{
  gint64 number = 0;

  if (record[8] != '=')
    return FALSE;

  /* wcslib makes square matrices of it */
  if (almu_record_is (record, "WCSAXES") || almu_record_is (record, "NAXIS"))
    return almu_record_get_int (record, &number) && number >= 1 && number <= ALMU_LIMIT_AXES;

  for (gsize i = 0; i < G_N_ELEMENTS (singles); i++)
    if (almu_record_is (record, singles[i]))
      return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (memcmp (record, families[i], strlen (families[i])) == 0)
      {
        gsize n = strcspn (record, " ="); /* the "=" is at 8 */

        /* no letter of an alternate system */
        return g_ascii_isdigit (record[n - 1]) || strncmp (record + n - 5, "ORDER", 5) == 0;
      }

  return FALSE;
}

/* The scanner of wcslib trusts its input: a quote that is not closed runs
 * over its buffers. So no card goes to it as it stands; each is written
 * anew from what was read of it. */
static gboolean
append_card (GString        *header,
             const AlmuCard *card)
{
  gsize n_before = header->len;

  if (!g_str_is_ascii (card->name) || !g_str_is_ascii (card->value) ||
      strlen (card->name) > 8 || strlen (card->value) > 60 || strchr (card->value, '\'') != NULL)
    return FALSE;

  if (card->type == ALMU_CARD_STRING)
    g_string_append_printf (header, "%-8s= '%-8s'", card->name, card->value);
  else if (g_ascii_isalpha (*card->value) || !isfinite (card->number))
    return FALSE;
  else
    g_string_append_printf (header, "%-8s= %20s", card->name, card->value);

  while (header->len < n_before + ALMU_RECORD_BYTES)
    g_string_append_c (header, ' ');

  return TRUE;
}

static char *
rewrite_records (const char *records,
                 gsize       n_records,
                 int        *out_n)
{
  GString *header = g_string_sized_new (64 * ALMU_RECORD_BYTES);
  int      n = 0;

  for (gsize i = 0; i < n_records && n < MAX_CARDS; i++)
    {
      const char *record = records + i * ALMU_RECORD_BYTES;
      g_autoptr(AlmuCard) card = NULL;
      gsize n_used;

      if (!is_wanted (record))
        continue;

      card = almu_card_new_for_records (record, 1, &n_used);
      n += append_card (header, card);
    }

  *out_n = n;

  return g_string_free (header, FALSE);
}

/* Takes longitude and latitude out of @whole; @axes are the FITS axes they
 * are on. */
static gboolean
set_up_sky (struct wcsprm       *sky,
            const struct wcsprm *whole,
            gboolean             has_parameters,
            int                 *axes)
{
  int n = 2;

  axes[0] = WCSSUB_LONGITUDE;
  axes[1] = WCSSUB_LATITUDE;
  sky->flag = -1;
  if (wcssub (1, whole, &n, axes, sky) != 0 || n != 2)
    return FALSE;

  if (!has_parameters)
    sky->npv = 0;

  return wcsset (sky) == 0;
}

static void
take_sky (AlmuWcs             *self,
          const struct wcsprm *whole)
{
  int      axes[ALMU_LIMIT_AXES];
  gboolean is_set_up = set_up_sky (&self->sky, whole, TRUE, axes);

  /* distortions that another program keeps in PVi_m are unknown for the
   * projection; without them the coordinates are a little off, not absent;
   * what could not be set up cannot be set up again without a leak */
  if (!is_set_up && self->sky.npv > 0)
    {
      wcsfree (&self->sky);
      is_set_up = set_up_sky (&self->sky, whole, FALSE, axes);
    }

  if (!is_set_up || self->sky.lng != 0 || self->sky.lat != 1)
    return;

  self->has_sky = TRUE;
  self->sky_axes[0] = axes[0];
  self->sky_axes[1] = axes[1];
}

static void
take_spectral (AlmuWcs             *self,
               const struct wcsprm *whole)
{
  int axes[ALMU_LIMIT_AXES] = { WCSSUB_SPECTRAL };
  int n = 1;

  self->spectral.flag = -1;
  if (wcssub (1, whole, &n, axes, &self->spectral) != 0 || n != 1 || wcsset (&self->spectral) != 0)
    return;

  if (self->spectral.spec != 0)
    return;

  self->has_spectral = TRUE;
  self->spectral_axis = axes[0];
  memcpy (self->spectral_type, self->spectral.ctype[0], 4);
}

static struct wcsprm *
find_primary (struct wcsprm *systems,
              int            n_systems)
{
  for (int i = 0; i < n_systems; i++)
    if (systems[i].alt[0] == ' ' || systems[i].alt[0] == '\0')
      return &systems[i];

  return NULL;
}

static int
set_up (AlmuWcs *self,
        char    *header,
        int      n_records)
{
  struct wcsprm *systems = NULL;
  struct wcsprm *primary;
  int            n_systems = 0;
  int            n_rejected = 0;
  int            fixed[NWCSFIX];
  int            status = wcspih (header, n_records, WCSHDR_all, 0, &n_rejected, &n_systems, &systems);

  if (status != 0)
    return status;

  primary = find_primary (systems, n_systems);
  if (primary != NULL && primary->naxis >= 1 && primary->naxis <= ALMU_LIMIT_AXES)
    {
      wcsfix (7, NULL, primary, fixed); /* what it cannot mend fails below */
      take_sky (self, primary);
      take_spectral (self, primary);
    }

  wcsvfree (&n_systems, &systems);

  return 0;
}

/**
 * almu_wcs_new:
 * @records: raw records of 80 bytes, without END
 * @n_records: how many, at most %ALMU_LIMIT_CARDS
 * @error: return location; %ALMU_ERROR_FORMAT if wcslib cannot make anything of them
 *
 * Sets up the primary coordinate system of a header. Sky and spectrum are
 * taken apart, so that a fault in one does not spoil the other.
 *
 * Returns: (transfer full): the coordinates, either of which may be missing; or %NULL
 */
AlmuWcs *
almu_wcs_new (const char *records,
              gsize       n_records,
              GError    **error)
{
  g_autoptr(AlmuWcs) self = NULL;
  g_autofree char *header = NULL;
  int              n = 0;
  int              status;

  g_return_val_if_fail (records != NULL, NULL);
  g_return_val_if_fail (n_records <= ALMU_LIMIT_CARDS, NULL);

  self = g_new0 (AlmuWcs, 1);
  self->sky.flag = -1;
  self->spectral.flag = -1;
  header = rewrite_records (records, n_records, &n);

  g_mutex_lock (&header_mutex);
  status = set_up (self, header, n);
  g_mutex_unlock (&header_mutex);

  if (status != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("coordinates cannot be read from the header (wcslib status %d)"), status);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * almu_wcs_free:
 * @self: (nullable) (transfer full): coordinates
 *
 * Frees the coordinates.
 */
void
almu_wcs_free (AlmuWcs *self)
{
  if (self == NULL)
    return;

  wcsfree (&self->sky);
  wcsfree (&self->spectral);
  g_free (self);
}

/* -- sky ---------------------------------------------------------------- */

/**
 * almu_wcs_get_sky_axes:
 * @out_longitude: (out): number of the axis in the file, from 1; left as it is
 *   without celestial coordinates, as is @out_latitude
 * @out_latitude: (out): likewise
 *
 * Which axes of the file are the sky. Longitude need not come first.
 *
 * Returns: %FALSE where there are no celestial coordinates
 */
gboolean
almu_wcs_get_sky_axes (AlmuWcs *self,
                       int     *out_longitude,
                       int     *out_latitude)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (!self->has_sky)
    return FALSE;

  *out_longitude = self->sky_axes[0];
  *out_latitude = self->sky_axes[1];

  return TRUE;
}

/* By RADESYS and EQUINOX, and where they are silent as the FITS standard
 * (4.0, 8.3) says. */
static AlmuSkyFrame
find_equatorial (const struct wcsprm *sky)
{
  gboolean     has_equinox = !undefined (sky->equinox) && isfinite (sky->equinox);
  AlmuSkyFrame fk4 = { ALMU_SKY_FK4, has_equinox ? sky->equinox : 1950.0, "" };
  AlmuSkyFrame fk5 = { ALMU_SKY_FK5, has_equinox ? sky->equinox : 2000.0, "" };
  AlmuSkyFrame other = { ALMU_SKY_OTHER };

  if (g_str_has_prefix (sky->radesys, "ICRS") || (*sky->radesys == '\0' && !has_equinox))
    return (AlmuSkyFrame){ ALMU_SKY_ICRS };
  if (g_str_has_prefix (sky->radesys, "FK5"))
    return fk5;
  if (g_str_equal (sky->radesys, "FK4"))
    return fk4;
  if (*sky->radesys == '\0')
    return sky->equinox < 1984.0 ? fk4 : fk5;

  g_strlcpy (other.type, sky->radesys, sizeof other.type);
  return other;
}

/**
 * almu_wcs_get_frame:
 * @out_frame: (out caller-allocates): what its longitudes are counted from
 *
 * By CTYPE, and for equatorial coordinates by RADESYS and EQUINOX. Only with
 * celestial coordinates.
 */
void
almu_wcs_get_frame (AlmuWcs      *self,
                    AlmuSkyFrame *out_frame)
{
  static const struct
  {
    const char   *type;
    AlmuSkySystem system;
  } types[] = {
    { "GLON", ALMU_SKY_GALACTIC },
    { "SLON", ALMU_SKY_SUPERGALACTIC },
    { "ELON", ALMU_SKY_ECLIPTIC },
  };
  AlmuSkyFrame frame = { ALMU_SKY_OTHER };

  g_return_if_fail (self != NULL);
  g_return_if_fail (self->has_sky);

  g_strlcpy (frame.type, self->sky.lngtyp, sizeof frame.type);
  g_strchomp (frame.type);
  if (g_str_equal (frame.type, "RA"))
    frame = find_equatorial (&self->sky);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (frame.type, types[i].type))
      frame = (AlmuSkyFrame){ types[i].system };

  *out_frame = frame;
}

/**
 * almu_wcs_get_pixel_area:
 *
 * Square arcsec of a pixel at the reference point, 0 without sky.
 */
double
almu_wcs_get_pixel_area (AlmuWcs *self)
{
  const struct wcsprm *sky = &self->sky;
  double               area;

  g_return_val_if_fail (self != NULL, 0.0);

  if (!self->has_sky)
    return 0.0;

  area = fabs ((sky->pc[0] * sky->pc[3] - sky->pc[1] * sky->pc[2]) *
               sky->cdelt[0] * sky->cdelt[1]) *
         ARCSEC_PER_DEGREE * ARCSEC_PER_DEGREE;

  return isfinite (area) ? area : 0.0;
}

/**
 * almu_wcs_get_increments:
 * @out_increments: (array fixed-size=2) (out caller-allocates): degrees per pixel
 *   along the longitude and the latitude axis
 *
 * At the reference point, with the sign of its own coordinate: that of longitude
 * is mostly negative.
 *
 * Returns: %FALSE where there are no celestial coordinates
 */
gboolean
almu_wcs_get_increments (AlmuWcs *self,
                         double  *out_increments)
{
  const struct wcsprm *sky = &self->sky;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!self->has_sky)
    return FALSE;

  for (int i = 0; i < 2; i++)
    out_increments[i] = copysign (hypot (sky->pc[i] * sky->cdelt[0], sky->pc[2 + i] * sky->cdelt[1]),
                                  sky->pc[3 * i] * sky->cdelt[i]);

  return TRUE;
}

/**
 * almu_wcs_to_sky:
 * @n_points: how many pairs
 * @pixels: (array): pairs on longitude and latitude axis, 1 is the centre of
 *   the first pixel
 * @sky: (array): receives longitude and latitude, degrees; NaN for what is
 *   outside of the projection
 *
 * By wcslib (WCS Papers I and II).
 *
 * Returns: %FALSE without celestial coordinates
 */
gboolean
almu_wcs_to_sky (AlmuWcs      *self,
                 gsize         n_points,
                 const double *pixels,
                 double       *sky)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (!self->has_sky)
    return FALSE;

  for (gsize i = 0; i < n_points; i++)
    {
      double linear[2], phi, theta;
      int    bad = 0;

      if (wcsp2s (&self->sky, 1, 2, pixels + 2 * i, linear, &phi, &theta, sky + 2 * i, &bad) != 0 || bad != 0)
        sky[2 * i] = sky[2 * i + 1] = NAN;
    }

  return TRUE;
}

/**
 * almu_wcs_to_pixels:
 * @n_points: how many pairs
 * @sky: (array): pairs of longitude and latitude, degrees
 * @pixels: (array): receives pairs on longitude and latitude axis, 1 is the centre
 *   of the first pixel; NaN for what the projection does not show
 *
 * The way back from almu_wcs_to_sky().
 *
 * Returns: %FALSE without celestial coordinates
 */
gboolean
almu_wcs_to_pixels (AlmuWcs      *self,
                    gsize         n_points,
                    const double *sky,
                    double       *pixels)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (!self->has_sky)
    return FALSE;

  for (gsize i = 0; i < n_points; i++)
    {
      double linear[2], phi, theta;
      int    bad = 0;

      if (wcss2p (&self->sky, 1, 2, sky + 2 * i, &phi, &theta, linear, pixels + 2 * i, &bad) != 0 || bad != 0)
        pixels[2 * i] = pixels[2 * i + 1] = NAN;
    }

  return TRUE;
}

/* -- spectrum ----------------------------------------------------------- */

/**
 * almu_wcs_get_spectral_axis:
 *
 * For almu_wcs_to_spectral().
 *
 * Returns: number of the axis in the file, from 1; 0 if there is none, or none that
 *   can be understood
 */
int
almu_wcs_get_spectral_axis (AlmuWcs *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->has_spectral ? self->spectral_axis : 0;
}

static gboolean
is_type (AlmuWcs    *self,
         const char *type)
{
  return g_str_equal (self->spectral_type, type);
}

/* VELREF tells the definition where the axis itself is no velocity. */
static double
choose_velocity (AlmuWcs             *self,
                 const struct spxprm *spx)
{
  if (is_type (self, "VELO") || is_type (self, "BETA"))
    return spx->velo;
  if (is_type (self, "VOPT") || is_type (self, "ZOPT"))
    return spx->vopt;
  if (!is_type (self, "VRAD") && self->spectral.velref > 0 && self->spectral.velref <= 256)
    return spx->vopt;

  return spx->vrad;
}

static gboolean
is_velocity (AlmuWcs *self)
{
  static const char *const types[] = { "VRAD", "VOPT", "ZOPT", "VELO", "BETA" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (is_type (self, types[i]))
      return TRUE;

  return FALSE;
}

/**
 * almu_wcs_to_spectral:
 * @pixel: on the spectral axis, 1 is the first channel
 * @out_point: (out caller-allocates): what is known of it; left as it is without a
 *   spectral axis
 *
 * Frequency and velocity of a channel, as far as the axis and the rest
 * frequency tell.
 *
 * Returns: %FALSE if there is no spectral axis, or it ends before
 */
gboolean
almu_wcs_to_spectral (AlmuWcs           *self,
                      double             pixel,
                      AlmuSpectralPoint *out_point)
{
  AlmuSpectralPoint point = { 0 };
  struct spxprm     spx = { 0 };
  gboolean          has_rest;
  double            linear, phi, theta, value;
  int               bad = 0;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!self->has_spectral ||
      wcsp2s (&self->spectral, 1, 1, &pixel, &linear, &phi, &theta, &value, &bad) != 0 || bad != 0)
    return FALSE;

  if (specx (self->spectral_type, value, self->spectral.restfrq, self->spectral.restwav, &spx) != 0)
    return FALSE;

  has_rest = self->spectral.restfrq > 0 || self->spectral.restwav > 0;
  point.frequency = spx.freq;
  point.velocity = choose_velocity (self, &spx);
  point.has_frequency = (has_rest || !is_velocity (self)) && isfinite (point.frequency) &&
                        point.frequency > 0;
  point.has_velocity = (has_rest || is_velocity (self)) && isfinite (point.velocity);
  *out_point = point;

  return TRUE;
}
