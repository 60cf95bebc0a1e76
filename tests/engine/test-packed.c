/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <bzlib.h>
#include <fitsio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-figures.h"
#include "almu-image.h"
#include "almu-inflate-private.h"
#include "almu-inflated.h"
#include "almu-limits.h"
#include "almu-test-status.h"
#include "almu-test.h"

/* Images in tiles, and files that are compressed as a whole. */

#define WIDTH 61
#define HEIGHT 300
#define DEPTH 4

typedef struct
{
  char *folder;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static float
pixel (int x,
       int y,
       int channel)
{
  return (float) (x + 70 * y + 25000 * channel);
}

static AlmuImage *
open_path (const char *path,
           GError    **error)
{
  g_autofree char *name = g_path_get_basename (path);
  int              fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);

  return almu_image_open (fd, name, "", ALMU_IMAGE_NONE, error);
}

static void
check_box (AlmuImage     *image,
           const AlmuBox *box)
{
  g_autofree float *pixels = g_new (float, (gsize) box->area.width * box->area.height * box->n_channels);
  g_autoptr(GError) error = NULL;
  const float *found = pixels;

  almu_image_read (image, box, pixels, NULL, &error);
  g_assert_no_error (error);
  for (int z = 0; z < box->n_channels; z++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        g_assert_cmpfloat (*found++, ==, pixel (box->area.x + x, box->area.y + y, box->channel + z));
}

static AlmuBox
random_box (void)
{
  AlmuBox box = { 0 };

  box.area.x = g_test_rand_int_range (0, WIDTH);
  box.area.y = g_test_rand_int_range (0, HEIGHT);
  box.area.width = g_test_rand_int_range (1, WIDTH - box.area.x + 1);
  box.area.height = g_test_rand_int_range (1, HEIGHT - box.area.y + 1);
  box.channel = g_test_rand_int_range (0, DEPTH);
  box.n_channels = g_test_rand_int_range (1, DEPTH - box.channel + 1);

  return box;
}

/* -- tiles ---------------------------------------------------------------- */

typedef const char *const Types[3];

static Types usual = { "RA---SIN", "DEC--SIN", "FREQ" };

/* RICE_1, GZIP_1 …; 0 for an image that is not packed */
static char *
write_tiles_of (Fixture    *fixture,
                int         type,
                int         bitpix,
                Types       types,
                const long *tile)
{
  char             *path = g_build_filename (fixture->folder, type != 0 ? "tiled.fits.fz" : "plain.fits", NULL);
  long              shape[] = { WIDTH, HEIGHT, DEPTH };
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT *DEPTH);
  fitsfile         *file = NULL;
  int               status = 0;
  gsize             i = 0;

  for (int z = 0; z < DEPTH; z++)
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++)
        pixels[i++] = pixel (x, y, z);

  g_unlink (path);
  fits_create_diskfile (&file, path, &status);
  if (type != 0)
    {
      fits_set_compression_type (file, type, &status);
      fits_set_tile_dim (file, 3, (long *) tile, &status);
      if (bitpix < 0)
        fits_set_quantize_level (file, 0, &status);
    }
  fits_create_img (file, bitpix, 3, shape, &status);
  fits_write_key_str (file, "CTYPE1", types[0], NULL, &status);
  fits_write_key_str (file, "CTYPE2", types[1], NULL, &status);
  fits_write_key_str (file, "CTYPE3", types[2], NULL, &status);
  fits_write_img (file, TFLOAT, 1, WIDTH * HEIGHT * DEPTH, pixels, &status);
  fits_close_file (file, &status);
  if (status != 0)
    g_error ("cfitsio cannot write type %d, BITPIX %d: %d", type, bitpix, status);

  return path;
}

static char *
write_tiled (Fixture *fixture,
             int      type,
             int      bitpix,
             Types    types)
{
  return write_tiles_of (fixture, type, bitpix, types, (const long[]){ 20, 32, 1 });
}

static gpointer
hammer_thread (gpointer user_data)
{
  for (int i = 0; i < 30; i++)
    check_box (user_data, &(AlmuBox){ { i % 30, 7 * i, 25, 60 }, i % DEPTH, 1, 0 });

  return NULL;
}

