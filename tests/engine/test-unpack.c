/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <fitsio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-image.h"
#include "almu-test.h"

/* Files that were damaged, or made to do damage: each tile is right or an
 * error that names it, and the others are what they were. */

#define WIDTH 96
#define HEIGHT 80
#define TILE_WIDTH 48
#define TILE_HEIGHT 40
#define N_TILES 4

typedef struct
{
  const char *name;
  int         type;
  int         bitpix;
  float       scale; /* of HCOMPRESS */
} Codec;

static const Codec codecs[] = {
  { "rice-byte", RICE_1, BYTE_IMG, 0 },
  { "rice-short", RICE_1, SHORT_IMG, 0 },
  { "rice-long", RICE_1, LONG_IMG, 0 },
  { "rice-float", RICE_1, FLOAT_IMG, 0 },
  { "gzip-short", GZIP_1, SHORT_IMG, 0 },
  { "gzip-float", GZIP_1, FLOAT_IMG, 0 },
  { "gzip-shuffled", GZIP_2, LONG_IMG, 0 },
  { "plio", PLIO_1, SHORT_IMG, 0 },
  { "hcompress-short", HCOMPRESS_1, SHORT_IMG, 0 },
  { "hcompress-long", HCOMPRESS_1, LONG_IMG, 0 },
  { "hcompress-smooth", HCOMPRESS_1, SHORT_IMG, 16 },
};

typedef struct
{
  const Codec *codec;
  char        *folder;
  char        *path;
  int          fd; /* to change what the image reads */
  gint64       rows;
  gint64       heap;
  gint64       row_bytes;
  AlmuImage   *image;
  float        expected[WIDTH * HEIGHT];
} Fixture;

/* -- a file ------------------------------------------------------------- */

static void
write_file (const Codec *codec,
            const char  *path)
{
  long      shape[] = { WIDTH, HEIGHT };
  long      tile[] = { TILE_WIDTH, TILE_HEIGHT };
  float     pixels[WIDTH * HEIGHT];
  gint32    longs[WIDTH * HEIGHT];
  gint16    shorts[WIDTH * HEIGHT];
  guint8    bytes[WIDTH * HEIGHT];
  fitsfile *file = NULL;
  int       status = 0;

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      pixels[i] = (float) (i % WIDTH + g_test_rand_int_range (0, 1 << g_test_rand_int_range (1, 7)));
      if (i % 71 == 0)
        pixels[i] = 0;
      longs[i] = (gint32) pixels[i];
      shorts[i] = (gint16) pixels[i];
      bytes[i] = (guint8) pixels[i];
      pixels[i] += 0.25f;
    }

  fits_create_diskfile (&file, path, &status);
  fits_set_compression_type (file, codec->type, &status);
  fits_set_tile_dim (file, 2, tile, &status);
  fits_set_hcomp_scale (file, -codec->scale, &status);
  fits_set_hcomp_smooth (file, codec->scale > 0, &status);
  fits_set_quantize_level (file, codec->type == RICE_1 ? -0.25f : 0, &status);
  fits_set_quantize_method (file, SUBTRACTIVE_DITHER_2, &status);
  fits_create_img (file, codec->bitpix, 2, shape, &status);
  switch (codec->bitpix)
    {
    case BYTE_IMG:
      fits_write_img (file, TBYTE, 1, WIDTH * HEIGHT, bytes, &status);
      break;
    case SHORT_IMG:
      fits_write_img (file, TSHORT, 1, WIDTH * HEIGHT, shorts, &status);
      break;
    case LONG_IMG:
      fits_write_img (file, TINT, 1, WIDTH * HEIGHT, longs, &status);
      break;
    default:
      fits_write_img (file, TFLOAT, 1, WIDTH * HEIGHT, pixels, &status);
      break;
    }
  fits_close_file (file, &status);
  if (status != 0)
    g_error ("cfitsio cannot write %s: %d", codec->name, status);
}

static gint64
get_card (const char *bytes,
          gsize       n_bytes,
          const char *name)
{
  g_autofree char *start = g_strdup_printf ("%-8s=", name);
  const char      *table = memmem (bytes, n_bytes, "XTENSION= 'BINTABLE'", 20);
  const char      *card = memmem (table, n_bytes - (gsize) (table - bytes), start, 9);

  g_assert_nonnull (card);

  return g_ascii_strtoll (card + 10, NULL, 10);
}

