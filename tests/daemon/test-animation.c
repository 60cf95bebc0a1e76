/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "test-desk.h"

/* Pictures that follow each other, from the real program over a real link. */

#define WIDTH 300
#define HEIGHT 20
#define DEPTH 50
#define N_STOKES 3

/* so fast that tests do not take long */
#define RATE 60
#define WINDOW (RATE / 3 + 1)

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 1000 * position[2] + 100000 * position[3]);
}

static void
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

static void
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

static guint32
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

static int
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

static void
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
static void
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

static void
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
  int channel;
  int stokes;
  int n_tiles;
} Picture;

static void
assert_tile (const CARTA__RasterTileData *data)
{
  const CARTA__TileData *tile = data->tiles[0];
  const float           *pixels = (const float *) tile->image_data.data;

  g_assert_cmpint (data->compression_type, ==, CARTA__COMPRESSION_TYPE__NONE);
  g_assert_cmpuint (tile->image_data.len, ==, (gsize) tile->width * tile->height * sizeof (float));
  g_assert_cmpfloat (pixels[0], ==, 256 * tile->x + 1000 * data->channel + 100000 * data->stokes);
}

/* The next picture of a file, which comes whole: its histogram, the sync, as
 * many tiles as that says, the other sync. What comes of other files stays. */
static Picture
await_picture (Desk *desk,
               int   file_id,
               int   animation_id)
{
  Picture  picture = { -1, -1, 0 };
  gboolean has_histogram = FALSE;
  int      sync_id = 0;
  GQueue  *messages = almu_test_viewer_get_messages (desk->viewer);
  GList   *l = messages->head;

  for (;;)
    {
      AlmuTestMessage *message;
      GList           *next;
      gboolean         is_over = FALSE;
      gint32           about = -1;

      while (l == NULL)
        {
          GList *tail = messages->tail;

          g_assert_true (almu_test_viewer_is_open (desk->viewer));
          g_main_context_iteration (NULL, TRUE);
          l = tail != NULL ? tail->next : messages->head;
        }

      message = l->data;
      next = l->next;
      if (message->event == CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA)
        {
          CARTA__RegionHistogramData *data = (CARTA__RegionHistogramData *) message->message;

          about = data->file_id;
          if (about == file_id && sync_id == 0)
            {
              has_histogram = TRUE;
              picture.channel = data->channel;
              picture.stokes = data->stokes;
            }
        }
      else if (message->event == CARTA__EVENT_TYPE__RASTER_TILE_SYNC)
        {
          CARTA__RasterTileSync *data = (CARTA__RasterTileSync *) message->message;

          about = data->file_id;
          if (about == file_id)
            {
              g_assert_cmpint (data->animation_id, ==, animation_id);
              g_assert_true (has_histogram);
              g_assert_cmpint (data->channel, ==, picture.channel);
              g_assert_cmpint (data->stokes, ==, picture.stokes);
              g_assert_true (data->end_sync == (sync_id != 0));
              g_assert_true (sync_id == 0 || sync_id == data->sync_id);
              sync_id = data->sync_id;
              is_over = data->end_sync;
              if (is_over)
                g_assert_cmpint (picture.n_tiles, ==, data->tile_count);
            }
        }
      else if (message->event == CARTA__EVENT_TYPE__RASTER_TILE_DATA)
        {
          CARTA__RasterTileData *data = (CARTA__RasterTileData *) message->message;

          about = data->file_id;
          if (about == file_id)
            {
              g_assert_cmpint (data->sync_id, ==, sync_id);
              g_assert_cmpint (data->animation_id, ==, animation_id);
              g_assert_cmpint (data->channel, ==, picture.channel);
              assert_tile (data);
              picture.n_tiles++;
            }
        }

      if (about == file_id)
        {
          almu_test_body_free (message->message);
          g_free (message);
          g_queue_delete_link (messages, l);
        }
      if (is_over)
        return picture;

      l = next;
    }
}

/* Plays on, as the page does that shows every frame. */
static Picture
await_frame (Desk *desk,
             int   file_id,
             int   animation_id)
{
  Picture picture = await_picture (desk, file_id, animation_id);

  acknowledge (desk, file_id, picture.channel, picture.stokes);

  return picture;
}

