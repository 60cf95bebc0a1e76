/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-outbox.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Cursors and requirements make many messages of a few bytes; what keeps
 * them costs more than they do. */
#define MESSAGE_OVERHEAD 192

/* Above a full box only what may not be dropped is still coming in. A peer
 * that is this far behind does not read. */
#define MAX_WEIGHT (4 * (gsize) ALMU_LIMIT_OUTBOX_BYTES)

/* A message that waits: in the line, and beside it in its group. */
typedef struct
{
  GList          in_line;
  GList          in_group;
  GBytes        *message;
  AlmuOutboxLane lane;
  guint64        key;
} Item;

typedef struct
{
  guint64 key;
  GQueue  items;
} Group;

/**
 * AlmuOutbox:
 *
 * What waits for a peer that reads slower than we compute.
 *
 * Messages wait here and not in the socket, because only here they can
 * still be replaced or dropped: a profile by a newer one of the same
 * cursor, a tile that nobody looks at any more. The box does no I/O; an
 * [class@Almu.Socket] pulls from it. Every operation takes constant time, but
 * for dropping a group, which takes as long as the group is.
 *
 * Producers of what is large stop while the box is full, and go on at
 * [signal@Almu.Outbox::drained]. Belongs to a link; main thread only.
 */
struct _AlmuOutbox
{
  GObject parent_instance;

  GQueue      line;
  GHashTable *newest;
  GHashTable *groups;
  gsize       bytes;
  guint       n_ordered;
  gboolean    full;
};

G_DEFINE_FINAL_TYPE (AlmuOutbox, almu_outbox, G_TYPE_OBJECT)

