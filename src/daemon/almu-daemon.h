/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-options.h"

G_BEGIN_DECLS

/* Exit statuses, beside 0. */
#define ALMU_EXIT_USAGE 1
#define ALMU_EXIT_LISTEN 2
#define ALMU_EXIT_START 3

#define ALMU_TYPE_DAEMON (almu_daemon_get_type ())
G_DECLARE_FINAL_TYPE (AlmuDaemon, almu_daemon, ALMU, DAEMON, GApplication)

AlmuDaemon *almu_daemon_new (AlmuOptions *options);
int         almu_daemon_get_exit_status (AlmuDaemon *self);

G_END_DECLS
