/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-workers.h"

/* -- what is drawn over the plane: contours and vectors ------------------ */

static AlmuProduct
make_product (AlmuDemand     *self,
              AlmuProductKind kind,
              float           progress)
{
  return (AlmuProduct){
    .kind = kind,
    .epoch = self->epoch,
    .file_id = self->file_id,
    .region_id = ALMU_REGION_IMAGE,
    .channel = self->channel,
    .stokes = self->stokes,
    .progress = progress,
  };
}

/* What was said so far need not be heard any more, unless it is of a frame: the
 * frames before the one that is made now are still on their way, and each is
 * shown with what is drawn over it. */
static gboolean
is_overdue (AlmuDemand *self)
{
  return self->animation_id == 0;
}

static void
on_contours (const AlmuContourChunk *chunk,
             const GError           *error,
             gpointer                user_data)
{
  AlmuDemand                *self = user_data;
  const AlmuContourSettings *settings = almu_contour_queue_get (self->contours);
  AlmuProduct                product = make_product (self, ALMU_PRODUCT_CONTOURS, -1);

  if (error != NULL)
    {
      almu_demand_emit_failure (self, error);
      return;
    }

  if (chunk == NULL && !is_overdue (self))
    return;

  product.contours.chunk = chunk;
  product.contours.reference_file_id = settings != NULL ? settings->reference_file_id : self->file_id;
  if (chunk != NULL)
    product.progress = chunk->progress;
  almu_demand_emit_product (self, &product);
}

static void
on_vectors (const AlmuVectorTile *tile,
            float                 progress,
            const GError         *error,
            gpointer              user_data)
{
  AlmuDemand *self = user_data;
  AlmuProduct product = make_product (self, ALMU_PRODUCT_VECTORS, progress);

  if (error != NULL)
    {
      almu_demand_emit_failure (self, error);
      return;
    }

  if (progress < 0 && !is_overdue (self))
    return;

  product.vectors.tile = tile;
  product.vectors.settings = almu_vector_queue_get (self->vectors);
  almu_demand_emit_product (self, &product);
}

static void
on_done (gpointer user_data)
{
  almu_demand_check_shown (user_data);
}

/**
 * almu_demand_overlay_init:
 * @self: a demand with its cache and image
 *
 * Makes the queues of contours and vectors.
 */
void
almu_demand_overlay_init (AlmuDemand *self)
{
  self->contours = almu_contour_queue_new (self->cache, on_contours, on_done, self);
  self->vectors = almu_vector_queue_new (self->cache, self->image, on_vectors, on_done, self);
}

/**
 * almu_demand_overlay_set_owner:
 * @self: a demand
 * @owner: whose work it is, see almu_workers_set_owner()
 *
 * Before anything is wanted.
 */
void
almu_demand_overlay_set_owner (AlmuDemand *self,
                               guint       owner)
{
  almu_workers_set_owner (self->contours, owner);
  almu_workers_set_owner (self->vectors, owner);
}

/**
 * almu_demand_overlay_clear:
 * @self: a demand
 *
 * Lets the queues go; for dispose, and so twice-safe.
 */
void
almu_demand_overlay_clear (AlmuDemand *self)
{
  g_clear_object (&self->contours);
  g_clear_object (&self->vectors);
}

/**
 * almu_demand_overlay_begin:
 * @self: a demand whose plane is there
 *
 * Has contours and vectors made of it, if any are wanted.
 */
void
almu_demand_overlay_begin (AlmuDemand *self)
{
  almu_contour_queue_begin (self->contours, self->plane);
  almu_vector_queue_begin (self->vectors, self->plane, self->channel);
}

/**
 * almu_demand_overlay_leave:
 * @self: a demand
 *
 * The plane is not what is shown any more: what is made of it ends, and what
 * was told of it is void.
 */
void
almu_demand_overlay_leave (AlmuDemand *self)
{
  almu_contour_queue_clear (self->contours);
  almu_vector_queue_clear (self->vectors);
}

/**
 * almu_demand_overlay_is_idle:
 * @self: a demand
 *
 * Whether no contours and no vectors are being made.
 */
gboolean
almu_demand_overlay_is_idle (AlmuDemand *self)
{
  return almu_contour_queue_is_idle (self->contours) && almu_vector_queue_is_idle (self->vectors);
}

/**
 * almu_demand_overlay_set_paused:
 * @self: a demand
 * @paused: whether the viewer reads too slowly for more
 *
 * Pauses both queues.
 */
void
almu_demand_overlay_set_paused (AlmuDemand *self,
                                gboolean    paused)
{
  almu_contour_queue_set_paused (self->contours, paused);
  almu_vector_queue_set_paused (self->vectors, paused);
}

/**
 * almu_demand_set_contours:
 * @settings: (nullable): which contours are wanted of every plane that is
 *   shown from now on
 *
 * What is wanted already is not sent again.
 */
void
almu_demand_set_contours (AlmuDemand                *self,
                          const AlmuContourSettings *settings)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (almu_contour_queue_set (self->contours, settings))
    almu_demand_emit_changed (self);
}

/**
 * almu_demand_set_vectors:
 * @settings: (nullable): which vectors are wanted
 *
 * See almu_demand_set_contours().
 */
void
almu_demand_set_vectors (AlmuDemand               *self,
                         const AlmuVectorSettings *settings)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (almu_vector_queue_set (self->vectors, settings))
    almu_demand_emit_changed (self);
}
