/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inflate.h"

#include "almu-inflate-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-inflated.h"
#include "almu-limits.h"
#include "almu-whole-io.h"

/* How often it is looked how much room there is. */
#define ROOM_STEP_BYTES (4 * 1024 * 1024)

/* A cache folder may itself be in memory. */
static gboolean
is_memory (int fd)
{
  struct statfs place;

  return fstatfs (fd, &place) == 0 && place.f_type == TMPFS_MAGIC;
}

/* A file without a name, in the user's cache if there is room for one: it
 * takes no memory that somebody else needs, and is gone when it is closed,
 * however the process ends. */
static int
open_place (gboolean *out_in_memory)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "almucantar", NULL);
  int              fd = -1;

  if (g_mkdir_with_parents (folder, 0700) == 0)
    fd = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  *out_in_memory = fd < 0 || is_memory (fd);

  return fd >= 0 ? fd : memfd_create ("almucantar-inflated", MFD_CLOEXEC);
}

static gboolean
fail_io (AlmuInflating *self,
         const char    *what,
         GError       **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "%s: %s: %s", self->name, what, g_strerror (code));

  return FALSE;
}

/* Others want to write there, too. */
static gboolean
leaves_room (AlmuInflating *self)
{
  struct statvfs info;

  if (fstatvfs (self->out_fd, &info) < 0 || info.f_blocks == 0)
    return TRUE;

  return (gint64) (info.f_bavail * info.f_frsize) >=
         MIN (ALMU_LIMIT_CACHE_RESERVE_BYTES, (gint64) (info.f_blocks / 10 * info.f_frsize));
}

static gboolean
check_room (AlmuInflating *self,
            gsize          n_more,
            GError       **error)
{
  /* often enough */
  if ((self->n_out + (gint64) n_more) / ROOM_STEP_BYTES == self->n_out / ROOM_STEP_BYTES || leaves_room (self))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("%s: is more than %" PRId64 " bytes when decompressed, and the disk of the cache folder is nearly full; "
                  "decompress it on disk first"),
               self->name, self->n_out);

  return FALSE;
}

/* As it is told of a file that is not packed. */
static gboolean
check_start (AlmuInflating *self,
             const guint8  *bytes,
             gsize          n_bytes,
             GError       **error)
{
  gsize n = sizeof self->start;

  if (self->n_out >= (gint64) n)
    return TRUE;

  memcpy (self->start + self->n_out, bytes, MIN (n - (gsize) self->n_out, n_bytes));
  if (self->n_out + (gint64) n_bytes < (gint64) n || memcmp (self->start, "SIMPLE  ", n) == 0 ||
      memcmp (self->start, "\211HDF\r\n\032\n", n) == 0)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("%s: is not an image: what is compressed is neither a FITS file, which begins with SIMPLE, nor an HDF5 file"),
               self->name);

  return FALSE;
}

/**
 * almu_inflating_put:
 * @bytes: (array length=n_bytes): what came out
 * @n_bytes: how many
 *
 * Writes the next bytes. It fails with %ALMU_ERROR_UNSUPPORTED if the first of all
 * are neither those of FITS nor of HDF5, with %ALMU_ERROR_LIMIT if there are too
 * many, or too little room, and with %G_IO_ERROR, also if the thread's current
 * #GCancellable is cancelled.
 *
 * Returns: whether they were written
 */
gboolean
almu_inflating_put (AlmuInflating *self,
                    const guint8  *bytes,
                    gsize          n_bytes,
                    GError       **error)
{
  if (g_cancellable_set_error_if_cancelled (g_cancellable_get_current (), error))
    return FALSE;
  if (!check_start (self, bytes, n_bytes, error) || !check_room (self, n_bytes, error))
    return FALSE;

  self->n_out += (gint64) n_bytes;
  if (self->n_out > ALMU_LIMIT_INFLATED_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s: is more than %" PRId64 " bytes when decompressed; "
                      "decompress it on disk first"),
                   self->name, (gint64) ALMU_LIMIT_INFLATED_BYTES);
      return FALSE;
    }
  if (self->is_in_memory &&
      almu_inflated_get_total_bytes (TRUE) + self->n_out > ALMU_LIMIT_INFLATED_MEMORY_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s: the cache folder has no disk, and decompressed files may take %" PRId64
                      " bytes of memory; close others, or decompress it on disk first"),
                   self->name, (gint64) ALMU_LIMIT_INFLATED_MEMORY_BYTES);
      return FALSE;
    }

  return almu_write_whole (self->out_fd, bytes, n_bytes) ||
         fail_io (self, _ ("cannot be decompressed into the cache folder"), error);
}

