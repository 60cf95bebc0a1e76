/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-lru.h"

#define BUDGET 100

typedef struct
{
  AlmuLru *lru;
  guint    n_freed;
  guint    n_asked;
  guint64  owners[3]; /* given up in this order; 0 for none */
} Fixture;

static Fixture *freeing;

static void
free_value (gpointer value)
{
  freeing->n_freed++;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->lru = almu_lru_new (BUDGET);
  freeing = fixture;
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_lru_free (fixture->lru);
}

static void
take (Fixture *fixture,
      guint64  owner,
      guint64  item,
      gsize    size)
{
  almu_lru_take (fixture->lru, &(AlmuLruKey){ owner, item, 0 }, fixture, size, free_value);
}

static gboolean
has (Fixture *fixture,
     guint64  owner,
     guint64  item)
{
  return almu_lru_lookup (fixture->lru, &(AlmuLruKey){ owner, item, 0 }) != NULL;
}

static gsize taken_elsewhere;

static gsize
get_taken_elsewhere (gpointer user_data)
{
  return taken_elsewhere;
}

/* What others take is missing here, but for a quarter of the budget. */
static void
test_lru_outside (Fixture      *fixture,
                  gconstpointer user_data)
{
  taken_elsewhere = 0;
  almu_lru_set_outside (fixture->lru, get_taken_elsewhere, NULL);
  for (guint64 i = 0; i < 4; i++)
    take (fixture, 1, i, 25);
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 100);

  taken_elsewhere = 50;
  take (fixture, 1, 4, 25);
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 50);
  g_assert_true (has (fixture, 1, 3));
  g_assert_true (has (fixture, 1, 4));

  taken_elsewhere = 1000;
  take (fixture, 1, 5, 10);
  take (fixture, 1, 6, 15);
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 25);
  g_assert_true (has (fixture, 1, 5));

  taken_elsewhere = 0;
  take (fixture, 1, 7, 75);
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 100);
}

static void
test_lru_oldest (Fixture      *fixture,
                 gconstpointer user_data)
{
  take (fixture, 1, 1, 40);
  take (fixture, 1, 2, 40);
  g_assert_true (has (fixture, 1, 1));
  take (fixture, 2, 1, 21);
  g_assert_true (has (fixture, 1, 1));
  g_assert_false (has (fixture, 1, 2));
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 61);
  g_assert_cmpuint (fixture->n_freed, ==, 1);

  /* larger than all there may be: alone */
  take (fixture, 3, 1, BUDGET + 1);
  g_assert_true (has (fixture, 3, 1));
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, BUDGET + 1);
  take (fixture, 3, 2, BUDGET);
  g_assert_false (has (fixture, 3, 1));
  g_assert_cmpuint (fixture->n_freed, ==, 4);
}

/* What is counted of an owner is what there is of it, whatever order it
 * comes and goes in. */
static void
test_lru_owners (Fixture      *fixture,
                 gconstpointer user_data)
{
  gsize sizes[4][8] = { 0 };

  for (int i = 0; i < 10000; i++)
    {
      int owner = g_test_rand_int_range (0, 4);
      int item = g_test_rand_int_range (0, 8);

      if (g_test_rand_int_range (0, 20) == 0)
        {
          almu_lru_drop_owner (fixture->lru, (guint64) owner);
          g_assert_cmpuint (almu_lru_get_owner_size (fixture->lru, (guint64) owner), ==, 0);
        }
      else
        {
          sizes[owner][item] = (gsize) g_test_rand_int_range (0, 60);
          take (fixture, (guint64) owner, (guint64) item, sizes[owner][item]);
        }

      for (guint o = 0; o < 4; o++)
        {
          gsize expected = 0;

          for (guint j = 0; j < 8; j++)
            expected += has (fixture, o, j) ? sizes[o][j] : 0;
          g_assert_cmpuint (almu_lru_get_owner_size (fixture->lru, o), ==, expected);
        }
      g_assert_cmpuint (almu_lru_get_size (fixture->lru), <=, BUDGET);
    }
}

