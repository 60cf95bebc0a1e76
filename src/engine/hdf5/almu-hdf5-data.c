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
#include "almu-whole-io.h"

/**
 * Data:
 * @offset: of a plain array of floats in our byte order; else -1
 */
typedef struct
{
  AlmuHdf5Data about;
  AlmuHdf5    *file;
  char        *path;
  gint64       offset;
} Data;

/* -- opening ------------------------------------------------------------ */

static gboolean
fail (const Data *data,
      const char *what,
      GError    **error)
{
  return almu_hdf5_fail (data->file, data->path, what, NULL, error);
}

static gboolean
take_dims (Data                *data,
           const AlmuHdf5Shape *shape,
           GError             **error)
{
  gint64   n_elements = 1;
  gboolean is_good = shape->n_dims >= 0 && shape->n_dims <= ALMU_LIMIT_AXES;

  for (int i = 0; is_good && i < shape->n_dims; i++)
    {
      is_good = shape->dims[i] >= 1 && shape->dims[i] <= ALMU_LIMIT_AXIS_LENGTH &&
                !__builtin_mul_overflow (n_elements, shape->dims[i], &n_elements) &&
                n_elements <= G_MAXINT64 / 16;
      data->about.dims[i] = shape->dims[i];
    }

  if (!is_good)
    return fail (data, _ ("has a shape that is not supported"), error);

  /* a single number is an array of one */
  if (shape->n_dims == 0)
    data->about.dims[0] = 1;
  data->about.n_dims = MAX (shape->n_dims, 1);

  return TRUE;
}

static gboolean
take_type (Data                *data,
           const AlmuHdf5Shape *shape,
           GError             **error)
{
  int n_bits = ABS (CLAMP (shape->bits, -64, 64));

  if (n_bits < 8 || n_bits % 8 != 0)
    return fail (data, _ ("is not an array of numbers"), error);

  data->about.bits = shape->bits;

  return TRUE;
}

