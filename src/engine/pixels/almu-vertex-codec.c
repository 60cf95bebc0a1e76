/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vertex-codec.h"

#include <math.h>
#include <string.h>
#include <zstd.h>

/* The lanes of a register: what is left over is treated apart. */
#define GROUP 4

/* From here on zstd takes three to six times as long to make vertices 4 to 11
 * % shorter, which only a link of less than a megabyte per second gives back:
 * a wish for more, up to what most have by default, is met with this … */
#define BRISK_LEVEL 4

/* … and from here on somebody means it. */
#define THOROUGH_LEVEL 10

/* What is compressed between two looks at the cancellable: at the highest
 * level some 30 ms. */
#define PIECE_BYTES (64 * 1024)

/* Megabytes each, and at the highest level a hundred: kept from one piece to
 * the next, and not for longer than there are contours to pack. */
static GMutex mutex;
static GQueue idle = G_QUEUE_INIT; /* of ZSTD_CCtx, under the mutex */

static ZSTD_CCtx *
take_context (void)
{
  ZSTD_CCtx *context;

  g_mutex_lock (&mutex);
  context = g_queue_pop_head (&idle);
  g_mutex_unlock (&mutex);

  return context != NULL ? context : ZSTD_createCCtx ();
}

static void
give_context (ZSTD_CCtx *context)
{
  g_mutex_lock (&mutex);
  g_queue_push_head (&idle, context);
  g_mutex_unlock (&mutex);
}

/**
 * almu_vertex_release:
 *
 * Gives back the memory that is kept for the next piece, when none may come
 * for long. Any thread.
 */
void
almu_vertex_release (void)
{
  ZSTD_CCtx *context;

  g_mutex_lock (&mutex);
  while ((context = g_queue_pop_head (&idle)) != NULL)
    ZSTD_freeCCtx (context);
  g_mutex_unlock (&mutex);
}

/* Halves go to the even neighbour, but away from zero in what is left over
 * of a group of four: as others do it, bit by bit. */
static void
round_numbers (const float *numbers,
               gsize        n,
               float        scale,
               guint32     *rounded)
{
  gsize n_grouped = n - n % GROUP;

  for (gsize i = 0; i < n_grouped; i++)
    rounded[i] = (guint32) (gint32) lrintf (numbers[i] * scale);
  for (gsize i = n_grouped; i < n; i++)
    rounded[i] = (guint32) (gint32) lroundf (numbers[i] * scale);
}

/* x and y apart, and across lines too. */
static void
take_differences (guint32 *numbers,
                  gsize    n)
{
  for (gsize i = n; i-- > 2;)
    numbers[i] -= numbers[i - 2];
}

/* All first bytes of a group, then all second ones, and so on. */
static void
shuffle (guint8 *bytes,
         gsize   n_numbers)
{
  for (gsize i = 0; i + GROUP <= n_numbers; i += GROUP)
    {
      guint8 *group = bytes + i * sizeof (guint32);
      guint8  copy[GROUP * sizeof (guint32)];

      memcpy (copy, group, sizeof copy);
      for (gsize number = 0; number < GROUP; number++)
        for (gsize byte = 0; byte < sizeof (guint32); byte++)
          group[byte * GROUP + number] = copy[number * sizeof (guint32) + byte];
    }
}

static void
make_little_endian (guint32 *numbers,
                    gsize    n)
{
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return;

  for (gsize i = 0; i < n; i++)
    numbers[i] = GUINT32_TO_LE (numbers[i]);
}

static int
get_effort (int level)
{
  return level < THOROUGH_LEVEL ? MIN (level, BRISK_LEVEL) : MIN (level, ALMU_MAX_ZSTD_LEVEL);
}

static GBytes *
compress_by (ZSTD_CCtx    *context,
             const void   *bytes,
             gsize         size,
             int           level,
             GCancellable *cancellable)
{
  gsize              bound = ZSTD_compressBound (size);
  g_autofree guint8 *packed = g_malloc (bound);
  ZSTD_outBuffer     out = { packed, bound, 0 };
  gsize              begin = 0;

  ZSTD_CCtx_reset (context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setPledgedSrcSize (context, size);

  do
    {
      ZSTD_inBuffer     in = { (const guint8 *) bytes + begin, MIN (PIECE_BYTES, size - begin), 0 };
      ZSTD_EndDirective end = begin + in.size == size ? ZSTD_e_end : ZSTD_e_continue;
      gsize             left;

      if (cancellable != NULL && g_cancellable_is_cancelled (cancellable))
        return NULL;

      do
        {
          left = ZSTD_compressStream2 (context, &out, &in, end);
          g_assert (!ZSTD_isError (left));
        }
      while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
      begin += in.size;
    }
  while (begin < size);

  return g_bytes_new (packed, out.pos);
}

static GBytes *
compress (const void   *bytes,
          gsize         size,
          int           level,
          GCancellable *cancellable)
{
  ZSTD_CCtx *context = take_context ();
  GBytes    *packed = compress_by (context, bytes, size, level, cancellable);

  give_context (context);

  return packed;
}

/**
 * almu_vertex_encode:
 * @numbers: (array length=n_numbers): x and y of all vertices
 * @n_numbers: two for each vertex
 * @decimation: steps of fixed point per pixel, clamped to 1 … 32
 * @compression_level: of zstd, clamped to 20, less effort being spent where more
 *   gains little; below 1 the numbers stay floats
 * @cancellable: (nullable): asked now and then
 *
 * Encodes vertices as the ICD wants them: rounded to fixed point, as
 * differences to the vertex before, the bytes of four numbers sorted by
 * significance, and compressed.
 *
 * Returns: (nullable): %NULL if cancelled
 */
GBytes *
almu_vertex_encode (const float  *numbers,
                    gsize         n_numbers,
                    int           decimation,
                    int           compression_level,
                    GCancellable *cancellable)
{
  gsize               size = n_numbers * sizeof (guint32);
  g_autofree guint32 *bits = g_new (guint32, MAX (n_numbers, 1));

  g_return_val_if_fail (numbers != NULL || n_numbers == 0, NULL);

  G_STATIC_ASSERT (sizeof (float) == sizeof (guint32));

  if (compression_level < 1)
    {
      memcpy (bits, numbers, size);
      make_little_endian (bits, n_numbers);
      return g_bytes_new_take (g_steal_pointer (&bits), size);
    }

  round_numbers (numbers, n_numbers, (float) CLAMP (decimation, 1, ALMU_MAX_DECIMATION), bits);
  take_differences (bits, n_numbers);
  make_little_endian (bits, n_numbers);
  shuffle ((guint8 *) bits, n_numbers);

  return compress (bits, size, get_effort (compression_level), cancellable);
}
