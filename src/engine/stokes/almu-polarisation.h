/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"

G_BEGIN_DECLS

/**
 * AlmuPolarisation:
 * @ALMU_POLARISATION_CURRENT: the one on display
 * @ALMU_POLARISATION_PTOTAL: total polarised intensity, √(V² + U² + Q²)
 * @ALMU_POLARISATION_PLINEAR: linearly polarised intensity, √(U² + Q²)
 * @ALMU_POLARISATION_PFTOTAL: the former as a percentage of I
 * @ALMU_POLARISATION_PFLINEAR: the latter as a percentage of I
 * @ALMU_POLARISATION_PANGLE: angle of polarisation, ½·atan2 (U, Q), degrees
 *
 * Polarisations as the ICD numbers them. Those from @ALMU_POLARISATION_PTOTAL
 * on are computed from others of the same image, and may stand wherever an
 * index on the Stokes axis may. Where an axis is so long that they are
 * indices of it, they are just that, and nothing is computed.
 */
typedef enum
{
  ALMU_POLARISATION_CURRENT,
  ALMU_POLARISATION_I,
  ALMU_POLARISATION_Q,
  ALMU_POLARISATION_U,
  ALMU_POLARISATION_V,
  ALMU_POLARISATION_RR,
  ALMU_POLARISATION_LL,
  ALMU_POLARISATION_RL,
  ALMU_POLARISATION_LR,
  ALMU_POLARISATION_XX,
  ALMU_POLARISATION_YY,
  ALMU_POLARISATION_XY,
  ALMU_POLARISATION_YX,
  ALMU_POLARISATION_PTOTAL,
  ALMU_POLARISATION_PLINEAR,
  ALMU_POLARISATION_PFTOTAL,
  ALMU_POLARISATION_PFLINEAR,
  ALMU_POLARISATION_PANGLE,
} AlmuPolarisation;

#define ALMU_N_POLARISATIONS (ALMU_POLARISATION_PANGLE + 1)
#define ALMU_MAX_PARTS 4

/**
 * AlmuParts:
 * @polarisation: what is computed
 * @n: how many parts it takes
 * @polarisations: what they are
 * @stokes: where they are on the Stokes axis of the image
 *
 * What a computed polarisation is computed from.
 */
typedef struct
{
  AlmuPolarisation polarisation;
  int              n;
  AlmuPolarisation polarisations[ALMU_MAX_PARTS];
  int              stokes[ALMU_MAX_PARTS];
} AlmuParts;

const char *almu_polarisation_get_name (int polarisation);
gboolean    almu_polarisation_is_computed (int polarisation);
gboolean    almu_polarisation_is_computed_of (const AlmuImageInfo *info,
                                              int                  stokes);
int         almu_polarisation_to_fits (int polarisation);
int         almu_polarisation_from_fits (int code);

int      almu_polarisation_find (const AlmuImageInfo *info,
                                 int                  polarisation);
gboolean almu_polarisation_find_parts (const AlmuImageInfo *info,
                                       int                  polarisation,
                                       AlmuParts           *out_parts,
                                       GError             **error);
void     almu_polarisation_combine (int                 polarisation,
                                    const float *const *parts,
                                    gsize               n_values,
                                    float              *values);
double   almu_polarisation_combine_double (int           polarisation,
                                           const double *parts);

G_END_DECLS
