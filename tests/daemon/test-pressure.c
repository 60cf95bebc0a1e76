/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-limits.h"
#include "almu-test-status.h"
#include "test-desk.h"

/* Memory for all sessions is one budget: who has left gives way to who is
 * there, the one that left first before the others. */

#define SIDE 512
#define PLANE_BYTES (SIDE * SIDE * (gint64) sizeof (float))
#define CACHE_BYTES (PLANE_BYTES * 14 / 3) /* three and a half with their down-sampled layers */

typedef struct
{
  Desk            desk;
  AlmuTestViewer *viewers[4];
  guint32         ids[4];
} Fixture;

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + position[1]);
}

/* Room for three planes and what is made of them, not for four. */
static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *size = g_strdup_printf ("--cache-size=%" G_GINT64_FORMAT, CACHE_BYTES);
  const char      *arguments[] = { size, NULL };

  desk_prepare (&fixture->desk, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->viewers); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.fits", i);

      desk_write (&fixture->desk, name, 2, (gint64[]){ SIDE, SIDE }, ramp, NULL);
    }
  desk_start (&fixture->desk, arguments);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixture->viewers); i++)
    g_clear_pointer (&fixture->viewers[i], almu_test_viewer_free);
  desk_tear_down (&fixture->desk, NULL);
}

