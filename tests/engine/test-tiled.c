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

/* Images in compressed tiles, written by cfitsio with random settings: read by
 * us they are what cfitsio reads, bit for bit, and what was written, as far as
 * the way of packing promises. */

/* cfitsio packs images of no more. */
#define MAX_AXES 3
#define BLANK_VALUE (-999)

typedef struct
{
  char *folder;
  char *path;
} Fixture;

typedef struct
{
  int      type;
  int      bitpix; /* as cfitsio has it, unsigned ones too */
  int      n_axes;
  long     shape[MAX_AXES];
  long     tile[MAX_AXES];
  int      order; /* of the axes */
  gboolean has_blanks;
  float    step; /* of quantisation; 0: none */
  int      dither;
  int      seed;
  float    hcompress_scale;
  gboolean is_smooth;
  gboolean has_scale;
  int      noise;
  gsize    n_pixels;
} Setup;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->path = g_build_filename (fixture->folder, "tiled.fits.fz", NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

/* -- random images ------------------------------------------------------ */

static const struct
{
  const char *name;
  int         type;
  int         bitpixes[10];
} codecs[] = {
  { "rice", RICE_1, { BYTE_IMG, SHORT_IMG, LONG_IMG, USHORT_IMG, ULONG_IMG, SBYTE_IMG, FLOAT_IMG, DOUBLE_IMG } },
  { "gzip", GZIP_1, { BYTE_IMG, SHORT_IMG, LONG_IMG, USHORT_IMG, ULONG_IMG, SBYTE_IMG, FLOAT_IMG, DOUBLE_IMG } },
  { "gzip-shuffled", GZIP_2, { BYTE_IMG, SHORT_IMG, LONG_IMG, USHORT_IMG, FLOAT_IMG, DOUBLE_IMG } },
  { "plio", PLIO_1, { BYTE_IMG, SHORT_IMG, LONG_IMG, USHORT_IMG } },
  { "hcompress", HCOMPRESS_1, { BYTE_IMG, SHORT_IMG, LONG_IMG, USHORT_IMG, FLOAT_IMG, DOUBLE_IMG } },
};

static gboolean
is_real (const Setup *setup)
{
  return setup->bitpix < 0;
}

static int
pick (int n)
{
  return g_test_rand_int_range (0, n);
}

static Setup
random_setup (guint codec)
{
  Setup setup = { .type = codecs[codec].type };
  int   n_bitpixes = 0;

  while (codecs[codec].bitpixes[n_bitpixes] != 0)
    n_bitpixes++;
  setup.bitpix = codecs[codec].bitpixes[pick (n_bitpixes)];
  setup.n_axes = 2 + pick (2);
  setup.order = pick (6);
  setup.has_blanks = pick (3) == 0;
  setup.noise = 1 << pick (setup.type == PLIO_1 ? 10 : 15);
  setup.n_pixels = 1;
  for (int i = 0; i < setup.n_axes; i++)
    {
      setup.shape[i] = i < 2 ? 4 + pick (90) : 1 + pick (4);
      setup.tile[i] = i < 2 ? 1 + pick ((int) setup.shape[i]) : 1 + pick (2);
    }

  if (pick (4) == 0)
    setup.tile[0] = setup.shape[0];

  /* cfitsio overruns its memory where a list is longer than the pixels */
  if (setup.type == PLIO_1)
    setup.tile[0] = setup.shape[0] = MAX (32, setup.shape[0]);

  /* tiles of two axes, none of which is short, at the edge neither; and small
   * ones of noise overrun its memory, too */
  if (setup.type == HCOMPRESS_1)
    {
      setup.noise = MIN (setup.noise, 256);
      for (int i = 0; i < setup.n_axes; i++)
        {
          setup.shape[i] += i < 2 ? 20 : 0;
          setup.tile[i] = i < 2 ? MAX (20, setup.tile[i]) : 1;
          if (i < 2 && setup.shape[i] % setup.tile[i] > 0 && setup.shape[i] % setup.tile[i] < 20)
            setup.tile[i] = setup.shape[i];
        }
    }

  for (int i = 0; i < setup.n_axes; i++)
    setup.n_pixels *= (gsize) setup.shape[i];

  if (is_real (&setup))
    {
      gboolean is_lossless = (setup.type == GZIP_1 || setup.type == GZIP_2) && pick (2) == 0;

      setup.step = is_lossless ? 0 : 0.03125f * (float) (1 << pick (6));
      setup.dither = (int[]){ NO_DITHER, SUBTRACTIVE_DITHER_1, SUBTRACTIVE_DITHER_2 }[pick (setup.type == HCOMPRESS_1 ? 2 : 3)];
      setup.seed = 1 + pick (10000);
    }

  if (setup.type == HCOMPRESS_1 && !is_real (&setup) && pick (2) == 0)
    {
      setup.hcompress_scale = (float) (2 + pick (30));
      setup.is_smooth = pick (2) == 0;
    }

  setup.has_scale = pick (3) == 0 && setup.bitpix != USHORT_IMG && setup.bitpix != ULONG_IMG && setup.bitpix != SBYTE_IMG;

  return setup;
}

static void
describe (const Setup *setup)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "type %d, BITPIX %d, blanks %d, step %g, dither %d, seed %d, scale %g, smooth %d, BSCALE %d, noise %d, order %d:",
                   setup->type, setup->bitpix, setup->has_blanks, (double) setup->step, setup->dither, setup->seed,
                   (double) setup->hcompress_scale, setup->is_smooth, setup->has_scale, setup->noise, setup->order);
  for (int i = 0; i < setup->n_axes; i++)
    g_string_append_printf (text, " %ld/%ld", setup->shape[i], setup->tile[i]);
  g_test_message ("%s", text->str);
  g_string_free (text, TRUE);
}

