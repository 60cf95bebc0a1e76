/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-resume.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-opening.h"
#include "almu-resume-catalogs.h"

/* Brings a session to the state its viewer remembers, by doing only the
 * difference: files are looked at on worker threads, all at once; nothing
 * is changed before the last has answered, and then everything in one go.
 * A link that is lost in between leaves the session as it was.
 */
typedef struct
{
  GPtrArray          *wishes;
  GPtrArray          *images;   /* AlmuImage or NULL, as wishes */
  GPtrArray          *errors;   /* GError or NULL, as wishes */
  AlmuResumeCatalogs *catalogs; /* or NULL, to leave them as they are */
  guint               n_waiting;
  GPtrArray          *problems; /* text */
} Resume;

typedef struct
{
  GTask *task;
  guint  index;
} Answer;

static void
unref_if_set (gpointer object)
{
  if (object != NULL)
    g_object_unref (object);
}

static void
free_error_if_set (gpointer error)
{
  if (error != NULL)
    g_error_free (error);
}

static void
resume_free (gpointer data)
{
  Resume *resume = data;

  g_ptr_array_unref (resume->wishes);
  g_ptr_array_unref (resume->images);
  g_ptr_array_unref (resume->errors);
  g_clear_pointer (&resume->catalogs, almu_resume_catalogs_free);
  g_ptr_array_unref (resume->problems);
  g_free (resume);
}

static void
add_problem (Resume     *resume,
             const char *format,
             ...) G_GNUC_PRINTF (2, 3);

static void
add_problem (Resume     *resume,
             const char *format,
             ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (resume->problems, g_strdup_vprintf (format, args));
  va_end (args);
}

/* -- taking it in, once all is known ------------------------------------ */

static gboolean
is_wished (Resume *resume,
           int     file_id)
{
  for (guint i = 0; i < resume->wishes->len; i++)
    {
      const AlmuFileWish *wish = resume->wishes->pdata[i];

      if (wish->id == file_id)
        return TRUE;
    }

  return FALSE;
}

static void
close_others (AlmuSession *session,
              Resume      *resume)
{
  GPtrArray *files = almu_session_list_files (session);
  guint      i = 0;

  while (i < files->len)
    {
      int file_id = almu_file_get_id (files->pdata[i]);

      if (is_wished (resume, file_id))
        i++;
      else
        almu_session_close_file (session, file_id, NULL);
    }
}

static void
take_plane (AlmuFile           *file,
            const AlmuFileWish *wish,
            Resume             *resume)
{
  g_autoptr(GError) error = NULL;

  if (!almu_file_set_plane (file, wish->channel, wish->stokes, &error))
    add_problem (resume, _ ("File %d (%s) is shown at channel %d, polarisation %d: %s"),
                 wish->id, wish->label,
                 almu_file_get_channel (file), almu_file_get_stokes (file), error->message);
  g_clear_error (&error);

  if (wish->has_cursor && !almu_file_set_cursor (file, wish->cursor, &error))
    add_problem (resume, _ ("Cursor of file %d (%s): %s"), wish->id, wish->label, error->message);
}

/* What the session knows of a file beside what a viewer says: what is
 * wanted of it and how it is shown. It outlives the image. */
static void
inherit (AlmuFile           *file,
         const AlmuFileWish *wish,
         AlmuFile           *before)
{
  g_autoptr(GPtrArray) requirements = NULL;
  const char *look = wish->look;

  if (wish->requirements != NULL)
    requirements = g_ptr_array_ref (wish->requirements);
  else if (before != NULL && almu_file_name_equal (almu_file_get_name (before), wish->name))
    requirements = almu_file_dup_requirements (before);

  if (look == NULL && before != NULL)
    look = almu_file_get_look (before);

  if (requirements != NULL)
    almu_file_keep_requirements (file, requirements);
  almu_file_set_look (file, look);

  if (before != NULL && almu_file_name_equal (almu_file_get_name (before), wish->name))
    {
      almu_file_set_contours (file, almu_file_get_contours (before));
      almu_file_set_vectors (file, almu_file_get_vectors (before));
    }
}

/* Nothing is made of it before the session is renewed. */
static void
take_overlays (AlmuFile           *file,
               const AlmuFileWish *wish)
{
  if (wish->knows_contours)
    almu_file_set_contours (file, wish->contours);
  if (wish->knows_vectors)
    almu_file_set_vectors (file, wish->vectors);
}

/* The file as it is wished: the one that is there, a new one, or one that
 * waits to be there again. */