static gboolean
on_time_over (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* That nothing comes can only be seen by waiting for it; but for the contrast
 * of the frame that was shown last, if the next ones were on their way. */
static void
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

static void
assert_channels (Desk      *desk,
                 int        file_id,
                 int        animation_id,
                 const int *channels,
                 guint      n_channels)
{
  for (guint i = 0; i < n_channels; i++)
    g_assert_cmpint (await_frame (desk, file_id, animation_id).channel, ==, channels[i]);
}

/* -- the tests ----------------------------------------------------------- */

static void
test_animation_fifty (Desk         *desk,
                      gconstpointer user_data)
{
  const Play play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  gint64     begin;
  double     seconds;
  int        id;

  open_cube (desk, "a.fits", 0);
  begin = g_get_monotonic_time ();
  id = start (desk, &play);
  for (int i = 0; i < DEPTH + 3; i++)
    {
      Picture picture = await_frame (desk, 0, id);

      g_assert_cmpint (picture.channel, ==, i % DEPTH);
      g_assert_cmpint (picture.n_tiles, ==, 2);
    }

  /* never faster than was asked for */
  seconds = (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  g_test_message ("%d frames in %.3f s, %.3f s at the rate", DEPTH + 3, seconds, (double) (DEPTH + 2) / RATE);
  g_assert_cmpfloat (seconds, >=, (double) (DEPTH + 2) / RATE);

  stop (desk, 0);
  assert_quiet (desk);

  /* as always again */
  almu_test_ask_plane (desk->viewer, 0, 11, 0, both_tiles, 2);
  g_assert_cmpint (await_picture (desk, 0, 0).channel, ==, 11);
}

static void
test_animation_flow_control (Desk         *desk,
                             gconstpointer user_data)
{
  const Play play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  int        id;

  open_cube (desk, "a.fits", 0);
  id = start (desk, &play);
  for (int i = 0; i < WINDOW; i++)
    g_assert_cmpint (await_picture (desk, 0, id).channel, ==, i);
  assert_quiet (desk);

  /* one that was never sent, one of another polarisation */
  acknowledge (desk, 0, 49, 0);
  acknowledge (desk, 0, 0, 1);
  assert_quiet (desk);

  /* one that tells of those before it too */
  acknowledge (desk, 0, 4, 0);
  for (int i = 0; i < 5; i++)
    g_assert_cmpint (await_picture (desk, 0, id).channel, ==, WINDOW + i);
  assert_quiet (desk);

  /* nothing else waits for it */
  almu_test_ask_cursor (desk->viewer, 0, 3, 3);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA));
}

static void
test_animation_orders (Desk         *desk,
                       gconstpointer user_data)
{
  const struct
  {
    Play play;
    int  channels[10];
  } cases[] = {
    { { .first = 3, .last = 6, .start = 4, .delta = 1, .is_looping = TRUE }, { 4, 5, 6, 3, 4, 5, 6, 3, 4, 5 } },
    { { .first = 3, .last = 6, .start = 4, .delta = -1, .is_looping = TRUE }, { 4, 3, 6, 5, 4, 3, 6, 5, 4, 3 } },
    { { .first = 3, .last = 6, .start = 4, .delta = 1, .is_looping = TRUE, .is_bouncing = TRUE }, { 4, 5, 6, 5, 4, 3, 4, 5, 6, 5 } },
    { { .first = 3, .last = 6, .start = 4, .delta = -1, .is_looping = TRUE, .is_bouncing = TRUE }, { 4, 3, 4, 5, 6, 5, 4, 3, 4, 5 } },
    { { .first = 0, .last = 49, .start = 40, .delta = 7, .is_looping = TRUE }, { 40, 47, 0, 7, 14, 21, 28, 35, 42, 49 } },
    { { .first = 2, .last = 9, .start = 2, .delta = 7, .is_looping = TRUE }, { 2, 9, 2, 9, 2, 9, 2, 9, 2, 9 } },
    { { .first = 5, .last = 5, .start = 5, .delta = 0, .is_looping = TRUE }, { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 } },
  };

  open_cube (desk, "a.fits", 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int id = start (desk, &cases[i].play);

      g_test_message ("case %u", i);
      assert_channels (desk, 0, id, cases[i].channels, G_N_ELEMENTS (cases[i].channels));
      stop (desk, 0);
      almu_test_viewer_await_pong (desk->viewer);
      almu_test_viewer_clear (desk->viewer);
    }
}

