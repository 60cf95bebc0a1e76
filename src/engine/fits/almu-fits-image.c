/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits-image.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-fits-extension.h"
#include "almu-tiled-image.h"
#include "kernel.h"

/* The most that is read at a time: the second-level cache holds it while it
 * is converted, and a cancelled reader does not go on for long. */
#define PIECE_BYTES (256 * 1024)

/* Reading on across a gap up to this costs less than asking again. It costs
 * less, too, than having the kernel put it elsewhere (preadv): that takes a copy
 * in two where one runs through. */
#define MAX_GAP_BYTES 8192

/**
 * AlmuFitsImage:
 *
 * An image in a FITS file, pixel after pixel; one in compressed tiles is an
 * #AlmuTiledImage. The file is read with pread() on a descriptor of our own,
 * never mapped: a mapped file that shrinks kills the process, a short read is
 * an error.
 */
struct _AlmuFitsImage
{
  AlmuImage parent_instance;

  int              fd;
  AlmuKernelFormat format;
  gsize            element_size;
  gint64           data_offset;
  gint64           strides[4]; /* elements between neighbours in x, y, channel, Stokes */
};

G_DEFINE_FINAL_TYPE (AlmuFitsImage, almu_fits_image, ALMU_TYPE_IMAGE)

/* Rows of elements: @n_rows of them @pitch apart, in each @n_elements that
 * are @stride apart. */
typedef struct
{
  gint64 first;
  gint64 n_elements;
  gint64 stride;
  gint64 n_rows;
  gint64 pitch;
} Run;

static void
almu_fits_image_finalize (GObject *object)
{
  AlmuFitsImage *self = ALMU_FITS_IMAGE (object);

  if (self->fd >= 0)
    close (self->fd);

  G_OBJECT_CLASS (almu_fits_image_parent_class)->finalize (object);
}

static gboolean
read_elements (AlmuFitsImage *self,
               gint64         first,
               gint64         n_elements,
               void          *raw,
               GError       **error)
{
  return almu_image_read_bytes (ALMU_IMAGE (self), self->fd, self->data_offset + first * (gint64) self->element_size,
                                (gsize) n_elements * self->element_size, raw, error);
}

/* Kept for the next piece: a fresh one this large would come from the system
 * and go back each time, and stop all other threads that touch new memory. */
static void *
get_scratch (void)
{
  static GPrivate scratch = G_PRIVATE_INIT (g_free);
  void           *bytes = g_private_get (&scratch);

  if (bytes == NULL)
    {
      bytes = g_malloc (PIECE_BYTES);
      g_private_set (&scratch, bytes);
    }

  return bytes;
}

/* Elements without gaps. Those as wide as a float are read to where they
 * are wanted and converted in place. */
static gboolean
read_contiguous (AlmuFitsImage *self,
                 gint64         first,
                 gint64         n_elements,
                 float         *pixels,
                 GCancellable  *cancellable,
                 GError       **error)
{
  gint64 per_piece = PIECE_BYTES / (gint64) self->element_size;

  for (gint64 done = 0; done < n_elements; done += per_piece)
    {
      gint64 n = MIN (per_piece, n_elements - done);
      void  *raw = self->element_size == sizeof (float) ? pixels + done : get_scratch ();

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_elements (self, first + done, n, raw, error))
        return FALSE;

      almu_kernel_convert (&self->format, raw, pixels + done, (gsize) n);
    }

  return TRUE;
}

/* Rows with gaps between them that are cheaper to read than to leave out. */
static gboolean
read_across_gaps (AlmuFitsImage *self,
                  const Run     *run,
                  float         *pixels,
                  GCancellable  *cancellable,
                  GError       **error)
{
  guint8 *scratch = get_scratch ();
  gint64  pitch_bytes = run->pitch * (gint64) self->element_size;
  gint64  rows_per_piece = MAX (1, PIECE_BYTES / pitch_bytes);

  for (gint64 y = 0; y < run->n_rows; y += rows_per_piece)
    {
      gint64 n_rows = MIN (rows_per_piece, run->n_rows - y);
      gint64 span = (n_rows - 1) * run->pitch + run->n_elements;

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_elements (self, run->first + y * run->pitch, span, scratch, error))
        return FALSE;

      for (gint64 i = 0; i < n_rows; i++)
        almu_kernel_convert (&self->format, scratch + i * pitch_bytes,
                             pixels + (y + i) * run->n_elements, (gsize) run->n_elements);
    }

  return TRUE;
}

