/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "test-desk.h"

/* What a page says that plays a cube or looks at several of its channels, and
 * what it gets: the pixels tell where they are from. */

#define WIDTH 300
#define HEIGHT 20
#define DEPTH 50
#define N_STOKES 3

/* so fast that tests do not take long */
#define RATE 60
#define WINDOW (RATE / 3 + 1)

static inline double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 1000 * position[2] + 100000 * position[3]);
}

static inline void
open_cube (Desk       *desk,
           const char *name,
           int         file_id)
{
  const gint64      shape[] = { WIDTH, HEIGHT, DEPTH, N_STOKES };
  const char *const cards[] = {
    "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ    '", "CTYPE4", "'STOKES  '",
    "CRPIX4", "1", "CRVAL4", "1", "CDELT4", "1", NULL
  };
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  desk_write (desk, name, 4, shape, cube, cards);
  desk_open (desk, name, file_id);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
}

/* -- what a page says ---------------------------------------------------- */

typedef struct
{
  int          file_id;
  int          first;
  int          last;
  int          start;
  int          delta;
  gboolean     is_stokes; /* which moves instead */
  gboolean     is_looping;
  gboolean     is_bouncing;
  int          rate;    /* 0 for the usual */
  const float *matched; /* of file 7 */
  const int   *indices; /* of polarisations, up to the last */
  int          n_tiles; /* 0: two, as many as there are; -1: none */
} Play;

static const gint32 both_tiles[] = { 1 << 24, (1 << 24) | 1 };

static inline void
set_still (CARTA__AnimationFrame *frame,
           const Play            *play,
           int                    value)
{
  carta__animation_frame__init (frame);
  if (play->is_stokes)
    frame->stokes = value;
  else
    frame->channel = value;
}

static inline guint32
send_start (Desk       *desk,
            const Play *play)
{
  CARTA__StartAnimation                      message = CARTA__START_ANIMATION__INIT;
  CARTA__AddRequiredTiles                    tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  CARTA__AnimationFrame                      frames[4];
  CARTA__MatchedFrameList                    list = CARTA__MATCHED_FRAME_LIST__INIT;
  CARTA__StartAnimation__MatchedFramesEntry  entry = CARTA__START_ANIMATION__MATCHED_FRAMES_ENTRY__INIT;
  CARTA__StartAnimation__MatchedFramesEntry *entries[] = { &entry };

  set_still (&frames[0], play, play->first);
  set_still (&frames[1], play, play->last);
  set_still (&frames[2], play, play->start);
  set_still (&frames[3], play, play->delta);
  message.file_id = play->file_id;
  message.first_frame = &frames[0];
  message.last_frame = &frames[1];
  message.start_frame = &frames[2];
  message.delta_frame = &frames[3];
  message.frame_rate = play->rate != 0 ? play->rate : RATE;
  message.looping = play->is_looping;
  message.reverse = play->is_bouncing;

  tiles.file_id = play->file_id;
  tiles.tiles = (gint32 *) both_tiles;
  tiles.n_tiles = play->n_tiles == 0 ? 2 : (gsize) MAX (play->n_tiles, 0);
  message.required_tiles = &tiles;

  if (play->indices != NULL)
    {
      message.stokes_indices = (gint32 *) play->indices;
      message.n_stokes_indices = (gsize) play->last + 1;
    }

  if (play->matched != NULL)
    {
      list.frame_numbers = (float *) play->matched;
      list.n_frame_numbers = (gsize) (play->last - play->first + 1);
      entry.key = 7;
      entry.value = &list;
      message.matched_frames = entries;
      message.n_matched_frames = 1;
    }

  return almu_test_viewer_send (desk->viewer, &message.base);
}

static inline int
start (Desk       *desk,
       const Play *play)
{
  almu_test_autobody CARTA__StartAnimationAck *ack = NULL;

  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__START_ANIMATION_ACK, send_start (desk, play));
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  g_assert_cmpint (ack->animation_id, >, 0);

  return ack->animation_id;
}

static inline void
refuse (Desk       *desk,
        const Play *play,
        const char *reason)
{
  almu_test_autobody CARTA__StartAnimationAck *ack = NULL;

  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__START_ANIMATION_ACK, send_start (desk, play));
  g_test_message ("%s", ack->message);
  g_assert_false (ack->success);
  g_assert_nonnull (strstr (ack->message, reason));
}