/* Without looping it ends by itself, and is as if it had never been. */
static void
test_animation_once (Desk         *desk,
                     gconstpointer user_data)
{
  const Play play = { .first = 4, .last = 7, .start = 4, .delta = 1 };
  const Play and_back = { .first = 4, .last = 7, .start = 4, .delta = 1, .is_bouncing = TRUE };
  const int  there[] = { 4, 5, 6, 7 };
  const int  there_and_back[] = { 4, 5, 6, 7, 6, 5, 4 };

  open_cube (desk, "a.fits", 0);
  assert_channels (desk, 0, start (desk, &play), there, 4);
  assert_quiet (desk);
  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  g_autoptr(GPtrArray) tiles = almu_test_await_picture (desk->viewer, 0);
  g_assert_cmpint (((CARTA__RasterTileData *) tiles->pdata[0])->channel, ==, 7);

  assert_channels (desk, 0, start (desk, &and_back), there_and_back, 7);
  assert_quiet (desk);
}

/* What the page counts need not be what the image has. */
static void
test_animation_stokes (Desk         *desk,
                       gconstpointer user_data)
{
  const int  indices[] = { 2, 0, 1 };
  const Play play = { .last = 2, .delta = 1, .is_stokes = TRUE, .is_looping = TRUE, .indices = indices };
  int        id;

  open_cube (desk, "a.fits", 0);
  id = start (desk, &play);
  for (int i = 0; i < 3 * WINDOW; i++)
    {
      Picture picture = await_picture (desk, 0, id);

      g_assert_cmpint (picture.stokes, ==, indices[i % 3]);
      g_assert_cmpint (picture.channel, ==, 0);
      acknowledge (desk, 0, 0, i % 3);
    }
}

/* The view is replaced, not answered. */
static void
test_animation_view (Desk         *desk,
                     gconstpointer user_data)
{
  const Play play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  Picture    picture;
  int        id;

  open_cube (desk, "a.fits", 0);
  id = start (desk, &play);
  g_assert_cmpint (await_frame (desk, 0, id).n_tiles, ==, 2);
  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  do
    picture = await_frame (desk, 0, id);
  while (picture.n_tiles == 2);
  g_assert_cmpint (picture.n_tiles, ==, 1);

  /* out of sight: there is nothing to acknowledge, and it goes on */
  almu_test_ask_tiles (desk->viewer, 0, NULL, 0, CARTA__COMPRESSION_TYPE__NONE, 0);
  almu_test_viewer_await_pong (desk->viewer);
  for (int i = 0; i < 2 * WINDOW; i++)
    almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));

  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 2, CARTA__COMPRESSION_TYPE__NONE, 0);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
  g_assert_cmpint (await_frame (desk, 0, id).n_tiles, ==, 2);
}

static void
test_animation_matched (Desk         *desk,
                        gconstpointer user_data)
{
  const float matched[] = { 10.4f, NAN, 12.6f, -5, 1e9f };
  const int   right[] = { 10, 10, 13, 0, DEPTH - 1 };
  const Play  play = { .first = 20, .last = 24, .start = 20, .delta = 1, .is_looping = TRUE, .matched = matched };
  int         id;

  open_cube (desk, "a.fits", 0);
  open_cube (desk, "b.fits", 7);
  almu_test_ask_plane (desk->viewer, 7, 10, 0, NULL, 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));

  /* hidden: its histogram is enough */
  id = start (desk, &play);
  for (int i = 0; i < 10; i++)
    {
      almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

      g_assert_cmpint (await_frame (desk, 0, id).channel, ==, 20 + i % 5);
      if (i % 5 == 1)
        continue;

      do
        {
          almu_test_body_clear (&histogram);
          histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
        }
      while (histogram->file_id != 7);
      g_assert_cmpint (histogram->channel, ==, right[i % 5]);
    }

  /* in sight */
  almu_test_ask_tiles (desk->viewer, 7, both_tiles, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  g_assert_cmpint (await_frame (desk, 0, id).n_tiles, ==, 2);
  for (int i = 0; i < 10; i++)
    {
      await_frame (desk, 0, id);
      if (i > 5)
        g_assert_cmpint (await_picture (desk, 7, id).n_tiles, ==, 1);
    }
  stop (desk, 0);
}

