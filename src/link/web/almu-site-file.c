/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-site-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Below it a compressed answer is no shorter in packets. */
#define GZIP_BYTES 1400
#define GZIP_LEVEL 6

/* Hexadecimal digits that a bundler puts into a name. */
#define HASH_DIGITS 8

/* The page is strict about some of these: a worker or a style sheet of
 * another type is not used, wasm is fetched twice. */
static const struct
{
  const char *suffix;
  const char *type;
  gboolean    text; /* gets smaller when compressed */
} types[] = {
  { ".html", "text/html; charset=utf-8", TRUE },
  { ".htm", "text/html; charset=utf-8", TRUE },
  { ".js", "text/javascript; charset=utf-8", TRUE },
  { ".mjs", "text/javascript; charset=utf-8", TRUE },
  { ".css", "text/css; charset=utf-8", TRUE },
  { ".json", "application/json", TRUE },
  { ".map", "application/json", TRUE },
  { ".webmanifest", "application/manifest+json", TRUE },
  { ".txt", "text/plain; charset=utf-8", TRUE },
  { ".md", "text/plain; charset=utf-8", TRUE },
  { ".xml", "application/xml", TRUE },
  { ".svg", "image/svg+xml", TRUE },
  { ".wasm", "application/wasm", TRUE },
  { ".ttf", "font/ttf", TRUE },
  { ".otf", "font/otf", TRUE },
  { ".eot", "application/vnd.ms-fontobject", TRUE },
  { ".woff", "font/woff", FALSE },
  { ".woff2", "font/woff2", FALSE },
  { ".png", "image/png", FALSE },
  { ".jpg", "image/jpeg", FALSE },
  { ".jpeg", "image/jpeg", FALSE },
  { ".gif", "image/gif", FALSE },
  { ".webp", "image/webp", FALSE },
  { ".ico", "image/x-icon", FALSE },
};

static void
find_type (AlmuSiteFile *file,
           const char   *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  file->type = "application/octet-stream";
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (lower, types[i].suffix))
      {
        file->type = types[i].type;
        file->varies = types[i].text;
      }
}

/* `static/js/index.20c83782.js`, but not `static/js/zfp_wrapper.wasm`. */
static gboolean
is_hashed (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_auto(GStrv) parts = g_strsplit (base, ".", -1);

  if (!g_str_has_prefix (path, "static/"))
    return FALSE;

  for (gsize i = 0; parts[i] != NULL; i++)
    if (strlen (parts[i]) >= HASH_DIGITS && strspn (parts[i], "0123456789abcdef") == strlen (parts[i]))
      return TRUE;

  return FALSE;
}

/**
 * almu_site_decode_path:
 * @path: the path of a request, below the page, as it came
 * @error: return location for an error
 *
 * A folder means its `index.html`. Parts that begin with a dot, or have a
 * backslash, are %ALMU_ERROR_REFUSED; what cannot be decoded, or is longer than
 * %ALMU_LIMIT_PATH_BYTES, is %ALMU_ERROR_FORMAT. Links are not looked at here.
 *
 * Returns: (transfer full): the file below the site's folder that is meant
 */
char *
almu_site_decode_path (const char *path,
                       GError    **error)
{
  g_autofree char *decoded = g_uri_unescape_string (path, NULL);
  g_auto(GStrv) parts = NULL;
  g_autoptr(GPtrArray) kept = g_ptr_array_new ();

  if (decoded == NULL || strlen (decoded) > ALMU_LIMIT_PATH_BYTES)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("The address is no path"));
      return NULL;
    }

  parts = g_strsplit (decoded, "/", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      if (*parts[i] == '.' || strchr (parts[i], '\\') != NULL)
        {
          g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_REFUSED, _ ("The address leaves the page"));
          return NULL;
        }
      if (*parts[i] != '\0')
        g_ptr_array_add (kept, parts[i]);
    }

  if (kept->len == 0 || g_str_has_suffix (decoded, "/"))
    g_ptr_array_add (kept, (gpointer) "index.html");
  g_ptr_array_add (kept, NULL);

  return g_strjoinv ("/", (char **) kept->pdata);
}

static void
set_not_found (const char *path,
               GError    **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("There is no file %s here"), path);
}

/* Opens @path below @folder, wherever links lead, if they lead to a file
 * that is still below it. */
