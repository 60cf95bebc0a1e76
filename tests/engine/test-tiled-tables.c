/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-image.h"
#include "almu-kept-tiles.h"
#include "almu-limits.h"
#include "almu-test.h"

/* Tables of tiles as the FITS Standard allows them, and cfitsio does not write
 * them. */

typedef struct
{
  char       *folder;
  GString    *cards;
  GByteArray *rows;
  GByteArray *heap;
  gint64      n_rows;
  gsize       gap; /* between the rows and the heap */
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->cards = g_string_new (NULL);
  fixture->rows = g_byte_array_new ();
  fixture->heap = g_byte_array_new ();
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_string_free (fixture->cards, TRUE);
  g_byte_array_unref (fixture->rows);
  g_byte_array_unref (fixture->heap);
}

/* -- a table ------------------------------------------------------------ */

static void
append_card (GString    *cards,
             const char *name,
             const char *value)
{
  g_autofree char *text = g_strdup_printf ("%-8s= %s", name, value);

  g_string_append_printf (cards, "%-80s", text);
}

static void
append_number (GString    *cards,
               const char *name,
               gint64      number)
{
  g_autofree char *text = g_strdup_printf ("%20" G_GINT64_FORMAT, number);

  append_card (cards, name, text);
}

static void
add_card (Fixture    *fixture,
          const char *name,
          const char *value)
{
  append_card (fixture->cards, name, value);
}

static void
add_cards (Fixture    *fixture,
           const char *prefix,
           int         n,
           const int  *numbers)
{
  for (int i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s%d", prefix, i + 1);

      append_number (fixture->cards, name, numbers[i]);
    }
}

/* As names and forms, by turns. */
static void
add_columns (Fixture           *fixture,
             const char *const *columns)
{
  int n = 0;

  for (; columns[2 * n] != NULL; n++)
    for (int i = 0; i < 2; i++)
      {
        g_autofree char *name = g_strdup_printf ("%s%d", i == 0 ? "TTYPE" : "TFORM", n + 1);
        g_autofree char *value = g_strdup_printf ("'%-8s'", columns[2 * n + i]);

        add_card (fixture, name, value);
      }
  append_number (fixture->cards, "TFIELDS", n);
}

static void
append_integer (GByteArray *bytes,
                gint64      number,
                int         n_bytes)
{
  for (int i = n_bytes - 1; i >= 0; i--)
    {
      guint8 byte = (guint8) (number >> 8 * i);

      g_byte_array_append (bytes, &byte, 1);
    }
}

static void
append_double (GByteArray *bytes,
               double      number)
{
  gint64 bits;

  memcpy (&bits, &number, sizeof bits);
  append_integer (bytes, bits, 8);
}

static void
append_float (GByteArray *bytes,
              float       number)
{
  gint32 bits;

  memcpy (&bits, &number, sizeof bits);
  append_integer (bytes, bits, 4);
}

/* Into the heap, and a descriptor of it into the row. */
static void
add_to_heap (Fixture          *fixture,
             int               descriptor_bytes,
             gint64            n_elements,
             const GByteArray *bytes)
{
  append_integer (fixture->rows, n_elements, descriptor_bytes);
  append_integer (fixture->rows, fixture->heap->len, descriptor_bytes);
  g_byte_array_append (fixture->heap, bytes->data, bytes->len);
}

static void
add_nothing (Fixture *fixture)
{
  append_integer (fixture->rows, 0, 8);
}

