/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-unit.h"

#include <string.h>

/* In this order: later ones see what earlier ones made. */
static const struct
{
  const char *from;
  const char *to;
} replacements[] = {
  { "JY", "Jy" },
  { "jy", "Jy" },
  { "Beam", "beam" },
  { "BEAM", "beam" },
  { "Jypb", "Jy/beam" },
  { "JyPB", "Jy/beam" },
  { "Jy beam-1", "Jy/beam" },
  { "Jy beam^-1", "Jy/beam" },
  { "beam-1 Jy", "Jy/beam" },
  { "beam^-1 Jy", "Jy/beam" },
  { "Pixel", "pixel" },
  { "PIXEL", "pixel" },
  { "DEGREE", "deg" },
  { "\"", "" },
};

/* Whole units as old programs spell them: AIPS in capitals only. */
static const struct
{
  const char *from;
  const char *to;
} spellings[] = {
  { "DEG", "deg" },
  { "DEGS", "deg" },
  { "degs", "deg" },
  { "degree", "deg" },
  { "degrees", "deg" },
  { "degS", "deg" },
  { "RAD", "rad" },
  { "RADIAN", "rad" },
  { "radian", "rad" },
  { "radians", "rad" },
  { "ARCSEC", "arcsec" },
  { "ARCMIN", "arcmin" },
  { "HZ", "Hz" },
  { "hz", "Hz" },
  { "KHZ", "kHz" },
  { "MHZ", "MHz" },
  { "GHZ", "GHz" },
  { "M/S", "m/s" },
  { "M/SEC", "m/s" },
  { "m/sec", "m/s" },
  { "KM/S", "km/s" },
  { "KM/SEC", "km/s" },
  { "km/sec", "km/s" },
  { "SEC", "s" },
  { "sec", "s" },
  { "KELVIN", "K" },
  { "kelvin", "K" },
  { "Kelvin", "K" },
  { "DEGK", "K" },
  { "ANGSTROM", "Angstrom" },
  { "angstrom", "Angstrom" },
  { "COUNT", "count" },
  { "COUNTS", "count" },
  { "counts", "count" },
};

/**
 * almu_unit_tidy:
 * @text: a unit
 *
 * A unit as written in a header, in the spelling of the FITS standard;
 * what is not known stays as it is.
 *
 * Returns: (transfer full): the unit
 */
char *
almu_unit_tidy (const char *text)
{
  GString *unit = g_string_new (text);
  char    *tidied;

  for (gsize i = 0; i < G_N_ELEMENTS (replacements); i++)
    g_string_replace (unit, replacements[i].from, replacements[i].to, 0);

  tidied = g_strstrip (g_string_free (unit, FALSE));

  for (gsize i = 0; i < G_N_ELEMENTS (spellings); i++)
    if (g_str_equal (tidied, spellings[i].from))
      {
        g_free (tidied);
        return g_strdup (spellings[i].to);
      }

  return tidied;
}
