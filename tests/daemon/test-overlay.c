/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <zstd.h>

#include "test-desk.h"

/* Contours and vectors over the wire. */

#define SIDE 200
#define DEPTH 3

/* A hill around the middle that rises with the channel; one of Stokes I, Q
 * and U for each polarisation. */
static double
get_hill (const gint64 *position)
{
  double x = (double) position[0] - 100;
  double y = (double) position[1] - 100;

  return (double) (position[2] + 1) * exp (-(x * x + y * y) / 800);
}

static double
hill (const gint64 *position,
      gpointer      user_data)
{
  return get_hill (position);
}

static double
polarised (const gint64 *position,
           gpointer      user_data)
{
  switch (position[3])
    {
    case 0:
      return position[0] == 3 && position[1] == 3 ? NAN : 10;

    case 1:
      return 3;

    default:
      return position[0] < 100 ? 4 : -4;
    }
}

static double
blank_corner (const gint64 *position,
              gpointer      user_data)
{
  return position[0] < 512 && position[1] < 512 ? NAN : 1 + (double) position[0] / 100;
}

static void
write_hill (Desk *desk)
{
  desk_write (desk, "hill.fits", 3, (const gint64[]){ SIDE, SIDE, DEPTH }, hill, NULL);
}

static void
write_polarised (Desk *desk)
{
  const char *const cards[] = { "CTYPE4", "'STOKES'", "CRPIX4", "1", "CRVAL4", "1", "CDELT4", "1", NULL };

  desk_write (desk, "iqu.fits", 4, (const gint64[]){ SIDE, SIDE, 2, 3 }, polarised, cards);
}

/* -- contours ------------------------------------------------------------- */

static CARTA__SetContourParameters
contour_settings (int     file_id,
                  double *levels,
                  gsize   n_levels)
{
  CARTA__SetContourParameters settings = CARTA__SET_CONTOUR_PARAMETERS__INIT;

  settings.file_id = (guint32) file_id;
  settings.reference_file_id = (guint32) file_id;
  settings.n_levels = n_levels;
  settings.levels = levels;
  settings.smoothing_mode = CARTA__SMOOTHING_MODE__GaussianBlur;
  settings.smoothing_factor = 4;
  settings.decimation_factor = 4;
  settings.compression_level = 8;
  settings.contour_chunk_size = 100000;

  return settings;
}

static CARTA__ContourImageData *
await_contours (Desk *desk)
{
  return desk_await (desk, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA);
}

/* As the page does. */
static float *
decode (const CARTA__ContourSet *set,
        gsize                   *out_n)
{
  gsize              n = (gsize) set->uncompressed_coordinates_size / 4;
  float             *numbers = g_new (float, n + 1);
  g_autofree guint8 *bytes = g_malloc (4 * n + 1);
  gint32             sums[2] = { 0, 0 };

  g_assert_cmpuint (ZSTD_decompress (bytes, 4 * n, set->raw_coordinates.data, set->raw_coordinates.len), ==, 4 * n);
  for (gsize i = 0; i < n; i++)
    {
      guint32 number = 0;

      for (gsize k = 0; k < 4; k++)
        number |= (guint32) (i < n - n % 4 ? bytes[i / 4 * 16 + 4 * k + i % 4] : bytes[4 * i + k]) << 8 * k;
      sums[i % 2] += (gint32) number;
      numbers[i] = (float) sums[i % 2] / (float) set->decimation_factor;
    }
  *out_n = n;

  return numbers;
}

/* All of one level of the hill, in file @file_id: a circle. Returns how many
 * messages it took. */
