/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-play.h"

/* Channels beside each other, from the real program over a real link. */

/* Those that are here. */
static guint
n_histograms (Desk *desk)
{
  guint n = 0;

  for (GList *l = almu_test_viewer_get_messages (desk->viewer)->head; l != NULL; l = l->next)
    n += ((AlmuTestMessage *) l->data)->event == CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA;

  return n;
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
      Picture picture = await_panel (desk);

      g_assert_cmpint (picture.channel, ==, z);
      g_assert_cmpint (picture.n_tiles, ==, 2);
    }

  g_assert_cmpuint (n_histograms (desk), ==, 0);

  /* no more before the viewer has them */
  assert_quiet (desk);
  acknowledge_channel (desk, 30);
  assert_quiet (desk);
  acknowledge_channel (desk, 4);
  g_assert_cmpint (await_panel (desk).channel, ==, 11);
  g_assert_cmpint (await_panel (desk).channel, ==, 12);
  assert_quiet (desk);

  /* what goes out of sight is left out; the tiles as well as the channels */
  ask_map (desk, 0, 20, 24, 20, 24, both_tiles, 1, both_tiles, 1);
  acknowledge_channel (desk, 12);
  for (int z = 20; z <= 24; z++)
    {
      Picture picture = await_panel (desk);

      g_assert_cmpint (picture.channel, ==, z);
      g_assert_cmpint (picture.n_tiles, ==, 1);
      acknowledge_channel (desk, z);
    }
  assert_quiet (desk);

  /* whatever a page is told the histogram of, it takes for the channel that is
   * worked on; and so it is told of no other */
  g_assert_cmpuint (n_histograms (desk), ==, 0);

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

/* A page that plays throws away panels and does not ask again: they come when
 * it has stopped. Meanwhile it asks for those that it leafs to. */
static void
test_map_plays (Desk         *desk,
                gconstpointer user_data)
{
  const Play play = { .first = 3, .last = 30, .start = 3, .delta = 1, .is_looping = TRUE };
  int        id;

  open_cube (desk, "a.fits", 0);
  ask_map (desk, 0, 3, 14, 3, 14, both_tiles, 2, both_tiles, 2);
  for (int z = 3; z < 11; z++)
    g_assert_cmpint (await_panel (desk).channel, ==, z);

  id = start (desk, &play);
  for (int z = 3; z < 11; z++)
    acknowledge_channel (desk, z);
  for (int z = 3; z < 9; z++)
    g_assert_cmpint (await_frame (desk, 0, id).channel, ==, z);

  /* its own channel is behind that of the frames, which do not go back */
  ask_map (desk, 5, 13, 18, 13, 18, both_tiles, 2, both_tiles, 2);
  for (int z = 9; z < 16; z++)
    g_assert_cmpint (await_frame (desk, 0, id).channel, ==, z);

  stop (desk, 0);
  almu_test_viewer_await_pong (desk->viewer);
  forget_others (desk, 0);
  for (int z = 13; z <= 18; z++)
    {
      Picture panel = await_panel (desk);

      g_assert_cmpint (panel.channel, ==, z);
      g_assert_cmpint (panel.n_tiles, ==, 2);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/channel-map/channels", test_map_channels);
  desk_add ("/daemon/channel-map/plays", test_map_plays);
  desk_add ("/daemon/channel-map/refuses", test_map_refuses);

  return g_test_run ();
}