/* One row of elements that are not neighbours. */
static gboolean
read_strided (AlmuFitsImage *self,
              gint64         first,
              gint64         n_elements,
              gint64         stride,
              float         *pixels,
              GCancellable  *cancellable,
              GError       **error)
{
  void  *scratch = get_scratch ();
  gint64 stride_bytes = stride * (gint64) self->element_size;
  gint64 per_piece = stride_bytes <= MAX_GAP_BYTES ? PIECE_BYTES / stride_bytes : 1;

  for (gint64 done = 0; done < n_elements; done += per_piece)
    {
      gint64 n = MIN (per_piece, n_elements - done);

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_elements (self, first + done * stride, (n - 1) * stride + 1, scratch, error))
        return FALSE;

      almu_kernel_pick (scratch, scratch, self->element_size, (gsize) stride, (gsize) n);
      almu_kernel_convert (&self->format, scratch, pixels + done, (gsize) n);
    }

  return TRUE;
}

static gboolean
read_run (AlmuFitsImage *self,
          const Run     *run,
          float         *pixels,
          GCancellable  *cancellable,
          GError       **error)
{
  gint64 gap = (run->pitch - run->n_elements) * (gint64) self->element_size;

  if (run->stride == 1 && (run->n_rows == 1 || gap == 0))
    return read_contiguous (self, run->first, run->n_rows * run->n_elements, pixels,
                            cancellable, error);

  if (run->stride == 1 && gap > 0 && gap <= MAX_GAP_BYTES &&
      run->pitch * (gint64) self->element_size <= PIECE_BYTES)
    return read_across_gaps (self, run, pixels, cancellable, error);

  for (gint64 y = 0; y < run->n_rows; y++)
    {
      gint64   first = run->first + y * run->pitch;
      float   *row = pixels + y * run->n_elements;
      gboolean is_read;

      if (run->stride == 1)
        is_read = read_contiguous (self, first, run->n_elements, row, cancellable, error);
      else
        is_read = read_strided (self, first, run->n_elements, run->stride, row, cancellable, error);
      if (!is_read)
        return FALSE;
    }

  return TRUE;
}

/* A box is one run per channel, or a single one where its planes follow
 * each other in the file. */
static gboolean
read_plain (AlmuFitsImage *self,
            const AlmuBox *box,
            float         *pixels,
            GCancellable  *cancellable,
            GError       **error)
{
  const gint64 *strides = self->strides;
  gint64        n_runs = box->n_channels;
  gint64        n_plane = (gint64) box->area.width * box->area.height;
  Run           run = {
              .first = box->area.x * strides[0] + box->area.y * strides[1] +
                       box->channel * strides[2] + box->stokes * strides[3],
              .n_elements = box->area.width,
              .stride = strides[0],
              .n_rows = box->area.height,
              .pitch = strides[1],
  };

  if (strides[0] == 1 && (run.n_rows == 1 || run.pitch == run.n_elements) && strides[2] == n_plane)
    {
      run.n_elements = n_plane * n_runs;
      run.n_rows = 1;
      n_runs = 1;
    }

  for (gint64 i = 0; i < n_runs; i++)
    {
      if (!read_run (self, &run, pixels + i * n_plane, cancellable, error))
        return FALSE;
      run.first += strides[2];
    }

  return TRUE;
}

static gboolean
almu_fits_image_read (AlmuImage     *image,
                      const AlmuBox *box,
                      float         *pixels,
                      GCancellable  *cancellable,
                      GError       **error)
{
  AlmuFitsImage *self = ALMU_FITS_IMAGE (image);

  return read_plain (self, box, pixels, cancellable, error);
}

