/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "test-play.h"

/* Pictures that follow each other, from the real program over a real link. */

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

  /* those that had a tile are long over */
  almu_test_viewer_clear (desk->viewer);
  almu_test_ask_tiles (desk->viewer, 0, both_tiles, 2, CARTA__COMPRESSION_TYPE__NONE, 0);
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

  /* by another one, which then has the tiles */
  open_cube (desk, "a.fits", 0);
  first_id = start (desk, &play);
  await_frame (desk, 0, first_id);
  id = start (desk, &play);
  g_assert_cmpint (id, !=, first_id);
  forget_others (desk, id);
  await_frame (desk, 0, id);

  /* not by one that is refused */
  refuse (desk, &(Play){ .last = DEPTH, .delta = 1 }, "channels 0 to 49");
  await_frame (desk, 0, id);

  /* by closing, in the middle of it */
  almu_test_ask_close (desk->viewer, 0);
  assert_quiet (desk);
  acknowledge (desk, 0, 3, 0);
  stop (desk, 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA));
  g_assert_true (almu_test_viewer_is_open (desk->viewer));
}

/* The page tells of the last of several quick steps half a second later, when
 * it may be playing. It waits for frames, so there have to be some. */
static void
test_animation_overtaken (Desk         *desk,
                          gconstpointer user_data)
{
  const Play play = { .last = 39, .delta = 1, .is_looping = TRUE };
  Picture    picture;
  int        before;
  int        id;

  open_cube (desk, "a.fits", 0);
  id = start (desk, &play);
  for (int i = 0; i < 3; i++)
    await_frame (desk, 0, id);

  /* it goes on from there; what was on its way still comes */
  almu_test_ask_plane (desk->viewer, 0, 30, 0, both_tiles, 2);
  do
    {
      picture = await_frame (desk, 0, id);
      g_assert_cmpint (picture.n_tiles, ==, 2);
    }
  while (picture.channel < 25);
  g_assert_cmpint (picture.channel, ==, 30);
  g_assert_cmpint (await_frame (desk, 0, id).channel, ==, 31);

  /* not to where it never comes */
  before = 31;
  almu_test_ask_plane (desk->viewer, 0, 45, 0, both_tiles, 1);
  almu_test_ask_plane (desk->viewer, 0, 3, 1, both_tiles, 1);
  for (int i = 0; i < 2 * WINDOW; i++)
    {
      picture = await_frame (desk, 0, id);
      g_assert_cmpint (picture.channel, ==, (before + 1) % 40);
      g_assert_cmpint (picture.stokes, ==, 0);
      g_assert_cmpint (picture.n_tiles, ==, 2);
      before = picture.channel;
    }

  /* a plane that is not there is refused as ever */
  almu_test_ask_plane (desk->viewer, 0, DEPTH, 0, both_tiles, 1);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA));
  await_frame (desk, 0, id);

  /* and when it has stopped, that is over */
  stop (desk, 0);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
  almu_test_ask_plane (desk->viewer, 0, 45, 0, both_tiles, 1);
  g_assert_cmpint (await_picture (desk, 0, 0).channel, ==, 45);
}

/* Likewise of an image that is beside it, whose channel the page finds out of
 * step while the next frame is on its way. */
static void
test_animation_overtaken_matched (Desk         *desk,
                                  gconstpointer user_data)
{
  const float matched[] = { 10, 11, 12, 13 };
  const Play  play = { .last = 3, .delta = 1, .is_looping = TRUE, .matched = matched };
  int         id;

  open_cube (desk, "a.fits", 0);
  open_cube (desk, "b.fits", 7);
  id = start (desk, &play);
  almu_test_ask_tiles (desk->viewer, 7, both_tiles, 1, CARTA__COMPRESSION_TYPE__NONE, 0);
  for (int i = 0; i < 2 * WINDOW; i++)
    {
      g_assert_cmpint (await_frame (desk, 0, id).channel, ==, i % 4);
      almu_test_ask_plane (desk->viewer, 7, 40, 0, both_tiles, 1);
      if (i < WINDOW + 3)
        continue;

      g_assert_cmpint (await_picture (desk, 7, id).channel, <=, 13);
    }
}

/* -- what is seen and measured beside the frames ------------------------- */