static void
test_packed_tiles (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    int type;
    int bitpix;
  } cases[] = {
    { RICE_1, LONG_IMG },
    { GZIP_1, LONG_IMG },
    { GZIP_2, FLOAT_IMG },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_tiled (fixture, cases[i].type, cases[i].bitpix, usual);
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;
      GThread *threads[5];

      image = open_path (path, &error);
      g_assert_no_error (error);
      g_assert_true (almu_image_get_info (image)->is_compressed);
      for (int k = 0; k < 30; k++)
        {
          AlmuBox box = random_box ();

          check_box (image, &box);
        }

      /* side by side, each with a handle of its own */
      for (guint k = 0; k < G_N_ELEMENTS (threads); k++)
        threads[k] = g_thread_new (NULL, hammer_thread, image);
      for (guint k = 0; k < G_N_ELEMENTS (threads); k++)
        g_thread_join (threads[k]);
    }
}

/* The 8 bytes of a tile in the table are its length and its place. */
static void
set_claim (guint8 *bytes,
           gsize   n_bytes,
           int     tile,
           guint32 n_elements,
           guint32 offset)
{
  const guint8 *header = memmem (bytes, n_bytes, "XTENSION= 'BINTABLE'", 20);
  const guint8 *end = memmem (header, n_bytes - (gsize) (header - bytes), "END      ", 9);
  guint8       *row = bytes + ((gsize) (end - bytes) / 2880 + 1) * 2880 + tile * 8;
  guint32       claim[] = { GUINT32_TO_BE (n_elements), GUINT32_TO_BE (offset) };

  memcpy (row, claim, sizeof claim);
}

static void
assert_plane (AlmuImage  *image,
              int         channel,
              const char *complaint)
{
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT);
  g_autoptr(GError) error = NULL;

  almu_image_read (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, channel, 1, 0 }, pixels, NULL, &error);
  if (complaint == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_nonnull (error);
  if (strstr (error->message, complaint) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, complaint);
}