static AlmuFile *
take_file (AlmuSession        *session,
           const AlmuFileWish *wish,
           AlmuImage          *image,
           const GError       *error,
           Resume             *resume)
{
  AlmuFile *before = almu_session_get_file (session, wish->id, NULL);
  AlmuFile *file;

  if (image != NULL && before != NULL && almu_file_get_image (before) == image)
    return before;

  if (wish->name == NULL)
    {
      almu_session_close_file (session, wish->id, NULL);
      add_problem (resume, _ ("File %d (%s) cannot be opened: %s"),
                   wish->id, wish->label, wish->error->message);
      return NULL;
    }

  file = almu_file_new (wish->id, wish->name);
  inherit (file, wish, before);
  almu_file_keep_place (file, wish->channel, wish->stokes,
                        wish->has_cursor ? &wish->cursor : NULL);
  if (image != NULL)
    {
      almu_file_come_alive (file, almu_session_get_cache (session), image,
                            almu_session_get_id (session), almu_session_get_epoch (session));
    }
  else
    {
      almu_file_fail (file, error);
      add_problem (resume, _ ("File %d (%s) cannot be opened: %s"),
                   wish->id, wish->label, error->message);
    }
  almu_session_take_file (session, file);

  return file;
}

static gboolean
has_region (const AlmuFileWish *wish,
            int                 region_id)
{
  for (guint i = 0; i < wish->regions->len; i++)
    {
      if (g_array_index (wish->regions, AlmuRegionWish, i).id == region_id)
        return TRUE;
    }

  return FALSE;
}

static void
take_regions (AlmuSession        *session,
              const AlmuFileWish *wish,
              Resume             *resume)
{
  g_autoptr(GPtrArray) present = almu_session_list_regions (session, wish->id);

  for (guint i = 0; i < present->len; i++)
    {
      int region_id = almu_region_get_id (present->pdata[i]);

      if (!has_region (wish, region_id))
        almu_session_remove_region (session, region_id, NULL);
    }

  for (guint i = 0; i < wish->regions->len; i++)
    {
      AlmuRegionWish *region = &g_array_index (wish->regions, AlmuRegionWish, i);
      g_autoptr(GError) error = region->error != NULL ? g_error_copy (region->error) : NULL;

      if (region->shape == NULL ||
          almu_session_set_region (session, region->id, wish->id, region->shape, &error) == NULL)
        add_problem (resume, _ ("Region %d of file %d (%s): %s"),
                     region->id, wish->id, wish->label, error->message);
    }
}

static void
take_all (AlmuSession *session,
          Resume      *resume)
{
  close_others (session, resume);

  for (guint i = 0; i < resume->wishes->len; i++)
    {
      const AlmuFileWish *wish = resume->wishes->pdata[i];
      AlmuFile           *file;

      file = take_file (session, wish, resume->images->pdata[i], resume->errors->pdata[i], resume);
      if (file == NULL)
        continue;

      if (almu_file_get_image (file) != NULL)
        take_plane (file, wish, resume);
      take_regions (session, wish, resume);
      take_overlays (file, wish);
    }

  /* of regions, too, that are drawn on files further down */
  for (guint i = 0; i < resume->wishes->len; i++)
    {
      const AlmuFileWish *wish = resume->wishes->pdata[i];
      AlmuFile           *file = almu_session_get_file (session, wish->id, NULL);

      if (file != NULL)
        almu_session_require_kept (session, file);
    }
}

/* -- looking at the files ----------------------------------------------- */

static void
finish_if_all_answered (GTask *task)
{
  Resume *resume = g_task_get_task_data (task);

  AlmuSession *session = g_task_get_source_object (task);

  if (resume->n_waiting > 0 || g_task_return_error_if_cancelled (task))
    return;

  if (almu_session_get_state (session) >= ALMU_SESSION_PARKED)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The session has ended meanwhile"));
      return;
    }

  take_all (session, resume);
  if (resume->catalogs != NULL)
    almu_resume_catalogs_take (resume->catalogs, session, resume->problems);
  g_task_return_boolean (task, TRUE);
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autofree Answer *answer = user_data;
  g_autoptr(GTask) task = answer->task;
  Resume *resume = g_task_get_task_data (task);
  GError *error = NULL;

  resume->images->pdata[answer->index] = almu_opening_finish (result, &error);
  resume->errors->pdata[answer->index] = error;
  resume->n_waiting--;
  finish_if_all_answered (task);
}

static void
on_catalogs_read (gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Resume *resume = g_task_get_task_data (task);

  resume->n_waiting--;
  finish_if_all_answered (task);
}

/* The image that the session has under this id, if the viewer means the
 * same by it. */
