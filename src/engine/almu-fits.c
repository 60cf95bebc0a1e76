/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-cfitsio.h"
#include "almu-error.h"
#include "almu-fits-tiles.h"
#include "almu-inflate.h"
#include "almu-limits.h"

/* cfitsio's own ceiling for subsets. */
#define MAX_SUBSET_AXES 9

struct _AlmuFits
{
  fitsfile *handle;
  char     *name;
  int       plain_fd; /* of what it is read from */
  gboolean  is_compressed;
  int       hdu_number; /* -1 where a move failed half way */
};

/* The stack of messages is one for all handles and holds more of the
 * machine than of the file; the status is enough. */
static gboolean
fail (AlmuFits   *self,
      int         status,
      const char *what,
      GError    **error)
{
  char text[FLEN_STATUS] = "";

  almu_cfitsio->fits_get_errstatus (status, text);
  almu_cfitsio->fits_clear_errmsg ();
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               "%s: %s: %s (cfitsio status %d)", self->name, what, text, status);

  return FALSE;
}

/**
 * almu_fits_is_compressed_start:
 *
 * Whether a file that begins like this is compressed as a whole, by any of
 * gzip, compress, pack, bzip2 and zip.
 */
gboolean
almu_fits_is_compressed_start (const guint8 *bytes,
                               gsize         n_bytes)
{
  if (n_bytes < 4)
    return FALSE;

  if (bytes[0] == 0x1f)
    return bytes[1] == 0x8b || bytes[1] == 0x9d || bytes[1] == 0xa0 || bytes[1] == 0x1e;

  return memcmp (bytes, "BZh", 3) == 0 || memcmp (bytes, "PK\003\004", 4) == 0;
}

static gboolean
read_start (int      fd,
            guint8  *bytes,
            gssize  *out_n_bytes,
            GError **error)
{
  gssize n;

  do
    n = pread (fd, bytes, 4, 0);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s", g_strerror (saved_errno));
      return FALSE;
    }

  *out_n_bytes = n;
  return TRUE;
}

/* cfitsio unpacks into memory whatever comes out, so that is done for it. */
static int
open_packed (AlmuFits *self,
             int       fd,
             GError  **error)
{
  guint8 start[4] = { 0 };
  gssize n_start = 0;
  int    plain_fd = almu_inflate (fd, self->name, error);

  if (plain_fd < 0)
    return -1;

  if (!read_start (plain_fd, start, &n_start, error))
    {
      g_prefix_error (error, "%s: ", self->name);
      close (plain_fd);
      return -1;
    }

  if (almu_fits_is_compressed_start (start, n_start))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, "%s: is compressed twice", self->name);
      close (plain_fd);
      return -1;
    }

  return plain_fd;
}

/**
 * almu_fits_open:
 * @fd: an open file; stays the caller's and must stay open while in use
 * @name: for messages only
 *
 * Opens through the descriptor, so that what was checked is what is read.
 * A file compressed as a whole is inflated here, once.
 */
