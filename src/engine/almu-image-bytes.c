/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-whole-io.h"

/* A read came to the end of the file. Has it been cut while it was open, or
 * was it never whole? What was inflated into another file stays as it is. */
static void
set_short_error (AlmuImage *image,
                 int        fd,
                 gint64     offset,
                 gint64     end,
                 GError   **error)
{
  const AlmuFingerprint *then = almu_image_get_fingerprint (image);
  AlmuFingerprint        now;

  if (!almu_fingerprint_read (fd, &now, error))
    {
      g_prefix_error (error, "%s: ", almu_image_get_name (image));
      return;
    }

  if (almu_fingerprint_equal (&now, then) || now.inode != then->inode || now.device != then->device)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("%s: is cut short: bytes %" PRId64 " to %" PRId64
                    " of HDU %s are missing"),
                 almu_image_get_name (image), offset, end - 1, almu_image_get_info (image)->hdu);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED,
                 _ ("%s: changed since it was opened: bytes %" PRId64
                    " to %" PRId64 " are missing"),
                 almu_image_get_name (image), offset, end - 1);
}

/**
 * almu_image_read_bytes:
 * @image: whose file it is
 * @fd: the file
 * @offset: where in the file
 * @size: how many bytes
 * @bytes: room for them
 * @error: return location; %G_IO_ERROR for what cannot be read; if the file ends
 *   before, %ALMU_ERROR_FORMAT, or %ALMU_ERROR_CHANGED if it is not what it was
 *
 * For subclasses: reads some bytes of a file, all of them or none.
 *
 * Returns: whether they are all there
 */
gboolean
almu_image_read_bytes (AlmuImage *image,
                       int        fd,
                       gint64     offset,
                       gsize      size,
                       void      *bytes,
                       GError   **error)
{
  gint64 n = almu_read_whole (fd, bytes, size, offset);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "%s: %s", almu_image_get_name (image), g_strerror (saved_errno));
      return FALSE;
    }

  if (n < (gint64) size)
    {
      set_short_error (image, fd, offset + n, offset + (gint64) size, error);
      return FALSE;
    }

  almu_image_add_bytes_read (size);

  return TRUE;
}
