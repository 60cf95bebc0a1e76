/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-hdus.h"

#define get_info(infos, i) ((AlmuImageInfo *) g_ptr_array_index (infos, i))

static void
add_plain (Fixture *fixture)
{
  almu_test_fits_begin (fixture->fits, -32, 2, (gint64[]){ 3, 2 });
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 6);
}

static void
add_extension (Fixture    *fixture,
               const char *name)
{
  almu_test_fits_begin_extension (fixture->fits, 16, 3, (gint64[]){ 4, 3, 2 }, name);
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 24);
}

static void
add_empty_primary (Fixture *fixture)
{
  almu_test_fits_begin (fixture->fits, 8, 0, (gint64[]){ 0 });
  almu_test_fits_end_header (fixture->fits);
}

static void
add_table (Fixture    *fixture,
           const char *name)
{
  g_autofree char *quoted = g_strdup_printf ("'%s'", name);

  almu_test_fits_record (fixture->fits, "XTENSION= 'BINTABLE'");
  almu_test_fits_record (fixture->fits, "BITPIX  =                    8");
  almu_test_fits_record (fixture->fits, "NAXIS   =                    2");
  almu_test_fits_record (fixture->fits, "NAXIS1  =                    4");
  almu_test_fits_record (fixture->fits, "NAXIS2  =                    0");
  almu_test_fits_record (fixture->fits, "PCOUNT  =                    0");
  almu_test_fits_record (fixture->fits, "GCOUNT  =                    1");
  almu_test_fits_record (fixture->fits, "TFIELDS =                    0");
  almu_test_fits_card (fixture->fits, "EXTNAME", quoted);
  almu_test_fits_end_header (fixture->fits);
}

static void
test_list_all (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  add_plain (fixture);
  add_table (fixture, "EVENTS");
  add_extension (fixture, "SCI");
  infos = read_good (fixture, NULL);

  g_assert_cmpuint (infos->len, ==, 2);
  g_assert_cmpstr (get_info (infos, 0)->hdu, ==, "0");
  g_assert_cmpint (get_info (infos, 0)->hdu_number, ==, 0);
  g_assert_null (get_info (infos, 0)->extension);
  g_assert_cmpint (get_info (infos, 0)->data_offset, ==, 2880);
  g_assert_cmpint (get_info (infos, 0)->width, ==, 3);
  g_assert_cmpint (get_info (infos, 0)->height, ==, 2);
  g_assert_cmpint (get_info (infos, 0)->bitpix, ==, -32);

  g_assert_cmpstr (get_info (infos, 1)->hdu, ==, "2");
  g_assert_cmpstr (get_info (infos, 1)->extension, ==, "SCI");
  g_assert_cmpint (get_info (infos, 1)->data_offset, ==, 4 * 2880);
  g_assert_cmpint (get_info (infos, 1)->depth, ==, 2);
  assert_entry (get_info (infos, 1)->computed, "Extension name", "SCI");
  g_assert_cmpstr (almu_header_get_card (get_info (infos, 1)->computed, 2)->name, ==, "Extension name");
}

