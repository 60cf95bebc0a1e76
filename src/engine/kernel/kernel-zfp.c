/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel-zfp.h"

#include <string.h>

#include "kernel.h"

/* Pictures of floats at a fixed precision as libzfp 1.0 writes them, to the
 * last bit: https://zfp.readthedocs.io/en/release1.0.0/algorithm.html
 *
 * libzfp takes block after block of 4 × 4 values, and of each of them bit
 * after bit. Here several blocks are side by side in vectors until their
 * planes of bits stand in a row, and a plane is written at once. */
#define SIDE 4
#define SIZE (SIDE * SIDE)

/* Blocks that go together. */
#define LANES 8
#define GROUP_WIDTH (SIDE * LANES)

#define EXPONENT_SHIFT 23
#define EXPONENT_BIAS 127

/* As it stands in a float. Below this one libzfp scales by more than a float
 * holds, and what comes then is the compiler's choice; above the other one
 * are infinities. */
#define MIN_EXPONENT 29
#define MAX_EXPONENT 254

/* A header of 9 bits, the planes, and at most one bit per value that tells
 * whether there are more. */
#define MAX_BLOCK_BITS(precision) (9 + SIZE + SIZE * (precision))

/* A whole one is stored at each write. */
#define WORD sizeof (guint64)

typedef gint32  Ints __attribute__ ((vector_size (LANES * sizeof (gint32))));
typedef guint32 Words __attribute__ ((vector_size (LANES * sizeof (guint32))));
typedef float   Floats __attribute__ ((vector_size (LANES * sizeof (float))));

typedef struct
{
  guint32 planes[SIZE][LANES]; /* [k]: plane 16 + k above plane k */
  gint32  largest[LANES];      /* its bits, but for the sign */
} Group;

/* The lowest bit is the first. */
typedef struct
{
  guint8 *at;
  guint64 bits;
  guint   n_bits; /* below 8 between two calls */
} Writer;

#define INLINE static inline __attribute__ ((always_inline))

/* -- from values to planes of bits -------------------------------------- */

/* By frequency. */
static const guint8 order[SIZE] = { 0, 1, 4, 5, 2, 8, 6, 9, 3, 12, 10, 7, 13, 11, 14, 15 };

INLINE Ints
max_of (Ints a,
        Ints b)
{
  Ints is_a = a > b;

  return (a & is_a) | (b & ~is_a);
}

/* zfp's own transform of four values, nearly a cosine one. */
INLINE void
lift (Ints *p,
      int   stride)
{
  Ints x = p[0], y = p[stride], z = p[2 * stride], w = p[3 * stride];

  x += w;
  x >>= 1;
  w -= x;
  z += y;
  z >>= 1;
  y -= z;
  x += z;
  x >>= 1;
  z -= x;
  w += y;
  w >>= 1;
  y -= w;
  w += y >> 1;
  y -= w >> 1;

  p[0] = x;
  p[stride] = y;
  p[2 * stride] = z;
  p[3 * stride] = w;
}

/* Rows and columns of 16 × 16 bits change places, in both halves of the
 * words at a time. */
INLINE void
swap_squares (Words  *words,
              int     side,
              guint32 mask)
{
  for (int i = 0; i < SIZE; i++)
    if ((i & side) == 0)
      {
        Words t = ((words[i] >> side) ^ words[i + side]) & mask;

        words[i + side] ^= t;
        words[i] ^= t << side;
      }
}

INLINE void
transform (const Floats *values,
           Group        *group)
{
  Ints  largest = { 0 };
  Ints  ints[SIZE];
  Words words[SIZE];
  Ints  scale;
  Ints  exponent;

  for (int i = 0; i < SIZE; i++)
    largest = max_of (largest, (Ints) values[i] & G_MAXINT32);
  memcpy (group->largest, &largest, sizeof largest);

  /* the power of two that makes the largest one nearly 2³⁰; blocks that are
   * not encoded must not get a strange one */
  exponent = max_of (largest >> EXPONENT_SHIFT, (Ints){ 0 } + MIN_EXPONENT);
  scale = ((30 + 2 * EXPONENT_BIAS - 1) - exponent) << EXPONENT_SHIFT;
  for (int i = 0; i < SIZE; i++)
    ints[i] = __builtin_convertvector(values[i] * (Floats) scale, Ints);

  for (int y = 0; y < SIDE; y++)
    lift (ints + SIDE * y, 1);
  for (int x = 0; x < SIDE; x++)
    lift (ints + x, SIDE);

  for (int i = 0; i < SIZE; i++)
    words[i] = ((Words) ints[order[i]] + 0xaaaaaaaau) ^ 0xaaaaaaaau;

  swap_squares (words, 8, 0x00ff00ffu);
  swap_squares (words, 4, 0x0f0f0f0fu);
  swap_squares (words, 2, 0x33333333u);
  swap_squares (words, 1, 0x55555555u);
  memcpy (group->planes, words, sizeof words);
}

/* -- from planes to the stream ------------------------------------------ */

INLINE void
put (Writer *writer,
     guint64 bits,
     guint   n_bits)
{
  guint64 word;

  writer->bits |= bits << writer->n_bits;
  writer->n_bits += n_bits;
  word = GUINT64_TO_LE (writer->bits);
  memcpy (writer->at, &word, WORD);
  writer->at += writer->n_bits / 8;
  writer->bits >>= writer->n_bits & ~7u;
  writer->n_bits &= 7;
}

/* Values whose first bit has been seen have their bits as they are; those
 * beyond are told by "there is another one", zeros up to it, and the one,
 * which goes without saying for the last value. Returns how many values have
 * been seen. */
