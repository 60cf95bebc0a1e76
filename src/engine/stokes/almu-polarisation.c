/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-polarisation.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "kernel.h"

/* By the ICD's PolarizationType. */
static const char *const names[] = {
  "", "I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX",
  "Ptotal", "Plinear", "PFtotal", "PFlinear", "Pangle"
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == ALMU_N_POLARISATIONS);

/* What it takes, in the order of the sums. */
static const struct
{
  int              n;
  AlmuPolarisation parts[ALMU_MAX_PARTS];
} recipes[] = {
  { 3, { ALMU_POLARISATION_V, ALMU_POLARISATION_U, ALMU_POLARISATION_Q } },
  { 2, { ALMU_POLARISATION_U, ALMU_POLARISATION_Q } },
  { 4, { ALMU_POLARISATION_V, ALMU_POLARISATION_U, ALMU_POLARISATION_Q, ALMU_POLARISATION_I } },
  { 3, { ALMU_POLARISATION_U, ALMU_POLARISATION_Q, ALMU_POLARISATION_I } },
  { 2, { ALMU_POLARISATION_U, ALMU_POLARISATION_Q } },
};

/**
 * almu_polarisation_get_name:
 * @polarisation: any number
 *
 * As the page writes them.
 *
 * Returns: (transfer none): "I", "Ptotal" …; "" for the current one and what is none
 */
const char *
almu_polarisation_get_name (int polarisation)
{
  return polarisation >= 0 && polarisation < ALMU_N_POLARISATIONS ? names[polarisation] : "";
}

/**
 * almu_polarisation_is_computed:
 * @polarisation: any number
 *
 * Whether it is one of the #AlmuPolarisation that are computed, for an image that
 * has no such index on its Stokes axis: see almu_polarisation_is_computed_of().
 *
 * Returns: %FALSE also for a number that is no polarisation
 */
gboolean
almu_polarisation_is_computed (int polarisation)
{
  return polarisation >= ALMU_POLARISATION_PTOTAL && polarisation <= ALMU_POLARISATION_PANGLE;
}

/**
 * almu_polarisation_is_computed_of:
 * @info: an image
 * @stokes: what planes and boxes of it are asked for with
 *
 * An axis so long that @stokes is an index of it has that plane.
 *
 * Returns: whether @stokes is a computed polarisation, and no index
 */
gboolean
almu_polarisation_is_computed_of (const AlmuImageInfo *info,
                                  int                  stokes)
{
  return stokes >= info->n_stokes && almu_polarisation_is_computed (stokes);
}

/**
 * almu_polarisation_to_fits:
 * @polarisation: any number
 *
 * FITS counts RR, LL, RL, LR, XX, YY, XY, YX from -1 downwards.
 *
 * Returns: the code of a Stokes axis; 0 for what has none
 */
int
almu_polarisation_to_fits (int polarisation)
{
  if (polarisation < ALMU_POLARISATION_I || polarisation > ALMU_POLARISATION_YX)
    return 0;

  return polarisation <= ALMU_POLARISATION_V ? polarisation : ALMU_POLARISATION_V - polarisation;
}

/**
 * almu_polarisation_from_fits:
 * @code: of a Stokes axis: 1 to 4, -1 to -8
 *
 * The way back from almu_polarisation_to_fits() (FITS Standard 4.0, section 8.5).
 * Other codes are not looked at, and make no sense.
 *
 * Returns: the #AlmuPolarisation, %ALMU_POLARISATION_CURRENT for 0
 */
int
almu_polarisation_from_fits (int code)
{
  return code < 0 ? ALMU_POLARISATION_V - code : code;
}

/**
 * almu_polarisation_find:
 * @info: an image
 * @polarisation: one that is not computed
 *
 * If the header does not say what the axis has, it is taken for I, Q, U and V in
 * this order, and likewise for RR, LL, RL and LR, and for XX, YY, XY and YX.
 *
 * Returns: its index on the Stokes axis, -1 if the image does not have it
 */
int
almu_polarisation_find (const AlmuImageInfo *info,
                        int                  polarisation)
{
  for (int i = 0; info->stokes_codes != NULL && i < info->n_stokes; i++)
    {
      if (almu_polarisation_from_fits (info->stokes_codes[i]) == polarisation)
        return i;
    }

  /* A header that does not say: I, Q, U, V in this order. */
  if (info->stokes_codes == NULL || info->stokes_codes[0] == 0)
    {
      int index = (polarisation - 1) % 4;

      return index < info->n_stokes ? index : -1;
    }

  return -1;
}

