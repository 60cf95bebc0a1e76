/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-visits.h"

/* Visits that are remembered: those of a dozen people at the same time. */
#define N_KEPT 64

/**
 * AlmuVisits: (foreign)
 *
 * Which places are visited often, so that something is worth doing for them.
 * Knows no clock: it is told what time it is.
 */
typedef struct
{
  AlmuLruKey place;
  gint64     when;
  gboolean   counts;
} Visit;

struct _AlmuVisits
{
  Visit kept[N_KEPT]; /* a ring */
  guint next;
};

/**
 * almu_visits_new:
 *
 * Nobody has been anywhere.
 *
 * Returns: (transfer full): no visits
 */
AlmuVisits *
almu_visits_new (void)
{
  return g_new0 (AlmuVisits, 1);
}

/**
 * almu_visits_free:
 * @self: (transfer full): visits
 *
 * Forgets them.
 */
void
almu_visits_free (AlmuVisits *self)
{
  g_free (self);
}

static gboolean
is_at (const Visit      *visit,
       const AlmuLruKey *place)
{
  return visit->counts && visit->place.owner == place->owner && visit->place.item == place->item &&
         visit->place.detail == place->detail;
}

/**
 * almu_visits_note:
 * @place: where somebody is
 * @now: the time, in µs; never less than the last
 *
 * Once a place has been visited often, its visits are counted anew: whoever
 * cannot do anything for it now is not told again at once.
 *
 * Returns: whether @place was visited often of late
 */
gboolean
almu_visits_note (AlmuVisits       *self,
                  const AlmuLruKey *place,
                  gint64            now)
{
  guint n = 0;

  self->kept[self->next] = (Visit){ *place, now, TRUE };
  self->next = (self->next + 1) % N_KEPT;

  for (guint i = 0; i < N_KEPT; i++)
    n += is_at (&self->kept[i], place) && now - self->kept[i].when <= ALMU_VISITS_WHILE_USEC;
  if (n < ALMU_VISITS_OFTEN)
    return FALSE;

  for (guint i = 0; i < N_KEPT; i++)
    if (is_at (&self->kept[i], place))
      self->kept[i].counts = FALSE;

  return TRUE;
}