/* Somebody comes and sees an image. */
static void
come (Fixture *fixture,
      guint    i)
{
  g_autofree char *name = g_strdup_printf ("%u.fits", i);

  fixture->viewers[i] = desk_register (&fixture->desk, &fixture->ids[i]);
  fixture->desk.viewer = fixture->viewers[i];
  desk_open (&fixture->desk, name, 0);
  almu_test_body_free (desk_await (&fixture->desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  fixture->desk.viewer = NULL;
}

static guint
count (Fixture    *fixture,
       const char *state)
{
  g_autofree char *name = g_strdup_printf ("sessions{state=\"%s\"}", state);

  return (guint) almu_test_daemon_get_metric (fixture->desk.daemon, name);
}

/* The link is lost, and the service knows. */
static void
leave (Fixture *fixture,
       guint    i)
{
  guint n = count (fixture, "detached");

  almu_test_viewer_cut (fixture->viewers[i]);
  g_clear_pointer (&fixture->viewers[i], almu_test_viewer_free);
  while (count (fixture, "detached") == n)
    ;
}

static guint64
count_read (Fixture *fixture)
{
  return almu_test_daemon_get_metric (fixture->desk.daemon, "image_read_bytes_total");
}

static void
resume (AlmuTestViewer *viewer,
        const char     *name)
{
  CARTA__ResumeSession                        message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                      image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties                     *images[] = { &image };
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  image.directory = (char *) "";
  image.file = (char *) name;
  image.hdu = (char *) "";
  message.n_images = 1;
  message.images = images;
  ack = almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (viewer, &message.base));
  g_assert_true (ack->success);
}

/* Returns and sees its image again; tells how much was read for that. */
static guint64
come_back (Fixture *fixture,
           guint    i)
{
  guint64          n_read = count_read (fixture);
  g_autofree char *name = g_strdup_printf ("%u.fits", i);

  fixture->viewers[i] = desk_register (&fixture->desk, &fixture->ids[i]);
  resume (fixture->viewers[i], name);
  almu_test_body_free (almu_test_viewer_await (fixture->viewers[i], CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));

  return count_read (fixture) - n_read;
}

static void
test_pressure_oldest (Fixture      *fixture,
                      gconstpointer user_data)
{
  come (fixture, 0);
  come (fixture, 1);
  come (fixture, 2);
  leave (fixture, 1);
  leave (fixture, 0);
  g_assert_cmpuint (count (fixture, "detached"), ==, 2);

  /* the first that left goes, not the one that came first */
  come (fixture, 3);
  g_assert_cmpuint (count (fixture, "detached"), ==, 1);
  g_assert_cmpuint (count (fixture, "attached"), ==, 2);
  g_assert_cmpuint (come_back (fixture, 0), ==, 0);

  /* and comes back from the disk, with pixels that have to be read */
  g_assert_cmpuint (count (fixture, "detached"), ==, 0);
  g_assert_cmpuint (come_back (fixture, 1), ==, PLANE_BYTES);
  g_assert_cmpuint (count (fixture, "attached"), ==, 4);
}

/* Nobody has left: planes of those who are there give way, and nobody loses
 * a session. */
static void
test_pressure_attached (Fixture      *fixture,
                        gconstpointer user_data)
{
  for (guint i = 0; i < 4; i++)
    come (fixture, i);
  g_assert_cmpuint (count (fixture, "attached"), ==, 4);
  g_assert_cmpuint (count (fixture, "detached"), ==, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (fixture->desk.daemon, "cache_bytes"), <=, CACHE_BYTES);
}

/* One that holds nothing is not given up for nothing. */
static void
test_pressure_empty (Fixture      *fixture,
                     gconstpointer user_data)
{
  fixture->viewers[0] = desk_register (&fixture->desk, &fixture->ids[0]);
  leave (fixture, 0);
  for (guint i = 1; i < 4; i++)
    come (fixture, i);
  leave (fixture, 1);
  come (fixture, 0);
  g_assert_cmpuint (count (fixture, "detached"), ==, 0);
  g_assert_cmpuint (count (fixture, "attached"), ==, 3);
}

/* -- contours through noise ---------------------------------------------- */

#define NOISE_SIDE 2048
#define NOISE_LARGE_SIDE 4300
#define VERTEX_BYTES 8

static double
noise (const gint64 *position,
       gpointer      user_data)
{
  guint64 bits = ((guint64) position[1] << 32 | (guint64) position[0]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  bits ^= bits >> 29;
  bits *= G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);

  return (double) (bits >> 40) / (1 << 24);
}

static void
ask_contours (Desk *desk,
              int   side)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__ImageBounds          bounds = CARTA__IMAGE_BOUNDS__INIT;
  double                      levels[] = { 0.4, 0.5, 0.6 };

  bounds.x_max = bounds.y_max = side;
  message.image_bounds = &bounds;
  message.n_levels = G_N_ELEMENTS (levels);
  message.levels = levels;
  message.smoothing_mode = CARTA__SMOOTHING_MODE__NoSmoothing;
  message.decimation_factor = 4;
  message.compression_level = 1;
  message.contour_chunk_size = 100000;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
noise_set_up (Fixture      *fixture,
              gconstpointer user_data)
{
  desk_prepare (&fixture->desk, NULL);
  desk_start (&fixture->desk, NULL);
}

/* Every pixel is crossed: what is on its way at a time is bounded, however
 * many levels there are, and what would not fit is told to be smoothed. */
static void
test_pressure_noise (Fixture      *fixture,
                     gconstpointer user_data)
{
  Desk   *desk = &fixture->desk;
  guint64 before;
  guint64 peak;
  guint   n_done = 0;
  gsize   n_vertices = 0;

  almu_test_autobody CARTA__ErrorData *error = NULL;

  desk_write (desk, "noise.fits", 2, (gint64[]){ NOISE_SIDE, NOISE_SIDE }, noise, NULL);
  desk_write (desk, "more.fits", 2, (gint64[]){ NOISE_LARGE_SIDE, NOISE_LARGE_SIDE }, noise, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  desk_open (desk, "noise.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  before = almu_test_status_get (almu_test_daemon_get_pid (desk->daemon), "VmRSS");
  ask_contours (desk, NOISE_SIDE);
  while (n_done < 3)
    {
      almu_test_autobody CARTA__ContourImageData *data = desk_await (desk, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA);

      for (gsize i = 0; i < data->n_contour_sets; i++)
        n_vertices += data->contour_sets[i]->uncompressed_coordinates_size / VERTEX_BYTES;
      n_done += data->progress >= 1;
    }
  peak = almu_test_status_get (almu_test_daemon_get_pid (desk->daemon), "VmHWM");
  g_test_message ("%" G_GSIZE_FORMAT " vertices, %" G_GUINT64_FORMAT " MB more at the peak", n_vertices, (peak - before) / 1024);
  g_assert_cmpuint (n_vertices, >, 3 * NOISE_SIDE * NOISE_SIDE);
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint ((peak - before) * 1024, <, 2 * (gsize) ALMU_LIMIT_CONTOUR_VERTICES * VERTEX_BYTES + ALMU_LIMIT_OUTBOX_BYTES);
  almu_test_ask_close (desk->viewer, 0);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);

  desk_open (desk, "more.fits", 0);
  ask_contours (desk, NOISE_LARGE_SIDE);
  error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "16777216"));
}

