/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-fits.h"
#include "almu-limits.h"

#define IN_BYTES (256 * 1024)
#define OUT_BYTES (1024 * 1024)

/**
 * Inflating:
 * @at: how far the packed file was read
 * @n_out: how many bytes came out
 */
typedef struct
{
  int         fd;
  int         out_fd;
  const char *name;
  gint64      at;
  gint64      n_out;
} Inflating;

/* A file without a name, in the user's cache if there is room for one: it
 * takes no memory that somebody else needs, and is gone when it is closed,
 * however the process ends. */
static int
open_place (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "almucantar", NULL);
  int              fd = -1;

  if (g_mkdir_with_parents (folder, 0700) == 0)
    fd = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  return fd >= 0 ? fd : memfd_create ("almucantar-inflated", MFD_CLOEXEC);
}

static gboolean
fail_io (Inflating  *self,
         const char *what,
         GError    **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "%s: %s: %s", self->name, what, g_strerror (code));

  return FALSE;
}

static gboolean
put (Inflating    *self,
     const guint8 *bytes,
     gsize         n_bytes,
     GError      **error)
{
  gsize done = 0;

  self->n_out += (gint64) n_bytes;
  if (self->n_out > ALMU_LIMIT_INFLATED_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "%s: is more than %" G_GINT64_FORMAT " bytes when decompressed; "
                   "decompress it on disk first",
                   self->name, (gint64) ALMU_LIMIT_INFLATED_BYTES);
      return FALSE;
    }

  while (done < n_bytes)
    {
      gssize n = write (self->out_fd, bytes + done, n_bytes - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_io (self, "cannot be decompressed into the cache folder", error);
      done += (gsize) n;
    }

  return TRUE;
}

/* -- gzip --------------------------------------------------------------- */

static gssize
get (Inflating *self,
     guint8    *bytes,
     GError   **error)
{
  gssize n;

  do
    n = pread (self->fd, bytes, IN_BYTES, self->at);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    fail_io (self, "cannot be read", error);

  return n;
}

/* Some packers put several streams one after the other; what follows the
 * last of them is nothing to us. */
static gboolean
begins_stream (const guint8 *bytes,
               gsize         n_bytes)
{
  return n_bytes >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static gboolean
inflate_gzip (Inflating *self,
              GError   **error)
{
  g_autoptr(GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  g_autofree guint8 *in = g_malloc (IN_BYTES);
  g_autofree guint8 *out = g_malloc (OUT_BYTES);

  for (;;)
    {
      g_autoptr(GError) local_error = NULL;
      gsize            n_read = 0;
      gsize            n_written = 0;
      gssize           n_in = get (self, in, error);
      GConverterResult result;

      if (n_in < 0)
        return FALSE;

      result = g_converter_convert (G_CONVERTER (inflater), in, (gsize) n_in, out, OUT_BYTES,
                                    n_in == 0 ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                                    &n_read, &n_written, &local_error);
      if (result == G_CONVERTER_ERROR)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       "%s: cannot decompress: byte %" G_GINT64_FORMAT ": %s",
                       self->name, self->at, n_in == 0 ? "the file is cut short" : local_error->message);
          return FALSE;
        }

      if (!put (self, out, n_written, error))
        return FALSE;
      self->at += (gint64) n_read;

      if (result != G_CONVERTER_FINISHED)
        continue;

      n_in = get (self, in, error);
      if (n_in < 0)
        return FALSE;
      if (!begins_stream (in, (gsize) n_in))
        return TRUE;
      g_converter_reset (G_CONVERTER (inflater));
    }
}

/* -- the others --------------------------------------------------------- */

/* cfitsio unpacks them into its own memory, from where they are copied. */
static gboolean
inflate_other (Inflating *self,
               GError   **error)
{
  g_autoptr(AlmuFits) fits = almu_fits_open (self->fd, self->name, error);
  g_autofree guint8 *out = g_malloc (OUT_BYTES);

  if (fits == NULL)
    return FALSE;

  for (;;)
    {
      gint64 n = almu_fits_read_bytes (fits, self->n_out, OUT_BYTES, out, error);

      if (n < 0 || !put (self, out, (gsize) n, error))
        return FALSE;
      if (n < OUT_BYTES)
        return TRUE;
    }
}

/**
 * almu_inflate:
 * @fd: a file that is compressed as a whole; stays the caller's
 * @name: for messages
 * @error: return location
 *
 * Decompresses once, so that what is inside can be read like any file, by
 * several threads and piece by piece. What it takes on disk or in memory is
 * given back when the descriptor is closed.
 *
 * Returns: a descriptor, or -1
 */
int
almu_inflate (int         fd,
              const char *name,
              GError    **error)
{
  Inflating self = { .fd = fd, .out_fd = open_place (), .name = name };
  guint8    start[4] = { 0 };
  gboolean  is_gzip;

  if (self.out_fd < 0)
    {
      fail_io (&self, "cannot be decompressed", error);
      return -1;
    }

  is_gzip = pread (fd, start, sizeof start, 0) == sizeof start && start[0] == 0x1f && start[1] == 0x8b;
  if (is_gzip ? inflate_gzip (&self, error) : inflate_other (&self, error))
    return self.out_fd;

  close (self.out_fd);

  return -1;
}
