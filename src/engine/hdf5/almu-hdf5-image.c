/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-image.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-hdf5-header.h"
#include "almu-hdf5-stored.h"
#include "almu-hdf5.h"
#include "almu-image-info-read.h"
#include "almu-kept-tiles.h"

/* Along a spectrum through chunks each is unpacked for a single pixel. Those
 * beside it are kept, as many as a cursor soon passes: this many to each side
 * of a block, and channels. */
#define BLOCK_SIDE 64
#define BLOCK_CHANNELS 64
#define MAX_BLOCK_CHUNKS 4

/* Turned round at a time: fits the second-level cache. */
#define TURN_BYTES (256 * 1024)

/* Smaller copies that are looked for: each half as wide as the one before. */
#define MAX_MIPS 12

/**
 * AlmuHdf5Image:
 *
 * An image in the IDIA schema of HDF5: a group with an array DATA, as a FITS
 * file has it, whose attributes are the cards. Beside it there may be the
 * same array turned, so that spectra lie together; smaller copies of the
 * planes; and statistics.
 */
struct _AlmuHdf5Image
{
  AlmuImage parent_instance;

  int           fd;
  AlmuHdf5     *file;
  AlmuHdf5Data *data;
  AlmuHdf5Data *turned;         /* NULL if there is none */
  AlmuHdf5Data *mips[MAX_MIPS]; /* [i]: smaller by 2 << i; NULL if there is none */
};

G_DEFINE_FINAL_TYPE (AlmuHdf5Image, almu_hdf5_image, ALMU_TYPE_IMAGE)

static void
almu_hdf5_image_finalize (GObject *object)
{
  AlmuHdf5Image *self = ALMU_HDF5_IMAGE (object);

  almu_kept_tiles_drop (almu_image_get_serial (ALMU_IMAGE (self)));
  for (int i = 0; i < MAX_MIPS; i++)
    g_clear_pointer (&self->mips[i], almu_hdf5_data_close);
  g_clear_pointer (&self->turned, almu_hdf5_data_close);
  g_clear_pointer (&self->data, almu_hdf5_data_close);
  g_clear_pointer (&self->file, almu_hdf5_close);
  if (self->fd >= 0)
    close (self->fd);

  G_OBJECT_CLASS (almu_hdf5_image_parent_class)->finalize (object);
}

/* -- reading ------------------------------------------------------------ */

/* The dimension that an axis of FITS is. */
static void
set_range (const AlmuHdf5Data *data,
           gint64             *first,
           gint64             *count,
           int                 axis,
           int                 start,
           int                 length)
{
  if (axis == 0)
    return;

  first[data->n_dims - axis] = start;
  count[data->n_dims - axis] = length;
}

static gboolean
read_planes (AlmuHdf5Image      *self,
             const AlmuHdf5Data *data,
             const AlmuBox      *box,
             float              *pixels,
             GCancellable       *cancellable,
             GError            **error)
{
  const AlmuAxes *axes = &almu_image_get_info (ALMU_IMAGE (self))->axes;
  gint64          first[ALMU_LIMIT_AXES] = { 0 };
  gint64          count[ALMU_LIMIT_AXES];

  for (int i = 0; i < ALMU_LIMIT_AXES; i++)
    count[i] = 1;
  set_range (data, first, count, axes->render[0], box->area.x, box->area.width);
  set_range (data, first, count, axes->render[1], box->area.y, box->area.height);
  set_range (data, first, count, axes->depth, box->channel, box->n_channels);
  set_range (data, first, count, axes->stokes, box->stokes, 1);

  return almu_hdf5_data_read (data, first, count, ALMU_HDF5_FLOAT, pixels, cancellable, error);
}

/* Columns of a box, @n_columns from the @n_done-th on, are read and put to
 * where they belong. */
static gboolean
read_columns (AlmuHdf5Image *self,
              const AlmuBox *box,
              int            n_done,
              int            n_columns,
              float         *scratch,
              float         *pixels,
              GCancellable  *cancellable,
              GError       **error)
{
  gint64 first[] = { box->stokes, box->area.x + n_done, box->area.y, box->channel };
  gint64 count[] = { 1, n_columns, box->area.height, box->n_channels };
  int    n_left_out = 4 - self->turned->n_dims;

  if (!almu_hdf5_data_read (self->turned, first + n_left_out, count + n_left_out, ALMU_HDF5_FLOAT, scratch,
                            cancellable, error))
    return FALSE;

  for (int x = 0; x < n_columns; x++)
    for (int y = 0; y < box->area.height; y++)
      for (int z = 0; z < box->n_channels; z++)
        pixels[((gsize) z * box->area.height + y) * box->area.width + n_done + x] = *scratch++;

  return TRUE;
}

