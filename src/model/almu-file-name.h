/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdu-list.h"

G_BEGIN_DECLS

/**
 * AlmuFileName:
 * @directory: relative to the top-level folder, "" for itself
 * @name: base name
 * @hdu: HDU as the viewer names it; "" for the first image
 * @flags: how to read the header
 *
 * What a viewer says to open a file.
 */
typedef struct
{
  char          *directory;
  char          *name;
  char          *hdu;
  AlmuImageFlags flags;
} AlmuFileName;

AlmuFileName *almu_file_name_new (const char    *directory,
                                  const char    *name,
                                  const char    *hdu,
                                  AlmuImageFlags flags);
AlmuFileName *almu_file_name_copy (const AlmuFileName *self);
void          almu_file_name_free (AlmuFileName *self);
gboolean      almu_file_name_equal (const AlmuFileName *a,
                                    const AlmuFileName *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuFileName, almu_file_name_free)

G_END_DECLS
