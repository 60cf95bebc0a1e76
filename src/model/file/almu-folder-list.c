/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-file-type.h"
#include "almu-limits.h"
#include "almu-workers.h"

/* Opens a dialog in the page: nothing that is over at once should. */
#define FIRST_PROGRESS (2 * G_USEC_PER_SEC)
#define NEXT_PROGRESS (1 * G_USEC_PER_SEC)

/* Folders in a directory image whose sizes are added up. */
#define MAX_IMAGE_DEPTH 8

/* A file is opened as a file: never waits, never follows. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)

typedef struct
{
  char  *name;
  guint8 type; /* DT_…, as the directory tells it */
} Name;

typedef struct
{
  AlmuFolder      *folder; /* not owned */
  char            *path;
  AlmuListFilter   filter;
  AlmuListKind     kind;
  AlmuListProgress progress;
  gpointer         progress_data;
  GCancellable    *cancellable;
  GTask           *task; /* not owned */

  DIR   *stream;
  gint64 next_progress;
  guint  n_counted; /* items of all subfolders so far */
} Job;

typedef struct
{
  AlmuListProgress func;
  gpointer         user_data;
  guint            n_checked;
  guint            n_total;
} Report;

static gint64 first_progress = FIRST_PROGRESS;
static gint64 next_progress = NEXT_PROGRESS;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

/**
 * almu_folder_set_progress_times_for_testing:
 * @first: microseconds until progress is told
 * @next: and between that and the next time
 *
 * For the whole process.
 */
void
almu_folder_set_progress_times_for_testing (gint64 first,
                                            gint64 next)
{
  first_progress = first;
  next_progress = next;
}

static void
job_free (Job *job)
{
  g_clear_pointer (&job->stream, closedir);
  g_clear_object (&job->cancellable);
  g_free (job->path);
  g_free (job);
}

static void
clear_name (gpointer data)
{
  g_free (((Name *) data)->name);
}

static gboolean
emit_progress (gpointer data)
{
  Report *report = data;

  report->func (report->n_checked, report->n_total, report->user_data);

  return G_SOURCE_REMOVE;
}

/* Attached before the task's own return and with its priority: nobody hears
 * of progress after the end. */
static void
report_progress (Job  *job,
                 guint n_checked,
                 guint n_total)
{
  g_autoptr(GSource) source = NULL;
  Report report = { job->progress, job->progress_data, n_checked, n_total };
  gint64 now;

  if (job->progress == NULL)
    return;

  now = g_get_monotonic_time ();
  if (now < job->next_progress)
    return;

  job->next_progress = now + next_progress;
  source = g_idle_source_new ();
  g_source_set_static_name (source, "almu: folder progress");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, emit_progress, g_memdup2 (&report, sizeof report), g_free);
  g_source_attach (source, g_task_get_context (job->task));
}

/* Names that cannot be said to a client, or asked for by one, are not shown. */
static gboolean
is_showable (const char *name)
{
  if (*name == '.' || !g_utf8_validate (name, -1, NULL))
    return FALSE;

  for (; *name != '\0'; name = g_utf8_next_char (name))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (name)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_relevant (const Job  *job,
             const char *name,
             guint8      type)
{
  if (type == DT_FIFO || type == DT_SOCK || type == DT_CHR || type == DT_BLK)
    return FALSE;

  return type != DT_REG ||
         job->filter != ALMU_LIST_EXTENSION ||
         almu_file_type_for_name (name, job->kind) != ALMU_FILE_UNKNOWN;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (((const Name *) a)->name, ((const Name *) b)->name);
}

static GArray *
read_names (Job     *job,
            GError **error)
{
  g_autoptr(GArray) names = g_array_new (FALSE, FALSE, sizeof (Name));
  guint n_seen = 0;

  g_array_set_clear_func (names, clear_name);

  while (!g_cancellable_is_cancelled (job->cancellable))
    {
      struct dirent *item;
      Name           name;

      errno = 0;
      item = readdir (job->stream);
      if (item == NULL && errno != 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       _ ("Directory %s cannot be read: %s"), job->path, g_strerror (errno));
          return NULL;
        }
      if (item == NULL)
        break;

      if (++n_seen > ALMU_LIMIT_FOLDER_ENTRIES)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("Directory %s has more than %d entries"), job->path, ALMU_LIMIT_FOLDER_ENTRIES);
          return NULL;
        }

      if (!is_showable (item->d_name) || !is_relevant (job, item->d_name, item->d_type))
        continue;

      name = (Name){ g_strdup (item->d_name), item->d_type };
      g_array_append_val (names, name);
    }

  g_array_sort (names, compare_names);

  return g_steal_pointer (&names);
}

