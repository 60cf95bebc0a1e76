/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-axes.h"
#include "almu-test.h"

typedef struct
{
  const char *types[6]; /* "" for an axis without CTYPE */
  gint64      shape[6];
  AlmuAxes    axes;
} AxesCase;

static const AxesCase cases[] = {
  /* the usual orders */
  { { "RA---SIN", "DEC--SIN" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 1, 2 }, 0 } },
  { { "RA---SIN", "DEC--SIN", "FREQ" }, { 9, 8, 7 }, { { 1, 2 }, 3, 0, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "FREQ", "STOKES" }, { 9, 8, 7, 4 }, { { 1, 2 }, 3, 4, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "STOKES", "VELO" }, { 9, 8, 1, 7 }, { { 1, 2 }, 4, 3, { 1, 2 }, 4 } },
  /* turned */
  { { "FREQ", "RA---SIN", "DEC--SIN" }, { 7, 9, 8 }, { { 1, 2 }, 3, 0, { 2, 3 }, 1 } },
  { { "DEC--SIN", "RA---SIN" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 2, 1 }, 0 } },
  { { "STOKES", "RA---SIN", "DEC--SIN", "FREQ" }, { 4, 9, 8, 7 }, { { 2, 3 }, 4, 1, { 2, 3 }, 4 } },
  { { "RA---SIN", "stokes", "DEC--SIN" }, { 9, 4, 8 }, { { 1, 3 }, 0, 2, { 1, 3 }, 0 } },
  /* gaps */
  { { "", "" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 1, 2 }, 0 } },
  { { "RA---SIN", "DEC--SIN", "" }, { 9, 8, 3 }, { { 1, 2 }, 3, 0, { 1, 2 }, 3 } },
  { { "", "", "" }, { 9, 8, 3 }, { { 1, 2 }, 3, 0, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "", "" }, { 9, 8, 5, 5 }, { { 1, 2 }, 3, 4, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "", "" }, { 9, 8, 4, 5 }, { { 1, 2 }, 4, 3, { 1, 2 }, 4 } },
  { { "RA---SIN", "DEC--SIN", "", "" }, { 9, 8, 2, 2 }, { { 1, 2 }, 3, 4, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "VRAD", "" }, { 9, 8, 7, 1 }, { { 1, 2 }, 3, 4, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "", "VRAD" }, { 9, 8, 1, 7 }, { { 1, 2 }, 4, 3, { 1, 2 }, 4 } },
  { { "RA---SIN", "DEC--SIN", "STOKES", "" }, { 9, 8, 2, 7 }, { { 1, 2 }, 4, 3, { 1, 2 }, 4 } },
  { { "", "", "VELOCITY" }, { 2, 2, 501 }, { { 1, 2 }, 3, 0, { 1, 2 }, 3 } },
  /* an axis that says what it is is not guessed to be another */
  { { "LINEAR0", "LINEAR1", "GLAT", "FREQ" }, { 3, 4, 5, 6 }, { { 1, 2 }, 3, 0, { 1, 2 }, 4 } },
  /* of four the last that is not known is that of the polarisations */
  { { "DEC--NCP", "POL", "FREQ", "RA---NCP" }, { 36, 4, 17, 30 }, { { 1, 3 }, 4, 2, { 4, 1 }, 3 } },
  { { "", "FREQ", "DEC--SIN", "RA---SIN" }, { 4, 7, 8, 9 }, { { 2, 3 }, 4, 1, { 4, 3 }, 2 } },
  { { "RA---SIN", "", "DEC--SIN", "FREQ" }, { 9, 4, 8, 7 }, { { 1, 3 }, 4, 2, { 1, 3 }, 4 } },
  /* planes are of positions and spectra, whatever stands before them */
  { { "TIME", "RA---SIN", "DEC--SIN" }, { 7, 9, 8 }, { { 2, 3 }, 1, 0, { 2, 3 }, 0 } },
  { { "STOKES", "TIME", "FREQ", "DEC--SIN", "RA---SIN" }, { 4, 7, 9, 8, 5 }, { { 3, 4 }, 2, 1, { 5, 4 }, 3 } },
  { { "TIME", "FREQ", "STOKES", "RA---SIN", "DEC--SIN" }, { 1, 9, 4, 8, 5 }, { { 2, 4 }, 5, 3, { 4, 5 }, 2 } },
  { { "A", "STOKES", "B", "FREQ" }, { 9, 4, 8, 7 }, { { 1, 3 }, 4, 2, { 1, 3 }, 4 } },
  { { "FREQ", "STOKES", "DEC--SIN", "RA---SIN" }, { 9, 4, 8, 7 }, { { 1, 3 }, 4, 2, { 4, 3 }, 1 } },
  { { "LINEAR0", "LINEAR1", "GLAT" }, { 3, 4, 5 }, { { 1, 2 }, 3, 0, { 1, 2 }, 0 } },
  /* more axes */
  { { "RA---SIN", "DEC--SIN", "", "", "" }, { 20, 20, 1, 1, 1 }, { { 1, 2 }, 3, 4, { 1, 2 }, 3 } },
  { { "RA---SIN", "DEC--SIN", "A", "B", "FREQ" }, { 9, 8, 1, 1, 7 }, { { 1, 2 }, 5, 0, { 1, 2 }, 5 } },
  /* planes of which one side is no position */
  { { "OFFSET", "VRAD" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 1, 0 }, 2 } },
  { { "FREQ", "STOKES" }, { 9, 4 }, { { 1, 2 }, 0, 0, { 2, 0 }, 1 } },
  /* other skies */
  { { "GLON-CAR", "GLAT-CAR" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 1, 2 }, 0 } },
  { { "HPLN-TAN", "HPLT-TAN" }, { 9, 8 }, { { 1, 2 }, 0, 0, { 1, 2 }, 0 } },
};

