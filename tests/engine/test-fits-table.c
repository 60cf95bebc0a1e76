/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "almu-table-file.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-test-table.h"
#include "almu-test.h"

static AlmuDataTable *
read_bytes (gconstpointer  data,
            gsize          length,
            AlmuTableFlags flags,
            GError       **error)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "t.fits", NULL);
  AlmuDataTable   *table;
  int              fd;

  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));
  fd = open (path, O_RDONLY | O_CLOEXEC);
  table = almu_table_file_read (fd, "t.fits", flags, NULL, error);
  close (fd);
  almu_test_remove_folder (folder);

  return table;
}

#define CELL(table, T, column, row) (((const T *) (const void *) almu_data_table_get_column (table, column)->values->data)[row])

static void
put (GByteArray *rows,
     guint64     value,
     guint       n_bytes)
{
  for (guint i = n_bytes; i-- > 0;)
    {
      guint8 byte = (guint8) (value >> 8 * i);

      g_byte_array_append (rows, &byte, 1);
    }
}

static guint64
bits_of (double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);

  return bits;
}

static guint32
bits_of_float (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);

  return bits;
}

/* Each type, and the scalings that make others of them. */
static void
test_fits_table_types (void)
{
  static const AlmuTestCard cards[] = {
    { "EXTNAME", "'stars'" },
    { "RADESYS", "'FK5'" },
    { "EQUINOX", "2000.0" },
    { "TTYPE1", "'byte'" },
    { "TFORM1", "'1B'" },
    { "TTYPE2", "'sbyte'" },
    { "TFORM2", "'1B'" },
    { "TZERO2", "-128" },
    { "TTYPE3", "'short'" },
    { "TFORM3", "'1I'" },
    { "TUNIT3", "'mag'" },
    { "TCOMM3", "'brightness'" },
    { "TTYPE4", "'ushort'" },
    { "TFORM4", "'1I'" },
    { "TZERO4", "32768" },
    { "TTYPE5", "'int'" },
    { "TFORM5", "'1J'" },
    { "TTYPE6", "'uint'" },
    { "TFORM6", "'1J'" },
    { "TZERO6", "2147483648" },
    { "TTYPE7", "'long'" },
    { "TFORM7", "'1K'" },
    { "TTYPE8", "'float'" },
    { "TFORM8", "'1E'" },
    { "TTYPE9", "'double'" },
    { "TFORM9", "'1D'" },
    { "TTYPE10", "'bool'" },
    { "TFORM10", "'1L'" },
    { "TTYPE11", "'text'" },
    { "TFORM11", "'4A'" },
    { "TTYPE12", "'list'" },
    { "TFORM12", "'2E'" },
    { "TTYPE13", "'scaled'" },
    { "TFORM13", "'1I'" },
    { "TSCAL13", "0.5" },
    { "TZERO13", "10" },
    { "TTYPE14", "'blank'" },
    { "TFORM14", "'1J'" },
    { "TNULL14", "-1" },
    { "TTYPE15", "'complex'" },
    { "TFORM15", "'1C'" },
    { "TTYPE16", "'bits'" },
    { "TFORM16", "'3X'" },
    { "TTYPE17", "'scaled float'" },
    { "TFORM17", "'1E'" },
    { "TSCAL17", "2.0" },
    { "TTYPE18", "'words'" },
    { "TFORM18", "'4A2'" },
  };
  static const AlmuColumnType types[] = {
    ALMU_COLUMN_UINT8,
    ALMU_COLUMN_INT8,
    ALMU_COLUMN_INT16,
    ALMU_COLUMN_UINT16,
    ALMU_COLUMN_INT32,
    ALMU_COLUMN_UINT32,
    ALMU_COLUMN_INT64,
    ALMU_COLUMN_FLOAT,
    ALMU_COLUMN_DOUBLE,
    ALMU_COLUMN_BOOL,
    ALMU_COLUMN_STRING,
    ALMU_COLUMN_UNSUPPORTED,
    ALMU_COLUMN_FLOAT,
    ALMU_COLUMN_DOUBLE,
    ALMU_COLUMN_UNSUPPORTED,
    ALMU_COLUMN_UNSUPPORTED,
    ALMU_COLUMN_FLOAT,
    ALMU_COLUMN_UNSUPPORTED,
  };
  g_autoptr(GByteArray) rows = g_byte_array_new ();
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;
  const AlmuCoosys *coosys;

  for (int row = 0; row < 3; row++)
    {
      put (rows, 250 + (guint) row, 1);
      put (rows, (guint) row, 1);
      put (rows, (guint64) (-row), 2);
      put (rows, (guint64) (row - 32768), 2);
      put (rows, (guint64) (row * -100000), 4);
      put (rows, (guint64) (row + G_GINT64_CONSTANT (2147483647)), 4);
      put (rows, (guint64) row << 40, 8);
      put (rows, row == 1 ? bits_of_float (NAN) : bits_of_float (row + 0.25f), 4);
      put (rows, bits_of (row == 2 ? INFINITY : row / 3.0), 8);
      put (rows, row == 0 ? 'T' : row == 1 ? 'F'
                                           : 0,
           1);
      g_byte_array_append (rows, (const guint8 *) (row == 0 ? "ab  " : row == 1 ? " \xe9 x"
                                                                                : "\0\0\0\0"),
                           4);
      put (rows, 0, 8);
      put (rows, (guint64) (row - 1), 2);
      put (rows, row == 1 ? 0xffffffff : (guint64) row, 4);
      put (rows, 0, 8);
      put (rows, 0xe0, 1);
      put (rows, bits_of_float (row * 1.5f), 4);
      put (rows, 0x61626364, 4);
    }

  bytes = almu_test_fits_table ("BINTABLE", cards, G_N_ELEMENTS (cards), 18, rows->len / 3, 3, rows->data);
  table = read_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), ALMU_TABLE_ALL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 3);
  g_assert_cmpuint (table->columns->len, ==, G_N_ELEMENTS (types));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert_cmpint (almu_data_table_get_column (table, i)->type, ==, types[i]);

  g_assert_cmpstr (table->name, ==, "stars");
  coosys = table->coosys->pdata[0];
  g_assert_cmpstr (coosys->system, ==, "FK5");
  g_assert_cmpstr (almu_data_table_get_column (table, 2)->unit, ==, "mag");
  g_assert_cmpstr (almu_data_table_get_column (table, 2)->description, ==, "brightness");
  g_assert_cmpint (CELL (table, guint8, 0, 2), ==, 252);
  g_assert_cmpint (CELL (table, gint8, 1, 2), ==, -126);
  g_assert_cmpint (CELL (table, gint16, 2, 2), ==, -2);
  g_assert_cmpint (CELL (table, guint16, 3, 2), ==, 2);
  g_assert_cmpint (CELL (table, gint32, 4, 2), ==, -200000);
  g_assert_cmpuint (CELL (table, guint32, 5, 0), ==, 4294967295u);
  g_assert_cmpuint (CELL (table, guint32, 5, 2), ==, 1);
  g_assert_cmpint (CELL (table, gint64, 6, 2), ==, G_GINT64_CONSTANT (2) << 40);
  g_assert_cmpfloat (CELL (table, float, 7, 0), ==, 0.25f);
  g_assert_true (isnan (CELL (table, float, 7, 1)));
  g_assert_cmpfloat (CELL (table, double, 8, 1), ==, 1 / 3.0);
  g_assert_cmpfloat (CELL (table, double, 8, 2), ==, INFINITY);
  g_assert_cmpint (CELL (table, guint8, 9, 0), ==, 1);
  g_assert_cmpint (CELL (table, guint8, 9, 1), ==, 0);
  g_assert_cmpint (CELL (table, guint8, 9, 2), ==, 0);
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 10), 0), ==, "ab");
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 10), 1), ==, " \ufffd x");
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 10), 2), ==, "");
  g_assert_cmpfloat (CELL (table, float, 12, 0), ==, 9.5);
  g_assert_cmpfloat (CELL (table, float, 12, 2), ==, 10.5);
  g_assert_cmpfloat (CELL (table, double, 13, 0), ==, 0);
  g_assert_true (isnan (CELL (table, double, 13, 1)));
  g_assert_cmpfloat (CELL (table, double, 13, 2), ==, 2);
  g_assert_cmpfloat (CELL (table, float, 16, 2), ==, 6);
}

