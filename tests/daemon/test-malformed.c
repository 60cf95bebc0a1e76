/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "almu-frame.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "test-desk.h"

#define WIDTH 64
#define HEIGHT 48
#define DEPTH 50

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2]);
}

static void
open_cube (Desk *desk,
           int   file_id)
{
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH };

  desk_write (desk, "cube.fits", 3, shape, cube, NULL);
  desk_open (desk, "cube.fits", file_id);
}

/* Everybody else is served as ever. */
static void
assert_is_well (Desk *desk)
{
  guint32 session_id = 0;
  g_autoptr(AlmuTestViewer) viewer = desk_register (desk, &session_id);
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  almu_test_viewer_await_pong (viewer);
  ack = almu_test_viewer_open (viewer, "", "cube.fits", "", 0);
  g_assert_true (ack->success);
  plane = almu_test_await_plane (viewer, 0, WIDTH, HEIGHT);
  g_assert_cmpfloat (plane[WIDTH + 1], ==, 101);
  almu_test_viewer_close (viewer);
}

/* -- a peer that knows only half of the protocol -------------------------- */

static void
write_all (GIOStream  *stream,
           const void *data,
           gsize       length)
{
  g_autoptr(GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (stream), data, length, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Past the answer to the upgrade. */
static GIOStream *
connect_raw (Desk *desk)
{
  g_autoptr(GSocketClient) client = g_object_new (G_TYPE_SOCKET_CLIENT, "enable-proxy", FALSE, NULL);
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *request = NULL;
  g_autoptr(GUri) uri = g_uri_parse (almu_test_daemon_get_url (desk->daemon), G_URI_FLAGS_NONE, NULL);
  g_autoptr(GString) answer = g_string_new (NULL);
  char byte;

  connection = g_socket_client_connect_to_host (client, "127.0.0.1", (guint16) almu_test_daemon_get_port (desk->daemon), NULL, &error);
  g_assert_no_error (error);
  request = g_strdup_printf ("GET /?%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                             g_uri_get_query (uri), almu_test_daemon_get_port (desk->daemon));
  write_all (G_IO_STREAM (connection), request, strlen (request));
  while (!g_str_has_suffix (answer->str, "\r\n\r\n"))
    {
      g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte, 1, NULL, &error), ==, 1);
      g_string_append_c (answer, byte);
    }
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 101"));

  return G_IO_STREAM (g_steal_pointer (&connection));
}

/* A whole frame, masked with zeros. */
static void
send_raw (GIOStream              *stream,
          const ProtobufCMessage *message)
{
  g_autoptr(GBytes) bytes = almu_message_pack (message, ALMU_ICD_VERSION, 1);
  gsize        length = g_bytes_get_size (bytes);
  const guint8 brief[] = { 0x82, 0x80 | (guint8) length, 0, 0, 0, 0 };
  const guint8 longer[] = { 0x82, 0x80 | 126, (guint8) (length >> 8), (guint8) length, 0, 0, 0, 0 };

  g_assert_cmpuint (length, <, 65536);
  if (length < 126)
    write_all (stream, brief, sizeof brief);
  else
    write_all (stream, longer, sizeof longer);
  write_all (stream, g_bytes_get_data (bytes, NULL), length);
}

static void
test_malformed_frames (Desk         *desk,
                       gconstpointer user_data)
{
  const struct
  {
    const char *bytes;
    gsize       length;
  } cases[] = {
    { "", 0 },
    { "\202", 1 },
    { "\202\376", 2 },
    { "\202\376\001", 3 },
    { "\202\212\000\000\000\000abc", 9 },                          /* cut short */
    { "\202\377\177\377\377\377\377\377\377\377\0\0\0\0abc", 17 }, /* of 8 EiB */
    { "\202\377\377\377\377\377\377\377\377\377\0\0\0\0abc", 17 },
    { "\202\005abcde", 7 }, /* not masked */
    { "\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377", 16 },
    { "GET / HTTP/1.1\r\n\r\n", 18 },
    { "\210\202\0\0\0\0\003\350", 8 }, /* good-bye without hello */
    { "\211\200\0\0\0\0", 6 },
    { "\000\200\0\0\0\0\200\200\0\0\0\0", 12 },
  };

  open_cube (desk, 0);
  for (guint i = 0; i < 4 * G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GIOStream) stream = connect_raw (desk);

      write_all (stream, cases[i % G_N_ELEMENTS (cases)].bytes, cases[i % G_N_ELEMENTS (cases)].length);
      if (i % 3 == 0)
        g_io_stream_close (stream, NULL, NULL);
    }
  assert_is_well (desk);
}

