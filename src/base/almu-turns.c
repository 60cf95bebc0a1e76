/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-turns.h"

#include "almu-limits.h"

/**
 * AlmuTurns: (foreign)
 *
 * Who is next, when many want to compute and there are few places.
 *
 * The most urgent job is next; of equally urgent ones that whose owner has
 * the fewest under way, and then that whose owner has waited for longest. So
 * it does not matter how many jobs somebody has.
 *
 * Once begun, a job keeps its place. So that somebody who comes while others
 * hold all of them need not wait for their jobs to end, there are extra places
 * for owners that have nothing under way: who is next on the processors is then
 * up to the kernel, which favours those who use them little. When these are
 * taken too, each job that has had its place for long makes for one more.
 *
 * Only a line: it knows of no threads, and takes no locks.
 */
struct _AlmuTurns
{
  GHashTable *owners; /* id → Owner, of those with jobs that wait or run */
  guint       n_free;
  guint       n_free_extra;
  guint       n_owed; /* extra places that will be ordinary ones when they are free */
  guint       n_waiting;
  guint64     n_begun;
  guint64     n_owners; /* that ever came */
};

typedef struct
{
  guint   id;
  GQueue  waiting; /* of AlmuTurn, the most urgent first */
  guint   n_running;
  guint   n_stuck; /* of those */
  guint64 since;   /* its last turn, or just before the last of anybody when it came */
  guint64 nth;
} Owner;

/**
 * almu_turns_new:
 * @n_places: how many jobs may be under way, at least 1
 * @n_extra: how many more, of owners that have none of the others
 *
 * A line in which nobody waits and whose places are all free. It takes no lock:
 * who shares it among threads guards it.
 *
 * Returns: (transfer full): the line
 */
AlmuTurns *
almu_turns_new (guint n_places,
                guint n_extra)
{
  AlmuTurns *self = g_new0 (AlmuTurns, 1);

  g_return_val_if_fail (n_places > 0, NULL);

  self->owners = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->n_free = n_places;
  self->n_free_extra = n_extra;

  return self;
}

/**
 * almu_turns_free:
 * @self: (transfer full): a line
 *
 * Forgets the line. Jobs that still wait or run are the caller's, and must not
 * be ended any more.
 */
void
almu_turns_free (AlmuTurns *self)
{
  g_hash_table_unref (self->owners);
  g_free (self);
}

static Owner *
get_owner (AlmuTurns *self,
           guint      id)
{
  Owner *owner = g_hash_table_lookup (self->owners, GUINT_TO_POINTER (id));

  if (owner != NULL)
    return owner;

  owner = g_new0 (Owner, 1);
  owner->id = id;
  owner->since = 2 * self->n_begun;
  owner->nth = self->n_owners++;
  g_hash_table_insert (self->owners, GUINT_TO_POINTER (id), owner);

  return owner;
}

/**
 * almu_turns_push:
 * @turn: (transfer none): stays alive until it has ended
 *
 * Gets in line, behind what is as urgent and of the same owner.
 */
void
almu_turns_push (AlmuTurns *self,
                 AlmuTurn  *turn)
{
  Owner *owner = get_owner (self, turn->owner);
  GList *before = owner->waiting.tail;

  while (before != NULL && ((AlmuTurn *) before->data)->priority > turn->priority)
    before = before->prev;

  turn->link = (GList){ .data = turn };
  if (before == NULL)
    g_queue_push_head_link (&owner->waiting, &turn->link);
  else
    g_queue_insert_after_link (&owner->waiting, before, &turn->link);
  self->n_waiting++;
}

static gboolean
is_before (const Owner *a,
           const Owner *b)
{
  const AlmuTurn *x = a->waiting.head->data;
  const AlmuTurn *y = b->waiting.head->data;

  if (x->priority != y->priority)
    return x->priority < y->priority;
  if (a->n_running != b->n_running)
    return a->n_running < b->n_running;
  if (a->since != b->since)
    return a->since < b->since;
  return a->nth < b->nth;
}

