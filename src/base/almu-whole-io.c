/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-whole-io.h"

#include <errno.h>
#include <unistd.h>

/**
 * almu_write_whole:
 * @fd: open for writing
 * @bytes: (array length=n_bytes) (element-type guint8): what to write
 * @n_bytes: how many
 *
 * write() until all is written, from where the file is at. Blocks.
 *
 * Returns: whether all is written; if not, errno says why
 */
gboolean
almu_write_whole (int           fd,
                  gconstpointer bytes,
                  gsize         n_bytes)
{
  gsize done = 0;

  while (done < n_bytes)
    {
      gssize n = write (fd, (const guint8 *) bytes + done, n_bytes - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n == 0)
        errno = EIO;
      if (n <= 0)
        return FALSE;

      done += (gsize) n;
    }

  return TRUE;
}

/**
 * almu_read_whole:
 * @fd: open for reading; where it is at does not matter and does not change
 * @bytes: room for @n_bytes
 * @n_bytes: how many are wanted
 * @offset: where in the file
 *
 * pread() until all is read or the file ends. Blocks.
 *
 * Returns: how many bytes were read, fewer than @n_bytes only where the file
 *   ends; or -1, and errno says why
 */
gint64
almu_read_whole (int      fd,
                 gpointer bytes,
                 gsize    n_bytes,
                 gint64   offset)
{
  gsize done = 0;

  while (done < n_bytes)
    {
      gssize n = pread (fd, (guint8 *) bytes + done, n_bytes - done, offset + (gint64) done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;

      done += (gsize) n;
    }

  return (gint64) done;
}