static double
clip (const Setup *setup,
      double       value)
{
  switch (setup->bitpix)
    {
    case BYTE_IMG:
      return CLAMP (value, 0, 255);
    case SBYTE_IMG:
      return CLAMP (value, -128, 127);
    case SHORT_IMG:
      return CLAMP (value, setup->type == PLIO_1 ? 0 : -32768, 32767);
    case USHORT_IMG:
      return CLAMP (value, 0, 65535);
    case ULONG_IMG:
      return CLAMP (value, 0, 4294967295.0);
    default:
      return setup->type == PLIO_1 ? CLAMP (value, 0, (1 << 24) - 1) : value;
    }
}

/* Something smooth, noise on it, stretches that are all the same, and a few
 * pixels far off. */
static double *
make_pixels (const Setup *setup)
{
  double *pixels = g_new (double, setup->n_pixels);
  double  slope = g_test_rand_double_range (-3, 30);
  gsize   n_same = 0;

  for (gsize i = 0; i < setup->n_pixels; i++)
    {
      double value = slope * (double) (i % (gsize) setup->shape[0]) + g_test_rand_double_range (0, setup->noise);

      if (pick (200) == 0)
        value = g_test_rand_double_range (-1e5, 1e7);
      if (n_same == 0 && pick (300) == 0)
        n_same = (gsize) pick (400);
      if (n_same > 0 && i > 0)
        {
          n_same--;
          value = pixels[i - 1];
        }
      if (is_real (setup))
        pixels[i] = pick (50) == 0 ? 0 : (float) value;
      else
        pixels[i] = clip (setup, floor (value));
    }

  for (gsize i = 0; setup->has_blanks && i < setup->n_pixels; i++)
    if (pick (20) == 0)
      pixels[i] = is_real (setup) ? BLANK_VALUE : clip (setup, BLANK_VALUE);

  return pixels;
}

static const char *const orders[][MAX_AXES] = {
  { "RA---SIN", "DEC--SIN", "FREQ" },
  { "DEC--SIN", "RA---SIN", "FREQ" },
  { "FREQ", "RA---SIN", "DEC--SIN" },
  { "STOKES", "DEC--SIN", "RA---SIN" },
  { "RA---SIN", "STOKES", "DEC--SIN" },
  { "DEC--SIN", "FREQ", "RA---SIN" },
};

/* In the type that cfitsio does not have to convert. */
static gpointer
convert_pixels (const Setup  *setup,
                const double *pixels,
                int          *out_type)
{
  static const struct
  {
    int bitpix;
    int type;
  } types[] = {
    { BYTE_IMG, TBYTE },
    { SBYTE_IMG, TSBYTE },
    { SHORT_IMG, TSHORT },
    { USHORT_IMG, TUSHORT },
    { LONG_IMG, TINT },
    { ULONG_IMG, TUINT },
    { FLOAT_IMG, TFLOAT },
    { DOUBLE_IMG, TDOUBLE },
  };
  guint8 *values = g_malloc (setup->n_pixels * 8);
  guint   k = 0;

  while (types[k].bitpix != setup->bitpix)
    k++;
  *out_type = types[k].type;

#define CONVERT(Type)                                           \
  for (gsize i = 0; i < setup->n_pixels; i++)                   \
    {                                                           \
      Type value = (Type) pixels[i];                            \
                                                                \
      memcpy (values + i * sizeof value, &value, sizeof value); \
    }                                                           \
  break

  switch (types[k].type)
    {
    case TBYTE:
      CONVERT (guint8);
    case TSBYTE:
      CONVERT (gint8);
    case TSHORT:
      CONVERT (gint16);
    case TUSHORT:
      CONVERT (guint16);
    case TINT:
      CONVERT (gint32);
    case TUINT:
      CONVERT (guint32);
    case TFLOAT:
      CONVERT (float);
    default:
      CONVERT (double);
    }

#undef CONVERT

  return values;
}