static void
test_animation_ends (Desk         *desk,
                     gconstpointer user_data)
{
  const Play play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  int        first_id;
  int        id;

  /* by a channel that was chosen */
  open_cube (desk, "a.fits", 0);
  first_id = start (desk, &play);
  await_frame (desk, 0, first_id);
  almu_test_ask_plane (desk->viewer, 0, 30, 0, NULL, 0);
  assert_quiet (desk);

  /* by another one, which then has the tiles */
  first_id = start (desk, &play);
  await_frame (desk, 0, first_id);
  id = start (desk, &play);
  g_assert_cmpint (id, !=, first_id);
  almu_test_viewer_clear (desk->viewer);
  await_frame (desk, 0, id);

  /* not by one that is refused */
  refuse (desk, &(Play){ .last = DEPTH, .delta = 1 }, "channels 0 to 49");
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
  await_frame (desk, 0, id);

  /* by closing, in the middle of it */
  almu_test_ask_close (desk->viewer, 0);
  assert_quiet (desk);
  acknowledge (desk, 0, 3, 0);
  stop (desk, 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA));
  g_assert_true (almu_test_viewer_is_open (desk->viewer));
}

static void
test_animation_refuses (Desk         *desk,
                        gconstpointer user_data)
{
  const float matched[] = { 0, 1, 2, 3 };
  const int   outside[] = { 0, 1, 7 };
  const struct
  {
    Play        play;
    const char *reason;
  } cases[] = {
    { { .file_id = 3, .last = 9, .delta = 1 }, "No file 3" },
    { { .last = 9, .delta = 1, .rate = -1 }, "1 to 120" },
    { { .last = 9, .delta = 1, .rate = 121 }, "1 to 120" },
    { { .last = 9, .delta = 1, .rate = G_MAXINT }, "1 to 120" },
    { { .last = 9, .delta = 0 }, "steps of 0" },
    { { .first = 9, .last = 3, .delta = 1 }, "no frames" },
    { { .first = -1, .last = 3, .delta = 1 }, "no frames" },
    { { .first = 3, .last = 9, .delta = 1 }, "cannot begin at 0" },
    { { .last = DEPTH, .delta = 1 }, "channels 0 to 49" },
    { { .last = G_MAXINT, .delta = G_MAXINT }, "channels 0 to 49" },
    { { .last = 3, .delta = 1, .is_stokes = TRUE }, "polarisations 0 to 2" },
    { { .last = G_MAXINT - 1, .delta = G_MININT, .is_stokes = TRUE }, "polarisations 0 to 2" },
    { { .last = 2, .delta = 1, .is_stokes = TRUE, .indices = outside }, "polarisations 0 to 2" },
    { { .last = 3, .delta = 1, .matched = matched }, "No file 7" },
  };
  CARTA__StartAnimation                        empty = CARTA__START_ANIMATION__INIT;
  almu_test_autobody CARTA__StartAnimationAck *ack = NULL;
  almu_test_autobody CARTA__ErrorData         *complaint = NULL;

  open_cube (desk, "a.fits", 0);
  acknowledge (desk, 0, 0, 0);
  complaint = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (complaint->message, "Nothing is being played"));
  acknowledge (desk, 99, 0, 0);
  almu_test_body_clear (&complaint);
  complaint = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (complaint->message, "No file 99"));
  stop (desk, 0);
  stop (desk, 99);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    refuse (desk, &cases[i].play, cases[i].reason);

  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__START_ANIMATION_ACK,
                                      almu_test_viewer_send (desk->viewer, &empty.base));
  g_assert_false (ack->success);
  assert_quiet (desk);

  /* the highest that is served */
  g_assert_cmpint (await_frame (desk, 0, start (desk, &(Play){ .last = 1, .delta = 1, .rate = 120 })).channel, ==, 0);
}

/* -- what may go wrong --------------------------------------------------- */

