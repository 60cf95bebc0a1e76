/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A target of the fuzzer is this one function. Linked with libFuzzer it is
 * called with what that finds, linked with replay.c with each file of its
 * corpus. It fails by a crash: an assertion, a critical message, a sanitizer. */
int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize         size);

int   almu_fuzz_make_fd (const void *data,
                         gsize       size);
char *almu_fuzz_make_text (const guint8 *data,
                           gsize         size);

/**
 * AlmuTape:
 *
 * An input as a row of choices; when it has run out all choices are 0.
 */
typedef struct
{
  const guint8 *data;
  gsize         left;
} AlmuTape;

guint8  almu_tape_take (AlmuTape *self);
guint   almu_tape_choose (AlmuTape *self,
                          guint     n);
guint64 almu_tape_take_bits (AlmuTape *self);
gsize   almu_tape_cut (AlmuTape *self, const guint8 **out_bytes);

G_END_DECLS
