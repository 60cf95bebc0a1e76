/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A number of /proc/PID/status, such as "VmRSS" (kB); @pid 0 is this process. */
guint64 almu_test_status_get (int         pid,
                              const char *key);

/* How many bytes it has read, of whatever. */
guint64 almu_test_status_get_read (int pid);

G_END_DECLS
