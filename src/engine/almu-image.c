/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-fits.h"
#include "almu-fits-image.h"
#include "almu-hdf5-image.h"
#include "almu-inflated.h"
#include "almu-polarisation.h"
#include "almu-polarised.h"
#include "almu-whole-io.h"

/* The first bytes of a file, by which it is known. */
#define N_START 8

/**
 * AlmuImage:
 *
 * One HDU of an open file. Made on any thread, immutable from then on, read
 * from any thread and from several at a time. Whoever shows it holds a
 * reference; the file stays open until the last is gone.
 */
typedef struct
{
  guint64         serial;
  char           *name;
  AlmuFingerprint fingerprint;
  AlmuImageInfo  *info;
} AlmuImagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AlmuImage, almu_image, G_TYPE_OBJECT)

/* A kind of file: how to know it, how to open it, and what there is in it.
 * Opening takes the descriptor, whatever comes of it. */
typedef struct
{
  const char *name;
  gboolean (*probe) (const guint8 *start,
                     gsize         n_start);
  AlmuImage *(*open) (int                    fd,
                      const char            *name,
                      const char            *hdu,
                      AlmuImageFlags         flags,
                      const AlmuFingerprint *fingerprint,
                      GError               **error);
  GPtrArray *(*list) (int            fd,
                      const char    *name,
                      const char    *hdu,
                      AlmuImageFlags flags,
                      GError       **error);
} Kind;

static _Atomic guint64 total_bytes_read;
static _Atomic guint64 last_serial;

static void
almu_image_finalize (GObject *object)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (ALMU_IMAGE (object));

  g_clear_pointer (&priv->name, g_free);
  g_clear_pointer (&priv->info, almu_image_info_free);

  G_OBJECT_CLASS (almu_image_parent_class)->finalize (object);
}

static void
almu_image_class_init (AlmuImageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = almu_image_finalize;
}

static void
almu_image_init (AlmuImage *self)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  priv->serial = atomic_fetch_add (&last_serial, 1) + 1;
}

static gboolean
starts_like_fits (const guint8 *start,
                  gsize         n_start)
{
  return n_start >= 6 && memcmp (start, "SIMPLE", 6) == 0;
}

static gboolean
starts_like_hdf5 (const guint8 *start,
                  gsize         n_start)
{
  return n_start >= 8 && memcmp (start, "\211HDF\r\n\032\n", 8) == 0;
}

static const Kind kinds[] = {
  { "FITS", starts_like_fits, almu_fits_image_open, almu_hdu_list_read },
  { "HDF5", starts_like_hdf5, almu_hdf5_image_open, almu_hdf5_image_list },
};

static gboolean
read_start (int         fd,
            const char *name,
            guint8     *start,
            gsize      *out_length,
            GError    **error)
{
  gint64 n = almu_read_whole (fd, start, N_START, 0);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s: %s", name, g_strerror (saved_errno));
      return FALSE;
    }

  *out_length = (gsize) n;
  return TRUE;
}

static const Kind *
find_kind (int         fd,
           const char *name,
           GError    **error)
{
  guint8 start[N_START];
  gsize  n_start = 0;

  if (!read_start (fd, name, start, &n_start, error))
    return NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].probe (start, n_start))
      return &kinds[i];

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("%s: is not an image: a FITS file begins with SIMPLE, or is compressed"),
               name);

  return NULL;
}

/* What is compressed as a whole is known only after inflating. */
static gboolean
unpack (int            fd,
        const char    *name,
        AlmuInflated **out_inflated,
        GError       **error)
{
  guint8 start[N_START];
  gsize  n_start = 0;

  if (!read_start (fd, name, start, &n_start, error))
    return FALSE;

  if (!almu_fits_is_compressed_start (start, n_start))
    return TRUE;

  *out_inflated = almu_inflated_open (fd, name, error);

  return *out_inflated != NULL;
}

/* The image keeps what it is read from. */
static AlmuImage *
open_inflated (AlmuInflated          *inflated,
               const char            *name,
               const char            *hdu,
               AlmuImageFlags         flags,
               const AlmuFingerprint *fingerprint,
               GError               **error)
{
  const Kind *kind = find_kind (almu_inflated_get_fd (inflated), name, error);
  AlmuImage  *image = NULL;
  int         fd;

  if (kind == NULL)
    return NULL;

  fd = fcntl (almu_inflated_get_fd (inflated), F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s: %s", name, g_strerror (saved_errno));
      return NULL;
    }

  image = kind->open (fd, name, hdu, flags, fingerprint, error);
  if (image != NULL)
    g_object_set_data_full (G_OBJECT (image), "almu-inflated", inflated, (GDestroyNotify) almu_inflated_unref);

  return image;
}

