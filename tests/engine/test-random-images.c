/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <bzlib.h>
#include <fcntl.h>
#include <float.h>
#include <fitsio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "almu-image.h"
#include "almu-plane.h"
#include "almu-test.h"

/* Images of any kind of number, scaled in any way, with any axes, packed in
 * any way: what is read is what was described. */

#define ROUNDS 500
#define MAX_AXES 5
#define BOXES 6

static const char *const all_types[] = { "RA---SIN", "DEC--SIN", "FREQ", "STOKES", "TIME", "" };

typedef enum
{
  PLAIN,
  GZIP,
  BZIP2,
  TILES,     /* without loss */
  QUANTISED, /* floating point numbers as integers, with noise or without */
  N_PACKINGS,
} Packing;

/* An image as it was written. */
typedef struct
{
  Packing     packing;
  int         bitpix;
  int         n_axes;
  gint64      shape[MAX_AXES];
  const char *types[MAX_AXES];

  gboolean is_scaled;
  double   scale;
  double   zero;
  gboolean has_blank;
  gint64   blank;

  int    algorithm; /* RICE_1 … */
  long   tile[MAX_AXES];
  int    dither;
  double step; /* 0: no loss */

  gsize   n;
  double *stored; /* before scaling; integers of up to 53 digits */
} Description;

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

/* -- descriptions ---------------------------------------------------------- */

static void
make_axes (Description *self)
{
  const char *types[G_N_ELEMENTS (all_types)];

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      guint j = (guint) g_test_rand_int_range (0, (gint32) i + 1);

      types[i] = types[j];
      types[j] = all_types[i];
    }

  self->n = 1;
  self->n_axes = g_test_rand_int_range (2, MAX_AXES + 1);
  for (int i = 0; i < self->n_axes; i++)
    {
      int longest = i < 2 ? 50 : 7;

      self->types[i] = types[i];
      self->shape[i] = g_test_rand_int_range (0, 4) == 0 ? 1 : g_test_rand_int_range (2, longest);
      self->tile[i] = g_test_rand_bit () ? self->shape[i] : g_test_rand_int_range (1, (gint32) self->shape[i] + 1);
      self->n *= (gsize) self->shape[i];
    }
}

/* The integer that stands for the smallest unsigned one, and others. */
static void
make_scale (Description *self)
{
  const double unsigned_zeros[] = { -128.0, 32768.0, 2147483648.0, 9223372036854775808.0 };
  const double scales[] = { 1.0, 0.5, -3.0, 1e-3, 1.7e10, -1.0 };
  const double zeros[] = { 0.0, 0.0, 10.0, -1e6, 0.1 };

  self->is_scaled = g_test_rand_int_range (0, 3) > 0;
  self->scale = 1.0;
  self->zero = 0.0;
  if (!self->is_scaled)
    return;

  if (self->bitpix > 0 && g_test_rand_int_range (0, 3) == 0)
    {
      self->zero = unsigned_zeros[g_bit_nth_msf ((gulong) self->bitpix, -1) - 3];
      return;
    }
  self->scale = scales[g_test_rand_int_range (0, G_N_ELEMENTS (scales))];
  self->zero = zeros[g_test_rand_int_range (0, G_N_ELEMENTS (zeros))];
}

static double
next_integer (const Description *self)
{
  double top = ldexp (1.0, self->bitpix - 1);
  double value;

  if (self->has_blank && self->blank >= 0 && self->blank < 100 && g_test_rand_int_range (0, 8) == 0)
    return (double) self->blank;

  /* this algorithm is for masks */
  if (self->packing == TILES && self->algorithm == PLIO_1)
    return g_test_rand_int_range (0, self->bitpix == 8 ? 256 : self->bitpix == 16 ? 32768
                                                                                  : 1 << 24);
  /* and this one may not overflow in between */
  if (self->packing == TILES && self->algorithm == HCOMPRESS_1)
    return g_test_rand_int_range (self->bitpix == 8 ? 0 : -3000, self->bitpix == 8 ? 256 : 3000);

  if (self->bitpix == 8)
    return g_test_rand_int_range (0, 256);
  if (g_test_rand_int_range (0, 20) == 0)
    return g_test_rand_bit () ? -top : self->bitpix == 64 ? 0x1p62
                                                          : top - 1;
  /* what cannot be made smaller this algorithm does not write */
  if (self->packing == TILES && self->algorithm != RICE_1)
    return g_test_rand_int_range (-120, 120);
  value = g_test_rand_bit () ? g_test_rand_int_range (-120, 120)
                             : floor (g_test_rand_double_range (-1.0, 1.0) * ldexp (1.0, MIN (self->bitpix - 1, 52)));

  return CLAMP (value, -top, top - 1);
}

