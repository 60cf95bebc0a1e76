/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-reader.h"

#include <string.h>

#include "almu-hdf5.h"

/* Arrays that are kept open, with what was unpacked of them: those of an
 * image, its copies and its statistics. */
#define MAX_OPEN 40

/* Unpacked chunks that are kept: a row of them across a wide image. Were only
 * those given up that were wholly read (1.0), the library would keep all
 * others whatever it was told. */
#define CHUNK_CACHE_BYTES (32 * 1024 * 1024)
#define CHUNK_CACHE_SPENT_FIRST 0.75
#define CHUNK_CACHE_SLOTS 2003

typedef struct
{
  char *path;
  hid_t id;
} Open;

/* -- opening ------------------------------------------------------------ */

static hid_t
open_dataset (hid_t       file,
              const char *path,
              hid_t       access)
{
  hid_t how, id;

  if (!almu_hdf5_reader_exists (file, path, access))
    return H5I_INVALID_HID;

  how = H5Pcreate (H5P_DATASET_ACCESS);
  if (how < 0)
    return how;

  H5Pset_chunk_cache (how, CHUNK_CACHE_SLOTS, CHUNK_CACHE_BYTES, CHUNK_CACHE_SPENT_FIRST);
  id = H5Dopen2 (file, path, how);
  if (id < 0)
    almu_hdf5_reader_note_problem ();
  H5Pclose (how);

  return id;
}

static hid_t
find_dataset (hid_t       file,
              const char *path,
              hid_t       access)
{
  static Open  open[MAX_OPEN];
  static guint n_open = 0;
  Open        *oldest;
  hid_t        id;

  for (guint i = 0; i < MIN (n_open, MAX_OPEN); i++)
    if (g_str_equal (open[i].path, path))
      return open[i].id;

  id = open_dataset (file, path, access);
  if (id < 0)
    return id;

  oldest = &open[n_open++ % MAX_OPEN];
  if (oldest->path != NULL)
    H5Dclose (oldest->id);
  g_free (oldest->path);
  oldest->path = g_strdup (path);
  oldest->id = id;

  return id;
}

/* -- what it is --------------------------------------------------------- */

static void
take_dims (hid_t          id,
           AlmuHdf5Shape *shape)
{
  hid_t   space = H5Dget_space (id);
  hsize_t dims[H5S_MAX_RANK] = { 0 };
  hsize_t most[H5S_MAX_RANK] = { 0 };
  int     n = space >= 0 ? H5Sget_simple_extent_ndims (space) : -1;

  shape->n_dims = n >= 0 && n <= ALMU_LIMIT_AXES && H5Sget_simple_extent_dims (space, dims, most) == n ? n : -1;
  for (int i = 0; i < shape->n_dims; i++)
    {
      shape->dims[i] = (gint64) MIN (dims[i], G_MAXINT64);
      shape->most[i] = most[i] == H5S_UNLIMITED ? -1 : (gint64) MIN (most[i], G_MAXINT64);
    }
  if (space >= 0)
    H5Sclose (space);
}

static gboolean
take_type (hid_t          id,
           AlmuHdf5Shape *shape)
{
  hid_t type = H5Dget_type (id);
  H5T_class_t class = type >= 0 ? H5Tget_class (type) : H5T_NO_CLASS;
  int      bits = type >= 0 ? (int) MIN (H5Tget_size (type), 1024) * 8 : 0;
  gboolean is_ours = type >= 0 && H5Tequal (type, H5T_NATIVE_FLOAT) > 0;

  if (class == H5T_FLOAT && (bits == 32 || bits == 64))
    shape->bits = -bits;
  else if (class == H5T_INTEGER && bits <= 64)
    shape->bits = bits;
  if (type >= 0)
    H5Tclose (type);

  return is_ours;
}

