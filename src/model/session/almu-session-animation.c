/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

/* The one animation that a session may have. Nothing of it outlives the
 * viewer's connection but the planes that it has come to.
 */

static void
on_ended (AlmuAnimation *animation,
          AlmuSession   *self)
{
  almu_session_end_animation (self);
}

static void
on_failed (AlmuAnimation *animation,
           const GError  *error,
           AlmuSession   *self)
{
  almu_session_end_animation (self);
  almu_producer_emit_failed (ALMU_PRODUCER (self), error);
}

static gboolean
add_matched (AlmuSession             *self,
             AlmuAnimation           *animation,
             const AlmuAnimationPlan *plan,
             GError                 **error)
{
  GHashTableIter iter;
  gpointer       file_id;
  GArray        *channels;

  if (plan->matched == NULL)
    return TRUE;

  g_hash_table_iter_init (&iter, plan->matched);
  while (g_hash_table_iter_next (&iter, &file_id, (gpointer *) &channels))
    {
      AlmuFile *file = almu_session_get_file (self, GPOINTER_TO_INT (file_id), error);

      if (file == NULL)
        return FALSE;

      /* one that is not there stays where it is */
      if (almu_file_get_demand (file) != NULL)
        almu_animation_add_matched (animation, file, channels);
    }

  return TRUE;
}

/**
 * almu_session_prepare_animation:
 * @plan: what is wanted
 *
 * Takes the place of the animation that there is, if any. The new one waits
 * for almu_session_play().
 *
 * Fails as almu_animation_new() does, and with %ALMU_ERROR_NOT_FOUND if a file
 * is not there.
 *
 * Returns: its id; or 0, and everything goes on as it was
 */
int
almu_session_prepare_animation (AlmuSession             *self,
                                const AlmuAnimationPlan *plan,
                                GError                 **error)
{
  g_autoptr(AlmuAnimation) animation = NULL;
  AlmuFile *file;

  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  file = almu_session_get_file (self, plan->file_id, error);
  if (file == NULL)
    return 0;

  animation = almu_animation_new (plan, file, error);
  if (animation == NULL || !add_matched (self, animation, plan, error))
    return 0;

  almu_session_end_animation (self);
  self->animation = g_steal_pointer (&animation);
  g_signal_connect_object (self->animation, "ended", G_CALLBACK (on_ended), self, 0);
  g_signal_connect_object (self->animation, "failed", G_CALLBACK (on_failed), self, 0);
  almu_animation_set_paused (self->animation, self->is_congested);

  return almu_animation_get_id (self->animation);
}

/**
 * almu_session_play:
 *
 * Lets the prepared animation begin.
 */
void
almu_session_play (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  if (self->animation != NULL)
    almu_animation_start (self->animation);
}

/**
 * almu_session_get_animation:
 *
 * Returns: (nullable) (transfer none): what is being played
 */
AlmuAnimation *
almu_session_get_animation (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->animation;
}

/**
 * almu_session_end_animation:
 *
 * Stops what is being played, if anything, at the last frame that the viewer
 * has shown.
 */
void
almu_session_end_animation (AlmuSession *self)
{
  g_autoptr(AlmuAnimation) animation = NULL;

  g_return_if_fail (ALMU_IS_SESSION (self));

  animation = g_steal_pointer (&self->animation);
  if (animation == NULL)
    return;

  g_signal_handlers_disconnect_by_data (animation, self);
  almu_animation_stop (animation);
}
