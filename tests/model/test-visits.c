/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-visits.h"

/* Any time will do: nobody looks at a clock. */
#define BEGIN (G_GINT64_CONSTANT (1) << 40)

static const AlmuLruKey here = { 1, 2, 3 };

static gboolean
note (AlmuVisits *visits,
      gint64      when)
{
  return almu_visits_note (visits, &here, BEGIN + when);
}

static void
test_visits_often (void)
{
  g_autoptr(AlmuVisits) visits = almu_visits_new ();

  for (int turn = 0; turn < 3; turn++)
    {
      for (int i = 1; i < ALMU_VISITS_OFTEN; i++)
        g_assert_false (note (visits, turn));
      g_assert_true (note (visits, turn)); /* and then anew */
    }
}

/* The first of them just within the while, and just not. */
static void
test_visits_while (void)
{
  const gint64 step = ALMU_VISITS_WHILE_USEC / (ALMU_VISITS_OFTEN - 1) + 1;
  g_autoptr(AlmuVisits) visits = almu_visits_new ();
  g_autoptr(AlmuVisits) slow = almu_visits_new ();

  for (int i = 1; i < ALMU_VISITS_OFTEN; i++)
    {
      g_assert_false (note (visits, 0));
      g_assert_false (note (slow, 0));
    }
  g_assert_true (note (visits, ALMU_VISITS_WHILE_USEC));
  g_assert_false (note (slow, ALMU_VISITS_WHILE_USEC + 1));

  /* whoever comes now and then is never there often */
  for (int i = ALMU_VISITS_OFTEN; i < 100; i++)
    g_assert_false (note (slow, i * step));
}

/* Places that differ in anything are different. */
static void
test_visits_places (void)
{
  static const AlmuLruKey others[] = { { 2, 2, 3 }, { 1, 3, 3 }, { 1, 2, 4 }, { 0, 0, 0 } };
  g_autoptr(AlmuVisits) visits = almu_visits_new ();

  for (int i = 1; i < ALMU_VISITS_OFTEN; i++)
    {
      g_assert_false (note (visits, 0));
      for (guint j = 0; j < G_N_ELEMENTS (others); j++)
        g_assert_false (almu_visits_note (visits, &others[j], BEGIN));
    }
  for (guint j = 0; j < G_N_ELEMENTS (others); j++)
    g_assert_true (almu_visits_note (visits, &others[j], BEGIN));
  g_assert_true (note (visits, 0));
}

/* A cursor that goes all over an image makes nothing worth while, and neither is
 * anything lost by it but the memory of where somebody was before. */
static void
test_visits_passing (void)
{
  g_autoptr(AlmuVisits) visits = almu_visits_new ();

  for (guint64 i = 0; i < 10000; i++)
    g_assert_false (almu_visits_note (visits, &(AlmuLruKey){ 1, 0, i / (ALMU_VISITS_OFTEN - 1) }, BEGIN + (gint64) i));
  for (int i = 1; i < ALMU_VISITS_OFTEN; i++)
    g_assert_false (note (visits, 10000));
  g_assert_true (note (visits, 10000));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/model/visits/often", test_visits_often);
  g_test_add_func ("/model/visits/while", test_visits_while);
  g_test_add_func ("/model/visits/places", test_visits_places);
  g_test_add_func ("/model/visits/passing", test_visits_passing);

  return g_test_run ();
}