static gboolean
give_up (gpointer user_data)
{
  Fixture *fixture = user_data;
  guint64  owner;

  g_assert_cmpuint (fixture->n_asked, <, G_N_ELEMENTS (fixture->owners));
  owner = fixture->owners[fixture->n_asked++];
  if (owner == 0)
    return FALSE;

  almu_lru_drop_owner (fixture->lru, owner);

  return TRUE;
}

/* Before anything else goes, and no more than is needed. */
static void
test_lru_relief (Fixture      *fixture,
                 gconstpointer user_data)
{
  almu_lru_set_relief (fixture->lru, give_up, fixture);
  fixture->owners[0] = 2;
  take (fixture, 1, 1, 40); /* the oldest, and in use */
  take (fixture, 2, 1, 30);
  take (fixture, 3, 1, 30);
  g_assert_cmpuint (fixture->n_asked, ==, 0);

  take (fixture, 1, 2, 30);
  g_assert_cmpuint (fixture->n_asked, ==, 1);
  g_assert_true (has (fixture, 1, 1));
  g_assert_false (has (fixture, 2, 1));
  g_assert_true (has (fixture, 3, 1));

  /* nobody has anything to give: as without */
  take (fixture, 1, 3, 30);
  g_assert_cmpuint (fixture->n_asked, ==, 2);
  g_assert_false (has (fixture, 1, 2));
  g_assert_true (has (fixture, 1, 1));
  g_assert_true (has (fixture, 1, 3));
}

/* What nobody takes, whether it is in the cache or elsewhere. */
static void
test_lru_free (Fixture      *fixture,
               gconstpointer user_data)
{
  taken_elsewhere = 0;
  g_assert_cmpuint (almu_lru_get_free (fixture->lru), ==, BUDGET);
  almu_lru_set_outside (fixture->lru, get_taken_elsewhere, NULL);
  take (fixture, 1, 1, 30);
  g_assert_cmpuint (almu_lru_get_free (fixture->lru), ==, BUDGET - 30);
  taken_elsewhere = BUDGET - 30;
  g_assert_cmpuint (almu_lru_get_free (fixture->lru), ==, 0);
  taken_elsewhere = 5 * BUDGET;
  g_assert_cmpuint (almu_lru_get_free (fixture->lru), ==, 0);
}

static void
test_lru_drop (Fixture      *fixture,
               gconstpointer user_data)
{
  take (fixture, 1, 1, 10);
  take (fixture, 1, 2, 10);
  take (fixture, 2, 1, 10);
  g_assert_true (has (fixture, 1, 1));

  almu_lru_drop (fixture->lru, &(AlmuLruKey){ 2, 1, 0 });
  almu_lru_drop (fixture->lru, &(AlmuLruKey){ 2, 1, 0 });
  g_assert_cmpuint (fixture->n_freed, ==, 1);
  g_assert_cmpuint (almu_lru_get_owner_size (fixture->lru, 2), ==, 0);

  g_assert_true (almu_lru_drop_oldest (fixture->lru));
  g_assert_false (has (fixture, 1, 2));
  g_assert_true (has (fixture, 1, 1));
  g_assert_true (almu_lru_drop_oldest (fixture->lru));
  g_assert_false (almu_lru_drop_oldest (fixture->lru));
  g_assert_cmpuint (almu_lru_get_size (fixture->lru), ==, 0);
  g_assert_cmpuint (fixture->n_freed, ==, 3);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/base/lru/oldest", test_lru_oldest);
  add_test ("/base/lru/outside", test_lru_outside);
  add_test ("/base/lru/owners", test_lru_owners);
  add_test ("/base/lru/relief", test_lru_relief);
  add_test ("/base/lru/free", test_lru_free);
  add_test ("/base/lru/drop", test_lru_drop);

  return g_test_run ();
}