enum
{
  DRAINED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* What is in memory because of the box. */
static gsize
get_weight (AlmuOutbox *self)
{
  return self->bytes + (gsize) self->line.length * MESSAGE_OVERHEAD;
}

static void
leave_group (AlmuOutbox *self,
             Item       *item)
{
  Group *group = g_hash_table_lookup (self->groups, &item->key);

  g_queue_unlink (&group->items, &item->in_group);
  if (group->items.length == 0)
    g_hash_table_remove (self->groups, &item->key);
}

/* Takes @item out of everything that knows it. */
static GBytes *
take_item (AlmuOutbox *self,
           Item       *item)
{
  GBytes *message = g_steal_pointer (&item->message);

  switch (item->lane)
    {
    case ALMU_OUTBOX_ORDERED:
      self->n_ordered--;
      break;

    case ALMU_OUTBOX_NEWEST:
      g_hash_table_remove (self->newest, &item->key);
      break;

    case ALMU_OUTBOX_GROUP:
      leave_group (self, item);
      break;

    default:
      g_assert_not_reached ();
    }

  g_queue_unlink (&self->line, &item->in_line);
  self->bytes -= g_bytes_get_size (message);
  g_free (item);

  return message;
}

/* Producers are woken once per filling, and well before the box is empty,
 * so that the peer never waits for them. */
static void
check_drained (AlmuOutbox *self)
{
  if (!self->full || get_weight (self) > ALMU_LIMIT_OUTBOX_BYTES / 2)
    return;

  self->full = FALSE;
  g_signal_emit (self, signals[DRAINED], 0);
}

static void
join_group (AlmuOutbox *self,
            Item       *item)
{
  Group *group = g_hash_table_lookup (self->groups, &item->key);

  if (group == NULL)
    {
      group = g_new0 (Group, 1);
      group->key = item->key;
      g_hash_table_insert (self->groups, &group->key, group);
    }

  g_queue_push_tail_link (&group->items, &item->in_group);
}

static void
append_item (AlmuOutbox *self,
             Item       *item)
{
  switch (item->lane)
    {
    case ALMU_OUTBOX_ORDERED:
      self->n_ordered++;
      break;

    case ALMU_OUTBOX_NEWEST:
      g_hash_table_insert (self->newest, &item->key, item);
      break;

    case ALMU_OUTBOX_GROUP:
      join_group (self, item);
      break;

    default:
      g_assert_not_reached ();
    }

  g_queue_push_tail_link (&self->line, &item->in_line);
  self->bytes += g_bytes_get_size (item->message);
}

static void
almu_outbox_finalize (GObject *object)
{
  AlmuOutbox *self = ALMU_OUTBOX (object);

  while (self->line.head != NULL)
    g_bytes_unref (take_item (self, self->line.head->data));

  g_clear_pointer (&self->newest, g_hash_table_unref);
  g_clear_pointer (&self->groups, g_hash_table_unref);

  G_OBJECT_CLASS (almu_outbox_parent_class)->finalize (object);
}

static void
almu_outbox_class_init (AlmuOutboxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = almu_outbox_finalize;

  /**
   * AlmuOutbox::drained:
   * @self: the outbox
   *
   * The box was full and is half empty now. Emitted by whatever takes
   * messages out, when they are out; the handler may push more.
   */
  signals[DRAINED] =
    g_signal_new ("drained",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
almu_outbox_init (AlmuOutbox *self)
{
  self->newest = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->groups = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
}

/**
 * almu_outbox_new:
 *
 * Main thread.
 *
 * Returns: (transfer full): a box with nothing in it
 */
AlmuOutbox *
almu_outbox_new (void)
{
  return g_object_new (ALMU_TYPE_OUTBOX, NULL);
}

/**
 * almu_outbox_push:
 * @self: an outbox
 * @message: (transfer none): what to send
 * @lane: what may happen to @message while it waits
 * @key: what @message is about; means nothing for %ALMU_OUTBOX_ORDERED.
 *   The keys of the other two lanes do not meet.
 * @error: return location for an error
 *
 * Adds @message at the tail. A full box still takes messages; who makes
 * large ones asks almu_outbox_is_full() first.
 *
 * The failure is %ALMU_ERROR_LIMIT: four times %ALMU_LIMIT_OUTBOX_BYTES, or
 * %ALMU_LIMIT_OUTBOX_MESSAGES replies.
 *
 * Returns: %FALSE if so much waits that the peer cannot be reading at all;
 *   nothing has changed then, and the link should be closed
 */
gboolean
almu_outbox_push (AlmuOutbox    *self,
                  GBytes        *message,
                  AlmuOutboxLane lane,
                  guint64        key,
                  GError       **error)
{
  Item *item = NULL;
  Item *older = NULL;
  gsize weight;

  g_return_val_if_fail (ALMU_IS_OUTBOX (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (lane <= ALMU_OUTBOX_GROUP, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (lane == ALMU_OUTBOX_NEWEST)
    older = g_hash_table_lookup (self->newest, &key);

  weight = get_weight (self);
  if (older != NULL)
    weight -= g_bytes_get_size (older->message) + MESSAGE_OVERHEAD;

  if (weight > MAX_WEIGHT)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u messages of %zu bytes wait for a peer that does not read"),
                   self->line.length, self->bytes);
      return FALSE;
    }

  if (lane == ALMU_OUTBOX_ORDERED && self->n_ordered >= ALMU_LIMIT_OUTBOX_MESSAGES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u replies wait for a peer that does not read"), self->n_ordered);
      return FALSE;
    }

  if (older != NULL)
    g_bytes_unref (take_item (self, older));

  item = g_new0 (Item, 1);
  item->in_line.data = item;
  item->in_group.data = item;
  item->message = g_bytes_ref (message);
  item->lane = lane;
  item->key = key;
  append_item (self, item);

  if (get_weight (self) > ALMU_LIMIT_OUTBOX_BYTES)
    self->full = TRUE;

  return TRUE;
}

/**
 * almu_outbox_pop:
 * @self: an outbox
 *
 * Takes the message that has waited longest.
 *
 * Returns: (transfer full) (nullable): the message, or %NULL if none waits
 */
GBytes *
almu_outbox_pop (AlmuOutbox *self)
{
  GBytes *message;

  g_return_val_if_fail (ALMU_IS_OUTBOX (self), NULL);

  if (self->line.head == NULL)
    return NULL;

  message = take_item (self, self->line.head->data);
  check_drained (self);

  return message;
}

/**
 * almu_outbox_drop_group:
 * @self: an outbox
 * @key: the key of a group
 *
 * Forgets what still waits with @key in %ALMU_OUTBOX_GROUP.
 *
 * Returns: the number of messages that are not sent
 */
guint
almu_outbox_drop_group (AlmuOutbox *self,
                        guint64     key)
{
  Group *group;
  guint  n_dropped;

  g_return_val_if_fail (ALMU_IS_OUTBOX (self), 0);

  group = g_hash_table_lookup (self->groups, &key);
  if (group == NULL)
    return 0;

  /* the last one takes the group with it */
  n_dropped = group->items.length;
  for (guint i = 0; i < n_dropped; i++)
    g_bytes_unref (take_item (self, group->items.head->data));

  check_drained (self);

  return n_dropped;
}

/**
 * almu_outbox_clear:
 * @self: an outbox
 *
 * Forgets all that waits, replies included: for a link that is over, or
 * that a last message has to leave at once.
 */
void
almu_outbox_clear (AlmuOutbox *self)
{
  g_return_if_fail (ALMU_IS_OUTBOX (self));

  while (self->line.head != NULL)
    g_bytes_unref (take_item (self, self->line.head->data));

  check_drained (self);
}

/**
 * almu_outbox_drop_streams:
 * @self: an outbox
 *
 * Forgets all that may be dropped and keeps replies, errors and syncs: for a
 * link that goes on with another session.
 */
void
almu_outbox_drop_streams (AlmuOutbox *self)
{
  GList *next;

  g_return_if_fail (ALMU_IS_OUTBOX (self));

  for (GList *l = self->line.head; l != NULL; l = next)
    {
      Item *item = l->data;

      next = l->next;
      if (item->lane != ALMU_OUTBOX_ORDERED)
        g_bytes_unref (take_item (self, item));
    }

  check_drained (self);
}

/**
 * almu_outbox_get_count:
 * @self: an outbox
 *
 * Of all lanes together. Constant time.
 *
 * Returns: the number of messages that wait
 */
guint
almu_outbox_get_count (AlmuOutbox *self)
{
  g_return_val_if_fail (ALMU_IS_OUTBOX (self), 0);

  return self->line.length;
}

/**
 * almu_outbox_get_bytes:
 * @self: an outbox
 *
 * Their payloads only: what keeps them counts towards being full, too. Constant
 * time.
 *
 * Returns: the bytes of all messages that wait
 */
gsize
almu_outbox_get_bytes (AlmuOutbox *self)
{
  g_return_val_if_fail (ALMU_IS_OUTBOX (self), 0);

  return self->bytes;
}

/**
 * almu_outbox_is_full:
 * @self: an outbox
 *
 * It is so until the box is half empty, so that producers do not stop and go
 * with every message.
 *
 * Returns: whether more than %ALMU_LIMIT_OUTBOX_BYTES have come to wait and
 *   [signal@Almu.Outbox::drained] has not been emitted since
 */
gboolean
almu_outbox_is_full (AlmuOutbox *self)
{
  g_return_val_if_fail (ALMU_IS_OUTBOX (self), FALSE);

  return self->full;
}