INLINE guint
put_plane (Writer *writer,
           guint   plane,
           guint   n)
{
  guint64 code = plane & ((1u << n) - 1);
  guint   rest = plane >> n;
  guint   n_code = n;

  while (rest != 0)
    {
      guint n_zeros = (guint) __builtin_ctz (rest);

      code |= (guint64) 1 << n_code;
      n_code += n_zeros + 1;
      n += n_zeros + 1;
      rest >>= n_zeros;
      rest >>= 1;
      if (n < SIZE)
        {
          code |= (guint64) 1 << n_code;
          n_code++;
        }
    }
  if (n < SIZE)
    n_code++;
  put (writer, code, n_code);

  return n;
}

INLINE guint
get_plane (const Group *group,
           int          lane,
           int          k)
{
  return k >= SIZE ? group->planes[k - SIZE][lane] >> SIZE : group->planes[k][lane] & 0xffff;
}

INLINE void
put_block (Writer      *writer,
           const Group *group,
           int          lane,
           int          precision)
{
  guint exponent = (guint) group->largest[lane] >> EXPONENT_SHIFT;
  int   last = 32 - precision;
  int   k = 31;

  if (group->largest[lane] == 0)
    {
      put (writer, 0, 1);
      return;
    }

  put (writer, 2 * (exponent + 1) + 1, 9);
  for (guint n = 0; n < SIZE && k >= last; k--)
    n = put_plane (writer, get_plane (group, lane, k), n);
  for (; k >= last; k--)
    put (writer, get_plane (group, lane, k), SIZE);
}

/* -- a picture ---------------------------------------------------------- */

/* Values behind the edge are those that zfp puts there. */
INLINE gsize
get_inner (gsize i,
           gsize n)
{
  if (i < n)
    return i;
  if (i % SIDE == 3)
    return i - 3;

  return n - 1;
}

INLINE void
gather_edge (const float *pixels,
             gsize        width,
             gsize        height,
             gsize        x,
             gsize        y,
             float (*values)[LANES])
{
  gsize end = (width + SIDE - 1) / SIDE * SIDE;

  for (gsize j = 0; j < SIDE; j++)
    for (gsize i = 0; i < GROUP_WIDTH; i++)
      values[SIDE * j + i % SIDE][i / SIDE] =
        x + i < end ? pixels[get_inner (y + j, height) * width + get_inner (x + i, width)] : 0.0f;
}

INLINE void
gather (const float *pixels,
        gsize        width,
        float (*values)[LANES])
{
  for (int j = 0; j < SIDE; j++)
    for (int lane = 0; lane < LANES; lane++)
      for (int i = 0; i < SIDE; i++)
        values[SIDE * j + i][lane] = pixels[(gsize) j * width + (gsize) (SIDE * lane + i)];
}

INLINE gboolean
can_be_encoded (const Group *group,
                gsize        n_blocks)
{
  gboolean is_good = TRUE;

  for (gsize lane = 0; lane < n_blocks; lane++)
    {
      guint exponent = (guint) group->largest[lane] >> EXPONENT_SHIFT;

      is_good &= (exponent >= MIN_EXPONENT || group->largest[lane] == 0) && exponent <= MAX_EXPONENT;
    }

  return is_good;
}

/**
 * almu_kernel_zfp_bound:
 * @width: of a picture, in pixels
 * @height: of a picture, in pixels
 * @precision: planes of bits, as zfp_stream_set_precision() takes it
 *
 * For the room that almu_kernel_zfp_encode() wants, which never checks it.
 *
 * Returns: bytes that are room enough for the stream of any picture, and for what
 *   is written beyond it
 */
gsize
almu_kernel_zfp_bound (gsize width,
                       gsize height,
                       int   precision)
{
  gsize n_blocks = (width + SIDE - 1) / SIDE * ((height + SIDE - 1) / SIDE);

  return n_blocks * MAX_BLOCK_BITS ((gsize) precision) / 8 + 2 * WORD;
}

/**
 * almu_kernel_zfp_encode:
 * @pixels: a picture, row after row
 * @width: in pixels
 * @height: in pixels
 * @precision: planes of bits, as zfp_stream_set_precision() takes it
 * @stream: room for almu_kernel_zfp_bound() bytes
 *
 * Encodes a picture as libzfp 1.0 does at a fixed precision, without a header, to
 * the last bit.
 *
 * Returns: bytes of the stream; 0 for a picture that has to be left to libzfp, since
 *   it has values that are not finite, or a block whose largest one is tiny
 */
ALMU_KERNEL gsize
almu_kernel_zfp_encode (const float *pixels,
                        gsize        width,
                        gsize        height,
                        int          precision,
                        guint8      *stream)
{
  Writer writer = { .at = stream };

  for (gsize y = 0; y < height; y += SIDE)
    for (gsize x = 0; x < width; x += GROUP_WIDTH)
      {
        float  values[SIZE][LANES] __attribute__ ((aligned (sizeof (Floats))));
        gsize  n_blocks = MIN (LANES, (width - x + SIDE - 1) / SIDE);
        Floats vectors[SIZE];
        Group  group;

        if (width - x >= GROUP_WIDTH && height - y >= SIDE)
          gather (pixels + y * width + x, width, values);
        else
          gather_edge (pixels, width, height, x, y, values);
        memcpy (vectors, values, sizeof vectors);
        transform (vectors, &group);
        if (!can_be_encoded (&group, n_blocks))
          return 0;

        for (gsize lane = 0; lane < n_blocks; lane++)
          put_block (&writer, &group, (int) lane, precision);
      }

  memset (writer.at + 1, 0, WORD);

  return (gsize) (writer.at - stream) + (writer.n_bits > 0);
}
