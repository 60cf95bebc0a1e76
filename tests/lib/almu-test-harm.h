/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "almu-test-plan.h"

G_BEGIN_DECLS

/**
 * AlmuTestHarm:
 *
 * The system of a program that is started while this exists, on which a test
 * has its hands: calls fail at the n-th time, files are not read on, the wall
 * clock jumps.
 */
typedef struct _AlmuTestHarm AlmuTestHarm;

AlmuTestHarm *almu_test_harm_new (const char *library);
void          almu_test_harm_free (AlmuTestHarm *self);
void          almu_test_harm_fail (AlmuTestHarm *self,
                                   const char   *folder,
                                   int           calls,
                                   guint         first,
                                   guint         n_failures,
                                   int           code);
void          almu_test_harm_stop (AlmuTestHarm *self);
guint         almu_test_harm_get_n_calls (AlmuTestHarm *self);
guint         almu_test_harm_get_n_failed (AlmuTestHarm *self);
void          almu_test_harm_stall (AlmuTestHarm *self,
                                    const char   *folder);
guint         almu_test_harm_get_n_waiting (AlmuTestHarm *self);
void          almu_test_harm_set_clock (AlmuTestHarm *self,
                                        gint64        seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestHarm, almu_test_harm_free)

G_END_DECLS
