/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-spectrum.h"

#include <math.h>

#include "almu-workers.h"

/* Channels between two looks at the clock. */
#define BITE 64

/* After this long the rest is long work, which never holds up a cursor. */
#define BRIEF_USEC (50 * G_TIME_SPAN_MILLISECOND)

/* How often a slow one says how far it is. */
#define REPORT_USEC (500 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  AlmuBox              box;
  float               *values;
  int                  n_read;
  gint64               last_report;
  AlmuSpectrumProgress progress;
  gpointer             user_data;
} Reading;

typedef struct
{
  GTask  *task;
  GBytes *values;
  float   progress;
} Report;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_free (reading->values);
  g_free (reading);
}

static void
report_free (gpointer data)
{
  Report *report = data;

  g_object_unref (report->task);
  g_bytes_unref (report->values);
  g_free (report);
}

static gboolean
on_report (gpointer user_data)
{
  Report       *report = user_data;
  Reading      *reading = g_task_get_task_data (report->task);
  GCancellable *cancellable = g_task_get_cancellable (report->task);

  if (!g_cancellable_is_cancelled (cancellable))
    reading->progress (report->values, report->progress, reading->user_data);

  return G_SOURCE_REMOVE;
}

static void
send_report (GTask   *task,
             Reading *reading)
{
  g_autoptr(GSource) source = g_idle_source_new ();
  Report *report = g_new0 (Report, 1);

  report->task = g_object_ref (task);
  report->values = g_bytes_new (reading->values, sizeof (float) * reading->box.n_channels);
  report->progress = (float) reading->n_read / (float) reading->box.n_channels;

  g_source_set_static_name (source, "almu: spectrum so far");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_report, report, report_free);
  g_source_attach (source, g_task_get_context (task));
}

static void
read_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  AlmuImage *image = ALMU_IMAGE (source_object);
  Reading   *reading = task_data;
  gint64     begin = g_get_monotonic_time ();
  GError    *error = NULL;

  while (reading->n_read < reading->box.n_channels)
    {
      AlmuBox box = reading->box;
      gint64  now;

      if (g_task_return_error_if_cancelled (task))
        return;

      box.channel = reading->n_read;
      box.n_channels = MIN (BITE, reading->box.n_channels - reading->n_read);
      if (!almu_image_read (image, &box, reading->values + reading->n_read, cancellable, &error))
        {
          g_task_return_error (task, error);
          return;
        }
      reading->n_read += box.n_channels;

      now = g_get_monotonic_time ();
      if (now - reading->last_report > REPORT_USEC && reading->n_read < reading->box.n_channels)
        {
          reading->last_report = now;
          send_report (task, reading);
        }

      if (now - begin > BRIEF_USEC && g_task_get_priority (task) < ALMU_PRIORITY_LONG)
        {
          g_task_set_priority (task, ALMU_PRIORITY_LONG);
          almu_workers_run (task, read_worker);
          return;
        }
    }

  g_task_return_pointer (task,
                         g_bytes_new_take (g_steal_pointer (&reading->values),
                                           sizeof (float) * reading->box.n_channels),
                         (GDestroyNotify) g_bytes_unref);
}

/**
 * almu_spectrum_read_async:
 * @progress: told now and then how far it is, on the caller's main context
 * @user_data: for @progress and @callback; alive until @callback
 *
 * The values of one pixel in all channels.
 */
void
almu_spectrum_read_async (AlmuImage           *image,
                          int                  x,
                          int                  y,
                          int                  stokes,
                          GCancellable        *cancellable,
                          AlmuSpectrumProgress progress,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autoptr(GTask) task = g_task_new (image, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  reading->box = (AlmuBox){
    .area = { x, y, 1, 1 },
    .n_channels = info->depth,
    .stokes = stokes,
  };
  reading->values = g_new (float, info->depth);
  for (int i = 0; i < info->depth; i++)
    reading->values[i] = NAN;
  reading->last_report = g_get_monotonic_time ();
  reading->progress = progress;
  reading->user_data = user_data;

  g_task_set_source_tag (task, almu_spectrum_read_async);
  g_task_set_priority (task, ALMU_PRIORITY_NORMAL);
  g_task_set_task_data (task, reading, reading_free);
  almu_workers_run (task, read_worker);
}

/**
 * almu_spectrum_read_finish:
 *
 * Returns: (transfer full): one float per channel
 */
GBytes *
almu_spectrum_read_finish (AlmuImage    *image,
                           GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, image), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
