/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-memory.h"

/* A page that comes back: again and again, with what it could not hold back
 * before, and while somebody else is at work. */

static void
come_back (Desk *desk)
{
  almu_test_viewer_cut (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  desk->viewer = desk_register (desk, &desk->session_id);
}

/* -- stray messages ------------------------------------------------------ */

/* All that a page may still have to say before it resumes: what was about
 * to be sent, of images that are there, images that are not, and images that
 * the page had made itself. */
static void
send_stop (AlmuTestViewer *viewer)
{
  CARTA__StopAnimation message = CARTA__STOP_ANIMATION__INIT;

  almu_test_viewer_send (viewer, &message.base);
}

static void
send_plane (AlmuTestViewer *viewer)
{
  almu_test_ask_plane (viewer, 0, 3, 0, (gint32[]){ 0 }, 1);
}

static void
send_close (AlmuTestViewer *viewer)
{
  almu_test_ask_close (viewer, 1000);
}

static void
send_cursor (AlmuTestViewer *viewer)
{
  almu_test_ask_cursor (viewer, 7, 1, 1);
}

static void
send_tiles (AlmuTestViewer *viewer)
{
  almu_test_ask_tiles (viewer, 7, (gint32[]){ 0 }, 1, CARTA__COMPRESSION_TYPE__ZFP, 11);
}

static void
send_wants (AlmuTestViewer *viewer)
{
  almu_test_ask_spatial (viewer, 0, 0, "x", 0, 0, 0);
  almu_test_ask_stats (viewer, 0, 2, "z");
  almu_test_ask_spectral (viewer, 7, 0, "z");
  almu_test_ask_histogram (viewer, 7, 3, -1, 0, 0);
}

static void
send_ping (AlmuTestViewer *viewer)
{
  almu_test_viewer_send_text (viewer, "PING");
}

static void (*const strays[]) (AlmuTestViewer *) = {
  send_stop, send_plane, send_close, send_cursor, send_tiles, send_wants, send_ping
};

#define N_STRAYS G_N_ELEMENTS (strays)
#define N_ORDERS 5040 /* N_STRAYS! */

/* Those of the strays that are sent, in the @nth order there is. */
static void
send_strays (AlmuTestViewer *viewer,
             guint           nth)
{
  guint left[N_STRAYS];

  for (guint i = 0; i < N_STRAYS; i++)
    left[i] = i;
  for (guint n = N_STRAYS; n > 0; n--)
    {
      guint i = nth % n;

      nth /= n;
      strays[left[i]](viewer);
      left[i] = left[n - 1];
    }
}

/* As the service knows the session, or as one that it has never heard of. */
static void
check_order (Desk *desk,
             guint nth)
{
  if (nth % 3 == 0)
    {
      almu_test_viewer_close (desk->viewer);
      g_clear_pointer (&desk->viewer, almu_test_viewer_free);
      desk->session_id++;
      desk->viewer = desk_register (desk, &desk->session_id);
    }
  else
    come_back (desk);

  send_strays (desk->viewer, nth);
  almu_test_viewer_await_pong (desk->viewer);
  g_assert_true (almu_test_viewer_is_open (desk->viewer));

  almu_test_viewer_clear (desk->viewer);
  resume (desk->viewer, two, 2);
  await_histograms (desk->viewer, two, 2);
  assert_cursor_value (desk->viewer, &two[0]);
  assert_cursor_value (desk->viewer, &two[1]);
}

static void
test_return_stray (Desk         *desk,
                   gconstpointer user_data)
{
  guint n_tries = almu_test_is_slow () ? N_ORDERS : N_ORDERS / 20;
  guint first = (guint) g_test_rand_int_range (0, N_ORDERS);

  G_STATIC_ASSERT (N_STRAYS == 7);
  open_all (desk, two, 2);

  /* prime to how many there are: all, if it goes on for long enough */
  for (guint i = 0; i < n_tries; i++)
    check_order (desk, (first + i * 1009) % N_ORDERS);
}

/* -- again and again ----------------------------------------------------- */

#define N_WARM 50
#define N_CYCLES 100
#define MAX_GROWTH_KB 1024 /* less than a descriptor's worth of buffers a cycle */

static void
cycle (Desk *desk,
       guint n)
{
  for (guint i = 0; i < n; i++)
    {
      come_back (desk);
      resume (desk->viewer, two, 2);
      await_histograms (desk->viewer, two, 2);
    }
}

static void
test_return_cycles (Desk         *desk,
                    gconstpointer user_data)
{
  guint   n_fds;
  guint64 n_threads;
  guint64 memory;

  open_all (desk, two, 2);
  await_histograms (desk->viewer, two, 2);
  cycle (desk, N_WARM);
  n_fds = almu_test_daemon_count_fds (desk->daemon);
  n_threads = almu_test_daemon_get_status (desk->daemon, "Threads");
  memory = almu_test_daemon_get_status (desk->daemon, "VmRSS");

  cycle (desk, N_CYCLES);
  g_test_message ("%u → %u descriptors, %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT " threads, %" G_GUINT64_FORMAT
                  " → %" G_GUINT64_FORMAT " kB",
                  n_fds, almu_test_daemon_count_fds (desk->daemon),
                  n_threads, almu_test_daemon_get_status (desk->daemon, "Threads"),
                  memory, almu_test_daemon_get_status (desk->daemon, "VmRSS"));
  almu_test_daemon_await_fds (desk->daemon, n_fds + 1);
  g_assert_cmpuint (almu_test_daemon_get_status (desk->daemon, "Threads"), <=, n_threads + 1);
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (almu_test_daemon_get_status (desk->daemon, "VmRSS"), <, memory + MAX_GROWTH_KB);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "links"), ==, 1);
}

