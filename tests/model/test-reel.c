/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"
#include "almu-reel.h"

static AlmuReel
reel (int      first,
      int      last,
      int      start,
      int      delta,
      gboolean is_looping,
      gboolean is_bouncing)
{
  return (AlmuReel){
    .first = { first, 0 },
    .last = { last, 0 },
    .delta = { delta, 0 },
    .current = { start, 0 },
    .is_looping = is_looping,
    .is_bouncing = is_bouncing,
    .direction = 1,
  };
}

/* The channels that are shown, at most @n of them. */
static void
assert_plays (AlmuReel    self,
              guint       n,
              const char *expected)
{
  g_autoptr(GString) played = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_reel_check (&self, &error));
  g_assert_no_error (error);
  g_string_append_printf (played, "%d", self.current.channel);
  while (--n > 0 && almu_reel_advance (&self))
    g_string_append_printf (played, " %d", self.current.channel);
  g_assert_cmpstr (played->str, ==, expected);
}

static void
test_reel_orders (void)
{
  assert_plays (reel (2, 5, 2, 1, FALSE, FALSE), 20, "2 3 4 5");
  assert_plays (reel (2, 5, 4, -1, FALSE, FALSE), 20, "4 3 2");
  assert_plays (reel (2, 5, 4, 1, TRUE, FALSE), 8, "4 5 2 3 4 5 2 3");
  assert_plays (reel (2, 5, 4, -1, TRUE, FALSE), 8, "4 3 2 5 4 3 2 5");
  assert_plays (reel (2, 5, 4, 1, TRUE, TRUE), 9, "4 5 4 3 2 3 4 5 4");
  assert_plays (reel (2, 5, 3, -1, TRUE, TRUE), 9, "3 2 3 4 5 4 3 2 3");
  assert_plays (reel (2, 5, 2, 1, FALSE, TRUE), 20, "2 3 4 5 4 3 2");
  assert_plays (reel (0, 9, 0, 4, TRUE, FALSE), 7, "0 4 8 0 4 8 0");
  assert_plays (reel (0, 9, 0, 4, TRUE, TRUE), 7, "0 4 8 4 0 4 8");
  assert_plays (reel (1, 8, 1, 7, TRUE, FALSE), 5, "1 8 1 8 1");
}

static void
test_reel_edges (void)
{
  /* a step that fits neither way */
  assert_plays (reel (0, 9, 5, 100, TRUE, TRUE), 4, "5 5 5 5");
  assert_plays (reel (0, 9, 5, 100, TRUE, FALSE), 4, "5 0 0 0");
  assert_plays (reel (0, 9, 5, -100, TRUE, FALSE), 4, "5 9 9 9");
  assert_plays (reel (0, 9, 5, 100, FALSE, TRUE), 4, "5");
  assert_plays (reel (0, 9, 5, G_MININT, TRUE, FALSE), 3, "5 9 9");
  assert_plays (reel (0, 9, 5, G_MININT, TRUE, TRUE), 3, "5 5 5");
  assert_plays (reel (0, G_MAXINT, G_MAXINT, G_MAXINT, TRUE, FALSE), 3, "2147483647 0 2147483647");
  assert_plays (reel (3, 3, 3, 0, TRUE, FALSE), 3, "3 3 3");
}

static void
test_reel_stokes (void)
{
  AlmuReel self = { .first = { 7, 0 }, .last = { 9, 2 }, .delta = { 0, 1 }, .current = { 8, 1 }, .is_looping = TRUE, .direction = 1 };

  g_assert_true (almu_reel_check (&self, NULL));
  g_assert_true (almu_reel_advance (&self));
  g_assert_true (almu_still_equal (&self.current, &(AlmuStill){ 8, 2 }));
  g_assert_true (almu_reel_advance (&self));
  g_assert_true (almu_still_equal (&self.current, &(AlmuStill){ 8, 0 }));
}

static void
test_reel_refuses (void)
{
  const AlmuReel cases[] = {
    reel (5, 4, 5, 1, TRUE, FALSE),
    reel (-1, 4, 0, 1, TRUE, FALSE),
    reel (2, 4, 1, 1, TRUE, FALSE),
    reel (2, 4, 5, 1, TRUE, FALSE),
    reel (2, 4, 2, 0, TRUE, FALSE),
    { .last = { 3, 3 }, .delta = { 1, 1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (almu_reel_check (&cases[i], &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
    }
}

/* Whatever the numbers, it stays inside. */
static void
test_reel_random (void)
{
  for (int round = 0; round < 20000; round++)
    {
      int      first = g_test_rand_int_range (0, 30);
      int      last = first + g_test_rand_int_range (0, 30);
      AlmuReel self = reel (first, last, g_test_rand_int_range (first, last + 1),
                            g_test_rand_int_range (-40, 40), g_test_rand_bit (), g_test_rand_bit ());

      if (!almu_reel_check (&self, NULL))
        continue;

      for (int i = 0; i < 50 && almu_reel_advance (&self); i++)
        {
          g_assert_cmpint (self.current.channel, >=, first);
          g_assert_cmpint (self.current.channel, <=, last);
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/model/reel/orders", test_reel_orders);
  g_test_add_func ("/model/reel/edges", test_reel_edges);
  g_test_add_func ("/model/reel/stokes", test_reel_stokes);
  g_test_add_func ("/model/reel/refuses", test_reel_refuses);
  g_test_add_func ("/model/reel/random", test_reel_random);

  return g_test_run ();
}
