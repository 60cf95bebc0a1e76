/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-unpack.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "almu-bits.h"
#include "almu-error.h"

/* HCOMPRESS (White, Postman & Lattanzi 1992): the coefficients of the
 * H-transform, divided by a scale. They are written by quadrants, sums in x
 * and y, differences in one of them, in both; of each quadrant the bit planes,
 * from the highest; of each plane a quadtree. Their signs follow behind. */

#define HEAD_BYTES 25

/* What a plane begins with. */
#define FORMAT_PLAIN 0x0
#define FORMAT_TREE 0xf

/* Sums and products of coefficients below are within 64 bits; those of
 * smoothing are 64 times as large. */
#define MAX_BIT 59
#define MAX_BIT_SMOOTH 52

typedef struct
{
  AlmuBits bits;
  gint64  *values;
  gsize    pitch;
  guint8  *codes; /* four pixels each, twice for a quadrant */
} Unpack;

/* A part of the coefficients. */
typedef struct
{
  gsize row;
  gsize column;
  gsize n_rows;
  gsize n_columns;
} Quadrant;

/* A code of four bits, by the six bits that follow in the stream. */
static const struct
{
  guint8 code;
  guint8 n_bits;
} tree_codes[] = {
#define TIMES_2(code, n_bits) \
  { code, n_bits }, { code, n_bits }
#define TIMES_4(code, n_bits) TIMES_2 (code, n_bits), TIMES_2 (code, n_bits)
#define TIMES_8(code, n_bits) TIMES_4 (code, n_bits), TIMES_4 (code, n_bits)
  TIMES_8 (1, 3),
  TIMES_8 (2, 3),
  TIMES_8 (4, 3),
  TIMES_8 (8, 3),
  TIMES_4 (3, 4),
  TIMES_4 (5, 4),
  TIMES_4 (10, 4),
  TIMES_4 (12, 4),
  TIMES_4 (15, 4),
  TIMES_2 (6, 5),
  TIMES_2 (7, 5),
  TIMES_2 (9, 5),
  TIMES_2 (11, 5),
  TIMES_2 (13, 5),
  { 0, 6 },
  { 14, 6 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (tree_codes) == 64);

static gsize
halve (gsize n)
{
  return (n + 1) / 2;
}

static inline gboolean
read_code (AlmuBits *bits,
           guint8   *out_code)
{
  guint32 next = almu_bits_peek (bits, 6);

  if (bits->n_bits < tree_codes[next].n_bits)
    return FALSE;

  almu_bits_skip (bits, tree_codes[next].n_bits);
  *out_code = tree_codes[next].code;

  return TRUE;
}

/* One step down the tree: each bit of a code is a code of its own, which
 * follows in the stream, the last first, unless it is zero. */
static gboolean
expand (AlmuBits     *bits,
        const guint8 *codes,
        gsize         n_rows,
        gsize         n_columns,
        guint8       *expanded)
{
  for (gsize y = n_rows; y-- > 0;)
    {
      const guint8 *row = codes + y / 2 * halve (n_columns);

      for (gsize x = n_columns; x-- > 0;)
        {
          guint8 *to = expanded + y * n_columns + x;

          *to = 0;
          if ((row[x / 2] >> (3 - 2 * (y & 1) - (x & 1)) & 1) != 0 && !read_code (bits, to))
            return FALSE;
        }
    }

  return TRUE;
}

/* How long an axis of the tree is, so many steps above the pixels. */
static gsize
get_length (gsize n_pixels,
            int   n_steps)
{
  return n_pixels > 0 ? ((n_pixels - 1) >> n_steps) + 1 : 1;
}

/* The codes of all groups of 2 × 2 pixels. */
static const guint8 *
read_tree (Unpack         *self,
           const Quadrant *quadrant)
{
  gsize   n_max = MAX (1, MAX (quadrant->n_rows, quadrant->n_columns));
  guint8 *codes = self->codes;
  guint8 *expanded = codes + halve (MAX (quadrant->n_rows, 1)) * halve (MAX (quadrant->n_columns, 1));
  int     n_steps = 1;

  while ((n_max - 1) >> n_steps > 0)
    n_steps++;

  if (!read_code (&self->bits, codes))
    return NULL;

  while (--n_steps > 0)
    {
      guint8 *swap = codes;

      if (!expand (&self->bits, codes, get_length (quadrant->n_rows, n_steps),
                   get_length (quadrant->n_columns, n_steps), expanded))
        return NULL;
      codes = expanded;
      expanded = swap;
    }

  return codes;
}

static const guint8 *
read_plain (Unpack         *self,
            const Quadrant *quadrant)
{
  gsize n = halve (quadrant->n_rows) * halve (quadrant->n_columns);

  for (gsize i = 0; i < n; i++)
    {
      guint32 code;

      if (!almu_bits_read (&self->bits, 4, &code))
        return NULL;
      self->codes[i] = (guint8) code;
    }

  return self->codes;
}

static void
put_plane (Unpack         *self,
           const Quadrant *quadrant,
           const guint8   *codes,
           gint64          plane)
{
  for (gsize y = 0; y < quadrant->n_rows; y += 2)
    {
      gint64  *above = self->values + (quadrant->row + y) * self->pitch + quadrant->column;
      gint64  *below = above + self->pitch;
      gboolean has_below = y + 1 < quadrant->n_rows;

      for (gsize x = 0; x < quadrant->n_columns; x += 2)
        {
          guint8   code = *codes++;
          gboolean has_right = x + 1 < quadrant->n_columns;

          if (code == 0)
            continue;
          if ((code & 8) != 0)
            above[x] |= plane;
          if ((code & 4) != 0 && has_right)
            above[x + 1] |= plane;
          if ((code & 2) != 0 && has_below)
            below[x] |= plane;
          if ((code & 1) != 0 && has_right && has_below)
            below[x + 1] |= plane;
        }
    }
}

static gboolean
read_quadrant (Unpack         *self,
               const Quadrant *quadrant,
               int             n_planes)
{
  while (n_planes-- > 0)
    {
      const guint8 *codes = NULL;
      guint32       format;

      if (!almu_bits_read (&self->bits, 4, &format))
        return FALSE;
      if (format == FORMAT_TREE)
        codes = read_tree (self, quadrant);
      else if (format == FORMAT_PLAIN)
        codes = read_plain (self, quadrant);
      if (codes == NULL)
        return FALSE;

      put_plane (self, quadrant, codes, G_GINT64_CONSTANT (1) << n_planes);
    }

  return TRUE;
}

static gboolean
read_quadrants (Unpack       *self,
                gsize         n_rows,
                gsize         n_columns,
                const guint8 *n_planes)
{
  gsize          n_upper = halve (n_rows);
  gsize          n_left = halve (n_columns);
  const Quadrant quadrants[] = {
    { 0, 0, n_upper, n_left },
    { 0, n_left, n_upper, n_columns - n_left },
    { n_upper, 0, n_rows - n_upper, n_left },
    { n_upper, n_left, n_rows - n_upper, n_columns - n_left },
  };
  guint32 end;

  for (guint i = 0; i < G_N_ELEMENTS (quadrants); i++)
    if (!read_quadrant (self, &quadrants[i], n_planes[halve (i)]))
      return FALSE;

  return almu_bits_read (&self->bits, 4, &end) && end == 0;
}

static gboolean
read_signs (Unpack *self,
            gsize   n_values)
{
  almu_bits_align (&self->bits);
  for (gsize i = 0; i < n_values; i++)
    {
      guint32 is_negative;

      if (self->values[i] == 0)
        continue;
      if (!almu_bits_read (&self->bits, 1, &is_negative))
        return FALSE;
      if (is_negative)
        self->values[i] = -self->values[i];
    }

  return TRUE;
}

/* FALSE where a value is too large to be one. */
static gboolean
multiply (gint64 *values,
          gsize   n_values,
          gint64  scale,
          gint64  limit)
{
  gint64 max = limit / MAX (scale, 1);

  for (gsize i = 0; i < n_values; i++)
    {
      if (values[i] > max || values[i] < -max)
        return FALSE;
      if (scale > 1)
        values[i] *= scale;
    }

  return TRUE;
}

static guint64
get_number (const guint8 *bytes,
            int           n_bytes)
{
  guint64 number = 0;

  for (int i = 0; i < n_bytes; i++)
    number = number << 8 | bytes[i];

  return number;
}

static gboolean
fail_memory (gsize    n_values,
             GError **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("HCOMPRESS: there is no memory for %zu pixels"), n_values);

  return FALSE;
}

