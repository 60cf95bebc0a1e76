/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-site.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-answer.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-site-file.h"
#include "almu-workers.h"

/**
 * AlmuSite:
 *
 * The page: files of a folder, as a browser wants them.
 *
 * What was read or compressed stays in memory, up to a budget, for as long
 * as the file on the disk is the same. Reading and compressing happen on
 * workers; of several requests for a file one works and the others wait.
 */
struct _AlmuSite
{
  GObject parent_instance;

  char       *folder;
  GHashTable *known;   /* key → AlmuSiteFile */
  gsize       n_known; /* their bytes */
  GHashTable *pending; /* key → GPtrArray of GTask */
};

G_DEFINE_FINAL_TYPE (AlmuSite, almu_site, G_TYPE_OBJECT)

typedef struct
{
  char         *folder;
  char         *key;
  char         *path;
  gboolean      gzip;
  AlmuSiteFile *known;
} Load;

static void
load_free (Load *load)
{
  g_free (load->folder);
  g_free (load->key);
  g_free (load->path);
  g_clear_pointer (&load->known, almu_site_file_free);
  g_free (load);
}

static void
almu_site_finalize (GObject *object)
{
  AlmuSite *self = ALMU_SITE (object);

  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->pending, g_hash_table_unref);

  G_OBJECT_CLASS (almu_site_parent_class)->finalize (object);
}

static void
almu_site_class_init (AlmuSiteClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = almu_site_finalize;
}

static void
almu_site_init (AlmuSite *self)
{
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) almu_site_file_free);
  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * almu_site_new:
 * @folder: (nullable): where the page's files are
 *
 * The folder is looked at with each request: it may come later.
 *
 * Returns: (transfer full): a site
 */
AlmuSite *
almu_site_new (const char *folder)
{
  AlmuSite *self = g_object_new (ALMU_TYPE_SITE, NULL);

  self->folder = g_strdup (folder);

  return self;
}

/* The whole page fits; what does not is a folder that is no page, and then
 * it does not matter which file stays. */
static void
almu_site_remember (AlmuSite           *self,
                    const char         *key,
                    const AlmuSiteFile *file)
{
  const AlmuSiteFile *before = g_hash_table_lookup (self->known, key);
  gsize               size = g_bytes_get_size (file->bytes);

  if (before != NULL && g_str_equal (before->etag, file->etag))
    return;

  if (before != NULL)
    {
      self->n_known -= g_bytes_get_size (before->bytes);
      g_hash_table_remove (self->known, key);
    }

  if (self->n_known + size > ALMU_LIMIT_SITE_CACHE_BYTES)
    {
      g_hash_table_remove_all (self->known);
      self->n_known = 0;
    }

  if (size > ALMU_LIMIT_SITE_CACHE_BYTES)
    return;

  g_hash_table_insert (self->known, g_strdup (key), almu_site_file_copy (file));
  self->n_known += size;
}

static void
load_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Load         *load = task_data;
  GError       *error = NULL;
  AlmuSiteFile *file = almu_site_file_read (load->folder, load->path, load->gzip, load->known, &error);

  if (file != NULL)
    g_task_return_pointer (task, file, (GDestroyNotify) almu_site_file_free);
  else
    g_task_return_error (task, error);
}

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuSite *self = ALMU_SITE (source);
  Load     *load = g_task_get_task_data (G_TASK (result));
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSiteFile) file = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr(GPtrArray) waiting = NULL;
  g_autofree char *key = NULL;

  if (file != NULL)
    almu_site_remember (self, load->key, file);

  g_hash_table_steal_extended (self->pending, load->key, (gpointer *) &key, (gpointer *) &waiting);
  for (guint i = 0; i < waiting->len; i++)
    {
      GTask *task = waiting->pdata[i];

      if (file != NULL)
        g_task_return_pointer (task, almu_site_file_copy (file), (GDestroyNotify) almu_site_file_free);
      else
        g_task_return_error (task, g_error_copy (error));
    }
}

static void
almu_site_start (AlmuSite   *self,
                 const char *key,
                 const char *path,
                 gboolean    gzip)
{
  const AlmuSiteFile *known = g_hash_table_lookup (self->known, key);
  g_autoptr(GTask) task = g_task_new (self, NULL, on_loaded, NULL);
  Load *load = g_new0 (Load, 1);

  load->folder = g_strdup (self->folder);
  load->key = g_strdup (key);
  load->path = g_strdup (path);
  load->gzip = gzip;
  load->known = known != NULL ? almu_site_file_copy (known) : NULL;

  g_task_set_source_tag (task, almu_site_load_async);
  g_task_set_task_data (task, load, (GDestroyNotify) load_free);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, load_worker);
}

/**
 * almu_site_load_async:
 * @self: a site
 * @path: the path of a request, below the page, as it came
 * @gzip: whether the peer takes gzip
 * @callback: called when it is there
 * @user_data: for @callback
 *
 * Reads on a worker, unless somebody else is reading the same file already.
 * Cannot be cancelled.
 */
