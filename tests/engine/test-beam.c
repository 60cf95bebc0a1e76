/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-beam.h"
#include "test-hdus.h"

#define get_info(infos, i) ((AlmuImageInfo *) g_ptr_array_index (infos, i))

static void
begin_cube (Fixture *fixture)
{
  almu_test_fits_begin (fixture->fits, 8, 4, (gint64[]){ 3, 2, 3, 2 });
  almu_test_fits_card (fixture->fits, "CTYPE1", "'RA---SIN'");
  almu_test_fits_card (fixture->fits, "CTYPE2", "'DEC--SIN'");
  almu_test_fits_card (fixture->fits, "CTYPE3", "'FREQ'");
  almu_test_fits_card (fixture->fits, "CTYPE4", "'STOKES'");
}

static void
end_cube (Fixture *fixture)
{
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 36);
}

static void
test_beam_cards (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;
  const AlmuBeam *beam;

  begin_cube (fixture);
  almu_test_fits_card (fixture->fits, "BMAJ", "0.001");
  almu_test_fits_card (fixture->fits, "BMIN", "5E-4");
  almu_test_fits_card (fixture->fits, "BPA", "-30");
  end_cube (fixture);
  infos = read_good (fixture, NULL);

  g_assert_cmpuint (get_info (infos, 0)->beams->len, ==, 1);
  beam = almu_image_info_get_beam (get_info (infos, 0), 2, 1);
  g_assert_nonnull (beam);
  g_assert_cmpint (beam->channel, ==, -1);
  g_assert_cmpint (beam->stokes, ==, -1);
  g_assert_cmpfloat_with_epsilon (beam->major, 3.6, 1e-12);
  g_assert_cmpfloat_with_epsilon (beam->minor, 1.8, 1e-12);
  g_assert_cmpfloat (beam->angle, ==, -30);
  assert_entry (get_info (infos, 0)->computed, "Restoring beam", "3.6\" X 1.8\", -30 deg");
}