/* What a tile claims is not believed: nothing is taken for it. */
static void
test_packed_claims (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const struct
  {
    guint32     n_elements;
    guint32     offset;
    const char *complaint;
  } cases[] = {
    { 0x7fffffff, 0, "tile 1, from pixel 1,1,1 on: claims to be 2147483647 elements" },
    { 16, 0x7ffffff0, "tile 1, from pixel 1,1,1 on: claims to be 16 elements at byte 2147483632" },
    { 0x80000000, 0, "tile 1, from pixel 1,1,1 on: claims to be 2147483648 elements" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_tiled (fixture, GZIP_1, LONG_IMG, usual);
      g_autofree char *bytes = NULL;
      gsize            n_bytes;
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
      set_claim ((guint8 *) bytes, n_bytes, 0, cases[i].n_elements, cases[i].offset);
      g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
      image = open_path (path, &error);
      g_assert_no_error (error);
      assert_plane (image, 0, cases[i].complaint);
      assert_plane (image, 1, NULL);
    }
}

static void
set_card (char       *bytes,
          gsize       n_bytes,
          const char *name,
          gint64      value)
{
  char            *card = memmem (bytes, n_bytes, name, strlen (name));
  g_autofree char *text = g_strdup_printf ("%-8s= %20" G_GINT64_FORMAT, name, value);

  memcpy (card, text, 30);
}

/* At and above %ALMU_LIMIT_TILE_PIXELS. Tiles that reach beyond the image are
 * no larger than it. */
static void
test_packed_large_tiles (Fixture      *fixture,
                         gconstpointer user_data)
{
  static const struct
  {
    gint64      width;
    gint64      tile_width;
    const char *complaint;
  } cases[] = {
    { WIDTH, ALMU_LIMIT_TILE_PIXELS + 1, NULL },
    { ALMU_LIMIT_TILE_PIXELS / HEIGHT, ALMU_LIMIT_TILE_PIXELS, NULL },
    { ALMU_LIMIT_TILE_PIXELS / HEIGHT + 1, ALMU_LIMIT_TILE_PIXELS, "ZTILE2 is 300: a compressed tile may have" },
    { ALMU_LIMIT_TILE_PIXELS + 1, ALMU_LIMIT_TILE_PIXELS + 1, "ZTILE1 is 134217729: a compressed tile may have" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_tiles_of (fixture, GZIP_1, LONG_IMG, usual, (const long[]){ WIDTH, HEIGHT, 1 });
      g_autofree char *bytes = NULL;
      gsize            n_bytes;
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
      set_card (bytes, n_bytes, "ZNAXIS1", cases[i].width);
      set_card (bytes, n_bytes, "ZTILE1", cases[i].tile_width);
      g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
      image = open_path (path, &error);
      if (cases[i].complaint == NULL)
        {
          g_assert_no_error (error);
          if (cases[i].width == WIDTH)
            assert_plane (image, 0, NULL);
          continue;
        }
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
      g_assert_nonnull (strstr (error->message, cases[i].complaint));
    }
}

/* Whichever axes are shown: it is the same as without tiles. */
static void
test_packed_axes (Fixture      *fixture,
                  gconstpointer user_data)
{
  static Types orders[] = {
    { "DEC--SIN", "RA---SIN", "FREQ" },
    { "FREQ", "RA---SIN", "DEC--SIN" },
    { "FREQ", "DEC--SIN", "RA---SIN" },
    { "DEC--SIN", "FREQ", "RA---SIN" },
    { "STOKES", "DEC--SIN", "RA---SIN" },
    { "RA---SIN", "STOKES", "DEC--SIN" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autofree char *plain_path = write_tiled (fixture, 0, LONG_IMG, orders[i]);
      g_autofree char *path = write_tiled (fixture, RICE_1, LONG_IMG, orders[i]);
      g_autoptr(AlmuImage) plain = open_path (plain_path, NULL);
      g_autoptr(AlmuImage) image = open_path (path, NULL);
      const AlmuImageInfo *info = almu_image_get_info (plain);
      AlmuBox              box = { { 0, 0, info->width, info->height }, 0, info->depth, info->n_stokes - 1 };
      gsize                n = (gsize) info->width * info->height * info->depth;
      g_autofree float    *expected = g_new (float, n);
      g_autofree float    *found = g_new (float, n);

      g_assert_true (almu_image_read (plain, &box, expected, NULL, NULL));
      g_assert_true (almu_image_read (image, &box, found, NULL, NULL));
      g_assert_cmpmem (found, n * sizeof *found, expected, n * sizeof *expected);
    }
}

/* -- whole files ---------------------------------------------------------- */

static double
value_at (const gint64 *position,
          gpointer      user_data)
{
  return pixel ((int) position[0], (int) position[1], (int) position[2]);
}

static GBytes *
make_fits (void)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, -32, 3, (gint64[]){ WIDTH, HEIGHT, DEPTH });
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, value_at, NULL);
  almu_test_fits_end (fits);

  return almu_test_fits_to_bytes (fits);
}

static GByteArray *
pack (const guint8 *bytes,
      gsize         n_bytes)
{
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
  GByteArray *packed = g_byte_array_new ();
  gsize       n_read, n_written;

  g_byte_array_set_size (packed, n_bytes + 1000);
  g_assert_cmpint (g_converter_convert (G_CONVERTER (packer), bytes, n_bytes, packed->data, packed->len,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_byte_array_set_size (packed, n_written);

  return packed;
}

static char *
save (Fixture      *fixture,
      const guint8 *bytes,
      gsize         n_bytes)
{
  char *path = g_build_filename (fixture->folder, "packed.fits.gz", NULL);

  g_assert_true (g_file_set_contents (path, (const char *) bytes, n_bytes, NULL));

  return path;
}

static guint
count_fds (void)
{
  g_autoptr(GDir) dir = NULL;
  guint n = 0;

  /* has one of its own, for whoever keeps something for a while */
  g_main_context_default ();
  almu_inflated_clear_shelf ();
  dir = g_dir_open ("/proc/self/fd", 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

/* In one stream, in two, and with something behind. */
static void
test_packed_gzip (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GBytes) plain = make_fits ();
  gsize         n_plain;
  const guint8 *bytes = g_bytes_get_data (plain, &n_plain);
  g_autoptr(GByteArray) whole = pack (bytes, n_plain);
  g_autoptr(GByteArray) two = pack (bytes, 5000);
  g_autoptr(GByteArray) rest = pack (bytes + 5000, n_plain - 5000);
  GByteArray *kinds[3] = { whole, two, NULL };
  guint       n_fds = count_fds ();

  g_byte_array_append (two, rest->data, rest->len);
  kinds[2] = pack (bytes, n_plain);
  g_byte_array_append (kinds[2], (const guint8 *) "and some more", 13);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = save (fixture, kinds[i]->data, kinds[i]->len);
      g_autoptr(GError) error = NULL;
      AlmuImage *image = open_path (path, &error);

      g_assert_no_error (error);
      check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 0 });
      g_assert_cmpint (almu_image_get_fingerprint (image)->size, ==, kinds[i]->len);
      g_object_unref (image);
    }

  g_byte_array_unref (kinds[2]);
  /* what was inflated is gone with the images */
  g_assert_cmpuint (count_fds (), ==, n_fds);
}