static GByteArray *
pack (const GByteArray *bytes)
{
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
  GByteArray *packed = g_byte_array_new ();
  gsize       n_read, n_written;

  g_byte_array_set_size (packed, bytes->len + 1000);
  g_assert_cmpint (g_converter_convert (G_CONVERTER (packer), bytes->data, bytes->len, packed->data, packed->len,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_byte_array_set_size (packed, (guint) n_written);

  return packed;
}

static void
end_block (GByteArray *file,
           guint8      fill)
{
  while (file->len % 2880 != 0)
    g_byte_array_append (file, &fill, 1);
}

static void
append_header (GByteArray *file,
               GString    *cards)
{
  g_string_append_printf (cards, "%-80s", "END");
  g_byte_array_append (file, (const guint8 *) cards->str, (guint) cards->len);
  end_block (file, ' ');
}

static char *
save (Fixture *fixture)
{
  char    *path = g_build_filename (fixture->folder, "table.fits", NULL);
  GString *primary = g_string_new (NULL);
  GString *table = g_string_new (NULL);
  guint8   nothing[200] = { 0 };
  g_autoptr(GByteArray) file = g_byte_array_new ();

  append_card (primary, "SIMPLE", "                   T");
  append_number (primary, "BITPIX", 8);
  append_number (primary, "NAXIS", 0);
  append_header (file, primary);

  append_card (table, "XTENSION", "'BINTABLE'");
  append_number (table, "BITPIX", 8);
  append_number (table, "NAXIS", 2);
  append_number (table, "NAXIS1", fixture->rows->len / fixture->n_rows);
  append_number (table, "NAXIS2", fixture->n_rows);
  append_number (table, "PCOUNT", (gint64) fixture->gap + fixture->heap->len);
  append_number (table, "GCOUNT", 1);
  if (fixture->gap > 0)
    append_number (table, "THEAP", (gint64) fixture->gap + fixture->rows->len);
  append_card (table, "ZIMAGE", "                   T");
  g_string_append_len (table, fixture->cards->str, (gssize) fixture->cards->len);
  append_header (file, table);
  g_byte_array_append (file, fixture->rows->data, fixture->rows->len);
  g_byte_array_append (file, nothing, (guint) fixture->gap);
  g_byte_array_append (file, fixture->heap->data, fixture->heap->len);
  end_block (file, 0);
  g_assert_true (g_file_set_contents (path, (const char *) file->data, file->len, NULL));
  g_string_free (primary, TRUE);
  g_string_free (table, TRUE);

  return path;
}

static AlmuImage *
open_table (Fixture *fixture,
            GError **error)
{
  g_autofree char *path = save (fixture);
  int              fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);

  return almu_image_open (fd, "table.fits", "", ALMU_IMAGE_NONE, error);
}

static void
read_all (AlmuImage *image,
          float     *pixels)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  gsize                n = (gsize) info->width * info->height * info->depth;
  g_autoptr(GError) error = NULL;

  for (int stokes = 0; stokes < info->n_stokes; stokes++)
    {
      almu_image_read (image, &(AlmuBox){ { 0, 0, info->width, info->height }, 0, info->depth, stokes },
                       pixels + (gsize) stokes * n, NULL, &error);
      g_assert_no_error (error);
    }
}

/* -- four axes, wide descriptors, a gap before the heap --------------------- */

static const int shape4[] = { 5, 4, 3, 2 };
static const int tile4[] = { 3, 2, 2, 2 };

static void
append_tile4 (GByteArray *bytes,
              const int  *tile)
{
  int at[4];

#define EACH(i) for (at[i] = tile[i] * tile4[i]; at[i] < MIN (shape4[i], (tile[i] + 1) * tile4[i]); at[i]++)
  EACH (3)
  EACH (2)
  EACH (1)
  EACH (0)
  append_integer (bytes, at[0] + 5 * at[1] + 20 * at[2] + 60 * at[3] - 40, 2);
#undef EACH
}