/* -- one entry ----------------------------------------------------------- */

/* A link is resolved beneath the top-level folder; all else is opened where
 * it was seen. */
static int
open_entry (Job        *job,
            const char *name,
            gboolean    is_link,
            int         flags)
{
  g_autofree char *path = NULL;

  if (!is_link)
    return openat (dirfd (job->stream), name, flags | O_NOFOLLOW | O_CLOEXEC);

  path = *job->path != '\0' ? g_strconcat (job->path, "/", name, NULL) : g_strdup (name);

  return almu_folder_open_path (job->folder, path, flags & ~O_NOFOLLOW);
}

static gboolean
stat_entry (Job         *job,
            const char  *name,
            gboolean    *out_is_link,
            struct stat *out_stat)
{
  struct stat buffer;
  gboolean    is_link;
  int         fd;

  if (fstatat (dirfd (job->stream), name, &buffer, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
    return FALSE;

  is_link = S_ISLNK (buffer.st_mode);
  if (is_link)
    {
      int code;

      fd = open_entry (job, name, TRUE, O_PATH);
      if (fd < 0)
        return FALSE;
      code = fstat (fd, &buffer);
      close (fd);
      if (code < 0)
        return FALSE;
    }

  *out_is_link = is_link;
  *out_stat = buffer;

  return TRUE;
}

/* Asks the kernel only where the mode leaves a doubt. */
static gboolean
is_readable (Job               *job,
             const char        *name,
             gboolean           is_link,
             const struct stat *buffer)
{
  int fd;

  if ((buffer->st_mode & 0444) == 0444)
    return TRUE;
  if (!is_link)
    return faccessat (dirfd (job->stream), name, R_OK, AT_EACCESS) == 0;

  fd = open_entry (job, name, TRUE, FILE_FLAGS);
  if (fd < 0)
    return FALSE;
  close (fd);

  return TRUE;
}

static AlmuFileType
probe_file (Job        *job,
            const char *name,
            gboolean    is_link)
{
  guint8      bytes[ALMU_FILE_TYPE_BYTES];
  ssize_t     n_bytes;
  struct stat buffer;
  int         fd = open_entry (job, name, is_link, FILE_FLAGS);

  if (fd < 0)
    return ALMU_FILE_UNKNOWN;

  /* it may have become something else since it was looked at */
  n_bytes = fstat (fd, &buffer) == 0 && S_ISREG (buffer.st_mode) ? read (fd, bytes, sizeof bytes) : -1;
  close (fd);

  return n_bytes >= 0 ? almu_file_type_for_bytes (name, bytes, n_bytes, job->kind) : ALMU_FILE_UNKNOWN;
}

static gboolean
check_file (Job               *job,
            const char        *name,
            gboolean           is_link,
            const struct stat *buffer,
            AlmuFolderEntry   *out_entry)
{
  AlmuFileType type;

  if (job->filter == ALMU_LIST_CONTENT)
    type = probe_file (job, name, is_link);
  else
    type = almu_file_type_for_name (name, job->kind);

  if (type == ALMU_FILE_UNKNOWN && job->filter != ALMU_LIST_ALL)
    return FALSE;
  if (job->filter != ALMU_LIST_CONTENT && !is_readable (job, name, is_link, buffer))
    return FALSE;

  out_entry->type = type;
  out_entry->size = buffer->st_size;

  return TRUE;
}

/* Consumes @fd. Ends early when there is more than an image would have. */
static gint64
add_sizes (Job   *job,
           int    fd,
           int    depth,
           guint *n_left)
{
  g_autoptr(DIR) stream = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *item;
  gint64         size = 0;

  if (stream == NULL)
    {
      if (fd >= 0)
        close (fd);
      return 0;
    }

  while (*n_left > 0 && !g_cancellable_is_cancelled (job->cancellable) && (item = readdir (stream)) != NULL)
    {
      struct stat buffer;

      if (strcmp (item->d_name, ".") == 0 || strcmp (item->d_name, "..") == 0)
        continue;

      (*n_left)--;
      if (fstatat (dirfd (stream), item->d_name, &buffer, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
        continue;

      if (S_ISREG (buffer.st_mode))
        size += buffer.st_size;
      else if (S_ISDIR (buffer.st_mode) && depth < MAX_IMAGE_DEPTH)
        size += add_sizes (job, openat (dirfd (stream), item->d_name, FOLDER_FLAGS | O_NOFOLLOW), depth + 1, n_left);
    }

  return size;
}

/* One pass over a subfolder tells both how much is in it and whether it is
 * an image. Counting ends where nobody would read on. */
static int
count_items (Job             *job,
             DIR             *stream,
             AlmuFolderMarks *out_marks)
{
  AlmuFolderMarks marks = 0;
  struct dirent  *item;
  int             n_items = 0;

  while (n_items < ALMU_LIMIT_COUNTED_ITEMS && !g_cancellable_is_cancelled (job->cancellable) &&
         (item = readdir (stream)) != NULL)
    {
      if (strcmp (item->d_name, ".") == 0 || strcmp (item->d_name, "..") == 0)
        continue;

      marks |= almu_file_type_get_mark (item->d_name);
      n_items++;

      /* a folder of huge folders: then it takes the marks only */
      if (job->n_counted > ALMU_LIMIT_FOLDER_ENTRIES && n_items >= 1000)
        break;
    }

  job->n_counted += n_items;
  *out_marks = marks;

  return n_items;
}

static gboolean
check_folder (Job             *job,
              const char      *name,
              gboolean         is_link,
              AlmuFolderEntry *out_entry)
{
  g_autoptr(DIR) stream = NULL;
  AlmuFolderMarks marks;
  int             fd = open_entry (job, name, is_link, FOLDER_FLAGS);

  if (fd < 0)
    return FALSE;

  stream = fdopendir (fd);
  if (stream == NULL)
    {
      close (fd);
      return FALSE;
    }

  out_entry->item_count = count_items (job, stream, &marks);
  out_entry->type = almu_file_type_for_folder (fd, marks);
  out_entry->is_folder = out_entry->type == ALMU_FILE_UNKNOWN;
  if (out_entry->is_folder)
    return TRUE;

  if (job->kind != ALMU_LIST_IMAGES && job->filter != ALMU_LIST_ALL)
    return FALSE;

  {
    guint n_left = ALMU_LIMIT_COUNTED_ITEMS;

    out_entry->size = add_sizes (job, openat (fd, ".", FOLDER_FLAGS), 0, &n_left);
  }

  return TRUE;
}

static gboolean
check_entry (Job             *job,
             const Name      *name,
             AlmuFolderEntry *out_entry)
{
  AlmuFolderEntry entry = { .type = ALMU_FILE_UNKNOWN };
  struct stat     buffer;
  gboolean        is_link;
  gboolean        is_wanted = FALSE;

  if (!stat_entry (job, name->name, &is_link, &buffer))
    return FALSE;

  if (S_ISREG (buffer.st_mode))
    is_wanted = check_file (job, name->name, is_link, &buffer, &entry);
  else if (S_ISDIR (buffer.st_mode))
    is_wanted = check_folder (job, name->name, is_link, &entry);

  if (!is_wanted)
    return FALSE;

  entry.name = g_strdup (name->name);
  entry.mtime = buffer.st_mtime;
  *out_entry = entry;

  return TRUE;
}

/* -- the whole ----------------------------------------------------------- */

static gboolean
open_stream (Job     *job,
             GError **error)
{
  const char *name = *job->path != '\0' ? job->path : almu_folder_get_top (job->folder);
  int         fd = almu_folder_open_path (job->folder, job->path, FOLDER_FLAGS);
  int         code = errno;

  if (fd >= 0)
    {
      job->stream = fdopendir (fd);
      if (job->stream != NULL)
        return TRUE;
      code = errno;
      close (fd);
    }

  if (code == ENOENT)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("Directory %s does not exist"), name);
  else if (code == ENOTDIR)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("Requested path %s is not a directory"), name);
  else if (code == EXDEV || code == ELOOP)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                 _ ("Directory %s lies outside the top-level folder, where a link leads"), name);
  else if (code == EACCES)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, _ ("Directory %s is not readable"), name);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 _ ("Directory %s cannot be read: %s"), name, g_strerror (code));

  return FALSE;
}

