/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"
#include "almu-test.h"
#include "almu-want.h"

static void
test_want_parse (void)
{
  const struct
  {
    const char *text;
    char        axis;
    int         polarisation;
  } cases[] = {
    { "", 'z', 0 },
    { "x", 'x', 0 },
    { "y", 'y', 0 },
    { "z", 'z', 0 },
    { "I", 'z', 1 },
    { "Ix", 'x', 1 },
    { "Vz", 'z', 4 },
    { "RRy", 'y', 5 },
    { "XXx", 'x', 9 },
    { "YXz", 'z', 12 },
    { "Ptotalz", 'z', 13 },
    { "Plinear", 'z', 14 },
    { "Panglex", 'x', 17 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      AlmuCoordinate coordinate;
      g_autoptr(GError) error = NULL;

      g_assert_true (almu_coordinate_parse (cases[i].text, &coordinate, &error));
      g_assert_no_error (error);
      g_assert_cmpint (coordinate.axis, ==, cases[i].axis);
      g_assert_cmpint (coordinate.polarisation, ==, cases[i].polarisation);
    }
}

static void
test_want_parse_wrong (void)
{
  const char *wrong[] = { "w", "xx", "xI", "Iq", "iz", "Ptotal ", "zz", "Ptotalq", "\n" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      AlmuCoordinate coordinate = { .axis = '!', .polarisation = 99 };
      g_autoptr(GError) error = NULL;

      g_assert_false (almu_coordinate_parse (wrong[i], &coordinate, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, wrong[i]));
      g_assert_cmpint (coordinate.axis, ==, '!');
      g_assert_cmpint (coordinate.polarisation, ==, 99);
    }
}

static void
assert_resolves (const AlmuImageInfo *info,
                 const char          *text,
                 int                  expected)
{
  int  stokes;
  char axis;
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_coordinate_resolve (text, info, 2, &axis, &stokes, &error));
  g_assert_no_error (error);
  g_assert_cmpint (stokes, ==, expected);
}

static void
assert_resolves_not (const AlmuImageInfo *info,
                     const char          *text,
                     int                  code)
{
  int  stokes = 77;
  char axis = '!';
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_coordinate_resolve (text, info, 2, &axis, &stokes, &error));
  g_assert_error (error, ALMU_ERROR, code);
  g_assert_cmpint (stokes, ==, 77);
  g_assert_cmpint (axis, ==, '!');
}

static void
test_want_resolve (void)
{
  int           iquv[] = { 1, 2, 3, 4 };
  int           circular[] = { -1, -2 };
  int           silent[] = { 0, 0, 0 };
  AlmuImageInfo info = { .n_stokes = 4, .stokes_codes = iquv };

  assert_resolves (&info, "z", 2);
  assert_resolves (&info, "", 2);
  assert_resolves (&info, "Ix", 0);
  assert_resolves (&info, "Vy", 3);
  assert_resolves_not (&info, "RRz", ALMU_ERROR_NOT_FOUND);
  assert_resolves (&info, "Ptotalz", 13);
  assert_resolves (&info, "Panglex", 17);
  assert_resolves_not (&info, "nonsense", ALMU_ERROR_FORMAT);

  info = (AlmuImageInfo){ .n_stokes = 2, .stokes_codes = circular };
  assert_resolves (&info, "RRz", 0);
  assert_resolves (&info, "LLz", 1);
  assert_resolves_not (&info, "Iz", ALMU_ERROR_NOT_FOUND);
  assert_resolves_not (&info, "Plinearz", ALMU_ERROR_NOT_FOUND);

  /* what a header does not say is I, Q, U, V in this order */
  info = (AlmuImageInfo){ .n_stokes = 3, .stokes_codes = silent };
  assert_resolves (&info, "Uz", 2);
  assert_resolves_not (&info, "Vz", ALMU_ERROR_NOT_FOUND);
  assert_resolves (&info, "PFlinearx", 16);
  assert_resolves_not (&info, "PFtotalx", ALMU_ERROR_NOT_FOUND);

  info = (AlmuImageInfo){ .n_stokes = 1 };
  assert_resolves (&info, "Iz", 0);
  assert_resolves_not (&info, "Qz", ALMU_ERROR_NOT_FOUND);
}

