/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuTestDaemon:
 *
 * The real program, started on a folder, with a state directory and a log
 * of its own.
 */
typedef struct _AlmuTestDaemon AlmuTestDaemon;

AlmuTestDaemon *almu_test_daemon_start (const char        *folder,
                                        const char        *state_dir,
                                        const char *const *arguments);
void            almu_test_daemon_kill (AlmuTestDaemon *self);
int             almu_test_daemon_end (AlmuTestDaemon *self);
void            almu_test_daemon_free (AlmuTestDaemon *self);
const char     *almu_test_daemon_get_url (AlmuTestDaemon *self);
guint           almu_test_daemon_get_port (AlmuTestDaemon *self);
char           *almu_test_daemon_dup_websocket_url (AlmuTestDaemon *self);
int             almu_test_daemon_get_pid (AlmuTestDaemon *self);
char           *almu_test_daemon_await_line (AlmuTestDaemon *self,
                                             const char     *part);
guint64         almu_test_daemon_get_status (AlmuTestDaemon *self,
                                             const char     *key);
guint           almu_test_daemon_count_fds (AlmuTestDaemon *self);
void            almu_test_daemon_await_fds (AlmuTestDaemon *self, guint at_most);
guint64         almu_test_daemon_count_jobs (AlmuTestDaemon *self);
char           *almu_test_daemon_dup_metrics (AlmuTestDaemon *self);
guint64         almu_test_daemon_get_metric (AlmuTestDaemon *self,
                                             const char     *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestDaemon, almu_test_daemon_free)

G_END_DECLS