/* The page knows the animation's number and sends 0. */
static inline void
acknowledge (Desk *desk,
             int   file_id,
             int   channel,
             int   stokes)
{
  CARTA__AnimationFlowControl message = CARTA__ANIMATION_FLOW_CONTROL__INIT;
  CARTA__AnimationFrame       frame = CARTA__ANIMATION_FRAME__INIT;

  frame.channel = channel;
  frame.stokes = stokes;
  message.file_id = file_id;
  message.received_frame = &frame;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static inline void
stop (Desk *desk,
      int   file_id)
{
  CARTA__StopAnimation message = CARTA__STOP_ANIMATION__INIT;

  message.file_id = file_id;
  almu_test_viewer_send (desk->viewer, &message.base);
}

/* -- what arrives -------------------------------------------------------- */

typedef struct
{
  int      file_id;
  int      animation_id;
  int      channel;
  int      stokes;
  int      n_tiles;
  int      sync_id;
  gboolean is_panel; /* of a channel map: no histogram goes before it */
  gboolean is_over;
} Picture;

static inline gboolean
hear_histogram (Picture                          *picture,
                const CARTA__RegionHistogramData *data)
{
  if (data->file_id != picture->file_id || data->region_id != -1 || picture->is_panel)
    return FALSE;

  if (picture->sync_id == 0)
    {
      picture->channel = data->channel;
      picture->stokes = data->stokes;
    }

  return TRUE;
}

static inline gboolean
hear_sync (Picture                     *picture,
           const CARTA__RasterTileSync *data)
{
  if (data->file_id != picture->file_id)
    return FALSE;

  if (picture->is_panel && !data->end_sync)
    {
      picture->channel = data->channel;
      picture->stokes = data->stokes;
    }
  g_assert_cmpint (data->animation_id, ==, picture->animation_id);
  g_assert_cmpint (data->channel, ==, picture->channel);
  g_assert_cmpint (data->stokes, ==, picture->stokes);
  g_assert_true (data->end_sync == (picture->sync_id != 0));
  g_assert_true (picture->sync_id == 0 || picture->sync_id == data->sync_id);
  picture->sync_id = data->sync_id;
  picture->is_over = data->end_sync;
  if (data->end_sync)
    g_assert_cmpint (picture->n_tiles, ==, data->tile_count);

  return TRUE;
}

static inline gboolean
hear_tile (Picture                     *picture,
           const CARTA__RasterTileData *data)
{
  const CARTA__TileData *tile = data->tiles[0];
  const float           *pixels = (const float *) tile->image_data.data;

  if (data->file_id != picture->file_id)
    return FALSE;

  g_assert_cmpint (data->sync_id, ==, picture->sync_id);
  g_assert_cmpint (data->animation_id, ==, picture->animation_id);
  g_assert_cmpint (data->channel, ==, picture->channel);
  g_assert_cmpint (data->compression_type, ==, CARTA__COMPRESSION_TYPE__NONE);
  g_assert_cmpuint (tile->image_data.len, ==, (gsize) tile->width * tile->height * sizeof (float));
  g_assert_cmpfloat (pixels[0], ==, 256 * tile->x + 1000 * data->channel + 100000 * data->stokes);
  picture->n_tiles++;

  return TRUE;
}

/* Whether the message was about the picture. */
static inline gboolean
hear (Picture               *picture,
      const AlmuTestMessage *message)
{
  gconstpointer body = message->message;

  switch (message->event)
    {
    case CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA:
      return hear_histogram (picture, body);

    case CARTA__EVENT_TYPE__RASTER_TILE_SYNC:
      return hear_sync (picture, body);

    case CARTA__EVENT_TYPE__RASTER_TILE_DATA:
      return hear_tile (picture, body);

    default:
      return FALSE;
    }
}

/* The message behind @l, or the first one if that is %NULL. */
static inline GList *
await_next (Desk  *desk,
            GList *l)
{
  GQueue *messages = almu_test_viewer_get_messages (desk->viewer);
  GList  *next;

  while ((next = l != NULL ? l->next : messages->head) == NULL)
    {
      g_assert_true (almu_test_viewer_is_open (desk->viewer));
      g_main_context_iteration (NULL, TRUE);
    }

  return next;
}

/* What comes of other things stays. */
static inline Picture
await_whole (Desk   *desk,
             Picture picture)
{
  GQueue *messages = almu_test_viewer_get_messages (desk->viewer);
  GList  *before = NULL;

  while (!picture.is_over)
    {
      GList           *l = await_next (desk, before);
      AlmuTestMessage *message = l->data;

      if (!hear (&picture, message))
        {
          before = l;
          continue;
        }

      almu_test_body_free (message->message);
      g_free (message);
      g_queue_delete_link (messages, l);
    }

  return picture;
}

/* The next picture of a file, which comes whole: its histogram, the sync, as
 * many tiles as that says, the other sync. */
static inline Picture
await_picture (Desk *desk,
               int   file_id,
               int   animation_id)
{
  return await_whole (desk, (Picture){ file_id, animation_id, -1, -1, .is_panel = FALSE });
}

/* The same of a channel map of file 0. */
static inline Picture
await_panel (Desk *desk)
{
  return await_whole (desk, (Picture){ 0, 0, -1, -1, .is_panel = TRUE });
}

/* Plays on, as the page does that shows every frame. */
static inline Picture
await_frame (Desk *desk,
             int   file_id,
             int   animation_id)
{
  Picture picture = await_picture (desk, file_id, animation_id);

  acknowledge (desk, file_id, picture.channel, picture.stokes);

  return picture;
}

/* Leaves out what was on its way of another animation than this, or of one if
 * this is 0: what tells of its end comes behind that, and is here. */
static inline void
forget_others (Desk *desk,
               int   animation_id)
{
  GQueue *messages = almu_test_viewer_get_messages (desk->viewer);
  GList  *next;

  for (GList *l = messages->head; l != NULL; l = next)
    {
      AlmuTestMessage *message = l->data;
      gboolean         is_other = FALSE;

      next = l->next;
      if (message->event == CARTA__EVENT_TYPE__RASTER_TILE_SYNC)
        is_other = ((CARTA__RasterTileSync *) message->message)->animation_id != animation_id;
      else if (message->event == CARTA__EVENT_TYPE__RASTER_TILE_DATA)
        is_other = ((CARTA__RasterTileData *) message->message)->animation_id != animation_id;
      if (!is_other)
        continue;

      almu_test_body_free (message->message);
      g_free (message);
      g_queue_delete_link (messages, l);
    }
}

static inline gboolean
on_time_over (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* That nothing comes can only be seen by waiting for it; but for the contrast
 * of the frame that was shown last, if the next ones were on their way. */
static inline void
assert_quiet (Desk *desk)
{
  gboolean is_over = FALSE;

  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
  g_timeout_add (15 * 1000 / RATE, on_time_over, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__RASTER_TILE_SYNC));
  almu_test_body_free (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
}

static inline void
assert_channels (Desk      *desk,
                 int        file_id,
                 int        animation_id,
                 const int *channels,
                 guint      n_channels)
{
  for (guint i = 0; i < n_channels; i++)
    g_assert_cmpint (await_frame (desk, file_id, animation_id).channel, ==, channels[i]);
}

/* -- channel maps -------------------------------------------------------- */

static inline void
ask_map (Desk         *desk,
         int           channel,
         int           min,
         int           max,
         int           current_min,
         int           current_max,
         const gint32 *tiles,
         gsize         n_tiles,
         const gint32 *current_tiles,
         gsize         n_current_tiles)
{
  CARTA__SetImageChannels message = CARTA__SET_IMAGE_CHANNELS__INIT;
  CARTA__AddRequiredTiles required = CARTA__ADD_REQUIRED_TILES__INIT;
  CARTA__IntBounds        range = CARTA__INT_BOUNDS__INIT;
  CARTA__IntBounds        current = CARTA__INT_BOUNDS__INIT;

  range.min = min;
  range.max = max;
  current.min = current_min;
  current.max = current_max;
  required.tiles = (gint32 *) tiles;
  required.n_tiles = n_tiles;
  required.current_tiles = (gint32 *) current_tiles;
  required.n_current_tiles = n_current_tiles;
  message.channel = channel;
  message.channel_map_enabled = TRUE;
  message.required_tiles = &required;
  if (n_tiles > 0)
    {
      message.channel_range = &range;
      message.current_range = &current;
    }
  almu_test_viewer_send (desk->viewer, &message.base);
}

static inline void
acknowledge_channel (Desk *desk,
                     int   channel)
{
  CARTA__ChannelMapFlowControl message = CARTA__CHANNEL_MAP_FLOW_CONTROL__INIT;

  message.received_channel = channel;
  almu_test_viewer_send (desk->viewer, &message.base);
}
