/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "config.h"

/* Marks around work and around waits, for Sysprof:
 *
 *   sysprof-cli trace.syscap -- almucantard …
 *
 * Without a profiler that listens, a mark is a look at the clock; without
 * Sysprof at build time, nothing. Any thread.
 */

/* what writes the reference stumbles over Sysprof's headers */
#if ALMU_HAVE_SYSPROF && !defined(__GI_SCANNER__)

#include <sysprof-capture.h>

#define ALMU_TRACE_NOW SYSPROF_CAPTURE_CURRENT_TIME

/* From @begin (ALMU_TRACE_NOW) until now; @text may be computed: it is looked
 * at only if somebody listens. */
#define ALMU_TRACE_SINCE(begin, name, text)                                  \
  G_STMT_START                                                               \
  {                                                                          \
    if (sysprof_collector_is_active ())                                      \
      sysprof_collector_mark (begin, SYSPROF_CAPTURE_CURRENT_TIME - (begin), \
                              "almucantar", name, text);                     \
  }                                                                          \
  G_STMT_END

#else

#define ALMU_TRACE_NOW 0
#define ALMU_TRACE_SINCE(begin, name, text) ((void) (begin))

#endif

#define ALMU_TRACE_BEGIN(id) gint64 almu_trace_##id = ALMU_TRACE_NOW
#define ALMU_TRACE_END(id, text) ALMU_TRACE_SINCE (almu_trace_##id, #id, text)
