/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-reception.h"

G_BEGIN_DECLS

/**
 * AlmuIdleFuncs:
 * @is_busy: whether somebody is connected
 * @withdraw: the process may leave: who asks for it now is not told where
 *   it is
 * @stay: it does not: somebody has come at that very moment
 * @leave: it is over
 */
typedef struct
{
  gboolean (*is_busy) (gpointer user_data);
  void (*withdraw) (gpointer user_data);
  void (*stay) (gpointer user_data);
  void (*leave) (gpointer user_data);
} AlmuIdleFuncs;

/**
 * AlmuIdle:
 *
 * Ends a process that nobody uses, without losing a request that comes in
 * at that moment.
 *
 * After the time it gives up the name on the bus, looks whether anything has
 * come in until then, and takes the name back if so. What comes later waits
 * at the bus for the next process, which waits for this one to be gone.
 */
typedef struct _AlmuIdle AlmuIdle;

AlmuIdle *almu_idle_new (guint                seconds,
                         AlmuReception       *reception,
                         const AlmuIdleFuncs *funcs,
                         gpointer             user_data);
void      almu_idle_free (AlmuIdle *self);
void      almu_idle_touch (AlmuIdle *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuIdle, almu_idle_free)

G_END_DECLS
