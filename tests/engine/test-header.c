/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-header.h"
#include "almu-unit.h"
#include "almu-card.h"
#include "almu-test.h"

/* Makes a header of lines, each filled to 80 bytes. */
static AlmuHeader *
make_header (const char *const *lines)
{
  g_autoptr(GString) records = g_string_new (NULL);
  gsize n = 0;

  for (; lines[n] != NULL; n++)
    {
      char padded[80];

      memset (padded, ' ', sizeof padded);
      memcpy (padded, lines[n], MIN (strlen (lines[n]), sizeof padded));
      g_string_append_len (records, padded, sizeof padded);
    }

  return almu_header_new_for_records (records->str, n);
}

#define make(...) make_header ((const char *const[]){ __VA_ARGS__, NULL })

static void
assert_card (AlmuHeader  *header,
             const char  *name,
             AlmuCardType type,
             const char  *value,
             double       number)
{
  const AlmuCard *card = almu_header_lookup (header, name);

  g_assert_nonnull (card);
  g_assert_cmpstr (card->value, ==, value);
  g_assert_cmpint (card->type, ==, type);
  g_assert_cmpfloat (card->number, ==, number);
}

static guint
find_index (AlmuHeader *header,
            const char *name)
{
  for (guint i = 0; i < almu_header_get_length (header); i++)
    if (g_str_equal (almu_header_get_card (header, i)->name, name))
      return i;

  g_error ("there is no %s", name);
}

static void
test_header_numbers (void)
{
  g_autoptr(AlmuHeader) header =
               make ("NAXIS   =                    2 / axes",
                     "CRVAL1  =        275.087500000 / degrees",
                     "CRVAL2  =    -16.2027777777778 / more than twelve decimals",
                     "CRPIX1  =                177.0",
                     "CRPIX2  =                 0.1",
                     "EQUINOX =               2000.0",
                     "RESTFRQ =   8.6754330000000D10",
                     "OLDEXP  =                  1E6",
                     "BIG     = 12345678901234567890",
                     "PLUS    =                   +7",
                     "WRONG   =               1.2.3x",
                     "COMPLEX = (1.0, 2.0)",
                     "NOTHING =");

  assert_card (header, "NAXIS", ALMU_CARD_INT, "2", 2);
  assert_card (header, "CRVAL1", ALMU_CARD_FLOAT, "2.750875000000E+02", 275.0875);
  assert_card (header, "CRVAL2", ALMU_CARD_FLOAT, "-1.62027777777778E+01", -16.2027777777778);
  assert_card (header, "CRPIX1", ALMU_CARD_FLOAT, "177.0", 177);
  assert_card (header, "CRPIX2", ALMU_CARD_FLOAT, "0.1", 0.1);
  assert_card (header, "EQUINOX", ALMU_CARD_FLOAT, "2000.0", 2000);
  assert_card (header, "RESTFRQ", ALMU_CARD_FLOAT, "8.675433000000E+10", 8.675433e10);
  assert_card (header, "OLDEXP", ALMU_CARD_FLOAT, "1.000000000000E+06", 1e6);
  assert_card (header, "BIG", ALMU_CARD_INT, "12345678901234567890", 12345678901234567890.0);
  assert_card (header, "PLUS", ALMU_CARD_INT, "+7", 7);
  assert_card (header, "WRONG", ALMU_CARD_STRING, "1.2.3x", 0);
  assert_card (header, "COMPLEX", ALMU_CARD_STRING, "(1.0, 2.0)", 0);
  assert_card (header, "NOTHING", ALMU_CARD_STRING, "", 0);
  g_assert_cmpstr (almu_header_lookup (header, "NAXIS")->comment, ==, "axes");
}