/* The frames that were on their way are not where the viewer was. */
static void
test_animation_cut (Desk         *desk,
                    gconstpointer user_data)
{
  const Play                                     play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  CARTA__ResumeSession                           resume = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                         image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties                        *images[] = { &image };
  almu_test_autobody CARTA__ResumeSessionAck    *ack = NULL;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;
  guint32                                        session_id = desk->session_id;
  Picture                                        picture;
  int                                            id;

  open_cube (desk, "a.fits", 0);
  id = start (desk, &play);
  do
    picture = await_frame (desk, 0, id);
  while (picture.channel < 12);

  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &session_id);
  stop (desk, 0);
  almu_test_ask_plane (desk->viewer, 0, 12, 0, NULL, 0);
  image.directory = (char *) "";
  image.file = (char *) "a.fits";
  image.hdu = (char *) "";
  image.channel = 12;
  resume.n_images = 1;
  resume.images = images;
  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (desk->viewer, &resume.base));
  g_assert_true (ack->success);
  do
    {
      almu_test_body_clear (&histogram);
      histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (histogram->channel != 12);

  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 2, CARTA__COMPRESSION_TYPE__NONE, 0);
  g_autoptr(GPtrArray) tiles = almu_test_await_picture (desk->viewer, 0);
  g_assert_cmpuint (tiles->len, ==, 2);
  id = start (desk, &play);
  g_assert_cmpint (await_frame (desk, 0, id).channel, ==, 0);
}

/* A reader that is stuck gets no more than fits, however long it plays. */
static void
test_animation_stalled (Desk         *desk,
                        gconstpointer user_data)
{
  const gint64                              shape[] = { 1024, 1024, 8 };
  const Play                                play = { .last = 7, .delta = 1, .is_looping = TRUE, .rate = 120, .n_tiles = 1 };
  g_autofree gint32                        *codes = g_new (gint32, 16);
  almu_test_autobody CARTA__RasterTileSync *sync = NULL;
  guint64                                   before;
  guint64                                   after;
  gboolean                                  is_over = FALSE;

  for (int i = 0; i < 16; i++)
    codes[i] = almu_test_tile_code (2, i % 4, i / 4);
  desk_write (desk, "large.fits", 3, shape, cube, NULL);
  desk_open (desk, "large.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  start (desk, &play);
  almu_test_ask_tiles (desk->viewer, 0, codes, 16, CARTA__COMPRESSION_TYPE__NONE, 0);
  for (int i = 0; i < 8; i++)
    acknowledge (desk, 0, i, 0);
  almu_test_viewer_await_pong (desk->viewer);
  sync = desk_await (desk, CARTA__EVENT_TYPE__RASTER_TILE_SYNC);
  before = almu_test_daemon_get_status (desk->daemon, "VmRSS");

  /* nobody reads for two seconds, in which 240 frames of 4 MiB were due */
  g_usleep (2 * G_USEC_PER_SEC);
  after = almu_test_daemon_get_status (desk->daemon, "VmRSS");
  g_test_message ("%" G_GUINT64_FORMAT " kB, then %" G_GUINT64_FORMAT " kB", before, after);
  g_assert_cmpuint (after, <, before + 160 * 1024);

  /* and who reads again is served */
  stop (desk, 0);
  g_timeout_add (200, on_time_over, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_ask_cursor (desk->viewer, 0, 5, 5);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA));
}

/* A file that is cut off while it plays: each plane is named, and after some
 * it ends instead of going on for ever. */
static void
test_animation_unreadable (Desk         *desk,
                           gconstpointer user_data)
{
  const Play       play = { .first = 1, .last = DEPTH - 1, .start = 1, .delta = 1, .is_looping = TRUE };
  g_autofree char *path = g_build_filename (desk->folder, "a.fits", NULL);
  guint            n_errors = 0;
  gboolean         has_ended = FALSE;

  open_cube (desk, "a.fits", 0);
  g_assert_cmpint (truncate (path, 8640), ==, 0);
  start (desk, &play);
  while (!has_ended)
    {
      almu_test_autobody CARTA__ErrorData *complaint = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

      n_errors++;
      g_assert_nonnull (strstr (complaint->message, n_errors <= 8 ? "a.fits" : "8 frames in a row"));
      has_ended = strstr (complaint->message, "has ended") != NULL;
    }
  g_assert_cmpuint (n_errors, ==, 9);
  assert_quiet (desk);
}

/* -- channel maps -------------------------------------------------------- */

static void
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