static void
test_fits_table_ascii (void)
{
  static const AlmuTestCard cards[] = {
    { "TTYPE1", "'n'" },
    { "TFORM1", "'I4'" },
    { "TBCOL1", "1" },
    { "TTYPE2", "'x'" },
    { "TFORM2", "'F8.3'" },
    { "TBCOL2", "6" },
    { "TTYPE3", "'name'" },
    { "TFORM3", "'A5'" },
    { "TBCOL3", "15" },
  };
  static const char rows[] = "  12  -1.250  m31  "
                             " -13 100.500  ngc 6";
  g_autoptr(GBytes) bytes = almu_test_fits_table ("TABLE", cards, G_N_ELEMENTS (cards), 3, 19, 2, rows);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), ALMU_TABLE_ALL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 2);
  g_assert_cmpint (CELL (table, gint16, 0, 1), ==, -13);
  g_assert_cmpfloat (CELL (table, double, 1, 0), ==, -1.25);
  g_assert_cmpfloat (CELL (table, double, 1, 1), ==, 100.5);
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 2), 0), ==, "m31");
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 2), 1), ==, "ngc 6");
}

/* A name that cfitsio has no room for. */
static void
test_fits_table_bare_name (void)
{
  static const struct
  {
    int      n_bytes;
    gboolean is_taken;
  } cases[] = { { 67, TRUE }, { 68, FALSE }, { 70, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char   *name = g_strnfill (cases[i].n_bytes, 'n');
      const AlmuTestCard cards[] = { { "TTYPE1", name }, { "TFORM1", "'1D'" } };
      g_autoptr(GBytes) bytes = almu_test_fits_table ("BINTABLE", cards, 2, 1, 8, 1, "\0\0\0\0\0\0\0");
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = read_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), ALMU_TABLE_ALL, &error);

      g_assert_true ((table != NULL) == cases[i].is_taken);
      if (table == NULL)
        g_assert_nonnull (strstr (error->message, "HDU 1: TTYPE1 is not a string in quotes"));
    }
}