static GArray *
spatial (const char *coordinate,
         int         start,
         int         end,
         int         mip)
{
  GArray         *wants = almu_spatial_wants_new ();
  AlmuSpatialWant want = { g_strdup (coordinate), start, end, mip, 0 };

  g_array_append_val (wants, want);

  return wants;
}

static void
test_want_equal (void)
{
  g_autoptr(GArray) a = spatial ("x", 0, 0, 0);
  g_autoptr(GArray) same = spatial ("x", 0, 0, 0);
  g_autoptr(GArray) other_axis = spatial ("y", 0, 0, 0);
  g_autoptr(GArray) other_start = spatial ("x", 1, 0, 0);
  g_autoptr(GArray) other_end = spatial ("x", 0, 9, 0);
  g_autoptr(GArray) other_mip = spatial ("x", 0, 0, 2);
  g_autoptr(GArray) none = almu_spatial_wants_new ();

  g_assert_true (almu_spatial_wants_equal (a, a));
  g_assert_true (almu_spatial_wants_equal (a, same));
  g_assert_true (almu_spatial_wants_equal (none, none));
  g_assert_false (almu_spatial_wants_equal (a, other_axis));
  g_assert_false (almu_spatial_wants_equal (a, other_start));
  g_assert_false (almu_spatial_wants_equal (a, other_end));
  g_assert_false (almu_spatial_wants_equal (a, other_mip));
  g_assert_false (almu_spatial_wants_equal (a, none));
  g_assert_false (almu_spatial_wants_equal (none, a));
}

static GArray *
stats (const char *coordinate,
       guint       n_types,
       const int  *types)
{
  GArray       *wants = almu_stats_wants_new ();
  AlmuStatsWant want = { (char *) coordinate, g_array_new (FALSE, FALSE, sizeof (int)) };

  g_array_append_vals (want.types, types, n_types);
  almu_stats_wants_append (wants, &want);
  g_array_unref (want.types);

  return wants;
}

static void
test_want_stats_equal (void)
{
  const int types[] = { ALMU_STATS_SUM, ALMU_STATS_MEAN, ALMU_STATS_MAX };
  g_autoptr(GArray) a = stats ("z", 2, types);
  g_autoptr(GArray) same = stats ("z", 2, types);
  g_autoptr(GArray) more = stats ("z", 3, types);
  g_autoptr(GArray) others = stats ("z", 2, types + 1);
  g_autoptr(GArray) elsewhere = stats ("Iz", 2, types);

  g_assert_true (almu_stats_wants_equal (a, same));
  g_assert_false (almu_stats_wants_equal (a, more));
  g_assert_false (almu_stats_wants_equal (a, others));
  g_assert_false (almu_stats_wants_equal (a, elsewhere));
}

static void
test_want_histograms_equal (void)
{
  const AlmuHistogramWant want = { (char *) "z", -1, TRUE, 10, TRUE, 0, 1 };
  AlmuHistogramWant       others[] = { want, want, want, want, want, want };
  g_autoptr(GArray) a = almu_histogram_wants_new ();

  others[0].coordinate = (char *) "Iz";
  others[1].channel = -2;
  others[2].n_bins = 11;
  others[3].has_fixed_bins = FALSE;
  others[4].max = 2;
  others[5].has_fixed_bounds = FALSE;
  almu_histogram_wants_append (a, &want);
  g_assert_true (almu_histogram_wants_equal (a, a));

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr(GArray) b = almu_histogram_wants_new ();

      almu_histogram_wants_append (b, &others[i]);
      g_assert_false (almu_histogram_wants_equal (a, b));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/model/want/parse", test_want_parse);
  g_test_add_func ("/model/want/parse/wrong", test_want_parse_wrong);
  g_test_add_func ("/model/want/resolve", test_want_resolve);
  g_test_add_func ("/model/want/equal", test_want_equal);
  g_test_add_func ("/model/want/equal/stats", test_want_stats_equal);
  g_test_add_func ("/model/want/equal/histograms", test_want_histograms_equal);

  return g_test_run ();
}