/* -- beside somebody at work --------------------------------------------- */

#define N_LARGE 12
#define LARGE 1448 /* 8 MB of pixels */

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] ^ position[1]);
}

static guint
count_histograms (AlmuTestViewer *viewer)
{
  guint n = 0;

  for (GList *l = almu_test_viewer_get_messages (viewer)->head; l != NULL; l = l->next)
    n += ((AlmuTestMessage *) l->data)->event == CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA;

  return n;
}

/* One tile of a channel that was not looked at before, and a PONG: in µs. */
static gint64
look (AlmuTestViewer *viewer,
      int             channel)
{
  g_autoptr(GPtrArray) tiles = NULL;
  gint64 begin = g_get_monotonic_time ();

  almu_test_viewer_await_pong (viewer);
  begin = g_get_monotonic_time () - begin;
  almu_test_ask_plane (viewer, 0, channel, 0, (gint32[]){ 0 }, 1);
  tiles = almu_test_await_picture (viewer, 0);
  g_assert_cmpuint (tiles->len, ==, 1);
  g_assert_cmpint (((CARTA__RasterTileData *) tiles->pdata[0])->channel, ==, channel);

  return begin;
}

static void
write_large (Desk   *desk,
             Memory *memories)
{
  g_autofree char *path = g_build_filename (desk->folder, "l0.fits", NULL);
  g_autofree char *content = NULL;
  gsize            length;

  desk_write (desk, "l0.fits", 2, (gint64[]){ LARGE, LARGE }, ramp, NULL);
  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  for (int i = 0; i < N_LARGE; i++)
    {
      char            *name = g_strdup_printf ("l%d.fits", i);
      g_autofree char *other = g_build_filename (desk->folder, name, NULL);

      g_assert_true (i == 0 || g_file_set_contents (other, content, (gssize) length, NULL));
      memories[i] = (Memory){ .name = name, .file_id = i };
      desk_open (desk, name, i);
    }
}

/* Restarted, so that every pixel has to be read again. */
static void
restart (Desk *desk)
{
  almu_test_daemon_kill (desk->daemon);
  almu_test_daemon_free (desk->daemon);
  almu_test_viewer_free (desk->viewer);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
test_return_beside (Desk         *desk,
                    gconstpointer user_data)
{
  Memory  memories[N_LARGE];
  guint32 other_id = 0;
  g_autoptr(AlmuTestViewer) other = NULL;
  almu_test_autobody CARTA__OpenFileAck      *opened = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  gint64                                      worst = 0;
  gint64                                      begin;
  int                                         n_looks = 0;

  write_large (desk, memories);
  write_cube (desk, "a.fits", FALSE);
  restart (desk);
  other = desk_register (desk, &other_id);
  opened = almu_test_viewer_open (other, "", "a.fits", "", 0);
  g_assert_true (opened->success);
  almu_test_body_free (almu_test_viewer_await (other, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));

  begin = g_get_monotonic_time ();
  send_resume (desk->viewer, memories, N_LARGE);
  while (count_histograms (desk->viewer) < N_LARGE)
    {
      worst = MAX (worst, look (other, 1 + n_looks % (DEPTH - 1)));
      n_looks++;
    }
  g_test_message ("%d images of 8 MB in %.1f ms; meanwhile %d pictures for another session, its slowest PONG %.2f ms",
                  N_LARGE, (double) (g_get_monotonic_time () - begin) / 1e3, n_looks, (double) worst / 1e3);
  ack = almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK);
  g_assert_nonnull (ack);
  g_assert_true (ack->success);
  /* behind the others' planes there would be one */
  g_assert_cmpint (n_looks, >, 2);

  for (int i = 0; i < N_LARGE; i++)
    g_free ((char *) memories[i].name);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/return/stray", test_return_stray);
  desk_add ("/daemon/return/cycles", test_return_cycles);
  desk_add ("/daemon/return/beside", test_return_beside);

  return g_test_run ();
}
