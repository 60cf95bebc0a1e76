/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <fitsio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-table-file.h"
#include "almu-test.h"

/* Tables that are packed column by column, by cfitsio: what we read of one is
 * what we read of the plain one, and whatever happens to it is told. */

#define N_ROWS 137

static const char *const names[] = { "b", "i", "j", "k", "e", "d", "is", "name", "l", "x", "c" };
static const char *const forms[] = { "1B", "1I", "1J", "1K", "1E", "1D", "3I", "8A", "1L", "5X", "1C" };

static void
assert_good (int status)
{
  char text[FLEN_STATUS] = "";

  fits_get_errstatus (status, text);
  if (status != 0)
    g_error ("cfitsio: %s", text);
}

static void
write_plain (const char *path,
             const char *algorithm,
             int         n_tile_rows)
{
  fitsfile *file = NULL;
  int       status = 0;

  fits_create_file (&file, path, &status);
  fits_create_tbl (file, BINARY_TBL, N_ROWS, G_N_ELEMENTS (names), (char **) names, (char **) forms, NULL, NULL, &status);
  fits_update_key (file, TSTRING, "FZALGOR", (char *) algorithm, NULL, &status);
  if (n_tile_rows > 0)
    fits_update_key (file, TINT, "FZTILELN", &n_tile_rows, NULL, &status);
  for (int row = 1; row <= N_ROWS; row++)
    {
      gint64 number = (gint64) g_test_rand_int () * (1 << 20) + row;
      guint8 byte = (guint8) number;
      gint16 shorts[] = { (gint16) number, (gint16) (row * row), (gint16) -row };
      gint32 integer = (gint32) (number >> 8);
      double real = (double) number / 7;
      char   text[9];
      char  *pointer = text;
      char   truth = (char) (row % 3 == 0);

      g_snprintf (text, sizeof text, "s%d", row % 100);
      fits_write_col (file, TBYTE, 1, row, 1, 1, &byte, &status);
      fits_write_col (file, TSHORT, 2, row, 1, 1, shorts, &status);
      fits_write_col (file, TINT, 3, row, 1, 1, &integer, &status);
      fits_write_col (file, TLONGLONG, 4, row, 1, 1, &number, &status);
      fits_write_col (file, TDOUBLE, 5, row, 1, 1, &real, &status);
      fits_write_col (file, TDOUBLE, 6, row, 1, 1, &real, &status);
      fits_write_col (file, TSHORT, 7, row, 1, 3, shorts, &status);
      fits_write_col (file, TSTRING, 8, row, 1, 1, &pointer, &status);
      fits_write_col (file, TLOGICAL, 9, row, 1, 1, &truth, &status);
    }
  fits_close_file (file, &status);
  assert_good (status);
}

static void
pack (const char *plain,
      const char *packed)
{
  fitsfile *in = NULL;
  fitsfile *out = NULL;
  int       status = 0;

  fits_open_table (&in, plain, READONLY, &status);
  fits_create_file (&out, packed, &status);
  fits_compress_table (in, out, &status);
  fits_close_file (out, &status);
  fits_close_file (in, &status);
  assert_good (status);
}

static AlmuDataTable *
read_table (const char *path,
            GError    **error)
{
  int            fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  AlmuDataTable *table = almu_table_file_read (fd, "t.fits", ALMU_TABLE_ALL, NULL, error);

  close (fd);
  g_assert_true ((table == NULL) == (error != NULL && *error != NULL));

  return table;
}

static void
assert_equal (AlmuDataTable *a,
              AlmuDataTable *b)
{
  g_assert_cmpint (a->n_rows, ==, N_ROWS);
  g_assert_cmpint (b->n_rows, ==, N_ROWS);
  g_assert_cmpuint (a->columns->len, ==, G_N_ELEMENTS (names));
  g_assert_cmpuint (b->columns->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < a->columns->len; i++)
    {
      const AlmuColumn *x = almu_data_table_get_column (a, i);
      const AlmuColumn *y = almu_data_table_get_column (b, i);

      g_assert_cmpstr (x->name, ==, y->name);
      g_assert_cmpint (x->type, ==, y->type);
      if (x->type == ALMU_COLUMN_STRING)
        for (gsize row = 0; row < N_ROWS; row++)
          g_assert_cmpstr (almu_column_get_text (x, row), ==, almu_column_get_text (y, row));
      else
        g_assert_cmpmem (x->values->data, x->values->len, y->values->data, y->values->len);
    }
}

static void
test_packed_table_same (void)
{
  static const char *const algorithms[] = { "GZIP_1", "GZIP_2", "RICE_1" };
  static const int         tiles[] = { 0, 1, 10, N_ROWS - 1, N_ROWS, N_ROWS + 1 };
  g_autofree char         *folder = almu_test_make_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    for (guint k = 0; k < G_N_ELEMENTS (tiles); k++)
      {
        g_autofree char *plain = g_strdup_printf ("%s/p%u-%u.fits", folder, i, k);
        g_autofree char *packed = g_strdup_printf ("%s/z%u-%u.fits", folder, i, k);
        g_autoptr(GError) error = NULL;
        g_autoptr(AlmuDataTable) expected = NULL;
        g_autoptr(AlmuDataTable) table = NULL;

        write_plain (plain, algorithms[i], tiles[k]);
        pack (plain, packed);
        expected = read_table (plain, &error);
        g_assert_no_error (error);
        table = read_table (packed, &error);
        g_assert_no_error (error);
        assert_equal (table, expected);
      }
  almu_test_remove_folder (folder);
}

/* Bytes that are others, anywhere: in the cards, the descriptors, the heap. */
static void
test_packed_table_mutated (void)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autofree char *plain = g_build_filename (folder, "plain.fits", NULL);
  g_autofree char *packed = g_build_filename (folder, "packed.fits", NULL);
  g_autofree char *bytes = NULL;
  gsize            n_bytes;
  int              n_rounds = almu_test_is_slow () ? 50000 : 1500;

  write_plain (plain, "RICE_1", 50);
  pack (plain, packed);
  g_assert_true (g_file_get_contents (packed, &bytes, &n_bytes, NULL));
  for (int i = 0; i < n_rounds; i++)
    {
      static const char digits[] = "0123456789-' TFPQXLBIJKAEDCM";
      g_autofree char  *damaged = g_memdup2 (bytes, n_bytes);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;

      for (int k = g_test_rand_int_range (1, 6); k > 0; k--)
        {
          gsize at = (gsize) g_test_rand_int_range (2880, (int) n_bytes);

          damaged[at] = g_test_rand_bit () ? digits[g_test_rand_int_range (0, sizeof digits - 1)] : (char) g_test_rand_int_range (0, 256);
        }
      g_assert_true (g_file_set_contents_full (packed, damaged, (gssize) n_bytes, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      table = read_table (packed, &error);
      if (error != NULL)
        g_assert_true (g_str_has_prefix (error->message, "t.fits: "));
    }
  almu_test_remove_folder (folder);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/packed-table/same", test_packed_table_same);
  g_test_add_func ("/engine/packed-table/mutated", test_packed_table_mutated);

  return g_test_run ();
}