static void
append_name (GString *list,
             int      polarisation)
{
  if (list->len > 0)
    g_string_append (list, ", ");
  g_string_append (list, names[polarisation]);
}

/**
 * almu_polarisation_find_parts:
 * @info: an image
 * @polarisation: a computed one
 * @out_parts: (out): where to find what it is computed from
 * @error: return location
 *
 * Fails with %ALMU_ERROR_NOT_FOUND, which names what the image lacks.
 */
gboolean
almu_polarisation_find_parts (const AlmuImageInfo *info,
                              int                  polarisation,
                              AlmuParts           *out_parts,
                              GError             **error)
{
  g_autoptr(GString) needed = g_string_new (NULL);
  g_autoptr(GString) missing = g_string_new (NULL);
  AlmuParts parts = { .polarisation = polarisation };

  g_return_val_if_fail (info != NULL, FALSE);
  g_return_val_if_fail (almu_polarisation_is_computed (polarisation), FALSE);

  if (info->n_stokes > polarisation)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s cannot be computed of an image with %d polarisations: "
                      "its number, %d, is the index of one"),
                   names[polarisation], info->n_stokes, polarisation);
      return FALSE;
    }

  parts.n = recipes[polarisation - ALMU_POLARISATION_PTOTAL].n;
  for (int i = 0; i < parts.n; i++)
    {
      parts.polarisations[i] = recipes[polarisation - ALMU_POLARISATION_PTOTAL].parts[i];
      parts.stokes[i] = almu_polarisation_find (info, parts.polarisations[i]);
    }

  /* I, Q, U, V is how people say it */
  for (int i = parts.n - 1; i >= 0; i--)
    {
      append_name (needed, parts.polarisations[i]);
      if (parts.stokes[i] < 0)
        append_name (missing, parts.polarisations[i]);
    }

  if (missing->len > 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("%s is computed from polarisations %s, of which the image lacks %s"),
                   names[polarisation], needed->str, missing->str);
      return FALSE;
    }

  *out_parts = parts;
  return TRUE;
}

/**
 * almu_polarisation_combine:
 * @polarisation: a computed one
 * @parts: (array): values of each part, in the order of #AlmuParts
 * @n_values: how many of each
 * @values: (array length=n_values): where to put the result; may be one of
 *   the parts, but not I
 *
 * Computes in single precision. A blank in any part is a blank.
 */
void
almu_polarisation_combine (int                 polarisation,
                           const float *const *parts,
                           gsize               n_values,
                           float              *values)
{
  switch (polarisation)
    {
    case ALMU_POLARISATION_PTOTAL:
      almu_kernel_total (parts[0], parts[1], parts[2], n_values, values);
      break;

    case ALMU_POLARISATION_PLINEAR:
      almu_kernel_linear (parts[0], parts[1], n_values, values);
      break;

    case ALMU_POLARISATION_PFTOTAL:
      almu_kernel_total (parts[0], parts[1], parts[2], n_values, values);
      almu_kernel_percent (values, parts[3], n_values, values);
      break;

    case ALMU_POLARISATION_PFLINEAR:
      almu_kernel_linear (parts[0], parts[1], n_values, values);
      almu_kernel_percent (values, parts[2], n_values, values);
      break;

    case ALMU_POLARISATION_PANGLE:
      almu_kernel_angle (parts[0], parts[1], n_values, values);
      break;

    default:
      g_return_if_reached ();
    }
}

static double
get_length (const double *parts,
            int           n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += parts[i] * parts[i];

  return sqrt (sum);
}

/**
 * almu_polarisation_combine_double:
 * @polarisation: a computed one
 * @parts: (array): the value of each part, in the order of #AlmuParts
 *
 * For statistics: what is combined are those of the parts.
 */
double
almu_polarisation_combine_double (int           polarisation,
                                  const double *parts)
{
  switch (polarisation)
    {
    case ALMU_POLARISATION_PTOTAL:
      return get_length (parts, 3);
    case ALMU_POLARISATION_PLINEAR:
      return get_length (parts, 2);
    case ALMU_POLARISATION_PFTOTAL:
      return 100 * get_length (parts, 3) / parts[3];
    case ALMU_POLARISATION_PFLINEAR:
      return 100 * get_length (parts, 2) / parts[2];
    case ALMU_POLARISATION_PANGLE:
      return atan2 (parts[0], parts[1]) * 90 / G_PI;
    default:
      g_return_val_if_reached (NAN);
    }
}