static void
write_image (const Setup  *setup,
             const char   *path,
             const double *pixels)
{
  fitsfile           *file = NULL;
  int                 status = 0;
  int                 type;
  g_autofree gpointer values = convert_pixels (setup, pixels, &type);
  float               blank = BLANK_VALUE;
  double              wide_blank = BLANK_VALUE;

  g_unlink (path);
  fits_create_diskfile (&file, path, &status);
  fits_set_compression_type (file, setup->type, &status);
  fits_set_tile_dim (file, setup->n_axes, (long *) setup->tile, &status);
  if (is_real (setup))
    {
      fits_set_quantize_level (file, setup->step > 0 ? -setup->step : 0, &status);
      fits_set_quantize_method (file, setup->dither, &status);
      fits_set_dither_seed (file, setup->seed, &status);
    }
  if (setup->type == HCOMPRESS_1)
    {
      /* below zero it is what it is, above a multiple of the noise */
      fits_set_hcomp_scale (file, -setup->hcompress_scale, &status);
      fits_set_hcomp_smooth (file, setup->is_smooth, &status);
    }

  fits_create_img (file, setup->bitpix, setup->n_axes, (long *) setup->shape, &status);
  for (int i = 0; i < setup->n_axes; i++)
    {
      char card[16];

      g_snprintf (card, sizeof card, "CTYPE%d", i + 1);
      fits_write_key_str (file, card, orders[setup->order][i], NULL, &status);
    }
  if (is_real (setup) && setup->has_blanks)
    fits_write_imgnull (file, type, 1, (LONGLONG) setup->n_pixels, values,
                        type == TFLOAT ? (void *) &blank : (void *) &wide_blank, &status);
  else
    fits_write_img (file, type, 1, (LONGLONG) setup->n_pixels, values, &status);
  if (setup->has_blanks && !is_real (setup))
    {
      double stored = clip (setup, BLANK_VALUE);

      if (setup->bitpix == USHORT_IMG)
        stored -= 32768;
      else if (setup->bitpix == ULONG_IMG)
        stored -= 2147483648.0;
      else if (setup->bitpix == SBYTE_IMG)
        stored += 128;
      fits_write_key_lng (file, "BLANK", (LONGLONG) stored, NULL, &status);
    }
  if (setup->has_scale)
    {
      fits_write_key_dbl (file, "BSCALE", 0.375, 15, NULL, &status);
      fits_write_key_dbl (file, "BZERO", -12.5, 15, NULL, &status);
    }
  fits_close_file (file, &status);
  if (status != 0)
    {
      fits_report_error (stderr, status);
      g_error ("cfitsio cannot write it: %d", status);
    }
}

/* In the order of the file. */
static float *
read_by_cfitsio (const Setup *setup,
                 const char  *path)
{
  float    *pixels = g_new (float, setup->n_pixels);
  fitsfile *file = NULL;
  long      first[MAX_AXES] = { 1, 1, 1 };
  long      step[MAX_AXES] = { 1, 1, 1 };
  float     blank = NAN;
  int       any;
  int       status = 0;

  fits_open_diskfile (&file, path, READONLY, &status);
  fits_movabs_hdu (file, 2, NULL, &status);
  fits_read_subset (file, TFLOAT, first, (long *) setup->shape, step, &blank, pixels, &any, &status);
  fits_close_file (file, &status);
  if (status != 0)
    g_error ("cfitsio cannot read it: %d", status);

  return pixels;
}

static gsize
get_index (const AlmuImageInfo *info,
           int                  x,
           int                  y,
           int                  channel,
           int                  stokes)
{
  const int axes[] = { info->axes.render[0], info->axes.render[1], info->axes.depth, info->axes.stokes };
  const int at[] = { x, y, channel, stokes };
  gsize     index = 0;
  gsize     pitch = 1;

  for (int i = 0; i < info->n_axes; i++)
    {
      for (guint k = 0; k < G_N_ELEMENTS (axes); k++)
        if (axes[k] == i + 1)
          index += (gsize) at[k] * pitch;
      pitch *= (gsize) info->shape[i];
    }

  return index;
}

