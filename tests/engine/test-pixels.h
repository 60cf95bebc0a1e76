/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <math.h>

/* Random pixels for property tests. The seed is GLib's: a failing run is
 * repeated with --seed. */
typedef struct
{
  double offset;
  double scatter;
  double p_nan;      /* probability of a NaN … */
  double p_infinite; /* … and of an infinity */
} TestPixels;

static inline float
test_pixels_next (const TestPixels *kind)
{
  double dice = g_test_rand_double ();

  if (dice < kind->p_nan)
    return NAN;
  if (dice < kind->p_nan + kind->p_infinite)
    return g_test_rand_bit () ? INFINITY : -INFINITY;

  return (float) (kind->offset + kind->scatter * (g_test_rand_double () - 0.5));
}

static inline float *
test_pixels_new (const TestPixels *kind,
                 gsize             n_pixels)
{
  float *pixels = g_new (float, n_pixels);

  for (gsize i = 0; i < n_pixels; i++)
    pixels[i] = test_pixels_next (kind);

  return pixels;
}

/* A side length: small ones often, odd ones often. */
static inline int
test_pixels_side (int max)
{
  return g_test_rand_bit () ? g_test_rand_int_range (1, MIN (max, 20)) : g_test_rand_int_range (1, max + 1);
}

static const TestPixels test_pixels_kinds[] = {
  { 0.0, 1.0, 0.0, 0.0 },
  { 0.0, 1.0, 0.3, 0.0 },
  { 0.0, 1.0, 0.05, 0.05 },
  { 1e6, 1.0, 0.01, 0.01 },
  { -5.0, 1e-3, 0.0, 0.02 },
  { 0.0, 1e30, 0.1, 0.1 },
  { 3.0, 0.0, 0.5, 0.0 },
  { 0.0, 1.0, 1.0, 0.0 },
  { 0.0, 1.0, 0.97, 0.02 },
};