/* Whatever a header holds comes back as it was. */
static void
test_header_number_round_trip (void)
{
  for (int i = 0; i < 2000; i++)
    {
      char             buffer[G_ASCII_DTOSTR_BUF_SIZE];
      double           number = g_test_rand_double_range (-1, 1) * pow (10, g_test_rand_int_range (-300, 300));
      g_autofree char *line = NULL;
      g_autoptr(AlmuHeader) header = NULL;

      g_ascii_formatd (buffer, sizeof buffer, "%.17E", number);
      line = g_strdup_printf ("CRVAL1  = %s", buffer);
      header = make (line);
      g_assert_cmpfloat (g_ascii_strtod (almu_header_get_text (header, "CRVAL1"), NULL), ==, number);
      g_assert_cmpfloat (almu_header_lookup (header, "CRVAL1")->number, ==, number);
    }
}

static void
test_header_logicals (void)
{
  g_autoptr(AlmuHeader) header = make ("SIMPLE  =                    T / standard",
                                        "EXTEND  = F",
                                        "CASAMBM =                    T");
  g_autoptr(AlmuHeader) number = make ("SIMPLE  =                    1");
  double value = -1;

  assert_card (header, "SIMPLE", ALMU_CARD_INT, "T", 1);
  assert_card (header, "EXTEND", ALMU_CARD_INT, "F", 0);
  assert_card (header, "CASAMBM", ALMU_CARD_INT, "T", 1);
  assert_card (number, "SIMPLE", ALMU_CARD_INT, "T", 1);

  g_assert_false (almu_header_get_number (header, "SIMPLE", &value));
  g_assert_cmpfloat (value, ==, -1);
}

static void
test_header_strings (void)
{
  g_autoptr(AlmuHeader) header =
               make ("OBJECT  = 'O''Brien / son'    / a quote and a slash",
                     "CTYPE4  = 'STOKES  '",
                     "CTYPE3  = 'stokes  '",
                     "EXTNAME = BARE / not quoted",
                     "OPEN    = 'never closed",
                     "EMPTY   = ''",
                     "EQUINOX = '2000.0  '");
  double equinox = 0;

  assert_card (header, "OBJECT", ALMU_CARD_STRING, "O'Brien / son", 0);
  g_assert_cmpstr (almu_header_lookup (header, "OBJECT")->comment, ==, "a quote and a slash");
  assert_card (header, "CTYPE4", ALMU_CARD_STRING, "STOKES", 0);
  assert_card (header, "CTYPE3", ALMU_CARD_STRING, "STOKES", 0);
  assert_card (header, "EXTNAME", ALMU_CARD_STRING, "BARE", 0);
  assert_card (header, "OPEN", ALMU_CARD_STRING, "never closed", 0);
  assert_card (header, "EMPTY", ALMU_CARD_STRING, "", 0);
  g_assert_true (almu_header_get_number (header, "EQUINOX", &equinox));
  g_assert_cmpfloat (equinox, ==, 2000);
}

static void
test_header_long_strings (void)
{
  g_autoptr(AlmuHeader) header =
               make ("LONG    = 'This text goes &' / first",
                     "CONTINUE  'on and &'",
                     "CONTINUE  'on' / last",
                     "AMPERS  = 'R&'",
                     "NEXT    = 1",
                     "LAST    = 'open &'",
                     "CONTINUE  no quote");

  assert_card (header, "LONG", ALMU_CARD_STRING, "This text goes on and on", 0);
  g_assert_cmpstr (almu_header_lookup (header, "LONG")->comment, ==, "first last");
  assert_card (header, "AMPERS", ALMU_CARD_STRING, "R&", 0);
  assert_card (header, "NEXT", ALMU_CARD_INT, "1", 1);
  assert_card (header, "LAST", ALMU_CARD_STRING, "open &", 0);
  g_assert_cmpuint (almu_header_get_length (header), ==, 5);
}

static void
test_header_commentary (void)
{
  g_autoptr(AlmuHeader) header =
               make ("HISTORY  AIPS   CLEAN BMAJ=  1.0E-03",
                     "COMMENT = not a value",
                     "        / a note",
                     "",
                     "HIERARCH ESO TEL ALT = 42.5 / deg",
                     "NO VALUE HERE");

  g_assert_cmpuint (almu_header_get_length (header), ==, 5);
  g_assert_cmpstr (almu_header_get_card (header, 0)->name, ==, "HISTORY  AIPS   CLEAN BMAJ=  1.0E-03");
  g_assert_cmpstr (almu_header_get_card (header, 1)->name, ==, "COMMENT = not a value");
  g_assert_cmpstr (almu_header_get_card (header, 2)->name, ==, "/ a note");
  g_assert_cmpstr (almu_header_get_card (header, 3)->name, ==, "HIERARCH ESO TEL ALT = 42.5 / deg");
  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpstr (almu_header_get_card (header, i)->value, ==, "");
      g_assert_cmpint (almu_header_get_card (header, i)->type, ==, ALMU_CARD_STRING);
    }
  g_assert_null (almu_header_lookup (header, "HISTORY"));
}