/* Tiles within. */
static void
test_packed_tiles_in_gzip (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autofree char *tiled_path = write_tiled (fixture, RICE_1, LONG_IMG, usual);
  g_autofree char *bytes = NULL;
  g_autofree char *path = NULL;
  gsize            n_bytes;
  g_autoptr(GByteArray) packed = NULL;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_get_contents (tiled_path, &bytes, &n_bytes, NULL));
  packed = pack ((const guint8 *) bytes, n_bytes);
  path = save (fixture, packed->data, packed->len);
  image = open_path (path, &error);
  g_assert_no_error (error);
  g_assert_true (almu_image_get_info (image)->is_compressed);
  for (int i = 0; i < 10; i++)
    {
      AlmuBox box = random_box ();

      check_box (image, &box);
    }
}

/* What was cut before it was packed is not said to have changed. */
static void
test_packed_short (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *tiled_path = write_tiled (fixture, RICE_1, LONG_IMG, usual);
  g_autoptr(GBytes) plain = make_fits ();

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *bytes = NULL;
      g_autofree char *path = NULL;
      gsize            n_bytes = g_bytes_get_size (plain);
      g_autoptr(GByteArray) packed = NULL;
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;

      if (i == 0)
        bytes = g_memdup2 (g_bytes_get_data (plain, NULL), n_bytes);
      else
        g_assert_true (g_file_get_contents (tiled_path, &bytes, &n_bytes, NULL));
      packed = pack ((const guint8 *) bytes, n_bytes / 2);
      path = save (fixture, packed->data, packed->len);
      image = open_path (path, &error);
      g_assert_no_error (error);
      assert_plane (image, 0, NULL);
      assert_plane (image, DEPTH - 1, "packed.fits.gz: is cut short: bytes");
    }
}

static gpointer
open_thread (gpointer user_data)
{
  return open_path (user_data, NULL);
}

/* Whoever asks, at whatever time: a file is unpacked once, and once more if
 * it is another. */