static void
test_list_one (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autoptr(GPtrArray) by_number = NULL;
  g_autoptr(GPtrArray) by_name = NULL;
  g_autoptr(GPtrArray) first = NULL;
  g_autoptr(GError) error = NULL;

  add_empty_primary (fixture);
  add_extension (fixture, "SCI");
  add_extension (fixture, "ERR");

  by_number = read_good (fixture, "2");
  g_assert_cmpuint (by_number->len, ==, 1);
  g_assert_cmpstr (get_info (by_number, 0)->extension, ==, "ERR");

  by_name = read_good (fixture, "err");
  g_assert_cmpuint (by_name->len, ==, 1);
  g_assert_cmpstr (get_info (by_name, 0)->hdu, ==, "2");

  first = read_all (fixture, "", ALMU_IMAGE_FIRST_ONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_cmpstr (get_info (first, 0)->hdu, ==, "1");

  assert_fails (fixture, "0", ALMU_ERROR_UNSUPPORTED, "HDU 0: is not an image: header only");
  assert_fails (fixture, "7", ALMU_ERROR_NOT_FOUND, "no HDU “7”; the file has HDU 0: header only, HDU 1 “SCI”: image");
  assert_fails (fixture, "DQ", ALMU_ERROR_NOT_FOUND, "no HDU “DQ”");
  assert_fails (fixture, "99999999999999", ALMU_ERROR_NOT_FOUND, "no HDU");
  assert_fails (fixture, "-1", ALMU_ERROR_NOT_FOUND, "no HDU");
}

static void
test_list_not_fits (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const struct
  {
    const char *text;
    gsize       n;
    const char *part;
  } cases[] = {
    { "", 0, "the file is empty" },
    { "<!DOCTYPE HTML>", 15, "HTML page" },
    { "\x89HDF\r\n\x1a\n", 8, "HDF5" },
    { "<?xml version='1.0'?>", 21, "XML" },
    { "#CRTFv0", 7, "region file" },
    { "Dear reader, this is text.", 26, "begins with “Dear reader" },
    { "\x01\x02\x03\x04", 4, "bytes 01 02 03 04" },
    { "\x1f\x8b\x08", 3, "bytes 1f 8b 08" },
    { "\x1f\x8b\x08\x00 no stream", 14, "cannot decompress" },
    { "SIMPLE", 6, "begins with “SIMPLE”" },
    { "SIMPLE  =                    T", 30, "the file ends after 0 cards" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, "b.fits", NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(GPtrArray) infos = NULL;

      g_assert_true (g_file_set_contents (path, cases[i].text, cases[i].n, NULL));
      infos = read_path (path, NULL, ALMU_IMAGE_NONE, &error);
      g_assert_null (infos);
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_true (g_str_has_prefix (error->message, "b.fits: "));
      if (strstr (error->message, cases[i].part) == NULL)
        g_error ("“%s” does not hold “%s”", error->message, cases[i].part);
    }
}

static void
test_list_folder (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (read_path (fixture->folder, NULL, ALMU_IMAGE_NONE, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "is a folder"));
}

static void
test_list_no_image (Fixture      *fixture,
                    gconstpointer user_data)
{
  add_empty_primary (fixture);
  add_table (fixture, "EVENTS");

  assert_fails (fixture, NULL, ALMU_ERROR_UNSUPPORTED,
                "there is no image in the file; it has HDU 0: header only, HDU 1 “EVENTS”: table");
  assert_fails (fixture, "1", ALMU_ERROR_UNSUPPORTED, "HDU 1: is not an image: table");
}

static void
test_list_groups (Fixture      *fixture,
                  gconstpointer user_data)
{
  almu_test_fits_begin (fixture->fits, -32, 3, (gint64[]){ 0, 5, 3 });
  almu_test_fits_card (fixture->fits, "GROUPS", "T");
  almu_test_fits_card (fixture->fits, "PCOUNT", "2");
  almu_test_fits_card (fixture->fits, "GCOUNT", "10");
  almu_test_fits_end_header (fixture->fits);

  assert_fails (fixture, NULL, ALMU_ERROR_UNSUPPORTED, "random groups");
}

/* What a group of groups weighs must be known to get behind it. */
static void
test_list_behind_groups (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, -32, 3, (gint64[]){ 0, 5, 3 });
  almu_test_fits_card (fixture->fits, "GROUPS", "T");
  almu_test_fits_card (fixture->fits, "PCOUNT", "2");
  almu_test_fits_card (fixture->fits, "GCOUNT", "50");
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 50 * (2 + 15));
  add_extension (fixture, "SCI");
  infos = read_good (fixture, NULL);

  g_assert_cmpuint (infos->len, ==, 1);
  g_assert_cmpstr (get_info (infos, 0)->hdu, ==, "1");
}

typedef struct
{
  int         bitpix;
  int         n_axes;
  gint64      shape[18];
  int         code;
  const char *part;
} ShapeCase;