static void
find_table (Fixture *fixture)
{
  g_autofree char *bytes = NULL;
  gsize            n_bytes;
  const char      *table, *end;

  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  table = memmem (bytes, n_bytes, "XTENSION= 'BINTABLE'", 20);
  end = memmem (table, n_bytes - (gsize) (table - bytes), "END      ", 9);
  fixture->rows = ((end - bytes) / 2880 + 1) * 2880;
  fixture->row_bytes = get_card (bytes, n_bytes, "NAXIS1");
  fixture->heap = fixture->rows + fixture->row_bytes * N_TILES;
}

static AlmuImage *
open_path (const char *path,
           GError    **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);

  return almu_image_open (fd, "tiled.fits.fz", "", ALMU_IMAGE_NONE, error);
}

static gboolean
read_tile (Fixture *fixture,
           int      tile,
           float   *pixels,
           GError **error)
{
  AlmuBox box = { { tile % 2 * TILE_WIDTH, tile / 2 * TILE_HEIGHT, TILE_WIDTH, TILE_HEIGHT }, 0, 1, 0 };

  return almu_image_read (fixture->image, &box, pixels, NULL, error);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  fixture->codec = user_data;
  fixture->folder = almu_test_make_folder ();
  fixture->path = g_build_filename (fixture->folder, "tiled.fits.fz", NULL);
  write_file (fixture->codec, fixture->path);
  find_table (fixture);
  fixture->fd = g_open (fixture->path, O_RDWR | O_CLOEXEC, 0);
  g_assert_cmpint (fixture->fd, >=, 0);
  fixture->image = open_path (fixture->path, &error);
  g_assert_no_error (error);
  for (int i = 0; i < N_TILES; i++)
    {
      read_tile (fixture, i, fixture->expected + i * TILE_WIDTH * TILE_HEIGHT, &error);
      g_assert_no_error (error);
    }
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->image));
  close (fixture->fd);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
get_bytes (Fixture *fixture,
           gint64   at,
           void    *bytes,
           gsize    n_bytes)
{
  g_assert_cmpint (pread (fixture->fd, bytes, n_bytes, at), ==, n_bytes);
}

static void
put_bytes (Fixture    *fixture,
           gint64      at,
           const void *bytes,
           gsize       n_bytes)
{
  g_assert_cmpint (pwrite (fixture->fd, bytes, n_bytes, at), ==, n_bytes);
}

typedef struct
{
  guint32 n;
  guint32 at;
} Claim;

/* Of the column COMPRESSED_DATA, which is the first. */
static Claim
get_claim (Fixture *fixture,
           int      tile)
{
  guint32 words[2];

  get_bytes (fixture, fixture->rows + tile * fixture->row_bytes, words, sizeof words);

  return (Claim){ GUINT32_FROM_BE (words[0]), GUINT32_FROM_BE (words[1]) };
}

static void
put_claim (Fixture *fixture,
           int      tile,
           Claim    claim)
{
  guint32 words[2] = { GUINT32_TO_BE (claim.n), GUINT32_TO_BE (claim.at) };

  put_bytes (fixture, fixture->rows + tile * fixture->row_bytes, words, sizeof words);
}

/* The tile that has the largest claim may stand in GZIP_COMPRESSED_DATA. */
static gsize
get_packed (Fixture *fixture,
            int      tile,
            gint64  *out_at)
{
  Claim claim = get_claim (fixture, tile);

  g_assert_cmpuint (claim.n, >, 0);
  *out_at = fixture->heap + claim.at;

  return fixture->codec->type == PLIO_1 ? 2 * claim.n : claim.n;
}

static void
assert_tile (Fixture *fixture,
             int      tile)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  g_autoptr(GError) error = NULL;
  gsize n_bytes = TILE_WIDTH * TILE_HEIGHT * sizeof *pixels;

  read_tile (fixture, tile, pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (pixels, n_bytes, fixture->expected + tile * TILE_WIDTH * TILE_HEIGHT, n_bytes);
}