static gboolean
read_turned (AlmuHdf5Image *self,
             const AlmuBox *box,
             float         *pixels,
             GCancellable  *cancellable,
             GError       **error)
{
  gsize             n_column = (gsize) box->area.height * box->n_channels;
  int               n_at_once = (int) CLAMP (TURN_BYTES / sizeof (float) / n_column, 1, (gsize) box->area.width);
  g_autofree float *scratch = g_try_new (float, n_column *n_at_once);

  if (scratch == NULL)
    return read_planes (self, self->data, box, pixels, cancellable, error);

  for (int x = 0; x < box->area.width; x += n_at_once)
    if (!read_columns (self, box, x, MIN (n_at_once, box->area.width - x), scratch, pixels, cancellable, error))
      return FALSE;

  return TRUE;
}

/**
 * Block:
 * @place: of the block, counted in blocks: x, y, channels
 */
typedef struct
{
  AlmuHdf5Image *self;
  AlmuBox        box;
  gint64         place[3];
  GCancellable  *cancellable;
} Block;

static void
block_init (Block         *block,
            AlmuHdf5Image *self,
            int            x,
            int            y,
            int            channel,
            int            stokes,
            GCancellable  *cancellable)
{
  const AlmuImageInfo *info = almu_image_get_info (ALMU_IMAGE (self));

  block->self = self;
  block->cancellable = cancellable;
  block->place[0] = x / BLOCK_SIDE;
  block->place[1] = y / BLOCK_SIDE;
  block->place[2] = channel / BLOCK_CHANNELS;
  x = (int) block->place[0] * BLOCK_SIDE;
  y = (int) block->place[1] * BLOCK_SIDE;
  channel = (int) block->place[2] * BLOCK_CHANNELS;
  block->box = (AlmuBox){
    .area = { x, y, MIN (BLOCK_SIDE, info->width - x), MIN (BLOCK_SIDE, info->height - y) },
    .channel = channel,
    .n_channels = MIN (BLOCK_CHANNELS, info->depth - channel),
    .stokes = stokes,
  };
}

static gint64
get_block_number (const Block *block)
{
  const AlmuImageInfo *info = almu_image_get_info (ALMU_IMAGE (block->self));
  gint64               n_x = info->width / BLOCK_SIDE + 1;
  gint64               n_y = info->height / BLOCK_SIDE + 1;
  gint64               n_z = info->depth / BLOCK_CHANNELS + 1;

  return ((block->box.stokes * n_z + block->place[2]) * n_y + block->place[1]) * n_x + block->place[0];
}

static GBytes *
make_block (gpointer user_data,
            GError **error)
{
  Block            *block = user_data;
  const AlmuBox    *box = &block->box;
  gsize             n = (gsize) box->area.width * box->area.height * box->n_channels;
  g_autofree float *pixels = g_new (float, n);

  if (!read_planes (block->self, block->self->data, box, pixels, block->cancellable, error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&pixels), n * sizeof (float));
}

/* What a box and a block have in common. */
static void
copy_common (const AlmuBox *from,
             const float   *source,
             const AlmuBox *to,
             float         *target)
{
  int x = MAX (from->area.x, to->area.x);
  int n = MIN (from->area.x + from->area.width, to->area.x + to->area.width) - x;

  for (int z = MAX (from->channel, to->channel); z < MIN (from->channel + from->n_channels, to->channel + to->n_channels); z++)
    for (int y = MAX (from->area.y, to->area.y); y < MIN (from->area.y + from->area.height, to->area.y + to->area.height); y++)
      memcpy (target + ((gsize) (z - to->channel) * to->area.height + y - to->area.y) * to->area.width + x - to->area.x,
              source + ((gsize) (z - from->channel) * from->area.height + y - from->area.y) * from->area.width + x - from->area.x,
              sizeof (float) * (gsize) n);
}

static gboolean
read_block (AlmuHdf5Image *self,
            int            x,
            int            y,
            int            channel,
            const AlmuBox *box,
            float         *pixels,
            GCancellable  *cancellable,
            GError       **error)
{
  guint64 serial = almu_image_get_serial (ALMU_IMAGE (self));
  Block   block;
  g_autoptr(GBytes) bytes = NULL;

  block_init (&block, self, x, y, channel, box->stokes, cancellable);
  bytes = almu_kept_tiles_get (serial, get_block_number (&block), make_block, &block, error);
  if (bytes == NULL)
    return FALSE;

  copy_common (&block.box, g_bytes_get_data (bytes, NULL), box, pixels);

  return TRUE;
}