static double
next_number (const Description *self)
{
  const double special[] = { NAN, 0.0, -0.0, INFINITY, 1e-40, 1e300 };
  guint        n_special = self->step > 0 ? 2 : self->bitpix == -64 ? 6
                                                                    : 5;
  guint        kind = (guint) g_test_rand_int_range (0, 40);
  double       value = g_test_rand_double_range (-100.0, 100.0);

  if (kind < n_special)
    value = special[kind];

  return self->bitpix == -32 ? (double) (float) value : value;
}

static void
make_numbers (Description *self)
{
  self->stored = g_new (double, self->n);
  for (gsize i = 0; i < self->n; i++)
    self->stored[i] = self->bitpix > 0 ? next_integer (self) : next_number (self);
}

static void
make_packing (Description *self)
{
  const int tiles_of_integers[] = { RICE_1, GZIP_1, GZIP_2, PLIO_1, HCOMPRESS_1 };
  const int tiles_of_numbers[] = { GZIP_1, GZIP_2 };
  const int quantised[] = { RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1 };
  const int dithers[] = { NO_DITHER, SUBTRACTIVE_DITHER_1, SUBTRACTIVE_DITHER_2 };

  self->packing = (Packing) g_test_rand_int_range (0, N_PACKINGS);
  /* the library has no tiles of such integers */
  if (self->bitpix == 64 && self->packing >= TILES)
    self->packing = GZIP;
  if (self->bitpix > 0 && self->packing == QUANTISED)
    self->packing = TILES;

  if (self->packing == QUANTISED)
    {
      self->algorithm = quantised[g_test_rand_int_range (0, G_N_ELEMENTS (quantised))];
      self->dither = dithers[g_test_rand_int_range (0, G_N_ELEMENTS (dithers))];
      self->step = 0.125;
    }
  else if (self->bitpix < 0)
    {
      self->algorithm = tiles_of_numbers[g_test_rand_int_range (0, G_N_ELEMENTS (tiles_of_numbers))];
    }
  else
    {
      self->algorithm = tiles_of_integers[g_test_rand_int_range (0, G_N_ELEMENTS (tiles_of_integers))];
    }

  /* its tiles are planes, and not small ones */
  if (self->algorithm == HCOMPRESS_1 && (self->shape[0] < 4 || self->shape[1] < 4))
    self->algorithm = GZIP_1;
  if (self->algorithm == HCOMPRESS_1 && self->dither == SUBTRACTIVE_DITHER_2)
    self->dither = SUBTRACTIVE_DITHER_1;
  if (self->algorithm == HCOMPRESS_1)
    for (int i = 0; i < self->n_axes; i++)
      self->tile[i] = i < 2 ? self->shape[i] : 1;
}

static void
make_description (Description *self)
{
  const int bitpixes[] = { 8, 16, 32, 64, -32, -64 };

  self->bitpix = bitpixes[g_test_rand_int_range (0, G_N_ELEMENTS (bitpixes))];
  make_axes (self);
  make_packing (self);
  make_scale (self);
  self->has_blank = g_test_rand_bit ();
  self->blank = g_test_rand_int_range (0, 5) == 0 ? 5000000000 : g_test_rand_int_range (0, 100);
  make_numbers (self);
}

static void
print_description (const Description *self)
{
  static const char *const packings[] = { "plain", "gzip", "bzip2", "tiles", "quantised" };
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_printf (text, "%s, BITPIX %d, scale %g, zero %g, blank %" G_GINT64_FORMAT " (%d)", packings[self->packing],
                   self->bitpix, self->scale, self->zero, self->blank, self->has_blank);
  if (self->packing >= TILES)
    g_string_append_printf (text, ", algorithm %d, dither %d", self->algorithm, self->dither);
  for (int i = 0; i < self->n_axes; i++)
    g_string_append_printf (text, "; %s %" G_GINT64_FORMAT " (%ld)", self->types[i], self->shape[i], self->tile[i]);
  g_test_message ("%s", text->str);
}