static void
test_header_text_is_utf8 (void)
{
  g_autoptr(AlmuHeader) header =
               make ("LATIN   = '20 \xb0 C' / \xe9t\xe9",
                     "UTF     = 'caf\xc3\xa9'",
                     "CONTROL = 'a\nb\tc\x1b' / x\ry",
                     "C1      = 'a\x85z'",
                     "\xff\xfe\x01"
                     "BAD = 1");

  g_assert_cmpstr (almu_header_get_text (header, "LATIN"), ==, "20 ° C");
  g_assert_cmpstr (almu_header_lookup (header, "LATIN")->comment, ==, "été");
  g_assert_cmpstr (almu_header_get_text (header, "UTF"), ==, "café");
  g_assert_cmpstr (almu_header_get_text (header, "CONTROL"), ==, "a b c");
  g_assert_cmpstr (almu_header_lookup (header, "CONTROL")->comment, ==, "x y");
  g_assert_cmpstr (almu_header_get_text (header, "C1"), ==, "a?z");
  g_assert_true (g_utf8_validate (almu_header_get_card (header, 4)->name, -1, NULL));
}

static void
test_header_units (void)
{
  g_autoptr(AlmuHeader) header = make ("BUNIT   = 'JY/BEAM '",
                                        "CUNIT1  = 'DEGREE  '",
                                        "CUNIT3  = 'HZ'");

  g_assert_cmpstr (almu_header_get_text (header, "BUNIT"), ==, "Jy/beam");
  g_assert_cmpstr (almu_header_get_text (header, "CUNIT1"), ==, "deg");
  g_assert_cmpstr (almu_header_get_text (header, "CUNIT3"), ==, "Hz");
}

