/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-data-table.h"
#include "almu-image.h"
#include "almu-limits.h"
#include "almu-mask.h"
#include "almu-table-file.h"
#include "almu-test-table.h"
#include "test-hdus.h"

/* What a file may be at most: below a ceiling and at it there is no complaint,
 * above it the number is told. */

static const int steps[] = { -1, 0, 1 };

static void
assert_told (const GError *error,
             gint64        limit)
{
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, limit);

  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  if (strstr (error->message, number) == NULL)
    g_error ("“%s” does not tell the limit of %s", error->message, number);
}

/* Behind the first @at bytes. */
static void
put_behind (const char   *path,
            gsize         at,
            gconstpointer data,
            gsize         n)
{
  int fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (ftruncate (fd, (gint64) at), ==, 0);
  g_assert_cmpint (pwrite (fd, data, n, (gint64) at), ==, (gssize) n);
  close (fd);
}

/* -- headers ------------------------------------------------------------- */

/* Holes for pixels: nothing is read when it is opened. */
static gboolean
opens (Fixture    *fixture,
       const char *name,
       gint64      n_bytes,
       GError    **error)
{
  g_autofree char *path = almu_test_fits_save (fixture->fits, fixture->folder, name);
  g_autoptr(AlmuImage) image = NULL;
  GStatBuf info;
  int      fd;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (truncate (path, info.st_size + n_bytes), ==, 0);
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  image = almu_image_open (fd, name, "", ALMU_IMAGE_NONE, error);
  close (fd);

  return image != NULL;
}

static void
test_stokes (Fixture      *fixture,
             gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      gint64 n = ALMU_LIMIT_STOKES + steps[i];
      g_autoptr(GError) error = NULL;

      almu_test_fits_free (fixture->fits);
      fixture->fits = almu_test_fits_new ();
      almu_test_fits_begin (fixture->fits, 8, 4, (gint64[]){ 2, 2, 1, n });
      almu_test_fits_card (fixture->fits, "CTYPE3", "'FREQ'");
      almu_test_fits_card (fixture->fits, "CTYPE4", "'STOKES'");
      almu_test_fits_end_header (fixture->fits);
      if (opens (fixture, "stokes.fits", 4 * n + 2880, &error))
        g_assert_cmpint (steps[i], <=, 0);
      else
        assert_told (error, ALMU_LIMIT_STOKES);
    }
}

static void
test_channels (Fixture      *fixture,
               gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      gint64 n = ALMU_LIMIT_CHANNELS + steps[i];
      g_autoptr(GError) error = NULL;

      almu_test_fits_free (fixture->fits);
      fixture->fits = almu_test_fits_new ();
      almu_test_fits_begin (fixture->fits, 8, 3, (gint64[]){ 2, 2, n });
      almu_test_fits_card (fixture->fits, "CTYPE3", "'FREQ'");
      almu_test_fits_end_header (fixture->fits);
      if (opens (fixture, "deep.fits", 4 * n + 2880, &error))
        g_assert_cmpint (steps[i], <=, 0);
      else
        assert_told (error, ALMU_LIMIT_CHANNELS);
    }
}

static void
test_hdus (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autoptr(GByteArray) all = g_byte_array_new ();
  g_autoptr(GBytes) one = NULL;
  g_autoptr(AlmuTestFits) extension = almu_test_fits_new ();
  g_autofree char *path = g_build_filename (fixture->folder, "many.fits", NULL);

  almu_test_fits_begin (fixture->fits, 8, 2, (gint64[]){ 2, 2 });
  almu_test_fits_end_header (fixture->fits);
  almu_test_fits_values (fixture->fits, 4, (double[]){ 0, 0, 0, 0 });
  almu_test_fits_end (fixture->fits);
  one = almu_test_fits_to_bytes (fixture->fits);
  g_byte_array_append (all, g_bytes_get_data (one, NULL), (guint) g_bytes_get_size (one));
  g_bytes_unref (one);
  almu_test_fits_begin_extension (extension, 8, 2, (gint64[]){ 2, 2 }, "MORE");
  almu_test_fits_end_header (extension);
  almu_test_fits_values (extension, 4, (double[]){ 0, 0, 0, 0 });
  almu_test_fits_end (extension);
  one = almu_test_fits_to_bytes (extension);
  while (all->len / g_bytes_get_size (one) < ALMU_LIMIT_HDUS - 2)
    g_byte_array_append (all, g_bytes_get_data (one, NULL), (guint) g_bytes_get_size (one));

  put_behind (path, 0, all->data, all->len);

  /* there may be more: they are not seen */
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(GPtrArray) infos = NULL;
      g_autoptr(GError) error = NULL;

      put_behind (path, all->len + i * g_bytes_get_size (one), g_bytes_get_data (one, NULL), g_bytes_get_size (one));
      infos = read_path (path, NULL, ALMU_IMAGE_NONE, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (infos->len, ==, ALMU_LIMIT_HDUS + MIN (steps[i], 0));
    }
}

