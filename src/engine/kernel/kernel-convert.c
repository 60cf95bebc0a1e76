/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel.h"

#include <math.h>
#include <string.h>

/* The bytes of a file were put where floats may live already. */
typedef guint16 __attribute__ ((may_alias)) Raw16;
typedef guint32 __attribute__ ((may_alias)) Raw32;
typedef guint64 __attribute__ ((may_alias)) Raw64;

/* GLib's macros are assembly where a compiler could not do better; this one
 * can, many at a time. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define FROM_BE_16(value) __builtin_bswap16 (value)
#define FROM_BE_32(value) __builtin_bswap32 (value)
#define FROM_BE_64(value) __builtin_bswap64 (value)
#else
#define FROM_BE_16(value) (value)
#define FROM_BE_32(value) (value)
#define FROM_BE_64(value) (value)
#endif

/* Input and output may be the same place, which the compiler would take for
 * a reason to go one by one; no value depends on another, though. */
#define IN_ANY_ORDER _Pragma ("GCC ivdep")

static inline __attribute__ ((always_inline)) float
float_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);

  return value;
}

static inline __attribute__ ((always_inline)) double
double_from_bits (guint64 bits)
{
  double value;

  memcpy (&value, &bits, sizeof value);

  return value;
}

ALMU_KERNEL static void
swap_f32 (const Raw32 *raw,
          Raw32       *values,
          gsize        n_values)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    values[i] = FROM_BE_32 (raw[i]);
}

ALMU_KERNEL static void
scale_f32 (const Raw32 *raw,
           float       *values,
           gsize        n_values,
           double       scale,
           double       zero)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    {
      double v = float_from_bits (FROM_BE_32 (raw[i]));

      values[i] = (float) (zero + scale * v);
    }
}

ALMU_KERNEL static void
scale_f64 (const Raw64 *raw,
           float       *values,
           gsize        n_values,
           double       scale,
           double       zero)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    {
      double v = double_from_bits (FROM_BE_64 (raw[i]));

      values[i] = (float) (zero + scale * v);
    }
}

/* A double that needs no scaling keeps its sign of zero. */
ALMU_KERNEL static void
narrow_f64 (const Raw64 *raw,
            float       *values,
            gsize        n_values)
{
  IN_ANY_ORDER
  for (gsize i = 0; i < n_values; i++)
    values[i] = (float) double_from_bits (FROM_BE_64 (raw[i]));
}

/* One function per width of integer, with and without a blank value: the
 * test for it costs as much as the rest. */
#define DEFINE_SCALE_INTEGER(name, Raw, Integer, from_be, to_number) \
  ALMU_KERNEL static void                                            \
  name (const Raw *raw,                                              \
        float     *values,                                           \
        gsize      n_values,                                         \
        double     scale,                                            \
        double     zero)                                             \
  {                                                                  \
    IN_ANY_ORDER                                                     \
    for (gsize i = 0; i < n_values; i++)                             \
      {                                                              \
        Integer v = (Integer) from_be (raw[i]);                      \
                                                                     \
        values[i] = (float) (zero + scale * (double) to_number (v)); \
      }                                                              \
  }                                                                  \
                                                                     \
  ALMU_KERNEL static void                                            \
    name##_or_blank (const Raw *raw,                                 \
                     float     *values,                              \
                     gsize      n_values,                            \
                     double     scale,                               \
                     double     zero,                                \
                     gint64     blank)                               \
  {                                                                  \
    Integer nothing = (Integer) blank;                               \
                                                                     \
    IN_ANY_ORDER                                                     \
    for (gsize i = 0; i < n_values; i++)                             \
      {                                                              \
        Integer v = (Integer) from_be (raw[i]);                      \
        float   f = (float) (zero + scale * (double) to_number (v)); \
                                                                     \
        values[i] = v == nothing ? NAN : f;                          \
      }                                                              \
  }

#define AS_IT_IS(value) (value)