static void
test_tables_axes (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const char *const columns[] = { "OTHER", "3A", "COMPRESSED_DATA", "1QB(24)", NULL };
  float                    pixels[120];
  int                      tile[4] = { 0 };
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  add_columns (fixture, columns);
  add_card (fixture, "ZCMPTYPE", "'NOCOMPRESS'");
  append_number (fixture->cards, "ZBITPIX", 16);
  append_number (fixture->cards, "ZNAXIS", 4);
  add_cards (fixture, "ZNAXIS", 4, shape4);
  add_cards (fixture, "ZTILE", 4, tile4);
  add_card (fixture, "CTYPE3", "'FREQ    '");
  add_card (fixture, "CTYPE4", "'STOKES  '");
  fixture->gap = 77;
  fixture->n_rows = 2 * 2 * 2 * 1;
  for (tile[2] = 0; tile[2] < 2; tile[2]++)
    for (tile[1] = 0; tile[1] < 2; tile[1]++)
      for (tile[0] = 0; tile[0] < 2; tile[0]++)
        {
          g_autoptr(GByteArray) bytes = g_byte_array_new ();

          append_tile4 (bytes, tile);
          g_byte_array_append (fixture->rows, (const guint8 *) "abc", 3);
          add_to_heap (fixture, 8, bytes->len, bytes);
        }

  image = open_table (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpint (almu_image_get_info (image)->n_stokes, ==, 2);
  read_all (image, pixels);
  for (int i = 0; i < 120; i++)
    g_assert_cmpfloat (pixels[i], ==, i - 40);
}

/* -- reals in each of the columns ------------------------------------------ */

typedef enum
{
  BY_COLUMNS,
  BY_KEYWORDS,
} Scaling;

/* Three tiles of four pixels, the third of which was found no good as integers
 * and the second neither, by an older program. BSCALE is for all of them. */
static void
test_tables_columns (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const char *const with_numbers[] = {
    "COMPRESSED_DATA", "1PB", "UNCOMPRESSED_DATA", "1PE", "GZIP_COMPRESSED_DATA", "1PB",
    "ZSCALE", "1E", "ZZERO", "1D", "ZBLANK", "1J", NULL
  };
  static const char *const without[] = {
    "COMPRESSED_DATA", "1PB", "UNCOMPRESSED_DATA", "1PE", "GZIP_COMPRESSED_DATA", "1PB", NULL
  };
  Scaling scaling = GPOINTER_TO_INT (user_data);
  float   pixels[12];
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  add_columns (fixture, scaling == BY_COLUMNS ? with_numbers : without);
  add_card (fixture, "ZCMPTYPE", "'GZIP_1  '");
  append_number (fixture->cards, "ZBITPIX", -32);
  append_number (fixture->cards, "ZNAXIS", 2);
  add_cards (fixture, "ZNAXIS", 2, (const int[]){ 4, 3 });
  add_card (fixture, "BSCALE", "2.0");
  add_card (fixture, "BZERO", "1.0");
  if (scaling == BY_KEYWORDS)
    {
      add_card (fixture, "ZSCALE", "0.25");
      add_card (fixture, "ZZERO", "10.0");
      add_card (fixture, "ZBLANK", "-7");
    }
  fixture->n_rows = 3;
  for (int row = 0; row < 3; row++)
    {
      g_autoptr(GByteArray) bytes = g_byte_array_new ();
      g_autoptr(GByteArray) packed = NULL;

      for (int i = 0; i < 4; i++)
        if (row == 0)
          append_integer (bytes, i == 2 ? -7 : 8 * i, 4);
        else
          append_float (bytes, i == 2 ? NAN : (float) (10 + 2 * i));
      packed = pack (bytes);

      if (row == 0)
        add_to_heap (fixture, 4, packed->len, packed);
      else
        add_nothing (fixture);
      if (row == 1)
        add_to_heap (fixture, 4, 4, bytes);
      else
        add_nothing (fixture);
      if (row == 2)
        add_to_heap (fixture, 4, packed->len, packed);
      else
        add_nothing (fixture);
      if (scaling == BY_COLUMNS)
        {
          append_float (fixture->rows, row == 0 ? 0.25f : 0);
          append_double (fixture->rows, row == 0 ? 10 : 0);
          append_integer (fixture->rows, -7, 4);
        }
    }

  image = open_table (fixture, &error);
  g_assert_no_error (error);
  read_all (image, pixels);
  for (int i = 0; i < 12; i++)
    if (i % 4 == 2)
      g_assert_true (isnan (pixels[i]));
    else
      g_assert_cmpfloat (pixels[i], ==, 2 * (10 + 2 * (i % 4)) + 1);
}

/* -- wide integers -------------------------------------------------------- */

static void
test_tables_wide (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const char *const columns[] = { "COMPRESSED_DATA", "1PB", NULL };
  const gint64             values[] = { G_GINT64_CONSTANT (1) << 60, -1, 5, -(G_GINT64_CONSTANT (3) << 40) };
  float                    pixels[4];
  g_autoptr(GByteArray) shuffled = g_byte_array_new ();
  g_autoptr(GByteArray) packed = NULL;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  add_columns (fixture, columns);
  add_card (fixture, "ZCMPTYPE", "'GZIP_2  '");
  append_number (fixture->cards, "ZBITPIX", 64);
  append_number (fixture->cards, "ZNAXIS", 2);
  add_cards (fixture, "ZNAXIS", 2, (const int[]){ 2, 2 });
  add_cards (fixture, "ZTILE", 2, (const int[]){ 2, 2 });
  append_number (fixture->cards, "BLANK", 5);
  for (int byte = 7; byte >= 0; byte--)
    for (int i = 0; i < 4; i++)
      append_integer (shuffled, values[i] >> 8 * byte, 1);
  packed = pack (shuffled);
  fixture->n_rows = 1;
  add_to_heap (fixture, 4, packed->len, packed);

  image = open_table (fixture, &error);
  g_assert_no_error (error);
  read_all (image, pixels);
  for (int i = 0; i < 4; i++)
    if (values[i] == 5)
      g_assert_true (isnan (pixels[i]));
    else
      g_assert_cmpfloat (pixels[i], ==, (float) values[i]);
}

/* -- one large tile ------------------------------------------------------- */

#define SIDE 400

static void
add_large_tile (Fixture *fixture)
{
  static const char *const columns[] = { "COMPRESSED_DATA", "1PB", NULL };
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  g_autoptr(GByteArray) packed = NULL;

  add_columns (fixture, columns);
  add_card (fixture, "ZCMPTYPE", "'GZIP_1  '");
  append_number (fixture->cards, "ZBITPIX", 32);
  append_number (fixture->cards, "ZNAXIS", 2);
  add_cards (fixture, "ZNAXIS", 2, (const int[]){ SIDE, SIDE });
  add_cards (fixture, "ZTILE", 2, (const int[]){ SIDE, SIDE });
  for (int i = 0; i < SIDE * SIDE; i++)
    append_integer (bytes, i, 4);
  packed = pack (bytes);
  fixture->n_rows = 1;
  add_to_heap (fixture, 4, packed->len, packed);
}

static void
assert_box (AlmuImage *image,
            AlmuRect   area)
{
  g_autofree float *pixels = g_new (float, (gsize) area.width *area.height);
  const float      *found = pixels;
  g_autoptr(GError) error = NULL;

  almu_image_read (image, &(AlmuBox){ area, 0, 1, 0 }, pixels, NULL, &error);
  g_assert_no_error (error);
  for (int y = 0; y < area.height; y++)
    for (int x = 0; x < area.width; x++)
      g_assert_cmpfloat (*found++, ==, (area.y + y) * SIDE + area.x + x);
}

static gpointer
hammer_thread (gpointer user_data)
{
  for (int i = 0; i < 40; i++)
    assert_box (user_data, (AlmuRect){ i, 9 * i, 300, 10 });

  return NULL;
}

/* Who goes through it by rows reads and unpacks it once. */
static void
test_tables_large_tile (Fixture      *fixture,
                        gconstpointer user_data)
{
  guint64 before = almu_image_get_total_bytes_read ();
  guint64 once;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  GThread *threads[4];

  add_large_tile (fixture);
  image = open_table (fixture, &error);
  g_assert_no_error (error);

  /* many at a time, of which one unpacks it */
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, hammer_thread, image);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  once = almu_image_get_total_bytes_read () - before;
  g_assert_cmpuint (once, >=, fixture->heap->len);
  g_assert_cmpuint (once, <=, fixture->heap->len + 5 * 4096);

  assert_box (image, (AlmuRect){ 0, 0, SIDE, SIDE });
  g_assert_cmpuint (almu_image_get_total_bytes_read () - before, ==, once);

  /* another image of the same file has nothing of it */
  almu_test_await_finalize (g_steal_pointer (&image));
  image = open_table (fixture, &error);
  g_assert_no_error (error);
  assert_box (image, (AlmuRect){ 7, 7, 10, 10 });
  g_assert_cmpuint (almu_image_get_total_bytes_read () - before, >=, 2 * fixture->heap->len);
}

