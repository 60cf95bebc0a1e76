/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-limits.h"
#include "almu-turns.h"

#define N_OWNERS 5
#define N_JOBS 400

static AlmuTurn *
push (AlmuTurns *turns,
      AlmuTurn  *turn,
      guint      owner,
      int        priority)
{
  *turn = (AlmuTurn){ .owner = owner, .priority = priority };
  almu_turns_push (turns, turn);

  return turn;
}

static void
assert_next (AlmuTurns *turns,
             AlmuTurn  *turn)
{
  g_assert_true (almu_turns_begin (turns) == turn);
}

static void
test_turns_alone (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (1, 0);
  AlmuTurn late;
  AlmuTurn first;
  AlmuTurn second;
  AlmuTurn urgent;

  g_assert_null (almu_turns_begin (turns));
  push (turns, &late, 7, 10);
  push (turns, &first, 7, 0);
  push (turns, &second, 7, 0);
  push (turns, &urgent, 7, -1);
  g_assert_cmpuint (almu_turns_count_waiting (turns), ==, 4);

  assert_next (turns, &urgent);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &urgent);
  assert_next (turns, &first);
  almu_turns_end (turns, &first);
  assert_next (turns, &second);
  almu_turns_end (turns, &second);
  assert_next (turns, &late);
  g_assert_cmpuint (almu_turns_count_waiting (turns), ==, 0);
  almu_turns_end (turns, &late);
  g_assert_null (almu_turns_begin (turns));
}

/* Whoever has many jobs takes turns with those who have few. */
static void
test_turns_around (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (1, 0);
  AlmuTurn many[6];
  AlmuTurn few[2];
  AlmuTurn one;

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    push (turns, &many[i], 1, 0);
  assert_next (turns, &many[0]);

  push (turns, &few[0], 2, 0);
  push (turns, &few[1], 2, 0);
  push (turns, &one, 3, 0);
  almu_turns_end (turns, &many[0]);
  assert_next (turns, &few[0]);
  almu_turns_end (turns, &few[0]);
  assert_next (turns, &one);
  almu_turns_end (turns, &one);
  assert_next (turns, &many[1]);
  almu_turns_end (turns, &many[1]);
  assert_next (turns, &few[1]);
  almu_turns_end (turns, &few[1]);
  assert_next (turns, &many[2]);
  almu_turns_end (turns, &many[2]);
}

/* How urgent something is counts for more than whose it is. */
static void
test_turns_urgent (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (2, 0);
  AlmuTurn pictures[3];
  AlmuTurn cursor;
  AlmuTurn other;

  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    push (turns, &pictures[i], 1, -10);
  push (turns, &other, 2, 0);
  push (turns, &cursor, 1, -20);

  assert_next (turns, &cursor);
  assert_next (turns, &pictures[0]);
  almu_turns_end (turns, &cursor);
  assert_next (turns, &pictures[1]);
  almu_turns_end (turns, &pictures[0]);
  assert_next (turns, &pictures[2]);
  almu_turns_end (turns, &pictures[1]);
  assert_next (turns, &other);
  almu_turns_end (turns, &pictures[2]);
  almu_turns_end (turns, &other);
}

/* Who has nothing under way never waits for the jobs of others to end,
 * unless there are very many others. */
static void
test_turns_extra (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (2, 2);
  AlmuTurn many[4];
  AlmuTurn others[3];
  AlmuTurn again;

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    push (turns, &many[i], 1, -20);
  assert_next (turns, &many[0]);
  assert_next (turns, &many[1]);
  g_assert_null (almu_turns_begin (turns));

  push (turns, &others[0], 2, 50);
  push (turns, &again, 2, 50);
  assert_next (turns, &others[0]);
  g_assert_null (almu_turns_begin (turns));
  push (turns, &others[1], 3, 0);
  push (turns, &others[2], 4, 0);
  assert_next (turns, &others[1]);
  g_assert_null (almu_turns_begin (turns));

  /* an extra place is again for those only who have none */
  almu_turns_end (turns, &others[1]);
  assert_next (turns, &others[2]);
  almu_turns_end (turns, &others[2]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &many[0]);
  assert_next (turns, &many[2]);
  almu_turns_end (turns, &others[0]);
  assert_next (turns, &again);
  almu_turns_end (turns, &many[1]);
  assert_next (turns, &many[3]);
  almu_turns_end (turns, &many[2]);
  almu_turns_end (turns, &many[3]);
  almu_turns_end (turns, &again);
  g_assert_cmpuint (almu_turns_count_waiting (turns), ==, 0);
}

/* Jobs that keep their places for long make places for those who have none,
 * and only for them; these end with the jobs, whoever of the two is first. */
