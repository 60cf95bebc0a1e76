/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Priorities of work; lower numbers run first. Work below
 * %ALMU_PRIORITY_LONG is short (a plane, a tile, a profile) and has threads
 * of its own, so that it never waits for long work. What nobody has asked
 * for yet is done ahead when there is no other short work; what would only be
 * quicker another time, when there is no other work.
 */
#define ALMU_PRIORITY_CURSOR -20
#define ALMU_PRIORITY_PICTURE -10
#define ALMU_PRIORITY_NORMAL 0
#define ALMU_PRIORITY_AHEAD 50
#define ALMU_PRIORITY_LONG 100
#define ALMU_PRIORITY_SPARE 200

/**
 * AlmuPartFunc:
 *
 * Does one part of a loop that is shared among threads.
 */
typedef void (*AlmuPartFunc) (guint    part,
                              gpointer user_data);

void  almu_workers_set_threads (guint n_threads);
void  almu_workers_set_patience (guint msec);
guint almu_workers_get_threads (void);
guint almu_workers_get_places (void);

void          almu_workers_set_owner (gpointer object,
                                      guint    owner);
guint         almu_workers_get_owner (gpointer object);
GCancellable *almu_workers_cancellable_new (gpointer like);

void   almu_workers_run (GTask          *task,
                         int             priority,
                         GTaskThreadFunc func);
char **almu_workers_dup_running (void);
guint  almu_workers_count_running (void);
guint  almu_workers_count_waiting (gboolean is_long);
void   almu_workers_share (guint        n_parts,
                           AlmuPartFunc func,
                           gpointer     user_data);

G_END_DECLS