AlmuFits *
almu_fits_open (int         fd,
                const char *name,
                GError    **error)
{
  g_autoptr(AlmuFits) self = NULL;
  char   path[32];
  guint8 start[4] = { 0 };
  gssize n_start = 0;
  int    status = 0;
  int    plain_fd = fd;

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  self = g_new0 (AlmuFits, 1);
  self->plain_fd = -1;
  self->name = g_utf8_make_valid (name, -1);

  if (!almu_cfitsio_load (error) || !read_start (fd, start, &n_start, error))
    {
      g_prefix_error (error, "%s: ", self->name);
      return NULL;
    }

  self->is_compressed = almu_fits_is_compressed_start (start, n_start);
  if (self->is_compressed)
    plain_fd = open_packed (self, fd, error);
  if (plain_fd < 0)
    return NULL;

  self->plain_fd = plain_fd;
  g_snprintf (path, sizeof path, "/proc/self/fd/%d", plain_fd);
  almu_cfitsio->fits_open_diskfile (&self->handle, path, READONLY, &status);
  if (status != 0)
    {
      self->handle = NULL;
      fail (self, status, "cannot open", error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
almu_fits_close (AlmuFits *self)
{
  int status = 0;

  if (self == NULL)
    return;

  if (self->handle != NULL)
    almu_cfitsio->fits_close_file (self->handle, &status);
  if (self->is_compressed && self->plain_fd >= 0)
    close (self->plain_fd);

  g_free (self->name);
  g_free (self);
}

gboolean
almu_fits_is_whole_file_compressed (AlmuFits *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->is_compressed;
}

/**
 * almu_fits_get_handle:
 *
 * Returns: (transfer none): cfitsio's own `fitsfile`, for who reads tables;
 *   nobody else then knows in which HDU it is
 */
gpointer
almu_fits_get_handle (AlmuFits *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  self->hdu_number = -1;

  return self->handle;
}

/**
 * almu_fits_get_plain_fd:
 *
 * Returns: the descriptor of the file as it is without its compression;
 *   valid as long as @self is
 */
int
almu_fits_get_plain_fd (AlmuFits *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->plain_fd;
}

gboolean
almu_fits_go_to (AlmuFits *self,
                 int       hdu_number,
                 GError  **error)
{
  g_autofree char *what = NULL;
  int              status = 0;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (hdu_number >= 0 && hdu_number < ALMU_LIMIT_HDUS, FALSE);

  if (self->hdu_number == hdu_number)
    return TRUE;

  if (almu_cfitsio->fits_movabs_hdu (self->handle, hdu_number + 1, NULL, &status) == 0)
    {
      self->hdu_number = hdu_number;
      return TRUE;
    }

  self->hdu_number = -1;
  what = g_strdup_printf ("HDU %d cannot be reached", hdu_number);

  return fail (self, status, what, error);
}

static gboolean
check_subset (AlmuFits     *self,
              int           n_axes,
              const gint64 *first,
              const gint64 *last,
              GError      **error)
{
  LONGLONG shape[MAX_SUBSET_AXES] = { 0 };
  int      file_axes = 0;
  int      status = 0;

  almu_cfitsio->fits_get_img_dim (self->handle, &file_axes, &status);
  if (status == 0 && file_axes <= MAX_SUBSET_AXES)
    almu_cfitsio->fits_get_img_sizell (self->handle, MAX_SUBSET_AXES, shape, &status);
  if (status != 0)
    return fail (self, status, "is not an image", error);

  if (file_axes != n_axes || file_axes > MAX_SUBSET_AXES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "%s: HDU %d has %d axes; %d were expected and at most %d can be read",
                   self->name, self->hdu_number, file_axes, n_axes, MAX_SUBSET_AXES);
      return FALSE;
    }

  for (int i = 0; i < n_axes; i++)
    if (first[i] < 1 || last[i] < first[i] || last[i] > shape[i])
      {
        g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                     "%s: HDU %d: pixels %" G_GINT64_FORMAT "…%" G_GINT64_FORMAT
                     " of axis %d are outside of 1…%" G_GINT64_FORMAT,
                     self->name, self->hdu_number, first[i], last[i], i + 1, (gint64) shape[i]);
        return FALSE;
      }

  return TRUE;
}

/* Of floating point numbers in tiles. Those of a tile that was packed without
 * loss are not scaled by cfitsio, nor are exact zeros between quantised ones. */
static gboolean
get_scale (AlmuFits *self,
           double   *out_scale,
           double   *out_zero)
{
  FITSfile *file = self->handle->Fptr;
  int       status = 0;

  *out_scale = 1.0;
  *out_zero = 0.0;
  if (!file->compressimg || file->zbitpix > 0)
    return FALSE;

  almu_cfitsio->fits_read_key (self->handle, TDOUBLE, "BSCALE", out_scale, NULL, &status);
  status = 0;
  almu_cfitsio->fits_read_key (self->handle, TDOUBLE, "BZERO", out_zero, NULL, &status);
  status = 0;
  almu_cfitsio->fits_set_bscale (self->handle, 1.0, 0.0, &status);
  almu_cfitsio->fits_clear_errmsg ();

  return file->zbitpix == DOUBLE_IMG || *out_scale != 1.0 || *out_zero != 0.0;
}

/* Where cfitsio looks for blanks among floating point numbers it takes an
 * infinity for one. NaNs that are stored as they are come through anyway. */
static gboolean
may_have_blanks (AlmuFits *self)
{
  FITSfile *file = self->handle->Fptr;

  return !file->compressimg || file->zbitpix > 0 || file->cn_zscale > 0;
}

static gsize
count (int         n_axes,
       const long *first,
       const long *last)
{
  gsize n = 1;

  for (int i = 0; i < n_axes; i++)
    n *= (gsize) (last[i] - first[i] + 1);

  return n;
}

static int
read_pixels (AlmuFits *self,
             int       n_axes,
             long     *first,
             long     *last,
             float    *pixels)
{
  long               step[MAX_SUBSET_AXES];
  double             scale, zero;
  float              blank = NAN;
  double             wide_blank = NAN;
  int                any_blank = 0;
  int                status = 0;
  gsize              n = count (n_axes, first, last);
  g_autofree double *numbers = NULL;

  for (int i = 0; i < n_axes; i++)
    step[i] = 1;

  if (!get_scale (self, &scale, &zero))
    return almu_cfitsio->fits_read_subset (self->handle, TFLOAT, first, last, step, may_have_blanks (self) ? &blank : NULL, pixels,
                                           &any_blank, &status);

  numbers = g_new (double, n);
  almu_cfitsio->fits_read_subset (self->handle, TDOUBLE, first, last, step, may_have_blanks (self) ? &wide_blank : NULL, numbers,
                                  &any_blank, &status);
  for (gsize i = 0; i < n; i++)
    pixels[i] = (float) (zero + scale * numbers[i]);

  return status;
}

/**
 * almu_fits_read_subset:
 * @n_axes: as many as the HDU has
 * @first: first pixel on each FITS axis, counted from 1
 * @last: last pixel on each FITS axis, inclusive
 * @pixels: room for all of them
 *
 * Reads scaled values; blanks become NaN. @pixels is undefined on failure.
 */
gboolean
almu_fits_read_subset (AlmuFits     *self,
                       int           hdu_number,
                       int           n_axes,
                       const gint64 *first,
                       const gint64 *last,
                       float        *pixels,
                       GError      **error)
{
  long low[MAX_SUBSET_AXES];
  long high[MAX_SUBSET_AXES];
  int  status;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (first != NULL && last != NULL && pixels != NULL, FALSE);

  if (!almu_fits_go_to (self, hdu_number, error) ||
      !check_subset (self, n_axes, first, last, error))
    return FALSE;

  if (!almu_fits_tiles_check (self->handle, first, last, error))
    {
      g_prefix_error (error, "%s: HDU %d: ", self->name, hdu_number);
      return FALSE;
    }

  for (int i = 0; i < n_axes; i++)
    {
      low[i] = first[i];
      high[i] = last[i];
    }

  status = read_pixels (self, n_axes, low, high, pixels);
  if (status != 0)
    {
      g_autofree char *what = g_strdup_printf ("pixels of HDU %d cannot be read", hdu_number);

      return fail (self, status, what, error);
    }

  return TRUE;
}

/**
 * almu_fits_read_bytes:
 * @offset: from the start of the (inflated) file
 *
 * Reads the file as it would be without its compression.
 *
 * Returns: how many bytes were there; fewer than asked for at the end of the
 *   file; -1 on failure
 */
gint64
almu_fits_read_bytes (AlmuFits *self,
                      gint64    offset,
                      gsize     n_bytes,
                      void     *bytes,
                      GError  **error)
{
  LONGLONG data_start = 0;
  int      status = 0;

  g_return_val_if_fail (self != NULL, -1);
  g_return_val_if_fail (offset >= 0, -1);

  if (!almu_fits_go_to (self, 0, error))
    return -1;

  almu_cfitsio->fits_get_hduaddrll (self->handle, NULL, &data_start, NULL, &status);
  if (status != 0)
    {
      fail (self, status, "HDU 0 cannot be read", error);
      return -1;
    }

  /* behind the end of the file cfitsio reads zeros without end */
  if (offset >= self->handle->Fptr->filesize)
    return 0;
  n_bytes = MIN ((gint64) n_bytes, self->handle->Fptr->filesize - offset);

  /* it counts from the data of the current HDU, backwards as well */
  almu_cfitsio->fits_read_ext (self->handle, offset - data_start, n_bytes, bytes, &status);
  if (status != 0)
    {
      fail (self, status, "cannot be read", error);
      return -1;
    }

  return n_bytes;
}