static AlmuImage *
find_known (AlmuSession        *session,
            const AlmuFileWish *wish)
{
  AlmuFile           *file = almu_session_get_file (session, wish->id, NULL);
  const AlmuFileName *name;
  AlmuImage          *image;

  if (file == NULL)
    return NULL;

  name = almu_file_get_name (file);
  image = almu_file_get_image (file);
  if (image == NULL)
    return NULL;

  if (name->parts != NULL || wish->name->parts != NULL)
    return almu_file_name_equal (name, wish->name) ? image : NULL;

  if (!g_str_equal (name->directory, wish->name->directory) ||
      !g_str_equal (name->name, wish->name->name) || name->flags != wish->name->flags)
    return NULL;

  if (g_str_equal (name->hdu, wish->name->hdu) ||
      g_strcmp0 (almu_image_get_info (image)->hdu, wish->name->hdu) == 0)
    return image;

  return NULL;
}

static gboolean
check_wishes (GPtrArray *wishes,
              GError   **error)
{
  g_autoptr(GHashTable) ids = g_hash_table_new (NULL, NULL);

  if (wishes->len > ALMU_LIMIT_FILES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u files are more than the %d a session may have"), wishes->len, ALMU_LIMIT_FILES);
      return FALSE;
    }

  for (guint i = 0; i < wishes->len; i++)
    {
      const AlmuFileWish *wish = wishes->pdata[i];

      if (wish->id < 0 || wish->id > ALMU_LIMIT_FILE_ID)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("File id %d is not one from 0 to %d"), wish->id, ALMU_LIMIT_FILE_ID);
          return FALSE;
        }

      if (!g_hash_table_add (ids, GINT_TO_POINTER (wish->id)))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("File id %d stands for two files"), wish->id);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * almu_resume_async:
 * @session: that is resumed
 * @wishes: (element-type AlmuFileWish): all files of the viewer
 * @catalogs: (nullable) (element-type AlmuCatalogWish): all its catalogs;
 *   %NULL to leave them as they are
 * @cancellable: (nullable): gives it up, and leaves the session as it is
 *
 * Brings @session to the state that its viewer remembers.
 */
void
almu_resume_async (AlmuSession        *session,
                   GPtrArray          *wishes,
                   GPtrArray          *catalogs,
                   GCancellable       *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;
  Resume *resume;

  g_return_if_fail (ALMU_IS_SESSION (session));

  task = g_task_new (session, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_resume_async);
  g_task_set_check_cancellable (task, FALSE);

  if (!check_wishes (wishes, &error) ||
      (catalogs != NULL && !almu_resume_catalogs_check (catalogs, &error)))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  resume = g_new0 (Resume, 1);
  resume->wishes = g_ptr_array_ref (wishes);
  resume->images = g_ptr_array_new_full (wishes->len, unref_if_set);
  g_ptr_array_set_size (resume->images, (int) wishes->len);
  resume->errors = g_ptr_array_new_full (wishes->len, free_error_if_set);
  g_ptr_array_set_size (resume->errors, (int) wishes->len);
  resume->problems = g_ptr_array_new_with_free_func (g_free);
  resume->n_waiting = 1; /* for all to be asked */
  g_task_set_task_data (task, resume, resume_free);

  for (guint i = 0; i < wishes->len; i++)
    {
      const AlmuFileWish *wish = wishes->pdata[i];
      Answer             *answer;

      if (wish->name == NULL)
        continue;

      answer = g_new0 (Answer, 1);
      answer->task = g_object_ref (task);
      answer->index = i;
      resume->n_waiting++;
      almu_opening_async (almu_session_get_folder (session), wish->name,
                          find_known (session, wish), cancellable, on_opened, answer);
    }

  if (catalogs != NULL)
    {
      resume->catalogs = almu_resume_catalogs_new (catalogs);
      resume->n_waiting++;
      almu_resume_catalogs_read (resume->catalogs, session, cancellable, on_catalogs_read, g_object_ref (task));
    }

  resume->n_waiting--;
  finish_if_all_answered (task);
}

/**
 * almu_resume_finish:
 * @session: the session
 * @result: what the callback of almu_resume_async() got
 * @error: return location
 * @out_problems: (transfer full): what could not be restored, in words
 *
 * A file or a catalog that cannot be had is one of @out_problems and no
 * failure: it waits in the session until it is there. What makes no sense is
 * %ALMU_ERROR_FORMAT or %ALMU_ERROR_LIMIT, and %G_IO_ERROR_CANCELLED says that
 * the viewer or the session has gone.
 *
 * Returns: %FALSE if nothing was changed, because the request makes no
 *   sense or the viewer has gone
 */
gboolean
almu_resume_finish (AlmuSession  *session,
                    GAsyncResult *result,
                    char       ***out_problems,
                    GError      **error)
{
  Resume *resume;

  g_return_val_if_fail (g_task_is_valid (result, session), FALSE);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;

  resume = g_task_get_task_data (G_TASK (result));
  g_ptr_array_add (resume->problems, NULL);
  *out_problems = (char **) g_ptr_array_free (resume->problems, FALSE);
  resume->problems = g_ptr_array_new_with_free_func (g_free);

  return TRUE;
}
