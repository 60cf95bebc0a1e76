/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-libhdf5.h"

#include "almu-hdf5.h"
#include "almu-image.h"

G_BEGIN_DECLS

/* What the files almu-hdf5*.c share: all others know no HDF5. */

struct _AlmuHdf5
{
  int   fd;
  char *name;
  hid_t file;
  hid_t access; /* how links are followed: not into other files */
};

void     almu_hdf5_set_up (void);
void     almu_hdf5_enter (void);
void     almu_hdf5_leave (void);
gboolean almu_hdf5_fail (AlmuHdf5   *self,
                         const char *path,
                         const char *what,
                         GError    **error);
hid_t    almu_hdf5_open_file (const char *path);
hid_t    almu_hdf5_make_access (void);
hid_t    almu_hdf5_make_data_access (void);
gboolean almu_hdf5_probe (int         fd,
                          const char *name,
                          GError    **error);
gboolean almu_hdf5_exists (AlmuHdf5   *self,
                           const char *path);

G_END_DECLS
