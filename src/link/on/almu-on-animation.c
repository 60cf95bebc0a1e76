/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/* Pictures that follow each other by themselves, and those that are shown
 * beside each other.
 */

/* -- START_ANIMATION ----------------------------------------------------- */

/* Members that are absent are 0, as everywhere in the interface. */
static AlmuStill
read_still (const CARTA__AnimationFrame *frame)
{
  return frame != NULL ? (AlmuStill){ frame->channel, frame->stokes } : (AlmuStill){ 0, 0 };
}

static GHashTable *
read_matched (const CARTA__StartAnimation *request)
{
  GHashTable *matched = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_array_unref);

  for (gsize i = 0; i < request->n_matched_frames; i++)
    {
      const CARTA__MatchedFrameList *list = request->matched_frames[i]->value;
      GArray                        *channels = g_array_new (FALSE, FALSE, sizeof (float));

      if (list != NULL && list->n_frame_numbers > 0)
        g_array_append_vals (channels, list->frame_numbers, (guint) list->n_frame_numbers);
      g_hash_table_insert (matched, GINT_TO_POINTER (request->matched_frames[i]->key), channels);
    }

  return matched;
}

static GArray *
read_stokes_indices (const CARTA__StartAnimation *request)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (int));

  for (gsize i = 0; i < request->n_stokes_indices; i++)
    g_array_append_val (indices, request->stokes_indices[i]);

  return indices;
}

static gboolean
read_tiles (const CARTA__AddRequiredTiles *tiles,
            AlmuAnimationPlan             *plan,
            GError                       **error)
{
  if (tiles == NULL)
    return TRUE;

  plan->tiles = tiles->tiles;
  plan->n_tiles = tiles->n_tiles;
  plan->quality = tiles->compression_quality;

  return almu_compression_for_message (tiles->compression_type, &plan->compression, error);
}

static int
prepare (AlmuLink                    *link,
         const CARTA__StartAnimation *request,
         GError                     **error)
{
  g_auto(AlmuAnimationPlan) plan = {
    .file_id = request->file_id,
    .frame_rate = request->frame_rate,
    .reel = {
      .first = read_still (request->first_frame),
      .last = read_still (request->last_frame),
      .delta = read_still (request->delta_frame),
      .current = read_still (request->start_frame),
      .is_looping = request->looping,
      .is_bouncing = request->reverse,
    },
  };

  if (!read_tiles (request->required_tiles, &plan, error))
    return 0;

  plan.stokes_indices = read_stokes_indices (request);
  plan.matched = read_matched (request);

  return almu_session_prepare_animation (almu_link_get_session (link), &plan, error);
}

/**
 * almu_on_start_animation:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a START_ANIMATION
 *
 * Answers by START_ANIMATION_ACK and then plays: the page throws away what
 * comes before. Takes the place of what was being played; if it fails that goes
 * on.
 */
void
almu_on_start_animation (AlmuLink               *link,
                         guint32                 request_id,
                         const ProtobufCMessage *message)
{
  const CARTA__StartAnimation *request = (const CARTA__StartAnimation *) message;
  CARTA__StartAnimationAck     ack = CARTA__START_ANIMATION_ACK__INIT;
  g_autoptr(GError) error = NULL;

  ack.animation_id = prepare (link, request, &error);
  if (ack.animation_id == 0)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__START_ANIMATION, request_id, request->file_id, error);
      return;
    }

  ack.success = TRUE;
  ack.message = (char *) "";
  almu_link_reply (link, request_id, &ack.base);
  almu_session_play (almu_link_get_session (link));
}

/* -- while it runs ------------------------------------------------------- */

/**
 * almu_on_stop_animation:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a STOP_ANIMATION
 *
 * Stops what is being played of that file, at the last frame that the page has
 * shown, and drops frames that have not been sent. A page that has lost its
 * connection stops what it believes is playing: that nothing is, is no reason
 * to complain.
 */
void
almu_on_stop_animation (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message)
{
  const CARTA__StopAnimation *request = (const CARTA__StopAnimation *) message;
  AlmuSession                *session = almu_link_get_session (link);
  AlmuAnimation              *animation = almu_session_get_animation (session);

  if (animation == NULL || !almu_animation_moves (animation, request->file_id))
    return;

  almu_link_drop_frames (link);
  almu_session_end_animation (session);
}

/**
 * almu_on_animation_flow_control:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: an ANIMATION_FLOW_CONTROL
 *
 * Notes that a frame has been shown, so that the next may follow. One that was
 * on its way when the animation ended is told by ERROR_DATA of severity DEBUG.
 */
void
almu_on_animation_flow_control (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message)
{
  const CARTA__AnimationFlowControl *request = (const CARTA__AnimationFlowControl *) message;
  AlmuSession                       *session = almu_link_get_session (link);
  AlmuAnimation                     *animation = almu_session_get_animation (session);
  AlmuStill                          still = read_still (request->received_frame);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  if (almu_session_get_file (session, request->file_id, &error) == NULL)
    {
      almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "animation", error->message);
      return;
    }

  /* one that was on its way when the animation ended */
  if (animation == NULL || almu_file_get_id (almu_animation_get_file (animation)) != request->file_id)
    {
      text = g_strdup_printf (_ ("Nothing is being played of file %d"), request->file_id);
      almu_link_report (link, CARTA__ERROR_SEVERITY__DEBUG, "animation", text);
      return;
    }

  almu_animation_acknowledge (animation, &still);
}

/* -- channel maps -------------------------------------------------------- */

/**
 * almu_on_channel_map_flow_control:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a CHANNEL_MAP_FLOW_CONTROL
 *
 * Notes that a channel of a map has been received, so that the next may follow.
 * The page sends it behind every picture: if there is no map nothing happens.
 */
void
almu_on_channel_map_flow_control (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message)
{
  const CARTA__ChannelMapFlowControl *request = (const CARTA__ChannelMapFlowControl *) message;
  AlmuFile                           *file = almu_session_get_file (almu_link_get_session (link), request->file_id, NULL);
  AlmuDemand                         *demand = file != NULL ? almu_file_get_demand (file) : NULL;

  if (demand != NULL)
    almu_demand_acknowledge_map (demand, request->received_channel);
}
