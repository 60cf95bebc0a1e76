/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>

#include "almu-hdf5-wire.h"

G_BEGIN_DECLS

/* What the files of the program that reads HDF5 share: all others know no
 * HDF5. */

void      almu_hdf5_reader_note_problem (void);
gboolean  almu_hdf5_reader_exists (hid_t       file,
                                   const char *path,
                                   hid_t       access);
GVariant *almu_hdf5_reader_list_attributes (hid_t       file,
                                            const char *path,
                                            hid_t       access);
gboolean  almu_hdf5_reader_get_shape (hid_t          file,
                                      const char    *path,
                                      hid_t          access,
                                      AlmuHdf5Shape *shape);
gboolean  almu_hdf5_reader_get_values (hid_t                  file,
                                       const AlmuHdf5Request *request,
                                       hid_t                  access,
                                       gint64                *out_n_bytes);
void     *almu_hdf5_reader_make_room (gsize n_bytes);

G_END_DECLS