static void
test_list_shapes (void)
{
  static const ShapeCase cases[] = {
    { 8, 1, { 5 }, ALMU_ERROR_UNSUPPORTED, "NAXIS = 1: an image has at least two axes" },
    { 8, 2, { 5, 0 }, ALMU_ERROR_UNSUPPORTED, "NAXIS2 = 0: the image has no pixels" },
    { 8, 2, { ALMU_LIMIT_AXIS_LENGTH + G_GINT64_CONSTANT (1), 1 }, ALMU_ERROR_LIMIT, "NAXIS1 = 1073741825" },
    { 8, 3, { G_GINT64_CONSTANT (1) << 40, G_GINT64_CONSTANT (1) << 40, 2 }, ALMU_ERROR_LIMIT, "multiply" },
    { -64, 3, { 1 << 30, 1 << 30, 2 }, ALMU_ERROR_LIMIT, "bytes than any file can hold" },
    { 8, 2, { -5, 5 }, ALMU_ERROR_FORMAT, "NAXIS1" },
    { 7, 2, { 5, 5 }, ALMU_ERROR_FORMAT, "BITPIX = 7" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;

      fixture_set_up (&fixture, NULL);
      almu_test_fits_begin (fixture.fits, cases[i].bitpix, cases[i].n_axes, cases[i].shape);
      almu_test_fits_end_header (fixture.fits);
      assert_fails (&fixture, NULL, cases[i].code, cases[i].part);
      assert_fails (&fixture, "0", cases[i].code, "HDU 0");
      fixture_tear_down (&fixture, NULL);
    }
}

static void
test_list_too_many_axes (Fixture      *fixture,
                         gconstpointer user_data)
{
  almu_test_fits_record (fixture->fits, "SIMPLE  =                    T");
  almu_test_fits_record (fixture->fits, "BITPIX  =                    8");
  almu_test_fits_record (fixture->fits, "NAXIS   =                   17");
  for (int i = 1; i <= 17; i++)
    {
      g_autofree char *name = g_strdup_printf ("NAXIS%d", i);

      almu_test_fits_card (fixture->fits, name, "1");
    }
  almu_test_fits_end_header (fixture->fits);

  assert_fails (fixture, NULL, ALMU_ERROR_UNSUPPORTED, "NAXIS = 17: at most 16");
}

static void
test_list_bad_cards (void)
{
  static const char *const lines[][2] = {
    { "NAXIS   =                    X", "card “NAXIS   =                    X”" },
    { "NAXIS   =                 1000", "from 0 to 999" },
    { "NAXIS   =                  2.5", "whole number" },
    { "NAXIS   = 99999999999999999999", "whole number" },
    { "COMMENT no NAXIS at all", "card NAXIS is missing" },
    { "NAXIS   =                    3", "card NAXIS3 is missing" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      Fixture fixture;

      fixture_set_up (&fixture, NULL);
      almu_test_fits_record (fixture.fits, "SIMPLE  =                    T");
      almu_test_fits_record (fixture.fits, "BITPIX  =                    8");
      almu_test_fits_record (fixture.fits, lines[i][0]);
      almu_test_fits_record (fixture.fits, "NAXIS1  =                    2");
      almu_test_fits_record (fixture.fits, "NAXIS2  =                    2");
      almu_test_fits_end_header (fixture.fits);
      assert_fails (&fixture, NULL, ALMU_ERROR_FORMAT, lines[i][1]);
      fixture_tear_down (&fixture, NULL);
    }
}

/* One damaged image does not hide the others. */
static void
test_list_skips_damaged (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  add_plain (fixture);
  almu_test_fits_begin_extension (fixture->fits, 8, 2, (gint64[]){ 0, 3 }, "BAD");
  almu_test_fits_end_header (fixture->fits);
  add_extension (fixture, "SCI");
  infos = read_good (fixture, NULL);

  g_assert_cmpuint (infos->len, ==, 2);
  g_assert_cmpstr (get_info (infos, 1)->hdu, ==, "2");
  assert_fails (fixture, "BAD", ALMU_ERROR_UNSUPPORTED, "HDU 1: NAXIS1 = 0");
}

static void
test_list_rubbish_behind (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  add_plain (fixture);
  almu_test_fits_record (fixture->fits, "this is no extension");
  infos = read_good (fixture, NULL);
  g_assert_cmpuint (infos->len, ==, 1);
}

/* The header is complete, the pixels are not. */
static void
test_list_truncated_data (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, -32, 2, (gint64[]){ 1000, 1000 });
  almu_test_fits_end_header (fixture->fits);
  infos = read_good (fixture, NULL);
  g_assert_cmpint (get_info (infos, 0)->width, ==, 1000);
}

static void
test_list_scale (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, 16, 2, (gint64[]){ 3, 2 });
  almu_test_fits_card (fixture->fits, "BLANK", "-32768");
  almu_test_fits_card (fixture->fits, "BZERO", "32768");
  almu_test_fits_card (fixture->fits, "BSCALE", "2.5");
  almu_test_fits_card (fixture->fits, "BUNIT", "'JY/BEAM'");
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 6);
  infos = read_good (fixture, NULL);

  g_assert_cmpfloat (get_info (infos, 0)->scale, ==, 2.5);
  g_assert_cmpfloat (get_info (infos, 0)->zero, ==, 32768);
  g_assert_true (get_info (infos, 0)->has_blank);
  g_assert_cmpint (get_info (infos, 0)->blank, ==, -32768);
  g_assert_cmpstr (get_info (infos, 0)->unit, ==, "Jy/beam");
  g_assert_cmpuint (g_bytes_get_size (get_info (infos, 0)->records), ==, 9 * 80);
}

