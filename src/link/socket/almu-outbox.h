/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuOutboxLane:
 * @ALMU_OUTBOX_ORDERED: is never dropped: replies, errors, syncs
 * @ALMU_OUTBOX_NEWEST: takes the place of what waits with the same key, but
 *   at the tail: profiles, statistics, histograms
 * @ALMU_OUTBOX_GROUP: waits until sent or until its group is dropped: the
 *   tiles of a picture
 *
 * What may happen to a message while it waits. Messages of all lanes leave
 * in the order in which they came.
 */
typedef enum
{
  ALMU_OUTBOX_ORDERED,
  ALMU_OUTBOX_NEWEST,
  ALMU_OUTBOX_GROUP,
} AlmuOutboxLane;

#define ALMU_TYPE_OUTBOX (almu_outbox_get_type ())
G_DECLARE_FINAL_TYPE (AlmuOutbox, almu_outbox, ALMU, OUTBOX, GObject)

AlmuOutbox *almu_outbox_new (void);
gboolean    almu_outbox_push (AlmuOutbox    *self,
                              GBytes        *message,
                              AlmuOutboxLane lane,
                              guint64        key,
                              GError       **error);
GBytes     *almu_outbox_pop (AlmuOutbox *self);
guint       almu_outbox_drop_group (AlmuOutbox *self,
                                    guint64     key);
void        almu_outbox_clear (AlmuOutbox *self);
void        almu_outbox_drop_streams (AlmuOutbox *self);
guint       almu_outbox_get_count (AlmuOutbox *self);
gsize       almu_outbox_get_bytes (AlmuOutbox *self);
gboolean    almu_outbox_is_full (AlmuOutbox *self);

G_END_DECLS
