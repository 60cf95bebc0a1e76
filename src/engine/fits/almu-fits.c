/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "almu-cfitsio.h"
#include "almu-error.h"
#include "almu-inflated.h"
#include "almu-whole-io.h"

struct _AlmuFits
{
  fitsfile     *handle;
  char         *name;
  AlmuInflated *inflated; /* where it is compressed as a whole, or NULL */
  int           plain_fd; /* of what it is read from */
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
               _ ("%s: %s: %s (cfitsio status %d)"), self->name, what, text, status);

  return FALSE;
}

/**
 * almu_fits_is_compressed_start:
 * @bytes: (array length=n_bytes): the first bytes of the file, four or more
 * @n_bytes: how many
 *
 * Whether a file that begins like this is compressed as a whole, by any of
 * gzip, compress, pack, bzip2 and zip.
 *
 * Returns: whether it is
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
  gint64 n = almu_read_whole (fd, bytes, 4, 0);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s", g_strerror (saved_errno));
      return FALSE;
    }

  *out_n_bytes = (gssize) n;
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

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("%s: is compressed twice"), self->name);

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
      fail (self, status, _ ("cannot open"), error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * almu_fits_close:
 * @self: (nullable) (transfer full): a handle
 *
 * Closes the handle; the file it was opened from stays the caller's. What was
 * unpacked for it may stay on the shelf of #AlmuInflated for a while.
 */
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

/**
 * almu_fits_get_handle:
 *
 * What to call almu_cfitsio with, on the thread that has @self. Not to be closed.
 *
 * Returns: (transfer none): cfitsio's own `fitsfile`
 */
gpointer
almu_fits_get_handle (AlmuFits *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->handle;
}

/**
 * almu_fits_get_plain_fd:
 *
 * For reads with positions, past cfitsio.
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