/* Sizes that cfitsio would divide by, and axes that it has no room for, be it
 * in the table itself or in an image in tiles that stands before it. */
static void
test_fits_table_tiles (void)
{
  static const struct
  {
    const char *kind;
    const char *name;
    const char *value;
  } cases[] = {
    { "ZIMAGE", "ZTILE1", "10" },
    { "ZIMAGE", "ZTILE1", "0" },
    { "ZIMAGE", "ZTILE1", "-1" },
    { "ZIMAGE", "ZTILE1", "0.4" },
    { "ZIMAGE", "ZTILE1", "'x'" },
    { "ZIMAGE", "ZTILE2", "0" },
    { "ZIMAGE", "ZNAXIS1", "0" },
    { "ZIMAGE", "ZNAXIS", "0" },
    { "ZIMAGE", "ZNAXIS", "7" },
    { "ZIMAGE", "ZNAXIS", "999" },
    { "ZTABLE", "ZTILELEN", "0" },
    { "ZTABLE", "ZTILELEN", "-1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const AlmuTestCard cards[] = {
        { "TTYPE1", "'COMPRESSED_DATA'" },
        { "TFORM1", "'1PB'" },
        { cases[i].name, cases[i].value },
        { cases[i].kind, "T" },
        { "ZCMPTYPE", "'GZIP_1'" },
        { "ZBITPIX", "16" },
        { "ZNAXIS", "2" },
        { "ZNAXIS1", "10" },
        { "ZNAXIS2", "1" },
        { "ZTILE1", "10" },
        { "ZTILE2", "1" },
      };
      const AlmuTestCard plain[] = { { "TTYPE1", "'d'" }, { "TFORM1", "'1D'" } };
      g_autoptr(GBytes) tiled = almu_test_fits_table ("BINTABLE", cards, G_N_ELEMENTS (cards), 1, 8, 1, "\0\0\0\0\0\0\0");
      g_autoptr(GBytes) table_bytes = almu_test_fits_table ("BINTABLE", plain, 2, 1, 8, 1, "\0\0\0\0\0\0\0");
      g_autoptr(GByteArray) both = g_byte_array_new ();
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;

      /* the second without its primary HDU */
      g_byte_array_append (both, g_bytes_get_data (tiled, NULL), (guint) g_bytes_get_size (tiled));
      g_byte_array_append (both, (const guint8 *) g_bytes_get_data (table_bytes, NULL) + 2880, (guint) g_bytes_get_size (table_bytes) - 2880);
      table = read_bytes (both->data, both->len, ALMU_TABLE_ALL, &error);

      /* the first has nothing wrong, and is passed by */
      if (i == 0)
        {
          g_assert_no_error (error);
          g_assert_cmpint (table->n_rows, ==, 1);
          continue;
        }
      g_assert_null (table);
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, cases[i].name));
    }
}

