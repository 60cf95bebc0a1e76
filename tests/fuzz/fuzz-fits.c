/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz-image.h"

/* A file as it is: FITS, plain, in compressed tiles, or compressed as a whole;
 * or HDF5. */
int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  return fuzz_image (data, size);
}