/* Nobody looks at these pixels. */
static GBytes *
make_empty (gpointer user_data,
            GError **error)
{
  static const float pixel = 0;

  return g_bytes_new_static (&pixel, *(gsize *) user_data);
}

static gboolean
is_kept (gint64 tile)
{
  g_autoptr(GBytes) bytes = almu_kept_tiles_find (G_MAXUINT64, tile);

  return bytes != NULL;
}

/* At and above %ALMU_LIMIT_KEPT_TILES_BYTES: what was not used for longest
 * goes, and a tile that is larger by itself is alone. */
static void
test_tables_kept (Fixture      *fixture,
                  gconstpointer user_data)
{
  gsize quarter = ALMU_LIMIT_KEPT_TILES_BYTES / 4;
  gsize larger = ALMU_LIMIT_KEPT_TILES_BYTES + 4;

  for (gint64 i = 0; i < 4; i++)
    g_bytes_unref (almu_kept_tiles_get (G_MAXUINT64, i, make_empty, &quarter, NULL));
  for (gint64 i = 0; i < 4; i++)
    g_assert_true (is_kept (i));

  g_bytes_unref (almu_kept_tiles_get (G_MAXUINT64, 4, make_empty, &quarter, NULL));
  g_assert_false (is_kept (0));
  g_assert_true (is_kept (1) && is_kept (4));

  g_bytes_unref (almu_kept_tiles_get (G_MAXUINT64, 5, make_empty, &larger, NULL));
  g_assert_false (is_kept (1) || is_kept (4));
  g_assert_true (is_kept (5));

  almu_kept_tiles_drop (G_MAXUINT64);
  g_assert_false (is_kept (5));
}

