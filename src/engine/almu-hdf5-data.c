/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-image.h"

/* The most that is read in one call of the library, but for whole chunks. */
#define PIECE_BYTES (4 * 1024 * 1024)

/**
 * Data:
 * @chunk: of a chunked array, as its dimensions; else 0
 * @is_scalar: in the file it has no dimension
 * @most: what the dimensions may grow to
 * @offset: of a plain array of floats in our byte order; else -1
 */
typedef struct
{
  AlmuHdf5Data about;
  AlmuHdf5    *file;
  char        *path;
  hid_t        id;
  gint64       chunk[ALMU_LIMIT_AXES];
  hsize_t      most[ALMU_LIMIT_AXES];
  gboolean     is_scalar;
  gint64       offset;
} Data;

/* -- opening ------------------------------------------------------------ */

static gboolean
take_shape (Data    *data,
            GError **error)
{
  hid_t    space = almu_libhdf5->H5Dget_space (data->id);
  hsize_t  dims[H5S_MAX_RANK] = { 0 };
  hsize_t  most[H5S_MAX_RANK] = { 0 };
  int      n = space >= 0 ? almu_libhdf5->H5Sget_simple_extent_ndims (space) : -1;
  gint64   n_elements = 1;
  gboolean is_good = n >= 0 && n <= ALMU_LIMIT_AXES && almu_libhdf5->H5Sget_simple_extent_dims (space, dims, most) == n;

  if (space >= 0)
    almu_libhdf5->H5Sclose (space);

  for (int i = 0; is_good && i < n; i++)
    {
      is_good = dims[i] >= 1 && dims[i] <= ALMU_LIMIT_AXIS_LENGTH &&
                !__builtin_mul_overflow (n_elements, (gint64) dims[i], &n_elements) &&
                n_elements <= G_MAXINT64 / 16;
      data->about.dims[i] = (gint64) dims[i];
      data->most[i] = most[i];
    }

  /* a single number is an array of one */
  data->is_scalar = n == 0;
  if (data->is_scalar)
    data->about.dims[0] = 1;
  data->about.n_dims = MAX (n, 1);

  return is_good || almu_hdf5_fail (data->file, data->path, _ ("has a shape that is not supported"), error);
}

static gboolean
take_type (Data     *data,
           gboolean *out_is_ours,
           GError  **error)
{
  hid_t type = almu_libhdf5->H5Dget_type (data->id);
  H5T_class_t class = type >= 0 ? almu_libhdf5->H5Tget_class (type) : H5T_NO_CLASS;
  gsize    size = type >= 0 ? almu_libhdf5->H5Tget_size (type) : 0;
  gboolean is_good = (class == H5T_FLOAT && (size == 4 || size == 8)) ||
                     (class == H5T_INTEGER && size >= 1 && size <= 8);

  if (is_good)
    {
      data->about.bits = class == H5T_FLOAT ? -8 * (int) size : 8 * (int) size;
      *out_is_ours = almu_libhdf5->H5Tequal (type, *almu_libhdf5->H5T_NATIVE_FLOAT_g) > 0;
    }
  if (type >= 0)
    almu_libhdf5->H5Tclose (type);

  return is_good || almu_hdf5_fail (data->file, data->path, _ ("is not an array of numbers"), error);
}

static gboolean
take_chunks (Data    *data,
             hid_t    creation,
             GError **error)
{
  hsize_t dims[ALMU_LIMIT_AXES] = { 0 };
  gint64  n_bytes = ABS (data->about.bits) / 8;

  if (almu_libhdf5->H5Pget_chunk (creation, ALMU_LIMIT_AXES, dims) != data->about.n_dims)
    return almu_hdf5_fail (data->file, data->path, _ ("has chunks of another shape"), error);

  for (int i = 0; i < data->about.n_dims; i++)
    {
      data->chunk[i] = (gint64) dims[i];
      /* the library makes no such file, and falls over one that was damaged */
      if (data->most[i] != H5S_UNLIMITED && dims[i] > data->most[i])
        return almu_hdf5_fail (data->file, data->path, _ ("has chunks that are larger than it is"), error);

      if (dims[i] < 1 || __builtin_mul_overflow (n_bytes, data->chunk[i], &n_bytes) ||
          n_bytes > ALMU_LIMIT_CHUNK_BYTES)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("%s: %s has chunks of more than %d bytes"),
                       data->file->name, data->path, ALMU_LIMIT_CHUNK_BYTES);
          return FALSE;
        }
    }

  return TRUE;
}

