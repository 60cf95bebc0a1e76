/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-lru.h"

/**
 * AlmuLru: (foreign)
 *
 * One budget of bytes for everything that could be made again: planes,
 * encoded tiles, products. What was not used for longest goes first.
 *
 * Main thread only. The values are the caller's, who keeps one that is in
 * use alive with a reference of its own; dropping it here then frees
 * nothing yet.
 */
struct _AlmuLru
{
  GHashTable   *entries;
  GHashTable   *owners; /* Owner, by its id */
  GQueue        by_use; /* of Entry, the latest first */
  gsize         size;
  gsize         budget;
  AlmuLruRelief relief; /* NULL: there is none */
  gpointer      relief_data;

  AlmuLruOutside outside; /* NULL: the budget is for this alone */
  gpointer       outside_data;
};

/* What was made from one image. */
typedef struct
{
  guint64 id;
  gsize   size;
  guint   n_entries;
} Owner;

typedef struct
{
  AlmuLruKey     key;
  gpointer       value;
  GDestroyNotify free_value;
  gsize          size;
  GList          link;
} Entry;

static guint
key_hash (gconstpointer data)
{
  const AlmuLruKey *key = data;
  guint64           h = key->owner * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  h = (h ^ key->item) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  h = (h ^ key->detail) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return (guint) (h >> 32);
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const AlmuLruKey *x = a;
  const AlmuLruKey *y = b;

  return x->owner == y->owner && x->item == y->item && x->detail == y->detail;
}

static void
entry_free (Entry *entry)
{
  entry->free_value (entry->value);
  g_free (entry);
}

static void
count_in (AlmuLru     *self,
          const Entry *entry)
{
  Owner *owner = g_hash_table_lookup (self->owners, &entry->key.owner);

  if (owner == NULL)
    {
      owner = g_new0 (Owner, 1);
      owner->id = entry->key.owner;
      g_hash_table_insert (self->owners, &owner->id, owner);
    }

  owner->size += entry->size;
  owner->n_entries++;
  self->size += entry->size;
}

static void
count_out (AlmuLru     *self,
           const Entry *entry)
{
  Owner *owner = g_hash_table_lookup (self->owners, &entry->key.owner);

  self->size -= entry->size;
  owner->size -= entry->size;
  if (--owner->n_entries == 0)
    g_hash_table_remove (self->owners, &entry->key.owner);
}

static void
remove_entry (AlmuLru *self,
              Entry   *entry)
{
  g_hash_table_steal (self->entries, &entry->key);
  g_queue_unlink (&self->by_use, &entry->link);
  count_out (self, entry);
  entry_free (entry);
}

/**
 * almu_lru_new:
 * @budget: bytes that all values together may take
 *
 * An empty cache. Nothing is reserved: @budget is only compared with the sizes
 * that almu_lru_take() is told.
 *
 * Returns: (transfer full): the cache
 */
AlmuLru *
almu_lru_new (gsize budget)
{
  AlmuLru *self = g_new0 (AlmuLru, 1);

  self->entries = g_hash_table_new (key_hash, key_equal);
  self->owners = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->budget = budget;

  return self;
}

/**
 * almu_lru_free:
 * @self: (transfer full): a cache
 *
 * Lets go of every value, the longest unused first, and of the cache.
 */
void
almu_lru_free (AlmuLru *self)
{
  while (self->by_use.tail != NULL)
    remove_entry (self, self->by_use.tail->data);

  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->owners);
  g_free (self);
}

/**
 * almu_lru_lookup:
 * @key: of a value
 *
 * Finds a value, which counts as used by that.
 *
 * Returns: (nullable) (transfer none): the value, now the latest used
 */
gpointer
almu_lru_lookup (AlmuLru          *self,
                 const AlmuLruKey *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry == NULL)
    return NULL;

  g_queue_unlink (&self->by_use, &entry->link);
  g_queue_push_head_link (&self->by_use, &entry->link);

  return entry->value;
}

static gsize
get_outside (AlmuLru *self)
{
  return self->outside != NULL ? self->outside (self->outside_data) : 0;
}

/* What others take they cannot give back when asked to, so that they leave
 * at least a part of the budget. */
static gsize
get_room (AlmuLru *self)
{
  gsize outside = get_outside (self);
  gsize least = self->budget / 4;

  return outside + least < self->budget ? self->budget - outside : least;
}

/**
 * almu_lru_take:
 * @key: what it can be found by; what was kept under it is dropped
 * @value: (transfer full): what to keep
 * @size: its bytes
 * @free_value: lets go of it when it is dropped
 *
 * Keeps @value and makes room for it: by relief if there is any, then by
 * dropping what was not used for longest. A value larger than the whole budget
 * is kept alone: who asked for it is using it, and would only make it again.
 */