static guint
assert_circle_of (Desk  *desk,
                  int    file_id,
                  int    reference_id,
                  int    channel,
                  double level)
{
  double radius = sqrt (-800 * log (level / (channel + 1)));
  double progress = -1;
  gsize  n_vertices = 0;
  guint  n_messages = 0;

  while (progress < 1)
    {
      almu_test_autobody CARTA__ContourImageData *data = await_contours (desk);
      const CARTA__ContourSet                    *set;
      g_autofree float                           *numbers = NULL;
      gsize                                       n = 0;

      g_assert_cmpint (data->file_id, ==, file_id);
      g_assert_cmpuint (data->reference_file_id, ==, reference_id);
      g_assert_cmpint (data->channel, ==, channel);
      g_assert_cmpint (data->stokes, ==, 0);
      g_assert_cmpuint (data->n_contour_sets, ==, 1);
      set = data->contour_sets[0];
      g_assert_true (set->level == level);
      if (n_messages == 0)
        g_assert_cmpfloat (data->progress, ==, 0);
      else
        g_assert_cmpfloat (data->progress, >, progress);
      progress = data->progress;
      n_messages++;
      if (set->raw_coordinates.len == 0)
        continue;

      g_assert_cmpint (set->decimation_factor, ==, 4);
      numbers = decode (set, &n);
      n_vertices += n / 2;
      for (gsize i = 0; i < n; i += 2)
        /* smoothed with a sigma of 1.5, on a grid, in steps of a quarter */
        g_assert_cmpfloat_with_epsilon (hypot (numbers[i] - 100.5, numbers[i + 1] - 100.5), radius, 0.5);
    }

  if (level < channel + 1)
    g_assert_cmpuint (n_vertices, >, (gsize) (2 * radius));
  else
    g_assert_cmpuint (n_vertices, ==, 0);

  return n_messages;
}

static guint
assert_circle (Desk  *desk,
               int    channel,
               double level)
{
  return assert_circle_of (desk, 0, 0, channel, level);
}

static void
assert_no_more_contours (Desk *desk)
{
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_await_pong (desk->viewer);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA));
}

static void
test_contours (Desk         *desk,
               gconstpointer user_data)
{
  double                      levels[] = { 0.1 + 0.2 };
  double                      high[] = { 1.5 };
  CARTA__SetContourParameters settings = contour_settings (0, levels, 1);
  CARTA__SetContourParameters other = contour_settings (0, high, 1);
  CARTA__SetContourParameters none = contour_settings (0, NULL, 0);

  write_hill (desk);
  desk_open (desk, "hill.fits", 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_circle (desk, 0, levels[0]);

  /* wanted already */
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_no_more_contours (desk);

  /* a level that no pixel of this channel reaches, but those of the next do */
  almu_test_viewer_send (desk->viewer, &other.base);
  assert_circle (desk, 0, high[0]);
  almu_test_ask_plane (desk->viewer, 0, 1, 0, NULL, 0);
  assert_circle (desk, 1, high[0]);

  almu_test_viewer_send (desk->viewer, &none.base);
  almu_test_ask_plane (desk->viewer, 0, 2, 0, NULL, 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  assert_no_more_contours (desk);
}

/* Of an image that lies on another one: the page draws them there by the name
 * of that other one, which they keep from plane to plane, and when it is
 * closed. */
static void
test_contours_matched (Desk         *desk,
                       gconstpointer user_data)
{
  double                      levels[] = { 0.6 };
  CARTA__SetContourParameters settings = contour_settings (3, levels, 1);
  CARTA__SetContourParameters alone = contour_settings (3, levels, 1);

  write_hill (desk);
  write_polarised (desk);
  settings.reference_file_id = 1;
  desk_open (desk, "iqu.fits", 1);
  desk_open (desk, "hill.fits", 3);
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_circle_of (desk, 3, 1, 0, levels[0]);
  almu_test_ask_plane (desk->viewer, 3, 2, 0, NULL, 0);
  assert_circle_of (desk, 3, 1, 2, levels[0]);

  /* the other one's planes are no reason to draw them again */
  almu_test_ask_plane (desk->viewer, 1, 1, 2, NULL, 0);
  assert_no_more_contours (desk);
  almu_test_ask_close (desk->viewer, 1);
  almu_test_ask_plane (desk->viewer, 3, 1, 0, NULL, 0);
  assert_circle_of (desk, 3, 1, 1, levels[0]);

  /* now drawn on the image itself: what they are drawn on is told with them */
  almu_test_viewer_send (desk->viewer, &alone.base);
  assert_circle_of (desk, 3, 3, 1, levels[0]);
}

static void
assert_refused (Desk       *desk,
                const char *part)
{
  almu_test_autobody CARTA__ErrorData *error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_contours_wrong (Desk         *desk,
                     gconstpointer user_data)
{
  double                      levels[300] = { 0 };
  double                      wrong[] = { NAN };
  double                      right[] = { 0.5 };
  CARTA__SetContourParameters settings = contour_settings (0, right, 1);
  CARTA__SetContourParameters message;

  write_hill (desk);
  desk_open (desk, "hill.fits", 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_circle (desk, 0, 0.5);

  message = contour_settings (0, levels, 257);
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "257 contour levels");
  message = contour_settings (0, wrong, 1);
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "nan");
  message = settings;
  message.smoothing_factor = 1025;
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "1025");
  message = settings;
  message.smoothing_mode = 7;
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "mode 7");
  message = settings;
  message.contour_chunk_size = -1;
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "-1 vertices");
  message = contour_settings (5, right, 1);
  almu_test_viewer_send (desk->viewer, &message.base);
  assert_refused (desk, "5");

  /* what was wanted is wanted still */
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_no_more_contours (desk);
  almu_test_ask_plane (desk->viewer, 0, 1, 0, NULL, 0);
  assert_circle (desk, 1, 0.5);
}

