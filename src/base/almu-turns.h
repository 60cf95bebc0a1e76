/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AlmuTurns AlmuTurns;

/**
 * AlmuTurn: (foreign)
 * @owner: whose job it is; 0 for nobody's
 * @priority: lower numbers first
 *
 * A job's place in a line; its first member.
 */
typedef struct
{
  guint owner;
  int   priority;

  /*< private >*/
  gboolean is_extra;
  gboolean is_stuck;
  gboolean is_lent;
  GList    link;
} AlmuTurn;

AlmuTurns *almu_turns_new (guint n_places,
                           guint n_extra);
void       almu_turns_free (AlmuTurns *self);
void       almu_turns_push (AlmuTurns *self,
                            AlmuTurn  *turn);
AlmuTurn  *almu_turns_begin (AlmuTurns *self);
gboolean   almu_turns_has_newcomer (AlmuTurns *self);
void       almu_turns_lend (AlmuTurns *self,
                            AlmuTurn  *turn);
void       almu_turns_give_up (AlmuTurns *self,
                               AlmuTurn  *turn);
void       almu_turns_end (AlmuTurns *self,
                           AlmuTurn  *turn);
guint      almu_turns_count_waiting (AlmuTurns *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTurns, almu_turns_free)

G_END_DECLS