DEFINE_SCALE_INTEGER (scale_u8, guint8, guint8, AS_IT_IS, AS_IT_IS)
DEFINE_SCALE_INTEGER (scale_i16, Raw16, gint16, FROM_BE_16, AS_IT_IS)
DEFINE_SCALE_INTEGER (scale_i32, Raw32, gint32, FROM_BE_32, AS_IT_IS)
DEFINE_SCALE_INTEGER (scale_i64, Raw64, gint64, FROM_BE_64, AS_IT_IS)

/* Unsigned ones are stored with an offset that no double has room for beside
 * a small number. */
#define UNSIGNED_ZERO 0x1p63
#define TO_UNSIGNED(value) ((guint64) (value) ^ G_GUINT64_CONSTANT (0x8000000000000000))

DEFINE_SCALE_INTEGER (take_u64, Raw64, gint64, FROM_BE_64, TO_UNSIGNED)

/* A BLANK outside the range of the integers matches none of them. */
static gboolean
blank_can_occur (const AlmuKernelFormat *format)
{
  switch (format->bitpix)
    {
    case 8:
      return format->has_blank && format->blank >= 0 && format->blank <= G_MAXUINT8;
    case 16:
      return format->has_blank && format->blank >= G_MININT16 && format->blank <= G_MAXINT16;
    case 32:
      return format->has_blank && format->blank >= G_MININT32 && format->blank <= G_MAXINT32;
    default:
      return format->has_blank;
    }
}

/**
 * almu_kernel_convert:
 * @format: how the numbers stand in the file: big-endian, as FITS has them
 * @raw: @n_values of them
 * @values: room for @n_values floats; may be @raw if those are four bytes wide
 * @n_values: how many
 *
 * BZERO + BSCALE × number for each (FITS Standard 4.0, section 4.4.2.5), computed
 * in double precision, NaN for a blank one. With BZERO = 2⁶³ and BSCALE = 1 integers
 * of 64 bits are taken as unsigned, exactly.
 */
void
almu_kernel_convert (const AlmuKernelFormat *format,
                     const void             *raw,
                     float                  *values,
                     gsize                   n_values)
{
  double   scale = format->scale;
  double   zero = format->zero;
  gboolean as_is = scale == 1.0 && zero == 0.0;
  gboolean or_blank = blank_can_occur (format);

#define INTEGERS(name)                                                   \
  if (or_blank)                                                          \
    name##_or_blank (raw, values, n_values, scale, zero, format->blank); \
  else                                                                   \
    name (raw, values, n_values, scale, zero);                           \
  break

  switch (format->bitpix)
    {
    case 8:
      INTEGERS (scale_u8);
    case 16:
      INTEGERS (scale_i16);
    case 32:
      INTEGERS (scale_i32);
    case 64:
      if (scale == 1.0 && zero == UNSIGNED_ZERO)
        {
          zero = 0.0;
          INTEGERS (take_u64);
        }
      INTEGERS (scale_i64);

    case -32:
      if (as_is)
        swap_f32 (raw, (Raw32 *) values, n_values);
      else
        scale_f32 (raw, values, n_values, scale, zero);
      break;

    case -64:
      if (as_is)
        narrow_f64 (raw, values, n_values);
      else
        scale_f64 (raw, values, n_values, scale, zero);
      break;

    default:
      g_assert_not_reached ();
    }

#undef INTEGERS
}

/**
 * almu_kernel_pick:
 * @picked: room for @n_elements; may be @raw
 * @raw: elements of any type
 * @element_size: bytes of one
 * @stride: from one to the next that is taken, in elements
 * @n_elements: how many to take
 *
 * Puts every stride-th element close together, the first of them first.
 */
void
almu_kernel_pick (void       *picked,
                  const void *raw,
                  gsize       element_size,
                  gsize       stride,
                  gsize       n_elements)
{
  guint8       *to = picked;
  const guint8 *from = raw;

  for (gsize i = 0; i < n_elements; i++)
    memmove (to + i * element_size, from + i * stride * element_size, element_size);
}
