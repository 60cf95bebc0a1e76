/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-folder.h"
#include "carta.pb-c.h"

G_BEGIN_DECLS

AlmuFileName *almu_file_name_new_for_message (AlmuFolder *folder,
                                              const char *directory,
                                              const char *name,
                                              const char *hdu,
                                              gboolean    support_aips_beam,
                                              GError    **error);
AlmuFileName *almu_file_name_new_for_stokes_files (AlmuFolder               *folder,
                                                   CARTA__StokesFile *const *files,
                                                   gsize                     n_files,
                                                   GError                  **error);

G_END_DECLS
