/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-figures.h"

static gpointer
add_many (gpointer data)
{
  for (guint i = 0; i < 100000; i++)
    almu_figures_add (ALMU_FIGURE_BYTES_SENT, 3);

  return NULL;
}

static void
test_add (void)
{
  gsize    before = almu_figures_get (ALMU_FIGURE_BYTES_SENT);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("add", add_many, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (almu_figures_get (ALMU_FIGURE_BYTES_SENT) - before, ==, 4 * 100000 * 3);
}

static void
note (const char       *label,
      const AlmuTiming *timing,
      gpointer          user_data)
{
  GString *text = user_data;

  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ":", label, timing->n, timing->total_usec);
  for (guint i = 0; i < ALMU_N_TIMING_BOUNDS; i++)
    g_string_append_printf (text, " %" G_GUINT64_FORMAT, timing->within[i]);
  g_string_append_c (text, '\n');
}

/* Labels in their order; a bound counts what is equal to it. */
static void
test_time (void)
{
  g_autoptr(GString) text = g_string_new (NULL);

  almu_figures_foreach_timing (ALMU_TIMED_RESUME, note, text);
  g_assert_cmpstr (text->str, ==, "");

  almu_figures_time (ALMU_TIMED_RESUME, "b", 2000000);
  almu_figures_time (ALMU_TIMED_RESUME, "a", almu_timing_bounds[1]);
  almu_figures_time (ALMU_TIMED_RESUME, "a", almu_timing_bounds[1] + 1);
  almu_figures_foreach_timing (ALMU_TIMED_RESUME, note, text);
  g_assert_cmpstr (text->str, ==,
                   "a 2 2001: 0 1 2 2 2 2\n"
                   "b 1 2000000: 0 0 0 0 0 0\n");
}

static void
test_resident (void)
{
  gsize              n = 64 << 20;
  gsize              before = almu_figures_get_resident_bytes ();
  g_autofree guint8 *block = g_malloc (n);

  for (gsize i = 0; i < n; i += 1024)
    block[i] = (guint8) i;

  g_assert_cmpuint (almu_figures_get_resident_bytes (), >, before + n / 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/base/figures/add", test_add);
  g_test_add_func ("/base/figures/time", test_time);
  g_test_add_func ("/base/figures/resident", test_resident);

  return g_test_run ();
}
