/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "almu-cfitsio.h"
#include "almu-error.h"
#include "almu-inflated.h"
#include "almu-limits.h"

struct _AlmuFits
{
  fitsfile     *handle;
  char         *name;
  AlmuInflated *inflated;   /* where it is compressed as a whole, or NULL */
  int           plain_fd;   /* of what it is read from */
  int           hdu_number; /* -1 where a move failed half way */
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
static gboolean
unpack (AlmuFits *self,
        int       fd,
        GError  **error)
{
  guint8 start[4] = { 0 };
  gssize n_start = 0;

  self->inflated = almu_inflated_open (fd, self->name, error);
  if (self->inflated == NULL)
    return FALSE;

  self->plain_fd = almu_inflated_get_fd (self->inflated);
  if (!read_start (self->plain_fd, start, &n_start, error))
    {
      g_prefix_error (error, "%s: ", self->name);
      return FALSE;
    }

  if (!almu_fits_is_compressed_start (start, n_start))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, "%s: is compressed twice", self->name);

  return FALSE;
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

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  self = g_new0 (AlmuFits, 1);
  self->plain_fd = fd;
  self->name = g_utf8_make_valid (name, -1);

  if (!almu_cfitsio_load (error) || !read_start (fd, start, &n_start, error))
    {
      g_prefix_error (error, "%s: ", self->name);
      return NULL;
    }

  if (almu_fits_is_compressed_start (start, n_start) && !unpack (self, fd, error))
    return NULL;

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", self->plain_fd);
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
  g_clear_pointer (&self->inflated, almu_inflated_unref);

  g_free (self->name);
  g_free (self);
}

gboolean
almu_fits_is_whole_file_compressed (AlmuFits *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->inflated != NULL;
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