void
almu_lru_take (AlmuLru          *self,
               const AlmuLruKey *key,
               gpointer          value,
               gsize             size,
               GDestroyNotify    free_value)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    remove_entry (self, entry);

  /* before the value is in, which the relief must not take away */
  while (self->size + size > get_room (self) && self->relief != NULL && self->relief (self->relief_data))
    ;

  entry = g_new0 (Entry, 1);
  entry->key = *key;
  entry->value = value;
  entry->free_value = free_value;
  entry->size = size;
  entry->link.data = entry;

  g_hash_table_insert (self->entries, &entry->key, entry);
  g_queue_push_head_link (&self->by_use, &entry->link);
  count_in (self, entry);

  while (self->size > get_room (self) && self->by_use.tail->data != entry)
    remove_entry (self, self->by_use.tail->data);
}

/**
 * almu_lru_drop:
 * @key: of a value, which need not be there
 *
 * Forgets one value.
 */
void
almu_lru_drop (AlmuLru          *self,
               const AlmuLruKey *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    remove_entry (self, entry);
}

/**
 * almu_lru_drop_oldest:
 *
 * Forgets what was not used for longest.
 *
 * Returns: whether there was anything
 */
gboolean
almu_lru_drop_oldest (AlmuLru *self)
{
  if (self->by_use.tail == NULL)
    return FALSE;

  remove_entry (self, self->by_use.tail->data);

  return TRUE;
}

/**
 * almu_lru_drop_owner:
 * @owner: the image
 *
 * Forgets everything that was made from one image.
 */
void
almu_lru_drop_owner (AlmuLru *self,
                     guint64  owner)
{
  GList *next;

  for (GList *l = self->by_use.head; l != NULL; l = next)
    {
      Entry *entry = l->data;

      next = l->next;
      if (entry->key.owner == owner)
        remove_entry (self, entry);
    }
}

/**
 * almu_lru_foreach:
 * @func: (scope call): told the key and the bytes of every value; must not
 *   change the cache
 * @user_data: for @func
 *
 * Goes through the values, the latest used first, without using them.
 */
void
almu_lru_foreach (AlmuLru    *self,
                  AlmuLruFunc func,
                  gpointer    user_data)
{
  for (GList *l = self->by_use.head; l != NULL; l = l->next)
    {
      const Entry *entry = l->data;

      func (&entry->key, entry->size, user_data);
    }
}

/**
 * almu_lru_set_relief:
 * @relief: (nullable) (scope forever): asked again and again while there is no room, before
 *   anything is dropped
 * @user_data: for @relief
 *
 * Something that is worth less than any value here, and goes before them. It
 * may drop values, and must return %FALSE in the end.
 */
void
almu_lru_set_relief (AlmuLru      *self,
                     AlmuLruRelief relief,
                     gpointer      user_data)
{
  self->relief = relief;
  self->relief_data = user_data;
}

/**
 * almu_lru_set_outside:
 * @outside: (nullable) (scope forever): tells what is taken by others whenever room is made
 * @user_data: for @outside
 *
 * Lets others take from the same budget. However much they have, a quarter of
 * it remains for the values here.
 */
void
almu_lru_set_outside (AlmuLru       *self,
                      AlmuLruOutside outside,
                      gpointer       user_data)
{
  self->outside = outside;
  self->outside_data = user_data;
}

/**
 * almu_lru_get_free:
 *
 * Others may take from the budget, and their part is not free.
 *
 * Returns: bytes of the budget that nobody takes
 */
gsize
almu_lru_get_free (AlmuLru *self)
{
  gsize taken = self->size + get_outside (self);

  return taken < self->budget ? self->budget - taken : 0;
}

/**
 * almu_lru_get_owner_size:
 * @owner: an image
 *
 * Kept as values come and go: costs nothing to ask.
 *
 * Returns: bytes of all that was made from one image
 */
gsize
almu_lru_get_owner_size (AlmuLru *self,
                         guint64  owner)
{
  const Owner *found = g_hash_table_lookup (self->owners, &owner);

  return found != NULL ? found->size : 0;
}

/**
 * almu_lru_get_size:
 *
 * What others take from the budget is not in it.
 *
 * Returns: bytes of all values, as almu_lru_take() was told; more than the
 *   budget only while a single one is larger
 */
gsize
almu_lru_get_size (AlmuLru *self)
{
  return self->size;
}

/**
 * almu_lru_get_budget:
 *
 * It never changes.
 *
 * Returns: bytes that all values together may take, as almu_lru_new() was told
 */
gsize
almu_lru_get_budget (AlmuLru *self)
{
  return self->budget;
}