/* -- files ---------------------------------------------------------------- */

static GBytes *
make_plain (const Description *self)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, self->bitpix, self->n_axes, self->shape);
  for (int i = 0; i < self->n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);
      g_autofree char *value = g_strdup_printf ("'%s'", self->types[i]);

      if (*self->types[i] != '\0')
        almu_test_fits_card (fits, name, value);
    }
  if (self->is_scaled)
    {
      g_autofree char *scale = g_strdup_printf ("%.12E", self->scale);
      g_autofree char *zero = g_strdup_printf ("%.18E", self->zero);

      almu_test_fits_card (fits, "BSCALE", scale);
      almu_test_fits_card (fits, "BZERO", zero);
    }
  if (self->has_blank)
    {
      g_autofree char *blank = g_strdup_printf ("%" G_GINT64_FORMAT, self->blank);

      almu_test_fits_card (fits, "BLANK", blank);
    }
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, self->n, self->stored);
  almu_test_fits_end (fits);

  return almu_test_fits_to_bytes (fits);
}

static GBytes *
pack_gzip (GBytes *plain)
{
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1);
  gsize         n_plain, n_read, n_packed;
  gconstpointer bytes = g_bytes_get_data (plain, &n_plain);
  gsize         length = n_plain + n_plain / 100 + 1000;
  guint8       *packed = g_malloc (length);

  g_assert_cmpint (g_converter_convert (G_CONVERTER (packer), bytes, n_plain, packed, length, G_CONVERTER_INPUT_AT_END,
                                        &n_read, &n_packed, NULL),
                   ==, G_CONVERTER_FINISHED);

  return g_bytes_new_take (packed, n_packed);
}

static GBytes *
pack_bzip2 (GBytes *plain)
{
  gsize         n_plain;
  gconstpointer bytes = g_bytes_get_data (plain, &n_plain);
  guint         length = (guint) n_plain + n_plain / 100 + 1000;
  char         *packed = g_malloc (length);

  g_assert_cmpint (BZ2_bzBuffToBuffCompress (packed, &length, (char *) bytes, (guint) n_plain, 1, 0, 0), ==, BZ_OK);

  return g_bytes_new_take (packed, length);
}

static void
write_scale (const Description *self,
             fitsfile          *file,
             int               *status)
{
  gint64 blank = self->blank;

  for (int i = 0; i < self->n_axes; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);

      if (*self->types[i] != '\0')
        fits_update_key_str (file, name, self->types[i], NULL, status);
    }
  if (self->is_scaled)
    {
      fits_update_key_dbl (file, "BSCALE", self->scale, 12, NULL, status);
      fits_update_key_dbl (file, "BZERO", self->zero, 18, NULL, status);
    }
  if (self->has_blank)
    fits_update_key (file, TLONGLONG, "BLANK", &blank, NULL, status);
}

/* It writes tiles of a single blank that it cannot read itself. */
static gboolean
can_be_read (const Description *self,
             const char        *path)
{
  g_autofree float *pixels = g_new (float, self->n);
  fitsfile         *file = NULL;
  int               status = 0;
  int               any_blank;

  fits_open_image (&file, path, READONLY, &status);
  fits_read_img (file, TFLOAT, 1, (LONGLONG) self->n, NULL, pixels, &any_blank, &status);
  if (status == NUM_OVERFLOW)
    status = 0;
  if (status != 0)
    {
      fits_clear_errmsg ();
      status = 0;
      fits_close_file (file, &status);
      return FALSE;
    }
  fits_close_file (file, &status);

  return TRUE;
}

