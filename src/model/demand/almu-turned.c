/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-turned.h"

#include "almu-sweep.h"
#include "almu-workers.h"

/* Pixels on a side: a power of two, so that areas never overlap. */
#define MAX_SIDE 64

/* With fewer it would hold what the cursor leaves with the next step. */
#define MIN_SIDE 8

/* What is read before it is laid out, while it is still in the second-level
 * cache; at least a channel of it. */
#define PIECE_PIXELS (32 * 1024)

struct _AlmuTurned
{
  gatomicrefcount refs;
  AlmuRect        area;
  int             stokes;
  int             depth;
  float          *values; /* of the worker, until all are there */
  gboolean        is_whole;
  GCancellable   *cancellable;
};

/* Belongs to the worker. */
typedef struct
{
  AlmuTurned *turned;
  AlmuImage  *image;
  float      *piece; /* channels, as they are read */
  int         n_channels;
} Making;

static gsize
count_bytes (int width,
             int height,
             int depth)
{
  return (gsize) width * (gsize) height * (gsize) depth * sizeof (float);
}

/**
 * almu_turned_find_area:
 * @info: of an image
 * @x: a pixel in it
 * @y: likewise
 * @max_bytes: what it may take
 * @out_area: (out): the area that the pixel belongs to; left alone if there is none
 *
 * Each pixel belongs to one area, the same whichever of its pixels is asked for.
 *
 * Returns: %FALSE where it would be of no use: there are no spectra, they lie
 *   together in the file, or are so long that only a few would have room
 */
gboolean
almu_turned_find_area (const AlmuImageInfo *info,
                       int                  x,
                       int                  y,
                       gsize                max_bytes,
                       AlmuRect            *out_area)
{
  int side = MAX_SIDE;

  while (side >= MIN_SIDE && count_bytes (side, side, info->depth) > max_bytes)
    side /= 2;
  if (side < MIN_SIDE || info->depth == 1 || (info->features & ALMU_FEATURE_ROTATED) != 0)
    return FALSE;

  x -= x % side;
  y -= y % side;
  *out_area = (AlmuRect){ x, y, MIN (side, info->width - x), MIN (side, info->height - y) };

  return TRUE;
}

/**
 * almu_turned_new:
 * @image: a cube
 * @area: from almu_turned_find_area()
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @like: (nullable) (type GObject.Object): an object with the owner in whose
 *   turn they are read
 *
 * Reads nothing before almu_turned_make_async().
 *
 * Returns: (transfer full): one without spectra
 */
AlmuTurned *
almu_turned_new (AlmuImage      *image,
                 const AlmuRect *area,
                 int             stokes,
                 gpointer        like)
{
  AlmuTurned *self = g_new0 (AlmuTurned, 1);

  g_atomic_ref_count_init (&self->refs);
  self->area = *area;
  self->stokes = stokes;
  self->depth = almu_image_get_info (image)->depth;
  self->cancellable = almu_workers_cancellable_new (like);

  return self;
}

/**
 * almu_turned_ref:
 * @self: some spectra
 *
 * Returns: (transfer full): @self
 */