static gboolean
read_blocks (AlmuHdf5Image *self,
             const AlmuBox *box,
             float         *pixels,
             GCancellable  *cancellable,
             GError       **error)
{
  int x_end = box->area.x + box->area.width;
  int y_end = box->area.y + box->area.height;
  int z_end = box->channel + box->n_channels;

  for (int z = box->channel; z < z_end; z = (z / BLOCK_CHANNELS + 1) * BLOCK_CHANNELS)
    for (int y = box->area.y; y < y_end; y = (y / BLOCK_SIDE + 1) * BLOCK_SIDE)
      for (int x = box->area.x; x < x_end; x = (x / BLOCK_SIDE + 1) * BLOCK_SIDE)
        if (!read_block (self, x, y, z, box, pixels, cancellable, error))
          return FALSE;

  return TRUE;
}

/* How many chunks of a channel a block of it meets, for the one that a pixel
 * does. */
static gint64
count_chunks (const AlmuHdf5Data *data)
{
  gint64 n = 1;

  for (int i = data->n_dims - 2; i < data->n_dims; i++)
    n *= (MIN (BLOCK_SIDE, data->dims[i]) + data->chunk[i] - 1) / data->chunk[i];

  return n;
}

/* Who reads more than a few pixels of a channel has use for its chunks, and
 * small ones are unpacked in no time. */
static gboolean
is_along_spectrum (AlmuHdf5Image *self,
                   const AlmuBox *box)
{
  return box->n_channels > 1 && box->area.width <= BLOCK_SIDE / 4 && box->area.height <= BLOCK_SIDE / 4 &&
         self->data->chunk[0] > 0 && count_chunks (self->data) <= MAX_BLOCK_CHUNKS;
}

/* Pixels that lie together in the file are read together: the fewer such
 * runs there are, the better. */
static gboolean
is_better_turned (AlmuHdf5Image *self,
                  const AlmuBox *box)
{
  const AlmuImageInfo *info = almu_image_get_info (ALMU_IMAGE (self));
  gint64               n_plane_runs, n_turned_runs;

  if (self->turned == NULL || box->n_channels < 2)
    return FALSE;

  n_plane_runs = box->area.width == info->width ? box->n_channels : (gint64) box->n_channels * box->area.height;
  n_turned_runs = box->n_channels == info->depth ? box->area.width : (gint64) box->area.width * box->area.height;

  return n_turned_runs < n_plane_runs;
}

static gboolean
almu_hdf5_image_read (AlmuImage     *image,
                      const AlmuBox *box,
                      float         *pixels,
                      GCancellable  *cancellable,
                      GError       **error)
{
  AlmuHdf5Image *self = ALMU_HDF5_IMAGE (image);

  if (is_better_turned (self, box))
    return read_turned (self, box, pixels, cancellable, error);
  if (is_along_spectrum (self, box))
    return read_blocks (self, box, pixels, cancellable, error);

  return read_planes (self, self->data, box, pixels, cancellable, error);
}

/* -- what the file has beside the pixels -------------------------------- */

static AlmuHdf5Data *
find_mip (AlmuHdf5Image *self,
          int            mip)
{
  int i = mip > 1 ? g_bit_nth_lsf ((gulong) mip, -1) - 1 : -1;

  return i >= 0 && i < MAX_MIPS && mip == 2 << i ? self->mips[i] : NULL;
}

static gboolean
almu_hdf5_image_has_mip (AlmuImage *image,
                         int        mip)
{
  return find_mip (ALMU_HDF5_IMAGE (image), mip) != NULL;
}

static gboolean
almu_hdf5_image_read_mip (AlmuImage     *image,
                          int            mip,
                          const AlmuBox *box,
                          float         *pixels,
                          GCancellable  *cancellable,
                          GError       **error)
{
  AlmuHdf5Image *self = ALMU_HDF5_IMAGE (image);

  return read_planes (self, find_mip (self, mip), box, pixels, cancellable, error);
}

static AlmuHistogram *
almu_hdf5_image_read_histogram (AlmuImage    *image,
                                int           channel,
                                int           stokes,
                                GCancellable *cancellable)
{
  return almu_hdf5_read_stored (ALMU_HDF5_IMAGE (image)->file, almu_image_get_info (image), channel, stokes,
                                cancellable);
}

static void
almu_hdf5_image_class_init (AlmuHdf5ImageClass *klass)
{
  AlmuImageClass *image_class = ALMU_IMAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = almu_hdf5_image_finalize;
  image_class->read = almu_hdf5_image_read;
  image_class->has_mip = almu_hdf5_image_has_mip;
  image_class->read_mip = almu_hdf5_image_read_mip;
  image_class->read_histogram = almu_hdf5_image_read_histogram;
}