/* Returns: %FALSE where cfitsio finds that it cannot be made smaller */
static gboolean
write_tiles (const Description *self,
             const char        *path)
{
  long      shape[MAX_AXES];
  fitsfile *file = NULL;
  int       status = 0;

  for (int i = 0; i < self->n_axes; i++)
    shape[i] = (long) self->shape[i];

  fits_create_diskfile (&file, path, &status);
  fits_set_compression_type (file, self->algorithm, &status);
  fits_set_tile_dim (file, self->n_axes, (long *) self->tile, &status);
  if (self->bitpix < 0)
    fits_set_quantize_level (file, self->step > 0 ? (float) -self->step : 0, &status);
  if (self->step > 0 && self->dither != NO_DITHER)
    {
      fits_set_quantize_dither (file, self->dither, &status);
      fits_set_dither_seed (file, g_test_rand_int_range (1, 10001), &status);
    }
  else
    {
      fits_set_quantize_dither (file, NO_DITHER, &status);
    }
  fits_create_img (file, self->bitpix, self->n_axes, shape, &status);
  if (self->bitpix > 0)
    {
      g_autofree gint64 *integers = g_new (gint64, self->n);

      for (gsize i = 0; i < self->n; i++)
        integers[i] = (gint64) self->stored[i];
      fits_write_img (file, TLONGLONG, 1, (LONGLONG) self->n, integers, &status);
    }
  else
    {
      double             nothing = DOUBLENULLVALUE;
      g_autofree double *numbers = g_memdup2 (self->stored, self->n * sizeof (double));

      for (gsize i = 0; i < self->n; i++)
        if (isnan (numbers[i]))
          numbers[i] = nothing;
      fits_write_imgnull (file, TDOUBLE, 1, (LONGLONG) self->n, numbers, &nothing, &status);
    }
  write_scale (self, file, &status);
  fits_close_file (file, &status);
  if (status != 0 && status != DATA_COMPRESSION_ERR)
    g_error ("cfitsio cannot write it: %d", status);

  return status == 0 && can_be_read (self, path);
}