static void
test_malformed_huge_message (Desk         *desk,
                             gconstpointer user_data)
{
  g_autofree guint8 *body = g_malloc0 (ALMU_LIMIT_MESSAGE_BYTES + 1);

  open_cube (desk, 0);
  almu_test_viewer_send_raw (desk->viewer, CARTA__EVENT_TYPE__SET_CURSOR, 1, body, ALMU_LIMIT_MESSAGE_BYTES + 1);
  almu_test_viewer_await_closed (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  assert_is_well (desk);
}

/* -- too much of the right ------------------------------------------------ */

static void
test_malformed_many_cursors (Desk         *desk,
                             gconstpointer user_data)
{
  almu_test_autobody CARTA__SpatialProfileData *data = NULL;

  open_cube (desk, 0);
  almu_test_ask_spatial (desk->viewer, 0, 0, "x", 0, 0, 0);
  almu_test_ask_spectral (desk->viewer, 0, 0, "z");
  for (int i = 0; i < 20000; i++)
    almu_test_ask_cursor (desk->viewer, 0, (float) (i % WIDTH), (float) (i % HEIGHT));
  almu_test_ask_cursor (desk->viewer, 0, 63, 47);
  almu_test_viewer_await_pong (desk->viewer);

  do
    {
      almu_test_body_clear (&data);
      data = desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
    }
  while (data->x != 63 || data->y != 47);
  assert_is_well (desk);
}

static void
test_malformed_many_planes (Desk         *desk,
                            gconstpointer user_data)
{
  const gint32                                   code = 0;
  almu_test_autobody CARTA__RegionHistogramData *data = NULL;
  almu_test_autobody CARTA__RasterTileData      *tile = NULL;

  open_cube (desk, 0);
  for (int i = 0; i < 1000; i++)
    almu_test_ask_plane (desk->viewer, 0, i % DEPTH, 0, &code, 1);
  almu_test_ask_plane (desk->viewer, 0, 17, 0, &code, 1);

  do
    {
      almu_test_body_clear (&data);
      data = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (data->channel != 17);
  do
    {
      almu_test_body_clear (&tile);
      tile = desk_await (desk, CARTA__EVENT_TYPE__RASTER_TILE_DATA);
    }
  while (tile->channel != 17);
  g_assert_cmpfloat (*(const float *) tile->tiles[0]->image_data.data, ==, 170000);
  assert_is_well (desk);
}

static void
assert_error (Desk       *desk,
              const char *part)
{
  almu_test_autobody CARTA__ErrorData *error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

  g_assert_nonnull (strstr (error->message, part));
}

static void
test_malformed_limits (Desk         *desk,
                       gconstpointer user_data)
{
  g_autofree gint32                            *codes = g_new0 (gint32, ALMU_LIMIT_TILES + 1);
  g_autofree float                             *points = g_new0 (float, 2 * (ALMU_LIMIT_CONTROL_POINTS + 1));
  CARTA__SetSpatialRequirements                 spatial = CARTA__SET_SPATIAL_REQUIREMENTS__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig  spatial_config = CARTA__SET_SPATIAL_REQUIREMENTS__SPATIAL_CONFIG__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig *spatial_configs[ALMU_LIMIT_REQUIREMENTS + 1];
  CARTA__SetStatsRequirements                   stats = CARTA__SET_STATS_REQUIREMENTS__INIT;
  CARTA__SetStatsRequirements__StatsConfig      stats_config = CARTA__SET_STATS_REQUIREMENTS__STATS_CONFIG__INIT;
  CARTA__SetStatsRequirements__StatsConfig     *stats_configs[ALMU_LIMIT_REQUIREMENTS + 1];

  open_cube (desk, 0);
  almu_test_ask_tiles (desk->viewer, 0, codes, ALMU_LIMIT_TILES + 1, 1, 11);
  assert_error (desk, "16385");
  almu_test_ask_tiles (desk->viewer, 0, codes, 1, 2, 11);
  assert_error (desk, "ompression");
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POLYGON, points, ALMU_LIMIT_CONTROL_POINTS + 1, 0), ==, 0);
  almu_test_ask_histogram (desk->viewer, 0, -1, ALMU_LIMIT_BINS + 1, 0, 1);
  assert_error (desk, "1048577");
  almu_test_ask_histogram (desk->viewer, 0, -1, G_MAXINT, 0, 1);
  assert_error (desk, "2147483647");

  for (guint i = 0; i <= ALMU_LIMIT_REQUIREMENTS; i++)
    {
      spatial_configs[i] = &spatial_config;
      stats_configs[i] = &stats_config;
    }
  spatial.n_spatial_profiles = ALMU_LIMIT_REQUIREMENTS + 1;
  spatial.spatial_profiles = spatial_configs;
  almu_test_viewer_send (desk->viewer, &spatial.base);
  assert_error (desk, "257");
  stats.region_id = -1;
  stats.n_stats_configs = ALMU_LIMIT_REQUIREMENTS + 1;
  stats.stats_configs = stats_configs;
  almu_test_viewer_send (desk->viewer, &stats.base);
  assert_error (desk, "257");

  /* numbers that must not be multiplied before they are looked at */
  almu_test_ask_spatial (desk->viewer, 0, 0, "x", G_MININT, G_MAXINT, G_MAXINT);
  almu_test_ask_spatial (desk->viewer, 0, 0, "y", G_MAXINT, G_MININT, G_MININT);
  almu_test_ask_spatial (desk->viewer, 0, 0, "y", 40, 3, 2);
  almu_test_viewer_await_pong (desk->viewer);
  assert_is_well (desk);
}

