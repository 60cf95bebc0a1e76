/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuStateDir: (foreign)
 *
 * The folder in which the service keeps what outlives it, owned by one
 * process at a time.
 *
 * | name | what |
 * | --- | --- |
 * | `lock` | locked by the owner; holds its address while it listens |
 * | `token` | what a page must know, 0600 |
 * | `listener.json` | port and address of the last time |
 *
 * A plain value for the main thread. Others keep their files beside these,
 * below almu_state_dir_get_path().
 */
typedef struct _AlmuStateDir AlmuStateDir;

AlmuStateDir *almu_state_dir_open (const char *path,
                                   GError    **error);
void          almu_state_dir_free (AlmuStateDir *self);
const char   *almu_state_dir_get_path (AlmuStateDir *self);
guint16       almu_state_dir_get_last_port (AlmuStateDir *self);
const char   *almu_state_dir_get_last_address (AlmuStateDir *self);
gboolean      almu_state_dir_remember (AlmuStateDir *self,
                                       const char   *address,
                                       guint16       port,
                                       GError      **error);
char         *almu_state_dir_dup_token (AlmuStateDir *self,
                                        const char   *given,
                                        GError      **error);
void          almu_state_dir_withdraw (AlmuStateDir *self);
char         *almu_state_dir_dup_running_address (const char *path);
char         *almu_state_dir_dup_kept_token (const char *path);
char         *almu_state_dir_dup_lock_path (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuStateDir, almu_state_dir_free)

G_END_DECLS
