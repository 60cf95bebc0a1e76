/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* libhdf5 1.10 does not survive every damaged file. So all that opening and
 * reading will ask of it is first asked by this program, which may die of it:
 * the attributes, the arrays, and the index of their chunks, though not their
 * pixels, which are only unpacked. The file is its standard input; that it
 * ends with 0 is all it says.
 */

/* What a child may take; the index of a million chunks takes two seconds. */
#define MAX_SECONDS 20
#define MAX_GROUPS 100
#define MAX_ATTRIBUTES 20000
#define MAX_VALUE_BYTES (16 * 1024 * 1024)

/* Arrays that are opened, if they are there. The mips have no end, and the
 * larger ones are asked for by the same code. */
static const char *const arrays[] = {
  "DATA",
  "SwizzledData/ZYX",
  "SwizzledData/ZYXW",
  "PermutedData/ZYX",
  "PermutedData/ZYXW",
  "MipMaps/DATA/DATA_XY_2",
  "MipMaps/DATA/DATA_XY_4",
  "MipMaps/DATA/DATA_XY_8",
  "MipMaps/DATA/DATA_XY_16",
  "MipMaps/DATA/DATA_XY_32",
  "MipMaps/DATA/DATA_XY_64",
  "MipMaps/DATA/DATA_XY_128",
  "MipMaps/DATA/DATA_XY_256",
  "MipMaps/DATA/DATA_XY_512",
  "MipMaps/DATA/DATA_XY_1024",
  "MipMaps/DATA/DATA_XY_2048",
  "MipMaps/DATA/DATA_XY_4096",
  "Statistics/XY/HISTOGRAM",
  "Statistics/XY/MIN",
  "Statistics/XY/MAX",
  "Statistics/XY/SUM",
  "Statistics/XY/SUM_SQ",
  "Statistics/XY/NAN_COUNT",
  "Statistics/XYZ/HISTOGRAM",
  "Statistics/XYZ/MIN",
  "Statistics/XYZ/MAX",
  "Statistics/XYZ/SUM",
  "Statistics/XYZ/SUM_SQ",
  "Statistics/XYZ/NAN_COUNT",
};

/* What dies here need not be loaded late. */
const AlmuLibhdf5 *almu_libhdf5 = &almu_module;

static int
exists (hid_t       parent,
        const char *path,
        hid_t       access)
{
  char  part[64];
  char *slash = part;

  strncpy (part, path, sizeof part - 1);
  part[sizeof part - 1] = '\0';
  while ((slash = strchr (slash, '/')) != NULL)
    {
      *slash = '\0';
      if (H5Lexists (parent, part, access) <= 0 || H5Oexists_by_name (parent, part, access) <= 0)
        return 0;
      *slash++ = '/';
    }

  return H5Lexists (parent, part, access) > 0 && H5Oexists_by_name (parent, part, access) > 0;
}

static void
try_attribute (hid_t   group,
               hsize_t index)
{
  hid_t    id = H5Aopen_by_idx (group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, index, H5P_DEFAULT, H5P_DEFAULT);
  hid_t    type, space;
  hssize_t n;
  size_t   size;
  void    *value;

  if (id < 0)
    return;

  type = H5Aget_type (id);
  space = H5Aget_space (id);
  n = space >= 0 ? H5Sget_simple_extent_npoints (space) : 0;
  size = type >= 0 ? H5Tget_size (type) : 0;
  if (n > 0 && size > 0 && size <= MAX_VALUE_BYTES / (size_t) n)
    {
      value = calloc ((size_t) n + 1, size);
      if (value != NULL && H5Aread (id, type, value) >= 0 && H5Tis_variable_str (type) > 0)
        H5Dvlen_reclaim (type, space, H5P_DEFAULT, value);
      free (value);
    }
  if (space >= 0)
    H5Sclose (space);
  if (type >= 0)
    H5Tclose (type);
  H5Aclose (id);
}

/* One element, and with it all that leads there. */
static void
try_element (hid_t          id,
             hid_t          space,
             const hsize_t *at)
{
  hsize_t count[H5S_MAX_RANK];
  hsize_t one = 1;
  double  value = 0;
  hid_t   memory = H5Screate_simple (1, &one, NULL);
  hid_t   type = H5Dget_type (id);
  H5T_class_t class = type >= 0 ? H5Tget_class (type) : H5T_NO_CLASS;

  for (int i = 0; i < H5S_MAX_RANK; i++)
    count[i] = 1;
  if ((class == H5T_FLOAT || class == H5T_INTEGER) && H5Tget_size (type) <= 8 && memory >= 0 &&
      H5Sselect_hyperslab (space, H5S_SELECT_SET, at, NULL, count, NULL) >= 0)
    H5Dread (id, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, &value);

  if (type >= 0)
    H5Tclose (type);
  if (memory >= 0)
    H5Sclose (memory);
}