static void
take_layout (hid_t          id,
             gboolean       is_ours,
             AlmuHdf5Shape *shape)
{
  hid_t        creation = H5Dget_create_plist (id);
  H5D_layout_t layout = creation >= 0 ? H5Pget_layout (creation) : H5D_LAYOUT_ERROR;
  hsize_t      chunk[ALMU_LIMIT_AXES] = { 0 };

  shape->offset = -1;
  if (layout == H5D_CHUNKED)
    {
      shape->layout = ALMU_HDF5_LAYOUT_CHUNKED;
      shape->n_chunk_dims = H5Pget_chunk (creation, ALMU_LIMIT_AXES, chunk);
      for (int i = 0; i < ALMU_LIMIT_AXES; i++)
        shape->chunk[i] = (gint64) MIN (chunk[i], G_MAXINT64);
    }
  else if ((layout == H5D_CONTIGUOUS && H5Pget_external_count (creation) == 0) || layout == H5D_COMPACT)
    {
      haddr_t offset = layout == H5D_CONTIGUOUS ? H5Dget_offset (id) : HADDR_UNDEF;

      shape->layout = ALMU_HDF5_LAYOUT_PLAIN;
      if (is_ours && offset != HADDR_UNDEF && offset < G_MAXINT64 / 2)
        shape->offset = (gint64) offset;
    }
  if (creation >= 0)
    H5Pclose (creation);
}

/**
 * almu_hdf5_reader_get_shape:
 * @file: the file
 * @path: of an array, from the root
 * @access: how links are followed
 * @shape: (out caller-allocates): its shape and how it lies in the file
 *
 * Arrays that were asked for stay open, the last few of them.
 *
 * Returns: %FALSE if there is no such array, or it cannot be opened
 */
gboolean
almu_hdf5_reader_get_shape (hid_t          file,
                            const char    *path,
                            hid_t          access,
                            AlmuHdf5Shape *shape)
{
  hid_t id = find_dataset (file, path, access);

  if (id < 0)
    return FALSE;

  take_dims (id, shape);
  take_layout (id, take_type (id, shape), shape);

  return TRUE;
}

/* -- its values --------------------------------------------------------- */

static hid_t
get_native (int type)
{
  return type == ALMU_HDF5_FLOAT ? H5T_NATIVE_FLOAT : type == ALMU_HDF5_DOUBLE ? H5T_NATIVE_DOUBLE
                                                                               : H5T_NATIVE_INT64;
}

static gboolean
read_values (hid_t                  id,
             hid_t                  space,
             const AlmuHdf5Request *request,
             gint64                *out_n_bytes)
{
  int      n_dims = H5Sget_simple_extent_ndims (space);
  gint64   n_bytes = request->type == ALMU_HDF5_FLOAT ? sizeof (float) : 8;
  hsize_t  start[ALMU_LIMIT_AXES];
  hsize_t  count[ALMU_LIMIT_AXES];
  hid_t    memory_space;
  void    *values;
  gboolean is_read;

  if (n_dims < 0 || n_dims > ALMU_LIMIT_AXES)
    return FALSE;

  for (int i = 0; i < n_dims; i++)
    {
      if (request->first[i] < 0 || request->count[i] < 1 ||
          __builtin_mul_overflow (n_bytes, request->count[i], &n_bytes))
        return FALSE;
      start[i] = (hsize_t) request->first[i];
      count[i] = (hsize_t) request->count[i];
    }

  values = almu_hdf5_reader_make_room ((gsize) n_bytes);
  if (values == NULL)
    return FALSE;

  memory_space = n_dims > 0 ? H5Screate_simple (n_dims, count, NULL) : H5Screate (H5S_SCALAR);
  is_read = memory_space >= 0 &&
            (n_dims == 0 || H5Sselect_hyperslab (space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) &&
            H5Dread (id, get_native (request->type), memory_space, space, H5P_DEFAULT, values) >= 0;
  if (is_read)
    *out_n_bytes = n_bytes;
  else
    almu_hdf5_reader_note_problem ();
  if (memory_space >= 0)
    H5Sclose (memory_space);

  return is_read;
}

/**
 * almu_hdf5_reader_get_values:
 * @file: the file
 * @request: which array, which block of it, and as what
 * @access: how links are followed
 * @out_n_bytes: (out): how many bytes they are
 *
 * Reads a block into the shared memory.
 *
 * Returns: whether they are all there
 */
gboolean
almu_hdf5_reader_get_values (hid_t                  file,
                             const AlmuHdf5Request *request,
                             hid_t                  access,
                             gint64                *out_n_bytes)
{
  hid_t    id = find_dataset (file, request->path, access);
  hid_t    space = id >= 0 ? H5Dget_space (id) : H5I_INVALID_HID;
  gboolean is_read;

  if (space < 0)
    return FALSE;

  is_read = read_values (id, space, request, out_n_bytes);
  H5Sclose (space);

  return is_read;
}