static void
test_tables_mask (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const char *const columns[] = { "COMPRESSED_DATA", "1PB", "NULL_PIXEL_MASK", "1PB", NULL };
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  add_columns (fixture, columns);
  add_card (fixture, "ZCMPTYPE", "'GZIP_1  '");
  append_number (fixture->cards, "ZBITPIX", 32);
  append_number (fixture->cards, "ZNAXIS", 2);
  add_cards (fixture, "ZNAXIS", 2, (const int[]){ 2, 1 });
  fixture->n_rows = 1;
  add_nothing (fixture);
  add_nothing (fixture);

  image = open_table (fixture, &error);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "HDU 1: has its blank pixels in a column NULL_PIXEL_MASK"));
}

#define add_test(path, data, func) \
  g_test_add (path, Fixture, GINT_TO_POINTER (data), fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/tiled-tables/axes", 0, test_tables_axes);
  add_test ("/engine/tiled-tables/columns", BY_COLUMNS, test_tables_columns);
  add_test ("/engine/tiled-tables/keywords", BY_KEYWORDS, test_tables_columns);
  add_test ("/engine/tiled-tables/wide", 0, test_tables_wide);
  add_test ("/engine/tiled-tables/large-tile", 0, test_tables_large_tile);
  add_test ("/engine/tiled-tables/kept", 0, test_tables_kept);
  add_test ("/engine/tiled-tables/mask", 0, test_tables_mask);

  return g_test_run ();
}
