/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-axes.h"

#include <math.h>
#include <string.h>

static const char *const spectral_types[] = {
  "FREQ",
  "VRAD",
  "VOPT",
  "VELO",
  "FELO",
  "WAVE",
  "AWAV",
  "WAVN",
  "ENER",
  "AFRQ",
  "ZOPT",
  "BETA",
};

/**
 * almu_axes_get_text:
 * @header: a header
 * @name: of the card without its number, such as `CTYPE`; at most 8 bytes
 * @axis: counted from 1
 *
 * Looks up a card that is there once for each axis.
 *
 * Returns: (nullable) (transfer none): the text of the card `@name@axis`, or
 *   %NULL if there is none
 */
const char *
almu_axes_get_text (AlmuHeader *header,
                    const char *name,
                    int         axis)
{
  char full[16];

  g_snprintf (full, sizeof full, "%s%d", name, axis);

  return almu_header_get_text (header, full);
}

/**
 * almu_axes_get_number:
 * @header: a header
 * @name: of the card without its number, such as `CDELT`; at most 8 bytes
 * @axis: counted from 1
 * @out_number: (out): the value; left as it is if there is none
 *
 * Looks up a card that is there once for each axis.
 *
 * Returns: whether the card `@name@axis` is there and has a number
 */
gboolean
almu_axes_get_number (AlmuHeader *header,
                      const char *name,
                      int         axis,
                      double     *out_number)
{
  char full[16];

  g_snprintf (full, sizeof full, "%s%d", name, axis);

  return almu_header_get_number (header, full, out_number);
}

/**
 * almu_axes_dup_type:
 * @header: a header
 * @axis: counted from 1
 *
 * The part of CTYPE before the projection: `RA`, `GLON`, `FREQ`. Upper and lower
 * case stay as they are.
 *
 * Returns: (nullable) (transfer full): the text, or %NULL if there is none
 */
char *
almu_axes_dup_type (AlmuHeader *header,
                    int         axis)
{
  const char      *text = almu_axes_get_text (header, "CTYPE", axis);
  g_autofree char *type = NULL;

  if (text == NULL)
    return NULL;

  type = g_strndup (text, strcspn (text, "-"));
  g_strstrip (type);

  return *type != '\0' ? g_steal_pointer (&type) : NULL;
}

/* "RA", "GLON", "ELON", "SLON" …, and the two-letter systems of planets
 * and the Sun: "HPLN". */
static AlmuAxisKind
find_celestial_kind (const char *type)
{
  gsize n = strlen (type);

  if (g_ascii_strcasecmp (type, "RA") == 0)
    return ALMU_AXIS_LONGITUDE;
  if (g_ascii_strcasecmp (type, "DEC") == 0)
    return ALMU_AXIS_LATITUDE;
  if (n != 4)
    return ALMU_AXIS_UNKNOWN;

  if (g_ascii_strcasecmp (type + 1, "LON") == 0 || g_ascii_strcasecmp (type + 2, "LN") == 0)
    return ALMU_AXIS_LONGITUDE;
  if (g_ascii_strcasecmp (type + 1, "LAT") == 0 || g_ascii_strcasecmp (type + 2, "LT") == 0)
    return ALMU_AXIS_LATITUDE;

  return ALMU_AXIS_UNKNOWN;
}

/**
 * almu_axes_get_kind:
 * @header: a header
 * @axis: counted from 1
 *
 * Looks at CTYPE only, in upper or lower case: `STOKES`, the spectral types of
 * WCS Paper III and the older FELO, by their first four letters, and the
 * longitudes and latitudes of WCS Paper II, those of planets and the Sun too.
 *
 * Returns: the kind, %ALMU_AXIS_UNKNOWN if CTYPE is missing or says something else
 */