/* Many chunks of many levels: of another plane nothing comes once there is something
 * of the last one, and of that everything. */
static void
test_contours_stale (Desk         *desk,
                     gconstpointer user_data)
{
  double                      levels[40];
  CARTA__SetContourParameters settings = contour_settings (0, levels, G_N_ELEMENTS (levels));
  const int                   last = DEPTH - 1;
  gboolean                    has_come = FALSE;
  guint                       n_done = 0;

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    levels[i] = 0.02 * (i + 1);
  settings.contour_chunk_size = 10;

  write_hill (desk);
  desk_open (desk, "hill.fits", 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  almu_test_body_free (await_contours (desk));
  for (int i = 0; i < 20; i++)
    almu_test_ask_plane (desk->viewer, 0, (i + 1) % last, 0, NULL, 0);
  almu_test_ask_plane (desk->viewer, 0, last, 0, NULL, 0);

  while (n_done < G_N_ELEMENTS (levels))
    {
      almu_test_autobody CARTA__ContourImageData *data = await_contours (desk);

      has_come |= data->channel == last;
      if (has_come)
        g_assert_cmpint (data->channel, ==, last);
      n_done += has_come && data->progress == 1;
    }
  assert_no_more_contours (desk);
}

/* -- vectors -------------------------------------------------------------- */

static CARTA__SetVectorOverlayParameters
vector_settings (int intensity,
                 int angle)
{
  CARTA__SetVectorOverlayParameters settings = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;

  settings.smoothing_factor = 4;
  settings.threshold = NAN;
  settings.stokes_intensity = intensity;
  settings.stokes_angle = angle;

  return settings;
}

static CARTA__VectorOverlayTileData *
await_vectors (Desk *desk)
{
  return desk_await (desk, CARTA__EVENT_TYPE__VECTOR_OVERLAY_TILE_DATA);
}

/* The one tile of a small image. Nothing may come before it: the page would
 * take the range of lengths from that. */
static CARTA__VectorOverlayTileData *
await_vector_tile (Desk *desk)
{
  CARTA__VectorOverlayTileData *data = await_vectors (desk);

  g_assert_cmpfloat (data->progress, ==, 1);
  g_assert_cmpuint (data->n_intensity_tiles, ==, 1);
  g_assert_cmpuint (data->n_angle_tiles, ==, 1);

  return data;
}

static void
assert_values (const CARTA__TileData *tile,
               float                  left,
               float                  right)
{
  const float *values = (const float *) tile->image_data.data;

  g_assert_cmpint (tile->mip, ==, 4);
  g_assert_cmpint (tile->width, ==, SIDE / 4);
  g_assert_cmpint (tile->height, ==, SIDE / 4);
  g_assert_cmpuint (tile->image_data.len, ==, SIDE / 4 * SIDE / 4 * sizeof (float));
  g_assert_cmpuint (tile->nan_encodings.len, ==, 0);
  for (int i = 0; i < SIDE / 4 * SIDE / 4; i++)
    {
      float expected = i % (SIDE / 4) < SIDE / 8 ? left : right;

      if (isnan (expected))
        g_assert_true (isnan (values[i]));
      else
        g_assert_cmpfloat_with_epsilon (values[i], expected, 1e-4);
    }
}

static void
test_vectors (Desk         *desk,
              gconstpointer user_data)
{
  const float                       angle = (float) (atan2 (4, 3) * 90 / G_PI);
  CARTA__SetVectorOverlayParameters settings = vector_settings (1, 1);

  write_polarised (desk);
  desk_open (desk, "iqu.fits", 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    g_assert_cmpint (data->stokes_intensity, ==, 1);
    g_assert_cmpint (data->stokes_angle, ==, 1);
    assert_values (data->intensity_tiles[0], 5, 5);
    assert_values (data->angle_tiles[0], angle, -angle);
  }

  settings.fractional = TRUE;
  settings.debiasing = TRUE;
  settings.q_error = 3;
  settings.u_error = sqrt (9);
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    assert_values (data->intensity_tiles[0], 40, 40);
  }

  /* more bias than there is signal */
  settings.u_error = 100;
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    assert_values (data->intensity_tiles[0], NAN, NAN);
    assert_values (data->angle_tiles[0], angle, -angle);
  }

  /* I is 10, the polarised intensity 5 */
  settings = vector_settings (1, -1);
  settings.threshold = 7;
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    assert_values (data->intensity_tiles[0], 5, 5);
    g_assert_cmpint (data->angle_tiles[0]->width, ==, 0);
    g_assert_cmpuint (data->angle_tiles[0]->image_data.len, ==, 0);
  }
  settings.threshold_option = CARTA__POLARIZATION_TYPE__Plinear;
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    assert_values (data->intensity_tiles[0], NAN, NAN);
  }

  settings = vector_settings (0, 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  almu_test_body_free (await_vector_tile (desk));
  almu_test_ask_plane (desk->viewer, 0, 1, 2, NULL, 0);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    g_assert_cmpint (data->channel, ==, 1);
    assert_values (data->intensity_tiles[0], 4, -4);
    assert_values (data->angle_tiles[0], 4, -4);
  }

  settings = vector_settings (-1, -1);
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vectors (desk);

    g_assert_cmpfloat (data->progress, ==, 1);
    g_assert_cmpuint (data->n_intensity_tiles + data->n_angle_tiles, ==, 0);
  }
  almu_test_ask_plane (desk->viewer, 0, 0, 0, NULL, 0);
  almu_test_viewer_await_pong (desk->viewer);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__VECTOR_OVERLAY_TILE_DATA));
}