static void
list_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Job *job = task_data;
  g_autoptr(AlmuListing) listing = almu_listing_new (job->path);
  g_autoptr(GArray) names = NULL;
  GError *error = NULL;

  job->next_progress = g_get_monotonic_time () + first_progress;

  if (open_stream (job, &error))
    names = read_names (job, &error);
  if (names == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  for (guint i = 0; i < names->len && !g_cancellable_is_cancelled (job->cancellable); i++)
    {
      AlmuFolderEntry entry;

      if (check_entry (job, &g_array_index (names, Name, i), &entry))
        g_array_append_val (listing->entries, entry);
      report_progress (job, i + 1, names->len);
    }

  listing->is_cancelled = g_cancellable_is_cancelled (job->cancellable);
  g_task_return_pointer (task, g_steal_pointer (&listing), (GDestroyNotify) almu_listing_unref);
}

/**
 * almu_folder_list_async:
 * @self: a folder
 * @directory: a client's name of a folder, see almu_folder_normalize()
 * @filter: how files are chosen
 * @kind: what is looked for
 * @progress_func: (nullable) (scope call): told how far it is, after two
 *   seconds and every further one; never after @callback
 * @progress_data: for @progress_func
 * @cancellable: (nullable): ends the listing early
 * @callback: called when done
 * @user_data: for @callback
 *
 * Lists what clients may see: no hidden names, nothing that cannot be read or
 * lies outside the top-level folder, no pipes and devices. Directories that
 * are images are listed as such, whatever @filter says.
 *
 * A cancelled listing is no error: it has what was found until then.
 */