static gboolean
take_chunks (Data                *data,
             const AlmuHdf5Shape *shape,
             GError             **error)
{
  gint64 n_bytes = ABS (data->about.bits) / 8;

  if (shape->n_chunk_dims != data->about.n_dims)
    return fail (data, _ ("has chunks of another shape"), error);

  for (int i = 0; i < data->about.n_dims; i++)
    {
      data->about.chunk[i] = shape->chunk[i];
      /* the library makes no such file, and falls over one that was damaged */
      if (shape->most[i] >= 0 && shape->chunk[i] > shape->most[i])
        return fail (data, _ ("has chunks that are larger than it is"), error);

      if (shape->chunk[i] < 1 || __builtin_mul_overflow (n_bytes, shape->chunk[i], &n_bytes) ||
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
take_layout (Data                *data,
             const AlmuHdf5Shape *shape,
             GError             **error)
{
  data->offset = -1;
  if (shape->layout == ALMU_HDF5_LAYOUT_CHUNKED)
    return take_chunks (data, shape, error);
  if (shape->layout != ALMU_HDF5_LAYOUT_PLAIN)
    return fail (data, _ ("does not lie in the file itself"), error);

  if (data->about.bits == -32 && shape->offset >= 0 && shape->offset < G_MAXINT64 / 2)
    data->offset = shape->offset;

  return TRUE;
}

/**
 * almu_hdf5_open_data:
 * @self: an open file, which has to outlive the array
 * @path: of an array, from the root
 * @error: return location; %ALMU_ERROR_FORMAT if there is no such array of
 *   numbers, or none that can be read, %ALMU_ERROR_LIMIT if its chunks are too large
 *
 * Learns the shape and the type of an array, and checks both. Reads no values;
 * waits for the program that reads the file.
 *
 * Returns: (transfer full): the array, or %NULL
 */
AlmuHdf5Data *
almu_hdf5_open_data (AlmuHdf5   *self,
                     const char *path,
                     GError    **error)
{
  Data         *data;
  AlmuHdf5Reply reply;

  if (!almu_hdf5_ask_of_path (self, ALMU_HDF5_ASK_SHAPE, path, &reply, NULL, error))
    return NULL;
  if (reply.answer != ALMU_HDF5_ANSWER_GOOD)
    {
      almu_hdf5_fail (self, path, _ ("is not an array that can be read"), reply.why, error);
      return NULL;
    }

  data = g_new0 (Data, 1);
  data->file = self;
  data->path = g_strdup (path);
  if (take_dims (data, &reply.shape, error) && take_type (data, &reply.shape, error) &&
      take_layout (data, &reply.shape, error))
    return &data->about;

  almu_hdf5_data_close (&data->about);

  return NULL;
}

/**
 * almu_hdf5_data_close:
 * @data: (nullable) (transfer full): an array
 *
 * Frees what is known of the array. The file stays open.
 */
void
almu_hdf5_data_close (AlmuHdf5Data *about)
{
  Data *data = (Data *) about;

  if (data == NULL)
    return;

  g_free (data->path);
  g_free (data);
}

/* -- reading past the other program ------------------------------------------- */

static gboolean
read_bytes (const Data *data,
            gint64      offset,
            gsize       n_bytes,
            void       *bytes,
            GError    **error)
{
  gint64 n = almu_read_whole (data->file->fd, bytes, n_bytes, offset);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s: %s: %s", data->file->name, data->path, g_strerror (saved_errno));
      return FALSE;
    }

  if (n < (gint64) n_bytes)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED,
                   _ ("%s: %s: bytes %" PRId64 " to %" PRId64 " are missing; the file is cut short"),
                   data->file->name, data->path, offset + n, offset + (gint64) n_bytes - 1);
      return FALSE;
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

  for (gint64 done = 0; done < n; done += ALMU_HDF5_PIECE_BYTES / sizeof (float))
    {
      gsize n_bytes = MIN (n - done, ALMU_HDF5_PIECE_BYTES / (gint64) sizeof (float)) * sizeof (float);

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

/* -- reading through the other program ---------------------------------------- */

static gboolean
read_piece (const Data   *data,
            const gint64 *first,
            const gint64 *count,
            AlmuHdf5Type  type,
            void         *values,
            GError      **error)
{
  AlmuHdf5Request request = { .what = ALMU_HDF5_ASK_VALUES, .type = (gint32) type };
  AlmuHdf5Reply   reply;

  g_strlcpy (request.path, data->path, sizeof request.path);
  memcpy (request.first, first, sizeof *first * data->about.n_dims);
  memcpy (request.count, count, sizeof *count * data->about.n_dims);

  return almu_hdf5_ask (data->file, &request, &reply, values, NULL, error) &&
         (reply.answer == ALMU_HDF5_ANSWER_GOOD ||
          almu_hdf5_fail (data->file, data->path, _ ("cannot be read"), reply.why, error));
}

/* Pieces end where chunks do, so that none is unpacked twice. */
static gint64
find_piece_end (const Data *data,
                int         level,
                gint64      from,
                gint64      end,
                gint64      n_wanted)
{
  gint64 chunk = MAX (data->about.chunk[level], 1);
  gint64 n = MAX (from + n_wanted, from / chunk * chunk + chunk);

  return MIN (n / chunk * chunk, end);
}

static gboolean
read_split (const Data   *data,
            const gint64 *first,
            const gint64 *count,
            AlmuHdf5Type  type,
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
                                     MAX (1, ALMU_HDF5_PIECE_BYTES / (n_inner * (gint64) size)));
      gboolean is_read;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      piece_first[level] = from;
      piece_count[level] = end - from;
      if (end - from == 1 && n_inner * (gint64) size > ALMU_HDF5_PIECE_BYTES && level < data->about.n_dims - 2)
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
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 * @data: an array
 *
 * Reads a block, the last dimension fastest.
 *
 * Returns: whether all of it is there
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
  const gsize size = type == ALMU_HDF5_FLOAT ? sizeof (float) : 8;
  gsize       n = size;

  for (int i = 0; i < about->n_dims; i++)
    {
      g_return_val_if_fail (first[i] >= 0 && count[i] >= 1 && first[i] <= about->dims[i] - count[i], FALSE);
      n *= (gsize) count[i];
    }

  almu_image_add_bytes_read (n);
  if (type == ALMU_HDF5_FLOAT && data->offset >= 0)
    return read_plain (data, first, count, values, cancellable, error);

  return read_split (data, first, count, type, size, values, cancellable, error);
}