/* Four tiles, of which the first has no vectors. */
static void
test_vectors_blank (Desk         *desk,
                    gconstpointer user_data)
{
  CARTA__SetVectorOverlayParameters settings = vector_settings (0, -1);
  double                            progress = -1;
  guint                             n_tiles = 0;

  desk_write (desk, "corner.fits", 2, (const gint64[]){ 600, 600 }, blank_corner, NULL);
  desk_open (desk, "corner.fits", 0);
  settings.smoothing_factor = 2;
  almu_test_viewer_send (desk->viewer, &settings.base);
  while (progress < 1)
    {
      almu_test_autobody CARTA__VectorOverlayTileData *data = await_vectors (desk);

      g_assert_cmpuint (data->n_intensity_tiles, ==, 1);
      g_assert_true (data->intensity_tiles[0]->x > 0 || data->intensity_tiles[0]->y > 0);
      g_assert_cmpuint (data->intensity_tiles[0]->image_data.len, >, 0);
      if (n_tiles == 0)
        g_assert_cmpfloat (data->progress, ==, 0);
      g_assert_cmpfloat (data->progress, >, progress);
      progress = data->progress;
      n_tiles++;
    }
  g_assert_cmpuint (n_tiles, ==, 3);
}

static void
test_vectors_zfp (Desk         *desk,
                  gconstpointer user_data)
{
  CARTA__SetVectorOverlayParameters settings = vector_settings (1, 1);

  write_polarised (desk);
  desk_open (desk, "iqu.fits", 0);
  settings.compression_type = CARTA__COMPRESSION_TYPE__ZFP;
  settings.compression_quality = 9;
  almu_test_viewer_send (desk->viewer, &settings.base);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    g_assert_cmpint (data->compression_type, ==, CARTA__COMPRESSION_TYPE__ZFP);
    /* however well it compresses, not better than was asked for */
    g_assert_cmpfloat (data->compression_quality, ==, 9);
    g_assert_cmpuint (data->intensity_tiles[0]->image_data.len, <, 1000);
    g_assert_cmpuint (data->intensity_tiles[0]->nan_encodings.len, ==, 4);
  }
}

static void
test_vectors_wrong (Desk         *desk,
                    gconstpointer user_data)
{
  CARTA__SetVectorOverlayParameters settings = vector_settings (1, 1);

  /* a Stokes axis with I and Q only */
  desk_write (desk, "iq.fits", 4, (const gint64[]){ 20, 20, 1, 2 }, polarised,
              (const char *const[]){ "CTYPE4", "'STOKES'", "CRPIX4", "1", "CRVAL4", "1", "CDELT4", "1", NULL });
  desk_open (desk, "iq.fits", 0);
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_refused (desk, "Stokes U");

  settings.smoothing_factor = 3000000000u;
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_refused (desk, "3000000000");
  settings.smoothing_factor = 1025;
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_refused (desk, "1025");
  settings.smoothing_factor = 4;
  settings.stokes_angle = 2;
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_refused (desk, "Source 2");
  settings.stokes_angle = 1;
  settings.compression_type = CARTA__COMPRESSION_TYPE__SZ;
  almu_test_viewer_send (desk->viewer, &settings.base);
  assert_refused (desk, "Compression type 2");
}