void
almu_site_load_async (AlmuSite           *self,
                      const char         *path,
                      gboolean            gzip,
                      GAsyncReadyCallback callback,
                      gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autofree char *decoded = NULL;
  g_autofree char *key = NULL;
  GError          *error = NULL;
  GPtrArray       *waiting;

  g_return_if_fail (ALMU_IS_SITE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, almu_site_load_async);

  decoded = almu_site_decode_path (path, &error);
  if (decoded == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (self->folder == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("none"));
      return;
    }

  key = g_strconcat (gzip ? "gzip:" : "plain:", decoded, NULL);
  waiting = g_hash_table_lookup (self->pending, key);
  if (waiting == NULL)
    {
      waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->pending, g_strdup (key), waiting);
      almu_site_start (self, key, decoded, gzip);
    }
  g_ptr_array_add (waiting, g_steal_pointer (&task));
}

/**
 * almu_site_load_finish:
 * @self: a site
 * @result: what the callback got
 * @error: return location
 *
 * Fails with %G_IO_ERROR_NOT_FOUND if there is no page at all, with
 * %ALMU_ERROR_NOT_FOUND if it has no such file, with %ALMU_ERROR_LIMIT if that
 * has more than %ALMU_LIMIT_SITE_FILE_BYTES, with another %G_IO_ERROR if it
 * cannot be read, and as almu_site_decode_path() does.
 *
 * Returns: (transfer full): the file
 */
AlmuSiteFile *
almu_site_load_finish (AlmuSite     *self,
                       GAsyncResult *result,
                       GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SITE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* -- answers ------------------------------------------------------------ */

static gboolean
takes_gzip (SoupMessageHeaders *request)
{
  const char *header = soup_message_headers_get_list (request, "Accept-Encoding");
  GSList     *accepted;
  gboolean    takes = FALSE;

  if (header == NULL)
    return FALSE;

  accepted = soup_header_parse_quality_list (header, NULL);
  for (GSList *l = accepted; l != NULL; l = l->next)
    takes |= g_ascii_strcasecmp (l->data, "gzip") == 0;
  soup_header_free_list (accepted);

  return takes;
}

static const char *
skip_weakness (const char *etag)
{
  return g_str_has_prefix (etag, "W/") ? etag + 2 : etag;
}

static gboolean
has_etag (const char *header,
          const char *etag)
{
  g_auto(GStrv) etags = g_strsplit (header, ",", -1);

  for (gsize i = 0; etags[i] != NULL; i++)
    {
      const char *one = g_strstrip (etags[i]);

      if (g_str_equal (one, "*") || g_str_equal (skip_weakness (one), etag))
        return TRUE;
    }

  return FALSE;
}

static void
answer_file (SoupServerMessage  *msg,
             const AlmuSiteFile *file)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (msg);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (msg);
  const char         *if_none_match = soup_message_headers_get_list (request, "If-None-Match");
  const char         *if_range = soup_message_headers_get_one (request, "If-Range");

  soup_message_headers_replace (response, "ETag", file->etag);
  soup_message_headers_replace (response, "Cache-Control",
                                file->hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (file->varies)
    soup_message_headers_replace (response, "Vary", "Accept-Encoding");
  if (file->gzipped)
    soup_message_headers_replace (response, "Content-Encoding", "gzip");

  if (if_none_match != NULL && has_etag (if_none_match, file->etag))
    {
      soup_message_headers_set_content_length (response, g_bytes_get_size (file->bytes));
      almu_answer (msg, SOUP_STATUS_NOT_MODIFIED, NULL, NULL);
      return;
    }

  if (if_range != NULL && !g_str_equal (if_range, file->etag))
    soup_message_headers_remove (request, "Range");

  soup_message_headers_replace (response, "Accept-Ranges", "bytes");
  almu_answer (msg, SOUP_STATUS_OK, file->type, file->bytes);
}

static void
answer_failure (SoupServerMessage *msg,
                const GError      *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    almu_answer_text (msg, SOUP_STATUS_NOT_FOUND,
                      "%s\n\n%s\n",
                      _ ("The page is not installed."),
                      _ ("This service runs, but has no viewer to show: it expects the files of the\n"
                         "npm package carta-frontend in a folder that --frontend-folder names."));
  else if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    almu_answer_phrase (msg, SOUP_STATUS_NOT_FOUND, error->message);
  else if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_REFUSED))
    almu_answer_phrase (msg, SOUP_STATUS_FORBIDDEN, error->message);
  else if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_FORMAT))
    almu_answer_phrase (msg, SOUP_STATUS_BAD_REQUEST, error->message);
  else
    almu_answer_phrase (msg, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
}

static void
on_served (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(SoupServerMessage) msg = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSiteFile) file = almu_site_load_finish (ALMU_SITE (source), result, &error);

  if (file != NULL)
    answer_file (msg, file);
  else
    answer_failure (msg, error);

  soup_server_message_unpause (msg);
}

/**
 * almu_site_serve:
 * @self: a site
 * @msg: a GET or HEAD
 * @path: its path below the page, as it came
 *
 * Answers @msg, later.
 */
void
almu_site_serve (AlmuSite          *self,
                 SoupServerMessage *msg,
                 const char        *path)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (msg);
  gboolean            gzip;

  g_return_if_fail (ALMU_IS_SITE (self));

  /* a part of the compressed file is of no use to whoever asks for parts */
  gzip = takes_gzip (request) && soup_message_headers_get_one (request, "Range") == NULL;

  soup_server_message_pause (msg);
  almu_site_load_async (self, path, gzip, on_served, g_object_ref (msg));
}