/**
 * almu_inflating_fail:
 * @why: (nullable): what is wrong; %NULL if the file ends too early
 *
 * Sets an error %ALMU_ERROR_FORMAT that names the file and how far it was read.
 *
 * Returns: %FALSE, for the caller to return
 */
gboolean
almu_inflating_fail (AlmuInflating *self,
                     const char    *why,
                     GError       **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: cannot decompress: byte %" PRId64 ": %s"),
               self->name, self->at, why != NULL ? why : _ ("the file is cut short"));

  return FALSE;
}

/* -- what comes in -------------------------------------------------------- */

static gssize
read_some (AlmuInflating *self,
           gint64         offset,
           guint8        *bytes,
           gsize          n_bytes,
           GError       **error)
{
  gssize n;

  if (g_cancellable_set_error_if_cancelled (g_cancellable_get_current (), error))
    return -1;

  do
    n = pread (self->fd, bytes, n_bytes, offset);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    fail_io (self, _ ("cannot be read"), error);

  return n;
}

/**
 * almu_inflating_get:
 * @bytes: room for %ALMU_INFLATE_IN_BYTES
 *
 * Reads packed bytes from where the caller is, who goes on from there.
 *
 * Returns: how many there are, 0 at the end of the file; -1 with %G_IO_ERROR,
 *   also if the thread's current #GCancellable is cancelled
 */
gssize
almu_inflating_get (AlmuInflating *self,
                    guint8        *bytes,
                    GError       **error)
{
  return read_some (self, self->at, bytes, ALMU_INFLATE_IN_BYTES, error);
}

/**
 * almu_inflating_look:
 * @n_wanted: how many bytes there have to be, unless the file ends; at most
 *   %ALMU_INFLATE_IN_BYTES
 * @out_bytes: (out) (transfer none): the next packed bytes
 *
 * Looks ahead. A byte that is not skipped is seen again, but not read again:
 * some packers write very many short streams.
 *
 * Returns: how many there are, 0 at the end of the file; -1 as
 *   almu_inflating_get()
 */
gssize
almu_inflating_look (AlmuInflating *self,
                     gsize          n_wanted,
                     guint8       **out_bytes,
                     GError       **error)
{
  gsize  n_left = self->n_in - self->in_at;
  gssize n = 1;

  if (self->in == NULL)
    self->in = g_malloc (ALMU_INFLATE_IN_BYTES);
  if (n_left < n_wanted)
    {
      memmove (self->in, self->in + self->in_at, n_left);
      self->in_at = 0;
      self->n_in = n_left;
    }

  while (self->n_in - self->in_at < n_wanted && n > 0)
    {
      n = read_some (self, self->at + (gint64) self->n_in, self->in + self->n_in, ALMU_INFLATE_IN_BYTES - self->n_in, error);
      if (n < 0)
        return -1;
      self->n_in += (gsize) n;
    }

  *out_bytes = self->in + self->in_at;

  return (gssize) (self->n_in - self->in_at);
}

/**
 * almu_inflating_skip:
 * @n_bytes: at most as many as almu_inflating_look() showed
 *
 * Goes on: bytes that were skipped are not seen again.
 */
void
almu_inflating_skip (AlmuInflating *self,
                     gsize          n_bytes)
{
  self->in_at += n_bytes;
  self->at += (gint64) n_bytes;
}

/* -- gzip, zip --------------------------------------------------------------- */

/* Some packers put several streams one after the other; what follows the
 * last of them is nothing to us. */