/* The first, the last, and the last of the first chunk: if what the file says
 * of the size of chunks is wrong, the latter is past what was unpacked. */
static void
try_elements (hid_t          id,
              hid_t          space,
              const hsize_t *chunk)
{
  hsize_t first[H5S_MAX_RANK] = { 0 };
  hsize_t dims[H5S_MAX_RANK] = { 0 };
  hsize_t last[H5S_MAX_RANK] = { 0 };
  hsize_t last_of_chunk[H5S_MAX_RANK] = { 0 };
  int     n = space >= 0 ? H5Sget_simple_extent_dims (space, dims, NULL) : -1;

  for (int i = 0; i < n; i++)
    {
      if (dims[i] == 0)
        return;
      last[i] = dims[i] - 1;
      last_of_chunk[i] = chunk[i] > 0 && chunk[i] < dims[i] ? chunk[i] - 1 : last[i];
    }

  try_element (id, space, first);
  try_element (id, space, last_of_chunk);
  try_element (id, space, last);
}

static void
try_array (hid_t       group,
           const char *path,
           hid_t       access)
{
  hid_t        id, space, creation, how;
  hsize_t      chunk[H5S_MAX_RANK] = { 0 };
  hsize_t      n_chunks = 0;
  H5D_layout_t layout;

  if (!exists (group, path, access))
    return;

  how = almu_hdf5_make_data_access ();
  id = how >= 0 ? H5Dopen2 (group, path, how) : H5I_INVALID_HID;
  if (how >= 0)
    H5Pclose (how);
  if (id < 0)
    return;

  space = H5Dget_space (id);
  creation = H5Dget_create_plist (id);
  layout = creation >= 0 ? H5Pget_layout (creation) : H5D_LAYOUT_ERROR;
  if (layout == H5D_CHUNKED && space >= 0)
    {
      H5Pget_chunk (creation, H5S_MAX_RANK, chunk);
      H5Dget_num_chunks (id, space, &n_chunks);
    }
  if (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT || layout == H5D_CHUNKED)
    try_elements (id, space, chunk);

  if (creation >= 0)
    H5Pclose (creation);
  if (space >= 0)
    H5Sclose (space);
  H5Dclose (id);
}

static void
try_group (hid_t       file,
           const char *name,
           hid_t       access)
{
  H5O_info_t info;
  hid_t      group;

  if (!exists (file, name, access))
    return;

  group = H5Gopen2 (file, name, access);
  if (group < 0)
    return;

  if (exists (group, "DATA", access) && H5Oget_info2 (group, &info, H5O_INFO_NUM_ATTRS) >= 0)
    {
      for (hsize_t i = 0; i < info.num_attrs && i < MAX_ATTRIBUTES; i++)
        try_attribute (group, i);
      for (size_t i = 0; i < G_N_ELEMENTS (arrays); i++)
        try_array (group, arrays[i], access);
    }
  H5Gclose (group);
}

static void
try_file (const char *path)
{
  hid_t      file = almu_hdf5_open_file (path);
  hid_t      access = almu_hdf5_make_access ();
  H5G_info_t info;

  if (file < 0 || access < 0 || H5Gget_info (file, &info) < 0)
    return;

  for (hsize_t i = 0; i < info.nlinks && i < MAX_GROUPS; i++)
    {
      char    name[64] = "";
      ssize_t n = H5Lget_name_by_idx (file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);

      if (n > 0 && n < (ssize_t) sizeof name)
        try_group (file, name, access);
    }
  H5Pclose (access);
  H5Fclose (file);
}

int
main (void)
{
  struct rlimit none = { 0, 0 };

  /* to die is nothing that anybody has to be told of */
  prctl (PR_SET_DUMPABLE, 0);
  setrlimit (RLIMIT_CORE, &none);
  alarm (MAX_SECONDS);

  almu_hdf5_set_up ();
  try_file ("/proc/self/fd/0");
  _exit (0);
}