static void
random_range (int  length,
              int *out_first,
              int *out_count)
{
  *out_first = pick (length);
  *out_count = 1 + pick (length - *out_first);
}

static AlmuBox
random_box (const AlmuImageInfo *info)
{
  AlmuBox box = { .stokes = pick (info->n_stokes) };

  random_range (info->width, &box.area.x, &box.area.width);
  random_range (info->height, &box.area.y, &box.area.height);
  random_range (info->depth, &box.channel, &box.n_channels);

  return box;
}

static gboolean
is_same (float a,
         float b)
{
  return memcmp (&a, &b, sizeof a) == 0 || (isnan (a) && isnan (b));
}

/* What @expected may differ from what was written by. */
static double
get_tolerance (const Setup *setup,
               double       value)
{
  double tolerance = 0;

  if (is_real (setup))
    tolerance = (double) setup->step * 0.5001;
  else if (setup->hcompress_scale > 0)
    return INFINITY;

  return (setup->has_scale ? 0.375 : 1.0) * tolerance + 2e-7 * fabs (value);
}

static void
check_pixel (const Setup *setup,
             float        found,
             float        expected,
             double       written)
{
  double value = setup->has_scale ? written * 0.375 - 12.5 : written;
  double blank = is_real (setup) ? BLANK_VALUE : clip (setup, BLANK_VALUE);

  /* it forgets BSCALE where a tile of reals was no good as integers, and takes
   * BLANK for what unsigned integers are in a list, not for what they stand for */
  gboolean is_right = !(is_real (setup) && setup->has_scale) &&
                      !(setup->type == PLIO_1 && setup->bitpix == USHORT_IMG && setup->has_blanks);

  if (is_right && !is_same (found, expected))
    g_error ("%.9g is %.9g for cfitsio; %.9g was written", (double) found, (double) expected, written);

  /* what is not packed as it is may become a blank pixel, or be one no more */
  if (setup->has_blanks && setup->hcompress_scale > 0)
    return;

  if (setup->has_blanks && written == blank)
    g_assert_true (isnan (found));
  else if (!(fabs ((double) found - value) <= get_tolerance (setup, value)))
    g_error ("%.9g was %.9g when it was written, times BSCALE %.9g", (double) found, written, value);
}

static void
check_box (const Setup   *setup,
           AlmuImage     *image,
           const AlmuBox *box,
           const float   *expected,
           const double  *written)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  g_autofree float    *pixels = g_new (float, (gsize) box->area.width * box->area.height * box->n_channels);
  const float         *found = pixels;
  g_autoptr(GError) error = NULL;

  almu_image_read (image, box, pixels, NULL, &error);
  g_assert_no_error (error);
  for (int z = 0; z < box->n_channels; z++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        {
          gsize i = get_index (info, box->area.x + x, box->area.y + y, box->channel + z, box->stokes);

          check_pixel (setup, *found++, expected[i], written[i]);
        }
}

static AlmuImage *
open_path (const char *path,
           GError    **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);

  return almu_image_open (fd, "tiled.fits.fz", "", ALMU_IMAGE_NONE, error);
}

static void
test_tiled_random (Fixture      *fixture,
                   gconstpointer user_data)
{
  guint codec = GPOINTER_TO_UINT (user_data);

  for (int i = 0; i < 80; i++)
    {
      Setup              setup = random_setup (codec);
      g_autofree double *written = make_pixels (&setup);
      g_autofree float  *expected = NULL;
      g_autoptr(AlmuImage) image = NULL;
      g_autoptr(GError) error = NULL;
      const AlmuImageInfo *info;

      describe (&setup);
      write_image (&setup, fixture->path, written);
      expected = read_by_cfitsio (&setup, fixture->path);
      image = open_path (fixture->path, &error);
      g_assert_no_error (error);
      info = almu_image_get_info (image);
      g_assert_true (info->is_compressed);
      for (int stokes = 0; stokes < info->n_stokes; stokes++)
        check_box (&setup, image, &(AlmuBox){ { 0, 0, info->width, info->height }, 0, info->depth, stokes }, expected, written);
      for (int k = 0; k < 10; k++)
        {
          AlmuBox box = random_box (info);

          check_box (&setup, image, &box, expected, written);
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++)
    {
      g_autofree char *path = g_strconcat ("/engine/tiled/random/", codecs[i].name, NULL);

      g_test_add (path, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_tiled_random, fixture_tear_down);
    }

  return g_test_run ();
}