/**
 * almu_image_open:
 * @fd: an open regular file; taken, and closed here on failure
 * @name: for people, in messages
 * @hdu: number of an HDU as text; "" for the first image
 * @flags: what to take from the header
 * @error: return location
 *
 * Opens an image by what the file contains; the name does not matter.
 *
 * Returns: (transfer full): the image, or %NULL
 */
AlmuImage *
almu_image_open (int            fd,
                 const char    *name,
                 const char    *hdu,
                 AlmuImageFlags flags,
                 GError       **error)
{
  AlmuFingerprint fingerprint;
  g_autoptr(AlmuInflated) inflated = NULL;
  const Kind *kind = NULL;
  AlmuImage  *image;

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (hdu != NULL, NULL);

  if (!almu_fingerprint_read (fd, &fingerprint, error))
    {
      g_prefix_error (error, "%s: ", name);
      close (fd);
      return NULL;
    }

  if (unpack (fd, name, &inflated, error) && inflated == NULL)
    kind = find_kind (fd, name, error);
  if (kind != NULL)
    {
      g_debug ("%s: a %s file, of which HDU “%s” is opened", name, kind->name, hdu);
      return kind->open (fd, name, hdu, flags, &fingerprint, error);
    }

  close (fd);
  if (inflated == NULL)
    return NULL;

  image = open_inflated (inflated, name, hdu, flags, &fingerprint, error);
  if (image != NULL)
    g_steal_pointer (&inflated);

  return image;
}

/**
 * almu_image_list:
 * @fd: an open file; only read with positions
 * @name: of the file, for messages and the entry "Name"
 * @hdu: (nullable): one image of the file; %NULL or "" for all
 * @flags: what to take from the header
 * @error: return location
 *
 * Tells everything about the images of a file without reading pixels.
 *
 * Returns: (transfer full) (element-type AlmuImageInfo): at least one
 */
GPtrArray *
almu_image_list (int            fd,
                 const char    *name,
                 const char    *hdu,
                 AlmuImageFlags flags,
                 GError       **error)
{
  g_autoptr(AlmuInflated) inflated = NULL;
  const Kind *kind;

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (!unpack (fd, name, &inflated, error))
    return NULL;
  if (inflated != NULL)
    fd = almu_inflated_get_fd (inflated);

  /* what is no image at all is described best by who knows FITS */
  kind = find_kind (fd, name, NULL);

  return kind != NULL ? kind->list (fd, name, hdu, flags, error)
                      : almu_hdu_list_read (fd, name, hdu, flags, error);
}

/**
 * almu_image_set_up:
 * @self: an image nobody else has yet
 * @name: for people
 * @fingerprint: of the file it is read from
 * @info: (transfer full): what the header says
 *
 * For subclasses: what every image has.
 */
void
almu_image_set_up (AlmuImage             *self,
                   const char            *name,
                   const AlmuFingerprint *fingerprint,
                   AlmuImageInfo         *info)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  g_return_if_fail (ALMU_IS_IMAGE (self));
  g_return_if_fail (priv->info == NULL);

  priv->name = g_strdup (name);
  priv->fingerprint = *fingerprint;
  priv->info = info;
}

/**
 * almu_image_get_info:
 *
 * What was learnt from the header when the image was opened. It never changes.
 *
 * Returns: (transfer none): the value, for as long as the image
 */
const AlmuImageInfo *
almu_image_get_info (AlmuImage *self)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  g_return_val_if_fail (ALMU_IS_IMAGE (self), NULL);

  return priv->info;
}

/**
 * almu_image_get_fingerprint:
 *
 * Which file it was when it was opened: one that has another fingerprint by now
 * was replaced or written to.
 *
 * Returns: (transfer none): the value, for as long as the image
 */
const AlmuFingerprint *
almu_image_get_fingerprint (AlmuImage *self)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  g_return_val_if_fail (ALMU_IS_IMAGE (self), NULL);

  return &priv->fingerprint;
}

