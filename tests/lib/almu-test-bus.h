/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuTestBus:
 *
 * A session bus of one's own that starts the real program when it is asked
 * for, on a folder and a state directory of its own. Programs that are
 * started while it is up find it.
 */
typedef struct _AlmuTestBus AlmuTestBus;

AlmuTestBus     *almu_test_bus_up (const char *arguments);
void             almu_test_bus_down (AlmuTestBus *self);
const char      *almu_test_bus_get_folder (AlmuTestBus *self);
const char      *almu_test_bus_get_state_dir (AlmuTestBus *self);
GDBusConnection *almu_test_bus_connect (AlmuTestBus *self);
void             almu_test_bus_disconnect (GDBusConnection *connection);
void             almu_test_bus_end_service (AlmuTestBus *self);
void             almu_test_bus_await_free (AlmuTestBus *self);

int almu_test_run (const char *const *argv,
                   const char        *bus_address,
                   char             **out_output,
                   char             **out_errors);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestBus, almu_test_bus_down)

G_END_DECLS
