/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuInflated: (foreign)
 *
 * A file that is compressed as a whole, unpacked: a descriptor of what is
 * inside. Whoever opens the same file meanwhile gets the same one, and what
 * nobody uses stays on a shelf for a minute: the page asks what a file is and
 * then opens it. Any thread.
 */
typedef struct _AlmuInflated AlmuInflated;

AlmuInflated *almu_inflated_open (int         fd,
                                  const char *name,
                                  GError    **error);
void          almu_inflated_unref (AlmuInflated *self);
int           almu_inflated_get_fd (const AlmuInflated *self);

gint64 almu_inflated_get_total_bytes (gboolean in_memory);
void   almu_inflated_clear_shelf (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuInflated, almu_inflated_unref)

G_END_DECLS