static gboolean
has_links (Desk *desk)
{
  return almu_test_daemon_get_metric (desk->daemon, "links") > 0;
}

static void
test_malformed_reconnects (Desk         *desk,
                           gconstpointer user_data)
{
  guint n_before = 0;

  open_cube (desk, 0);
  almu_test_viewer_close (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);

  for (int i = 0; i < 110; i++)
    {
      guint32 session_id = i % 4 == 3 ? desk->session_id : 0;
      g_autoptr(AlmuTestViewer) viewer = desk_register (desk, &session_id);
      almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", "cube.fits", "", 0);

      g_assert_true (ack->success);
      if (i % 4 == 1)
        almu_test_viewer_cut (viewer);
      else
        almu_test_viewer_close (viewer);

      /* what is kept on purpose: threads' own, and files of sessions that
       * were cut, which a good-bye frees */
      if (i % 4 == 1)
        {
          g_autoptr(AlmuTestViewer) again = desk_register (desk, &session_id);

          almu_test_viewer_close (again);
        }

      while (has_links (desk))
        ;
      if (i == 9)
        n_before = almu_test_daemon_count_fds (desk->daemon);
    }

  almu_test_daemon_await_fds (desk->daemon, n_before + 2);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "cache_bytes"), ==, 0);
}

/* -- too early ------------------------------------------------------------ */

/* What a page says whose service has forgotten everything (W26): of files,
 * regions and animations that never were. */