/* -- coming back ------------------------------------------------------------ */

/* Both may have arrived at the same time. */
static void
assert_before (Desk   *desk,
               guint16 first,
               guint16 other)
{
  GQueue *messages = almu_test_viewer_get_messages (desk->viewer);

  for (;;)
    {
      for (GList *l = messages->head; l != NULL; l = l->next)
        {
          const AlmuTestMessage *message = l->data;

          g_assert_cmpuint (message->event, !=, other);
          if (message->event == first)
            return;
        }
      g_assert_true (almu_test_viewer_is_open (desk->viewer));
      g_main_context_iteration (NULL, TRUE);
    }
}

/* A page that lost its link, or whose service was killed, says what it wants
 * and does not ask: both come once. */
static void
come_back (Desk    *desk,
           gboolean is_killed)
{
  double                            levels[] = { 0.7 };
  CARTA__SetContourParameters       contours = contour_settings (0, levels, 1);
  CARTA__SetVectorOverlayParameters vectors = vector_settings (0, -1);
  CARTA__ImageProperties            image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties           *images[] = { &image };
  CARTA__ResumeSession              message = CARTA__RESUME_SESSION__INIT;

  write_hill (desk);
  desk_open (desk, "hill.fits", 0);
  almu_test_viewer_send (desk->viewer, &contours.base);
  almu_test_viewer_send (desk->viewer, &vectors.base);
  assert_circle (desk, 0, 0.7);
  almu_test_body_free (await_vector_tile (desk));

  if (is_killed)
    {
      almu_test_daemon_kill (desk->daemon);
      almu_test_daemon_free (desk->daemon);
      desk_start (desk, NULL);
    }
  else
    {
      almu_test_viewer_cut (desk->viewer);
    }
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);

  /* the page leaves out what it can */
  contours.reference_file_id = 0;
  contours.image_bounds = NULL;
  image.directory = (char *) "";
  image.file = (char *) "hill.fits";
  image.hdu = (char *) "";
  image.channel = 2;
  image.contour_settings = &contours;
  image.vector_overlay_settings = &vectors;
  message.n_images = 1;
  message.images = images;
  {
    almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
    guint32                                     request_id;

    request_id = almu_test_viewer_send (desk->viewer, &message.base);
    assert_before (desk, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA);
    ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, request_id);
    g_assert_cmpstr (ack->message, ==, "");
    g_assert_true (ack->success);
  }

  assert_circle (desk, 2, 0.7);
  {
    almu_test_autobody CARTA__VectorOverlayTileData *data = await_vector_tile (desk);

    g_assert_cmpint (data->channel, ==, 2);
  }
  almu_test_viewer_send (desk->viewer, &contours.base);
  almu_test_viewer_send (desk->viewer, &vectors.base);
  assert_no_more_contours (desk);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__VECTOR_OVERLAY_TILE_DATA));
}

static void
test_resume_cut (Desk         *desk,
                 gconstpointer user_data)
{
  come_back (desk, FALSE);
}

static void
test_resume_killed (Desk         *desk,
                    gconstpointer user_data)
{
  come_back (desk, TRUE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  desk_add ("/daemon/overlay/contours", test_contours);
  desk_add ("/daemon/overlay/contours-wrong", test_contours_wrong);
  desk_add ("/daemon/overlay/contours-matched", test_contours_matched);
  desk_add ("/daemon/overlay/contours-stale", test_contours_stale);
  desk_add ("/daemon/overlay/vectors", test_vectors);
  desk_add ("/daemon/overlay/vectors-blank", test_vectors_blank);
  desk_add ("/daemon/overlay/vectors-zfp", test_vectors_zfp);
  desk_add ("/daemon/overlay/vectors-wrong", test_vectors_wrong);
  desk_add ("/daemon/overlay/resume-cut", test_resume_cut);
  desk_add ("/daemon/overlay/resume-killed", test_resume_killed);

  return g_test_run ();
}