/* Returns whether it could be read. */
static gboolean
try_tile (Fixture    *fixture,
          int         tile,
          float      *pixels,
          const char *complaint)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *start = g_strdup_printf ("tiled.fits.fz: HDU 1: tile %d, from pixel %d,%d on: ", tile + 1,
                                            tile % 2 * TILE_WIDTH + 1, tile / 2 * TILE_HEIGHT + 1);

  if (read_tile (fixture, tile, pixels, &error))
    {
      if (complaint != NULL)
        g_error ("it could be read, without “%s”", complaint);
      return TRUE;
    }

  g_assert_true (error->domain == ALMU_ERROR);
  if (!g_str_has_prefix (error->message, start) || (complaint != NULL && strstr (error->message, complaint) == NULL))
    g_error ("“%s” is not “%s…%s”", error->message, start, complaint != NULL ? complaint : "");

  return FALSE;
}

/* -- damage ------------------------------------------------------------- */

/* Cut at each byte: never right, and never more than what is there. */
static void
test_unpack_cut (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);

  for (int tile = 0; tile < N_TILES; tile += 3)
    {
      Claim claim = get_claim (fixture, tile);

      for (guint32 n = 0; n < claim.n; n++)
        {
          put_claim (fixture, tile, (Claim){ n, claim.at });
          g_assert_false (try_tile (fixture, tile, pixels, n == 0 ? "is not in the file" : NULL));
        }
      put_claim (fixture, tile, claim);
      assert_tile (fixture, tile);
    }
}

/* Bytes that are something else, or all at the end of what can be read, so
 * that one more would be missing. */
static void
test_unpack_flipped (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  int               n_read = 0;

  for (int i = 0; i < 3000; i++)
    {
      int                tile = g_test_rand_int_range (0, N_TILES);
      gint64             at;
      gsize              n_bytes = get_packed (fixture, tile, &at);
      g_autofree guint8 *before = g_malloc (n_bytes);
      g_autofree guint8 *damaged = NULL;
      int                n_changes = 1 << g_test_rand_int_range (0, 6);
      /* what comes first says what the rest means */
      gsize reach = g_test_rand_bit () ? MIN (n_bytes, 40) : n_bytes;

      get_bytes (fixture, at, before, n_bytes);
      damaged = g_memdup2 (before, n_bytes);
      for (int k = 0; k < n_changes; k++)
        {
          guint8 *byte = damaged + g_test_rand_int_range (0, (gint32) reach);

          *byte = g_test_rand_bit () ? *byte ^ (guint8) (1 << g_test_rand_int_range (0, 8)) : (guint8) g_test_rand_int ();
        }

      put_bytes (fixture, at, damaged, n_bytes);
      n_read += try_tile (fixture, tile, pixels, NULL);
      if (i % 100 == 0)
        assert_tile (fixture, (tile + 1) % N_TILES);
      put_bytes (fixture, at, before, n_bytes);
      if (i % 100 == 0)
        assert_tile (fixture, tile);
    }

  g_test_message ("%d of 3000 could be read", n_read);
  /* only gzip has a check sum */
  if (fixture->codec->type == GZIP_1 || fixture->codec->type == GZIP_2)
    g_assert_cmpint (n_read, <, 300);
}

/* Nothing that was meant to be a tile. */
static void
test_unpack_noise (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);

  for (int i = 0; i < 500; i++)
    {
      gint64             at;
      gsize              n_bytes = get_packed (fixture, 1, &at);
      gsize              n_kept = (gsize) g_test_rand_int_range (0, 30);
      g_autofree guint8 *before = g_malloc (n_bytes);
      g_autofree guint8 *noise = NULL;
      guint8             mask = (guint8) (g_test_rand_bit () ? 0xff : 0x11);

      get_bytes (fixture, at, before, n_bytes);
      noise = g_memdup2 (before, n_bytes);
      for (gsize k = n_kept; k < n_bytes; k++)
        noise[k] = (guint8) (g_test_rand_int () & mask);
      put_bytes (fixture, at, noise, n_bytes);
      try_tile (fixture, 1, pixels, NULL);
      put_bytes (fixture, at, before, n_bytes);
    }
  assert_tile (fixture, 1);
}

/* -- claims ------------------------------------------------------------- */