static void
test_packed_once (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(GBytes) plain = make_fits ();
  gint64 n_plain = (gint64) g_bytes_get_size (plain);
  g_autoptr(GByteArray) packed = pack (g_bytes_get_data (plain, NULL), (gsize) n_plain);
  g_autofree char *path = save (fixture, packed->data, packed->len);
  gsize            before = almu_figures_get (ALMU_FIGURE_INFLATED_FILES);
  GThread         *threads[4];
  AlmuImage       *images[G_N_ELEMENTS (threads)];
  g_autoptr(GPtrArray) infos = NULL;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  /* asked for, and opened by several at once */
  almu_inflated_clear_shelf ();
  infos = almu_image_list (fd, "packed.fits.gz", "", ALMU_IMAGE_NONE, NULL);
  g_assert_cmpuint (infos->len, ==, 1);
  close (fd);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, open_thread, path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      images[i] = g_thread_join (threads[i]);
      check_box (images[i], &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 0 });
    }
  g_assert_cmpuint (almu_figures_get (ALMU_FIGURE_INFLATED_FILES), ==, before + 1);
  g_assert_cmpint (almu_inflated_get_total_bytes (TRUE) + almu_inflated_get_total_bytes (FALSE), ==, n_plain);

  /* in use it is not given back */
  almu_inflated_clear_shelf ();
  g_assert_cmpint (almu_inflated_get_total_bytes (TRUE) + almu_inflated_get_total_bytes (FALSE), ==, n_plain);
  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    g_object_unref (images[i]);
  images[0] = open_path (path, NULL);
  g_assert_cmpuint (almu_figures_get (ALMU_FIGURE_INFLATED_FILES), ==, before + 1);
  g_object_unref (images[0]);
  almu_inflated_clear_shelf ();
  g_assert_cmpint (almu_inflated_get_total_bytes (TRUE) + almu_inflated_get_total_bytes (FALSE), ==, 0);

  /* another file of the same name */
  images[0] = open_path (path, NULL);
  g_object_unref (images[0]);
  g_free (save (fixture, packed->data, packed->len));
  images[0] = open_path (path, NULL);
  g_object_unref (images[0]);
  g_assert_cmpuint (almu_figures_get (ALMU_FIGURE_INFLATED_FILES), ==, before + 3);
}

/* More than a few are not kept for later. */
static void
test_packed_shelf (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GBytes) plain = make_fits ();
  gint64 n_plain = (gint64) g_bytes_get_size (plain);
  g_autoptr(GByteArray) packed = pack (g_bytes_get_data (plain, NULL), (gsize) n_plain);

  almu_inflated_clear_shelf ();
  for (guint i = 0; i < ALMU_LIMIT_IDLE_INFLATED + 2; i++)
    {
      g_autofree char *path = save (fixture, packed->data, packed->len);

      g_object_unref (open_path (path, NULL));
      g_assert_cmpint (almu_inflated_get_total_bytes (TRUE) + almu_inflated_get_total_bytes (FALSE), ==,
                       n_plain * MIN (i + 1, ALMU_LIMIT_IDLE_INFLATED));
    }
}

static void
assert_put (gint64      n_before,
            gboolean    in_memory,
            const char *complaint)
{
  AlmuInflating self = { .fd = -1, .name = "a.fits.gz", .n_out = n_before, .is_in_memory = in_memory };
  g_autoptr(GError) error = NULL;

  self.out_fd = g_open ("/dev/null", O_WRONLY | O_CLOEXEC, 0);
  almu_inflating_put (&self, (const guint8 *) "ten bytes.", 10, &error);
  close (self.out_fd);
  if (complaint == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, complaint));
}

/* Below, at and above what may come out. */
static void
test_packed_limits (void)
{
  almu_inflated_clear_shelf ();
  for (gint64 over = -1; over <= 1; over++)
    {
      assert_put (ALMU_LIMIT_INFLATED_BYTES - 10 + over, FALSE, over > 0 ? "when decompressed" : NULL);
      assert_put (ALMU_LIMIT_INFLATED_MEMORY_BYTES - 10 + over, TRUE, over > 0 ? "bytes of memory" : NULL);
    }
}

static void
assert_fails (Fixture      *fixture,
              const guint8 *bytes,
              gsize         n_bytes,
              int           code,
              const char   *part)
{
  g_autofree char *path = save (fixture, bytes, n_bytes);
  g_autoptr(GError) error = NULL;
  guint n_fds = count_fds ();

  g_assert_null (open_path (path, &error));
  g_assert_error (error, ALMU_ERROR, code);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, part);
  g_assert_cmpuint (count_fds (), ==, n_fds);
}

static void
test_packed_damaged (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autoptr(GBytes) plain = make_fits ();
  gsize         n_plain;
  const guint8 *bytes = g_bytes_get_data (plain, &n_plain);
  g_autoptr(GByteArray) whole = pack (bytes, n_plain);
  g_autoptr(GByteArray) text = pack ((const guint8 *) "no image at all", 15);

  assert_fails (fixture, whole->data, whole->len / 2, ALMU_ERROR_FORMAT, "cut short");
  assert_fails (fixture, text->data, text->len, ALMU_ERROR_UNSUPPORTED, "begins with SIMPLE");
  memset (whole->data + whole->len / 2, 0xff, 50);
  assert_fails (fixture, whole->data, whole->len, ALMU_ERROR_FORMAT, "cannot decompress");
}