/* On reals BLANK has no meaning, whatever it says. */
static void
test_list_blank_of_reals (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, -32, 2, (gint64[]){ 3, 2 });
  almu_test_fits_card (fixture->fits, "BLANK", "-32768");
  almu_test_fits_card (fixture->fits, "BSCALE", "0.0");
  almu_test_fits_card (fixture->fits, "BZERO", "'none'");
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 6);
  infos = read_good (fixture, NULL);

  g_assert_false (get_info (infos, 0)->has_blank);
  g_assert_cmpfloat (get_info (infos, 0)->scale, ==, 1);
  g_assert_cmpfloat (get_info (infos, 0)->zero, ==, 0);
}

/* A header of many blocks, as programs that keep their history write. */
static void
test_list_long_header (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, -32, 2, (gint64[]){ 3, 2 });
  for (int i = 0; i < 20000; i++)
    almu_test_fits_record (fixture->fits, "HISTORY nothing happened, at length");
  almu_test_fits_card (fixture->fits, "BUNIT", "'K'");
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 6);
  infos = read_good (fixture, "0");

  g_assert_cmpstr (get_info (infos, 0)->unit, ==, "K");
  g_assert_cmpuint (almu_header_get_length (get_info (infos, 0)->header), ==, 20006);
  g_assert_cmpint (get_info (infos, 0)->data_offset % 2880, ==, 0);
}

static void
add_tiled (Fixture *fixture,
           int      n_axes)
{
  AlmuTestFits    *fits = fixture->fits;
  g_autofree char *n_text = g_strdup_printf ("%d", n_axes);

  add_empty_primary (fixture);
  almu_test_fits_record (fits, "XTENSION= 'BINTABLE'");
  almu_test_fits_record (fits, "BITPIX  =                    8");
  almu_test_fits_record (fits, "NAXIS   =                    2");
  almu_test_fits_record (fits, "NAXIS1  =                    8");
  almu_test_fits_record (fits, "NAXIS2  =                    0");
  almu_test_fits_record (fits, "PCOUNT  =                    0");
  almu_test_fits_record (fits, "GCOUNT  =                    1");
  almu_test_fits_record (fits, "TFIELDS =                    1");
  almu_test_fits_record (fits, "TTYPE1  = 'COMPRESSED_DATA'");
  almu_test_fits_record (fits, "TFORM1  = '1PB(0)'");
  almu_test_fits_record (fits, "ZIMAGE  =                    T");
  almu_test_fits_record (fits, "ZTILE1  =                    7");
  almu_test_fits_record (fits, "ZCMPTYPE= 'RICE_1'");
  almu_test_fits_record (fits, "ZNAME1  = 'BLOCKSIZE'");
  almu_test_fits_record (fits, "ZVAL1   =                   32");
  almu_test_fits_record (fits, "ZBLANK  =               -32768");
  almu_test_fits_record (fits, "EXTNAME = 'COMPRESSED_IMAGE'");
  almu_test_fits_record (fits, "OBJECT  = 'M13'");
  almu_test_fits_record (fits, "ZSIMPLE =                    T");
  almu_test_fits_record (fits, "ZBITPIX =                   16");
  almu_test_fits_card (fits, "ZNAXIS", n_text);
  for (int i = 1; i <= n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("ZNAXIS%d", i);
      g_autofree char *value = g_strdup_printf ("%d", i + 6);

      almu_test_fits_card (fits, name, value);
    }
  almu_test_fits_end_header (fits);
}