static void
test_unpack_claims (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  Claim             claim = get_claim (fixture, 2);
  const Claim       wrong[] = {
          { 0x7fffffff, claim.at },
          { 0xffffffff, claim.at },
          { claim.n, 0x7fffffff },
          { claim.n, 0xffffffff },
          { 0xffffffff, 0xffffffff },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      put_claim (fixture, 2, wrong[i]);
      g_assert_false (try_tile (fixture, 2, pixels, "of a heap that has"));
      assert_tile (fixture, 3);
    }
  put_claim (fixture, 2, claim);
  assert_tile (fixture, 2);
}

static void
test_unpack_hcompress_claims (Fixture      *fixture,
                              gconstpointer user_data)
{
  static const struct
  {
    guint32     n_rows;
    guint32     n_columns;
    const char *complaint;
  } cases[] = {
    { TILE_HEIGHT + 1, TILE_WIDTH, "claims to be 48 × 41 pixels where the tile has 1920" },
    { TILE_HEIGHT, TILE_WIDTH - 1, "claims to be 47 × 40 pixels" },
    { 0, 0, "claims to be 0 × 0 pixels" },
    { 0x7fffffff, 0x7fffffff, "claims to be" },
    { 0x10000, 0x10000, "claims to be 65536 × 65536 pixels" },
    { 0x80000000, 2, "claims to be" },
    { 0xffffffff, 0xfffff880, "claims to be" },
  };
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  guint8            before[25];
  gint64            at;

  g_assert_cmpuint (get_packed (fixture, 0, &at), >, sizeof before);
  get_bytes (fixture, at, before, sizeof before);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint32 words[] = { GUINT32_TO_BE (cases[i].n_rows), GUINT32_TO_BE (cases[i].n_columns) };

      put_bytes (fixture, at + 2, words, sizeof words);
      try_tile (fixture, 0, pixels, cases[i].complaint);
    }
  put_bytes (fixture, at, before, sizeof before);

  /* the same pixels in one row, or one column: another picture */
  for (guint i = 0; i < 2; i++)
    {
      guint32 words[] = { GUINT32_TO_BE (i == 0 ? 1 : TILE_WIDTH * TILE_HEIGHT),
                          GUINT32_TO_BE (i == 0 ? TILE_WIDTH * TILE_HEIGHT : 1) };

      put_bytes (fixture, at + 2, words, sizeof words);
      try_tile (fixture, 0, pixels, NULL);
    }
  put_bytes (fixture, at, before, sizeof before);

  for (guint i = 22; i < sizeof before; i++)
    for (guint n = 0; n < 256; n++)
      {
        guint8 byte = (guint8) n;

        put_bytes (fixture, at + i, &byte, 1);
        try_tile (fixture, 0, pixels, n > 59 ? "claims to have coefficients of" : NULL);
        put_bytes (fixture, at, before, sizeof before);
      }

  /* a sum and a scale beyond all bounds */
  for (guint i = 10; i < 22; i++)
    {
      static const guint8 bytes[] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

      put_bytes (fixture, at + i, bytes, 22 - i);
      try_tile (fixture, 0, pixels, NULL);
      put_bytes (fixture, at, before, sizeof before);
    }
  assert_tile (fixture, 0);
}