static void
test_turns_lent (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (1, 1);
  AlmuTurn bad[5];
  AlmuTurn others[3];

  for (guint i = 0; i < 4; i++)
    push (turns, &bad[i], 1, -20);
  push (turns, &bad[4], 2, -20);
  assert_next (turns, &bad[0]);
  assert_next (turns, &bad[4]);
  g_assert_null (almu_turns_begin (turns));
  g_assert_false (almu_turns_has_newcomer (turns));

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    push (turns, &others[i], 3 + i, 0);
  g_assert_null (almu_turns_begin (turns));
  g_assert_true (almu_turns_has_newcomer (turns));
  almu_turns_lend (turns, &bad[0]);
  assert_next (turns, &others[0]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_lend (turns, &bad[4]);
  assert_next (turns, &others[1]);
  g_assert_null (almu_turns_begin (turns));

  /* who lent ends first: its place is the borrower's until that ends */
  almu_turns_end (turns, &bad[0]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &others[0]);
  assert_next (turns, &bad[1]);
  g_assert_null (almu_turns_begin (turns));

  /* who borrowed ends first: the place goes to the next newcomer */
  almu_turns_end (turns, &others[1]);
  assert_next (turns, &others[2]);
  g_assert_false (almu_turns_has_newcomer (turns));
  almu_turns_end (turns, &others[2]);
  almu_turns_end (turns, &bad[4]);
  g_assert_null (almu_turns_begin (turns));

  /* and one that gets nowhere after it has lent has nothing more to give */
  push (turns, &bad[4], 2, 0);
  push (turns, &others[0], 3, 0);
  assert_next (turns, &bad[4]);
  almu_turns_lend (turns, &bad[1]);
  assert_next (turns, &others[0]);
  almu_turns_give_up (turns, &bad[1]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &others[0]);
  assert_next (turns, &bad[2]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &bad[1]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &bad[2]);
  assert_next (turns, &bad[3]);
  almu_turns_end (turns, &bad[3]);
  almu_turns_end (turns, &bad[4]);
  g_assert_cmpuint (almu_turns_count_waiting (turns), ==, 0);
}

/* What is known of an owner besides. */
typedef struct
{
  guint n_waiting;
  guint n_running;
  guint n_passed; /* others that began while it waited with nothing under way */
} Known;

static void
note_begin (Known          *known,
            const AlmuTurn *turn)
{
  known[turn->owner].n_waiting--;
  known[turn->owner].n_running++;
  known[turn->owner].n_passed = 0;

  /* each of the others once, and once more if it had just had its turn */
  for (guint i = 0; i < N_OWNERS; i++)
    if (known[i].n_waiting > 0 && known[i].n_running == 0)
      g_assert_cmpuint (++known[i].n_passed, <, 2 * N_OWNERS);
}

/* Jobs of any owners that come, lend and go at random: all are done once, there
 * are never more than there are places, and who waits with nothing under way
 * is not passed over. */
static void
test_turns_random (gconstpointer lends)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (3, 2);
  g_autofree AlmuTurn *jobs = g_new0 (AlmuTurn, N_JOBS);
  g_autoptr(GPtrArray) running = g_ptr_array_new ();
  Known known[N_OWNERS] = { 0 };
  guint n_pushed = 0;
  guint n_done = 0;
  guint n_lent = 0;

  while (n_done < N_JOBS)
    {
      AlmuTurn *turn;

      if (n_pushed < N_JOBS && g_test_rand_bit ())
        {
          turn = push (turns, &jobs[n_pushed++], (guint) g_test_rand_int_range (0, N_OWNERS), 0);
          known[turn->owner].n_waiting++;
        }

      while ((turn = almu_turns_begin (turns)) != NULL)
        {
          g_ptr_array_add (running, turn);
          g_assert_cmpuint (running->len, <=, 5 + n_lent);
          note_begin (known, turn);
        }

      turn = running->len > 0 ? running->pdata[0] : NULL;
      if (lends != NULL && turn != NULL && !turn->is_lent && g_test_rand_bit ())
        {
          almu_turns_lend (turns, turn);
          n_lent++;
        }

      g_assert_true (running->len > 0 || almu_turns_count_waiting (turns) == 0);
      if (running->len > 0 && g_test_rand_bit ())
        {
          turn = g_ptr_array_remove_index_fast (running, (guint) g_test_rand_int_range (0, (int) running->len));
          n_lent -= turn->is_lent;
          almu_turns_end (turns, turn);
          known[turn->owner].n_running--;
          n_done++;
        }
    }

  g_assert_null (almu_turns_begin (turns));
}

/* Places of jobs that are stuck are others', and after some of them the owner
 * gets no more. */
static void
test_turns_stuck (void)
{
  g_autoptr(AlmuTurns) turns = almu_turns_new (2, 0);
  AlmuTurn jobs[ALMU_LIMIT_STUCK_JOBS + 2];
  AlmuTurn other;

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    push (turns, &jobs[i], 1, 0);
  for (guint i = 0; i < ALMU_LIMIT_STUCK_JOBS; i++)
    {
      g_assert_true (almu_turns_begin (turns) == &jobs[i]);
      almu_turns_give_up (turns, &jobs[i]);
    }
  g_assert_null (almu_turns_begin (turns));

  /* others have all places */
  push (turns, &other, 2, 0);
  g_assert_true (almu_turns_begin (turns) == &other);

  /* one of them got on after all, and has no place to give back */
  almu_turns_end (turns, &jobs[0]);
  g_assert_true (almu_turns_begin (turns) == &jobs[ALMU_LIMIT_STUCK_JOBS]);
  g_assert_null (almu_turns_begin (turns));
  almu_turns_end (turns, &other);
  g_assert_true (almu_turns_begin (turns) == &jobs[ALMU_LIMIT_STUCK_JOBS + 1]);
  g_assert_null (almu_turns_begin (turns));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/turns/alone", test_turns_alone);
  g_test_add_func ("/turns/around", test_turns_around);
  g_test_add_func ("/turns/urgent", test_turns_urgent);
  g_test_add_func ("/turns/extra", test_turns_extra);
  g_test_add_func ("/turns/stuck", test_turns_stuck);
  g_test_add_func ("/turns/lent", test_turns_lent);
  g_test_add_data_func ("/turns/random", NULL, test_turns_random);
  g_test_add_data_func ("/turns/random-lent", "lends", test_turns_random);

  return g_test_run ();
}
