/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-uses.h"

/* Somebody at work for long: opens, looks, lets it run, is cut off and comes
 * back, says good-bye and begins anew, at any moment of all the work that is
 * under way. Memory and descriptors are level in the end. With
 * ALMU_TEST_SLOW it takes as many seconds as that says, at least 300. */

#define MAX_GROWTH_KB (24 * 1024)
#define WARM_ROUNDS 12
#define ROUNDS 24

static double
waves (const gint64 *position,
       gpointer      user_data)
{
  return sin ((double) position[0] / 3) * cos ((double) position[1] / 5) + (double) position[2];
}

static void
leave_and_return (Desk *desk)
{
  int how = g_test_rand_int_range (0, 4);

  if (how == 0)
    return;

  if (how == 1)
    {
      /* taken over, while the first is still there */
      AlmuTestViewer *before = desk->viewer;

      desk->viewer = desk_register (desk, &desk->session_id);
      almu_test_viewer_cut (before);
      almu_test_viewer_free (before);
      return;
    }

  if (how == 2)
    almu_test_viewer_cut (desk->viewer);
  else
    almu_test_viewer_close (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->session_id = how == 3 ? 0 : desk->session_id;
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
work (Desk *desk)
{
  int n = g_test_rand_int_range (1, 8);

  desk_open (desk, "soak.fits", 0);
  for (int i = 0; i < n; i++)
    {
      uses[g_test_rand_int_range (0, G_N_ELEMENTS (uses))].ask (desk);
      if (g_test_rand_bit ())
        almu_test_viewer_await_pong (desk->viewer);
      if (g_test_rand_int_range (0, 4) == 0)
        {
          leave_and_return (desk);
          desk_open (desk, "soak.fits", 0);
        }
      almu_test_viewer_clear (desk->viewer);
    }
  almu_test_ask_close (desk->viewer, -1);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
}

/* As it is when nobody is there, and nothing is done for those who were: work
 * holds the files it reads. */
static void
rest (Desk    *desk,
      guint64 *out_memory,
      guint   *out_fds)
{
  almu_test_viewer_close (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  while (almu_test_daemon_get_metric (desk->daemon, "links") > 0 ||
         almu_test_daemon_count_jobs (desk->daemon) > 0)
    ;
  *out_memory = almu_test_daemon_get_status (desk->daemon, "VmRSS");
  *out_fds = almu_test_daemon_count_fds (desk->daemon);
  desk->session_id = 0;
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
test_soak_mixed (Desk         *desk,
                 gconstpointer user_data)
{
  const char *slow = g_getenv ("ALMU_TEST_SLOW");
  gint64      end = slow != NULL ? g_get_monotonic_time () + MAX (g_ascii_strtoll (slow, NULL, 10), 300) * G_TIME_SPAN_SECOND : 0;
  guint64     memory, memory_after;
  guint       n_fds, n_fds_after;
  int         n_rounds = 0;

  desk_write (desk, "soak.fits", 3, (const gint64[]){ SIDE, SIDE, DEPTH }, waves, NULL);
  for (int i = 0; i < WARM_ROUNDS; i++)
    work (desk);
  rest (desk, &memory, &n_fds);

  for (; n_rounds < ROUNDS || g_get_monotonic_time () < end; n_rounds++)
    work (desk);
  rest (desk, &memory_after, &n_fds_after);

  g_test_message ("%d rounds: memory %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT " kB, descriptors %u → %u",
                  n_rounds, memory, memory_after, n_fds, n_fds_after);
  almu_test_daemon_await_fds (desk->daemon, n_fds + 4);
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (memory_after, <, memory + MAX_GROWTH_KB);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/soak/mixed", test_soak_mixed);

  return g_test_run ();
}