static void
test_cards (Fixture      *fixture,
            gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "long.fits", NULL);
  g_autoptr(GString) text = g_string_new (NULL);
  static const char *const first[] = { "SIMPLE  =                    T", "BITPIX  =                    8",
                                       "NAXIS   =                    2", "NAXIS1  =                    2",
                                       "NAXIS2  =                    2" };

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_string_append_printf (text, "%-80s", first[i]);
  while (text->len / 80 < ALMU_LIMIT_CARDS - 1)
    g_string_append_printf (text, "%-80s", "HISTORY of what was done to it");

  put_behind (path, 0, text->str, text->len);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(GString) rest = g_string_new (NULL);
      g_autoptr(GPtrArray) infos = NULL;
      g_autoptr(GError) error = NULL;

      for (int k = -1; k < steps[i]; k++)
        g_string_append_printf (rest, "%-80s", "HISTORY of more");
      g_string_append_printf (rest, "%-80s", "END");
      while ((text->len + rest->len) % 2880 != 0)
        g_string_append_printf (rest, "%-80s", "");
      g_string_append_printf (rest, "%-2880s", "data");
      put_behind (path, text->len, rest->str, rest->len);
      infos = read_path (path, NULL, ALMU_IMAGE_NONE, &error);
      if (infos != NULL)
        g_assert_cmpint (steps[i], <=, 0);
      else
        assert_told (error, ALMU_LIMIT_CARDS);
    }
}

static void
append_hdu (GString *text,
            guint    n_cards)
{
  static const char *const first[] = { "XTENSION= 'IMAGE   '", "BITPIX  =                    8", "NAXIS   =                    2",
                                       "NAXIS1  =                    2", "NAXIS2  =                    2" };

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_string_append_printf (text, "%-80s", i == 0 && text->len == 0 ? "SIMPLE  =                    T" : first[i]);
  for (guint i = G_N_ELEMENTS (first); i < n_cards; i++)
    g_string_append_printf (text, "%-80s", "HISTORY of what was done to it");
  g_string_append_printf (text, "%-80s", "END");
  while (text->len % 2880 != 0)
    g_string_append_printf (text, "%-80s", "");
  g_string_append_printf (text, "%-2880s", "data");
}

/* Many images with long headers: when there are enough cards, what follows is
 * not listed, but can be asked for. */
static void
test_listed_cards (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "many-long.fits", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(GPtrArray) infos = NULL;
      g_autoptr(GPtrArray) last = NULL;
      g_autoptr(GError) error = NULL;

      append_hdu (text, ALMU_LIMIT_LISTED_CARDS / 5 * 2);
      append_hdu (text, ALMU_LIMIT_LISTED_CARDS / 5 * 2);
      append_hdu (text, (guint) (ALMU_LIMIT_LISTED_CARDS / 5 + steps[i]));
      append_hdu (text, 10);
      put_behind (path, 0, text->str, text->len);
      infos = read_path (path, NULL, ALMU_IMAGE_NONE, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (infos->len, ==, steps[i] < 0 ? 4 : 3);
      last = read_path (path, "3", ALMU_IMAGE_NONE, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (last->len, ==, 1);
    }
}

/* -- tables -------------------------------------------------------------- */

static AlmuDataTable *
read_table (const char *path,
            GError    **error)
{
  int            fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  AlmuDataTable *table = almu_table_file_read (fd, "t", ALMU_TABLE_ALL, NULL, error);

  close (fd);

  return table;
}

/* One that says so many rows of nothing. */
static void
test_rows (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autofree char *fits_path = g_build_filename (fixture->folder, "t.fits", NULL);
  g_autofree char *content = NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *rows = g_strdup_printf ("NAXIS2  = %20d", ALMU_LIMIT_TABLE_ROWS + 1);
  char            *place;
  gsize            length;

  bytes = almu_test_fits_table ("BINTABLE", (const AlmuTestCard[]){ { "TFORM1", "'1B'" } }, 1, 1, 1, 1, "x");
  content = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));
  place = g_strstr_len (content, (gssize) length, "NAXIS2  =");
  memcpy (place, rows, strlen (rows));
  g_assert_true (g_file_set_contents (fits_path, content, (gssize) length, NULL));
  g_assert_cmpint (truncate (fits_path, (gint64) length + ALMU_LIMIT_TABLE_ROWS), ==, 0);
  table = read_table (fits_path, &error);
  g_assert_null (table);
  assert_told (error, ALMU_LIMIT_TABLE_ROWS);
}

static void
test_columns (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "t.vot", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(GString) text = g_string_new ("<VOTABLE><RESOURCE><TABLE>");
      g_autoptr(AlmuDataTable) table = NULL;
      g_autoptr(GError) error = NULL;

      for (int k = 0; k < ALMU_LIMIT_TABLE_COLUMNS + steps[i]; k++)
        g_string_append_printf (text, "<FIELD name=\"c%d\" datatype=\"int\"/>", k);
      g_string_append (text, "<DATA><TABLEDATA/></DATA></TABLE></RESOURCE></VOTABLE>");
      g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
      table = read_table (path, &error);
      if (table != NULL)
        g_assert_cmpuint (table->columns->len, ==, ALMU_LIMIT_TABLE_COLUMNS + MIN (steps[i], 0));
      else
        assert_told (error, ALMU_LIMIT_TABLE_COLUMNS);
      g_assert_true ((table == NULL) == (steps[i] > 0));
    }
}

