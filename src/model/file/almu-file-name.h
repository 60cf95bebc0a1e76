/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-list.h"

G_BEGIN_DECLS

/**
 * AlmuFileName: (foreign)
 * @directory: relative to the top-level folder, "" for itself
 * @name: base name
 * @hdu: HDU as the viewer names it; "" for the first image
 * @flags: how to read the header
 * @parts: (nullable) (element-type AlmuPartName): files of a hypercube, of
 *   which @directory and @name are then only what people call it
 *
 * What a viewer says to open a file.
 */
typedef struct
{
  char          *directory;
  char          *name;
  char          *hdu;
  AlmuImageFlags flags;
  GPtrArray     *parts;
} AlmuFileName;

/**
 * AlmuPartName: (foreign)
 * @file: an image of one polarisation
 * @polarisation: which, as the ICD numbers them
 *
 * One of the files of a Stokes hypercube.
 */
typedef struct
{
  AlmuFileName *file;
  int           polarisation;
} AlmuPartName;

AlmuFileName *almu_file_name_new (const char    *directory,
                                  const char    *name,
                                  const char    *hdu,
                                  AlmuImageFlags flags);
AlmuFileName *almu_file_name_new_hypercube (GPtrArray *parts,
                                            GError   **error);
AlmuFileName *almu_file_name_copy (const AlmuFileName *self);
void          almu_file_name_free (AlmuFileName *self);
gboolean      almu_file_name_equal (const AlmuFileName *a,
                                    const AlmuFileName *b);

AlmuPartName *almu_part_name_new (const AlmuFileName *file,
                                  int                 polarisation);
void          almu_part_name_free (AlmuPartName *self);
GPtrArray    *almu_part_names_new (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuFileName, almu_file_name_free)

G_END_DECLS
