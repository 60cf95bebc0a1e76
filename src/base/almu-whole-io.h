/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The kernel may take or give less than it was asked for, and be interrupted;
 * these go on. What is to be said of a failure the caller knows. */
gboolean almu_write_whole (int           fd,
                           gconstpointer bytes,
                           gsize         n_bytes);
gint64   almu_read_whole (int      fd,
                          gpointer bytes,
                          gsize    n_bytes,
                          gint64   offset);

G_END_DECLS