void
almu_folder_list_async (AlmuFolder         *self,
                        const char         *directory,
                        AlmuListFilter      filter,
                        AlmuListKind        kind,
                        AlmuListProgress    progress_func,
                        gpointer            progress_data,
                        GCancellable       *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autofree char *path = NULL;
  GError          *error = NULL;
  Job             *job;

  g_return_if_fail (ALMU_IS_FOLDER (self));
  g_return_if_fail (directory != NULL);
  g_return_if_fail ((guint) filter <= ALMU_LIST_ALL);
  g_return_if_fail ((guint) kind <= ALMU_LIST_CATALOGS);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  /* without the cancellable, which would turn what was found into an error */
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, almu_folder_list_async);
  almu_workers_set_owner (task, almu_workers_get_owner (cancellable));

  path = almu_folder_normalize (self, directory, NULL, &error);
  if (path == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  job = g_new0 (Job, 1);
  job->folder = self;
  job->path = g_steal_pointer (&path);
  job->filter = filter;
  job->kind = kind;
  job->progress = progress_func;
  job->progress_data = progress_data;
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  job->task = task;
  g_task_set_task_data (task, job, (GDestroyNotify) job_free);

  /* A file server may take its time: not on a thread that a cursor needs. */
  almu_workers_run (task, ALMU_PRIORITY_LONG, list_worker);
}

/**
 * almu_folder_list_finish:
 * @self: a folder
 * @result: what the callback got
 * @error: return location for an error
 *
 * Fails as almu_folder_normalize() does, with %ALMU_ERROR_NOT_FOUND if there is
 * no such folder, with %ALMU_ERROR_REFUSED if a link leads out of the top-level
 * one, and with %G_IO_ERROR if it cannot be read.
 *
 * Returns: (transfer full): what was found; incomplete if it was cancelled
 */
AlmuListing *
almu_folder_list_finish (AlmuFolder   *self,
                         GAsyncResult *result,
                         GError      **error)
{
  g_return_val_if_fail (ALMU_IS_FOLDER (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
