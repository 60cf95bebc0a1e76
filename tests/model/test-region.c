/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region.h"
#include "almu-test.h"

static AlmuShape *
point (float x,
       float y)
{
  return almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ x, y }, 1, 0, NULL);
}

static void
on_moved (AlmuRegion *region,
          GParamSpec *pspec,
          guint      *n_moved)
{
  (*n_moved)++;
}

static void
test_region_properties (void)
{
  g_autoptr(AlmuShape) shape = point (1, 2);
  AlmuRegion *region = almu_region_new (7, 3, shape);
  g_autoptr(AlmuShape) told = NULL;
  int id;
  int file_id;

  g_assert_cmpint (almu_region_get_id (region), ==, 7);
  g_assert_cmpint (almu_region_get_file_id (region), ==, 3);
  g_assert_true (almu_region_get_shape (region) == shape);
  g_object_get (region, "id", &id, "file-id", &file_id, "shape", &told, NULL);
  g_assert_cmpint (id, ==, 7);
  g_assert_cmpint (file_id, ==, 3);
  g_assert_true (told == shape);
  almu_test_await_finalize (region);
}

/* Only a move is told, and after it has happened. */
static void
test_region_moves (void)
{
  g_autoptr(AlmuShape) here = point (1, 2);
  g_autoptr(AlmuShape) here_again = point (1, 2);
  g_autoptr(AlmuShape) there = point (1, 3);
  AlmuRegion *region = almu_region_new (1, 0, here);
  guint       n_moved = 0;

  g_signal_connect (region, "notify::shape", G_CALLBACK (on_moved), &n_moved);
  almu_region_set_shape (region, here);
  almu_region_set_shape (region, here_again);
  g_assert_cmpuint (n_moved, ==, 0);
  almu_region_set_shape (region, there);
  g_assert_cmpuint (n_moved, ==, 1);
  g_assert_true (almu_region_get_shape (region) == there);

  /* to itself, which it holds the only other reference of */
  almu_region_set_shape (region, almu_region_get_shape (region));
  g_assert_cmpuint (n_moved, ==, 1);
  almu_test_await_finalize (region);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/model/region/properties", test_region_properties);
  g_test_add_func ("/model/region/moves", test_region_moves);

  return g_test_run ();
}
