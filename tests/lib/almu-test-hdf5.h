/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <hdf5.h>
#include <string.h>

/* Writes HDF5 files in the schema of IDIA, with libhdf5 itself. */

static inline hid_t
test_hdf5_group (hid_t       parent,
                 const char *name)
{
  return H5Gcreate2 (parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

static inline void
test_hdf5_text (hid_t       group,
                const char *name,
                const char *text)
{
  hid_t type = H5Tcopy (H5T_C_S1);
  hid_t space = H5Screate (H5S_SCALAR);
  hid_t id;

  H5Tset_size (type, MAX (strlen (text), 1));
  id = H5Acreate2 (group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  g_assert_cmpint (H5Awrite (id, type, text), >=, 0);
  H5Aclose (id);
  H5Sclose (space);
  H5Tclose (type);
}

static inline void
test_hdf5_real (hid_t       group,
                const char *name,
                double      number)
{
  hid_t space = H5Screate (H5S_SCALAR);
  hid_t id = H5Acreate2 (group, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);

  g_assert_cmpint (H5Awrite (id, H5T_NATIVE_DOUBLE, &number), >=, 0);
  H5Aclose (id);
  H5Sclose (space);
}

static inline void
test_hdf5_int (hid_t       group,
               const char *name,
               gint64      number)
{
  hid_t space = H5Screate (H5S_SCALAR);
  hid_t id = H5Acreate2 (group, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);

  g_assert_cmpint (H5Awrite (id, H5T_NATIVE_INT64, &number), >=, 0);
  H5Aclose (id);
  H5Sclose (space);
}

/* @chunk: (nullable): with it the array is in chunks, compressed */
static inline void
test_hdf5_data (hid_t          group,
                const char    *name,
                hid_t          type,
                int            n_dims,
                const hsize_t *dims,
                const hsize_t *chunk,
                hid_t          memory_type,
                const void    *values)
{
  hid_t space = H5Screate_simple (n_dims, dims, NULL);
  hid_t creation = H5Pcreate (H5P_DATASET_CREATE);
  hid_t id;

  if (chunk != NULL)
    {
      H5Pset_chunk (creation, n_dims, chunk);
      H5Pset_shuffle (creation);
      H5Pset_deflate (creation, 4);
    }
  id = H5Dcreate2 (group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  g_assert_cmpint (id, >=, 0);
  g_assert_cmpint (H5Dwrite (id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), >=, 0);
  H5Dclose (id);
  H5Pclose (creation);
  H5Sclose (space);
}