static gsize
await_all_contours (AlmuTestViewer *viewer)
{
  guint n_done = 0;
  gsize n_vertices = 0;

  while (n_done < 3)
    {
      almu_test_autobody CARTA__ContourImageData *data = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA);

      for (gsize i = 0; i < data->n_contour_sets; i++)
        n_vertices += data->contour_sets[i]->uncompressed_coordinates_size / VERTEX_BYTES;
      n_done += data->progress >= 1;
    }

  return n_vertices;
}

/* A page that reads nothing while its contours are being packed: no more is
 * packed than may wait for it, others are served meanwhile, and when it reads
 * on it has all of them. */
static void
test_pressure_slow (Fixture      *fixture,
                    gconstpointer user_data)
{
  Desk    *desk = &fixture->desk;
  guint64  outbox;
  guint64  n_sent = 0;
  guint32  other_id = 0;
  gsize    n_vertices;
  gboolean is_at_rest = FALSE;
  g_autoptr(AlmuTestViewer) other = NULL;
  CARTA__OpenFileAck *ack;

  desk_write (desk, "noise.fits", 2, (gint64[]){ NOISE_SIDE, NOISE_SIDE }, noise, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  desk_open (desk, "noise.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  ask_contours (desk, NOISE_SIDE);

  while (!is_at_rest)
    {
      guint64 before = n_sent;

      outbox = almu_test_daemon_get_metric (desk->daemon, "outbox_bytes");
      n_sent = almu_test_daemon_get_metric (desk->daemon, "messages_sent_total");
      g_assert_cmpuint (outbox, <, 2 * (guint64) ALMU_LIMIT_OUTBOX_BYTES);
      is_at_rest = outbox > 0 && n_sent == before && almu_test_daemon_count_jobs (desk->daemon) == 0;
    }
  g_test_message ("%" G_GUINT64_FORMAT " bytes wait, %" G_GUINT64_FORMAT " messages were sent", outbox, n_sent);

  other = desk_register (desk, &other_id);
  ack = almu_test_viewer_open (other, "", "noise.fits", "", 0);
  g_assert_true (ack->success);
  almu_test_body_free (ack);
  almu_test_body_free (almu_test_viewer_await (other, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  almu_test_viewer_await_pong (other);
  almu_test_viewer_close (other);

  n_vertices = await_all_contours (desk->viewer);
  g_assert_cmpuint (n_vertices, >, 3 * NOISE_SIDE * NOISE_SIDE);
  almu_test_viewer_await_pong (desk->viewer);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/pressure/oldest", test_pressure_oldest);
  add_test ("/daemon/pressure/attached", test_pressure_attached);
  add_test ("/daemon/pressure/empty", test_pressure_empty);
  g_test_add ("/daemon/pressure/noise", Fixture, NULL, noise_set_up, test_pressure_noise, fixture_tear_down);
  g_test_add ("/daemon/pressure/slow", Fixture, NULL, noise_set_up, test_pressure_slow, fixture_tear_down);

  return g_test_run ();
}