static void
test_malformed_orders (Desk         *desk,
                       gconstpointer user_data)
{
  CARTA__AnimationFlowControl            flow = CARTA__ANIMATION_FLOW_CONTROL__INIT;
  CARTA__StartAnimation                  animation = CARTA__START_ANIMATION__INIT;
  CARTA__StopAnimation                   stop = CARTA__STOP_ANIMATION__INIT;
  CARTA__AnimationFrame                  frame = CARTA__ANIMATION_FRAME__INIT;
  CARTA__MomentRequest                   moment = CARTA__MOMENT_REQUEST__INIT;
  CARTA__SaveFile                        save = CARTA__SAVE_FILE__INIT;
  CARTA__RemoveRegion                    removal = CARTA__REMOVE_REGION__INIT;
  CARTA__CloseCatalogFile                catalog = CARTA__CLOSE_CATALOG_FILE__INIT;
  CARTA__SetContourParameters            contours = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__SetVectorOverlayParameters      vectors = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  almu_test_autobody CARTA__SaveFileAck *saved = NULL;

  for (int round = 0; round < 2; round++)
    {
      /* nothing is open, then an image is, but without a region */
      for (int file_id = 0; file_id <= 3; file_id += 3)
        {
          frame.channel = 1;
          flow.file_id = animation.file_id = stop.file_id = moment.file_id = save.file_id = file_id;
          contours.file_id = contours.reference_file_id = vectors.file_id = (guint32) file_id;
          flow.received_frame = &frame;
          stop.end_frame = &frame;
          almu_test_viewer_send (desk->viewer, &flow.base);
          almu_test_viewer_send (desk->viewer, &stop.base);
          flow.received_frame = NULL;
          stop.end_frame = NULL;
          almu_test_viewer_send (desk->viewer, &flow.base);
          almu_test_viewer_send (desk->viewer, &stop.base);
          almu_test_viewer_send (desk->viewer, &animation.base);
          animation.first_frame = animation.start_frame = animation.last_frame = animation.delta_frame = &frame;
          almu_test_viewer_send (desk->viewer, &animation.base);
          almu_test_viewer_send (desk->viewer, &stop.base);
          almu_test_ask_spatial (desk->viewer, file_id, 5, "x", 0, 0, 0);
          almu_test_ask_spectral (desk->viewer, file_id, 5, "z");
          almu_test_ask_stats (desk->viewer, file_id, 5, "z");
          almu_test_ask_histogram (desk->viewer, file_id, 5, 10, 0, 1);
          almu_test_ask_cursor (desk->viewer, file_id, 1, 1);
          almu_test_viewer_send (desk->viewer, &contours.base);
          almu_test_viewer_send (desk->viewer, &vectors.base);
          moment.region_id = save.region_id = removal.region_id = 5;
          almu_test_viewer_send (desk->viewer, &moment.base);
          almu_test_viewer_send (desk->viewer, &removal.base);
          almu_test_viewer_send (desk->viewer, &catalog.base);
          save.output_file_directory = (char *) "";
          save.output_file_name = (char *) "saved.fits";
          save.rest_freq = NAN;
          almu_test_body_clear (&saved);
          saved = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK,
                                                almu_test_viewer_send (desk->viewer, &save.base));
          g_assert_false (saved->success);
          g_assert_cmpstr (saved->message, !=, "");
        }
      open_cube (desk, 0);
    }
  g_assert_true (almu_test_viewer_is_open (desk->viewer));
  assert_is_well (desk);
}

/* Others at long work, of which there is enough for all threads, are not
 * noticed by who looks at a picture (W25). */
#define N_WORKERS 6

