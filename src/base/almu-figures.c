/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-figures.h"

#include <stdio.h>
#include <unistd.h>

const gint64 almu_timing_bounds[ALMU_N_TIMING_BOUNDS] = { 100, 1000, 5000, 20000, 100000, 1000000 };

static gsize counts[ALMU_N_FIGURES]; /* atomic */

static GHashTable *timings[ALMU_N_TIMED]; /* label → AlmuTiming; main thread only */

/**
 * almu_figures_add:
 * @figure: what is counted
 * @n: by how much it grows
 *
 * Any thread.
 */
void
almu_figures_add (AlmuFigure figure,
                  gsize      n)
{
  g_return_if_fail ((guint) figure < ALMU_N_FIGURES);

  __atomic_fetch_add (&counts[figure], n, __ATOMIC_RELAXED);
}

/**
 * almu_figures_get:
 * @figure: what is counted
 *
 * Any thread. What was read, sent or kept is counted in bytes or in pieces, as
 * the name of @figure says, and never falls.
 *
 * Returns: the sum of what almu_figures_add() was told since the process began
 */
gsize
almu_figures_get (AlmuFigure figure)
{
  g_return_val_if_fail ((guint) figure < ALMU_N_FIGURES, 0);

  return __atomic_load_n (&counts[figure], __ATOMIC_RELAXED);
}

static AlmuTiming *
get_timing (AlmuTimed   what,
            const char *label)
{
  AlmuTiming *timing;

  if (timings[what] == NULL)
    timings[what] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  timing = g_hash_table_lookup (timings[what], label);
  if (timing == NULL)
    {
      timing = g_new0 (AlmuTiming, 1);
      g_hash_table_insert (timings[what], g_strdup (label), timing);
    }

  return timing;
}

/**
 * almu_figures_time:
 * @what: what is timed
 * @label: one of few: each has its figures for ever
 * @usec: how long it took
 *
 * Main thread only.
 */
void
almu_figures_time (AlmuTimed   what,
                   const char *label,
                   gint64      usec)
{
  AlmuTiming *timing;

  g_return_if_fail ((guint) what < ALMU_N_TIMED);
  g_return_if_fail (label != NULL);

  timing = get_timing (what, label);
  timing->n++;
  timing->total_usec += usec;
  for (guint i = 0; i < ALMU_N_TIMING_BOUNDS; i++)
    timing->within[i] += usec <= almu_timing_bounds[i];
}

static int
compare_labels (gconstpointer a,
                gconstpointer b)
{
  return g_strcmp0 (a, b);
}

/**
 * almu_figures_foreach_timing:
 * @what: what is timed
 * @func: (scope call): called for each label, in their order
 * @user_data: for @func
 *
 * Main thread only.
 */
void
almu_figures_foreach_timing (AlmuTimed      what,
                             AlmuTimingFunc func,
                             gpointer       user_data)
{
  g_autoptr(GList) labels = NULL;

  g_return_if_fail ((guint) what < ALMU_N_TIMED);

  if (timings[what] == NULL)
    return;

  labels = g_list_sort (g_hash_table_get_keys (timings[what]), compare_labels);
  for (GList *label = labels; label != NULL; label = label->next)
    func (label->data, g_hash_table_lookup (timings[what], label->data), user_data);
}

/**
 * almu_figures_get_resident_bytes:
 *
 * Asks the kernel (/proc/self/statm), each time. Any thread.
 *
 * Returns: memory that the process has in use, 0 if the system does not tell
 */
gsize
almu_figures_get_resident_bytes (void)
{
  g_autofree char *text = NULL;
  unsigned long    n_pages = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) || sscanf (text, "%*u %lu", &n_pages) != 1)
    return 0;

  return n_pages * (gsize) sysconf (_SC_PAGESIZE);
}