static void
almu_hdf5_image_init (AlmuHdf5Image *self)
{
  self->fd = -1;
}

/* -- what a group has --------------------------------------------------- */

/* NULL where there is none, or none of that shape: then the image does
 * without. */
static AlmuHdf5Data *
open_extra (AlmuHdf5     *file,
            const char   *group,
            const char   *name,
            int           n_dims,
            const gint64 *dims)
{
  g_autofree char *path = g_strdup_printf ("%s/%s", group, name);
  g_autoptr(AlmuHdf5Data) data = NULL;

  if (!almu_hdf5_has (file, path))
    return NULL;

  data = almu_hdf5_open_data (file, path, NULL);
  if (data == NULL || data->n_dims != n_dims || memcmp (data->dims, dims, sizeof *dims * n_dims) != 0)
    return NULL;

  return g_steal_pointer (&data);
}

/* The array with its first and its third axis of FITS exchanged. */
static AlmuHdf5Data *
open_turned (AlmuHdf5            *file,
             const AlmuHdf5Data  *data,
             const AlmuImageInfo *info)
{
  static const char *const names[] = { "SwizzledData", "PermutedData" };
  int                      n = data->n_dims;
  gint64                   dims[4];
  AlmuHdf5Data            *turned = NULL;

  if (n < 3 || n > 4 || info->axes.depth != 3 || (n == 4 && info->axes.stokes != 4))
    return NULL;

  memcpy (dims, data->dims, sizeof *dims * n);
  dims[n - 3] = data->dims[n - 1];
  dims[n - 1] = data->dims[n - 3];

  for (gsize i = 0; turned == NULL && i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strdup_printf ("%s/%s", names[i], n == 3 ? "ZYX" : "ZYXW");

      turned = open_extra (file, info->hdu, name, n, dims);
    }

  return turned;
}

static AlmuHdf5Data *
open_mip (AlmuHdf5            *file,
          const AlmuHdf5Data  *data,
          const AlmuImageInfo *info,
          int                  mip)
{
  g_autofree char *name = g_strdup_printf ("MipMaps/DATA/DATA_XY_%d", mip);
  int              n = data->n_dims;
  gint64           dims[ALMU_LIMIT_AXES];

  memcpy (dims, data->dims, sizeof *dims * n);
  dims[n - 1] = (dims[n - 1] + mip - 1) / mip;
  dims[n - 2] = (dims[n - 2] + mip - 1) / mip;

  return open_extra (file, info->hdu, name, n, dims);
}

static gboolean
has_extra (AlmuHdf5   *file,
           const char *group,
           const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s", group, name);

  return almu_hdf5_has (file, path);
}

static void
find_features (AlmuHdf5           *file,
               const AlmuHdf5Data *data,
               AlmuImageInfo      *info)
{
  g_autoptr(AlmuHdf5Data) turned = open_turned (file, data, info);
  g_autoptr(AlmuHdf5Data) mip = open_mip (file, data, info, 2);

  if (turned != NULL)
    info->features |= ALMU_FEATURE_ROTATED;
  if (mip != NULL)
    info->features |= ALMU_FEATURE_MIPS;
  if (has_extra (file, info->hdu, "Statistics/XY/HISTOGRAM"))
    info->features |= ALMU_FEATURE_CHANNEL_HISTOGRAMS;
  if (has_extra (file, info->hdu, "Statistics/XYZ/HISTOGRAM"))
    info->features |= ALMU_FEATURE_CUBE_HISTOGRAMS;
}

/* -- opening ------------------------------------------------------------ */

static AlmuImageInfo *
read_group (AlmuHdf5      *file,
            const char    *name,
            const char    *group,
            AlmuImageFlags flags,
            AlmuHdf5Data **out_data,
            GError       **error)
{
  g_autofree char *path = g_strconcat (group, "/DATA", NULL);
  g_autoptr(AlmuHdf5Data) data = almu_hdf5_open_data (file, path, error);
  g_autoptr(AlmuImageInfo) info = NULL;
  gboolean is_from_history;

  if (data == NULL)
    return NULL;

  info = almu_hdf5_header_read (file, group, data, error);
  if (info == NULL)
    {
      g_prefix_error (error, _ ("%s: group %s: "), name, group);
      return NULL;
    }

  if (info->axes.render[0] != 1 || info->axes.render[1] != 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s: group %s: axes %d and %d are shown, and an HDF5 image has to have them first"),
                   name, group, info->axes.render[0], info->axes.render[1]);
      return NULL;
    }

  is_from_history = almu_image_info_take_beam (info, flags);
  find_features (file, data, info);
  almu_image_info_compute (info, name, is_from_history);
  if (out_data != NULL)
    *out_data = g_steal_pointer (&data);

  return g_steal_pointer (&info);
}