static void
test_unpack_plio_claims (Fixture      *fixture,
                         gconstpointer user_data)
{
  static const struct
  {
    guint16     words[7];
    const char *complaint;
  } cases[] = {
    { { 0, 7, 0xff9c, 0x7fff, 0, 0, 0 }, "is longer than its" },
    { { 0, 7, 0xff9c, 0, 0x7fff, 0, 0 }, "is longer than its" },
    { { 0, 7, 0xff9c, 0xffff, 0xffff, 0, 0 }, "is longer than its" },
    { { 0, 0xffff, 0xff9c, 8, 0, 0, 0 }, "does not say how long it is" },
    { { 0, 0, 0xff9c, 8, 0, 0, 0 }, "does not say how long it is" },
    { { 0, 0, 0x7fff, 8, 0, 0, 0 }, "is longer than its" },
    { { 0, 7, 0, 0, 0, 0, 0 }, "does not say how long it is" },
    /* beyond the tile, in the old kind of list */
    { { 0, 0, 5, 0x4fff, 0x4fff, 0, 0 }, "word 4 of the list, 0x4fff, has no meaning after 0 of 1920 pixels" },
    { { 0, 0, 4, 0xf001, 0, 0, 0 }, "word 4 of the list, 0xf001" },
    { { 0, 0, 4, 0x1001, 0, 0, 0 }, "word 4 of the list, 0x1001" },
    { { 0, 0, 4, 0x4780, 0, 0, 0 }, NULL },
  };
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  guint16           before[7];
  gint64            at;

  get_packed (fixture, 0, &at);
  get_bytes (fixture, at, before, sizeof before);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint16 words[7];

      for (guint k = 0; k < G_N_ELEMENTS (words); k++)
        words[k] = GUINT16_TO_BE (cases[i].words[k]);
      put_bytes (fixture, at, words, sizeof words);
      try_tile (fixture, 0, pixels, cases[i].complaint);
    }
  for (int i = 0; i < TILE_WIDTH * TILE_HEIGHT; i++)
    g_assert_cmpfloat (pixels[i], ==, 1);

  put_bytes (fixture, at, before, sizeof before);
  assert_tile (fixture, 0);
}

/* -- headers ------------------------------------------------------------ */

static void
set_card (char       *bytes,
          gsize       n_bytes,
          const char *name,
          const char *value)
{
  g_autofree char *start = g_strdup_printf ("%-8s=", name);
  g_autofree char *text = g_strdup_printf ("%-8s= %-70s", name, value);
  char            *table = memmem (bytes, n_bytes, "XTENSION= 'BINTABLE'", 20);
  char            *card = memmem (table, n_bytes - (gsize) (table - bytes), start, 9);

  g_assert_nonnull (card);
  memcpy (card, text, 80);
}

/* What the header says is wrong: told when it is opened. */
static void
test_unpack_headers (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    const char *value;
    const char *complaint;
  } cases[] = {
    { "ZCMPTYPE", "'BZIP2_1 '", "HDU 1: ZCMPTYPE is BZIP2_1: RICE_1, GZIP_1, GZIP_2, PLIO_1, HCOMPRESS_1 or NOCOMPRESS is expected" },
    { "ZTILE1", "0", "ZTILE1 is 0: a whole number from 1 to" },
    { "ZTILE2", "-5", "ZTILE2 is -5: a whole number from 1 to" },
    { "ZTILE1", "'wide'", "ZTILE1 is wide: a whole number from 1 to" },
    { "ZTILE1", "47", "NAXIS2 is 4: by ZNAXISn and ZTILEn the image has 6 tiles" },
    { "NAXIS1", "100000", "NAXIS1 is 100000: a whole number from 1 to 65536" },
    { "NAXIS1", "4", "TFORM1 is 1PB" },
    { "PCOUNT", "-1", "NAXISn, PCOUNT and GCOUNT" },
    { "GCOUNT", "0", "GCOUNT 1" },
    { "TFIELDS", "0", "TFIELDS is 0: a whole number from 1 to 999" },
    { "TTYPE1", "'NOTHING '", "has no column COMPRESSED_DATA" },
    { "TFORM1", "'8B      '", "column COMPRESSED_DATA has the form 8B: an array in the heap is expected" },
    { "TFORM1", "'1Z      '", "TFORM1 is 1Z: a form of a column is expected" },
    { "TFORM1", "'2PB     '", "column COMPRESSED_DATA has the form 2PB" },
    { "ZVAL1", "0", "BLOCKSIZE 0 and BYTEPIX 4: BLOCKSIZE is at least 1" },
    { "ZVAL2", "3", "BLOCKSIZE 32 and BYTEPIX 3" },
    { "ZVAL2", "8", "BYTEPIX can be 1, 2 or 4" },
    { "ZQUANTIZ", "'DITHER_7'", "ZQUANTIZ is DITHER_7: NONE, NO_DITHER" },
    { "ZQUANTIZ", "'NONE    '", "ZBITPIX is -32, but there is no ZSCALE" },
    { "ZDITHER0", "0", "ZDITHER0 is 0: a whole number from 1 to 10000" },
    { "ZDITHER0", "10001", "ZDITHER0 is 10001" },
    { "ZNAXIS1", "96", NULL },
  };
  g_autofree char *bytes = NULL;
  gsize            n_bytes;

  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *copy = g_memdup2 (bytes, n_bytes);
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;

      set_card (copy, n_bytes, cases[i].name, cases[i].value);
      g_assert_true (g_file_set_contents (fixture->path, copy, (gssize) n_bytes, NULL));
      image = open_path (fixture->path, &error);
      if (cases[i].complaint == NULL)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (image);
      if (strstr (error->message, cases[i].complaint) == NULL)
        g_error ("“%s” does not hold “%s”", error->message, cases[i].complaint);
    }
}

