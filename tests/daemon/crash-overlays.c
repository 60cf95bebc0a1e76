/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

#include <stdio.h>

/* What is drawn over a file. */

/* -- contours ------------------------------------------------------------ */

static void
fill_contours (CARTA__SetContourParameters *message,
               int                          file_id,
               double                      *levels,
               int                          factor)
{
  message->file_id = (guint32) file_id;
  message->reference_file_id = (guint32) file_id;
  message->n_levels = CRASH_N_LEVELS;
  message->levels = levels;
  message->smoothing_mode = CARTA__SMOOTHING_MODE__BlockAverage;
  message->smoothing_factor = factor;
  message->decimation_factor = 4;
  message->compression_level = 8;
  message->contour_chunk_size = 100000;
}

static void
set_contours (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  double                      first = g_test_rand_int_range (1, 1000);
  double                      levels[CRASH_N_LEVELS] = { first, first + 0.5 };
  int                         factor = g_test_rand_int_range (2, 6);
  g_autofree char            *value = g_strdup_printf (" %g %g factor %d", levels[0], levels[1], factor);

  fill_contours (&message, file_id, levels, factor);
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, value, "%d/contours", file_id);
}

static void
clear_contours (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;

  message.file_id = (guint32) file_id;
  message.reference_file_id = (guint32) file_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "%d/contours", file_id);
}

gboolean
crash_read_contours (CARTA__SetContourParameters *message,
                     const CrashState            *state,
                     int                          file_id,
                     double                      *levels)
{
  const char *contours = crash_state_get (state, "%d/contours", file_id);
  int         factor;

  if (contours == NULL)
    return FALSE;

  g_assert_cmpint (sscanf (contours, "%lf %lf factor %d", &levels[0], &levels[1], &factor), ==, 3);
  fill_contours (message, file_id, levels, factor);

  return TRUE;
}

/* -- vectors ------------------------------------------------------------- */

#define VECTORS "intensity current angle computed factor %d threshold %g errors %g %g"

static void
fill_vectors (CARTA__SetVectorOverlayParameters *message,
              int                                file_id,
              int                                factor,
              float                              threshold,
              float                              q_error,
              float                              u_error)
{
  message->file_id = (guint32) file_id;
  message->smoothing_factor = (guint32) factor;
  message->threshold = threshold;
  message->debiasing = TRUE;
  message->q_error = q_error;
  message->u_error = u_error;
  message->stokes_intensity = 0;
  message->stokes_angle = 1;
}

static void
set_vectors (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         region_id)
{
  CARTA__SetVectorOverlayParameters message = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  int                               factor = g_test_rand_int_range (1, 9);
  float                             threshold = crash_random_place ();
  float                             q_error = crash_random_place ();
  float                             u_error = crash_random_place ();
  g_autofree char                  *value = g_strdup_printf (VECTORS, factor, threshold, q_error, u_error);

  fill_vectors (&message, file_id, factor, threshold, q_error, u_error);
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, value, "%d/vectors", file_id);
}

static void
clear_vectors (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__SetVectorOverlayParameters message = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;

  message.file_id = (guint32) file_id;
  message.stokes_intensity = -1;
  message.stokes_angle = -1;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "%d/vectors", file_id);
}

gboolean
crash_read_vectors (CARTA__SetVectorOverlayParameters *message,
                    const CrashState                  *state,
                    int                                file_id)
{
  const char *vectors = crash_state_get (state, "%d/vectors", file_id);
  int         factor;
  float       values[3];

  if (vectors == NULL)
    {
      message->stokes_intensity = -1;
      message->stokes_angle = -1;
      return FALSE;
    }

  g_assert_cmpint (sscanf (vectors, "intensity current angle computed factor %d threshold %f errors %f %f", &factor,
                           &values[0], &values[1], &values[2]),
                   ==, 4);
  fill_vectors (message, file_id, factor, values[0], values[1], values[2]);

  return TRUE;
}

const CrashChange crash_changes_of_overlays[] = {
  { "contours", 3, CRASH_NEEDS_FILE, 0, FALSE, set_contours },
  { "no contours", 1, CRASH_NEEDS_FILE, 0, FALSE, clear_contours },
  { "vectors", 3, CRASH_NEEDS_FILE, 0, FALSE, set_vectors },
  { "no vectors", 1, CRASH_NEEDS_FILE, 0, FALSE, clear_vectors },
  { NULL }
};