/* Cut anywhere: told so, and nothing is allocated for what is not there. */
static void
test_fits_table_truncated (void)
{
  static const AlmuTestCard cards[] = { { "TTYPE1", "'d'" }, { "TFORM1", "'1D'" } };
  g_autofree guint8        *rows = g_malloc0 (8 * 2000);
  g_autoptr(GBytes) bytes = almu_test_fits_table ("BINTABLE", cards, 2, 1, 8, 2000, rows);

  for (gsize cut = 100; cut < g_bytes_get_size (bytes); cut += 997)
    {
      gsize length = g_bytes_get_size (bytes) - cut;
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = read_bytes (g_bytes_get_data (bytes, NULL), length, ALMU_TABLE_ALL, &error);

      /* the last block is filled up */
      if (table != NULL)
        {
          g_assert_cmpuint (length, >=, 2 * 2880 + 8 * 2000);
          continue;
        }

      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "t.fits: "));
    }
}

static void
test_fits_table_promises (void)
{
  static const AlmuTestCard cards[] = { { "TTYPE1", "'d'" }, { "TFORM1", "'1D'" } };
  static const guint8       row[8] = { 0 };
  g_autoptr(GBytes) bytes = almu_test_fits_table ("BINTABLE", cards, 2, 1, 8, 1, row);
  g_autofree char *text = g_memdup2 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  char            *axis = g_strstr_len (text, (gssize) g_bytes_get_size (bytes), "NAXIS2");
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = NULL;

  /* ninety million rows, eight bytes of them there */
  memcpy (axis + 21, " 90000000", 9);
  table = read_bytes (text, g_bytes_get_size (bytes), ALMU_TABLE_ALL, &error);
  g_assert_null (table);
  g_assert_nonnull (strstr (error->message, "is truncated"));
  g_clear_error (&error);

  memcpy (axis + 21, "190000000", 9);
  table = read_bytes (text, g_bytes_get_size (bytes), ALMU_TABLE_ALL, &error);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

static void
test_fits_table_shared (void)
{
  static const struct
  {
    const char *name;
    gint64      n_rows; /* 0 for no table */
  } files[] = {
    { "tables/1904_comp.fits", 51 },
    { "tables/array_types.fits", 3 },
    { "tables/ascii.fits", 5 },
    { "tables/events.fits", 100 },
    { "tables/ivoa_example.fits", 3 },
    { "tables/tb.fits", 2 },
    { "tables/tdim.fits", 3 },
    { "tables/variable_length_table.fits", 2 },
    { "fz/bt12.fits.fz", -1 },
    { "bitpix_16.fits", 0 },
    { "fz/comp.fits", 0 },
    { "gz/dss.14.29.56-62.41.05.fits.gz", 15 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = almu_test_shared_path (files[i].name);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;
      int fd;

      if (path == NULL)
        {
          g_test_skip ("no shared files");
          return;
        }

      fd = open (path, O_RDONLY | O_CLOEXEC);
      table = almu_table_file_read (fd, files[i].name, ALMU_TABLE_ALL, NULL, &error);
      close (fd);
      g_test_message ("%s: %s", files[i].name, error != NULL ? error->message : "read");
      if (files[i].n_rows == 0)
        {
          g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
          continue;
        }

      g_assert_no_error (error);
      if (files[i].n_rows > 0)
        g_assert_cmpint (table->n_rows, ==, files[i].n_rows);
      for (guint j = 0; j < table->columns->len; j++)
        g_assert_cmpuint (almu_data_table_get_column (table, j)->values->len, ==,
                          (gsize) table->n_rows * almu_column_type_get_size (almu_data_table_get_column (table, j)->type));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/fits-table/types", test_fits_table_types);
  g_test_add_func ("/engine/fits-table/ascii", test_fits_table_ascii);
  g_test_add_func ("/engine/fits-table/bare-name", test_fits_table_bare_name);
  g_test_add_func ("/engine/fits-table/tiles", test_fits_table_tiles);
  g_test_add_func ("/engine/fits-table/truncated", test_fits_table_truncated);
  g_test_add_func ("/engine/fits-table/promises", test_fits_table_promises);
  g_test_add_func ("/engine/fits-table/shared", test_fits_table_shared);

  return g_test_run ();
}
