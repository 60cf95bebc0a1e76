/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

#include "almu-test-ask.h"

/* What is wanted of cursors and regions. */

static void
want_spatial (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  int              start = g_test_rand_int_range (0, CRASH_SIDE / 2);
  g_autofree char *value = g_strdup_printf ("coordinate x start %d end %d mip 1 width 0 ", start, CRASH_SIDE);

  almu_test_ask_spatial (scene->viewer, file_id, 0, "x", start, CRASH_SIDE, 1);
  crash_state_set (after, value, "%d/want/cursor/spatial", file_id);
}

static void
want_spectrum (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  almu_test_ask_spectral (scene->viewer, file_id, 0, "z");
  crash_state_set (after, "coordinate z ", "%d/want/cursor/spectral", file_id);
}

static void
want_region_spectrum (CrashScene *scene,
                      CrashState *after,
                      int         file_id,
                      int         region_id)
{
  almu_test_ask_spectral (scene->viewer, file_id, region_id, "z");
  crash_state_set (after, "coordinate z ", "%d/want/%d/spectral", file_id, region_id);
}

static void
want_stats (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  almu_test_ask_stats (scene->viewer, file_id, region_id, "z");
  crash_state_set (after, "coordinate z ", "%d/want/%d/stats", file_id, region_id);
}

static void
want_no_stats (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__SetStatsRequirements message = CARTA__SET_STATS_REQUIREMENTS__INIT;

  message.file_id = file_id;
  message.region_id = region_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "%d/want/%d/stats", file_id, region_id);
}

static void
want_histogram (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  int              n_bins = g_test_rand_int_range (1, 1000);
  g_autofree char *value = g_strdup_printf ("coordinate z channel current bins %d ", n_bins);

  almu_test_ask_histogram (scene->viewer, file_id, region_id, n_bins, 0, 0);
  crash_state_set (after, value, "%d/want/%d/histograms", file_id, region_id);
}

const CrashChange crash_changes_of_wants[] = {
  { "spatial profile", 3, CRASH_NEEDS_FILE, 0, FALSE, want_spatial },
  { "spectral profile", 3, CRASH_NEEDS_FILE, 0, FALSE, want_spectrum },
  { "spectral profile of a region", 3, CRASH_NEEDS_REGION, 0, FALSE, want_region_spectrum },
  { "statistics", 3, CRASH_NEEDS_REGION, 0, FALSE, want_stats },
  { "no statistics", 3, CRASH_NEEDS_REGION, 0, FALSE, want_no_stats },
  { "histogram", 3, CRASH_NEEDS_REGION, 0, FALSE, want_histogram },
  { NULL }
};