/* -- bzip2, zip, compress ------------------------------------------------ */

static GByteArray *
pack_bzip2 (const guint8 *bytes,
            gsize         n_bytes)
{
  GByteArray *packed = g_byte_array_new ();
  guint       length = (guint) n_bytes + 1000;

  g_byte_array_set_size (packed, length);
  g_assert_cmpint (BZ2_bzBuffToBuffCompress ((char *) packed->data, &length, (char *) bytes, (guint) n_bytes, 9, 0, 0), ==, BZ_OK);
  g_byte_array_set_size (packed, length);

  return packed;
}

static GByteArray *
pack_zip (const guint8 *bytes,
          gsize         n_bytes)
{
  static const guint8 head[30] = { 'P', 'K', 3, 4, 20, 0, 0, 0, 8, 0, [26] = 3, [28] = 2 };
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 6);
  GByteArray *packed = g_byte_array_new ();
  gsize       n_read, n_written;

  g_byte_array_append (packed, head, sizeof head);
  g_byte_array_append (packed, (const guint8 *) "a.fxx", 5);
  g_byte_array_set_size (packed, n_bytes + 1000);
  g_assert_cmpint (g_converter_convert (G_CONVERTER (packer), bytes, n_bytes, packed->data + 35, packed->len - 35,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_byte_array_set_size (packed, 35 + n_written);

  return packed;
}

/* Without a single repetition: each byte is a code, but the table grows, and
 * with it the codes, until it is cleared. */
static GByteArray *
pack_lzw (const guint8 *bytes,
          gsize         n_bytes)
{
  GByteArray *packed = g_byte_array_new ();
  guint8      group[12] = { 0 };
  guint       n_bits = 9, n_codes = 257, n_in_group = 0;

  g_byte_array_append (packed, (const guint8 *) "\037\235\214", 3);
  for (gsize i = 0; i <= n_bytes; i++)
    {
      gboolean clears = i > 0 && n_codes == 4000;
      guint    code = clears ? 256 : i < n_bytes ? bytes[i]
                                                 : 0;
      guint    at = n_in_group * n_bits;

      if (i == n_bytes)
        break;
      for (guint bit = 0; bit < n_bits; bit++)
        if (code >> bit & 1)
          group[(at + bit) / 8] |= (guint8) (1 << (at + bit) % 8);
      n_in_group++;
      i -= clears;
      n_codes += i > 0 || clears;
      if (clears || n_in_group == 8 || (n_bits < 12 && n_codes > (1u << n_bits) - 1))
        {
          g_byte_array_append (packed, group, n_bits);
          memset (group, 0, sizeof group);
          n_in_group = 0;
        }
      if (clears)
        {
          n_bits = 9;
          n_codes = 256;
        }
      else if (n_bits < 12 && n_codes > (1u << n_bits) - 1)
        n_bits++;
    }
  g_byte_array_append (packed, group, (n_in_group * n_bits + 7) / 8);

  return packed;
}

static void
test_packed_kinds (Fixture      *fixture,
                   gconstpointer user_data)
{
  GByteArray *(*const packers[]) (const guint8 *bytes, gsize n_bytes) = { pack_bzip2, pack_zip, pack_lzw };
  g_autoptr(GBytes) plain = make_fits ();
  gsize         n_plain;
  const guint8 *bytes = g_bytes_get_data (plain, &n_plain);

  for (guint i = 0; i < G_N_ELEMENTS (packers); i++)
    {
      g_autoptr(GByteArray) packed = packers[i](bytes, n_plain);
      g_autofree char *path = save (fixture, packed->data, packed->len);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuImage) image = open_path (path, &error);

      g_assert_no_error (error);
      check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 0 });
      /* what compress writes has no end that could be missing */
      if (i < 2)
        assert_fails (fixture, packed->data, packed->len / 2, ALMU_ERROR_FORMAT, "cut short");
      memset (packed->data + packed->len / 2, 0xff, 50);
      if (i == 0)
        assert_fails (fixture, packed->data, packed->len, ALMU_ERROR_FORMAT, "damaged");
    }

  assert_fails (fixture, (const guint8 *) "\037\036 what pack makes", 18, ALMU_ERROR_UNSUPPORTED, "on disk first");
  assert_fails (fixture, (const guint8 *) "PK\003\004\024\000\001\000\010\0000000000000000000000000", 32, ALMU_ERROR_UNSUPPORTED, "encrypted");
}