static void
test_cell (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "t.vot", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr(GString) text = g_string_new ("<VOTABLE><RESOURCE><TABLE><FIELD name=\"a\" datatype=\"char\" arraysize=\"*\"/>"
                                               "<DATA><TABLEDATA><TR><TD>");
      g_autofree char *cell = g_strnfill (ALMU_LIMIT_CELL_BYTES + (gsize) (1 + steps[i]) - 1, 'x');
      g_autoptr(AlmuDataTable) table = NULL;
      g_autoptr(GError) error = NULL;

      g_string_append (text, cell);
      g_string_append (text, "</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>");
      g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
      table = read_table (path, &error);
      if (table != NULL)
        g_assert_cmpuint (strlen (almu_column_get_text (almu_data_table_get_column (table, 0), 0)), ==,
                          ALMU_LIMIT_CELL_BYTES + steps[i]);
      else
        assert_told (error, ALMU_LIMIT_CELL_BYTES);
      g_assert_true ((table == NULL) == (steps[i] > 0));
    }
}

/* What tables take, told beforehand: no memory is needed to be refused. */
static void
test_bytes (void)
{
  g_autoptr(AlmuDataTable) table = almu_data_table_new (ALMU_TABLE_FITS);
  g_autoptr(AlmuDataTable) second = almu_data_table_new (ALMU_TABLE_FITS);
  g_autoptr(AlmuDataTable) third = almu_data_table_new (ALMU_TABLE_FITS);
  g_autoptr(GError) error = NULL;

  G_STATIC_ASSERT (ALMU_LIMIT_TABLES_BYTES == 2 * ALMU_LIMIT_TABLE_BYTES);
  g_assert_true (almu_data_table_account (table, ALMU_LIMIT_TABLE_BYTES - 1, &error));
  g_assert_true (almu_data_table_account (table, ALMU_LIMIT_TABLE_BYTES, &error));
  g_assert_false (almu_data_table_account (table, ALMU_LIMIT_TABLE_BYTES + 1, &error));
  assert_told (error, ALMU_LIMIT_TABLE_BYTES);
  g_clear_error (&error);

  g_assert_true (almu_data_table_account (second, ALMU_LIMIT_TABLE_BYTES - 1, &error));
  g_assert_true (almu_data_table_account (third, 1, &error));
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, ALMU_LIMIT_TABLES_BYTES);
  g_assert_false (almu_data_table_account (third, 2, &error));
  assert_told (error, ALMU_LIMIT_TABLES_BYTES);
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, ALMU_LIMIT_TABLES_BYTES);
}

static void
test_notes (void)
{
  g_autoptr(AlmuDataTable) table = almu_data_table_new (ALMU_TABLE_FITS);
  g_autofree char *text = g_strnfill (ALMU_LIMIT_TABLE_NOTES_BYTES - strlen ("a: \nb") - 1, 'x');

  g_assert_true (almu_data_table_note (table, "a", text));
  g_assert_false (almu_data_table_note (table, "b", "xx"));
  g_assert_true (almu_data_table_note (table, "b", "x"));
  g_assert_false (almu_data_table_note (table, "c", "x"));
}

/* -- regions ------------------------------------------------------------- */

/* A zigzag over all rows of an image of this height. */
static gboolean
checks (int      n_points,
        int      height,
        GError **error)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, n_points);
  g_autoptr(AlmuShape) shape = NULL;

  for (int i = 0; i < n_points; i++)
    points[i] = (AlmuPoint){ (float) i, i % 2 ? (float) height : -1 };
  shape = almu_shape_new (ALMU_SHAPE_POLYGON, points, (gsize) n_points, 0, error);
  g_assert_nonnull (shape);

  return almu_mask_check (shape, n_points, height, error);
}

static void
test_crossings (void)
{
  g_autoptr(GError) error = NULL;
  const int n_points = 1 << 10;

  g_assert_true (checks (n_points, ALMU_LIMIT_CROSSINGS / n_points - 1, &error));
  g_assert_true (checks (n_points, ALMU_LIMIT_CROSSINGS / n_points, &error));
  g_assert_false (checks (n_points, ALMU_LIMIT_CROSSINGS / n_points + 1, &error));
  assert_told (error, ALMU_LIMIT_CROSSINGS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/engine/ceilings/stokes", test_stokes);
  add_test ("/engine/ceilings/channels", test_channels);
  add_test ("/engine/ceilings/hdus", test_hdus);
  add_test ("/engine/ceilings/cards", test_cards);
  add_test ("/engine/ceilings/listed-cards", test_listed_cards);
  add_test ("/engine/ceilings/rows", test_rows);
  add_test ("/engine/ceilings/columns", test_columns);
  add_test ("/engine/ceilings/cell", test_cell);
  g_test_add_func ("/engine/ceilings/bytes", test_bytes);
  g_test_add_func ("/engine/ceilings/notes", test_notes);
  g_test_add_func ("/engine/ceilings/crossings", test_crossings);

  return g_test_run ();
}
