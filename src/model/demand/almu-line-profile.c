/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-line-profile.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-mask.h"
#include "almu-shape-project.h"
#include "almu-workers.h"

typedef struct
{
  AlmuPlane *plane;
  AlmuImage *image;     /* that the plane is of */
  AlmuShape *line;      /* in pixels of the next */
  AlmuImage *reference; /* mostly the same image */
  GArray    *wants;     /* AlmuSpatialWant */
} Input;

static void
input_free (gpointer data)
{
  Input *input = data;

  almu_plane_unref (input->plane);
  g_object_unref (input->image);
  almu_shape_unref (input->line);
  g_object_unref (input->reference);
  g_array_unref (input->wants);
  g_free (input);
}

static void
line_profile_free (gpointer data)
{
  AlmuLineProfile *profile = data;

  g_clear_pointer (&profile->values, g_bytes_unref);
  g_free (profile);
}

static float
get_mean (AlmuPlane       *plane,
          const AlmuShape *box)
{
  g_autoptr(AlmuMask) mask = NULL;
  AlmuStats stats;

  mask = almu_mask_new (box, almu_plane_get_width (plane), almu_plane_get_height (plane));
  almu_mask_measure (mask, plane, &stats);

  return stats.n > 0 ? (float) (stats.sum / (double) stats.n) : NAN;
}

/* Values travel as little-endian. */
static void
store_value (float  value,
             float *place)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  memcpy (place, &bits, sizeof bits);
}

/* @from and @to are NULL where the line is drawn on the image itself. */
static GBytes *
measure_boxes (Input        *input,
               GPtrArray    *boxes,
               AlmuSkyMap   *from,
               AlmuSkyMap   *to,
               GCancellable *cancellable,
               GError      **error)
{
  g_autofree float *values = g_new (float, MAX (boxes->len, 1));

  for (guint i = 0; i < boxes->len; i++)
    {
      g_autoptr(AlmuShape) box = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;

      /* what the other projection does not show has no pixels there */
      if (to != NULL)
        box = almu_shape_project (boxes->pdata[i], from, to, NULL, NULL);
      else
        box = almu_shape_ref (boxes->pdata[i]);
      store_value (box != NULL ? get_mean (input->plane, box) : NAN, &values[i]);
    }

  return g_bytes_new_take (g_steal_pointer (&values), boxes->len * sizeof (float));
}

static GPtrArray *
measure_all (Input        *input,
             GCancellable *cancellable,
             GError      **error)
{
  gboolean is_elsewhere = input->reference != input->image;
  g_autoptr(AlmuSkyMap) from = almu_sky_map_new (almu_image_get_info (input->reference), is_elsewhere ? error : NULL);
  g_autoptr(AlmuSkyMap) to = NULL;
  g_autoptr(GPtrArray) profiles = g_ptr_array_new_with_free_func (line_profile_free);

  if (is_elsewhere)
    {
      if (from != NULL)
        to = almu_sky_map_new (almu_image_get_info (input->image), error);
      if (to == NULL)
        return NULL;
    }

  for (guint i = 0; i < input->wants->len; i++)
    {
      const AlmuSpatialWant *want = &g_array_index (input->wants, AlmuSpatialWant, i);
      AlmuLineProfile       *profile = g_new0 (AlmuLineProfile, 1);
      g_autoptr(GPtrArray) boxes = NULL;

      g_ptr_array_add (profiles, profile);
      boxes = almu_line_cut (input->line, CLAMP (want->width, 1, ALMU_LIMIT_LINE_WIDTH), from,
                             &profile->axis, error);
      if (boxes == NULL)
        return NULL;

      profile->values = measure_boxes (input, boxes, from, to, cancellable, error);
      if (profile->values == NULL)
        return NULL;
    }

  return g_steal_pointer (&profiles);
}

static void
profile_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  GError    *error = NULL;
  GPtrArray *profiles = measure_all (task_data, cancellable, &error);

  if (profiles != NULL)
    g_task_return_pointer (task, profiles, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * almu_line_profile_async:
 * @plane: the pixels
 * @image: that they are of
 * @line: a line or polyline, in pixels of @reference
 * @reference: @image itself, or another that shows the same sky
 * @wants: (element-type AlmuSpatialWant): a profile for each
 * @priority: of the work, see almu_workers_run()
 *
 * Means along a line. Its boxes are made on the image it is drawn on and
 * looked at where they lie on @image, as any region is.
 */
void
almu_line_profile_async (AlmuPlane          *plane,
                         AlmuImage          *image,
                         AlmuShape          *line,
                         AlmuImage          *reference,
                         GArray             *wants,
                         int                 priority,
                         GCancellable       *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer            user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Input *input = g_new0 (Input, 1);

  input->plane = almu_plane_ref (plane);
  input->image = g_object_ref (image);
  input->line = almu_shape_ref (line);
  input->reference = g_object_ref (reference);
  input->wants = g_array_ref (wants);

  g_task_set_source_tag (task, almu_line_profile_async);
  g_task_set_task_data (task, input, input_free);
  almu_workers_run (task, priority, profile_worker);
}

/**
 * almu_line_profile_finish:
 * @result: what the callback got
 * @error: return location
 *
 * Fails if the line cannot be cut into boxes, if an image shows no sky where
 * two are involved, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full) (element-type AlmuLineProfile): one for each want
 */
GPtrArray *
almu_line_profile_finish (GAsyncResult *result,
                          GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
