/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <zfp.h>

#include <glib.h>

#include "kernel/kernel-zfp.h"

/* Streams of pictures, against libzfp: every bit of them. */

#define MAX_SIDE 300
#define N_ROUNDS 2100

/* Nothing may be written behind what was promised. */
#define GUARD 64
#define GUARD_BYTE 0xa5

/* zfp-plain.c */
extern __typeof__ (almu_kernel_zfp_encode) plain_kernel_zfp_encode;

typedef float (*Source) (GRand *rand,
                         gsize  x,
                         gsize  y);

static float
make_noise (GRand *rand,
            gsize  x,
            gsize  y)
{
  return (float) g_rand_double_range (rand, -1, 1);
}

static float
make_smooth (GRand *rand,
             gsize  x,
             gsize  y)
{
  return sinf (0.03f * (float) x) * cosf (0.05f * (float) y) + (float) g_rand_double_range (rand, 0, 1e-5);
}

/* Neighbours of all sizes libzfp can scale, denormal ones among them. */
static float
make_wild (GRand *rand,
           gsize  x,
           gsize  y)
{
  return (float) ldexp (g_rand_double_range (rand, -1, 1), g_rand_int_range (rand, -149, 128));
}

static float
make_sparse (GRand *rand,
             gsize  x,
             gsize  y)
{
  return g_rand_int_range (rand, 0, 40) > 0 ? 0.0f : 3.5f;
}

static float
make_constant (GRand *rand,
               gsize  x,
               gsize  y)
{
  return -FLT_MAX;
}

/* Of both signs, and no more than that. */
static float
make_zeros (GRand *rand,
            gsize  x,
            gsize  y)
{
  return g_rand_boolean (rand) ? 0.0f : -0.0f;
}

/* Blocks as large as floats can be, next to empty ones. */
static float
make_extremes (GRand *rand,
               gsize  x,
               gsize  y)
{
  static const float values[] = { FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-149f, 0.0f, 1.0f, -0x1p127f, 0x1.fffffep-97f };

  return (x / 4 + y / 4) % 3 == 0 ? 0.0f : values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
}

static const Source sources[] = {
  make_noise, make_smooth, make_wild, make_sparse, make_constant, make_zeros, make_extremes
};

/* A block that libzfp would overflow in: it is not compared with what comes
 * then, which depends on how libzfp was built. */
static gboolean
is_for_libzfp (const float *pixels,
               gsize        width,
               gsize        height)
{
  for (gsize y = 0; y < height; y += 4)
    for (gsize x = 0; x < width; x += 4)
      {
        float largest = 0;

        for (gsize j = y; j < MIN (y + 4, height); j++)
          for (gsize i = x; i < MIN (x + 4, width); i++)
            largest = fmaxf (largest, fabsf (pixels[j * width + i]));
        if (largest > 0 && largest < 0x1p-98f)
          return TRUE;
      }

  return FALSE;
}

static gsize
encode_with_libzfp (const float *pixels,
                    gsize        width,
                    gsize        height,
                    int          precision,
                    guint8      *stream,
                    gsize        size)
{
  zfp_field  *field = zfp_field_2d ((float *) pixels, zfp_type_float, width, height);
  zfp_stream *zfp = zfp_stream_open (NULL);
  bitstream  *bits = stream_open (stream, size);

  zfp_stream_set_precision (zfp, (uint) precision);
  zfp_stream_set_bit_stream (zfp, bits);
  size = zfp_compress (zfp, field);

  zfp_field_free (field);
  zfp_stream_close (zfp);
  stream_close (bits);

  return size;
}

