/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-saving.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-cutout.h"
#include "almu-draft.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-shape-project.h"
#include "almu-workers.h"

/**
 * Saving:
 * @shape: (nullable): what is kept of the plane; becomes the cut-out's mask
 * @drawn_on: (nullable): the image that @shape is of, if it is another
 * @cancellable: the save's own: ends with the caller's, or with the file
 * @lost: (nullable): what could not be kept; the worker's
 *
 * Worker's input, and what ties it to the session.
 */
typedef struct
{
  AlmuFolder   *folder;
  AlmuImage    *image;
  AlmuShape    *shape;
  AlmuImage    *drawn_on;
  AlmuCutout   *cutout;
  char         *path;
  gboolean      overwrite;
  AlmuFile     *file;
  AlmuSession  *session;
  gulong        removed_id;
  GCancellable *cancellable;
  GCancellable *callers;
  gulong        cancelled_id;
  char         *lost;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;

  if (saving->session != NULL)
    g_clear_signal_handler (&saving->removed_id, saving->session);
  if (saving->callers != NULL)
    g_cancellable_disconnect (saving->callers, saving->cancelled_id);
  g_clear_object (&saving->session);
  g_clear_object (&saving->callers);
  g_clear_object (&saving->folder);
  g_clear_object (&saving->image);
  g_clear_object (&saving->drawn_on);
  g_clear_object (&saving->file);
  g_clear_object (&saving->cancellable);
  g_clear_pointer (&saving->shape, almu_shape_unref);
  g_clear_pointer (&saving->cutout, almu_cutout_free);
  g_free (saving->path);
  g_free (saving->lost);
  g_free (saving);
}

/* -- what is asked for -------------------------------------------------- */

static gboolean
take_range (const AlmuSavingRange *range,
            int                    n_planes,
            const char            *what,
            AlmuSteps             *out_steps,
            GError               **error)
{
  gint32 first = range->n > 0 ? range->number[0] : 0;
  gint32 last = range->n > 1 ? range->number[1] : n_planes - 1;
  gint32 stride = range->n > 2 ? range->number[2] : 1;

  /* the page counts an end it does not know as -1 */
  if (last < 0 || last >= n_planes)
    last = n_planes - 1;

  if (range->n > 3 || first < 0 || first > last || stride < 1)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s %d to %d in steps of %d are none of the image's, which has 0 to %d"),
                   what, first, range->n > 1 ? range->number[1] : last, stride, n_planes - 1);
      return FALSE;
    }

  *out_steps = (AlmuSteps){ first, (last - first) / stride + 1, stride };

  return TRUE;
}

static AlmuShape *
find_shape (AlmuSession *session,
            AlmuFile    *file,
            int          region_id,
            AlmuImage  **out_drawn_on,
            GError     **error)
{
  AlmuRegion *region = almu_session_get_region (session, region_id, error);
  AlmuShape  *shape;

  if (region == NULL)
    return NULL;

  shape = almu_region_get_shape (region);
  if (almu_region_get_file_id (region) != almu_file_get_id (file))
    {
      AlmuImage *other = almu_region_get_image (region);

      if (other == NULL)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                       _ ("Region %d is drawn on file %d, which is not open"),
                       region_id, almu_region_get_file_id (region));
          return NULL;
        }
      *out_drawn_on = g_object_ref (other);
    }

  if (almu_shape_is_annotation (shape) ||
      (!almu_shape_is_closed (shape) && shape->type != ALMU_SHAPE_POINT))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Region %d is a %s, which has no pixels inside"),
                   region_id, _ (almu_shape_type_get_name (shape->type)));
      return NULL;
    }

  return almu_shape_ref (shape);
}

/* Fills in what the worker needs; the order is the caller's. */
static gboolean
take_order (Saving                *saving,
            AlmuSession           *session,
            AlmuFile              *file,
            const AlmuSavingOrder *order,
            GError               **error)
{
  AlmuImage           *image = almu_file_get_image (file);
  const AlmuImageInfo *info;

  if (image == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("File %d is not open"), almu_file_get_id (file));
      return FALSE;
    }

  info = almu_image_get_info (image);
  saving->image = g_object_ref (image);
  saving->folder = g_object_ref (almu_session_get_folder (session));
  saving->path = g_strdup (order->path);
  saving->overwrite = order->overwrite;
  saving->cutout = almu_cutout_new (info);
  saving->cutout->keep_degenerate = order->keep_degenerate;

  if (order->rest_frequency < 0 || isinf (order->rest_frequency))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Rest frequency %g Hz is not a positive number"), order->rest_frequency);
      return FALSE;
    }
  if (order->rest_frequency > 0)
    saving->cutout->rest_frequency = order->rest_frequency;

  if (!take_range (&order->channels, info->depth, _ ("Channels"), &saving->cutout->channels, error) ||
      !take_range (&order->stokes, info->n_stokes, _ ("Polarisations"), &saving->cutout->stokes, error))
    return FALSE;

  if (order->region_id > ALMU_SAVING_WHOLE)
    {
      saving->shape = find_shape (session, file, order->region_id, &saving->drawn_on, error);
      return saving->shape != NULL;
    }

  return TRUE;
}