static int
open_below (const char  *folder,
            const char  *path,
            struct stat *st,
            GError     **error)
{
  g_autofree char *wanted = g_build_filename (folder, path, NULL);
  char            *top = realpath (folder, NULL);
  char            *real = realpath (wanted, NULL);
  int              fd = -1;

  if (top == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s", folder);
  else if (real == NULL || strlen (real) <= strlen (top) || !g_str_has_prefix (real, top) ||
           (real[strlen (top)] != '/' && !g_str_equal (top, "/")))
    set_not_found (path, error);
  else
    {
      fd = open (real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      if (fd < 0 || fstat (fd, st) < 0 || !S_ISREG (st->st_mode))
        {
          set_not_found (path, error);
          if (fd >= 0)
            close (fd);
          fd = -1;
        }
    }

  free (top);
  free (real);

  return fd;
}

static GBytes *
read_bytes (int         fd,
            gsize       size,
            const char *path,
            GError    **error)
{
  g_autofree char *data = g_malloc (size > 0 ? size : 1);
  gsize            length = 0;

  while (length < size)
    {
      gssize n = read (fd, data + length, size - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       _ ("Cannot read %s: %s"), path, g_strerror (errno));
          return NULL;
        }
      if (n == 0)
        break;
      length += n;
    }

  return g_bytes_new_take (g_steal_pointer (&data), length);
}

static GBytes *
compress (GBytes *bytes)
{
  g_autoptr(GConverter) converter = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, GZIP_LEVEL));
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr(GOutputStream) stream = g_converter_output_stream_new (memory, converter);

  if (g_output_stream_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, NULL, NULL) &&
      g_output_stream_close (stream, NULL, NULL))
    return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));

  return NULL;
}

static char *
make_etag (const struct stat *st,
           gboolean           gzip)
{
  return g_strdup_printf ("\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x%s\"",
                          (gint64) st->st_ino, (gint64) st->st_size,
                          (gint64) st->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + st->st_mtim.tv_nsec,
                          gzip ? "-gzip" : "");
}

static AlmuSiteFile *
read_open_file (int                 fd,
                const struct stat  *st,
                const char         *path,
                gboolean            gzip,
                const AlmuSiteFile *known,
                GError            **error)
{
  g_autoptr(AlmuSiteFile) file = g_new0 (AlmuSiteFile, 1);

  if (st->st_size > ALMU_LIMIT_SITE_FILE_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("%s has more than %d bytes"),
                   path, ALMU_LIMIT_SITE_FILE_BYTES);
      return NULL;
    }

  find_type (file, path);
  file->hashed = is_hashed (path);
  gzip = gzip && file->varies && st->st_size >= GZIP_BYTES;
  file->etag = make_etag (st, gzip);

  if (known != NULL && g_str_equal (known->etag, file->etag))
    return almu_site_file_copy (known);

  file->bytes = read_bytes (fd, st->st_size, path, error);
  if (file->bytes == NULL)
    return NULL;

  if (gzip)
    {
      g_autoptr(GBytes) plain = g_steal_pointer (&file->bytes);

      file->bytes = compress (plain);
      file->gzipped = file->bytes != NULL;
      if (!file->gzipped)
        file->bytes = g_bytes_ref (plain);
    }

  return g_steal_pointer (&file);
}

/**
 * almu_site_file_read:
 * @folder: the site
 * @path: a file below it
 * @gzip: whether it may be compressed
 * @known: (nullable): what was read before, returned when it is still right
 * @error: return location for an error
 *
 * Blocks, and takes calls from any thread. Files are read, not mapped: a
 * mapped one that shrinks ends the process.
 *
 * Fails with %G_IO_ERROR_NOT_FOUND if there is no @folder, with
 * %ALMU_ERROR_NOT_FOUND for what is no regular file below it, with
 * %ALMU_ERROR_LIMIT beyond %ALMU_LIMIT_SITE_FILE_BYTES, and with %G_IO_ERROR if
 * it cannot be read.
 *
 * Returns: (transfer full): the file
 */
AlmuSiteFile *
almu_site_file_read (const char         *folder,
                     const char         *path,
                     gboolean            gzip,
                     const AlmuSiteFile *known,
                     GError            **error)
{
  AlmuSiteFile *file;
  struct stat   st;
  int           fd = open_below (folder, path, &st, error);

  if (fd < 0)
    return NULL;

  file = read_open_file (fd, &st, path, gzip, known, error);
  close (fd);

  return file;
}

/**
 * almu_site_file_copy:
 * @file: a file
 *
 * The bytes are shared, not copied.
 *
 * Returns: (transfer full): the same in another place
 */
AlmuSiteFile *
almu_site_file_copy (const AlmuSiteFile *file)
{
  AlmuSiteFile *copy = g_memdup2 (file, sizeof *file);

  copy->bytes = g_bytes_ref (file->bytes);
  copy->etag = g_strdup (file->etag);

  return copy;
}

/**
 * almu_site_file_free:
 * @file: (transfer full): a file
 *
 * Frees a copy; the bytes go with the last one.
 */
void
almu_site_file_free (AlmuSiteFile *file)
{
  g_clear_pointer (&file->bytes, g_bytes_unref);
  g_free (file->etag);
  g_free (file);
}
