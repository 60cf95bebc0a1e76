/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#define _GNU_SOURCE 1

#include <sched.h>
#include <unistd.h>

#include "almu-test-namespace.h"
#include "test-desk.h"

/* A network that is lost without a word: the service and its page are on two
 * sides of a cable of their own, and the cable is pulled. No FIN, no RST. */

#define N_FILES 12
#define SIDE 256
#define LINK_IDLE 2 /* seconds */
#define SERVICE "10.203.0.1"
#define PAGE "10.203.0.2"

typedef struct
{
  Desk  desk;
  int   service_network;
  int   page_network;
  char *url;
} Fixture;

static const char *why_not;

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + SIDE * position[1]);
}

/* -- the cable ----------------------------------------------------------- */

static void
run_ip (const char *arguments)
{
  g_autofree char *command = g_strdup_printf ("ip %s", arguments);
  g_autofree char *errors = NULL;
  g_autoptr(GError) error = NULL;
  int status = -1;

  g_spawn_command_line_sync (command, NULL, &errors, &status, &error);
  g_assert_no_error (error);
  if (status != 0)
    g_error ("%s: %s", command, errors);
}

static void
run_ip_at_service (Fixture    *fixture,
                   const char *arguments)
{
  almu_test_namespace_join_network (fixture->service_network);
  run_ip (arguments);
  almu_test_namespace_join_network (fixture->page_network);
}

/* The service is in the first network by now; this thread goes over to the
 * second. */
static void
lay_cable (Fixture *fixture)
{
  g_autofree char *add = NULL;

  fixture->service_network = almu_test_namespace_open_network ();
  g_assert_cmpint (unshare (CLONE_NEWNET), ==, 0);
  fixture->page_network = almu_test_namespace_open_network ();

  run_ip ("link set lo up");
  add = g_strdup_printf ("link add page type veth peer name service netns %d",
                         almu_test_daemon_get_pid (fixture->desk.daemon));
  run_ip (add);
  run_ip ("addr add " PAGE "/24 dev page");
  run_ip ("link set page up");
  run_ip_at_service (fixture, "addr add " SERVICE "/24 dev service");
  run_ip_at_service (fixture, "link set service up");
}

static guint64
get_metric (Fixture    *fixture,
            const char *name)
{
  guint64 value;

  almu_test_namespace_join_network (fixture->service_network);
  value = almu_test_daemon_get_metric (fixture->desk.daemon, name);
  almu_test_namespace_join_network (fixture->page_network);

  return value;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  const char *const arguments[] = { "--host", "0.0.0.0", "--allow-origin", "http://" SERVICE,
                                    "--link-idle", G_STRINGIFY (LINK_IDLE), NULL };
  const char       *query;

  desk_prepare (&fixture->desk, NULL);
  if (why_not != NULL)
    return;

  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.fits", i);

      desk_write (&fixture->desk, name, 2, (gint64[]){ SIDE, SIDE }, ramp, NULL);
    }
  desk_start (&fixture->desk, arguments);
  lay_cable (fixture);
  query = strchr (almu_test_daemon_get_url (fixture->desk.daemon), '?');
  fixture->url = g_strdup_printf ("ws://" SERVICE ":%u/%s", almu_test_daemon_get_port (fixture->desk.daemon), query);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (why_not == NULL)
    {
      close (fixture->service_network);
      close (fixture->page_network);
    }
  desk_tear_down (&fixture->desk, NULL);
  g_free (fixture->url);
}

/* -- the page ------------------------------------------------------------ */

static void
connect_page (Fixture *fixture)
{
  Desk                                        *desk = &fixture->desk;
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  desk->viewer = almu_test_viewer_connect (fixture->url);
  g_assert_nonnull (desk->viewer);
  ack = almu_test_viewer_register (desk->viewer, desk->session_id);
  g_assert_true (ack->success);
  g_assert_true (desk->session_id == 0 || desk->session_id == ack->session_id);
  desk->session_id = ack->session_id;
}