static gboolean
almu_fits_image_read_extension (AlmuImage  *image,
                                const char *extension,
                                gint64      version,
                                GBytes    **out_bytes,
                                GError    **error)
{
  return almu_fits_extension_read (image, ALMU_FITS_IMAGE (image)->fd, extension, version, out_bytes, error);
}

static void
almu_fits_image_class_init (AlmuFitsImageClass *klass)
{
  GObjectClass   *object_class = G_OBJECT_CLASS (klass);
  AlmuImageClass *image_class = ALMU_IMAGE_CLASS (klass);

  object_class->finalize = almu_fits_image_finalize;
  image_class->read = almu_fits_image_read;
  image_class->read_extension = almu_fits_image_read_extension;
}

static void
almu_fits_image_init (AlmuFitsImage *self)
{
  self->fd = -1;
}

/* Elements between neighbours on a FITS axis; nothing on an axis that is
 * not there, whose only index is 0. */
static gint64
get_stride (const AlmuImageInfo *info,
            int                  axis)
{
  gint64 stride = 1;

  for (int i = 1; i < axis; i++)
    stride *= info->shape[i - 1];

  return axis > 0 ? stride : 0;
}

/* What the header promises must be something a file can hold, before any
 * product of it is an offset. */
static gboolean
check_extent (const AlmuImageInfo *info,
              const char          *name,
              GError             **error)
{
  gint64 n_bytes = ABS (info->bitpix) / 8;

  for (int i = 0; i < info->n_axes; i++)
    if (info->shape[i] < 1 || n_bytes > G_MAXINT64 / 2 / info->shape[i])
      {
        g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                     _ ("%s: HDU %s: axis %d has %" PRId64 " pixels, "
                        "which is none or more than any file can hold"),
                     name, info->hdu, i + 1, info->shape[i]);
        return FALSE;
      }
    else
      {
        n_bytes *= info->shape[i];
      }

  return TRUE;
}

static void
set_layout (AlmuFitsImage       *self,
            const AlmuImageInfo *info)
{
  self->element_size = ABS (info->bitpix) / 8;
  self->data_offset = info->data_offset;
  self->format = (AlmuKernelFormat){
    .bitpix = info->bitpix,
    .scale = info->scale,
    .zero = info->zero,
    .has_blank = info->has_blank && info->bitpix > 0,
    .blank = info->blank,
  };
  self->strides[0] = get_stride (info, info->axes.render[0]);
  self->strides[1] = get_stride (info, info->axes.render[1]);
  self->strides[2] = get_stride (info, info->axes.depth);
  self->strides[3] = get_stride (info, info->axes.stokes);
}

/**
 * almu_fits_image_open:
 * @fd: an open file; taken, and closed here on failure
 * @name: for messages
 * @hdu: number of an HDU as text; "" for the first image
 * @flags: what to take from the header
 * @fingerprint: of the file
 * @error: return location
 *
 * Reads the header; of the pixels, nothing yet.
 *
 * Returns: (transfer full): the image, or %NULL
 */
AlmuImage *
almu_fits_image_open (int                    fd,
                      const char            *name,
                      const char            *hdu,
                      AlmuImageFlags         flags,
                      const AlmuFingerprint *fingerprint,
                      GError               **error)
{
  g_autoptr(AlmuFitsImage) self = g_object_new (ALMU_TYPE_FITS_IMAGE, NULL);
  g_autoptr(AlmuImageInfo) info = NULL;
  g_autoptr(GPtrArray) infos = NULL;

  self->fd = fd;

  infos = almu_hdu_list_read (fd, name, hdu, flags | ALMU_IMAGE_FIRST_ONLY, error);
  if (infos == NULL)
    return NULL;

  if (infos->len == 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("%s: has no image HDU"), name);
      return NULL;
    }

  info = g_ptr_array_steal_index (infos, 0);
  if (!check_extent (info, name, error))
    return NULL;

  if (info->is_compressed)
    {
      self->fd = -1;
      return almu_tiled_image_new (fd, name, fingerprint, g_steal_pointer (&info), error);
    }

  set_layout (self, info);
  almu_image_set_up (ALMU_IMAGE (self), name, fingerprint, g_steal_pointer (&info));

  return ALMU_IMAGE (g_steal_pointer (&self));
}
