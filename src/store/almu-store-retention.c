/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-store-private.h"

/* Which records are not kept for longer. */

/* Time in which no session was seen counts as this part of the retention at
 * most: who was away for long finds what there was, and so does somebody
 * whose clock has jumped ahead or was wrong for a while. */
#define MAX_GAP_PART 4
#define MIN_GAP_SECONDS (24 * 60 * 60)

typedef struct
{
  gint64 seen; /* by somebody, when */
  gint64 age;  /* of that */
} Past;

/* For each, from the one that was seen last. */
static gint64
get_age (AlmuStore              *self,
         Past                   *past,
         const AlmuArchiveEntry *entry)
{
  gint64 gap = past->seen - entry->last_seen;

  if (gap > 0)
    {
      past->age += MIN (gap, MAX (self->retention_seconds / MAX_GAP_PART, MIN_GAP_SECONDS));
      past->seen = entry->last_seen;
    }

  return past->age;
}

static gboolean
remove_all (AlmuStore *self,
            GArray    *ids,
            GError   **error)
{
  gboolean is_well = almu_database_begin (self->database, error);

  for (guint i = 0; is_well && i < ids->len; i++)
    is_well = almu_database_remove (self->database, g_array_index (ids, guint32, i), error);

  if (is_well && almu_database_end (self->database, error))
    return TRUE;

  almu_database_undo (self->database);
  return FALSE;
}

/**
 * almu_store_apply_retention:
 * @self: a store, its database open
 *
 * Drops records that are too old or too many, from the one seen last. Those of
 * sessions in memory, or on their way there, count and stay. What goes wrong is
 * logged for us and tried again the next time.
 */
void
almu_store_apply_retention (AlmuStore *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) list = almu_database_list (self->database, &error);
  g_autoptr(GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  Past  past = { g_get_real_time () / G_TIME_SPAN_SECOND, 0 };
  guint n_kept = 0;

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const AlmuArchiveEntry *entry = list->pdata[i];
      gint64                  age = get_age (self, &past, entry);
      gboolean                is_old = self->retention_seconds >= 0 && age > self->retention_seconds;

      if (almu_store_find (self, entry->id) != NULL || g_hash_table_contains (self->restoring, GUINT_TO_POINTER (entry->id)))
        n_kept++;
      else if (is_old || n_kept >= self->max_records)
        g_array_append_val (ids, entry->id);
      else
        n_kept++;
    }

  if (ids->len > 0 && remove_all (self, ids, &error))
    g_debug ("%u records were too old or too many", ids->len);
  if (error != NULL)
    g_debug ("Old records are not dropped: %s", error->message);
}