AlmuAxisKind
almu_axes_get_kind (AlmuHeader *header,
                    int         axis)
{
  g_autofree char *type = almu_axes_dup_type (header, axis);

  if (type == NULL)
    return ALMU_AXIS_UNKNOWN;

  if (g_ascii_strcasecmp (type, "STOKES") == 0)
    return ALMU_AXIS_STOKES;

  for (gsize i = 0; i < G_N_ELEMENTS (spectral_types); i++)
    if (g_ascii_strncasecmp (type, spectral_types[i], 4) == 0)
      return ALMU_AXIS_SPECTRAL;

  return find_celestial_kind (type);
}

static int
find_kind (const AlmuAxisKind *kinds,
           int                 n_axes,
           AlmuAxisKind        kind)
{
  for (int i = 0; i < n_axes; i++)
    if (kinds[i] == kind)
      return i + 1;

  return 0;
}

/* Only an axis that does not say itself what it is may be guessed at. */
static gboolean
is_free (const AlmuAxisKind *kinds,
         int                 axis)
{
  return kinds[axis - 1] == ALMU_AXIS_UNKNOWN;
}

static gboolean
has_four_axes (int           n_axes,
               const gint64 *shape)
{
  for (int i = 4; i < n_axes; i++)
    if (shape[i] != 1)
      return FALSE;

  return n_axes >= 4;
}

/* Of four axes of which three are known the last one is that of the
 * polarisations, wherever it stands. */
static int
find_last_of_four (const AlmuAxisKind *kinds)
{
  if (find_kind (kinds, 4, ALMU_AXIS_LONGITUDE) == 0 ||
      find_kind (kinds, 4, ALMU_AXIS_LATITUDE) == 0 ||
      find_kind (kinds, 4, ALMU_AXIS_SPECTRAL) == 0)
    return 0;

  return find_kind (kinds, 4, ALMU_AXIS_UNKNOWN);
}

/* Axes 3 and 4 where the header leaves gaps: one of them is known, or the
 * longer one is that of the channels. */
static void
guess_of_four (const AlmuAxisKind *kinds,
               const gint64       *shape,
               AlmuAxes           *axes)
{
  int spectral = axes->spectral;
  int stokes = axes->stokes;

  if (spectral == 0 && stokes == 0)
    {
      spectral = shape[2] <= 4 && shape[3] > 4 ? 4 : 3;
      stokes = 7 - spectral;
    }
  else if (spectral == 0 && stokes >= 3 && stokes <= 4)
    spectral = 7 - stokes;
  else if (stokes == 0 && find_last_of_four (kinds) > 0)
    stokes = find_last_of_four (kinds);
  else if (stokes == 0 && spectral >= 3 && spectral <= 4)
    stokes = 7 - spectral;

  if (axes->spectral == 0 && spectral != 0 && is_free (kinds, spectral))
    axes->spectral = spectral;
  if (axes->stokes == 0 && stokes != 0 && is_free (kinds, stokes))
    axes->stokes = stokes;
}

static void
take_render_axis (AlmuAxes *axes,
                  int       axis)
{
  int *render = axes->render;

  if (axis == 0)
    return;

  if (render[0] == 0 || axis < render[0])
    {
      render[1] = render[0];
      render[0] = axis;
    }
  else if (render[1] == 0 || axis < render[1])
    {
      render[1] = axis;
    }
}

/* The page is told of spatial and spectral axes, and takes the first two of
 * these for the plane; where there are none, the first two of all. */
static void
find_render_axes (AlmuAxes *axes)
{
  take_render_axis (axes, axes->spatial[0]);
  take_render_axis (axes, axes->spatial[1]);
  take_render_axis (axes, axes->spectral);
  if (axes->render[1] != 0)
    return;

  axes->render[0] = 1;
  axes->render[1] = 2;
}

