/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

typedef float (*AlmuTestPixel) (int x,
                                int y,
                                int channel,
                                int stokes);

/**
 * AlmuTestImage:
 *
 * An image without a file: its pixels are a function. Counts what is read of
 * it, fails when told to, and can hold up whoever reads until it is released,
 * so that a test decides what happens while work is in flight.
 */
#define ALMU_TYPE_TEST_IMAGE (almu_test_image_get_type ())
G_DECLARE_FINAL_TYPE (AlmuTestImage, almu_test_image, ALMU, TEST_IMAGE, AlmuImage)

AlmuImage *almu_test_image_new (int           width,
                                int           height,
                                int           depth,
                                int           n_stokes,
                                AlmuTestPixel pixel);
void       almu_test_image_set_cards (AlmuTestImage     *self,
                                      const char *const *cards);
void       almu_test_image_set_mips (AlmuTestImage *self,
                                     AlmuTestPixel  pixel);
void       almu_test_image_set_histogram (AlmuTestImage *self,
                                          AlmuHistogram *histogram);
guint64    almu_test_image_get_n_pixels (AlmuTestImage *self);
guint      almu_test_image_get_n_reads (AlmuTestImage *self);
guint      almu_test_image_get_n_cancelled (AlmuTestImage *self);
void       almu_test_image_fail_at (AlmuTestImage *self,
                                    guint          nth);
void       almu_test_image_hold (AlmuTestImage *self);
void       almu_test_image_release (AlmuTestImage *self);
void       almu_test_image_await_held (AlmuTestImage *self);
void       almu_test_image_await_free (AlmuTestImage *self);

G_END_DECLS