static void
test_beam_invalid_cards (void)
{
  static const char *const values[][3] = {
    { "-1.0", "-1.0", "0.0" },
    { "0.0", "0.001", "0.0" },
    { "0.001", "'wide'", "0.0" },
    { "0.001", "T", "0.0" },
    { "1E999", "0.001", "0.0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      Fixture fixture;
      g_autoptr(GPtrArray) infos = NULL;

      fixture_set_up (&fixture, NULL);
      begin_cube (&fixture);
      almu_test_fits_card (fixture.fits, "BMAJ", values[i][0]);
      almu_test_fits_card (fixture.fits, "BMIN", values[i][1]);
      almu_test_fits_card (fixture.fits, "BPA", values[i][2]);
      end_cube (&fixture);
      infos = read_good (&fixture, NULL);

      g_assert_cmpuint (get_info (infos, 0)->beams->len, ==, 0);
      g_assert_null (almu_image_info_get_beam (get_info (infos, 0), 0, 0));
      assert_entry (get_info (infos, 0)->computed, "Restoring beam", NULL);
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_beam_incomplete_cards (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  begin_cube (fixture);
  almu_test_fits_card (fixture->fits, "BMAJ", "0.001");
  almu_test_fits_card (fixture->fits, "BMIN", "0.001");
  end_cube (fixture);
  infos = read_good (fixture, NULL);
  g_assert_cmpuint (get_info (infos, 0)->beams->len, ==, 0);
}

static void
test_beam_history (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GPtrArray) without = NULL;
  g_autoptr(GPtrArray) with = NULL;
  g_autoptr(GError) error = NULL;
  AlmuImageInfo *info;
  double         number;

  begin_cube (fixture);
  almu_test_fits_record (fixture->fits, "HISTORY AIPS   CLEAN BMAJ=  9.0E-03 BMIN=  9.0E-03 BPA=   0.00");
  almu_test_fits_record (fixture->fits, "HISTORY AIPS   CLEAN BMAJ=  2.0E-03 BMIN=  1.0E-03 BPA=  45.00");
  almu_test_fits_record (fixture->fits, "HISTORY AIPS   CLEAN BMAJ=  oops");
  end_cube (fixture);

  without = read_good (fixture, NULL);
  g_assert_cmpuint (get_info (without, 0)->beams->len, ==, 0);
  g_assert_null (almu_header_lookup (get_info (without, 0)->header, "BMAJ"));

  with = read_all (fixture, NULL, ALMU_IMAGE_HISTORY_BEAM, &error);
  g_assert_no_error (error);
  info = get_info (with, 0);
  g_assert_cmpuint (info->beams->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (almu_image_info_get_beam (info, -1, -1)->major, 7.2, 1e-12);
  g_assert_true (almu_header_get_number (info->header, "BMAJ", &number));
  g_assert_cmpfloat_with_epsilon (number, 2e-3, 1e-15);
  g_assert_true (almu_header_get_number (info->header, "BPA", &number));
  g_assert_cmpfloat (number, ==, 45);
  g_assert_cmpstr (almu_header_lookup (info->header, "BMIN")->comment, ==, "extracted from HISTORY");
  assert_entry (info->computed, "Restoring beam", "7.2\" X 3.6\", 45 deg (extracted from HISTORY)");
}

static void
test_beam_history_sentence (void)
{
  g_autoptr(AlmuHeader) header = almu_header_new ();
  g_autoptr(AlmuHeader) silent = almu_header_new ();
  AlmuBeam beam = { 0 };

  almu_header_append (header, ALMU_CARD_STRING, "HISTORY Beam = 5.0 x 4.0 arcmin, pa = 10.0 degrees", "", 0, NULL);
  g_assert_true (almu_beam_read_history (header, &beam));
  g_assert_cmpfloat (beam.major, ==, 300);
  g_assert_cmpfloat (beam.minor, ==, 240);
  g_assert_cmpfloat (beam.angle, ==, 10);

  almu_header_append (silent, ALMU_CARD_STRING, "HISTORY Beam = 5.0 x", "", 0, NULL);
  almu_header_append (silent, ALMU_CARD_STRING, "HISTORY Beam = 5.0 x 4.0 furlong, pa = 1", "", 0, NULL);
  almu_header_append (silent, ALMU_CARD_STRING, "COMMENT BMAJ= 1 BMIN= 1 BPA= 1", "", 0, NULL);
  g_assert_false (almu_beam_read_history (silent, &beam));
  g_assert_cmpfloat (beam.major, ==, 300);
}

/* -- the table of CASA -------------------------------------------------- */

typedef struct
{
  float  major;
  float  minor;
  double angle;
  gint32 channel;
  gint16 stokes;
} TestRow;

static void
append_raw (GString    *data,
            const void *bytes,
            gsize       n)
{
  for (gsize i = 0; i < n; i++)
    g_string_append_c (data, ((const char *) bytes)[G_BYTE_ORDER == G_LITTLE_ENDIAN ? n - 1 - i : i]);
}

/* Columns in an order of their own and one that nobody asked for. */
static void
save_with_table (Fixture       *fixture,
                 const TestRow *rows,
                 int            n_rows,
                 int            n_claimed)
{
  AlmuTestFits    *fits = fixture->fits;
  g_autofree char *n_text = g_strdup_printf ("%d", n_claimed);
  g_autofree char *path = NULL;
  g_autoptr(GString) file = NULL;
  g_autoptr(GBytes) bytes = NULL;

  almu_test_fits_record (fits, "XTENSION= 'BINTABLE'");
  almu_test_fits_record (fits, "BITPIX  =                    8");
  almu_test_fits_record (fits, "NAXIS   =                    2");
  almu_test_fits_record (fits, "NAXIS1  =                   25");
  almu_test_fits_card (fits, "NAXIS2", n_text);
  almu_test_fits_record (fits, "PCOUNT  =                    0");
  almu_test_fits_record (fits, "GCOUNT  =                    1");
  almu_test_fits_record (fits, "TFIELDS =                    6");
  almu_test_fits_record (fits, "EXTNAME = 'BEAMS'");
  almu_test_fits_record (fits, "TTYPE1  = 'POL'");
  almu_test_fits_record (fits, "TFORM1  = '1I'");
  almu_test_fits_record (fits, "TTYPE2  = 'NOTE'");
  almu_test_fits_record (fits, "TFORM2  = '3A'");
  almu_test_fits_record (fits, "TTYPE3  = 'CHAN'");
  almu_test_fits_record (fits, "TFORM3  = '1J'");
  almu_test_fits_record (fits, "TTYPE4  = 'BMAJ'");
  almu_test_fits_record (fits, "TFORM4  = 'E'");
  almu_test_fits_record (fits, "TUNIT4  = 'arcmin'");
  almu_test_fits_record (fits, "TTYPE5  = 'BMIN'");
  almu_test_fits_record (fits, "TFORM5  = '1E'");
  almu_test_fits_record (fits, "TUNIT5  = 'arcsec'");
  almu_test_fits_record (fits, "TTYPE6  = 'BPA'");
  almu_test_fits_record (fits, "TFORM6  = '1D'");
  almu_test_fits_record (fits, "TUNIT6  = 'deg'");
  almu_test_fits_end_header (fits);

  bytes = almu_test_fits_to_bytes (fits);
  file = g_string_new_len (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  for (int i = 0; i < n_rows; i++)
    {
      append_raw (file, &rows[i].stokes, 2);
      g_string_append_len (file, "abc", 3);
      append_raw (file, &rows[i].channel, 4);
      append_raw (file, &rows[i].major, 4);
      append_raw (file, &rows[i].minor, 4);
      append_raw (file, &rows[i].angle, 8);
    }

  path = g_build_filename (fixture->folder, "beams.fits", NULL);
  g_assert_true (g_file_set_contents (path, file->str, file->len, NULL));
}

static GPtrArray *
read_with_table (Fixture       *fixture,
                 const TestRow *rows,
                 int            n_rows,
                 int            n_claimed)
{
  g_autofree char *path = g_build_filename (fixture->folder, "beams.fits", NULL);
  g_autoptr(GError) error = NULL;
  GPtrArray *infos;

  begin_cube (fixture);
  almu_test_fits_card (fixture->fits, "CASAMBM", "T");
  end_cube (fixture);
  save_with_table (fixture, rows, n_rows, n_claimed);

  infos = read_path (path, "0", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  return infos;
}

static void
test_beam_table (Fixture      *fixture,
                 gconstpointer user_data)
{
  static const TestRow rows[] = {
    { 1.0f, 30.0f, 10.0, 0, 1 },
    { 2.0f, 30.0f, 20.0, 2, 0 },
    { 3.0f, 30.0f, 30.0, 1, 0 },
    { 0.0f, 0.0f, 0.0, 0, 0 }, /* blanked */
    { 9.0f, 9.0f, 9.0, 3, 0 }, /* no such channel */
    { 9.0f, 9.0f, 9.0, -1, 0 },
    { NAN, 9.0f, 9.0, 1, 1 },
  };
  g_autoptr(GPtrArray) infos = read_with_table (fixture, rows, 6, 6);
  AlmuImageInfo *info = get_info (infos, 0);

  g_assert_cmpuint (info->beams->len, ==, 3);
  g_assert_cmpfloat (almu_image_info_get_beam (info, 1, 0)->angle, ==, 30);
  g_assert_cmpfloat (almu_image_info_get_beam (info, 1, 0)->major, ==, 180);
  g_assert_cmpfloat (almu_image_info_get_beam (info, 2, 0)->angle, ==, 20);
  g_assert_cmpfloat (almu_image_info_get_beam (info, 0, 1)->angle, ==, 10);
  g_assert_null (almu_image_info_get_beam (info, 0, 0));

  /* Stokes outside, channels inside */
  g_assert_cmpint (g_array_index (info->beams, AlmuBeam, 0).channel, ==, 1);
  g_assert_cmpint (g_array_index (info->beams, AlmuBeam, 1).channel, ==, 2);
  g_assert_cmpint (g_array_index (info->beams, AlmuBeam, 2).stokes, ==, 1);
  assert_entry (info->computed, "Median area beam", "120\" X 30\", 20 deg");
}

/* The table claims more rows than the file has. */
static void
test_beam_table_truncated (Fixture      *fixture,
                           gconstpointer user_data)
{
  static const TestRow rows[] = { { 1.0f, 30.0f, 10.0, 0, 0 } };
  g_autoptr(GPtrArray) infos = read_with_table (fixture, rows, 1, 1000);

  g_assert_cmpuint (get_info (infos, 0)->beams->len, ==, 1);
}

static void
test_beam_table_missing (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  begin_cube (fixture);
  almu_test_fits_card (fixture->fits, "CASAMBM", "T");
  end_cube (fixture);
  infos = read_good (fixture, "0");
  g_assert_cmpuint (get_info (infos, 0)->beams->len, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/beam/cards", test_beam_cards);
  g_test_add_func ("/engine/beam/invalid-cards", test_beam_invalid_cards);
  add_test ("/engine/beam/incomplete-cards", test_beam_incomplete_cards);
  add_test ("/engine/beam/history", test_beam_history);
  g_test_add_func ("/engine/beam/history-sentence", test_beam_history_sentence);
  add_test ("/engine/beam/table", test_beam_table);
  add_test ("/engine/beam/table-truncated", test_beam_table_truncated);
  add_test ("/engine/beam/table-missing", test_beam_table_missing);

  return g_test_run ();
}