static gboolean
fail_group (const char *name,
            const char *hdu,
            GPtrArray  *groups,
            GError    **error)
{
  g_autoptr(GString) list = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (hdu, -1);

  if (groups->len == 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s: is an HDF5 file without an image: no group has an array DATA"), name);
      return FALSE;
    }

  for (guint i = 0; i < groups->len; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", (char *) groups->pdata[i]);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
               _ ("%s: there is no image “%s”; the file has %s"), name, valid, list->str);

  return FALSE;
}

/* "" stands for all. */
static gboolean
choose_groups (const char *name,
               const char *hdu,
               GPtrArray  *groups,
               GError    **error)
{
  guint index;

  if (*hdu == '\0')
    return groups->len > 0 || fail_group (name, hdu, groups, error);

  if (!g_ptr_array_find_with_equal_func (groups, hdu, g_str_equal, &index))
    return fail_group (name, hdu, groups, error);

  g_ptr_array_remove_range (groups, index + 1, groups->len - index - 1);
  g_ptr_array_remove_range (groups, 0, index);

  return TRUE;
}

/**
 * almu_hdf5_image_list:
 * @fd: an open file; stays the caller's
 * @name: for messages
 * @hdu: (nullable): a group; "" for all that hold an image
 * @flags: what to take from the header
 * @error: return location
 *
 * See almu_image_list().
 *
 * Returns: (transfer full) (element-type AlmuImageInfo): the images of the file
 */
GPtrArray *
almu_hdf5_image_list (int            fd,
                      const char    *name,
                      const char    *hdu,
                      AlmuImageFlags flags,
                      GError       **error)
{
  g_autoptr(AlmuHdf5) file = almu_hdf5_open (fd, name, error);
  g_autoptr(GPtrArray) groups = NULL;
  g_autoptr(GPtrArray) infos = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_image_info_free);
  g_autoptr(GError) first_error = NULL;

  if (file == NULL)
    return NULL;

  groups = almu_hdf5_list_groups (file, error);
  if (groups == NULL || !choose_groups (name, hdu != NULL ? hdu : "", groups, error))
    return NULL;

  for (guint i = 0; i < groups->len; i++)
    {
      AlmuImageInfo *info = read_group (file, name, groups->pdata[i], flags, NULL,
                                        first_error == NULL ? &first_error : NULL);

      if (info != NULL)
        g_ptr_array_add (infos, info);
    }

  if (infos->len == 0)
    {
      g_propagate_error (error, g_steal_pointer (&first_error));
      return NULL;
    }

  return g_steal_pointer (&infos);
}

/**
 * almu_hdf5_image_open:
 * @fd: an open file; taken, and closed here on failure
 * @name: for messages
 * @hdu: a group; "" for the first that holds an image
 * @flags: what to take from the header
 * @fingerprint: of the file
 * @error: return location
 *
 * Reads the attributes; of the pixels, nothing yet.
 *
 * Returns: (transfer full): the image, or %NULL
 */
AlmuImage *
almu_hdf5_image_open (int                    fd,
                      const char            *name,
                      const char            *hdu,
                      AlmuImageFlags         flags,
                      const AlmuFingerprint *fingerprint,
                      GError               **error)
{
  g_autoptr(AlmuHdf5Image) self = g_object_new (ALMU_TYPE_HDF5_IMAGE, NULL);
  g_autoptr(AlmuImageInfo) info = NULL;
  g_autoptr(GPtrArray) groups = NULL;

  self->fd = fd;
  self->file = almu_hdf5_open (fd, name, error);
  if (self->file == NULL)
    return NULL;

  groups = almu_hdf5_list_groups (self->file, error);
  if (groups == NULL || !choose_groups (name, hdu, groups, error))
    return NULL;

  info = read_group (self->file, name, groups->pdata[0], flags, &self->data, error);
  if (info == NULL)
    return NULL;

  self->turned = open_turned (self->file, self->data, info);
  for (int i = 0; i < MAX_MIPS; i++)
    self->mips[i] = open_mip (self->file, self->data, info, 2 << i);
  almu_image_set_up (ALMU_IMAGE (self), name, fingerprint, g_steal_pointer (&info));

  return ALMU_IMAGE (g_steal_pointer (&self));
}
