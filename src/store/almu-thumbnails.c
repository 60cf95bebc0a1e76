/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-thumbnails.h"

#include <string.h>

#include <glib/gstdio.h>

#include "almu-archive.h"
#include "almu-limits.h"
#include "almu-thumbnail.h"
#include "almu-workers.h"

#define SUFFIX ".png"

/* The process has 2 s to end; pictures may have some of them. */
#define SETTLE_MSEC 500

/**
 * AlmuThumbnails:
 *
 * A small picture of each kept session, as `ID.png` in a folder of their
 * own. Drawn when a session loses its page or ends, if a plane of its first
 * images is in memory by then: nothing is read for it. Removed when the
 * session is forgotten.
 *
 * The daemon owns it; main thread, while pictures are drawn on workers. What
 * fails here costs a picture and nothing else.
 */
struct _AlmuThumbnails
{
  GObject parent_instance;

  char         *folder;
  AlmuSessions *sessions;
  GHashTable   *cancellables; /* id → GCancellable, cancelled when forgotten */

  GMutex mutex;
  GCond  settled;
  guint  n_drawing; /* under the mutex */
};

G_DEFINE_FINAL_TYPE (AlmuThumbnails, almu_thumbnails, G_TYPE_OBJECT)

typedef struct
{
  AlmuPlane     *plane;
  AlmuHistogram *histogram; /* NULL if not known */
  char          *path;
  /* not the task's: a picture that nobody wants any more may be there */
  GCancellable *cancellable;
} Drawing;

static char *
path_for (AlmuThumbnails *self,
          guint32         id)
{
  g_autofree char *name = g_strdup_printf ("%u" SUFFIX, id);

  return g_build_filename (self->folder, name, NULL);
}

/* -- drawing ------------------------------------------------------------ */

static void
drawing_free (Drawing *drawing)
{
  almu_plane_unref (drawing->plane);
  g_clear_pointer (&drawing->histogram, almu_histogram_unref);
  g_free (drawing->path);
  g_clear_object (&drawing->cancellable);
  g_free (drawing);
}

static gboolean
draw (Drawing *drawing,
      GError **error)
{
  g_autoptr(GBytes) png = almu_thumbnail_draw (drawing->plane, drawing->histogram, error);
  g_autofree char *folder = g_path_get_dirname (drawing->path);
  const char      *data;
  gsize            size;

  if (png == NULL)
    return FALSE;

  g_mkdir_with_parents (folder, 0700);
  data = g_bytes_get_data (png, &size);
  if (!g_file_set_contents_full (drawing->path, data, (gssize) size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
    return FALSE;

  /* forgotten meanwhile, when there may have been nothing to remove yet */
  if (g_cancellable_is_cancelled (drawing->cancellable))
    g_unlink (drawing->path);

  return TRUE;
}

static void
draw_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  AlmuThumbnails *self = source_object;
  GError         *error = NULL;

  if (draw (task_data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);

  g_mutex_lock (&self->mutex);
  self->n_drawing--;
  g_cond_broadcast (&self->settled);
  g_mutex_unlock (&self->mutex);
}

static void
on_drawn (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_debug ("No picture of a session: %s", error->message);
}

static GCancellable *
get_cancellable (AlmuThumbnails *self,
                 guint32         id)
{
  GCancellable *cancellable = g_hash_table_lookup (self->cancellables, GUINT_TO_POINTER (id));

  if (cancellable == NULL)
    {
      cancellable = g_cancellable_new ();
      g_hash_table_insert (self->cancellables, GUINT_TO_POINTER (id), cancellable);
    }

  return cancellable;
}

/* What the page shows of the first file that has it at hand. */
static Drawing *
find_plane (AlmuSession *session)
{
  GPtrArray *files = almu_session_list_files (session);
  AlmuCache *cache = almu_session_get_cache (session);

  for (guint i = 0; i < files->len; i++)
    {
      AlmuFile      *file = files->pdata[i];
      AlmuImage     *image = almu_file_get_image (file);
      int            channel = almu_file_get_channel (file);
      int            stokes = almu_file_get_stokes (file);
      AlmuPlane     *plane = image != NULL ? almu_cache_peek_plane (cache, image, channel, stokes) : NULL;
      AlmuHistogram *histogram;
      Drawing       *drawing;

      if (plane == NULL)
        continue;

      histogram = almu_cache_peek_histogram (cache, image, channel, stokes);
      drawing = g_new0 (Drawing, 1);
      drawing->plane = almu_plane_ref (plane);
      drawing->histogram = histogram != NULL ? almu_histogram_ref (histogram) : NULL;

      return drawing;
    }

  return NULL;
}

static void
on_state_changed (AlmuSession    *session,
                  GParamSpec     *pspec,
                  AlmuThumbnails *self)
{
  guint32  id = almu_session_get_id (session);
  Drawing *drawing;
  g_autoptr(GTask) task = NULL;

  if (almu_session_get_state (session) == ALMU_SESSION_ATTACHED)
    return;

  drawing = find_plane (session);
  if (drawing == NULL)
    return;

  drawing->path = path_for (self, id);
  drawing->cancellable = g_object_ref (get_cancellable (self, id));
  task = g_task_new (self, NULL, on_drawn, NULL);
  g_task_set_source_tag (task, on_state_changed);
  g_task_set_task_data (task, drawing, (GDestroyNotify) drawing_free);

  g_mutex_lock (&self->mutex);
  self->n_drawing++;
  g_mutex_unlock (&self->mutex);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, draw_worker);
}

/* -- which sessions ----------------------------------------------------- */

static void
on_session_added (AlmuSessions   *sessions,
                  AlmuSession    *session,
                  AlmuThumbnails *self)
{
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state_changed), self, 0);
}