/* What lies in other files is refused: they may be anywhere. */
static gboolean
take_layout (Data    *data,
             gboolean is_ours,
             GError **error)
{
  hid_t        creation = almu_libhdf5->H5Dget_create_plist (data->id);
  H5D_layout_t layout = creation >= 0 ? almu_libhdf5->H5Pget_layout (creation) : H5D_LAYOUT_ERROR;
  gboolean     is_good = FALSE;

  data->offset = -1;
  if (layout == H5D_CHUNKED)
    {
      is_good = take_chunks (data, creation, error);
    }
  else if ((layout == H5D_CONTIGUOUS && almu_libhdf5->H5Pget_external_count (creation) == 0) || layout == H5D_COMPACT)
    {
      haddr_t offset = layout == H5D_CONTIGUOUS ? almu_libhdf5->H5Dget_offset (data->id) : HADDR_UNDEF;

      is_good = TRUE;
      if (is_ours && offset != HADDR_UNDEF && offset < G_MAXINT64 / 2)
        data->offset = (gint64) offset;
    }
  else
    {
      almu_hdf5_fail (data->file, data->path, _ ("does not lie in the file itself"), error);
    }

  if (creation >= 0)
    almu_libhdf5->H5Pclose (creation);

  return is_good;
}

static hid_t
open_dataset (AlmuHdf5   *self,
              const char *path)
{
  hid_t access = almu_hdf5_make_data_access ();
  hid_t id;

  if (access < 0 || !almu_hdf5_exists (self, path))
    {
      if (access >= 0)
        almu_libhdf5->H5Pclose (access);
      return H5I_INVALID_HID;
    }

  id = almu_libhdf5->H5Dopen2 (self->file, path, access);
  almu_libhdf5->H5Pclose (access);

  return id;
}

/**
 * almu_hdf5_open_data:
 * @path: of an array
 */
AlmuHdf5Data *
almu_hdf5_open_data (AlmuHdf5   *self,
                     const char *path,
                     GError    **error)
{
  Data    *data = g_new0 (Data, 1);
  gboolean is_ours = FALSE;
  gboolean is_open;

  data->file = self;
  data->path = g_strdup (path);

  almu_hdf5_enter ();
  data->id = open_dataset (self, path);
  is_open = data->id >= 0;
  if (!is_open)
    almu_hdf5_fail (self, path, _ ("is not an array that can be read"), error);
  is_open = is_open && take_shape (data, error) && take_type (data, &is_ours, error) &&
            take_layout (data, is_ours, error);
  almu_hdf5_leave ();

  if (is_open)
    return &data->about;

  almu_hdf5_data_close (&data->about);

  return NULL;
}

void
almu_hdf5_data_close (AlmuHdf5Data *about)
{
  Data *data = (Data *) about;

  if (data == NULL)
    return;

  almu_hdf5_enter ();
  if (data->id >= 0)
    almu_libhdf5->H5Dclose (data->id);
  almu_hdf5_leave ();

  g_free (data->path);
  g_free (data);
}

/* -- reading past the library ------------------------------------------- */

static gboolean
read_bytes (const Data *data,
            gint64      offset,
            gsize       n_bytes,
            void       *bytes,
            GError    **error)
{
  gsize done = 0;

  while (done < n_bytes)
    {
      gssize n = pread (data->file->fd, (guint8 *) bytes + done, n_bytes - done, offset + (gint64) done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved_errno = errno;

          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                       "%s: %s: %s", data->file->name, data->path, g_strerror (saved_errno));
          return FALSE;
        }
      if (n == 0)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED,
                       _ ("%s: %s: bytes %" PRId64 " to %" PRId64 " are missing; the file is cut short"),
                       data->file->name, data->path, offset + (gint64) done, offset + (gint64) n_bytes - 1);
          return FALSE;
        }

      done += (gsize) n;
    }

  return TRUE;
}

/* @level: the dimension that is walked; from @n_merged on all is one run. */
static gboolean
read_level (const Data   *data,
            int           level,
            int           merged,
            gint64        at,
            const gint64 *first,
            const gint64 *count,
            float       **values,
            GCancellable *cancellable,
            GError      **error)
{
  gint64 n = count[level];

  at = at * data->about.dims[level] + first[level];
  if (level < merged)
    {
      for (gint64 i = 0; i < n; i++)
        if (!read_level (data, level + 1, merged, at + i, first, count, values, cancellable, error))
          return FALSE;
      return TRUE;
    }

  for (int i = level + 1; i < data->about.n_dims; i++)
    {
      at *= data->about.dims[i];
      n *= count[i];
    }

  for (gint64 done = 0; done < n; done += PIECE_BYTES / sizeof (float))
    {
      gsize n_bytes = MIN (n - done, PIECE_BYTES / (gint64) sizeof (float)) * sizeof (float);

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_bytes (data, data->offset + (at + done) * (gint64) sizeof (float), n_bytes, *values + done, error))
        return FALSE;
    }
  *values += n;

  return TRUE;
}

static gboolean
read_plain (const Data   *data,
            const gint64 *first,
            const gint64 *count,
            float        *values,
            GCancellable *cancellable,
            GError      **error)
{
  int merged = data->about.n_dims - 1;

  while (merged > 0 && count[merged] == data->about.dims[merged])
    merged--;

  return read_level (data, 0, merged, 0, first, count, &values, cancellable, error);
}