static void
test_malformed_long_work (Desk         *desk,
                          gconstpointer user_data)
{
  CARTA__SetHistogramRequirements message = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };
  AlmuTestViewer                 *others[N_WORKERS];
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  /* 4 GiB, of which the disk has nothing but the header */
  almu_test_fits_begin (fits, -32, 3, (gint64[]){ 1024, 1024, 1024 });
  almu_test_fits_end_header (fits);
  path = almu_test_fits_save (fits, desk->folder, "long.fits");
  g_assert_cmpint (truncate (path, 2880 + (G_GINT64_CONSTANT (4) << 30)), ==, 0);

  open_cube (desk, 0);
  config.coordinate = (char *) "z";
  config.channel = -2;
  config.num_bins = -1;
  message.region_id = -2;
  message.n_histograms = 1;
  message.histograms = configs;
  for (int i = 0; i < N_WORKERS; i++)
    {
      guint32                                id = 0;
      almu_test_autobody CARTA__OpenFileAck *ack = NULL;

      others[i] = desk_register (desk, &id);
      ack = almu_test_viewer_open (others[i], "", "long.fits", "", 0);
      g_assert_true (ack->success);
      almu_test_viewer_send (others[i], &message.base);
    }

  assert_is_well (desk);
  for (int i = 0; i < N_WORKERS; i++)
    {
      almu_test_autobody CARTA__RegionHistogramData *data = NULL;

      almu_test_viewer_await_pong (others[i]);
      while ((data = almu_test_viewer_take (others[i], CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA)) != NULL)
        {
          g_assert_true (data->region_id != -2 || data->progress < 1);
          almu_test_body_clear (&data);
          data = NULL;
        }
      almu_test_viewer_close (others[i]);
      almu_test_viewer_free (others[i]);
    }
}

/* -- a page that does not read --------------------------------------------- */

#define LARGE 3072
#define N_LARGE_TILES (LARGE / 256 * LARGE / 256)

static double
large (const gint64 *position,
       gpointer      user_data)
{
  return (double) (position[0] ^ position[1]);
}

static void
test_malformed_stalled (Desk         *desk,
                        gconstpointer user_data)
{
  const gint64            shape[] = { LARGE, LARGE };
  CARTA__RegisterViewer   hello = CARTA__REGISTER_VIEWER__INIT;
  CARTA__OpenFile         opening = CARTA__OPEN_FILE__INIT;
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  g_autofree gint32      *codes = g_new (gint32, N_LARGE_TILES);
  g_autoptr(GIOStream) stream = NULL;

  desk_write (desk, "large.fits", 2, shape, large, NULL);
  open_cube (desk, 0);
  for (int i = 0; i < N_LARGE_TILES; i++)
    codes[i] = almu_test_tile_code (4, i % (LARGE / 256), i / (LARGE / 256));

  /* 3 GiB of tiles for somebody who takes none of them */
  stream = connect_raw (desk);
  send_raw (stream, &hello.base);
  opening.directory = (char *) "";
  opening.file = (char *) "large.fits";
  opening.hdu = (char *) "";
  send_raw (stream, &opening.base);
  tiles.n_tiles = N_LARGE_TILES;
  tiles.tiles = codes;
  for (int i = 0; i < 85; i++)
    send_raw (stream, &tiles.base);

  for (int i = 0; i < 20; i++)
    {
      assert_is_well (desk);
      almu_test_viewer_await_pong (desk->viewer);
    }

  /* it is still there, and so is what it asked for */
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "links"), ==, 2);
  while (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total") <= LARGE * LARGE * sizeof (float))
    ;
  g_test_message ("%" G_GUINT64_FORMAT " kB at most", almu_test_daemon_get_status (desk->daemon, "VmHWM"));
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (almu_test_daemon_get_status (desk->daemon, "VmHWM"), <, 400 * 1024);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/malformed/frames", test_malformed_frames);
  desk_add ("/daemon/malformed/huge-message", test_malformed_huge_message);
  desk_add ("/daemon/malformed/many-cursors", test_malformed_many_cursors);
  desk_add ("/daemon/malformed/many-planes", test_malformed_many_planes);
  desk_add ("/daemon/malformed/limits", test_malformed_limits);
  desk_add ("/daemon/malformed/reconnects", test_malformed_reconnects);
  desk_add ("/daemon/malformed/orders", test_malformed_orders);
  desk_add ("/daemon/malformed/long-work", test_malformed_long_work);
  desk_add ("/daemon/malformed/stalled", test_malformed_stalled);

  return g_test_run ();
}