static void
on_session_forgotten (AlmuSessions   *sessions,
                      guint           id,
                      AlmuThumbnails *self)
{
  g_autofree char *path = path_for (self, id);
  GCancellable    *cancellable = g_hash_table_lookup (self->cancellables, GUINT_TO_POINTER (id));

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  g_hash_table_remove (self->cancellables, GUINT_TO_POINTER (id));
  g_unlink (path);
}

/* The session of a file, or 0 if it is none of ours. One that was left half
 * written has something after its name. */
static guint32
parse_file (const char *file,
            gboolean   *out_is_whole)
{
  char   *end;
  guint64 id;

  if (!g_ascii_isdigit (*file))
    return 0;

  id = g_ascii_strtoull (file, &end, 10);
  if (id > G_MAXUINT32 || !g_str_has_prefix (end, SUFFIX))
    return 0;

  *out_is_whole = g_str_equal (end, SUFFIX);

  return (guint32) id;
}

static gboolean
is_kept (AlmuThumbnails *self,
         guint32         id)
{
  AlmuArchive *archive = almu_sessions_get_archive (self->sessions);

  return almu_sessions_lookup (self->sessions, id) != NULL ||
         (archive != NULL && almu_archive_contains (archive, id));
}

/* Sessions also go when they are too old, or with their database. */
static void
sweep (AlmuThumbnails *self)
{
  g_autoptr(GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      gboolean is_whole = FALSE;
      guint32  id = parse_file (file, &is_whole);

      if (id != 0 && !(is_whole && is_kept (self, id)))
        {
          g_autofree char *path = g_build_filename (self->folder, file, NULL);

          g_unlink (path);
        }
    }
}

/* -- the object --------------------------------------------------------- */

static void
almu_thumbnails_dispose (GObject *object)
{
  AlmuThumbnails *self = ALMU_THUMBNAILS (object);

  g_clear_object (&self->sessions);

  G_OBJECT_CLASS (almu_thumbnails_parent_class)->dispose (object);
}

static void
almu_thumbnails_finalize (GObject *object)
{
  AlmuThumbnails *self = ALMU_THUMBNAILS (object);

  g_clear_pointer (&self->cancellables, g_hash_table_unref);
  g_clear_pointer (&self->folder, g_free);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->settled);

  G_OBJECT_CLASS (almu_thumbnails_parent_class)->finalize (object);
}

static void
almu_thumbnails_class_init (AlmuThumbnailsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_thumbnails_dispose;
  object_class->finalize = almu_thumbnails_finalize;
}

static void
almu_thumbnails_init (AlmuThumbnails *self)
{
  self->cancellables = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->settled);
}

/**
 * almu_thumbnails_new:
 * @folder: where the pictures are; made with the first
 * @sessions: whose; their archive is set already
 *
 * Also removes the pictures in @folder that no session in memory or in the
 * archive has, and those left half written. Main thread.
 *
 * Returns: (transfer full): the pictures
 */
AlmuThumbnails *
almu_thumbnails_new (const char   *folder,
                     AlmuSessions *sessions)
{
  AlmuThumbnails *self;
  g_autoptr(GPtrArray) live = NULL;

  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  self = g_object_new (ALMU_TYPE_THUMBNAILS, NULL);
  self->folder = g_strdup (folder);
  self->sessions = g_object_ref (sessions);
  g_signal_connect_object (sessions, "session-added", G_CALLBACK (on_session_added), self, 0);
  g_signal_connect_object (sessions, "session-forgotten", G_CALLBACK (on_session_forgotten), self, 0);

  live = almu_sessions_list (sessions);
  for (guint i = 0; i < live->len; i++)
    on_session_added (sessions, live->pdata[i], self);
  sweep (self);

  return self;
}

/**
 * almu_thumbnails_load:
 * @self: the pictures
 * @id: of a session
 *
 * Reads the file as it is, on the calling thread. One of more than
 * %ALMU_LIMIT_THUMBNAIL_BYTES, or that is no regular file, counts as none.
 *
 * Returns: (nullable) (transfer full): its picture as a PNG file
 */
GBytes *
almu_thumbnails_load (AlmuThumbnails *self,
                      guint32         id)
{
  g_autofree char *path = NULL;
  GStatBuf         st;
  char            *data;
  gsize            size;

  g_return_val_if_fail (ALMU_IS_THUMBNAILS (self), NULL);

  path = path_for (self, id);
  if (g_lstat (path, &st) < 0 || !S_ISREG (st.st_mode) || st.st_size > ALMU_LIMIT_THUMBNAIL_BYTES ||
      !g_file_get_contents (path, &data, &size, NULL))
    return NULL;

  return g_bytes_new_take (data, size);
}

/**
 * almu_thumbnails_contains:
 * @self: the pictures
 * @id: of a session
 *
 * Whether almu_thumbnails_load() has something to look at; the price is one
 * `stat`.
 */
gboolean
almu_thumbnails_contains (AlmuThumbnails *self,
                          guint32         id)
{
  g_autofree char *path = NULL;

  g_return_val_if_fail (ALMU_IS_THUMBNAILS (self), FALSE);

  path = path_for (self, id);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/**
 * almu_thumbnails_settle:
 * @self: the pictures
 *
 * Waits a moment for those being drawn: the process is about to end.
 */
void
almu_thumbnails_settle (AlmuThumbnails *self)
{
  gint64 end = g_get_monotonic_time () + SETTLE_MSEC * G_TIME_SPAN_MILLISECOND;

  g_return_if_fail (ALMU_IS_THUMBNAILS (self));

  g_mutex_lock (&self->mutex);
  while (self->n_drawing > 0 && g_cond_wait_until (&self->settled, &self->mutex, end))
    ;
  g_mutex_unlock (&self->mutex);
}
