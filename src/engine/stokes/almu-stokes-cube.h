/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

/**
 * AlmuStokesPart:
 * @image: an image of one polarisation
 * @polarisation: which, as the ICD numbers them; the header is not asked
 */
typedef struct
{
  AlmuImage *image;
  int        polarisation;
} AlmuStokesPart;

#define ALMU_TYPE_STOKES_CUBE (almu_stokes_cube_get_type ())
G_DECLARE_FINAL_TYPE (AlmuStokesCube, almu_stokes_cube, ALMU, STOKES_CUBE, AlmuImage)

gboolean   almu_stokes_cube_check_polarisations (const int         *polarisations,
                                                 const char *const *names,
                                                 guint              n,
                                                 GError           **error);
AlmuImage *almu_stokes_cube_new (const char           *name,
                                 const AlmuStokesPart *parts,
                                 guint                 n_parts,
                                 GError              **error);
guint      almu_stokes_cube_get_n_parts (AlmuStokesCube *self);
AlmuImage *almu_stokes_cube_get_part (AlmuStokesCube *self,
                                      guint           index);

G_END_DECLS