/* Of ever so many short streams, most of them empty, each byte is read once,
 * not everything behind it again and again. */
static void
test_packed_streams (Fixture      *fixture,
                     gconstpointer user_data)
{
  GByteArray *(*const packers[]) (const guint8 *bytes, gsize n_bytes) = { pack, pack_bzip2 };
  g_autoptr(GBytes) plain = make_fits ();
  gsize         n_plain;
  const guint8 *bytes = g_bytes_get_data (plain, &n_plain);

  for (guint i = 0; i < G_N_ELEMENTS (packers); i++)
    {
      g_autoptr(GByteArray) all = g_byte_array_new ();
      g_autoptr(GByteArray) nothing = packers[i]((const guint8 *) "", 0);
      g_autofree char *path = NULL;
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuImage) image = NULL;
      guint64 before = almu_test_status_get_read (0);

      for (gsize at = 0; at < n_plain; at += 1000)
        {
          g_autoptr(GByteArray) piece = packers[i](bytes + at, MIN (1000, n_plain - at));

          g_byte_array_append (all, piece->data, piece->len);
          for (guint k = 0; k < 100; k++)
            g_byte_array_append (all, nothing->data, nothing->len);
        }
      path = save (fixture, all->data, all->len);
      image = open_path (path, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (almu_test_status_get_read (0) - before, <, 2 * all->len + (1 << 20));
      check_box (image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, DEPTH, 0 });
    }
}

/* A few hundred bytes that become 256 MiB take no memory for them. */
static void
test_packed_bomb (Fixture      *fixture,
                  gconstpointer user_data)
{
  const gint64       shape[] = { 16384, 4096 };
  gsize              n_plain = 256 << 20;
  g_autofree guint8 *zeros = g_malloc0 (n_plain);
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(GByteArray) packed = NULL;
  g_autoptr(GBytes) header = NULL;
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *path = NULL;
  guint64          before;

  almu_test_fits_begin (fits, -32, 2, shape);
  almu_test_fits_end_header (fits);
  header = almu_test_fits_to_bytes (fits);
  memcpy (zeros, g_bytes_get_data (header, NULL), g_bytes_get_size (header));
  packed = pack_bzip2 (zeros, n_plain);
  g_clear_pointer (&zeros, g_free);
  path = save (fixture, packed->data, packed->len);
  before = almu_test_status_get (0, "VmRSS");
  image = open_path (path, &error);
  g_assert_cmpuint (almu_test_status_get (0, "VmRSS"), <, before + 32 * 1024);
  /* what was packed ends before its last pixel */
  g_assert_true (image == NULL || almu_image_get_info (image)->width == 16384);
}

/* A file that would be decompressed for long, and who waits for it. */
typedef struct
{
  char         *path;
  GCancellable *cancellable;
} Opening;

static gpointer
open_in_thread (gpointer data)
{
  Opening *opening = data;
  GError  *error = NULL;

  g_cancellable_push_current (opening->cancellable);
  g_assert_null (open_path (opening->path, &error));
  g_cancellable_pop_current (opening->cancellable);

  return error;
}

/* The first of two that want the same file decompresses it, and the other
 * waits for that. Neither goes on when nobody wants it any more. */