/* -- the work ----------------------------------------------------------- */

/* From the image it is drawn on to the one that is saved, by the sky. */
static gboolean
project_shape (Saving  *saving,
               GError **error)
{
  g_autoptr(AlmuSkyMap) from = NULL;
  g_autoptr(AlmuSkyMap) to = NULL;
  AlmuShape *shape;

  if (saving->drawn_on == NULL)
    return TRUE;

  from = almu_sky_map_new (almu_image_get_info (saving->drawn_on), error);
  to = from != NULL ? almu_sky_map_new (almu_image_get_info (saving->image), error) : NULL;
  shape = to != NULL ? almu_shape_project (saving->shape, from, to, NULL, error) : NULL;
  if (shape == NULL)
    {
      g_prefix_error (error, _ ("The region cannot be placed on %s: "), almu_image_get_name (saving->image));
      return FALSE;
    }

  almu_shape_unref (saving->shape);
  saving->shape = shape;

  return TRUE;
}

static gboolean
take_mask (Saving  *saving,
           GError **error)
{
  const AlmuImageInfo *info = almu_image_get_info (saving->image);
  AlmuMask            *mask;

  if (saving->shape == NULL)
    return TRUE;
  if (!project_shape (saving, error) || !almu_mask_check (saving->shape, info->width, info->height, error))
    return FALSE;

  mask = almu_mask_new (saving->shape, info->width, info->height);
  saving->cutout->mask = mask;
  if (mask == NULL || almu_mask_is_empty (mask))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, _ ("The region lies outside the image"));
      return FALSE;
    }

  saving->cutout->area = mask->bounds;

  return TRUE;
}

static gboolean
save (Saving       *saving,
      GCancellable *cancellable,
      GError      **error)
{
  g_autoptr(AlmuDraft) draft = NULL;

  if (!take_mask (saving, error))
    return FALSE;

  draft = almu_draft_new (saving->folder, saving->path, saving->overwrite,
                          almu_image_get_fingerprint (saving->image), error);
  if (draft == NULL)
    return FALSE;

  if (!almu_cutout_write (saving->cutout, saving->image, almu_draft_get_fd (draft), &saving->lost, cancellable, error))
    {
      g_prefix_error (error, "%s: ", saving->path);
      return FALSE;
    }

  return !g_cancellable_set_error_if_cancelled (cancellable, error) &&
         almu_draft_commit (draft, error);
}

static void
save_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;

  if (save (task_data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* -- the order ---------------------------------------------------------- */

static void
on_file_removed (AlmuSession *session,
                 AlmuFile    *file,
                 Saving      *saving)
{
  if (file == saving->file)
    g_cancellable_cancel (saving->cancellable);
}

static void
on_cancelled (GCancellable *callers,
              GCancellable *own)
{
  g_cancellable_cancel (own);
}

/**
 * almu_saving_async:
 * @session: whose regions and folder
 * @file: open in it
 * @order: what and where to
 * @cancellable: (nullable): gives it up
 * @callback: when it is done
 * @user_data: for @callback
 *
 * Writes an image, or a part of it, as a FITS file. It ends with the file,
 * too. One that fails or is cancelled leaves nothing behind.
 */
void
almu_saving_async (AlmuSession           *session,
                   AlmuFile              *file,
                   const AlmuSavingOrder *order,
                   GCancellable          *cancellable,
                   GAsyncReadyCallback    callback,
                   gpointer               user_data)
{
  Saving *saving = g_new0 (Saving, 1);
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  saving->cancellable = g_cancellable_new ();
  task = g_task_new (session, saving->cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_saving_async);
  g_task_set_task_data (task, saving, saving_free);
  /* what is written is there, whatever came after */
  g_task_set_check_cancellable (task, FALSE);

  if (!take_order (saving, session, file, order, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  saving->session = g_object_ref (session);
  saving->file = g_object_ref (file);
  saving->removed_id = g_signal_connect (session, "file-removed", G_CALLBACK (on_file_removed), saving);
  if (cancellable != NULL)
    {
      saving->callers = g_object_ref (cancellable);
      saving->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
                                                    g_object_ref (saving->cancellable), g_object_unref);
    }

  almu_workers_run (task, ALMU_PRIORITY_LONG, save_worker);
}

/**
 * almu_saving_finish:
 * @out_notice: (out) (nullable): what the saved file has not, a phrase for
 *   people
 * @result: what the callback of almu_saving_async() got
 * @error: return location
 *
 * %G_IO_ERROR_EXISTS if there is such a file and it may not be replaced,
 * %G_IO_ERROR_CANCELLED if it was given up or its file was closed. Whatever the
 * failure, no file of that name was made or changed.
 *
 * Returns: %TRUE if the file is there, whole, and on the disk
 */
gboolean
almu_saving_finish (GAsyncResult *result,
                    char        **out_notice,
                    GError      **error)
{
  const Saving *saving;

  g_return_val_if_fail (G_IS_TASK (result), FALSE);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;

  saving = g_task_get_task_data (G_TASK (result));
  *out_notice = saving->lost != NULL
                  ? g_strdup_printf (_ ("%s: is saved without a part of its coordinates: %s"), saving->path, saving->lost)
                  : NULL;

  return TRUE;
}