static AlmuHeader *
make_header (const AxesCase *item,
             int            *out_n_axes)
{
  AlmuHeader *header = almu_header_new ();
  int         n = 0;

  for (; n < 6 && item->types[n] != NULL; n++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", n + 1);

      if (*item->types[n] != '\0')
        almu_header_append (header, ALMU_CARD_STRING, name, item->types[n], 0, NULL);
    }

  *out_n_axes = n;

  return header;
}

static void
test_axes_find (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int      n_axes;
      AlmuAxes axes;
      g_autoptr(AlmuHeader) header = make_header (&cases[i], &n_axes);

      g_test_message ("case %d", (int) i);
      almu_axes_find (header, n_axes, cases[i].shape, &axes);
      g_assert_cmpint (axes.render[0], ==, cases[i].axes.render[0]);
      g_assert_cmpint (axes.render[1], ==, cases[i].axes.render[1]);
      g_assert_cmpint (axes.depth, ==, cases[i].axes.depth);
      g_assert_cmpint (axes.stokes, ==, cases[i].axes.stokes);
      g_assert_cmpint (axes.spatial[0], ==, cases[i].axes.spatial[0]);
      g_assert_cmpint (axes.spatial[1], ==, cases[i].axes.spatial[1]);
      g_assert_cmpint (axes.spectral, ==, cases[i].axes.spectral);
    }
}

static void
assert_codes (AlmuHeader *header,
              int         n,
              const int  *expected)
{
  g_autofree int *codes = almu_axes_dup_stokes_codes (header, 4, n);

  g_assert_cmpmem (codes, n * sizeof codes[0], expected, n * sizeof expected[0]);
}

static AlmuHeader *
make_stokes (const char *value,
             const char *reference,
             const char *step)
{
  AlmuHeader *header = almu_header_new ();

  almu_header_append (header, ALMU_CARD_FLOAT, "CDELT4", step, g_ascii_strtod (step, NULL), NULL);
  almu_header_append (header, ALMU_CARD_FLOAT, "CRVAL4", value, g_ascii_strtod (value, NULL), NULL);
  almu_header_append (header, ALMU_CARD_FLOAT, "CRPIX4", reference, g_ascii_strtod (reference, NULL), NULL);
  almu_header_append (header, ALMU_CARD_STRING, "CTYPE4", "STOKES", 0, NULL);

  return header;
}

/* Whatever the order of the cards. */
static void
test_axes_stokes_codes (void)
{
  g_autoptr(AlmuHeader) iquv = make_stokes ("1.0", "1.0", "1.0");
  g_autoptr(AlmuHeader) circular = make_stokes ("-1.0", "1.0", "-1.0");
  g_autoptr(AlmuHeader) middle = make_stokes ("2.0", "2.0", "1.0");
  g_autoptr(AlmuHeader) inexact = make_stokes ("0.9999999", "1.0", "1.0");
  g_autoptr(AlmuHeader) beyond = make_stokes ("4.0", "1.0", "1.0");
  g_autoptr(AlmuHeader) absurd = make_stokes ("1E300", "-1E300", "1E300");
  g_autoptr(AlmuHeader) unreadable = make_stokes ("one", "1.0", "1.0");
  g_autoptr(AlmuHeader) none = almu_header_new ();

  assert_codes (iquv, 4, (int[]){ 1, 2, 3, 4 });
  assert_codes (circular, 8, (int[]){ -1, -2, -3, -4, -5, -6, -7, -8 });
  assert_codes (middle, 2, (int[]){ 1, 2 });
  assert_codes (inexact, 1, (int[]){ 1 });
  assert_codes (beyond, 2, (int[]){ 4, 0 });
  assert_codes (absurd, 2, (int[]){ 0, 0 });
  assert_codes (unreadable, 2, (int[]){ 0, 0 });
  assert_codes (none, 2, (int[]){ 0, 0 });
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/axes/find", test_axes_find);
  g_test_add_func ("/engine/axes/stokes-codes", test_axes_stokes_codes);

  return g_test_run ();
}