static void
test_packed_cancelled (Fixture      *fixture,
                       gconstpointer user_data)
{
  const gint64       shape[] = { 60000, 45000 };
  const gsize        n_piece = 16 << 20;
  g_autofree guint8 *zeros = g_malloc0 (n_piece);
  g_autoptr(GByteArray) piece = pack_bzip2 (zeros, n_piece);
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(GBytes) header = NULL;
  g_autoptr(GByteArray) packed = NULL;
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 2, shape);
  almu_test_fits_end_header (fits);
  header = almu_test_fits_to_bytes (fits);
  packed = pack_bzip2 (g_bytes_get_data (header, NULL), g_bytes_get_size (header));
  for (gint64 n = 0; n <= ALMU_LIMIT_INFLATED_BYTES; n += (gint64) n_piece)
    g_byte_array_append (packed, piece->data, piece->len);
  path = save (fixture, packed->data, packed->len);

  for (int i = 0; i < 4; i++)
    {
      Opening  openings[2] = { { path, g_cancellable_new () }, { path, g_cancellable_new () } };
      GThread *threads[2];

      for (guint j = 0; j < G_N_ELEMENTS (openings); j++)
        threads[j] = g_thread_new ("opening", open_in_thread, &openings[j]);
      for (guint j = 0; j < G_N_ELEMENTS (openings); j++)
        {
          guint which = i % 2 == 0 ? j : 1 - j;
          g_autoptr(GError) error = NULL;

          g_cancellable_cancel (openings[which].cancellable);
          error = g_thread_join (threads[which]);
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_object_unref (openings[which].cancellable);
        }
      almu_inflated_clear_shelf ();
      g_assert_cmpint (almu_inflated_get_total_bytes (FALSE) + almu_inflated_get_total_bytes (TRUE), ==, 0);
    }
}

/* What is nothing that we read is not unpacked, however much it is. */
static void
test_packed_nothing (Fixture      *fixture,
                     gconstpointer user_data)
{
  gsize              n_plain = 16 << 20;
  g_autofree guint8 *zeros = g_malloc0 (n_plain);
  g_autoptr(GByteArray) packed = pack_bzip2 (zeros, n_plain);

  assert_fails (fixture, packed->data, packed->len, ALMU_ERROR_UNSUPPORTED, "neither a FITS file");
}

/* Nothing is left in the folder where they are inflated to. */
static void
test_packed_shared (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const char *const names[] = { "gz/test.fits.gz", "gz/test.fits.bz2", "gz/test.fits.Z" };
  g_autofree char         *cache = g_build_filename (g_get_user_cache_dir (), "almucantar", NULL);
  guint                    n_found = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = almu_test_shared_path (names[i]);
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;
      g_autoptr(GDir) dir = NULL;
      float first[25], pixels[25];

      if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
        continue;

      image = open_path (path, &error);
      g_assert_no_error (error);
      almu_image_read (image, &(AlmuBox){ { 0, 0, 5, 5 }, 0, 1, 0 }, pixels, NULL, &error);
      g_assert_no_error (error);
      if (n_found++ == 0)
        memcpy (first, pixels, sizeof first);
      g_assert_cmpmem (first, sizeof first, pixels, sizeof pixels);

      dir = g_dir_open (cache, 0, NULL);
      g_assert_true (dir == NULL || g_dir_read_name (dir) == NULL);
    }

  if (n_found == 0)
    g_test_skip ("no shared data");
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/engine/packed/tiles", test_packed_tiles);
  add_test ("/engine/packed/claims", test_packed_claims);
  add_test ("/engine/packed/large-tiles", test_packed_large_tiles);
  add_test ("/engine/packed/axes", test_packed_axes);
  add_test ("/engine/packed/gzip", test_packed_gzip);
  add_test ("/engine/packed/tiles-in-gzip", test_packed_tiles_in_gzip);
  add_test ("/engine/packed/short", test_packed_short);
  add_test ("/engine/packed/damaged", test_packed_damaged);
  add_test ("/engine/packed/once", test_packed_once);
  add_test ("/engine/packed/shelf", test_packed_shelf);
  g_test_add_func ("/engine/packed/limits", test_packed_limits);
  add_test ("/engine/packed/kinds", test_packed_kinds);
  add_test ("/engine/packed/streams", test_packed_streams);
  add_test ("/engine/packed/bomb", test_packed_bomb);
  add_test ("/engine/packed/cancelled", test_packed_cancelled);
  add_test ("/engine/packed/nothing", test_packed_nothing);
  add_test ("/engine/packed/shared", test_packed_shared);

  return g_test_run ();
}