static void
test_unit_tidy (void)
{
  static const char *const pairs[][2] = {
    { "JY/BEAM", "Jy/beam" },
    { "Jypb", "Jy/beam" },
    { "JyPB", "Jy/beam" },
    { "Jy beam-1", "Jy/beam" },
    { "beam^-1 Jy", "Jy/beam" },
    { "JY/PIXEL", "Jy/pixel" },
    { "\"K\"", "K" },
    { "KM/S", "km/s" },
    { " mJy/beam ", "mJy/beam" },
    { "furlong", "furlong" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *tidied = almu_unit_tidy (pairs[i][0]);

      g_assert_cmpstr (tidied, ==, pairs[i][1]);
    }
}

static void
test_header_rest_frequency (void)
{
  g_autoptr(AlmuHeader) old = make ("RESTFREQ=           1.42040575E9");
  g_autoptr(AlmuHeader) both = make ("RESTFREQ=                  1.0E9",
                                      "RESTFRQ =                  2.0E9");

  assert_card (old, "RESTFRQ", ALMU_CARD_FLOAT, "1.420405750000E+09", 1.42040575e9);
  g_assert_cmpuint (almu_header_get_length (both), ==, 2);
  assert_card (both, "RESTFRQ", ALMU_CARD_FLOAT, "2.000000000000E+09", 2e9);
}

static void
test_header_velocity_frame (void)
{
  g_autoptr(AlmuHeader) bare = make ("CTYPE3  = 'VELO-LSR'");
  g_autoptr(AlmuHeader) told = make ("CTYPE3  = 'VELO-HEL'",
                                      "SPECSYS = 'LSRK    '");
  g_autoptr(AlmuHeader) algorithm = make ("CTYPE3  = 'VELO-F2V'");

  assert_card (bare, "CTYPE3", ALMU_CARD_STRING, "VELO", 0);
  assert_card (bare, "SPECSYS", ALMU_CARD_STRING, "LSRK", 0);
  assert_card (told, "CTYPE3", ALMU_CARD_STRING, "VELO", 0);
  assert_card (told, "SPECSYS", ALMU_CARD_STRING, "LSRK", 0);
  g_assert_cmpuint (almu_header_get_length (told), ==, 2);
  assert_card (algorithm, "CTYPE3", ALMU_CARD_STRING, "VELO-F2V", 0);
}

/* The page takes the first name that holds what it looks for. */
static void
test_header_primary_first (void)
{
  g_autoptr(AlmuHeader) header = make ("COMMENT  see CTYPE1 below",
                                        "CTYPE1A = 'GLON-TAN'",
                                        "CRPIX1A =                  1.0",
                                        "OBJECT  = 'M17'",
                                        "CTYPE1  = 'RA---TAN'",
                                        "CRPIX1  =                  2.0",
                                        "CRVAL1A =                  3.0");

  g_assert_cmpuint (almu_header_get_length (header), ==, 7);
  g_assert_cmpuint (find_index (header, "OBJECT"), ==, 0);
  g_assert_cmpuint (find_index (header, "CTYPE1"), <, find_index (header, "CTYPE1A"));
  g_assert_cmpuint (find_index (header, "CRPIX1"), <, find_index (header, "CRPIX1A"));
  g_assert_cmpuint (find_index (header, "CTYPE1"), <, find_index (header, "COMMENT  see CTYPE1 below"));
  g_assert_cmpuint (find_index (header, "CTYPE1A"), <, find_index (header, "CRPIX1A"));
}

static void
test_header_append (void)
{
  g_autoptr(AlmuHeader) header = almu_header_new ();
  g_autoptr(AlmuHeader) again = almu_header_ref (header);
  double number = 5;

  g_assert_false (almu_header_get_number (header, "BMAJ", &number));
  g_assert_cmpfloat (number, ==, 5);

  almu_header_append (header, ALMU_CARD_FLOAT, "BMAJ", "1.0E-03", 1e-3, NULL);
  almu_header_append (header, ALMU_CARD_FLOAT, "BMAJ", "2.0E-03", 2e-3, "second");

  g_assert_cmpuint (almu_header_get_length (again), ==, 2);
  g_assert_true (almu_header_get_number (again, "BMAJ", &number));
  g_assert_cmpfloat (number, ==, 1e-3);
  g_assert_cmpstr (almu_header_get_card (again, 0)->comment, ==, "");
}

static void
test_format_number (void)
{
  static const struct
  {
    double      number;
    const char *text;
  } cases[] = {
    { 51, "51" },
    { 50, "50" },
    { 0, "0" },
    { -0.5, "-0.5" },
    { 100000, "100000" },
    { 1234567.25, "1234567.25" },
    { 0.1, "0.1" },
    { 1e-9, "1e-09" },
    { 446.14, "446.14" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = almu_format_number (cases[i].number);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/header/numbers", test_header_numbers);
  g_test_add_func ("/engine/header/number-round-trip", test_header_number_round_trip);
  g_test_add_func ("/engine/header/logicals", test_header_logicals);
  g_test_add_func ("/engine/header/strings", test_header_strings);
  g_test_add_func ("/engine/header/long-strings", test_header_long_strings);
  g_test_add_func ("/engine/header/commentary", test_header_commentary);
  g_test_add_func ("/engine/header/text-is-utf8", test_header_text_is_utf8);
  g_test_add_func ("/engine/header/units", test_header_units);
  g_test_add_func ("/engine/header/rest-frequency", test_header_rest_frequency);
  g_test_add_func ("/engine/header/velocity-frame", test_header_velocity_frame);
  g_test_add_func ("/engine/header/primary-first", test_header_primary_first);
  g_test_add_func ("/engine/header/append", test_header_append);
  g_test_add_func ("/engine/unit/tidy", test_unit_tidy);
  g_test_add_func ("/engine/card/format-number", test_format_number);

  return g_test_run ();
}