/* A line in every channel, which has the channel's number in it. */
static void
ask_contours (Desk *desk,
              gsize n_levels)
{
  CARTA__SetContourParameters settings = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  g_autofree double          *levels = g_new (double, n_levels);

  /* every pixel has its channel in the thousands, and its column below */
  for (gsize i = 0; i < n_levels; i++)
    levels[i] = 1000 * (double) i + 150.5;
  settings.n_levels = n_levels;
  settings.levels = levels;
  settings.smoothing_mode = CARTA__SMOOTHING_MODE__NoSmoothing;
  settings.smoothing_factor = 1;
  settings.decimation_factor = 4;
  settings.compression_level = 1;
  settings.contour_chunk_size = 100000;
  almu_test_viewer_send (desk->viewer, &settings.base);
}

/* The last message of the contours of one channel. */
static int
await_contours (Desk *desk)
{
  for (;;)
    {
      almu_test_autobody CARTA__ContourImageData *data = desk_await (desk, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA);

      if (data->progress >= 1)
        return data->channel;
    }
}

/* None is left out, and none comes late: the next frame waits for them. */
static void
test_animation_contours (Desk         *desk,
                         gconstpointer user_data)
{
  const Play play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE, .rate = 120 };
  int        id;

  open_cube (desk, "a.fits", 0);
  ask_contours (desk, 1);
  g_assert_cmpint (await_contours (desk), ==, 0);
  id = start (desk, &play);
  g_assert_cmpint (await_frame (desk, 0, id).channel, ==, 0);
  for (int z = 1; z < DEPTH; z++)
    {
      g_assert_cmpint (await_frame (desk, 0, id).channel, ==, z);
      g_assert_cmpint (await_contours (desk), ==, z);
    }
  stop (desk, 0);
}

/* What takes longer than a frame is not done for every frame, but it is done;
 * and it takes none away. */
static void
test_animation_measures (Desk         *desk,
                         gconstpointer user_data)
{
  const Play              play = { .last = DEPTH - 1, .delta = 1, .is_looping = TRUE };
  const float             corners[] = { 100, 10, 180, 16 };
  CARTA__RegionStatsData *stats;
  guint                   n_stats = 0;
  int                     region_id;
  int                     id;

  open_cube (desk, "a.fits", 0);
  region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, corners, 2, 0);
  almu_test_ask_stats (desk->viewer, 0, region_id, "z");
  almu_test_ask_histogram (desk->viewer, 0, region_id, 20, 0, 0);
  almu_test_ask_spectral (desk->viewer, 0, region_id, "z");
  almu_test_ask_spatial (desk->viewer, 0, 0, "x", 0, 0, 0);
  almu_test_ask_cursor (desk->viewer, 0, 30, 3);

  id = start (desk, &play);
  for (int z = 0; z < DEPTH; z++)
    g_assert_cmpint (await_frame (desk, 0, id).channel, ==, z);

  while ((stats = almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA)) != NULL)
    {
      n_stats++;
      g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__Min), >=, 1000 * stats->channel);
      g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__Max), <, 1000 * stats->channel + WIDTH);
      almu_test_body_free (stats);
    }
  g_test_message ("statistics of %u of %d frames", n_stats, DEPTH);
  g_assert_cmpuint (n_stats, >, 1);

  /* those of where it stopped are always there */
  stop (desk, 0);
  almu_test_ask_plane (desk->viewer, 0, 7, 0, both_tiles, 2);
  for (int channel = -1; channel != 7;)
    {
      almu_test_autobody CARTA__RegionStatsData *data = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);

      channel = data->channel;
    }
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
  /* a sanitizer takes some of its own */
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
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
  desk_add ("/daemon/animation/overtaken", test_animation_overtaken);
  desk_add ("/daemon/animation/overtaken-matched", test_animation_overtaken_matched);
  desk_add ("/daemon/animation/contours", test_animation_contours);
  desk_add ("/daemon/animation/measures", test_animation_measures);
  desk_add ("/daemon/animation/refuses", test_animation_refuses);
  desk_add ("/daemon/animation/cut", test_animation_cut);
  desk_add ("/daemon/animation/stalled", test_animation_stalled);
  desk_add ("/daemon/animation/unreadable", test_animation_unreadable);

  return g_test_run ();
}