static gboolean
check_head (const guint8 *bytes,
            gsize         n_bytes,
            gsize         n_values,
            GError      **error)
{
  guint64 n_rows, n_columns;

  if (n_bytes < HEAD_BYTES || bytes[0] != 0xdd || bytes[1] != 0x99)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("HCOMPRESS: does not begin as it has to, with dd 99"));
      return FALSE;
    }

  n_rows = get_number (bytes + 2, 4);
  n_columns = get_number (bytes + 6, 4);
  if (n_rows * n_columns != n_values)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("HCOMPRESS: claims to be %" PRIu64 " × %" PRIu64
                      " pixels where the tile has %zu"),
                   n_columns, n_rows, n_values);
      return FALSE;
    }

  for (int i = 22; i < HEAD_BYTES; i++)
    if (bytes[i] > MAX_BIT)
      {
        g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                     _ ("HCOMPRESS: claims to have coefficients of %d bits; at most %d can be"), bytes[i], MAX_BIT);
        return FALSE;
      }

  return TRUE;
}

/**
 * almu_unpack_hcompress:
 * @bytes: (array length=n_bytes): a packed tile
 * @n_bytes: how many
 * @is_smooth: whether to smooth what dividing by a scale has made rough
 * @values: room for @n_values
 * @n_values: pixels of the tile
 * @error: return location, in %ALMU_ERROR
 *
 * HCOMPRESS_1. Values are those of 32 bits, but need more on the way.
 *
 * Returns: whether it could be unpacked
 */