static AlmuImage *
write_and_open (Fixture     *fixture,
                Description *self)
{
  static const char *const names[] = { "a.fits", "a.fits.gz", "a.fits.bz2", "a.fits.fz", "a.fits.fz" };
  const char              *name = names[self->packing];
  g_autofree char         *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr(GError) error = NULL;
  AlmuImage *image;

  g_unlink (path);
  if (self->packing >= TILES && !write_tiles (self, path))
    {
      self->packing = PLAIN;
      self->step = 0;
    }
  if (self->packing < TILES)
    {
      g_autoptr(GBytes) plain = make_plain (self);
      g_autoptr(GBytes) packed = self->packing == GZIP ? pack_gzip (plain) : self->packing == BZIP2 ? pack_bzip2 (plain)
                                                                                                     : g_bytes_ref (plain);

      g_assert_true (g_file_set_contents (path, g_bytes_get_data (packed, NULL), (gssize) g_bytes_get_size (packed), NULL));
    }

  image = almu_image_open (g_open (path, O_RDONLY | O_CLOEXEC, 0), name, "", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  return image;
}

/* -- what should be read --------------------------------------------------- */

static void
set_index (const Description *self,
           gsize             *at,
           int                axis,
           int                index)
{
  gsize stride = 1;

  if (axis == 0)
    return;
  for (int i = 0; i + 1 < axis; i++)
    stride *= (gsize) self->shape[i];
  *at += stride * (gsize) index;
}

static double
get_stored (const Description   *self,
            const AlmuImageInfo *info,
            int                  x,
            int                  y,
            int                  channel,
            int                  stokes)
{
  gsize at = 0;

  set_index (self, &at, info->axes.render[0], x);
  set_index (self, &at, info->axes.render[1], y);
  set_index (self, &at, info->axes.depth, channel);
  set_index (self, &at, info->axes.stokes, stokes);
  g_assert_cmpuint (at, <, self->n);

  return self->stored[at];
}

static gboolean
is_as_described (const Description *self,
                 double             stored,
                 float              found)
{
  double expected = self->zero + self->scale * stored;
  /* a last bit, where a processor rounds a product and a sum only once */
  double slack = self->is_scaled ? 4 * DBL_EPSILON * (fabs (self->zero) + fabs (self->scale * stored)) : 0;

  if (self->bitpix > 0 && self->has_blank && stored == (double) self->blank)
    return isnan (found);
  if (isnan (expected))
    return isnan (found);
  if (self->step > 0 && self->dither == SUBTRACTIVE_DITHER_2 && stored == 0)
    return found == (float) expected;
  if (self->step > 0)
    return fabs (found - expected) <= 0.5001 * self->step * fabs (self->scale) + fabs (expected) * FLT_EPSILON;

  if (found == (float) expected)
    return TRUE;

  return self->is_scaled && fabs (found - expected) <= slack + fabs (expected) * FLT_EPSILON;
}

static void
check_value (const Description *self,
             double             stored,
             float              found)
{
  if (!is_as_described (self, stored, found))
    g_error ("%.17g is read as %.9g", stored, found);
}

static AlmuBox
random_box (const AlmuImageInfo *info)
{
  AlmuBox box;

  box.area.x = g_test_rand_int_range (0, info->width);
  box.area.y = g_test_rand_int_range (0, info->height);
  box.channel = g_test_rand_int_range (0, info->depth);
  box.stokes = g_test_rand_int_range (0, info->n_stokes);
  box.area.width = g_test_rand_int_range (1, info->width - box.area.x + 1);
  box.area.height = g_test_rand_int_range (1, info->height - box.area.y + 1);
  box.n_channels = g_test_rand_int_range (1, info->depth - box.channel + 1);

  return box;
}

static void
check_box (const Description *self,
           AlmuImage         *image,
           const AlmuBox     *box)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autofree float    *pixels = g_new (float, (gsize) box->area.width * box->area.height * box->n_channels);
  const float         *next = pixels;
  g_autoptr(GError) error = NULL;

  almu_image_read (image, box, pixels, NULL, &error);
  g_assert_no_error (error);
  for (int channel = 0; channel < box->n_channels; channel++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        check_value (self,
                     get_stored (self, info, box->area.x + x, box->area.y + y, box->channel + channel, box->stokes),
                     *next++);
}

static gboolean
is_near (double a,
         double b,
         double scale)
{
  return a == b || fabs (a - b) <= 1e-9 * MAX (fabs (scale), MAX (fabs (a), fabs (b)));
}

/* A plane as it is measured, and as its own pixels say in the plainest way. */
static void
check_plane (const Description *self,
             AlmuImage         *image)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  int                  channel = g_test_rand_int_range (0, info->depth);
  int                  stokes = g_test_rand_int_range (0, info->n_stokes);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = almu_plane_load (image, channel, stokes, NULL, &error);
  const AlmuStats *stats;
  const float     *pixels;
  gint64           n = 0, n_blank = 0;
  double           sum = 0, sum_sq = 0;
  float            min = G_MAXFLOAT, max = -G_MAXFLOAT;

  g_assert_no_error (error);
  pixels = almu_plane_get_pixels (plane);
  for (int y = 0; y < info->height; y++)
    for (int x = 0; x < info->width; x++)
      {
        float v = pixels[y * info->width + x];

        check_value (self, get_stored (self, info, x, y, channel, stokes), v);
        if (!isfinite (v))
          {
            n_blank++;
            continue;
          }
        n++;
        sum += v;
        sum_sq += (double) v * v;
        min = MIN (min, v);
        max = MAX (max, v);
      }

  stats = almu_plane_get_stats (plane);
  g_assert_cmpint (stats->n, ==, n);
  g_assert_cmpint (stats->n_blank, ==, n_blank);
  g_assert_true (is_near (stats->sum, sum, sqrt (sum_sq * (double) n)));
  g_assert_true (is_near (stats->sum_sq, sum_sq, 0));
  if (n > 0)
    {
      g_assert_cmpfloat (stats->min, ==, min);
      g_assert_cmpfloat (stats->max, ==, max);
    }
}

static void
test_random_images (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Description self = { 0 };
      g_autoptr(AlmuImage) image = NULL;

      make_description (&self);
      print_description (&self);
      image = write_and_open (fixture, &self);
      for (int i = 0; i < BOXES; i++)
        {
          AlmuBox box = random_box (almu_image_get_info (image));

          check_box (&self, image, &box);
        }
      check_plane (&self, image);
      g_free (self.stored);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add ("/engine/random-images", Fixture, NULL, fixture_set_up, test_random_images, fixture_tear_down);

  return g_test_run ();
}