static void
test_list_tiled (Fixture      *fixture,
                 gconstpointer user_data)
{
  static const char *const names[] = { "SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "OBJECT", "BLANK" };
  g_autoptr(GPtrArray) infos = NULL;
  AlmuImageInfo *info;

  add_tiled (fixture, 2);
  infos = read_good (fixture, NULL);
  info = get_info (infos, 0);

  g_assert_cmpuint (infos->len, ==, 1);
  g_assert_cmpstr (info->hdu, ==, "1");
  g_assert_null (info->extension);
  g_assert_true (info->is_compressed);
  g_assert_cmpint (info->data_offset, ==, -1);
  g_assert_cmpint (info->bitpix, ==, 16);
  g_assert_cmpint (info->width, ==, 7);
  g_assert_cmpint (info->height, ==, 8);
  g_assert_true (info->has_blank);

  g_assert_cmpuint (almu_header_get_length (info->header), ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (almu_header_get_card (info->header, i)->name, ==, names[i]);
  g_assert_cmpuint (g_bytes_get_size (info->records), ==, 80 * G_N_ELEMENTS (names));
}

static void
test_list_tiled_axes (Fixture      *fixture,
                      gconstpointer user_data)
{
  add_tiled (fixture, 7);
  assert_fails (fixture, NULL, ALMU_ERROR_UNSUPPORTED, "HDU 1: ZNAXIS = 7: at most 6");
}

static void
test_list_tiled_line (Fixture      *fixture,
                      gconstpointer user_data)
{
  add_tiled (fixture, 1);
  assert_fails (fixture, "1", ALMU_ERROR_UNSUPPORTED, "HDU 1: NAXIS = 1");
}

static void
test_list_bad_coordinates (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(GPtrArray) infos = NULL;

  almu_test_fits_begin (fixture->fits, -32, 2, (gint64[]){ 3, 2 });
  almu_test_fits_card (fixture->fits, "WCSAXES", "999999999");
  almu_test_fits_card (fixture->fits, "CTYPE1", "'RA---XYZ'");
  almu_test_fits_card (fixture->fits, "CTYPE2", "'DEC--TAN'");
  almu_test_fits_card (fixture->fits, "CDELT1", "0.0");
  almu_test_fits_card (fixture->fits, "CRVAL1", "1E400");
  almu_test_fits_card (fixture->fits, "CRVAL2", "'north'");
  almu_test_fits_end_header (fixture->fits);
  add_zeros (fixture, 6);
  infos = read_good (fixture, NULL);

  assert_sound (get_info (infos, 0));
  g_assert_cmpfloat (get_info (infos, 0)->pixel_area, ==, 0);
}

static void
test_list_gzip (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
  g_autofree char *path = g_build_filename (fixture->folder, "a.fits.gz", NULL);
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GFileOutputStream) out = g_file_replace (file, NULL, FALSE, 0, NULL, NULL);
  g_autoptr(GOutputStream) packed = g_converter_output_stream_new (G_OUTPUT_STREAM (out), G_CONVERTER (packer));
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GPtrArray) infos = NULL;
  g_autoptr(GError) error = NULL;

  add_plain (fixture);
  add_extension (fixture, "SCI");
  bytes = almu_test_fits_to_bytes (fixture->fits);
  g_assert_true (g_output_stream_write_all (packed, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (packed, NULL, NULL));

  infos = read_path (path, NULL, ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (infos->len, ==, 2);
  g_assert_cmpint (get_info (infos, 0)->data_offset, ==, -1);
  g_assert_false (get_info (infos, 0)->is_compressed);
  g_assert_cmpstr (get_info (infos, 1)->extension, ==, "SCI");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/hdu-list/all", test_list_all);
  add_test ("/engine/hdu-list/one", test_list_one);
  add_test ("/engine/hdu-list/not-fits", test_list_not_fits);
  add_test ("/engine/hdu-list/folder", test_list_folder);
  add_test ("/engine/hdu-list/no-image", test_list_no_image);
  add_test ("/engine/hdu-list/groups", test_list_groups);
  add_test ("/engine/hdu-list/behind-groups", test_list_behind_groups);
  g_test_add_func ("/engine/hdu-list/shapes", test_list_shapes);
  add_test ("/engine/hdu-list/too-many-axes", test_list_too_many_axes);
  g_test_add_func ("/engine/hdu-list/bad-cards", test_list_bad_cards);
  add_test ("/engine/hdu-list/skips-damaged", test_list_skips_damaged);
  add_test ("/engine/hdu-list/rubbish-behind", test_list_rubbish_behind);
  add_test ("/engine/hdu-list/truncated-data", test_list_truncated_data);
  add_test ("/engine/hdu-list/scale", test_list_scale);
  add_test ("/engine/hdu-list/blank-of-reals", test_list_blank_of_reals);
  add_test ("/engine/hdu-list/long-header", test_list_long_header);
  add_test ("/engine/hdu-list/tiled", test_list_tiled);
  add_test ("/engine/hdu-list/tiled-axes", test_list_tiled_axes);
  add_test ("/engine/hdu-list/tiled-line", test_list_tiled_line);
  add_test ("/engine/hdu-list/bad-coordinates", test_list_bad_coordinates);
  add_test ("/engine/hdu-list/gzip", test_list_gzip);

  return g_test_run ();
}
