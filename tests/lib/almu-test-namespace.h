/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A place of one's own in the kernel: @flags are those of unshare(2), such
 * as CLONE_NEWNS. Before there is a second thread; programs that are started
 * later are there too. Returns why that cannot be had here, or NULL. */
const char *almu_test_namespace_enter (int flags);

/* A disk of one's own at @path, seen by nobody else. */
const char *almu_test_namespace_mount (const char *path,
                                       gsize       size);

/* The network in which the calling thread is, to go back to. */
int  almu_test_namespace_open_network (void);
void almu_test_namespace_join_network (int fd);

G_END_DECLS