static void
rename_card (char       *bytes,
             gsize       n_bytes,
             const char *name)
{
  g_autofree char *start = g_strdup_printf ("%-8s=", name);
  char            *table = memmem (bytes, n_bytes, "XTENSION= 'BINTABLE'", 20);
  char            *card = memmem (table, n_bytes - (gsize) (table - bytes), start, 9);

  g_assert_nonnull (card);
  *card = 'X';
}

/* Parameters of the packing are known by their names, else by their place. */
static void
test_unpack_parameters (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *bytes = NULL;
  gsize            n_bytes;

  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *copy = g_memdup2 (bytes, n_bytes);
      g_autoptr(GError) error = NULL;

      if (i == 0)
        {
          set_card (copy, n_bytes, "ZNAME1", "'BYTEPIX '");
          set_card (copy, n_bytes, "ZNAME2", "'BLOCKSIZE'");
          set_card (copy, n_bytes, "ZVAL1", "2");
          set_card (copy, n_bytes, "ZVAL2", "32");
        }
      else
        {
          rename_card (copy, n_bytes, "ZNAME1");
          rename_card (copy, n_bytes, "ZNAME2");
        }
      put_bytes (fixture, 0, copy, n_bytes);
      almu_test_await_finalize (g_steal_pointer (&fixture->image));
      fixture->image = open_path (fixture->path, &error);
      g_assert_no_error (error);
      for (int tile = 0; tile < N_TILES; tile++)
        assert_tile (fixture, tile);
    }
}

/* Cut somewhere: the tiles that are there are read. */
static void
test_unpack_short_file (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, TILE_WIDTH *TILE_HEIGHT);
  Claim             claim = get_claim (fixture, 3);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (ftruncate (fixture->fd, fixture->heap + claim.at + 1), ==, 0);
  for (int i = 0; i < 3; i++)
    assert_tile (fixture, i);
  g_assert_false (read_tile (fixture, 3, pixels, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_CHANGED);
  g_assert_nonnull (strstr (error->message, "changed since it was opened"));
}

static void
test_unpack_cancelled (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (almu_image_read (fixture->image, &(AlmuBox){ { 0, 0, WIDTH, HEIGHT }, 0, 1, 0 }, pixels, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static const Codec *
find_codec (const char *name)
{
  guint i = 0;

  while (!g_str_equal (codecs[i].name, name))
    i++;

  return &codecs[i];
}

static void
add_test (const char  *name,
          const Codec *codec,
          void (*func) (Fixture      *fixture,
                        gconstpointer user_data))
{
  g_autofree char *path = g_strdup_printf ("/engine/unpack/%s/%s", name, codec->name);

  g_test_add (path, Fixture, codec, fixture_set_up, func, fixture_tear_down);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++)
    {
      add_test ("cut", &codecs[i], test_unpack_cut);
      add_test ("flipped", &codecs[i], test_unpack_flipped);
      add_test ("noise", &codecs[i], test_unpack_noise);
      add_test ("claims", &codecs[i], test_unpack_claims);
    }
  add_test ("claims-within", find_codec ("hcompress-short"), test_unpack_hcompress_claims);
  add_test ("claims-within", find_codec ("hcompress-smooth"), test_unpack_hcompress_claims);
  add_test ("claims-within", find_codec ("plio"), test_unpack_plio_claims);
  add_test ("headers", find_codec ("rice-float"), test_unpack_headers);
  add_test ("parameters", find_codec ("rice-short"), test_unpack_parameters);
  add_test ("short-file", find_codec ("rice-long"), test_unpack_short_file);
  add_test ("cancelled", find_codec ("rice-long"), test_unpack_cancelled);

  return g_test_run ();
}