static void
await_histograms (Fixture *fixture)
{
  for (int i = 0; i < N_FILES; i++)
    almu_test_body_free (desk_await (&fixture->desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
}

/* Sends what the page remembers; tells in µs how long the answer took. */
static gint64
resume (Fixture *fixture)
{
  CARTA__ResumeSession    message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties  images[N_FILES];
  CARTA__ImageProperties *pointers[N_FILES];
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gint64                                      begin = g_get_monotonic_time ();
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  for (int i = 0; i < N_FILES; i++)
    {
      carta__image_properties__init (&images[i]);
      g_ptr_array_add (names, g_strdup_printf ("%d.fits", i));
      images[i].directory = (char *) "";
      images[i].file = names->pdata[i];
      images[i].hdu = (char *) "";
      images[i].file_id = i;
      pointers[i] = &images[i];
    }
  message.n_images = N_FILES;
  message.images = pointers;
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &message.base));
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);

  return g_get_monotonic_time () - begin;
}

static void
test_network_lost (Fixture      *fixture,
                   gconstpointer user_data)
{
  Desk   *desk = &fixture->desk;
  guint64 n_read;
  gint64  lost;
  gint64  detached;
  gint64  answered;
  float   value;

  if (why_not != NULL)
    {
      g_test_skip (why_not);
      return;
    }

  connect_page (fixture);
  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.fits", i);

      desk_open (desk, name, i);
    }
  await_histograms (fixture);
  almu_test_viewer_await_pong (desk->viewer);
  n_read = get_metric (fixture, "image_read_bytes_total");
  g_assert_cmpuint (n_read, ==, N_FILES * SIDE * SIDE * sizeof (float));
  g_assert_cmpuint (get_metric (fixture, "sessions{state=\"attached\"}"), ==, 1);

  run_ip_at_service (fixture, "link set service down");
  lost = g_get_monotonic_time ();
  while (get_metric (fixture, "sessions{state=\"detached\"}") == 0)
    g_assert_cmpint (g_get_monotonic_time () - lost, <, (LINK_IDLE + 5) * G_TIME_SPAN_SECOND);
  detached = g_get_monotonic_time ();
  g_assert_cmpuint (get_metric (fixture, "links"), ==, 0);

  run_ip_at_service (fixture, "link set service up");
  almu_test_viewer_free (desk->viewer);
  connect_page (fixture);
  answered = resume (fixture);
  await_histograms (fixture);
  g_test_message ("detached %.1f s after the loss (idle time %d s); %d images acknowledged %.2f ms after they were named",
                  (double) (detached - lost) / 1e6, LINK_IDLE, N_FILES, (double) answered / 1e3);

  /* from memory, and right */
  g_assert_cmpuint (get_metric (fixture, "image_read_bytes_total"), ==, n_read);
  almu_test_ask_cursor (desk->viewer, 7, 5, 6);
  almu_test_ask_spatial (desk->viewer, 7, 0, "x", 0, SIDE, 0);
  do
    {
      almu_test_autobody CARTA__SpatialProfileData *data = desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);

      value = data->value;
      if (data->n_profiles > 0)
        break;
    }
  while (TRUE);
  g_assert_cmpfloat (value, ==, 5 + SIDE * 6);
  g_assert_cmpuint (get_metric (fixture, "image_read_bytes_total"), ==, n_read);
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *ip = g_find_program_in_path ("ip");

  why_not = almu_test_namespace_enter (CLONE_NEWNET | CLONE_NEWNS);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (ip == NULL)
    why_not = "no ip (package iproute2)";
  else if (why_not == NULL)
    run_ip ("link set lo up");

  g_test_add ("/daemon/network/lost", Fixture, NULL, fixture_set_up, test_network_lost, fixture_tear_down);

  return g_test_run ();
}