AlmuTurned *
almu_turned_ref (AlmuTurned *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_turned_unref:
 * @self: (transfer full): some spectra
 *
 * Frees them with the last reference.
 */
void
almu_turned_unref (AlmuTurned *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_object_unref (self->cancellable);
  g_free (self->values);
  g_free (self);
}

/**
 * almu_turned_give_up:
 * @self: (transfer full): some spectra
 *
 * Nobody has room for them any more, or any use: ends their reading.
 */
void
almu_turned_give_up (AlmuTurned *self)
{
  g_cancellable_cancel (self->cancellable);
  almu_turned_unref (self);
}

/**
 * almu_turned_is_given_up:
 * @self: some spectra
 *
 * Returns: whether almu_turned_give_up() was called
 */
gboolean
almu_turned_is_given_up (AlmuTurned *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

/**
 * almu_turned_get_size:
 * @self: some spectra
 *
 * The same before and after they are read.
 *
 * Returns: the bytes of their values
 */
gsize
almu_turned_get_size (AlmuTurned *self)
{
  return count_bytes (self->area.width, self->area.height, self->depth);
}

/**
 * almu_turned_get_spectrum:
 * @self: some spectra
 * @x: a pixel of their area
 * @y: likewise
 *
 * Returns: (nullable): the values of the pixel in all channels; %NULL until all
 *   spectra have been read
 */
const float *
almu_turned_get_spectrum (AlmuTurned *self,
                          int         x,
                          int         y)
{
  const AlmuRect *area = &self->area;

  g_return_val_if_fail (x >= area->x && x < area->x + area->width, NULL);
  g_return_val_if_fail (y >= area->y && y < area->y + area->height, NULL);

  if (!self->is_whole)
    return NULL;

  return self->values + ((gsize) (y - area->y) * (gsize) area->width + (gsize) (x - area->x)) * (gsize) self->depth;
}

/* -- making them -------------------------------------------------------- */

static void
making_free (gpointer data)
{
  Making *making = data;

  almu_turned_unref (making->turned);
  g_object_unref (making->image);
  g_free (making->piece);
  g_free (making);
}

static void
lay_out (const Making *making,
         int           channel,
         int           n_channels)
{
  const AlmuTurned *turned = making->turned;
  gsize             n_pixels = (gsize) turned->area.width * (gsize) turned->area.height;

  for (gsize i = 0; i < n_pixels; i++)
    {
      float *to = turned->values + i * (gsize) turned->depth + channel;

      for (int j = 0; j < n_channels; j++)
        to[j] = making->piece[(gsize) j * n_pixels + i];
    }
}

static gboolean
make_step (gpointer      data,
           int           begin,
           int           n,
           GCancellable *cancellable,
           GError      **error)
{
  Making     *making = data;
  AlmuTurned *turned = making->turned;

  for (int done = 0; done < n; done += making->n_channels)
    {
      AlmuBox box = {
        .area = turned->area,
        .channel = begin + done,
        .n_channels = MIN (making->n_channels, n - done),
        .stokes = turned->stokes,
      };

      if (!almu_image_read (making->image, &box, making->piece, cancellable, error))
        return FALSE;

      lay_out (making, box.channel, box.n_channels);
    }

  return TRUE;
}

static void
on_swept (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Making *making = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;

  if (!almu_sweep_finish (result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  making->turned->is_whole = TRUE;
  g_task_return_boolean (task, TRUE);
}

/**
 * almu_turned_make_async:
 * @self: some spectra, of which nothing was read yet
 * @image: the cube they are of
 *
 * Reads them when the threads have nothing else to do, channel after channel,
 * in bites. Ends early with almu_turned_give_up().
 */
void
almu_turned_make_async (AlmuTurned         *self,
                        AlmuImage          *image,
                        GAsyncReadyCallback callback,
                        gpointer            user_data)
{
  static const AlmuSweepKind kind = { .step = make_step };
  gsize                      n_pixels = (gsize) self->area.width * (gsize) self->area.height;
  Making                    *making = g_new0 (Making, 1);
  GTask                     *task;

  g_return_if_fail (ALMU_IS_IMAGE (image));

  self->values = g_new (float, n_pixels *(gsize) self->depth);
  making->turned = almu_turned_ref (self);
  making->image = g_object_ref (image);
  making->n_channels = (int) CLAMP (PIECE_PIXELS / n_pixels, 1, (gsize) self->depth);
  making->piece = g_new (float, n_pixels *(gsize) making->n_channels);

  task = g_task_new (NULL, self->cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_turned_make_async);
  g_task_set_task_data (task, making, making_free);
  almu_sweep_async (&kind, making, self->depth, making->n_channels, ALMU_PRIORITY_SPARE,
                    self->cancellable, NULL, on_swept, task);
}

/**
 * almu_turned_make_finish:
 * @self: what it was begun with
 * @result: what the callback got
 * @error: return location
 *
 * Fails as reading does, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether the spectra are there
 */
gboolean
almu_turned_make_finish (AlmuTurned   *self,
                         GAsyncResult *result,
                         GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