static Owner *
find_next (AlmuTurns *self)
{
  GHashTableIter iter;
  Owner         *next = NULL;
  Owner         *owner;

  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &owner))
    {
      if (owner->waiting.head == NULL || owner->n_stuck >= ALMU_LIMIT_STUCK_JOBS ||
          (self->n_free == 0 && owner->n_running > 0))
        continue;

      if (next == NULL || is_before (owner, next))
        next = owner;
    }

  return next;
}

/**
 * almu_turns_begin:
 *
 * Takes a place for whoever is next. To be asked again until nothing is, since
 * several may have become free.
 *
 * Returns: (nullable) (transfer none): what shall begin now, as it was pushed;
 *   %NULL if nothing may
 */
AlmuTurn *
almu_turns_begin (AlmuTurns *self)
{
  Owner    *owner;
  AlmuTurn *turn;

  if (self->n_free == 0 && self->n_free_extra == 0)
    return NULL;

  owner = find_next (self);
  if (owner == NULL)
    return NULL;

  turn = g_queue_pop_head_link (&owner->waiting)->data;
  turn->is_stuck = FALSE;
  turn->is_lent = FALSE;
  turn->is_extra = self->n_free == 0;
  if (turn->is_extra)
    self->n_free_extra--;
  else
    self->n_free--;
  self->n_waiting--;
  owner->n_running++;
  owner->since = 2 * ++self->n_begun + 1;

  return turn;
}

static void
free_place (AlmuTurns *self,
            AlmuTurn  *turn)
{
  if (!turn->is_extra)
    self->n_free++;
  else if (self->n_owed == 0)
    self->n_free_extra++;
  else
    {
      self->n_owed--;
      self->n_free++;
    }

  if (!turn->is_lent)
    return;

  /* what was lent is given back: by nobody, or later, by who has it */
  turn->is_lent = FALSE;
  if (self->n_free_extra > 0)
    self->n_free_extra--;
  else
    {
      self->n_free--;
      self->n_owed++;
    }
}

/**
 * almu_turns_has_newcomer:
 *
 * Whether it would help if there were one more place. Goes through all owners.
 *
 * Returns: whether an owner with nothing under way waits for a place
 */
gboolean
almu_turns_has_newcomer (AlmuTurns *self)
{
  GHashTableIter iter;
  Owner         *owner;

  if (self->n_waiting == 0)
    return FALSE;

  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &owner))
    if (owner->waiting.head != NULL && owner->n_running == 0)
      return TRUE;

  return FALSE;
}

/**
 * almu_turns_lend:
 * @turn: one that has begun, and has not lent its place yet
 *
 * Until it ends or is given up there is one more extra place.
 */
void
almu_turns_lend (AlmuTurns *self,
                 AlmuTurn  *turn)
{
  g_return_if_fail (!turn->is_lent && !turn->is_stuck);

  turn->is_lent = TRUE;
  self->n_free_extra++;
}

/**
 * almu_turns_give_up:
 * @turn: one that has begun, and gets nowhere
 *
 * Frees its place, though it has not ended.
 */
void
almu_turns_give_up (AlmuTurns *self,
                    AlmuTurn  *turn)
{
  Owner *owner = g_hash_table_lookup (self->owners, GUINT_TO_POINTER (turn->owner));

  g_return_if_fail (owner != NULL && !turn->is_stuck);

  turn->is_stuck = TRUE;
  owner->n_stuck++;
  free_place (self, turn);
}

/**
 * almu_turns_end:
 * @turn: one that had begun
 *
 * Frees its place.
 */
void
almu_turns_end (AlmuTurns *self,
                AlmuTurn  *turn)
{
  Owner *owner = g_hash_table_lookup (self->owners, GUINT_TO_POINTER (turn->owner));

  g_return_if_fail (owner != NULL && owner->n_running > 0);

  if (turn->is_stuck)
    owner->n_stuck--;
  else
    free_place (self, turn);

  owner->n_running--;
  if (owner->n_running == 0 && owner->waiting.head == NULL)
    g_hash_table_remove (self->owners, GUINT_TO_POINTER (turn->owner));
}

/**
 * almu_turns_count_waiting:
 *
 * What has begun does not count, even if it was given up.
 *
 * Returns: how many jobs have been pushed and have not begun, of all owners
 */
guint
almu_turns_count_waiting (AlmuTurns *self)
{
  return self->n_waiting;
}