gboolean
almu_unpack_hcompress (const guint8 *bytes,
                       gsize         n_bytes,
                       gboolean      is_smooth,
                       gint64       *values,
                       gsize         n_values,
                       GError      **error)
{
  g_autofree guint8 *codes = NULL;
  Unpack             self = { .values = values };
  gsize              n_rows, n_columns;
  gint64             scale;

  if (!check_head (bytes, n_bytes, n_values, error))
    return FALSE;

  n_rows = get_number (bytes + 2, 4);
  n_columns = get_number (bytes + 6, 4);
  scale = (gint32) get_number (bytes + 10, 4);

  codes = g_try_malloc (2 * halve (halve (n_rows)) * halve (halve (n_columns)));
  if (codes == NULL)
    return fail_memory (n_values, error);

  self.pitch = n_columns;
  self.codes = codes;
  almu_bits_init (&self.bits, bytes + HEAD_BYTES, n_bytes - HEAD_BYTES);
  memset (values, 0, n_values * sizeof *values);
  if (!read_quadrants (&self, n_rows, n_columns, bytes + 22) || !read_signs (&self, n_values))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("HCOMPRESS: damaged, or cut short, before byte %zu of %zu"),
                   (gsize) (self.bits.next - bytes), n_bytes);
      return FALSE;
    }

  /* the sum of all pixels, which would be the largest by far */
  values[0] = (gint64) get_number (bytes + 14, 8);
  if (!multiply (values, n_values, scale, G_GINT64_CONSTANT (1) << (is_smooth ? MAX_BIT_SMOOTH : MAX_BIT)))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("HCOMPRESS: coefficients are too large to be true"));
      return FALSE;
    }

  if (!almu_htransform_invert (values, n_rows, n_columns, is_smooth ? scale / 2 : 0))
    return fail_memory (n_values, error);

  return TRUE;
}
