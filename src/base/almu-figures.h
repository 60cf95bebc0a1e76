/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How the process does, in numbers: counted where things happen, told where
 * somebody asks (/metrics, GetStatus). */

/**
 * AlmuFigure:
 *
 * What is counted since the process began.
 */
typedef enum
{
  ALMU_FIGURE_MESSAGES_RECEIVED,
  ALMU_FIGURE_BYTES_RECEIVED,
  ALMU_FIGURE_MESSAGES_SENT,
  ALMU_FIGURE_BYTES_SENT,
  ALMU_FIGURE_CACHE_HITS,
  ALMU_FIGURE_CACHE_MISSES,
  ALMU_FIGURE_INFLATED_FILES,
  ALMU_N_FIGURES,
} AlmuFigure;

/**
 * AlmuTimed:
 * @ALMU_TIMED_HANDLING: how long a message kept the main thread, by its name
 * @ALMU_TIMED_ANSWER: from a message to what answers it, by its name
 * @ALMU_TIMED_RESUME: from RESUME_SESSION to its acknowledgement, by where the
 *   session was
 */
typedef enum
{
  ALMU_TIMED_HANDLING,
  ALMU_TIMED_ANSWER,
  ALMU_TIMED_RESUME,
  ALMU_N_TIMED,
} AlmuTimed;

#define ALMU_N_TIMING_BOUNDS 6

/**
 * AlmuTiming:
 * @total_usec: of all together
 * @within: how many took no longer than each of almu_timing_bounds
 */
typedef struct
{
  guint64 n;
  gint64  total_usec;
  guint64 within[ALMU_N_TIMING_BOUNDS];
} AlmuTiming;

extern const gint64 almu_timing_bounds[ALMU_N_TIMING_BOUNDS]; /* µs */

/**
 * AlmuTimingFunc:
 *
 * Told the figures of one label of what is timed.
 */
typedef void (*AlmuTimingFunc) (const char       *label,
                                const AlmuTiming *timing,
                                gpointer          user_data);

void  almu_figures_add (AlmuFigure figure,
                        gsize      n);
gsize almu_figures_get (AlmuFigure figure);
void  almu_figures_time (AlmuTimed   what,
                         const char *label,
                         gint64      usec);
void  almu_figures_foreach_timing (AlmuTimed      what,
                                   AlmuTimingFunc func,
                                   gpointer       user_data);
gsize almu_figures_get_resident_bytes (void);

G_END_DECLS