/**
 * almu_image_get_name:
 *
 * For messages, and not for opening anything.
 *
 * Returns: (transfer none): what almu_image_open() was told for people
 */
const char *
almu_image_get_name (AlmuImage *self)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  g_return_val_if_fail (ALMU_IS_IMAGE (self), NULL);

  return priv->name;
}

/**
 * almu_image_get_serial:
 *
 * What caches know the image by. The same file opened twice has two of them.
 *
 * Returns: a number that is unique in the process, from 1
 */
guint64
almu_image_get_serial (AlmuImage *self)
{
  AlmuImagePrivate *priv = almu_image_get_instance_private (self);

  g_return_val_if_fail (ALMU_IS_IMAGE (self), 0);

  return priv->serial;
}

static gboolean
range_is_within (int start,
                 int length,
                 int limit)
{
  return start >= 0 && length > 0 && start < limit && length <= limit - start;
}

/* @mip: how much smaller the pixels of @box make the image. */
static gboolean
check_box (AlmuImage     *self,
           int            mip,
           const AlmuBox *box,
           GError       **error)
{
  AlmuImagePrivate    *priv = almu_image_get_instance_private (self);
  const AlmuImageInfo *info = priv->info;

  if (range_is_within (box->area.x, box->area.width, (info->width - 1) / mip + 1) &&
      range_is_within (box->area.y, box->area.height, (info->height - 1) / mip + 1) &&
      range_is_within (box->channel, box->n_channels, info->depth) &&
      (almu_polarisation_is_computed_of (info, box->stokes) ||
       range_is_within (box->stokes, 1, info->n_stokes)))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("%s: %d×%d pixels at %d,%d of %d channels from %d, polarisation %d, "
                  "leave the image of %d×%d×%d×%d"),
               priv->name, box->area.width, box->area.height, box->area.x, box->area.y,
               box->n_channels, box->channel, box->stokes,
               info->width, info->height, info->depth, info->n_stokes);

  return FALSE;
}

/**
 * almu_image_read:
 * @self: an image
 * @box: which pixels
 * @pixels: (out caller-allocates): room for all of them
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Reads pixels as floats, scaled, blanks as NaN; those of a computed
 * #AlmuPolarisation too, if the image has what it is computed from. Any
 * thread. On failure what is in @pixels is undefined.
 */
gboolean
almu_image_read (AlmuImage     *self,
                 const AlmuBox *box,
                 float         *pixels,
                 GCancellable  *cancellable,
                 GError       **error)
{
  g_return_val_if_fail (ALMU_IS_IMAGE (self), FALSE);
  g_return_val_if_fail (box != NULL, FALSE);
  g_return_val_if_fail (pixels != NULL, FALSE);

  if (!check_box (self, 1, box, error))
    return FALSE;

  if (almu_polarisation_is_computed_of (almu_image_get_info (self), box->stokes))
    return almu_polarised_read (self, box, NULL, pixels, cancellable, error);

  return ALMU_IMAGE_GET_CLASS (self)->read (self, box, pixels, cancellable, error);
}

/**
 * almu_image_has_mip:
 * @mip: a power of two above 1
 *
 * Whether the file itself keeps a copy of the planes that is smaller by @mip in
 * both directions, for almu_image_read_mip(). Reads nothing; any thread.
 *
 * Returns: %FALSE for most files: only some HDF5 files have such copies
 */
gboolean
almu_image_has_mip (AlmuImage *self,
                    int        mip)
{
  AlmuImageClass *klass;

  g_return_val_if_fail (ALMU_IS_IMAGE (self), FALSE);

  klass = ALMU_IMAGE_GET_CLASS (self);

  return klass->has_mip != NULL && klass->has_mip (self, mip);
}

/**
 * almu_image_read_mip:
 * @mip: one that almu_image_has_mip()
 * @box: which pixels of the smaller copy; of no computed polarisation
 * @pixels: (out caller-allocates): room for all of them
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Like almu_image_read(): many pixels of a large plane at the cost of a few.
 *
 * Returns: whether they are all there
 */
gboolean
almu_image_read_mip (AlmuImage     *self,
                     int            mip,
                     const AlmuBox *box,
                     float         *pixels,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_return_val_if_fail (almu_image_has_mip (self, mip), FALSE);
  g_return_val_if_fail (box != NULL && pixels != NULL, FALSE);
  g_return_val_if_fail (!almu_polarisation_is_computed_of (almu_image_get_info (self), box->stokes), FALSE);

  return check_box (self, mip, box, error) &&
         ALMU_IMAGE_GET_CLASS (self)->read_mip (self, mip, box, pixels, cancellable, error);
}