/* -- reading through the library ---------------------------------------- */

static gboolean
read_piece (const Data   *data,
            const gint64 *first,
            const gint64 *count,
            hid_t         type,
            void         *values,
            GError      **error)
{
  hsize_t  start[ALMU_LIMIT_AXES];
  hsize_t  n[ALMU_LIMIT_AXES];
  hid_t    file_space, memory_space;
  gboolean is_read;

  for (int i = 0; i < data->about.n_dims; i++)
    {
      start[i] = (hsize_t) first[i];
      n[i] = (hsize_t) count[i];
    }

  almu_hdf5_enter ();
  file_space = almu_libhdf5->H5Dget_space (data->id);
  memory_space = almu_libhdf5->H5Screate_simple (data->about.n_dims, n, NULL);
  is_read = file_space >= 0 && memory_space >= 0 &&
            (data->is_scalar || almu_libhdf5->H5Sselect_hyperslab (file_space, H5S_SELECT_SET, start, NULL, n, NULL) >= 0) &&
            almu_libhdf5->H5Dread (data->id, type, memory_space, file_space, H5P_DEFAULT, values) >= 0;
  if (!is_read)
    almu_hdf5_fail (data->file, data->path, _ ("cannot be read"), error);
  if (file_space >= 0)
    almu_libhdf5->H5Sclose (file_space);
  if (memory_space >= 0)
    almu_libhdf5->H5Sclose (memory_space);
  almu_hdf5_leave ();

  return is_read;
}

/* Pieces end where chunks do, so that none is unpacked twice. */
static gint64
find_piece_end (const Data *data,
                int         level,
                gint64      from,
                gint64      end,
                gint64      n_wanted)
{
  gint64 chunk = MAX (data->chunk[level], 1);
  gint64 n = MAX (from + n_wanted, from / chunk * chunk + chunk);

  return MIN (n / chunk * chunk, end);
}

static gboolean
read_split (const Data   *data,
            const gint64 *first,
            const gint64 *count,
            hid_t         type,
            gsize         size,
            guint8       *values,
            GCancellable *cancellable,
            GError      **error)
{
  gint64 piece_first[ALMU_LIMIT_AXES];
  gint64 piece_count[ALMU_LIMIT_AXES];
  gint64 n_inner = 1;
  int    level = 0;

  memcpy (piece_first, first, sizeof *first * data->about.n_dims);
  memcpy (piece_count, count, sizeof *count * data->about.n_dims);
  while (level < data->about.n_dims - 1 && count[level] == 1)
    level++;
  for (int i = level + 1; i < data->about.n_dims; i++)
    n_inner *= count[i];

  for (gint64 from = first[level]; from < first[level] + count[level];)
    {
      gint64   end = find_piece_end (data, level, from, first[level] + count[level],
                                     MAX (1, PIECE_BYTES / (n_inner * (gint64) size)));
      gboolean is_read;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      piece_first[level] = from;
      piece_count[level] = end - from;
      if (end - from == 1 && n_inner * (gint64) size > PIECE_BYTES && level < data->about.n_dims - 2)
        is_read = read_split (data, piece_first, piece_count, type, size, values, cancellable, error);
      else
        is_read = read_piece (data, piece_first, piece_count, type, values, error);
      if (!is_read)
        return FALSE;

      values += (gsize) ((end - from) * n_inner) * size;
      from = end;
    }

  return TRUE;
}

/**
 * almu_hdf5_data_read:
 * @first: index along each dimension
 * @count: how many along each; within the array
 * @type: of @values
 * @values: room for all
 *
 * Reads a block, the last dimension fastest.
 */
gboolean
almu_hdf5_data_read (const AlmuHdf5Data *about,
                     const gint64       *first,
                     const gint64       *count,
                     AlmuHdf5Type        type,
                     void               *values,
                     GCancellable       *cancellable,
                     GError            **error)
{
  const Data *data = (const Data *) about;
  gsize       n = type == ALMU_HDF5_FLOAT ? sizeof (float) : 8;
  hid_t       native;

  for (int i = 0; i < about->n_dims; i++)
    {
      g_return_val_if_fail (first[i] >= 0 && count[i] >= 1 && first[i] <= about->dims[i] - count[i], FALSE);
      n *= (gsize) count[i];
    }

  almu_image_add_bytes_read (n);
  if (type == ALMU_HDF5_FLOAT && data->offset >= 0)
    return read_plain (data, first, count, values, cancellable, error);

  native = type == ALMU_HDF5_FLOAT ? *almu_libhdf5->H5T_NATIVE_FLOAT_g : type == ALMU_HDF5_DOUBLE ? *almu_libhdf5->H5T_NATIVE_DOUBLE_g
                                                                                                  : *almu_libhdf5->H5T_NATIVE_INT64_g;

  return read_split (data, first, count, native, type == ALMU_HDF5_FLOAT ? sizeof (float) : 8, values,
                     cancellable, error);
}