static gboolean
begins_stream (const guint8 *bytes,
               gsize         n_bytes)
{
  return n_bytes >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static gboolean
inflate_zlib (AlmuInflating        *self,
              GZlibCompressorFormat format,
              GError              **error)
{
  g_autoptr(GZlibDecompressor) inflater = g_zlib_decompressor_new (format);
  g_autofree guint8 *out = g_malloc (ALMU_INFLATE_OUT_BYTES);
  guint8            *in;

  for (;;)
    {
      g_autoptr(GError) local_error = NULL;
      gsize            n_read = 0;
      gsize            n_written = 0;
      gssize           n_in = almu_inflating_look (self, 1, &in, error);
      GConverterResult result;

      if (n_in < 0)
        return FALSE;

      result = g_converter_convert (G_CONVERTER (inflater), in, (gsize) n_in, out, ALMU_INFLATE_OUT_BYTES,
                                    n_in == 0 ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                                    &n_read, &n_written, &local_error);
      if (result == G_CONVERTER_ERROR)
        return almu_inflating_fail (self, n_in == 0 ? NULL : local_error->message, error);

      if (!almu_inflating_put (self, out, n_written, error))
        return FALSE;
      almu_inflating_skip (self, n_read);

      if (result != G_CONVERTER_FINISHED)
        continue;
      if (format != G_ZLIB_COMPRESSOR_FORMAT_GZIP)
        return TRUE;

      n_in = almu_inflating_look (self, 2, &in, error);
      if (n_in < 0)
        return FALSE;
      if (!begins_stream (in, (gsize) n_in))
        return TRUE;
      g_converter_reset (G_CONVERTER (inflater));
    }
}

static gboolean
inflate_gzip (AlmuInflating *self,
              GError       **error)
{
  return inflate_zlib (self, G_ZLIB_COMPRESSOR_FORMAT_GZIP, error);
}

/* The first file of an archive, by the header that stands before it. */
static gboolean
inflate_zip (AlmuInflating *self,
             GError       **error)
{
  guint8 head[30];

  if (almu_read_whole (self->fd, head, sizeof head, 0) != sizeof head)
    return almu_inflating_fail (self, NULL, error);

  if (head[8] != 8 || head[9] != 0 || (head[6] & 1) != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s: is a zip archive that is not deflated, or encrypted; decompress it on disk first"), self->name);
      return FALSE;
    }

  self->at = (gint64) sizeof head + (head[26] | head[27] << 8) + (head[28] | head[29] << 8);

  return inflate_zlib (self, G_ZLIB_COMPRESSOR_FORMAT_RAW, error);
}

/* -- all ---------------------------------------------------------------- */

static gboolean
inflate_none (AlmuInflating *self,
              GError       **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("%s: is compressed in a way that is not read (of gzip, bzip2, compress and zip); decompress it on disk first"),
               self->name);

  return FALSE;
}

static const struct
{
  const char *start;
  gboolean (*inflate) (AlmuInflating *self,
                       GError       **error);
} kinds[] = {
  { "\037\213", inflate_gzip },
  { "\037\235", almu_inflate_lzw },
  { "BZh", almu_inflate_bzip2 },
  { "PK\003\004", inflate_zip },
  { "", inflate_none },
};

/**
 * almu_inflate:
 * @fd: a file that is compressed as a whole; stays the caller's
 * @name: for messages
 * @out_size: what it takes; all zero if it fails
 * @error: return location
 *
 * Decompresses once, so that what is inside can be read like any file, by
 * several threads and piece by piece. Ends early if the thread's current
 * #GCancellable is cancelled, as that of a worker's job is. What it takes on disk or in memory is
 * given back when the descriptor is closed.
 *
 * Returns: a descriptor, or -1
 */
int
almu_inflate (int              fd,
              const char      *name,
              AlmuInflateSize *out_size,
              GError         **error)
{
  AlmuInflating self = { .fd = fd, .name = name };
  gboolean      is_whole;
  char          start[5] = { 0 };
  guint         kind = 0;

  *out_size = (AlmuInflateSize){ 0 };
  self.out_fd = open_place (&self.is_in_memory);
  if (self.out_fd < 0)
    {
      fail_io (&self, _ ("cannot be decompressed"), error);
      return -1;
    }

  if (almu_read_whole (fd, start, 4, 0) != 4)
    start[0] = '\0';
  while (!g_str_has_prefix (start, kinds[kind].start))
    kind++;
  is_whole = kinds[kind].inflate (&self, error);
  g_free (self.in);
  if (is_whole)
    {
      *out_size = (AlmuInflateSize){ self.n_out, self.is_in_memory };
      return self.out_fd;
    }

  close (self.out_fd);

  return -1;
}