/**
 * almu_image_read_histogram:
 * @channel: one, or %ALMU_ALL_CHANNELS
 * @stokes: index on the Stokes axis, or a computed #AlmuPolarisation
 * @cancellable: (nullable): asked between pieces
 *
 * What the file itself says of its values, to be had without reading them.
 * Any thread.
 *
 * Returns: (transfer full) (nullable): a histogram with automatic bins, as
 *   counting would have made it; %NULL if the file keeps none that is right
 */
AlmuHistogram *
almu_image_read_histogram (AlmuImage    *self,
                           int           channel,
                           int           stokes,
                           GCancellable *cancellable)
{
  const AlmuImageInfo *info;
  AlmuImageClass      *klass;

  g_return_val_if_fail (ALMU_IS_IMAGE (self), NULL);

  info = almu_image_get_info (self);
  klass = ALMU_IMAGE_GET_CLASS (self);
  if (klass->read_histogram == NULL || !range_is_within (stokes, 1, info->n_stokes) ||
      (channel != ALMU_ALL_CHANNELS && !range_is_within (channel, 1, info->depth)))
    return NULL;

  return klass->read_histogram (self, channel, stokes, cancellable);
}

/**
 * almu_image_read_extension:
 * @extension: EXTNAME
 * @version: EXTVER, usually 1
 * @out_bytes: (out) (nullable): header and data, %NULL without such an HDU
 *
 * What stands beside the image and belongs to it.
 */
gboolean
almu_image_read_extension (AlmuImage  *self,
                           const char *extension,
                           gint64      version,
                           GBytes    **out_bytes,
                           GError    **error)
{
  g_return_val_if_fail (ALMU_IS_IMAGE (self), FALSE);

  *out_bytes = NULL;
  if (ALMU_IMAGE_GET_CLASS (self)->read_extension == NULL)
    return TRUE;

  return ALMU_IMAGE_GET_CLASS (self)->read_extension (self, extension, version, out_bytes, error);
}

/**
 * almu_fingerprint_read:
 * @fd: an open file
 * @out_fingerprint: (out): what identifies its content
 * @error: return location
 *
 * Fails with %ALMU_ERROR_UNSUPPORTED for what is not a regular file.
 */
gboolean
almu_fingerprint_read (int              fd,
                       AlmuFingerprint *out_fingerprint,
                       GError         **error)
{
  struct stat about;

  g_return_val_if_fail (out_fingerprint != NULL, FALSE);

  if (fstat (fd, &about) < 0)
    {
      int saved_errno = errno;

      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                           g_strerror (saved_errno));
      return FALSE;
    }

  if (!S_ISREG (about.st_mode))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                           _ ("is not a regular file"));
      return FALSE;
    }

  out_fingerprint->device = about.st_dev;
  out_fingerprint->inode = about.st_ino;
  out_fingerprint->size = about.st_size;
  out_fingerprint->mtime_ns = about.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) +
                              about.st_mtim.tv_nsec;

  return TRUE;
}

/**
 * almu_fingerprint_equal:
 * @a: of a file
 * @b: of a file
 *
 * Whether it is the same file with the same content, as far as that can be told
 * without reading it.
 *
 * Returns: whether device, inode, size and time of the last change are the same,
 *   the last to the nanosecond
 */
gboolean
almu_fingerprint_equal (const AlmuFingerprint *a,
                        const AlmuFingerprint *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  return a->device == b->device && a->inode == b->inode &&
         a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/**
 * almu_image_get_total_bytes_read:
 *
 * Pixel data read from files by all images of the process: what the file has of
 * them, packed or not. Any thread.
 *
 * Returns: bytes since the process began
 */
guint64
almu_image_get_total_bytes_read (void)
{
  return atomic_load (&total_bytes_read);
}

/**
 * almu_image_add_bytes_read:
 * @n_bytes: that were read from a file
 *
 * For a subclass that reads by other means than almu_image_read_bytes(), to
 * tell almu_image_get_total_bytes_read(). Any thread.
 */
void
almu_image_add_bytes_read (gsize n_bytes)
{
  atomic_fetch_add_explicit (&total_bytes_read, n_bytes, memory_order_relaxed);
}