static void
assert_same (__typeof__ (almu_kernel_zfp_encode) *encode,
             const float                         *pixels,
             gsize                                width,
             gsize                                height,
             int                                  precision,
             const guint8                        *expected,
             gsize                                n_expected)
{
  gsize              bound = almu_kernel_zfp_bound (width, height, precision);
  g_autofree guint8 *stream = g_malloc (bound + GUARD);
  gsize              n_word = stream_word_bits / 8;
  gsize              size;

  memset (stream, GUARD_BYTE, bound + GUARD);
  size = encode (pixels, width, height, precision, stream);
  if (size == 0)
    {
      g_assert_true (is_for_libzfp (pixels, width, height));
      return;
    }

  g_assert_false (is_for_libzfp (pixels, width, height));
  size = (size + n_word - 1) / n_word * n_word;
  g_assert_cmpuint (size, <=, bound);
  g_assert_cmpmem (stream, size, expected, n_expected);
  for (gsize i = 0; i < GUARD; i++)
    g_assert_cmpuint (stream[bound + i], ==, GUARD_BYTE);
}

static void
test_zfp_same (void)
{
  guint32 seed = g_random_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  g_autofree float  *pixels = g_new (float, MAX_SIDE *MAX_SIDE);
  gsize              n_bytes = MAX_SIDE * MAX_SIDE * 8;
  g_autofree guint8 *expected = g_malloc (n_bytes);
  gsize              n_blocks = 0;

  for (int round = 0; round < N_ROUNDS; round++)
    {
      Source source = sources[(gsize) round % G_N_ELEMENTS (sources)];
      gsize  width = (gsize) g_rand_int_range (rand, 1, MAX_SIDE + 1);
      gsize  height = (gsize) g_rand_int_range (rand, 1, MAX_SIDE + 1);
      int    precision = g_rand_int_range (rand, 1, 33);
      gsize  size;

      g_test_message ("seed %u, round %d: %zu × %zu at %d", seed, round, width, height, precision);
      for (gsize i = 0; i < width * height; i++)
        pixels[i] = source (rand, i % width, i / width);
      size = encode_with_libzfp (pixels, width, height, precision, expected, n_bytes);
      assert_same (almu_kernel_zfp_encode, pixels, width, height, precision, expected, size);
      assert_same (plain_kernel_zfp_encode, pixels, width, height, precision, expected, size);
      n_blocks += (width + 3) / 4 * ((height + 3) / 4);
    }

  g_test_message ("%zu blocks", n_blocks);
}

/* All shapes of edges, at the precision pages ask for. */
static void
test_zfp_edges (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (1);
  guint8 expected[50 * 10 * 8];
  float  pixels[50 * 10];

  for (gsize width = 1; width <= 50; width++)
    for (gsize height = 1; height <= 10; height++)
      {
        gsize size;

        for (gsize i = 0; i < width * height; i++)
          pixels[i] = make_noise (rand, 0, 0);
        size = encode_with_libzfp (pixels, width, height, 11, expected, sizeof expected);
        assert_same (almu_kernel_zfp_encode, pixels, width, height, 11, expected, size);
        assert_same (plain_kernel_zfp_encode, pixels, width, height, 11, expected, size);
      }
}

/* What is neither encoded nor written past: not a number, infinities, and
 * blocks of less than 2⁻⁹⁸, wherever in the picture. */
static void
test_zfp_left_to_libzfp (void)
{
  static const float strange[] = { NAN, -NAN, INFINITY, -INFINITY, 0x1p-99f, 0x1p-149f };
  guint8             stream[20000];
  float              pixels[40 * 40];

  for (gsize i = 0; i < G_N_ELEMENTS (strange); i++)
    for (gsize at = 0; at < G_N_ELEMENTS (pixels); at += 13)
      {
        gboolean is_small = fabsf (strange[i]) < 1;

        for (gsize j = 0; j < G_N_ELEMENTS (pixels); j++)
          pixels[j] = is_small ? 0.0f : 1.0f;
        pixels[at] = strange[i];
        g_assert_cmpuint (almu_kernel_zfp_encode (pixels, 40, 40, 32, stream), ==, 0);
      }

  for (gsize j = 0; j < G_N_ELEMENTS (pixels); j++)
    pixels[j] = 0x1p-98f;
  g_assert_cmpuint (almu_kernel_zfp_encode (pixels, 40, 40, 32, stream), >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/engine/zfp/same", test_zfp_same);
  g_test_add_func ("/engine/zfp/edges", test_zfp_edges);
  g_test_add_func ("/engine/zfp/left-to-libzfp", test_zfp_left_to_libzfp);

  return g_test_run ();
}