/* The first axis that is left, but a longer one before one of length 1. */
static int
find_depth_axis (int             n_axes,
                 const gint64   *shape,
                 const AlmuAxes *axes)
{
  int first = 0;

  for (int axis = 1; axis <= n_axes; axis++)
    {
      if (axis == axes->stokes || axis == axes->render[0] || axis == axes->render[1])
        continue;
      if (shape[axis - 1] > 1)
        return axis;
      if (first == 0)
        first = axis;
    }

  return first;
}

static void
find_spatial_axes (const AlmuAxisKind *kinds,
                   int                 n_axes,
                   AlmuAxes           *axes)
{
  int n_found = 0;

  axes->spatial[0] = find_kind (kinds, n_axes, ALMU_AXIS_LONGITUDE);
  axes->spatial[1] = find_kind (kinds, n_axes, ALMU_AXIS_LATITUDE);
  if (axes->spatial[0] != 0 && axes->spatial[1] != 0)
    return;

  axes->spatial[0] = axes->spatial[1] = 0;
  for (int axis = 1; axis <= n_axes && n_found < 2; axis++)
    if (axis != axes->stokes && axis != axes->spectral)
      axes->spatial[n_found++] = axis;
}

/**
 * almu_axes_find:
 * @header: cards of the file
 * @n_axes: from 2 to %ALMU_LIMIT_AXES
 * @shape: (array length=n_axes): how long each of them is
 * @out_axes: (out caller-allocates): numbers in the file, from 1; 0 for none
 *
 * Decides which axis of the file is which of the image.
 */
void
almu_axes_find (AlmuHeader   *header,
                int           n_axes,
                const gint64 *shape,
                AlmuAxes     *out_axes)
{
  AlmuAxisKind kinds[ALMU_LIMIT_AXES];
  AlmuAxes     axes = { 0 };

  g_return_if_fail (n_axes >= 2 && n_axes <= ALMU_LIMIT_AXES);

  for (int i = 0; i < n_axes; i++)
    kinds[i] = almu_axes_get_kind (header, i + 1);

  axes.stokes = find_kind (kinds, n_axes, ALMU_AXIS_STOKES);
  axes.spectral = find_kind (kinds, n_axes, ALMU_AXIS_SPECTRAL);

  if (n_axes == 3 && axes.spectral == 0 && axes.stokes == 0 && is_free (kinds, 3))
    axes.spectral = 3;
  else if (has_four_axes (n_axes, shape))
    guess_of_four (kinds, shape, &axes);

  /* a plane of which one side are polarisations */
  if (n_axes == 2)
    axes.stokes = 0;

  find_spatial_axes (kinds, n_axes, &axes);
  find_render_axes (&axes);
  if (axes.stokes == axes.render[0] || axes.stokes == axes.render[1])
    axes.stokes = 0;
  axes.depth = find_depth_axis (n_axes, shape, &axes);

  *out_axes = axes;
}

/**
 * almu_axes_dup_stokes_codes:
 * @header: cards of the file
 * @axis: the Stokes axis, from 1
 * @n_stokes: how long it is
 *
 * The FITS code of each polarisation, 0 where the header does not tell one
 * that exists.
 *
 * Returns: (transfer full) (array length=n_stokes): the codes, in the order of the axis
 */
int *
almu_axes_dup_stokes_codes (AlmuHeader *header,
                            int         axis,
                            int         n_stokes)
{
  int   *codes = g_new0 (int, n_stokes);
  double value, reference = 0.0, step = 1.0;

  if (almu_axes_get_kind (header, axis) != ALMU_AXIS_STOKES ||
      !almu_axes_get_number (header, "CRVAL", axis, &value))
    return codes;

  almu_axes_get_number (header, "CRPIX", axis, &reference);
  almu_axes_get_number (header, "CDELT", axis, &step);

  for (int i = 0; i < n_stokes; i++)
    {
      double code = round (value + (i + 1 - reference) * step);

      if ((code >= 1 && code <= 4) || (code <= -1 && code >= -8))
        codes[i] = code;
    }

  return codes;
}