static void
acknowledge_channel (Desk *desk,
                     int   channel)
{
  CARTA__ChannelMapFlowControl message = CARTA__CHANNEL_MAP_FLOW_CONTROL__INIT;

  message.received_channel = channel;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
test_map_channels (Desk         *desk,
                   gconstpointer user_data)
{
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  open_cube (desk, "a.fits", 0);
  ask_map (desk, 0, 3, 22, 3, 22, both_tiles, 2, both_tiles, 2);
  for (int z = 3; z < 11; z++)
    {
      Picture picture = await_picture (desk, 0, 0);

      g_assert_cmpint (picture.channel, ==, z);
      g_assert_cmpint (picture.n_tiles, ==, 2);
    }

  /* no more before the viewer has them */
  assert_quiet (desk);
  acknowledge_channel (desk, 30);
  assert_quiet (desk);
  acknowledge_channel (desk, 4);
  g_assert_cmpint (await_picture (desk, 0, 0).channel, ==, 11);
  g_assert_cmpint (await_picture (desk, 0, 0).channel, ==, 12);
  assert_quiet (desk);

  /* what goes out of sight is left out; the tiles as well as the channels */
  ask_map (desk, 0, 20, 24, 20, 24, both_tiles, 1, both_tiles, 1);
  acknowledge_channel (desk, 12);
  for (int z = 20; z <= 24; z++)
    {
      Picture picture = await_picture (desk, 0, 0);

      g_assert_cmpint (picture.channel, ==, z);
      g_assert_cmpint (picture.n_tiles, ==, 1);
      acknowledge_channel (desk, z);
    }
  assert_quiet (desk);

  /* only the one that is worked on moves */
  ask_map (desk, 22, 0, 0, 0, 0, NULL, 0, NULL, 0);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
  g_assert_cmpint (histogram->channel, ==, 22);
  assert_quiet (desk);

  /* one channel again: what was on its way is dropped */
  ask_map (desk, 22, 0, 40, 0, 40, both_tiles, 2, both_tiles, 2);
  almu_test_ask_plane (desk->viewer, 0, 45, 0, both_tiles, 1);
  for (gboolean has_come = FALSE; !has_come;)
    {
      almu_test_autobody CARTA__RasterTileSync *sync = desk_await (desk, CARTA__EVENT_TYPE__RASTER_TILE_SYNC);

      g_assert_true (sync->channel == 45 || sync->channel < 9);
      has_come = sync->channel == 45 && sync->end_sync;
    }
  assert_quiet (desk);
}

static void
test_map_refuses (Desk         *desk,
                  gconstpointer user_data)
{
  const gint32 nowhere[] = { 1 << 25 };
  const struct
  {
    int           channel;
    int           min;
    int           max;
    const gint32 *tiles;
    const char   *reason;
  } cases[] = {
    { 0, 40, DEPTH, both_tiles, "channels 0 to 49" },
    { 0, -1, 4, both_tiles, "channels 0 to 49" },
    { 0, 4, 3, both_tiles, "channels 0 to 49" },
    { 0, G_MININT, G_MAXINT, both_tiles, "channels 0 to 49" },
    { DEPTH, 0, 3, both_tiles, "channels 0 to 49" },
    { 5, 0, 3, nowhere, "" },
  };

  open_cube (desk, "a.fits", 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      almu_test_autobody CARTA__ErrorData *complaint = NULL;

      ask_map (desk, cases[i].channel, cases[i].min, cases[i].max, cases[i].min, cases[i].max,
               cases[i].tiles, 1, cases[i].tiles, 1);
      complaint = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
      g_test_message ("%s", complaint->message);
      g_assert_nonnull (strstr (complaint->message, cases[i].reason));
    }

  /* not even the channel has moved */
  assert_quiet (desk);
  acknowledge_channel (desk, 3);
  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  g_autoptr(GPtrArray) tiles = almu_test_await_picture (desk->viewer, 0);
  g_assert_cmpint (((CARTA__RasterTileData *) tiles->pdata[0])->channel, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/animation/fifty", test_animation_fifty);
  desk_add ("/daemon/animation/flow-control", test_animation_flow_control);
  desk_add ("/daemon/animation/orders", test_animation_orders);
  desk_add ("/daemon/animation/once", test_animation_once);
  desk_add ("/daemon/animation/stokes", test_animation_stokes);
  desk_add ("/daemon/animation/view", test_animation_view);
  desk_add ("/daemon/animation/matched", test_animation_matched);
  desk_add ("/daemon/animation/ends", test_animation_ends);
  desk_add ("/daemon/animation/refuses", test_animation_refuses);
  desk_add ("/daemon/animation/cut", test_animation_cut);
  desk_add ("/daemon/animation/stalled", test_animation_stalled);
  desk_add ("/daemon/animation/unreadable", test_animation_unreadable);
  desk_add ("/daemon/animation/map", test_map_channels);
  desk_add ("/daemon/animation/map-refuses", test_map_refuses);

  return g_test_run ();
}
